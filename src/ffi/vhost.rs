//! Vhosts, as far as streams show them: of client streams each names the trust that a connection
//! is made with, of listening streams the place. A vhost handle is good as long as its context.

use std::cell::{Cell, RefCell};
use std::ffi::{CString, c_char, c_int, c_uint, c_void};
use std::ptr::{null, null_mut};
use std::rc::Rc;
use std::sync::Mutex;

use super::context::CContext;
use super::panic::guard;
use super::ptr::c_bytes;
use super::registry;
use super::types::{
    LWS_SERVER_OPTION_EXPLICIT_VHOSTS, LWS_SERVER_OPTION_UNIX_SOCK, lws_context,
    lws_context_creation_info, lws_vhost,
};
use super::wsi::{self, Protocol};
use crate::engine::{Vhost as Place, VhostTls};
use crate::util::log;

/// The vhost of streams whose policy names no trust store.
pub(super) const DEFAULT: &str = "_ss_default";

/// The vhosts of a context, whose addresses are the handles.
#[derive(Default)]
pub(super) struct Vhosts(RefCell<Vec<Rc<Vhost>>>);

struct Vhost {
    name: CString,
    protocols: RefCell<Vec<Rc<Protocol>>>,
    /// Its protocols were told that they are offered.
    started: Cell<bool>,
}

/// The addresses that are vhosts now, with their names: a handle is looked up here and never
/// followed.
static ALL: Mutex<Vec<(usize, String)>> = Mutex::new(Vec::new());

fn all() -> std::sync::MutexGuard<'static, Vec<(usize, String)>> {
    ALL.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn handle_of(vhost: &Rc<Vhost>) -> *mut lws_vhost {
    Rc::as_ptr(vhost).cast_mut().cast()
}

impl Vhosts {
    fn find(&self, name: &str) -> Option<*mut lws_vhost> {
        let vhosts = self.0.borrow();
        let vhost = vhosts.iter().find(|v| v.name.as_bytes() == name.as_bytes())?;
        Some(handle_of(vhost))
    }

    /// The vhost of this name, made if need be.
    pub fn get(&self, name: &str) -> *mut lws_vhost {
        if let Some(vhost) = self.find(name) {
            return vhost;
        }
        let name_c = CString::new(name.replace('\0', "")).unwrap_or_default();
        let made = (RefCell::default(), Cell::new(false));
        let vhost = Rc::new(Vhost { name: name_c, protocols: made.0, started: made.1 });
        let handle = handle_of(&vhost);
        all().push((handle as usize, name.to_owned()));
        self.0.borrow_mut().push(vhost);
        handle
    }

    fn by_handle(&self, handle: *const lws_vhost) -> Option<Rc<Vhost>> {
        let vhosts = self.0.borrow();
        vhosts.iter().find(|v| std::ptr::eq(handle_of(v), handle)).cloned()
    }

    pub fn name(&self, handle: *const lws_vhost) -> Option<*const c_char> {
        self.by_handle(handle).map(|vhost| vhost.name.as_ptr())
    }

    /// The protocols of a vhost.
    pub fn protocols(&self, handle: *const lws_vhost) -> Vec<Rc<Protocol>> {
        self.by_handle(handle).map_or_else(Vec::new, |vhost| vhost.protocols.borrow().clone())
    }

    /// The vhost of the context's own settings, unless the program makes all of them itself.
    ///
    /// # Safety
    /// `info`'s pointers are good.
    pub unsafe fn add_default(&self, info: &lws_context_creation_info) {
        let explicit = info.options & LWS_SERVER_OPTION_EXPLICIT_VHOSTS != 0;
        if explicit && info.pprotocols.is_null() {
            return;
        }
        // SAFETY: as the caller promises.
        unsafe {
            let handle = self.get(&name_in(info));
            self.offer(handle, info);
        }
    }

    /// Gives a vhost the protocols of its settings.
    ///
    /// # Safety
    /// `info`'s tables are good.
    unsafe fn offer(&self, handle: *const lws_vhost, info: &lws_context_creation_info) {
        if let Some(vhost) = self.by_handle(handle) {
            // SAFETY: as the caller promises.
            vhost.protocols.borrow_mut().extend(unsafe { wsi::offered(info) });
        }
    }

