//! A client under test and the frames of a scripted peer, byte by byte. Shared with the fuzz
//! target.
#![allow(dead_code)] // each user has its part

use securestreams::proto::h2::{H2, Options};
use securestreams::proto::{BodyLen, Codec, Event, Head, ProtoError, Request, Reuse, Tid};
use securestreams::util::TxBuf;

pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

pub const DATA: u8 = 0;
pub const HEADERS: u8 = 1;
pub const RST_STREAM: u8 = 3;
pub const SETTINGS: u8 = 4;
pub const PUSH_PROMISE: u8 = 5;
pub const PING: u8 = 6;
pub const GOAWAY: u8 = 7;
pub const WINDOW_UPDATE: u8 = 8;
pub const CONTINUATION: u8 = 9;

pub const END_STREAM: u8 = 1;
pub const ACK: u8 = 1;
pub const END_HEADERS: u8 = 4;

pub const MAX_CONCURRENT_STREAMS: u16 = 3;
pub const INITIAL_WINDOW_SIZE: u16 = 4;

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut f = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    f.extend_from_slice(&[kind, flags]);
    f.extend_from_slice(&stream.to_be_bytes());
    f.extend_from_slice(payload);
    f
}

/// A field block without any compression (RFC 7541 6.2.2).
pub fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut b = Vec::new();
    for (name, value) in fields {
        b.push(0);
        for text in [name, value] {
            string(&mut b, text.as_bytes());
        }
    }
    b
}

fn string(out: &mut Vec<u8>, text: &[u8]) {
    if text.len() < 127 {
        out.push(text.len() as u8);
    } else {
        out.push(127);
        let mut rest = text.len() - 127;
        while rest >= 128 {
            out.push((rest % 128) as u8 | 128);
            rest /= 128;
        }
        out.push(rest as u8);
    }
    out.extend_from_slice(text);
}

pub fn headers(stream: u32, end: bool, fields: &[(&str, &str)]) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | u8::from(end), stream, &block(fields))
}

pub fn ok(stream: u32) -> Vec<u8> {
    headers(stream, false, &[(":status", "200")])
}

pub fn data(stream: u32, end: bool, payload: &[u8]) -> Vec<u8> {
    frame(DATA, u8::from(end), stream, payload)
}

pub fn settings(values: &[(u16, u32)]) -> Vec<u8> {
    let mut p = Vec::new();
    for (id, value) in values {
        p.extend_from_slice(&id.to_be_bytes());
        p.extend_from_slice(&value.to_be_bytes());
    }
    frame(SETTINGS, 0, 0, &p)
}

/// A peer's first frames: its settings, and that it knows ours.
pub fn welcome() -> Vec<u8> {
    [settings(&[]), frame(SETTINGS, ACK, 0, b"")].concat()
}

pub fn rst(stream: u32, code: u32) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &code.to_be_bytes())
}

pub fn goaway(last: u32, code: u32) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat())
}

pub fn window_update(stream: u32, more: u32) -> Vec<u8> {
    frame(WINDOW_UPDATE, 0, stream, &more.to_be_bytes())
}

/// A frame that the client sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    pub kind: u8,
    pub flags: u8,
    pub stream: u32,
    pub payload: Vec<u8>,
}

impl Sent {
    pub fn number(&self) -> u32 {
        u32::from_be_bytes(self.payload[..4].try_into().unwrap())
    }
}

