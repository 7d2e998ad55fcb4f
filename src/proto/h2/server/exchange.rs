//! One request and its answer.

use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream};

use super::super::super::{Asked, BodyLen, Event, Head, ProtoError, Response, Tid, TxWindow};
use super::super::drive::no_body;
use super::super::names::{End, reset_by_peer, stream_end};
use super::super::outgoing::{Extent, Outgoing};
use super::super::stream::fill;
use super::answer;

pub(super) struct Exchange {
    tid: Tid,
    asked: Asked,
    respond: SendResponse<Bytes>,
    /// The answer, once it has begun.
    out: Option<Outgoing>,
    body: RecvStream,
    receiving: Receiving,
    /// Bytes that may come yet.
    budget: u64,
    payload_seen: bool,
    trailers: Option<Head>,
    /// The client has closed: what is not here of the body never comes.
    cut: bool,
    waker: Waker,
}

/// The client's side.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Receiving {
    /// The head is not yet told.
    Head,
    Body,
    /// The body is complete, its end not yet told.
    EndOfMessage,
    Complete,
}

/// What a step came to.
pub(super) enum Step {
    Event(Event<'static>),
    /// Nothing to report now.
    Wait,
    /// Complete.
    Done,
    /// Over without being complete. `reset`: by the client.
    Broken {
        reason: &'static str,
        reset: bool,
    },
}

impl Exchange {
    pub fn new(
        asked: Asked,
        body: RecvStream,
        respond: SendResponse<Bytes>,
        max_body: u64,
        waker: Waker,
    ) -> Self {
        Self {
            tid: Tid(respond.stream_id().as_u32()),
            asked,
            respond,
            out: None,
            body,
            receiving: Receiving::Head,
            budget: max_body,
            payload_seen: false,
            trailers: None,
            cut: false,
            waker,
        }
    }

    pub fn asked(&self) -> &Asked {
        &self.asked
    }

    pub fn trailers(&self) -> Option<&Head> {
        self.trailers.as_ref()
    }

    fn answered(&self) -> bool {
        self.out.as_ref().is_some_and(|out| out.extent() == Extent::Complete)
    }

    /// Looks for something to report.
    pub fn step(&mut self) -> Step {
        let tid = self.tid;
        loop {
            match self.receiving {
                Receiving::Head => {
                    self.receiving = Receiving::Body;
                    return Step::Event(Event::Request { tid });
                }
                Receiving::Body => {
                    if let Some(step) = self.poll_body() {
                        return step;
                    }
                }
                Receiving::EndOfMessage => {
                    self.receiving = Receiving::Complete;
                    if !matches!(self.asked.body, BodyLen::None | BodyLen::Known(0)) {
                        let som = !self.payload_seen;
                        return Step::Event(Event::Data { tid, data: &[], som, eom: true });
                    }
                }
                Receiving::Complete if self.answered() => return Step::Done,
                Receiving::Complete => return self.look_for_reset(),
            }
        }
    }

    fn poll_body(&mut self) -> Option<Step> {
        let cx = &mut Context::from_waker(&self.waker);
        match self.body.poll_data(cx) {
            Poll::Pending => return Some(self.no_more_yet()),
            Poll::Ready(Some(Err(e))) => return Some(broken(&e)),
            Poll::Ready(Some(Ok(data))) => return self.payload(data),
            Poll::Ready(None) => {}
        }
        match self.body.poll_trailers(cx) {
            Poll::Pending => return Some(self.no_more_yet()),
            Poll::Ready(Err(e)) => return Some(broken(&e)),
            Poll::Ready(Ok(trailers)) => {
                self.trailers = trailers.map(|t| {
                    let mut head = Head::default();
                    fill(&mut head, &t);
                    head
                });
            }
        }
        self.receiving = Receiving::EndOfMessage;
        None
    }

    fn no_more_yet(&self) -> Step {
        if self.cut {
            return Step::Broken { reason: "closed by the peer inside the request", reset: false };
        }
        Step::Wait
    }

    /// The client has closed its side: a request that is complete may still be answered.
    pub fn cut(&mut self) {
        self.cut = true;
    }

    fn payload(&mut self, data: Bytes) -> Option<Step> {
        // fails only where the stream is gone, which is found out next
        let _ = self.body.flow_control().release_capacity(data.len());
        if data.is_empty() {
            return None;
        }
        match self.budget.checked_sub(data.len() as u64) {
            Some(left) => self.budget = left,
            None => return Some(self.too_large()),
        }
        let som = !std::mem::replace(&mut self.payload_seen, true);
        Some(Step::Event(Event::Owned { tid: self.tid, data, som, eom: false }))
    }

    fn too_large(&mut self) -> Step {
        if self.out.is_none() {
            refuse(&mut self.respond, 413);
        } else {
            self.respond.send_reset(Reason::CANCEL);
        }
        Step::Broken { reason: "h2: the request's body is over the limit", reset: false }
    }

    /// Nobody looks at the body any more: a reset would go unseen.
    fn look_for_reset(&mut self) -> Step {
        let cx = &mut Context::from_waker(&self.waker);
        let polled = match &mut self.out {
            None => self.respond.poll_reset(cx),
            Some(out) => out.send.poll_reset(cx),
        };
        match polled {
            Poll::Ready(Ok(reason)) => named(reset_by_peer(reason), true),
            Poll::Ready(Err(e)) => broken(&e),
            Poll::Pending => Step::Wait,
        }
    }

    pub fn respond(&mut self, response: &Response<'_>) -> Result<(), ProtoError> {
        if self.out.is_some() {
            return Err(answer::bad("response: it is answered already"));
        }
        let (built, body) = answer::build(response, self.asked.method == "HEAD")?;
        let ends = matches!(body, BodyLen::None | BodyLen::Known(0));
        let send = self
            .respond
            .send_response(built, ends)
            .map_err(|e| answer::bad(format!("response: the stream takes none: {e}")))?;
        self.out = Some(Outgoing::new(send, body));
        Ok(())
    }

    pub fn want(&mut self, wanted: bool) {
        if let Some(out) = &mut self.out {
            out.want(wanted);
        }
    }

    pub fn window(&self) -> Option<TxWindow> {
        self.out.as_ref()?.window()
    }

    pub fn commit(&mut self, data: Bytes, eom: bool) -> Result<(), ProtoError> {
        match &mut self.out {
            Some(out) => out.commit(data, eom),
            None => Err(no_body()),
        }
    }

    /// Gives it up, for `reason`. A client whose answer is complete only hears that its body is not
    /// wanted (RFC 9113 8.1).
    pub fn cancel(mut self, reason: Reason) {
        let reason = if self.answered() { Reason::NO_ERROR } else { reason };
        self.respond.send_reset(reason);
    }
}

/// Answers with a status alone. The crate tells the client that nothing more of the request is
/// wanted (RST_STREAM with NO_ERROR) once this is sent and nobody holds the stream.
pub(super) fn refuse(respond: &mut SendResponse<Bytes>, status: u16) {
    // fails only where the client is gone
    let _ = respond.send_response(answer::bare(status), true);
}

fn broken(e: &h2::Error) -> Step {
    named(stream_end(e), e.is_remote() && e.is_reset())
}

fn named(end: End, reset: bool) -> Step {
    let (End::Reset(reason) | End::Refused(reason)) = end;
    Step::Broken { reason, reset }
}
