//! Transports that the program brings (`info.txp_ops_sspc`): a UART, a pipe, whatever carries
//! bytes. The program's operations go one way, those of [`lws_txp_inside_sspc`] the other.

use std::cell::{Cell, RefCell, UnsafeCell};
use std::collections::HashMap;
use std::ffi::c_int;
use std::ptr::null_mut;
use std::rc::Rc;

use super::super::context::CContext;
use super::super::panic::guard;
use super::super::ptr::bytes;
use super::super::registry;
use super::super::sul::{lws_sul_cancel, lws_sul_schedule};
use super::super::types::{
    lws_context, lws_sorted_usec_list, lws_ss_state_return_t, lws_sspc_handle,
    lws_transport_client_ops, lws_transport_priv_t, lws_txp_path_client,
};
use crate::engine::{Handler, StreamKey};
use crate::proxy::client::{Loop, RETRY_MS};
use crate::stream::{Flags, Ret, State};
use crate::util::{built, log};

/// Bytes that a transport may write in front of what it is to send (`LWS_PRE`).
const HEADROOM: usize = 16;

/// The most that is made ready at a time, whatever a transport says that it takes.
const MOST: usize = 64 * 1024;

/// The transports of a context's streams.
#[derive(Default)]
pub(super) struct Transports(RefCell<HashMap<StreamKey, Rc<Transport>>>);

/// The link of one stream.
#[repr(C)]
pub(super) struct Transport {
    /// The first member: the timer's callback finds the rest by it.
    retry: UnsafeCell<lws_sorted_usec_list>,
    path: UnsafeCell<lws_txp_path_client>,
    ops: *const lws_transport_client_ops,
    context: *mut lws_context,
    handle: *mut lws_sspc_handle,
    key: StreamKey,
    buffer: Cell<Vec<u8>>,
    /// The stream goes: what the program's operations do from then on makes no attempt.
    over: Cell<bool>,
}

impl Transport {
    /// A link by way of `ops`, which stay good as long as the context.
    pub fn new(
        cx: &CContext,
        ops: *const lws_transport_client_ops,
        handle: *mut lws_sspc_handle,
        key: StreamKey,
    ) -> Rc<Self> {
        let path = lws_txp_path_client {
            ops_in: &raw const lws_txp_inside_sspc.0,
            priv_in: handle.cast(),
            ops_onw: ops,
            priv_onw: null_mut(),
            mux: null_mut(),
        };
        // SAFETY: zero is what a timer is before its first use.
        let retry = unsafe { std::mem::zeroed() };
        let made = Rc::new(Self {
            retry: UnsafeCell::new(retry),
            path: UnsafeCell::new(path),
            ops,
            context: cx.handle,
            handle,
            key,
            buffer: Cell::default(),
            over: Cell::new(false),
        });
        cx.sspc.transports.0.borrow_mut().insert(key, Rc::clone(&made));
        made
    }

    fn ops(&self) -> lws_transport_client_ops {
        // SAFETY: the program promised that its operations stay.
        unsafe { *self.ops }
    }

    /// What the transport has put there for this link; NULL without one.
    fn onward(&self) -> lws_transport_priv_t {
        // SAFETY: the transport writes it during calls of ours or of its own loop, on this thread.
        unsafe { (*self.path.get()).priv_onw }
    }

    fn forget_onward(&self) {
        // SAFETY: as above.
        unsafe { (*self.path.get()).priv_onw = null_mut() };
    }

    /// Has the transport make a link.
    pub fn connect(&self) {
        let Some(connect) = self.ops().event_retry_connect else {
            return log::err!("txp_ops_sspc has no event_retry_connect: there is no link");
        };
        // SAFETY: the program's own operation, with the path that lives as long as the stream.
        if unsafe { connect(self.path.get(), self.handle) } != 0 {
            self.retry_later();
        }
    }

    fn retry_later(&self) {
        // the stream may have been destroyed inside the operation that reports a failure
        if self.over.get() {
            return;
        }
        let us = i64::from(RETRY_MS) * 1000;
        // SAFETY: the timer lives in this, and `ended` cancels it.
        unsafe { lws_sul_schedule(self.context, 0, self.retry.get(), Some(retry_due), us) };
    }

