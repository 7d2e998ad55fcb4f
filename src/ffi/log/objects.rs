//! The objects that lines are about: how they are named in a prefix, and which log context
//! they are bound to.

use std::ffi::{c_char, c_void};
use std::ptr::null_mut;
use std::sync::OnceLock;

use super::super::panic::guard;
use super::super::ptr::put_c_string;
use super::super::types::{
    lws, lws_context, lws_log_cx, lws_ss_handle, lws_sspc_handle, lws_vhost,
};

/// What a handle is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A `struct lws_context`.
    Context,
    /// A `struct lws_vhost`.
    Vhost,
    /// A `struct lws`.
    Wsi,
    /// A `struct lws_ss_handle`.
    Ss,
    /// A `struct lws_sspc_handle`.
    Sspc,
}

/// How handles are looked up; a handle that is not known gives `None` or NULL.
#[derive(Clone, Copy)]
pub struct Objects {
    /// The name or tag of an object, as it appears in front of its lines.
    pub tag: fn(Kind, *const c_void) -> Option<String>,
    /// The log context an object is bound to; NULL for the process's.
    pub log_cx: fn(Kind, *const c_void) -> *mut lws_log_cx,
}

static OBJECTS: OnceLock<Objects> = OnceLock::new();

/// Says how handles are looked up. The first call counts: before it there are no handles.
pub fn set_objects(objects: Objects) {
    let _ = OBJECTS.set(objects);
}

fn log_cx(kind: Kind, object: *const c_void) -> *mut lws_log_cx {
    match OBJECTS.get() {
        Some(objects) if !object.is_null() => (objects.log_cx)(kind, object),
        _ => null_mut(),
    }
}

/// Writes `tag: ` at `*p` and moves it on, no further than `e`.
///
/// # Safety
/// `p` is writable and `*p..e` is a writable range.
unsafe fn prepend(kind: Kind, object: *const c_void, p: *mut *mut c_char, e: *mut c_char) {
    let tag = match OBJECTS.get() {
        Some(objects) if !object.is_null() => (objects.tag)(kind, object),
        _ => null_tag(kind, object),
    };
    let Some(mut tag) = tag else { return };
    tag.push_str(": ");
    // SAFETY: the caller promises the range.
    unsafe {
        let room = (e as usize).saturating_sub(*p as usize);
        *p = (*p).add(put_c_string(*p, room, tag.as_bytes()));
    }
}

/// A missing stream is worth a remark; a missing context has no name.
fn null_tag(kind: Kind, object: *const c_void) -> Option<String> {
    match kind {
        Kind::Ss if object.is_null() => Some("[null ss]".to_owned()),
        Kind::Sspc if object.is_null() => Some("[null sspc]".to_owned()),
        Kind::Wsi if object.is_null() => Some("[null wsi]".to_owned()),
        _ => None,
    }
}

/// The log context of a context, for `_lws_log_cx`; NULL if it is the process's.
///
/// # Safety
/// The handle is NULL or came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsl_context_get_cx(cx: *mut lws_context) -> *mut lws_log_cx {
    guard("lwsl_context_get_cx", null_mut(), || log_cx(Kind::Context, cx.cast()))
}

/// A prepend hook that writes the name of a context.
///
/// # Safety
/// `*p..e` is writable; `obj` is NULL or such a handle from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_log_prepend_context(
    cx: *mut lws_log_cx,
    obj: *mut c_void,
    p: *mut *mut c_char,
    e: *mut c_char,
) {
    let _ = cx;
    // SAFETY: as the caller promises.
    guard("lws_log_prepend_context", (), || unsafe { prepend(Kind::Context, obj, p, e) });
}

/// The log context of a vhost, for `_lws_log_cx`; NULL if it is the process's.
///
/// # Safety
/// The handle is NULL or came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsl_vhost_get_cx(vh: *mut lws_vhost) -> *mut lws_log_cx {
    guard("lwsl_vhost_get_cx", null_mut(), || log_cx(Kind::Vhost, vh.cast()))
}

/// A prepend hook that writes the name of a vhost.
///
/// # Safety
/// `*p..e` is writable; `obj` is NULL or such a handle from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_log_prepend_vhost(
    cx: *mut lws_log_cx,
    obj: *mut c_void,
    p: *mut *mut c_char,
    e: *mut c_char,
) {
    let _ = cx;
    // SAFETY: as the caller promises.
    guard("lws_log_prepend_vhost", (), || unsafe { prepend(Kind::Vhost, obj, p, e) });
}

/// The log context of a connection, for `_lws_log_cx`; NULL if it is the process's.
///
/// # Safety
/// The handle is NULL or came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsl_wsi_get_cx(wsi: *mut lws) -> *mut lws_log_cx {
    guard("lwsl_wsi_get_cx", null_mut(), || log_cx(Kind::Wsi, wsi.cast()))
}

/// A prepend hook that writes the name of a connection.
///
/// # Safety
/// `*p..e` is writable; `obj` is NULL or such a handle from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_log_prepend_wsi(
    cx: *mut lws_log_cx,
    obj: *mut c_void,
    p: *mut *mut c_char,
    e: *mut c_char,
) {
    let _ = cx;
    // SAFETY: as the caller promises.
    guard("lws_log_prepend_wsi", (), || unsafe { prepend(Kind::Wsi, obj, p, e) });
}

/// The log context of a stream, for `_lws_log_cx`; NULL if it is the process's.
///
/// # Safety
/// The handle is NULL or came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsl_ss_get_cx(ss: *mut lws_ss_handle) -> *mut lws_log_cx {
    guard("lwsl_ss_get_cx", null_mut(), || log_cx(Kind::Ss, ss.cast()))
}

/// A prepend hook that writes the name of a stream.
///
/// # Safety
/// `*p..e` is writable; `obj` is NULL or such a handle from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_log_prepend_ss(
    cx: *mut lws_log_cx,
    obj: *mut c_void,
    p: *mut *mut c_char,
    e: *mut c_char,
) {
    let _ = cx;
    // SAFETY: as the caller promises.
    guard("lws_log_prepend_ss", (), || unsafe { prepend(Kind::Ss, obj, p, e) });
}

/// The log context of a proxied stream, for `_lws_log_cx`; NULL if it is the process's.
///
/// # Safety
/// The handle is NULL or came from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lwsl_sspc_get_cx(ss: *mut lws_sspc_handle) -> *mut lws_log_cx {
    guard("lwsl_sspc_get_cx", null_mut(), || log_cx(Kind::Sspc, ss.cast()))
}

/// A prepend hook that writes the name of a proxied stream.
///
/// # Safety
/// `*p..e` is writable; `obj` is NULL or such a handle from this library.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_log_prepend_sspc(
    cx: *mut lws_log_cx,
    obj: *mut c_void,
    p: *mut *mut c_char,
    e: *mut c_char,
) {
    let _ = cx;
    // SAFETY: as the caller promises.
    guard("lws_log_prepend_sspc", (), || unsafe { prepend(Kind::Sspc, obj, p, e) });
}
