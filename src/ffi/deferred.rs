//! Something that a context does by itself, later.

use std::cell::UnsafeCell;
use std::ptr::null_mut;
use std::rc::Rc;

use super::context::CContext;
use super::types::{lws_context, lws_dll2, lws_sorted_usec_list, lws_usec_t};
use super::{registry, sul};

/// What is done, and the timer for it. Lies in the context, which stays where it is.
pub(super) struct Deferred(UnsafeCell<Inner>);

#[repr(C)]
struct Inner {
    timer: lws_sorted_usec_list,
    context: *mut lws_context,
    act: fn(&Rc<CContext>),
}

impl Deferred {
    /// Will `act` on `context`.
    pub(super) fn new(context: *mut lws_context, act: fn(&Rc<CContext>)) -> Self {
        let list = lws_dll2 { prev: null_mut(), next: null_mut(), owner: null_mut() };
        // SAFETY: all fields are numbers and pointers, for which zero is good.
        let timer = lws_sorted_usec_list { list, ..unsafe { std::mem::zeroed() } };
        Self(UnsafeCell::new(Inner { timer, context, act }))
    }

    /// Does it so many microseconds from now; scheduled before, the time counts anew.
    pub(super) fn schedule(&self, us: lws_usec_t) {
        let inner = self.0.get();
        // SAFETY: the timer lies in the context, which outlives it in the engine.
        unsafe {
            let timer = &raw mut (*inner).timer;
            sul::lws_sul_schedule((*inner).context, 0, timer, Some(due), us.max(0));
        }
    }
}

/// # Safety
/// `timer` is that of an [`Inner`].
unsafe extern "C" fn due(timer: *mut lws_sorted_usec_list) {
    // SAFETY: the timer is the first field.
    let (context, act) =
        unsafe { ((*timer.cast::<Inner>()).context, (*timer.cast::<Inner>()).act) };
    if let Some(cx) = registry::find_context(context) {
        act(&cx);
    }
}

const _: () = assert!(std::mem::offset_of!(Inner, timer) == 0);
