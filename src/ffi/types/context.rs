use core::ffi::{c_char, c_int, c_long, c_uchar, c_uint, c_ushort, c_void};

use super::base::{lws, lws_context, lws_sockfd_type, lws_usec_t, lws_vhost, ssl_ctx_st};
use super::ext::lws_extension;
use super::http::lws_token_limits;
use super::log::lws_log_cx;
use super::protocols::{lws_plugin_evlib, lws_protocols};
use super::quic::lws_cc_ops;
use super::retry::lws_retry_bo;
use super::smd::{lws_smd_class_t, lws_smd_notification_cb_t};
use super::ss::lws_ss_plugin;
use super::state::lws_state_notify_link;
use super::system::lws_system_ops;
use super::txp::{lws_transport_client_ops, lws_transport_proxy_ops};
use super::vfs::lws_plat_file_ops;

c_enum! {
    pub enum lws_mount_protocols {
        LWSMPRO_HTTP = 0,
        LWSMPRO_HTTPS = 1,
        LWSMPRO_FILE = 2,
        LWSMPRO_CGI = 3,
        LWSMPRO_REDIR_HTTP = 4,
        LWSMPRO_REDIR_HTTPS = 5,
        LWSMPRO_CALLBACK = 6,
        LWSMPRO_NO_MOUNT = 7,
    }
}

c_enum! {
    pub enum lws_authentication_mode {
        LWSAUTHM_DEFAULT = 0,
        LWSAUTHM_BASIC_AUTH_CALLBACK = 268435456,
    }
}

