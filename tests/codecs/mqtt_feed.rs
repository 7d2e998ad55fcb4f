//! Feeds a broker's bytes to an mqtt codec in pieces and writes down what came out, in a form that does not depend on
//! the cuts. Shared with the fuzz target.

use securestreams::proto::mqtt::{Connect, Message, Mqtt, Open, Publish, Qos};
use securestreams::proto::{Codec, Event, NextMessage, ProtoError, Reuse, Tid};
use securestreams::util::TxBuf;
use std::collections::BTreeMap;

/// CONNACK: accepted, no old session.
pub const CONNACK: &[u8] = &[0x20, 2, 0, 0];

/// An event, with the pieces of a message put together.
#[derive(Debug, PartialEq, Eq)]
pub enum Seen {
    Ready,
    Acked,
    Nacked,
    Reset,
    /// Payload, and whether its end was told.
    Message(Vec<u8>, bool),
}

/// All that can be told about a fed codec.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// By transaction.
    pub seen: BTreeMap<Tid, Vec<Seen>>,
    pub alive: usize,
    pub error: Option<ProtoError>,
    pub sent: Vec<u8>,
    pub reuse: Reuse,
}

/// Three streams that differ in what they want; two of them share a filter's messages.
fn streams() -> [Open<'static>; 3] {
    let publish = |topic, qos| Some(Publish { topic, qos, retain: false });
    let birth = Message { topic: "born", payload: b"hi", qos: Qos::AtLeastOnce, retain: true };
    [
        Open {
            owner: 1,
            subscribe: Some(("a/#", Qos::ExactlyOnce)),
            publish: publish("p/1", Qos::AtLeastOnce),
            birth: None,
        },
        Open {
            owner: 2,
            subscribe: Some(("a/+", Qos::AtMostOnce)),
            publish: publish("p/2", Qos::ExactlyOnce),
            birth: Some(birth),
        },
        Open { owner: 3, subscribe: None, publish: publish("p/3", Qos::AtMostOnce), birth: None },
    ]
}

/// Three streams on a fresh codec hear `pieces`. Streams that get ready send a message, and hear of theirs. The first
/// leaves after some messages, in the middle of nothing.
pub fn feed<'p>(pieces: impl IntoIterator<Item = &'p [u8]>, eof: bool) -> Outcome {
    let connect = Connect { client_id: "feed", keep_alive_s: 10, ..Connect::default() };
    let mut feeder = Feeder {
        codec: Mqtt::new(&connect, None).expect("a legal CONNECT"),
        out: TxBuf::new(),
        seen: BTreeMap::new(),
        alive: 0,
    };
    for open in streams() {
        feeder.codec.start_topics(&open, &mut feeder.out).expect("a legal stream");
    }
    let mut error = None;
    for piece in pieces {
        let mut input = piece;
        if let Err(e) = feeder.drain(&mut input) {
            error = Some(e);
            break;
        }
        assert!(input.is_empty(), "bytes left without a reason");
    }
    if eof && error.is_none() {
        error = feeder.codec.receive_eof().err();
    }
    if error.is_some() {
        assert_eq!(feeder.codec.reuse(), Reuse::Never);
    }
    let (sent, reuse) = (feeder.out.pending().to_vec(), feeder.codec.reuse());
    Outcome { seen: feeder.seen, alive: feeder.alive, error, sent, reuse }
}

/// The same fed whole and byte by byte must give the same.
pub fn feed_whole_and_bytewise(bytes: &[u8], eof: bool) -> Outcome {
    let whole = feed([bytes], eof);
    assert_eq!(whole, feed(bytes.chunks(1), eof), "whole differs from byte by byte");
    whole
}

struct Feeder {
    codec: Mqtt,
    out: TxBuf,
    seen: BTreeMap<Tid, Vec<Seen>>,
    alive: usize,
}

impl Feeder {
    fn drain(&mut self, input: &mut &[u8]) -> Result<(), ProtoError> {
        // a byte of payload is told to each stream, and a packet gives each some events
        for _ in 0..8 * (input.len() + 4) {
            match self.codec.receive(input, &mut self.out, 0)? {
                Some(Event::Ready { tid }) => {
                    self.note(tid, Seen::Ready);
                    self.send(tid);
                }
                Some(event) => self.add(&event),
                None => return Ok(()),
            }
        }
        panic!("events without end");
    }

    /// A message in two pieces.
    fn send(&mut self, tid: Tid) {
        let next = NextMessage { len: Some(4), topic: None };
        self.codec.tx_message(tid, &next).expect("a legal message");
        for (part, som) in [(b"on", true), (b"ce", false)] {
            let window = self.codec.tx_window(tid).expect("it publishes");
            self.out.prepare(window.headroom, 2, window.tailroom).copy_from_slice(part);
            self.codec.tx_commit(tid, &mut self.out, 2, som, !som).expect("a legal message");
        }
    }

    fn note(&mut self, tid: Tid, seen: Seen) {
        self.seen.entry(tid).or_default().push(seen);
    }

    fn add(&mut self, event: &Event<'_>) {
        match *event {
            Event::Acked { tid } => self.note(tid, Seen::Acked),
            Event::Nacked { tid } => self.note(tid, Seen::Nacked),
            Event::Reset { tid, .. } => self.note(tid, Seen::Reset),
            Event::Alive => self.alive += 1,
            Event::Data { tid, data, som, eom } => self.payload(tid, data, som, eom),
            ref other => panic!("not here: {other:?}"),
        }
    }

    fn payload(&mut self, tid: Tid, data: &[u8], som: bool, eom: bool) {
        assert!(eom || !data.is_empty(), "an empty piece that ends nothing");
        let log = self.seen.entry(tid).or_default();
        // other events of the stream may come between the pieces
        let open = log.iter_mut().rev().find_map(|s| match s {
            Seen::Message(bytes, ended @ false) => Some((bytes, ended)),
            _ => None,
        });
        match open {
            Some((bytes, ended)) => {
                assert!(!som, "a start inside a message");
                bytes.extend_from_slice(data);
                *ended = eom;
            }
            None => {
                assert!(som, "a message without a start");
                log.push(Seen::Message(data.to_vec(), eom));
            }
        }
    }
}
