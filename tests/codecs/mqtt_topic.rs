//! Topic names and filters.

use super::mqtt_peer::{CONNECT, Peer, fails, publishing, subscribing};
use securestreams::proto::mqtt::{
    Connect, MAX_AWS_SLASHES, MAX_AWS_TOPIC, MAX_STRING, Open, Qos, check_filter, check_name,
    matches,
};
use securestreams::proto::{Codec, ProtoErrorKind::BadRequest};

#[test]
fn filters_match_as_the_standard_says() {
    let yes = [
        ("a", "a"),
        ("a/b", "a/b"),
        ("#", "a"),
        ("#", "a/b/c"),
        ("#", "/"),
        ("a/#", "a"),
        ("a/#", "a/"),
        ("a/#", "a/b/c"),
        ("+", "a"),
        ("+/+", "/a"),
        ("/+", "/a"),
        ("a/+", "a/"),
        ("a/+/c", "a/b/c"),
        ("a/+/#", "a/b"),
        ("é/+", "é/x"),
        ("$SYS/#", "$SYS/broker/load"),
        ("$SYS/+", "$SYS/x"),
    ];
    for (filter, topic) in yes {
        assert!(matches(filter, topic), "{filter} {topic}");
    }
    let no = [
        ("a", "b"),
        ("a", "a/"),
        ("a", "A"),
        ("a/b", "a"),
        ("a/b", "a/b/c"),
        ("+", "/a"),
        ("+", "a/b"),
        ("a/+", "a"),
        ("a/+", "a/b/c"),
        ("a/+/c", "a/b/d"),
        ("a/#", "ab"),
        ("a/+/#", "a"),
        ("#", "$SYS/x"),
        ("+/x", "$SYS/x"),
        ("é/x", "e/x"),
    ];
    for (filter, topic) in no {
        assert!(!matches(filter, topic), "{filter} {topic}");
    }
}

#[test]
fn bad_filters_and_names_are_refused() {
    for filter in ["#", "+", "a/#", "+/+/#", "/", "a//b", "$share", " "] {
        check_filter(filter).unwrap();
    }
    for filter in ["", "a#", "a/#/b", "#/a", "a+", "+a/b", "a\0b", "a/b#"] {
        fails(check_filter(filter), BadRequest, "topic");
    }
    for name in ["a", "/", "a b", "é", "$SYS/x"] {
        check_name(name).unwrap();
    }
    for name in ["", "a/#", "+", "a+b", "\0"] {
        fails(check_name(name), BadRequest, "topic");
    }
    let most = "t".repeat(MAX_STRING);
    check_name(&most).unwrap();
    check_filter(&most).unwrap();
    fails(check_name(&(most + "t")), BadRequest, "65536 bytes");
}

#[test]
fn aws_iot_has_limits_of_its_own() {
    let mut peer = Peer::new(&Connect { aws_iot: true, ..CONNECT }, None);
    let mut open = |open: &Open<'_>| peer.codec.start_topics(open, &mut peer.out);
    let (fits, long) = ("t".repeat(MAX_AWS_TOPIC), "t".repeat(MAX_AWS_TOPIC + 1));
    open(&publishing(&fits, Qos::AtLeastOnce)).unwrap();
    open(&subscribing(&fits, Qos::AtLeastOnce)).unwrap();
    fails(open(&publishing(&long, Qos::AtMostOnce)), BadRequest, "256");
    fails(open(&subscribing(&long, Qos::AtMostOnce)), BadRequest, "256");
    fails(open(&publishing("t", Qos::ExactlyOnce)), BadRequest, "QoS 2");
    fails(open(&subscribing("t", Qos::ExactlyOnce)), BadRequest, "QoS 2");
    let deep = |n| vec!["l"; n].join("/");
    open(&subscribing(&deep(MAX_AWS_SLASHES + 1), Qos::AtMostOnce)).unwrap();
    fails(open(&subscribing(&deep(MAX_AWS_SLASHES + 2), Qos::AtMostOnce)), BadRequest, "slashes");
    open(&publishing("$aws/things/thing/shadow/name/n/update/a/b/c", Qos::AtMostOnce)).unwrap();
}
