//! Request bodies: announced and chunked.

use super::feed::request;
use securestreams::proto::h1::{H1, MAX_WINDOW};
use securestreams::proto::{BodyLen, Codec, Event, ProtoErrorKind, Request, Reuse, Tid};
use securestreams::util::TxBuf;

struct Sender {
    codec: H1,
    out: TxBuf,
    tid: Tid,
    head: usize,
}

impl Sender {
    fn new(body: BodyLen) -> Self {
        let (mut codec, mut out) = (H1::new(), TxBuf::new());
        let tid = codec.start(&Request { body, ..request("POST") }, &mut out).unwrap();
        let head = out.pending().len();
        Self { codec, out, tid, head }
    }

    /// As the engine does it: a window of what is offered, the payload at its start.
    fn send(&mut self, payload: &[u8], eom: bool) -> Result<(), ProtoErrorKind> {
        let offer = self.codec.tx_window(self.tid).expect("a window");
        let room = offer.max.max(payload.len());
        self.out.prepare(offer.headroom, room, offer.tailroom)[..payload.len()]
            .copy_from_slice(payload);
        let sent = self.codec.tx_commit(self.tid, &mut self.out, payload.len(), false, eom);
        assert!(!self.out.window_is_open());
        sent.map_err(|e| e.kind)
    }

    fn offered(&self) -> Option<usize> {
        self.codec.tx_window(self.tid).map(|w| w.max)
    }

    fn body(&self) -> &[u8] {
        &self.out.pending()[self.head..]
    }

    /// The peer answers; what the connection is good for then.
    fn answered(&mut self) -> Reuse {
        let mut input = &b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"[..];
        let mut ended = false;
        while let Some(event) = self.codec.receive(&mut input, &mut self.out, 0).unwrap() {
            ended = matches!(event, Event::End { .. });
        }
        assert!(ended);
        assert_eq!(self.offered(), None, "sending goes on after the end");
        self.codec.reuse()
    }
}

#[test]
fn announced_body_goes_out_as_it_is_and_no_further() {
    let mut s = Sender::new(BodyLen::Known(8));
    assert_eq!(s.offered(), Some(8));
    s.send(b"hello", false).unwrap();
    assert_eq!(s.offered(), Some(3));
    assert_eq!(s.send(b"more", true), Err(ProtoErrorKind::TxOverrun));
    assert_eq!(s.body(), b"hello", "an overrun was sent");
    s.send(b"abc", false).unwrap();
    assert_eq!(s.body(), b"helloabc");
    assert_eq!(s.offered(), None, "complete without the program saying so");
    let again = s.codec.tx_commit(s.tid, &mut s.out, 0, false, true);
    assert_eq!(again.map_err(|e| e.kind), Err(ProtoErrorKind::TxOverrun));
    assert_eq!(s.answered(), Reuse::Idle);
}

#[test]
fn no_body_offers_no_window() {
    for body in [BodyLen::None, BodyLen::Known(0)] {
        let mut s = Sender::new(body);
        assert_eq!(s.offered(), None);
        assert_eq!(s.answered(), Reuse::Idle);
    }
}

#[test]
fn large_bodies_are_offered_in_windows() {
    assert_eq!(Sender::new(BodyLen::Known(u64::MAX)).offered(), Some(MAX_WINDOW));
    assert_eq!(Sender::new(BodyLen::Unknown).offered(), Some(MAX_WINDOW));
}

#[test]
fn short_body_ends_reuse_but_may_be_answered() {
    let mut s = Sender::new(BodyLen::Known(8));
    s.send(b"hello", true).unwrap();
    assert_eq!(s.offered(), None);
    assert_eq!(s.answered(), Reuse::Never);

    let mut s = Sender::new(BodyLen::Known(8));
    s.send(b"hello", true).unwrap();
    assert_eq!(s.codec.abandon(s.tid, &mut s.out), Reuse::Never);
}

#[test]
fn chunks() {
    let mut s = Sender::new(BodyLen::Unknown);
    s.send(b"hello", false).unwrap();
    s.send(b"", false).unwrap();
    s.send(b"0123456789abcdef", false).unwrap();
    assert_eq!(s.body(), b"5\r\nhello\r\n10\r\n0123456789abcdef\r\n");
    s.send(b"!", true).unwrap();
    assert!(s.body().ends_with(b"\r\n1\r\n!\r\n0\r\n\r\n"));
    assert_eq!(s.offered(), None);
    assert_eq!(s.answered(), Reuse::Idle);
}

#[test]
fn chunks_ended_by_an_empty_piece() {
    let mut s = Sender::new(BodyLen::Unknown);
    s.send(b"", true).unwrap();
    assert_eq!(s.body(), b"0\r\n\r\n");

    let mut s = Sender::new(BodyLen::Unknown);
    s.codec.tx_commit(s.tid, &mut s.out, 0, false, true).expect("an end needs no window");
    assert_eq!(s.body(), b"0\r\n\r\n");
    assert_eq!(s.answered(), Reuse::Idle);
}

#[test]
fn a_full_window_is_one_chunk() {
    let mut s = Sender::new(BodyLen::Unknown);
    s.send(&vec![b'x'; MAX_WINDOW], true).unwrap();
    let mut expected = format!("{MAX_WINDOW:x}\r\n").into_bytes();
    expected.resize(expected.len() + MAX_WINDOW, b'x');
    expected.extend_from_slice(b"\r\n0\r\n\r\n");
    assert_eq!(s.body(), expected);

    let mut s = Sender::new(BodyLen::Unknown);
    assert_eq!(s.send(&vec![b'x'; MAX_WINDOW + 1], true), Err(ProtoErrorKind::TxOverrun));
    assert!(s.body().is_empty());
}

#[test]
fn answer_before_the_body_is_complete_ends_reuse() {
    for body in [BodyLen::Known(8), BodyLen::Unknown] {
        let mut s = Sender::new(body);
        s.send(b"half", false).unwrap();
        assert_eq!(s.answered(), Reuse::Never);
        let late = s.codec.tx_commit(s.tid, &mut s.out, 0, false, true);
        assert_eq!(late.map_err(|e| e.kind), Err(ProtoErrorKind::TxOverrun));
    }
}

#[test]
fn a_strangers_transaction_sends_nothing() {
    let mut s = Sender::new(BodyLen::Known(8));
    let stranger = Tid(s.tid.0 + 1);
    assert_eq!(s.codec.tx_window(stranger), None);
    s.out.prepare(0, 8, 0);
    assert!(s.codec.tx_commit(stranger, &mut s.out, 8, true, true).is_err());
    assert!(s.body().is_empty() && !s.out.window_is_open());
}
