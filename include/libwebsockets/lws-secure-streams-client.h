/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_SECURE_STREAMS_CLIENT_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_SECURE_STREAMS_CLIENT_H

/*
 * Streams that live in a proxy. A program compiled with LWS_SS_USE_SSPC uses these under the names
 * of lws-secure-streams.h, so that one source serves for both.
 *
 * Where: in the thread that runs the context's loop, in every callback; from another thread they
 * log an error and do nothing.
 */
#include <libwebsockets/lws-secure-streams-policy.h>
#include <libwebsockets/lws-secure-streams-serialization.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A stream that the proxy runs for us. Opaque. */
struct lws_sspc_handle;

/**
 * The stream's context, or NULL.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN struct lws_context *lws_sspc_get_context(struct lws_sspc_handle *h);

/**
 * The stream type that the payload just received is from, or that the next message will be for,
 * where several travel together (`rideshare` in the proxy's policy); else the stream's own. Good
 * as long as the stream; NULL without a stream.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN const char *lws_sspc_rideshare(struct lws_sspc_handle *h);

/**
 * The program's object of a stream, or NULL.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN void *lws_sspc_to_user_object(struct lws_sspc_handle *h);

/**
 * The stream's name in logs, good as long as the stream; a text that says so for NULL and for
 * handles that are refused.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN const char *lws_sspc_tag(struct lws_sspc_handle *h);

/**
 * Sets metadata at the proxy. Name and value are copied; the proxy's policy says what becomes of
 * them. Every link gets them anew. Returns 0, or 1 if they are too long (a name has 1 to 255
 * bytes, name and value together 65534).
 *
 * Safety:
 * `h` came from this library, `name` is NUL-terminated, `len` bytes are readable at `value`.
 */
LWS_VISIBLE LWS_EXTERN
int lws_sspc_set_metadata(struct lws_sspc_handle *h,
                          const char *name,
                          const void *value,
                          size_t len);

/**
 * Gets metadata that came from the peer. `*value` is good until the peer sends it again or the
 * stream is gone; a NUL is behind it. Returns 0, or 1 if none of this name has come; `*value` and
 * `*len` are untouched then.
 *
 * Safety:
 * `h` came from this library, `name` is NUL-terminated, `value` and `len` are writable.
 */
LWS_VISIBLE LWS_EXTERN
int lws_sspc_get_metadata(struct lws_sspc_handle *h,
                          const char *name,
                          const void **value,
                          size_t *len);

/**
 * Makes a stream that the proxy carries out, of the type that `ssi->streamtype` names in the
 * proxy's policy. The context's own policy has no part in it.
 *
 * The proxy is reached as the context was told: by TCP at `ss_proxy_address` and
 * `ss_proxy_port` (from the local address or interface `ss_proxy_bind`, if given; through the
 * SOCKS5 or http proxy of the context or the environment, if there is one), or by the unix
 * socket `ss_proxy_bind` (`+path`, `+@abstract`; by default
 * `+@proxy.ss.lws` on Linux, `+/tmp/proxy.ss.lws` elsewhere), or by the transport
 * `txp_ops_sspc`. Every attempt that fails is told as
 * UPSTREAM_LINK_RETRY, with the milliseconds since the link was lost or the stream made (from
 * within this call already if there is no such socket), and repeated after a second. CREATING is
 * said, once, when the proxy has the stream; a proxy that denies it is asked again after a
 * second. Requests and values may be given before that. When the link is lost, a stream that was
 * connected is DISCONNECTED; the next link gets all metadata again and what is still wanted.
 *
 * The program's object (`ssi->user_alloc` bytes, zeroed) gets the handle and
 * `opaque_user_data` at the offsets in `ssi`, `*ppss` the handle. `tsi` and `reserved` are
 * ignored; `ppss` and `ppayload_fmt` may be NULL, `*ppayload_fmt` becomes NULL: the policy is
 * elsewhere.
 *
 * Returns 0, or 1 if there is no stream (and `*ppss` NULL): a name that cannot be (1 to 255
 * bytes), no memory, or DESTROY_ME in UPSTREAM_LINK_RETRY. Legal in every callback.
 *
 * Safety:
 * `context` came from this library; `ssi` is good, and its callbacks stay callable as long as
 * the stream lives.
 */
LWS_VISIBLE LWS_EXTERN
int lws_sspc_create(struct lws_context *context,
                    int tsi,
                    const struct lws_ss_info *ssi,
                    void *opaque_user_data,
                    struct lws_sspc_handle **ppss,
                    void *reserved,
                    const char **ppayload_fmt);

/**
 * Destroys a stream and sets `*ppss` to NULL: DISCONNECTED (if connected) and DESTROYING are
 * said, and the program's object is freed, before this returns. In a callback of the same stream
 * that happens when the outermost of its callbacks returns. NULL, and a handle that is gone
 * already, do no harm.
 *
 * Safety:
 * `ppss` is NULL or points to a handle of this library or to NULL.
 */
