//! WebSocket (RFC 6455), both sides, with permessage-deflate (RFC 7692) where it is asked for.
//!
//! | file | what |
//! |---|---|
//! | `client.rs` | [`Ws`], the machine behind [`Codec`](super::Codec): handshake, then frames |
//! | `handshake.rs` | the upgrade request's fields, and the check of the answer |
//! | `accept.rs` | what a server answers to an upgrade request: [`accept()`] |
//! | `server.rs` | [`WsServer`], the serving machine behind [`Codec`](super::Codec), from the 101 on |
//! | `extension.rs` | what is offered and agreed about permessage-deflate |
//! | `frame.rs` | frame headers, read and written; masking |
//! | `frames.rs` | [`Frames`], an open connection of either [`Role`]: its state, sending, closing |
//! | `receive.rs` | its receiving side |
//! | `utf8.rs` | UTF-8 checked in pieces |
//! | `deflate.rs` | compression and decompression in pieces |
//!
//! Messages are never collected: each piece of a frame's payload is passed on as it arrives,
//! and so memory stays flat whatever lengths a peer claims. Control frames are answered here.
//! The handshake is h1's; nothing of it is held once the connection is open.

mod accept;
mod client;
mod deflate;
mod extension;
mod frame;
mod frames;
mod handshake;
mod receive;
mod server;
mod utf8;

use std::rc::Rc;

pub use accept::{Accepted, accept};
pub use client::Ws;
pub use extension::{DeflateOffer, Deflating};
pub use frames::Frames;
pub use server::{ServerOptions, WsServer};

/// Bytes of payload that one window (and so one frame of ours) takes at most.
pub const MAX_WINDOW: usize = 64 * 1024;
/// Bytes of the longest frame header: a 64-bit length and a mask (RFC 6455 5.2).
pub const MAX_HEADER: usize = 14;
/// Bytes in a control frame's payload at most (RFC 6455 5.5).
pub const MAX_CONTROL: usize = 125;
/// Bytes in a close frame's reason at most: the status takes two.
pub const MAX_REASON: usize = MAX_CONTROL - 2;
/// Pongs that may wait for a peer that does not read. Of the pings beyond, only the last is
/// answered, once it does (RFC 6455 5.5.3).
pub const MAX_PONGS_WAITING: u8 = 16;
/// Bytes of payload that had to be changed (inflated, unmasked) in one event at most.
pub const MAX_HELD: usize = 16 * 1024;

/// Bytes in a message from a client at most, unless the options say otherwise.
pub const MAX_MESSAGE: u64 = 64 * 1024 * 1024;

/// Fills a buffer with bytes that nobody can foretell (RFC 6455 10.3); `false` if there are none
/// to be had. One source may serve any number of connections.
pub type Random = Rc<dyn Fn(&mut [u8]) -> bool>;

/// Which end of the connection we are: a client masks what it sends, a server does not, and
/// each insists on the other's part (RFC 6455 5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// We asked for the connection.
    Client,
    /// We were asked.
    Server,
}

/// What a client wants of a connection.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Subprotocols, the dearest first, separated by commas (the policy's `ws_subprotocol`).
    /// The server may take one of them or none.
    pub subprotocols: Option<String>,
    /// Our messages are binary, not text (the policy's `ws_binary`). That text is UTF-8 is the
    /// program's business: it is not checked on the way out.
    pub binary: bool,
    /// Offers permessage-deflate.
    pub deflate: Option<DeflateOffer>,
}
