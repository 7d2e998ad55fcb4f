//! Raw byte streams: one transaction that lasts as long as the connection, with no messages
//! and so no marks of their starts and ends.

use super::{Codec, Event, Head, ProtoError, ProtoErrorKind, Request, Reuse, Tid, TxWindow};
use crate::util::{Micros, TxBuf};

/// Bytes that one window takes at most.
pub const MAX_WINDOW: usize = 64 * 1024;

/// The only transaction there is.
const TID: Tid = Tid(0);

/// A connection whose bytes are passed through as they are.
#[derive(Debug, Default)]
pub struct Raw {
    state: State,
    received: bool,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    Fresh,
    Open,
    Closed,
}

impl Raw {
    /// A fresh connection.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn open(&self, tid: Tid) -> bool {
        tid == TID && self.state == State::Open
    }
}

impl Codec for Raw {
    /// Opens the only transaction; nothing of the request is used and nothing is written.
    fn start(&mut self, _req: &Request<'_>, _out: &mut TxBuf) -> Result<Tid, ProtoError> {
        if self.state != State::Fresh {
            let detail = "a raw connection carries one transaction";
            return Err(ProtoError::new(ProtoErrorKind::BadRequest, detail));
        }
        self.state = State::Open;
        Ok(TID)
    }

    /// Before [`start`](Self::start) it takes nothing, so that a peer that talks first is heard.
    fn receive<'b>(
        &mut self,
        input: &mut &'b [u8],
        _out: &mut TxBuf,
        _now: Micros,
    ) -> Result<Option<Event<'b>>, ProtoError> {
        match self.state {
            State::Fresh => Ok(None),
            State::Closed => {
                *input = &[];
                Ok(None)
            }
            State::Open if input.is_empty() => Ok(None),
            State::Open => {
                self.received = true;
                let data = std::mem::take(input);
                Ok(Some(Event::Data { tid: TID, data, som: false, eom: false }))
            }
        }
    }

    fn receive_eof(&mut self) -> Result<Option<Event<'static>>, ProtoError> {
        match std::mem::replace(&mut self.state, State::Closed) {
            State::Open => Ok(Some(Event::End { tid: TID })),
            State::Fresh | State::Closed => Ok(None),
        }
    }

    fn head(&self, _tid: Tid) -> Option<&Head> {
        None
    }

    fn response_started(&self, tid: Tid) -> bool {
        tid == TID && self.received
    }

    fn tx_window(&self, tid: Tid) -> Option<TxWindow> {
        self.open(tid).then_some(TxWindow { max: MAX_WINDOW, headroom: 0, tailroom: 0 })
    }

    /// The bytes go out as they are; `som` and `eom` mean nothing here.
    fn tx_commit(
        &mut self,
        tid: Tid,
        out: &mut TxBuf,
        len: usize,
        _som: bool,
        _eom: bool,
    ) -> Result<(), ProtoError> {
        if !self.open(tid) || len > MAX_WINDOW {
            out.cancel();
            let detail = format!("{len} bytes: closed, or larger than a window of {MAX_WINDOW}");
            return Err(ProtoError::new(ProtoErrorKind::TxOverrun, detail));
        }
        out.commit(b"", len, b"");
        Ok(())
    }

    fn abandon(&mut self, _tid: Tid, _out: &mut TxBuf) -> Reuse {
        self.state = State::Closed;
        self.reuse()
    }

    fn reuse(&self) -> Reuse {
        match self.state {
            State::Fresh => Reuse::Idle,
            State::Open | State::Closed => Reuse::Never,
        }
    }

    fn ping(&mut self, _out: &mut TxBuf) -> bool {
        false
    }
}