LWS_VISIBLE LWS_EXTERN void lws_sspc_destroy(struct lws_sspc_handle **ppss);

/**
 * Asks for a turn to send: `tx` will be called when the stream is connected and the link can take
 * something. A stream without an onward connection is connected first, except during a backoff.
 * Requests that come before the turn make one turn.
 *
 * Returns OK.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN lws_ss_state_return_t lws_sspc_request_tx(struct lws_sspc_handle *h);

/**
 * As `lws_sspc_request_tx`, and tells the proxy that the message will have `len` bytes (the
 * `content-length` of an h1 request): at most 4294967295, more is not announced.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN
lws_ss_state_return_t lws_sspc_request_tx_len(struct lws_sspc_handle *h,
                                              unsigned long len);

/**
 * Connects the stream from the proxy onward; during a backoff, at once. No effect while
 * connecting or connected.
 *
 * Returns OK: what becomes of it is told by states.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN lws_ss_state_return_t lws_sspc_client_connect(struct lws_sspc_handle *h);

/**
 * Starts the stream's timeout at the proxy anew: TIMEOUT is said after `timeout_ms` milliseconds,
 * or with `LWSSS_TIMEOUT_FROM_POLICY` (0) after the policy's `timeout_ms`, if it has one.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN
void lws_sspc_start_timeout(struct lws_sspc_handle *h,
                            unsigned int timeout_ms);

/**
 * Stops the stream's timeout at the proxy.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN void lws_sspc_cancel_timeout(struct lws_sspc_handle *h);

/**
 * Exchanges the callbacks `rx`, `tx` and `state`; those given as NULL stay. From the next call
 * on.
 *
 * Safety:
 * `h` came from this library; the callbacks stay callable as long as the stream lives.
 */
LWS_VISIBLE LWS_EXTERN
void lws_sspc_change_handlers(struct lws_sspc_handle *h,
                              lws_sscb_rx rx,
                              lws_sscb_tx tx,
                              lws_sscb_state state);

/**
 * How many bytes the peer may still send, as far as is known here: what the stream was made with
 * (or 500000000), what was added since, less what has come.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN int lws_sspc_get_est_peer_tx_credit(struct lws_sspc_handle *h);

/**
 * Gives the peer credit to send `add` more bytes, where the protocol has such a credit. Returns
 * 0, or 1 if the handle is refused.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN int lws_sspc_add_peer_tx_credit(struct lws_sspc_handle *h, int32_t add);

/**
 * Accepts or rejects a request that a server stream received. Streams of servers are not proxied:
 * logs that and does nothing.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN void lws_sspc_server_ack(struct lws_sspc_handle *h, int nack);

/**
 * Has the links of this context's proxied streams encrypted: of those that are made from now
 * on. The proxy must do the same (`lws_ss_proxy_create_tls`), and be reached by TCP.
 *
 * `tls->ca_filepath` is needed: the proxy's certificate must be signed by one of these (or be
 * one of them); the system's authorities are not asked. It must bear `tls->name`, or, where
 * that is NULL, the `ss_proxy_address` that the context was made with. The certificate of
 * `tls->cert_filepath` is shown to a proxy that wants one. The files are in PEM and are read
 * here; what is pointed to need not stay. NULL for `tls`: links are plain, whatever the
 * environment says.
 *
 * Without this call the environment decides, as it is when the context is made:
 * `SECURESTREAMS_PROXY_CA`, `SECURESTREAMS_PROXY_CERT`, `SECURESTREAMS_PROXY_KEY` and
 * `SECURESTREAMS_PROXY_NAME`, which stand for the members. Where they are of no use no stream
 * is made.
 *
 * What goes wrong with a link is logged, with the side that refuses, and the link is tried
 * again after a second, with UPSTREAM_LINK_RETRY. This function is of this library alone.
 *
 * Returns 0, or 1 with the reason in the log, and what was valid before stays. Legal in every
 * callback.
 *
 * Safety:
 * `context` came from this library; `tls` is NULL or good, its strings NULL or NUL-terminated.
 */
LWS_VISIBLE LWS_EXTERN
int lws_sspc_link_tls(struct lws_context *context,
                      const struct lws_ss_link_tls *tls);

/* What contexts whose streams a proxy carries out get as info.protocols. */
struct lws_protocols;
extern LWS_VISIBLE const struct lws_protocols lws_sspc_protocols[2];

/* A line about a proxied stream, see lws-logs.h. */
#define lwsl_sspc(object, level, ...) \
    _lws_log_cx(lwsl_sspc_get_cx(object), lws_log_prepend_sspc, object, level, __func__, __VA_ARGS__)
#define lwsl_hexdump_sspc(object, level, buf, len) \
    lwsl_hexdump_level_cx(lwsl_sspc_get_cx(object), lws_log_prepend_sspc, object, level, buf, len)

