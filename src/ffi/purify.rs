//! Escaping of untrusted text for SQL, JSON and file names, and whole files at once.

use std::ffi::{CStr, OsStr, c_char, c_int};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;

use super::panic::guard;
use super::ptr::{bytes, bytes_mut, c_bytes, put_c_string};
use crate::util::log;

/// Takes escaped pieces while the next one still fits in front of the NUL. Returns the text and
/// how many pieces were taken.
fn fitting<P: AsRef<[u8]>>(pieces: impl Iterator<Item = P>, size: usize) -> (Vec<u8>, usize) {
    let mut text = Vec::new();
    let mut taken = 0;
    for piece in pieces {
        if text.len() + piece.as_ref().len() + 1 > size {
            break;
        }
        text.extend_from_slice(piece.as_ref());
        taken += 1;
    }
    (text, taken)
}

fn sql_piece(c: u8) -> &'static [u8] {
    const SINGLE: [[u8; 1]; 256] = {
        let mut table = [[0]; 256];
        let mut i = 0;
        while i < 256 {
            table[i] = [i as u8];
            i += 1;
        }
        table
    };
    if c == b'\'' { b"''" } else { &SINGLE[usize::from(c)] }
}

fn json_piece(c: u8) -> Vec<u8> {
    match c {
        b'\t' => b"\\t".to_vec(),
        b'\n' => b"\\n".to_vec(),
        b'\r' => b"\\r".to_vec(),
        b'\\' => b"\\\\".to_vec(),
        b'"' | 0..=0x1f => format!("\\u{c:04X}").into_bytes(),
        // UTF-8 is legal JSON as it is
        _ => vec![c],
    }
}

/// Doubles the single quotes of `string` for an SQL string literal, cut to fit `len` bytes
/// including the NUL. Returns `escaped`.
///
/// # Safety
/// `string` is NUL-terminated, `escaped` has `len` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sql_purify(
    escaped: *mut c_char,
    string: *const c_char,
    len: usize,
) -> *const c_char {
    guard("lws_sql_purify", escaped.cast_const(), || {
        // SAFETY: the caller promises a terminated string and the room.
        unsafe {
            let source = c_bytes(string).unwrap_or_default();
            let (text, _) = fitting(source.iter().map(|&c| sql_piece(c)), len);
            put_c_string(escaped, len, &text);
        }
        escaped.cast_const()
    })
}

/// Escapes `string` for a JSON string, cut to fit `len` bytes including the NUL. `*in_used`, if
/// given, tells how much of `string` that was. Returns `escaped`.
///
/// # Safety
/// `string` is NUL-terminated or NULL, `escaped` has `len` writable bytes, `in_used` is NULL or
/// writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_json_purify(
    escaped: *mut c_char,
    string: *const c_char,
    len: c_int,
    in_used: *mut c_int,
) -> *const c_char {
    guard("lws_json_purify", escaped.cast_const(), || {
        let size = usize::try_from(len).unwrap_or(0);
        // SAFETY: the caller promises a terminated string, the room and the counter.
        unsafe {
            let source = c_bytes(string).unwrap_or_default();
            let (text, taken) = fitting(source.iter().map(|&c| json_piece(c)), size);
            put_c_string(escaped, size, &text);
            if !in_used.is_null() {
                in_used.write(c_int::try_from(taken).unwrap_or(c_int::MAX));
            }
        }
        escaped.cast_const()
    })
}

/// How long `string` is once escaped by [`lws_json_purify`], without the NUL.
///
/// # Safety
/// `string` is NUL-terminated or NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_json_purify_len(string: *const c_char) -> c_int {
    guard("lws_json_purify_len", 0, || {
        // SAFETY: the caller promises a terminated string.
        let source = unsafe { c_bytes(string) }.unwrap_or_default();
        let len: usize = source.iter().map(|&c| json_piece(c).len()).sum();
        c_int::try_from(len).unwrap_or(c_int::MAX)
    })
}

/// Replaces what is dangerous in a file name from outside with underscores: `..`, `:`, `\`, `$`
/// and `%`.
///
/// # Safety
/// `filename` is NUL-terminated or NULL and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_filename_purify_inplace(filename: *mut c_char) {
    guard("lws_filename_purify_inplace", (), || {
        // SAFETY: the caller promises a terminated, writable string.
        let name = unsafe {
            let len = c_bytes(filename).map_or(0, <[u8]>::len);
            bytes_mut(filename.cast(), len)
        };
        for i in 0..name.len() {
            if name[i..].starts_with(b"..") {
                name[i..i + 2].fill(b'_');
            }
            if matches!(name[i], b':' | b'\\' | b'$' | b'%') {
                name[i] = b'_';
            }
        }
    });
}

/// Writes `len` bytes to the file, made with mode 0600 and emptied first. Returns 0, or 1 with a
/// log line.
///
/// # Safety
/// `filename` is NUL-terminated, `buf` has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_plat_write_file(
    filename: *const c_char,
    buf: *mut core::ffi::c_void,
    len: usize,
) -> c_int {
    guard("lws_plat_write_file", 1, || {
        // SAFETY: the caller promises a terminated string and the length.
        let (path, data) = unsafe {
            if filename.is_null() {
                return 1;
            }
            (OsStr::from_bytes(CStr::from_ptr(filename).to_bytes()), bytes(buf.cast(), len))
        };
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true).mode(0o600);
        match options.open(path).and_then(|mut file| file.write_all(data)) {
            Ok(()) => 0,
            Err(e) => {
                log::err!("lws_plat_write_file: {}: {e}", path.display());
                1
            }
        }
    })
}

/// Reads up to `len` bytes from the start of the file. Returns how many, or -1 if it cannot be
/// read.
///
/// # Safety
/// `filename` is NUL-terminated, `buf` has `len` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_plat_read_file(
    filename: *const c_char,
    buf: *mut core::ffi::c_void,
    len: usize,
) -> c_int {
    guard("lws_plat_read_file", -1, || {
        if filename.is_null() || buf.is_null() {
            return -1;
        }
        // SAFETY: the caller promises a terminated string.
        let path = OsStr::from_bytes(unsafe { CStr::from_ptr(filename) }.to_bytes());
        let limit = len.min(c_int::MAX as usize);
        let mut data = Vec::new();
        let read = std::fs::File::open(path)
            .and_then(|file| file.take(limit as u64).read_to_end(&mut data));
        match read {
            Ok(n) => {
                // SAFETY: at most `len` bytes were read, and the caller promises the room.
                unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), buf.cast::<u8>(), n) };
                n as c_int
            }
            Err(e) => {
                log::info!("lws_plat_read_file: {}: {e}", path.display());
                -1
            }
        }
    })
}

/// The RSA key size that is advisable on this platform, in bits.
#[unsafe(no_mangle)]
pub extern "C" fn lws_plat_recommended_rsa_bits() -> c_int {
    4096
}
