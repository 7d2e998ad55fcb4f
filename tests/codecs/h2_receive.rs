//! Responses, in every cut.

use super::h2_feed::*;
use proptest::prelude::*;
use securestreams::proto::h2::{MAX_FRAME, MAX_INTERIM, Options, STREAM_WINDOW};
use securestreams::proto::{Codec, Event, ProtoErrorKind, Reuse, Tid};

fn fields(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
}

fn head(id: u32, status: u16) -> Seen {
    Seen::Head(id, status, Vec::new())
}

fn message(id: u32, text: &[u8]) -> Seen {
    Seen::Message(id, text.to_vec(), true)
}

/// Name, what the peer sends for stream 1, what is seen of it.
fn cases() -> Vec<(&'static str, Vec<u8>, Vec<Seen>)> {
    let padded = frame(DATA, END_STREAM | 8, 1, b"\x03body...");
    let two_blocks = {
        let block = block(&[(":status", "200"), ("a", "1"), ("b", "2")]);
        let (one, two) = block.split_at(7);
        [frame(HEADERS, END_STREAM, 1, one), frame(CONTINUATION, END_HEADERS, 1, two)].concat()
    };
    let end = Seen::End(1);
    vec![
        (
            "payload in two frames",
            [ok(1), data(1, false, b"hello "), data(1, true, b"world")].concat(),
            vec![head(1, 200), message(1, b"hello world"), end.clone()],
        ),
        (
            "end in an empty frame",
            [ok(1), data(1, false, b"x"), data(1, true, b"")].concat(),
            vec![head(1, 200), message(1, b"x"), end.clone()],
        ),
        (
            "no body",
            headers(1, true, &[(":status", "204"), ("x-a", "1"), ("x-a", "2")]),
            vec![Seen::Head(1, 204, fields(&[("x-a", "1"), ("x-a", "2")])), end.clone()],
        ),
        ("empty body", [ok(1), data(1, true, b"")].concat(), vec![head(1, 200), end.clone()]),
        ("padding", [ok(1), padded].concat(), vec![head(1, 200), message(1, b"body"), end.clone()]),
        (
            "announced length",
            [
                headers(1, false, &[(":status", "404"), ("content-length", "2")]),
                data(1, true, b"no"),
            ]
            .concat(),
            vec![
                Seen::Head(1, 404, fields(&[("content-length", "2")])),
                message(1, b"no"),
                end.clone(),
            ],
        ),
        (
            "trailers",
            [ok(1), data(1, false, b"x"), headers(1, true, &[("x-sum", "9")])].concat(),
            vec![
                head(1, 200),
                message(1, b"x"),
                Seen::Trailers(1, fields(&[("x-sum", "9")])),
                end.clone(),
            ],
        ),
        (
            "interim responses",
            [headers(1, false, &[(":status", "103"), ("link", "x")]), ok(1), data(1, true, b"x")]
                .concat(),
            vec![head(1, 200), message(1, b"x"), end.clone()],
        ),
        (
            "head in two frames",
            two_blocks,
            vec![Seen::Head(1, 200, fields(&[("a", "1"), ("b", "2")])), end.clone()],
        ),
        (
            "control frames between",
            [
                frame(PING, 0, 0, b"01234567"),
                ok(1),
                window_update(0, 1),
                data(1, false, b"a"),
                settings(&[(INITIAL_WINDOW_SIZE, 70_000)]),
                frame(0xbb, 0xff, 0, b"unknown to anybody"),
                data(1, true, b"b"),
            ]
            .concat(),
            vec![head(1, 200), message(1, b"ab"), end],
        ),
        (
            "reset",
            [ok(1), data(1, false, b"half"), rst(1, 8)].concat(),
            vec![
                head(1, 200),
                Seen::Message(1, b"half".to_vec(), false),
                Seen::Reset(1, "h2: reset by the peer: CANCEL"),
            ],
        ),
        ("refused", rst(1, 7), vec![Seen::Refused(1, "h2: reset by the peer: REFUSED_STREAM")]),
        (
            "shorter than announced",
            [
                headers(1, false, &[(":status", "200"), ("content-length", "5")]),
                data(1, true, b"abc"),
            ]
            .concat(),
            vec![
                Seen::Head(1, 200, fields(&[("content-length", "5")])),
                Seen::Reset(1, "h2: the peer's message is wrong: PROTOCOL_ERROR"),
            ],
        ),
    ]
}

