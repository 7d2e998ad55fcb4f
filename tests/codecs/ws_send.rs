//! What a ws client sends: masked frames made of the program's pieces, pings, pongs, close.

use std::cell::Cell;
use std::rc::Rc;

use securestreams::proto::ws::{MAX_HEADER, MAX_WINDOW, Options, Random, Ws};
use securestreams::proto::{Codec, Event, ProtoErrorKind, Reuse, Tid, TxWindow};
use securestreams::util::TxBuf;

use super::ws_feed::{Sent, no_randomness, opening, request, sent};

const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;

/// A codec whose connection is open, with nothing waiting to go out.
pub fn opened(options: Options, random: Random, more: &str) -> (Ws, TxBuf, Tid) {
    let (mut codec, mut out) = (Ws::new(options, random), TxBuf::new());
    let tid = codec.start(&request(), &mut out).expect("a legal request");
    out.clear();
    let bytes = opening(more);
    let mut input = &bytes[..];
    let event = codec.receive(&mut input, &mut out, 0);
    assert_eq!(event, Ok(Some(Event::Head { tid, status: 101 })));
    (codec, out, tid)
}

fn open() -> (Ws, TxBuf, Tid) {
    opened(Options::default(), no_randomness(), "")
}

/// Never gives a frame the same key twice; the handshake gets its usual one.
fn counting() -> Random {
    let n = Cell::new(1_u8);
    Rc::new(move |bytes| {
        if bytes.len() == 16 {
            return no_randomness()(bytes);
        }
        for b in bytes {
            *b = n.replace(n.get().wrapping_add(37));
        }
        true
    })
}

/// The program's tx.
fn tx(codec: &mut Ws, out: &mut TxBuf, tid: Tid, data: &[u8], som: bool, eom: bool) -> bool {
    let window = codec.tx_window(tid).unwrap();
    out.prepare(window.headroom, data.len().max(1400), window.tailroom)[..data.len()]
        .copy_from_slice(data);
    let sent = codec.tx_commit(tid, out, data.len(), som, eom);
    assert!(!out.window_is_open());
    sent.is_ok()
}

/// One piece of input.
fn fed<'b>(codec: &mut Ws, out: &mut TxBuf, mut input: &'b [u8]) -> Option<Event<'b>> {
    let event = codec.receive(&mut input, out, 0).unwrap();
    assert!(input.is_empty());
    event
}

#[test]
fn flags_make_frames() {
    type Pieces = &'static [(&'static str, bool, bool)];
    type Frames = &'static [(u8, &'static str)];
    let rows: [(Pieces, Frames); 6] = [
        (&[("whole", true, true)], &[(0x81, "whole")]),
        (
            &[("a", true, false), ("b", false, false), ("c", false, true)],
            &[(0x01, "a"), (0x00, "b"), (0x80, "c")],
        ),
        (&[("", true, true)], &[(0x81, "")]),
        (&[("", true, false), ("x", false, true)], &[(0x01, ""), (0x80, "x")]),
        (&[("x", true, false), ("", false, true)], &[(0x01, "x"), (0x80, "")]),
        // nothing, in the middle, is not worth a frame
        (
            &[("x", true, false), ("", false, false), ("y", false, true)],
            &[(0x01, "x"), (0x80, "y")],
        ),
    ];
    for (pieces, frames) in rows {
        for binary in [false, true] {
            let options = Options { binary, ..Options::default() };
            let (mut codec, mut out, tid) = opened(options, counting(), "");
            for (data, som, eom) in pieces {
                assert!(tx(&mut codec, &mut out, tid, data.as_bytes(), *som, *eom));
            }
            let kind = |first: u8| if binary && first & 0xf == 1 { first + 1 } else { first };
            let expected: Vec<Sent> =
                frames.iter().map(|(f, t)| (kind(*f), t.as_bytes().to_vec())).collect();
            assert_eq!(sent(out.pending()), expected);
        }
    }
}

