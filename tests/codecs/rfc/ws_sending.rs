//! RFC 6455 5 and 7: what we send, from either side.

use std::cell::Cell;
use std::rc::Rc;

use securestreams::proto::ws::{Frames, MAX_CONTROL, MAX_REASON, Random, Role};
use securestreams::proto::{ProtoErrorKind, Tid};
use securestreams::util::TxBuf;

use super::ws_frames::{BINARY, CLOSE, PING, PONG, TEXT};

const BOTH: [Role; 2] = [Role::Client, Role::Server];

/// Gives no four bytes twice.
fn counting() -> Random {
    let n = Cell::new(0_u32);
    Rc::new(move |bytes| {
        n.set(n.get() + 1);
        bytes.copy_from_slice(&n.get().to_be_bytes());
        true
    })
}

struct End {
    frames: Frames,
    out: TxBuf,
    role: Role,
}

/// A frame as it stands on the wire.
#[derive(Debug, PartialEq, Eq)]
struct Wire {
    first: u8,
    /// The length, however many bytes it took.
    length: Vec<u8>,
    key: Option<[u8; 4]>,
    payload: Vec<u8>,
}

fn open(role: Role, binary: bool) -> End {
    let frames = Frames::new(role, binary, None, counting(), Tid(1));
    End { frames, out: TxBuf::new(), role }
}

impl End {
    fn tx(&mut self, data: &[u8], som: bool, eom: bool) {
        let w = self.frames.tx_window().expect("an open connection");
        self.out.prepare(w.headroom, w.max, w.tailroom)[..data.len()].copy_from_slice(data);
        self.frames.tx_commit(&mut self.out, data.len(), som, eom).expect("a piece in its order");
    }

    /// The peer's frame, of up to 125 bytes. Whether the connection is over.
    fn feed(&mut self, first: u8, payload: &[u8]) -> bool {
        let mut bytes = vec![first, payload.len() as u8];
        if self.role == Role::Server {
            bytes[1] |= 0x80;
            // a key of zeros masks, and changes nothing
            bytes.extend([0; 4]);
        }
        bytes.extend(payload);
        let mut input = &bytes[..];
        while self.frames.receive(&mut input, &mut self.out).expect("a legal frame").is_some() {}
        self.frames.over()
    }

    fn sent(&mut self) -> Vec<Wire> {
        let all = self.out.pending().to_vec();
        self.out.clear();
        let mut rest = &all[..];
        let mut frames = Vec::new();
        while let [first, second, more @ ..] = rest {
            let short = second & 0x7f;
            let (ext, more) = more.split_at(match short {
                126 => 2,
                127 => 8,
                _ => 0,
            });
            let n = ext.iter().fold(0, |n, b| n << 8 | usize::from(*b));
            let n = if ext.is_empty() { usize::from(short) } else { n };
            let masked = second & 0x80 != 0;
            let (key, more) = more.split_at(if masked { 4 } else { 0 });
            let (payload, more) = more.split_at(n);
            let key: Option<[u8; 4]> = masked.then(|| key.try_into().unwrap());
            let mask = key.unwrap_or_default();
            let plain = payload.iter().zip(mask.iter().cycle());
            frames.push(Wire {
                first: *first,
                length: [&[short][..], ext].concat(),
                key,
                payload: plain.map(|(b, k)| b ^ k).collect(),
            });
            rest = more;
        }
        assert!(rest.is_empty(), "half a frame");
        frames
    }

    fn sent_plainly(&mut self) -> Vec<(u8, Vec<u8>)> {
        self.sent().into_iter().map(|w| (w.first, w.payload)).collect()
    }
}

/// 5.1, 5.3: a client masks every frame, control frames too, each with a key of its own; a server
/// masks none.
#[test]
fn masks() {
    for role in BOTH {
        let mut end = open(role, false);
        end.tx(b"whole", true, true);
        end.tx(b"", true, false);
        end.tx(b"part", false, true);
        assert!(end.frames.ping(&mut end.out));
        end.feed(PING, b"p");
        end.frames.close(1000, "bye", &mut end.out).unwrap();
        let sent = end.sent();
        let firsts: Vec<u8> = sent.iter().map(|w| w.first).collect();
        assert_eq!(firsts, [TEXT, 0x01, 0x80, PING, PONG, CLOSE]);
        let mut keys: Vec<[u8; 4]> = sent.iter().filter_map(|w| w.key).collect();
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), if role == Role::Client { sent.len() } else { 0 }, "{role:?}");
    }
}

