//! The program's timers (`lws_sorted_usec_list_t`). The struct is the program's; while it is
//! scheduled, its list node holds the key of the engine's timer, which is checked before it is
//! believed: a struct that was never scheduled, or was copied, does no harm.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;

use slotmap::{Key, KeyData};

use super::panic::guard;
use super::registry;
use super::types::{lws_context, lws_sorted_usec_list, lws_usec_t, sul_cb_t};
use crate::engine::TimerKey;
use crate::util::log;

/// The interval that cancels instead.
const CANCEL: lws_usec_t = -1;

/// Schedules `_cb` to be called from the event loop, once, `_us` microseconds from now; a timer
/// that is scheduled already moves. `_us` -1 (`LWS_SET_TIMER_USEC_CANCEL`) cancels it. `_tsi` is
/// ignored.
///
/// # Safety
/// `sul` stays where it is until it fired or was cancelled; it was zeroed once before its first
/// use.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sul_schedule(
    ctx: *mut lws_context,
    _tsi: c_int,
    sul: *mut lws_sorted_usec_list,
    _cb: sul_cb_t,
    _us: lws_usec_t,
) {
    guard("lws_sul_schedule", (), || {
        if sul.is_null() {
            return log::err!("lws_sul_schedule: the timer is NULL");
        }
        let Some(cx) = registry::context("lws_sul_schedule", ctx) else { return };
        // SAFETY: the caller promises a live struct.
        unsafe {
            if !unschedule("lws_sul_schedule", sul) || _us == CANCEL {
                return;
            }
            (*sul).cb = _cb;
            (*sul).us = super::time::lws_now_usecs().saturating_add(_us.max(0));
            let due = cx.engine.now() + u64::try_from(_us).unwrap_or(0);
            let key = cx.engine.schedule_external(due, sul as usize);
            mark(sul, ctx, Some(key));
        }
    });
}

/// Cancels a timer; does nothing if it is not scheduled, and refuses if it is scheduled in the
/// context of another thread, which may be about to fire it.
///
/// # Safety
/// `sul` is NULL or a struct that was zeroed once before its first use.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sul_cancel(sul: *mut lws_sorted_usec_list) {
    guard("lws_sul_cancel", (), || {
        if !sul.is_null() {
            // SAFETY: the caller promises a live struct.
            unsafe { unschedule("lws_sul_cancel", sul) };
        }
    });
}

/// Takes a timer back, if it is scheduled. `false`, with the reason in the log: it is another
/// thread's.
///
/// # Safety
/// `sul` is live.
unsafe fn unschedule(caller: &str, sul: *mut lws_sorted_usec_list) -> bool {
    // SAFETY: the caller promises a live struct.
    unsafe {
        let owner = (*sul).list.owner;
        if owner.is_null() {
            return true;
        }
        let Ok(context) = registry::context_or_gone(caller, owner as *const lws_context) else {
            return false;
        };
        let key = key_of(sul);
        mark(sul, null_mut(), None);
        // the context may be gone, and its timers with it
        if let Some(cx) = context {
            cx.engine.cancel_external(key, sul as usize);
        }
        true
    }
}

/// # Safety
/// `sul` is live.
unsafe fn key_of(sul: *const lws_sorted_usec_list) -> TimerKey {
    // SAFETY: the caller promises a live struct.
    let (high, low) = unsafe { ((*sul).list.prev as usize, (*sul).list.next as usize) };
    let half = |n: usize| u64::try_from(n).unwrap_or(0) & 0xffff_ffff;
    TimerKey::from(KeyData::from_ffi(half(high) << 32 | half(low)))
}

/// Notes in the struct whether it is scheduled: programs look at `list.owner`.
///
/// # Safety
/// `sul` is live.
unsafe fn mark(sul: *mut lws_sorted_usec_list, owner: *mut lws_context, key: Option<TimerKey>) {
    let number = key.map_or(0, |k| k.data().as_ffi());
    let half = |n: u64| usize::try_from(n & 0xffff_ffff).unwrap_or(0);
    // SAFETY: the caller promises a live struct.
    unsafe {
        (*sul).list.prev = half(number >> 32) as *mut _;
        (*sul).list.next = half(number) as *mut _;
        (*sul).list.owner = owner.cast::<c_void>().cast();
    }
}

/// A timer of the program's is due.
pub(super) fn fire(token: usize) {
    let sul = token as *mut lws_sorted_usec_list;
    // SAFETY: the program promised to leave the struct where it is while it is scheduled, and
    // it was until now.
    let callback = unsafe {
        mark(sul, null_mut(), None);
        (*sul).cb
    };
    if let Some(callback) = callback {
        // SAFETY: the program's own callback with its own struct; no borrow is held.
        unsafe { callback(sul) };
    }
}
