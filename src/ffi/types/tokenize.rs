//! Splitting text into tokens, and filling in `${...}`.

use core::ffi::{c_char, c_int, c_void};

c_enum! {
    /// What was found.
    pub enum lws_tokenize_element: lws_tokenize_elem {
        /// How many errors there are.
        LWS_TOKZE_ERRS = 7,
        /// Error: a token does not fit.
        LWS_TOKZE_TOO_LONG = -7,
        /// More input is wanted.
        LWS_TOKZE_WANT_READ = -6,
        /// Error: not UTF-8.
        LWS_TOKZE_ERR_BROKEN_UTF8 = -5,
        /// Error: a quote is not closed.
        LWS_TOKZE_ERR_UNTERM_STRING = -4,
        /// Error: not a number.
        LWS_TOKZE_ERR_MALFORMED_FLOAT = -3,
        /// Error: a number stands for a name.
        LWS_TOKZE_ERR_NUM_ON_LHS = -2,
        /// Error: commas in the wrong place.
        LWS_TOKZE_ERR_COMMA_LIST = -1,
        /// The end.
        LWS_TOKZE_ENDED = 0,
        /// A single character that separates.
        LWS_TOKZE_DELIMITER = 1,
        /// A word.
        LWS_TOKZE_TOKEN = 2,
        /// A whole number.
        LWS_TOKZE_INTEGER = 3,
        /// A number with a point.
        LWS_TOKZE_FLOAT = 4,
        /// A name with `=` after it.
        LWS_TOKZE_TOKEN_NAME_EQUALS = 5,
        /// A name with `:` after it.
        LWS_TOKZE_TOKEN_NAME_COLON = 6,
        /// Text in quotes, without them.
        LWS_TOKZE_QUOTED_STRING = 7,
        /// A part of a word.
        LWS_TOKZE_TOKEN_CHUNK = 8,
        /// A part of a text in quotes.
        LWS_TOKZE_QUOTED_STRING_CHUNK = 9,
    }
}

c_enum! {
    /// Where in a comma-separated list.
    pub enum lws_tokenize_delimiter_tracking {
        /// Before the first entry.
        LWSTZ_DT_NEED_FIRST_CONTENT = 0,
        /// After an entry.
        LWSTZ_DT_NEED_DELIM = 1,
        /// After a comma.
        LWSTZ_DT_NEED_NEXT_CONTENT = 2,
    }
}

c_enum! {
    /// Where in a token.
    pub enum lws_tokenize_position: lws_tokenize_state {
        /// Before it.
        LWS_TOKZS_LEADING_WHITESPACE = 0,
        /// In quotes.
        LWS_TOKZS_QUOTED_STRING = 1,
        /// In a word.
        LWS_TOKZS_TOKEN = 2,
        /// After it.
        LWS_TOKZS_TOKEN_POST_TERMINAL = 3,
    }
}

/// All done.
pub const LSTRX_DONE: c_int = 0;
/// The output is full: take it and go on.
pub const LSTRX_FILLED_OUT: c_int = 1;
/// Error: a name does not fit.
pub const LSTRX_FATAL_NAME_TOO_LONG: c_int = -1;
/// Error: nobody knows the name.
pub const LSTRX_FATAL_NAME_UNKNOWN: c_int = -2;

/// Fills in a name: the caller's pointer, name, output, position in it, room, offset in the value.
pub type lws_strexp_expand_cb = Option<
    unsafe extern "C" fn(
        priv_: *mut c_void,
        name: *const c_char,
        out: *mut c_char,
        pos: *mut usize,
        olen: usize,
        exp_ofs: *mut usize,
    ) -> c_int,
>;

/// Where the tokenizer stands. Set `start`, `len` and `flags`; read `token`, `token_len` and `e`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_tokenize {
    /// Holds tokens that came in pieces.
    pub collect: [c_char; 256],
    /// Text still to be read.
    pub start: *const c_char,
    /// The token found.
    pub token: *const c_char,
    /// Bytes still to be read.
    pub len: usize,
    /// Bytes of the token.
    pub token_len: usize,
    /// Where in a token.
    pub state: lws_tokenize_state,
    /// Line of the text.
    pub line: c_int,
    /// Line without continued ones.
    pub effline: c_int,
    /// `LWS_TOKENIZE_F_...`.
    pub flags: u16,
    /// Where in a list.
    pub delim: u8,
    /// What was found.
    pub e: i8,
    /// Bits 0 to 2: `reset_token`, `crlf`, `dry`.
    pub bits: u8, // Rust only
                  //C /// The next byte begins a token.
                  //C /// cbindgen:bitfield=1
                  //C pub reset_token: c_uint,
                  //C /// The line ended with CR LF.
                  //C /// cbindgen:bitfield=1
                  //C pub crlf: c_uint,
                  //C /// The input ran out.
                  //C /// cbindgen:bitfield=1
                  //C pub dry: c_uint,
}

/// The C name of `lws_tokenize`.
pub type lws_tokenize_t = lws_tokenize;

/// Where a `${...}` expansion stands; set up by `lws_strexp_init`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_strexp {
    /// The name being read.
    pub name: [c_char; 32],
    /// Fills in a name.
    pub cb: lws_strexp_expand_cb,
    /// The caller's pointer.
    pub r#priv: *mut c_void,
    /// The output, or NULL to count only.
    pub out: *mut c_char,
    /// Room at `out`.
    pub olen: usize,
    /// Bytes written.
    pub pos: usize,
    /// Offset in the value being filled in.
    pub exp_ofs: usize,
    /// Bytes of the name.
    pub name_pos: u8,
    /// Where in the syntax.
    pub state: c_char,
}

/// The C name of `lws_strexp`.
pub type lws_strexp_t = lws_strexp;

/// `-` belongs to words.
pub const LWS_TOKENIZE_F_MINUS_NONTERM: c_int = 1 << 0;
/// A word with `:` is a name.
pub const LWS_TOKENIZE_F_AGG_COLON: c_int = 1 << 1;
/// The text is a comma-separated list.
pub const LWS_TOKENIZE_F_COMMA_SEP_LIST: c_int = 1 << 2;
/// Separators are those of HTTP headers.
pub const LWS_TOKENIZE_F_RFC7230_DELIMS: c_int = 1 << 3;
/// `.` belongs to words.
pub const LWS_TOKENIZE_F_DOT_NONTERM: c_int = 1 << 4;
/// Numbers with a point are words.
pub const LWS_TOKENIZE_F_NO_FLOATS: c_int = 1 << 5;
/// Numbers are words.
pub const LWS_TOKENIZE_F_NO_INTEGERS: c_int = 1 << 6;
/// `#` begins a comment.
pub const LWS_TOKENIZE_F_HASH_COMMENT: c_int = 1 << 7;
/// `/` belongs to words.
pub const LWS_TOKENIZE_F_SLASH_NONTERM: c_int = 1 << 8;
/// `*` belongs to words.
pub const LWS_TOKENIZE_F_ASTERISK_NONTERM: c_int = 1 << 9;
/// `=` belongs to words.
pub const LWS_TOKENIZE_F_EQUALS_NONTERM: c_int = 1 << 10;
/// `:` belongs to words.
pub const LWS_TOKENIZE_F_COLON_NONTERM: c_int = 1 << 11;
/// More input follows what is there.
pub const LWS_TOKENIZE_F_EXPECT_MORE: c_int = 1 << 12;
/// `+` belongs to words.
pub const LWS_TOKENIZE_F_PLUS_NONTERM: c_int = 1 << 13;
/// Long words come in pieces.
pub const LWS_TOKENIZE_F_CHUNK: c_int = 1 << 14;
