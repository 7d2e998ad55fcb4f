//! Idle connections, kept for the next transaction to the same place with the same trust.

use std::rc::Rc;

use super::conn::ConnKey;
use super::route::Route;

/// Idle connections that are kept at most; the oldest goes first.
const MAX_IDLE: usize = 256;

/// The idle connections, oldest first.
#[derive(Default)]
pub(super) struct Pool {
    idle: Vec<(Rc<Route>, ConnKey)>,
}

impl Pool {
    /// Takes the connection that became idle last, the one least likely to have been closed.
    pub fn take(&mut self, route: &Route) -> Option<ConnKey> {
        let at = self.idle.iter().rposition(|(r, _)| **r == *route)?;
        Some(self.idle.remove(at).1)
    }

    /// Keeps a connection; returns one that has to go for it.
    #[must_use]
    pub fn put(&mut self, route: Rc<Route>, conn: ConnKey) -> Option<ConnKey> {
        self.idle.push((route, conn));
        (self.idle.len() > MAX_IDLE).then(|| self.idle.remove(0).1)
    }

    /// Forgets a connection.
    pub fn remove(&mut self, conn: ConnKey) {
        self.idle.retain(|(_, c)| *c != conn);
    }
}
