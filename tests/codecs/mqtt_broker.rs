//! Against a real broker: mosquitto on a free loopback port, over a plain socket.

use super::mqtt_peer::{CONNECT, Ev, publishing, subscribing};
use securestreams::proto::mqtt::{Connect, Message, Mqtt, Open, Publish, Qos, Session};
use securestreams::proto::{Codec, NextMessage, ProtoError, ProtoErrorKind, Tid};
use securestreams::util::TxBuf;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// How long the broker may take for anything.
const LIMIT: Duration = Duration::from_secs(20);
const START_TRIES: usize = 5;

/// A running mosquitto, ended by its pid.
struct Broker {
    child: Child,
    port: u16,
    dir: PathBuf,
}

impl Broker {
    fn start() -> Broker {
        Self::start_with("allow_anonymous true\n")
    }

    fn start_with(config: &str) -> Broker {
        let dir = scratch();
        for _ in 0..START_TRIES {
            let port = free_port();
            if let Some(child) = spawn(&dir, port, config) {
                return Broker { child, port, dir };
            }
        }
        panic!("mosquitto does not start, tried {START_TRIES} ports");
    }

    /// Ends it as a crash would.
    fn kill(&mut self) {
        self.child.kill().expect("kill mosquitto");
        self.child.wait().expect("wait for mosquitto");
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.kill();
        }
        let _ = std::fs::remove_dir_all(&self.dir);
    }
}

fn scratch() -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    let dir = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .join(format!("mosquitto-{}-{n}", std::process::id()));
    std::fs::create_dir_all(&dir).expect("a scratch folder");
    dir
}

fn free_port() -> u16 {
    let probe = TcpListener::bind("127.0.0.1:0").expect("a free port");
    probe.local_addr().expect("its address").port()
}

/// `None`: it did not get the port.
fn spawn(dir: &Path, port: u16, config: &str) -> Option<Child> {
    let path = dir.join("mosquitto.conf");
    let text = format!(
        "user root\nlistener {port} 127.0.0.1\npersistence false\nlog_dest stderr\nlog_type all\n{config}"
    );
    std::fs::write(&path, text).expect("mosquitto.conf");
    // where packages put it is not in every user's PATH
    let program = ["/usr/sbin/mosquitto", "/usr/local/sbin/mosquitto"]
        .into_iter()
        .find(|p| Path::new(p).exists())
        .unwrap_or("mosquitto");
    let mut child = Command::new(program)
        .arg("-c")
        .arg(&path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|e| panic!("{program} (package mosquitto) is needed: {e}"));
    let mut log = BufReader::new(child.stderr.take().expect("its log"));
    let mut line = String::new();
    while log.read_line(&mut line).is_ok_and(|n| n > 0) {
        if line.contains("running") {
            // whatever else it says must not block it
            std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
            return Some(child);
        }
        line.clear();
    }
    let _ = child.wait();
    None
}

/// A codec on a socket.
struct Client {
    socket: TcpStream,
    codec: Mqtt,
    out: TxBuf,
    events: VecDeque<Ev>,
    begun: Instant,
}

impl Client {
    fn connect(broker: &Broker, connect: &Connect<'_>, session: Option<Session>) -> Client {
        let socket = TcpStream::connect(("127.0.0.1", broker.port)).expect("a connection");
        socket.set_read_timeout(Some(LIMIT)).expect("a time limit");
        socket.set_nodelay(true).expect("no delay");
        let codec = Mqtt::new(connect, session).expect("a legal CONNECT");
        let (out, events, begun) = (TxBuf::new(), VecDeque::new(), Instant::now());
        Client { socket, codec, out, events, begun }
    }

    /// A connection with one stream that is ready.
    fn ready(broker: &Broker, connect: &Connect<'_>, open: &Open<'_>) -> (Client, Tid) {
        let mut client = Client::connect(broker, connect, None);
        let tid = client.join(open);
        (client, tid)
    }

