//! The response's head: where it ends, what it says, and how the body behind it ends.

use super::super::{Head, ProtoError, ProtoErrorKind};
use super::MAX_FIELDS;
use super::fields::{decimal, items, list_has, values};

/// What every response starts with.
const START: &[u8] = b"HTTP/";

/// How a response's body ends (RFC 9112 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Framing {
    /// There is none, or an announced one of no bytes.
    Empty,
    /// After this many bytes.
    Length(u64),
    /// With the last chunk.
    Chunked,
    /// When the peer closes.
    UntilClose,
}

/// What follows from a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Meaning {
    pub framing: Framing,
    /// The peer means to keep the connection open (RFC 9112 9.3).
    pub keep: bool,
}

/// HTTP/1.x: the x.
type Minor = u8;

/// Whether `bytes` may be the start of a response, so that a peer that speaks something
/// else is found out by its first bytes.
pub(super) fn may_start(bytes: &[u8]) -> bool {
    let n = bytes.len().min(START.len());
    bytes[..n] == START[..n]
}

/// The head's length including its blank line, looking for that from `from` on.
pub(super) fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    memchr::memchr_iter(b'\n', &bytes[from..]).find_map(|at| match &bytes[from + at + 1..] {
        [b'\n', ..] => Some(from + at + 2),
        [b'\r', b'\n', ..] => Some(from + at + 3),
        _ => None,
    })
}

/// Parses a whole head, blank line included, into `head`.
pub(super) fn parse(bytes: &[u8], head: &mut Head) -> Result<Minor, ProtoError> {
    match parse_strict(bytes, head) {
        Err(Failure::Status) => match with_status_0(bytes) {
            Some(text) => parse_strict(&text, head).map_err(Failure::into_error),
            None => Err(Failure::Status.into_error()),
        },
        other => other.map_err(Failure::into_error),
    }
}

enum Failure {
    /// Something about the status code or the reason phrase.
    Status,
    Http(httparse::Error),
    /// The blank line is not where it was found before.
    End,
}

impl Failure {
    fn into_error(self) -> ProtoError {
        let (kind, what) = match self {
            Self::Http(httparse::Error::TooManyHeaders) => {
                let detail = format!("response head: more than {MAX_FIELDS} fields");
                return ProtoError::new(ProtoErrorKind::TooLarge, detail);
            }
            Self::Status => (ProtoErrorKind::Malformed, "status line".to_owned()),
            Self::Http(e) => (ProtoErrorKind::Malformed, e.to_string()),
            Self::End => (ProtoErrorKind::Malformed, "blank line inside".to_owned()),
        };
        ProtoError::new(kind, format!("response head: {what}"))
    }
}

fn parse_strict(bytes: &[u8], head: &mut Head) -> Result<Minor, Failure> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    let parsed = httparse::ParserConfig::default()
        .allow_obsolete_multiline_headers_in_responses(true)
        .parse_response(&mut response, bytes);
    match parsed {
        // two opinions on where a head ends must never go unnoticed
        Ok(httparse::Status::Complete(n)) if n == bytes.len() => {}
        Ok(_) => return Err(Failure::End),
        Err(httparse::Error::Status) => return Err(Failure::Status),
        Err(e) => return Err(Failure::Http(e)),
    }
    let (Some(status), Some(minor)) = (response.code, response.version) else {
        return Err(Failure::End);
    };
    head.clear();
    head.status = status;
    for field in response.headers.iter() {
        head.push(field.name.as_bytes(), field.value);
    }
    Ok(minor)
}

/// The head with status 000, if its status is one word that is no three-digit number: such a
/// response counts as one that failed (the reference does the same), not as a broken link.
fn with_status_0(bytes: &[u8]) -> Option<Vec<u8>> {
    let at = b"HTTP/1.x ".len();
    let word = bytes.get(at..)?.split(|b| b" \r\n".contains(b)).next()?;
    let number = word.len() == 3 && word.iter().all(u8::is_ascii_digit);
    if number || word.is_empty() || !word.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    Some([&bytes[..at], b"000", &bytes[at + word.len()..]].concat())
}

/// How the body of the final (not 1xx) response `head` ends, and what becomes of the connection.
/// `head_method`: the request was a `HEAD`.
pub(super) fn meaning(head: &Head, minor: Minor, head_method: bool) -> Result<Meaning, ProtoError> {
    let says = |token| values(head, "connection").any(|v| list_has(v, token));
    let keep = !says("close") && (minor > 0 || says("keep-alive"));
    if head_method || matches!(head.status, 204 | 304) {
        return Ok(Meaning { framing: Framing::Empty, keep });
    }
    let length = content_length(head)?;
    let framing = match (chunked(head)?, length) {
        (true, None) => Framing::Chunked,
        (true, Some(_)) => {
            return Err(malformed("response head: both content-length and transfer-encoding"));
        }
        (false, Some(0)) => Framing::Empty,
        (false, Some(n)) => Framing::Length(n),
        (false, None) => Framing::UntilClose,
    };
    // RFC 9112 6.1: chunks in HTTP/1.0 are read, but the connection is not trusted again
    let trusted = framing != Framing::UntilClose && (minor > 0 || framing != Framing::Chunked);
    Ok(Meaning { framing, keep: keep && trusted })
}

/// RFC 9112 6.3 (5): several equal lengths are one, anything else is an error.
fn content_length(head: &Head) -> Result<Option<u64>, ProtoError> {
    let mut length = None;
    for item in values(head, "content-length").flat_map(items) {
        let n = decimal(item).ok_or_else(|| {
            let text = String::from_utf8_lossy(item);
            malformed(format!("response head: content-length {text:?} is not a length"))
        })?;
        match length {
            Some(before) if before != n => {
                let detail = format!("response head: content-length both {before} and {n}");
                return Err(malformed(detail));
            }
            _ => length = Some(n),
        }
    }
    Ok(length)
}

/// Whether the body is chunked; any other coding was not asked for and is an error.
fn chunked(head: &Head) -> Result<bool, ProtoError> {
    let mut chunked = false;
    for item in values(head, "transfer-encoding").flat_map(items) {
        if chunked || !item.eq_ignore_ascii_case(b"chunked") {
            let text = String::from_utf8_lossy(item);
            let detail = format!("response head: transfer-encoding {text:?} is not supported");
            return Err(malformed(detail));
        }
        chunked = true;
    }
    Ok(chunked)
}

fn malformed(detail: impl Into<String>) -> ProtoError {
    ProtoError::new(ProtoErrorKind::Malformed, detail)
}

/// The peer sent what can't be a response.
pub(super) fn not_http() -> ProtoError {
    malformed("response head: does not start with HTTP/")
}
