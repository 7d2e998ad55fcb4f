//! The opening handshake (RFC 6455 4.1): what is asked, and which answers are taken.

use std::rc::Rc;

use securestreams::proto::ws::{DeflateOffer, Options, Ws};
use securestreams::proto::{Codec, Event, ProtoErrorKind, Request, Reuse};
use securestreams::util::TxBuf;

use super::ws_feed::{ACCEPT, Seen, feed_whole_and_bytewise, no_randomness, opening, request};

fn with_subprotocols(list: &str) -> Options {
    Options { subprotocols: Some(list.to_owned()), ..Options::default() }
}

fn with_deflate() -> Options {
    Options { deflate: Some(DeflateOffer::default()), ..Options::default() }
}

fn written(options: Options, req: &Request<'_>) -> String {
    let (mut codec, mut out) = (Ws::new(options, no_randomness()), TxBuf::new());
    assert_eq!(codec.reuse(), Reuse::Idle);
    let tid = codec.start(req, &mut out).unwrap();
    assert_eq!(codec.reuse(), Reuse::Busy);
    assert_eq!(codec.tx_window(tid), None, "nothing can be sent before the answer");
    assert!(codec.start(req, &mut out).is_err(), "one transaction on a connection");
    String::from_utf8(out.pending().to_vec()).unwrap()
}

#[test]
fn the_request() {
    let plain = "GET / HTTP/1.1\r\nHost: example.com\r\nUpgrade: websocket\r\n\
                 Connection: Upgrade\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
                 Sec-WebSocket-Version: 13\r\n";
    assert_eq!(written(Options::default(), &request()), format!("{plain}\r\n"));

    let fields: &[(&str, &[u8])] = &[("Authorization", b"Bearer x")];
    let req = Request { fields, method: "POST", ..request() };
    let offer = DeflateOffer { server_no_context_takeover: true, client_no_context_takeover: true };
    let options = Options { deflate: Some(offer), ..with_subprotocols("chat, superchat") };
    let all = format!(
        "{plain}Sec-WebSocket-Protocol: chat, superchat\r\n\
         Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; \
         client_no_context_takeover\r\nAuthorization: Bearer x\r\n\r\n"
    );
    assert_eq!(written(options, &req), all, "a ws request is a GET, whatever the policy says");
}

#[test]
fn requests_that_can_not_be_made() {
    let rows: [(Options, &str, &str); 5] = [
        (Options::default(), "Sec-WebSocket-Key", "belongs to the ws handshake"),
        (Options::default(), "connection", "belongs to the ws handshake"),
        (with_subprotocols(""), "X", "subprotocols"),
        (with_subprotocols("a,,b"), "X", "subprotocols"),
        (with_subprotocols("a\r\nEvil: 1"), "X", "subprotocols"),
    ];
    for (options, field, what) in rows {
        let (mut codec, mut out) = (Ws::new(options, no_randomness()), TxBuf::new());
        let fields: &[(&str, &[u8])] = &[(field, b"1")];
        let error = codec.start(&Request { fields, ..request() }, &mut out).unwrap_err();
        assert_eq!(error.kind, ProtoErrorKind::BadRequest);
        assert!(error.detail.contains(what), "{error}");
        assert!(out.is_empty());
        assert_eq!(codec.reuse(), Reuse::Idle, "nothing has happened");
    }
    let (mut codec, mut out) = (Ws::new(Options::default(), Rc::new(|_| false)), TxBuf::new());
    let error = codec.start(&request(), &mut out).unwrap_err();
    assert!(error.detail.contains("random"), "{error}");
}

#[test]
fn answers_that_open() {
    let deflate = "Sec-WebSocket-Extensions: permessage-deflate";
    let rows = [
        (Options::default(), String::new()),
        (Options::default(), "Sec-WebSocket-Extensions:\r\n".to_owned()),
        (with_subprotocols("a"), String::new()),
        (with_subprotocols("a, b"), "Sec-WebSocket-Protocol: b\r\n".to_owned()),
        (with_deflate(), String::new()),
        (with_deflate(), format!("{deflate}\r\n")),
        (with_deflate(), format!("{deflate}; client_no_context_takeover\r\n")),
        (with_deflate(), format!("{deflate};server_no_context_takeover\r\n")),
        (with_deflate(), format!("{deflate}; server_max_window_bits = \"9\"\r\n")),
        (with_deflate(), format!("{deflate}; server_max_window_bits=15\r\n")),
    ];
    for (options, more) in rows {
        let outcome = feed_whole_and_bytewise(&options, &opening(&more), false);
        assert_eq!(outcome.error, None, "{more}");
        assert_eq!(outcome.seen, [Seen::Head(101)], "{more}");
        assert_eq!(outcome.reuse, Reuse::Busy);
    }
    // names and these two values have no case, lists may hold more
    let odd = format!(
        "HTTP/1.1 101 \r\nUPGRADE: WebSocket\r\nconnection: keep-alive, uPGRADE\r\n\
         sec-websocket-ACCEPT:   {ACCEPT}  \r\n\r\n"
    );
    let outcome = feed_whole_and_bytewise(&Options::default(), odd.as_bytes(), false);
    assert_eq!((outcome.error, outcome.seen), (None, vec![Seen::Head(101)]));
}

