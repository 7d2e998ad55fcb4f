//! The sending side: whose turn it is, the `tx` callback straight into what the socket reads.

use super::conn::{Conn, ConnKey, Open, Stage};
use super::context::Context;
use super::multipart::frame;
use super::route::fill;
use super::serve::begin_answer;
use super::stream::{Stream, StreamKey, TxAnswer};
use crate::policy::Protocol;
use crate::proto::{NextMessage, Tid, TxWindow};
use crate::stream::http::multipart::Framing;
use crate::stream::{Flags, Phase, Ret};
use crate::util::{Micros, TxBuf, log};

/// `tx` callbacks of one stream in one turn.
const TX_PER_TURN: usize = 16;

impl Context {
    /// Lets the streams of a connection send that want to. `false`: the connection is gone.
    pub(super) fn offer_tx(&self, conn: ConnKey) -> bool {
        for _ in 0..TX_PER_TURN {
            let next = {
                let mut core = self.core();
                let core = &mut *core;
                let Some(c) = core.conns.get_mut(conn) else { return false };
                let next = next_sender(c, &mut core.streams, || self.now());
                if c.served.as_ref().is_some_and(|s| !s.blocked.is_empty()) {
                    core.arm(conn);
                }
                next
            };
            let Some(offer) = next else {
                // an answer without a body is complete as soon as it has begun
                return !self.asks_again(conn) || self.consume(conn, &[]) && self.flush(conn);
            };
            let unasked = offer.unasked;
            if !self.offer(conn, offer) || !self.flush(conn) {
                // others may want to send, too
                self.core().queue(conn);
                return self.core().conns.contains_key(conn);
            }
            if unasked && (!self.consume(conn, &[]) || !self.flush(conn)) {
                return false;
            }
        }
        self.core().queue(conn);
        true
    }

    /// As [`offer_tx`](Self::offer_tx), after which a wish to send that came up before is no reason
    /// for another turn of the connection.
    pub(super) fn offer_wanted(&self, conn: ConnKey) -> bool {
        self.core().take_back_wish(conn);
        self.offer_tx(conn)
    }

    /// One `tx` callback. `false`: stop offering for now.
    fn offer(&self, conn: ConnKey, mut offer: Offer) -> bool {
        let key = offer.key;
        if !offer.asks {
            return self.send_framing(conn, offer);
        }
        let lead = offer.lead.len();
        let room = lead + offer.room + offer.behind;
        let window = offer.out.prepare(offer.headroom, room, offer.tailroom);
        window[..lead].copy_from_slice(&offer.lead);
        let window = &mut window[lead..lead + offer.room];
        let answer = self.ask_tx(key, offer.ordinal, window);
        let used = match answer {
            Some(TxAnswer { ret: Ret::Ok, len, .. }) if !offer.bodiless => {
                let most = offer.room.min(offer.max);
                if len > most {
                    log::err!("tx gave {len} bytes where {most} are left: cut short");
                }
                Some(len.min(most))
            }
            Some(_) | None => None,
        };
        let committed = {
            let mut core = self.core();
            let core = &mut *core;
            let Some(c) = core.conns.get_mut(conn) else { return false };
            let still_bound = c.stream_of(offer.tid) == Some(key);
            let Some(open) = c.open() else { return false };
            let committed = match (used, answer) {
                (Some(len), Some(TxAnswer { flags, .. })) if still_bound => {
                    let (som, eom) = (flags.contains(Flags::SOM), flags.contains(Flags::EOM));
                    if let Some(stream) = core.streams.get_mut(key) {
                        stream.adapt_room(offer.room, len);
                        stream.txn.body_begun = true;
                        stream.txn.sent += len as u64;
                        if stream.response_timer.is_some() {
                            stream.txn.sent_at = self.now();
                        }
                        if eom && open.speaks == Protocol::Mqtt {
                            stream.tx_len = None;
                            stream.txn.sent = 0;
                        }
                    }
                    let (len, eom) = match core.streams.get_mut(key) {
                        Some(stream) => frame(stream, &mut offer, len, eom),
                        None => (len, eom),
                    };
                    open.codec.tx_commit(offer.tid, &mut offer.out, len, som, eom)
                }
                _ => {
                    offer.out.cancel();
                    open.codec.want_tx(offer.tid, false);
                    Ok(())
                }
            };
            give_back(open, offer.out);
            committed
        };
        if let Err(e) = committed {
            log::err!("tx: {e}");
        }
        match answer.map(|a| a.ret) {
            Some(ret @ (Ret::DisconnectMe | Ret::DestroyMe)) => {
                let _ = self.obey(key, ret);
                false
            }
            Some(Ret::Ok | Ret::TxDontSend) | None => true,
        }
    }
}

/// Puts back the outgoing buffer. What was pushed while the program had it goes first: behind
/// the payload it could land in the middle of a message.
pub(super) fn give_back(open: &mut Open, out: TxBuf) {
    let mut meanwhile = std::mem::replace(&mut open.out, out);
    if !meanwhile.is_empty() {
        meanwhile.push(open.out.pending());
        open.out = meanwhile;
    }
}

