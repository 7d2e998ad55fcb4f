//! What the proxy does for clients that behave.

use std::io::{Read, Write};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use securestreams::proto::sss::{ToProxy, flags};
use securestreams::proxy::server::{Limits, Options, Peer as Process, PeerOf};
use securestreams::util::clock::MS;

use super::fixtures::peer::{self, Peer, read_request};
use super::world::{Client, Got, LIMIT, World, payload};

const DISCONNECTED: u32 = 2;
const CONNECTED: u32 = 5;
const CONNECTING: u32 = 6;
const POLL: u32 = 8;
const ACK: u32 = 10;
const TIMEOUT: u32 = 14;

fn kind(name: &str, port: u16, more: &str) -> String {
    format!(
        "{{\"{name}\": {{\"endpoint\": \"127.0.0.1\", \"port\": {port}, \"opportunistic\": true, \
         \"retry\": \"default\", {more}}}}}"
    )
}

fn raw(port: u16) -> String {
    kind("r", port, "\"protocol\": \"raw\", \"metadata\": [{\"m\": \"\"}]")
}

fn connected(world: &World, name: &str) -> Client {
    let mut client = world.client(name);
    client.say(&ToProxy::OnwardConnect);
    assert_eq!(client.next(), Some(Got::State(CONNECTING)));
    assert_eq!(client.next(), Some(Got::State(CONNECTED)));
    client
}

#[test]
fn payload_goes_both_ways_with_its_times() {
    let server = peer::echo();
    let world = World::start(&raw(server.port));
    let mut client = connected(&world, "r");
    client.say(&payload(b"hello", flags::SOM | flags::EOM));
    let Some(Got::Payload { flags, bytes, sent }) = client.next() else { panic!("no payload") };
    assert_eq!((flags, &bytes[..]), (0, &b"hello"[..]));
    // unix time, and a wait that is no nonsense
    assert!(sent.at_us > 1_600_000_000_000_000 && sent.held_us < 10_000_000, "{sent:?}");
    drop(client);
    world.wait_for_streams(0);
}

#[test]
fn a_stream_goes_when_its_client_says_so() {
    let server = peer::echo();
    let world = World::start(&raw(server.port));
    let mut client = connected(&world, "r");
    world.wait_for_streams(1);
    client.say(&ToProxy::Destroying);
    assert_eq!(client.next(), None);
    world.wait_for_streams(0);
}

#[test]
fn an_unknown_type_is_denied() {
    let world = World::start(&raw(1));
    let mut client = world.connect();
    client.say(&ToProxy::StreamType { pid: 1, credit: 0, name: "nope" });
    assert!(matches!(client.next(), Some(Got::Created { ok: false, .. })));
    assert_eq!(client.next(), None);
}

#[test]
fn the_server_types_of_the_policy_are_not_for_clients() {
    let world = World::start(&kind("s", 1, "\"protocol\": \"raw\", \"server\": true"));
    let mut client = world.connect();
    client.say(&ToProxy::StreamType { pid: 1, credit: 0, name: "s" });
    assert!(matches!(client.next(), Some(Got::Created { ok: false, .. })));
}

#[test]
fn a_body_is_asked_for_when_the_request_is_out() {
    let (bodies, body) = channel();
    let server = Peer::start(move |mut stream| {
        let mut pending = Vec::new();
        while let Some((_, body)) = read_request(&mut stream, &mut pending) {
            bodies.send(body).expect("the test");
            let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
            stream.write_all(reply).expect("the proxy");
        }
    });
    let more = "\"protocol\": \"h1\", \"http_method\": \"POST\", \"http_url\": \"/\"";
    let world = World::start(&kind("p", server.port, more));
    let mut client = world.client("p");
    let all: Vec<u8> = (0..30_000_u32).map(|i| i as u8).collect();
    client.say(&ToProxy::LengthHint(30_000));
    client.say(&ToProxy::OnwardConnect);
    assert_eq!(client.until(CONNECTED), [Got::State(POLL), Got::State(CONNECTING)]);
    client.say(&payload(&all[..10_000], flags::SOM));
    client.say(&payload(&all[10_000..], flags::EOM));
    assert!(body.recv_timeout(LIMIT).expect("a request") == all);
    let before = client.until(ACK);
    assert!(matches!(&before[..], [
        Got::Payload { flags: flags::SOM, bytes, .. },
        Got::Payload { flags: flags::EOM, .. }
    ] if bytes == b"ok"));
    assert_eq!(client.next(), Some(Got::State(DISCONNECTED)));
}

