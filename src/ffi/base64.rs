//! Base64 and base32 (RFC 4648).

use std::ffi::{c_char, c_int};

use super::panic::guard;
use super::ptr::{bytes, c_bytes, put_c_string};
use super::types::lws_b64state;
use crate::util::log;
use ::base64::Engine;
use ::base64::engine::general_purpose::{GeneralPurpose, STANDARD, URL_SAFE};

/// # Safety
/// `input` has `in_len` readable bytes, `out` has `out_size` writable ones.
unsafe fn encode_with(
    encode: impl FnOnce(&[u8]) -> String,
    input: *const c_char,
    in_len: c_int,
    out: *mut c_char,
    out_size: c_int,
) -> c_int {
    let (Ok(in_len), Ok(out_size)) = (usize::try_from(in_len), usize::try_from(out_size)) else {
        return -1;
    };
    // SAFETY: as the caller promises.
    unsafe {
        let text = encode(bytes(input.cast(), in_len));
        if text.len() >= out_size {
            return -1;
        }
        put_c_string(out, out_size, text.as_bytes()) as c_int
    }
}

/// # Safety
/// As [`encode_with`].
unsafe fn encode_base64(
    engine: &GeneralPurpose,
    input: *const c_char,
    in_len: c_int,
    out: *mut c_char,
    out_size: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { encode_with(|data| engine.encode(data), input, in_len, out, out_size) }
}

/// Encodes `in_len` bytes as base64 with padding. Returns the length, or -1 if it does not fit
/// `out_size` with its NUL.
///
/// # Safety
/// `in` has `in_len` readable bytes, `out` has `out_size` writable ones.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_b64_encode_string(
    r#in: *const c_char,
    in_len: c_int,
    out: *mut c_char,
    out_size: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    guard("lws_b64_encode_string", -1, || unsafe {
        encode_base64(&STANDARD, r#in, in_len, out, out_size)
    })
}

/// [`lws_b64_encode_string`] in the alphabet for URLs (RFC 4648, 5).
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_b64_encode_string_url(
    r#in: *const c_char,
    in_len: c_int,
    out: *mut c_char,
    out_size: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    guard("lws_b64_encode_string_url", -1, || unsafe {
        encode_base64(&URL_SAFE, r#in, in_len, out, out_size)
    })
}

/// A base64 character of either alphabet.
fn sextet(c: u8) -> Option<u8> {
    match c {
        b'A'..=b'Z' => Some(c - b'A'),
        b'a'..=b'z' => Some(c - b'a' + 26),
        b'0'..=b'9' => Some(c - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    }
}

/// Decodes what fits: whitespace is skipped, a NUL ends the input. Each byte is written with the
/// character that completes it. Returns how much was read and written.
fn decode(
    state: &mut lws_b64state,
    input: &[u8],
    out: &mut [u8],
    is_final: bool,
) -> Result<(usize, usize), &'static str> {
    let end = input.iter().position(|&c| c == 0).unwrap_or(input.len());
    let (mut used, mut written) = (0, 0);
    for &c in &input[..end] {
        match (c, sextet(c)) {
            (b' ' | b'\t' | b'\r' | b'\n', _) => {}
            (b'=', _) => state.c = c_int::from(b'='),
            (_, Some(_)) if state.c == c_int::from(b'=') => return Err("text behind the padding"),
            (_, Some(value)) => {
                if state.len != 0 {
                    let Some(byte) = out.get_mut(written) else { break };
                    *byte = complete(state, value);
                    written += 1;
                }
                state.quad[0] = value;
                state.len = (state.len + 1) % 4;
            }
            (_, None) => return Err("a character that is not base64"),
        }
        used += 1;
    }
    if is_final && used == end && state.len == 1 {
        return Err("one character too many or too few");
    }
    state.done += written;
    Ok((used, written))
}

/// The byte made of the end of the character before and the start of this one.
fn complete(state: &lws_b64state, value: u8) -> u8 {
    let before = state.quad[0];
    match state.len {
        1 => before << 2 | value >> 4,
        2 => before << 4 | value >> 2,
        _ => before << 6 | value,
    }
}

/// A state in which nothing was read.
const fn fresh() -> lws_b64state {
    lws_b64state { quad: [0; 4], done: 0, len: 0, i: 0, c: 0 }
}

/// Prepares for decoding piece by piece.
///
/// # Safety
/// `state` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_b64_decode_state_init(state: *mut lws_b64state) {
    if !state.is_null() {
        // SAFETY: the caller promises that it is writable.
        unsafe { state.write(fresh()) };
    }
}

