//! The parts of the stream API that belong to servers.

use std::ffi::{c_int, c_void};

use super::super::types::{lws_ss_handle, lws_sssfec_cb};
use super::with_stream;

/// Says how the request under way on an accepted stream is answered: with a `nack` of 0 by status
/// 200, else by the status `nack` (200 to 599; others are answered with 500). To be called before the answer
/// begins, in SERVER_TXN or any time after it; a request that is answered without this call gets
/// status 404. The answer begins with the first `tx` callback, which has to be asked for.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_server_ack(h: *mut lws_ss_handle, nack: c_int) {
    with_stream("lws_ss_server_ack", h, (), |cx, key| cx.engine.server_ack(key, nack));
}

/// Calls `cb` with each stream that has come in to the listening stream `h` and exists now, oldest
/// first, and with `arg`. `cb` may do to them whatever a callback may, destroying included: one
/// that is gone before its turn is left out.
///
/// # Safety
/// `h` came from this library; `cb` is NULL (nothing is done) or callable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_server_foreach_client(
    h: *mut lws_ss_handle,
    cb: lws_sssfec_cb,
    arg: *mut c_void,
) {
    let Some(cb) = cb else { return };
    with_stream("lws_ss_server_foreach_client", h, (), |cx, key| {
        for client in cx.engine.clients_of(key) {
            if !cx.engine.exists(client) {
                continue;
            }
            if let Some(handle) = cx.table.handle(cx.handle, client) {
                // SAFETY: the program's own callback; no borrow of ours is held.
                unsafe { cb(handle, arg) };
            }
        }
    });
}
