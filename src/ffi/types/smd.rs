use core::ffi::{c_int, c_void};

use super::base::lws_usec_t;

#[repr(C)]
pub struct lws_smd_peer {
    _private: [u8; 0],
}

pub const LWSSMDCL_INTERACTION: c_int = 1;
pub const LWSSMDCL_SYSTEM_STATE: c_int = 2;
pub const LWSSMDCL_NETWORK: c_int = 4;
pub const LWSSMDCL_METRICS: c_int = 8;
pub const LWSSMDCL_USER_BASE_BITNUM: c_int = 24;

pub type lws_smd_class_t = u32;

pub type lws_smd_notification_cb_t = Option<
    unsafe extern "C" fn(*mut c_void, lws_smd_class_t, lws_usec_t, *mut c_void, usize) -> c_int,
>;
