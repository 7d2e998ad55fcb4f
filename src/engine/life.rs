//! Saying states to the program and acting on the answers; failing attempts, ending links,
//! destroying streams.

use std::rc::Rc;

use super::context::{Context, Timer};
use super::local::End;
use super::serve::Role;
use super::stream::{Handler, Stream, StreamKey};
use crate::stream::retry::Next;
use crate::stream::{Flags, Input, Phase, Ret, State, life};
use crate::util::{Micros, log};

/// Whether a stream still exists after the program was spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Fate {
    /// It does.
    Lives,
    /// It does not: let go of everything about it.
    Gone,
}

impl Context {
    /// Takes a stream one row further in the table of its life. `None`: not possible now, which
    /// was logged.
    pub(super) fn advance(&self, key: StreamKey, input: Input) -> Option<&'static [State]> {
        let mut core = self.core();
        let stream = core.streams.get_mut(key)?;
        match life::step(stream.phase, input) {
            Ok(step) => {
                stream.phase = step.next;
                Some(step.say)
            }
            Err(illegal) => {
                let tag = Rc::clone(&stream.tag);
                let said = stream.said.map_or("nothing", State::name);
                drop(core);
                log::err!(tag: tag, "internal error: {illegal} (said last: {said})");
                None
            }
        }
    }

    /// Calls the program with the stream's frame counted, so that destroying it in there waits.
    /// The answer is OK if the stream is gone already or was doomed inside.
    pub(super) fn call<R>(&self, key: StreamKey, gone: R, f: impl FnOnce(&dyn Handler) -> R) -> R {
        let handler = {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return gone };
            stream.depth += 1;
            Rc::clone(&stream.handler)
        };
        let frame = Frame(self, key);
        let answer = f(&*handler);
        std::mem::forget(frame);
        let doomed = {
            let mut core = self.core();
            match core.streams.get_mut(key) {
                Some(stream) => {
                    stream.depth -= 1;
                    stream.depth == 0 && stream.doomed
                }
                None => false,
            }
        };
        if doomed {
            self.destroy_now(key);
        }
        answer
    }

    /// Whether a stream is there.
    #[must_use]
    pub fn exists(&self, key: StreamKey) -> bool {
        self.lives(key)
    }

    /// Whether the stream is still there.
    pub(super) fn lives(&self, key: StreamKey) -> bool {
        self.core().streams.contains_key(key)
    }

    /// Whether the stream stands for what came in: its end is that of the stream.
    fn is_accepted(&self, key: StreamKey) -> bool {
        let core = self.core();
        core.streams.get(key).is_some_and(|s| matches!(s.role, Role::Accepted(_)))
    }

    /// Says one state.
    pub(super) fn say(&self, key: StreamKey, state: State) -> Ret {
        self.say_with(key, state, 0)
    }

    /// Says one state with a number.
    fn say_with(&self, key: StreamKey, state: State, ordinal: u32) -> Ret {
        let tag = {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return Ret::Ok };
            stream.said = Some(state);
            Rc::clone(&stream.tag)
        };
        log::info!(tag: tag, "{}", state.name());
        self.call(key, Ret::Ok, |h| h.state(state.code(), ordinal))
    }

    /// Says a state of the policy's own.
    pub(super) fn say_user_state(&self, key: StreamKey, code: u32) -> Ret {
        self.call(key, Ret::Ok, |h| h.state(code, 0))
    }

    /// Hands payload over.
    pub(super) fn give_rx(&self, key: StreamKey, data: &[u8], flags: Flags) -> Ret {
        self.call(key, Ret::Ok, |h| h.rx(data, flags))
    }

    /// The program's turn to send.
    pub(super) fn ask_tx(
        &self,
        key: StreamKey,
        ordinal: u32,
        window: &mut [u8],
    ) -> Option<super::TxAnswer> {
        self.call(key, None, |h| h.tx(ordinal, window))
    }

    /// Acts on what a callback about an established link or transaction answered.
    pub(super) fn obey(&self, key: StreamKey, ret: Ret) -> Fate {
        self.obey_with(key, ret, Quietly::No)
    }

    /// As [`obey`](Self::obey), where the link that is to be ended is not wanted again.
    pub(super) fn obey_quietly(&self, key: StreamKey, ret: Ret) -> Fate {
        self.obey_with(key, ret, Quietly::Yes)
    }

    fn obey_with(&self, key: StreamKey, ret: Ret, quietly: Quietly) -> Fate {
        match ret {
            Ret::Ok | Ret::TxDontSend => {}
            Ret::DisconnectMe => {
                if let Some(handler) = self.handler(key) {
                    self.drop_link(key, if handler.stays_down() { Quietly::Yes } else { quietly });
                }
            }
            Ret::DestroyMe => self.destroy_or_pass(key),
        }
        if self.lives(key) { Fate::Lives } else { Fate::Gone }
    }

    /// The program wants a stream destroyed by a callback's return code. Inside a call by which
    /// the program connects it, that wish is passed to the caller instead.
    fn destroy_or_pass(&self, key: StreamKey) {
        {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return };
            if stream.in_call {
                stream.call_ret = Some(Ret::DestroyMe);
                return;
            }
        }
        self.destroy(key);
    }

    /// Closes the program's link on its own wish: DISCONNECTED if CONNECTED was said.
    pub(super) fn drop_link(&self, key: StreamKey, quietly: Quietly) {
        let phase = self.core().streams.get(key).map(|s| s.phase);
        if !matches!(phase, Some(Phase::Connecting | Phase::Connected)) {
            // a timeout can be answered so while there is nothing to close
            return;
        }
        let side = self.side_of(key);
        let local = self.core().streams.get(key).is_some_and(Stream::is_local);
        self.let_go(key);
        self.unbind_local(key, End::LinkOnly);
        self.link_down(key, if local { Quietly::Yes } else { quietly });
        self.after_local_link(key, side);
    }

    /// The link or transaction of a stream ended. A stream that is not opportunistic and was
    /// not done is connected again by its retry policy, even if the program itself ended it.
    pub(super) fn link_down(&self, key: StreamKey, quietly: Quietly) {
        if self.report_perf(key, None) == Fate::Gone {
            return;
        }
        let Some(say) = self.advance(key, Input::LinkDown) else { return };
        let persistent = {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return };
            let persistent = stream.is_persistent() && quietly == Quietly::No;
            // what http is still tried for has one time for all attempts, and the same body
            let goes_on = persistent && stream.kind.protocol.is_http();
            let announced = stream.tx_len.filter(|_| goes_on);
            stream.end_transaction();
            stream.tx_len = announced;
            let timeout = stream.timeout_timer.take_if(|_| !goes_on);
            core.cancel(timeout);
            persistent
        };
        for state in say {
            if self.say(key, *state) == Ret::DestroyMe {
                self.destroy(key);
                return;
            }
        }
        if self.is_accepted(key) {
            return self.destroy(key);
        }
        let idle = self.core().streams.get(key).is_some_and(|s| s.phase == Phase::Idle);
        if persistent && idle && !self.is_ending() {
            self.retry(key, 0);
            if self.phase(key) == Some(Phase::Idle) {
                self.cancel_timeout(key);
            }
        }
    }

    /// An attempt failed: UNREACHABLE, then the retry policy.
    pub(super) fn fail_attempt(&self, key: StreamKey, failure: &Failure) {
        let Failure { reason, at_least, name_server_silent, answered } = failure;
        self.let_go(key);
        if self.is_accepted(key) {
            return self.link_down(key, Quietly::Yes);
        }
        if self.report_perf(key, None) == Fate::Gone {
            return;
        }
        let (tag, spent) = {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return };
            stream.txn = super::stream::Txn::default();
            (Rc::clone(&stream.tag), stream.attempts.are_spent(stream.kind.retry.as_deref()))
        };
        log::notice!(tag: tag, "unreachable: {reason}");
        if *answered && spent {
            return self.give_up_answered(key);
        }
        let Some(say) = self.advance(key, Input::AttemptFailed) else { return };
        for state in say {
            match self.say_with(key, *state, u32::from(*name_server_silent)) {
                Ret::DestroyMe => return self.destroy_or_pass(key),
                Ret::Ok | Ret::TxDontSend | Ret::DisconnectMe => {}
            }
        }
        self.retry(key, *at_least);
    }

    /// The last attempt failed by a response: as by the reference, the budget's end is said when
    /// that is read, the link's thereafter.
    fn give_up_answered(&self, key: StreamKey) {
        self.retry(key, 0);
        if self.phase(key) == Some(Phase::Idle)
            && self.say(key, State::Unreachable) == Ret::DestroyMe
        {
            self.destroy_or_pass(key);
        }
    }

    /// What the retry policy says now: wait, or ALL_RETRIES_FAILED.
    pub(super) fn retry(&self, key: StreamKey, at_least: Micros) {
        let random = self.random_u16();
        let now = self.now();
        let next = {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return };
            // the program may have asked to connect, or have destroyed it, while it was told
            if !matches!(stream.phase, Phase::Connecting | Phase::Idle) || stream.is_bound() {
                return;
            }
            let retry = stream.kind.retry.clone();
            stream.attempts.failed(retry.as_deref(), random, at_least)
        };
        match next {
            Next::After(wait) => {
                if self.advance(key, Input::RetryLater).is_some() {
                    let tag = {
                        let mut core = self.core();
                        let timer = core.timers.schedule(now + wait, Timer::Retry(key));
                        let Some(stream) = core.streams.get_mut(key) else { return };
                        stream.retry_timer = Some(timer);
                        Rc::clone(&stream.tag)
                    };
                    log::info!(tag: tag, "next attempt in {} ms", wait / 1000);
                }
            }
            Next::GiveUp => {
                let Some(say) = self.advance(key, Input::GiveUp) else { return };
                if let Some(stream) = self.core().streams.get_mut(key) {
                    stream.tx_wanted = false;
                }
                for state in say {
                    if self.say(key, *state) == Ret::DestroyMe {
                        return self.destroy_or_pass(key);
                    }
                }
            }
        }
    }

    /// The stream's timeout passed.
    pub(super) fn timed_out(&self, key: StreamKey) {
        if let Some(stream) = self.core().streams.get_mut(key) {
            stream.timeout_timer = None;
        }
        let Some(say) = self.advance(key, Input::TimedOut) else { return };
        for state in say {
            let ret = self.say(key, *state);
            // a link in the making that took too long is a failed attempt like any other
            if ret == Ret::DisconnectMe && self.phase(key) == Some(Phase::Connecting) {
                return self.fail_attempt(key, &"the program gave up waiting".into());
            }
            if self.obey(key, ret) == Fate::Gone {
                return;
            }
        }
    }

    /// Destroys a stream: at once, or, inside one of its own callbacks, when the outermost of
    /// them returns.
    pub fn destroy(&self, key: StreamKey) {
        {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return };
            if stream.depth > 0 {
                stream.doomed = true;
                return;
            }
        }
        self.destroy_now(key);
    }

    /// Destroys a stream whatever runs.
    pub(super) fn destroy_now(&self, key: StreamKey) {
        {
            let mut core = self.core();
            let Some(stream) = core.streams.get_mut(key) else { return };
            if stream.phase == Phase::Destroying {
                return;
            }
            let timers = [stream.retry_timer.take(), stream.timeout_timer.take()];
            for timer in timers {
                core.cancel(timer);
            }
        }
        self.stop_listening(key);
        self.let_go(key);
        self.unbind_local(key, End::Destroyed);
        // a stream that the program was told nothing about goes without a word
        let told = self.core().streams.get(key).is_some_and(|s| s.said.is_some());
        for state in self.advance(key, Input::Destroy).unwrap_or(&[]).iter().filter(|_| told) {
            // nothing that is answered here can change anything
            let _ = self.say(key, *state);
        }
        let stream = {
            let mut core = self.core();
            let stream = core.streams.remove(key);
            // what the program started in its last callbacks
            let timers = stream.as_ref().map(|s| [s.retry_timer, s.timeout_timer]);
            for timer in timers.into_iter().flatten() {
                core.cancel(timer);
            }
            stream
        };
        drop(stream);
    }
}

