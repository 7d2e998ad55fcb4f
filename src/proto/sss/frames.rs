//! From pieces of bytes to frames: what both directions have in common.

use std::ops::RangeInclusive;

use super::{FRAME_HEAD, PAYLOAD_HEAD, Payload, ProtoError, Sent, be32, flags, malformed, utf8};

/// What is known of a type of frame beforehand.
pub(super) struct Shape {
    pub name: &'static str,
    /// Bytes after the length.
    pub min: usize,
    pub max: usize,
    /// Passed on in pieces.
    pub payload: bool,
}

impl Shape {
    pub const fn exactly(name: &'static str, len: usize) -> Self {
        Self { name, min: len, max: len, payload: false }
    }

    pub const fn between(name: &'static str, min: usize, max: usize) -> Self {
        Self { name, min, max, payload: false }
    }

    pub const fn payload(name: &'static str) -> Self {
        Self { name, min: FIXED, max: u16::MAX as usize, payload: true }
    }
}

/// The part of a payload frame between its length and the payload.
const FIXED: usize = PAYLOAD_HEAD - FRAME_HEAD;

/// A frame, or a piece of one.
pub(super) enum Piece<'a> {
    Whole(u8, &'a [u8]),
    Payload(Payload<'a>),
}

/// Cuts a stream of bytes into frames.
#[derive(Debug, Default)]
pub(super) struct Frames {
    at: At,
    /// What has come so far of a part that did not come at once.
    held: Vec<u8>,
    /// `held` was passed on: it is of no more use.
    spent: bool,
    head: PayloadHead,
    /// The rideshare name of the payload that is being read.
    rideshare: String,
}

#[derive(Debug, Default, Clone, Copy)]
enum At {
    /// In front of a frame, or in its first bytes.
    #[default]
    Head,
    /// In the body of a frame that is wanted whole.
    Body { kind: u8, len: usize },
    /// In the fixed part of a payload frame with `rest` bytes.
    Fixed { rest: usize },
    /// At the length of the rideshare name.
    NameLength { rest: usize },
    /// In the rideshare name.
    Name { len: usize, rest: usize },
    /// In the payload.
    Payload { rest: usize },
}

#[derive(Debug, Default, Clone, Copy)]
struct PayloadHead {
    flags: u32,
    sent: Sent,
    /// Nothing of the payload was passed on so far.
    fresh: bool,
}

impl PayloadHead {
    fn new(fixed: &[u8]) -> Self {
        let at_us = u64::from(be32(fixed, 8)) << 32 | u64::from(be32(fixed, 12));
        Self { flags: be32(fixed, 0), sent: Sent { held_us: be32(fixed, 4), at_us }, fresh: true }
    }

    /// The flags of a piece.
    fn flags_of(&self, last: bool) -> u32 {
        let mut those = !(flags::SOM
            | flags::POLL
            | flags::EOM
            | flags::RELATED_START
            | flags::RELATED_END
            | flags::RIDESHARE);
        if self.fresh {
            those |= flags::SOM | flags::POLL | flags::RELATED_START;
        }
        if last {
            those |= flags::EOM | flags::RELATED_END;
        }
        self.flags & those
    }
}

/// What TLS begins with: an alert, and the handshake.
const TLS_RECORDS: RangeInclusive<u8> = 0x15..=0x16;

fn no_frame(kind: u8) -> ProtoError {
    let hint = if TLS_RECORDS.contains(&kind) { ": the other side speaks TLS" } else { "" };
    malformed(format!("no frame has the type 0x{kind:02x}{hint}"))
}

/// A frame as long as this leaves no memory behind.
const KEPT: usize = 1024;

impl Frames {
    /// Takes bytes from the front of `input` until a frame, or a piece of payload, is complete.
    /// `None`: more are needed. `shape` knows the types of frames that may come.
    ///
    /// # Errors
    /// No such frame, or a length that cannot be its.
    pub fn next<'a, 'i: 'a>(
        &'a mut self,
        input: &mut &'i [u8],
        shape: impl Fn(u8) -> Option<Shape>,
    ) -> Result<Option<Piece<'a>>, ProtoError> {
        if std::mem::take(&mut self.spent) {
            self.drop_held();
        }
        loop {
            match self.at {
                At::Head => {
                    let complete = self.gather(input, FRAME_HEAD);
                    // the type alone shows nonsense already
                    let Some(kind) = self.held.first().copied() else { return Ok(None) };
                    let shape = shape(kind).ok_or_else(|| no_frame(kind))?;
                    if !complete {
                        return Ok(None);
                    }
                    let len = usize::from(self.held[1]) << 8 | usize::from(self.held[2]);
                    self.at = after_head(kind, len, &shape)?;
                    self.drop_held();
                }
                At::Body { kind, len } => {
                    if self.held.is_empty() && input.len() >= len {
                        self.at = At::Head;
                        let body = cut(input, len);
                        return Ok(Some(Piece::Whole(kind, body)));
                    }
                    if !self.gather(input, len) {
                        return Ok(None);
                    }
                    self.at = At::Head;
                    self.spent = true;
                    return Ok(Some(Piece::Whole(kind, &self.held)));
                }
                At::Fixed { rest } => {
                    if !self.gather(input, FIXED) {
                        return Ok(None);
                    }
                    self.head = PayloadHead::new(&self.held);
                    self.drop_held();
                    let rest = rest - FIXED;
                    self.at = match self.head.flags & flags::RIDESHARE {
                        0 => At::Payload { rest },
                        _ => At::NameLength { rest },
                    };
                    self.rideshare.clear();
                }
                At::NameLength { rest } => {
                    no_room_unless(rest > 0, 0, rest)?;
                    let Some((len, after)) = input.split_first() else { return Ok(None) };
                    no_room_unless(rest > usize::from(*len) && *len > 0, *len, rest)?;
                    *input = after;
                    self.at = At::Name { len: usize::from(*len), rest: rest - 1 };
                }
                At::Name { len, rest } => {
                    if !self.gather(input, len) {
                        return Ok(None);
                    }
                    utf8("RIDESHARE name", &self.held)?.clone_into(&mut self.rideshare);
                    self.drop_held();
                    self.at = At::Payload { rest: rest - len };
                }
                At::Payload { rest } => {
                    // payload of length 0 is told once, with the flags
                    if input.is_empty() && rest > 0 {
                        return Ok(None);
                    }
                    let bytes = cut(input, rest.min(input.len()));
                    let rest = rest - bytes.len();
                    let flags = self.head.flags_of(rest == 0);
                    self.head.fresh = false;
                    self.at = if rest == 0 { At::Head } else { At::Payload { rest } };
                    let rideshare = Some(&*self.rideshare).filter(|name| !name.is_empty());
                    let sent = self.head.sent;
                    return Ok(Some(Piece::Payload(Payload { flags, sent, rideshare, bytes })));
                }
            }
        }
    }

    /// Whether a frame has begun that has not ended.
    pub fn inside(&self) -> bool {
        !matches!(self.at, At::Head) || (!self.spent && !self.held.is_empty())
    }

    /// Fills `held` up to `len` bytes; `true` when it is full.
    fn gather(&mut self, input: &mut &[u8], len: usize) -> bool {
        let missing = len.saturating_sub(self.held.len());
        self.held.extend_from_slice(cut(input, missing.min(input.len())));
        self.held.len() >= len
    }

    fn drop_held(&mut self) {
        self.held.clear();
        if self.held.capacity() > KEPT {
            self.held = Vec::new();
        }
    }

    /// Bytes that are held, for tests of the bound.
    pub fn memory(&self) -> usize {
        self.held.capacity() + self.rideshare.capacity()
    }
}

fn after_head(kind: u8, len: usize, shape: &Shape) -> Result<At, ProtoError> {
    let Shape { name, min, max, payload } = *shape;
    if (min..=max).contains(&len) {
        return Ok(if payload { At::Fixed { rest: len } } else { At::Body { kind, len } });
    }
    let right = if min == max { format!("{min}") } else { format!("{min} to {max}") };
    Err(malformed(format!("{name} of {len} bytes: {right} are right")))
}

fn no_room_unless(fits: bool, len: u8, rest: usize) -> Result<(), ProtoError> {
    if fits {
        return Ok(());
    }
    Err(malformed(format!("RIDESHARE name of {len} bytes where {rest} bytes follow")))
}

/// The first `len` bytes of what is left.
fn cut<'i>(input: &mut &'i [u8], len: usize) -> &'i [u8] {
    let (front, back) = input.split_at(len);
    *input = back;
    front
}