#[test]
fn metadata_goes_both_ways() {
    let seen = Arc::new(Mutex::new(String::new()));
    let head = seen.clone();
    let server = Peer::start(move |mut stream| {
        let mut buffer = [0; 4096];
        let n = stream.read(&mut buffer).expect("a request");
        *head.lock().expect("the head") = String::from_utf8_lossy(&buffer[..n]).into_owned();
        let reply =
            "HTTP/1.1 200 OK\r\ncontent-type: a/b\r\nx-own: mine\r\ncontent-length: 0\r\n\r\n";
        stream.write_all(reply.as_bytes()).expect("the proxy");
    });
    let more = "\"protocol\": \"h1\", \"http_method\": \"GET\", \"http_url\": \"/${path}\", \
                \"metadata\": [{\"path\": \"\"}, {\"type\": \"content-type:\"}, \
                {\"own\": \"x-own:\"}, {\"none\": \"x-none:\"}]";
    let world = World::start(&kind("g", server.port, more));
    let mut client = world.client("g");
    client.say(&ToProxy::Metadata { name: "path", value: b"here" });
    client.say(&ToProxy::OnwardConnect);
    let mut before = client.until(CONNECTED);
    before.sort_by_key(|got| format!("{got:?}"));
    assert_eq!(
        before,
        [
            Got::Metadata("own".into(), b"mine".into()),
            Got::Metadata("type".into(), b"a/b".into()),
            Got::State(CONNECTING),
        ]
    );
    assert!(client.until(ACK).is_empty());
    assert!(seen.lock().expect("the head").starts_with("GET /here HTTP/1.1"));
    // a name that the policy does not have costs the link
    client.say(&ToProxy::Metadata { name: "nope", value: b"x" });
    client.until(DISCONNECTED);
    assert_eq!(client.next(), None);
    world.wait_for_streams(0);
}

#[test]
fn rideshare_types_are_listed_as_far_as_clients_take_them() {
    let name = "n".repeat(60);
    let types: Vec<String> = ["a", "b", "c", "d", "e"]
        .windows(2)
        .map(|w| {
            let more = format!("\"protocol\": \"h1\", \"rideshare\": \"{}\"", w[1]);
            kind(w[0], 1, &more)
        })
        .chain([
            kind("e", 1, "\"protocol\": \"h1\""),
            kind("long", 1, &format!("\"protocol\": \"h1\", \"rideshare\": \"{name}\"")),
            kind(&name, 1, &format!("\"protocol\": \"h1\", \"rideshare\": \"{name}2\"")),
            kind(&format!("{name}2"), 1, "\"protocol\": \"h1\""),
        ])
        .collect();
    let world = World::start(&types.join(","));
    for (first, want) in [("a", "a,b,c,d".to_owned()), ("long", format!("long,{name},{name}2"))] {
        let mut client = world.connect();
        client.say(&ToProxy::StreamType { pid: 1, credit: 0, name: first });
        let Some(Got::Created { ok: true, types }) = client.next() else { panic!("no stream") };
        if want.len() <= 127 {
            assert_eq!(types, want);
        } else {
            assert_eq!(types, format!("long,{name}"));
        }
    }
}

