//! URIs cut into their parts.

use std::ffi::{c_char, c_int};
use std::ops::Range;
use std::ptr::null_mut;

use crate::ffi::panic::guard;
use crate::ffi::ptr::{c_bytes, put_c_string};
use crate::ffi::types::lws_parse_uri;
use crate::util::log;

const NO_PATH: &std::ffi::CStr = c"/";

/// Where the parts of a URI lie in its text.
struct Parts {
    scheme: Range<usize>,
    host: Range<usize>,
    /// `None` if neither the text nor the scheme says one.
    port: Option<c_int>,
    unix_socket: bool,
    /// What follows host and port.
    rest: usize,
}

/// The number that a text begins with, 0 for none.
fn number(text: &[u8]) -> c_int {
    let digits = text.iter().take_while(|c| c.is_ascii_digit());
    digits.fold(0, |n: c_int, c| n.saturating_mul(10).saturating_add(c_int::from(c - b'0')))
}

fn usual_port(scheme: &[u8]) -> Option<c_int> {
    match scheme {
        b"http" | b"ws" => Some(80),
        b"https" | b"wss" => Some(443),
        _ => None,
    }
}

/// With `query` a host may be followed by `?` directly.
fn split(text: &[u8], query: bool) -> Parts {
    let find = |from: usize, wanted: &dyn Fn(u8) -> bool| {
        let found = text[from..].iter().position(|&c| wanted(c));
        found.map_or(text.len(), |at| from + at)
    };
    let (scheme, start) = match memchr::memmem::find(text, b"://") {
        Some(at) => (0..at, at + 3),
        None => (text.len()..text.len(), 0),
    };
    let unix_socket = text.get(start) == Some(&b'+');
    let path_begins = |c: u8| c == b'/' || query && c == b'?';
    let (host, mut rest) = if text.get(start) == Some(&b'[') {
        let end = find(start + 1, &|c| c == b']');
        (start + 1..end, text.len().min(end + 1))
    } else {
        let end = find(start, &|c| c == b':' || !unix_socket && path_begins(c));
        (start..end, end)
    };
    let mut port = usual_port(&text[scheme.clone()]);
    if text.get(rest) == Some(&b':') {
        port = Some(number(&text[rest + 1..]));
        rest = find(rest + 1, &path_begins);
    }
    Parts { scheme, host, port, unix_socket, rest }
}

/// Cuts the URI `p` into parts by writing NULs into it: `*prot` is set to the scheme, `*ads` to
/// the host, `*path` to the path without its first slash, or `/` if there is none. `*port` is set
/// if the URI says one or its scheme is http, https, ws or wss. A host that begins with `+` is a
/// unix socket and ends with `:`. Returns 0. To be replaced by `lws_parse_uri_create` in new
/// programs.
///
/// # Safety
/// `p` is NUL-terminated and can be written, as can the others; they point into `p` afterwards.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_parse_uri(
    p: *mut c_char,
    prot: *mut *const c_char,
    ads: *mut *const c_char,
    port: *mut c_int,
    path: *mut *const c_char,
) -> c_int {
    guard("lws_parse_uri", -1, || {
        // SAFETY: as the caller promises; NULs replace bytes inside of the text.
        unsafe {
            let Some(text) = c_bytes(p) else { return -1 };
            let (parts, len) = (split(text, false), text.len());
            for end in [parts.scheme.end, parts.host.end, parts.rest] {
                if end < len {
                    p.add(end).write(0);
                }
            }
            *prot = p.add(parts.scheme.start);
            *ads = p.add(parts.host.start);
            if let Some(said) = parts.port {
                *port = said;
            }
            let has_path = parts.rest + 1 < len;
            *path = if has_path { p.add(parts.rest + 1) } else { NO_PATH.as_ptr() };
        }
        0
    })
}

/// Cuts a copy of `uri` into parts. Returns them, to be given to `lws_parse_uri_destroy`; NULL
/// without memory or if `uri` is NULL.
///
/// # Safety
/// `uri` is NULL or NUL-terminated.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_parse_uri_create(uri: *const c_char) -> *mut lws_parse_uri {
    guard("lws_parse_uri_create", null_mut(), || {
        // SAFETY: as the caller promises.
        let Some(text) = (unsafe { c_bytes(uri) }) else { return null_mut() };
        let parts = split(text, true);
        let path = match &text[parts.rest..] {
            [] | [b'/'] => NO_PATH.to_bytes(),
            [b'/', path @ ..] => path,
            query @ [b'?', ..] => query,
            // behind the bracket of an address
            _ => &[],
        };
        let texts = [&text[parts.scheme.clone()], &text[parts.host.clone()], path];
        let size = size_of::<lws_parse_uri>() + texts.iter().map(|t| t.len() + 1).sum::<usize>();
        // SAFETY: the memory has room for the struct and the texts with their NULs.
        unsafe {
            let made = libc::calloc(1, size).cast::<lws_parse_uri>();
            if made.is_null() {
                log::err!("lws_parse_uri_create: no memory for {size} bytes");
                return made;
            }
            let mut at = made.add(1).cast::<c_char>();
            let mut put = |text: &[u8]| {
                let copy = at;
                at = at.add(put_c_string(at, text.len() + 1, text) + 1);
                copy.cast_const()
            };
            let [scheme, host, path] = texts.map(&mut put);
            let port = parts.port.and_then(|port| u16::try_from(port).ok()).unwrap_or(0);
            let unix_skt = c_char::from(parts.unix_socket);
            made.write(lws_parse_uri { scheme, host, path, port, unix_skt });
            made
        }
    })
}

/// Frees `*pcuri`, which is NULL afterwards; it may be before.
///
/// # Safety
/// `*pcuri` came from [`lws_parse_uri_create`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_parse_uri_destroy(pcuri: *mut *mut lws_parse_uri) {
    // SAFETY: as the caller promises.
    unsafe {
        if let Some(made) = pcuri.as_mut() {
            libc::free(std::mem::replace(made, null_mut()).cast());
        }
    }
}
