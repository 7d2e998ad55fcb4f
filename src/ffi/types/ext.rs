//! Websocket extensions: declared so that old programs compile; none is used.

use core::ffi::c_char;

use super::callbacks::lws_extension_callback_function;

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
