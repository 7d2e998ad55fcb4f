//! The client against servers that others wrote, over loopback: tungstenite's, and Python's
//! `websockets` (which compresses) where it is installed.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use securestreams::proto::ws::{DeflateOffer, Options, Ws};
use securestreams::proto::{Codec, Event, Tid};
use securestreams::util::TxBuf;
use securestreams::util::crypto::rand::{SecureRandom, SystemRandom};
use tungstenite::handshake::server::{Request, Response};
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::coding::CloseCode;
use tungstenite::{Message, WebSocket};

use super::ws_feed::request;

/// A peer that says nothing for this long has failed the test.
const PATIENCE: Duration = Duration::from_secs(20);

/// A codec on a socket.
struct Client {
    socket: TcpStream,
    codec: Ws,
    out: TxBuf,
    tid: Tid,
    /// What was read and not yet taken.
    bytes: Vec<u8>,
}

#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Open,
    Message(Vec<u8>),
    Alive,
    End,
}

impl Client {
    fn new(port: u16, options: Options) -> Self {
        let socket = TcpStream::connect(("127.0.0.1", port)).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        let random = |bytes: &mut [u8]| SystemRandom::new().fill(bytes).is_ok();
        let (mut codec, mut out) = (Ws::new(options, std::rc::Rc::new(random)), TxBuf::new());
        let tid = codec.start(&request(), &mut out).unwrap();
        let mut client = Self { socket, codec, out, tid, bytes: Vec::new() };
        assert_eq!(client.next(), Heard::Open);
        client
    }

    fn flush(&mut self) {
        self.socket.write_all(self.out.pending()).unwrap();
        self.out.consume(self.out.pending().len());
    }

    fn send(&mut self, message: &[u8], piece: usize) {
        let count = message.len().div_ceil(piece).max(1);
        for i in 0..count {
            let data = &message[i * piece..message.len().min((i + 1) * piece)];
            let window = self.codec.tx_window(self.tid).unwrap();
            self.out.prepare(window.headroom, piece, window.tailroom)[..data.len()]
                .copy_from_slice(data);
            let (som, eom) = (i == 0, i + 1 == count);
            self.codec.tx_commit(self.tid, &mut self.out, data.len(), som, eom).unwrap();
        }
        self.flush();
    }

    fn next(&mut self) -> Heard {
        let mut message = Vec::new();
        loop {
            self.flush();
            let bytes = std::mem::take(&mut self.bytes);
            let mut input = &bytes[..];
            let event = self.codec.receive(&mut input, &mut self.out, 0).unwrap();
            let end = match event {
                None => {
                    self.flush();
                    let mut buffer = [0; 4096];
                    let n = self.socket.read(&mut buffer).unwrap();
                    assert!(n > 0, "the peer closed the socket");
                    self.bytes = buffer[..n].to_vec();
                    continue;
                }
                Some(Event::Data { data, eom, .. }) => {
                    message.extend_from_slice(data);
                    eom
                }
                Some(Event::Held { eom, .. }) => {
                    let mut held = Vec::new();
                    self.codec.swap_held(&mut held);
                    message.append(&mut held);
                    eom
                }
                Some(other) => {
                    self.bytes = input.to_vec();
                    self.flush();
                    return match other {
                        Event::Head { status: 101, .. } => Heard::Open,
                        Event::Alive => Heard::Alive,
                        Event::End { .. } => Heard::End,
                        other => panic!("unexpected {other:?}"),
                    };
                }
            };
            self.bytes = input.to_vec();
            if end {
                return Heard::Message(message);
            }
        }
    }
}

/// A server for one connection, on a thread.
fn serve(f: impl FnOnce(&mut WebSocket<TcpStream>) + Send + 'static) -> (u16, JoinHandle<()>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let thread = thread::spawn(move || {
        let (socket, _) = listener.accept().unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        #[expect(clippy::result_large_err, reason = "the crate's own signature")]
        let choose = |req: &Request, mut response: Response| {
            if let Some(list) = req.headers().get("sec-websocket-protocol") {
                let last = list.to_str().unwrap().rsplit(',').next().unwrap().trim();
                let value = last.parse().unwrap();
                response.headers_mut().insert("sec-websocket-protocol", value);
            }
            Ok(response)
        };
        f(&mut tungstenite::accept_hdr(socket, choose).unwrap());
    });
    (port, thread)
}

/// Sizes around every change of the length's form, and a large one.
const SIZES: [usize; 9] = [0, 1, 125, 126, 127, 65_535, 65_536, 65_537, 1 << 20];

