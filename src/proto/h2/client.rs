//! The machine: many transactions on one connection.

use std::collections::HashMap;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::client::{Builder, Connection, SendRequest};
use h2::{Ping, PingPong};

use super::super::{
    BodyLen, Codec, Event, Head, ProtoError, ProtoErrorKind, Request, Reuse, Tid, TxWindow,
};
use super::frames::{self, kind};
use super::names::{End, connection_error};
use super::overflow::Windows;
use super::pipe::Pipe;
use super::stream::{Step, Stream};
use super::wake::{Flag, Note, Woken};
use super::{
    CONNECTION_WINDOW, MAX_FRAME, MAX_HEADER_LIST, MAX_REPLIES, MAX_STREAMS, MAX_WINDOW, Options,
    STREAMS_BEFORE_SETTINGS, request,
};
use crate::util::{Micros, TxBuf};

/// An HTTP/2 client connection.
pub struct H2 {
    machine: Option<Box<Machine>>,
    /// The crate is at work. Still set at a later call: it panicked, and must not be touched
    /// again, not even to drop it (its lock is poisoned: dropping a stream would panic too).
    inside: bool,
}

struct Machine {
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

impl Default for H2 {
    fn default() -> Self {
        Self::new(Options::default())
    }
}

impl H2 {
    /// A fresh connection. What opens it goes out with the first transaction.
    #[must_use]
    pub fn new(options: Options) -> Self {
        let machine = Machine::new(options).map(Box::new);
        debug_assert!(machine.is_some(), "writing to memory does not wait");
        Self { machine, inside: false }
    }

    /// Enters the crate with the connection's buffer. `None`: it has panicked before.
    fn with_out<R>(&mut self, out: &mut TxBuf, f: impl FnOnce(&mut Machine) -> R) -> Option<R> {
        self.enter(|m| {
            m.lend(out);
            let result = f(m);
            m.give_back(out);
            result
        })
    }

    fn enter<R>(&mut self, f: impl FnOnce(&mut Machine) -> R) -> Option<R> {
        if self.inside {
            return None;
        }
        let machine = self.machine.as_mut()?;
        self.inside = true;
        let result = f(machine);
        self.inside = false;
        Some(result)
    }

    fn look(&self) -> Option<&Machine> {
        if self.inside { None } else { self.machine.as_deref() }
    }

    fn stream(&self, tid: Tid) -> Option<&Stream> {
        self.look()?.streams.get(&tid.0)
    }
}

impl Drop for H2 {
    fn drop(&mut self) {
        if self.inside {
            std::mem::forget(self.machine.take());
        }
    }
}

impl Machine {
    fn new(mut options: Options) -> Option<Self> {
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

    /// Puts the connection's buffer where the crate writes.
    fn lend(&self, out: &mut TxBuf) {
        let buffers = &mut *self.pipe.0.borrow_mut();
        if !buffers.out.is_empty() {
            // the preface, written when there was none
            out.push(buffers.out.pending());
            buffers.out.clear();
        }
        std::mem::swap(out, &mut buffers.out);
    }

    /// Gives it back.
    fn give_back(&self, out: &mut TxBuf) {
        std::mem::swap(out, &mut self.pipe.0.borrow_mut().out);
    }

    /// Lets the crate work until it has nothing more to do.
    fn poll(&mut self) {
        while matches!(self.state, State::Open | State::GoingAway) {
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
        let goaway = frames::parse(&self.frame).is_some_and(|f| f.kind == kind::GOAWAY);
        if goaway && self.state == State::Open {
            self.state = State::GoingAway;
        }
        if self.windows.as_mut().is_some_and(|w| !w.mend(&mut self.frame)) {
            self.frame.clear();
            return;
        }
        let waiting = {
            let buffers = &mut *self.pipe.0.borrow_mut();
            std::mem::swap(&mut buffers.input, &mut self.frame);
            buffers.out.pending().len()
        };
        self.frame.clear();
        self.poll();
        let written = self.pipe.0.borrow().out.pending().len().saturating_sub(waiting);
        self.replies = if waiting == 0 { written } else { self.replies + written };
        if self.replies > MAX_REPLIES && self.failed.is_none() {
            let detail =
                format!("h2: more than {MAX_REPLIES} bytes of replies that the peer does not take");
            self.failed = Some(ProtoError::new(ProtoErrorKind::TooLarge, detail));
            self.state = State::Over;
        }
    }

    fn receive(&mut self, input: &mut &[u8]) -> Result<Option<Event<'static>>, ProtoError> {
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
                return Ok(None);
            }
        }
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