pub type lws_quic_tx_credit_cb_t = Option<unsafe extern "C" fn(*mut lws, u64, u64, u64) -> u64>;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_protocol_vhost_options {
    pub next: *const lws_protocol_vhost_options,
    pub options: *const lws_protocol_vhost_options,
    pub name: *const c_char,
    pub value: *const c_char,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_http_mount {
    pub mount_next: *const lws_http_mount,
    pub mountpoint: *const c_char,
    pub origin: *const c_char,
    pub def: *const c_char,
    pub protocol: *const c_char,
    pub cgienv: *const lws_protocol_vhost_options,
    pub extra_mimetypes: *const lws_protocol_vhost_options,
    pub interpret: *const lws_protocol_vhost_options,
    pub cgi_timeout: c_int,
    pub cache_max_age: c_int,
    pub auth_mask: c_uint,
    pub bits: u8, // Rust only
    //C /// cbindgen:bitfield=1
    //C pub cache_reusable: c_uint,
    //C /// cbindgen:bitfield=1
    //C pub cache_revalidate: c_uint,
    //C /// cbindgen:bitfield=1
    //C pub cache_intermediaries: c_uint,
    //C /// cbindgen:bitfield=1
    //C pub cache_no: c_uint,
    //C /// cbindgen:bitfield=1
    //C pub exact_match: c_uint,
    //C /// cbindgen:bitfield=1
    //C pub append_path: c_uint,
    //C /// cbindgen:bitfield=1
    //C pub no_ws_upgrades: c_uint,
    pub origin_protocol: c_uchar,
    pub mountpoint_len: c_uchar,
    pub basic_auth_login_file: *const c_char,
    pub cgi_chroot_path: *const c_char,
    pub cgi_wd: *const c_char,
    pub headers: *const lws_protocol_vhost_options,
    pub keepalive_timeout: c_uint,
    pub max_http_body_size: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_context_creation_info {
    pub iface: *const c_char,
    pub protocols: *const lws_protocols,
    pub extensions: *const lws_extension,
    pub token_limits: *const lws_token_limits,
    pub http_proxy_address: *const c_char,
    pub headers: *const lws_protocol_vhost_options,
    pub reject_service_keywords: *const lws_protocol_vhost_options,
    pub pvo: *const lws_protocol_vhost_options,
    pub log_filepath: *const c_char,
    pub mounts: *const lws_http_mount,
    pub server_string: *const c_char,
    pub error_document_404: *const c_char,
    pub port: c_int,
    pub http_proxy_port: c_uint,
    pub max_http_header_data2: c_uint,
    pub max_http_header_pool2: c_uint,
    pub keepalive_timeout: c_int,
    pub http2_settings: [u32; 7],
    pub max_http_header_data: c_ushort,
    pub max_http_header_pool: c_ushort,
    pub ssl_private_key_password: *const c_char,
    pub ssl_cert_filepath: *const c_char,
    pub ssl_private_key_filepath: *const c_char,
    pub ssl_ca_filepath: *const c_char,
    pub ssl_cipher_list: *const c_char,
    pub tls_ciphers_iana: *const c_char,
    pub ecdh_curve: *const c_char,
    pub tls1_3_plus_cipher_list: *const c_char,
    pub server_ssl_cert_mem: *const c_void,
    pub server_ssl_private_key_mem: *const c_void,
    pub server_ssl_ca_mem: *const c_void,
    pub ssl_options_set: c_long,
    pub ssl_options_clear: c_long,
    pub simultaneous_ssl_restriction: c_int,
    pub simultaneous_ssl_handshake_restriction: c_int,
    pub ssl_info_event_mask: c_int,
    pub server_ssl_cert_mem_len: c_uint,
    pub server_ssl_private_key_mem_len: c_uint,
    pub server_ssl_ca_mem_len: c_uint,
    pub alpn: *const c_char,
    pub client_ssl_private_key_password: *const c_char,
    pub client_ssl_cert_filepath: *const c_char,
    pub client_ssl_cert_mem: *const c_void,
    pub client_ssl_cert_mem_len: c_uint,
    pub client_ssl_private_key_filepath: *const c_char,
    pub client_ssl_key_mem: *const c_void,
    pub client_ssl_ca_filepath: *const c_char,
    pub client_ssl_ca_mem: *const c_void,
    pub client_ssl_cipher_list: *const c_char,
    pub client_tls_ciphers_iana: *const c_char,
    pub client_tls_1_3_plus_cipher_list: *const c_char,
    pub ssl_client_options_set: c_long,
    pub ssl_client_options_clear: c_long,
    pub client_ssl_ca_mem_len: c_uint,
    pub client_ssl_key_mem_len: c_uint,
    pub provided_client_ssl_ctx: *mut ssl_ctx_st,
    pub ka_time: c_int,
    pub ka_probes: c_int,
    pub ka_interval: c_int,
    pub timeout_secs: c_uint,
    pub connect_timeout_secs: c_uint,
    pub bind_iface: c_int,
    pub timeout_secs_ah_idle: c_uint,
    pub tls_session_timeout: u32,
    pub tls_session_cache_max: u32,
    pub gid: libc::gid_t,
    pub uid: libc::uid_t,
    pub options: u64,
    pub user: *mut c_void,
    pub count_threads: c_uint,
    pub fd_limit_per_thread: c_uint,
    pub vhost_name: *const c_char,
    pub external_baggage_free_on_destroy: *mut c_void,
    pub pt_serv_buf_size: c_uint,
    pub fops: *const lws_plat_file_ops,
    pub socks_proxy_address: *const c_char,
    pub socks_proxy_port: c_uint,
    pub caps: [c_int; 4],
    pub count_caps: c_char,
    pub foreign_loops: *mut *mut c_void,
    pub signal_cb: Option<unsafe extern "C" fn(*mut c_void, c_int)>,
    pub pcontext: *mut *mut lws_context,
    pub finalize: Option<unsafe extern "C" fn(*mut lws_vhost, *mut c_void)>,
    pub finalize_arg: *mut c_void,
    pub listen_accept_role: *const c_char,
    pub listen_accept_protocol: *const c_char,
    pub pprotocols: *mut *const lws_protocols,
    pub username: *const c_char,
    pub groupname: *const c_char,
    pub unix_socket_perms: *const c_char,
    pub system_ops: *const lws_system_ops,
    pub retry_and_idle_policy: *const lws_retry_bo,
    pub register_notifier_list: *const *mut lws_state_notify_link,
    pub pss_policies_json: *const c_char,
    pub pss_plugins: *mut *const lws_ss_plugin,
    pub ss_proxy_bind: *const c_char,
    pub ss_proxy_address: *const c_char,
    pub ss_proxy_port: u16,
    pub txp_ops_ssproxy: *const lws_transport_proxy_ops,
    pub txp_ssproxy_info: *const c_void,
    pub txp_ops_sspc: *const lws_transport_client_ops,
    pub rlimit_nofile: c_int,
    pub early_smd_cb: lws_smd_notification_cb_t,
    pub early_smd_opaque: *mut c_void,
    pub early_smd_class_filter: lws_smd_class_t,
    pub smd_ttl_us: lws_usec_t,
    pub smd_queue_depth: u16,
    pub fo_listen_queue: c_int,
    pub event_lib_custom: *const lws_plugin_evlib,
    pub log_cx: *mut lws_log_cx,
    pub http_nsc_filepath: *const c_char,
    pub http_nsc_heap_max_footprint: usize,
    pub http_nsc_heap_max_items: usize,
    pub http_nsc_heap_max_payload: usize,
    pub default_loglevel: c_int,
    pub vh_listen_sockfd: lws_sockfd_type,
    pub wol_if: *const c_char,
    pub lws_stub: *const c_char,
    pub argc: c_int,
    pub argv: *mut *const c_char,
    pub quic_mtu: u32,
    pub quic_tx_credit_cb: lws_quic_tx_credit_cb_t,
    pub quic_cc_ops: *const lws_cc_ops,
    pub quic_preferred_addresses: *const c_char,
    pub quic_initial_cwnd: u32,
    pub quic_0rtt_max_size: u32,
    pub max_http_body_size: u64,
    pub _unused: [*mut c_void; 1],
}
