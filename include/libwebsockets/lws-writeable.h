/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_WRITEABLE_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_WRITEABLE_H

/*
 * Writing to connections of the low-level API.
 */
#include <libwebsockets/lws-protocols-plugins.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_WRITEABLE_H */
