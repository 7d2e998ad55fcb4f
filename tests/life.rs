//! The life of streams in virtual time: whole retry schedules, timeouts and validity checks
//! against unix sockets, without waiting for any of them.

#[path = "fixtures/no_host.rs"]
mod no_host;

use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::net::{UnixListener, UnixStream};
use std::rc::Rc;

use securestreams::engine::{
    Context, ContextOptions, CreateError, Handler, NewStream, StreamKey, TxAnswer,
};
use securestreams::policy;
use securestreams::stream::{Flags, Ret, State};
use securestreams::util::clock::{Clock, MS, SEC, Virtual};

use no_host::NoHost;

/// What the program would have seen: states with the time in ms, payload.
#[derive(Default)]
struct Log {
    lines: RefCell<Vec<(u64, String)>>,
    rx: RefCell<Vec<u8>>,
    /// Sent by the next tx callbacks.
    tx: RefCell<Vec<u8>>,
    /// How much had been received when tx was called last.
    received_before_tx: Cell<usize>,
    /// What tx gives is not the end of the message.
    more: Cell<bool>,
    answer: Cell<Option<(State, Ret)>>,
    /// Done at each rx.
    at_rx: RefCell<Option<Box<dyn Fn()>>>,
    /// As `answer`, for several states.
    answers: RefCell<Vec<(State, Ret)>>,
}

struct Program {
    log: Rc<Log>,
    clock: Rc<Virtual>,
}

impl Handler for Program {
    fn state(&self, code: u32, ordinal: u32) -> Ret {
        let state = State::ALL.into_iter().find(|s| s.code() == code);
        let name = state.map_or(format!("USER:{code}"), |s| s.name()["LWSSSCS_".len()..].into());
        let name = if ordinal == 0 { name } else { format!("{name} {ordinal}") };
        self.log.lines.borrow_mut().push((self.clock.now() / MS, name));
        let answers = self.log.answers.borrow();
        let answer = self.log.answer.get();
        let answer = answers.iter().chain(&answer).find(|(at, _)| Some(*at) == state);
        answer.map_or(Ret::Ok, |(_, ret)| *ret)
    }

    fn rx(&self, data: &[u8], _: Flags) -> Ret {
        self.log.rx.borrow_mut().extend_from_slice(data);
        if let Some(act) = &*self.log.at_rx.borrow() {
            act();
        }
        Ret::Ok
    }

    fn tx(&self, _: u32, window: &mut [u8]) -> Option<TxAnswer> {
        self.log.received_before_tx.set(self.log.rx.borrow().len());
        let data = std::mem::take(&mut *self.log.tx.borrow_mut());
        window[..data.len()].copy_from_slice(&data);
        let ret = if data.is_empty() { Ret::TxDontSend } else { Ret::Ok };
        let flags = if self.log.more.get() { Flags::empty() } else { Flags::SOM | Flags::EOM };
        Some(TxAnswer { ret, len: data.len(), flags })
    }
}

struct World {
    cx: Rc<Context>,
    clock: Rc<Virtual>,
    dir: tempdir::Dir,
}

mod tempdir {
    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU32, Ordering};

    /// A directory that goes with the test.
    pub struct Dir(pub PathBuf);

    static N: AtomicU32 = AtomicU32::new(0);

    impl Dir {
        pub fn new() -> Self {
            let n = N.fetch_add(1, Ordering::Relaxed);
            let dir = std::env::temp_dir().join(format!("ss-life-{}-{n}", std::process::id()));
            std::fs::create_dir(&dir).unwrap();
            Self(dir)
        }
    }

    impl Drop for Dir {
        fn drop(&mut self) {
            let _ = std::fs::remove_dir_all(&self.0);
        }
    }
}

impl World {
    /// `stream` is the inside of the stream type `s`; its socket is `sock` in the directory.
    fn new(retry: &str, stream: &str) -> Self {
        let dir = tempdir::Dir::new();
        let endpoint = format!("+{}", dir.0.join("sock").display());
        Self::at(dir, &endpoint, 0, retry, stream)
    }

