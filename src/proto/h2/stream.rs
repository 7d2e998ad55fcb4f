//! One transaction.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::client::ResponseFuture;
use h2::{FlowControl, Reason, RecvStream, SendStream};
use http::HeaderMap;

use super::super::{BodyLen, Event, Head, ProtoError, Tid, TxWindow};
use super::MAX_INTERIM;
use super::names::{End, reset_by_peer, stream_end};
use super::outgoing::{Extent, Outgoing};

/// A request and its response.
pub(super) struct Stream {
    tid: Tid,
    out: Outgoing,
    receiving: Receiving,
    head: Head,
    trailers: Option<Head>,
    waker: Waker,
    started: bool,
    interim: u8,
    payload_seen: bool,
    /// Received and not yet reported.
    held: Bytes,
    credit: Credit,
}

/// The peer's side.
enum Receiving {
    Head(ResponseFuture),
    Body(RecvStream, FlowControl),
    /// The body is complete, its end not yet told.
    EndOfMessage,
    /// All is told but the end.
    End,
}

/// What the peer may send us.
struct Credit {
    /// What it may have under way at most.
    window: u32,
    /// What the program lets it send. `None`: as fast as we take it.
    limit: Option<i64>,
    /// Reported, but not yet granted again.
    unreleased: usize,
}

/// What a step came to.
pub(super) enum Step {
    Event(Event<'static>),
    /// Nothing to report now.
    Wait,
    /// Complete.
    Done,
    /// Over without being complete.
    Broken(End),
}

impl Stream {
    pub fn new(
        response: ResponseFuture,
        send: SendStream<Bytes>,
        body: BodyLen,
        window: u32,
        waker: Waker,
    ) -> Self {
        Self {
            tid: Tid(send.stream_id().as_u32()),
            out: Outgoing::new(send, body),
            receiving: Receiving::Head(response),
            head: Head::default(),
            trailers: None,
            waker,
            started: false,
            interim: 0,
            payload_seen: false,
            held: Bytes::new(),
            credit: Credit { window, limit: None, unreleased: 0 },
        }
    }

    /// Looks for something to report.
    pub fn step(&mut self) -> Step {
        loop {
            let polled = match &mut self.receiving {
                Receiving::Head(_) => self.poll_head(),
                Receiving::Body(..) => self.poll_body(),
                Receiving::EndOfMessage => {
                    self.receiving = Receiving::End;
                    self.payload_seen.then(|| {
                        let tid = self.tid;
                        Step::Event(Event::Data { tid, data: &[], som: false, eom: true })
                    })
                }
                Receiving::End => Some(Step::Done),
            };
            if let Some(step) = polled {
                return step;
            }
        }
    }

    fn poll_head(&mut self) -> Option<Step> {
        let Receiving::Head(response) = &mut self.receiving else { return None };
        let cx = &mut Context::from_waker(&self.waker);
        while let Poll::Ready(Some(interim)) = response.poll_informational(cx) {
            if let Err(e) = interim {
                return Some(Step::Broken(stream_end(&e)));
            }
            self.started = true;
            self.interim += 1;
            if self.interim > MAX_INTERIM {
                self.out.send.send_reset(Reason::ENHANCE_YOUR_CALM);
                return Some(Step::Broken(End::Reset("h2: too many interim responses")));
            }
        }
        match Future::poll(Pin::new(response), cx) {
            Poll::Pending => Some(Step::Wait),
            Poll::Ready(Err(e)) => Some(Step::Broken(stream_end(&e))),
            Poll::Ready(Ok(response)) => {
                let (parts, mut body) = response.into_parts();
                self.started = true;
                self.head.status = parts.status.as_u16();
                fill(&mut self.head, &parts.headers);
                let flow = body.flow_control().clone();
                self.receiving = Receiving::Body(body, flow);
                Some(Step::Event(Event::Head { tid: self.tid, status: self.head.status }))
            }
        }
    }

    fn poll_body(&mut self) -> Option<Step> {
        let Receiving::Body(body, _) = &mut self.receiving else { return None };
        let cx = &mut Context::from_waker(&self.waker);
        if self.held.is_empty() {
            match body.poll_data(cx) {
                Poll::Pending => return Some(Step::Wait),
                Poll::Ready(Some(Err(e))) => return Some(Step::Broken(stream_end(&e))),
                Poll::Ready(Some(Ok(data))) => {
                    self.held = data;
                    return None;
                }
                Poll::Ready(None) => {}
            }
            match body.poll_trailers(cx) {
                Poll::Pending => return Some(Step::Wait),
                Poll::Ready(Err(e)) => return Some(Step::Broken(stream_end(&e))),
                Poll::Ready(Ok(trailers)) => {
                    self.trailers = trailers.map(|t| {
                        let mut head = Head::default();
                        fill(&mut head, &t);
                        head
                    });
                    self.receiving = Receiving::EndOfMessage;
                    return None;
                }
            }
        }
        Some(self.report_held())
    }

