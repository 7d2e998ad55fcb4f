//! QUIC congestion control: declared because the context's arguments name it; not used.

use core::ffi::c_int;

use super::base::{lws, lws_usec_t};

/// A congestion control algorithm.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_cc_ops {
    /// A connection begins.
    pub init: Option<unsafe extern "C" fn(*mut lws)>,
    /// Bytes were sent.
    pub on_sent: Option<unsafe extern "C" fn(*mut lws, usize)>,
    /// Bytes were acknowledged, after so many microseconds.
    pub on_ack: Option<unsafe extern "C" fn(*mut lws, usize, lws_usec_t)>,
    /// Bytes were lost.
    pub on_loss: Option<unsafe extern "C" fn(*mut lws, usize)>,
    /// Bytes no longer count.
    pub on_discard: Option<unsafe extern "C" fn(*mut lws, usize)>,
    /// Everything was lost for a while.
    pub on_persistent_congestion: Option<unsafe extern "C" fn(*mut lws)>,
    /// May so many bytes be sent?
    pub can_send: Option<unsafe extern "C" fn(*mut lws, usize) -> c_int>,
    /// Microseconds to wait before so many bytes.
    pub get_pacing_delay: Option<unsafe extern "C" fn(*mut lws, usize) -> lws_usec_t>,
}
