//! The machine: the crate's connection and the transactions on it.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};
use h2::{Ping, PingPong};

use super::super::{BodyLen, Event, ProtoError, ProtoErrorKind, Request, Reuse, Tid};
use super::check;
use super::frames::{self, kind};
use super::guard::Piped;
use super::names::{End, connection_error};
use super::overflow::Windows;
use super::pipe::Pipe;
use super::stream::{Step, Stream};
use super::wake::{Flag, Note, Woken};
use super::{
    CONNECTION_WINDOW, MAX_FRAME, MAX_HEADER_LIST, MAX_REPLIES, MAX_STREAMS, MAX_WINDOW, Options,
    STREAMS_BEFORE_SETTINGS, request,
};

/// Bytes of frame memory that an idle connection keeps: what control frames need.
pub(super) const FRAME_KEEP: usize = 128;

/// What servers without h2 begin with. As a frame it would be too large.
const ANSWER_IN_H1: &[u8] = b"HTTP/1.";

/// GOAWAY with NO_ERROR, no stream of the peer's processed (RFC 9113 6.8).
const GOODBYE: &[u8] = b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// What one connection consists of.
pub(super) struct Machine {
    options: Options,
    pipe: Pipe,
    connection: Connection<Pipe, Bytes>,
    /// Kept as long as the connection: the crate closes it once there is nobody to use it.
    requests: SendRequest<Bytes>,
    pings: Option<PingPong>,
    pinged: bool,
    /// A pong came and was not yet reported.
    alive: bool,
    flag: Arc<Flag>,
    waker: Waker,
    woken: Arc<Woken>,
    streams: HashMap<u32, Stream>,
    /// The last one that was started.
    last: u32,
    /// A received frame that is not complete.
    frame: Vec<u8>,
    windows: Option<Windows>,
    /// A transaction's peer was limited at some time.
    limits: bool,
    /// The connection's window that the crate was told to keep up.
    target: u32,
    /// Bytes of replies since the transport last had taken everything.
    replies: usize,
    state: State,
    failed: Option<ProtoError>,
}

/// How far it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// No more transactions, but those under way go on.
    GoingAway,
    /// The crate's connection has ended: nothing more is received, what has been is reported.
    Over,
    /// The peer closed: as above.
    Eof,
    /// Closed or broken, and all is reported.
    Dead,
}

impl Piped for Machine {
    fn pipe(&self) -> &Pipe {
        &self.pipe
    }
}

