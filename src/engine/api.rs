//! What programs ask of their streams. All of it may be called inside callbacks.

use std::rc::Rc;

use super::context::{Context, Timer};
use super::life::Fate;
use super::serve::Role;
use super::stream::{Handler, NewStream, Stream, StreamKey};
use crate::policy::{Protocol, StreamType};
use crate::stream::metadata::{UnknownName, Value};
use crate::stream::{Input, Phase, Ret, State};
use crate::util::clock::MS;
use crate::util::{built, log};

/// Why there is no stream.
#[derive(Debug, PartialEq, Eq)]
pub enum CreateError {
    /// The stream type needs a part that this library does not have.
    NotBuilt(String),
    /// A stream that never leaves the process found nothing to be bound to.
    NotBound(String),
    /// The program's answer to CREATING or to the first connect: it was told DESTROYING.
    Refused,
    /// A listening stream has no place to listen at.
    Listen(String),
    /// The context is being destroyed.
    Ending,
}

impl std::fmt::Display for CreateError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CreateError::NotBuilt(what) => write!(f, "{what} is not built into this library"),
            CreateError::NotBound(why) => f.write_str(why),
            CreateError::Refused => f.write_str("the program asked for its destruction"),
            CreateError::Listen(why) => f.write_str(why),
            CreateError::Ending => f.write_str("the context is being destroyed"),
        }
    }
}

/// Why a metadata value was not taken.
#[derive(Debug, PartialEq, Eq)]
pub enum SetMetadataError {
    /// There is no such stream.
    NoStream,
    /// The stream's policy does not know the name.
    UnknownName,
}

impl From<UnknownName> for SetMetadataError {
    fn from(_: UnknownName) -> Self {
        SetMetadataError::UnknownName
    }
}

/// What of a stream type's needs is missing here.
fn missing(kind: &StreamType) -> Option<String> {
    let protocol = match kind.protocol {
        // it never leaves the process
        _ if kind.local_sink => true,
        Protocol::H1 => true,
        Protocol::H2 => built::H2,
        Protocol::Raw => built::RAW,
        Protocol::Ws => built::WS,
        Protocol::Mqtt => built::MQTT && !kind.server,
        Protocol::H3 => false,
    };
    let what = match (kind.server, protocol) {
        (true, _) if !built::SERVER => "server".to_owned(),
        (true, false) => format!("server of {}", kind.protocol.name()),
        (false, false) => format!("protocol {}", kind.protocol.name()),
        (_, true) => return None,
    };
    Some(format!("stream type '{}': {what}", kind.name))
}

/// Callbacks of one stream inside each other. Programs that connect again in the callback that
/// says that connecting failed would use up the stack otherwise.
const MAX_NESTED_CALLS: u32 = 32;

impl Context {
    /// Makes a stream's object without telling the program yet; [`start`](Self::start) does.
    ///
    /// # Errors
    /// See [`CreateError`].
    pub fn make(&self, new: NewStream) -> Result<StreamKey, CreateError> {
        if self.is_ending() {
            return Err(CreateError::Ending);
        }
        if let Some(what) = missing(&new.kind) {
            return Err(CreateError::NotBuilt(what));
        }
        let mut core = self.core();
        let born = core.born;
        core.born += 1;
        let group = if new.kind.local_sink { "SSsrc" } else { "wsiSScli" };
        let tag = format!("[{}|{group}|{born:x}|{}]", std::process::id(), new.kind.name);
        Ok(core.streams.insert(Stream::new(new, Rc::from(tag), born)))
    }

    /// Takes a stream back that the program was told nothing about.
    pub fn discard(&self, key: StreamKey) {
        let stream = self.core().streams.remove(key);
        drop(stream);
    }

    /// Says CREATING, and connects a stream that is nailed up.
    ///
    /// # Errors
    /// [`CreateError::Refused`], [`CreateError::NotBound`] or [`CreateError::Listen`]; the stream is
    /// gone then.
    pub fn start(&self, key: StreamKey) -> Result<(), CreateError> {
        let listens = built::SERVER && self.kind(key).is_some_and(|k| k.server);
        if listens && let Err(why) = self.listen(key) {
            self.discard(key);
            return Err(CreateError::Listen(why.to_string()));
        }
        if let Err(e) = self.bind_at_start(key) {
            self.destroy(key);
            return Err(e);
        }
        for state in self.advance(key, Input::Made).unwrap_or(&[]) {
            if self.say(key, *state) == Ret::DestroyMe {
                self.destroy(key);
                return Err(CreateError::Refused);
            }
        }
        if !self.lives(key) {
            return Err(CreateError::Refused);
        }
        self.advance(key, Input::Created);
        self.connect_at_start(key)?;
        let nailed_up = self.core().streams.get(key).is_some_and(|s| s.kind.nailed_up);
        if nailed_up && !listens && self.client_connect(key) == Ret::DestroyMe {
            self.destroy(key);
            return Err(CreateError::Refused);
        }
        if self.lives(key) { Ok(()) } else { Err(CreateError::Refused) }
    }

