//! System message distribution (SMD): short messages from any thread to the peers of a context
//! that want their class.
//!
//! Sending only queues; the event loop calls [`Smd::deliver_pending`], which gives each peer
//! one message in turn, in the order of sending, so that callbacks neither recurse nor starve
//! each other. The queue is bounded by its depth and the age of messages.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::util::log;

/// The largest payload, in bytes.
pub const PAYLOAD_MAX: usize = 384;

/// The bits of a message's class; a peer gets a message if its filter shares one with it.
pub type Class = u32;

/// Messages about the system's state, `{"state":"OPERATIONAL"}`.
pub const CLASS_SYSTEM_STATE: Class = 1 << 1;

/// How long the queue may get.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most messages that wait at the same time.
    pub depth: usize,
    /// Microseconds after which a message that somebody did not take is dropped.
    pub ttl_us: i64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 40, ttl_us: 2_000_000 }
    }
}

/// A message on its way to a peer.
pub struct Message<'a> {
    /// Its class bits.
    pub class: Class,
    /// When it was made, in microseconds of the monotonic clock.
    pub timestamp: i64,
    /// Its content.
    pub payload: &'a [u8],
}

/// What a peer does with its messages. Called from the event loop, without any lock held: it may
/// send, register and unregister.
pub type Callback = Arc<dyn Fn(&Message) + Send + Sync>;

/// Numbers the peers of all contexts, so that a name never stands for two of them.
static NEXT_PEER: AtomicU64 = AtomicU64::new(1);

/// Names a peer, uniquely in the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PeerId(u64);

impl PeerId {
    /// The number behind the name, never 0.
    #[must_use]
    pub fn get(self) -> u64 {
        self.0
    }

    /// The name with that number, which need not be known to anybody.
    #[must_use]
    pub fn from_number(number: u64) -> Self {
        Self(number)
    }
}

/// Why a message was not queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendError {
    /// It is over [`PAYLOAD_MAX`].
    TooLarge(usize),
    /// As many messages wait already as [`Limits::depth`] allows.
    QueueFull(usize),
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Self::TooLarge(len) => {
                write!(f, "a payload of {len} bytes is over the largest, {PAYLOAD_MAX}")
            }
            Self::QueueFull(depth) => write!(f, "{depth} messages wait already"),
        }
    }
}

impl std::error::Error for SendError {}

struct Peer {
    id: PeerId,
    filter: Class,
    /// The first message that this peer has not been offered.
    next: u64,
    callback: Callback,
}

struct Queued {
    number: u64,
    class: Class,
    timestamp: i64,
    except: Option<PeerId>,
    payload: Arc<[u8]>,
}

impl Queued {
    fn concerns(&self, peer: &Peer) -> bool {
        self.class & peer.filter != 0 && self.except != Some(peer.id)
    }
}

#[derive(Default)]
struct Inner {
    peers: Vec<Peer>,
    queue: VecDeque<Queued>,
    next_number: u64,
}

