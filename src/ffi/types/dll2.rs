use core::ffi::{c_int, c_void};

pub type lws_dll2_foreach_cb_t = Option<unsafe extern "C" fn(*mut lws_dll2, *mut c_void) -> c_int>;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_dll2 {
    pub prev: *mut lws_dll2,
    pub next: *mut lws_dll2,
    pub owner: *mut lws_dll2_owner,
}

pub type lws_dll2_t = lws_dll2;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_dll2_owner {
    pub tail: *mut lws_dll2,
    pub head: *mut lws_dll2,
    pub count: u32,
}

pub type lws_dll2_owner_t = lws_dll2_owner;
