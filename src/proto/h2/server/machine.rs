//! The machine: the crate's connection and the exchanges on it.

use std::collections::HashMap;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use h2::server::{Builder, Connection, Handshake, SendResponse};
use h2::{Reason, RecvStream};

use super::super::super::{Event, ProtoError, ProtoErrorKind, Response, Reuse, Tid};
use super::super::drive::{Drive, cut_short, no_body};
use super::super::guard::Piped;
use super::super::names::connection_error;
use super::super::pipe::Pipe;
use super::super::{CONNECTION_WINDOW, MAX_FRAME, MAX_WINDOW, check, frames};
use super::exchange::{Exchange, Step, refuse};
use super::{PREFACE, ServerOptions, asked, is_preface};
use crate::util::Micros;

/// What one connection consists of.
pub(super) struct Machine {
    options: ServerOptions,
    drive: Drive,
    link: Link,
    exchanges: HashMap<u32, Exchange>,
    /// The last one that was begun.
    last: u32,
    resets: Resets,
    state: State,
    failed: Option<ProtoError>,
}

/// The crate's part.
enum Link {
    /// The preface is not complete.
    Handshake(Box<Handshake<Pipe, Bytes>>),
    Open(Box<Connection<Pipe, Bytes>>),
}

/// Requests that the client took back.
struct Resets {
    count: u32,
    /// When counting began.
    since: Micros,
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// No more requests, but those under way go on.
    GoingAway,
    /// The client has closed its side: what it has asked for completely is still answered.
    HalfClosed,
    /// The crate's connection has ended: nothing more is received, what has been is reported.
    Over,
    /// Closed or broken, and all is reported.
    Dead,
}

impl Piped for Machine {
    fn pipe(&self) -> &Pipe {
        &self.drive.pipe
    }
}

impl Machine {
    pub fn new(options: ServerOptions) -> Self {
        let pipe = Pipe::default();
        let handshake = Builder::new()
            .initial_window_size(options.stream_window.clamp(1, CONNECTION_WINDOW))
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(MAX_FRAME)
            .max_header_list_size(options.max_header_list)
            .max_concurrent_streams(options.max_streams)
            .max_send_buffer_size(MAX_WINDOW)
            .handshake(pipe.clone());
        let drive = Drive::new(pipe);
        drive.flag.raise();
        Self {
            options,
            drive,
            link: Link::Handshake(Box::new(handshake)),
            exchanges: HashMap::new(),
            last: 0,
            resets: Resets { count: 0, since: 0 },
            state: State::Open,
            failed: None,
        }
    }

    /// Lets the crate work until it has nothing more to do.
    fn poll(&mut self) {
        while self.works() {
            self.drive.flag.take();
            let cx = &mut Context::from_waker(&self.drive.waker);
            match &mut self.link {
                Link::Handshake(handshake) => match Future::poll(Pin::new(&mut **handshake), cx) {
                    Poll::Pending => {}
                    Poll::Ready(Ok(mut connection)) => {
                        self.drive.pings_by(connection.ping_pong());
                        self.link = Link::Open(Box::new(connection));
                        continue;
                    }
                    Poll::Ready(Err(e)) => self.fail(connection_error(&e)),
                },
                Link::Open(connection) => match connection.poll_accept(cx) {
                    Poll::Pending => {}
                    Poll::Ready(Some(Ok((request, respond)))) => {
                        self.begin(request, respond);
                        continue;
                    }
                    Poll::Ready(Some(Err(e))) => self.fail(connection_error(&e)),
                    Poll::Ready(None) => self.state = State::Over,
                },
            }
            self.drive.poll_pong();
            if !self.drive.flag.take() {
                return;
            }
        }
    }