/// An event, the pieces of a message put together.
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum Seen {
    Head(u32, u16, Vec<(String, String)>),
    /// Payload, and whether its end was told.
    Message(u32, Vec<u8>, bool),
    Trailers(u32, Vec<(String, String)>),
    End(u32),
    Reset(u32, &'static str),
    Refused(u32, &'static str),
    Alive,
}

pub fn request(method: &str) -> Request<'_> {
    Request { method, authority: "example.com", path: "/", fields: &[], body: BodyLen::None }
}

/// A client under test.
pub struct Client {
    pub codec: H2,
    pub out: TxBuf,
    pub seen: Vec<Seen>,
    sent: Vec<u8>,
}

impl Client {
    pub fn new(options: Options) -> Self {
        let (codec, out) = (H2::new(options), TxBuf::new());
        Self { codec, out, seen: Vec::new(), sent: Vec::new() }
    }

    /// One that has a GET under way, as stream 1, and the peer's settings.
    pub fn with_get() -> Self {
        let mut c = Self::new(Options::default());
        assert_eq!(c.start(&request("GET")), Ok(Tid(1)));
        c.feed(&welcome());
        c
    }

    pub fn start(&mut self, req: &Request<'_>) -> Result<Tid, ProtoError> {
        self.codec.start(req, &mut self.out)
    }

    /// Feeds what must not be an error.
    #[track_caller]
    pub fn feed(&mut self, bytes: &[u8]) -> &mut Self {
        self.try_feed(bytes).expect("what the protocol allows");
        self
    }

    pub fn try_feed(&mut self, bytes: &[u8]) -> Result<(), ProtoError> {
        let mut input = bytes;
        // a frame may end all streams, and a byte ends a frame
        for _ in 0..bytes.len() * 4 + 4096 {
            match self.codec.receive(&mut input, &mut self.out, 0)? {
                Some(event) => self.add(event),
                None => {
                    assert!(input.is_empty(), "bytes left without a reason");
                    return Ok(());
                }
            }
        }
        panic!("events without end");
    }

    pub fn eof(&mut self) -> Result<(), ProtoError> {
        for _ in 0..4096 {
            match self.codec.receive_eof()? {
                Some(event) => self.add(event),
                None => return Ok(()),
            }
        }
        panic!("events without end");
    }

    fn add(&mut self, event: Event<'_>) {
        match event {
            Event::Request { .. } => panic!("a client's codec reports no requests"),
            Event::Head { tid, status } => {
                let head = self.codec.head(tid).expect("a head that was just told");
                assert_eq!(head.status, status);
                assert!(self.codec.response_started(tid));
                self.seen.push(Seen::Head(tid.0, status, texts(head)));
            }
            Event::Owned { tid, data, som, eom } => {
                assert!(!data.is_empty() && !eom, "the end is a call of its own");
                self.piece(tid.0, &data, som);
            }
            Event::Data { tid, data, som, eom } => {
                assert!(data.is_empty() && eom && !som, "payload is owned");
                let message = self.message(tid.0).expect("an end needs a start");
                *message.1 = true;
                if let Some(trailers) = self.codec.trailers(tid).map(texts) {
                    self.seen.push(Seen::Trailers(tid.0, trailers));
                }
            }
            Event::Held { .. }
            | Event::Ready { .. }
            | Event::Acked { .. }
            | Event::Nacked { .. } => panic!("not an h2 event: {event:?}"),
            Event::End { tid } => {
                assert!(self.codec.head(tid).is_none());
                self.seen.push(Seen::End(tid.0));
            }
            Event::Reset { tid, reason } => self.seen.push(Seen::Reset(tid.0, reason)),
            Event::Refused { tid, reason } => self.seen.push(Seen::Refused(tid.0, reason)),
            Event::Alive => self.seen.push(Seen::Alive),
        }
    }

    fn piece(&mut self, id: u32, data: &[u8], som: bool) {
        assert_eq!(som, self.message(id).is_none(), "the first piece, and only that, is the start");
        if som {
            self.seen.push(Seen::Message(id, Vec::new(), false));
        }
        self.message(id).expect("pushed above").0.extend_from_slice(data);
    }

    fn message(&mut self, id: u32) -> Option<(&mut Vec<u8>, &mut bool)> {
        self.seen.iter_mut().find_map(|s| match s {
            Seen::Message(i, bytes, ended) if *i == id && !*ended => Some((bytes, ended)),
            _ => None,
        })
    }

    /// Payload seen of a stream.
    pub fn payload(&self, id: u32) -> &[u8] {
        self.seen
            .iter()
            .find_map(|s| match s {
                Seen::Message(i, bytes, _) if *i == id => Some(&bytes[..]),
                _ => None,
            })
            .unwrap_or_default()
    }

    pub fn last(&self) -> Option<&Seen> {
        self.seen.last()
    }

    /// As the engine does it: wants to send, gets a window, fills it. Gives what went in.
    pub fn send(&mut self, tid: Tid, payload: &[u8], eom: bool) -> usize {
        self.codec.want_tx(tid, true);
        let offer = self.codec.tx_window(tid).expect("a window");
        let n = payload.len().min(offer.max);
        let eom = eom && n == payload.len();
        self.out.prepare(offer.headroom, offer.max, offer.tailroom)[..n]
            .copy_from_slice(&payload[..n]);
        self.codec.tx_commit(tid, &mut self.out, n, false, eom).expect("within the window");
        assert!(!self.out.window_is_open());
        n
    }

    /// All bytes since the last call.
    pub fn written(&mut self) -> Vec<u8> {
        let bytes = self.out.pending().to_vec();
        self.out.consume(bytes.len());
        bytes
    }

    /// The frames since the last call.
    pub fn sent(&mut self) -> Vec<Sent> {
        let written = self.written();
        self.sent.extend_from_slice(&written);
        if self.sent.starts_with(PREFACE) {
            self.sent.drain(..PREFACE.len());
        }
        let mut frames = Vec::new();
        while let Some(h) = self.sent.get(..9) {
            let n = u32::from_be_bytes([0, h[0], h[1], h[2]]) as usize;
            let stream = u32::from_be_bytes([h[5], h[6], h[7], h[8]]);
            let (kind, flags) = (h[3], h[4]);
            let Some(payload) = self.sent.get(9..9 + n) else { break };
            frames.push(Sent { kind, flags, stream, payload: payload.to_vec() });
            self.sent.drain(..9 + n);
        }
        frames
    }

    pub fn sent_of(&mut self, kind: u8) -> Vec<Sent> {
        let mut sent = self.sent();
        sent.retain(|f| f.kind == kind);
        sent
    }
}

fn texts(head: &Head) -> Vec<(String, String)> {
    let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
    head.iter().map(|(n, v)| (text(n), text(v))).collect()
}

/// All that can be told about a fed client.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub seen: Vec<Seen>,
    pub error: Option<ProtoError>,
    pub reuse: Reuse,
    /// What it wrote.
    pub written: Vec<u8>,
}

