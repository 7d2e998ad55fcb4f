//! The MUSTs of RFC 6455 (ws) and RFC 9113 (h2), a row each: what a scripted peer sends, and what
//! has to come of it.
//!
//! | file | what |
//! |---|---|
//! | `h2.rs` | RFC 9113 4 to 8: frames that come |
//! | `ws_frames.rs` | RFC 6455 5, 7 and 8.1: frames that come, one table for both sides |
//! | `ws_sending.rs` | RFC 6455 5 and 7: frames that go, for both sides |
//! | `ws_handshake.rs` | RFC 6455 4: a table for each side |

mod h2;
mod ws_frames;
mod ws_handshake;
mod ws_sending;

/// Inputs up to so many bytes are cut at every place.
const CUT_EVERYWHERE: usize = 500;

/// Where an input is cut in two: everywhere, or near both ends of a long one.
fn cuts(bytes: &[u8]) -> impl Iterator<Item = [&[u8]; 2]> {
    let near = |n: usize| n < 30 || bytes.len() - n < 10;
    (0..=bytes.len()).filter(move |&n| bytes.len() <= CUT_EVERYWHERE || near(n)).map(|n| {
        let (a, b) = bytes.split_at(n);
        [a, b]
    })
}
