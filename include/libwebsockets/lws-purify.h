/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_PURIFY_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_PURIFY_H

/*
 * Making text safe to be put into other text.
 */
#include <libwebsockets/lws-base.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_PURIFY_H */
