//! Clients that do not agree on TLS.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use securestreams::proto::sss::ToProxy;
use securestreams::proxy::server::{Limits, Options};
use securestreams::proxy::tls::Files;
use securestreams::util::clock::MS;

use super::fixtures::certs::certs;
use super::world::{LIMIT, World, bytes_of};

/// The handshake's limit in milliseconds.
const PATIENCE: u64 = 300;

fn world(limits: Limits) -> World {
    let (cert, key) = (Some(certs().pem("good")), Some(certs().key("good")));
    let files = Files { cert, key, ..Files::default() };
    let tls = Some(files.for_proxy().expect("files that are good"));
    World::tcp("", Options { tls, handshake_timeout: PATIENCE * MS, limits, ..Options::default() })
}

fn connect(world: &World) -> TcpStream {
    let link = TcpStream::connect(("127.0.0.1", world.port.expect("TCP"))).expect("the proxy");
    link.set_read_timeout(Some(LIMIT)).expect("a limit");
    link
}

/// Waits for the link's end; what came before it.
fn to_the_end(link: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    match link.read_to_end(&mut all) {
        Ok(_) => all,
        Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => all,
        Err(e) => panic!("the link does not end: {e}"),
    }
}

#[test]
fn a_client_that_does_not_agree_in_time_is_given_up() {
    let world = world(Limits::default());
    // the first bytes of a handshake, and nothing
    for begins in [&b"\x16\x03\x01\x02\x00\x01"[..], b""] {
        let started = Instant::now();
        let mut link = connect(&world);
        link.write_all(begins).expect("the proxy");
        to_the_end(&mut link);
        assert!(started.elapsed() >= Duration::from_millis(PATIENCE), "not at once");
    }
}

#[test]
fn those_that_are_not_through_count_and_give_their_place_back() {
    let world = world(Limits { links: 2, ..Limits::default() });
    let mut waiting = [connect(&world), connect(&world)];
    let mut third = connect(&world);
    let started = Instant::now();
    assert_eq!(to_the_end(&mut third), b"");
    assert!(started.elapsed() < Duration::from_millis(PATIENCE), "there is no place for it");
    for link in &mut waiting {
        to_the_end(link);
    }
    // a place is free again: this one is answered, with an alert
    let mut link = connect(&world);
    link.write_all(&bytes_of(&ToProxy::StreamType { pid: 1, credit: 0, name: "any" })).expect("it");
    assert_eq!(to_the_end(&mut link).first(), Some(&0x15));
}
