//! The machine: a session that streams share, behind the codec's interface.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use super::super::{
    Codec, Event, Head, NextMessage, ProtoError, ProtoErrorKind, Request, Reuse, Tid, TxWindow,
};
use super::decode::{Decoder, Packet, malformed};
use super::deliver::{Delivery, Step};
use super::publish::Sending;
use super::session::{Reply, Session};
use super::streams::{Note, Stream};
use super::{Connect, MAX_STREAMS, MAX_WAITING, Open, encode};
use crate::util::clock::SEC;
use crate::util::{Micros, TxBuf};

/// Keep-alive is looked after this often: with a ping in every second turn at the latest, no
/// packet is further from the next one than 8 tenths of the time agreed.
const TURNS_TENTHS: Micros = 4;
/// Turns that PINGRESP may take: 1.2 times the time agreed.
const PING_TURNS: u8 = 3;

/// A connection to an MQTT 3.1.1 broker. Streams join by
/// [`start_topics`](Codec::start_topics); the first sends CONNECT.
pub struct Mqtt {
    pub(super) phase: Phase,
    /// CONNECT, until it is sent: holds a password.
    connect: Zeroizing<Vec<u8>>,
    pub(super) clean: bool,
    pub(super) aws: bool,
    /// Between two looks at keep-alive; 0: none.
    turn: Micros,
    deadline: Option<Micros>,
    /// A packet went out since the last turn.
    pub(super) sent: bool,
    /// Turns since a PINGREQ that was not answered.
    pinged: Option<u8>,
    heard: bool,
    decoder: Decoder,
    pub(super) delivery: Delivery,
    pub(super) streams: Vec<Stream>,
    pub(super) last_tid: u32,
    /// A birth message went out.
    pub(super) birth: bool,
    pub(super) session: Session,
    pub(super) sending: Option<Sending>,
    /// Packets that wait for the end of the message that is being sent.
    waiting: Vec<u8>,
    /// To be told.
    pub(super) notes: VecDeque<Note>,
    pub(super) scratch: Vec<u8>,
    failed: Option<ProtoError>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Fresh,
    /// CONNACK is awaited.
    Connecting,
    Up,
    /// DISCONNECT was sent.
    Closed,
}

impl Mqtt {
    /// A fresh connection, with what an earlier one to the same broker left behind.
    ///
    /// # Errors
    /// CONNECT cannot be expressed: the text says why.
    pub fn new(connect: &Connect<'_>, session: Option<Session>) -> Result<Self, ProtoError> {
        let clean = connect.clean_start || connect.client_id.is_empty();
        Ok(Self {
            phase: Phase::Fresh,
            connect: encode::connect(connect)?,
            clean,
            aws: connect.aws_iot,
            turn: Micros::from(connect.keep_alive_s) * SEC * TURNS_TENTHS / 10,
            deadline: None,
            sent: false,
            pinged: None,
            heard: false,
            decoder: Decoder::default(),
            delivery: Delivery::default(),
            streams: Vec::new(),
            last_tid: 0,
            birth: false,
            session: if clean { Session::default() } else { session.unwrap_or_default() },
            sending: None,
            waiting: Vec::new(),
            notes: VecDeque::new(),
            scratch: Vec::new(),
            failed: None,
        })
    }

    /// Whether the connection can be used.
    pub(super) fn usable(&self) -> Result<(), ProtoError> {
        match (&self.failed, self.phase) {
            (Some(e), _) => Err(e.clone()),
            (None, Phase::Closed) => {
                Err(ProtoError::new(ProtoErrorKind::BadRequest, "the session is closed"))
            }
            (None, Phase::Fresh | Phase::Connecting | Phase::Up) => Ok(()),
        }
    }

    /// From now on the connection is of no use, and every call that can says why.
    pub(super) fn fail(&mut self, e: ProtoError) -> ProtoError {
        self.failed.get_or_insert(e).clone()
    }

    /// Sends a packet of the codec's own, when no message is in the middle.
    pub(super) fn send(&mut self, out: &mut TxBuf, packet: &[u8]) {
        self.sent = true;
        self.flush_waiting(out);
        if self.may_push(out) {
            out.push(packet);
        } else if self.waiting.len() + packet.len() <= MAX_WAITING {
            self.waiting.extend_from_slice(packet);
        } else {
            let detail = format!(
                "more than {MAX_WAITING} bytes wait for the end of a message that is being sent"
            );
            let _ = self.fail(ProtoError::new(ProtoErrorKind::TooLarge, detail));
        }
    }

    pub(super) fn flush_waiting(&mut self, out: &mut TxBuf) {
        if !self.waiting.is_empty() && self.may_push(out) {
            out.push(&std::mem::take(&mut self.waiting));
        }
    }

