//! Streams (`lws_ss_*`).

use std::any::Any;
use std::cell::{Cell, RefCell};
use std::ffi::{CString, c_char, c_int, c_uint, c_ulong, c_void};
use std::ptr::{null, null_mut};
use std::rc::Rc;

use super::context::{CContext, text};
use super::panic::guard;
use super::ptr::{bytes, c_bytes};
use super::registry;
use super::types::{
    lws_context, lws_sock_file_fd_type, lws_ss_constate_t, lws_ss_handle, lws_ss_info,
    lws_ss_state_return_t, lws_sscb_rx, lws_sscb_state, lws_sscb_tx, lws_sssfec_cb, lws_vhost,
};
use crate::engine::{Handler, NewStream, StreamKey, TxAnswer};
use crate::stream::metadata::Value;
use crate::stream::state::USER_BASE;
use crate::stream::{Flags, Ret, State};
use crate::util::log;

/// The program's side of a stream: its object and its callbacks.
struct CHandler {
    user: UserObject,
    rx: Cell<lws_sscb_rx>,
    tx: Cell<lws_sscb_tx>,
    state: Cell<lws_sscb_state>,
    /// The tag as a C string, for `lws_ss_tag`.
    tag: RefCell<CString>,
}

/// The program's object, zeroed when made and freed with the stream.
struct UserObject(*mut c_void);

impl UserObject {
    fn new(size: usize) -> Option<Self> {
        // SAFETY: no pointers are involved.
        let memory = unsafe { libc::calloc(1, size.max(1)) };
        (!memory.is_null()).then_some(Self(memory))
    }
}

impl Drop for UserObject {
    fn drop(&mut self) {
        // SAFETY: the memory came from calloc and is freed once.
        unsafe { libc::free(self.0) };
    }
}

impl Handler for CHandler {
    fn state(&self, code: u32, ordinal: u32) -> Ret {
        let Some(callback) = self.state.get() else { return Ret::Ok };
        // SAFETY: the program's own callback with its own object, which lives as long as this
        // handler; no borrow of ours is held (see `engine`).
        let answer =
            unsafe { callback(self.user.0, null_mut(), code as lws_ss_constate_t, ordinal) };
        Ret::from_code(answer as c_int)
    }

    fn rx(&self, data: &[u8], flags: Flags) -> Ret {
        let Some(callback) = self.rx.get() else { return Ret::Ok };
        // SAFETY: as above; the data outlives the call.
        let answer = unsafe { callback(self.user.0, data.as_ptr(), data.len(), flags.bits()) };
        Ret::from_code(answer as c_int)
    }

    fn tx(&self, ordinal: u32, window: &mut [u8]) -> Option<TxAnswer> {
        let callback = self.tx.get()?;
        let mut len = window.len();
        let mut flags: c_int = 0;
        // SAFETY: as above; the window is the program's alone during the call.
        let answer = unsafe {
            callback(self.user.0, ordinal, window.as_mut_ptr(), &raw mut len, &raw mut flags)
        };
        let flags = Flags::from_bits_truncate(flags);
        Some(TxAnswer { ret: Ret::from_code(answer as c_int), len, flags })
    }
}

/// Does `f` with the program's side of a stream.
fn with_handler<R>(cx: &CContext, key: StreamKey, f: impl FnOnce(&CHandler) -> R) -> Option<R> {
    let handler = cx.engine.handler(key)?;
    let any: &dyn Any = &*handler;
    any.downcast_ref::<CHandler>().map(f)
}

/// A value in the program's own memory, bound until it is used.
struct Bound {
    ptr: *const u8,
    len: usize,
}

impl AsRef<[u8]> for Bound {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: `lws_ss_set_metadata` was promised that the memory stays as long as it is set.
        unsafe { bytes(self.ptr, self.len) }
    }
}

/// Makes a stream of the type that `ssi->streamtype` names in the policy.
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

