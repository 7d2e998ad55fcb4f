//! Text split into words, numbers, quoted text and single characters.

use std::ffi::{c_char, c_int};
use std::ops::ControlFlow::{self, Break, Continue};
use std::ptr::null;

use crate::ffi::panic::guard;
use crate::ffi::ptr::put_c_string;
use crate::ffi::types::*;

/// What `lws_tokenize_init` takes for the length of a text that ends with a NUL.
const NO_LENGTH: usize = c_int::MAX as usize;

/// What separates in the fields of HTTP headers (RFC 7230, 3.2.6).
const HTTP_SEPARATORS: &[u8] = b"(),/:;<=>?@[\\]{}";

/// `lws_tokenize::bits`.
const RESET: u8 = 1;
const CRLF: u8 = 2;
const DRY: u8 = 4;
/// The input ran out inside a comment. Only looked at together with `DRY`, which programs that
/// set the struct up themselves know.
const COMMENT: u8 = 8;

/// Characters that belong to words if a flag says so.
const JOINABLE: [(u8, c_int); 5] = [
    (b'-', LWS_TOKENIZE_F_MINUS_NONTERM),
    (b'.', LWS_TOKENIZE_F_DOT_NONTERM),
    (b'*', LWS_TOKENIZE_F_ASTERISK_NONTERM),
    (b'=', LWS_TOKENIZE_F_EQUALS_NONTERM),
    (b'+', LWS_TOKENIZE_F_PLUS_NONTERM),
];

/// What a finished word turns out to be.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Word,
    Integer,
    Float,
}

type Step = ControlFlow<lws_tokenize_elem>;

/// The tokenizer's struct while it is at work.
struct Tokenizer<'a> {
    ts: &'a mut lws_tokenize,
    in_comment: bool,
    utf8: Utf8,
}

/// Bytes of a character that may still be to come, with the bounds of the next one (RFC 3629).
#[derive(Clone, Copy, Default)]
struct Utf8 {
    more: u8,
    low: u8,
    high: u8,
}

impl Utf8 {
    /// Takes the next byte; `None` if it cannot come here.
    fn next(self, byte: u8) -> Option<Self> {
        if self.more > 0 {
            let good = (self.low..=self.high).contains(&byte);
            return good.then_some(Self { more: self.more - 1, low: 0x80, high: 0xbf });
        }
        let (more, low, high) = match byte {
            0..=0x7f => (0, 0, 0),
            0xc2..=0xdf => (1, 0x80, 0xbf),
            0xe0 => (2, 0xa0, 0xbf),
            0xed => (2, 0x80, 0x9f),
            0xe1..=0xef => (2, 0x80, 0xbf),
            0xf0 => (3, 0x90, 0xbf),
            0xf1..=0xf3 => (3, 0x80, 0xbf),
            0xf4 => (3, 0x80, 0x8f),
            _ => return None,
        };
        Some(Self { more, low, high })
    }

    /// Where a text leaves off.
    fn after(text: impl Iterator<Item = u8>) -> Self {
        // what was wrong with it has been said before
        text.fold(Self::default(), |at, byte| at.next(byte).unwrap_or_default())
    }
}

