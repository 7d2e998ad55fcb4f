//! Every protocol over unix sockets, by path and by abstract name, against real peers.

mod fixtures;

use fixtures::certs::certs;
use fixtures::many::{assert_line, begin, count, many, pattern, rx_line, stream};
use fixtures::mosquitto::Mosquitto;
use fixtures::nginx::Nginx;
use fixtures::scratch;
use std::io::{Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::path::Path;

const GET: &str = ", \"opportunistic\": true, \"http_method\": \"GET\", \"http_url\": \"/hello.txt\", \
                   \"nghttp2_quirk_end_stream\": true";
const TLS: &str = ", \"tls\": true, \"tls_trust_store\": \"store\"";
const HELLO: (&str, &[u8]) = ("hello.txt", b"hello without a network\n");

fn at(socket: &str, name: &str, protocol: &str, more: &str) -> String {
    stream(name, 0, protocol, more).replace("localhost", &format!("+{socket}"))
}

fn path(p: &Path) -> &str {
    p.to_str().expect("UTF-8")
}

#[test]
fn h1_and_h2_with_and_without_tls() {
    let dir = scratch("unix");
    let [plain, prior, tls] = ["plain", "prior", "tls"].map(|n| dir.join(n));
    let nginx = Nginx::start(1, &[HELLO], |p| {
        let (pem, key) = (certs().pem("good"), certs().key("good"));
        format!(
            "server {{ listen unix:{}; }}\nserver {{ listen unix:{} http2; }}\n\
             server {{ listen unix:{} ssl http2; ssl_certificate {}; ssl_certificate_key {}; }}\n\
             server {{ listen 127.0.0.1:{}; }}",
            plain.display(),
            prior.display(),
            tls.display(),
            pem.display(),
            key.display(),
            p[0]
        )
    });
    let streams = [
        at(path(&plain), "get1", "h1", GET),
        at(path(&prior), "get2", "h2", GET),
        at(path(&tls), "get3", "h1", &format!("{GET}{TLS}")),
        at(path(&tls), "get4", "h2", &format!("{GET}{TLS}")),
    ];
    let got = many(&streams, &["--streams", "get1,get2,get3,get4"]);
    for i in 0..4 {
        assert_line(&got, &rx_line(i, HELLO.1));
    }
    assert_eq!(count(&got, "QOS_ACK_REMOTE"), 4, "{got}");
    drop(nginx);
}

#[test]
fn ws_echoes() {
    let socket = scratch("unix").join("ws");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let peer = std::thread::spawn(move || {
        let (s, _) = listener.accept().expect("a connection");
        let mut ws = tungstenite::accept(s).expect("a handshake");
        while let Ok(message) = ws.read() {
            if message.is_text() && ws.send(message).is_err() {
                break;
            }
        }
    });
    let streams = [at(path(&socket), "ws", "ws", ", \"http_url\": \"/\"")];
    let got = many(&streams, &["--streams", "ws", "--messages", "2", "--post", "70000"]);
    let line = rx_line(0, &pattern(70_000));
    assert_eq!(got.lines().iter().filter(|l| **l == line).count(), 2, "{got}");
    peer.join().expect("the peer");
}

#[test]
fn mqtt_both_ways() {
    let (broker, socket) = Mosquitto::start_unix();
    let streams = [
        at(path(&socket), "sub", "mqtt", ", \"mqtt_subscribe\": \"t\", \"mqtt_qos\": 1"),
        at(path(&socket), "pub", "mqtt", ", \"mqtt_topic\": \"t\", \"mqtt_qos\": 1"),
    ];
    let args = ["--streams", "sub,pub", "--messages", "3", "--post", "1000", "--want-rx", "3000"];
    let got = many(&streams, &args);
    assert_eq!(count(&got, "QOS_ACK_REMOTE"), 3, "{got}");
    assert_line(&got, &rx_line(0, &pattern(1000)));
    drop(broker);
}

#[test]
fn raw_by_an_abstract_name() {
    let name = format!("securestreams-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).expect("a name");
    let listener = UnixListener::bind_addr(&address).expect("a socket");
    let peer = std::thread::spawn(move || {
        let (mut s, _) = listener.accept().expect("a connection");
        s.write_all(b"hello").expect("a greeting");
        let _ = s.read_to_end(&mut Vec::new());
    });
    let streams = [at(&format!("@{name}"), "subraw", "raw", "")];
    let mut running = begin(&streams, &["--streams", "subraw", "--hold"]);
    running.wait_for(&rx_line(0, b"hello"));
    drop(running);
    peer.join().expect("the peer");
}
