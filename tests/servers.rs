//! Serving with the clients of others: curl, h2load, wrk, two independent ws clients; no descriptors left.

mod fixtures;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use fixtures::certs::certs;
use fixtures::servers::{Servers, client, curl, kind, policy, tls};
use fixtures::{closed_port, node_with_ws, python_with_websockets, root, scratch};

const PLAIN: &str = r#""protocol": "h2""#;

#[test]
fn curl_posts_chunked_and_expects_100_continue_and_asks_for_the_head() {
    let body = scratch("body").join("body");
    std::fs::write(&body, "0123456789".repeat(30_000)).expect("a body");
    let data = format!("@{}", body.display());
    let secure = Servers::one(&tls("h2", "good"));
    let plain = Servers::one(PLAIN);
    let (plain, secure) = (plain.url("http", "/p"), (secure.url("https", "/p"), secure));
    let cases: [&[&str]; 4] = [
        &["--http1.1", &plain],
        &["--http2-prior-knowledge", &plain],
        &["--http1.1", &secure.0],
        &["--http2", &secure.0],
    ];
    for how in cases {
        let post = |more: &[&str]| curl(&[how, &["--data-binary", &data], more].concat());
        assert_eq!(post(&[]).out, "s 300000 bytes\n", "{how:?}");
        if how[0] == "--http1.1" {
            let chunked = post(&["-H", "Transfer-Encoding: chunked"]);
            assert_eq!(chunked.out, "s 300000 bytes\n", "{how:?}: {}", chunked.err);
            let patient = post(&["-v", "-H", "Expect: 100-continue", "--expect100-timeout", "15"]);
            assert_eq!(patient.out, "s 300000 bytes\n", "{how:?}");
            assert!(patient.err.contains("< HTTP/1.1 100 Continue"), "{}", patient.err);
        }
        let head = curl(&[how, &["-I", "-w", "%{http_code} %{size_download}"]].concat());
        assert!(head.out.ends_with("200 0"), "{how:?}: {} {}", head.out, head.err);
        assert!(head.out.to_lowercase().contains("content-length: 10\r\n"), "{}", head.out);
    }
}

#[test]
fn h2load_gets_every_answer_over_h1_h2c_and_h2() {
    let plain = Servers::one(PLAIN);
    let secure = Servers::one(&tls("h2", "good"));
    let load = |url: &str, more: &[&str]| {
        let args = [more, &["-n", "3000", "-c", "30", url]].concat();
        let got = client("h2load", &args, "").out;
        assert!(got.contains("3000 done, 3000 succeeded, 0 failed, 0 errored, 0 timeout"), "{got}");
        assert!(got.contains("status codes: 3000 2xx,"), "{got}");
    };
    load(&plain.url("http", "/"), &["--h1"]);
    load(&plain.url("http", "/"), &["-m", "20"]);
    load(&secure.url("https", "/"), &["-m", "20"]);
    load(&secure.url("https", "/"), &["--h1"]);
}

#[test]
fn wrk_sees_no_errors() {
    let servers = Servers::one(PLAIN);
    let got = client("wrk", &["-t1", "-c50", "-d1s", &servers.url("http", "/")], "").out;
    assert!(!got.contains("Socket errors") && !got.contains("Non-2xx"), "{got}");
    let number = got.lines().find_map(|l| l.trim().split_once(" requests in ")).expect("a count").0;
    assert!(number.parse::<u32>().expect("a number") > 100, "{got}");
}

#[test]
fn abstract_unix_sockets_serve() {
    let name = format!("ss-servers-{}", std::process::id());
    let kinds = [kind("u", &format!("+@{name}"), 0, PLAIN)];
    let policy = policy(&[], &kinds);
    let servers = Servers::start(&policy, &["u"]);
    let ask = || curl(&["--abstract-unix-socket", &name, "http://x/way"]);
    assert_eq!(ask().out, "u GET /way\n");
    drop(servers);
    // nothing of it is left that a new one could stumble over
    assert!(!ask().ok);
    let _servers = Servers::start(&policy, &["u"]);
    assert_eq!(ask().out, "u GET /way\n");
}

