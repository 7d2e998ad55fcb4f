//! Responses that are refused: ambiguous, broken, or over a limit.

use super::feed::{Outcome, feed_whole_and_bytewise, request};
use securestreams::proto::h1::{MAX_CHUNK_LINE, MAX_FIELDS, MAX_HEAD, MAX_INTERIM, MAX_TRAILERS};
use securestreams::proto::{ProtoErrorKind, Reuse};

fn fed(bytes: &str) -> Outcome {
    feed_whole_and_bytewise(&request("GET"), bytes.as_bytes(), false)
}

fn kind(bytes: &str) -> Option<ProtoErrorKind> {
    fed(bytes).error.map(|e| e.kind)
}

#[test]
fn what_can_be_read_in_two_ways_is_refused() {
    let heads = [
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5, 6\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: +5\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 0x5\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5 5\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5,\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length:\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551616\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, gzip\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: xchunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: identity\r\n\r\n",
        "HTTP/1.1 200 OK\r\ntransfer-encoding:\r\n\r\n",
    ];
    for head in heads {
        let got = fed(head);
        assert_eq!(got.error.map(|e| e.kind), Some(ProtoErrorKind::Malformed), "{head:?}");
        assert!(got.seen.is_empty(), "{head:?}");
    }
}

#[test]
fn broken_heads_are_refused() {
    let heads = [
        "HTTX/9.9 what is this\r\n\r\n",
        "\r\nHTTP/1.1 200 OK\r\n\r\n",
        " HTTP/1.1 200 OK\r\n\r\n",
        "ICY 200 OK\r\n\r\n",
        "http/1.1 200 OK\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.2 200 OK\r\n\r\n",
        "HTTP/1.1\r\n\r\n",
        "HTTP/1.1 \r\n\r\n",
        "HTTP/1.1 2\u{1}0 OK\r\n\r\n",
        "HTTP/1.1 200 O\u{1}K\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
        "HTTP/1.1 200 OK\r\nspace : before colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n folded first\r\n\r\n",
        "HTTP/1.1 200 OK\r\nnul: a\0b\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncr: a\rb\r\n\r\n",
        "HTTP/1.1 200 OK\r\nn(me: x\r\n\r\n",
    ];
    for head in heads {
        assert_eq!(kind(head), Some(ProtoErrorKind::Malformed), "{head:?}");
    }
}

#[test]
fn another_protocol_is_found_out_at_its_first_bytes() {
    assert_eq!(kind("SSH-2.0-x"), Some(ProtoErrorKind::Malformed));
    assert_eq!(kind("HTTQ"), Some(ProtoErrorKind::Malformed));
    assert_eq!(kind("HTT"), None);
}

#[test]
fn broken_chunks_are_refused() {
    let bodies = [
        "\r\n",
        ";x\r\n",
        " 5\r\n",
        "g\r\n",
        "-1\r\n",
        "0x5\r\n",
        "5 5\r\n",
        "5\nhello\r\n",
        "5\r\r\n",
        "5\rx",
        "5;a\nb\r\n",
        "5;a\0\r\n",
        "5;a\rb\r\n",
        "2\r\nabc\r\n",
        "2\r\nab\n",
        "2\r\nab\rx",
        "00000000000000001\r\n",
        "0\r\n\n",
        "0\r\n\rx",
        "0\r\nx: y\n\r\n",
        "0\r\nx: y\rz",
        "0\r\nx\r\n\r\n",
        "0\r\n: y\r\n\r\n",
        "0\r\nx : y\r\n\r\n",
        "0\r\nx(y: z\r\n\r\n",
        "0\r\nx: a\0\r\n\r\n",
        "0\r\nHTTP/1.1 200 OK\r\n\r\n",
    ];
    for body in bodies {
        let bytes = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{body}");
        assert_eq!(kind(&bytes), Some(ProtoErrorKind::Malformed), "{body:?}");
    }
}

/// A head of exactly `len` bytes for an empty body.
fn head_of(len: usize) -> String {
    let rest = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nx: \r\n\r\n";
    rest.replace("x: ", &format!("x: {}", "b".repeat(len - rest.len())))
}

#[test]
fn head_limit() {
    assert_eq!(kind(&head_of(3_000)), None);
    assert_eq!(kind(&head_of(MAX_HEAD)), None);
    assert_eq!(kind(&head_of(MAX_HEAD + 1)), Some(ProtoErrorKind::TooLarge));
    assert_eq!(kind(&head_of(20_000)), Some(ProtoErrorKind::TooLarge));
    // found out without waiting for an end that may never come
    assert_eq!(kind(&head_of(20_000)[..MAX_HEAD]), Some(ProtoErrorKind::TooLarge));
    assert_eq!(kind(&head_of(20_000)[..MAX_HEAD - 1]), None);
}

#[test]
fn field_limit() {
    let head = |n| format!("HTTP/1.1 204 X\r\n{}\r\n", "a: b\r\n".repeat(n));
    assert_eq!(kind(&head(MAX_FIELDS)), None);
    assert_eq!(kind(&head(MAX_FIELDS + 1)), Some(ProtoErrorKind::TooLarge));
}

#[test]
fn interim_limit() {
    let bytes = |n: u8| "HTTP/1.1 100 X\r\n\r\n".repeat(n.into()) + "HTTP/1.1 204 X\r\n\r\n";
    assert_eq!(kind(&bytes(MAX_INTERIM)), None);
    assert_eq!(kind(&bytes(MAX_INTERIM + 1)), Some(ProtoErrorKind::TooLarge));
}

#[test]
fn chunk_line_limit() {
    let bytes = |n: u16| {
        let ext = "e".repeat(usize::from(n) - 2);
        format!("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n1;{ext}\r\na\r\n0\r\n\r\n")
    };
    assert_eq!(kind(&bytes(MAX_CHUNK_LINE)), None);
    assert_eq!(kind(&bytes(MAX_CHUNK_LINE + 1)), Some(ProtoErrorKind::TooLarge));
}

#[test]
fn trailer_limit_is_for_all_of_them() {
    let bytes = |n: u16| {
        let half = "v".repeat(usize::from(n / 2) - 2);
        let (a, b) = (format!("a:{half}"), format!("b:{half}"));
        format!("HTTP/1.1 200 X\r\ntransfer-encoding: chunked\r\n\r\n0\r\n{a}\r\n{b}\r\n\r\n")
    };
    assert_eq!(kind(&bytes(MAX_TRAILERS)), None);
    assert_eq!(kind(&bytes(MAX_TRAILERS + 2)), Some(ProtoErrorKind::TooLarge));
}

#[test]
fn the_largest_length_and_chunk_are_possible() {
    for bytes in [
        "HTTP/1.1 200 OK\r\ncontent-length: 18446744073709551615\r\n\r\nx",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\nx",
    ] {
        let got = fed(bytes);
        assert_eq!((got.error, got.reuse), (None, Reuse::Busy), "{bytes:?}");
    }
}
