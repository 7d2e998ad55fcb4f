//! A proxy on a thread of its own, and a client that says what it is told to.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use securestreams::engine::{Context, ContextOptions};
use securestreams::net::Bind;
use securestreams::policy;
use securestreams::proto::sss::{ClientDecoder, Payload, ProxyDecoder, Sent, ToClient, ToProxy};
use securestreams::proxy::server::{Home, Options, Place, Proxy};
use securestreams::util::TxBuf;
use securestreams::util::clock::{MS, Monotonic};

use super::joined::NoHost;

/// Nothing here takes as long.
pub const LIMIT: Duration = Duration::from_secs(20);

/// The loop looks at the stop flag this often at least.
const TURN: u64 = 20 * MS;

struct ThreadHome(Weak<Context>);

impl Home for ThreadHome {
    fn enter(&self, f: &mut dyn FnMut(&Context)) {
        if let Some(cx) = self.0.upgrade() {
            f(&cx);
        }
    }
}

/// A running proxy; dropping it ends its context.
pub struct World {
    socket: String,
    /// Where it listens, if that is TCP.
    pub port: Option<u16>,
    stop: Arc<AtomicBool>,
    streams: Arc<AtomicUsize>,
    thread: Option<JoinHandle<()>>,
}

impl World {
    /// `types` is the inside of the policy's `"s"` list.
    pub fn start(types: &str) -> Self {
        Self::with(types, Options::default())
    }

    pub fn with(types: &str, options: Options) -> Self {
        let socket = super::fixtures::scratch("proxy").join("s").display().to_string();
        Self::at(Place::Unix(socket), types, options)
    }

    /// On a free port.
    pub fn tcp(types: &str, options: Options) -> Self {
        Self::at(Place::Tcp { bind: Some(Bind::parse("127.0.0.1")), port: 0 }, types, options)
    }

    fn at(place: Place, types: &str, options: Options) -> Self {
        let text = format!(
            "{{\"release\": \"1\", \"product\": \"tests\", \"schema-version\": 1,\n\
             \"retry\": [{{\"default\": {{\"backoff\": [50], \"conceal\": 1, \"jitterpc\": 1}}}}],\n\
             \"s\": [{types}]}}"
        );
        let stop = Arc::new(AtomicBool::new(false));
        let streams = Arc::new(AtomicUsize::new(0));
        let socket = place.to_string();
        let (stopped, count) = (stop.clone(), streams.clone());
        let (ready, is_ready) = channel();
        let thread = std::thread::spawn(move || {
            let parsed = policy::parse(text.as_bytes());
            let policy = parsed.policy.unwrap_or_else(|| panic!("{:?}", parsed.errors));
            let clock = Box::new(Monotonic::new());
            let options_of_context = ContextOptions::default();
            let cx = Context::new(Rc::new(policy), clock, Box::new(NoHost), options_of_context);
            let cx = Rc::new(cx.expect("a context"));
            let home = Rc::new(ThreadHome(Rc::downgrade(&cx)));
            let proxy = Proxy::open(&cx, home, &place, options).expect("a proxy");
            ready.send(proxy.port).expect("the test");
            while !stopped.load(Ordering::SeqCst) {
                cx.turn(Some(TURN)).expect("a turn");
                count.store(cx.streams().len(), Ordering::SeqCst);
            }
            cx.end();
        });
        let port = is_ready.recv().expect("the proxy to start");
        Self { socket, port, stop, streams, thread: Some(thread) }
    }

    pub fn connect(&self) -> Client {
        let link = UnixStream::connect(&self.socket).expect("the proxy");
        link.set_read_timeout(Some(LIMIT)).expect("a limit");
        link.set_write_timeout(Some(LIMIT)).expect("a limit");
        Client { link, decoder: ClientDecoder::new(), got: Vec::new() }
    }

    /// A client whose stream exists.
    pub fn client(&self, stream_type: &str) -> Client {
        let mut client = self.connect();
        client.say(&ToProxy::StreamType { pid: 1, credit: 0, name: stream_type });
        assert!(matches!(client.next(), Some(Got::Created { ok: true, .. })));
        assert_eq!(client.next(), Some(Got::State(1)), "CREATING");
        client
    }

