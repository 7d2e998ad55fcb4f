//! Streams join, subscribe, announce themselves, and leave.

use super::mqtt_peer::{
    CONNACK, CONNECT, Ev, Peer, ack, fails, message, publishing, suback, subscribing,
};
use mqttbytes::QoS;
use mqttbytes::v4::{Packet, SubscribeFilter};
use securestreams::proto::mqtt::{MAX_STREAMS, MAX_STRING, Message, Open, Qos};
use securestreams::proto::{Codec, ProtoErrorKind as Kind, Reuse, Tid};

fn subscribe_of(packet: &Packet) -> (u16, &[SubscribeFilter]) {
    match packet {
        Packet::Subscribe(s) => (s.pkid, &s.filters),
        other => panic!("not SUBSCRIBE: {other:?}"),
    }
}

/// A session whose one stream has subscribed to `filter`.
fn subscribed(filter: &str, qos: Qos) -> (Peer, Tid) {
    let (mut peer, tid) = Peer::up(&CONNECT, &subscribing(filter, qos));
    let sent = peer.sent();
    let (id, filters) = subscribe_of(&sent[0]);
    assert_eq!(filters.len(), 1);
    assert_eq!(peer.hear(&suback(id, qos as u8)), [Ev::Ready(tid)]);
    (peer, tid)
}

#[test]
fn nothing_goes_before_the_connack() {
    let mut peer = Peer::new(&CONNECT, None);
    let a = peer.open(&publishing("t", Qos::AtMostOnce));
    let b = peer.open(&subscribing("s", Qos::AtLeastOnce));
    assert!(matches!(peer.sent()[..], [Packet::Connect(_)]), "one CONNECT for both");
    assert_eq!(peer.hear(CONNACK), [Ev::Ready(a)]);
    let sent = peer.sent();
    let (id, filters) = subscribe_of(&sent[0]);
    assert_eq!(filters, [SubscribeFilter::new("s".into(), QoS::AtLeastOnce)]);
    assert_eq!(peer.codec.tx_window(b), None, "it has no topic");
    assert_eq!(peer.hear(&suback(id, 1)), [Ev::Ready(b)]);
}

#[test]
fn joining_a_session_that_is_up_is_instant() {
    let (mut peer, _) = subscribed("s/#", Qos::AtLeastOnce);
    let plain = peer.open(&publishing("t", Qos::AtMostOnce));
    assert_eq!(peer.events(), [Ev::Ready(plain)]);
    let same = peer.open(&subscribing("s/#", Qos::AtMostOnce));
    assert_eq!(peer.events(), [Ev::Ready(same)]);
    assert!(peer.sent().is_empty(), "the filter was there");
    // a better quality of service needs another SUBSCRIBE
    let better = peer.open(&subscribing("s/#", Qos::ExactlyOnce));
    assert_eq!(peer.events(), []);
    let sent = peer.sent();
    let (id, filters) = subscribe_of(&sent[0]);
    assert_eq!(filters, [SubscribeFilter::new("s/#".into(), QoS::ExactlyOnce)]);
    let waits = peer.open(&subscribing("s/#", Qos::ExactlyOnce));
    assert!(peer.sent().is_empty(), "the same is on its way");
    assert_eq!(peer.hear(&suback(id, 2)), [Ev::Ready(better), Ev::Ready(waits)]);
    assert_eq!(peer.codec.reuse(), Reuse::Shared(MAX_STREAMS as u32 - 5));
}

#[test]
fn a_refused_subscription_resets_its_streams_alone() {
    let (mut peer, first) = Peer::up(&CONNECT, &publishing("t", Qos::AtMostOnce));
    let a = peer.open(&subscribing("no", Qos::AtMostOnce));
    let b = peer.open(&subscribing("no", Qos::AtMostOnce));
    let sent = peer.sent();
    let (id, _) = subscribe_of(&sent[0]);
    assert_eq!(peer.hear(&suback(id, 0x80)), [Ev::Reset(a), Ev::Reset(b)]);
    assert_eq!(peer.codec.abandon(a, &mut peer.out), Reuse::Shared(MAX_STREAMS as u32 - 1));
    assert!(peer.sent().is_empty(), "nothing to unsubscribe");
    assert!(peer.codec.tx_window(first).unwrap().max > 0);
    // asked for anew
    let c = peer.open(&subscribing("no", Qos::AtMostOnce));
    let sent = peer.sent();
    assert_eq!(peer.hear(&suback(subscribe_of(&sent[0]).0, 0)), [Ev::Ready(c)]);
}

