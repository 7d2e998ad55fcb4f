//! Handles and the integer types that every other header uses.

use core::ffi::{c_int, c_longlong, c_ulonglong};

/// A connection, as the program sees it: an opaque handle.
#[repr(C)]
pub struct lws {
    _private: [u8; 0],
}

/// The context: the loop and everything that lives on it. Opaque.
#[repr(C)]
pub struct lws_context {
    _private: [u8; 0],
}

/// A virtual host: settings that connections share. Opaque.
#[repr(C)]
pub struct lws_vhost {
    _private: [u8; 0],
}

/// OpenSSL's `SSL_CTX`, by its tag; named so that this header needs none of OpenSSL.
#[repr(C)]
pub struct ssl_ctx_st {
    _private: [u8; 0],
}

/// A socket.
pub type lws_sockfd_type = c_int;

/// A file descriptor.
pub type lws_filefd_type = c_int;

/// Time or duration in microseconds.
pub type lws_usec_t = i64;

/// A position in, or the length of, a file.
pub type lws_filepos_t = c_ulonglong;

/// A distance between positions in a file.
pub type lws_fileofs_t = c_longlong;

/// Flags of an open file.
pub type lws_fop_flags_t = u32;
