//! Which socket a listening stream gets, who shares it, and when it closes.

use std::rc::Rc;

use slotmap::{Key, SlotMap};

use super::{PortKey, Role};
use crate::engine::context::{Context, Core, Timer};
use crate::engine::dial::socket_options;
use crate::engine::route::{Place, Route, fill};
use crate::engine::stream::{Stream, StreamKey};
use crate::net::{Bind, Listener, ServerStore};
use crate::policy::{Protocol, StreamType, TrustStore};
use crate::stream::Metadata;
use crate::util::{Micros, log};

/// Why a stream does not listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenError(pub String);

impl std::fmt::Display for ListenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for ListenError {
    fn from(e: E) -> Self {
        Self(e.to_string())
    }
}

/// Where and how to listen, made by the program for listening streams whose endpoint is `!` and
/// this name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Vhost {
    /// Its name.
    pub name: String,
    /// As a policy's endpoint: an address, an interface, a `+` and a unix socket, or nothing.
    pub endpoint: String,
    /// The TCP port.
    pub port: u16,
    /// What TLS needs; `None`: no TLS.
    pub tls: Option<VhostTls>,
}

/// What a vhost shows its clients.
#[derive(Clone, PartialEq, Eq)]
pub struct VhostTls {
    /// The certificate in DER, or a chain in PEM.
    pub certificate: Vec<u8>,
    /// Its private key, in DER or PEM as well.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for VhostTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("VhostTls")
    }
}

/// A place to listen at.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Spot {
    Tcp(Option<Bind>, u16),
    Unix(String),
}

/// A socket that connections come in on.
pub(in crate::engine) struct Port {
    spot: Spot,
    pub listener: Listener,
    /// The listening streams, oldest first.
    pub streams: Vec<StreamKey>,
    /// What clients call each of them, in the same order: the vhost's name, or the stream type's.
    pub names: Vec<Rc<str>>,
    /// What each of them shows, in the same order; empty: no TLS.
    pub stores: Rc<[ServerStore]>,
    /// What is the same for all connections.
    pub route: Rc<Route>,
    /// Connections that are open.
    pub clients: u32,
    /// Connections may wait to be taken.
    pub ready: bool,
    pub budget: Budget,
}

/// How many requests may come in a second.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::engine) struct Budget {
    second: Micros,
    used: u32,
}

impl Budget {
    /// Takes one of `max` in the second of `now`; 0 is any number.
    pub fn take(&mut self, now: Micros, max: u32) -> bool {
        let second = now / crate::util::clock::SEC;
        if self.second != second {
            *self = Self { second, used: 0 };
        }
        self.used = self.used.saturating_add(1);
        max == 0 || self.used <= max
    }
}

/// Tokens from here on are ports'; connections' are far below.
const FIRST_TOKEN: usize = 1 << (usize::BITS - 2);

fn token_of(port: PortKey) -> mio::Token {
    // the low half of a key's number is the slot's index
    let index = usize::try_from(port.data().as_ffi() & 0xffff_ffff).unwrap_or(0);
    mio::Token(FIRST_TOKEN + index)
}

/// The port that a token belongs to, or `None` if it is none's.
pub(in crate::engine) fn port_of_token(
    ports: &SlotMap<PortKey, Port>,
    token: mio::Token,
) -> Option<PortKey> {
    if token.0 < FIRST_TOKEN {
        return None;
    }
    ports.keys().find(|port| token_of(*port) == token)
}

/// What a listening stream's type says of where and how.
struct Wanted {
    spot: Spot,
    name: Rc<str>,
    store: Option<ServerStore>,
}

impl Context {
    /// Makes a vhost known; one of the same name is replaced.
    pub fn add_vhost(&self, vhost: Vhost) {
        let mut core = self.core();
        core.vhosts.retain(|v| v.name != vhost.name);
        core.vhosts.push(vhost);
    }

    /// Whether a stream of the type `name` listens, or there is a vhost of that name.
    #[must_use]
    pub fn is_vhost(&self, name: &str) -> bool {
        let core = self.core();
        let listens = |s: &Stream| matches!(s.role, Role::Listener(Some(_))) && s.kind.name == name;
        core.vhosts.iter().any(|v| v.name == name) || core.streams.values().any(listens)
    }

    /// The TCP port that a listening stream, or one that uses the vhost of this name, listens on.
    #[must_use]
    pub fn listen_port(&self, name: &str) -> Option<u16> {
        let core = self.core();
        core.ports.values().find_map(|port| {
            let mut kinds = port.streams.iter().filter_map(|s| core.streams.get(*s));
            let meant = |kind: &StreamType| {
                kind.name == name
                    || kind.endpoint.as_literal().is_some_and(|e| e.strip_prefix('!') == Some(name))
            };
            kinds.any(|s| meant(&s.kind)).then(|| port.listener.port()).flatten()
        })
    }

