//! Moving bytes between a connection and its streams: one pass in each direction, straight
//! from the receive buffer into `rx`; what `tx` provides is `send`'s.

use std::io::ErrorKind;
use std::rc::Rc;

use super::conn::{Conn, ConnKey, Stage};
use super::context::{Context, Timer};
use super::dial::Sharing;
use super::life::{Failure, Fate, Quietly};
use super::serve::Held;
use super::stream::StreamKey;
use crate::policy::Protocol;
use crate::proto::{Event, Reuse, Tid};
use crate::stream::{Flags, Input, Phase};
use crate::util::log;

/// Reads of one connection in one turn, so that others get theirs.
const READS_PER_TURN: usize = 16;
/// How often a request is repeated at once that the peer refused untouched. More than once: where many
/// streams share connections that take a number of requests each, others may be ahead each time.
const MAX_REFUSED: u8 = 5;
/// The reason of an end that the peer gave none for.
pub(super) const PEER_CLOSED: &str = "the peer closed the connection";

impl Context {
    /// A connection in the ready queue has its turn.
    pub(super) fn service(&self, conn: ConnKey) {
        if let Some(c) = self.core().conns.get_mut(conn) {
            c.queued = false;
        }
        if self.wind_down(conn) {
            return;
        }
        let (handshake, maybe_stale) = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return };
            let handshake = match c.stage {
                Stage::Handshake(_) => true,
                Stage::Open(_) => false,
                Stage::Resolving(_) | Stage::Racing(_) | Stage::Moving => return,
            };
            (handshake, c.reused && about_to_send_a_body(c, &core.streams))
        };
        if handshake {
            self.shake(conn);
        } else if self.codec_speaks_unasked(conn) && !self.consume(conn, &[]) {
            return;
        }
        // the server may have closed an idle connection: find out before a body is asked for,
        // which could not be sent again. And where the policy has reading go first, what has
        // come since the last wait counts too
        if maybe_stale || self.reads_first(conn) {
            if let Some(c) = self.core().conns.get_mut(conn) {
                c.readable = true;
            }
            if !self.receive(conn) {
                return;
            }
        }
        self.start_waiting(conn);
        // what was asked for before goes out first, so that tx comes before rx right after
        // CONNECTED
        if !(self.flush(conn) && self.offer_tx(conn) && self.receive(conn)) {
            return;
        }
        // the peer may have said that it takes more requests at a time
        self.start_waiting(conn);
        // what the codec replied is out of the way before the program sends
        if self.flush(conn)
            && (self.puts_off_sending(conn) || self.offer_wanted(conn) && self.flush(conn))
        {
            self.note_codec_deadline(conn);
        }
    }

    /// Whether what the stream of a connection wants to send waits until the others that are ready
    /// were read: their reads one after the other, then their writes, cost the kernel less than
    /// taking turns.
    fn puts_off_sending(&self, conn: ConnKey) -> bool {
        let core = self.core();
        core.ready.len() > 1 && core.conns.get(conn).is_some_and(|c| c.queued && c.only_wish)
    }

    /// Whether the codec is to be asked though nothing came: for what it has to say, or for bytes
    /// that waited.
    fn codec_speaks_unasked(&self, conn: ConnKey) -> bool {
        let mut core = self.core();
        let Some(c) = core.conns.get_mut(conn) else { return false };
        let held = c.served.as_ref().is_some_and(|s| !s.held.is_empty());
        c.open().is_some_and(|o| held || o.codec.speaks_unasked())
    }

    fn reads_first(&self, conn: ConnKey) -> bool {
        let mut core = self.core();
        core.conns.get_mut(conn).and_then(Conn::open).is_some_and(|o| o.reads_first)
    }

    /// Schedules what the codec wants to be reminded of.
    fn note_codec_deadline(&self, conn: ConnKey) {
        let mut core = self.core();
        let core = &mut *core;
        let Some(c) = core.conns.get_mut(conn) else { return };
        let next = c.open().and_then(|o| o.codec.next_deadline());
        if c.codec_timer.map(|(due, _)| due) == next {
            return;
        }
        if let Some((_, timer)) = c.codec_timer.take() {
            core.timers.cancel(timer);
        }
        c.codec_timer = next.map(|due| (due, core.timers.schedule(due, Timer::Codec(conn))));
    }

    /// The codec's deadline is there: a keep-alive is due, or the peer did not answer one.
    pub(super) fn codec_due(&self, conn: ConnKey) {
        let now = self.now();
        let outcome = {
            let mut core = self.core();
            let Some(c) = core.conns.get_mut(conn) else { return };
            c.codec_timer = None;
            let Some(open) = c.open() else { return };
            let outcome = open.codec.on_deadline(&mut open.out, now);
            core.queue(conn);
            outcome
        };
        if let Err(e) = outcome {
            self.broken(conn, &e.to_string());
        }
    }

    /// Payload may flow: CONNECTED.
    pub(super) fn link_up(&self, key: StreamKey) {
        // who joined an open connection is CONNECTED before its response is there
        if self.phase(key) == Some(Phase::Connected) {
            return;
        }
        let Some(say) = self.advance(key, Input::LinkUp) else { return };
        {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return };
            stream.attempts.reset();
            let timers = [stream.retry_timer.take(), stream.response_timer.take()];
            for timer in timers {
                core.cancel(timer);
            }
        }
        self.watch_validity(key);
        for state in say {
            let ret = self.say(key, *state);
            // who does not want the link now would not want the next one
            if self.obey_quietly(key, ret) == Fate::Gone {
                return;
            }
        }
    }

    /// Whether the stream is (still) bound to this connection.
    pub(super) fn linked(&self, key: StreamKey, conn: ConnKey) -> bool {
        self.core().streams.get(key).and_then(|s| s.link).is_some_and(|l| l.conn == conn)
    }

    /// Writes what waits. `false`: the connection is gone.
    pub(super) fn flush(&self, conn: ConnKey) -> bool {
        let (outcome, went) = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return false };
            let waiting = |c: &mut Conn| c.open().map_or(0, |o| o.out.pending().len());
            let before = waiting(c);
            let outcome = write_out(c);
            let went = before - waiting(c);
            let outcome = outcome.and_then(|wrote| {
                c.watch_at_need(core.poll.registry(), conn)?;
                Ok(wrote)
            });
            if let (true, Ok(progress)) = (c.served.is_some(), &outcome) {
                core.sent(conn, || self.now(), *progress);
            }
            (outcome, went)
        };
        if went > 0 {
            self.trace(conn, format_args!("{went} bytes went out"));
        }
        match outcome {
            Ok(_) => true,
            Err(e) => {
                if !self.hears_why(conn) || self.receive(conn) {
                    self.broken(conn, &e.to_string());
                }
                false
            }
        }
    }

    /// Whether the peer of a connection that takes no more may have answered before it closed: an
    /// http server that does not want the rest of a body. What it said can still be read.
    fn hears_why(&self, conn: ConnKey) -> bool {
        let mut core = self.core();
        let Some(c) = core.conns.get_mut(conn) else { return false };
        let http = c.served.is_none() && c.open().is_some_and(|o| o.speaks == Protocol::H1);
        if let (true, Some(open)) = (http, c.open()) {
            open.out.clear();
            open.unflushed = false;
        }
        c.readable |= http;
        c.writable &= !http;
        http
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
                let closed = c.read_closed;
                // what waits for its turn comes first
                if c.served.as_ref().is_some_and(|s| !s.held.is_empty()) {
                    drop(core);
                    return !closed || self.waits_half_closed(conn);
                }
                if !c.readable || c.held {
                    return true;
                }
                let Some(open) = c.open() else { return true };
                let read = open.transport.read(buffer);
                let drained = !closed && open.transport.drained();
                match &read {
                    // the socket is drained, its next bytes make a new event
                    Ok(_) if drained => c.readable = false,
                    Ok(0) => c.readable = false,
                    Err(e) if e.kind() == ErrorKind::WouldBlock => c.readable = false,
                    Ok(_) | Err(_) => {}
                }
                read
            };
            match read {
                Ok(0) => return self.peer_ended(conn),
                Ok(n) => {
                    self.trace(conn, format_args!("{n} bytes came in"));
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
    pub(super) fn consume(&self, conn: ConnKey, bytes: &[u8]) -> bool {
        let now = self.now();
        let held;
        let mut waited = false;
        let bytes = match self.take_held(conn, bytes) {
            Held::Nothing => bytes,
            Held::First(all) => {
                held = all;
                waited = true;
                &held
            }
            Held::Wait => return true,
            Held::Gone => return false,
        };
        let mut input = bytes;
        loop {
            let event = {
                let mut core = self.core();
                let Some(c) = core.conns.get_mut(conn) else { return false };
                if !bytes.is_empty() {
                    c.alive = now;
                    c.pinged = false;
                }
                if c.is_ending() {
                    return false;
                }
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
        if !input.is_empty() {
            self.hold(conn, input);
        } else if waited {
            // there may be more in the socket
            self.core().queue(conn);
        }
        // unasked bytes on an idle connection: nobody can trust what follows
        let stray = {
            let mut core = self.core();
            match core.conns.get_mut(conn) {
                Some(c) if c.pooled => c.open().is_none_or(|o| o.codec.reuse() != Reuse::Idle),
                Some(c) if c.served.is_some() => {
                    core.end_if_spent(conn);
                    return true;
                }
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
            Event::Request { tid } => self.asked(conn, tid),
            Event::Head { tid, status } => {
                self.trace(conn, format_args!("http status {status}"));
                if let Some(key) = self.stream_of(conn, tid) {
                    self.response(conn, key, tid, status);
                }
            }
            Event::Data { tid, data, som, eom } => self.deliver(conn, tid, data, som, eom),
            Event::Owned { tid, data, som, eom } => self.deliver(conn, tid, &data, som, eom),
            Event::Held { tid, som, eom } => {
                let mut held = Vec::new();
                self.swap_held(conn, &mut held);
                self.deliver(conn, tid, &held, som, eom);
                self.swap_held(conn, &mut held);
            }
            Event::End { tid } => match self.stream_of(conn, tid) {
                Some(key) => self.ended(conn, key),
                None => self.end_of_refused(conn),
            },
            Event::Reset { tid, reason } => {
                if let Some(key) = self.stream_of(conn, tid) {
                    self.let_go(key);
                    self.link_lost(key, reason);
                }
            }
            Event::Refused { tid, reason } => {
                if let Some(key) = self.stream_of(conn, tid) {
                    self.refused(key, reason);
                }
            }
            Event::Alive => {}
            Event::Ready { tid } => {
                if let Some(key) = self.stream_of(conn, tid) {
                    self.link_up(key);
                }
            }
            Event::Acked { tid } => self.message_done(conn, tid, Input::Acked),
            Event::Nacked { tid } => self.message_done(conn, tid, Input::Nacked),
        }
    }

    /// The codec says that a transaction is over: an http one is complete, the other protocols'
    /// links have ended.
    fn ended(&self, conn: ConnKey, key: StreamKey) {
        let (speaks, farewell) = {
            let mut core = self.core();
            let Some(open) = core.conns.get_mut(conn).and_then(Conn::open) else { return };
            (open.speaks, open.codec.farewell())
        };
        match speaks {
            Protocol::H1 | Protocol::H2 | Protocol::H3 if self.is_served(conn) => {
                self.exchange_done(conn, key);
            }
            Protocol::H1 | Protocol::H2 | Protocol::H3 => self.transaction_done(conn, key),
            Protocol::Raw | Protocol::Ws | Protocol::Mqtt => {
                self.flush(conn);
                self.let_go(key);
                self.link_lost(key, farewell.as_deref().unwrap_or(PEER_CLOSED));
            }
        }
    }

    /// The peer did nothing of a request: it goes out again, within reason.
    fn refused(&self, key: StreamKey, reason: &str) {
        let again = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(stream) = core.streams.get_mut(key) else { return };
            stream.txn.refused = stream.txn.refused.saturating_add(1);
            let may = stream.txn.refused <= MAX_REFUSED && !stream.txn.body_begun;
            let conn = stream.link.and_then(|l| core.conns.get(l.conn));
            conn.map(|c| (*c.route).clone()).filter(|_| may)
        };
        self.let_go(key);
        match again {
            Some(route) => self.connect(key, route, Sharing::Quietly),
            None => self.link_lost(key, reason),
        }
    }

    /// A message was taken or lost: ACK or NACK, on a link that stays.
    fn message_done(&self, conn: ConnKey, tid: Tid, input: Input) {
        let Some(key) = self.stream_of(conn, tid) else { return };
        self.cancel_timeout(key);
        for state in self.advance(key, input).unwrap_or(&[]) {
            let ret = self.say(key, *state);
            if self.obey(key, ret) == Fate::Gone {
                return;
            }
        }
    }

    pub(super) fn deliver(&self, conn: ConnKey, tid: Tid, data: &[u8], som: bool, eom: bool) {
        let served = self.is_served(conn);
        if served {
            self.core().body_came(conn, tid, eom, self.now());
            // the end of a request that is open for a body (h2), but has none
            if som && eom && data.is_empty() && self.core().asks_without_body(conn, tid) {
                return;
            }
        }
        if let Some(key) = self.stream_of(conn, tid) {
            if self.deliver_parts(conn, key, data, eom) {
                return;
            }
            let mut flags = Flags::empty();
            flags.set(Flags::SOM, som);
            flags.set(Flags::EOM, eom);
            let ret = self.give_rx(key, data, flags);
            // a client is told of the transaction's end first, a server has not answered yet
            if served || !(eom && self.answered_at_the_end(conn, key, ret)) {
                let _ = self.obey(key, ret);
            }
        }
    }

    /// Gets payload that stands in the codec's own buffer, or gives that back.
    fn swap_held(&self, conn: ConnKey, buffer: &mut Vec<u8>) {
        if let Some(open) = self.core().conns.get_mut(conn).and_then(Conn::open) {
            open.codec.swap_held(buffer);
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
                Ok(Some(event)) => self.event(conn, event),
                Err(e) => {
                    self.broken(conn, &e.to_string());
                    return false;
                }
            }
        }
        if self.goes_on_half_closed(conn) {
            return true;
        }
        self.broken(conn, PEER_CLOSED);
        false
    }

    /// A connection is of no more use.
    pub(super) fn broken(&self, conn: ConnKey, reason: &str) {
        if self.is_served(conn) {
            return self.served_broken(conn, reason);
        }
        let reconnect = self.stale(conn);
        if let (true, Some(open)) =
            (reconnect, self.core().conns.get_mut(conn).and_then(Conn::open))
        {
            // it goes out on the fresh one, and only there
            open.out.clear();
        }
        let route = self.core().conns.get(conn).map(|c| Rc::clone(&c.route));
        // what the codec has said of that goes out, too
        let streams = self.leave(conn).unwrap_or_else(|| self.close(conn));
        for key in streams {
            match (&route, reconnect) {
                (Some(route), true) => {
                    log::debug!("an idle connection was stale, trying a fresh one");
                    self.connect(key, (**route).clone(), Sharing::Never);
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

    /// A transaction came to nothing: the attempt failed, or, if the stream was CONNECTED by
    /// joining a connection, its link is down; then as the retry policy says.
    pub(super) fn fail_transaction(&self, key: StreamKey, failure: &Failure) {
        if self.phase(key) != Some(Phase::Connected) {
            return self.fail_attempt(key, failure);
        }
        if let Some(tag) = self.tag(key) {
            log::notice!(tag: tag, "disconnected: {}", failure.reason);
        }
        self.let_go(key);
        self.link_down(key, Quietly::Yes);
        if self.phase(key) == Some(Phase::Idle) && !self.is_ending() {
            self.retry(key, failure.at_least);
        }
    }

    /// A stream's link is gone without its doing.
    pub(super) fn link_lost(&self, key: StreamKey, reason: &str) {
        let (tag, connecting, lingering) = {
            let core = self.core();
            let Some(stream) = core.streams.get(key) else { return };
            (Rc::clone(&stream.tag), stream.phase == Phase::Connecting, stream.lingering)
        };
        if connecting {
            self.fail_attempt(key, &Failure::from(reason));
        } else {
            // after a complete transaction it is no news
            if !lingering {
                log::notice!(tag: tag, "disconnected: {reason}");
            }
            self.link_down(key, if lingering { Quietly::Yes } else { Quietly::No });
        }
    }
}

/// Whether one stream waits to start on the connection, and announced a body.
fn about_to_send_a_body(c: &Conn, streams: &CoreStreams) -> bool {
    let [(None, key)] = c.bound[..] else { return false };
    streams.get(key).is_some_and(|s| s.tx_len.is_some())
}

type CoreStreams = slotmap::SlotMap<StreamKey, super::stream::Stream>;

/// Writes until nothing waits or the socket takes no more. Returns whether it took anything.
pub(super) fn write_out(c: &mut Conn) -> std::io::Result<bool> {
    let mut progress = false;
    let mut writable = c.writable;
    let Stage::Open(open) = &mut c.stage else { return Ok(false) };
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
                progress = true;
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
    Ok(progress)
}
