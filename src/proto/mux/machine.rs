//! One side of a link with channels.

use std::collections::VecDeque;

use super::{CHANNELS, Decoder, Frame, LONGEST, Verb};
use crate::util::Micros;
use crate::util::clock::SEC;

/// Microseconds between attempts to reach a peer that does not answer.
const RETRY: Micros = 2 * SEC;

/// Channels that are kept free, so that both sides never choose the same.
const SPARE: usize = 3;

/// Which side this is: each opens channels from its own end of the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// From 255 down.
    Client,
    /// The proxy: from 1 up.
    Proxy,
}

/// The link's times, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timing {
    /// Between a sign of life and the next ping.
    pub ping_interval: Micros,
    /// That the peer has for an answer.
    pub grace: Micros,
}

/// What a side is to be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The peer is there.
    Up,
    /// The peer is not there any more, or the place in the stream is lost: all channels are
    /// gone. With the reason.
    Down(String),
    /// The peer wants a channel: [`Mux::accept`] or [`Mux::close`].
    Asked(u8),
    /// The peer has opened a channel that was asked for.
    Opened(u8),
    /// The peer has not, or did not answer in time.
    Refused(u8),
    /// The peer has closed a channel.
    Closed(u8),
    /// A channel's payload.
    Payload(u8, &'a [u8]),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Channel {
    Free,
    /// Asked for, to be answered until then.
    Asking(Micros),
    /// Asked for and not wanted any more.
    Unwanted,
    /// The peer asked for it.
    Asked,
    Open,
    /// The peer is to confirm the close.
    Closing,
}

/// One side of a link.
#[derive(Debug)]
pub struct Mux {
    side: Side,
    timing: Timing,
    decoder: Decoder,
    up: bool,
    /// The place in the stream is lost until the peer's RESET.
    lost: bool,
    channels: [Channel; CHANNELS],
    /// What is to be said of each; in the order of `to_say`.
    say: [Option<Verb>; CHANNELS],
    to_say: VecDeque<u8>,
    /// Channels with payload to send.
    writers: VecDeque<u8>,
    /// A PING is to be sent.
    ping: bool,
    /// A PONG is to be sent, with this time.
    pong: Option<u64>,
    pongack: bool,
    /// The time in the PING that waits for its answer.
    pinged: Option<u64>,
    /// When to look after the peer.
    look: Micros,
    peer_clock: Option<(u64, Micros)>,
}

impl Mux {
    /// A side of a link that is down so far; the first PING goes out at once.
    #[must_use]
    pub fn new(side: Side, timing: Timing, now: Micros) -> Self {
        Self {
            side,
            timing,
            decoder: Decoder::default(),
            up: false,
            lost: false,
            channels: [Channel::Free; CHANNELS],
            say: [None; CHANNELS],
            to_say: VecDeque::new(),
            writers: VecDeque::new(),
            ping: true,
            pong: None,
            pongack: false,
            pinged: None,
            look: now.saturating_add(RETRY.max(timing.grace)),
            peer_clock: None,
        }
    }

    /// The peer is there.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// The peer's unix time in microseconds, and our clock when it came.
    #[must_use]
    pub fn peer_clock(&self) -> Option<(u64, Micros)> {
        self.peer_clock
    }

    /// Channels that are not free.
    #[must_use]
    pub fn in_use(&self) -> usize {
        self.channels.iter().filter(|c| **c != Channel::Free).count()
    }

    /// Something is to be sent: [`control`](Self::control), then [`next_writer`](Self::next_writer).
    #[must_use]
    pub fn wants_to_write(&self) -> bool {
        self.has_control() || (self.up && !self.writers.is_empty())
    }

    fn has_control(&self) -> bool {
        let probes = self.ping || self.pong.is_some() || self.pongack;
        probes || (self.up && !self.to_say.is_empty())
    }

    /// Asks the peer for a channel: [`Event::Opened`] or [`Event::Refused`] follows. `None`: the
    /// peer is not there, or too many are in use.
    pub fn open(&mut self, now: Micros) -> Option<u8> {
        if !self.up || self.in_use() >= CHANNELS - SPARE {
            return None;
        }
        let free = |c: &u8| {
            self.channels[usize::from(*c)] == Channel::Free && self.say[usize::from(*c)].is_none()
        };
        let channel = match self.side {
            Side::Client => (0..=u8::MAX).rev().find(free),
            Side::Proxy => (1..=u8::MAX).find(free),
        }?;
        let until = now.saturating_add(self.timing.grace);
        self.channels[usize::from(channel)] = Channel::Asking(until);
        self.tell(channel, Verb::Request);
        Some(channel)
    }

