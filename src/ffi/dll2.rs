//! Doubly linked lists whose links live inside the program's structs. A link that is in no list
//! is all zero.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;

use super::panic::guard;
use super::types::{lws_dll2, lws_dll2_foreach_cb_t, lws_dll2_owner};
use crate::util::log;

/// Puts `d` between `prev` and `next`, either of which may be NULL for the list's end.
///
/// # Safety
/// All pointers are live; `prev` and `next` are neighbours in the list of `owner`.
unsafe fn link(
    caller: &str,
    d: *mut lws_dll2,
    owner: *mut lws_dll2_owner,
    prev: *mut lws_dll2,
    next: *mut lws_dll2,
) {
    // SAFETY: as the caller promises.
    unsafe {
        if !(*d).owner.is_null() {
            log::err!("{caller}: {d:p} is in a list already; remove it first");
            return;
        }
        *d = lws_dll2 { prev, next, owner };
        if prev.is_null() {
            (*owner).head = d;
        } else {
            (*prev).next = d;
        }
        if next.is_null() {
            (*owner).tail = d;
        } else {
            (*next).prev = d;
        }
        (*owner).count += 1;
    }
}

/// Adds `d` as the first of the list `owner`.
///
/// # Safety
/// Both are live; `d` is in no list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_dll2_add_head(d: *mut lws_dll2, owner: *mut lws_dll2_owner) {
    // SAFETY: as the caller promises.
    unsafe { link("lws_dll2_add_head", d, owner, null_mut(), (*owner).head) };
}

/// Adds `d` as the last of the list `owner`.
///
/// # Safety
/// Both are live; `d` is in no list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_dll2_add_tail(d: *mut lws_dll2, owner: *mut lws_dll2_owner) {
    // SAFETY: as the caller promises.
    unsafe { link("lws_dll2_add_tail", d, owner, (*owner).tail, null_mut()) };
}

/// Adds `d` in front of `after`, in the same list.
///
/// # Safety
/// Both are live; `d` is in no list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_dll2_add_before(d: *mut lws_dll2, after: *mut lws_dll2) {
    // SAFETY: as the caller promises.
    unsafe {
        if (*after).owner.is_null() {
            log::err!("lws_dll2_add_before: {after:p} is in no list");
            return;
        }
        link("lws_dll2_add_before", d, (*after).owner, (*after).prev, after);
    }
}

/// Adds `d` behind `prev`, in the same list.
///
/// # Safety
/// Both are live; `d` is in no list.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_dll2_add_insert(d: *mut lws_dll2, prev: *mut lws_dll2) {
    // SAFETY: as the caller promises.
    unsafe {
        if (*prev).owner.is_null() {
            log::err!("lws_dll2_add_insert: {prev:p} is in no list");
            return;
        }
        link("lws_dll2_add_insert", d, (*prev).owner, prev, (*prev).next);
    }
}

/// Takes `d` out of its list; does nothing if it is in none.
///
/// # Safety
/// `d` and its list are live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_dll2_remove(d: *mut lws_dll2) {
    // SAFETY: as the caller promises; a link in a list has live neighbours.
    unsafe {
        let lws_dll2 { prev, next, owner } = *d;
        if owner.is_null() {
            return;
        }
        if prev.is_null() {
            (*owner).head = next;
        } else {
            (*prev).next = next;
        }
        if next.is_null() {
            (*owner).tail = prev;
        } else {
            (*next).prev = prev;
        }
        (*owner).count -= 1;
        lws_dll2_clear(d);
    }
}

/// Whether `d` is in no list.
///
/// # Safety
/// `d` is live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_dll2_is_detached(d: *const lws_dll2) -> c_int {
    // SAFETY: as the caller promises.
    unsafe {
        let detached = (*d).owner.is_null();
        if detached && !((*d).prev.is_null() && (*d).next.is_null()) {
            log::err!("lws_dll2_is_detached: {d:p} is in no list but has neighbours");
        }
        c_int::from(detached)
    }
}

/// Zeroes `d`, without taking it out of a list.
///
/// # Safety
/// `d` is live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_dll2_clear(d: *mut lws_dll2) {
    // SAFETY: as the caller promises.
    unsafe { *d = lws_dll2 { prev: null_mut(), next: null_mut(), owner: null_mut() } };
}

