//! System messages that come by way of the proxy.

use std::ffi::{c_int, c_void};

use super::super::panic::guard;
use super::super::ptr::bytes;
use super::super::registry;
use super::super::smd::SS_HEADER_LEN;
use super::{with_client, with_handler};
use crate::util::log;

/// Passes on what a proxied stream of the type `_lws_smd` received to the listeners of its
/// context, with the time at which it was sent first. To be called in the stream's `rx`, with the
/// stream's object and the payload. Returns 0, also if nobody listens to its class; 1 if it is no
/// message, there is no such stream, or the queue is full.
///
/// # Safety
/// `len` bytes are readable at `buf`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_smd_sspc_rx_forward(
    ss_user: *mut c_void,
    buf: *const u8,
    len: usize,
) -> c_int {
    guard("lws_smd_sspc_rx_forward", 1, || {
        // SAFETY: as the caller promises.
        let message = unsafe { bytes(buf, len) };
        let head = message.first_chunk::<8>().zip(message.get(8..).and_then(|m| m.first_chunk()));
        let (Some((class, time)), Some(payload)) = (head, message.get(SS_HEADER_LEN..)) else {
            log::err!("lws_smd_sspc_rx_forward: {len} bytes are no message");
            return 1;
        };
        let Ok(class) = u32::try_from(u64::from_be_bytes(*class)) else {
            log::err!("lws_smd_sspc_rx_forward: there is no such class");
            return 1;
        };
        let Some(cx) = context_of(ss_user) else {
            log::err!("lws_smd_sspc_rx_forward: {ss_user:p} is no proxied stream's object");
            return 1;
        };
        if !cx.services.smd.wants(class) {
            return 0;
        }
        let time = i64::from_be_bytes(*time);
        match cx.services.smd.send(class, time, payload, None) {
            Ok(()) => 0,
            Err(e) => {
                log::warn!("lws_smd_sspc_rx_forward: class {class:#x}: {e}");
                1
            }
        }
    })
}

/// The context whose proxied stream has this object.
fn context_of(object: *mut c_void) -> Option<std::rc::Rc<super::CContext>> {
    registry::contexts().into_iter().find(|cx| {
        cx.engine.streams().into_iter().any(|key| {
            with_client(cx, key, |client| with_handler(client, super::CHandler::object))
                .flatten()
                .is_some_and(|o| o == object)
        })
    })
}
