//! HTTP/1.1 (RFC 9112), both sides: one transaction at a time on a connection that is kept alive.
//!
//! | file | what |
//! |---|---|
//! | `request.rs` | checks a request and writes its head |
//! | `send.rs` | frames a body that is sent: announced length or chunks |
//! | `response.rs` | parses a response's head and finds how its body ends |
//! | `chunked.rs` | decodes a chunked body |
//! | `fields.rs` | reads the values of fields |
//! | `client.rs` | [`H1`], the client that joins them behind [`Codec`](super::Codec) |
//! | `asked.rs` | parses a request's head and finds how its body ends |
//! | `answer.rs` | checks a response and writes its head |
//! | `server.rs` | [`H1Server`], the serving side behind [`Codec`](super::Codec) |
//!
//! Whatever leaves room for two readings of where a message ends (two lengths, a length
//! beside chunks, an unknown transfer coding) is an error, and any byte that no request asked
//! for ends the connection's reuse: the next response could otherwise be somebody else's.

mod answer;
mod asked;
mod chunked;
mod client;
mod fields;
pub(in crate::proto) mod request;
mod response;
mod send;
mod server;

pub use client::H1;
pub use server::{H1Server, ServerOptions};

use crate::util::Micros;
use crate::util::clock::SEC;

/// Bytes in a response's head at most, blank line included (interim responses count each for
/// itself). Four times what the reference holds; some 20,000 bytes must fail as they do there.
pub const MAX_HEAD: usize = 16 * 1024;
/// Fields in a response's head at most.
pub const MAX_FIELDS: usize = 128;
/// Interim (1xx) responses in front of a final one at most.
pub const MAX_INTERIM: u8 = 32;
/// Bytes in a chunk's size line at most, extensions included.
pub const MAX_CHUNK_LINE: u16 = 1024;
/// Bytes of trailer fields behind a chunked body at most.
pub const MAX_TRAILERS: u16 = 4096;
/// Bytes of payload that one window (and so one chunk) takes at most.
pub const MAX_WINDOW: usize = 64 * 1024;

/// Bytes in a request's head at most, blank line included, unless the options say otherwise.
pub const MAX_REQUEST_HEAD: usize = 16 * 1024;
/// Bytes in a request's body at most, unless the options say otherwise.
pub const MAX_REQUEST_BODY: u64 = 64 * 1024 * 1024;
/// Microseconds that a request's head may take from its first byte, unless the options say
/// otherwise.
pub const HEAD_TIME: Micros = 10 * SEC;
