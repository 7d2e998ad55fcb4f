//! A server's frames: however they are cut, and what they make us hold. What each MUST of RFC 6455
//! comes to is in `rfc/ws_frames.rs`.

use proptest::prelude::*;
use securestreams::proto::ws::Options;

use super::ws_feed::{Seen, feed, feed_whole_and_bytewise, opening};

const TEXT: u8 = 0x81;
const BINARY: u8 = 0x82;
const CONT: u8 = 0x80;
const PING: u8 = 0x89;
const PONG: u8 = 0x8a;
/// Takes the final bit away.
const MORE: u8 = 0x7f;

/// An unmasked frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        n @ 0..=125 => bytes.push(n as u8),
        n @ 126..=0xffff => {
            bytes.push(126);
            bytes.extend_from_slice(&(n as u16).to_be_bytes());
        }
        n => {
            bytes.push(127);
            bytes.extend_from_slice(&(n as u64).to_be_bytes());
        }
    }
    bytes.extend_from_slice(payload);
    bytes
}

#[test]
fn memory_stays_flat_whatever_a_length_claims() {
    let claims = vec![BINARY, 127, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
    let open = opening("");
    let chunk = vec![b'x'; 16 * 1024];
    let pieces = [&open[..], &claims].into_iter().chain(std::iter::repeat_n(&chunk[..], 256));
    let outcome = feed(Options::default(), pieces, false);
    assert_eq!(outcome.seen[1], Seen::Message(vec![b'x'; 256 * chunk.len()], false));
    let opened = feed(Options::default(), [&open[..], &[]], false).most_memory;
    assert_eq!(outcome.most_memory, opened, "the handshake was the most");
}

/// Any legal sequence of frames.
fn frames() -> impl Strategy<Value = Vec<u8>> {
    let message = (any::<bool>(), prop::collection::vec(".{0,300}", 1..4), 0..4_u8);
    prop::collection::vec(message, 0..6).prop_map(|messages| {
        let mut bytes = Vec::new();
        for (text, parts, control) in messages {
            let last = parts.len() - 1;
            for (i, part) in parts.iter().enumerate() {
                let kind = if text { TEXT } else { BINARY };
                let first = if i == 0 { kind } else { CONT };
                bytes.extend(frame(if i == last { first } else { first & MORE }, part.as_bytes()));
                match control {
                    0 => bytes.extend(frame(PING, &part.as_bytes()[..part.len().min(125)])),
                    1 => bytes.extend(frame(PONG, b"")),
                    _ => {}
                }
            }
        }
        bytes
    })
}

fn cut(bytes: &[u8], mut at: Vec<usize>) -> Vec<&[u8]> {
    at.iter_mut().for_each(|n| *n %= bytes.len() + 1);
    at.extend([0, bytes.len()]);
    at.sort_unstable();
    at.windows(2).map(|w| &bytes[w[0]..w[1]]).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn cuts_make_no_difference(
        frames in frames(),
        cuts in prop::collection::vec(any::<usize>(), 0..12),
        broken in prop::option::of((any::<usize>(), any::<u8>())),
    ) {
        let mut bytes = [opening(""), frames].concat();
        if let Some((at, value)) = broken {
            let at = at % bytes.len();
            bytes[at] ^= value;
        }
        let whole = feed_whole_and_bytewise(&Options::default(), &bytes, true).comparable(false);
        let pieces = cut(&bytes, cuts);
        prop_assert_eq!(feed(Options::default(), pieces, true).comparable(false), whole);
    }
}
