//! The operations of an event loop that a program brings along.

use core::ffi::{c_char, c_int, c_uint, c_void};

use super::base::{lws, lws_context, lws_sockfd_type};
use super::context::lws_context_creation_info;

/// An event loop. Only the members that a program's loop needs are set; the rest are NULL.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_event_loop_ops {
    /// The loop's name.
    pub name: *const c_char,
    /// The context is being created.
    pub init_context:
        Option<unsafe extern "C" fn(*mut lws_context, *const lws_context_creation_info) -> c_int>,
    /// The context begins to go; nonzero means the loop needs to run on.
    pub destroy_context1: Option<unsafe extern "C" fn(*mut lws_context) -> c_int>,
    /// The context goes for good.
    pub destroy_context2: Option<unsafe extern "C" fn(*mut lws_context) -> c_int>,
    /// A listening connection is to be watched.
    pub init_vhost_listen_wsi: Option<unsafe extern "C" fn(*mut lws) -> c_int>,
    /// The service thread begins; the pointer is its entry of `foreign_loops`.
    pub init_pt: Option<unsafe extern "C" fn(*mut lws_context, *mut c_void, c_int) -> c_int>,
    /// The connection is closing; nonzero defers the close of its socket.
    pub wsi_logical_close: Option<unsafe extern "C" fn(*mut lws) -> c_int>,
    /// May a client connection start now?
    pub check_client_connect_ok: Option<unsafe extern "C" fn(*mut lws) -> c_int>,
    /// The loop is to close the connection's socket itself.
    pub close_handle_manually: Option<unsafe extern "C" fn(*mut lws)>,
    /// A connection has got its socket: begin to watch it.
    pub sock_accept: Option<unsafe extern "C" fn(*mut lws) -> c_int>,
    /// Change what the connection is watched for (`LWS_EV_...`).
    pub io: Option<unsafe extern "C" fn(*mut lws, c_uint)>,
    /// Run the loop.
    pub run_pt: Option<unsafe extern "C" fn(*mut lws_context, c_int)>,
    /// The service thread ends.
    pub destroy_pt: Option<unsafe extern "C" fn(*mut lws_context, c_int)>,
    /// The connection goes.
    pub destroy_wsi: Option<unsafe extern "C" fn(*mut lws)>,
    /// Is the caller in another thread than the loop's?
    pub foreign_thread: Option<unsafe extern "C" fn(*mut lws_context, c_int) -> c_int>,
    /// Nonzero if the loop itself serves connections with buffered input.
    pub fake_POLLIN_override: Option<unsafe extern "C" fn(*mut lws_context, c_int) -> c_int>,
    /// As `sock_accept`, for one of several sockets racing to connect.
    pub sock_accept_parallel:
        Option<unsafe extern "C" fn(*mut lws, lws_sockfd_type, c_int) -> c_int>,
    /// As `io`, for one of several sockets.
    pub io_parallel: Option<unsafe extern "C" fn(*mut lws, c_int, c_uint)>,
    /// As `close_handle_manually`, for one of several sockets.
    pub close_handle_manually_parallel: Option<unsafe extern "C" fn(*mut lws, c_int)>,
    /// This one of several sockets has won.
    pub promote_parallel: Option<unsafe extern "C" fn(*mut lws, c_int) -> c_int>,
    /// Flags of the loop.
    pub flags: u8,
    /// Bytes that the loop needs in the context.
    pub evlib_size_ctx: u16,
    /// Bytes that the loop needs in the service thread.
    pub evlib_size_pt: u16,
    /// Bytes that the loop needs in a vhost.
    pub evlib_size_vh: u16,
    /// Bytes that the loop needs in a connection.
    pub evlib_size_wsi: u16,
}
