//! The codec: guards the machine against its own panics and gives it the connection's buffer.

use super::super::{Codec, Event, Head, ProtoError, ProtoErrorKind, Request, Reuse, Tid, TxWindow};
use super::Options;
use super::drive::no_body;
use super::guard::Guard;
use super::machine::{Machine, unusable};
use super::outgoing::take_window;
use super::stream::Stream;
use crate::util::{Micros, TxBuf};

/// An HTTP/2 client connection.
pub struct H2 {
    guard: Guard<Machine>,
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
        let machine = Machine::new(options);
        debug_assert!(machine.is_some(), "writing to memory does not wait");
        Self { guard: Guard::new(machine) }
    }

    /// Tells the peer that we are about to close (GOAWAY). Nothing is reported afterwards.
    pub fn goodbye(&mut self, out: &mut TxBuf) {
        self.guard.with_out(out, Machine::goodbye);
    }

    fn stream(&self, tid: Tid) -> Option<&Stream> {
        self.guard.look()?.stream(tid)
    }
}

impl Codec for H2 {
    fn speaks_unasked(&self) -> bool {
        true
    }

    /// The body's length is announced if it is known. A request without a body ends with its
    /// head (END_STREAM); to leave it open, ask for a body of unknown length.
    fn start(&mut self, req: &Request<'_>, out: &mut TxBuf) -> Result<Tid, ProtoError> {
        self.guard.with_out(out, |m| m.start(req)).unwrap_or_else(|| Err(unusable()))
    }

    /// Payload comes as [`Event::Owned`], the end of a message as an empty [`Event::Data`]. Bytes
    /// of a frame that is not complete are taken and kept.
    fn receive<'b>(
        &mut self,
        input: &mut &'b [u8],
        out: &mut TxBuf,
        _now: Micros,
    ) -> Result<Option<Event<'b>>, ProtoError> {
        self.guard.with_out(out, |m| m.receive(input)).unwrap_or_else(|| {
            // whoever still has transactions here must hear that they go nowhere
            let detail = "h2: an earlier panic has made the connection unusable";
            Err(ProtoError::new(ProtoErrorKind::Malformed, detail))
        })
    }

    fn receive_eof(&mut self) -> Result<Option<Event<'static>>, ProtoError> {
        self.guard
            .enter(|m| {
                m.eof();
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
        self.guard.look().is_some_and(|m| m.response_started(tid))
    }

    fn want_tx(&mut self, tid: Tid, wanted: bool) {
        self.guard.enter(|m| m.want_tx(tid, wanted));
    }

    fn limit_peer(&mut self, tid: Tid, bytes: u32) {
        self.guard.enter(|m| m.limit_peer(tid, bytes));
    }

    fn add_peer_credit(&mut self, tid: Tid, bytes: i32) {
        self.guard.enter(|m| m.add_peer_credit(tid, bytes));
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
        let data = take_window(out, len)?;
        self.guard.with_out(out, |m| m.commit(tid, data, eom)).unwrap_or_else(|| Err(no_body()))
    }

    fn abandon(&mut self, tid: Tid, out: &mut TxBuf) -> Reuse {
        self.guard.with_out(out, |m| m.abandon(tid)).unwrap_or(Reuse::Never)
    }

    fn reuse(&self) -> Reuse {
        self.guard.look().map_or(Reuse::Never, Machine::reuse)
    }

    fn ping(&mut self, out: &mut TxBuf) -> bool {
        self.guard.with_out(out, Machine::ping).unwrap_or(false)
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};

    use super::super::super::BodyLen;
    use super::super::MAX_FRAME;
    use super::super::drive::FRAME_KEEP;
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
        codec.guard.machine.as_ref().unwrap().panic_at_write();
        let panicked = catch_unwind(AssertUnwindSafe(|| codec.ping(&mut out)));
        assert!(panicked.is_err());

        let error = codec.receive(&mut &b"bytes"[..], &mut out, 0).unwrap_err();
        assert!(error.detail.contains("panic"), "{error}");
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
        codec.start(&Request { body: BodyLen::None, ..GET }, &mut out).unwrap();
        let held = |codec: &H2| codec.guard.machine.as_ref().unwrap().held();
        let mut frames = b"\0\0\x01\x01\x04\0\0\0\x01\x88\0\x40\0\0\x01\0\0\0\x01".to_vec();
        frames.resize(frames.len() + MAX_FRAME as usize, b'x');
        let mut input = &frames[..frames.len() - 1];
        while codec.receive(&mut input, &mut out, 0).unwrap().is_some() {}
        assert!(held(&codec) > MAX_FRAME as usize, "the measure measures nothing");
        let mut input = &frames[frames.len() - 1..];
        while codec.receive(&mut input, &mut out, 0).unwrap().is_some() {}
        assert_eq!(codec.reuse(), Reuse::Idle);
        assert!(held(&codec) <= 2 * FRAME_KEEP, "{} bytes", held(&codec));
    }
}
