//! Several transactions on a connection, and what it holds between them.

use super::feed::request;
use securestreams::proto::h1::{H1, MAX_HEAD, MAX_INTERIM};
use securestreams::proto::{Codec, Event, ProtoErrorKind, Reuse, Tid};
use securestreams::util::TxBuf;

fn receive_all(codec: &mut H1, bytes: &[u8]) -> usize {
    let (mut input, mut out, mut ends) = (bytes, TxBuf::new(), 0);
    while let Some(event) = codec.receive(&mut input, &mut out, 0).unwrap() {
        ends += usize::from(matches!(event, Event::End { .. }));
    }
    ends
}

fn start(codec: &mut H1) -> Result<Tid, ProtoErrorKind> {
    codec.start(&request("GET"), &mut TxBuf::new()).map_err(|e| e.kind)
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

#[test]
fn transactions_follow_one_another() {
    let mut codec = H1::new();
    assert_eq!(codec.reuse(), Reuse::Idle);
    for n in 0..3 {
        let tid = start(&mut codec).unwrap();
        assert_eq!(tid, Tid(n));
        assert!(!codec.response_started(tid));
        assert_eq!(start(&mut codec), Err(ProtoErrorKind::BadRequest), "one at a time");
        assert_eq!(codec.reuse(), Reuse::Busy);
        assert_eq!(receive_all(&mut codec, OK), 1);
        assert!(codec.response_started(tid));
        assert_eq!(codec.reuse(), Reuse::Idle);
    }
}

#[test]
fn head_is_there_from_its_event_to_the_end() {
    let (mut codec, mut out) = (H1::new(), TxBuf::new());
    let tid = start(&mut codec).unwrap();
    assert!(codec.head(tid).is_none());
    let mut input = OK;
    codec.receive(&mut input, &mut out, 0).unwrap();
    assert_eq!(codec.head(tid).unwrap().get("Content-Length"), Some(&b"2"[..]));
    assert!(codec.head(Tid(tid.0 + 1)).is_none());
    assert_eq!(receive_all(&mut codec, input), 1);
    assert!(codec.head(tid).is_none());
}

#[test]
fn bytes_nobody_asked_for_end_reuse() {
    let mut fresh = H1::new();
    assert_eq!(receive_all(&mut fresh, b"HTTP/1.1 408 Timeout\r\n\r\n"), 0);
    assert_eq!(fresh.reuse(), Reuse::Never);
    assert_eq!(start(&mut fresh), Err(ProtoErrorKind::BadRequest));

    let mut used = H1::new();
    start(&mut used).unwrap();
    receive_all(&mut used, OK);
    assert_eq!(used.reuse(), Reuse::Idle);
    receive_all(&mut used, b"\r\n");
    assert_eq!(used.reuse(), Reuse::Never);
}

#[test]
fn never_is_known_at_the_end_already() {
    let (mut codec, mut out) = (H1::new(), TxBuf::new());
    start(&mut codec).unwrap();
    let bytes = [OK, b"more"].concat();
    let mut input = &bytes[..];
    while !matches!(codec.receive(&mut input, &mut out, 0).unwrap(), Some(Event::End { .. })) {}
    assert_eq!(input, b"more");
    assert_eq!(codec.reuse(), Reuse::Never);
}

#[test]
fn close_is_known_during_the_transaction() {
    let (mut codec, mut out) = (H1::new(), TxBuf::new());
    start(&mut codec).unwrap();
    let mut input = &b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 2\r\n\r\n"[..];
    codec.receive(&mut input, &mut out, 0).unwrap();
    assert_eq!(codec.reuse(), Reuse::Never);

    let mut codec = H1::new();
    start(&mut codec).unwrap();
    assert_eq!(receive_all(&mut codec, b"HTTP/1.1 200 OK\r\n\r\nuntil close"), 0);
    assert_eq!(codec.reuse(), Reuse::Never);
}

#[test]
fn one_transaction_leaves_no_traces_in_the_next() {
    let (mut codec, mut out) = (H1::new(), TxBuf::new());
    for _ in 0..2 {
        start(&mut codec).unwrap();
        receive_all(&mut codec, &b"HTTP/1.1 100 X\r\n\r\n".repeat(MAX_INTERIM.into()));
        let mut input = OK;
        codec.receive(&mut input, &mut out, 0).unwrap();
        let payload = codec.receive(&mut input, &mut out, 0).unwrap();
        assert!(matches!(payload, Some(Event::Data { som: true, eom: false, .. })), "{payload:?}");
        assert_eq!(receive_all(&mut codec, input), 1);
    }
    start(&mut codec).unwrap();
    let mut input = &b"HTTP/1.1 204 X\r\n\r\n"[..];
    codec.receive(&mut input, &mut out, 0).unwrap();
    let end = codec.receive(&mut input, &mut out, 0).unwrap();
    assert!(matches!(end, Some(Event::End { .. })), "{end:?}");
}

#[test]
fn close_while_idle_is_no_error() {
    let mut codec = H1::new();
    assert_eq!(codec.receive_eof(), Ok(None));
    assert_eq!(codec.reuse(), Reuse::Never);
}

#[test]
fn stale_pooled_connection_is_told_from_a_broken_answer() {
    for (answer, started) in [(&b""[..], false), (b"H", true)] {
        let mut codec = H1::new();
        start(&mut codec).unwrap();
        receive_all(&mut codec, OK);
        let tid = start(&mut codec).unwrap();
        receive_all(&mut codec, answer);
        assert_eq!(codec.receive_eof().unwrap_err().kind, ProtoErrorKind::CutShort);
        assert_eq!(codec.response_started(tid), started);
        assert_eq!(codec.receive_eof(), Ok(None), "told twice");
    }
}

#[test]
fn abandoned_transaction_takes_the_connection_along() {
    let (mut codec, mut out) = (H1::new(), TxBuf::new());
    let tid = start(&mut codec).unwrap();
    assert_eq!(codec.abandon(Tid(tid.0 + 1), &mut out), Reuse::Busy, "a stranger's");
    assert_eq!(codec.abandon(tid, &mut out), Reuse::Never);
    assert_eq!(receive_all(&mut codec, OK), 0, "events of a transaction given up");
    assert_eq!(codec.tx_window(tid), None);
    assert_eq!(start(&mut codec), Err(ProtoErrorKind::BadRequest));
}

#[test]
fn after_an_error_there_are_no_events() {
    let (mut codec, mut out) = (H1::new(), TxBuf::new());
    start(&mut codec).unwrap();
    assert!(codec.receive(&mut &b"SSH"[..], &mut out, 0).is_err());
    assert_eq!(receive_all(&mut codec, OK), 0);
    assert_eq!(codec.reuse(), Reuse::Never);
}

#[test]
fn idle_connection_holds_little_memory() {
    const IDLE: usize = 1024;
    let mut head = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n".to_vec();
    while head.len() < MAX_HEAD - 200 {
        head.extend_from_slice(format!("x-{}: {}\r\n", head.len(), "v".repeat(150)).as_bytes());
    }
    head.extend_from_slice(b"\r\nok");
    let mut codec = H1::new();
    for piece in [1, head.len()] {
        start(&mut codec).unwrap();
        let ends: usize = head.chunks(piece).map(|c| receive_all(&mut codec, c)).sum();
        assert_eq!((ends, codec.reuse()), (1, Reuse::Idle));
        assert!(codec.memory() <= IDLE, "{} bytes", codec.memory());
    }
    start(&mut codec).unwrap();
    receive_all(&mut codec, &head[..head.len() / 2]);
    assert!(codec.memory() > IDLE, "the measure measures nothing");
    assert!(codec.receive_eof().is_err());
    assert!(codec.memory() <= IDLE);
}

#[test]
fn steady_state_needs_no_new_memory() {
    let mut codec = H1::new();
    let mut held = Vec::new();
    for _ in 0..4 {
        start(&mut codec).unwrap();
        receive_all(&mut codec, OK);
        held.push(codec.memory());
    }
    assert!(held[0] > 0 && held.iter().all(|&m| m == held[0]), "{held:?}");
}

#[test]
fn there_is_no_ping() {
    let mut out = TxBuf::new();
    assert!(!H1::new().ping(&mut out));
    assert!(out.is_empty());
}
