use core::ffi::{c_char, c_int, c_void};

use super::base::{lws, lws_context};

c_enum! {
    pub enum lws_extension_callback_reasons {
        LWS_EXT_CB_CONSTRUCT = 4,
        LWS_EXT_CB_CLIENT_CONSTRUCT = 5,
        LWS_EXT_CB_DESTROY = 8,
        LWS_EXT_CB_PACKET_TX_PRESEND = 12,
        LWS_EXT_CB_PAYLOAD_TX = 21,
        LWS_EXT_CB_PAYLOAD_RX = 22,
        LWS_EXT_CB_OPTION_DEFAULT = 23,
        LWS_EXT_CB_OPTION_SET = 24,
        LWS_EXT_CB_OPTION_CONFIRM = 25,
        LWS_EXT_CB_NAMED_OPTION_SET = 26,
    }
}

pub type lws_extension_callback_function = unsafe extern "C" fn(
    *mut lws_context,
    *const lws_extension,
    *mut lws,
    lws_extension_callback_reasons,
    *mut c_void,
    *mut c_void,
    usize,
) -> c_int;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_extension {
    pub name: *const c_char,
    pub callback: Option<lws_extension_callback_function>,
    pub client_offer: *const c_char,
}
