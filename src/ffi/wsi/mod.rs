//! Connections of the program's own (`struct lws`): descriptors that it opened and has the loop
//! watch, for the callback of a protocol that a vhost offers. What streams do has no such handles.
//!
//! A handle is a number that is used once: one of a connection that is gone is refused.

mod adopt;
mod protocols;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::{c_int, c_short, c_void};
use std::os::fd::RawFd;
use std::ptr::null_mut;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use mio::unix::SourceFd;

pub use adopt::lws_adopt_descriptor_vhost_via_info;
pub(super) use protocols::{Protocol, offered, start, stop};

use super::context::CContext;
use super::panic::guard;
use super::registry;
use super::types::{
    LWS_CALLBACK_RAW_CLOSE_FILE, LWS_CALLBACK_RAW_RX_FILE, LWS_CALLBACK_RAW_WRITEABLE_FILE, lws,
    lws_callback_reasons, lws_context, lws_vhost,
};
use crate::engine::{Context, Plug, PlugKey, Wake};
use crate::util::log;

/// The connections of a context, by their handles.
#[derive(Default)]
pub(super) struct Wsis(RefCell<BTreeMap<usize, Rc<Wsi>>>);

/// To which context a handle belongs.
static OWNERS: Mutex<BTreeMap<usize, usize>> = Mutex::new(BTreeMap::new());

fn owners() -> MutexGuard<'static, BTreeMap<usize, usize>> {
    OWNERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A connection.
struct Wsi {
    handle: usize,
    context: *mut lws_context,
    vhost: *mut lws_vhost,
    protocol: Rc<Protocol>,
    session: Session,
    opaque: Cell<*mut c_void>,
    /// What it watches, until it is closed; a protocol that is told of itself has none.
    descriptor: Cell<Option<RawFd>>,
    key: Cell<Option<PlugKey>>,
    wants_write: Cell<bool>,
}

/// The bytes that a protocol has for each connection, zeroed; NULL for none.
struct Session(*mut c_void);

impl Session {
    /// `None`: there is no memory.
    fn new(size: usize) -> Option<Self> {
        if size == 0 {
            return Some(Self(null_mut()));
        }
        // SAFETY: any size will do.
        let memory = unsafe { libc::calloc(1, size) };
        (!memory.is_null()).then_some(Self(memory))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        // SAFETY: the memory came from calloc, or is NULL, and is freed once.
        unsafe { libc::free(self.0) };
    }
}

impl Wsi {
    /// A connection that is known from now on.
    fn new(
        cx: &CContext,
        vhost: *mut lws_vhost,
        protocol: Rc<Protocol>,
        session: Session,
    ) -> Rc<Self> {
        /// Handles are multiples of this: no pointer is taken for one easily.
        const STEP: usize = 16;
        static NEXT: AtomicUsize = AtomicUsize::new(STEP);
        let handle = NEXT.fetch_add(STEP, Ordering::Relaxed);
        let made = Rc::new(Self {
            handle,
            context: cx.handle,
            vhost,
            protocol,
            session,
            opaque: Cell::new(null_mut()),
            descriptor: Cell::new(None),
            key: Cell::new(None),
            wants_write: Cell::new(false),
        });
        owners().insert(handle, cx.handle as usize);
        cx.wsis.0.borrow_mut().insert(handle, Rc::clone(&made));
        made
    }

    /// Calls the protocol's callback; true: the connection is to be closed.
    fn say(&self, reason: lws_callback_reasons) -> bool {
        let Some(callback) = self.protocol.callback else { return false };
        // SAFETY: the program promised that its callback stays; these reasons have no argument.
        let answer =
            unsafe { callback(self.handle as *mut lws, reason, self.session.0, null_mut(), 0) };
        answer != 0
    }

    /// Ends the handle.
    fn forget(&self, cx: &CContext) {
        owners().remove(&self.handle);
        let gone = cx.wsis.0.borrow_mut().remove(&self.handle);
        drop(gone);
    }

    /// Takes the descriptor off the loop. It is open still, and nobody's.
    fn unwatch(&self, cx: &CContext) -> Option<RawFd> {
        let fd = self.descriptor.take()?;
        if let Some(key) = self.key.take() {
            cx.engine.unplug(key, Some(&mut SourceFd(&fd)));
        }
        Some(fd)
    }

    fn close(&self, cx: &CContext) {
        let Some(fd) = self.unwatch(cx) else { return };
        self.say(LWS_CALLBACK_RAW_CLOSE_FILE);
        // SAFETY: the program gave the descriptor away, and it is closed once.
        unsafe { libc::close(fd) };
        self.forget(cx);
    }

    /// One look at the descriptor, and what follows from it. Returns whether there may be more.
    fn look(&self, fd: RawFd) -> Look {
        const BROKEN: c_short = libc::POLLHUP | libc::POLLERR | libc::POLLNVAL;
        let wanted = if self.wants_write.get() { libc::POLLOUT } else { 0 };
        let ready = ready(fd, libc::POLLIN | wanted);
        if ready & wanted != 0 {
            self.wants_write.set(false);
            if self.say(LWS_CALLBACK_RAW_WRITEABLE_FILE) {
                return Look::Over;
            }
        }
        if ready & libc::POLLIN != 0 {
            if is_at_end(fd) || self.say(LWS_CALLBACK_RAW_RX_FILE) {
                return Look::Over;
            }
        } else if ready & BROKEN != 0 {
            return Look::Over;
        }
        if ready == 0 { Look::Nothing } else { Look::Something }
    }
}