#[test]
fn answers_that_do_not() {
    let answer = |upgrade: &str, connection: &str, accept: &str| {
        format!("HTTP/1.1 101 OK\r\n{upgrade}{connection}Sec-WebSocket-Accept: {accept}\r\n\r\n")
    };
    let (upgrade, connection) = ("Upgrade: websocket\r\n", "Connection: Upgrade\r\n");
    let with = |more: &str| String::from_utf8(opening(&format!("{more}\r\n"))).unwrap();
    let extension = |e: &str| with(&format!("Sec-WebSocket-Extensions: {e}"));
    let plain = Options::default;
    let strict = Options {
        deflate: Some(DeflateOffer { server_no_context_takeover: true, ..Default::default() }),
        ..plain()
    };
    let rows = [
        (plain(), answer("", connection, ACCEPT), "upgrade: (none)"),
        (plain(), answer("Upgrade: h2c\r\n", connection, ACCEPT), "upgrade: h2c"),
        (plain(), answer(upgrade, "", ACCEPT), "connection"),
        (plain(), answer(upgrade, "Connection: close\r\n", ACCEPT), "connection"),
        (plain(), answer(upgrade, connection, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "accept"),
        (plain(), answer(upgrade, connection, &ACCEPT.to_lowercase()), "accept"),
        (plain(), answer(upgrade, connection, ""), "accept"),
        (plain(), with(&format!("Sec-WebSocket-Accept: {ACCEPT}")), "more than one"),
        (plain(), with("Sec-WebSocket-Protocol: a"), "protocol: a"),
        (with_subprotocols("a,b"), with("Sec-WebSocket-Protocol: c"), "protocol: c"),
        (with_subprotocols("a,b"), with("Sec-WebSocket-Protocol: A"), "protocol: A"),
        (with_subprotocols("a,b"), with("Sec-WebSocket-Protocol: a, b"), "protocol: a, b"),
        (with_subprotocols("a,b"), with("Sec-WebSocket-Protocol:"), "protocol"),
        (plain(), extension("permessage-deflate"), "extensions: permessage-deflate"),
        (with_deflate(), extension("x-other"), "x-other"),
        (with_deflate(), extension("permessage-deflate, x-other"), "not offered"),
        (with_deflate(), extension("permessage-deflate; client_max_window_bits=10"), "client_max"),
        (with_deflate(), extension("permessage-deflate; server_max_window_bits=7"), "=7"),
        (with_deflate(), extension("permessage-deflate; server_max_window_bits=16"), "=16"),
        (with_deflate(), extension("permessage-deflate; server_max_window_bits=010"), "=010"),
        (with_deflate(), extension("permessage-deflate; server_max_window_bits"), "not offered"),
        (
            with_deflate(),
            extension("permessage-deflate; server_no_context_takeover=1"),
            "not offered",
        ),
        (
            with_deflate(),
            extension("permessage-deflate; client_no_context_takeover; client_no_context_takeover"),
            "twice",
        ),
        (strict, extension("permessage-deflate"), "did not agree"),
    ];
    for (options, answer, what) in rows {
        let outcome = feed_whole_and_bytewise(&options, answer.as_bytes(), false);
        let error = outcome.error.expect(&answer);
        assert_eq!(error.kind, ProtoErrorKind::Malformed, "{answer}");
        assert!(error.detail.contains(what), "{error}");
        assert_eq!(outcome.seen, [], "never told open: {answer}");
    }
}

#[test]
fn a_refusal_is_told_with_its_head_and_without_its_body() {
    for (status, field) in
        [(302, "Location: /there"), (401, "WWW-Authenticate: Basic"), (503, "Retry-After: 7")]
    {
        let answer = format!("HTTP/1.1 {status} No\r\n{field}\r\nContent-Length: 5\r\n\r\nsorry");
        let outcome = feed_whole_and_bytewise(&Options::default(), answer.as_bytes(), false);
        assert_eq!(outcome.error, None);
        assert_eq!(outcome.seen, [Seen::Head(status), Seen::End]);
        assert_eq!(outcome.reuse, Reuse::Never);

        let (mut codec, mut out) = (Ws::new(Options::default(), no_randomness()), TxBuf::new());
        let tid = codec.start(&request(), &mut out).unwrap();
        let mut input = answer.as_bytes();
        let event = codec.receive(&mut input, &mut out, 0);
        assert_eq!(event, Ok(Some(Event::Head { tid, status })));
        let (name, value) = field.split_once(": ").unwrap();
        assert_eq!(codec.head(tid).unwrap().get(name), Some(value.as_bytes()));
        assert!(codec.response_started(tid));
        assert_eq!(codec.tx_window(tid), None);
        assert!(!codec.ping(&mut out));
        assert_eq!(codec.abandon(tid, &mut out), Reuse::Never);
    }
    let until_close = b"HTTP/1.0 500 Oh\r\n\r\nsorry";
    let outcome = feed_whole_and_bytewise(&Options::default(), until_close, true);
    assert_eq!((outcome.error, outcome.seen), (None, vec![Seen::Head(500), Seen::End]));
}

#[test]
fn a_close_instead_of_an_answer() {
    for answer in ["", "HTTP/1.1 101 Swit"] {
        let outcome = feed_whole_and_bytewise(&Options::default(), answer.as_bytes(), true);
        assert_eq!(outcome.error.map(|e| e.kind), Some(ProtoErrorKind::CutShort));
    }
}
