//! Feeds requests to a serving h1 codec in pieces and writes down what came out, in a form that
//! does not depend on the cuts. Shared with the fuzz target.

use securestreams::proto::h1::{H1Server, ServerOptions};
use securestreams::proto::{BodyLen, Codec, Event, ProtoError, Response, Reuse, Tid, Upgrade};
use securestreams::util::TxBuf;

/// What [`Server`] saw, with the pieces of a message put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    Request(Ask),
    /// Payload, and whether its end was told.
    Message(Vec<u8>, bool),
    End,
}

/// A request's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    pub method: String,
    pub target: String,
    pub authority: String,
    pub fields: Vec<(String, String)>,
    pub body: BodyLen,
    pub upgrade: Option<Upgrade>,
}

/// When requests are answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// With the head.
    AtOnce,
    /// Once the request is complete.
    Late,
    /// By the test itself.
    Never,
}

/// A codec, and all that came of it.
pub struct Server {
    pub codec: H1Server,
    pub out: TxBuf,
    pub seen: Vec<Seen>,
    pub error: Option<ProtoError>,
    pub answers: Answers,
    pub body: BodyLen,
    /// Received, not taken.
    pub waiting: Vec<u8>,
    pub tid: Tid,
    pub most_memory: usize,
}

/// What answers are made of.
pub const TEXT: &[u8] = b"hello";

impl Server {
    pub fn new(options: ServerOptions, answers: Answers) -> Self {
        Self {
            codec: H1Server::new(options),
            out: TxBuf::new(),
            seen: Vec::new(),
            error: None,
            answers,
            body: BodyLen::Known(TEXT.len() as u64),
            waiting: Vec::new(),
            tid: Tid(u32::MAX),
            most_memory: 0,
        }
    }

    pub fn feed(&mut self, bytes: impl AsRef<[u8]>) {
        if self.error.is_some() {
            return;
        }
        self.waiting.extend_from_slice(bytes.as_ref());
        let all = std::mem::take(&mut self.waiting);
        let mut input = &all[..];
        // an event takes a byte, or is one of end of message, end
        for _ in 0..3 * all.len() + 4 {
            let event = self.codec.receive(&mut input, &mut self.out, 0);
            self.most_memory = self.most_memory.max(self.codec.memory());
            match event {
                Ok(Some(event)) => self.add(&event),
                Ok(None) => {
                    self.waiting = input.to_vec();
                    return;
                }
                Err(e) => {
                    assert_eq!(self.codec.reuse(), Reuse::Never);
                    assert_eq!(self.codec.tx_window(self.tid), None);
                    let again = self.codec.receive(&mut &b"more"[..], &mut TxBuf::new(), 0);
                    assert_eq!(again, Ok(None));
                    self.error = Some(e);
                    return;
                }
            }
        }
        panic!("events without end");
    }

    pub fn eof(&mut self) {
        while self.error.is_none() {
            match self.codec.receive_eof() {
                Ok(Some(event)) => self.add(&event),
                Ok(None) => return,
                Err(e) => self.error = Some(e),
            }
        }
    }

    pub fn respond(&mut self, status: u16, fields: &[(&str, &[u8])], body: BodyLen) {
        let answer = Response { status, fields, body };
        self.codec.respond(self.tid, &answer, &mut self.out).expect("a legal answer");
    }

    pub fn send(&mut self, data: &[u8], eom: bool) {
        let w = self.codec.tx_window(self.tid).expect("a body to send");
        assert!(w.max >= data.len(), "{} of {}", w.max, data.len());
        let room = self.out.prepare(w.headroom, w.max, w.tailroom);
        room[..data.len()].copy_from_slice(data);
        self.codec.tx_commit(self.tid, &mut self.out, data.len(), false, eom).expect("room");
    }

    fn answer(&mut self) {
        self.respond(200, &[], self.body);
        if self.codec.tx_window(self.tid).is_some() {
            self.send(TEXT, true);
        }
    }

