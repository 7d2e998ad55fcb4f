//! What a proxy says: nothing panics, memory is bounded, and whole, byte by byte and cut
//! at some place are all read alike.
#![no_main]

#[path = "../../tests/codecs/sss_feed.rs"]
mod sss_feed;

use libfuzzer_sys::fuzz_target;
use securestreams::proto::sss::ClientDecoder;

// The first byte says where to cut.
fuzz_target!(|data: &[u8]| {
    let [cut, bytes @ ..] = data else { return };
    let whole = sss_feed::feed_whole_and_bytewise::<ClientDecoder>(bytes);
    let (a, b) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    let pieces = sss_feed::feed::<ClientDecoder>([a, b]);
    assert_eq!((whole.seen, whole.error), (pieces.seen, pieces.error));
});
