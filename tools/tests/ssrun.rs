//! `ssrun` against small servers on loopback.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};
use std::thread::JoinHandle;

/// Request line and body.
type Request = (String, Vec<u8>);

/// Serves so many http requests and gives what was asked.
fn http(requests: usize, status: &'static str) -> (u16, JoinHandle<Vec<Request>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("its address").port();
    let served = std::thread::spawn(move || {
        let mut seen = Vec::new();
        while seen.len() < requests {
            let (stream, _) = listener.accept().expect("a client");
            let mut reader = BufReader::new(stream.try_clone().expect("a clone"));
            while seen.len() < requests {
                match request(&mut reader) {
                    Some(request) => {
                        let body = format!("you asked {}\n", request.0);
                        let mut stream: &TcpStream = &stream;
                        write!(
                            stream,
                            "HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}",
                            body.len()
                        )
                        .expect("an answer");
                        seen.push(request);
                    }
                    None => break,
                }
            }
        }
        seen
    });
    (port, served)
}

fn request(reader: &mut impl BufRead) -> Option<Request> {
    let mut first = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(": ")
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.parse().ok()?;
        }
        if first.is_empty() {
            line.clone_into(&mut first);
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((first, body))
}

/// A policy file for one port.
struct Policy(PathBuf);

impl Policy {
    fn new(name: &str, port: u16) -> Self {
        let text = format!(
            r#"{{ "retry": [{{ "quick": {{ "backoff": [20], "conceal": 1 }} }}], "s": [
            {{ "get": {{ "endpoint": "127.0.0.1", "port": {port}, "protocol": "h1", "http_method": "GET",
               "http_url": "/${{what}}", "metadata": [{{ "what": "" }}], "retry": "quick" }} }},
            {{ "put": {{ "endpoint": "127.0.0.1", "port": {port}, "protocol": "h1", "http_method": "PUT",
               "http_url": "/up", "retry": "quick" }} }},
            {{ "token": {{ "endpoint": "127.0.0.1", "port": {port}, "protocol": "h1", "http_method": "GET",
               "http_url": "/", "http_auth_header": "x-token:", "http_auth_preamble": "Mine ",
               "retry": "quick" }} }},
            {{ "serve": {{ "server": true, "port": {port}, "protocol": "h1" }} }},
            {{ "listen": {{ "server": true, "port": {port}, "protocol": "raw" }} }},
            {{ "raw": {{ "endpoint": "127.0.0.1", "port": {port}, "protocol": "raw" }} }} ] }}"#
        );
        let file = std::env::temp_dir().join(format!("ssrun-{}-{name}.json", std::process::id()));
        std::fs::write(&file, text).expect("the policy");
        Self(file)
    }

    fn run(&self, args: &[&str]) -> Output {
        self.run_with(args, b"")
    }

    fn run_with(&self, args: &[&str], stdin: &[u8]) -> Output {
        let (kind, options) = args.split_last().expect("a stream type");
        let mut child = Command::new(env!("CARGO_BIN_EXE_ssrun"))
            .args(["--timeout", "20"])
            .args(options)
            .arg(&self.0)
            .arg(kind)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("ssrun");
        child.stdin.take().expect("a pipe").write_all(stdin).expect("written");
        child.wait_with_output().expect("its output")
    }
}

