//! Decoder for chunked bodies (RFC 9112 7.1), a byte of framing at a time, payload in slices.
//! Lines must end in CR LF: a bare LF is where readers of one stream come to differ.

use super::super::{ProtoError, ProtoErrorKind};
use super::request::is_token_byte;
use super::{MAX_CHUNK_LINE, MAX_TRAILERS};

/// Hex digits in a chunk's size at most: 64 bits.
const MAX_SIZE_DIGITS: u16 = 16;

/// Where in the chunked body we are.
#[derive(Debug)]
pub(super) struct Chunked {
    state: State,
    /// Size of the chunk under way, or what is left of its payload.
    left: u64,
    /// Bytes seen of this size line, or of the trailers.
    line: u16,
    /// Bytes of payload that may come yet.
    budget: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Size,
    SizeSpace,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    TrailerName,
    TrailerValue,
    TrailerLf,
    EndLf,
    Done,
}

/// What [`Chunked::next`] found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step<'b> {
    /// Payload, not empty.
    Data(&'b [u8]),
    /// The body is complete.
    Done,
    /// The input is used up.
    More,
}

impl Chunked {
    pub(super) fn new() -> Self {
        Self::limited(u64::MAX)
    }

    /// A body of `budget` bytes of payload at most.
    pub(super) fn limited(budget: u64) -> Self {
        Self { state: State::Size, left: 0, line: 0, budget }
    }

    pub(super) fn next<'b>(&mut self, input: &mut &'b [u8]) -> Result<Step<'b>, ProtoError> {
        loop {
            if self.state == State::Done {
                return Ok(Step::Done);
            }
            let Some((&byte, rest)) = input.split_first() else { return Ok(Step::More) };
            if self.state == State::Data {
                return Ok(Step::Data(self.payload(input)));
            }
            self.framing(byte)?;
            *input = rest;
        }
    }

    fn payload<'b>(&mut self, input: &mut &'b [u8]) -> &'b [u8] {
        let n = usize::try_from(self.left).map_or(input.len(), |left| left.min(input.len()));
        let (data, rest) = input.split_at(n);
        *input = rest;
        self.left -= n as u64;
        if self.left == 0 {
            self.state = State::DataCr;
        }
        data
    }

    fn framing(&mut self, byte: u8) -> Result<(), ProtoError> {
        use State::{
            Data, DataCr, DataLf, Done, EndLf, Extension, Size, SizeLf, SizeSpace, TrailerLf,
            TrailerName, TrailerStart, TrailerValue,
        };
        self.state = match (self.state, byte) {
            (Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => self.digit(byte)?,
            (Size, _) if self.line == 0 => return Err(broken("chunk without a size", byte)),
            (Size | SizeSpace | Extension, b'\r') => SizeLf,
            (Size | SizeSpace, b' ' | b'\t') => self.count_line(SizeSpace)?,
            (Size | SizeSpace, b';') => self.count_line(Extension)?,
            (Size | SizeSpace, _) => return Err(broken("chunk's size", byte)),
            (Extension, _) if byte < b' ' && byte != b'\t' => {
                return Err(broken("chunk extension", byte));
            }
            (Extension, _) => self.count_line(Extension)?,
            (SizeLf, b'\n') => {
                self.line = 0;
                self.spend()?;
                if self.left == 0 { TrailerStart } else { Data }
            }
            (DataCr, b'\r') => DataLf,
            (DataLf, b'\n') => Size,
            (DataCr | DataLf, _) => return Err(broken("chunk longer than its size", byte)),
            (TrailerStart, b'\r') => EndLf,
            (TrailerStart | TrailerName, _) if is_token_byte(byte) => {
                self.count_trailer(TrailerName)?
            }
            (TrailerName, b':') => self.count_trailer(TrailerValue)?,
            (TrailerStart | TrailerName, _) => return Err(broken("name of a trailer", byte)),
            (TrailerValue, b'\r') => TrailerLf,
            (TrailerValue, b'\n' | 0) => return Err(broken("value of a trailer", byte)),
            (TrailerValue, _) => self.count_trailer(TrailerValue)?,
            (TrailerLf, b'\n') => TrailerStart,
            (EndLf, b'\n') => Done,
            (SizeLf | TrailerLf | EndLf, _) => return Err(broken("CR without LF", byte)),
            (Data | Done, _) => self.state,
        };
        Ok(())
    }

    fn digit(&mut self, byte: u8) -> Result<State, ProtoError> {
        if self.line == MAX_SIZE_DIGITS {
            return Err(ProtoError::new(
                ProtoErrorKind::Malformed,
                format!("chunked body: a size of more than {MAX_SIZE_DIGITS} digits"),
            ));
        }
        let value = (byte as char).to_digit(16).unwrap_or_default();
        self.left = (self.left << 4) | u64::from(value);
        self.line += 1;
        Ok(State::Size)
    }

    /// A chunk begins. Its size is looked at before its payload, so that cuts make no difference.
    fn spend(&mut self) -> Result<(), ProtoError> {
        // without a limit, sums beyond 64 bits are nobody's business
        if self.budget == u64::MAX {
            return Ok(());
        }
        self.budget = self.budget.checked_sub(self.left).ok_or_else(|| {
            let detail =
                format!("chunked body: {} bytes where {} may come", self.left, self.budget);
            ProtoError::new(ProtoErrorKind::TooLarge, detail)
        })?;
        Ok(())
    }

    fn count_line(&mut self, next: State) -> Result<State, ProtoError> {
        self.count(MAX_CHUNK_LINE, "size line")?;
        Ok(next)
    }

    fn count_trailer(&mut self, next: State) -> Result<State, ProtoError> {
        self.count(MAX_TRAILERS, "trailers")?;
        Ok(next)
    }

    fn count(&mut self, limit: u16, what: &str) -> Result<(), ProtoError> {
        if self.line == limit {
            return Err(ProtoError::new(
                ProtoErrorKind::TooLarge,
                format!("chunked body: {what} of more than {limit} bytes"),
            ));
        }
        self.line += 1;
        Ok(())
    }
}

fn broken(what: &str, byte: u8) -> ProtoError {
    ProtoError::new(ProtoErrorKind::Malformed, format!("chunked body: {what} at 0x{byte:02x}"))
}
