//! Moves bytes between a client's socket and its link.

use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::rc::Rc;

use super::clients::Share;
use super::link::{Link, Next};
use super::{Home, Options};
use crate::engine::{Context, Plug, PlugKey, Wake};
use crate::net::Transport;
use crate::util::log;

/// Bytes read at once.
const READ: usize = 64 * 1024;

/// Reads of one link in one turn, so that others get theirs.
const READS_PER_TURN: usize = 8;

/// What links of one proxy have in common: the way back, and what they read into, in turns.
pub(super) type Parts = (Rc<dyn Home>, Rc<RefCell<Vec<u8>>>);

/// A client's connection.
pub(super) struct SocketLink {
    link: Rc<Link>,
    transport: RefCell<Box<dyn Transport>>,
    /// Sticky readiness: set by events, cleared by `WouldBlock` alone.
    readable: Cell<bool>,
    writable: Cell<bool>,
    /// The system tells when it can be written to.
    writes_watched: Cell<bool>,
    /// Whether that is wanted only while something waits.
    often: bool,
    /// The client has closed: a short read does not mean that nothing follows.
    closed: Cell<bool>,
    /// The transport may hold bytes that it has taken.
    unflushed: Cell<bool>,
    scratch: Rc<RefCell<Vec<u8>>>,
}

/// Whether a link goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Lives,
    Over,
}

impl SocketLink {
    /// Puts a connection of a client on the loop.
    pub fn start(
        cx: &Context,
        transport: Box<dyn Transport>,
        name: String,
        (home, scratch): Parts,
        share: Share,
        options: &Options,
    ) {
        let often = transport.tells_writable_often();
        let port = Rc::new(Self {
            link: Link::new(home, name, share),
            transport: RefCell::new(transport),
            readable: Cell::new(true),
            writable: Cell::new(true),
            writes_watched: Cell::new(!often),
            often,
            closed: Cell::new(false),
            unflushed: Cell::new(false),
            scratch,
        });
        let key = cx.plug(Rc::clone(&port) as Rc<dyn Plug>);
        port.link.plugged(key);
        if let Err(e) = cx.watch(key, port.transport.borrow_mut().source(), !often) {
            log::err!("proxy: client {}: {e}", port.link.name());
            cx.unplug(key, None);
            return;
        }
        log::info!("proxy: client {}", port.link.name());
        cx.plug_timer(key, Some(cx.now() + options.first_frame_timeout));
        cx.poke(key);
    }

    fn read(&self, cx: &Context) -> Fate {
        // a turn is never inside another one, but what is taken may be given back late
        let mut buffer = self.scratch.take();
        buffer.resize(READ, 0);
        let fate = self.read_into(cx, &mut buffer);
        self.scratch.replace(buffer);
        fate
    }

