//! Requests and their bodies, and how many fit on a connection.

use super::h2_feed::*;
use securestreams::proto::h2::{MAX_STREAMS, MAX_WINDOW, Options};
use securestreams::proto::{BodyLen, Codec, ProtoErrorKind, Request, Reuse, Tid};

fn post(body: BodyLen) -> (Client, Tid) {
    let mut c = Client::new(Options::default());
    let tid = c.start(&Request { body, ..request("POST") }).unwrap();
    c.feed(&welcome());
    (c, tid)
}

fn sizes(frames: &[Sent]) -> Vec<(usize, bool)> {
    frames.iter().map(|f| (f.payload.len(), f.flags & END_STREAM != 0)).collect()
}

#[test]
fn opens_with_preface_settings_and_window() {
    let mut c = Client::new(Options::default());
    assert!(c.out.is_empty());
    c.start(&request("GET")).unwrap();
    assert!(c.out.pending().starts_with(PREFACE));
    let sent = c.sent();
    let kinds: Vec<u8> = sent.iter().map(|f| f.kind).collect();
    assert_eq!(kinds[0], SETTINGS);
    assert!(kinds.contains(&WINDOW_UPDATE) && kinds.contains(&HEADERS), "{kinds:?}");
    let value =
        |id: u16| sent[0].payload.chunks(6).find(|s| s[..2] == id.to_be_bytes()).map(|s| s[5]);
    assert_eq!(value(2), Some(0), "pushes are not refused");
    let head = sent.iter().find(|f| f.kind == HEADERS).unwrap();
    assert_eq!(head.flags, END_HEADERS | END_STREAM);
}

#[test]
fn secrets_stay_out_of_the_compression_tables() {
    let mut c = Client::new(Options::default());
    c.start(&Request { fields: &[("authorization", b"Bearer x")], ..request("GET") }).unwrap();
    let head = c.sent_of(HEADERS).remove(0).payload;
    // RFC 7541 6.2.3: a literal never indexed, its name number 23 of the static table
    assert!(head.windows(2).any(|w| w == [0x1f, 0x08]), "{head:02x?}");
}

#[test]
fn an_open_end_for_get() {
    // as without nghttp2_quirk_end_stream
    let (mut c, tid) = {
        let mut c = Client::new(Options::default());
        let tid = c.start(&Request { body: BodyLen::Unknown, ..request("GET") }).unwrap();
        c.feed(&welcome());
        (c, tid)
    };
    assert_eq!(c.sent_of(HEADERS)[0].flags, END_HEADERS);
    assert_eq!(c.codec.tx_window(tid).map(|w| w.max), Some(0), "unasked");
    c.codec.want_tx(tid, true);
    assert!(c.codec.tx_window(tid).is_some_and(|w| w.max > 0));
    c.codec.want_tx(tid, false);
    c.feed(&[ok(1), data(1, true, b"x")].concat());
    assert_eq!(c.last(), Some(&Seen::End(1)));
    let sent = c.sent();
    assert!(sent.iter().all(|f| f.kind != RST_STREAM), "{sent:?}");
    let data: Vec<Sent> = sent.into_iter().filter(|f| f.kind == DATA).collect();
    assert_eq!(sizes(&data), [(0, true)]);
    assert_eq!(c.codec.reuse(), Reuse::Idle);
}

#[test]
fn an_end_needs_no_credit() {
    let (mut c, tid) = post(BodyLen::Unknown);
    c.sent();
    c.codec.tx_commit(tid, &mut c.out, 0, false, true).unwrap();
    assert_eq!(sizes(&c.sent_of(DATA)), [(0, true)]);
    assert_eq!(c.codec.tx_window(tid), None);
    let again = c.codec.tx_commit(tid, &mut c.out, 0, false, true);
    assert_eq!(again.unwrap_err().kind, ProtoErrorKind::TxOverrun);
}

#[test]
fn announced_body_goes_out_as_announced() {
    let (mut c, tid) = post(BodyLen::Known(8));
    c.sent();
    assert_eq!(c.send(tid, b"hello", false), 5);
    assert_eq!(c.send(tid, b"", false), 0);
    c.codec.want_tx(tid, true);
    assert_eq!(c.codec.tx_window(tid).map(|w| w.max), Some(3));
    c.out.prepare(0, 10, 0);
    let more = c.codec.tx_commit(tid, &mut c.out, 4, false, true);
    assert_eq!(more.unwrap_err().kind, ProtoErrorKind::TxOverrun);
    assert!(!c.out.window_is_open());
    c.send(tid, b"abc", false);
    assert_eq!(sizes(&c.sent_of(DATA)), [(5, false), (3, true)]);
    assert_eq!(c.codec.tx_window(tid), None);
}

