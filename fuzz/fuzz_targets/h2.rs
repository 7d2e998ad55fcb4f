//! HTTP/2 from a server: nothing panics, memory stays bounded, and whole, byte by byte and cut
//! at some place are all read alike. Seeds: `seeds/h2`.
#![no_main]

#[path = "../../tests/codecs/h2_feed.rs"]
mod h2_feed;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| h2_feed::check_input(data));
