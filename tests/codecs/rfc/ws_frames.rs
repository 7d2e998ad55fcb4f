//! RFC 6455 5, 7 and 8.1: what comes of a peer's frames. Both sides have the same rules, but for
//! the mask (5.1), so each row is fed to both: to a client as a server's frames, to a server as a
//! client's.
//!
//! Not to be tested here:
//! - 7.1.1 who closes the TCP connection first, and how long that is awaited: a codec has none. See
//!   `tests/ws_closing.rs`.
//! - 5.3 the masking key "MUST be derived from a strong source of entropy": what the engine gives
//!   is ring's; that each frame asks for one of its own is in `ws_sending.rs`.
//! - 5.4 "MUST NOT change the fragmentation" of frames with unknown extensions: for intermediaries.
//! - 5.4 a sender "MUST NOT create fragments for control frames", 5.5 "MUST NOT be fragmented":
//!   there is no call that could do it.
//! - 7.2.3 "SHOULD use a delay" before coming back: the policy's retry, see `stream`.

use securestreams::proto::ProtoErrorKind;
use securestreams::proto::ws::{MAX_PONGS_WAITING, Options, Role, ServerOptions};

use super::super::ws_feed::{self, Outcome, Seen, Sent};
use super::super::ws_serve_feed;
use super::cuts;

pub const CONT: u8 = 0x80;
pub const TEXT: u8 = 0x81;
pub const BINARY: u8 = 0x82;
pub const CLOSE: u8 = 0x88;
pub const PING: u8 = 0x89;
pub const PONG: u8 = 0x8a;
/// Takes FIN away.
const MORE: u8 = 0x7f;
const KEY: [u8; 4] = [0xa1, 0x02, 0x73, 0x54];

/// What the peer sends.
enum Part {
    /// A frame: its first byte and its payload, masked as it has to be.
    Frame(u8, Vec<u8>),
    /// The same, masked by a server or not masked by a client.
    WrongMask(u8, Vec<u8>),
    /// A header whose length is written as it is here, and nothing behind it.
    Header(u8, Vec<u8>),
    /// Bytes.
    Raw(Vec<u8>),
}

use Part::{Frame, Header, Raw, WrongMask};