    /// Gives a listening stream its socket.
    pub(in crate::engine) fn listen(&self, key: StreamKey) -> Result<(), ListenError> {
        let kind = self.kind(key).ok_or_else(|| ListenError("the stream is gone".into()))?;
        let wanted = self.wanted(key, &kind)?;
        let mut core = self.core();
        let core = &mut *core;
        let shared =
            core.ports.iter().find(|(_, p)| p.spot == wanted.spot && !p.is_any()).map(|p| p.0);
        let port = match shared {
            Some(port) => core.join_port(port, key, wanted)?,
            None => core.open_port(key, &kind, wanted)?,
        };
        if let Some(stream) = core.streams.get_mut(key) {
            stream.role = Role::Listener(Some(port));
            note_place(stream, core.ports.get(port));
        }
        Ok(())
    }

    fn wanted(&self, key: StreamKey, kind: &StreamType) -> Result<Wanted, ListenError> {
        let endpoint = {
            let core = self.core();
            let none = Metadata::default();
            let metadata = core.streams.get(key).map_or(&none, |s| &s.metadata);
            fill(kind, metadata, &kind.endpoint).map_err(|e| ListenError(e.to_string()))?
        };
        if let Some(name) = endpoint.strip_prefix('!') {
            let core = self.core();
            let vhost = core.vhosts.iter().find(|v| v.name == name);
            let Some(vhost) = vhost else {
                return Err(ListenError(format!("there is no vhost '{name}'")));
            };
            let tls = vhost.tls.as_ref().map(|t| (t.certificate.as_slice(), t.key.as_slice()));
            return wanted_at(kind, &vhost.name, &vhost.endpoint, vhost.port, tls);
        }
        let tls = match (kind.tls, &kind.server_cert, &kind.server_key) {
            (false, ..) => None,
            (true, Some(cert), Some(der_key)) => {
                Some((cert.der.as_slice(), der_key.der.as_slice()))
            }
            (true, None, _) => return Err(ListenError(lacks(kind, "server_cert"))),
            (true, _, None) => return Err(ListenError(lacks(kind, "server_key"))),
        };
        wanted_at(kind, &kind.name, &endpoint, kind.port, tls)
    }

    /// A listening stream goes: so does its port, if it is nobody else's. Its clients' streams end
    /// in the next turn of the loop: programs are told of the listening stream's end first.
    pub(in crate::engine) fn stop_listening(&self, key: StreamKey) {
        // what ends is nobody's client any more; most are no listeners, and nothing of theirs is looked for
        let role = self
            .core()
            .streams
            .get_mut(key)
            .map(|stream| std::mem::replace(&mut stream.role, Role::Listener(None)));
        let Some(Role::Listener(Some(port))) = role else { return };
        let now = self.now();
        let clients = self.clients_of(key);
        let orphans = {
            let mut core = self.core();
            let core = &mut *core;
            core.leave_port(port, key);
            for client in clients.into_iter().rev() {
                core.timers.schedule(now, Timer::Orphan(client));
            }
            // what nobody has a stream for yet
            let gone = !core.ports.contains_key(port);
            let orphan = |c: &crate::engine::conn::Conn| {
                c.bound.is_empty()
                    && c.served.as_ref().is_some_and(|s| {
                        s.port == port && (s.listener == Some(key) || gone && s.listener.is_none())
                    })
            };
            let conns = core.conns.iter().filter(|(_, c)| orphan(c));
            conns.map(|(k, _)| k).collect::<Vec<_>>()
        };
        for conn in orphans {
            self.close(conn);
        }
    }

    /// The streams that came in to a listening stream and exist, oldest first.
    #[must_use]
    pub fn clients_of(&self, listener: StreamKey) -> Vec<StreamKey> {
        let core = self.core();
        let of = |s: &Stream| s.role == Role::Accepted(listener);
        let mut all: Vec<_> =
            core.streams.iter().filter(|(_, s)| of(s)).map(|(k, s)| (s.born, k)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, k)| k).collect()
    }
}

