//! Raw streams.

use super::feed::request;
use securestreams::proto::raw::{MAX_WINDOW, Raw};
use securestreams::proto::{Codec, Event, Reuse, Tid};
use securestreams::util::TxBuf;

const TID: Tid = Tid(0);

fn opened() -> (Raw, TxBuf) {
    let (mut codec, mut out) = (Raw::new(), TxBuf::new());
    assert_eq!(codec.reuse(), Reuse::Idle);
    assert_eq!(codec.start(&request("GET"), &mut out), Ok(TID));
    assert!(out.is_empty(), "a raw connection opens without a word");
    (codec, out)
}

#[test]
fn bytes_come_through_unmarked() {
    let (mut codec, mut out) = opened();
    for bytes in [&b"one"[..], b"t\0wo"] {
        let mut input = bytes;
        let event = codec.receive(&mut input, &mut out, 0);
        assert_eq!(event, Ok(Some(Event::Data { tid: TID, data: bytes, som: false, eom: false })));
        assert_eq!(codec.receive(&mut input, &mut out, 0), Ok(None));
    }
    assert!(codec.head(TID).is_none());
    assert!(codec.response_started(TID));
}

#[test]
fn bytes_before_the_start_wait() {
    let mut codec = Raw::new();
    let mut out = TxBuf::new();
    let mut input = &b"hello"[..];
    assert_eq!(codec.receive(&mut input, &mut out, 0), Ok(None));
    codec.start(&request("GET"), &mut out).unwrap();
    assert!(matches!(
        codec.receive(&mut input, &mut out, 0),
        Ok(Some(Event::Data { data: b"hello", .. }))
    ));
}

#[test]
fn bytes_go_out_as_they_are() {
    let (mut codec, mut out) = opened();
    let offer = codec.tx_window(TID).unwrap();
    assert_eq!((offer.max, offer.headroom, offer.tailroom), (MAX_WINDOW, 0, 0));
    for (som, eom) in [(true, true), (false, false)] {
        out.prepare(0, offer.max, 0)[..2].copy_from_slice(b"hi");
        codec.tx_commit(TID, &mut out, 2, som, eom).unwrap();
    }
    assert_eq!(out.pending(), b"hihi");
    assert!(codec.tx_window(TID).is_some(), "eom ends nothing");
    out.prepare(0, MAX_WINDOW + 1, 0);
    assert!(codec.tx_commit(TID, &mut out, MAX_WINDOW + 1, false, false).is_err());
    assert_eq!(out.pending(), b"hihi");
}

#[test]
fn close_is_the_end_and_there_is_no_second_transaction() {
    let (mut codec, mut out) = opened();
    assert_eq!(codec.reuse(), Reuse::Never);
    assert!(codec.start(&request("GET"), &mut out).is_err());
    assert!(!codec.response_started(TID));
    assert_eq!(codec.receive_eof(), Ok(Some(Event::End { tid: TID })));
    assert_eq!(codec.receive_eof(), Ok(None));
    assert_eq!(codec.tx_window(TID), None);
    assert!(codec.tx_commit(TID, &mut out, 0, false, false).is_err());
    assert_eq!(codec.reuse(), Reuse::Never);
}

#[test]
fn abandoned_is_closed() {
    let (mut codec, mut out) = opened();
    assert_eq!(codec.abandon(TID, &mut out), Reuse::Never);
    let mut input = &b"late"[..];
    assert_eq!(codec.receive(&mut input, &mut out, 0), Ok(None));
    assert!(input.is_empty());
    assert_eq!(codec.receive_eof(), Ok(None));
    assert!(!codec.ping(&mut out));
}
