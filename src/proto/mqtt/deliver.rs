//! Messages from the broker (3.3), passed through as they come to every stream whose filter
//! matches, and acknowledged once the streams have all of it.

use super::super::{Event, Tid};
use super::Qos;
use super::client::Mqtt;
use super::encode;
use super::streams::Progress;
use super::topic::matches;
use crate::util::TxBuf;

/// The message that is coming in.
#[derive(Debug, Default)]
pub(super) struct Delivery {
    state: State,
    qos: Qos,
    id: u16,
    /// Bytes of payload that have not come.
    left: usize,
    start: bool,
    /// Bytes of the piece that is being told.
    piece: usize,
    targets: Vec<Tid>,
    /// Targets that have been told the piece.
    told: usize,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum State {
    #[default]
    None,
    /// The next piece is to come.
    Between,
    /// A piece is being told.
    Telling,
    /// All was told, and is to be acknowledged when the program is back from that.
    Told,
}

pub(super) enum Step<'b> {
    Event(Event<'b>),
    /// More bytes are needed.
    More,
    /// There is no message.
    Idle,
}

impl Delivery {
    pub fn under_way(&self) -> bool {
        matches!(self.state, State::Between | State::Telling)
    }
}

impl Mqtt {
    /// The head of a message was parsed.
    pub(super) fn start_delivery(
        &mut self,
        topic: &str,
        (qos, id, payload): (Qos, u16, u32),
        out: &mut TxBuf,
    ) {
        let mut targets = std::mem::take(&mut self.delivery.targets);
        targets.clear();
        // QoS 2: the id is in use until the broker releases it, so this is the same again
        let again = qos == Qos::ExactlyOnce && self.session.was_received(id);
        if !again {
            let matching = self.streams.iter().filter(|s| {
                s.step != Progress::Joining
                    && s.filter.as_ref().is_some_and(|(filter, _)| matches(filter, topic))
            });
            targets.extend(matching.map(|s| s.tid));
        }
        for tid in &targets {
            self.ready_for_payload(*tid, out);
        }
        let left = payload as usize;
        let (state, start) = (State::Between, true);
        self.delivery = Delivery { state, qos, id, left, start, piece: 0, targets, told: 0 };
    }

    /// The next thing to tell of the message that is coming in.
    pub(super) fn deliver<'b>(&mut self, input: &mut &'b [u8], out: &mut TxBuf) -> Step<'b> {
        loop {
            let d = &mut self.delivery;
            match d.state {
                State::None => return Step::Idle,
                State::Told => self.delivered(out),
                State::Between if d.left > 0 && input.is_empty() => return Step::More,
                State::Between => {
                    d.piece = d.left.min(input.len());
                    d.told = 0;
                    d.state = State::Telling;
                }
                // not the input that holds the piece: somebody asks for notes
                State::Telling if input.len() < d.piece => return Step::More,
                State::Telling => {
                    if let Some(event) = self.tell_next(input) {
                        return Step::Event(event);
                    }
                }
            }
        }
    }

    fn tell_next<'b>(&mut self, input: &mut &'b [u8]) -> Option<Event<'b>> {
        let Self { delivery: d, streams, .. } = self;
        let (data, rest) = input.split_at(d.piece);
        let (som, eom) = (d.start, d.piece == d.left);
        let mut event = None;
        while let (None, Some(tid)) = (&event, d.targets.get(d.told)) {
            d.told += 1;
            if streams.iter().any(|s| s.tid == *tid) {
                event = Some(Event::Data { tid: *tid, data, som, eom });
            }
        }
        if d.told == d.targets.len() {
            *input = rest;
            d.left -= d.piece;
            d.start = false;
            d.state = if eom { State::Told } else { State::Between };
        }
        event
    }

    /// The program has the message that was told: it is acknowledged.
    pub(super) fn delivered(&mut self, out: &mut TxBuf) {
        if self.delivery.state != State::Told {
            return;
        }
        self.delivery.state = State::None;
        let id = self.delivery.id;
        match self.delivery.qos {
            Qos::AtMostOnce => {}
            Qos::AtLeastOnce => self.send(out, &encode::ack(encode::PUBACK, id)),
            Qos::ExactlyOnce => {
                self.session.received(id);
                self.send(out, &encode::ack(encode::PUBREC, id));
            }
        }
    }
}
