/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_PURIFY_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_PURIFY_H

/*
 * Making text safe to be put into other text.
 *
 * Where: everywhere, in every callback and in any thread.
 */
#include <libwebsockets/lws-base.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Doubles the single quotes of `string` for an SQL string literal, cut to fit `len` bytes
 * including the NUL. Returns `escaped`.
 *
 * Safety:
 * `string` is NUL-terminated, `escaped` has `len` writable bytes.
 */
LWS_VISIBLE LWS_EXTERN const char *lws_sql_purify(char *escaped, const char *string, size_t len);

/**
 * Escapes `string` for a JSON string, cut to fit `len` bytes including the NUL. `*in_used`, if
 * given, tells how much of `string` that was. Returns `escaped`.
 *
 * Safety:
 * `string` is NUL-terminated or NULL, `escaped` has `len` writable bytes, `in_used` is NULL or
 * writable.
 */
LWS_VISIBLE LWS_EXTERN
const char *lws_json_purify(char *escaped,
                            const char *string,
                            int len,
                            int *in_used);

/**
 * How long `string` is once escaped by `lws_json_purify`, without the NUL.
 *
 * Safety:
 * `string` is NUL-terminated or NULL.
 */
LWS_VISIBLE LWS_EXTERN int lws_json_purify_len(const char *string);

/**
 * Replaces what is dangerous in a file name from outside with underscores: `..`, `:`, `\`, `$`
 * and `%`.
 *
 * Safety:
 * `filename` is NUL-terminated or NULL and writable.
 */
LWS_VISIBLE LWS_EXTERN void lws_filename_purify_inplace(char *filename);

/**
 * Writes `len` bytes to the file, made with mode 0600 and emptied first. Returns 0, or 1 with a
 * log line.
 *
 * Safety:
 * `filename` is NUL-terminated, `buf` has `len` readable bytes.
 */
LWS_VISIBLE LWS_EXTERN int lws_plat_write_file(const char *filename, void *buf, size_t len);

/**
 * Reads up to `len` bytes from the start of the file. Returns how many, or -1 if it cannot be
 * read.
 *
 * Safety:
 * `filename` is NUL-terminated, `buf` has `len` writable bytes.
 */
LWS_VISIBLE LWS_EXTERN int lws_plat_read_file(const char *filename, void *buf, size_t len);

/** The RSA key size that is advisable on this platform, in bits. */
LWS_VISIBLE LWS_EXTERN int lws_plat_recommended_rsa_bits(void);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_PURIFY_H */
