//! Payload of a client that waits for its stream's turn to send.

use std::collections::VecDeque;

use crate::proto::sss::flags;

/// A message, or the part of one that is here.
#[derive(Debug, Default, Clone, Copy)]
struct Chunk {
    /// Bytes that wait.
    len: usize,
    /// Its first byte is the message's.
    som: bool,
    /// It is complete.
    eom: bool,
    /// As the client announced it, if it did.
    hint: Option<u64>,
}

/// What goes into a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Taken {
    pub len: usize,
    pub som: bool,
    pub eom: bool,
}

/// Payload from a client.
#[derive(Default)]
pub(super) struct Uplink {
    bytes: Vec<u8>,
    /// Everything before this was taken.
    read: usize,
    chunks: VecDeque<Chunk>,
    /// Announced for the message that comes next.
    hint: Option<u64>,
    /// The most that has waited since nothing did.
    peak: usize,
}

/// As much memory is kept when nothing waits, or as much as is in steady use.
const KEPT: usize = 4 * 1024;

impl Uplink {
    /// Bytes that wait.
    pub fn len(&self) -> usize {
        self.bytes.len() - self.read
    }

    /// The same with what remembering each message costs: a client that sends nothing but empty
    /// messages would have memory without bound otherwise.
    pub fn held(&self) -> usize {
        self.len() + self.chunks.len() * size_of::<Chunk>()
    }

    /// Whether nothing waits, not even the end of a message.
    pub fn is_empty(&self) -> bool {
        self.chunks.is_empty()
    }

    /// The message that comes next will have so many bytes.
    pub fn announce(&mut self, len: u64) {
        self.hint = Some(len);
    }

    /// Adds some payload; `marks` as in its frame.
    pub fn push(&mut self, bytes: &[u8], marks: u32) {
        let (som, eom) = (marks & flags::SOM != 0, marks & flags::EOM != 0);
        if bytes.is_empty() && !som && !eom {
            return;
        }
        self.bytes.extend_from_slice(bytes);
        self.peak = self.peak.max(self.bytes.len());
        match self.chunks.back_mut() {
            Some(open) if !open.eom && !som => {
                open.len += bytes.len();
                open.eom = eom;
            }
            Some(_) | None => {
                let hint = self.hint.take();
                self.chunks.push_back(Chunk { len: bytes.len(), som, eom, hint });
            }
        }
    }

    /// The length of the message in front, if it is known: announced, or complete. `None` also if
    /// some of it was taken.
    pub fn front_len(&self) -> Option<u64> {
        let front = self.chunks.front().filter(|c| c.som)?;
        front.hint.or(front.eom.then_some(front.len as u64))
    }

    /// Whether the stream may be called for what waits; where messages have to be known whole
    /// (`whole`), their length has to be known before their first byte.
    pub fn may_go(&self, whole: bool) -> bool {
        let begun = self.chunks.front().is_some_and(|c| !c.som);
        self.has_payload() && (!whole || begun || self.front_len().is_some())
    }

    /// Whether there is something to take.
    fn has_payload(&self) -> bool {
        self.chunks.front().is_some_and(|c| c.len > 0 || c.som || c.eom)
    }

