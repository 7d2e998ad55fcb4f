//! CONNECT, CONNACK, keep-alive, goodbye.

use super::mqtt_peer::{CONNACK, CONNECT, Ev, Peer, fails, publishing};
use mqttbytes::QoS;
use mqttbytes::v4::{self, LastWill, Packet};
use securestreams::proto::mqtt::{Connect, MAX_CLIENT_ID, MAX_STRING, Message, Mqtt, Qos};
use securestreams::proto::{BodyLen, Codec, ProtoErrorKind as Kind, Request, Reuse};

const SEC: u64 = 1_000_000;
const PINGREQ: &[u8] = &[0xc0, 0];

fn connect_packet(connect: &Connect<'_>) -> Vec<u8> {
    let mut peer = Peer::new(connect, None);
    peer.open(&publishing("t", Qos::AtMostOnce));
    peer.sent_bytes()
}

#[test]
fn connect_says_it_all() {
    let will =
        Message { topic: "w/t", payload: b"gone\0\xff", qos: Qos::ExactlyOnce, retain: true };
    let connect = Connect {
        client_id: "id",
        username: Some("user"),
        password: Some(b"pass"),
        keep_alive_s: 300,
        clean_start: false,
        will: Some(will),
        aws_iot: false,
    };
    let [Packet::Connect(c)] = &super::mqtt_peer::packets(&connect_packet(&connect))[..] else {
        panic!("not one CONNECT");
    };
    assert_eq!((&*c.client_id, c.keep_alive, c.clean_session), ("id", 300, false));
    assert_eq!(c.login, Some(v4::Login::new("user", "pass")));
    let expected = LastWill::new("w/t", &b"gone\0\xff"[..], QoS::ExactlyOnce, true);
    assert_eq!(c.last_will, Some(expected));
}

#[test]
fn connect_without_extras_is_the_shortest() {
    let expected = b"\x10\x0d\0\x04MQTT\x04\x02\0\x0a\0\x01c";
    assert_eq!(connect_packet(&CONNECT), expected);
    // no name: there is no session to come back to
    let nameless = Connect { client_id: "", clean_start: false, ..CONNECT };
    assert_eq!(connect_packet(&nameless), b"\x10\x0c\0\x04MQTT\x04\x02\0\x0a\0\0");
    let binary = Connect { username: Some(""), password: Some(b"\0\xff"), ..CONNECT };
    let expected = b"\x10\x13\0\x04MQTT\x04\xc2\0\x0a\0\x01c\0\0\0\x02\0\xff";
    assert_eq!(connect_packet(&binary), expected);
}

#[test]
fn what_connect_cannot_say_is_refused() {
    let long = "x".repeat(MAX_STRING + 1);
    let will = |topic, payload| Message { topic, payload, qos: Qos::AtMostOnce, retain: false };
    let bad = [
        (Connect { client_id: &long[..MAX_CLIENT_ID + 1], ..CONNECT }, "client id of 129 bytes"),
        (Connect { client_id: "a\0", ..CONNECT }, "client id with a NUL"),
        (Connect { username: Some("\0"), ..CONNECT }, "user name with a NUL"),
        (Connect { username: Some(&long), ..CONNECT }, "user name of 65536 bytes"),
        (Connect { password: Some(b"p"), ..CONNECT }, "without a user name"),
        (
            Connect { username: Some("u"), password: Some(long.as_bytes()), ..CONNECT },
            "password of 65536",
        ),
        (Connect { will: Some(will("a/#", b"")), ..CONNECT }, "wildcards"),
        (Connect { will: Some(will("a", long.as_bytes())), ..CONNECT }, "will of 65536"),
    ];
    for (connect, text) in bad {
        fails(Mqtt::new(&connect, None).map(|_| ()), Kind::BadRequest, text);
    }
}

#[test]
fn streams_are_no_requests() {
    let (mut peer, _) = Peer::up(&CONNECT, &publishing("t", Qos::AtMostOnce));
    let req = Request { method: "GET", authority: "", path: "/", fields: &[], body: BodyLen::None };
    fails(peer.codec.start(&req, &mut peer.out), Kind::BadRequest, "topics");
    assert!(peer.sent().is_empty());
}

#[test]
fn refusals_say_why() {
    let cases = [
        (1, Kind::Refused, "does not speak MQTT 3.1.1"),
        (2, Kind::Refused, "client id"),
        (3, Kind::Refused, "not available"),
        (4, Kind::AuthFailed, "bad user name or password"),
        (5, Kind::AuthFailed, "not authorized"),
        (6, Kind::Malformed, "reserved code 6"),
    ];
    for (code, kind, text) in cases {
        let mut peer = Peer::new(&CONNECT, None);
        let tid = peer.open(&publishing("t", Qos::AtMostOnce));
        assert_eq!(peer.codec.tx_window(tid).unwrap().max, 0, "not before CONNACK");
        assert!(!peer.codec.response_started(tid));
        assert!(!peer.codec.ping(&mut peer.out));
        fails(peer.try_hear(&[0x20, 2, 0, code]), kind, text);
        assert!(peer.codec.response_started(tid));
        assert_eq!(peer.codec.reuse(), Reuse::Never);
        assert_eq!(peer.codec.tx_window(tid), None);
        // it stays so
        fails(peer.try_hear(CONNACK), kind, text);
        let refused = peer.codec.start_topics(&publishing("t", Qos::AtMostOnce), &mut peer.out);
        fails(refused, kind, text);
        assert_eq!(peer.codec.next_deadline(), Some(0));
        fails(peer.codec.on_deadline(&mut peer.out, 0), kind, text);
    }
}

