/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_CONTEXT_VHOST_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_CONTEXT_VHOST_H

/*
 * The context: made first, destroyed last; one loop and everything on it.
 *
 * Where: in the thread that runs the context's loop, in every callback; from another thread they
 * log an error and do nothing.
 */
#include <libwebsockets/lws-adopt.h>
#include <libwebsockets/lws-logs.h>
#include <libwebsockets/lws-protocols-plugins.h>
#include <libwebsockets/lws-retry.h>
#include <libwebsockets/lws-system.h>

/** Bits of lws_http_mount.auth_mask that say who checks. */
#define AUTH_MODE_MASK 0xF0000000
/** Are all these option bits set? */
#define lws_check_opt(options, bits) ((((uint64_t)(options)) & ((uint64_t)(bits))) == ((uint64_t)(bits)))

/**
 * What a context starts from: zeroes the struct, sets the options that Secure Streams programs
 * want and, unless the program uses the proxy (LWS_SS_USE_SSPC), the policy: JSON text or the
 * path of a file.
 */
#if defined(LWS_SS_USE_SSPC)
#define lws_context_info_defaults(info, policy) _lws_context_info_defaults(info, NULL)
#else
#define lws_context_info_defaults(info, policy) _lws_context_info_defaults(info, policy)
#endif

