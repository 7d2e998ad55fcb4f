//! Text with `${name}` in it, filled in by the program, in pieces of any size on both sides.

use std::ffi::{c_char, c_int, c_void};

use crate::ffi::panic::guard;
use crate::ffi::types::{
    LSTRX_DONE, LSTRX_FATAL_NAME_TOO_LONG, LSTRX_FATAL_NAME_UNKNOWN, LSTRX_FILLED_OUT, lws_strexp,
    lws_strexp_expand_cb,
};

/// `lws_strexp::state`: plain text; behind a `$`; in a name; while its value is written.
const PLAIN: c_char = 0;
const DOLLAR: c_char = 1;
const NAME: c_char = 2;
const VALUE: c_char = 3;

/// Room that a `$` and what follows it need, with one byte to spare.
const DOLLAR_ROOM: usize = 3;

/// Sets `exp` up. `cb` is called with `priv` to write values. `out`, with room for `olen` bytes,
/// gets the text; NULL only counts, and `cb` is to do the same.
///
/// # Safety
/// `exp` can be written; `out` is NULL or has that room as long as it is used.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_strexp_init(
    exp: *mut lws_strexp,
    r#priv: *mut c_void,
    cb: lws_strexp_expand_cb,
    out: *mut c_char,
    olen: usize,
) {
    if exp.is_null() {
        return;
    }
    let fresh = lws_strexp {
        name: [0; 32],
        cb,
        r#priv,
        out,
        olen,
        pos: 0,
        exp_ofs: 0,
        name_pos: 0,
        state: PLAIN,
    };
    // SAFETY: as the caller promises.
    unsafe { exp.write(fresh) };
}

/// Gives `exp` a new place for what follows: `out`, with room for `olen` bytes, or NULL only to
/// count.
///
/// # Safety
/// `exp` was set up; `out` is NULL or has that room.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_strexp_reset_out(exp: *mut lws_strexp, out: *mut c_char, olen: usize) {
    // SAFETY: as the caller promises.
    unsafe {
        if let Some(exp) = exp.as_mut() {
            (exp.out, exp.olen, exp.pos) = (out, olen, 0);
        }
    }
}

/// # Safety
/// `exp` is live, and its `out` NULL or with room for `olen` bytes.
unsafe fn room(exp: *const lws_strexp) -> usize {
    // SAFETY: as the caller promises.
    unsafe { (*exp).olen.saturating_sub((*exp).pos) }
}

/// Writes a byte, for which there is room.
///
/// # Safety
/// As `room`.
unsafe fn put(exp: *mut lws_strexp, byte: c_char) {
    // SAFETY: as the caller promises.
    unsafe {
        if !(*exp).out.is_null() {
            (*exp).out.add((*exp).pos).write(byte);
        }
        (*exp).pos += 1;
    }
}

/// Has the program write the value of the name.
///
/// # Safety
/// As `room`; the callback is callable. It may write to `exp`, so no reference to that is held.
unsafe fn value(exp: *mut lws_strexp) -> c_int {
    // SAFETY: as the caller promises.
    unsafe {
        let Some(cb) = (*exp).cb else { return LSTRX_FATAL_NAME_UNKNOWN };
        let (name, pos) = ((&raw const (*exp).name).cast(), &raw mut (*exp).pos);
        cb((*exp).r#priv, name, (*exp).out, pos, (*exp).olen, &raw mut (*exp).exp_ofs)
    }
}

/// Takes one byte. Returns whether it is used, and what ends the work, if something does.
///
/// # Safety
/// As `value`.
unsafe fn step(exp: *mut lws_strexp, byte: c_char) -> (bool, Option<c_int>) {
    const GO_ON: (bool, Option<c_int>) = (true, None);
    let is = |c: u8| byte as u8 == c;
    // SAFETY: as the caller promises; each byte is written where there is room.
    unsafe {
        match (*exp).state {
            DOLLAR if is(b'{') => {
                ((*exp).state, (*exp).name_pos, (*exp).exp_ofs) = (NAME, 0, 0);
                GO_ON
            }
            DOLLAR => {
                if room(exp) < DOLLAR_ROOM {
                    return (false, Some(LSTRX_FATAL_NAME_TOO_LONG));
                }
                put(exp, b'$' as c_char);
                put(exp, byte);
                if !is(b'$') {
                    (*exp).state = PLAIN;
                }
                GO_ON
            }
            NAME if !is(b'}') => {
                let at = usize::from((*exp).name_pos);
                if at + 1 >= (*exp).name.len() {
                    return (false, Some(LSTRX_FATAL_NAME_TOO_LONG));
                }
                (*exp).name[at] = byte;
                (*exp).name_pos += 1;
                GO_ON
            }
            NAME | VALUE => {
                if (*exp).state == NAME {
                    let end = usize::from((*exp).name_pos).min((*exp).name.len() - 1);
                    (*exp).name[end] = 0;
                    (*exp).state = VALUE;
                }
                match value(exp) {
                    n @ (LSTRX_FILLED_OUT | LSTRX_FATAL_NAME_UNKNOWN) => (false, Some(n)),
                    _ => {
                        (*exp).state = PLAIN;
                        GO_ON
                    }
                }
            }
            _ if is(b'$') => {
                (*exp).state = DOLLAR;
                GO_ON
            }
            _ if room(exp) == 0 => (false, Some(LSTRX_FILLED_OUT)),
            _ => {
                put(exp, byte);
                (true, (room(exp) == 0).then_some(LSTRX_FILLED_OUT))
            }
        }
    }
}

/// Fills the `len` bytes of `in` in, as the next ones of the text that `exp` was set up for: what
/// is not `${name}` is copied, for names the callback is called. Sets `*pused_in` to how much of
/// `in` is used and `*pused_out` to how much was written. Returns `LSTRX_DONE`, with a NUL behind
/// the text; `LSTRX_FILLED_OUT` when `out` is full: take that away, call `lws_strexp_reset_out`,
/// and then this with what is not used; or an error. A `$` that begins no name needs 3 bytes of
/// room.
///
/// # Safety
/// `exp` was set up and what it points to is good; `in` has `len` readable bytes; the counts can
/// be written.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_strexp_expand(
    exp: *mut lws_strexp,
    r#in: *const c_char,
    len: usize,
    pused_in: *mut usize,
    pused_out: *mut usize,
) -> c_int {
    guard("lws_strexp_expand", LSTRX_FATAL_NAME_UNKNOWN, || {
        if exp.is_null() || pused_in.is_null() || pused_out.is_null() {
            return LSTRX_FATAL_NAME_UNKNOWN;
        }
        let len = if r#in.is_null() { 0 } else { len };
        let (mut used, mut result) = (0, None);
        // SAFETY: as the caller promises; `used` stays below `len`.
        unsafe {
            while used < len && result.is_none() {
                let (taken, end) = step(exp, r#in.add(used).read());
                used += usize::from(taken);
                result = end;
            }
            if result.is_none() && !(*exp).out.is_null() && room(exp) > 0 {
                (*exp).out.add((*exp).pos).write(0);
            }
            *pused_in = used;
            *pused_out = (*exp).pos;
        }
        result.unwrap_or(LSTRX_DONE)
    })
}
