//! From a stream's policy to an open connection: an idle one if there is one, else resolve the
//! name, race the addresses, shake hands.

use std::rc::Rc;

use super::api::Attempt;
use super::conn::{Conn, ConnKey, Stage, Watched, interest};
use super::context::{Context, Core, Timer};
use super::fault::in_parting;
use super::life::Failure;
use super::route::{Place, Route, Target, fill};
use super::stream::{Link, StreamKey, tag_with_path};
use crate::net::{Bind, SocketOptions, Transport, Tunnel};
use crate::net::{Connector, Progress, Tls, UnixTransport};
use crate::net::{Lookup, LookupError, LookupErrorKind};
use crate::policy::{Attrs, Protocol};
use crate::proto::Reuse;
use crate::stream::http::request_target;
use crate::util::log;

/// Whether a connection that exists already will do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sharing {
    /// Only a new one.
    Never,
    /// Yes; who joins an open one is CONNECTED at once.
    Joins,
    /// Yes, but CONNECTED is said when the response is there.
    Quietly,
}

impl Context {
    /// Fixes where the attempt that is about to be said leads: endpoint and path get the metadata
    /// of now. Programs bind memory of the callback that connects, which is gone when the
    /// connection is there. What is no good yet is left to [`attempt`](Self::attempt): the program
    /// may set metadata in CONNECTING.
    pub(super) fn aim(&self, key: StreamKey) {
        let mut core = self.core();
        let Some(stream) = core.streams.get_mut(key) else { return };
        stream.txn.target = Target::of(&stream.kind, &stream.metadata).ok().map(Box::new);
        let Some(target) = &mut stream.txn.target else { return };
        match stream.kind.protocol {
            Protocol::H1 | Protocol::H2 | Protocol::H3 | Protocol::Ws => {}
            Protocol::Mqtt | Protocol::Raw => return,
        }
        if target.path.is_none() {
            let path = fill(&stream.kind, &stream.metadata, &stream.kind.http.url);
            target.path = path.ok().and_then(|path| request_target(&path).ok());
        }
        if let Some(path) = &target.path {
            stream.tag = tag_with_path(&stream.tag, path);
        }
    }