#[test]
fn the_last_stream_with_a_filter_unsubscribes() {
    let (mut peer, a) = subscribed("s", Qos::AtMostOnce);
    let b = peer.open(&subscribing("s", Qos::AtMostOnce));
    let other = peer.open(&publishing("t", Qos::AtMostOnce));
    assert_eq!(peer.events(), [Ev::Ready(b), Ev::Ready(other)]);
    peer.codec.abandon(a, &mut peer.out);
    assert!(peer.sent().is_empty(), "another has it still");
    assert_eq!(peer.hear(&message("s", 0, 0, 0, b"m")), [Ev::Data(b, b"m".into(), true, true)]);
    assert_eq!(peer.codec.abandon(b, &mut peer.out), Reuse::Shared(MAX_STREAMS as u32 - 1));
    let sent = peer.sent();
    let [Packet::Unsubscribe(u)] = &sent[..] else { panic!("not UNSUBSCRIBE: {sent:?}") };
    assert_eq!(u.topics, ["s"]);
    // on its way the broker may still send
    assert_eq!(peer.hear(&message("s", 1, 9, 0, b"m")), []);
    assert_eq!(peer.sent_bytes(), ack(0x40, 9), "acknowledged, or it would come again");
    assert_eq!(peer.hear(&ack(0xb0, u.pkid)), []);
    fails(peer.try_hear(&ack(0xb0, u.pkid)), Kind::Malformed, "answers nothing");
}

