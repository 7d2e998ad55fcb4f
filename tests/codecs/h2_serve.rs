//! Serving h2: requests, answers, limits. What each MUST of RFC 9113 comes to is in
//! `rfc/h2.rs`.

use super::h2_feed::*;
use super::h2_serve_feed::{
    Seen, Server, TEXT, ask, check_input, feed_whole_and_bytewise, get, hello,
};
use securestreams::proto::h2::{ServerOptions, is_preface};
use securestreams::proto::{BodyLen, Codec, ProtoErrorKind, Reuse, Tid};

const REFUSED_STREAM: u32 = 7;
const CANCEL: u32 = 8;
const ENHANCE_YOUR_CALM: u32 = 11;

fn requested(id: u32, method: &str, body: BodyLen) -> Seen {
    Seen::Request(id, method.into(), "/p?q".into(), "ex.com".into(), body)
}

fn status(frames: &[Sent], stream: u32) -> Option<u16> {
    let head = frames.iter().find(|f| f.kind == HEADERS && f.stream == stream)?;
    // from the static table (RFC 7541 A), or as a literal with its name from there
    Some(match &head.payload[..] {
        [0x88, ..] => 200,
        [0x89, ..] => 204,
        [0x8b, ..] => 304,
        [0x8c, ..] => 400,
        [0x8d, ..] => 404,
        [0x48, 3, a, b, c, ..] => [a, b, c].iter().fold(0, |n, d| n * 10 + u16::from(**d - b'0')),
        [0x48, len, rest @ ..] if len & 0x80 != 0 => {
            huffman_digits(&rest[..usize::from(len & 0x7f)])
        }
        other => panic!("{other:?}"),
    })
}

/// Three digits in the code of RFC 7541 B: those up to 2 have five bits, the others six.
fn huffman_digits(bytes: &[u8]) -> u16 {
    let bits: Vec<u8> = bytes.iter().flat_map(|b| (0..8).rev().map(move |i| b >> i & 1)).collect();
    let (mut at, mut n) = (0, 0);
    for _ in 0..3 {
        let take =
            |len: usize| bits[at..at + len].iter().fold(0_u16, |v, b| v << 1 | u16::from(*b));
        let (digit, len) = if take(5) < 3 { (take(5), 5) } else { (take(6) - 0x19 + 3, 6) };
        (at, n) = (at + len, n * 10 + digit);
    }
    n
}

#[test]
fn the_preface_is_found_in_any_cut() {
    let all = hello();
    for n in 0..24 {
        assert_eq!(is_preface(&all[..n]), None);
    }
    assert_eq!(is_preface(&all), Some(true));
    assert_eq!(is_preface(b"GET / HTTP/1.1"), Some(false));
    assert_eq!(is_preface(b"PRI * HTTP/2.0\r\n\r\nXX"), Some(false));
    let outcome = feed_whole_and_bytewise(ServerOptions::default(), true, b"PRI * HTTP/1", false);
    assert_eq!(outcome.error.unwrap().kind, ProtoErrorKind::Malformed);
}

#[test]
fn requests_and_answers() {
    let bytes = [
        hello(),
        get(1),
        ask(3, false, "POST", &[("content-length", "5"), ("cookie", "a=1"), ("cookie", "b=2")]),
        data(3, false, b"12"),
        data(3, true, b"345"),
        ask(5, false, "PUT", &[]),
        data(5, true, b""),
        ask(7, true, "GET", &[("content-length", "0")]),
    ]
    .concat();
    let outcome = feed_whole_and_bytewise(ServerOptions::default(), true, &bytes, true);
    assert_eq!(outcome.error, None);
    let expected = [
        requested(1, "GET", BodyLen::None),
        Seen::End(1),
        requested(3, "POST", BodyLen::Known(5)),
        Seen::Message(3, b"12345".to_vec(), true),
        Seen::End(3),
        requested(5, "PUT", BodyLen::Unknown),
        Seen::Message(5, Vec::new(), true),
        Seen::End(5),
        requested(7, "GET", BodyLen::Known(0)),
        Seen::End(7),
    ];
    assert_eq!(outcome.seen, expected);

    let mut s = Server::greeted(true);
    s.feed(&get(1));
    let sent = s.sent();
    assert_eq!(status(&sent, 1), Some(200));
    let body = sent.iter().find(|f| f.kind == DATA).unwrap();
    assert_eq!((&body.payload[..], body.flags), (TEXT, END_STREAM));
    assert_eq!(s.codec.reuse(), Reuse::Idle);
}

#[test]
fn cookies_come_as_one() {
    let mut s = Server::greeted(false);
    s.feed(&ask(1, true, "GET", &[("cookie", "a=1"), ("x", "y"), ("cookie", "b=2")]));
    let asked = s.codec.request(Tid(1)).unwrap();
    assert_eq!(asked.fields.get("cookie"), Some(&b"a=1; b=2"[..]));
    assert_eq!(asked.fields.iter().count(), 2);
}

