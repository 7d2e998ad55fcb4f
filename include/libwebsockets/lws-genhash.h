/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_GENHASH_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_GENHASH_H

/*
 * Hashes and HMACs.
 */
#include <libwebsockets/lws-base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lws_genhash_ctx;
struct lws_genhmac_ctx;

/** A hash. */
enum lws_genhash_types {
    /** None. */
    LWS_GENHASH_TYPE_UNKNOWN = 0,
    /** MD5, for old formats only. */
    LWS_GENHASH_TYPE_MD5 = 1,
    /** SHA-1, for old formats only. */
    LWS_GENHASH_TYPE_SHA1 = 2,
    /** SHA-256. */
    LWS_GENHASH_TYPE_SHA256 = 3,
    /** SHA-384. */
    LWS_GENHASH_TYPE_SHA384 = 4,
    /** SHA-512. */
    LWS_GENHASH_TYPE_SHA512 = 5,
};

/** The hash of an HMAC. */
enum lws_genhmac_types {
    /** None. */
    LWS_GENHMAC_TYPE_UNKNOWN = 0,
    /** SHA-1, for old formats only. */
    LWS_GENHMAC_TYPE_SHA1 = 1,
    /** SHA-256. */
    LWS_GENHMAC_TYPE_SHA256 = 2,
    /** SHA-384. */
    LWS_GENHMAC_TYPE_SHA384 = 3,
    /** SHA-512. */
    LWS_GENHMAC_TYPE_SHA512 = 4,
};

/**
 * A hash in progress: begun by `lws_genhash_init`, ended by `lws_genhash_destroy`. The members
 * are ours.
 */
struct lws_genhash_ctx {
    /** Which hash (`LWS_GENHASH_TYPE_...`). */
    uint8_t type;
    /** Private. */
    const void *evp_type;
    /** Private. */
    void *mdctx;
};

/**
 * An HMAC in progress: begun by `lws_genhmac_init`, ended by `lws_genhmac_destroy`. The members
 * are ours.
 */
struct lws_genhmac_ctx {
    /** Which hash (`LWS_GENHMAC_TYPE_...`). */
    uint8_t type;
    /** Private. */
    const void *evp_type;
    /** Private. */
    void *ctx;
    /** Private. */
    void *key;
};

/** Bytes of the largest hash. */
#define LWS_GENHASH_LARGEST 64

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_GENHASH_H */