impl Core {
    fn open_port(
        &mut self,
        key: StreamKey,
        kind: &StreamType,
        wanted: Wanted,
    ) -> Result<PortKey, ListenError> {
        let listener = match &wanted.spot {
            Spot::Tcp(bind, port) => Listener::tcp(bind.as_ref(), *port),
            Spot::Unix(name) => Listener::unix(name),
        };
        let mut listener = listener.map_err(|e| ListenError(format!("cannot listen: {e}")))?;
        listener.mark(&socket_options(kind.attrs, None));
        let route = Rc::new(route(kind, &wanted));
        let stores: Rc<[ServerStore]> = wanted.store.into_iter().collect();
        let port = self.ports.insert(Port {
            spot: wanted.spot,
            listener,
            streams: vec![key],
            names: vec![wanted.name],
            stores,
            route,
            clients: 0,
            ready: false,
            budget: Budget::default(),
        });
        let source = self.ports[port].listener.source();
        let registered =
            self.poll.registry().register(source, token_of(port), mio::Interest::READABLE);
        if let Err(e) = registered {
            self.ports.remove(port);
            return Err(e.into());
        }
        Ok(port)
    }

    fn join_port(
        &mut self,
        key: PortKey,
        stream: StreamKey,
        wanted: Wanted,
    ) -> Result<PortKey, ListenError> {
        let port = &mut self.ports[key];
        if wanted.store.is_some() == port.stores.is_empty() {
            let text = "the port is in use by a stream of which only one has TLS";
            return Err(ListenError(text.into()));
        }
        port.streams.push(stream);
        port.names.push(wanted.name);
        port.stores = port.stores.iter().cloned().chain(wanted.store).collect();
        Ok(key)
    }

    fn leave_port(&mut self, key: PortKey, stream: StreamKey) {
        let Some(port) = self.ports.get_mut(key) else { return };
        let Some(at) = port.streams.iter().position(|s| *s == stream) else { return };
        port.streams.remove(at);
        port.names.remove(at);
        let stores = port.stores.iter().enumerate().filter(|(i, _)| *i != at);
        port.stores = stores.map(|(_, s)| s.clone()).collect();
        // those that remain may let more in
        port.ready = true;
        if port.streams.is_empty()
            && let Some(mut port) = self.ports.remove(key)
        {
            drop(self.poll.registry().deregister(port.listener.source()));
        }
    }
}

impl Port {
    /// Whether it has a port that the system chose: the next one gets another.
    fn is_any(&self) -> bool {
        matches!(self.spot, Spot::Tcp(_, 0))
    }
}

fn lacks(kind: &StreamType, key: &str) -> String {
    format!("stream type '{}' has tls, but no {key}", kind.name)
}

fn wanted_at(
    kind: &StreamType,
    name: &str,
    endpoint: &str,
    port: u16,
    tls: Option<(&[u8], &[u8])>,
) -> Result<Wanted, ListenError> {
    let spot = match endpoint.strip_prefix('+') {
        Some(name) => Spot::Unix(name.to_owned()),
        None => {
            let bare = endpoint.strip_prefix('[').and_then(|e| e.strip_suffix(']'));
            let bare = bare.unwrap_or(endpoint);
            Spot::Tcp((!bare.is_empty()).then(|| Bind::parse(bare)), port)
        }
    };
    let store = match tls {
        None => None,
        Some((certificate, key)) => {
            let trust = kind.trust_store.as_deref().map(certs_of);
            let alpn: &[&[u8]] = match kind.protocol {
                Protocol::H2 => &[b"h2", b"http/1.1"],
                Protocol::H1 | Protocol::Ws => &[b"http/1.1"],
                Protocol::Raw | Protocol::Mqtt | Protocol::H3 => &[],
            };
            Some(ServerStore::new(name, certificate, key, trust, alpn)?)
        }
    };
    Ok(Wanted { spot, name: Rc::from(name), store })
}

fn certs_of(store: &TrustStore) -> impl Iterator<Item = &[u8]> {
    store.certs.iter().map(|c| c.der.as_slice())
}

/// The route stands in every connection; of one that came in only this much is known.
fn route(kind: &StreamType, wanted: &Wanted) -> Route {
    let place = match &wanted.spot {
        Spot::Tcp(_, port) => Place::Net(String::new(), *port),
        Spot::Unix(name) => Place::Unix(name.clone()),
    };
    Route {
        place,
        protocol: kind.protocol,
        tls: None,
        attrs: kind.attrs,
        bind: None,
        via: None,
        mqtt: None,
    }
}

fn note_place(stream: &Stream, port: Option<&Port>) {
    if let Some(port) = port {
        let tag = Rc::clone(&stream.tag);
        match (&port.spot, port.listener.port()) {
            (Spot::Unix(name), _) => log::notice!(tag: tag, "listening on +{name}"),
            (_, Some(number)) => log::notice!(tag: tag, "listening on port {number}"),
            (_, None) => {}
        }
    }
}
