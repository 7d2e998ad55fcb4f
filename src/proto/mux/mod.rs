//! Channels on a byte link that knows no connections, such as a UART: up to [`CHANNELS`] links of
//! the proxy protocol share it, and both sides know whether the other one is there.
//!
//! [`Decoder`] cuts what comes into [`Frame`]s and passes payload on as it comes; it holds a
//! dozen bytes. [`Mux`] is one side's state machine: bytes and time in, bytes and events out. A link
//! that loses bytes is found out by a frame that cannot be, or by a PING without an answer; both sides
//! then drop all channels and start again with RESET.
//!
//! Wire-compatible with libwebsockets 5.0.0. Known there: a CLOSE is never confirmed, so that the
//! number of a closed channel is lost to such a peer until the link starts again.

mod decode;
mod machine;

pub use decode::Decoder;
pub use machine::{Event, Mux, Side, Timing};

/// Numbers of channels are one byte.
pub const CHANNELS: usize = 256;

/// A payload frame's part in front of the payload.
pub const PAYLOAD_HEAD: usize = 4;

/// The most payload that one frame takes.
pub const MAX_PAYLOAD: usize = u16::MAX as usize;

/// The longest frame without payload.
const LONGEST: usize = 17;

/// What the first byte of each frame says.
mod code {
    pub const REQUEST: u8 = 0xf0;
    pub const ACCEPT: u8 = 0xf1;
    pub const REFUSE: u8 = 0xf2;
    pub const CLOSE: u8 = 0xf3;
    pub const CLOSED: u8 = 0xf4;
    pub const PAYLOAD: u8 = 0xf5;
    pub const PING: u8 = 0xf6;
    pub const PONG: u8 = 0xf7;
    pub const PONGACK: u8 = 0xf8;
    pub const RESET: u8 = 0xf9;
}

/// What is said of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Please open it.
    Request,
    /// It is open.
    Accept,
    /// It is not opened; of an open one: it is gone.
    Refuse,
    /// It is to be closed.
    Close,
    /// It is closed: its number is free.
    Closed,
}

impl Verb {
    fn code(self) -> u8 {
        match self {
            Verb::Request => code::REQUEST,
            Verb::Accept => code::ACCEPT,
            Verb::Refuse => code::REFUSE,
            Verb::Close => code::CLOSE,
            Verb::Closed => code::CLOSED,
        }
    }

    fn of(code: u8) -> Option<Self> {
        Some(match code {
            code::REQUEST => Verb::Request,
            code::ACCEPT => Verb::Accept,
            code::REFUSE => Verb::Refuse,
            code::CLOSE => Verb::Close,
            code::CLOSED => Verb::Closed,
            _ => return None,
        })
    }
}

/// A frame, or a piece of one's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Frame<'a> {
    /// About a channel.
    Channel(Verb, u8),
    /// A payload frame starts.
    Head(u8),
    /// Payload of a channel.
    Payload(u8, &'a [u8]),
    /// Is the peer there? With the sender's time in microseconds.
    Ping(u64),
    /// The answer, with the ping's time and the sender's own.
    Pong(u64, u64),
    /// The answer to that, with the sender's unix time in microseconds.
    PongAck(u64),
    /// The sender has lost its place: all channels are gone.
    Reset,
}

impl Frame<'_> {
    /// Appends the frame. (Of payload only its head and the piece that is there, as a whole frame.)
    pub fn write(&self, out: &mut Vec<u8>) {
        match self {
            Frame::Channel(verb, channel) => out.extend_from_slice(&[verb.code(), *channel]),
            Frame::Head(channel) => out.extend_from_slice(&payload_head(*channel, 0)),
            Frame::Payload(channel, bytes) => {
                for piece in bytes.chunks(MAX_PAYLOAD) {
                    // a chunk is no longer than the field can say
                    let len = u16::try_from(piece.len()).unwrap_or(u16::MAX);
                    out.extend_from_slice(&payload_head(*channel, len));
                    out.extend_from_slice(piece);
                }
            }
            Frame::Ping(at) => stamped(out, code::PING, &[*at]),
            Frame::Pong(ping, at) => stamped(out, code::PONG, &[*ping, *at]),
            Frame::PongAck(at) => stamped(out, code::PONGACK, &[*at]),
            Frame::Reset => out.push(code::RESET),
        }
    }
}

fn stamped(out: &mut Vec<u8>, code: u8, stamps: &[u64]) {
    out.push(code);
    stamps.iter().for_each(|at| out.extend_from_slice(&at.to_be_bytes()));
}

/// What goes in front of `len` bytes of payload.
#[must_use]
pub fn payload_head(channel: u8, len: u16) -> [u8; PAYLOAD_HEAD] {
    let [high, low] = len.to_be_bytes();
    [code::PAYLOAD, channel, high, low]
}
