use core::ffi::{c_char, c_int, c_uint, c_void};

use super::base::{lws, lws_context, lws_sockfd_type};
use super::context::lws_context_creation_info;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_event_loop_ops {
    pub name: *const c_char,
    pub init_context:
        Option<unsafe extern "C" fn(*mut lws_context, *const lws_context_creation_info) -> c_int>,
    pub destroy_context1: Option<unsafe extern "C" fn(*mut lws_context) -> c_int>,
    pub destroy_context2: Option<unsafe extern "C" fn(*mut lws_context) -> c_int>,
    pub init_vhost_listen_wsi: Option<unsafe extern "C" fn(*mut lws) -> c_int>,
    pub init_pt: Option<unsafe extern "C" fn(*mut lws_context, *mut c_void, c_int) -> c_int>,
    pub wsi_logical_close: Option<unsafe extern "C" fn(*mut lws) -> c_int>,
    pub check_client_connect_ok: Option<unsafe extern "C" fn(*mut lws) -> c_int>,
    pub close_handle_manually: Option<unsafe extern "C" fn(*mut lws)>,
    pub sock_accept: Option<unsafe extern "C" fn(*mut lws) -> c_int>,
    pub io: Option<unsafe extern "C" fn(*mut lws, c_uint)>,
    pub run_pt: Option<unsafe extern "C" fn(*mut lws_context, c_int)>,
    pub destroy_pt: Option<unsafe extern "C" fn(*mut lws_context, c_int)>,
    pub destroy_wsi: Option<unsafe extern "C" fn(*mut lws)>,
    pub foreign_thread: Option<unsafe extern "C" fn(*mut lws_context, c_int) -> c_int>,
    pub fake_POLLIN_override: Option<unsafe extern "C" fn(*mut lws_context, c_int) -> c_int>,
    pub sock_accept_parallel:
        Option<unsafe extern "C" fn(*mut lws, lws_sockfd_type, c_int) -> c_int>,
    pub io_parallel: Option<unsafe extern "C" fn(*mut lws, c_int, c_uint)>,
    pub close_handle_manually_parallel: Option<unsafe extern "C" fn(*mut lws, c_int)>,
    pub promote_parallel: Option<unsafe extern "C" fn(*mut lws, c_int) -> c_int>,
    pub flags: u8,
    pub evlib_size_ctx: u16,
    pub evlib_size_pt: u16,
    pub evlib_size_vh: u16,
    pub evlib_size_wsi: u16,
}
