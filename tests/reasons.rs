//! Why a stream is UNREACHABLE or DISCONNECTED is one line of the log at the levels that are on by default: a test a
//! reason. (Those of proxies are in proxies.rs.)

mod fixtures;

use fixtures::certs::certs;
use fixtures::many::{begin, stream};
use fixtures::mosquitto::Mosquitto;
use fixtures::nginx::Nginx;
use fixtures::peer::{Peer, read_request};
use fixtures::{Outcome, closed_port, scratch};
use std::io::{Read, Write};
use std::net::TcpStream;

const GET: &str = ", \"http_method\": \"GET\", \"http_url\": \"/\"";
const TLS: &str = ", \"tls\": true, \"tls_trust_store\": \"store\"";

/// Enough for the timeouts of one second that the program sets.
const SLOW: &str = "2500";

/// Runs `kind` until `state`, and finds `why` in a line that tells of it.
#[track_caller]
fn told(kind: &str, state: &str, why: &str) -> Outcome {
    told_within("600", kind, state, why)
}

/// [`told`] of a program that runs for so many milliseconds.
#[track_caller]
fn told_within(ms: &str, kind: &str, state: &str, why: &str) -> Outcome {
    let name = kind.split('"').nth(1).expect("a name").to_owned();
    let args = ["--streams", &name, "--timeout-secs", "1", "--limit-ms", ms, "--hold"];
    let mut running = begin(&[kind.to_owned()], &args);
    running.wait_for(&format!("0 {state}"));
    let got = running.finish();
    let word = format!("{}: ", state.to_ascii_lowercase());
    let line = got.stderr.lines().find(|l| l.contains(&word)).unwrap_or_else(|| panic!("{got}"));
    assert!(line.contains(why), "{line}");
    // the line names the stream
    assert!(line.contains(&format!("|{name}|")) || line.contains(&name), "{line}");
    got
}

/// A peer that reads a request and answers with these bytes.
fn answers(reply: &'static [u8]) -> Peer {
    Peer::start(move |mut s: TcpStream| {
        if read_request(&mut s, &mut Vec::new()).is_some() {
            let _ = s.write_all(reply);
        }
    })
}

#[test]
fn no_such_name() {
    let kind = stream("get", 80, "h1", GET).replace("localhost", "no-such-name.invalid");
    told(&kind, "UNREACHABLE", "no-such-name.invalid: ");
}

#[test]
fn refused() {
    told(&stream("get", closed_port(), "h1", GET), "UNREACHABLE", "Connection refused");
}

#[test]
fn no_such_socket() {
    let socket = scratch("none").join("socket");
    let place = format!("+{}", socket.display());
    let kind = stream("get", 0, "h1", GET).replace("localhost", &place);
    told(&kind, "UNREACHABLE", &format!("unreachable: {place}: No such file"));
}

fn tls_with(cert: &str, why: &str) {
    let (pem, key) = (certs().pem(cert), certs().key(cert));
    let nginx = Nginx::start(1, &[], |p| {
        format!(
            "server {{ listen 127.0.0.1:{} ssl; ssl_certificate {}; ssl_certificate_key {}; }}",
            p[0],
            pem.display(),
            key.display()
        )
    });
    told(&stream("get", nginx.ports[0], "h1", &format!("{GET}{TLS}")), "UNREACHABLE", why);
}

#[test]
fn a_certificate_by_a_stranger() {
    tls_with("untrusted", "invalid peer certificate: UnknownIssuer");
}

#[test]
fn a_certificate_for_another_name() {
    tls_with("wronghost", "invalid peer certificate: certificate not valid for name \"localhost\"");
}

#[test]
fn a_certificate_of_the_past() {
    tls_with("expired", "invalid peer certificate: certificate expired");
}

#[test]
fn a_server_that_does_not_speak_tls() {
    let peer = answers(b"");
    let kind = stream("get", peer.port, "h1", &format!("{GET}{TLS}"));
    told_within(SLOW, &kind, "UNREACHABLE", "timeout while connecting");
    let peer = Peer::start(|mut s| drop(s.write_all(b"220 mail.example\r\n")));
    let kind = stream("get", peer.port, "h1", &format!("{GET}{TLS}"));
    told(&kind, "UNREACHABLE", "received corrupt message");
}

