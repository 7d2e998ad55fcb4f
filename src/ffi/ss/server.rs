//! The parts of the stream API that belong to servers, which are not built yet.

use std::ffi::{c_int, c_void};

use super::super::types::{lws_ss_handle, lws_sssfec_cb};
use super::with_stream;
use crate::util::log;

/// Servers are not built into this library yet: logs that.
///
/// # Safety
/// None needed: nothing is followed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_server_ack(h: *mut lws_ss_handle, nack: c_int) {
    let _ = nack;
    with_stream("lws_ss_server_ack", h, (), |_, _| {
        log::err!("lws_ss_server_ack: servers are not built into this library");
    });
}

/// Servers are not built into this library yet: logs that, calls nothing.
///
/// # Safety
/// None needed: nothing is followed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_server_foreach_client(
    h: *mut lws_ss_handle,
    cb: lws_sssfec_cb,
    arg: *mut c_void,
) {
    let _ = (cb, arg);
    with_stream("lws_ss_server_foreach_client", h, (), |_, _| {
        log::err!("lws_ss_server_foreach_client: servers are not built into this library");
    });
}
