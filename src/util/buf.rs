//! The outgoing buffer of a connection. The program's `tx` writes its payload straight into
//! it, with room left in front for the codec's framing, so that nothing is copied between
//! the callback and the socket.

/// Bytes waiting for the transport, with a window at the end that a payload is written into.
#[derive(Default)]
pub struct TxBuf {
    bytes: Vec<u8>,
    /// Everything before this has been written to the transport.
    read: usize,
    /// Everything before this and after `read` is ready for the transport.
    ready: usize,
    /// Room in front of the open window, between `prepare` and `commit`.
    headroom: usize,
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

    /// Whether nothing waits.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.read == self.ready
    }

    /// The transport took `n` bytes of [`pending`](Self::pending).
    pub fn consume(&mut self, n: usize) {
        debug_assert!(n <= self.ready - self.read);
        self.read += n.min(self.ready - self.read);
        if self.read == self.ready {
            self.read = 0;
            self.ready = 0;
        }
    }

    /// Appends bytes that the codec itself made.
    pub fn push(&mut self, bytes: &[u8]) {
        self.reserve(bytes.len());
        self.bytes[self.ready..self.ready + bytes.len()].copy_from_slice(bytes);
        self.ready += bytes.len();
    }

    /// Opens a window of `room` bytes behind `headroom` bytes for framing and in front of
    /// `tailroom` more. Write the payload into the window, then call [`commit`](Self::commit);
    /// without a commit nothing has happened.
    pub fn prepare(&mut self, headroom: usize, room: usize, tailroom: usize) -> &mut [u8] {
        self.reserve(headroom + room + tailroom);
        self.headroom = headroom;
        let at = self.ready + headroom;
        &mut self.bytes[at..at + room]
    }

    /// The `len` bytes at the start of the window, to be changed in place (ws masking).
    pub fn window(&mut self, len: usize) -> &mut [u8] {
        let at = self.ready + self.headroom;
        &mut self.bytes[at..at + len]
    }

    /// Makes the first `len` bytes of the window ready, between `prefix` and `suffix`, which
    /// must fit the headroom and tailroom asked for.
    pub fn commit(&mut self, prefix: &[u8], len: usize, suffix: &[u8]) {
        assert!(prefix.len() <= self.headroom, "framing larger than its headroom");
        let payload = self.ready + self.headroom;
        let gap = self.headroom - prefix.len();
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
        self.bytes[self.ready..self.ready + suffix.len()].copy_from_slice(suffix);
        self.ready += suffix.len();
        self.headroom = 0;
    }

    /// Forgets everything that waits and gives the memory back.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Gives the memory back if nothing waits: an idle connection holds no buffer.
    pub fn release_if_idle(&mut self) {
        if self.is_empty() {
            self.clear();
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
            self.bytes.resize(self.ready + more, 0);
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
}