#[test]
fn every_response_whole_and_byte_by_byte() {
    for (name, bytes, expected) in cases() {
        let got = feed_whole_and_bytewise(Setup::default(), &bytes);
        assert_eq!(got.error, None, "{name}");
        assert_eq!(got.seen, expected, "{name}");
        assert_eq!(got.reuse, Reuse::Idle, "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever the bytes are, the cuts make no difference and nothing panics.
    #[test]
    fn damaged_responses_are_read_alike_in_any_cut(
        which in proptest::collection::vec(0..cases().len(), 1..3),
        damage in proptest::collection::vec((0..400_usize, any::<u8>(), 0..3_u8), 0..4),
        cuts in proptest::collection::vec(0..400_usize, 0..8),
        setup in (any::<bool>(), proptest::option::of(0..8_u32), any::<bool>(), any::<bool>()),
    ) {
        let (cut_overflow, limit, post, eof) = setup;
        let setup = Setup { cut_overflow, limit, post, eof };
        let mut bytes: Vec<u8> = which.iter().flat_map(|w| cases()[*w].1.clone()).collect();
        for (at, byte, how) in damage {
            let at = at % bytes.len();
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => {}
            }
        }
        let whole = feed_whole_and_bytewise(setup, &bytes);
        prop_assert_eq!(whole, feed(setup, pieces(&bytes, cuts)));
    }
}

fn pieces(bytes: &[u8], mut cuts: Vec<usize>) -> Vec<&[u8]> {
    cuts.retain(|&c| c <= bytes.len());
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|w| &bytes[w[0]..w[1]]).collect()
}

#[test]
fn the_fuzzers_seeds_and_mutations_of_them() {
    const MUTATIONS: usize = 200;
    let folder = super::fixtures::root().join("fuzz/seeds/h2");
    let mut seeds: Vec<_> = std::fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect();
    seeds.sort();
    assert!(seeds.len() > 10);
    // xorshift: the same in every run
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    for seed in seeds {
        let seed = std::fs::read(seed).unwrap();
        check_input(&seed);
        for _ in 0..MUTATIONS {
            let mut bytes = seed.clone();
            for _ in 0..=random(3) {
                let at = random(bytes.len());
                match random(4) {
                    0 => bytes[at] = random(256) as u8,
                    1 => bytes[at] ^= 1 << random(8),
                    2 => bytes.insert(at, random(256) as u8),
                    _ => drop(bytes.remove(at)),
                }
            }
            check_input(&bytes);
        }
    }
}

#[test]
fn events_come_frame_by_frame() {
    let mut c = Client::with_get();
    let bytes = [ok(1), data(1, false, b"one"), data(1, true, b"two")].concat();
    let mut input = &bytes[..];
    let mut left = Vec::new();
    while let Some(event) = c.codec.receive(&mut input, &mut c.out, 0).unwrap() {
        left.push((std::mem::discriminant(&event), input.len()));
    }
    let frame = 9 + 3;
    let expected: Vec<usize> = vec![2 * frame, frame, 0, 0, 0];
    assert_eq!(left.iter().map(|l| l.1).collect::<Vec<_>>(), expected, "taken ahead of the events");
}

#[test]
fn many_streams_at_a_time() {
    let mut c = Client::with_get();
    for id in [3, 5] {
        assert_eq!(c.start(&request("GET")), Ok(Tid(id)));
    }
    let mixed =
        [ok(5), ok(1), data(5, false, b"a"), data(1, true, b"1"), data(5, true, b"b")].concat();
    c.feed(&mixed);
    assert_eq!((c.payload(1), c.payload(5)), (&b"1"[..], &b"ab"[..]));
    let ends: Vec<&Seen> = c.seen.iter().filter(|s| matches!(s, Seen::End(_))).collect();
    assert_eq!(ends, [&Seen::End(1), &Seen::End(5)]);
    assert!(c.codec.head(Tid(3)).is_none() && !c.codec.response_started(Tid(3)));
    assert!(c.codec.response_started(Tid(1)) && !c.codec.response_started(Tid(7)));
}

#[test]
fn taken_payload_is_granted_again() {
    let mut c = Client::with_get();
    c.feed(&ok(1));
    c.sent();
    let mut granted = [0_u64; 2];
    let frames = 400;
    for _ in 0..frames {
        c.feed(&data(1, false, &[b'x'; MAX_FRAME as usize]));
        for update in c.sent_of(WINDOW_UPDATE) {
            granted[usize::from(update.stream == 1)] += u64::from(update.number());
        }
    }
    let sent = frames * u64::from(MAX_FRAME);
    assert_eq!(c.payload(1).len() as u64, sent);
    assert!(granted.iter().all(|g| sent - g < 1024 * 1024), "{granted:?} of {sent}");
}

