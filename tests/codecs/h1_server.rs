//! Serving h1: requests, answers, and what becomes of the connection.

use super::h1_serve_feed::{Answers, Ask, Seen, Server, TEXT, check_input, fed_whole_and_bytewise};
use securestreams::proto::h1::ServerOptions;
use securestreams::proto::{BodyLen, Codec, ProtoErrorKind, Response, Reuse, Upgrade};
use securestreams::util::TxBuf;

const GET: &str = "GET / HTTP/1.1\r\nhost: h\r\n\r\n";
const CONTINUE: &str = "HTTP/1.1 100 Continue\r\n\r\n";
const OK_5: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

impl Server {
    /// What was sent since it was last asked.
    pub fn sent(&mut self) -> String {
        let text = String::from_utf8_lossy(self.out.pending()).into_owned();
        self.out.clear();
        text
    }

    /// Targets of the requests seen.
    pub fn targets(&self) -> Vec<&str> {
        let target = |s: &'_ Seen| matches!(s, Seen::Request(_));
        let asks = self.seen.iter().filter(|s| target(s));
        asks.map(|s| if let Seen::Request(a) = s { &a.target[..] } else { "" }).collect()
    }
}

fn served(bytes: &str, answers: Answers) -> Server {
    fed_whole_and_bytewise(ServerOptions::default(), answers, bytes.as_bytes(), false)
}

fn asked(bytes: &str) -> Ask {
    let server = served(bytes, Answers::Never);
    assert_eq!(server.error, None, "{bytes:?}");
    match &server.seen[..] {
        [Seen::Request(ask), ..] => ask.clone(),
        other => panic!("{bytes:?}: {other:?}"),
    }
}

/// Waits for the test's answer.
fn waiting(bytes: &str) -> Server {
    let mut server = Server::new(ServerOptions::default(), Answers::Never);
    server.feed(bytes);
    assert_eq!(server.error, None, "{bytes:?}");
    server
}

#[test]
fn heads() {
    let ask =
        asked("PUT /a/b?c=d HTTP/1.1\r\nHost: ex.com:80\r\nX-A: 1\r\ncontent-length: 3\r\n\r\n");
    assert_eq!((&ask.method[..], &ask.target[..]), ("PUT", "/a/b?c=d"));
    assert_eq!((&ask.authority[..], ask.body), ("ex.com:80", BodyLen::Known(3)));
    assert_eq!(ask.fields[1], ("X-A".to_owned(), "1".to_owned()));
    assert_eq!(asked("GET / HTTP/1.0\r\n\r\n").authority, "");
    assert_eq!(asked("GET / HTTP/1.1\r\nhost:\r\n\r\n").authority, "");
    assert_eq!(asked("OPTIONS * HTTP/1.1\r\nhost: h\r\n\r\n").target, "*");
    assert_eq!(asked("\r\nGET / HTTP/1.1\r\nhost: h\r\n\r\n").target, "/");
}

#[test]
fn absolute_targets_name_the_host() {
    for (target, authority, path) in [
        ("http://a.com/p?q", "a.com", "/p?q"),
        ("HTTPS://a.com:8443", "a.com:8443", "/"),
        ("http://a.com?q", "a.com", "/?q"),
    ] {
        let ask = asked(&format!("GET {target} HTTP/1.1\r\nhost: other\r\n\r\n"));
        assert_eq!((&ask.authority[..], &ask.target[..]), (authority, path));
    }
    assert_eq!(asked("OPTIONS http://a.com HTTP/1.1\r\nhost: a.com\r\n\r\n").target, "*");
}

