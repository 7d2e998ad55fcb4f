//! Logging: the process's log context and those of programs, how a line is put together
//! (`line`), where it goes (`emit`), and the objects that lines are about (`objects`).
//!
//! The engine's own lines arrive through [`install`], which connects [`crate::util::log`].

mod emit;
mod hexdump;
mod line;
mod objects;

use std::ffi::{c_char, c_int, c_void};
use std::ptr::{NonNull, null, null_mut};
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

pub use self::emit::{
    lws_log_emit_cx_file, lws_log_use_cx_file, lwsl_emit_stderr, lwsl_emit_stderr_notimestamp,
    lwsl_emit_syslog, lwsl_timestamp,
};
pub use self::hexdump::{lwsl_hexdump, lwsl_hexdump_level, lwsl_hexdump_level_cx};
pub use self::objects::{
    Kind, Objects, lws_log_prepend_context, lws_log_prepend_ss, lws_log_prepend_sspc,
    lws_log_prepend_vhost, lws_log_prepend_wsi, lwsl_context_get_cx, lwsl_ss_get_cx,
    lwsl_sspc_get_cx, lwsl_vhost_get_cx, lwsl_wsi_get_cx, set_objects,
};

use super::panic::guard;
use super::types::{
    lws_log_cx, lws_log_cx_u, lws_log_emit_t, lws_log_prepend_cx_t, lws_log_ratelimit,
};
use super::variadic::Text;
use crate::util::log;

pub(super) const LLL_ERR: c_int = 1 << 0;
pub(super) const LLL_WARN: c_int = 1 << 1;
pub(super) const LLL_NOTICE: c_int = 1 << 2;
pub(super) const LLL_INFO: c_int = 1 << 3;
pub(super) const LLL_DEBUG: c_int = 1 << 4;
pub(super) const LLL_USER: c_int = 1 << 10;
/// The log context's `emit` is the variant that takes the context.
const LLLF_LOG_CONTEXT_AWARE: u32 = 1 << 30;

/// The log context of lines that belong to no other.
struct Process(std::cell::UnsafeCell<lws_log_cx>);

// SAFETY: its level mask and emitter are only touched through atomics here; the other fields
// are constant unless a program writes to what `lwsl_context_get_cx` gave it.
unsafe impl Sync for Process {}

static PROCESS: Process = Process(std::cell::UnsafeCell::new(lws_log_cx {
    u: lws_log_cx_u { emit: Some(lwsl_emit_stderr) },
    refcount_cb: None,
    prepend: None,
    parent: null_mut(),
    opaque: null_mut(),
    stg: null_mut(),
    lll_flags: log::DEFAULT_LEVELS,
    refcount: 0,
}));

/// The process's log context: what `info->log_cx == NULL` stands for.
#[must_use]
pub fn process_cx() -> NonNull<lws_log_cx> {
    // SAFETY: a static is never at address 0.
    unsafe { NonNull::new_unchecked(PROCESS.0.get()) }
}

/// A log context given by a program, or the process's for NULL.
fn or_process(cx: *mut lws_log_cx) -> NonNull<lws_log_cx> {
    NonNull::new(cx).unwrap_or_else(process_cx)
}

/// The levels that are on in `cx`.
///
/// # Safety
/// `cx` is a live log context.
pub(super) unsafe fn flags(cx: NonNull<lws_log_cx>) -> u32 {
    // SAFETY: the field is aligned and lives as long as the context; C writes it whole.
    unsafe { AtomicU32::from_ptr(&raw mut (*cx.as_ptr()).lll_flags) }.load(Ordering::Relaxed)
}

/// Connects the engine's logging to the log contexts. To be called when a context is created;
/// more than once does no harm.
pub fn install() {
    log::set_sink(engine_line);
    // SAFETY: the process's context always lives.
    log::set_levels(unsafe { flags(process_cx()) });
}

/// Directs the engine's lines of this thread to `cx` (NULL: the process's) until the result is
/// dropped. For the entry points that work for one context.
///
/// # Safety
/// `cx` is NULL or a log context that outlives the result.
pub unsafe fn scope(cx: *mut lws_log_cx) -> log::Scope {
    // SAFETY: the caller promises a live context.
    let levels = unsafe { flags(or_process(cx)) };
    log::scope(log::Target { levels, key: cx as usize })
}

