//! The error codes of RFC 9113 7, in words.

use h2::Reason;

use super::super::{ProtoError, ProtoErrorKind};

/// How a transaction ended without being complete.
pub(super) enum End {
    /// For this reason.
    Reset(&'static str),
    /// For this reason, and the peer did nothing of it.
    Refused(&'static str),
}

macro_rules! named {
    ($what:literal, $reason:expr) => {
        match $reason {
            Reason::NO_ERROR => concat!($what, ": NO_ERROR"),
            Reason::PROTOCOL_ERROR => concat!($what, ": PROTOCOL_ERROR"),
            Reason::INTERNAL_ERROR => concat!($what, ": INTERNAL_ERROR"),
            Reason::FLOW_CONTROL_ERROR => concat!($what, ": FLOW_CONTROL_ERROR"),
            Reason::SETTINGS_TIMEOUT => concat!($what, ": SETTINGS_TIMEOUT"),
            Reason::STREAM_CLOSED => concat!($what, ": STREAM_CLOSED"),
            Reason::FRAME_SIZE_ERROR => concat!($what, ": FRAME_SIZE_ERROR"),
            Reason::REFUSED_STREAM => concat!($what, ": REFUSED_STREAM"),
            Reason::CANCEL => concat!($what, ": CANCEL"),
            Reason::COMPRESSION_ERROR => concat!($what, ": COMPRESSION_ERROR"),
            Reason::CONNECT_ERROR => concat!($what, ": CONNECT_ERROR"),
            Reason::ENHANCE_YOUR_CALM => concat!($what, ": ENHANCE_YOUR_CALM"),
            Reason::INADEQUATE_SECURITY => concat!($what, ": INADEQUATE_SECURITY"),
            Reason::HTTP_1_1_REQUIRED => concat!($what, ": HTTP_1_1_REQUIRED"),
            _ => concat!($what, ": an unknown error code"),
        }
    };
}

/// What the crate's error says about one transaction.
pub(super) fn stream_end(e: &h2::Error) -> End {
    let reason = e.reason().unwrap_or(Reason::INTERNAL_ERROR);
    match (e.is_remote(), e.is_go_away()) {
        // the streams that it calls processed never see a GOAWAY of the peer's
        (true, true) if reason == Reason::NO_ERROR => {
            End::Refused("h2: not processed before GOAWAY")
        }
        (true, true) => End::Reset(named!("h2: GOAWAY by the peer", reason)),
        (true, false) => reset_by_peer(reason),
        (false, _) => End::Reset(named!("h2: the peer's message is wrong", reason)),
    }
}

/// What the peer's RST_STREAM says.
pub(super) fn reset_by_peer(reason: Reason) -> End {
    match reason {
        Reason::REFUSED_STREAM => End::Refused("h2: reset by the peer: REFUSED_STREAM"),
        _ => End::Reset(named!("h2: reset by the peer", reason)),
    }
}

/// What the crate's error says about the connection.
pub(super) fn connection_error(e: &h2::Error) -> ProtoError {
    let Some(reason) = e.reason() else {
        return ProtoError::new(ProtoErrorKind::Malformed, format!("h2: {e}"));
    };
    let kind = match reason {
        Reason::ENHANCE_YOUR_CALM if !e.is_remote() => ProtoErrorKind::TooLarge,
        _ => ProtoErrorKind::Malformed,
    };
    let name =
        if e.is_remote() { named!("h2: GOAWAY by the peer", reason) } else { named!("h2", reason) };
    ProtoError::new(kind, format!("{name} ({e})"))
}
