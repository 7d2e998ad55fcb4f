//! HTTP/2 from a server: nothing panics, memory stays bounded, and whole, byte by byte and cut
//! at some place are all read alike.
#![no_main]

#[path = "../../tests/codecs/h2_feed.rs"]
mod h2_feed;

use h2_feed::{Setup, feed, feed_whole_and_bytewise};
use libfuzzer_sys::fuzz_target;

// The first byte chooses what is under way, the second where to cut.
fuzz_target!(|data: &[u8]| {
    let [how, cut, bytes @ ..] = data else { return };
    let setup = Setup {
        cut_overflow: how & 1 != 0,
        post: how & 2 != 0,
        eof: how & 4 != 0,
        limit: (how & 8 != 0).then_some(u32::from(how >> 4)),
    };
    let whole = feed_whole_and_bytewise(setup, bytes);
    let (a, b) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    assert_eq!(whole, feed(setup, [a, b]));
});
