//! Streams that never leave the process: what they are bound to instead of a connection, and
//! their turn in the loop. Sinks, the message bus and files have files of their own.

use std::collections::VecDeque;
use std::rc::Rc;

use super::context::Context;
use super::file::Reading;
use super::life::{Fate, Quietly};
use super::sink::{Pair, Side, Sinks};
use super::stream::{Stream, StreamKey, TxAnswer};
use super::{CreateError, api::Attempt, life::Failure};
use crate::policy::{SMD_STREAM_TYPE, StreamType};
use crate::stream::{Flags, Input, Phase, Ret, State};
use crate::system::smd::PeerId;
use crate::util::log;

/// Rounds over the local streams in one turn of the loop, so that connections get theirs.
const ROUNDS_PER_TURN: usize = 16;

/// What a stream is bound to in place of a connection.
pub(super) enum Local {
    /// The other side of a sink.
    Pair(Pair),
    /// The system's messages.
    Bus(PeerId),
    /// A file that is being read.
    File(Reading),
}

/// What the core keeps for them.
#[derive(Default)]
pub(super) struct Locals {
    pub sinks: Sinks,
    /// Whose turn it is; each once.
    ready: VecDeque<StreamKey>,
    /// What goes from a `tx` to an `rx`, or from a file; away while it is in use.
    window: Vec<u8>,
}

impl Locals {
    /// Whether nobody waits for a turn.
    pub fn is_idle(&self) -> bool {
        self.ready.is_empty()
    }
}

/// Whether streams of this type never have a connection.
fn is_local(kind: &StreamType) -> bool {
    kind.local_sink || kind.name == SMD_STREAM_TYPE
}

/// What a local stream does in its turn.
enum Turn {
    Send(Recipient),
    Read,
}

/// Who gets what a local stream sends.
#[derive(Clone, Copy)]
enum Recipient {
    Peer,
    Bus,
}

