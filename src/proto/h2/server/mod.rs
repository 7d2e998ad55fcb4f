//! The serving codec: guards the machine against the crate's panics and gives it the connection's
//! buffer.
//!
//! | file | what |
//! |---|---|
//! | `asked.rs` | makes our request of the crate's |
//! | `answer.rs` | makes the crate's response of ours |
//! | `exchange.rs` | one request and its answer |
//! | `machine.rs` | a connection: drives the crate |

mod answer;
mod asked;
mod exchange;
mod machine;

use super::super::{
    Asked, Codec, Event, Head, ProtoError, ProtoErrorKind, Request, Response, Reuse, Tid, TxWindow,
};
use super::drive::no_body;
use super::guard::Guard;
use super::outgoing::take_window;
use super::{
    MAX_HEADER_LIST, MAX_REQUEST_BODY, MAX_RESETS, MAX_SERVED_STREAMS, RESET_PERIOD, STREAM_WINDOW,
};
use crate::util::{Micros, TxBuf};
use ::h2::Reason;
use exchange::Exchange;
use machine::Machine;

/// What every client with prior knowledge begins with (RFC 9113 3.4).
pub const PREFACE: &[u8; 24] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Whether a connection that begins with `bytes` is HTTP/2's. `None`: more bytes are needed.
#[must_use]
pub fn is_preface(bytes: &[u8]) -> Option<bool> {
    let n = bytes.len().min(PREFACE.len());
    if bytes[..n] != PREFACE[..n] {
        return Some(false);
    }
    (n == PREFACE.len()).then_some(true)
}

/// What a serving connection lets its client do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerOptions {
    /// Requests under way at the same time; more are refused (REFUSED_STREAM).
    pub max_streams: u32,
    /// Bytes in a request's head at most, counted as RFC 9113 6.5.2 does: 431 beyond.
    pub max_header_list: u32,
    /// Bytes in a request's body at most: 413 beyond.
    pub max_body: u64,
    /// Requests that the client may reset within [`reset_period`](Self::reset_period) before they
    /// are answered completely: ENHANCE_YOUR_CALM beyond, for the whole connection.
    pub max_resets: u32,
    /// Microseconds.
    pub reset_period: Micros,
    /// Payload that the client may send on one stream before we take any, in bytes.
    pub stream_window: u32,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            max_streams: MAX_SERVED_STREAMS,
            max_header_list: MAX_HEADER_LIST,
            max_body: MAX_REQUEST_BODY,
            max_resets: MAX_RESETS,
            reset_period: RESET_PERIOD,
            stream_window: STREAM_WINDOW,
        }
    }
}

/// The serving side of an HTTP/2 connection, from the preface on.
///
/// Each request is a transaction: [`Event::Request`], its body as one message unless
/// [`Asked::body`] says that there is none (or one of no bytes), and [`Event::End`] once the
/// answer is complete too. [`Event::Reset`] ends one that the client takes back, or whose body is
/// wrong or too large. Payload comes as [`Event::Owned`], the end of a message as an empty
/// [`Event::Data`].
pub struct H2Server {
    guard: Guard<Machine>,
}

impl Default for H2Server {
    fn default() -> Self {
        Self::new(ServerOptions::default())
    }
}

impl H2Server {
    /// A connection that was just accepted. Our SETTINGS go out with the first
    /// [`Codec::receive`].
    #[must_use]
    pub fn new(options: ServerOptions) -> Self {
        Self { guard: Guard::new(Some(Machine::new(options))) }
    }

    /// Takes no more requests, but completes those under way (the server shuts down ...).
    pub fn close_after(&mut self, out: &mut TxBuf) {
        self.guard.with_out(out, Machine::close_after);
    }

    fn exchange(&self, tid: Tid) -> Option<&Exchange> {
        self.guard.look()?.exchange(tid)
    }
}

impl Codec for H2Server {
    fn speaks_unasked(&self) -> bool {
        true
    }

    fn start(&mut self, _: &Request<'_>, _: &mut TxBuf) -> Result<Tid, ProtoError> {
        Err(ProtoError::new(ProtoErrorKind::BadRequest, "this side serves"))
    }

    fn receive<'b>(
        &mut self,
        input: &mut &'b [u8],
        out: &mut TxBuf,
        now: Micros,
    ) -> Result<Option<Event<'b>>, ProtoError> {
        self.guard.with_out(out, |m| m.receive(input, now)).unwrap_or_else(|| {
            // whoever still has transactions here must hear that they go nowhere
            let detail = "h2: an earlier panic has made the connection unusable";
            Err(ProtoError::new(ProtoErrorKind::Malformed, detail))
        })
    }

    /// A client may close its side and still wait for its answers: requests that are not complete
    /// end with [`Event::Reset`], the others go on.
    fn receive_eof(&mut self) -> Result<Option<Event<'static>>, ProtoError> {
        self.guard
            .enter(|m| {
                m.eof();
                m.receive(&mut &b""[..], 0)
            })
            .unwrap_or(Ok(None))
    }

    fn head(&self, _: Tid) -> Option<&Head> {
        None
    }

    fn request(&self, tid: Tid) -> Option<&Asked> {
        Some(self.exchange(tid)?.asked())
    }

    fn respond(
        &mut self,
        tid: Tid,
        answer: &Response<'_>,
        out: &mut TxBuf,
    ) -> Result<(), ProtoError> {
        self.guard.with_out(out, |m| m.respond(tid, answer)).unwrap_or_else(|| Err(no_body()))
    }

    fn trailers(&self, tid: Tid) -> Option<&Head> {
        self.exchange(tid)?.trailers()
    }

    /// Of a client nothing is awaited here.
    fn response_started(&self, _: Tid) -> bool {
        false
    }

    fn want_tx(&mut self, tid: Tid, wanted: bool) {
        self.guard.enter(|m| m.want_tx(tid, wanted));
    }

    /// What `max` says has been granted by the client, to be used or given back: see
    /// [`want_tx`](Codec::want_tx).
    fn tx_window(&self, tid: Tid) -> Option<TxWindow> {
        self.exchange(tid)?.window()
    }

    fn tx_commit(
        &mut self,
        tid: Tid,
        out: &mut TxBuf,
        len: usize,
        _som: bool,
        eom: bool,
    ) -> Result<(), ProtoError> {
        let data = take_window(out, len)?;
        self.guard.with_out(out, |m| m.commit(tid, data, eom)).unwrap_or_else(|| Err(no_body()))
    }

    fn abandon(&mut self, tid: Tid, out: &mut TxBuf) -> Reuse {
        let reason = Reason::INTERNAL_ERROR;
        self.guard.with_out(out, |m| m.abandon(tid, reason)).unwrap_or(Reuse::Never)
    }

    fn give_up_on_peer(&mut self, tid: Tid, out: &mut TxBuf) -> bool {
        self.guard.with_out(out, |m| m.abandon(tid, Reason::CANCEL)).is_some()
    }

    /// [`Reuse::Idle`]: no request is under way.
    fn reuse(&self) -> Reuse {
        self.guard.look().map_or(Reuse::Never, Machine::reuse)
    }

    fn ping(&mut self, out: &mut TxBuf) -> bool {
        self.guard.with_out(out, Machine::ping).unwrap_or(false)
    }

    fn goodbye(&mut self, out: &mut TxBuf) {
        self.guard.with_out(out, Machine::goodbye);
    }
}
