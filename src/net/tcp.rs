//! A TCP connection.

use std::io::{self, Read};
use std::net::{Shutdown, SocketAddr};
use std::os::fd::{AsFd, BorrowedFd};

use mio::net::TcpStream;
use socket2::SockRef;

use super::Transport;
use super::socket::{self, Refused, SocketOptions};

/// TCP as a [`Transport`]. Its handshake is the connecting.
#[derive(Debug)]
pub struct TcpTransport {
    stream: TcpStream,
    peer: SocketAddr,
    connected: bool,
    /// The last read found less than it had room for.
    drained: bool,
}

impl TcpTransport {
    /// Starts to connect; [`handshake`](Transport::handshake) at writable events tells the
    /// outcome. Hints that the system refuses are left out (the
    /// [`Connector`](super::Connector) reports them).
    ///
    /// # Errors
    /// The socket could not be made or bound, or the system refused at once.
    pub fn connect(peer: SocketAddr, options: &SocketOptions) -> io::Result<Self> {
        Self::connect_noting(peer, options).map(|(tcp, _)| tcp)
    }

    pub(super) fn connect_noting(
        peer: SocketAddr,
        options: &SocketOptions,
    ) -> io::Result<(Self, Vec<Refused>)> {
        let (socket, refused) = socket::open(peer, options)?;
        match socket.connect(&peer.into()) {
            Ok(()) => {}
            Err(e) if in_progress(&e) => {}
            Err(e) => return Err(e),
        }
        let stream = TcpStream::from_std(socket.into());
        Ok((Self { stream, peer, connected: false, drained: false }, refused))
    }

    /// A connection that is already there, such as an accepted one.
    #[must_use]
    pub fn established(stream: TcpStream, peer: SocketAddr) -> Self {
        Self { stream, peer, connected: true, drained: false }
    }

    /// The socket itself, for options and addresses.
    #[must_use]
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }
}

fn in_progress(e: &io::Error) -> bool {
    e.raw_os_error() == Some(libc::EINPROGRESS)
        || matches!(e.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// Repeats what a signal interrupted: the caller only knows `WouldBlock` and real errors.
pub(super) fn uninterrupted<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// A write to a peer that is gone is to be an error: the program that we live in need not
/// ignore `SIGPIPE`. (Apple's sockets have an option for it, which socket2 and mio set.)
#[cfg(not(target_vendor = "apple"))]
const NO_SIGNAL: libc::c_int = libc::MSG_NOSIGNAL;
#[cfg(target_vendor = "apple")]
const NO_SIGNAL: libc::c_int = 0;

/// Sends without `SIGPIPE`, which the standard library's vectored writes may raise.
pub(super) fn send(socket: &impl AsFd, bufs: &[io::IoSlice<'_>]) -> io::Result<usize> {
    let socket = SockRef::from(socket);
    uninterrupted(|| match bufs {
        [one] => socket.send_with_flags(one, NO_SIGNAL),
        many => socket.send_vectored_with_flags(many, NO_SIGNAL),
    })
}

impl Transport for TcpTransport {
    fn handshake(&mut self) -> io::Result<bool> {
        if self.connected {
            return Ok(true);
        }
        if let Some(e) = self.stream.take_error()? {
            return Err(e);
        }
        match self.stream.peer_addr() {
            // A port from the ephemeral range that nobody listens on may be given to this
            // very socket, which then connects to itself.
            Ok(peer) if self.stream.local_addr()? == peer => {
                Err(io::ErrorKind::ConnectionRefused.into())
            }
            Ok(_) => {
                self.connected = true;
                Ok(true)
            }
            Err(e) if e.kind() == io::ErrorKind::NotConnected || in_progress(&e) => Ok(false),
            Err(e) => Err(e),
        }
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = uninterrupted(|| self.stream.read(buf))?;
        self.drained = n > 0 && n < buf.len();
        Ok(n)
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        send(&self.stream, &[io::IoSlice::new(buf)])
    }

    fn write_vectored(&mut self, bufs: &[io::IoSlice<'_>]) -> io::Result<usize> {
        send(&self.stream, bufs)
    }

    fn drained(&self) -> bool {
        self.drained
    }

    fn shutdown(&mut self) {
        // the peer may be gone already, which is what was wanted
        let _ = self.stream.shutdown(Shutdown::Write);
    }

    fn source(&mut self) -> &mut dyn mio::event::Source {
        &mut self.stream
    }

    fn socket(&self) -> Option<BorrowedFd<'_>> {
        Some(self.stream.as_fd())
    }

    fn peer(&self) -> String {
        self.peer.to_string()
    }
}
