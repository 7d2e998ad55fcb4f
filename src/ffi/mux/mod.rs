//! Channels on a byte link that knows no connections (`lws_transport_mux_*`): a transport between
//! the streams, or the proxy, and the program's own transport of one link, such as a UART.
//!
//! A `Link` starts with the C struct that programs see. They are given its address, which is looked up
//! before it is followed; a channel is known by a number.

mod client;
mod proxy;

use std::cell::{Cell, RefCell, UnsafeCell};
use std::collections::{BTreeMap, HashMap};
use std::ffi::c_void;
use std::mem::offset_of;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

pub use client::{lws_transport_mux_create, lws_transport_mux_destroy};

use super::context::CContext;
use super::panic::guard;
use super::registry;
use super::sul::{lws_sul_cancel, lws_sul_schedule};
use super::time::lws_now_usecs;
use super::types::{
    LWSTM_OPERATIONAL, LWSTM_TRANSPORT_DOWN, lws_context, lws_sorted_usec_list,
    lws_ss_state_return_t, lws_transport_info, lws_transport_mux, lws_transport_priv_t,
};
use crate::proto::mux::{Event, MAX_PAYLOAD, Mux, PAYLOAD_HEAD, Side, Timing, payload_head};
use crate::stream::Ret;
use crate::util::{built, log};

/// Bytes that the program's transport may write in front of what it is to send (`LWS_PRE`).
const HEADROOM: usize = 16;

/// The most that is sent about channels at a time.
const CONTROL: usize = 2048;

/// Marks the C struct of a live link.
const MAGIC: u32 = u32::from_be_bytes(*b"IsTM");

/// The times of links whose settings have none, in microseconds.
const DEFAULT_TIMING: Timing = Timing { ping_interval: 10_000_000, grace: 2_000_000 };

/// The links of a context, by the address of their C struct.
#[derive(Default)]
pub(super) struct Links(RefCell<BTreeMap<usize, Rc<Link>>>);

/// A link.
#[repr(C)]
struct Link {
    /// The first member: its address is the link's.
    shown: UnsafeCell<lws_transport_mux>,
    side: Side,
    context: *mut lws_context,
    machine: RefCell<Mux>,
    channels: RefCell<HashMap<u8, Channel>>,
    /// What the program's transport did not take; nothing overtakes it.
    unsent: RefCell<Vec<u8>>,
    over: Cell<bool>,
}

/// What is above a channel.
#[derive(Clone, Copy)]
struct Channel {
    /// By which it is known there.
    id: usize,
    /// By which that is known here.
    inward: lws_transport_priv_t,
}

/// What pointers of links and numbers of channels stand for.
#[derive(Clone, Copy)]
struct Known {
    context: usize,
    link: usize,
    channel: Option<u8>,
}

static KNOWN: Mutex<BTreeMap<usize, Known>> = Mutex::new(BTreeMap::new());

fn known() -> MutexGuard<'static, BTreeMap<usize, Known>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn code(ret: Ret) -> lws_ss_state_return_t {
    ret.code() as lws_ss_state_return_t
}

/// The link is to be closed.
fn is_end(ret: lws_ss_state_return_t) -> bool {
    ret == code(Ret::DisconnectMe) || ret == code(Ret::DestroyMe)
}

fn now() -> u64 {
    lws_now_usecs().unsigned_abs()
}

fn unix_now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

/// Does `f` with the link that `place` is or is a channel of, and with that channel; then sees to what the
/// link wants. `None`: it is neither.
fn with_link<R>(
    name: &str,
    place: *const c_void,
    f: impl FnOnce(&CContext, &Rc<Link>, Option<u8>) -> R,
) -> Option<R> {
    if !built::PROXY {
        return None;
    }
    let found = known().get(&(place as usize)).copied()?;
    let cx = registry::context(name, found.context as *const lws_context)?;
    let _frame = cx.enter();
    let link = cx.muxes.0.borrow().get(&found.link).cloned()?;
    let result = f(&cx, &link, found.channel);
    link.settle();
    Some(result)
}

/// The time that a link waited for.
///
/// # Safety
/// None needed: the address is looked up.
unsafe extern "C" fn due(sul: *mut lws_sorted_usec_list) {
    guard("lws_transport_mux", (), || {
        let address = (sul as usize).wrapping_sub(offset_of!(lws_transport_mux, sul_ping));
        with_link("lws_transport_mux", address as *const c_void, |_, link, _| {
            loop {
                let event = link.machine.borrow_mut().on_deadline(now());
                let Some(event) = event else { break };
                link.told(event);
            }
        });
    });
}

