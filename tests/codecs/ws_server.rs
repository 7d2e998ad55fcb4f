//! Serving ws: the handshake's answer, limits, and the end. What each MUST of RFC 6455 comes to is
//! in `rfc/ws_frames.rs`.

use super::ws_serve_feed::{
    Seen, TID, asked, check_input, feed, feed_whole_and_bytewise, opened, sent,
};
use proptest::prelude::*;
use securestreams::proto::ws::{MAX_WINDOW, ServerOptions, accept};
use securestreams::proto::{Codec, ProtoErrorKind, Reuse};
use securestreams::util::TxBuf;

const CONT: u8 = 0x80;
const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
/// Takes FIN away.
const MORE: u8 = 0x7f;

/// A client's frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let key = [0x11, 0x22, 0x33, payload.len() as u8];
    let mut bytes = vec![first];
    match payload.len() {
        n @ 0..126 => bytes.push(0x80 | n as u8),
        n @ 126..0x1_0000 => {
            bytes.push(0x80 | 126);
            bytes.extend((n as u16).to_be_bytes());
        }
        n => {
            bytes.push(0x80 | 127);
            bytes.extend((n as u64).to_be_bytes());
        }
    }
    bytes.extend(key);
    bytes.extend(payload.iter().zip(key.iter().cycle()).map(|(b, k)| b ^ k));
    bytes
}

fn close(code: u16, reason: &[u8]) -> Vec<u8> {
    frame(CLOSE, &[&code.to_be_bytes(), reason].concat())
}

