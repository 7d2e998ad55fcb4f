//! What clients of a proxy put into `info.protocols`.

use std::ptr::{null, null_mut};

use super::super::types::lws_protocols;

/// A table of constant strings.
#[repr(transparent)]
pub struct Table<const N: usize>([lws_protocols; N]);

// SAFETY: the pointers are NULL or to constant strings.
unsafe impl<const N: usize> Sync for Table<N> {}

const END: lws_protocols = lws_protocols {
    name: null(),
    callback: None,
    per_session_data_size: 0,
    rx_buffer_size: 0,
    id: 0,
    user: null_mut(),
    tx_packet_size: 0,
};

/// A table for `info.protocols` of contexts whose streams a proxy carries out. Programs give it;
/// nothing is taken from it, the link needs no such protocol.
///
/// cbindgen:ignore
#[allow(non_upper_case_globals, reason = "the C name")]
#[unsafe(no_mangle)]
pub static lws_sspc_protocols: Table<2> =
    Table([lws_protocols { name: c"ssproxy-protocol".as_ptr(), ..END }, END]);
