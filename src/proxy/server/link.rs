//! One link of a client: what it asks for, done to its stream. Knows nothing of sockets.
//!
//! No borrow of a part of it is held while the context is called: that may call the stream's own
//! side, which needs the same parts. The decoder alone stays borrowed, nobody else uses it.

use std::cell::{Cell, RefCell, RefMut};
use std::collections::HashMap;
use std::rc::Rc;

use super::Home;
use super::clients::Share;
use super::credit::Credit;
use super::onward::Onward;
use super::outbox::Outbox;
use super::uplink::Uplink;
use crate::engine::{Context, NewStream, PlugKey, StreamKey};
use crate::policy::{Policy, Protocol, StreamType};
use crate::proto::sss::{CANCEL_TIMEOUT, Payload, ProxyDecoder, ToClient, ToProxy};
use crate::stream::Ret;
use crate::stream::metadata::Owned;
use crate::util::Micros;
use crate::util::clock::SEC;
use crate::util::log;

/// A client that is gone may have left payload: its stream has this long to send it.
const LINGER: Micros = SEC;

/// Bytes for the client beyond the buffer of the stream's policy: what was read already when
/// reading stopped, and a little for states. A link with more is given up.
const OVERRUN: usize = 512 * 1024;

/// What remembering a value costs beside its name and itself, about.
const VALUE_COST: usize = 128;

/// Clients of libwebsockets 5.0.0 give up a link that tells them more rideshare types than this,
/// or in more bytes.
const MOST_TYPES: usize = 4;
const MOST_TYPES_BYTES: usize = 127;

/// How far a link is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The client has not named its stream type.
    Fresh,
    /// It was refused, and is being told so.
    Refused,
    /// There is a stream.
    Running,
    /// The client is gone, its stream still sends what it left.
    Draining,
    /// Nothing more happens.
    Over,
}

/// Whether a link stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// It does.
    Stays,
    /// It is to be closed.
    Goes,
}

/// How much of a stream waits at the proxy, from its policy, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    /// With more for the client, the stream's peer is not read from.
    hold_above: usize,
    /// With less, it is again.
    release_below: usize,
    /// With more from the client, its link is not read from.
    buffer: usize,
    /// Messages go out when their length is known.
    whole: bool,
}

impl Marks {
    /// The policy's, or, where it leaves them out, the whole buffer and half of it: reading goes
    /// on whatever its size is, only slower.
    fn of(kind: &StreamType) -> Self {
        let policy = kind.proxy_buffer;
        let size = |n: Option<u32>| n.filter(|n| *n > 0).map(|n| n as usize);
        let buffer = policy.len_or_default() as usize;
        let hold_above = size(policy.rxflow_on_above).unwrap_or(buffer);
        let release_below = size(policy.rxflow_off_below).unwrap_or(hold_above / 2 + 1);
        let release_below = release_below.min(hold_above);
        Self { hold_above, release_below, buffer, whole: kind.protocol == Protocol::Mqtt }
    }
}

/// A link.
pub(super) struct Link {
    pub home: Rc<dyn Home>,
    name: String,
    share: Share,
    port: Cell<Option<PlugKey>>,
    stage: Cell<Stage>,
    stream: Cell<Option<StreamKey>>,
    decoder: RefCell<ProxyDecoder>,
    outbox: RefCell<Outbox>,
    pub uplink: RefCell<Uplink>,
    /// What each value that the client has set takes, and all of them, in bytes.
    values: RefCell<HashMap<String, usize>>,
    value_bytes: Cell<usize>,
    marks: Cell<Marks>,
    /// A timeout that was asked for before there was a stream.
    early_timeout: Cell<Option<u32>>,
    /// The client was told CONNECTED: payload of it that comes at other times is a leftover of a
    /// connection that is gone.
    pub connected: Cell<bool>,
    held: Cell<bool>,
    /// The client is gone, though not all that it sent was read.
    leaving: Cell<bool>,
    /// The peer's credit, on the protocol that has one.
    credit: Cell<Option<Credit>>,
    /// Why it cannot go on.
    broken: RefCell<Option<String>>,
}