    fn join(&mut self, open: &Open<'_>) -> Tid {
        let tid = self.codec.start_topics(open, &mut self.out).expect("a legal stream");
        assert_eq!(self.next(), Ev::Ready(tid));
        tid
    }

    fn flush(&mut self) {
        self.socket.write_all(self.out.pending()).expect("the broker takes it");
        self.out.consume(self.out.pending().len());
    }

    fn take(&mut self, mut input: &[u8]) -> Result<(), ProtoError> {
        let now = self.begun.elapsed().as_micros() as u64;
        while let Some(event) = self.codec.receive(&mut input, &mut self.out, now)? {
            self.events.push_back(Ev::of(&event));
        }
        self.flush();
        Ok(())
    }

    /// Reads until there is an event.
    fn try_next(&mut self) -> Result<Ev, ProtoError> {
        let mut buffer = [0; 16 * 1024];
        self.take(&[])?;
        loop {
            if let Some(event) = self.events.pop_front() {
                return Ok(event);
            }
            match self.socket.read(&mut buffer).expect("the broker says something in time") {
                0 => return self.codec.receive_eof().map(|_| panic!("closed without a reason")),
                n => self.take(&buffer[..n])?,
            }
        }
    }

    fn next(&mut self) -> Ev {
        self.try_next().unwrap_or_else(|e| panic!("{e}"))
    }

    /// The next whole message, and on which stream; nothing else may come between.
    fn message(&mut self) -> (Tid, Vec<u8>) {
        let mut all = Vec::new();
        loop {
            let Ev::Data(tid, data, som, eom) = self.next() else { panic!("not a message") };
            assert_eq!(som, all.is_empty());
            all.extend(data);
            if eom {
                return (tid, all);
            }
        }
    }

    fn publish(&mut self, tid: Tid, payload: &[u8]) {
        let next = NextMessage { len: Some(payload.len() as u64), topic: None };
        self.codec.tx_message(tid, &next).expect("a legal message");
        let mut left = payload;
        let mut som = true;
        while som || !left.is_empty() {
            let window = self.codec.tx_window(tid).expect("a stream that publishes");
            let (piece, rest) = left.split_at(left.len().min(window.max).min(1400));
            let room = self.out.prepare(window.headroom, piece.len(), window.tailroom);
            room.copy_from_slice(piece);
            self.codec
                .tx_commit(tid, &mut self.out, piece.len(), som, rest.is_empty())
                .expect("a legal message");
            self.flush();
            (left, som) = (rest, false);
        }
    }

    /// The broker answers a ping: it has dealt with all that was sent before, and has nothing more to say.
    fn quiet(&mut self) {
        assert!(self.codec.ping(&mut self.out));
        assert_eq!(self.next(), Ev::Alive);
    }
}

fn named(client_id: &str) -> Connect<'_> {
    Connect { client_id, ..CONNECT }
}

#[test]
fn every_quality_of_service_both_ways() {
    let broker = Broker::start();
    for qos in [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce] {
        let topic = format!("q/{}", qos as u8);
        let (mut rx, heard) = Client::ready(&broker, &named("rx"), &subscribing(&topic, qos));
        let (mut tx, said) = Client::ready(&broker, &named("tx"), &publishing(&topic, qos));
        for text in ["one", "", "three"] {
            tx.publish(said, text.as_bytes());
            assert_eq!(tx.next(), Ev::Acked(said));
            assert_eq!(rx.message(), (heard, text.into()));
        }
        tx.quiet();
        rx.quiet();
    }
}

