/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_MISC_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_MISC_H

/*
 * Strings, numbers, time, randomness, the command line.
 */
#include <libwebsockets/lws-context-vhost.h>

/** How far the first pointer is behind the second, in bytes. */
#define lws_ptr_diff(head, tail) ((int)((char *)(head) - (char *)(tail)))
#define lws_ptr_diff_size_t(head, tail) ((size_t)((char *)(head) - (char *)(tail)))

/** Copies at most size1 bytes of src, and no more than fit; always terminates. */
#define lws_strnncpy(dest, src, size1, destsize)                                              \
    lws_strncpy(dest, src,                                                                    \
                (size_t)((size1) + 1) < (size_t)(destsize) ? (size_t)((size1) + 1)            \
                                                           : (size_t)(destsize))

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
 * As snprintf(), but returns what was really written: never more than size - 1, and 0 if size
 * is 0.
 */
LWS_VISIBLE LWS_EXTERN int
lws_snprintf(char *str, size_t size, const char *format, ...) LWS_FORMAT(3);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_MISC_H */