/// The messages and peers of a context.
pub struct Smd {
    inner: Mutex<Inner>,
    /// What any peer wants.
    wanted: AtomicU32,
    limits: Limits,
    /// Makes the event loop come round.
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Smd {
    /// No peers, no messages. `wake` is called after each queued message, from the sending
    /// thread.
    #[must_use]
    pub fn new(limits: Limits, wake: Box<dyn Fn() + Send + Sync>) -> Self {
        Self { inner: Mutex::default(), wanted: AtomicU32::new(0), limits, wake }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a peer that wants the classes in `filter` of what is sent from now on: what waits in
    /// the queue is not for it, or who registers a peer because of a message would get that message
    /// again.
    pub fn register(&self, filter: Class, callback: Callback) -> PeerId {
        let mut inner = self.inner();
        let id = PeerId(NEXT_PEER.fetch_add(1, Ordering::Relaxed));
        let next = inner.next_number;
        inner.peers.push(Peer { id, filter, next, callback });
        self.update_wanted(&inner);
        id
    }

    /// Removes a peer; false if there is none of that name.
    pub fn unregister(&self, id: PeerId) -> bool {
        let mut inner = self.inner();
        let before = inner.peers.len();
        inner.peers.retain(|peer| peer.id != id);
        inner.drop_delivered();
        self.update_wanted(&inner);
        inner.peers.len() < before
    }

    fn update_wanted(&self, inner: &Inner) {
        let wanted = inner.peers.iter().fold(0, |sum, peer| sum | peer.filter);
        self.wanted.store(wanted, Ordering::Relaxed);
    }

    /// Whether any peer wants messages of this class. From any thread.
    #[must_use]
    pub fn wants(&self, class: Class) -> bool {
        self.wanted.load(Ordering::Relaxed) & class != 0
    }

    /// Queues a message made at `timestamp` (microseconds of the monotonic clock), for every peer
    /// that wants it but `except`. Does nothing if there is none. From any thread.
    ///
    /// # Errors
    /// If the payload is too large or the queue full.
    pub fn send(
        &self,
        class: Class,
        timestamp: i64,
        payload: &[u8],
        except: Option<PeerId>,
    ) -> Result<(), SendError> {
        if payload.len() > PAYLOAD_MAX {
            return Err(SendError::TooLarge(payload.len()));
        }
        let mut inner = self.inner();
        if inner.queue.len() >= self.limits.depth {
            return Err(SendError::QueueFull(inner.queue.len()));
        }
        let number = inner.next_number;
        let message = Queued { number, class, timestamp, except, payload: payload.into() };
        if !inner.peers.iter().any(|peer| message.concerns(peer)) {
            return Ok(());
        }
        inner.next_number += 1;
        inner.queue.push_back(message);
        drop(inner);
        (self.wake)();
        Ok(())
    }

    /// Whether the queue would take a message now. From any thread.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.inner().queue.len() < self.limits.depth
    }

    /// Whether messages wait. From any thread.
    #[must_use]
    pub fn pending(&self) -> bool {
        !self.inner().queue.is_empty()
    }

    /// Delivers what is queued now: each peer in turn gets one message, until all have had
    /// theirs. Messages that callbacks send wait for the next call, so this always ends. Drops what
    /// is too old at `now`. For the event loop alone. Returns whether anything was delivered.
    pub fn deliver_pending(&self, now: i64) -> bool {
        let (end, expired) = {
            let mut inner = self.inner();
            (inner.next_number, inner.take_expired(now, self.limits.ttl_us))
        };
        for message in expired {
            let age = now.saturating_sub(message.timestamp);
            log::warn!("smd: dropping a message of class {:#x}, {age} us old", message.class);
        }
        let mut any = false;
        while self.deliver_round(end) {
            any = true;
        }
        self.inner().drop_delivered();
        any
    }

    /// One message to each peer that has one before `end`; whether there was any.
    fn deliver_round(&self, end: u64) -> bool {
        let ids: Vec<PeerId> = self.inner().peers.iter().map(|peer| peer.id).collect();
        let mut any = false;
        for id in ids {
            // a callback may have removed the peer since
            let Some((callback, message)) = self.inner().take_next(id, end) else { continue };
            any = true;
            callback(&Message {
                class: message.class,
                timestamp: message.timestamp,
                payload: &message.payload,
            });
        }
        any
    }
}

impl Inner {
    /// The peer's next message before `end`, which counts as given.
    fn take_next(&mut self, id: PeerId, end: u64) -> Option<(Callback, Queued)> {
        let peer = self.peers.iter_mut().find(|peer| peer.id == id)?;
        let message = self
            .queue
            .iter()
            .take_while(|m| m.number < end)
            .find(|m| m.number >= peer.next && m.concerns(peer))?;
        peer.next = message.number + 1;
        let copy = Queued { payload: Arc::clone(&message.payload), ..*message };
        Some((Arc::clone(&peer.callback), copy))
    }

    /// Drops the messages that everybody concerned has had.
    fn drop_delivered(&mut self) {
        let peers = &self.peers;
        self.queue.retain(|m| peers.iter().any(|p| m.number >= p.next && m.concerns(p)));
    }

    /// Takes out what is too old at `now`, to be logged once the lock is let go.
    fn take_expired(&mut self, now: i64, ttl_us: i64) -> Vec<Queued> {
        let (old, young) = std::mem::take(&mut self.queue)
            .into_iter()
            .partition(|m| now.saturating_sub(m.timestamp) > ttl_us);
        self.queue = young;
        Vec::from(old)
    }
}

#[cfg(test)]
mod tests {
    use super::{Callback, Limits, PAYLOAD_MAX, PeerId, SendError, Smd};
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::{Arc, Mutex};

    type Log = Arc<Mutex<Vec<String>>>;

    fn smd(depth: usize) -> (Arc<Smd>, Arc<AtomicUsize>) {
        let woken = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&woken);
        let wake = Box::new(move || {
            count.fetch_add(1, Ordering::Relaxed);
        });
        (Arc::new(Smd::new(Limits { depth, ttl_us: 1_000 }, wake)), woken)
    }