fn text(size: usize) -> Vec<u8> {
    let mut text = "€, ".repeat(size / 5);
    text.push_str(&"x".repeat(size - text.len()));
    text.into_bytes()
}

#[test]
fn tungstenite_echoes_text_and_binary() {
    for binary in [false, true] {
        let (port, server) = serve(move |ws| {
            loop {
                match ws.read() {
                    Ok(m @ (Message::Text(_) | Message::Binary(_))) => {
                        assert_eq!(m.is_binary(), binary);
                        ws.send(m).unwrap();
                    }
                    Ok(Message::Close(frame)) => {
                        let frame = frame.unwrap();
                        assert_eq!((frame.code, &*frame.reason), (CloseCode::Normal, "done"));
                    }
                    Ok(_) => {}
                    Err(tungstenite::Error::ConnectionClosed) => return,
                    Err(e) => panic!("{e}"),
                }
            }
        });
        let subprotocols = Some("first, second".to_owned());
        let options = Options { binary, subprotocols, ..Options::default() };
        let mut client = Client::new(port, options);
        for size in SIZES {
            let message = text(size);
            client.send(&message, 1400 + size / 100);
            assert_eq!(client.next(), Heard::Message(message), "{size} bytes");
        }
        assert!(client.codec.ping(&mut client.out));
        assert_eq!(client.next(), Heard::Alive);
        assert_eq!(client.codec.close(1000, "done", &mut client.out), Ok(true));
        assert_eq!(client.next(), Heard::End);
        assert_eq!(client.codec.close_status(), Some(1000));
        drop(client);
        server.join().unwrap();
    }
}

#[test]
fn tungstenite_pings_and_closes() {
    let (port, server) = serve(|ws| {
        ws.send(Message::Ping(b"are you there".to_vec().into())).unwrap();
        assert_eq!(ws.read().unwrap(), Message::Pong(b"are you there".to_vec().into()));
        let frame = CloseFrame { code: CloseCode::Library(4001), reason: "bye".into() };
        ws.close(Some(frame)).unwrap();
        let Message::Close(Some(echo)) = ws.read().unwrap() else { panic!("no close") };
        assert_eq!(echo.code, CloseCode::Library(4001));
        assert!(matches!(ws.read(), Err(tungstenite::Error::ConnectionClosed)));
    });
    let mut client = Client::new(port, Options::default());
    assert_eq!(client.next(), Heard::End);
    let words = "closed by the peer with status 4001 \"bye\"";
    assert_eq!(client.codec.farewell().as_deref(), Some(words));
    drop(client);
    server.join().unwrap();
}

/// Echoes, and prints its port first.
const PYTHON_SERVER: &str = r#"
import asyncio, sys
from websockets.asyncio.server import serve
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory as Deflate

async def echo(ws):
    async for message in ws:
        await ws.send(message)

async def main():
    factory = Deflate(server_no_context_takeover=sys.argv[1] == "reset",
                      client_no_context_takeover=sys.argv[1] == "reset",
                      server_max_window_bits=10 if sys.argv[1] == "small" else None)
    async with serve(echo, "127.0.0.1", 0, compression=None, extensions=[factory],
                     max_size=None) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)

asyncio.run(main())
"#;

/// Ends with its owner.
struct Python(Child);

impl Drop for Python {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn python_websockets_compresses() {
    let probe = Command::new("python3").args(["-c", "import websockets.asyncio.server"]).output();
    if !probe.is_ok_and(|p| p.status.success()) {
        println!("skipped: Python's websockets is not installed");
        return;
    }
    for how in ["keep", "reset", "small"] {
        let child = Command::new("python3")
            .args(["-c", PYTHON_SERVER, how])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut python = Python(child);
        let mut line = String::new();
        BufReader::new(python.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap();
        for offer in [
            DeflateOffer::default(),
            DeflateOffer { server_no_context_takeover: true, client_no_context_takeover: true },
        ] {
            let options = Options { deflate: Some(offer), ..Options::default() };
            let mut client = Client::new(port, options);
            for _ in 0..2 {
                for size in SIZES {
                    let message = text(size);
                    client.send(&message, 1400 + size / 20);
                    assert_eq!(client.next(), Heard::Message(message), "{how}, {size} bytes");
                }
            }
            assert_eq!(client.codec.close(1000, "", &mut client.out), Ok(true));
            assert_eq!(client.next(), Heard::End);
        }
    }
}
