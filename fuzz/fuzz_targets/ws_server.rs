//! WebSocket clients: nothing panics, memory is bounded, and whole, byte by byte and cut at some
//! place are all read alike.
#![no_main]

#[path = "../../tests/codecs/ws_serve_feed.rs"]
mod ws_serve_feed;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| ws_serve_feed::check_input(data));
