//! RFC 6455 7.1 and 9.1 on real sockets, in virtual time: how ws connections end for client and
//! server, and handshakes that fail. The peers here speak bytes, so that they can be wrong.

#[path = "fixtures/no_host.rs"]
mod no_host;

use std::cell::{Cell, RefCell};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::rc::{Rc, Weak};
use std::time::{Duration, Instant};

use securestreams::engine::{Context, ContextOptions, Handler, NewStream, StreamKey, TxAnswer};
use securestreams::policy;
use securestreams::stream::{Flags, Ret, State};
use securestreams::util::clock::{MS, SEC, Virtual};
use tungstenite::handshake::derive_accept_key;

use no_host::NoHost;

/// How long our client awaits the server's close, and our server the client's, in ms.
const CLIENT_WAITS: u64 = 5000;
const SERVER_WAITS: u64 = 2000;

#[derive(Default)]
struct Log {
    cx: RefCell<Weak<Context>>,
    states: RefCell<Vec<&'static str>>,
    /// The stream with the connection.
    key: Cell<Option<StreamKey>>,
    at_rx: Cell<Option<Ret>>,
    /// `tx` fills whatever it is given, and wants more.
    floods: Cell<bool>,
    /// What `tx` gave.
    given: RefCell<Vec<u8>>,
}

struct Program(Rc<Log>);

impl Handler for Program {
    fn state(&self, code: u32, _: u32) -> Ret {
        let state = State::ALL.into_iter().find(|s| s.code() == code).unwrap();
        self.0.states.borrow_mut().push(&state.name()["LWSSSCS_".len()..]);
        Ret::Ok
    }

    fn rx(&self, _: &[u8], _: Flags) -> Ret {
        self.0.at_rx.get().unwrap_or(Ret::Ok)
    }

    fn tx(&self, ordinal: u32, window: &mut [u8]) -> Option<TxAnswer> {
        let nothing = TxAnswer { ret: Ret::TxDontSend, len: 0, flags: Flags::empty() };
        if !self.0.floods.get() {
            return Some(nothing);
        }
        window.fill(b'a' + (ordinal % 26) as u8);
        self.0.given.borrow_mut().extend_from_slice(window);
        if let (Some(cx), Some(key)) = (self.0.cx.borrow().upgrade(), self.0.key.get()) {
            cx.request_tx(key);
        }
        Some(TxAnswer { ret: Ret::Ok, len: window.len(), flags: Flags::SOM | Flags::EOM })
    }

    fn accept(&self) -> Option<Rc<dyn Handler>> {
        Some(Rc::new(Program(Rc::clone(&self.0))))
    }

    fn made(&self, stream: StreamKey) -> bool {
        self.0.key.set(Some(stream));
        true
    }
}

/// Which side is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ours {
    Client,
    Server,
}

use Ours::{Client, Server};

impl Ours {
    fn waits(self) -> u64 {
        match self {
            Client => CLIENT_WAITS,
            Server => SERVER_WAITS,
        }
    }
}

/// A program of ours.
struct World {
    cx: Rc<Context>,
    clock: Rc<Virtual>,
    log: Rc<Log>,
}

