use core::ffi::{c_int, c_longlong, c_ulonglong};

#[repr(C)]
pub struct lws {
    _private: [u8; 0],
}

#[repr(C)]
pub struct lws_context {
    _private: [u8; 0],
}

#[repr(C)]
pub struct lws_vhost {
    _private: [u8; 0],
}

#[repr(C)]
pub struct ssl_ctx_st {
    _private: [u8; 0],
}

pub type lws_sockfd_type = c_int;

pub type lws_filefd_type = c_int;

pub type lws_usec_t = i64;

pub type lws_filepos_t = c_ulonglong;

pub type lws_fileofs_t = c_longlong;

pub type lws_fop_flags_t = u32;
