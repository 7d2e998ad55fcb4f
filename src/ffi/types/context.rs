//! Everything that a context and its vhosts are created from.

use core::ffi::{c_char, c_int, c_long, c_uchar, c_uint, c_ushort, c_void};

use super::base::{lws, lws_context, lws_sockfd_type, lws_usec_t, lws_vhost, ssl_ctx_st};
use super::ext::lws_extension;
use super::http::lws_token_limits;
use super::log::lws_log_cx;
use super::policy::lws_ss_policy;
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
    /// What a mount serves.
    pub enum lws_mount_protocols {
        /// Passed on to another server by HTTP.
        LWSMPRO_HTTP = 0,
        /// Passed on to another server by HTTPS.
        LWSMPRO_HTTPS = 1,
        /// Files below a directory.
        LWSMPRO_FILE = 2,
        /// A CGI program.
        LWSMPRO_CGI = 3,
        /// A redirect to an http URL.
        LWSMPRO_REDIR_HTTP = 4,
        /// A redirect to an https URL.
        LWSMPRO_REDIR_HTTPS = 5,
        /// A protocol's callback.
        LWSMPRO_CALLBACK = 6,
        /// Nothing is mounted.
        LWSMPRO_NO_MOUNT = 7,
    }
}

c_enum! {
    /// Who checks the credentials of HTTP basic authentication.
    pub enum lws_authentication_mode {
        /// The password file.
        LWSAUTHM_DEFAULT = 0,
        /// The protocol's callback.
        LWSAUTHM_BASIC_AUTH_CALLBACK = 268435456,
    }
}

/// Decides about QUIC credit; never called here.
pub type lws_quic_tx_credit_cb_t =
    Option<unsafe extern "C" fn(wsi: *mut lws, current: u64, requested: u64, max: u64) -> u64>;

/// A list of names with values, each of which may hold a list of its own.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_protocol_vhost_options {
    /// The next option, or NULL.
    pub next: *const lws_protocol_vhost_options,
    /// A list below this one, or NULL.
    pub options: *const lws_protocol_vhost_options,
    /// The option's name.
    pub name: *const c_char,
    /// The option's value.
    pub value: *const c_char,
}

/// A part of a server's URL space and what it serves.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_http_mount {
    /// The next mount, or NULL.
    pub mount_next: *const lws_http_mount,
    /// Where in the URL space it begins, with its leading slash.
    pub mountpoint: *const c_char,
    /// What is served: a directory, a URL or a name, by `origin_protocol`.
    pub origin: *const c_char,
    /// The file served for a directory, or NULL.
    pub def: *const c_char,
    /// Name of the protocol that serves it, or NULL.
    pub protocol: *const c_char,
    /// Environment of a CGI program, or NULL.
    pub cgienv: *const lws_protocol_vhost_options,
    /// File name ending to MIME type, besides the built-in ones, or NULL.
    pub extra_mimetypes: *const lws_protocol_vhost_options,
    /// File name ending to the protocol that handles such a file, or NULL.
    pub interpret: *const lws_protocol_vhost_options,
    /// Seconds that a CGI program may take.
    pub cgi_timeout: c_int,
    /// Seconds for which a client may keep what it got.
    pub cache_max_age: c_int,
    /// Kinds of access that need authentication.
    pub auth_mask: c_uint,
    /// Bits 0 to 6: `cache_reusable`, `cache_revalidate`, `cache_intermediaries`, `cache_no`, `exact_match`, `append_path`, `no_ws_upgrades`.
    pub bits: u8, // Rust only
    //C /// The client may keep the content.
    //C /// cbindgen:bitfield=1
    //C pub cache_reusable: c_uint,
    //C /// The client must ask whether what it kept is still right.
    //C /// cbindgen:bitfield=1
    //C pub cache_revalidate: c_uint,
    //C /// Caches on the way may keep it too.
    //C /// cbindgen:bitfield=1
    //C pub cache_intermediaries: c_uint,
    //C /// Nobody may keep it.
    //C /// cbindgen:bitfield=1
    //C pub cache_no: c_uint,
    //C /// Matches the whole path only, not what is below.
    //C /// cbindgen:bitfield=1
    //C pub exact_match: c_uint,
    //C /// A redirect keeps the rest of the path.
    //C /// cbindgen:bitfield=1
    //C pub append_path: c_uint,
    //C /// Refuses websocket upgrades.
    //C /// cbindgen:bitfield=1
    //C pub no_ws_upgrades: c_uint,
    /// What `origin` is (`LWSMPRO_...`).
    pub origin_protocol: c_uchar,
    /// Length of `mountpoint`.
    pub mountpoint_len: c_uchar,
    /// File of `user:password` lines, or NULL.
    pub basic_auth_login_file: *const c_char,
    /// Root directory of a CGI program, or NULL.
    pub cgi_chroot_path: *const c_char,
    /// Working directory of a CGI program, or NULL.
    pub cgi_wd: *const c_char,
    /// Headers added to each answer, or NULL.
    pub headers: *const lws_protocol_vhost_options,
    /// Seconds that an idle connection is kept; 0 takes the vhost's.
    pub keepalive_timeout: c_uint,
    /// Largest request body in bytes; 0 takes the vhost's.
    pub max_http_body_size: u64,
}