    fn begin(&mut self, request: http::Request<RecvStream>, mut respond: SendResponse<Bytes>) {
        let (parts, body) = request.into_parts();
        let id = respond.stream_id().as_u32();
        self.last = id;
        let max_body = self.options.max_body;
        match asked::asked(&parts, body.is_end_stream(), max_body) {
            Ok(asked) => {
                let waker = self.drive.note(id);
                let exchange = Exchange::new(asked, body, respond, max_body, waker);
                self.exchanges.insert(id, exchange);
                self.drive.woken.add(id);
            }
            Err(refusal) => refuse(&mut respond, refusal.0),
        }
        self.drive.flag.raise();
    }

    /// Moves a frame, or the preface, to `frame`. `false`: more bytes are needed.
    fn collect(&mut self, input: &mut &[u8]) -> bool {
        if matches!(self.link, Link::Open(_)) {
            return frames::collect(&mut self.drive.frame, input);
        }
        while self.drive.frame.len() < PREFACE.len() {
            let Some((&byte, rest)) = input.split_first() else { return false };
            self.drive.frame.push(byte);
            *input = rest;
            if is_preface(&self.drive.frame) == Some(false) {
                return true;
            }
        }
        true
    }

    /// Gives the crate what is complete.
    fn feed(&mut self) {
        if matches!(self.link, Link::Handshake(_)) && is_preface(&self.drive.frame) != Some(true) {
            let detail = "h2: the client does not begin with the preface";
            self.fail(ProtoError::new(ProtoErrorKind::Malformed, detail));
            return;
        }
        if matches!(self.link, Link::Open(_)) {
            if let Some(reason) = check::fault(&self.drive.frame, true) {
                self.fail(self.drive.refuse_frame(self.last, reason));
                return;
            }
            check::forget_priority(&mut self.drive.frame);
        }
        let waiting = self.drive.put_frame();
        self.poll();
        if self.failed.is_none()
            && let Err(e) = self.drive.count_replies(waiting)
        {
            self.fail(e);
        }
    }

    fn fail(&mut self, error: ProtoError) {
        self.failed = Some(error);
        self.state = State::Over;
    }

