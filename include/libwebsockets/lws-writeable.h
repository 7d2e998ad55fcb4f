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
 * Asks for a callback when a connection can be written to. Handles of connections are not given
 * out by this library: logs that and returns -1.
 *
 * Safety:
 * None needed: nothing is followed.
 */
LWS_VISIBLE LWS_EXTERN int lws_callback_on_writable(struct lws *wsi);

/**
 * Whether a connection cannot be written to now. Handles of connections are not given out by this
 * library: logs that and returns 1, as for one that cannot.
 *
 * Safety:
 * None needed: nothing is followed.
 */
LWS_VISIBLE LWS_EXTERN int lws_send_pipe_choked(struct lws *wsi);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_WRITEABLE_H */
