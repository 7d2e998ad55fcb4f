//! What streams tell about themselves.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::ptr::{null, null_mut};

use super::super::panic::guard;
use super::super::registry;
use super::super::types::{lws_context, lws_ss_constate_t, lws_ss_handle, lws_vhost};
use super::super::vhost;
use super::{with_handler, with_stream};
use crate::stream::State;
use crate::stream::state::USER_BASE;
use crate::util::log;

/// The name of a state; `"user state"` for those of the policy, `"(unset)"` for 0.
#[unsafe(no_mangle)]
pub extern "C" fn lws_ss_state_name(state: lws_ss_constate_t) -> *const c_char {
    let code = state as u32;
    if code >= USER_BASE {
        return c"user state".as_ptr();
    }
    if code == 0 {
        return c"(unset)".as_ptr();
    }
    STATE_NAMES.iter().find(|(s, _)| s.code() == code).map_or(c"unknown".as_ptr(), |n| n.1.as_ptr())
}

/// The names with their NUL.
const STATE_NAMES: [(State, &CStr); 20] = [
    (State::Creating, c"LWSSSCS_CREATING"),
    (State::Disconnected, c"LWSSSCS_DISCONNECTED"),
    (State::Unreachable, c"LWSSSCS_UNREACHABLE"),
    (State::AuthFailed, c"LWSSSCS_AUTH_FAILED"),
    (State::Connected, c"LWSSSCS_CONNECTED"),
    (State::Connecting, c"LWSSSCS_CONNECTING"),
    (State::Destroying, c"LWSSSCS_DESTROYING"),
    (State::Poll, c"LWSSSCS_POLL"),
    (State::AllRetriesFailed, c"LWSSSCS_ALL_RETRIES_FAILED"),
    (State::QosAckRemote, c"LWSSSCS_QOS_ACK_REMOTE"),
    (State::QosNackRemote, c"LWSSSCS_QOS_NACK_REMOTE"),
    (State::QosAckLocal, c"LWSSSCS_QOS_ACK_LOCAL"),
    (State::QosNackLocal, c"LWSSSCS_QOS_NACK_LOCAL"),
    (State::Timeout, c"LWSSSCS_TIMEOUT"),
    (State::ServerTxn, c"LWSSSCS_SERVER_TXN"),
    (State::ServerUpgrade, c"LWSSSCS_SERVER_UPGRADE"),
    (State::EventWaitCancelled, c"LWSSSCS_EVENT_WAIT_CANCELLED"),
    (State::UpstreamLinkRetry, c"LWSSSCS_UPSTREAM_LINK_RETRY"),
    (State::SinkJoin, c"LWSSSCS_SINK_JOIN"),
    (State::SinkPart, c"LWSSSCS_SINK_PART"),
];

/// The stream's context, or NULL.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_get_context(h: *mut lws_ss_handle) -> *mut lws_context {
    with_stream("lws_ss_get_context", h, null_mut(), |cx, _| cx.handle)
}

/// The vhost of the stream's connection, good as long as the context; NULL without a connection.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_get_vhost(h: *mut lws_ss_handle) -> *mut lws_vhost {
    with_stream("lws_ss_get_vhost", h, null_mut(), |cx, key| {
        let Some(kind) = cx.engine.kind(key).filter(|_| cx.engine.has_link(key)) else {
            return null_mut();
        };
        let name = kind.trust_store.as_ref().map_or(vhost::DEFAULT, |t| &t.name);
        cx.vhosts.get(name)
    })
}

/// The program's object of the stream.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_to_user_object(h: *mut lws_ss_handle) -> *mut c_void {
    with_stream("lws_ss_to_user_object", h, null_mut(), |cx, key| {
        with_handler(cx, key, super::CHandler::object).unwrap_or(null_mut())
    })
}

/// The stream type that the payload of the current `tx` is for: the stream's own, or in a
/// multipart body one that the policy's `rideshare` takes along. Good as long as the context.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_rideshare(h: *mut lws_ss_handle) -> *const c_char {
    with_stream("lws_ss_rideshare", h, null(), |cx, key| {
        cx.engine.rideshare(key).map_or(null(), |kind| cx.intern(&kind.name))
    })
}

/// The stream's tag, as in log lines, cut to 95 bytes. The memory stays the stream's and stands
/// still as long as it lives, so that a program may keep the pointer; what it says follows the
/// stream, at the next call.
///
/// # Safety
/// `h` came from this library or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_tag(h: *mut lws_ss_handle) -> *const c_char {
    if h.is_null() {
        return c"[null ss]".as_ptr();
    }
    with_stream("lws_ss_tag", h, c"[no stream]".as_ptr(), |cx, key| {
        let tag = cx.engine.tag(key);
        let kept = tag.and_then(|tag| with_handler(cx, key, |handler| handler.tag.put(&tag)));
        kept.unwrap_or(c"[no stream]".as_ptr())
    })
}

/// Logs the streams that exist, at notice level. `tsi` is ignored.
///
/// # Safety
/// `cx` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_dump_extant(cx: *mut lws_context, tsi: c_int) {
    let _ = tsi;
    guard("lws_ss_dump_extant", (), || {
        let Some(cx) = registry::context("lws_ss_dump_extant", cx) else { return };
        let _frame = cx.enter();
        for key in cx.engine.streams() {
            if let Some(tag) = cx.engine.tag(key) {
                log::notice!("extant: {tag}");
            }
        }
    });
}
