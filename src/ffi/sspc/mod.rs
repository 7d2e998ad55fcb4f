//! Streams that a proxy carries out (`lws_sspc_*`): their life here, metadata, what they tell
//! about themselves and system messages in files of their own. Programs compiled with
//! `LWS_SS_USE_SSPC` call them by the names of `lws_ss_*`.

mod info;
mod metadata;
pub mod protocols;
mod smd;
mod tls;
pub mod transport;

use std::any::Any;
use std::ffi::{c_char, c_int, c_uint, c_ulong, c_void};
use std::ptr::{null, null_mut};
use std::rc::Rc;

pub(super) use self::tls::files;
use self::transport::Transport;
pub(super) use self::transport::inside_sspc;
use super::context::{CContext, text};
use super::panic::guard;
use super::registry::{self, StreamTable};
use super::ss::{CHandler, in_frame};
use super::types::{
    lws_context, lws_context_creation_info, lws_ss_info, lws_ss_state_return_t, lws_sscb_rx,
    lws_sscb_state, lws_sscb_tx, lws_sspc_handle, lws_transport_client_ops,
};
use crate::engine::StreamKey;
use crate::proto::sss::MAX_STREAM_TYPE;
use crate::proxy::client::{self, Client, Loop, Place};
use crate::stream::Ret;
use crate::util::{built, log};

/// What a context keeps for them.
pub(super) struct Sspc {
    pub table: StreamTable,
    place: Place,
    /// The transport that the program brings, or NULL.
    ops: *const lws_transport_client_ops,
    transports: transport::Transports,
    security: tls::Security,
}

impl Sspc {
    /// From `ss_proxy_port`, `ss_proxy_address`, `ss_proxy_bind` and `txp_ops_sspc`.
    ///
    /// # Safety
    /// The strings are NULL or NUL-terminated.
    pub unsafe fn new(info: &lws_context_creation_info) -> Self {
        let string = |ptr: *const c_char| {
            // SAFETY: as the caller promises.
            (!ptr.is_null()).then(|| unsafe { text(ptr) })
        };
        let (bind, address) = (string(info.ss_proxy_bind), string(info.ss_proxy_address));
        let place = match (info.ss_proxy_port, address, bind) {
            (0, _, None) => Place::default(),
            (0, _, Some(socket)) => Place::Unix(socket),
            (port, address, bind) => Place::Tcp { host: address.unwrap_or_default(), port, bind },
        };
        let ops = info.txp_ops_sspc;
        Self {
            table: StreamTable::default(),
            place,
            ops,
            transports: Default::default(),
            security: tls::Security::of_environment(),
        }
    }
}

/// The loop that a client's link lives in.
struct CLoop {
    context: *mut lws_context,
    key: StreamKey,
}

impl CLoop {
    fn with(&self, f: impl FnOnce(&CContext)) {
        // while the context is being ended nothing is started
        if let Some(cx) = registry::find_context(self.context) {
            f(&cx);
        }
    }
}

impl Loop for CLoop {
    fn request_tx(&self) {
        self.with(|cx| {
            // what connecting answers concerns the link, and was told to it already
            cx.engine.request_tx(self.key);
        });
    }

    fn hang_up(&self) {
        self.with(|cx| cx.engine.hang_up(self.key));
    }

    fn start_timeout(&self, ms: u32) {
        self.with(|cx| cx.engine.start_timeout(self.key, ms));
    }

    fn cancel_timeout(&self) {
        self.with(|cx| cx.engine.cancel_timeout(self.key));
    }
}

/// Does `f` with the client behind a stream's key.
fn with_client<R>(cx: &CContext, key: StreamKey, f: impl FnOnce(&Client) -> R) -> Option<R> {
    let handler = cx.engine.handler(key)?;
    let any: &dyn Any = &*handler;
    any.downcast_ref::<Client>().map(f)
}

/// Does `f` with the program's side of a client.
fn with_handler<R>(client: &Client, f: impl FnOnce(&CHandler) -> R) -> Option<R> {
    let any: &dyn Any = &**client.program();
    any.downcast_ref::<CHandler>().map(f)
}

/// Does `f` with the stream behind a handle, for the exported function `name`; `refused` if there
/// is none.
fn with_sspc<R: Copy>(
    name: &str,
    handle: *const lws_sspc_handle,
    refused: R,
    f: impl FnOnce(&Rc<CContext>, &Client) -> R,
) -> R {
    let find = || registry::sspc(name, handle);
    in_frame(
        name,
        refused,
        find,
        || registry::peek_sspc(handle),
        |cx, key| with_client(cx, key, |client| f(cx, client)).unwrap_or(refused),
    )
}

/// What is returned where a handle is refused.
fn refused() -> lws_ss_state_return_t {
    Ret::TxDontSend.code() as lws_ss_state_return_t
}

/// What is returned where there is nothing to say: the proxy's answer comes later.
fn accepted() -> lws_ss_state_return_t {
    Ret::Ok.code() as lws_ss_state_return_t
}