impl Tokenizer<'_> {
    fn has(&self, flag: c_int) -> bool {
        c_int::from(self.ts.flags) & flag != 0
    }

    fn set(&mut self, bit: u8, on: bool) {
        self.ts.bits = if on { self.ts.bits | bit } else { self.ts.bits & !bit };
    }

    /// What is collected.
    fn collected(&self) -> impl Iterator<Item = u8> + '_ {
        self.ts.collect.iter().take(self.ts.token_len).map(|&c| c as u8)
    }

    fn room(&self) -> usize {
        self.ts.collect.len() - 1
    }

    /// Adds a byte to what is collected; says so if that is full.
    fn collect(&mut self, byte: u8) -> Step {
        let at = self.ts.token_len.min(self.room() - 1);
        self.ts.collect[at] = byte as c_char;
        self.ts.collect[at + 1] = 0;
        self.ts.token_len = at + 1;
        if self.ts.token_len < self.room() {
            return Continue(());
        }
        Break(match (self.has(LWS_TOKENIZE_F_CHUNK), self.ts.state) {
            (false, _) => LWS_TOKZE_TOO_LONG,
            (true, LWS_TOKZS_QUOTED_STRING) => LWS_TOKZE_QUOTED_STRING_CHUNK,
            (true, _) => LWS_TOKZE_TOKEN_CHUNK,
        })
    }

    /// Begins to collect.
    fn begin(&mut self, state: lws_tokenize_state) {
        self.ts.state = state;
        self.ts.effline = self.ts.line;
        self.ts.token = self.ts.collect.as_ptr();
        self.ts.token_len = 0;
        self.ts.collect[0] = 0;
    }

    fn kind(&self) -> Kind {
        let integers = !self.has(LWS_TOKENIZE_F_NO_INTEGERS);
        let digit = |c: u8| c.is_ascii_digit();
        let begins = integers && self.collected().next().is_some_and(digit);
        let points = self.collected().filter(|&c| c == b'.').count();
        if !begins || !self.collected().all(|c| digit(c) || c == b'.') {
            return Kind::Word;
        }
        match points {
            0 => Kind::Integer,
            1 if !self.has(LWS_TOKENIZE_F_NO_FLOATS) => Kind::Float,
            _ => Kind::Word,
        }
    }

    /// The word is complete.
    fn finish(&mut self) -> lws_tokenize_elem {
        self.set(RESET, true);
        match self.kind() {
            Kind::Word => LWS_TOKZE_TOKEN,
            Kind::Integer => LWS_TOKZE_INTEGER,
            Kind::Float => LWS_TOKZE_FLOAT,
        }
    }

    /// Whether a character separates words.
    fn separates(&self, byte: u8) -> bool {
        let joined = (byte == b':' && self.has(LWS_TOKENIZE_F_COLON_NONTERM))
            || (byte == b'/' && self.has(LWS_TOKENIZE_F_SLASH_NONTERM));
        if joined || !byte.is_ascii() {
            return false;
        }
        let joinable = JOINABLE.iter().find(|(c, _)| *c == byte);
        if self.has(LWS_TOKENIZE_F_RFC7230_DELIMS) {
            HTTP_SEPARATORS.contains(&byte) || joinable.is_some_and(|(_, flag)| !self.has(*flag))
        } else {
            let word = byte.is_ascii_alphanumeric() || byte == b'_';
            !word && !joinable.is_some_and(|(_, flag)| self.has(*flag))
        }
    }

    fn in_word(&self) -> bool {
        matches!(self.ts.state, LWS_TOKZS_TOKEN | LWS_TOKZS_TOKEN_POST_TERMINAL)
    }

    /// In a list, content may not follow content.
    fn list_takes_content(&mut self) -> bool {
        if !self.has(LWS_TOKENIZE_F_COMMA_SEP_LIST) {
            return true;
        }
        let free = self.ts.delim != LWSTZ_DT_NEED_DELIM as u8;
        self.ts.delim = LWSTZ_DT_NEED_DELIM as u8;
        free
    }

    fn space(&mut self, byte: u8) -> Step {
        let crlf = self.ts.bits & CRLF != 0;
        if byte == b'\n' || byte == b'\r' && !crlf {
            self.ts.line = self.ts.line.wrapping_add(1);
        }
        if byte == b'\n' {
            self.set(CRLF, true);
        }
        match self.ts.state {
            LWS_TOKZS_QUOTED_STRING => return self.collect(byte),
            LWS_TOKZS_TOKEN => self.ts.state = LWS_TOKZS_TOKEN_POST_TERMINAL,
            _ => {}
        }
        Continue(())
    }

    fn quote(&mut self) -> Step {
        if self.ts.state == LWS_TOKZS_QUOTED_STRING {
            self.set(RESET, true);
            return Break(LWS_TOKZE_QUOTED_STRING);
        }
        if !self.list_takes_content() {
            return Break(LWS_TOKZE_ERR_COMMA_LIST);
        }
        self.begin(LWS_TOKZS_QUOTED_STRING);
        Continue(())
    }

    /// `=` or `:` behind a word.
    fn names(&mut self, byte: u8) -> Option<lws_tokenize_elem> {
        let element = match byte {
            b'=' if !self.has(LWS_TOKENIZE_F_EQUALS_NONTERM) => match self.kind() {
                Kind::Word => LWS_TOKZE_TOKEN_NAME_EQUALS,
                Kind::Integer | Kind::Float => LWS_TOKZE_ERR_NUM_ON_LHS,
            },
            b':' if self.has(LWS_TOKENIZE_F_AGG_COLON) => LWS_TOKZE_TOKEN_NAME_COLON,
            _ => return None,
        };
        self.set(RESET, true);
        Some(element)
    }

    /// A character that separates, with no word in front of it. `at` is where it is.
    fn separator(&mut self, byte: u8, at: *const c_char) -> Step {
        if self.has(LWS_TOKENIZE_F_COMMA_SEP_LIST) {
            if byte != b',' || self.ts.delim != LWSTZ_DT_NEED_DELIM as u8 {
                return Break(LWS_TOKZE_ERR_COMMA_LIST);
            }
            self.ts.delim = LWSTZ_DT_NEED_NEXT_CONTENT as u8;
        }
        self.ts.effline = self.ts.line;
        self.ts.token = at;
        self.ts.token_len = 1;
        self.set(RESET, true);
        Break(LWS_TOKZE_DELIMITER)
    }

    /// A character of a word or of quoted text.
    fn content(&mut self, byte: u8) -> Step {
        if !matches!(self.ts.state, LWS_TOKZS_QUOTED_STRING | LWS_TOKZS_TOKEN) {
            if !self.list_takes_content() {
                self.set(RESET, true);
                return Break(LWS_TOKZE_ERR_COMMA_LIST);
            }
            self.begin(LWS_TOKZS_TOKEN);
            self.set(RESET, true);
        }
        self.collect(byte)
    }

    /// Whether a word that is over has to be said before this character is looked at.
    fn word_first(&self, byte: u8) -> bool {
        match self.ts.state {
            LWS_TOKZS_TOKEN_POST_TERMINAL => true,
            LWS_TOKZS_TOKEN => byte != b'"' && self.separates(byte),
            _ => false,
        }
    }

    /// Looks at one character, which is `at`. `None`: it is to be looked at again, behind the
    /// word that is said first.
    fn step(&mut self, byte: u8, at: *const c_char) -> Option<Step> {
        let quoted = self.ts.state == LWS_TOKZS_QUOTED_STRING;
        let line_end = matches!(byte, b'\r' | b'\n');
        if self.in_comment && !line_end {
            return Some(Continue(()));
        }
        self.in_comment = false;
        let Some(utf8) = self.utf8.next(byte) else {
            return Some(Break(LWS_TOKZE_ERR_BROKEN_UTF8));
        };
        self.utf8 = utf8;
        if byte == b'#' && !quoted && self.has(LWS_TOKENIZE_F_HASH_COMMENT) {
            self.in_comment = true;
            return Some(Continue(()));
        }
        if line_end || matches!(byte, b' ' | b'\t' | b'\x0c') {
            return Some(self.space(byte));
        }
        self.set(CRLF, false);
        if self.in_word()
            && let Some(element) = self.names(byte)
        {
            return Some(Break(element));
        }
        let point = byte == b'.' && self.ts.state == LWS_TOKZS_TOKEN;
        if point && !self.has(LWS_TOKENIZE_F_NO_FLOATS) {
            match self.kind() {
                Kind::Word => {}
                Kind::Integer => return Some(self.collect(byte)),
                Kind::Float => return Some(Break(LWS_TOKZE_ERR_MALFORMED_FLOAT)),
            }
        }
        if self.word_first(byte) {
            return None;
        }
        Some(match byte {
            b'"' => self.quote(),
            _ if !quoted && self.separates(byte) => self.separator(byte, at),
            _ => self.content(byte),
        })
    }

    /// The input has ended.
    fn end(&mut self) -> lws_tokenize_elem {
        let list = self.has(LWS_TOKENIZE_F_COMMA_SEP_LIST);
        if self.has(LWS_TOKENIZE_F_EXPECT_MORE) {
            self.set(RESET, false);
            self.set(DRY, true);
            self.set(COMMENT, self.in_comment);
            return LWS_TOKZE_WANT_READ;
        }
        if self.utf8.more > 0 {
            return LWS_TOKZE_ERR_BROKEN_UTF8;
        }
        match self.ts.state {
            LWS_TOKZS_QUOTED_STRING => LWS_TOKZE_ERR_UNTERM_STRING,
            LWS_TOKZS_TOKEN | LWS_TOKZS_TOKEN_POST_TERMINAL => self.finish(),
            _ if list && self.ts.delim == LWSTZ_DT_NEED_NEXT_CONTENT as u8 => {
                LWS_TOKZE_ERR_COMMA_LIST
            }
            _ => LWS_TOKZE_ENDED,
        }
    }

    /// Takes up where the last call left off.
    fn resume(&mut self) {
        let dry = self.ts.bits & DRY != 0;
        self.in_comment = dry && self.ts.bits & COMMENT != 0;
        if self.ts.token == self.ts.collect.as_ptr() {
            self.utf8 = Utf8::after(self.collected());
        }
        if !dry {
            self.ts.token = self.ts.collect.as_ptr();
        }
        if self.ts.bits & RESET != 0 {
            self.ts.state = LWS_TOKZS_LEADING_WHITESPACE;
            self.ts.token_len = 0;
        } else if self.ts.token_len >= self.room() {
            self.ts.token_len = 0;
        }
        self.set(RESET | DRY | COMMENT, false);
    }

    /// # Safety
    /// `ts.start` has `ts.len` readable bytes, or ends with a NUL.
    unsafe fn run(&mut self) -> lws_tokenize_elem {
        self.resume();
        if self.ts.start.is_null() {
            self.ts.len = 0;
        }
        while self.ts.len > 0 {
            let at = self.ts.start;
            // SAFETY: as the caller promises; nothing behind a NUL is read, not by later calls either.
            let byte = unsafe { at.read() } as u8;
            if byte == 0 {
                self.ts.len = 0;
                break;
            }
            let Some(step) = self.step(byte, at) else { return self.finish() };
            self.ts.start = at.wrapping_add(1);
            self.ts.len -= 1;
            if let Break(element) = step {
                return element;
            }
        }
        self.end()
    }
}

