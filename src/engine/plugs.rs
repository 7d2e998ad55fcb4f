//! Plugs: what lives on the loop without being a connection of a stream, such as a listener or
//! the link of a proxy's client. A plug owns its socket; the loop tells it when there is something
//! to do.

use std::collections::VecDeque;
use std::io;
use std::rc::Rc;

use mio::event::Source;
use slotmap::{Key, SlotMap, new_key_type};

use super::conn::interest;
use super::context::{Context, Timer};
use super::timers::TimerKey;
use crate::util::panics::caught;
use crate::util::{Micros, log};

new_key_type! {
    /// A plug. Good for its own plug only, however often the slot is used again.
    pub struct PlugKey;
}

/// What a plug's turn is for. Nothing set: somebody [poked](Context::poke) it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wake {
    /// Its socket can be read from, until that gives `WouldBlock`.
    pub readable: bool,
    /// Its socket can be written to, until that gives `WouldBlock`.
    pub writable: bool,
    /// The other side is gone, or sends no more; there may be something to read still.
    pub closed: bool,
    /// Its timer is due.
    pub timer: bool,
}

/// A part of the library that has turns on the loop.
pub trait Plug {
    /// Its turn. May call the context, and may unplug itself.
    fn turn(&self, cx: &Context, key: PlugKey, wake: Wake);

    /// Its turn ended in a panic: it ends what that was about, and unplugs itself if that is all of it.
    fn give_up(&self, cx: &Context, key: PlugKey);
}

struct Plugged {
    plug: Rc<dyn Plug>,
    wake: Wake,
    queued: bool,
    timer: Option<TimerKey>,
}

/// The plugs of a context.
#[derive(Default)]
pub(super) struct Plugs {
    plugged: SlotMap<PlugKey, Plugged>,
    /// From a token to the plug that has it.
    by_index: Vec<PlugKey>,
    ready: VecDeque<PlugKey>,
}

/// The first token of plugs; connections have smaller ones.
pub(super) const FIRST_TOKEN: usize = 1 << (usize::BITS - 1);

/// Plugs served in one pass over them, so that those poking each other do not keep the loop.
const PASSES: usize = 4;

fn index_of(key: PlugKey) -> usize {
    // the low half of a key's number is the slot's index
    usize::try_from(key.data().as_ffi() & 0xffff_ffff).unwrap_or(0)
}

impl Plugs {
    fn add(&mut self, plug: Rc<dyn Plug>) -> PlugKey {
        let plugged = Plugged { plug, wake: Wake::default(), queued: false, timer: None };
        let key = self.plugged.insert(plugged);
        let index = index_of(key);
        if self.by_index.len() <= index {
            self.by_index.resize(index + 1, PlugKey::null());
        }
        self.by_index[index] = key;
        key
    }

    fn queue(&mut self, key: PlugKey, note: impl FnOnce(&mut Wake)) {
        if let Some(plugged) = self.plugged.get_mut(key) {
            note(&mut plugged.wake);
            if !std::mem::replace(&mut plugged.queued, true) {
                self.ready.push_back(key);
            }
        }
    }

    /// An event of a socket whose token is a plug's.
    pub fn note(&mut self, event: &mio::event::Event) {
        let index = event.token().0 - FIRST_TOKEN;
        let Some(key) = self.by_index.get(index).copied() else { return };
        self.queue(key, |wake| {
            let broken = event.is_error() || event.is_read_closed();
            wake.readable |= event.is_readable() || broken;
            wake.closed |= broken || event.is_write_closed();
            wake.writable |= event.is_writable() || event.is_error();
        });
    }

    pub fn is_ready(&self) -> bool {
        !self.ready.is_empty()
    }
}

impl Context {
    /// Puts a plug on the loop.
    pub fn plug(&self, plug: Rc<dyn Plug>) -> PlugKey {
        self.core().plugs.add(plug)
    }

    /// Watches the plug's socket for reading, and for writing if it `writes`.
    ///
    /// # Errors
    /// The system refused.
    pub fn watch(&self, key: PlugKey, source: &mut dyn Source, writes: bool) -> io::Result<()> {
        let token = mio::Token(FIRST_TOKEN + index_of(key));
        self.core().poll.registry().register(source, token, interest(writes))
    }

    /// Changes whether the plug's socket is watched for writing.
    ///
    /// # Errors
    /// The system refused.
    pub fn rewatch(&self, key: PlugKey, source: &mut dyn Source, writes: bool) -> io::Result<()> {
        let token = mio::Token(FIRST_TOKEN + index_of(key));
        self.core().poll.registry().reregister(source, token, interest(writes))
    }

    /// Takes a plug off the loop, and its socket, if it is watched. It gets no more turns.
    pub fn unplug(&self, key: PlugKey, source: Option<&mut dyn Source>) {
        let plugged = {
            let mut core = self.core();
            let core = &mut *core;
            if let Some(source) = source {
                // closing it does the same if this fails
                let _ = core.poll.registry().deregister(source);
            }
            let plugged = core.plugs.plugged.remove(key);
            if let Some(timer) = plugged.as_ref().and_then(|p| p.timer) {
                core.timers.cancel(timer);
            }
            plugged
        };
        drop(plugged);
    }

    /// Gives the plug a turn soon.
    pub fn poke(&self, key: PlugKey) {
        self.core().plugs.queue(key, |_| {});
    }

    /// Gives the plug a turn at `due`, in place of an earlier such wish; `None` takes that back.
    pub fn plug_timer(&self, key: PlugKey, due: Option<Micros>) {
        let mut core = self.core();
        let core = &mut *core;
        let Some(plugged) = core.plugs.plugged.get_mut(key) else { return };
        if let Some(timer) = plugged.timer.take() {
            core.timers.cancel(timer);
        }
        plugged.timer = due.map(|due| core.timers.schedule(due, Timer::Plug(key)));
    }

    pub(super) fn plug_due(&self, key: PlugKey) {
        let mut core = self.core();
        if let Some(plugged) = core.plugs.plugged.get_mut(key) {
            plugged.timer = None;
        }
        core.plugs.queue(key, |wake| wake.timer = true);
    }

    /// Gives the plugs that are ready their turns. Returns whether there were any.
    pub(super) fn serve_plugs(&self) -> bool {
        let mut any = false;
        for _ in 0..PASSES {
            let count = self.core().plugs.ready.len();
            for _ in 0..count {
                let next = {
                    let mut core = self.core();
                    let Some(key) = core.plugs.ready.pop_front() else { break };
                    core.plugs.plugged.get_mut(key).map(|plugged| {
                        plugged.queued = false;
                        (key, Rc::clone(&plugged.plug), std::mem::take(&mut plugged.wake))
                    })
                };
                if let Some((key, plug, wake)) = next {
                    self.serve_plug(&*plug, key, wake);
                }
            }
            any |= count > 0;
            if count == 0 {
                break;
            }
        }
        any
    }

    /// Gives a plug its turn. A panic in it is the end of this plug, not of the others.
    fn serve_plug(&self, plug: &dyn Plug, key: PlugKey, wake: Wake) {
        let Err(text) = caught(|| plug.turn(self, key, wake)) else { return };
        log::err!(
            "internal error in the turn of one link or listener, whose work is given up: {text}"
        );
        if let Err(text) = caught(|| plug.give_up(self, key)) {
            log::err!("internal error while it was given up: {text}");
            self.unplug(key, None);
        }
    }

    /// Plugs go with their context.
    pub(super) fn drop_plugs(&self) {
        let plugs = std::mem::take(&mut self.core().plugs);
        drop(plugs);
    }
}