    /// Starts an attempt of a stream that is connecting and has no link.
    pub(super) fn attempt(&self, key: StreamKey) -> Attempt {
        if let Some(done) = self.attempt_local(key) {
            return done;
        }
        let (target, kind, handler, again) = {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return Attempt::Started };
            let target = match stream.txn.target.take() {
                Some(target) => Ok(target),
                None => Target::of(&stream.kind, &stream.metadata).map(Box::new),
            };
            (
                target,
                Rc::clone(&stream.kind),
                Rc::clone(&stream.handler),
                stream.attempts.is_retry(),
            )
        };
        let route = target.and_then(|target| {
            let mut route = self.route(&target, &kind)?;
            if let Some(tls) = handler.tls() {
                route.tls = Some(tls.towards(&target.place)?);
            }
            if let Some(stream) = self.core().streams.get_mut(key) {
                stream.txn.target = Some(target);
            }
            Ok(route)
        });
        // a retry is CONNECTED by its own success, not by that of others
        let sharing = if again { Sharing::Quietly } else { Sharing::Joins };
        match route {
            Ok(route) => self.connect(key, route, sharing),
            Err(bad) => self.fail_attempt(key, &Failure::from(bad)),
        }
        let core = self.core();
        match core.streams.get(key) {
            Some(stream) if stream.link.is_none() => Attempt::Failed,
            Some(_) | None => Attempt::Started,
        }
    }

    /// Binds the stream to a connection along `route`: one that is there already, if `sharing` and
    /// the protocol allow it, else a new one.
    pub(super) fn connect(&self, key: StreamKey, route: Route, sharing: Sharing) {
        let found = match sharing {
            Sharing::Never => false,
            Sharing::Joins => self.join(key, &route, true) || self.take_idle(key, &route),
            Sharing::Quietly => self.join(key, &route, false) || self.take_idle(key, &route),
        };
        if found {
            return;
        }
        let now = self.now();
        let route = Rc::new(route);
        let conn = {
            let mut core = self.core();
            let conn = core.add_conn(Conn::new(Rc::clone(&route), Stage::Moving, now));
            let due = now + self.options.connect_timeout;
            let deadline = core.timers.schedule(due, Timer::ConnDeadline(conn));
            let perf = core.streams.get(key).is_some_and(|s| s.kind.perf);
            let shared = is_shared(route.protocol) && !core.shared.is_h1_only(&route);
            if let Some(c) = core.conns.get_mut(conn) {
                c.deadline = Some(deadline);
                c.shared = shared;
                c.times = perf.then(|| Box::new(super::perf::Times::new(now)));
            }
            if shared {
                core.shared.add(Rc::clone(&route), conn);
            }
            conn
        };
        self.bind(conn, key);
        match (&route.place, route.first_hop()) {
            (_, Some((host, port))) => self.look_up(conn, host, port),
            (Place::Net(name, _) | Place::Unix(name), None) => match UnixTransport::connect(name) {
                Ok(transport) => self.join_transport(conn, Box::new(transport)),
                Err(e) => self.conn_failed(conn, &Failure::from(e)),
            },
        }
    }

    fn look_up(&self, conn: ConnKey, host: &str, port: u16) {
        let now = self.now();
        let lookup = self.core().resolver.start(host, port, now);
        match lookup {
            Ok(Lookup::Ready(addrs)) => self.race(conn, &addrs),
            Ok(Lookup::Pending(id)) => {
                let mut core = self.core();
                core.lookups.insert(id, conn);
                if let Some(c) = core.conns.get_mut(conn) {
                    c.stage = Stage::Resolving(id);
                }
            }
            Err(e) => self.conn_failed(conn, &unresolved(&e)),
        }
    }

    /// Joins a connection that several streams use, if there is one along `route`. A stream that
    /// joins an open one is CONNECTED at once.
    fn join(&self, key: StreamKey, route: &Route, say: bool) -> bool {
        if !is_shared(route.protocol) {
            return false;
        }
        let found = {
            let mut core = self.core();
            let candidates = core.shared.along(route);
            candidates.into_iter().find_map(|conn| {
                let c = core.conns.get_mut(conn)?;
                let (speaks, deadline) = match c.open().map(|o| (o.codec.reuse(), o.speaks)) {
                    Some((Reuse::Never, _)) => return None,
                    Some((_, speaks)) => (Some(speaks), c.deadline.take()),
                    None => (None, None),
                };
                core.cancel(deadline);
                Some((conn, speaks))
            })
        };
        let Some((conn, speaks)) = found else { return false };
        self.bind(conn, key);
        match speaks {
            // its request goes out in the next turn, when the program has said all about it
            Some(Protocol::H2) => {
                if say {
                    self.link_up(key);
                }
                self.core().queue(conn);
            }
            Some(_) => self.start_waiting(conn),
            None => {}
        }
        true
    }

    /// Takes an idle connection, if there is one along `route`.
    fn take_idle(&self, key: StreamKey, route: &Route) -> bool {
        let Some(conn) = self.core().pool.take(route) else { return false };
        self.bind(conn, key);
        {
            let mut core = self.core();
            let Some(c) = core.conns.get_mut(conn) else { return true };
            c.pooled = false;
            c.reused = true;
            let idle_limit = c.deadline.take();
            core.cancel(idle_limit);
        }
        self.start_transaction(conn, key);
        true
    }

    pub(super) fn bind(&self, conn: ConnKey, key: StreamKey) {
        let mut core = self.core();
        if let Some(c) = core.conns.get_mut(conn) {
            c.bound.push((None, key));
        }
        if let Some(stream) = core.streams.get_mut(key) {
            stream.link = Some(Link { conn, tid: None });
        }
    }

    /// Takes the resolver's answers.
    pub(super) fn take_lookups(&self) {
        let now = self.now();
        loop {
            let answer = {
                let mut core = self.core();
                let Some((id, answer)) = core.resolver.poll(now) else { return };
                core.lookups.remove(&id).map(|conn| (conn, answer))
            };
            match answer {
                Some((conn, Ok(addrs))) => self.race(conn, &addrs),
                Some((conn, Err(e))) => self.conn_failed(conn, &unresolved(&e)),
                None => {}
            }
        }
    }

    fn race(&self, conn: ConnKey, addrs: &[std::net::SocketAddr]) {
        let now = self.now();
        self.note_step(conn, |times, now| {
            times.resolved = Some(now);
            times.addresses = addrs.to_vec();
        });
        self.trace(conn, format_args!("connecting to {addrs:?}"));
        let mut core = self.core();
        let Some(c) = core.conns.get_mut(conn) else { return };
        let options = socket_options(c.route.attrs, c.route.bind.clone());
        let mut connector =
            Box::new(Connector::new(addrs, options, mio::Token(Core::token_base(conn))));
        let progress = connector.start(core.poll.registry(), now);
        drop(core);
        self.raced(conn, connector, progress);
    }

    /// A socket of a connection that is being made is ready.
    pub(super) fn race_ready(&self, conn: ConnKey, slot: usize) {
        let now = self.now();
        self.step_race(conn, |connector, registry| connector.on_ready(slot, registry, now));
    }

    /// It is time to try the next address.
    pub(super) fn race_due(&self, conn: ConnKey) {
        let now = self.now();
        self.step_race(conn, |connector, registry| connector.on_deadline(registry, now));
    }

    fn step_race(
        &self,
        conn: ConnKey,
        step: impl FnOnce(&mut Connector, &mio::Registry) -> Progress,
    ) {
        let (connector, progress) = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return };
            match std::mem::replace(&mut c.stage, Stage::Moving) {
                Stage::Racing(mut connector) => {
                    let progress = step(&mut connector, core.poll.registry());
                    (connector, progress)
                }
                other => {
                    c.stage = other;
                    return;
                }
            }
        };
        self.raced(conn, connector, progress);
    }

    fn raced(&self, conn: ConnKey, connector: Box<Connector>, progress: Progress) {
        for warning in connector.warnings() {
            log::warn!("{warning}");
        }
        match progress {
            Progress::Pending => {
                let mut core = self.core();
                let timer =
                    connector.next_deadline().map(|d| core.timers.schedule(d, Timer::Race(conn)));
                if let Some(c) = core.conns.get_mut(conn) {
                    c.stage = Stage::Racing(connector);
                    let old = std::mem::replace(&mut c.race, timer);
                    core.cancel(old);
                }
            }
            Progress::Connected { transport, peer, .. } => {
                self.note_step(conn, |times, now| {
                    times.connected = Some(now);
                    times.peer = Some(peer);
                });
                self.trace(conn, format_args!("connected to {peer}"));
                self.secure(conn, transport);
            }
            Progress::Failed(e) => {
                self.forget_addresses(conn);
                self.conn_failed(conn, &Failure::from(e));
            }
        }
    }

    /// The addresses that were connected to may be out of date.
    pub(super) fn forget_addresses(&self, conn: ConnKey) {
        let mut core = self.core();
        let core = &mut *core;
        let Some(c) = core.conns.get(conn) else { return };
        if let Some((host, _)) = c.route.first_hop() {
            core.resolver.forget(host);
        }
    }

    /// Registers a transport that did not come out of a race.
    fn join_transport(&self, conn: ConnKey, mut transport: Box<dyn Transport>) {
        let registered = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return };
            // layers have handshakes, which write as they like
            let plain = c.route.tls.is_none() && c.route.via.is_none();
            let at_need = plain && transport.tells_writable_often();
            if at_need {
                c.writes_watched = Watched::AtNeed;
            }
            let token = mio::Token(Core::token_base(conn));
            core.poll.registry().register(transport.source(), token, interest(!at_need))
        };
        match registered {
            Ok(()) => self.secure(conn, transport),
            Err(e) => self.conn_failed(conn, &Failure::from(e)),
        }
    }

    /// Puts what the route wants on the transport, and shakes hands.
    fn secure(&self, conn: ConnKey, transport: Box<dyn Transport>) {
        let Some(route) = self.core().conns.get(conn).map(|c| Rc::clone(&c.route)) else { return };
        match layered(&route, transport) {
            Ok(transport) => {
                if let Some(c) = self.core().conns.get_mut(conn) {
                    c.stage = Stage::Handshake(transport);
                    c.readable = true;
                    c.writable = true;
                }
                self.shake(conn);
            }
            Err(e) => self.conn_failed(conn, &Failure::from(e)),
        }
    }

    /// Drives the handshake of a connection.
    pub(super) fn shake(&self, conn: ConnKey) {
        let outcome = {
            let mut core = self.core();
            let Some(c) = core.conns.get_mut(conn) else { return };
            let Stage::Handshake(transport) = &mut c.stage else { return };
            transport.handshake()
        };
        match outcome {
            Ok(false) => {}
            Ok(true) => self.open(conn),
            Err(e) => self.conn_failed(conn, &Failure::from(e)),
        }
    }

    /// A connection that was being made came to nothing.
    pub(super) fn conn_failed(&self, conn: ConnKey, failure: &Failure) {
        for key in self.close(conn) {
            // a request that the peer refused untouched is repeated while CONNECTED
            self.fail_transaction(key, failure);
        }
    }

    /// Closes a connection. Returns the streams that were bound to it, which are told nothing.
    pub(super) fn close(&self, conn: ConnKey) -> Vec<StreamKey> {
        self.trace(conn, format_args!("the connection is closed"));
        let mut core = self.core();
        let core = &mut *core;
        let Some(mut c) = core.conns.remove(conn) else { return Vec::new() };
        let codec_timer = c.codec_timer.take().map(|(_, timer)| timer);
        for timer in [c.deadline.take(), c.race.take(), c.validity.take(), codec_timer] {
            core.cancel(timer);
        }
        if c.pooled {
            core.pool.remove(conn);
        }
        if let Some(served) = &c.served {
            core.client_gone(served.port);
        }
        if c.shared {
            core.shared.remove(conn);
        }
        let registry = core.poll.registry();
        match &mut c.stage {
            Stage::Resolving(id) => {
                core.lookups.remove(id);
                core.resolver.cancel(*id);
            }
            Stage::Racing(connector) => connector.cancel(registry),
            Stage::Handshake(transport) => drop(registry.deregister(transport.source())),
            Stage::Open(open) => {
                if let Some(Some(session)) = in_parting(|| open.codec.take_session()) {
                    core.sessions.keep(Rc::clone(&c.route), session);
                }
                // what the program has handed over goes out if the socket takes it
                let _ = open.transport.write(open.out.pending());
                open.transport.shutdown();
                drop(registry.deregister(open.transport.source()));
            }
            Stage::Moving => {}
        }
        c.release(&mut core.streams)
    }
}

