//! The body that we send on one stream.

use bytes::Bytes;
use h2::SendStream;

use super::super::{BodyLen, ProtoError, ProtoErrorKind, TxWindow};
use super::MAX_WINDOW;
use crate::util::TxBuf;

/// Takes the first `len` bytes of the window that `out` has open, and closes it.
///
/// # Errors
/// The window is smaller.
pub(super) fn take_window(out: &mut TxBuf, len: usize) -> Result<Bytes, ProtoError> {
    let data = Bytes::copy_from_slice(out.window(len));
    out.cancel();
    if data.len() < len {
        let detail = format!("{len} bytes in a window of {}", data.len());
        return Err(ProtoError::new(ProtoErrorKind::TxOverrun, detail));
    }
    Ok(data)
}

/// Our side of a transaction.
pub(super) struct Outgoing {
    pub send: SendStream<Bytes>,
    state: Sending,
}

enum Sending {
    /// `left`: of the announced length.
    Body {
        left: Option<u64>,
        begun: bool,
    },
    Complete,
}

/// How far it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Nothing was sent of a body of unknown length.
    NotBegun,
    Partial,
    Complete,
}

impl Outgoing {
    pub fn new(send: SendStream<Bytes>, body: BodyLen) -> Self {
        let state = match body {
            BodyLen::None | BodyLen::Known(0) => Sending::Complete,
            BodyLen::Known(n) => Sending::Body { left: Some(n), begun: false },
            // END_STREAM says where it ends, whatever else does not
            BodyLen::Unknown | BodyLen::Unframed => Sending::Body { left: None, begun: false },
        };
        Self { send, state }
    }

    pub fn extent(&self) -> Extent {
        match self.state {
            Sending::Complete => Extent::Complete,
            Sending::Body { left: None, begun: false } => Extent::NotBegun,
            Sending::Body { .. } => Extent::Partial,
        }
    }

    /// Asks for credit, or gives back what is not used.
    pub fn want(&mut self, wanted: bool) {
        if let Sending::Body { left, .. } = self.state {
            let most = left.map_or(MAX_WINDOW, |l| usize::try_from(l).unwrap_or(MAX_WINDOW));
            self.send.reserve_capacity(if wanted { most.min(MAX_WINDOW) } else { 0 });
        }
    }

    pub fn window(&self) -> Option<TxWindow> {
        match self.state {
            Sending::Complete => None,
            Sending::Body { .. } => {
                let max = self.send.capacity().min(MAX_WINDOW);
                Some(TxWindow { max, headroom: 0, tailroom: 0 })
            }
        }
    }

    /// Takes a piece of the body.
    pub fn commit(&mut self, data: Bytes, eom: bool) -> Result<(), ProtoError> {
        let Sending::Body { left, begun } = &mut self.state else {
            return Err(overrun(format!("{} bytes after the end of the body", data.len())));
        };
        let room = self.send.capacity();
        if data.len() > room {
            return Err(overrun(format!("{} bytes where there is credit for {room}", data.len())));
        }
        if let Some(left) = left {
            match left.checked_sub(data.len() as u64) {
                Some(rest) => *left = rest,
                None => {
                    return Err(overrun(format!("{} bytes where {left} were left", data.len())));
                }
            }
        }
        let end = eom || *left == Some(0);
        *begun |= !data.is_empty();
        if end {
            self.state = Sending::Complete;
        }
        let sent = if data.is_empty() && !end { Ok(()) } else { self.send.send_data(data, end) };
        self.send.reserve_capacity(0);
        sent.map_err(|e| overrun(format!("the stream takes no more: {e}")))
    }
}

fn overrun(detail: String) -> ProtoError {
    ProtoError::new(ProtoErrorKind::TxOverrun, detail)
}