/// What is to come of it.
enum Then {
    /// What the program sees, and the frames that answer.
    Fine(Vec<Seen>, Vec<Sent>),
    /// The connection is failed: what was seen before, the status in our close frame, and a word
    /// of the error.
    Fails(Vec<Seen>, u16, &'static str),
}

struct Row(&'static str, Vec<Part>, Then);

fn f(first: u8, payload: impl AsRef<[u8]>) -> Part {
    Frame(first, payload.as_ref().to_vec())
}

fn status(code: u16) -> Vec<u8> {
    code.to_be_bytes().to_vec()
}

fn close(code: u16, reason: impl AsRef<[u8]>) -> Part {
    Frame(CLOSE, [&status(code), reason.as_ref()].concat())
}

fn told(messages: &[&[u8]]) -> Vec<Seen> {
    messages.iter().map(|m| Seen::Message(m.to_vec(), true)).collect()
}

fn fine(seen: Vec<Seen>) -> Then {
    Then::Fine(seen, Vec::new())
}

fn closes(answer: &[u8]) -> Then {
    Then::Fine(vec![Seen::End], vec![(CLOSE, answer.to_vec())])
}

fn fails(code: u16, word: &'static str) -> Then {
    Then::Fails(Vec::new(), code, word)
}

/// A message of which so much was told before the connection failed.
fn cut_off(told: &[u8], code: u16, word: &'static str) -> Then {
    Then::Fails(vec![Seen::Message(told.to_vec(), false)], code, word)
}

/// 5.2: opcodes and reserved bits, and lengths.
fn framing() -> Vec<Row> {
    let long = vec![7; 70_000];
    let mut rows = vec![
        Row("5.6 text", vec![f(TEXT, "hé€𝄞")], fine(told(&["hé€𝄞".as_bytes()]))),
        Row("5.6 binary", vec![f(BINARY, b"\xff\0")], fine(told(&[b"\xff\0"]))),
        Row("5.6 empty", vec![f(TEXT, ""), f(BINARY, "")], fine(told(&[b"", b""]))),
        Row("5.2 125 bytes", vec![f(BINARY, &long[..125])], fine(told(&[&long[..125]]))),
        Row("5.2 126 bytes", vec![f(BINARY, &long[..126])], fine(told(&[&long[..126]]))),
        Row("5.2 65536 bytes", vec![f(BINARY, &long[..65536])], fine(told(&[&long[..65536]]))),
        Row(
            "5.1 data with the wrong mask",
            vec![WrongMask(TEXT, b"x".to_vec())],
            fails(1002, "masked"),
        ),
        Row(
            "5.1 empty data with the wrong mask",
            vec![WrongMask(TEXT, vec![])],
            fails(1002, "masked"),
        ),
        Row(
            "5.1 ping with the wrong mask",
            vec![WrongMask(PING, b"x".to_vec())],
            fails(1002, "masked"),
        ),
        Row(
            "5.1 pong with the wrong mask",
            vec![WrongMask(PONG, b"x".to_vec())],
            fails(1002, "masked"),
        ),
        Row(
            "5.1 close with the wrong mask",
            vec![WrongMask(CLOSE, status(1000))],
            fails(1002, "masked"),
        ),
        Row(
            "5.1 wrong mask in a later fragment",
            vec![f(TEXT & MORE, "x"), WrongMask(CONT, b"y".to_vec())],
            cut_off(b"x", 1002, "masked"),
        ),
        Row(
            "5.2 16 bits where 7 do",
            vec![Header(BINARY, vec![126, 0, 125])],
            fails(1002, "more bytes"),
        ),
        Row(
            "5.2 64 bits where 7 do",
            vec![Header(BINARY, vec![127, 0, 0, 0, 0, 0, 0, 0, 1])],
            fails(1002, "more bytes"),
        ),
        Row(
            "5.2 64 bits where 16 do",
            vec![Header(BINARY, vec![127, 0, 0, 0, 0, 0, 0, 255, 255])],
            fails(1002, "more bytes"),
        ),
        Row(
            "5.2 top bit of a length",
            vec![Header(BINARY, vec![127, 128, 0, 0, 0, 0, 1, 0, 0])],
            fails(1002, "top bit"),
        ),
    ];
    for bit in [0x40, 0x20, 0x10, 0x70] {
        for first in [TEXT, BINARY, PING, PONG, CLOSE] {
            rows.push(Row(
                "5.2 reserved bit",
                vec![f(first | bit, "")],
                fails(1002, "reserved bit"),
            ));
        }
        let parts = vec![f(TEXT & MORE, "x"), f(CONT | bit, "y")];
        rows.push(Row("5.2 in a continuation", parts, cut_off(b"x", 1002, "reserved bit")));
    }
    for opcode in [3, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        rows.push(Row("5.2 opcode", vec![f(0x80 | opcode, "")], fails(1002, "opcode")));
        rows.push(Row("5.2 opcode, not final", vec![f(opcode, "x")], fails(1002, "opcode")));
    }
    rows
}

/// 5.4: messages in fragments.
fn fragments() -> Vec<Row> {
    let hello = || vec![f(TEXT & MORE, "Hel"), f(CONT & MORE, "l"), f(CONT, "o")];
    vec![
        Row("5.4 fragments", hello(), fine(told(&[b"Hello"]))),
        Row(
            "5.4 empty fragments",
            vec![
                f(TEXT & MORE, ""),
                f(CONT & MORE, "x"),
                f(CONT & MORE, ""),
                f(CONT, ""),
                f(BINARY & MORE, ""),
                f(CONT, ""),
            ],
            fine(told(&[b"x", b""])),
        ),
        Row(
            "5.4, 5.5 control frames inside a message are taken and answered",
            vec![
                f(TEXT & MORE, "Hel"),
                f(PING, "mid"),
                f(CONT & MORE, "l"),
                f(PONG, ""),
                f(CONT, "o"),
                f(BINARY, "x"),
            ],
            Then::Fine(
                vec![told(&[b"Hello"]).remove(0), Seen::Alive, told(&[b"x"]).remove(0)],
                vec![(PONG, b"mid".to_vec())],
            ),
        ),
        Row("5.4 continuation of nothing", vec![f(CONT, "x")], fails(1002, "continuation")),
        Row("5.4 the same, not final", vec![f(CONT & MORE, "x")], fails(1002, "continuation")),
        Row(
            "5.4 continuation after the end",
            vec![f(TEXT, "x"), f(CONT, "y")],
            Then::Fails(told(&[b"x"]), 1002, "continuation"),
        ),
        Row(
            "5.4 continuation after the last fragment",
            [hello(), vec![f(CONT, "y")]].into_iter().flatten().collect(),
            Then::Fails(told(&[b"Hello"]), 1002, "continuation"),
        ),
        Row(
            "5.4 text inside a text",
            vec![f(TEXT & MORE, "x"), f(TEXT, "y")],
            cut_off(b"x", 1002, "inside another"),
        ),
        Row(
            "5.4 binary inside a text",
            vec![f(TEXT & MORE, "x"), f(BINARY & MORE, "y")],
            cut_off(b"x", 1002, "inside another"),
        ),
        Row(
            "5.4 text inside a binary, a ping between",
            vec![f(BINARY & MORE, "x"), f(PONG, ""), f(TEXT, "y")],
            Then::Fails(
                vec![Seen::Message(b"x".to_vec(), false), Seen::Alive],
                1002,
                "inside another",
            ),
        ),
    ]
}

/// 5.5: control frames.
fn control() -> Vec<Row> {
    let mut rows = vec![
        Row(
            "5.5.3 a ping is answered with its payload",
            vec![f(PING, ""), f(PING, "Hello"), f(PING, [9; 125])],
            Then::Fine(
                vec![],
                vec![(PONG, vec![]), (PONG, b"Hello".to_vec()), (PONG, vec![9; 125])],
            ),
        ),
        Row("5.5.3 a pong unasked is not answered", vec![f(PONG, "any")], fine(vec![Seen::Alive])),
        Row("5.5 a pong of 125 bytes", vec![f(PONG, [255; 125])], fine(vec![Seen::Alive])),
        Row("5.5.1 close, empty", vec![f(CLOSE, "")], closes(b"")),
        Row("5.5.1 close is echoed", vec![close(1000, "")], closes(&status(1000))),
        Row("5.5.1 close with a reason", vec![close(4001, "schluß")], closes(&status(4001))),
        Row("5.5.1 a reason of 123 bytes", vec![close(1000, [b'r'; 123])], closes(&status(1000))),
        Row(
            "5.5.1 what follows a close is ignored, 5.5.2 pings too",
            vec![close(1001, ""), f(PING, "p"), f(TEXT, "y"), Raw(vec![255; 20])],
            closes(&status(1001)),
        ),
        Row(
            "5.5.1 close inside a message",
            vec![f(TEXT & MORE, "x"), close(1001, ""), f(CONT, "y")],
            Then::Fine(
                vec![Seen::Message(b"x".to_vec(), false), Seen::End],
                vec![(CLOSE, status(1001))],
            ),
        ),
        Row("5.5.1 half a status", vec![f(CLOSE, [3])], fails(1002, "half a status")),
        Row("5.5.1 reason not UTF-8", vec![close(1000, b"\xc3\x28")], fails(1007, "UTF-8")),
        Row("5.5.1 reason cut short", vec![close(1000, b"a\xe2\x82")], fails(1007, "UTF-8")),
        Row("5.5.1 reason a surrogate", vec![close(1000, b"\xed\xa0\x80")], fails(1007, "UTF-8")),
    ];
    for first in [PING, PONG, CLOSE] {
        let fragment = vec![f(first & MORE, "")];
        rows.push(Row("5.5 fragmented control frame", fragment, fails(1002, "fragmented")));
        rows.push(Row("5.5 126 bytes", vec![f(first, [3; 126])], fails(1002, "126 bytes")));
        let huge = vec![Header(first, vec![127, 0, 0, 1, 0, 0, 0, 0, 0])];
        rows.push(Row("5.5 claims 2^40 bytes", huge, fails(1002, "bytes")));
    }
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000] {
        rows.push(Row(
            "7.4 status that may be sent",
            vec![close(code, "why")],
            closes(&status(code)),
        ));
    }
    for code in [3999, 4000, 4999] {
        rows.push(Row(
            "7.4.2 status of an application",
            vec![close(code, "")],
            closes(&status(code)),
        ));
    }
    for code in [1004, 1005, 1006, 1015] {
        rows.push(Row(
            "7.4.1 status that is no status",
            vec![close(code, "")],
            fails(1002, "status 10"),
        ));
    }
    for code in [0, 1, 999, 1016, 1100, 2000, 2999, 5000, 65535] {
        rows.push(Row(
            "7.4.2 status that nobody has",
            vec![close(code, "")],
            fails(1002, "status"),
        ));
    }
    rows
}

/// 8.1: text is UTF-8, and what is not is found at its first wrong byte.
fn utf8() -> Vec<Row> {
    let mut rows = vec![
        Row(
            "8.1 a character across fragments",
            vec![f(TEXT & MORE, b"\xe2\x82"), f(PING, ""), f(CONT, b"\xac")],
            Then::Fine(told(&["€".as_bytes()]), vec![(PONG, vec![])]),
        ),
        Row(
            "8.1 a wrong byte in a later fragment",
            vec![f(TEXT & MORE, b"\xe2\x82"), f(CONT, "(")],
            cut_off(b"\xe2\x82", 1007, "UTF-8"),
        ),
        Row(
            "8.1 cut by an empty last fragment",
            vec![f(TEXT & MORE, b"\xe2\x82"), f(CONT, "")],
            cut_off(b"\xe2\x82", 1007, "UTF-8"),
        ),
        Row(
            "8.1 the rest of a character in the next message",
            vec![f(TEXT, b"\xe2\x82"), f(TEXT, b"\xac")],
            cut_off(b"\xe2", 1007, "UTF-8"),
        ),
        Row(
            "8.1 binary is anything, also in fragments",
            vec![f(BINARY & MORE, b"\xe2\x82"), f(CONT, b"\xff")],
            fine(told(&[b"\xe2\x82\xff"])),
        ),
    ];
    let wrong: [(&[u8], usize); 7] = [
        (b"a\x80", 1),
        (b"\xc0\xaf", 0),
        (b"\xed\xa0\x80", 1),
        (b"\xf4\x90\x80\x80", 1),
        (b"\xf5", 0),
        (b"\xff\xfe", 0),
        (b"ab\xe2\x82", 3),
    ];
    for (text, good) in wrong {
        let then = match good {
            0 => fails(1007, "UTF-8"),
            _ => cut_off(&text[..good], 1007, "UTF-8"),
        };
        rows.push(Row("8.1 not UTF-8", vec![f(TEXT, text)], then));
    }
    rows
}

fn encoded(peer: Role, parts: &[Part]) -> Vec<u8> {
    let masked = |yes: bool, first: u8, length: &[u8], payload: &[u8]| {
        let mut bytes = vec![first];
        bytes.extend(length);
        if yes {
            bytes[1] |= 0x80;
            bytes.extend(KEY);
        }
        let key = if yes { KEY } else { [0; 4] };
        bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(b, k)| b ^ k));
        bytes
    };
    let length = |n: usize| match n {
        0..126 => vec![n as u8],
        126..0x1_0000 => [&[126][..], &(n as u16).to_be_bytes()].concat(),
        _ => [&[127][..], &(n as u64).to_be_bytes()].concat(),
    };
    let client = peer == Role::Client;
    let bytes = |part: &Part| match part {
        Frame(first, p) => masked(client, *first, &length(p.len()), p),
        WrongMask(first, p) => masked(!client, *first, &length(p.len()), p),
        Header(first, len) => masked(client, *first, len, b""),
        Raw(bytes) => bytes.clone(),
    };
    parts.iter().flat_map(bytes).collect()
}

