//! What the proxy says, told to the program.

use super::{Client, Inner, Stage, Wish};
use crate::proto::sss::{Payload, ToClient, rideshare_types};
use crate::stream::state::USER_BASE;
use crate::stream::{Flags, Ret, State};
use crate::util::log;

/// Names of values that a proxy may send in a stream's life.
const MAX_HEARD: usize = 256;

/// Why the link is given up.
enum GiveUp {
    /// The proxy's words make no sense.
    Nonsense(String),
    /// The proxy does not have the stream.
    Denied,
}

impl Client {
    /// Takes what came on the link.
    pub(super) fn hear(&self, mut data: &[u8]) -> Ret {
        let generation = self.inner().generation;
        let mut decoder = self.decoder.take();
        loop {
            let told = match decoder.next(&mut data) {
                Ok(None) => break,
                Ok(Some(frame)) => self.told(&frame),
                Err(e) => Err(GiveUp::Nonsense(e.to_string())),
            };
            match told {
                Ok(Ret::Ok | Ret::TxDontSend) => {}
                Ok(ret @ (Ret::DisconnectMe | Ret::DestroyMe)) => return ret,
                Err(why) => {
                    self.give_up(&why);
                    return Ret::Ok;
                }
            }
            if self.over.get() || self.inner().generation != generation {
                return Ret::Ok;
            }
        }
        self.decoder.set(decoder);
        Ret::Ok
    }

    fn give_up(&self, why: &GiveUp) {
        match why {
            GiveUp::Nonsense(what) => log::err!("{}: the proxy: {what}", self.name),
            GiveUp::Denied => log::err!("{}: the proxy has no such stream", self.name),
        }
        if let Some(link) = self.link() {
            link.hang_up();
        }
    }

    /// One frame.
    fn told(&self, frame: &ToClient<'_>) -> Result<Ret, GiveUp> {
        {
            let mut inner = self.inner();
            inner.heard_of = true;
            for value in inner.metadata.iter_mut().filter(|m| m.unconfirmed) {
                (value.unconfirmed, value.failures) = (false, 0);
            }
        }
        match frame {
            ToClient::Created { ok: false, .. } => Err(GiveUp::Denied),
            ToClient::Created { ok: true, types, .. } => Ok(self.created(types)),
            ToClient::State { state, ack } => Ok(self.told_state(*state, *ack)),
            ToClient::Payload(payload) => Ok(self.payload(payload)),
            ToClient::Credit(bytes) => {
                let mut inner = self.inner();
                inner.credit = inner.credit.saturating_add(*bytes);
                let waiting = inner.tx_wanted;
                drop(inner);
                if waiting {
                    self.wake();
                }
                Ok(Ret::Ok)
            }
            ToClient::Metadata { name, value } => {
                self.inner().keep_heard(name, value)?;
                Ok(Ret::Ok)
            }
            ToClient::Perf(json) => {
                Ok(self.program.rx(json, Flags::SOM | Flags::EOM | Flags::PERF_JSON))
            }
        }
    }

    /// The proxy has the stream now.
    fn created(&self, types: &str) -> Ret {
        let first = {
            let mut inner = self.inner();
            inner.stage = Stage::Up;
            inner.types = rideshare_types(types).map(str::to_owned).collect();
            inner.turn = 0;
            !std::mem::replace(&mut inner.created, true)
        };
        if let Some(link) = self.link() {
            link.cancel_timeout();
            link.stream_up();
        }
        let ret = if first { self.say(State::Creating, 0) } else { Ret::Ok };
        if ret == Ret::Ok {
            self.wake_if_up();
        }
        ret
    }

    fn payload(&self, payload: &Payload<'_>) -> Ret {
        {
            let mut inner = self.inner();
            let len = i32::try_from(payload.bytes.len()).unwrap_or(i32::MAX);
            inner.peer_credit = inner.peer_credit.saturating_sub(len);
            let rideshare = payload.rideshare.unwrap_or_default();
            if inner.rideshare != rideshare {
                rideshare.clone_into(&mut inner.rideshare);
            }
        }
        let flags = Flags::from_bits_truncate(payload.flags.cast_signed());
        self.program.rx(payload.bytes, flags)
    }

    /// A state of the stream at the proxy.
    fn told_state(&self, code: u32, ack: u32) -> Ret {
        if code >= USER_BASE {
            return self.program.state(code, ack);
        }
        let Some(state) = State::ALL.into_iter().find(|s| s.code() == code) else {
            log::warn!("{}: the proxy says the state {code}, which there is not", self.name);
            return Ret::Ok;
        };
        if !self.inner().follow(state) {
            log::info!("{}: the proxy's {} is not for the program", self.name, state.name());
            return Ret::Ok;
        }
        let ret = self.say(state, ack);
        // what was asked for before CONNECTED can go now
        if state == State::Connected && self.inner().tx_wanted {
            self.wake();
        }
        ret
    }
}

impl Inner {
    /// Takes over what a state of the stream at the proxy means here. `false`: the program has
    /// heard it already, or is not to hear it.
    fn follow(&mut self, state: State) -> bool {
        match state {
            // said when the link was made, and when the stream goes here
            State::Creating | State::Destroying | State::EventWaitCancelled => return false,
            State::Connected => {
                self.wish = Wish::None;
                return !std::mem::replace(&mut self.connected, true);
            }
            State::Disconnected => {
                let was_connected = self.connected;
                self.transaction_over();
                return was_connected;
            }
            State::Unreachable => self.wish = Wish::Backoff,
            State::Connecting => self.wish = Wish::Told,
            State::AuthFailed => self.wish = Wish::None,
            State::AllRetriesFailed => {
                self.wish = Wish::None;
                self.tx_wanted = false;
                self.asked_at = None;
            }
            State::Poll
            | State::QosAckRemote
            | State::QosNackRemote
            | State::QosAckLocal
            | State::QosNackLocal
            | State::Timeout
            | State::ServerTxn
            | State::ServerUpgrade
            | State::UpstreamLinkRetry
            | State::SinkJoin
            | State::SinkPart => {}
        }
        true
    }

    fn keep_heard(&mut self, name: &str, value: &[u8]) -> Result<(), GiveUp> {
        let at = match self.heard.iter().position(|(n, _)| n == name) {
            Some(at) => at,
            None if self.heard.len() < MAX_HEARD => {
                self.heard.push((name.to_owned(), Vec::new()));
                self.heard.len() - 1
            }
            None => return Err(GiveUp::Nonsense(format!("more than {MAX_HEARD} metadata names"))),
        };
        let kept = &mut self.heard[at].1;
        kept.clear();
        kept.extend_from_slice(value);
        // programs take it for a C string
        kept.push(0);
        Ok(())
    }
}
