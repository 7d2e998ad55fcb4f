//! Transports that the program brings for the proxy (`info.txp_ops_ssproxy`). The program's
//! operations go one way, those of [`lws_txp_inside_proxy`] the other.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashMap};
use std::ffi::{c_char, c_int, c_void};
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::super::context::CContext;
use super::super::panic::guard;
use super::super::ptr::bytes;
use super::super::registry;
use super::super::types::{
    lws_context, lws_context_creation_info, lws_ss_state_return_t, lws_sss_proxy_conn,
    lws_transport_priv_t, lws_transport_proxy_ops, lws_txp_path_proxy,
};
use super::CHome;
use crate::proxy::server::{Desk, Options, Piped, Verdict, Way, Wrote};
use crate::stream::Ret;
use crate::util::{built, log};

/// Bytes that a transport may write in front of what it is to send (`LWS_PRE`).
const HEADROOM: usize = 16;

/// The most that a transport is given at a time: those for libwebsockets count on small pieces.
const MOST: usize = 1400;

/// What a context keeps of its transport.
pub(in super::super) struct ProxySide {
    ops: *const lws_transport_proxy_ops,
    info: *const c_void,
    /// The transport's way, which it fills in; made when it is first needed, at a fixed place.
    path: RefCell<Option<Box<std::cell::UnsafeCell<lws_txp_path_proxy>>>>,
    desk: RefCell<Option<Rc<Desk>>>,
    conns: RefCell<HashMap<usize, Rc<Conn>>>,
}

impl ProxySide {
    pub fn new(info: &lws_context_creation_info) -> Self {
        Self {
            ops: info.txp_ops_ssproxy,
            info: info.txp_ssproxy_info,
            path: RefCell::default(),
            desk: RefCell::default(),
            conns: RefCell::default(),
        }
    }

    /// The program brings its own transport.
    pub fn is_custom(&self) -> bool {
        !self.ops.is_null()
    }
}

/// A client's connection.
struct Conn {
    piped: Rc<Piped>,
    way: Rc<CWay>,
}

/// The transport's side of a connection.
struct CWay {
    ops: *const lws_transport_proxy_ops,
    onward: Cell<lws_transport_priv_t>,
    /// `event_client_up` was called.
    up: Cell<bool>,
}

impl CWay {
    fn ops(&self) -> lws_transport_proxy_ops {
        // SAFETY: the program promised that its operations stay.
        unsafe { *self.ops }
    }
}

impl Way for CWay {
    fn request_write(&self) {
        let onward = self.onward.get();
        if let (false, Some(request)) = (onward.is_null(), self.ops().proxy_req_write) {
            // SAFETY: the program's own operation, with its own pointer.
            unsafe { request(onward) };
        }
    }
}

/// To which context a connection belongs. The pointers that a transport gets are no addresses but
/// numbers.
static OWNERS: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());

/// Numbers of connections are multiples of this: no pointer of anybody else's is taken for one easily.
const STEP: usize = 16;

fn owners() -> MutexGuard<'static, BTreeMap<usize, usize>> {
    OWNERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn code(ret: Ret) -> lws_ss_state_return_t {
    ret.code() as lws_ss_state_return_t
}

fn verdict(verdict: Verdict) -> lws_ss_state_return_t {
    code(match verdict {
        Verdict::Keep => Ret::Ok,
        Verdict::Close => Ret::DisconnectMe,
    })
}

