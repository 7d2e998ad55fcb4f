//! UTF-8 (RFC 3629) checked in pieces, to the byte: what is wrong is found at the byte that makes
//! it so, however the text was cut.

/// Where in a character the last piece ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Utf8 {
    begun: [u8; 3],
    len: u8,
}

impl Utf8 {
    /// Whether no character is cut short.
    pub fn complete(self) -> bool {
        self.len == 0
    }

    /// Takes bytes as long as they can be the text's next; how many. Those after them can't.
    pub fn take(&mut self, bytes: &[u8]) -> usize {
        let mut at = 0;
        while self.len > 0 {
            let Some(&byte) = bytes.get(at) else { return at };
            if !self.push(byte) {
                return at;
            }
            at += 1;
        }
        let rest = &bytes[at..];
        let Err(e) = std::str::from_utf8(rest) else { return bytes.len() };
        at += e.valid_up_to();
        // at most a character's worth until it is cut off or can't be
        for &byte in &rest[e.valid_up_to()..] {
            if !self.push(byte) {
                break;
            }
            at += 1;
        }
        at
    }

    /// One byte of a character. `false`, and nothing is changed: it can't come here.
    fn push(&mut self, byte: u8) -> bool {
        let n = usize::from(self.len);
        let mut seen = [0; 4];
        seen[..n].copy_from_slice(&self.begun[..n]);
        seen[n] = byte;
        match std::str::from_utf8(&seen[..=n]) {
            Ok(_) => self.len = 0,
            Err(e) if e.error_len().is_none() => {
                self.begun[n] = byte;
                self.len += 1;
            }
            Err(_) => return false,
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::Utf8;

    /// How many bytes are taken of all the pieces, and whether no character is left open.
    fn taken(bytes: &[u8], cut: usize) -> (usize, bool) {
        let (mut utf8, mut sum) = (Utf8::default(), 0);
        for piece in bytes.chunks(cut) {
            let n = utf8.take(piece);
            sum += n;
            if n < piece.len() {
                break;
            }
        }
        (sum, utf8.complete())
    }

    #[test]
    fn errors_are_found_at_their_byte_however_cut() {
        let legal = "Hello-µ@ßöäüàá-UTF-8 €𝄞!".as_bytes();
        let rows: [(&[u8], usize, bool); 12] = [
            (legal, legal.len(), true),
            (b"", 0, true),
            (b"ab\xe2\x82", 4, false),
            (b"ab\xf0\x9d\x84", 5, false),
            (b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80", 12, false),
            (b"\xc0\xaf", 0, true),
            (b"x\xed\xa0\x80", 2, false),
            (b"x\x80y", 1, true),
            (b"x\xe2\x28\xa1", 2, false),
            (b"\xf5", 0, true),
            (b"\xff", 0, true),
            (b"\xe2\x82\xac\xc3", 4, false),
        ];
        for (bytes, good, complete) in rows {
            for cut in 1..=bytes.len().max(1) {
                assert_eq!(taken(bytes, cut), (good, complete), "{bytes:x?} by {cut}");
            }
        }
    }
}
