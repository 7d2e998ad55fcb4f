//! Against real servers on loopback: nginx without TLS, and the conformance peer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::fixtures::nginx::Nginx;
use super::fixtures::{root, scratch};
use super::h2_feed::{Client, Seen, request};
use securestreams::proto::h2::Options;
use securestreams::proto::{BodyLen, Codec, ProtoErrorKind, Request, Reuse, Tid};

const PATIENCE: Duration = Duration::from_secs(20);

/// Writes what waits and reads once. `false`: the server closed.
fn step(c: &mut Client, wire: &mut (impl Read + Write)) -> bool {
    wire.write_all(&c.written()).expect("the server takes it");
    let mut buffer = vec![0; 16 * 1024];
    let n = wire.read(&mut buffer).expect("the server answers in time");
    c.feed(&buffer[..n]);
    n > 0
}

/// Carries bytes until `done`.
fn drive(c: &mut Client, wire: &mut (impl Read + Write), done: impl Fn(&Client) -> bool) {
    while !done(c) {
        assert!(step(c, wire), "closed, {:?}", c.last());
    }
}

/// Sends a body as the server takes it, then waits for the response's end.
fn upload(c: &mut Client, wire: &mut (impl Read + Write), tid: Tid, body: &[u8]) {
    let mut at = 0;
    while at < body.len() && !over(c, tid) {
        let n = c.send(tid, &body[at..], true);
        at += n;
        if n == 0 {
            assert!(step(c, wire), "closed");
        } else {
            wire.write_all(&c.written()).expect("the server takes it");
        }
    }
    drive(c, wire, |c| over(c, tid));
}

fn over(c: &Client, tid: Tid) -> bool {
    c.seen.iter().any(|s| match s {
        Seen::End(id) | Seen::Reset(id, _) | Seen::Refused(id, _) => *id == tid.0,
        Seen::Head(..) | Seen::Message(..) | Seen::Trailers(..) | Seen::Alive => false,
    })
}

fn cleartext() -> Client {
    Client::new(Options { tls: false, ..Options::default() })
}

#[test]
fn nginx_over_tcp() {
    let big = vec![b'x'; 3_000_000];
    let nginx = Nginx::start(1, &[("f", b"hello"), ("big", &big)], |ports| {
        format!(
            "server {{ listen 127.0.0.1:{} http2; http2_max_concurrent_streams 4; \
             keepalive_requests 1000; location /up {{ return 200; }} }}",
            ports[0]
        )
    });
    let mut wire = TcpStream::connect(("127.0.0.1", nginx.ports[0])).unwrap();
    wire.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut c = cleartext();
    for _ in 0..3 {
        let first = c.start(&Request { path: "/big", ..request("GET") }).unwrap();
        drive(&mut c, &mut wire, |c| c.codec.response_started(first));
        assert_eq!(c.codec.reuse(), Reuse::Shared(3), "nginx takes 4");
        let get = Request { path: "/f", ..request("GET") };
        let small: Vec<Tid> = (0..3).map(|_| c.start(&get).unwrap()).collect();
        assert_eq!(c.codec.reuse(), Reuse::Shared(0));
        drive(&mut c, &mut wire, |c| over(c, first) && small.iter().all(|t| over(c, *t)));
        assert!(c.payload(first.0) == big);
        assert!(small.iter().all(|t| c.payload(t.0) == b"hello"));
        assert!(c.codec.ping(&mut c.out));
        drive(&mut c, &mut wire, |c| c.last() == Some(&Seen::Alive));
        assert_eq!(c.codec.reuse(), Reuse::Idle);
    }
    let body = vec![b'u'; 200_000];
    let req = Request { path: "/up", body: BodyLen::Known(200_000), ..request("POST") };
    let tid = c.start(&req).unwrap();
    upload(&mut c, &mut wire, tid, &body);
    assert_eq!(c.last(), Some(&Seen::End(tid.0)));
    nginx.stop();
}

/// The conformance suite's h2 peer, on a unix socket.
struct Scripted {
    child: Child,
    socket: std::path::PathBuf,
}

impl Scripted {
    /// `None`, said by name, where Python has no h2.
    fn start() -> Option<Self> {
        let dir = scratch("h2srv");
        let socket = dir.join("s");
        let mut known = Command::new("python3");
        known.args(["-c", "import h2"]).stderr(Stdio::null());
        if !known.status().is_ok_and(|s| s.success()) {
            eprintln!("SKIPPED: the scripted h2 peer: python3 has no module h2");
            return None;
        }
        let mut child = Command::new("python3")
            .arg("-B")
            .arg(root().join("tests/conformance/fixtures/h2srv.py"))
            .arg("--uds")
            .arg(&socket)
            .arg("--log")
            .arg(dir.join("log"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        assert_eq!(line, "READY\n");
        Some(Self { child, socket })
    }

    fn connect(&self) -> UnixStream {
        let wire = UnixStream::connect(&self.socket).expect("it listens");
        wire.set_read_timeout(Some(PATIENCE)).expect("a time limit");
        wire
    }
}

impl Drop for Scripted {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn scripted_peer_over_a_unix_socket() {
    let Some(peer) = Scripted::start() else { return };
    let mut wire = peer.connect();
    let mut c = cleartext();
    let paths = ["/text", "/len/700000", "/empty", "/zero", "/strict", "/hdr", "/status/404"];
    for path in paths {
        let tid = c.start(&Request { path, ..request("GET") }).unwrap();
        drive(&mut c, &mut wire, |c| over(c, tid));
        assert_eq!(c.last(), Some(&Seen::End(tid.0)), "{path}");
        let length = match path {
            "/len/700000" => 700_000,
            "/empty" | "/zero" => 0,
            "/text" => 11,
            "/hdr" => 12,
            "/strict" => 16,
            _ => 10,
        };
        assert_eq!(c.payload(tid.0).len(), length, "{path}");
    }
    let body = vec![b'e'; 200_000];
    let req = Request { path: "/echo", body: BodyLen::Unknown, ..request("POST") };
    let tid = c.start(&req).unwrap();
    upload(&mut c, &mut wire, tid, &body);
    assert!(c.payload(tid.0) == body);

    let open = BodyLen::Unknown;
    let tid = c.start(&Request { path: "/rst", body: open, ..request("GET") }).unwrap();
    drive(&mut c, &mut wire, |c| over(c, tid));
    assert_eq!(c.last(), Some(&Seen::Reset(tid.0, "h2: reset by the peer: CANCEL")));
    assert_eq!(c.payload(tid.0).len(), 1000);
    let tid = c.start(&Request { path: "/rst0", ..request("GET") }).unwrap();
    drive(&mut c, &mut wire, |c| over(c, tid));
    assert_eq!(c.last(), Some(&Seen::Refused(tid.0, "h2: reset by the peer: REFUSED_STREAM")));
    assert_eq!(c.codec.reuse(), Reuse::Idle);

    let tid = c.start(&Request { path: "/goaway0", ..request("GET") }).unwrap();
    while step(&mut c, &mut wire) {}
    assert_eq!(c.codec.reuse(), Reuse::Never);
    assert!(!c.codec.response_started(tid));
    assert_eq!(c.eof().unwrap_err().kind, ProtoErrorKind::CutShort);
}
