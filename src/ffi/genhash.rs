//! Hashes, HMACs and HKDF. MD5 is not offered: it logs an error and fails.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

use super::panic::guard;
use super::ptr::{bytes, c_bytes, put_c_string};
use super::string::hex_digits;
use super::types::{
    LWS_GENHASH_TYPE_MD5, LWS_GENHASH_TYPE_SHA1, LWS_GENHASH_TYPE_SHA256, LWS_GENHASH_TYPE_SHA384,
    LWS_GENHASH_TYPE_SHA512, LWS_GENHMAC_TYPE_SHA1, LWS_GENHMAC_TYPE_SHA256,
    LWS_GENHMAC_TYPE_SHA384, LWS_GENHMAC_TYPE_SHA512, lws_genhash_ctx, lws_genhash_types,
    lws_genhmac_ctx, lws_genhmac_types,
};
use crate::util::crypto::{digest, hmac};
use crate::util::log;

/// A name and a size for each hash; `None` for what is no hash.
fn hash_facts(r#type: lws_genhash_types) -> Option<(&'static str, usize)> {
    match r#type {
        LWS_GENHASH_TYPE_MD5 => Some(("MD5", 16)),
        LWS_GENHASH_TYPE_SHA1 => Some(("SHA1", 20)),
        LWS_GENHASH_TYPE_SHA256 => Some(("SHA256", 32)),
        LWS_GENHASH_TYPE_SHA384 => Some(("SHA384", 48)),
        LWS_GENHASH_TYPE_SHA512 => Some(("SHA512", 64)),
        _ => None,
    }
}

fn hash_algorithm(r#type: lws_genhash_types) -> Option<&'static digest::Algorithm> {
    match r#type {
        LWS_GENHASH_TYPE_SHA1 => Some(&digest::SHA1_FOR_LEGACY_USE_ONLY),
        LWS_GENHASH_TYPE_SHA256 => Some(&digest::SHA256),
        LWS_GENHASH_TYPE_SHA384 => Some(&digest::SHA384),
        LWS_GENHASH_TYPE_SHA512 => Some(&digest::SHA512),
        _ => None,
    }
}

fn hmac_algorithm(r#type: lws_genhmac_types) -> Option<hmac::Algorithm> {
    match r#type {
        LWS_GENHMAC_TYPE_SHA1 => Some(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        LWS_GENHMAC_TYPE_SHA256 => Some(hmac::HMAC_SHA256),
        LWS_GENHMAC_TYPE_SHA384 => Some(hmac::HMAC_SHA384),
        LWS_GENHMAC_TYPE_SHA512 => Some(hmac::HMAC_SHA512),
        _ => None,
    }
}

