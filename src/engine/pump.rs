//! Moving bytes between a connection and its streams: one pass in each direction, straight
//! from the receive buffer into `rx`, straight from `tx` into what the socket reads.

use std::io::ErrorKind;
use std::rc::Rc;

use super::conn::{Conn, ConnKey, Stage};
use super::context::{Context, Core};
use super::http::bind_tid;
use super::life::{Failure, Fate, Quietly};
use super::stream::{Link, StreamKey, TxAnswer};
use crate::policy::Protocol;
use crate::proto::{BodyLen, Event, Request, Reuse, Tid};
use crate::stream::{Flags, Input, Phase, Ret};
use crate::util::{TxBuf, log};

/// Reads of one connection in one turn, so that others get theirs.
const READS_PER_TURN: usize = 16;
/// `tx` callbacks of one stream in one turn.
const TX_PER_TURN: usize = 16;

impl Context {
    /// A connection in the ready queue has its turn.
    pub(super) fn service(&self, conn: ConnKey) {
        let handshake = {
            let mut core = self.core();
            let Some(c) = core.conns.get_mut(conn) else { return };
            c.queued = false;
            match c.stage {
                Stage::Handshake(_) => true,
                Stage::Open(_) => false,
                Stage::Resolving(_) | Stage::Racing(_) | Stage::Moving => return,
            }
        };
        if handshake {
            self.shake(conn);
        } else {
            self.start_pending(conn);
        }
        // what was asked for before goes out first, so that tx comes before rx right after
        // CONNECTED
        if self.flush(conn) && self.offer_tx(conn) && self.receive(conn) && self.offer_tx(conn) {
            self.flush(conn);
        }
    }

    /// Starts the requests that waited for the program to finish its call.
    fn start_pending(&self, conn: ConnKey) {
        let pending: Vec<StreamKey> = {
            let core = self.core();
            let Some(c) = core.conns.get(conn) else { return };
            c.bound.iter().filter(|(tid, _)| tid.is_none()).map(|(_, key)| *key).collect()
        };
        for key in pending {
            if self.linked(key, conn) {
                self.start_request(conn, key);
            }
        }
    }

    /// Starts the transaction of a stream that is bound to an open connection. A request waits for
    /// the next turn if the program is still in the call that connects: it may announce a length
    /// or set metadata next.
    pub(super) fn start_transaction(&self, conn: ConnKey, key: StreamKey) {
        let protocol = match self.core().conns.get(conn) {
            Some(c) => c.route.protocol,
            None => return,
        };
        match protocol {
            Protocol::Raw => self.start_raw(conn, key),
            Protocol::H1 | Protocol::H2 | Protocol::H3 | Protocol::Ws | Protocol::Mqtt => {
                let in_call = self.core().streams.get(key).is_some_and(|s| s.in_call);
                if in_call {
                    self.core().queue(conn);
                } else {
                    self.start_request(conn, key);
                }
            }
        }
    }

