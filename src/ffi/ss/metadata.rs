//! Metadata of streams.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null;

use super::super::ptr::{bytes, c_bytes};
use super::super::types::lws_ss_handle;
use super::with_stream;
use crate::stream::metadata::{Owned, Value};
use crate::util::log;

/// A value in the program's own memory, bound until it is used.
struct Bound {
    ptr: *const u8,
    len: usize,
}

impl AsRef<[u8]> for Bound {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `lws_ss_set_metadata` was promised that the memory stays as long as it is set.
        unsafe { bytes(self.ptr, self.len) }
    }
}

/// Sets metadata: `value` is bound, not copied, and must stay until it is set anew or the stream is
/// gone; NULL takes an earlier one back. `name` is copied. Endpoint and path of a transaction take what is set before CONNECTING is
/// said, its header fields what is set when the request goes out. Returns 0, or 1 if the policy
/// does not know the name; with `direct_proto_str` it knows every name, as a header field's.
///
/// # Safety
/// `h` came from this library, `name` is NUL-terminated, `len` bytes are readable at `value` as
/// long as they are bound.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_set_metadata(
    h: *mut lws_ss_handle,
    name: *const c_char,
    value: *const c_void,
    len: usize,
) -> c_int {
    if value.is_null() && len > 0 {
        return refuse_null("lws_ss_set_metadata", len);
    }
    let bound = (!value.is_null()).then(|| -> Value { Box::new(Bound { ptr: value.cast(), len }) });
    // SAFETY: as the caller promises.
    unsafe { set_metadata("lws_ss_set_metadata", h, name, bound) }
}

/// As [`lws_ss_set_metadata`], with a copy of the value.
///
/// # Safety
/// `h` came from this library, `name` is NUL-terminated, `len` bytes are readable at `value`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_alloc_set_metadata(
    h: *mut lws_ss_handle,
    name: *const c_char,
    value: *const c_void,
    len: usize,
) -> c_int {
    if value.is_null() && len > 0 {
        return refuse_null("lws_ss_alloc_set_metadata", len);
    }
    // SAFETY: as the caller promises.
    unsafe {
        let copy = Owned::new(bytes(value.cast(), len));
        let copy = (!value.is_null()).then(|| -> Value { Box::new(copy) });
        set_metadata("lws_ss_alloc_set_metadata", h, name, copy)
    }
}

fn refuse_null(caller: &str, len: usize) -> c_int {
    log::err!("{caller}: the value is NULL, its length {len}");
    1
}

/// # Safety
/// `name` is NULL or NUL-terminated.
unsafe fn set_metadata(
    caller: &str,
    h: *mut lws_ss_handle,
    name: *const c_char,
    value: Option<Value>,
) -> c_int {
    with_stream(caller, h, 1, |cx, key| {
        // SAFETY: as the caller promises.
        let Some(name) = (unsafe { c_bytes(name) }) else {
            log::err!("{caller}: the name is NULL");
            return 1;
        };
        let name = String::from_utf8_lossy(name);
        let set = match value {
            Some(value) => cx.engine.set_metadata(key, &name, value),
            None => cx.engine.clear_metadata(key, &name),
        };
        match set {
            Ok(()) => 0,
            Err(_) => {
                log::warn!("{caller}: the stream's policy has no metadata '{name}'");
                1
            }
        }
    })
}

/// Gets metadata, also what a response's header set it to. `*value` is NULL if it is declared but
/// not set; else it is good until the metadata changes or, for a header got by its own name
/// (`direct_proto_str`), until the transaction ends. Values that came from the wire have a NUL
/// behind them. Returns 0, or 1 if the policy does not know the name or the response does not have
/// the header; `*value` and `*len` are untouched then.
///
/// # Safety
/// `h` came from this library, `name` is NUL-terminated, `value` and `len` are writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_get_metadata(
    h: *mut lws_ss_handle,
    name: *const c_char,
    value: *mut *const c_void,
    len: *mut usize,
) -> c_int {
    with_stream("lws_ss_get_metadata", h, 1, |cx, key| {
        // SAFETY: as the caller promises.
        let Some(name) = (unsafe { c_bytes(name) }) else {
            log::err!("lws_ss_get_metadata: the name is NULL");
            return 1;
        };
        for (missing, what) in [(value.is_null(), "value"), (len.is_null(), "length")] {
            if missing {
                log::err!("lws_ss_get_metadata: nowhere to put the {what}");
                return 1;
            }
        }
        let name = String::from_utf8_lossy(name);
        let found = cx.engine.get_metadata(key, &name, |value| {
            value.map_or((null(), 0), |v| (v.as_ptr().cast::<c_void>(), v.len()))
        });
        let Ok((at, n)) = found else { return 1 };
        // SAFETY: as the caller promises.
        unsafe {
            *value = at;
            *len = n;
        }
        0
    })
}
