//! Sockets with the options that a policy or a program may ask for.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};

/// When the kernel probes an idle connection, and when it gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeepAlive {
    /// Silence before the first probe.
    pub idle: Duration,
    /// Time between unanswered probes; `None` is the system's own.
    pub interval: Option<Duration>,
    /// Unanswered probes until the connection counts as lost; `None` is the system's own.
    pub probes: Option<u32>,
}

/// Where a connection comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bind {
    /// This local address.
    Address(IpAddr),
    /// This network interface, by name (`eth0`).
    Interface(String),
}

impl Bind {
    /// An address if `text` is one in numbers, else the name of an interface.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        match text.parse() {
            Ok(address) => Self::Address(address),
            Err(_) => Self::Interface(text.to_owned()),
        }
    }
}

/// What to set on a socket before it connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketOptions {
    /// Send small segments at once (`TCP_NODELAY`).
    pub nodelay: bool,
    /// Probe an idle connection.
    pub keepalive: Option<KeepAlive>,
    /// The byte for `IP_TOS`, or the traffic class on IPv6. A hint: see
    /// [`Connector::warnings`](super::Connector::warnings).
    pub tos: Option<u8>,
    /// The queueing priority on this machine (`SO_PRIORITY`, above 6 for the privileged
    /// only). A hint, as `tos` is.
    pub priority: Option<u32>,
    /// Where to connect from.
    pub bind: Option<Bind>,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self { nodelay: true, keepalive: None, tos: None, priority: None, bind: None }
    }
}

/// A hint that the system did not take; the connection goes on without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A non-blocking TCP socket towards `to`, set up and bound but not connected.
pub(super) fn open(to: SocketAddr, options: &SocketOptions) -> io::Result<(Socket, Vec<Refused>)> {
    let socket = Socket::new(Domain::for_address(to), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(options.nodelay)?;
    if let Some(keepalive) = &options.keepalive {
        socket.set_tcp_keepalive(&keepalive_params(keepalive))?;
    }
    let refused = set_hints(&socket, to, options);
    if let Some(bind) = &options.bind {
        bind_to(&socket, to, bind)?;
    }
    Ok((socket, refused))
}

fn keepalive_params(keepalive: &KeepAlive) -> TcpKeepalive {
    let mut params = TcpKeepalive::new().with_time(keepalive.idle);
    if let Some(interval) = keepalive.interval {
        params = params.with_interval(interval);
    }
    if let Some(probes) = keepalive.probes {
        params = params.with_retries(probes);
    }
    params
}

fn set_hints(socket: &Socket, to: SocketAddr, options: &SocketOptions) -> Vec<Refused> {
    let mut refused = Vec::new();
    let mut note = |what: String, result: io::Result<()>| {
        if let Err(e) = result {
            refused.push(Refused(format!("{what} not set: {e}")));
        }
    };
    if let Some(tos) = options.tos {
        let result = match to {
            SocketAddr::V4(_) => socket.set_tos_v4(tos.into()),
            SocketAddr::V6(_) => socket.set_tclass_v6(tos.into()),
        };
        note(format!("type of service {tos:#04x}"), result);
    }
    if let Some(priority) = options.priority {
        note(format!("socket priority {priority}"), socket.set_priority(priority));
    }
    refused
}

fn bind_to(socket: &Socket, to: SocketAddr, bind: &Bind) -> io::Result<()> {
    match bind {
        Bind::Address(from) if from.is_ipv4() != to.is_ipv4() => Err(io::Error::new(
            io::ErrorKind::AddrNotAvailable,
            format!("local address {from} is of the other family"),
        )),
        Bind::Address(from) => socket
            .bind(&SocketAddr::new(*from, 0).into())
            .map_err(|e| io::Error::new(e.kind(), format!("local address {from}: {e}"))),
        Bind::Interface(name) => socket
            .bind_device(Some(name.as_bytes()))
            .map_err(|e| io::Error::new(e.kind(), format!("interface {name}: {e}"))),
    }
}
