//! Log contexts and the callbacks that write log lines.

use core::ffi::{c_char, c_int, c_void};

/// Writes one line, which ends in a newline; the level is one of `LLL_...`.
pub type lws_log_emit_t = Option<unsafe extern "C" fn(level: c_int, line: *const c_char)>;

/// As `lws_log_emit_t`, with the log context and the line's length.
pub type lws_log_emit_cx_t = Option<
    unsafe extern "C" fn(cx: *mut lws_log_cx, level: c_int, line: *const c_char, len: usize),
>;

/// Writes a prefix for a line about `obj` at `*p`, not past `e`, and moves `*p` on.
pub type lws_log_prepend_cx_t = Option<
    unsafe extern "C" fn(
        cx: *mut lws_log_cx,
        obj: *mut c_void,
        p: *mut *mut c_char,
        e: *mut c_char,
    ),
>;

/// Called when a user of the log context comes (`_new` is 1) or goes (-1); the count is already changed.
pub type lws_log_use_cx_t = Option<unsafe extern "C" fn(cx: *mut lws_log_cx, _new: c_int)>;

/// The function that writes the lines.
#[repr(C)]
#[derive(Clone, Copy)]
pub union lws_log_cx_u {
    /// Takes level and line.
    pub emit: lws_log_emit_t,
    /// Takes the log context too; used if `LLLF_LOG_CONTEXT_AWARE` is set.
    pub emit_cx: lws_log_emit_cx_t,
}

/// Where log lines go, which levels are kept and what is put in front of them.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_log_cx {
    /// The function that writes the lines.
    pub u: lws_log_cx_u,
    /// Called at each change of `refcount`, or NULL.
    pub refcount_cb: lws_log_use_cx_t,
    /// Puts a prefix in front of the lines of the log contexts below, or NULL.
    pub prepend: lws_log_prepend_cx_t,
    /// The log context above, or NULL.
    pub parent: *mut lws_log_cx,
    /// The program's: for `lws_log_emit_cx_file` the file's path.
    pub opaque: *mut c_void,
    /// The program's: for `lws_log_emit_cx_file` its open file.
    pub stg: *mut c_void,
    /// Levels to keep (`LLL_...`) and flags (`LLLF_...`).
    pub lll_flags: u32,
    /// How many objects log through it.
    pub refcount: i32,
}

/// The C name of `lws_log_cx`.
pub type lws_log_cx_t = lws_log_cx;

/// Keeps one place in a program from logging too often. Zero at first.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_log_ratelimit {
    /// When the next line is due.
    pub next_log_us: i64,
    /// Lines dropped since the last one.
    pub dropped: u32,
}

/// The C name of `lws_log_ratelimit`.
pub type lws_log_ratelimit_t = lws_log_ratelimit;

/// Level: errors.
pub const LLL_ERR: c_int = 1 << 0;
/// Level: warnings.
pub const LLL_WARN: c_int = 1 << 1;
/// Level: notices.
pub const LLL_NOTICE: c_int = 1 << 2;
/// Level: information.
pub const LLL_INFO: c_int = 1 << 3;
/// Level: debugging.
pub const LLL_DEBUG: c_int = 1 << 4;
/// Level: parsers.
pub const LLL_PARSER: c_int = 1 << 5;
/// Level: headers.
pub const LLL_HEADER: c_int = 1 << 6;
/// Level: extensions.
pub const LLL_EXT: c_int = 1 << 7;
/// Level: client connections.
pub const LLL_CLIENT: c_int = 1 << 8;
/// Level: latencies.
pub const LLL_LATENCY: c_int = 1 << 9;
/// Level: the program's own lines.
pub const LLL_USER: c_int = 1 << 10;
/// Level: threads.
pub const LLL_THREAD: c_int = 1 << 11;
/// How many levels there are.
pub const LLL_COUNT: c_int = 12;
/// The line holds personal data.
pub const LLLF_SECRECY_PII: c_int = 1 << 16;
/// The line holds a secret that lets its reader act as somebody else.
pub const LLLF_SECRECY_BEARER: c_int = 1 << 17;
/// Lines begin with the time.
pub const LLLF_LOG_TIMESTAMP: c_int = 1 << 18;
/// The emit function takes the log context (`lws_log_emit_cx_t`).
pub const LLLF_LOG_CONTEXT_AWARE: c_int = 1 << 30;