#[test]
fn close_inside_a_response_is_an_error() {
    for (bytes, started) in [(Vec::new(), false), (ok(1), true), (b"\0\0".to_vec(), false)] {
        let mut c = Client::with_get();
        c.feed(&bytes);
        assert_eq!(c.eof().unwrap_err().kind, ProtoErrorKind::CutShort);
        assert_eq!(c.codec.response_started(Tid(1)), started);
        assert_eq!(c.codec.reuse(), Reuse::Never);
        assert_eq!(c.eof(), Ok(()), "told twice");
    }
    let mut idle = Client::with_get();
    idle.feed(&headers(1, true, &[(":status", "200")]));
    assert_eq!(idle.codec.reuse(), Reuse::Idle);
    assert_eq!(idle.eof(), Ok(()));
    assert_eq!(idle.codec.reuse(), Reuse::Never);
}

#[test]
fn what_breaks_the_connection_is_named() {
    let push = frame(PUSH_PROMISE, END_HEADERS, 1, &[&[0, 0, 0, 2], &block(&[])[..]].concat());
    let big = MAX_FRAME + 1;
    let too_large = [&big.to_be_bytes()[1..], &[DATA, 0, 0, 0, 0, 1]].concat();
    let cases: [(&str, Vec<u8>, &str); 8] = [
        ("frame too large", too_large, "FRAME_SIZE_ERROR"),
        ("DATA before HEADERS", data(1, false, b"x"), "PROTOCOL_ERROR"),
        ("DATA on no stream", data(0, false, b"x"), "PROTOCOL_ERROR"),
        ("a stream that nobody started", ok(9), "PROTOCOL_ERROR"),
        ("a push", push, "PROTOCOL_ERROR"),
        ("SETTINGS of 5 bytes", frame(SETTINGS, 0, 0, &[0; 5]), "FRAME_SIZE_ERROR"),
        ("bad HPACK", frame(HEADERS, END_HEADERS, 1, &[0xff; 12]), "PROTOCOL_ERROR"),
        ("excess of credit", window_update(0, 0x7fff_ffff), "FLOW_CONTROL_ERROR"),
    ];
    for (name, bytes, code) in cases {
        let got = feed_whole_and_bytewise(Setup::default(), &bytes);
        let error = got.error.unwrap_or_else(|| panic!("{name}: no error, {:?}", got.seen));
        assert_eq!(error.kind, ProtoErrorKind::Malformed, "{name}");
        assert!(error.detail.contains(code), "{name}: {error}");
        assert!(got.seen.is_empty(), "{name}: {:?}", got.seen);
        let mut c = Client::with_get();
        assert!(c.try_feed(&bytes).is_err());
        assert_eq!(c.sent_of(GOAWAY).len(), 1, "{name}: the peer is not told");
    }
}

#[test]
fn a_server_without_h2_is_told_apart() {
    let answer = b"HTTP/1.1 400 Bad Request\r\n\r\n";
    let got = feed_whole_and_bytewise(Setup::default(), answer);
    let error = got.error.expect("an error");
    assert_eq!(error.kind, ProtoErrorKind::Malformed);
    assert!(error.detail.contains("HTTP/1"), "{error}");
    assert!(feed(Setup::default(), [&b"HTTP/1"[..]]).error.is_none(), "too early to say");
}

#[test]
fn what_came_before_an_error_is_reported() {
    let bytes = [ok(1), data(1, true, b"all"), data(0, false, b"")].concat();
    let got = feed_whole_and_bytewise(Setup::default(), &bytes);
    assert_eq!(got.seen, [head(1, 200), message(1, b"all"), Seen::End(1)]);
    assert!(got.error.is_some());
}

#[test]
fn excess_of_credit_is_cut_on_request() {
    let setup = Setup { cut_overflow: true, post: true, ..Setup::default() };
    let full = 0x7fff_ffff;
    let bytes = [
        settings(&[(INITIAL_WINDOW_SIZE, full)]),
        window_update(0, full),
        window_update(0, 9),
        window_update(3, full),
        ok(1),
    ]
    .concat();
    let got = feed_whole_and_bytewise(setup, &bytes);
    assert_eq!((got.error, got.seen), (None, vec![head(1, 200)]));
    let strict = feed(Setup { cut_overflow: false, ..setup }, [&bytes[..]]);
    assert!(strict.error.is_some(), "nothing was in excess");
}

