//! The policy as C structs: what the JSON is parsed into, and what programs with a built-in policy hand over.

use core::ffi::{c_char, c_int, c_void};

use super::context::lws_protocol_vhost_options;
use super::retry::lws_retry_bo;
use super::ss::lws_ss_handle;

/// Connects only when there is something to send.
pub const LWSSSPOLF_OPPORTUNISTIC: c_int = 1;
/// Stays connected, reconnects when dropped.
pub const LWSSSPOLF_NAILED_UP: c_int = 2;
/// Sending matters; wakes the device.
pub const LWSSSPOLF_URGENT_TX: c_int = 4;
/// Receiving matters; wakes the device.
pub const LWSSSPOLF_URGENT_RX: c_int = 8;
/// Uses TLS.
pub const LWSSSPOLF_TLS: c_int = 16;
/// HTTP/2: half-closed long poll.
pub const LWSSSPOLF_LONG_POLL: c_int = 32;
/// HTTP: sends the token of system blob auth 0.
pub const LWSSSPOLF_AUTH_BEARER: c_int = 64;
/// HTTP: sends no content-length.
pub const LWSSSPOLF_HTTP_NO_CONTENT_LENGTH: c_int = 128;
/// HTTP/2: the peer wants END_STREAM on an empty frame.
pub const LWSSSPOLF_QUIRK_NGHTTP2_END_STREAM: c_int = 256;
/// HTTP/2: the peer overflows its window.
pub const LWSSSPOLF_H2_QUIRK_OVERFLOWS_TXCR: c_int = 512;
/// HTTP/2: the peer may leave a header block unfinished.
pub const LWSSSPOLF_H2_QUIRK_UNCLEAN_HPACK_STATE: c_int = 1024;
/// HTTP: the body is one multipart section.
pub const LWSSSPOLF_HTTP_MULTIPART: c_int = 2048;
/// HTTP: the body is a URL-encoded form.
pub const LWSSSPOLF_HTTP_X_WWW_FORM_URLENCODED: c_int = 4096;
/// Connects to a sink in this process.
pub const LWSSSPOLF_LOCAL_SINK: c_int = 8192;
/// Validity checks wake the device.
pub const LWSSSPOLF_WAKE_SUSPEND__VALIDITY: c_int = 16384;
/// Listens.
pub const LWSSSPOLF_SERVER: c_int = 32768;
/// HTTP: follows redirects.
pub const LWSSSPOLF_ALLOW_REDIRECTS: c_int = 65536;
/// HTTP: takes incoming multipart bodies apart.
pub const LWSSSPOLF_HTTP_MULTIPART_IN: c_int = 131072;
/// Wants low latency.
pub const LWSSSPOLF_ATTR_LOW_LATENCY: c_int = 262144;
/// Wants throughput.
pub const LWSSSPOLF_ATTR_HIGH_THROUGHPUT: c_int = 524288;
/// Wants reliability.
pub const LWSSSPOLF_ATTR_HIGH_RELIABILITY: c_int = 1048576;
/// Wants low cost.
pub const LWSSSPOLF_ATTR_LOW_COST: c_int = 2097152;
/// Reports performance to the program.
pub const LWSSSPOLF_PERF: c_int = 4194304;
/// Metadata may name protocol headers directly.
pub const LWSSSPOLF_DIRECT_PROTO_STR: c_int = 8388608;
/// HTTP: keeps cookies and sends them back.
pub const LWSSSPOLF_HTTP_CACHE_COOKIES: c_int = 16777216;
/// Reads before it writes.
pub const LWSSSPOLF_PRIORITIZE_READS: c_int = 33554432;

/// Protocol: HTTP/1.1.
pub const LWSSSP_H1: c_int = 0;
/// Protocol: HTTP/2.
pub const LWSSSP_H2: c_int = 1;
/// Protocol: HTTP/3.
pub const LWSSSP_H3: c_int = 2;
/// Protocol: websocket.
pub const LWSSSP_WS: c_int = 3;
/// Protocol: MQTT.
pub const LWSSSP_MQTT: c_int = 4;
/// Protocol: bytes.
pub const LWSSSP_RAW: c_int = 5;
/// Blob header: authorization.
pub const LWSSS_HBI_AUTH: c_int = 0;
/// Blob header: device serial number.
pub const LWSSS_HBI_DSN: c_int = 1;
/// Blob header: firmware version.
pub const LWSSS_HBI_FWV: c_int = 2;
/// Blob header: device type.
pub const LWSSS_HBI_TYPE: c_int = 3;
/// How many blob headers there are.
pub const _LWSSS_HBI_COUNT: c_int = 4;

/// Tells whether authentication has succeeded.
pub type plugin_auth_status_cb =
    Option<unsafe extern "C" fn(ss: *mut lws_ss_handle, status: c_int) -> c_int>;

