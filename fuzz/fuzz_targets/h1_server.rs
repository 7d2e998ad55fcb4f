//! HTTP/1.1 requests: nothing panics, memory is bounded, and whole, byte by byte and cut at some
//! place are all read alike, down to what is answered.
#![no_main]

#[path = "../../tests/codecs/h1_serve_feed.rs"]
mod h1_serve_feed;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| h1_serve_feed::check_input(data));