/// The size of a hash in bytes, 0 for an unknown type.
#[unsafe(no_mangle)]
pub extern "C" fn lws_genhash_size(r#type: lws_genhash_types) -> usize {
    hash_facts(r#type).map_or(0, |(_, size)| size)
}

/// The size of an HMAC in bytes, 0 for an unknown type.
#[unsafe(no_mangle)]
pub extern "C" fn lws_genhmac_size(r#type: lws_genhmac_types) -> usize {
    hmac_algorithm(r#type).map_or(0, |a| a.digest_algorithm().output_len())
}

/// Starts a hash. Returns 0, and [`lws_genhash_destroy`] must follow; or 1 with a log line if
/// there is no such hash.
///
/// # Safety
/// `ctx` is writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_genhash_init(
    ctx: *mut lws_genhash_ctx,
    r#type: lws_genhash_types,
) -> c_int {
    guard("lws_genhash_init", 1, || {
        if ctx.is_null() {
            return 1;
        }
        let algorithm = hash_algorithm(r#type);
        let state =
            algorithm.map_or(null_mut(), |a| Box::into_raw(Box::new(digest::Context::new(a))));
        let facts = lws_genhash_ctx {
            r#type: u8::try_from(r#type).unwrap_or(0),
            evp_type: std::ptr::null(),
            mdctx: state.cast(),
        };
        // SAFETY: the caller promises that it is writable.
        unsafe { ctx.write(facts) };
        if algorithm.is_none() {
            match hash_facts(r#type) {
                Some((name, _)) => log::err!("lws_genhash_init: {name} is not offered"),
                None => log::err!("lws_genhash_init: {} is no hash type", r#type),
            }
        }
        c_int::from(algorithm.is_none())
    })
}

/// Hashes `len` more bytes. Returns 0, or 1 if the hash was not started.
///
/// # Safety
/// `ctx` was started; `in` has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_genhash_update(
    ctx: *mut lws_genhash_ctx,
    r#in: *const c_void,
    len: usize,
) -> c_int {
    guard("lws_genhash_update", 1, || {
        // SAFETY: as the caller promises; a started hash owns its state.
        unsafe {
            match (*ctx).mdctx.cast::<digest::Context>().as_mut() {
                Some(state) => {
                    state.update(bytes(r#in.cast(), len));
                    0
                }
                None => c_int::from(len != 0),
            }
        }
    })
}

/// Ends a hash, and writes it to `result` unless that is NULL. Returns 0. Ending twice does
/// nothing.
///
/// # Safety
/// `ctx` was started; `result` is NULL or has room for the hash.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_genhash_destroy(
    ctx: *mut lws_genhash_ctx,
    result: *mut c_void,
) -> c_int {
    guard("lws_genhash_destroy", 1, || {
        // SAFETY: as the caller promises; the state is taken back once.
        unsafe {
            let state = std::mem::replace(&mut (*ctx).mdctx, null_mut()).cast::<digest::Context>();
            if !state.is_null() {
                put(result, Box::from_raw(state).finish().as_ref());
            }
        }
        0
    })
}

/// # Safety
/// `dest` is NULL or has room for `data`.
unsafe fn put(dest: *mut c_void, data: &[u8]) {
    if !dest.is_null() {
        // SAFETY: as the caller promises.
        unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), dest.cast::<u8>(), data.len()) };
    }
}

