//! The client: a stream that the proxy carries out.
//!
//! A [`Client`] stands between two sides that look alike to it: below it the engine's raw stream
//! that is the link to the proxy (`link`), above it the program. What the proxy says is decoded
//! and told to the program as if the stream were here (`hear`); what the program asks for is kept
//! until the link can take it and written in its turn (`speak`).
//!
//! The stream outlives its links. When one is lost the program hears DISCONNECTED if it was
//! connected, and UPSTREAM_LINK_RETRY for every attempt that does not reach the proxy; the next
//! link gets the stream type, all metadata and whatever is still wanted. CREATING is said once.
//! A program that ends its connection (DISCONNECT_ME) ends the link, since the protocol has no
//! word for it; the next request makes a new one.
//!
//! No borrow is held while the program runs.

mod hear;
mod link;
mod speak;

pub use link::{ANSWER_MS, DEFAULT_SOCKET, Place, RETRY_MS, ROOM, make};

use std::cell::{Cell, RefCell, RefMut};
use std::ffi::{CString, c_char};
use std::rc::Rc;
use std::time::Instant;

use crate::engine::{Handler, LinkTls, TxAnswer};
use crate::proto::sss::{CANCEL_TIMEOUT, ClientDecoder, MAX_NAME};
use crate::stream::{Flags, Ret, State};
use crate::util::{TxBuf, log};

/// What the peer may send if the program does not say: without bound, nearly.
const DEFAULT_CREDIT: i32 = 500_000_000;

/// The longest metadata value, its name and the length of that included.
const MAX_METADATA: usize = u16::MAX as usize - 1;
/// Names of rideshare types that one stream tells its program: they are kept as long as the stream.
pub const MAX_RIDESHARE_NAMES: usize = 256;

/// What a client needs of the loop that its link lives in.
pub trait Loop {
    /// [`Handler::tx`] is to be called when the link can take something; a stream without a link
    /// gets one.
    fn request_tx(&self);
    /// The link is of no more use: the next one is made after a while.
    fn hang_up(&self);
    /// [`State::Timeout`] is to be said after so many milliseconds.
    fn start_timeout(&self, ms: u32);
    /// It is not.
    fn cancel_timeout(&self);
    /// The proxy has the stream.
    fn stream_up(&self) {}
    /// The stream goes: its link is to be closed.
    fn ended(&self) {}
}

/// A stream that the proxy carries out.
pub struct Client {
    /// The stream type's name.
    name: String,
    program: Rc<dyn Handler>,
    /// Where the engine's stream is; given as soon as it is made.
    link: RefCell<Option<Rc<dyn Loop>>>,
    /// Away while what it reads is told.
    decoder: Cell<ClientDecoder>,
    /// How its links are encrypted, if they are.
    tls: Option<Rc<LinkTls>>,
    /// The program has destroyed it: nothing more is said but the end.
    over: Cell<bool>,
    inner: RefCell<Inner>,
    /// Stream types that the program was told the names of.
    names: RefCell<Vec<CString>>,
}

/// How far the link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Down,
    /// Up, the stream type is to be told.
    Fresh,
    /// The proxy was asked for the stream.
    Asked,
    /// The proxy has the stream.
    Up,
}

/// The wish for a connection from the proxy onward.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    None,
    /// To be told.
    Asked,
    /// Told.
    Told,
    /// Told, and between two attempts now.
    Backoff,
}

/// A value that the program set.
struct Metadata {
    name: String,
    value: Vec<u8>,
    /// The proxy does not have it yet.
    dirty: bool,
    /// Sent, and nothing was heard since.
    unconfirmed: bool,
    /// Links that ended while it was so.
    failures: u8,
}

/// Links that may end right after a value was sent before the value is taken for the reason.
const MAX_FAILURES: u8 = 2;

struct Inner {
    stage: Stage,
    /// The proxy has said something on this link, or it was never to be doubted.
    heard_of: bool,
    /// Counts links.
    generation: u64,
    /// CREATING was said.
    created: bool,
    /// CONNECTED was said, and DISCONNECTED not yet.
    connected: bool,
    wish: Wish,
    tx_wanted: bool,
    /// When the program asked to send.
    asked_at: Option<Instant>,
    ordinal: u32,
    hint: Option<u32>,
    timeout: Option<u32>,
    metadata: Vec<Metadata>,
    /// Values from the peer, a NUL behind each.
    heard: Vec<(String, Vec<u8>)>,
    /// The stream type and those that travel with it.
    types: Vec<String>,
    /// Which of them the next message is for.
    turn: usize,
    /// Which of them the last payload was from, empty for the stream's own.
    rideshare: String,
    /// What the peer may send at first.
    initial_credit: i32,
    /// What it may still send, as far as is known here.
    peer_credit: i32,
    /// Credit for the peer that the proxy was not told of yet.
    more_credit: i32,
    /// What the peer allowed us to send.
    credit: i32,
    out: TxBuf,
    /// Since when there is no link.
    down_since: Instant,
}

