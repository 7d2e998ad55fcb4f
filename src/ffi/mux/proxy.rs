//! The proxy's side: clients come by channels.

use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;
use std::rc::Rc;

use super::super::panic::guard;
use super::super::ptr::bytes;
use super::super::registry;
use super::super::types::{
    lws_context, lws_ss_state_return_t, lws_sss_proxy_conn, lws_transport_info,
    lws_transport_priv_t, lws_transport_proxy_ops, lws_txp_path_proxy,
};
use super::{Link, code, refuse, want_write, with_link};
use crate::proto::mux::Side;
use crate::stream::Ret;
use crate::util::{built, log};

/// The program's own transport.
fn onward(link: &Link) -> Option<(lws_transport_proxy_ops, lws_transport_priv_t)> {
    let path = link.info().txp_ppath;
    // SAFETY: the program promised that its operations stay.
    let ops = unsafe { path.ops_onw.as_ref() }?;
    // without a pointer of its own it is not there (any more)
    (!path.priv_onw.is_null()).then_some((*ops, path.priv_onw))
}

/// What is above.
fn inward(link: &Link) -> Option<lws_transport_proxy_ops> {
    // SAFETY: whoever made the link promised that its operations stay.
    unsafe { link.info().txp_ppath.ops_in.as_ref() }.copied()
}

pub(super) fn request_write(link: &Link) {
    if let Some((ops, own)) = onward(link)
        && let Some(request) = ops.proxy_req_write
    {
        // SAFETY: the program's own operation, with its own pointer.
        unsafe { request(own) };
    }
}

pub(super) fn write_onward(link: &Link, bytes: &mut [u8]) -> Option<usize> {
    let (ops, own) = onward(link)?;
    let mut len = bytes.len();
    // SAFETY: the program's own operation, with its own pointer and that many bytes.
    let answer = unsafe { ops.proxy_write?(own, bytes.as_mut_ptr(), &raw mut len) };
    (answer >= 0).then_some(len)
}

pub(super) fn asked(link: &Link, channel: u8) {
    link.machine.borrow_mut().accept(channel);
    let id = link.add(channel, null_mut());
    let mut conn = null_mut();
    let answer = inward(link).and_then(|ops| ops.event_new_conn).map(|new_conn| {
        let path = link.info().txp_ppath;
        // SAFETY: what is above gave this operation; the place for the connection is good.
        unsafe { new_conn(link.context, path.ops_in, null_mut(), &raw mut conn, id as *mut c_void) }
    });
    if answer != Some(code(Ret::Ok)) || conn.is_null() {
        link.forget(channel);
        return link.machine.borrow_mut().close(channel);
    }
    if let Some(above) = link.channels.borrow_mut().get_mut(&channel) {
        above.inward = conn.cast();
    }
}

pub(super) fn deliver(
    link: &Link,
    conn: lws_transport_priv_t,
    bytes: &[u8],
) -> lws_ss_state_return_t {
    match inward(link).and_then(|ops| ops.proxy_read) {
        // SAFETY: what is above gave this operation and its pointer.
        Some(read) => unsafe { read(conn, bytes.as_ptr(), bytes.len()) },
        None => code(Ret::DisconnectMe),
    }
}

pub(super) fn offer(link: &Link, conn: lws_transport_priv_t) -> lws_ss_state_return_t {
    match inward(link).and_then(|ops| ops.event_proxy_can_write) {
        // SAFETY: what is above gave this operation and its pointer.
        Some(can_write) => unsafe { can_write(conn) },
        None => code(Ret::DisconnectMe),
    }
}

pub(super) fn ended(link: &Link, conn: lws_transport_priv_t) {
    if let Some(closed) = inward(link).and_then(|ops| ops.event_close_conn) {
        // SAFETY: what is above gave this operation and its pointer.
        unsafe { closed(conn.cast()) };
    }
}

/// Makes the link, and has the program's transport open it.
///
/// # Safety
/// `path` is good; `info` is a good `lws_transport_info` whose operations stay; `bind` is NULL or a good
/// string.
unsafe extern "C" fn init(
    context: *mut lws_context,
    ops_in: *const lws_transport_proxy_ops,
    priv_in: lws_transport_priv_t,
    path: *mut lws_txp_path_proxy,
    info: *const c_void,
    bind: *const c_char,
    port: c_int,
) -> c_int {
    const NAME: &str = "lws_transport_mux_proxy_ops.init_proxy_server";
    guard(NAME, 1, || {
        if !built::PROXY {
            return 1;
        }
        let Some(cx) = registry::context(NAME, context) else { return 1 };
        let _frame = cx.enter();
        // SAFETY: as the caller promises.
        let (info, path) = unsafe { (info.cast::<lws_transport_info>().as_ref(), path.as_mut()) };
        let (Some(info), Some(path)) = (info, path) else {
            log::err!("{NAME}: txp_ssproxy_info is to be a lws_transport_info");
            return 1;
        };
        // SAFETY: the program promised good operations.
        let onward = unsafe { info.txp_ppath.ops_onw.as_ref() };
        let Some(open) = onward.and_then(|ops| ops.init_proxy_server) else {
            log::err!("{NAME}: txp_ppath.ops_onw has no init_proxy_server");
            return 1;
        };
        let link = Link::new(&cx, Side::Proxy, info);
        let address = link.address();
        path.mux = address;
        let mut below = lws_txp_path_proxy {
            ops_in: &raw const lws_transport_mux_proxy_ops.0,
            priv_in: address.cast(),
            ops_onw: info.txp_ppath.ops_onw,
            priv_onw: null_mut(),
            mux: null_mut(),
        };
        // SAFETY: the struct is ours, nobody else is at it now.
        unsafe {
            let shown = &mut (*address).info.txp_ppath;
            (shown.ops_in, shown.priv_in, shown.mux) = (ops_in, priv_in, address);
            shown.priv_onw = null_mut();
        }
        let settings = info.onward_txp_info.cast_const().cast();
        let ops: *const lws_transport_proxy_ops = &raw const lws_transport_mux_proxy_ops.0;
        // SAFETY: the program's own operation, the arguments are good.
        let answer =
            unsafe { open(context, ops, address.cast(), &raw mut below, settings, bind, port) };
        if answer != 0 {
            path.mux = null_mut();
            link.end(&cx);
            return 1;
        }
        // SAFETY: as above.
        unsafe { (*address).info.txp_ppath.priv_onw = below.priv_onw };
        link.settle();
        0
    })
}

