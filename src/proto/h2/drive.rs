//! What the machines of both sides have around the crate's connection.

use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use h2::{Ping, PingPong, Reason};

use super::super::{ProtoError, ProtoErrorKind};
use super::pipe::Pipe;
use super::wake::{Flag, Note, Woken};
use super::{MAX_REPLIES, check};

/// Bytes of frame memory that an idle connection keeps: what control frames need.
pub(super) const FRAME_KEEP: usize = 128;

/// The crate's transport, its wakers, and the frame that is coming in.
pub(super) struct Drive {
    pub pipe: Pipe,
    /// A received frame that is not complete, or the preface.
    pub frame: Vec<u8>,
    /// Raised: the crate has something to do.
    pub flag: Arc<Flag>,
    pub waker: Waker,
    /// The transactions that have something to tell.
    pub woken: Arc<Woken>,
    pings: Option<PingPong>,
    pinged: bool,
    /// A pong came and was not yet reported.
    alive: bool,
    /// Bytes of replies since the transport last had taken everything.
    replies: usize,
}

impl Drive {
    pub fn new(pipe: Pipe) -> Self {
        let flag = Arc::new(Flag::default());
        Self {
            pipe,
            frame: Vec::new(),
            waker: Waker::from(Arc::clone(&flag)),
            flag,
            woken: Arc::default(),
            pings: None,
            pinged: false,
            alive: false,
            replies: 0,
        }
    }

    /// A waker for the transaction `id`.
    pub fn note(&self, id: u32) -> Waker {
        Note::waker(id, &self.woken)
    }

    /// The connection can be pinged from now on, where the crate gave `pings`.
    pub fn pings_by(&mut self, pings: Option<PingPong>) {
        self.pings = pings;
    }

    /// Sends a ping, unless one is under way. `false`: there is no way to.
    pub fn send_ping(&mut self) -> bool {
        let Some(pings) = &mut self.pings else { return false };
        self.pinged = self.pinged || pings.send_ping(Ping::opaque()).is_ok();
        true
    }

    /// Whether a ping's answer is to be expected, or to be reported.
    pub fn awaits_pong(&self) -> bool {
        self.pinged || self.alive
    }

    /// Looks whether the answer has come.
    pub fn poll_pong(&mut self) {
        let cx = &mut Context::from_waker(&self.waker);
        let pong = self.pings.as_mut().filter(|_| self.pinged).map(|p| p.poll_pong(cx));
        if let Some(Poll::Ready(pong)) = pong {
            self.pinged = false;
            self.alive |= pong.is_ok();
        }
    }

    /// Whether an answer has come that was not reported.
    pub fn take_alive(&mut self) -> bool {
        std::mem::take(&mut self.alive)
    }

    /// Puts bytes into the connection's buffer, behind what the crate wrote.
    pub fn write(&self, bytes: &[u8]) {
        self.pipe.0.borrow_mut().out.push(bytes);
    }

    /// Says GOAWAY for the frame that came, `last` being the peer's last stream; the error of it.
    pub fn refuse_frame(&self, last: u32, reason: Reason) -> ProtoError {
        self.write(&check::goaway(last, reason));
        check::error(&self.frame, reason)
    }

    /// Gives the crate the frame, which it then is to be polled for. What to count the replies from.
    pub fn put_frame(&mut self) -> usize {
        self.pipe.put(&mut self.frame)
    }

    /// Counts what the crate wrote since `waiting` bytes waited, and refuses peers that do not take it.
    pub fn count_replies(&mut self, waiting: usize) -> Result<(), ProtoError> {
        let written = self.pipe.waiting().saturating_sub(waiting);
        self.replies = if waiting == 0 { written } else { self.replies + written };
        if self.replies <= MAX_REPLIES {
            return Ok(());
        }
        let detail =
            format!("h2: more than {MAX_REPLIES} bytes of replies that the peer does not take");
        Err(ProtoError::new(ProtoErrorKind::TooLarge, detail))
    }

    /// Holds only what an idle connection may.
    pub fn release(&mut self) {
        self.frame.shrink_to(FRAME_KEEP);
        self.pipe.0.borrow_mut().input.shrink_to(FRAME_KEEP);
    }
}

/// The connection's end in the middle of `under_way` transactions.
pub(super) fn cut_short(under_way: usize) -> ProtoError {
    let detail = format!("closed by the peer inside {under_way} transactions");
    ProtoError::new(ProtoErrorKind::CutShort, detail)
}

/// Why nothing can be sent.
pub(super) fn no_body() -> ProtoError {
    let detail = "the transaction is over or was never started";
    ProtoError::new(ProtoErrorKind::TxOverrun, detail)
}
