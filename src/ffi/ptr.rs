//! Reading and writing the caller's memory: the null checks in one place.

use std::ffi::{CStr, c_char};

/// The bytes of a buffer; a NULL one is empty.
///
/// # Safety
/// `ptr` is NULL or `len` bytes are readable there and stay unchanged for `'a`.
pub unsafe fn bytes<'a>(ptr: *const u8, len: usize) -> &'a [u8] {
    if ptr.is_null() || len == 0 {
        return &[];
    }
    // SAFETY: the caller promises `len` readable bytes.
    unsafe { std::slice::from_raw_parts(ptr, len) }
}

/// A buffer to be written; a NULL one is empty. The memory must have been initialised.
///
/// # Safety
/// `ptr` is NULL or `len` bytes are ours alone for `'a`.
pub unsafe fn bytes_mut<'a>(ptr: *mut u8, len: usize) -> &'a mut [u8] {
    if ptr.is_null() || len == 0 {
        return &mut [];
    }
    // SAFETY: the caller promises `len` writable bytes.
    unsafe { std::slice::from_raw_parts_mut(ptr, len) }
}

/// A C string's bytes without the NUL, or `None` for NULL.
///
/// # Safety
/// `ptr` is NULL or a NUL-terminated string that stays unchanged for `'a`.
pub unsafe fn c_bytes<'a>(ptr: *const c_char) -> Option<&'a [u8]> {
    if ptr.is_null() {
        return None;
    }
    // SAFETY: the caller promises a terminated string.
    Some(unsafe { CStr::from_ptr(ptr) }.to_bytes())
}

/// Copies as much of `text` as fits in front of a NUL. Returns how much that was. Does nothing
/// if there is no room at all.
///
/// # Safety
/// `dest` is NULL or `size` bytes are writable there, and none of them belongs to `text`.
pub unsafe fn put_c_string(dest: *mut c_char, size: usize, text: &[u8]) -> usize {
    if dest.is_null() || size == 0 {
        return 0;
    }
    let len = text.len().min(size - 1);
    // SAFETY: `len` + 1 bytes fit `size`, and the two do not overlap.
    unsafe {
        std::ptr::copy_nonoverlapping(text.as_ptr(), dest.cast::<u8>(), len);
        dest.add(len).write(0);
    }
    len
}
