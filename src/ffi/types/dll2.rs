//! Doubly linked lists with an owner, kept inside the objects that they link.

use core::ffi::{c_int, c_void};

/// Called with a link and the caller's pointer; nonzero ends the walk.
pub type lws_dll2_foreach_cb_t =
    Option<unsafe extern "C" fn(d: *mut lws_dll2, user: *mut c_void) -> c_int>;

/// A link: lives inside the object that is on the list. Zero when on none.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_dll2 {
    /// The link before, or NULL.
    pub prev: *mut lws_dll2,
    /// The link after, or NULL.
    pub next: *mut lws_dll2,
    /// The list, or NULL when on none.
    pub owner: *mut lws_dll2_owner,
}

/// The C name of `lws_dll2`.
pub type lws_dll2_t = lws_dll2;

/// A list. Zero when empty.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_dll2_owner {
    /// The last link, or NULL.
    pub tail: *mut lws_dll2,
    /// The first link, or NULL.
    pub head: *mut lws_dll2,
    /// How many links there are.
    pub count: u32,
}

/// The C name of `lws_dll2_owner`.
pub type lws_dll2_owner_t = lws_dll2_owner;
