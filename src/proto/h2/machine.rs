//! The machine: the crate's connection and the transactions on it.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::Reason;
use h2::client::{Builder, Connection, SendRequest};

use super::super::{BodyLen, Event, ProtoError, ProtoErrorKind, Request, Reuse, Tid};
use super::check;
use super::drive::{Drive, cut_short, no_body};
use super::frames::{self, kind};
use super::guard::Piped;
use super::names::{End, connection_error};
use super::overflow::Windows;
use super::pipe::Pipe;
use super::stream::{Step, Stream};
use super::{
    CONNECTION_WINDOW, MAX_FRAME, MAX_HEADER_LIST, MAX_STREAMS, MAX_WINDOW, Options,
    STREAMS_BEFORE_SETTINGS, request,
};

/// What servers without h2 begin with. As a frame it would be too large.
const ANSWER_IN_H1: &[u8] = b"HTTP/1.";

/// The last stream of the peer's: we take no pushes.
const LAST_OF_PEER: u32 = 0;

/// What one connection consists of.
pub(super) struct Machine {
    options: Options,
    drive: Drive,
    connection: Connection<Pipe, Bytes>,
    /// Kept as long as the connection: the crate closes it once there is nobody to use it.
    requests: SendRequest<Bytes>,
    streams: HashMap<u32, Stream>,
    /// The last one that was started.
    last: u32,
    windows: Option<Windows>,
    /// A transaction's peer was limited at some time.
    limits: bool,
    /// The connection's window that the crate was told to keep up.
    target: u32,
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
        &self.drive.pipe
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
        let mut drive = Drive::new(pipe);
        drive.pings_by(connection.ping_pong());
        Some(Self {
            options,
            drive,
            connection,
            requests,
            streams: HashMap::new(),
            last: 0,
            windows: options.cut_overflow.then(Windows::new),
            limits: false,
            target: CONNECTION_WINDOW,
            state: State::Open,
            failed: None,
        })
    }

    /// Lets the crate work until it has nothing more to do.
    fn poll(&mut self) {
        while self.receives() {
            self.drive.flag.take();
            let cx = &mut Context::from_waker(&self.drive.waker);
            match Pin::new(&mut self.connection).poll(cx) {
                Poll::Pending => {}
                Poll::Ready(ended) => {
                    self.state = State::Over;
                    self.failed = ended.err().map(|e| connection_error(&e));
                }
            }
            self.drive.poll_pong();
            if !self.drive.flag.take() {
                return;
            }
        }
    }

    /// Gives the crate the frame that is complete.
    fn feed(&mut self) {
        if self.drive.frame.starts_with(ANSWER_IN_H1) {
            let detail = "h2: the peer answers in HTTP/1";
            self.fail(ProtoError::new(ProtoErrorKind::Malformed, detail));
            return;
        }
        if let Some(reason) = check::fault(&self.drive.frame, false) {
            self.fail(self.drive.refuse_frame(LAST_OF_PEER, reason));
            return;
        }
        check::forget_priority(&mut self.drive.frame);
        let goaway = frames::parse(&self.drive.frame).is_some_and(|f| f.kind == kind::GOAWAY);
        if goaway && self.state == State::Open {
            self.state = State::GoingAway;
        }
        if self.windows.as_mut().is_some_and(|w| !w.mend(&mut self.drive.frame)) {
            self.drive.frame.clear();
            return;
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
                    None => Err(cut_short(self.streams.len())),
                };
            }
            // what follows from the last frame goes out before the next one comes in
            if self.drive.flag.take() {
                self.poll();
            } else if frames::collect(&mut self.drive.frame, input) {
                self.feed();
            } else {
                if self.streams.is_empty() {
                    self.drive.release();
                }
                return Ok(None);
            }
        }
    }

    /// The next thing to report of what has been received.
    fn report(&mut self) -> Option<Event<'static>> {
        if self.drive.take_alive() {
            return Some(Event::Alive);
        }
        while let Some(id) = self.drive.woken.first() {
            let Some(stream) = self.streams.get_mut(&id) else {
                self.drive.woken.pass(id);
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
                None => self.drive.woken.pass(id),
            }
        }
        None
    }

    fn remove(&mut self, id: u32) -> Option<Stream> {
        if let Some(windows) = &mut self.windows {
            windows.closed(id);
        }
        self.drive.flag.raise();
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
            self.drive.flag.raise();
        }
    }

    pub fn start(&mut self, req: &Request<'_>) -> Result<Tid, ProtoError> {
        match self.reuse() {
            Reuse::Idle | Reuse::Shared(1..) => {}
            Reuse::Shared(0) | Reuse::Busy | Reuse::Never => return Err(unusable()),
        }
        let request = request::build(req, self.options.tls)?;
        let ends = matches!(req.body, BodyLen::None | BodyLen::Known(0));
        let cx = &mut Context::from_waker(&self.drive.waker);
        let Poll::Ready(Ok(())) = self.requests.poll_ready(cx) else { return Err(unusable()) };
        let (response, send) = self.requests.send_request(request, ends).map_err(|e| {
            if e.reason().is_none() && e.get_io().is_none() {
                return ProtoError::new(ProtoErrorKind::BadRequest, format!("h2: {e}"));
            }
            connection_error(&e)
        })?;
        let id = send.stream_id().as_u32();
        let waker = self.drive.note(id);
        let stream = Stream::new(response, send, req.body, self.options.stream_window, waker);
        self.streams.insert(id, stream);
        self.last = id;
        if let Some(windows) = &mut self.windows {
            windows.opened(id);
        }
        self.drive.woken.add(id);
        self.poll();
        // lets go of the stream: until asked again, the crate keeps one that had to be opened
        let cx = &mut Context::from_waker(&self.drive.waker);
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
            self.drive.woken.add(tid.0);
            self.drive.flag.raise();
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
        if !self.receives() || !self.drive.send_ping() {
            return false;
        }
        self.poll();
        self.drive.awaits_pong()
    }

    /// GOAWAY: the peer may close, nothing that it sends is looked at any more. (The crate says
    /// so by itself only after an error, or once nobody can use the connection.)
    pub fn goodbye(&mut self) {
        if self.receives() {
            self.drive.write(&check::goaway(LAST_OF_PEER, Reason::NO_ERROR));
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
            self.drive.woken.add(*id);
        }
    }

    fn receives(&self) -> bool {
        matches!(self.state, State::Open | State::GoingAway)
    }

    /// Makes the crate's next write panic.
    #[cfg(test)]
    pub fn panic_at_write(&self) {
        self.drive.pipe.0.borrow_mut().panic = true;
    }

    /// Bytes of frames held.
    #[cfg(test)]
    pub fn held(&self) -> usize {
        self.drive.frame.capacity() + self.drive.pipe.0.borrow().input.capacity()
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
