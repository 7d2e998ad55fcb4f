/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_SERVICE_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_SERVICE_H

/*
 * The loop.
 */
#include <libwebsockets/lws-base.h>

#define lws_plat_service_tsi lws_service_tsi

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Runs one turn of the event loop: waits until there is something to do, and does it. With
 * `timeout_ms` below 0 it does not wait. 0 and above wait without limit (the number is of
 * historical interest only).
 *
 * Returns 0, or below 0 if the context is gone or being destroyed, or if called in a callback.
 *
 * Safety:
 * `context` came from this library.
 */
LWS_VISIBLE LWS_EXTERN int lws_service(struct lws_context *context, int timeout_ms);

/**
 * As `lws_service`; there is one service thread, so `tsi` is 0.
 *
 * Safety:
 * As for `lws_service`.
 */
LWS_VISIBLE LWS_EXTERN int lws_service_tsi(struct lws_context *context, int timeout_ms, int tsi);

/**
 * Makes the event loop return from its wait and say EVENT_WAIT_CANCELLED to every stream. The
 * one function that may be called from any thread, and from signal handlers.
 *
 * Safety:
 * `context` came from this library; it may be gone.
 */
LWS_VISIBLE LWS_EXTERN void lws_cancel_service(struct lws_context *context);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_SERVICE_H */
