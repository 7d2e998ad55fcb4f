//! The machine: requests out, responses in.

use super::super::{Codec, Event, Head, ProtoError, ProtoErrorKind, Request, Reuse, Tid, TxWindow};
use super::chunked::{Chunked, Step};
use super::response::{self, Framing};
use super::send::Send;
use super::{MAX_HEAD, MAX_INTERIM, request};
use crate::util::{Micros, TxBuf};

/// Bytes of a head that came in pieces, for which memory is kept between transactions.
const STASH_KEEP: usize = 128;

/// An HTTP/1.1 client connection.
pub struct H1 {
    receiving: Receiving,
    sending: Send,
    /// The transaction under way, or the last one.
    tid: Tid,
    head: Head,
    /// The start of a head that came in pieces.
    stash: Vec<u8>,
    /// Whether the connection may carry another transaction after this one.
    keep: bool,
    /// What the response under way depends on.
    head_method: bool,
    upgrade: bool,
    started: bool,
    interim: u8,
    payload_seen: bool,
}

#[derive(Debug)]
enum Receiving {
    /// No transaction.
    Idle,
    Head,
    Length(u64),
    Chunked(Chunked),
    UntilClose,
    /// The body is complete, its end not yet told.
    EndOfMessage,
    /// The response is complete, its end not yet told.
    End,
    /// 101: the bytes from here on are another protocol's.
    Upgraded,
    /// Closed, broken or given up.
    Dead,
}

impl Default for H1 {
    fn default() -> Self {
        Self::new()
    }
}

impl H1 {
    /// A fresh connection.
    #[must_use]
    pub fn new() -> Self {
        Self {
            receiving: Receiving::Idle,
            sending: Send::Complete,
            tid: Tid(u32::MAX),
            head: Head::default(),
            stash: Vec::new(),
            keep: true,
            head_method: false,
            upgrade: false,
            started: false,
            interim: 0,
            payload_seen: false,
        }
    }

    /// Whether the peer answered a request that has an `Upgrade` field with 101. Its
    /// [`Event::Head`] was then the last event: received bytes are left to the new protocol.
    #[must_use]
    pub fn upgraded(&self) -> bool {
        matches!(self.receiving, Receiving::Upgraded)
    }

    /// Bytes of heap memory held.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.head.memory() + self.stash.capacity()
    }

    fn under_way(&self, tid: Tid) -> bool {
        tid == self.tid && !matches!(self.receiving, Receiving::Idle | Receiving::Dead)
    }

    /// The next event, without the bookkeeping of errors.
    fn step<'b>(&mut self, input: &mut &'b [u8]) -> Result<Option<Event<'b>>, ProtoError> {
        loop {
            match &mut self.receiving {
                Receiving::Idle | Receiving::Dead => {
                    // nobody asked for these: what follows on this connection can't be trusted
                    self.keep &= input.is_empty();
                    *input = &[];
                    return Ok(None);
                }
                Receiving::Upgraded => return Ok(None),
                Receiving::Head => {
                    let Some(minor) = self.collect_head(input)? else { return Ok(None) };
                    if let Some(event) = self.head_is_complete(minor)? {
                        return Ok(Some(event));
                    }
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
                Receiving::Chunked(body) => match body.next(input)? {
                    Step::Data(data) => return Ok(self.data(data)),
                    Step::Done => self.receiving = Receiving::EndOfMessage,
                    Step::More => return Ok(None),
                },
                Receiving::UntilClose => return Ok(self.data(std::mem::take(input))),
                Receiving::EndOfMessage | Receiving::End => {
                    return Ok(Some(self.ending(input.is_empty())));
                }
            }
        }
    }

    /// Takes bytes up to the head's end and parses it; its minor version, once it is there.
    fn collect_head(&mut self, input: &mut &[u8]) -> Result<Option<u8>, ProtoError> {
        if input.is_empty() {
            return Ok(None);
        }
        self.started = true;
        let old = self.stash.len();
        let all = *input;
        let window = &all[..all.len().min(MAX_HEAD - old)];
        if old > 0 {
            self.stash.extend_from_slice(window);
        }
        let seen = if old > 0 { &self.stash[..] } else { window };
        if !response::may_start(seen) {
            return Err(response::not_http());
        }
        // the blank line may have begun two bytes ago
        let Some(end) = response::head_end(seen, old.saturating_sub(2)) else {
            if seen.len() == MAX_HEAD {
                let detail = format!("response head: more than {MAX_HEAD} bytes");
                return Err(ProtoError::new(ProtoErrorKind::TooLarge, detail));
            }
            if old == 0 {
                self.stash.extend_from_slice(window);
            }
            *input = &[];
            return Ok(None);
        };
        let minor = response::parse(&seen[..end], &mut self.head)?;
        *input = &all[end - old..];
        self.stash.clear();
        Ok(Some(minor))
    }

    /// Passes over interim responses; finds what comes behind a final one's head.
    fn head_is_complete(&mut self, minor: u8) -> Result<Option<Event<'static>>, ProtoError> {
        match self.head.status {
            101 if self.upgrade => {
                self.keep = false;
                self.receiving = Receiving::Upgraded;
            }
            101 => {
                let detail = "response head: 101, but no upgrade was asked for";
                return Err(ProtoError::new(ProtoErrorKind::Malformed, detail));
            }
            100..=199 => {
                self.interim += 1;
                if self.interim > MAX_INTERIM {
                    let detail = format!("more than {MAX_INTERIM} interim responses");
                    return Err(ProtoError::new(ProtoErrorKind::TooLarge, detail));
                }
                return Ok(None);
            }
            _ => {
                let meaning = response::meaning(&self.head, minor, self.head_method)?;
                self.keep &= meaning.keep;
                self.receiving = match meaning.framing {
                    Framing::Empty => Receiving::End,
                    Framing::Length(n) => Receiving::Length(n),
                    Framing::Chunked => Receiving::Chunked(Chunked::new()),
                    Framing::UntilClose => Receiving::UntilClose,
                };
            }
        }
        Ok(Some(Event::Head { tid: self.tid, status: self.head.status }))
    }

    fn data<'b>(&mut self, data: &'b [u8]) -> Option<Event<'b>> {
        if data.is_empty() {
            return None;
        }
        let som = !std::mem::replace(&mut self.payload_seen, true);
        Some(Event::Data { tid: self.tid, data, som, eom: false })
    }

    /// The end of the message (if there was payload), then of the transaction. `clean`: nothing
    /// follows it.
    fn ending(&mut self, clean: bool) -> Event<'static> {
        let tid = self.tid;
        if matches!(self.receiving, Receiving::EndOfMessage) {
            self.receiving = Receiving::End;
            if self.payload_seen {
                return Event::Data { tid, data: &[], som: false, eom: true };
            }
        }
        self.keep &= clean && self.sending == Send::Complete;
        self.receiving = Receiving::Idle;
        self.release();
        Event::End { tid }
    }

    /// Holds only what an idle connection may.
    fn release(&mut self) {
        self.head.release();
        self.stash.clear();
        self.stash.shrink_to(STASH_KEEP);
    }

    fn die(&mut self) {
        self.receiving = Receiving::Dead;
        self.keep = false;
        self.release();
    }

    fn eof_step(&mut self) -> Result<Option<Event<'static>>, ProtoError> {
        let missing = match &self.receiving {
            Receiving::Idle | Receiving::Dead | Receiving::Upgraded => {
                self.die();
                return Ok(None);
            }
            Receiving::UntilClose => {
                self.receiving = Receiving::EndOfMessage;
                return Ok(Some(self.ending(false)));
            }
            Receiving::EndOfMessage | Receiving::End => return Ok(Some(self.ending(false))),
            Receiving::Head if !self.started => "before the response".to_owned(),
            Receiving::Head => "inside the response's head".to_owned(),
            Receiving::Length(left) => format!("{left} bytes before the end of the body"),
            Receiving::Chunked(_) => "before the last chunk".to_owned(),
        };
        Err(ProtoError::new(ProtoErrorKind::CutShort, format!("closed by the peer {missing}")))
    }
}

