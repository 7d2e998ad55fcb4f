//! Answers of the resolver that are still good.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};

use crate::util::Micros;
use crate::util::clock::SEC;

/// How long an answer is used again. The system does not tell how long a name server means it to
/// be; this is less than most of them do.
pub const DNS_TTL: Micros = 30 * SEC;

/// Names that are remembered; the oldest is forgotten first.
const MAX_NAMES: usize = 64;

struct Entry {
    host: String,
    addrs: Vec<IpAddr>,
    until: Micros,
}

/// The answers, oldest first.
#[derive(Default)]
pub struct Cache(VecDeque<Entry>);

impl Cache {
    /// The addresses of `host`, each with `port`.
    pub fn get(&mut self, host: &str, port: u16, now: Micros) -> Option<Vec<SocketAddr>> {
        while self.0.front().is_some_and(|e| e.until <= now) {
            self.0.pop_front();
        }
        let entry = self.0.iter().find(|e| e.host == host)?;
        Some(entry.addrs.iter().map(|ip| SocketAddr::new(*ip, port)).collect())
    }

    /// Remembers an answer.
    pub fn put(&mut self, host: &str, addrs: &[SocketAddr], now: Micros) {
        // an address with a scope is good with it only
        if addrs.iter().any(|a| matches!(a, SocketAddr::V6(v6) if v6.scope_id() != 0)) {
            return;
        }
        self.forget(host);
        if self.0.len() >= MAX_NAMES {
            self.0.pop_front();
        }
        let addrs = addrs.iter().map(SocketAddr::ip).collect();
        self.0.push_back(Entry { host: host.to_owned(), addrs, until: now + DNS_TTL });
    }

    /// The answer turned out to be of no use.
    pub fn forget(&mut self, host: &str) {
        self.0.retain(|e| e.host != host);
    }
}

#[cfg(test)]
mod tests {
    use super::{Cache, DNS_TTL, MAX_NAMES};
    use std::net::SocketAddr;

    #[test]
    fn answers_are_good_for_a_while() {
        let mut cache = Cache::default();
        let [a, b] = ["10.0.0.1:1", "[::1]:1"].map(|a| a.parse::<SocketAddr>().unwrap());
        cache.put("x", &[a, b], 5);
        let with_port = ["10.0.0.1:7", "[::1]:7"].map(|a| a.parse().unwrap());
        assert_eq!(cache.get("x", 7, 5 + DNS_TTL - 1), Some(with_port.to_vec()));
        assert_eq!(cache.get("y", 7, 5), None);
        assert_eq!(cache.get("x", 7, 5 + DNS_TTL), None);
        cache.put("x", &[a], 5);
        cache.forget("x");
        assert_eq!(cache.get("x", 7, 5), None);
    }

    #[test]
    fn a_new_answer_takes_the_place_of_the_old_one() {
        let mut cache = Cache::default();
        let [a, b] = ["10.0.0.1:1", "10.0.0.2:1"].map(|a| a.parse::<SocketAddr>().unwrap());
        cache.put("x", &[a], 0);
        cache.put("x", &[b], DNS_TTL - 1);
        assert_eq!(cache.get("x", 1, DNS_TTL), Some(vec![b]));
    }

    #[test]
    fn memory_is_bounded_and_scopes_are_not_lost() {
        let mut cache = Cache::default();
        let a: SocketAddr = "10.0.0.1:1".parse().unwrap();
        for n in 0..=MAX_NAMES {
            cache.put(&n.to_string(), &[a], 0);
        }
        assert_eq!(cache.0.len(), MAX_NAMES);
        assert_eq!(cache.get("0", 1, 0), None);
        cache.put("scoped", &["[fe80::1%3]:1".parse().unwrap()], 0);
        assert_eq!(cache.get("scoped", 1, 0), None);
    }
}
