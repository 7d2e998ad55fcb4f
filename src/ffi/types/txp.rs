//! The proxy protocol's commands, and transports between a proxy and its clients.

use core::ffi::{c_char, c_int, c_void};

use super::base::lws_context;
use super::dll2::lws_dll2_owner;
use super::ss::{lws_ss_handle, lws_ss_state_return_t};
use super::sspc::lws_sspc_handle;
use super::sul::lws_sorted_usec_list;

/// A client's connection in the proxy. Opaque.
#[repr(C)]
pub struct lws_sss_proxy_conn {
    _private: [u8; 0],
}

c_enum! {
    /// Commands of the proxy protocol; from the proxy (`RXPRE`) and to it (`TXPRE`).
    pub enum lws_sss_cmds: lws_sss_cmds_t {
        /// Payload.
        LWSSS_SER_RXPRE_RX_PAYLOAD = 85,
        /// Was the stream created?
        LWSSS_SER_RXPRE_CREATE_RESULT = 86,
        /// A state.
        LWSSS_SER_RXPRE_CONNSTATE = 87,
        /// Credit to send.
        LWSSS_SER_RXPRE_TXCR_UPDATE = 88,
        /// Metadata.
        LWSSS_SER_RXPRE_METADATA = 89,
        /// Please sign.
        LWSSS_SER_RXPRE_TLSNEG_ENCLAVE_SIGN = 90,
        /// A performance report.
        LWSSS_SER_RXPRE_PERF = 91,
        /// The stream type wanted.
        LWSSS_SER_TXPRE_STREAMTYPE = 170,
        /// Please connect.
        LWSSS_SER_TXPRE_ONWARD_CONNECT = 171,
        /// The stream goes.
        LWSSS_SER_TXPRE_DESTROYING = 172,
        /// Payload.
        LWSSS_SER_TXPRE_TX_PAYLOAD = 173,
        /// Metadata.
        LWSSS_SER_TXPRE_METADATA = 174,
        /// Credit to send.
        LWSSS_SER_TXPRE_TXCR_UPDATE = 175,
        /// Start or stop the timeout.
        LWSSS_SER_TXPRE_TIMEOUT_UPDATE = 176,
        /// Length of the payload to come.
        LWSSS_SER_TXPRE_PAYLOAD_LENGTH_HINT = 177,
        /// Here is the signature.
        LWSSS_SER_TXPRE_TLSNEG_ENCLAVE_SIGNED = 178,
        /// Are you there?
        LWSSS_SER_TXPRE_LINK_VALIDITY_PROBE = 179,
    }
}

c_enum! {
    /// Where a proxied connection stands; in the proxy (`PROX`) and in the client (`CLI`).
    pub enum lws_ss_conn_states: lws_ss_conn_states_t {
        /// Waiting for the stream type.
        LPCSPROX_WAIT_INITIAL_TX = 1,
        /// Telling of the failure.
        LPCSPROX_REPORTING_FAIL = 2,
        /// Telling of the success.
        LPCSPROX_REPORTING_OK = 3,
        /// Works.
        LPCSPROX_OPERATIONAL = 4,
        /// Gone.
        LPCSPROX_DESTROYED = 5,
        /// Telling the stream type.
        LPCSCLI_SENDING_INITIAL_TX = 6,
        /// Waiting for the result.
        LPCSCLI_WAITING_CREATE_RESULT = 7,
        /// Created, not connected.
        LPCSCLI_LOCAL_CONNECTED = 8,
        /// Connecting.
        LPCSCLI_ONWARD_CONNECT = 9,
        /// Works.
        LPCSCLI_OPERATIONAL = 10,
    }
}

