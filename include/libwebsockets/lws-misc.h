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
#include <libwebsockets/lws-dll2.h>
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

struct lws_buflist2_owner;
struct lws_wsmsg_info;
struct lws_switches;
struct lws_humanize_unit;
struct lws_parse_uri;

/** A segment of a list whose head is a pointer to its first segment. Opaque. */
struct lws_buflist;

/** A segment of a list that has an owner. Opaque. */
struct lws_buflist2;

/** The most bytes that a list may hold, if nothing else is said. */
#define LWS_BUFLIST_OOM_LIMIT ((2 * 1024) * 1024)

/** A list of segments. Zero when empty. */
struct lws_buflist2_owner {
    /** The segments. */
    struct lws_dll2_owner owner;
    /** How many bytes they have, used or not. */
    size_t total_len;
    /** The most that `total_len` may become; 0 is `LWS_BUFLIST_OOM_LIMIT`. */
    size_t limit;
};

/** For a message that is complete; libwebsockets 5.0.0 never calls it, nor does this library. */
typedef void (*lws_wsmsg_transfer_cb)(struct lws_wsmsg_info *info);

/** A piece of a message from one of several sources, for `lws_wsmsg_append`. */
struct lws_wsmsg_info {
    /** The list that gets complete messages. */
    struct lws_buflist **head_upstream;
    /** A list for each source, for messages that are not complete. */
    struct lws_buflist **private_heads;
    /** The source that this piece comes from, as an index into `private_heads`. */
    int private_source_idx;
    /** Not called, see there. */
    lws_wsmsg_transfer_cb optional_cb;
    /** The program's. */
    void *opaque;
    /** The piece. */
    const uint8_t *buf;
    /** Its length in bytes. */
    size_t len;
    /** `LWSSS_FLAG_SOM` if it begins a message, `LWSSS_FLAG_EOM` if it ends one. */
    unsigned int ss_flags;
};

/** The C name of `lws_wsmsg_info`. */
typedef struct lws_wsmsg_info lws_wsmsg_info_t;

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

/** A URI in its parts, from `lws_parse_uri_create`. */
struct lws_parse_uri {
    /** What is in front of `://`; empty if there is no such. */
    const char *scheme;
    /** The host, without the brackets of a v6 address; the path of a unix socket with its `+`. */
    const char *host;
    /** The path without its first slash, and the query; `/` for none. */
    const char *path;
    /** The port; that of http, https, ws and wss if none is said, else 0. */
    uint16_t port;
    /** 1 if the host is a unix socket. */
    char unix_skt;
};

/** The C name of `lws_parse_uri`. */
typedef struct lws_parse_uri lws_parse_uri_t;

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

/**
 * Cuts the URI `p` into parts by writing NULs into it: `*prot` is set to the scheme, `*ads` to
 * the host, `*path` to the path without its first slash, or `/` if there is none. `*port` is set
 * if the URI says one or its scheme is http, https, ws or wss. A host that begins with `+` is a
 * unix socket and ends with `:`. Returns 0. To be replaced by `lws_parse_uri_create` in new
 * programs.
 *
 * Safety:
 * `p` is NUL-terminated and can be written, as can the others; they point into `p` afterwards.
 */
LWS_VISIBLE LWS_EXTERN
LWS_WARN_UNUSED_RESULT
int lws_parse_uri(char *p,
                  const char **prot,
                  const char **ads,
                  int *port,
                  const char **path);

/**
 * Cuts a copy of `uri` into parts. Returns them, to be given to `lws_parse_uri_destroy`; NULL
 * without memory or if `uri` is NULL.
 *
 * Safety:
 * `uri` is NULL or NUL-terminated.
 */
LWS_VISIBLE LWS_EXTERN
LWS_WARN_UNUSED_RESULT
struct lws_parse_uri *lws_parse_uri_create(const char *uri);

/**
 * Frees `*pcuri`, which is NULL afterwards; it may be before.
 *
 * Safety:
 * `*pcuri` came from `lws_parse_uri_create`.
 */
