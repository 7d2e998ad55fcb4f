//! Bodies of several parts: nothing panics, and whole, byte by byte and cut at some place are all
//! read alike.
#![no_main]

#[path = "../../tests/codecs/multipart_feed.rs"]
mod multipart_feed;

use libfuzzer_sys::fuzz_target;
use securestreams::stream::http::multipart;

// The first byte says where to cut, and whether the input is a content type too.
fuzz_target!(|data: &[u8]| {
    let [how, body @ ..] = data else { return };
    multipart_feed::check("B", body, usize::from(*how));
    if let Some(boundary) = multipart::boundary(body) {
        multipart_feed::check(&boundary, body, usize::from(*how));
    }
});
