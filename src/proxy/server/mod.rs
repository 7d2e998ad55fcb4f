//! The proxy's side: it listens, and each link of a client becomes a stream of its own context.
//!
//! | file | what it does |
//! |---|---|
//! | `listen` | takes connections, as far as the limits and the allow list let it |
//! | `clients` | who is connected, and how much each client has under way |
//! | `greeting` | the TLS handshake, where there is TLS |
//! | `socket` | moves bytes between a client's socket and its link |
//! | `piped` | the same for ways that the program brings |
//! | `link` | one link: what the client asks for, done to its stream |
//! | `onward` | the stream's own side: what it says, for the client |
//! | `credit` | what the stream's peer may send, where the protocol has that |
//! | `outbox` | frames that wait for the client |
//! | `uplink` | payload that waits for the stream |
//!
//! What a client sends is never trusted: whatever is wrong with it costs that link and its stream,
//! nothing else. What either side does not take fast enough is held back at its source: the
//! stream's peer by not reading from it, the client by not reading its link.

mod clients;
mod credit;
mod greeting;
mod link;
mod listen;
mod onward;
mod outbox;
mod piped;
mod socket;
mod uplink;

use std::io;
use std::os::fd::BorrowedFd;
use std::rc::Rc;

use crate::engine::{Context, PlugKey};
use crate::net::{Bind, Listener, ServerStore};
use crate::util::clock::SEC;
use crate::util::{Micros, log};

pub use clients::Limits;
pub use greeting::HANDSHAKE_TIMEOUT;
pub use piped::{Desk, Piped, Verdict, Way, Wrote};

/// The socket that proxies and clients use if nothing else is said.
#[cfg(target_os = "linux")]
pub const DEFAULT_SOCKET: &str = "@proxy.ss.lws";
/// The socket that proxies and clients use if nothing else is said.
#[cfg(not(target_os = "linux"))]
pub const DEFAULT_SOCKET: &str = "/tmp/proxy.ss.lws";

/// A way back into the context, for streams' callbacks.
pub trait Home {
    /// Does `f` with the context, if it is still there.
    fn enter(&self, f: &mut dyn FnMut(&Context));
}

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A unix domain socket: a path, or `@` and a name in Linux's abstract namespace.
    Unix(String),
    /// A TCP port, on an address or an interface, or everywhere.
    Tcp {
        /// Which.
        bind: Option<Bind>,
        /// 0: any free one.
        port: u16,
    },
}

impl Place {
    /// From what programs give: with port 0 `bind` names a unix socket (a `+` in front, as in a
    /// policy's `endpoint`, is allowed), else an address or a network interface.
    #[must_use]
    pub fn parse(bind: Option<&str>, port: u16) -> Self {
        let bind = bind.filter(|b| !b.is_empty());
        if port == 0 {
            let name = bind.map_or(DEFAULT_SOCKET, |b| b.strip_prefix('+').unwrap_or(b));
            return Place::Unix(name.to_owned());
        }
        Place::Tcp { bind: bind.map(Bind::parse), port }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Unix(name) => f.write_str(name),
            Place::Tcp { bind: None, port } => write!(f, "port {port}"),
            Place::Tcp { bind: Some(Bind::Address(a)), port } => write!(f, "{a}, port {port}"),
            Place::Tcp { bind: Some(Bind::Interface(i)), port } => write!(f, "{i}, port {port}"),
        }
    }
}

/// What the system knows of the process at the other end of a unix socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its process.
    pub pid: u32,
    /// The user that it belongs to.
    pub uid: u32,
}

/// Asks the system who is at the other end of a unix socket; `None` where it does not know.
pub type PeerOf = fn(BorrowedFd<'_>) -> Option<Peer>;

/// Settings of a proxy.
#[derive(Clone)]
pub struct Options {
    /// Users whose processes may be clients, by their number; `None`: all. It is about unix
    /// sockets: over TCP nobody can be told from anybody else, so that a list lets no one in.
    pub allowed: Option<Vec<u32>>,
    /// Who is at the other end.
    pub peer_of: PeerOf,
    /// The permissions of the socket's file, where there is one.
    pub mode: u32,
    /// TLS, of a TCP port.
    pub tls: Option<ServerStore>,
    /// How long a client may take to agree on TLS.
    pub handshake_timeout: Micros,
    /// How long a client may take to name its stream type.
    pub first_frame_timeout: Micros,
    /// How much clients may have.
    pub limits: Limits,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            allowed: None,
            peer_of: |_| None,
            mode: 0o660,
            tls: None,
            handshake_timeout: HANDSHAKE_TIMEOUT,
            first_frame_timeout: 3 * SEC,
            limits: Limits::default(),
        }
    }
}

/// A proxy that listens. It lives as long as its context.
pub struct Proxy {
    /// The listening port, to be [closed](Proxy::close).
    key: PlugKey,
    /// The TCP port that it listens on.
    pub port: Option<u16>,
}

impl Proxy {
    /// Lets programs use the context's streams.
    ///
    /// # Errors
    /// The place is not to be had; the text names it.
    pub fn open(
        cx: &Context,
        home: Rc<dyn Home>,
        place: &Place,
        options: Options,
    ) -> io::Result<Self> {
        let listener = match place {
            Place::Unix(name) if options.tls.is_some() => {
                let why = format!("{name}: TLS is for TCP, not for unix sockets");
                return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
            }
            Place::Unix(name) => {
                let listener = Listener::unix(name)?;
                if !name.starts_with('@') {
                    set_mode(name, options.mode)?;
                }
                listener
            }
            Place::Tcp { bind, port } => Listener::tcp(bind.as_ref(), *port)?,
        };
        let port = listener.port();
        if options.allowed.is_some() && port.is_some() {
            log::warn!("proxy: over TCP no client can show whose it is: the allow list bars all");
        }
        let with = if options.tls.is_some() { " with TLS" } else { "" };
        let key = listen::start(cx, home, listener, options)?;
        log::notice!("proxy: listening on {place}{with}");
        Ok(Self { key, port })
    }

    /// Takes no more clients. Those that are there stay.
    pub fn close(self, cx: &Context) {
        cx.unplug(self.key, None);
    }
}

fn set_mode(name: &str, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(name, std::fs::Permissions::from_mode(mode))
        .map_err(|e| io::Error::new(e.kind(), format!("permissions of {name}: {e}")))
}

#[cfg(test)]
mod tests {
    use super::{Bind, DEFAULT_SOCKET, Place};

    #[test]
    fn what_programs_give_names_a_place() {
        let unix = |name: &str| Place::Unix(name.to_owned());
        assert_eq!(Place::parse(None, 0), unix(DEFAULT_SOCKET));
        assert_eq!(Place::parse(Some(""), 0), unix(DEFAULT_SOCKET));
        assert_eq!(Place::parse(Some("+@a"), 0), unix("@a"));
        assert_eq!(Place::parse(Some("/run/x"), 0), unix("/run/x"));
        let tcp = |bind: Option<&str>| Place::Tcp { bind: bind.map(Bind::parse), port: 7 };
        assert_eq!(Place::parse(Some("127.0.0.1"), 7), tcp(Some("127.0.0.1")));
        assert_eq!(Place::parse(None, 7), tcp(None));
        assert_eq!(tcp(Some("lo")).to_string(), "lo, port 7");
    }
}
