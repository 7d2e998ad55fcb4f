//! Messages to the broker, whole and in pieces, and what it answers.

use super::mqtt_peer::{CONNECT, Ev, Peer, ack, fails, message, publishing, subscribing};
use mqttbytes::QoS;
use mqttbytes::v4::Packet;
use securestreams::proto::mqtt::{MAX_IN_FLIGHT, MAX_WAITING, MAX_WINDOW, Open, Publish, Qos};
use securestreams::proto::{Codec, NextMessage, ProtoErrorKind as Kind, Reuse, Tid};

fn up(qos: Qos) -> (Peer, Tid) {
    Peer::up(&CONNECT, &publishing("t/1", qos))
}

fn announce(peer: &mut Peer, tid: Tid, len: u64) {
    let next = NextMessage { len: Some(len), topic: None };
    peer.codec.tx_message(tid, &next).unwrap();
}

/// The only packet sent: topic, payload, id.
fn one_publish(peer: &mut Peer) -> (String, Vec<u8>, u16) {
    match &peer.sent()[..] {
        [Packet::Publish(p)] => (p.topic.clone(), p.payload.to_vec(), p.pkid),
        other => panic!("not one PUBLISH: {other:?}"),
    }
}

#[test]
fn qos_0_is_acked_by_being_written() {
    let (mut peer, tid) = up(Qos::AtMostOnce);
    assert!(peer.codec.tx_window(tid).unwrap().max >= 1400);
    peer.publish(tid, b"hello");
    assert_eq!(peer.events(), [Ev::Acked(tid)]);
    assert_eq!(peer.sent_bytes(), b"\x30\x0a\0\x03t/1hello");
    peer.publish(tid, b"");
    assert_eq!(peer.events(), [Ev::Acked(tid)]);
    assert_eq!(peer.sent_bytes(), b"\x30\x05\0\x03t/1");
}

#[test]
fn retain_is_passed_on() {
    let publish = Publish { topic: "t", qos: Qos::AtMostOnce, retain: true };
    let (mut peer, tid) = Peer::up(&CONNECT, &Open { publish: Some(publish), ..Open::default() });
    peer.publish(tid, b"x");
    assert_eq!(peer.sent_bytes(), b"\x31\x04\0\x01tx");
}

#[test]
fn qos_1_is_acked_by_puback() {
    let (mut peer, tid) = up(Qos::AtLeastOnce);
    peer.publish(tid, b"a");
    peer.publish(tid, b"b");
    assert_eq!(peer.events(), []);
    let sent = peer.sent();
    let [Packet::Publish(a), Packet::Publish(b)] = &sent[..] else { panic!("{sent:?}") };
    assert_eq!((a.qos, a.dup), (QoS::AtLeastOnce, false));
    assert_ne!(a.pkid, b.pkid);
    assert_eq!(peer.hear(&ack(0x40, b.pkid)), [Ev::Acked(tid)]);
    assert_eq!(peer.hear(&ack(0x40, b.pkid)), [], "once");
    assert_eq!(peer.hear(&ack(0x40, a.pkid)), [Ev::Acked(tid)]);
}

#[test]
fn qos_2_takes_four_packets() {
    let (mut peer, tid) = up(Qos::ExactlyOnce);
    peer.publish(tid, b"a");
    let (_, _, id) = one_publish(&mut peer);
    assert_eq!(peer.hear(&ack(0x50, id)), []);
    assert_eq!(peer.sent_bytes(), ack(0x62, id));
    // again: the broker did not get the release
    assert_eq!(peer.hear(&ack(0x50, id)), []);
    assert_eq!(peer.sent_bytes(), ack(0x62, id));
    assert_eq!(peer.hear(&ack(0x70, id)), [Ev::Acked(tid)]);
    assert_eq!(peer.hear(&ack(0x70, id)), [], "once");
    // of a session that we know nothing of: release it
    assert_eq!(peer.hear(&ack(0x50, 999)), []);
    assert_eq!(peer.sent_bytes(), ack(0x62, 999));
}

