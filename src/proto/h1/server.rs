//! The serving machine: requests in, responses out.

use super::super::{
    Asked, BodyLen, Codec, Event, Head, ProtoError, ProtoErrorKind, Request, Response, Reuse, Tid,
    TxWindow, Upgrade,
};
use super::asked::{self, Plan, Refusal};
use super::chunked::{Chunked, Step};
use super::send::Send;
use super::{HEAD_TIME, MAX_FIELDS, MAX_REQUEST_BODY, MAX_REQUEST_HEAD, answer};
use crate::util::{Micros, TxBuf};

/// Bytes of a head that came in pieces, for which memory is kept between requests.
const STASH_KEEP: usize = 128;

const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// What a serving connection lets its client do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerOptions {
    /// Bytes in a request's head at most, blank line included: 431 (or 414) beyond.
    pub max_head: usize,
    /// Fields in a request's head at most, [`MAX_FIELDS`] whatever this says: 431 beyond.
    pub max_fields: usize,
    /// Bytes in a request's body at most: 413 beyond.
    pub max_body: u64,
    /// Microseconds that a request's head may take from its first byte: 408 beyond. 0: for ever.
    pub head_time: Micros,
    /// Upgrades to WebSocket are checked and reported; otherwise they are plain requests.
    pub websocket: bool,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            max_head: MAX_REQUEST_HEAD,
            max_fields: MAX_FIELDS,
            max_body: MAX_REQUEST_BODY,
            head_time: HEAD_TIME,
            websocket: false,
        }
    }
}

/// The serving side of an HTTP/1.1 connection.
///
/// Requests come one after the other: [`Event::Request`]; then, unless [`Asked::body`] says that
/// there is none (or one of no bytes), its body as one message, whose end is an empty piece of its
/// own; then, once the answer is complete too, [`Event::End`]. Input that belongs to the next
/// request is left alone until then: call [`Codec::receive`] again (with what is left, or with
/// nothing) when the answer is complete.
///
/// After an error, `out` holds the answer that tells the client why, if none had begun: worth
/// sending before the connection is closed. A client that waits for `100 Continue` gets it with
/// the first [`Codec::receive`] after its [`Event::Request`]; if it has been answered by then, its
/// body is not waited for, and the connection ends with the answer.
///
/// [`Codec::respond`] with status 101 grants what [`Asked::upgrade`] asks for: the connection, and
/// all input from then on, is the new protocol's.
pub struct H1Server {
    options: ServerOptions,
    receiving: Receiving,
    /// The answer to the request under way; `None`: it has not begun.
    sending: Option<Send>,
    /// The request under way, or the last one.
    tid: Tid,
    asked: Asked,
    plan: Plan,
    /// The start of a head that came in pieces.
    stash: Vec<u8>,
    /// When the head under way has to be complete.
    deadline: Option<Micros>,
    /// Whether the connection may carry another request after this one.
    keep: bool,
    payload_seen: bool,
}

#[derive(Debug)]
enum Receiving {
    /// Between requests: one empty line in front is let pass (RFC 9112 2.2).
    Start,
    EmptyLine,
    Head,
    Length(u64),
    Chunked(Chunked),
    /// The body is complete, its end not yet told.
    EndOfMessage,
    /// The request is complete.
    Complete,
    /// 101: the bytes from here on are another protocol's.
    Upgraded,
    /// Closed, broken or given up.
    Dead,
}

impl Default for H1Server {
    fn default() -> Self {
        Self::new(ServerOptions::default())
    }
}

impl H1Server {
    /// A connection that was just accepted.
    #[must_use]
    pub fn new(options: ServerOptions) -> Self {
        Self {
            options,
            receiving: Receiving::Start,
            sending: None,
            tid: Tid(u32::MAX),
            asked: Asked::default(),
            plan: Plan { minor: 1, keep: true, head_method: false, expects: false },
            stash: Vec::new(),
            deadline: None,
            keep: true,
            payload_seen: false,
        }
    }

    /// Whether the connection has become another protocol's: what is received and sent from now
    /// on belongs to that.
    #[must_use]
    pub fn upgraded(&self) -> bool {
        matches!(self.receiving, Receiving::Upgraded)
    }

