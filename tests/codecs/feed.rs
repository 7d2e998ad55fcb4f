//! Feeds a response to an h1 codec in pieces and writes down what came out, in a form that
//! does not depend on the cuts. Shared with the fuzz target.

use securestreams::proto::h1::H1;
use securestreams::proto::{BodyLen, Codec, Event, ProtoError, Request, Reuse, Tid};
use securestreams::util::TxBuf;

/// An event, with the pieces of a message put together.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    /// Status and fields.
    Head(u16, Vec<(String, String)>),
    /// Payload, and whether its end was told.
    Message(Vec<u8>, bool),
    End,
}

/// All that can be told about a fed codec.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    pub seen: Vec<Seen>,
    pub error: Option<ProtoError>,
    pub started: bool,
    pub reuse: Reuse,
    /// Bytes left alone after an upgrade.
    pub left: usize,
}

/// A request without a body.
pub fn request(method: &str) -> Request<'_> {
    Request { method, authority: "example.com", path: "/", fields: &[], body: BodyLen::None }
}

/// Starts `req` on a new codec, feeds `pieces`, then the peer's close if `eof`.
pub fn feed<'p>(
    req: &Request<'_>,
    pieces: impl IntoIterator<Item = &'p [u8]>,
    eof: bool,
) -> Outcome {
    let mut out = TxBuf::new();
    let mut codec = H1::new();
    let tid = codec.start(req, &mut out).expect("a legal request");
    let mut log = Log { seen: Vec::new(), tid };
    let mut left = 0;
    let mut error = None;
    for piece in pieces {
        let mut input = piece;
        match log.drain(&mut codec, &mut input, &mut out) {
            Ok(()) => left += input.len(),
            Err(e) => {
                error = Some(e);
                break;
            }
        }
        assert!(input.is_empty() || codec.upgraded(), "bytes left without a reason");
    }
    if eof && error.is_none() {
        error = log.drain_eof(&mut codec).err();
    }
    if error.is_some() {
        assert_eq!(codec.reuse(), Reuse::Never);
    }
    let (started, reuse) = (codec.response_started(tid), codec.reuse());
    Outcome { seen: log.seen, error, started, reuse, left }
}

/// The same fed whole and byte by byte must give the same.
pub fn feed_whole_and_bytewise(req: &Request<'_>, bytes: &[u8], eof: bool) -> Outcome {
    let whole = feed(req, [bytes], eof);
    assert_eq!(whole, feed(req, bytes.chunks(1), eof), "whole differs from byte by byte");
    whole
}

struct Log {
    seen: Vec<Seen>,
    tid: Tid,
}

impl Log {
    fn drain(
        &mut self,
        codec: &mut H1,
        input: &mut &[u8],
        out: &mut TxBuf,
    ) -> Result<(), ProtoError> {
        // an event takes a byte or is one of head, end of message, end
        for _ in 0..input.len() + 4 {
            match codec.receive(input, out, 0)? {
                Some(event) => self.add(codec, &event),
                None => return Ok(()),
            }
        }
        panic!("events without end");
    }

    fn drain_eof(&mut self, codec: &mut H1) -> Result<(), ProtoError> {
        for _ in 0..4 {
            match codec.receive_eof()? {
                Some(event) => self.add(codec, &event),
                None => return Ok(()),
            }
        }
        panic!("events without end");
    }

    fn add(&mut self, codec: &H1, event: &Event<'_>) {
        match *event {
            Event::Request { .. } => panic!("a client's codec reports no requests"),
            Event::Head { tid, status } => {
                assert_eq!(tid, self.tid);
                let head = codec.head(tid).expect("a head that was just told");
                assert_eq!(head.status, status);
                let text = |b: &[u8]| String::from_utf8_lossy(b).into_owned();
                self.seen.push(Seen::Head(
                    status,
                    head.iter().map(|(n, v)| (text(n), text(v))).collect(),
                ));
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
            }
            Event::End { tid } => {
                assert_eq!(tid, self.tid);
                self.seen.push(Seen::End);
            }
            Event::Held { .. }
            | Event::Owned { .. }
            | Event::Reset { .. }
            | Event::Refused { .. }
            | Event::Alive
            | Event::Ready { .. }
            | Event::Acked { .. }
            | Event::Nacked { .. } => panic!("not an h1 event: {event:?}"),
        }
    }
}