#[test]
fn a_short_body_ends_as_it_is_and_the_connection_goes_on() {
    let (mut c, tid) = post(BodyLen::Known(8));
    c.sent();
    c.send(tid, b"hello", true);
    assert_eq!(sizes(&c.sent_of(DATA)), [(5, true)]);
    assert_eq!(c.codec.tx_window(tid), None);
    // RFC 9113 8.1.1: the server calls it malformed
    c.feed(&rst(1, 1));
    assert_eq!(c.last(), Some(&Seen::Reset(1, "h2: reset by the peer: PROTOCOL_ERROR")));
    assert_eq!(c.codec.reuse(), Reuse::Idle);
}

#[test]
fn more_than_the_window_is_refused() {
    let (mut c, tid) = post(BodyLen::Unknown);
    c.codec.want_tx(tid, true);
    let max = c.codec.tx_window(tid).unwrap().max;
    c.sent();
    c.out.prepare(0, max + 1, 0);
    let sent = c.codec.tx_commit(tid, &mut c.out, max + 1, true, false);
    assert_eq!(sent.unwrap_err().kind, ProtoErrorKind::TxOverrun);
    c.out.prepare(0, 3, 0);
    assert!(c.codec.tx_commit(tid, &mut c.out, 4, true, false).is_err(), "beyond its room");
    assert!(c.codec.tx_commit(Tid(99), &mut c.out, 0, false, true).is_err(), "a stranger");
    assert!(c.sent_of(DATA).is_empty());
    assert_eq!(c.send(tid, b"goes on", true), 7);
}

#[test]
fn bulk_goes_out_as_credit_comes() {
    let (mut c, tid) = post(BodyLen::Unknown);
    c.sent();
    let body: Vec<u8> = (0..300_000_u32).map(|i| (i / 7) as u8).collect();
    let (mut at, mut got, mut stalls) = (0, Vec::new(), 0);
    let mut may = 65_535_i64;
    while got.len() < body.len() {
        let n = if at < body.len() { c.send(tid, &body[at..], true) } else { 0 };
        assert!(n <= MAX_WINDOW);
        at += n;
        for f in c.sent_of(DATA) {
            may -= f.payload.len() as i64;
            assert!(may >= 0, "more than the peer allows");
            got.extend_from_slice(&f.payload);
        }
        if n == 0 {
            stalls += 1;
            assert_eq!(may, 0, "credit is not used");
            c.feed(&window_update(1, 30_000)).feed(&window_update(0, 30_000));
            may += 30_000;
        }
    }
    assert!(got == body && stalls > 5, "{stalls} stalls");
    assert_eq!(c.codec.tx_window(tid), None, "ended");
}

#[test]
fn credit_goes_to_those_who_want_it() {
    let (mut c, one) = post(BodyLen::Unknown);
    let two = c.start(&Request { body: BodyLen::Unknown, ..request("POST") }).unwrap();
    let max = |c: &Client, tid| c.codec.tx_window(tid).unwrap().max;
    c.codec.want_tx(one, true);
    c.codec.want_tx(two, true);
    assert!(max(&c, one) > 0);
    assert_eq!(max(&c, two), 0, "the connection's window was one's");
    c.codec.want_tx(one, false);
    c.feed(b"");
    assert!(max(&c, two) > 0, "what one gave back");
    assert_eq!(max(&c, one), 0);
    c.codec.abandon(two, &mut c.out);
    c.codec.want_tx(one, true);
    assert!(max(&c, one) > 0, "what was two's");
}

#[test]
fn answer_before_a_begun_body_is_complete_cancels_it() {
    for body in [BodyLen::Known(8), BodyLen::Unknown] {
        let (mut c, tid) = post(body);
        c.send(tid, b"half", false);
        c.sent();
        c.feed(&headers(1, true, &[(":status", "200")]));
        assert_eq!(c.last(), Some(&Seen::End(1)));
        let resets = c.sent_of(RST_STREAM);
        assert_eq!(resets.iter().map(Sent::number).collect::<Vec<_>>(), [8]);
        assert_eq!(c.codec.tx_window(tid), None);
        assert_eq!(c.codec.reuse(), Reuse::Idle);
    }
}

