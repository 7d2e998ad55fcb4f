use core::ffi::{c_char, c_uint, c_void};

use super::callbacks::lws_callback_function;
use super::evlib::lws_event_loop_ops;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_protocols {
    pub name: *const c_char,
    pub callback: Option<lws_callback_function>,
    pub per_session_data_size: usize,
    pub rx_buffer_size: usize,
    pub id: c_uint,
    pub user: *mut c_void,
    pub tx_packet_size: usize,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_plugin_header {
    pub name: *const c_char,
    pub _class: *const c_char,
    pub lws_build_hash: *const c_char,
    pub api_magic: c_uint,
    pub priority: c_uint,
}

pub type lws_plugin_header_t = lws_plugin_header;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_plugin_evlib {
    pub hdr: lws_plugin_header,
    pub ops: *const lws_event_loop_ops,
}

pub type lws_plugin_evlib_t = lws_plugin_evlib;