/// What `lws_create_context` and `lws_create_vhost` are told. Zero it, call `lws_context_info_defaults`, then set what is needed. Strings and tables must live as long as the context unless a field says otherwise.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct lws_context_creation_info {
    /// Interface name or address to listen on or to connect from, or NULL.
    pub iface: *const c_char,
    /// The vhost's protocols, ended by an entry without name, or NULL.
    pub protocols: *const lws_protocols,
    /// Websocket extensions; has no effect here.
    pub extensions: *const lws_extension,
    /// Size limits per HTTP header, or NULL.
    pub token_limits: *const lws_token_limits,
    /// HTTP proxy as `[user:password@]host[:port]`; empty for none, NULL for what `http_proxy` in the
    /// environment says.
    pub http_proxy_address: *const c_char,
    /// Headers that the server adds to each answer, or NULL.
    pub headers: *const lws_protocol_vhost_options,
    /// Refuse requests whose user agent holds one of these, or NULL.
    pub reject_service_keywords: *const lws_protocol_vhost_options,
    /// Options for the vhost's protocols, or NULL.
    pub pvo: *const lws_protocol_vhost_options,
    /// Access log file, or NULL.
    pub log_filepath: *const c_char,
    /// What the server serves, or NULL.
    pub mounts: *const lws_http_mount,
    /// Value of the server's `server:` header, or NULL.
    pub server_string: *const c_char,
    /// Path served in place of a missing one, or NULL.
    pub error_document_404: *const c_char,
    /// TCP port to listen on, 0 for any free one, `CONTEXT_PORT_NO_LISTEN` for none.
    pub port: c_int,
    /// Port of the HTTP proxy, if its address has none.
    pub http_proxy_port: c_uint,
    /// As `max_http_header_data`, for sizes over 65535.
    pub max_http_header_data2: c_uint,
    /// As `max_http_header_pool`, for counts over 65535.
    pub max_http_header_pool2: c_uint,
    /// Seconds that an idle HTTP connection is kept; 0 is the default.
    pub keepalive_timeout: c_int,
    /// Initial HTTP/2 settings by their numbers, used if entry 0 is set.
    pub http2_settings: [u32; 7],
    /// Bytes allowed for a whole HTTP head; 0 is the default.
    pub max_http_header_data: c_ushort,
    /// Heads that may be in parsing at a time; 0 is the default.
    pub max_http_header_pool: c_ushort,
    /// Password of the server's private key, or NULL.
    pub ssl_private_key_password: *const c_char,
    /// The server's certificate file, or NULL.
    pub ssl_cert_filepath: *const c_char,
    /// The server's private key file, or NULL.
    pub ssl_private_key_filepath: *const c_char,
    /// CA file for checking clients of the server, or NULL.
    pub ssl_ca_filepath: *const c_char,
    /// The server's TLS 1.2 ciphers in OpenSSL's notation, or NULL.
    pub ssl_cipher_list: *const c_char,
    /// The server's ciphers by their IANA names, or NULL.
    pub tls_ciphers_iana: *const c_char,
    /// The server's ECDH curve, or NULL.
    pub ecdh_curve: *const c_char,
    /// The server's TLS 1.3 ciphers, or NULL.
    pub tls1_3_plus_cipher_list: *const c_char,
    /// The server's certificate in memory, PEM or DER, or NULL.
    pub server_ssl_cert_mem: *const c_void,
    /// The server's private key in memory, or NULL.
    pub server_ssl_private_key_mem: *const c_void,
    /// CA for checking clients of the server, in memory, or NULL.
    pub server_ssl_ca_mem: *const c_void,
    /// OpenSSL option bits to set; has no effect here.
    pub ssl_options_set: c_long,
    /// OpenSSL option bits to clear; has no effect here.
    pub ssl_options_clear: c_long,
    /// Most TLS connections at a time; 0 is no limit.
    pub simultaneous_ssl_restriction: c_int,
    /// Most TLS handshakes at a time; 0 is no limit.
    pub simultaneous_ssl_handshake_restriction: c_int,
    /// OpenSSL events to report; has no effect here.
    pub ssl_info_event_mask: c_int,
    /// Bytes at `server_ssl_cert_mem`.
    pub server_ssl_cert_mem_len: c_uint,
    /// Bytes at `server_ssl_private_key_mem`.
    pub server_ssl_private_key_mem_len: c_uint,
    /// Bytes at `server_ssl_ca_mem`.
    pub server_ssl_ca_mem_len: c_uint,
    /// ALPN names to offer, separated by commas, or NULL for the roles' own.
    pub alpn: *const c_char,
    /// Password of the client's private key, or NULL.
    pub client_ssl_private_key_password: *const c_char,
    /// Client certificate file, or NULL.
    pub client_ssl_cert_filepath: *const c_char,
    /// Client certificate in memory, or NULL.
    pub client_ssl_cert_mem: *const c_void,
    /// Bytes at `client_ssl_cert_mem`.
    pub client_ssl_cert_mem_len: c_uint,
    /// Client private key file, or NULL.
    pub client_ssl_private_key_filepath: *const c_char,
    /// Client private key in memory, or NULL.
    pub client_ssl_key_mem: *const c_void,
    /// CA file for checking servers, or NULL.
    pub client_ssl_ca_filepath: *const c_char,
    /// CA for checking servers in memory, or NULL.
    pub client_ssl_ca_mem: *const c_void,
    /// Client TLS 1.2 ciphers in OpenSSL's notation, or NULL.
    pub client_ssl_cipher_list: *const c_char,
    /// Client ciphers by their IANA names, or NULL.
    pub client_tls_ciphers_iana: *const c_char,
    /// Client TLS 1.3 ciphers, or NULL.
    pub client_tls_1_3_plus_cipher_list: *const c_char,
    /// OpenSSL option bits to set for clients; has no effect here.
    pub ssl_client_options_set: c_long,
    /// OpenSSL option bits to clear for clients; has no effect here.
    pub ssl_client_options_clear: c_long,
    /// Bytes at `client_ssl_ca_mem`.
    pub client_ssl_ca_mem_len: c_uint,
    /// Bytes at `client_ssl_key_mem`.
    pub client_ssl_key_mem_len: c_uint,
    /// An OpenSSL context of the program; has no effect here.
    pub provided_client_ssl_ctx: *mut ssl_ctx_st,
    /// TCP keep-alive: idle seconds before the first probe; 0 leaves it off.
    pub ka_time: c_int,
    /// TCP keep-alive: probes before giving up.
    pub ka_probes: c_int,
    /// TCP keep-alive: seconds between probes.
    pub ka_interval: c_int,
    /// Seconds that a step of a network operation may take; 0 is the default.
    pub timeout_secs: c_uint,
    /// Seconds that connecting may take; 0 is the default.
    pub connect_timeout_secs: c_uint,
    /// Nonzero binds sockets to the device `iface` itself.
    pub bind_iface: c_int,
    /// Seconds that a head may stay unfinished; 0 is the default.
    pub timeout_secs_ah_idle: c_uint,
    /// Seconds that a TLS session can be resumed; 0 is the default.
    pub tls_session_timeout: u32,
    /// Most TLS sessions kept; 0 is the default.
    pub tls_session_cache_max: u32,
    /// Group to change to after start, 0 or -1 to stay.
    pub gid: libc::gid_t,
    /// User to change to after start, 0 or -1 to stay.
    pub uid: libc::uid_t,
    /// `LWS_SERVER_OPTION_...` bits.
    pub options: u64,
    /// The program's pointer, see `lws_context_user`.
    pub user: *mut c_void,
    /// Service threads; 0 and 1 are the only legal values here.
    pub count_threads: c_uint,
    /// Most descriptors; 0 takes the process's limit.
    pub fd_limit_per_thread: c_uint,
    /// Name of the vhost, also of the one made with the context; NULL is "default".
    pub vhost_name: *const c_char,
    /// Memory from `malloc` that is freed when the context goes, or NULL.
    pub external_baggage_free_on_destroy: *mut c_void,
    /// Bytes of the service buffer; 0 is 4096.
    pub pt_serv_buf_size: c_uint,
    /// File operations to use, or NULL.
    pub fops: *const lws_plat_file_ops,
    /// SOCKS5 proxy as `[user:password@]host[:port]`; empty for none, NULL for what `socks_proxy` in
    /// the environment says.
    pub socks_proxy_address: *const c_char,
    /// Port of the SOCKS5 proxy, if its address has none.
    pub socks_proxy_port: c_uint,
    /// Linux capabilities to keep after the change of user.
    pub caps: [c_int; 4],
    /// Entries used in `caps`.
    pub count_caps: c_char,
    /// Loops of other event libraries, one a thread; has no effect here.
    pub foreign_loops: *mut *mut c_void,
    /// Called on signals with some event libraries; has no effect here.
    pub signal_cb: Option<unsafe extern "C" fn(*mut c_void, c_int)>,
    /// If not NULL, holds the context while it lives and NULL afterwards.
    pub pcontext: *mut *mut lws_context,
    /// Called when the vhost is gone, with `finalize_arg`, or NULL.
    pub finalize: Option<unsafe extern "C" fn(*mut lws_vhost, *mut c_void)>,
    /// Argument of `finalize`.
    pub finalize_arg: *mut c_void,
    /// Role of accepted connections, or NULL for HTTP.
    pub listen_accept_role: *const c_char,
    /// Protocol that accepted connections bind to, or NULL.
    pub listen_accept_protocol: *const c_char,
    /// The vhost's protocols as pointers ended by NULL, instead of `protocols`.
    pub pprotocols: *mut *const lws_protocols,
    /// User to change to after start, by name, or NULL.
    pub username: *const c_char,
    /// Group to change to after start, by name, or NULL.
    pub groupname: *const c_char,
    /// Owner of a listening unix socket as `user:group`, or NULL.
    pub unix_socket_perms: *const c_char,
    /// Things the platform does for us, or NULL.
    pub system_ops: *const lws_system_ops,
    /// Retry and idle rules where nothing else gives any, or NULL.
    pub retry_and_idle_policy: *const lws_retry_bo,
    /// System state notifiers, registered before the first change; ended by NULL, or NULL.
    pub register_notifier_list: *const *mut lws_state_notify_link,
    /// The policy: JSON text, or the path of a file with it; or NULL. Copied.
    pub pss_policies_json: *const c_char,
    /// Secure Streams plugins; has no effect here.
    pub pss_plugins: *mut *const lws_ss_plugin,
    /// Interface or unix socket by which the Secure Streams proxy is reached, or NULL.
    pub ss_proxy_bind: *const c_char,
    /// Address of the Secure Streams proxy, or NULL.
    pub ss_proxy_address: *const c_char,
    /// TCP port of the Secure Streams proxy; 0 uses a unix socket.
    pub ss_proxy_port: u16,
    /// The proxy's transport towards its clients, or NULL for sockets.
    pub txp_ops_ssproxy: *const lws_transport_proxy_ops,
    /// Argument for that transport.
    pub txp_ssproxy_info: *const c_void,
    /// The client's transport towards the proxy, or NULL for sockets.
    pub txp_ops_sspc: *const lws_transport_client_ops,
    /// Sets the process's limit of open descriptors; 0 leaves it.
    pub rlimit_nofile: c_int,
    /// System message callback that is in place before the first message, or NULL.
    pub early_smd_cb: lws_smd_notification_cb_t,
    /// First argument of `early_smd_cb`.
    pub early_smd_opaque: *mut c_void,
    /// Classes that `early_smd_cb` gets, or-ed together.
    pub early_smd_class_filter: lws_smd_class_t,
    /// Microseconds that a system message waits for its readers; 0 is the default.
    pub smd_ttl_us: lws_usec_t,
    /// Most system messages waiting; 0 is the default.
    pub smd_queue_depth: u16,
    /// Length of the TCP fast open queue; 0 leaves it off.
    pub fo_listen_queue: c_int,
    /// An event loop of the program, or NULL for ours.
    pub event_lib_custom: *const lws_plugin_evlib,
    /// Log context to use, or NULL for the process's.
    pub log_cx: *mut lws_log_cx,
    /// File that keeps cookies between runs, in Netscape format, or NULL.
    pub http_nsc_filepath: *const c_char,
    /// Most bytes of cookies in memory; 0 is the library's own limit.
    pub http_nsc_heap_max_footprint: usize,
    /// Most cookies in memory; 0 is the library's own limit.
    pub http_nsc_heap_max_items: usize,
    /// Most bytes of one cookie; 0 is the library's own limit.
    pub http_nsc_heap_max_payload: usize,
    /// Log levels that the built-in `-d` starts from; 0 is the default.
    pub default_loglevel: c_int,
    /// A listening socket made by the program, or 0.
    pub vh_listen_sockfd: lws_sockfd_type,
    /// Interface for wake-on-LAN packets, or NULL.
    pub wol_if: *const c_char,
    /// Command line of a helper process; has no effect here.
    pub lws_stub: *const c_char,
    /// The program's argument count, for built-in options; or 0.
    pub argc: c_int,
    /// The program's arguments, or NULL.
    pub argv: *mut *const c_char,
    /// QUIC packet size; has no effect here.
    pub quic_mtu: u32,
    /// QUIC credit callback; has no effect here.
    pub quic_tx_credit_cb: lws_quic_tx_credit_cb_t,
    /// QUIC congestion control; has no effect here.
    pub quic_cc_ops: *const lws_cc_ops,
    /// QUIC preferred addresses; has no effect here.
    pub quic_preferred_addresses: *const c_char,
    /// QUIC initial window; has no effect here.
    pub quic_initial_cwnd: u32,
    /// QUIC early data limit; has no effect here.
    pub quic_0rtt_max_size: u32,
    /// Largest request body that the server takes, in bytes; 0 is no limit.
    pub max_http_body_size: u64,
    /// The policy as C structs, instead of `pss_policies_json`, or NULL. Copied. (Programs built
    /// for libwebsockets have NULL here: there the name exists in special builds only.)
    pub pss_policies: *const lws_ss_policy,
}