#[test]
fn answers_out_of_turn_are_errors() {
    let cases: [(Qos, &[u8], u8, &str); 5] = [
        (Qos::ExactlyOnce, &[], 0x40, "PUBACK"),
        (Qos::AtLeastOnce, &[], 0x50, "PUBREC"),
        (Qos::AtLeastOnce, &[], 0x70, "PUBCOMP"),
        (Qos::ExactlyOnce, &[], 0x70, "PUBCOMP"),
        (Qos::ExactlyOnce, &[0x50], 0x40, "PUBACK"),
    ];
    for (qos, before, bad, text) in cases {
        let (mut peer, tid) = up(qos);
        peer.publish(tid, b"x");
        let (_, _, id) = one_publish(&mut peer);
        for first in before {
            peer.hear(&ack(*first, id));
        }
        fails(peer.try_hear(&ack(bad, id)), Kind::Malformed, text);
    }
    // before the message is complete
    let (mut peer, tid) = up(Qos::AtLeastOnce);
    announce(&mut peer, tid, 2);
    peer.tx(tid, b"a", true, false).unwrap();
    fails(peer.try_hear(&ack(0x40, 1)), Kind::Malformed, "Sending");
}

#[test]
fn an_announced_message_goes_out_in_pieces() {
    let (mut peer, tid) = up(Qos::AtLeastOnce);
    let payload: Vec<u8> = (0..300_000u32).map(|n| n as u8).collect();
    announce(&mut peer, tid, payload.len() as u64);
    let mut wire = Vec::new();
    let pieces = payload.chunks(1400);
    let last = pieces.len() - 1;
    for (n, piece) in pieces.enumerate() {
        peer.tx(tid, piece, n == 0, n == last).unwrap();
        wire.extend(peer.sent_bytes());
    }
    let sent = super::mqtt_peer::packets(&wire);
    let [Packet::Publish(p)] = &sent[..] else { panic!("not one PUBLISH") };
    assert!(p.payload == payload && p.topic == "t/1");
    assert_eq!(peer.hear(&ack(0x40, p.pkid)), [Ev::Acked(tid)]);
    // the announcement is used up
    peer.publish(tid, b"next");
    assert_eq!(one_publish(&mut peer).1, b"next");
}

#[test]
fn without_an_announced_length_each_tx_is_a_message() {
    let (mut peer, tid) = up(Qos::AtMostOnce);
    peer.tx(tid, b"one", true, false).unwrap();
    peer.tx(tid, b"two", false, false).unwrap();
    assert_eq!(peer.events(), [Ev::Acked(tid), Ev::Acked(tid)]);
    assert_eq!(peer.sent_bytes(), b"\x30\x08\0\x03t/1one\x30\x08\0\x03t/1two");
}

#[test]
fn the_announced_length_ends_a_message_and_its_end_may_follow() {
    let (mut peer, tid) = up(Qos::AtMostOnce);
    announce(&mut peer, tid, 4);
    peer.tx(tid, b"ab", true, false).unwrap();
    assert_eq!(peer.codec.tx_window(tid).unwrap().max, 2);
    peer.tx(tid, b"cd", false, false).unwrap();
    assert_eq!(peer.events(), [Ev::Acked(tid)]);
    peer.tx(tid, b"", false, true).unwrap();
    assert_eq!(peer.events(), []);
    assert_eq!(one_publish(&mut peer).1, b"abcd");
    // but an empty message of its own is one
    peer.tx(tid, b"", true, true).unwrap();
    assert_eq!(one_publish(&mut peer).1, b"");
}

#[test]
fn whole_messages_need_no_announcement_to_be_right() {
    let (mut peer, tid) = up(Qos::AtMostOnce);
    announce(&mut peer, tid, 100);
    peer.publish(tid, b"fewer");
    assert_eq!(one_publish(&mut peer).1, b"fewer");
}

