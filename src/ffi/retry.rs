//! The delays of a retry policy, for programs that schedule their own retries.

use std::ffi::{c_char, c_int, c_uint};

use super::panic::guard;
use super::sul::lws_sul_schedule;
use super::types::{lws, lws_context, lws_retry_bo, lws_sorted_usec_list, lws_usec_t, sul_cb_t};
use crate::util::log;

/// Milliseconds to the first retry, without a table.
const DEFAULT_MS: u64 = 3_000;
/// The most that is added by chance, in percent, if the policy does not say.
const DEFAULT_JITTER: u64 = 30;

/// The delay before try number `*ctry`, which is counted up: the table's entry (its last one for
/// later tries; 3 s without a table) and up to `jitter_percent` (0: 30) more by chance. `*conceal`
/// tells whether the policy wants that failure kept from the user. `retry` and `conceal` may be
/// NULL; `context` is not used. Returns milliseconds.
///
/// # Safety
/// `ctry` is writable; `retry` and its table are good; `conceal` is NULL or writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_retry_get_delay_ms(
    context: *mut lws_context,
    retry: *const lws_retry_bo,
    ctry: *mut u16,
    conceal: *mut c_char,
) -> c_uint {
    let _ = context;
    guard("lws_retry_get_delay_ms", DEFAULT_MS as c_uint, || {
        // SAFETY: as the caller promises.
        unsafe {
            let policy = retry.as_ref();
            let tries = if ctry.is_null() { 0 } else { *ctry };
            let ms = policy.and_then(|p| table_entry(p, tries)).unwrap_or(DEFAULT_MS);
            let jitter = match policy.map(|p| p.jitter_percent) {
                None | Some(0) => DEFAULT_JITTER,
                Some(percent) => u64::from(percent),
            };
            let tries = tries.saturating_add(1);
            if !ctry.is_null() {
                *ctry = tries;
            }
            if !conceal.is_null() {
                *conceal = c_char::from(policy.is_some_and(|p| tries <= p.conceal_count));
            }
            let mut chance = [0; 2];
            super::random::fill(&mut chance);
            let extra = ms * jitter * u64::from(u16::from_ne_bytes(chance)) / 65_536 / 100;
            c_uint::try_from(ms + extra).unwrap_or(c_uint::MAX)
        }
    })
}

/// Schedules try number `*ctry`, which is counted up: `cb` is called from the event loop after
/// the delay that [`lws_retry_get_delay_ms`] gives. Returns 0, or 1 if the policy wants no more
/// tries (or is NULL, or `context` is none): nothing is scheduled then. `tid` is ignored.
///
/// # Safety
/// As for [`lws_retry_get_delay_ms`] and [`lws_sul_schedule`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_retry_sul_schedule(
    context: *mut lws_context,
    tid: c_int,
    sul: *mut lws_sorted_usec_list,
    retry: *const lws_retry_bo,
    cb: sul_cb_t,
    ctry: *mut u16,
) -> c_int {
    const NAME: &str = "lws_retry_sul_schedule";
    guard(NAME, 1, || {
        if sul.is_null() || super::registry::context(NAME, context).is_none() {
            return 1;
        }
        let mut conceal: c_char = 0;
        // SAFETY: as the caller promises.
        unsafe {
            let ms = lws_retry_get_delay_ms(context, retry, ctry, &raw mut conceal);
            if conceal == 0 {
                return 1;
            }
            lws_sul_schedule(context, tid, sul, cb, lws_usec_t::from(ms) * 1000);
        }
        0
    })
}

/// As [`lws_retry_sul_schedule`], by the policy of a connection. Handles of connections are not
/// given out by this library: logs that and returns 1.
///
/// # Safety
/// None needed: nothing is followed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_retry_sul_schedule_retry_wsi(
    wsi: *mut lws,
    sul: *mut lws_sorted_usec_list,
    cb: sul_cb_t,
    ctry: *mut u16,
) -> c_int {
    let _ = (sul, cb, ctry);
    guard("lws_retry_sul_schedule_retry_wsi", 1, || {
        log::err!(
            "lws_retry_sul_schedule_retry_wsi: {wsi:p} is no connection: handles of connections \
             are not given out"
        );
        1
    })
}

/// # Safety
/// The policy's table has as many entries as it says.
unsafe fn table_entry(policy: &lws_retry_bo, tries: u16) -> Option<u64> {
    let last = policy.retry_ms_table_count.checked_sub(1)?;
    if policy.retry_ms_table.is_null() {
        return None;
    }
    // SAFETY: the index is inside the table.
    Some(u64::from(unsafe { *policy.retry_ms_table.add(usize::from(tries.min(last))) }))
}
