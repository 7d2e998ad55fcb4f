//! The request's head: where it ends, what it says, and how the body behind it ends.
//!
//! Stricter than the reading of responses: a server stands behind others that read the same
//! bytes, and whatever two of them may read differently lets one client speak for another.

use std::mem::MaybeUninit;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::super::{Asked, BodyLen, Head, ProtoError, ProtoErrorKind, Upgrade};
use super::fields::{decimal, items, list_has, values};
use super::request::{is_authority_byte, is_token_byte};
use super::{MAX_FIELDS, ServerOptions};

/// Bytes of a `Sec-WebSocket-Key` (RFC 6455 4.1).
const WS_KEY: usize = 16;
/// Bytes of a method or target for which memory is kept between requests.
const TEXT_KEEP: usize = 256;

/// Why a request is refused: what the client is told, and what the log is.
#[derive(Debug)]
pub(super) struct Refusal {
    pub status: u16,
    pub error: ProtoError,
}

impl Refusal {
    pub fn new(status: u16, detail: impl Into<String>) -> Self {
        let kind = match status {
            413 | 414 | 431 => ProtoErrorKind::TooLarge,
            _ => ProtoErrorKind::Malformed,
        };
        Self { status, error: ProtoError::new(kind, detail) }
    }
}

/// What the machine must know about a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    /// HTTP/1.x: the x.
    pub minor: u8,
    /// The client means to keep the connection open (RFC 9112 9.3).
    pub keep: bool,
    /// The answer has no body whatever its head says.
    pub head_method: bool,
    /// The client waits for 100 before it sends the body (RFC 9110 10.1.1).
    pub expects: bool,
}

/// Whether `bytes` may be the start of a request, so that a client that speaks something else
/// (TLS ...) is found out by its first byte.
pub(super) fn may_start(bytes: &[u8]) -> bool {
    bytes.first().is_none_or(|&b| is_token_byte(b))
}

/// The head's length including its blank line, looking for line ends from `from` on.
pub(super) fn head_end(bytes: &[u8], from: usize) -> Result<Option<usize>, Refusal> {
    for at in memchr::memchr_iter(b'\n', &bytes[from..]).map(|at| from + at) {
        match &bytes[..at] {
            [.., b'\r', b'\n', b'\r'] => return Ok(Some(at + 1)),
            [.., b'\r'] => {}
            _ => return Err(Refusal::new(400, "request head: a line ends without CR")),
        }
    }
    Ok(None)
}

/// Parses a whole head, blank line included, into `asked`.
pub(super) fn parse(
    bytes: &[u8],
    options: &ServerOptions,
    asked: &mut Asked,
) -> Result<Plan, Refusal> {
    clear(asked);
    let mut fields = [const { MaybeUninit::uninit() }; MAX_FIELDS];
    let mut request = httparse::Request::new(&mut []);
    let room = &mut fields[..options.max_fields.min(MAX_FIELDS)];
    let parsed = request.parse_with_uninit_headers(bytes, room);
    match parsed {
        // two opinions on where a head ends must never go unnoticed
        Ok(httparse::Status::Complete(n)) if n == bytes.len() => {}
        Ok(_) => return Err(Refusal::new(400, "request head: blank line inside")),
        Err(e) => return Err(not_parsed(e, bytes, options)),
    }
    let (Some(method), Some(target), Some(minor)) = (request.method, request.path, request.version)
    else {
        return Err(Refusal::new(400, "request head: request line"));
    };
    asked.method.push_str(method);
    for field in request.headers.iter() {
        asked.fields.push(field.name.as_bytes(), field.value);
    }
    host(asked, minor)?;
    split_target(target, asked)?;
    meaning(minor, options, asked)
}

/// Forgets the last request but keeps memory for a common one.
pub(super) fn clear(asked: &mut Asked) {
    for text in [&mut asked.method, &mut asked.target, &mut asked.authority] {
        text.clear();
        text.shrink_to(TEXT_KEEP);
    }
    asked.fields.release();
    asked.upgrade = None;
    asked.body = BodyLen::None;
}

fn not_parsed(error: httparse::Error, bytes: &[u8], options: &ServerOptions) -> Refusal {
    match error {
        httparse::Error::TooManyHeaders => {
            let most = options.max_fields.min(MAX_FIELDS);
            Refusal::new(431, format!("request head: more than {most} fields"))
        }
        httparse::Error::Version if other_version(bytes) => {
            Refusal::new(505, "request head: neither HTTP/1.1 nor HTTP/1.0")
        }
        other => Refusal::new(400, format!("request head: {other}")),
    }
}

/// Whether the request line is one of HTTP, but of another version.
fn other_version(bytes: &[u8]) -> bool {
    let line = bytes.split(|&b| b == b'\r').find(|line| !line.is_empty()).unwrap_or_default();
    let mut words = line.split(|&b| b == b' ').skip(2);
    match (words.next(), words.next()) {
        (Some([b'H', b'T', b'T', b'P', b'/', a, b'.', b]), None) => {
            a.is_ascii_digit() && b.is_ascii_digit()
        }
        _ => false,
    }
}

/// RFC 9112 3.2: one host, except from clients of old.
fn host(asked: &mut Asked, minor: u8) -> Result<(), Refusal> {
    let Some(host) = only(&asked.fields, "host")? else {
        if minor > 0 {
            return Err(Refusal::new(400, "request head: no host"));
        }
        return Ok(());
    };
    asked.authority.push_str(authority(host)?);
    Ok(())
}

