//! The life of a stream as one table: in which phase it is, what happens, which phase
//! follows and what is said to the program (specification: "Secure Streams CLIENT State
//! lifecycle"). Saying comes after the phase changed, so whatever the program asks for inside
//! a callback already meets the new phase.

use super::State;

/// Where a stream is in its life. What the program was told last is another matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Made, and CREATING is being said.
    New,
    /// No link, none under way.
    Idle,
    /// An attempt is under way; on h1 it lasts until the response's head is there.
    Connecting,
    /// CONNECTED has been said.
    Connected,
    /// Waiting for the next attempt of the retry policy.
    Backoff,
    /// DESTROYING is being said or has been.
    Destroying,
}

impl Phase {
    /// Every phase.
    pub const ALL: [Phase; 6] = [
        Phase::New,
        Phase::Idle,
        Phase::Connecting,
        Phase::Connected,
        Phase::Backoff,
        Phase::Destroying,
    ];
}

/// What happens to a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Input {
    /// The object was made.
    Made,
    /// CREATING was answered.
    Created,
    /// CREATING was answered by a stream for a connection that came in.
    Accepted,
    /// The program asks to send.
    RequestTx,
    /// The program asks to connect.
    ClientConnect,
    /// The backoff's time is over.
    BackoffDue,
    /// Payload may flow.
    LinkUp,
    /// Serving: a request is there.
    Asked,
    /// Serving: the connection speaks another protocol from now on.
    Upgraded,
    /// The transaction or message was taken.
    Acked,
    /// The transaction or message was rejected.
    Nacked,
    /// The link or transaction ended.
    LinkDown,
    /// The attempt failed.
    AttemptFailed,
    /// The retry policy has another attempt: wait for it.
    RetryLater,
    /// The retry policy has no more attempts.
    GiveUp,
    /// The stream's timeout passed.
    TimedOut,
    /// The object goes.
    Destroy,
}

impl Input {
    /// Every input.
    pub const ALL: [Input; 17] = [
        Input::Made,
        Input::Created,
        Input::Accepted,
        Input::RequestTx,
        Input::ClientConnect,
        Input::BackoffDue,
        Input::LinkUp,
        Input::Asked,
        Input::Upgraded,
        Input::Acked,
        Input::Nacked,
        Input::LinkDown,
        Input::AttemptFailed,
        Input::RetryLater,
        Input::GiveUp,
        Input::TimedOut,
        Input::Destroy,
    ];
}

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The phase that follows.
    pub next: Phase,
    /// What to say, in order.
    pub say: &'static [State],
}

/// What cannot happen in this phase: a bug of the engine's, to be logged and survived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Illegal {
    /// The phase that stays.
    pub phase: Phase,
    /// What was refused.
    pub input: Input,
}

impl std::fmt::Display for Illegal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} cannot happen to a stream in phase {:?}", self.input, self.phase)
    }
}

