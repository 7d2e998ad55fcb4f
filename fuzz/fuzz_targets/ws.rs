//! WebSocket servers: nothing panics, memory is bounded, and whole, byte by byte and cut at some
//! place are all read alike.
#![no_main]

#[path = "../../tests/codecs/ws_feed.rs"]
mod ws_feed;

use libfuzzer_sys::fuzz_target;
use securestreams::proto::ws::{DeflateOffer, Options};

const AGREED: &str = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
/// Windows and tables both ways, the handshake, and what is held.
const MOST_MEMORY: usize = 512 * 1024;

// The first byte chooses what was asked for, whether the handshake is left to the input, and
// whether the peer closes; the second where to cut.
fuzz_target!(|data: &[u8]| {
    let [how, cut, frames @ ..] = data else { return };
    let deflate = (how & 1 != 0).then(DeflateOffer::default);
    let subprotocols = (how & 2 != 0).then(|| "a, b".to_owned());
    let options = Options { deflate, subprotocols, ..Options::default() };
    let eof = how & 4 != 0;
    let mut bytes = match how & 8 {
        0 => ws_feed::opening(if deflate.is_some() { AGREED } else { "" }),
        _ => Vec::new(),
    };
    let start = bytes.len();
    bytes.extend_from_slice(frames);

    let whole = ws_feed::feed_whole_and_bytewise(&options, &bytes, eof);
    assert!(whole.most_memory < MOST_MEMORY);
    let (a, b) = bytes.split_at((start + usize::from(*cut)).min(bytes.len()));
    let compressed = deflate.is_some();
    let pieces = ws_feed::feed(options, [a, b], eof).comparable(compressed);
    assert_eq!(whole.comparable(compressed), pieces);
});
