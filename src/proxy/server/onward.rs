//! The stream's own side: what it says is for the client, what it sends comes from there.

use std::cell::Cell;
use std::rc::Rc;

use super::link::Link;
use crate::engine::{Context, Handler, TxAnswer};
use crate::policy::{Protocol, StreamType};
use crate::proto::sss::ToClient;
use crate::stream::{Flags, Ret, State};

/// The handler of a client's stream.
pub(super) struct Onward {
    link: Rc<Link>,
    /// Values of responses are for the client.
    receives_metadata: bool,
    protocol: Protocol,
    /// Where the protocol has credit: what the client was given back and not told yet.
    credit: Cell<usize>,
    /// How much it may have under way.
    window: usize,
}

impl Onward {
    pub fn new(link: Rc<Link>, kind: &StreamType) -> Self {
        Self {
            link,
            receives_metadata: kind.metadata.iter().any(|def| def.header.is_some()),
            protocol: kind.protocol,
            credit: Cell::new(0),
            window: kind.proxy_buffer.len_or_default() as usize,
        }
    }

    /// Does `f` with the context, as long as the client is there to be told.
    fn told<R>(&self, or: R, f: impl FnOnce(&Context) -> R) -> R {
        if !self.link.is_running() {
            return or;
        }
        self.at_home(or, f)
    }

    fn at_home<R>(&self, or: R, f: impl FnOnce(&Context) -> R) -> R {
        let mut f = Some(f);
        let mut result = None;
        self.link.home.enter(&mut |cx| result = f.take().map(|f| f(cx)));
        result.unwrap_or(or)
    }

    /// What the peer's response said goes in front of what follows from it.
    fn pass_metadata(&self, cx: &Context) {
        if !self.receives_metadata {
            return;
        }
        let Some(key) = self.link.stream() else { return };
        let mut frames = Vec::new();
        // an empty value has no frame that clients of libwebsockets 5.0.0 take
        cx.take_received(key, |name, value| {
            if !value.is_empty() {
                frames.push((name.to_owned(), value.to_vec()));
            }
        });
        for (name, value) in &frames {
            self.link.say(cx, &ToClient::Metadata { name, value });
        }
    }

    /// Lets the client know how much it may send, on the protocol whose programs watch that.
    fn pass_credit(&self, cx: &Context, bytes: usize) {
        if self.protocol != Protocol::H2 {
            return;
        }
        let all = self.credit.get() + bytes;
        self.credit.set(all);
        // many small ones would cost more than they tell
        if all >= self.window / 2 {
            self.credit.set(0);
            self.link.say(cx, &ToClient::Credit(i32::try_from(all).unwrap_or(i32::MAX)));
        }
    }

    fn follow(&self, cx: &Context, code: u32) {
        if code == State::Connected.code() {
            self.link.connected.set(true);
            self.link.begin(cx);
            self.credit.set(0);
            self.pass_credit(cx, self.window);
        } else if [State::Disconnected, State::Unreachable, State::AuthFailed]
            .iter()
            .any(|s| s.code() == code)
        {
            self.link.connected.set(false);
            self.link.uplink.borrow_mut().clear();
            // reading from the client may go on
            self.link.poke(cx);
        }
    }
}

impl Handler for Onward {
    fn state(&self, code: u32, ordinal: u32) -> Ret {
        if code == State::EventWaitCancelled.code() {
            return Ret::Ok;
        }
        if code == State::Destroying.code() {
            self.at_home((), |cx| self.link.stream_gone(cx));
            return Ret::Ok;
        }
        self.at_home((), |cx| {
            self.follow(cx, code);
            if self.link.is_running() {
                self.pass_metadata(cx);
                self.link.say(cx, &ToClient::State { state: code, ack: ordinal });
            }
        });
        Ret::Ok
    }

    fn rx(&self, data: &[u8], flags: Flags) -> Ret {
        self.told(Ret::Ok, |cx| {
            if flags.contains(Flags::PERF_JSON) {
                self.link.say(cx, &ToClient::Perf(data));
                return Ret::Ok;
            }
            self.pass_metadata(cx);
            self.link.say_payload(cx, data, flags.bits().cast_unsigned())
        })
    }

    fn tx(&self, _ordinal: u32, window: &mut [u8]) -> Option<TxAnswer> {
        let nothing = TxAnswer { ret: Ret::TxDontSend, len: 0, flags: Flags::empty() };
        let merge = self.protocol == Protocol::Raw;
        let waits = self.link.may_send();
        // it was full, or has come to its end
        let stuck = !self.link.takes_bytes();
        let taken = if waits { self.link.uplink.borrow_mut().take(window, merge) } else { None };
        let Some(taken) = taken else { return Some(nothing) };
        let mut flags = Flags::empty();
        flags.set(Flags::SOM, taken.som);
        flags.set(Flags::EOM, taken.eom);
        self.at_home((), |cx| {
            self.link.account();
            self.pass_credit(cx, taken.len);
            self.link.ask_to_send(cx);
            if stuck {
                self.link.poke(cx);
            }
        });
        Some(TxAnswer { ret: Ret::Ok, len: taken.len, flags })
    }
}
