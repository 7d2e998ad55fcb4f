//! Streams (`lws_ss_*`): their life here; metadata, what they tell about themselves, descriptors
//! taken over, sinks, system messages and the server's part in files of their own.

mod adopt;
pub(super) mod bus;
mod handler;
mod info;
mod metadata;
mod server;
mod sink;

pub(super) use adopt::{ignore_sigpipe, unblock};
pub(super) use handler::CHandler;
use handler::{UserObject, object_size};

use std::any::Any;
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_uint, c_ulong, c_void};
use std::ptr::{null, null_mut};
use std::rc::Rc;

use super::context::{CContext, text};
use super::panic::guard;
use super::registry;
use super::types::{
    LWSSSINFLAGS_REGISTER_SINK, lws_context, lws_ss_handle, lws_ss_info, lws_ss_state_return_t,
    lws_sscb_rx, lws_sscb_state, lws_sscb_tx,
};
use crate::engine::{CreateError, NewStream, StreamKey};
use crate::policy::{SMD_STREAM_TYPE, StreamType};
use crate::stream::Ret;
use crate::util::log;

/// Does `f` with the program's side of a stream.
fn with_handler<R>(cx: &CContext, key: StreamKey, f: impl FnOnce(&CHandler) -> R) -> Option<R> {
    let handler = cx.engine.handler(key)?;
    let any: &dyn Any = &*handler;
    any.downcast_ref::<CHandler>().map(f)
}

/// Makes a stream of the type that `ssi->streamtype` names in the policy; or, with
/// `LWSSSINFLAGS_REGISTER_SINK` in `ssi->flags`, registers the sink that streams of this type are
/// joined to, if the policy says `local_sink`.
///
/// A sink has no handle (`*ppss` is NULL) and stays as long as the context. Its `state` gets
/// SINK_JOIN and SINK_PART with the source's handle as `h_src` and the number of other sources as
/// `ack`, and an object of its own; what it answers to SINK_JOIN other than OK turns the source
/// away. For each source a stream is made with the sink's `ssi`, whose `opaque_user_data` is the
/// source's handle: what one of the two sends the other one receives. Either one that is destroyed
/// takes the other along.
///
/// The program's object (`ssi->user_alloc` bytes, zeroed) gets the handle and
/// `opaque_user_data` at the offsets in `ssi`. CREATING is said before this returns, and a stream
/// that is nailed up is connected. `*ppss` gets the handle, before CREATING; `*ppayload_fmt` the
/// policy's `payload_fmt` or NULL, good as long as the context. `tsi` and
/// `reserved_for_proxy` are ignored; `ppss` and `ppayload_fmt` may be NULL.
///
/// Returns 0, or 1 if there is no stream (and `*ppss` NULL): unknown type, a part that is not
/// built in, or DESTROY_ME in CREATING or CONNECTING. Legal in every callback.
///
/// # Safety
/// `context` came from this library; `ssi` is good, and its callbacks stay callable as long as
/// the stream lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_create(
    context: *mut lws_context,
    tsi: c_int,
    ssi: *const lws_ss_info,
    opaque_user_data: *mut c_void,
    ppss: *mut *mut lws_ss_handle,
    reserved_for_proxy: *mut c_void,
    ppayload_fmt: *mut *const c_char,
) -> c_int {
    let _ = (tsi, reserved_for_proxy);
    guard("lws_ss_create", 1, || {
        // SAFETY: the caller promises good pointers where they are not NULL.
        unsafe {
            if !ppss.is_null() {
                *ppss = null_mut();
            }
            let Some(cx) = registry::context("lws_ss_create", context) else { return 1 };
            let _frame = cx.enter();
            if ssi.is_null() {
                log::err!("lws_ss_create: ssi is NULL");
                return 1;
            }
            let made = create(&cx, &*ssi, opaque_user_data, ppss, ppayload_fmt);
            if made.is_err() && !ppss.is_null() {
                *ppss = null_mut();
            }
            made.is_err().into()
        }
    })
}

/// Makes a stream, or registers a sink.
///
/// # Safety
/// As for [`lws_ss_create`].
unsafe fn create(
    cx: &Rc<CContext>,
    ssi: &lws_ss_info,
    opaque: *mut c_void,
    ppss: *mut *mut lws_ss_handle,
    ppayload_fmt: *mut *const c_char,
) -> Result<(), ()> {
    // SAFETY: as the caller promises.
    unsafe {
        if u32::from(ssi.flags) & LWSSSINFLAGS_REGISTER_SINK as u32 != 0 {
            return sink::register(cx, &*kind_of(cx, ssi)?, ssi, opaque);
        }
        create_with(cx, ssi, opaque, ppss, ppayload_fmt, |_| {})
    }
}

