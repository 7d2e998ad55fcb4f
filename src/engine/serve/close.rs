//! The end of connections that serve, and how long clients may take.

use std::io::ErrorKind;

use super::request::owes_an_answer;
use super::{Ending, Held, Served};
use crate::engine::conn::{Conn, ConnKey, Open, Stage};
use crate::engine::context::{Context, Core, Timer};
use crate::engine::pump::write_out;
use crate::engine::stream::StreamKey;
use crate::policy::Protocol;
use crate::proto::{Reuse, Tid};
use crate::util::clock::SEC;
use crate::util::{Micros, built, log};

/// How long the client's close is awaited after ours. What is in its buffers would be lost if
/// bytes that nobody reads made the system reset the connection (RFC 9112 9.6).
const LINGER: Micros = 2 * SEC;
/// Reads of a connection that is ending, in one turn.
const DISCARDS_PER_TURN: usize = 16;

/// The policy's numbers.
pub(super) fn seconds(s: u16) -> Micros {
    u64::from(s) * SEC
}

impl Core {
    /// The client of a connection has to send something until `due`.
    pub(super) fn await_client(&mut self, conn: ConnKey, due: Micros) {
        if let Some(served) = self.conns.get_mut(conn).and_then(|c| c.served.as_mut()) {
            served.rx_due = Some(due);
        }
        self.arm(conn);
    }

    /// Makes sure that the connection's timer is due no later than what is awaited. One that is
    /// early looks again: most deadlines move on before they pass.
    fn arm(&mut self, conn: ConnKey) {
        let Some(c) = self.conns.get_mut(conn) else { return };
        let Some(served) = &mut c.served else { return };
        let Some(due) = served.rx_due.into_iter().chain(served.tx_due).min() else { return };
        if c.deadline.is_some() && served.armed <= due {
            return;
        }
        served.armed = due;
        let timer = self.timers.schedule(due, Timer::ConnDeadline(conn));
        if let Some(old) = c.deadline.replace(timer) {
            self.timers.cancel(old);
        }
    }

    /// Something of a served connection was received.
    pub fn heard(&mut self, conn: ConnKey, now: impl FnOnce() -> Micros) {
        let Some(c) = self.conns.get_mut(conn) else { return };
        let Some(served) = &mut c.served else { return };
        if served.receiving.is_empty() {
            return;
        }
        let stall = self.stall_of(conn);
        if stall > 0 {
            self.await_client(conn, now() + stall);
        }
    }

    fn stall_of(&self, conn: ConnKey) -> Micros {
        let served = self.conns.get(conn).and_then(|c| c.served.as_ref());
        let listener = served.and_then(|s| s.listener).and_then(|l| self.streams.get(l));
        listener.map_or(LINGER, |s| seconds(s.kind.serve.stall_s))
    }

    /// A request's body is complete.
    pub fn body_complete(&mut self, conn: ConnKey, tid: Tid) {
        if let Some(served) = self.conns.get_mut(conn).and_then(|c| c.served.as_mut()) {
            served.received(|t| t == tid);
        }
    }

    /// What waits for the socket of a served connection went out, in part or whole.
    pub fn sent(&mut self, conn: ConnKey, now: impl FnOnce() -> Micros, progress: bool) {
        let Some(c) = self.conns.get_mut(conn) else { return };
        let Stage::Open(open) = &c.stage else { return };
        let Some(served) = &mut c.served else { return };
        if open.out.is_empty() && !open.unflushed {
            served.tx_due = None;
        } else if progress || served.tx_due.is_none() {
            let stall = self.stall_of(conn);
            let due = (stall > 0).then(|| now() + stall);
            if let Some(served) = self.conns.get_mut(conn).and_then(|c| c.served.as_mut()) {
                served.tx_due = due;
            }
            self.arm(conn);
        }
    }

