/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_SHA1_BASE64_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_SHA1_BASE64_H

/*
 * Base64, base32 and SHA-1.
 *
 * Where: everywhere, in every callback and in any thread; an object only in one thread at a time.
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

/**
 * Encodes `in_len` bytes as base64 with padding. Returns the length, or -1 if it does not fit
 * `out_size` with its NUL.
 *
 * Safety:
 * `in` has `in_len` readable bytes, `out` has `out_size` writable ones.
 */
LWS_VISIBLE LWS_EXTERN
int lws_b64_encode_string(const char *in,
                          int in_len,
                          char *out,
                          int out_size);

/**
 * `lws_b64_encode_string` in the alphabet for URLs (RFC 4648, 5).
 *
 * Safety:
 * As there.
 */
LWS_VISIBLE LWS_EXTERN
int lws_b64_encode_string_url(const char *in,
                              int in_len,
                              char *out,
                              int out_size);

/**
 * Prepares for decoding piece by piece.
 *
 * Safety:
 * `state` is writable.
 */
LWS_VISIBLE LWS_EXTERN void lws_b64_decode_state_init(struct lws_b64state *state);

/**
 * Decodes a piece of base64, of either alphabet, with or without padding; whitespace is skipped.
 * `state` is what goes from one piece to the next.
 * `*in_len` and `*out_size` are the sizes on entry and what was used on return: what did not fit
 * is left for the next call. The last piece has `is_final`. Returns 0, or -1 with a log line if
 * it
 * is not base64.
 *
 * Safety:
 * The lengths are true; `out` is not part of `in`.
 */
LWS_VISIBLE LWS_EXTERN
int lws_b64_decode_stateful(struct lws_b64state *state,
                            const char *in,
                            size_t *in_len,
                            uint8_t *out,
                            size_t *out_size,
                            int is_final);

/**
 * Decodes a NUL-terminated base64 string. Returns the length, and adds a NUL if there is room; 0
 * (with a log line), and an empty string in `out`, if it is not base64 or does not fit.
 *
 * Safety:
 * `in` is NUL-terminated; `out` has `out_size` writable bytes and is not part of `in`.
 */
LWS_VISIBLE LWS_EXTERN int lws_b64_decode_string(const char *in, char *out, int out_size);

/**
 * `lws_b64_decode_string` for `in_len` characters (-1: up to the NUL). Returns the length, or -1
 * if it is empty, is not base64 or does not fit.
 *
 * Safety:
 * `in` has `in_len` readable bytes or is NUL-terminated; `out` as there.
 */
LWS_VISIBLE LWS_EXTERN
int lws_b64_decode_string_len(const char *in,
                              int in_len,
                              char *out,
                              int out_size);

/**
 * Encodes `in_len` bytes as base32 with padding. Returns the length, or -1 if it does not fit
 * `out_size` with its NUL.
 *
 * Safety:
 * `in` has `in_len` readable bytes, `out` has `out_size` writable ones.
 */
LWS_VISIBLE LWS_EXTERN
int lws_b32_encode_string(const char *in,
                          int in_len,
                          char *out,
                          int out_size);

/**
 * Decodes `in_len` characters of base32 (-1: up to the NUL), in either case. Returns the
 * length, and
 * adds a NUL if there is room; -1 if it is not base32 or does not fit.
 *
 * Safety:
 * `in` has `in_len` readable bytes or is NUL-terminated; `out` has `out_size` writable bytes.
 */
LWS_VISIBLE LWS_EXTERN
int lws_b32_decode_string_len(const char *in,
                              int in_len,
                              char *out,
                              int out_size);

/**
 * `lws_b32_decode_string_len` up to the NUL.
 *
 * Safety:
 * As there.
 */
LWS_VISIBLE LWS_EXTERN int lws_b32_decode_string(const char *in, char *out, int out_size);

/**
 * The SHA-1 of `n` bytes, written to the 20 bytes of `md`. Returns `md`.
 *
 * Safety:
 * `d` has `n` readable bytes, `md` 20 writable ones.
 */
LWS_VISIBLE LWS_EXTERN uint8_t *lws_SHA1(const uint8_t *d, size_t n, uint8_t *md);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_SHA1_BASE64_H */