fn engine_line(record: &log::Record) {
    let cx = or_process(record.key as *mut lws_log_cx);
    let mut text = String::new();
    if let Some(tag) = record.tag {
        text.push_str(tag);
        text.push_str(": ");
    }
    let _ = std::fmt::write(&mut text, record.message);
    // SAFETY: `scope` was promised that the context outlives it.
    unsafe { line::write(cx, &line::Line::plain(record.level.bit() as c_int, text.as_bytes())) };
}

/// The Rust side of the variadic log functions; see `capi/variadic.c`.
///
/// # Safety
/// Called by the C side alone: `cx` is NULL or live, `function` NULL or NUL-terminated, `text` good.
pub(super) unsafe extern "C" fn log_text(
    cx: *mut lws_log_cx,
    prepend: lws_log_prepend_cx_t,
    object: *mut c_void,
    level: c_int,
    seen: u32,
    function: *const c_char,
    text: *const Text,
) {
    let cx = or_process(cx);
    // SAFETY: the program's context is live.
    if unsafe { flags(cx) } & level as u32 == 0 {
        return;
    }
    guard("_lws_log", (), || {
        let line =
            line::Line { level, prepend, object, function, seen, body: line::Body::Text(text) };
        // SAFETY: as this function's caller promises.
        unsafe { line::write(cx, &line) };
    });
}

/// Sets the process's levels, `flags`, a mask of `LLL_*`, and, unless it is NULL, the function
/// that gets each line with its newline. May be called before a context exists.
///
/// # Safety
/// `func` is NULL or stays callable until it is replaced.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_set_log_level(flags: c_int, func: lws_log_emit_t) {
    let flags = flags as u32 & !LLLF_LOG_CONTEXT_AWARE;
    let cx = process_cx().as_ptr();
    // SAFETY: the process's context always lives, and both fields are aligned.
    unsafe {
        AtomicU32::from_ptr(&raw mut (*cx).lll_flags).store(flags, Ordering::Relaxed);
        if let Some(func) = func {
            let emit = AtomicPtr::from_ptr((&raw mut (*cx).u).cast::<*mut c_void>());
            emit.store(func as *mut c_void, Ordering::Relaxed);
        }
    }
    install();
}

/// Whether any of the levels `level` is on for the process.
#[unsafe(no_mangle)]
pub extern "C" fn lwsl_visible(level: c_int) -> c_int {
    // SAFETY: the process's context always lives.
    c_int::from(unsafe { flags(process_cx()) } & level as u32 != 0)
}

/// Counts an object that is bound to `cx` (`_new` > 0) or leaves it, and tells the context's
/// `refcount_cb`, which may open and close a file by it. NULL does nothing.
///
/// # Safety
/// `cx` is NULL or a live log context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsl_refcount_cx(cx: *mut lws_log_cx, _new: c_int) {
    guard("lwsl_refcount_cx", (), || {
        if cx.is_null() {
            return;
        }
        // SAFETY: the caller promises a live context; no reference is held across the callback.
        unsafe {
            if _new > 0 {
                (*cx).refcount += 1;
            } else if (*cx).refcount > 0 {
                (*cx).refcount -= 1;
            } else {
                log::err!("lwsl_refcount_cx: the log context {cx:p} has no objects left");
                return;
            }
            if let Some(callback) = (*cx).refcount_cb {
                callback(cx, _new);
            }
        }
    });
}

/// An object's use of a log context, which is counted there as long as this lives.
pub(super) struct Use(*mut lws_log_cx);

impl Use {
    /// # Safety
    /// `cx` is NULL or a log context that outlives this.
    pub(super) unsafe fn new(cx: *mut lws_log_cx) -> Self {
        // SAFETY: as the caller promises.
        unsafe { lwsl_refcount_cx(cx, 1) };
        Self(cx)
    }
}

impl Drop for Use {
    fn drop(&mut self) {
        // SAFETY: it outlives this, as `new` was promised.
        unsafe { lwsl_refcount_cx(self.0, -1) };
    }
}

