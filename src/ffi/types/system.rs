//! System blobs, system states and what the platform does for us.

use core::ffi::{c_char, c_int, c_void};

use super::base::{lws_context, lws_usec_t};
use super::metrics::lws_metric_pub;

/// A blob. Opaque.
#[repr(C)]
pub struct lws_system_blob {
    _private: [u8; 0],
}

/// A call that waits for the loop. Opaque.
#[repr(C)]
pub struct lws_attach_item {
    _private: [u8; 0],
}

/// The C name of `lws_system_blob`.
pub type lws_system_blob_t = lws_system_blob;

c_enum! {
    /// Which blob.
    pub enum lws_system_blob_item: lws_system_blob_item_t {
        /// Authentication tokens; index 0 and 1.
        LWS_SYSBLOB_TYPE_AUTH = 0,
        /// Client certificate in DER.
        LWS_SYSBLOB_TYPE_CLIENT_CERT_DER = 2,
        /// Client key in DER.
        LWS_SYSBLOB_TYPE_CLIENT_KEY_DER = 3,
        /// Device serial number.
        LWS_SYSBLOB_TYPE_DEVICE_SERIAL = 4,
        /// Firmware version.
        LWS_SYSBLOB_TYPE_DEVICE_FW_VERSION = 5,
        /// Device type.
        LWS_SYSBLOB_TYPE_DEVICE_TYPE = 6,
        /// Time server.
        LWS_SYSBLOB_TYPE_NTP_SERVER = 7,
        /// MQTT client id.
        LWS_SYSBLOB_TYPE_MQTT_CLIENT_ID = 8,
        /// MQTT user name.
        LWS_SYSBLOB_TYPE_MQTT_USERNAME = 9,
        /// MQTT password.
        LWS_SYSBLOB_TYPE_MQTT_PASSWORD = 10,
        /// Keys of authentication 1; index 0 and 1.
        LWS_SYSBLOB_TYPE_EXT_AUTH1 = 11,
        /// Keys of authentication 2; index 0 and 1.
        LWS_SYSBLOB_TYPE_EXT_AUTH2 = 13,
        /// Keys of authentication 3; index 0 and 1.
        LWS_SYSBLOB_TYPE_EXT_AUTH3 = 15,
        /// Keys of authentication 4, first.
        LWS_SYSBLOB_TYPE_EXT_AUTH4 = 17,
        /// Keys of authentication 4, second.
        LWS_SYSBLOB_TYPE_EXT_AUTH4_1 = 18,
        /// How many there are.
        LWS_SYSBLOB_TYPE_COUNT = 19,
    }
}

c_enum! {
    /// How far the system has come. Each state is passed in order; a notifier can hold it.
    pub enum lws_system_states: lws_system_states_t {
        /// Before everything.
        LWS_SYSTATE_UNKNOWN = 0,
        /// The context is made.
        LWS_SYSTATE_CONTEXT_CREATED = 1,
        /// Before the change of user.
        LWS_SYSTATE_PRE_PRIV_DROP = 2,
        /// Everything of ours is set up.
        LWS_SYSTATE_INITIALIZED = 3,
        /// Standard input is being read.
        LWS_SYSTATE_COLLECTING_STDIN = 4,
        /// Network interfaces are being looked for.
        LWS_SYSTATE_IFACE_COLDPLUG = 5,
        /// Addresses are being asked for.
        LWS_SYSTATE_DHCP = 6,
        /// Captive portal check before the time is known.
        LWS_SYSTATE_CPD_PRE_TIME = 7,
        /// The time is known.
        LWS_SYSTATE_TIME_VALID = 8,
        /// Captive portal check after the time is known.
        LWS_SYSTATE_CPD_POST_TIME = 9,
        /// The policy is there.
        LWS_SYSTATE_POLICY_VALID = 10,
        /// The device is registered.
        LWS_SYSTATE_REGISTERED = 11,
        /// First authentication.
        LWS_SYSTATE_AUTH1 = 12,
        /// Second authentication.
        LWS_SYSTATE_AUTH2 = 13,
        /// Updates at start.
        LWS_SYSTATE_ONE_TIME_UPDATES = 14,
        /// Streams work: programs create theirs now.
        LWS_SYSTATE_OPERATIONAL = 15,
        /// The policy is being replaced.
        LWS_SYSTATE_POLICY_INVALID = 16,
        /// The context goes.
        LWS_SYSTATE_CONTEXT_DESTROYING = 17,
        /// Waiting for the end of everything else before an update.
        LWS_SYSTATE_AWAITING_MODAL_UPDATING = 18,
        /// An update has the system for itself.
        LWS_SYSTATE_MODAL_UPDATING = 19,
    }
}

c_enum! {
    /// What the captive portal check found.
    pub enum lws_cpd_result: lws_cpd_result_t {
        /// Nothing yet.
        LWS_CPD_UNKNOWN = 0,
        /// The internet can be reached.
        LWS_CPD_INTERNET_OK = 1,
        /// A captive portal is in the way.
        LWS_CPD_CAPTIVE_PORTAL = 2,
        /// The internet cannot be reached.
        LWS_CPD_NO_INTERNET = 3,
    }
}

/// The attached call: context, thread, the caller's pointer.
pub type lws_attach_cb_t =
    Option<unsafe extern "C" fn(context: *mut lws_context, tsi: c_int, opaque: *mut c_void)>;

/// What the platform does for us; any may be NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_system_ops {
    /// Restart the device.
    pub reboot: Option<unsafe extern "C" fn() -> c_int>,
    /// Set the clock, in microseconds since 1970.
    pub set_clock: Option<unsafe extern "C" fn(lws_usec_t) -> c_int>,
    /// Run a callback on the loop once a system state is reached; callable from other threads.
    pub attach: Option<
        unsafe extern "C" fn(
            *mut lws_context,
            c_int,
            lws_attach_cb_t,
            lws_system_states_t,
            *mut c_void,
            *mut *mut lws_attach_item,
        ) -> c_int,
    >,
    /// Begin a captive portal check.
    pub captive_portal_detect_request: Option<unsafe extern "C" fn(*mut lws_context) -> c_int>,
    /// Take a metric; nonzero resets it.
    pub metric_report: Option<unsafe extern "C" fn(*mut lws_metric_pub) -> c_int>,
    /// Find a CA by its key id; has no effect here.
    pub jit_trust_query:
        Option<unsafe extern "C" fn(*mut lws_context, *const u8, usize, *mut c_void) -> c_int>,
    /// Take standard input.
    pub stdin_rx: Option<unsafe extern "C" fn(*mut lws_context, *const c_char, usize) -> c_int>,
    /// Microseconds that waking up takes.
    pub wake_latency_us: u32,
}

/// The C name of `lws_system_ops`.
pub type lws_system_ops_t = lws_system_ops;

/// `lws_system_get_...`: the blob as hex.
pub const LWSSYSGAUTH_HEX: c_int = 1 << 0;
