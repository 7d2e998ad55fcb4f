//! How a line is put together: timestamp, prefixes, text, newline; and the swallowing of
//! repeated lines.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::{NonNull, null_mut};
use std::sync::{Mutex, TryLockError};

use super::super::ptr::c_bytes;
use super::super::types::{lws_log_cx, lws_log_prepend_cx_t};
use super::super::variadic::Text;
use super::{LLLF_LOG_CONTEXT_AWARE, emit, flags};

/// The longest text of a line, in bytes; the rest is cut off and shown as `...`.
const TEXT_MAX: usize = 64 * 1024;
/// What a prepend hook may write.
const PREPEND_MAX: usize = 256;
/// Log contexts with more ancestors than this are taken for a loop.
const PARENTS_MAX: usize = 32;
/// A repeated line shows up at most this often, in microseconds.
const REPEAT_INTERVAL: i64 = 1_000_000;

/// A line to be written; its level has been found to be on.
pub(super) struct Line<'a> {
    pub(super) level: c_int,
    /// Writes a prefix for `object`.
    pub(super) prepend: lws_log_prepend_cx_t,
    pub(super) object: *mut c_void,
    /// A prefix of its own, or NULL.
    pub(super) function: *const c_char,
    /// How many lines this one stands for, if it is rate limited and more than 1.
    pub(super) seen: u32,
    pub(super) body: Body<'a>,
}

/// A line's text.
pub(super) enum Body<'a> {
    /// A printf format and its arguments.
    Text(*const Text),
    /// The bytes themselves.
    Bytes(&'a [u8]),
}

/// Puts the line together and hands it to the emitter of `cx`.
///
/// # Safety
/// `cx` and its ancestors are live log contexts, and the line's pointers are good.
pub(super) unsafe fn write(cx: NonNull<lws_log_cx>, line: &Line) {
    let mut out = emit::timestamp(line.level);
    let start = out.len();
    // SAFETY: as the caller promises.
    unsafe {
        prefixes(cx, line, &mut out);
        append_body(line, &mut out);
    }
    if !swallow_repeats(&mut out, start) {
        // SAFETY: as the caller promises.
        unsafe { hand_over(cx, line.level, out) };
    }
}

/// The prefixes: of the ancestors' hooks from the eldest down (of the context's own hook only if
/// it has no parent), of the object, of the function.
///
/// # Safety
/// As [`write()`].
unsafe fn prefixes(cx: NonNull<lws_log_cx>, line: &Line, out: &mut Vec<u8>) {
    // SAFETY: the chain of parents is live.
    unsafe {
        let mut chain = Vec::new();
        let mut parent = (*cx.as_ptr()).parent;
        while !parent.is_null() && chain.len() < PARENTS_MAX {
            chain.push(parent);
            parent = (*parent).parent;
        }
        if chain.is_empty() {
            chain.push(cx.as_ptr());
        }
        let nearest = chain[0];
        for ancestor in chain.into_iter().rev() {
            call_hook((*ancestor).prepend, ancestor, null_mut(), out);
        }
        call_hook(line.prepend, nearest, line.object, out);
        if let Some(name) = c_bytes(line.function) {
            out.extend_from_slice(name);
            out.extend_from_slice(b": ");
        }
    }
}

/// Lets a hook write its prefix and takes over what it wrote.
///
/// # Safety
/// The hook is callable with this context and object.
unsafe fn call_hook(
    hook: lws_log_prepend_cx_t,
    cx: *mut lws_log_cx,
    object: *mut c_void,
    out: &mut Vec<u8>,
) {
    let Some(hook) = hook else { return };
    let mut room = [0_u8; PREPEND_MAX];
    let start = room.as_mut_ptr().cast::<c_char>();
    // SAFETY: the end leaves one byte for a NUL; the hook writes between the two.
    let (mut at, end) = (start, unsafe { start.add(PREPEND_MAX - 1) });
    // SAFETY: the caller promises a callable hook.
    unsafe { hook(cx, object, &raw mut at, end) };
    let moved = (at as usize).wrapping_sub(start as usize);
    let written = &room[..moved.min(PREPEND_MAX)];
    let len = written.iter().position(|&c| c == 0).unwrap_or(written.len());
    out.extend_from_slice(&written[..len]);
}

/// The text with exactly one newline taken off and put back, so that it may come with or
/// without; an empty text gets none.
///
/// # Safety
/// A [`Body::Text`] is good.
unsafe fn append_body(line: &Line, out: &mut Vec<u8>) {
    let before = out.len();
    let whole = match line.body {
        // SAFETY: the caller promises a good text.
        Body::Text(text) => unsafe { Text::append(text, out, TEXT_MAX) }.unwrap_or(0),
        Body::Bytes(bytes) => {
            out.extend_from_slice(&bytes[..bytes.len().min(TEXT_MAX)]);
            bytes.len()
        }
    };
    if whole > TEXT_MAX {
        out.extend_from_slice(b"...\n");
    } else if out.len() > before {
        if out.ends_with(b"\n") {
            out.pop();
        }
        if line.seen > 1 {
            out.extend_from_slice(format!(" (dropped {} logs)", line.seen - 1).as_bytes());
        }
        out.push(b'\n');
    }
}

/// The last line written, without its timestamp, and how often it was held back since.
struct Repeats {
    last: Vec<u8>,
    held_back: u32,
    written_at: i64,
}

static REPEATS: Mutex<Repeats> =
    Mutex::new(Repeats { last: Vec::new(), held_back: 0, written_at: 0 });

/// Whether to keep quiet because the line, from `start` on, is the last one again. At most once
/// a second it is written after all, with the count.
fn swallow_repeats(out: &mut Vec<u8>, start: usize) -> bool {
    let now = super::super::time::lws_now_usecs();
    // never waited for: the line may come from a signal handler that interrupted another one
    let mut repeats = match REPEATS.try_lock() {
        Ok(repeats) => repeats,
        Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
        Err(TryLockError::WouldBlock) => return false,
    };
    if out[start..] != repeats.last[..] {
        repeats.last.clear();
        repeats.last.extend_from_slice(&out[start..]);
        repeats.held_back = 0;
        repeats.written_at = now;
        return false;
    }
    repeats.held_back = repeats.held_back.saturating_add(1);
    if now - repeats.written_at < REPEAT_INTERVAL {
        return true;
    }
    if out.ends_with(b"\n") {
        out.pop();
    }
    out.extend_from_slice(format!(" (swallowed {} dupes)\n", repeats.held_back).as_bytes());
    repeats.held_back = 0;
    repeats.written_at = now;
    false
}

/// Calls the context's emitter.
///
/// # Safety
/// As [`write()`].
unsafe fn hand_over(cx: NonNull<lws_log_cx>, level: c_int, mut line: Vec<u8>) {
    let len = line.len();
    line.push(0);
    let text = line.as_ptr().cast::<c_char>();
    // SAFETY: the context is live; its flags say which of the two the emitter is.
    unsafe {
        let emitter = (*cx.as_ptr()).u;
        if flags(cx) & LLLF_LOG_CONTEXT_AWARE != 0 {
            match emitter.emit_cx {
                Some(emit_cx) => emit_cx(cx.as_ptr(), level, text, len),
                None => emit::lwsl_emit_stderr(level, text),
            }
        } else {
            emitter.emit.unwrap_or(emit::lwsl_emit_stderr)(level, text);
        }
    }
}