/// Ends the links of the context's proxy.
///
/// # Safety
/// `context` came from this library.
unsafe extern "C" fn destroy(context: *mut lws_context) -> c_int {
    guard("lws_transport_mux_proxy_ops.destroy_proxy_server", 0, || {
        let cx = registry::find_context(context).filter(|_| built::PROXY);
        let Some(cx) = cx else { return 0 };
        let links: Vec<Rc<Link>> = cx.muxes.0.borrow().values().cloned().collect();
        for link in links.iter().filter(|link| link.side == Side::Proxy) {
            link.end(&cx);
            // SAFETY: the program promised that its operations stay.
            let ops = unsafe { link.info().txp_ppath.ops_onw.as_ref() };
            if let Some(destroy) = ops.and_then(|ops| ops.destroy_proxy_server) {
                // SAFETY: the program's own operation.
                unsafe { destroy(context) };
            }
        }
        0
    })
}

/// A client's connection has something to send.
///
/// # Safety
/// None needed: the pointer is looked up.
unsafe extern "C" fn req_write(channel: lws_transport_priv_t) {
    guard("proxy_req_write", (), || want_write("proxy_req_write", channel));
}

/// Sends payload of a client's connection.
///
/// # Safety
/// `buf` is good for `*len` bytes and for `LWS_PRE` in front.
unsafe extern "C" fn write(channel: lws_transport_priv_t, buf: *mut u8, len: *mut usize) -> c_int {
    guard("proxy_write", -1, || {
        let sent = with_link("proxy_write", channel, |_, link, channel| {
            // SAFETY: as the caller promises.
            channel.is_some_and(|channel| unsafe { link.send_payload(channel, buf, *len) })
        });
        if sent == Some(true) { 0 } else { -1 }
    })
}

/// Bytes have come from the program's transport; `link` is what it got as `priv_in`.
///
/// # Safety
/// `len` bytes are readable at `buf`.
unsafe extern "C" fn read(
    link: lws_transport_priv_t,
    buf: *const u8,
    len: usize,
) -> lws_ss_state_return_t {
    guard("proxy_read", code(Ret::DisconnectMe), || {
        // SAFETY: as the caller promises.
        let done =
            with_link("proxy_read", link, |_, link, _| link.receive(unsafe { bytes(buf, len) }));
        done.map_or_else(
            || {
                refuse("proxy_read", link);
                code(Ret::DisconnectMe)
            },
            |()| code(Ret::Ok),
        )
    })
}

/// The program's transport takes bytes.
///
/// # Safety
/// None needed: the pointer is looked up.
unsafe extern "C" fn can_write(link: lws_transport_priv_t) -> lws_ss_state_return_t {
    guard("event_proxy_can_write", code(Ret::DisconnectMe), || {
        let done = with_link("event_proxy_can_write", link, |_, link, _| link.can_write());
        if done.is_none() {
            refuse("event_proxy_can_write", link);
        }
        code(if done.is_some() { Ret::Ok } else { Ret::DisconnectMe })
    })
}

/// The program's transport has no connections to tell of.
///
/// # Safety
/// None needed.
unsafe extern "C" fn new_conn(
    _: *mut lws_context,
    _: *const lws_transport_proxy_ops,
    _: lws_transport_priv_t,
    _: *mut *mut lws_sss_proxy_conn,
    _: lws_transport_priv_t,
) -> lws_ss_state_return_t {
    code(Ret::Ok)
}

/// The same.
///
/// # Safety
/// None needed.
unsafe extern "C" fn close_conn(_: *mut lws_sss_proxy_conn) -> lws_ss_state_return_t {
    code(Ret::Ok)
}

/// Operations that do not change.
#[repr(transparent)]
pub struct Ops(lws_transport_proxy_ops);

// SAFETY: the only pointer is to a constant string.
unsafe impl Sync for Ops {}

/// Channels between the proxy and a transport of the program's (`info.txp_ops_ssproxy`), whose
/// operations are `txp_ppath.ops_onw` of the `lws_transport_info` that `info.txp_ssproxy_info` points
/// to. That transport calls `proxy_read` with what came and `event_proxy_can_write` when it takes bytes, both
/// with the `priv_in` that its `init_proxy_server` got. It may take a part of what it is given.
/// Legal from the loop's thread, also inside callbacks.
///
/// cbindgen:ignore
#[allow(non_upper_case_globals, reason = "the C name")]
#[unsafe(no_mangle)]
pub static lws_transport_mux_proxy_ops: Ops = Ops(lws_transport_proxy_ops {
    name: c"txpmuxp".as_ptr(),
    init_proxy_server: Some(init),
    destroy_proxy_server: Some(destroy),
    event_new_conn: Some(new_conn),
    event_onward_bind: None,
    proxy_req_write: Some(req_write),
    event_proxy_can_write: Some(can_write),
    proxy_write: Some(write),
    event_close_conn: Some(close_conn),
    close_conn: None,
    proxy_read: Some(read),
    event_client_up: None,
    proxy_check_write_more: None,
    flags: 0,
});