/// Feeds one of ours, in `role`.
fn fed(role: Role, pieces: &[&[u8]], eof: bool) -> Outcome {
    let pieces = pieces.iter().copied();
    match role {
        Role::Client => {
            let open = ws_feed::opening("");
            let all = [&open[..]].into_iter().chain(pieces);
            let mut outcome = ws_feed::feed(Options::default(), all, eof);
            assert_eq!(outcome.seen.remove(0), Seen::Head(101));
            outcome.comparable(false)
        }
        Role::Server => {
            let o = ws_serve_feed::feed(&ServerOptions::default(), pieces, eof).comparable(false);
            let seen = o.seen.into_iter().map(|s| match s {
                ws_serve_feed::Seen::Message(bytes, ended) => Seen::Message(bytes, ended),
                ws_serve_feed::Seen::Alive => Seen::Alive,
                ws_serve_feed::Seen::End => Seen::End,
            });
            Outcome {
                seen: seen.collect(),
                error: o.error,
                sent: o.sent,
                farewell: o.farewell,
                close_status: o.close_status,
                reuse: o.reuse,
                most_memory: o.most_memory,
            }
        }
    }
}

/// The other side.
fn peer_of(role: Role) -> Role {
    if role == Role::Client { Role::Server } else { Role::Client }
}