/// Makes a stream that the proxy carries out, of the type that `ssi->streamtype` names in the
/// proxy's policy. The context's own policy has no part in it.
///
/// The proxy is reached as the context was told: by TCP at `ss_proxy_address` and
/// `ss_proxy_port` (from the local address or interface `ss_proxy_bind`, if given; through the
/// SOCKS5 or http proxy of the context or the environment, if there is one), or by the unix socket `ss_proxy_bind` (`+path`, `+@abstract`; by default
/// `+@proxy.ss.lws` on Linux, `+/tmp/proxy.ss.lws` elsewhere), or by the transport
/// `txp_ops_sspc`. Every attempt that fails is told as
/// UPSTREAM_LINK_RETRY, with the milliseconds since the link was lost or the stream made (from
/// within this call already if there is no such socket), and repeated after a second. CREATING is
/// said, once, when the proxy has the stream; a proxy that denies it is asked again after a
/// second. Requests and values may be given before that. When the link is lost, a stream that was
/// connected is DISCONNECTED; the next link gets all metadata again and what is still wanted.
///
/// The program's object (`ssi->user_alloc` bytes, zeroed) gets the handle and
/// `opaque_user_data` at the offsets in `ssi`, `*ppss` the handle. `tsi` and `reserved` are
/// ignored; `ppss` and `ppayload_fmt` may be NULL, `*ppayload_fmt` becomes NULL: the policy is
/// elsewhere.
///
/// Returns 0, or 1 if there is no stream (and `*ppss` NULL): a name that cannot be (1 to 255
/// bytes), no memory, or DESTROY_ME in UPSTREAM_LINK_RETRY. Legal in every callback.
///
/// # Safety
/// `context` came from this library; `ssi` is good, and its callbacks stay callable as long as
/// the stream lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_create(
    context: *mut lws_context,
    tsi: c_int,
    ssi: *const lws_ss_info,
    opaque_user_data: *mut c_void,
    ppss: *mut *mut lws_sspc_handle,
    reserved: *mut c_void,
    ppayload_fmt: *mut *const c_char,
) -> c_int {
    let _ = (tsi, reserved);
    guard("lws_sspc_create", 1, || {
        // SAFETY: the caller promises good pointers where they are not NULL.
        unsafe {
            if !ppss.is_null() {
                *ppss = null_mut();
            }
            if !ppayload_fmt.is_null() {
                *ppayload_fmt = null();
            }
            let Some(cx) = registry::context("lws_sspc_create", context) else { return 1 };
            let _frame = cx.enter();
            if !built::PROXY {
                log::err!("lws_sspc_create: streams at a proxy are not built into this library");
                return 1;
            }
            if ssi.is_null() {
                log::err!("lws_sspc_create: ssi is NULL");
                return 1;
            }
            let made = create(&cx, &*ssi, opaque_user_data, ppss);
            if made.is_err() && !ppss.is_null() {
                *ppss = null_mut();
            }
            made.is_err().into()
        }
    })
}

/// # Safety
/// As for [`lws_sspc_create`].
unsafe fn create(
    cx: &Rc<CContext>,
    ssi: &lws_ss_info,
    opaque: *mut c_void,
    ppss: *mut *mut lws_sspc_handle,
) -> Result<(), ()> {
    // SAFETY: the caller promises a good string.
    let name = unsafe { text(ssi.streamtype) };
    if name.is_empty() || name.len() > MAX_STREAM_TYPE {
        let len = name.len();
        log::err!("lws_sspc_create: a stream type of {len} bytes: 1 to {MAX_STREAM_TYPE}");
        return Err(());
    }
    let tls = cx.sspc.tls().map_err(|e| log::err!("lws_sspc_create: {name}: {e}"))?;
    let Some(program) = CHandler::new(ssi) else {
        log::err!("lws_sspc_create: {name}: no memory for an object of {} bytes", ssi.user_alloc);
        return Err(());
    };
    let program = Rc::new(program);
    let credit = Some(ssi.manual_initial_tx_credit).filter(|credit| *credit != 0);
    let client = Rc::new(Client::new(&name, program.clone(), credit).with_tls(tls));
    let own = !cx.sspc.ops.is_null();
    let place = (!own).then_some(&cx.sspc.place);
    let key = client::make(&cx.engine, place, &name, client.clone())
        .map_err(|e| log::err!("lws_sspc_create: {name}: {e}"))?;
    let Some(handle) = cx.sspc.table.handle(cx.handle, key) else {
        log::err!("lws_sspc_create: {name}: too many streams");
        cx.engine.discard(key);
        return Err(());
    };
    let handle = handle.cast::<lws_sspc_handle>();
    let transport = own.then(|| Transport::new(cx, cx.sspc.ops, handle, key));
    match &transport {
        Some(transport) => client.attach(transport.clone()),
        None => client.attach(Rc::new(CLoop { context: cx.handle, key })),
    }
    program.introduce(handle, opaque);
    // SAFETY: the out-pointer is good or NULL.
    unsafe {
        if !ppss.is_null() {
            *ppss = handle;
        }
    }
    cx.engine.start(key).map_err(|e| log::info!("lws_sspc_create: {name}: {e}"))?;
    if let Some(transport) = transport {
        transport.connect();
    }
    if cx.engine.exists(key) { Ok(()) } else { Err(()) }
}