#[test]
fn timeouts_can_be_started_and_stopped() {
    let server = peer::echo();
    let world = World::start(&raw(server.port));
    // even before there is a stream
    let mut client = world.connect();
    client.say(&ToProxy::Timeout(50));
    client.say(&ToProxy::StreamType { pid: 1, credit: 0, name: "r" });
    client.until(TIMEOUT);
    client.say(&ToProxy::Timeout(60_000));
    client.say(&ToProxy::cancel_timeout());
    client.say(&ToProxy::Timeout(50));
    client.until(TIMEOUT);
}

#[test]
fn a_peer_that_sends_faster_than_the_client_reads_is_slowed_down() {
    const ALL: usize = 24 << 20;
    let (stuck, is_stuck) = channel();
    let server = Peer::start(move |mut stream| {
        stream.set_write_timeout(Some(Duration::from_millis(300))).expect("a limit");
        let piece: Vec<u8> = (0..65_521_u32).map(|i| i as u8).collect();
        let (mut sent, mut was_stuck) = (0, false);
        while sent < ALL {
            let at = sent % piece.len();
            let end = piece.len().min(at + (ALL - sent));
            match stream.write(&piece[at..end]) {
                Ok(n) => sent += n,
                Err(_) if !was_stuck => {
                    was_stuck = true;
                    stuck.send(sent).expect("the test");
                }
                Err(_) => {}
            }
        }
    });
    let more = "\"protocol\": \"raw\", \"proxy_buflen\": 65536, \
                \"proxy_buflen_rxflow_on_above\": 40000, \"proxy_buflen_rxflow_off_below\": 10000";
    for more in [more, "\"protocol\": \"raw\""] {
        let world = World::start(&kind("r", server.port, more));
        let mut client = connected(&world, "r");
        let sent = is_stuck.recv_timeout(LIMIT).expect("the peer to be held back");
        assert!(sent < ALL / 2, "{sent} bytes were taken before the peer was slowed down");
        let got = client.bytes(ALL);
        assert_eq!(got.len(), ALL);
        assert!(got.iter().enumerate().all(|(i, b)| *b == (i % 65_521) as u8));
    }
}

#[test]
fn a_client_that_sends_faster_than_the_peer_reads_is_slowed_down() {
    const FRAMES: usize = 500;
    const FRAME: usize = 50_000;
    const ALL: usize = FRAMES * FRAME;
    let (go, may_go) = channel::<()>();
    let may_go = Mutex::new(may_go);
    let (count, counted) = channel();
    let server = Peer::start(move |mut stream| {
        may_go.lock().expect("the signal").recv().expect("the test");
        let (mut all, mut buffer) = (0, vec![0; 1 << 20]);
        while all < ALL {
            match stream.read(&mut buffer) {
                Ok(n @ 1..) => all += n,
                _ => break,
            }
        }
        count.send(all).expect("the test");
    });
    let world = World::start(&raw(server.port));
    let mut client = connected(&world, "r");
    client.link.set_write_timeout(Some(Duration::from_millis(300))).expect("a limit");
    let frame = super::world::bytes_of(&payload(&[7; FRAME], flags::SOM | flags::EOM));
    let (mut sent, mut stuck) = (0, None);
    let all = FRAMES * frame.len();
    while sent < all {
        let at = sent % frame.len();
        match client.link.write(&frame[at..]) {
            Ok(n) => sent += n,
            Err(_) => {
                assert!(stuck.is_none(), "stuck after the peer read on");
                stuck = Some(sent);
                go.send(()).expect("the server");
                client.link.set_write_timeout(Some(LIMIT)).expect("a limit");
            }
        }
    }
    let stuck = stuck.expect("the client to be held back");
    assert!(stuck < all / 2, "{stuck} bytes were taken before the client was slowed down");
    assert_eq!(counted.recv_timeout(LIMIT), Ok(ALL));
}

