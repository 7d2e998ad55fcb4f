//! Listening sockets: TCP on an address or an interface, unix domain sockets by path or by
//! abstract name.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::{Path, PathBuf};

use mio::net::{TcpListener, TcpStream, UnixListener};
use socket2::{Domain, Protocol, SockRef, Socket, Type};

use super::socket::{Bind, SocketOptions};
use super::tcp::uninterrupted;
use super::unix::address;
use super::{TcpTransport, Transport, UnixTransport};
use crate::util::log;

/// Connections that the system keeps for us until we take them; it may allow fewer.
const BACKLOG: i32 = 4096;

/// A socket that connections come in on. Non-blocking.
#[derive(Debug)]
pub struct Listener {
    kind: Kind,
    /// For each connection: they do not inherit it, unlike the type of service.
    priority: Option<u32>,
}

#[derive(Debug)]
enum Kind {
    Tcp(TcpListener),
    Unix(UnixListener, SocketFile),
}

/// What became of a call of [`Listener::accept`].
pub enum Accepted {
    /// A connection, ready for use.
    Connection(Box<dyn Transport>),
    /// Nobody waits; the next one makes an event.
    Nobody,
    /// The connection was gone before it was taken.
    Lost,
    /// The system has no room for another connection now: those that wait make no new event, so
    /// it is to be tried again after a while.
    NoRoom(io::Error),
}

impl std::fmt::Debug for Accepted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Accepted::Connection(io) => write!(f, "Connection({})", io.peer()),
            Accepted::Nobody => f.write_str("Nobody"),
            Accepted::Lost => f.write_str("Lost"),
            Accepted::NoRoom(e) => write!(f, "NoRoom({e})"),
        }
    }
}

impl Listener {
    /// Listens on a TCP port, 0 for any free one: on an address, on an interface by name, or
    /// everywhere.
    ///
    /// # Errors
    /// No such address or interface, the port is taken, or the process may not have it; the text
    /// names the place.
    pub fn tcp(bind: Option<&Bind>, port: u16) -> io::Result<Self> {
        let place = match bind {
            Some(Bind::Address(a)) => SocketAddr::new(*a, port).to_string(),
            Some(Bind::Interface(name)) => format!("interface {name}, port {port}"),
            None => format!("port {port}"),
        };
        let listener = match bind {
            Some(Bind::Address(a)) => listen(SocketAddr::new(*a, port), None),
            Some(Bind::Interface(name)) => everywhere(port, Some(name)),
            None => everywhere(port, None),
        };
        match listener {
            Ok(listener) => Ok(Self { kind: Kind::Tcp(listener), priority: None }),
            Err(e) => Err(io::Error::new(e.kind(), format!("{place}: {e}"))),
        }
    }

    /// Listens on a unix domain socket: a path, or `@` and a name in Linux's abstract namespace.
    /// A socket file that nobody listens on any more is replaced; ours goes with the listener.
    ///
    /// # Errors
    /// Somebody listens there, or the file cannot be made; the text names it.
    pub fn unix(name: &str) -> io::Result<Self> {
        let bind = || UnixListener::bind_addr(&address(name)?);
        let listener = match bind() {
            Err(e) if e.kind() == io::ErrorKind::AddrInUse && is_left_over(name) => {
                std::fs::remove_file(name).and_then(|()| bind())
            }
            other => other,
        };
        match listener {
            Ok(listener) => {
                let file = SocketFile::of(name);
                Ok(Self { kind: Kind::Unix(listener, file), priority: None })
            }
            Err(e) => Err(io::Error::new(e.kind(), format!("+{name}: {e}"))),
        }
    }

    /// Asks the network to treat what is sent on connections that come in as `tos` and `priority`
    /// of `options` say. Hints: what the system refuses is named in the log and left out.
    pub fn mark(&mut self, options: &SocketOptions) {
        let Kind::Tcp(listener) = &self.kind else { return };
        let socket = SockRef::from(listener);
        let is_v6 = listener.local_addr().is_ok_and(|a| a.is_ipv6());
        let taken = |what: &str, result: io::Result<()>| {
            let refused = result.err();
            if let Some(e) = &refused {
                log::warn!("a listening socket's {what} is not set: {e}");
            }
            refused.is_none()
        };
        if let Some(tos) = options.tos.map(u32::from) {
            // IPv4's clients of an IPv6 socket go by this one
            taken("type of service", socket.set_tos_v4(tos));
            if is_v6 {
                taken("traffic class", socket.set_tclass_v6(tos));
            }
        }
        if let Some(priority) = options.priority
            && taken("priority", socket.set_priority(priority))
        {
            self.priority = Some(priority);
        }
    }

    /// Takes one connection that waits.
    ///
    /// # Errors
    /// The listening socket itself is of no more use.
    pub fn accept(&self) -> io::Result<Accepted> {
        let accepted = match &self.kind {
            Kind::Tcp(listener) => self.take(listener).map(|(stream, peer)| {
                Box::new(TcpTransport::established(stream, peer)) as Box<dyn Transport>
            }),
            Kind::Unix(listener, file) => uninterrupted(|| listener.accept()).map(|(stream, _)| {
                let name =
                    file.path.as_deref().map_or_else(String::new, |p| p.display().to_string());
                Box::new(UnixTransport::established(stream, &name)) as Box<dyn Transport>
            }),
        };
        match accepted {
            Ok(io) => Ok(Accepted::Connection(io)),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => Ok(Accepted::Nobody),
            Err(e) if is_lost(&e) => Ok(Accepted::Lost),
            Err(e) if is_no_room(&e) => Ok(Accepted::NoRoom(e)),
            Err(e) => Err(e),
        }
    }