/// The stream type that is wanted.
///
/// # Safety
/// `ssi->streamtype` is NULL or NUL-terminated.
unsafe fn kind_of(cx: &CContext, ssi: &lws_ss_info) -> Result<Rc<StreamType>, ()> {
    // SAFETY: the caller promises a good string.
    let name = unsafe { text(ssi.streamtype) };
    cx.engine.policy().stream_type(&name).map(Rc::clone).ok_or_else(|| {
        log::err!("lws_ss_create: the policy has no stream type '{name}'");
    })
}

/// Bytes that the peer may send at first; for system messages, the classes that are wanted.
fn initial_credit(kind: &StreamType, ssi: &lws_ss_info) -> Option<u32> {
    let credit = ssi.manual_initial_tx_credit;
    if kind.name == SMD_STREAM_TYPE {
        return Some(credit.cast_unsigned());
    }
    u32::try_from(credit).ok().filter(|c| *c > 0)
}

/// Makes a stream; `before_start` gets it before the program is told anything.
///
/// # Safety
/// As for [`lws_ss_create`].
unsafe fn create_with(
    cx: &Rc<CContext>,
    ssi: &lws_ss_info,
    opaque: *mut c_void,
    ppss: *mut *mut lws_ss_handle,
    ppayload_fmt: *mut *const c_char,
    before_start: impl FnOnce(StreamKey),
) -> Result<(), ()> {
    // SAFETY: as the caller promises.
    let kind = unsafe { kind_of(cx, ssi)? };
    let name = &kind.name;
    let Some(handler) = CHandler::new(ssi) else {
        log::err!("lws_ss_create: {name}: no memory for an object of {} bytes", object_size(ssi));
        return Err(());
    };
    let handler = Rc::new(handler.serving(cx, opaque));
    let peer_credit = initial_credit(&kind, ssi);
    let new = NewStream { kind: Rc::clone(&kind), handler: handler.clone(), peer_credit };
    let key = cx.engine.make(new).map_err(|e| log::err!("lws_ss_create: {name}: {e}"))?;
    let Some(handle) = cx.table.handle(cx.handle, key) else {
        log::err!("lws_ss_create: {name}: too many streams");
        cx.engine.discard(key);
        return Err(());
    };
    handler.introduce(handle, opaque);
    // SAFETY: the out-pointers are good or NULL.
    unsafe {
        if !ppss.is_null() {
            *ppss = handle;
        }
        if !ppayload_fmt.is_null() {
            *ppayload_fmt = kind.payload_fmt.as_ref().map_or(null(), |f| cx.intern(f));
        }
    }
    drop(handler);
    before_start(key);
    cx.engine.start(key).map_err(|e| match e {
        // the program's own wish
        CreateError::Refused => log::info!("lws_ss_create: {name}: {e}"),
        CreateError::NotBuilt(_)
        | CreateError::NotBound(_)
        | CreateError::Listen(_)
        | CreateError::Ending => log::err!("lws_ss_create: {name}: {e}"),
    })
}

/// Destroys a stream and sets `*ppss` to NULL: DISCONNECTED (if connected) and DESTROYING are
/// said, and the program's object is freed, before this returns. In a callback of the same stream
/// that happens when the outermost of its callbacks returns. NULL, and a handle that is gone
/// already, do no harm.
///
/// # Safety
/// `ppss` is NULL or points to a handle of this library or to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_destroy(ppss: *mut *mut lws_ss_handle) {
    guard("lws_ss_destroy", (), || {
        // SAFETY: the caller promises a good pointer.
        let handle = unsafe {
            if ppss.is_null() || (*ppss).is_null() {
                return;
            }
            std::mem::replace(&mut *ppss, null_mut())
        };
        let Some((cx, key)) = registry::stream("lws_ss_destroy", handle) else { return };
        let _frame = cx.enter();
        cx.engine.destroy(key);
    });
}

/// Does `f` with the stream behind a handle, for the exported function `name`; `refused` if there
/// is none.
fn with_stream<R: Copy>(
    name: &str,
    handle: *const lws_ss_handle,
    refused: R,
    f: impl FnOnce(&Rc<CContext>, StreamKey) -> R,
) -> R {
    let find = || registry::stream(name, handle);
    in_frame(name, refused, find, || registry::peek_stream(handle), f)
}

/// Does `f` with the stream that `find` finds, in a frame of its context, for the exported function
/// `name`; `refused` if there is none. A panic may leave the stream half changed: what `again`
/// finds is destroyed then, and the program lives.
pub(super) fn in_frame<R: Copy>(
    name: &str,
    refused: R,
    find: impl FnOnce() -> Option<(Rc<CContext>, StreamKey)>,
    again: impl FnOnce() -> Option<(Rc<CContext>, StreamKey)>,
    f: impl FnOnce(&Rc<CContext>, StreamKey) -> R,
) -> R {
    let unfinished = Cell::new(false);
    let result = guard(name, refused, || {
        let Some((cx, key)) = find() else { return refused };
        unfinished.set(true);
        let frame = cx.enter();
        let result = f(&cx, key);
        unfinished.set(false);
        drop(frame);
        result
    });
    if unfinished.get() {
        guard("stream after a panic", (), || {
            if let Some((cx, key)) = again() {
                let _frame = cx.enter();
                cx.engine.destroy(key);
            }
        });
    }
    result
}