    /// A stream has left a connection: on h2 that goes on, on the others it ends. `None`: it is no
    /// served connection.
    pub fn left_by_stream(&mut self, conn: ConnKey, never: bool, now: Micros) -> Option<()> {
        let c = self.conns.get_mut(conn)?;
        let listener = c.served.as_ref()?.listener;
        let shared = c.open().is_some_and(|o| o.speaks == Protocol::H2);
        let bound = &c.bound;
        if let Some(served) = &mut c.served {
            // nothing more comes for requests that are gone
            served.received(|t| bound.iter().all(|(tid, _)| *tid != Some(t)));
        }
        if c.bound.is_empty() {
            let idle = listener.and_then(|l| self.streams.get(l)).map(|s| s.kind.serve.idle_s);
            match idle {
                _ if never || !shared => self.end_served(conn),
                Some(s) if s > 0 => self.await_client(conn, now + seconds(s)),
                Some(_) => {}
                // nobody listens any more
                None => self.end_served(conn),
            }
        }
        Some(())
    }

    /// An h2 connection whose client takes its leave (GOAWAY) ends once nothing is under way.
    pub fn end_if_spent(&mut self, conn: ConnKey) {
        let Some(c) = self.conns.get_mut(conn) else { return };
        let idle = c.bound.is_empty();
        let spent = |o: &Open| o.speaks == Protocol::H2 && o.codec.reuse() == Reuse::Never;
        if idle && c.open().is_some_and(|o| spent(o)) {
            self.end_served(conn);
        }
    }

    /// Begins the orderly end of a served connection: what waits goes out first.
    pub fn end_served(&mut self, conn: ConnKey) {
        let Some(served) = self.conns.get_mut(conn).and_then(|c| c.served.as_mut()) else { return };
        if served.ending == Ending::No {
            served.ending = Ending::Flushing;
            served.held = Vec::new();
            served.rx_due = None;
        }
        self.queue(conn);
    }
}

impl Served {
    /// No more of these bodies is awaited.
    fn received(&mut self, those: impl Fn(Tid) -> bool) {
        let waited = !self.receiving.is_empty();
        self.receiving.retain(|tid| !those(*tid));
        if waited && self.receiving.is_empty() {
            self.rx_due = None;
        }
    }
}

impl Context {
    /// A refused request is over that no stream had: a connection that was to end with it ends.
    pub(in crate::engine) fn end_of_refused(&self, conn: ConnKey) {
        let ends = {
            let mut core = self.core();
            let Some(c) = core.conns.get_mut(conn).filter(|c| c.served.is_some()) else { return };
            c.open().is_some_and(|o| o.speaks == Protocol::H1 && o.codec.reuse() == Reuse::Never)
        };
        if ends {
            self.served_broken(conn, "the request was refused");
        }
    }

    /// The time of a served connection may be over.
    pub(in crate::engine) fn patience_over(&self, conn: ConnKey) {
        let now = self.now();
        {
            let mut core = self.core();
            let Some(c) = core.conns.get_mut(conn) else { return };
            c.deadline = None;
            let Some(served) = &mut c.served else { return };
            served.armed = Micros::MAX;
            let due = served.rx_due.into_iter().chain(served.tx_due).min();
            if due.is_none_or(|due| due > now) {
                return core.arm(conn);
            }
        }
        log::info!("a client takes too long: its connection is closed");
        self.lose(conn, "the client takes too long");
    }

    /// Closes a served connection at once.
    fn lose(&self, conn: ConnKey, reason: &str) {
        for key in self.close(conn) {
            self.link_lost(key, reason);
        }
    }

