//! What becomes of a connection when a stream leaves it: kept for the next one, or closed.

use std::rc::Rc;

use super::conn::ConnKey;
use super::context::{Context, Core, Timer};
use super::stream::StreamKey;
use crate::policy::Protocol;
use crate::proto::Reuse;
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
            // the last one goes: what it leaves unsaid has to outlive the codec
            if c.bound.is_empty()
                && let Some(session) = c.open().and_then(|o| o.codec.take_session())
            {
                core.sessions.keep(Rc::clone(&c.route), session);
            }
            let served = c.served.is_some();
            let reuse = match (c.open(), link.tid) {
                (Some(open), Some(tid)) => {
                    if served && open.speaks == Protocol::Ws {
                        open.codec.goodbye(&mut open.out);
                    }
                    open.codec.abandon(tid, &mut open.out)
                }
                (Some(open), None) => open.codec.reuse(),
                (None, _) => Reuse::Never,
            };
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
