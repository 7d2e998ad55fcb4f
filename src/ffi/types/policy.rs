use core::ffi::{c_char, c_int, c_void};

use super::context::lws_protocol_vhost_options;
use super::retry::lws_retry_bo;
use super::ss::lws_ss_handle;

pub type plugin_auth_status_cb = Option<unsafe extern "C" fn(*mut lws_ss_handle, c_int) -> c_int>;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_metric_policy {
    pub next: *const lws_metric_policy,
    pub name: *const c_char,
    pub report: *const c_char,
    pub us_schedule: u64,
    pub us_decay_unit: u32,
    pub min_contributors: u8,
}

pub type lws_metric_policy_t = lws_metric_policy;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_x509 {
    pub next: *mut lws_ss_x509,
    pub vhost_name: *const c_char,
    pub ca_der: *const u8,
    pub ca_der_len: usize,
    pub bits: u8, // Rust only
                  //C /// cbindgen:bitfield=1
                  //C pub keep: u8,
}

pub type lws_ss_x509_t = lws_ss_x509;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_trust_store {
    pub next: *mut lws_ss_trust_store,
    pub name: *const c_char,
    pub ssx509: [*const lws_ss_x509; 6],
    pub count: c_int,
}

pub type lws_ss_trust_store_t = lws_ss_trust_store;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_metadata {
    pub next: *mut lws_ss_metadata,
    pub name: *const c_char,
    pub value__may_own_heap: *mut c_void,
    pub length: usize,
    pub value_length: u8,
    pub value_is_http_token: u8,
    pub bits: u8, // Rust only
                  //C /// cbindgen:bitfield=1
                  //C pub name_on_lws_heap: u8,
                  //C /// cbindgen:bitfield=1
                  //C pub value_on_lws_heap: u8,
                  //C /// cbindgen:bitfield=1
                  //C pub pending_onward: u8,
}

pub type lws_ss_metadata_t = lws_ss_metadata;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_http_respmap {
    pub resp: u16,
    pub state: u16,
}

pub type lws_ss_http_respmap_t = lws_ss_http_respmap;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_auth {
    pub next: *mut lws_ss_auth,
    pub name: *const c_char,
    pub r#type: *const c_char,
    pub streamtype: *const c_char,
    pub blob_index: u8,
}

pub type lws_ss_auth_t = lws_ss_auth;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_policy_server {
    pub cert: *const lws_ss_x509,
    pub key: *const lws_ss_x509,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union lws_ss_policy_trust {
    pub store: *const lws_ss_trust_store,
    pub server: lws_ss_policy_server,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_policy_mqtt {
    pub topic: *const c_char,
    pub subscribe: *const c_char,
    pub will_topic: *const c_char,
    pub will_message: *const c_char,
    pub birth_topic: *const c_char,
    pub birth_message: *const c_char,
    pub keep_alive: u16,
    pub qos: u8,
    pub clean_start: u8,
    pub will_qos: u8,
    pub will_retain: u8,
    pub birth_qos: u8,
    pub birth_retain: u8,
    pub aws_iot: u8,
    pub retain: u8,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_policy_ws {
    pub subprotocol: *const c_char,
    pub binary: u8,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union lws_ss_policy_http_u {
    pub ws: lws_ss_policy_ws,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_policy_http {
    pub method: *const c_char,
    pub url: *const c_char,
    pub multipart_name: *const c_char,
    pub multipart_filename: *const c_char,
    pub multipart_content_type: *const c_char,
    pub blob_header: [*const c_char; 4],
    pub auth_preamble: *const c_char,
    pub respmap: *const lws_ss_http_respmap,
    pub u: lws_ss_policy_http_u,
    pub resp_expect: u16,
    pub count_respmap: u8,
    pub bits: u8, // Rust only
                  //C /// cbindgen:bitfield=1
                  //C pub fail_redirect: u8,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub union lws_ss_policy_u {
    pub http: lws_ss_policy_http,
    pub mqtt: lws_ss_policy_mqtt,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_ss_policy {
    pub next: *mut lws_ss_policy,
    pub streamtype: *const c_char,
    pub endpoint: *const c_char,
    pub rideshare_streamtype: *const c_char,
    pub payload_fmt: *const c_char,
    pub socks5_proxy: *const c_char,
    pub metadata: *mut lws_ss_metadata,
    pub metrics: *const lws_metric_policy,
    pub auth: *const lws_ss_auth,
    pub pvo: *const lws_protocol_vhost_options,
    pub u: lws_ss_policy_u,
    pub aws_region: *const c_char,
    pub aws_service: *const c_char,
    pub trust: lws_ss_policy_trust,
    pub retry_bo: *const lws_retry_bo,
    pub txc: i32,
    pub txc_peer: i32,
    pub proxy_buflen: u32,
    pub proxy_buflen_rxflow_on_above: u32,
    pub proxy_buflen_rxflow_off_below: u32,
    pub client_buflen: u32,
    pub client_buflen_rxflow_on_above: u32,
    pub client_buflen_rxflow_off_below: u32,
    pub timeout_ms: u32,
    pub flags: u32,
    pub port: u16,
    pub metadata_count: u8,
    pub protocol: u8,
    pub client_cert: u8,
    pub priority: u8,
}

pub type lws_ss_policy_t = lws_ss_policy;