    fn may_push(&self, out: &TxBuf) -> bool {
        self.sending.is_none() && !out.window_is_open()
    }

    pub(super) fn send_connect(&mut self, out: &mut TxBuf) {
        let connect = std::mem::take(&mut self.connect);
        self.send(out, &connect);
        self.phase = Phase::Connecting;
    }

    fn next_event<'b>(
        &mut self,
        input: &mut &'b [u8],
        out: &mut TxBuf,
        now: Micros,
    ) -> Result<Option<Event<'b>>, ProtoError> {
        self.usable()?;
        self.delivered(out);
        self.flush_waiting(out);
        loop {
            if let Some(note) = self.notes.pop_front() {
                return Ok(Some(note.event()));
            }
            let packet = match self.deliver(input, out) {
                Step::Event(event) => return Ok(Some(event)),
                Step::More => None,
                Step::Idle => self.decoder.next(input)?,
            };
            // an answer may have found no room to wait in
            self.usable()?;
            match packet {
                Some(packet) => self.packet(packet, out, now)?,
                None => return Ok(None),
            }
        }
    }

    fn packet(&mut self, packet: Packet, out: &mut TxBuf, now: Micros) -> Result<(), ProtoError> {
        if let Packet::ConnAck { session_present, code } = packet {
            return self.connack(session_present, code, out, now);
        }
        if self.phase != Phase::Up {
            return Err(malformed("a packet before CONNACK".to_owned()));
        }
        match packet {
            Packet::ConnAck { .. } => unreachable!("dealt with above"),
            Packet::PubAck(id) => self.puback(id),
            Packet::PubRec(id) => self.pubrec(id, out),
            Packet::PubComp(id) => self.pubcomp(id),
            Packet::PubRel(id) => {
                self.session.released(id);
                self.send(out, &encode::ack(encode::PUBCOMP, id));
                Ok(())
            }
            Packet::SubAck { id, code } => self.suback(id, code, out),
            Packet::UnsubAck(id) => {
                if self.session.replied(id, Reply::UnsubAck) {
                    return Ok(());
                }
                Err(malformed(format!("UNSUBACK {id} answers nothing")))
            }
            Packet::PingResp => {
                self.pinged = None;
                self.notes.push_back(Note::Alive);
                Ok(())
            }
            Packet::Publish { qos, id, payload } => {
                let topic = std::mem::take(&mut self.decoder);
                self.start_delivery(topic.topic(), (qos, id, payload), out);
                self.decoder = topic;
                Ok(())
            }
        }
    }

    /// The broker's answer to CONNECT (3.2).
    fn connack(
        &mut self,
        session_present: bool,
        code: u8,
        out: &mut TxBuf,
        now: Micros,
    ) -> Result<(), ProtoError> {
        if self.phase != Phase::Connecting {
            return Err(malformed("CONNACK that answers no CONNECT".to_owned()));
        }
        if code == 0 && session_present && self.clean {
            return Err(malformed("CONNACK with an old session, a new one was asked for".into()));
        }
        if code != 0 {
            return Err(refusal(code, session_present));
        }
        self.phase = Phase::Up;
        if self.turn > 0 {
            self.deadline = Some(now + self.turn);
        }
        if !session_present {
            self.session.broker_forgot();
        }
        self.session.resume(out);
        let joined: Vec<Tid> = self.streams.iter().map(|s| s.tid).collect();
        for tid in joined {
            self.join(tid, out);
        }
        Ok(())
    }
}

/// Why the broker does not want us (3.2.2.3).
fn refusal(code: u8, session_present: bool) -> ProtoError {
    use ProtoErrorKind::{AuthFailed, Refused};
    if session_present {
        return malformed(format!("CONNACK with an old session and the error code {code}"));
    }
    let (kind, why) = match code {
        1 => (Refused, "the broker does not speak MQTT 3.1.1"),
        2 => (Refused, "the broker does not accept the client id"),
        3 => (Refused, "the broker's service is not available"),
        4 => (AuthFailed, "bad user name or password"),
        5 => (AuthFailed, "not authorized"),
        _ => return malformed(format!("CONNACK with the reserved code {code}")),
    };
    ProtoError::new(kind, format!("CONNACK {code}: {why}"))
}

impl Codec for Mqtt {
    fn speaks_unasked(&self) -> bool {
        true
    }

    /// Streams of topics are not requests: always an error.
    fn start(&mut self, _req: &Request<'_>, _out: &mut TxBuf) -> Result<Tid, ProtoError> {
        Err(ProtoError::new(ProtoErrorKind::BadRequest, "mqtt has topics, not requests"))
    }