#[test]
fn answers_without_a_body() {
    for (method, code, body) in [
        ("HEAD", 200, BodyLen::Known(9)),
        ("HEAD", 200, BodyLen::Unknown),
        ("GET", 204, BodyLen::Unknown),
        ("GET", 304, BodyLen::Known(9)),
        ("GET", 404, BodyLen::None),
        ("GET", 503, BodyLen::Known(0)),
    ] {
        let mut s = Server::greeted(false);
        s.feed(&ask(1, true, method, &[]));
        s.respond(1, code, body).unwrap();
        assert_eq!(s.codec.tx_window(Tid(1)), None, "{method} {code}");
        assert!(s.respond(1, code, body).is_err(), "once");
        s.feed(b"");
        assert_eq!(s.seen.last(), Some(&Seen::End(1)));
        let sent = s.sent();
        assert_eq!(status(&sent, 1), Some(code));
        assert!(sent[0].flags & END_STREAM != 0 && sent.len() == 1, "{sent:?}");
    }
}

#[test]
fn answers_in_pieces_follow_the_clients_credit() {
    let mut s = Server::new(ServerOptions::default(), false);
    s.feed(&[PREFACE, &settings(&[(INITIAL_WINDOW_SIZE, 10)]), &get(1), &get(3)].concat());
    s.sent();
    s.respond(1, 200, BodyLen::Unknown).unwrap();
    s.respond(3, 200, BodyLen::Known(3)).unwrap();
    assert_eq!(s.send(1, &[b'x'; 25], true), 10);
    assert_eq!(s.send(1, &[b'x'; 15], true), 0, "no credit");
    assert_eq!(s.send(3, b"abc", false), 3, "another stream has its own");
    s.feed(&window_update(1, 20));
    assert_eq!(s.send(1, &[b'x'; 15], true), 15);
    s.feed(b"");
    assert!(s.seen.contains(&Seen::End(1)) && s.seen.contains(&Seen::End(3)));
    let sent: Vec<_> =
        s.sent_of(DATA).iter().map(|f| (f.stream, f.payload.len(), f.flags)).collect();
    assert_eq!(sent, [(1, 10, 0), (3, 3, 1), (1, 15, 1)]);
}

#[test]
fn a_client_takes_a_request_back() {
    let mut s = Server::greeted(false);
    s.feed(&[ask(1, false, "POST", &[]), get(3), rst(1, CANCEL), rst(3, CANCEL)].concat());
    let reason = "h2: reset by the peer: CANCEL";
    assert_eq!(s.seen[2..], [Seen::Reset(1, reason), Seen::Reset(3, reason)]);
    assert!(s.respond(1, 200, BodyLen::None).is_err());
    assert_eq!(s.codec.reuse(), Reuse::Idle);
    // while its answer is under way
    s.feed(&get(5));
    s.respond(5, 200, BodyLen::Unknown).unwrap();
    s.send(5, b"x", false);
    s.feed(&rst(5, CANCEL));
    assert_eq!(s.seen.last(), Some(&Seen::Reset(5, reason)));
}

#[test]
fn giving_up_resets_the_stream_alone() {
    let mut s = Server::greeted(true);
    s.answers = false;
    s.feed(&get(1));
    s.codec.abandon(Tid(1), &mut s.out);
    assert_eq!(s.sent_of(RST_STREAM)[0].number(), 2, "INTERNAL_ERROR");
    s.feed(&ask(3, false, "POST", &[]));
    s.respond(3, 413, BodyLen::None).unwrap();
    s.codec.abandon(Tid(3), &mut s.out);
    assert_eq!(s.sent_of(RST_STREAM)[0].number(), 0, "8.1: NO_ERROR behind a complete answer");
    s.answers = true;
    s.feed(&get(5));
    assert_eq!(s.seen.last(), Some(&Seen::End(5)));
    s.feed(&ask(7, false, "POST", &[]));
    assert!(s.codec.give_up_on_peer(Tid(7), &mut s.out));
    assert_eq!(s.sent_of(RST_STREAM)[0].number(), CANCEL, "the client is too slow");
}