/// One stream's turn to send.
pub(super) struct Offer {
    pub key: StreamKey,
    pub tid: Tid,
    ordinal: u32,
    /// The program is asked; else there is framing only.
    asks: bool,
    /// It answers without a body: what the program gives goes nowhere.
    bodiless: bool,
    /// Framing in front of what the program sends.
    pub lead: Vec<u8>,
    /// Room for framing behind it.
    behind: usize,
    /// Bytes that the protocol takes now, with all framing.
    pub budget: usize,
    /// Bytes that the program announced and did not send yet.
    pub left: Option<u64>,
    /// Bytes offered: never fewer than programs rely on, even if fewer are left to send.
    room: usize,
    /// Bytes of it that can go out now.
    max: usize,
    /// The codec has something to say after it: credit to share out, the end of an exchange.
    unasked: bool,
    pub headroom: usize,
    pub tailroom: usize,
    /// The connection's outgoing buffer, out of everybody's reach while the program writes.
    pub out: TxBuf,
}

/// What the answer to HEAD, and one of status 204, leaves to send.
const NO_BODY: TxWindow = TxWindow { max: 0, headroom: 0, tailroom: 0 };

/// The next stream that wants to send and may.
fn next_sender(c: &mut Conn, core: &mut CoreStreams, now: impl Fn() -> Micros) -> Option<Offer> {
    let Stage::Open(open) = &mut c.stage else { return None };
    if !open.out.is_empty() || open.unflushed {
        return None;
    }
    let count = c.bound.len();
    for i in 0..count {
        let at = (c.turn + i) % count;
        let (tid, key) = &c.bound[at];
        let (Some(tid), Some(stream)) = (*tid, core.get_mut(*key)) else { continue };
        // who may not be told CONNECTED yet sends before it only on http
        let early = stream.phase == Phase::Connecting;
        if !stream.tx_wanted || early && matches!(open.speaks, Protocol::Ws | Protocol::Mqtt) {
            continue;
        }
        if open.speaks == Protocol::Mqtt && stream.txn.sent == 0 {
            let topic = topic_of_next(stream);
            let next = NextMessage { len: stream.tx_len, topic: topic.as_deref() };
            if let Err(e) = open.codec.tx_message(tid, &next) {
                log::err!("tx: {e}");
            }
        }
        let mut begun = false;
        if let (Some(served), Protocol::H1 | Protocol::H2) = (&mut c.served, open.speaks)
            && !stream.txn.answered
        {
            begin_answer(open, stream, tid);
            served.ask_again = true;
            begun = true;
        }
        open.codec.want_tx(tid, true);
        // a program whose answer has no body is asked once all the same
        let window = open.codec.tx_window(tid);
        let bodiless = begun && window.is_none();
        let Some(window) = window.or(bodiless.then_some(NO_BODY)) else { continue };
        // what has no body does not wait for the client
        if let (Some(served), false) = (&mut c.served, bodiless) {
            served.answer_may(tid, window.max > 0, stream.kind.serve.stall_s, &now);
        }
        if window.max == 0 && !bodiless {
            continue;
        }
        let left =
            stream.tx_len.filter(|len| *len > 0).map(|len| len.saturating_sub(stream.txn.sent));
        let framing = stream.txn.framing.as_deref();
        let lead = framing.map(|f| f.lead()).unwrap_or_default();
        let asks = bodiless || framing.is_none_or(|f| !f.ended() && f.lead().len() < window.max);
        let lead = lead[..lead.len().min(window.max)].to_vec();
        let max = match (framing, left) {
            // more than was announced would take the place of the framing
            (Some(_), Some(left)) => usize::try_from(left).unwrap_or(usize::MAX),
            _ => usize::MAX,
        };
        let max = max.min(window.max - lead.len());
        let behind = framing.map_or(0, Framing::tail_room);
        let all_fits = left.is_some_and(|left| max as u64 >= left);
        let room = if all_fits || bodiless { stream.tx_room } else { stream.tx_room.min(max) };
        c.turn = at + 1;
        stream.tx_wanted = false;
        let ordinal = stream.ordinal;
        if asks {
            stream.ordinal = stream.ordinal.wrapping_add(1);
        }
        return Some(Offer {
            key: *key,
            tid,
            ordinal,
            asks,
            bodiless,
            lead,
            behind,
            budget: window.max,
            left,
            room,
            max,
            unasked: open.codec.speaks_unasked(),
            headroom: window.headroom,
            tailroom: window.tailroom,
            out: std::mem::take(&mut open.out),
        });
    }
    None
}

/// The topic of the stream's next mqtt message, if metadata decides it: a literal one was said
/// when the stream joined the session.
fn topic_of_next(stream: &Stream) -> Option<String> {
    let template = stream.kind.mqtt.topic.as_ref().filter(|t| t.as_literal().is_none())?;
    let topic = fill(&stream.kind, &stream.metadata, template).ok();
    topic.filter(|topic| !topic.is_empty())
}

type CoreStreams = slotmap::SlotMap<StreamKey, super::stream::Stream>;
