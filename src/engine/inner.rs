//! What streams of our own (the link to a proxy) need beyond what programs may ask.

use std::rc::Rc;
use std::sync::Arc;

use super::context::Context;
use super::life::Quietly;
use super::route::{BadEndpoint, Place, Tls};
use super::stream::{Handler, StreamKey};
use crate::net::{Identity, TrustStore};
use crate::stream::Phase;

/// TLS on a stream of our own, whose stream type is in no policy.
#[derive(Clone, Debug)]
pub struct LinkTls {
    /// Whom to trust.
    pub trust: Arc<TrustStore>,
    /// What is shown to a peer that asks who we are.
    pub identity: Option<Arc<Identity>>,
    /// The name or address that the peer's certificate must bear; `None`: the one that is
    /// connected to.
    pub name: Option<String>,
    /// What the peer is called in reasons, such as `the proxy`.
    pub peer: &'static str,
}

impl LinkTls {
    pub(super) fn towards(&self, place: &Place) -> Result<Tls, BadEndpoint> {
        let Place::Net(host, _) = place else {
            return Err(BadEndpoint("TLS is for TCP, not for unix sockets".to_owned()));
        };
        Ok(Tls {
            name: self.name.clone().unwrap_or_else(|| host.clone()),
            trust: Arc::clone(&self.trust),
            identity: self.identity.clone(),
            peer: Some(self.peer),
        })
    }
}

impl Context {
    /// Gives a stream another tag than that of its kind: `[pid|group|ordinal|name]`.
    pub fn set_tag(&self, key: StreamKey, group: &str, name: &str) {
        if let Some(stream) = self.core().streams.get_mut(key) {
            let tag = format!("[{}|{group}|{:x}|{name}]", std::process::id(), stream.born);
            stream.tag = Rc::from(tag);
        }
    }

    /// How large the first windows of a stream are, in bytes.
    pub fn set_first_room(&self, key: StreamKey, room: usize) {
        if let Some(stream) = self.core().streams.get_mut(key) {
            stream.tx_room = room;
        }
    }

    /// Does `f` as a callback of the stream: destroying it in there waits. `None`: there is no
    /// such stream.
    pub fn in_callback<R>(&self, key: StreamKey, f: impl FnOnce(&dyn Handler) -> R) -> Option<R> {
        self.call(key, None, |handler| Some(f(handler)))
    }

    /// Closes a stream's link as if the peer had: the stream is DISCONNECTED, and connected again
    /// as its retry policy says.
    pub fn hang_up(&self, key: StreamKey) {
        if matches!(self.phase(key), Some(Phase::Connecting | Phase::Connected)) {
            self.let_go(key);
            self.link_down(key, Quietly::No);
        }
    }
}
