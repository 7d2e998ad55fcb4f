//! Listening streams in virtual time: what clients get, what the program is told, limits, and
//! clients that are slow or many.

#[path = "fixtures/no_host.rs"]
mod no_host;

use std::cell::{Cell, RefCell};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use securestreams::engine::{
    Context, ContextOptions, CreateError, Handler, NewStream, StreamKey, TxAnswer,
};
use securestreams::policy;
use securestreams::stream::{Flags, Ret, State};
use securestreams::util::clock::{MS, SEC, Virtual};

use no_host::NoHost;

/// What all streams of a server share.
#[derive(Default)]
struct Log {
    cx: RefCell<Weak<Context>>,
    states: RefCell<Vec<String>>,
    rx: RefCell<Vec<u8>>,
    /// The callbacks with payload, as they came.
    calls: RefCell<Vec<&'static str>>,
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
    /// What bodies are made of; 0: of `x`.
    mark: u8,
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
        self.log.calls.borrow_mut().push("rx");
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
        self.log.calls.borrow_mut().push("tx");
        let left = self.left.get();
        let echo = std::mem::take(&mut *self.echo.borrow_mut());
        if left == 0 && !echo.is_empty() && self.log.served.get() == 0 {
            window[..echo.len()].copy_from_slice(&echo);
            let flags = Flags::SOM | Flags::EOM;
            return Some(TxAnswer { ret: Ret::Ok, len: echo.len(), flags });
        }
        let len = left.min(window.len());
        window[..len].fill(if self.mark == 0 { b'x' } else { self.mark });
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
        let (log, mark) = (Rc::clone(&self.log), self.mark);
        Some(Rc::new(Program { log, mark, ..Program::default() }))
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
    // of several, each answers with its own letter
    let mark = if name == "s" { 0 } else { name.as_bytes()[0] };
    let handler = Rc::new(Program { log: Rc::clone(log), mark, ..Program::default() });
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
    second.expect(&server, "bbb");
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

/// The head of an h2 request, without the frame.
fn h2_head(method: u8, host: &str, path: &str) -> Vec<u8> {
    let host = [&[0x41, host.len() as u8], host.as_bytes()].concat();
    [&[method, 0x86], &host[..], &[4, path.len() as u8], path.as_bytes()].concat()
}

fn h2_hello(client: &mut Client<TcpStream>) {
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    client.send(frame(4, 0, 0, &[]));
}

const H2_GET: u8 = 0x82;
const H2_POST: u8 = 0x83;

impl Client<TcpStream> {
    /// The frames so far of one kind: which stream, and the payload.
    fn frames(&mut self, wanted: u8) -> Vec<(u32, Vec<u8>)> {
        self.look();
        let (mut rest, mut found) = (&self.got[..], Vec::new());
        while let Some(head) = rest.get(..9) {
            let len = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
            let Some(payload) = rest.get(9..9 + len) else { break };
            if head[3] == wanted {
                let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
                found.push((stream, payload.to_vec()));
            }
            rest = &rest[9 + len..];
        }
        found
    }
}

const RST_STREAM: u8 = 3;
const CANCEL: [u8; 4] = [0, 0, 0, 8];

impl Server {
    fn some_turns(&self) {
        for _ in 0..20 {
            self.cx.turn(Some(MS)).unwrap();
        }
    }

