//! Protocols of the low-level API, and the header of plugins.

use core::ffi::{c_char, c_int, c_uint, c_void};

use super::callbacks::lws_callback_function;
use super::evlib::lws_event_loop_ops;

/// A protocol of a vhost: a name and the callback that serves it.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_protocols {
    /// Its name; NULL ends the table.
    pub name: *const c_char,
    /// Its callback.
    pub callback: Option<lws_callback_function>, // Rust only
    //C /// Its callback.
    //C pub callback: *mut lws_callback_function,
    /// Bytes kept for each connection.
    pub per_session_data_size: usize,
    /// Most bytes given to the callback at a time; 0 is the default.
    pub rx_buffer_size: usize,
    /// The program's own number.
    pub id: c_uint,
    /// The program's own pointer.
    pub user: *mut c_void,
    /// Most bytes sent at a time; 0 takes `rx_buffer_size`.
    pub tx_packet_size: usize,
}

/// What every plugin begins with.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_plugin_header {
    /// Its name.
    pub name: *const c_char,
    /// Its class.
    pub _class: *const c_char,
    /// The build that it was made for.
    pub lws_build_hash: *const c_char,
    /// The API that it was made for.
    pub api_magic: c_uint,
    /// Higher ones are taken first.
    pub priority: c_uint,
}

/// The C name of `lws_plugin_header`.
pub type lws_plugin_header_t = lws_plugin_header;

/// A plugin that is an event loop.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_plugin_evlib {
    /// The header.
    pub hdr: lws_plugin_header,
    /// The loop.
    pub ops: *const lws_event_loop_ops,
}

/// The C name of `lws_plugin_evlib`.
pub type lws_plugin_evlib_t = lws_plugin_evlib;

/// What plugins have as `api_magic`.
pub const LWS_PLUGIN_API_MAGIC: c_int = 192;