    fn start_raw(&self, conn: ConnKey, key: StreamKey) {
        let none =
            Request { method: "", authority: "", path: "", fields: &[], body: BodyLen::None };
        let started = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return };
            let Some(open) = c.open() else { return };
            let started = open.codec.start(&none, &mut open.out);
            if let (Ok(tid), Some(stream)) = (&started, core.streams.get_mut(key)) {
                bind_tid(c, key, *tid);
                stream.link = Some(Link { conn, tid: Some(*tid) });
                // a raw stream gets one tx unasked, right after CONNECTED
                stream.tx_wanted = true;
            }
            started
        };
        match started {
            Ok(_) => self.link_up(key),
            Err(e) => self.fail_attempt(key, &Failure::from(e)),
        }
        self.core().queue(conn);
    }

    /// Payload may flow: CONNECTED.
    pub(super) fn link_up(&self, key: StreamKey) {
        let Some(say) = self.advance(key, Input::LinkUp) else { return };
        {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return };
            stream.attempts.reset();
            let retry = stream.retry_timer.take();
            core.cancel(retry);
        }
        self.watch_validity(key);
        for state in say {
            let ret = self.say(key, *state);
            if self.obey(key, ret) == Fate::Gone {
                return;
            }
        }
    }

    /// Whether the stream is (still) bound to this connection.
    pub(super) fn linked(&self, key: StreamKey, conn: ConnKey) -> bool {
        self.core().streams.get(key).and_then(|s| s.link).is_some_and(|l| l.conn == conn)
    }

    /// Parts a stream from its connection, which goes back to the pool if it can be used again
    /// and is closed otherwise. The stream is told nothing.
    pub(super) fn let_go(&self, key: StreamKey) {
        let close = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(stream) = core.streams.get_mut(key) else { return };
            let Some(link) = stream.link.take() else { return };
            let Some(c) = core.conns.get_mut(link.conn) else { return };
            c.unbind(key);
            let reuse = match (c.open(), link.tid) {
                (Some(open), Some(tid)) => open.codec.abandon(tid, &mut open.out),
                (Some(open), None) => open.codec.reuse(),
                (None, _) => Reuse::Never,
            };
            match reuse {
                Reuse::Idle => self.keep_idle(core, link.conn),
                Reuse::Shared(_) => None,
                Reuse::Busy | Reuse::Never => c.bound.is_empty().then_some(link.conn),
            }
        };
        if let Some(conn) = close {
            self.close(conn);
        }
    }

    /// Keeps an idle connection. Returns one that is to be closed for it.
    fn keep_idle(&self, core: &mut Core, conn: ConnKey) -> Option<ConnKey> {
        let due = self.now() + self.options.idle_timeout;
        let c = core.conns.get_mut(conn)?;
        let open = c.open()?;
        if !open.out.is_empty() || open.unflushed {
            return Some(conn);
        }
        open.out.release_if_idle();
        c.pooled = true;
        let timer = core.timers.schedule(due, super::context::Timer::ConnDeadline(conn));
        let old = [c.deadline.replace(timer), c.validity.take()];
        let route = Rc::clone(&c.route);
        for timer in old.into_iter().flatten() {
            core.timers.cancel(timer);
        }
        let evicted = core.pool.put(route, conn)?;
        if let Some(e) = core.conns.get_mut(evicted) {
            e.pooled = false;
        }
        Some(evicted)
    }

    /// Writes what waits. `false`: the connection is gone.
    pub(super) fn flush(&self, conn: ConnKey) -> bool {
        let outcome = {
            let mut core = self.core();
            let Some(c) = core.conns.get_mut(conn) else { return false };
            write_out(c)
        };
        match outcome {
            Ok(()) => true,
            Err(e) => {
                self.broken(conn, &e.to_string());
                false
            }
        }
    }

    /// Reads and delivers. `false`: the connection is gone.
    fn receive(&self, conn: ConnKey) -> bool {
        let mut buffer = std::mem::take(&mut self.core().rx);
        if buffer.len() < self.options.rx_buffer {
            buffer.resize(self.options.rx_buffer, 0);
        }
        let alive = self.receive_into(conn, &mut buffer);
        self.core().rx = buffer;
        alive
    }

    fn receive_into(&self, conn: ConnKey, buffer: &mut [u8]) -> bool {
        for _ in 0..READS_PER_TURN {
            let read = {
                let mut core = self.core();
                let Some(c) = core.conns.get_mut(conn) else { return false };
                if !c.readable {
                    return true;
                }
                let plain = c.route.tls.is_none() && !c.read_closed;
                let Some(open) = c.open() else { return true };
                let read = open.transport.read(buffer);
                match &read {
                    // less than there was room for: the socket is drained, its next bytes make
                    // a new event
                    Ok(n) if plain && *n > 0 && *n < buffer.len() => c.readable = false,
                    Ok(0) => c.readable = false,
                    Err(e) if e.kind() == ErrorKind::WouldBlock => c.readable = false,
                    Ok(_) | Err(_) => {}
                }
                read
            };
            match read {
                Ok(0) => return self.peer_ended(conn),
                Ok(n) => {
                    if !self.consume(conn, &buffer[..n]) {
                        return false;
                    }
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => return true,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => {
                    self.broken(conn, &e.to_string());
                    return false;
                }
            }
        }
        self.core().queue(conn);
        true
    }

    /// Lets the codec take received bytes and acts on what it finds.
    fn consume(&self, conn: ConnKey, bytes: &[u8]) -> bool {
        let now = self.now();
        let mut input = bytes;
        loop {
            let event = {
                let mut core = self.core();
                let Some(c) = core.conns.get_mut(conn) else { return false };
                c.alive = now;
                c.pinged = false;
                let Some(open) = c.open() else { return false };
                open.codec.receive(&mut input, &mut open.out, now)
            };
            match event {
                Ok(None) => break,
                Ok(Some(event)) => self.event(conn, event),
                Err(e) => {
                    self.broken(conn, &e.to_string());
                    return false;
                }
            }
        }
        // unasked bytes on an idle connection: nobody can trust what follows
        let stray = {
            let mut core = self.core();
            match core.conns.get_mut(conn) {
                Some(c) if c.pooled => c.open().is_none_or(|o| o.codec.reuse() != Reuse::Idle),
                Some(_) => return true,
                None => return false,
            }
        };
        if stray {
            self.close(conn);
        }
        !stray
    }

    fn event(&self, conn: ConnKey, event: Event<'_>) {
        match event {
            Event::Head { tid, status } => {
                if let Some(key) = self.stream_of(conn, tid) {
                    self.response(conn, key, tid, status);
                }
            }
            Event::Data { tid, data, som, eom } => {
                if let Some(key) = self.stream_of(conn, tid) {
                    let mut flags = Flags::empty();
                    flags.set(Flags::SOM, som);
                    flags.set(Flags::EOM, eom);
                    let ret = self.give_rx(key, data, flags);
                    let _ = self.obey(key, ret);
                }
            }
            Event::End { tid } => {
                if let Some(key) = self.stream_of(conn, tid) {
                    self.transaction_done(conn, key);
                }
            }
            Event::Reset { tid, reason } => {
                if let Some(key) = self.stream_of(conn, tid) {
                    self.let_go(key);
                    self.link_lost(key, reason);
                }
            }
            Event::Alive => {}
        }
    }

    fn stream_of(&self, conn: ConnKey, tid: Tid) -> Option<StreamKey> {
        self.core().conns.get(conn)?.stream_of(tid)
    }

    /// The peer closed its side in an orderly way. Always ends the connection.
    fn peer_ended(&self, conn: ConnKey) -> bool {
        loop {
            let event = {
                let mut core = self.core();
                let Some(open) = core.conns.get_mut(conn).and_then(Conn::open) else {
                    return false;
                };
                open.codec.receive_eof()
            };
            match event {
                Ok(None) => break,
                Ok(Some(Event::End { tid })) if self.is_raw(conn) => {
                    if let Some(key) = self.stream_of(conn, tid) {
                        self.let_go(key);
                        self.link_lost(key, "the peer closed the connection");
                    }
                }
                Ok(Some(event)) => self.event(conn, event),
                Err(e) => {
                    self.broken(conn, &e.to_string());
                    return false;
                }
            }
        }
        self.broken(conn, "the peer closed the connection");
        false
    }

    fn is_raw(&self, conn: ConnKey) -> bool {
        self.core().conns.get(conn).is_some_and(|c| c.route.protocol == Protocol::Raw)
    }

    /// A connection is of no more use.
    pub(super) fn broken(&self, conn: ConnKey, reason: &str) {
        let reconnect = self.stale(conn);
        let route = self.core().conns.get(conn).map(|c| Rc::clone(&c.route));
        for key in self.close(conn) {
            match (&route, reconnect) {
                (Some(route), true) => {
                    log::debug!("an idle connection was stale, trying a fresh one");
                    self.connect(key, (**route).clone(), false);
                }
                (Some(_) | None, _) => self.link_lost(key, reason),
            }
        }
    }

    /// Whether a connection from the pool had been closed by the server before it took the
    /// request: that can go out again on a fresh one.
    fn stale(&self, conn: ConnKey) -> bool {
        let mut core = self.core();
        let core = &mut *core;
        let Some(c) = core.conns.get_mut(conn) else { return false };
        let [(tid, key)] = c.bound[..] else { return false };
        let again = core
            .streams
            .get(key)
            .is_some_and(|s| s.phase == Phase::Connecting && !s.txn.body_begun);
        c.reused
            && again
            && c.open().is_some_and(|o| tid.is_none_or(|tid| !o.codec.response_started(tid)))
    }

    /// A stream's link is gone without its doing.
    fn link_lost(&self, key: StreamKey, reason: &str) {
        let (tag, connecting, lingering) = {
            let core = self.core();
            let Some(stream) = core.streams.get(key) else { return };
            (Rc::clone(&stream.tag), stream.phase == Phase::Connecting, stream.lingering)
        };
        log::info!(tag: tag, "link lost: {reason}");
        if connecting {
            self.fail_attempt(key, &Failure::from(reason));
        } else {
            self.link_down(key, if lingering { Quietly::Yes } else { Quietly::No });
        }
    }

    /// Lets the streams of a connection send that want to. `false`: the connection is gone.
    fn offer_tx(&self, conn: ConnKey) -> bool {
        for _ in 0..TX_PER_TURN {
            let next = {
                let mut core = self.core();
                let core = &mut *core;
                let Some(c) = core.conns.get_mut(conn) else { return false };
                next_sender(c, &mut core.streams)
            };
            let Some(offer) = next else { return true };
            if !self.offer(conn, offer) || !self.flush(conn) {
                return self.core().conns.contains_key(conn);
            }
        }
        self.core().queue(conn);
        true
    }

    /// One `tx` callback. `false`: stop offering for now.
    fn offer(&self, conn: ConnKey, mut offer: Offer) -> bool {
        let key = offer.key;
        let window = offer.out.prepare(offer.headroom, offer.room, offer.tailroom);
        let answer = self.ask_tx(key, offer.ordinal, window);
        let used = match answer {
            Some(TxAnswer { ret: Ret::Ok, len, .. }) => {
                let most = offer.room.min(offer.max);
                if len > most {
                    log::err!("tx gave {len} bytes where {most} are left: cut short");
                }
                Some(len.min(most))
            }
            Some(_) | None => None,
        };
        let committed = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return false };
            let still_bound = c.stream_of(offer.tid) == Some(key);
            let Some(open) = c.open() else { return false };
            let committed = match (used, answer) {
                (Some(len), Some(TxAnswer { flags, .. })) if still_bound => {
                    let (som, eom) = (flags.contains(Flags::SOM), flags.contains(Flags::EOM));
                    if let Some(stream) = core.streams.get_mut(key) {
                        stream.adapt_room(offer.room, len);
                        stream.txn.body_begun = true;
                    }
                    open.codec.tx_commit(offer.tid, &mut offer.out, len, som, eom)
                }
                _ => {
                    offer.out.cancel();
                    Ok(())
                }
            };
            // what was pushed while the program had the buffer
            let meanwhile = std::mem::replace(&mut open.out, offer.out);
            if !meanwhile.is_empty() {
                open.out.push(meanwhile.pending());
            }
            committed
        };
        if let Err(e) = committed {
            log::err!("tx: {e}");
        }
        match answer.map(|a| a.ret) {
            Some(ret @ (Ret::DisconnectMe | Ret::DestroyMe)) => {
                let _ = self.obey(key, ret);
                false
            }
            Some(Ret::Ok | Ret::TxDontSend) | None => true,
        }
    }
}