fn judge(role: Role, row: &Row) {
    let Row(name, parts, then) = row;
    let bytes = encoded(peer_of(role), parts);
    let name = format!("{role:?}: {name} {:02x?}", &bytes[..bytes.len().min(12)]);
    let outcome = fed(role, &[&bytes], false);
    assert_eq!(
        outcome,
        fed(role, &bytes.chunks(1).collect::<Vec<_>>(), false),
        "{name}: byte by byte"
    );
    for cut in cuts(&bytes) {
        assert_eq!(outcome, fed(role, &cut, false), "{name}: cut at {}", cut[0].len());
    }
    match then {
        Then::Fine(seen, sent) => {
            assert_eq!(outcome.error, None, "{name}");
            assert_eq!((&outcome.seen, &outcome.sent), (seen, sent), "{name}");
        }
        Then::Fails(seen, code, word) => {
            let error = outcome.error.as_ref().unwrap_or_else(|| panic!("{name}: {outcome:?}"));
            assert_eq!(error.kind, ProtoErrorKind::Malformed, "{name}");
            assert!(error.detail.contains(word), "{name}: {error}");
            let told = vec![(CLOSE, status(*code))];
            assert_eq!((&outcome.seen, &outcome.sent), (seen, &told), "{name}");
        }
    }
}

