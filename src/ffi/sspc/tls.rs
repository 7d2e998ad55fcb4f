//! TLS on the links of proxied streams.

use std::cell::RefCell;
use std::ffi::{OsString, c_char, c_int};
use std::path::PathBuf;
use std::rc::Rc;

use super::super::context::text;
use super::super::panic::guard;
use super::super::registry;
use super::super::types::{lws_context, lws_ss_link_tls};
use super::Sspc;
use crate::engine::LinkTls;
use crate::proxy::client::Place;
use crate::proxy::tls::Files;
use crate::util::{built, log};

const CA: &str = "SECURESTREAMS_PROXY_CA";
const CERT: &str = "SECURESTREAMS_PROXY_CERT";
const KEY: &str = "SECURESTREAMS_PROXY_KEY";
const NAME: &str = "SECURESTREAMS_PROXY_NAME";

/// Whether links of a context are encrypted, and how.
pub(super) struct Security(RefCell<Wanted>);

enum Wanted {
    /// They are not.
    Plain,
    /// With these files, which are read when the first stream is made.
    Files(Files),
    /// With what was in them.
    Ready(Rc<LinkTls>),
}

impl Security {
    /// As the environment says.
    pub fn of_environment() -> Self {
        let value = |name: &str| std::env::var_os(name).filter(|v| !v.is_empty());
        let path = |name: &str| value(name).map(PathBuf::from);
        let name = value(NAME).map(OsString::into_string).map(|name| {
            // what is no name at all is no certificate's either
            name.unwrap_or_else(|bytes| bytes.to_string_lossy().into_owned())
        });
        let files = Files { ca: path(CA), cert: path(CERT), key: path(KEY), name };
        Self(RefCell::new(if files.is_none() { Wanted::Plain } else { Wanted::Files(files) }))
    }
}

impl Sspc {
    /// TLS for the links of a stream that is being made. Who wants it never gets a plain link.
    ///
    /// # Errors
    /// Why it is not to be had.
    pub(super) fn tls(&self) -> Result<Option<Rc<LinkTls>>, String> {
        let mut wanted = self.security.0.borrow_mut();
        let made = match &*wanted {
            Wanted::Plain => return Ok(None),
            Wanted::Ready(made) => Rc::clone(made),
            Wanted::Files(files) => Rc::new(
                files
                    .for_client()
                    .map_err(|e| format!("the link to the proxy ({CA}, {CERT}, {KEY}): {e}"))?,
            ),
        };
        self.can_have_tls()?;
        *wanted = Wanted::Ready(Rc::clone(&made));
        Ok(Some(made))
    }

    fn can_have_tls(&self) -> Result<(), String> {
        if !self.ops.is_null() {
            return Err("the link to the proxy: TLS is for TCP, not for txp_ops_sspc".to_owned());
        }
        match &self.place {
            Place::Tcp { .. } => Ok(()),
            Place::Unix(name) => Err(format!(
                "the link to the proxy at {name}: TLS is for TCP, not for unix sockets"
            )),
        }
    }
}

/// Has the links of this context's proxied streams encrypted: of those that are made from now
/// on. The proxy must do the same (`lws_ss_proxy_create_tls`), and be reached by TCP.
///
/// `tls->ca_filepath` is needed: the proxy's certificate must be signed by one of these (or be
/// one of them); the system's authorities are not asked. It must bear `tls->name`, or, where
/// that is NULL, the `ss_proxy_address` that the context was made with. The certificate of
/// `tls->cert_filepath` is shown to a proxy that wants one. The files are in PEM and are read
/// here; what is pointed to need not stay. NULL for `tls`: links are plain, whatever the
/// environment says.
///
/// Without this call the environment decides, as it is when the context is made:
/// `SECURESTREAMS_PROXY_CA`, `SECURESTREAMS_PROXY_CERT`, `SECURESTREAMS_PROXY_KEY` and
/// `SECURESTREAMS_PROXY_NAME`, which stand for the members. Where they are of no use no stream
/// is made.
///
/// What goes wrong with a link is logged, with the side that refuses, and the link is tried
/// again after a second, with UPSTREAM_LINK_RETRY. This function is of this library alone.
///
/// Returns 0, or 1 with the reason in the log, and what was valid before stays. Legal in every
/// callback.
///
/// # Safety
/// `context` came from this library; `tls` is NULL or good, its strings NULL or NUL-terminated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_sspc_link_tls(
    context: *mut lws_context,
    tls: *const lws_ss_link_tls,
) -> c_int {
    guard("lws_sspc_link_tls", 1, || {
        let Some(cx) = registry::context("lws_sspc_link_tls", context) else { return 1 };
        let _frame = cx.enter();
        if !built::PROXY {
            log::err!("lws_sspc_link_tls: streams at a proxy are not built into this library");
            return 1;
        }
        // SAFETY: as the caller promises.
        let wanted = match unsafe { tls.as_ref() } {
            None => Ok(Wanted::Plain),
            Some(tls) => cx.sspc.can_have_tls().and_then(|()| {
                // SAFETY: as above.
                unsafe { files(tls) }.for_client().map(|made| Wanted::Ready(Rc::new(made)))
            }),
        };
        match wanted {
            Ok(wanted) => {
                cx.sspc.security.0.replace(wanted);
                0
            }
            Err(e) => {
                log::err!("lws_sspc_link_tls: {e}");
                1
            }
        }
    })
}

/// The files that a program names.
///
/// # Safety
/// The strings are NULL or NUL-terminated.
pub(in super::super) unsafe fn files(tls: &lws_ss_link_tls) -> Files {
    let string = |ptr: *const c_char| {
        // SAFETY: as the caller promises.
        (!ptr.is_null()).then(|| unsafe { text(ptr) })
    };
    let path = |ptr| string(ptr).map(PathBuf::from);
    Files {
        ca: path(tls.ca_filepath),
        cert: path(tls.cert_filepath),
        key: path(tls.key_filepath),
        name: string(tls.name),
    }
}
