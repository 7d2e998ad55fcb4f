use super::base::lws_usec_t;
use super::dll2::lws_dll2;

pub type sul_cb_t = Option<unsafe extern "C" fn(*mut lws_sorted_usec_list)>;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_sorted_usec_list {
    pub list: lws_dll2,
    pub us: lws_usec_t,
    pub cb: sul_cb_t,
    pub latency_us: u32,
}

pub type lws_sorted_usec_list_t = lws_sorted_usec_list;