#[test]
fn large_messages_stream_both_ways() {
    let broker = Broker::start();
    let payload: Vec<u8> =
        (0..256 * 1024u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for qos in [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce] {
        let both = Open {
            subscribe: Some(("big", qos)),
            publish: Some(Publish { topic: "big", qos, retain: false }),
            ..Open::default()
        };
        let (mut client, tid) = Client::ready(&broker, &named("big"), &both);
        client.publish(tid, &payload);
        // one's own message may overtake its acknowledgement
        let (mut acked, mut got) = (false, Vec::new());
        while !acked || got.len() < payload.len() {
            match client.next() {
                Ev::Acked(_) => acked = true,
                Ev::Data(_, data, som, eom) => {
                    assert_eq!(som, got.is_empty());
                    got.extend(data);
                    assert_eq!(eom, got.len() == payload.len());
                }
                other => panic!("{other:?}"),
            }
        }
        assert!(got == payload);
        client.quiet();
    }
}

#[test]
fn retained_messages_come_to_late_subscribers() {
    let broker = Broker::start();
    let publish = Publish { topic: "keep/me", qos: Qos::AtLeastOnce, retain: true };
    let open = Open { publish: Some(publish), ..Open::default() };
    let (mut tx, said) = Client::ready(&broker, &named("tx"), &open);
    tx.publish(said, b"kept");
    assert_eq!(tx.next(), Ev::Acked(said));
    let keep = subscribing("keep/#", Qos::AtLeastOnce);
    let (mut rx, heard) = Client::ready(&broker, &named("rx"), &keep);
    assert_eq!(rx.message(), (heard, b"kept".into()));
    // an empty one takes it away
    tx.publish(said, b"");
    assert_eq!(tx.next(), Ev::Acked(said));
    let (mut late, _) = Client::ready(&broker, &named("late"), &keep);
    late.quiet();
}

#[test]
fn streams_share_a_session_and_get_what_they_asked_for() {
    let broker = Broker::start();
    let (mut rx, all) = Client::ready(&broker, &named("rx"), &subscribing("s/#", Qos::AtMostOnce));
    let one = rx.join(&subscribing("s/+/x", Qos::ExactlyOnce));
    let own = rx.join(&publishing("s/own", Qos::AtLeastOnce));
    let (mut tx, said) =
        Client::ready(&broker, &named("tx"), &publishing("s/1/x", Qos::ExactlyOnce));
    tx.publish(said, b"both");
    assert_eq!(tx.next(), Ev::Acked(said));
    // however often the broker sends it for overlapping filters, each stream has it each time
    assert_eq!(rx.message(), (all, b"both".into()));
    assert_eq!(rx.message(), (one, b"both".into()));
    rx.quiet();
    rx.publish(own, b"mine");
    let mut events = [rx.next(), rx.next()];
    events.sort_by_key(|e| matches!(e, Ev::Acked(_)));
    assert_eq!(events, [Ev::Data(all, b"mine".into(), true, true), Ev::Acked(own)]);
    // unsubscribed with the last stream that wants it
    rx.codec.abandon(all, &mut rx.out);
    rx.quiet();
    rx.publish(own, b"unheard");
    assert_eq!(rx.next(), Ev::Acked(own));
    rx.quiet();
}

#[test]
fn the_will_is_published_unless_we_say_goodbye() {
    let broker = Broker::start();
    let (mut obs, heard) =
        Client::ready(&broker, &named("obs"), &subscribing("will/#", Qos::AtLeastOnce));
    let will =
        |topic, payload| Some(Message { topic, payload, qos: Qos::AtLeastOnce, retain: false });
    let polite = Connect { will: will("will/a", b"polite"), ..named("a") };
    let (mut client, _) = Client::ready(&broker, &polite, &publishing("t", Qos::AtMostOnce));
    client.codec.goodbye(&mut client.out);
    client.flush();
    let mut end = [0; 1];
    assert_eq!(client.socket.read(&mut end).expect("the broker closes"), 0);
    let crashed = Connect { will: will("will/b", b"gone"), ..named("b") };
    let (client, _) = Client::ready(&broker, &crashed, &publishing("t", Qos::AtMostOnce));
    drop(client);
    assert_eq!(obs.message(), (heard, b"gone".into()));
    obs.quiet();
}

#[test]
fn birth_is_published_before_the_stream_is_ready() {
    let broker = Broker::start();
    let (mut obs, heard) =
        Client::ready(&broker, &named("obs"), &subscribing("born", Qos::ExactlyOnce));
    for qos in [Qos::AtMostOnce, Qos::AtLeastOnce, Qos::ExactlyOnce] {
        let birth = Some(Message { topic: "born", payload: b"hello", qos, retain: false });
        let open = Open { birth, ..publishing("t", Qos::AtMostOnce) };
        let (_client, _) = Client::ready(&broker, &named("c"), &open);
        assert_eq!(obs.message(), (heard, b"hello".into()));
    }
}

#[test]
fn credentials_are_checked() {
    let dir = scratch();
    let passwords = dir.join("passwords");
    let made = Command::new("mosquitto_passwd")
        .args(["-c", "-b"])
        .arg(&passwords)
        .args(["user1", "pass1"])
        .status()
        .expect("mosquitto_passwd");
    assert!(made.success());
    let config = format!("allow_anonymous false\npassword_file {}\n", passwords.display());
    let broker = Broker::start_with(&config);
    let login = |username, password| Connect { username, password, ..named("c") };
    let open = publishing("t", Qos::AtMostOnce);
    Client::ready(&broker, &login(Some("user1"), Some(b"pass1")), &open);
    let bad: [(_, Option<&[u8]>); 3] =
        [(Some("user1"), Some(b"wrong")), (Some("user2"), None), (None, None)];
    for (username, password) in bad {
        let mut client = Client::connect(&broker, &login(username, password), None);
        client.codec.start_topics(&open, &mut client.out).expect("a legal stream");
        let e = client.try_next().expect_err("no entry");
        assert_eq!(e.kind, ProtoErrorKind::AuthFailed, "{e}");
    }
    std::fs::remove_dir_all(&dir).expect("the scratch folder goes");
}

#[test]
fn a_kept_session_goes_on_where_it_broke() {
    let broker = Broker::start();
    let keeping = Connect { clean_start: false, ..named("keeps") };
    let open = Open { owner: 5, ..publishing("k", Qos::ExactlyOnce) };
    let (mut obs, heard) =
        Client::ready(&broker, &named("obs"), &subscribing("k", Qos::ExactlyOnce));
    let (mut client, tid) = Client::ready(&broker, &keeping, &open);
    let listens = Open { owner: 6, ..subscribing("for/me", Qos::AtLeastOnce) };
    client.join(&listens);
    // the link goes before any answer is heard
    client.publish(tid, b"once");
    let session = client.codec.take_session().expect("a session that is kept");
    drop(client);
    // while nobody is there
    let (mut other, said) =
        Client::ready(&broker, &named("other"), &publishing("for/me", Qos::AtLeastOnce));
    other.publish(said, b"stored");
    assert_eq!(other.next(), Ev::Acked(said));

    let mut client = Client::connect(&broker, &keeping, Some(session));
    let tid = client.codec.start_topics(&open, &mut client.out).expect("a legal stream");
    let me = client.codec.start_topics(&listens, &mut client.out).expect("a legal stream");
    let mut events: Vec<Ev> = (0..4).map(|_| client.next()).collect();
    assert_eq!(events[..2], [Ev::Ready(tid), Ev::Ready(me)]);
    events[2..].sort_by_key(|e| matches!(e, Ev::Data(..)));
    assert_eq!(events[2..], [Ev::Acked(tid), Ev::Data(me, b"stored".into(), true, true)]);
    client.quiet();
    // exactly once
    assert_eq!(obs.message(), (heard, b"once".into()));
    obs.quiet();
}

#[test]
fn the_brokers_end_is_noticed() {
    let mut broker = Broker::start();
    let (mut client, _) = Client::ready(&broker, &CONNECT, &publishing("t", Qos::AtMostOnce));
    broker.kill();
    let mut buffer = [0; 8];
    assert_eq!(client.socket.read(&mut buffer).expect("a close"), 0);
    assert_eq!(client.codec.receive_eof(), Ok(None));
}
