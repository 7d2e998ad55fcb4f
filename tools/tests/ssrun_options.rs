//! Options of `ssrun` that need more of a peer than plain http: certificates, brokers, signatures, slow transfers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStderr, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

const LIMIT: Duration = Duration::from_secs(20);

/// A folder that goes with the test.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let dir = std::env::temp_dir().join(format!("ssrun-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&dir).expect("a folder");
        Self(dir)
    }

    fn file(&self, name: &str, text: &str) -> String {
        std::fs::write(self.0.join(name), text).expect("a file");
        self.path(name)
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("UTF-8").to_owned()
    }

    /// A policy whose streams are at `port` on loopback: name and the rest of what is said of each.
    fn policy(&self, port: u16, types: &[(&str, &str)], more: &str) -> String {
        let one = |(name, rest): &(&str, &str)| {
            format!(r#"{{ "{name}": {{ "endpoint": "127.0.0.1", "port": {port}, {rest} }} }}"#)
        };
        let types: Vec<String> = types.iter().map(one).collect();
        self.file("policy.json", &format!(r#"{{ {more} "s": [ {} ] }}"#, types.join(", ")))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn ssrun(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ssrun"));
    command.args(["--timeout", "20"]).args(args);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn said(out: &Output) -> String {
    String::from_utf8_lossy(&[&out.stdout[..], &out.stderr[..]].concat()).into_owned()
}

#[track_caller]
fn ends_with(out: &Output, code: i32) {
    assert_eq!(out.status.code(), Some(code), "{}", said(out));
}

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback");
    let port = listener.local_addr().expect("its address").port();
    (listener, port)
}

/// The head of a request; none if the peer goes without one.
fn head(stream: &mut impl Read) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    Some(String::from_utf8(head).expect("UTF-8"))
}

/// Reads lines until one has `part`.
#[track_caller]
fn wait_for(lines: &mut BufReader<ChildStderr>, part: &str) -> String {
    let mut all = String::new();
    loop {
        let mut line = String::new();
        let got = lines.read_line(&mut line).expect("a line");
        assert!(got > 0, "no '{part}' in:\n{all}");
        if line.contains(part) {
            return line;
        }
        all += &line;
    }
}

fn openssl(dir: &Path, args: &[&str]) {
    let out = Command::new("openssl").args(args).current_dir(dir).output().expect("openssl");
    assert!(out.status.success(), "openssl {args:?}: {}", said(&out));
}

/// A certificate and key of its own issuer for localhost: NAME.pem, NAME.key.
fn certificate(dir: &Path, name: &str) {
    let (pem, key, subject) =
        (format!("{name}.pem"), format!("{name}.key"), format!("/CN={name} of ssrun"));
    let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "9"];
    let names = ["-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"];
    let files = ["-subj", &subject, "-keyout", &key, "-out", &pem];
    openssl(dir, &[&["req", "-x509"][..], &curve, &names, &files].concat());
}

/// The file's base64 between the lines of PEM.
fn base64_of(file: &str) -> String {
    let text = std::fs::read_to_string(file).expect("a certificate");
    text.lines().filter(|line| !line.starts_with("-----")).collect()
}

/// A server that wants the client's certificate to be `client.pem` and answers with what it knows of the session.
fn demanding_server(dir: &Path) -> (Running, u16) {
    let mut command = Command::new("openssl");
    command.args([
        "s_server",
        "-accept",
        "127.0.0.1:0",
        "-cert",
        "server.pem",
        "-key",
        "server.key",
    ]);
    command.args(["-Verify", "1", "-verify_return_error", "-CAfile", "client.pem", "-www"]);
    command.current_dir(dir).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("openssl");
    let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let server = Running(child);
    let mut lines = stdout.lines();
    let accept = lines.by_ref().map(|line| line.expect("text")).find(|l| l.starts_with("ACCEPT"));
    let port = accept.as_deref().and_then(|line| line.rsplit_once(':')?.1.parse().ok());
    // what it says later is read, so that it never waits for us
    std::thread::spawn(move || lines.for_each(drop));
    (server, port.expect("a port"))
}

#[test]
fn a_client_certificate() {
    let scratch = Scratch::new();
    for name in ["server", "client", "other"] {
        certificate(&scratch.0, name);
    }
    openssl(&scratch.0, &["x509", "-in", "client.pem", "-outform", "DER", "-out", "client.der"]);
    openssl(
        &scratch.0,
        &["pkcs8", "-topk8", "-nocrypt", "-in", "client.key", "-outform", "DER", "-out", "key.der"],
    );
    let (_server, port) = demanding_server(&scratch.0);
    let trust = format!(
        r#""certs": [{{ "root": "{}" }}], "trust_stores": [{{ "name": "ours", "stack": ["root"] }}],"#,
        base64_of(&scratch.path("server.pem"))
    );
    let get = r#""protocol": "h1", "http_method": "GET", "http_url": "/", "tls": true, "tls_trust_store": "ours",
        "client_cert": 0"#;
    let policy = scratch.policy(port, &[("get", get)], &trust);
    let run = |cert: &str, key: &str| {
        let (cert, key) = (scratch.path(cert), scratch.path(key));
        ssrun(&["--cert", &cert, "--key", &key, &policy, "get"]).output().expect("ssrun")
    };
    for (cert, key) in [("client.pem", "client.key"), ("client.der", "key.der")] {
        let out = run(cert, key);
        ends_with(&out, 0);
        assert!(said(&out).contains("client of ssrun"), "{}", said(&out));
    }
    // one that the server doesn't know, and a key of another certificate
    ends_with(&run("other.pem", "other.key"), 1);
    ends_with(&run("client.pem", "other.key"), 1);
}

/// A broker that knows one user; its log, and its port.
fn broker(scratch: &Scratch) -> (Running, u16) {
    let passwords = scratch.file("passwords", "dev:secret\n");
    let hashed = Command::new("mosquitto_passwd").args(["-U", &passwords]).output();
    let hashed = hashed.expect("mosquitto_passwd");
    assert!(hashed.status.success(), "{}", said(&hashed));
    // another process may take the port between our look and mosquitto's: it is tried again then
    for _ in 0..5 {
        let port = listener().1;
        let config = format!(
            "listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {passwords}\nuser root\n\
             log_dest file {}\nlog_type all\n",
            scratch.path("log")
        );
        let config = scratch.file("mosquitto.conf", &config);
        let mut command = Command::new("mosquitto");
        command.args(["-c", &config]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut broker = Running(command.spawn().expect("mosquitto"));
        let until = Instant::now() + LIMIT;
        while broker.0.try_wait().expect("a status").is_none() && Instant::now() < until {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return (broker, port);
            }
            std::thread::yield_now();
        }
    }
    panic!("mosquitto does not start");
}

#[test]
fn a_message_by_way_of_a_broker() {
    let scratch = Scratch::new();
    let (_broker, port) = broker(&scratch);
    let types = [
        (
            "say",
            r#""protocol": "mqtt", "mqtt_topic": "room/${which}", "mqtt_qos": 1, "metadata": [{ "which": "" }]"#,
        ),
        ("hear", r#""protocol": "mqtt", "mqtt_subscribe": "room/1", "mqtt_qos": 1"#),
    ];
    let policy = scratch.policy(port, &types, "");
    let password = scratch.file("password", "secret\n");
    let as_user = ["--mqtt-user", "dev", "--mqtt-password", &password];

    let mut hears =
        ssrun(&[&as_user[..], &["--mqtt-id", "the-ear", "--trace", &policy, "hear"]].concat());
    let mut hears = Running(hears.spawn().expect("ssrun"));
    let mut log = BufReader::new(hears.0.stderr.take().expect("a pipe"));
    let mut heard = BufReader::new(hears.0.stdout.take().expect("a pipe"));
    wait_for(&mut log, "LWSSSCS_CONNECTED");

    let speak = |user: &[&str]| {
        let args = ["--mqtt-id", "the-mouth", "-m", "which=1", "-d", "hello\n", &policy, "say"];
        ssrun(&[user, &args].concat()).output().expect("ssrun")
    };
    ends_with(&speak(&as_user), 0);
    let mut line = String::new();
    heard.read_line(&mut line).expect("what was said");
    assert_eq!(line, "hello\n");

    // without the right password nothing is said
    let wrong = scratch.file("wrong", "guess\n");
    ends_with(&speak(&["--mqtt-user", "dev", "--mqtt-password", &wrong]), 1);
    let log = std::fs::read_to_string(scratch.path("log")).expect("the broker's log");
    for id in ["the-ear", "the-mouth"] {
        let known = log.lines().any(|l| l.contains(&format!(" as {id} (")) && l.contains("u'dev'"));
        assert!(known, "{id} in:\n{log}");
    }
}

/// Serves one request and gives its head.
fn serve_one() -> (u16, std::thread::JoinHandle<String>) {
    let (listener, port) = listener();
    let served = std::thread::spawn(move || {
        loop {
            let (mut stream, _) = listener.accept().expect("a client");
            let Some(head) = head(&mut stream) else { continue };
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").expect("an answer");
            return head;
        }
    });
    (port, served)
}

#[test]
fn a_request_signed_for_aws() {
    let scratch = Scratch::new();
    let (port, served) = serve_one();
    let get = r#""protocol": "h1", "http_method": "GET", "http_url": "/a", "use_auth": "aws",
        "aws_region": "where", "aws_service": "what", "metadata": [{ "where": "" }, { "what": "" },
        { "x": "x-amz-content-sha256:" }, { "date": "x-amz-date:" }]"#;
    let auth = r#""auth": [{ "name": "aws", "type": "sigv4", "blob": 0 }],"#;
    let policy = scratch.policy(port, &[("get", get)], auth);
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let body = format!("x={empty}");
    let args = ["-m", "where=eu-north-1", "-m", "what=s3", "-m", &body, &policy, "get"];
    // nothing is asked without the key
    let without = ssrun(&args).output().expect("ssrun");
    ends_with(&without, 1);
    assert!(said(&without).contains("use_auth 'aws': no key was set"), "{}", said(&without));
    let mut command = ssrun(&args);
    command.env("AWS_ACCESS_KEY_ID", "AKIDOFATEST").env("AWS_SECRET_ACCESS_KEY", "a secret");
    ends_with(&command.output().expect("ssrun"), 0);
    let head = served.join().expect("the server");
    let field = |name: &str| {
        let found = head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        });
        found.unwrap_or_else(|| panic!("no {name} in\n{head}"))
    };
    let date = field("x-amz-date");
    assert_eq!(date.len(), "20261124T120000Z".len(), "{date}");
    let authorization = field("authorization");
    let parts: Vec<&str> = authorization.split([' ', ',']).filter(|p| !p.is_empty()).collect();
    let [kind, credential, signed, signature] = parts[..] else { panic!("{authorization}") };
    assert_eq!(kind, "AWS4-HMAC-SHA256");
    let scope = format!("Credential=AKIDOFATEST/{}/eu-north-1/s3/aws4_request", &date[..8]);
    assert_eq!(credential, scope);
    let names: Vec<&str> =
        signed.strip_prefix("SignedHeaders=").expect(signed).split(';').collect();
    assert!(
        names.is_sorted() && names.contains(&"host") && names.contains(&"x-amz-date"),
        "{signed}"
    );
    let signature = signature.strip_prefix("Signature=").expect("a signature");
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    assert!(signature.len() == 64 && signature.chars().all(hex), "{signature}");
}

