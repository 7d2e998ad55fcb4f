//! Streams of the type `_lws_smd`.

use std::ffi::{c_int, c_void};

use slotmap::{Key, KeyData};

use super::super::panic::guard;
use super::super::ptr::bytes;
use super::super::registry;
use super::super::services::Services;
use super::super::smd::SS_HEADER_LEN;
use super::super::types::lws_context;
use super::UserObject;
use crate::engine::StreamKey;
use crate::system::smd::{Class, Message, PAYLOAD_MAX, PeerId};
use crate::util::log;

/// Registers a stream with the context's messages.
pub(in crate::ffi) fn join(
    context: *mut lws_context,
    services: &Services,
    stream: StreamKey,
    filter: Class,
) -> PeerId {
    let (context, stream) = (context as usize, stream.data().as_ffi());
    let deliver = move |message: &Message| {
        let Some(cx) = registry::find_context(context as *const lws_context) else { return };
        let mut buf = [0_u8; SS_HEADER_LEN + PAYLOAD_MAX];
        let len = message.payload.len().min(PAYLOAD_MAX);
        let timestamp = u64::try_from(message.timestamp).unwrap_or(0);
        buf[..8].copy_from_slice(&u64::from(message.class).to_be_bytes());
        buf[8..SS_HEADER_LEN].copy_from_slice(&timestamp.to_be_bytes());
        buf[SS_HEADER_LEN..SS_HEADER_LEN + len].copy_from_slice(&message.payload[..len]);
        let key = StreamKey::from(KeyData::from_ffi(stream));
        cx.engine.bus_message(key, &buf[..SS_HEADER_LEN + len]);
    };
    services.smd.register(filter, std::sync::Arc::new(deliver))
}

/// Passes on what a stream of the type `_lws_smd` received, header and payload, to the listeners of
/// its context that want its class, but not back to the stream itself. Where the payload comes from
/// another process, this makes it known in this one. Returns 0, also if nobody wants the class; 1 if
/// the message is shorter than its header, too long, or the queue is full. Legal in callbacks.
///
/// # Safety
/// `ss_user` is the object of a stream that lives; `len` bytes are readable at `buf`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_smd_ss_rx_forward(
    ss_user: *mut c_void,
    buf: *const u8,
    len: usize,
) -> c_int {
    guard("lws_smd_ss_rx_forward", 1, || {
        if ss_user.is_null() {
            log::err!("lws_smd_ss_rx_forward: the stream's object is NULL");
            return 1;
        }
        // SAFETY: the caller promises a stream's object.
        let handle = unsafe { UserObject::handle_of(ss_user) };
        let Some((cx, key)) = registry::stream("lws_smd_ss_rx_forward", handle) else { return 1 };
        // SAFETY: as the caller promises.
        let message = unsafe { bytes(buf, len) };
        let Some((header, payload)) = message.split_at_checked(SS_HEADER_LEN) else {
            log::err!("lws_smd_ss_rx_forward: {len} bytes are no message");
            return 1;
        };
        let number = |at: &[u8]| at.iter().fold(0_u64, |n, b| n << 8 | u64::from(*b));
        // the upper half of the class has no bits
        let class = (number(&header[..8]) & u64::from(Class::MAX)) as Class;
        let timestamp = i64::try_from(number(&header[8..])).unwrap_or(i64::MAX);
        if !cx.services.smd.wants(class) {
            return 0;
        }
        let own = cx.engine.bus_peer(key);
        match cx.services.smd.send(class, timestamp, payload, own) {
            Ok(()) => 0,
            Err(e) => {
                log::warn!("lws_smd_ss_rx_forward: class {class:#x}: {e}");
                1
            }
        }
    })
}