    /// Tells the protocols that were not told yet that they are offered.
    pub fn start_protocols(&self, cx: &CContext) {
        let vhosts = self.0.borrow().clone();
        for vhost in vhosts.iter().filter(|vhost| !vhost.started.replace(true)) {
            let protocols = vhost.protocols.borrow().clone();
            wsi::start(cx, handle_of(vhost), &protocols);
        }
    }

    /// Tells the protocols that were told so that they are not offered any more.
    pub fn stop_protocols(&self, cx: &CContext) {
        let vhosts = self.0.borrow().clone();
        for vhost in vhosts.iter().filter(|vhost| vhost.started.replace(false)) {
            let protocols = vhost.protocols.borrow().clone();
            wsi::stop(cx, handle_of(vhost), &protocols);
        }
    }
}

impl Drop for Vhosts {
    fn drop(&mut self) {
        let mine: Vec<usize> = self.0.borrow().iter().map(|v| handle_of(v) as usize).collect();
        all().retain(|(handle, _)| !mine.contains(handle));
    }
}

/// The name of a vhost, for logs.
pub(super) fn name_of(handle: *const lws_vhost) -> Option<String> {
    all().iter().find(|(h, _)| *h == handle as usize).map(|(_, name)| name.clone())
}

/// The vhost of this name in the context, or NULL: one made by `lws_create_vhost`, that of the
/// context's own settings (`vhost_name`, or "default"; made unless `options` has
/// `LWS_SERVER_OPTION_EXPLICIT_VHOSTS` and there are no `pprotocols`), that of a listening stream
/// (it bears the stream type's name), or that of a trust store.
///
/// # Safety
/// `context` came from this library; `name` is NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_get_vhost_by_name(
    context: *mut lws_context,
    name: *const c_char,
) -> *mut lws_vhost {
    guard("lws_get_vhost_by_name", null_mut(), || {
        let Some(cx) = registry::context("lws_get_vhost_by_name", context) else {
            return null_mut();
        };
        // SAFETY: the caller promises a good string.
        let Some(name) = (unsafe { c_bytes(name) }) else { return null_mut() };
        let name = String::from_utf8_lossy(name);
        match cx.vhosts.find(&name) {
            Some(vhost) => vhost,
            None if cx.engine.is_vhost(&name) => cx.vhosts.get(&name),
            None => null_mut(),
        }
    })
}

/// The name of a vhost, good as long as its context; NULL if it is no vhost (any more).
///
/// # Safety
/// To be called on the thread of the vhost's context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_get_vhost_name(vhost: *mut lws_vhost) -> *const c_char {
    guard("lws_get_vhost_name", null(), || {
        let found = registry::contexts().iter().find_map(|cx: &Rc<CContext>| cx.vhosts.name(vhost));
        found.unwrap_or_else(|| {
            log::err!("lws_get_vhost_name: {vhost:p} is no vhost of this thread's contexts");
            null()
        })
    })
}

/// The TCP port that a vhost listens on: of a listening stream whose policy says port 0, the one
/// that the system chose. -1 if it is no vhost, or none that listens on TCP now.
///
/// # Safety
/// To be called on the thread of the vhost's context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_get_vhost_listen_port(vhost: *mut lws_vhost) -> c_int {
    guard("lws_get_vhost_listen_port", -1, || {
        let Some(name) = name_of(vhost) else { return -1 };
        let mut contexts = registry::contexts().into_iter();
        let cx = contexts.find(|cx: &Rc<CContext>| cx.vhosts.name(vhost).is_some());
        cx.and_then(|cx| cx.engine.listen_port(&name)).map_or(-1, c_int::from)
    })
}

/// As [`lws_get_vhost_listen_port`].
///
/// # Safety
/// To be called on the thread of the vhost's context.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_get_vhost_port(vhost: *mut lws_vhost) -> c_int {
    // SAFETY: the caller promises the same.
    unsafe { lws_get_vhost_listen_port(vhost) }
}

