use core::ffi::c_int;

use super::base::{lws, lws_usec_t};

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_cc_ops {
    pub init: Option<unsafe extern "C" fn(*mut lws)>,
    pub on_sent: Option<unsafe extern "C" fn(*mut lws, usize)>,
    pub on_ack: Option<unsafe extern "C" fn(*mut lws, usize, lws_usec_t)>,
    pub on_loss: Option<unsafe extern "C" fn(*mut lws, usize)>,
    pub on_discard: Option<unsafe extern "C" fn(*mut lws, usize)>,
    pub on_persistent_congestion: Option<unsafe extern "C" fn(*mut lws)>,
    pub can_send: Option<unsafe extern "C" fn(*mut lws, usize) -> c_int>,
    pub get_pacing_delay: Option<unsafe extern "C" fn(*mut lws, usize) -> lws_usec_t>,
}
