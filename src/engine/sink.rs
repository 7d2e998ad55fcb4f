//! Sinks: the program registers a handler for a `local_sink` stream type; each stream of that
//! type that is made (a source) is joined to a stream of the sink's own (the accepted one), and
//! what one sends the other receives.
//!
//! The order of a source's making: SINK_JOIN to the sink, which may refuse; the accepted
//! stream's CREATING, CONNECTING, CONNECTED; the source's own. Either of the two that is destroyed
//! takes the other one along, after SINK_PART.

use std::rc::Rc;

use super::context::Context;
use super::life::Fate;
use super::local::{End, Local};
use super::stream::StreamKey;
use crate::policy::StreamType;
use crate::stream::{Ret, State};
use crate::util::log;

/// Sinks that a context can have.
const MAX_SINKS: usize = 256;

/// The program's side of a sink. Every method may call back into the engine.
pub trait Sink {
    /// `source` wants to join (SINK_JOIN; OK lets it in) or has parted (SINK_PART). `sources`
    /// counts the others that are joined.
    fn state(&self, state: State, source: StreamKey, sources: u32) -> Ret;

    /// Makes the accepted stream for `source` and starts it, with
    /// [`Context::accept_source`] between the two. `false`: there is none.
    fn accept(&self, sink: SinkKey, source: StreamKey) -> bool;
}

/// Names a sink of a context; sinks stay as long as it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SinkKey(usize);

/// Why a sink was not registered.
#[derive(Debug, PartialEq, Eq)]
pub enum SinkError {
    /// The stream type is not `local_sink` in the policy.
    NotLocal,
    /// There are as many as a context can have.
    TooMany,
}

impl std::fmt::Display for SinkError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SinkError::NotLocal => f.write_str("its policy does not say local_sink"),
            SinkError::TooMany => write!(f, "the context has {MAX_SINKS} sinks already"),
        }
    }
}

/// On which side of a sink a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Source,
    Accepted,
}

/// One side's view of two streams that are joined.
#[derive(Clone, Copy)]
pub(super) struct Pair {
    sink: usize,
    pub side: Side,
    pub peer: StreamKey,
}

struct Registered {
    streamtype: String,
    handler: Rc<dyn Sink>,
    /// Sources that are joined.
    sources: u32,
}

/// The sinks of a context.
#[derive(Default)]
pub(super) struct Sinks(Vec<Registered>);

impl Sinks {
    /// The program's side of a sink, and how many sources it has.
    pub fn handler(&self, sink: usize) -> Option<(Rc<dyn Sink>, u32)> {
        self.0.get(sink).map(|s| (Rc::clone(&s.handler), s.sources))
    }

    fn count(&mut self, sink: usize, change: impl FnOnce(u32) -> u32) {
        if let Some(sink) = self.0.get_mut(sink) {
            sink.sources = change(sink.sources);
        }
    }
}

impl Context {
    /// Registers a sink for the stream type. Of several for one type the first gets the sources.
    ///
    /// # Errors
    /// See [`SinkError`].
    pub fn register_sink(&self, kind: &StreamType, handler: Rc<dyn Sink>) -> Result<(), SinkError> {
        if !kind.local_sink {
            return Err(SinkError::NotLocal);
        }
        let mut core = self.core();
        let sinks = &mut core.local.sinks.0;
        if sinks.len() >= MAX_SINKS {
            return Err(SinkError::TooMany);
        }
        sinks.push(Registered { streamtype: kind.name.clone(), handler, sources: 0 });
        Ok(())
    }

    /// Binds a stream of the sink's that was just made to the source that it is for.
    pub fn accept_source(&self, sink: SinkKey, accepted: StreamKey, source: StreamKey) {
        let mut core = self.core();
        let core = &mut *core;
        let SinkKey(sink) = sink;
        let sides = [(accepted, source, Side::Accepted), (source, accepted, Side::Source)];
        if sides.iter().any(|(key, ..)| !core.streams.contains_key(*key)) {
            return;
        }
        for (key, peer, side) in sides {
            if let Some(stream) = core.streams.get_mut(key) {
                stream.local = Some(Local::Pair(Pair { sink, side, peer }));
                if side == Side::Accepted {
                    stream.tag = Rc::from(stream.tag.replacen("|SSsrc|", "|SSsink|", 1));
                }
            }
        }
    }

    /// Joins a source to the sink of its type.
    pub(super) fn join_sink(&self, source: StreamKey, kind: &StreamType) -> Result<(), String> {
        let name = &kind.name;
        let found = {
            let core = self.core();
            let sinks = &core.local.sinks.0;
            let at = sinks.iter().position(|s| s.streamtype == *name);
            at.map(|at| (at, Rc::clone(&sinks[at].handler)))
        };
        let Some((sink, handler)) = found else {
            return Err(format!("no sink is registered for '{name}'"));
        };
        if self.say_to_sink(sink, State::SinkJoin, source) != Ret::Ok {
            return Err(format!("the sink of '{name}' did not let it in"));
        }
        if !self.lives(source) {
            return Err("the sink destroyed the source".into());
        }
        self.core().local.sinks.count(sink, |n| n + 1);
        let mut accepted = false;
        let (_, fate) = self.within_frame(source, || {
            accepted = handler.accept(SinkKey(sink), source);
            Ret::Ok
        });
        if fate == Fate::Lives && self.side_of(source).is_some() {
            // the pair's younger half: the end of the context begins with it
            let mut core = self.core();
            let born = core.born;
            core.born += 1;
            if let Some(stream) = core.streams.get_mut(source) {
                stream.born = born;
            }
            return Ok(());
        }
        if !accepted && fate == Fate::Lives {
            log::info!("the sink of '{name}' made no stream for the source");
        }
        Err(format!("the sink of '{name}' did not accept it"))
    }

    /// One of two joined streams parts: the sink is told, and the other one.
    pub(super) fn part(&self, key: StreamKey, pair: Pair, end: End) {
        let Pair { sink, side, peer } = pair;
        {
            let mut core = self.core();
            core.local.sinks.count(sink, |n| n.saturating_sub(1));
            if let Some(stream) = core.streams.get_mut(peer) {
                stream.local = None;
            }
        }
        let source = match side {
            Side::Source => key,
            Side::Accepted => peer,
        };
        if self.say_to_sink(sink, State::SinkPart, source) != Ret::Ok {
            log::info!("what a sink answers to SINK_PART has no effect");
        }
        match (end, side) {
            (End::LinkOnly, Side::Accepted) => self.lost_peer(peer),
            (End::Destroyed, _) | (End::LinkOnly, Side::Source) => self.destroy(peer),
        }
    }
}