/// Decodes a piece of base64, of either alphabet, with or without padding; whitespace is skipped.
/// `state` is what goes from one piece to the next.
/// `*in_len` and `*out_size` are the sizes on entry and what was used on return: what did not fit
/// is left for the next call. The last piece has `is_final`. Returns 0, or -1 with a log line if it
/// is not base64.
///
/// # Safety
/// The lengths are true; `out` is not part of `in`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_b64_decode_stateful(
    state: *mut lws_b64state,
    r#in: *const c_char,
    in_len: *mut usize,
    out: *mut u8,
    out_size: *mut usize,
    is_final: c_int,
) -> c_int {
    guard("lws_b64_decode_stateful", -1, || {
        if state.is_null() || in_len.is_null() || out_size.is_null() {
            return -1;
        }
        // SAFETY: as the caller promises.
        unsafe {
            let input = bytes(r#in.cast(), *in_len);
            let mut decoded = vec![0; (*out_size).min(input.len() + 4)];
            match decode(&mut *state, input, &mut decoded, is_final != 0) {
                Ok((used, written)) => {
                    std::ptr::copy_nonoverlapping(decoded.as_ptr(), out, written);
                    if written < *out_size {
                        out.add(written).write(0);
                    }
                    *in_len = used;
                    *out_size = written;
                    0
                }
                Err(why) => {
                    log::err!("lws_b64_decode_stateful: {why}");
                    -1
                }
            }
        }
    })
}

/// # Safety
/// `out` has `out_size` writable bytes and is not part of `input`.
unsafe fn decode_whole(input: &[u8], out: *mut c_char, out_size: c_int) -> Option<usize> {
    let mut size = usize::try_from(out_size).ok()?;
    let mut used = input.len();
    let mut state = fresh();
    // SAFETY: as the caller promises.
    let result = unsafe {
        let (text, room) = (input.as_ptr().cast(), out.cast());
        lws_b64_decode_stateful(&raw mut state, text, &raw mut used, room, &raw mut size, 1)
    };
    if result == 0 && used != input.len() {
        log::err!("base64: more text than fits {out_size} bytes, or a NUL in it");
        return None;
    }
    (result == 0).then_some(size)
}

/// Decodes a NUL-terminated base64 string. Returns the length, and adds a NUL if there is room; 0
/// (with a log line), and an empty string in `out`, if it is not base64 or does not fit.
///
/// # Safety
/// `in` is NUL-terminated; `out` has `out_size` writable bytes and is not part of `in`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_b64_decode_string(
    r#in: *const c_char,
    out: *mut c_char,
    out_size: c_int,
) -> c_int {
    guard("lws_b64_decode_string", 0, || {
        // SAFETY: as the caller promises.
        let decoded = unsafe { c_bytes(r#in).and_then(|text| decode_whole(text, out, out_size)) };
        if decoded.is_none() && out_size > 0 && !out.is_null() {
            // SAFETY: as the caller promises.
            unsafe { out.write(0) };
        }
        decoded.map_or(0, |n| n as c_int)
    })
}

/// [`lws_b64_decode_string`] for `in_len` characters (-1: up to the NUL). Returns the length, or -1
/// if it is empty, is not base64 or does not fit.
///
/// # Safety
/// `in` has `in_len` readable bytes or is NUL-terminated; `out` as there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_b64_decode_string_len(
    r#in: *const c_char,
    in_len: c_int,
    out: *mut c_char,
    out_size: c_int,
) -> c_int {
    guard("lws_b64_decode_string_len", -1, || {
        // SAFETY: as the caller promises.
        unsafe {
            let text = text_of(r#in, in_len);
            match text.and_then(|text| decode_whole(text, out, out_size)) {
                None | Some(0) => -1,
                Some(n) => n as c_int,
            }
        }
    })
}

/// The characters of an input whose length is -1 for "up to the NUL".
///
/// # Safety
/// As that says.
unsafe fn text_of<'a>(input: *const c_char, in_len: c_int) -> Option<&'a [u8]> {
    // SAFETY: as the caller promises.
    unsafe {
        match usize::try_from(in_len) {
            Ok(len) => Some(bytes(input.cast(), len)),
            Err(_) => c_bytes(input),
        }
    }
}

const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

fn encode_base32(data: &[u8]) -> String {
    let mut text = String::with_capacity(data.len().div_ceil(5) * 8);
    for chunk in data.chunks(5) {
        let mut group = [0; 8];
        group[3..3 + chunk.len()].copy_from_slice(chunk);
        let bits = u64::from_be_bytes(group);
        let chars = (chunk.len() * 8).div_ceil(5);
        for i in 0..8 {
            let value = (bits >> (35 - 5 * i)) & 31;
            text.push(if i < chars { char::from(BASE32[value as usize]) } else { '=' });
        }
    }
    text
}

fn decode_base32(text: &[u8]) -> Option<Vec<u8>> {
    let chars: Vec<u8> = text.iter().copied().filter(|c| !b" \t\r\n".contains(c)).collect();
    let data = &chars[..chars.len() - chars.iter().rev().take_while(|&&c| c == b'=').count()];
    if !matches!(data.len() % 8, 0 | 2 | 4 | 5 | 7) {
        return None;
    }
    let mut out = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for c in data {
        let value = BASE32.iter().position(|b| *b == c.to_ascii_uppercase())?;
        bits = bits << 5 | value as u32;
        count += 5;
        if count >= 8 {
            count -= 8;
            out.push((bits >> count) as u8);
        }
    }
    Some(out)
}

/// Encodes `in_len` bytes as base32 with padding. Returns the length, or -1 if it does not fit
/// `out_size` with its NUL.
///
/// # Safety
/// `in` has `in_len` readable bytes, `out` has `out_size` writable ones.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_b32_encode_string(
    r#in: *const c_char,
    in_len: c_int,
    out: *mut c_char,
    out_size: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    guard("lws_b32_encode_string", -1, || unsafe {
        encode_with(encode_base32, r#in, in_len, out, out_size)
    })
}

/// Decodes `in_len` characters of base32 (-1: up to the NUL), in either case. Returns the length, and
/// adds a NUL if there is room; -1 if it is not base32 or does not fit.
///
/// # Safety
/// `in` has `in_len` readable bytes or is NUL-terminated; `out` has `out_size` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_b32_decode_string_len(
    r#in: *const c_char,
    in_len: c_int,
    out: *mut c_char,
    out_size: c_int,
) -> c_int {
    guard("lws_b32_decode_string_len", -1, || {
        let Ok(size) = usize::try_from(out_size) else { return -1 };
        // SAFETY: as the caller promises.
        unsafe {
            let Some(data) = text_of(r#in, in_len).and_then(decode_base32) else { return -1 };
            if data.len() > size || (out.is_null() && !data.is_empty()) {
                return -1;
            }
            std::ptr::copy_nonoverlapping(data.as_ptr(), out.cast::<u8>(), data.len());
            if data.len() < size {
                out.add(data.len()).write(0);
            }
            data.len() as c_int
        }
    })
}

/// [`lws_b32_decode_string_len`] up to the NUL.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_b32_decode_string(
    r#in: *const c_char,
    out: *mut c_char,
    out_size: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { lws_b32_decode_string_len(r#in, -1, out, out_size) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Engine, STANDARD, URL_SAFE, decode, decode_base32, encode_base32, fresh};

    /// Decodes `text` cut into pieces of `step`, with `room` for each.
    fn in_pieces(text: &[u8], step: usize, room: usize) -> Result<Vec<u8>, &'static str> {
        let mut state = fresh();
        let mut result = Vec::new();
        let mut rest = text;
        loop {
            let piece = &rest[..rest.len().min(step)];
            let is_final = piece.len() == rest.len();
            let mut out = vec![0; room];
            let (used, written) = decode(&mut state, piece, &mut out, is_final)?;
            result.extend_from_slice(&out[..written]);
            rest = &rest[used..];
            if is_final && rest.is_empty() {
                return Ok(result);
            }
        }
    }

    proptest! {
        #[test]
        fn base64_comes_back(data: Vec<u8>, step in 1_usize..9, room in 1_usize..9) {
            for text in [STANDARD.encode(&data), URL_SAFE.encode(&data)] {
                prop_assert_eq!(in_pieces(text.as_bytes(), step, room).unwrap(), &data[..]);
                let bare = text.trim_end_matches('=');
                prop_assert_eq!(in_pieces(bare.as_bytes(), step, room).unwrap(), &data[..]);
            }
        }

        #[test]
        fn base32_comes_back(data: Vec<u8>) {
            prop_assert_eq!(decode_base32(encode_base32(&data).as_bytes()), Some(data));
        }

        #[test]
        fn anything_is_decoded_or_refused(text: Vec<u8>, room in 0_usize..64) {
            let mut out = vec![0; room];
            let _ = decode(&mut fresh(), &text, &mut out, true);
            let _ = decode_base32(&text);
        }
    }
}