#if (_LWS_ENABLED_LOGS & LLL_ERR)
#define lwsl_sspc_err(object, ...) lwsl_sspc(object, LLL_ERR, __VA_ARGS__)
#else
#define lwsl_sspc_err(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_WARN)
#define lwsl_sspc_warn(object, ...) lwsl_sspc(object, LLL_WARN, __VA_ARGS__)
#else
#define lwsl_sspc_warn(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_NOTICE)
#define lwsl_sspc_notice(object, ...) lwsl_sspc(object, LLL_NOTICE, __VA_ARGS__)
#else
#define lwsl_sspc_notice(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_INFO)
#define lwsl_sspc_info(object, ...) lwsl_sspc(object, LLL_INFO, __VA_ARGS__)
#else
#define lwsl_sspc_info(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_DEBUG)
#define lwsl_sspc_debug(object, ...) lwsl_sspc(object, LLL_DEBUG, __VA_ARGS__)
#else
#define lwsl_sspc_debug(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_PARSER)
#define lwsl_sspc_parser(object, ...) lwsl_sspc(object, LLL_PARSER, __VA_ARGS__)
#else
#define lwsl_sspc_parser(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_HEADER)
#define lwsl_sspc_header(object, ...) lwsl_sspc(object, LLL_HEADER, __VA_ARGS__)
#else
#define lwsl_sspc_header(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_EXT)
#define lwsl_sspc_ext(object, ...) lwsl_sspc(object, LLL_EXT, __VA_ARGS__)
#else
#define lwsl_sspc_ext(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_CLIENT)
#define lwsl_sspc_client(object, ...) lwsl_sspc(object, LLL_CLIENT, __VA_ARGS__)
#else
#define lwsl_sspc_client(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_LATENCY)
#define lwsl_sspc_latency(object, ...) lwsl_sspc(object, LLL_LATENCY, __VA_ARGS__)
#else
#define lwsl_sspc_latency(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_THREAD)
#define lwsl_sspc_thread(object, ...) lwsl_sspc(object, LLL_THREAD, __VA_ARGS__)
#else
#define lwsl_sspc_thread(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_USER)
#define lwsl_sspc_user(object, ...) lwsl_sspc(object, LLL_USER, __VA_ARGS__)
#else
#define lwsl_sspc_user(object, ...) do {} while (0)
#endif
#define lwsl_hexdump_sspc_err(object, ...) lwsl_hexdump_sspc(object, LLL_ERR, __VA_ARGS__)
#define lwsl_hexdump_sspc_warn(object, ...) lwsl_hexdump_sspc(object, LLL_WARN, __VA_ARGS__)
#define lwsl_hexdump_sspc_notice(object, ...) lwsl_hexdump_sspc(object, LLL_NOTICE, __VA_ARGS__)
#define lwsl_hexdump_sspc_info(object, ...) lwsl_hexdump_sspc(object, LLL_INFO, __VA_ARGS__)
#define lwsl_hexdump_sspc_debug(object, ...) lwsl_hexdump_sspc(object, LLL_DEBUG, __VA_ARGS__)
#define lwsl_hexdump_sspc_user(object, ...) lwsl_hexdump_sspc(object, LLL_USER, __VA_ARGS__)

#if defined(LWS_SS_USE_SSPC)
#define lws_ss_handle lws_sspc_handle
#define lws_ss_create lws_sspc_create
#define lws_ss_destroy lws_sspc_destroy
#define lws_ss_request_tx lws_sspc_request_tx
#define lws_ss_request_tx_len lws_sspc_request_tx_len
#define lws_ss_client_connect lws_sspc_client_connect
#define lws_ss_get_sequencer lws_sspc_get_sequencer
#define lws_ss_proxy_create lws_sspc_proxy_create
#define lws_ss_get_context lws_sspc_get_context
#define lws_ss_rideshare lws_sspc_rideshare
#define lws_ss_set_metadata lws_sspc_set_metadata
#define lws_ss_get_metadata lws_sspc_get_metadata
#define lws_ss_add_peer_tx_credit lws_sspc_add_peer_tx_credit
#define lws_ss_get_est_peer_tx_credit lws_sspc_get_est_peer_tx_credit
#define lws_ss_start_timeout lws_sspc_start_timeout
#define lws_ss_cancel_timeout lws_sspc_cancel_timeout
#define lws_ss_to_user_object lws_sspc_to_user_object
#define lws_ss_change_handlers lws_sspc_change_handlers
#define lws_ss_server_ack lws_sspc_server_ack
#define lws_ss_tag lws_sspc_tag
#define lws_smd_ss_rx_forward lws_smd_sspc_rx_forward
#define lwsl_ss_get_cx lwsl_sspc_get_cx
#undef lwsl_ss
#define lwsl_ss lwsl_sspc
#undef lwsl_hexdump_ss
#define lwsl_hexdump_ss lwsl_hexdump_sspc
#endif

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_SECURE_STREAMS_CLIENT_H */
