//! What the proxy tells a client.

use super::frames::{Frames, Piece, Shape};
use super::{
    MAX_PAYLOAD, PAYLOAD_HEAD, Payload, ProtoError, ProtoErrorKind, Sent, be32, flags, malformed,
    metadata, name_length, payload_head, push, utf8,
};
use crate::util::TxBuf;

/// Types of frames.
const RX_PAYLOAD: u8 = 0x55;
const CREATE_RESULT: u8 = 0x56;
const STATE: u8 = 0x57;
const TX_CREDIT: u8 = 0x58;
const METADATA: u8 = 0x59;
const PERF: u8 = 0x5b;

/// The result and the buffer's size, in front of the rideshare types.
const RESULT_FIXED: usize = 5;

/// A frame for the client, or a piece of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToClient<'a> {
    /// There is such a stream, or not; the first frame of a link.
    Created {
        /// There is.
        ok: bool,
        /// The buffer that the policy advises (`client_buflen`), 0: none.
        buflen: u32,
        /// The stream type and its rideshare types, see [`rideshare_types`].
        types: &'a str,
    },
    /// A state of the stream, or an event.
    State {
        /// Its number.
        state: u32,
        /// What goes with it.
        ack: u32,
    },
    /// Payload.
    Payload(Payload<'a>),
    /// The peer lets us send so many bytes more.
    Credit(i32),
    /// A value that came from the peer.
    Metadata {
        /// Its name.
        name: &'a str,
        /// Its value.
        value: &'a [u8],
    },
    /// A performance report in JSON.
    Perf(&'a [u8]),
}

impl ToClient<'_> {
    /// Appends the frame.
    ///
    /// # Errors
    /// A name or value is too long for the protocol; nothing was written then.
    pub fn encode(&self, out: &mut TxBuf) -> Result<(), ProtoError> {
        match self {
            ToClient::Created { ok, buflen, types } => {
                let parts: &[&[u8]] = &[&[u8::from(!ok)], &buflen.to_be_bytes(), types.as_bytes()];
                push(out, CREATE_RESULT, "CREATE_RESULT", parts)
            }
            ToClient::State { state, ack } => match u8::try_from(*state) {
                Ok(short) => push(out, STATE, "CONNSTATE", &[&[short], &ack.to_be_bytes()]),
                Err(_) => {
                    let parts: &[&[u8]] = &[&state.to_be_bytes(), &ack.to_be_bytes()];
                    push(out, STATE, "CONNSTATE", parts)
                }
            },
            ToClient::Payload(p) => payload(out, p),
            ToClient::Credit(bytes) => push(out, TX_CREDIT, "TXCR_UPDATE", &[&bytes.to_be_bytes()]),
            ToClient::Metadata { name, value } => {
                let len = name_length("METADATA", name)?;
                push(out, METADATA, "METADATA", &[&[len], name.as_bytes(), value])
            }
            ToClient::Perf(json) => push(out, PERF, "PERF", &[json]),
        }
    }

    /// What stands in front of `len` bytes of payload, at most [`MAX_PAYLOAD`].
    #[must_use]
    pub fn payload_head(flags: u32, sent: Sent, len: usize) -> [u8; PAYLOAD_HEAD] {
        payload_head(RX_PAYLOAD, flags, sent, len)
    }
}

fn payload(out: &mut TxBuf, p: &Payload<'_>) -> Result<(), ProtoError> {
    let name = p.rideshare.unwrap_or_default();
    let len = name_length("RIDESHARE", name)?;
    let prefix = if name.is_empty() { 0 } else { 1 + name.len() };
    if prefix + p.bytes.len() > MAX_PAYLOAD {
        let why = format!("payload of {} bytes: at most {MAX_PAYLOAD}", p.bytes.len());
        return Err(ProtoError::new(ProtoErrorKind::BadRequest, why));
    }
    let mut head = ToClient::payload_head(p.flags, p.sent, prefix + p.bytes.len());
    if prefix > 0 {
        head[3..7].copy_from_slice(&(p.flags | flags::RIDESHARE).to_be_bytes());
    }
    out.push(&head);
    if prefix > 0 {
        out.push(&[len]);
        out.push(name.as_bytes());
    }
    out.push(p.bytes);
    Ok(())
}

/// The types of a [`ToClient::Created`], the stream's own first. (Each has a comma in front of
/// it, the first too.)
pub fn rideshare_types(types: &str) -> impl Iterator<Item = &str> {
    types.split(',').filter(|name| !name.is_empty())
}

/// Reads what the proxy says.
#[derive(Debug, Default)]
pub struct ClientDecoder {
    frames: Frames,
    /// The result of creating is known: it is told once.
    created: bool,
}

impl ClientDecoder {
    /// At the start of a link.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes from the front of `input` until there is something to report; `None` when
    /// all is taken. To be called again after each frame.
    ///
    /// # Errors
    /// No proxy of this protocol says that: the link is of no more use.
    pub fn next<'a, 'i: 'a>(
        &'a mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<ToClient<'a>>, ProtoError> {
        let Self { frames, created } = self;
        let (kind, body) = match frames.next(input, |kind| shape(kind, *created))? {
            None => return Ok(None),
            Some(Piece::Payload(payload)) => return Ok(Some(ToClient::Payload(payload))),
            Some(Piece::Whole(kind, body)) => (kind, body),
        };
        Ok(Some(match kind {
            CREATE_RESULT => {
                *created = true;
                let types = body.get(RESULT_FIXED..).unwrap_or_default();
                ToClient::Created {
                    ok: body.first() == Some(&0),
                    buflen: be32(body, 1),
                    types: utf8("CREATE_RESULT's rideshare types", types)?,
                }
            }
            STATE => state(body)?,
            TX_CREDIT => ToClient::Credit(be32(body, 0).cast_signed()),
            METADATA => {
                let (name, value) = metadata(body)?;
                ToClient::Metadata { name, value }
            }
            // `shape` lets no other through
            _ => ToClient::Perf(body),
        }))
    }

    /// Whether the link may end here: not inside a frame.
    #[must_use]
    pub fn at_frame_end(&self) -> bool {
        !self.frames.inside()
    }

    /// Bytes of memory that are held.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.frames.memory()
    }
}

/// The frames that may come, before and after the result of creating.
fn shape(kind: u8, created: bool) -> Option<Shape> {
    match (kind, created) {
        (CREATE_RESULT, false) => {
            Some(Shape::between("CREATE_RESULT", RESULT_FIXED, u16::MAX.into()))
        }
        (RX_PAYLOAD, true) => Some(Shape::payload("RX_PAYLOAD")),
        (STATE, true) => Some(Shape::between("CONNSTATE", 5, 8)),
        (TX_CREDIT, true) => Some(Shape::exactly("TXCR_UPDATE", 4)),
        (METADATA, true) => Some(Shape::between("METADATA", 2, u16::MAX.into())),
        (PERF, true) => Some(Shape::between("PERF", 1, u16::MAX.into())),
        _ => None,
    }
}

fn state(body: &[u8]) -> Result<ToClient<'static>, ProtoError> {
    match body.len() {
        5 => Ok(ToClient::State { state: body[0].into(), ack: be32(body, 1) }),
        8 => Ok(ToClient::State { state: be32(body, 0), ack: be32(body, 4) }),
        len => Err(malformed(format!("CONNSTATE of {len} bytes: 5 or 8 are right"))),
    }
}