    /// Lets the request under way, or the next one, be the last (the server shuts down ...): its
    /// answer says so, if it has not begun.
    pub fn close_after(&mut self) {
        self.keep = false;
    }

    /// Bytes of heap memory held.
    #[must_use]
    pub fn memory(&self) -> usize {
        let a = &self.asked;
        let texts = a.method.capacity() + a.target.capacity() + a.authority.capacity();
        texts + a.fields.memory() + self.stash.capacity()
    }

    fn under_way(&self, tid: Tid) -> bool {
        tid == self.tid
            && match self.receiving {
                Receiving::Length(_)
                | Receiving::Chunked(_)
                | Receiving::EndOfMessage
                | Receiving::Complete => true,
                Receiving::Start
                | Receiving::EmptyLine
                | Receiving::Head
                | Receiving::Upgraded
                | Receiving::Dead => false,
            }
    }

    fn answered(&self) -> bool {
        matches!(self.sending, Some(Send::Complete | Send::Short))
    }

    /// The next event, without the bookkeeping of errors.
    fn step<'b>(
        &mut self,
        input: &mut &'b [u8],
        now: Micros,
    ) -> Result<Option<Event<'b>>, Refusal> {
        loop {
            match &mut self.receiving {
                Receiving::Dead => {
                    *input = &[];
                    return Ok(None);
                }
                Receiving::Upgraded => return Ok(None),
                Receiving::Start => {
                    let Some((&first, rest)) = input.split_first() else { return Ok(None) };
                    if self.options.head_time > 0 {
                        self.deadline = Some(now.saturating_add(self.options.head_time));
                    }
                    self.receiving = Receiving::Head;
                    if first == b'\r' {
                        self.receiving = Receiving::EmptyLine;
                        *input = rest;
                    }
                }
                Receiving::EmptyLine => {
                    let Some((&byte, rest)) = input.split_first() else { return Ok(None) };
                    if byte != b'\n' {
                        return Err(Refusal::new(400, "request head: CR without LF"));
                    }
                    *input = rest;
                    self.receiving = Receiving::Head;
                }
                Receiving::Head => {
                    let complete = self.collect_head(input)?;
                    return Ok(complete.then(|| self.head_is_complete()));
                }
                Receiving::Length(left) => {
                    let n = usize::try_from(*left).map_or(input.len(), |l| l.min(input.len()));
                    let (data, rest) = input.split_at(n);
                    *input = rest;
                    *left -= n as u64;
                    if *left == 0 {
                        self.receiving = Receiving::EndOfMessage;
                    }
                    return Ok(self.data(data));
                }
                Receiving::Chunked(body) => match body.next(input).map_err(body_refusal)? {
                    Step::Data(data) => return Ok(self.data(data)),
                    Step::Done => self.receiving = Receiving::EndOfMessage,
                    Step::More => return Ok(None),
                },
                Receiving::EndOfMessage => {
                    self.receiving = Receiving::Complete;
                    let som = !self.payload_seen;
                    return Ok(Some(Event::Data { tid: self.tid, data: &[], som, eom: true }));
                }
                Receiving::Complete => return Ok(self.ending()),
            }
        }
    }

    /// Takes bytes up to the head's end and parses it. `false`: it is not all there.
    fn collect_head(&mut self, input: &mut &[u8]) -> Result<bool, Refusal> {
        let (old, all) = (self.stash.len(), *input);
        let most = self.options.max_head;
        let window = &all[..all.len().min(most - old)];
        if old > 0 {
            self.stash.extend_from_slice(window);
        }
        let seen = if old > 0 { &self.stash[..] } else { window };
        if !asked::may_start(seen) {
            return Err(Refusal::new(400, "request head: does not start with a method"));
        }
        let Some(end) = asked::head_end(seen, old)? else {
            if seen.len() == most {
                let status = if seen.contains(&b'\n') { 431 } else { 414 };
                return Err(Refusal::new(status, format!("request head: more than {most} bytes")));
            }
            if old == 0 {
                self.stash.extend_from_slice(window);
            }
            *input = &[];
            return Ok(false);
        };
        self.plan = asked::parse(&seen[..end], &self.options, &mut self.asked)?;
        *input = &all[end - old..];
        self.stash.clear();
        self.stash.shrink_to(STASH_KEEP);
        Ok(true)
    }

    fn head_is_complete(&mut self) -> Event<'static> {
        self.tid = Tid(self.tid.0.wrapping_add(1));
        self.deadline = None;
        self.sending = None;
        self.payload_seen = false;
        self.receiving = match self.asked.body {
            BodyLen::None | BodyLen::Known(0) => Receiving::Complete,
            BodyLen::Known(n) => Receiving::Length(n),
            BodyLen::Unknown | BodyLen::Unframed => {
                Receiving::Chunked(Chunked::limited(self.options.max_body))
            }
        };
        Event::Request { tid: self.tid }
    }

    fn data<'b>(&mut self, data: &'b [u8]) -> Option<Event<'b>> {
        if data.is_empty() {
            return None;
        }
        let som = !std::mem::replace(&mut self.payload_seen, true);
        Some(Event::Data { tid: self.tid, data, som, eom: false })
    }

    /// The end of the exchange, once its answer is complete.
    fn ending(&mut self) -> Option<Event<'static>> {
        if !self.answered() {
            return None;
        }
        self.keep &= self.sending == Some(Send::Complete);
        match self.keep {
            true => {
                asked::clear(&mut self.asked);
                self.receiving = Receiving::Start;
            }
            false => self.die(),
        }
        Some(Event::End { tid: self.tid })
    }

    /// A client that waits is told to go on, or not waited for.
    fn go_on(&mut self, out: &mut TxBuf) {
        if !std::mem::take(&mut self.plan.expects) {
            return;
        }
        match self.sending {
            None => out.push(CONTINUE),
            Some(_) => self.receiving = Receiving::Complete,
        }
    }

    fn die(&mut self) {
        self.receiving = Receiving::Dead;
        self.keep = false;
        self.deadline = None;
        asked::clear(&mut self.asked);
        self.stash = Vec::new();
    }

    /// Tells the client why, if no answer has begun.
    fn refuse(&mut self, refusal: Refusal, out: &mut TxBuf) -> ProtoError {
        let in_head = !self.under_way(self.tid);
        if in_head || self.sending.is_none() {
            answer::refuse(refusal.status, out);
        }
        self.die();
        refusal.error
    }

    fn cut_short(&self) -> Option<String> {
        match &self.receiving {
            Receiving::Start
            | Receiving::EmptyLine
            | Receiving::EndOfMessage
            | Receiving::Complete
            | Receiving::Upgraded
            | Receiving::Dead => None,
            Receiving::Head if self.stash.is_empty() => None,
            Receiving::Head => Some("inside the request's head".to_owned()),
            Receiving::Length(left) => Some(format!("{left} bytes before the end of the body")),
            Receiving::Chunked(_) => Some("before the last chunk".to_owned()),
        }
    }
}

