//! Making and ending a context, and what its parts share.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::{HashMap, VecDeque};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use std::time::SystemTime;

use slotmap::{Key, SlotMap};

use super::codecs::Random;
use super::conn::{Conn, ConnKey};
use super::life::Quietly;
use super::local::Locals;
use super::plugs::{PlugKey, Plugs};
use super::pool::Pool;
use super::serve::{Port, PortKey, Role, Vhost};
use super::shared::{Sessions, Shared};
use super::stream::{Stream, StreamKey};
use super::timers::{TimerKey, Timers};
use super::way::{Identities, TrustCache};
use crate::net::{LookupFn, LookupId, Proxy, Resolver};
use crate::policy::Policy;
use crate::stream::Phase;
use crate::system::smd::{Class, PeerId, SendError};
use crate::system::{cookies, sigv4};
use crate::util::clock::{Clock, Micros, SEC};
use crate::util::crypto::rand::{SecureRandom, SystemRandom};
use crate::util::log;

/// What the engine needs of the surrounding that it must not know.
pub trait Host {
    /// The external timer `token` (see [`Context::schedule_external`]) is due.
    fn timer_due(&self, token: usize);

    /// The bytes of a system blob, if it has any: the auth token number `index`.
    fn auth_blob(&self, index: u8) -> Option<Vec<u8>>;

    /// The key that requests to AWS are signed with: number `index`, if it was set.
    fn aws_key(&self, index: u8) -> Option<sigv4::Key> {
        let _ = index;
        None
    }

    /// The device's serial number, firmware version and type, if set.
    fn device_blob(&self, which: DeviceBlob) -> Option<Vec<u8>>;

    /// A client certificate and its key, PEM or DER, if set.
    fn client_cert(&self, index: u8) -> Option<(Vec<u8>, Vec<u8>)>;

    /// What an mqtt broker is told of us, if set.
    fn mqtt_blob(&self, which: MqttBlob) -> Option<Vec<u8>>;

    /// A response redirected a stream whose policy takes that as the sign of a captive portal
    /// (`http_fail_redirect`). May call back into the engine.
    fn captive_portal(&self) {}

    /// A stream wants the system messages of these classes, by [`Context::bus_message`]. `None`:
    /// there are none.
    fn bus_join(&self, _stream: StreamKey, _filter: Class) -> Option<PeerId> {
        None
    }

    /// It does not want them any more.
    fn bus_part(&self, _peer: PeerId) {}

    /// Sends a system message.
    ///
    /// # Errors
    /// As for [`Smd::send`](crate::system::smd::Smd::send).
    fn bus_send(&self, _class: Class, _payload: &[u8]) -> Result<(), SendError> {
        Ok(())
    }

    /// Whether a message would be taken now.
    fn bus_has_room(&self) -> bool {
        true
    }

    /// The loop woke up because [`Waker::wake`](mio::Waker::wake) was called.
    fn woken(&self);
}

/// Facts about the device that can travel in headers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceBlob {
    /// Its serial number.
    Serial,
    /// The version of its firmware.
    FirmwareVersion,
    /// Its type.
    Type,
}

/// What an mqtt broker is told of us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MqttBlob {
    /// The client id.
    ClientId,
    /// The user name.
    Username,
    /// The password, any bytes.
    Password,
}

/// Settings of a context, each with its default.
#[derive(Clone, Debug)]
pub struct ContextOptions {
    /// How long an attempt may take until the transport is up.
    pub connect_timeout: Micros,
    /// How long a server may take to answer a request.
    pub response_timeout: Micros,
    /// How long an idle connection waits for the next transaction.
    pub idle_timeout: Micros,
    /// Bytes read at once.
    pub rx_buffer: usize,
    /// How names are looked up; called on the helper thread.
    pub lookup: LookupFn,
    /// The file that keeps cookies and their bounds; without one there are no cookies.
    pub cookies: Option<(std::path::PathBuf, cookies::Limits)>,
    /// The proxy of connections whose policy names none.
    pub proxy: Option<Rc<Proxy>>,
}

impl Default for ContextOptions {
    fn default() -> Self {
        Self {
            connect_timeout: 20 * SEC,
            response_timeout: 20 * SEC,
            idle_timeout: 5 * SEC,
            rx_buffer: 64 * 1024,
            lookup: crate::net::std_lookup,
            cookies: None,
            proxy: None,
        }
    }
}

/// What timers are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Timer {
    /// A stream's backoff is over.
    Retry(StreamKey),
    /// A stream's timeout passed.
    StreamTimeout(StreamKey),
    /// A connection did not get on.
    ConnDeadline(ConnKey),
    /// An attempt on the next address is due.
    Race(ConnKey),
    /// A connection's proof of life is due.
    Validity(ConnKey),
    /// A server took too long to answer.
    Response(StreamKey),
    /// A codec has something to do.
    Codec(ConnKey),
    /// The system may have room for another connection again.
    Accept(PortKey),
    /// The listening stream that a stream came in to is gone.
    Orphan(StreamKey),
    /// A plug asked for it.
    Plug(PlugKey),
    /// The program's own.
    External(usize),
}

