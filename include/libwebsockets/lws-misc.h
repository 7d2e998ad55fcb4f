/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_MISC_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_MISC_H

/*
 * Strings, numbers, time, randomness, the command line.
 *
 * Where: everywhere, in every callback and in any thread; those that are given a context in the
 * thread that runs its loop.
 */
#include <libwebsockets/lws-context-vhost.h>
#include <assert.h>

/** How far the first pointer is behind the second, in bytes. */
#define lws_ptr_diff(head, tail) ((int)((char *)(head) - (char *)(tail)))
#define lws_ptr_diff_size_t(head, tail) ((size_t)((char *)(head) - (char *)(tail)))

/** Copies at most size1 bytes of src, and no more than fit; always terminates. */
#define lws_strnncpy(dest, src, size1, destsize)                                              \
    lws_strncpy(dest, src,                                                                    \
                (size_t)((size1) + 1) < (size_t)(destsize) ? (size_t)((size1) + 1)            \
                                                           : (size_t)(destsize))

/** Asserts that an object has the mark that it should have. */
#define lws_assert_fourcc(fourcc, expected) assert((uint32_t)(fourcc) == (uint32_t)(expected))

#ifdef __cplusplus
extern "C" {
#endif

struct lws_switches;
struct lws_humanize_unit;

/** A command line option for `lws_switches_print_help`. */
struct lws_switches {
    /** The option, as it is typed. */
    const char *sw;
    /** What it does. */
    const char *doc;
};

/** A unit for `lws_humanize`, largest first; the table ends with a NULL name. */
struct lws_humanize_unit {
    /** The unit's name. */
    const char *name;
    /** How many of the smallest unit it is. */
    uint64_t factor;
};

/** The C name of `lws_humanize_unit`. */
typedef struct lws_humanize_unit lws_humanize_unit_t;

/**
 * Writes `v` with a unit of `schema`, which lists units from the largest on and ends with a NULL
 * name. Cut to fit `len`. Returns the length, 0 if there is no unit for it.
 *
 * Safety:
 * `p` has `len` writable bytes; `schema` is good.
 */
LWS_VISIBLE LWS_EXTERN
int lws_humanize(char *p,
                 size_t len,
                 uint64_t v,
                 const struct lws_humanize_unit *schema);

/**
 * `lws_humanize`, padded on the left to the widest that the schema's units give.
 *
 * Safety:
 * As there.
 */
LWS_VISIBLE LWS_EXTERN
int lws_humanize_pad(char *p,
                     size_t len,
                     uint64_t v,
                     const struct lws_humanize_unit *schema);

/**
 * Finds the value of `name`, written with its quotes and colon as in `"\"state\":"`, in `len`
 * bytes of JSON. Returns where it starts (behind the quote of a string) with its length in
 * `*alen`, or NULL if it is not there. The result points into `buf`.
 *
 * Safety:
 * `buf` has `len` readable bytes, `name` is NUL-terminated, `alen` is writable.
 */
LWS_VISIBLE LWS_EXTERN
const char *lws_json_simple_find(const char *buf,
                                 size_t len,
                                 const char *name,
                                 size_t *alen);

/**
 * Compares the value of `name`, as found by `lws_json_simple_find`, with `comp`. Returns 0 if
 * they are equal, not 0 if they differ or the name is not there.
 *
 * Safety:
 * `buf` has `len` readable bytes, `name` and `comp` are NUL-terminated.
 */
LWS_VISIBLE LWS_EXTERN
int lws_json_simple_strcmp(const char *buf,
                           size_t len,
                           const char *name,
                           const char *comp);

/** The library's version as text. */
LWS_VISIBLE LWS_EXTERN const char *lws_get_library_version(void);

/**
 * The CRC-32 (ISO 3309) of `len` bytes, going on from `crc`, which is 0 at the start.
 *
 * Safety:
 * `buf` has `len` readable bytes.
 */
LWS_VISIBLE LWS_EXTERN uint32_t lws_crc32(uint32_t crc, const void *buf, size_t len);

/**
 * Writes `len` random bytes. `context` is not used and may be NULL. Returns `len`, or 0 on
 * failure. May be called from any thread.
 *
 * Safety:
 * `buf` has `len` writable bytes.
 */
LWS_VISIBLE LWS_EXTERN size_t lws_get_random(struct lws_context *context, void *buf, size_t len);

/**
 * Writes `len - 1` random hexadecimal digits and a NUL. `context` is not used and may be NULL.
 * Returns 0, or 1 on failure.
 *
 * Safety:
 * `dest` has `len` writable bytes.
 */
LWS_VISIBLE LWS_EXTERN int lws_hex_random(struct lws_context *context, char *dest, size_t len);

/**
 * Copies `src` into `dest`, cut to fit and always NUL-terminated; the rest of `size` is
 * zeroed. Returns `dest`.
 *
 * Safety:
 * `src` is NUL-terminated or at least `size - 1` bytes long; `dest` has `size` bytes.
 */
LWS_VISIBLE LWS_EXTERN char *lws_strncpy(char *dest, const char *src, size_t size);

/**
 * Finds the `nl` bytes of `name` in the `len` bytes of `buf`, neither of which needs a NUL.
 * Returns where they start, or NULL.
 *
 * Safety:
 * The pointers are NULL or have that many readable bytes.
 */
LWS_VISIBLE LWS_EXTERN
const char *lws_nstrstr(const char *buf,
                        size_t len,
                        const char *name,
                        size_t nl);

/**
 * Compares `a` and `b` without telling by its duration where the difference is. Returns 0 if the
 * `len` bytes are equal.
 *
 * Safety:
 * Both pointers have `len` readable bytes.
 */
LWS_VISIBLE LWS_EXTERN int lws_timingsafe_bcmp(const void *a, const void *b, uint32_t len);

/**
 * Zeroes memory in a way that is not optimised away.
 *
 * Safety:
 * `p` is NULL or has `len` writable bytes.
 */
LWS_VISIBLE LWS_EXTERN void lws_explicit_bzero(void *p, size_t len);

/**
 * Converts pairs of hexadecimal digits to bytes, until the digits end or `max` bytes are
 * written. Returns the count of bytes, or -1 if a character is not a digit.
 *
 * Safety:
 * `h` has `hlen` readable bytes, `dest` has `max` writable ones.
 */
LWS_VISIBLE LWS_EXTERN
int lws_hex_len_to_byte_array(const char *h,
                              size_t hlen,
                              uint8_t *dest,
                              int max);

/**
 * `lws_hex_len_to_byte_array` for a NUL-terminated string.
 *
 * Safety:
 * `h` is NUL-terminated, `dest` has `max` writable bytes.
 */
LWS_VISIBLE LWS_EXTERN int lws_hex_to_byte_array(const char *h, uint8_t *dest, int max);

/**
 * Writes `src` as lower-case hexadecimal, cut to fit `len` including the NUL.
 *
 * Safety:
 * `src` has `slen` readable bytes, `dest` has `len` writable ones.
 */
LWS_VISIBLE LWS_EXTERN
void lws_hex_from_byte_array(const uint8_t *src,
                             size_t slen,
                             char *dest,
                             size_t len);
/**
 * Finds the switch `val` in the arguments and returns its value: what follows it in the same
 * argument (`-d15`, `--name=value`), else the next argument, else (as the last one) an empty
 * string. With `val` NULL it finds arguments that do not start with `-`. With `last` it goes on
 * behind the value that an earlier call returned. Returns NULL if there is none (any more).
 *
 * Safety:
 * `argv` has `argc` NUL-terminated strings; `val` and `last` are NULL or good.
 */
LWS_VISIBLE LWS_EXTERN
const char *lws_cmdline_options(int argc,
                                const char *const *argv,
                                const char *val,
                                const char *last);

/**
 * `lws_cmdline_options` from the start: the first value of `val`, or NULL.
 *
 * Safety:
 * As there.
 */
LWS_VISIBLE LWS_EXTERN const char *lws_cmdline_option(int argc, const char **argv, const char *val);

/**
 * `lws_cmdline_options` in the command line that the context was created with.
 *
 * Safety:
 * `cx` came from this library; `val` and `last` are NULL or good.
 */
LWS_VISIBLE LWS_EXTERN
const char *lws_cmdline_options_cx(const struct lws_context *cx,
                                   const char *val,
                                   const char *last);

/**
 * `lws_cmdline_option` in the command line that the context was created with.
 *
 * Safety:
 * `cx` came from this library; `val` is NULL or good.
 */
LWS_VISIBLE LWS_EXTERN
const char *lws_cmdline_option_cx(const struct lws_context *cx,
                                  const char *val);

/**
 * The program's name in the command line that the context was created with, or NULL.
 *
 * Safety:
 * `cx` came from this library.
 */
LWS_VISIBLE LWS_EXTERN const char *lws_cmdline_option_cx_argv0(const struct lws_context *cx);

/**
 * Acts on the built-in switches in the command line: `-d` sets the log levels (else
 * `info->default_loglevel`, else user, error, warning and notice), others set fields and options
 * of `info`, `-h` and `--help` print a help and end the program. Also notes the command line in
 * `info`.
 *
 * Safety:
 * `argv` has `argc` NUL-terminated strings that outlive the context; `info` is writable.
 */
LWS_VISIBLE LWS_EXTERN
void lws_cmdline_option_handle_builtin(int argc,
                                       const char **argv,
                                       struct lws_context_creation_info *info);

/**
 * Logs a help at user level: how to call `prog`, its `count` switches and the built-in ones. Sets
 * the log levels to user, error, warning and notice.
 *
 * Safety:
 * `prog` is NUL-terminated; `switches` has `count` good entries.
 */
LWS_VISIBLE LWS_EXTERN
void lws_switches_print_help(const char *prog,
                             const struct lws_switches *switches,
                             size_t count);

/** How many bits it takes to write `u`; 1 for 0. */
LWS_VISIBLE LWS_EXTERN unsigned int lws_sigbits(size_t u);

/**
 * Writes the 16 bits of `u` at `b`, most significant byte first.
 *
 * Safety:
 * `b` has room for 2 bytes.
 */
LWS_VISIBLE LWS_EXTERN void lws_ser_wu16be(uint8_t *b, uint16_t u);

/**
 * Reads 16 bits at `b`, most significant byte first.
 *
 * Safety:
 * 2 bytes are readable at `b`.
 */
LWS_VISIBLE LWS_EXTERN uint16_t lws_ser_ru16be(const uint8_t *b);

/**
 * Writes the 32 bits of `u` at `b`, most significant byte first.
 *
 * Safety:
 * `b` has room for 4 bytes.
 */
LWS_VISIBLE LWS_EXTERN void lws_ser_wu32be(uint8_t *b, uint32_t u);

/**
 * Reads 32 bits at `b`, most significant byte first.
 *
 * Safety:
 * 4 bytes are readable at `b`.
 */
LWS_VISIBLE LWS_EXTERN uint32_t lws_ser_ru32be(const uint8_t *b);

/**
 * Writes the 64 bits of `u` at `b`, most significant byte first.
 *
 * Safety:
 * `b` has room for 8 bytes.
 */
LWS_VISIBLE LWS_EXTERN void lws_ser_wu64be(uint8_t *b, uint64_t u);

/**
 * Reads 64 bits at `b`, most significant byte first.
 *
 * Safety:
 * 8 bytes are readable at `b`.
 */
LWS_VISIBLE LWS_EXTERN uint64_t lws_ser_ru64be(const uint8_t *b);

/**
 * Writes `value` as a variable byte integer (MQTT 5.0, 1.5.5). Returns its length, 1 to 4, or
 * -1 if the value is over 268,435,455.
 *
 * Safety:
 * `buf` has room for 4 bytes.
 */
LWS_VISIBLE LWS_EXTERN int lws_vbi_encode(uint64_t value, void *buf);

/**
 * Reads a variable byte integer (MQTT 5.0, 1.5.5) from `len` bytes. Returns how many bytes it
 * took, or 0 if it is incomplete or too long.
 *
 * Safety:
 * `buf` has `len` readable bytes, `value` is writable.
 */
LWS_VISIBLE LWS_EXTERN int lws_vbi_decode(const void *buf, uint64_t *value, size_t len);

/**
 * Microseconds of the monotonic clock: the base of every timestamp in this API. May be called
 * from any thread.
 */
LWS_VISIBLE LWS_EXTERN lws_usec_t lws_now_usecs(void);

/** Seconds since 1970-01-01 UTC. May be called from any thread. */
LWS_VISIBLE LWS_EXTERN unsigned long lws_now_secs(void);

/**
 * Reads an ISO 8601 date in UTC, `YYYY-MM-DD`, optionally followed by `T` or a space and
 * `HH:MM:SS`. Returns seconds (in spite of the type) since 1970-01-01, or 0 if it is no date.
 *
 * Safety:
 * `ads` is NUL-terminated or NULL.
 */
LWS_VISIBLE LWS_EXTERN lws_usec_t lws_parse_iso8601(const char *ads);
/**
 * The program's pointer at a connection: what it was adopted with, or what was set since. NULL
 * if it is no connection (any more).
 *
 * Safety:
 * None needed: the handle is looked up.
 */
LWS_VISIBLE LWS_EXTERN void *lws_get_opaque_user_data(const struct lws *wsi);

/**
 * Makes `data` the program's pointer at a connection, in place of what it was adopted with.
 *
 * Safety:
 * None needed: the handle is looked up.
 */
LWS_VISIBLE LWS_EXTERN void lws_set_opaque_user_data(struct lws *wsi, void *data);

/**
 * As snprintf(), but a text that had to be cut returns `size`, and 0 if `str` is NULL or `size` 0.
 */
LWS_VISIBLE LWS_EXTERN int
lws_snprintf(char *str, size_t size, const char *format, ...) LWS_FORMAT(3);

/** C's open(file, oflag, mode), with close-on-exec set: a descriptor of the caller's, or -1. */
LWS_VISIBLE LWS_EXTERN int
lws_open(const char *file, int oflag, ...);

/** Units for lws_humanize(): binary multiples, those of bytes, durations in microseconds. */
extern LWS_VISIBLE const lws_humanize_unit_t humanize_schema_si[7];
extern LWS_VISIBLE const lws_humanize_unit_t humanize_schema_si_bytes[7];
extern LWS_VISIBLE const lws_humanize_unit_t humanize_schema_us[8];

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_MISC_H */