/// # Safety
/// As for [`lws_ss_create`].
unsafe fn create(
    cx: &Rc<CContext>,
    ssi: &lws_ss_info,
    opaque: *mut c_void,
    ppss: *mut *mut lws_ss_handle,
    ppayload_fmt: *mut *const c_char,
) -> Result<(), ()> {
    // SAFETY: the caller promises a good string.
    let name = unsafe { text(ssi.streamtype) };
    let policy = cx.engine.policy();
    let Some(kind) = policy.stream_type(&name) else {
        log::err!("lws_ss_create: the policy has no stream type '{name}'");
        return Err(());
    };
    let pointer = size_of::<*mut c_void>();
    let needed = ssi.user_alloc.max(ssi.handle_offset.saturating_add(pointer));
    let needed = needed.max(ssi.opaque_user_data_offset.saturating_add(pointer));
    let Some(user) = UserObject::new(needed) else {
        log::err!("lws_ss_create: {name}: no memory for an object of {needed} bytes");
        return Err(());
    };
    let object = user.0;
    let handler = Rc::new(CHandler {
        user,
        rx: Cell::new(ssi.rx),
        tx: Cell::new(ssi.tx),
        state: Cell::new(ssi.state),
        tag: RefCell::default(),
    });
    let new = NewStream { kind: Rc::clone(kind), handler };
    let key = cx.engine.make(new).map_err(|e| log::err!("lws_ss_create: {name}: {e}"))?;
    let Some(handle) = cx.table.handle(cx.handle, key) else {
        log::err!("lws_ss_create: {name}: too many streams");
        cx.engine.discard(key);
        return Err(());
    };
    // SAFETY: the object has room at both offsets, as computed above; the out-pointers are good
    // or NULL.
    unsafe {
        object.byte_add(ssi.handle_offset).cast::<*mut lws_ss_handle>().write_unaligned(handle);
        object.byte_add(ssi.opaque_user_data_offset).cast::<*mut c_void>().write_unaligned(opaque);
        if !ppss.is_null() {
            *ppss = handle;
        }
        if !ppayload_fmt.is_null() {
            *ppayload_fmt = kind.payload_fmt.as_ref().map_or(null(), |f| cx.intern(f));
        }
    }
    cx.engine.start(key).map_err(|e| log::info!("lws_ss_create: {name}: {e}"))
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
fn with_stream<R>(
    name: &str,
    handle: *const lws_ss_handle,
    refused: impl Fn() -> R,
    f: impl FnOnce(&Rc<CContext>, StreamKey) -> R,
) -> R {
    guard(name, refused(), || {
        let Some((cx, key)) = registry::stream(name, handle) else { return refused() };
        let frame = cx.enter();
        let result = f(&cx, key);
        drop(frame);
        result
    })
}

/// Asks for a turn to send: `tx` will be called when the stream can. A stream without a
/// connection connects first (POLL and CONNECTING are said before this returns). Requests that
/// come before the turn make one turn. During a backoff it does nothing.
///
/// Returns what a callback that calls it is to return: OK, or DESTROY_ME if that was answered to a
/// state on the way (then the caller destroys the stream).
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_request_tx(h: *mut lws_ss_handle) -> lws_ss_state_return_t {
    let ok = || Ret::Ok.code() as lws_ss_state_return_t;
    with_stream("lws_ss_request_tx", h, ok, |cx, key| {
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
    let ok = || Ret::Ok.code() as lws_ss_state_return_t;
    with_stream("lws_ss_request_tx_len", h, ok, |cx, key| {
        // as wide as the platform's long
        #[allow(clippy::useless_conversion)]
        let len = u64::from(len);
        cx.engine.request_tx_len(key, len).code() as lws_ss_state_return_t
    })
}

/// Connects the stream, with a whole new budget of retries; during a backoff, at once. No effect
/// while connecting or connected.
///
/// Returns as [`lws_ss_request_tx`], or TX_DONT_SEND if the attempt failed before the call
/// returned (the retry policy goes on).
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_client_connect(h: *mut lws_ss_handle) -> lws_ss_state_return_t {
    let ok = || Ret::Ok.code() as lws_ss_state_return_t;
    with_stream("lws_ss_client_connect", h, ok, |cx, key| {
        cx.engine.client_connect(key).code() as lws_ss_state_return_t
    })
}

/// Sets metadata: `value` is bound, not copied, and must stay until it is set anew or the stream is
/// gone; `name` is copied. To be done before the transaction that it is for. Returns 0, or 1 if the
/// policy does not know the name.
///
/// # Safety
/// `h` came from this library, `name` is NUL-terminated, `len` bytes are readable at `value` as
/// long as they are bound.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_set_metadata(
    h: *mut lws_ss_handle,
    name: *const c_char,
    value: *const c_void,
    len: usize,
) -> c_int {
    let bound = Bound { ptr: value.cast(), len };
    // SAFETY: as the caller promises.
    unsafe { set_metadata("lws_ss_set_metadata", h, name, Box::new(bound)) }
}

/// As [`lws_ss_set_metadata`], with a copy of the value.
///
/// # Safety
/// `h` came from this library, `name` is NUL-terminated, `len` bytes are readable at `value`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_alloc_set_metadata(
    h: *mut lws_ss_handle,
    name: *const c_char,
    value: *const c_void,
    len: usize,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe {
        let copy = crate::stream::metadata::Owned::new(bytes(value.cast(), len));
        set_metadata("lws_ss_alloc_set_metadata", h, name, Box::new(copy))
    }
}

/// # Safety
/// `name` is NULL or NUL-terminated.
unsafe fn set_metadata(
    caller: &str,
    h: *mut lws_ss_handle,
    name: *const c_char,
    value: Value,
) -> c_int {
    with_stream(
        caller,
        h,
        || 1,
        |cx, key| {
            // SAFETY: as the caller promises.
            let Some(name) = (unsafe { c_bytes(name) }) else {
                log::err!("{caller}: the name is NULL");
                return 1;
            };
            let name = String::from_utf8_lossy(name);
            match cx.engine.set_metadata(key, &name, value) {
                Ok(()) => 0,
                Err(_) => {
                    log::warn!("{caller}: the stream's policy has no metadata '{name}'");
                    1
                }
            }
        },
    )
}

/// Gets metadata, also what a response's header set it to. `*value` is NULL if it is known but
/// not set; else it is good until the metadata changes or, for a header got by its own name with a
/// colon (`direct_proto_str`), until the transaction ends. Values that came from the wire have a NUL
/// behind them. Returns 0, or 1 if the policy does not know the name.
///
/// # Safety
/// `h` came from this library, `name` is NUL-terminated, `value` and `len` are writable.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_get_metadata(
    h: *mut lws_ss_handle,
    name: *const c_char,
    value: *mut *const c_void,
    len: *mut usize,
) -> c_int {
    with_stream(
        "lws_ss_get_metadata",
        h,
        || 1,
        |cx, key| {
            // SAFETY: as the caller promises.
            let Some(name) = (unsafe { c_bytes(name) }) else { return 1 };
            let name = String::from_utf8_lossy(name);
            let found = cx.engine.get_metadata(key, &name, |value| {
                value.map_or((null(), 0), |v| (v.as_ptr().cast::<c_void>(), v.len()))
            });
            let Ok((at, n)) = found else { return 1 };
            if value.is_null() || len.is_null() {
                log::err!("lws_ss_get_metadata: nowhere to put the value");
                return 1;
            }
            // SAFETY: as the caller promises.
            unsafe {
                *value = at;
                *len = n;
            }
            0
        },
    )
}

