//! A scripted broker: bytes in by hand, packets out read by another implementation.

use mqttbytes::v4::Packet;
use securestreams::proto::mqtt::{Connect, Mqtt, Open, Publish, Qos, Session};
use securestreams::proto::{Codec, Event, ProtoError, ProtoErrorKind, Tid};
use securestreams::util::{Micros, TxBuf};

pub use super::mqtt_feed::CONNACK;

/// An event that owns its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ev {
    Ready(Tid),
    Acked(Tid),
    Nacked(Tid),
    Reset(Tid),
    Data(Tid, Vec<u8>, bool, bool),
    Alive,
}

impl Ev {
    pub fn of(event: &Event<'_>) -> Ev {
        match *event {
            Event::Ready { tid } => Ev::Ready(tid),
            Event::Acked { tid } => Ev::Acked(tid),
            Event::Nacked { tid } => Ev::Nacked(tid),
            Event::Reset { tid, .. } => Ev::Reset(tid),
            Event::Data { tid, data, som, eom } => Ev::Data(tid, data.to_vec(), som, eom),
            Event::Alive => Ev::Alive,
            ref other => panic!("not an mqtt event: {other:?}"),
        }
    }
}

/// A codec and what it wants to send.
pub struct Peer {
    pub codec: Mqtt,
    pub out: TxBuf,
    pub now: Micros,
}

pub const CONNECT: Connect<'static> = Connect {
    client_id: "c",
    username: None,
    password: None,
    keep_alive_s: 10,
    clean_start: true,
    will: None,
    aws_iot: false,
};

pub fn subscribing(filter: &str, qos: Qos) -> Open<'_> {
    Open { subscribe: Some((filter, qos)), ..Open::default() }
}

pub fn publishing(topic: &str, qos: Qos) -> Open<'_> {
    Open { publish: Some(Publish { topic, qos, retain: false }), ..Open::default() }
}

impl Peer {
    pub fn new(connect: &Connect<'_>, session: Option<Session>) -> Peer {
        let codec = Mqtt::new(connect, session).expect("a legal CONNECT");
        Peer { codec, out: TxBuf::new(), now: 0 }
    }

    /// A session that is up, with one stream that is ready unless it subscribes.
    pub fn up(connect: &Connect<'_>, open: &Open<'_>) -> (Peer, Tid) {
        let mut peer = Peer::new(connect, None);
        let tid = peer.open(open);
        assert!(matches!(peer.sent()[..], [Packet::Connect(_)]));
        let events = peer.hear(CONNACK);
        let ready: &[Ev] = if open.subscribe.is_none() { &[Ev::Ready(tid)] } else { &[] };
        assert_eq!(events, ready);
        (peer, tid)
    }

    pub fn open(&mut self, open: &Open<'_>) -> Tid {
        self.codec.start_topics(open, &mut self.out).expect("a legal stream")
    }

    /// What the codec says to `bytes`.
    pub fn hear(&mut self, bytes: &[u8]) -> Vec<Ev> {
        self.try_hear(bytes).unwrap_or_else(|e| panic!("{bytes:02x?}: {e}"))
    }

    pub fn try_hear(&mut self, bytes: &[u8]) -> Result<Vec<Ev>, ProtoError> {
        let (mut input, mut events) = (bytes, Vec::new());
        while let Some(event) = self.codec.receive(&mut input, &mut self.out, self.now)? {
            events.push(Ev::of(&event));
        }
        assert!(input.is_empty());
        Ok(events)
    }

    /// What became due without any bytes.
    pub fn events(&mut self) -> Vec<Ev> {
        self.hear(&[])
    }

    /// The bytes that it has sent since the last time.
    pub fn sent_bytes(&mut self) -> Vec<u8> {
        let bytes = self.out.pending().to_vec();
        self.out.consume(bytes.len());
        bytes
    }

    /// The packets that it has sent since the last time, as others read them.
    pub fn sent(&mut self) -> Vec<Packet> {
        let bytes = self.sent_bytes();
        packets(&bytes)
    }

    /// One `tx`.
    pub fn tx(&mut self, tid: Tid, data: &[u8], som: bool, eom: bool) -> Result<(), ProtoError> {
        let window = self.codec.tx_window(tid).expect("a stream that publishes");
        self.out.prepare(window.headroom, data.len(), window.tailroom).copy_from_slice(data);
        self.codec.tx_commit(tid, &mut self.out, data.len(), som, eom)
    }

    /// A whole message.
    pub fn publish(&mut self, tid: Tid, data: &[u8]) {
        self.tx(tid, data, true, true).expect("a legal message");
    }
}

pub fn packets(bytes: &[u8]) -> Vec<Packet> {
    let mut stream = bytes::BytesMut::from(bytes);
    let mut all = Vec::new();
    while !stream.is_empty() {
        all.push(mqttbytes::v4::read(&mut stream, usize::MAX).expect("a whole legal packet"));
    }
    all
}

/// A PUBLISH by hand.
pub fn message(topic: &str, qos: u8, id: u16, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    body.extend((topic.len() as u16).to_be_bytes());
    body.extend(topic.as_bytes());
    if qos > 0 {
        body.extend(id.to_be_bytes());
    }
    body.extend(payload);
    let mut packet = vec![0x30 | qos << 1 | flags];
    let mut len = body.len();
    loop {
        let digit = (len % 128) as u8;
        len /= 128;
        packet.push(if len > 0 { digit | 0x80 } else { digit });
        if len == 0 {
            break;
        }
    }
    packet.extend(body);
    packet
}

pub fn ack(first: u8, id: u16) -> [u8; 4] {
    let [high, low] = id.to_be_bytes();
    [first, 2, high, low]
}

pub fn suback(id: u16, code: u8) -> [u8; 5] {
    let [high, low] = id.to_be_bytes();
    [0x90, 3, high, low, code]
}

#[track_caller]
pub fn fails<T: std::fmt::Debug>(what: Result<T, ProtoError>, kind: ProtoErrorKind, text: &str) {
    let e = what.expect_err("an error");
    assert_eq!(e.kind, kind, "{e}");
    assert!(e.to_string().contains(text), "{e:?} does not say {text:?}");
}