fn judge_all(rows: &[Row]) {
    for role in [Role::Client, Role::Server] {
        rows.iter().for_each(|row| judge(role, row));
    }
}

#[test]
fn frames_have_their_form() {
    judge_all(&framing());
}

#[test]
fn messages_are_in_order() {
    judge_all(&fragments());
}

#[test]
fn control_frames() {
    judge_all(&control());
}

#[test]
fn text_is_utf8() {
    judge_all(&utf8());
}

/// 7.1.5, 7.1.6: what the program is told of a close.
#[test]
fn the_peers_words() {
    for role in [Role::Client, Role::Server] {
        let told = |part: Option<Part>| {
            let bytes = encoded(peer_of(role), &part.into_iter().collect::<Vec<_>>());
            let o = fed(role, &[&bytes], true);
            (o.close_status, o.farewell.unwrap_or_default(), o.error.map(|e| e.kind))
        };
        let with = (Some(3000), "closed by the peer with status 3000 \"why\"".to_owned(), None);
        assert_eq!(told(Some(close(3000, "why"))), with);
        let without = (Some(1005), "closed by the peer, without a status".to_owned(), None);
        assert_eq!(told(Some(f(CLOSE, ""))), without);
        // 1006: never on the wire, and no status here either
        assert_eq!(told(None), (None, String::new(), Some(ProtoErrorKind::CutShort)));
        let inside = told(Some(f(TEXT & MORE, "x")));
        assert_eq!(inside, (None, String::new(), Some(ProtoErrorKind::CutShort)));
    }
}

/// 5.5.3: of pings that are not answered yet, only the last has to be.
#[test]
fn pings_that_nobody_takes_the_answers_of() {
    for role in [Role::Client, Role::Server] {
        let pings: Vec<Part> = (0..500_u16).map(|n| f(PING, n.to_be_bytes())).collect();
        let bytes = encoded(peer_of(role), &pings);
        let expected: Vec<Sent> =
            (0..u16::from(MAX_PONGS_WAITING)).map(|n| (PONG, n.to_be_bytes().to_vec())).collect();
        assert_eq!(fed(role, &[&bytes], false).sent, expected, "{role:?}");
    }
}
