//! Sessions that outlive their connection.

use super::mqtt_peer::{
    CONNECT, Ev, Peer, ack, fails, message, packets, publishing, suback, subscribing,
};
use mqttbytes::QoS;
use mqttbytes::v4::Packet;
use securestreams::proto::mqtt::{Connect, MAX_KEPT, MAX_WINDOW, Open, Qos, Session};
use securestreams::proto::{Codec, NextMessage, ProtoErrorKind as Kind, Tid};

const KEEPING: Connect<'static> = Connect { clean_start: false, ..CONNECT };
const PRESENT: &[u8] = &[0x20, 2, 1, 0];
const ABSENT: &[u8] = &[0x20, 2, 0, 0];

fn owned<'a>(owner: u64, open: &Open<'a>) -> Open<'a> {
    Open { owner, ..*open }
}

/// The next connection, up to CONNACK: what it heard and what it sent for that.
fn again(
    session: Session,
    opens: &[Open<'_>],
    connack: &[u8],
) -> (Peer, Vec<Tid>, Vec<Ev>, Vec<u8>) {
    let mut peer = Peer::new(&KEEPING, Some(session));
    let tids = opens.iter().map(|o| peer.open(o)).collect();
    assert!(matches!(&peer.sent()[..], [Packet::Connect(c)] if !c.clean_session));
    let events = peer.hear(connack);
    let sent = peer.sent_bytes();
    (peer, tids, events, sent)
}

#[test]
fn clean_start_keeps_nothing() {
    let (mut peer, tid) = Peer::up(&CONNECT, &publishing("t", Qos::AtLeastOnce));
    peer.publish(tid, b"x");
    assert!(peer.codec.take_session().is_none());
    fails(peer.try_hear(&[0xd0, 0]), Kind::BadRequest, "closed");
}

#[test]
fn unacknowledged_messages_are_sent_again_and_their_streams_told() {
    let qos1 = owned(10, &publishing("t/1", Qos::AtLeastOnce));
    let qos2 = owned(20, &publishing("t/2", Qos::ExactlyOnce));
    let (mut peer, a) = Peer::up(&KEEPING, &qos1);
    let b = peer.open(&qos2);
    peer.events();
    for (tid, text) in [(a, "one"), (b, "two"), (b, "three"), (a, "four")] {
        peer.publish(tid, text.as_bytes());
    }
    let ids: Vec<u16> = peer
        .sent()
        .iter()
        .map(|p| if let Packet::Publish(p) = p { p.pkid } else { panic!("{p:?}") })
        .collect();
    peer.hear(&ack(0x50, ids[1]));
    assert_eq!(peer.sent_bytes(), ack(0x62, ids[1]));
    assert_eq!(peer.hear(&ack(0x40, ids[3])), [Ev::Acked(a)]);
    // a message that has begun is not the broker's yet
    let next = NextMessage { len: Some(9), topic: None };
    peer.codec.tx_message(a, &next).unwrap();
    peer.tx(a, b"begun", true, false).unwrap();

    let session = peer.codec.take_session().unwrap();
    let (mut peer, tids, events, sent) = again(session, &[qos2, qos1], PRESENT);
    assert_eq!(events, [Ev::Ready(tids[0]), Ev::Ready(tids[1])]);
    let sent = packets(&sent);
    let [Packet::Publish(one), Packet::PubRel(two), Packet::Publish(three)] = &sent[..] else {
        panic!("{sent:?}")
    };
    assert_eq!((one.dup, one.qos, one.pkid), (true, QoS::AtLeastOnce, ids[0]));
    assert_eq!((&*one.topic, &one.payload[..]), ("t/1", &b"one"[..]));
    assert_eq!(two.pkid, ids[1]);
    assert_eq!((three.dup, three.qos, three.pkid), (true, QoS::ExactlyOnce, ids[2]));
    assert_eq!(peer.hear(&ack(0x40, ids[0])), [Ev::Acked(tids[1])]);
    assert_eq!(peer.hear(&ack(0x70, ids[1])), [Ev::Acked(tids[0])]);
    peer.hear(&ack(0x50, ids[2]));
    assert_eq!(peer.hear(&ack(0x70, ids[2])), [Ev::Acked(tids[0])]);
    let session = peer.codec.take_session().unwrap();
    let (.., sent) = again(session, &[qos1], PRESENT);
    assert!(sent.is_empty(), "all was acknowledged");
}

#[test]
fn the_broker_may_have_forgotten() {
    let open = owned(1, &publishing("t", Qos::AtLeastOnce));
    let (mut peer, tid) = Peer::up(&KEEPING, &open);
    peer.publish(tid, b"x");
    let session = peer.codec.take_session().unwrap();
    let (_, _, _, sent) = again(session, &[open], ABSENT);
    assert!(matches!(&packets(&sent)[..], [Packet::Publish(p)] if p.dup));
}

#[test]
fn an_acknowledgement_waits_for_its_stream() {
    let open = owned(1, &publishing("t", Qos::AtLeastOnce));
    let (mut peer, tid) = Peer::up(&KEEPING, &open);
    peer.publish(tid, b"x");
    let id = match &peer.sent()[..] {
        [Packet::Publish(p)] => p.pkid,
        other => panic!("{other:?}"),
    };
    let session = peer.codec.take_session().unwrap();
    let other = owned(2, &publishing("o", Qos::AtMostOnce));
    let (mut peer, _, _, _) = again(session, &[other], PRESENT);
    assert_eq!(peer.hear(&ack(0x40, id)), [], "nobody to tell");
    let back = peer.open(&Open { subscribe: Some(("s", Qos::AtMostOnce)), ..open });
    let Packet::Subscribe(s) = &peer.sent()[0] else { panic!("not SUBSCRIBE") };
    assert_eq!(peer.hear(&suback(s.pkid, 0)), [Ev::Ready(back), Ev::Acked(back)]);
}

#[test]
fn subscriptions_that_the_broker_kept_are_not_made_again() {
    let open = owned(1, &subscribing("s/+", Qos::AtLeastOnce));
    let (mut peer, _) = Peer::up(&KEEPING, &open);
    let Packet::Subscribe(s) = &peer.sent()[0] else { panic!("not SUBSCRIBE") };
    peer.hear(&suback(s.pkid, 1));
    let session = peer.codec.take_session().unwrap();
    let (mut peer, tids, events, sent) = again(session, &[open], PRESENT);
    assert_eq!(events, [Ev::Ready(tids[0])]);
    assert!(sent.is_empty());
    assert_eq!(
        peer.hear(&message("s/x", 0, 0, 0, b"m")),
        [Ev::Data(tids[0], b"m".into(), true, true)]
    );
    let session = peer.codec.take_session().unwrap();
    let (_, _, events, sent) = again(session, &[open], ABSENT);
    assert_eq!(events, []);
    assert!(matches!(packets(&sent)[..], [Packet::Subscribe(_)]));
}

#[test]
fn qos_2_comes_once_over_two_connections() {
    let open = owned(1, &subscribing("s", Qos::ExactlyOnce));
    let (mut peer, tid) = Peer::up(&KEEPING, &open);
    let Packet::Subscribe(s) = &peer.sent()[0] else { panic!("not SUBSCRIBE") };
    peer.hear(&suback(s.pkid, 2));
    let packet = message("s", 2, 5, 0, b"m");
    assert_eq!(peer.hear(&packet), [Ev::Data(tid, b"m".into(), true, true)]);
    // cut off: this one was not delivered
    let other = message("s", 2, 6, 0, b"long");
    assert_eq!(peer.hear(&other[..8]).len(), 1);
    let session = peer.codec.take_session().unwrap();
    let (mut peer, tids, _, _) = again(session, &[open], PRESENT);
    assert_eq!(peer.hear(&message("s", 2, 5, 8, b"m")), []);
    assert_eq!(peer.sent_bytes(), ack(0x50, 5));
    assert_eq!(peer.hear(&message("s", 2, 6, 8, b"long")).len(), 1);
    // but not if the broker starts afresh
    let session = peer.codec.take_session().unwrap();
    let (mut peer, _, _, sent) = again(session, &[open], ABSENT);
    let Packet::Subscribe(s) = &packets(&sent)[0] else { panic!("not SUBSCRIBE") };
    peer.hear(&suback(s.pkid, 2));
    assert_eq!(peer.hear(&packet), [Ev::Data(tids[0], b"m".into(), true, true)]);
}

#[test]
fn messages_too_large_to_keep_are_nacked() {
    for (qos, released) in [(Qos::AtLeastOnce, false), (Qos::ExactlyOnce, true)] {
        let open = owned(1, &publishing("t", qos));
        let (mut peer, tid) = Peer::up(&KEEPING, &open);
        let len = MAX_KEPT + 1;
        let next = NextMessage { len: Some(len as u64), topic: None };
        peer.codec.tx_message(tid, &next).unwrap();
        let mut left = len;
        while left > 0 {
            let piece = left.min(MAX_WINDOW);
            left -= piece;
            peer.tx(tid, &vec![7; piece], false, left == 0).unwrap();
        }
        peer.sent_bytes();
        let session = peer.codec.take_session().unwrap();
        let (mut peer, tids, events, sent) = again(session, &[open], PRESENT);
        assert_eq!(events, [Ev::Ready(tids[0]), Ev::Nacked(tids[0])]);
        // the id is given back to the broker
        let sent = packets(&sent);
        if released {
            let [Packet::PubRel(p)] = &sent[..] else { panic!("{sent:?}") };
            assert_eq!(peer.hear(&ack(0x70, p.pkid)), [], "told already");
        } else {
            assert!(sent.is_empty());
        }
    }
}

#[test]
fn room_for_kept_messages_comes_back() {
    // with the acknowledgement; at QoS 2 with the first of the two
    for (qos, answer) in [(Qos::AtLeastOnce, 0x40), (Qos::ExactlyOnce, 0x50)] {
        let open = owned(1, &publishing("t", qos));
        let (mut peer, tid) = Peer::up(&KEEPING, &open);
        let piece = vec![1; MAX_WINDOW];
        for _ in 0..3 * MAX_KEPT / MAX_WINDOW {
            peer.publish(tid, &piece);
            let Packet::Publish(p) = &peer.sent()[0] else { panic!("not PUBLISH") };
            peer.hear(&ack(answer, p.pkid));
            peer.sent();
        }
        peer.publish(tid, &piece);
        let session = peer.codec.take_session().unwrap();
        let (.., sent) = again(session, &[open], PRESENT);
        let sent = packets(&sent);
        let last = sent.last();
        assert!(matches!(last, Some(Packet::Publish(p)) if p.payload.len() == MAX_WINDOW));
    }
}

#[test]
fn who_has_left_is_not_told() {
    let open = owned(1, &publishing("t", Qos::AtLeastOnce));
    let (mut peer, tid) = Peer::up(&KEEPING, &open);
    let stays = peer.open(&owned(2, &publishing("o", Qos::AtMostOnce)));
    assert_eq!(peer.events(), [Ev::Ready(stays)]);
    peer.publish(tid, b"x");
    let Packet::Publish(p) = &peer.sent()[0] else { panic!("not PUBLISH") };
    peer.codec.abandon(tid, &mut peer.out);
    let session = peer.codec.take_session().unwrap();
    let (mut peer, tids, events, sent) = again(session, &[open], PRESENT);
    assert_eq!(events, [Ev::Ready(tids[0])]);
    assert!(matches!(&packets(&sent)[..], [Packet::Publish(p)] if p.dup), "it is sent though");
    assert_eq!(peer.hear(&ack(0x40, p.pkid)), []);
}
