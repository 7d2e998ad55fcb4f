//! The parts of URIs.

use core::ffi::c_char;

/// A URI in its parts, from `lws_parse_uri_create`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_parse_uri {
    /// What is in front of `://`; empty if there is no such.
    pub scheme: *const c_char,
    /// The host, without the brackets of a v6 address; the path of a unix socket with its `+`.
    pub host: *const c_char,
    /// The path without its first slash, and the query; `/` for none.
    pub path: *const c_char,
    /// The port; that of http, https, ws and wss if none is said, else 0.
    pub port: u16,
    /// 1 if the host is a unix socket.
    pub unix_skt: c_char,
}

/// The C name of `lws_parse_uri`.
pub type lws_parse_uri_t = lws_parse_uri;