fn body_refusal(error: ProtoError) -> Refusal {
    let status = if error.kind == ProtoErrorKind::TooLarge { 413 } else { 400 };
    Refusal { status, error }
}

fn bad(detail: impl Into<String>) -> ProtoError {
    ProtoError::new(ProtoErrorKind::BadRequest, detail)
}

impl Codec for H1Server {
    fn speaks_unasked(&self) -> bool {
        true
    }

    fn start(&mut self, _: &Request<'_>, _: &mut TxBuf) -> Result<Tid, ProtoError> {
        Err(bad("this side serves"))
    }

    fn receive<'b>(
        &mut self,
        input: &mut &'b [u8],
        out: &mut TxBuf,
        now: Micros,
    ) -> Result<Option<Event<'b>>, ProtoError> {
        self.go_on(out);
        self.step(input, now).map_err(|refusal| self.refuse(refusal, out))
    }

    /// A client may close its side and still wait for its answer: an error only where a request
    /// is incomplete.
    fn receive_eof(&mut self) -> Result<Option<Event<'static>>, ProtoError> {
        self.keep = false;
        if let Some(place) = self.cut_short() {
            self.die();
            let detail = format!("closed by the peer {place}");
            return Err(ProtoError::new(ProtoErrorKind::CutShort, detail));
        }
        match self.receiving {
            Receiving::EndOfMessage | Receiving::Complete => {
                self.step(&mut &b""[..], 0).map_err(|refusal| refusal.error)
            }
            _ => {
                self.die();
                Ok(None)
            }
        }
    }

    fn head(&self, _: Tid) -> Option<&Head> {
        None
    }

    fn request(&self, tid: Tid) -> Option<&Asked> {
        self.under_way(tid).then_some(&self.asked)
    }

    fn respond(
        &mut self,
        tid: Tid,
        answer: &Response<'_>,
        out: &mut TxBuf,
    ) -> Result<(), ProtoError> {
        if !self.under_way(tid) || self.sending.is_some() {
            return Err(bad("response: no request waits for it"));
        }
        if answer.status == 101 {
            let Some(Upgrade::WebSocket) = self.asked.upgrade else {
                return Err(bad("response: 101, but no upgrade was asked for"));
            };
            answer::switch("websocket", answer, out)?;
            self.receiving = Receiving::Upgraded;
            self.keep = false;
            return Ok(());
        }
        // a client that waits may send its body or not: what follows can't be told apart
        let keep = self.keep && self.plan.keep && !self.plan.expects;
        let written = answer::write(answer, self.plan, keep, out)?;
        self.sending = Some(written.send);
        self.keep = written.keep;
        Ok(())
    }

    /// Of a client nothing is awaited here.
    fn response_started(&self, _: Tid) -> bool {
        false
    }

    fn tx_window(&self, tid: Tid) -> Option<TxWindow> {
        if self.under_way(tid) { self.sending?.window() } else { None }
    }

    fn tx_commit(
        &mut self,
        tid: Tid,
        out: &mut TxBuf,
        len: usize,
        _som: bool,
        eom: bool,
    ) -> Result<(), ProtoError> {
        match &mut self.sending {
            Some(sending) if tid == self.tid && !matches!(self.receiving, Receiving::Dead) => {
                sending.commit(out, len, eom)
            }
            _ => {
                out.cancel();
                let detail = "the exchange is over, or its answer has not begun";
                Err(ProtoError::new(ProtoErrorKind::TxOverrun, detail))
            }
        }
    }

    fn abandon(&mut self, tid: Tid, _out: &mut TxBuf) -> Reuse {
        if self.under_way(tid) {
            self.die();
        }
        self.reuse()
    }

    /// [`Reuse::Idle`]: the next request has not begun.
    fn reuse(&self) -> Reuse {
        match self.receiving {
            _ if !self.keep => Reuse::Never,
            Receiving::Start => Reuse::Idle,
            Receiving::Upgraded | Receiving::Dead => Reuse::Never,
            Receiving::EmptyLine
            | Receiving::Head
            | Receiving::Length(_)
            | Receiving::Chunked(_)
            | Receiving::EndOfMessage
            | Receiving::Complete => Reuse::Busy,
        }
    }

    fn ping(&mut self, _out: &mut TxBuf) -> bool {
        false
    }

    /// An interim response, which clients of HTTP/1.1 have to let pass (RFC 9110 15.2).
    fn probe(&mut self, out: &mut TxBuf) {
        let waits = matches!(self.receiving, Receiving::Complete) && self.sending.is_none();
        if waits && self.plan.minor > 0 {
            out.push(CONTINUE);
        }
    }

    /// When the head under way has to be complete.
    fn next_deadline(&self) -> Option<Micros> {
        self.deadline
    }

    fn on_deadline(&mut self, out: &mut TxBuf, now: Micros) -> Result<(), ProtoError> {
        if self.deadline.is_none_or(|at| now < at) {
            return Ok(());
        }
        let detail = "the request's head is not complete in time";
        let error = ProtoError::new(ProtoErrorKind::Timeout, detail);
        Err(self.refuse(Refusal { status: 408, error }, out))
    }
}
