use core::ffi::{c_char, c_int, c_void};

use super::base::lws_usec_t;

#[repr(C)]
pub struct lws_metric_bucket {
    _private: [u8; 0],
}

pub const LWSMTFL_REPORT_OUTLIERS: c_int = 1;
pub const LWSMTFL_REPORT_OOB: c_int = 2;
pub const LWSMTFL_REPORT_INACTIVITY_AT_PERIODIC: c_int = 4;
pub const LWSMTFL_REPORT_MEAN: c_int = 8;
pub const LWSMTFL_REPORT_ONLY_GO: c_int = 16;
pub const LWSMTFL_REPORT_DUTY_WALLCLOCK_US: c_int = 32;
pub const LWSMTFL_REPORT_HIST: c_int = 64;

pub const LMT_NORMAL: c_int = 0;
pub const LMT_OUTLIER: c_int = 1;
pub const LMT_FAIL: c_int = 2;
pub const LMT_COUNT: c_int = 3;

pub type u_mt_t = u64;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_metric_hist {
    pub head: *mut lws_metric_bucket,
    pub total_count: u64,
    pub list_size: u32,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_metric_agg {
    pub sum: [u_mt_t; 2],
    pub min: u_mt_t,
    pub max: u_mt_t,
    pub count: [u32; 2],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union lws_metric_pub_u {
    pub agg: lws_metric_agg,
    pub hist: lws_metric_hist,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_metric_pub {
    pub name: *const c_char,
    pub backend_opaque: *mut c_void,
    pub us_first: lws_usec_t,
    pub us_last: lws_usec_t,
    pub us_dumped: lws_usec_t,
    pub u: lws_metric_pub_u,
    pub flags: u8,
}

pub type lws_metric_pub_t = lws_metric_pub;