    /// Opens a channel that the peer asked for.
    pub fn accept(&mut self, channel: u8) {
        let state = &mut self.channels[usize::from(channel)];
        if *state == Channel::Asked {
            *state = Channel::Open;
            self.tell(channel, Verb::Accept);
        }
    }

    /// A channel is of no more use; also refuses one that the peer asked for. Nothing more is reported
    /// of it.
    pub fn close(&mut self, channel: u8) {
        self.writers.retain(|c| *c != channel);
        let index = usize::from(channel);
        self.channels[index] = match (self.channels[index], self.say[index]) {
            // the peer does not know of it yet
            (Channel::Asking(_), Some(Verb::Request)) => {
                self.unsay(channel);
                Channel::Free
            }
            (Channel::Asking(_), _) => Channel::Unwanted,
            (Channel::Asked, _) | (Channel::Open, Some(Verb::Accept)) => {
                self.tell(channel, Verb::Refuse);
                Channel::Free
            }
            (Channel::Open, _) => {
                self.tell(channel, Verb::Close);
                Channel::Closing
            }
            (other @ (Channel::Free | Channel::Unwanted | Channel::Closing), _) => other,
        };
    }

    /// A channel has payload to send.
    pub fn want_write(&mut self, channel: u8) {
        let open = self.channels[usize::from(channel)] == Channel::Open;
        if open && !self.writers.contains(&channel) {
            self.writers.push_back(channel);
        }
    }

    /// The channel whose turn it is to send payload, after [`control`](Self::control) had nothing.
    pub fn next_writer(&mut self) -> Option<u8> {
        if self.up && !self.has_control() { self.writers.pop_front() } else { None }
    }

    /// Appends what is to be sent besides payload, up to `room` bytes. `unix` is the unix time in
    /// microseconds.
    pub fn control(&mut self, out: &mut Vec<u8>, room: usize, now: Micros, unix: u64) {
        let most = out.len().saturating_add(room);
        let fits = |out: &Vec<u8>, len: usize| out.len() + len <= most;
        let probes = self.ping || self.pong.is_some();
        if probes && !self.up && fits(out, 1 + 2 * LONGEST) {
            // a peer that takes the link for up would not notice that this side has started anew
            Frame::Reset.write(out);
        }
        if self.ping && fits(out, LONGEST) {
            Frame::Ping(now).write(out);
            (self.ping, self.pinged) = (false, Some(now));
        }
        if fits(out, LONGEST)
            && let Some(ping) = self.pong.take()
        {
            Frame::Pong(ping, now).write(out);
        }
        if self.pongack && fits(out, LONGEST) {
            Frame::PongAck(unix).write(out);
            self.pongack = false;
        }
        while self.up && fits(out, 2) {
            let Some(channel) = self.to_say.pop_front() else { break };
            if let Some(verb) = self.say[usize::from(channel)].take() {
                Frame::Channel(verb, channel).write(out);
            }
        }
    }