#[test]
fn pipelined_requests_wait_for_the_answers_before_them() {
    let all = "GET /1 HTTP/1.1\r\nhost: h\r\n\r\n\
               POST /2 HTTP/1.1\r\nhost: h\r\ncontent-length: 3\r\n\r\nabc\
               POST /3 HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n2\r\nde\r\n0\r\n\r\n\
               GET /4 HTTP/1.1\r\nhost: h\r\n\r\n";
    for answers in [Answers::AtOnce, Answers::Late] {
        let mut server = served(all, answers);
        assert_eq!(server.targets(), ["/1", "/2", "/3", "/4"]);
        assert_eq!(server.sent(), OK_5.repeat(4));
        assert_eq!(server.codec.reuse(), Reuse::Idle);
        let messages: Vec<_> =
            server.seen.iter().filter(|s| matches!(s, Seen::Message(..))).collect();
        let message = |b: &[u8]| Seen::Message(b.to_vec(), true);
        assert_eq!(messages, [&message(b"abc"), &message(b"de")]);
    }
    let mut server = waiting(all);
    assert_eq!(server.targets(), ["/1"]);
    assert!(server.waiting.starts_with(b"POST /2"));
    server.respond(200, &[], BodyLen::None);
    server.feed("");
    assert_eq!(server.targets(), ["/1", "/2"]);
    assert!(server.waiting.starts_with(b"POST /3"));
}

#[test]
fn answers_are_framed_for_the_version_that_asked() {
    for (request, body, head, data) in [
        (
            "GET / HTTP/1.1\r\nhost: h\r\n\r\n",
            BodyLen::Unknown,
            "transfer-encoding: chunked\r\nX-A: b\r\n\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
        ),
        (
            "GET / HTTP/1.0\r\n\r\n",
            BodyLen::Unknown,
            "X-A: b\r\nConnection: close\r\n\r\n",
            "hello",
        ),
        (
            "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
            BodyLen::Unknown,
            "X-A: b\r\nConnection: close\r\n\r\n",
            "hello",
        ),
        (
            "GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n",
            BodyLen::Known(5),
            "content-length: 5\r\nX-A: b\r\nConnection: keep-alive\r\n\r\n",
            "hello",
        ),
        (
            "GET / HTTP/1.1\r\nhost: h\r\n\r\n",
            BodyLen::Unframed,
            "X-A: b\r\nConnection: close\r\n\r\n",
            "hello",
        ),
        (
            "GET / HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n",
            BodyLen::Known(5),
            "content-length: 5\r\nX-A: b\r\nConnection: close\r\n\r\n",
            "hello",
        ),
    ] {
        let mut server = waiting(request);
        server.respond(200, &[("X-A", b"b")], body);
        assert_eq!(server.sent(), format!("HTTP/1.1 200 OK\r\n{head}"), "{request:?}");
        server.send(TEXT, true);
        assert_eq!(server.sent(), data, "{request:?}");
        server.feed("");
        assert_eq!(server.seen.last(), Some(&Seen::End));
        let kept = !head.contains("close");
        assert_eq!(server.codec.reuse() == Reuse::Idle, kept, "{request:?}");
        assert_eq!(server.codec.reuse() == Reuse::Never, !kept, "{request:?}");
    }
}

#[test]
fn answers_without_a_body() {
    for (method, status, body, rest) in [
        ("HEAD", 200, BodyLen::Known(7), " OK\r\ncontent-length: 7\r\n\r\n"),
        ("HEAD", 200, BodyLen::Unknown, " OK\r\ntransfer-encoding: chunked\r\n\r\n"),
        ("HEAD", 200, BodyLen::None, " OK\r\n\r\n"),
        ("GET", 204, BodyLen::Unknown, " No Content\r\n\r\n"),
        ("GET", 304, BodyLen::Known(7), " Not Modified\r\n\r\n"),
        ("GET", 404, BodyLen::None, " Not Found\r\ncontent-length: 0\r\n\r\n"),
        ("GET", 299, BodyLen::Known(0), " \r\ncontent-length: 0\r\n\r\n"),
    ] {
        let mut server = waiting(&format!("{method} / HTTP/1.1\r\nhost: h\r\n\r\n"));
        server.respond(status, &[], body);
        assert_eq!(server.sent(), format!("HTTP/1.1 {status}{rest}"));
        assert_eq!(server.codec.tx_window(server.tid), None);
        server.feed("");
        assert_eq!((server.seen.last(), server.codec.reuse()), (Some(&Seen::End), Reuse::Idle));
    }
}

