//! A connection that a proxy makes for us: the talk with the proxy is the handshake, afterwards
//! bytes pass through.

use std::io;

use super::Transport;
use super::http_proxy::HttpConnect;
use super::socks5::Socks5;
use crate::util::proxy::ProxyAddress;

/// The longest answer of a proxy, and what is read ahead of the payload.
pub const MAX_ANSWER: usize = 16 * 1024;

/// Bytes asked of the socket at once during the talk.
const READ: usize = 1024;

/// The kinds of proxies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyKind {
    /// SOCKS5.
    Socks5,
    /// An http proxy that knows CONNECT.
    Http,
}

/// A proxy that connections go through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxy {
    /// What it speaks.
    pub kind: ProxyKind,
    /// Where it is, and who we are to it.
    pub address: ProxyAddress,
}

impl std::fmt::Display for Proxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind {
            ProxyKind::Socks5 => "SOCKS5",
            ProxyKind::Http => "http",
        };
        write!(f, "{kind} proxy {}", self.address)
    }
}

/// What a side of a talk makes of the bytes that have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Not enough yet: call again with more behind the same.
    More,
    /// It took so many bytes; there may be something to send now.
    Took(usize),
    /// It took so many bytes, and what follows is payload.
    Done(usize),
}

/// The client's side of a talk with a proxy, without IO.
pub trait Talk {
    /// What to send first.
    fn open(&mut self, out: &mut Vec<u8>);

    /// Looks at the bytes that have come and were not taken yet; may add to what is to be sent.
    ///
    /// # Errors
    /// The proxy refuses, or does not speak the protocol: why.
    fn hear(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<Turn, String>;
}

/// A proxied connection as a [`Transport`].
pub struct Tunnel {
    io: Box<dyn Transport>,
    /// `None` once the proxy has connected us.
    talk: Option<Box<dyn Talk>>,
    unsent: Vec<u8>,
    /// What came in: answers of the proxy, then payload that came with the last of them.
    unread: Vec<u8>,
    name: String,
    to: String,
}

impl std::fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tunnel").field("proxy", &self.name).finish_non_exhaustive()
    }
}

impl Tunnel {
    /// Over `io`, which leads to the proxy, to `host` and `port`.
    ///
    /// # Errors
    /// The proxy cannot be asked for such a host.
    pub fn new(
        proxy: &Proxy,
        host: &str,
        port: u16,
        io: Box<dyn Transport>,
    ) -> Result<Self, String> {
        let who = proxy.address.credentials.as_ref();
        let talk: Result<Box<dyn Talk>, String> = match proxy.kind {
            ProxyKind::Socks5 => Socks5::new(host, port, who.cloned()).map(|t| Box::new(t) as _),
            ProxyKind::Http => HttpConnect::new(host, port, who).map(|t| Box::new(t) as _),
        };
        let mut talk = talk.map_err(|why| format!("{proxy}: {why}"))?;
        let mut unsent = Vec::new();
        talk.open(&mut unsent);
        Ok(Self {
            io,
            talk: Some(talk),
            unsent,
            unread: Vec::new(),
            name: proxy.to_string(),
            to: crate::util::proxy::host_port(host, port),
        })
    }

    fn refused(&self, why: &str) -> io::Error {
        io::Error::other(format!("{}: {}: {why}", self.name, self.to))
    }

    fn broken(&self, e: &io::Error) -> io::Error {
        io::Error::new(e.kind(), format!("{}: {e}", self.name))
    }

    /// Sends what is to be sent. `Ok(true)` when nothing is left.
    fn send(&mut self) -> io::Result<bool> {
        while !self.unsent.is_empty() {
            match self.io.write(&self.unsent) {
                Ok(n) => drop(self.unsent.drain(..n)),
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(e) => return Err(self.broken(&e)),
            }
        }
        self.io.flush()
    }

    /// Lets the talk go on with what has come. `Ok(true)` when it is over.
    fn hear(&mut self) -> io::Result<bool> {
        loop {
            let Some(talk) = &mut self.talk else { return Ok(true) };
            match talk.hear(&self.unread, &mut self.unsent).map_err(|why| self.refused(&why))? {
                Turn::More if self.unread.len() >= MAX_ANSWER => {
                    return Err(self.refused("its answer is too long"));
                }
                Turn::More => return Ok(false),
                Turn::Took(n) => drop(self.unread.drain(..n)),
                Turn::Done(n) => {
                    self.unread.drain(..n);
                    self.talk = None;
                }
            }
        }
    }

    /// Reads more of the proxy's answers. `Ok(false)`: nothing is there.
    fn pull(&mut self) -> io::Result<bool> {
        let mut buf = [0; READ];
        match self.io.read(&mut buf) {
            Ok(0) => Err(self.refused("it closed the connection without an answer")),
            Ok(n) => {
                self.unread.extend_from_slice(&buf[..n]);
                Ok(true)
            }
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(e) => Err(self.broken(&e)),
        }
    }
}

impl Transport for Tunnel {
    fn handshake(&mut self) -> io::Result<bool> {
        if self.talk.is_none() {
            return Ok(true);
        }
        if !self.io.handshake()? {
            return Ok(false);
        }
        loop {
            // a proxy that refuses may close before it has read everything: its answer counts
            let sent = self.send();
            let more = self.pull();
            if !more? {
                sent?;
                return Ok(false);
            }
            if self.hear()? {
                return Ok(true);
            }
        }
    }

    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.unread.is_empty() {
            return self.io.read(buf);
        }
        let n = buf.len().min(self.unread.len());
        buf[..n].copy_from_slice(&self.unread[..n]);
        self.unread.drain(..n);
        if !self.unread.is_empty() {
            return Ok(n);
        }
        self.unread = Vec::new();
        // whether the socket is drained is known of the last read from it only, which was long ago.
        // An end, or an error, comes again with the next read
        Ok(n + self.io.read(&mut buf[n..]).unwrap_or(0))
    }

    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.io.write(buf)
    }

    fn write_vectored(&mut self, bufs: &[io::IoSlice<'_>]) -> io::Result<usize> {
        self.io.write_vectored(bufs)
    }

    fn flush(&mut self) -> io::Result<bool> {
        self.io.flush()
    }

    fn has_buffered(&self) -> bool {
        !self.unread.is_empty() || self.io.has_buffered()
    }

    // what is read last comes from below
    fn drained(&self) -> bool {
        self.unread.is_empty() && self.io.drained()
    }

    fn shutdown(&mut self) {
        self.io.shutdown();
    }

    fn alpn(&self) -> Option<&[u8]> {
        self.io.alpn()
    }

    fn source(&mut self) -> &mut dyn mio::event::Source {
        self.io.source()
    }

    fn peer(&self) -> String {
        format!("{} by {}", self.to, self.name)
    }
}
