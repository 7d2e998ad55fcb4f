//! Retry and idle rules.

use core::ffi::c_int;

/// When to try again, and when a quiet connection is suspect.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_retry_bo {
    /// Milliseconds before each retry; the last entry repeats.
    pub retry_ms_table: *const u32,
    /// Entries at `retry_ms_table`.
    pub retry_ms_table_count: u16,
    /// Retries before the failure is told; `LWS_RETRY_CONCEAL_ALWAYS` for ever.
    pub conceal_count: u16,
    /// Seconds without proof of life before a ping; 0 for never.
    pub secs_since_valid_ping: u16,
    /// Seconds without proof of life before hanging up; 0 for never.
    pub secs_since_valid_hangup: u16,
    /// Percent of the delay that is added at random.
    pub jitter_percent: u8,
}

/// The C name of `lws_retry_bo`.
pub type lws_retry_bo_t = lws_retry_bo;

/// For `conceal_count`: failures are never told.
pub const LWS_RETRY_CONCEAL_ALWAYS: c_int = 0xffff;
