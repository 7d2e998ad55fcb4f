//! Timers.

use core::ffi::c_int;

use super::base::lws_usec_t;
use super::dll2::lws_dll2;

/// The timer has run out; it is off when this is called.
pub type sul_cb_t = Option<unsafe extern "C" fn(sul: *mut lws_sorted_usec_list)>;

/// A timer, inside one of the program's objects. Zero it at first; must not go while it runs.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_sorted_usec_list {
    /// Our link in the list of timers.
    pub list: lws_dll2,
    /// When it runs out, in microseconds of the monotonic clock; 0 when off.
    pub us: lws_usec_t,
    /// What is called.
    pub cb: sul_cb_t,
    /// Microseconds by which it may be late.
    pub latency_us: u32,
}

/// The C name of `lws_sorted_usec_list`.
pub type lws_sorted_usec_list_t = lws_sorted_usec_list;

/// `lws_sul2_schedule`: missed while the device sleeps.
pub const LWSSULLI_MISS_IF_SUSPENDED: c_int = 0;
/// `lws_sul2_schedule`: wakes the device.
pub const LWSSULLI_WAKE_IF_SUSPENDED: c_int = 1;
