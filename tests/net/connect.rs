use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use mio::{Events, Poll, Token};
use securestreams::net::{
    ATTEMPT_DELAY, Bind, ConnectError, Connector, KeepAlive, MAX_ATTEMPTS, Progress, SocketOptions,
    TcpTransport, Transport,
};
use socket2::{Domain, SockRef, Socket, Type};

use crate::drive::{A_LOT, Driver, PATIENCE, pattern, small_buffers, tcp, uninterrupted};

const BASE: usize = 40;

struct Race {
    poll: Poll,
    connector: Connector,
    now: u64,
}

enum Outcome {
    Connected(Box<dyn Transport>),
    Failed(ConnectError),
}

impl Race {
    fn new(addrs: &[SocketAddr], options: SocketOptions) -> Self {
        let connector = Connector::new(addrs, options, Token(BASE));
        Self { poll: Poll::new().unwrap(), connector, now: 1_000_000 }
    }

    fn start(&mut self) -> Progress {
        self.connector.start(self.poll.registry(), self.now)
    }

    /// The next attempt's time has come.
    fn advance(&mut self) -> Progress {
        self.now += ATTEMPT_DELAY;
        self.connector.on_deadline(self.poll.registry(), self.now)
    }

    /// Follows the sockets, without moving the clock.
    fn finish(&mut self, mut progress: Progress) -> Outcome {
        let mut events = Events::with_capacity(8);
        loop {
            match progress {
                Progress::Connected { transport, .. } => return Outcome::Connected(transport),
                Progress::Failed(e) => return Outcome::Failed(e),
                Progress::Pending => {}
            }
            progress = Progress::Pending;
            uninterrupted(&mut self.poll, &mut events);
            assert!(!events.is_empty(), "nothing happened for {PATIENCE:?}");
            for event in &events {
                let slot = event.token().0 - BASE;
                progress = self.connector.on_ready(slot, self.poll.registry(), self.now);
                if !matches!(progress, Progress::Pending) {
                    break;
                }
            }
        }
    }

    fn run(addrs: &[SocketAddr], options: SocketOptions) -> Outcome {
        let mut race = Self::new(addrs, options);
        let progress = race.start();
        race.finish(progress)
    }
}

fn connected(outcome: Outcome) -> Box<dyn Transport> {
    match outcome {
        Outcome::Connected(t) => t,
        Outcome::Failed(e) => panic!("{e}"),
    }
}

fn failed(outcome: Outcome) -> ConnectError {
    match outcome {
        Outcome::Connected(t) => panic!("connected to {}", t.peer()),
        Outcome::Failed(e) => e,
    }
}

fn listen(ip: &str) -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((ip.parse::<IpAddr>().unwrap(), 0)).unwrap();
    let addr = listener.local_addr().unwrap();
    (listener, addr)
}

/// An address that nobody listens on, kept from others while the socket lives.
fn refusing(ip: &str) -> (Socket, SocketAddr) {
    let ip: IpAddr = ip.parse().unwrap();
    let socket =
        Socket::new(Domain::for_address(SocketAddr::new(ip, 0)), Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::new(ip, 0).into()).unwrap();
    let addr = socket.local_addr().unwrap().as_socket().unwrap();
    (socket, addr)
}

/// Accepts nothing and answers no SYN: a listener on all of 127/8 whose queue is full.
struct BlackHole {
    _listener: Socket,
    _queue: Vec<Socket>,
    port: u16,
}

impl BlackHole {
    fn new() -> Self {
        let listener = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
        listener.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into()).unwrap();
        listener.listen(0).unwrap();
        let port = listener.local_addr().unwrap().as_socket().unwrap().port();
        let mut queue = Vec::new();
        loop {
            let filler = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            let to = SocketAddr::from((Ipv4Addr::LOCALHOST, port)).into();
            let done = filler.connect_timeout(&to, Duration::from_millis(300));
            queue.push(filler);
            if done.is_err() {
                return Self { _listener: listener, _queue: queue, port };
            }
            assert!(queue.len() < 10, "the queue never fills");
        }
    }

    fn addr(&self, last: u8) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, last], self.port))
    }
}