#[test]
fn the_answer_to_a_handshake() {
    let answer = |more: &[(&str, &str)], options: &ServerOptions| {
        let accepted = accept(&asked(more), options).unwrap();
        let text = |v: &[u8]| String::from_utf8(v.to_vec()).unwrap();
        let fields = accepted.fields();
        assert_eq!(
            fields[0],
            ("Sec-WebSocket-Accept", &b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="[..]),
            "1.3"
        );
        fields[1..].iter().map(|(n, v)| format!("{n}: {}", text(v))).collect::<Vec<_>>()
    };
    let plain = ServerOptions::default();
    let ours = ServerOptions { subprotocols: Some("chat, echo".into()), ..plain.clone() };
    let protocol = "sec-websocket-protocol";
    assert_eq!(answer(&[], &plain), [""; 0]);
    assert_eq!(answer(&[], &ours), [""; 0]);
    assert_eq!(answer(&[(protocol, "chat")], &plain), [""; 0], "none is ours");
    assert_eq!(answer(&[(protocol, "x,Chat, ,")], &ours), [""; 0], "case counts");
    let taken = ["Sec-WebSocket-Protocol: echo"];
    assert_eq!(answer(&[(protocol, "x, echo,chat")], &ours), taken, "the client's dearest");
    assert_eq!(answer(&[(protocol, "x"), (protocol, "echo")], &ours), taken);
    let mut no_upgrade = asked(&[]);
    no_upgrade.upgrade = None;
    assert_eq!(accept(&no_upgrade, &plain).unwrap_err().kind, ProtoErrorKind::BadRequest);
}

#[test]
fn offers_of_compression() {
    let agreed = |offer: &str, deflate: bool| {
        let options = ServerOptions { deflate, ..Default::default() };
        let accepted = accept(&asked(&[("Sec-WebSocket-Extensions", offer)]), &options).unwrap();
        let fields = accepted.fields();
        let field = fields.iter().find(|(n, _)| *n == "Sec-WebSocket-Extensions");
        assert_eq!(field.is_some(), accepted.compresses());
        field.map(|(_, v)| String::from_utf8_lossy(v).into_owned())
    };
    let plain = Some("permessage-deflate".to_owned());
    let server = Some("permessage-deflate; server_no_context_takeover".to_owned());
    for (offer, expected) in [
        ("permessage-deflate", &plain),
        ("permessage-deflate; client_max_window_bits", &plain),
        ("permessage-deflate;client_max_window_bits = \"9\"", &plain),
        ("permessage-deflate; server_max_window_bits=15", &plain),
        ("permessage-deflate; server_no_context_takeover", &server),
        ("x-other, permessage-deflate; server_max_window_bits=9, permessage-deflate", &plain),
        ("", &None),
        ("x-webkit-deflate-frame", &None),
        ("Permessage-Deflate", &None),
        ("permessage-deflate; server_max_window_bits=9", &None),
        ("permessage-deflate; server_max_window_bits", &None),
        ("permessage-deflate; client_max_window_bits=16", &None),
        ("permessage-deflate; server_no_context_takeover=1", &None),
        ("permessage-deflate; server_no_context_takeover; server_no_context_takeover", &None),
        ("permessage-deflate; unknown", &None),
    ] {
        assert_eq!(agreed(offer, true), *expected, "{offer:?}");
        assert_eq!(agreed(offer, false), None, "{offer:?}");
    }
}

#[test]
fn messages_have_a_limit() {
    let options = ServerOptions { max_message: 10, ..Default::default() };
    let status = |frames: &[Vec<u8>]| {
        let outcome = feed_whole_and_bytewise(&options, &frames.concat(), false);
        let kind = outcome.error.map(|e| e.kind);
        assert!(matches!(kind, None | Some(ProtoErrorKind::TooLarge)));
        let close = outcome.sent.iter().find(|(first, _)| *first == CLOSE);
        close.map(|(_, payload)| u16::from_be_bytes([payload[0], payload[1]]))
    };
    assert_eq!(status(&[frame(BINARY, &[0; 10])]), None);
    assert_eq!(status(&[frame(BINARY, &[0; 11])]), Some(1009));
    let parts = [frame(BINARY & MORE, &[0; 6]), frame(PING, &[0; 99]), frame(CONT & MORE, &[0; 4])];
    assert_eq!(status(&parts), None);
    assert_eq!(status(&[&parts[..], &[frame(CONT, b"")]].concat()), None);
    assert_eq!(status(&[&parts[..], &[frame(CONT, b"x")]].concat()), Some(1009));
    assert_eq!(
        status(&[frame(BINARY, &[0; 10]), frame(BINARY, &[0; 10])]),
        None,
        "each for itself"
    );
    // refused by its length alone
    assert_eq!(status(&[vec![BINARY, 255, 0x7f, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]]), Some(1009));
    let claim = frame(BINARY, &vec![0; 70_000]);
    let default = feed(&ServerOptions::default(), [&claim[..]], false);
    assert_eq!(default.error, None);
    let huge = [BINARY, 255, 0, 0, 0, 0, 0xff, 0, 0, 0, 0, 0, 0, 0];
    assert!(feed(&ServerOptions::default(), [&huge[..]], false).error.is_some(), "a default limit");
}

#[test]
fn inflated_messages_have_the_same_limit() {
    // 1000 zeros, with fixed codes
    let bomb = [0x62, 0x60, 0x18, 0x05, 0xa3, 0x60, 0x14, 0x0c, 0x77, 0x00, 0x00];
    let fed = |max_message| {
        let options = ServerOptions { deflate: true, max_message, ..Default::default() };
        feed_whole_and_bytewise(&options, &frame(BINARY | 0x40, &bomb), false)
    };
    let outcome = fed(u64::MAX);
    let Some(Seen::Message(bytes, _)) = outcome.seen.first() else { panic!("{outcome:?}") };
    let size = bytes.len() as u64;
    assert!(size == 1000 && bytes.iter().all(|b| *b == 0), "{outcome:?}");
    assert_eq!(fed(size).error, None);
    let error = fed(size - 1).error.expect("over the limit");
    assert_eq!(error.kind, ProtoErrorKind::TooLarge);
}

#[test]
fn what_is_sent_is_not_masked() {
    for (binary, first) in [(false, TEXT), (true, BINARY)] {
        let options = ServerOptions { binary, ..Default::default() };
        let (mut codec, mut out) = (opened(&options), TxBuf::new());
        let mut send = |data: &[u8], som, eom| {
            let w = codec.tx_window(TID).unwrap();
            assert_eq!(w.max, MAX_WINDOW);
            out.prepare(w.headroom, w.max, w.tailroom)[..data.len()].copy_from_slice(data);
            codec.tx_commit(TID, &mut out, data.len(), som, eom).unwrap();
        };
        send(b"whole", true, true);
        send(b"in ", true, false);
        send(b"parts", false, true);
        let expected = [
            (first, b"whole".to_vec()),
            (first & MORE, b"in ".to_vec()),
            (CONT, b"parts".to_vec()),
        ];
        assert_eq!(sent(out.pending()), expected);
        out.clear();
        assert!(codec.ping(&mut out));
        assert_eq!(sent(out.pending()), [(PING, vec![])]);
    }
}

#[test]
fn the_server_closes() {
    let (mut codec, mut out) = (opened(&ServerOptions::default()), TxBuf::new());
    for (code, reason) in [(1005, ""), (1006, ""), (0, ""), (1000, &"r".repeat(124)[..])] {
        assert!(codec.close(code, reason, &mut out).is_err(), "{code}");
    }
    assert!(out.is_empty());
    codec.close(1001, "bye", &mut out).unwrap();
    codec.close(1000, "again", &mut out).unwrap();
    assert_eq!(sent(out.pending()), [(CLOSE, b"\x03\xe9bye".to_vec())], "5.5.1: once");
    assert_eq!(codec.tx_window(TID), None, "5.5.1: nothing after it");
    assert!(!codec.ping(&mut out));
    // what the client had still sent is received, its answer is the end
    let late = [frame(BINARY, b"late"), frame(PING, b""), close(1001, b"")].concat();
    let mut input = &late[..];
    let mut events = 0;
    while let Some(event) = codec.receive(&mut input, &mut out, 0).unwrap() {
        events += 1;
        let over = matches!(event, securestreams::proto::Event::End { .. });
        assert_eq!(over, events == 2);
    }
    assert_eq!((events, codec.reuse()), (2, Reuse::Never));
    assert_eq!(sent(out.pending()).len(), 1, "the close is not answered again, nor the ping");
}

#[test]
fn ends_of_the_transport() {
    let eof = |bytes: &[u8]| feed_whole_and_bytewise(&ServerOptions::default(), bytes, true);
    assert_eq!(eof(b"").error.unwrap().kind, ProtoErrorKind::CutShort, "7.1.5: 1006");
    assert_eq!(eof(&frame(TEXT & MORE, b"x")).error.unwrap().kind, ProtoErrorKind::CutShort);
    let outcome = eof(&close(3000, b"why"));
    assert_eq!((outcome.error, outcome.close_status), (None, Some(3000)));
    assert_eq!(outcome.farewell.as_deref(), Some("closed by the peer with status 3000 \"why\""));
    assert_eq!(outcome.reuse, Reuse::Never);
}

#[test]
fn an_abandoned_connection_is_silent() {
    let (mut codec, mut out) = (opened(&ServerOptions::default()), TxBuf::new());
    assert_eq!(codec.reuse(), Reuse::Busy);
    assert_eq!(codec.abandon(TID, &mut out), Reuse::Never);
    let bytes = frame(PING, b"");
    assert_eq!(codec.receive(&mut &bytes[..], &mut out, 0), Ok(None));
    assert!(!codec.ping(&mut out) && out.is_empty() && codec.tx_window(TID).is_none());
    assert_eq!(codec.receive_eof(), Ok(None));
}

#[test]
fn memory_stays_flat_whatever_a_length_claims() {
    let options = ServerOptions { max_message: u64::MAX, ..Default::default() };
    let claims = [BINARY, 255, 0x7f, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0];
    let chunk = vec![b'x'; 16 * 1024];
    let pieces = [&claims[..]].into_iter().chain(std::iter::repeat_n(&chunk[..], 64));
    let outcome = feed(&options, pieces, false);
    assert_eq!(outcome.seen, [Seen::Message(vec![b'x'; 64 * chunk.len()], false)]);
    assert!(outcome.most_memory < 40_000, "{}", outcome.most_memory);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn cuts_make_no_difference(
        parts in prop::collection::vec(("\\PC{0,200}", any::<bool>(), 0..4_u8), 0..6),
        cut in any::<usize>(),
        broken in prop::option::of((any::<usize>(), any::<u8>())),
    ) {
        let mut bytes: Vec<u8> = parts.iter().flat_map(|(text, fin, control)| {
            let mut bytes = frame(if *fin { TEXT } else { TEXT & MORE }, text.as_bytes());
            if *control == 0 {
                bytes.extend(frame(PING, b"?"));
            }
            if !fin {
                bytes.extend(frame(CONT, text.as_bytes()));
            }
            bytes
        }).collect();
        if let (Some((at, value)), false) = (broken, bytes.is_empty()) {
            let at = at % bytes.len();
            bytes[at] ^= value;
        }
        let options = ServerOptions::default();
        let whole = feed_whole_and_bytewise(&options, &bytes, true).comparable(false);
        let (a, b) = bytes.split_at(cut % (bytes.len() + 1));
        prop_assert_eq!(feed(&options, [a, b], true).comparable(false), whole);
    }
}

/// The fuzz target's body on mutations of good and bad frames, the same ones each time.
#[test]
fn mutations() {
    let seeds = [
        [frame(TEXT, "hé€".as_bytes()), frame(PING, b"p"), close(1000, b"bye")].concat(),
        [frame(TEXT & MORE, b"Hel"), frame(PONG, b""), frame(CONT, b"lo")].concat(),
        frame(BINARY, &[7; 200]),
        [frame(TEXT | 0x40, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 7, 0]), frame(BINARY | 0x40, &[0])]
            .concat(),
    ];
    let mut random = super::mutate::Random::new(8);
    for round in 0..6000 {
        let mut bytes = vec![random.byte(), random.byte()];
        bytes.extend_from_slice(&seeds[round % seeds.len()]);
        random.mutate(&mut bytes, 2);
        check_input(&bytes);
    }
}
