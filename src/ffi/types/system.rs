use core::ffi::{c_char, c_int, c_void};

use super::base::{lws_context, lws_usec_t};
use super::metrics::lws_metric_pub;

#[repr(C)]
pub struct lws_system_blob {
    _private: [u8; 0],
}

#[repr(C)]
pub struct lws_attach_item {
    _private: [u8; 0],
}

c_enum! {
    pub enum lws_system_blob_item_t {
        LWS_SYSBLOB_TYPE_AUTH = 0,
        LWS_SYSBLOB_TYPE_CLIENT_CERT_DER = 2,
        LWS_SYSBLOB_TYPE_CLIENT_KEY_DER = 3,
        LWS_SYSBLOB_TYPE_DEVICE_SERIAL = 4,
        LWS_SYSBLOB_TYPE_DEVICE_FW_VERSION = 5,
        LWS_SYSBLOB_TYPE_DEVICE_TYPE = 6,
        LWS_SYSBLOB_TYPE_NTP_SERVER = 7,
        LWS_SYSBLOB_TYPE_MQTT_CLIENT_ID = 8,
        LWS_SYSBLOB_TYPE_MQTT_USERNAME = 9,
        LWS_SYSBLOB_TYPE_MQTT_PASSWORD = 10,
        LWS_SYSBLOB_TYPE_EXT_AUTH1 = 11,
        LWS_SYSBLOB_TYPE_EXT_AUTH2 = 13,
        LWS_SYSBLOB_TYPE_EXT_AUTH3 = 15,
        LWS_SYSBLOB_TYPE_EXT_AUTH4 = 17,
        LWS_SYSBLOB_TYPE_EXT_AUTH4_1 = 18,
        LWS_SYSBLOB_TYPE_COUNT = 19,
    }
}

c_enum! {
    pub enum lws_system_states_t {
        LWS_SYSTATE_UNKNOWN = 0,
        LWS_SYSTATE_CONTEXT_CREATED = 1,
        LWS_SYSTATE_PRE_PRIV_DROP = 2,
        LWS_SYSTATE_INITIALIZED = 3,
        LWS_SYSTATE_COLLECTING_STDIN = 4,
        LWS_SYSTATE_IFACE_COLDPLUG = 5,
        LWS_SYSTATE_DHCP = 6,
        LWS_SYSTATE_CPD_PRE_TIME = 7,
        LWS_SYSTATE_TIME_VALID = 8,
        LWS_SYSTATE_CPD_POST_TIME = 9,
        LWS_SYSTATE_POLICY_VALID = 10,
        LWS_SYSTATE_REGISTERED = 11,
        LWS_SYSTATE_AUTH1 = 12,
        LWS_SYSTATE_AUTH2 = 13,
        LWS_SYSTATE_ONE_TIME_UPDATES = 14,
        LWS_SYSTATE_OPERATIONAL = 15,
        LWS_SYSTATE_POLICY_INVALID = 16,
        LWS_SYSTATE_CONTEXT_DESTROYING = 17,
        LWS_SYSTATE_AWAITING_MODAL_UPDATING = 18,
        LWS_SYSTATE_MODAL_UPDATING = 19,
    }
}

c_enum! {
    pub enum lws_cpd_result_t {
        LWS_CPD_UNKNOWN = 0,
        LWS_CPD_INTERNET_OK = 1,
        LWS_CPD_CAPTIVE_PORTAL = 2,
        LWS_CPD_NO_INTERNET = 3,
    }
}

pub type lws_attach_cb_t = Option<unsafe extern "C" fn(*mut lws_context, c_int, *mut c_void)>;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_system_ops {
    pub reboot: Option<unsafe extern "C" fn() -> c_int>,
    pub set_clock: Option<unsafe extern "C" fn(lws_usec_t) -> c_int>,
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
    pub captive_portal_detect_request: Option<unsafe extern "C" fn(*mut lws_context) -> c_int>,
    pub metric_report: Option<unsafe extern "C" fn(*mut lws_metric_pub) -> c_int>,
    pub jit_trust_query:
        Option<unsafe extern "C" fn(*mut lws_context, *const u8, usize, *mut c_void) -> c_int>,
    pub stdin_rx: Option<unsafe extern "C" fn(*mut lws_context, *const c_char, usize) -> c_int>,
    pub wake_latency_us: u32,
}

pub type lws_system_ops_t = lws_system_ops;