#[test]
fn keep_alive() {
    for (version, connection, kept) in [
        ("1.1", "", true),
        ("1.1", "close", false),
        ("1.1", "foo, Close", false),
        ("1.1", "keep-alive", true),
        ("1.0", "", false),
        ("1.0", "Keep-Alive", true),
        ("1.0", "keep-alive, close", false),
    ] {
        let first = format!("GET / HTTP/{version}\r\nhost: h\r\nconnection: {connection}\r\n\r\n");
        let mut server = served(&(first + GET), Answers::AtOnce);
        assert_eq!(server.targets().len(), 1 + usize::from(kept), "{version} {connection}");
        assert_eq!(server.sent().contains("Connection: close"), !kept, "{version} {connection}");
        assert_eq!(server.codec.reuse() == Reuse::Never, !kept);
    }
}

#[test]
fn a_server_that_shuts_down_says_so_in_its_last_answer() {
    let mut server = waiting(GET);
    server.codec.close_after();
    server.respond(200, &[], BodyLen::None);
    assert!(server.sent().contains("Connection: close"));
    server.feed(GET);
    assert_eq!((server.targets().len(), server.codec.reuse()), (1, Reuse::Never));
}

#[test]
fn a_client_that_waits_is_told_to_go_on() {
    let head = "POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-Continue\r\ncontent-length: 5\r\n\r\n";
    let mut server = waiting(head);
    assert_eq!(server.sent(), CONTINUE);
    server.answers = Answers::Late;
    server.feed("12");
    server.feed("345");
    assert_eq!(server.sent(), OK_5);
    server.feed("");
    assert_eq!(server.codec.reuse(), Reuse::Idle);
}

#[test]
fn a_client_that_waits_and_is_answered_sends_no_body() {
    let head = "POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n";
    let mut server = served(&format!("{head}12345{GET}"), Answers::AtOnce);
    let sent = server.sent();
    assert!(!sent.contains("100 Continue") && sent.contains("Connection: close"), "{sent}");
    assert_eq!(server.seen.len(), 2, "request and end: {:?}", server.seen);
    assert_eq!(server.codec.reuse(), Reuse::Never);
}

#[test]
fn nobody_else_is_told_to_go_on() {
    for head in [
        "POST / HTTP/1.0\r\nexpect: 100-continue\r\ncontent-length: 5\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 0\r\n\r\n",
        "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\n\r\n",
    ] {
        assert_eq!(waiting(head).sent(), "", "{head:?}");
    }
}

