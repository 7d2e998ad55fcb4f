//! What outlives a connection (4.1, "Storing state"): messages that were not acknowledged yet,
//! ids of received QoS 2 messages, subscriptions.

use std::collections::VecDeque;

use super::super::Tid;
use super::encode::{self, PublishHead};
use super::{MAX_IN_FLIGHT, MAX_KEPT, Qos};
use crate::util::TxBuf;

/// The state of a session between two connections: see
/// [`Codec::take_session`](super::super::Codec::take_session).
#[derive(Debug, Default)]
pub struct Session {
    last_id: u16,
    pub(super) outgoing: Vec<Outgoing>,
    /// QoS 2 messages that were delivered and not yet released by the broker, sorted.
    incoming: Vec<u16>,
    pub(super) subscriptions: Vec<Subscription>,
    /// Packets that an answer is awaited for.
    awaited: Vec<(u16, Reply)>,
    /// What became of messages whose stream was not ready to hear of it.
    outcomes: VecDeque<(u64, Outcome)>,
    kept: usize,
}

/// A message with QoS 1 or 2 on its way to the broker.
#[derive(Debug)]
pub(super) struct Outgoing {
    pub id: u16,
    pub qos: Qos,
    pub stage: Stage,
    /// The transaction that sent it, while that lives.
    pub tid: Option<Tid>,
    /// The stream that sent it, over reconnects. `None`: nobody wants to know.
    pub owner: Option<u64>,
    pub birth: bool,
    /// What is needed to send it again; payload so far while it is being sent.
    pub kept: Option<Kept>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its payload is going out.
    Sending,
    /// PUBACK or PUBREC is awaited.
    Sent,
    /// PUBCOMP is awaited.
    Released,
}

#[derive(Debug)]
pub(super) struct Kept {
    pub topic: Box<str>,
    pub retain: bool,
    /// What it counts for: the whole message, also while pieces are missing.
    pub size: usize,
    pub payload: Vec<u8>,
}

#[derive(Debug)]
pub(super) struct Subscription {
    pub filter: Box<str>,
    pub qos: Qos,
    /// The SUBSCRIBE that waits for its SUBACK.
    pub pending: Option<u16>,
    /// Granted once.
    pub active: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reply {
    SubAck,
    UnsubAck,
}

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Acked,
    Nacked,
}

impl Session {
    /// A packet id that is not in use (2.3.1).
    pub(super) fn new_id(&mut self) -> u16 {
        loop {
            self.last_id = self.last_id.checked_add(1).unwrap_or(1);
            let id = self.last_id;
            let used = self.outgoing.iter().any(|m| m.id == id)
                || self.awaited.iter().any(|(a, _)| *a == id);
            if !used {
                return id;
            }
        }
    }

    pub(super) fn has_room(&self) -> bool {
        self.outgoing.len() < MAX_IN_FLIGHT
    }

    /// Whether a message of `len` bytes may be kept for sending it again; counts it.
    pub(super) fn keep(&mut self, len: usize) -> bool {
        let fits = self.kept + len <= MAX_KEPT;
        if fits {
            self.kept += len;
        }
        fits
    }

    /// Drops what `keep` counted for a message.
    fn forget(kept: &mut usize, message: &mut Outgoing) {
        if let Some(k) = message.kept.take() {
            *kept = kept.saturating_sub(k.size);
        }
    }

    pub(super) fn find(&mut self, id: u16) -> Option<&mut Outgoing> {
        self.outgoing.iter_mut().find(|m| m.id == id)
    }

    /// PUBREC: the payload is not needed any more.
    pub(super) fn release(&mut self, id: u16) {
        if let Some(m) = self.outgoing.iter_mut().find(|m| m.id == id) {
            m.stage = Stage::Released;
            Self::forget(&mut self.kept, m);
        }
    }

    /// The exchange of a message is complete.
    pub(super) fn complete(&mut self, id: u16) -> Option<Outgoing> {
        let at = self.outgoing.iter().position(|m| m.id == id)?;
        let mut message = self.outgoing.remove(at);
        Self::forget(&mut self.kept, &mut message);
        Some(message)
    }

    pub(super) fn await_reply(&mut self, id: u16, reply: Reply) {
        self.awaited.push((id, reply));
    }

