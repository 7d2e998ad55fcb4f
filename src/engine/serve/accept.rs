//! Connections that come in: limits, TLS, the codec, the stream.

use std::rc::Rc;

use super::request::offers_ws;
use super::{PortKey, Role, Served};
use crate::engine::codecs;
use crate::engine::conn::{Conn, ConnKey, Open, Stage};
use crate::engine::context::{Context, Core, Timer};
use crate::engine::stream::{Link, NewStream, Stream, StreamKey};
use crate::net::{Accepted, ServerStore, ServerTls, Tls, Transport};
use crate::policy::{Protocol, StreamType};
use crate::proto::{BodyLen, Codec, Request, Tid, h1, raw};
use crate::stream::{Input, Ret};
use crate::util::clock::MS;
use crate::util::{Micros, TxBuf, built, log};

/// Connections taken of one port in one turn, so that those that are there get theirs.
const ACCEPTS_PER_TURN: u32 = 256;
/// How long to wait where the system has no room for another connection.
const NO_ROOM_WAIT: Micros = 100 * MS;

/// What a connection that came in is.
struct Meant {
    listener: StreamKey,
    kind: Rc<StreamType>,
    speaks: Protocol,
    /// It may be h2 as well.
    sniff: bool,
    /// Requests may become ws.
    ws: bool,
    /// The listening stream is the right one; else each request says which is.
    chosen: bool,
}

impl Context {
    /// Takes connections that wait on ports. Returns whether any might.
    pub(in crate::engine) fn accept_waiting(&self) -> bool {
        if !built::SERVER {
            return false;
        }
        let ready: Vec<PortKey> = {
            let core = self.core();
            core.ports.iter().filter(|(_, p)| p.ready).map(|(k, _)| k).collect()
        };
        for port in &ready {
            self.accept(*port);
        }
        !ready.is_empty()
    }

    /// It is time to try again.
    pub(in crate::engine) fn accept_again(&self, port: PortKey) {
        if let Some(port) = self.core().ports.get_mut(port) {
            port.ready = true;
        }
    }

    fn accept(&self, key: PortKey) {
        let now = self.now();
        for _ in 0..ACCEPTS_PER_TURN {
            let io = {
                let mut core = self.core();
                let core = &mut *core;
                let max = core.max_clients(key);
                let Some(port) = core.ports.get_mut(key) else { return };
                if port.clients >= max {
                    // the end of one makes it ready again
                    port.ready = false;
                    return;
                }
                match port.listener.accept() {
                    Ok(Accepted::Connection(io)) => {
                        port.clients += 1;
                        io
                    }
                    Ok(Accepted::Lost) => continue,
                    Ok(Accepted::Nobody) => {
                        port.ready = false;
                        return;
                    }
                    Ok(Accepted::NoRoom(e)) => {
                        log::warn!("no connection can be taken now: {e}");
                        port.ready = false;
                        core.timers.schedule(now + NO_ROOM_WAIT, Timer::Accept(key));
                        return;
                    }
                    Err(e) => {
                        log::err!("a listening socket is of no more use: {e}");
                        port.ready = false;
                        return;
                    }
                }
            };
            self.take_in(key, io);
        }
    }

