//! Vhosts, as far as client streams show them: each names the trust that a stream's connection
//! is made with. A vhost handle is good as long as its context.

use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::ptr::{null, null_mut};
use std::rc::Rc;
use std::sync::Mutex;

use super::context::CContext;
use super::panic::guard;
use super::ptr::c_bytes;
use super::registry;
use super::types::{lws_context, lws_context_creation_info, lws_vhost};
use crate::util::log;

/// The vhost of streams whose policy names no trust store.
pub(super) const DEFAULT: &str = "_ss_default";

/// The vhosts of a context, whose addresses are the handles.
#[derive(Default)]
pub(super) struct Vhosts(RefCell<Vec<Rc<Vhost>>>);

struct Vhost {
    name: CString,
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
        let vhost = Rc::new(Vhost { name: name_c });
        let handle = handle_of(&vhost);
        all().push((handle as usize, name.to_owned()));
        self.0.borrow_mut().push(vhost);
        handle
    }

    fn name(&self, handle: *const lws_vhost) -> Option<*const c_char> {
        let vhosts = self.0.borrow();
        let vhost = vhosts.iter().find(|v| std::ptr::eq(handle_of(v), handle))?;
        Some(vhost.name.as_ptr())
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

/// The vhost of this name in the context, or NULL.
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
        cx.vhosts.find(&name).unwrap_or(null_mut())
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

/// Servers are not built into this library yet: logs that and returns NULL.
///
/// # Safety
/// None needed: nothing is followed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_create_vhost(
    context: *mut lws_context,
    info: *const lws_context_creation_info,
) -> *mut lws_vhost {
    let _ = (context, info);
    log::err!("lws_create_vhost: vhosts that serve are not built into this library");
    null_mut()
}
