//! What a peer says on a link with channels: nothing panics, memory is bounded, and whole, byte by byte
//! and cut at some place are all read alike.
#![no_main]

#[path = "../../tests/codecs/mux_feed.rs"]
mod mux_feed;

use libfuzzer_sys::fuzz_target;
use securestreams::proto::mux::{Event, Mux, Side, Timing};

// The first byte says where to cut, and which side it is.
fuzz_target!(|data: &[u8]| {
    let [cut, bytes @ ..] = data else { return };
    let (a, b) = bytes.split_at(usize::from(*cut).min(bytes.len()));
    let whole = mux_feed::decoded([bytes]);
    assert_eq!(whole, mux_feed::decoded([a, b]));
    assert_eq!(whole, mux_feed::decoded(bytes.chunks(1)));

    let side = if cut % 2 == 0 { Side::Client } else { Side::Proxy };
    let timing = Timing { ping_interval: 10_000_000, grace: 2_000_000 };
    let mut mux = Mux::new(side, timing, 0);
    let mut out = Vec::new();
    mux.control(&mut out, 64, 0, 0);
    for (now, mut piece) in (0..).zip(bytes.chunks(1 + usize::from(*cut))) {
        while let Some(event) = mux.receive(&mut piece, now) {
            match event {
                Event::Asked(channel) if channel % 3 == 0 => mux.close(channel),
                Event::Asked(channel) => mux.accept(channel),
                Event::Payload(channel, _) => mux.want_write(channel),
                _ => {}
            }
        }
        assert!(piece.is_empty());
        out.clear();
        mux.control(&mut out, 64, now, now);
        assert!(out.len() <= 64);
        mux.next_writer();
        while mux.on_deadline(now * 1_000_000).is_some() {}
    }
});
