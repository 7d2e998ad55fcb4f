//! Listening streams in virtual time: what clients get, what the program is told, limits, and
//! clients that are slow or many.

use std::cell::{Cell, RefCell};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use securestreams::engine::{
    Context, ContextOptions, CreateError, DeviceBlob, Handler, Host, MqttBlob, NewStream,
    StreamKey, TxAnswer,
};
use securestreams::policy;
use securestreams::stream::{Flags, Ret, State};
use securestreams::util::clock::{MS, SEC, Virtual};

struct NoHost;

impl Host for NoHost {
    fn timer_due(&self, _: usize) {}
    fn auth_blob(&self, _: u8) -> Option<Vec<u8>> {
        None
    }
    fn device_blob(&self, _: DeviceBlob) -> Option<Vec<u8>> {
        None
    }
    fn client_cert(&self, _: u8) -> Option<(Vec<u8>, Vec<u8>)> {
        None
    }
    fn mqtt_blob(&self, _: MqttBlob) -> Option<Vec<u8>> {
        None
    }
    fn woken(&self) {}
}

/// What all streams of a server share.
#[derive(Default)]
struct Log {
    cx: RefCell<Weak<Context>>,
    states: RefCell<Vec<String>>,
    rx: RefCell<Vec<u8>>,
    served: Cell<usize>,
}

/// A program that answers `/n`, n a number, with as many bytes of a known length, and `/chunked`
/// with three bytes of an unknown one; it leaves `/wait` unanswered and answers `/body` once the request's body is complete. On raw and ws it echoes.
#[derive(Default)]
struct Program {
    log: Rc<Log>,
    key: Cell<Option<StreamKey>>,
    left: Cell<usize>,
    echo: RefCell<Vec<u8>>,
}

impl Program {
    fn asked(&self, cx: &Context, key: StreamKey) {
        let path = cx.get_metadata(key, "path", |v| v.map(<[u8]>::to_vec)).unwrap().unwrap();
        let path = String::from_utf8(path).unwrap();
        self.log.served.set(self.log.served.get() + 1);
        if path == "/wait" || path == "/body" {
            return;
        }
        cx.server_ack(key, 0);
        if path == "/chunked" {
            self.left.set(3);
            cx.request_tx(key);
        } else if let Ok(n) = path[1..].parse::<usize>() {
            self.left.set(n);
            cx.request_tx_len(key, n as u64);
        } else {
            cx.server_ack(key, 404);
            cx.request_tx_len(key, 0);
            cx.request_tx(key);
        }
    }
}

impl Handler for Program {
    fn state(&self, code: u32, _: u32) -> Ret {
        let state = State::ALL.into_iter().find(|s| s.code() == code).unwrap();
        self.log.states.borrow_mut().push(state.name()["LWSSSCS_".len()..].to_owned());
        if let (State::ServerTxn, Some(cx), Some(key)) =
            (state, self.log.cx.borrow().upgrade(), self.key.get())
        {
            self.asked(&cx, key);
        }
        Ret::Ok
    }

    fn rx(&self, data: &[u8], flags: Flags) -> Ret {
        self.log.rx.borrow_mut().extend_from_slice(data);
        self.echo.borrow_mut().extend_from_slice(data);
        if let (Some(cx), Some(key)) = (self.log.cx.borrow().upgrade(), self.key.get()) {
            if self.log.states.borrow().iter().all(|s| s != "SERVER_TXN") {
                cx.request_tx(key);
            } else if flags.contains(Flags::EOM) {
                cx.server_ack(key, 0);
                self.left.set(1);
                cx.request_tx_len(key, 1);
            }
        }
        Ret::Ok
    }

    fn tx(&self, _: u32, window: &mut [u8]) -> Option<TxAnswer> {
        let left = self.left.get();
        let echo = std::mem::take(&mut *self.echo.borrow_mut());
        if left == 0 && !echo.is_empty() && self.log.served.get() == 0 {
            window[..echo.len()].copy_from_slice(&echo);
            let flags = Flags::SOM | Flags::EOM;
            return Some(TxAnswer { ret: Ret::Ok, len: echo.len(), flags });
        }
        let len = left.min(window.len());
        window[..len].fill(b'x');
        self.left.set(left - len);
        let flags = if len == left { Flags::EOM } else { Flags::empty() };
        if len < left
            && let (Some(cx), Some(key)) = (self.log.cx.borrow().upgrade(), self.key.get())
        {
            cx.request_tx(key);
        }
        Some(TxAnswer { ret: Ret::Ok, len, flags })
    }

