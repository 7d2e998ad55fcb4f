//! Client and proxy on a link of memory.

use std::cell::Cell;
use std::rc::Rc;

use securestreams::engine::{Context, Plug, PlugKey, Wake};
use securestreams::proto::sss::{ProxyDecoder, ToProxy};

use super::joined::{Joined, check_input};
use super::world::bytes_of;

/// A type whose streams read a file.
fn types() -> String {
    format!(
        "{{\"file\": {{\"endpoint\": \"file://{}/Cargo.toml\", \"protocol\": \"raw\", \
         \"opportunistic\": true, \"retry\": \"default\", \"metadata\": [{{\"m\": \"\"}}]}}}}",
        env!("CARGO_MANIFEST_DIR")
    )
}

const CONNECTED: u32 = 5;

#[test]
fn a_link_with_less_room_than_a_frames_head_still_carries_all() {
    let file = include_bytes!("../../Cargo.toml");
    for room in [1, 2, 18, 19, 20, 21, 4096] {
        let joined = Joined::new(&types(), "file");
        joined.connect();
        joined.client.client_connect();
        joined.settle(room);
        while joined.program.got.borrow().len() < file.len() {
            joined.settle(room);
        }
        assert!(joined.program.got.borrow().as_slice() == file, "room {room}");
        assert!(joined.program.states.borrow().contains(&CONNECTED), "room {room}");
        // the other way: the last piece is the first to go
        joined.program.to_send.borrow_mut().extend([b"two".to_vec(), b"one".to_vec()]);
        let mut sent = Vec::new();
        while !joined.program.to_send.borrow().is_empty() {
            joined.client.request_tx();
            loop {
                joined.client_writes(room);
                let piece = joined.up.take();
                if piece.is_empty() {
                    break;
                }
                assert!(piece.len() <= room);
                sent.extend(piece);
            }
        }
        assert_eq!(payload_of(&sent), b"onetwo", "room {room}");
    }
}

/// The payload of a client's frames.
fn payload_of(bytes: &[u8]) -> Vec<u8> {
    let (mut decoder, mut all) = (ProxyDecoder::new(), Vec::new());
    // what went before
    let first = bytes_of(&ToProxy::StreamType { pid: 1, credit: 0, name: "file" });
    let bytes = [first, bytes.to_vec()].concat();
    let mut bytes = &bytes[..];
    while let Some(frame) = decoder.next(&mut bytes).expect("frames") {
        if let ToProxy::Payload(payload) = frame {
            all.extend_from_slice(payload.bytes);
        }
    }
    all
}

/// A small generator of numbers that are the same in every run.
fn random(state: &mut u64) -> u8 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    (*state >> 24) as u8
}

#[test]
fn whatever_happens_on_the_way_costs_no_more_than_the_link() {
    let mut state = 0x5eed_0007;
    for _ in 0..300 {
        let input: Vec<u8> = (0..120).map(|_| random(&mut state)).collect();
        check_input(&types(), "file", &input);
    }
}

/// Breaks down in its first turn.
#[derive(Default)]
struct Faulty {
    was_given_up: Cell<bool>,
}

impl Plug for Faulty {
    fn turn(&self, _: &Context, _: PlugKey, _: Wake) {
        panic!("a test of what a panic ends");
    }

    fn give_up(&self, cx: &Context, key: PlugKey) {
        self.was_given_up.set(true);
        cx.unplug(key, None);
    }
}

#[test]
fn a_panic_ends_what_was_served_and_nothing_else() {
    let joined = Joined::new(&types(), "file");
    let faulty = Rc::new(Faulty::default());
    let key = joined.cx.plug(Rc::clone(&faulty) as Rc<dyn Plug>);
    joined.cx.poke(key);
    joined.connect();
    joined.client.client_connect();
    joined.settle(4096);
    assert!(faulty.was_given_up.get());
    assert_eq!(Rc::strong_count(&faulty), 1, "it is off the loop");
    while joined.program.got.borrow().is_empty() {
        joined.settle(4096);
    }
}