    /// Fills the front of `window` with what waits: of one message, or, where the protocol knows
    /// none (`merge`), of as many as fit.
    pub fn take(&mut self, window: &mut [u8], merge: bool) -> Option<Taken> {
        if !self.has_payload() {
            return None;
        }
        let som = self.chunks.front().is_some_and(|c| c.som);
        let mut taken = Taken { len: 0, som, eom: false };
        while let Some(front) = self.chunks.front_mut() {
            let n = front.len.min(window.len() - taken.len);
            let from = &self.bytes[self.read..self.read + n];
            window[taken.len..taken.len + n].copy_from_slice(from);
            self.read += n;
            taken.len += n;
            front.len -= n;
            front.som = false;
            if front.len > 0 {
                break;
            }
            taken.eom = front.eom;
            // one that never got its end is over when the next one begins
            if front.eom || self.chunks.len() > 1 {
                self.chunks.pop_front();
            } else {
                // the rest of the message is to come
                break;
            }
            if !merge {
                break;
            }
        }
        self.tidy();
        Some(taken)
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    fn tidy(&mut self) {
        if self.read == self.bytes.len() {
            self.read = 0;
            self.bytes.clear();
            let peak = std::mem::take(&mut self.peak);
            // a bulk transfer would have it back at once; the stream's end frees it all
            if peak < self.bytes.capacity() / 4 {
                self.bytes.shrink_to(KEPT);
            }
        } else if self.read > self.bytes.len() / 2 {
            self.bytes.drain(..self.read);
            self.read = 0;
        }
        // an open message of which nothing is here is no more than a reminder
        if self.chunks.len() == 1 && self.chunks[0].len == 0 && !self.chunks[0].eom {
            self.chunks.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Taken, Uplink};
    use crate::proto::sss::flags::{EOM, SOM};

    fn take(up: &mut Uplink, room: usize, merge: bool) -> Option<(Taken, Vec<u8>)> {
        let mut window = vec![0; room];
        let taken = up.take(&mut window, merge)?;
        window.truncate(taken.len);
        Some((taken, window))
    }

    #[test]
    fn a_message_larger_than_the_window_comes_in_pieces() {
        let mut up = Uplink::default();
        up.push(b"hel", SOM);
        up.push(b"lo", EOM);
        up.push(b"next", SOM | EOM);
        assert_eq!(up.front_len(), Some(5));
        let got: Vec<_> = std::iter::from_fn(|| take(&mut up, 4, false)).collect();
        let taken = |len, som, eom| Taken { len, som, eom };
        assert_eq!(
            got,
            [
                (taken(4, true, false), b"hell".to_vec()),
                (taken(1, false, true), b"o".to_vec()),
                (taken(4, true, true), b"next".to_vec()),
            ]
        );
        assert!(up.is_empty());
    }

    #[test]
    fn an_open_message_goes_on_where_it_was() {
        let mut up = Uplink::default();
        up.push(b"a", SOM);
        assert_eq!(
            take(&mut up, 9, false).map(|t| t.0),
            Some(Taken { len: 1, som: true, eom: false })
        );
        assert!(!up.has_payload() && up.is_empty());
        up.push(b"b", EOM);
        assert_eq!(
            take(&mut up, 9, false).map(|t| t.0),
            Some(Taken { len: 1, som: false, eom: true })
        );
        up.push(b"", EOM);
        assert_eq!(
            take(&mut up, 9, false).map(|t| t.0),
            Some(Taken { len: 0, som: false, eom: true })
        );
        up.push(b"", 0);
        assert_eq!(take(&mut up, 9, false), None);
    }

    #[test]
    fn without_messages_a_window_is_filled() {
        let mut up = Uplink::default();
        for piece in [&b"abc"[..], b"def", b"ghi"] {
            up.push(piece, SOM | EOM);
        }
        assert_eq!(take(&mut up, 7, true).map(|t| t.1), Some(b"abcdefg".to_vec()));
        assert_eq!(take(&mut up, 7, true).map(|t| t.1), Some(b"hi".to_vec()));
        assert_eq!((up.len(), up.is_empty()), (0, true));
    }

    #[test]
    fn a_message_without_an_end_is_over_when_the_next_one_begins() {
        let mut up = Uplink::default();
        up.push(b"a", SOM);
        up.push(b"b", SOM);
        up.push(b"c", EOM);
        let got: Vec<_> = std::iter::from_fn(|| take(&mut up, 9, false)).collect();
        let taken = |len, eom| Taken { len, som: true, eom };
        assert_eq!(got, [(taken(1, false), b"a".to_vec()), (taken(2, true), b"bc".to_vec())]);
        assert!(up.is_empty());
    }

    #[test]
    fn memory_stays_while_it_is_used_and_goes_after() {
        let mut up = Uplink::default();
        let mut window = vec![0; 1 << 16];
        for _ in 0..3 {
            up.push(&[0; 1 << 16], 0);
            up.take(&mut window, true);
            assert!(up.is_empty() && up.bytes.capacity() >= 1 << 16);
        }
        up.push(b"small", SOM | EOM);
        up.take(&mut window, true);
        assert!(up.bytes.capacity() < 1 << 14);
    }

    #[test]
    fn empty_messages_count() {
        let mut up = Uplink::default();
        for _ in 0..1000 {
            up.push(b"", SOM | EOM);
        }
        assert_eq!(up.len(), 0);
        assert!(up.held() >= 1000);
        while take(&mut up, 9, false).is_some() {}
        assert_eq!(up.held(), 0);
    }

    #[test]
    fn where_messages_go_whole_their_length_has_to_be_known() {
        let mut up = Uplink::default();
        up.push(b"ab", SOM);
        assert!(up.may_go(false) && !up.may_go(true));
        up.push(b"cd", EOM);
        assert!(up.may_go(true));
        take(&mut up, 3, false);
        assert!(up.may_go(true), "the rest of one that was begun");
        up.clear();
        up.announce(3);
        up.push(b"ab", SOM);
        assert!(up.may_go(true));
    }

    #[test]
    fn an_announced_length_belongs_to_the_next_message() {
        let mut up = Uplink::default();
        up.push(b"first", SOM | EOM);
        up.announce(100);
        up.push(b"second", SOM);
        assert_eq!(up.front_len(), Some(5));
        take(&mut up, 9, false);
        assert_eq!(up.front_len(), Some(100));
    }
}
