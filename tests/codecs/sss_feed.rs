//! Feeds the proxy protocol's decoders in pieces and writes down what came out, in a form that
//! does not depend on the cuts. Shared with the fuzz targets.

use securestreams::proto::ProtoError;
use securestreams::proto::sss::{ClientDecoder, Payload, ProxyDecoder, ToClient, ToProxy};

/// What was decoded, the pieces of a payload put together.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    /// Any other frame, as its text.
    Frame(String),
    /// Flags of all pieces together, rideshare name, times and bytes.
    Payload { flags: u32, rideshare: Option<String>, times: (u32, u64), bytes: Vec<u8> },
}

/// All that can be told about a fed decoder.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub seen: Vec<Seen>,
    pub error: Option<ProtoError>,
    pub at_frame_end: bool,
}

/// What both decoders can do.
pub trait Decode: Default {
    /// Says whether something came out, and adds it to `seen`.
    fn step(&mut self, input: &mut &[u8], seen: &mut Collector) -> Result<bool, ProtoError>;
    fn at_frame_end(&self) -> bool;
    fn memory(&self) -> usize;
}

/// Puts pieces together.
#[derive(Default)]
pub struct Collector {
    seen: Vec<Seen>,
    /// The last payload may go on: it was not at its end.
    open: bool,
}

impl Collector {
    fn frame(&mut self, text: String) -> Ends {
        assert!(!self.open, "a frame inside a payload");
        self.seen.push(Seen::Frame(text));
        Ends::Now
    }

    fn payload(&mut self, p: &Payload<'_>) -> Ends {
        match self.seen.last_mut() {
            Some(Seen::Payload { flags, rideshare, times, bytes }) if self.open => {
                assert_eq!(*times, (p.sent.held_us, p.sent.at_us));
                assert_eq!(rideshare.as_deref(), p.rideshare);
                *flags |= p.flags;
                bytes.extend_from_slice(p.bytes);
            }
            _ => self.seen.push(Seen::Payload {
                flags: p.flags,
                rideshare: p.rideshare.map(str::to_owned),
                times: (p.sent.held_us, p.sent.at_us),
                bytes: p.bytes.to_vec(),
            }),
        }
        Ends::AtFrameEnd
    }
}

/// When what was seen is over.
#[derive(PartialEq, Eq)]
enum Ends {
    Now,
    AtFrameEnd,
}

macro_rules! decode {
    ($decoder:ident, $frame:ident) => {
        impl Decode for $decoder {
            fn step(&mut self, input: &mut &[u8], to: &mut Collector) -> Result<bool, ProtoError> {
                let ends = match self.next(input)? {
                    None => return Ok(false),
                    Some($frame::Payload(piece)) => to.payload(&piece),
                    Some(other) => to.frame(format!("{other:?}")),
                };
                if ends == Ends::AtFrameEnd {
                    to.open = !self.at_frame_end();
                }
                Ok(true)
            }

            fn at_frame_end(&self) -> bool {
                $decoder::at_frame_end(self)
            }

            fn memory(&self) -> usize {
                $decoder::memory(self)
            }
        }
    };
}

decode!(ProxyDecoder, ToProxy);
decode!(ClientDecoder, ToClient);

/// More than the longest frame, twice: buffers grow by doubling.
pub const MOST_MEMORY: usize = 130 * 1024;

pub fn feed<'b, D: Decode>(pieces: impl IntoIterator<Item = &'b [u8]>) -> Outcome {
    let mut decoder = D::default();
    let mut collected = Collector::default();
    let mut error = None;
    'all: for mut input in pieces {
        loop {
            match decoder.step(&mut input, &mut collected) {
                Ok(true) => {}
                Ok(false) => break,
                Err(e) => {
                    error = Some(e);
                    break 'all;
                }
            }
            assert!(decoder.memory() < MOST_MEMORY);
        }
        assert!(input.is_empty(), "bytes were left");
    }
    let at_frame_end = decoder.at_frame_end();
    Outcome { seen: collected.seen, error, at_frame_end }
}

pub fn feed_whole_and_bytewise<D: Decode>(bytes: &[u8]) -> Outcome {
    let whole = feed::<D>([bytes]);
    let bytewise = feed::<D>(bytes.chunks(1));
    if whole.error.is_none() {
        assert_eq!(whole, bytewise);
    } else {
        // how much of a frame was looked at before it was refused is no promise
        assert_eq!((&whole.seen, &whole.error), (&bytewise.seen, &bytewise.error));
    }
    whole
}
