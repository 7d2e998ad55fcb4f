//! A descriptor that somebody else opened: a pipe's end, a terminal, a socket of any kind.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use mio::event::Source;
use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

use super::Transport;
use super::tcp::uninterrupted;

/// An open descriptor as a [`Transport`]. It must not block; whoever writes to a pipe nobody
/// reads must have `SIGPIPE` ignored.
#[derive(Debug)]
pub struct DescriptorTransport {
    held: Held,
    direction: Direction,
}

/// What a descriptor was opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Reading, and perhaps writing.
    Reads,
    /// Writing only.
    WritesOnly,
}

/// The descriptor as mio sees it.
#[derive(Debug)]
struct Held(File);

impl DescriptorTransport {
    /// Takes the descriptor over; it is closed with the transport.
    #[must_use]
    pub fn new(descriptor: OwnedFd, direction: Direction) -> Self {
        Self { held: Held(descriptor.into()), direction }
    }

    fn number(&self) -> RawFd {
        self.held.0.as_raw_fd()
    }
}

impl Source for Held {
    fn register(&mut self, registry: &Registry, token: Token, i: Interest) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).register(registry, token, i)
    }

    fn reregister(&mut self, registry: &Registry, token: Token, i: Interest) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).reregister(registry, token, i)
    }

    fn deregister(&mut self, registry: &Registry) -> io::Result<()> {
        SourceFd(&self.0.as_raw_fd()).deregister(registry)
    }
}

impl Transport for DescriptorTransport {
    fn handshake(&mut self) -> io::Result<bool> {
        Ok(true)
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self.direction {
            Direction::Reads => uninterrupted(|| self.held.0.read(buf)),
            // nothing can come: an event that asks to look says that the reader has gone
            Direction::WritesOnly => {
                Err(io::Error::new(io::ErrorKind::BrokenPipe, "nobody reads the pipe any more"))
            }
        }
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        uninterrupted(|| self.held.0.write(buf))
    }

    // terminals give a line at a time, sockets of packets a packet
    fn drained(&self) -> bool {
        false
    }

    // closing is all that every kind of descriptor knows
    fn shutdown(&mut self) {}

    fn source(&mut self) -> &mut dyn Source {
        &mut self.held
    }

    fn peer(&self) -> String {
        format!("descriptor {}", self.number())
    }
}