/// One stream's turn to send.
struct Offer {
    key: StreamKey,
    tid: Tid,
    ordinal: u32,
    /// Bytes offered: never fewer than programs rely on, even if fewer are left to send.
    room: usize,
    /// Bytes that the protocol takes now.
    max: usize,
    headroom: usize,
    tailroom: usize,
    /// The connection's outgoing buffer, out of everybody's reach while the program writes.
    out: TxBuf,
}

/// The next stream that wants to send and may.
fn next_sender(c: &mut Conn, core: &mut CoreStreams) -> Option<Offer> {
    let Stage::Open(open) = &mut c.stage else { return None };
    if !open.out.is_empty() || open.unflushed {
        return None;
    }
    for (tid, key) in &c.bound {
        let (Some(tid), Some(stream)) = (*tid, core.get_mut(*key)) else { continue };
        let window = open.codec.tx_window(tid).filter(|w| w.max > 0 && stream.tx_wanted);
        let Some(window) = window else { continue };
        stream.tx_wanted = false;
        let ordinal = stream.ordinal;
        stream.ordinal = stream.ordinal.wrapping_add(1);
        return Some(Offer {
            key: *key,
            tid,
            ordinal,
            room: stream.tx_room,
            max: window.max,
            headroom: window.headroom,
            tailroom: window.tailroom,
            out: std::mem::take(&mut open.out),
        });
    }
    None
}

type CoreStreams = slotmap::SlotMap<StreamKey, super::stream::Stream>;

/// Writes until nothing waits or the socket takes no more.
fn write_out(c: &mut Conn) -> std::io::Result<()> {
    let mut writable = c.writable;
    let Stage::Open(open) = &mut c.stage else { return Ok(()) };
    while writable && (!open.out.is_empty() || open.unflushed) {
        let wrote = if open.out.is_empty() {
            open.transport.flush().map(|done| {
                open.unflushed = !done;
                writable = done;
            })
        } else {
            open.transport.write(open.out.pending()).map(|n| {
                open.out.consume(n);
                open.unflushed = true;
            })
        };
        match wrote {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::WouldBlock => writable = false,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    c.writable = writable;
    Ok(())
}
