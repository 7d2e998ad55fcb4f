//! ws and mqtt streams against independent peers: tungstenite in the test process, python websockets, npm ws, a mosquitto.

mod fixtures;

use fixtures::many::{begin, count, many, pattern, rx_line, stream};
use fixtures::mosquitto::Mosquitto;
use fixtures::peer::{Peer, read_request};
use fixtures::{node_with_ws, python_with_websockets, root, start};
use std::io::Write;
use std::net::TcpStream;
use std::sync::mpsc::channel;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};

fn ws(port: u16, more: &str) -> String {
    stream("ws", port, "ws", &format!(", \"http_url\": \"/\"{more}"))
}

fn echo(mut socket: WebSocket<TcpStream>) {
    while let Ok(message) = socket.read() {
        if (message.is_text() || message.is_binary()) && socket.send(message).is_err() {
            break;
        }
    }
}

// ------------------------------------------------------------------ ws

fn echoes(more: &str, len: usize) {
    let peer = Peer::start(|s| echo(tungstenite::accept(s).expect("a handshake")));
    let args = ["--streams", "ws", "--n", "3", "--messages", "2", "--post", &len.to_string()];
    let got = many(&[ws(peer.port, more)], &args);
    for i in 0..3 {
        let line = rx_line(i, &pattern(len));
        assert_eq!(got.lines().iter().filter(|l| **l == line).count(), 2, "{got}");
    }
    assert_eq!(peer.accepted(), 3);
}

#[test]
fn ws_text_of_1_mib_comes_back() {
    echoes("", 1 << 20);
}

#[test]
fn ws_binary_of_1_mib_comes_back() {
    echoes(", \"ws_binary\": true", 1 << 20);
}

#[test]
fn ws_echoes_whole_messages_with_reads_first_too() {
    echoes(", \"ws_prioritize_reads\": true", 300_000);
}

#[test]
fn ws_ping_is_answered() {
    let (pong, ponged) = channel();
    let peer = Peer::start(move |s| {
        let mut socket = tungstenite::accept(s).expect("a handshake");
        socket.send(Message::Ping(vec![1, 2, 3].into())).expect("a ping");
        if let Ok(Message::Pong(data)) = socket.read() {
            let _ = pong.send(data.to_vec());
        }
        socket.send(Message::text("after the ping")).expect("a message");
        echo(socket);
    });
    let args = ["--streams", "ws", "--hold"];
    let mut running = begin(&[ws(peer.port, "")], &args);
    running.wait_for(&rx_line(0, b"after the ping"));
    assert_eq!(ponged.recv().expect("a pong"), [1, 2, 3]);
}

#[test]
fn ws_close_by_the_peer_disconnects_and_the_stream_comes_back() {
    let peer = Peer::start(|s| {
        let mut socket = tungstenite::accept(s).expect("a handshake");
        let code = CloseCode::Away;
        let _ = socket.close(Some(CloseFrame { code, reason: "maintenance".into() }));
        // the client's answer bears the same code
        while let Ok(message) = socket.read() {
            if let Message::Close(Some(frame)) = message {
                assert_eq!(frame.code, code);
            }
        }
    });
    let mut running = begin(&[ws(peer.port, "")], &["--streams", "ws", "--hold"]);
    for state in ["CONNECTED", "DISCONNECTED", "CONNECTED", "DISCONNECTED"] {
        running.wait_for(&format!("0 {state}"));
    }
    assert!(peer.accepted() >= 2);
}

/// The handshake is answered with `reply`, and no payload flows.
fn refused_handshake(reply: &'static str) {
    let peer = Peer::start(move |mut s| {
        while read_request(&mut s, &mut Vec::new()).is_some() {
            let _ =
                s.write_all(format!("HTTP/1.1 {reply}\r\nContent-Length: 0\r\n\r\n").as_bytes());
        }
    });
    let mut running = begin(&[ws(peer.port, "")], &["--streams", "ws", "--hold"]);
    for state in ["CONNECTING", "UNREACHABLE", "CONNECTING", "UNREACHABLE"] {
        running.wait_for(&format!("0 {state}"));
    }
}

#[test]
fn ws_401_is_unreachable() {
    refused_handshake("401 Unauthorized");
}

#[test]
fn ws_redirect_is_unreachable_unless_allowed() {
    refused_handshake("302 Found\r\nLocation: /elsewhere");
}