/// A client of the server must show a certificate.
pub const LWS_SERVER_OPTION_REQUIRE_VALID_OPENSSL_CLIENT_CERT: u64 = 0x1002;
/// Do not ask for this host's name.
pub const LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME: u64 = 0x4;
/// Plain connections may come to the TLS port.
pub const LWS_SERVER_OPTION_ALLOW_NON_SSL_ON_SSL_PORT: u64 = 0x1008;
/// Event library libev; has no effect here.
pub const LWS_SERVER_OPTION_LIBEV: u64 = 0x10;
/// IPv4 only.
pub const LWS_SERVER_OPTION_DISABLE_IPV6: u64 = 0x20;
/// The system's trust store is not used.
pub const LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS: u64 = 0x40;
/// A client of the server may come without certificate.
pub const LWS_SERVER_OPTION_PEER_CERT_NOT_REQUIRED: u64 = 0x80;
/// Check the text of websocket messages.
pub const LWS_SERVER_OPTION_VALIDATE_UTF8: u64 = 0x100;
/// ECDH for the server's TLS.
pub const LWS_SERVER_OPTION_SSL_ECDH: u64 = 0x1200;
/// Event library libuv; has no effect here.
pub const LWS_SERVER_OPTION_LIBUV: u64 = 0x400;
/// Plain HTTP at the TLS port is redirected.
pub const LWS_SERVER_OPTION_REDIRECT_HTTP_TO_HTTPS: u64 = 0x1800;
/// Set up TLS.
pub const LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT: u64 = 0x1000;
/// The context makes no vhost; the program makes them.
pub const LWS_SERVER_OPTION_EXPLICIT_VHOSTS: u64 = 0x2000;
/// Listen on a unix socket.
pub const LWS_SERVER_OPTION_UNIX_SOCK: u64 = 0x4000;
/// Send strict transport security headers.
pub const LWS_SERVER_OPTION_STS: u64 = 0x8000;
/// Set the socket's IPV6_V6ONLY option from the next bit.
pub const LWS_SERVER_OPTION_IPV6_V6ONLY_MODIFY: u64 = 0x10000;
/// IPv6 sockets take no IPv4.
pub const LWS_SERVER_OPTION_IPV6_V6ONLY_VALUE: u64 = 0x20000;
/// For libuv; has no effect here.
pub const LWS_SERVER_OPTION_UV_NO_SIGSEGV_SIGFPE_SPIN: u64 = 0x40000;
/// The origin header is passed on as it is.
pub const LWS_SERVER_OPTION_JUST_USE_RAW_ORIGIN: u64 = 0x80000;
/// What is not HTTP is served by `listen_accept_role`.
pub const LWS_SERVER_OPTION_FALLBACK_TO_APPLY_LISTEN_ACCEPT_CONFIG: u64 = 0x100000;
/// Event library libevent; has no effect here.
pub const LWS_SERVER_OPTION_LIBEVENT: u64 = 0x200000;
/// Accepted connections are served by `listen_accept_role`.
pub const LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG: u64 = 0x400000;
/// Other sockets may listen on the same port.
pub const LWS_SERVER_OPTION_ALLOW_LISTEN_SHARE: u64 = 0x800000;
/// The vhost does TLS, even without certificate files.
pub const LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX: u64 = 0x1000000;
/// Protocols are not initialised.
pub const LWS_SERVER_OPTION_SKIP_PROTOCOL_INIT: u64 = 0x2000000;
/// A missing certificate disables the vhost's TLS only.
pub const LWS_SERVER_OPTION_IGNORE_MISSING_CERT: u64 = 0x4000000;
/// Upgrades must name the vhost.
pub const LWS_SERVER_OPTION_VHOST_UPG_STRICT_HOST_CHECK: u64 = 0x8000000;
/// Send the recommended security headers.
pub const LWS_SERVER_OPTION_HTTP_HEADERS_SECURITY_BEST_PRACTICES_ENFORCE: u64 = 0x10000000;
/// Serve plain HTTP at the TLS port.
pub const LWS_SERVER_OPTION_ALLOW_HTTP_ON_HTTPS_LISTENER: u64 = 0x20000000;
/// A port that cannot be had fails the vhost.
pub const LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND: u64 = 0x40000000;
/// An overflowing HTTP/2 window is set to the most possible.
pub const LWS_SERVER_OPTION_H2_JUST_FIX_WINDOW_UPDATE_OVERFLOW: u64 = 0x80000000;
/// HTTP/2 requests may stay half-closed.
pub const LWS_SERVER_OPTION_VH_H2_HALF_CLOSED_LONG_POLL: u64 = 0x100000000;
/// Event library glib; has no effect here.
pub const LWS_SERVER_OPTION_GLIB: u64 = 0x200000000;
/// Do not check the text of websocket messages.
pub const LWS_SERVER_OPTION_DISABLE_UTF8_VALIDATION: u64 = 0x400000000;
/// Plain connections speak HTTP/2 at once.
pub const LWS_SERVER_OPTION_H2_PRIOR_KNOWLEDGE: u64 = 0x400000000;
/// The system states are not gone through.
pub const LWS_SERVER_OPTION_NO_LWS_SYSTEM_STATES: u64 = 0x800000000;
/// The context is a Secure Streams proxy.
pub const LWS_SERVER_OPTION_SS_PROXY: u64 = 0x1000000000;
/// Event library sd-event; has no effect here.
pub const LWS_SERVER_OPTION_SDEVENT: u64 = 0x2000000000;
/// Event library uloop; has no effect here.
pub const LWS_SERVER_OPTION_ULOOP: u64 = 0x4000000000;
/// TLS sessions are not resumed.
pub const LWS_SERVER_OPTION_DISABLE_TLS_SESSION_CACHE: u64 = 0x8000000000;
/// For OpenSSL; has no effect here.
pub const LWS_SERVER_OPTION_OPENSSL_AUTO_DH_PARAMETERS: u64 = 0x10000000000;
/// For Mbed TLS; has no effect here.
pub const LWS_SERVER_OPTION_MBEDTLS_VERIFY_CLIENT_CERT_POST_HANDSHAKE: u64 = 0x20000001000;
/// The vhost gets all protocols.
pub const LWS_SERVER_OPTION_VH_INSTANTIATE_ALL_PROTOCOLS: u64 = 0x40000000000;
/// Making the vhost does not change the user.
pub const LWS_SERVER_OPTION_VH_SKIP_PRIV_DROP: u64 = 0x80000000000;
/// The command line asks for HTTP/1.1.
pub const LWS_SERVER_OPTION_CMDLINE_FORCE_H1: u64 = 0x100000000000;
/// The command line asks for HTTP/2.
pub const LWS_SERVER_OPTION_CMDLINE_FORCE_H2: u64 = 0x200000000000;
/// The command line asks for HTTP/3.
pub const LWS_SERVER_OPTION_CMDLINE_FORCE_H3: u64 = 0x400000000000;
/// TLS 1.3 early data is taken.
pub const LWS_SERVER_OPTION_ALLOW_EARLY_DATA: u64 = 0x800000000000;
/// No captive portal check.
pub const LWS_SERVER_OPTION_CPD_BYPASS: u64 = 0x1000000000000;
/// For QUIC; has no effect here.
pub const LWS_SERVER_OPTION_QUIC_PAD_CRYPTO: u64 = 0x2000000000000;
/// For QUIC; has no effect here.
pub const LWS_SERVER_OPTION_QUIC_LATEST_VERSION: u64 = 0x4000000000000;
/// For QUIC; has no effect here.
pub const LWS_SERVER_OPTION_QUIC_EARLY_KEY_UPDATE: u64 = 0x8000000000000;
/// For QUIC; has no effect here.
pub const LWS_SERVER_OPTION_QUIC_FORCE_RETRY: u64 = 0x10000000000000;
/// Port: do not listen.
pub const CONTEXT_PORT_NO_LISTEN: c_int = -1;
/// Port: do not listen, but be ready for server connections.
pub const CONTEXT_PORT_NO_LISTEN_SERVER: c_int = -2;
