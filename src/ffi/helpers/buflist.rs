//! Buffers lined up for later, as a list whose head is a pointer of the program's.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

use super::line::{self, Line, MAX_MOVE};
use super::segments::{MAX_BYTES, Segment};
use crate::ffi::panic::guard;
use crate::ffi::types::lws_buflist;
use crate::util::log;

/// The most segments in a list: each one more makes appending slower.
const MAX_SEGMENTS: usize = 8_192;

impl Line for *mut *mut lws_buflist {
    // SAFETY: asks of its callers what the trait does.
    unsafe fn first(self) -> *mut Segment {
        // SAFETY: as the caller promises; a list consists of segments.
        unsafe { if self.is_null() { null_mut() } else { (*self).cast() } }
    }

    // SAFETY: asks of its callers what the trait does.
    unsafe fn drop_first(self) {
        // SAFETY: as the caller promises.
        unsafe {
            let segment = self.first();
            *self = next(segment).cast();
            Segment::free(segment);
        }
    }
}

/// # Safety
/// `segment` is live.
unsafe fn next(segment: *mut Segment) -> *mut Segment {
    // SAFETY: as the caller promises; a link is the first of its segment.
    unsafe { (*segment).link.next.cast() }
}

/// Appends what `make` makes, a segment of `len` bytes. Returns 1 if it is the first, 0 if not,
/// -1 if the list is too long or there is no memory.
///
/// # Safety
/// `head` is NULL or the list's.
unsafe fn append(
    caller: &str,
    head: *mut *mut lws_buflist,
    len: usize,
    make: impl FnOnce() -> *mut Segment,
) -> c_int {
    if head.is_null() {
        return -1;
    }
    // SAFETY: as the caller promises.
    unsafe {
        let (mut last, mut at) = (null_mut::<Segment>(), head.first());
        let (mut bytes, mut count) = (len, 0);
        while !at.is_null() {
            bytes = bytes.saturating_add((*at).len);
            count += 1;
            if bytes > MAX_BYTES || count >= MAX_SEGMENTS {
                log::err!("{caller}: {len} bytes more would be too many, behind {count} segments");
                return -1;
            }
            (last, at) = (at, next(at));
        }
        let segment = make();
        if segment.is_null() {
            log::err!("{caller}: no memory for {len} bytes");
            return -1;
        }
        if last.is_null() {
            *head = segment.cast();
            return 1;
        }
        (*last).link.next = segment.cast();
        0
    }
}

/// Appends a copy of the `len` bytes of `buf` to the list at `*head`, which is NULL when empty.
/// The copy has `LWS_PRE` bytes free in front of it. Returns 1 if it is the first segment, 0 if
/// it is another, -1 if `buf` is NULL, there is no memory, or the list already holds 8192
/// segments or would hold more than 2 MiB; a first segment may be larger.
///
/// # Safety
/// `head` is the list's; `buf` has `len` readable bytes.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_buflist_append_segment(
    head: *mut *mut lws_buflist,
    buf: *const u8,
    len: usize,
) -> c_int {
    guard("lws_buflist_append_segment", -1, || {
        if buf.is_null() {
            return -1;
        }
        // SAFETY: as the caller promises.
        unsafe { append("lws_buflist_append_segment", head, len, || Segment::copying(buf, len)) }
    })
}

/// [`lws_buflist_append_segment`] without the copy: the list frees `buf`, which malloc() made,
/// when its `len` bytes are used. If it returns -1, `buf` is still the caller's.
///
/// # Safety
/// As there.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_buflist_append_segment_take_ownership(
    head: *mut *mut lws_buflist,
    buf: *mut u8,
    len: usize,
) -> c_int {
    const NAME: &str = "lws_buflist_append_segment_take_ownership";
    guard(NAME, -1, || {
        if buf.is_null() {
            return -1;
        }
        // SAFETY: as the caller promises.
        unsafe { append(NAME, head, len, || Segment::taking(buf, len)) }
    })
}

/// How many bytes of the first segment of the list at `*head` are left, 0 if the list is empty.
/// `*buf` is set to them, or to NULL; `buf` may be NULL.
///
/// # Safety
/// `head` is the list's; `buf` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_buflist_next_segment_len(
    head: *mut *mut lws_buflist,
    buf: *mut *mut u8,
) -> usize {
    guard("lws_buflist_next_segment_len", 0, || {
        // SAFETY: as the caller promises.
        unsafe { line::next_len(head, buf) }
    })
}

/// Takes `len` bytes away from the first segment of the list at `*head`, and the segment itself
/// when nothing of it is left; `len` is at most what [`lws_buflist_next_segment_len`] says.
/// Returns how many bytes the then first segment has left, 0 if the list is empty.
///
/// # Safety
/// `head` is the list's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_buflist_use_segment(head: *mut *mut lws_buflist, len: usize) -> usize {
    const NAME: &str = "lws_buflist_use_segment";
    guard(NAME, 0, || {
        // SAFETY: as the caller promises.
        unsafe { line::use_up(NAME, head, len) }
    })
}

