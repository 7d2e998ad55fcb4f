//! Names to addresses without blocking the loop: the system's own resolver (so that
//! nsswitch and the hosts file keep working) on one helper thread.

use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;

use mio::Waker;

use super::dns_cache::Cache;
use crate::util::Micros;

/// Look-ups that may wait for the helper thread.
pub const MAX_QUEUED: usize = 256;

/// The longest host name in characters (RFC 1035 section 2.3.4, without the last dot).
const MAX_NAME: usize = 253;

/// A blocking look-up: host and port to addresses, in the order to try them.
pub type LookupFn = fn(&str, u16) -> Result<Vec<SocketAddr>, LookupError>;

/// A look-up under way. Ids are not reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LookupId(u64);

/// What [`Resolver::start`] has to say at once.
#[derive(Debug, PartialEq, Eq)]
pub enum Lookup {
    /// The host was an address in numbers, or its addresses are known.
    Ready(Vec<SocketAddr>),
    /// The waker fires once [`Resolver::poll`] has the answer.
    Pending(LookupId),
}

/// The outcome of a look-up: at least one address, or why there is none.
pub type Answer = Result<Vec<SocketAddr>, LookupError>;

/// Kinds of [`LookupError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LookupErrorKind {
    /// There is no such name (NXDOMAIN).
    NotFound,
    /// The name exists but has no address.
    NoAddress,
    /// No name server could be reached, or none gave a usable answer.
    Unreachable,
    /// The look-up could not be made, or the system does not say why it failed.
    Other,
}

/// Why a name has no addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupError {
    /// To decide by.
    pub kind: LookupErrorKind,
    /// For a person; names the host.
    pub detail: String,
}

impl LookupError {
    /// An error of `kind`; `detail` says what exactly.
    pub fn new(kind: LookupErrorKind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)
    }
}

impl std::error::Error for LookupError {}

/// A look-up by the standard library. It hides why a look-up failed, so the kind is always
/// [`LookupErrorKind::Other`].
///
/// # Errors
/// The look-up failed.
pub fn std_lookup(host: &str, port: u16) -> Answer {
    match (host, port).to_socket_addrs() {
        Ok(addrs) => Ok(addrs.collect()),
        Err(e) => Err(LookupError::new(LookupErrorKind::Other, format!("{host}: {e}"))),
    }
}

struct Request {
    id: LookupId,
    host: String,
    port: u16,
}

/// What the resolver and its helper share.
#[derive(Default)]
struct Shared {
    queue: VecDeque<Request>,
    running: Option<LookupId>,
    answers: VecDeque<(Request, Answer)>,
    closed: bool,
}

#[derive(Default)]
struct Desk {
    shared: Mutex<Shared>,
    work: Condvar,
}

impl Desk {
    fn lock(&self) -> MutexGuard<'_, Shared> {
        // no invariant spans a panic: every change is one push, pop or assignment
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Resolves names for one event loop.
///
/// The helper thread starts with the first name and ends when the resolver is dropped; the
/// drop waits for nothing, a look-up that is under way then ends unheard.
pub struct Resolver {
    desk: Arc<Desk>,
    waker: Arc<Waker>,
    lookup: LookupFn,
    next_id: u64,
    helper: bool,
    cache: Cache,
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("helper", &self.helper).finish_non_exhaustive()
    }
}

impl Resolver {
    /// A resolver whose answers wake the loop through `waker`. `lookup` is called on the
    /// helper thread.
    #[must_use]
    pub fn new(waker: Arc<Waker>, lookup: LookupFn) -> Self {
        Self {
            desk: Arc::default(),
            waker,
            lookup,
            next_id: 0,
            helper: false,
            cache: Cache::default(),
        }
    }

    /// Asks for the addresses of `host` (a name, or an address in numbers, IPv6 also in
    /// brackets), each with `port`. `now` is the time in microseconds.
    ///
    /// # Errors
    /// The name is not one, too many look-ups wait, or no thread can be had.
    pub fn start(&mut self, host: &str, port: u16, now: Micros) -> Result<Lookup, LookupError> {
        if let Some(ip) = numeric(host) {
            return Ok(Lookup::Ready(vec![SocketAddr::new(ip, port)]));
        }
        if let Some(addrs) = self.cache.get(host, port, now) {
            return Ok(Lookup::Ready(addrs));
        }
        check_name(host)?;
        self.ensure_helper(host)?;
        let mut shared = self.desk.lock();
        if shared.queue.len() >= MAX_QUEUED {
            let detail = format!("{host}: {MAX_QUEUED} look-ups wait already");
            return Err(LookupError::new(LookupErrorKind::Other, detail));
        }
        let id = LookupId(self.next_id);
        self.next_id += 1;
        shared.queue.push_back(Request { id, host: host.to_owned(), port });
        drop(shared);
        self.desk.work.notify_one();
        Ok(Lookup::Pending(id))
    }

