//! Frames that wait for the link to a client. The time that payload waited here is written into
//! its frame when it goes out.

use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

use crate::proto::ProtoError;
use crate::proto::sss::{PAYLOAD_HEAD, Payload, Sent, ToClient, flags};
use crate::util::TxBuf;

/// Where a payload frame has how long it was held, and when it was written.
const HELD: std::ops::Range<usize> = 7..11;
const AT: std::ops::Range<usize> = 11..19;

/// The most that is given to the transport at once: the frames in it get their times then.
const MOST_AT_ONCE: usize = 64 * 1024;

/// Payload that starts or ends a message goes out in frames of no more than this. The clients of
/// libwebsockets 5.0.0 deliver longer ones in several pieces that all look like the message's
/// start and end.
const MARKED_PIECE: usize = 1380;

/// Payload without marks: well below the smallest buffer that clients have.
const PLAIN_PIECE: usize = 16 * 1024;

/// Memory is kept for as much when nothing waits.
const KEPT: usize = 16 * 1024;

/// The marks that belong to the first piece and to the last.
const FIRST: u32 = flags::SOM | flags::POLL | flags::RELATED_START;
const LAST: u32 = flags::EOM | flags::RELATED_END;

/// Frames for a client.
#[derive(Default)]
pub(super) struct Outbox {
    out: TxBuf,
    /// Bytes that were ever put in, and taken out.
    put: u64,
    taken: u64,
    /// Payload frames: where they start, counted like `put`, and since when they wait.
    waiting: VecDeque<(u64, u64)>,
    /// The most that has waited since it was empty.
    peak: usize,
}

impl Outbox {
    /// Bytes that wait.
    pub fn len(&self) -> usize {
        self.out.pending().len()
    }

    pub fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// # Errors
    /// The frame cannot be expressed; nothing was added.
    pub fn push(&mut self, frame: &ToClient<'_>) -> Result<(), ProtoError> {
        frame.encode(&mut self.out)?;
        self.put = self.taken + self.len() as u64;
        self.peak = self.peak.max(self.len());
        Ok(())
    }

    /// Adds payload, in as many frames as it takes.
    ///
    /// # Errors
    /// As for [`push`](Self::push).
    pub fn push_payload(&mut self, bytes: &[u8], marks: u32) -> Result<(), ProtoError> {
        let sent = Sent { held_us: 0, at_us: unix_us() };
        let mut rest = bytes;
        let mut first = true;
        loop {
            let piece = piece_of(rest.len(), marks, first);
            let (front, back) = rest.split_at(piece);
            let mut flags = marks & !(FIRST | LAST);
            if first {
                flags |= marks & FIRST;
            }
            if back.is_empty() {
                flags |= marks & LAST;
            }
            self.waiting.push_back((self.put, sent.at_us));
            self.push(&ToClient::Payload(Payload { flags, sent, rideshare: None, bytes: front }))?;
            if back.is_empty() {
                return Ok(());
            }
            rest = back;
            first = false;
        }
    }

    /// What the transport should write next, with its times filled in.
    pub fn pending(&mut self) -> &[u8] {
        let taken = self.taken;
        while self.waiting.front().is_some_and(|(at, _)| *at < taken) {
            self.waiting.pop_front();
        }
        let pending = self.out.pending_mut();
        let most = pending.len().min(MOST_AT_ONCE);
        let pending = &mut pending[..most];
        let now = unix_us();
        for (at, since) in &self.waiting {
            let Ok(at) = usize::try_from(at - taken) else { break };
            let Some(head) = pending.get_mut(at..at + PAYLOAD_HEAD) else { break };
            let held = u32::try_from(now.saturating_sub(*since)).unwrap_or(u32::MAX);
            head[HELD].copy_from_slice(&held.to_be_bytes());
            head[AT].copy_from_slice(&now.to_be_bytes());
        }
        pending
    }

