//! A client and a proxy in one context, with a link of memory between them: bytes go over when
//! they are told to, and may change on the way. The fuzz target `link` uses it too.

#[path = "../fixtures/no_host.rs"]
mod no_host;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

use securestreams::engine::{Context, ContextOptions, Handler, TxAnswer};
use securestreams::policy;
use securestreams::proxy::client::{Client, Loop};
use securestreams::proxy::server::{Desk, Home, Options, Piped, Verdict, Way, Wrote};
use securestreams::stream::{Flags, Ret, State};
use securestreams::util::clock::Monotonic;

pub use no_host::NoHost;

struct WeakHome(Weak<Context>);

impl Home for WeakHome {
    fn enter(&self, f: &mut dyn FnMut(&Context)) {
        if let Some(cx) = self.0.upgrade() {
            f(&cx);
        }
    }
}

/// What either side wants of the link.
#[derive(Default)]
struct Wants {
    client_writes: Cell<bool>,
    proxy_writes: Cell<bool>,
    hang_up: Cell<bool>,
}

impl Loop for Wants {
    fn request_tx(&self) {
        self.client_writes.set(true);
    }
    fn hang_up(&self) {
        self.hang_up.set(true);
    }
    fn start_timeout(&self, _: u32) {}
    fn cancel_timeout(&self) {}
}

impl Way for Wants {
    fn request_write(&self) {
        self.proxy_writes.set(true);
    }
}

/// The program at the client.
#[derive(Default)]
pub struct Program {
    /// What it sends, piece by piece.
    pub to_send: RefCell<Vec<Vec<u8>>>,
    /// Payload that came.
    pub got: RefCell<Vec<u8>>,
    pub states: RefCell<Vec<u32>>,
}

impl Handler for Program {
    fn state(&self, code: u32, _: u32) -> Ret {
        self.states.borrow_mut().push(code);
        Ret::Ok
    }

    fn rx(&self, data: &[u8], _: Flags) -> Ret {
        self.got.borrow_mut().extend_from_slice(data);
        Ret::Ok
    }

    fn tx(&self, _: u32, window: &mut [u8]) -> Option<TxAnswer> {
        let next = self.to_send.borrow_mut().pop();
        let Some(next) = next else {
            return Some(TxAnswer { ret: Ret::TxDontSend, len: 0, flags: Flags::empty() });
        };
        let len = next.len().min(window.len());
        window[..len].copy_from_slice(&next[..len]);
        if len < next.len() {
            self.to_send.borrow_mut().push(next[len..].to_vec());
        }
        Some(TxAnswer { ret: Ret::Ok, len, flags: Flags::SOM | Flags::EOM })
    }
}

/// Both sides.
pub struct Joined {
    pub cx: Rc<Context>,
    desk: Desk,
    pub client: Client,
    pub program: Rc<Program>,
    wants: Rc<Wants>,
    piped: RefCell<Option<Rc<Piped>>>,
    /// On the way to the proxy.
    pub up: RefCell<Vec<u8>>,
    /// On the way to the client.
    pub down: RefCell<Vec<u8>>,
}

impl Joined {
    /// A client of the stream type `name`; `types` is the inside of the policy's `"s"` list.
    pub fn new(types: &str, name: &str) -> Self {
        let text = format!(
            "{{\"release\": \"1\", \"product\": \"tests\", \"schema-version\": 1,\n\
             \"retry\": [{{\"default\": {{\"backoff\": [50], \"conceal\": 1, \"jitterpc\": 1}}}}],\n\
             \"s\": [{types}]}}"
        );
        let parsed = policy::parse(text.as_bytes());
        let policy = Rc::new(parsed.policy.unwrap_or_else(|| panic!("{:?}", parsed.errors)));
        let clock = Box::new(Monotonic::new());
        let cx = Context::new(policy, clock, Box::new(NoHost), ContextOptions::default());
        let cx = Rc::new(cx.expect("a context"));
        let desk = Desk::new(Rc::new(WeakHome(Rc::downgrade(&cx))), Options::default());
        let program = Rc::new(Program::default());
        let client = Client::new(name, Rc::clone(&program) as Rc<dyn Handler>, None);
        let wants = Rc::new(Wants::default());
        client.attach(Rc::clone(&wants) as Rc<dyn Loop>);
        Self {
            cx,
            desk,
            client,
            program,
            wants,
            piped: RefCell::default(),
            up: RefCell::default(),
            down: RefCell::default(),
        }
    }

    /// A new link.
    pub fn connect(&self) {
        let piped = self.desk.admit(&self.cx, Rc::clone(&self.wants) as Rc<dyn Way>);
        self.piped.replace(Some(piped.expect("a place for the client")));
        let _ = self.client.state(State::Connected.code(), 0);
    }

    /// The link is lost, for both sides.
    pub fn disconnect(&self) {
        self.wants.hang_up.set(false);
        self.up.borrow_mut().clear();
        self.down.borrow_mut().clear();
        if let Some(piped) = self.piped.take() {
            piped.closed(&self.cx);
            let _ = self.client.state(State::Disconnected.code(), 0);
        }
    }