/// The milliseconds before a message on stderr, and the message.
fn timed(line: &str) -> (f64, &str) {
    let (time, text) = line.trim_end().split_once(" ms  ").expect("a time");
    (time.trim().parse().expect("a number"), text)
}

#[test]
fn progress_of_a_long_transfer() {
    let scratch = Scratch::new();
    let (listener, port) = listener();
    let (finish, finished) = std::sync::mpsc::channel();
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a client");
        head(&mut stream).expect("a request");
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n1234").expect("some of it");
        finished.recv_timeout(LIMIT).expect("progress is told");
        stream.write_all(b"56789abc").expect("the rest");
    });
    let get = r#""protocol": "h1", "http_method": "GET", "http_url": "/""#;
    let policy = scratch.policy(port, &[("get", get)], "");
    let mut child = Running(ssrun(&["--progress", &policy, "get"]).spawn().expect("ssrun"));
    let mut log = BufReader::new(child.0.stderr.take().expect("a pipe"));
    for second in 1..=2 {
        let line = wait_for(&mut log, "received");
        let (time, text) = timed(&line);
        assert_eq!(text, "4 bytes received, 0 sent");
        assert!(time >= f64::from(second) * 1000.0, "{line}");
    }
    finish.send(()).expect("the server waits");
    assert!(child.0.wait().expect("its end").success());
    server.join().expect("the server");
}

