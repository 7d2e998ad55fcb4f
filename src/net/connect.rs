//! Racing a host's addresses (RFC 8305 section 5): one dead family or address costs a
//! fraction of a second, not the connection.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::SocketAddr;

use mio::{Interest, Registry, Token};

use super::tcp::TcpTransport;
use super::{SocketOptions, Transport};
use crate::util::Micros;
use crate::util::clock::MS;

/// Time that an attempt has to itself before the next address is tried beside it (RFC 8305
/// section 8, Connection Attempt Delay).
pub const ATTEMPT_DELAY: Micros = 250 * MS;

/// Sockets that one connector has open at the same time. Where that many hang, the next
/// address waits for one of them to fail.
pub const MAX_ATTEMPTS: usize = 6;

/// Addresses of one host that are tried; what the resolver names beyond them is left out.
const MAX_ADDRESSES: usize = 32;

/// Where connecting stands.
pub enum Progress {
    /// Not decided: wait for readiness of a slot and for the
    /// [`next_deadline`](Connector::next_deadline).
    Pending,
    /// This one won; the others are closed. It is still registered, under its slot's token,
    /// for both readable and writable, and those events may have been had already: take both
    /// for ready.
    Connected {
        /// The connection.
        transport: Box<dyn Transport>,
        /// Its slot.
        slot: usize,
        /// Whom it leads to.
        peer: SocketAddr,
    },
    /// No address is left.
    Failed(ConnectError),
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pending => f.write_str("Pending"),
            Self::Connected { transport, slot, .. } => {
                write!(f, "Connected({} in slot {slot})", transport.peer())
            }
            Self::Failed(e) => write!(f, "Failed({e})"),
        }
    }
}

/// Why no address could be connected to.
#[derive(Debug)]
pub struct ConnectError {
    /// Each address tried and its error, in order of failure. Empty if there was no address.
    pub failures: Vec<(SocketAddr, io::Error)>,
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.failures.is_empty() {
            return f.write_str("no address to connect to");
        }
        for (n, (addr, e)) in self.failures.iter().enumerate() {
            let comma = if n == 0 { "" } else { ", " };
            write!(f, "{comma}{addr}: {e}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConnectError {}

struct Attempt {
    addr: SocketAddr,
    tcp: TcpTransport,
}

/// Connects to whichever of a host's addresses answers first. Time is the caller's.
///
/// An attempt lives in a slot (`0..MAX_ATTEMPTS`) and is registered under the token
/// `base + slot`. The connector sets no limit on the whole: the caller drops it when its own
/// time is up. Once it has said `Connected` or `Failed` it does nothing more.
pub struct Connector {
    waiting: VecDeque<SocketAddr>,
    attempts: [Option<Attempt>; MAX_ATTEMPTS],
    next_start: Option<Micros>,
    failures: Vec<(SocketAddr, io::Error)>,
    warnings: Vec<String>,
    options: SocketOptions,
    base: Token,
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connector")
            .field("waiting", &self.waiting)
            .field("failures", &self.failures)
            .finish_non_exhaustive()
    }
}

impl Connector {
    /// A connector for `addrs`, which the resolver gave in this order; the families take
    /// turns, starting with that of the first (RFC 8305 section 4). Duplicates are dropped.
    /// The tokens `base .. base + MAX_ATTEMPTS` are to be this connector's own.
    #[must_use]
    pub fn new(addrs: &[SocketAddr], options: SocketOptions, base: Token) -> Self {
        Self {
            waiting: interleave(addrs),
            attempts: Default::default(),
            next_start: None,
            failures: Vec::new(),
            warnings: Vec::new(),
            options,
            base,
        }
    }

    /// Opens the first attempt. `now` is the time in microseconds.
    pub fn start(&mut self, registry: &Registry, now: Micros) -> Progress {
        self.start_next(registry, now)
    }

    /// The socket of `slot` became ready (readable or writable, either may tell a failure).
    /// A spurious call, also for an empty slot, does no harm.
    pub fn on_ready(&mut self, slot: usize, registry: &Registry, now: Micros) -> Progress {
        let Some(attempt) = self.attempts.get_mut(slot).and_then(Option::as_mut) else {
            return Progress::Pending;
        };
        match attempt.tcp.handshake() {
            Ok(false) => Progress::Pending,
            Ok(true) => self.win(slot, registry),
            Err(e) => {
                let failure = self.close(slot, registry).map(|addr| (addr, e));
                self.failures.extend(failure);
                self.start_next(registry, now)
            }
        }
    }

    /// When [`on_deadline`](Self::on_deadline) wants to be called, if at all.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Micros> {
        self.next_start
    }

    /// Tries the next address beside those under way, if it is time.
    pub fn on_deadline(&mut self, registry: &Registry, now: Micros) -> Progress {
        match self.next_start {
            Some(at) if at <= now => self.start_next(registry, now),
            _ => Progress::Pending,
        }
    }

    /// Closes every attempt.
    pub fn cancel(&mut self, registry: &Registry) {
        self.waiting.clear();
        self.next_start = None;
        for slot in 0..MAX_ATTEMPTS {
            self.close(slot, registry);
        }
    }

    /// What the system refused of the options that are only hints (type of service,
    /// priority), for the log, once each.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    fn start_next(&mut self, registry: &Registry, now: Micros) -> Progress {
        self.next_start = None;
        let Some(slot) = self.attempts.iter().position(Option::is_none) else {
            return Progress::Pending;
        };
        while let Some(addr) = self.waiting.pop_front() {
            match self.open(addr, slot, registry) {
                Ok(()) => {
                    self.next_start = (!self.waiting.is_empty()).then_some(now + ATTEMPT_DELAY);
                    return Progress::Pending;
                }
                Err(e) => self.failures.push((addr, e)),
            }
        }
        if self.attempts.iter().any(Option::is_some) {
            return Progress::Pending;
        }
        Progress::Failed(ConnectError { failures: std::mem::take(&mut self.failures) })
    }