    /// The transport's `_close`, for what there is of a link.
    fn close(&self) {
        let onward = self.onward();
        if onward.is_null() {
            return;
        }
        self.forget_onward();
        if let Some(close) = self.ops()._close {
            // SAFETY: the program's own operation, with its own pointer.
            unsafe { close(onward) };
        }
    }
}

/// The time for another attempt.
///
/// # Safety
/// `sul` is the first member of a `Transport` in an `Rc`.
unsafe extern "C" fn retry_due(sul: *mut lws_sorted_usec_list) {
    // SAFETY: only `retry_later` uses this, with the timer at the start of a `Transport`, which
    // cancels it before it goes; the count keeps it alive while the program's operation runs.
    let transport = unsafe {
        let transport = sul.cast_const().cast::<Transport>();
        Rc::increment_strong_count(transport);
        Rc::from_raw(transport)
    };
    guard("event_retry_connect", (), || transport.connect());
}

impl Loop for Transport {
    fn request_tx(&self) {
        let onward = self.onward();
        if let (false, Some(request)) = (onward.is_null(), self.ops().req_write) {
            // SAFETY: the program's own operation, with its own pointer.
            unsafe { request(onward) };
        }
    }

    fn hang_up(&self) {
        self.close();
        if let Some(cx) = registry::find_context(self.context) {
            let _ = cx.engine.in_callback(self.key, |client| say(client, State::Disconnected));
            if cx.engine.exists(self.key) {
                self.retry_later();
            }
        }
    }

    fn start_timeout(&self, ms: u32) {
        if let Some(cx) = registry::find_context(self.context) {
            cx.engine.start_timeout(self.key, ms);
        }
    }

    fn cancel_timeout(&self) {
        if let Some(cx) = registry::find_context(self.context) {
            cx.engine.cancel_timeout(self.key);
        }
    }

    fn stream_up(&self) {
        let onward = self.onward();
        if let (false, Some(up)) = (onward.is_null(), self.ops().event_stream_up) {
            // SAFETY: the program's own operation, with its own pointer.
            unsafe { up(onward) };
        }
    }

    fn ended(&self) {
        self.over.set(true);
        // SAFETY: the timer is ours.
        unsafe { lws_sul_cancel(self.retry.get()) };
        self.close();
        if let Some(cx) = registry::find_context(self.context) {
            let gone = cx.sspc.transports.0.borrow_mut().remove(&self.key);
            drop(gone);
        }
    }
}

fn say(client: &dyn Handler, state: State) -> Ret {
    client.state(state.code(), 0)
}

fn code(ret: Ret) -> lws_ss_state_return_t {
    ret.code() as lws_ss_state_return_t
}

/// Does `f` as a callback of the stream behind `handle`, on behalf of its transport; for a handle
/// that is refused the answer is that the link is to be closed.
fn of_transport(
    name: &str,
    handle: *const lws_sspc_handle,
    f: impl FnOnce(&CContext, &Rc<Transport>, &dyn Handler) -> Ret,
) -> lws_ss_state_return_t {
    guard(name, code(Ret::DisconnectMe), || {
        if !built::PROXY {
            return code(Ret::DisconnectMe);
        }
        let Some((cx, key)) = registry::sspc(name, handle) else {
            return code(Ret::DisconnectMe);
        };
        let _frame = cx.enter();
        let transport = cx.sspc.transports.0.borrow().get(&key).cloned();
        let Some(transport) = transport else {
            log::err!("{name}: the stream's link is no transport of the program's");
            return code(Ret::DisconnectMe);
        };
        let ret = cx.engine.in_callback(key, |client| f(&cx, &transport, client));
        if cx.engine.exists(key) { code(ret.unwrap_or(Ret::Ok)) } else { code(Ret::DisconnectMe) }
    })
}

/// The transport's attempt has ended; 0: there is a link.
///
/// # Safety
/// `h` came from this library.
unsafe extern "C" fn connect_disposition(
    h: *mut lws_sspc_handle,
    disposition: c_int,
) -> lws_ss_state_return_t {
    let ret = of_transport("event_connect_disposition", h, |_, transport, client| {
        if disposition == 0 {
            return say(client, State::Connected);
        }
        transport.forget_onward();
        transport.retry_later();
        say(client, State::Unreachable)
    });
    if ret != code(Ret::DestroyMe) {
        return ret;
    }
    // nobody behind the transport would
    let mut handle = h;
    // SAFETY: a handle of ours.
    unsafe { super::lws_sspc_destroy(&raw mut handle) };
    code(Ret::DisconnectMe)
}