/// What there was to do.
enum Look {
    Nothing,
    Something,
    Over,
}

/// A connection on the loop.
struct Watch(Rc<Wsi>);

impl Plug for Watch {
    fn turn(&self, engine: &Context, key: PlugKey, _: Wake) {
        let wsi = &self.0;
        let Some(cx) = registry::find_context(wsi.context) else { return };
        let Some(fd) = wsi.descriptor.get() else { return };
        match wsi.look(fd) {
            // the system tells when that changes
            Look::Nothing => {}
            Look::Something => engine.poke(key),
            Look::Over => wsi.close(&cx),
        }
    }

    fn give_up(&self, _: &Context, _: PlugKey) {
        if let Some(cx) = registry::find_context(self.0.context) {
            self.0.close(&cx);
        }
    }
}

/// Which of these events a descriptor has now.
fn ready(fd: RawFd, events: c_short) -> c_short {
    let mut asked = libc::pollfd { fd, events, revents: 0 };
    // SAFETY: one struct, which is good.
    let count = unsafe { libc::poll(&raw mut asked, 1, 0) };
    if count > 0 { asked.revents } else { 0 }
}

/// A descriptor that is readable without having anything to read is at its end, where the system
/// can tell.
fn is_at_end(fd: RawFd) -> bool {
    let mut count: c_int = 0;
    // SAFETY: the request writes a number of that type.
    let answer = unsafe { libc::ioctl(fd, libc::FIONREAD, &raw mut count) };
    answer == 0 && count == 0
}

/// Closes the connections of a context.
pub(super) fn end(cx: &CContext) {
    loop {
        let next = cx.wsis.0.borrow().values().next().cloned();
        let Some(wsi) = next else { break };
        wsi.close(cx);
        // in case it is none that can be closed
        wsi.forget(cx);
    }
}

/// The name of a connection, for logs.
pub(super) fn tag(handle: *const lws) -> Option<String> {
    let (_, wsi) = find(handle)?;
    Some(format!("[{}|wsi|{}]", std::process::id(), wsi.protocol.name.to_string_lossy()))
}

/// The connection behind a handle, silently.
fn find(handle: *const lws) -> Option<(Rc<CContext>, Rc<Wsi>)> {
    let owner = owners().get(&(handle as usize)).copied()?;
    let cx = registry::find_context(owner as *const lws_context)?;
    let wsi = cx.wsis.0.borrow().get(&(handle as usize)).cloned()?;
    Some((cx, wsi))
}

/// Does `f` with the connection behind a handle, for the exported function `name`.
fn with_wsi<R: Copy>(
    name: &str,
    handle: *const lws,
    refused: R,
    f: impl FnOnce(&CContext, &Wsi) -> R,
) -> R {
    guard(name, refused, || {
        let Some((cx, wsi)) = find(handle) else {
            log::err!("{name}: {handle:p} is no connection of this thread's contexts");
            return refused;
        };
        f(&cx, &wsi)
    })
}

/// The vhost of a connection; NULL if it is none (any more).
///
/// # Safety
/// None needed: the handle is looked up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_get_vhost(wsi: *mut lws) -> *mut lws_vhost {
    with_wsi("lws_get_vhost", wsi, null_mut(), |_, wsi| wsi.vhost)
}

/// The program's pointer at a connection: what it was adopted with, or what was set since. NULL
/// if it is no connection (any more).
///
/// # Safety
/// None needed: the handle is looked up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_get_opaque_user_data(wsi: *const lws) -> *mut c_void {
    with_wsi("lws_get_opaque_user_data", wsi, null_mut(), |_, wsi| wsi.opaque.get())
}

/// Makes `data` the program's pointer at a connection, in place of what it was adopted with.
///
/// # Safety
/// None needed: the handle is looked up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_set_opaque_user_data(wsi: *mut lws, data: *mut c_void) {
    with_wsi("lws_set_opaque_user_data", wsi, (), |_, wsi| wsi.opaque.set(data));
}

/// Asks for one LWS_CALLBACK_RAW_WRITEABLE_FILE, from the loop, when the connection's descriptor
/// can be written to. Returns 1, or -1 if it is no connection (any more).
///
/// # Safety
/// None needed: the handle is looked up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_callback_on_writable(wsi: *mut lws) -> c_int {
    with_wsi("lws_callback_on_writable", wsi, -1, |cx, wsi| {
        let Some(key) = wsi.key.get() else { return -1 };
        wsi.wants_write.set(true);
        cx.engine.poke(key);
        1
    })
}

/// Whether a connection's descriptor cannot be written to now: 1 if so, or if it is no connection
/// (any more), else 0.
///
/// # Safety
/// None needed: the handle is looked up.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_send_pipe_choked(wsi: *mut lws) -> c_int {
    with_wsi("lws_send_pipe_choked", wsi, 1, |_, wsi| {
        let Some(fd) = wsi.descriptor.get() else { return 1 };
        c_int::from(ready(fd, libc::POLLOUT) & libc::POLLOUT == 0)
    })
}
