//! The download of the policy by a stream of the type `fetch_policy` (specification: "Loading and
//! using updated remote policy"). Whoever began it asks now and then whether it has ended: what
//! is to be done then must not happen inside a callback of the very stream.

use std::cell::RefCell;
use std::rc::Rc;

use super::context::Context;
use super::stream::{Handler, NewStream, StreamKey, TxAnswer};
use crate::policy::{Outcome, Parser, Progress, Rules};
use crate::stream::{Flags, Ret, State};
use crate::util::log;

/// The stream type that downloads the policy.
pub const FETCH_POLICY: &str = "fetch_policy";

/// A download that was begun.
pub struct PolicyFetch {
    key: StreamKey,
    receiver: Rc<Receiver>,
}

/// Why a download gave no policy text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchError {
    /// The retry policy gave up.
    Unreachable,
    /// The server answered with another status than the one that is expected.
    Refused,
    /// The link ended before the policy was complete.
    Interrupted,
    /// The response was complete, the policy in it was not.
    Incomplete,
}

impl std::fmt::Display for FetchError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            FetchError::Unreachable => "all retries failed",
            FetchError::Refused => "the server's response is not the expected one",
            FetchError::Interrupted => "the link ended before the policy was complete",
            FetchError::Incomplete => "the response holds no complete policy",
        })
    }
}

impl std::error::Error for FetchError {}

/// How far a download is.
enum Stage {
    /// Nothing has come.
    Waiting,
    /// Some of it has.
    Parsing(Parser),
    /// The parser is done; the response may not be.
    Parsed(Outcome),
    /// It is over. The outcome may have errors instead of a policy.
    Ended(Result<Outcome, FetchError>),
}

/// The stream's own side.
struct Receiver {
    stage: RefCell<Stage>,
    /// Nothing connects the stream again once its link is gone.
    once: bool,
}

impl Receiver {
    fn is_over(&self) -> bool {
        matches!(*self.stage.borrow(), Stage::Ended(_))
    }

    /// The response is complete and good.
    fn complete(&self) {
        let ended = match self.stage.replace(Stage::Waiting) {
            Stage::Parsed(outcome) => Ok(outcome),
            Stage::Waiting | Stage::Parsing(_) => Err(FetchError::Incomplete),
            Stage::Ended(result) => result,
        };
        self.stage.replace(Stage::Ended(ended));
    }

    /// What has come is worth nothing; `over` says why nothing more will.
    fn drop_it(&self, over: Option<FetchError>) {
        if !self.is_over() {
            let next = over.map_or(Stage::Waiting, |e| Stage::Ended(Err(e)));
            self.stage.replace(next);
        }
    }
}

impl Handler for Receiver {
    fn state(&self, code: u32, _ordinal: u32) -> Ret {
        let once = |why| self.once.then_some(why);
        match State::ALL.into_iter().find(|s| s.code() == code) {
            Some(State::QosAckRemote) => self.complete(),
            Some(State::QosNackRemote) => self.drop_it(once(FetchError::Refused)),
            Some(State::Disconnected) => self.drop_it(once(FetchError::Interrupted)),
            Some(State::AllRetriesFailed) => self.drop_it(Some(FetchError::Unreachable)),
            _ => {}
        }
        Ret::Ok
    }

    fn rx(&self, data: &[u8], flags: Flags) -> Ret {
        if self.is_over() {
            return Ret::Ok;
        }
        if flags.contains(Flags::SOM) {
            self.stage.replace(Stage::Parsing(Parser::begin(Rules::default())));
        }
        let stage = self.stage.replace(Stage::Waiting);
        let next = match stage {
            Stage::Parsing(mut parser) => match parser.feed(data) {
                Progress::Continue => Stage::Parsing(parser),
                Progress::Done { .. } | Progress::Failed => Stage::Parsed(parser.finish()),
            },
            Stage::Waiting | Stage::Parsed(_) | Stage::Ended(_) => stage,
        };
        self.stage.replace(next);
        Ret::Ok
    }

    fn tx(&self, _ordinal: u32, _window: &mut [u8]) -> Option<TxAnswer> {
        None
    }
}

impl Context {
    /// Begins to download the policy, if the policy in force has the stream type for it and such
    /// a stream can be made; else `None`, and where that is odd the log says why.
    #[must_use]
    pub fn begin_policy_fetch(&self) -> Option<PolicyFetch> {
        let policy = self.policy();
        let kind = Rc::clone(policy.stream_type(FETCH_POLICY)?);
        let once = kind.opportunistic;
        let receiver = Rc::new(Receiver { stage: RefCell::new(Stage::Waiting), once });
        let handler = Rc::clone(&receiver);
        let made = self.make(NewStream { kind, handler, peer_credit: None });
        let key = made.and_then(|key| self.start(key).map(|()| key));
        match key {
            Ok(key) => {
                // a failure that comes at once is noted by the receiver
                self.request_tx(key);
                Some(PolicyFetch { key, receiver })
            }
            Err(e) => {
                log::err!("the policy is not fetched: {e}");
                None
            }
        }
    }

    /// Whether a download is over, for good or bad.
    #[must_use]
    pub fn policy_fetch_is_over(&self, fetch: &PolicyFetch) -> bool {
        fetch.receiver.is_over()
    }

    /// Destroys the stream of a download and gives what came of it: the parser's outcome, which
    /// has no policy but errors if the text was bad.
    ///
    /// Not to be called in a callback of that stream.
    ///
    /// # Errors
    /// See [`FetchError`]; one that is not over was interrupted.
    pub fn end_policy_fetch(&self, fetch: PolicyFetch) -> Result<Outcome, FetchError> {
        self.destroy(fetch.key);
        match fetch.receiver.stage.replace(Stage::Waiting) {
            Stage::Ended(result) => result,
            Stage::Waiting | Stage::Parsing(_) | Stage::Parsed(_) => Err(FetchError::Interrupted),
        }
    }
}