    /// Whether this reply was awaited; it is not any more.
    pub(super) fn replied(&mut self, id: u16, reply: Reply) -> bool {
        let at = self.awaited.iter().position(|a| *a == (id, reply));
        at.map(|at| self.awaited.swap_remove(at)).is_some()
    }

    /// Replies that are awaited.
    pub(super) fn awaiting(&self) -> usize {
        self.awaited.len()
    }

    pub(super) fn was_received(&self, id: u16) -> bool {
        self.incoming.binary_search(&id).is_ok()
    }

    pub(super) fn received(&mut self, id: u16) {
        if let Err(at) = self.incoming.binary_search(&id) {
            self.incoming.insert(at, id);
        }
    }

    /// PUBREL: the id may be used for another message.
    pub(super) fn released(&mut self, id: u16) {
        if let Ok(at) = self.incoming.binary_search(&id) {
            self.incoming.remove(at);
        }
    }

    pub(super) fn subscription(&mut self, filter: &str) -> Option<&mut Subscription> {
        self.subscriptions.iter_mut().find(|s| *s.filter == *filter)
    }

    /// A stream is back: messages that it sent before are its again.
    pub(super) fn rebind(&mut self, owner: u64, tid: Tid) {
        for m in self.outgoing.iter_mut().filter(|m| m.owner == Some(owner) && !m.birth) {
            m.tid = Some(tid);
        }
    }

    /// A stream left for good.
    pub(super) fn disown(&mut self, tid: Tid, owner: u64) {
        for m in self.outgoing.iter_mut().filter(|m| m.tid == Some(tid)) {
            (m.tid, m.owner) = (None, None);
        }
        self.outcomes.retain(|(o, _)| *o != owner);
    }

    /// To be told when the owner's stream is ready.
    pub(super) fn tell_later(&mut self, owner: u64, outcome: Outcome) {
        if self.outcomes.len() >= MAX_IN_FLIGHT {
            self.outcomes.pop_front();
        }
        self.outcomes.push_back((owner, outcome));
    }

    /// What is to be told to an owner now.
    pub(super) fn outcome(&mut self, owner: u64) -> Option<Outcome> {
        let at = self.outcomes.iter().position(|(o, _)| *o == owner)?;
        self.outcomes.remove(at).map(|(_, outcome)| outcome)
    }

    /// The connection is gone: forgets what does not outlive it.
    pub(super) fn disconnected(&mut self) {
        let kept = &mut self.kept;
        self.outgoing.retain_mut(|m| {
            m.tid = None;
            if m.stage == Stage::Sending {
                // the broker never had all of it, so knows nothing of it
                Self::forget(kept, m);
            }
            m.stage != Stage::Sending
        });
        self.awaited.clear();
        self.subscriptions.retain_mut(|s| {
            s.pending = None;
            s.active
        });
    }

    /// The broker knows nothing of the session.
    pub(super) fn broker_forgot(&mut self) {
        self.incoming.clear();
        self.subscriptions.clear();
    }

    /// Sends again what was not acknowledged, in the old order (4.4, 4.6).
    pub(super) fn resume(&mut self, out: &mut TxBuf) {
        let Self { outgoing, outcomes, .. } = self;
        let mut head = Vec::new();
        outgoing.retain_mut(|m| {
            match (m.stage, &m.kept) {
                (Stage::Sent | Stage::Sending, Some(kept)) => {
                    head.clear();
                    let (topic, retain) = (&*kept.topic, kept.retain);
                    PublishHead { topic, qos: m.qos, retain, dup: true, id: m.id }
                        .write(kept.payload.len(), &mut head);
                    out.push(&head);
                    out.push(&kept.payload);
                    return true;
                }
                (Stage::Sent | Stage::Sending, None) => {
                    outcomes.extend(m.owner.take().map(|o| (o, Outcome::Nacked)));
                    m.tid = None;
                    if m.qos != Qos::ExactlyOnce {
                        return false;
                    }
                    // the broker may hold the id: free it
                    m.stage = Stage::Released;
                }
                (Stage::Released, _) => {}
            }
            out.push(&encode::ack(encode::PUBREL, m.id));
            true
        });
    }
}