fn authority(bytes: &[u8]) -> Result<&str, Refusal> {
    match std::str::from_utf8(bytes) {
        Ok(text) if bytes.iter().all(|&b| is_authority_byte(b)) => Ok(text),
        _ => {
            let text = String::from_utf8_lossy(bytes);
            Err(Refusal::new(400, format!("request head: {text:?} is not a host")))
        }
    }
}

/// The forms of RFC 9112 3.2.
fn split_target(target: &str, asked: &mut Asked) -> Result<(), Refusal> {
    if asked.method == "CONNECT" {
        return Err(Refusal::new(501, "request head: method CONNECT, and no proxy here"));
    }
    let legal = |b: u8| b.is_ascii_graphic() && b != b'#';
    let wrong = || Refusal::new(400, format!("request head: {target:?} is not a target"));
    if !target.bytes().all(legal) {
        return Err(wrong());
    }
    if target.starts_with('/') || (target == "*" && asked.method == "OPTIONS") {
        asked.target.push_str(target);
        return Ok(());
    }
    let (scheme, rest) = target.split_once("://").ok_or_else(wrong)?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(wrong());
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    if host.is_empty() {
        return Err(wrong());
    }
    asked.authority.clear();
    asked.authority.push_str(authority(host.as_bytes())?);
    match path.as_bytes().first() {
        None if asked.method == "OPTIONS" => asked.target.push('*'),
        None => asked.target.push('/'),
        Some(b'?') => asked.target.extend(["/", path]),
        Some(_) => asked.target.push_str(path),
    }
    Ok(())
}

fn meaning(minor: u8, options: &ServerOptions, asked: &mut Asked) -> Result<Plan, Refusal> {
    let says = |token| values(&asked.fields, "connection").any(|v| list_has(v, token));
    let keep = !says("close") && (minor > 0 || says("keep-alive"));
    let switches = minor > 0 && says("upgrade");
    asked.body = body(&asked.fields, minor, options.max_body)?;
    let has_body = !matches!(asked.body, BodyLen::None | BodyLen::Known(0));
    let expects = expects(&asked.fields, minor)? && has_body;
    let ws = || values(&asked.fields, "upgrade").any(|v| list_has(v, "websocket"));
    if options.websocket && switches && ws() {
        check_ws(asked)?;
        asked.upgrade = Some(Upgrade::WebSocket);
    }
    Ok(Plan { minor, keep, head_method: asked.method == "HEAD", expects })
}

/// RFC 9112 6.3, without the leniency towards lengths that are given twice.
fn body(head: &Head, minor: u8, most: u64) -> Result<BodyLen, Refusal> {
    let length = only(head, "content-length")?;
    if values(head, "transfer-encoding").next().is_some() {
        if minor == 0 {
            return Err(Refusal::new(400, "request head: transfer-encoding in HTTP/1.0"));
        }
        if length.is_some() {
            let detail = "request head: both content-length and transfer-encoding";
            return Err(Refusal::new(400, detail));
        }
        return chunked(head).map(|()| BodyLen::Unknown);
    }
    let Some(text) = length else { return Ok(BodyLen::None) };
    match decimal(text) {
        Some(n) if n <= most => Ok(BodyLen::Known(n)),
        Some(n) => Err(Refusal::new(
            413,
            format!("request head: a body of {n} bytes, {most} are the most"),
        )),
        None => {
            let text = String::from_utf8_lossy(text);
            Err(Refusal::new(400, format!("request head: content-length {text:?} is not a length")))
        }
    }
}

/// The body must be chunked, and nothing else (RFC 9112 6.1).
fn chunked(head: &Head) -> Result<(), Refusal> {
    let is_chunked = |item: &&[u8]| item.eq_ignore_ascii_case(b"chunked");
    let codings: Vec<&[u8]> = values(head, "transfer-encoding").flat_map(items).collect();
    let status = match &codings[..] {
        [only] if is_chunked(only) => return Ok(()),
        // well-formed, but with a coding that is not known here
        [others @ .., last] if is_chunked(last) && !others.iter().any(is_chunked) => 501,
        _ => 400,
    };
    Err(Refusal::new(status, "request head: transfer-encoding other than chunked"))
}

fn expects(head: &Head, minor: u8) -> Result<bool, Refusal> {
    let mut found = false;
    for item in values(head, "expect").flat_map(items).filter(|_| minor > 0) {
        if !item.eq_ignore_ascii_case(b"100-continue") {
            let text = String::from_utf8_lossy(item);
            return Err(Refusal::new(417, format!("request head: expect {text:?}")));
        }
        found = true;
    }
    Ok(found)
}

/// RFC 6455 4.2.1.
fn check_ws(asked: &Asked) -> Result<(), Refusal> {
    if asked.method != "GET" || asked.body != BodyLen::None {
        return Err(Refusal::new(400, "ws handshake: not a GET without a body"));
    }
    if only(&asked.fields, "sec-websocket-version")? != Some(b"13") {
        return Err(Refusal::new(426, "ws handshake: sec-websocket-version is not 13"));
    }
    let key = only(&asked.fields, "sec-websocket-key")?.and_then(|key| STANDARD.decode(key).ok());
    if key.is_none_or(|key| key.len() != WS_KEY) {
        return Err(Refusal::new(400, "ws handshake: no valid sec-websocket-key"));
    }
    Ok(())
}

/// The value of a field that may come once at most.
fn only<'h>(head: &'h Head, name: &'h str) -> Result<Option<&'h [u8]>, Refusal> {
    let mut found = values(head, name);
    let first = found.next();
    if found.next().is_some() {
        return Err(Refusal::new(400, format!("request head: more than one {name}")));
    }
    Ok(first.map(<[u8]>::trim_ascii))
}
