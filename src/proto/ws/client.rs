//! The client's machine: handshake, then frames.

use super::super::{ClosesFirst, Codec, Event, Head, ProtoError, Request, Reuse, Tid, TxWindow};
use super::frames::{Frames, bad};
use super::handshake::Handshake;
use super::{Options, Random, Role};
use crate::util::{Micros, TxBuf};

/// A WebSocket client connection: one transaction, from the upgrade to the close.
///
/// [`Event::Head`] with status 101 says that it is open, and [`Codec::head`] is then good until
/// the next [`Codec::receive`]. With any other status it was refused: the head stays, the body is
/// passed over, [`Event::End`] follows. When the peer closes an open one, that is
/// [`Event::End`] too, [`Codec::farewell`] has the peer's words, and our answer is in `out`.
/// After an error, `out` may hold a close frame that tells the peer why: worth sending.
pub struct Ws {
    stage: Stage,
    random: Random,
    /// The transaction, once it is started.
    tid: Option<Tid>,
    answered: bool,
    /// How the connection ends that was given up while open.
    left: Option<ClosesFirst>,
}

enum Stage {
    /// Not started.
    New(Box<Handshake>),
    /// The answer is awaited.
    Asked(Box<Handshake>),
    /// An answer other than 101.
    Refused(Box<Handshake>),
    /// 101 has been told, its head can still be looked at.
    Opened(Box<Handshake>, Box<Frames>),
    Open(Box<Frames>),
    /// Broken, refused to the end, or given up.
    Dead,
}

impl Ws {
    /// A fresh connection. `random` is asked for 16 bytes once and for 4 a frame.
    #[must_use]
    pub fn new(options: Options, random: Random) -> Self {
        let stage = Stage::New(Box::new(Handshake::new(options)));
        Self { stage, random, tid: None, answered: false, left: None }
    }

    /// Starts the closing handshake: see [`Frames::close`]. `false`: there is no open connection
    /// to close.
    ///
    /// # Errors
    /// `code` or `reason` may not be sent.
    pub fn close(&mut self, code: u16, reason: &str, out: &mut TxBuf) -> Result<bool, ProtoError> {
        match self.frames_mut() {
            Some(frames) => frames.close(code, reason, out).map(|()| true),
            None => Ok(false),
        }
    }

    /// The status of the peer's close frame, 1005 if it had none.
    #[must_use]
    pub fn close_status(&self) -> Option<u16> {
        self.frames().and_then(Frames::close_status)
    }

    /// Bytes of heap memory held.
    #[must_use]
    pub fn memory(&self) -> usize {
        match &self.stage {
            Stage::New(h) | Stage::Asked(h) | Stage::Refused(h) => held_by(h),
            Stage::Opened(h, f) => held_by(h) + size_of::<Frames>() + f.memory(),
            Stage::Open(f) => size_of::<Frames>() + f.memory(),
            Stage::Dead => 0,
        }
    }

    fn frames(&self) -> Option<&Frames> {
        match &self.stage {
            Stage::Opened(_, frames) | Stage::Open(frames) => Some(frames),
            Stage::New(_) | Stage::Asked(_) | Stage::Refused(_) | Stage::Dead => None,
        }
    }

    fn frames_mut(&mut self) -> Option<&mut Frames> {
        match &mut self.stage {
            Stage::Opened(_, frames) | Stage::Open(frames) => Some(frames),
            Stage::New(_) | Stage::Asked(_) | Stage::Refused(_) | Stage::Dead => None,
        }
    }

    fn is_mine(&self, tid: Tid) -> bool {
        self.tid == Some(tid)
    }

    /// The answer's head, once it is there.
    fn answer<'b>(
        &mut self,
        mut handshake: Box<Handshake>,
        input: &mut &'b [u8],
        out: &mut TxBuf,
        now: Micros,
    ) -> Result<Option<Event<'b>>, ProtoError> {
        let event = handshake.h1.receive(input, out, now);
        self.answered |= self.tid.is_some_and(|tid| handshake.h1.response_started(tid));
        let Some(event) = event? else {
            self.stage = Stage::Asked(handshake);
            return Ok(None);
        };
        let Event::Head { tid, status } = event else {
            // h1 tells the head first, always
            return Ok(None);
        };
        if status != 101 {
            self.stage = Stage::Refused(handshake);
            return Ok(Some(event));
        }
        let head = handshake.h1.head(tid).ok_or_else(|| bad("an answer without a head"))?;
        let deflate = handshake.check(head)?;
        let random = self.random.clone();
        let frames = Frames::new(Role::Client, handshake.binary(), deflate, random, tid);
        self.stage = Stage::Opened(handshake, Box::new(frames));
        Ok(Some(event))
    }

    /// Passes over a refusal's body.
    fn refusal<'b>(
        &mut self,
        mut handshake: Box<Handshake>,
        mut next: impl FnMut(&mut Handshake) -> Result<Option<Event<'b>>, ProtoError>,
    ) -> Result<Option<Event<'b>>, ProtoError> {
        loop {
            match next(&mut handshake)? {
                Some(Event::End { tid }) => return Ok(Some(Event::End { tid })),
                Some(_) => {}
                None => {
                    self.stage = Stage::Refused(handshake);
                    return Ok(None);
                }
            }
        }
    }
}

