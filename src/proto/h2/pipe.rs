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

impl Pipe {
    /// Puts the connection's buffer where the crate writes.
    pub fn lend(&self, out: &mut TxBuf) {
        let buffers = &mut *self.0.borrow_mut();
        if !buffers.out.is_empty() {
            // the preface, written when there was none
            out.push(buffers.out.pending());
            buffers.out.clear();
        }
        std::mem::swap(out, &mut buffers.out);
    }

    /// Gives it back.
    pub fn give_back(&self, out: &mut TxBuf) {
        std::mem::swap(out, &mut self.0.borrow_mut().out);
    }

    /// Gives the crate what was received. How many bytes wait for the transport.
    pub fn put(&self, frame: &mut Vec<u8>) -> usize {
        let buffers = &mut *self.0.borrow_mut();
        std::mem::swap(&mut buffers.input, frame);
        frame.clear();
        buffers.out.pending().len()
    }

    /// Bytes that wait for the transport.
    pub fn waiting(&self) -> usize {
        self.0.borrow().out.pending().len()
    }
}

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
