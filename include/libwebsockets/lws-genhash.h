/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_GENHASH_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_GENHASH_H

/*
 * Hashes and HMACs.
 *
 * Where: everywhere, in every callback and in any thread; an object only in one thread at a time.
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

/** The size of a hash in bytes, 0 for an unknown type. */
LWS_VISIBLE LWS_EXTERN size_t lws_genhash_size(enum lws_genhash_types type);

/** The size of an HMAC in bytes, 0 for an unknown type. */
LWS_VISIBLE LWS_EXTERN size_t lws_genhmac_size(enum lws_genhmac_types type);

/**
 * Starts a hash. Returns 0, and `lws_genhash_destroy` must follow; or 1 with a log line if
 * there is no such hash.
 *
 * Safety:
 * `ctx` is writable.
 */
LWS_VISIBLE LWS_EXTERN
int lws_genhash_init(struct lws_genhash_ctx *ctx,
                     enum lws_genhash_types type);

/**
 * Hashes `len` more bytes. Returns 0, or 1 if the hash was not started.
 *
 * Safety:
 * `ctx` was started; `in` has `len` readable bytes.
 */
LWS_VISIBLE LWS_EXTERN
int lws_genhash_update(struct lws_genhash_ctx *ctx,
                       const void *in,
                       size_t len);

/**
 * Ends a hash, and writes it to `result` unless that is NULL. Returns 0. Ending twice does
 * nothing.
 *
 * Safety:
 * `ctx` was started; `result` is NULL or has room for the hash.
 */
LWS_VISIBLE LWS_EXTERN int lws_genhash_destroy(struct lws_genhash_ctx *ctx, void *result);

/**
 * Writes a hash as lower-case hexadecimal; if it does not fit, as much as does and `...`. Returns
 * 0, or -1 for an unknown type or no room at all.
 *
 * Safety:
 * `hash` has the size of its type; `out` has `out_len` writable bytes.
 */
LWS_VISIBLE LWS_EXTERN
int lws_genhash_render(enum lws_genhash_types type,
                       const uint8_t *hash,
                       char *out,
                       size_t out_len);

/**
 * `lws_genhash_render` behind the hash's name and a colon: `SHA256:0123...`.
 *
 * Safety:
 * As there.
 */
LWS_VISIBLE LWS_EXTERN
int lws_genhash_render_prefixed(enum lws_genhash_types type,
                                const uint8_t *hash,
                                char *out,
                                size_t out_len);

/**
 * Starts an HMAC with a key of `key_len` bytes. Returns 0, and `lws_genhmac_destroy` must follow;
 * or -1 with a log line if there is no such HMAC.
 *
 * Safety:
 * `ctx` is writable; `key` has `key_len` readable bytes.
 */
LWS_VISIBLE LWS_EXTERN
int lws_genhmac_init(struct lws_genhmac_ctx *ctx,
                     enum lws_genhmac_types type,
                     const uint8_t *key,
                     size_t key_len);

/**
 * Authenticates `len` more bytes. Returns 0, or -1 if the HMAC was not started.
 *
 * Safety:
 * `ctx` was started; `in` has `len` readable bytes.
 */
LWS_VISIBLE LWS_EXTERN
int lws_genhmac_update(struct lws_genhmac_ctx *ctx,
                       const void *in,
                       size_t len);

/**
 * Ends an HMAC, and writes it to `result` unless that is NULL. Returns 0, or -1 if it was not
 * started or has ended already.
 *
 * Safety:
 * `ctx` was started; `result` is NULL or has room for the HMAC.
 */
LWS_VISIBLE LWS_EXTERN int lws_genhmac_destroy(struct lws_genhmac_ctx *ctx, void *result);

/**
 * HKDF-Extract (RFC 5869, 2.2): `prk` becomes the HMAC of the `ikm_len` bytes of `ikm` under
 * the `salt_len` bytes of `salt`, which may be NULL for zeroes. Returns 0, or -1 for an unknown
 * type.
 *
 * Safety:
 * The inputs have their lengths; `prk` has room for the HMAC.
 */
LWS_VISIBLE LWS_EXTERN
int lws_genhkdf_extract(enum lws_genhmac_types type,
                        const uint8_t *salt,
                        size_t salt_len,
                        const uint8_t *ikm,
                        size_t ikm_len,
                        uint8_t *prk);

/**
 * HKDF-Expand (RFC 5869, 2.3): `okm_len` bytes of output at `okm`, from the `prk_len` bytes of
 * the key `prk` and the `info_len` bytes of `info`. Returns 0, or -1 for an unknown type,
 * missing pointers or more output than 255 times the HMAC's size.
 *
 * Safety:
 * The inputs have their lengths; `okm` has `okm_len` writable bytes.
 */
LWS_VISIBLE LWS_EXTERN
int lws_genhkdf_expand(enum lws_genhmac_types type,
                       const uint8_t *prk,
                       size_t prk_len,
                       const uint8_t *info,
                       size_t info_len,
                       uint8_t *okm,
                       size_t okm_len);

/**
 * HKDF-Expand-Label (RFC 8446, 7.1), without the `tls13 ` in `label`. Returns 0, or -1 as
 * `lws_genhkdf_expand` or if label or context are too long.
 *
 * Safety:
 * As there; `label` is NUL-terminated.
 */
LWS_VISIBLE LWS_EXTERN
int lws_genhkdf_expand_label(enum lws_genhmac_types type,
                             const uint8_t *prk,
                             size_t prk_len,
                             const char *label,
                             const uint8_t *context,
                             size_t context_len,
                             uint8_t *okm,
                             size_t okm_len);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_GENHASH_H */
