//! What a server may send and may not (RFC 6455 5, 7, 8): a row for each thing that a client must
//! or must not do about it.

use proptest::prelude::*;
use securestreams::proto::ProtoErrorKind;
use securestreams::proto::ws::Options;

use super::ws_feed::{Outcome, Seen, Sent, feed, feed_whole_and_bytewise, opening};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CONT: u8 = 0x80;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
/// Takes the final bit away.
const MORE: u8 = 0x7f;

/// An unmasked frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        n @ 0..=125 => bytes.push(n as u8),
        n @ 126..=0xffff => {
            bytes.push(126);
            bytes.extend_from_slice(&(n as u16).to_be_bytes());
        }
        n => {
            bytes.push(127);
            bytes.extend_from_slice(&(n as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    bytes
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(CLOSE, &[&code.to_be_bytes()[..], reason].concat())
}

fn fed(frames: &[u8]) -> Outcome {
    let bytes = [opening("").as_slice(), frames].concat();
    let mut outcome = feed_whole_and_bytewise(&Options::default(), &bytes, false);
    assert_eq!(outcome.seen.remove(0), Seen::Head(101));
    outcome
}

fn message(bytes: &[u8]) -> Seen {
    Seen::Message(bytes.to_vec(), true)
}

#[test]
fn what_a_server_may_send() {
    let long = "é".repeat(40_000);
    let medium = vec![7; 126];
    type Row = (&'static str, Vec<Vec<u8>>, Vec<Seen>, Vec<Sent>);
    let rows: Vec<Row> = vec![
        ("5.6 text", vec![frame(TEXT, b"Hello")], vec![message(b"Hello")], vec![]),
        ("5.6 binary", vec![frame(BINARY, b"\xff\0")], vec![message(b"\xff\0")], vec![]),
        ("empty message", vec![frame(TEXT, b"")], vec![message(b"")], vec![]),
        ("5.2 16 bits", vec![frame(BINARY, &medium)], vec![message(&medium)], vec![]),
        ("64 bits", vec![frame(TEXT, long.as_bytes())], vec![message(long.as_bytes())], vec![]),
        (
            "5.4 fragments",
            vec![frame(TEXT & MORE, b"Hel"), frame(CONT & MORE, b"l"), frame(CONT, b"o")],
            vec![message(b"Hello")],
            vec![],
        ),
        (
            "5.4 empty fragments",
            vec![
                frame(TEXT & MORE, b""),
                frame(CONT & MORE, b"x"),
                frame(CONT & MORE, b""),
                frame(CONT, b""),
                frame(BINARY & MORE, b""),
                frame(CONT, b""),
            ],
            vec![message(b"x"), message(b"")],
            vec![],
        ),
        (
            "5.4 control frames between fragments",
            vec![
                frame(TEXT & MORE, b"one "),
                frame(PING, b"mid"),
                frame(CONT & MORE, b"two "),
                frame(PONG, b""),
                frame(CONT, b"three"),
            ],
            vec![message(b"one two three"), Seen::Alive],
            vec![(PONG, b"mid".to_vec())],
        ),
        (
            "8.1 a character across fragments",
            vec![frame(TEXT & MORE, b"\xe2\x82"), frame(PING, b""), frame(CONT, b"\xac")],
            vec![message("€".as_bytes())],
            vec![(PONG, vec![])],
        ),
        (
            "5.5.3 each ping is answered with its own payload",
            vec![frame(PING, b""), frame(PING, &[9; 125])],
            vec![],
            vec![(PONG, vec![]), (PONG, vec![9; 125])],
        ),
        (
            "5.5.3 a pong that nobody asked for",
            vec![frame(PONG, &[0xff; 125])],
            vec![Seen::Alive],
            vec![],
        ),
        (
            "5.5.1 close without a status is echoed as it is",
            vec![frame(CLOSE, b"")],
            vec![Seen::End],
            vec![(CLOSE, vec![])],
        ),
        (
            "5.5.1 close with a status is echoed",
            vec![close(4001, "schluß".as_bytes())],
            vec![Seen::End],
            vec![(CLOSE, 4001_u16.to_be_bytes().to_vec())],
        ),
        (
            "7.1.6 close inside a message, and nothing counts after it",
            vec![frame(TEXT & MORE, b"x"), close(1001, b""), frame(TEXT, b"y"), vec![0xff; 9]],
            vec![Seen::Message(b"x".to_vec(), false), Seen::End],
            vec![(CLOSE, 1001_u16.to_be_bytes().to_vec())],
        ),
    ];
    for (name, frames, seen, sent) in rows {
        let outcome = fed(&frames.concat());
        assert_eq!(outcome.error, None, "{name}");
        assert_eq!(outcome.seen, seen, "{name}");
        assert_eq!(outcome.sent, sent, "{name}");
    }
}

#[test]
fn what_a_server_may_not_send() {
    let masked = |first| vec![first, 0x81, 1, 2, 3, 4, b'x' ^ 1];
    let invalid = |bytes: &[u8]| frame(TEXT, bytes);
    let rows: Vec<(&str, Vec<Vec<u8>>, &str, u16)> = vec![
        ("5.1 masked data", vec![masked(TEXT)], "masked", 1002),
        ("5.1 masked control", vec![masked(PING)], "masked", 1002),
        ("5.2 RSV1", vec![frame(TEXT | 0x40, b"x")], "reserved bit", 1002),
        ("5.2 RSV2", vec![frame(TEXT | 0x20, b"x")], "reserved bit", 1002),
        ("5.2 RSV3", vec![frame(TEXT | 0x10, b"x")], "reserved bit", 1002),
        ("5.2 RSV1 on a control frame", vec![frame(PING | 0x40, b"")], "reserved bit", 1002),
        ("5.2 opcode 3", vec![frame(0x83, b"")], "opcode", 1002),
        ("5.2 opcode 7", vec![frame(0x87, b"")], "opcode", 1002),
        ("5.2 opcode 11", vec![frame(0x8b, b"")], "opcode", 1002),
        ("5.2 opcode 15", vec![frame(0x8f, b"")], "opcode", 1002),
        ("5.2 16 bits where 7 do", vec![vec![BINARY, 126, 0, 125]], "more bytes", 1002),
        (
            "5.2 64 bits where 16 do",
            vec![vec![BINARY, 127, 0, 0, 0, 0, 0, 0, 0xff, 0xff]],
            "more bytes",
            1002,
        ),
        (
            "5.2 top bit of a 64-bit length",
            vec![vec![BINARY, 127, 0x80, 0, 0, 0, 0, 1, 0, 0]],
            "top bit",
            1002,
        ),
        ("5.4 continuation of nothing", vec![frame(CONT, b"x")], "continuation", 1002),
        (
            "5.4 continuation after the end",
            vec![frame(TEXT, b"x"), frame(CONT, b"x")],
            "continuation",
            1002,
        ),
        (
            "5.4 message inside a message",
            vec![frame(TEXT & MORE, b"x"), frame(TEXT, b"y")],
            "inside another",
            1002,
        ),
        ("5.5 fragmented ping", vec![frame(PING & MORE, b"")], "fragmented", 1002),
        ("5.5 fragmented close", vec![frame(CLOSE & MORE, b"")], "fragmented", 1002),
        ("5.5 long ping", vec![frame(PING, &[0; 126])], "126 bytes", 1002),
        ("5.5 long close", vec![frame(CLOSE, &[3; 200])], "200 bytes", 1002),
        ("5.5 huge pong", vec![vec![PONG, 127, 0, 0, 1, 0, 0, 0, 0, 0]], "bytes", 1002),
        ("5.5.1 half a status", vec![frame(CLOSE, b"\x03")], "half a status", 1002),
        ("5.5.1 reason not UTF-8", vec![close(1000, b"\xc3\x28")], "UTF-8", 1007),
        ("5.5.1 reason cut in a character", vec![close(1000, b"\xe2\x82")], "UTF-8", 1007),
        ("7.4.1 status 1004", vec![close(1004, b"")], "1004", 1002),
        ("7.4.1 status 1005", vec![close(1005, b"")], "1005", 1002),
        ("7.4.1 status 1006", vec![close(1006, b"")], "1006", 1002),
        ("7.4.1 status 1015", vec![close(1015, b"")], "1015", 1002),
        ("7.4.2 status 0", vec![close(0, b"")], "status 0", 1002),
        ("7.4.2 status 999", vec![close(999, b"")], "999", 1002),
        ("7.4.2 status 1016", vec![close(1016, b"")], "1016", 1002),
        ("7.4.2 status 2999", vec![close(2999, b"")], "2999", 1002),
        ("7.4.2 status 5000", vec![close(5000, b"")], "5000", 1002),
        ("8.1 lone continuation byte", vec![invalid(b"a\x80")], "UTF-8", 1007),
        ("8.1 overlong", vec![invalid(b"\xc0\xaf")], "UTF-8", 1007),
        ("8.1 surrogate", vec![invalid(b"\xed\xa0\x80")], "UTF-8", 1007),
        ("8.1 beyond U+10FFFF", vec![invalid(b"\xf4\x90\x80\x80")], "UTF-8", 1007),
        ("8.1 cut in a character", vec![invalid(b"ab\xe2\x82")], "UTF-8", 1007),
        (
            "8.1 cut by an empty last fragment",
            vec![frame(TEXT & MORE, b"\xe2\x82"), frame(CONT, b"")],
            "UTF-8",
            1007,
        ),
        (
            "8.1 wrong byte in a later fragment",
            vec![frame(TEXT & MORE, b"\xe2\x82"), frame(CONT, b"(")],
            "UTF-8",
            1007,
        ),
    ];
    for (name, frames, what, code) in rows {
        let outcome = fed(&frames.concat());
        let error = outcome.error.expect(name);
        assert_eq!(error.kind, ProtoErrorKind::Malformed, "{name}");
        assert!(error.detail.contains(what), "{name}: {error}");
        assert_eq!(outcome.sent, [(CLOSE, code.to_be_bytes().to_vec())], "{name}");
        let whole_message = outcome.seen.iter().filter(|s| matches!(s, Seen::Message(_, true)));
        assert!(whole_message.count() <= usize::from(name.contains("after the end")), "{name}");
    }
}

#[test]
fn statuses_that_may_come() {
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999]
    {
        let outcome = fed(&close(code, b"why"));
        assert_eq!(outcome.seen, [Seen::End], "{code}");
        assert_eq!(outcome.sent, [(CLOSE, u16::to_be_bytes(code).to_vec())]);
        assert_eq!(outcome.close_status, Some(code));
        let words = format!("closed by the peer with status {code} \"why\"");
        assert_eq!(outcome.farewell, Some(words));
    }
    let outcome = fed(&frame(CLOSE, b""));
    assert_eq!(outcome.close_status, Some(1005), "7.1.5");
    assert_eq!(outcome.farewell.as_deref(), Some("closed by the peer, without a status"));
}

#[test]
fn a_close_of_the_transport_alone_is_an_error() {
    for (frames, what) in [(vec![], "without"), (frame(TEXT & MORE, b"x"), "inside a message")] {
        let bytes = [opening(""), frames].concat();
        let error = feed_whole_and_bytewise(&Options::default(), &bytes, true).error.unwrap();
        assert_eq!(error.kind, ProtoErrorKind::CutShort);
        assert!(error.detail.contains(what), "{error}");
    }
    let bytes = [opening(""), close(1000, b"")].concat();
    let outcome = feed_whole_and_bytewise(&Options::default(), &bytes, true);
    assert_eq!((outcome.error, outcome.seen.last()), (None, Some(&Seen::End)));
}

#[test]
fn memory_stays_flat_whatever_a_length_claims() {
    let claims = vec![BINARY, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let open = opening("");
    let chunk = vec![b'x'; 16 * 1024];
    let pieces = [&open[..], &claims].into_iter().chain(std::iter::repeat_n(&chunk[..], 256));
    let outcome = feed(Options::default(), pieces, false);
    assert_eq!(outcome.seen[1], Seen::Message(vec![b'x'; 256 * chunk.len()], false));
    let opened = feed(Options::default(), [&open[..], &[]], false).most_memory;
    assert_eq!(outcome.most_memory, opened, "the handshake was the most");
}

#[test]
fn an_unread_flood_of_pings_is_answered_in_bounds() {
    let flood: Vec<u8> = (0..500_u16).flat_map(|n| frame(PING, &n.to_be_bytes())).collect();
    let outcome = fed(&flood);
    let expected: Vec<Sent> = (0..16_u16).map(|n| (PONG, n.to_be_bytes().to_vec())).collect();
    assert_eq!(outcome.sent, expected);
}

/// Any legal sequence of frames.
fn frames() -> impl Strategy<Value = Vec<u8>> {
    let message = (any::<bool>(), prop::collection::vec(".{0,300}", 1..4), 0..4_u8);
    prop::collection::vec(message, 0..6).prop_map(|messages| {
        let mut bytes = Vec::new();
        for (text, parts, control) in messages {
            let last = parts.len() - 1;
            for (i, part) in parts.iter().enumerate() {
                let kind = if text { TEXT } else { BINARY };
                let first = if i == 0 { kind } else { CONT };
                bytes.extend(frame(if i == last { first } else { first & MORE }, part.as_bytes()));
                match control {
                    0 => bytes.extend(frame(PING, &part.as_bytes()[..part.len().min(125)])),
                    1 => bytes.extend(frame(PONG, b"")),
                    _ => {}
                }
            }
        }
        bytes
    })
}

fn cut(bytes: &[u8], mut at: Vec<usize>) -> Vec<&[u8]> {
    at.iter_mut().for_each(|n| *n %= bytes.len() + 1);
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.windows(2).map(|w| &bytes[w[0]..w[1]]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn cuts_make_no_difference(
        frames in frames(),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
        broken in prop::option::of((any::<usize>(), any::<u8>())),
    ) {
        let mut bytes = [opening(""), frames].concat();
        if let Some((at, value)) = broken {
            let at = at % bytes.len();
            bytes[at] ^= value;
        }
        let whole = feed_whole_and_bytewise(&Options::default(), &bytes, true).comparable(false);
        let pieces = cut(&bytes, cuts);
        prop_assert_eq!(feed(Options::default(), pieces, true).comparable(false), whole);
    }
}
