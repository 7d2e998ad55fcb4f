//! How long clients may take: for a connection as a whole, and for each request on it.
//!
//! A client has to send the next bytes of a body, and to take those of an answer, within the
//! policy's `server_stall_s`. On h2 that is asked of each request for itself: one that stands
//! still is reset, and the others go on. A client of which nothing moves any more loses its
//! connection.

use super::Served;
use crate::engine::conn::{Conn, ConnKey, Stage};
use crate::engine::context::{Context, Core, Timer};
use crate::engine::leave::{Ending, LINGER};
use crate::proto::Tid;
use crate::util::clock::SEC;
use crate::util::{Micros, log};

/// Why a connection ends, or a request of one.
const TOO_LONG: &str = "the client takes too long";

/// The policy's numbers.
pub(super) fn seconds(s: u16) -> Micros {
    u64::from(s) * SEC
}

/// When something that begins now has stood still for too long; never, if that is for ever.
pub(super) fn stalls_at(now: Micros, stall: Micros) -> Micros {
    if stall == 0 { Micros::MAX } else { now.saturating_add(stall) }
}

impl Served {
    /// A request's body has begun or goes on: the next bytes have to come until `due`.
    pub fn body_goes_on(&mut self, tid: Tid, due: Micros) {
        self.receiving.retain(|(t, _)| *t != tid);
        self.receiving.push((tid, due));
    }

    /// No more of this body is awaited.
    pub fn body_ended(&mut self, tid: Tid) {
        self.receiving.retain(|(t, _)| *t != tid);
    }

    /// Whether the client lets us go on with an answer that wants to. If not, and if it did before,
    /// its time begins.
    pub fn answer_may(
        &mut self,
        tid: Tid,
        goes_on: bool,
        stall_s: u16,
        now: impl FnOnce() -> Micros,
    ) {
        let known = self.blocked.iter().position(|(t, _)| *t == tid);
        match (goes_on, known) {
            (true, Some(at)) => drop(self.blocked.swap_remove(at)),
            (false, None) => self.blocked.push((tid, stalls_at(now(), seconds(stall_s)))),
            (true, None) | (false, Some(_)) => {}
        }
    }

    /// Nothing is awaited any more of requests but those that `stays` names.
    pub fn forget(&mut self, stays: impl Fn(Tid) -> bool) {
        self.receiving.retain(|(t, _)| stays(*t));
        self.blocked.retain(|(t, _)| stays(*t));
    }

    /// When the connection as a whole is due.
    fn own_due(&self) -> Option<Micros> {
        self.rx_due.into_iter().chain(self.tx_due).min()
    }

    /// When anything is.
    fn due(&self) -> Option<Micros> {
        let requests = self.receiving.iter().chain(&self.blocked).map(|(_, due)| *due);
        self.own_due().into_iter().chain(requests).filter(|due| *due != Micros::MAX).min()
    }

    /// The requests that have stood still for too long.
    fn stalled(&self, now: Micros) -> Vec<Tid> {
        let all = self.receiving.iter().chain(&self.blocked);
        let mut late: Vec<Tid> = all.filter(|(_, due)| *due <= now).map(|(t, _)| *t).collect();
        late.sort_unstable();
        late.dedup();
        late
    }
}

impl Core {
    /// The client of a connection has to send something until `due`.
    pub(in crate::engine) fn await_client(&mut self, conn: ConnKey, due: Micros) {
        if let Some(served) = self.conns.get_mut(conn).and_then(|c| c.served.as_mut()) {
            served.rx_due = Some(due);
        }
        self.arm(conn);
    }

    /// Makes sure that the connection's timer is due no later than what is awaited. One that is
    /// early looks again: most deadlines move on before they pass.
    pub(in crate::engine) fn arm(&mut self, conn: ConnKey) {
        let Some(c) = self.conns.get_mut(conn) else { return };
        let Some(served) = &mut c.served else { return };
        let Some(due) = served.due() else { return };
        if c.deadline.is_some() && served.armed <= due {
            return;
        }
        served.armed = due;
        let timer = self.timers.schedule(due, Timer::ConnDeadline(conn));
        if let Some(old) = c.deadline.replace(timer) {
            self.timers.cancel(old);
        }
    }