impl Drop for Policy {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The names of the states on stderr, each after its time.
fn states(out: &Output) -> Vec<String> {
    let line = |line: &str| {
        let (time, state) = line.split_once(" ms  ")?;
        time.trim().parse::<f64>().ok()?;
        Some(state.trim_start_matches("LWSSSCS_").to_owned())
    };
    text(&out.stderr).lines().filter_map(line).collect()
}

#[track_caller]
fn ends_with(out: &Output, code: i32) {
    assert_eq!(out.status.code(), Some(code), "{}{}", text(&out.stdout), text(&out.stderr));
}

#[test]
fn get() {
    let (port, served) = http(1, "200 OK");
    let out = Policy::new("get", port).run(&["-m", "what=some/path", "get"]);
    ends_with(&out, 0);
    assert_eq!(text(&out.stdout), "you asked GET /some/path HTTP/1.1\n");
    let wanted = [
        "CREATING",
        "POLL",
        "CONNECTING",
        "CONNECTED",
        "QOS_ACK_REMOTE",
        "DISCONNECTED",
        "DESTROYING",
    ];
    assert_eq!(states(&out), wanted);
    served.join().expect("the server");
}

#[test]
fn put_from_everywhere() {
    let big = vec![b'x'; 200_000];
    let file = std::env::temp_dir().join(format!("ssrun-{}-body", std::process::id()));
    std::fs::write(&file, &big).expect("a file");
    for (args, stdin, wanted) in [
        (["-d", "hello"], &b""[..], &b"hello"[..]),
        (["-f", "-"], b"from stdin", b"from stdin"),
        (["-f", file.to_str().expect("UTF-8")], b"", &big),
    ] {
        let (port, served) = http(1, "200 OK");
        let out = Policy::new("put", port).run_with(&[&args[..], &["put"]].concat(), stdin);
        ends_with(&out, 0);
        let seen = served.join().expect("the server");
        assert_eq!(seen[0].0, "PUT /up HTTP/1.1");
        assert!(seen[0].1 == wanted, "{} bytes", seen[0].1.len());
    }
    std::fs::remove_file(&file).expect("removed");
}

#[test]
fn raw_bytes_from_stdin_come_back() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("its address").port();
    let echo = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut got = vec![0; 50_000];
        stream.read_exact(&mut got).expect("all of it");
        stream.write_all(&got).expect("back");
    });
    let sent: Vec<u8> = (0..50_000_u32).map(|n| u8::try_from(n % 251).expect("a byte")).collect();
    let out = Policy::new("raw", port).run_with(&["-f", "-", "raw"], &sent);
    ends_with(&out, 0);
    assert!(out.stdout == sent, "{} bytes", out.stdout.len());
    echo.join().expect("the server");
}

#[test]
fn several_times() {
    let (port, served) = http(3, "200 OK");
    let out = Policy::new("repeat", port).run(&["--repeat", "3", "-m", "what=x", "get"]);
    ends_with(&out, 0);
    assert_eq!(text(&out.stdout), "you asked GET /x HTTP/1.1\n".repeat(3));
    assert_eq!(states(&out).iter().filter(|state| *state == "QOS_ACK_REMOTE").count(), 3);
    assert_eq!(served.join().expect("the server").len(), 3);
}

#[test]
fn until_a_state() {
    let (port, served) = http(1, "200 OK");
    let out = Policy::new("until", port).run(&["--until", "connected", "get"]);
    ends_with(&out, 0);
    assert_eq!(states(&out).iter().position(|state| state == "CONNECTED"), Some(3));
    assert!(!states(&out).contains(&"QOS_ACK_REMOTE".to_owned()));
    // the request may have come or not: let the server see one
    if let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)) {
        let _ = stream.write_all(b"GET / HTTP/1.1\r\n\r\n");
    }
    served.join().expect("the server");
}

#[test]
fn failures() {
    let (port, served) = http(1, "404 Not Found");
    let out = Policy::new("404", port).run(&["get"]);
    ends_with(&out, 1);
    assert!(states(&out).contains(&"QOS_NACK_REMOTE".to_owned()), "{}", text(&out.stderr));
    served.join().expect("the server");

    let nobody =
        TcpListener::bind("127.0.0.1:0").expect("loopback").local_addr().expect("it").port();
    let out = Policy::new("refused", nobody).run(&["get"]);
    ends_with(&out, 1);
    let unreachable = states(&out).iter().filter(|state| *state == "UNREACHABLE").count();
    assert_eq!(unreachable, 2, "a try and a retry: {}", text(&out.stderr));
    assert!(states(&out).contains(&"ALL_RETRIES_FAILED".to_owned()));
}

