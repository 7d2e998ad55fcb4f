//! What a client tells the proxy.

use super::frames::{Frames, Piece, Shape};
use super::{
    CANCEL_TIMEOUT, MAX_PAYLOAD, MAX_STREAM_TYPE, PAYLOAD_HEAD, Payload, ProtoError,
    ProtoErrorKind, Sent, VERSION, be32, malformed, metadata, name_length, payload_head, push,
    utf8,
};
use crate::util::TxBuf;

/// Types of frames.
const STREAM_TYPE: u8 = 0xaa;
const ONWARD_CONNECT: u8 = 0xab;
const DESTROYING: u8 = 0xac;
const TX_PAYLOAD: u8 = 0xad;
const METADATA: u8 = 0xae;
const TX_CREDIT: u8 = 0xaf;
const TIMEOUT: u8 = 0xb0;
const LENGTH_HINT: u8 = 0xb1;

/// Version, process and credit, in front of the stream type's name.
const STREAM_TYPE_FIXED: usize = 9;

/// A frame for the proxy, or a piece of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ToProxy<'a> {
    /// The stream wanted; the first frame of a link, [`Timeout`](Self::Timeout) apart.
    StreamType {
        /// The client's process.
        pid: u32,
        /// How much the peer may send at first.
        credit: i32,
        /// Its name in the proxy's policy.
        name: &'a str,
    },
    /// Please connect.
    OnwardConnect,
    /// The stream goes.
    Destroying,
    /// Payload.
    Payload(Payload<'a>),
    /// A value was set.
    Metadata {
        /// Its name.
        name: &'a str,
        /// Its value.
        value: &'a [u8],
    },
    /// The peer may send so many bytes more.
    Credit(i32),
    /// (Re-)start the timeout, in milliseconds: 0 is the policy's, [`CANCEL_TIMEOUT`] stops it.
    Timeout(u32),
    /// The message to come will have so many bytes.
    LengthHint(u32),
}

impl ToProxy<'_> {
    /// Appends the frame.
    ///
    /// # Errors
    /// A name or value is too long for the protocol; nothing was written then.
    pub fn encode(&self, out: &mut TxBuf) -> Result<(), ProtoError> {
        match self {
            ToProxy::StreamType { pid, credit, name } => {
                if name.is_empty() || name.len() > MAX_STREAM_TYPE {
                    let len = name.len();
                    let why = format!("stream type of {len} bytes: 1 to {MAX_STREAM_TYPE}");
                    return Err(ProtoError::new(ProtoErrorKind::BadRequest, why));
                }
                let parts: &[&[u8]] =
                    &[&[VERSION], &pid.to_be_bytes(), &credit.to_be_bytes(), name.as_bytes()];
                push(out, STREAM_TYPE, "STREAMTYPE", parts)
            }
            ToProxy::OnwardConnect => push(out, ONWARD_CONNECT, "ONWARD_CONNECT", &[]),
            ToProxy::Destroying => push(out, DESTROYING, "DESTROYING", &[]),
            ToProxy::Payload(p) => {
                if p.bytes.len() > MAX_PAYLOAD {
                    let why = format!("payload of {} bytes: at most {MAX_PAYLOAD}", p.bytes.len());
                    return Err(ProtoError::new(ProtoErrorKind::BadRequest, why));
                }
                out.push(&Self::payload_head(p.flags, p.sent, p.bytes.len()));
                out.push(p.bytes);
                Ok(())
            }
            ToProxy::Metadata { name, value } => {
                let len = name_length("METADATA", name)?;
                push(out, METADATA, "METADATA", &[&[len], name.as_bytes(), value])
            }
            ToProxy::Credit(bytes) => push(out, TX_CREDIT, "TXCR_UPDATE", &[&bytes.to_be_bytes()]),
            ToProxy::Timeout(ms) => push(out, TIMEOUT, "TIMEOUT_UPDATE", &[&ms.to_be_bytes()]),
            ToProxy::LengthHint(bytes) => {
                push(out, LENGTH_HINT, "PAYLOAD_LENGTH_HINT", &[&bytes.to_be_bytes()])
            }
        }
    }

    /// What stands in front of `len` bytes of payload, at most [`MAX_PAYLOAD`].
    #[must_use]
    pub fn payload_head(flags: u32, sent: Sent, len: usize) -> [u8; PAYLOAD_HEAD] {
        payload_head(TX_PAYLOAD, flags, sent, len)
    }

    /// The frame that stops the timeout.
    #[must_use]
    pub fn cancel_timeout() -> Self {
        ToProxy::Timeout(CANCEL_TIMEOUT)
    }
}

