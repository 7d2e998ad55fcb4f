/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_WS_EXT_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_WS_EXT_H

/*
 * Websocket extensions: declared so that programs compile that name them.
 */
#include <libwebsockets/lws-callbacks.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lws_extension;

/** An extension. */
struct lws_extension {
    /** Its name. */
    const char *name;
    /** Its callback. */
    lws_extension_callback_function *callback;
    /** What a client offers in its handshake. */
    const char *client_offer;
};

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_WS_EXT_H */