impl World {
    fn new(stream: &str) -> Self {
        let retry = r#""retry":[{"r":{"backoff":[60000],"conceal":1}}]"#;
        let text = format!(r#"{{{retry},"s":[{{"s":{{"endpoint":"127.0.0.1",{stream}}}}}]}}"#);
        let outcome = policy::parse(text.as_bytes());
        assert!(outcome.errors.is_empty(), "{:?}", outcome.errors);
        let clock = Rc::new(Virtual::default());
        clock.advance(3600 * SEC);
        let policy = Rc::new(outcome.policy.unwrap());
        let options = ContextOptions::default();
        let cx = Context::new(policy, Box::new(Rc::clone(&clock)), Box::new(NoHost), options);
        let (cx, log) = (Rc::new(cx.unwrap()), Rc::new(Log::default()));
        *log.cx.borrow_mut() = Rc::downgrade(&cx);
        Self { cx, clock, log }
    }

    fn start(&self) -> StreamKey {
        let kind = Rc::clone(self.cx.policy().stream_type("s").unwrap());
        let handler = Rc::new(Program(Rc::clone(&self.log)));
        let key = self.cx.make(NewStream { kind, handler, peer_credit: None }).unwrap();
        self.log.key.set(Some(key));
        self.cx.start(key).unwrap();
        key
    }

    /// A client of ours and its server, which has its request and has not answered.
    fn client(more: &str) -> (Self, Peer, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let keys = r#""protocol":"ws","http_url":"/","retry":"r","opportunistic":true"#;
        let w = Self::new(&format!(r#""port":{port},{keys}{more}"#));
        let _ = w.cx.client_connect(w.start());
        let mut peer = Peer::new(listener.accept().unwrap().0, Client);
        w.until(|| peer.look().ends_with(b"\r\n\r\n"));
        let request = String::from_utf8(std::mem::take(&mut peer.got)).unwrap();
        (w, peer, request)
    }

    /// A server of ours and its client, whose request is not answered.
    fn server(more: &str, fields: &str) -> (Self, Peer) {
        let keys = r#""port":0,"server":true,"protocol":"ws","metadata":[]"#;
        let w = Self::new(&format!("{keys}{more}"));
        w.start();
        let port = w.cx.listen_port("s").unwrap();
        let mut peer = Peer::new(TcpStream::connect(("127.0.0.1", port)).unwrap(), Server);
        peer.send(format!(
            "GET / HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             {fields}\r\n"
        ));
        (w, peer)
    }

    /// An open connection.
    fn open(ours: Ours, more: &str) -> (Self, Peer) {
        let (w, peer) = match ours {
            Client => {
                let (w, mut peer, request) = Self::client(more);
                peer.send(answer(&request, ""));
                (w, peer)
            }
            Server => {
                let (w, mut peer) = Self::server(more, "");
                w.until(|| peer.look().ends_with(b"\r\n\r\n"));
                peer.got.clear();
                (w, peer)
            }
        };
        w.until(|| w.log.states.borrow().contains(&"CONNECTED"));
        (w, peer)
    }

    /// Turns the loop until `done`, with the clock standing.
    #[track_caller]
    fn until(&self, mut done: impl FnMut() -> bool) {
        let limit = Instant::now() + Duration::from_secs(20);
        while !done() {
            assert!(Instant::now() < limit, "it does not come: {:?}", self.log.states.borrow());
            self.cx.turn(Some(MS)).unwrap();
        }
    }

    /// Lets time pass, and what is due then happen.
    fn pass(&self, ms: u64) {
        self.clock.advance(ms * MS);
        for _ in 0..10 {
            self.cx.turn(Some(0)).unwrap();
        }
    }

    fn said(&self, state: &str) -> bool {
        self.log.states.borrow().contains(&state)
    }
}

fn answer(request: &str, fields: &str) -> String {
    let key = request.lines().find_map(|l| l.strip_prefix("Sec-WebSocket-Key: ")).unwrap();
    let accept = derive_accept_key(key.as_bytes());
    format!(
        "HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{fields}\r\n"
    )
}

/// The other side of the socket.
struct Peer {
    stream: TcpStream,
    ours: Ours,
    got: Vec<u8>,
    /// Its peer, who is ours, has closed its side: in order, or with a reset.
    closed: Option<Result<(), ErrorKind>>,
}

const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;

impl Peer {
    fn new(stream: TcpStream, ours: Ours) -> Self {
        stream.set_nonblocking(true).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, ours, got: Vec::new(), closed: None }
    }

    fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).unwrap();
    }

    /// A frame as this side has to make it. (The mask is zero, which is one.)
    fn frame(&self, first: u8, payload: &[u8]) -> Vec<u8> {
        let len = u8::try_from(payload.len()).unwrap();
        assert!(len < 126);
        match self.ours {
            Client => [&[first, len], payload].concat(),
            Server => [&[first, len | 0x80, 0, 0, 0, 0], payload].concat(),
        }
    }

    fn close(&mut self, status: u16) {
        let frame = self.frame(CLOSE, &status.to_be_bytes());
        self.send(frame);
    }

    fn look(&mut self) -> &[u8] {
        let mut buffer = [0; 65536];
        while self.closed.is_none() {
            match self.stream.read(&mut buffer) {
                Ok(0) => self.closed = Some(Ok(())),
                Ok(n) => self.got.extend_from_slice(&buffer[..n]),
                Err(e) if e.kind() == ErrorKind::WouldBlock => break,
                Err(e) => self.closed = Some(Err(e.kind())),
            }
        }
        &self.got
    }