/// Makes a vhost: a place with a name, for listening streams whose policy's endpoint is `!` and
/// that name.
///
/// Used of `info`: `vhost_name` (NULL: "default"), `port` (negative: nothing can listen there),
/// `iface` (an address or an interface's name; with `LWS_SERVER_OPTION_UNIX_SOCK` in `options` a
/// unix socket's path), and for TLS a certificate and its key: `server_ssl_cert_mem` and
/// `server_ssl_private_key_mem` (DER or PEM), or `ssl_cert_filepath` and
/// `ssl_private_key_filepath` (PEM). All of it is copied. The socket is opened by the first stream
/// that listens there: a vhost alone serves nothing, it has no mounts, and its `protocols` or
/// `pprotocols` are for `lws_adopt_descriptor_vhost_via_info` alone.
///
/// Returns the vhost, or NULL with the reason in the log. Legal in every callback.
///
/// # Safety
/// `context` came from this library; `info` is good.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_create_vhost(
    context: *mut lws_context,
    info: *const lws_context_creation_info,
) -> *mut lws_vhost {
    guard("lws_create_vhost", null_mut(), || {
        let Some(cx) = registry::context("lws_create_vhost", context) else { return null_mut() };
        if info.is_null() {
            log::err!("lws_create_vhost: info is NULL");
            return null_mut();
        }
        // SAFETY: the caller promises good info.
        match unsafe { vhost_of(&*info) } {
            Ok((name, vhost)) => {
                if let Some(vhost) = vhost {
                    cx.engine.add_vhost(vhost);
                }
                let handle = cx.vhosts.get(&name);
                // SAFETY: the caller promises good tables.
                unsafe { cx.vhosts.offer(handle, &*info) };
                if !cx.fresh.get() {
                    cx.vhosts.start_protocols(&cx);
                }
                handle
            }
            Err(e) => {
                log::err!("lws_create_vhost: {e}");
                null_mut()
            }
        }
    })
}

/// The name that settings give to a vhost.
///
/// # Safety
/// It is NULL or a good string.
unsafe fn name_in(info: &lws_context_creation_info) -> String {
    // SAFETY: as the caller promises.
    let name = unsafe { c_bytes(info.vhost_name) };
    name.map_or_else(|| "default".to_owned(), |name| String::from_utf8_lossy(name).into_owned())
}

/// A vhost's name, and where it listens if it does.
///
/// # Safety
/// `info`'s pointers are good.
unsafe fn vhost_of(info: &lws_context_creation_info) -> Result<(String, Option<Place>), String> {
    // SAFETY: the caller promises good strings.
    let text = |p| unsafe { c_bytes(p) }.map(|b| String::from_utf8_lossy(b).into_owned());
    // SAFETY: as above.
    let name = unsafe { name_in(info) };
    let Ok(port) = u16::try_from(info.port) else {
        return Ok((name, None));
    };
    let unix = info.options & LWS_SERVER_OPTION_UNIX_SOCK != 0;
    let iface = text(info.iface).unwrap_or_default();
    let endpoint = if unix { format!("+{iface}") } else { iface };
    let file = |path: Option<String>| {
        path.map(|p| std::fs::read(&p).map_err(|e| format!("{p}: {e}"))).transpose()
    };
    // SAFETY: the caller promises as many bytes as info says.
    let (cert, key) = unsafe {
        (
            memory(info.server_ssl_cert_mem, info.server_ssl_cert_mem_len),
            memory(info.server_ssl_private_key_mem, info.server_ssl_private_key_mem_len),
        )
    };
    let cert = cert.map_or_else(|| file(text(info.ssl_cert_filepath)), |c| Ok(Some(c)))?;
    let key = key.map_or_else(|| file(text(info.ssl_private_key_filepath)), |k| Ok(Some(k)))?;
    let tls = match (cert, key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some(VhostTls { certificate, key }),
        (Some(_), None) => return Err(format!("vhost '{name}': a certificate without its key")),
        (None, Some(_)) => return Err(format!("vhost '{name}': a key without its certificate")),
    };
    Ok((name.clone(), Some(Place { name, endpoint, port, tls })))
}

/// A copy of the caller's memory; `None` if there is none.
///
/// # Safety
/// `from` is NULL or has `len` bytes.
unsafe fn memory(from: *const c_void, len: c_uint) -> Option<Vec<u8>> {
    if from.is_null() || len == 0 {
        return None;
    }
    // SAFETY: the caller promises so many bytes.
    Some(unsafe { std::slice::from_raw_parts(from.cast::<u8>(), len as usize) }.to_vec())
}
