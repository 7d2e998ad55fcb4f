//! The connection object: a transport, the codec on it, the bytes waiting to go out, and the
//! streams bound to it.

use std::io;
use std::rc::Rc;

use mio::{Interest, Registry};
use slotmap::{SlotMap, new_key_type};

use super::context::Core;
use super::leave::Ending;
use super::route::Route;
use super::stream::{Stream, StreamKey};
use super::timers::TimerKey;
use crate::net::Connector;
use crate::net::LookupId;
use crate::net::Transport;
use crate::policy::Protocol;
use crate::proto::{Codec, Tid};
use crate::util::{Micros, TxBuf};

new_key_type! {
    /// A connection. Good for its own connection only, however often the slot is used again.
    pub(super) struct ConnKey;
}

/// How far a connection is.
pub(super) enum Stage {
    /// The name is being looked up.
    Resolving(LookupId),
    /// Addresses are being tried.
    Racing(Box<Connector>),
    /// The transport shakes hands.
    Handshake(Box<dyn Transport>),
    /// Payload may flow.
    Open(Box<Open>),
    /// Only for the moment between two stages.
    Moving,
}

/// An open connection.
pub(super) struct Open {
    pub transport: Box<dyn Transport>,
    pub codec: Box<dyn Codec>,
    pub out: TxBuf,
    /// What is spoken: the policy's protocol, or h1 where h2 was wanted and not to be had.
    pub speaks: Protocol,
    /// What has arrived is delivered before the program is asked to send (the policy's
    /// `ws_prioritize_reads`).
    pub reads_first: bool,
    /// The transport holds bytes it has not given to the socket.
    pub unflushed: bool,
}

/// Whether the system is asked to tell when a socket can be written to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Watched {
    Always,
    /// Not now: only once it takes no more.
    AtNeed,
    /// Since it took no more.
    Now,
}

/// A connection.
pub(super) struct Conn {
    pub stage: Stage,
    pub route: Rc<Route>,
    /// Ordinal among the context's connections.
    pub born: u64,
    /// What is bound: one stream on h1 and raw, several where the protocol multiplexes.
    pub bound: Vec<(Option<Tid>, StreamKey)>,
    /// Sticky readiness: set by events, cleared by `WouldBlock` alone.
    pub readable: bool,
    pub writable: bool,
    /// What a stream with `perf` is told about how it came to be; `None` if nobody is.
    pub times: Option<Box<super::perf::Times>>,
    /// In the ready queue.
    pub queued: bool,
    /// It is there because a stream wants to send, and for nothing else.
    pub only_wish: bool,
    pub writes_watched: Watched,
    /// An event said that the peer closed: a short read does not mean that nothing follows.
    pub read_closed: bool,
    /// Carried a transaction before this one: a failure without an answer may mean no more than
    /// that the server had closed it.
    pub reused: bool,
    /// Limits connecting, waiting for a response, and idling in the pool.
    pub deadline: Option<TimerKey>,
    /// When the peer last proved that it lives.
    pub alive: Micros,
    /// Looks after `svalidping` and `svalidhup`.
    pub validity: Option<TimerKey>,
    /// The next address of a race is due.
    pub race: Option<TimerKey>,
    /// Not read from for now, see [`Context::hold_rx`](super::Context::hold_rx).
    pub held: bool,
    /// A ping is on its way.
    pub pinged: bool,
    /// In the pool of idle connections.
    pub pooled: bool,
    /// Among the connections that other streams may join.
    pub shared: bool,
    /// Whose turn it is to send, where several may.
    pub turn: usize,
    /// How far its orderly end is.
    pub ending: Ending,
    /// It came in; `None`: we made it.
    pub served: Option<Box<super::serve::Served>>,
    /// The codec's own deadline (keep-alive ...), as it is scheduled.
    pub codec_timer: Option<(Micros, TimerKey)>,
}

impl Conn {
    pub fn new(route: Rc<Route>, stage: Stage, now: Micros) -> Self {
        Self {
            stage,
            route,
            born: 0,
            bound: Vec::new(),
            readable: false,
            writable: false,
            times: None,
            queued: false,
            only_wish: false,
            writes_watched: Watched::Always,
            read_closed: false,
            reused: false,
            deadline: None,
            alive: now,
            validity: None,
            race: None,
            held: false,
            pinged: false,
            pooled: false,
            shared: false,
            turn: 0,
            ending: Ending::No,
            served: None,
            codec_timer: None,
        }
    }

    pub fn open(&mut self) -> Option<&mut Open> {
        match &mut self.stage {
            Stage::Open(open) => Some(open),
            Stage::Resolving(_) | Stage::Racing(_) | Stage::Handshake(_) | Stage::Moving => None,
        }
    }

    /// Whether the connection's orderly end has begun.
    pub fn is_ending(&self) -> bool {
        self.ending != Ending::No
    }

    /// Whether nothing waits to be written.
    pub fn has_written_all(&self) -> bool {
        match &self.stage {
            Stage::Open(open) => open.out.is_empty() && !open.unflushed,
            Stage::Resolving(_) | Stage::Racing(_) | Stage::Handshake(_) | Stage::Moving => true,
        }
    }

    /// Has the system tell when the socket can be written to, or not.
    ///
    /// # Errors
    /// The system refused.
    pub fn watch_writes(&mut self, registry: &Registry, key: ConnKey, yes: bool) -> io::Result<()> {
        let token = mio::Token(Core::token_base(key));
        let Some(open) = self.open() else { return Ok(()) };
        registry.reregister(open.transport.source(), token, interest(yes))?;
        self.writes_watched = if yes { Watched::Now } else { Watched::AtNeed };
        Ok(())
    }

    /// Does so if the socket takes no more, and is watched at need only.
    ///
    /// # Errors
    /// The system refused.
    pub fn watch_at_need(&mut self, registry: &Registry, key: ConnKey) -> io::Result<()> {
        if self.writable || self.writes_watched != Watched::AtNeed {
            return Ok(());
        }
        self.watch_writes(registry, key, true)
    }

    /// Parts all streams from the connection and says which they were.
    pub fn release(&mut self, streams: &mut SlotMap<StreamKey, Stream>) -> Vec<StreamKey> {
        let bound: Vec<StreamKey> = self.bound.drain(..).map(|(_, s)| s).collect();
        for key in &bound {
            if let Some(stream) = streams.get_mut(*key) {
                stream.link = None;
                if stream.kind.perf && self.times.is_some() {
                    stream.txn.times = self.times.take();
                }
            }
        }
        bound
    }

    pub fn unbind(&mut self, stream: StreamKey) {
        self.bound.retain(|(_, s)| *s != stream);
    }

    pub fn stream_of(&self, tid: Tid) -> Option<StreamKey> {
        self.bound.iter().find(|(t, _)| *t == Some(tid)).map(|(_, s)| *s)
    }
}

/// What to be told of a socket: when it can be read, and written if that is wanted.
pub(super) fn interest(writes: bool) -> Interest {
    if writes { Interest::READABLE | Interest::WRITABLE } else { Interest::READABLE }
}