#[test]
fn a_large_head_ends_its_stream() {
    let long = "v".repeat(1000);
    for (n, fits) in [(12, true), (20, false)] {
        let mut f = vec![(":status", "200")];
        f.extend(std::iter::repeat_n(("x-long", long.as_str()), n));
        let block = block(&f);
        let (one, two) = block.split_at(block.len() / 2);
        let bytes =
            [frame(HEADERS, END_STREAM, 1, one), frame(CONTINUATION, END_HEADERS, 1, two)].concat();
        let got = feed_whole_and_bytewise(Setup::default(), &bytes);
        assert_eq!(got.error, None);
        match fits {
            true => assert_eq!(got.seen.last(), Some(&Seen::End(1))),
            false => assert!(matches!(got.seen[..], [Seen::Reset(1, _)]), "{:?}", got.seen),
        }
    }
}

#[test]
fn interim_responses_are_limited() {
    let interim = headers(1, false, &[(":status", "103")]);
    let most = usize::from(MAX_INTERIM);
    let mut c = Client::with_get();
    c.feed(&interim.repeat(most)).feed(&ok(1));
    assert_eq!(c.last(), Some(&head(1, 200)));

    let mut c = Client::with_get();
    c.feed(&interim.repeat(most));
    assert!(c.codec.response_started(Tid(1)));
    c.sent();
    c.feed(&interim);
    assert_eq!(c.last(), Some(&Seen::Reset(1, "h2: too many interim responses")));
    assert_eq!(c.sent_of(RST_STREAM).len(), 1);
    assert_eq!(c.codec.reuse(), Reuse::Idle);
}

#[test]
fn floods_end_the_connection() {
    let continuation = {
        let mut f = frame(HEADERS, 0, 1, &block(&[(":status", "200")]));
        f.extend(frame(CONTINUATION, 0, 1, b"").repeat(100_000));
        f
    };
    let floods = [
        ("CONTINUATION", continuation),
        ("PING", frame(PING, 0, 0, b"01234567").repeat(100_000)),
        ("SETTINGS", settings(&[]).repeat(100_000)),
        ("empty DATA", [ok(1), data(1, false, b"").repeat(300_000)].concat()),
    ];
    for (name, bytes) in floods {
        let mut c = Client::with_get();
        let error = c.try_feed(&bytes).expect_err(name);
        assert_eq!(error.kind, ProtoErrorKind::TooLarge, "{name}: {error}");
        assert!(c.out.pending().len() < 1024 * 1024, "{name}");
    }
}

#[test]
fn replies_that_are_taken_are_not_limited() {
    let mut c = Client::with_get();
    c.sent();
    for _ in 0..100_000 {
        c.feed(&frame(PING, 0, 0, b"01234567"));
        assert_eq!(c.written().len(), 17);
    }
}

#[test]
fn credit_of_a_peer_without_a_limit() {
    let mut c = Client::with_get();
    let credit = |c: &Client| c.codec.peer_credit(Tid(1));
    assert_eq!(credit(&c), STREAM_WINDOW as i32);
    c.codec.add_peer_credit(Tid(1), 1000);
    assert_eq!(credit(&c), STREAM_WINDOW as i32, "there is no limit to add to");
    c.feed(&[ok(1), data(1, false, &[b'x'; 10_000])].concat());
    assert_eq!(credit(&c), STREAM_WINDOW as i32, "taken is granted again");
    assert_eq!(c.codec.peer_credit(Tid(3)), 0);
}

#[test]
fn a_limited_peer() {
    let mut c = Client::with_get();
    c.codec.limit_peer(Tid(1), 10);
    assert_eq!(c.codec.peer_credit(Tid(1)), 10);
    c.feed(&[ok(1), data(1, false, b"0123456789abc"), data(1, true, b"def")].concat());
    assert_eq!(c.payload(1), b"0123456789");
    assert_eq!(c.codec.peer_credit(Tid(1)), 0);
    c.codec.add_peer_credit(Tid(1), 2);
    assert_eq!(c.codec.peer_credit(Tid(1)), 2);
    c.feed(b"");
    assert_eq!(c.payload(1), b"0123456789ab");
    c.codec.add_peer_credit(Tid(1), -5);
    c.codec.add_peer_credit(Tid(1), 5);
    c.feed(b"");
    assert_eq!(c.payload(1), b"0123456789ab", "credit out of nothing");
    c.codec.add_peer_credit(Tid(1), 100);
    c.feed(b"");
    assert_eq!(c.seen[1..], [message(1, b"0123456789abcdef"), Seen::End(1)]);
    assert_eq!(c.codec.peer_credit(Tid(1)), 0, "over");
}

