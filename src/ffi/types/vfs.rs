use core::ffi::{c_char, c_int, c_void};

use super::base::{lws_context, lws_filefd_type, lws_fileofs_t, lws_filepos_t, lws_fop_flags_t};

pub type lws_fop_fd_t = *mut lws_fop_fd;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_fop_fd {
    pub fd: lws_filefd_type,
    pub fops: *const lws_plat_file_ops,
    pub filesystem_priv: *mut c_void,
    pub pos: lws_filepos_t,
    pub len: lws_filepos_t,
    pub flags: lws_fop_flags_t,
    pub mod_time: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_fops_index {
    pub sig: *const c_char,
    pub len: u8,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_plat_file_ops {
    pub open: Option<
        unsafe extern "C" fn(
            *const lws_plat_file_ops,
            *const lws_plat_file_ops,
            *const c_char,
            *const c_char,
            *mut lws_fop_flags_t,
        ) -> lws_fop_fd_t,
    >,
    pub close: Option<unsafe extern "C" fn(*mut lws_fop_fd_t) -> c_int>,
    pub seek_cur: Option<unsafe extern "C" fn(lws_fop_fd_t, lws_fileofs_t) -> lws_fileofs_t>,
    pub read: Option<
        unsafe extern "C" fn(lws_fop_fd_t, *mut lws_filepos_t, *mut u8, lws_filepos_t) -> c_int,
    >,
    pub write: Option<
        unsafe extern "C" fn(lws_fop_fd_t, *mut lws_filepos_t, *mut u8, lws_filepos_t) -> c_int,
    >,
    pub fi: [lws_fops_index; 3],
    pub next: *const lws_plat_file_ops,
    pub cx: *mut lws_context,
}
