use core::ffi::{c_char, c_int, c_void};

use super::base::lws_context;
use super::dll2::{lws_dll2, lws_dll2_owner};
use super::smd::lws_smd_class_t;

pub type lws_state_notify_t = Option<
    unsafe extern "C" fn(*mut lws_state_manager, *mut lws_state_notify_link, c_int, c_int) -> c_int,
>;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_state_notify_link {
    pub list: lws_dll2,
    pub notify_cb: lws_state_notify_t,
    pub name: *const c_char,
}

pub type lws_state_notify_link_t = lws_state_notify_link;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_state_manager {
    pub notify_list: lws_dll2_owner,
    pub context: *mut lws_context,
    pub parent: *mut c_void,
    pub smd_class: lws_smd_class_t,
    pub state_names: *mut *const c_char,
    pub name: *const c_char,
    pub state: c_int,
}

pub type lws_state_manager_t = lws_state_manager;
