//! TLS 1.2 and 1.3 by rustls, over any transport.

use std::io::{self, IoSlice, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, Connection, ServerConfig, ServerConnection};

use super::Transport;
use super::tls_reason::{broken_off, left_out, reason};

/// Encrypted bytes that wait for the socket at most. More than that is not taken from the
/// caller, and nothing new is taken before it has left.
const MAX_UNSENT: usize = 64 * 1024;

/// Bytes of the largest record, with its header and its tag (RFC 8446 5.2, RFC 5246 6.2.3).
const MAX_RECORD: usize = 5 + 16 * 1024 + 2048;

/// TLS as a [`Transport`]. Errors that are TLS's own have the kind `InvalidData` and rustls's
/// text, with what is left out of this library if that may be why.
///
/// An idle connection keeps rustls's state and no buffers beyond one of 4 KiB for reading;
/// what is decrypted or encrypted is allocated per record and freed as it is taken.
pub struct Tls {
    conn: Connection,
    io: Box<dyn Transport>,
    /// Decrypted bytes that wait for the caller.
    plaintext: usize,
    /// The peer has said goodbye.
    ended: bool,
    /// The last read took all that there was below, and gave all of it.
    drained: bool,
    /// The session is lost; said once the payload that came before has been read.
    failed: Option<rustls::Error>,
    /// Our side has said goodbye: nothing more can be sent.
    closed: bool,
    /// What the peer is, for reasons in its words.
    peer_is: Option<&'static str>,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls").field("peer", &self.io.peer()).finish_non_exhaustive()
    }
}

impl Tls {
    /// The client's side, over `io`, which need not be connected yet. `host` (a name, or an
    /// address in numbers, IPv6 also in brackets) is what the certificate must be for; a
    /// name also goes out as SNI.
    ///
    /// # Errors
    /// `InvalidInput`: `host` is neither a DNS name nor an address.
    pub fn client(
        config: Arc<ClientConfig>,
        host: &str,
        io: Box<dyn Transport>,
    ) -> io::Result<Self> {
        let conn = ClientConnection::new(config, server_name(host)?).map_err(tls_error)?;
        Ok(Self::new(conn.into(), io))
    }

    /// The server's side.
    ///
    /// # Errors
    /// The configuration contradicts itself.
    pub fn server(config: Arc<ServerConfig>, io: Box<dyn Transport>) -> io::Result<Self> {
        let conn = ServerConnection::new(config).map_err(tls_error)?;
        Ok(Self::new(conn.into(), io))
    }

    /// The server's side of a connection whose client has introduced itself.
    pub(super) fn accepted(conn: ServerConnection, io: Box<dyn Transport>) -> Self {
        Self::new(conn.into(), io)
    }

    fn new(mut conn: Connection, io: Box<dyn Transport>) -> Self {
        conn.set_buffer_limit(Some(MAX_UNSENT));
        Self {
            conn,
            io,
            plaintext: 0,
            ended: false,
            drained: false,
            failed: None,
            closed: false,
            peer_is: None,
        }
    }

    /// Has errors say in plain words which side refused what: `peer` is what the other one is
    /// (`the proxy`). Their kinds stay.
    #[must_use]
    pub fn with(mut self, peer: &'static str) -> Self {
        self.peer_is = Some(peer);
        self
    }

    fn explain(&self, e: io::Error) -> io::Error {
        let inner = e.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>());
        let Some(peer) = self.peer_is else {
            return match inner.and_then(left_out) {
                Some(text) => io::Error::new(e.kind(), text),
                None => e,
            };
        };
        let text = match inner {
            Some(e) => reason(peer, e),
            None if self.conn.is_handshaking() => match broken_off(peer, &e) {
                Some(text) => text,
                None => return e,
            },
            None => return e,
        };
        io::Error::new(e.kind(), text)
    }

    /// rustls's view of the session: version, cipher suite, the peer's certificates, whether
    /// it was resumed.
    #[must_use]
    pub fn session(&self) -> &Connection {
        &self.conn
    }

    /// Reads from below and decrypts. `Ok(0)` is the end of the transport below.
    fn pull(&mut self) -> io::Result<usize> {
        let n = self.conn.read_tls(&mut Below(&mut *self.io))?;
        self.decrypt();
        Ok(n)
    }

    /// As [`pull`](Self::pull), with one read for many records (rustls takes 4 KiB of a record
    /// at once), and with what is decrypted in the front of `buf` already. Returns how much that
    /// is; 0 does not mean an end.
    fn pull_through(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.conn.is_handshaking() || buf.len() < 2 * MAX_RECORD {
            return self.pull().map(|_| 0);
        }
        // plaintext is never longer than the records that it was in, and of those a part of one
        // at most came before: so it never reaches what waits to be decrypted
        let mut at = MAX_RECORD;
        let end = at + self.io.read(&mut buf[at..])?;
        let mut filled = 0;
        loop {
            // nothing to read tells rustls of the end
            let fed = self.conn.read_tls(&mut &buf[at..end])?;
            at += fed;
            self.decrypt();
            while self.plaintext > 0 && filled < at {
                let n = self.conn.reader().read(&mut buf[filled..at])?;
                self.plaintext = self.plaintext.saturating_sub(n);
                filled += n;
            }
            // what follows the peer's goodbye is not looked at
            if fed == 0 || at == end || self.failed.is_some() {
                return Ok(filled);
            }
        }
    }

    /// Decrypts what was read.
    fn decrypt(&mut self) {
        match self.conn.process_new_packets() {
            Ok(state) => {
                self.plaintext = state.plaintext_bytes_to_read();
                self.ended = state.peer_has_closed();
            }
            Err(e) => {
                self.failed = Some(e);
                // the alert that tells the peer why
                let _ = self.send_records();
            }
        }
    }

    /// Writes what is encrypted. `Ok(true)` when nothing is left.
    fn send_records(&mut self) -> io::Result<bool> {
        while self.conn.wants_write() {
            match self.conn.write_tls(&mut Below(&mut *self.io)) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(_) => {}
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(e) => return Err(e),
            }
        }
        Ok(true)
    }

    /// As [`send_records`](Self::send_records). A peer that refuses us sends an alert and
    /// closes, after which writing fails: the alert, if one is there, is the better reason.
    fn send_or_explain(&mut self) -> io::Result<bool> {
        self.send_records().map_err(|e| {
            while self.failed.is_none() && matches!(self.pull(), Ok(n) if n > 0) {}
            self.failed.clone().map_or(e, tls_error)
        })
    }

    fn check(&self) -> io::Result<()> {
        self.failed.clone().map_or(Ok(()), |e| Err(tls_error(e)))
    }
}