#[test]
fn every_refusal_is_listed() {
    let (_a, a) = refusing("127.0.0.1");
    let (_b, b) = refusing("127.0.0.2");
    let e = failed(Race::run(&[a, b], SocketOptions::default()));
    assert_eq!(e.failures.iter().map(|f| f.0).collect::<Vec<_>>(), [a, b]);
    let text = e.to_string();
    assert!(text.starts_with(&format!("{a}: Connection refused")), "{text}");
    assert!(text.contains(&format!(", {b}: Connection refused")), "{text}");
}

#[test]
fn no_address_is_a_failure() {
    let e = failed(Race::run(&[], SocketOptions::default()));
    assert_eq!(e.to_string(), "no address to connect to");
}

#[test]
fn a_refusal_starts_the_next_attempt_at_once() {
    let (_bad, bad) = refusing("127.0.0.1");
    let (_good, good) = listen("127.0.0.2");
    // the clock stands still: no deadline helps
    let t = connected(Race::run(&[bad, good], SocketOptions::default()));
    assert_eq!(t.peer(), good.to_string());
}

#[test]
fn a_silent_address_costs_the_delay_only() {
    let hole = BlackHole::new();
    let (listener, good) = listen("127.0.0.1");
    let mut race = Race::new(&[hole.addr(2), good], SocketOptions::default());
    assert!(matches!(race.start(), Progress::Pending));
    assert_eq!(race.connector.next_deadline(), Some(race.now + ATTEMPT_DELAY));
    // too early: nothing happens
    let early = race.connector.on_deadline(race.poll.registry(), race.now + ATTEMPT_DELAY - 1);
    assert!(matches!(early, Progress::Pending));
    assert!(race.connector.next_deadline().is_some());
    let progress = race.advance();
    assert_eq!(race.connector.next_deadline(), None, "no third address");
    let t = connected(race.finish(progress));
    assert_eq!(t.peer(), good.to_string());
    listener.accept().unwrap();
    // the loser is gone: its slot is silent, and time starts nothing more
    assert!(matches!(
        race.connector.on_ready(0, race.poll.registry(), race.now),
        Progress::Pending
    ));
    assert!(matches!(race.advance(), Progress::Pending));
}

#[test]
fn attempts_are_bounded_and_cancelled() {
    let hole = BlackHole::new();
    let addrs: Vec<_> = (2..2 + MAX_ATTEMPTS as u8 + 2).map(|n| hole.addr(n)).collect();
    let mut race = Race::new(&addrs, SocketOptions::default());
    assert!(matches!(race.start(), Progress::Pending));
    let mut opened = 1;
    while race.connector.next_deadline().is_some() {
        assert!(matches!(race.advance(), Progress::Pending));
        opened += 1;
        assert!(opened < 50, "never stops");
    }
    // the last deadline finds every slot taken
    assert_eq!(opened, MAX_ATTEMPTS + 1);
    race.connector.cancel(race.poll.registry());
    assert!(matches!(race.advance(), Progress::Pending));
}

#[test]
fn families_take_turns() {
    let (_v6, v6) = listen("::1");
    let (_v4, v4) = listen("127.0.0.1");
    let (_dead, dead) = refusing("::1");
    let peer = |addrs: &[SocketAddr]| connected(Race::run(addrs, SocketOptions::default())).peer();
    assert_eq!(peer(&[v6, v4]), v6.to_string());
    assert_eq!(peer(&[v4, v6]), v4.to_string());
    // the second try is of the other family, not the list's second
    assert_eq!(peer(&[dead, v6, v4]), v4.to_string());
}