/// How a client is set up before it is fed.
#[derive(Debug, Clone, Copy, Default)]
pub struct Setup {
    pub cut_overflow: bool,
    /// Stream 1's peer may send no more than this.
    pub limit: Option<u32>,
    /// Stream 3 is a POST with a body that has begun, and not ended.
    pub post: bool,
    pub eof: bool,
}

/// What a fuzz input asks for: its first byte chooses what is under way, the second where to
/// cut.
pub fn check_input(input: &[u8]) {
    let [how, cut, bytes @ ..] = input else { return };
    let setup = Setup {
        cut_overflow: how & 1 != 0,
        post: how & 2 != 0,
        eof: how & 4 != 0,
        limit: (how & 8 != 0).then_some(u32::from(how >> 4)),
    };
    let whole = feed_whole_and_bytewise(setup, bytes);
    let (a, b) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    assert_eq!(whole, feed(setup, [a, b]), "cut at {cut}");
}

/// A GET (stream 1) and on request a POST (stream 3) are under way; `pieces` come, then the
/// peer's close.
pub fn feed<'p>(setup: Setup, pieces: impl IntoIterator<Item = &'p [u8]>) -> Outcome {
    let options = Options { cut_overflow: setup.cut_overflow, ..Options::default() };
    let mut c = Client::new(options);
    let tid = c.start(&request("GET")).expect("a legal request");
    if let Some(limit) = setup.limit {
        c.codec.limit_peer(tid, limit);
    }
    c.feed(&welcome());
    if setup.post {
        let post = Request { body: BodyLen::Unknown, ..request("POST") };
        let tid = c.start(&post).expect("a second stream");
        c.send(tid, b"begun", false);
    }
    let mut error = pieces.into_iter().find_map(|piece| c.try_feed(piece).err());
    if setup.eof && error.is_none() {
        error = c.eof().err();
    }
    if error.is_some() {
        assert_eq!(c.codec.reuse(), Reuse::Never);
        let seen = c.seen.len();
        c.feed(&ok(1));
        assert_eq!(c.seen.len(), seen, "events after an error");
    }
    let (reuse, written) = (c.codec.reuse(), c.written());
    Outcome { seen: c.seen, error, reuse, written }
}

/// The same fed whole and byte by byte must give the same.
pub fn feed_whole_and_bytewise(setup: Setup, bytes: &[u8]) -> Outcome {
    let whole = feed(setup, [bytes]);
    assert_eq!(whole, feed(setup, bytes.chunks(1)), "whole differs from byte by byte");
    whole
}
