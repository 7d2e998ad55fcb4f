//! The server's machine: frames, from the 101 on.

use std::rc::Rc;

use super::super::{Codec, Event, Head, ProtoError, Request, Reuse, Tid, TxWindow};
use super::accept::Accepted;
use super::frames::{Frames, bad};
use super::{MAX_MESSAGE, Role};
use crate::util::{Micros, TxBuf};

/// What a server lets its clients do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerOptions {
    /// Our subprotocols, separated by commas (the policy's `ws_subprotocol`).
    pub subprotocols: Option<String>,
    /// Our messages are binary, not text (the policy's `ws_binary`).
    pub binary: bool,
    /// Agrees to permessage-deflate where a client offers it.
    pub deflate: bool,
    /// Bytes in a client's message at most, as the program gets them: close status 1009 beyond.
    pub max_message: u64,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self { subprotocols: None, binary: false, deflate: false, max_message: MAX_MESSAGE }
    }
}

/// The serving side of a WebSocket connection: one transaction, that of the request that asked
/// for it, from the 101 to the close.
///
/// When the client closes, that is [`Event::End`], [`Codec::farewell`] has its words, and our
/// answer is in `out`. After an error, `out` may hold a close frame that tells the client why:
/// worth sending. Payload comes as [`Event::Held`], since clients mask it.
pub struct WsServer {
    frames: Box<Frames>,
    tid: Tid,
    abandoned: bool,
}

impl WsServer {
    /// A connection whose 101 has been written. `tid`: the request's.
    #[must_use]
    pub fn new(tid: Tid, accepted: &Accepted, options: &ServerOptions) -> Self {
        // a server masks nothing, and so asks for no random bytes
        let none = Rc::new(|_: &mut [u8]| false);
        let mut frames = Frames::new(Role::Server, options.binary, accepted.deflate, none, tid);
        frames.limit_messages(options.max_message);
        Self { frames: Box::new(frames), tid, abandoned: false }
    }

    /// Starts the closing handshake: see [`Frames::close`].
    ///
    /// # Errors
    /// `code` or `reason` may not be sent.
    pub fn close(&mut self, code: u16, reason: &str, out: &mut TxBuf) -> Result<(), ProtoError> {
        self.frames.close(code, reason, out)
    }

    /// The status of the client's close frame, 1005 if it had none.
    #[must_use]
    pub fn close_status(&self) -> Option<u16> {
        self.frames.close_status()
    }

    /// Bytes of heap memory held.
    #[must_use]
    pub fn memory(&self) -> usize {
        size_of::<Frames>() + self.frames.memory()
    }

    fn is_open(&self, tid: Tid) -> bool {
        tid == self.tid && !self.abandoned
    }
}

impl Codec for WsServer {
    fn start(&mut self, _: &Request<'_>, _: &mut TxBuf) -> Result<Tid, ProtoError> {
        Err(bad("this side serves"))
    }

    fn receive<'b>(
        &mut self,
        input: &mut &'b [u8],
        out: &mut TxBuf,
        _now: Micros,
    ) -> Result<Option<Event<'b>>, ProtoError> {
        if self.abandoned {
            *input = &[];
            return Ok(None);
        }
        self.frames.receive(input, out)
    }

    fn swap_held(&mut self, buffer: &mut Vec<u8>) {
        self.frames.swap_held(buffer);
    }

    /// A pong may have waited for the client to take the earlier ones.
    fn speaks_unasked(&self) -> bool {
        self.frames.owes_pong()
    }

    fn farewell(&self) -> Option<String> {
        self.frames.farewell()
    }

    fn receive_eof(&mut self) -> Result<Option<Event<'static>>, ProtoError> {
        if self.abandoned { Ok(None) } else { self.frames.receive_eof() }
    }

    fn head(&self, _: Tid) -> Option<&Head> {
        None
    }

    /// Of a client nothing is awaited here.
    fn response_started(&self, _: Tid) -> bool {
        false
    }

    fn tx_window(&self, tid: Tid) -> Option<TxWindow> {
        if self.is_open(tid) { self.frames.tx_window() } else { None }
    }

    fn tx_commit(
        &mut self,
        tid: Tid,
        out: &mut TxBuf,
        len: usize,
        som: bool,
        eom: bool,
    ) -> Result<(), ProtoError> {
        if !self.is_open(tid) {
            out.cancel();
            return Err(bad("the connection is not open"));
        }
        self.frames.tx_commit(out, len, som, eom)
    }

    /// Says nothing to the client: see [`WsServer::close`] for that.
    fn abandon(&mut self, tid: Tid, _out: &mut TxBuf) -> Reuse {
        self.abandoned |= tid == self.tid;
        self.reuse()
    }

    /// A close frame with status 1000, unless one has gone out.
    fn goodbye(&mut self, out: &mut TxBuf) {
        // a close that is under way already is as good
        let _ = self.close(1000, "", out);
    }

    fn reuse(&self) -> Reuse {
        if self.abandoned || self.frames.over() { Reuse::Never } else { Reuse::Busy }
    }

    fn ping(&mut self, out: &mut TxBuf) -> bool {
        !self.abandoned && self.frames.ping(out)
    }
}