/// 5.2: the shortest form of a length, no reserved bit, and the opcode that the policy says.
#[test]
fn lengths_and_opcodes() {
    let rows: [(usize, &[u8]); 6] = [
        (0, &[0]),
        (125, &[125]),
        (126, &[126, 0, 126]),
        (0xff, &[126, 0, 0xff]),
        (0xffff, &[126, 0xff, 0xff]),
        (0x10000, &[127, 0, 0, 0, 0, 0, 1, 0, 0]),
    ];
    for role in BOTH {
        for (binary, first) in [(false, TEXT), (true, BINARY)] {
            let mut end = open(role, binary);
            for (n, length) in rows {
                let data: Vec<u8> = (0..n).map(|i| i as u8).collect();
                end.tx(&data, true, true);
                let sent = end.sent().remove(0);
                assert_eq!((sent.first, &sent.length[..]), (first, length), "{role:?}");
                assert!(sent.payload == data, "{role:?}: {n} bytes came out as others");
            }
        }
    }
}

/// 5.4: the first fragment has the opcode, the last one FIN; control frames may come between.
#[test]
fn fragments() {
    for role in BOTH {
        let mut end = open(role, true);
        end.tx(b"a", true, false);
        assert!(end.frames.ping(&mut end.out));
        end.feed(PING, b"?");
        end.tx(b"b", false, false);
        end.tx(b"c", false, true);
        let expected = [(0x02, "a"), (PING, ""), (PONG, "?"), (0x00, "b"), (0x80, "c")];
        let expected = expected.map(|(first, text)| (first, text.as_bytes().to_vec()));
        assert_eq!(end.sent_plainly(), expected, "{role:?}");
    }
}

/// 5.5.1, 7.1.2: once, with a status that may be on the wire, and nothing behind it.
#[test]
fn our_close_is_the_last_frame() {
    for role in BOTH {
        let mut end = open(role, false);
        end.tx(b"x", true, false);
        end.sent();
        end.frames.close(4000, "so long", &mut end.out).unwrap();
        end.frames.close(1000, "again", &mut end.out).unwrap();
        assert_eq!(end.frames.tx_window(), None);
        end.out.prepare(14, 10, 0);
        assert!(end.frames.tx_commit(&mut end.out, 1, false, true).is_err());
        assert!(!end.frames.ping(&mut end.out));
        // the peer has not seen it yet
        assert!(!end.feed(PING, b"p"));
        assert!(!end.feed(TEXT, b"late"));
        assert!(end.feed(CLOSE, &4000_u16.to_be_bytes()), "7.1.4: both have said it");
        assert_eq!(end.sent_plainly(), [(CLOSE, b"\x0f\xa0so long".to_vec())], "{role:?}");
    }
}

/// 5.5.1: a close that comes is answered, and the answer is the last frame.
#[test]
fn the_answer_to_a_close_is_the_last_frame() {
    for role in BOTH {
        let mut end = open(role, false);
        end.tx(b"begun", true, false);
        end.sent();
        assert!(end.feed(CLOSE, b"\x03\xe9away"));
        end.frames.close(1000, "", &mut end.out).unwrap();
        assert!(!end.frames.ping(&mut end.out) && end.frames.tx_window().is_none());
        assert!(end.feed(PING, b"p"), "nobody listens any more");
        assert_eq!(end.sent_plainly(), [(CLOSE, b"\x03\xe9".to_vec())], "{role:?}");
    }
}

/// 7.4.1, 7.4.2, 5.5: what a close may not say.
#[test]
fn closes_that_may_not_be_sent() {
    for role in BOTH {
        let mut end = open(role, false);
        for code in [0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2999, 5000, 65535] {
            let error = end.frames.close(code, "", &mut end.out).unwrap_err();
            assert_eq!(error.kind, ProtoErrorKind::BadRequest, "{code}");
        }
        assert!(end.frames.close(1000, &"r".repeat(MAX_REASON + 1), &mut end.out).is_err());
        assert!(end.out.is_empty());
        end.frames.close(1000, &"r".repeat(MAX_REASON), &mut end.out).unwrap();
        assert_eq!(end.sent()[0].payload.len(), MAX_CONTROL, "{role:?}");
    }
}

/// 5.5.3: pongs that the peer does not take are not piled up; the last ping is answered.
#[test]
fn the_last_of_many_pings_is_answered() {
    for role in BOTH {
        let mut end = open(role, false);
        for n in 0..40 {
            end.feed(PING, &[n]);
        }
        assert!(end.sent().len() < 40);
        let mut nothing = &b""[..];
        assert_eq!(end.frames.receive(&mut nothing, &mut end.out), Ok(None));
        assert_eq!(end.sent_plainly(), [(PONG, vec![39])], "{role:?}");
    }
}

/// 5.3, 10.3: without bytes that nobody can foretell, a client sends nothing.
#[test]
fn no_mask_no_frame() {
    let mut frames = Frames::new(Role::Client, false, None, Rc::new(|_| false), Tid(1));
    let mut out = TxBuf::new();
    out.prepare(14, 10, 0);
    assert!(frames.tx_commit(&mut out, 1, true, true).is_err());
    assert!(!frames.ping(&mut out) && frames.close(1000, "", &mut out).is_err());
    assert!(out.is_empty());
}