    fn open(&mut self, addr: SocketAddr, slot: usize, registry: &Registry) -> io::Result<()> {
        let (mut tcp, refused) = TcpTransport::connect_noting(addr, &self.options)?;
        for warning in refused.iter().map(ToString::to_string) {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        let token = Token(self.base.0 + slot);
        registry.register(tcp.source(), token, Interest::READABLE | Interest::WRITABLE)?;
        self.attempts[slot] = Some(Attempt { addr, tcp });
        Ok(())
    }

    fn win(&mut self, slot: usize, registry: &Registry) -> Progress {
        let winner = self.attempts[slot].take();
        self.cancel(registry);
        match winner {
            Some(Attempt { tcp, addr }) => {
                Progress::Connected { transport: Box::new(tcp), slot, peer: addr }
            }
            None => Progress::Pending,
        }
    }

    /// Takes the attempt out of its slot and closes its socket.
    fn close(&mut self, slot: usize, registry: &Registry) -> Option<SocketAddr> {
        let Attempt { addr, mut tcp } = self.attempts[slot].take()?;
        // closing the socket removes it from the poll in any case
        let _ = registry.deregister(tcp.source());
        Some(addr)
    }
}

/// The addresses with their families taking turns, without duplicates.
fn interleave(addrs: &[SocketAddr]) -> VecDeque<SocketAddr> {
    let mut seen: Vec<SocketAddr> = Vec::new();
    for addr in addrs.iter().take(MAX_ADDRESSES) {
        if !seen.contains(addr) {
            seen.push(*addr);
        }
    }
    let first_is_v4 = seen.first().is_some_and(SocketAddr::is_ipv4);
    let (first, second): (Vec<_>, Vec<_>) =
        seen.into_iter().partition(|a| a.is_ipv4() == first_is_v4);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut order = VecDeque::new();
    loop {
        let pair = [first.next(), second.next()];
        if pair == [None, None] {
            return order;
        }
        order.extend(pair.into_iter().flatten());
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_ADDRESSES, interleave};
    use std::net::SocketAddr;

    fn addrs(list: &[&str]) -> Vec<SocketAddr> {
        list.iter().map(|a| a.parse().unwrap()).collect()
    }

    #[test]
    fn families_take_turns_in_the_resolvers_order() {
        let order = interleave(&addrs(&["[::1]:1", "[::2]:1", "[::3]:1", "10.0.0.1:1"]));
        assert_eq!(order, addrs(&["[::1]:1", "10.0.0.1:1", "[::2]:1", "[::3]:1"]));
        let order = interleave(&addrs(&["10.0.0.1:1", "10.0.0.2:1", "[::1]:1", "[::2]:1"]));
        assert_eq!(order, addrs(&["10.0.0.1:1", "[::1]:1", "10.0.0.2:1", "[::2]:1"]));
    }

    #[test]
    fn duplicates_and_excess_are_left_out() {
        assert_eq!(interleave(&addrs(&["10.0.0.1:1", "10.0.0.1:1"])), addrs(&["10.0.0.1:1"]));
        let many: Vec<_> = (1..=99).map(|n| SocketAddr::from(([10, 0, 0, n], 1))).collect();
        assert_eq!(interleave(&many), &many[..MAX_ADDRESSES]);
    }
}