/// Zeroes a list's owner, without touching its links.
///
/// # Safety
/// `d` is live.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_dll2_owner_clear(d: *mut lws_dll2_owner) {
    // SAFETY: as the caller promises.
    unsafe { *d = lws_dll2_owner { tail: null_mut(), head: null_mut(), count: 0 } };
}

/// Calls `cb` with each link of `owner`, first to last, and `user`; it may remove that link.
/// Stops and returns 1 when `cb` returns not 0, else returns 0.
///
/// # Safety
/// The list is live and `cb` callable with `user`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_dll2_foreach_safe(
    owner: *mut lws_dll2_owner,
    user: *mut c_void,
    cb: lws_dll2_foreach_cb_t,
) -> c_int {
    let Some(cb) = cb else { return 0 };
    // SAFETY: as the caller promises; the next link is read before the current one may go.
    unsafe {
        let mut d = (*owner).head;
        while !d.is_null() {
            let next = (*d).next;
            if cb(d, user) != 0 {
                return 1;
            }
            d = next;
        }
    }
    0
}

/// Adds `d` in front of the first link for which `is_behind` says so, or as the last.
///
/// # Safety
/// As [`lws_dll2_add_sorted`].
unsafe fn add_sorted(
    d: *mut lws_dll2,
    own: *mut lws_dll2_owner,
    is_behind: impl Fn(*const lws_dll2) -> bool,
) {
    // SAFETY: as the caller promises.
    unsafe {
        let mut at = (*own).head;
        while !at.is_null() && !is_behind(at) {
            at = (*at).next;
        }
        if at.is_null() {
            lws_dll2_add_tail(d, own);
        } else {
            lws_dll2_add_before(d, at);
        }
    }
}

/// Adds `d` to the list `own`, which is sorted by `compare`, in front of those that are equal.
///
/// # Safety
/// Both are live, `d` is in no list, `compare` is callable and changes nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_dll2_add_sorted(
    d: *mut lws_dll2,
    own: *mut lws_dll2_owner,
    compare: Option<unsafe extern "C" fn(*const lws_dll2, *const lws_dll2) -> c_int>,
) {
    let Some(compare) = compare else {
        log::err!("lws_dll2_add_sorted: no function to compare with");
        return;
    };
    // SAFETY: as the caller promises.
    unsafe { add_sorted(d, own, |at| compare(at, d) >= 0) };
}

/// [`lws_dll2_add_sorted`] with a pointer that `compare3` gets.
///
/// # Safety
/// As there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_dll2_add_sorted_priv(
    d: *mut lws_dll2,
    own: *mut lws_dll2_owner,
    r#priv: *mut c_void,
    compare3: Option<unsafe extern "C" fn(*mut c_void, *const lws_dll2, *const lws_dll2) -> c_int>,
) {
    let Some(compare) = compare3 else {
        log::err!("lws_dll2_add_sorted_priv: no function to compare with");
        return;
    };
    // SAFETY: as the caller promises.
    unsafe { add_sorted(d, own, |at| compare(r#priv, at, d) >= 0) };
}

/// Finds the first object in the list `own` whose string equals the `namelen` bytes of `name`.
/// The object's link lies `dll2_ofs` bytes and the pointer to its string `ptr_ofs` bytes behind its
/// start. Returns the object or NULL.
///
/// # Safety
/// The list is live and its objects have that layout; `name` has `namelen` readable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn _lws_dll2_search_sz_pl(
    own: *mut lws_dll2_owner,
    name: *const c_char,
    namelen: usize,
    dll2_ofs: usize,
    ptr_ofs: usize,
) -> *mut c_void {
    guard("_lws_dll2_search_sz_pl", null_mut(), || {
        // SAFETY: as the caller promises.
        unsafe {
            let wanted = super::ptr::bytes(name.cast(), namelen);
            let mut d = (*own).head;
            while !d.is_null() {
                let object = d.byte_sub(dll2_ofs).cast::<c_void>();
                let text = object.byte_add(ptr_ofs).cast::<*const c_char>().read_unaligned();
                if super::ptr::c_bytes(text) == Some(wanted) {
                    return object;
                }
                d = (*d).next;
            }
        }
        null_mut()
    })
}