    /// A connection came in.
    fn take_in(&self, port: PortKey, io: Box<dyn Transport>) {
        let now = self.now();
        let conn = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(p) = core.ports.get(port) else { return };
            log::debug!("a connection came in from {}", io.peer());
            let io = match &*p.stores {
                [] => Ok(io),
                [one] => Tls::server(one.config(), io).map(|t| Box::new(t) as Box<dyn Transport>),
                [..] => Ok(Box::new(ServerTls::new(Rc::clone(&p.stores), io)) as _),
            };
            let mut io = match io {
                Ok(io) => io,
                Err(e) => {
                    log::err!("TLS: {e}");
                    core.client_gone(port);
                    return;
                }
            };
            let mut c = Conn::new(Rc::clone(&p.route), Stage::Moving, now);
            c.served = Some(Box::new(Served::new(port)));
            c.readable = true;
            c.writable = true;
            let conn = core.add_conn(c);
            let token = mio::Token(Core::token_base(conn));
            let interest = mio::Interest::READABLE | mio::Interest::WRITABLE;
            if let Err(e) = core.poll.registry().register(io.source(), token, interest) {
                log::err!("a connection that came in is dropped: {e}");
                core.conns.remove(conn);
                core.client_gone(port);
                return;
            }
            core.conns[conn].stage = Stage::Handshake(io);
            core.await_client(conn, now + self.options.connect_timeout);
            conn
        };
        self.contained(conn, |cx| cx.shake(conn));
    }

    /// The handshake of a connection that came in is done: its codec, and its stream if it is known
    /// whose that is.
    pub(in crate::engine) fn open_served(&self, conn: ConnKey) {
        let now = self.now();
        let Some(Meant { listener, kind, speaks, sniff, ws, chosen }) = self.meant(conn) else {
            self.close(conn);
            return;
        };
        {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return };
            let Stage::Handshake(transport) = std::mem::replace(&mut c.stage, Stage::Moving) else {
                return;
            };
            let codec = serving_codec(speaks, &kind, ws);
            let reads_first = kind.ws.prioritize_reads;
            let out = TxBuf::new();
            let open = Open { transport, codec, out, speaks, reads_first, unflushed: false };
            c.stage = Stage::Open(Box::new(open));
            c.alive = now;
            if let Some(served) = &mut c.served {
                served.listener = chosen.then_some(listener);
                served.sniff = sniff.then(Vec::new);
                served.rx_due = None;
            }
            if speaks != Protocol::Raw {
                core.await_client(conn, now + self.options.connect_timeout);
            }
            core.queue(conn);
        }
        match speaks {
            _ if sniff => {}
            // the first request says whose stream it is
            Protocol::H1 if !chosen => {}
            Protocol::Raw => self.accept_raw(conn, listener),
            Protocol::H1 => {
                self.accept_stream(conn, None, listener);
            }
            // each request gets its own
            Protocol::H2 | Protocol::H3 | Protocol::Ws | Protocol::Mqtt => {}
        }
    }

    /// Which listening stream a connection is for, and what is spoken on it.
    fn meant(&self, conn: ConnKey) -> Option<Meant> {
        let core = self.core();
        let c = core.conns.get(conn)?;
        let Stage::Handshake(transport) = &c.stage else { return None };
        let served = c.served.as_ref()?;
        let port = core.ports.get(served.port)?;
        let at = ServerStore::choose(&port.stores, transport.server_name());
        let listener = *port.streams.get(at)?;
        let kind = Rc::clone(&core.streams.get(listener)?.kind);
        let raw = kind.protocol == Protocol::Raw;
        let chosen = raw || !core.requests_choose(served.port);
        let any = |is: fn(&StreamType) -> bool| match chosen {
            true => is(&kind),
            false => {
                let mut kinds = port.streams.iter().filter_map(|key| core.streams.get(*key));
                kinds.any(|s| is(&s.kind))
            }
        };
        let any_h2 = any(|kind| kind.protocol == Protocol::H2);
        let ws = any(offers_ws);
        let (speaks, sniff) = match transport.alpn() {
            _ if raw => (Protocol::Raw, false),
            Some(b"h2") if any_h2 => (Protocol::H2, false),
            None => (Protocol::H1, any_h2),
            Some(_) => (Protocol::H1, false),
        };
        Some(Meant { listener, kind, speaks, sniff, ws, chosen })
    }

    fn accept_raw(&self, conn: ConnKey, listener: StreamKey) {
        let none =
            Request { method: "", authority: "", path: "", fields: &[], body: BodyLen::None };
        let tid = {
            let mut core = self.core();
            let open = core.conns.get_mut(conn).and_then(Conn::open);
            open.and_then(|o| o.codec.start(&none, &mut o.out).ok())
        };
        if let Some(key) = self.accept_stream(conn, tid, listener) {
            self.link_up(key);
        }
    }

    /// Makes the stream of a connection that came in, and tells it CREATING and CONNECTING. `None`:
    /// the program wants none, so the connection (h2: the request) is over.
    pub(super) fn accept_stream(
        &self,
        conn: ConnKey,
        tid: Option<Tid>,
        listener: StreamKey,
    ) -> Option<StreamKey> {
        let (kind, handler) = {
            let core = self.core();
            let stream = core.streams.get(listener)?;
            (Rc::clone(&stream.kind), Rc::clone(&stream.handler))
        };
        let Some(handler) = handler.accept() else {
            self.served_broken(conn, "there is no room for another stream");
            return None;
        };
        let key = {
            let mut core = self.core();
            let core = &mut *core;
            let born = core.born;
            core.born += 1;
            let tag = format!("[{}|wsiSScli|{born:x}|{}]", std::process::id(), kind.name);
            let new = NewStream { kind, handler: Rc::clone(&handler), peer_credit: None };
            let mut stream = Stream::new(new, Rc::from(tag), born);
            stream.role = Role::Accepted(listener);
            stream.link = Some(Link { conn, tid });
            let key = core.streams.insert(stream);
            core.conns.get_mut(conn)?.bound.push((tid, key));
            key
        };
        if !handler.made(key) {
            let stream = self.core().streams.remove(key);
            drop(stream);
            self.served_broken(conn, "there is no room for another stream");
            return None;
        }
        for input in [Input::Made, Input::Accepted] {
            for state in self.advance(key, input)? {
                if matches!(self.say(key, *state), Ret::DestroyMe | Ret::DisconnectMe) {
                    self.destroy(key);
                    return None;
                }
            }
            if !self.linked(key, conn) {
                return None;
            }
        }
        Some(key)
    }

    /// Looks at the first bytes of a connection that may be h1 or h2 (RFC 9113 3.3). Returns those
    /// that were kept, once it is known; `None` while it is not, the bytes are kept then.
    pub(in crate::engine) fn sniff(&self, conn: ConnKey, bytes: &[u8]) -> Option<Vec<u8>> {
        let (is_h2, kept) = {
            let mut core = self.core();
            let c = core.conns.get_mut(conn)?;
            let served = c.served.as_mut()?;
            let kept = served.sniff.as_mut()?;
            let old = kept.len();
            kept.extend_from_slice(bytes);
            let is_h2 = codecs::h2::is_preface(kept)?;
            kept.truncate(old);
            (is_h2, served.sniff.take()?)
        };
        let (listener, chosen) = {
            let core = self.core();
            let chosen = core.conns.get(conn)?.served.as_ref()?.listener.is_some();
            (core.listener_of(conn)?, chosen)
        };
        if is_h2 {
            let kind = self.kind(listener)?;
            let mut core = self.core();
            let open = core.conns.get_mut(conn)?.open()?;
            open.codec = serving_codec(Protocol::H2, &kind, false);
            open.speaks = Protocol::H2;
        } else if chosen {
            self.accept_stream(conn, None, listener)?;
        }
        Some(kept)
    }
}