/// Why a value was not taken.
#[derive(Debug, PartialEq, Eq)]
pub enum SetMetadataError {
    /// The name is empty or too long.
    Name(usize),
    /// Name and value are too long together.
    Value(usize),
}

impl std::fmt::Display for SetMetadataError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SetMetadataError::Name(len) => {
                write!(f, "a name of {len} bytes: 1 to {MAX_NAME} are possible")
            }
            SetMetadataError::Value(len) => {
                write!(f, "name and value of {len} bytes: at most {MAX_METADATA} are possible")
            }
        }
    }
}

impl Client {
    /// A stream of the type `name`; `credit` is how much the peer may send at first, if the
    /// program limits it. [`attach`](Self::attach) it next.
    #[must_use]
    pub fn new(name: &str, program: Rc<dyn Handler>, credit: Option<i32>) -> Self {
        let initial_credit = credit.unwrap_or(DEFAULT_CREDIT);
        let inner = Inner {
            stage: Stage::Down,
            heard_of: true,
            generation: 0,
            created: false,
            connected: false,
            wish: Wish::None,
            tx_wanted: false,
            asked_at: None,
            ordinal: 0,
            hint: None,
            timeout: None,
            metadata: Vec::new(),
            heard: Vec::new(),
            types: Vec::new(),
            turn: 0,
            rideshare: String::new(),
            initial_credit,
            peer_credit: initial_credit,
            more_credit: 0,
            credit: 0,
            out: TxBuf::new(),
            down_since: Instant::now(),
        };
        Self {
            name: name.to_owned(),
            program,
            link: RefCell::default(),
            decoder: Cell::default(),
            tls: None,
            over: Cell::new(false),
            inner: RefCell::new(inner),
            names: RefCell::default(),
        }
    }

    /// Gives it the loop that its link lives in.
    pub fn attach(&self, link: Rc<dyn Loop>) {
        self.link.replace(Some(link));
    }

    /// With links that are encrypted, if there is a way given.
    #[must_use]
    pub fn with_tls(mut self, tls: Option<Rc<LinkTls>>) -> Self {
        self.tls = tls;
        self
    }

    /// The program's side.
    #[must_use]
    pub fn program(&self) -> &Rc<dyn Handler> {
        &self.program
    }

    /// The program destroys the stream: nothing more is told but the end.
    pub fn end(&self) {
        self.over.set(true);
    }

