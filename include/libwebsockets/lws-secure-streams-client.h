/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_SECURE_STREAMS_CLIENT_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_SECURE_STREAMS_CLIENT_H

/*
 * Streams that live in a proxy. A program compiled with LWS_SS_USE_SSPC uses these under the names
 * of lws-secure-streams.h, so that one source serves for both.
 */
#include <libwebsockets/lws-secure-streams-policy.h>
#include <libwebsockets/lws-secure-streams-serialization.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A stream that the proxy runs for us. Opaque. */
struct lws_sspc_handle;

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