#[test]
fn flags_that_make_no_message_send_nothing() {
    let (mut codec, mut out, tid) = open();
    assert!(!tx(&mut codec, &mut out, tid, b"no start", false, true));
    assert!(!tx(&mut codec, &mut out, tid, b"", false, true));
    assert!(out.is_empty());
    assert!(tx(&mut codec, &mut out, tid, b"a", true, false));
    let before = out.pending().len();
    assert!(!tx(&mut codec, &mut out, tid, b"again", true, true));
    assert_eq!(out.pending().len(), before);
    assert!(tx(&mut codec, &mut out, tid, b"b", false, true), "the message can still be ended");
    assert_eq!(sent(out.pending()), [(0x01, b"a".to_vec()), (0x80, b"b".to_vec())]);
}

#[test]
fn every_frame_has_a_fresh_mask_and_the_shortest_length() {
    let (mut codec, mut out, tid) = opened(Options::default(), counting(), "");
    let window = TxWindow { max: MAX_WINDOW, headroom: MAX_HEADER, tailroom: 0 };
    assert_eq!(codec.tx_window(tid), Some(window));
    let mut keys = Vec::new();
    for (len, header) in [
        (0, &[0x82, 0x80][..]),
        (125, &[0x82, 0xfd]),
        (126, &[0x82, 0xfe, 0, 126]),
        (0xffff, &[0x82, 0xfe, 0xff, 0xff]),
        (0x10000, &[0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        let first = [header[0] - 1, header[1]];
        let data: Vec<u8> = (0..len).map(|n| n as u8).collect();
        assert!(tx(&mut codec, &mut out, tid, &data, true, true));
        let bytes = out.pending();
        assert_eq!(bytes[..2], first);
        assert_eq!(bytes[2..header.len()], header[2..]);
        keys.push(bytes[header.len()..header.len() + 4].to_vec());
        assert_eq!(bytes.len(), header.len() + 4 + len);
        assert_eq!(sent(bytes)[0].1, data);
        out.clear();
    }
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), 5);

    let mut too_much = TxBuf::new();
    too_much.prepare(MAX_HEADER, MAX_WINDOW + 1, 0);
    let error = codec.tx_commit(tid, &mut too_much, MAX_WINDOW + 1, true, true).unwrap_err();
    assert_eq!(error.kind, ProtoErrorKind::TxOverrun);
    assert!(too_much.is_empty());
}

#[test]
fn a_payload_is_masked_where_the_program_wrote_it() {
    let (mut codec, mut out, tid) = opened(Options::default(), counting(), "");
    let window = out.prepare(MAX_HEADER, 1400, 0);
    window[..1000].fill(b'x');
    let at = window.as_ptr() as usize;
    codec.tx_commit(tid, &mut out, 1000, true, true).unwrap();
    assert_eq!(out.pending()[8..].as_ptr() as usize, at);
}

#[test]
fn without_randomness_nothing_is_sent() {
    let once = Cell::new(true);
    let random: Random = Rc::new(move |bytes| {
        bytes.fill(0);
        once.replace(false)
    });
    let (mut codec, mut out, tid) = opened(Options::default(), random, "");
    assert!(!tx(&mut codec, &mut out, tid, b"x", true, true));
    assert!(!codec.ping(&mut out));
    assert!(out.is_empty());
}

#[test]
fn ping_is_answered_by_alive() {
    let (mut codec, mut out, tid) = open();
    assert!(codec.ping(&mut out));
    assert_eq!(sent(out.pending()), [(PING, vec![])]);
    assert_eq!(fed(&mut codec, &mut out, &[PONG, 0]), Some(Event::Alive));
    // a message under way is no obstacle
    assert!(tx(&mut codec, &mut out, tid, b"x", true, false));
    assert!(codec.ping(&mut out));
    assert_eq!(sent(out.pending()).len(), 3);
}

