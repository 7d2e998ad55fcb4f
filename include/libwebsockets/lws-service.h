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

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_SERVICE_H */