#[test]
fn the_reset_after_a_complete_answer_is_no_news() {
    // RFC 9113 8.1: NO_ERROR asks to stop the upload
    let (mut c, tid) = post(BodyLen::Unknown);
    c.send(tid, b"half", false);
    c.sent();
    c.feed(&[ok(1), data(1, true, b"done"), rst(1, 0)].concat());
    assert_eq!(c.sent_of(RST_STREAM).len(), 1, "ours had to wait for the next frame");
    assert_eq!(c.last(), Some(&Seen::End(1)));
    assert_eq!(c.codec.reuse(), Reuse::Idle);
}

#[test]
fn abandoned_streams_are_cancelled_and_the_others_go_on() {
    let mut c = Client::with_get();
    let two = c.start(&request("GET")).unwrap();
    c.feed(&ok(1));
    c.sent();
    assert!(matches!(c.codec.abandon(Tid(1), &mut c.out), Reuse::Shared(1..)));
    let resets = c.sent_of(RST_STREAM);
    assert_eq!(resets.iter().map(|r| (r.stream, r.number())).collect::<Vec<_>>(), [(1, 8)]);
    let seen = c.seen.len();
    c.feed(&[data(1, true, b"late"), ok(two.0), data(two.0, true, b"x")].concat());
    assert_eq!(c.payload(1), b"");
    assert_eq!(c.seen[seen..].len(), 3, "{:?}", c.seen);
    assert_eq!(c.codec.abandon(two, &mut c.out), Reuse::Idle, "over already");
}

#[test]
fn concurrency_is_the_peers_to_set() {
    let mut c = Client::new(Options::default());
    assert_eq!(c.codec.reuse(), Reuse::Idle);
    c.start(&request("GET")).unwrap();
    assert_eq!(c.codec.reuse(), Reuse::Shared(0), "before the peer's settings");
    assert_eq!(c.start(&request("GET")).unwrap_err().kind, ProtoErrorKind::BadRequest);
    c.feed(&settings(&[(MAX_CONCURRENT_STREAMS, 3)]));
    assert_eq!(c.codec.reuse(), Reuse::Shared(2));
    c.start(&request("GET")).unwrap();
    c.start(&request("GET")).unwrap();
    assert_eq!(c.codec.reuse(), Reuse::Shared(0));
    assert!(c.start(&request("GET")).is_err());
    c.feed(&[ok(1), data(1, true, b"x")].concat());
    assert_eq!(c.codec.reuse(), Reuse::Shared(1));
    c.feed(&settings(&[(MAX_CONCURRENT_STREAMS, 1)]));
    assert_eq!(c.codec.reuse(), Reuse::Shared(0));
    assert_eq!(c.sent_of(HEADERS).len(), 3);

    let mut c = Client::with_get();
    assert_eq!(c.codec.reuse(), Reuse::Shared(MAX_STREAMS as u32 - 1), "no limit of the peer's");
    c.feed(&headers(1, true, &[(":status", "200")]));
    c.feed(&settings(&[(MAX_CONCURRENT_STREAMS, 0)]));
    assert_eq!(c.codec.reuse(), Reuse::Shared(0));
}

#[test]
fn one_at_a_time_for_long() {
    let mut c = Client::new(Options::default());
    for n in 0..10_000_u32 {
        let id = 2 * n + 1;
        let body = if n % 2 == 0 { BodyLen::None } else { BodyLen::Unknown };
        assert_eq!(c.start(&Request { body, ..request("GET") }), Ok(Tid(id)));
        if n == 0 {
            c.feed(&settings(&[(MAX_CONCURRENT_STREAMS, 1)]));
        }
        assert_eq!(c.sent_of(HEADERS).len(), 1, "request {n} waits");
        c.feed(&[ok(id), data(id, true, b"x")].concat());
        assert_eq!(c.last(), Some(&Seen::End(id)));
        assert_eq!(c.codec.reuse(), Reuse::Idle);
        c.seen.clear();
    }
}

#[test]
fn goaway_lets_finish_what_may_and_refuses_the_rest() {
    let mut c = Client::with_get();
    let two = c.start(&request("GET")).unwrap();
    c.feed(&[ok(1), goaway(1, 0)].concat());
    assert_eq!(c.last(), Some(&Seen::Refused(two.0, "h2: not processed before GOAWAY")));
    assert!(!c.codec.response_started(Tid(5)));
    assert_eq!(c.codec.reuse(), Reuse::Never);
    assert!(c.start(&request("GET")).is_err());
    c.feed(&data(1, true, b"finished"));
    assert_eq!(c.last(), Some(&Seen::End(1)));
    assert_eq!(c.payload(1), b"finished");
    assert_eq!(c.codec.reuse(), Reuse::Never);
    c.feed(&ok(1));
    assert_eq!(c.eof(), Ok(()));
}

