//! Messages to the broker (3.3), in pieces that go out as the program writes them, and what the
//! broker answers (3.4 to 3.7).

use super::super::{NextMessage, ProtoError, ProtoErrorKind, Tid, TxWindow};
use super::client::Mqtt;
use super::decode::malformed;
use super::encode::{self, MAX_FIXED, PublishHead};
use super::session::{Kept, Outcome, Outgoing, Stage};
use super::streams::{Birth, Progress};
use super::{MAX_REMAINING, MAX_WINDOW, Qos};
use crate::util::TxBuf;

/// The message that is going out.
#[derive(Debug)]
pub(super) struct Sending {
    tid: Tid,
    qos: Qos,
    id: u16,
    left: u64,
}

impl Mqtt {
    pub(super) fn is_sending(&self, tid: Tid) -> bool {
        self.sending.as_ref().is_some_and(|s| s.tid == tid)
    }

    pub(super) fn window(&self, tid: Tid) -> Option<TxWindow> {
        self.usable().ok()?;
        let stream = self.streams.iter().find(|s| s.tid == tid)?;
        let publish = stream.publish.as_ref()?;
        let waits = TxWindow { max: 0, headroom: 0, tailroom: 0 };
        Some(match &self.sending {
            Some(s) if s.tid == tid => {
                let left = usize::try_from(s.left).unwrap_or(usize::MAX);
                TxWindow { max: left.min(MAX_WINDOW), headroom: 0, tailroom: 0 }
            }
            Some(_) => waits,
            None if stream.step != Progress::Ready => waits,
            None if publish.qos != Qos::AtMostOnce && !self.session.has_room() => waits,
            None => {
                let headroom = MAX_FIXED + 2 + publish.topic.len() + 2;
                TxWindow { max: MAX_WINDOW, headroom, tailroom: 0 }
            }
        })
    }

    pub(super) fn next_message(
        &mut self,
        tid: Tid,
        next: &NextMessage<'_>,
    ) -> Result<(), ProtoError> {
        if let Some(topic) = next.topic {
            self.check_topic(topic)?;
        }
        let Some(publish) = self.stream(tid).and_then(|s| s.publish.as_mut()) else {
            return Ok(());
        };
        publish.announced = next.len;
        if let Some(topic) = next.topic.filter(|t| **t != *publish.topic) {
            publish.topic = topic.into();
        }
        Ok(())
    }

    pub(super) fn commit(
        &mut self,
        tid: Tid,
        out: &mut TxBuf,
        len: usize,
        som: bool,
        eom: bool,
    ) -> Result<(), ProtoError> {
        if len > MAX_WINDOW {
            return overrun(format!("{len} bytes, where a window has {MAX_WINDOW}"));
        }
        match &self.sending {
            Some(s) if s.tid == tid => self.go_on(out, len, eom),
            Some(_) => overrun("another stream's message is going out".to_owned()),
            None => self.begin(tid, out, len, som, eom),
        }
    }

    fn begin(
        &mut self,
        tid: Tid,
        out: &mut TxBuf,
        len: usize,
        som: bool,
        eom: bool,
    ) -> Result<(), ProtoError> {
        let (clean, room) = (self.clean, self.session.has_room());
        let stream = self.stream(tid).filter(|s| s.step == Progress::Ready);
        let owner = stream.as_ref().map(|s| s.owner);
        let Some(publish) = stream.and_then(|s| s.publish.as_mut()) else {
            return overrun("the stream is not ready, or has no topic".to_owned());
        };
        if std::mem::take(&mut publish.end_due) && len == 0 && eom && !som {
            // the end of a message that had its announced length
            out.cancel();
            return Ok(());
        }
        let (qos, retain) = (publish.qos, publish.retain);
        if qos != Qos::AtMostOnce && !room {
            return overrun("too many messages wait to be acknowledged".to_owned());
        }
        let total = if eom { len as u64 } else { publish.announced.unwrap_or(len as u64) };
        let head = PublishHead { topic: &publish.topic, qos, retain, dup: false, id: 0 };
        if total < len as u64 {
            return overrun(format!("{len} bytes, where {total} were announced"));
        }
        if total > MAX_REMAINING - head.variable_len() as u64 {
            return overrun(format!("{total} bytes, more than a packet takes"));
        }
        publish.announced = None;
        publish.end_due = !eom;
        // a copy only where the message is kept anyway
        let topic = (!clean && qos != Qos::AtMostOnce).then(|| publish.topic.clone());
        let id = if qos == Qos::AtMostOnce { 0 } else { self.session.new_id() };
        let mut bytes = std::mem::take(&mut self.scratch);
        bytes.clear();
        if let Some(publish) = self.stream(tid).and_then(|s| s.publish.as_ref()) {
            PublishHead { topic: &publish.topic, qos, retain, dup: false, id }
                .write(usize::try_from(total).unwrap_or(usize::MAX), &mut bytes);
        }
        if qos != Qos::AtMostOnce {
            let size = usize::try_from(total).unwrap_or(usize::MAX);
            let topic = topic.filter(|_| self.session.keep(size));
            let payload = Vec::new();
            let kept = topic.map(|topic| Kept { topic, retain, size, payload });
            let (tid, stage) = (Some(tid), Stage::Sending);
            self.session.outgoing.push(Outgoing { id, qos, stage, tid, owner, birth: false, kept });
        }
        self.sending = Some(Sending { tid, qos, id, left: total });
        self.piece(out, &bytes, len);
        self.scratch = bytes;
        Ok(())
    }

