//! Feeds bytes to a serving ws codec in pieces and writes down what came out, in a form that does
//! not depend on the cuts. Shared with the fuzz target.

use securestreams::proto::ws::{ServerOptions, WsServer, accept};
use securestreams::proto::{Asked, Codec, Event, Head, ProtoError, Reuse, Tid, Upgrade};
use securestreams::util::TxBuf;

pub const TID: Tid = Tid(7);

/// An event, with the pieces of a message put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Payload, and whether its end was told.
    Message(Vec<u8>, bool),
    Alive,
    End,
}

/// A frame of ours: its first byte, and the payload.
pub type Sent = (u8, Vec<u8>);

/// All that can be told about a fed codec.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    pub seen: Vec<Seen>,
    pub error: Option<ProtoError>,
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

/// A request that h1 has found to be a valid upgrade, with more fields.
pub fn asked(more: &[(&str, &str)]) -> Asked {
    let mut fields = Head::default();
    fields.push(b"Sec-WebSocket-Key", b"dGhlIHNhbXBsZSBub25jZQ==");
    for (name, value) in more {
        fields.push(name.as_bytes(), value.as_bytes());
    }
    Asked { method: "GET".into(), upgrade: Some(Upgrade::WebSocket), fields, ..Asked::default() }
}

/// A connection that has just been granted, compressing if the options let it.
pub fn opened(options: &ServerOptions) -> WsServer {
    let offer = [("sec-websocket-extensions", "permessage-deflate; client_max_window_bits")];
    let accepted = accept(&asked(&offer), options).expect("a valid upgrade");
    assert_eq!(accepted.compresses(), options.deflate);
    WsServer::new(TID, &accepted, options)
}

/// Feeds `pieces` to a fresh codec, then the client's close if `eof`.
pub fn feed<'p>(
    options: &ServerOptions,
    pieces: impl IntoIterator<Item = &'p [u8]>,
    eof: bool,
) -> Outcome {
    let (mut codec, mut out) = (opened(options), TxBuf::new());
    let mut log = Log { seen: Vec::new(), most_memory: 0 };
    let mut error = None;
    for mut piece in pieces {
        if let Err(e) = log.drain(&mut codec, &mut piece, &mut out) {
            error = Some(e);
            break;
        }
        assert!(piece.is_empty(), "bytes left without a reason");
    }
    while eof && error.is_none() {
        match codec.receive_eof() {
            Ok(Some(event)) => log.add(&mut codec, &event),
            Ok(None) => break,
            Err(e) => error = Some(e),
        }
    }
    if error.is_some() {
        assert_eq!(codec.reuse(), Reuse::Never);
        assert_eq!(codec.tx_window(TID), None);
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
pub fn feed_whole_and_bytewise(options: &ServerOptions, bytes: &[u8], eof: bool) -> Outcome {
    let whole = feed(options, [bytes], eof);
    let bytewise = feed(options, bytes.chunks(1), eof).comparable(options.deflate);
    assert_eq!(whole.clone().comparable(options.deflate), bytewise, "whole, then byte by byte");
    whole
}

struct Log {
    seen: Vec<Seen>,
    most_memory: usize,
}

impl Log {
    fn drain(
        &mut self,
        codec: &mut WsServer,
        input: &mut &[u8],
        out: &mut TxBuf,
    ) -> Result<(), ProtoError> {
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

    fn add(&mut self, codec: &mut WsServer, event: &Event<'_>) {
        match *event {
            Event::Data { tid, data, som, eom } => {
                assert!(data.is_empty() && eom, "payload that was not unmasked");
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
                assert_eq!(tid, TID);
                self.seen.push(Seen::End);
            }
            Event::Alive => self.seen.push(Seen::Alive),
            Event::Head { .. }
            | Event::Request { .. }
            | Event::Owned { .. }
            | Event::Reset { .. }
            | Event::Refused { .. }
            | Event::Ready { .. }
            | Event::Acked { .. }
            | Event::Nacked { .. } => panic!("not an event of serving ws: {event:?}"),
        }
    }

    fn piece(&mut self, tid: Tid, data: &[u8], som: bool, eom: bool) {
        assert_eq!(tid, TID);
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

/// Reads frames of ours: none is masked, and none is cut.
pub fn sent(mut bytes: &[u8]) -> Vec<Sent> {
    let mut frames = Vec::new();
    while let [first, second, rest @ ..] = bytes {
        assert!(second & 0x80 == 0, "a server's frame with a mask");
        let (len, rest) = match second {
            126 => (usize::from(rest[0]) << 8 | usize::from(rest[1]), &rest[2..]),
            127 => (u64::from_be_bytes(rest[..8].try_into().unwrap()) as usize, &rest[8..]),
            n => (usize::from(*n), rest),
        };
        let (payload, rest) = rest.split_at(len);
        frames.push((*first, payload.to_vec()));
        bytes = rest;
    }
    assert!(bytes.is_empty(), "half a frame");
    frames
}

/// Windows and tables both ways, and what is held.
const MOST_MEMORY: usize = 512 * 1024;

/// One input of the fuzz target. The first byte chooses the options and whether the client closes,
/// the second where to cut.
pub fn check_input(data: &[u8]) {
    let [how, cut, bytes @ ..] = data else { return };
    let max_message = if how & 1 == 0 { u64::MAX } else { 20 };
    let options = ServerOptions { deflate: how & 2 != 0, max_message, ..Default::default() };
    let eof = how & 4 != 0;
    let whole = feed_whole_and_bytewise(&options, bytes, eof);
    assert!(whole.most_memory < MOST_MEMORY);
    let (a, b) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    let pieces = feed(&options, [a, b], eof).comparable(options.deflate);
    assert_eq!(whole.comparable(options.deflate), pieces, "whole, then cut at {cut}");
}
