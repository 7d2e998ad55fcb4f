//! Buffers lined up for later, as a list with an owner that counts its bytes.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

use super::line::{self, Line};
use super::segments::{MAX_BYTES, Segment};
use crate::ffi::dll2::{lws_dll2_add_tail, lws_dll2_remove};
use crate::ffi::panic::guard;
use crate::ffi::types::lws_buflist2_owner;
use crate::util::log;

impl Line for *mut lws_buflist2_owner {
    // SAFETY: asks of its callers what the trait does.
    unsafe fn first(self) -> *mut Segment {
        // SAFETY: as the caller promises; a link is the first of its segment.
        unsafe { self.as_ref().map_or(null_mut(), |owner| owner.owner.head.cast()) }
    }

    // SAFETY: asks of its callers what the trait does.
    unsafe fn drop_first(self) {
        // SAFETY: as the caller promises.
        unsafe {
            let segment = self.first();
            (*self).total_len = (*self).total_len.saturating_sub((*segment).len);
            lws_dll2_remove(segment.cast());
            Segment::free(segment);
        }
    }
}

/// Appends what `make` makes, a segment of `len` bytes. Returns 1 if it is the first, 0 if not,
/// -1 if the list is too long or there is no memory.
///
/// # Safety
/// `owner` is NULL or the list's.
unsafe fn append(
    caller: &str,
    owner: *mut lws_buflist2_owner,
    len: usize,
    make: impl FnOnce() -> *mut Segment,
) -> c_int {
    if owner.is_null() {
        return -1;
    }
    // SAFETY: as the caller promises.
    unsafe {
        let limit = if (*owner).limit == 0 { MAX_BYTES } else { (*owner).limit };
        let sum = (*owner).total_len.saturating_add(len);
        if sum > limit {
            log::err!("{caller}: {len} bytes more would be {sum}, the limit is {limit}");
            return -1;
        }
        let segment = make();
        if segment.is_null() {
            log::err!("{caller}: no memory for {len} bytes");
            return -1;
        }
        let is_first = (*owner).owner.head.is_null();
        lws_dll2_add_tail(segment.cast(), &raw mut (*owner).owner);
        (*owner).total_len = sum;
        c_int::from(is_first)
    }
}

/// Appends a copy of the `len` bytes of `buf` to the list `owner`. The copy has `LWS_PRE` bytes
/// free in front of it. Returns 1 if it is the first segment, 0 if it is another, -1 if `buf` is
/// NULL, there is no memory, or the list would hold more than the owner's `limit`, which is 2 MiB
/// if it is 0.
///
/// # Safety
/// `owner` is the list's; `buf` has `len` readable bytes.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_buflist2_append_segment(
    owner: *mut lws_buflist2_owner,
    buf: *const u8,
    len: usize,
) -> c_int {
    guard("lws_buflist2_append_segment", -1, || {
        if buf.is_null() {
            return -1;
        }
        // SAFETY: as the caller promises.
        unsafe { append("lws_buflist2_append_segment", owner, len, || Segment::copying(buf, len)) }
    })
}

/// [`lws_buflist2_append_segment`] without the copy: the list frees `buf`, which malloc() made,
/// when its `len` bytes are used. If it returns -1, `buf` is still the caller's.
///
/// # Safety
/// As there.
#[must_use]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_buflist2_append_segment_take_ownership(
    owner: *mut lws_buflist2_owner,
    buf: *mut u8,
    len: usize,
) -> c_int {
    const NAME: &str = "lws_buflist2_append_segment_take_ownership";
    guard(NAME, -1, || {
        if buf.is_null() {
            return -1;
        }
        // SAFETY: as the caller promises.
        unsafe { append(NAME, owner, len, || Segment::taking(buf, len)) }
    })
}

/// How many bytes of the first segment of the list `owner` are left, 0 if the list is empty.
/// `*buf` is set to them, or to NULL; `buf` may be NULL.
///
/// # Safety
/// `owner` is the list's; `buf` is NULL or can be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_buflist2_next_segment_len(
    owner: *mut lws_buflist2_owner,
    buf: *mut *mut u8,
) -> usize {
    guard("lws_buflist2_next_segment_len", 0, || {
        // SAFETY: as the caller promises.
        unsafe { line::next_len(owner, buf) }
    })
}

/// Takes `len` bytes away from the first segment of the list `owner`, and the segment itself when
/// nothing of it is left; `len` is at most what [`lws_buflist2_next_segment_len`] says. Returns
/// how many bytes the then first segment has left, 0 if the list is empty.
///
/// # Safety
/// `owner` is the list's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_buflist2_use_segment(
    owner: *mut lws_buflist2_owner,
    len: usize,
) -> usize {
    const NAME: &str = "lws_buflist2_use_segment";
    guard(NAME, 0, || {
        // SAFETY: as the caller promises.
        unsafe { line::use_up(NAME, owner, len) }
    })
}

/// Moves up to `len` bytes of the first segment of the list `owner` to `buf`. `*frag_first` is
/// set to whether they begin the segment, `*frag_fin` to whether they end it; each may be NULL.
/// With `buf` NULL or `len` 0 only those are set. Returns how many bytes were moved.
///
/// # Safety
/// `owner` is the list's; `buf` is NULL or has `len` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_buflist2_fragment_use(
    owner: *mut lws_buflist2_owner,
    buf: *mut u8,
    len: usize,
    frag_first: *mut c_char,
    frag_fin: *mut c_char,
) -> c_int {
    guard("lws_buflist2_fragment_use", -1, || {
        // SAFETY: as the caller promises.
        unsafe { line::move_fragment(owner, buf, len, frag_first, frag_fin) }
    })
}

/// Frees all segments of the list `owner`, which is empty afterwards.
///
/// # Safety
/// `owner` is the list's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_buflist2_destroy_all_segments(owner: *mut lws_buflist2_owner) {
    // SAFETY: as the caller promises.
    unsafe { line::clear(owner) };
}

/// Where the first segment of the list `owner` begins, however much of it is used; NULL if the
/// list is empty.
///
/// # Safety
/// `owner` is the list's.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_buflist2_get_frag_start_or_NULL(
    owner: *mut lws_buflist2_owner,
) -> *mut c_void {
    // SAFETY: as the caller promises.
    unsafe { line::start(owner) }
}