    /// Takes bytes from the front of `input` until there is something to tell. `None`: more are
    /// needed.
    pub fn receive<'a>(&mut self, input: &mut &'a [u8], now: Micros) -> Option<Event<'a>> {
        loop {
            if self.lost {
                self.decoder.skip_to_reset(input);
                self.lost = input.is_empty();
            }
            let event = match self.decoder.next(input) {
                Ok(None) => return None,
                Ok(Some(frame)) => self.frame(frame, now),
                Err(why) => self.lose(why.to_string(), now),
            };
            if event.is_some() {
                return event;
            }
        }
    }

    /// When [`on_deadline`](Self::on_deadline) is due.
    #[must_use]
    pub fn next_deadline(&self) -> Micros {
        let answers = self.channels.iter().filter_map(|c| match c {
            Channel::Asking(until) => Some(*until),
            _ => None,
        });
        answers.min().map_or(self.look, |first| first.min(self.look))
    }

    /// Time has passed. To be called until it says `None`; early calls do nothing.
    pub fn on_deadline(&mut self, now: Micros) -> Option<Event<'static>> {
        let late = |c: &Channel| matches!(c, Channel::Asking(until) if *until <= now);
        if let Some(channel) = self.channels.iter().position(late) {
            let channel = u8::try_from(channel).unwrap_or(u8::MAX);
            self.close(channel);
            return Some(Event::Refused(channel));
        }
        if now < self.look {
            return None;
        }
        if !self.up {
            self.probe(now);
            return None;
        }
        if self.pinged.is_some() || self.ping {
            return self.lose("no answer to a ping".to_owned(), now);
        }
        self.ping = true;
        self.look = now.saturating_add(self.timing.grace);
        None
    }

    /// What came on a channel makes no sense, or the link takes nothing: starts again.
    pub fn lose(&mut self, why: String, now: Micros) -> Option<Event<'static>> {
        self.lost = true;
        self.down(why, now)
    }

    /// Asks for the peer while the link is down.
    fn probe(&mut self, now: Micros) {
        self.ping = true;
        // the peer may be slower than the usual time between attempts
        self.look = now.saturating_add(RETRY.max(self.timing.grace));
    }

    fn down(&mut self, why: String, now: Micros) -> Option<Event<'static>> {
        let was_up = std::mem::replace(&mut self.up, false);
        self.channels = [Channel::Free; CHANNELS];
        self.say = [None; CHANNELS];
        self.to_say.clear();
        self.writers.clear();
        (self.pinged, self.pong, self.pongack) = (None, None, false);
        self.probe(now);
        was_up.then_some(Event::Down(why))
    }

    fn alive(&mut self, now: Micros) -> Option<Event<'static>> {
        (self.ping, self.pinged) = (false, None);
        self.look = now.saturating_add(self.timing.ping_interval);
        (!std::mem::replace(&mut self.up, true)).then_some(Event::Up)
    }

    fn frame<'a>(&mut self, frame: Frame<'a>, now: Micros) -> Option<Event<'a>> {
        match frame {
            Frame::Channel(verb, channel) => self.told(verb, channel),
            // the peer takes the link for up: what comes is the middle of something
            Frame::Head(_) if !self.up => {
                self.lost = true;
                None
            }
            Frame::Head(channel) => {
                if self.channels[usize::from(channel)] == Channel::Free {
                    self.tell(channel, Verb::Refuse);
                }
                None
            }
            Frame::Payload(channel, bytes) => {
                let open = self.channels[usize::from(channel)] == Channel::Open;
                open.then_some(Event::Payload(channel, bytes))
            }
            Frame::Ping(at) => {
                self.pong = Some(at);
                None
            }
            Frame::Pong(ping, _) => {
                if self.pinged != Some(ping) {
                    return None;
                }
                self.pongack = true;
                self.alive(now)
            }
            Frame::PongAck(unix) => {
                self.peer_clock = Some((unix, now));
                self.alive(now)
            }
            // a link that is down asks already: an answer may be on its way
            Frame::Reset if !self.up => None,
            Frame::Reset => self.down("the peer starts again".to_owned(), now),
        }
    }

    fn told(&mut self, verb: Verb, channel: u8) -> Option<Event<'static>> {
        if !self.up {
            return None;
        }
        let index = usize::from(channel);
        let (next, event) = match (verb, self.channels[index]) {
            (Verb::Request, Channel::Free) => {
                self.unsay(channel);
                (Channel::Asked, Some(Event::Asked(channel)))
            }
            (Verb::Accept, Channel::Asking(_)) => (Channel::Open, Some(Event::Opened(channel))),
            (Verb::Accept, Channel::Unwanted) => {
                self.tell(channel, Verb::Close);
                (Channel::Closing, None)
            }
            (Verb::Refuse, Channel::Asking(_)) => (Channel::Free, Some(Event::Refused(channel))),
            (Verb::Refuse, Channel::Open) => (Channel::Free, Some(Event::Closed(channel))),
            (Verb::Close, Channel::Open) => {
                self.tell(channel, Verb::Closed);
                (Channel::Free, Some(Event::Closed(channel)))
            }
            // both close it, or an answer was lost
            (Verb::Close, Channel::Closing | Channel::Free) => {
                self.tell(channel, Verb::Closed);
                (Channel::Free, None)
            }
            (Verb::Refuse, Channel::Unwanted) | (Verb::Closed | Verb::Refuse, Channel::Closing) => {
                (Channel::Free, None)
            }
            (_, as_it_was) => (as_it_was, None),
        };
        self.channels[index] = next;
        if next == Channel::Free {
            self.writers.retain(|c| *c != channel);
        }
        event
    }

    /// Has `verb` said of `channel`, in place of what was to be said of it.
    fn tell(&mut self, channel: u8, verb: Verb) {
        if self.say[usize::from(channel)].replace(verb).is_none() {
            self.to_say.push_back(channel);
        }
    }

    fn unsay(&mut self, channel: u8) {
        if self.say[usize::from(channel)].take().is_some() {
            self.to_say.retain(|c| *c != channel);
        }
    }
}
