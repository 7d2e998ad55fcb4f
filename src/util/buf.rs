//! The outgoing buffer of a connection. The program's `tx` writes its payload straight into
//! it, with room left in front for the codec's framing, so that nothing is copied between
//! the callback and the socket.

/// The buffer grows by multiples of this, in bytes: a head made of many small pieces takes one
/// step.
const STEP: usize = 512;

/// Bytes waiting for the transport, with a window at the end that a payload is written into.
///
/// The window's memory stands still from [`prepare`](Self::prepare) to
/// [`commit`](Self::commit) or [`cancel`](Self::cancel), because the program may hold a pointer
/// into it: what is pushed meanwhile waits aside, and bytes taken by the transport only move
/// the front. [`clear`](Self::clear) alone gives the memory away.
#[derive(Default)]
pub struct TxBuf {
    bytes: Vec<u8>,
    /// Everything before this has been written to the transport.
    read: usize,
    /// Everything before this and after `read` is ready for the transport.
    ready: usize,
    /// The window that is open.
    window: Option<Window>,
    /// Pushed while the window was open.
    aside: Vec<u8>,
}

/// Takes formatted text, never failing.
struct Text<'a>(&'a mut TxBuf);

impl std::fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.0.push(text.as_bytes());
        Ok(())
    }
}

/// Where the payload goes: `headroom` bytes after `ready`.
#[derive(Clone, Copy)]
struct Window {
    headroom: usize,
    room: usize,
}

impl TxBuf {
    /// An empty buffer; allocates on first use.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What the transport should write next.
    #[must_use]
    pub fn pending(&self) -> &[u8] {
        &self.bytes[self.read..self.ready]
    }

