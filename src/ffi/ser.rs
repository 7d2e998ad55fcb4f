//! Integers in network byte order and as variable-length integers.

use std::ffi::c_int;

use super::panic::guard;
use super::ptr::bytes;
use crate::util::log;

/// Writes bytes at `b`, unless it is NULL.
///
/// # Safety
/// `b` has room for them.
unsafe fn write<const N: usize>(b: *mut u8, value: [u8; N]) {
    if !b.is_null() {
        // SAFETY: the caller promises the room; an array of bytes needs no alignment.
        unsafe { b.cast::<[u8; N]>().write(value) };
    }
}

/// Reads bytes at `b`; zeroes if it is NULL.
///
/// # Safety
/// That many bytes are readable.
unsafe fn read<const N: usize>(b: *const u8) -> [u8; N] {
    if b.is_null() {
        return [0; N];
    }
    // SAFETY: the caller promises the bytes; an array of bytes needs no alignment.
    unsafe { b.cast::<[u8; N]>().read() }
}

/// Writes the 16 bits of `u` at `b`, most significant byte first.
///
/// # Safety
/// `b` has room for 2 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ser_wu16be(b: *mut u8, u: u16) {
    // SAFETY: as the caller promises.
    unsafe { write(b, u.to_be_bytes()) };
}

/// Reads 16 bits at `b`, most significant byte first.
///
/// # Safety
/// 2 bytes are readable at `b`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ser_ru16be(b: *const u8) -> u16 {
    // SAFETY: as the caller promises.
    u16::from_be_bytes(unsafe { read(b) })
}

/// Writes the 32 bits of `u` at `b`, most significant byte first.
///
/// # Safety
/// `b` has room for 4 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ser_wu32be(b: *mut u8, u: u32) {
    // SAFETY: as the caller promises.
    unsafe { write(b, u.to_be_bytes()) };
}

/// Reads 32 bits at `b`, most significant byte first.
///
/// # Safety
/// 4 bytes are readable at `b`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ser_ru32be(b: *const u8) -> u32 {
    // SAFETY: as the caller promises.
    u32::from_be_bytes(unsafe { read(b) })
}

/// Writes the 64 bits of `u` at `b`, most significant byte first.
///
/// # Safety
/// `b` has room for 8 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ser_wu64be(b: *mut u8, u: u64) {
    // SAFETY: as the caller promises.
    unsafe { write(b, u.to_be_bytes()) };
}

/// Reads 64 bits at `b`, most significant byte first.
///
/// # Safety
/// 8 bytes are readable at `b`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ser_ru64be(b: *const u8) -> u64 {
    // SAFETY: as the caller promises.
    u64::from_be_bytes(unsafe { read(b) })
}

/// The largest value of an MQTT variable byte integer (MQTT 5.0, 1.5.5).
const VBI_MAX: u64 = 0x0fff_ffff;

/// Writes `value` as a variable byte integer (MQTT 5.0, 1.5.5). Returns its length, 1 to 4, or
/// -1 if the value is over 268,435,455.
///
/// # Safety
/// `buf` has room for 4 bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_vbi_encode(value: u64, buf: *mut core::ffi::c_void) -> c_int {
    guard("lws_vbi_encode", -1, || {
        if value > VBI_MAX {
            log::err!("lws_vbi_encode: {value} is over the largest value {VBI_MAX}");
            return -1;
        }
        if buf.is_null() {
            return -1;
        }
        let mut rest = value;
        let mut len = 0;
        loop {
            let low = (rest & 0x7f) as u8;
            rest >>= 7;
            let byte = if rest == 0 { low } else { low | 0x80 };
            // SAFETY: at most 4 bytes, which the caller promises.
            unsafe { buf.cast::<u8>().add(len).write(byte) };
            len += 1;
            if rest == 0 {
                return len as c_int;
            }
        }
    })
}

/// Reads a variable byte integer (MQTT 5.0, 1.5.5) from `len` bytes. Returns how many bytes it
/// took, or 0 if it is incomplete or too long.
///
/// # Safety
/// `buf` has `len` readable bytes, `value` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_vbi_decode(
    buf: *const core::ffi::c_void,
    value: *mut u64,
    len: usize,
) -> c_int {
    guard("lws_vbi_decode", 0, || {
        // SAFETY: the caller promises the length.
        let data = unsafe { bytes(buf.cast(), len) };
        let mut sum = 0;
        for (i, &byte) in data.iter().take(4).enumerate() {
            sum |= u64::from(byte & 0x7f) << (7 * i);
            if byte & 0x80 == 0 {
                if !value.is_null() {
                    // SAFETY: the caller promises that it is writable.
                    unsafe { value.write(sum) };
                }
                return i as c_int + 1;
            }
        }
        0
    })
}
