//! A serving h2 codec under test and the frames of a scripted client. Shared with the fuzz target.
#![allow(dead_code)] // each user has its part

use super::h2_feed::{PREFACE, SETTINGS, Sent, frame, headers, settings};
use securestreams::proto::h2::{H2Server, ServerOptions};
use securestreams::proto::{BodyLen, Codec, Event, ProtoError, Response, Reuse, Tid};
use securestreams::util::{Micros, TxBuf};

/// An event, the pieces of a message put together.
#[derive(Debug, PartialEq, Eq, Clone)]
pub enum Seen {
    /// Method, target, authority, and what is known of the body.
    Request(u32, String, String, String, BodyLen),
    /// Payload, and whether its end was told.
    Message(u32, Vec<u8>, bool),
    End(u32),
    Reset(u32, &'static str),
    Alive,
}

/// What answers are made of.
pub const TEXT: &[u8] = b"hello";

pub struct Server {
    pub codec: H2Server,
    pub out: TxBuf,
    pub seen: Vec<Seen>,
    /// Requests are answered when they are complete.
    pub answers: bool,
    pub now: Micros,
    sent: Vec<u8>,
}

/// What a client begins with.
pub fn hello() -> Vec<u8> {
    [PREFACE, &settings(&[]), &frame(SETTINGS, 1, 0, b"")].concat()
}

pub fn ask(stream: u32, end: bool, method: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let fields =
        [(":method", method), (":scheme", "https"), (":path", "/p?q"), (":authority", "ex.com")];
    headers(stream, end, &[&fields[..], more].concat())
}

pub fn get(stream: u32) -> Vec<u8> {
    ask(stream, true, "GET", &[])
}

impl Server {
    pub fn new(options: ServerOptions, answers: bool) -> Self {
        let (codec, out) = (H2Server::new(options), TxBuf::new());
        Self { codec, out, seen: Vec::new(), answers, now: 0, sent: Vec::new() }
    }