c_enum! {
    /// Where the parser of the channel protocol stands.
    pub enum lwstmc_parser {
        /// At the command.
        LWSTMCPAR_CMD = 0,
        /// At a channel number that ends the command.
        LWSTMCPAR_CHIDX_DONE = 1,
        /// At a channel number with a payload after it.
        LWSTMCPAR_CHIDX = 2,
        /// At the length's high byte.
        LWSTMCPAR_PLENH = 3,
        /// At the length's low byte.
        LWSTMCPAR_PLENL = 4,
        /// In the payload.
        LWSTMCPAR_PAY = 5,
        /// In the first time stamp.
        LWSTMCPAR_T64_1 = 6,
        /// In the second time stamp.
        LWSTMCPAR_T64_2 = 7,
    }
}

/// Channel protocol: open a channel.
pub const LWSSSS_LLM_CHANNEL_REQ: c_int = 240;
/// Channel protocol: the channel is open.
pub const LWSSSS_LLM_CHANNEL_ACK: c_int = 241;
/// Channel protocol: it cannot be opened.
pub const LWSSSS_LLM_CHANNEL_NACK: c_int = 242;
/// Channel protocol: close a channel.
pub const LWSSSS_LLM_CHANNEL_CLOSE: c_int = 243;
/// Channel protocol: it is closed.
pub const LWSSSS_LLM_CHANNEL_CLOSE_ACK: c_int = 244;
/// Channel protocol: payload of a channel.
pub const LWSSSS_LLM_MUX: c_int = 245;
/// Channel protocol: ping.
pub const LWSSSS_LLM_PING: c_int = 246;
/// Channel protocol: answer to a ping.
pub const LWSSSS_LLM_PONG: c_int = 247;
/// Channel protocol: answer to that.
pub const LWSSSS_LLM_PONGACK: c_int = 248;
/// Channel protocol: start again.
pub const LWSSSS_LLM_RESET_TRANSPORT: c_int = 249;

/// Channel: to be asked for.
pub const LWSTMC_PENDING_CREATE_CHANNEL: c_int = 0;
/// Channel: asked for.
pub const LWSTMC_AWAITING_CREATE_CHANNEL_ACK: c_int = 1;
/// Channel: to be refused.
pub const LWSTMC_PENDING_CREATE_CHANNEL_NACK: c_int = 2;
/// Channel: to be confirmed.
pub const LWSTMC_PENDING_CREATE_CHANNEL_ACK: c_int = 3;
/// Channel: open.
pub const LWSTMC_OPERATIONAL: c_int = 4;
/// Channel: to be closed.
pub const LWSTMC_PENDING_CLOSE_CHANNEL: c_int = 5;
/// Channel: asked to close.
pub const LWSTMC_AWAITING_CLOSE_CHANNEL_ACK: c_int = 6;
/// Channel: close to be confirmed.
pub const LWSTMC_PENDING_CLOSE_CHANNEL_ACK: c_int = 7;

/// Link: down.
pub const LWSTM_TRANSPORT_DOWN: c_int = 0;
/// Link: up.
pub const LWSTM_OPERATIONAL: c_int = 1;

/// A transport's own pointer.
pub type lws_transport_priv_t = *mut c_void;

/// Number of a channel.
pub type lws_mux_ch_idx_t = u8;

/// A client's way to the proxy: what is above (`in`) and below (`onw`) this step.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_txp_path_client {
    /// The step above.
    pub ops_in: *const lws_transport_client_ops,
    /// Its pointer.
    pub priv_in: lws_transport_priv_t,
    /// The step below.
    pub ops_onw: *const lws_transport_client_ops,
    /// Its pointer.
    pub priv_onw: lws_transport_priv_t,
    /// The channels, or NULL.
    pub mux: *mut lws_transport_mux,
}

/// The C name of `lws_txp_path_client`.
pub type lws_txp_path_client_t = lws_txp_path_client;

/// The proxy's way to a client: what is above (`in`) and below (`onw`) this step.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_txp_path_proxy {
    /// The step above.
    pub ops_in: *const lws_transport_proxy_ops,
    /// Its pointer.
    pub priv_in: lws_transport_priv_t,
    /// The step below.
    pub ops_onw: *const lws_transport_proxy_ops,
    /// Its pointer.
    pub priv_onw: lws_transport_priv_t,
    /// The channels, or NULL.
    pub mux: *mut lws_transport_mux,
}