    /// Waits until the proxy has so many streams.
    #[track_caller]
    pub fn wait_for_streams(&self, want: usize) {
        let until = Instant::now() + LIMIT;
        while self.streams.load(Ordering::SeqCst) != want {
            let count = self.streams.load(Ordering::SeqCst);
            assert!(Instant::now() < until, "{count} streams, not {want}");
            std::thread::yield_now();
        }
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            ended.expect("a thread").expect("the proxy's thread");
        }
    }
}

/// What a client is told.
#[derive(Debug, PartialEq, Eq)]
pub enum Got {
    Created { ok: bool, types: String },
    State(u32),
    Payload { flags: u32, bytes: Vec<u8>, sent: Sent },
    Credit(i32),
    Metadata(String, Vec<u8>),
    Perf(Vec<u8>),
}

pub struct Client {
    pub link: UnixStream,
    decoder: ClientDecoder,
    got: Vec<Got>,
}

/// A frame's bytes.
pub fn bytes_of(frame: &ToProxy<'_>) -> Vec<u8> {
    let mut out = TxBuf::new();
    frame.encode(&mut out).expect("a frame");
    out.pending().to_vec()
}

/// Payload with these marks.
pub fn payload(bytes: &[u8], flags: u32) -> ToProxy<'_> {
    ToProxy::Payload(Payload { flags, sent: Sent::default(), rideshare: None, bytes })
}

impl Client {
    pub fn say(&mut self, frame: &ToProxy<'_>) {
        self.link.write_all(&bytes_of(frame)).expect("the proxy to take it");
    }

    /// The next thing that the proxy says, with payload as it comes; `None` at the link's end.
    #[track_caller]
    pub fn next(&mut self) -> Option<Got> {
        let mut buffer = vec![0; 256 * 1024];
        while self.got.is_empty() {
            let n = match self.link.read(&mut buffer) {
                Ok(n) => n,
                Err(e) if e.kind() == std::io::ErrorKind::ConnectionReset => 0,
                Err(e) => panic!("the proxy says nothing: {e}"),
            };
            if n == 0 {
                return None;
            }
            let mut input = &buffer[..n];
            while let Some(frame) = self.decoder.next(&mut input).expect("the proxy's frames") {
                self.got.push(own(frame));
            }
        }
        Some(self.got.remove(0))
    }

    /// Waits for a state, and gives what came before it.
    #[track_caller]
    pub fn until(&mut self, state: u32) -> Vec<Got> {
        let mut before = Vec::new();
        loop {
            match self.next() {
                Some(Got::State(s)) if s == state => return before,
                Some(got) => before.push(got),
                None => panic!("the link ended before state {state}: {before:?}"),
            }
        }
    }

    /// Payload until there are so many bytes.
    #[track_caller]
    pub fn bytes(&mut self, count: usize) -> Vec<u8> {
        let mut all = Vec::new();
        while all.len() < count {
            match self.next() {
                Some(Got::Payload { bytes, .. }) => all.extend_from_slice(&bytes),
                Some(_) => {}
                None => panic!("the link ended after {} bytes", all.len()),
            }
        }
        all
    }
}

fn own(frame: ToClient<'_>) -> Got {
    match frame {
        ToClient::Created { ok, types, .. } => Got::Created { ok, types: types.to_owned() },
        ToClient::State { state, .. } => Got::State(state),
        ToClient::Payload(p) => {
            Got::Payload { flags: p.flags, bytes: p.bytes.to_vec(), sent: p.sent }
        }
        ToClient::Credit(bytes) => Got::Credit(bytes),
        ToClient::Metadata { name, value } => Got::Metadata(name.to_owned(), value.to_vec()),
        ToClient::Perf(json) => Got::Perf(json.to_vec()),
    }
}

/// What a whole session of a client looks like on the wire.
pub fn session(stream_type: &str) -> Vec<u8> {
    let frames = [
        ToProxy::Timeout(5000),
        ToProxy::StreamType { pid: 7, credit: 100, name: stream_type },
        ToProxy::Metadata { name: "m", value: b"value" },
        ToProxy::LengthHint(5),
        ToProxy::OnwardConnect,
        payload(b"hello", 3),
        ToProxy::Credit(1000),
        ToProxy::cancel_timeout(),
        payload(b"", 2),
    ];
    let all: Vec<u8> = frames.iter().flat_map(bytes_of).collect();
    let mut input = &all[..];
    let mut decoder = ProxyDecoder::new();
    while decoder.next(&mut input).expect("frames").is_some() {}
    all
}