/// What is returned where a handle is refused: no connection came of the call, and nothing
/// else is to be done.
fn refused() -> lws_ss_state_return_t {
    Ret::TxDontSend.code() as lws_ss_state_return_t
}

/// Asks for a turn to send: `tx` will be called when the stream can. A stream without a
/// connection connects first (POLL and CONNECTING are said before this returns). Requests that
/// come before the turn make one turn. During a backoff it does nothing.
///
/// Returns what a callback that calls it is to return: OK, or DESTROY_ME if that was answered to a
/// state on the way (then the caller destroys the stream) or the stream hears DESTROYING, or what else
/// POLL was answered with, which ends the attempt.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_request_tx(h: *mut lws_ss_handle) -> lws_ss_state_return_t {
    with_stream("lws_ss_request_tx", h, refused(), |cx, key| {
        cx.engine.request_tx(key).code() as lws_ss_state_return_t
    })
}

/// As [`lws_ss_request_tx`], and announces that the message will have `len` bytes: the
/// `content-length` of an h1 request, which has no body otherwise.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_request_tx_len(
    h: *mut lws_ss_handle,
    len: c_ulong,
) -> lws_ss_state_return_t {
    with_stream("lws_ss_request_tx_len", h, refused(), |cx, key| {
        // as wide as the platform's long
        #[allow(clippy::useless_conversion)]
        let len = u64::from(len);
        cx.engine.request_tx_len(key, len).code() as lws_ss_state_return_t
    })
}

/// Connects the stream, with a whole new budget of retries; during a backoff, at once. No effect
/// while connecting or connected.
///
/// Returns as [`lws_ss_request_tx`], or what CONNECTING was answered with, which ends the attempt, or
/// TX_DONT_SEND if the attempt failed before the call returned (the retry policy goes on).
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_client_connect(h: *mut lws_ss_handle) -> lws_ss_state_return_t {
    with_stream("lws_ss_client_connect", h, refused(), |cx, key| {
        cx.engine.client_connect(key).code() as lws_ss_state_return_t
    })
}

/// Starts the stream's timeout anew: TIMEOUT is said after `timeout_ms` milliseconds, or with
/// `LWSSS_TIMEOUT_FROM_POLICY` (0) after the policy's `timeout_ms`; if it has none, nothing changes. The
/// end of a transaction, an acknowledged message, or the end of the link stops it; not that of an
/// http stream's that is connected again.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_start_timeout(h: *mut lws_ss_handle, timeout_ms: c_uint) {
    with_stream("lws_ss_start_timeout", h, (), |cx, key| {
        cx.engine.start_timeout(key, timeout_ms);
    });
}

/// Stops the stream's timeout.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_cancel_timeout(h: *mut lws_ss_handle) {
    with_stream("lws_ss_cancel_timeout", h, (), |cx, key| cx.engine.cancel_timeout(key));
}

/// Exchanges the callbacks `rx`, `tx` and `state`; those given as NULL stay. From the next call
/// on.
///
/// # Safety
/// `h` came from this library; the callbacks stay callable as long as the stream lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_change_handlers(
    h: *mut lws_ss_handle,
    rx: lws_sscb_rx,
    tx: lws_sscb_tx,
    state: lws_sscb_state,
) {
    with_stream("lws_ss_change_handlers", h, (), |cx, key| {
        with_handler(cx, key, |handler| handler.change(rx, tx, state));
    });
}

/// How many bytes the peer may still send, on protocols that have such a credit (h2): as far as
/// is known, some may be on their way. 0 elsewhere.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_get_est_peer_tx_credit(h: *mut lws_ss_handle) -> c_int {
    with_stream("lws_ss_get_est_peer_tx_credit", h, 0, |cx, key| cx.engine.peer_credit(key))
}

/// Gives the peer credit to send `add` more bytes, on protocols that have such a credit (h2), to
/// a stream made with `manual_initial_tx_credit`. No effect elsewhere. Returns 0.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_add_peer_tx_credit(h: *mut lws_ss_handle, add: i32) -> c_int {
    with_stream("lws_ss_add_peer_tx_credit", h, 1, |cx, key| {
        cx.engine.add_peer_credit(key, add);
        0
    })
}

/// The program knows by its own means that the peer lives: the policy's `svalidping` and
/// `svalidhup` count from now.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_validity_confirmed(h: *mut lws_ss_handle) {
    with_stream("lws_ss_validity_confirmed", h, (), |cx, key| {
        cx.engine.validity_confirmed(key);
    });
}
