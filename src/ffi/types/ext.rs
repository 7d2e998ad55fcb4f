//! Websocket extensions: declared so that old programs compile; none is used.

use core::ffi::{c_char, c_int, c_void};

use super::base::{lws, lws_context};

c_enum! {
    /// Why an extension's callback is called.
    pub enum lws_extension_callback_reasons {
        /// A server connection begins.
        LWS_EXT_CB_CONSTRUCT = 4,
        /// A client connection begins.
        LWS_EXT_CB_CLIENT_CONSTRUCT = 5,
        /// The connection ends.
        LWS_EXT_CB_DESTROY = 8,
        /// Before a packet is sent.
        LWS_EXT_CB_PACKET_TX_PRESEND = 12,
        /// Payload on its way out.
        LWS_EXT_CB_PAYLOAD_TX = 21,
        /// Payload on its way in.
        LWS_EXT_CB_PAYLOAD_RX = 22,
        /// Set defaults.
        LWS_EXT_CB_OPTION_DEFAULT = 23,
        /// Set an option by number.
        LWS_EXT_CB_OPTION_SET = 24,
        /// Confirm the options.
        LWS_EXT_CB_OPTION_CONFIRM = 25,
        /// Set an option by name.
        LWS_EXT_CB_NAMED_OPTION_SET = 26,
    }
}

/// The callback of an extension.
pub type lws_extension_callback_function = unsafe extern "C" fn(
    context: *mut lws_context,
    ext: *const lws_extension,
    wsi: *mut lws,
    reason: lws_extension_callback_reasons,
    user: *mut c_void,
    in_: *mut c_void,
    len: usize,
) -> c_int;

/// An extension.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_extension {
    /// Its name.
    pub name: *const c_char,
    /// Its callback.
    pub callback: Option<lws_extension_callback_function>, // Rust only
    //C /// Its callback.
    //C pub callback: *mut lws_extension_callback_function,
    /// What a client offers in its handshake.
    pub client_offer: *const c_char,
}
