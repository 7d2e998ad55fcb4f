//! HTTP/2 from a client: nothing panics, and whole, byte by byte and cut at some place are all
//! read alike, down to what is answered.
#![no_main]

#[path = "../../tests/codecs/h2_feed.rs"]
mod h2_feed;
#[path = "../../tests/codecs/h2_serve_feed.rs"]
mod h2_serve_feed;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| h2_serve_feed::check_input(data));
