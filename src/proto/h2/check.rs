//! The form of received frames, checked in front of the crate: it answers most faults of form with
//! PROTOCOL_ERROR, where RFC 9113 6 asks for a closer code. What depends on the connection's state
//! is left to it.

use h2::Reason;

use super::super::{ProtoError, ProtoErrorKind};
use super::frames::{HEADER, is_whole, kind, parse};

const ACK: u8 = 1;
const PADDED: u8 = 8;
const PRIORITY: u8 = 0x20;
/// Bytes of a priority signal: a stream, and a weight.
const SIGNAL: usize = 5;
/// Bytes of one setting.
const SETTING: usize = 6;
const ENABLE_PUSH: u16 = 2;
const INITIAL_WINDOW_SIZE: u16 = 4;

/// The code that a frame's form deserves, if it is wrong. One that is too large is not all there and
/// is left to the crate. `pushes`: the sender may be pushed to, as servers may not (6.5.2).
pub(super) fn fault(bytes: &[u8], pushes: bool) -> Option<Reason> {
    let frame = parse(bytes).filter(|_| is_whole(bytes))?;
    let n = frame.payload.len();
    // 4.2: a frame with too little in it for what it must have
    let least = |least: usize| if n < least { Some(Reason::FRAME_SIZE_ERROR) } else { None };
    let exactly = |size: usize| if n == size { None } else { Some(Reason::FRAME_SIZE_ERROR) };
    let padded = usize::from(frame.flags & PADDED != 0);
    match frame.kind {
        kind::DATA => least(padded),
        kind::HEADERS if frame.flags & PRIORITY != 0 => least(padded + SIGNAL),
        kind::HEADERS => least(padded),
        kind::PRIORITY => exactly(SIGNAL),
        kind::RST_STREAM | kind::WINDOW_UPDATE => exactly(4),
        kind::SETTINGS if frame.flags & ACK != 0 => exactly(0),
        kind::SETTINGS if !n.is_multiple_of(SETTING) => Some(Reason::FRAME_SIZE_ERROR),
        kind::SETTINGS => setting(frame.payload, pushes),
        kind::PING => exactly(8),
        kind::GOAWAY => least(8),
        _ => None,
    }
}

/// The first setting that is wrong.
fn setting(settings: &[u8], pushes: bool) -> Option<Reason> {
    settings.chunks_exact(SETTING).find_map(|s| {
        let value = u32::from_be_bytes([s[2], s[3], s[4], s[5]]);
        match u16::from_be_bytes([s[0], s[1]]) {
            INITIAL_WINDOW_SIZE if value > i32::MAX as u32 => Some(Reason::FLOW_CONTROL_ERROR),
            ENABLE_PUSH if value != 0 && !pushes => Some(Reason::PROTOCOL_ERROR),
            _ => None,
        }
    })
}

/// Takes the priority signal's stream out of a frame (RFC 9113 5.3.2: signals are ignored). The
/// crate would reset a stream that depends on itself without reading its field block, and both
/// sides' compression would no longer agree (4.3).
pub(super) fn forget_priority(bytes: &mut [u8]) {
    let Some(frame) = parse(bytes) else { return };
    let at = match frame.kind {
        kind::PRIORITY => 0,
        kind::HEADERS if frame.flags & PRIORITY != 0 => usize::from(frame.flags & PADDED != 0),
        _ => return,
    };
    if let Some(stream) = bytes.get_mut(HEADER + at..HEADER + at + 4) {
        stream.fill(0);
    }
}

/// What tells the peer (6.8): `last` is the last stream of its own that was looked at.
pub(super) fn goaway(last: u32, reason: Reason) -> [u8; HEADER + 8] {
    let mut frame = *b"\0\0\x08\x07\0\0\0\0\0\0\0\0\0\0\0\0\0";
    frame[HEADER..HEADER + 4].copy_from_slice(&last.to_be_bytes());
    frame[HEADER + 4..].copy_from_slice(&u32::from(reason).to_be_bytes());
    frame
}

/// What tells the program.
pub(super) fn error(bytes: &[u8], reason: Reason) -> ProtoError {
    let (what, size) = parse(bytes).map_or((0, 0), |f| (f.kind, f.payload.len()));
    let name = match reason {
        Reason::FLOW_CONTROL_ERROR => "FLOW_CONTROL_ERROR",
        Reason::FRAME_SIZE_ERROR => "FRAME_SIZE_ERROR",
        _ => "PROTOCOL_ERROR",
    };
    let detail = format!("h2: {name} (a frame of type {what} with {size} bytes)");
    ProtoError::new(ProtoErrorKind::Malformed, detail)
}