    /// The same with a TCP listener in place of the unix socket.
    fn tcp(retry: &str, stream: &str) -> (Self, TcpListener) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        (Self::at(tempdir::Dir::new(), "127.0.0.1", port, retry, stream), listener)
    }

    fn at(dir: tempdir::Dir, endpoint: &str, port: u16, retry: &str, stream: &str) -> Self {
        let text = format!(
            r#"{{"retry":[{{"r":{{{retry}}}}}],
               "s":[{{"s":{{"endpoint":"{endpoint}","port":{port},"retry":"r",{stream}}}}}]}}"#
        );
        let outcome = policy::parse(text.as_bytes());
        assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
        let clock = Rc::new(Virtual::default());
        clock.advance(3600 * SEC);
        let policy = Rc::new(outcome.policy.unwrap());
        let options = ContextOptions::default();
        let host = Box::new(NoHost);
        let cx = Context::new(policy, Box::new(Rc::clone(&clock)), host, options).unwrap();
        Self { cx: Rc::new(cx), clock, dir }
    }

    fn listen(&self) -> UnixListener {
        UnixListener::bind(self.dir.0.join("sock")).unwrap()
    }

    fn make(&self) -> (StreamKey, Rc<Log>) {
        let log = Rc::new(Log::default());
        let key = self.make_with(&log).unwrap();
        (key, log)
    }

    fn make_with(&self, log: &Rc<Log>) -> Result<StreamKey, CreateError> {
        let kind = Rc::clone(self.cx.policy().stream_type("s").unwrap());
        let program = Program { log: Rc::clone(log), clock: Rc::clone(&self.clock) };
        let key = self.cx.make(NewStream { kind, handler: Rc::new(program), peer_credit: None })?;
        self.cx.start(key).map(|()| key)
    }

    /// Lets `ms` pass in steps of 1 ms, serving the loop without waiting.
    fn pass(&self, ms: u64) {
        for _ in 0..ms {
            self.clock.advance(MS);
            self.cx.turn(Some(0)).unwrap();
        }
    }

    /// Serves until `done`, in real time but with the clock standing.
    fn until(&self, done: impl Fn() -> bool) {
        let limit = std::time::Instant::now() + std::time::Duration::from_secs(10);
        while !done() {
            assert!(std::time::Instant::now() < limit, "never happened");
            self.cx.turn(Some(SEC / 100)).unwrap();
        }
    }
}

impl Log {
    /// The states said so far, without times.
    fn states(&self) -> Vec<String> {
        self.lines.borrow().iter().map(|l| l.1.clone()).collect()
    }

    /// When a state was said, in ms since the first of them.
    fn times(&self, state: &str) -> Vec<u64> {
        let lines = self.lines.borrow();
        lines.iter().filter(|l| l.1 == state).map(|l| l.0 - lines[0].0).collect()
    }

    fn clear(&self) {
        self.lines.borrow_mut().clear();
    }
}

const RAW: &str = r#""protocol":"raw","opportunistic":true"#;