impl Tls {
    fn shake(&mut self) -> io::Result<bool> {
        self.check()?;
        if !self.io.handshake()? {
            return Ok(false);
        }
        while self.conn.is_handshaking() {
            if !self.send_or_explain()? {
                return Ok(false);
            }
            match self.pull() {
                Ok(0) => {
                    self.check()?;
                    return Err(io::Error::new(
                        io::ErrorKind::UnexpectedEof,
                        "peer closed the connection during the TLS handshake",
                    ));
                }
                Ok(_) => self.check()?,
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(e) => return Err(e),
            }
        }
        Ok(self.send_or_explain()? && self.io.flush()?)
    }

    fn take_in(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if buf.is_empty() {
            return Ok(0);
        }
        self.drained = false;
        loop {
            match self.conn.reader().read(buf) {
                Ok(n) => {
                    self.plaintext = self.plaintext.saturating_sub(n);
                    // nothing may be taken for the peer's orderly end after a failure
                    if n == 0 {
                        self.check()?;
                    }
                    return Ok(n);
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => self.check()?,
                Err(e) => {
                    self.check()?;
                    return Err(without_close_notify(&e));
                }
            }
            let n = self.pull_through(buf)?;
            // answers of the protocol's own (key update); what does not fit now waits for
            // the next write or flush
            if self.conn.wants_write() && self.failed.is_none() {
                let _ = self.send_records();
            }
            if n > 0 {
                self.drained = !self.ended && !self.has_buffered() && self.io.drained();
                return Ok(n);
            }
        }
    }

    fn send_out(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.check()?;
        if self.closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        if !self.send_or_explain()? {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let taken = self.conn.writer().write_vectored(bufs)?;
        self.send_or_explain()?;
        Ok(taken)
    }
}

impl Transport for Tls {
    fn handshake(&mut self) -> io::Result<bool> {
        self.shake().map_err(|e| self.explain(e))
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.take_in(buf).map_err(|e| self.explain(e))
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(buf)])
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.send_out(bufs).map_err(|e| self.explain(e))
    }

    fn flush(&mut self) -> io::Result<bool> {
        self.send_or_explain()
            .and_then(|sent| Ok(sent && self.io.flush()?))
            .map_err(|e| self.explain(e))
    }

    fn has_buffered(&self) -> bool {
        self.plaintext > 0 || self.failed.is_some() || self.io.has_buffered()
    }

    fn drained(&self) -> bool {
        self.drained
    }

    fn shutdown(&mut self) {
        if self.failed.is_none() && !self.closed {
            self.conn.send_close_notify();
        }
        self.closed = true;
        // best effort: the peer may be gone, or not be reading
        let _ = self.send_records();
        let _ = self.io.flush();
        self.io.shutdown();
    }

    fn alpn(&self) -> Option<&[u8]> {
        self.conn.alpn_protocol()
    }

    fn server_name(&self) -> Option<&str> {
        match &self.conn {
            Connection::Server(conn) => conn.server_name(),
            Connection::Client(_) => None,
        }
    }

    fn source(&mut self) -> &mut dyn mio::event::Source {
        self.io.source()
    }

    fn peer(&self) -> String {
        self.io.peer()
    }
}

/// The transport below, in the shape that rustls reads and writes.
pub(super) struct Below<'a>(pub(super) &'a mut dyn Transport);

impl Read for Below<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.read(buf)
    }
}

impl Write for Below<'_> {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush().map(|_| ())
    }
}

fn server_name(host: &str) -> io::Result<ServerName<'static>> {
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    ServerName::try_from(bare.to_owned()).map_err(|e| {
        io::Error::new(io::ErrorKind::InvalidInput, format!("TLS host name {host:?}: {e}"))
    })
}

pub(super) fn tls_error(e: rustls::Error) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, e)
}

/// rustls's text for this one is an address in its manual.
fn without_close_notify(e: &io::Error) -> io::Error {
    match e.kind() {
        io::ErrorKind::UnexpectedEof => io::Error::new(
            io::ErrorKind::UnexpectedEof,
            "peer closed the connection without TLS close_notify",
        ),
        kind => io::Error::new(kind, e.to_string()),
    }
}
