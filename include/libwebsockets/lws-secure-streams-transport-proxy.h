/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_SECURE_STREAMS_TRANSPORT_PROXY_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_SECURE_STREAMS_TRANSPORT_PROXY_H

/*
 * Transports of the proxy: see lws_transport_proxy_ops.
 */
#include <libwebsockets/lws-secure-streams-serialization.h>

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_SECURE_STREAMS_TRANSPORT_PROXY_H */