#[test]
fn the_whole_backoff_table_is_used_and_its_last_entry_repeats() {
    let w = World::new(r#""backoff":[1000,3000,10000],"conceal":5"#, RAW);
    let (s, log) = w.make();
    assert_eq!(w.cx.client_connect(s), Ret::TxDontSend);
    w.pass(60_000);
    let attempts = log.times("CONNECTING");
    let waits: Vec<u64> = attempts.windows(2).map(|p| p[1] - p[0]).collect();
    assert_eq!(waits, [1000, 3000, 10_000, 10_000, 10_000]);
    assert_eq!(log.times("UNREACHABLE"), attempts);
    assert_eq!(log.states().last().unwrap(), "ALL_RETRIES_FAILED");
    assert_eq!(log.times("ALL_RETRIES_FAILED"), [34_000]);
}

#[test]
fn an_answer_leaves_nothing_to_do_for_the_next_turn() {
    let w = World::new(r#""backoff":[1000]"#, RAW);
    let listener = w.listen();
    let (s, log) = w.make();
    let _ = w.cx.client_connect(s);
    let (mut peer, _) = listener.accept().unwrap();
    w.until(|| log.states().last().is_some_and(|s| s == "CONNECTED"));
    w.cx.turn(Some(0)).unwrap();
    let cx = Rc::downgrade(&w.cx);
    let answer = move || assert_eq!(cx.upgrade().unwrap().request_tx(s), Ret::Ok);
    *log.at_rx.borrow_mut() = Some(Box::new(answer));
    for n in 1..=3 {
        *log.tx.borrow_mut() = b"answer".to_vec();
        peer.write_all(b"ask").unwrap();
        w.until(|| log.rx.borrow().len() == 3 * n);
        let mut got = [0; 6];
        peer.read_exact(&mut got).unwrap();
        assert_eq!(&got, b"answer");
        assert_ne!(w.cx.time_to_work(), Some(0), "the loop can't sleep");
    }
}

#[test]
fn jitter_lengthens_each_wait_by_at_most_its_percentage() {
    let w = World::new(r#""backoff":[1000],"conceal":40,"jitterpc":20"#, RAW);
    let (s, log) = w.make();
    let _ = w.cx.client_connect(s);
    w.pass(60_000);
    let waits: Vec<u64> = log.times("CONNECTING").windows(2).map(|p| p[1] - p[0]).collect();
    assert_eq!(waits.len(), 40);
    assert!(waits.iter().all(|w| (1000..=1200).contains(w)), "{waits:?}");
    assert!(waits.iter().any(|w| *w != waits[0]), "no jitter: {waits:?}");
}

#[test]
fn conceal_65535_never_gives_up() {
    let w = World::new(r#""backoff":[10],"conceal":65535"#, RAW);
    let (s, log) = w.make();
    let _ = w.cx.client_connect(s);
    w.pass(5_000);
    assert!(log.times("UNREACHABLE").len() > 400);
    assert!(log.times("ALL_RETRIES_FAILED").is_empty());
}

#[test]
fn client_connect_during_backoff_acts_at_once_with_a_new_budget() {
    let w = World::new(r#""backoff":[1000],"conceal":1"#, RAW);
    let (s, log) = w.make();
    let _ = w.cx.client_connect(s);
    w.pass(500);
    assert_eq!(w.cx.request_tx(s), Ret::Ok);
    assert_eq!(log.times("CONNECTING"), [0], "request_tx during a backoff does nothing");
    let _ = w.cx.client_connect(s);
    w.pass(5_000);
    assert_eq!(log.times("CONNECTING"), [0, 500, 1500]);
    assert_eq!(log.times("ALL_RETRIES_FAILED"), [1500]);
}

#[test]
fn after_the_last_retry_request_tx_has_one_attempt_and_client_connect_all() {
    let w = World::new(r#""backoff":[100],"conceal":2"#, RAW);
    let (s, log) = w.make();
    let _ = w.cx.client_connect(s);
    w.pass(1_000);
    assert_eq!(log.times("UNREACHABLE").len(), 3);
    log.clear();
    assert_eq!(w.cx.request_tx(s), Ret::Ok);
    w.pass(1_000);
    assert_eq!(log.states(), ["POLL", "CONNECTING", "UNREACHABLE", "ALL_RETRIES_FAILED"]);
    log.clear();
    let _ = w.cx.client_connect(s);
    w.pass(1_000);
    assert_eq!(log.times("UNREACHABLE").len(), 3);
}

#[test]
fn a_connection_restores_the_budget() {
    let w = World::new(r#""backoff":[100],"conceal":1"#, RAW);
    let (s, log) = w.make();
    let _ = w.cx.client_connect(s);
    w.pass(50);
    let listener = w.listen();
    w.pass(60);
    assert_eq!(log.states().last().unwrap(), "CONNECTED");
    drop(listener.accept().unwrap());
    drop(listener);
    std::fs::remove_file(w.dir.0.join("sock")).unwrap();
    w.until(|| log.states().last().unwrap() == "DISCONNECTED");
    log.clear();
    assert_eq!(w.cx.request_tx(s), Ret::Ok);
    w.pass(1_000);
    assert_eq!(log.times("UNREACHABLE").len(), 2);
}

#[test]
fn nailed_up_connects_at_once_and_again_after_each_drop() {
    let w = World::new(r#""backoff":[100],"conceal":5"#, r#""protocol":"raw","nailed_up":true"#);
    let listener = w.listen();
    let (_, log) = w.make();
    assert_eq!(log.states(), ["CREATING", "CONNECTING", "CONNECTED"]);
    drop(listener.accept().unwrap());
    w.until(|| log.states().last().unwrap() == "DISCONNECTED");
    log.clear();
    w.pass(150);
    assert_eq!(log.states(), ["POLL", "CONNECTING", "CONNECTED"]);
}

#[test]
fn opportunistic_stays_down_after_a_drop() {
    let w = World::new(r#""backoff":[100],"conceal":5"#, RAW);
    let listener = w.listen();
    let (s, log) = w.make();
    assert_eq!(w.cx.client_connect(s), Ret::Ok);
    drop(listener.accept().unwrap());
    w.until(|| log.states().last().unwrap() == "DISCONNECTED");
    w.pass(1_000);
    assert_eq!(log.states(), ["CREATING", "CONNECTING", "CONNECTED", "DISCONNECTED"]);
}

#[test]
fn a_nailed_up_link_that_is_not_wanted_in_connected_is_not_made_again() {
    let w = World::new(r#""backoff":[100],"conceal":5"#, r#""protocol":"raw","nailed_up":true"#);
    let _listener = w.listen();
    let log = Rc::new(Log::default());
    log.answer.set(Some((State::Connected, Ret::DisconnectMe)));
    w.make_with(&log).unwrap();
    w.pass(1_000);
    assert_eq!(log.states(), ["CREATING", "CONNECTING", "CONNECTED", "DISCONNECTED"]);
}

#[test]
fn a_nailed_up_link_that_the_program_ends_is_made_again() {
    let w = World::new(r#""backoff":[100],"conceal":5"#, r#""protocol":"raw","nailed_up":true"#);
    let _listener = w.listen();
    let (s, log) = w.make();
    w.until(|| log.states().last().is_some_and(|s| s == "CONNECTED"));
    log.answer.set(Some((State::Timeout, Ret::DisconnectMe)));
    w.cx.start_timeout(s, 10);
    w.pass(1_000);
    let after = &log.states()[3..];
    assert_eq!(after, ["TIMEOUT", "DISCONNECTED", "POLL", "CONNECTING", "CONNECTED"]);
}

#[test]
fn an_answer_to_poll_or_connecting_ends_the_attempt() {
    let w = World::new(r#""backoff":[100],"conceal":5"#, RAW);
    let _listener = w.listen();
    let (s, log) = w.make();
    log.answer.set(Some((State::Poll, Ret::DisconnectMe)));
    assert_eq!(w.cx.request_tx(s), Ret::DisconnectMe);
    log.answer.set(Some((State::Connecting, Ret::DisconnectMe)));
    assert_eq!(w.cx.client_connect(s), Ret::DisconnectMe);
    w.pass(1_000);
    assert_eq!(log.states(), ["CREATING", "POLL", "CONNECTING"], "nothing goes on by itself");
    // who asked to send is connected later
    assert_eq!(w.cx.request_tx(s), Ret::Ok);
    log.answer.set(None);
    w.pass(1_000);
    let after = &log.states()[3..];
    assert_eq!(after, ["POLL", "CONNECTING", "POLL", "CONNECTING", "CONNECTED"]);
}

#[test]
fn a_link_in_the_making_that_takes_too_long_is_a_failed_attempt() {
    let get = r#""protocol":"h1","http_method":"GET","http_url":"/","opportunistic":true"#;
    let (w, listener) = World::tcp(r#""backoff":[100],"conceal":0"#, get);
    let (s, log) = w.make();
    let _ = w.cx.request_tx(s);
    let _peer = accept_soon(&w, &listener);
    log.answer.set(Some((State::Timeout, Ret::DisconnectMe)));
    w.cx.start_timeout(s, 50);
    w.pass(1_000);
    let after = &log.states()[3..];
    assert_eq!(after, ["TIMEOUT", "UNREACHABLE", "ALL_RETRIES_FAILED"]);
}

#[test]
fn timeouts_of_program_and_policy() {
    let stream = r#""protocol":"raw","opportunistic":true,"timeout_ms":700"#;
    let w = World::new(r#""backoff":[100]"#, stream);
    let (s, log) = w.make();
    w.cx.start_timeout(s, 300);
    w.pass(299);
    assert!(log.times("TIMEOUT").is_empty());
    w.cx.start_timeout(s, 300);
    w.pass(299);
    assert!(log.times("TIMEOUT").is_empty(), "started anew");
    w.pass(1);
    assert_eq!(log.times("TIMEOUT"), [599]);
    w.cx.start_timeout(s, 0);
    w.pass(2_000);
    assert_eq!(log.times("TIMEOUT"), [599, 1299], "the policy's, once");
    w.cx.start_timeout(s, 100);
    w.cx.cancel_timeout(s);
    w.pass(1_000);
    assert_eq!(log.times("TIMEOUT").len(), 2);
}

#[test]
fn the_end_of_the_link_stops_the_timeout() {
    let w = World::new(r#""backoff":[100]"#, RAW);
    let listener = w.listen();
    let (s, log) = w.make();
    let _ = w.cx.client_connect(s);
    w.cx.start_timeout(s, 500);
    drop(listener.accept().unwrap());
    w.until(|| log.states().last().unwrap() == "DISCONNECTED");
    w.pass(1_000);
    assert!(log.times("TIMEOUT").is_empty());
}

#[test]
fn silence_is_hung_up_on() {
    let w = World::new(r#""backoff":[100],"conceal":1,"svalidhup":5"#, RAW);
    let listener = w.listen();
    let (s, log) = w.make();
    let _ = w.cx.client_connect(s);
    let (mut peer, _) = listener.accept().unwrap();
    w.pass(4_000);
    peer.write_all(b"alive").unwrap();
    w.until(|| log.rx.borrow().len() == 5);
    w.pass(4_900);
    assert!(log.times("DISCONNECTED").is_empty(), "5 s count from the last sign of life");
    w.pass(200);
    assert_eq!(log.times("DISCONNECTED").len(), 1);
    assert_eq!(peer.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn the_programs_word_counts_as_a_sign_of_life() {
    let w = World::new(r#""backoff":[100],"conceal":1,"svalidhup":5"#, RAW);
    let listener = w.listen();
    let (s, log) = w.make();
    let _ = w.cx.client_connect(s);
    let _peer = listener.accept().unwrap();
    for _ in 0..4 {
        w.pass(4_000);
        w.cx.validity_confirmed(s);
    }
    assert!(log.times("DISCONNECTED").is_empty());
    w.pass(5_100);
    assert_eq!(log.times("DISCONNECTED").len(), 1);
}

const GET: &str = r#""protocol":"h1","opportunistic":true,"http_method":"GET","http_url":"/x""#;

/// Reads a request's head, which it returns, and answers it.
fn answer(peer: &mut (impl Read + Write), text: &str) -> String {
    let head = request(peer);
    peer.write_all(text.as_bytes()).unwrap();
    head
}

/// Reads a request's head.
fn request(peer: &mut impl Read) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        assert_eq!(peer.read(&mut byte).unwrap(), 1, "closed inside the request");
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap()
}

/// A value in the memory of the callback that connects: gone once CONNECTING is said.
struct Fleeting(Rc<Log>);

impl AsRef<[u8]> for Fleeting {
    fn as_ref(&self) -> &[u8] {
        if self.0.times("CONNECTING").is_empty() { b"here" } else { b"\xffgone" }
    }
}

#[test]
fn the_path_takes_metadata_as_it_is_when_connecting_begins() {
    let stream = r#""protocol":"h1","opportunistic":true,"http_method":"GET",
                    "http_url":"x?who=${who}&not=${set}","metadata":[{"who":""},{"set":""}]"#;
    let w = World::new(r#""backoff":[1000],"conceal":0"#, stream);
    let listener = w.listen();
    let (s, log) = w.make();
    w.cx.set_metadata(s, "who", Box::new(Fleeting(Rc::clone(&log)))).unwrap();
    assert_eq!(w.cx.request_tx(s), Ret::Ok);
    assert!(w.cx.tag(s).unwrap().ends_with("|s|/x?who=here&not=]"), "{:?}", w.cx.tag(s));
    w.pass(1);
    let (mut peer, _) = listener.accept().unwrap();
    let head = answer(&mut peer, "HTTP/1.1 200 x\r\ncontent-length: 0\r\n\r\n");
    assert!(head.starts_with("GET /x?who=here&not= HTTP/1.1\r\n"), "{head}");
    w.until(|| log.times("DISCONNECTED").len() == 1);
}

#[test]
fn tags_count_streams_in_hex() {
    let w = World::new(r#""backoff":[1000]"#, RAW);
    let tags: Vec<_> = (0..12).map(|_| w.cx.tag(w.make().0).unwrap()).collect();
    assert_eq!(*tags[0], *format!("[{}|wsiSScli|0|s]", std::process::id()));
    assert!(tags[11].ends_with("|wsiSScli|b|s]"), "{}", tags[11]);
}

#[test]
fn retry_after_lengthens_the_wait() {
    let w = World::new(r#""backoff":[1000],"conceal":3"#, GET);
    let listener = w.listen();
    let (s, log) = w.make();
    let _ = w.cx.client_connect(s);
    w.pass(1);
    let (mut peer, _) = listener.accept().unwrap();
    answer(&mut peer, "HTTP/1.1 503 x\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n");
    w.until(|| log.times("UNREACHABLE").len() == 1);
    let at = log.times("UNREACHABLE")[0];
    w.pass(8_000);
    assert_eq!(log.times("CONNECTING"), [0, at + 7_000]);
}

#[test]
fn a_server_that_never_answers_fails_the_attempt() {
    let w = World::new(r#""backoff":[1000],"conceal":0"#, GET);
    let listener = w.listen();
    let (s, log) = w.make();
    let _ = w.cx.client_connect(s);
    let _peer = listener.accept().unwrap();
    w.pass(19_900);
    assert!(log.times("UNREACHABLE").is_empty());
    w.pass(200);
    assert_eq!(log.states(), ["CREATING", "CONNECTING", "UNREACHABLE", "ALL_RETRIES_FAILED"]);
}

#[test]
fn an_idle_connection_is_used_again_and_closed_after_its_time() {
    let w = World::new(r#""backoff":[1000],"conceal":0"#, GET);
    let listener = w.listen();
    let (s, log) = w.make();
    let _ = w.cx.client_connect(s);
    w.pass(1);
    let (mut peer, _) = listener.accept().unwrap();
    for n in 1..=3 {
        answer(&mut peer, "HTTP/1.1 200 x\r\ncontent-length: 2\r\n\r\nok");
        w.until(|| log.times("DISCONNECTED").len() == n);
        if n < 3 {
            let _ = w.cx.client_connect(s);
            w.pass(1);
        }
    }
    assert_eq!(log.times("QOS_ACK_REMOTE").len(), 3);
    w.pass(4_900);
    peer.set_nonblocking(true).unwrap();
    assert!(peer.read(&mut [0; 1]).is_err(), "closed too early");
    w.pass(200);
    assert_eq!(peer.read(&mut [0; 1]).unwrap(), 0);
}

#[test]
fn a_length_announced_after_client_connect_counts_on_an_idle_connection_too() {
    let post = r#""protocol":"h1","opportunistic":true,"http_method":"POST","http_url":"/x""#;
    let w = World::new(r#""backoff":[1000],"conceal":0"#, post);
    let listener = w.listen();
    let (s, log) = w.make();
    let mut peer = None;
    for n in 1..=2 {
        log.tx.borrow_mut().extend_from_slice(b"hello");
        assert_eq!(w.cx.client_connect(s), Ret::Ok);
        assert_eq!(w.cx.request_tx_len(s, 5), Ret::Ok);
        w.pass(3);
        let peer: &mut UnixStream = peer.get_or_insert_with(|| listener.accept().unwrap().0);
        let head = answer(peer, "");
        assert!(head.to_ascii_lowercase().contains("\r\ncontent-length: 5\r\n"), "{n}: {head}");
        let mut body = [0; 5];
        peer.read_exact(&mut body).unwrap();
        assert_eq!(&body, b"hello");
        peer.write_all(b"HTTP/1.1 200 x\r\ncontent-length: 0\r\n\r\n").unwrap();
        w.until(|| log.times("DISCONNECTED").len() == n);
    }
    assert_eq!(log.times("QOS_ACK_REMOTE").len(), 2);
}

#[test]
fn a_stale_idle_connection_is_replaced_without_a_word() {
    let w = World::new(r#""backoff":[1000],"conceal":0"#, GET);
    let listener = w.listen();
    let (s, log) = w.make();
    let _ = w.cx.client_connect(s);
    w.pass(1);
    let (mut peer, _) = listener.accept().unwrap();
    answer(&mut peer, "HTTP/1.1 200 x\r\ncontent-length: 2\r\n\r\nok");
    w.until(|| log.times("DISCONNECTED").len() == 1);
    log.clear();
    // the server closes, and the program asks before the loop has seen it
    drop(peer);
    let _ = w.cx.client_connect(s);
    let listener = listener;
    w.pass(2);
    let (mut peer, _) = listener.accept().unwrap();
    answer(&mut peer, "HTTP/1.1 200 x\r\ncontent-length: 2\r\n\r\nok");
    w.until(|| log.times("DISCONNECTED").len() == 1);
    assert_eq!(log.states(), ["CONNECTING", "CONNECTED", "QOS_ACK_REMOTE", "DISCONNECTED"]);
}

#[test]
fn destroy_me_in_creating_leaves_nothing() {
    let w = World::new(r#""backoff":[1000]"#, RAW);
    let log = Rc::new(Log::default());
    log.answer.set(Some((State::Creating, Ret::DestroyMe)));
    assert_eq!(w.make_with(&log), Err(CreateError::Refused));
    assert_eq!(log.states(), ["CREATING", "DESTROYING"]);
    assert!(w.cx.streams().is_empty());
}

#[test]
fn destroy_me_in_connecting_is_passed_to_the_caller() {
    let w = World::new(r#""backoff":[1000]"#, RAW);
    let (s, log) = w.make();
    log.answer.set(Some((State::Connecting, Ret::DestroyMe)));
    assert_eq!(w.cx.request_tx(s), Ret::DestroyMe);
    assert!(w.cx.exists(s), "the caller destroys it");
    w.cx.destroy(s);
    assert!(!w.cx.exists(s));
}

#[test]
fn ending_the_context_tells_the_newest_first() {
    let w = World::new(r#""backoff":[1000]"#, RAW);
    let _listener = w.listen();
    let (a, log_a) = w.make();
    let (_, log_b) = w.make();
    let _ = w.cx.client_connect(a);
    w.pass(5);
    w.clock.advance(MS);
    w.cx.end();
    assert_eq!(log_b.states(), ["CREATING", "DESTROYING"]);
    let states = log_a.states();
    assert_eq!(states[states.len() - 2..], ["DISCONNECTED", "DESTROYING"]);
    assert!(matches!(w.make_with(&log_a), Err(CreateError::Ending)));
}

#[test]
fn a_peer_that_talks_and_closes_before_the_loop_looks_is_heard_out() {
    let (w, listener) = World::tcp(r#""backoff":[1000]"#, RAW);
    let (s, log) = w.make();
    let _ = w.cx.client_connect(s);
    let (mut peer, _) = listener.accept().unwrap();
    peer.write_all(b"bye").unwrap();
    drop(peer);
    w.until(|| log.times("DISCONNECTED").len() == 1);
    assert_eq!(*log.rx.borrow(), b"bye");
}

/// The next connection, which is never waited for without end.
fn accept_soon(w: &World, listener: &TcpListener) -> TcpStream {
    listener.set_nonblocking(true).unwrap();
    let peer = RefCell::new(None);
    w.until(|| {
        *peer.borrow_mut() = listener.accept().ok();
        peer.borrow().is_some()
    });
    let (peer, _) = peer.take().unwrap();
    peer.set_nonblocking(false).unwrap();
    peer
}

const POST: &str = r#""protocol":"h1","opportunistic":true,"http_method":"POST","http_url":"/x""#;

#[test]
fn a_body_is_not_wasted_on_a_stale_idle_connection() {
    let (w, listener) = World::tcp(r#""backoff":[1000],"conceal":0"#, POST);
    let (s, log) = w.make();
    for n in 1..=2 {
        log.tx.borrow_mut().extend_from_slice(b"body");
        let _ = w.cx.request_tx_len(s, 4);
        w.pass(2);
        let mut peer = accept_soon(&w, &listener);
        w.pass(2);
        let _ = request(&mut peer);
        let mut body = [0; 4];
        peer.read_exact(&mut body).unwrap();
        peer.write_all(b"HTTP/1.1 200 x\r\ncontent-length: 0\r\n\r\n").unwrap();
        w.until(|| log.times("DISCONNECTED").len() == n);
        // closed while idle, and used again before the loop has seen it
    }
    assert!(log.times("UNREACHABLE").is_empty());
}

#[test]
fn a_slow_upload_is_no_silent_server() {
    let w = World::new(r#""backoff":[1000],"conceal":0"#, POST);
    let listener = w.listen();
    let (s, log) = w.make();
    log.more.set(true);
    let _ = w.cx.request_tx_len(s, 60);
    w.pass(1);
    let (mut peer, _) = listener.accept().unwrap();
    for _ in 0..60 {
        log.tx.borrow_mut().push(b'x');
        let _ = w.cx.request_tx(s);
        w.pass(1_000);
    }
    assert!(log.times("UNREACHABLE").is_empty(), "{:?}", log.states());
    answer(&mut peer, "HTTP/1.1 200 x\r\ncontent-length: 0\r\n\r\n");
    w.until(|| log.times("QOS_ACK_REMOTE").len() == 1);
}

#[test]
fn a_length_announced_after_a_redirect_counts() {
    let redirecting = format!(r#"{POST},"allow_redirects":true"#);
    let w = World::new(r#""backoff":[1000]"#, &redirecting);
    let listener = w.listen();
    let (s, log) = w.make();
    let _ = w.cx.client_connect(s);
    w.pass(1);
    let (mut peer, _) = listener.accept().unwrap();
    answer(&mut peer, "HTTP/1.1 302 x\r\nlocation: /y\r\ncontent-length: 0\r\n\r\n");
    w.pass(2);
    let (mut peer, _) = listener.accept().unwrap();
    answer(&mut peer, "HTTP/1.1 200 x\r\ncontent-length: 0\r\n\r\n");
    w.until(|| log.times("QOS_ACK_REMOTE").len() == 1);
    let _ = w.cx.request_tx_len(s, 4);
    w.pass(2);
    let head = request(&mut peer);
    assert!(head.contains("Content-Length: 4"), "{head}");
}

#[test]
fn credentials_set_by_name_stay_behind_when_redirected_elsewhere() {
    let redirecting = format!(r#"{GET},"allow_redirects":true,"direct_proto_str":true"#);
    let (w, listener) = World::tcp(r#""backoff":[1000]"#, &redirecting);
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let (s, _log) = w.make();
    for name in ["authorization:", "Cookie:", "x-mine:"] {
        let value = Box::new(securestreams::stream::metadata::Owned::new(b"v"));
        w.cx.set_metadata(s, name, value).unwrap();
    }
    let _ = w.cx.client_connect(s);
    w.pass(2);
    let (mut peer, _) = listener.accept().unwrap();
    w.pass(2);
    let first = request(&mut peer).to_lowercase();
    assert!(first.contains("authorization: v") && first.contains("cookie: v"), "{first}");
    let location = format!("http://{}/y", other.local_addr().unwrap());
    peer.write_all(format!("HTTP/1.1 302 x\r\nlocation: {location}\r\n\r\n").as_bytes()).unwrap();
    w.pass(5);
    let (mut peer, _) = other.accept().unwrap();
    w.pass(5);
    let second = request(&mut peer).to_lowercase();
    assert!(second.contains("x-mine: v"), "{second}");
    assert!(!second.contains("authorization") && !second.contains("cookie"), "{second}");
}

thread_local! {
    static INTERNAL_ERRORS: Cell<u32> = const { Cell::new(0) };
    static FIRST_INTERNAL_ERROR: RefCell<String> = const { RefCell::new(String::new()) };
}

fn count_internal_errors(record: &securestreams::util::log::Record) {
    let text = record.message.to_string();
    if text.contains("internal error") && INTERNAL_ERRORS.replace(INTERNAL_ERRORS.get() + 1) == 0 {
        FIRST_INTERNAL_ERROR.set(text);
    }
}

#[test]
fn disconnect_me_with_no_link_changes_nothing() {
    securestreams::util::log::set_sink(count_internal_errors);
    let w = World::new(r#""backoff":[1000],"conceal":1"#, RAW);
    let (s, log) = w.make();
    log.answer.set(Some((State::Timeout, Ret::DisconnectMe)));
    w.cx.start_timeout(s, 5);
    w.pass(10);
    let _ = w.cx.client_connect(s);
    w.cx.start_timeout(s, 5);
    w.pass(10);
    assert_eq!(log.times("TIMEOUT").len(), 2);
    w.pass(1_100);
    assert_eq!(log.times("ALL_RETRIES_FAILED").len(), 1, "the backoff goes on");
    assert_eq!(INTERNAL_ERRORS.get(), 0);
}

#[test]
fn the_log_has_what_a_panic_in_the_turn_of_a_connection_says() {
    securestreams::util::log::set_sink(count_internal_errors);
    let w = World::new(r#""backoff":[1000]"#, RAW);
    let listener = w.listen();
    let (s, log) = w.make();
    let _ = w.cx.client_connect(s);
    let (mut peer, _) = listener.accept().unwrap();
    *log.at_rx.borrow_mut() = Some(Box::new(|| panic!("of number {}", 7)));
    peer.write_all(b"anything").unwrap();
    w.until(|| INTERNAL_ERRORS.get() > 0);
    let told = FIRST_INTERNAL_ERROR.take();
    assert!(told.contains("of one connection") && told.ends_with("of number 7"), "{told}");
}

#[test]
fn destroy_me_in_all_retries_failed_is_passed_to_the_call_that_it_ends() {
    let w = World::new(r#""backoff":[1000],"conceal":0"#, RAW);
    let (s, log) = w.make();
    log.answers.borrow_mut().extend([
        (State::Connecting, Ret::DisconnectMe),
        (State::AllRetriesFailed, Ret::DestroyMe),
    ]);
    assert_eq!(w.cx.request_tx(s), Ret::DestroyMe);
    log.answers.borrow_mut().clear();
    let _listener = w.listen();
    assert_eq!(w.cx.client_connect(s), Ret::Ok, "an old wish is not repeated");
}

#[test]
fn the_end_of_a_stream_costs_the_same_however_many_others_there_are() {
    const ENDS: usize = 500;
    let cost = |others: usize| {
        let w = World::new(r#""backoff":[1000]"#, RAW);
        let streams: Vec<StreamKey> = (0..others + ENDS).map(|_| w.make().0).collect();
        let ends = &streams[others..];
        let start = std::time::Instant::now();
        ends.iter().for_each(|key| w.cx.destroy(*key));
        let took = start.elapsed();
        assert!(ends.iter().all(|key| !w.cx.exists(*key)));
        took
    };
    // the machine may be busy elsewhere in some of them
    let best = |others: usize| (0..5).map(|_| cost(others)).min().unwrap();
    let (few, many) = (best(100), best(20_000));
    assert!(many < few * 5, "{many:?} with many others, {few:?} with few");
}

/// How much of a waiting message a ws stream has received when it is asked for one of its own.
fn received_before_tx(more: &str) -> usize {
    let ws = format!(r#""protocol":"ws","http_url":"/"{more}"#);
    let (w, listener) = World::tcp(r#""backoff":[1000],"conceal":1"#, &ws);
    let (s, log) = w.make();
    let _ = w.cx.client_connect(s);
    let peer = accept_soon(&w, &listener);
    peer.set_nonblocking(false).unwrap();
    let peer = std::thread::spawn(move || tungstenite::accept(peer).unwrap());
    w.until(|| log.states().contains(&"CONNECTED".to_owned()));
    let mut peer = peer.join().unwrap();
    // what a stream is asked for unasked is over
    w.pass(2);
    peer.send(tungstenite::Message::binary("hello".as_bytes().to_vec())).unwrap();
    log.tx.borrow_mut().extend_from_slice(b"mine");
    let _ = w.cx.request_tx(s);
    w.until(|| log.tx.borrow().is_empty() && !log.rx.borrow().is_empty());
    log.received_before_tx.get()
}

#[test]
fn ws_prioritize_reads_decides_who_comes_first() {
    assert_eq!(received_before_tx(r#","ws_prioritize_reads":true"#), "hello".len());
    assert_eq!(received_before_tx(""), 0);
}

/// The socket of this process that is connected to `peer`.
fn socket_to(peer: &TcpStream) -> socket2::Socket {
    let ours = peer.peer_addr().unwrap();
    let fds = std::fs::read_dir("/proc/self/fd").unwrap();
    let numbers = fds.filter_map(|e| e.ok()?.file_name().to_str()?.parse().ok());
    for fd in numbers {
        // SAFETY: only asked for a copy, which fails if it is closed meanwhile.
        let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
        let Ok(copy) = fd.try_clone_to_owned() else { continue };
        let socket = socket2::Socket::from(copy);
        if socket.local_addr().ok().and_then(|a| a.as_socket()) == Some(ours) {
            return socket;
        }
    }
    panic!("no socket with the address {ours}")
}

#[test]
fn attributes_reach_the_socket() {
    for (keys, tos, priority) in [
        (r#""attr_low_latency":true"#, 0x10, None),
        // Linux keeps the bit of low cost for itself, it means congestion there
        (r#""attr_high_throughput":true,"attr_low_cost":true"#, 0x08, None),
        (r#""attr_high_reliability":true,"attr_priority":5"#, 0x04, Some(5)),
        (r#""tls":false"#, 0, None),
    ] {
        let (w, listener) = World::tcp(r#""backoff":[1000]"#, &format!("{RAW},{keys}"));
        let (s, log) = w.make();
        let _ = w.cx.client_connect(s);
        let peer = accept_soon(&w, &listener);
        w.until(|| log.times("CONNECTED").len() == 1);
        let socket = socket_to(&peer);
        assert_eq!(socket.tos_v4().unwrap(), tos, "{keys}");
        if let Some(priority) = priority {
            assert_eq!(socket.priority().unwrap(), priority, "{keys}");
        }
    }
}