impl Context {
    /// Binds a new stream that is local by its type, before the program is told anything.
    pub(super) fn bind_at_start(&self, key: StreamKey) -> Result<(), CreateError> {
        match self.kind(key) {
            Some(kind) if is_local(&kind) => {
                self.bind_local(key, &kind).map_err(CreateError::NotBound)
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Says CONNECTING and CONNECTED to a new stream that is bound already. Any answer but OK
    /// ends it.
    pub(super) fn connect_at_start(&self, key: StreamKey) -> Result<(), CreateError> {
        if self.core().streams.get(key).is_none_or(|s| s.local.is_none()) {
            return Ok(());
        }
        for input in [Input::ClientConnect, Input::LinkUp] {
            for state in self.advance(key, input).unwrap_or(&[]) {
                if self.say(key, *state) != Ret::Ok {
                    self.destroy(key);
                    return Err(CreateError::Refused);
                }
            }
        }
        // what was asked for before it was bound
        self.want_turn(key);
        Ok(())
    }

    /// The attempt of a stream that needs no connection; `None` for all others.
    pub(super) fn attempt_local(&self, key: StreamKey) -> Option<Attempt> {
        let kind = self.kind(key)?;
        let bound = if is_local(&kind) {
            self.bind_local(key, &kind)
        } else {
            let path = self.file_endpoint(key)?;
            self.bind_file(key, &path)
        };
        match bound {
            Ok(()) => {
                self.link_up(key);
                self.want_turn(key);
                Some(Attempt::Started)
            }
            Err(why) => {
                self.fail_attempt(key, &Failure::from(why));
                Some(Attempt::Failed)
            }
        }
    }

    fn bind_local(&self, key: StreamKey, kind: &Rc<StreamType>) -> Result<(), String> {
        if self.core().streams.get(key).is_some_and(|s| s.local.is_some()) {
            return Ok(());
        }
        if kind.local_sink { self.join_sink(key, kind) } else { self.bind_bus(key) }
    }

    /// Parts a stream from what it is bound to in place of a connection. `quietly` is how the
    /// other side of a sink is told: a source that only lost its link stays.
    pub(super) fn unbind_local(&self, key: StreamKey, end: End) {
        let local = self.core().streams.get_mut(key).and_then(|s| s.local.take());
        match local {
            None | Some(Local::File(_)) => {}
            Some(Local::Bus(peer)) => self.host.bus_part(peer),
            Some(Local::Pair(pair)) => self.part(key, pair, end),
        }
    }

    /// What follows when a local stream has lost its link: what was accepted goes.
    pub(super) fn after_local_link(&self, key: StreamKey, side: Option<Side>) {
        if side == Some(Side::Accepted) {
            self.destroy(key);
        }
    }

    /// On which side of a sink a stream is, if it is bound to one.
    pub(super) fn side_of(&self, key: StreamKey) -> Option<Side> {
        let core = self.core();
        match core.streams.get(key)?.local.as_ref()? {
            Local::Pair(pair) => Some(pair.side),
            Local::Bus(_) | Local::File(_) => None,
        }
    }

    /// The peer of a source went away: to the source that is the end of its link.
    pub(super) fn lost_peer(&self, key: StreamKey) {
        if let Some(Phase::Connecting | Phase::Connected) = self.phase(key) {
            self.link_down(key, Quietly::No);
        }
    }

    /// Puts a local stream into the ready queue, once. `false`: it is not one.
    pub(super) fn want_turn(&self, key: StreamKey) -> bool {
        let mut core = self.core();
        let core = &mut *core;
        let Some(stream) = core.streams.get_mut(key) else { return false };
        if stream.local.is_none() {
            return false;
        }
        if !stream.local_queued && stream.has_local_work() {
            stream.local_queued = true;
            core.local.ready.push_back(key);
        }
        true
    }

    /// Serves the local streams that are ready. Returns whether there were any.
    pub(super) fn serve_local(&self) -> bool {
        let mut any = false;
        for _ in 0..ROUNDS_PER_TURN {
            let count = self.core().local.ready.len();
            if count == 0 {
                break;
            }
            any = true;
            for _ in 0..count {
                let Some(key) = self.core().local.ready.pop_front() else { break };
                self.serve_one(key);
            }
        }
        any
    }

    fn serve_one(&self, key: StreamKey) {
        let turn = {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return };
            stream.local_queued = false;
            if stream.phase != Phase::Connected {
                // its turn comes once it is CONNECTED
                return;
            }
            match &stream.local {
                None => return,
                Some(Local::File(_)) => Turn::Read,
                Some(_) if !stream.tx_wanted => return,
                Some(Local::Pair(_)) => Turn::Send(Recipient::Peer),
                Some(Local::Bus(_)) => Turn::Send(Recipient::Bus),
            }
        };
        let mut window = std::mem::take(&mut self.core().local.window);
        match turn {
            Turn::Read => self.read_file(key, &mut window),
            // the queue of messages drains by itself: until then nobody is asked
            Turn::Send(Recipient::Bus) if !self.host.bus_has_room() => {
                self.want_turn(key);
            }
            Turn::Send(to) => self.send_local(key, to, &mut window),
        }
        let mut core = self.core();
        if core.local.window.len() < window.len() {
            core.local.window = window;
        }
    }

    /// One `tx` callback, straight into the `rx` of whom it is for.
    fn send_local(&self, key: StreamKey, to: Recipient, window: &mut Vec<u8>) {
        let (ordinal, room) = {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return };
            stream.tx_wanted = false;
            stream.tx_len = None;
            let ordinal = stream.ordinal;
            stream.ordinal = ordinal.wrapping_add(1);
            (ordinal, stream.tx_room)
        };
        if window.len() < room {
            window.resize(room, 0);
        }
        let window = &mut window[..room];
        match self.ask_tx(key, ordinal, window) {
            Some(TxAnswer { ret: Ret::Ok, len, flags }) => {
                if len > room {
                    log::err!("tx gave {len} bytes where {room} are left: cut short");
                }
                let payload = &window[..len.min(room)];
                match to {
                    Recipient::Bus => self.send_to_bus(payload),
                    Recipient::Peer => self.hand_over(key, room, payload, flags),
                }
            }
            Some(TxAnswer { ret: ret @ (Ret::DisconnectMe | Ret::DestroyMe), .. }) => {
                let _ = self.obey(key, ret);
            }
            Some(TxAnswer { ret: Ret::TxDontSend, .. }) | None => {}
        }
    }

    /// Gives payload to the other side of a sink.
    fn hand_over(&self, from: StreamKey, room: usize, payload: &[u8], flags: Flags) {
        let peer = {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(from) else { return };
            stream.adapt_room(room, payload.len());
            match &stream.local {
                Some(Local::Pair(pair)) => pair.peer,
                _ => return,
            }
        };
        let ret = self.give_rx(peer, payload, flags);
        let _ = self.obey(peer, ret);
    }

    /// Calls the program about `key` in another way than through its handler: destroying the
    /// stream in there waits. [`Fate::Gone`]: it was destroyed.
    pub(super) fn within_frame(&self, key: StreamKey, f: impl FnOnce() -> Ret) -> (Ret, Fate) {
        let ret = self.call(key, Ret::Ok, |_| f());
        (ret, if self.lives(key) { Fate::Lives } else { Fate::Gone })
    }

    /// Says a state of a sink's, about a source.
    pub(super) fn say_to_sink(&self, sink: usize, state: State, source: StreamKey) -> Ret {
        let Some((handler, sources)) = self.core().local.sinks.handler(sink) else {
            return Ret::Ok;
        };
        self.within_frame(source, || handler.state(state, source, sources)).0
    }
}

/// How a local stream parts from what it is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It goes, and so does its peer.
    Destroyed,
    /// Only its link ends.
    LinkOnly,
}

impl Stream {
    /// Whether a turn in the loop would get it on.
    fn has_local_work(&self) -> bool {
        match &self.local {
            Some(Local::File(reading)) => !reading.is_done(),
            Some(Local::Pair(_) | Local::Bus(_)) => self.tx_wanted,
            None => false,
        }
    }
}
