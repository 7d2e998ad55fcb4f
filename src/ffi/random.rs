//! Random bytes, from the operating system's generator.

use std::ffi::{c_char, c_int, c_void};

use super::panic::guard;
use super::ptr::put_c_string;
use super::string::hex_digits;
use super::types::lws_context;
use crate::util::crypto::error::Unspecified;
use crate::util::crypto::rand::{SecureRandom, SystemRandom};
use crate::util::log;

/// Fills `buf` with random bytes; false (and a log line) if there are none to be had.
pub(super) fn fill(buf: &mut [u8]) -> bool {
    match SystemRandom::new().fill(buf) {
        Ok(()) => true,
        Err(Unspecified) => {
            log::err!("the system's random number generator failed");
            false
        }
    }
}

/// Writes `len` random bytes. `context` is not used and may be NULL. Returns `len`, or 0 on
/// failure. May be called from any thread.
///
/// # Safety
/// `buf` has `len` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_get_random(
    context: *mut lws_context,
    buf: *mut c_void,
    len: usize,
) -> usize {
    let _ = context;
    guard("lws_get_random", 0, || {
        if buf.is_null() {
            return 0;
        }
        // SAFETY: the caller promises the room; it is initialised before a reference is made.
        let buf = unsafe {
            buf.cast::<u8>().write_bytes(0, len);
            super::ptr::bytes_mut(buf.cast(), len)
        };
        if fill(buf) { len } else { 0 }
    })
}

/// Writes `len - 1` random hexadecimal digits and a NUL. `context` is not used and may be NULL.
/// Returns 0, or 1 on failure.
///
/// # Safety
/// `dest` has `len` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_hex_random(
    context: *mut lws_context,
    dest: *mut c_char,
    len: usize,
) -> c_int {
    let _ = context;
    guard("lws_hex_random", 1, || {
        if dest.is_null() || len == 0 {
            return 1;
        }
        let mut raw = vec![0; len / 2];
        if !fill(&mut raw) {
            return 1;
        }
        // SAFETY: the caller promises the room.
        unsafe { put_c_string(dest, len, &hex_digits(&raw, len - 1)) };
        0
    })
}
