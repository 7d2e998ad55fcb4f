//! The protocols of vhosts: callbacks with a name, for the program's own connections.

use std::ffi::CString;
use std::rc::Rc;

use super::super::context::CContext;
use super::super::ptr::c_bytes;
use super::super::types::{
    LWS_CALLBACK_PROTOCOL_DESTROY, LWS_CALLBACK_PROTOCOL_INIT, lws_callback_function,
    lws_callback_reasons, lws_context_creation_info, lws_protocols, lws_vhost,
};
use super::{Session, Wsi};
use crate::util::log;

/// A protocol.
pub struct Protocol {
    pub name: CString,
    pub(super) callback: Option<lws_callback_function>,
    pub(super) session_size: usize,
}

/// The protocols that the settings of a context or vhost offer.
///
/// # Safety
/// `pprotocols` and `protocols` are NULL or good tables with their ends.
pub unsafe fn offered(info: &lws_context_creation_info) -> Vec<Rc<Protocol>> {
    let mut found = Vec::new();
    // SAFETY: as the caller promises: nothing behind the end of a table is looked at.
    unsafe {
        if !info.pprotocols.is_null() {
            let mut place = info.pprotocols;
            while let Some(protocol) = (*place).as_ref() {
                found.extend(copy(protocol));
                place = place.add(1);
            }
        } else if !info.protocols.is_null() {
            let mut place = info.protocols;
            while let Some(protocol) = copy(&*place) {
                found.push(protocol);
                place = place.add(1);
            }
        }
    }
    found
}

/// `None` for one without a name.
///
/// # Safety
/// The name is NULL or a good string.
unsafe fn copy(protocol: &lws_protocols) -> Option<Rc<Protocol>> {
    // SAFETY: as the caller promises.
    let name = unsafe { c_bytes(protocol.name) }?;
    Some(Rc::new(Protocol {
        name: CString::new(name).unwrap_or_default(),
        callback: protocol.callback,
        session_size: protocol.per_session_data_size,
    }))
}

/// Tells a vhost's protocols that they are offered.
pub fn start(cx: &CContext, vhost: *mut lws_vhost, protocols: &[Rc<Protocol>]) {
    for protocol in protocols {
        if tell(cx, vhost, protocol, LWS_CALLBACK_PROTOCOL_INIT) {
            log::warn!(
                "protocol {}: its callback says that it failed",
                protocol.name.to_string_lossy()
            );
        }
    }
}

/// Tells a vhost's protocols that they are not offered any more.
pub fn stop(cx: &CContext, vhost: *mut lws_vhost, protocols: &[Rc<Protocol>]) {
    for protocol in protocols {
        tell(cx, vhost, protocol, LWS_CALLBACK_PROTOCOL_DESTROY);
    }
}

/// Calls a protocol about itself, with a connection that is there for the length of the call.
fn tell(
    cx: &CContext,
    vhost: *mut lws_vhost,
    protocol: &Rc<Protocol>,
    reason: lws_callback_reasons,
) -> bool {
    let Some(none) = Session::new(0) else { return false };
    let wsi = Wsi::new(cx, vhost, Rc::clone(protocol), none);
    let failed = wsi.say(reason);
    wsi.forget(cx);
    failed
}