#[test]
fn an_old_session_is_not_expected_after_a_clean_start() {
    let mut peer = Peer::new(&CONNECT, None);
    peer.open(&publishing("t", Qos::AtMostOnce));
    fails(peer.try_hear(&[0x20, 2, 1, 0]), Kind::Malformed, "old session");
    let mut peer = Peer::new(&Connect { clean_start: false, ..CONNECT }, None);
    let tid = peer.open(&publishing("t", Qos::AtMostOnce));
    assert_eq!(peer.hear(&[0x20, 2, 1, 0]), [Ev::Ready(tid)]);
}

#[test]
fn silence_is_broken_in_time() {
    let (mut peer, tid) = Peer::up(&CONNECT, &publishing("t", Qos::AtMostOnce));
    let keep_alive = 10 * SEC;
    let mut last_sent = 0;
    let mut pings = 0;
    while peer.now < 20 * keep_alive {
        peer.now = peer.codec.next_deadline().expect("keep-alive is on");
        assert!(peer.now - last_sent <= keep_alive, "too late");
        peer.codec.on_deadline(&mut peer.out, peer.now).unwrap();
        match &peer.sent_bytes()[..] {
            [] => {}
            bytes => {
                assert_eq!(bytes, PINGREQ);
                assert_eq!(peer.hear(&[0xd0, 0]), [Ev::Alive]);
                (last_sent, pings) = (peer.now, pings + 1);
            }
        }
        if pings == 3 {
            // what is sent anyway stands for a ping
            peer.publish(tid, b"x");
            assert_eq!(peer.sent().len(), 1);
            assert_eq!(peer.events(), [Ev::Acked(tid)]);
            (last_sent, pings) = (peer.now, 4);
        }
    }
    assert!((20..=30).contains(&pings), "{pings} pings");
    let early = peer.codec.next_deadline().unwrap() - 1;
    peer.codec.on_deadline(&mut peer.out, early).unwrap();
    assert!(peer.sent_bytes().is_empty());
}

#[test]
fn a_ping_without_answer_ends_the_connection() {
    let (mut peer, _) = Peer::up(&CONNECT, &publishing("t", Qos::AtMostOnce));
    assert!(peer.codec.ping(&mut peer.out));
    assert_eq!(peer.sent_bytes(), PINGREQ);
    let mut failed = None;
    while failed.is_none() {
        peer.now = peer.codec.next_deadline().unwrap();
        assert!(peer.now <= 15 * SEC, "the broker gives up after 15 s");
        failed = peer.codec.on_deadline(&mut peer.out, peer.now).err();
    }
    fails::<()>(Err(failed.unwrap()), Kind::Timeout, "PINGREQ was not answered");
    assert_eq!(peer.codec.reuse(), Reuse::Never);
}

#[test]
fn without_keep_alive_there_is_no_deadline() {
    let connect = Connect { keep_alive_s: 0, ..CONNECT };
    let (mut peer, _) = Peer::up(&connect, &publishing("t", Qos::AtMostOnce));
    assert_eq!(peer.codec.next_deadline(), None);
    peer.codec.on_deadline(&mut peer.out, 1 << 40).unwrap();
    assert!(peer.sent_bytes().is_empty());
}

#[test]
fn goodbye_is_the_last_word() {
    let (mut peer, tid) = Peer::up(&CONNECT, &publishing("t", Qos::AtMostOnce));
    peer.codec.goodbye(&mut peer.out);
    peer.codec.goodbye(&mut peer.out);
    assert_eq!(peer.sent_bytes(), [0xe0, 0]);
    assert_eq!(peer.codec.reuse(), Reuse::Never);
    assert_eq!(peer.codec.tx_window(tid), None);
    assert!(!peer.codec.ping(&mut peer.out));
    assert_eq!(
        peer.codec.next_deadline().map(|d| peer.codec.on_deadline(&mut peer.out, d)),
        Some(Ok(()))
    );
    assert!(peer.sent_bytes().is_empty());
}

#[test]
fn a_close_is_told_apart_from_a_cut() {
    let mut peer = Peer::new(&CONNECT, None);
    peer.open(&publishing("t", Qos::AtMostOnce));
    fails(peer.codec.receive_eof(), Kind::CutShort, "before CONNACK");
    let (mut peer, _) = Peer::up(&CONNECT, &publishing("t", Qos::AtMostOnce));
    peer.hear(&[0xd0]);
    fails(peer.codec.receive_eof(), Kind::CutShort, "in a packet");
    let (mut peer, _) = Peer::up(&CONNECT, &publishing("t", Qos::AtMostOnce));
    peer.hear(b"\x30\x05\0\x01tx");
    fails(peer.codec.receive_eof(), Kind::CutShort, "in a message");
    let (mut peer, _) = Peer::up(&CONNECT, &publishing("t", Qos::AtMostOnce));
    assert_eq!(peer.codec.receive_eof(), Ok(None));
    assert_eq!(peer.codec.reuse(), Reuse::Never);
}