    /// Reports of what is held as much as the program allows.
    fn report_held(&mut self) -> Step {
        let allowed = self.credit.limit.map_or(usize::MAX, |l| usize::try_from(l).unwrap_or(0));
        let n = self.held.len().min(allowed);
        if n == 0 {
            // nobody looks at the body meanwhile: a reset would go unseen
            let cx = &mut Context::from_waker(&self.waker);
            return match self.out.send.poll_reset(cx) {
                Poll::Ready(Ok(reason)) => Step::Broken(reset_by_peer(reason)),
                Poll::Ready(Err(_)) | Poll::Pending => Step::Wait,
            };
        }
        let data = self.held.split_to(n);
        self.credit.unreleased += n;
        if let Some(limit) = &mut self.credit.limit {
            *limit -= n as i64;
        }
        self.release();
        let som = !std::mem::replace(&mut self.payload_seen, true);
        Step::Event(Event::Owned { tid: self.tid, data, som, eom: false })
    }

    /// Lets the peer send again what was reported, as far as the program's limit allows.
    fn release(&mut self) {
        let Receiving::Body(_, flow) = &mut self.receiving else { return };
        let granted = self.credit.to_release(flow.used_capacity());
        if granted > 0 && flow.release_capacity(granted).is_ok() {
            self.credit.unreleased -= granted;
        }
    }

    /// What the peer has sent and was not granted again.
    fn in_flight(&self) -> usize {
        match &self.receiving {
            Receiving::Body(_, flow) => flow.used_capacity(),
            Receiving::Head(_) | Receiving::EndOfMessage | Receiving::End => 0,
        }
    }

    /// What this transaction keeps of the connection's window because of its limit.
    pub fn kept_back(&self) -> usize {
        if self.credit.limit.is_some() { self.in_flight() } else { 0 }
    }

    /// Sets the limit; `None` lifts it.
    pub fn limit(&mut self, bytes: Option<u32>) {
        self.credit.limit = bytes.map(i64::from);
    }

    pub fn add_credit(&mut self, bytes: i32) {
        if let Some(limit) = &mut self.credit.limit {
            *limit = limit.saturating_add(bytes.into());
            self.release();
        }
    }

    pub fn peer_credit(&self) -> i32 {
        let free = || i64::from(self.credit.window) - self.in_flight() as i64;
        let credit = self.credit.limit.unwrap_or_else(free);
        credit.clamp(i32::MIN.into(), i32::MAX.into()) as i32
    }

    pub fn head(&self) -> Option<&Head> {
        (!matches!(self.receiving, Receiving::Head(_))).then_some(&self.head)
    }

    pub fn trailers(&self) -> Option<&Head> {
        self.trailers.as_ref()
    }

    pub fn started(&self) -> bool {
        self.started
    }

    /// Asks for credit, or gives back what is not used.
    pub fn want(&mut self, wanted: bool) {
        self.out.want(wanted);
    }

    pub fn window(&self) -> Option<TxWindow> {
        self.out.window()
    }

    /// Takes a piece of the request's body.
    pub fn commit(&mut self, data: Bytes, eom: bool) -> Result<(), ProtoError> {
        self.out.commit(data, eom)
    }

    /// Ends a transaction whose response is complete. A body that was never begun is ended,
    /// one that was cut off is cancelled.
    pub fn finish(mut self) {
        match self.out.extent() {
            Extent::Complete => {}
            Extent::NotBegun => {
                // fails only where there is nothing left to end
                let _ = self.out.send.send_data(Bytes::new(), true);
            }
            Extent::Partial => self.out.send.send_reset(Reason::CANCEL),
        }
    }

    /// Gives the transaction up.
    pub fn cancel(mut self) {
        self.out.send.send_reset(Reason::CANCEL);
    }
}

impl Credit {
    /// How much may be granted again, so that the peer may not send more than the limit, of the
    /// `in_flight` bytes that it has sent.
    fn to_release(&self, in_flight: usize) -> usize {
        let Some(limit) = self.limit else { return self.unreleased };
        let window = i64::from(self.window) - in_flight as i64;
        let unreported = in_flight.saturating_sub(self.unreleased) as i64;
        let wanted = limit.saturating_sub(unreported).saturating_sub(window);
        usize::try_from(wanted).unwrap_or(0).min(self.unreleased)
    }
}

/// Takes over the fields; those of one name come together, where the first one was.
pub(super) fn fill(head: &mut Head, fields: &HeaderMap) {
    for (name, value) in fields {
        head.push(name.as_str().as_bytes(), value.as_bytes());
    }
}