    /// How long the client of a connection may let it stand still; 0: for ever.
    pub(super) fn stall_of(&self, conn: ConnKey) -> Micros {
        let listener = self.listener_of(conn).and_then(|l| self.streams.get(l));
        listener.map_or(LINGER, |s| seconds(s.kind.serve.stall_s))
    }

    /// Bytes of a request's body came in, its last ones if `eom`.
    pub(in crate::engine) fn body_came(&mut self, conn: ConnKey, tid: Tid, eom: bool, now: Micros) {
        let Some(c) = self.conns.get_mut(conn) else { return };
        let stream = c.stream_of(tid).and_then(|key| self.streams.get(key));
        let (Some(served), Some(stream)) = (&mut c.served, stream) else { return };
        if eom {
            served.body_ended(tid);
        } else {
            served.body_goes_on(tid, stalls_at(now, seconds(stream.kind.serve.stall_s)));
        }
        self.arm(conn);
    }

    /// What waits for the socket of a served connection went out, in part or whole.
    pub(in crate::engine) fn sent(
        &mut self,
        conn: ConnKey,
        now: impl FnOnce() -> Micros,
        progress: bool,
    ) {
        let Some(c) = self.conns.get_mut(conn) else { return };
        let Stage::Open(open) = &c.stage else { return };
        let Some(served) = &mut c.served else { return };
        let all_out = open.out.is_empty() && !open.unflushed;
        if all_out {
            served.tx_due = None;
        }
        let rest = !all_out && (progress || served.tx_due.is_none());
        let answers = progress && served.half_closed && c.ending == Ending::No;
        if !rest && !answers {
            return;
        }
        let stall = self.stall_of(conn);
        let due = (stall > 0).then(|| now() + stall);
        if let Some(served) = self.conns.get_mut(conn).and_then(|c| c.served.as_mut()) {
            if rest {
                served.tx_due = due;
            }
            if answers {
                served.rx_due = due;
            }
        }
        self.arm(conn);
    }
}

impl Context {
    /// The time of a served connection, or of a request on it, may be over.
    pub(in crate::engine) fn patience_over(&self, conn: ConnKey) {
        let now = self.now();
        let (late, all) = {
            let mut core = self.core();
            let stall = core.stall_of(conn);
            let Some(c) = core.conns.get_mut(conn) else { return };
            c.deadline = None;
            let silent = now.saturating_sub(c.alive) >= stall;
            let Some(served) = &mut c.served else { return };
            served.armed = Micros::MAX;
            let own = served.own_due().is_some_and(|due| due <= now);
            let mut late = served.stalled(now);
            late.retain(|tid| is_late(c, *tid, now));
            let others = c.bound.iter().any(|(t, _)| t.is_none_or(|t| !late.contains(&t)));
            let still = !late.is_empty() && silent && !others;
            (late, own || still)
        };
        if all || !late.into_iter().all(|tid| self.give_up_on(conn, tid)) {
            log::info!("a client takes too long: its connection is closed");
            return self.lose(conn, TOO_LONG);
        }
        let mut core = self.core();
        core.queue(conn);
        core.arm(conn);
    }

    /// Ends one request whose client makes no progress. `false`: its connection has to end.
    fn give_up_on(&self, conn: ConnKey, tid: Tid) -> bool {
        let stream = {
            let mut core = self.core();
            let Some(c) = core.conns.get_mut(conn) else { return true };
            let stream = c.stream_of(tid);
            if let Some(served) = &mut c.served {
                served.forget(|t| t != tid);
            }
            if !c.open().is_some_and(|o| o.codec.give_up_on_peer(tid, &mut o.out)) {
                return false;
            }
            stream
        };
        if let Some(key) = stream {
            log::info!("a client takes too long: one of its requests is reset");
            self.let_go(key);
            self.link_lost(key, TOO_LONG);
        }
        true
    }
}

/// Whether a request that seems to stand still does. What the client allows may have come while
/// other bytes were on their way out.
fn is_late(c: &mut Conn, tid: Tid, now: Micros) -> bool {
    let Stage::Open(open) = &mut c.stage else { return true };
    let Some(served) = &mut c.served else { return true };
    if served.receiving.iter().any(|(t, due)| *t == tid && *due <= now) {
        return true;
    }
    open.codec.want_tx(tid, true);
    let may_send = open.codec.tx_window(tid).is_some_and(|w| w.max > 0);
    if may_send {
        served.blocked.retain(|(t, _)| *t != tid);
    }
    !may_send
}