/// The table.
///
/// # Errors
/// [`Illegal`]: the phase stays as it is, nothing is said.
pub fn step(phase: Phase, input: Input) -> Result<Step, Illegal> {
    use Input as I;
    use Phase as P;
    use State as S;
    let row = |next, say| Ok(Step { next, say });
    let stay = || row(phase, &[]);
    match (phase, input) {
        (P::New, I::Made) => row(P::New, &[S::Creating]),
        (P::New, I::Created) => row(P::Idle, &[]),
        // a request in CREATING was acted on already: being created changes nothing then
        (P::Connecting | P::Connected | P::Backoff | P::Idle, I::Created) => stay(),

        (P::New, I::Accepted) => row(P::Connecting, &[S::Connecting]),
        (P::Connected, I::Asked) => row(P::Connected, &[S::ServerTxn]),
        (P::Connecting | P::Connected, I::Upgraded) => row(phase, &[S::ServerUpgrade]),

        (P::New | P::Idle, I::RequestTx) => row(P::Connecting, &[S::Poll, S::Connecting]),
        (P::Connecting | P::Connected | P::Backoff | P::Destroying, I::RequestTx) => stay(),

        (P::New | P::Idle | P::Backoff, I::ClientConnect) => row(P::Connecting, &[S::Connecting]),
        (P::Connecting | P::Connected | P::Destroying, I::ClientConnect) => stay(),

        (P::Backoff, I::BackoffDue) => row(P::Connecting, &[S::Poll, S::Connecting]),

        (P::Connecting, I::LinkUp) => row(P::Connected, &[S::Connected]),

        (P::Connected, I::Acked) => row(P::Connected, &[S::QosAckRemote]),
        (P::Connected, I::Nacked) => row(P::Connected, &[S::QosNackRemote]),

        (P::Connected, I::LinkDown) => row(P::Idle, &[S::Disconnected]),
        // given up by the program before anything was up
        (P::Connecting, I::LinkDown) => row(P::Idle, &[]),

        (P::Connecting, I::AttemptFailed) => row(P::Connecting, &[S::Unreachable]),
        (P::Connecting | P::Idle, I::RetryLater) => row(P::Backoff, &[]),
        (P::Connecting | P::Idle, I::GiveUp) => row(P::Idle, &[S::AllRetriesFailed]),

        (P::New | P::Idle | P::Connecting | P::Connected | P::Backoff, I::TimedOut) => {
            row(phase, &[S::Timeout])
        }

        (P::Connected, I::Destroy) => row(P::Destroying, &[S::Disconnected, S::Destroying]),
        (P::New | P::Idle | P::Connecting | P::Backoff, I::Destroy) => {
            row(P::Destroying, &[S::Destroying])
        }

        (P::Idle | P::Backoff | P::Connecting | P::Connected | P::Destroying, I::Accepted)
        | (P::New | P::Idle | P::Backoff | P::Connecting | P::Destroying, I::Asked)
        | (P::New | P::Idle | P::Backoff | P::Destroying, I::Upgraded)
        | (P::New, I::BackoffDue | I::LinkUp | I::Acked | I::Nacked | I::LinkDown)
        | (P::New, I::AttemptFailed | I::RetryLater | I::GiveUp)
        | (P::Idle, I::Made | I::BackoffDue | I::LinkUp | I::Acked | I::Nacked | I::LinkDown)
        | (P::Idle, I::AttemptFailed)
        | (P::Connecting, I::Made | I::BackoffDue | I::Acked | I::Nacked)
        | (P::Connected, I::Made | I::BackoffDue | I::LinkUp | I::AttemptFailed)
        | (P::Connected, I::RetryLater | I::GiveUp)
        | (P::Backoff, I::Made | I::LinkUp | I::Acked | I::Nacked | I::LinkDown)
        | (P::Backoff, I::AttemptFailed | I::RetryLater | I::GiveUp)
        | (P::Destroying, I::Made | I::Created | I::BackoffDue | I::LinkUp | I::Acked)
        | (P::Destroying, I::Nacked | I::LinkDown | I::AttemptFailed | I::RetryLater)
        | (P::Destroying, I::GiveUp | I::TimedOut | I::Destroy) => Err(Illegal { phase, input }),
    }
}

#[cfg(test)]
mod tests {
    use super::{Illegal, Input, Phase, Step, step};
    use crate::stream::State;