/// What can be read in two ways, or not at all: the answer, and nothing after it.
#[test]
fn refused_requests() {
    let post = |fields: &str| format!("POST / HTTP/1.1\r\nhost: h\r\n{fields}\r\n\r\n");
    let table = [
        (400, post("content-length: 5\r\ntransfer-encoding: chunked")),
        (400, post("transfer-encoding: chunked\r\ncontent-length: 5")),
        (400, post("content-length: 5\r\ncontent-length: 5")),
        (400, post("content-length: 5\r\ncontent-length: 6")),
        (400, post("content-length: 5, 5")),
        (400, post("content-length: +5")),
        (400, post("content-length: -1")),
        (400, post("content-length: 0x5")),
        (400, post("content-length: 5 5")),
        (400, post("content-length:")),
        (400, post("content-length: 18446744073709551616")),
        (400, post("content-length : 5")),
        (400, post("content-length: 1\r\n 2")),
        (400, post("content-length\t: 5")),
        (400, post("transfer-encoding : chunked")),
        (400, post("transfer-encoding: chunked, chunked")),
        (400, post("transfer-encoding: chunked\r\ntransfer-encoding: chunked")),
        (400, post("transfer-encoding: chunked, gzip")),
        (400, post("transfer-encoding: identity")),
        (400, post("transfer-encoding: xchunked")),
        (400, post("transfer-encoding: \"chunked\"")),
        (400, post("transfer-encoding:")),
        (400, post("transfer-encoding:\x0bchunked")),
        (501, post("transfer-encoding: gzip, chunked")),
        (501, post("transfer-encoding: gzip\r\ntransfer-encoding: chunked")),
        (400, "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n".to_owned()),
        (400, post("host: h")),
        (400, post("host: other")),
        (400, "GET / HTTP/1.1\r\n\r\n".to_owned()),
        (400, "GET / HTTP/1.1\r\nhost: a b\r\n\r\n".to_owned()),
        (400, "GET / HTTP/1.1\r\nhost: a/b\r\n\r\n".to_owned()),
        (400, "GET / HTTP/1.1\r\nhost: u@a\r\n\r\n".to_owned()),
        (400, "GET / HTTP/1.1\r\n host: h\r\n\r\n".to_owned()),
        (400, post("folded: a\r\n\tb")),
        (400, post("cr: a\rb")),
        (400, post("nul: a\0b")),
        (400, post("no colon")),
        (400, post(": no name")),
        (400, post("n(me: x")),
        (400, "GET / HTTP/1.1\nhost: h\n\n".to_owned()),
        (400, "GET / HTTP/1.1\r\nhost: h\n\r\n".to_owned()),
        (400, "GET / HTTP/1.1\r\nhost: h\r\n\n".to_owned()),
        (400, "GET / HTTP/1.1\r\nhost: h\r\r\n\r\n".to_owned()),
        (400, "\nGET / HTTP/1.1\r\nhost: h\r\n\r\n".to_owned()),
        (400, "\r\n\r\nGET / HTTP/1.1\r\nhost: h\r\n\r\n".to_owned()),
        (400, "\rGET / HTTP/1.1\r\nhost: h\r\n\r\n".to_owned()),
        (400, " GET / HTTP/1.1\r\nhost: h\r\n\r\n".to_owned()),
        (400, "GET  / HTTP/1.1\r\nhost: h\r\n\r\n".to_owned()),
        (400, "GET / HTTP/1.1 \r\nhost: h\r\n\r\n".to_owned()),
        (400, "GET /a b HTTP/1.1\r\nhost: h\r\n\r\n".to_owned()),
        (400, "GET /\u{e9} HTTP/1.1\r\nhost: h\r\n\r\n".to_owned()),
        (400, "GET /#f HTTP/1.1\r\nhost: h\r\n\r\n".to_owned()),
        (400, "GET a HTTP/1.1\r\nhost: h\r\n\r\n".to_owned()),
        (400, "GET * HTTP/1.1\r\nhost: h\r\n\r\n".to_owned()),
        (400, "GET http:///a HTTP/1.1\r\nhost: h\r\n\r\n".to_owned()),
        (400, "GET ftp://a/ HTTP/1.1\r\nhost: h\r\n\r\n".to_owned()),
        (400, "GET http://u@a/ HTTP/1.1\r\nhost: h\r\n\r\n".to_owned()),
        (400, "GET /\r\nhost: h\r\n\r\n".to_owned()),
        (400, "G(T / HTTP/1.1\r\nhost: h\r\n\r\n".to_owned()),
        (400, "GET / http/1.1\r\nhost: h\r\n\r\n".to_owned()),
        (400, "\x16\x03\x01\x02\0\x01".to_owned()),
        (501, "CONNECT h:80 HTTP/1.1\r\nhost: h\r\n\r\n".to_owned()),
        (505, "PRI * HTTP/2.0\r\n\r\n".to_owned()),
        (505, "GET / HTTP/0.9\r\nhost: h\r\n\r\n".to_owned()),
        (505, "GET / HTTP/1.2\r\nhost: h\r\n\r\n".to_owned()),
        (417, post("expect: magic\r\ncontent-length: 1")),
    ];
    for (status, bytes) in table {
        let mut server = served(&(bytes.clone() + GET), Answers::AtOnce);
        let error = server.error.clone().unwrap_or_else(|| panic!("{bytes:?} was taken"));
        assert_eq!(error.kind, ProtoErrorKind::Malformed, "{bytes:?}: {error}");
        assert!(server.seen.is_empty(), "{bytes:?}");
        let sent = server.sent();
        assert!(sent.starts_with(&format!("HTTP/1.1 {status} ")), "{bytes:?}: {error}, {sent}");
        assert!(sent.ends_with("Connection: close\r\nContent-Length: 0\r\n\r\n"), "{sent}");
    }
}

