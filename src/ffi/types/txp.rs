use core::ffi::{c_char, c_int, c_void};

use super::base::lws_context;
use super::dll2::lws_dll2_owner;
use super::ss::{lws_ss_handle, lws_ss_state_return_t};
use super::sspc::lws_sspc_handle;
use super::sul::lws_sorted_usec_list;

#[repr(C)]
pub struct lws_sss_proxy_conn {
    _private: [u8; 0],
}

c_enum! {
    pub enum lws_sss_cmds_t {
        LWSSS_SER_RXPRE_RX_PAYLOAD = 85,
        LWSSS_SER_RXPRE_CREATE_RESULT = 86,
        LWSSS_SER_RXPRE_CONNSTATE = 87,
        LWSSS_SER_RXPRE_TXCR_UPDATE = 88,
        LWSSS_SER_RXPRE_METADATA = 89,
        LWSSS_SER_RXPRE_TLSNEG_ENCLAVE_SIGN = 90,
        LWSSS_SER_RXPRE_PERF = 91,
        LWSSS_SER_TXPRE_STREAMTYPE = 170,
        LWSSS_SER_TXPRE_ONWARD_CONNECT = 171,
        LWSSS_SER_TXPRE_DESTROYING = 172,
        LWSSS_SER_TXPRE_TX_PAYLOAD = 173,
        LWSSS_SER_TXPRE_METADATA = 174,
        LWSSS_SER_TXPRE_TXCR_UPDATE = 175,
        LWSSS_SER_TXPRE_TIMEOUT_UPDATE = 176,
        LWSSS_SER_TXPRE_PAYLOAD_LENGTH_HINT = 177,
        LWSSS_SER_TXPRE_TLSNEG_ENCLAVE_SIGNED = 178,
        LWSSS_SER_TXPRE_LINK_VALIDITY_PROBE = 179,
    }
}

c_enum! {
    pub enum lws_ss_conn_states_t {
        LPCSPROX_WAIT_INITIAL_TX = 1,
        LPCSPROX_REPORTING_FAIL = 2,
        LPCSPROX_REPORTING_OK = 3,
        LPCSPROX_OPERATIONAL = 4,
        LPCSPROX_DESTROYED = 5,
        LPCSCLI_SENDING_INITIAL_TX = 6,
        LPCSCLI_WAITING_CREATE_RESULT = 7,
        LPCSCLI_LOCAL_CONNECTED = 8,
        LPCSCLI_ONWARD_CONNECT = 9,
        LPCSCLI_OPERATIONAL = 10,
    }
}

c_enum! {
    pub enum lwstmc_parser {
        LWSTMCPAR_CMD = 0,
        LWSTMCPAR_CHIDX_DONE = 1,
        LWSTMCPAR_CHIDX = 2,
        LWSTMCPAR_PLENH = 3,
        LWSTMCPAR_PLENL = 4,
        LWSTMCPAR_PAY = 5,
        LWSTMCPAR_T64_1 = 6,
        LWSTMCPAR_T64_2 = 7,
    }
}

pub const LWSSSS_LLM_CHANNEL_REQ: c_int = 240;
pub const LWSSSS_LLM_CHANNEL_ACK: c_int = 241;
pub const LWSSSS_LLM_CHANNEL_NACK: c_int = 242;
pub const LWSSSS_LLM_CHANNEL_CLOSE: c_int = 243;
pub const LWSSSS_LLM_CHANNEL_CLOSE_ACK: c_int = 244;
pub const LWSSSS_LLM_MUX: c_int = 245;
pub const LWSSSS_LLM_PING: c_int = 246;
pub const LWSSSS_LLM_PONG: c_int = 247;
pub const LWSSSS_LLM_PONGACK: c_int = 248;
pub const LWSSSS_LLM_RESET_TRANSPORT: c_int = 249;

pub const LWSTMC_PENDING_CREATE_CHANNEL: c_int = 0;
pub const LWSTMC_AWAITING_CREATE_CHANNEL_ACK: c_int = 1;
pub const LWSTMC_PENDING_CREATE_CHANNEL_NACK: c_int = 2;
pub const LWSTMC_PENDING_CREATE_CHANNEL_ACK: c_int = 3;
pub const LWSTMC_OPERATIONAL: c_int = 4;
pub const LWSTMC_PENDING_CLOSE_CHANNEL: c_int = 5;
pub const LWSTMC_AWAITING_CLOSE_CHANNEL_ACK: c_int = 6;
pub const LWSTMC_PENDING_CLOSE_CHANNEL_ACK: c_int = 7;

pub const LWSTM_TRANSPORT_DOWN: c_int = 0;
pub const LWSTM_OPERATIONAL: c_int = 1;

pub type lws_transport_priv_t = *mut c_void;

pub type lws_mux_ch_idx_t = u8;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_txp_path_client {
    pub ops_in: *const lws_transport_client_ops,
    pub priv_in: lws_transport_priv_t,
    pub ops_onw: *const lws_transport_client_ops,
    pub priv_onw: lws_transport_priv_t,
    pub mux: *mut lws_transport_mux,
}

pub type lws_txp_path_client_t = lws_txp_path_client;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_txp_path_proxy {
    pub ops_in: *const lws_transport_proxy_ops,
    pub priv_in: lws_transport_priv_t,
    pub ops_onw: *const lws_transport_proxy_ops,
    pub priv_onw: lws_transport_priv_t,
    pub mux: *mut lws_transport_mux,
}