#[test]
fn when_the_time_is_up() {
    let scratch = Scratch::new();
    // nobody takes the connection from the listener, so nothing comes back
    let (_listener, port) = listener();
    let get = r#""protocol": "h1", "http_method": "GET", "http_url": "/""#;
    let policy = scratch.policy(port, &[("get", get)], "");
    let out = ssrun(&["--timeout", "1", &policy, "get"]).output().expect("ssrun");
    ends_with(&out, 1);
    assert!(said(&out).contains(" ms  the time is up\n"), "{}", said(&out));
}

#[test]
fn a_trace_has_every_layer() {
    let scratch = Scratch::new();
    let (port, served) = serve_one();
    let put = r#""protocol": "h1", "http_method": "PUT", "http_url": "/", "http_resp_map": [{ "200": 1002 }]"#;
    let policy = scratch.policy(port, &[("put", put)], "");
    // a state that the policy gives a number ends it
    let out = ssrun(&["--trace", "--until", "1002", "-d", "hello", &policy, "put"]).output();
    let out = out.expect("ssrun");
    ends_with(&out, 0);
    served.join().expect("the server");
    let said = said(&out);
    let mut rest = said.as_str();
    let connected = format!("]: connected to 127.0.0.1:{port}\n");
    // in this order
    for part in [
        "LWSSSCS_CONNECTING\n",
        &connected,
        "]: open: H1\n",
        "tx 5 bytes (SOM | EOM)\n",
        " bytes went out\n",
        " bytes came in\n",
        "]: http status 200\n",
        "ms  state 1002 of the policy\n",
        "the connection is closed\n",
    ] {
        let at = rest.find(part).unwrap_or_else(|| panic!("no '{part}' in its place in\n{said}"));
        rest = &rest[at + part.len()..];
    }
}