    fn take(&self, listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
        let (stream, peer) = uninterrupted(|| listener.accept())?;
        if let Some(priority) = self.priority {
            // the listening socket took it; at worst this one goes without
            let _ = SockRef::from(&stream).set_priority(priority);
        }
        Ok((stream, peer))
    }

    /// The TCP port that it listens on.
    #[must_use]
    pub fn port(&self) -> Option<u16> {
        match &self.kind {
            Kind::Tcp(listener) => listener.local_addr().ok().map(|a| a.port()),
            Kind::Unix(..) => None,
        }
    }

    /// What to register with mio, for readable events.
    pub fn source(&mut self) -> &mut dyn mio::event::Source {
        match &mut self.kind {
            Kind::Tcp(listener) => listener,
            Kind::Unix(listener, _) => listener,
        }
    }
}

/// The file of a unix socket, removed with its listener: if it still is that file, and not one that
/// somebody else has put there since.
#[derive(Debug)]
struct SocketFile {
    path: Option<PathBuf>,
    /// Device and inode.
    made: Option<(u64, u64)>,
}

impl SocketFile {
    /// The file of the listener at `name`, none for abstract names.
    fn of(name: &str) -> Self {
        let path = (!name.starts_with('@')).then(|| PathBuf::from(name));
        let made = path.as_deref().and_then(identity);
        Self { path, made }
    }
}

fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    path.symlink_metadata().ok().map(|m| (m.dev(), m.ino()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if let Some(path) = &self.path
            && self.made.is_some()
            && identity(path) == self.made
        {
            // it may be gone already
            let _ = std::fs::remove_file(path);
        }
    }
}

/// On every address of both families, of one interface if it is named.
fn everywhere(port: u16, interface: Option<&str>) -> io::Result<TcpListener> {
    let v6 = SocketAddr::new(IpAddr::V6(Ipv6Addr::UNSPECIFIED), port);
    let v4 = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), port);
    match listen(v6, interface) {
        // a system without IPv6
        Err(e) if matches!(e.raw_os_error(), Some(libc::EAFNOSUPPORT | libc::EADDRNOTAVAIL)) => {
            listen(v4, interface)
        }
        other => other,
    }
}

fn listen(at: SocketAddr, interface: Option<&str>) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(at), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    // a server that is started again does not wait for connections of its former life to fade
    socket.set_reuse_address(true)?;
    // accepted connections inherit it
    socket.set_tcp_nodelay(true)?;
    if at.is_ipv6() && at.ip().is_unspecified() {
        socket.set_only_v6(false)?;
    }
    if let Some(name) = interface {
        socket.bind_device(Some(name.as_bytes()))?;
    }
    socket.bind(&at.into())?;
    socket.listen(BACKLOG)?;
    Ok(TcpListener::from_std(socket.into()))
}

/// Whether a file is a unix socket whose listener is gone.
fn is_left_over(name: &str) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let is_socket = |p: &Path| p.symlink_metadata().is_ok_and(|m| m.file_type().is_socket());
    !name.starts_with('@')
        && is_socket(Path::new(name))
        && StdUnixStream::connect(name).is_err_and(|e| e.kind() == io::ErrorKind::ConnectionRefused)
}

/// The connection came to an end while it waited; accept(2) also reports trouble of the network
/// that it had.
fn is_lost(e: &io::Error) -> bool {
    matches!(
        e.raw_os_error(),
        Some(
            libc::ECONNABORTED
                | libc::EPROTO
                | libc::ENETDOWN
                | libc::ENETUNREACH
                | libc::EHOSTDOWN
                | libc::EHOSTUNREACH
                | libc::EPERM
        )
    )
}

fn is_no_room(e: &io::Error) -> bool {
    matches!(e.raw_os_error(), Some(libc::EMFILE | libc::ENFILE | libc::ENOBUFS | libc::ENOMEM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_that_come_in_are_marked_as_wanted() {
        let options =
            SocketOptions { tos: Some(0x10), priority: Some(5), ..SocketOptions::default() };
        for bind in ["127.0.0.1", "::1"].map(Bind::parse) {
            // a system without IPv6
            let Ok(mut listener) = Listener::tcp(Some(&bind), 0) else { continue };
            let Kind::Tcp(socket) = &listener.kind else { panic!("TCP") };
            let at = socket.local_addr().unwrap();
            let marks = |listener: &Listener| {
                let _client = std::net::TcpStream::connect(at).unwrap();
                let Kind::Tcp(socket) = &listener.kind else { panic!("TCP") };
                // loopback: a client that is connected waits to be taken
                let (stream, _) = listener.take(socket).unwrap();
                let socket = SockRef::from(&stream);
                let tos = if at.is_ipv6() { socket.tclass_v6() } else { socket.tos_v4() };
                (tos.unwrap(), socket.priority().unwrap())
            };
            assert_eq!(marks(&listener).0, 0);
            listener.mark(&options);
            assert_eq!(marks(&listener), (0x10, 5), "{at}");
        }
    }

    #[test]
    fn only_the_listeners_own_file_goes_with_it() {
        let path = std::env::temp_dir().join(format!("listen.{}", std::process::id()));
        let name = path.to_str().expect("UTF-8");
        drop(Listener::unix(name).expect("a socket"));
        assert!(!path.exists());
        let old = Listener::unix(name).expect("a socket");
        std::fs::remove_file(&path).expect("the file");
        let new = Listener::unix(name).expect("a socket");
        drop(old);
        assert!(path.exists(), "somebody else's by now");
        drop(new);
        assert!(!path.exists());
    }
}
