//! Clients that do not behave: whatever they say costs their link, and nothing else.

use std::io::Write;
use std::net::Shutdown;

use securestreams::proto::sss::{ToProxy, flags};
use securestreams::proxy::server::{Limits, Options};

use super::fixtures::peer;
use super::world::{Client, World, bytes_of, payload, session};

/// A small generator of numbers that are the same in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % limit.max(1) as u64) as usize
    }
}

fn types(port: u16) -> String {
    ["raw", "h1"]
        .map(|protocol| {
            format!(
                "{{\"{protocol}\": {{\"endpoint\": \"127.0.0.1\", \"port\": {port}, \"protocol\": \
                 \"{protocol}\", \"http_method\": \"POST\", \"opportunistic\": true, \
                 \"retry\": \"default\", \"metadata\": [{{\"m\": \"x-m:\"}}]}}}}"
            )
        })
        .join(",")
}

/// A client that behaves is still served.
#[track_caller]
fn still_serves(world: &World) {
    let mut client = world.client("raw");
    client.say(&ToProxy::OnwardConnect);
    client.until(5);
    client.say(&payload(b"ping", flags::SOM | flags::EOM));
    assert_eq!(client.bytes(4), b"ping");
}

/// Says it as far as the proxy listens, and goes.
fn throw(mut client: Client, bytes: &[u8]) {
    let _ = client.link.write_all(bytes);
    let _ = client.link.shutdown(Shutdown::Write);
}

fn mutate(random: &mut Random, bytes: &mut Vec<u8>) {
    for _ in 0..=random.below(4) {
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes[at] = random.below(256) as u8,
            1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes.truncate(at.max(1)),
            3 => bytes.insert(at, random.below(256) as u8),
            4 => drop(bytes.remove(at)),
            _ => {
                let piece = bytes[at..].to_vec();
                bytes.extend_from_slice(&piece[..random.below(piece.len())]);
            }
        }
        if bytes.is_empty() {
            bytes.push(0xaa);
        }
    }
}

#[test]
fn frames_that_are_wrong_in_any_field() {
    let server = peer::echo();
    let world = World::start(&types(server.port));
    let mut random = Random(0x5eed_0001);
    for round in 0..1500 {
        let mut bytes = session(if round % 2 == 0 { "raw" } else { "h1" });
        mutate(&mut random, &mut bytes);
        throw(world.connect(), &bytes);
        if round % 300 == 0 {
            still_serves(&world);
        }
    }
    still_serves(&world);
    world.wait_for_streams(0);
}

#[test]
fn links_that_are_cut_at_any_byte() {
    let server = peer::echo();
    let world = World::start(&types(server.port));
    let whole = session("raw");
    for end in 0..whole.len() {
        throw(world.connect(), &whole[..end]);
    }
    still_serves(&world);
    world.wait_for_streams(0);
}

#[test]
fn bytes_that_come_one_by_one() {
    let server = peer::echo();
    let world = World::start(&types(server.port));
    let mut client = world.connect();
    for byte in session("raw") {
        client.link.write_all(&[byte]).expect("the proxy");
    }
    client.until(5);
    drop(client);
    world.wait_for_streams(0);
}

#[test]
fn values_count_for_what_a_client_may_have() {
    let server = peer::echo();
    let limits = Limits { bytes: 1_000_000, ..Limits::default() };
    let any = types(server.port).replace("\"opp", "\"direct_proto_str\": true, \"opp");
    let world = World::with(&any, Options { limits, ..Options::default() });
    let mut client = world.client("h1");
    let value = vec![b'v'; 60_000];
    // the same one again and again is one
    for _ in 0..30 {
        client.say(&ToProxy::Metadata { name: "m", value: &value });
    }
    client.say(&ToProxy::Metadata { name: "n", value: &value });
    let refused = (0..1000).any(|i| {
        let frame = bytes_of(&ToProxy::Metadata { name: &format!("x-{i}"), value: &value });
        client.link.write_all(&frame).is_err()
    });
    assert!(refused, "60 MB of values were kept");
    drop(client);
    still_serves(&world);
    world.wait_for_streams(0);
}

#[test]
fn lengths_that_lie() {
    let server = peer::echo();
    let world = World::start(&types(server.port));
    let good = bytes_of(&ToProxy::StreamType { pid: 1, credit: 0, name: "raw" });
    for kind in 0..=255_u8 {
        for len in [0_u16, 1, 3, 4, 5, 15, 16, 17, 255, 256, u16::MAX] {
            let [high, low] = len.to_be_bytes();
            let mut bytes = good.clone();
            bytes.extend_from_slice(&[kind, high, low, 9, 9, 9, 9]);
            throw(world.connect(), &bytes);
        }
    }
    still_serves(&world);
    world.wait_for_streams(0);
}

#[test]
fn floods_of_streams_that_are_opened_and_dropped() {
    let server = peer::echo();
    let world = World::start(&types(server.port));
    let opening = session("raw");
    for round in 0..40 {
        let clients: Vec<Client> = (0..25)
            .map(|i| {
                let mut client = world.connect();
                let _ = client.link.write_all(&opening[..(opening.len() * i) / 24]);
                client
            })
            .collect();
        drop(clients);
        if round % 10 == 0 {
            still_serves(&world);
        }
    }
    still_serves(&world);
    world.wait_for_streams(0);
}

#[test]
fn who_has_more_under_way_than_one_may_is_sent_away() {
    // nobody takes anything there
    let server = peer::Peer::start(|stream| {
        let _ = stream.peek(&mut [0]);
        std::thread::park_timeout(std::time::Duration::from_secs(2));
    });
    let limits = Limits { bytes: 100_000, ..Limits::default() };
    let world = World::with(&types(server.port), Options { limits, ..Options::default() });
    let mut clients = Vec::new();
    let mut gone = 0;
    for _ in 0..8 {
        let mut client = world.client("raw");
        client.say(&ToProxy::OnwardConnect);
        client.until(5);
        clients.push(client);
    }
    let frame = bytes_of(&payload(&[0; 30_000], flags::SOM | flags::EOM));
    for client in &mut clients {
        client
            .link
            .set_write_timeout(Some(std::time::Duration::from_millis(200)))
            .expect("a limit");
        for _ in 0..200 {
            match client.link.write_all(&frame) {
                Ok(()) => {}
                Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(_) => {
                    gone += 1;
                    break;
                }
            }
        }
    }
    assert!(gone > 0, "8 clients of 32 kB each were kept");
}