/// Everything that changes. Never borrowed while a callback runs.
pub(super) struct Core {
    pub poll: mio::Poll,
    pub events: mio::Events,
    pub resolver: Resolver,
    pub lookups: HashMap<LookupId, ConnKey>,
    pub timers: Timers<Timer>,
    pub streams: SlotMap<StreamKey, Stream>,
    pub born: u64,
    /// Connections so far.
    conns_born: u64,
    pub conns: SlotMap<ConnKey, Conn>,
    /// Where connections come in.
    pub ports: SlotMap<PortKey, Port>,
    pub vhosts: Vec<Vhost>,
    /// From a token's index to the connection that has it.
    pub by_index: Vec<ConnKey>,
    pub ready: VecDeque<ConnKey>,
    pub plugs: Plugs,
    pub pool: Pool,
    pub shared: Shared,
    pub sessions: Sessions,
    pub trust: TrustCache,
    pub identities: Identities,
    pub jar: Option<cookies::Jar>,
    pub rx: Vec<u8>,
    pub local: Locals,
}

/// One event loop with its policy and its streams. See the module's rule on borrows.
pub struct Context {
    core: RefCell<Core>,
    policy: RefCell<Rc<Policy>>,
    clock: Box<dyn Clock>,
    random: SystemRandom,
    unforetold: Random,
    pub(super) host: Box<dyn Host>,
    pub(super) options: ContextOptions,
    waker: Arc<mio::Waker>,
    /// Inside `turn`.
    pub(super) turning: Cell<bool>,
    pub(super) ending: Cell<bool>,
}

/// Events taken from the system at once.
const EVENTS: usize = 256;

/// The token of the waker; ports and connections have smaller ones.
pub(super) const WAKER: mio::Token = mio::Token(usize::MAX);

impl Context {
    /// A context without streams.
    ///
    /// # Errors
    /// The operating system refused what an event loop needs.
    pub fn new(
        policy: Rc<Policy>,
        clock: Box<dyn Clock>,
        host: Box<dyn Host>,
        options: ContextOptions,
    ) -> io::Result<Self> {
        let poll = mio::Poll::new()?;
        let waker = Arc::new(mio::Waker::new(poll.registry(), WAKER)?);
        let core = Core {
            poll,
            events: mio::Events::with_capacity(EVENTS),
            resolver: Resolver::new(Arc::clone(&waker), options.lookup),
            lookups: HashMap::new(),
            timers: Timers::default(),
            streams: SlotMap::with_key(),
            born: 0,
            conns_born: 0,
            conns: SlotMap::with_key(),
            ports: SlotMap::with_key(),
            vhosts: Vec::new(),
            by_index: Vec::new(),
            ready: VecDeque::new(),
            plugs: Plugs::default(),
            pool: Pool::default(),
            shared: Shared::default(),
            sessions: Sessions::default(),
            trust: TrustCache::default(),
            identities: Identities::default(),
            jar: super::cookies::open_jar(&options),
            rx: Vec::new(),
            local: Locals::default(),
        };
        Ok(Self {
            core: RefCell::new(core),
            policy: RefCell::new(policy),
            clock,
            random: SystemRandom::new(),
            unforetold: super::random::source(),
            host,
            options,
            waker,
            turning: Cell::new(false),
            ending: Cell::new(false),
        })
    }