    /// A served connection is of no more use; its streams are told, what waits goes out.
    pub(in crate::engine) fn served_broken(&self, conn: ConnKey, reason: &str) {
        let open = self.core().conns.get_mut(conn).is_some_and(|c| c.open().is_some());
        if !open {
            return self.lose(conn, reason);
        }
        let streams: Vec<StreamKey> = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return };
            let streams: Vec<StreamKey> = c.bound.drain(..).map(|(_, s)| s).collect();
            for key in &streams {
                if let Some(stream) = core.streams.get_mut(*key) {
                    stream.link = None;
                }
            }
            core.end_served(conn);
            streams
        };
        for key in streams {
            self.link_lost(key, reason);
        }
    }

    /// A served connection whose client has closed its side. `true`: it goes on until the answer
    /// is out.
    pub(in crate::engine) fn goes_on_half_closed(&self, conn: ConnKey) -> bool {
        let mut core = self.core();
        let core = &mut *core;
        let Some(c) = core.conns.get_mut(conn) else { return false };
        if c.served.is_none() || !owes_an_answer(c, &core.streams) {
            return false;
        }
        core.queue(conn);
        true
    }

    /// Whether a connection is on its way out; if so it gets on with that.
    pub(in crate::engine) fn wind_down(&self, conn: ConnKey) -> bool {
        let over = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return true };
            let Some(served) = &c.served else { return false };
            if served.ending == Ending::No {
                return false;
            }
            let now = self.now();
            let over = wound_down(c, &mut core.rx);
            let lingering = c.served.as_ref().is_some_and(|s| s.ending == Ending::Lingering);
            if lingering && c.served.as_ref().is_some_and(|s| s.rx_due.is_none()) {
                core.await_client(conn, now + LINGER);
            }
            core.sent(conn, || now, false);
            over
        };
        if over {
            self.close(conn);
        }
        true
    }

    /// Whether a connection came in.
    pub(in crate::engine) fn is_served(&self, conn: ConnKey) -> bool {
        built::SERVER && self.core().conns.get(conn).is_some_and(|c| c.served.is_some())
    }

    /// What is to be given to the codec of a connection that has just received `bytes`.
    pub(in crate::engine) fn take_held(&self, conn: ConnKey, bytes: &[u8]) -> Held {
        let (sniffs, ending) = {
            let mut core = self.core();
            if !bytes.is_empty() {
                core.heard(conn, || self.now());
            }
            let Some(c) = core.conns.get_mut(conn) else { return Held::Gone };
            let Some(served) = &mut c.served else { return Held::Nothing };
            if !served.held.is_empty() {
                let mut all = std::mem::take(&mut served.held);
                all.extend_from_slice(bytes);
                return Held::First(all);
            }
            (served.sniff.is_some(), served.is_ending())
        };
        match (sniffs, ending) {
            (_, true) => Held::Gone,
            (false, false) => Held::Nothing,
            (true, false) if bytes.is_empty() => Held::Wait,
            (true, false) => match self.sniff(conn, bytes) {
                Some(kept) if kept.is_empty() => Held::Nothing,
                Some(mut kept) => {
                    kept.extend_from_slice(bytes);
                    Held::First(kept)
                }
                None if self.core().conns.contains_key(conn) => Held::Wait,
                None => Held::Gone,
            },
        }
    }

    /// Keeps what the codec does not take yet.
    pub(in crate::engine) fn hold(&self, conn: ConnKey, rest: &[u8]) {
        if let Some(served) = self.core().conns.get_mut(conn).and_then(|c| c.served.as_mut()) {
            served.held = rest.to_vec();
        }
    }

    /// Whether the codec of a served connection is to be asked again.
    pub(in crate::engine) fn asks_again(&self, conn: ConnKey) -> bool {
        let mut core = self.core();
        let served = core.conns.get_mut(conn).and_then(|c| c.served.as_mut());
        served.is_some_and(|s| std::mem::take(&mut s.ask_again))
    }
}

/// One step of a connection's end. `true`: nothing is left to do.
fn wound_down(c: &mut Conn, scratch: &mut Vec<u8>) -> bool {
    if write_out(c).is_err() {
        return true;
    }
    let Stage::Open(open) = &mut c.stage else { return true };
    if !open.out.is_empty() || open.unflushed {
        return false;
    }
    if let Some(served) = &mut c.served
        && served.ending == Ending::Flushing
    {
        served.ending = Ending::Lingering;
        open.transport.shutdown();
    }
    if scratch.is_empty() {
        scratch.resize(1024, 0);
    }
    for _ in 0..DISCARDS_PER_TURN {
        match open.transport.read(scratch) {
            Ok(0) => return true,
            Ok(_) => {}
            Err(e) if e.kind() == ErrorKind::WouldBlock => return false,
            Err(e) if e.kind() == ErrorKind::Interrupted => {}
            Err(_) => return true,
        }
    }
    // a client that keeps sending has had its answer
    true
}