impl Link {
    /// A link of this context, which is known from now on.
    fn new(cx: &CContext, side: Side, info: &lws_transport_info) -> Rc<Self> {
        let or = |us: u32, default: u64| if us > 0 { u64::from(us) } else { default };
        let timing = Timing {
            ping_interval: or(info.ping_interval_us, DEFAULT_TIMING.ping_interval),
            grace: or(info.pong_grace_us, DEFAULT_TIMING.grace),
        };
        // SAFETY: zero is a value of each member: NULL, no timer, CMD.
        let mut shown: lws_transport_mux = unsafe { std::mem::zeroed() };
        (shown.magic, shown.cx, shown.info) = (MAGIC, cx.handle, *info);
        let link = Rc::new(Self {
            shown: UnsafeCell::new(shown),
            side,
            context: cx.handle,
            machine: RefCell::new(Mux::new(side, timing, now())),
            channels: RefCell::default(),
            unsent: RefCell::default(),
            over: Cell::new(false),
        });
        let address = link.address() as usize;
        let place = Known { context: cx.handle as usize, link: address, channel: None };
        known().insert(address, place);
        cx.muxes.0.borrow_mut().insert(address, Rc::clone(&link));
        link
    }

    fn address(&self) -> *mut lws_transport_mux {
        self.shown.get()
    }

    /// The settings, as the program left them.
    fn info(&self) -> lws_transport_info {
        // SAFETY: the program writes it on this thread only, and not during this.
        unsafe { (*self.shown.get()).info }
    }

    /// Ends the link: its channels are closed and it is not known any more.
    fn end(&self, cx: &CContext) {
        if self.over.replace(true) {
            return;
        }
        // SAFETY: the timer is ours.
        unsafe { lws_sul_cancel(&raw mut (*self.shown.get()).sul_ping) };
        let address = self.address() as usize;
        known().remove(&address);
        self.close_all();
        let gone = cx.muxes.0.borrow_mut().remove(&address);
        drop(gone);
    }

    /// What follows from each step: the timer, the state that programs see, a chance to write.
    fn settle(&self) {
        if self.over.get() {
            return;
        }
        let (wait, up, writes) = {
            let machine = self.machine.borrow();
            let wait = machine.next_deadline().saturating_sub(now()).max(1);
            (wait, machine.is_up(), machine.wants_to_write())
        };
        let state = if up { LWSTM_OPERATIONAL } else { LWSTM_TRANSPORT_DOWN };
        let shown = self.shown.get();
        // SAFETY: the struct is ours; the program only looks at the state.
        let timer = unsafe {
            (*shown).link_state = u8::try_from(state).unwrap_or_default();
            &raw mut (*shown).sul_ping
        };
        let wait = i64::try_from(wait).unwrap_or(i64::MAX);
        // SAFETY: the timer lives in this, and `end` cancels it.
        unsafe { lws_sul_schedule(self.context, 0, timer, Some(due), wait) };
        if writes || !self.unsent.borrow().is_empty() {
            self.request_write();
        }
    }

    /// A channel with what is above it.
    fn add(&self, channel: u8, inward: lws_transport_priv_t) -> usize {
        /// Numbers are multiples of this: no pointer is taken for one easily.
        const STEP: usize = 16;
        static NEXT: AtomicUsize = AtomicUsize::new(STEP);
        let id = NEXT.fetch_add(STEP, Ordering::Relaxed);
        let link = self.address() as usize;
        let place = Known { context: self.context as usize, link, channel: Some(channel) };
        known().insert(id, place);
        self.channels.borrow_mut().insert(channel, Channel { id, inward });
        id
    }

    fn channel(&self, channel: u8) -> Option<Channel> {
        self.channels.borrow().get(&channel).copied()
    }

    /// Forgets a channel, and gives back what was above it.
    fn forget(&self, channel: u8) -> Option<lws_transport_priv_t> {
        let gone = self.channels.borrow_mut().remove(&channel)?;
        known().remove(&gone.id);
        Some(gone.inward)
    }

    /// Closes a channel from this side; what was above it is told.
    fn close(&self, channel: u8) {
        if let Some(inward) = self.forget(channel) {
            self.machine.borrow_mut().close(channel);
            self.ended(inward);
        }
    }

    fn close_all(&self) {
        loop {
            let next = self.channels.borrow().keys().next().copied();
            let Some(channel) = next else { break };
            if let Some(inward) = self.forget(channel) {
                self.ended(inward);
            }
        }
    }

    /// The link is of no use as it is.
    fn lose(&self, why: &str) {
        let event = self.machine.borrow_mut().lose(why.to_owned(), now());
        self.unsent.borrow_mut().clear();
        event.into_iter().for_each(|event| self.told(event));
    }

    /// Bytes have come.
    fn receive(&self, mut bytes: &[u8]) {
        while !self.over.get() {
            let event = self.machine.borrow_mut().receive(&mut bytes, now());
            let Some(event) = event else { break };
            self.told(event);
        }
    }

    fn told(&self, event: Event<'_>) {
        match event {
            Event::Up => log::notice!("channels: the other side is there"),
            Event::Down(why) => {
                log::warn!("channels: the link is down: {why}");
                self.close_all();
            }
            Event::Asked(channel) => self.asked(channel),
            Event::Opened(channel) => self.answered(channel, true),
            Event::Refused(channel) => self.answered(channel, false),
            Event::Closed(channel) => {
                if let Some(inward) = self.forget(channel) {
                    self.ended(inward);
                }
            }
            Event::Payload(channel, bytes) => {
                let Some(above) = self.channel(channel) else { return };
                if is_end(self.deliver(above.inward, bytes)) {
                    self.close_same(channel, above);
                }
            }
        }
    }