#[test]
fn pongs_that_the_peer_does_not_take_wait_and_the_last_one_counts() {
    let (mut codec, mut out, _) = open();
    for n in 0..40 {
        assert_eq!(fed(&mut codec, &mut out, &[PING, 1, n]), None);
    }
    assert_eq!(sent(out.pending()).len(), 16);
    out.clear();
    assert_eq!(fed(&mut codec, &mut out, &[]), None);
    assert_eq!(sent(out.pending()), [(PONG, vec![39])]);
    out.clear();
    assert_eq!(fed(&mut codec, &mut out, &[PING, 1, 77]), None);
    assert_eq!(sent(out.pending()), [(PONG, vec![77])], "and all is as before");
}

#[test]
fn our_close() {
    let (mut codec, mut out, tid) = open();
    assert!(tx(&mut codec, &mut out, tid, b"x", true, false));
    out.clear();
    assert_eq!(codec.close(4000, "so long", &mut out), Ok(true));
    assert_eq!(sent(out.pending()), [(CLOSE, b"\x0f\xa0so long".to_vec())]);
    out.clear();

    // 5.5.1: nothing more is sent
    assert_eq!(codec.tx_window(tid), None);
    out.prepare(MAX_HEADER, 10, 0);
    assert!(codec.tx_commit(tid, &mut out, 1, false, true).is_err());
    assert!(!codec.ping(&mut out));
    assert_eq!(codec.close(1000, "", &mut out), Ok(true));
    assert_eq!(fed(&mut codec, &mut out, &[PING, 1, 9]), None);
    // but what the peer had sent before still comes
    let data = Event::Data { tid, data: b"z", som: true, eom: true };
    assert_eq!(fed(&mut codec, &mut out, &[0x81, 1, b'z']), Some(data));
    assert_eq!(codec.reuse(), Reuse::Busy);
    let end = fed(&mut codec, &mut out, &[CLOSE, 2, 0x0f, 0xa0]);
    assert_eq!(end, Some(Event::End { tid }));
    assert!(out.is_empty(), "an answer is not answered");
    assert_eq!(codec.reuse(), Reuse::Never);
    assert_eq!(codec.receive_eof(), Ok(None));
}

#[test]
fn a_fault_after_our_close_is_not_told_to_the_peer() {
    let (mut codec, mut out, _) = open();
    codec.close(1000, "", &mut out).unwrap();
    out.clear();
    assert!(codec.receive(&mut &[0x83, 0][..], &mut out, 0).is_err());
    assert!(out.is_empty());
}

#[test]
fn closes_that_may_not_be_sent() {
    let (mut codec, mut out, _) = open();
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000] {
        let error = codec.close(code, "", &mut out).unwrap_err();
        assert_eq!(error.kind, ProtoErrorKind::BadRequest, "{code}");
    }
    assert!(codec.close(1000, &"x".repeat(124), &mut out).is_err());
    assert!(out.is_empty());
    assert_eq!(codec.close(1000, &"x".repeat(123), &mut out), Ok(true));
    let (mut fresh, mut out) = (Ws::new(Options::default(), no_randomness()), TxBuf::new());
    assert_eq!(fresh.close(1000, "", &mut out), Ok(false));
}

#[test]
fn giving_up_says_nothing() {
    let (mut codec, mut out, tid) = open();
    assert_eq!(codec.abandon(tid, &mut out), Reuse::Never);
    assert!(out.is_empty());
    assert_eq!(codec.tx_window(tid), None);
    assert_eq!(fed(&mut codec, &mut out, b"\x81\x01x"), None);
}

#[test]
fn an_open_connection_holds_little() {
    let (mut codec, mut out, tid) = open();
    fed(&mut codec, &mut out, b"\x82\x01");
    assert!(tx(&mut codec, &mut out, tid, &[7; 60_000], true, true));
    let held = codec.memory() + size_of::<Ws>();
    assert!(held <= 384, "{held} bytes");
}
