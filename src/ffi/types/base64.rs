//! State of the incremental base64 decoder.

use core::ffi::{c_int, c_uchar};

/// Where an incremental base64 decode stands; set up by `lws_b64_decode_state_init`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_b64state {
    /// Symbols of the group being collected.
    pub quad: [c_uchar; 4],
    /// Bytes decoded so far.
    pub done: usize,
    /// Symbols taken so far.
    pub len: usize,
    /// Position in the group.
    pub i: c_int,
    /// The symbol at hand.
    pub c: c_int,
}