#[test]
fn ws_offers_compression_if_the_policy_says_so() {
    for (more, offered) in [(", \"ws_permessage_deflate\": true", true), ("", false)] {
        let (head_tx, head) = channel();
        let peer = Peer::start(move |mut s| {
            let mut buf = [0u8; 4096];
            let mut all = Vec::new();
            while let Ok(n @ 1..) = std::io::Read::read(&mut s, &mut buf) {
                all.extend_from_slice(&buf[..n]);
                if all.ends_with(b"\r\n\r\n") {
                    let _ = head_tx.send(String::from_utf8_lossy(&all).to_ascii_lowercase());
                    return;
                }
            }
        });
        let _running = begin(&[ws(peer.port, more)], &["--streams", "ws", "--hold"]);
        let head = head.recv().expect("a request");
        assert!(head.contains("upgrade: websocket"), "{head}");
        assert_eq!(head.contains("permessage-deflate"), offered, "{head}");
    }
}

// ------------------------------------------------------------------ mqtt

fn publisher(port: u16, topic: &str, qos: u8) -> String {
    let keys = format!(", \"mqtt_topic\": \"{topic}\", \"mqtt_qos\": {qos}");
    stream("pub", port, "mqtt", &keys)
}

fn subscriber(name: &str, port: u16, topic: &str, qos: u8) -> String {
    let keys = format!(", \"mqtt_subscribe\": \"{topic}\", \"mqtt_qos\": {qos}");
    stream(name, port, "mqtt", &keys)
}

/// One publisher, one subscriber to the same topic and one with a wildcard share one session.
fn published(qos: u8, len: usize, messages: usize) {
    let broker = Mosquitto::start();
    let streams = [
        subscriber("sub1", broker.port, "a/b/c", qos),
        subscriber("sub2", broker.port, "z/+/#", qos),
        publisher(broker.port, "a/b/c", qos),
        publisher(broker.port, "z/y/x", qos).replace("\"pub\"", "\"pub2\""),
    ];
    let (len_text, messages_text) = (len.to_string(), messages.to_string());
    let want = (2 * len * messages).to_string();
    let mut args = vec!["--streams", "sub1,sub2,pub,pub2", "--post", &len_text];
    args.extend(["--messages", &messages_text, "--want-rx", &want]);
    let got = many(&streams, &args);
    for i in 0..2 {
        let line = rx_line(i, &pattern(len));
        assert_eq!(got.lines().iter().filter(|l| **l == line).count(), messages, "{got}");
    }
    assert_eq!(count(&got, "QOS_ACK_REMOTE"), 2 * messages, "{got}");
    assert_eq!(broker.connections(), 1);
}

#[test]
fn mqtt_qos_0() {
    published(0, 100, 20);
}

#[test]
fn mqtt_qos_1() {
    published(1, 100, 20);
}

#[test]
fn mqtt_qos_2() {
    published(2, 100, 20);
}

#[test]
fn mqtt_payload_of_256_kib() {
    published(1, 256 << 10, 2);
}

#[test]
fn mqtt_streams_subscribe_again_after_the_broker_was_gone() {
    let mut broker = Mosquitto::start();
    let subscribers =
        [subscriber("sub1", broker.port, "t", 1), subscriber("sub2", broker.port, "u", 1)];
    let mut running = begin(&subscribers, &["--streams", "sub1,sub2", "--hold"]);
    running.wait_for_end_of("CONNECTED");
    running.wait_for_end_of("CONNECTED");
    broker.kill();
    running.wait_for_end_of("DISCONNECTED");
    running.wait_for_end_of("DISCONNECTED");
    broker.start_again();
    running.wait_for_end_of("CONNECTED");
    running.wait_for_end_of("CONNECTED");
    let args = ["--streams", "pub", "--messages", "1", "--post", "10"];
    many(&[publisher(broker.port, "t", 1)], &args);
    running.wait_for(&rx_line(0, &pattern(10)));
    many(&[publisher(broker.port, "u", 1)], &args);
    running.wait_for(&rx_line(1, &pattern(10)));
}

#[test]
fn mqtt_will_is_published_when_the_program_dies() {
    let broker = Mosquitto::start();
    let mut watcher =
        begin(&[subscriber("sub", broker.port, "last/words", 1)], &["--streams", "sub", "--hold"]);
    watcher.wait_for("0 CONNECTED");
    let will = ", \"mqtt_topic\": \"t\", \"mqtt_will_topic\": \"last/words\", \
                \"mqtt_will_message\": \"farewell\", \"mqtt_will_qos\": 1";
    let streams = [stream("pub", broker.port, "mqtt", will)];
    let mut dying = begin(&streams, &["--streams", "pub", "--hold"]);
    dying.wait_for("0 CONNECTED");
    drop(dying); // killed
    watcher.wait_for(&rx_line(0, b"farewell"));
}

