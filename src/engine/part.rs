//! What becomes of a connection when a stream leaves it: kept for the next one, or closed.

use std::rc::Rc;

use super::conn::{ConnKey, Open};
use super::context::{Context, Core, Timer};
use super::fault::in_parting;
use super::stream::StreamKey;
use crate::policy::Protocol;
use crate::proto::mqtt::Session;
use crate::proto::{Reuse, Tid};
use crate::util::Micros;

impl Context {
    /// Parts a stream from its connection, which is kept if it can be used again and closed
    /// otherwise. The stream is told nothing.
    pub(super) fn let_go(&self, key: StreamKey) {
        let close = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(stream) = core.streams.get_mut(key) else { return };
            let response_timer = stream.response_timer.take();
            let link = stream.link.take();
            core.cancel(response_timer);
            let Some(link) = link else { return };
            let Some(c) = core.conns.get_mut(link.conn) else { return };
            c.unbind(key);
            super::proxied::share_hold(core, link.conn);
            let Some(c) = core.conns.get_mut(link.conn) else { return };
            if let Some(stream) = core.streams.get_mut(key)
                && stream.kind.perf
                && c.times.is_some()
            {
                stream.txn.times = c.times.take();
            }
            let (route, last, served) =
                (Rc::clone(&c.route), c.bound.is_empty(), c.served.is_some());
            let parted =
                c.open().and_then(|open| in_parting(|| parted(open, link.tid, last, served)));
            let (session, reuse) = parted.unwrap_or((None, Reuse::Never));
            if let Some(session) = session {
                core.sessions.keep(route, session);
            }
            // others wait for the place, and what the codec said has to go out
            core.queue(link.conn);
            self.keep_or_close(core, link.conn, reuse)
        };
        if let Some(conn) = close
            && self.leave(conn).is_none()
        {
            self.close(conn);
        }
    }

    /// Keeps a connection that a stream has left, or says which one is to be closed.
    fn keep_or_close(&self, core: &mut Core, conn: ConnKey, reuse: Reuse) -> Option<ConnKey> {
        if core.left_by_stream(conn, reuse == Reuse::Never, self.now()).is_some() {
            return None;
        }
        let c = core.conns.get_mut(conn)?;
        match (reuse, c.shared) {
            (Reuse::Idle, false) => self.keep_idle(core, conn),
            (Reuse::Idle | Reuse::Shared(_), true) => {
                if c.bound.is_empty() {
                    self.limit_idling(core, conn);
                }
                None
            }
            (Reuse::Shared(_), false) => None,
            (Reuse::Busy | Reuse::Never, _) => c.bound.is_empty().then_some(conn),
        }
    }

    /// Keeps an idle connection. Returns one that is to be closed for it.
    fn keep_idle(&self, core: &mut Core, conn: ConnKey) -> Option<ConnKey> {
        let c = core.conns.get_mut(conn)?;
        let open = c.open()?;
        if !open.out.is_empty() || open.unflushed {
            return Some(conn);
        }
        open.out.release_if_idle();
        c.pooled = true;
        let route = Rc::clone(&c.route);
        self.limit_idling(core, conn);
        let evicted = core.pool.put(route, conn)?;
        if let Some(e) = core.conns.get_mut(evicted) {
            e.pooled = false;
        }
        Some(evicted)
    }

    /// An idle connection is closed after some time.
    fn limit_idling(&self, core: &mut Core, conn: ConnKey) {
        self.close_in(core, conn, self.options.idle_timeout);
    }

    /// A connection without streams is closed after some time.
    pub(super) fn close_in(&self, core: &mut Core, conn: ConnKey, wait: Micros) {
        let due = self.now() + wait;
        let timer = core.timers.schedule(due, Timer::ConnDeadline(conn));
        let Some(c) = core.conns.get_mut(conn) else { return };
        let old = [c.deadline.replace(timer), c.validity.take()];
        for timer in old.into_iter().flatten() {
            core.timers.cancel(timer);
        }
    }
}

/// A stream parts from the codec: what the last one leaves unsaid, which has to outlive that, and what becomes of the
/// connection.
fn parted(open: &mut Open, tid: Option<Tid>, last: bool, served: bool) -> (Option<Session>, Reuse) {
    let session = if last { open.codec.take_session() } else { None };
    let Some(tid) = tid else { return (session, open.codec.reuse()) };
    if served && open.speaks == Protocol::Ws {
        open.codec.goodbye(&mut open.out);
    }
    (session, open.codec.abandon(tid, &mut open.out))
}
