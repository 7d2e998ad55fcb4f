//! File operations.

use core::ffi::{c_char, c_int, c_void};

use super::base::{lws_context, lws_filefd_type, lws_fileofs_t, lws_filepos_t, lws_fop_flags_t};

/// An open file.
pub type lws_fop_fd_t = *mut lws_fop_fd;

/// An open file.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_fop_fd {
    /// The descriptor, if there is one.
    pub fd: lws_filefd_type,
    /// The operations.
    pub fops: *const lws_plat_file_ops,
    /// Their own pointer.
    pub filesystem_priv: *mut c_void,
    /// Position.
    pub pos: lws_filepos_t,
    /// Length.
    pub len: lws_filepos_t,
    /// `LWS_FOP_FLAG_...`.
    pub flags: lws_fop_flags_t,
    /// Time of the last change, in seconds since 1970.
    pub mod_time: u32,
}

/// Marks paths that these operations serve.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_fops_index {
    /// What such a path contains.
    pub sig: *const c_char,
    /// Its length.
    pub len: u8,
}

/// File operations: the platform's, or a program's.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_plat_file_ops {
    /// Open: first the whole chain, then these operations, path, the path inside, flags.
    pub open: Option<
        unsafe extern "C" fn(
            *const lws_plat_file_ops,
            *const lws_plat_file_ops,
            *const c_char,
            *const c_char,
            *mut lws_fop_flags_t,
        ) -> lws_fop_fd_t,
    >,
    /// Close and free; sets the pointer to NULL.
    pub close: Option<unsafe extern "C" fn(*mut lws_fop_fd_t) -> c_int>,
    /// Move by so much; returns the position.
    pub seek_cur: Option<unsafe extern "C" fn(lws_fop_fd_t, lws_fileofs_t) -> lws_fileofs_t>,
    /// Read: done, buffer, room.
    pub read: Option<
        unsafe extern "C" fn(lws_fop_fd_t, *mut lws_filepos_t, *mut u8, lws_filepos_t) -> c_int,
    >,
    /// Write: done, buffer, length.
    pub write: Option<
        unsafe extern "C" fn(lws_fop_fd_t, *mut lws_filepos_t, *mut u8, lws_filepos_t) -> c_int,
    >,
    /// Paths that these operations serve.
    pub fi: [lws_fops_index; 3],
    /// The next operations, or NULL.
    pub next: *const lws_plat_file_ops,
    /// The context.
    pub cx: *mut lws_context,
}
