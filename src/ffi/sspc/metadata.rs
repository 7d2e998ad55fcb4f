//! Metadata of proxied streams.

use std::ffi::{c_char, c_int, c_void};

use super::super::ptr::{bytes, c_bytes};
use super::super::types::lws_sspc_handle;
use super::with_sspc;
use crate::util::log;

/// Sets metadata at the proxy. Name and value are copied; the proxy's policy says what becomes of
/// them. Every link gets them anew. Returns 0, or 1 if they are too long (a name has 1 to 255
/// bytes, name and value together 65534).
///
/// # Safety
/// `h` came from this library, `name` is NUL-terminated, `len` bytes are readable at `value`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_set_metadata(
    h: *mut lws_sspc_handle,
    name: *const c_char,
    value: *const c_void,
    len: usize,
) -> c_int {
    with_sspc("lws_sspc_set_metadata", h, 1, |_, client| {
        if value.is_null() && len > 0 {
            log::err!("lws_sspc_set_metadata: the value is NULL, its length {len}");
            return 1;
        }
        // SAFETY: as the caller promises.
        let (Some(name), value) = (unsafe { (c_bytes(name), bytes(value.cast(), len)) }) else {
            log::err!("lws_sspc_set_metadata: the name is NULL");
            return 1;
        };
        let name = String::from_utf8_lossy(name);
        match client.set_metadata(&name, value) {
            Ok(()) => 0,
            Err(e) => {
                log::err!("lws_sspc_set_metadata: '{name}': {e}");
                1
            }
        }
    })
}

/// Gets metadata that came from the peer. `*value` is good until the peer sends it again or the
/// stream is gone; a NUL is behind it. Returns 0, or 1 if none of this name has come; `*value` and
/// `*len` are untouched then.
///
/// # Safety
/// `h` came from this library, `name` is NUL-terminated, `value` and `len` are writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_get_metadata(
    h: *mut lws_sspc_handle,
    name: *const c_char,
    value: *mut *const c_void,
    len: *mut usize,
) -> c_int {
    with_sspc("lws_sspc_get_metadata", h, 1, |_, client| {
        // SAFETY: as the caller promises.
        let Some(name) = (unsafe { c_bytes(name) }) else {
            log::err!("lws_sspc_get_metadata: the name is NULL");
            return 1;
        };
        if value.is_null() || len.is_null() {
            log::err!("lws_sspc_get_metadata: nowhere to put the value or its length");
            return 1;
        }
        let name = String::from_utf8_lossy(name);
        let found = client.get_metadata(&name, |v, n| (v.as_ptr().cast::<c_void>(), n));
        let Some((at, n)) = found else { return 1 };
        // SAFETY: as the caller promises.
        unsafe {
            *value = at;
            *len = n;
        }
        0
    })
}