/// How many bytes the segments of the list at `*head` have, with those of the first one that are
/// used already.
///
/// # Safety
/// `head` is the list's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_buflist_total_len(head: *mut *mut lws_buflist) -> usize {
    // SAFETY: as the caller promises.
    unsafe {
        let (mut sum, mut at) = (0_usize, head.first());
        while !at.is_null() {
            sum = sum.saturating_add((*at).len);
            at = next(at);
        }
        sum
    }
}

/// Copies up to `len` bytes of the list at `*head` to `buf`, across segments and from the offset
/// `ofs` of what [`lws_buflist_total_len`] counts; nothing is used. Returns how many, 0 at the
/// end.
///
/// # Safety
/// `head` is the list's; `buf` has `len` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_buflist_linear_copy(
    head: *mut *mut lws_buflist,
    ofs: usize,
    buf: *mut u8,
    len: usize,
) -> c_int {
    guard("lws_buflist_linear_copy", -1, || {
        if buf.is_null() {
            return 0;
        }
        let (len, mut skip, mut done) = (len.min(MAX_MOVE), ofs, 0);
        // SAFETY: as the caller promises; never more than `len` bytes are written.
        unsafe {
            let mut at = head.first();
            while !at.is_null() && done < len {
                done += (*at).copy_from(skip, buf.add(done), len - done);
                skip = skip.saturating_sub((*at).len);
                at = next(at);
            }
        }
        done as c_int
    })
}

/// Moves up to `len` bytes from the front of the list at `*head` to `buf`, across segments.
/// Returns how many.
///
/// # Safety
/// `head` is the list's; `buf` has `len` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_buflist_linear_use(
    head: *mut *mut lws_buflist,
    buf: *mut u8,
    len: usize,
) -> c_int {
    guard("lws_buflist_linear_use", -1, || {
        if buf.is_null() {
            return 0;
        }
        let (len, mut done) = (len.min(MAX_MOVE), 0);
        // SAFETY: as the caller promises; never more than `len` bytes are written.
        unsafe {
            while done < len {
                let Some(segment) = head.first().as_mut() else { break };
                let n = segment.copy_rest(buf.add(done), len - done);
                done += n;
                if segment.consume(n) {
                    head.drop_first();
                }
            }
        }
        done as c_int
    })
}

/// Moves up to `len` bytes of the first segment of the list at `*head` to `buf`. `*frag_first` is
/// set to whether they begin the segment, `*frag_fin` to whether they end it; each may be NULL.
/// With `buf` NULL or `len` 0 only those are set. Returns how many bytes were moved.
///
/// # Safety
/// `head` is the list's; `buf` is NULL or has `len` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_buflist_fragment_use(
    head: *mut *mut lws_buflist,
    buf: *mut u8,
    len: usize,
    frag_first: *mut c_char,
    frag_fin: *mut c_char,
) -> c_int {
    guard("lws_buflist_fragment_use", -1, || {
        // SAFETY: as the caller promises.
        unsafe { line::move_fragment(head, buf, len, frag_first, frag_fin) }
    })
}

/// Frees all segments of the list at `*head`, which is NULL afterwards.
///
/// # Safety
/// `head` is the list's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_buflist_destroy_all_segments(head: *mut *mut lws_buflist) {
    // SAFETY: as the caller promises.
    unsafe { line::clear(head) };
}

/// Where the first segment of the list at `*head` begins, however much of it is used; NULL if the
/// list is empty.
///
/// # Safety
/// `head` is the list's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_buflist_get_frag_start_or_NULL(
    head: *mut *mut lws_buflist,
) -> *mut c_void {
    // SAFETY: as the caller promises.
    unsafe { line::start(head) }
}

/// The last segment.
///
/// # Safety
/// `head` is the list's.
pub(super) unsafe fn last(head: *mut *mut lws_buflist) -> *mut Segment {
    // SAFETY: as the caller promises.
    unsafe {
        let mut at = head.first();
        while !at.is_null() && !next(at).is_null() {
            at = next(at);
        }
        at
    }
}

/// Moves all segments to the end of another list.
///
/// # Safety
/// Both are heads of lists, and not the same.
pub(super) unsafe fn move_all(from: *mut *mut lws_buflist, to: *mut *mut lws_buflist) {
    // SAFETY: as the caller promises.
    unsafe {
        match last(to).as_mut() {
            Some(end) => end.link.next = (*from).cast(),
            None => *to = *from,
        }
        *from = null_mut();
    }
}
