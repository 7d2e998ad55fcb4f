//! A JSON reader that remembers where everything was.
//!
//! It takes bytes as they come and builds a tree in which every key and value knows its line and
//! column. Its whole state is between two bytes, so text in chunks of any size reads the same. It
//! stops by itself behind the closing brace of the top object.
//!
//! Beyond RFC 8259 it takes what existing policies hold: `#` comments up to the end of the line, a
//! comma before `]`, leading zeros, and one `}` too many behind an item of an array. Memory is
//! bounded by the limits below.

use super::error::{Kind, MAX_DIAGS, Pos};

/// The most bytes of text.
pub const MAX_TEXT: usize = 4 * 1024 * 1024;

/// The deepest nesting of arrays and objects.
pub const MAX_DEPTH: usize = 64;

/// The most values in one text.
pub const MAX_VALUES: usize = 256 * 1024;

/// The longest number, in characters.
const MAX_NUMBER: usize = 64;

const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];

/// A value and where it begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub pos: Pos,
    pub value: Value,
    /// An array or object that the text ended in.
    pub open: bool,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    Array(Vec<Node>),
    Object(Vec<Member>),
}

/// A key, where it begins, and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    pub key: String,
    pub pos: Pos,
    pub node: Node,
}

/// Why the text is not acceptable JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyntaxError {
    pub kind: Kind,
    pub pos: Pos,
    pub message: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the top object.
    Start,
    /// A value, or in an array also its end.
    Value,
    /// A comma or the end of the container.
    AfterValue,
    /// Behind a `}` too many in an array: a comma or the end of the array.
    AfterStray,
    /// Behind `{`: a key or the end.
    FirstKey,
    /// Behind a comma: a key.
    Key,
    Colon,
    InString,
    Escape,
    Hex {
        left: u8,
        code: u16,
    },
    Number,
    Word,
    Done,
}

#[derive(Debug)]
enum Frame {
    Object { pos: Pos, members: Vec<Member>, key: Option<(String, Pos)> },
    Array { pos: Pos, items: Vec<Node> },
}

/// See the module's text.
#[derive(Debug)]
pub struct Reader {
    state: State,
    stack: Vec<Frame>,
    root: Option<Node>,
    pos: Pos,
    read: usize,
    values: usize,
    in_comment: bool,
    /// The string, number or word that is being read, and where it began.
    token: Vec<u8>,
    token_pos: Pos,
    /// The first half of a surrogate pair, whose second half must follow.
    high_surrogate: Option<u16>,
    strays: Vec<Pos>,
}

impl Default for Reader {
    fn default() -> Self {
        Self {
            state: State::Start,
            stack: Vec::new(),
            root: None,
            pos: Pos::START,
            read: 0,
            values: 0,
            in_comment: false,
            token: Vec::new(),
            token_pos: Pos::START,
            high_surrogate: None,
            strays: Vec::new(),
        }
    }
}