#[test]
fn broken_chunks() {
    let post = "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n";
    for body in [
        "x\r\n",
        "\r\n",
        "-1\r\n",
        " 1\r\n",
        "0x1\r\n",
        "1\n",
        "1\r\naX",
        "1\r\nabc\r\n",
        "1 2\r\n",
        "00000000000000001\r\n",
        "1;a\nb\r\n",
        "0\r\nno colon\r\n",
        "0\r\n a: b\r\n",
        "0\r\n\rX",
    ] {
        let mut server = served(&format!("{post}{body}"), Answers::Never);
        assert_eq!(
            server.error.clone().map(|e| e.kind),
            Some(ProtoErrorKind::Malformed),
            "{body:?}"
        );
        assert!(server.sent().starts_with("HTTP/1.1 400 "), "{body:?}");
        // an answer that has begun is not followed by another
        let mut server = served(&format!("{post}{body}"), Answers::AtOnce);
        assert!(server.error.is_some());
        assert_eq!(server.sent(), OK_5, "{body:?}");
    }
}

#[test]
fn limits() {
    let small = ServerOptions { max_head: 64, max_fields: 3, max_body: 5, ..Default::default() };
    let head = |n: usize| format!("GET / HTTP/1.1\r\nhost: {}\r\n\r\n", "h".repeat(n - 26));
    let target = |n: usize| format!("GET /{}", "t".repeat(n - 5));
    let fields = |n: usize| format!("GET / HTTP/1.1\r\nhost: h\r\n{}\r\n", "a:b\r\n".repeat(n - 1));
    let known = |n: usize| {
        format!("PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: {n}\r\n\r\n{}", "b".repeat(n))
    };
    let chunks = |n: usize| {
        let body = format!("2\r\nbb\r\n{:x}\r\n{}\r\n0\r\n\r\n", n - 2, "b".repeat(n - 2));
        format!("PUT / HTTP/1.1\r\nhost:\r\ntransfer-encoding: chunked\r\n\r\n{body}")
    };
    let status = |bytes: String| {
        let mut server = fed_whole_and_bytewise(small, Answers::Late, bytes.as_bytes(), false);
        let kind = server.error.clone().map(|e| e.kind);
        assert!(matches!(kind, None | Some(ProtoErrorKind::TooLarge)), "{kind:?}");
        server.sent().split(' ').nth(1).map(|s| s.parse::<u16>().unwrap())
    };
    let statuses = [
        status(head(64)),
        status(head(65)),
        status(target(63)),
        status(target(64)),
        status(fields(3)),
        status(fields(4)),
        status(known(5)),
        status(known(6)),
        status(chunks(5)),
        status(chunks(6)),
    ];
    let expected = [200, 431, 0, 414, 200, 431, 200, 413, 200, 413];
    assert_eq!(statuses.map(Option::unwrap_or_default), expected);
}

#[test]
fn defaults_are_limits() {
    let mut server = Server::new(ServerOptions::default(), Answers::AtOnce);
    server.feed(format!("GET / HTTP/1.1\r\na: {}", "v".repeat(20_000)));
    assert!(server.sent().starts_with("HTTP/1.1 431 "));
    let many = "a:b\r\n".repeat(securestreams::proto::h1::MAX_FIELDS);
    let mut server = Server::new(ServerOptions::default(), Answers::AtOnce);
    server.feed(format!("GET / HTTP/1.1\r\nhost: h\r\n{many}\r\n"));
    assert!(server.sent().starts_with("HTTP/1.1 431 "));
    let mut server = Server::new(ServerOptions::default(), Answers::AtOnce);
    server.feed("PUT / HTTP/1.1\r\nhost: h\r\ncontent-length: 99999999999\r\n\r\n");
    assert!(server.sent().starts_with("HTTP/1.1 413 "));
}

