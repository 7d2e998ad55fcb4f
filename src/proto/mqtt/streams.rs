//! The streams of a session, from joining to leaving.

use super::super::{Event, ProtoError, ProtoErrorKind, Tid};
use super::client::{Mqtt, Phase};
use super::decode::malformed;
use super::encode::{self, check_aws_qos, check_message};
use super::session::{Outcome, Reply, Subscription};
use super::topic::{check_aws, check_filter, check_name};
use super::{MAX_STREAMS, Open, Qos};
use crate::util::TxBuf;

/// Packet ids that may be taken by SUBSCRIBE and UNSUBSCRIBE without an answer at most.
const MAX_AWAITED: usize = 4 * MAX_STREAMS;

/// One stream.
#[derive(Debug)]
pub(super) struct Stream {
    pub tid: Tid,
    pub owner: u64,
    pub filter: Option<(Box<str>, Qos)>,
    pub publish: Option<Publishing>,
    birth: Option<Birth>,
    pub step: Progress,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// CONNACK is awaited.
    Joining,
    /// SUBACK is awaited.
    Subscribing,
    /// Its birth message waits to be acknowledged.
    Birth,
    Ready,
}

/// Where a stream publishes.
#[derive(Debug)]
pub(super) struct Publishing {
    pub topic: Box<str>,
    pub qos: Qos,
    pub retain: bool,
    /// The length of the next message.
    pub announced: Option<u64>,
    /// The last message ended with its announced length: its end of message may still come.
    pub end_due: bool,
}

#[derive(Debug)]
pub(super) struct Birth {
    pub topic: Box<str>,
    pub payload: Box<[u8]>,
    pub qos: Qos,
    pub retain: bool,
}

impl Mqtt {
    pub(super) fn stream(&mut self, tid: Tid) -> Option<&mut Stream> {
        self.streams.iter_mut().find(|s| s.tid == tid)
    }

    pub(super) fn open_stream(
        &mut self,
        open: &Open<'_>,
        out: &mut TxBuf,
    ) -> Result<Tid, ProtoError> {
        self.usable()?;
        self.check_open(open)?;
        self.last_tid = self.last_tid.wrapping_add(1);
        let tid = Tid(self.last_tid);
        self.session.rebind(open.owner, tid);
        self.streams.push(Stream {
            tid,
            owner: open.owner,
            filter: open.subscribe.map(|(filter, qos)| (filter.into(), qos)),
            publish: open.publish.map(|p| Publishing {
                topic: p.topic.into(),
                qos: p.qos,
                retain: p.retain,
                announced: None,
                end_due: false,
            }),
            birth: open.birth.map(|b| Birth {
                topic: b.topic.into(),
                payload: b.payload.into(),
                qos: b.qos,
                retain: b.retain,
            }),
            step: Progress::Joining,
        });
        match self.phase {
            Phase::Fresh => self.send_connect(out),
            Phase::Up => self.join(tid, out),
            Phase::Connecting | Phase::Closed => {}
        }
        Ok(tid)
    }

    fn check_open(&self, open: &Open<'_>) -> Result<(), ProtoError> {
        if self.streams.len() >= MAX_STREAMS || self.session.awaiting() >= MAX_AWAITED {
            let detail = format!("{MAX_STREAMS} streams on one connection are the most");
            return Err(ProtoError::new(ProtoErrorKind::BadRequest, detail));
        }
        if let Some((filter, qos)) = open.subscribe {
            check_filter(filter)?;
            if self.aws {
                check_aws(filter)?;
                check_aws_qos(qos)?;
            }
        }
        if let Some(publish) = &open.publish {
            self.check_topic(publish.topic)?;
            if self.aws {
                check_aws_qos(publish.qos)?;
            }
        }
        open.birth.as_ref().map_or(Ok(()), |birth| check_message("birth", birth, self.aws))
    }

    pub(super) fn check_topic(&self, topic: &str) -> Result<(), ProtoError> {
        check_name(topic)?;
        if self.aws { check_aws(topic) } else { Ok(()) }
    }

    /// The session is up: the stream subscribes if it wants to, and goes on.
    pub(super) fn join(&mut self, tid: Tid, out: &mut TxBuf) {
        let Some(stream) = self.stream(tid) else { return };
        stream.step = Progress::Subscribing;
        let Some((filter, qos)) = stream.filter.clone() else { return self.greet(tid, out) };
        match self.session.subscription(&filter) {
            Some(s) if s.qos >= qos && s.pending.is_none() => self.greet(tid, out),
            Some(s) if s.qos >= qos => {}
            Some(_) | None => self.subscribe(filter, qos, out),
        }
    }

    fn subscribe(&mut self, filter: Box<str>, qos: Qos, out: &mut TxBuf) {
        let id = self.session.new_id();
        self.session.await_reply(id, Reply::SubAck);
        self.send(out, &encode::subscribe(id, &filter, qos));
        match self.session.subscription(&filter) {
            Some(s) => (s.qos, s.pending) = (qos, Some(id)),
            None => {
                let new = Subscription { filter, qos, pending: Some(id), active: false };
                self.session.subscriptions.push(new);
            }
        }
    }

