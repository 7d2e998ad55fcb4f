//! What is said to the program, and what it may answer (specification: "SS Callback return
//! handling" and the `lws_ss_constate_t` values of the C API).

use bitflags::bitflags;

/// An advisory state, as given to the program's `state` callback.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u32)]
pub enum State {
    /// The stream object exists; the program may set it up.
    Creating = 1,
    /// The link or transaction that was CONNECTED is over.
    Disconnected = 2,
    /// An attempt to connect failed.
    Unreachable = 3,
    /// The peer refused the credentials.
    AuthFailed = 4,
    /// Payload may flow.
    Connected = 5,
    /// An attempt to connect starts.
    Connecting = 6,
    /// The last callback of the stream's life.
    Destroying = 7,
    /// About to connect because of a wish to send, or a retry.
    Poll = 8,
    /// The retry policy is exhausted; the stream is idle until asked again.
    AllRetriesFailed = 9,
    /// The peer took the message or transaction.
    QosAckRemote = 10,
    /// The peer rejected the message or transaction.
    QosNackRemote = 11,
    /// The proxy took the message.
    QosAckLocal = 12,
    /// The proxy rejected the message.
    QosNackLocal = 13,
    /// The stream's timeout passed.
    Timeout = 14,
    /// Server: a request is there.
    ServerTxn = 15,
    /// Server: the connection was upgraded.
    ServerUpgrade = 16,
    /// `lws_cancel_service` was called.
    EventWaitCancelled = 17,
    /// Proxied: the link to the proxy is being retried.
    UpstreamLinkRetry = 18,
    /// Sink: a source joined.
    SinkJoin = 19,
    /// Sink: a source left.
    SinkPart = 20,
}

/// States from here on are the policy's own (`http_resp_map`).
pub const USER_BASE: u32 = 1000;

impl State {
    /// All states, in order of their number.
    pub const ALL: [State; 20] = [
        State::Creating,
        State::Disconnected,
        State::Unreachable,
        State::AuthFailed,
        State::Connected,
        State::Connecting,
        State::Destroying,
        State::Poll,
        State::AllRetriesFailed,
        State::QosAckRemote,
        State::QosNackRemote,
        State::QosAckLocal,
        State::QosNackLocal,
        State::Timeout,
        State::ServerTxn,
        State::ServerUpgrade,
        State::EventWaitCancelled,
        State::UpstreamLinkRetry,
        State::SinkJoin,
        State::SinkPart,
    ];

    /// The number in the C API.
    #[must_use]
    pub fn code(self) -> u32 {
        self as u32
    }

    /// The name in the C API.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            State::Creating => "LWSSSCS_CREATING",
            State::Disconnected => "LWSSSCS_DISCONNECTED",
            State::Unreachable => "LWSSSCS_UNREACHABLE",
            State::AuthFailed => "LWSSSCS_AUTH_FAILED",
            State::Connected => "LWSSSCS_CONNECTED",
            State::Connecting => "LWSSSCS_CONNECTING",
            State::Destroying => "LWSSSCS_DESTROYING",
            State::Poll => "LWSSSCS_POLL",
            State::AllRetriesFailed => "LWSSSCS_ALL_RETRIES_FAILED",
            State::QosAckRemote => "LWSSSCS_QOS_ACK_REMOTE",
            State::QosNackRemote => "LWSSSCS_QOS_NACK_REMOTE",
            State::QosAckLocal => "LWSSSCS_QOS_ACK_LOCAL",
            State::QosNackLocal => "LWSSSCS_QOS_NACK_LOCAL",
            State::Timeout => "LWSSSCS_TIMEOUT",
            State::ServerTxn => "LWSSSCS_SERVER_TXN",
            State::ServerUpgrade => "LWSSSCS_SERVER_UPGRADE",
            State::EventWaitCancelled => "LWSSSCS_EVENT_WAIT_CANCELLED",
            State::UpstreamLinkRetry => "LWSSSCS_UPSTREAM_LINK_RETRY",
            State::SinkJoin => "LWSSSCS_SINK_JOIN",
            State::SinkPart => "LWSSSCS_SINK_PART",
        }
    }
}

/// What a callback answered, and what the calls that connect return (specification:
/// "Convention for rx and tx callback return").
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ret {
    /// Go on.
    Ok,
    /// `tx`: nothing to send this time. Of a call: it did not lead to a connection.
    TxDontSend,
    /// Close the link or transaction; the stream stays.
    DisconnectMe,
    /// Destroy the stream.
    DestroyMe,
}

impl Ret {
    /// From a callback's `int`. What the API does not define closes the link if negative
    /// ("rx < 0: close the current connection") and is OK otherwise.
    #[must_use]
    pub fn from_code(code: i32) -> Self {
        match code {
            1 => Ret::TxDontSend,
            -2 => Ret::DestroyMe,
            c if c < 0 => Ret::DisconnectMe,
            _ => Ret::Ok,
        }
    }

    /// The number in the C API.
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            Ret::Ok => 0,
            Ret::TxDontSend => 1,
            Ret::DisconnectMe => -1,
            Ret::DestroyMe => -2,
        }
    }
}

bitflags! {
    /// Flags of payload, as in the C API (`LWSSS_FLAG_*`).
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct Flags: i32 {
        /// Start of message.
        const SOM = 1;
        /// End of message.
        const EOM = 2;
        /// A poll without payload.
        const POLL = 4;
        /// The first of related messages (multipart) follows.
        const RELATED_START = 8;
        /// The last of related messages follows.
        const RELATED_END = 16;
        /// Carried for another stream type.
        const RIDESHARE = 32;
        /// Connection performance as JSON.
        const PERF_JSON = 64;
    }
}

#[cfg(test)]
mod tests {
    use super::{Ret, State};

    #[test]
    fn numbers_and_order_agree() {
        for (i, s) in State::ALL.iter().enumerate() {
            assert_eq!(s.code() as usize, i + 1, "{}", s.name());
        }
    }

    #[test]
    fn undefined_answers_are_safe() {
        assert_eq!(Ret::from_code(-77), Ret::DisconnectMe);
        assert_eq!(Ret::from_code(99), Ret::Ok);
        for r in [Ret::Ok, Ret::TxDontSend, Ret::DisconnectMe, Ret::DestroyMe] {
            assert_eq!(Ret::from_code(r.code()), r);
        }
    }
}