LWS_VISIBLE LWS_EXTERN void lws_parse_uri_destroy(struct lws_parse_uri **pcuri);

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
 * Appends a copy of the `len` bytes of `buf` to the list at `*head`, which is NULL when empty.
 * The copy has `LWS_PRE` bytes free in front of it. Returns 1 if it is the first segment, 0 if
 * it is another, -1 if `buf` is NULL, there is no memory, or the list already holds 8192
 * segments or would hold more than 2 MiB; a first segment may be larger.
 *
 * Safety:
 * `head` is the list's; `buf` has `len` readable bytes.
 */
LWS_VISIBLE LWS_EXTERN
LWS_WARN_UNUSED_RESULT
int lws_buflist_append_segment(struct lws_buflist **head,
                               const uint8_t *buf,
                               size_t len);

/**
 * `lws_buflist_append_segment` without the copy: the list frees `buf`, which malloc() made,
 * when its `len` bytes are used. If it returns -1, `buf` is still the caller's.
 *
 * Safety:
 * As there.
 */
LWS_VISIBLE LWS_EXTERN
LWS_WARN_UNUSED_RESULT
int lws_buflist_append_segment_take_ownership(struct lws_buflist **head,
                                              uint8_t *buf,
                                              size_t len);

/**
 * How many bytes of the first segment of the list at `*head` are left, 0 if the list is empty.
 * `*buf` is set to them, or to NULL; `buf` may be NULL.
 *
 * Safety:
 * `head` is the list's; `buf` is NULL or can be written.
 */
LWS_VISIBLE LWS_EXTERN
size_t lws_buflist_next_segment_len(struct lws_buflist **head,
                                    uint8_t **buf);

/**
 * Takes `len` bytes away from the first segment of the list at `*head`, and the segment itself
 * when nothing of it is left; `len` is at most what `lws_buflist_next_segment_len` says.
 * Returns how many bytes the then first segment has left, 0 if the list is empty.
 *
 * Safety:
 * `head` is the list's.
 */
LWS_VISIBLE LWS_EXTERN size_t lws_buflist_use_segment(struct lws_buflist **head, size_t len);

/**
 * How many bytes the segments of the list at `*head` have, with those of the first one that are
 * used already.
 *
 * Safety:
 * `head` is the list's.
 */
LWS_VISIBLE LWS_EXTERN size_t lws_buflist_total_len(struct lws_buflist **head);

/**
 * Copies up to `len` bytes of the list at `*head` to `buf`, across segments and from the offset
 * `ofs` of what `lws_buflist_total_len` counts; nothing is used. Returns how many, 0 at the
 * end.
 *
 * Safety:
 * `head` is the list's; `buf` has `len` writable bytes.
 */
LWS_VISIBLE LWS_EXTERN
int lws_buflist_linear_copy(struct lws_buflist **head,
                            size_t ofs,
                            uint8_t *buf,
                            size_t len);

/**
 * Moves up to `len` bytes from the front of the list at `*head` to `buf`, across segments.
 * Returns how many.
 *
 * Safety:
 * `head` is the list's; `buf` has `len` writable bytes.
 */
LWS_VISIBLE LWS_EXTERN
int lws_buflist_linear_use(struct lws_buflist **head,
                           uint8_t *buf,
                           size_t len);

/**
 * Moves up to `len` bytes of the first segment of the list at `*head` to `buf`. `*frag_first` is
 * set to whether they begin the segment, `*frag_fin` to whether they end it; each may be NULL.
 * With `buf` NULL or `len` 0 only those are set. Returns how many bytes were moved.
 *
 * Safety:
 * `head` is the list's; `buf` is NULL or has `len` writable bytes.
 */
LWS_VISIBLE LWS_EXTERN
int lws_buflist_fragment_use(struct lws_buflist **head,
                             uint8_t *buf,
                             size_t len,
                             char *frag_first,
                             char *frag_fin);

/**
 * Frees all segments of the list at `*head`, which is NULL afterwards.
 *
 * Safety:
 * `head` is the list's.
 */
LWS_VISIBLE LWS_EXTERN void lws_buflist_destroy_all_segments(struct lws_buflist **head);

/**
 * Where the first segment of the list at `*head` begins, however much of it is used; NULL if the
 * list is empty.
 *
 * Safety:
 * `head` is the list's.
 */
LWS_VISIBLE LWS_EXTERN void *lws_buflist_get_frag_start_or_NULL(struct lws_buflist **head);