    /// Closes a channel unless that has happened in between.
    fn close_same(&self, channel: u8, above: Channel) {
        if self.channel(channel).is_some_and(|c| c.id == above.id) {
            self.close(channel);
        }
    }

    /// The program's transport takes bytes.
    fn can_write(&self) {
        let unsent = self.unsent.take();
        if !unsent.is_empty() {
            return self.send(&unsent);
        }
        let mut out = Vec::new();
        self.machine.borrow_mut().control(&mut out, CONTROL, now(), unix_now());
        if !out.is_empty() {
            return self.send(&out);
        }
        let writer = self.machine.borrow_mut().next_writer();
        let Some((channel, above)) = writer.and_then(|c| Some((c, self.channel(c)?))) else {
            return;
        };
        if is_end(self.offer(above.inward)) {
            self.close_same(channel, above);
        }
    }

    fn send(&self, bytes: &[u8]) {
        let mut buffer = vec![0; HEADROOM];
        buffer.extend_from_slice(bytes);
        self.write(&mut buffer[HEADROOM..]);
    }

    /// Has the program's transport send; what it does not take waits.
    fn write(&self, bytes: &mut [u8]) {
        match self.write_onward(bytes) {
            Some(taken) => {
                let rest = bytes.get(taken..).unwrap_or_default();
                self.unsent.borrow_mut().extend_from_slice(rest);
            }
            None => self.lose("the transport takes nothing"),
        }
    }

    /// Sends payload of a channel; there is room for the head in front of it.
    ///
    /// # Safety
    /// `bytes` is good for `len`, and for [`PAYLOAD_HEAD`] in front.
    unsafe fn send_payload(&self, channel: u8, bytes: *mut u8, len: usize) -> bool {
        let (Ok(short), true) = (u16::try_from(len), self.unsent.borrow().is_empty()) else {
            log::err!("channels: {len} bytes at once, {MAX_PAYLOAD} are possible in turn");
            return false;
        };
        // SAFETY: as the caller promises.
        let frame =
            unsafe { std::slice::from_raw_parts_mut(bytes.sub(PAYLOAD_HEAD), PAYLOAD_HEAD + len) };
        frame[..PAYLOAD_HEAD].copy_from_slice(&payload_head(channel, short));
        self.write(frame);
        true
    }

    // What differs between the sides.

    fn request_write(&self) {
        match self.side {
            Side::Client => client::request_write(self),
            Side::Proxy => proxy::request_write(self),
        }
    }

    /// How many of the bytes were taken; `None`: the transport is at its end.
    fn write_onward(&self, bytes: &mut [u8]) -> Option<usize> {
        match self.side {
            Side::Client => client::write_onward(self, bytes),
            Side::Proxy => proxy::write_onward(self, bytes),
        }
    }

    fn asked(&self, channel: u8) {
        match self.side {
            // nothing here is there for others
            Side::Client => self.machine.borrow_mut().close(channel),
            Side::Proxy => proxy::asked(self, channel),
        }
    }

    fn answered(&self, channel: u8, opened: bool) {
        match self.side {
            Side::Client => client::answered(self, channel, opened),
            // it asks for none
            Side::Proxy => self.machine.borrow_mut().close(channel),
        }
    }

    fn deliver(&self, inward: lws_transport_priv_t, bytes: &[u8]) -> lws_ss_state_return_t {
        match self.side {
            Side::Client => client::deliver(inward, bytes),
            Side::Proxy => proxy::deliver(self, inward, bytes),
        }
    }

    fn offer(&self, inward: lws_transport_priv_t) -> lws_ss_state_return_t {
        match self.side {
            Side::Client => client::offer(inward),
            Side::Proxy => proxy::offer(self, inward),
        }
    }

    fn ended(&self, inward: lws_transport_priv_t) {
        match self.side {
            Side::Client => client::ended(inward),
            Side::Proxy => proxy::ended(self, inward),
        }
    }
}

/// Ends the links of a context.
pub(super) fn end(cx: &CContext) {
    while built::PROXY {
        let next = cx.muxes.0.borrow().values().next().cloned();
        let Some(link) = next else { break };
        link.end(cx);
    }
}

/// A request by a channel's number to have a turn.
fn want_write(name: &str, channel: lws_transport_priv_t) {
    with_link(name, channel, |_, link, channel| {
        if let Some(channel) = channel {
            link.machine.borrow_mut().want_write(channel);
        }
    });
}

/// A pointer that is no link's or channel's.
fn refuse(name: &str, place: *const c_void) {
    if !place.is_null() {
        log::err!("{name}: {place:p} is no link or channel");
    }
}
