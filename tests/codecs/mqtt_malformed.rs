//! What the broker must not send.

use super::mqtt_feed::{CONNACK, feed_whole_and_bytewise};
use super::mqtt_peer::{ack, message};
use securestreams::proto::ProtoErrorKind::Malformed;

#[track_caller]
fn refused(after: &[u8], bytes: &[u8], text: &str) {
    let all = [after, bytes].concat();
    let outcome = feed_whole_and_bytewise(&all, false);
    let e = outcome.error.unwrap_or_else(|| panic!("{bytes:02x?} passed"));
    assert_eq!(e.kind, Malformed, "{bytes:02x?}");
    assert!(e.detail.contains(text), "{:?} does not say {text:?}", e.detail);
}

#[test]
fn first_bytes_are_checked() {
    for first in 0..=255u8 {
        let text = match first {
            0x20 => continue,
            0x30..=0x35 | 0x3a..=0x3d | 0x40 | 0x50 | 0x62 | 0x70 | 0x90 | 0xb0 | 0xd0 => continue,
            0x36 | 0x37 | 0x3e | 0x3f => "QoS 3",
            0x38 | 0x39 => "QoS 0 and DUP",
            _ if matches!(first >> 4, 0 | 15) => "reserved packet type",
            _ if matches!(first >> 4, 1 | 8 | 10 | 12 | 14) => "only clients send",
            _ => "reserved flags",
        };
        refused(CONNACK, &[first], text);
        if !matches!(first, 0x30..=0x3f) {
            assert!(feed_whole_and_bytewise(&[first], false).error.is_some());
        }
    }
}

#[test]
fn lengths_are_checked() {
    refused(CONNACK, &[0x30, 0x80, 0x80, 0x80, 0x80], "more than four bytes");
    refused(b"", &[0x20, 0xff, 0xff, 0xff, 0xff, 1], "CONNACK with a length");
    for (first, name, right) in [
        (0x40, "PUBACK", 2),
        (0x50, "PUBREC", 2),
        (0x62, "PUBREL", 2),
        (0x70, "PUBCOMP", 2),
        (0x90, "SUBACK", 3),
        (0xb0, "UNSUBACK", 2),
        (0xd0, "PINGRESP", 0),
    ] {
        for len in [0, 1, 2, 3, 4, 127].into_iter().filter(|l| *l != right) {
            refused(CONNACK, &[first, len], &format!("{name} of {len} bytes"));
        }
    }
    refused(b"", &[0x20, 3], "CONNACK of 3 bytes");
    refused(CONNACK, &[0x30, 0], "too short");
    refused(CONNACK, &[0x30, 1], "too short");
    refused(CONNACK, &[0x30, 2, 0, 1], "topic of 1");
    refused(CONNACK, &[0x32, 4, 0, 1], "topic of 1");
    refused(CONNACK, &[0x30, 6, 0xff, 0xff], "topic of 65535");
    // a length may have more digits than it needs
    let outcome = feed_whole_and_bytewise(&[CONNACK, &[0xd0, 0x80, 0x00]].concat(), false);
    assert_eq!((outcome.error, outcome.alive), (None, 1));
}

#[test]
fn packet_ids_are_checked() {
    for first in [0x40, 0x50, 0x62, 0x70, 0xb0] {
        refused(CONNACK, &ack(first, 0), "packet id 0");
    }
    refused(CONNACK, &[0x90, 3, 0, 0, 0], "SUBACK with packet id 0");
    for qos in [1, 2] {
        refused(CONNACK, &message("t", qos, 0, 0, b""), "PUBLISH with packet id 0");
    }
    refused(CONNACK, &[0x90, 3, 0x12, 0x34, 0], "SUBACK 4660 answers nothing");
    refused(CONNACK, &ack(0xb0, 1), "UNSUBACK 1 answers nothing");
}

#[test]
fn topics_are_checked() {
    refused(CONNACK, &message("", 0, 0, 0, b"x"), "empty topic");
    refused(CONNACK, &message("a\0b", 0, 0, 0, b"x"), "NUL in the topic");
    refused(CONNACK, &message("a/+", 1, 1, 0, b"x"), "wildcard in the topic");
    refused(CONNACK, &message("#", 0, 0, 0, b"x"), "wildcard in the topic");
    for bad in
        [&b"\x30\x04\0\x01\xff."[..], b"\x30\x05\0\x03\xed\xa0\x80", b"\x30\x04\0\x02\xc0\x80"]
    {
        refused(CONNACK, bad, "not UTF-8");
    }
}

#[test]
fn order_is_checked() {
    refused(b"", &[0xd0, 0], "before CONNACK");
    refused(b"", &message("t", 0, 0, 0, b"x"), "before CONNACK");
    refused(CONNACK, CONNACK, "answers no CONNECT");
    refused(b"", &[0x20, 2, 2, 0], "reserved flags");
    refused(b"", &[0x20, 2, 1, 5], "old session and the error code 5");
    refused(b"", &[0x20, 2, 0, 77], "reserved code 77");
    refused(CONNACK, &[0x90, 3, 0, 1, 3], "SUBACK with the reserved code 0x03");
}
