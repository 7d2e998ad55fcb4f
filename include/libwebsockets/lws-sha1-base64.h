/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_SHA1_BASE64_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_SHA1_BASE64_H

/*
 * Base64, base32 and SHA-1.
 */
#include <libwebsockets/lws-base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lws_b64state;

/** Where an incremental base64 decode stands; set up by `lws_b64_decode_state_init`. */
struct lws_b64state {
    /** Symbols of the group being collected. */
    unsigned char quad[4];
    /** Bytes decoded so far. */
    size_t done;
    /** Symbols taken so far. */
    size_t len;
    /** Position in the group. */
    int i;
    /** The symbol at hand. */
    int c;
};

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_SHA1_BASE64_H */
