//! What a metric tells when it is reported.

use core::ffi::{c_char, c_int, c_void};

use super::base::lws_usec_t;

/// A bar of a histogram. Opaque.
#[repr(C)]
pub struct lws_metric_bucket {
    _private: [u8; 0],
}

/// The C name of `lws_metric_bucket`.
pub type lws_metric_bucket_t = lws_metric_bucket;

/// Report outliers at once.
pub const LWSMTFL_REPORT_OUTLIERS: c_int = 1;
/// Report each event at once.
pub const LWSMTFL_REPORT_OOB: c_int = 2;
/// Report even if nothing happened.
pub const LWSMTFL_REPORT_INACTIVITY_AT_PERIODIC: c_int = 4;
/// A mean makes sense for it.
pub const LWSMTFL_REPORT_MEAN: c_int = 8;
/// Only successes are counted.
pub const LWSMTFL_REPORT_ONLY_GO: c_int = 16;
/// Report the share of the time that has passed.
pub const LWSMTFL_REPORT_DUTY_WALLCLOCK_US: c_int = 32;
/// It is a histogram.
pub const LWSMTFL_REPORT_HIST: c_int = 64;

/// Kind: normal.
pub const LMT_NORMAL: c_int = 0;
/// Kind: outlier.
pub const LMT_OUTLIER: c_int = 1;
/// Kind: failure.
pub const LMT_FAIL: c_int = 2;
/// How many kinds there are.
pub const LMT_COUNT: c_int = 3;

/// A metric's value.
pub type u_mt_t = u64;

/// A histogram.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_metric_hist {
    /// The first bar, or NULL.
    pub head: *mut lws_metric_bucket,
    /// Number of events.
    pub total_count: u64,
    /// Number of bars.
    pub list_size: u32,
}

/// Sums of a metric; index 0 is success, 1 failure.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_metric_agg {
    /// Sum of the values.
    pub sum: [u_mt_t; 2],
    /// Smallest value.
    pub min: u_mt_t,
    /// Largest value.
    pub max: u_mt_t,
    /// Number of values.
    pub count: [u32; 2],
}

/// What was measured, by the flags.
#[repr(C)]
#[derive(Clone, Copy)]
pub union lws_metric_pub_u {
    /// Sums.
    pub agg: lws_metric_agg,
    /// A histogram, with `LWSMTFL_REPORT_HIST`.
    pub hist: lws_metric_hist,
}

/// A metric as reported.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_metric_pub {
    /// Its name.
    pub name: *const c_char,
    /// The reporter's own pointer.
    pub backend_opaque: *mut c_void,
    /// Time of the first event.
    pub us_first: lws_usec_t,
    /// Time of the last event.
    pub us_last: lws_usec_t,
    /// Time of the last report.
    pub us_dumped: lws_usec_t,
    /// What was measured.
    pub u: lws_metric_pub_u,
    /// `LWSMTFL_...`.
    pub flags: u8,
}

/// The C name of `lws_metric_pub`.
pub type lws_metric_pub_t = lws_metric_pub;
