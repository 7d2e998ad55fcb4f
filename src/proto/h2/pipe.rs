//! The crate's transport: two buffers in memory.

use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::util::TxBuf;

/// What lies between us and the crate.
#[derive(Default)]
pub(super) struct Buffers {
    /// Received and not yet read by the crate: a frame at most.
    pub input: Vec<u8>,
    /// Everything before this has been read.
    read: usize,
    /// Written by the crate. The connection's own buffer stands here while the crate runs. It
    /// takes everything: what the crate writes is bounded by what is given to it.
    pub out: TxBuf,
    /// Panics at the next write, to see what a panic inside the crate leaves behind.
    #[cfg(test)]
    pub panic: bool,
}

/// The crate's end.
#[derive(Default, Clone)]
pub(super) struct Pipe(pub Rc<RefCell<Buffers>>);

impl AsyncRead for Pipe {
    /// Whoever feeds a frame polls the connection afterwards: nobody needs to be woken.
    fn poll_read(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let b = &mut *self.0.borrow_mut();
        let waiting = &b.input[b.read..];
        let n = waiting.len().min(buf.remaining());
        if n == 0 {
            return Poll::Pending;
        }
        buf.put_slice(&waiting[..n]);
        b.read += n;
        if b.read == b.input.len() {
            b.input.clear();
            b.read = 0;
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let b = &mut *self.0.borrow_mut();
        #[cfg(test)]
        assert!(!b.panic, "a panic on purpose");
        b.out.push(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
