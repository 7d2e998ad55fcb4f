//! What fits nowhere else: the version, a checksum, bit counting.

use std::ffi::{c_char, c_uint, c_void};

use super::panic::guard;
use super::ptr::bytes;
use crate::util::built;

/// The version of libwebsockets whose API this is, and our own.
const VERSION: &str = concat!("5.0.0-securestreams-", env!("CARGO_PKG_VERSION"), "\0");

/// Version and parts of the library, as libwebsockets says them.
pub(super) fn banner() -> String {
    let all = [
        ("NET CLI", true),
        ("SRV", built::SERVER),
        ("H1", true),
        ("H2", built::H2),
        ("WS", built::WS),
        ("MQTT", built::MQTT),
        ("SS-JSON-POL", true),
        ("SSPROX", built::PROXY),
    ];
    let parts: Vec<&str> = all.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect();
    format!("LWS: {}, rustls, {}", VERSION.trim_end_matches('\0'), parts.join(" "))
}

/// The library's version as text.
#[unsafe(no_mangle)]
pub extern "C" fn lws_get_library_version() -> *const c_char {
    VERSION.as_ptr().cast()
}

/// CRC-32 (ISO 3309, reflected polynomial) of each byte value.
const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let mut crc = i as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
            bit += 1;
        }
        table[i] = crc;
        i += 1;
    }
    table
};

/// The CRC-32 (ISO 3309) of `len` bytes, going on from `crc`, which is 0 at the start.
///
/// # Safety
/// `buf` has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_crc32(crc: u32, buf: *const c_void, len: usize) -> u32 {
    guard("lws_crc32", crc, || {
        // SAFETY: the caller promises the length.
        let data = unsafe { bytes(buf.cast(), len) };
        !data.iter().fold(!crc, |crc, &byte| crc >> 8 ^ CRC_TABLE[usize::from(crc as u8 ^ byte)])
    })
}

/// How many bits it takes to write `u`; 1 for 0.
#[unsafe(no_mangle)]
pub extern "C" fn lws_sigbits(u: usize) -> c_uint {
    u.checked_ilog2().map_or(1, |highest| highest + 1)
}
