//! HTTP/1.1 responses: nothing panics, and whole, byte by byte and cut at some place are all
//! read alike.
#![no_main]

#[path = "../../tests/codecs/feed.rs"]
mod feed;

use libfuzzer_sys::fuzz_target;
use securestreams::proto::Request;

// The first byte chooses the request and whether the peer closes, the second where to cut.
fuzz_target!(|data: &[u8]| {
    let [how, cut, bytes @ ..] = data else { return };
    let method = if how & 1 == 0 { "GET" } else { "HEAD" };
    let upgrade: &[(&str, &[u8])] = &[("Upgrade", b"x")];
    let fields = if how & 2 == 0 { &[] } else { upgrade };
    let req = Request { fields, ..feed::request(method) };
    let eof = how & 4 != 0;

    let whole = feed::feed_whole_and_bytewise(&req, bytes, eof);
    let (a, b) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    assert_eq!(whole, feed::feed(&req, [a, b], eof));
});
