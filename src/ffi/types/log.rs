use core::ffi::{c_char, c_int, c_void};

pub type lws_log_emit_t = Option<unsafe extern "C" fn(c_int, *const c_char)>;

pub type lws_log_emit_cx_t =
    Option<unsafe extern "C" fn(*mut lws_log_cx, c_int, *const c_char, usize)>;

pub type lws_log_prepend_cx_t =
    Option<unsafe extern "C" fn(*mut lws_log_cx, *mut c_void, *mut *mut c_char, *mut c_char)>;

pub type lws_log_use_cx_t = Option<unsafe extern "C" fn(*mut lws_log_cx, c_int)>;

#[repr(C)]
#[derive(Clone, Copy)]
pub union lws_log_cx_u {
    pub emit: lws_log_emit_t,
    pub emit_cx: lws_log_emit_cx_t,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_log_cx {
    pub u: lws_log_cx_u,
    pub refcount_cb: lws_log_use_cx_t,
    pub prepend: lws_log_prepend_cx_t,
    pub parent: *mut lws_log_cx,
    pub opaque: *mut c_void,
    pub stg: *mut c_void,
    pub lll_flags: u32,
    pub refcount: i32,
}

pub type lws_log_cx_t = lws_log_cx;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_log_ratelimit {
    pub next_log_us: i64,
    pub dropped: u32,
}

pub type lws_log_ratelimit_t = lws_log_ratelimit;
