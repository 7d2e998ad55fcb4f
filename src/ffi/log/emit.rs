//! Where lines go: stderr, syslog, a file; and the timestamp in front of them.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::sync::OnceLock;

use super::super::panic::guard;
use super::super::ptr::put_c_string;
use super::super::types::lws_log_cx;

/// The C side, which shares the program's stdio.
///
/// cbindgen:ignore
mod c {
    use std::ffi::c_char;

    unsafe extern "C" {
        pub(super) fn securestreams_stderr(
            before: *const c_char,
            line: *const c_char,
            after: *const c_char,
        );
    }
}

/// What a terminal is told before a line, from the lowest level's bit on.
const COLOURS: [&CStr; 12] = [
    c"\x1b[31;1m",
    c"\x1b[36;1m",
    c"\x1b[35;1m",
    c"\x1b[32;1m",
    c"\x1b[34;1m",
    c"\x1b[33;1m",
    c"\x1b[33m",
    c"\x1b[33m",
    c"\x1b[33m",
    c"\x1b[33;1m",
    c"\x1b[0;1m",
    c"\x1b[31m",
];

/// The letters of the levels, from the lowest bit on.
const LETTERS: &[u8; 12] = b"EWNIDPHXCLUT";

/// `[2026/01/31 12:34:56:7890] E: ` in local time, to a tenth of a millisecond; nothing unless
/// `level` is exactly one of the levels.
pub(super) fn timestamp(level: c_int) -> Vec<u8> {
    let bit = level.trailing_zeros() as usize;
    if level.count_ones() != 1 || bit >= LETTERS.len() {
        return Vec::new();
    }
    let letter = char::from(LETTERS[bit]);
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let since = since.unwrap_or_default();
    let fraction = since.subsec_micros() / 100;
    let text = match local_time(since.as_secs()) {
        Some(t) => format!(
            "[{:04}/{:02}/{:02} {:02}:{:02}:{:02}:{fraction:04}] {letter}: ",
            i64::from(t.tm_year) + 1900,
            t.tm_mon + 1,
            t.tm_mday,
            t.tm_hour,
            t.tm_min,
            t.tm_sec,
        ),
        None => format!("[{}:{fraction:04}] {letter}: ", since.as_secs()),
    };
    text.into_bytes()
}

fn local_time(seconds: u64) -> Option<libc::tm> {
    let seconds = libc::time_t::try_from(seconds).ok()?;
    let mut tm = std::mem::MaybeUninit::<libc::tm>::uninit();
    // SAFETY: both pointers are good; the result says whether `tm` was filled in.
    unsafe {
        let filled = libc::localtime_r(&raw const seconds, tm.as_mut_ptr());
        (!filled.is_null()).then(|| tm.assume_init())
    }
}

/// Writes the timestamp of a line of `level`, cut to fit `len`. Returns its length, 0 if `level`
/// is not exactly one level.
///
/// # Safety
/// `p` has `len` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsl_timestamp(level: c_int, p: *mut c_char, len: usize) -> c_int {
    guard("lwsl_timestamp", 0, || {
        // SAFETY: the caller promises the room.
        unsafe { put_c_string(p, len, &timestamp(level)) as c_int }
    })
}

fn stderr_is_terminal() -> bool {
    static TERMINAL: OnceLock<bool> = OnceLock::new();
    // SAFETY: any descriptor may be asked about.
    *TERMINAL.get_or_init(|| unsafe { libc::isatty(libc::STDERR_FILENO) } == 1)
}

/// Writes a line of this `level` (one of `LLL_*`) to stderr, coloured if that is a terminal. The
/// default emitter.
///
/// # Safety
/// `line` is NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsl_emit_stderr(level: c_int, line: *const c_char) {
    guard("lwsl_emit_stderr", (), || {
        let (before, after) = if stderr_is_terminal() {
            // the highest level there is, in the lowest colour if there is none
            let levels = level as u32 & ((1 << COLOURS.len()) - 1);
            (COLOURS[levels.checked_ilog2().unwrap_or(0) as usize], c"\x1b[0m")
        } else {
            (c"", c"")
        };
        if !line.is_null() {
            // SAFETY: three NUL-terminated strings.
            unsafe { c::securestreams_stderr(before.as_ptr(), line, after.as_ptr()) };
        }
    });
}

/// The same as [`lwsl_emit_stderr`]: whether lines have timestamps is decided before.
///
/// # Safety
/// `line` is NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsl_emit_stderr_notimestamp(level: c_int, line: *const c_char) {
    // SAFETY: as the caller promises.
    unsafe { lwsl_emit_stderr(level, line) };
}

/// Sends a line to syslog at the priority that goes with `level`.
///
/// # Safety
/// `line` is NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsl_emit_syslog(level: c_int, line: *const c_char) {
    let priority = match level {
        super::LLL_ERR => libc::LOG_ERR,
        super::LLL_WARN => libc::LOG_WARNING,
        super::LLL_NOTICE => libc::LOG_NOTICE,
        super::LLL_INFO => libc::LOG_INFO,
        _ => libc::LOG_DEBUG,
    };
    if !line.is_null() {
        // SAFETY: the format takes one string, which the caller promises.
        unsafe { libc::syslog(priority, c"%s".as_ptr(), line) };
    }
}

/// Tells about a log file's trouble where it can still be told.
fn complain(text: &str, path: &[u8]) {
    let errno = std::io::Error::last_os_error();
    let path = String::from_utf8_lossy(path);
    eprintln!("{text}{path}: {errno}");
}

/// An emitter that writes to the file that [`lws_log_use_cx_file`] opened.
///
/// # Safety
/// `cx` is a live log context whose `stg` belongs to [`lws_log_use_cx_file`]; `line` has `len`
/// bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_log_emit_cx_file(
    cx: *mut lws_log_cx,
    level: c_int,
    line: *const c_char,
    len: usize,
) {
    let _ = level;
    guard("lws_log_emit_cx_file", (), || {
        if cx.is_null() || line.is_null() {
            return;
        }
        // SAFETY: as the caller promises.
        unsafe {
            let fd = (*cx).stg as isize as c_int;
            if fd >= 0 && libc::write(fd, line.cast(), len) != len as isize {
                complain("Unable to write log to file", b"");
            }
        }
    });
}

/// A `refcount_cb` that opens the file named by the context's `opaque` for the first object and
/// closes it after the last. `_new` is above 0 for an object that comes, else for one that goes.
/// The file is emptied first and has mode 0600.
///
/// # Safety
/// `cx` is a live log context; its `opaque` is a NUL-terminated path.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_log_use_cx_file(cx: *mut lws_log_cx, _new: c_int) {
    const MODE: c_int = libc::O_CREAT | libc::O_TRUNC | libc::O_WRONLY | libc::O_CLOEXEC;
    guard("lws_log_use_cx_file", (), || {
        if cx.is_null() {
            return;
        }
        // SAFETY: as the caller promises.
        unsafe {
            if _new > 0 && (*cx).refcount == 1 {
                let path = (*cx).opaque.cast::<c_char>().cast_const();
                let fd = if path.is_null() { -1 } else { libc::open(path, MODE, 0o600) };
                if fd < 0 {
                    complain(
                        "Unable to open log ",
                        super::super::ptr::c_bytes(path).unwrap_or(b"NULL"),
                    );
                }
                (*cx).stg = fd as isize as *mut c_void;
                return;
            }
            let fd = (*cx).stg as isize as c_int;
            if _new <= 0 && (*cx).refcount == 0 && fd >= 0 {
                libc::close(fd);
                (*cx).stg = -1_isize as *mut c_void;
            }
        }
    });
}