impl Link {
    pub fn new(home: Rc<dyn Home>, name: String, share: Share) -> Rc<Self> {
        Rc::new(Self {
            home,
            name,
            share,
            port: Cell::new(None),
            stage: Cell::new(Stage::Fresh),
            stream: Cell::new(None),
            decoder: RefCell::default(),
            outbox: RefCell::default(),
            uplink: RefCell::default(),
            values: RefCell::default(),
            value_bytes: Cell::new(0),
            marks: Cell::default(),
            early_timeout: Cell::new(None),
            connected: Cell::new(false),
            held: Cell::new(false),
            leaving: Cell::new(false),
            credit: Cell::new(None),
            broken: RefCell::default(),
        })
    }

    /// The port that moves its bytes.
    pub fn plugged(&self, port: PlugKey) {
        self.port.set(Some(port));
    }

    /// The client, for logs.
    pub fn name(&self) -> &str {
        &self.name
    }

    pub fn stream(&self) -> Option<StreamKey> {
        self.stream.get()
    }

    /// What waits for the client.
    pub fn outbox(&self) -> RefMut<'_, Outbox> {
        self.outbox.borrow_mut()
    }

    /// Gives the port a turn.
    pub fn poke(&self, cx: &Context) {
        if let Some(port) = self.port.get() {
            cx.poke(port);
        }
    }

    /// Whether more bytes of the client are wanted now.
    pub fn takes_bytes(&self) -> bool {
        match self.stage.get() {
            Stage::Fresh => true,
            Stage::Running => {
                self.broken.borrow().is_none()
                    && self.uplink.borrow().held() < self.marks.get().buffer
            }
            Stage::Refused | Stage::Draining | Stage::Over => false,
        }
    }

    /// The client sent bytes.
    ///
    /// # Errors
    /// What is wrong with them: the link is to be given up.
    pub fn receive(self: &Rc<Self>, cx: &Context, bytes: &[u8]) -> Result<(), String> {
        let Ok(mut decoder) = self.decoder.try_borrow_mut() else {
            return Err("bytes came while others were being taken".to_owned());
        };
        let mut input = bytes;
        let mut sends = false;
        while let Some(frame) = decoder.next(&mut input).map_err(|e| e.to_string())? {
            if let ToProxy::Payload(payload) = frame {
                sends |= self.take_payload(&payload)?;
            } else {
                self.obey(cx, &frame)?;
            }
            if self.stage.get() != Stage::Running && self.stage.get() != Stage::Fresh {
                break;
            }
        }
        if sends {
            self.ask_to_send(cx);
        }
        Ok(())
    }

    fn obey(self: &Rc<Self>, cx: &Context, frame: &ToProxy<'_>) -> Result<(), String> {
        if let ToProxy::StreamType { pid, credit, name } = frame {
            log::info!("proxy: client {}: stream type '{name}' for pid {pid}", self.name);
            self.create(cx, name, *credit);
            return Ok(());
        }
        let Some(key) = self.stream.get() else { return self.obey_early(frame) };
        match frame {
            ToProxy::StreamType { .. } | ToProxy::Payload(_) => {}
            ToProxy::OnwardConnect => {
                let _ = cx.client_connect(key);
            }
            ToProxy::Destroying => {
                if self.client_gone(cx) == Next::Goes {
                    self.stage.set(Stage::Over);
                    self.outbox.borrow_mut().clear();
                }
            }
            ToProxy::Metadata { name, value } => {
                self.keep(name, value.len())?;
                let copy = Box::new(Owned::new(value));
                if cx.set_metadata(key, name, copy).is_err() {
                    return Err(format!("the policy knows no metadata '{name}' for its stream"));
                }
            }
            ToProxy::Credit(bytes) => match self.with_credit(|credit| credit.adjust(*bytes)) {
                // it takes effect as there is room for it
                Some(()) => self.poke(cx),
                None => cx.add_peer_credit(key, *bytes),
            },
            ToProxy::Timeout(ms) => set_timeout(cx, key, *ms),
            ToProxy::LengthHint(len) => {
                let (len, first) = (u64::from(*len), self.uplink.borrow().is_empty());
                // where messages go whole the message asks for itself, when it is here
                if self.marks.get().whole || !first {
                    self.uplink.borrow_mut().announce(len);
                }
                let _ = match (first, self.marks.get().whole) {
                    (true, false) => cx.request_tx_len(key, len),
                    (true, true) => cx.request_tx(key),
                    (false, _) => Ret::Ok,
                };
            }
        }
        Ok(())
    }

    /// Counts a value that takes the place of an earlier one of this name. Where the policy takes
    /// any name there is no other bound to them.
    fn keep(&self, name: &str, len: usize) -> Result<(), String> {
        let bytes = name.len() + len + VALUE_COST;
        let old = self.values.borrow_mut().insert(name.to_owned(), bytes).unwrap_or(0);
        self.value_bytes.set(self.value_bytes.get() + bytes - old);
        self.account();
        self.broken.borrow().clone().map_or(Ok(()), Err)
    }

    /// What may come before there is a stream.
    fn obey_early(&self, frame: &ToProxy<'_>) -> Result<(), String> {
        match frame {
            ToProxy::Timeout(ms) => {
                self.early_timeout.set(Some(*ms));
                Ok(())
            }
            ToProxy::Destroying => {
                self.stage.set(Stage::Over);
                Ok(())
            }
            // the stream went without its client
            _ => Err("the stream is gone".to_owned()),
        }
    }

    /// The client named its stream type.
    fn create(self: &Rc<Self>, cx: &Context, name: &str, credit: i32) {
        if let Some(port) = self.port.get() {
            cx.plug_timer(port, None);
        }
        match self.make(cx, name, credit) {
            Ok(key) => {
                self.stage.set(Stage::Running);
                if cx.start(key).is_err() {
                    self.stage.set(Stage::Over);
                } else if let Some(ms) = self.early_timeout.take() {
                    set_timeout(cx, key, ms);
                }
            }
            Err(why) => {
                log::err!("proxy: client {}: {why}", self.name);
                self.stage.set(Stage::Refused);
                self.say(cx, &ToClient::Created { ok: false, buflen: 0, types: "" });
            }
        }
        self.poke(cx);
    }

    fn make(self: &Rc<Self>, cx: &Context, name: &str, credit: i32) -> Result<StreamKey, String> {
        let policy = cx.policy();
        let kind = policy
            .stream_type(name)
            .ok_or_else(|| format!("the policy has no stream type '{name}'"))?;
        if kind.server {
            return Err(format!("stream type '{name}' is a server: those are not for clients"));
        }
        let marks = Marks::of(kind);
        self.marks.set(marks);
        let mut peer_credit = u32::try_from(credit).ok().filter(|c| *c > 0);
        if kind.protocol == Protocol::H2 {
            // several streams share the connection: each is slowed down by itself
            let mut credit = Credit::new(credit, marks.hold_above);
            peer_credit = Some(credit.begin());
            self.credit.set(Some(credit));
        }
        let handler = Rc::new(Onward::new(Rc::clone(self), kind));
        let new = NewStream { kind: Rc::clone(kind), handler, peer_credit };
        let key = cx.make(new).map_err(|e| e.to_string())?;
        cx.set_proxied(key);
        self.stream.set(Some(key));
        let buflen = kind.client_buffer.len.unwrap_or(0);
        let types = travellers(&policy, kind);
        self.say(cx, &ToClient::Created { ok: true, buflen, types: &types });
        Ok(key)
    }

    /// Tells the client.
    pub fn say(&self, cx: &Context, frame: &ToClient<'_>) {
        let pushed = self.outbox.borrow_mut().push(frame);
        if let Err(e) = pushed {
            log::err!("proxy: client {} is not told: {e}", self.name);
        }
        self.account();
        self.poke(cx);
    }

    /// Hands payload of the stream to the client, and holds its peer back if too much waits.
    pub fn say_payload(&self, cx: &Context, bytes: &[u8], marks: u32) -> Ret {
        let pushed = self.outbox.borrow_mut().push_payload(bytes, marks);
        if let Err(e) = pushed {
            self.give_up(&e.to_string());
        }
        self.account();
        self.poke(cx);
        self.with_credit(|credit| credit.received(bytes.len()));
        if self.broken.borrow().is_some() {
            return Ret::DisconnectMe;
        }
        let waits = self.outbox.borrow().len();
        if waits > self.marks.get().hold_above && !self.held.replace(true) {
            self.hold_again(cx);
        }
        Ret::Ok
    }

    /// A new connection of the stream has its whole credit, and knows nothing of being held.
    pub fn begin(&self, cx: &Context) {
        self.with_credit(Credit::begin);
        self.hold_again(cx);
    }

    fn hold_again(&self, cx: &Context) {
        if let (true, Some(key)) = (self.held.get(), self.stream.get()) {
            cx.hold_rx(key);
        }
    }

    /// The stream is gone whatever the client thinks of it.
    pub fn stream_gone(&self, cx: &Context) {
        self.stream.set(None);
        self.stage.set(Stage::Over);
        self.poke(cx);
    }

    /// The client wants its stream to send.
    fn take_payload(&self, payload: &Payload<'_>) -> Result<bool, String> {
        if self.stream.get().is_none() {
            return Err("the stream is gone".to_owned());
        }
        if !self.connected.get() {
            log::debug!("proxy: client {}: payload while not connected: dropped", self.name);
            return Ok(false);
        }
        self.uplink.borrow_mut().push(payload.bytes, payload.flags);
        self.account();
        if let Some(why) = self.broken.borrow().clone() {
            return Err(why);
        }
        let waits = self.uplink.borrow().held();
        if waits >= self.marks.get().buffer && !self.may_send() {
            return Err(format!(
                "{waits} bytes of a message and no end: one this long has to be announced, or \
                 needs a larger proxy_buflen"
            ));
        }
        Ok(true)
    }

    /// Whether what waits may go out now.
    pub fn may_send(&self) -> bool {
        self.uplink.borrow().may_go(self.marks.get().whole)
    }

    /// Has the stream called for what waits. On mqtt a message goes out when its length is known.
    pub fn ask_to_send(&self, cx: &Context) {
        let Some(key) = self.stream.get() else { return };
        if !self.may_send() {
            return;
        }
        let len = self.uplink.borrow().front_len().filter(|_| self.marks.get().whole);
        let _ = match len {
            Some(len) => cx.request_tx_len(key, len),
            None => cx.request_tx(key),
        };
    }

    /// Bytes went out to the client, or it is the turn's end.
    pub fn written(&self, cx: &Context) -> Next {
        self.account();
        if let Some(why) = &*self.broken.borrow() {
            log::err!("proxy: client {}: {why}", self.name);
            return Next::Goes;
        }
        let waits = self.outbox.borrow().len();
        if let (true, Some(key)) = (waits < self.marks.get().release_below, self.stream.get()) {
            if self.held.replace(false) {
                cx.release_rx(key);
            }
            if self.connected.get()
                && let Some(more) = self.with_credit(Credit::grant).flatten()
            {
                cx.add_peer_credit(key, more);
            }
        }
        match self.stage.get() {
            Stage::Refused | Stage::Over if waits == 0 => Next::Goes,
            Stage::Draining if self.uplink.borrow().is_empty() => Next::Goes,
            Stage::Over if self.stream.get().is_none() => Next::Goes,
            Stage::Fresh | Stage::Refused | Stage::Running | Stage::Draining | Stage::Over => {
                Next::Stays
            }
        }
    }

    /// The client closed the link or said that its stream goes. What it left is still sent, if
    /// the stream can do that soon.
    pub fn client_gone(&self, cx: &Context) -> Next {
        let waits = !self.uplink.borrow().is_empty() && self.connected.get();
        if !waits || self.stage.get() != Stage::Running {
            return Next::Goes;
        }
        self.stage.set(Stage::Draining);
        self.outbox.borrow_mut().clear();
        if let Some(port) = self.port.get() {
            cx.plug_timer(port, Some(cx.now() + LINGER));
        }
        Next::Stays
    }

    /// The client is gone while its link is not read from, because too much of it waits: what it
    /// left has as long as what was read already.
    pub fn hung_up(&self, cx: &Context) {
        if let (Stage::Running, false) = (self.stage.get(), self.leaving.replace(true))
            && let Some(port) = self.port.get()
        {
            cx.plug_timer(port, Some(cx.now() + LINGER));
        }
    }

    /// Time is up for what the link is waiting for.
    pub fn timer_due(&self) -> Next {
        match self.stage.get() {
            Stage::Fresh => {
                log::warn!("proxy: client {} names no stream type", self.name);
                Next::Goes
            }
            Stage::Refused | Stage::Draining | Stage::Over => Next::Goes,
            Stage::Running if self.leaving.get() => {
                log::info!("proxy: client {}: the client is gone", self.name);
                Next::Goes
            }
            Stage::Running => Next::Stays,
        }
    }

    /// The link goes, and its stream with it.
    pub fn end(&self, cx: &Context) {
        self.stage.set(Stage::Over);
        if let Some(key) = self.stream.take() {
            cx.destroy(key);
        }
        self.uplink.borrow_mut().clear();
        log::info!("proxy: client {}: the link is closed", self.name);
    }

    /// Whether its stream may still speak to the client.
    pub fn is_running(&self) -> bool {
        self.stage.get() == Stage::Running
    }

    fn with_credit<R>(&self, f: impl FnOnce(&mut Credit) -> R) -> Option<R> {
        let mut credit = self.credit.get()?;
        let result = f(&mut credit);
        self.credit.set(Some(credit));
        Some(result)
    }

    fn give_up(&self, why: &str) {
        self.broken.borrow_mut().get_or_insert_with(|| why.to_owned());
    }

    /// Counts what the link holds.
    pub fn account(&self) {
        let (out, up) = (self.outbox.borrow().len(), self.uplink.borrow().held());
        let marks = self.marks.get();
        let most = marks.hold_above.max(marks.buffer) + OVERRUN;
        if out.max(up) > most {
            self.give_up(&format!("{out} bytes wait for it and {up} of it, {most} may"));
        }
        if let Err(why) = self.share.set_bytes(out + up + self.value_bytes.get()) {
            self.give_up(&why);
        }
    }
}

fn set_timeout(cx: &Context, key: StreamKey, ms: u32) {
    if ms == CANCEL_TIMEOUT {
        cx.cancel_timeout(key);
    } else {
        cx.start_timeout(key, ms);
    }
}

/// A stream type and those that its `rideshare` takes along, as far as clients can take them.
fn travellers(policy: &Policy, kind: &StreamType) -> String {
    let mut names = kind.name.clone();
    let mut next = kind.rideshare.as_deref();
    for _ in 1..MOST_TYPES {
        let Some(kind) = next.and_then(|name| policy.stream_type(name)) else { break };
        if names.len() + 1 + kind.name.len() > MOST_TYPES_BYTES {
            break;
        }
        names.push(',');
        names.push_str(&kind.name);
        next = kind.rideshare.as_deref();
    }
    if names.len() > MOST_TYPES_BYTES {
        names.clear();
    }
    names
}