#[test]
fn requests_that_are_refused_here() {
    let long = "v".repeat(20_000);
    let rows: Vec<(u16, Vec<u8>)> = vec![
        (413, ask(1, false, "POST", &[("content-length", "99999999999")])),
        (400, ask(1, true, "GET", &[("host", "other.com")])),
        (400, headers(1, true, &[(":method", "GET"), (":scheme", "http"), (":path", "/")])),
        (501, headers(1, false, &[(":method", "CONNECT"), (":authority", "a:1")])),
        (431, {
            let b = block(&[(":method", "GET"), (":scheme", "http"), (":path", "/"), ("a", &long)]);
            let (one, two) = b.split_at(16_000);
            [frame(HEADERS, END_STREAM, 1, one), frame(CONTINUATION, END_HEADERS, 1, two)].concat()
        }),
    ];
    for (code, bytes) in rows {
        let mut s = Server::greeted(true);
        s.feed(&bytes);
        assert_eq!(s.seen, [], "{code}");
        assert_eq!(status(&s.sent(), 1), Some(code));
        s.feed(&get(3));
        assert_eq!(s.seen.last(), Some(&Seen::End(3)), "the others go on after {code}");
    }
}

#[test]
fn bodies_have_a_limit() {
    let options = ServerOptions { max_body: 5, ..Default::default() };
    let mut s = Server::new(options, true);
    s.feed(
        &[hello(), ask(1, false, "POST", &[]), data(1, false, b"123"), data(1, true, b"45")]
            .concat(),
    );
    assert_eq!(s.seen.last(), Some(&Seen::End(1)));
    s.sent();
    s.feed(&[ask(3, false, "POST", &[]), data(3, false, b"123"), data(3, true, b"456")].concat());
    assert!(
        matches!(s.seen.last(), Some(Seen::Reset(3, r)) if r.contains("limit")),
        "{:?}",
        s.seen
    );
    assert_eq!(status(&s.sent(), 3), Some(413));
    assert_eq!(s.codec.reuse(), Reuse::Idle);
}

#[test]
fn streams_have_a_limit() {
    let options = ServerOptions { max_streams: 2, ..Default::default() };
    let mut s = Server::new(options, false);
    s.feed(&[hello(), get(1), get(3), get(5)].concat());
    assert_eq!(s.codec.reuse(), Reuse::Shared(0));
    let rst = s.sent_of(RST_STREAM);
    assert_eq!((rst.len(), rst[0].stream, rst[0].number()), (1, 5, REFUSED_STREAM));
    s.respond(1, 204, BodyLen::None).unwrap();
    s.feed(&get(7));
    assert_eq!(s.seen.last(), Some(&requested(7, "GET", BodyLen::None)));
}

#[test]
fn rapid_resets_end_the_connection() {
    let options = ServerOptions { max_resets: 50, ..Default::default() };
    let pair = |n: u32| [get(2 * n + 1), rst(2 * n + 1, CANCEL)].concat();
    let mut s = Server::new(options, false);
    s.feed(&hello());
    for n in 0..50 {
        s.feed(&pair(n));
    }
    // a period later they count from the start
    s.now += options.reset_period;
    for n in 50..100 {
        s.feed(&pair(n));
    }
    let error = s.try_feed(&pair(100)).unwrap_err();
    assert_eq!(error.kind, ProtoErrorKind::TooLarge);
    assert_eq!(s.codec.reuse(), Reuse::Never);
    let goaway = s.sent_of(GOAWAY);
    assert_eq!(u32::from_be_bytes(goaway[0].payload[4..8].try_into().unwrap()), ENHANCE_YOUR_CALM);
    assert!(s.seen.iter().filter(|r| matches!(r, Seen::Reset(..))).count() <= 101);
}

#[test]
fn replies_of_the_protocol() {
    let mut s = Server::greeted(false);
    s.feed(&frame(PING, 0, 0, b"12345678"));
    let pong = &s.sent()[0];
    assert_eq!((pong.kind, pong.flags, &pong.payload[..]), (PING, ACK, &b"12345678"[..]), "6.7");
    s.feed(&settings(&[(1, 0)]));
    let ack = &s.sent()[0];
    assert_eq!((ack.kind, ack.flags, ack.payload.len()), (SETTINGS, ACK, 0), "6.5");
    s.feed(&frame(0x42, 0xff, 9, b"what"));
    assert!(s.sent().is_empty(), "5.5: unknown frames are ignored");
    assert!(s.codec.ping(&mut s.out));
    let ping = s.sent_of(PING).remove(0);
    s.feed(&frame(PING, ACK, 0, &ping.payload));
    assert_eq!(s.seen.last(), Some(&Seen::Alive));
}