    /// Whether one of the sides wants the link closed, or it is.
    pub fn is_over(&self) -> bool {
        self.wants.hang_up.get() || self.piped.borrow().is_none()
    }

    fn obey(&self, ret: Ret) {
        if matches!(ret, Ret::DisconnectMe | Ret::DestroyMe) {
            self.wants.hang_up.set(true);
        }
    }

    /// Offers the client so much room to write into, if it wants that.
    pub fn client_writes(&self, room: usize) {
        if self.is_over() || !self.wants.client_writes.take() {
            return;
        }
        let mut window = vec![0; room];
        let Some(tx) = self.client.tx(0, &mut window) else { return };
        self.obey(tx.ret);
        if tx.ret == Ret::Ok {
            self.up.borrow_mut().extend_from_slice(&window[..tx.len]);
        }
    }

    /// Has the proxy write so many bytes at most, if it wants to.
    pub fn proxy_writes(&self, most: usize) {
        let piped = self.piped.borrow().clone();
        let Some(piped) = piped.filter(|_| self.wants.proxy_writes.take()) else { return };
        let verdict = piped.send(&self.cx, most, |piece| {
            self.down.borrow_mut().extend_from_slice(piece);
            Some(Wrote { len: piece.len(), more: false })
        });
        if verdict == Verdict::Close {
            self.wants.hang_up.set(true);
        }
    }

    /// So many bytes of the client's arrive.
    pub fn proxy_reads(&self, most: usize) {
        let piped = self.piped.borrow().clone();
        let Some(piped) = piped.filter(|_| !self.is_over()) else { return };
        let len = self.up.borrow().len().min(most);
        let bytes: Vec<u8> = self.up.borrow_mut().drain(..len).collect();
        if piped.receive(&self.cx, &bytes) == Verdict::Close {
            self.wants.hang_up.set(true);
        }
    }

    /// So many bytes of the proxy's arrive.
    pub fn client_reads(&self, most: usize) {
        if self.is_over() {
            return;
        }
        let len = self.down.borrow().len().min(most);
        let bytes: Vec<u8> = self.down.borrow_mut().drain(..len).collect();
        let ret = self.client.rx(&bytes, Flags::empty());
        self.obey(ret);
    }

    /// Moves everything, in pieces of so many bytes, until nothing more is to be moved.
    pub fn settle(&self, piece: usize) {
        loop {
            self.client_writes(piece);
            self.proxy_reads(piece);
            self.cx.turn(Some(0)).expect("a turn");
            self.proxy_writes(piece);
            self.client_reads(piece);
            let wants = self.wants.client_writes.get() || self.wants.proxy_writes.get();
            let moving = !self.up.borrow().is_empty() || !self.down.borrow().is_empty();
            if self.is_over() || !wants && !moving {
                return;
            }
        }
    }
}

/// Bytes that may be on the way in either direction: a proxy and a client hold back more.
const MOST_ON_THE_WAY: usize = 1 << 20;

/// Does what the input says: steps of two bytes, what to do and how much.
pub fn check_input(types: &str, name: &str, data: &[u8]) {
    let joined = Joined::new(types, name);
    joined.connect();
    for step in data.chunks_exact(2) {
        take(&joined, step[0], step[1]);
        if joined.is_over() {
            joined.disconnect();
            joined.connect();
        }
        assert!(joined.up.borrow().len().max(joined.down.borrow().len()) <= MOST_ON_THE_WAY);
        joined.program.got.borrow_mut().clear();
        joined.program.states.borrow_mut().clear();
    }
    joined.disconnect();
    let _ = joined.client.state(State::Destroying.code(), 0);
    joined.cx.turn(Some(0)).expect("a turn");
    assert!(joined.cx.streams().is_empty(), "a stream outlives its link");
    joined.cx.end();
}

fn take(joined: &Joined, what: u8, much: u8) {
    let n = usize::from(much);
    let client = &joined.client;
    match what % 20 {
        0 => client.request_tx(),
        1 => client.client_connect(),
        2 => drop(client.set_metadata("m", &vec![much; n])),
        3 => client.start_timeout(u32::from(much)),
        4 => client.add_peer_credit(i32::from(much)),
        5 => client.request_tx_len(u64::from(much)),
        6 => joined.program.to_send.borrow_mut().push(vec![much; n * 8]),
        7 | 8 => joined.client_writes(n),
        9 => joined.proxy_reads(n),
        10 | 11 => joined.proxy_writes(n),
        12 => joined.client_reads(n),
        13 => joined.settle(n + 1),
        14 => change(&joined.up, much),
        15 => change(&joined.down, much),
        16 => joined.up.borrow_mut().push(much),
        17 => joined.down.borrow_mut().push(much),
        18 => joined.disconnect(),
        _ => drop(joined.cx.turn(Some(0))),
    }
}

/// Changes, leaves out or doubles the byte that is first on the way.
fn change(bytes: &RefCell<Vec<u8>>, how: u8) {
    let mut bytes = bytes.borrow_mut();
    let Some(first) = bytes.first().copied() else { return };
    match how {
        0 => drop(bytes.remove(0)),
        1 => bytes.insert(0, first),
        _ => bytes[0] ^= how,
    }
}