    /// The program wants to send. Connects if need be; several requests make one `tx` callback.
    ///
    /// Returns what the program is to return from the callback it is in: OK, or DESTROY_ME if
    /// that was answered to a state on the way (nothing is destroyed then) or DESTROYING is being
    /// said, or what else POLL was answered with, which ends the attempt.
    pub fn request_tx(&self, key: StreamKey) -> Ret {
        {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return Ret::Ok };
            if stream.said == Some(State::Destroying) {
                return Ret::DestroyMe;
            }
            if matches!(stream.role, Role::Listener(_)) {
                return Ret::Ok;
            }
            stream.tx_wanted = true;
            if stream.is_local() {
                drop(core);
                self.want_turn(key);
                return Ret::Ok;
            }
            if let Some(link) = stream.link {
                let lingering = stream.lingering;
                if !lingering {
                    match link.tid {
                        Some(_) => core.queue_wish(link.conn),
                        None => core.queue(link.conn),
                    }
                    return Ret::Ok;
                }
            }
            if stream.role != Role::Client {
                return Ret::Ok;
            }
        }
        if self.end_linger(key) == Fate::Gone {
            return Ret::Ok;
        }
        self.begin(key, Input::RequestTx)
    }

    /// As [`request_tx`](Self::request_tx), and announces how many bytes the message will have
    /// (the `content-length` of an h1 request). 0 announces nothing, but for an answer, which it says
    /// to have no body.
    pub fn request_tx_len(&self, key: StreamKey, len: u64) -> Ret {
        // the end of a transaction that is over takes its own length along, not this one
        if self.end_linger(key) == Fate::Gone {
            return Ret::Ok;
        }
        if let Some(stream) = self.core().streams.get_mut(key) {
            let answers = matches!(stream.role, Role::Accepted(_));
            stream.tx_len = Some(len).filter(|l| *l > 0 || answers);
        }
        self.request_tx(key)
    }

    /// Connects, with a whole new budget of retries; during a backoff, at once. No effect while
    /// connecting or connected.
    ///
    /// Returns TX_DONT_SEND if the attempt failed before the call returned (a retry may be
    /// pending), or what CONNECTING was answered with, which ends the attempt.
    pub fn client_connect(&self, key: StreamKey) -> Ret {
        if self.end_linger(key) == Fate::Gone {
            return Ret::Ok;
        }
        {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return Ret::Ok };
            if stream.said == Some(State::Destroying) {
                return Ret::DestroyMe;
            }
            // whoever serves is connected to
            if stream.is_local() || stream.role != Role::Client {
                return Ret::Ok;
            }
            let failed = stream.said == Some(State::Unreachable) && !stream.is_bound();
            match stream.phase {
                Phase::New | Phase::Idle | Phase::Backoff => stream.attempts.reset(),
                // it is being told that an attempt failed: that one is over
                Phase::Connecting if failed => {
                    stream.attempts.reset();
                    stream.phase = Phase::Idle;
                }
                Phase::Connecting | Phase::Connected | Phase::Destroying => return Ret::Ok,
            }
            let timer = stream.retry_timer.take();
            core.cancel(timer);
        }
        self.begin(key, Input::ClientConnect)
    }

    /// A redirected transaction that is done but keeps its link: ends it.
    fn end_linger(&self, key: StreamKey) -> Fate {
        let lingering = self.core().streams.get(key).is_some_and(|s| s.lingering);
        if lingering {
            self.finish(key);
        }
        if self.lives(key) { Fate::Lives } else { Fate::Gone }
    }

    /// Starts an attempt as `input` says, and reports what a call by the program returns.
    pub(super) fn begin(&self, key: StreamKey, input: Input) -> Ret {
        let depth = self.core().streams.get(key).map_or(0, |stream| stream.depth);
        if self.is_ending() {
            return Ret::Ok;
        }
        if depth >= MAX_NESTED_CALLS {
            log::err!("connecting again inside {depth} callbacks of the same stream: refused");
            return Ret::TxDontSend;
        }
        let Some(say) = self.advance(key, input) else { return Ret::Ok };
        if say.is_empty() {
            return Ret::Ok;
        }
        let outer = self.set_in_call(key, true);
        let by_connect = input == Input::ClientConnect;
        let ret = match self.say_all(key, say) {
            Ok(()) => {
                let failed = self.is_connecting(key) && self.attempt(key) == Attempt::Failed;
                if failed && by_connect { Ret::TxDontSend } else { Ret::Ok }
            }
            Err((_, Ret::DestroyMe)) => Ret::DestroyMe,
            // who asked to send is to be connected: later, if not now
            Err((State::Connecting, _)) if !by_connect => {
                self.retry(key, 0);
                Ret::Ok
            }
            Err((_, ret)) => {
                self.decline(key);
                ret
            }
        };
        let wish = self.core().streams.get_mut(key).and_then(|s| s.call_ret.take());
        self.set_in_call(key, outer);
        wish.unwrap_or(ret)
    }

    /// The program does not want the attempt that it was told of.
    fn decline(&self, key: StreamKey) {
        if self.is_connecting(key) && self.advance(key, Input::LinkDown).is_some() {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return };
            stream.end_transaction();
        }
    }

    fn set_in_call(&self, key: StreamKey, inside: bool) -> bool {
        let mut core = self.core();
        let Some(stream) = core.streams.get_mut(key) else { return false };
        std::mem::replace(&mut stream.in_call, inside)
    }

    /// Says states until one is not answered with OK: that one, and the answer.
    fn say_all(&self, key: StreamKey, say: &[State]) -> Result<(), (State, Ret)> {
        for state in say {
            if *state == State::Connecting {
                self.aim(key);
            }
            let ret = self.say(key, *state);
            if ret != Ret::Ok {
                return Err((*state, ret));
            }
        }
        Ok(())
    }

    fn is_connecting(&self, key: StreamKey) -> bool {
        let core = self.core();
        core.streams.get(key).is_some_and(|s| s.phase == Phase::Connecting && s.link.is_none())
    }

    /// Sets a metadata value, or, where the policy says `direct_proto_str`, a header of the
    /// request by its name with a colon.
    ///
    /// # Errors
    /// See [`SetMetadataError`].
    pub fn set_metadata(
        &self,
        key: StreamKey,
        name: &str,
        value: Value,
    ) -> Result<(), SetMetadataError> {
        let old = {
            let mut core = self.core();
            let stream = core.streams.get_mut(key).ok_or(SetMetadataError::NoStream)?;
            let kind = Rc::clone(&stream.kind);
            stream.metadata.set(&kind, name, value)
        };
        Ok(old?)
    }

    /// Takes the stream's value of `name` back.
    ///
    /// # Errors
    /// See [`SetMetadataError`].
    pub fn clear_metadata(&self, key: StreamKey, name: &str) -> Result<(), SetMetadataError> {
        let mut core = self.core();
        let stream = core.streams.get_mut(key).ok_or(SetMetadataError::NoStream)?;
        let kind = Rc::clone(&stream.kind);
        Ok(stream.metadata.clear(&kind, name)?)
    }

    /// Hands a metadata value to `take`, or, where the policy says `direct_proto_str`, a header
    /// of the last response by its name. `None`: declared, but not set.
    ///
    /// # Errors
    /// See [`SetMetadataError`].
    pub fn get_metadata<R>(
        &self,
        key: StreamKey,
        name: &str,
        take: impl FnOnce(Option<&[u8]>) -> R,
    ) -> Result<R, SetMetadataError> {
        let mut core = self.core();
        let core = &mut *core;
        let stream = core.streams.get(key).ok_or(SetMetadataError::NoStream)?;
        let declared = stream.kind.metadata.iter().any(|def| def.name == name);
        if stream.kind.direct_proto_str
            && !declared
            && let Some(link) = stream.link
        {
            let header = name.strip_suffix(':').unwrap_or(name);
            let open = core.conns.get_mut(link.conn).and_then(super::conn::Conn::open);
            let head = open.and_then(|o| {
                let tid = link.tid?;
                o.codec.request(tid).map(|r| &r.fields).or_else(|| o.codec.head(tid))
            });
            if let Some(value) = head.and_then(|h| h.get(header)) {
                return Ok(take(Some(value)));
            }
        }
        Ok(take(stream.metadata.get(&stream.kind, name)?))
    }

    /// (Re-)starts the stream's timeout: `ms` milliseconds, or with 0 what the policy says; if that
    /// is nothing, one that runs already goes on.
    pub fn start_timeout(&self, key: StreamKey, ms: u32) {
        let now = self.now();
        let mut core = self.core();
        let Some(stream) = core.streams.get_mut(key) else { return };
        let ms = if ms == 0 { stream.kind.timeout_ms } else { ms };
        if ms == 0 {
            return;
        }
        let old = stream.timeout_timer.take();
        core.cancel(old);
        let timer = core.timers.schedule(now + u64::from(ms) * MS, Timer::StreamTimeout(key));
        if let Some(stream) = core.streams.get_mut(key) {
            stream.timeout_timer = Some(timer);
        }
    }

    /// Stops the stream's timeout.
    pub fn cancel_timeout(&self, key: StreamKey) {
        let mut core = self.core();
        let timer = core.streams.get_mut(key).and_then(|s| s.timeout_timer.take());
        core.cancel(timer);
    }

    /// Says EVENT_WAIT_CANCELLED to every stream that exists now, the newest first.
    pub fn say_wait_cancelled(&self) {
        let mut all: Vec<(u64, StreamKey)> =
            self.core().streams.iter().map(|(k, s)| (s.born, k)).collect();
        all.sort_unstable();
        for (_, key) in all.into_iter().rev() {
            let ret = self.say_event(key, State::EventWaitCancelled);
            if ret != Ret::Ok {
                log::warn!("what a stream answers to EVENT_WAIT_CANCELLED has no effect");
            }
        }
    }

    /// Says an event that is no state of the stream's life.
    fn say_event(&self, key: StreamKey, event: State) -> Ret {
        self.say_user_state(key, event.code())
    }

    /// The program knows that the peer lives.
    pub fn validity_confirmed(&self, key: StreamKey) {
        let now = self.now();
        let mut core = self.core();
        let link = core.streams.get(key).and_then(|s| s.link);
        if let Some(conn) = link.and_then(|l| core.conns.get_mut(l.conn)) {
            conn.alive = now;
            conn.pinged = false;
        }
    }

    /// Whether the stream has a link, or one in the making.
    #[must_use]
    pub fn has_link(&self, key: StreamKey) -> bool {
        self.core().streams.get(key).is_some_and(Stream::is_bound)
    }

    /// Where the stream is in its life.
    pub(super) fn phase(&self, key: StreamKey) -> Option<Phase> {
        self.core().streams.get(key).map(|s| s.phase)
    }

    /// Lets the peer send `bytes` more (or less), where the protocol has such a credit and the
    /// program limits it.
    pub fn add_peer_credit(&self, key: StreamKey, bytes: i32) {
        let mut core = self.core();
        let core = &mut *core;
        let Some(stream) = core.streams.get_mut(key) else { return };
        let Some((conn, tid)) = stream.link.and_then(|l| l.tid.map(|t| (l.conn, t))) else {
            // it counts from the start of the transaction then, if there is a limit to raise
            stream.peer_credit = stream.peer_credit.map(|c| c.saturating_add_signed(bytes));
            return;
        };
        if let Some(open) = core.conns.get_mut(conn).and_then(super::conn::Conn::open) {
            open.codec.add_peer_credit(tid, bytes);
            core.queue(conn);
        }
    }

    /// How many bytes the peer may still send, as far as is known; 0 where the protocol has no
    /// such credit.
    #[must_use]
    pub fn peer_credit(&self, key: StreamKey) -> i32 {
        let mut core = self.core();
        let core = &mut *core;
        let link = core.streams.get(key).and_then(|s| s.link);
        let Some((conn, tid)) = link.and_then(|l| l.tid.map(|t| (l.conn, t))) else { return 0 };
        let open = core.conns.get_mut(conn).and_then(super::conn::Conn::open);
        open.map_or(0, |o| o.codec.peer_credit(tid))
    }

    /// The stream's tag for logs.
    #[must_use]
    pub fn tag(&self, key: StreamKey) -> Option<Rc<str>> {
        self.core().streams.get(key).map(|s| Rc::clone(&s.tag))
    }

    /// The stream's type.
    #[must_use]
    pub fn kind(&self, key: StreamKey) -> Option<Rc<StreamType>> {
        self.core().streams.get(key).map(|s| Rc::clone(&s.kind))
    }

    /// The program's side of the stream.
    #[must_use]
    pub fn handler(&self, key: StreamKey) -> Option<Rc<dyn Handler>> {
        self.core().streams.get(key).map(|s| Rc::clone(&s.handler))
    }

    /// Streams that exist, oldest first.
    #[must_use]
    pub fn streams(&self) -> Vec<StreamKey> {
        let core = self.core();
        let mut all: Vec<_> = core.streams.iter().map(|(k, s)| (s.born, k)).collect();
        all.sort_unstable();
        all.into_iter().map(|(_, k)| k).collect()
    }
}

/// How an attempt went as far as the call that started it can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    /// It is under way, or up already.
    Started,
    /// It failed, and the program was told.
    Failed,
}