/// A callback's frame that a panic goes through: it is none any more.
struct Frame<'c>(&'c Context, StreamKey);

impl Drop for Frame<'_> {
    fn drop(&mut self) {
        if let Some(stream) = self.0.core().streams.get_mut(self.1) {
            stream.depth -= 1;
            // one that came in may have left its connection already, and then nobody else ends it
            stream.doomed |= matches!(stream.role, Role::Accepted(_));
        }
    }
}

/// Why an attempt failed.
pub(super) struct Failure {
    /// For the log.
    pub reason: String,
    /// The next attempt waits at least this long: the peer said so.
    pub at_least: Micros,
    /// No name server gave a usable answer: UNREACHABLE then says 1 instead of 0.
    pub name_server_silent: bool,
    /// By a response that asks to come back later.
    pub answered: bool,
}

impl<T: ToString> From<T> for Failure {
    fn from(reason: T) -> Self {
        Self { reason: reason.to_string(), at_least: 0, name_server_silent: false, answered: false }
    }
}

/// Whether a link that ended is wanted again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quietly {
    /// It is not, whatever the stream's policy says.
    Yes,
    /// As the policy says.
    No,
}

impl Stream {
    /// Forgets what belongs to one transaction.
    pub(super) fn end_transaction(&mut self) {
        self.txn = super::stream::Txn::default();
        self.tx_wanted = false;
        self.tx_len = None;
        self.lingering = false;
    }
}
