use std::io::{self, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::sync::mpsc::{Sender, channel};
use std::thread;

use securestreams::net::{Transport, UnixTransport};

use crate::drive::{A_LOT, Driver, pattern};
use crate::pki::TempDir;

/// Echoes from the word go until the client's end, once.
fn echo_once(listener: UnixListener) -> (Sender<()>, thread::JoinHandle<()>) {
    let (go, wait) = channel();
    let thread = thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        wait.recv().unwrap();
        let mut buf = [0; 4096];
        loop {
            match peer.read(&mut buf).unwrap() {
                0 => return,
                n => peer.write_all(&buf[..n]).unwrap(),
            }
        }
    });
    (go, thread)
}

fn talk(name: &str, (go, peer): (Sender<()>, thread::JoinHandle<()>)) {
    let mut t = UnixTransport::connect(name).unwrap();
    assert!(t.handshake().unwrap());
    assert_eq!(t.peer(), format!("+{name}"));
    let mut driver = Driver::new(&mut t);
    let sent = pattern(A_LOT);
    let back = driver.echo(&mut t, &sent, || go.send(()).unwrap()).unwrap();
    assert!(back == sent, "payload changed");
    t.shutdown();
    assert_eq!(driver.read_to_end(&mut t).unwrap(), b"");
    peer.join().unwrap();
}

#[test]
fn by_path() {
    let dir = TempDir::new();
    let path = dir.path("sock");
    let peer = echo_once(UnixListener::bind(&path).unwrap());
    talk(path.to_str().unwrap(), peer);
}

#[test]
fn by_abstract_name() {
    let name = format!("securestreams-test-{}", std::process::id());
    let addr = SocketAddr::from_abstract_name(&name).unwrap();
    let peer = echo_once(UnixListener::bind_addr(&addr).unwrap());
    talk(&format!("@{name}"), peer);
}

#[test]
fn failures_are_immediate_and_named() {
    let dir = TempDir::new();
    let missing = dir.path("missing");
    let missing = missing.to_str().unwrap();
    let e = UnixTransport::connect(missing).unwrap_err();
    assert_eq!(e.kind(), io::ErrorKind::NotFound);
    assert!(e.to_string().contains(&format!("+{missing}: ")), "{e}");

    let deserted = dir.path("deserted");
    drop(UnixListener::bind(&deserted).unwrap());
    let e = UnixTransport::connect(deserted.to_str().unwrap()).unwrap_err();
    assert_eq!(e.kind(), io::ErrorKind::ConnectionRefused);

    let e = UnixTransport::connect("@securestreams-nobody-is-here").unwrap_err();
    assert_eq!(e.kind(), io::ErrorKind::ConnectionRefused);

    let e = UnixTransport::connect(&"x".repeat(200)).unwrap_err();
    assert_eq!(e.kind(), io::ErrorKind::InvalidInput);
}

#[test]
fn a_full_queue_is_an_error() {
    let dir = TempDir::new();
    let path = dir.path("busy");
    let listener =
        socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None).unwrap();
    listener.bind(&socket2::SockAddr::unix(&path).unwrap()).unwrap();
    listener.listen(0).unwrap();
    let mut held = Vec::new();
    let e = loop {
        match UnixTransport::connect(path.to_str().unwrap()) {
            Ok(t) => held.push(t),
            Err(e) => break e,
        }
        assert!(held.len() < 10, "the queue never fills");
    };
    assert_eq!(e.kind(), io::ErrorKind::WouldBlock);
    assert!(e.to_string().contains("queue is full"), "{e}");
}