    fn inner(&self) -> RefMut<'_, Inner> {
        self.inner.borrow_mut()
    }

    fn link(&self) -> Option<Rc<dyn Loop>> {
        self.link.borrow().clone()
    }

    /// Something is to be written.
    fn wake(&self) {
        if let Some(link) = self.link() {
            link.request_tx();
        }
    }

    /// As [`wake`](Self::wake), if there is a link: without one it can wait.
    fn wake_if_up(&self) {
        if self.inner().stage != Stage::Down {
            self.wake();
        }
    }

    /// The program wants to send. Before the stream is connected that is a wish to connect, no
    /// more, since nobody here knows whether such a stream sends at all: `tx` is called for what
    /// is asked from CONNECTED on.
    pub fn request_tx(&self) {
        {
            let mut inner = self.inner();
            if inner.connected {
                inner.want_tx();
            } else if inner.wish == Wish::None {
                inner.wish = Wish::Asked;
            }
        }
        self.wake();
    }

    /// As [`request_tx`](Self::request_tx), and announces how many bytes the message will have; 0
    /// announces nothing. What is announced is sent once the stream is connected, also if that is
    /// later.
    pub fn request_tx_len(&self, len: u64) {
        let hint = u32::try_from(len);
        if hint.is_err() {
            log::err!("{}: {len} bytes are more than can be announced to the proxy", self.name);
        }
        {
            let mut inner = self.inner();
            inner.hint = hint.ok().filter(|len| *len > 0);
            if len > 0 {
                inner.want_tx();
            }
        }
        self.request_tx();
    }

    /// Connects. During a backoff, at once; no effect while connecting or connected.
    pub fn client_connect(&self) {
        {
            let mut inner = self.inner();
            match inner.wish {
                _ if inner.connected => return,
                Wish::Told => return,
                Wish::None | Wish::Asked | Wish::Backoff => inner.wish = Wish::Asked,
            }
        }
        self.wake();
    }

    /// Sets a value; the proxy's policy says what it is for, and whether it is for anything.
    ///
    /// # Errors
    /// See [`SetMetadataError`].
    pub fn set_metadata(&self, name: &str, value: &[u8]) -> Result<(), SetMetadataError> {
        if name.is_empty() || name.len() > MAX_NAME {
            return Err(SetMetadataError::Name(name.len()));
        }
        if name.len() + value.len() > MAX_METADATA {
            return Err(SetMetadataError::Value(name.len() + value.len()));
        }
        {
            let mut inner = self.inner();
            let known = inner.metadata.iter().position(|m| m.name == name);
            // the order in which values are set is the order in which they go
            let mut entry = match known {
                Some(at) => inner.metadata.remove(at),
                None => Metadata {
                    name: name.to_owned(),
                    value: Vec::new(),
                    dirty: true,
                    unconfirmed: false,
                    failures: 0,
                },
            };
            entry.value.clear();
            entry.value.extend_from_slice(value);
            (entry.dirty, entry.unconfirmed, entry.failures) = (true, false, 0);
            inner.metadata.push(entry);
        }
        self.wake_if_up();
        Ok(())
    }

    /// Hands the value that came from the peer under this name to `take`, a NUL behind it which
    /// its length does not count.
    pub fn get_metadata<R>(&self, name: &str, take: impl FnOnce(&[u8], usize) -> R) -> Option<R> {
        let inner = self.inner.borrow();
        let (_, value) = inner.heard.iter().find(|(n, _)| n == name)?;
        Some(take(value, value.len() - 1))
    }

    /// The peer may send `bytes` more.
    pub fn add_peer_credit(&self, bytes: i32) {
        {
            let mut inner = self.inner();
            inner.more_credit = inner.more_credit.saturating_add(bytes);
            inner.peer_credit = inner.peer_credit.saturating_add(bytes);
        }
        self.wake_if_up();
    }

    /// How many bytes the peer may still send, as far as is known here.
    #[must_use]
    pub fn peer_credit(&self) -> i32 {
        self.inner.borrow().peer_credit
    }

    /// How many bytes the peer has allowed us to send, less what was sent. Kept for information:
    /// the proxy holds back what the peer does not take.
    #[must_use]
    pub fn credit(&self) -> i32 {
        self.inner.borrow().credit
    }

    /// (Re-)starts the stream's timeout at the proxy; 0 is its policy's.
    pub fn start_timeout(&self, ms: u32) {
        self.inner().timeout = Some(ms);
        self.wake_if_up();
    }

    /// Stops the stream's timeout at the proxy.
    pub fn cancel_timeout(&self) {
        self.start_timeout(CANCEL_TIMEOUT);
    }

    /// The stream type that the payload is from or the next message for.
    pub fn rideshare<R>(&self, take: impl FnOnce(&str) -> R) -> R {
        let inner = self.inner.borrow();
        let sending = inner.types.get(inner.turn).unwrap_or(&self.name);
        take(if inner.rideshare.is_empty() { sending } else { &inner.rideshare })
    }

    /// As [`rideshare`](Self::rideshare), for C: good as long as this. Empty for names beyond
    /// [`MAX_RIDESHARE_NAMES`].
    #[must_use]
    pub fn rideshare_name(&self) -> *const c_char {
        self.rideshare(|name| {
            let mut names = self.names.borrow_mut();
            if let Some(known) = names.iter().find(|n| n.as_bytes() == name.as_bytes()) {
                return known.as_ptr();
            }
            if names.len() == MAX_RIDESHARE_NAMES {
                log::err!("{}: more than {MAX_RIDESHARE_NAMES} rideshare types", self.name);
                return c"".as_ptr();
            }
            let name = CString::new(name).unwrap_or_default();
            let pointer = name.as_ptr();
            names.push(name);
            pointer
        })
    }

    /// Says a state to the program.
    fn say(&self, state: State, ordinal: u32) -> Ret {
        log::info!("{}: {}", self.name, state.name());
        self.program.state(state.code(), ordinal)
    }

    /// A link to the proxy is there.
    fn link_up(&self) {
        {
            let mut inner = self.inner();
            inner.generation += 1;
            inner.stage = Stage::Fresh;
            // with TLS the proxy may still refuse our certificate
            inner.heard_of = self.tls.is_none();
            inner.out.clear();
            for value in &mut inner.metadata {
                value.dirty = true;
            }
        }
        self.decoder.set(ClientDecoder::new());
        if let Some(link) = self.link() {
            link.start_timeout(ANSWER_MS);
            link.request_tx();
        }
    }

    /// It is gone.
    fn link_down(&self) -> Ret {
        let (was_connected, refused) = {
            let mut inner = self.inner();
            inner.generation += 1;
            inner.stage = Stage::Down;
            inner.out.clear();
            let refused = !std::mem::replace(&mut inner.heard_of, true);
            if !refused {
                inner.down_since = Instant::now();
            }
            inner.forget_refused_metadata(&self.name);
            if !inner.connected && inner.wish != Wish::None {
                inner.wish = Wish::Asked;
            }
            let connected = inner.connected;
            if connected {
                inner.transaction_over();
            }
            (connected, refused && !self.over.get())
        };
        if let Some(link) = self.link() {
            link.cancel_timeout();
        }
        if refused {
            return self.retrying();
        }
        if was_connected { self.say(State::Disconnected, 0) } else { Ret::Ok }
    }

    /// An attempt to reach the proxy failed.
    fn retrying(&self) -> Ret {
        let since = self.inner().down_since.elapsed().as_millis();
        self.say(State::UpstreamLinkRetry, u32::try_from(since).unwrap_or(u32::MAX))
    }
}

