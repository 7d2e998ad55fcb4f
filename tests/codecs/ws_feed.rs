//! Feeds bytes to a ws codec in pieces and writes down what came out, in a form that does not
//! depend on the cuts. Shared with the fuzz target.

use std::rc::Rc;

use securestreams::proto::ws::{Options, Random, Ws};
use securestreams::proto::{BodyLen, Codec, Event, ProtoError, Request, Reuse, Tid};
use securestreams::util::TxBuf;

/// Answers the key that [`no_randomness`] makes.
pub const ACCEPT: &str = "ICX+Yqv66kxgM0FcWaLWlFLwTAI=";

/// An event, with the pieces of a message put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Head(u16),
    /// Payload, and whether its end was told.
    Message(Vec<u8>, bool),
    Alive,
    End,
}

/// A frame of ours: its first byte, and the payload without its mask.
pub type Sent = (u8, Vec<u8>);

/// All that can be told about a fed codec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub seen: Vec<Seen>,
    pub error: Option<ProtoError>,
    /// What it sent after the upgrade request.
    pub sent: Vec<Sent>,
    pub farewell: Option<String>,
    pub close_status: Option<u16>,
    pub reuse: Reuse,
    /// Bytes of heap memory at the most.
    pub most_memory: usize,
}

impl Outcome {
    /// What must not depend on the cuts. Of a compressed message that went wrong, it may depend
    /// on them how much of it was told, and which of its faults was found.
    pub fn comparable(mut self, compressed: bool) -> Self {
        self.most_memory = 0;
        if compressed && self.error.is_some() {
            self.error = None;
            self.sent.pop();
            let open = self.seen.iter().rposition(|s| matches!(s, Seen::Message(_, false)));
            if let Some(at) = open {
                self.seen.remove(at);
            }
        }
        self
    }
}

/// A source that makes tests repeatable. Its key is then `AAAAAAAAAAAAAAAAAAAAAA==`.
pub fn no_randomness() -> Random {
    Rc::new(|bytes| {
        bytes.fill(0);
        true
    })
}

pub fn request() -> Request<'static> {
    let body = BodyLen::None;
    Request { method: "GET", authority: "example.com", path: "/", fields: &[], body }
}

/// The answer that opens a connection, with `more` fields (each with its CR LF).
pub fn opening(more: &str) -> Vec<u8> {
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {ACCEPT}\r\n{more}\r\n"
    )
    .into_bytes()
}

/// Starts a codec, feeds `pieces`, then the peer's close if `eof`.
pub fn feed<'p>(
    options: Options,
    pieces: impl IntoIterator<Item = &'p [u8]>,
    eof: bool,
) -> Outcome {
    let (mut codec, mut out) = (Ws::new(options, no_randomness()), TxBuf::new());
    let tid = codec.start(&request(), &mut out).expect("a legal request");
    out.clear();
    let mut log = Log { seen: Vec::new(), tid, most_memory: 0 };
    let mut error = None;
    for mut piece in pieces {
        if let Err(e) = log.drain(&mut codec, &mut piece, &mut out) {
            error = Some(e);
            break;
        }
        assert!(piece.is_empty(), "bytes left without a reason");
    }
    if eof && error.is_none() {
        loop {
            match codec.receive_eof() {
                Ok(Some(event)) => log.add(&mut codec, &event),
                Ok(None) => break,
                Err(e) => {
                    error = Some(e);
                    break;
                }
            }
        }
    }
    if error.is_some() {
        assert_eq!(codec.reuse(), Reuse::Never);
        assert_eq!(codec.tx_window(tid), None);
        assert_eq!(codec.receive(&mut &b"more"[..], &mut TxBuf::new(), 0), Ok(None));
    }
    Outcome {
        seen: log.seen,
        error,
        sent: sent(out.pending()),
        farewell: codec.farewell(),
        close_status: codec.close_status(),
        reuse: codec.reuse(),
        most_memory: log.most_memory,
    }
}

