//! However the broker's bytes are cut, the same comes out; whatever they are, nothing panics.

use super::mqtt_feed::{CONNACK, Seen, feed, feed_whole_and_bytewise};
use super::mqtt_peer::{ack, message, suback};
use proptest::prelude::*;
use securestreams::proto::Tid;

/// A session that goes well: three streams get ready and have their messages acknowledged.
fn script() -> Vec<u8> {
    let payload: Vec<u8> = (0..=255).collect();
    [
        CONNACK,
        // ids 1 and 2 are the subscriptions'
        &suback(1, 2),
        &message("a/b", 2, 7, 0, b"both"),
        &suback(2, 0),
        &[0xd0, 0],
        &message("a/b/c", 1, 8, 1, &payload),
        &ack(0x40, 3),
        &ack(0x40, 4),
        &message("a/b", 2, 7, 8, b"both"),
        &ack(0x62, 7),
        &message("a/x", 0, 0, 0, b""),
        &ack(0x50, 5),
        &ack(0x70, 5),
        &message("$a/b", 0, 0, 0, b"not for us"),
    ]
    .concat()
}

#[test]
fn a_whole_session_whole_and_byte_by_byte() {
    let outcome = feed_whole_and_bytewise(&script(), true);
    assert_eq!(outcome.error, None);
    assert_eq!(outcome.alive, 1);
    let messages = |tid: u32| {
        outcome.seen[&Tid(tid)]
            .iter()
            .filter_map(|s| if let Seen::Message(m, true) = s { Some(m.len()) } else { None })
            .collect::<Vec<_>>()
    };
    assert_eq!((messages(1), messages(2)), (vec![4, 256, 0], vec![4, 0]));
    for tid in 1..=3 {
        let seen = &outcome.seen[&Tid(tid)];
        assert!(seen.contains(&Seen::Ready) && seen.contains(&Seen::Acked), "{tid}: {seen:?}");
    }
}

#[test]
fn two_cuts_anywhere() {
    let bytes = script();
    let whole = feed([&bytes[..]], false);
    for first in 0..=bytes.len() {
        let (a, rest) = bytes.split_at(first);
        let (b, c) = rest.split_at(rest.len() / 3);
        assert_eq!(whole, feed([a, b, c], false), "cut at {first}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_cuts(cuts in proptest::collection::vec(1usize..40, 1..60)) {
        let bytes = script();
        let (mut pieces, mut rest) = (Vec::new(), &bytes[..]);
        for cut in cuts {
            let (piece, more) = rest.split_at(cut.min(rest.len()));
            pieces.push(piece);
            rest = more;
        }
        pieces.push(rest);
        prop_assert_eq!(feed([&bytes[..]], true), feed(pieces, true));
    }
}

#[test]
fn mutations_are_read_alike_however_cut() {
    const ROUNDS: u32 = 4000;
    let good = script();
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let (mut failed, mut passed) = (0, 0);
    for _ in 0..ROUNDS {
        let mut bytes = good.clone();
        for _ in 0..=random(3) {
            let at = random(bytes.len());
            match random(4) {
                0 => bytes[at] ^= 1 << random(8),
                1 => bytes[at] = random(256) as u8,
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, random(256) as u8),
            }
        }
        let outcome = feed_whole_and_bytewise(&bytes, random(2) == 0);
        if outcome.error.is_some() { failed += 1 } else { passed += 1 }
    }
    assert!(failed > ROUNDS / 4 && passed > ROUNDS / 8, "{failed} failed, {passed} passed");
}
