//! The stream object: what the engine keeps for each handle of the program.

use std::rc::Rc;

use slotmap::new_key_type;

use super::conn::ConnKey;
use super::inner::LinkTls;
use super::local::Local;
use super::serve::Role;
use super::timers::TimerKey;
use crate::policy::{Protocol, SMD_STREAM_TYPE, StreamType};
use crate::proto::Tid;
use crate::stream::http::multipart::{Framing, Parser};
use crate::stream::retry::Attempts;
use crate::stream::{Flags, Metadata, Phase, Ret, State};
use crate::system::smd::PAYLOAD_MAX;
use crate::util::Micros;

new_key_type! {
    /// A stream. Good for its own stream only, however often the slot is used again.
    pub struct StreamKey;
}

/// What a `tx` callback answered.
#[derive(Clone, Copy, Debug)]
pub struct TxAnswer {
    /// Its return code.
    pub ret: Ret,
    /// How many bytes it put into the window.
    pub len: usize,
    /// `SOM` and `EOM` as it set them.
    pub flags: Flags,
}

/// The program's side of a stream. Every method may call back into the engine.
pub trait Handler: std::any::Any {
    /// An advisory state, or a user state of the policy (a number from
    /// [`USER_BASE`](crate::stream::state::USER_BASE) on). `ordinal` is what the C callback gets as
    /// `ack`. `None`: the program has no such callback.
    fn state(&self, code: u32, ordinal: u32) -> Ret;

    /// Payload; the bytes are only valid during the call.
    fn rx(&self, data: &[u8], flags: Flags) -> Ret;

    /// The program's turn to send: fill the front of `window`. `None`: it never sends.
    fn tx(&self, ordinal: u32, window: &mut [u8]) -> Option<TxAnswer>;

    /// TLS on the stream's connections that no policy has: on links of our own.
    fn tls(&self) -> Option<Rc<LinkTls>> {
        None
    }

    /// Whether a link that was ended by DISCONNECT_ME stays so though the stream is not opportunistic.
    fn stays_down(&self) -> bool {
        false
    }

    /// Of a listening stream: the program's side of one for a connection that came in. `None`:
    /// there is none to be had.
    fn accept(&self) -> Option<Rc<dyn Handler>> {
        None
    }

    /// What [`accept`](Self::accept) made belongs to this stream. `false`: the stream is not
    /// wanted after all.
    fn made(&self, _stream: StreamKey) -> bool {
        true
    }
}

/// What is needed to make a stream.
pub struct NewStream {
    /// Its type in the policy.
    pub kind: Rc<StreamType>,
    /// The program's side.
    pub handler: Rc<dyn Handler>,
    /// Bytes that the peer may send before the program allows more, on protocols with such a
    /// credit; `None` leaves that to the library.
    pub peer_credit: Option<u32>,
}

/// Where a stream is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link {
    pub conn: ConnKey,
    /// `None` until the connection is open and the transaction started.
    pub tid: Option<Tid>,
}

/// What concerns one transaction only.
#[derive(Default)]
pub(super) struct Txn {
    /// The response counts as success.
    pub good: bool,
    /// How many redirects were followed to get here.
    pub redirects: u8,
    /// Where this attempt leads: what the policy says, or a redirect.
    pub target: Option<Box<super::route::Target>>,
    /// A redirect turned the request into a plain GET.
    pub as_get: bool,
    /// A redirect led to another host: credentials stay behind.
    pub elsewhere: bool,
    /// Some of the request's body was handed over: it cannot be repeated.
    pub body_begun: bool,
    /// Bytes of it, or of the message under way.
    pub sent: u64,
    /// The program wants to be rid of the stream once the transaction is over.
    pub then_destroy: bool,
    /// When some of the body was handed over last.
    pub sent_at: Micros,
    /// How often the peer refused the request untouched.
    pub refused: u8,
    /// When the request went out.
    pub asked: Option<Micros>,
    /// Times of a connection that is gone, for `perf`.
    pub times: Option<Box<super::perf::Times>>,
    /// The stream was told its times.
    pub perf_said: bool,
    /// The path that was asked for, where the policy has cookies kept.
    pub asked_path: Option<String>,
    /// Framing of the request's body, if it goes out in parts.
    pub framing: Option<Box<Framing>>,
    /// Takes the response's parts apart; away while it runs.
    pub parts: Option<Box<Parser>>,
    /// The response came over h1 although the policy says h2.
    pub fell_back: bool,
    /// Serving: the status that the program said.
    pub status: Option<u16>,
    /// Serving: the answer has begun.
    pub answered: bool,
}