#[test]
fn leaving_while_the_subscription_is_pending_is_no_fault() {
    let (mut peer, _) = Peer::up(&CONNECT, &publishing("t", Qos::AtMostOnce));
    let a = peer.open(&subscribing("s", Qos::AtMostOnce));
    let sent = peer.sent();
    let first = subscribe_of(&sent[0]).0;
    peer.codec.abandon(a, &mut peer.out);
    let b = peer.open(&subscribing("s", Qos::AtMostOnce));
    let sent = peer.sent();
    let [Packet::Unsubscribe(u), Packet::Subscribe(s)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!(peer.hear(&suback(first, 0)), [], "that was the first's");
    assert_eq!(peer.hear(&ack(0xb0, u.pkid)), []);
    assert_eq!(peer.hear(&suback(s.pkid, 0)), [Ev::Ready(b)]);
}

#[test]
fn the_last_stream_ends_the_connection_without_a_word() {
    let (mut peer, tid) = subscribed("s", Qos::AtMostOnce);
    assert_eq!(peer.codec.abandon(tid, &mut peer.out), Reuse::Never);
    assert!(peer.sent_bytes().is_empty());
}

#[test]
fn the_broker_may_send_before_it_confirms() {
    let (mut peer, tid) = Peer::up(&CONNECT, &subscribing("s", Qos::AtMostOnce));
    let sent = peer.sent();
    let events = peer.hear(&message("s", 0, 0, 0, b"m"));
    assert_eq!(events, [Ev::Ready(tid), Ev::Data(tid, b"m".into(), true, true)]);
    assert_eq!(peer.hear(&suback(subscribe_of(&sent[0]).0, 0)), [], "ready once");
}

#[test]
fn birth_comes_after_the_subscription_and_before_ready() {
    let birth = |qos| Message { topic: "born", payload: b"hello", qos, retain: true };
    let open = Open { birth: Some(birth(Qos::AtLeastOnce)), ..subscribing("s", Qos::AtMostOnce) };
    let (mut peer, a) = Peer::up(&CONNECT, &open);
    let sent = peer.sent();
    assert_eq!(peer.hear(&suback(subscribe_of(&sent[0]).0, 0)), []);
    let sent = peer.sent();
    let [Packet::Publish(p)] = &sent[..] else { panic!("not PUBLISH: {sent:?}") };
    assert_eq!((&*p.topic, &p.payload[..], p.qos), ("born", &b"hello"[..], QoS::AtLeastOnce));
    assert!(p.retain && !p.dup);
    // once on a connection
    let again = Open { birth: Some(birth(Qos::AtLeastOnce)), ..publishing("t", Qos::AtMostOnce) };
    let b = peer.open(&again);
    assert_eq!(peer.events(), [Ev::Ready(b)]);
    assert!(peer.sent().is_empty());
    assert_eq!(peer.hear(&ack(0x40, p.pkid)), [Ev::Ready(a)], "and no ACK");

    let open = Open { birth: Some(birth(Qos::AtMostOnce)), ..publishing("t", Qos::AtMostOnce) };
    let (mut peer, _) = Peer::up(&CONNECT, &open);
    assert!(matches!(&peer.sent()[..], [Packet::Publish(p)] if p.qos == QoS::AtMostOnce));

    let open = Open { birth: Some(birth(Qos::ExactlyOnce)), ..publishing("t", Qos::AtMostOnce) };
    let mut peer = Peer::new(&CONNECT, None);
    let tid = peer.open(&open);
    peer.sent();
    assert_eq!(peer.hear(CONNACK), []);
    let sent = peer.sent();
    let [Packet::Publish(p)] = &sent[..] else { panic!("not PUBLISH: {sent:?}") };
    assert_eq!(peer.codec.tx_window(tid).unwrap().max, 0, "not ready");
    assert_eq!(peer.hear(&ack(0x50, p.pkid)), []);
    assert_eq!(peer.sent_bytes(), ack(0x62, p.pkid));
    assert_eq!(peer.hear(&ack(0x70, p.pkid)), [Ev::Ready(tid)]);
}

#[test]
fn ready_comes_before_payload_also_while_the_birth_is_under_way() {
    let birth = Message { topic: "born", payload: b"", qos: Qos::AtLeastOnce, retain: false };
    let open = Open { birth: Some(birth), ..subscribing("s", Qos::AtMostOnce) };
    let (mut peer, tid) = Peer::up(&CONNECT, &open);
    let sent = peer.sent();
    peer.hear(&suback(subscribe_of(&sent[0]).0, 0));
    let sent = peer.sent();
    let [Packet::Publish(p)] = &sent[..] else { panic!("not PUBLISH: {sent:?}") };
    let events = peer.hear(&message("s", 0, 0, 1, b"m"));
    assert_eq!(events, [Ev::Ready(tid), Ev::Data(tid, b"m".into(), true, true)]);
    assert_eq!(peer.hear(&ack(0x40, p.pkid)), [], "ready once, and no ACK");
}

#[test]
fn bad_streams_are_refused_and_write_nothing() {
    let (mut peer, _) = Peer::up(&CONNECT, &publishing("t", Qos::AtMostOnce));
    let long = vec![0; MAX_STRING + 1];
    let birth = Message { topic: "b", payload: &long, qos: Qos::AtMostOnce, retain: false };
    let bad = [
        subscribing("a#", Qos::AtMostOnce),
        publishing("a/+", Qos::AtMostOnce),
        publishing("a\0", Qos::AtMostOnce),
        Open { birth: Some(birth), ..Open::default() },
    ];
    for open in bad {
        fails(peer.codec.start_topics(&open, &mut peer.out), Kind::BadRequest, "");
    }
    assert!(peer.sent_bytes().is_empty());
    for _ in 1..MAX_STREAMS {
        peer.open(&publishing("t", Qos::AtMostOnce));
    }
    assert_eq!(peer.codec.reuse(), Reuse::Shared(0));
    let more = peer.codec.start_topics(&publishing("t", Qos::AtMostOnce), &mut peer.out);
    fails(more, Kind::BadRequest, "1024 streams");
}
