use core::ffi::{c_char, c_int, c_void};

#[repr(C)]
pub struct lws_ss_handle {
    _private: [u8; 0],
}

#[repr(C)]
pub struct lws_ss_plugin {
    _private: [u8; 0],
}

c_enum! {
    pub enum lws_ss_constate_t {
        LWSSSCS_CREATING = 1,
        LWSSSCS_DISCONNECTED = 2,
        LWSSSCS_UNREACHABLE = 3,
        LWSSSCS_AUTH_FAILED = 4,
        LWSSSCS_CONNECTED = 5,
        LWSSSCS_CONNECTING = 6,
        LWSSSCS_DESTROYING = 7,
        LWSSSCS_POLL = 8,
        LWSSSCS_ALL_RETRIES_FAILED = 9,
        LWSSSCS_QOS_ACK_REMOTE = 10,
        LWSSSCS_QOS_NACK_REMOTE = 11,
        LWSSSCS_QOS_ACK_LOCAL = 12,
        LWSSSCS_QOS_NACK_LOCAL = 13,
        LWSSSCS_TIMEOUT = 14,
        LWSSSCS_SERVER_TXN = 15,
        LWSSSCS_SERVER_UPGRADE = 16,
        LWSSSCS_EVENT_WAIT_CANCELLED = 17,
        LWSSSCS_UPSTREAM_LINK_RETRY = 18,
        LWSSSCS_SINK_JOIN = 19,
        LWSSSCS_SINK_PART = 20,
        LWSSSCS_USER_BASE = 1000,
    }
}

c_enum! {
    pub enum lws_ss_state_return: lws_ss_state_return_t {
        LWSSSSRET_TX_DONT_SEND = 1,
        LWSSSSRET_OK = 0,
        LWSSSSRET_DISCONNECT_ME = -1,
        LWSSSSRET_DESTROY_ME = -2,
    }
}

pub const LWSSS_FLAG_SOM: c_int = 1;
pub const LWSSS_FLAG_EOM: c_int = 2;
pub const LWSSS_FLAG_POLL: c_int = 4;
pub const LWSSS_FLAG_RELATED_START: c_int = 8;
pub const LWSSS_FLAG_RELATED_END: c_int = 16;
pub const LWSSS_FLAG_RIDESHARE: c_int = 32;
pub const LWSSS_FLAG_PERF_JSON: c_int = 64;

pub const LWSSSINFLAGS_REGISTER_SINK: c_int = 1;
pub const LWSSSINFLAGS_PROXIED: c_int = 2;
pub const LWSSSINFLAGS_SERVER: c_int = 4;
pub const LWSSSINFLAGS_ACCEPTED: c_int = 8;
pub const LWSSSINFLAGS_ACCEPTED_SINK: c_int = 16;

pub type lws_ss_tx_ordinal_t = u32;

pub type lws_sscb_rx =
    Option<unsafe extern "C" fn(*mut c_void, *const u8, usize, c_int) -> lws_ss_state_return_t>;

pub type lws_sscb_tx = Option<
    unsafe extern "C" fn(
        *mut c_void,
        lws_ss_tx_ordinal_t,
        *mut u8,
        *mut usize,
        *mut c_int,
    ) -> lws_ss_state_return_t,
>;

pub type lws_sscb_state = Option<
    unsafe extern "C" fn(
        *mut c_void,
        *mut c_void,
        lws_ss_constate_t,
        lws_ss_tx_ordinal_t,
    ) -> lws_ss_state_return_t,
>;

pub type lws_sssfec_cb = Option<unsafe extern "C" fn(*mut lws_ss_handle, *mut c_void)>;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_info {
    pub streamtype: *const c_char,
    pub user_alloc: usize,
    pub handle_offset: usize,
    pub opaque_user_data_offset: usize,
    pub rx: lws_sscb_rx,
    pub tx: lws_sscb_tx,
    pub state: lws_sscb_state,
    pub manual_initial_tx_credit: c_int,
    pub client_pid: u32,
    pub flags: u8,
    pub sss_protocol_version: u8,
}

pub type lws_ss_info_t = lws_ss_info;
