//! The request's head: every part is checked before the first byte is written.

use super::super::{BodyLen, ProtoError, ProtoErrorKind, Request};
use crate::util::TxBuf;

/// What the rest of the machine must know about the request that was written.
pub(super) struct Written {
    /// `HEAD`: the response has no body whatever its head says.
    pub head_method: bool,
    /// We ourselves asked for the connection to be closed.
    pub close: bool,
    /// The request has an `Upgrade` field: 101 is a possible answer.
    pub upgrade: bool,
}

/// Writes the head of `req`, or nothing.
pub(super) fn write(req: &Request<'_>, out: &mut TxBuf) -> Result<Written, ProtoError> {
    check(req)?;
    for part in [req.method, " ", req.path, " HTTP/1.1\r\nHost: ", req.authority, "\r\n"] {
        out.push(part.as_bytes());
    }
    for (name, value) in req.fields {
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            out.push(part);
        }
    }
    match req.body {
        BodyLen::None => out.push(b"\r\n"),
        BodyLen::Known(n) => out.push_fmt(format_args!("Content-Length: {n}\r\n\r\n")),
        BodyLen::Unknown => out.push(b"Transfer-Encoding: chunked\r\n\r\n"),
        BodyLen::Unframed => out.push(b"Connection: close\r\n\r\n"),
    }

    let named = |name: &'static str| {
        req.fields.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, v)| *v)
    };
    Ok(Written {
        head_method: req.method == "HEAD",
        close: req.body == BodyLen::Unframed
            || named("connection").any(|v| super::fields::list_has(v, "close")),
        upgrade: named("upgrade").next().is_some(),
    })
}

/// Whether `req` can be expressed in HTTP at all, of whatever version.
pub(in crate::proto) fn check(req: &Request<'_>) -> Result<(), ProtoError> {
    check_method(req.method)?;
    check_bytes("authority", req.authority.as_bytes(), is_authority_byte)?;
    check_path(req.path)?;
    let own = ["host", "content-length", "transfer-encoding"];
    req.fields.iter().try_for_each(|(name, value)| check_field(name, value, &own))
}

fn check_method(method: &str) -> Result<(), ProtoError> {
    if method.is_empty() {
        return Err(bad("method: empty"));
    }
    if method == "CONNECT" {
        return Err(bad("method CONNECT: makes a tunnel, not a request with a response body"));
    }
    check_bytes("method", method.as_bytes(), is_token_byte)
}

fn check_path(path: &str) -> Result<(), ProtoError> {
    if !path.starts_with('/') && path != "*" {
        return Err(bad("path: does not start with /"));
    }
    check_bytes("path", path.as_bytes(), |b| b.is_ascii_graphic() && b != b'#')
}

/// Checks a field that is to be sent; `own` are those that are not given as fields.
pub(super) fn check_field(name: &str, value: &[u8], own: &[&str]) -> Result<(), ProtoError> {
    if name.is_empty() {
        return Err(bad("a field has no name"));
    }
    check_bytes(&format_args!("name of field {name:?}"), name.as_bytes(), is_token_byte)?;
    if own.iter().any(|own| name.eq_ignore_ascii_case(own)) {
        let detail = format!("field {name:?}: follows from the message, not given as a field");
        return Err(bad(detail));
    }
    check_bytes(&format_args!("value of field {name:?}"), value, is_value_byte)
}

fn check_bytes(
    what: &(impl std::fmt::Display + ?Sized),
    bytes: &[u8],
    legal: impl Fn(u8) -> bool,
) -> Result<(), ProtoError> {
    match bytes.iter().position(|&b| !legal(b)) {
        None => Ok(()),
        Some(at) => Err(bad(format!("{what}: illegal byte 0x{:02x} at offset {at}", bytes[at]))),
    }
}

fn bad(detail: impl Into<String>) -> ProtoError {
    ProtoError::new(ProtoErrorKind::BadRequest, detail)
}

/// RFC 9110 5.6.2 `tchar`.
pub(super) fn is_token_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)
}

/// RFC 9110 5.5: visible, space, tab and obs-text.
fn is_value_byte(b: u8) -> bool {
    b == b'\t' || (b >= b' ' && b != 0x7f)
}

/// RFC 3986 3.2 without user information.
pub(super) fn is_authority_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(&b)
}
