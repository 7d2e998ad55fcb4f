//! Request bodies of several parts, on the wire: with and without an announced length, over h1, and over h2 to a server
//! that gives little credit (nginx, in front of the peer that looks at the body).

mod fixtures;

use fixtures::certs::certs;
use fixtures::many::stream;
use fixtures::nginx::Nginx;
use fixtures::peer::Peer;
use fixtures::{Outcome, compile, policy, run, scratch};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// The head and the body of a request, as they came.
type Came = (String, Vec<u8>);

/// Reads a request with a length.
fn read(stream: &mut TcpStream) -> Option<Came> {
    let mut all = Vec::new();
    let mut buf = [0; 16384];
    loop {
        if let Some(end) = all.windows(4).position(|w| w == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&all[..end]).to_ascii_lowercase();
            let length = head.lines().find_map(|l| l.strip_prefix("content-length: "));
            let length: usize = length.expect("a length").trim().parse().expect("a number");
            // what comes behind it would be too much: the answer waits for the rest alone
            if all.len() >= end + 4 + length {
                return Some((head, all.split_off(end + 4)));
            }
        }
        match stream.read(&mut buf) {
            Ok(n @ 1..) => all.extend_from_slice(&buf[..n]),
            _ => return None,
        }
    }
}

fn server() -> (Peer, Receiver<Came>) {
    let (tx, rx) = channel();
    let peer = Peer::start(move |mut stream| {
        while let Some(came) = read(&mut stream) {
            let _ = tx.send(came);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
    (peer, rx)
}

/// The next request that came.
#[track_caller]
fn request(came: &Receiver<Came>) -> Came {
    came.recv_timeout(Duration::from_secs(10)).expect("a request")
}

const PARTS: [&str; 3] = ["first", "second", "third"];

/// Three stream types; each takes the next one along.
fn streams(port: u16, protocol: &str, more: &str) -> Vec<String> {
    PARTS
        .iter()
        .enumerate()
        .map(|(i, name)| {
            let next = PARTS.get(i + 1).map_or(String::new(), |n| format!(", \"rideshare\": \"{n}\""));
            let keys = format!(
                ", \"opportunistic\": true, \"http_method\": \"POST\", \"http_url\": \"/form\", \
                 \"http_multipart_name\": \"field{i}\", \"http_multipart_filename\": \"{name}.bin\", \
                 \"http_multipart_content_type\": \"application/x-{name}\"{next}{more}"
            );
            stream(name, port, protocol, &keys)
        })
        .collect()
}

fn parts(streams: &[String], args: &[&str]) -> Outcome {
    let der = certs().der64("ca");
    let file = policy(&scratch("parts"), &[("store", &der)], streams);
    let mut all = vec!["--policy", file.to_str().expect("UTF-8")];
    all.extend(args);
    let outcome = run(&compile("tests/scenarios/parts.c"), &all);
    outcome.expect_code(0);
    outcome
}

/// The body that the stream types from `first` on make, in this boundary.
fn body(boundary: &str, first: usize, sizes: &[usize]) -> Vec<u8> {
    let mut body = Vec::new();
    for (n, size) in sizes.iter().enumerate() {
        let (i, name) = (first + n, PARTS[first + n]);
        let line = if n == 0 { "" } else { "\r\n" };
        body.extend_from_slice(
            format!(
                "{line}--{boundary}\r\nContent-Disposition: form-data; name=\"field{i}\"; \
                 filename=\"{name}.bin\"\r\nContent-Type: application/x-{name}\r\n\r\n"
            )
            .as_bytes(),
        );
        body.extend((0..*size).map(|at| b'a' + n as u8 + (at % 7) as u8));
    }
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    body
}

#[track_caller]
fn check(outcome: &Outcome, (head, got): &Came, first: usize, sizes: &[usize]) {
    let kind = head.lines().find_map(|l| l.strip_prefix("content-type: ")).expect("content-type");
    let kind = kind.strip_prefix("multipart/form-data; boundary=\"").expect("a boundary");
    // the head is in lower case here, the boundary in the body is not
    let boundary = kind.trim_end_matches('"');
    let written = String::from_utf8_lossy(&got[2..2 + boundary.len()]).into_owned();
    assert_eq!(written.to_ascii_lowercase(), boundary);
    let want = body(&written, first, sizes);
    assert!(*got == want, "{}\ninstead of\n{}", got.escape_ascii(), want.escape_ascii());
    let named: Vec<String> =
        sizes.iter().enumerate().map(|(n, _)| format!("part {}", PARTS[first + n])).collect();
    let lines = outcome.lines();
    let seen: Vec<&str> = lines.iter().copied().filter(|l| l.starts_with("part ")).collect();
    // the attempt that counts is the last one
    assert!(seen.ends_with(&named.iter().map(String::as_str).collect::<Vec<_>>()), "{outcome}");
    assert!(lines.contains(&"state QOS_ACK_REMOTE"), "{outcome}");
}

#[test]
fn one_part_with_an_announced_length_over_h1() {
    let (peer, came) = server();
    for size in [1, 1400, 100_000] {
        let args = ["--stream", "third", "--bytes", &size.to_string(), "--announce"];
        let outcome = parts(&streams(peer.port, "h1", ""), &args);
        check(&outcome, &request(&came), 2, &[size]);
    }
}

#[test]
fn rideshares_with_an_announced_length_over_h1() {
    let (peer, came) = server();
    let args = ["--stream", "first", "--bytes", "3000,5,70000", "--announce"];
    let outcome = parts(&streams(peer.port, "h1", ""), &args);
    check(&outcome, &request(&came), 0, &[3000, 5, 70000]);
    let args = ["--stream", "second", "--bytes", "1,1", "--announce"];
    let outcome = parts(&streams(peer.port, "h1", ""), &args);
    check(&outcome, &request(&came), 1, &[1, 1]);
}

/// The server lets a kilobyte of a body come at a time.
#[test]
fn rideshares_over_h2_with_little_credit() {
    let (peer, came) = server();
    let nginx = Nginx::start(1, &[], |p| {
        let (pem, key) = (certs().pem("good"), certs().key("good"));
        format!(
            "server {{ listen 127.0.0.1:{} ssl http2; server_name localhost; ssl_certificate {};\n\
             ssl_certificate_key {}; http2_body_preread_size 1k;\n\
             location / {{ proxy_pass http://127.0.0.1:{}; proxy_buffering off; }} }}",
            p[0],
            pem.display(),
            key.display(),
            peer.port
        )
    });
    let tls = ", \"tls\": true, \"tls_trust_store\": \"store\"";
    for announce in [true, false] {
        let mut args = vec!["--stream", "first", "--bytes", "2000,3,40000"];
        args.extend(announce.then_some("--announce"));
        let outcome = parts(&streams(nginx.ports[0], "h2", tls), &args);
        check(&outcome, &request(&came), 0, &[2000, 3, 40000]);
    }
}

/// A length among the metadata announces the body as `request_tx_len` does.
#[test]
fn content_length_as_metadata() {
    let (peer, came) = server();
    for (method, protocol) in [("POST", "h1"), ("DELETE", "h1")] {
        let keys = format!(
            ", \"opportunistic\": true, \"http_method\": \"{method}\", \"http_url\": \"/\", \
             \"metadata\": [{{\"len\": \"content-length:\"}}]"
        );
        let streams = [stream("get", peer.port, protocol, &keys)];
        let file = policy(&scratch("length"), &[], &streams);
        let path = file.to_str().expect("UTF-8");
        let args = ["--policy", path, "--stream", "get", "--meta", "len=5000", "--send", "5000"];
        let outcome = run(&compile("tests/scenarios/client.c"), &args);
        outcome.expect_code(0);
        assert!(outcome.states().contains(&"QOS_ACK_REMOTE"), "{outcome}");
        let (head, body) = request(&came);
        assert_eq!(head.matches("content-length").count(), 1, "{head}");
        assert!(head.starts_with(&method.to_ascii_lowercase()) && body.len() == 5000, "{head}");
    }
}