    fn start(&mut self, req: &Request<'_>) -> Result<Tid, ProtoError> {
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

    fn reuse(&self) -> Reuse {
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

impl Codec for H2 {
    /// The body's length is announced if it is known. A request without a body ends with its
    /// head (END_STREAM); to leave it open, ask for a body of unknown length.
    fn start(&mut self, req: &Request<'_>, out: &mut TxBuf) -> Result<Tid, ProtoError> {
        self.with_out(out, |m| m.start(req)).unwrap_or_else(|| Err(unusable()))
    }

    /// Payload comes as [`Event::Owned`], the end of a message as an empty [`Event::Data`]. Bytes
    /// of a frame that is not complete are taken and kept.
    fn receive<'b>(
        &mut self,
        input: &mut &'b [u8],
        out: &mut TxBuf,
        _now: Micros,
    ) -> Result<Option<Event<'b>>, ProtoError> {
        match self.with_out(out, |m| m.receive(input)) {
            Some(result) => result,
            None => {
                *input = &[];
                Ok(None)
            }
        }
    }

    fn receive_eof(&mut self) -> Result<Option<Event<'static>>, ProtoError> {
        self.enter(|m| {
            if matches!(m.state, State::Open | State::GoingAway) {
                m.state = State::Eof;
                // the program has no say any more in what is here already
                for (id, stream) in &mut m.streams {
                    stream.limit(None);
                    m.woken.add(*id);
                }
            }
            m.receive(&mut &b""[..])
        })
        .unwrap_or(Ok(None))
    }

    /// Fields of one name come together, where the first of them was.
    fn head(&self, tid: Tid) -> Option<&Head> {
        self.stream(tid)?.head()
    }

    fn trailers(&self, tid: Tid) -> Option<&Head> {
        self.stream(tid)?.trailers()
    }

    fn response_started(&self, tid: Tid) -> bool {
        let ended = || self.look().is_some_and(|m| tid.0 <= m.last);
        self.stream(tid).map_or_else(ended, Stream::started)
    }

    fn want_tx(&mut self, tid: Tid, wanted: bool) {
        self.enter(|m| m.streams.get_mut(&tid.0).map(|s| s.want(wanted)));
    }

    fn limit_peer(&mut self, tid: Tid, bytes: u32) {
        self.enter(|m| {
            if let Some(stream) = m.streams.get_mut(&tid.0) {
                stream.limit(Some(bytes));
                m.limits = true;
            }
        });
    }

    fn add_peer_credit(&mut self, tid: Tid, bytes: i32) {
        self.enter(|m| {
            if let Some(stream) = m.streams.get_mut(&tid.0) {
                stream.add_credit(bytes);
                m.woken.add(tid.0);
                m.flag.raise();
                m.keep_window_up();
            }
        });
    }

    fn peer_credit(&self, tid: Tid) -> i32 {
        self.stream(tid).map_or(0, Stream::peer_credit)
    }

    /// What `max` says has been granted by the peer, to be used or given back: see
    /// [`want_tx`](Codec::want_tx).
    fn tx_window(&self, tid: Tid) -> Option<TxWindow> {
        self.stream(tid)?.window()
    }