impl Codec for H1 {
    fn start(&mut self, req: &Request<'_>, out: &mut TxBuf) -> Result<Tid, ProtoError> {
        match self.reuse() {
            Reuse::Idle => {}
            Reuse::Busy | Reuse::Shared(_) | Reuse::Never => {
                let detail = "this connection can't take another transaction";
                return Err(ProtoError::new(ProtoErrorKind::BadRequest, detail));
            }
        }
        let written = request::write(req, out)?;
        self.tid = Tid(self.tid.0.wrapping_add(1));
        self.receiving = Receiving::Head;
        self.sending = Send::new(req.body);
        self.keep = !written.close;
        self.head_method = written.head_method;
        self.upgrade = written.upgrade;
        self.started = false;
        self.interim = 0;
        self.payload_seen = false;
        Ok(self.tid)
    }

    fn receive<'b>(
        &mut self,
        input: &mut &'b [u8],
        _out: &mut TxBuf,
        _now: Micros,
    ) -> Result<Option<Event<'b>>, ProtoError> {
        let event = self.step(input);
        if event.is_err() {
            self.die();
        }
        event
    }

    fn receive_eof(&mut self) -> Result<Option<Event<'static>>, ProtoError> {
        let event = self.eof_step();
        self.keep = false;
        if event.is_err() {
            self.die();
        }
        event
    }

    fn head(&self, tid: Tid) -> Option<&Head> {
        let waiting = matches!(self.receiving, Receiving::Head);
        (self.under_way(tid) && !waiting).then_some(&self.head)
    }

    fn response_started(&self, tid: Tid) -> bool {
        tid == self.tid && self.started
    }

    fn tx_window(&self, tid: Tid) -> Option<TxWindow> {
        if self.under_way(tid) { self.sending.window() } else { None }
    }

    fn tx_commit(
        &mut self,
        tid: Tid,
        out: &mut TxBuf,
        len: usize,
        _som: bool,
        eom: bool,
    ) -> Result<(), ProtoError> {
        if !self.under_way(tid) {
            out.cancel();
            let detail = "the transaction is over or was never started";
            return Err(ProtoError::new(ProtoErrorKind::TxOverrun, detail));
        }
        self.sending.commit(out, len, eom)
    }

    fn abandon(&mut self, tid: Tid, _out: &mut TxBuf) -> Reuse {
        if self.under_way(tid) {
            self.die();
        }
        self.reuse()
    }

    fn reuse(&self) -> Reuse {
        match self.receiving {
            _ if !self.keep => Reuse::Never,
            Receiving::Idle => Reuse::Idle,
            Receiving::Dead => Reuse::Never,
            Receiving::Head
            | Receiving::Length(_)
            | Receiving::Chunked(_)
            | Receiving::UntilClose
            | Receiving::EndOfMessage
            | Receiving::End
            | Receiving::Upgraded => Reuse::Busy,
        }
    }

    fn ping(&mut self, _out: &mut TxBuf) -> bool {
        false
    }
}
