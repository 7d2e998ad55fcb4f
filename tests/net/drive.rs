//! What an event loop does with one transport.

use std::io;
use std::time::Duration;

use mio::{Events, Interest, Poll, Token};
use securestreams::net::{SocketOptions, TcpTransport, Transport};

/// Longer than anything here may take on a loaded machine.
pub const PATIENCE: Duration = Duration::from_secs(30);

pub struct Driver {
    poll: Poll,
    events: Events,
}

/// Waits for events; a signal, such as that of a process that goes on, is none.
pub fn uninterrupted(poll: &mut Poll, events: &mut Events) {
    loop {
        match poll.poll(events, Some(PATIENCE)) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            done => return done.expect("the loop"),
        }
    }
}

impl Driver {
    pub fn new(transport: &mut dyn Transport) -> Self {
        let poll = Poll::new().unwrap();
        let interest = Interest::READABLE | Interest::WRITABLE;
        poll.registry().register(transport.source(), Token(0), interest).unwrap();
        Self { poll, events: Events::with_capacity(8) }
    }

    fn wait(&mut self) {
        uninterrupted(&mut self.poll, &mut self.events);
        assert!(!self.events.is_empty(), "nothing happened for {PATIENCE:?}");
    }

    fn until<T>(&mut self, mut call: impl FnMut() -> io::Result<Option<T>>) -> io::Result<T> {
        loop {
            match call() {
                Ok(Some(done)) => return Ok(done),
                Ok(None) => self.wait(),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => self.wait(),
                Err(e) => return Err(e),
            }
        }
    }

    pub fn handshake(&mut self, t: &mut dyn Transport) -> io::Result<()> {
        self.until(|| Ok(t.handshake()?.then_some(())))
    }

    pub fn read(&mut self, t: &mut dyn Transport, buf: &mut [u8]) -> io::Result<usize> {
        self.until(|| t.read(buf).map(Some))
    }

    /// Everything up to the peer's orderly end.
    pub fn read_to_end(&mut self, t: &mut dyn Transport) -> io::Result<Vec<u8>> {
        let (mut all, mut buf) = (Vec::new(), vec![0; 10_000]);
        loop {
            match self.read(t, &mut buf)? {
                0 => return Ok(all),
                n => all.extend_from_slice(&buf[..n]),
            }
        }
    }

    pub fn read_exact(&mut self, t: &mut dyn Transport, len: usize) -> io::Result<Vec<u8>> {
        let mut all = vec![0; len];
        let mut have = 0;
        while have < len {
            match self.read(t, &mut all[have..])? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                n => have += n,
            }
        }
        Ok(all)
    }

    pub fn write_all(&mut self, t: &mut dyn Transport, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            let n = self.until(|| t.write(bytes).map(Some))?;
            bytes = &bytes[n..];
        }
        self.until(|| Ok(t.flush()?.then_some(())))
    }

    /// Writes until the peer, which does not read before `go` is called, holds it back; then
    /// writes the rest while it reads as many bytes, as an echo gives them back.
    pub fn echo(
        &mut self,
        t: &mut dyn Transport,
        bytes: &[u8],
        go: impl FnOnce(),
    ) -> io::Result<Vec<u8>> {
        let mut sent = 0;
        while let Some(n) = unless_blocked(t.write(&bytes[sent..]))? {
            sent += n;
            assert!(sent < bytes.len(), "the writer is not held back");
        }
        go();
        let (mut back, mut buf) = (Vec::new(), vec![0; 10_000]);
        while back.len() < bytes.len() {
            let written = if sent < bytes.len() {
                unless_blocked(t.write(&bytes[sent..]))?
            } else {
                t.flush()?;
                None
            };
            sent += written.unwrap_or(0);
            let read = unless_blocked(t.read(&mut buf))?;
            match read {
                Some(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Some(n) => back.extend_from_slice(&buf[..n]),
                None if written.is_none() => self.wait(),
                None => {}
            }
        }
        Ok(back)
    }
}

fn unless_blocked(result: io::Result<usize>) -> io::Result<Option<usize>> {
    match result {
        Ok(n) => Ok(Some(n)),
        Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(None),
        Err(e) => Err(e),
    }
}

/// Keeps the peers' receive buffers small, so that a few megabytes fill what the kernel
/// holds for a connection.
pub fn small_buffers(listener: &impl std::os::fd::AsFd) {
    socket2::SockRef::from(listener).set_recv_buffer_size(64 * 1024).unwrap();
}

/// More than the kernel holds for a connection with [`small_buffers`].
pub const A_LOT: usize = 12 << 20;

pub fn tcp(addr: std::net::SocketAddr) -> Box<dyn Transport> {
    Box::new(TcpTransport::connect(addr, &SocketOptions::default()).unwrap())
}

/// `len` bytes in which no stretch looks like another.
pub fn pattern(len: usize) -> Vec<u8> {
    let mut x = 1u32;
    let next = || {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (x >> 24) as u8
    };
    std::iter::repeat_with(next).take(len).collect()
}
