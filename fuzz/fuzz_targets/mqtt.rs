//! An MQTT broker's bytes: nothing panics, and whole, byte by byte and cut at some place are all read alike, down to what
//! is answered.
#![no_main]

#[path = "../../tests/codecs/mqtt_feed.rs"]
mod mqtt_feed;

use libfuzzer_sys::fuzz_target;
use mqtt_feed::{CONNACK, feed, feed_whole_and_bytewise};

// The first byte chooses whether the session is up and whether the peer closes, the second where to cut.
fuzz_target!(|data: &[u8]| {
    let [how, cut, rest @ ..] = data else { return };
    let connack = if how & 1 == 0 { CONNACK } else { &[] };
    let eof = how & 2 != 0;
    let bytes = [connack, rest].concat();

    let whole = feed_whole_and_bytewise(&bytes, eof);
    let (a, b) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    assert_eq!(whole, feed([a, b], eof));
});
