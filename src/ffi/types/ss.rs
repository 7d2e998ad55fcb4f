//! Streams: what a program tells about one, and what it is told.

use core::ffi::{c_char, c_int, c_void};

/// A stream. Opaque.
#[repr(C)]
pub struct lws_ss_handle {
    _private: [u8; 0],
}

/// A plugin; not used here. Opaque.
#[repr(C)]
pub struct lws_ss_plugin {
    _private: [u8; 0],
}

c_enum! {
    /// What has happened to a stream.
    pub enum lws_ss_constate: lws_ss_constate_t {
        /// The stream is made; inside `lws_ss_create`.
        LWSSSCS_CREATING = 1,
        /// The connection is gone.
        LWSSSCS_DISCONNECTED = 2,
        /// An attempt to connect has failed; more may follow.
        LWSSSCS_UNREACHABLE = 3,
        /// The peer refused our credentials.
        LWSSSCS_AUTH_FAILED = 4,
        /// Connected; for HTTP the response has begun.
        LWSSSCS_CONNECTED = 5,
        /// Connecting begins.
        LWSSSCS_CONNECTING = 6,
        /// The stream goes; the last call for it.
        LWSSSCS_DESTROYING = 7,
        /// The program is asked whether there is something to do before connecting.
        LWSSSCS_POLL = 8,
        /// No attempt is left.
        LWSSSCS_ALL_RETRIES_FAILED = 9,
        /// The peer has confirmed.
        LWSSSCS_QOS_ACK_REMOTE = 10,
        /// The peer has refused.
        LWSSSCS_QOS_NACK_REMOTE = 11,
        /// The proxy has confirmed.
        LWSSSCS_QOS_ACK_LOCAL = 12,
        /// The proxy has refused.
        LWSSSCS_QOS_NACK_LOCAL = 13,
        /// The time of `lws_ss_start_timeout` is over.
        LWSSSCS_TIMEOUT = 14,
        /// A request has come in; metadata tells what is asked.
        LWSSSCS_SERVER_TXN = 15,
        /// The connection becomes a websocket.
        LWSSSCS_SERVER_UPGRADE = 16,
        /// Somebody called `lws_cancel_service`.
        LWSSSCS_EVENT_WAIT_CANCELLED = 17,
        /// The proxy is being looked for again.
        LWSSSCS_UPSTREAM_LINK_RETRY = 18,
        /// A source has joined this sink; the argument is its handle.
        LWSSSCS_SINK_JOIN = 19,
        /// A source has left this sink; the argument is its handle.
        LWSSSCS_SINK_PART = 20,
        /// First of the states that the policy's `http_resp_map` can give.
        LWSSSCS_USER_BASE = 1000,
    }
}

c_enum! {
    /// What a callback wants to be done.
    pub enum lws_ss_state_return: lws_ss_state_return_t {
        /// Nothing to send after all.
        LWSSSSRET_TX_DONT_SEND = 1,
        /// Go on.
        LWSSSSRET_OK = 0,
        /// Drop the connection, keep the stream.
        LWSSSSRET_DISCONNECT_ME = -1,
        /// Drop the stream.
        LWSSSSRET_DESTROY_ME = -2,
    }
}

/// The message begins with this.
pub const LWSSS_FLAG_SOM: c_int = 1;
/// The message ends with this.
pub const LWSSS_FLAG_EOM: c_int = 2;
/// Nothing is sent; only asked.
pub const LWSSS_FLAG_POLL: c_int = 4;
/// A group of related messages begins.
pub const LWSSS_FLAG_RELATED_START: c_int = 8;
/// A group of related messages ends.
pub const LWSSS_FLAG_RELATED_END: c_int = 16;
/// The payload belongs to the rideshare stream type.
pub const LWSSS_FLAG_RIDESHARE: c_int = 32;
/// Not payload but a performance report in JSON.
pub const LWSSS_FLAG_PERF_JSON: c_int = 64;

/// The stream is a sink for others of its type.
pub const LWSSSINFLAGS_REGISTER_SINK: c_int = 1;
/// Made by the proxy for a client.
pub const LWSSSINFLAGS_PROXIED: c_int = 2;
/// Made for a listening stream.
pub const LWSSSINFLAGS_SERVER: c_int = 4;
/// Made for a connection that came in.
pub const LWSSSINFLAGS_ACCEPTED: c_int = 8;
/// Made by a sink for a source.
pub const LWSSSINFLAGS_ACCEPTED_SINK: c_int = 16;

/// Counts the calls of `tx`.
pub type lws_ss_tx_ordinal_t = u32;

/// Payload has come: the program's object, the bytes (valid during the call), their number, `LWSSS_FLAG_...`.
pub type lws_sscb_rx = Option<
    unsafe extern "C" fn(
        userobj: *mut c_void,
        buf: *const u8,
        len: usize,
        flags: c_int,
    ) -> lws_ss_state_return_t,
>;

/// Room to send: the program's object, the call's number, where to write, in `*len` the room and on return the bytes written, in `*flags` on return `LWSSS_FLAG_...`.
pub type lws_sscb_tx = Option<
    unsafe extern "C" fn(
        userobj: *mut c_void,
        ord: lws_ss_tx_ordinal_t,
        buf: *mut u8,
        len: *mut usize,
        flags: *mut c_int,
    ) -> lws_ss_state_return_t,
>;

/// Something has happened: the program's object, for sinks and sources the other's handle, the state, a number that depends on it.
pub type lws_sscb_state = Option<
    unsafe extern "C" fn(
        userobj: *mut c_void,
        h_src: *mut c_void,
        state: lws_ss_constate_t,
        ack: lws_ss_tx_ordinal_t,
    ) -> lws_ss_state_return_t,
>;

/// Called for each accepted stream, with the caller's argument.
pub type lws_sssfec_cb = Option<unsafe extern "C" fn(h: *mut lws_ss_handle, arg: *mut c_void)>;

/// What `lws_ss_create` is told. It is copied, the name too: may be on the stack.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_info {
    /// Name of the stream type in the policy.
    pub streamtype: *const c_char,
    /// Bytes of the program's object; it is made zeroed and given to the callbacks.
    pub user_alloc: usize,
    /// Where in the object the stream's handle is put.
    pub handle_offset: usize,
    /// Where in the object the opaque pointer is put.
    pub opaque_user_data_offset: usize,
    /// Payload has come, or NULL.
    pub rx: lws_sscb_rx,
    /// Room to send, or NULL.
    pub tx: lws_sscb_tx,
    /// Something has happened, or NULL.
    pub state: lws_sscb_state,
    /// Bytes of credit the peer gets first; 0 leaves credit to us.
    pub manual_initial_tx_credit: c_int,
    /// Set by the proxy: its client's process.
    pub client_pid: u32,
    /// `LWSSSINFLAGS_...`.
    pub flags: u8,
    /// Set by the proxy: the protocol its client speaks.
    pub sss_protocol_version: u8,
}

/// The C name of `lws_ss_info`.
pub type lws_ss_info_t = lws_ss_info;

/// Bytes that a transmit callback gets at least, with the headers of TCP over Ethernet.
pub const LWS_SS_MTU: c_int = 1540;
/// For `lws_ss_start_timeout`: take the time from the policy.
pub const LWSSS_TIMEOUT_FROM_POLICY: c_int = 0;