#ifdef __cplusplus
extern "C" {
#endif

struct lws_extension;
struct lws_token_limits;
struct lws_plat_file_ops;
struct lws_ss_plugin;
struct lws_transport_proxy_ops;
struct lws_transport_client_ops;
struct lws_cc_ops;
struct lws_ss_policy;

struct lws_protocol_vhost_options;
struct lws_http_mount;
struct lws_context_creation_info;

/** What a mount serves. */
enum lws_mount_protocols {
    /** Passed on to another server by HTTP. */
    LWSMPRO_HTTP = 0,
    /** Passed on to another server by HTTPS. */
    LWSMPRO_HTTPS = 1,
    /** Files below a directory. */
    LWSMPRO_FILE = 2,
    /** A CGI program. */
    LWSMPRO_CGI = 3,
    /** A redirect to an http URL. */
    LWSMPRO_REDIR_HTTP = 4,
    /** A redirect to an https URL. */
    LWSMPRO_REDIR_HTTPS = 5,
    /** A protocol's callback. */
    LWSMPRO_CALLBACK = 6,
    /** Nothing is mounted. */
    LWSMPRO_NO_MOUNT = 7,
};

/** Who checks the credentials of HTTP basic authentication. */
enum lws_authentication_mode {
    /** The password file. */
    LWSAUTHM_DEFAULT = 0,
    /** The protocol's callback. */
    LWSAUTHM_BASIC_AUTH_CALLBACK = 268435456,
};

/** Decides about QUIC credit; never called here. */
typedef uint64_t (*lws_quic_tx_credit_cb_t)(struct lws *wsi,
                                            uint64_t current,
                                            uint64_t requested,
                                            uint64_t max);

/** A list of names with values, each of which may hold a list of its own. */
struct lws_protocol_vhost_options {
    /** The next option, or NULL. */
    const struct lws_protocol_vhost_options *next;
    /** A list below this one, or NULL. */
    const struct lws_protocol_vhost_options *options;
    /** The option's name. */
    const char *name;
    /** The option's value. */
    const char *value;
};

/** A part of a server's URL space and what it serves. */
struct lws_http_mount {
    /** The next mount, or NULL. */
    const struct lws_http_mount *mount_next;
    /** Where in the URL space it begins, with its leading slash. */
    const char *mountpoint;
    /** What is served: a directory, a URL or a name, by `origin_protocol`. */
    const char *origin;
    /** The file served for a directory, or NULL. */
    const char *def;
    /** Name of the protocol that serves it, or NULL. */
    const char *protocol;
    /** Environment of a CGI program, or NULL. */
    const struct lws_protocol_vhost_options *cgienv;
    /** File name ending to MIME type, besides the built-in ones, or NULL. */
    const struct lws_protocol_vhost_options *extra_mimetypes;
    /** File name ending to the protocol that handles such a file, or NULL. */
    const struct lws_protocol_vhost_options *interpret;
    /** Seconds that a CGI program may take. */
    int cgi_timeout;
    /** Seconds for which a client may keep what it got. */
    int cache_max_age;
    /** Kinds of access that need authentication. */
    unsigned int auth_mask;
    /** The client may keep the content. */
    unsigned int cache_reusable: 1;
    /** The client must ask whether what it kept is still right. */
    unsigned int cache_revalidate: 1;
    /** Caches on the way may keep it too. */
    unsigned int cache_intermediaries: 1;
    /** Nobody may keep it. */
    unsigned int cache_no: 1;
    /** Matches the whole path only, not what is below. */
    unsigned int exact_match: 1;
    /** A redirect keeps the rest of the path. */
    unsigned int append_path: 1;
    /** Refuses websocket upgrades. */
    unsigned int no_ws_upgrades: 1;
    /** What `origin` is (`LWSMPRO_...`). */
    unsigned char origin_protocol;
    /** Length of `mountpoint`. */
    unsigned char mountpoint_len;
    /** File of `user:password` lines, or NULL. */
    const char *basic_auth_login_file;
    /** Root directory of a CGI program, or NULL. */
    const char *cgi_chroot_path;
    /** Working directory of a CGI program, or NULL. */
    const char *cgi_wd;
    /** Headers added to each answer, or NULL. */
    const struct lws_protocol_vhost_options *headers;
    /** Seconds that an idle connection is kept; 0 takes the vhost's. */
    unsigned int keepalive_timeout;
    /** Largest request body in bytes; 0 takes the vhost's. */
    uint64_t max_http_body_size;
};

/**
 * What `lws_create_context` and `lws_create_vhost` are told. Zero it, call
 * `lws_context_info_defaults`, then set what is needed. Strings and tables must live as long as
 * the context unless a field says otherwise.
 */
struct lws_context_creation_info {
    /** Interface name or address to listen on or to connect from, or NULL. */
    const char *iface;
    /** The vhost's protocols, ended by an entry without name, or NULL. */
    const struct lws_protocols *protocols;
    /** Websocket extensions; has no effect here. */
    const struct lws_extension *extensions;
    /** Size limits per HTTP header, or NULL. */
    const struct lws_token_limits *token_limits;
    /**
     * HTTP proxy as `[user:password@]host[:port]`; empty for none, NULL for what `http_proxy` in the
     * environment says.
     */
    const char *http_proxy_address;
    /** Headers that the server adds to each answer, or NULL. */
    const struct lws_protocol_vhost_options *headers;
    /** Refuse requests whose user agent holds one of these, or NULL. */
    const struct lws_protocol_vhost_options *reject_service_keywords;
    /** Options for the vhost's protocols, or NULL. */
    const struct lws_protocol_vhost_options *pvo;
    /** Access log file, or NULL. */
    const char *log_filepath;
    /** What the server serves, or NULL. */
    const struct lws_http_mount *mounts;
    /** Value of the server's `server:` header, or NULL. */
    const char *server_string;
    /** Path served in place of a missing one, or NULL. */
    const char *error_document_404;
    /** TCP port to listen on, 0 for any free one, `CONTEXT_PORT_NO_LISTEN` for none. */
    int port;
    /** Port of the HTTP proxy, if its address has none. */
    unsigned int http_proxy_port;
    /** As `max_http_header_data`, for sizes over 65535. */
    unsigned int max_http_header_data2;
    /** As `max_http_header_pool`, for counts over 65535. */
    unsigned int max_http_header_pool2;
    /** Seconds that an idle HTTP connection is kept; 0 is the default. */
    int keepalive_timeout;
    /** Initial HTTP/2 settings by their numbers, used if entry 0 is set. */
    uint32_t http2_settings[7];
    /** Bytes allowed for a whole HTTP head; 0 is the default. */
    unsigned short max_http_header_data;
    /** Heads that may be in parsing at a time; 0 is the default. */
    unsigned short max_http_header_pool;
    /** Password of the server's private key, or NULL. */
    const char *ssl_private_key_password;
    /** The server's certificate file, or NULL. */
    const char *ssl_cert_filepath;
    /** The server's private key file, or NULL. */
    const char *ssl_private_key_filepath;
    /** CA file for checking clients of the server, or NULL. */
    const char *ssl_ca_filepath;
    /** The server's TLS 1.2 ciphers in OpenSSL's notation, or NULL. */
    const char *ssl_cipher_list;
    /** The server's ciphers by their IANA names, or NULL. */
    const char *tls_ciphers_iana;
    /** The server's ECDH curve, or NULL. */
    const char *ecdh_curve;
    /** The server's TLS 1.3 ciphers, or NULL. */
    const char *tls1_3_plus_cipher_list;
    /** The server's certificate in memory, PEM or DER, or NULL. */
    const void *server_ssl_cert_mem;
    /** The server's private key in memory, or NULL. */
    const void *server_ssl_private_key_mem;
    /** CA for checking clients of the server, in memory, or NULL. */
    const void *server_ssl_ca_mem;
    /** OpenSSL option bits to set; has no effect here. */
    long ssl_options_set;
    /** OpenSSL option bits to clear; has no effect here. */
    long ssl_options_clear;
    /** Most TLS connections at a time; 0 is no limit. */
    int simultaneous_ssl_restriction;
    /** Most TLS handshakes at a time; 0 is no limit. */
    int simultaneous_ssl_handshake_restriction;
    /** OpenSSL events to report; has no effect here. */
    int ssl_info_event_mask;
    /** Bytes at `server_ssl_cert_mem`. */
    unsigned int server_ssl_cert_mem_len;
    /** Bytes at `server_ssl_private_key_mem`. */
    unsigned int server_ssl_private_key_mem_len;
    /** Bytes at `server_ssl_ca_mem`. */
    unsigned int server_ssl_ca_mem_len;
    /** ALPN names to offer, separated by commas, or NULL for the roles' own. */
    const char *alpn;
    /** Password of the client's private key, or NULL. */
    const char *client_ssl_private_key_password;
    /** Client certificate file, or NULL. */
    const char *client_ssl_cert_filepath;
    /** Client certificate in memory, or NULL. */
    const void *client_ssl_cert_mem;
    /** Bytes at `client_ssl_cert_mem`. */
    unsigned int client_ssl_cert_mem_len;
    /** Client private key file, or NULL. */
    const char *client_ssl_private_key_filepath;
    /** Client private key in memory, or NULL. */
    const void *client_ssl_key_mem;
    /** CA file for checking servers, or NULL. */
    const char *client_ssl_ca_filepath;
    /** CA for checking servers in memory, or NULL. */
    const void *client_ssl_ca_mem;
    /** Client TLS 1.2 ciphers in OpenSSL's notation, or NULL. */
    const char *client_ssl_cipher_list;
    /** Client ciphers by their IANA names, or NULL. */
    const char *client_tls_ciphers_iana;
    /** Client TLS 1.3 ciphers, or NULL. */
    const char *client_tls_1_3_plus_cipher_list;
    /** OpenSSL option bits to set for clients; has no effect here. */
    long ssl_client_options_set;
    /** OpenSSL option bits to clear for clients; has no effect here. */
    long ssl_client_options_clear;
    /** Bytes at `client_ssl_ca_mem`. */
    unsigned int client_ssl_ca_mem_len;
    /** Bytes at `client_ssl_key_mem`. */
    unsigned int client_ssl_key_mem_len;
    /** An OpenSSL context of the program; has no effect here. */
    struct ssl_ctx_st *provided_client_ssl_ctx;
    /** TCP keep-alive: idle seconds before the first probe; 0 leaves it off. */
    int ka_time;
    /** TCP keep-alive: probes before giving up. */
    int ka_probes;
    /** TCP keep-alive: seconds between probes. */
    int ka_interval;
    /** Seconds that a step of a network operation may take; 0 is the default. */
    unsigned int timeout_secs;
    /** Seconds that connecting may take; 0 is the default. */
    unsigned int connect_timeout_secs;
    /** Nonzero binds sockets to the device `iface` itself. */
    int bind_iface;
    /** Seconds that a head may stay unfinished; 0 is the default. */
    unsigned int timeout_secs_ah_idle;
    /** Seconds that a TLS session can be resumed; 0 is the default. */
    uint32_t tls_session_timeout;
    /** Most TLS sessions kept; 0 is the default. */
    uint32_t tls_session_cache_max;
    /** Group to change to after start, 0 or -1 to stay. */
    gid_t gid;
    /** User to change to after start, 0 or -1 to stay. */
    uid_t uid;
    /** `LWS_SERVER_OPTION_...` bits. */
    uint64_t options;
    /** The program's pointer, see `lws_context_user`. */
    void *user;
    /** Service threads; 0 and 1 are the only legal values here. */
    unsigned int count_threads;
    /** Most descriptors; 0 takes the process's limit. */
    unsigned int fd_limit_per_thread;
    /** Name of the vhost, also of the one made with the context; NULL is "default". */
    const char *vhost_name;
    /** Memory from `malloc` that is freed when the context goes, or NULL. */
    void *external_baggage_free_on_destroy;
    /** Bytes of the service buffer; 0 is 4096. */
    unsigned int pt_serv_buf_size;
    /** File operations to use, or NULL. */
    const struct lws_plat_file_ops *fops;
    /**
     * SOCKS5 proxy as `[user:password@]host[:port]`; empty for none, NULL for what `socks_proxy` in
     * the environment says.
     */
    const char *socks_proxy_address;
    /** Port of the SOCKS5 proxy, if its address has none. */
    unsigned int socks_proxy_port;
    /** Linux capabilities to keep after the change of user. */
    int caps[4];
    /** Entries used in `caps`. */
    char count_caps;
    /** Loops of other event libraries, one a thread; has no effect here. */
    void **foreign_loops;
    /** Called on signals with some event libraries; has no effect here. */
    void (*signal_cb)(void*, int);
    /** If not NULL, holds the context while it lives and NULL afterwards. */
    struct lws_context **pcontext;
    /** Called when the vhost is gone, with `finalize_arg`, or NULL. */
    void (*finalize)(struct lws_vhost*, void*);
    /** Argument of `finalize`. */
    void *finalize_arg;
    /** Role of accepted connections, or NULL for HTTP. */
    const char *listen_accept_role;
    /** Protocol that accepted connections bind to, or NULL. */
    const char *listen_accept_protocol;
    /** The vhost's protocols as pointers ended by NULL, instead of `protocols`. */
    const struct lws_protocols **pprotocols;
    /** User to change to after start, by name, or NULL. */
    const char *username;
    /** Group to change to after start, by name, or NULL. */
    const char *groupname;
    /** Owner of a listening unix socket as `user:group`, or NULL. */
    const char *unix_socket_perms;
    /** Things the platform does for us, or NULL. */
    const struct lws_system_ops *system_ops;
    /** Retry and idle rules where nothing else gives any, or NULL. */
    const struct lws_retry_bo *retry_and_idle_policy;
    /** System state notifiers, registered before the first change; ended by NULL, or NULL. */
    struct lws_state_notify_link *const *register_notifier_list;
    /** The policy: JSON text, or the path of a file with it; or NULL. Copied. */
    const char *pss_policies_json;
    /** Secure Streams plugins; has no effect here. */
    const struct lws_ss_plugin **pss_plugins;
    /** Interface or unix socket by which the Secure Streams proxy is reached, or NULL. */
    const char *ss_proxy_bind;
    /** Address of the Secure Streams proxy, or NULL. */
    const char *ss_proxy_address;
    /** TCP port of the Secure Streams proxy; 0 uses a unix socket. */
    uint16_t ss_proxy_port;
    /** The proxy's transport towards its clients, or NULL for sockets. */
    const struct lws_transport_proxy_ops *txp_ops_ssproxy;
    /** Argument for that transport. */
    const void *txp_ssproxy_info;
    /** The client's transport towards the proxy, or NULL for sockets. */
    const struct lws_transport_client_ops *txp_ops_sspc;
    /** Sets the process's limit of open descriptors; 0 leaves it. */
    int rlimit_nofile;
    /** System message callback that is in place before the first message, or NULL. */
    lws_smd_notification_cb_t early_smd_cb;
    /** First argument of `early_smd_cb`. */
    void *early_smd_opaque;
    /** Classes that `early_smd_cb` gets, or-ed together. */
    lws_smd_class_t early_smd_class_filter;
    /** Microseconds that a system message waits for its readers; 0 is the default. */
    lws_usec_t smd_ttl_us;
    /** Most system messages waiting; 0 is the default. */
    uint16_t smd_queue_depth;
    /** Length of the TCP fast open queue; 0 leaves it off. */
    int fo_listen_queue;
    /** An event loop of the program, or NULL for ours. */
    const struct lws_plugin_evlib *event_lib_custom;
    /** Log context to use, or NULL for the process's. */
    struct lws_log_cx *log_cx;
    /** File that keeps cookies between runs, in Netscape format, or NULL. */
    const char *http_nsc_filepath;
    /** Most bytes of cookies in memory; 0 is the library's own limit. */
    size_t http_nsc_heap_max_footprint;
    /** Most cookies in memory; 0 is the library's own limit. */
    size_t http_nsc_heap_max_items;
    /** Most bytes of one cookie; 0 is the library's own limit. */
    size_t http_nsc_heap_max_payload;
    /** Log levels that the built-in `-d` starts from; 0 is the default. */
    int default_loglevel;
    /** A listening socket made by the program, or 0. */
    lws_sockfd_type vh_listen_sockfd;
    /** Interface for wake-on-LAN packets, or NULL. */
    const char *wol_if;
    /** Command line of a helper process; has no effect here. */
    const char *lws_stub;
    /** The program's argument count, for built-in options; or 0. */
    int argc;
    /** The program's arguments, or NULL. */
    const char **argv;
    /** QUIC packet size; has no effect here. */
    uint32_t quic_mtu;
    /** QUIC credit callback; has no effect here. */
    lws_quic_tx_credit_cb_t quic_tx_credit_cb;
    /** QUIC congestion control; has no effect here. */
    const struct lws_cc_ops *quic_cc_ops;
    /** QUIC preferred addresses; has no effect here. */
    const char *quic_preferred_addresses;
    /** QUIC initial window; has no effect here. */
    uint32_t quic_initial_cwnd;
    /** QUIC early data limit; has no effect here. */
    uint32_t quic_0rtt_max_size;
    /** Largest request body that the server takes, in bytes; 0 is no limit. */
    uint64_t max_http_body_size;
    /**
     * The policy as C structs, instead of `pss_policies_json`, or NULL. Copied. (Programs built
     * for libwebsockets have NULL here: there the name exists in special builds only.)
     */
    const struct lws_ss_policy *pss_policies;
};

/** A client of the server must show a certificate. */
#define LWS_SERVER_OPTION_REQUIRE_VALID_OPENSSL_CLIENT_CERT 4098

/** Do not ask for this host's name. */
#define LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME 4

/** Plain connections may come to the TLS port. */
#define LWS_SERVER_OPTION_ALLOW_NON_SSL_ON_SSL_PORT 4104

/** Event library libev; has no effect here. */
#define LWS_SERVER_OPTION_LIBEV 16

/** IPv4 only. */
#define LWS_SERVER_OPTION_DISABLE_IPV6 32

/** The system's trust store is not used. */
#define LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS 64

/** A client of the server may come without certificate. */
#define LWS_SERVER_OPTION_PEER_CERT_NOT_REQUIRED 128

/** Check the text of websocket messages. */
#define LWS_SERVER_OPTION_VALIDATE_UTF8 256

/** ECDH for the server's TLS. */
#define LWS_SERVER_OPTION_SSL_ECDH 4608

/** Event library libuv; has no effect here. */
#define LWS_SERVER_OPTION_LIBUV 1024

/** Plain HTTP at the TLS port is redirected. */
#define LWS_SERVER_OPTION_REDIRECT_HTTP_TO_HTTPS 6144

/** Set up TLS. */
#define LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT 4096

/** The context makes no vhost; the program makes them. */
#define LWS_SERVER_OPTION_EXPLICIT_VHOSTS 8192

/** Listen on a unix socket. */
#define LWS_SERVER_OPTION_UNIX_SOCK 16384

/** Send strict transport security headers. */
#define LWS_SERVER_OPTION_STS 32768

/** Set the socket's IPV6_V6ONLY option from the next bit. */
#define LWS_SERVER_OPTION_IPV6_V6ONLY_MODIFY 65536

/** IPv6 sockets take no IPv4. */
#define LWS_SERVER_OPTION_IPV6_V6ONLY_VALUE 131072

/** For libuv; has no effect here. */
#define LWS_SERVER_OPTION_UV_NO_SIGSEGV_SIGFPE_SPIN 262144

/** The origin header is passed on as it is. */
#define LWS_SERVER_OPTION_JUST_USE_RAW_ORIGIN 524288

/** What is not HTTP is served by `listen_accept_role`. */
#define LWS_SERVER_OPTION_FALLBACK_TO_APPLY_LISTEN_ACCEPT_CONFIG 1048576

/** Event library libevent; has no effect here. */
#define LWS_SERVER_OPTION_LIBEVENT 2097152

/** Accepted connections are served by `listen_accept_role`. */
#define LWS_SERVER_OPTION_ADOPT_APPLY_LISTEN_ACCEPT_CONFIG 4194304

/** Other sockets may listen on the same port. */
#define LWS_SERVER_OPTION_ALLOW_LISTEN_SHARE 8388608

/** The vhost does TLS, even without certificate files. */
#define LWS_SERVER_OPTION_CREATE_VHOST_SSL_CTX 16777216

/** Protocols are not initialised. */
#define LWS_SERVER_OPTION_SKIP_PROTOCOL_INIT 33554432

/** A missing certificate disables the vhost's TLS only. */
#define LWS_SERVER_OPTION_IGNORE_MISSING_CERT 67108864

/** Upgrades must name the vhost. */
#define LWS_SERVER_OPTION_VHOST_UPG_STRICT_HOST_CHECK 134217728

/** Send the recommended security headers. */
#define LWS_SERVER_OPTION_HTTP_HEADERS_SECURITY_BEST_PRACTICES_ENFORCE 268435456

/** Serve plain HTTP at the TLS port. */
#define LWS_SERVER_OPTION_ALLOW_HTTP_ON_HTTPS_LISTENER 536870912

/** A port that cannot be had fails the vhost. */
#define LWS_SERVER_OPTION_FAIL_UPON_UNABLE_TO_BIND 1073741824

/** An overflowing HTTP/2 window is set to the most possible. */
#define LWS_SERVER_OPTION_H2_JUST_FIX_WINDOW_UPDATE_OVERFLOW 2147483648

/** HTTP/2 requests may stay half-closed. */
#define LWS_SERVER_OPTION_VH_H2_HALF_CLOSED_LONG_POLL 4294967296

/** Event library glib; has no effect here. */
#define LWS_SERVER_OPTION_GLIB 8589934592

/** Do not check the text of websocket messages. */
#define LWS_SERVER_OPTION_DISABLE_UTF8_VALIDATION 17179869184

/** Plain connections speak HTTP/2 at once. */
#define LWS_SERVER_OPTION_H2_PRIOR_KNOWLEDGE 17179869184

/** The system states are not gone through. */
#define LWS_SERVER_OPTION_NO_LWS_SYSTEM_STATES 34359738368

/** The context is a Secure Streams proxy. */
#define LWS_SERVER_OPTION_SS_PROXY 68719476736

/** Event library sd-event; has no effect here. */
#define LWS_SERVER_OPTION_SDEVENT 137438953472

/** Event library uloop; has no effect here. */
#define LWS_SERVER_OPTION_ULOOP 274877906944

/** TLS sessions are not resumed. */
#define LWS_SERVER_OPTION_DISABLE_TLS_SESSION_CACHE 549755813888

/** For OpenSSL; has no effect here. */
#define LWS_SERVER_OPTION_OPENSSL_AUTO_DH_PARAMETERS 1099511627776

/** For Mbed TLS; has no effect here. */
#define LWS_SERVER_OPTION_MBEDTLS_VERIFY_CLIENT_CERT_POST_HANDSHAKE 2199023259648

/** The vhost gets all protocols. */
#define LWS_SERVER_OPTION_VH_INSTANTIATE_ALL_PROTOCOLS 4398046511104

/** Making the vhost does not change the user. */
#define LWS_SERVER_OPTION_VH_SKIP_PRIV_DROP 8796093022208

/** The command line asks for HTTP/1.1. */
#define LWS_SERVER_OPTION_CMDLINE_FORCE_H1 17592186044416

/** The command line asks for HTTP/2. */
#define LWS_SERVER_OPTION_CMDLINE_FORCE_H2 35184372088832

/** The command line asks for HTTP/3. */
#define LWS_SERVER_OPTION_CMDLINE_FORCE_H3 70368744177664

/** TLS 1.3 early data is taken. */
#define LWS_SERVER_OPTION_ALLOW_EARLY_DATA 140737488355328

/** No captive portal check. */
#define LWS_SERVER_OPTION_CPD_BYPASS 281474976710656

/** For QUIC; has no effect here. */
#define LWS_SERVER_OPTION_QUIC_PAD_CRYPTO 562949953421312

/** For QUIC; has no effect here. */
#define LWS_SERVER_OPTION_QUIC_LATEST_VERSION 1125899906842624

/** For QUIC; has no effect here. */
#define LWS_SERVER_OPTION_QUIC_EARLY_KEY_UPDATE 2251799813685248

/** For QUIC; has no effect here. */
#define LWS_SERVER_OPTION_QUIC_FORCE_RETRY 4503599627370496

/** Port: do not listen. */
#define CONTEXT_PORT_NO_LISTEN -1

/** Port: do not listen, but be ready for server connections. */
#define CONTEXT_PORT_NO_LISTEN_SERVER -2

/**
 * Turns a test program's result into its exit code: `--expected-exit` in the command line says
 * which `actual` (default 0) is right. Returns 0 if it is, else 1; logs which.
 *
 * Safety:
 * `argv` has `argc` NUL-terminated strings.
 */
LWS_VISIBLE LWS_EXTERN int lws_cmdline_passfail(int argc, const char **argv, int actual);

/**
 * Zeroes `info` and sets what an SS program starts from: no listening, explicit vhosts, TLS
 * initialised, the policy `sspol` (JSON text or a path; kept as a pointer, may be NULL).
 *
 * Safety:
 * `info` is writable; `sspol` is NULL or NUL-terminated until the context is created.
 */
LWS_VISIBLE LWS_EXTERN
void _lws_context_info_defaults(struct lws_context_creation_info *info,
                                const char *sspol);

/**
 * Makes a context with its event loop.
 *
 * The policy is that of `info->pss_policies` (structs), else of `info->pss_policies_json` (JSON
 * text, or the path of a file), else the built-in one. Streams can be made at once; the system
 * state goes up to OPERATIONAL in the first turn of the loop. Returns NULL, with the reasons in
 * the log, if the policy has errors or the system refuses what is needed.
 *
 * Legal in callbacks of other contexts.
 *
 * Safety:
 * `info` and what it points to is good; `log_cx`, `system_ops`, the notifiers, `early_smd_opaque`
 * and `argv` stay so until the context is gone. The rest is copied.
 */
LWS_VISIBLE LWS_EXTERN
struct lws_context *lws_create_context(const struct lws_context_creation_info *info);

/**
 * Destroys a context: each stream gets DISCONNECTED (if connected) and DESTROYING. Inside a
 * callback it happens when the library's outermost frame returns. NULL does nothing.
 *
 * Safety:
 * `cx` came from this library or is NULL.
 */
LWS_VISIBLE LWS_EXTERN void lws_context_destroy(struct lws_context *cx);

/**
 * Makes `lws_context_default_loop_run_destroy` end. As `lws_cancel_service`, it may be called
 * from any thread and from signal handlers as long as the context exists.
 *
 * Safety:
 * `cx` came from this library and exists, or is NULL.
 */
LWS_VISIBLE LWS_EXTERN void lws_default_loop_exit(struct lws_context *cx);

/**
 * Runs the loop until `lws_default_loop_exit`, or until the context is destroyed, and destroys
 * it. Not for callbacks: there no loop is run, and the context is destroyed.
 *
 * Safety:
 * `cx` came from this library.
 */
LWS_VISIBLE LWS_EXTERN void lws_context_default_loop_run_destroy(struct lws_context *cx);

/**
 * The `user` pointer that the context was made with; NULL if there is no such context.
 *
 * Safety:
 * `context` came from this library.
 */
LWS_VISIBLE LWS_EXTERN void *lws_context_user(struct lws_context *context);

/**
 * Whether the context is being destroyed, or gone: 1 or 0.
 *
 * Safety:
 * `context` came from this library.
 */
LWS_VISIBLE LWS_EXTERN int lws_context_is_being_destroyed(struct lws_context *context);

/**
 * The vhost of this name in the context, or NULL: one made by `lws_create_vhost`, that of the
 * context's own settings (`vhost_name`, or "default"; made unless `options` has
 * `LWS_SERVER_OPTION_EXPLICIT_VHOSTS` and there are no `pprotocols`), that of a listening stream
 * (it bears the stream type's name), or that of a trust store.
 *
 * Safety:
 * `context` came from this library; `name` is NULL or NUL-terminated.
 */
LWS_VISIBLE LWS_EXTERN
struct lws_vhost *lws_get_vhost_by_name(struct lws_context *context,
                                        const char *name);

/**
 * The name of a vhost, good as long as its context; NULL if it is no vhost (any more).
 *
 * Safety:
 * To be called on the thread of the vhost's context.
 */
LWS_VISIBLE LWS_EXTERN const char *lws_get_vhost_name(struct lws_vhost *vhost);

/**
 * The TCP port that a vhost listens on: of a listening stream whose policy says port 0, the one
 * that the system chose. -1 if it is no vhost, or none that listens on TCP now.
 *
 * Safety:
 * To be called on the thread of the vhost's context.
 */
LWS_VISIBLE LWS_EXTERN int lws_get_vhost_listen_port(struct lws_vhost *vhost);

/**
 * As `lws_get_vhost_listen_port`.
 *
 * Safety:
 * To be called on the thread of the vhost's context.
 */
LWS_VISIBLE LWS_EXTERN int lws_get_vhost_port(struct lws_vhost *vhost);

/**
 * Makes a vhost: a place with a name, for listening streams whose policy's endpoint is `!` and
 * that name.
 *
 * Used of `info`: `vhost_name` (NULL: "default"), `port` (negative: nothing can listen there),
 * `iface` (an address or an interface's name; with `LWS_SERVER_OPTION_UNIX_SOCK` in `options` a
 * unix socket's path), and for TLS a certificate and its key: `server_ssl_cert_mem` and
 * `server_ssl_private_key_mem` (DER or PEM), or `ssl_cert_filepath` and
 * `ssl_private_key_filepath` (PEM). All of it is copied. The socket is opened by the first stream
 * that listens there: a vhost alone serves nothing, it has no mounts, and its `protocols` or
 * `pprotocols` are for `lws_adopt_descriptor_vhost_via_info` alone.
 *
 * Returns the vhost, or NULL with the reason in the log. Legal in every callback.
 *
 * Safety:
 * `context` came from this library; `info` is good.
 */
LWS_VISIBLE LWS_EXTERN
struct lws_vhost *lws_create_vhost(struct lws_context *context,
                                   const struct lws_context_creation_info *info);

/**
 * The vhost of a connection; NULL if it is none (any more).
 *
 * Safety:
 * None needed: the handle is looked up.
 */
LWS_VISIBLE LWS_EXTERN struct lws_vhost *lws_get_vhost(struct lws *wsi);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_CONTEXT_VHOST_H */
