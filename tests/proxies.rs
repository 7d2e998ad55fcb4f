//! Streams through real proxies, driven by `tests/scenarios/many.c`: SOCKS5 and http, with and without password, for
//! h1, h2, raw, ws and mqtt.

mod fixtures;

use fixtures::certs::certs;
use fixtures::many::{
    assert_line, begin, begin_in, begin_under, count, many, pattern, rx_line, stream,
};
use fixtures::mosquitto::Mosquitto;
use fixtures::nginx::{AccessLine, Nginx};
use fixtures::peer::{Peer, echo};
use fixtures::proxies::Proxy;
use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};

const TLS: &str = ", \"tls\": true, \"tls_trust_store\": \"store\"";
const HELLO: (&str, &[u8]) = ("hello.txt", b"hello by somebody else\n");
const LOGIN: Option<(&str, &str)> = Some(("me", "secret"));

fn server(port: u16, more: &str) -> String {
    let (pem, key) = (certs().pem("good"), certs().key("good"));
    format!(
        "server {{ listen 127.0.0.1:{port} ssl http2; server_name localhost; ssl_certificate {};\n\
         ssl_certificate_key {}; {more} }}",
        pem.display(),
        key.display()
    )
}

fn nginx() -> Nginx {
    Nginx::start(2, &[HELLO], |p| {
        let plain = format!("server {{ listen 127.0.0.1:{}; server_name localhost; }}", p[1]);
        server(p[0], "") + &plain
    })
}

/// `get1`: http, `get2`: https, `get3`: h2.
fn gets(nginx: &Nginx, more: &str) -> [String; 3] {
    let keys = format!(
        ", \"opportunistic\": true, \"http_method\": \"GET\", \"http_url\": \"/hello.txt\", \
         \"nghttp2_quirk_end_stream\": true{more}"
    );
    [
        stream("get1", nginx.ports[1], "h1", &keys),
        stream("get2", nginx.ports[0], "h1", &format!("{keys}{TLS}")),
        stream("get3", nginx.ports[0], "h2", &format!("{keys}{TLS}")),
    ]
}

const GETS: [&str; 2] = ["--streams", "get1,get2,get3"];

fn got_three(got: &fixtures::Outcome) {
    for i in 0..3 {
        assert_line(got, &rx_line(i, HELLO.1));
    }
    assert_eq!(count(got, "QOS_ACK_REMOTE"), 3, "{got}");
}

fn connections(log: &[AccessLine]) -> usize {
    log.iter().map(|l| l.connection).collect::<HashSet<_>>().len()
}

#[test]
fn socks5_by_the_policy_of_a_stream_type() {
    let (nginx, proxy) = (nginx(), Proxy::socks5(None));
    let more = format!(", \"via-socks5\": \"{}\"", proxy.address());
    got_three(&many(&gets(&nginx, &more), &GETS));
    assert_eq!(nginx.stop().len(), 3);
    // the proxy resolves the name
    assert_eq!(proxy.logged("connected to localhost:"), 3);
}

#[test]
fn socks5_by_the_environment_with_a_password() {
    let (nginx, proxy) = (nginx(), Proxy::socks5(LOGIN));
    let address = format!("me:secret@{}", proxy.address());
    let running = begin_in(&gets(&nginx, ""), &GETS, &[("socks_proxy", &address)]);
    let got = running.finish();
    got.expect_code(0);
    got_three(&got);
    assert_eq!(proxy.logged("connected to localhost:"), 3);
}

#[test]
fn socks5_by_the_context() {
    let (nginx, proxy) = (nginx(), Proxy::socks5(None));
    // the field goes before the environment
    let env = [("socks_proxy", "127.0.0.1:9")];
    let args = [GETS[0], GETS[1], "--socks-proxy", &proxy.address()];
    let got = begin_in(&gets(&nginx, ""), &args, &env).finish();
    got.expect_code(0);
    got_three(&got);
    assert_eq!(proxy.logged("connected to localhost:"), 3);
}

#[test]
fn http_proxy_by_the_environment() {
    for login in [None, LOGIN] {
        let (nginx, proxy) = (nginx(), Proxy::http(login));
        let who = login.map_or(String::new(), |(u, p)| format!("{u}:{p}@"));
        let address = format!("http://{who}{}/", proxy.address());
        // goes before a SOCKS5 proxy
        let env = [("http_proxy", address.as_str()), ("socks_proxy", "127.0.0.1:9")];
        let got = begin_in(&gets(&nginx, ""), &GETS, &env).finish();
        got.expect_code(0);
        got_three(&got);
        assert_eq!(nginx.stop().len(), 3);
        assert_eq!(proxy.logged("CONNECT localhost:"), 3);
    }
}

