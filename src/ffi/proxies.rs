//! The proxy that connections go through where the policy names none: of the context's fields, or
//! of the environment.

use std::ffi::c_char;
use std::rc::Rc;

use super::ptr::c_bytes;
use super::types::lws_context_creation_info;
use crate::net::{Proxy, ProxyKind};
use crate::util::log;
use crate::util::proxy::ProxyAddress;

/// Where a kind of proxy is named.
struct Source {
    kind: ProxyKind,
    field: &'static str,
    variable: &'static str,
}

const HTTP: Source =
    Source { kind: ProxyKind::Http, field: "http_proxy_address", variable: "http_proxy" };
const SOCKS5: Source =
    Source { kind: ProxyKind::Socks5, field: "socks_proxy_address", variable: "socks_proxy" };

/// A field of the context is no proxy; that was logged.
pub(super) struct BadField;

/// The proxy of a context: an http proxy goes before a SOCKS5 proxy, and for each of them the
/// field before the environment: an empty field stands for none. What is wrong in the environment is logged and left out.
///
/// # Safety
/// The fields' strings are NULL or NUL-terminated.
pub(super) unsafe fn proxy(
    info: &lws_context_creation_info,
) -> Result<Option<Rc<Proxy>>, BadField> {
    // SAFETY: as the caller promises.
    let (http, socks5) = unsafe {
        (
            named(&HTTP, info.http_proxy_address, info.http_proxy_port)?,
            named(&SOCKS5, info.socks_proxy_address, info.socks_proxy_port)?,
        )
    };
    let proxy = http.or(socks5);
    if let Some(proxy) = &proxy {
        log::info!("connections go through the {proxy}");
    }
    Ok(proxy.map(Rc::new))
}

/// # Safety
/// `address` is NULL or NUL-terminated.
unsafe fn named(
    source: &Source,
    address: *const c_char,
    port: u32,
) -> Result<Option<Proxy>, BadField> {
    let Source { kind, field, variable } = *source;
    // SAFETY: as the caller promises.
    if let Some(text) = unsafe { c_bytes(address) } {
        if text.is_empty() {
            return Ok(None);
        }
        let port = u16::try_from(port).ok().filter(|port| *port != 0);
        return match ProxyAddress::parse(&String::from_utf8_lossy(text), port) {
            Ok(address) => Ok(Some(Proxy { kind, address })),
            Err(why) => {
                log::err!("lws_create_context: info->{field}: {why}");
                Err(BadField)
            }
        };
    }
    let text = std::env::var(variable).unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    match ProxyAddress::parse(&text, None) {
        Ok(address) => Ok(Some(Proxy { kind, address })),
        Err(why) => {
            log::err!("{variable} in the environment is ignored: {why}");
            Ok(None)
        }
    }
}