    /// One that has a client, with default options, and nothing to tell.
    pub fn greeted(answers: bool) -> Self {
        let mut s = Self::new(ServerOptions::default(), answers);
        s.feed(&hello());
        s.sent();
        s
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
            match self.codec.receive(&mut input, &mut self.out, self.now)? {
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

    pub fn respond(&mut self, id: u32, status: u16, body: BodyLen) -> Result<(), ProtoError> {
        let answer = Response { status, fields: &[("X-A", b"b")], body };
        self.codec.respond(Tid(id), &answer, &mut self.out)
    }

    /// As the engine does it: wants to send, gets a window, fills it. Gives what went in.
    pub fn send(&mut self, id: u32, payload: &[u8], eom: bool) -> usize {
        let tid = Tid(id);
        self.codec.want_tx(tid, true);
        let w = self.codec.tx_window(tid).expect("a body to send");
        let n = payload.len().min(w.max);
        let eom = eom && n == payload.len();
        self.out.prepare(w.headroom, w.max, w.tailroom)[..n].copy_from_slice(&payload[..n]);
        self.codec.tx_commit(tid, &mut self.out, n, false, eom).expect("within the window");
        n
    }

    fn answer(&mut self, id: u32) {
        let known = BodyLen::Known(TEXT.len() as u64);
        if self.respond(id, 200, known).is_ok() && self.codec.tx_window(Tid(id)).is_some() {
            self.send(id, TEXT, true);
        }
    }

    fn add(&mut self, event: Event<'_>) {
        match event {
            Event::Request { tid } => {
                let asked = self.codec.request(tid).expect("a request that was just told");
                let body = asked.body;
                self.seen.push(Seen::Request(
                    tid.0,
                    asked.method.clone(),
                    asked.target.clone(),
                    asked.authority.clone(),
                    body,
                ));
                if self.answers && matches!(body, BodyLen::None | BodyLen::Known(0)) {
                    self.answer(tid.0);
                }
            }
            Event::Owned { tid, data, som, eom } => {
                assert!(!data.is_empty() && !eom, "the end is a call of its own");
                self.piece(tid.0, &data, som, false);
            }
            Event::Data { tid, data, som, eom } => {
                assert!(data.is_empty() && eom, "payload is owned");
                self.piece(tid.0, data, som, true);
                if self.answers {
                    self.answer(tid.0);
                }
            }
            Event::End { tid } => {
                assert!(self.codec.request(tid).is_none());
                self.seen.push(Seen::End(tid.0));
            }
            Event::Reset { tid, reason } => {
                assert!(self.codec.request(tid).is_none());
                self.seen.push(Seen::Reset(tid.0, reason));
            }
            Event::Alive => self.seen.push(Seen::Alive),
            Event::Head { .. }
            | Event::Refused { .. }
            | Event::Held { .. }
            | Event::Ready { .. }
            | Event::Acked { .. }
            | Event::Nacked { .. } => panic!("not an event of serving h2: {event:?}"),
        }
    }

    fn piece(&mut self, id: u32, data: &[u8], som: bool, eom: bool) {
        let open = self.seen.iter_mut().find_map(|s| match s {
            Seen::Message(i, bytes, ended) if *i == id && !*ended => Some((bytes, ended)),
            _ => None,
        });
        assert_eq!(som, open.is_none(), "the first piece, and only that, is the start");
        match open {
            Some((bytes, ended)) => {
                bytes.extend_from_slice(data);
                *ended = eom;
            }
            None => self.seen.push(Seen::Message(id, data.to_vec(), eom)),
        }
    }

    /// The frames since the last call.
    pub fn sent(&mut self) -> Vec<Sent> {
        self.sent.extend_from_slice(self.out.pending());
        self.out.clear();
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

/// All that can be told about a fed server.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub seen: Vec<Seen>,
    pub error: Option<ProtoError>,
    pub reuse: Reuse,
    pub written: Vec<u8>,
}

pub fn feed<'p>(
    options: ServerOptions,
    answers: bool,
    pieces: impl IntoIterator<Item = &'p [u8]>,
    eof: bool,
) -> Outcome {
    let mut s = Server::new(options, answers);
    s.feed(b"");
    let mut error = pieces.into_iter().find_map(|piece| s.try_feed(piece).err());
    if eof && error.is_none() {
        error = s.eof().err();
    }
    if error.is_some() {
        assert_eq!(s.codec.reuse(), Reuse::Never);
        let seen = s.seen.len();
        s.feed(&get(99));
        assert_eq!(s.seen.len(), seen, "events after an error");
    }
    let (reuse, written) = (s.codec.reuse(), s.out.pending().to_vec());
    Outcome { seen: s.seen, error, reuse, written }
}

/// The same fed whole and byte by byte must give the same.
pub fn feed_whole_and_bytewise(
    options: ServerOptions,
    answers: bool,
    bytes: &[u8],
    eof: bool,
) -> Outcome {
    let whole = feed(options, answers, [bytes], eof);
    let bytewise = feed(options, answers, bytes.chunks(1), eof);
    assert_eq!(whole, bytewise, "whole differs from byte by byte");
    whole
}

/// One input of the fuzz target. The first byte chooses the options, whether requests are answered,
/// whether the preface is left to the input and whether the client closes; the second where to cut.
pub fn check_input(data: &[u8]) {
    let [how, cut, rest @ ..] = data else { return };
    let small = ServerOptions {
        max_streams: 2,
        max_header_list: 256,
        max_body: 16,
        max_resets: 1,
        ..ServerOptions::default()
    };
    let options = if how & 1 == 0 { ServerOptions::default() } else { small };
    let (answers, eof) = (how & 2 != 0, how & 4 != 0);
    let mut bytes = if how & 8 == 0 { hello() } else { Vec::new() };
    let start = bytes.len();
    bytes.extend_from_slice(rest);
    let whole = feed_whole_and_bytewise(options, answers, &bytes, eof);
    let (a, b) = bytes.split_at((start + usize::from(*cut)).min(bytes.len()));
    assert_eq!(whole, feed(options, answers, [a, b], eof), "cut at {cut}");
}
