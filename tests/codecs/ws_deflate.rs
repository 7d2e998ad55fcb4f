//! permessage-deflate (RFC 7692).

use proptest::prelude::*;
use securestreams::proto::ws::{DeflateOffer, Deflating, Frames, MAX_HELD, Options, Role, Ws};
use securestreams::proto::{Codec, Event, Tid};
use securestreams::util::TxBuf;

use super::ws_feed::{Outcome, Seen, feed, feed_whole_and_bytewise, no_randomness, opening, sent};
use super::ws_send::opened;

const AGREED: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
const SERVER_RESETS: &str =
    "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover\r\n";
const CLIENT_RESETS: &str =
    "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover\r\n";
const HELLO: &[u8] = b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00";
const HELLO_AGAIN: &[u8] = b"\xc1\x05\xf2\x00\x11\x00\x00";

fn offering() -> Options {
    Options { deflate: Some(DeflateOffer::default()), ..Options::default() }
}

fn fed(agreed: &str, frames: &[u8]) -> Outcome {
    let mut outcome =
        feed_whole_and_bytewise(&offering(), &[&opening(agreed), frames].concat(), false);
    assert_eq!(outcome.seen.remove(0), Seen::Head(101));
    outcome
}

fn message(text: &str) -> Seen {
    Seen::Message(text.as_bytes().to_vec(), true)
}

#[test]
fn the_examples_of_rfc_7692() {
    type Row<'a> = (&'a str, &'a [&'a [u8]], &'a [&'a str]);
    let rows: [Row<'_>; 9] = [
        ("7.2.3.1 one frame", &[HELLO], &["Hello"]),
        ("7.2.3.1 fragments", &[b"\x41\x03\xf2\x48\xcd", b"\x80\x04\xc9\xc9\x07\x00"], &["Hello"]),
        ("7.2.3.2 window kept", &[HELLO, HELLO_AGAIN], &["Hello", "Hello"]),
        ("7.2.3.3 stored", &[b"\xc1\x0b\x00\x05\x00\xfa\xffHello\x00"], &["Hello"]),
        ("7.2.3.4 last block", &[b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00"], &["Hello"]),
        (
            "7.2.3.4 window kept beyond a last block",
            &[b"\xc1\x08\xf3\x48\xcd\xc9\xc9\x07\x00\x00", HELLO_AGAIN],
            &["Hello", "Hello"],
        ),
        (
            "7.2.3.5 two blocks",
            &[b"\xc1\x0d\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"],
            &["Hello"],
        ),
        ("7.2.3.6 empty", &[b"\xc1\x01\x00", b"\xc1\x00"], &["", ""]),
        ("6.1 not compressed", &[HELLO, b"\x81\x02Ho", HELLO_AGAIN], &["Hello", "Ho", "Hello"]),
    ];
    for (name, frames, texts) in rows {
        let outcome = fed(AGREED, &frames.concat());
        assert_eq!(outcome.error, None, "{name}");
        let expected: Vec<Seen> = texts.iter().map(|t| message(t)).collect();
        assert_eq!(outcome.seen, expected, "{name}");
    }
}

#[test]
fn control_frames_between_compressed_fragments() {
    let frames: [&[u8]; 3] = [b"\x41\x03\xf2\x48\xcd", b"\x89\x02hi", b"\x80\x04\xc9\xc9\x07\x00"];
    let outcome = fed(AGREED, &frames.concat());
    assert_eq!(outcome.seen, [message("Hello")]);
    assert_eq!(outcome.sent, [(0x8a, b"hi".to_vec())]);
}

#[test]
fn what_a_server_may_not_send() {
    let rows: [(&str, &str, &[u8], u16); 7] = [
        ("compressed without agreement", "", HELLO, 1002),
        ("a compressed ping", AGREED, b"\xc9\x00", 1002),
        ("RSV1 on a continuation", AGREED, b"\x01\x01a\xc0\x01b", 1002),
        ("a block of no type", AGREED, b"\xc1\x01\x06", 1002),
        ("a stored block's length", AGREED, b"\xc1\x06\x00\x05\x00\x00\xffH", 1002),
        ("not UTF-8", AGREED, b"\xc1\x07\x00\x01\x00\xfe\xff\x80\x00", 1007),
        ("cut in a character", AGREED, b"\xc1\x07\x00\x01\x00\xfe\xff\xc3\x00", 1007),
    ];
    for (name, agreed, frames, code) in rows {
        let outcome = fed(agreed, frames);
        assert!(outcome.error.is_some(), "{name}");
        assert_eq!(outcome.sent.last(), Some(&(0x88, code.to_be_bytes().to_vec())), "{name}");
    }
}

fn deflated(data: &[u8]) -> Vec<u8> {
    let mut bytes = miniz_oxide::deflate::compress_to_vec(data, 9);
    // a last block, and one more empty one: 7.2.3.4
    bytes.push(0);
    bytes
}

fn compressed_frame(payload: &[u8]) -> Vec<u8> {
    let len = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[0xc2, 126, len[0], len[1]][..], payload].concat()
}