    fn recorder(log: &Log, name: &'static str) -> Callback {
        let log = Arc::clone(log);
        Arc::new(move |m| {
            let text = String::from_utf8_lossy(m.payload).into_owned();
            log.lock().unwrap().push(format!("{name}:{text}"));
        })
    }

    fn taken(log: &Log) -> Vec<String> {
        std::mem::take(&mut log.lock().unwrap())
    }

    #[test]
    fn peers_take_turns_and_get_their_classes_in_order() {
        let (smd, woken) = smd(10);
        let log = Log::default();
        smd.register(1, recorder(&log, "a"));
        smd.register(3, recorder(&log, "b"));
        for (class, text) in [(1, "1"), (2, "2"), (1, "3"), (4, "4")] {
            smd.send(class, 0, text.as_bytes(), None).unwrap();
        }
        assert_eq!(woken.load(Ordering::Relaxed), 3, "class 4 is wanted by nobody");
        assert!(smd.pending());
        assert!(smd.deliver_pending(0));
        assert_eq!(taken(&log), ["a:1", "b:1", "a:3", "b:2", "b:3"]);
        assert!(!smd.pending());
        assert!(!smd.deliver_pending(0));
    }

    #[test]
    fn wanted_classes_follow_the_peers() {
        let (smd, _) = smd(10);
        assert!(!smd.wants(u32::MAX));
        let peer = smd.register(6, recorder(&Log::default(), "a"));
        assert!(smd.wants(2) && smd.wants(4) && !smd.wants(1));
        assert!(smd.unregister(peer));
        assert!(!smd.unregister(peer));
        assert!(!smd.wants(6));
    }

    #[test]
    fn the_queue_is_bounded() {
        let (smd, _) = smd(2);
        let log = Log::default();
        smd.register(1, recorder(&log, "a"));
        assert_eq!(
            smd.send(1, 0, &[0; PAYLOAD_MAX + 1], None),
            Err(SendError::TooLarge(PAYLOAD_MAX + 1))
        );
        smd.send(1, 0, &[b'x'; PAYLOAD_MAX], None).unwrap();
        smd.send(1, 500, b"2", None).unwrap();
        assert_eq!(smd.send(1, 0, b"3", None), Err(SendError::QueueFull(2)));
        assert!(smd.deliver_pending(1_001));
        assert_eq!(taken(&log), ["a:2"], "the first is too old");
        assert!(!smd.pending());
    }

    #[test]
    fn the_excepted_peer_gets_nothing() {
        let (smd, woken) = smd(10);
        let log = Log::default();
        let a = smd.register(1, recorder(&log, "a"));
        smd.send(1, 0, b"1", Some(a)).unwrap();
        assert_eq!(woken.load(Ordering::Relaxed), 0);
        smd.register(1, recorder(&log, "b"));
        smd.send(1, 0, b"2", Some(a)).unwrap();
        smd.deliver_pending(0);
        assert_eq!(taken(&log), ["b:2"]);
    }

    #[test]
    fn a_new_peer_gets_what_comes_next_and_a_leaving_one_frees_its_messages() {
        let (smd, _) = smd(10);
        let log = Log::default();
        let a = smd.register(1, recorder(&log, "a"));
        smd.send(1, 0, b"1", None).unwrap();
        let b = smd.register(1, recorder(&log, "b"));
        smd.send(1, 0, b"2", None).unwrap();
        smd.unregister(a);
        assert!(smd.pending());
        smd.deliver_pending(0);
        assert_eq!(taken(&log), ["b:2"]);
        smd.send(1, 0, b"3", None).unwrap();
        smd.unregister(b);
        assert!(!smd.pending());
    }

    #[test]
    fn callbacks_may_send_register_and_unregister() {
        let (smd, _) = smd(10);
        let log = Log::default();
        let (inner_smd, inner_log) = (Arc::clone(&smd), Arc::clone(&log));
        let id = Arc::new(Mutex::new(None::<PeerId>));
        let own_id = Arc::clone(&id);
        let callback: Callback = Arc::new(move |_| {
            inner_log.lock().unwrap().push("self".to_owned());
            inner_smd.register(1, recorder(&inner_log, "new"));
            inner_smd.send(1, 0, b"reply", None).unwrap();
            let own = own_id.lock().unwrap().take();
            assert!(own.is_some_and(|own| inner_smd.unregister(own)));
        });
        *id.lock().unwrap() = Some(smd.register(1, callback));
        smd.send(1, 0, b"1", None).unwrap();
        smd.deliver_pending(0);
        assert!(smd.pending(), "the reply waits for the next turn");
        smd.deliver_pending(0);
        assert!(!smd.pending());
        assert_eq!(taken(&log), ["self", "new:reply"]);
    }
}