/// How a metric is reported.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_metric_policy {
    /// The next one, or NULL.
    pub next: *const lws_metric_policy,
    /// Its name.
    pub name: *const c_char,
    /// Name of the metrics that it applies to, perhaps with a wildcard.
    pub report: *const c_char,
    /// Microseconds between reports.
    pub us_schedule: u64,
    /// Microseconds of the unit of decay.
    pub us_decay_unit: u32,
    /// Fewest events worth a report.
    pub min_contributors: u8,
}

/// The C name of `lws_metric_policy`.
pub type lws_metric_policy_t = lws_metric_policy;

/// A certificate (or, for servers, a key).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_x509 {
    /// The next one, or NULL.
    pub next: *mut lws_ss_x509,
    /// Its name in the policy.
    pub vhost_name: *const c_char,
    /// The certificate in DER.
    pub ca_der: *const u8,
    /// Bytes at `ca_der`.
    pub ca_der_len: usize,
    /// Bit 0: `keep`.
    pub bits: u8, // Rust only
                  //C /// Stays in memory after the trust stores are made.
                  //C /// cbindgen:bitfield=1
                  //C pub keep: c_uint,
}

/// The C name of `lws_ss_x509`.
pub type lws_ss_x509_t = lws_ss_x509;

/// Certificates that a stream trusts.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_trust_store {
    /// The next one, or NULL.
    pub next: *mut lws_ss_trust_store,
    /// Its name in the policy.
    pub name: *const c_char,
    /// The certificates.
    pub ssx509: [*const lws_ss_x509; 6],
    /// Entries used in `ssx509`.
    pub count: c_int,
}

/// The C name of `lws_ss_trust_store`.
pub type lws_ss_trust_store_t = lws_ss_trust_store;

/// A piece of metadata: its name, and what it stands for in the protocol.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_metadata {
    /// The next one, or NULL.
    pub next: *mut lws_ss_metadata,
    /// Its name, as the program uses it.
    pub name: *const c_char,
    /// Its value: in a policy, what it is called in the protocol.
    pub value__may_own_heap: *mut c_void,
    /// Bytes of the value.
    pub length: usize,
    /// Bytes of the name in the protocol.
    pub value_length: u8,
    /// Number of the well-known HTTP header, if it is one.
    pub value_is_http_token: u8,
    /// Bits 0 to 2: `name_on_lws_heap`, `value_on_lws_heap`, `pending_onward`.
    pub bits: u8, // Rust only
                  //C /// The name belongs to us.
                  //C /// cbindgen:bitfield=1
                  //C pub name_on_lws_heap: c_uint,
                  //C /// The value belongs to us.
                  //C /// cbindgen:bitfield=1
                  //C pub value_on_lws_heap: c_uint,
                  //C /// Still to be passed on by the proxy.
                  //C /// cbindgen:bitfield=1
                  //C pub pending_onward: c_uint,
}

/// The C name of `lws_ss_metadata`.
pub type lws_ss_metadata_t = lws_ss_metadata;

/// What an HTTP status does to the stream's state.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_http_respmap {
    /// The status.
    pub resp: u16,
    /// The state given to the program.
    pub state: u16,
}

/// The C name of `lws_ss_http_respmap`.
pub type lws_ss_http_respmap_t = lws_ss_http_respmap;

/// A way to authenticate.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_auth {
    /// The next one, or NULL.
    pub next: *mut lws_ss_auth,
    /// Its name in the policy.
    pub name: *const c_char,
    /// Its kind, such as `sigv4`.
    pub r#type: *const c_char,
    /// Stream type that gets the token, or NULL.
    pub streamtype: *const c_char,
    /// System blob that holds the token.
    pub blob_index: u8,
}

/// The C name of `lws_ss_auth`.
pub type lws_ss_auth_t = lws_ss_auth;

/// A server's identity.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_policy_server {
    /// Its certificate, or NULL.
    pub cert: *const lws_ss_x509,
    /// Its key, or NULL.
    pub key: *const lws_ss_x509,
}

/// Whom a client trusts, or who a server is.
#[repr(C)]
#[derive(Clone, Copy)]
pub union lws_ss_policy_trust {
    /// A client's trust store, or NULL for the system's.
    pub store: *const lws_ss_trust_store,
    /// A server's certificate and key.
    pub server: lws_ss_policy_server,
}

/// MQTT settings.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_policy_mqtt {
    /// Topic to publish to, or NULL.
    pub topic: *const c_char,
    /// Topic to subscribe to, or NULL.
    pub subscribe: *const c_char,
    /// The will's topic, or NULL.
    pub will_topic: *const c_char,
    /// The will's message, or NULL.
    pub will_message: *const c_char,
    /// Topic of the message sent at connect, or NULL.
    pub birth_topic: *const c_char,
    /// The message sent at connect, or NULL.
    pub birth_message: *const c_char,
    /// Keep-alive in seconds.
    pub keep_alive: u16,
    /// Quality of service, 0 to 2.
    pub qos: u8,
    /// Nonzero starts a clean session.
    pub clean_start: u8,
    /// The will's quality of service.
    pub will_qos: u8,
    /// Nonzero retains the will.
    pub will_retain: u8,
    /// The birth message's quality of service.
    pub birth_qos: u8,
    /// Nonzero retains the birth message.
    pub birth_retain: u8,
    /// Nonzero keeps to the limits of AWS IoT.
    pub aws_iot: u8,
    /// Nonzero retains what is published.
    pub retain: u8,
}