#[test]
fn floods_end_the_connection() {
    let settings_flood = settings(&[]).repeat(40_000);
    let pings = frame(PING, 0, 0, &[0; 8]).repeat(40_000);
    let empty = [ask(1, false, "POST", &[]), data(1, false, b"").repeat(40_000)].concat();
    let tiny = [ask(1, false, "POST", &[]), data(1, false, b"x").repeat(80_000)].concat();
    let continuations = {
        let more = frame(CONTINUATION, 0, 1, &block(&[("a", &"v".repeat(1000))])).repeat(1000);
        [frame(HEADERS, 0, 1, b"\x82"), more].concat()
    };
    let nothing =
        [frame(HEADERS, 0, 1, b"\x82"), frame(CONTINUATION, 0, 1, b"").repeat(1000)].concat();
    for (name, bytes) in [
        ("SETTINGS", settings_flood),
        ("PING", pings),
        ("empty DATA", empty),
        ("CONTINUATION", continuations),
        ("empty CONTINUATION", nothing),
    ] {
        let mut s = Server::greeted(false);
        let error = s.try_feed(&bytes).expect_err(name);
        assert_eq!(error.kind, ProtoErrorKind::TooLarge, "{name}: {error}");
    }
    let mut s = Server::greeted(false);
    s.feed(&tiny[..10_000]);
}

#[test]
fn shutting_down_completes_what_is_under_way() {
    let mut s = Server::greeted(false);
    s.feed(&get(1));
    s.codec.close_after(&mut s.out);
    assert_eq!(s.codec.reuse(), Reuse::Never);
    let sent = s.sent();
    let ping = sent.iter().find(|f| f.kind == PING).expect("asks for the client's state");
    assert!(sent.iter().any(|f| f.kind == GOAWAY));
    s.feed(&frame(PING, ACK, 0, &ping.payload));
    s.respond(1, 204, BodyLen::None).unwrap();
    s.feed(b"");
    assert_eq!(s.seen.last(), Some(&Seen::End(1)));
    let goaway = s.sent_of(GOAWAY).remove(0);
    assert_eq!(goaway.number(), 1, "the last one that is answered");
}

#[test]
fn a_client_that_closes_its_side_gets_the_answers_to_complete_requests() {
    let cut = [hello(), ask(1, false, "POST", &[]), data(1, false, b"x")].concat();
    let outcome = feed_whole_and_bytewise(ServerOptions::default(), true, &cut, true);
    assert_eq!(outcome.error, None);
    let reason = "closed by the peer inside the request";
    assert_eq!(outcome.seen.last(), Some(&Seen::Reset(1, reason)));
    assert_eq!(outcome.reuse, Reuse::Never);
    let outcome = feed_whole_and_bytewise(ServerOptions::default(), true, &hello(), true);
    assert_eq!(outcome.error, None);

    let mut s = Server::greeted(false);
    let posted = [ask(3, false, "POST", &[]), data(3, true, b"x")].concat();
    s.feed(&[get(1), posted, ask(5, false, "POST", &[])].concat());
    s.eof().unwrap();
    assert_eq!(s.seen.last(), Some(&Seen::Reset(5, reason)));
    assert_eq!(s.codec.reuse(), Reuse::Never);
    for id in [3, 1] {
        s.respond(id, 200, BodyLen::Unknown).unwrap();
        assert_eq!(s.send(id, b"late", true), 4);
        s.feed(b"");
        assert_eq!(s.seen.last(), Some(&Seen::End(id)));
    }
    s.eof().unwrap();
    let sent: Vec<_> = s.sent_of(DATA).into_iter().map(|f| (f.stream, f.payload)).collect();
    assert_eq!(sent, [(3, b"late".to_vec()), (1, b"late".to_vec())]);
}

#[test]
fn goodbye_names_the_last_request() {
    let mut s = Server::greeted(true);
    s.feed(&get(1));
    s.codec.goodbye(&mut s.out);
    assert_eq!(s.sent_of(GOAWAY)[0].number(), 1);
}

/// The fuzz target's body on mutations of good and bad frames, the same ones each time.
#[test]
fn mutations() {
    let seeds = [
        [get(1), ask(3, false, "POST", &[("content-length", "3")]), data(3, true, b"abc")].concat(),
        [ask(1, false, "POST", &[]), data(1, false, b"x"), rst(1, 8), get(3), rst(3, 8)].concat(),
        [settings(&[(4, 3), (1, 0)]), get(1), window_update(1, 2), frame(PING, 0, 0, &[1; 8])]
            .concat(),
        [frame(HEADERS, 1, 1, b"\x82\x86"), frame(CONTINUATION, 4, 1, b"\x84\x41\x01h")].concat(),
        [
            ask(1, false, "PUT", &[]),
            data(1, false, &[7; 20]),
            headers(1, true, &[("t", "v")]),
            get(3),
        ]
        .concat(),
        [get(1), get(3), get(5), goaway(0, 0)].concat(),
    ];
    let mut random = super::mutate::Random::new(9);
    for round in 0..3000 {
        let mut bytes = vec![random.byte(), random.byte()];
        bytes.extend_from_slice(&seeds[round % seeds.len()]);
        random.mutate(&mut bytes, 2);
        check_input(&bytes);
    }
}