/// Bytes have come. DESTROY_ME: the transport is to call `lws_sspc_destroy`.
///
/// # Safety
/// `h` came from this library; `len` bytes are readable at `buf`.
unsafe extern "C" fn read(
    h: lws_transport_priv_t,
    buf: *const u8,
    len: usize,
) -> lws_ss_state_return_t {
    of_transport("event_read", h.cast(), |_, _, client| {
        // SAFETY: the transport gives that many bytes.
        client.rx(unsafe { bytes(buf, len) }, Flags::empty())
    })
}

/// The transport takes up to `limit` bytes.
///
/// # Safety
/// `h` came from this library.
unsafe extern "C" fn can_write(h: *mut lws_sspc_handle, limit: usize) -> lws_ss_state_return_t {
    of_transport("event_can_write", h, |_, transport, client| {
        let mut buffer = transport.buffer.take();
        buffer.resize(HEADROOM + limit.min(MOST), 0);
        let answer = client.tx(0, &mut buffer[HEADROOM..]);
        let ret = match answer {
            Some(tx) if tx.ret == Ret::Ok && tx.len > 0 => write(transport, &mut buffer, tx.len),
            Some(tx) if tx.ret != Ret::TxDontSend => tx.ret,
            Some(_) | None => Ret::Ok,
        };
        transport.buffer.set(buffer);
        ret
    })
}

/// Has the transport send the first `len` bytes behind the headroom.
fn write(transport: &Transport, buffer: &mut [u8], len: usize) -> Ret {
    let onward = transport.onward();
    let (false, Some(write)) = (onward.is_null(), transport.ops()._write) else {
        return Ret::DisconnectMe;
    };
    // SAFETY: the program's own operation, with its own pointer and that many bytes.
    match unsafe { write(onward, buffer[HEADROOM..].as_mut_ptr(), len) } {
        0 => Ret::Ok,
        _ => Ret::DisconnectMe,
    }
}

/// The link is gone. DESTROY_ME: the transport is to call `lws_sspc_destroy`.
///
/// # Safety
/// `h` is NULL or came from this library.
unsafe extern "C" fn closed(h: lws_transport_priv_t) -> lws_ss_state_return_t {
    if h.is_null() {
        return code(Ret::Ok);
    }
    of_transport("event_closed", h.cast(), |_, transport, client| {
        transport.forget_onward();
        let ret = say(client, State::Disconnected);
        if ret != Ret::DestroyMe {
            transport.retry_later();
        }
        ret
    })
}

/// The transport no longer knows where frames begin: that is passed on to the next one below.
///
/// # Safety
/// `h` came from this library.
unsafe extern "C" fn lost_coherence(h: lws_transport_priv_t) {
    of_transport("lost_coherence", h.cast(), |_, transport, _| {
        let onward = transport.onward();
        if let (false, Some(lost)) = (onward.is_null(), transport.ops().lost_coherence) {
            // SAFETY: the program's own operation, with its own pointer.
            unsafe { lost(onward) };
        }
        Ret::Ok
    });
}

/// Operations that do not change.
#[repr(transparent)]
pub struct Ops(lws_transport_client_ops);

// SAFETY: the only pointer is to a constant string.
unsafe impl Sync for Ops {}

/// What a transport of the program's tells: its path has this as `ops_in`. The first argument of
/// each is the stream's handle. Legal from the loop's thread, also inside callbacks.
///
/// cbindgen:ignore
#[allow(non_upper_case_globals, reason = "the C name")]
#[unsafe(no_mangle)]
pub static lws_txp_inside_sspc: Ops = Ops(lws_transport_client_ops {
    name: c"txp_inside_sspc".as_ptr(),
    event_retry_connect: None,
    event_connect_disposition: Some(connect_disposition),
    req_write: None,
    _write: None,
    event_read: Some(read),
    lost_coherence: Some(lost_coherence),
    _close: None,
    event_stream_up: None,
    event_client_up: None,
    event_can_write: Some(can_write),
    event_closed: Some(closed),
    flags: 0,
    dsh_splitat: 0,
});

/// The operations of [`lws_txp_inside_sspc`].
pub(in super::super) fn inside_sspc() -> lws_transport_client_ops {
    lws_txp_inside_sspc.0
}