    /// What came: the first byte of each frame and its payload.
    fn frames(&mut self) -> Vec<(u8, Vec<u8>)> {
        let masked = self.ours == Client;
        let mut rest = self.look();
        let mut frames = Vec::new();
        while let [first, second, more @ ..] = rest {
            assert_eq!(second & 0x80 != 0, masked, "a client masks, a server does not");
            let (len, more) = match second & 0x7f {
                126 => {
                    let (len, more) = more.split_first_chunk::<2>().unwrap();
                    (usize::from(u16::from_be_bytes(*len)), more)
                }
                127 => {
                    let (len, more) = more.split_first_chunk::<8>().unwrap();
                    (usize::try_from(u64::from_be_bytes(*len)).unwrap(), more)
                }
                len => (usize::from(len), more),
            };
            let (mask, more) = if masked { more.split_at(4) } else { (&[0; 4][..], more) };
            let Some((payload, more)) = more.split_at_checked(len) else { break };
            let plain = payload.iter().zip(mask.iter().cycle()).map(|(b, m)| b ^ m);
            frames.push((*first, plain.collect()));
            rest = more;
        }
        frames
    }

    /// Our side closes, in order.
    #[track_caller]
    fn expect_end(&mut self, w: &World) {
        w.until(|| {
            self.look();
            self.closed.is_some()
        });
        assert_eq!(self.closed, Some(Ok(())));
    }

    /// Whether our side is gone altogether: then what is sent to it is answered with a reset.
    fn is_cut(&mut self, w: &World) -> bool {
        (0..10).any(|_| {
            w.pass(0);
            self.stream.write_all(b"x").is_err()
        })
    }
}

fn said_close(status: u16) -> (u8, Vec<u8>) {
    (CLOSE, status.to_be_bytes().to_vec())
}

/// 7.1.1: the client answers a close frame and leaves it to the server to close TCP.
#[test]
fn a_client_answers_a_close_and_lets_the_server_close_first() {
    let (w, mut peer) = World::open(Client, "");
    peer.close(1001);
    w.until(|| w.said("DISCONNECTED") && !peer.look().is_empty());
    assert_eq!(peer.frames(), [said_close(1001)]);
    w.pass(CLIENT_WAITS - 1);
    peer.look();
    assert_eq!(peer.closed, None, "it was closed before the server did");
    peer.stream.shutdown(Shutdown::Write).unwrap();
    peer.expect_end(&w);
    assert!(peer.is_cut(&w));
}

/// 7.1.1: a server that does not close is not awaited for ever.
#[test]
fn a_client_closes_after_some_time_if_the_server_does_not() {
    let (w, mut peer) = World::open(Client, "");
    peer.close(1000);
    w.until(|| w.said("DISCONNECTED") && !peer.look().is_empty());
    w.pass(CLIENT_WAITS - 1);
    // what a server still says is read and means nothing
    peer.send([255; 1000]);
    w.pass(0);
    peer.look();
    assert_eq!(peer.closed, None);
    w.pass(1);
    peer.expect_end(&w);
    assert_eq!(peer.frames(), [said_close(1000)]);
    assert!(peer.is_cut(&w));
}

/// 7.1.1: a server answers a close frame and closes at once; the client's close is awaited.
#[test]
fn a_server_answers_a_close_and_closes_first() {
    let (w, mut peer) = World::open(Server, "");
    peer.close(4000);
    peer.expect_end(&w);
    assert_eq!(peer.frames(), [said_close(4000)]);
    assert!(w.said("DISCONNECTED"));
    w.pass(SERVER_WAITS - 1);
    assert!(!peer.is_cut(&w), "the client had no time to close");
    w.pass(1);
    assert!(peer.is_cut(&w));
}

/// 7.1.2: a program that serves and disconnects says close; a client that never answers is cut.
#[test]
fn a_client_that_never_answers_a_close_is_cut() {
    for ret in [Ret::DisconnectMe, Ret::DestroyMe] {
        let (w, mut peer) = World::open(Server, "");
        w.log.at_rx.set(Some(ret));
        let text = peer.frame(TEXT, b"leave");
        peer.send(text);
        peer.expect_end(&w);
        assert_eq!(peer.frames(), [said_close(1000)]);
        w.pass(SERVER_WAITS - 1);
        assert!(!peer.is_cut(&w), "{ret:?}: the client had no time to answer");
        w.pass(1);
        assert!(peer.is_cut(&w), "{ret:?}");
    }
}

