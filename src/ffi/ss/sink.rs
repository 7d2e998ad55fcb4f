//! Registering sinks, and making their accepted streams.

use std::ffi::{CString, c_void};
use std::ptr::null_mut;
use std::rc::Rc;

use super::super::context::CContext;
use super::super::registry;
use super::super::types::{lws_context, lws_ss_constate_t, lws_ss_handle, lws_ss_info};
use super::{UserObject, create_with};
use crate::engine::{Sink, SinkKey, StreamKey};
use crate::policy::StreamType;
use crate::stream::{Ret, State};
use crate::util::log;

/// The program's side of a sink.
struct CSink {
    context: *mut lws_context,
    /// How accepted streams are made; its `streamtype` is ours.
    info: lws_ss_info,
    streamtype: CString,
    /// What the sink itself has as its object.
    user: UserObject,
}

/// Registers a sink as `ssi` says.
///
/// # Safety
/// The callbacks of `ssi` stay callable as long as the context lives.
pub(super) unsafe fn register(
    cx: &Rc<CContext>,
    kind: &StreamType,
    ssi: &lws_ss_info,
    opaque: *mut c_void,
) -> Result<(), ()> {
    let name = &kind.name;
    let size = super::object_size(ssi);
    let (Ok(streamtype), Some(user)) = (CString::new(name.as_str()), UserObject::new(size)) else {
        log::err!("lws_ss_create: {name}: no memory for a sink's object of {size} bytes");
        return Err(());
    };
    // SAFETY: `object_size` makes room for the pointer.
    unsafe { user.put(ssi.opaque_user_data_offset, opaque) };
    let sink = CSink { context: cx.handle, info: lws_ss_info { ..*ssi }, streamtype, user };
    match cx.engine.register_sink(kind, Rc::new(sink)) {
        Ok(()) => {
            log::notice!("lws_ss_create: registered sink {name}");
            Ok(())
        }
        Err(e) => {
            log::err!("lws_ss_create: no sink for {name}: {e}");
            Err(())
        }
    }
}

impl Sink for CSink {
    fn state(&self, state: State, source: StreamKey, sources: u32) -> Ret {
        let (Some(callback), Some(cx)) = (self.info.state, registry::find_context(self.context))
        else {
            return Ret::Ok;
        };
        let source = cx.table.handle(cx.handle, source).unwrap_or(null_mut());
        let code = state.code() as lws_ss_constate_t;
        // SAFETY: the program's own callback with an object that lives as long as the context;
        // no borrow of the engine's is held.
        let answer = unsafe { callback(self.user.0, source.cast(), code, sources) };
        Ret::from_code(answer as std::ffi::c_int)
    }

    fn accept(&self, sink: SinkKey, source: StreamKey) -> bool {
        let Some(cx) = registry::find_context(self.context) else { return false };
        let opaque: *mut lws_ss_handle = cx.table.handle(cx.handle, source).unwrap_or(null_mut());
        let info = lws_ss_info { streamtype: self.streamtype.as_ptr(), ..self.info };
        let mut handle = null_mut();
        let accept = |accepted| cx.engine.accept_source(sink, accepted, source);
        // SAFETY: the struct was good when it was registered, and the name is ours.
        let made =
            unsafe { create_with(&cx, &info, opaque.cast(), &raw mut handle, null_mut(), accept) };
        made.is_ok()
    }
}
