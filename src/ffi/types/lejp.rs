//! What programs know of the JSON parser: why text was not accepted, and its context.
//! `lws_ss_policy_parse` returns these.

use core::ffi::{c_char, c_int, c_schar, c_void};

c_enum! {
    /// The verdict of a JSON parser: below zero, or how much was left over.
    pub enum lejp_reasons {
        /// More input is wanted.
        LEJP_CONTINUE = -1,
        /// No brace or bracket at the start.
        LEJP_REJECT_IDLE_NO_BRACE = -2,
        /// An object does not close.
        LEJP_REJECT_MEMBERS_NO_CLOSE = -3,
        /// A name does not begin with a quote.
        LEJP_REJECT_MP_NO_OPEN_QUOTE = -4,
        /// A string ends too early.
        LEJP_REJECT_MP_STRING_UNDERRUN = -5,
        /// A control character in a string.
        LEJP_REJECT_MP_ILLEGAL_CTRL = -6,
        /// An unknown escape in a string.
        LEJP_REJECT_MP_STRING_ESC_ILLEGAL_ESC = -7,
        /// An escape with something else than hex digits.
        LEJP_REJECT_ILLEGAL_HEX = -8,
        /// No colon after a name.
        LEJP_REJECT_MP_DELIM_MISSING_COLON = -9,
        /// No value begins like that.
        LEJP_REJECT_MP_DELIM_BAD_VALUE_START = -10,
        /// A decimal point without digits.
        LEJP_REJECT_MP_VAL_NUM_INT_NO_FRAC = -11,
        /// Not a number.
        LEJP_REJECT_MP_VAL_NUM_FORMAT = -12,
        /// Not an exponent.
        LEJP_REJECT_MP_VAL_NUM_EXP_BAD_EXP = -13,
        /// A word other than true, false, null.
        LEJP_REJECT_MP_VAL_TOK_UNKNOWN = -14,
        /// More is closed than was opened.
        LEJP_REJECT_MP_C_OR_E_UNDERF = -15,
        /// A bracket closes something that is not an array.
        LEJP_REJECT_MP_C_OR_E_NOTARRAY = -16,
        /// An array does not close.
        LEJP_REJECT_MP_ARRAY_END_MISSING = -17,
        /// Nested too deep.
        LEJP_REJECT_STACK_OVERFLOW = -18,
        /// Too many nested arrays.
        LEJP_REJECT_MP_DELIM_ISTACK = -19,
        /// A number with too many digits.
        LEJP_REJECT_NUM_TOO_LONG = -20,
        /// Neither a comma nor an end after a value.
        LEJP_REJECT_MP_C_OR_E_NEITHER = -21,
        /// Any other error.
        LEJP_REJECT_UNKNOWN = -22,
        /// Well-formed, but its content was refused.
        LEJP_REJECT_CALLBACK = -23,
    }
}

/// A callback: context and reason.
pub type lejp_callback = Option<unsafe extern "C" fn(*mut lejp_ctx, c_char) -> c_schar>;

/// A piece of a long string.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lejp_string_piece {
    /// The next piece, or NULL.
    pub next: *mut lejp_string_piece,
    /// The text.
    pub piece: *const c_char,
    /// Its length.
    pub len: usize,
}

/// The C name of `lejp_string_piece`.
pub type lejp_string_piece_t = lejp_string_piece;

/// Puts the pieces of a long string together.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lejp_string_unifier {
    /// The first piece, or NULL.
    pub sph: *mut lejp_string_piece,
    /// Where the next piece goes.
    pub sp_next: *mut *mut lejp_string_piece,
    /// Number of pieces.
    pub pieces: c_int,
    /// Length of all of them.
    pub asl: usize,
    /// The whole string.
    pub fp: *mut c_char,
}

/// The C name of `lejp_string_unifier`.
pub type lejp_string_unifier_t = lejp_string_unifier;

/// A level of nesting.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct _lejp_stack {
    /// State.
    pub s: c_char,
    /// Length of the path.
    pub p: c_char,
    /// Length of the index array.
    pub i: c_char,
    /// The program's bits.
    pub b: c_char,
}

/// A callback with the paths that it wants.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct _lejp_parsing_stack {
    /// Its pointer.
    pub user: *mut c_void,
    /// The callback: context and reason.
    pub callback: Option<unsafe extern "C" fn(*mut lejp_ctx, c_char) -> c_schar>,
    /// The paths.
    pub paths: *const *const c_char,
    /// Number of paths.
    pub count_paths: u8,
    /// Length of the path where it began.
    pub ppos: u8,
    /// The path matched, from 1; 0 for none.
    pub path_match: u8,
}

/// A JSON parser. Declared so that programs compile that keep one in their objects.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lejp_ctx {
    /// The program's pointer.
    pub user: *mut c_void,
    /// Callbacks, nested.
    pub pst: [_lejp_parsing_stack; 10],
    /// Levels of nesting.
    pub st: [_lejp_stack; 64],
    /// Indexes in arrays.
    pub i: [u16; 64],
    /// Where wildcards matched.
    pub wild: [u16; 64],
    /// Path of the value at hand.
    pub path: [c_char; 192],
    /// Text of the value at hand.
    pub buf: [c_char; 255],
    /// The string being put together.
    pub su: lejp_string_unifier_t,
    /// Bytes from one path to the next, 0 if they are pointers.
    pub path_stride: usize,
    /// Line.
    pub line: u32,
    /// Unicode escape being read.
    pub uni: u16,
    /// Flags.
    pub flags: u16,
    /// Bytes in `buf`.
    pub npos: u8,
    /// Digits read.
    pub dcount: u8,
    /// Number flags.
    pub f: u8,
    /// Level of nesting.
    pub sp: u8,
    /// Indexes in use.
    pub ipos: u8,
    /// Number of paths.
    pub count_paths: u8,
    /// The path matched, from 1; 0 for none.
    pub path_match: u8,
    /// Length of the match.
    pub path_match_len: u8,
    /// Wildcards matched.
    pub wildcount: u8,
    /// Callback in use.
    pub pst_sp: u8,
    /// The text is an array.
    pub outer_array: u8,
}
