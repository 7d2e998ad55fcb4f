//! The client's side: a channel for each stream.

use std::ffi::{c_int, c_void};
use std::ptr::null_mut;
use std::rc::Rc;

use super::super::context::CContext;
use super::super::panic::guard;
use super::super::ptr::bytes;
use super::super::registry;
use super::super::sspc::{inside_sspc, lws_sspc_destroy};
use super::super::types::{
    lws_context, lws_ss_state_return_t, lws_sspc_handle, lws_transport_client_ops,
    lws_transport_info, lws_transport_mux, lws_transport_priv_t, lws_txp_path_client,
};
use super::{Link, code, refuse, want_write, with_link};
use crate::proto::mux::Side;
use crate::stream::Ret;
use crate::util::{built, log};

/// What a stream is offered at a time, in bytes.
const ROOM: usize = 2048;

/// The program's own transport. It may do without a pointer of its own.
fn onward(link: &Link) -> Option<(lws_transport_client_ops, lws_transport_priv_t)> {
    let path = link.info().txp_cpath;
    // SAFETY: the program promised that its operations stay.
    unsafe { path.ops_onw.as_ref() }.map(|ops| (*ops, path.priv_onw))
}

pub(super) fn request_write(link: &Link) {
    if let Some((ops, own)) = onward(link)
        && let Some(request) = ops.req_write
    {
        // SAFETY: the program's own operation, with its own pointer.
        unsafe { request(own) };
    }
}

pub(super) fn write_onward(link: &Link, bytes: &mut [u8]) -> Option<usize> {
    let (ops, own) = onward(link)?;
    // SAFETY: the program's own operation, with its own pointer and that many bytes.
    let answer = unsafe { ops._write?(own, bytes.as_mut_ptr(), bytes.len()) };
    (answer == 0).then_some(bytes.len())
}

/// Does what an answer of a stream asks for that only its transport can do.
fn obey(ret: lws_ss_state_return_t, stream: lws_transport_priv_t) {
    if ret == code(Ret::DestroyMe) {
        let mut handle: *mut lws_sspc_handle = stream.cast();
        // SAFETY: a handle of ours, which is looked up.
        unsafe { lws_sspc_destroy(&raw mut handle) };
    }
}

pub(super) fn answered(link: &Link, channel: u8, opened: bool) {
    let stream =
        if opened { link.channel(channel).map(|c| c.inward) } else { link.forget(channel) };
    if let Some((stream, tell)) = stream.zip(inside_sspc().event_connect_disposition) {
        // SAFETY: our own operation, with the handle that it looks up.
        unsafe { tell(stream.cast(), c_int::from(!opened)) };
    }
}

pub(super) fn deliver(stream: lws_transport_priv_t, bytes: &[u8]) -> lws_ss_state_return_t {
    let Some(read) = inside_sspc().event_read else { return code(Ret::DisconnectMe) };
    // SAFETY: our own operation, with the handle that it looks up.
    let ret = unsafe { read(stream, bytes.as_ptr(), bytes.len()) };
    obey(ret, stream);
    ret
}

pub(super) fn offer(stream: lws_transport_priv_t) -> lws_ss_state_return_t {
    let Some(can_write) = inside_sspc().event_can_write else { return code(Ret::DisconnectMe) };
    // SAFETY: our own operation, with the handle that it looks up.
    let ret = unsafe { can_write(stream.cast(), ROOM) };
    obey(ret, stream);
    ret
}

pub(super) fn ended(stream: lws_transport_priv_t) {
    if let Some(closed) = inside_sspc().event_closed {
        // SAFETY: our own operation, with the handle that it looks up.
        obey(unsafe { closed(stream) }, stream);
    }
}