#[test]
fn a_limit_holds_on_the_wire_behind_the_first_window() {
    const WINDOW: u32 = 4096;
    let mut c = Client::new(Options { stream_window: WINDOW, ..Options::default() });
    let tid = c.start(&request("GET")).unwrap();
    let limit = 3 * WINDOW;
    c.codec.limit_peer(tid, limit);
    c.feed(&welcome()).feed(&ok(1));
    c.sent();
    let (mut may, mut sent) = (WINDOW, 0);
    while may > 0 {
        let n = may.min(1000);
        c.feed(&data(1, false, &vec![b'x'; n as usize]));
        (may, sent) = (may - n, sent + n);
        may += c
            .sent_of(WINDOW_UPDATE)
            .iter()
            .filter(|u| u.stream == 1)
            .map(Sent::number)
            .sum::<u32>();
    }
    // updates of less than half a window are saved up
    assert!(sent <= limit && sent > limit - WINDOW, "{sent} of {limit}");
    assert_eq!(c.payload(1).len() as u32, sent);
    c.codec.add_peer_credit(tid, 4096);
    c.feed(b"");
    assert!(c.sent_of(WINDOW_UPDATE).iter().any(|u| u.stream == 1));
}

#[test]
fn limited_streams_leave_the_connections_window_to_others() {
    let mut c = Client::with_get();
    let mut connection = 1024 * 1024_i64;
    let mut id = 1;
    for _ in 0..16 {
        c.codec.limit_peer(Tid(id), 0);
        c.feed(&ok(id));
        for _ in 0..16 {
            c.feed(&data(id, false, &[b'x'; 16 * 1024]));
            connection -= 16 * 1024;
            for u in c.sent_of(WINDOW_UPDATE) {
                connection += if u.stream == 0 { i64::from(u.number()) } else { 0 };
            }
            assert!(connection > 256 * 1024, "{connection} left at stream {id}");
        }
        assert!(c.payload(id).is_empty());
        id = c.start(&request("GET")).unwrap().0;
    }
}

#[test]
fn an_abandoned_stream_gives_back_what_it_kept() {
    let mut c = Client::with_get();
    for n in 0..40 {
        let id = 2 * n + 1;
        c.codec.limit_peer(Tid(id), 1);
        c.feed(&ok(id));
        c.feed(&data(id, false, &[b'x'; 16 * 1024]).repeat(16));
        c.codec.abandon(Tid(id), &mut c.out);
        let start = c.start(&request("GET"));
        assert_eq!(start, Ok(Tid(id + 2)), "flow control holds the connection up");
    }
}

#[test]
fn a_reset_is_seen_while_payload_is_kept_back() {
    let mut c = Client::with_get();
    c.codec.limit_peer(Tid(1), 1);
    c.feed(&[ok(1), data(1, false, b"ab"), data(1, false, b"cd")].concat());
    c.feed(&rst(1, 2));
    assert_eq!(c.payload(1), b"a");
    assert_eq!(c.last(), Some(&Seen::Reset(1, "h2: reset by the peer: INTERNAL_ERROR")));
}

#[test]
fn close_lifts_limits() {
    let mut c = Client::with_get();
    c.codec.limit_peer(Tid(1), 0);
    c.feed(&[ok(1), data(1, false, b"ab"), data(1, true, b"cd")].concat());
    assert_eq!(c.eof(), Ok(()));
    assert_eq!(c.seen[1..], [message(1, b"abcd"), Seen::End(1)]);
}

#[test]
fn pong_is_a_sign_of_life() {
    let mut c = Client::with_get();
    c.sent();
    assert!(c.codec.ping(&mut c.out));
    assert!(c.codec.ping(&mut c.out), "one is on its way");
    let pings = c.sent_of(PING);
    let [ping] = &pings[..] else { panic!("{pings:?}") };
    assert_eq!(ping.flags, 0);
    c.feed(&frame(PING, ACK, 0, &ping.payload));
    assert_eq!(c.seen, [Seen::Alive]);
    assert!(c.codec.ping(&mut c.out));
    assert_eq!(c.sent_of(PING).len(), 1);
    c.eof().unwrap_err();
    assert!(!c.codec.ping(&mut c.out));
}

#[test]
fn nothing_is_owed_after_the_codec_is_gone() {
    let mut c = Client::with_get();
    c.feed(&[ok(1), data(1, false, b"kept")].concat());
    let mut input = &data(1, false, b"kept")[..];
    let event = c.codec.receive(&mut input, &mut c.out, 0).unwrap();
    drop(c.codec);
    assert!(matches!(event, Some(Event::Owned { data, .. }) if &data[..] == b"kept"));
}