/// As with the reference, a stream that is destroyed drops the link without DISCONNECT.
#[test]
fn mqtt_will_is_published_when_the_stream_is_destroyed() {
    let broker = Mosquitto::start();
    let mut watcher =
        begin(&[subscriber("sub", broker.port, "last/words", 1)], &["--streams", "sub", "--hold"]);
    watcher.wait_for("0 CONNECTED");
    let will = ", \"mqtt_topic\": \"t\", \"mqtt_will_topic\": \"last/words\", \
                \"mqtt_will_message\": \"farewell\", \"mqtt_qos\": 1";
    let streams = [stream("pub", broker.port, "mqtt", will)];
    let got = many(&streams, &["--streams", "pub", "--messages", "1", "--post", "10"]);
    assert_eq!(got.lines().last(), Some(&"0 DESTROYING"), "{got}");
    watcher.wait_for(&rx_line(0, b"farewell"));
}

/// An independent server agrees to permessage-deflate, and says how many bytes each message took on
/// the wire; it echoes them compressed.
#[test]
fn ws_compression_with_an_independent_server() {
    let Some(python) = python_with_websockets() else {
        // the scripts install it; elsewhere the codec's own tests have to do
        println!("skipped: no Python with the package websockets");
        return;
    };
    let script = root().join("tests/fixtures/ws_deflate.py");
    let mut server = start(python.as_ref(), &[script.as_os_str()]);
    let port = server.wait_for_start_of("port ");
    let port: u16 = port["port ".len()..].parse().expect("a port");
    let len = 100_000;
    let keys = ", \"ws_permessage_deflate\": true";
    let post = len.to_string();
    let args = ["--streams", "ws", "--n", "2", "--messages", "3", "--post", &post];
    let got = many(&[ws(port, keys)], &args);
    for i in 0..2 {
        let line = rx_line(i, &pattern(len));
        assert_eq!(got.lines().iter().filter(|l| **l == line).count(), 3, "{got}");
        let said = server.wait_for_start_of("connection ");
        // "connection EXTENSIONS MESSAGES PAYLOAD WIRE"
        let words: Vec<&str> = said.split(' ').collect();
        assert_eq!(words[1..4], ["permessage-deflate", "3", &*(3 * len).to_string()], "{said}");
        let wire: usize = words[4].parse().expect("a number");
        assert!(wire < 3 * len / 4, "{said}");
    }
    // without the key the same server gets it all uncompressed
    many(&[ws(port, "")], &["--streams", "ws", "--messages", "1", "--post", &post]);
    let said = server.wait_for_start_of("connection ");
    assert!(said.starts_with(&format!("connection - 1 {len} ")), "{said}");
    let wire: usize = said.rsplit(' ').next().expect("a word").parse().expect("a number");
    assert!(wire > len, "{said}");
}

#[test]
fn npms_ws_echoes_what_ws_streams_send() {
    let Some([path, node]) = node_with_ws() else {
        // the scripts install it; elsewhere the other independent servers have to do
        println!("skipped: no Node with the module ws");
        return;
    };
    let script = root().join("tests/fixtures/ws_echo.js");
    let mut server = start("env".as_ref(), &[path.as_ref(), node.as_ref(), script.as_os_str()]);
    let port = server.wait_for_start_of("port ");
    let port: u16 = port["port ".len()..].parse().expect("a port");
    for (keys, extensions) in
        [("", "-"), (", \"ws_permessage_deflate\": true", "permessage-deflate")]
    {
        for len in [1, 126, 65_536, 200_000] {
            let post = len.to_string();
            let args = ["--streams", "ws", "--n", "2", "--messages", "5", "--post", &post];
            let got = many(&[ws(port, keys)], &args);
            for i in 0..2 {
                let line = rx_line(i, &pattern(len));
                assert_eq!(got.lines().iter().filter(|l| **l == line).count(), 5, "{got}");
                let said = server.wait_for_start_of("connection ");
                // without a close frame (1006): as the reference ends it
                assert_eq!(said, format!("connection {extensions} 5 {} 1006", 5 * len));
            }
        }
    }
}

#[test]
fn mqtt_over_tls_says_so_in_alpn() {
    let (hello, hellos) = channel();
    let peer = Peer::start(move |mut s| {
        let mut record = vec![0; 5];
        if std::io::Read::read_exact(&mut s, &mut record).is_ok() {
            let mut rest = vec![0; usize::from(u16::from_be_bytes([record[3], record[4]]))];
            let _ = std::io::Read::read_exact(&mut s, &mut rest);
            let _ = hello.send(rest);
        }
    });
    let more = ", \"tls\": true, \"tls_trust_store\": \"store\", \"mqtt_topic\": \"t\"";
    let streams = [stream("pub", peer.port, "mqtt", more)];
    let _running = begin(&streams, &["--streams", "pub", "--hold"]);
    let hello = hellos.recv().expect("a ClientHello");
    let name = b"\x0ex-amzn-mqtt-ca";
    assert!(hello.windows(name.len()).any(|w| w == name), "{hello:x?}");
}
