//! Which of the listening streams on a port a request is for.
//!
//! With TLS the name in the handshake has chosen for the whole connection. Without, each request
//! chooses for itself by its host: the stream of that name, else one in whose domain it is, else
//! the oldest. While a port has one stream only, all is that one's.

use super::Role;
use crate::engine::conn::{ConnKey, Stage};
use crate::engine::context::{Context, Core};
use crate::engine::life::Quietly;
use crate::engine::stream::StreamKey;
use crate::net::{ServerStore, above, called};
use crate::policy::Protocol;
use crate::proto::Tid;

/// Whom a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    Stream(StreamKey),
    /// One that is not to be had on this connection.
    Elsewhere,
}

impl Core {
    /// The listening stream whose limits a connection has: the one it is for, else the oldest.
    pub(super) fn listener_of(&self, conn: ConnKey) -> Option<StreamKey> {
        let served = self.conns.get(conn)?.served.as_ref()?;
        let oldest = || self.ports.get(served.port)?.streams.first().copied();
        served.listener.or_else(oldest)
    }

    /// Whether requests on a connection to this port say for themselves whom they are for.
    pub(super) fn requests_choose(&self, port: super::PortKey) -> bool {
        let port = self.ports.get(port);
        port.is_some_and(|p| p.stores.is_empty() && p.streams.len() > 1)
    }

    /// Whom a request is for. `None`: nobody is left.
    pub(super) fn choose(&self, conn: ConnKey, tid: Tid) -> Option<Choice> {
        let c = self.conns.get(conn)?;
        let Stage::Open(open) = &c.stage else { return None };
        let served = c.served.as_ref()?;
        let port = self.ports.get(served.port)?;
        if port.streams.len() == 1 {
            return self.listener_of(conn).map(Choice::Stream);
        }
        let host = host_of(&open.codec.request(tid)?.authority);
        if !port.stores.is_empty() {
            let own = self.listener_of(conn)?;
            if open.transport.server_name().is_some_and(|name| name.eq_ignore_ascii_case(host)) {
                return Some(Choice::Stream(own));
            }
            let named = ServerStore::find(&port.stores, host).and_then(|at| port.streams.get(at));
            let elsewhere = named.is_some_and(|named| *named != own);
            return Some(if elsewhere { Choice::Elsewhere } else { Choice::Stream(own) });
        }
        let names = || port.names.iter().map(|name| &**name);
        let named = called(names(), host).or_else(|| above(names(), host));
        let speaks = |key: &StreamKey| self.speaks(*key, open.speaks);
        match named.and_then(|at| port.streams.get(at)) {
            Some(named) if !speaks(named) => Some(Choice::Elsewhere),
            Some(named) => Some(Choice::Stream(*named)),
            None => port.streams.iter().find(|s| speaks(s)).copied().map(Choice::Stream),
        }
    }

    /// Whether a listening stream answers requests that come in by `spoken`.
    fn speaks(&self, listener: StreamKey, spoken: Protocol) -> bool {
        let Some(stream) = self.streams.get(listener) else { return false };
        match stream.kind.protocol {
            Protocol::H2 => true,
            Protocol::H1 | Protocol::Ws => spoken == Protocol::H1,
            Protocol::Raw | Protocol::Mqtt | Protocol::H3 => false,
        }
    }
}

impl Context {
    /// The stream of an h1 connection goes if the next request is for another listening stream
    /// than the last one was.
    pub(super) fn leave_for(&self, conn: ConnKey, listener: StreamKey) {
        let leaves = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return };
            let Some((_, key)) = c.bound.first().copied() else { return };
            let Some(stream) = core.streams.get_mut(key) else { return };
            if stream.role == Role::Accepted(listener) {
                return;
            }
            stream.link = None;
            c.unbind(key);
            key
        };
        self.link_down(leaves, Quietly::Yes);
    }
}

/// The host of an authority, without a port, brackets or the dot of the root.
fn host_of(authority: &str) -> &str {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => authority.split(':').next().unwrap_or(authority),
    };
    host.strip_suffix('.').unwrap_or(host)
}

#[cfg(test)]
mod tests {
    use super::host_of;
    use crate::net::{above, called};

    #[test]
    fn hosts_are_found_in_authorities() {
        let table = [
            ("a.example", "a.example"),
            ("a.example:80", "a.example"),
            ("a.example.:80", "a.example"),
            ("[::1]:80", "::1"),
            ("", ""),
        ];
        for (authority, host) in table {
            assert_eq!(host_of(authority), host);
        }
    }

    #[test]
    fn names_are_whole_and_domains_end_at_dots() {
        let names = || ["b", "example.com", "", "a.example.com", "com"].into_iter();
        let found = |host| called(names(), host).or_else(|| above(names(), host));
        assert_eq!(found("A.example.com"), Some(3));
        assert_eq!(found("x.a.Example.com"), Some(1), "the oldest");
        assert_eq!(found("aexample.com"), Some(4));
        assert_eq!(found("example.co"), None);
        assert_eq!(found(".b"), None);
        assert_eq!(found("b."), None);
    }
}
