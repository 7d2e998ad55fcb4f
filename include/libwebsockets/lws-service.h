/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_SERVICE_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_SERVICE_H

/*
 * The loop.
 *
 * Where: in the thread that runs the context's loop, in every callback; from another thread they
 * log an error and do nothing.
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

/**
 * A function of this library alone: the descriptor that a program with a loop of its own waits
 * for
 * (`POLLIN`, level-triggered, in `poll`, `epoll`, `select` or an event library). It is readable
 * when the context has something to do; then call `lws_service(context, -1)`. Wait no longer than
 * `lws_service_adjust_timeout` says, and call the same after that time. The descriptor stays the
 * same as long as the context lives: do not read, close or change it.
 *
 * Returns the descriptor, or -1 if there is no such context. Legal in callbacks.
 *
 * Safety:
 * `context` came from this library.
 */
LWS_VISIBLE LWS_EXTERN int securestreams_loop_fd(struct lws_context *context);

/**
 * How long a program with a loop of its own may wait before it calls `lws_service(context, -1)`,
 * in milliseconds: 0 if the context has something to do now, else `timeout_ms`, or less if a
 * timer
 * of the context is due earlier. A negative `timeout_ms` is no limit, as with `poll`, and stays
 * negative if no timer is set. To be asked before each wait, after everything else the program
 * does
 * with the context. There is one service thread, so `tsi` is 0.
 *
 * Returns 0 too if there is no such context: `lws_service` says so. Legal in callbacks.
 *
 * Safety:
 * `context` came from this library.
 */
LWS_VISIBLE LWS_EXTERN
int lws_service_adjust_timeout(struct lws_context *context,
                               int timeout_ms,
                               int tsi);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_SERVICE_H */
