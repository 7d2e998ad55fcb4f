//! The proxy (`lws_ss_proxy_*`): streams of this context for other programs.

mod transport;

use std::ffi::{c_char, c_int, c_uint};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::rc::Rc;

pub(super) use transport::{ProxySide, end};

use super::context::CContext;
use super::panic::guard;
use super::ptr::c_bytes;
use super::registry;
use super::sspc;
use super::types::{lws_context, lws_ss_link_tls, lws_ss_proxy_rules};
use crate::engine::Context;
use crate::proxy::server::{Home, Options, Peer, Place, Proxy};
use crate::util::{built, log};

/// The way back into a context from the callbacks of its own streams.
struct CHome(*mut lws_context);

impl Home for CHome {
    fn enter(&self, f: &mut dyn FnMut(&Context)) {
        if let Some(cx) = registry::find_context(self.0) {
            let _frame = cx.enter();
            f(&cx.engine);
        }
    }
}

/// Lets programs that were built with `LWS_SS_USE_SSPC` use this context's streams.
///
/// With `port` 0 it listens on the unix socket `bind`: a path, or `@` and a name in Linux's abstract
/// namespace; NULL is `@proxy.ss.lws`. Else it listens on TCP, where `bind` is an address or the
/// name of a network interface, or NULL for all. Clients live as long as the context. May be called
/// several times, for several places. Where the context was made with `txp_ops_ssproxy`, that transport
/// serves instead, and `bind` and `port` are passed on to it.
///
/// Returns 0, or 1 with the reason in the log if the place is not to be had. Legal in every
/// callback.
///
/// # Safety
/// `context` came from this library; `bind` is NULL or a good string.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_proxy_create(
    context: *mut lws_context,
    bind: *const c_char,
    port: c_int,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { lws_ss_proxy_create_ruled(context, bind, port, std::ptr::null()) }
}

/// As [`lws_ss_proxy_create`], with rules for the clients: whose programs may be clients, and how
/// much each may have. This function is of this library alone. `rules` is copied; NULL means none.
///
/// # Safety
/// As for [`lws_ss_proxy_create`]; `rules` is NULL or good, with `uids` good for `count_uids`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_proxy_create_ruled(
    context: *mut lws_context,
    bind: *const c_char,
    port: c_int,
    rules: *const lws_ss_proxy_rules,
) -> c_int {
    // SAFETY: as the caller promises.
    unsafe { lws_ss_proxy_create_tls(context, bind, port, rules, std::ptr::null()) }
}

/// As [`lws_ss_proxy_create_ruled`], with TLS on the links: `port` is a TCP port then; for unix
/// sockets and transports of the program's own it is refused. This function is of this library
/// alone.
///
/// `tls->cert_filepath` and `tls->key_filepath` are needed. With `tls->ca_filepath` clients must
/// show a certificate that one of these has signed, without it anybody may be a client.
/// `tls->name` is not looked at. The files are read here; what is pointed to need not stay. NULL
/// for `tls`: no TLS. A client that is refused, or does not agree on TLS in 10 s, costs a line
/// in the log, with the side that refuses, and its link. Clients: see `lws_sspc_link_tls`.
///
/// # Safety
/// As for [`lws_ss_proxy_create_ruled`]; `tls` is NULL or good, its strings NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_ss_proxy_create_tls(
    context: *mut lws_context,
    bind: *const c_char,
    port: c_int,
    rules: *const lws_ss_proxy_rules,
    tls: *const lws_ss_link_tls,
) -> c_int {
    guard("lws_ss_proxy_create", 1, || {
        let Some(cx) = registry::context("lws_ss_proxy_create", context) else { return 1 };
        let _frame = cx.enter();
        // SAFETY: the caller promises a good string and structs.
        let opened = unsafe { open(&cx, bind, port, rules.as_ref(), tls.as_ref()) };
        match opened {
            Ok(()) => 0,
            Err(e) => {
                log::err!("lws_ss_proxy_create: {e}");
                1
            }
        }
    })
}