/// A look-up that gave no address.
fn unresolved(e: &LookupError) -> Failure {
    let silent = matches!(e.kind, LookupErrorKind::Unreachable | LookupErrorKind::NoAddress);
    Failure { name_server_silent: silent, ..Failure::from(e) }
}

/// Whether several streams can use one connection at the same time.
fn is_shared(protocol: Protocol) -> bool {
    matches!(protocol, Protocol::H2 | Protocol::Mqtt)
}

/// The layers above the connection to whom we connect ourselves: the proxy's tunnel, TLS.
fn layered(route: &Route, io: Box<dyn Transport>) -> Result<Box<dyn Transport>, String> {
    let io = match (&route.via, &route.place) {
        (Some(proxy), Place::Net(host, port)) => Box::new(Tunnel::new(proxy, host, *port, io)?),
        (Some(_), Place::Unix(_)) | (None, _) => io,
    };
    let Some(tls) = &route.tls else { return Ok(io) };
    let alpn: &[&[u8]] = match route.protocol {
        Protocol::H2 => &[b"h2", b"http/1.1"],
        Protocol::H1 | Protocol::Ws => &[b"http/1.1"],
        // brokers that share port 443 with others tell by it who is meant
        Protocol::Mqtt => &[b"x-amzn-mqtt-ca"],
        Protocol::Raw | Protocol::H3 => &[],
    };
    let config = tls.trust.client_config(alpn, tls.identity.as_ref()).map_err(|e| e.to_string())?;
    let peer = tls.peer;
    let tls = Tls::client(config, &tls.name, io).map_err(|e| e.to_string())?;
    Ok(Box::new(match peer {
        Some(peer) => tls.with(peer),
        None => tls,
    }))
}

/// What the policy wants of the network (specification: `attr_*`).
pub(super) fn socket_options(attrs: Attrs, bind: Option<Bind>) -> SocketOptions {
    const LOW_DELAY: u8 = 0x10;
    const THROUGHPUT: u8 = 0x08;
    const RELIABILITY: u8 = 0x04;
    const LOW_COST: u8 = 0x02;
    let bit = |on: bool, bit: u8| if on { bit } else { 0 };
    let tos = bit(attrs.low_latency, LOW_DELAY)
        | bit(attrs.high_throughput, THROUGHPUT)
        | bit(attrs.high_reliability, RELIABILITY)
        | bit(attrs.low_cost, LOW_COST);
    SocketOptions {
        tos: (tos != 0).then_some(tos),
        priority: (attrs.priority != 0).then_some(u32::from(attrs.priority)),
        bind,
        ..SocketOptions::default()
    }
}