    fn read_into(&self, cx: &Context, buffer: &mut [u8]) -> Fate {
        for _ in 0..READS_PER_TURN {
            if !self.readable.get() || !self.link.takes_bytes() {
                return Fate::Lives;
            }
            let read = {
                let mut transport = self.transport.borrow_mut();
                let read = transport.read(buffer);
                if transport.drained() && !self.closed.get() {
                    // what comes next makes a new event
                    self.readable.set(false);
                }
                read
            };
            match read {
                Ok(0) => {
                    self.readable.set(false);
                    return self.ended(cx, "the client closed the link");
                }
                Ok(n) => {
                    if let Err(why) = self.link.receive(cx, &buffer[..n]) {
                        log::warn!("proxy: client {}: {why}", self.link.name());
                        return Fate::Over;
                    }
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => self.readable.set(false),
                Err(e) => {
                    self.readable.set(false);
                    return self.ended(cx, &e.to_string());
                }
            }
        }
        if self.readable.get() && self.link.takes_bytes() {
            self.link.poke(cx);
        }
        Fate::Lives
    }

    fn ended(&self, cx: &Context, why: &str) -> Fate {
        log::info!("proxy: client {}: {why}", self.link.name());
        match self.link.client_gone(cx) {
            Next::Stays => Fate::Lives,
            Next::Goes => Fate::Over,
        }
    }

    /// Writes what waits, and has the system tell when there is room for more of it.
    fn write(&self, cx: &Context, key: PlugKey) -> Fate {
        let fate = self.write_all();
        let wanted = !self.writable.get();
        if fate == Fate::Over || !self.often || wanted == self.writes_watched.replace(wanted) {
            return fate;
        }
        match cx.rewatch(key, self.transport.borrow_mut().source(), wanted) {
            Ok(()) => Fate::Lives,
            Err(e) => {
                log::err!("proxy: client {}: {e}", self.link.name());
                Fate::Over
            }
        }
    }

    fn write_all(&self) -> Fate {
        let mut out = self.link.outbox();
        while self.writable.get() && !out.is_empty() {
            let wrote = self.transport.borrow_mut().write(out.pending());
            match wrote {
                Ok(n) => {
                    out.consume(n);
                    self.unflushed.set(true);
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => self.writable.set(false),
                Err(e) => {
                    log::info!("proxy: client {}: {e}", self.link.name());
                    return Fate::Over;
                }
            }
        }
        if self.writable.get() && self.unflushed.get() {
            let flushed = self.transport.borrow_mut().flush();
            match flushed {
                Ok(all) => {
                    self.unflushed.set(!all);
                    self.writable.set(all);
                }
                Err(e) => {
                    log::info!("proxy: client {}: {e}", self.link.name());
                    return Fate::Over;
                }
            }
        }
        Fate::Lives
    }
}

impl SocketLink {
    fn close(&self, cx: &Context, key: PlugKey) {
        self.link.end(cx);
        // what was said last, such as a refusal, goes out as far as the socket takes it
        let _ = self.write_all();
        let mut transport = self.transport.borrow_mut();
        transport.shutdown();
        cx.unplug(key, Some(transport.source()));
    }
}

impl Plug for SocketLink {
    fn turn(&self, cx: &Context, key: PlugKey, wake: Wake) {
        self.readable.set(self.readable.get() || wake.readable);
        self.writable.set(self.writable.get() || wake.writable);
        self.closed.set(self.closed.get() || wake.closed);
        let timely = if wake.timer { self.link.timer_due() } else { Next::Stays };
        let fate = if timely == Next::Goes || self.read(cx) == Fate::Over {
            Fate::Over
        } else {
            self.write(cx, key)
        };
        if wake.closed && fate == Fate::Lives {
            self.link.hung_up(cx);
        }
        if fate == Fate::Over || self.link.written(cx) == Next::Goes {
            self.close(cx, key);
        }
    }

    fn give_up(&self, cx: &Context, key: PlugKey) {
        self.close(cx, key);
    }
}

#[cfg(all(test, feature = "raw", feature = "proxy"))]
mod tests {
    use std::cell::Cell;
    use std::io::{ErrorKind, Read, Result, Write};
    use std::os::unix::net::UnixStream;
    use std::rc::{Rc, Weak};
    use std::time::{Duration, Instant};

    use super::super::clients::{Clients, Who};
    use super::super::{Home, Limits, Options};
    use super::SocketLink;
    use crate::engine::no_host::NoHost;
    use crate::engine::{Context, ContextOptions};
    use crate::net::Transport;
    use crate::proto::sss::ToProxy;
    use crate::util::TxBuf;
    use crate::util::clock::{MS, Monotonic};

    /// Takes everything at once, as TLS does with a message, and sends it when it is flushed.
    struct Generous {
        socket: mio::net::UnixStream,
        taken: Vec<u8>,
        holds: Rc<Cell<usize>>,
    }

    impl Transport for Generous {
        fn handshake(&mut self) -> Result<bool> {
            Ok(true)
        }
        fn read(&mut self, buf: &mut [u8]) -> Result<usize> {
            self.socket.read(buf)
        }
        fn write(&mut self, buf: &[u8]) -> Result<usize> {
            self.taken.extend_from_slice(buf);
            self.holds.set(self.taken.len());
            Ok(buf.len())
        }
        fn flush(&mut self) -> Result<bool> {
            while !self.taken.is_empty() {
                match self.socket.write(&self.taken) {
                    Ok(n) => drop(self.taken.drain(..n)),
                    Err(e) if e.kind() == ErrorKind::WouldBlock => return Ok(false),
                    Err(e) => return Err(e),
                }
            }
            Ok(true)
        }
        fn shutdown(&mut self) {}
        fn source(&mut self) -> &mut dyn mio::event::Source {
            &mut self.socket
        }
        fn peer(&self) -> String {
            "the test".to_owned()
        }
    }

    struct Way(Weak<Context>);

    impl Home for Way {
        fn enter(&self, f: &mut dyn FnMut(&Context)) {
            if let Some(cx) = self.0.upgrade() {
                f(&cx);
            }
        }
    }

    fn context() -> Rc<Context> {
        let text = br#"{"s":[{"s":{"endpoint":"127.0.0.1","port":1,"protocol":"raw","opportunistic":true}}]}"#;
        let policy = Rc::new(crate::policy::parse(text).policy.expect("a policy"));
        let clock = Box::new(Monotonic::new());
        let cx = Context::new(policy, clock, Box::new(NoHost), ContextOptions::default());
        Rc::new(cx.expect("a context"))
    }

    /// A socket that takes nothing more, its other end, and how much is in it.
    fn full() -> (UnixStream, UnixStream, usize) {
        let (ours, theirs) = UnixStream::pair().expect("a pair");
        ours.set_nonblocking(true).expect("an option");
        theirs.set_nonblocking(true).expect("an option");
        let mut filled = 0;
        for piece in [4096, 1] {
            while let Ok(n) = (&ours).write(&[0; 4096][..piece]) {
                filled += n;
            }
        }
        (ours, theirs, filled)
    }

    #[test]
    fn what_the_transport_has_taken_goes_out_though_nothing_follows() {
        let cx = context();
        let (ours, mut theirs, mut filled) = full();
        let holds = Rc::new(Cell::new(0));
        let socket = mio::net::UnixStream::from_std(ours);
        let transport = Box::new(Generous { socket, taken: Vec::new(), holds: Rc::clone(&holds) });
        let share = Clients::new(Limits::default()).admit(Who::Unknown).expect("a place");
        let parts = (Rc::new(Way(Rc::downgrade(&cx))) as Rc<dyn Home>, Rc::default());
        SocketLink::start(&cx, transport, "test".to_owned(), parts, share, &Options::default());
        let mut asked = TxBuf::new();
        let ask = ToProxy::StreamType { pid: 1, credit: 0, name: "s" };
        ask.encode(&mut asked).expect("a frame");
        theirs.write_all(asked.pending()).expect("the link");
        let limit = Instant::now() + Duration::from_secs(10);
        let turn = || {
            assert!(Instant::now() < limit, "never happened");
            cx.turn(Some(10 * MS)).expect("a turn");
        };
        // the stream exists, and CREATING is told
        while holds.get() == 0 || cx.time_to_work() == Some(0) {
            turn();
        }
        let (mut came, mut buffer) = (0, [0; 4096]);
        while came < holds.get() {
            match theirs.read(&mut buffer) {
                Ok(n) => {
                    let old = n.min(filled);
                    filled -= old;
                    came += n - old;
                }
                Err(_) => turn(),
            }
        }
        cx.end();
    }
}