#[test]
fn http_proxy_by_the_context() {
    let (nginx, proxy) = (nginx(), Proxy::http(None));
    let port = proxy.port.to_string();
    let args = [GETS[0], GETS[1], "--http-proxy", "127.0.0.1", "--http-proxy-port", &port];
    got_three(&many(&gets(&nginx, ""), &args));
    assert_eq!(proxy.logged("CONNECT localhost:"), 3);
}

/// The stream type's proxy goes before the policy's, and both before that of the environment.
#[test]
fn the_nearest_proxy_counts() {
    let (nginx, near, far) = (nginx(), Proxy::socks5(None), Proxy::socks5(None));
    let env = [("http_proxy", "127.0.0.1:9")];
    let top = format!("\"via-socks5\": \"{}\",", far.address());
    let mut streams = gets(&nginx, "");
    let more = format!(", \"via-socks5\": \"{}\"", near.address());
    streams[0] = gets(&nginx, &more)[0].clone();
    let got = begin_under(&top, &streams, &GETS, &env).finish();
    got.expect_code(0);
    got_three(&got);
    assert_eq!(near.logged("connected to localhost:"), 1);
    assert_eq!(far.logged("connected to localhost:"), 2);
}

/// tinyproxy answers 407, microsocks closes the talk: the streams are UNREACHABLE, and the log says why.
#[test]
fn proxies_that_refuse() {
    let nginx = nginx();
    for (proxy, variable, who, why) in [
        (Proxy::http(LOGIN), "http_proxy", "", "http status 407"),
        (Proxy::http(LOGIN), "http_proxy", "me:wrong@", "http status 40"),
        (Proxy::socks5(LOGIN), "socks_proxy", "", "it wants a user name and a password"),
        (Proxy::socks5(LOGIN), "socks_proxy", "me:wrong@", "it refuses user name and password"),
    ] {
        let address = format!("{who}{}", proxy.address());
        let mut running = begin_in(
            &gets(&nginx, ""),
            &["--streams", "get1", "--limit-ms", "700"],
            &[(variable, &address)],
        );
        running.wait_for("0 UNREACHABLE");
        let got = running.finish();
        assert!(got.stderr.contains(why), "{got}");
        assert!(got.stderr.contains("unreachable: "), "{got}");
        assert!(!got.stderr.contains("wrong"), "{got}");
        assert_eq!(count(&got, "CONNECTED"), 0, "{got}");
    }
}

#[test]
fn a_target_that_the_proxy_cannot_reach() {
    for (proxy, variable, why) in [
        (Proxy::http(None), "http_proxy", "http status 5"),
        (Proxy::socks5(None), "socks_proxy", "the host refused the connection"),
    ] {
        let streams = [stream("get", fixtures::closed_port(), "h1", "")];
        let args = ["--streams", "get", "--limit-ms", "700"];
        let mut running = begin_in(&streams, &args, &[(variable, &proxy.address())]);
        running.wait_for("0 UNREACHABLE");
        let got = running.finish();
        assert!(got.stderr.contains(why), "{got}");
    }
}

/// A server that speaks first, as soon as the proxy has connected.
#[test]
fn raw_both_ways() {
    let greets = || {
        Peer::start(|s| {
            let _ = (&s).write_all(b"hello first\n");
            let mut line = String::new();
            let mut lines = BufReader::new(s);
            while lines.read_line(&mut line).is_ok_and(|n| n > 0) {}
        })
    };
    for (proxy, variable) in
        [(Proxy::http(None), "http_proxy"), (Proxy::socks5(None), "socks_proxy")]
    {
        let peer = greets();
        let streams = [stream("subraw", peer.port, "raw", "")];
        let env = [(variable, proxy.address())];
        let env: Vec<_> = env.iter().map(|(k, v)| (*k, v.as_str())).collect();
        let mut running = begin_in(&streams, &["--streams", "subraw", "--hold"], &env);
        running.wait_for(&rx_line(0, b"hello first\n"));
    }
}

