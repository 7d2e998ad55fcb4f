//! Strings in the caller's buffers: copies, searches, escaping, hexadecimal.

use std::ffi::{c_char, c_int};

use super::panic::guard;
use super::ptr::{bytes, c_bytes, put_c_string};

/// Copies `src` into `dest`, cut to fit and always NUL-terminated; the rest of `size` is
/// zeroed. Returns `dest`.
///
/// # Safety
/// `src` is NUL-terminated or at least `size - 1` bytes long; `dest` has `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_strncpy(
    dest: *mut c_char,
    src: *const c_char,
    size: usize,
) -> *mut c_char {
    guard("lws_strncpy", dest, || {
        if dest.is_null() || size == 0 {
            return dest;
        }
        // SAFETY: the caller promises both ranges; `strncpy` reads no further than the NUL.
        unsafe {
            if src.is_null() {
                dest.write_bytes(0, size);
            } else {
                libc::strncpy(dest, src, size - 1);
                dest.add(size - 1).write(0);
            }
        }
        dest
    })
}

/// Finds the `nl` bytes of `name` in the `len` bytes of `buf`, neither of which needs a NUL.
/// Returns where they start, or NULL.
///
/// # Safety
/// The pointers are NULL or have that many readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_nstrstr(
    buf: *const c_char,
    len: usize,
    name: *const c_char,
    nl: usize,
) -> *const c_char {
    guard("lws_nstrstr", std::ptr::null(), || {
        // SAFETY: the caller promises the lengths.
        let (haystack, needle) = unsafe { (bytes(buf.cast(), len), bytes(name.cast(), nl)) };
        match memchr::memmem::find(haystack, needle) {
            // SAFETY: the match lies inside the buffer.
            Some(at) if !needle.is_empty() => unsafe { buf.add(at) },
            _ => std::ptr::null(),
        }
    })
}

/// Matches the `clen` bytes of `check` against the `wlen` bytes of the pattern `wildcard`, in
/// which each `*` stands for any number of bytes.
/// Returns 0 on a match, 1 otherwise.
///
/// # Safety
/// The pointers are NULL or have that many readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_strcmp_wildcard(
    wildcard: *const c_char,
    wlen: usize,
    check: *const c_char,
    clen: usize,
) -> c_int {
    guard("lws_strcmp_wildcard", 1, || {
        // SAFETY: the caller promises the lengths.
        let (pattern, text) = unsafe { (bytes(wildcard.cast(), wlen), bytes(check.cast(), clen)) };
        c_int::from(!matches_wildcard(pattern, text))
    })
}

/// Greedy matching that only ever goes back to the last `*`: linear memory, no recursion.
fn matches_wildcard(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut last_star = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                last_star = Some((p, t));
                p += 1;
            }
            Some(&c) if c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => match last_star {
                Some((star, from)) => {
                    p = star + 1;
                    t = from + 1;
                    last_star = Some((star, t));
                }
                None => return false,
            },
        }
    }
    pattern[p..].iter().all(|&c| c == b'*')
}

/// Compares `a` and `b` without telling by its duration where the difference is. Returns 0 if the
/// `len` bytes are equal.
///
/// # Safety
/// Both pointers have `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_timingsafe_bcmp(
    a: *const core::ffi::c_void,
    b: *const core::ffi::c_void,
    len: u32,
) -> c_int {
    guard("lws_timingsafe_bcmp", 1, || {
        // SAFETY: the caller promises the lengths.
        let (a, b) = unsafe { (bytes(a.cast(), len as usize), bytes(b.cast(), len as usize)) };
        if a.len() != b.len() {
            return 1;
        }
        let difference = a.iter().zip(b).fold(0, |sum, (x, y)| sum | (x ^ y));
        c_int::from(std::hint::black_box(difference))
    })
}

/// Zeroes memory in a way that is not optimised away.
///
/// # Safety
/// `p` is NULL or has `len` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_explicit_bzero(p: *mut core::ffi::c_void, len: usize) {
    guard("lws_explicit_bzero", (), || {
        let p = p.cast::<u8>();
        if !p.is_null() {
            for i in 0..len {
                // SAFETY: inside the range that the caller promises.
                unsafe { p.add(i).write_volatile(0) };
            }
        }
    });
}

fn nibble(c: u8) -> Option<u8> {
    char::from(c).to_digit(16).map(|d| d as u8)
}

/// Converts pairs of hexadecimal digits to bytes, until the digits end or `max` bytes are
/// written. Returns the count of bytes, or -1 if a character is not a digit.
///
/// # Safety
/// `h` has `hlen` readable bytes, `dest` has `max` writable ones.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_hex_len_to_byte_array(
    h: *const c_char,
    hlen: usize,
    dest: *mut u8,
    max: c_int,
) -> c_int {
    guard("lws_hex_len_to_byte_array", -1, || {
        let Ok(room) = usize::try_from(max) else { return -1 };
        if dest.is_null() {
            return -1;
        }
        // SAFETY: the caller promises `hlen` readable bytes.
        let digits = unsafe { bytes(h.cast(), hlen) };
        let mut written = 0;
        for pair in digits.chunks_exact(2).take(room) {
            let (Some(high), Some(low)) = (nibble(pair[0]), nibble(pair[1])) else { return -1 };
            // SAFETY: `take` bounds the count by `max`.
            unsafe { dest.add(written).write(high << 4 | low) };
            written += 1;
        }
        written as c_int
    })
}

/// [`lws_hex_len_to_byte_array`] for a NUL-terminated string.
///
/// # Safety
/// `h` is NUL-terminated, `dest` has `max` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_hex_to_byte_array(
    h: *const c_char,
    dest: *mut u8,
    max: c_int,
) -> c_int {
    // SAFETY: the caller promises a terminated string and the room.
    unsafe {
        match c_bytes(h) {
            Some(digits) => {
                lws_hex_len_to_byte_array(digits.as_ptr().cast(), digits.len(), dest, max)
            }
            None => -1,
        }
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

/// The first `max` digits of the bytes in hexadecimal.
pub(super) fn hex_digits(src: &[u8], max: usize) -> Vec<u8> {
    let digits = src.iter().flat_map(|b| [HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]);
    digits.take(max).collect()
}

/// Writes `src` as lower-case hexadecimal, cut to fit `len` including the NUL.
///
/// # Safety
/// `src` has `slen` readable bytes, `dest` has `len` writable ones.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_hex_from_byte_array(
    src: *const u8,
    slen: usize,
    dest: *mut c_char,
    len: usize,
) {
    guard("lws_hex_from_byte_array", (), || {
        // SAFETY: the caller promises the lengths.
        unsafe {
            let digits = hex_digits(bytes(src, slen), len.saturating_sub(1));
            put_c_string(dest, len, &digits);
        }
    });
}

#[cfg(test)]
mod tests {
    use super::matches_wildcard;

    #[test]
    fn wildcards() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("*", "", true),
            ("a*b", "ab", true),
            ("a*b", "axxbxb", true),
            ("a*b", "axxbx", false),
            ("*.example.com", "www.example.com", true),
            ("*.example.com", "example.com", false),
            ("a*b*c*d*e", "a1b2c3d4e", true),
            ("a**", "a", true),
            ("ab", "abc", false),
            ("abc", "ab", false),
        ] {
            assert_eq!(
                matches_wildcard(pattern.as_bytes(), text.as_bytes()),
                expected,
                "{pattern} {text}"
            );
        }
    }
}