impl Inner {
    fn want_tx(&mut self) {
        self.tx_wanted = true;
        self.asked_at.get_or_insert_with(Instant::now);
    }

    /// DISCONNECTED is about to be said: what was wanted of the connection is over.
    fn transaction_over(&mut self) {
        self.connected = false;
        self.wish = Wish::None;
        self.tx_wanted = false;
        self.asked_at = None;
        self.hint = None;
        self.turn = 0;
    }

    /// The proxy hangs up on a value that its policy does not know: what keeps ending links is
    /// not sent again.
    fn forget_refused_metadata(&mut self, stream: &str) {
        for value in self.metadata.iter_mut().filter(|m| m.unconfirmed) {
            value.failures += 1;
            value.unconfirmed = false;
        }
        self.metadata.retain(|m| {
            let keep = m.failures < MAX_FAILURES;
            if !keep {
                log::err!("{stream}: the proxy hangs up on metadata '{}': dropped", m.name);
            }
            keep
        });
    }
}

impl Handler for Client {
    /// A state of the link.
    fn state(&self, code: u32, ordinal: u32) -> Ret {
        let Some(state) = State::ALL.into_iter().find(|s| s.code() == code) else {
            return Ret::Ok;
        };
        match state {
            State::Connected => {
                self.link_up();
                Ret::Ok
            }
            State::Disconnected => self.link_down(),
            State::Unreachable => self.retrying(),
            State::Timeout => {
                log::err!("{}: the proxy does not answer", self.name);
                if let Some(link) = self.link() {
                    link.hang_up();
                }
                Ret::Ok
            }
            State::EventWaitCancelled => self.say(state, ordinal),
            State::Destroying => {
                self.end();
                let connected = self.inner().connected;
                if connected {
                    // nothing that is answered here can change anything
                    let _ = self.link_down();
                }
                if let Some(link) = self.link() {
                    link.ended();
                }
                self.say(state, ordinal)
            }
            State::Creating
            | State::AuthFailed
            | State::Connecting
            | State::Poll
            | State::AllRetriesFailed
            | State::QosAckRemote
            | State::QosNackRemote
            | State::QosAckLocal
            | State::QosNackLocal
            | State::ServerTxn
            | State::ServerUpgrade
            | State::UpstreamLinkRetry
            | State::SinkJoin
            | State::SinkPart => Ret::Ok,
        }
    }

    fn rx(&self, data: &[u8], _flags: Flags) -> Ret {
        self.hear(data)
    }

    fn tx(&self, _ordinal: u32, window: &mut [u8]) -> Option<TxAnswer> {
        Some(self.speak(window))
    }

    fn tls(&self) -> Option<Rc<LinkTls>> {
        self.tls.clone()
    }

    /// The program wanted the link of its stream ended, not another one to the proxy.
    fn stays_down(&self) -> bool {
        true
    }
}