    /// The broker's answer to SUBSCRIBE (3.9).
    pub(super) fn suback(&mut self, id: u16, code: u8, out: &mut TxBuf) -> Result<(), ProtoError> {
        if !self.session.replied(id, Reply::SubAck) {
            return Err(malformed(format!("SUBACK {id} answers nothing")));
        }
        let subscriptions = &mut self.session.subscriptions;
        let Some(at) = subscriptions.iter().position(|s| s.pending == Some(id)) else {
            // asked for again, or not wanted any more
            return Ok(());
        };
        let granted = code != FAILURE;
        let subscription = &mut subscriptions[at];
        subscription.pending = None;
        subscription.active |= granted;
        let filter = if subscription.active {
            subscription.filter.clone()
        } else {
            subscriptions.swap_remove(at).filter
        };
        let waiting = self.streams.iter().filter(|s| s.awaits(&filter));
        for tid in waiting.map(|s| s.tid).collect::<Vec<_>>() {
            if granted {
                self.greet(tid, out);
            } else {
                self.remove(tid);
                self.notes.push_back(Note::Refused(tid));
            }
        }
        Ok(())
    }

    /// Subscribed, if need be: the birth message is next, if this stream is the one to send it.
    pub(super) fn greet(&mut self, tid: Tid, out: &mut TxBuf) {
        let Some(stream) = self.stream(tid) else { return };
        let Some(birth) = stream.birth.take() else { return self.ready(tid) };
        if std::mem::replace(&mut self.birth, true) {
            return self.ready(tid);
        }
        let qos = birth.qos;
        self.send_birth(tid, birth, out);
        match (qos, self.stream(tid)) {
            (Qos::AtMostOnce, _) => self.ready(tid),
            (Qos::AtLeastOnce | Qos::ExactlyOnce, Some(s)) => s.step = Progress::Birth,
            (Qos::AtLeastOnce | Qos::ExactlyOnce, None) => {}
        }
    }

    /// A message for the stream is there, so it is ready, whatever is still awaited: the broker
    /// may send before SUBACK (3.8.4), and before it acknowledges the birth message.
    pub(super) fn ready_for_payload(&mut self, tid: Tid, out: &mut TxBuf) {
        if self.stream(tid).is_some_and(|s| s.step == Progress::Subscribing) {
            self.greet(tid, out);
        }
        if self.stream(tid).is_some_and(|s| s.step == Progress::Birth) {
            self.ready(tid);
        }
    }

    /// Payload may flow, and what became of messages from before is told.
    pub(super) fn ready(&mut self, tid: Tid) {
        let Some(stream) = self.stream(tid) else { return };
        stream.step = Progress::Ready;
        let owner = stream.owner;
        self.notes.push_back(Note::Ready(tid));
        while let Some(outcome) = self.session.outcome(owner) {
            self.tell(tid, outcome);
        }
    }

    pub(super) fn tell(&mut self, tid: Tid, outcome: Outcome) {
        self.notes.push_back(Note::Told(tid, outcome));
    }

    fn remove(&mut self, tid: Tid) -> Option<Stream> {
        let at = self.streams.iter().position(|s| s.tid == tid)?;
        let stream = self.streams.remove(at);
        self.session.disown(tid, stream.owner);
        Some(stream)
    }

    /// A stream goes.
    pub(super) fn leave(&mut self, tid: Tid, out: &mut TxBuf) {
        let Some(stream) = self.remove(tid) else { return };
        self.notes.retain(|n| !n.is_for(tid));
        if self.is_sending(tid) {
            let detail = "a stream was given up in the middle of a message";
            let _ = self.fail(ProtoError::new(ProtoErrorKind::TxShort, detail));
            return;
        }
        let Some((filter, _)) = stream.filter else { return };
        let shared = self.streams.iter().any(|s| s.filter.as_ref().is_some_and(|f| f.0 == filter));
        if shared || self.streams.is_empty() || self.phase != Phase::Up {
            return;
        }
        let subscriptions = &mut self.session.subscriptions;
        if let Some(at) = subscriptions.iter().position(|s| s.filter == filter) {
            subscriptions.swap_remove(at);
            let id = self.session.new_id();
            self.session.await_reply(id, Reply::UnsubAck);
            self.send(out, &encode::unsubscribe(id, &filter));
        }
    }
}

/// SUBACK's code for a refused filter.
const FAILURE: u8 = 0x80;

impl Stream {
    fn awaits(&self, filter: &str) -> bool {
        self.step == Progress::Subscribing
            && self.filter.as_ref().is_some_and(|(f, _)| **f == *filter)
    }
}

/// Something to tell, made while something else was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Note {
    Ready(Tid),
    Told(Tid, Outcome),
    /// The broker refused the stream's subscription.
    Refused(Tid),
    Alive,
}

impl Note {
    fn is_for(self, tid: Tid) -> bool {
        match self {
            Self::Ready(t) | Self::Told(t, _) | Self::Refused(t) => t == tid,
            Self::Alive => false,
        }
    }

    pub fn event(self) -> Event<'static> {
        match self {
            Self::Ready(tid) => Event::Ready { tid },
            Self::Told(tid, Outcome::Acked) => Event::Acked { tid },
            Self::Told(tid, Outcome::Nacked) => Event::Nacked { tid },
            Self::Refused(tid) => {
                Event::Reset { tid, reason: "the broker refused the subscription" }
            }
            Self::Alive => Event::Alive,
        }
    }
}
