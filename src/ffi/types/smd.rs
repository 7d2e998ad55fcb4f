//! System messages: JSON told to everybody in the process who listens for its class.

use core::ffi::{c_int, c_void};

use super::base::lws_usec_t;

/// Somebody who listens. Opaque.
#[repr(C)]
pub struct lws_smd_peer {
    _private: [u8; 0],
}

/// Class: somebody uses the device.
pub const LWSSMDCL_INTERACTION: c_int = 1;
/// Class: the system's state changes.
pub const LWSSMDCL_SYSTEM_STATE: c_int = 2;
/// Class: the network changes.
pub const LWSSMDCL_NETWORK: c_int = 4;
/// Class: metrics.
pub const LWSSMDCL_METRICS: c_int = 8;
/// The first bit that is free for the program's own classes.
pub const LWSSMDCL_USER_BASE_BITNUM: c_int = 24;

/// Classes of messages, or-ed together (`LWSSMDCL_...`).
pub type lws_smd_class_t = u32;

/// Gets a message: the listener's pointer, class, time, text and its length.
pub type lws_smd_notification_cb_t = Option<
    unsafe extern "C" fn(
        opaque: *mut c_void,
        _class: lws_smd_class_t,
        timestamp: lws_usec_t,
        buf: *mut c_void,
        len: usize,
    ) -> c_int,
>;

/// Most bytes in one message.
pub const LWS_SMD_MAX_PAYLOAD: c_int = 384;
/// Bytes of a class as it travels.
pub const LWS_SMD_CLASS_BITFIELD_BYTES: c_int = 4;
/// Bytes in front of each message of a `_lws_smd` stream: class and time, both 64-bit big-endian.
pub const LWS_SMD_SS_RX_HEADER_LEN: c_int = 16;
/// `lws_smd_register`: the listener is a proxied stream.
pub const LWSSMDREG_FLAG_PROXIED_SS: c_int = 1 << 0;