/// A stream wants a link: asks for a channel.
///
/// # Safety
/// `path` is NULL or good; `h` came from this library.
unsafe extern "C" fn retry_connect(
    path: *mut lws_txp_path_client,
    h: *mut lws_sspc_handle,
) -> c_int {
    const NAME: &str = "lws_transport_mux_client_ops.event_retry_connect";
    guard(NAME, 1, || {
        if !built::PROXY {
            return 1;
        }
        let Some((cx, _)) = registry::sspc(NAME, h) else { return 1 };
        // SAFETY: as the caller promises.
        let Some(path) = (unsafe { path.as_mut() }) else { return 1 };
        let Some(link) = link_of(&cx, path.mux) else {
            log::err!("{NAME}: lws_transport_mux_create has not been called for this context");
            return 1;
        };
        let channel = link.machine.borrow_mut().open(super::now());
        let Some(channel) = channel else {
            log::info!("{NAME}: the link is down, or all its channels are in use");
            return 1;
        };
        path.mux = link.address();
        path.priv_onw = link.add(channel, h.cast()) as *mut c_void;
        link.settle();
        0
    })
}

/// The link that a stream's path names, or else the context's.
fn link_of(cx: &CContext, named: *mut lws_transport_mux) -> Option<Rc<Link>> {
    let links = cx.muxes.0.borrow();
    let named = links.get(&(named as usize));
    let client = |link: &&Rc<Link>| link.side == Side::Client;
    named.or_else(|| links.values().find(client)).cloned()
}

/// A stream has something to send.
///
/// # Safety
/// None needed: the pointer is looked up.
unsafe extern "C" fn req_write(channel: lws_transport_priv_t) {
    guard("req_write", (), || want_write("req_write", channel));
}

/// Sends a stream's bytes.
///
/// # Safety
/// `buf` is good for `len` bytes and for `LWS_PRE` in front.
unsafe extern "C" fn write(channel: lws_transport_priv_t, buf: *mut u8, len: usize) -> c_int {
    guard("_write", 1, || {
        let sent = with_link("_write", channel, |_, link, channel| {
            // SAFETY: as the caller promises.
            channel.is_some_and(|channel| unsafe { link.send_payload(channel, buf, len) })
        });
        c_int::from(sent != Some(true))
    })
}

/// A stream's link is of no more use.
///
/// # Safety
/// None needed: the pointer is looked up.
unsafe extern "C" fn close(channel: lws_transport_priv_t) {
    guard("_close", (), || {
        with_link("_close", channel, |_, link, channel| {
            if let Some(channel) = channel
                && link.forget(channel).is_some()
            {
                link.machine.borrow_mut().close(channel);
            }
        });
    });
}

/// Bytes have come from the program's transport; `link` is its `lws_transport_mux`.
///
/// # Safety
/// `len` bytes are readable at `buf`.
unsafe extern "C" fn read(
    link: lws_transport_priv_t,
    buf: *const u8,
    len: usize,
) -> lws_ss_state_return_t {
    guard("event_read", code(Ret::DisconnectMe), || {
        // SAFETY: as the caller promises.
        let done =
            with_link("event_read", link, |_, link, _| link.receive(unsafe { bytes(buf, len) }));
        if done.is_none() {
            refuse("event_read", link);
        }
        code(if done.is_some() { Ret::Ok } else { Ret::DisconnectMe })
    })
}

/// The program's transport takes bytes; `place` is its `lws_transport_mux`. (Given a stream, offers it to
/// that one.)
///
/// # Safety
/// None needed: the pointer is looked up.
unsafe extern "C" fn can_write(place: *mut lws_sspc_handle, limit: usize) -> lws_ss_state_return_t {
    guard("event_can_write", code(Ret::DisconnectMe), || {
        let done =
            with_link("event_can_write", place.cast_const().cast(), |_, link, _| link.can_write());
        match (done, inside_sspc().event_can_write) {
            (Some(()), _) => code(Ret::Ok),
            // SAFETY: our own operation, with the handle that it looks up.
            (None, Some(can_write)) => unsafe { can_write(place, limit) },
            (None, None) => code(Ret::DisconnectMe),
        }
    })
}

/// What comes makes no sense: the link starts again.
///
/// # Safety
/// None needed: the pointer is looked up.
unsafe extern "C" fn lost_coherence(place: lws_transport_priv_t) {
    guard("lost_coherence", (), || {
        with_link("lost_coherence", place, |_, link, _| link.lose("the program says so"));
    });
}

