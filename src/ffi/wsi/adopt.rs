//! Taking descriptors over.

use std::os::fd::RawFd;
use std::ptr::null_mut;
use std::rc::Rc;

use mio::unix::SourceFd;

use super::super::context::CContext;
use super::super::panic::guard;
use super::super::ptr::c_bytes;
use super::super::registry;
use super::super::ss::{ignore_sigpipe, unblock};
use super::super::types::{
    LWS_ADOPT_RAW_FILE_DESC, LWS_ADOPT_SOCKET, LWS_CALLBACK_RAW_ADOPT_FILE, lws, lws_adopt_desc,
};
use super::{Protocol, Session, Watch, Wsi};
use crate::util::{built, log};

const NAME: &str = "lws_adopt_descriptor_vhost_via_info";

/// Has the loop watch a descriptor that the program opened, a terminal or a pipe's end or whatever
/// can be waited for, and tell the callback of the vhost's protocol `vh_prot_name` (NULL: the
/// vhost's first). The protocols of a vhost are those in `protocols` or `pprotocols` of the
/// settings that it, or its context for the vhost "default", was made with. `type` is to be
/// `LWS_ADOPT_RAW_FILE_DESC`: other kinds of connections are the business of streams, see
/// `lws_ss_adopt_raw` for sockets too. `parent` is to be NULL. The callback gets the connection,
/// the reason, `per_session_data_size` bytes of its own that were zeroed, and no argument:
///
/// | reason | | it answers other than 0 |
/// |---|---|---|
/// | `LWS_CALLBACK_PROTOCOL_INIT` | once for each vhost, before the context is operational | a line in the log |
/// | `LWS_CALLBACK_RAW_ADOPT_FILE` | from within this function | it is not taken over |
/// | `LWS_CALLBACK_RAW_RX_FILE` | there is something to read: the callback does that itself | the connection is closed |
/// | `LWS_CALLBACK_RAW_WRITEABLE_FILE` | asked for by `lws_callback_on_writable` | the connection is closed |
/// | `LWS_CALLBACK_RAW_CLOSE_FILE` | the other side is gone, an answer said so, or the context ends; then the descriptor is closed and the handle is not good any more | |
/// | `LWS_CALLBACK_PROTOCOL_DESTROY` | once for each vhost, when the context ends | |
///
/// Returns the connection, or NULL with the reason in the log; then the descriptor stays the
/// caller's, unless `type` has `LWS_ADOPT_SOCKET`: that is closed. It is made non-blocking, and
/// `SIGPIPE` is ignored unless the program has a handler. Legal in every callback.
///
/// # Safety
/// `info` is NULL or good; its descriptor is the caller's to give away.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_adopt_descriptor_vhost_via_info(
    info: *const lws_adopt_desc,
) -> *mut lws {
    guard(NAME, null_mut(), || {
        // SAFETY: the caller promises a good struct.
        let Some(info) = (unsafe { info.as_ref() }) else {
            log::err!("{NAME}: info is NULL");
            return null_mut();
        };
        // SAFETY: both members of the union are the number.
        let fd = unsafe { info.fd.filefd };
        // SAFETY: as the caller promises.
        match unsafe { adopt(info, fd) } {
            Ok(wsi) => wsi.handle as *mut lws,
            Err(why) => {
                log::err!("{NAME}: descriptor {fd}: {why}");
                if info.r#type & LWS_ADOPT_SOCKET != 0 {
                    // SAFETY: the caller gave a socket away in any case.
                    unsafe { libc::close(fd) };
                }
                null_mut()
            }
        }
    })
}

/// # Safety
/// `info`'s pointers are good.
unsafe fn adopt(info: &lws_adopt_desc, fd: RawFd) -> Result<Rc<Wsi>, String> {
    // transports of proxies are what they are for
    if !built::PROXY {
        return Err("the proxy's part is not built into this library".to_owned());
    }
    if info.r#type != LWS_ADOPT_RAW_FILE_DESC {
        return Err(format!("type {}: only LWS_ADOPT_RAW_FILE_DESC is possible", info.r#type));
    }
    if !info.parent.is_null() {
        return Err("connections have no parents here".to_owned());
    }
    let mut contexts = registry::contexts().into_iter();
    let Some(cx) = contexts.find(|cx| cx.vhosts.name(info.vh).is_some()) else {
        return Err(format!("{:p} is no vhost of this thread's contexts", info.vh));
    };
    let _frame = cx.enter();
    let protocols = cx.vhosts.protocols(info.vh);
    // SAFETY: the caller promises a good string.
    let protocol = match unsafe { c_bytes(info.vh_prot_name) } {
        None => protocols.first(),
        Some(name) => protocols.iter().find(|p| p.name.as_bytes() == name),
    };
    let protocol = protocol.ok_or("the vhost has no such protocol")?;
    unblock(fd).map_err(|e| e.to_string())?;
    ignore_sigpipe();
    let wsi = watch(&cx, info, protocol, fd)?;
    if wsi.say(LWS_CALLBACK_RAW_ADOPT_FILE) {
        wsi.unwatch(&cx);
        wsi.forget(&cx);
        return Err("the protocol's callback does not want it".to_owned());
    }
    Ok(wsi)
}

/// Puts the descriptor on the loop.
fn watch(
    cx: &CContext,
    info: &lws_adopt_desc,
    protocol: &Rc<Protocol>,
    fd: RawFd,
) -> Result<Rc<Wsi>, String> {
    let session = Session::new(protocol.session_size).ok_or("no memory")?;
    let wsi = Wsi::new(cx, info.vh, Rc::clone(protocol), session);
    let key = cx.engine.plug(Rc::new(Watch(Rc::clone(&wsi))));
    if let Err(e) = cx.engine.watch(key, &mut SourceFd(&fd), true) {
        cx.engine.unplug(key, None);
        wsi.forget(cx);
        return Err(format!("it cannot be waited for: {e}"));
    }
    wsi.opaque.set(info.opaque);
    wsi.descriptor.set(Some(fd));
    wsi.key.set(Some(key));
    // what was there before is no event
    cx.engine.poke(key);
    Ok(wsi)
}