#[test]
fn the_connection_comes_from_where_it_is_told() {
    let (listener, addr) = listen("127.0.0.1");
    let bound = |bind: &str| SocketOptions { bind: Some(Bind::parse(bind)), ..Default::default() };
    let _t = connected(Race::run(&[addr], bound("127.0.0.5")));
    assert_eq!(listener.accept().unwrap().1.ip().to_string(), "127.0.0.5");
    let _t = connected(Race::run(&[addr], bound("lo")));
    listener.accept().unwrap();

    let e = failed(Race::run(&[addr], bound("nowhere0"))).to_string();
    assert!(e.starts_with(&format!("{addr}: interface nowhere0: ")), "{e}");
    let e = failed(Race::run(&[addr], bound("::1"))).to_string();
    assert!(e.contains("local address ::1 is of the other family"), "{e}");
    // an address of documentation, nobody's (RFC 5737)
    let e = failed(Race::run(&[addr], bound("192.0.2.1"))).to_string();
    assert!(e.contains("local address 192.0.2.1: "), "{e}");
}

#[test]
fn options_reach_the_socket() {
    let (_listener, v4) = listen("127.0.0.1");
    let options = SocketOptions {
        nodelay: true,
        keepalive: Some(KeepAlive {
            idle: Duration::from_secs(77),
            interval: Some(Duration::from_secs(5)),
            probes: Some(3),
        }),
        tos: Some(0x10),
        priority: Some(4),
        bind: None,
    };
    let t = TcpTransport::connect(v4, &options).unwrap();
    let socket = SockRef::from(t.stream());
    assert!(socket.tcp_nodelay().unwrap());
    assert!(socket.keepalive().unwrap());
    assert_eq!(socket.tcp_keepalive_time().unwrap(), Duration::from_secs(77));
    assert_eq!(socket.tcp_keepalive_interval().unwrap(), Duration::from_secs(5));
    assert_eq!(socket.tcp_keepalive_retries().unwrap(), 3);
    assert_eq!(socket.tos_v4().unwrap(), 0x10);
    assert_eq!(socket.priority().unwrap(), 4);

    let plain = TcpTransport::connect(v4, &SocketOptions { nodelay: false, ..Default::default() });
    let plain = plain.unwrap();
    assert!(!SockRef::from(plain.stream()).tcp_nodelay().unwrap());
    assert!(!SockRef::from(plain.stream()).keepalive().unwrap());
}

#[test]
fn large_payloads_pass_whole() {
    let (listener, addr) = listen("127.0.0.1");
    small_buffers(&listener);
    let (go, wait) = channel();
    let peer = thread::spawn(move || {
        let (mut peer, _) = listener.accept().unwrap();
        wait.recv().unwrap();
        let mut buf = vec![0; 50_000];
        loop {
            match peer.read(&mut buf).unwrap() {
                0 => return,
                n => peer.write_all(&buf[..n]).unwrap(),
            }
        }
    });
    let mut t = tcp(addr);
    let mut driver = Driver::new(&mut *t);
    driver.handshake(&mut *t).unwrap();
    let sent = pattern(A_LOT);
    let back = driver.echo(&mut *t, &sent, || go.send(()).unwrap()).unwrap();
    assert!(back == sent, "payload changed");
    t.shutdown();
    assert_eq!(driver.read_to_end(&mut *t).unwrap(), b"");
    peer.join().unwrap();
}

#[test]
fn a_reset_is_an_error_not_an_end() {
    let (listener, addr) = listen("127.0.0.1");
    let mut t = tcp(addr);
    let mut driver = Driver::new(&mut *t);
    driver.handshake(&mut *t).unwrap();
    let (peer, _): (TcpStream, _) = listener.accept().unwrap();
    SockRef::from(&peer).set_linger(Some(Duration::ZERO)).unwrap();
    drop(peer);
    let e = driver.read(&mut *t, &mut [0; 10]).unwrap_err();
    assert_eq!(e.kind(), std::io::ErrorKind::ConnectionReset);
}
