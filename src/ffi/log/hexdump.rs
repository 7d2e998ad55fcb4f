//! Hexdumps in the log.

use std::ffi::{c_int, c_void};
use std::fmt::Write;
use std::ptr::{NonNull, null, null_mut};

use super::super::panic::guard;
use super::super::ptr::bytes;
use super::super::types::{lws_log_cx, lws_log_prepend_cx_t};
use super::line::{Body, Line, write};
use super::{flags, or_process, process_cx};

const BYTES_A_LINE: usize = 16;

/// Logs `len` bytes at `vbuf` in hexadecimal and ASCII, 16 a line, between two empty lines, at
/// level `hexdump_level` of the process's context.
///
/// # Safety
/// `vbuf` is NULL or has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsl_hexdump_level(hexdump_level: c_int, vbuf: *const c_void, len: usize) {
    // SAFETY: as the caller promises; the process's context always lives.
    unsafe {
        lwsl_hexdump_level_cx(process_cx().as_ptr(), None, null_mut(), hexdump_level, vbuf, len);
    }
}

/// [`lwsl_hexdump_level`] at debug level.
///
/// # Safety
/// `vbuf` is NULL or has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsl_hexdump(vbuf: *const c_void, len: usize) {
    // SAFETY: as the caller promises.
    unsafe { lwsl_hexdump_level(super::LLL_DEBUG, vbuf, len) };
}

/// [`lwsl_hexdump_level`] in the log context `cx` (NULL: the process's), each line with the
/// prefix that `prep` writes for `obj`.
///
/// # Safety
/// `cx` is NULL or live, `prep` callable with `obj`, `vbuf` NULL or `len` bytes long.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsl_hexdump_level_cx(
    cx: *mut lws_log_cx,
    prep: lws_log_prepend_cx_t,
    obj: *mut c_void,
    hexdump_level: c_int,
    vbuf: *const c_void,
    len: usize,
) {
    guard("lwsl_hexdump_level_cx", (), || {
        let cx: NonNull<lws_log_cx> = or_process(cx);
        // SAFETY: as the caller promises.
        unsafe {
            if flags(cx) & hexdump_level as u32 == 0 {
                return;
            }
            let log = |text: &[u8]| {
                let body = Body::Bytes(text);
                let line = Line {
                    level: hexdump_level,
                    prepend: prep,
                    object: obj,
                    function: null(),
                    seen: 0,
                    body,
                };
                write(cx, &line);
            };
            if len == 0 {
                return log(b"(hexdump: zero length)\n");
            }
            if vbuf.is_null() {
                return log(b"(hexdump: NULL ptr)\n");
            }
            log(b"\n");
            for (i, chunk) in bytes(vbuf.cast(), len).chunks(BYTES_A_LINE).enumerate() {
                log(dump_line(i * BYTES_A_LINE, chunk).as_bytes());
            }
            log(b"\n");
        }
    });
}

fn dump_line(offset: usize, chunk: &[u8]) -> String {
    let mut line = format!("{offset:04X}: ");
    for column in 0..BYTES_A_LINE {
        let _ = match chunk.get(column) {
            Some(byte) => write!(line, "{byte:02X} "),
            None => write!(line, "   "),
        };
    }
    line.push_str("   ");
    for column in 0..BYTES_A_LINE {
        line.push(match chunk.get(column) {
            Some(&c @ b' '..=b'~') => char::from(c),
            Some(_) => '.',
            None => ' ',
        });
    }
    line.push('\n');
    line
}

#[cfg(test)]
mod tests {
    use super::dump_line;

    #[test]
    fn lines() {
        assert_eq!(
            dump_line(0x20, b"GET / \x00\x7f\xff"),
            "0020: 47 45 54 20 2F 20 00 7F FF                         GET / ...       \n"
        );
        assert_eq!(
            dump_line(0x12340, &[b'a'; 16]),
            "12340: 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61 61    aaaaaaaaaaaaaaaa\n"
        );
    }
}
