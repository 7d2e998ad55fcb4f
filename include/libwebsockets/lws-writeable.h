/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_WRITEABLE_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_WRITEABLE_H

/*
 * Writing to connections of the low-level API.
 *
 * Where: in the thread that runs the context's loop, in every callback; from another thread they
 * log an error and do nothing.
 */
#include <libwebsockets/lws-protocols-plugins.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Asks for one LWS_CALLBACK_RAW_WRITEABLE_FILE, from the loop, when the connection's descriptor
 * can be written to. Returns 1, or -1 if it is no connection (any more).
 *
 * Safety:
 * None needed: the handle is looked up.
 */
LWS_VISIBLE LWS_EXTERN int lws_callback_on_writable(struct lws *wsi);

/**
 * Whether a connection's descriptor cannot be written to now: 1 if so, or if it is no connection
 * (any more), else 0.
 *
 * Safety:
 * None needed: the handle is looked up.
 */
LWS_VISIBLE LWS_EXTERN int lws_send_pipe_choked(struct lws *wsi);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_WRITEABLE_H */
