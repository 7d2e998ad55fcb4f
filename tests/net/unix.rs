use std::io::{self, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::thread;

use securestreams::net::{Transport, UnixTransport};

use crate::drive::{Driver, pattern};
use crate::pki::TempDir;

/// Echoes until the client's end, once.
fn echo_once(listener: UnixListener) -> thread::JoinHandle<()> {
    thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        let mut buf = [0; 4096];
        loop {
            match peer.read(&mut buf).unwrap() {
                0 => return,
                n => peer.write_all(&buf[..n]).unwrap(),
            }
        }
    })
}

fn talk(name: &str) {
    let mut t = UnixTransport::connect(name).unwrap();
    assert!(t.handshake().unwrap());
    assert_eq!(t.peer(), format!("+{name}"));
    let mut driver = Driver::new(&mut t);
    let sent = pattern(1 << 20);
    assert_eq!(driver.echo(&mut t, &sent).unwrap(), sent);
    assert!(driver.blocked > 0, "never blocked");
    t.shutdown();
    assert_eq!(driver.read_to_end(&mut t).unwrap(), b"");
}

#[test]
fn by_path() {
    let dir = TempDir::new();
    let path = dir.path("sock");
    let peer = echo_once(UnixListener::bind(&path).unwrap());
    talk(path.to_str().unwrap());
    peer.join().unwrap();
}

#[test]
fn by_abstract_name() {
    let name = format!("securestreams-test-{}", std::process::id());
    let addr = SocketAddr::from_abstract_name(&name).unwrap();
    let peer = echo_once(UnixListener::bind_addr(&addr).unwrap());
    talk(&format!("@{name}"));
    peer.join().unwrap();
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
