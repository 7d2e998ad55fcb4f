//! What the program wants, told to the proxy.

use std::time::{SystemTime, UNIX_EPOCH};

use super::{Client, Inner, ROOM, Stage, Wish};
use crate::engine::TxAnswer;
use crate::proto::sss::{MAX_PAYLOAD, PAYLOAD_HEAD, Sent, ToProxy};
use crate::stream::{Flags, Ret};
use crate::util::log;

impl Client {
    /// Fills the link's `window`: first what is to be said, then, in a window of its own, the
    /// program's payload.
    pub(super) fn speak(&self, window: &mut [u8]) -> TxAnswer {
        let (said, more, generation) = {
            let mut inner = self.inner();
            inner.compose(&self.name);
            let pending = inner.out.pending();
            let said = pending.len().min(window.len());
            window[..said].copy_from_slice(&pending[..said]);
            inner.out.consume(said);
            inner.out.release_if_idle();
            let payload = inner.connected && inner.tx_wanted;
            (said, !inner.out.is_empty() || payload, inner.generation)
        };
        if said > 0 {
            if more {
                self.wake();
            }
            return answer(Ret::Ok, said);
        }
        if !more {
            return answer(Ret::TxDontSend, 0);
        }
        if window.len() > PAYLOAD_HEAD {
            return self.speak_payload(window, generation);
        }
        // a link with so little room gets the frame in pieces
        let mut frame = vec![0; PAYLOAD_HEAD + ROOM];
        let spoken = self.speak_payload(&mut frame, generation);
        if spoken.ret != Ret::Ok {
            return spoken;
        }
        self.inner().out.push(&frame[..spoken.len]);
        self.speak(window)
    }

    /// Fills `window`, in which there is room for more than the head, with the program's payload.
    fn speak_payload(&self, window: &mut [u8], generation: u64) -> TxAnswer {
        let ordinal = {
            let mut inner = self.inner();
            inner.tx_wanted = false;
            let ordinal = inner.ordinal;
            inner.ordinal = ordinal.wrapping_add(1);
            ordinal
        };
        let (head, room) = window.split_at_mut(PAYLOAD_HEAD);
        let most = room.len().min(MAX_PAYLOAD);
        let Some(tx) = self.program.tx(ordinal, &mut room[..most]) else {
            return answer(Ret::TxDontSend, 0);
        };
        if tx.ret != Ret::Ok || self.over.get() || self.inner().generation != generation {
            return answer(if tx.ret == Ret::Ok { Ret::TxDontSend } else { tx.ret }, 0);
        }
        let len = tx.len.min(most);
        if tx.len > most {
            log::err!("{}: tx gave {} bytes into a room of {most}: cut short", self.name, tx.len);
        }
        let sent = self.inner().sent(len, tx.flags);
        let flags = tx.flags.bits().cast_unsigned();
        head.copy_from_slice(&ToProxy::payload_head(flags, sent, len));
        answer(Ret::Ok, PAYLOAD_HEAD + len)
    }
}

fn answer(ret: Ret, len: usize) -> TxAnswer {
    TxAnswer { ret, len, flags: Flags::empty() }
}

impl Inner {
    /// Writes down all that is to be said now.
    fn compose(&mut self, name: &str) {
        if self.stage == Stage::Down {
            return;
        }
        if self.stage == Stage::Fresh {
            let pid = std::process::id();
            self.put(name, &ToProxy::StreamType { pid, credit: self.initial_credit, name });
            self.stage = Stage::Asked;
        }
        if let Some(ms) = self.timeout.take() {
            self.put(name, &ToProxy::Timeout(ms));
        }
        if self.stage == Stage::Up {
            self.compose_wishes(name);
        }
    }

    fn compose_wishes(&mut self, name: &str) {
        let mut metadata = std::mem::take(&mut self.metadata);
        for value in metadata.iter_mut().filter(|m| m.dirty) {
            self.put(name, &ToProxy::Metadata { name: &value.name, value: &value.value });
            (value.dirty, value.unconfirmed) = (false, true);
        }
        self.metadata = metadata;
        let credit = std::mem::take(&mut self.more_credit);
        if credit != 0 {
            self.put(name, &ToProxy::Credit(credit));
        }
        if let Some(bytes) = self.hint.take() {
            self.put(name, &ToProxy::LengthHint(bytes));
        }
        if self.wish == Wish::Asked {
            self.wish = Wish::Told;
            self.turn = 0;
            self.put(name, &ToProxy::OnwardConnect);
        }
    }

    /// The lengths were checked when the program gave the values.
    fn put(&mut self, stream: &str, frame: &ToProxy<'_>) {
        if let Err(e) = frame.encode(&mut self.out) {
            log::err!("{stream}: {e}");
        }
    }

    /// `len` bytes go out; their times.
    fn sent(&mut self, len: usize, flags: Flags) -> Sent {
        self.credit = self.credit.saturating_sub(i32::try_from(len).unwrap_or(i32::MAX));
        if flags.contains(Flags::EOM) && self.turn + 1 < self.types.len() {
            self.turn += 1;
        }
        let held = self.asked_at.take().map_or(0, |at| at.elapsed().as_micros());
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Sent {
            held_us: u32::try_from(held).unwrap_or(u32::MAX),
            at_us: u64::try_from(now.as_micros()).unwrap_or(u64::MAX),
        }
    }
}
