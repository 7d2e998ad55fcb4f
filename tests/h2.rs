//! Streams that share connections against a real nginx, driven by `tests/scenarios/many.c`.

mod fixtures;

use fixtures::certs::certs;
use fixtures::many::{assert_line, begin, count, many, pattern, rx_line, stream};
use fixtures::nginx::{AccessLine, Nginx};
use std::collections::HashSet;

const H2: &str = ", \"tls\": true, \"tls_trust_store\": \"store\", \"opportunistic\": true, \
                  \"http_method\": \"GET\", \"nghttp2_quirk_end_stream\": true";

fn h2_server(port: u16, more: &str) -> String {
    let (pem, key) = (certs().pem("good"), certs().key("good"));
    format!(
        "server {{ listen 127.0.0.1:{port} ssl http2; server_name localhost; ssl_certificate {};\n\
         ssl_certificate_key {}; {more} }}",
        pem.display(),
        key.display()
    )
}

fn connections(log: &[AccessLine]) -> usize {
    log.iter().map(|l| l.connection).collect::<HashSet<_>>().len()
}

const HELLO: (&str, &[u8]) = ("hello.txt", b"hello over the wire\n");

fn get(port: u16, path: &str) -> String {
    stream("get", port, "h2", &format!("{H2}, \"http_url\": \"/{path}\""))
}

// ------------------------------------------------------------------ h2

#[test]
fn h2_streams_share_one_connection() {
    let nginx = Nginx::start(1, &[HELLO], |p| h2_server(p[0], ""));
    let got = many(&[get(nginx.ports[0], "hello.txt")], &["--streams", "get", "--n", "20"]);
    assert_eq!(count(&got, "QOS_ACK_REMOTE"), 20, "{got}");
    for i in 0..20 {
        assert_line(&got, &rx_line(i, HELLO.1));
    }
    let log = nginx.stop();
    assert_eq!((log.len(), connections(&log)), (20, 1), "{log:?}");
    assert!(log.iter().all(|l| l.protocol == "HTTP/2.0"), "{log:?}");
}

#[test]
fn h2_streams_wait_for_the_concurrency_limit_in_order() {
    let nginx = Nginx::start(1, &[HELLO], |p| h2_server(p[0], "http2_max_concurrent_streams 2;"));
    let got = many(&[get(nginx.ports[0], "hello.txt")], &["--streams", "get", "--n", "10"]);
    let acks: Vec<String> =
        got.lines().iter().filter(|l| l.ends_with("QOS_ACK_REMOTE")).map(|l| (*l).into()).collect();
    let want: Vec<String> = (0..10).map(|i| format!("{i} QOS_ACK_REMOTE")).collect();
    assert_eq!(acks, want, "{got}");
    let log = nginx.stop();
    assert_eq!((log.len(), connections(&log)), (10, 1), "{log:?}");
}

#[test]
fn h2_goodbye_after_a_number_of_requests() {
    let nginx = Nginx::start(1, &[HELLO], |p| h2_server(p[0], "keepalive_requests 10;"));
    let streams = [get(nginx.ports[0], "hello.txt")];
    let got = many(&streams, &["--streams", "get", "--count", "50"]);
    assert_eq!(count(&got, "QOS_ACK_REMOTE"), 50, "{got}");
    assert_eq!(count(&got, "UNREACHABLE"), 0, "{got}");
    let log = nginx.stop();
    assert_eq!(log.len(), 50);
    assert!((5..=6).contains(&connections(&log)), "{} connections", connections(&log));
}

#[test]
fn h2_goodbye_while_streams_are_under_way() {
    let nginx = Nginx::start(1, &[HELLO], |p| h2_server(p[0], "keepalive_requests 10;"));
    let streams = [get(nginx.ports[0], "hello.txt")];
    let got = many(&streams, &["--streams", "get", "--n", "20", "--count", "3"]);
    assert_eq!(count(&got, "QOS_ACK_REMOTE"), 60, "{got}");
    assert_eq!(nginx.stop().len(), 60);
}

#[test]
fn h2_body_of_5_mib_arrives_whole() {
    let body = pattern(5 << 20);
    let nginx = Nginx::start(1, &[("five.bin", &body)], |p| h2_server(p[0], ""));
    let got = many(&[get(nginx.ports[0], "five.bin")], &["--streams", "get", "--n", "2"]);
    assert_line(&got, &rx_line(0, &body));
    assert_line(&got, &rx_line(1, &body));
    assert_eq!(connections(&nginx.stop()), 1);
}

#[test]
fn h2_flow_control_by_hand() {
    let body = pattern(200_000);
    let nginx = Nginx::start(1, &[("some.bin", &body)], |p| h2_server(p[0], ""));
    let streams = [get(nginx.ports[0], "some.bin")];
    let got = many(&streams, &["--streams", "get", "--n", "3", "--credit", "8000"]);
    for i in 0..3 {
        assert_line(&got, &rx_line(i, &body));
    }
    assert_eq!(count(&got, "QOS_ACK_REMOTE"), 3, "{got}");
}

