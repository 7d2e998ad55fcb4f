//! Messages from the broker.

use super::mqtt_peer::{CONNECT, Ev, Peer, ack, message, suback, subscribing};
use mqttbytes::v4::Packet;
use securestreams::proto::mqtt::{Open, Publish, Qos};
use securestreams::proto::{Codec, Event, Tid};

/// A session with a ready stream for each filter.
fn up(filters: &[&str]) -> (Peer, Vec<Tid>) {
    let anything = Publish { topic: "p", qos: Qos::AtMostOnce, retain: false };
    let (mut peer, _) = Peer::up(&CONNECT, &Open { publish: Some(anything), ..Open::default() });
    let tids = filters.iter().map(|f| peer.open(&subscribing(f, Qos::ExactlyOnce))).collect();
    for packet in peer.sent() {
        let Packet::Subscribe(s) = packet else { panic!("not SUBSCRIBE: {packet:?}") };
        peer.hear(&suback(s.pkid, 2));
    }
    (peer, tids)
}

fn whole(tid: Tid, data: &[u8]) -> Ev {
    Ev::Data(tid, data.to_vec(), true, true)
}

#[test]
fn each_stream_gets_what_its_filter_matches() {
    let (mut peer, tids) = up(&["a/#", "a/b", "+/b", "c"]);
    let events = peer.hear(&message("a/b", 0, 0, 0, b"m"));
    assert_eq!(events, [whole(tids[0], b"m"), whole(tids[1], b"m"), whole(tids[2], b"m")]);
    assert_eq!(peer.hear(&message("c", 0, 0, 0, b"")), [whole(tids[3], b"")]);
    assert_eq!(peer.hear(&message("d", 0, 0, 0, b"m")), []);
    assert!(peer.sent_bytes().is_empty());
    // retained ones, and two in one go
    let two = [message("c", 0, 0, 1, b"1"), message("a", 0, 0, 1, b"2")].concat();
    assert_eq!(peer.hear(&two), [whole(tids[3], b"1"), whole(tids[0], b"2")]);
}

#[test]
fn payload_is_passed_on_as_it_comes() {
    let (mut peer, tids) = up(&["a"]);
    let payload: Vec<u8> = (0..300_000u32).map(|n| (n >> 3) as u8).collect();
    let packet = message("a", 1, 5, 0, &payload);
    let mut got = Vec::new();
    for piece in packet.chunks(4096) {
        for event in peer.hear(piece) {
            let Ev::Data(tid, data, som, eom) = event else { panic!("{event:?}") };
            assert_eq!(tid, tids[0]);
            assert_eq!(som, got.is_empty());
            got.extend(data);
            assert_eq!(eom, got.len() == payload.len());
            assert!(peer.sent_bytes().is_empty() || eom, "acknowledged too early");
        }
    }
    assert!(got == payload);
}

#[test]
fn the_acknowledgement_follows_the_delivery() {
    for (qos, first) in [(1, 0x40), (2, 0x50)] {
        let (mut peer, tids) = up(&["a", "+"]);
        let packet = message("a", qos, 5, 0, b"m");
        let mut input = &packet[..];
        for tid in &tids {
            let event = peer.codec.receive(&mut input, &mut peer.out, 0).unwrap();
            let data = &b"m"[..];
            assert_eq!(event, Some(Event::Data { tid: *tid, data, som: true, eom: true }));
            assert!(peer.sent_bytes().is_empty(), "not before the program has it");
        }
        assert_eq!(peer.codec.receive(&mut input, &mut peer.out, 0), Ok(None));
        assert_eq!(peer.sent_bytes(), ack(first, 5));
    }
}

#[test]
fn qos_2_comes_once() {
    let (mut peer, tids) = up(&["a"]);
    assert_eq!(peer.hear(&message("a", 2, 5, 0, b"m")), [whole(tids[0], b"m")]);
    assert_eq!(peer.sent_bytes(), ack(0x50, 5));
    for flags in [8, 0] {
        assert_eq!(peer.hear(&message("a", 2, 5, flags, b"m")), [], "the same again");
        assert_eq!(peer.sent_bytes(), ack(0x50, 5));
    }
    assert_eq!(peer.hear(&message("a", 2, 6, 0, b"n")), [whole(tids[0], b"n")]);
    assert_eq!(peer.sent_bytes(), ack(0x50, 6));
    for _ in 0..2 {
        assert_eq!(peer.hear(&ack(0x62, 5)), []);
        assert_eq!(peer.sent_bytes(), ack(0x70, 5), "also for one that is not known");
    }
    assert_eq!(peer.hear(&message("a", 2, 5, 0, b"o")), [whole(tids[0], b"o")], "a new one");
    assert_eq!(peer.sent_bytes(), ack(0x50, 5));
    // QoS 1 comes as often as it is sent
    for _ in 0..2 {
        assert_eq!(peer.hear(&message("a", 1, 5, 8, b"p")), [whole(tids[0], b"p")]);
        assert_eq!(peer.sent_bytes(), ack(0x40, 5));
    }
}

#[test]
fn streams_that_leave_in_the_middle_get_no_more() {
    let (mut peer, tids) = up(&["a", "+", "#"]);
    let packet = message("a", 1, 5, 0, b"12345678");
    assert_eq!(peer.hear(&packet[..9]).len(), 3);
    peer.codec.abandon(tids[1], &mut peer.out);
    let mut input = &packet[9..];
    let first = peer.codec.receive(&mut input, &mut peer.out, 0).unwrap().map(|e| Ev::of(&e));
    assert_eq!(first, Some(Ev::Data(tids[0], packet[9..].to_vec(), false, true)));
    // between two streams of one piece
    peer.codec.abandon(tids[2], &mut peer.out);
    assert_eq!(peer.codec.receive(&mut input, &mut peer.out, 0), Ok(None));
    assert!(input.is_empty());
    assert!(peer.sent().iter().any(|p| matches!(p, Packet::PubAck(a) if a.pkid == 5)));
    // who joins in the middle hears of the next one
    assert_eq!(peer.hear(&packet[..9]).len(), 1);
    let late = peer.open(&subscribing("a", Qos::AtMostOnce));
    assert_eq!(
        peer.hear(&packet[9..]),
        [Ev::Ready(late), Ev::Data(tids[0], packet[9..].to_vec(), false, true)]
    );
    assert_eq!(peer.hear(&message("a", 0, 0, 0, b"m")), [whole(tids[0], b"m"), whole(late, b"m")]);
}

#[test]
fn asking_for_events_inside_a_delivery_disturbs_nothing() {
    let (mut peer, tids) = up(&["a", "+"]);
    let packet = message("a", 1, 5, 0, b"m");
    let mut input = &packet[..];
    let first = peer.codec.receive(&mut input, &mut peer.out, 0).unwrap().map(|e| Ev::of(&e));
    assert_eq!(first, Some(whole(tids[0], b"m")));
    let joined = peer.open(&Open::default());
    assert_eq!(peer.events(), [Ev::Ready(joined)]);
    let second = peer.codec.receive(&mut input, &mut peer.out, 0).unwrap().map(|e| Ev::of(&e));
    assert_eq!(second, Some(whole(tids[1], b"m")));
    assert_eq!(peer.codec.receive(&mut input, &mut peer.out, 0), Ok(None));
    assert_eq!(peer.sent_bytes(), ack(0x40, 5));
}