/// The C name of `lws_txp_path_proxy`.
pub type lws_txp_path_proxy_t = lws_txp_path_proxy;

/// A client's transport: what it can do, and (`event_...`) what it tells.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_transport_client_ops {
    /// Its name.
    pub name: *const c_char,
    /// Connect, again perhaps; nonzero on failure.
    pub event_retry_connect:
        Option<unsafe extern "C" fn(*mut lws_txp_path_client, *mut lws_sspc_handle) -> c_int>,
    /// Connecting has succeeded (0) or not.
    pub event_connect_disposition:
        Option<unsafe extern "C" fn(*mut lws_sspc_handle, c_int) -> lws_ss_state_return_t>,
    /// Ask for `event_can_write`.
    pub req_write: Option<unsafe extern "C" fn(lws_transport_priv_t)>,
    /// Send; nonzero on failure.
    pub _write: Option<unsafe extern "C" fn(lws_transport_priv_t, *mut u8, usize) -> c_int>,
    /// Bytes have come.
    pub event_read: Option<
        unsafe extern "C" fn(lws_transport_priv_t, *const u8, usize) -> lws_ss_state_return_t,
    >,
    /// What came makes no sense: start again.
    pub lost_coherence: Option<unsafe extern "C" fn(lws_transport_priv_t)>,
    /// Close.
    pub _close: Option<unsafe extern "C" fn(lws_transport_priv_t)>,
    /// The way is open.
    pub event_stream_up: Option<unsafe extern "C" fn(lws_transport_priv_t)>,
    /// The client is connected.
    pub event_client_up: Option<unsafe extern "C" fn(lws_transport_priv_t)>,
    /// So many bytes can be sent.
    pub event_can_write:
        Option<unsafe extern "C" fn(*mut lws_sspc_handle, usize) -> lws_ss_state_return_t>,
    /// The way is closed.
    pub event_closed: Option<unsafe extern "C" fn(lws_transport_priv_t) -> lws_ss_state_return_t>,
    /// Flags of the transport.
    pub flags: u32,
    /// Most bytes of a piece in the buffer.
    pub dsh_splitat: u32,
}

/// The C name of `lws_transport_client_ops`.
pub type lws_transport_client_ops_t = lws_transport_client_ops;

/// The proxy's transport: what it can do, and (`event_...`) what it tells.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_transport_proxy_ops {
    /// Its name.
    pub name: *const c_char,
    /// Begin to serve; nonzero on failure.
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
    /// Stop serving.
    pub destroy_proxy_server: Option<unsafe extern "C" fn(*mut lws_context) -> c_int>,
    /// A client has come.
    pub event_new_conn: Option<
        unsafe extern "C" fn(
            *mut lws_context,
            *const lws_transport_proxy_ops,
            lws_transport_priv_t,
            *mut *mut lws_sss_proxy_conn,
            lws_transport_priv_t,
        ) -> lws_ss_state_return_t,
    >,
    /// The client's stream exists.
    pub event_onward_bind: Option<unsafe extern "C" fn(lws_transport_priv_t, *mut lws_ss_handle)>,
    /// Ask for `event_proxy_can_write`.
    pub proxy_req_write: Option<unsafe extern "C" fn(lws_transport_priv_t)>,
    /// Something can be sent.
    pub event_proxy_can_write:
        Option<unsafe extern "C" fn(lws_transport_priv_t) -> lws_ss_state_return_t>,
    /// Send; in the length on return what was sent.
    pub proxy_write:
        Option<unsafe extern "C" fn(lws_transport_priv_t, *mut u8, *mut usize) -> c_int>,
    /// The client's connection is closed.
    pub event_close_conn:
        Option<unsafe extern "C" fn(*mut lws_sss_proxy_conn) -> lws_ss_state_return_t>,
    /// Close the client's connection.
    pub close_conn: Option<unsafe extern "C" fn(*mut lws_sss_proxy_conn) -> lws_ss_state_return_t>,
    /// Bytes have come.
    pub proxy_read: Option<
        unsafe extern "C" fn(lws_transport_priv_t, *const u8, usize) -> lws_ss_state_return_t,
    >,
    /// The client is connected.
    pub event_client_up: Option<unsafe extern "C" fn(lws_transport_priv_t)>,
    /// Can more be sent at once?
    pub proxy_check_write_more: Option<unsafe extern "C" fn(lws_transport_priv_t) -> c_int>,
    /// Flags of the transport.
    pub flags: u32,
}

