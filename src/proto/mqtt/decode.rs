//! Packets from the broker. Each has a length that its type fixes, but for PUBLISH; of that the
//! topic alone is gathered.

use super::super::{ProtoError, ProtoErrorKind};
use super::Qos;

/// What was parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Packet {
    ConnAck {
        session_present: bool,
        code: u8,
    },
    PubAck(u16),
    PubRec(u16),
    PubRel(u16),
    PubComp(u16),
    SubAck {
        id: u16,
        code: u8,
    },
    UnsubAck(u16),
    PingResp,
    /// The next `payload` bytes of the input are a message's.
    Publish {
        qos: Qos,
        id: u16,
        payload: u32,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    ConnAck,
    Publish { qos: Qos },
    PubAck,
    PubRec,
    PubRel,
    PubComp,
    SubAck,
    UnsubAck,
    PingResp,
}

impl Kind {
    /// The type of a packet from its first byte, whose flags must be as 2.2.2 says.
    fn of(first: u8) -> Result<Self, ProtoError> {
        let kind = match first {
            0x20 => Self::ConnAck,
            0x40 => Self::PubAck,
            0x50 => Self::PubRec,
            0x62 => Self::PubRel,
            0x70 => Self::PubComp,
            0x90 => Self::SubAck,
            0xb0 => Self::UnsubAck,
            0xd0 => Self::PingResp,
            0x30..=0x3f => return Self::publish(first),
            _ => {
                let what = match first >> 4 {
                    0 | 15 => "a reserved packet type",
                    1 | 8 | 10 | 12 | 14 => "a packet that only clients send",
                    _ => "reserved flags of a packet are set",
                };
                return Err(malformed(format!("{what}: first byte {first:#04x}")));
            }
        };
        Ok(kind)
    }

    fn publish(first: u8) -> Result<Self, ProtoError> {
        let qos = Qos::from_number(first >> 1 & 3)
            .ok_or_else(|| malformed("PUBLISH with QoS 3".to_owned()))?;
        if qos == Qos::AtMostOnce && first & 0x08 != 0 {
            return Err(malformed("PUBLISH with QoS 0 and DUP".to_owned()));
        }
        Ok(Self::Publish { qos })
    }

    fn name(self) -> &'static str {
        match self {
            Self::ConnAck => "CONNACK",
            Self::Publish { .. } => "PUBLISH",
            Self::PubAck => "PUBACK",
            Self::PubRec => "PUBREC",
            Self::PubRel => "PUBREL",
            Self::PubComp => "PUBCOMP",
            Self::SubAck => "SUBACK",
            Self::UnsubAck => "UNSUBACK",
            Self::PingResp => "PINGRESP",
        }
    }

    /// Its length behind the fixed header, where the type fixes it. SUBACK: we subscribe to one
    /// filter at a time.
    fn fixed_len(self) -> Option<u8> {
        match self {
            Self::Publish { .. } => None,
            Self::PingResp => Some(0),
            Self::SubAck => Some(3),
            Self::ConnAck
            | Self::PubAck
            | Self::PubRec
            | Self::PubRel
            | Self::PubComp
            | Self::UnsubAck => Some(2),
        }
    }
}

/// The longest packet but PUBLISH, behind its fixed header.
const SMALL: usize = 3;

#[derive(Debug, Clone, Copy, Default)]
enum State {
    #[default]
    First,
    /// The remaining length, seven bits a byte.
    Length {
        kind: Kind,
        value: u32,
        digits: u8,
    },
    /// All of a small packet.
    Small {
        kind: Kind,
        len: u8,
    },
    /// `left`: bytes of the packet from here on.
    TopicLen {
        qos: Qos,
        left: u32,
    },
    Topic {
        qos: Qos,
        len: u16,
        left: u32,
    },
    Id {
        qos: Qos,
        left: u32,
    },
}

/// The parser. Holds a topic and three bytes.
#[derive(Debug, Default)]
pub(super) struct Decoder {
    state: State,
    small: [u8; SMALL],
    filled: u8,
    topic: Vec<u8>,
}

impl Decoder {
    /// Whether it stands between two packets.
    pub fn between_packets(&self) -> bool {
        matches!(self.state, State::First)
    }

    /// The topic of the last PUBLISH.
    pub fn topic(&self) -> &str {
        std::str::from_utf8(&self.topic).unwrap_or_default()
    }

    /// Takes bytes from the front of `input` up to the end of a packet or the start of a payload.
    /// `None`: more bytes are needed.
    pub fn next(&mut self, input: &mut &[u8]) -> Result<Option<Packet>, ProtoError> {
        loop {
            let step = match self.state {
                State::First => match take(input) {
                    None => return Ok(None),
                    Some(first) => {
                        let kind = Kind::of(first)?;
                        self.state = State::Length { kind, value: 0, digits: 0 };
                        None
                    }
                },
                State::Length { kind, value, digits } => match take(input) {
                    None => return Ok(None),
                    Some(byte) => self.length(kind, value, digits, byte)?,
                },
                State::Small { kind, len } => match self.gather(input, len) {
                    false => return Ok(None),
                    true => Some(self.finish(kind)?),
                },
                State::TopicLen { qos, left } => match self.gather(input, 2) {
                    false => return Ok(None),
                    true => {
                        self.topic_len(qos, left)?;
                        None
                    }
                },
                State::Topic { qos, len, left } => {
                    let more = usize::from(len) - self.topic.len();
                    let (taken, rest) = input.split_at(more.min(input.len()));
                    self.topic.extend_from_slice(taken);
                    *input = rest;
                    if taken.len() < more {
                        return Ok(None);
                    }
                    self.check_topic()?;
                    self.state = State::Id { qos, left };
                    None
                }
                State::Id { qos: Qos::AtMostOnce, left } => {
                    self.state = State::First;
                    Some(Packet::Publish { qos: Qos::AtMostOnce, id: 0, payload: left })
                }
                State::Id { qos, left } => match self.gather(input, 2) {
                    false => return Ok(None),
                    true => {
                        let id = self.id("PUBLISH")?;
                        self.state = State::First;
                        Some(Packet::Publish { qos, id, payload: left - 2 })
                    }
                },
            };
            if step.is_some() {
                return Ok(step);
            }
        }
    }