    /// As [`pending`](Self::pending), to be changed in place (times in frames that wait).
    pub fn pending_mut(&mut self) -> &mut [u8] {
        &mut self.bytes[self.read..self.ready]
    }

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.read == self.ready && self.aside.is_empty()
    }

    /// The transport took `n` bytes of [`pending`](Self::pending).
    pub fn consume(&mut self, n: usize) {
        debug_assert!(n <= self.ready - self.read);
        self.read += n.min(self.ready - self.read);
        if self.read == self.ready && self.window.is_none() {
            self.read = 0;
            self.ready = 0;
        }
    }

    /// Appends bytes that the codec itself made.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.window.is_some() {
            self.aside.extend_from_slice(bytes);
            return;
        }
        self.reserve(bytes.len());
        self.bytes[self.ready..self.ready + bytes.len()].copy_from_slice(bytes);
        self.ready += bytes.len();
    }

    /// Appends formatted text.
    pub fn push_fmt(&mut self, text: std::fmt::Arguments<'_>) {
        std::fmt::Write::write_fmt(&mut Text(self), text).unwrap_or_default();
    }

    /// Opens a window of `room` bytes behind `headroom` bytes for framing and in front of
    /// `tailroom` more. Write the payload into the window, then call [`commit`](Self::commit),
    /// or [`cancel`](Self::cancel) if there is nothing to send. A window that is open already
    /// is cancelled.
    pub fn prepare(&mut self, headroom: usize, room: usize, tailroom: usize) -> &mut [u8] {
        self.cancel();
        self.reserve(headroom + room + tailroom);
        self.window = Some(Window { headroom, room });
        let at = self.ready + headroom;
        &mut self.bytes[at..at + room]
    }

    /// Whether a window is open: whoever finds it so is inside another one's `tx` and must not
    /// open a second.
    #[must_use]
    pub fn window_is_open(&self) -> bool {
        self.window.is_some()
    }

    /// The `len` bytes at the start of the window, to be changed in place (ws masking). Less
    /// if the window is smaller.
    pub fn window(&mut self, len: usize) -> &mut [u8] {
        let Some(w) = self.window else { return &mut [] };
        let at = self.ready + w.headroom;
        &mut self.bytes[at..at + len.min(w.room)]
    }

    /// Closes the window and makes its first `len` bytes ready, between `prefix` and `suffix`,
    /// which must fit the headroom and tailroom asked for. With no window open and `len` 0 it
    /// appends `prefix` and `suffix`.
    pub fn commit(&mut self, prefix: &[u8], len: usize, suffix: &[u8]) {
        let w = self.window.take().unwrap_or(Window { headroom: 0, room: 0 });
        assert!(len <= w.room, "payload larger than its window");
        if w.headroom < prefix.len() {
            assert!(len == 0, "framing larger than its headroom");
            self.push(prefix);
        } else {
            self.commit_payload(w.headroom, prefix, len);
        }
        self.push(suffix);
        self.join_aside();
    }

    fn commit_payload(&mut self, headroom: usize, prefix: &[u8], len: usize) {
        let payload = self.ready + headroom;
        let gap = headroom - prefix.len();
        if gap == 0 || self.read == self.ready {
            // nothing waits in front: start later instead of moving the payload
            let start = self.ready + gap;
            self.bytes[start..payload].copy_from_slice(prefix);
            if self.read == self.ready {
                self.read = start;
            }
            self.ready = payload + len;
        } else {
            let start = self.ready;
            self.bytes[start..start + prefix.len()].copy_from_slice(prefix);
            self.bytes.copy_within(payload..payload + len, start + prefix.len());
            self.ready = start + prefix.len() + len;
        }
    }

    /// Closes the window without sending anything from it.
    pub fn cancel(&mut self) {
        if self.window.take().is_some() {
            self.join_aside();
        }
    }

    /// Forgets everything that waits and gives the memory back.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Gives the memory back if nothing waits and no window is open: an idle connection holds
    /// no buffer.
    pub fn release_if_idle(&mut self) {
        if self.is_empty() && self.window.is_none() {
            self.clear();
        }
    }

    fn join_aside(&mut self) {
        if !self.aside.is_empty() {
            let aside = std::mem::take(&mut self.aside);
            self.push(&aside);
        }
    }

    fn reserve(&mut self, more: usize) {
        if self.ready + more <= self.bytes.len() {
            return;
        }
        if self.read > 0 {
            self.bytes.copy_within(self.read..self.ready, 0);
            self.ready -= self.read;
            self.read = 0;
        }
        if self.ready + more > self.bytes.len() {
            self.bytes.resize((self.ready + more).next_multiple_of(STEP), 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::TxBuf;

    #[test]
    fn payload_is_framed_in_place() {
        let mut b = TxBuf::new();
        b.prepare(8, 100, 2)[..5].copy_from_slice(b"hello");
        b.commit(b"5\r\n", 5, b"\r\n");
        assert_eq!(b.pending(), b"5\r\nhello\r\n");
    }

    #[test]
    fn payload_behind_waiting_bytes_leaves_no_gap() {
        let mut b = TxBuf::new();
        b.push(b"head");
        b.prepare(8, 100, 2)[..5].copy_from_slice(b"hello");
        b.commit(b"5\r\n", 5, b"\r\n");
        assert_eq!(b.pending(), b"head5\r\nhello\r\n");
        b.consume(4);
        assert_eq!(b.pending(), b"5\r\nhello\r\n");
        b.consume(10);
        assert!(b.is_empty());
    }

    #[test]
    fn window_without_commit_changes_nothing() {
        let mut b = TxBuf::new();
        b.push(b"x");
        b.prepare(4, 10, 0)[0] = 1;
        assert_eq!(b.pending(), b"x");
    }

    #[test]
    fn window_survives_pushes_and_flushes_behind_the_programs_back() {
        let mut b = TxBuf::new();
        b.push(b"head");
        let p = b.prepare(4, 10, 2);
        p[..3].copy_from_slice(b"abc");
        let stood = p.as_ptr();
        b.push(&[b'.'; 4096]);
        b.consume(4);
        assert!(!b.is_empty());
        assert_eq!(b.window(3).as_ptr(), stood);
        b.commit(b"3\r\n", 3, b"\r\n");
        assert_eq!(&b.pending()[..8], b"3\r\nabc\r\n");
        assert_eq!(b.pending().len(), 8 + 4096);
    }

    #[test]
    fn cancelled_window_sends_only_what_was_pushed() {
        let mut b = TxBuf::new();
        b.prepare(4, 10, 2).fill(b'x');
        assert!(b.window_is_open());
        b.push(b"pong");
        b.cancel();
        assert!(!b.window_is_open());
        assert_eq!(b.pending(), b"pong");
    }

    #[test]
    fn end_without_a_window_is_appended() {
        let mut b = TxBuf::new();
        b.commit(b"", 0, b"0\r\n\r\n");
        assert_eq!(b.pending(), b"0\r\n\r\n");
    }

    #[test]
    fn idle_buffer_holds_no_memory() {
        let mut b = TxBuf::new();
        b.push(b"x");
        b.release_if_idle();
        assert_eq!(b.pending(), b"x");
        b.consume(1);
        b.release_if_idle();
        assert_eq!(b.bytes.capacity(), 0);
    }
}