    fn under_way(&self) -> usize {
        self.cx.clients_of(self.key).len()
    }
}

#[test]
fn an_upload_that_stands_still_is_reset_and_the_others_go_on() {
    let server = Server::of(&format!(r#""protocol":"h2","server_stall_s":7,{META}"#));
    let mut client = server.client();
    h2_hello(&mut client);
    client.send(frame(1, 5, 1, &h2_head(H2_GET, "x", "/wait")));
    client.send(frame(1, 4, 3, &h2_head(H2_POST, "x", "/body")));
    client.send(frame(1, 4, 5, &h2_head(H2_POST, "x", "/body")));
    server.until(|| server.log.served.get() == 3);
    for sent in 1..=4 {
        server.clock.advance(3 * SEC);
        client.send(frame(0, 0, 5, b"y"));
        server.until(|| server.log.rx.borrow().len() == sent);
        let over = sent >= 3;
        server.some_turns();
        let resets = client.frames(RST_STREAM);
        assert_eq!(resets, if over { vec![(3, CANCEL.to_vec())] } else { vec![] }, "{sent}");
    }
    // the one that goes on is answered, and the one that waits for the program waits
    client.send(frame(0, 1, 5, b""));
    server.until(|| client.frames(0).iter().any(|(id, data)| (*id, &data[..]) == (5, b"x")));
    assert!(!client.closed);
    server.until(|| server.under_way() == 1);
    server.clock.advance(60 * SEC);
    server.some_turns();
    client.look();
    assert!(!client.closed);
    assert_eq!(server.under_way(), 1);
}

#[test]
fn an_answer_that_the_client_does_not_take_is_reset_and_the_others_go_on() {
    let server = Server::of(&format!(r#""protocol":"h2","server_stall_s":7,{META}"#));
    let mut client = server.client();
    h2_hello(&mut client);
    client.send(frame(1, 5, 1, &h2_head(H2_GET, "x", "/wait")));
    client.send(frame(1, 5, 3, &h2_head(H2_GET, "x", "/50000")));
    let received = |client: &mut Client<TcpStream>, id: u32| -> usize {
        client.frames(0).iter().filter(|(i, _)| *i == id).map(|(_, d)| d.len()).sum()
    };
    server.until(|| received(&mut client, 3) == 50000);
    // room on the connection, but not enough on the stream
    client.send(frame(8, 0, 0, &[0, 1, 0, 0]));
    client.send(frame(1, 5, 5, &h2_head(H2_GET, "x", "/70000")));
    server.until(|| received(&mut client, 5) == 65535);
    server.clock.advance(6 * SEC);
    client.send(frame(8, 0, 5, &[0, 0, 0, 5]));
    server.until(|| received(&mut client, 5) == 65540);
    server.clock.advance(6 * SEC);
    server.some_turns();
    assert_eq!(client.frames(RST_STREAM), [], "it made progress");
    server.clock.advance(2 * SEC);
    server.until(|| client.frames(RST_STREAM) == [(5, CANCEL.to_vec())]);
    assert!(!client.closed);
    assert_eq!(server.under_way(), 1);
    client.send(frame(1, 5, 7, &h2_head(H2_GET, "x", "/3")));
    server.until(|| received(&mut client, 7) == 3);
}

#[test]
fn an_h2_client_of_which_nothing_moves_loses_its_connection() {
    for path in ["/body", "/70000"] {
        let server = Server::of(&format!(r#""protocol":"h2","server_stall_s":7,{META}"#));
        let mut client = server.client();
        h2_hello(&mut client);
        let (flags, method) = if path == "/body" { (4, H2_POST) } else { (5, H2_GET) };
        client.send(frame(1, flags, 1, &h2_head(method, "x", path)));
        server.until(|| server.log.served.get() == 1);
        server.some_turns();
        server.clock.advance(6 * SEC);
        server.some_turns();
        client.look();
        assert!(!client.closed, "{path}");
        server.clock.advance(2 * SEC);
        client.expect_close(&server);
        assert_eq!(client.frames(RST_STREAM), [], "{path}");
        server.until(|| server.states().ends_with("DISCONNECTED DESTROYING"));
    }
}

#[test]
fn clients_that_have_closed_their_side_get_answers_that_come_late() {
    for (h2, pipelined) in [(false, false), (false, true), (true, true)] {
        let protocol = if h2 { "h2" } else { "h1" };
        let server = Server::of(&format!(r#""protocol":"{protocol}",{META}"#));
        let mut client = server.client();
        if h2 {
            h2_hello(&mut client);
            client.send(frame(1, 5, 1, &h2_head(H2_GET, "x", "/wait")));
            client.send(frame(1, 5, 3, &h2_head(H2_GET, "x", "/4")));
        } else {
            let second = if pipelined { get("/4") } else { String::new() };
            client.send(get("/wait") + &second);
        }
        client.stream.shutdown(std::net::Shutdown::Write).unwrap();
        server.until(|| server.log.served.get() == if h2 { 2 } else { 1 });
        server.some_turns();
        server.clock.advance(15 * SEC);
        server.some_turns();
        client.look();
        assert!(!client.closed, "{protocol}");
        let waits = server.cx.clients_of(server.key)[0];
        server.cx.server_ack(waits, 204);
        server.cx.request_tx_len(waits, 0);
        server.cx.request_tx(waits);
        let text = client.expect_close(&server);
        if !h2 {
            // whether it waits was asked in a way that it takes no notice of
            let answers = text.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n");
            assert!(answers.is_some(), "{text}");
            assert!(answers.unwrap_or(&text).starts_with("HTTP/1.1 204"), "{text}");
            assert_eq!(text.ends_with("\r\n\r\nxxxx"), pipelined, "{text}");
        } else {
            let heads: Vec<u32> = client.frames(1).iter().map(|(id, _)| *id).collect();
            assert_eq!(heads, [3, 1]);
        }
        server.until(|| server.under_way() == 0);
    }
}

#[test]
fn a_client_that_is_gone_before_it_is_answered_is_noticed() {
    for (protocol, pipelined) in [("h1", false), ("h1", true), ("h2", false)] {
        let server = Server::of(&format!(r#""protocol":"{protocol}",{META}"#));
        let mut client = server.client();
        if protocol == "h2" {
            h2_hello(&mut client);
            client.send(frame(1, 5, 1, &h2_head(H2_GET, "x", "/wait")));
        } else {
            client.send(get("/wait").repeat(if pipelined { 2 } else { 1 }));
        }
        server.until(|| server.log.served.get() == 1);
        // what it has not read would make its end a reset
        server.some_turns();
        client.look();
        drop(client);
        server.until(|| server.under_way() == 0);
        assert!(server.states().ends_with("SERVER_TXN DISCONNECTED DESTROYING"), "{protocol}");
    }
}

#[test]
fn a_client_that_resets_its_connection_is_noticed_though_requests_of_its_wait() {
    let server = Server::new("");
    let mut client = server.client();
    client.send(get("/1") + &get("/wait") + &get("/wait"));
    server.until(|| server.log.served.get() == 2);
    server.some_turns();
    // the answer that it has not read makes its end a reset
    drop(client);
    server.until(|| server.under_way() == 0);
}

#[test]
fn a_client_that_has_closed_its_side_may_take_its_answer_slowly() {
    let server = Server::new("");
    let mut client = server.client();
    client.send(get("/30000000"));
    client.stream.shutdown(std::net::Shutdown::Write).unwrap();
    for _ in 0..4 {
        let before = client.got.len();
        server.until(|| {
            client.look();
            client.got.len() > before
        });
        server.some_turns();
        server.clock.advance(15 * SEC);
        server.some_turns();
        assert!(client.got.len() < 30_000_000 && !client.closed);
    }
    client.expect_close(&server);
    assert!(client.got.len() > 30_000_000);
}

#[test]
fn a_client_that_has_closed_its_side_is_not_kept_for_ever() {
    for paths in [&["/wait"][..], &["/wait", "/wait"], &["/1", "/wait"], &[]] {
        let server = Server::new("");
        let mut client = server.client();
        client.send(paths.iter().map(|p| get(p)).collect::<String>());
        server.until(|| server.states().contains("CONNECTED") || paths.is_empty());
        client.stream.shutdown(std::net::Shutdown::Write).unwrap();
        server.some_turns();
        assert_eq!(server.under_way(), usize::from(!paths.is_empty()));
        server.clock.advance(21 * SEC);
        client.expect_close(&server);
        server.until(|| server.under_way() == 0);
    }
}

#[test]
fn a_request_that_waited_behind_another_has_its_own_time() {
    let server = Server::new("");
    let mut client = server.client();
    client.send(get("/wait") + &get("/wait"));
    client.stream.shutdown(std::net::Shutdown::Write).unwrap();
    for n in 1..=2 {
        server.until(|| server.log.served.get() == n);
        server.some_turns();
        server.clock.advance(15 * SEC);
        server.some_turns();
        client.look();
        assert!(!client.closed, "{n}");
        if n == 1 {
            let stream = server.cx.clients_of(server.key)[0];
            server.cx.server_ack(stream, 204);
            server.cx.request_tx(stream);
        }
    }
    server.clock.advance(10 * SEC);
    client.expect_close(&server);
    server.until(|| server.under_way() == 0);
}

/// Streams of these types and more in their policies on one port.
fn several(kinds: &[(&str, &str)]) -> (Server, Vec<StreamKey>) {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let types: Vec<String> = kinds
        .iter()
        .map(|(name, more)| {
            let place = format!(r#""endpoint":"127.0.0.1","port":{port},"server":true"#);
            format!(r#"{{"{name}":{{{place},{META},{more}}}}}"#)
        })
        .collect();
    let (cx, clock, log) = context(&types.join(","));
    let keys: Vec<_> = kinds.iter().map(|(name, _)| listen(&cx, &log, name).unwrap()).collect();
    log.states.borrow_mut().clear();
    (Server { cx, clock, log, key: keys[0] }, keys)
}

impl Server {
    fn client_at(&self, name: &str) -> Client<TcpStream> {
        let port = self.cx.listen_port(name).expect("it listens");
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nonblocking(true).unwrap();
        Client { stream, got: Vec::new(), closed: false }
    }
}

fn get_of(host: &str, path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\n\r\n")
}

const H1: &str = r#""protocol":"h1""#;
const H2: &str = r#""protocol":"h2""#;

#[test]
fn the_host_of_each_request_chooses_among_streams_on_a_plain_port() {
    let (server, keys) = several(&[("a.example", H1), ("b.example", H1), ("c.b.example", H1)]);
    let mut client = server.client_at("a.example");
    server.some_turns();
    assert_eq!(server.states(), "", "nobody knows whose it is");
    let table = [
        ("b.example", 'b', 1),
        ("B.Example.:8080", 'b', 1),
        ("www.b.example", 'b', 1),
        ("c.b.example", 'c', 2),
        ("xb.example", 'a', 0),
        ("nobody", 'a', 0),
        ("[::1]:80", 'a', 0),
    ];
    for (host, letter, at) in table {
        client.send(get_of(host, "/3"));
        client.expect(&server, &format!("\r\n\r\n{}", letter.to_string().repeat(3)));
        let count = |key: &StreamKey| server.cx.clients_of(*key).len();
        let streams: Vec<usize> = keys.iter().map(count).collect();
        assert_eq!(streams.iter().sum::<usize>(), 1, "{host}: one connection, one stream");
        assert_eq!(streams[at], 1, "{host}");
    }
    drop(client);
    let txn = "CREATING CONNECTING CONNECTED SERVER_TXN";
    let end = "DISCONNECTED DESTROYING";
    server.until(|| keys.iter().all(|key| server.cx.clients_of(*key).is_empty()));
    assert_eq!(
        server.states(),
        format!("{txn} SERVER_TXN SERVER_TXN {end} {txn} {end} {txn} SERVER_TXN SERVER_TXN {end}")
    );
}

#[test]
fn the_authority_of_each_h2_request_chooses_among_streams_on_a_plain_port() {
    let (server, keys) = several(&[("a", H2), ("b", H2), ("c", H1)]);
    let mut client = server.client_at("a");
    h2_hello(&mut client);
    for (n, host) in [(1, "b"), (3, "nobody"), (5, "www.b"), (7, "a:1"), (9, "c")] {
        client.send(frame(1, 5, n, &h2_head(H2_GET, host, "/1")));
    }
    server.until(|| client.frames(1).len() == 5);
    server.until(|| client.frames(0).len() == 4);
    let mut bodies = client.frames(0);
    bodies.sort();
    let expected = [(1, b'b'), (3, b'a'), (5, b'b'), (7, b'a')];
    assert_eq!(bodies, expected.map(|(id, letter)| (id, vec![letter])));
    // one that speaks h1 only: 421, in the code of RFC 7541
    let (id, head) = client.frames(1).into_iter().find(|(id, _)| *id == 9).unwrap();
    assert!(head.starts_with(&[0x48, 0x82, 0x68, 0x41]), "{id}: {head:x?}");
    assert_eq!(server.log.served.get(), 4);
    // whoever goes takes its requests along, and the connection goes on for the rest
    client.send(frame(1, 5, 11, &h2_head(H2_GET, "b", "/wait")));
    client.send(frame(1, 5, 13, &h2_head(H2_GET, "a", "/wait")));
    server.until(|| server.log.served.get() == 6);
    server.cx.destroy(keys[0]);
    client.send(frame(1, 5, 15, &h2_head(H2_GET, "a", "/1")));
    server.until(|| client.frames(0).contains(&(15, b"b".to_vec())));
    assert_eq!(server.cx.clients_of(keys[1]).len(), 1);
    assert!(!client.closed);
}

#[test]
fn streams_that_share_a_plain_port_may_speak_differently() {
    let ws = r#""protocol":"h1","ws_subprotocol":"echo""#;
    let (server, _) = several(&[("a", H1), ("b", H2), ("w", ws)]);
    let mut old = server.client_at("a");
    old.send(get_of("b", "/1"));
    old.expect(&server, "\r\n\r\nb");
    // who offers no upgrade answers as to any request
    for (host, status) in [("a", 200), ("w", 101)] {
        let mut client = server.client_at("a");
        client.send(format!(
            "GET /1 HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
             Sec-WebSocket-Protocol: echo\r\n\r\n"
        ));
        server.until(|| client.text().starts_with(&format!("HTTP/1.1 {status}")));
    }
    let mut new = server.client_at("a");
    h2_hello(&mut new);
    new.send(frame(1, 5, 1, &h2_head(H2_GET, "nobody", "/1")));
    server.until(|| new.frames(0) == [(1, b"b".to_vec())]);
}

#[test]
fn connections_outlive_streams_that_they_are_not_for() {
    let (server, keys) = several(&[("a", H1), ("b", H1)]);
    let mut client = server.client_at("a");
    server.some_turns();
    server.cx.destroy(keys[0]);
    client.send(get_of("a", "/1"));
    client.expect(&server, "\r\n\r\nb");
    server.cx.destroy(keys[1]);
    client.expect_close(&server);
}

#[test]
fn silent_clients_of_a_shared_port_are_cut_off_too() {
    let (server, _) = several(&[("a", H1), ("b", H1)]);
    let mut client = server.client_at("a");
    server.some_turns();
    server.clock.advance(21 * SEC);
    client.expect_close(&server);
    assert_eq!(server.states(), "");
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
    server.until(|| server.cx.streams().is_empty());
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
    // the listening stream's end is told in the call, those of its clients by the loop
    assert!(server.states().ends_with("SERVER_TXN DESTROYING"), "{}", server.states());
    server.until(|| server.cx.streams().is_empty());
    let told = server.states();
    assert!(told.ends_with("SERVER_TXN DESTROYING DISCONNECTED DESTROYING"), "{told}");
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
fn who_is_ready_together_is_read_first_and_then_answered_in_the_same_turn() {
    let server = Server::of(r#""protocol":"raw","metadata":[]"#);
    let mut clients = [server.client(), server.client()];
    server.until(|| server.states() == ["CREATING CONNECTING CONNECTED"; 2].join(" "));
    // nothing is left to do: the next turn finds what the clients send and no more
    server.cx.turn(Some(0)).unwrap();

    clients[0].send("one");
    server.cx.turn(Some(0)).unwrap();
    assert_eq!(server.log.calls.take(), ["rx", "tx"]);

    for client in &mut clients {
        client.send("both");
    }
    server.cx.turn(Some(0)).unwrap();
    assert_eq!(server.log.calls.take(), ["rx", "rx", "tx", "tx"]);
    clients[0].expect(&server, "oneboth");
    clients[1].expect(&server, "both");
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

#[test]
fn a_client_whose_answer_had_no_body_owes_nothing() {
    for request in ["HEAD /5 HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), get("/nothing")] {
        let server = Server::new(r#","server_stall_s":5,"server_idle_s":60"#);
        let mut client = server.client();
        client.send(&request);
        client.expect(&server, "\r\n\r\n");
        server.some_turns();
        server.clock.advance(6 * SEC);
        server.some_turns();
        client.send(get("/2"));
        client.expect(&server, "\r\n\r\nxx");
    }
}