    fn length(
        &mut self,
        kind: Kind,
        value: u32,
        digits: u8,
        byte: u8,
    ) -> Result<Option<Packet>, ProtoError> {
        let value = value | u32::from(byte & 0x7f) << (7 * digits);
        if byte & 0x80 != 0 {
            if digits == 3 {
                let what = kind.name();
                return Err(malformed(format!("{what} with a length of more than four bytes")));
            }
            self.state = State::Length { kind, value, digits: digits + 1 };
            return Ok(None);
        }
        self.filled = 0;
        match (kind, kind.fixed_len()) {
            (_, Some(len)) if u32::from(len) != value => {
                let what = kind.name();
                Err(malformed(format!("{what} of {value} bytes, where it has {len}")))
            }
            (_, Some(0)) => self.finish(kind).map(Some),
            (_, Some(len)) => {
                self.state = State::Small { kind, len };
                Ok(None)
            }
            (Kind::Publish { qos }, None) => {
                self.state = State::TopicLen { qos, left: value };
                if value < 2 {
                    return Err(malformed("PUBLISH too short for a topic".to_owned()));
                }
                Ok(None)
            }
            (_, None) => unreachable!("every other type has a fixed length"),
        }
    }

    /// Fills `small` up to `need` bytes, which are then to be used up at once.
    fn gather(&mut self, input: &mut &[u8], need: u8) -> bool {
        while self.filled < need {
            let Some(byte) = take(input) else { return false };
            self.small[usize::from(self.filled)] = byte;
            self.filled += 1;
        }
        self.filled = 0;
        true
    }

    fn finish(&mut self, kind: Kind) -> Result<Packet, ProtoError> {
        self.state = State::First;
        let [first, second, third] = self.small;
        Ok(match kind {
            Kind::PingResp => Packet::PingResp,
            Kind::ConnAck if first > 1 => {
                return Err(malformed(format!("CONNACK with reserved flags {first:#04x}")));
            }
            Kind::ConnAck => Packet::ConnAck { session_present: first == 1, code: second },
            Kind::PubAck => Packet::PubAck(self.id(kind.name())?),
            Kind::PubRec => Packet::PubRec(self.id(kind.name())?),
            Kind::PubRel => Packet::PubRel(self.id(kind.name())?),
            Kind::PubComp => Packet::PubComp(self.id(kind.name())?),
            Kind::UnsubAck => Packet::UnsubAck(self.id(kind.name())?),
            Kind::SubAck if !matches!(third, 0..=2 | 0x80) => {
                return Err(malformed(format!("SUBACK with the reserved code {third:#04x}")));
            }
            Kind::SubAck => Packet::SubAck { id: self.id(kind.name())?, code: third },
            Kind::Publish { .. } => unreachable!("not a small packet"),
        })
    }

    fn id(&self, what: &str) -> Result<u16, ProtoError> {
        match u16::from_be_bytes([self.small[0], self.small[1]]) {
            0 => Err(malformed(format!("{what} with packet id 0"))),
            id => Ok(id),
        }
    }

    fn topic_len(&mut self, qos: Qos, left: u32) -> Result<(), ProtoError> {
        let len = u16::from_be_bytes([self.small[0], self.small[1]]);
        let id = if qos == Qos::AtMostOnce { 0 } else { 2 };
        let behind = left.checked_sub(2 + u32::from(len)).filter(|b| *b >= id);
        let Some(left) = behind else {
            let detail = format!("PUBLISH of {left} bytes with a topic of {len}");
            return Err(malformed(detail));
        };
        if len == 0 {
            return Err(malformed("PUBLISH with an empty topic".to_owned()));
        }
        self.topic.clear();
        self.state = State::Topic { qos, len, left };
        Ok(())
    }

    fn check_topic(&self) -> Result<(), ProtoError> {
        let topic = std::str::from_utf8(&self.topic)
            .map_err(|e| malformed(format!("PUBLISH with a topic that is not UTF-8: {e}")))?;
        match topic.bytes().find(|b| matches!(b, 0 | b'+' | b'#')) {
            None => Ok(()),
            Some(0) => Err(malformed("PUBLISH with a NUL in the topic".to_owned())),
            Some(_) => Err(malformed("PUBLISH with a wildcard in the topic".to_owned())),
        }
    }
}

pub(super) fn malformed(detail: String) -> ProtoError {
    ProtoError::new(ProtoErrorKind::Malformed, detail)
}

fn take(input: &mut &[u8]) -> Option<u8> {
    let (first, rest) = input.split_first()?;
    *input = rest;
    Some(*first)
}