/// A client's program that disconnects closes TCP without a close frame, as libwebsockets does.
#[test]
fn a_client_whose_program_leaves_says_nothing() {
    for ret in [Ret::DisconnectMe, Ret::DestroyMe] {
        let (w, mut peer) = World::open(Client, "");
        w.log.at_rx.set(Some(ret));
        let text = peer.frame(TEXT, b"leave");
        peer.send(text);
        peer.expect_end(&w);
        assert_eq!(peer.frames(), []);
        assert!(w.said("DISCONNECTED"));
        w.pass(CLIENT_WAITS);
        assert!(peer.is_cut(&w), "{ret:?}");
    }
}

/// What the program had sent goes out before the end, also what the socket did not take yet, and
/// though the peer's own words are not read any more.
#[test]
fn what_was_sent_before_the_end_arrives() {
    for ours in [Client, Server] {
        let (w, mut peer) = World::open(ours, "");
        w.log.floods.set(true);
        let key = w.log.key.get().unwrap();
        w.cx.request_tx(key);
        // until neither the socket nor the buffer in front of it takes more
        let mut before = 0;
        w.until(|| {
            let now = w.log.given.borrow().len();
            now > 0 && std::mem::replace(&mut before, now) == now
        });
        let text = peer.frame(TEXT, b"what is this?");
        peer.send(text);
        w.cx.destroy(key);
        assert!(w.said("DESTROYING"));
        peer.expect_end(&w);
        let mut frames = peer.frames();
        if ours == Server {
            assert_eq!(frames.pop(), Some(said_close(1000)));
        }
        let arrived: usize = frames.iter().map(|(_, p)| p.len()).sum();
        assert_eq!(arrived, w.log.given.borrow().len(), "{ours:?}");
        let arrived: Vec<u8> = frames.into_iter().flat_map(|(_, p)| p).collect();
        assert!(arrived == *w.log.given.borrow(), "{ours:?}: other bytes than were sent");
    }
}