    const OK: &[(Phase, Input, Phase, &[State])] = &[
        (Phase::New, Input::Made, Phase::New, &[State::Creating]),
        (Phase::New, Input::Created, Phase::Idle, &[]),
        (Phase::New, Input::Accepted, Phase::Connecting, &[State::Connecting]),
        (Phase::Connected, Input::Asked, Phase::Connected, &[State::ServerTxn]),
        (Phase::Connecting, Input::Upgraded, Phase::Connecting, &[State::ServerUpgrade]),
        (Phase::Connected, Input::Upgraded, Phase::Connected, &[State::ServerUpgrade]),
        (Phase::New, Input::RequestTx, Phase::Connecting, &[State::Poll, State::Connecting]),
        (Phase::New, Input::ClientConnect, Phase::Connecting, &[State::Connecting]),
        (Phase::New, Input::TimedOut, Phase::New, &[State::Timeout]),
        (Phase::New, Input::Destroy, Phase::Destroying, &[State::Destroying]),
        (Phase::Idle, Input::Created, Phase::Idle, &[]),
        (Phase::Idle, Input::RequestTx, Phase::Connecting, &[State::Poll, State::Connecting]),
        (Phase::Idle, Input::ClientConnect, Phase::Connecting, &[State::Connecting]),
        (Phase::Idle, Input::RetryLater, Phase::Backoff, &[]),
        (Phase::Idle, Input::GiveUp, Phase::Idle, &[State::AllRetriesFailed]),
        (Phase::Idle, Input::TimedOut, Phase::Idle, &[State::Timeout]),
        (Phase::Idle, Input::Destroy, Phase::Destroying, &[State::Destroying]),
        (Phase::Connecting, Input::Created, Phase::Connecting, &[]),
        (Phase::Connecting, Input::RequestTx, Phase::Connecting, &[]),
        (Phase::Connecting, Input::ClientConnect, Phase::Connecting, &[]),
        (Phase::Connecting, Input::LinkUp, Phase::Connected, &[State::Connected]),
        (Phase::Connecting, Input::LinkDown, Phase::Idle, &[]),
        (Phase::Connecting, Input::AttemptFailed, Phase::Connecting, &[State::Unreachable]),
        (Phase::Connecting, Input::RetryLater, Phase::Backoff, &[]),
        (Phase::Connecting, Input::GiveUp, Phase::Idle, &[State::AllRetriesFailed]),
        (Phase::Connecting, Input::TimedOut, Phase::Connecting, &[State::Timeout]),
        (Phase::Connecting, Input::Destroy, Phase::Destroying, &[State::Destroying]),
        (Phase::Connected, Input::Created, Phase::Connected, &[]),
        (Phase::Connected, Input::RequestTx, Phase::Connected, &[]),
        (Phase::Connected, Input::ClientConnect, Phase::Connected, &[]),
        (Phase::Connected, Input::Acked, Phase::Connected, &[State::QosAckRemote]),
        (Phase::Connected, Input::Nacked, Phase::Connected, &[State::QosNackRemote]),
        (Phase::Connected, Input::LinkDown, Phase::Idle, &[State::Disconnected]),
        (Phase::Connected, Input::TimedOut, Phase::Connected, &[State::Timeout]),
        (
            Phase::Connected,
            Input::Destroy,
            Phase::Destroying,
            &[State::Disconnected, State::Destroying],
        ),
        (Phase::Backoff, Input::Created, Phase::Backoff, &[]),
        (Phase::Backoff, Input::RequestTx, Phase::Backoff, &[]),
        (Phase::Backoff, Input::ClientConnect, Phase::Connecting, &[State::Connecting]),
        (Phase::Backoff, Input::BackoffDue, Phase::Connecting, &[State::Poll, State::Connecting]),
        (Phase::Backoff, Input::TimedOut, Phase::Backoff, &[State::Timeout]),
        (Phase::Backoff, Input::Destroy, Phase::Destroying, &[State::Destroying]),
        (Phase::Destroying, Input::RequestTx, Phase::Destroying, &[]),
        (Phase::Destroying, Input::ClientConnect, Phase::Destroying, &[]),
    ];

    #[test]
    fn every_pair_has_its_row() {
        for phase in Phase::ALL {
            for input in Input::ALL {
                let want = OK
                    .iter()
                    .find(|r| r.0 == phase && r.1 == input)
                    .map_or(Err(Illegal { phase, input }), |r| Ok(Step { next: r.2, say: r.3 }));
                assert_eq!(step(phase, input), want, "{phase:?} + {input:?}");
            }
        }
    }

    #[test]
    fn illegal_says_what_and_where() {
        let e = step(Phase::Idle, Input::LinkUp).unwrap_err();
        assert_eq!(e.to_string(), "LinkUp cannot happen to a stream in phase Idle");
    }
}
