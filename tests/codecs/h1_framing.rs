//! Every way in which a response's body can end, in every cut.

use super::feed::{Outcome, Seen, feed, feed_whole_and_bytewise, request};
use proptest::prelude::*;
use securestreams::proto::{ProtoErrorKind, Request, Reuse};

struct Case {
    name: &'static str,
    method: &'static str,
    bytes: &'static str,
    eof: bool,
    status: u16,
    /// The whole message, if there is one.
    body: Option<&'static str>,
    reuse: Reuse,
}

const fn get(name: &'static str, bytes: &'static str, body: Option<&'static str>) -> Case {
    Case { name, method: "GET", bytes, eof: false, status: 200, body, reuse: Reuse::Idle }
}

const CASES: &[Case] = &[
    get("length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", Some("hello")),
    get("length 0", "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n", None),
    get(
        "equal lengths",
        "HTTP/1.1 200 OK\r\ncontent-length: 2, 2\r\ncontent-length: 2\r\n\r\nab",
        Some("ab"),
    ),
    get("bare LF in the head", "HTTP/1.1 200 OK\ncontent-length: 2\n\nab", Some("ab")),
    get("no reason phrase", "HTTP/1.1 200\r\ncontent-length: 2\r\n\r\nab", Some("ab")),
    get("latin-1 reason phrase", "HTTP/1.1 200 \u{e9}\r\ncontent-length: 2\r\n\r\nab", Some("ab")),
    get(
        "empty line with spaces in a fold",
        "HTTP/1.1 200 OK\r\nx: a\r\n \r\ncontent-length: 2\r\n\r\nab",
        Some("ab"),
    ),
    get(
        "chunks",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n",
        Some("hello world"),
    ),
    get(
        "chunk of 0x10",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n00A\r\n0123456789\r\n10\r\n0123456789abcdef\r\n000\r\n\r\n",
        Some("01234567890123456789abcdef"),
    ),
    get(
        "chunk extensions",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2;a=b;c=\"d e\"\r\nhi\r\n1 ; x\r\n!\r\n0;last\r\n\r\n",
        Some("hi!"),
    ),
    get(
        "size padded with spaces",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2  \r\nhi\r\n0 \r\n\r\n",
        Some("hi"),
    ),
    get(
        "trailers",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nx-sum: 1\r\ny:\r\n\r\n",
        Some("hi"),
    ),
    get("no chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", None),
    get(
        "folded transfer-encoding",
        "HTTP/1.1 200 OK\r\ntransfer-encoding:\r\n chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        Some("x"),
    ),
    get(
        "100 and 103",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nab",
        Some("ab"),
    ),
    get(
        "1xx has no body whatever it says",
        "HTTP/1.1 102 X\r\ncontent-length: 9\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na",
        Some("a"),
    ),
    Case {
        reuse: Reuse::Never,
        eof: true,
        ..get("until close", "HTTP/1.1 200 OK\r\n\r\nall of it", Some("all of it"))
    },
    Case {
        reuse: Reuse::Never,
        eof: true,
        ..get("until close, nothing", "HTTP/1.1 200 OK\r\n\r\n", None)
    },
    Case {
        reuse: Reuse::Never,
        eof: true,
        ..get(
            "until close, keep-alive",
            "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\n\r\nx",
            Some("x"),
        )
    },
    Case {
        method: "HEAD",
        ..get("HEAD with a length", "HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n", None)
    },
    Case {
        method: "HEAD",
        ..get("HEAD with chunks", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n", None)
    },
    Case { method: "HEAD", ..get("HEAD with nothing", "HTTP/1.1 200 OK\r\n\r\n", None) },
    Case { status: 204, ..get("204", "HTTP/1.1 204 No Content\r\n\r\n", None) },
    Case {
        status: 304,
        ..get("304 with a length", "HTTP/1.1 304 X\r\ncontent-length: 99\r\n\r\n", None)
    },
    Case { status: 404, ..get("404", "HTTP/1.1 404 X\r\ncontent-length: 2\r\n\r\nno", Some("no")) },
    Case {
        status: 0,
        ..get("status is no number", "HTTP/1.1 xyz NotANumber\r\ncontent-length: 0\r\n\r\n", None)
    },
    Case {
        status: 0,
        ..get("status is too long", "HTTP/1.1 2000 OK\r\ncontent-length: 1\r\n\r\nx", Some("x"))
    },
    Case {
        reuse: Reuse::Never,
        ..get(
            "connection: close",
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: x, Close\r\n\r\na",
            Some("a"),
        )
    },
    Case {
        reuse: Reuse::Never,
        ..get("HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na", Some("a"))
    },
    get(
        "HTTP/1.0 kept alive",
        "HTTP/1.0 200 OK\r\ncontent-length: 1\r\nConnection: Keep-Alive\r\n\r\na",
        Some("a"),
    ),
    Case {
        reuse: Reuse::Never,
        ..get(
            "close beats keep-alive",
            "HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: keep-alive\r\nconnection: close\r\n\r\na",
            Some("a"),
        )
    },
    Case {
        reuse: Reuse::Never,
        ..get(
            "chunks in HTTP/1.0",
            "HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n1\r\na\r\n0\r\n\r\n",
            Some("a"),
        )
    },
    Case {
        reuse: Reuse::Never,
        ..get("bytes after a length", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nab", Some("a"))
    },
    Case {
        reuse: Reuse::Never,
        ..get(
            "bytes after chunks",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
            None,
        )
    },
    Case {
        reuse: Reuse::Never,
        method: "HEAD",
        ..get("body after HEAD", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na", None)
    },
    Case {
        reuse: Reuse::Never,
        status: 204,
        ..get("body after 204", "HTTP/1.1 204 X\r\ncontent-length: 1\r\n\r\na", None)
    },
    Case {
        reuse: Reuse::Never,
        eof: true,
        ..get("close after the end", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na", Some("a"))
    },
];

fn outcome_is(case: &Case, got: &Outcome) {
    let (name, seen) = (case.name, &got.seen);
    assert_eq!(got.error, None, "{name}");
    assert!(
        matches!(seen.first(), Some(Seen::Head(s, _)) if *s == case.status),
        "{name}: {seen:?}"
    );
    let message = case.body.map(|b| Seen::Message(b.as_bytes().to_vec(), true));
    let rest: Vec<&Seen> = message.iter().chain([&Seen::End]).collect();
    assert_eq!(seen[1..].iter().collect::<Vec<_>>(), rest, "{name}");
    assert_eq!(got.reuse, case.reuse, "{name}");
    assert!(got.started, "{name}");
}

#[test]
fn every_framing_whole_and_byte_by_byte() {
    for case in CASES {
        let got = feed_whole_and_bytewise(&request(case.method), case.bytes.as_bytes(), case.eof);
        outcome_is(case, &got);
    }
}

#[test]
fn every_framing_cut_in_two_at_each_byte() {
    for case in CASES {
        let bytes = case.bytes.as_bytes();
        for at in 0..=bytes.len() {
            let (a, b) = bytes.split_at(at);
            outcome_is(case, &feed(&request(case.method), [a, b], case.eof));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_framing_in_random_cuts(
        which in 0..CASES.len(),
        cuts in proptest::collection::vec(0..200_usize, 0..8),
    ) {
        let case = &CASES[which];
        outcome_is(case, &feed(&request(case.method), pieces(case.bytes.as_bytes(), cuts), case.eof));
    }

    /// Whatever the bytes are, the cuts make no difference and nothing panics.
    #[test]
    fn damaged_responses_are_read_alike_in_any_cut(
        which in 0..CASES.len(),
        damage in proptest::collection::vec((0..200_usize, any::<u8>(), 0..3_u8), 0..4),
        cuts in proptest::collection::vec(0..200_usize, 0..8),
        eof in any::<bool>(),
    ) {
        let case = &CASES[which];
        let mut bytes = case.bytes.as_bytes().to_vec();
        for (at, byte, how) in damage {
            let at = at % bytes.len();
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => {}
            }
        }
        let whole = feed_whole_and_bytewise(&request(case.method), &bytes, eof);
        prop_assert_eq!(whole, feed(&request(case.method), pieces(&bytes, cuts), eof));
    }
}

fn pieces(bytes: &[u8], mut cuts: Vec<usize>) -> Vec<&[u8]> {
    cuts.retain(|&c| c <= bytes.len());
    cuts.push(0);
    cuts.push(bytes.len());
    cuts.sort_unstable();
    cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect()
}

#[test]
fn fields_arrive_in_order_with_folds_undone() {
    let bytes =
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-A:  one \r\n\ttwo\r\nx-a: \xe9\r\nE:\r\n\r\n";
    let got = feed_whole_and_bytewise(&request("GET"), bytes, false);
    let Some(Seen::Head(200, fields)) = got.seen.first() else { panic!("{got:?}") };
    let names: Vec<&str> = fields.iter().map(|(n, _)| n.as_str()).collect();
    assert_eq!(names, ["Content-Length", "X-A", "x-a", "E"]);
    assert!(!fields[1].1.contains(['\r', '\n']), "{:?}", fields[1].1);
    assert_eq!(fields[1].1.split_ascii_whitespace().collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(fields[3].1, "");
}

#[test]
fn payload_is_a_slice_of_the_input() {
    use securestreams::proto::{Codec, Event, h1::H1};
    let mut codec = H1::new();
    let mut out = securestreams::util::TxBuf::new();
    codec.start(&request("GET"), &mut out).unwrap();
    let bytes = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";
    let mut input = &bytes[..];
    assert!(matches!(codec.receive(&mut input, &mut out, 0), Ok(Some(Event::Head { .. }))));
    let Ok(Some(Event::Data { data, .. })) = codec.receive(&mut input, &mut out, 0) else {
        panic!("no payload");
    };
    assert!(std::ptr::eq(data, &raw const bytes[bytes.len() - 5..]));
}

#[test]
fn close_inside_a_response_is_an_error() {
    let cut = [
        ("", "before the response", false),
        ("HTTP/1.1 200 O", "inside the response's head", true),
        ("HTTP/1.1 100 X\r\n\r\n", "inside the response's head", true),
        ("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhe", "3 bytes before the end", true),
        ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhe", "last chunk", true),
        (
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nh\r\n0\r\n",
            "last chunk",
            true,
        ),
    ];
    for (bytes, why, started) in cut {
        let got = feed_whole_and_bytewise(&request("GET"), bytes.as_bytes(), true);
        let error = got.error.expect(bytes);
        assert_eq!(error.kind, ProtoErrorKind::CutShort);
        assert!(error.detail.contains(why), "{bytes:?}: {error}");
        assert_eq!(got.started, started, "{bytes:?}");
        assert!(!got.seen.iter().any(|s| matches!(s, Seen::End | Seen::Message(_, true))));
    }
}

#[test]
fn upgrade_only_where_asked_for_and_leaves_what_follows() {
    let bytes = b"HTTP/1.1 101 Switching\r\nupgrade: x\r\n\r\n\x81\x00";
    let plain = feed_whole_and_bytewise(&request("GET"), bytes, false);
    assert_eq!(plain.error.map(|e| e.kind), Some(ProtoErrorKind::Malformed));

    let fields: &[(&str, &[u8])] = &[("Connection", b"Upgrade"), ("Upgrade", b"x")];
    let asking = Request { fields, ..request("GET") };
    let got = feed_whole_and_bytewise(&asking, bytes, false);
    assert_eq!(got.error, None);
    assert!(matches!(got.seen[..], [Seen::Head(101, _)]));
    assert_eq!((got.left, got.reuse), (2, Reuse::Never));
}