#[test]
fn graceful_goaway_comes_twice() {
    let mut c = Client::with_get();
    let two = c.start(&request("GET")).unwrap();
    c.feed(&goaway(0x7fff_ffff, 0));
    assert_eq!(c.codec.reuse(), Reuse::Never);
    assert!(c.seen.is_empty());
    c.feed(&[goaway(1, 0), ok(1), data(1, true, b"x")].concat());
    assert!(c.seen.contains(&Seen::Refused(two.0, "h2: not processed before GOAWAY")));
    assert_eq!(c.last(), Some(&Seen::End(1)));
}

#[test]
fn goaway_with_an_error_is_the_connections_error() {
    let mut c = Client::with_get();
    let error = c.try_feed(&goaway(0, 11)).unwrap_err();
    assert!(error.detail.contains("GOAWAY by the peer: ENHANCE_YOUR_CALM"), "{error}");
    assert!(!c.codec.response_started(Tid(1)));
    // one that was processed may still be answered
    let mut c = Client::with_get();
    c.feed(&[goaway(1, 11), ok(1)].concat());
    let error = c.try_feed(&data(1, true, b"x")).unwrap_err();
    assert_eq!(c.last(), Some(&Seen::End(1)));
    assert!(error.detail.contains("ENHANCE_YOUR_CALM"), "{error}");
}

#[test]
fn goaway_while_idle_ends_reuse() {
    let mut c = Client::with_get();
    c.feed(&headers(1, true, &[(":status", "200")]));
    assert_eq!(c.codec.reuse(), Reuse::Idle);
    c.feed(&goaway(1, 0));
    assert_eq!(c.codec.reuse(), Reuse::Never);
}

#[test]
fn goodbye_is_the_last_word() {
    let mut c = Client::with_get();
    c.sent();
    c.codec.goodbye(&mut c.out);
    c.codec.goodbye(&mut c.out);
    assert_eq!(c.sent(), [Sent { kind: GOAWAY, flags: 0, stream: 0, payload: vec![0; 8] }]);
    assert_eq!(c.codec.reuse(), Reuse::Never);
    assert!(!c.codec.ping(&mut c.out));
    c.codec.abandon(Tid(1), &mut c.out);
    c.feed(&[ok(1), data(1, true, b"late")].concat());
    assert!(c.seen.is_empty() && c.out.is_empty());
    assert_eq!(c.eof(), Ok(()));
}

#[test]
fn requests_that_cannot_be_expressed_write_nothing() {
    let names: Vec<String> = (0..40_000).map(|n| format!("x{n}")).collect();
    let many: Vec<(&str, &[u8])> = names.iter().map(|n| (n.as_str(), &b""[..])).collect();
    let bad: Vec<(&str, Request<'_>)> = vec![
        ("method", Request { method: "GE T", ..request("GET") }),
        ("method", Request { method: "CONNECT", ..request("GET") }),
        ("authority", Request { authority: "exa mple", ..request("GET") }),
        ("authority", Request { authority: "", ..request("GET") }),
        ("path", Request { path: "x", ..request("GET") }),
        ("path", Request { path: "/a b", ..request("GET") }),
        ("field", Request { fields: &[("a b", b"x")], ..request("GET") }),
        ("field", Request { fields: &[("a", b"x\r\ny: z")], ..request("GET") }),
        ("field", Request { fields: &[("Host", b"x")], ..request("GET") }),
        ("field", Request { fields: &[(":path", b"/x")], ..request("GET") }),
        ("fields", Request { fields: &many, ..request("GET") }),
    ];
    let mut c = Client::new(Options::default());
    for (what, req) in bad {
        let Err(error) = c.start(&req) else { panic!("{what}: started") };
        assert_eq!(error.kind, ProtoErrorKind::BadRequest);
        assert!(error.detail.contains(what), "{what}: {error}");
        assert!(c.out.pending().len() <= 100, "more than the preface");
    }
    assert_eq!(c.codec.reuse(), Reuse::Idle);
    c.start(&request("GET")).unwrap();
    assert_eq!(c.sent_of(HEADERS).len(), 1);
}