#[test]
fn a_bomb_is_passed_on_in_pieces() {
    let size = 16 << 20;
    let frame = compressed_frame(&deflated(&vec![0; size]));
    assert!(frame.len() < size / 1000);
    let bytes = [opening(AGREED), frame].concat();
    let outcome = feed(offering(), [&bytes[..]], false);
    let Some(Seen::Message(data, true)) = outcome.seen.get(1) else { panic!("no message") };
    assert_eq!(data.len(), size);
    assert!(outcome.most_memory < 64 * 1024 + MAX_HELD, "{}", outcome.most_memory);
}

#[test]
fn a_server_that_resets_needs_no_window() {
    let outcome = fed(SERVER_RESETS, &[HELLO, HELLO].concat());
    assert_eq!(outcome.seen, [message("Hello"), message("Hello")]);
}

/// The same mutations in every run; the fuzz target finds others.
#[test]
fn mutations_are_read_alike_however_cut() {
    let numbers: String = (0..400).map(|n| (n * n).to_string()).collect();
    let good = [
        &opening(AGREED)[..],
        HELLO,
        b"\x89\x03abc\x01\x04Gr\xc3\xbc\x8a\x00\x80\x04\xc3\x9fe.",
        HELLO_AGAIN,
        &compressed_frame(&deflated(numbers.as_bytes())),
        b"\x82\x7e\x00\x80",
        &[0x5a; 128],
        b"\x41\x03\xf2\x48\xcd\x89\x00\x80\x04\xc9\xc9\x07\x00\x88\x05\x0f\xa1bye",
    ]
    .concat();
    let unharmed = feed_whole_and_bytewise(&offering(), &good, true);
    assert_eq!((unharmed.error, unharmed.seen.last()), (None, Some(&Seen::End)));
    let first = opening(AGREED).len();
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let mut whole_ones = 0;
    for _ in 0..3000 {
        let mut bytes = good.clone();
        for _ in 0..=random(2) {
            // mostly frames, now and then the handshake
            let from = if random(8) == 0 { 0 } else { first };
            let at = from + random(bytes.len() - from);
            match random(4) {
                0 => bytes[at] = random(256) as u8,
                1 => bytes[at] ^= 1 << random(8),
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, random(256) as u8),
            }
        }
        let whole = feed_whole_and_bytewise(&offering(), &bytes, true).comparable(true);
        let (a, b) = bytes.split_at(random(bytes.len()));
        assert_eq!(feed(offering(), [a, b], true).comparable(true), whole);
        whole_ones += usize::from(whole.seen.last() == Some(&Seen::End));
    }
    assert!((100..2900).contains(&whole_ones), "mutations of no use: {whole_ones} did no harm");
}

fn tx(codec: &mut Ws, out: &mut TxBuf, tid: Tid, data: &[u8], som: bool, eom: bool) {
    let window = codec.tx_window(tid).unwrap();
    out.prepare(window.headroom, window.max, window.tailroom)[..data.len()].copy_from_slice(data);
    codec.tx_commit(tid, out, data.len(), som, eom).unwrap();
}

