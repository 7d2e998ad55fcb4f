//! What both kinds of lists do with their segments.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

use super::segments::Segment;
use crate::util::log;

/// What functions that count bytes in an `int` move in one call.
pub const MAX_MOVE: usize = c_int::MAX as usize;

/// A list of segments, by what its program holds of it.
pub trait Line: Copy {
    /// The first segment, NULL if there is none.
    ///
    /// # Safety
    /// It is NULL or the list's.
    unsafe fn first(self) -> *mut Segment;

    /// Removes and frees the first segment.
    ///
    /// # Safety
    /// The list is not empty.
    unsafe fn drop_first(self);
}

/// How many bytes of the first segment are left, 0 without one; `*buf` is set to them unless `buf` is NULL. Used up
/// segments in front of others go.
///
/// # Safety
/// `line` is a list's; `buf` is NULL or can be written.
pub unsafe fn next_len(line: impl Line, buf: *mut *mut u8) -> usize {
    // SAFETY: as the caller promises.
    unsafe {
        while let Some(empty) = line.first().as_ref()
            && empty.left() == 0
            && !empty.link.next.is_null()
        {
            line.drop_first();
        }
        let (rest, left) = match line.first().as_ref() {
            Some(segment) => (segment.rest(), segment.left()),
            None => (null_mut(), 0),
        };
        if !buf.is_null() {
            *buf = rest;
        }
        left
    }
}

/// Takes `len` bytes away from the first segment. How many the then first one has left.
///
/// # Safety
/// `line` is a list's.
pub unsafe fn use_up(caller: &str, line: impl Line, len: usize) -> usize {
    // SAFETY: as the caller promises.
    unsafe {
        let Some(segment) = line.first().as_mut() else { return 0 };
        let left = segment.left();
        if len > left {
            log::err!("{caller}: {len} bytes of a segment that has {left}");
        }
        if !segment.consume(len) {
            return segment.left();
        }
        line.drop_first();
        next_len(line, null_mut())
    }
}

/// Moves up to `len` bytes of the first segment to `buf`, and says whether they begin and end it; without room it only
/// says that. How many were moved.
///
/// # Safety
/// `line` is a list's; `buf` is NULL or has `len` writable bytes, the others are NULL or can be written.
pub unsafe fn move_fragment(
    line: impl Line,
    buf: *mut u8,
    len: usize,
    frag_first: *mut c_char,
    frag_fin: *mut c_char,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe {
        let Some(segment) = line.first().as_mut() else { return 0 };
        let len = len.min(MAX_MOVE);
        if !frag_first.is_null() {
            *frag_first = c_char::from(segment.untouched());
        }
        if !frag_fin.is_null() {
            *frag_fin = c_char::from(segment.left() <= len);
        }
        if buf.is_null() || len == 0 {
            return 0;
        }
        let n = segment.copy_rest(buf, len);
        if segment.consume(n) {
            line.drop_first();
        }
        n as c_int
    }
}

/// Frees all segments.
///
/// # Safety
/// `line` is a list's.
pub unsafe fn clear(line: impl Line) {
    // SAFETY: as the caller promises.
    unsafe {
        while !line.first().is_null() {
            line.drop_first();
        }
    }
}

/// Where the first segment begins, NULL without one.
///
/// # Safety
/// `line` is a list's.
pub unsafe fn start(line: impl Line) -> *mut c_void {
    // SAFETY: as the caller promises.
    unsafe { line.first().as_ref().map_or(null_mut(), |segment| segment.start().cast()) }
}