#[test]
fn what_a_client_leaves_behind_is_sent() {
    for last in [true, false] {
        let (count, counted) = channel();
        let server = Peer::start(move |mut stream| {
            let mut all = Vec::new();
            stream.read_to_end(&mut all).expect("an end");
            count.send(all.len()).expect("the test");
        });
        let world = World::start(&raw(server.port));
        let mut client = connected(&world, "r");
        client.say(&payload(&[1; 20_000], flags::SOM | flags::EOM));
        if last {
            client.say(&ToProxy::Destroying);
        }
        drop(client);
        assert_eq!(counted.recv_timeout(LIMIT), Ok(20_000));
        world.wait_for_streams(0);
    }
}

#[test]
fn a_peer_that_goes_and_comes_back_is_no_end_of_the_link() {
    let server = Peer::start(|mut stream| {
        let mut buffer = [0; 16];
        let _ = stream.read(&mut buffer);
    });
    let world = World::start(&raw(server.port));
    let mut client = connected(&world, "r");
    for _ in 0..3 {
        client.say(&payload(b"bye", flags::SOM | flags::EOM));
        client.until(DISCONNECTED);
        // a leftover of the connection that is gone: it starts nothing
        client.say(&payload(b"stale", flags::SOM | flags::EOM));
        client.say(&ToProxy::OnwardConnect);
        assert_eq!(client.until(CONNECTED), [Got::State(CONNECTING)]);
    }
}

#[test]
fn limits_hold() {
    let server = peer::echo();
    let limits = Limits { links: 4, streams: 3, ..Limits::default() };
    let world = World::with(&raw(server.port), Options { limits, ..Options::default() });
    let kept: Vec<Client> = (0..3).map(|_| connected(&world, "r")).collect();
    assert_eq!(world.connect().next(), None, "one too many");
    drop(kept);
    world.wait_for_streams(0);
    connected(&world, "r");
}

#[test]
fn only_users_on_the_list_get_in() {
    let types = raw(1);
    let me: PeerOf = |_| Some(Process { pid: 1, uid: 7 });
    let nobody: PeerOf = |_| None;
    for (allowed, peer_of, gets_in) in [
        (Some(vec![1, 7]), me, true),
        (Some(vec![1, 8]), me, false),
        (Some(vec![]), me, false),
        (Some(vec![7]), nobody, false),
        (None, nobody, true),
    ] {
        let options = Options { allowed, peer_of, ..Options::default() };
        let world = World::with(&types, options);
        let mut client = world.connect();
        if gets_in {
            client.say(&ToProxy::StreamType { pid: 1, credit: 0, name: "r" });
        }
        assert_eq!(client.next().is_some(), gets_in);
    }
}

#[test]
fn who_names_no_stream_type_is_sent_away() {
    let options = Options { first_frame_timeout: 50 * MS, ..Options::default() };
    let world = World::with(&raw(1), options);
    let mut client = world.connect();
    client.link.write_all(&[0xaa, 0]).expect("the start of a frame");
    assert_eq!(client.next(), None);
}

#[test]
fn a_client_that_dies_while_its_link_is_not_read_takes_its_stream_along() {
    let (goes, stays) = channel::<()>();
    let stays = Mutex::new(stays);
    // a peer that never reads, until the test is over
    let server = Peer::start(move |stream| {
        // ends when the test drops its side
        let _ = stays.lock().expect("the signal").recv();
        drop(stream);
    });
    let world = World::start(&raw(server.port));
    let mut client = connected(&world, "r");
    client.link.set_write_timeout(Some(Duration::from_millis(300))).expect("a limit");
    let piece = super::world::bytes_of(&payload(&[7; 16 * 1024], 0));
    // the proxy stops reading when its buffer is full: then nothing more is taken
    while client.link.write_all(&piece).is_ok() {}
    world.wait_for_streams(1);
    drop(client);
    world.wait_for_streams(0);
    drop(goes);
}
