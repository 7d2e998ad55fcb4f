#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_retry_bo {
    pub retry_ms_table: *const u32,
    pub retry_ms_table_count: u16,
    pub conceal_count: u16,
    pub secs_since_valid_ping: u16,
    pub secs_since_valid_hangup: u16,
    pub jitter_percent: u8,
}

pub type lws_retry_bo_t = lws_retry_bo;