/// 7.1.7: our close frame says what was wrong, and arrives although the peer has more to say.
#[test]
fn the_close_frame_about_a_wrong_frame_arrives() {
    let rows: [(u16, u8, &[u8]); 14] = [
        (1002, TEXT | 0x40, b"x"),
        (1002, 0x83, b""),
        (1002, 0x8f, b""),
        (1002, 0x80, b"continues nothing"),
        (1002, 0x09, b"a ping in fragments"),
        (1002, CLOSE, &[3]),
        (1002, CLOSE, &1005_u16.to_be_bytes()),
        (1002, CLOSE, &2999_u16.to_be_bytes()),
        (1007, CLOSE, &[0x03, 0xe8, 0xff]),
        (1007, TEXT, &[0xff]),
        (1007, TEXT, &[0xed, 0xa0, 0x80]),
        (1007, TEXT, &[0xe2, 0x82]),
        (1002, TEXT ^ 0x80, b"and then another"),
        (1009, TEXT, &[b'x'; 101]),
    ];
    for ours in [Client, Server] {
        for (status, first, payload) in rows {
            if status == 1009 && ours == Client {
                // a client has no limit: messages are passed on in pieces
                continue;
            }
            let more = if ours == Server { r#","server_max_body":100"# } else { "" };
            let (w, mut peer) = World::open(ours, more);
            let mut bytes = peer.frame(first, payload);
            if first == TEXT ^ 0x80 {
                bytes.extend(peer.frame(TEXT, b"begins inside it"));
            }
            bytes.extend([b'z'; 100_000]);
            peer.send(bytes);
            judge(&w, &mut peer, status, &format!("{ours:?} {status} {first:#x} {payload:x?}"));
        }
        let (w, mut peer) = World::open(ours, "");
        peer.send(match ours {
            Client => &[TEXT, 0x80, 0, 0, 0, 0][..],
            Server => &[TEXT, 0],
        });
        judge(&w, &mut peer, 1002, &format!("{ours:?}: the wrong mask"));
    }
}

/// The peer gets the close frame and nothing else, and TCP is closed as 7.1.1 has it.
#[track_caller]
fn judge(w: &World, peer: &mut Peer, status: u16, row: &str) {
    w.until(|| w.said("DISCONNECTED") && !peer.look().is_empty());
    assert_eq!(peer.frames(), [said_close(status)], "{row}");
    if peer.ours == Client {
        assert_eq!(peer.closed, None, "{row}: closed before the server did");
        peer.send([b'z'; 100_000]);
        w.pass(CLIENT_WAITS - 1);
        peer.look();
        assert_eq!(peer.closed, None, "{row}");
        peer.stream.shutdown(Shutdown::Write).unwrap();
    }
    peer.expect_end(w);
    assert_eq!(peer.frames(), [said_close(status)], "{row}");
}

/// 7.1.7: nor does a peer that was wrong keep the connection by staying.
#[test]
fn a_peer_that_was_wrong_and_stays_is_cut() {
    for ours in [Client, Server] {
        let (w, mut peer) = World::open(ours, "");
        let wrong = peer.frame(0x83, b"");
        peer.send(wrong);
        w.until(|| w.said("DISCONNECTED") && !peer.look().is_empty());
        assert_eq!(peer.frames(), [said_close(1002)]);
        w.pass(ours.waits() - 1);
        assert!(!peer.is_cut(&w), "{ours:?}: it had no time to close");
        w.pass(1);
        assert!(peer.is_cut(&w), "{ours:?}");
    }
}

/// 7.1.5: a peer that closes TCP with no close frame is told nothing more.
#[test]
fn a_peer_that_goes_without_a_word_is_let_go() {
    for ours in [Client, Server] {
        let (w, mut peer) = World::open(ours, "");
        peer.stream.shutdown(Shutdown::Write).unwrap();
        peer.expect_end(&w);
        assert_eq!(peer.frames(), []);
        assert!(w.said("DISCONNECTED"));
    }
}

const MALFORMED: [&str; 12] = [
    "permessage-deflate;",
    "permessage-deflate; =1",
    "permessage-deflate; a=",
    "permessage-deflate; a=\"\"",
    "permessage-deflate; a=\"b c\"",
    "permessage-deflate; a=\"b",
    "permessage-deflate; a=\"b\\\"",
    "permessage-deflate; a=b c",
    "; a",
    "two words",
    "x/y",
    "permessage-deflate, x=y",
];

/// 9.1: who offers what is no list of extensions fails the handshake, wanted or not.
#[test]
fn a_malformed_offer_of_extensions_is_refused() {
    for deflate in [true, false] {
        let more = format!(r#","ws_permessage_deflate":{deflate}"#);
        for offer in MALFORMED {
            for lines in
                [format!("{offer}\r\n"), format!("x\r\nSec-WebSocket-Extensions: {offer}\r\n")]
            {
                let fields = format!("Sec-WebSocket-Extensions: {lines}");
                let (w, mut peer) = World::server(&more, &fields);
                w.until(|| peer.look().ends_with(b"\r\n\r\n"));
                let head = String::from_utf8_lossy(&peer.got).into_owned();
                assert!(head.starts_with("HTTP/1.1 400 "), "{fields}{head}");
                assert!(!w.said("CONNECTED") && !w.said("SERVER_UPGRADE"), "{fields}");
            }
        }
        for offer in [
            "permessage-deflate",
            "x ; a = b; c ; d=\"e\", , permessage-deflate",
            "permessage-deflate; client_max_window_bits=\"1\\5\"",
        ] {
            let fields = format!("Sec-WebSocket-Extensions: {offer}\r\n");
            let (w, mut peer) = World::server(&more, &fields);
            w.until(|| peer.look().ends_with(b"\r\n\r\n"));
            let head = String::from_utf8_lossy(&peer.got).into_owned();
            assert!(head.starts_with("HTTP/1.1 101 "), "{fields}{head}");
            let agreed = head.contains("\r\nSec-WebSocket-Extensions: permessage-deflate\r\n");
            assert_eq!(agreed, deflate, "{fields}{head}");
        }
    }
}

/// 9.1, 4.1: the same of a server's answer: the client closes, and the attempt has failed.
#[test]
fn a_malformed_answer_about_extensions_is_not_taken() {
    for answered in MALFORMED {
        let (w, mut peer, request) = World::client(r#","ws_permessage_deflate":true"#);
        peer.send(answer(&request, &format!("Sec-WebSocket-Extensions: {answered}\r\n")));
        peer.expect_end(&w);
        assert_eq!(peer.look(), b"", "{answered}: no frame belongs here");
        assert!(w.said("UNREACHABLE") && !w.said("CONNECTED"), "{answered}");
    }
}
