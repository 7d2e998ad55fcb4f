//! Stackable transports (tcp, unix, tls ...), name resolution, connecting and listening. Everything
//! here is non-blocking, and readiness is the caller's: it keeps sticky readable / writable
//! bits that only `WouldBlock` clears (mio is edge-triggered).
//!
//! The way to a connection: [`Resolver`] turns a name into addresses, [`Connector`] races
//! them and yields a [`TcpTransport`], and [`Tls`] wraps that with a configuration from a
//! [`TrustStore`]. A [`UnixTransport`] needs no name and no race. Where a [`Proxy`] stands in
//! between, its address is resolved and connected to, and a [`Tunnel`] goes below the TLS. The other
//! way round, a [`Listener`] yields transports, and [`ServerTls`] wraps them.

mod connect;
mod crypto;
mod descriptor;
mod dns;
mod dns_cache;
mod http_proxy;
mod identity;
mod listen;
mod serve;
mod socket;
mod socks5;
mod system_trust;
mod tcp;
mod tls;
mod tls_reason;
mod trust;
mod tunnel;
mod unix;
mod verify;
mod x509;

pub use connect::{ATTEMPT_DELAY, ConnectError, Connector, MAX_ATTEMPTS, Progress};
pub use descriptor::{DescriptorTransport, Direction};
pub use dns::{
    Answer, Lookup, LookupError, LookupErrorKind, LookupFn, LookupId, MAX_QUEUED, Resolver,
    std_lookup,
};
pub use dns_cache::DNS_TTL;
pub use http_proxy::HttpConnect;
pub use identity::Identity;
pub use listen::{Accepted, Listener};
pub use serve::{ServerStore, ServerTls, above, called};
pub use socket::{Bind, KeepAlive, SocketOptions};
pub use socks5::Socks5;
pub use system_trust::LOOK_EVERY as TRUST_LOOK_EVERY;
pub use tcp::TcpTransport;
pub use tls::Tls;
pub use trust::{TrustError, TrustStore, certificates};
pub use tunnel::{MAX_ANSWER, Proxy, ProxyKind, Talk, Tunnel, Turn};
pub use unix::UnixTransport;

use std::io;
use std::os::fd::BorrowedFd;

/// One layer of a connection. TLS and proxies wrap another transport.
pub trait Transport {
    /// Drives handshakes. `Ok(true)` once payload may flow; `Ok(false)` while more
    /// readiness is needed.
    ///
    /// # Errors
    /// The handshake failed: the text says why, in the words of the layer that failed.
    fn handshake(&mut self) -> io::Result<bool>;

    /// Reads decrypted payload; `Ok(0)` is the peer's orderly end.
    ///
    /// # Errors
    /// `WouldBlock`, or the connection broke (`UnexpectedEof`: ended without the layer's
    /// own closing message).
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize>;

    /// Takes payload; what it took it sends, by [`flush`](Self::flush) at the latest.
    ///
    /// # Errors
    /// `WouldBlock`, or the connection broke.
    fn write(&mut self, buf: &[u8]) -> io::Result<usize>;

    /// [`write`](Self::write) of several pieces in order: a layer above sends the records it
    /// has gathered in one system call.
    ///
    /// # Errors
    /// As for `write`.
    fn write_vectored(&mut self, bufs: &[io::IoSlice<'_>]) -> io::Result<usize> {
        match bufs.iter().find(|b| !b.is_empty()) {
            Some(first) => self.write(first),
            None => Ok(0),
        }
    }

    /// Pushes buffered records to the socket. `Ok(true)` when nothing is left, as where `write` keeps nothing. Call it at
    /// every writable event too: a layer may owe the peer an answer of its own.
    ///
    /// # Errors
    /// The connection broke.
    fn flush(&mut self) -> io::Result<bool> {
        Ok(true)
    }

    /// Whether decrypted payload may be had although the socket shows nothing new.
    fn has_buffered(&self) -> bool {
        false
    }

    /// Whether the last read took all that the socket had: what comes next makes a new event.
    /// `false` where that is not known. (The peer's end may have come before, with no event after
    /// it.)
    fn drained(&self) -> bool {
        false
    }

    /// Whether the system tells that the socket can be written to whenever its peer has read
    /// something, also if nothing was waiting for that (unix sockets): writability is to be
    /// watched only once a write has met `WouldBlock`.
    fn tells_writable_often(&self) -> bool {
        false
    }

    /// Says goodbye as the layer does (`close_notify`) and shuts the sending side; best effort.
    fn shutdown(&mut self);

    /// The ALPN protocol agreed on, if any: layers without TLS agree on none.
    fn alpn(&self) -> Option<&[u8]> {
        None
    }

    /// On the serving side: the name that the client asked for, if it told one.
    fn server_name(&self) -> Option<&str> {
        None
    }

    /// What to register with mio.
    fn source(&mut self) -> &mut dyn mio::event::Source;

    /// The socket, if there is one: for what the system knows of its peer.
    fn socket(&self) -> Option<BorrowedFd<'_>> {
        None
    }

    /// The peer, for logs: `127.0.0.1:443` or `+/run/x.sock`.
    fn peer(&self) -> String;
}