#[test]
fn wrong_usage_is_named() {
    let policy = Policy::new("usage", 1);
    for (args, part) in [
        (&["nothing"][..], "there are: get, put, token, serve, listen, raw"),
        (&["-m", "who=x", "get"], "there is: what"),
        (&["--until", "nowhere", "get"], "nowhere"),
        (&["-f", "/does/not/exist", "get"], "/does/not/exist"),
        (&["-f", "/does/not/exist", "serve"], "/does/not/exist"),
        (&["--auth", "/does/not/exist", "get"], "/does/not/exist"),
        (&["--cert", "/dev/null", "get"], "--key"),
    ] {
        let out = policy.run(args);
        ends_with(&out, 2);
        assert!(text(&out.stderr).contains(part), "{args:?}: {}", text(&out.stderr));
    }
}

#[test]
fn quiet_and_trace() {
    let (port, served) = http(2, "200 OK");
    let policy = Policy::new("quiet", port);
    let out = policy.run(&["-q", "get"]);
    ends_with(&out, 0);
    assert_eq!(text(&out.stderr), "");
    let out = policy.run(&["--trace", "get"]);
    ends_with(&out, 0);
    assert!(text(&out.stderr).contains("rx 25 bytes"), "{}", text(&out.stderr));
    served.join().expect("the server");
}

#[test]
fn a_token_from_a_file() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("its address").port();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).expect("the head");
            head.push(byte[0]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("an answer");
        text(&head)
    });
    let policy = Policy::new("token", port);
    let file = policy.0.with_extension("token");
    std::fs::write(&file, "secret\n").expect("the token");
    let out = policy.run(&["--auth", file.to_str().expect("UTF-8"), "token"]);
    std::fs::remove_file(&file).expect("removed");
    ends_with(&out, 0);
    let head = server.join().expect("the server");
    assert!(head.lines().any(|line| line == "x-token: Mine secret"), "{head}");
}

/// A port that was free a moment ago.
fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").expect("loopback").local_addr().expect("its address").port()
}

/// Connects as soon as somebody listens.
fn connect(port: u16) -> TcpStream {
    let until = std::time::Instant::now() + std::time::Duration::from_secs(20);
    loop {
        match TcpStream::connect(("127.0.0.1", port)) {
            Ok(stream) => return stream,
            Err(_) if std::time::Instant::now() < until => std::thread::yield_now(),
            Err(error) => panic!("nobody listens on {port}: {error}"),
        }
    }
}

#[test]
fn serving_http() {
    let port = free_port();
    let clients = std::thread::spawn(move || {
        [0; 2].map(|_| {
            let mut stream = connect(port);
            stream
                .write_all(b"GET /some HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
                .expect("asked");
            let mut all = String::new();
            stream.read_to_string(&mut all).expect("an answer");
            all
        })
    });
    let out = Policy::new("serve", port).run(&["-d", "hello", "--repeat", "2", "serve"]);
    ends_with(&out, 0);
    for answer in clients.join().expect("the clients") {
        assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
        assert!(answer.ends_with("\r\n\r\nhello"), "{answer}");
    }
    let said = states(&out);
    for state in ["CREATING", "client 1: LWSSSCS_SERVER_TXN", "client 2: LWSSSCS_DISCONNECTED"] {
        assert!(said.iter().any(|line| line == state), "{state} in {said:?}");
    }
}

#[test]
fn serving_bytes() {
    let port = free_port();
    let client = std::thread::spawn(move || {
        let mut stream = connect(port);
        stream.write_all(b"ping\n").expect("sent");
        let mut got = [0; 5];
        stream.read_exact(&mut got).expect("what it says");
        got
    });
    let out = Policy::new("listen", port).run(&["-d", "hello", "listen"]);
    ends_with(&out, 0);
    assert_eq!(&client.join().expect("the client"), b"hello");
    assert_eq!(text(&out.stdout), "ping\n");
}
