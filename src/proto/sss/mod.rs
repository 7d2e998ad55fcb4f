//! The proxy protocol (serialised Secure Streams), version 1: what a stream's life looks like on
//! a byte link between a client that has no policy and the proxy that carries the stream out.
//! One link carries one stream.
//!
//! Every frame is a type, a length of two bytes (big endian, as all numbers here), and that many
//! bytes. [`ToProxy`] and [`ToClient`] are the frames of the two directions, each with an
//! encoder; [`ProxyDecoder`] and [`ClientDecoder`] read them from pieces of any size. Payload is
//! passed on as it comes, everything else whole; what a decoder holds is bounded by the length
//! field.
//!
//! Wire-compatible with libwebsockets 5.0.0. Known there: `CREATE_RESULT` has no tx credit (its
//! documentation says otherwise) and lists the rideshare types behind a comma each; a client may
//! send `TIMEOUT_UPDATE` before anything else.

mod frames;
mod to_client;
mod to_proxy;

pub use to_client::{ClientDecoder, ToClient, rideshare_types};
pub use to_proxy::{ProxyDecoder, ToProxy};

use super::{ProtoError, ProtoErrorKind};
use crate::util::TxBuf;

/// The protocol's version.
pub const VERSION: u8 = 1;

/// Type and length, in bytes.
const FRAME_HEAD: usize = 3;

/// The fixed part of a payload frame, type and length included: what goes in front of the payload
/// when no rideshare name does.
pub const PAYLOAD_HEAD: usize = 19;

/// The most payload that one frame takes.
pub const MAX_PAYLOAD: usize = u16::MAX as usize - (PAYLOAD_HEAD - FRAME_HEAD);

/// Names (of metadata, rideshare types) have a length of one byte.
pub const MAX_NAME: usize = u8::MAX as usize;

/// The name of a stream type: the wire leaves room for more, nobody needs it.
pub const MAX_STREAM_TYPE: usize = 255;

/// The timeout that means: cancel it. 0 means: the policy's.
pub const CANCEL_TIMEOUT: u32 = u32::MAX;

/// Marks of payload.
pub mod flags {
    /// It starts a message.
    pub const SOM: u32 = 1 << 0;
    /// It ends a message.
    pub const EOM: u32 = 1 << 1;
    /// Nothing is sent: the protocol is asked to poll.
    pub const POLL: u32 = 1 << 2;
    /// A group of messages starts.
    pub const RELATED_START: u32 = 1 << 3;
    /// A group of messages ends.
    pub const RELATED_END: u32 = 1 << 4;
    /// On the link: the payload starts with the name of a rideshare stream type.
    pub const RIDESHARE: u32 = 1 << 5;
    /// The payload is a performance report in JSON.
    pub const PERF_JSON: u32 = 1 << 6;
}

/// Times that travel with payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// Microseconds that the sender held the payload.
    pub held_us: u32,
    /// When it was written to the link, in microseconds of the sender's unix time.
    pub at_us: u64,
}

/// Some of the payload of a frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload<'a> {
    /// See [`flags`]: those of a frame that comes in pieces are spread over the pieces as they
    /// apply to each.
    pub flags: u32,
    /// The frame's times.
    pub sent: Sent,
    /// The rideshare stream type that it is from, if not the stream's own.
    pub rideshare: Option<&'a str>,
    /// The bytes.
    pub bytes: &'a [u8],
}

/// The head of a payload frame without a rideshare name, to stand in front of `len` bytes that
/// are in place already (at most [`MAX_PAYLOAD`]).
fn payload_head(kind: u8, flags: u32, sent: Sent, len: usize) -> [u8; PAYLOAD_HEAD] {
    let mut head = [0; PAYLOAD_HEAD];
    let rest = len.min(MAX_PAYLOAD) + PAYLOAD_HEAD - FRAME_HEAD;
    head[0] = kind;
    head[1..3].copy_from_slice(&u16::try_from(rest).unwrap_or(u16::MAX).to_be_bytes());
    head[3..7].copy_from_slice(&(flags & !flags::RIDESHARE).to_be_bytes());
    head[7..11].copy_from_slice(&sent.held_us.to_be_bytes());
    head[11..19].copy_from_slice(&sent.at_us.to_be_bytes());
    head
}

/// Writes a frame made of `parts`.
///
/// # Errors
/// It is longer than its length field can say; nothing was written.
fn push(out: &mut TxBuf, kind: u8, name: &str, parts: &[&[u8]]) -> Result<(), ProtoError> {
    let len: usize = parts.iter().map(|p| p.len()).sum();
    let Ok(short) = u16::try_from(len) else {
        let why = format!("{name} of {len} bytes: a frame takes at most {}", u16::MAX);
        return Err(ProtoError::new(ProtoErrorKind::BadRequest, why));
    };
    let [high, low] = short.to_be_bytes();
    out.push(&[kind, high, low]);
    for part in parts {
        out.push(part);
    }
    Ok(())
}

/// A name with its length in front.
///
/// # Errors
/// The length has no room in its byte.
fn name_length(what: &str, name: &str) -> Result<u8, ProtoError> {
    u8::try_from(name.len()).map_err(|_| {
        let why = format!("{what} name of {} bytes: at most {MAX_NAME}", name.len());
        ProtoError::new(ProtoErrorKind::BadRequest, why)
    })
}

fn malformed(what: impl Into<String>) -> ProtoError {
    ProtoError::new(ProtoErrorKind::Malformed, what)
}

/// The number at `at` in a body that is long enough.
fn be32(body: &[u8], at: usize) -> u32 {
    body.get(at..).and_then(|b| b.first_chunk()).map_or(0, |b| u32::from_be_bytes(*b))
}

/// Name and value of a metadata frame.
fn metadata(body: &[u8]) -> Result<(&str, &[u8]), ProtoError> {
    let (len, rest) = body.split_first().ok_or_else(|| malformed("METADATA is empty"))?;
    let (name, value) = rest.split_at_checked(usize::from(*len)).ok_or_else(|| {
        malformed(format!("METADATA with a name of {len} bytes in {} bytes", body.len()))
    })?;
    if name.is_empty() {
        return Err(malformed("METADATA without a name"));
    }
    Ok((utf8("METADATA name", name)?, value))
}

fn utf8<'a>(what: &str, bytes: &'a [u8]) -> Result<&'a str, ProtoError> {
    std::str::from_utf8(bytes).map_err(|_| malformed(format!("{what} is not UTF-8")))
}
