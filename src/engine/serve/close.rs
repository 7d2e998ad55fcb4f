//! The end of connections that serve.

use super::Held;
use super::request::owes_an_answer;
use super::stall::seconds;
use crate::engine::conn::{ConnKey, Open};
use crate::engine::context::{Context, Core};
use crate::engine::leave::Ending;
use crate::engine::pump::PEER_CLOSED;
use crate::engine::stream::StreamKey;
use crate::policy::Protocol;
use crate::proto::{ClosesFirst, Reuse};
use crate::util::{Micros, built};

impl Core {
    /// A stream has left a connection: on h2 that goes on, on the others it ends. `None`: it is no
    /// served connection.
    pub fn left_by_stream(&mut self, conn: ConnKey, never: bool, now: Micros) -> Option<()> {
        self.conns.get(conn)?.served.as_ref()?;
        let listener = self.listener_of(conn);
        let c = self.conns.get_mut(conn)?;
        let shared = c.open().is_some_and(|o| o.speaks == Protocol::H2);
        let bound = &c.bound;
        if let Some(served) = &mut c.served {
            // nothing more comes for requests that are gone
            served.forget(|t| bound.iter().any(|(tid, _)| *tid == Some(t)));
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
        let Some(c) = self.conns.get_mut(conn) else { return };
        let begins = !c.is_ending();
        let Some(served) = &mut c.served else { return };
        if begins {
            c.ending = Ending::Flushing(ClosesFirst::Us);
            served.held = Vec::new();
            served.rx_due = None;
            served.forget(|_| false);
        }
        self.queue(conn);
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

    /// Closes a served connection at once.
    pub(super) fn lose(&self, conn: ConnKey, reason: &str) {
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
        let streams = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return };
            let streams = c.release(&mut core.streams);
            core.end_served(conn);
            streams
        };
        for key in streams {
            self.link_lost(key, reason);
        }
    }

    /// A served connection whose client has closed its side. `true`: it goes on until the answers
    /// to what was asked are out. Whether that client waits for them or is gone shows when something
    /// is sent: if no answer is about to go out, the codec probes. A client that vanished without a
    /// word shows nothing, so that the answers may not take for ever.
    pub(in crate::engine) fn goes_on_half_closed(&self, conn: ConnKey) -> bool {
        let now = self.now();
        let mut core = self.core();
        let core = &mut *core;
        let Some(c) = core.conns.get_mut(conn) else { return false };
        let owes = owes_an_answer(c);
        let Some(served) = c.served.as_mut().filter(|s| owes && !s.failed) else { return false };
        let first = !std::mem::replace(&mut served.half_closed, true);
        // a request that waited behind another has its own time
        let begins = first || served.rx_due.is_none();
        let wanted = |key: &StreamKey| core.streams.get(*key).is_some_and(|s| s.tx_wanted);
        let sends = c.bound.iter().any(|(_, key)| wanted(key));
        if first
            && !sends
            && let Some(open) = c.open()
        {
            open.codec.probe(&mut open.out);
        }
        let stall = core.stall_of(conn);
        if begins && stall > 0 {
            core.await_client(conn, now + stall);
        }
        if first {
            core.queue(conn);
        }
        true
    }

    /// As [`goes_on_half_closed`](Self::goes_on_half_closed), where the client's end stands behind requests that wait for
    /// their turn.
    pub(in crate::engine) fn waits_half_closed(&self, conn: ConnKey) -> bool {
        let may_be_gone = {
            let mut core = self.core();
            let Some(c) = core.conns.get_mut(conn) else { return false };
            owes_an_answer(c) || c.served.as_ref().is_some_and(|s| s.failed)
        };
        if !may_be_gone || self.goes_on_half_closed(conn) {
            return true;
        }
        self.served_broken(conn, PEER_CLOSED);
        false
    }

    /// Whether a connection came in.
    pub(in crate::engine) fn is_served(&self, conn: ConnKey) -> bool {
        built::SERVER && self.core().conns.get(conn).is_some_and(|c| c.served.is_some())
    }

    /// What is to be given to the codec of a connection that has just received `bytes`.
    pub(in crate::engine) fn take_held(&self, conn: ConnKey, bytes: &[u8]) -> Held {
        let (sniffs, ending) = {
            let mut core = self.core();
            let Some(c) = core.conns.get_mut(conn) else { return Held::Gone };
            let ending = c.is_ending();
            let Some(served) = &mut c.served else { return Held::Nothing };
            if !served.held.is_empty() {
                let mut all = std::mem::take(&mut served.held);
                all.extend_from_slice(bytes);
                return Held::First(all);
            }
            (served.sniff.is_some(), ending)
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