/// A stream.
pub(super) struct Stream {
    pub kind: Rc<StreamType>,
    pub handler: Rc<dyn Handler>,
    pub role: Role,
    /// `[pid|wsiSScli|ordinal in hex|type|path]`, for logs; the path where there is one.
    pub tag: Rc<str>,
    /// Counts up over all streams: destroying a context goes from the newest to the oldest.
    pub born: u64,
    pub phase: Phase,
    /// The last state said, for logs.
    pub said: Option<State>,
    pub metadata: Metadata,
    pub attempts: Attempts,
    /// Counts tx callbacks over the whole life of the handle.
    pub ordinal: u32,
    pub tx_wanted: bool,
    /// As announced by `request_tx_len`, in bytes.
    pub tx_len: Option<u64>,
    /// What the next window offers, see [`Stream::adapt_room`].
    pub tx_room: usize,
    /// Windows filled in a row.
    filled: u8,
    pub link: Option<Link>,
    /// What it is bound to in place of a connection.
    pub local: Option<Local>,
    /// In the queue of local streams.
    pub local_queued: bool,
    pub txn: Txn,
    /// Callbacks of this stream on the stack.
    pub depth: u32,
    /// To be destroyed when the outermost of them returns.
    pub doomed: bool,
    /// The engine is inside a call by which the program connects this stream: a wish to destroy
    /// it is passed to that call's caller.
    pub in_call: bool,
    pub call_ret: Option<Ret>,
    pub retry_timer: Option<TimerKey>,
    pub timeout_timer: Option<TimerKey>,
    /// Limits the wait for a response.
    pub response_timer: Option<TimerKey>,
    /// What the peer may send at first, in bytes, if the program limits it.
    pub peer_credit: Option<u32>,
    /// Another process uses it, see [`Context::set_proxied`](super::Context::set_proxied).
    pub proxied: bool,
    /// Takes no payload for now, see [`Context::hold_rx`](super::Context::hold_rx).
    pub rx_held: bool,
    /// A finished transaction whose DISCONNECTED waits for the link to close.
    pub lingering: bool,
}

/// A stream's tag with the path that it asks for, in place of an earlier one.
pub(super) fn tag_with_path(tag: &str, path: &str) -> Rc<str> {
    let stem = tag.trim_end_matches(']').splitn(5, '|').take(4).collect::<Vec<_>>().join("|");
    Rc::from(format!("{stem}|{path}]"))
}

/// Room in the first windows: the least that programs rely on.
const FIRST_ROOM: usize = 1519;
/// The same for protocols of messages.
const FIRST_ROOM_MESSAGES: usize = 1400;
/// The same between sources and sinks.
const FIRST_ROOM_SINK: usize = 1380;
/// The largest window that a stream is offered, in bytes.
const MAX_ROOM: usize = 64 * 1024;
/// Windows that must be filled in a row before the next one is larger.
const FILLED_BEFORE_GROWING: u8 = 4;

impl Stream {
    pub fn new(new: NewStream, tag: Rc<str>, born: u64) -> Self {
        let tx_room = match new.kind.protocol {
            _ if new.kind.name == SMD_STREAM_TYPE => super::BUS_HEADER_LEN + PAYLOAD_MAX,
            _ if new.kind.local_sink => FIRST_ROOM_SINK,
            Protocol::Ws | Protocol::Mqtt => FIRST_ROOM_MESSAGES,
            Protocol::H1 | Protocol::H2 | Protocol::H3 | Protocol::Raw => FIRST_ROOM,
        };
        Self {
            role: if new.kind.server { Role::Listener(None) } else { Role::Client },
            kind: new.kind,
            handler: new.handler,
            tag,
            born,
            phase: Phase::New,
            said: None,
            metadata: Metadata::default(),
            attempts: Attempts::default(),
            ordinal: 0,
            tx_wanted: false,
            tx_len: None,
            tx_room,
            filled: 0,
            link: None,
            local: None,
            local_queued: false,
            txn: Txn::default(),
            depth: 0,
            doomed: false,
            in_call: false,
            call_ret: None,
            retry_timer: None,
            timeout_timer: None,
            response_timer: None,
            peer_credit: new.peer_credit,
            proxied: false,
            rx_held: false,
            lingering: false,
        }
    }

    /// A stream that keeps filling its windows gets larger ones (fewer callbacks and system
    /// calls for bulk); one that does not, costs little memory.
    pub fn adapt_room(&mut self, offered: usize, used: usize) {
        if used < offered {
            self.filled = 0;
        } else if self.filled < FILLED_BEFORE_GROWING {
            self.filled += 1;
        } else {
            self.tx_room = (self.tx_room * 4).min(MAX_ROOM);
        }
    }

    /// Has a connection, or what stands in its place.
    pub fn is_bound(&self) -> bool {
        self.link.is_some() || self.local.is_some()
    }

    /// Is bound to something else than a connection, or is about to be for the first time.
    pub fn is_local(&self) -> bool {
        self.local.is_some() || self.kind.local_sink && self.said.is_none()
    }

    /// Stays connected, or is reconnected, without being asked.
    pub fn is_persistent(&self) -> bool {
        !self.kind.opportunistic
    }
}

#[cfg(test)]
mod tests {
    use super::Stream;

    /// Bytes of a stream at most: thousands of idle ones are to cost little.
    const MOST: usize = 392;

    #[test]
    fn a_stream_is_small() {
        assert!(size_of::<Stream>() <= MOST, "{} bytes", size_of::<Stream>());
    }
}