/// Sets `ts` up to split the text `start`, which ends with a NUL unless the length is then set in
/// `ts->len`. `flags` are `LWS_TOKENIZE_F_...`.
///
/// # Safety
/// `ts` can be written; the text stays while it is split.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_tokenize_init(
    ts: *mut lws_tokenize,
    start: *const c_char,
    flags: c_int,
) {
    if ts.is_null() {
        return;
    }
    // SAFETY: as the caller promises. What is collected may never have been written and stays so.
    unsafe {
        (*ts).start = start;
        (*ts).len = if start.is_null() { 0 } else { NO_LENGTH };
        (*ts).flags = flags as u16;
        (*ts).delim = LWSTZ_DT_NEED_FIRST_CONTENT as u8;
        (*ts).token = null();
        (*ts).token_len = 0;
        (*ts).state = LWS_TOKZS_LEADING_WHITESPACE;
        (*ts).line = 0;
        (*ts).effline = 0;
        (*ts).bits = 0;
    }
}

/// Finds the next element of the text that `ts` was set up for. Returns what it is, and sets
/// `ts->token` and `ts->token_len` to it; negative values are errors. Words and quoted text lie
/// in `ts->collect`, with a NUL. With `LWS_TOKENIZE_F_EXPECT_MORE` the end of the text is
/// `LWS_TOKZE_WANT_READ`: set `start` and `len` to the next part, in the last one take the flag
/// away.
///
/// # Safety
/// `ts` was set up, and its text has `ts->len` readable bytes or ends with a NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_tokenize(ts: *mut lws_tokenize) -> lws_tokenize_elem {
    guard("lws_tokenize", LWS_TOKZE_ENDED, || {
        // SAFETY: as the caller promises.
        unsafe {
            let Some(ts) = ts.as_mut() else { return LWS_TOKZE_ENDED };
            Tokenizer { ts, in_comment: false, utf8: Utf8::default() }.run()
        }
    })
}

/// Copies the element that `ts` found last to `str`, with a NUL. Returns 0, or 1 if it is longer
/// than `max` less 2 bytes; nothing is copied then.
///
/// # Safety
/// `lws_tokenize` found an element; `str` has `max` writable bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn lws_tokenize_cstr(
    ts: *mut lws_tokenize,
    str: *mut c_char,
    max: usize,
) -> c_int {
    guard("lws_tokenize_cstr", 1, || {
        // SAFETY: as the caller promises.
        unsafe {
            let Some(ts) = ts.as_ref() else { return 1 };
            if ts.token_len.saturating_add(1) >= max {
                return 1;
            }
            let token = crate::ffi::ptr::bytes(ts.token.cast(), ts.token_len);
            put_c_string(str, max, token);
            0
        }
    })
}