/// Has the program's transport serve. Returns its answer, 0 for success.
///
/// # Safety
/// `bind` is NULL or a good string.
pub(super) unsafe fn serve(
    cx: &Rc<CContext>,
    bind: *const c_char,
    port: c_int,
    options: Options,
) -> Result<(), String> {
    let side = &cx.proxy;
    // SAFETY: the program promised that its operations stay.
    let ops = unsafe { *side.ops };
    let Some(init) = ops.init_proxy_server else {
        return Err("txp_ops_ssproxy has no init_proxy_server".to_owned());
    };
    let desk = Rc::new(Desk::new(Rc::new(CHome(cx.handle)), options));
    side.desk.replace(Some(desk));
    let path = {
        let mut path = side.path.borrow_mut();
        let fresh = lws_txp_path_proxy {
            ops_in: &raw const lws_txp_inside_proxy.0,
            priv_in: null_mut(),
            ops_onw: side.ops,
            priv_onw: null_mut(),
            mux: null_mut(),
        };
        path.get_or_insert_with(|| Box::new(std::cell::UnsafeCell::new(fresh))).get()
    };
    // SAFETY: the program's own operation; the path lives as long as the context.
    let answer = unsafe {
        init(cx.handle, &raw const lws_txp_inside_proxy.0, null_mut(), path, side.info, bind, port)
    };
    if answer == 0 { Ok(()) } else { Err("the program's transport does not serve".to_owned()) }
}

/// Ends what a context's transport serves. The transport may close its connections itself.
pub(in super::super) fn end(cx: &CContext) {
    if !built::PROXY {
        return;
    }
    let serves = cx.proxy.desk.borrow().is_some();
    if serves {
        // SAFETY: the program promised that its operations stay.
        let ops = unsafe { *cx.proxy.ops };
        if let Some(destroy) = ops.destroy_proxy_server {
            // SAFETY: the program's own operation.
            unsafe { destroy(cx.handle) };
        }
    }
    let desk = cx.proxy.desk.take();
    drop(desk);
    let conns = cx.proxy.conns.take();
    for (id, conn) in conns {
        conn.way.onward.set(null_mut());
        owners().remove(&id);
    }
}

/// Does `f` with the connection behind a pointer that a transport has.
fn with_conn(
    name: &str,
    conn: *const c_void,
    f: impl FnOnce(&CContext, &Rc<Conn>) -> lws_ss_state_return_t,
) -> lws_ss_state_return_t {
    let refused = code(Ret::DisconnectMe);
    guard(name, refused, || {
        if !built::PROXY {
            return refused;
        }
        let id = conn as usize;
        let owner = owners().get(&id).copied();
        let cx = owner.and_then(|o| registry::context(name, o as *const lws_context));
        let Some(cx) = cx else {
            log::err!("{name}: {conn:p} is no connection of a client");
            return refused;
        };
        let _frame = cx.enter();
        let conn = cx.proxy.conns.borrow().get(&id).cloned();
        conn.map_or(refused, |conn| f(&cx, &conn))
    })
}

/// A client has come; `*conn` is what the transport calls it by from now on.
///
/// # Safety
/// `context` came from this library; `conn` is NULL or a good place.
unsafe extern "C" fn new_conn(
    context: *mut lws_context,
    _: *const lws_transport_proxy_ops,
    _: lws_transport_priv_t,
    conn: *mut *mut lws_sss_proxy_conn,
    onward: lws_transport_priv_t,
) -> lws_ss_state_return_t {
    /// The next connection's number.
    static NEXT: AtomicUsize = AtomicUsize::new(STEP);
    let refused = code(Ret::TxDontSend);
    guard("event_new_conn", refused, || {
        if !built::PROXY {
            return refused;
        }
        let Some(cx) = registry::context("event_new_conn", context) else { return refused };
        let _frame = cx.enter();
        let desk = cx.proxy.desk.borrow().clone();
        let (Some(desk), false) = (desk, conn.is_null()) else {
            log::err!("event_new_conn: there is no proxy, or no place for the connection");
            return refused;
        };
        let way =
            Rc::new(CWay { ops: cx.proxy.ops, onward: Cell::new(onward), up: Cell::new(false) });
        let piped = match desk.admit(&cx.engine, Rc::clone(&way) as Rc<dyn Way>) {
            Ok(piped) => piped,
            Err(why) => {
                log::warn!("proxy: a client is refused: {why}");
                return refused;
            }
        };
        let id = NEXT.fetch_add(STEP, Ordering::Relaxed);
        cx.proxy.conns.borrow_mut().insert(id, Rc::new(Conn { piped, way }));
        owners().insert(id, cx.handle as usize);
        // SAFETY: the transport gives a good place.
        unsafe { *conn = id as *mut lws_sss_proxy_conn };
        code(Ret::Ok)
    })
}

