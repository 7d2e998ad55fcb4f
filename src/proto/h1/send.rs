//! The sending side: how much of the request's body is still to come, and its framing.

use super::super::{BodyLen, ProtoError, ProtoErrorKind, TxWindow};
use super::MAX_WINDOW;
use crate::util::TxBuf;

/// Hex digits of the largest chunk, CR LF.
const CHUNK_HEADROOM: usize = 5 + 2;
/// CR LF of the chunk, then the last chunk and no trailers.
const CHUNK_TAILROOM: usize = 2 + LAST_CHUNK.len();
const LAST_CHUNK: &[u8] = b"0\r\n\r\n";
const _: () = assert!(MAX_WINDOW <= 0xf_ffff, "a chunk's size needs to fit its headroom");

/// What is left to send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Send {
    /// Nothing: the request is complete.
    Complete,
    /// This many bytes of the announced ones.
    Known(u64),
    /// Chunks, until the program says that it was the last.
    Chunks,
    /// Bare bytes, until the program says that it was the last.
    Bare,
    /// The program ended its message before what it announced: the peer waits for the rest.
    Short,
}

impl Send {
    pub(super) fn new(body: BodyLen) -> Self {
        match body {
            BodyLen::None | BodyLen::Known(0) => Self::Complete,
            BodyLen::Known(n) => Self::Known(n),
            BodyLen::Unknown => Self::Chunks,
            BodyLen::Unframed => Self::Bare,
        }
    }

    pub(super) fn window(self) -> Option<TxWindow> {
        match self {
            Self::Complete | Self::Short => None,
            Self::Known(left) => Some(TxWindow {
                max: usize::try_from(left).map_or(MAX_WINDOW, |left| left.min(MAX_WINDOW)),
                headroom: 0,
                tailroom: 0,
            }),
            Self::Bare => Some(TxWindow { max: MAX_WINDOW, headroom: 0, tailroom: 0 }),
            Self::Chunks => Some(TxWindow {
                max: MAX_WINDOW,
                headroom: CHUNK_HEADROOM,
                tailroom: CHUNK_TAILROOM,
            }),
        }
    }

    pub(super) fn commit(
        &mut self,
        out: &mut TxBuf,
        len: usize,
        eom: bool,
    ) -> Result<(), ProtoError> {
        let Some(window) = self.window() else {
            out.cancel();
            return Err(overrun(format!("{len} bytes after the end of the request's body")));
        };
        if len > window.max {
            out.cancel();
            return Err(overrun(format!("{len} bytes where {} were left", window.max)));
        }
        match self {
            Self::Complete | Self::Short => {}
            Self::Known(left) => {
                out.commit(b"", len, b"");
                *left -= len as u64;
                if *left == 0 {
                    *self = Self::Complete;
                } else if eom {
                    *self = Self::Short;
                }
            }
            Self::Bare => {
                out.commit(b"", len, b"");
                if eom {
                    *self = Self::Complete;
                }
            }
            Self::Chunks => {
                commit_chunk(out, len, eom);
                if eom {
                    *self = Self::Complete;
                }
            }
        }
        Ok(())
    }
}

/// An empty chunk would end the body: it is written only at the end of the message.
fn commit_chunk(out: &mut TxBuf, len: usize, eom: bool) {
    if len == 0 {
        return if eom { out.commit(b"", 0, LAST_CHUNK) } else { out.cancel() };
    }
    let mut size = [0; CHUNK_HEADROOM];
    let mut room = &mut size[..];
    std::io::Write::write_fmt(&mut room, format_args!("{len:x}\r\n"))
        .expect("the headroom holds the size of the largest window");
    let free = room.len();
    let suffix: &[u8] = if eom { b"\r\n0\r\n\r\n" } else { b"\r\n" };
    out.commit(&size[..CHUNK_HEADROOM - free], len, suffix);
}

fn overrun(detail: String) -> ProtoError {
    ProtoError::new(ProtoErrorKind::TxOverrun, detail)
}