/// Starts the stream's timeout anew: TIMEOUT is said after `timeout_ms` milliseconds, or with
/// `LWSSS_TIMEOUT_FROM_POLICY` (0) after the policy's `timeout_ms`, if it has one. The end of a
/// transaction or of the link stops it.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_start_timeout(h: *mut lws_ss_handle, timeout_ms: c_uint) {
    with_stream(
        "lws_ss_start_timeout",
        h,
        || (),
        |cx, key| {
            cx.engine.start_timeout(key, timeout_ms);
        },
    );
}

/// Stops the stream's timeout.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_cancel_timeout(h: *mut lws_ss_handle) {
    with_stream("lws_ss_cancel_timeout", h, || (), |cx, key| cx.engine.cancel_timeout(key));
}

/// Exchanges callbacks; those given as NULL stay.
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
    with_stream(
        "lws_ss_change_handlers",
        h,
        || (),
        |cx, key| {
            with_handler(cx, key, |handler| {
                if rx.is_some() {
                    handler.rx.set(rx);
                }
                if tx.is_some() {
                    handler.tx.set(tx);
                }
                if state.is_some() {
                    handler.state.set(state);
                }
            });
        },
    );
}

/// The name of a state; `"user state"` for those of the policy.
#[unsafe(no_mangle)]
pub extern "C" fn lws_ss_state_name(state: lws_ss_constate_t) -> *const c_char {
    let code = state as u32;
    if code >= USER_BASE {
        return c"user state".as_ptr();
    }
    STATE_NAMES.iter().find(|(s, _)| s.code() == code).map_or(c"unknown".as_ptr(), |n| n.1.as_ptr())
}