    fn go_on(&mut self, out: &mut TxBuf, len: usize, eom: bool) -> Result<(), ProtoError> {
        let left = self.sending.as_ref().map_or(0, |s| s.left);
        if len as u64 > left {
            return overrun(format!("{len} bytes, where {left} are left of what was announced"));
        }
        if eom && (len as u64) < left {
            // the broker takes whatever follows for payload
            let short = left - len as u64;
            let detail = format!("the message ends {short} bytes before its announced length");
            return Err(self.fail(ProtoError::new(ProtoErrorKind::TxShort, detail)));
        }
        if eom {
            let tid = self.sending.as_ref().map(|s| s.tid);
            let publish = tid.and_then(|t| self.stream(t)).and_then(|s| s.publish.as_mut());
            if let Some(publish) = publish {
                publish.end_due = false;
            }
        }
        self.piece(out, b"", len);
        Ok(())
    }

    /// Sends a piece whose length was checked, and ends the message if it is the last.
    fn piece(&mut self, out: &mut TxBuf, head: &[u8], len: usize) {
        let Some(sending) = &mut self.sending else { return };
        sending.left -= len as u64;
        let (tid, qos, id, left) = (sending.tid, sending.qos, sending.id, sending.left);
        if let Some(kept) = self.session.find(id).and_then(|m| m.kept.as_mut()) {
            kept.payload.extend_from_slice(out.window(len));
        }
        out.commit(head, len, b"");
        self.sent = true;
        if left > 0 {
            return;
        }
        self.sending = None;
        if let Some(message) = self.session.find(id) {
            message.stage = Stage::Sent;
        }
        self.flush_waiting(out);
        if qos == Qos::AtMostOnce {
            self.tell(tid, Outcome::Acked);
        }
    }

    /// Sends a stream's birth message.
    pub(super) fn send_birth(&mut self, tid: Tid, birth: Birth, out: &mut TxBuf) {
        let Birth { topic, payload, qos, retain } = birth;
        let id = if qos == Qos::AtMostOnce { 0 } else { self.session.new_id() };
        let mut packet = Vec::new();
        PublishHead { topic: &topic, qos, retain, dup: false, id }
            .write(payload.len(), &mut packet);
        packet.extend_from_slice(&payload);
        self.send(out, &packet);
        if qos != Qos::AtMostOnce {
            let size = payload.len();
            let keep = !self.clean && self.session.keep(size);
            let kept = keep.then(|| Kept { topic, retain, size, payload: payload.into_vec() });
            let (tid, stage) = (Some(tid), Stage::Sent);
            let birth = true;
            self.session.outgoing.push(Outgoing { id, qos, stage, tid, owner: None, birth, kept });
        }
    }

    /// QoS 1: the broker has it.
    pub(super) fn puback(&mut self, id: u16) -> Result<(), ProtoError> {
        match self.session.find(id).map(|m| (m.qos, m.stage)) {
            // acknowledged before, and lost on the way
            None => Ok(()),
            Some((Qos::AtLeastOnce, Stage::Sent)) => {
                self.completed(id);
                Ok(())
            }
            Some((qos, stage)) => out_of_turn("PUBACK", id, qos, stage),
        }
    }

    /// QoS 2: the broker has it and asks to release the id.
    pub(super) fn pubrec(&mut self, id: u16, out: &mut TxBuf) -> Result<(), ProtoError> {
        match self.session.find(id).map(|m| (m.qos, m.stage)) {
            Some((Qos::ExactlyOnce, Stage::Sent)) => self.session.release(id),
            // again, or of an earlier session: the broker waits for the release
            None | Some((Qos::ExactlyOnce, Stage::Released)) => {}
            Some((qos, stage)) => return out_of_turn("PUBREC", id, qos, stage),
        }
        self.send(out, &encode::ack(encode::PUBREL, id));
        Ok(())
    }

    /// QoS 2: all is done.
    pub(super) fn pubcomp(&mut self, id: u16) -> Result<(), ProtoError> {
        match self.session.find(id).map(|m| (m.qos, m.stage)) {
            None => Ok(()),
            Some((Qos::ExactlyOnce, Stage::Released)) => {
                self.completed(id);
                Ok(())
            }
            Some((qos, stage)) => out_of_turn("PUBCOMP", id, qos, stage),
        }
    }

    fn completed(&mut self, id: u16) {
        let Some(message) = self.session.complete(id) else { return };
        let Some(tid) = message.tid else {
            if let Some(owner) = message.owner {
                self.session.tell_later(owner, Outcome::Acked);
            }
            return;
        };
        let Some(stream) = self.stream(tid) else { return };
        match (message.birth, stream.step) {
            (true, Progress::Birth) => self.ready(tid),
            (true, Progress::Joining | Progress::Subscribing | Progress::Ready) => {}
            (false, Progress::Ready) => self.tell(tid, Outcome::Acked),
            (false, Progress::Joining | Progress::Subscribing | Progress::Birth) => {
                let owner = stream.owner;
                self.session.tell_later(owner, Outcome::Acked);
            }
        }
    }
}

fn overrun(detail: String) -> Result<(), ProtoError> {
    Err(ProtoError::new(ProtoErrorKind::TxOverrun, detail))
}

fn out_of_turn(what: &str, id: u16, qos: Qos, stage: Stage) -> Result<(), ProtoError> {
    Err(malformed(format!("{what} {id} for a message with QoS {} that is {stage:?}", qos as u8)))
}