#[test]
fn ours_are_compressed_with_and_without_the_window() {
    for (agreed, again) in [(AGREED, true), (CLIENT_RESETS, false)] {
        let (mut codec, mut out, tid) = opened(offering(), no_randomness(), agreed);
        for _ in 0..2 {
            tx(&mut codec, &mut out, tid, b"Hello Hello Hello, what a day", true, true);
        }
        let frames = sent(out.pending());
        assert_eq!(frames[0].0, 0xc1);
        assert_eq!(frames[1].1.len() < frames[0].1.len(), again, "refers to the first");
        assert_eq!(frames[1].1 == frames[0].1, !again);
    }
    // nothing agreed: nothing compressed
    let (mut codec, mut out, tid) = opened(offering(), no_randomness(), "");
    tx(&mut codec, &mut out, tid, b"Hello", true, true);
    assert_eq!(sent(out.pending()), [(0x81, b"Hello".to_vec())]);
}

#[test]
fn ours_in_pieces() {
    let (mut codec, mut out, tid) = opened(offering(), no_randomness(), AGREED);
    tx(&mut codec, &mut out, tid, b"one ", true, false);
    tx(&mut codec, &mut out, tid, b"two", false, false);
    tx(&mut codec, &mut out, tid, b"", false, true);
    tx(&mut codec, &mut out, tid, b"", true, true);
    let firsts: Vec<u8> = sent(out.pending()).iter().map(|f| f.0).collect();
    assert_eq!(firsts, [0x41, 0x00, 0x80, 0xc1]);
    assert_eq!(sent(out.pending())[3].1, [0], "7.2.3.6");
}

/// All messages that `frames` finds in `bytes`, fed by `cut`.
fn messages(frames: &mut Frames, bytes: &[u8], cut: usize) -> Vec<Vec<u8>> {
    let (mut out, mut found, mut open) = (TxBuf::new(), Vec::new(), Vec::new());
    for mut piece in bytes.chunks(cut) {
        while let Some(event) = frames.receive(&mut piece, &mut out).unwrap() {
            let end = match event {
                Event::Data { data, eom, .. } => {
                    open.extend_from_slice(data);
                    eom
                }
                Event::Held { eom, .. } => {
                    let mut held = Vec::new();
                    frames.swap_held(&mut held);
                    assert!(held.len() <= MAX_HELD);
                    open.append(&mut held);
                    eom
                }
                other => panic!("unexpected {other:?}"),
            };
            if end {
                found.push(std::mem::take(&mut open));
            }
        }
    }
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Each role reads what the other writes.
    #[test]
    fn roles_understand_each_other(
        texts in prop::collection::vec(
            prop::collection::vec(("[a-c]{0,40}|.{0,200}", 1..80_usize), 1..4), 1..6),
        client in any::<bool>(),
        agreed in prop::option::of((any::<bool>(), any::<bool>())),
        cut in 1..5000_usize,
    ) {
        let (role, other) = match client {
            true => (Role::Client, Role::Server),
            false => (Role::Server, Role::Client),
        };
        let end = |role, flip: bool| {
            let deflate = agreed.map(|(a, b)| Deflating {
                peer_resets: if flip { a } else { b },
                we_reset: if flip { b } else { a },
            });
            Frames::new(role, false, deflate, no_randomness(), Tid(0))
        };
        let (mut from, mut to, mut out) = (end(role, false), end(other, true), TxBuf::new());
        let mut expected = Vec::new();
        for parts in &texts {
            let parts: Vec<Vec<u8>> =
                parts.iter().map(|(t, n)| t.repeat(*n).into_bytes()).collect();
            for (i, part) in parts.iter().enumerate() {
                let window = from.tx_window().unwrap();
                out.prepare(window.headroom, window.max, 0)[..part.len()].copy_from_slice(part);
                from.tx_commit(&mut out, part.len(), i == 0, i + 1 == parts.len()).unwrap();
            }
            expected.push(parts.concat());
        }
        prop_assert_eq!(messages(&mut to, out.pending(), cut), expected);
    }
}
