//! What proxied streams tell about themselves.

use std::ffi::{c_char, c_void};
use std::ptr::{null, null_mut};

use super::super::objects;
use super::super::types::{lws_context, lws_sspc_handle};
use super::{with_handler, with_sspc};

/// The stream's context, or NULL.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_get_context(h: *mut lws_sspc_handle) -> *mut lws_context {
    with_sspc("lws_sspc_get_context", h, null_mut(), |cx, _| cx.handle)
}

/// The stream type that the payload just received is from, or that the next message will be for,
/// where several travel together (`rideshare` in the proxy's policy); else the stream's own. Good
/// as long as the stream; NULL without a stream.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_rideshare(h: *mut lws_sspc_handle) -> *const c_char {
    with_sspc("lws_sspc_rideshare", h, null(), |_, client| client.rideshare_name())
}

/// The program's object of a stream, or NULL.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_to_user_object(h: *mut lws_sspc_handle) -> *mut c_void {
    with_sspc("lws_sspc_to_user_object", h, null_mut(), |_, client| {
        with_handler(client, super::CHandler::object).unwrap_or(null_mut())
    })
}

/// The stream's name in logs, good as long as the stream; a text that says so for NULL and for
/// handles that are refused.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_tag(h: *mut lws_sspc_handle) -> *const c_char {
    if h.is_null() {
        return c"[null sspc]".as_ptr();
    }
    with_sspc("lws_sspc_tag", h, c"[no stream]".as_ptr(), |_, client| {
        let tag = objects::sspc_tag(h).unwrap_or_default();
        with_handler(client, |handler| handler.tag.put(&tag)).unwrap_or(c"[no stream]".as_ptr())
    })
}
