use core::ffi::{c_char, c_int, c_void};

c_enum! {
    pub enum lws_tokenize_elem {
        LWS_TOKZE_ERRS = 7,
        LWS_TOKZE_TOO_LONG = -7,
        LWS_TOKZE_WANT_READ = -6,
        LWS_TOKZE_ERR_BROKEN_UTF8 = -5,
        LWS_TOKZE_ERR_UNTERM_STRING = -4,
        LWS_TOKZE_ERR_MALFORMED_FLOAT = -3,
        LWS_TOKZE_ERR_NUM_ON_LHS = -2,
        LWS_TOKZE_ERR_COMMA_LIST = -1,
        LWS_TOKZE_ENDED = 0,
        LWS_TOKZE_DELIMITER = 1,
        LWS_TOKZE_TOKEN = 2,
        LWS_TOKZE_INTEGER = 3,
        LWS_TOKZE_FLOAT = 4,
        LWS_TOKZE_TOKEN_NAME_EQUALS = 5,
        LWS_TOKZE_TOKEN_NAME_COLON = 6,
        LWS_TOKZE_QUOTED_STRING = 7,
        LWS_TOKZE_TOKEN_CHUNK = 8,
        LWS_TOKZE_QUOTED_STRING_CHUNK = 9,
    }
}

c_enum! {
    pub enum lws_tokenize_delimiter_tracking {
        LWSTZ_DT_NEED_FIRST_CONTENT = 0,
        LWSTZ_DT_NEED_DELIM = 1,
        LWSTZ_DT_NEED_NEXT_CONTENT = 2,
    }
}

c_enum! {
    pub enum lws_tokenize_state {
        LWS_TOKZS_LEADING_WHITESPACE = 0,
        LWS_TOKZS_QUOTED_STRING = 1,
        LWS_TOKZS_TOKEN = 2,
        LWS_TOKZS_TOKEN_POST_TERMINAL = 3,
    }
}

pub const LSTRX_DONE: c_int = 0;
pub const LSTRX_FILLED_OUT: c_int = 1;
pub const LSTRX_FATAL_NAME_TOO_LONG: c_int = -1;
pub const LSTRX_FATAL_NAME_UNKNOWN: c_int = -2;

pub type lws_strexp_expand_cb = Option<
    unsafe extern "C" fn(
        *mut c_void,
        *const c_char,
        *mut c_char,
        *mut usize,
        usize,
        *mut usize,
    ) -> c_int,
>;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_tokenize {
    pub collect: [c_char; 256],
    pub start: *const c_char,
    pub token: *const c_char,
    pub len: usize,
    pub token_len: usize,
    pub state: lws_tokenize_state,
    pub line: c_int,
    pub effline: c_int,
    pub flags: u16,
    pub delim: u8,
    pub e: i8,
    pub bits: u8, // Rust only
                  //C /// cbindgen:bitfield=1
                  //C pub reset_token: u8,
                  //C /// cbindgen:bitfield=1
                  //C pub crlf: u8,
                  //C /// cbindgen:bitfield=1
                  //C pub dry: u8,
}

pub type lws_tokenize_t = lws_tokenize;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_strexp {
    pub name: [c_char; 32],
    pub cb: lws_strexp_expand_cb,
    pub r#priv: *mut c_void,
    pub out: *mut c_char,
    pub olen: usize,
    pub pos: usize,
    pub exp_ofs: usize,
    pub name_pos: u8,
    pub state: c_char,
}

pub type lws_strexp_t = lws_strexp;
