//! For programs that have a loop of their own: one descriptor to wait for, and how long at most.

use std::ffi::c_int;

use super::panic::guard;
use super::registry;
use super::types::lws_context;
use crate::util::log;

/// A function of this library alone: the descriptor that a program with a loop of its own waits for
/// (`POLLIN`, level-triggered, in `poll`, `epoll`, `select` or an event library). It is readable
/// when the context has something to do; then call `lws_service(context, -1)`. Wait no longer than
/// [`lws_service_adjust_timeout`] says, and call the same after that time. The descriptor stays the
/// same as long as the context lives: do not read, close or change it.
///
/// Returns the descriptor, or -1 if there is no such context. Legal in callbacks.
///
/// # Safety
/// `context` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn securestreams_loop_fd(context: *mut lws_context) -> c_int {
    guard("securestreams_loop_fd", -1, || {
        let cx = registry::adopt_context("securestreams_loop_fd", context);
        cx.map_or(-1, |cx| cx.engine.poll_fd())
    })
}

/// How long a program with a loop of its own may wait before it calls `lws_service(context, -1)`,
/// in milliseconds: 0 if the context has something to do now, else `timeout_ms`, or less if a timer
/// of the context is due earlier. A negative `timeout_ms` is no limit, as with `poll`, and stays
/// negative if no timer is set. To be asked before each wait, after everything else the program does
/// with the context. There is one service thread, so `tsi` is 0.
///
/// Returns 0 too if there is no such context: `lws_service` says so. Legal in callbacks.
///
/// # Safety
/// `context` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_service_adjust_timeout(
    context: *mut lws_context,
    timeout_ms: c_int,
    tsi: c_int,
) -> c_int {
    guard("lws_service_adjust_timeout", 0, || {
        if tsi != 0 {
            log::err!("lws_service_adjust_timeout: there is no service thread {tsi}");
            return 0;
        }
        let Some(cx) = registry::adopt_context("lws_service_adjust_timeout", context) else {
            return 0;
        };
        if cx.wants_service() {
            return 0;
        }
        match cx.engine.time_to_work() {
            None => timeout_ms,
            // a wait that ends early would be repeated with nothing to do
            Some(due) => {
                let due = c_int::try_from(due.div_ceil(1000)).unwrap_or(c_int::MAX);
                if timeout_ms < 0 { due } else { due.min(timeout_ms) }
            }
        }
    })
}