    fn accept(&self) -> Option<Rc<dyn Handler>> {
        Some(Rc::new(Program { log: Rc::clone(&self.log), ..Program::default() }))
    }

    fn made(&self, stream: StreamKey) -> bool {
        self.key.set(Some(stream));
        true
    }
}

struct Server {
    cx: Rc<Context>,
    clock: Rc<Virtual>,
    log: Rc<Log>,
    key: StreamKey,
}

fn context(streams: &str) -> (Rc<Context>, Rc<Virtual>, Rc<Log>) {
    let outcome = policy::parse(format!(r#"{{"s":[{streams}]}}"#).as_bytes());
    assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
    let clock = Rc::new(Virtual::default());
    clock.advance(3600 * SEC);
    let policy = Rc::new(outcome.policy.unwrap());
    let options = ContextOptions::default();
    let cx = Context::new(policy, Box::new(Rc::clone(&clock)), Box::new(NoHost), options);
    let (cx, log) = (Rc::new(cx.unwrap()), Rc::new(Log::default()));
    *log.cx.borrow_mut() = Rc::downgrade(&cx);
    (cx, clock, log)
}

fn listen(cx: &Context, log: &Rc<Log>, name: &str) -> Result<StreamKey, CreateError> {
    let kind = Rc::clone(cx.policy().stream_type(name).unwrap());
    let handler = Rc::new(Program { log: Rc::clone(log), ..Program::default() });
    let key = cx.make(NewStream { kind, handler, peer_credit: None })?;
    cx.start(key).map(|()| key)
}

const META: &str = r#""metadata":[{"mime":"content-type:"},{"path":""},{"method":""}]"#;

impl Server {
    fn new(more: &str) -> Self {
        Self::of(&format!(r#""protocol":"h1",{META}{more}"#))
    }

    fn of(inside: &str) -> Self {
        let (cx, clock, log) = context(&format!(
            r#"{{"s":{{"endpoint":"127.0.0.1","port":0,"server":true,{inside}}}}}"#
        ));
        let key = listen(&cx, &log, "s").unwrap();
        log.states.borrow_mut().clear();
        Self { cx, clock, log, key }
    }

    fn port(&self) -> u16 {
        self.cx.listen_port("s").expect("it listens")
    }

    fn client(&self) -> Client<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.port())).unwrap();
        stream.set_nonblocking(true).unwrap();
        Client { stream, got: Vec::new(), closed: false }
    }

    /// Turns the loop until `done`.
    #[track_caller]
    fn until(&self, mut done: impl FnMut() -> bool) {
        let limit = Instant::now() + Duration::from_secs(20);
        while !done() {
            assert!(Instant::now() < limit, "it does not come: {:?}", self.log.states.borrow());
            self.cx.turn(Some(MS)).unwrap();
        }
    }

    fn states(&self) -> String {
        self.log.states.borrow().join(" ")
    }
}

struct Client<S> {
    stream: S,
    got: Vec<u8>,
    closed: bool,
}

impl<S: Read + Write> Client<S> {
    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    fn look(&mut self) {
        let mut buffer = [0; 4096];
        while !self.closed {
            match self.stream.read(&mut buffer) {
                Ok(0) => self.closed = true,
                Ok(n) => self.got.extend_from_slice(&buffer[..n]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => return,
                Err(_) => self.closed = true,
            }
        }
    }

    fn text(&mut self) -> String {
        self.look();
        String::from_utf8_lossy(&self.got).into_owned()
    }

    #[track_caller]
    fn expect(&mut self, server: &Server, ending: &str) {
        server.until(|| self.text().ends_with(ending));
    }

    #[track_caller]
    fn expect_close(&mut self, server: &Server) -> String {
        server.until(|| {
            self.look();
            self.closed
        });
        self.text()
    }
}

fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n")
}

#[test]
fn one_connection_carries_request_after_request() {
    let server = Server::new("");
    let mut client = server.client();
    client.send(get("/3"));
    client.expect(&server, "\r\n\r\nxxx");
    client.send(get("/chunked"));
    client.expect(&server, "0\r\n\r\n");
    drop(client);
    server.until(|| server.states().ends_with("DESTROYING"));
    assert_eq!(
        server.states(),
        "CREATING CONNECTING CONNECTED SERVER_TXN SERVER_TXN DISCONNECTED DESTROYING"
    );
}

#[test]
fn pipelined_requests_are_answered_in_order() {
    let server = Server::new("");
    let mut client = server.client();
    let many: String = (1..=40).map(|n| get(&format!("/{n}"))).collect();
    client.send(many);
    client.expect(&server, &format!("\r\n\r\n{}", "x".repeat(40)));
    let lengths: Vec<String> = client.text().lines().filter_map(length).collect();
    assert_eq!(lengths, (1..=40).map(|n| n.to_string()).collect::<Vec<_>>());
}

fn length(line: &str) -> Option<String> {
    let (name, value) = line.split_once(": ")?;
    name.eq_ignore_ascii_case("content-length").then(|| value.to_owned())
}

#[test]
fn head_has_no_body_and_the_connection_goes_on() {
    let server = Server::new("");
    let mut client = server.client();
    client.send("HEAD /5 HTTP/1.1\r\nHost: x\r\n\r\n");
    client.expect(&server, "\r\n\r\n");
    assert!(client.text().lines().any(|l| length(l).as_deref() == Some("5")));
    client.got.clear();
    client.send(get("/2"));
    client.expect(&server, "\r\n\r\nxx");
}

#[test]
fn large_answers_and_bodies_pass() {
    let server = Server::new("");
    let mut client = server.client();
    client.send(get("/3000000"));
    server.until(|| {
        client.look();
        client.got.ends_with(b"x") && client.got.len() > 3_000_000
    });
    client.got.clear();
    client.send(
        "POST /body HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
    );
    client.expect(&server, "100 Continue\r\n\r\n");
    client.send("hello");
    client.expect(&server, "\r\n\r\nx");
    assert_eq!(*server.log.rx.borrow(), b"hello");
}

#[test]
fn a_client_that_has_closed_its_side_gets_its_answer() {
    let server = Server::new("");
    let mut client = server.client();
    client.send(get("/4"));
    client.stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert!(client.expect_close(&server).ends_with("\r\n\r\nxxxx"));
}

#[test]
fn an_h2_client_that_says_goodbye_is_let_go() {
    let server = Server::of(&format!(r#""protocol":"h2",{META}"#));
    let mut client = server.client();
    let settings = b"\0\0\0\x04\0\0\0\0\0";
    let goaway = b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0";
    client.send([&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], settings].concat());
    server.until(|| !client.text().is_empty());
    assert!(!client.closed);
    client.send(goaway);
    client.expect_close(&server);
}

#[test]
fn limits_of_the_policy_hold() {
    let table = [
        (r#","server_max_head":200"#, format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(300)), "414"),
        (
            r#","server_max_fields":2"#,
            "GET / HTTP/1.1\r\nHost: x\r\na: 1\r\nb: 2\r\n\r\n".to_owned(),
            "431",
        ),
        (
            r#","server_max_body":4"#,
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n12345".to_owned(),
            "413",
        ),
        (r#","server_max_rate":1"#, format!("{}{}", get("/1"), get("/1")), "429"),
        ("", "GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n".to_owned(), "400"),
        (
            "",
            "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
                .to_owned(),
            "400",
        ),
    ];
    for (more, request, status) in table {
        let server = Server::new(more);
        let mut client = server.client();
        client.send(&request);
        server.until(|| client.text().contains(&format!("HTTP/1.1 {status}")));
        if status != "429" {
            client.expect_close(&server);
            assert_eq!(server.log.served.get(), 0, "{request}");
        }
    }
}

#[test]
fn a_refused_request_that_is_the_last_one_ends_its_connection() {
    let server = Server::new(r#","server_max_rate":1"#);
    let mut client = server.client();
    client.send(get("/1"));
    client.send("GET /1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    assert!(client.expect_close(&server).contains("HTTP/1.1 429"));
    server.until(|| server.states().ends_with("DESTROYING"));
}

#[test]
fn who_waits_is_taken_when_the_stream_that_was_full_goes() {
    let socket = std::env::temp_dir().join(format!("ss-serve-full-{}", std::process::id()));
    let (cx, clock, log) = context(
        &["a", "b"]
            .map(|name| {
                let max = if name == "a" { r#""server_max_clients":1,"# } else { "" };
                let at = socket.display();
                format!(
                    r#"{{"{name}":{{"endpoint":"+{at}","server":true,{max}"protocol":"h1",{META}}}}}"#
                )
            })
            .join(","),
    );
    let full = listen(&cx, &log, "a").unwrap();
    let key = listen(&cx, &log, "b").unwrap();
    let server = Server { cx, clock, log, key };
    let client = || {
        let stream = UnixStream::connect(&socket).unwrap();
        stream.set_nonblocking(true).unwrap();
        Client { stream, got: Vec::new(), closed: false }
    };
    let mut first = client();
    first.send(get("/wait"));
    server.until(|| server.log.served.get() == 1);
    let mut second = client();
    second.send(get("/3"));
    for _ in 0..20 {
        server.cx.turn(Some(MS)).unwrap();
    }
    assert_eq!(second.text(), "");
    server.cx.destroy(full);
    second.expect(&server, "xxx");
}

/// A frame of h2.
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    [&[0, 0, payload.len() as u8, kind, flags, 0, 0, 0, stream], payload].concat()
}

#[test]
fn an_upload_that_is_taken_back_does_not_cost_the_other_requests_of_its_connection() {
    let server = Server::of(&format!(r#""protocol":"h2",{META}"#));
    let mut client = server.client();
    let head = |method: u8, path: &str| {
        [&[method, 0x86, 0x41, 1, b'x', 4, path.len() as u8], path.as_bytes()].concat()
    };
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    client.send(frame(4, 0, 0, &[]));
    client.send(frame(1, 5, 1, &head(0x82, "/wait")));
    client.send(frame(1, 4, 3, &head(0x83, "/body")));
    client.send(frame(0, 0, 3, b"x"));
    server.until(|| !server.log.rx.borrow().is_empty());
    client.send(frame(3, 0, 3, &[0, 0, 0, 8]));
    server.until(|| server.cx.clients_of(server.key).len() == 1);
    server.clock.advance(60 * SEC);
    for _ in 0..20 {
        server.cx.turn(Some(MS)).unwrap();
    }
    client.look();
    assert!(!client.closed);
    assert_eq!(server.cx.clients_of(server.key).len(), 1);
}

#[test]
fn slow_clients_are_cut_off() {
    let body = "POST /1 HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1";
    // what is sent, how long nothing happens, after how long it is over
    for (sent, patient, over) in [("", 19, 21), ("GET / HT", 9, 11), (body, 19, 21)] {
        let server = Server::new("");
        let mut client = server.client();
        client.send(sent);
        server.until(|| server.states().contains("CONNECTING"));
        for _ in 0..20 {
            server.cx.turn(Some(MS)).unwrap();
        }
        server.clock.advance(patient * SEC);
        for _ in 0..5 {
            server.cx.turn(Some(MS)).unwrap();
        }
        client.look();
        assert!(!client.closed, "'{sent}' was cut off early");
        server.clock.advance((over - patient) * SEC);
        client.expect_close(&server);
        server.until(|| server.states().ends_with("DESTROYING"));
    }
}

#[test]
fn a_slow_loris_that_keeps_sending_is_cut_off_too() {
    let server = Server::new("");
    let mut client = server.client();
    server.until(|| server.states().contains("CONNECTING"));
    client.send("GET / HTTP/1.1\r\n");
    for n in 0..8 {
        server.clock.advance(3 * SEC);
        if client.stream.write_all(format!("a{n}: 1\r\n").as_bytes()).is_err() {
            break;
        }
        for _ in 0..5 {
            server.cx.turn(Some(MS)).unwrap();
        }
    }
    assert!(client.expect_close(&server).starts_with("HTTP/1.1 408"));
}

#[test]
fn a_client_that_takes_nothing_is_cut_off() {
    let server = Server::new(r#","server_stall_s":7"#);
    let mut client = server.client();
    client.send(get("/30000000"));
    server.until(|| server.states().contains("SERVER_TXN"));
    for _ in 0..50 {
        server.cx.turn(Some(0)).unwrap();
    }
    server.clock.advance(8 * SEC);
    server.until(|| server.states().ends_with("DISCONNECTED DESTROYING"));
}

#[test]
fn idle_connections_close_after_the_policys_time() {
    let server = Server::new(r#","server_idle_s":5"#);
    let mut client = server.client();
    client.send(get("/1"));
    client.expect(&server, "\r\n\r\nx");
    server.clock.advance(4 * SEC);
    server.cx.turn(Some(MS)).unwrap();
    client.look();
    assert!(!client.closed);
    server.clock.advance(2 * SEC);
    client.expect_close(&server);
}

#[test]
fn a_program_may_take_its_time() {
    let server = Server::new("");
    let mut client = server.client();
    client.send(get("/wait"));
    server.until(|| server.log.served.get() == 1);
    server.clock.advance(3600 * SEC);
    server.cx.turn(Some(MS)).unwrap();
    client.look();
    assert!(!client.closed);
    let stream = server.cx.clients_of(server.key)[0];
    server.cx.server_ack(stream, 204);
    server.cx.request_tx(stream);
    server.until(|| client.text().starts_with("HTTP/1.1 204"));
}

#[test]
fn more_clients_than_allowed_wait() {
    let server = Server::new(r#","server_max_clients":2"#);
    let mut clients: Vec<_> = (0..3).map(|_| server.client()).collect();
    for client in &mut clients {
        client.send(get("/1"));
    }
    server.until(|| server.log.served.get() == 2);
    for _ in 0..20 {
        server.cx.turn(Some(MS)).unwrap();
    }
    assert_eq!(server.cx.clients_of(server.key).len(), 2);
    clients.remove(0);
    server.until(|| server.log.served.get() == 3);
}

#[test]
fn a_thousand_clients_are_served_evenly() {
    let server = Server::new("");
    let mut clients: Vec<_> = (0..1000).map(|_| server.client()).collect();
    for round in 1..=2 {
        for client in &mut clients {
            client.got.clear();
            client.send(get("/100"));
        }
        server.until(|| server.log.served.get() == 1000 * round);
        for client in &mut clients {
            client.expect(&server, &format!("\r\n\r\n{}", "x".repeat(100)));
        }
    }
    assert_eq!(server.cx.clients_of(server.key).len(), 1000);
    server.cx.destroy(server.key);
    assert!(server.cx.streams().is_empty());
    for client in &mut clients {
        client.expect_close(&server);
    }
}

#[test]
fn destroying_the_listener_closes_the_port_and_its_clients() {
    let server = Server::new("");
    let port = server.port();
    let mut client = server.client();
    client.send(get("/wait"));
    server.until(|| server.log.served.get() == 1);
    server.cx.destroy(server.key);
    assert!(server.states().ends_with("DISCONNECTED DESTROYING DESTROYING"), "{}", server.states());
    client.expect_close(&server);
    assert!(TcpStream::connect(("127.0.0.1", port)).is_err());
}

#[test]
fn raw_servers_echo_over_tcp_and_unix_sockets() {
    let server = Server::of(r#""protocol":"raw","metadata":[]"#);
    let mut client = server.client();
    server.until(|| server.states() == "CREATING CONNECTING CONNECTED");
    client.send("ping");
    client.expect(&server, "ping");

    let path = std::env::temp_dir().join(format!("ss-serve-{}", std::process::id()));
    // what a process that crashed left behind
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    let (cx, clock, log) = context(&format!(
        r#"{{"s":{{"endpoint":"+{}","server":true,"protocol":"raw"}}}}"#,
        path.display()
    ));
    let key = listen(&cx, &log, "s").unwrap();
    let server = Server { cx, clock, log, key };
    let stream = UnixStream::connect(&path).unwrap();
    stream.set_nonblocking(true).unwrap();
    let mut client = Client { stream, got: Vec::new(), closed: false };
    client.send("pong");
    client.expect(&server, "pong");
    server.cx.destroy(server.key);
    assert!(!path.exists(), "the socket's file goes with the listener");
}

#[test]
fn places_that_cannot_be_had_are_named() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let table = [
        (format!(r#""endpoint":"127.0.0.1","port":{port}"#), format!("127.0.0.1:{port}")),
        (r#""endpoint":"no-such-if","port":0"#.to_owned(), "no-such-if".to_owned()),
        (r#""endpoint":"+/no/such/dir/s","port":0"#.to_owned(), "/no/such/dir/s".to_owned()),
        (r#""endpoint":"!nobody","port":0"#.to_owned(), "'nobody'".to_owned()),
    ];
    for (place, named) in table {
        let (cx, _, log) =
            context(&format!(r#"{{"s":{{{place},"server":true,"protocol":"h1"}}}}"#));
        match listen(&cx, &log, "s") {
            Err(CreateError::Listen(why)) => assert!(why.contains(&named), "{why}"),
            other => panic!("{place}: {other:?}"),
        }
        assert!(log.states.borrow().is_empty());
    }
}