#[test]
fn ws_and_mqtt_through_both() {
    for (proxy, variable) in
        [(Proxy::http(None), "http_proxy"), (Proxy::socks5(None), "socks_proxy")]
    {
        let peer = Peer::start(|s| {
            let mut socket = tungstenite::accept(s).expect("a handshake");
            while let Ok(message) = socket.read() {
                if message.is_text() && socket.send(message).is_err() {
                    break;
                }
            }
        });
        let broker = Mosquitto::start();
        let streams = [
            stream("ws", peer.port, "ws", ", \"http_url\": \"/\""),
            stream("pub", broker.port, "mqtt", ", \"mqtt_topic\": \"t\", \"mqtt_qos\": 1"),
        ];
        let args = ["--streams", "ws,pub", "--messages", "2", "--post", "5000"];
        let got = begin_in(&streams, &args, &[(variable, &proxy.address())]).finish();
        got.expect_code(0);
        assert_line(&got, &rx_line(0, &pattern(5000)));
        assert_eq!(count(&got, "QOS_ACK_REMOTE"), 2, "{got}");
        let text =
            if variable == "http_proxy" { "CONNECT localhost:" } else { "connected to localhost:" };
        assert_eq!(proxy.logged(text), 2);
    }
}

/// Who goes by another way, or from another address, does not use the connection of the others.
#[test]
fn ways_are_not_shared() {
    let (nginx, proxy) = (nginx(), Proxy::socks5(None));
    let via = format!(", \"via-socks5\": \"{}\"", proxy.address());
    let bind = ", \"bind\": \"127.0.0.1\"";
    let h2 = |name: &str, more: &str| gets(&nginx, more)[2].replace("get3", name);
    let streams = [h2("get1", ""), h2("get2", &via), h2("get3", bind), h2("get4", bind)];
    let got = many(&streams, &["--streams", "get1,get2,get3,get4", "--n", "2"]);
    assert_eq!(count(&got, "QOS_ACK_REMOTE"), 8, "{got}");
    let log = nginx.stop();
    assert_eq!((log.len(), connections(&log)), (8, 3), "{log:?}");
}

#[test]
fn connections_come_from_where_bind_says() {
    let peer = Peer::start(|s| {
        let from = s.peer_addr().expect("an address").ip();
        let _ = (&s).write_all(format!("{from}\n").as_bytes());
    });
    let streams = [stream("subraw", peer.port, "raw", ", \"bind\": \"127.0.0.77\"")];
    let mut running = begin(&streams, &["--streams", "subraw", "--hold"]);
    running.wait_for(&rx_line(0, b"127.0.0.77\n"));
    // an interface that does not exist
    let streams = [stream("subraw", peer.port, "raw", ", \"bind\": \"nowhere0\"")];
    let mut running = begin(&streams, &["--streams", "subraw", "--limit-ms", "500"]);
    running.wait_for("0 UNREACHABLE");
    let got = running.finish();
    assert!(got.stderr.contains("interface nowhere0"), "{got}");
}

#[test]
fn a_client_certificate_from_the_blobs() {
    let verify =
        format!("ssl_client_certificate {}; ssl_verify_client on;", certs().pem("ca").display());
    let nginx = Nginx::start(1, &[HELLO], |p| server(p[0], &verify));
    let keys = format!(
        "{TLS}, \"opportunistic\": true, \"http_method\": \"GET\", \"http_url\": \"/hello.txt\", \
         \"nghttp2_quirk_end_stream\": true"
    );
    let with = format!("{keys}, \"client_cert\": 0");
    let (cert, key) = (certs().pem("good"), certs().key("good"));
    let (cert, key) = (cert.to_str().expect("UTF-8"), key.to_str().expect("UTF-8"));
    let p = nginx.ports[0];
    let streams = [stream("get1", p, "h1", &with), stream("get2", p, "h2", &with)];
    let args = ["--streams", "get1,get2", "--count", "2", "--cert", cert, "--key", key];
    let got = many(&streams, &args);
    assert_eq!(count(&got, "QOS_ACK_REMOTE"), 4, "{got}");
    // one that shows none does not share their connections
    let streams = [stream("get1", p, "h2", &with), stream("get2", p, "h2", &keys)];
    let args = ["--streams", "get1,get2", "--cert", cert, "--key", key];
    let got = many(&streams, &args);
    assert_line(&got, "0 QOS_ACK_REMOTE");
    assert_line(&got, "1 QOS_NACK_REMOTE");
    assert!(got.stderr.contains("http status 400"), "{got}");
    // and where it is missing the log says so
    let mut running = begin(&streams[..1], &["--streams", "get1", "--limit-ms", "500"]);
    running.wait_for("0 UNREACHABLE");
    let got = running.finish();
    assert!(got.stderr.contains("client certificate 0 is not in the system blobs"), "{got}");
}

#[test]
fn a_proxy_that_is_none() {
    let streams = [stream("get", echo().port, "h1", "")];
    let got = begin(&streams, &["--streams", "get", "--http-proxy", "host-without-port"]).finish();
    got.expect_code(1);
    assert!(got.stderr.contains("http_proxy_address: the port is missing"), "{got}");
}