/// Reads what a client says.
#[derive(Debug, Default)]
pub struct ProxyDecoder {
    frames: Frames,
    /// The stream type is known: it is told once.
    named: bool,
    /// The client said that its stream goes: it has no more to say.
    over: bool,
}

impl ProxyDecoder {
    /// At the start of a link.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes from the front of `input` until there is something to report; `None` when
    /// all is taken. To be called again after each frame.
    ///
    /// # Errors
    /// No client of this protocol says that: the link is of no more use.
    pub fn next<'a, 'i: 'a>(
        &'a mut self,
        input: &mut &'i [u8],
    ) -> Result<Option<ToProxy<'a>>, ProtoError> {
        let Self { frames, named, over } = self;
        if *over && !input.is_empty() {
            return Err(malformed("a frame after DESTROYING"));
        }
        let (kind, body) = match frames.next(input, |kind| shape(kind, *named))? {
            None => return Ok(None),
            Some(Piece::Payload(payload)) => return Ok(Some(ToProxy::Payload(payload))),
            Some(Piece::Whole(kind, body)) => (kind, body),
        };
        Ok(Some(match kind {
            STREAM_TYPE => {
                *named = true;
                stream_type(body)?
            }
            ONWARD_CONNECT => ToProxy::OnwardConnect,
            METADATA => {
                let (name, value) = metadata(body)?;
                ToProxy::Metadata { name, value }
            }
            TX_CREDIT => ToProxy::Credit(be32(body, 0).cast_signed()),
            TIMEOUT => ToProxy::Timeout(be32(body, 0)),
            LENGTH_HINT => ToProxy::LengthHint(be32(body, 0)),
            // `shape` lets no other through
            _ => {
                *over = true;
                ToProxy::Destroying
            }
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

/// The frames that may come, before and after the stream type.
fn shape(kind: u8, named: bool) -> Option<Shape> {
    match (kind, named) {
        (TIMEOUT, _) => Some(Shape::exactly("TIMEOUT_UPDATE", 4)),
        (STREAM_TYPE, false) => {
            let (min, max) = (STREAM_TYPE_FIXED + 1, STREAM_TYPE_FIXED + MAX_STREAM_TYPE);
            Some(Shape::between("STREAMTYPE", min, max))
        }
        (DESTROYING, _) => Some(Shape::exactly("DESTROYING", 0)),
        (ONWARD_CONNECT, true) => Some(Shape::exactly("ONWARD_CONNECT", 0)),
        (TX_PAYLOAD, true) => Some(Shape::payload("TX_PAYLOAD")),
        (METADATA, true) => Some(Shape::between("METADATA", 2, u16::MAX.into())),
        (TX_CREDIT, true) => Some(Shape::exactly("TXCR_UPDATE", 4)),
        (LENGTH_HINT, true) => Some(Shape::exactly("PAYLOAD_LENGTH_HINT", 4)),
        _ => None,
    }
}

fn stream_type(body: &[u8]) -> Result<ToProxy<'_>, ProtoError> {
    let version = body.first().copied().unwrap_or(0);
    if version != VERSION {
        let why = format!("STREAMTYPE: the client speaks version {version}, not {VERSION}");
        return Err(malformed(why));
    }
    let name = utf8("STREAMTYPE name", body.get(STREAM_TYPE_FIXED..).unwrap_or_default())?;
    if name.contains('\0') {
        return Err(malformed("STREAMTYPE: NUL in the name"));
    }
    Ok(ToProxy::StreamType { pid: be32(body, 1), credit: be32(body, 5).cast_signed(), name })
}
