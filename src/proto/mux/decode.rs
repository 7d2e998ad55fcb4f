//! From bytes to frames.

use super::{Frame, LONGEST, PAYLOAD_HEAD, Verb, code};
use crate::proto::{ProtoError, ProtoErrorKind};

/// Cuts a stream of bytes into frames.
#[derive(Debug, Default)]
pub struct Decoder {
    /// The start of a frame that did not come at once.
    held: [u8; LONGEST],
    filled: usize,
    /// Of a payload frame: its channel and what is to come of it.
    payload: Option<(u8, usize)>,
}

/// How long a frame is (of payload: its head), by its first byte.
fn length_of(first: u8) -> Option<usize> {
    Some(match first {
        code::RESET => 1,
        code::PAYLOAD => PAYLOAD_HEAD,
        code::PING | code::PONGACK => 9,
        code::PONG => LONGEST,
        other => Verb::of(other).map(|_| 2)?,
    })
}

impl Decoder {
    /// Takes bytes from the front of `input` until there is a frame or a piece of payload. `None`:
    /// more are needed.
    ///
    /// # Errors
    /// No frame starts like this: the place in the stream is lost. The byte is taken, and the
    /// next call looks for a frame right behind it.
    pub fn next<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<Frame<'a>>, ProtoError> {
        if let Some((channel, rest)) = self.payload {
            if input.is_empty() {
                return Ok(None);
            }
            let (piece, behind) = input.split_at(rest.min(input.len()));
            *input = behind;
            let rest = rest - piece.len();
            self.payload = (rest > 0).then_some((channel, rest));
            return Ok(Some(Frame::Payload(channel, piece)));
        }
        while let [first, behind @ ..] = *input {
            self.held[self.filled] = *first;
            self.filled += 1;
            *input = behind;
            let Some(needed) = length_of(self.held[0]) else {
                self.filled = 0;
                let what = format!("no frame of channels starts with {first:#04x}");
                return Err(ProtoError::new(ProtoErrorKind::Malformed, what));
            };
            if self.filled == needed {
                self.filled = 0;
                return Ok(Some(self.whole()));
            }
        }
        Ok(None)
    }

    /// Skips bytes up to the next RESET, and forgets what frame this was in.
    pub fn skip_to_reset(&mut self, input: &mut &[u8]) {
        *self = Self::default();
        let at = input.iter().position(|b| *b == code::RESET).unwrap_or(input.len());
        *input = &input[at..];
    }

    /// The frame that is held, complete.
    fn whole(&mut self) -> Frame<'static> {
        let channel = self.held[1];
        match self.held[0] {
            code::PAYLOAD => {
                let len = usize::from(u16::from_be_bytes([self.held[2], self.held[3]]));
                self.payload = (len > 0).then_some((channel, len));
                Frame::Head(channel)
            }
            code::PING => Frame::Ping(self.stamp(1)),
            code::PONG => Frame::Pong(self.stamp(1), self.stamp(9)),
            code::PONGACK => Frame::PongAck(self.stamp(1)),
            other => Verb::of(other).map_or(Frame::Reset, |verb| Frame::Channel(verb, channel)),
        }
    }

    fn stamp(&self, at: usize) -> u64 {
        self.held[at..at + 8].iter().fold(0, |stamp, b| stamp << 8 | u64::from(*b))
    }
}