    fn add(&mut self, event: &Event<'_>) {
        match *event {
            Event::Request { tid } => {
                self.tid = tid;
                let asked = self.codec.request(tid).expect("a request that was just told");
                let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
                let body = asked.body;
                self.seen.push(Seen::Request(Ask {
                    method: asked.method.clone(),
                    target: asked.target.clone(),
                    authority: asked.authority.clone(),
                    fields: asked.fields.iter().map(|(n, v)| (text(n), text(v))).collect(),
                    body,
                    upgrade: asked.upgrade,
                }));
                let empty = matches!(body, BodyLen::None | BodyLen::Known(0));
                match self.answers {
                    Answers::AtOnce => self.answer(),
                    Answers::Late if empty => self.answer(),
                    Answers::Late | Answers::Never => {}
                }
            }
            Event::Data { tid, data, som, eom } => {
                assert_eq!(tid, self.tid);
                assert_eq!(eom, data.is_empty(), "the end is a call of its own");
                let open = matches!(self.seen.last(), Some(Seen::Message(_, false)));
                assert_eq!(som, !open, "the first piece, and only that, is the start");
                if som {
                    self.seen.push(Seen::Message(Vec::new(), false));
                }
                let Some(Seen::Message(bytes, ended)) = self.seen.last_mut() else {
                    unreachable!("pushed above");
                };
                bytes.extend_from_slice(data);
                *ended = eom;
                if eom && self.answers == Answers::Late {
                    self.answer();
                }
            }
            Event::End { tid } => {
                assert_eq!(tid, self.tid);
                self.seen.push(Seen::End);
            }
            Event::Head { .. }
            | Event::Held { .. }
            | Event::Owned { .. }
            | Event::Reset { .. }
            | Event::Refused { .. }
            | Event::Alive
            | Event::Ready { .. }
            | Event::Acked { .. }
            | Event::Nacked { .. } => panic!("not an event of serving h1: {event:?}"),
        }
    }

    /// All that must not depend on the cuts.
    fn comparable(&self) -> (&[Seen], &Option<ProtoError>, &[u8], Reuse, &[u8]) {
        (&self.seen, &self.error, self.out.pending(), self.codec.reuse(), &self.waiting)
    }
}

/// Feeds `pieces` to a fresh codec, then the client's close if `eof`.
pub fn fed<'p>(
    options: ServerOptions,
    answers: Answers,
    pieces: impl IntoIterator<Item = &'p [u8]>,
    eof: bool,
) -> Server {
    let mut server = Server::new(options, answers);
    for piece in pieces {
        server.feed(piece);
    }
    if eof {
        server.eof();
    }
    server
}

/// The same fed whole and byte by byte must give the same.
pub fn fed_whole_and_bytewise(
    options: ServerOptions,
    answers: Answers,
    bytes: &[u8],
    eof: bool,
) -> Server {
    let whole = fed(options, answers, [bytes], eof);
    let bytewise = fed(options, answers, bytes.chunks(1), eof);
    assert_eq!(whole.comparable(), bytewise.comparable(), "whole, then byte by byte");
    whole
}

/// One input of the fuzz target. The first byte chooses how it is served and whether the client
/// closes, the second where to cut.
pub fn check_input(data: &[u8]) {
    let [how, cut, bytes @ ..] = data else { return };
    let answers = match how & 3 {
        0 => Answers::AtOnce,
        1 => Answers::Late,
        _ => Answers::Never,
    };
    let small = ServerOptions { max_head: 256, max_fields: 4, max_body: 64, ..Default::default() };
    let options = if how & 4 == 0 { ServerOptions::default() } else { small };
    let options = ServerOptions { websocket: how & 8 != 0, ..options };
    let eof = how & 16 != 0;
    let whole = fed_whole_and_bytewise(options, answers, bytes, eof);
    assert!(whole.most_memory < 8 * (options.max_head + 4096));
    let (a, b) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    let pieces = fed(options, answers, [a, b], eof);
    assert_eq!(whole.comparable(), pieces.comparable(), "whole, then cut at {cut}");
}
