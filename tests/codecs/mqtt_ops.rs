//! Whatever streams and broker do in whatever order, what goes out is whole packets, and the messages in them are those
//! that were sent.

use super::mqtt_feed::CONNACK;
use super::mqtt_peer::{CONNECT, Ev, Peer, ack, message, packets, suback};
use mqttbytes::v4::Packet;
use securestreams::proto::mqtt::{Connect, Message, Open, Publish, Qos};
use securestreams::proto::{Codec, NextMessage, Tid};
use std::collections::{BTreeMap, BTreeSet};

const RUNS: u64 = 300;
const STEPS: usize = 120;
const TOPICS: [&str; 4] = ["a", "a/b", "c", "$x"];
const FILTERS: [&str; 4] = ["a/#", "+", "a/b", "c"];

struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % n as u64) as usize
    }

    fn qos(&mut self) -> Qos {
        Qos::from_number(self.below(3) as u8).expect("0 to 2")
    }
}

/// A session with a broker that answers sooner or later.
struct Play {
    peer: Peer,
    random: Random,
    streams: Vec<Tid>,
    ready: BTreeSet<Tid>,
    /// The stream in the middle of a message, and the bytes that are missing.
    middle: Option<(Tid, usize)>,
    /// Bytes on the wire that are no whole packet yet.
    wire: Vec<u8>,
    /// Messages that were begun, in order; the last may be in the middle.
    said: Vec<Vec<u8>>,
    /// Messages as the broker read them.
    read: Vec<Vec<u8>>,
    /// What the broker has not answered.
    owed: Vec<Vec<u8>>,
    /// By stream: messages begun minus messages acknowledged.
    unacked: BTreeMap<Tid, i64>,
    next_id: u16,
}

impl Play {
    fn new(seed: u64) -> Play {
        let connect = Connect { clean_start: seed.is_multiple_of(2), ..CONNECT };
        Play {
            peer: Peer::new(&connect, None),
            random: Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            streams: Vec::new(),
            ready: BTreeSet::new(),
            middle: None,
            wire: Vec::new(),
            said: Vec::new(),
            read: Vec::new(),
            owed: Vec::new(),
            unacked: BTreeMap::new(),
            next_id: 0,
        }
    }

    fn run(mut self) {
        self.open();
        self.settle(&[]);
        self.settle(CONNACK);
        for _ in 0..STEPS {
            self.step();
            self.settle(&[]);
        }
        self.finish_message();
        while !self.owed.is_empty() {
            self.answer();
        }
        assert!(self.wire.is_empty(), "a packet is cut short");
        assert_eq!(self.read, self.said);
        let late: Vec<_> = self.unacked.iter().filter(|(_, n)| **n != 0).collect();
        assert!(late.is_empty(), "acknowledged wrongly: {late:?}");
        assert_eq!(self.ready, self.streams.iter().copied().collect());
    }

    fn step(&mut self) {
        match self.random.below(10) {
            0 => self.open(),
            1 => self.leave(),
            2..5 => self.say(),
            5..8 => self.answer(),
            8 => self.hear(),
            _ => assert!(self.peer.codec.ping(&mut self.peer.out)),
        }
    }

    fn open(&mut self) {
        let r = &mut self.random;
        let birth = Message { topic: "born", payload: b"b", qos: r.qos(), retain: false };
        let open = Open {
            owner: r.below(1000) as u64,
            subscribe: (r.below(2) == 0).then(|| (FILTERS[r.below(4)], r.qos())),
            publish: Some(Publish { topic: TOPICS[r.below(4)], qos: r.qos(), retain: false }),
            birth: (r.below(4) == 0).then_some(birth),
        };
        let tid = self.peer.open(&open);
        self.streams.push(tid);
        self.unacked.insert(tid, 0);
    }

    fn leave(&mut self) {
        let at = self.random.below(self.streams.len());
        let tid = self.streams[at];
        if self.streams.len() > 1 && self.middle.is_none_or(|(t, _)| t != tid) {
            self.streams.remove(at);
            self.ready.remove(&tid);
            self.unacked.remove(&tid);
            self.peer.codec.abandon(tid, &mut self.peer.out);
        }
    }