    pub fn receive(
        &mut self,
        input: &mut &[u8],
        now: Micros,
    ) -> Result<Option<Event<'static>>, ProtoError> {
        loop {
            if self.state == State::Dead {
                *input = &[];
                return Ok(None);
            }
            if let Some(event) = self.report(now) {
                return Ok(Some(event));
            }
            if self.state == State::Over {
                self.state = State::Dead;
                return match self.failed.take() {
                    Some(e) => Err(e),
                    None if self.exchanges.is_empty() => continue,
                    None => Err(cut_short(self.exchanges.len())),
                };
            }
            // what follows from the last frame goes out before the next one comes in
            if self.drive.flag.take() {
                self.poll();
            } else if self.state == State::HalfClosed {
                *input = &[];
                if !self.exchanges.is_empty() {
                    return Ok(None);
                }
                self.state = State::Dead;
            } else if self.collect(input) {
                self.feed();
            } else {
                if self.exchanges.is_empty() {
                    self.drive.release();
                }
                return Ok(None);
            }
        }
    }

    /// The next thing to report of what has been received.
    fn report(&mut self, now: Micros) -> Option<Event<'static>> {
        if self.drive.take_alive() {
            return Some(Event::Alive);
        }
        while let Some(id) = self.drive.woken.first() {
            let Some(exchange) = self.exchanges.get_mut(&id) else {
                self.drive.woken.pass(id);
                continue;
            };
            let tid = Tid(id);
            match exchange.step() {
                Step::Event(event) => return Some(event),
                Step::Wait => self.drive.woken.pass(id),
                Step::Done => {
                    drop(self.remove(id));
                    return Some(Event::End { tid });
                }
                // the connection's error is everybody's and told once
                Step::Broken { .. } if self.failed.is_some() => self.drive.woken.pass(id),
                Step::Broken { reason, reset } => {
                    drop(self.remove(id));
                    if reset {
                        self.count_reset(now);
                    }
                    return Some(Event::Reset { tid, reason });
                }
            }
        }
        None
    }

    /// A client that asks and takes back costs us more than itself (CVE-2023-44487).
    fn count_reset(&mut self, now: Micros) {
        if now.saturating_sub(self.resets.since) >= self.options.reset_period {
            self.resets = Resets { count: 0, since: now };
        }
        self.resets.count += 1;
        if self.resets.count <= self.options.max_resets {
            return;
        }
        if let Link::Open(connection) = &mut self.link {
            connection.abrupt_shutdown(Reason::ENHANCE_YOUR_CALM);
        }
        self.poll();
        let detail = format!("h2: more than {} requests reset", self.options.max_resets);
        self.fail(ProtoError::new(ProtoErrorKind::TooLarge, detail));
    }

    fn remove(&mut self, id: u32) -> Option<Exchange> {
        self.drive.flag.raise();
        self.exchanges.remove(&id)
    }

    pub fn exchange(&self, tid: Tid) -> Option<&Exchange> {
        self.exchanges.get(&tid.0)
    }

    pub fn respond(&mut self, tid: Tid, answer: &Response<'_>) -> Result<(), ProtoError> {
        let Some(exchange) = self.exchanges.get_mut(&tid.0) else {
            return Err(super::answer::bad("response: no request waits for it"));
        };
        exchange.respond(answer)?;
        self.drive.woken.add(tid.0);
        self.poll();
        Ok(())
    }

    pub fn want_tx(&mut self, tid: Tid, wanted: bool) {
        if let Some(exchange) = self.exchanges.get_mut(&tid.0) {
            exchange.want(wanted);
        }
    }

    pub fn commit(&mut self, tid: Tid, data: Bytes, eom: bool) -> Result<(), ProtoError> {
        let Some(exchange) = self.exchanges.get_mut(&tid.0) else { return Err(no_body()) };
        exchange.commit(data, eom)?;
        self.drive.woken.add(tid.0);
        self.poll();
        Ok(())
    }

    pub fn abandon(&mut self, tid: Tid, reason: Reason) -> Reuse {
        if let Some(exchange) = self.remove(tid.0) {
            exchange.cancel(reason);
            self.poll();
        }
        self.reuse()
    }

    /// Whether an answer is to be expected.
    pub fn ping(&mut self) -> bool {
        if !self.receives() || !self.drive.send_ping() {
            return false;
        }
        self.poll();
        self.drive.awaits_pong()
    }

    pub fn close_after(&mut self) {
        if self.state == State::Open {
            self.state = State::GoingAway;
            if let Link::Open(connection) = &mut self.link {
                connection.graceful_shutdown();
            }
            self.poll();
        }
    }

    /// GOAWAY: nothing that the client sends is looked at any more.
    pub fn goodbye(&mut self) {
        if self.receives() {
            self.drive.write(&check::goaway(self.last, Reason::NO_ERROR));
            self.state = State::Dead;
        }
    }

    /// The client has closed its side.
    pub fn eof(&mut self) {
        if self.receives() {
            self.state = State::HalfClosed;
            let mut ids: Vec<u32> = self.exchanges.keys().copied().collect();
            ids.sort_unstable();
            for id in ids {
                if let Some(exchange) = self.exchanges.get_mut(&id) {
                    exchange.cut();
                }
                self.drive.woken.add(id);
            }
        }
    }

    fn receives(&self) -> bool {
        matches!(self.state, State::Open | State::GoingAway)
    }

    /// Whether the crate has anything to do yet.
    fn works(&self) -> bool {
        self.receives() || self.state == State::HalfClosed
    }

    pub fn reuse(&self) -> Reuse {
        if self.state != State::Open {
            return Reuse::Never;
        }
        let under_way = u32::try_from(self.exchanges.len()).unwrap_or(u32::MAX);
        match self.options.max_streams.saturating_sub(under_way) {
            1.. if under_way == 0 => Reuse::Idle,
            more => Reuse::Shared(more),
        }
    }
}
