//! Buffers lined up for later.

use core::ffi::{c_int, c_uint, c_void};

use super::dll2::lws_dll2_owner;

/// A segment of a list whose head is a pointer to its first segment. Opaque.
#[repr(C)]
pub struct lws_buflist {
    _private: [u8; 0],
}

/// A segment of a list that has an owner. Opaque.
#[repr(C)]
pub struct lws_buflist2 {
    _private: [u8; 0],
}

/// The most bytes that a list may hold, if nothing else is said.
pub const LWS_BUFLIST_OOM_LIMIT: c_int = 2 * 1024 * 1024;

/// A list of segments. Zero when empty.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_buflist2_owner {
    /// The segments.
    pub owner: lws_dll2_owner,
    /// How many bytes they have, used or not.
    pub total_len: usize,
    /// The most that `total_len` may become; 0 is `LWS_BUFLIST_OOM_LIMIT`.
    pub limit: usize,
}

/// For a message that is complete; libwebsockets 5.0.0 never calls it, nor does this library.
pub type lws_wsmsg_transfer_cb = Option<unsafe extern "C" fn(info: *mut lws_wsmsg_info)>;

/// A piece of a message from one of several sources, for `lws_wsmsg_append`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_wsmsg_info {
    /// The list that gets complete messages.
    pub head_upstream: *mut *mut lws_buflist,
    /// A list for each source, for messages that are not complete.
    pub private_heads: *mut *mut lws_buflist,
    /// The source that this piece comes from, as an index into `private_heads`.
    pub private_source_idx: c_int,
    /// Not called, see there.
    pub optional_cb: lws_wsmsg_transfer_cb,
    /// The program's.
    pub opaque: *mut c_void,
    /// The piece.
    pub buf: *const u8,
    /// Its length in bytes.
    pub len: usize,
    /// `LWSSS_FLAG_SOM` if it begins a message, `LWSSS_FLAG_EOM` if it ends one.
    pub ss_flags: c_uint,
}

/// The C name of `lws_wsmsg_info`.
pub type lws_wsmsg_info_t = lws_wsmsg_info;