fn held_by(handshake: &Handshake) -> usize {
    size_of::<Handshake>() + handshake.h1.memory()
}

impl Codec for Ws {
    fn start(&mut self, req: &Request<'_>, out: &mut TxBuf) -> Result<Tid, ProtoError> {
        match std::mem::replace(&mut self.stage, Stage::Dead) {
            Stage::New(mut handshake) => match handshake.start(req, &self.random, out) {
                Ok(tid) => {
                    self.stage = Stage::Asked(handshake);
                    self.tid = Some(tid);
                    Ok(tid)
                }
                Err(e) => {
                    self.stage = Stage::New(handshake);
                    Err(e)
                }
            },
            other => {
                self.stage = other;
                Err(bad("this connection can't take another transaction"))
            }
        }
    }

    fn receive<'b>(
        &mut self,
        input: &mut &'b [u8],
        out: &mut TxBuf,
        now: Micros,
    ) -> Result<Option<Event<'b>>, ProtoError> {
        // a stage that is not put back has ended
        match std::mem::replace(&mut self.stage, Stage::Dead) {
            Stage::New(handshake) => {
                // nobody asked for these: the connection is not to be trusted
                if input.is_empty() {
                    self.stage = Stage::New(handshake);
                }
                *input = &[];
                Ok(None)
            }
            Stage::Asked(handshake) => self.answer(handshake, input, out, now),
            Stage::Refused(handshake) => self.refusal(handshake, |h| h.h1.receive(input, out, now)),
            Stage::Opened(_, frames) | Stage::Open(frames) => {
                self.stage = Stage::Open(frames);
                match self.frames_mut() {
                    Some(frames) => frames.receive(input, out),
                    None => Ok(None),
                }
            }
            Stage::Dead => {
                *input = &[];
                Ok(None)
            }
        }
    }

    fn swap_held(&mut self, buffer: &mut Vec<u8>) {
        match self.frames_mut() {
            Some(frames) => frames.swap_held(buffer),
            None => buffer.clear(),
        }
    }

    /// A pong may have waited for the server to take the earlier ones.
    fn speaks_unasked(&self) -> bool {
        self.frames().is_some_and(Frames::owes_pong)
    }

    fn farewell(&self) -> Option<String> {
        self.frames().and_then(Frames::farewell)
    }

    fn receive_eof(&mut self) -> Result<Option<Event<'static>>, ProtoError> {
        match std::mem::replace(&mut self.stage, Stage::Dead) {
            Stage::New(_) | Stage::Dead => Ok(None),
            Stage::Asked(mut handshake) => handshake.h1.receive_eof(),
            Stage::Refused(handshake) => self.refusal(handshake, |h| h.h1.receive_eof()),
            Stage::Opened(_, mut frames) | Stage::Open(mut frames) => {
                let event = frames.receive_eof();
                self.stage = Stage::Open(frames);
                event
            }
        }
    }

    fn head(&self, tid: Tid) -> Option<&Head> {
        match &self.stage {
            Stage::Refused(handshake) | Stage::Opened(handshake, _) => handshake.h1.head(tid),
            Stage::New(_) | Stage::Asked(_) | Stage::Open(_) | Stage::Dead => None,
        }
    }

    fn response_started(&self, tid: Tid) -> bool {
        self.is_mine(tid) && self.answered
    }

    fn tx_window(&self, tid: Tid) -> Option<TxWindow> {
        self.frames().filter(|_| self.is_mine(tid)).and_then(Frames::tx_window)
    }

    fn tx_commit(
        &mut self,
        tid: Tid,
        out: &mut TxBuf,
        len: usize,
        som: bool,
        eom: bool,
    ) -> Result<(), ProtoError> {
        let mine = self.is_mine(tid);
        match self.frames_mut().filter(|_| mine) {
            Some(frames) => frames.tx_commit(out, len, som, eom),
            None => {
                out.cancel();
                Err(bad("the connection is not open"))
            }
        }
    }

    /// Says nothing to the peer: see [`Ws::close`] for that.
    fn abandon(&mut self, tid: Tid, _out: &mut TxBuf) -> Reuse {
        if self.is_mine(tid) {
            self.left = self.closes_first();
            self.stage = Stage::Dead;
        }
        self.reuse()
    }

    fn reuse(&self) -> Reuse {
        match &self.stage {
            Stage::New(_) => Reuse::Idle,
            Stage::Asked(_) | Stage::Refused(_) => Reuse::Busy,
            Stage::Opened(_, frames) | Stage::Open(frames) if !frames.over() => Reuse::Busy,
            Stage::Opened(..) | Stage::Open(_) | Stage::Dead => Reuse::Never,
        }
    }

    /// Once close frames are exchanged, or ours says what is wrong, the server closes the
    /// transport first (RFC 6455 7.1.1).
    fn closes_first(&self) -> Option<ClosesFirst> {
        match self.frames() {
            Some(frames) if frames.said_close() => Some(ClosesFirst::Peer),
            Some(_) => Some(ClosesFirst::Us),
            None => self.left,
        }
    }

    fn ping(&mut self, out: &mut TxBuf) -> bool {
        self.frames_mut().is_some_and(|frames| frames.ping(out))
    }
}
