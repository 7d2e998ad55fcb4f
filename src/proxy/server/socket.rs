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
        let port = Rc::new(Self {
            link: Link::new(home, name, share),
            transport: RefCell::new(transport),
            readable: Cell::new(true),
            writable: Cell::new(true),
            unflushed: Cell::new(false),
            scratch,
        });
        let key = cx.plug(Rc::clone(&port) as Rc<dyn Plug>);
        port.link.plugged(key);
        if let Err(e) = cx.watch(key, port.transport.borrow_mut().source()) {
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
            let read = self.transport.borrow_mut().read(buffer);
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

    fn write(&self) -> Fate {
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
        let _ = self.write();
        let mut transport = self.transport.borrow_mut();
        transport.shutdown();
        cx.unplug(key, Some(transport.source()));
    }
}

impl Plug for SocketLink {
    fn turn(&self, cx: &Context, key: PlugKey, wake: Wake) {
        self.readable.set(self.readable.get() || wake.readable);
        self.writable.set(self.writable.get() || wake.writable);
        let timely = if wake.timer { self.link.timer_due() } else { Next::Stays };
        let fate = if timely == Next::Goes || self.read(cx) == Fate::Over {
            Fate::Over
        } else {
            self.write()
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