/// Says whether a rate-limited line may be logged now: returns 0 for no, else 1 plus the number
/// of lines that were held back. After a yes the next one comes `interval_us` microseconds later.
///
/// # Safety
/// `rl` is readable and writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_log_ratelimit_check(
    rl: *mut lws_log_ratelimit,
    interval_us: i64,
) -> u32 {
    guard("lws_log_ratelimit_check", 1, || {
        // SAFETY: the caller promises exclusive access.
        let Some(limit) = (unsafe { rl.as_mut() }) else { return 1 };
        let now = super::time::lws_now_usecs();
        if now < limit.next_log_us {
            limit.dropped = limit.dropped.saturating_add(1);
            return 0;
        }
        let seen = limit.dropped.saturating_add(1);
        limit.next_log_us = now.saturating_add(interval_us);
        limit.dropped = 0;
        seen
    })
}

/// Logs `text` in the process's context, as `_lws_log` does.
pub(super) fn process_line(level: c_int, text: &[u8]) {
    // SAFETY: the process's context always lives.
    unsafe {
        if flags(process_cx()) & level as u32 != 0 {
            line::write(process_cx(), &line::Line::plain(level, text));
        }
    }
}

impl<'a> line::Line<'a> {
    fn plain(level: c_int, text: &'a [u8]) -> Self {
        Self {
            level,
            prepend: None,
            object: null_mut(),
            function: null(),
            seen: 0,
            body: line::Body::Bytes(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    thread_local! {
        static SEEN: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
    }

    unsafe extern "C" fn record(level: c_int, line: *const c_char) {
        // SAFETY: lines are NUL-terminated.
        let line = unsafe { super::super::ptr::c_bytes(line) }.unwrap();
        let text = String::from_utf8(line.to_vec()).unwrap();
        let (timestamp, text) = text.split_at(26);
        assert!(timestamp.starts_with("[20"), "{timestamp}");
        SEEN.with(|seen| seen.borrow_mut().push(format!("{level}{text}")));
    }

    unsafe extern "C" fn prefix(
        _cx: *mut lws_log_cx,
        _object: *mut c_void,
        p: *mut *mut c_char,
        e: *mut c_char,
    ) {
        // SAFETY: the hook's contract.
        unsafe {
            let room = e as usize - *p as usize;
            *p = (*p).add(super::super::ptr::put_c_string(*p, room, b"<cx> "));
        }
    }

    #[test]
    fn the_engines_lines_go_to_the_context_in_scope() {
        let mut cx = lws_log_cx {
            u: lws_log_cx_u { emit: Some(record) },
            refcount_cb: None,
            prepend: Some(prefix),
            parent: null_mut(),
            opaque: null_mut(),
            stg: null_mut(),
            lll_flags: (LLL_WARN | LLL_INFO) as u32,
            refcount: 0,
        };
        install();
        // SAFETY: the context outlives the scope.
        let scope = unsafe { scope(&raw mut cx) };
        log::warn!(tag: "[1|kind|0|name]", "port {}", 5);
        log::err!("off");
        log::info!("without a tag");
        drop(scope);
        log::info!("elsewhere");
        assert_eq!(
            SEEN.take(),
            ["2 W: <cx> [1|kind|0|name]: port 5\n", "8 I: <cx> without a tag\n"]
        );
    }

    #[test]
    fn misbehaving_hooks_are_contained() {
        unsafe extern "C" fn far(
            _cx: *mut lws_log_cx,
            _object: *mut c_void,
            p: *mut *mut c_char,
            e: *mut c_char,
        ) {
            // SAFETY: only the pointer is changed, and nobody follows it.
            unsafe { *p = e.wrapping_add(1_000) };
        }
        let mut cx = lws_log_cx {
            u: lws_log_cx_u { emit: Some(record) },
            refcount_cb: None,
            prepend: Some(far),
            parent: null_mut(),
            opaque: null_mut(),
            stg: null_mut(),
            lll_flags: LLL_ERR as u32,
            refcount: 0,
        };
        cx.parent = &raw mut cx;
        // SAFETY: the context is live; it is its own parent.
        unsafe { line::write(NonNull::from(&mut cx), &line::Line::plain(LLL_ERR, b"text")) };
        assert_eq!(SEEN.take(), ["1 E: text\n"]);
    }
}
