//! Ports: what lives on the loop without being a connection of a stream, such as a listener or
//! the link of a proxy's client. A port owns its socket; the loop tells it when there is something
//! to do.

use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

use slotmap::{Key, SlotMap, new_key_type};

use super::context::{Context, Timer};
use super::timers::TimerKey;
use crate::util::Micros;

new_key_type! {
    /// A port. Good for its own port only, however often the slot is used again.
    pub struct PortKey;
}

/// What a port's turn is for. Nothing set: somebody [poked](Context::poke) it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wake {
    /// Its socket can be read from, until that gives `WouldBlock`.
    pub readable: bool,
    /// Its socket can be written to, until that gives `WouldBlock`.
    pub writable: bool,
    /// Its timer is due.
    pub timer: bool,
}

/// A part of the library that has turns on the loop.
pub trait Port {
    /// Its turn. May call the context, and may unplug itself.
    fn turn(&self, cx: &Context, key: PortKey, wake: Wake);
}

struct Plugged {
    port: Rc<dyn Port>,
    wake: Wake,
    queued: bool,
    timer: Option<TimerKey>,
}

/// The ports of a context.
#[derive(Default)]
pub(super) struct Ports {
    plugged: SlotMap<PortKey, Plugged>,
    /// From a token to the port that has it.
    by_index: Vec<PortKey>,
    ready: VecDeque<PortKey>,
}

/// The first token of ports; connections have smaller ones.
pub(super) const FIRST_TOKEN: usize = 1 << (usize::BITS - 1);

/// Ports served in one pass over them, so that those poking each other do not keep the loop.
const PASSES: usize = 4;

fn index_of(key: PortKey) -> usize {
    // the low half of a key's number is the slot's index
    usize::try_from(key.data().as_ffi() & 0xffff_ffff).unwrap_or(0)
}

impl Ports {
    fn add(&mut self, port: Rc<dyn Port>) -> PortKey {
        let plugged = Plugged { port, wake: Wake::default(), queued: false, timer: None };
        let key = self.plugged.insert(plugged);
        let index = index_of(key);
        if self.by_index.len() <= index {
            self.by_index.resize(index + 1, PortKey::null());
        }
        self.by_index[index] = key;
        key
    }

    fn queue(&mut self, key: PortKey, note: impl FnOnce(&mut Wake)) {
        if let Some(plugged) = self.plugged.get_mut(key) {
            note(&mut plugged.wake);
            if !std::mem::replace(&mut plugged.queued, true) {
                self.ready.push_back(key);
            }
        }
    }

    /// An event of a socket whose token is a port's.
    pub fn note(&mut self, event: &mio::event::Event) {
        let index = event.token().0 - FIRST_TOKEN;
        let Some(key) = self.by_index.get(index).copied() else { return };
        self.queue(key, |wake| {
            let broken = event.is_error() || event.is_read_closed();
            wake.readable |= event.is_readable() || broken;
            wake.writable |= event.is_writable() || event.is_error();
        });
    }

    pub fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }
}

impl Context {
    /// Puts a port on the loop.
    pub fn plug(&self, port: Rc<dyn Port>) -> PortKey {
        self.core().ports.add(port)
    }

    /// Watches the port's socket.
    ///
    /// # Errors
    /// The system refused.
    pub fn watch(&self, key: PortKey, source: &mut dyn mio::event::Source) -> io::Result<()> {
        let token = mio::Token(FIRST_TOKEN + index_of(key));
        let interest = mio::Interest::READABLE | mio::Interest::WRITABLE;
        self.core().poll.registry().register(source, token, interest)
    }

    /// Takes a port off the loop, and its socket, if it is watched. It gets no more turns.
    pub fn unplug(&self, key: PortKey, source: Option<&mut dyn mio::event::Source>) {
        let plugged = {
            let mut core = self.core();
            let core = &mut *core;
            if let Some(source) = source {
                // closing it does the same if this fails
                let _ = core.poll.registry().deregister(source);
            }
            let plugged = core.ports.plugged.remove(key);
            if let Some(timer) = plugged.as_ref().and_then(|p| p.timer) {
                core.timers.cancel(timer);
            }
            plugged
        };
        drop(plugged);
    }

    /// Gives the port a turn soon.
    pub fn poke(&self, key: PortKey) {
        self.core().ports.queue(key, |_| {});
    }

    /// Gives the port a turn at `due`, in place of an earlier such wish; `None` takes that back.
    pub fn port_timer(&self, key: PortKey, due: Option<Micros>) {
        let mut core = self.core();
        let core = &mut *core;
        let Some(plugged) = core.ports.plugged.get_mut(key) else { return };
        if let Some(timer) = plugged.timer.take() {
            core.timers.cancel(timer);
        }
        plugged.timer = due.map(|due| core.timers.schedule(due, Timer::Port(key)));
    }

    pub(super) fn port_due(&self, key: PortKey) {
        let mut core = self.core();
        if let Some(plugged) = core.ports.plugged.get_mut(key) {
            plugged.timer = None;
        }
        core.ports.queue(key, |wake| wake.timer = true);
    }

    /// Gives the ports that are ready their turns. Returns whether there were any.
    pub(super) fn serve_ports(&self) -> bool {
        let mut any = false;
        for _ in 0..PASSES {
            let count = self.core().ports.ready.len();
            for _ in 0..count {
                let next = {
                    let mut core = self.core();
                    let Some(key) = core.ports.ready.pop_front() else { break };
                    core.ports.plugged.get_mut(key).map(|plugged| {
                        plugged.queued = false;
                        (key, Rc::clone(&plugged.port), std::mem::take(&mut plugged.wake))
                    })
                };
                if let Some((key, port, wake)) = next {
                    port.turn(self, key, wake);
                }
            }
            any |= count > 0;
            if count == 0 {
                break;
            }
        }
        any
    }

    /// Ports go with their context.
    pub(super) fn drop_ports(&self) {
        let ports = std::mem::take(&mut self.core().ports);
        drop(ports);
    }
}
