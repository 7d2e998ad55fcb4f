//! Segments: pieces of bytes that a program lines up and consumes from the front. What
//! [`buflist`](super::buflist) and [`buflist2`](super::buflist2) consist of.

use std::ptr::{copy_nonoverlapping, null_mut};

use crate::ffi::types::lws_dll2;

/// Free bytes in front of a copied payload, for headers of the program's (`LWS_PRE`).
const IN_FRONT: usize = 16;

/// The most that a list may hold, in bytes, if its owner has no limit of its own.
pub const MAX_BYTES: usize = 2 * 1024 * 1024;

/// One segment. Made by malloc, so that a lack of memory is an answer to the program.
#[repr(C)]
pub struct Segment {
    /// The place in the list; first, so that a link's address is that of its segment.
    pub link: lws_dll2,
    /// Behind this struct, or memory that was the program's if `taken`.
    payload: *mut u8,
    pub len: usize,
    /// How much of it is consumed, at most `len`.
    used: usize,
    taken: bool,
    /// The message that these bytes belong to goes on behind them.
    pub goes_on: bool,
}

const DETACHED: lws_dll2 = lws_dll2 { prev: null_mut(), next: null_mut(), owner: null_mut() };

impl Segment {
    /// A segment with a copy of `len` bytes at `data`; NULL without memory.
    ///
    /// # Safety
    /// `data` has `len` readable bytes.
    pub unsafe fn copying(data: *const u8, len: usize) -> *mut Self {
        let before = size_of::<Self>() + IN_FRONT;
        // one more than there is, so that programs can end text with a NUL
        let Some(size) = len.checked_add(before + 1) else { return null_mut() };
        // SAFETY: the memory has room for the struct, what is in front of the payload, and that.
        unsafe {
            let memory = libc::malloc(size).cast::<Self>();
            if !memory.is_null() {
                let payload = memory.cast::<u8>().add(before);
                copy_nonoverlapping(data, payload, len);
                payload.add(len).write(0);
                memory.write(Self::new(payload, len, false));
            }
            memory
        }
    }

    /// A segment that will free `data`, which malloc made; NULL without memory.
    pub fn taking(data: *mut u8, len: usize) -> *mut Self {
        // SAFETY: the memory is as large as the struct.
        unsafe {
            let memory = libc::malloc(size_of::<Self>()).cast::<Self>();
            if !memory.is_null() {
                memory.write(Self::new(data, len, true));
            }
            memory
        }
    }

    fn new(payload: *mut u8, len: usize, taken: bool) -> Self {
        Self { link: DETACHED, payload, len, used: 0, taken, goes_on: false }
    }

    /// Frees a segment that is in no list any more.
    ///
    /// # Safety
    /// `segment` is live and came from here.
    pub unsafe fn free(segment: *mut Self) {
        // SAFETY: as the caller promises; both came from malloc.
        unsafe {
            if (*segment).taken {
                libc::free((*segment).payload.cast());
            }
            libc::free(segment.cast());
        }
    }

    /// The payload's first byte, consumed or not.
    pub fn start(&self) -> *mut u8 {
        self.payload
    }

    /// Where the bytes begin that are not consumed.
    pub fn rest(&self) -> *mut u8 {
        self.payload.wrapping_add(self.used)
    }

    pub fn left(&self) -> usize {
        self.len - self.used
    }

    pub fn untouched(&self) -> bool {
        self.used == 0
    }

    /// Consumes `n` bytes, or what there is. Whether the segment is used up.
    pub fn consume(&mut self, n: usize) -> bool {
        self.used += n.min(self.left());
        self.used == self.len
    }

    /// Copies payload from `offset` on, up to `len` bytes of it; how many.
    ///
    /// # Safety
    /// `dest` has `len` writable bytes.
    pub unsafe fn copy_from(&self, offset: usize, dest: *mut u8, len: usize) -> usize {
        let n = self.len.saturating_sub(offset).min(len);
        if n > 0 {
            // SAFETY: inside the payload, as just computed, and inside `dest`.
            unsafe { copy_nonoverlapping(self.payload.add(offset), dest, n) };
        }
        n
    }

    /// Copies what is not consumed, up to `len` bytes of it; how many.
    ///
    /// # Safety
    /// `dest` has `len` writable bytes.
    pub unsafe fn copy_rest(&self, dest: *mut u8, len: usize) -> usize {
        // SAFETY: as the caller promises.
        unsafe { self.copy_from(self.used, dest, len) }
    }
}
