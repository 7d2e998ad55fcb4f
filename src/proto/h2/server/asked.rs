//! Our request, made of the crate's.

use http::header::{CONTENT_LENGTH, COOKIE, HOST};
use http::request::Parts;
use http::{HeaderMap, Method};

use super::super::super::{Asked, BodyLen, Head};

/// Why a request is answered here: with this status.
pub(super) struct Refusal(pub u16);

/// Makes the request, or says how it is to be refused. `ends`: its head was the end of it.
pub(super) fn asked(parts: &Parts, ends: bool, max_body: u64) -> Result<Asked, Refusal> {
    if parts.method == Method::CONNECT {
        return Err(Refusal(501));
    }
    let body = body(&parts.headers, ends)?;
    if matches!(body, BodyLen::Known(n) if n > max_body) {
        return Err(Refusal(413));
    }
    let target = parts.uri.path_and_query().map_or("/", |t| t.as_str());
    let asterisk = target == "*" && parts.method == Method::OPTIONS;
    if !asterisk && !target.starts_with('/') {
        return Err(Refusal(400));
    }
    let mut fields = Head::default();
    fill(&mut fields, &parts.headers);
    Ok(Asked {
        method: parts.method.as_str().to_owned(),
        target: target.to_owned(),
        authority: authority(parts)?,
        fields,
        upgrade: None,
        body,
    })
}

/// RFC 9113 8.3.1: `:authority`, with which `host` has to agree.
fn authority(parts: &Parts) -> Result<String, Refusal> {
    let mut hosts = parts.headers.get_all(HOST).iter();
    let host = hosts.next().map(|h| h.to_str().map_err(|_| Refusal(400))).transpose()?;
    if hosts.next().is_some() {
        return Err(Refusal(400));
    }
    match (parts.uri.authority(), host) {
        (None, None) => Err(Refusal(400)),
        (None, Some(host)) => Ok(host.to_owned()),
        (Some(authority), Some(host)) if !host.eq_ignore_ascii_case(authority.as_str()) => {
            Err(Refusal(400))
        }
        (Some(authority), _) => Ok(authority.as_str().to_owned()),
    }
}

/// The crate has checked that a length is one, and checks that it is kept.
fn body(headers: &HeaderMap, ends: bool) -> Result<BodyLen, Refusal> {
    let mut lengths = headers.get_all(CONTENT_LENGTH).iter();
    let Some(first) = lengths.next() else {
        return Ok(if ends { BodyLen::None } else { BodyLen::Unknown });
    };
    let number = first.to_str().ok().filter(|t| t.bytes().all(|b| b.is_ascii_digit()));
    match (number.and_then(|t| t.parse().ok()), lengths.next()) {
        (Some(n), None) => Ok(BodyLen::Known(n)),
        _ => Err(Refusal(400)),
    }
}

/// Takes over the fields; crumbs of a cookie become one (RFC 9113 8.2.3).
fn fill(head: &mut Head, fields: &HeaderMap) {
    for (name, value) in fields {
        if name != COOKIE {
            head.push(name.as_str().as_bytes(), value.as_bytes());
        }
    }
    let crumbs: Vec<&[u8]> = fields.get_all(COOKIE).iter().map(|c| c.as_bytes()).collect();
    if !crumbs.is_empty() {
        head.push(b"cookie", &crumbs.join(&b"; "[..]));
    }
}