/// The C name of `lws_transport_proxy_ops`.
pub type lws_transport_proxy_ops_t = lws_transport_proxy_ops;

/// Settings of a link with channels.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_transport_info {
    /// Microseconds between pings.
    pub ping_interval_us: u32,
    /// Microseconds that an answer may take.
    pub pong_grace_us: u32,
    /// The client's way.
    pub txp_cpath: lws_txp_path_client,
    /// The proxy's way.
    pub txp_ppath: lws_txp_path_proxy,
    /// The link behind this one, or NULL.
    pub onward_txp_info: *mut lws_transport_info,
    /// `LWSTMINFO_...`.
    pub flags: u32,
}

/// The C name of `lws_transport_info`.
pub type lws_transport_info_t = lws_transport_info;

/// A link that carries several channels.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_transport_mux {
    /// Marks a live link.
    pub magic: u32,
    /// The context.
    pub cx: *mut lws_context,
    /// The settings.
    pub info: lws_transport_info,
    /// The ping timer.
    pub sul_ping: lws_sorted_usec_list,
    /// The transport's handle.
    pub txp_handle: *mut c_void,
    /// The transport's second pointer.
    pub txp_aux: *mut c_void,
    /// When the last ping came.
    pub us_ping_in: u64,
    /// When the last ping went.
    pub us_ping_out: u64,
    /// The peer's clock.
    pub us_unixtime_peer: u64,
    /// Our clock at that moment.
    pub us_unixtime_peer_loc: u64,
    /// Parser: time stamp.
    pub mp_time: u64,
    /// Parser: first time stamp.
    pub mp_time1: u64,
    /// Parser: where it stands.
    pub mp_state: lwstmc_parser,
    /// Parser: payload to come.
    pub mp_pay: u32,
    /// Parser: command.
    pub mp_cmd: u8,
    /// Parser: channel.
    pub mp_idx: lws_mux_ch_idx_t,
    /// Parser: counter.
    pub mp_ctr: u8,
    /// Channels that are open, a bit each.
    pub _open: [u32; 8],
    /// Channels that have finished, a bit each.
    pub fin: [u32; 8],
    /// Channels with something to send.
    pub pending_tx: lws_dll2_owner,
    /// All channels.
    pub owner: lws_dll2_owner,
    /// `LWSTM_...`.
    pub link_state: u8,
    /// Bits 0 to 3: `issue_ping`, `issue_pong`, `issue_pongack`, `awaiting_pong`.
    pub bits: u8, // Rust only
                  //C /// A ping is to be sent.
                  //C /// cbindgen:bitfield=1
                  //C pub issue_ping: c_uint,
                  //C /// An answer is to be sent.
                  //C /// cbindgen:bitfield=1
                  //C pub issue_pong: c_uint,
                  //C /// An answer to an answer is to be sent.
                  //C /// cbindgen:bitfield=1
                  //C pub issue_pongack: c_uint,
                  //C /// An answer is awaited.
                  //C /// cbindgen:bitfield=1
                  //C pub awaiting_pong: c_uint,
}

/// The C name of `lws_transport_mux`.
pub type lws_transport_mux_t = lws_transport_mux;

/// Version of the proxy protocol.
pub const LWSSSS_VERSION: c_int = 1;
/// Most channels of a link.
pub const LWS_MUCH_RANGE: c_int = 256;
/// The link is a server's.
pub const LWSTMINFO_SERVER: c_int = 1 << 0;