    /// Begins a message or goes on with one.
    fn say(&mut self) {
        if let Some((tid, left)) = self.middle {
            let len = 1 + self.random.below(left);
            return self.piece(tid, len, left);
        }
        let tid = self.streams[self.random.below(self.streams.len())];
        if self.peer.codec.tx_window(tid).is_none_or(|w| w.max == 0) {
            assert!(!self.ready.contains(&tid), "a ready stream has credit");
            return;
        }
        let len = self.random.below(200);
        let next = NextMessage { len: Some(len as u64), topic: None };
        self.peer.codec.tx_message(tid, &next).expect("a legal message");
        self.said.push(Vec::new());
        *self.unacked.entry(tid).or_default() += 1;
        let first = self.random.below(len + 1);
        self.piece(tid, first, len);
    }

    fn piece(&mut self, tid: Tid, len: usize, left: usize) {
        let data: Vec<u8> = (0..len).map(|_| self.random.below(256) as u8).collect();
        let (first, last) = (self.middle.is_none(), len == left);
        self.peer.tx(tid, &data, first, last).expect("a legal piece");
        self.said.last_mut().expect("a message").extend(data);
        self.middle = (!last).then_some((tid, left - len));
    }

    fn finish_message(&mut self) {
        if let Some((tid, left)) = self.middle {
            self.piece(tid, left, left);
        }
        self.settle(&[]);
    }

    /// The broker answers something, in any order.
    fn answer(&mut self) {
        if !self.owed.is_empty() {
            let at = self.random.below(self.owed.len());
            let packet = self.owed.remove(at);
            self.settle(&packet);
        }
    }

    /// A message of somebody else's.
    fn hear(&mut self) {
        self.next_id += 1;
        let (qos, topic) = (self.random.below(3) as u8, TOPICS[self.random.below(4)]);
        let packet = message(topic, qos, self.next_id, 0, b"from afar");
        self.settle(&packet);
    }

    /// Feeds bytes, notes what came of them, and reads what goes out.
    fn settle(&mut self, bytes: &[u8]) {
        for event in self.peer.hear(bytes) {
            match event {
                Ev::Ready(tid) => assert!(self.ready.insert(tid), "ready once"),
                Ev::Acked(tid) => *self.unacked.get_mut(&tid).expect("a living stream") -= 1,
                Ev::Data(tid, data, som, eom) => {
                    assert!(self.ready.contains(&tid), "payload before ready");
                    assert!(som && eom && data == b"from afar");
                }
                Ev::Alive => {}
                Ev::Nacked(_) | Ev::Reset(_) => panic!("{event:?}"),
            }
        }
        let sent = self.peer.sent_bytes();
        self.wire.extend(sent);
        // in the middle of a message the packet is not whole
        if self.middle.is_none() {
            for packet in packets(&std::mem::take(&mut self.wire)) {
                self.read_packet(packet);
            }
        }
    }

    fn read_packet(&mut self, packet: Packet) {
        match packet {
            Packet::Publish(p) => {
                match p.qos as u8 {
                    0 => {}
                    1 => self.owed.push(ack(0x40, p.pkid).into()),
                    _ => self.owed.push(ack(0x50, p.pkid).into()),
                }
                if p.topic != "born" {
                    self.read.push(p.payload.to_vec());
                }
            }
            Packet::PubRel(p) => self.owed.push(ack(0x70, p.pkid).into()),
            Packet::PubRec(p) => self.owed.push(ack(0x62, p.pkid).into()),
            Packet::Subscribe(s) => self.owed.push(suback(s.pkid, s.filters[0].qos as u8).into()),
            Packet::Unsubscribe(u) => self.owed.push(ack(0xb0, u.pkid).into()),
            Packet::PingReq => self.owed.push(vec![0xd0, 0]),
            Packet::Connect(_) | Packet::PubAck(_) | Packet::PubComp(_) => {}
            other => panic!("not from a client: {other:?}"),
        }
    }
}

#[test]
fn any_order_of_things_makes_whole_packets() {
    for seed in 1..=RUNS {
        Play::new(seed).run();
    }
}