/// # Safety
/// As for [`lws_ss_proxy_create_tls`].
unsafe fn open(
    cx: &Rc<CContext>,
    bind: *const c_char,
    port: c_int,
    rules: Option<&lws_ss_proxy_rules>,
    tls: Option<&lws_ss_link_tls>,
) -> Result<(), String> {
    if !built::PROXY {
        return Err("the proxy is not built into this library".into());
    }
    let mut options = Options { peer_of, ..Options::default() };
    if let Some(rules) = rules {
        // SAFETY: the caller promises good rules.
        unsafe { apply(rules, &mut options) };
    }
    if let Some(tls) = tls {
        if cx.proxy.is_custom() {
            return Err("TLS is for TCP, not for txp_ops_ssproxy".to_owned());
        }
        // SAFETY: the caller promises good strings.
        options.tls = Some(unsafe { sspc::files(tls) }.for_proxy()?);
    }
    if cx.proxy.is_custom() {
        // SAFETY: as the caller promises.
        return unsafe { transport::serve(cx, bind, port, options) };
    }
    // SAFETY: the caller promises a good string.
    let bind = match unsafe { c_bytes(bind) } {
        None => None,
        Some(bytes) => Some(std::str::from_utf8(bytes).map_err(|_| "bind is not UTF-8")?),
    };
    let port = u16::try_from(port).map_err(|_| format!("{port} is no port"))?;
    let home = Rc::new(CHome(cx.handle));
    let opened = Proxy::open(&cx.engine, home, &Place::parse(bind, port), options);
    opened.map(drop).map_err(|e| e.to_string())
}

/// # Safety
/// `uids` is NULL or good for `count_uids`.
unsafe fn apply(rules: &lws_ss_proxy_rules, options: &mut Options) {
    if !rules.uids.is_null() {
        // SAFETY: as the caller promises.
        let uids = unsafe { std::slice::from_raw_parts(rules.uids, rules.count_uids) };
        options.allowed = Some(uids.to_vec());
    }
    let size = |n: c_uint, or: usize| if n > 0 { n as usize } else { or };
    let limits = &mut options.limits;
    limits.links = size(rules.max_links, limits.links);
    limits.streams = size(rules.max_streams_per_client, limits.streams);
    limits.bytes =
        if rules.max_bytes_per_client > 0 { rules.max_bytes_per_client } else { limits.bytes };
    if rules.socket_mode > 0 {
        options.mode = rules.socket_mode;
    }
}

/// Who is at the other end of a unix socket, where the system tells.
#[cfg(target_os = "linux")]
fn peer_of(socket: BorrowedFd<'_>) -> Option<Peer> {
    let mut domain: c_int = 0;
    let mut len = size_of::<c_int>() as libc::socklen_t;
    // SAFETY: the option is a number of that size.
    let asked = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_DOMAIN,
            (&raw mut domain).cast(),
            &raw mut len,
        )
    };
    if asked != 0 || domain != libc::AF_UNIX {
        return None;
    }
    let mut who = libc::ucred { pid: 0, uid: 0, gid: 0 };
    let mut len = size_of::<libc::ucred>() as libc::socklen_t;
    // SAFETY: the option is a struct of that type and size.
    let asked = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_PEERCRED,
            (&raw mut who).cast(),
            &raw mut len,
        )
    };
    (asked == 0).then(|| Peer { pid: who.pid.cast_unsigned(), uid: who.uid })
}

/// Who is at the other end of a unix socket, where the system tells.
#[cfg(not(target_os = "linux"))]
fn peer_of(socket: BorrowedFd<'_>) -> Option<Peer> {
    let (mut uid, mut gid) = (0, 0);
    // SAFETY: both out-pointers are good.
    let asked = unsafe { libc::getpeereid(socket.as_raw_fd(), &raw mut uid, &raw mut gid) };
    (asked == 0).then_some(Peer { pid: 0, uid })
}