pub type lws_txp_path_proxy_t = lws_txp_path_proxy;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_transport_client_ops {
    pub name: *const c_char,
    pub event_retry_connect:
        Option<unsafe extern "C" fn(*mut lws_txp_path_client, *mut lws_sspc_handle) -> c_int>,
    pub event_connect_disposition:
        Option<unsafe extern "C" fn(*mut lws_sspc_handle, c_int) -> lws_ss_state_return_t>,
    pub req_write: Option<unsafe extern "C" fn(lws_transport_priv_t)>,
    pub _write: Option<unsafe extern "C" fn(lws_transport_priv_t, *mut u8, usize) -> c_int>,
    pub event_read: Option<
        unsafe extern "C" fn(lws_transport_priv_t, *const u8, usize) -> lws_ss_state_return_t,
    >,
    pub lost_coherence: Option<unsafe extern "C" fn(lws_transport_priv_t)>,
    pub _close: Option<unsafe extern "C" fn(lws_transport_priv_t)>,
    pub event_stream_up: Option<unsafe extern "C" fn(lws_transport_priv_t)>,
    pub event_client_up: Option<unsafe extern "C" fn(lws_transport_priv_t)>,
    pub event_can_write:
        Option<unsafe extern "C" fn(*mut lws_sspc_handle, usize) -> lws_ss_state_return_t>,
    pub event_closed: Option<unsafe extern "C" fn(lws_transport_priv_t) -> lws_ss_state_return_t>,
    pub flags: u32,
    pub dsh_splitat: u32,
}

pub type lws_transport_client_ops_t = lws_transport_client_ops;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_transport_proxy_ops {
    pub name: *const c_char,
    pub init_proxy_server: Option<
        unsafe extern "C" fn(
            *mut lws_context,
            *const lws_transport_proxy_ops,
            lws_transport_priv_t,
            *mut lws_txp_path_proxy,
            *const c_void,
            *const c_char,
            c_int,
        ) -> c_int,
    >,
    pub destroy_proxy_server: Option<unsafe extern "C" fn(*mut lws_context) -> c_int>,
    pub event_new_conn: Option<
        unsafe extern "C" fn(
            *mut lws_context,
            *const lws_transport_proxy_ops,
            lws_transport_priv_t,
            *mut *mut lws_sss_proxy_conn,
            lws_transport_priv_t,
        ) -> lws_ss_state_return_t,
    >,
    pub event_onward_bind: Option<unsafe extern "C" fn(lws_transport_priv_t, *mut lws_ss_handle)>,
    pub proxy_req_write: Option<unsafe extern "C" fn(lws_transport_priv_t)>,
    pub event_proxy_can_write:
        Option<unsafe extern "C" fn(lws_transport_priv_t) -> lws_ss_state_return_t>,
    pub proxy_write:
        Option<unsafe extern "C" fn(lws_transport_priv_t, *mut u8, *mut usize) -> c_int>,
    pub event_close_conn:
        Option<unsafe extern "C" fn(*mut lws_sss_proxy_conn) -> lws_ss_state_return_t>,
    pub close_conn: Option<unsafe extern "C" fn(*mut lws_sss_proxy_conn) -> lws_ss_state_return_t>,
    pub proxy_read: Option<
        unsafe extern "C" fn(lws_transport_priv_t, *const u8, usize) -> lws_ss_state_return_t,
    >,
    pub event_client_up: Option<unsafe extern "C" fn(lws_transport_priv_t)>,
    pub proxy_check_write_more: Option<unsafe extern "C" fn(lws_transport_priv_t) -> c_int>,
    pub flags: u32,
}

pub type lws_transport_proxy_ops_t = lws_transport_proxy_ops;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_transport_info {
    pub ping_interval_us: u32,
    pub pong_grace_us: u32,
    pub txp_cpath: lws_txp_path_client,
    pub txp_ppath: lws_txp_path_proxy,
    pub onward_txp_info: *mut lws_transport_info,
    pub flags: u32,
}

pub type lws_transport_info_t = lws_transport_info;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_transport_mux {
    pub magic: u32,
    pub cx: *mut lws_context,
    pub info: lws_transport_info,
    pub sul_ping: lws_sorted_usec_list,
    pub txp_handle: *mut c_void,
    pub txp_aux: *mut c_void,
    pub us_ping_in: u64,
    pub us_ping_out: u64,
    pub us_unixtime_peer: u64,
    pub us_unixtime_peer_loc: u64,
    pub mp_time: u64,
    pub mp_time1: u64,
    pub mp_state: lwstmc_parser,
    pub mp_pay: u32,
    pub mp_cmd: u8,
    pub mp_idx: lws_mux_ch_idx_t,
    pub mp_ctr: u8,
    pub _open: [u32; 8],
    pub fin: [u32; 8],
    pub pending_tx: lws_dll2_owner,
    pub owner: lws_dll2_owner,
    pub link_state: u8,
    pub bits: u8, // Rust only
                  //C /// cbindgen:bitfield=1
                  //C pub issue_ping: u8,
                  //C /// cbindgen:bitfield=1
                  //C pub issue_pong: u8,
                  //C /// cbindgen:bitfield=1
                  //C pub issue_pongack: u8,
                  //C /// cbindgen:bitfield=1
                  //C pub awaiting_pong: u8,
}

pub type lws_transport_mux_t = lws_transport_mux;