#[test]
fn a_head_has_its_time() {
    let options = ServerOptions { head_time: 100, ..Default::default() };
    let mut codec = securestreams::proto::h1::H1Server::new(options);
    let mut out = TxBuf::new();
    assert_eq!(codec.next_deadline(), None, "an idle connection is nobody's hurry");
    assert_eq!(codec.receive(&mut &b"G"[..], &mut out, 1000), Ok(None));
    assert_eq!(codec.receive(&mut &b"E"[..], &mut out, 1090), Ok(None));
    assert_eq!((codec.next_deadline(), codec.reuse()), (Some(1100), Reuse::Busy));
    assert_eq!(codec.on_deadline(&mut out, 1099), Ok(()));
    let late = codec.on_deadline(&mut out, 1100).unwrap_err();
    assert_eq!(late.kind, ProtoErrorKind::Timeout);
    assert!(out.pending().starts_with(b"HTTP/1.1 408 "));
    assert_eq!((codec.next_deadline(), codec.reuse()), (None, Reuse::Never));

    let mut codec = securestreams::proto::h1::H1Server::new(options);
    assert!(codec.receive(&mut GET.as_bytes(), &mut out, 1000).unwrap().is_some());
    assert_eq!(codec.next_deadline(), None, "the answer is the program's");
}

#[test]
fn closes_of_the_client() {
    let end = |bytes: &str, answers| {
        let options = ServerOptions::default();
        let server = fed_whole_and_bytewise(options, answers, bytes.as_bytes(), true);
        (server.error.map(|e| e.kind), server.seen.last().cloned())
    };
    let cut = Some(ProtoErrorKind::CutShort);
    assert_eq!(end("", Answers::AtOnce), (None, None));
    assert_eq!(end(GET, Answers::AtOnce), (None, Some(Seen::End)));
    assert_eq!(end("GET", Answers::AtOnce), (cut, None));
    let body = "POST / HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\n1234";
    assert_eq!(end(body, Answers::Never).0, cut);
    // half closed: the answer can still go
    let mut server = waiting(GET);
    server.eof();
    assert_eq!((server.error.clone(), server.codec.reuse()), (None, Reuse::Never));
    server.respond(200, &[], BodyLen::None);
    server.feed("");
    assert_eq!(server.seen.last(), Some(&Seen::End));
}

#[test]
fn who_waits_for_an_answer_is_probed_in_a_way_it_takes_no_notice_of() {
    let probed = |bytes: &str, answered: bool| {
        let mut server = waiting(bytes);
        if answered {
            server.respond(200, &[], BodyLen::Known(3));
            server.sent();
        }
        server.codec.probe(&mut server.out);
        server.sent()
    };
    assert_eq!(probed(GET, false), "HTTP/1.1 100 Continue\r\n\r\n");
    // clients of HTTP/1.0 know no interim responses
    for (bytes, answered) in [("GET / HTTP/1.0\r\n\r\n", false), (GET, true), ("", false)] {
        assert_eq!(probed(bytes, answered), "", "{bytes:?}");
    }
}

#[test]
fn answers_that_cannot_be() {
    let mut server = waiting(GET);
    let mut out = TxBuf::new();
    let tid = server.tid;
    let answer = Response { status: 200, fields: &[], body: BodyLen::None };
    for (name, value) in [
        ("", &b"v"[..]),
        ("a b", b"v"),
        ("a", b"v\r\nb: c"),
        ("a", b"\0"),
        ("Content-Length", b"1"),
        ("transfer-encoding", b"chunked"),
        ("connection", b"close"),
        ("upgrade", b"x"),
    ] {
        let fields = &[(name, value)][..];
        let tried = server.codec.respond(tid, &Response { fields, ..answer }, &mut out);
        assert_eq!(tried.unwrap_err().kind, ProtoErrorKind::BadRequest, "{name:?}");
    }
    for status in [0, 99, 100, 101, 199, 1000] {
        assert!(server.codec.respond(tid, &Response { status, ..answer }, &mut out).is_err());
    }
    assert!(out.is_empty(), "nothing was written");
    server.respond(200, &[], BodyLen::Known(3));
    assert!(server.codec.respond(tid, &answer, &mut out).is_err(), "answered already");
    server.send(b"ab", false);
    let w = server.codec.tx_window(tid).unwrap();
    assert_eq!(w.max, 1);
    server.out.prepare(0, 2, 0);
    let error = server.codec.tx_commit(tid, &mut server.out, 2, false, true).unwrap_err();
    assert_eq!(error.kind, ProtoErrorKind::TxOverrun);
    // less than announced: the client would wait for ever
    server.codec.tx_commit(tid, &mut server.out, 0, false, true).unwrap();
    server.feed(GET);
    assert_eq!((server.targets().len(), server.codec.reuse()), (1, Reuse::Never));
}