/// The program's transport is gone, or a channel.
///
/// # Safety
/// None needed: the pointer is looked up.
unsafe extern "C" fn closed(place: lws_transport_priv_t) -> lws_ss_state_return_t {
    guard("event_closed", code(Ret::Ok), || {
        with_link("event_closed", place, |_, link, channel| match channel {
            Some(channel) => link.close(channel),
            None => link.lose("the transport is closed"),
        });
        code(Ret::Ok)
    })
}

/// Operations that do not change.
#[repr(transparent)]
pub struct Ops(lws_transport_client_ops);

// SAFETY: the only pointer is to a constant string.
unsafe impl Sync for Ops {}

/// Channels between proxied streams and a transport of the program's (`info.txp_ops_sspc`), on the link
/// that [`lws_transport_mux_create`] made. That transport calls, with the link as the first argument,
/// `event_read` with what came, `event_can_write` when it takes bytes, and `lost_coherence` or
/// `event_closed` when the link is to start again. Legal from the loop's thread, also inside callbacks.
///
/// cbindgen:ignore
#[allow(non_upper_case_globals, reason = "the C name")]
#[unsafe(no_mangle)]
pub static lws_transport_mux_client_ops: Ops = Ops(lws_transport_client_ops {
    name: c"txpmuxc".as_ptr(),
    event_retry_connect: Some(retry_connect),
    event_connect_disposition: None,
    req_write: Some(req_write),
    _write: Some(write),
    event_read: Some(read),
    lost_coherence: Some(lost_coherence),
    _close: Some(close),
    event_stream_up: None,
    event_client_up: None,
    event_can_write: Some(can_write),
    event_closed: Some(closed),
    flags: 0,
    dsh_splitat: 0,
});

/// Makes a link with channels for the proxied streams of a context that was made with
/// `info.txp_ops_sspc` set to `lws_transport_mux_client_ops`. `info` is copied; its
/// `txp_cpath.ops_onw` is the program's transport, of which `req_write` and `_write` are called, with
/// `txp_cpath.priv_onw`; `ping_interval_us` and `pong_grace_us` are its times in microseconds (0: 10 s
/// and 2 s). `txp_handle` is kept for the program.
///
/// Returns the link, which ends with [`lws_transport_mux_destroy`] or with the context; NULL with the
/// reason in the log. Legal in every callback.
///
/// # Safety
/// `cx` came from this library; `info` is NULL or good, and its operations stay as long as the link.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_transport_mux_create(
    cx: *mut lws_context,
    info: *mut lws_transport_info,
    txp_handle: *mut c_void,
) -> *mut lws_transport_mux {
    const NAME: &str = "lws_transport_mux_create";
    guard(NAME, null_mut(), || {
        if !built::PROXY {
            log::err!("{NAME}: streams at a proxy are not built into this library");
            return null_mut();
        }
        let Some(cx) = registry::context(NAME, cx) else { return null_mut() };
        let _frame = cx.enter();
        // SAFETY: the caller promises a good struct.
        let Some(info) = (unsafe { info.as_ref() }).filter(|i| !i.txp_cpath.ops_onw.is_null())
        else {
            log::err!("{NAME}: the settings name no transport: txp_cpath.ops_onw is NULL");
            return null_mut();
        };
        let link = Link::new(&cx, Side::Client, info);
        let address = link.address();
        // SAFETY: the struct is ours, nobody else is at it now.
        unsafe { (*address).txp_handle = txp_handle };
        link.settle();
        address
    })
}

/// Ends a link: its streams are without one. `*tm` becomes NULL. Legal in every callback but the
/// link's own transport operations.
///
/// # Safety
/// `tm` is NULL or good.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_transport_mux_destroy(tm: *mut *mut lws_transport_mux) {
    guard("lws_transport_mux_destroy", (), || {
        // SAFETY: the caller promises a good pointer.
        let Some(tm) = (unsafe { tm.as_mut() }) else { return };
        let address = std::mem::replace(tm, null_mut());
        let done =
            with_link("lws_transport_mux_destroy", address.cast(), |cx, link, _| link.end(cx));
        if done.is_none() {
            refuse("lws_transport_mux_destroy", address.cast());
        }
    });
}
