//! A stream over a unix domain socket, by path or (Linux) by abstract name.

use std::io::{self, Read};
use std::net::Shutdown;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::SocketAddr;

use mio::net::UnixStream;

use super::Transport;
use super::tcp::{send, uninterrupted};

/// A unix domain socket as a [`Transport`].
#[derive(Debug)]
pub struct UnixTransport {
    stream: UnixStream,
    name: String,
    /// The last read found less than it had room for.
    drained: bool,
}

impl UnixTransport {
    /// Connects to `name`: a path, or `@` and a name in Linux's abstract namespace. The
    /// system answers at once, so that a missing socket is an error here already.
    ///
    /// # Errors
    /// No such socket, nobody listens, the listener's queue is full (`WouldBlock`), or the
    /// name is longer than a socket address can hold (`InvalidInput`).
    pub fn connect(name: &str) -> io::Result<Self> {
        let stream = UnixStream::connect_addr(&address(name)?).map_err(|e| {
            let why = match e.kind() {
                io::ErrorKind::WouldBlock => "the listener's queue is full".to_owned(),
                _ => e.to_string(),
            };
            io::Error::new(e.kind(), format!("+{name}: {why}"))
        })?;
        Ok(Self::established(stream, name))
    }

    /// A connection that is already there, such as an accepted one; `name` is for logs.
    #[must_use]
    pub fn established(stream: UnixStream, name: &str) -> Self {
        Self { stream, name: name.to_owned(), drained: false }
    }
}

pub(super) fn address(name: &str) -> io::Result<SocketAddr> {
    match name.strip_prefix('@') {
        Some(hidden) => abstract_address(hidden),
        None => SocketAddr::from_pathname(name),
    }
    .map_err(|e| io::Error::new(e.kind(), format!("+{name}: {e}")))
}

#[cfg(target_os = "linux")]
fn abstract_address(name: &str) -> io::Result<SocketAddr> {
    use std::os::linux::net::SocketAddrExt;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(target_os = "linux"))]
fn abstract_address(_: &str) -> io::Result<SocketAddr> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "abstract socket names exist on Linux only"))
}

impl Transport for UnixTransport {
    fn handshake(&mut self) -> io::Result<bool> {
        Ok(true)
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

    fn tells_writable_often(&self) -> bool {
        true
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
        format!("+{}", self.name)
    }
}
