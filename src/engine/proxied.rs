//! What streams need that are used by another process, behind a proxy: it cannot be asked
//! directly, and it takes payload at its own pace.

use super::conn::ConnKey;
use super::context::{Context, Core};
use super::stream::StreamKey;
use crate::policy::Protocol;
use crate::stream::Phase;

impl Context {
    /// Says that another process uses the stream. One with a request body to send is then told
    /// CONNECTED when the request has gone out, instead of when the response is there: on the
    /// proxy protocol nothing is sent before.
    pub fn set_proxied(&self, key: StreamKey) {
        if let Some(stream) = self.core().streams.get_mut(key) {
            stream.proxied = true;
        }
    }

    /// The request has gone out: whoever is to send its body has to know.
    pub(super) fn announce_body(&self, key: StreamKey, method: &str) {
        // the response is still waited for
        let timer = {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return };
            let waits = stream.proxied && stream.phase == Phase::Connecting && !stream.txn.as_get;
            if !waits || !super::http::may_send_body(stream, method) {
                return;
            }
            stream.response_timer.take()
        };
        self.link_up(key);
        let mut core = self.core();
        match core.streams.get_mut(key).filter(|s| s.link.is_some()) {
            Some(stream) => stream.response_timer = timer,
            None => core.cancel(timer),
        }
    }

    /// Stops reading from the stream's peer until [`release_rx`](Self::release_rx): the
    /// transport's own flow control slows the peer down. What was read already is still
    /// delivered. Of an h2 connection nothing is held back: there each stream has a credit of its
    /// own (see [`NewStream::peer_credit`](super::NewStream)). Others on an mqtt connection wait
    /// too.
    pub fn hold_rx(&self, key: StreamKey) {
        self.set_held(key, true);
    }

    /// Reads on.
    pub fn release_rx(&self, key: StreamKey) {
        self.set_held(key, false);
    }

    fn set_held(&self, key: StreamKey, held: bool) {
        let mut core = self.core();
        let core = &mut *core;
        let Some(stream) = core.streams.get_mut(key) else { return };
        stream.rx_held = held;
        if let Some(link) = stream.link {
            share_hold(core, link.conn);
        }
    }

    /// Hands over the metadata that the peer's response has set, each value once.
    pub fn take_received(&self, key: StreamKey, mut take: impl FnMut(&str, &[u8])) {
        let mut core = self.core();
        let Some(stream) = core.streams.get_mut(key) else { return };
        while let Some(i) = stream.metadata.take_fresh() {
            if let (Some(def), Some(value)) =
                (stream.kind.metadata.get(i), stream.metadata.declared(i))
            {
                take(&def.name, value);
            }
        }
    }
}

/// A connection is not read from while one of its streams takes nothing.
pub(super) fn share_hold(core: &mut Core, conn: ConnKey) {
    let Some(c) = core.conns.get_mut(conn) else { return };
    let one = c.bound.iter().any(|(_, s)| core.streams.get(*s).is_some_and(|s| s.rx_held));
    let held = one && c.open().is_none_or(|open| open.speaks != Protocol::H2);
    if std::mem::replace(&mut c.held, held) && !held {
        // what came meanwhile made its event then
        c.readable = true;
        core.queue(conn);
    }
}