    /// The transport took so many bytes.
    pub fn consume(&mut self, n: usize) {
        self.out.consume(n);
        self.taken += n as u64;
        if self.out.is_empty() {
            self.waiting.clear();
            if std::mem::take(&mut self.peak) > KEPT {
                self.out.release_if_idle();
            }
        }
    }

    /// Nothing of it is of use any more.
    pub fn clear(&mut self) {
        *self = Self::default();
    }
}

/// How much of `left` bytes the next frame takes.
fn piece_of(left: usize, marks: u32, first: bool) -> usize {
    if first && marks & FIRST != 0 {
        return left.min(MARKED_PIECE);
    }
    match marks & LAST {
        0 => left.min(PLAIN_PIECE),
        _ if left <= MARKED_PIECE => left,
        _ => (left - MARKED_PIECE).min(PLAIN_PIECE),
    }
}

/// Microseconds of unix time.
fn unix_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::{MARKED_PIECE, Outbox};
    use crate::proto::sss::{ClientDecoder, ToClient, flags};

    fn created() -> ToClient<'static> {
        ToClient::Created { ok: true, buflen: 0, types: "t" }
    }

    /// What a client reads of it, with the outbox emptied in steps of `step` bytes.
    fn read(outbox: &mut Outbox, step: usize) -> Vec<(u32, Vec<u8>, u32)> {
        let (mut decoder, mut got) = (ClientDecoder::new(), Vec::new());
        while !outbox.is_empty() {
            let some = outbox.pending();
            let some = some[..some.len().min(step)].to_vec();
            outbox.consume(some.len());
            let mut input = &some[..];
            while let Some(frame) = decoder.next(&mut input).expect("frames") {
                if let ToClient::Payload(p) = frame {
                    got.push((p.flags, p.bytes.to_vec(), p.sent.held_us));
                }
            }
        }
        got
    }

    #[test]
    fn marks_are_at_the_ends_alone_and_on_short_frames() {
        let bytes: Vec<u8> = (0..40_000_u32).map(|i| i as u8).collect();
        let mut outbox = Outbox::default();
        outbox.push(&created()).expect("a frame");
        outbox.push_payload(&bytes, flags::SOM | flags::EOM).expect("payload");
        let got = read(&mut outbox, usize::MAX);
        let all: Vec<u8> = got.iter().flat_map(|(_, b, _)| b.clone()).collect();
        assert_eq!(all, bytes);
        let marks: Vec<u32> = got.iter().map(|(f, _, _)| *f).collect();
        assert_eq!(marks.first(), Some(&flags::SOM));
        assert_eq!(marks.last(), Some(&flags::EOM));
        assert!(marks[1..marks.len() - 1].iter().all(|f| *f == 0), "{marks:?}");
        for (mark, bytes, _) in &got {
            assert!(*mark == 0 || bytes.len() <= MARKED_PIECE);
        }
    }

    #[test]
    fn an_end_without_bytes_is_a_frame() {
        let mut outbox = Outbox::default();
        outbox.push(&created()).expect("a frame");
        outbox.push_payload(b"", flags::EOM).expect("payload");
        let got = read(&mut outbox, usize::MAX);
        assert!(matches!(&got[..], [(flags::EOM, bytes, _)] if bytes.is_empty()), "{got:?}");
    }

    #[test]
    fn what_waits_says_for_how_long() {
        let mut outbox = Outbox::default();
        outbox.push(&created()).expect("a frame");
        outbox.push_payload(b"one", 0).expect("payload");
        // as if put in a second ago
        outbox.waiting[0].1 -= 1_000_000;
        outbox.push_payload(b"two", 0).expect("payload");
        let got = read(&mut outbox, 1);
        // the first frame's times were filled in before its first byte went out
        let held: Vec<u32> = got.iter().map(|(_, _, held)| *held).collect();
        assert!(held[0] >= 1_000_000 && held[held.len() - 1] < 1_000_000, "{held:?}");
        assert!(outbox.waiting.is_empty());
    }
}
