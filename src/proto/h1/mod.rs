//! HTTP/1.1 client (RFC 9112): one transaction at a time on a connection that is kept alive.
//!
//! | file | what |
//! |---|---|
//! | `request.rs` | checks a request and writes its head |
//! | `send.rs` | frames the request's body: announced length or chunks |
//! | `response.rs` | parses a response's head and finds how its body ends |
//! | `chunked.rs` | decodes a chunked body |
//! | `client.rs` | [`H1`], the machine that joins them behind [`Codec`](super::Codec) |
//!
//! Whatever leaves room for two readings of where a message ends (two lengths, a length
//! beside chunks, an unknown transfer coding) is an error, and any byte that no request asked
//! for ends the connection's reuse: the next response could otherwise be somebody else's.

mod chunked;
mod client;
pub(in crate::proto) mod request;
mod response;
mod send;

pub use client::H1;

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