#[test]
fn more_than_announced_is_refused() {
    let (mut peer, tid) = up(Qos::AtMostOnce);
    announce(&mut peer, tid, 3);
    fails(peer.tx(tid, b"four", true, false), Kind::TxOverrun, "3 were announced");
    assert!(peer.sent_bytes().is_empty() && !peer.out.window_is_open());
    peer.tx(tid, b"ab", true, false).unwrap();
    fails(peer.tx(tid, b"cd", false, true), Kind::TxOverrun, "1 are left");
    peer.tx(tid, b"c", false, true).unwrap();
    assert_eq!(one_publish(&mut peer).1, b"abc");
    announce(&mut peer, tid, 268_435_455);
    fails(peer.tx(tid, b"a", true, false), Kind::TxOverrun, "more than a packet takes");
    announce(&mut peer, tid, 268_435_455 - 5);
    peer.tx(tid, b"a", true, false).unwrap();
    assert!(peer.sent_bytes().starts_with(b"\x30\xff\xff\xff\x7f\0\x03t/1a"));
}

#[test]
fn a_message_cut_short_ends_the_connection() {
    let (mut peer, tid) = up(Qos::AtMostOnce);
    announce(&mut peer, tid, 3);
    peer.tx(tid, b"a", true, false).unwrap();
    fails(peer.tx(tid, b"b", false, true), Kind::TxShort, "1 bytes before");
    assert_eq!(peer.codec.reuse(), Reuse::Never);
    assert_eq!(peer.codec.next_deadline(), Some(0));
    fails(peer.try_hear(b""), Kind::TxShort, "1 bytes before");

    let (mut peer, tid) = up(Qos::AtMostOnce);
    let other = peer.open(&publishing("o", Qos::AtMostOnce));
    peer.events();
    announce(&mut peer, tid, 3);
    peer.tx(tid, b"a", true, false).unwrap();
    assert_eq!(peer.codec.abandon(tid, &mut peer.out), Reuse::Never);
    assert_eq!(peer.codec.tx_window(other), None);
    fails(peer.codec.on_deadline(&mut peer.out, 0), Kind::TxShort, "given up");
}

#[test]
fn nothing_comes_between_the_pieces() {
    let (mut peer, tid) = Peer::up(
        &CONNECT,
        &Open {
            publish: Some(Publish { topic: "t", qos: Qos::AtMostOnce, retain: false }),
            ..subscribing("s", Qos::AtLeastOnce)
        },
    );
    let sent = peer.sent();
    let [Packet::Subscribe(s)] = &sent[..] else { panic!("{sent:?}") };
    peer.hear(&super::mqtt_peer::suback(s.pkid, 1));
    let other = peer.open(&publishing("o", Qos::AtMostOnce));
    assert_eq!(peer.events(), [Ev::Ready(other)]);

    announce(&mut peer, tid, 2);
    peer.tx(tid, b"a", true, false).unwrap();
    assert_eq!(peer.codec.tx_window(other).unwrap().max, 0, "no credit meanwhile");
    fails(peer.tx(other, b"x", true, true), Kind::TxOverrun, "another stream");
    peer.hear(&message("s", 1, 7, 0, b"in"));
    peer.events();
    peer.codec.ping(&mut peer.out);
    let third = peer.open(&subscribing("u", Qos::AtMostOnce));
    assert_eq!(peer.sent_bytes(), b"\x30\x05\0\x01ta", "they wait");
    peer.codec.goodbye(&mut peer.out);
    assert_eq!(peer.events(), [], "and there is no goodbye");
    peer.tx(tid, b"b", false, true).unwrap();
    let mut wire = peer.sent_bytes();
    assert_eq!(wire.remove(0), b'b');
    let kinds = super::mqtt_peer::packets(&wire);
    let [Packet::PubAck(p), Packet::PingReq, Packet::Subscribe(_)] = &kinds[..] else {
        panic!("{kinds:?}")
    };
    assert_eq!(p.pkid, 7);
    assert!(peer.codec.tx_window(other).unwrap().max > 0);
    assert_eq!(peer.events(), [Ev::Acked(tid)]);
    assert_ne!(third, tid);
}

