//! Many streams of one program through one proxy, all at work at the same time: every byte that
//! comes back is checked, and every request that the servers got is counted.

mod fixtures;

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use fixtures::{compile, peer, policy, scratch, start};

const ECHOES: usize = 50;
const GETS: usize = 30;
const POSTS: usize = 20;
const ROUNDS: usize = 50;

/// The longest message: several times what a link takes at once.
const MOST: usize = 9000;

const LIMIT: Duration = Duration::from_secs(20);

/// The rule by which the program makes and checks messages.
fn body(seed: usize, len: usize) -> Vec<u8> {
    let byte = |at: usize| (seed * 31 + at + (at >> 8) * 7).to_le_bytes()[0];
    (0..len).map(byte).collect()
}

/// An HTTP server that gives what `/SEED/LENGTH` asks for, and gives back what is sent to
/// `/SEED/LENGTH/sent` if it is that.
fn server(asked: Arc<AtomicUsize>) -> peer::Peer {
    peer::Peer::start(move |mut stream| {
        let mut pending = Vec::new();
        while let Some((path, sent)) = peer::read_request(&mut stream, &mut pending) {
            asked.fetch_add(1, Ordering::Relaxed);
            let numbers: Vec<usize> = path.split('/').filter_map(|n| n.parse().ok()).collect();
            let &[seed, len] = &numbers[..] else { panic!("a request for {path}") };
            let whole = body(seed, len);
            let due = if path.ends_with("/sent") { &whole[..] } else { &[] };
            assert!(sent == due, "{path} was sent {} bytes", sent.len());
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {len}\r\n\r\n");
            if stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&whole)).is_err() {
                break;
            }
        }
    })
}

/// The proxy program, killed when dropped.
struct Proxy(Child);

impl Proxy {
    fn start(policy: &Path, socket: &Path) -> Self {
        let mut command = Command::new(compile("c-examples/ss_proxy.c"));
        command.arg("-c").arg(policy).arg("-i").arg(socket).args(["-d", "3"]);
        let proxy = Self(command.stdin(Stdio::null()).spawn().expect("the proxy"));
        let until = Instant::now() + LIMIT;
        while std::os::unix::net::UnixStream::connect(socket).is_err() {
            assert!(Instant::now() < until, "the proxy does not listen");
            std::thread::yield_now();
        }
        proxy
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_hundred_streams_mix_nothing_up() {
    let asked = Arc::new(AtomicUsize::new(0));
    let (echo, http) = (peer::echo(), server(Arc::clone(&asked)));
    let kind = |name: &str, port: u16, more: &str| {
        format!(
            "{{\"{name}\": {{\"endpoint\": \"127.0.0.1\", \"port\": {port}, {more}, \
             \"opportunistic\": true, \"retry\": \"default\"}}}}"
        )
    };
    let request = |method: &str| {
        format!(
            "\"protocol\": \"h1\", \"http_method\": \"{method}\", \"http_url\": \"${{path}}\", \
             \"metadata\": [{{\"path\": \"\"}}]"
        )
    };
    let kinds = [
        kind("echo", echo.port, "\"protocol\": \"raw\""),
        kind("get", http.port, &request("GET")),
        kind("post", http.port, &request("POST")),
    ];
    let dir = scratch("stress");
    let socket = dir.join("socket");
    let _proxy = Proxy::start(&policy(&dir, &[], &kinds), &socket);
    let numbers = [ECHOES, GETS, POSTS, ROUNDS, MOST].map(|n| n.to_string());
    let mut args = vec![socket.to_str().expect("UTF-8")];
    args.extend(numbers.iter().map(String::as_str));
    let got = start(&compile("tests/c_api/proxied_stress.c"), &args).finish();
    got.expect_code(0);
    let operations = format!("{} operations", (ECHOES + GETS + POSTS) * ROUNDS);
    assert_eq!(got.lines(), [operations.as_str(), "done"], "{got}");
    assert_eq!(asked.load(Ordering::Relaxed), (GETS + POSTS) * ROUNDS);
}
