//! How the log functions find the names and log contexts of handles.

use std::ffi::c_void;
use std::ptr::null_mut;

use super::log::{Kind, Objects};
use super::registry;
use super::types::{lws_log_cx, lws_sspc_handle};

/// The look-ups.
pub(super) fn lookups() -> Objects {
    Objects { tag, log_cx }
}

fn tag(kind: Kind, object: *const c_void) -> Option<String> {
    match kind {
        Kind::Context => None,
        Kind::Vhost => super::vhost::name_of(object.cast()),
        Kind::Ss => {
            let (cx, key) = registry::peek_stream(object.cast())?;
            cx.engine.tag(key).map(|t| t.to_string())
        }
        Kind::Sspc => sspc_tag(object.cast()),
        Kind::Wsi => super::wsi::tag(object.cast()),
    }
}

fn log_cx(kind: Kind, object: *const c_void) -> *mut lws_log_cx {
    let cx = match kind {
        Kind::Context => registry::find_context(object.cast()),
        Kind::Ss => registry::peek_stream(object.cast()).map(|(cx, _)| cx),
        Kind::Sspc => registry::peek_sspc(object.cast()).map(|(cx, _)| cx),
        Kind::Vhost | Kind::Wsi => None,
    };
    cx.map_or(null_mut(), |cx| cx.log_cx)
}

/// The tag of a proxied stream.
pub(super) fn sspc_tag(handle: *const lws_sspc_handle) -> Option<String> {
    let (cx, key) = registry::peek_sspc(handle)?;
    cx.engine.tag(key).map(|t| t.to_string())
}