    /// Forgets a look-up; [`poll`](Self::poll) will not report it. One that is under way
    /// still occupies the helper until the system answers.
    pub fn cancel(&mut self, id: LookupId) {
        let mut shared = self.desk.lock();
        shared.queue.retain(|r| r.id != id);
        shared.answers.retain(|(of, _)| of.id != id);
        if shared.running == Some(id) {
            shared.running = None;
        }
    }

    /// The next answer, oldest first. To be called until it says `None` when the waker has
    /// fired. `now` is the time in microseconds.
    pub fn poll(&mut self, now: Micros) -> Option<(LookupId, Answer)> {
        let (Request { id, host, .. }, answer) = self.desk.lock().answers.pop_front()?;
        if let Ok(addrs) = &answer {
            self.cache.put(&host, addrs, now);
        }
        Some((id, answer))
    }

    /// Nobody could be reached at the addresses of `host`: they are looked up anew next time.
    pub fn forget(&mut self, host: &str) {
        self.cache.forget(host);
    }

    fn ensure_helper(&mut self, host: &str) -> Result<(), LookupError> {
        if self.helper {
            return Ok(());
        }
        let (desk, waker, lookup) = (self.desk.clone(), Arc::downgrade(&self.waker), self.lookup);
        thread::Builder::new()
            .name("ss-resolver".to_owned())
            .spawn(move || help(&desk, &waker, lookup))
            .map_err(|e| {
                let detail = format!("{host}: no thread for the look-up: {e}");
                LookupError::new(LookupErrorKind::Other, detail)
            })?;
        self.helper = true;
        Ok(())
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        let mut shared = self.desk.lock();
        shared.closed = true;
        shared.queue.clear();
        drop(shared);
        self.desk.work.notify_one();
    }
}

/// The helper's life: one look-up after the other until the resolver is gone. It holds the
/// waker weakly, so that the loop's file descriptors close without it.
fn help(desk: &Desk, waker: &Weak<Waker>, lookup: LookupFn) {
    while let Some(request) = next_request(desk) {
        let answer = answer(lookup, &request);
        let mut shared = desk.lock();
        if shared.closed {
            return;
        }
        // who waits to ask the same has the answer too
        let (same, others): (VecDeque<_>, _) = std::mem::take(&mut shared.queue)
            .into_iter()
            .partition(|r| (&r.host, r.port) == (&request.host, request.port));
        shared.queue = others;
        // cancelled meanwhile: nobody wants to hear
        let wanted = shared.running.take() == Some(request.id);
        let heard = wanted.then_some(request).into_iter().chain(same);
        let before = shared.answers.len();
        shared.answers.extend(heard.map(|r| (r, answer.clone())));
        if shared.answers.len() == before {
            continue;
        }
        drop(shared);
        if let Some(waker) = waker.upgrade() {
            // fails only where the loop's own poll would fail too
            let _ = waker.wake();
        }
    }
}

fn next_request(desk: &Desk) -> Option<Request> {
    let mut shared = desk.lock();
    loop {
        if shared.closed {
            return None;
        }
        if let Some(request) = shared.queue.pop_front() {
            shared.running = Some(request.id);
            return Some(request);
        }
        shared = desk.work.wait(shared).unwrap_or_else(PoisonError::into_inner);
    }
}

fn answer(lookup: LookupFn, request: &Request) -> Answer {
    let Request { host, port, .. } = request;
    // a look-up that panicked must not leave its stream waiting for ever
    match catch_unwind(AssertUnwindSafe(|| lookup(host, *port))) {
        Ok(Ok(addrs)) if addrs.is_empty() => {
            let detail = format!("{host}: no address");
            Err(LookupError::new(LookupErrorKind::NoAddress, detail))
        }
        Ok(answer) => answer,
        Err(_) => {
            let detail = format!("{host}: the look-up panicked");
            Err(LookupError::new(LookupErrorKind::Other, detail))
        }
    }
}

/// The address that `host` spells in numbers, IPv6 also in brackets.
fn numeric(host: &str) -> Option<IpAddr> {
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    bare.parse().ok()
}

fn check_name(host: &str) -> Result<(), LookupError> {
    let name = host.strip_suffix('.').unwrap_or(host);
    let why = if name.is_empty() {
        "empty"
    } else if name.len() > MAX_NAME {
        "too long"
    } else if name.bytes().any(|b| b <= b' ' || b == 0x7f) {
        "blank or control character"
    } else {
        return Ok(());
    };
    Err(LookupError::new(LookupErrorKind::Other, format!("host name {host:?}: {why}")))
}