#[test]
fn h2_posts_of_1_mib() {
    let nginx = Nginx::start(2, &[], |p| {
        let location = format!(
            "client_body_in_file_only on; location /post {{ proxy_pass http://127.0.0.1:{}/; \
             proxy_set_body off; }}",
            p[1]
        );
        let inner = format!(
            "server {{ listen 127.0.0.1:{}; access_log off; location / {{ return 200 \"taken\\n\"; }} }}",
            p[1]
        );
        h2_server(p[0], &location) + &inner
    });
    let keys = H2.replace("GET", "POST") + ", \"http_url\": \"/post\"";
    let streams = [stream("post", nginx.ports[0], "h2", &keys)];
    let got = many(&streams, &["--streams", "post", "--n", "2", "--post", "1048576"]);
    assert_eq!(count(&got, "QOS_ACK_REMOTE"), 2, "{got}");
    let bodies = std::fs::read_dir(nginx.dir.join("client_body")).expect("bodies");
    let bodies: Vec<_> =
        bodies.map(|e| std::fs::read(e.expect("entry").path()).expect("a body")).collect();
    assert_eq!(bodies.len(), 2);
    assert!(bodies.iter().all(|b| *b == pattern(1 << 20)));
    assert_eq!(connections(&nginx.stop()), 1);
}

#[test]
fn h2_streams_at_a_server_that_speaks_h1_only() {
    let nginx = Nginx::start(1, &[HELLO], |p| h2_server(p[0], "").replace(" http2", ""));
    let mut running =
        begin(&[get(nginx.ports[0], "hello.txt")], &["--streams", "get", "--n", "10", "--hold"]);
    for _ in 0..10 {
        running.wait_for_end_of("QOS_ACK_REMOTE");
    }
    drop(running);
    let log = nginx.stop();
    assert_eq!(log.len(), 10);
    assert!(log.iter().all(|l| l.protocol == "HTTP/1.1"), "{log:?}");
}

#[test]
fn h2_cleartext_with_prior_knowledge() {
    let nginx = Nginx::start(1, &[HELLO], |p| {
        format!("server {{ listen 127.0.0.1:{} http2; server_name localhost; }}", p[0])
    });
    let keys = H2.replace(", \"tls\": true, \"tls_trust_store\": \"store\"", "");
    let keys = keys + ", \"http_url\": \"/hello.txt\"";
    let streams = [stream("get", nginx.ports[0], "h2", &keys)];
    let got = many(&streams, &["--streams", "get", "--n", "5"]);
    assert_eq!(count(&got, "QOS_ACK_REMOTE"), 5, "{got}");
    let log = nginx.stop();
    assert_eq!(connections(&log), 1);
    assert!(log.iter().all(|l| l.protocol == "HTTP/2.0"), "{log:?}");
}

#[test]
fn h2_server_killed_mid_body() {
    let body = pattern(1 << 20);
    let slow = "limit_rate 100k; limit_rate_after 20k;";
    let nginx = Nginx::start(1, &[("slow.bin", &body)], |p| h2_server(p[0], slow));
    let mut running = begin(&[get(nginx.ports[0], "slow.bin")], &["--streams", "get", "--n", "3"]);
    for _ in 0..3 {
        running.wait_for_end_of("CONNECTED");
    }
    nginx.kill();
    let got = running.finish();
    got.expect_code(0);
    // those that joined an open connection were CONNECTED before there was a response
    assert_eq!(count(&got, "QOS_ACK_REMOTE"), 0, "{got}");
    assert_eq!(count(&got, "DISCONNECTED"), 3, "{got}");
}

#[test]
fn perf_tells_the_times_before_connected() {
    for protocol in ["h1", "h2"] {
        let nginx = Nginx::start(1, &[HELLO], |p| h2_server(p[0], ""));
        let keys = format!("{H2}, \"http_url\": \"/hello.txt\", \"perf\": true");
        let streams = [stream("get", nginx.ports[0], protocol, &keys)];
        let got = many(&streams, &["--streams", "get"]);
        let lines = got.lines();
        let perf = lines.iter().position(|l| l.starts_with("0 perf ")).expect("perf");
        assert_eq!(lines[perf + 1], "0 CONNECTED", "{got}");
        let json: serde_json::Value =
            serde_json::from_str(&lines[perf]["0 perf ".len()..]).expect("JSON");
        assert_eq!(json["peer"], "127.0.0.1", "{json}");
        assert_eq!(json["dns_disp"], 1, "{json}");
        assert_eq!(json["prot_specific"]["resp"], 200, "{json}");
        for name in ["sockconn_us", "tls_us", "txn_resp_us"] {
            assert!(json[name].as_u64().is_some_and(|us| us > 0), "{name} in {json}");
        }
        let dns = json["dns"].as_array().expect("addresses");
        assert!(dns.iter().any(|a| a == "127.0.0.1"), "{json}");
        // the program's own payload is not touched by it
        assert_line(&got, &rx_line(0, HELLO.1));
    }
}