    fn tx_commit(
        &mut self,
        tid: Tid,
        out: &mut TxBuf,
        len: usize,
        _som: bool,
        eom: bool,
    ) -> Result<(), ProtoError> {
        let data = Bytes::copy_from_slice(out.window(len));
        out.cancel();
        let over = || {
            let detail = "the transaction is over or was never started";
            Err(ProtoError::new(ProtoErrorKind::TxOverrun, detail))
        };
        self.with_out(out, |m| {
            let Some(stream) = m.streams.get_mut(&tid.0) else { return over() };
            if data.len() < len {
                let detail = format!("{len} bytes in a window of {}", data.len());
                return Err(ProtoError::new(ProtoErrorKind::TxOverrun, detail));
            }
            stream.commit(data, eom)?;
            if let Some(windows) = &mut m.windows {
                windows.sent(tid.0, len);
            }
            m.poll();
            Ok(())
        })
        .unwrap_or_else(over)
    }

    fn abandon(&mut self, tid: Tid, out: &mut TxBuf) -> Reuse {
        self.with_out(out, |m| {
            if let Some(stream) = m.remove(tid.0) {
                stream.cancel();
                m.keep_window_up();
                m.poll();
            }
            m.reuse()
        })
        .unwrap_or(Reuse::Never)
    }

    fn reuse(&self) -> Reuse {
        self.look().map_or(Reuse::Never, Machine::reuse)
    }

    fn ping(&mut self, out: &mut TxBuf) -> bool {
        self.with_out(out, |m| {
            if !matches!(m.state, State::Open | State::GoingAway) {
                return false;
            }
            let Some(pings) = &mut m.pings else { return false };
            m.pinged = m.pinged || pings.send_ping(Ping::opaque()).is_ok();
            m.poll();
            m.pinged || m.alive
        })
        .unwrap_or(false)
    }
}

fn unusable() -> ProtoError {
    let detail = "this connection can't take another transaction";
    ProtoError::new(ProtoErrorKind::BadRequest, detail)
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::*;

    const GET: Request<'_> = Request {
        method: "GET",
        authority: "example.com",
        path: "/",
        fields: &[],
        body: BodyLen::Unknown,
    };

    #[test]
    fn a_panic_inside_the_crate_is_the_last_of_this_connection() {
        let (mut codec, mut out) = (H2::default(), TxBuf::new());
        let tid = codec.start(&GET, &mut out).unwrap();
        codec.machine.as_ref().unwrap().pipe.0.borrow_mut().panic = true;
        let panicked = catch_unwind(AssertUnwindSafe(|| codec.ping(&mut out)));
        assert!(panicked.is_err());

        let mut input = &b"bytes"[..];
        assert_eq!(codec.receive(&mut input, &mut out, 0), Ok(None));
        assert!(input.is_empty());
        assert_eq!(codec.receive_eof(), Ok(None));
        assert_eq!(codec.reuse(), Reuse::Never);
        assert_eq!(codec.abandon(tid, &mut out), Reuse::Never);
        assert!(codec.start(&GET, &mut out).is_err());
        assert!(codec.tx_commit(tid, &mut out, 0, false, true).is_err());
        codec.want_tx(tid, true);
        codec.limit_peer(tid, 1);
        codec.add_peer_credit(tid, 1);
        assert_eq!((codec.tx_window(tid), codec.peer_credit(tid)), (None, 0));
        assert!(codec.head(tid).is_none() && codec.trailers(tid).is_none());
        assert!(!codec.response_started(tid) && !codec.ping(&mut out));
        drop(codec);
    }

    #[test]
    fn an_idle_connection_holds_no_frame() {
        let (mut codec, mut out) = (H2::default(), TxBuf::new());
        codec.start(&GET, &mut out).unwrap();
        let window_update = b"\0\0\x04\x08\0\0\0\0\0\0\0\0\x01";
        for byte in window_update {
            assert_eq!(codec.receive(&mut &[*byte][..], &mut out, 0), Ok(None));
        }
        let machine = codec.machine.as_ref().unwrap();
        assert!(machine.frame.is_empty() && machine.pipe.0.borrow().input.is_empty());
    }
}