/**
 * Appends a copy of the `len` bytes of `buf` to the list `owner`. The copy has `LWS_PRE` bytes
 * free in front of it. Returns 1 if it is the first segment, 0 if it is another, -1 if `buf` is
 * NULL, there is no memory, or the list would hold more than the owner's `limit`, which is 2 MiB
 * if it is 0.
 *
 * Safety:
 * `owner` is the list's; `buf` has `len` readable bytes.
 */
LWS_VISIBLE LWS_EXTERN
LWS_WARN_UNUSED_RESULT
int lws_buflist2_append_segment(struct lws_buflist2_owner *owner,
                                const uint8_t *buf,
                                size_t len);

/**
 * `lws_buflist2_append_segment` without the copy: the list frees `buf`, which malloc() made,
 * when its `len` bytes are used. If it returns -1, `buf` is still the caller's.
 *
 * Safety:
 * As there.
 */
LWS_VISIBLE LWS_EXTERN
LWS_WARN_UNUSED_RESULT
int lws_buflist2_append_segment_take_ownership(struct lws_buflist2_owner *owner,
                                               uint8_t *buf,
                                               size_t len);

/**
 * How many bytes of the first segment of the list `owner` are left, 0 if the list is empty.
 * `*buf` is set to them, or to NULL; `buf` may be NULL.
 *
 * Safety:
 * `owner` is the list's; `buf` is NULL or can be written.
 */
LWS_VISIBLE LWS_EXTERN
size_t lws_buflist2_next_segment_len(struct lws_buflist2_owner *owner,
                                     uint8_t **buf);

/**
 * Takes `len` bytes away from the first segment of the list `owner`, and the segment itself when
 * nothing of it is left; `len` is at most what `lws_buflist2_next_segment_len` says. Returns
 * how many bytes the then first segment has left, 0 if the list is empty.
 *
 * Safety:
 * `owner` is the list's.
 */
LWS_VISIBLE LWS_EXTERN
size_t lws_buflist2_use_segment(struct lws_buflist2_owner *owner,
                                size_t len);

/**
 * Moves up to `len` bytes of the first segment of the list `owner` to `buf`. `*frag_first` is
 * set to whether they begin the segment, `*frag_fin` to whether they end it; each may be NULL.
 * With `buf` NULL or `len` 0 only those are set. Returns how many bytes were moved.
 *
 * Safety:
 * `owner` is the list's; `buf` is NULL or has `len` writable bytes.
 */
LWS_VISIBLE LWS_EXTERN
int lws_buflist2_fragment_use(struct lws_buflist2_owner *owner,
                              uint8_t *buf,
                              size_t len,
                              char *frag_first,
                              char *frag_fin);

/**
 * Frees all segments of the list `owner`, which is empty afterwards.
 *
 * Safety:
 * `owner` is the list's.
 */
LWS_VISIBLE LWS_EXTERN void lws_buflist2_destroy_all_segments(struct lws_buflist2_owner *owner);

/**
 * Where the first segment of the list `owner` begins, however much of it is used; NULL if the
 * list is empty.
 *
 * Safety:
 * `owner` is the list's.
 */
LWS_VISIBLE LWS_EXTERN void *lws_buflist2_get_frag_start_or_NULL(struct lws_buflist2_owner *owner);

/** How many bytes the segments of the list `owner` have, with those that are used already. */
static LWS_INLINE size_t
lws_buflist2_total_len(struct lws_buflist2_owner *owner)
{
    return owner->total_len;
}

/**
 * Keeps a copy of the piece of a message in `info`. When it ends its message, the message is
 * moved to the end of the list at `head_upstream`. Returns 0, or -1 as
 * `lws_buflist_append_segment` or if `info` lacks a list.
 *
 * Safety:
 * `info` is live and its pointers are good; `private_source_idx` is inside `private_heads`.
 */
LWS_VISIBLE LWS_EXTERN int lws_wsmsg_append(struct lws_wsmsg_info *info);

/**
 * Frees what the lists of `count_private_heads` sources hold, of messages that were not
 * complete.
 *
 * Safety:
 * `private_heads` has that many lists.
 */
LWS_VISIBLE LWS_EXTERN
void lws_wsmsg_destroy(struct lws_buflist **private_heads,
                       size_t count_private_heads);

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
