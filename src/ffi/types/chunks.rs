//! Memory that is given out piece by piece and freed all at once.

use core::ffi::{c_int, c_uchar, c_void};

/// A chunk of such memory; the first one stands for all. Opaque.
#[repr(C)]
pub struct lwsac {
    _private: [u8; 0],
}

/// The contents of a file, as `lwsac_cached_file` keeps them.
pub type lwsac_cached_file_t = *mut c_uchar;

/// A link of a chain: the address of a member that holds the next one's address.
pub type lws_list_ptr = *mut c_void;

/// Compares two links' objects: negative, 0 or positive as `a` is to be before, with or behind
/// `b`.
pub type lws_list_ptr_sort_func_t =
    Option<unsafe extern "C" fn(a: lws_list_ptr, b: lws_list_ptr) -> c_int>;