/// Writes a hash as lower-case hexadecimal; if it does not fit, as much as does and `...`. Returns
/// 0, or -1 for an unknown type or no room at all.
///
/// # Safety
/// `hash` has the size of its type; `out` has `out_len` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_genhash_render(
    r#type: lws_genhash_types,
    hash: *const u8,
    out: *mut c_char,
    out_len: usize,
) -> c_int {
    const ELLIPSIS: &[u8] = b"...";
    guard("lws_genhash_render", -1, || {
        let size = lws_genhash_size(r#type);
        // SAFETY: as the caller promises.
        unsafe {
            let mut text = hex_digits(bytes(hash, size), size * 2);
            if out_len <= text.len() {
                let room = out_len.saturating_sub(ELLIPSIS.len() + 1);
                if size == 0 || room == 0 {
                    put_c_string(out, out_len, b"");
                    return -1;
                }
                text.truncate(room / 2 * 2);
                text.extend_from_slice(ELLIPSIS);
            }
            put_c_string(out, out_len, &text);
        }
        if size == 0 { -1 } else { 0 }
    })
}

/// [`lws_genhash_render`] behind the hash's name and a colon: `SHA256:0123...`.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_genhash_render_prefixed(
    r#type: lws_genhash_types,
    hash: *const u8,
    out: *mut c_char,
    out_len: usize,
) -> c_int {
    guard("lws_genhash_render_prefixed", -1, || {
        let Some((name, _)) = hash_facts(r#type) else { return -1 };
        let prefix = format!("{name}:");
        if prefix.len() >= out_len {
            return -1;
        }
        // SAFETY: as the caller promises; the prefix leaves room for the rest.
        unsafe {
            let n = put_c_string(out, out_len, prefix.as_bytes());
            lws_genhash_render(r#type, hash, out.add(n), out_len - n)
        }
    })
}

/// Starts an HMAC with a key of `key_len` bytes. Returns 0, and [`lws_genhmac_destroy`] must follow;
/// or -1 with a log line if there is no such HMAC.
///
/// # Safety
/// `ctx` is writable; `key` has `key_len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_genhmac_init(
    ctx: *mut lws_genhmac_ctx,
    r#type: lws_genhmac_types,
    key: *const u8,
    key_len: usize,
) -> c_int {
    guard("lws_genhmac_init", -1, || {
        if ctx.is_null() {
            return -1;
        }
        let algorithm = hmac_algorithm(r#type);
        // SAFETY: as the caller promises.
        unsafe {
            let state = algorithm.map_or(null_mut(), |a| {
                let key = hmac::Key::new(a, bytes(key, key_len));
                Box::into_raw(Box::new(hmac::Context::with_key(&key)))
            });
            ctx.write(lws_genhmac_ctx {
                r#type: u8::try_from(r#type).unwrap_or(0),
                evp_type: std::ptr::null(),
                ctx: state.cast(),
                key: null_mut(),
            });
        }
        match algorithm {
            Some(_) => 0,
            None => {
                log::err!("lws_genhmac_init: {} is no HMAC type", r#type);
                -1
            }
        }
    })
}

/// Authenticates `len` more bytes. Returns 0, or -1 if the HMAC was not started.
///
/// # Safety
/// `ctx` was started; `in` has `len` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_genhmac_update(
    ctx: *mut lws_genhmac_ctx,
    r#in: *const c_void,
    len: usize,
) -> c_int {
    guard("lws_genhmac_update", -1, || {
        // SAFETY: as the caller promises; a started HMAC owns its state.
        unsafe {
            match (*ctx).ctx.cast::<hmac::Context>().as_mut() {
                Some(state) => {
                    state.update(bytes(r#in.cast(), len));
                    0
                }
                None => -1,
            }
        }
    })
}

/// Ends an HMAC, and writes it to `result` unless that is NULL. Returns 0, or -1 if it was not
/// started or has ended already.
///
/// # Safety
/// `ctx` was started; `result` is NULL or has room for the HMAC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_genhmac_destroy(
    ctx: *mut lws_genhmac_ctx,
    result: *mut c_void,
) -> c_int {
    guard("lws_genhmac_destroy", -1, || {
        // SAFETY: as the caller promises; the state is taken back once.
        unsafe {
            let state = std::mem::replace(&mut (*ctx).ctx, null_mut()).cast::<hmac::Context>();
            if state.is_null() {
                return -1;
            }
            put(result, Box::from_raw(state).sign().as_ref());
        }
        0
    })
}

/// HKDF-Extract (RFC 5869, 2.2): `prk` becomes the HMAC of the `ikm_len` bytes of `ikm` under
/// the `salt_len` bytes of `salt`, which may be NULL for zeroes. Returns 0, or -1 for an unknown type.
///
/// # Safety
/// The inputs have their lengths; `prk` has room for the HMAC.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_genhkdf_extract(
    r#type: lws_genhmac_types,
    salt: *const u8,
    salt_len: usize,
    ikm: *const u8,
    ikm_len: usize,
    prk: *mut u8,
) -> c_int {
    guard("lws_genhkdf_extract", -1, || {
        let Some(algorithm) = hmac_algorithm(r#type) else { return -1 };
        // SAFETY: as the caller promises. An empty key is the same as one of zeroes.
        unsafe {
            let key = hmac::Key::new(algorithm, bytes(salt, salt_len));
            put(prk.cast(), hmac::sign(&key, bytes(ikm, ikm_len)).as_ref());
        }
        0
    })
}

/// HKDF-Expand (RFC 5869, 2.3): `okm_len` bytes of output at `okm`, from the `prk_len` bytes of
/// the key `prk` and the `info_len` bytes of `info`. Returns 0, or -1 for an unknown type, missing pointers or more output than 255 times the HMAC's size.
///
/// # Safety
/// The inputs have their lengths; `okm` has `okm_len` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_genhkdf_expand(
    r#type: lws_genhmac_types,
    prk: *const u8,
    prk_len: usize,
    info: *const u8,
    info_len: usize,
    okm: *mut u8,
    okm_len: usize,
) -> c_int {
    guard("lws_genhkdf_expand", -1, || {
        if prk.is_null() || okm.is_null() || okm_len == 0 {
            return -1;
        }
        let Some(algorithm) = hmac_algorithm(r#type) else { return -1 };
        // SAFETY: as the caller promises.
        let (prk, info) = unsafe { (bytes(prk, prk_len), bytes(info, info_len)) };
        match expand(&hmac::Key::new(algorithm, prk), info, okm_len) {
            Some(output) => {
                // SAFETY: the caller promises room for `okm_len` bytes.
                unsafe { put(okm.cast(), &output) };
                0
            }
            None => -1,
        }
    })
}

/// RFC 5869, 2.3.
fn expand(key: &hmac::Key, info: &[u8], len: usize) -> Option<Vec<u8>> {
    let mut output = Vec::with_capacity(len);
    let mut block: Option<hmac::Tag> = None;
    let mut counter = 0_u8;
    while output.len() < len {
        counter = counter.checked_add(1)?;
        let mut context = hmac::Context::with_key(key);
        context.update(block.as_ref().map_or(&[], |b| b.as_ref()));
        context.update(info);
        context.update(&[counter]);
        let tag = context.sign();
        output.extend_from_slice(tag.as_ref());
        block = Some(tag);
    }
    output.truncate(len);
    Some(output)
}

/// HKDF-Expand-Label (RFC 8446, 7.1), without the `tls13 ` in `label`. Returns 0, or -1 as
/// [`lws_genhkdf_expand`] or if label or context are too long.
///
/// # Safety
/// As there; `label` is NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_genhkdf_expand_label(
    r#type: lws_genhmac_types,
    prk: *const u8,
    prk_len: usize,
    label: *const c_char,
    context: *const u8,
    context_len: usize,
    okm: *mut u8,
    okm_len: usize,
) -> c_int {
    guard("lws_genhkdf_expand_label", -1, || {
        // SAFETY: as the caller promises.
        let (label, context) = unsafe { (c_bytes(label), bytes(context, context_len)) };
        let Some(info) = label.and_then(|label| hkdf_label(label, context, okm_len)) else {
            return -1;
        };
        // SAFETY: as the caller promises.
        unsafe { lws_genhkdf_expand(r#type, prk, prk_len, info.as_ptr(), info.len(), okm, okm_len) }
    })
}

/// The `HkdfLabel` of RFC 8446, 7.1.
fn hkdf_label(label: &[u8], context: &[u8], len: usize) -> Option<Vec<u8>> {
    const PREFIX: &[u8] = b"tls13 ";
    let mut info = u16::try_from(len).ok()?.to_be_bytes().to_vec();
    info.push(u8::try_from(PREFIX.len() + label.len()).ok()?);
    info.extend_from_slice(PREFIX);
    info.extend_from_slice(label);
    info.push(u8::try_from(context.len()).ok()?);
    info.extend_from_slice(context);
    Some(info)
}

/// The SHA-1 of `n` bytes, written to the 20 bytes of `md`. Returns `md`.
///
/// # Safety
/// `d` has `n` readable bytes, `md` 20 writable ones.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_SHA1(d: *const u8, n: usize, md: *mut u8) -> *mut u8 {
    guard("lws_SHA1", md, || {
        // SAFETY: as the caller promises.
        unsafe {
            let hash = digest::digest(&digest::SHA1_FOR_LEGACY_USE_ONLY, bytes(d, n));
            put(md.cast(), hash.as_ref());
        }
        md
    })
}