impl Machine {
    pub fn new(mut options: Options) -> Option<Self> {
        options.stream_window = options.stream_window.clamp(1, CONNECTION_WINDOW);
        let pipe = Pipe::default();
        let handshake = Builder::new()
            .enable_push(false)
            .initial_window_size(options.stream_window)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .max_frame_size(MAX_FRAME)
            .max_header_list_size(MAX_HEADER_LIST)
            .max_send_buffer_size(MAX_WINDOW)
            .initial_max_send_streams(STREAMS_BEFORE_SETTINGS)
            .handshake(pipe.clone());
        let polled = pin!(handshake).poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Ok((requests, mut connection))) = polled else { return None };
        let flag = Arc::new(Flag::default());
        Some(Self {
            pings: connection.ping_pong(),
            options,
            pipe,
            connection,
            requests,
            pinged: false,
            alive: false,
            waker: Waker::from(Arc::clone(&flag)),
            flag,
            woken: Arc::default(),
            streams: HashMap::new(),
            last: 0,
            frame: Vec::new(),
            windows: options.cut_overflow.then(Windows::new),
            limits: false,
            target: CONNECTION_WINDOW,
            replies: 0,
            state: State::Open,
            failed: None,
        })
    }

    /// Lets the crate work until it has nothing more to do.
    fn poll(&mut self) {
        while self.receives() {
            self.flag.take();
            let cx = &mut Context::from_waker(&self.waker);
            match Pin::new(&mut self.connection).poll(cx) {
                Poll::Pending => {}
                Poll::Ready(ended) => {
                    self.state = State::Over;
                    self.failed = ended.err().map(|e| connection_error(&e));
                }
            }
            self.poll_pong();
            if !self.flag.take() {
                return;
            }
        }
    }

    fn poll_pong(&mut self) {
        let cx = &mut Context::from_waker(&self.waker);
        let pong = self.pings.as_mut().filter(|_| self.pinged).map(|p| p.poll_pong(cx));
        if let Some(Poll::Ready(pong)) = pong {
            self.pinged = false;
            self.alive |= pong.is_ok();
        }
    }

    /// Gives the crate the frame that is complete.
    fn feed(&mut self) {
        if self.frame.starts_with(ANSWER_IN_H1) {
            let detail = "h2: the peer answers in HTTP/1";
            self.fail(ProtoError::new(ProtoErrorKind::Malformed, detail));
            return;
        }
        if let Some(reason) = check::fault(&self.frame, false) {
            self.pipe.0.borrow_mut().out.push(&check::goaway(0, reason));
            self.fail(check::error(&self.frame, reason));
            return;
        }
        check::forget_priority(&mut self.frame);
        let goaway = frames::parse(&self.frame).is_some_and(|f| f.kind == kind::GOAWAY);
        if goaway && self.state == State::Open {
            self.state = State::GoingAway;
        }
        if self.windows.as_mut().is_some_and(|w| !w.mend(&mut self.frame)) {
            self.frame.clear();
            return;
        }
        let waiting = self.pipe.put(&mut self.frame);
        self.poll();
        let written = self.pipe.waiting().saturating_sub(waiting);
        self.replies = if waiting == 0 { written } else { self.replies + written };
        if self.replies > MAX_REPLIES && self.failed.is_none() {
            let detail =
                format!("h2: more than {MAX_REPLIES} bytes of replies that the peer does not take");
            self.fail(ProtoError::new(ProtoErrorKind::TooLarge, detail));
        }
    }

    fn fail(&mut self, error: ProtoError) {
        self.failed = Some(error);
        self.state = State::Over;
    }

    pub fn receive(&mut self, input: &mut &[u8]) -> Result<Option<Event<'static>>, ProtoError> {
        loop {
            if self.state == State::Dead {
                *input = &[];
                return Ok(None);
            }
            if let Some(event) = self.report() {
                return Ok(Some(event));
            }
            if matches!(self.state, State::Over | State::Eof) {
                self.state = State::Dead;
                return match self.failed.take() {
                    Some(e) => Err(e),
                    None if self.streams.is_empty() => continue,
                    None => Err(self.cut_short()),
                };
            }
            // what follows from the last frame goes out before the next one comes in
            if self.flag.take() {
                self.poll();
            } else if frames::collect(&mut self.frame, input) {
                self.feed();
            } else {
                if self.streams.is_empty() {
                    self.release();
                }
                return Ok(None);
            }
        }
    }

    /// Holds only what an idle connection may.
    fn release(&mut self) {
        self.frame.shrink_to(FRAME_KEEP);
        self.pipe.0.borrow_mut().input.shrink_to(FRAME_KEEP);
    }

    fn cut_short(&self) -> ProtoError {
        let detail = format!("closed by the peer inside {} transactions", self.streams.len());
        ProtoError::new(ProtoErrorKind::CutShort, detail)
    }

    /// The next thing to report of what has been received.
    fn report(&mut self) -> Option<Event<'static>> {
        if std::mem::take(&mut self.alive) {
            return Some(Event::Alive);
        }
        while let Some(id) = self.woken.first() {
            let Some(stream) = self.streams.get_mut(&id) else {
                self.woken.pass(id);
                continue;
            };
            let tid = Tid(id);
            let event = match stream.step() {
                Step::Event(event) => Some(event),
                Step::Wait => None,
                Step::Done => {
                    if let Some(stream) = self.remove(id) {
                        stream.finish();
                    }
                    Some(Event::End { tid })
                }
                // the connection's error is everybody's and told once
                Step::Broken(_) if self.failed.is_some() => None,
                Step::Broken(end) => {
                    drop(self.remove(id));
                    Some(match end {
                        End::Reset(reason) => Event::Reset { tid, reason },
                        End::Refused(reason) => Event::Refused { tid, reason },
                    })
                }
            };
            self.keep_window_up();
            match event {
                Some(event) => return Some(event),
                None => self.woken.pass(id),
            }
        }
        None
    }

    fn remove(&mut self, id: u32) -> Option<Stream> {
        if let Some(windows) = &mut self.windows {
            windows.closed(id);
        }
        self.flag.raise();
        self.streams.remove(&id)
    }

    /// What limited transactions keep of the connection's window, the others get on top.
    fn keep_window_up(&mut self) {
        if !self.limits {
            return;
        }
        let kept: usize = self.streams.values().map(Stream::kept_back).sum();
        let target = u32::try_from(kept)
            .map_or(i32::MAX as u32, |kept| CONNECTION_WINDOW.saturating_add(kept))
            .min(i32::MAX as u32);
        if target != self.target {
            self.target = target;
            self.connection.set_target_window_size(target);
            self.flag.raise();
        }
    }

    pub fn start(&mut self, req: &Request<'_>) -> Result<Tid, ProtoError> {
        match self.reuse() {
            Reuse::Idle | Reuse::Shared(1..) => {}
            Reuse::Shared(0) | Reuse::Busy | Reuse::Never => return Err(unusable()),
        }
        let request = request::build(req, self.options.tls)?;
        let ends = matches!(req.body, BodyLen::None | BodyLen::Known(0));
        let cx = &mut Context::from_waker(&self.waker);
        let Poll::Ready(Ok(())) = self.requests.poll_ready(cx) else { return Err(unusable()) };
        let (response, send) = self.requests.send_request(request, ends).map_err(|e| {
            if e.reason().is_none() && e.get_io().is_none() {
                return ProtoError::new(ProtoErrorKind::BadRequest, format!("h2: {e}"));
            }
            connection_error(&e)
        })?;
        let id = send.stream_id().as_u32();
        let waker = Note::waker(id, &self.woken);
        let stream = Stream::new(response, send, req.body, self.options.stream_window, waker);
        self.streams.insert(id, stream);
        self.last = id;
        if let Some(windows) = &mut self.windows {
            windows.opened(id);
        }
        self.woken.add(id);
        self.poll();
        // lets go of the stream: until asked again, the crate keeps one that had to be opened
        let cx = &mut Context::from_waker(&self.waker);
        let _ = self.requests.poll_ready(cx);
        Ok(Tid(id))
    }

    pub fn stream(&self, tid: Tid) -> Option<&Stream> {
        self.streams.get(&tid.0)
    }

    pub fn response_started(&self, tid: Tid) -> bool {
        self.stream(tid).map_or(tid.0 <= self.last, Stream::started)
    }

    pub fn want_tx(&mut self, tid: Tid, wanted: bool) {
        if let Some(stream) = self.streams.get_mut(&tid.0) {
            stream.want(wanted);
        }
    }

    pub fn commit(&mut self, tid: Tid, data: Bytes, eom: bool) -> Result<(), ProtoError> {
        let Some(stream) = self.streams.get_mut(&tid.0) else { return Err(no_body()) };
        let len = data.len();
        stream.commit(data, eom)?;
        if let Some(windows) = &mut self.windows {
            windows.sent(tid.0, len);
        }
        self.poll();
        Ok(())
    }

    pub fn limit_peer(&mut self, tid: Tid, bytes: u32) {
        if let Some(stream) = self.streams.get_mut(&tid.0) {
            stream.limit(Some(bytes));
            self.limits = true;
        }
    }

    pub fn add_peer_credit(&mut self, tid: Tid, bytes: i32) {
        if let Some(stream) = self.streams.get_mut(&tid.0) {
            stream.add_credit(bytes);
            self.woken.add(tid.0);
            self.flag.raise();
            self.keep_window_up();
        }
    }

    pub fn abandon(&mut self, tid: Tid) -> Reuse {
        if let Some(stream) = self.remove(tid.0) {
            stream.cancel();
            self.keep_window_up();
            self.poll();
        }
        self.reuse()
    }

    /// Whether an answer is to be expected.
    pub fn ping(&mut self) -> bool {
        if !self.receives() {
            return false;
        }
        let Some(pings) = &mut self.pings else { return false };
        self.pinged = self.pinged || pings.send_ping(Ping::opaque()).is_ok();
        self.poll();
        self.pinged || self.alive
    }

    /// GOAWAY: the peer may close, nothing that it sends is looked at any more. (The crate says
    /// so by itself only after an error, or once nobody can use the connection.)
    pub fn goodbye(&mut self) {
        if self.receives() {
            self.pipe.0.borrow_mut().out.push(GOODBYE);
            self.state = State::Dead;
        }
    }

    /// The peer closed. The program has no say any more in what is here already.
    pub fn eof(&mut self) {
        if !self.receives() {
            return;
        }
        self.state = State::Eof;
        for (id, stream) in &mut self.streams {
            stream.limit(None);
            self.woken.add(*id);
        }
    }

    fn receives(&self) -> bool {
        matches!(self.state, State::Open | State::GoingAway)
    }

    /// Makes the crate's next write panic.
    #[cfg(test)]
    pub fn panic_at_write(&self) {
        self.pipe.0.borrow_mut().panic = true;
    }

    /// Bytes of frames held.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.frame.capacity() + self.pipe.0.borrow().input.capacity()
    }

    pub fn reuse(&self) -> Reuse {
        if self.state != State::Open {
            return Reuse::Never;
        }
        let most = self.requests.current_max_send_streams().min(MAX_STREAMS);
        match most.saturating_sub(self.streams.len()) {
            1.. if self.streams.is_empty() => Reuse::Idle,
            more => Reuse::Shared(u32::try_from(more).unwrap_or(u32::MAX)),
        }
    }
}

/// Why no transaction can be started.
pub(super) fn unusable() -> ProtoError {
    let detail = "this connection can't take another transaction";
    ProtoError::new(ProtoErrorKind::BadRequest, detail)
}

/// Why nothing can be sent.
pub(super) fn no_body() -> ProtoError {
    let detail = "the transaction is over or was never started";
    ProtoError::new(ProtoErrorKind::TxOverrun, detail)
}
