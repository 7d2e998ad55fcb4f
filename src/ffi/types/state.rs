//! State managers: a number that changes step by step, and those who may hold it up.

use core::ffi::{c_char, c_int, c_void};

use super::base::lws_context;
use super::dll2::{lws_dll2, lws_dll2_owner};
use super::smd::lws_smd_class_t;

/// A change is near: manager, link, the state now, the state wanted. Nonzero holds it up; the holder asks again later.
pub type lws_state_notify_t = Option<
    unsafe extern "C" fn(
        mgr: *mut lws_state_manager,
        link: *mut lws_state_notify_link,
        current: c_int,
        target: c_int,
    ) -> c_int,
>;

/// Somebody who is told about changes.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_state_notify_link {
    /// Our link in the manager's list; zero it.
    pub list: lws_dll2,
    /// The callback.
    pub notify_cb: lws_state_notify_t,
    /// Name for the logs.
    pub name: *const c_char,
}

/// The C name of `lws_state_notify_link`.
pub type lws_state_notify_link_t = lws_state_notify_link;

/// A state and who is told about it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_state_manager {
    /// Those who are told.
    pub notify_list: lws_dll2_owner,
    /// The context.
    pub context: *mut lws_context,
    /// What the state belongs to.
    pub parent: *mut c_void,
    /// Class of the system messages about it; 0 for none.
    pub smd_class: lws_smd_class_t,
    /// The states' names.
    pub state_names: *mut *const c_char,
    /// The manager's name.
    pub name: *const c_char,
    /// The state now.
    pub state: c_int,
}

/// The C name of `lws_state_manager`.
pub type lws_state_manager_t = lws_state_manager;