#[test]
fn packets_made_while_a_window_is_open_come_behind_it() {
    let (mut peer, tid) = up(Qos::AtMostOnce);
    announce(&mut peer, tid, 2);
    let window = peer.codec.tx_window(tid).unwrap();
    peer.out.prepare(window.headroom, 1, 0)[0] = b'a';
    peer.codec.ping(&mut peer.out);
    peer.codec.tx_commit(tid, &mut peer.out, 1, true, false).unwrap();
    peer.tx(tid, b"b", false, true).unwrap();
    assert_eq!(peer.sent_bytes(), b"\x30\x07\0\x03t/1ab\xc0\0");
}

#[test]
fn what_waits_is_bounded() {
    let (mut peer, tid) = Peer::up(&CONNECT, &publishing("t", Qos::AtMostOnce));
    announce(&mut peer, tid, 2);
    peer.tx(tid, b"a", true, false).unwrap();
    let one = message("s", 1, 1, 0, b"");
    let many: Vec<u8> = one.repeat(MAX_WAITING / 4);
    assert_eq!(peer.hear(&many), []);
    fails(peer.try_hear(&one), Kind::TooLarge, "wait for the end of a message");
}

#[test]
fn topics_may_change_between_messages() {
    let (mut peer, tid) = up(Qos::AtMostOnce);
    let to = |topic| NextMessage { len: None, topic: Some(topic) };
    peer.codec.tx_message(tid, &to("another/longer/topic")).unwrap();
    peer.publish(tid, b"x");
    assert_eq!(one_publish(&mut peer).0, "another/longer/topic");
    fails(peer.codec.tx_message(tid, &to("a/#")), Kind::BadRequest, "wildcards");
    peer.publish(tid, b"x");
    assert_eq!(one_publish(&mut peer).0, "another/longer/topic");
}

#[test]
fn messages_in_flight_are_bounded() {
    let (mut peer, tid) = up(Qos::AtLeastOnce);
    let zero = peer.open(&publishing("z", Qos::AtMostOnce));
    peer.events();
    for _ in 0..MAX_IN_FLIGHT {
        peer.publish(tid, b"x");
    }
    assert_eq!(peer.codec.tx_window(tid).unwrap().max, 0);
    fails(peer.tx(tid, b"", true, true), Kind::TxOverrun, "wait to be acknowledged");
    assert!(peer.codec.tx_window(zero).unwrap().max > 0);
    let sent = peer.sent();
    let Packet::Publish(p) = &sent[0] else { panic!("{sent:?}") };
    peer.hear(&ack(0x40, p.pkid));
    assert!(peer.codec.tx_window(tid).unwrap().max > 0);
}

#[test]
fn packet_ids_go_round_and_skip_those_in_use() {
    let (mut peer, tid) = up(Qos::AtLeastOnce);
    peer.publish(tid, b"held");
    let (_, _, held) = one_publish(&mut peer);
    let mut before = held;
    for _ in 0..70_000 {
        peer.publish(tid, b"");
        let bytes = peer.sent_bytes();
        let id = u16::from_be_bytes([bytes[bytes.len() - 2], bytes[bytes.len() - 1]]);
        assert!(id != 0 && id != held && id != before);
        before = id;
        peer.hear(&ack(0x40, id));
    }
    assert_eq!(peer.hear(&ack(0x40, held)), [Ev::Acked(tid)]);
}

#[test]
fn unknown_and_silent_streams_send_nothing() {
    let (mut peer, _) = up(Qos::AtMostOnce);
    let listener = peer.open(&subscribing("s", Qos::AtMostOnce));
    assert_eq!(peer.codec.tx_window(listener), None);
    peer.sent();
    for tid in [listener, Tid(77)] {
        peer.out.prepare(20, 1, 0);
        let sent = peer.codec.tx_commit(tid, &mut peer.out, 1, true, true);
        fails(sent, Kind::TxOverrun, "not ready");
    }
    let too_much = peer.codec.tx_commit(Tid(1), &mut peer.out, MAX_WINDOW + 1, true, true);
    fails(too_much, Kind::TxOverrun, "a window");
    assert!(peer.sent_bytes().is_empty());
}