    fn start_topics(&mut self, open: &Open<'_>, out: &mut TxBuf) -> Result<Tid, ProtoError> {
        self.open_stream(open, out)
    }

    /// What follows a message's last piece is its acknowledgement: the program has it then.
    /// A message that matches several streams is told to each in turn; `input` does not move
    /// before the last, so nothing but empty input may come between.
    fn receive<'b>(
        &mut self,
        input: &mut &'b [u8],
        out: &mut TxBuf,
        now: Micros,
    ) -> Result<Option<Event<'b>>, ProtoError> {
        self.heard |= !input.is_empty();
        self.next_event(input, out, now).map_err(|e| self.fail(e))
    }

    fn receive_eof(&mut self) -> Result<Option<Event<'static>>, ProtoError> {
        self.usable()?;
        let cut = match self.phase {
            Phase::Fresh | Phase::Connecting => "closed before CONNACK",
            Phase::Up | Phase::Closed if !self.decoder.between_packets() => "closed in a packet",
            Phase::Up | Phase::Closed if self.delivery.under_way() => "closed in a message",
            Phase::Up | Phase::Closed => {
                self.phase = Phase::Closed;
                return Ok(None);
            }
        };
        Err(self.fail(ProtoError::new(ProtoErrorKind::CutShort, cut)))
    }

    fn head(&self, _tid: Tid) -> Option<&Head> {
        None
    }

    fn response_started(&self, _tid: Tid) -> bool {
        self.heard
    }

    fn tx_window(&self, tid: Tid) -> Option<TxWindow> {
        self.window(tid)
    }

    fn tx_message(&mut self, tid: Tid, next: &NextMessage<'_>) -> Result<(), ProtoError> {
        self.next_message(tid, next)
    }

    /// A message that comes in several pieces needs its length announced by
    /// [`tx_message`](Codec::tx_message); without, each piece is a message. `som` means nothing.
    /// A message whose end comes before its announced length ends the connection.
    fn tx_commit(
        &mut self,
        tid: Tid,
        out: &mut TxBuf,
        len: usize,
        som: bool,
        eom: bool,
    ) -> Result<(), ProtoError> {
        let committed = self.usable().and_then(|()| self.commit(tid, out, len, som, eom));
        if committed.is_err() {
            out.cancel();
        }
        committed
    }

    /// The last stream with a filter unsubscribes it, if others stay on the connection. The
    /// last stream of all ends the connection's use without a word.
    fn abandon(&mut self, tid: Tid, out: &mut TxBuf) -> Reuse {
        self.leave(tid, out);
        if self.streams.is_empty() { Reuse::Never } else { self.reuse() }
    }

    fn reuse(&self) -> Reuse {
        let more = u32::try_from(MAX_STREAMS - self.streams.len()).unwrap_or(0);
        if self.usable().is_ok() { Reuse::Shared(more) } else { Reuse::Never }
    }

    fn ping(&mut self, out: &mut TxBuf) -> bool {
        if self.phase != Phase::Up || self.failed.is_some() {
            return false;
        }
        self.pinged.get_or_insert(0);
        self.send(out, &encode::PINGREQ);
        true
    }

    fn next_deadline(&self) -> Option<Micros> {
        if self.failed.is_some() { Some(0) } else { self.deadline }
    }

    fn on_deadline(&mut self, out: &mut TxBuf, now: Micros) -> Result<(), ProtoError> {
        if let Some(e) = &self.failed {
            return Err(e.clone());
        }
        if self.phase != Phase::Up || self.deadline.is_none_or(|due| now < due) {
            return Ok(());
        }
        self.deadline = Some(now + self.turn);
        if let Some(turns) = &mut self.pinged {
            *turns += 1;
            if *turns >= PING_TURNS {
                let e = ProtoError::new(ProtoErrorKind::Timeout, "PINGREQ was not answered");
                return Err(self.fail(e));
            }
        }
        if self.sent {
            self.sent = false;
        } else {
            self.ping(out);
        }
        Ok(())
    }

    /// DISCONNECT: the broker will not publish the will. Not in the middle of a message.
    fn goodbye(&mut self, out: &mut TxBuf) {
        if self.phase == Phase::Up && self.failed.is_none() && self.sending.is_none() {
            self.send(out, &encode::DISCONNECT);
            self.phase = Phase::Closed;
        }
    }

    /// Nothing with clean start.
    fn take_session(&mut self) -> Option<Session> {
        self.phase = Phase::Closed;
        let mut session = std::mem::take(&mut self.session);
        session.disconnected();
        (!self.clean).then_some(session)
    }
}