/// Destroys a stream and sets `*ppss` to NULL: DISCONNECTED (if connected) and DESTROYING are
/// said, and the program's object is freed, before this returns. In a callback of the same stream
/// that happens when the outermost of its callbacks returns. NULL, and a handle that is gone
/// already, do no harm.
///
/// # Safety
/// `ppss` is NULL or points to a handle of this library or to NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_destroy(ppss: *mut *mut lws_sspc_handle) {
    guard("lws_sspc_destroy", (), || {
        // SAFETY: the caller promises a good pointer.
        let handle = unsafe {
            if ppss.is_null() || (*ppss).is_null() {
                return;
            }
            std::mem::replace(&mut *ppss, null_mut())
        };
        let Some((cx, key)) = registry::sspc("lws_sspc_destroy", handle) else { return };
        let _frame = cx.enter();
        with_client(&cx, key, Client::end);
        cx.engine.destroy(key);
    });
}

/// Asks for a turn to send: `tx` will be called when the stream is connected and the link can take
/// something. A stream without an onward connection is connected first, except during a backoff.
/// Requests that come before the turn make one turn.
///
/// Returns OK.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_request_tx(h: *mut lws_sspc_handle) -> lws_ss_state_return_t {
    with_sspc("lws_sspc_request_tx", h, refused(), |_, client| {
        client.request_tx();
        accepted()
    })
}

/// As [`lws_sspc_request_tx`], and tells the proxy that the message will have `len` bytes (the
/// `content-length` of an h1 request): at most 4294967295, more is not announced.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_request_tx_len(
    h: *mut lws_sspc_handle,
    len: c_ulong,
) -> lws_ss_state_return_t {
    with_sspc("lws_sspc_request_tx_len", h, refused(), |_, client| {
        // as wide as the platform's long
        #[allow(clippy::useless_conversion)]
        client.request_tx_len(u64::from(len));
        accepted()
    })
}

/// Connects the stream from the proxy onward; during a backoff, at once. No effect while
/// connecting or connected.
///
/// Returns OK: what becomes of it is told by states.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_client_connect(h: *mut lws_sspc_handle) -> lws_ss_state_return_t {
    with_sspc("lws_sspc_client_connect", h, refused(), |_, client| {
        client.client_connect();
        accepted()
    })
}

/// Starts the stream's timeout at the proxy anew: TIMEOUT is said after `timeout_ms` milliseconds,
/// or with `LWSSS_TIMEOUT_FROM_POLICY` (0) after the policy's `timeout_ms`, if it has one.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_start_timeout(h: *mut lws_sspc_handle, timeout_ms: c_uint) {
    with_sspc("lws_sspc_start_timeout", h, (), |_, client| client.start_timeout(timeout_ms));
}

/// Stops the stream's timeout at the proxy.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_cancel_timeout(h: *mut lws_sspc_handle) {
    with_sspc("lws_sspc_cancel_timeout", h, (), |_, client| client.cancel_timeout());
}

/// Exchanges the callbacks `rx`, `tx` and `state`; those given as NULL stay. From the next call on.
///
/// # Safety
/// `h` came from this library; the callbacks stay callable as long as the stream lives.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_change_handlers(
    h: *mut lws_sspc_handle,
    rx: lws_sscb_rx,
    tx: lws_sscb_tx,
    state: lws_sscb_state,
) {
    with_sspc("lws_sspc_change_handlers", h, (), |_, client| {
        with_handler(client, |handler| handler.change(rx, tx, state));
    });
}

/// How many bytes the peer may still send, as far as is known here: what the stream was made with
/// (or 500000000), what was added since, less what has come.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_get_est_peer_tx_credit(h: *mut lws_sspc_handle) -> c_int {
    with_sspc("lws_sspc_get_est_peer_tx_credit", h, 0, |_, client| client.peer_credit())
}

/// Gives the peer credit to send `add` more bytes, where the protocol has such a credit. Returns
/// 0, or 1 if the handle is refused.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_add_peer_tx_credit(h: *mut lws_sspc_handle, add: i32) -> c_int {
    with_sspc("lws_sspc_add_peer_tx_credit", h, 1, |_, client| {
        client.add_peer_credit(add);
        0
    })
}

/// Accepts or rejects a request that a server stream received. Streams of servers are not proxied:
/// logs that and does nothing.
///
/// # Safety
/// `h` came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_server_ack(h: *mut lws_sspc_handle, nack: c_int) {
    let _ = nack;
    with_sspc("lws_sspc_server_ack", h, (), |_, _| {
        log::warn!("lws_sspc_server_ack: a proxied stream is no server's");
    });
}