    /// Whatever changes; to be let go before anything is said to the program.
    pub(super) fn core(&self) -> RefMut<'_, Core> {
        self.core.borrow_mut()
    }

    /// Whether something is being changed just now: whoever calls then is a function that lines
    /// of the log go to.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.core.try_borrow_mut().is_err()
    }

    /// The time now.
    #[must_use]
    pub fn now(&self) -> Micros {
        self.clock.now()
    }

    /// The calendar's time.
    pub(super) fn wall(&self) -> SystemTime {
        self.clock.wall()
    }

    /// Wakes the loop from any thread.
    #[must_use]
    pub fn waker(&self) -> Arc<mio::Waker> {
        Arc::clone(&self.waker)
    }

    /// The policy in force.
    #[must_use]
    pub fn policy(&self) -> Rc<Policy> {
        Rc::clone(&self.policy.borrow())
    }

    /// Puts another policy in force. Streams that exist keep the type that they were made with.
    pub fn set_policy(&self, policy: Rc<Policy>) {
        *self.policy.borrow_mut() = policy;
    }

    /// Puts a policy in force that was made of the present one by an overlay: it counts for the
    /// streams of clients that exist, too, from their next attempt on.
    pub fn overlay_policy(&self, policy: Rc<Policy>) {
        let before = self.policy();
        {
            let mut core = self.core();
            for stream in core.streams.values_mut() {
                let old = Rc::clone(&stream.kind);
                let was = before.stream_type(&old.name);
                let of_policy = was.is_some_and(|was| Rc::ptr_eq(was, &old));
                if of_policy
                    && stream.role == Role::Client
                    && !stream.is_local()
                    && let Some(kind) = policy.stream_type(&old.name)
                {
                    stream.kind = Rc::clone(kind);
                }
            }
        }
        self.set_policy(policy);
    }

    /// Whether [`end`](Self::end) has begun.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.ending.get()
    }

    /// Schedules a timer of the program's; [`Host::timer_due`] gets `token` then.
    pub fn schedule_external(&self, due: Micros, token: usize) -> TimerKey {
        self.core().timers.schedule(due, Timer::External(token))
    }

    /// Takes a timer of the program's back, if `key` is one and is `token`'s.
    pub fn cancel_external(&self, key: TimerKey, token: usize) -> bool {
        let mut core = self.core();
        let mine = core.timers.get(key) == Some(&Timer::External(token));
        mine && core.timers.cancel(key).is_some()
    }

    /// Ends everything: links first, then each stream is told, the newest first of both, and
    /// connections are closed.
    pub fn end(&self) {
        self.ending.set(true);
        self.end_links();
        loop {
            let newest = {
                let core = self.core();
                core.streams.iter().max_by_key(|(_, s)| s.born).map(|(k, _)| k)
            };
            let Some(stream) = newest else { break };
            self.destroy_now(stream);
        }
        let conns: Vec<ConnKey> = self.core().conns.keys().collect();
        for conn in conns {
            self.close(conn);
        }
        self.drop_plugs();
    }

    /// Tells every stream that uses a connection that it ends, by the connections' age.
    fn end_links(&self) {
        let mut links: Vec<_> = {
            let core = self.core();
            let links = core.streams.iter().filter_map(|(key, stream)| {
                let conn = core.conns.get(stream.link?.conn)?;
                Some((conn.born, stream.born, key))
            });
            links.collect()
        };
        links.sort_unstable();
        for (_, _, key) in links.into_iter().rev() {
            // what others were told may have ended it
            if self.phase(key) == Some(Phase::Connected) {
                self.let_go(key);
                self.link_down(key, Quietly::Yes);
            } else {
                let _ = self.report_perf(key, None);
            }
        }
    }

    /// Where codecs get bytes that nobody can foretell.
    pub(super) fn random_source(&self) -> Random {
        Rc::clone(&self.unforetold)
    }

    /// A fresh random number.
    pub(super) fn random_u16(&self) -> u16 {
        let mut bytes = [0; 2];
        if self.random.fill(&mut bytes).is_err() {
            // jitter only: its absence does no harm
            log::warn!("the system gives no random numbers");
        }
        u16::from_le_bytes(bytes)
    }
}

/// Slots that a connection has for sockets while addresses are being tried.
pub(super) const SOCKETS_PER_CONN: usize = 16;

/// The index that tokens are made of.
fn index_of(conn: ConnKey) -> usize {
    // the low half of a key's number is the slot's index
    usize::try_from(conn.data().as_ffi() & 0xffff_ffff).unwrap_or(usize::MAX)
}

impl Core {
    /// Adds a connection and makes it findable by its tokens.
    pub fn add_conn(&mut self, mut conn: Conn) -> ConnKey {
        conn.born = self.conns_born;
        self.conns_born += 1;
        let key = self.conns.insert(conn);
        let index = index_of(key);
        if self.by_index.len() <= index {
            self.by_index.resize(index + 1, ConnKey::null());
        }
        self.by_index[index] = key;
        key
    }

    /// The first of the tokens of a connection's sockets.
    pub fn token_base(conn: ConnKey) -> usize {
        index_of(conn) * SOCKETS_PER_CONN
    }

    /// Puts a connection into the ready queue, once.
    pub fn queue(&mut self, key: ConnKey) {
        if let Some(conn) = self.conns.get_mut(key) {
            conn.only_wish = false;
            if !std::mem::replace(&mut conn.queued, true) {
                self.ready.push_back(key);
            }
        }
    }

    /// As [`queue`](Self::queue), for nothing more than that a stream wants to send.
    pub fn queue_wish(&mut self, key: ConnKey) {
        if let Some(conn) = self.conns.get_mut(key)
            && !std::mem::replace(&mut conn.queued, true)
        {
            conn.only_wish = true;
            self.ready.push_back(key);
        }
    }

    /// Takes a connection that is the last in the ready queue out of it, if it is there for a wish
    /// to send alone, which is about to be granted.
    pub fn take_back_wish(&mut self, key: ConnKey) {
        if let Some(conn) = self.conns.get_mut(key)
            && conn.queued
            && conn.only_wish
            && self.ready.back() == Some(&key)
        {
            conn.queued = false;
            self.ready.pop_back();
        }
    }

    /// Takes a connection back out of the ready queue if it is the only one there and nothing
    /// more is to be read: then there is only what its streams want to send.
    pub fn take_back(&mut self, key: ConnKey) -> bool {
        let alone = self.ready.len() == 1 && self.ready.back() == Some(&key);
        let take = alone && self.conns.get(key).is_some_and(|c| !c.readable);
        if take {
            self.ready.pop_back();
        }
        take
    }

    /// Takes a timer back, if there is one.
    pub fn cancel(&mut self, timer: Option<TimerKey>) {
        if let Some(key) = timer {
            self.timers.cancel(key);
        }
    }
}
