//! What streams with `perf` are told of the protocols without a response, and of failures: once an attempt, just before
//! the state that ends it.

mod fixtures;

use fixtures::many::{begin, stream};
use fixtures::mosquitto::Mosquitto;
use fixtures::peer::Peer;
use fixtures::{Running, closed_port};
use serde_json::Value;

fn measured(name: &str, port: u16, protocol: &str, more: &str) -> Running {
    let streams = [stream(name, port, protocol, &format!(", \"perf\": true{more}"))];
    begin(&streams, &["--streams", name, "--hold"])
}

/// The next JSON of the program's one stream, and the state that follows it.
fn told(program: &mut Running) -> (Value, String) {
    let line = program.wait_for_start_of("0 perf ");
    let json = serde_json::from_str(&line["0 perf ".len()..]).expect("JSON");
    (json, program.wait_for_start_of("0 "))
}

/// A connection that was there, of a protocol without responses.
#[track_caller]
fn check_connection(program: &mut Running) {
    let (json, state) = told(program);
    assert_eq!(state, "0 DISCONNECTED");
    assert_eq!((json["peer"].as_str(), json["dns_disp"].as_u64()), (Some("127.0.0.1"), Some(1)));
    assert!(json["sockconn_us"].as_u64().is_some_and(|us| us > 0), "{json}");
    for name in ["tls_us", "txn_resp_us"] {
        assert_eq!(json[name], 0, "{name} in {json}");
    }
    assert_eq!(json.get("prot_specific"), None, "{json}");
}

#[test]
fn raw_when_the_link_ends() {
    let peer = Peer::start(drop);
    let mut program = measured("raw", peer.port, "raw", "");
    // each link is measured anew
    for _ in 0..2 {
        check_connection(&mut program);
    }
}

#[test]
fn ws_when_the_link_ends() {
    let peer = Peer::start(|stream| {
        let mut socket = tungstenite::accept(stream).expect("a handshake");
        let _ = socket.close(None);
        while socket.read().is_ok() {}
    });
    check_connection(&mut measured("ws", peer.port, "ws", ", \"http_url\": \"/\""));
}

#[test]
fn mqtt_when_the_link_ends() {
    let mut broker = Mosquitto::start();
    let mut program = measured("sub", broker.port, "mqtt", ", \"mqtt_subscribe\": \"t\"");
    program.wait_for("0 CONNECTED");
    broker.kill();
    check_connection(&mut program);
}

#[test]
fn nobody_there() {
    for protocol in ["h1", "ws", "mqtt", "raw"] {
        let mut program = measured("x", closed_port(), protocol, "");
        // the second attempt is told of too
        for _ in 0..2 {
            let (json, state) = told(&mut program);
            assert_eq!(state, "0 UNREACHABLE", "{protocol}");
            assert_eq!(json["dns_disp"], 1, "{json}");
            assert_eq!((&json["sockconn_us"], &json["tls_us"]), (&0.into(), &0.into()), "{json}");
            assert!(json["dns"].as_array().is_some_and(|a| !a.is_empty()), "{json}");
            assert_eq!(json.get("prot_specific"), None, "{json}");
        }
    }
}

#[test]
fn no_such_name() {
    let streams =
        [stream("x", 1, "raw", ", \"perf\": true").replace("localhost", "no.such.invalid")];
    let mut program = begin(&streams, &["--streams", "x", "--hold"]);
    let (json, state) = told(&mut program);
    assert_eq!(state, "0 UNREACHABLE");
    assert_eq!(
        (&json["dns_disp"], &json["dns"], &json["peer"]),
        (&3.into(), &Value::Array(vec![]), &"".into())
    );
}

/// A server that is no TLS server: the connection is measured, TLS took no time that counts.
#[test]
fn tls_fails() {
    let peer = Peer::start(|mut stream| {
        use std::io::Write;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    });
    let tls = ", \"tls\": true, \"tls_trust_store\": \"store\"";
    let (json, state) = told(&mut measured("x", peer.port, "h1", tls));
    assert_eq!((state.as_str(), &json["peer"]), ("0 UNREACHABLE", &"127.0.0.1".into()));
    assert!(json["sockconn_us"].as_u64().is_some_and(|us| us > 0), "{json}");
    assert_eq!((&json["tls_us"], json.get("prot_specific")), (&0.into(), None), "{json}");
}
