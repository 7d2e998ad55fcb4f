//! Bodies of several parts: their framing on the way out, messages made of them on the way in.

use std::ops::ControlFlow;
use std::rc::Rc;

use super::conn::{Conn, ConnKey};
use super::context::Context;
use super::life::Fate;
use super::send::{Offer, give_back};
use super::stream::{Stream, StreamKey};
use crate::policy::{Http, StreamType};
use crate::proto::{BodyLen, Tid};
use crate::stream::Flags;
use crate::stream::http::multipart::{BOUNDARY_ENTROPY, Framing, Parser, Part, boundary};
use crate::util::crypto::rand::{SecureRandom, SystemRandom};
use crate::util::log;

/// Stream types that may travel in one body: a chain that comes round ends here.
const MAX_PARTS: usize = 32;

impl Context {
    /// The framing of a request's body, if the policy wants one and there is a body.
    pub(super) fn framing(
        &self,
        stream: &Stream,
        method: &str,
        body: BodyLen,
    ) -> Result<Option<Framing>, String> {
        let kind = &stream.kind;
        let has_body = super::http::has_body_method(method) && body != BodyLen::None;
        if !kind.http.is_multipart_out() || !has_body || stream.txn.as_get {
            return Ok(None);
        }
        let mut entropy = [0; BOUNDARY_ENTROPY];
        SystemRandom::new()
            .fill(&mut entropy)
            .map_err(|_| "the system gives no random numbers for a boundary")?;
        let travellers = self.travellers(kind);
        let parts: Vec<Part<'_>> = travellers.iter().map(|k| part(&k.http)).collect();
        Ok(Some(Framing::new(entropy, &parts)))
    }

    /// A stream type and those that its `rideshare` takes along.
    fn travellers(&self, first: &Rc<StreamType>) -> Vec<Rc<StreamType>> {
        let policy = self.policy();
        let mut all = vec![Rc::clone(first)];
        while let Some(next) = all.last().and_then(|k| k.rideshare.as_deref()) {
            match policy.stream_type(next) {
                Some(kind) if all.len() < MAX_PARTS => all.push(Rc::clone(kind)),
                Some(_) | None => {
                    log::warn!("rideshare: '{next}' is left out: more than {MAX_PARTS}, or gone");
                    break;
                }
            }
        }
        all
    }

    /// The stream type that what `tx` provides now is for: the stream's own, or one that its
    /// policy's `rideshare` takes along.
    #[must_use]
    pub fn rideshare(&self, key: StreamKey) -> Option<Rc<StreamType>> {
        let (kind, behind) = {
            let core = self.core();
            let stream = core.streams.get(key)?;
            let behind = stream.txn.framing.as_deref().map(Framing::parts_behind);
            (Rc::clone(&stream.kind), behind)
        };
        let Some(behind) = behind else { return Some(kind) };
        let travellers = self.travellers(&kind);
        let at = travellers.len().checked_sub(behind + 1)?;
        travellers.get(at).cloned()
    }

    /// Sends framing for which the program is not asked. `false`: stop offering for now.
    pub(super) fn send_framing(&self, conn: ConnKey, mut offer: Offer) -> bool {
        let mut core = self.core();
        let core = &mut *core;
        let open = core.conns.get_mut(conn).and_then(Conn::open);
        let stream = core.streams.get_mut(offer.key);
        let (Some(open), Some(stream)) = (open, stream) else { return false };
        let n = offer.lead.len();
        offer.out.prepare(offer.headroom, n, offer.tailroom).copy_from_slice(&offer.lead);
        let complete = stream.txn.framing.as_mut().is_none_or(|framing| {
            framing.lead_sent(n);
            framing.ended() && framing.lead().is_empty()
        });
        stream.txn.body_begun = true;
        stream.tx_wanted = !complete;
        let committed = open.codec.tx_commit(offer.tid, &mut offer.out, n, false, complete);
        give_back(open, offer.out);
        if let Err(e) = committed {
            log::err!("tx: {e}");
        }
        true
    }

    /// A response's head is there: if it has parts that the policy wants taken apart, the program
    /// is told that related messages begin.
    pub(super) fn expect_parts(&self, conn: ConnKey, key: StreamKey, tid: Tid) {
        let wanted = self.kind(key).is_some_and(|k| k.http.multipart_in);
        if !wanted || !self.linked(key, conn) {
            return;
        }
        let found = self.with_head(conn, tid, |h| h.get("content-type").and_then(boundary));
        let Some(Some(boundary)) = found else { return };
        if let Some(stream) = self.core().streams.get_mut(key) {
            stream.txn.parts = Some(Box::new(Parser::new(&boundary)));
        }
        let ret = self.give_rx(key, &[], Flags::RELATED_START);
        let _ = self.obey(key, ret);
    }

    /// Hands over what a piece of a body in parts means. `false`: the body has none.
    pub(super) fn deliver_parts(
        &self,
        conn: ConnKey,
        key: StreamKey,
        data: &[u8],
        eom: bool,
    ) -> bool {
        let parser = self.core().streams.get_mut(key).and_then(|s| s.txn.parts.take());
        let Some(mut parser) = parser else { return false };
        let mut sink = |data: &[u8], flags: Flags| {
            let ret = self.give_rx(key, data, flags);
            if self.obey(key, ret) == Fate::Gone || !self.linked(key, conn) {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        };
        let mut flow = parser.feed(data, &mut sink);
        if flow.is_continue() && eom {
            flow = parser.finish(&mut sink);
        }
        if flow.is_continue()
            && let Some(stream) = self.core().streams.get_mut(key)
        {
            stream.txn.parts = Some(parser);
        }
        true
    }
}

/// Puts the framing of a body's parts behind what the program wrote, `len` bytes, as far as it
/// fits. Returns what is to be sent in all, and whether the body ends with it. What is left goes
/// out in a turn of its own.
pub(super) fn frame(
    stream: &mut Stream,
    offer: &mut Offer,
    len: usize,
    eom: bool,
) -> (usize, bool) {
    let Some(framing) = &mut stream.txn.framing else { return (len, eom) };
    framing.lead_sent(offer.lead.len());
    let mut used = offer.lead.len() + len;
    if eom || offer.left == Some(len as u64) && framing.parts_behind() == 0 {
        framing.part_done();
        if framing.ended() {
            let fits = framing.lead().len().min(offer.budget - used);
            offer.out.window(used + fits)[used..].copy_from_slice(&framing.lead()[..fits]);
            framing.lead_sent(fits);
            used += fits;
        }
        stream.tx_wanted |= !framing.lead().is_empty();
    }
    (used, framing.ended() && framing.lead().is_empty())
}

fn part(http: &Http) -> Part<'_> {
    Part {
        name: http.multipart_name.as_deref(),
        filename: http.multipart_filename.as_deref(),
        content_type: http.multipart_content_type.as_deref(),
    }
}