impl Core {
    fn max_clients(&self, port: PortKey) -> u32 {
        let first = self.ports.get(port).and_then(|p| p.streams.first());
        let stream = first.and_then(|key| self.streams.get(*key));
        stream.map_or(0, |s| s.kind.serve.max_clients)
    }

    /// A connection that came in is gone: the next one may have its place.
    pub fn client_gone(&mut self, port: PortKey) {
        let max = self.max_clients(port);
        if let Some(port) = self.ports.get_mut(port) {
            // it was full: some may wait that made their event long ago
            port.ready |= port.clients >= max;
            port.clients -= 1;
        }
    }
}

/// The codec of a connection that came in.
fn serving_codec(speaks: Protocol, kind: &StreamType, ws: bool) -> Box<dyn Codec> {
    let h2 = if speaks == Protocol::H2 { codecs::h2::server(kind) } else { None };
    if let Some(codec) = h2 {
        return codec;
    }
    match speaks {
        Protocol::Raw => Box::new(raw::Raw::new()),
        Protocol::H1 | Protocol::H2 | Protocol::H3 | Protocol::Ws | Protocol::Mqtt => {
            Box::new(h1::H1Server::new(h1::ServerOptions {
                max_head: kind.serve.max_head as usize,
                max_fields: usize::from(kind.serve.max_fields),
                max_body: kind.serve.max_body,
                websocket: ws,
                ..h1::ServerOptions::default()
            }))
        }
    }
}