#[test]
fn nobody_shakes_hands() {
    let peer = Peer::start(|mut s| drop(s.read_to_end(&mut Vec::new())));
    let kind = stream("get", peer.port, "h1", &format!("{GET}{TLS}"));
    told_within(SLOW, &kind, "UNREACHABLE", "timeout while connecting");
}

#[test]
fn no_response_in_time() {
    let peer = Peer::start(|mut s| drop(s.read_to_end(&mut Vec::new())));
    told_within(
        SLOW,
        &stream("get", peer.port, "h1", GET),
        "UNREACHABLE",
        "timeout while waiting for the response",
    );
}

#[test]
fn come_back_later() {
    let peer = answers(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
    told(&stream("get", peer.port, "h1", GET), "UNREACHABLE", "http status 503");
}

#[test]
fn a_status_that_is_no_success() {
    for status in ["401 Unauthorized", "404 Not Found"] {
        let reply: &'static str =
            Box::leak(format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").into_boxed_str());
        let peer = answers(reply.as_bytes());
        let kind = stream("get", peer.port, "h1", GET);
        let mut running = begin(&[kind], &["--streams", "get"]);
        running.wait_for("0 QOS_NACK_REMOTE");
        let got = running.finish();
        assert!(got.stderr.contains(&format!("http status {}", &status[..3])), "{got}");
    }
}

#[test]
fn a_response_that_is_none() {
    let peer = answers(b"I do not speak http\r\n\r\n");
    told(&stream("get", peer.port, "h1", GET), "UNREACHABLE", "does not start with HTTP/");
}

#[test]
fn a_handshake_that_ws_does_not_get() {
    let peer = answers(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
    told(&stream("ws", peer.port, "ws", ", \"http_url\": \"/\""), "UNREACHABLE", "401");
}

#[test]
fn a_peer_that_speaks_no_h2() {
    let peer = Peer::start(|mut s| {
        let _ = s.write_all(b"HTTP/1.1 400 What\r\n\r\n");
        let _ = s.read_to_end(&mut Vec::new());
    });
    told(&stream("get", peer.port, "h2", GET), "UNREACHABLE", "h2: the peer answers in HTTP/1");
}

#[test]
fn a_broker_that_does_not_let_us_in() {
    let dir = scratch("passwords");
    std::fs::write(dir.join("passwords"), "").expect("a file");
    let broker = Mosquitto::start_with(|_| {
        format!("allow_anonymous false\npassword_file {}\n", dir.join("passwords").display())
    });
    let kind = stream("pub", broker.port, "mqtt", ", \"mqtt_topic\": \"t\"");
    told(&kind, "UNREACHABLE", "not authori");
}

#[test]
fn the_peer_closes() {
    let peer = Peer::start(|mut s| drop(s.write_all(b"bye")));
    told(&stream("subraw", peer.port, "raw", ""), "DISCONNECTED", "the peer closed the connection");
}

#[test]
fn the_peer_says_goodbye_on_ws() {
    use tungstenite::protocol::{CloseFrame, frame::coding::CloseCode};
    let peer = Peer::start(|s| {
        let mut ws = tungstenite::accept(s).expect("a handshake");
        let _ = ws.close(Some(CloseFrame { code: CloseCode::Away, reason: "tea time".into() }));
        while ws.read().is_ok() {}
    });
    let kind = stream("ws", peer.port, "ws", ", \"http_url\": \"/\"");
    told(&kind, "DISCONNECTED", "1001");
}

#[test]
fn a_frame_that_ws_does_not_have() {
    let peer = Peer::start(|s| {
        let mut ws = tungstenite::accept(s).expect("a handshake");
        // a control frame in two parts
        let _ = ws.get_mut().write_all(&[0x09, 0x00]);
        let _ = ws.get_mut().read_to_end(&mut Vec::new());
    });
    let kind = stream("ws", peer.port, "ws", ", \"http_url\": \"/\"");
    told(&kind, "DISCONNECTED", "ws: a control frame is fragmented");
}