/// Bytes have come.
///
/// # Safety
/// `len` bytes are readable at `buf`; `conn` is not followed.
unsafe extern "C" fn read(
    conn: lws_transport_priv_t,
    buf: *const u8,
    len: usize,
) -> lws_ss_state_return_t {
    with_conn("proxy_read", conn, |cx, conn| {
        // SAFETY: the transport gives that many bytes.
        verdict(conn.piped.receive(&cx.engine, unsafe { bytes(buf, len) }))
    })
}

/// The transport takes bytes.
///
/// # Safety
/// None needed: `conn` is not followed.
unsafe extern "C" fn can_write(conn: lws_transport_priv_t) -> lws_ss_state_return_t {
    with_conn("event_proxy_can_write", conn, |cx, conn| {
        let way = &conn.way;
        let mut buffer = Vec::new();
        let sent = conn.piped.send(&cx.engine, MOST, |piece| {
            buffer.clear();
            buffer.resize(HEADROOM, 0);
            buffer.extend_from_slice(piece);
            write(way, &mut buffer[HEADROOM..])
        });
        verdict(sent)
    })
}

fn write(way: &CWay, piece: &mut [u8]) -> Option<Wrote> {
    let (onward, ops) = (way.onward.get(), way.ops());
    let write = ops.proxy_write.filter(|_| !onward.is_null())?;
    let mut len = piece.len();
    // SAFETY: the program's own operation, with its own pointer and that many bytes.
    if unsafe { write(onward, piece.as_mut_ptr(), &raw mut len) } < 0 {
        return None;
    }
    if !way.up.replace(true)
        && let Some(up) = ops.event_client_up
    {
        // SAFETY: as above.
        unsafe { up(onward) };
    }
    // SAFETY: as above.
    let more = ops.proxy_check_write_more.is_some_and(|more| unsafe { more(onward) } != 0);
    Some(Wrote { len: len.min(piece.len()), more })
}

/// The client's connection is closed: the transport may not use it any more.
///
/// # Safety
/// None needed: `conn` is not followed.
unsafe extern "C" fn closed(conn: *mut lws_sss_proxy_conn) -> lws_ss_state_return_t {
    with_conn("event_close_conn", conn.cast(), |cx, found| {
        let id = conn as usize;
        owners().remove(&id);
        cx.proxy.conns.borrow_mut().remove(&id);
        found.way.onward.set(null_mut());
        found.piped.closed(&cx.engine);
        code(Ret::Ok)
    })
}

/// Operations that do not change.
#[repr(transparent)]
pub struct Ops(lws_transport_proxy_ops);

// SAFETY: the only pointer is to a constant string.
unsafe impl Sync for Ops {}

/// What a transport of the program's tells the proxy. `event_new_conn` gives the connection that the
/// others take as their first argument; where one answers below 0 the transport closes its way and calls
/// `event_close_conn`. Legal from the loop's thread, also inside callbacks.
///
/// cbindgen:ignore
#[allow(non_upper_case_globals, reason = "the C name")]
#[unsafe(no_mangle)]
pub static lws_txp_inside_proxy: Ops = Ops(lws_transport_proxy_ops {
    name: c"txp_inside_proxy".as_ptr(),
    init_proxy_server: None,
    destroy_proxy_server: None,
    event_new_conn: Some(new_conn),
    event_onward_bind: None,
    proxy_req_write: None,
    event_proxy_can_write: Some(can_write),
    proxy_write: None,
    event_close_conn: Some(closed),
    close_conn: None,
    proxy_read: Some(read),
    event_client_up: None,
    proxy_check_write_more: None,
    flags: 0,
});