/// The names with their NUL.
const STATE_NAMES: [(State, &std::ffi::CStr); 20] = [
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
    with_stream("lws_ss_get_context", h, null_mut, |cx, _| cx.handle)
}

/// The vhost of the stream's connection, good as long as the context; NULL without a connection.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_get_vhost(h: *mut lws_ss_handle) -> *mut lws_vhost {
    with_stream("lws_ss_get_vhost", h, null_mut, |cx, key| {
        let Some(kind) = cx.engine.kind(key).filter(|_| cx.engine.has_link(key)) else {
            return null_mut();
        };
        let name = kind.trust_store.as_ref().map_or(super::vhost::DEFAULT, |t| &t.name);
        cx.vhosts.get(name)
    })
}

/// The program's object of the stream.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_to_user_object(h: *mut lws_ss_handle) -> *mut c_void {
    with_stream("lws_ss_to_user_object", h, null_mut, |cx, key| {
        with_handler(cx, key, |h| h.user.0).unwrap_or(null_mut())
    })
}

/// The stream type that the payload of the current `tx` is for: the stream's own. Good as long as
/// the context.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_rideshare(h: *mut lws_ss_handle) -> *const c_char {
    with_stream("lws_ss_rideshare", h, null, |cx, key| {
        cx.engine.kind(key).map_or(null(), |kind| cx.intern(&kind.name))
    })
}

/// The stream's tag, as in log lines, good until the next call for this stream.
///
/// # Safety
/// `h` came from this library or is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_tag(h: *mut lws_ss_handle) -> *const c_char {
    if h.is_null() {
        return c"[null ss]".as_ptr();
    }
    with_stream(
        "lws_ss_tag",
        h,
        || c"[no stream]".as_ptr(),
        |cx, key| {
            let tag = cx.engine.tag(key).and_then(|tag| CString::new(tag.as_bytes()).ok());
            let kept = tag.and_then(|tag| {
                with_handler(cx, key, |handler| {
                    handler.tag.replace(tag);
                    handler.tag.borrow().as_ptr()
                })
            });
            kept.unwrap_or(c"[no stream]".as_ptr())
        },
    )
}

/// How many bytes the peer may still send, as far as the protocol has such a credit: 0 for h1
/// and raw, which have none.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_get_est_peer_tx_credit(h: *mut lws_ss_handle) -> c_int {
    with_stream("lws_ss_get_est_peer_tx_credit", h, || 0, |_, _| 0)
}

/// Gives the peer credit to send `add` more bytes, on protocols that have such a credit: no effect
/// on h1 and raw. Returns 0.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_add_peer_tx_credit(h: *mut lws_ss_handle, add: i32) -> c_int {
    let _ = add;
    with_stream("lws_ss_add_peer_tx_credit", h, || 1, |_, _| 0)
}

/// The program knows by its own means that the peer lives: the policy's `svalidping` and
/// `svalidhup` count from now.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_validity_confirmed(h: *mut lws_ss_handle) {
    with_stream(
        "lws_ss_validity_confirmed",
        h,
        || (),
        |cx, key| {
            cx.engine.validity_confirmed(key);
        },
    );
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

/// Servers are not built into this library yet: logs that.
///
/// # Safety
/// None needed: nothing is followed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_server_ack(h: *mut lws_ss_handle, nack: c_int) {
    let _ = nack;
    with_stream(
        "lws_ss_server_ack",
        h,
        || (),
        |_, _| {
            log::err!("lws_ss_server_ack: servers are not built into this library");
        },
    );
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
    with_stream(
        "lws_ss_server_foreach_client",
        h,
        || (),
        |_, _| {
            log::err!("lws_ss_server_foreach_client: servers are not built into this library");
        },
    );
}

/// Adopting descriptors is not built into this library yet: logs that and returns 1. The
/// descriptor stays the caller's.
///
/// # Safety
/// None needed: nothing is followed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_adopt_raw(
    ss: *mut lws_ss_handle,
    fd: lws_sock_file_fd_type,
) -> c_int {
    let _ = fd;
    with_stream(
        "lws_ss_adopt_raw",
        ss,
        || 1,
        |_, _| {
            log::err!("lws_ss_adopt_raw: adopting descriptors is not built into this library");
            1
        },
    )
}
