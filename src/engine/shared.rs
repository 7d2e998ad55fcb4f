//! Connections that several streams use at the same time (h2, mqtt), and what is known of
//! places that do not let them.

use std::rc::Rc;

use super::conn::ConnKey;
use super::route::Route;
use crate::proto::mqtt;

/// Places that are remembered to speak h1 only; the oldest is forgotten first.
const MAX_H1_ONLY: usize = 64;

/// The connections that streams may join, oldest first.
#[derive(Default)]
pub(super) struct Shared {
    conns: Vec<(Rc<Route>, ConnKey)>,
    h1_only: Vec<Rc<Route>>,
}

impl Shared {
    /// The connections along `route`.
    pub fn along(&self, route: &Route) -> Vec<ConnKey> {
        self.conns.iter().filter(|(r, _)| **r == *route).map(|(_, c)| *c).collect()
    }

    /// Lets streams join a connection.
    pub fn add(&mut self, route: Rc<Route>, conn: ConnKey) {
        self.conns.push((route, conn));
    }

    /// Lets no more streams join a connection.
    pub fn remove(&mut self, conn: ConnKey) {
        self.conns.retain(|(_, c)| *c != conn);
    }

    /// The place that `route` leads to was asked for h2 and speaks h1 only: streams of this kind
    /// are not kept waiting for each other there.
    pub fn note_h1_only(&mut self, route: Rc<Route>) {
        if !self.is_h1_only(&route) {
            self.h1_only.push(route);
            if self.h1_only.len() > MAX_H1_ONLY {
                self.h1_only.remove(0);
            }
        }
    }

    /// The place speaks h2 after all.
    pub fn note_h2(&mut self, route: &Route) {
        self.h1_only.retain(|r| **r != *route);
    }

    /// Whether the place is known to speak h1 only.
    pub fn is_h1_only(&self, route: &Route) -> bool {
        self.h1_only.iter().any(|r| **r == *route)
    }
}

/// Mqtt sessions whose connection was lost, for the next one to the same place.
#[derive(Default)]
pub(super) struct Sessions(Vec<(Rc<Route>, mqtt::Session)>);

/// Sessions that are kept at most; the oldest is forgotten first.
const MAX_SESSIONS: usize = 16;

impl Sessions {
    /// Keeps what a lost connection left behind.
    pub fn keep(&mut self, route: Rc<Route>, session: mqtt::Session) {
        self.0.push((route, session));
        if self.0.len() > MAX_SESSIONS {
            self.0.remove(0);
        }
    }

    /// Takes what an earlier connection left behind.
    pub fn take(&mut self, route: &Route) -> Option<mqtt::Session> {
        let at = self.0.iter().rposition(|(r, _)| **r == *route)?;
        Some(self.0.remove(at).1)
    }
}
