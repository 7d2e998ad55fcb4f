//! Links of clients on ways that the program brings: no socket of ours, bytes are handed over.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use super::clients::{Clients, Who};
use super::link::{Link, Next};
use super::{Home, Options};
use crate::engine::{Context, Plug, PlugKey, Wake};
use crate::util::log;

/// What a way to a client can be told.
pub trait Way {
    /// There is something to send: [`Piped::send`] is to be called when the way takes bytes, also if
    /// it is no more than that the link is to be closed.
    fn request_write(&self);
}

/// Where clients on such ways come in.
pub struct Desk {
    home: Rc<dyn Home>,
    options: Options,
    clients: Rc<Clients>,
}

impl Desk {
    /// One for a context, with the limits of `options`. (Who such clients are is not known: an
    /// allow list bars all.)
    #[must_use]
    pub fn new(home: Rc<dyn Home>, options: Options) -> Self {
        let clients = Clients::new(options.limits);
        Self { home, options, clients }
    }

    /// A client has come.
    ///
    /// # Errors
    /// Why it is not let in.
    pub fn admit(&self, cx: &Context, way: Rc<dyn Way>) -> Result<Rc<Piped>, String> {
        if self.options.allowed.is_some() {
            return Err("the system does not know whose it is".to_owned());
        }
        let share = self.clients.admit(Who::Unknown)?;
        let link = Link::new(Rc::clone(&self.home), "on a way of the program's".to_owned(), share);
        let piped = Rc::new(Piped { link, way, port: Cell::new(None), over: Cell::new(false) });
        let key = cx.plug(Rc::clone(&piped) as Rc<dyn Plug>);
        piped.port.set(Some(key));
        piped.link.plugged(key);
        cx.plug_timer(key, Some(cx.now() + self.options.first_frame_timeout));
        Ok(piped)
    }
}

/// A client's link.
pub struct Piped {
    link: Rc<Link>,
    way: Rc<dyn Way>,
    port: Cell<Option<PlugKey>>,
    over: Cell<bool>,
}

/// What the way is to do with the link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Keep it.
    Keep,
    /// Close it, and call [`Piped::closed`].
    Close,
}

/// What became of bytes that were given to the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrote {
    /// So many were taken.
    pub len: usize,
    /// It takes more at once.
    pub more: bool,
}

impl Piped {
    /// Bytes of the client have come.
    pub fn receive(&self, cx: &Context, bytes: &[u8]) -> Verdict {
        if self.over.get() {
            return Verdict::Close;
        }
        if let Err(why) = self.link.receive(cx, bytes) {
            log::warn!("proxy: client {}: {why}", self.link.name());
            self.over.set(true);
            return Verdict::Close;
        }
        self.link.poke(cx);
        Verdict::Keep
    }

    /// The way takes up to `most` bytes: `write` gets some, `None` is the way's end.
    pub fn send(
        &self,
        cx: &Context,
        most: usize,
        mut write: impl FnMut(&[u8]) -> Option<Wrote>,
    ) -> Verdict {
        // the way is the program's: it may call us from inside
        let scratch = RefCell::new(Vec::new());
        loop {
            let mut piece = scratch.take();
            piece.clear();
            {
                let mut outbox = self.link.outbox();
                let pending = outbox.pending();
                piece.extend_from_slice(&pending[..pending.len().min(most)]);
            }
            if piece.is_empty() {
                break;
            }
            let Some(wrote) = write(&piece) else { return self.give_up() };
            self.link.outbox().consume(wrote.len.min(piece.len()));
            scratch.replace(piece);
            if !wrote.more || wrote.len == 0 {
                break;
            }
        }
        if self.over.get() || self.link.written(cx) == Next::Goes {
            return self.give_up();
        }
        if !self.link.outbox().is_empty() {
            self.way.request_write();
        }
        Verdict::Keep
    }

    fn give_up(&self) -> Verdict {
        self.over.set(true);
        Verdict::Close
    }

    /// The way to the client is closed.
    pub fn closed(&self, cx: &Context) {
        self.over.set(true);
        self.link.end(cx);
        if let Some(key) = self.port.take() {
            cx.unplug(key, None);
        }
    }
}

impl Plug for Piped {
    fn turn(&self, cx: &Context, _: PlugKey, wake: Wake) {
        let late = wake.timer && self.link.timer_due() == Next::Goes;
        if late || self.link.written(cx) == Next::Goes {
            self.over.set(true);
        }
        if self.over.get() || !self.link.outbox().is_empty() {
            self.way.request_write();
        }
    }

    fn give_up(&self, cx: &Context, _: PlugKey) {
        self.over.set(true);
        self.link.end(cx);
        self.way.request_write();
    }
}