#[test]
fn an_independent_ws_client_gets_what_it_expects() {
    let Some(python) = python_with_websockets() else {
        // the scripts install it; elsewhere the codec's own tests have to do
        println!("skipped: no Python with the package websockets");
        return;
    };
    let script = root().join("tests/fixtures/ws_client.py");
    let script = script.to_str().expect("UTF-8");
    for (what, extension, more) in [
        ("text", "plain", ""),
        ("binary", "deflate", r#", "ws_binary": true, "ws_permessage_deflate": true"#),
    ] {
        let servers = Servers::one(&format!(r#""protocol": "h1", "ws_subprotocol": "echo"{more}"#));
        let got = client(python, &[script, &servers.url("ws", "/"), what, extension], "");
        assert_eq!(got.out, "ok\n", "{what} {extension}: {}", got.err);
    }
    let more = format!(r#"{}, "ws_subprotocol": "echo""#, tls("h1", "good"));
    let servers = Servers::one(&more);
    let ca = certs().pem("ca");
    let trust = format!("SSL_CERT_FILE={}", ca.display());
    let args = [&*trust, python, script, &servers.url("wss", "/"), "text", "plain"];
    let got = client("env", &args, "");
    assert_eq!(got.out, "ok\n", "over TLS: {}", got.err);
}

#[test]
fn npms_ws_gets_what_it_expects() {
    let Some([path, node]) = node_with_ws() else {
        // the scripts install it; elsewhere the other independent clients have to do
        println!("skipped: no Node with the module ws");
        return;
    };
    let script = root().join("tests/fixtures/ws_client.js");
    let script = script.to_str().expect("UTF-8");
    for (extension, more) in [("plain", ""), ("deflate", r#", "ws_permessage_deflate": true"#)] {
        let servers = Servers::one(&format!(r#""protocol": "h1", "ws_subprotocol": "echo"{more}"#));
        let args = [&*path, &*node, script, &servers.url("ws", "/"), extension];
        let got = client("env", &args, "");
        assert_eq!(got.out, "ok\n", "{extension}: {}", got.err);
    }
    let servers = Servers::one(&format!(r#"{}, "ws_subprotocol": "echo""#, tls("h1", "good")));
    let trust = format!("NODE_EXTRA_CA_CERTS={}", certs().pem("ca").display());
    let args = [&*trust, &*path, &*node, script, &servers.url("wss", "/"), "plain"];
    let got = client("env", &args, "");
    assert_eq!(got.out, "ok\n", "over TLS: {}", got.err);
}

#[test]
fn curl_chooses_among_servers_on_a_plain_port_by_host() {
    let port = closed_port();
    let shop = format!("shop.example,{port},127.0.0.1");
    let kinds = [
        kind("www.example", "127.0.0.1", port, PLAIN),
        kind("api.example", "127.0.0.1", port, PLAIN),
        kind("shop", "!shop.example", 0, PLAIN),
    ];
    let args = ["--vhost", &*shop, "www.example", "api.example", "shop"];
    let servers = Servers::start(&policy(&[], &kinds), &args);
    let url = |path: &str| format!("http://127.0.0.1:{}{path}", servers.port());
    let table = [
        ("www.example", "www.example"),
        ("API.example", "api.example"),
        ("v2.api.example:1234", "api.example"),
        ("shop.example", "shop"),
        // the stream type's name is nobody's host where a vhost has one of its own
        ("shop", "www.example"),
        ("elsewhere.test", "www.example"),
    ];
    for how in ["--http1.1", "--http2-prior-knowledge"] {
        for (host, name) in table {
            let got = curl(&[how, "-H", &format!("Host: {host}"), &url("/x")]);
            assert_eq!(got.out, format!("{name} GET /x\n"), "{how} {host}: {}", got.err);
        }
    }
    // one connection, two hosts
    let host = |name: &str| format!("Host: {name}");
    let (first, second) = (host("api.example"), host("shop.example"));
    let (one, two) = (url("/1"), url("/2"));
    let count = "%{num_connects}\n";
    let next = ["--next", "-sS", "-m", "20", "--noproxy", "*"];
    let asked =
        [&["-w", count, "-H", &first, &one], &next[..], &["-w", count, "-H", &second, &two]];
    let got = curl(&asked.concat());
    assert_eq!(got.out, "api.example GET /1\n1\nshop GET /2\n0\n", "{}", got.err);
}

#[test]
fn a_client_that_closes_its_side_gets_its_whole_answer() {
    let servers = Servers::one(PLAIN);
    let mut stream = TcpStream::connect(("127.0.0.1", servers.port())).expect("a server");
    stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
    let request = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 300000\r\n\r\n".to_owned();
    let two = request + &"x".repeat(300_000) + "GET /2 HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.write_all(two.as_bytes()).expect("a socket that takes it");
    stream.shutdown(std::net::Shutdown::Write).expect("half a close");
    let mut got = String::new();
    stream.read_to_string(&mut got).expect("the answers and the close");
    assert!(got.contains("\r\n\r\ns 300000 bytes\n"), "{got}");
    assert!(got.ends_with("\r\n\r\ns GET /2\n"), "{got}");
}

/// Processor time of a process so far.
fn busy(pid: u32) -> Duration {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let after_name = stat.rsplit_once(") ").expect("its name").1;
    let ticks = |n: usize| after_name.split(' ').nth(n).and_then(|t| t.parse::<u64>().ok());
    // utime and stime, in hundredths of a second
    Duration::from_millis(10 * (ticks(11).expect("utime") + ticks(12).expect("stime")))
}

#[test]
fn a_server_without_descriptors_waits_quietly_and_goes_on() {
    let policy = policy(&[], &[kind("s", "127.0.0.1", 0, PLAIN)]);
    let servers = Servers::start(&policy, &["--fds", "20", "s"]);
    let mut clients: Vec<TcpStream> = (0..30)
        .map(|_| {
            let mut stream = TcpStream::connect(("127.0.0.1", servers.port())).expect("a backlog");
            stream.set_read_timeout(Some(Duration::from_millis(300))).expect("a timeout");
            stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").expect("a socket that takes it");
            stream
        })
        .collect();
    let answered = |stream: &mut TcpStream| {
        let mut byte = [0];
        matches!(stream.read(&mut byte), Ok(1))
    };
    // those that there is room for are served at once
    assert!(answered(&mut clients[0]));
    let (before, began) = (busy(servers.running.pid()), Instant::now());
    let waiting = clients.split_off(24);
    assert!(
        !waiting.into_iter().any(|mut stream| answered(&mut stream)),
        "more than it has room for"
    );
    let (time, used) = (began.elapsed(), busy(servers.running.pid()) - before);
    assert!(used * 4 < time, "{used:?} of {time:?}");
    // room for the others
    let mut rest = clients.split_off(5);
    drop(clients);
    let limit = Instant::now() + Duration::from_secs(10);
    while !answered(rest.last_mut().expect("clients")) {
        rest.remove(0);
        assert!(Instant::now() < limit, "nobody else is served");
    }
}
