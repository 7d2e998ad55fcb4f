//! Frame headers (RFC 6455 5.2) and masking (5.3).

use std::io::Cursor;

use tungstenite::protocol::frame::FrameHeader;
use tungstenite::protocol::frame::coding::{CloseCode, Control, Data, OpCode};

use super::{MAX_CONTROL, MAX_HEADER, Role};

/// Why the connection is to be failed, and the status to tell the peer.
#[derive(Debug)]
pub(super) struct Fail {
    pub code: CloseCode,
    pub detail: String,
}

impl Fail {
    pub fn protocol(detail: impl Into<String>) -> Self {
        Self { code: CloseCode::Protocol, detail: detail.into() }
    }
}

/// What a frame carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Binary,
    Continuation,
    Ping,
    Pong,
    Close,
}

/// A header that holds by itself, whatever frames came before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub kind: Kind,
    pub fin: bool,
    pub rsv1: bool,
    /// None: not masked.
    pub mask: [u8; 4],
    pub length: u64,
}

/// Puts headers together that come in pieces.
#[derive(Debug, Default)]
pub(super) struct HeaderReader {
    bytes: [u8; MAX_HEADER],
    len: u8,
}

impl HeaderReader {
    /// Whether a header has begun and is not complete.
    pub fn begun(&self) -> bool {
        self.len > 0
    }

    /// Takes a header's bytes; the header, once they are all there.
    pub fn read(&mut self, role: Role, input: &mut &[u8]) -> Result<Option<Header>, Fail> {
        if self.len == 0
            && let Some((header, used)) = parse(role, input)?
        {
            *input = &input[used..];
            return Ok(Some(header));
        }
        // rare: a header that was cut
        while let Some((&byte, rest)) = input.split_first() {
            self.bytes[usize::from(self.len)] = byte;
            self.len += 1;
            *input = rest;
            if let Some((header, _)) = parse(role, &self.bytes[..usize::from(self.len)])? {
                self.len = 0;
                return Ok(Some(header));
            }
        }
        Ok(None)
    }
}

/// The header at the start of `bytes` and its length, if it is all there.
fn parse(role: Role, bytes: &[u8]) -> Result<Option<(Header, usize)>, Fail> {
    let mut cursor = Cursor::new(bytes);
    let parsed = FrameHeader::parse(&mut cursor).map_err(|e| Fail::protocol(e.to_string()))?;
    let Some((header, length)) = parsed else { return Ok(None) };
    let used = usize::try_from(cursor.position()).unwrap_or(MAX_HEADER);
    check(role, &header, length, used).map(|h| Some((h, used)))
}

fn check(role: Role, header: &FrameHeader, length: u64, used: usize) -> Result<Header, Fail> {
    if header.rsv2 || header.rsv3 {
        return Err(Fail::protocol("a reserved bit is set"));
    }
    match (role, header.mask) {
        (Role::Client, Some(_)) => return Err(Fail::protocol("a server's frame is masked")),
        (Role::Server, None) => return Err(Fail::protocol("a client's frame is not masked")),
        (Role::Client, None) | (Role::Server, Some(_)) => {}
    }
    if length >> 63 != 0 {
        return Err(Fail::protocol("a frame's length has its top bit set"));
    }
    if used != header.len(length) {
        let detail = format!("length {length} in more bytes than it needs");
        return Err(Fail::protocol(detail));
    }
    let kind = match header.opcode {
        OpCode::Data(Data::Text) => Kind::Text,
        OpCode::Data(Data::Binary) => Kind::Binary,
        OpCode::Data(Data::Continue) => Kind::Continuation,
        OpCode::Control(Control::Ping) => Kind::Ping,
        OpCode::Control(Control::Pong) => Kind::Pong,
        OpCode::Control(Control::Close) => Kind::Close,
        OpCode::Data(Data::Reserved(n)) | OpCode::Control(Control::Reserved(n)) => {
            return Err(Fail::protocol(format!("reserved opcode {n}")));
        }
    };
    if matches!(header.opcode, OpCode::Control(_)) {
        if !header.is_final {
            return Err(Fail::protocol("a control frame is fragmented"));
        }
        if length > MAX_CONTROL as u64 {
            let detail = format!("a control frame of {length} bytes, {MAX_CONTROL} are the most");
            return Err(Fail::protocol(detail));
        }
    }
    let mask = header.mask.unwrap_or_default();
    Ok(Header { kind, fin: header.is_final, rsv1: header.rsv1, mask, length })
}

/// A header to send, in its bytes; how many of them there are.
pub(super) fn format(header: &FrameHeader, length: usize) -> ([u8; MAX_HEADER], usize) {
    let mut bytes = [0; MAX_HEADER];
    let mut room = &mut bytes[..];
    header.format(length as u64, &mut room).expect("no header is longer than its longest form");
    let used = MAX_HEADER - room.len();
    (bytes, used)
}

/// Masks or unmasks `data`, which starts `offset` bytes into the payload.
pub(super) fn mask(data: &mut [u8], key: [u8; 4], offset: u64) {
    let mut key = key;
    key.rotate_left((offset % 4) as usize);
    let [a, b, c, d] = key;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let mut chunks = data.chunks_exact_mut(8);
    for chunk in &mut chunks {
        let mut word = [0; 8];
        word.copy_from_slice(chunk);
        chunk.copy_from_slice(&(u64::from_ne_bytes(word) ^ wide).to_ne_bytes());
    }
    for (byte, key) in chunks.into_remainder().iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn masking_is_bytewise_from_any_offset() {
        let key = [0x12, 0x34, 0x56, 0x78];
        for offset in 0..9_u64 {
            for len in 0..40_usize {
                let mut data = vec![0xa5; len];
                mask(&mut data, key, offset);
                let one = |i| 0xa5 ^ key[(offset as usize + i) % 4];
                assert!(data.iter().enumerate().all(|(i, b)| *b == one(i)), "{offset} {len}");
            }
        }
    }
}
