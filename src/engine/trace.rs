//! What happens on connections, for the log at its most talkative.

use std::fmt::Arguments;
use std::rc::Rc;

use super::conn::ConnKey;
use super::context::Context;
use crate::util::log;

impl Context {
    /// Logs an event of a connection, under the name of the first stream that is bound to it. Free if nobody listens.
    pub(super) fn trace(&self, conn: ConnKey, event: Arguments<'_>) {
        if !log::enabled(log::Level::Debug) {
            return;
        }
        let tag = {
            let core = self.core();
            let first = core.conns.get(conn).and_then(|c| c.bound.first()).map(|(_, key)| *key);
            first.and_then(|key| core.streams.get(key)).map(|stream| Rc::clone(&stream.tag))
        };
        match tag {
            Some(tag) => log::debug!(tag: tag, "{event}"),
            None => log::debug!("{event}"),
        }
    }
}
