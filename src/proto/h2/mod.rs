//! HTTP/2 (RFC 9113), both sides: many transactions at a time on one connection. Frames, HPACK and
//! flow control are the `h2` crate's; here it is driven without a runtime, a frame at a time.
//!
//! | file | what |
//! |---|---|
//! | `pipe.rs` | the memory that the crate reads from and writes to |
//! | `wake.rs` | wakers that do no more than take a note |
//! | `frames.rs` | finds where received frames end |
//! | `check.rs` | refuses frames of a wrong form in front of the crate |
//! | `overflow.rs` | mends the frames of peers that raise a full window (`h2q_oflow_txcr`) |
//! | `request.rs` | makes the crate's request of ours |
//! | `names.rs` | the error codes in words |
//! | `stream.rs` | one transaction: what it has received, what it may send, its credit |
//! | `drive.rs` | what the machines of both sides have around the crate: the frame that comes in, pings, wakers |
//! | `machine.rs` | a connection: joins these and drives the crate |
//! | `guard.rs` | keeps a machine untouched after a panic inside the crate |
//! | `outgoing.rs` | the body that is sent on one stream |
//! | `server/` | [`H2Server`], the serving side behind [`Codec`](super::Codec) |
//! | `client.rs` | [`H2`], the machine behind [`Codec`](super::Codec) |
//!
//! A frame is given to the crate only once it is complete, and what came of it is reported
//! before the next one: so cuts make no difference, and no more than a frame is in memory that
//! the program has not been offered (but for streams whose peer the program limited, see
//! [`Codec::limit_peer`](super::Codec::limit_peer)).
//!
//! The crate guards against floods of RST_STREAM, CONTINUATION, SETTINGS and tiny DATA frames;
//! we add a limit on replies that the peer does not take and one on interim responses. Pushes
//! are refused by our SETTINGS. There are no timers here.

mod check;
mod client;
mod drive;
mod frames;
mod guard;
mod machine;
mod names;
mod outgoing;
mod overflow;
mod pipe;
mod request;
mod server;
mod stream;
mod wake;

pub use client::H2;
pub use server::{H2Server, PREFACE, ServerOptions, is_preface};

use crate::util::Micros;
use crate::util::clock::SEC;

/// Payload that the peer may send on one stream before we take any, in bytes. What the
/// reference grants: enough for 40 Mbit/s at 50 ms.
pub const STREAM_WINDOW: u32 = 256 * 1024;
/// Payload that the peer may send on all streams together before we take any, in bytes.
pub const CONNECTION_WINDOW: u32 = 4 * STREAM_WINDOW;
/// Bytes in a response's head at most, counted as RFC 9113 6.5.2 does (32 more a field); the
/// same for trailers.
pub const MAX_HEADER_LIST: u32 = 16 * 1024;
/// Payload bytes in a received frame at most, the least that RFC 9113 allows to announce.
pub const MAX_FRAME: u32 = 16 * 1024;
/// Bytes of payload that one tx window takes at most.
pub const MAX_WINDOW: usize = 64 * 1024;
/// Transactions under way at most, however many the peer allows.
pub const MAX_STREAMS: usize = 1000;
/// Transactions that are started before the peer's SETTINGS say how many it takes.
pub const STREAMS_BEFORE_SETTINGS: usize = 1;
/// Interim (1xx) responses in front of a final one at most.
pub const MAX_INTERIM: u8 = 32;
/// Bytes of replies (acks, pongs, resets) that wait for the transport at most: more means that
/// the peer provokes them and does not read them.
pub const MAX_REPLIES: usize = 256 * 1024;

/// Requests that a client may have under way at the same time, unless the options say otherwise.
pub const MAX_SERVED_STREAMS: u32 = 100;
/// Bytes in a request's body at most, unless the options say otherwise.
pub const MAX_REQUEST_BODY: u64 = 64 * 1024 * 1024;
/// Requests that a client may reset within [`RESET_PERIOD`], unless the options say otherwise.
pub const MAX_RESETS: u32 = 200;
/// Microseconds within which resets are counted, unless the options say otherwise.
pub const RESET_PERIOD: Micros = 10 * SEC;

/// What is fixed for a connection's life.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// The requests' `:scheme` is `https` rather than `http`.
    pub tls: bool,
    /// See [`STREAM_WINDOW`]; less makes [`Codec::limit_peer`](super::Codec::limit_peer) exact
    /// from the first byte on, where the limit is less than this window. At most
    /// [`CONNECTION_WINDOW`].
    pub stream_window: u32,
    /// The policy's `h2q_oflow_txcr`: credit above the protocol's maximum of 2^31 - 1 is cut to
    /// that, instead of being an error.
    pub cut_overflow: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { tls: true, stream_window: STREAM_WINDOW, cut_overflow: false }
    }
}