const WS: &str = "upgrade: WebSocket\r\nsec-websocket-version: 13\r\n\
                  sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

fn ws(bytes: &str) -> Server {
    let options = ServerOptions { websocket: true, ..Default::default() };
    fed_whole_and_bytewise(options, Answers::Never, bytes.as_bytes(), false)
}

#[test]
fn upgrades_are_granted_with_101() {
    let head = format!("GET / HTTP/1.1\r\nhost: h\r\nconnection: keep-alive, Upgrade\r\n{WS}\r\n");
    let mut server = ws(&format!("{head}\x01frame"));
    let Seen::Request(ask) = &server.seen[0] else { panic!("{:?}", server.seen) };
    assert_eq!(ask.upgrade, Some(Upgrade::WebSocket));
    server.respond(101, &[("Sec-WebSocket-Accept", b"x")], BodyLen::None);
    assert_eq!(
        server.sent(),
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: x\r\n\r\n"
    );
    server.feed("");
    assert!(server.codec.upgraded());
    assert_eq!(server.waiting, b"\x01frame", "the new protocol's");
    // or answered as any other request
    let mut server = ws(&format!("{head}{GET}"));
    server.respond(403, &[], BodyLen::None);
    server.feed("");
    assert_eq!(server.targets().len(), 2);
    assert_eq!(asked(&head).upgrade, None, "not served here");
}

#[test]
fn an_abandoned_exchange_ends_the_connection() {
    let mut server = waiting(GET);
    assert_eq!(server.codec.abandon(server.tid, &mut server.out), Reuse::Never);
    assert!(server.codec.request(server.tid).is_none());
    let answer = Response { status: 200, fields: &[], body: BodyLen::None };
    assert!(server.codec.respond(server.tid, &answer, &mut server.out).is_err());
}

#[test]
fn an_idle_connection_holds_little() {
    let mut server = Server::new(ServerOptions::default(), Answers::AtOnce);
    let big = format!("GET /{} HTTP/1.1\r\nhost: h\r\n\r\n", "t".repeat(10_000));
    for piece in big.as_bytes().chunks(1000) {
        server.feed(piece);
    }
    assert_eq!(server.codec.reuse(), Reuse::Idle);
    assert!(server.most_memory > 10_000, "the measure measures nothing");
    assert!(server.codec.memory() < 2048, "{} bytes", server.codec.memory());
}

/// The fuzz target's body on mutations of good and bad requests, the same ones each time.
#[test]
fn mutations() {
    let upgrade = format!("GET / HTTP/1.1\r\nhost: h\r\nconnection: upgrade\r\n{WS}\r\n");
    let seeds = [
        GET.repeat(3),
        "POST /a HTTP/1.1\r\nhost: h\r\ncontent-length: 5\r\n\r\n12345".to_owned() + GET,
        "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\na: b\r\n\r\n"
            .to_owned() + GET,
        "PUT / HTTP/1.1\r\nhost: h\r\nexpect: 100-continue\r\ncontent-length: 3\r\n\r\nabc".to_owned(),
        "GET http://a.com/x HTTP/1.0\r\nconnection: keep-alive\r\n\r\nGET / HTTP/1.0\r\n\r\n".to_owned(),
        upgrade,
    ];
    let mut random = super::mutate::Random::new(7);
    for round in 0..6000 {
        let mut bytes = vec![random.byte(), random.byte()];
        bytes.extend_from_slice(seeds[round % seeds.len()].as_bytes());
        random.mutate(&mut bytes, 2);
        check_input(&bytes);
    }
}
