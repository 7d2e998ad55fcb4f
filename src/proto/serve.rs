//! What a codec's serving side adds: requests that came in, and the answers to them.
//!
//! A serving codec reports [`Event::Request`](super::Event::Request), then the request's body as
//! payload; [`Codec::request`](super::Codec::request) has its head. It is answered by
//! [`Codec::respond`](super::Codec::respond) and payload through
//! [`Codec::tx_window`](super::Codec::tx_window). Everything else of the trait means the same on
//! both sides.

use super::{BodyLen, Head};

/// A request's head.
#[derive(Debug, Default)]
pub struct Asked {
    /// `GET`, `POST` ...
    pub method: String,
    /// Path and query as received, starting with `/` (or `*`, for OPTIONS).
    pub target: String,
    /// The host that it was meant for, as received; empty if the client named none (HTTP/1.0).
    pub authority: String,
    /// The header fields; [`Head::status`] is 0.
    pub fields: Head,
    /// What the client wants to speak from now on (the `upgrade` field of h1, the `:protocol` of an
    /// extended CONNECT), if it asks for that correctly.
    pub upgrade: Option<Upgrade>,
    /// What is known of the body's length.
    pub body: BodyLen,
}

/// A protocol that a client may change to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Upgrade {
    /// RFC 6455.
    WebSocket,
}

/// The head of an answer. Borrowed for the one call.
#[derive(Clone, Debug)]
pub struct Response<'a> {
    /// The status code, 200 to 999; 101 grants the upgrade that was asked for, and what is sent
    /// and received from then on is the new protocol's.
    pub status: u16,
    /// Header fields, in order; names without the colon. Framing (`content-length`,
    /// `transfer-encoding`, `connection`, `upgrade`) is the codec's own.
    pub fields: &'a [(&'a str, &'a [u8])],
    /// What will be sent as its body. A codec leaves the body of an answer to HEAD, of 204 and of
    /// 304 out by itself.
    pub body: BodyLen,
}
