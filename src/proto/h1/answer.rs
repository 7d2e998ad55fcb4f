//! The response's head: every part is checked before the first byte is written.

use super::super::{BodyLen, ProtoError, ProtoErrorKind, Response};
use super::asked::Plan;
use super::request::check_field;
use super::send::Send;
use crate::util::TxBuf;

/// Fields that follow from the message and the connection.
const OWN: [&str; 4] = ["content-length", "transfer-encoding", "connection", "upgrade"];

/// What an answer comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// The body that is to follow.
    pub send: Send,
    /// The connection goes on after it.
    pub keep: bool,
}

/// Writes the head of `answer` to a request that has `plan`, or nothing. `keep`: the connection
/// could go on.
pub(super) fn write(
    answer: &Response<'_>,
    plan: Plan,
    keep: bool,
    out: &mut TxBuf,
) -> Result<Written, ProtoError> {
    if !(200..=999).contains(&answer.status) {
        return Err(bad(format!("response: status {} is not a final one", answer.status)));
    }
    check_fields(answer)?;
    let bodiless = matches!(answer.status, 204 | 304);
    let until_close = !bodiless
        && match answer.body {
            BodyLen::None | BodyLen::Known(_) => false,
            BodyLen::Unknown => plan.minor == 0,
            BodyLen::Unframed => true,
        };
    let keep = keep && !until_close;
    start(answer, out);
    if !bodiless {
        match answer.body {
            // what a GET would have got is not known
            BodyLen::None if plan.head_method => {}
            BodyLen::None => out.push(b"content-length: 0\r\n"),
            BodyLen::Known(n) => out.push_fmt(format_args!("content-length: {n}\r\n")),
            BodyLen::Unknown if until_close => {}
            BodyLen::Unknown => out.push(b"transfer-encoding: chunked\r\n"),
            BodyLen::Unframed => {}
        }
    }
    fields(answer, out);
    out.push(match (keep, plan.minor) {
        (false, _) => b"Connection: close\r\n\r\n",
        (true, 0) => b"Connection: keep-alive\r\n\r\n",
        (true, _) => b"\r\n",
    });
    let send = match answer.body {
        _ if bodiless || plan.head_method => Send::Complete,
        BodyLen::Unknown if until_close => Send::Bare,
        body => Send::new(body),
    };
    Ok(Written { send, keep })
}

/// Writes the answer that changes the connection to the protocol `name`, or nothing.
pub(super) fn switch(name: &str, answer: &Response<'_>, out: &mut TxBuf) -> Result<(), ProtoError> {
    check_fields(answer)?;
    start(answer, out);
    out.push_fmt(format_args!("Upgrade: {name}\r\nConnection: Upgrade\r\n"));
    fields(answer, out);
    out.push(b"\r\n");
    Ok(())
}

/// Refuses a request that can't be read: the last thing on this connection.
pub(super) fn refuse(status: u16, out: &mut TxBuf) {
    let more = match status {
        426 => "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nConnection: upgrade, close\r\n",
        _ => "Connection: close\r\n",
    };
    out.push_fmt(format_args!(
        "HTTP/1.1 {status} {}\r\n{more}Content-Length: 0\r\n\r\n",
        reason(status)
    ));
}

fn start(answer: &Response<'_>, out: &mut TxBuf) {
    out.push_fmt(format_args!("HTTP/1.1 {} {}\r\n", answer.status, reason(answer.status)));
}

fn fields(answer: &Response<'_>, out: &mut TxBuf) {
    for (name, value) in answer.fields {
        for part in [name.as_bytes(), b": ", value, b"\r\n"] {
            out.push(part);
        }
    }
}

fn check_fields(answer: &Response<'_>) -> Result<(), ProtoError> {
    answer.fields.iter().try_for_each(|(name, value)| check_field(name, value, &OWN))
}

fn reason(status: u16) -> &'static str {
    http::StatusCode::from_u16(status).ok().and_then(|s| s.canonical_reason()).unwrap_or_default()
}

fn bad(detail: impl Into<String>) -> ProtoError {
    ProtoError::new(ProtoErrorKind::BadRequest, detail)
}