impl Reader {
    /// Reads on and says how many bytes it took: all of them, or fewer if the top object ended.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<usize, SyntaxError> {
        for (at, &byte) in bytes.iter().enumerate() {
            if self.is_done() {
                return Ok(at);
            }
            if self.read == MAX_TEXT {
                let message = format!("the text is longer than {MAX_TEXT} bytes");
                return Err(self.error_here(Kind::TooBig, message));
            }
            self.byte(byte)?;
            self.advance(byte);
        }
        Ok(bytes.len())
    }

    /// Whether the top object is complete.
    pub fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Where there was a `}` too many.
    pub fn strays(&self) -> &[Pos] {
        &self.strays
    }

    /// Where the next byte will be.
    pub fn pos(&self) -> Pos {
        self.pos
    }

    /// The top object; what was still open is closed as it is and marked so. `None` if no object
    /// began.
    pub fn finish(mut self) -> Option<Node> {
        while let Some(frame) = self.stack.pop() {
            let node = frame.close(true);
            match self.stack.last_mut() {
                Some(parent) => parent.add(node),
                None => self.root = Some(node),
            }
        }
        self.root
    }

    fn advance(&mut self, byte: u8) {
        if self.state == State::Start && self.read < BOM.len() && byte == BOM[self.read] {
            self.read += 1;
            return;
        }
        self.read += 1;
        if byte == b'\n' {
            self.pos = Pos { line: self.pos.line + 1, column: 1 };
        } else if byte & 0xc0 != 0x80 {
            self.pos.column += 1;
        }
    }

    fn byte(&mut self, byte: u8) -> Result<(), SyntaxError> {
        match self.state {
            State::InString => self.string_byte(byte),
            State::Escape => self.escape_byte(byte),
            State::Hex { left, code } => self.hex_byte(byte, left, code),
            State::Number if is_number_byte(byte) => self.number_byte(byte),
            State::Number => {
                self.end_number()?;
                self.byte(byte)
            }
            State::Word if byte.is_ascii_alphanumeric() => self.word_byte(byte),
            State::Word => {
                self.end_word()?;
                self.byte(byte)
            }
            _ => self.structure_byte(byte),
        }
    }

    fn structure_byte(&mut self, byte: u8) -> Result<(), SyntaxError> {
        match byte {
            b'\n' => self.in_comment = false,
            _ if self.in_comment => {}
            b' ' | b'\t' | b'\r' => {}
            b'#' => self.in_comment = true,
            _ => return self.punctuation(byte),
        }
        Ok(())
    }

    fn punctuation(&mut self, byte: u8) -> Result<(), SyntaxError> {
        match (self.state, byte) {
            (State::Start, b'{') => self.open(byte),
            (State::Start, _) if self.read < BOM.len() && byte == BOM[self.read] => Ok(()),
            (State::Start, _) => Err(self.expected("a '{'", byte)),

            (State::Value, b']') if self.in_array() => self.close(byte),
            (State::Value, _) => self.begin_value(byte),

            (State::AfterValue | State::AfterStray, b',') => {
                self.state = if self.in_array() { State::Value } else { State::Key };
                Ok(())
            }
            (State::AfterValue, b'}') if self.in_array() => {
                if self.strays.len() < MAX_DIAGS {
                    self.strays.push(self.pos);
                }
                self.state = State::AfterStray;
                Ok(())
            }
            (State::AfterValue, b']' | b'}') => self.close(byte),
            (State::AfterStray, b']') => self.close(byte),
            (State::AfterValue | State::AfterStray, _) => {
                let what = if self.in_array() { "',' or ']'" } else { "',' or '}'" };
                Err(self.expected(what, byte))
            }

            (State::FirstKey | State::Key, b'"') => {
                self.begin_token(State::InString);
                Ok(())
            }
            (State::FirstKey, b'}') => self.close(byte),
            (State::FirstKey | State::Key, _) => Err(self.expected("a key in quotes", byte)),

            (State::Colon, b':') => {
                self.state = State::Value;
                Ok(())
            }
            (State::Colon, _) => Err(self.expected("':'", byte)),

            (
                State::InString
                | State::Escape
                | State::Hex { .. }
                | State::Number
                | State::Word
                | State::Done,
                _,
            ) => Ok(()),
        }
    }

    fn begin_value(&mut self, byte: u8) -> Result<(), SyntaxError> {
        match byte {
            b'{' | b'[' => self.open(byte),
            b'"' => {
                self.begin_token(State::InString);
                Ok(())
            }
            b'-' | b'0'..=b'9' => {
                self.begin_token(State::Number);
                self.number_byte(byte)
            }
            b't' | b'f' | b'n' => {
                self.begin_token(State::Word);
                self.word_byte(byte)
            }
            _ => Err(self.expected("a value", byte)),
        }
    }

    fn begin_token(&mut self, state: State) {
        self.state = state;
        self.token.clear();
        self.token_pos = self.pos;
    }

    fn open(&mut self, byte: u8) -> Result<(), SyntaxError> {
        if self.stack.len() == MAX_DEPTH {
            let message = format!("nested more than {MAX_DEPTH} deep");
            return Err(self.error_here(Kind::TooBig, message));
        }
        let pos = self.pos;
        if byte == b'{' {
            self.stack.push(Frame::Object { pos, members: Vec::new(), key: None });
            self.state = State::FirstKey;
        } else {
            self.stack.push(Frame::Array { pos, items: Vec::new() });
            self.state = State::Value;
        }
        Ok(())
    }

    fn close(&mut self, byte: u8) -> Result<(), SyntaxError> {
        if self.in_array() != (byte == b']') {
            return Err(self.expected("',' or '}'", byte));
        }
        match self.stack.pop() {
            Some(frame) => self.add(frame.close(false)),
            None => Err(self.expected("a '{'", byte)),
        }
    }

    fn in_array(&self) -> bool {
        matches!(self.stack.last(), Some(Frame::Array { .. }))
    }

    fn add_token(&mut self, value: Value) -> Result<(), SyntaxError> {
        self.add(Node { pos: self.token_pos, value, open: false })
    }

    fn add(&mut self, node: Node) -> Result<(), SyntaxError> {
        if self.values == MAX_VALUES {
            let message = format!("more than {MAX_VALUES} values");
            return Err(self.error_here(Kind::TooBig, message));
        }
        self.values += 1;
        match self.stack.last_mut() {
            Some(parent) => {
                parent.add(node);
                self.state = State::AfterValue;
            }
            None => {
                self.root = Some(node);
                self.state = State::Done;
            }
        }
        Ok(())
    }

    fn string_byte(&mut self, byte: u8) -> Result<(), SyntaxError> {
        if self.high_surrogate.is_some() && byte != b'\\' {
            return Err(self.lone_surrogate());
        }
        match byte {
            b'"' => return self.end_string(),
            b'\\' => self.state = State::Escape,
            0..=0x1f => {
                let message = format!("a control character (0x{byte:02x}) in a string");
                return Err(self.error_here(Kind::Syntax, message));
            }
            _ => self.token.push(byte),
        }
        Ok(())
    }

    fn end_string(&mut self) -> Result<(), SyntaxError> {
        let Ok(text) = String::from_utf8(std::mem::take(&mut self.token)) else {
            let message = "the string is not UTF-8".to_owned();
            return Err(SyntaxError { kind: Kind::Encoding, pos: self.token_pos, message });
        };
        if let Some(Frame::Object { key: key @ None, .. }) = self.stack.last_mut() {
            *key = Some((text, self.token_pos));
            self.state = State::Colon;
            return Ok(());
        }
        self.add_token(Value::Text(text))
    }

    fn escape_byte(&mut self, byte: u8) -> Result<(), SyntaxError> {
        if self.high_surrogate.is_some() && byte != b'u' {
            return Err(self.lone_surrogate());
        }
        let plain = match byte {
            b'u' => {
                self.state = State::Hex { left: 4, code: 0 };
                return Ok(());
            }
            b'"' | b'\\' | b'/' => byte,
            b'b' => 0x08,
            b'f' => 0x0c,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            _ => return Err(self.expected("an escape character", byte)),
        };
        self.token.push(plain);
        self.state = State::InString;
        Ok(())
    }

    fn hex_byte(&mut self, byte: u8, left: u8, code: u16) -> Result<(), SyntaxError> {
        let Some(digit) = char::from(byte).to_digit(16) else {
            return Err(self.expected("a hexadecimal digit", byte));
        };
        let code = (code << 4) | digit as u16;
        if left > 1 {
            self.state = State::Hex { left: left - 1, code };
            return Ok(());
        }
        self.state = State::InString;
        let high = self.high_surrogate.take();
        if high.is_none() && (0xd800..0xdc00).contains(&code) {
            self.high_surrogate = Some(code);
            return Ok(());
        }
        let units = high.into_iter().chain([code]);
        match char::decode_utf16(units).next() {
            Some(Ok('\0')) => Err(self.error_here(Kind::BadValue, "a NUL in a string".to_owned())),
            Some(Ok(c)) => {
                self.token.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                Ok(())
            }
            Some(Err(_)) | None => Err(self.lone_surrogate()),
        }
    }

    fn number_byte(&mut self, byte: u8) -> Result<(), SyntaxError> {
        if self.token.len() == MAX_NUMBER {
            let message = format!("a number longer than {MAX_NUMBER} characters");
            return Err(self.error_here(Kind::TooBig, message));
        }
        self.token.push(byte);
        Ok(())
    }

    fn end_number(&mut self) -> Result<(), SyntaxError> {
        // only ASCII gets into it, see is_number_byte()
        let text = String::from_utf8_lossy(&self.token).into_owned();
        if !is_number(&text) {
            let message = format!("'{text}' is not a number");
            return Err(SyntaxError { kind: Kind::Syntax, pos: self.token_pos, message });
        }
        self.add_token(Value::Number(text))
    }

    fn word_byte(&mut self, byte: u8) -> Result<(), SyntaxError> {
        self.token.push(byte);
        let token = self.token.as_slice();
        if ["true", "false", "null"].iter().any(|word| word.as_bytes().starts_with(token)) {
            return Ok(());
        }
        Err(self.bad_word())
    }

    fn end_word(&mut self) -> Result<(), SyntaxError> {
        let value = match self.token.as_slice() {
            b"true" => Value::Bool(true),
            b"false" => Value::Bool(false),
            b"null" => Value::Null,
            _ => return Err(self.bad_word()),
        };
        self.add_token(value)
    }

    fn bad_word(&self) -> SyntaxError {
        let text = String::from_utf8_lossy(&self.token);
        let message = format!("expected true, false or null but found '{text}'");
        SyntaxError { kind: Kind::Syntax, pos: self.token_pos, message }
    }

    fn lone_surrogate(&self) -> SyntaxError {
        self.error_here(Kind::Encoding, "half a surrogate pair in a string".to_owned())
    }

    fn expected(&self, what: &str, found: u8) -> SyntaxError {
        let found = match found {
            b' '..=b'~' => format!("'{}'", char::from(found)),
            _ => format!("0x{found:02x}"),
        };
        self.error_here(Kind::Syntax, format!("expected {what} but found {found}"))
    }

    fn error_here(&self, kind: Kind, message: String) -> SyntaxError {
        SyntaxError { kind, pos: self.pos, message }
    }
}

impl Frame {
    fn add(&mut self, node: Node) {
        match self {
            Self::Array { items, .. } => items.push(node),
            Self::Object { members, key, .. } => {
                if let Some((key, pos)) = key.take() {
                    members.push(Member { key, pos, node });
                }
            }
        }
    }

    /// A key that still waits for its value is dropped.
    fn close(self, open: bool) -> Node {
        match self {
            Self::Array { pos, items } => Node { pos, value: Value::Array(items), open },
            Self::Object { pos, members, .. } => Node { pos, value: Value::Object(members), open },
        }
    }
}

fn is_number_byte(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E')
}

/// RFC 8259 section 6, with leading zeros allowed.
fn is_number(text: &str) -> bool {
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    all_digits(whole)
        && fraction.is_none_or(all_digits)
        && exponent.is_none_or(|e| all_digits(e.strip_prefix(['+', '-']).unwrap_or(e)))
}