/// Websocket settings.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_policy_ws {
    /// Subprotocol asked for, or NULL.
    pub subprotocol: *const c_char,
    /// Nonzero sends binary messages.
    pub binary: u8,
}

/// Settings of what HTTP is upgraded to.
#[repr(C)]
#[derive(Clone, Copy)]
pub union lws_ss_policy_http_u {
    /// Websocket.
    pub ws: lws_ss_policy_ws,
}

/// HTTP settings, for websocket too.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_policy_http {
    /// The method.
    pub method: *const c_char,
    /// The path, with `${...}` for metadata.
    pub url: *const c_char,
    /// Name of the multipart section, or NULL.
    pub multipart_name: *const c_char,
    /// File name of the multipart section, or NULL.
    pub multipart_filename: *const c_char,
    /// Content type of the multipart section, or NULL.
    pub multipart_content_type: *const c_char,
    /// Headers filled from system blobs (`LWSSS_HBI_...`), or NULL.
    pub blob_header: [*const c_char; 4],
    /// What stands in front of the token, or NULL.
    pub auth_preamble: *const c_char,
    /// Statuses that give states of their own, or NULL.
    pub respmap: *const lws_ss_http_respmap,
    /// What HTTP is upgraded to.
    pub u: lws_ss_policy_http_u,
    /// The status that counts as success; 0 is 200.
    pub resp_expect: u16,
    /// Entries at `respmap`.
    pub count_respmap: u8,
    /// Bit 0: `fail_redirect`.
    pub bits: u8, // Rust only
                  //C /// A redirect is a failure.
                  //C /// cbindgen:bitfield=1
                  //C pub fail_redirect: c_uint,
}

/// Settings of the protocol.
#[repr(C)]
#[derive(Clone, Copy)]
pub union lws_ss_policy_u {
    /// HTTP and websocket.
    pub http: lws_ss_policy_http,
    /// MQTT.
    pub mqtt: lws_ss_policy_mqtt,
}

/// A stream type.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_policy {
    /// The next one, or NULL.
    pub next: *mut lws_ss_policy,
    /// Its name.
    pub streamtype: *const c_char,
    /// Host, address, `+path` or `+@name` of a unix socket; with `${...}` for metadata.
    pub endpoint: *const c_char,
    /// Stream type whose payload may travel along, or NULL.
    pub rideshare_streamtype: *const c_char,
    /// Name of the payload's format, for the program, or NULL.
    pub payload_fmt: *const c_char,
    /// SOCKS5 proxy, or NULL.
    pub socks5_proxy: *const c_char,
    /// Metadata, or NULL.
    pub metadata: *mut lws_ss_metadata,
    /// Metrics, or NULL.
    pub metrics: *const lws_metric_policy,
    /// Authentication, or NULL.
    pub auth: *const lws_ss_auth,
    /// Options for a server's protocols, or NULL.
    pub pvo: *const lws_protocol_vhost_options,
    /// Settings of the protocol.
    pub u: lws_ss_policy_u,
    /// Metadata that holds the AWS region, or NULL.
    pub aws_region: *const c_char,
    /// Metadata that holds the AWS service, or NULL.
    pub aws_service: *const c_char,
    /// Whom a client trusts, or who a server is.
    pub trust: lws_ss_policy_trust,
    /// Retry and validity rules, or NULL.
    pub retry_bo: *const lws_retry_bo,
    /// Credit for sending that we start from.
    pub txc: i32,
    /// Credit that the peer starts from.
    pub txc_peer: i32,
    /// Bytes that the proxy buffers for a client.
    pub proxy_buflen: u32,
    /// Above this many bytes the proxy stops reading.
    pub proxy_buflen_rxflow_on_above: u32,
    /// Below this many bytes it reads again.
    pub proxy_buflen_rxflow_off_below: u32,
    /// Bytes that the proxy's client buffers.
    pub client_buflen: u32,
    /// Above this many bytes the client stops reading.
    pub client_buflen_rxflow_on_above: u32,
    /// Below this many bytes it reads again.
    pub client_buflen_rxflow_off_below: u32,
    /// Milliseconds that `lws_ss_start_timeout` takes from the policy.
    pub timeout_ms: u32,
    /// `LWSSSPOLF_...`.
    pub flags: u32,
    /// The port.
    pub port: u16,
    /// Entries at `metadata`.
    pub metadata_count: u8,
    /// `LWSSSP_...`.
    pub protocol: u8,
    /// Client certificate to present: 0 for none, n for number n-1 of the system blobs.
    pub client_cert: u8,
    /// Priority, 0 to 6, for the network's type of service.
    pub priority: u8,
}

/// The C name of `lws_ss_policy`.
pub type lws_ss_policy_t = lws_ss_policy;