/// The same fed whole and byte by byte must give the same.
pub fn feed_whole_and_bytewise(options: &Options, bytes: &[u8], eof: bool) -> Outcome {
    let compressed = options.deflate.is_some();
    let whole = feed(options.clone(), [bytes], eof);
    let bytewise = feed(options.clone(), bytes.chunks(1), eof).comparable(compressed);
    assert_eq!(whole.clone().comparable(compressed), bytewise, "whole, then byte by byte");
    whole
}

struct Log {
    seen: Vec<Seen>,
    tid: Tid,
    most_memory: usize,
}

impl Log {
    fn drain(
        &mut self,
        codec: &mut Ws,
        input: &mut &[u8],
        out: &mut TxBuf,
    ) -> Result<(), ProtoError> {
        // a byte inflates to 1032 at most, held in pieces of half a window at the least
        for _ in 0..2 * input.len() + 8 {
            let event = codec.receive(input, out, 0);
            self.most_memory = self.most_memory.max(codec.memory());
            match event? {
                Some(event) => self.add(codec, &event),
                None => return Ok(()),
            }
        }
        panic!("events without end");
    }

    fn add(&mut self, codec: &mut Ws, event: &Event<'_>) {
        match *event {
            Event::Request { .. } => panic!("a client's codec reports no requests"),
            Event::Head { tid, status } => {
                assert_eq!(tid, self.tid);
                assert_eq!(codec.head(tid).expect("a head that was just told").status, status);
                self.seen.push(Seen::Head(status));
            }
            Event::Data { tid, data, som, eom } => {
                assert!(!data.is_empty() || eom, "an empty piece that ends nothing");
                self.piece(tid, data, som, eom);
            }
            Event::Held { tid, som, eom } => {
                let mut held = Vec::new();
                codec.swap_held(&mut held);
                assert!(!held.is_empty(), "nothing is held");
                self.piece(tid, &held, som, eom);
                codec.swap_held(&mut held);
            }
            Event::End { tid } => {
                assert_eq!(tid, self.tid);
                self.seen.push(Seen::End);
            }
            Event::Alive => self.seen.push(Seen::Alive),
            Event::Owned { .. }
            | Event::Reset { .. }
            | Event::Refused { .. }
            | Event::Ready { .. }
            | Event::Acked { .. }
            | Event::Nacked { .. } => panic!("not a ws event: {event:?}"),
        }
    }

    fn piece(&mut self, tid: Tid, data: &[u8], som: bool, eom: bool) {
        assert_eq!(tid, self.tid);
        let open = self.seen.iter_mut().rev().find_map(|s| match s {
            Seen::Message(bytes, ended @ false) => Some((bytes, ended)),
            _ => None,
        });
        assert_eq!(som, open.is_none(), "the first piece, and only that, is the start");
        match open {
            Some((bytes, ended)) => {
                bytes.extend_from_slice(data);
                *ended = eom;
            }
            None => self.seen.push(Seen::Message(data.to_vec(), eom)),
        }
    }
}

/// Reads frames of ours: all are masked, and none is cut.
pub fn sent(mut bytes: &[u8]) -> Vec<Sent> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        assert!(second & 0x80 != 0, "a client's frame without a mask");
        let (len, rest) = match second & 0x7f {
            126 => (usize::from(rest[0]) << 8 | usize::from(rest[1]), &rest[2..]),
            127 => (u64::from_be_bytes(rest[..8].try_into().unwrap()) as usize, &rest[8..]),
            n => (usize::from(n), rest),
        };
        let (key, rest) = rest.split_at(4);
        let (payload, rest) = rest.split_at(len);
        let plain = payload.iter().zip(key.iter().cycle()).map(|(b, k)| b ^ k).collect();
        frames.push((*first, plain));
        bytes = rest;
    }
    assert!(bytes.is_empty(), "half a frame");
    frames
}
