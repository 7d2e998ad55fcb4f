/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_LOGS_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_LOGS_H

/*
 * Logging. Lines have a level (LLL_...); which levels are written is decided at run time, and for
 * NDEBUG builds also by the compiler.
 *
 *   lwsl_LEVEL(format, ...)           a line of the process
 *   lwsl_cx_LEVEL(context, ...)       a line about a context
 *   lwsl_vhost_LEVEL(vhost, ...)      ... a vhost
 *   lwsl_wsi_LEVEL(wsi, ...)          ... a connection
 *   lwsl_ss_LEVEL(stream, ...)        ... a stream
 *   lwsl_hexdump_LEVEL(buf, len), lwsl_hexdump_cx_LEVEL(context, buf, len) ...: bytes
 *   lwsl_ratelimit_LEVEL(limit, us, format, ...), lwsl_ratelimit_cx_LEVEL(limit, us, context, ...) ...:
 *                                     at most once in so many microseconds
 *
 * Where: everywhere, in every callback and in any thread; those about an object in the thread that
 * runs its context's loop.
 */
#include <libwebsockets/lws-base.h>

/* The levels that are compiled in. */
#if defined(LWS_WITH_NO_LOGS)
#define _LWS_LINIT (LLL_ERR | LLL_USER)
#elif defined(_DEBUG)
#define _LWS_LINIT ((1 << LLL_COUNT) - 1)
#else
#define _LWS_LINIT (LLL_ERR | LLL_USER | LLL_WARN | LLL_NOTICE)
#endif
#define _LWS_ENABLED_LOGS \
    ((_LWS_LINIT | LWS_LOGGING_BITFIELD_SET) & ~(LWS_LOGGING_BITFIELD_CLEAR))

#ifdef __cplusplus
extern "C" {
#endif

struct lws_log_cx;
struct lws_ss_handle;
struct lws_sspc_handle;

union lws_log_cx_u;
struct lws_log_cx;
struct lws_log_ratelimit;

/** Writes one line, which ends in a newline; the level is one of `LLL_...`. */
typedef void (*lws_log_emit_t)(int level, const char *line);

/** As `lws_log_emit_t`, with the log context and the line's length. */
typedef void (*lws_log_emit_cx_t)(struct lws_log_cx *cx, int level, const char *line, size_t len);

/** Writes a prefix for a line about `obj` at `*p`, not past `e`, and moves `*p` on. */
typedef void (*lws_log_prepend_cx_t)(struct lws_log_cx *cx, void *obj, char **p, char *e);

/**
 * Called when a user of the log context comes (`_new` is 1) or goes (-1); the count is already
 * changed.
 */
typedef void (*lws_log_use_cx_t)(struct lws_log_cx *cx, int _new);

/** The function that writes the lines. */
union lws_log_cx_u {
    /** Takes level and line. */
    lws_log_emit_t emit;
    /** Takes the log context too; used if `LLLF_LOG_CONTEXT_AWARE` is set. */
    lws_log_emit_cx_t emit_cx;
};

/** Where log lines go, which levels are kept and what is put in front of them. */
struct lws_log_cx {
    /** The function that writes the lines. */
    union lws_log_cx_u u;
    /** Called at each change of `refcount`, or NULL. */
    lws_log_use_cx_t refcount_cb;
    /** Puts a prefix in front of the lines of the log contexts below, or NULL. */
    lws_log_prepend_cx_t prepend;
    /** The log context above, or NULL. */
    struct lws_log_cx *parent;
    /** The program's: for `lws_log_emit_cx_file` the file's path. */
    void *opaque;
    /** The program's: for `lws_log_emit_cx_file` its open file. */
    void *stg;
    /** Levels to keep (`LLL_...`) and flags (`LLLF_...`). */
    uint32_t lll_flags;
    /** How many objects log through it. */
    int32_t refcount;
};

/** The C name of `lws_log_cx`. */
typedef struct lws_log_cx lws_log_cx_t;

/** Keeps one place in a program from logging too often. Zero at first. */
struct lws_log_ratelimit {
    /** When the next line is due. */
    int64_t next_log_us;
    /** Lines dropped since the last one. */
    uint32_t dropped;
};

/** The C name of `lws_log_ratelimit`. */
typedef struct lws_log_ratelimit lws_log_ratelimit_t;

/** Level: errors. */
#define LLL_ERR (1 << 0)

/** Level: warnings. */
#define LLL_WARN (1 << 1)

/** Level: notices. */
#define LLL_NOTICE (1 << 2)

/** Level: information. */
#define LLL_INFO (1 << 3)

/** Level: debugging. */
#define LLL_DEBUG (1 << 4)

/** Level: parsers. */
#define LLL_PARSER (1 << 5)

/** Level: headers. */
#define LLL_HEADER (1 << 6)

/** Level: extensions. */
#define LLL_EXT (1 << 7)

/** Level: client connections. */
#define LLL_CLIENT (1 << 8)

/** Level: latencies. */
#define LLL_LATENCY (1 << 9)

/** Level: the program's own lines. */
#define LLL_USER (1 << 10)

/** Level: threads. */
#define LLL_THREAD (1 << 11)

/** How many levels there are. */
#define LLL_COUNT 12

/** The line holds personal data. */
#define LLLF_SECRECY_PII (1 << 16)

/** The line holds a secret that lets its reader act as somebody else. */
#define LLLF_SECRECY_BEARER (1 << 17)

/** Lines begin with the time. */
#define LLLF_LOG_TIMESTAMP (1 << 18)

/** The emit function takes the log context (`lws_log_emit_cx_t`). */
#define LLLF_LOG_CONTEXT_AWARE (1 << 30)

/** Writes a line of the level `filter` (one of LLL_...), formatted like printf(), if it is wanted. */
LWS_VISIBLE LWS_EXTERN void
_lws_log(int filter, const char *format, ...) LWS_FORMAT(2);

/** As `_lws_log`, with the arguments as the va_list `vl`. */
LWS_VISIBLE LWS_EXTERN void
_lws_logv(int filter, const char *format, va_list vl);

/**
 * As `_lws_log`, through the log context `cx` (NULL: the process's), about `obj`, which `prep` knows
 * how to name. `_fun`, the function's name, is put in front if it is not NULL.
 */
LWS_VISIBLE LWS_EXTERN void
_lws_log_cx(lws_log_cx_t *cx, lws_log_prepend_cx_t prep, void *obj, int filter, const char *_fun,
            const char *format, ...) LWS_FORMAT(6);

/**
 * As `_lws_log`, for a line that stands for dropped lines: `dropped` is what
 * `lws_log_ratelimit_check` returned.
 */
LWS_VISIBLE LWS_EXTERN void
_lws_log_rl(int filter, uint32_t dropped, const char *format, ...) LWS_FORMAT(3);

/** As `_lws_log_cx`, for a line that stands for dropped lines, as in `_lws_log_rl`. */
LWS_VISIBLE LWS_EXTERN void
_lws_log_cx_rl(lws_log_cx_t *cx, lws_log_prepend_cx_t prep, void *obj, int filter,
               uint32_t dropped, const char *_fun, const char *format, ...) LWS_FORMAT(7);

/**
 * Writes the timestamp of a line of `level`, cut to fit `len`. Returns its length, 0 if `level`
 * is not exactly one level.
 *
 * Safety:
 * `p` has `len` writable bytes.
 */
LWS_VISIBLE LWS_EXTERN int lwsl_timestamp(int level, char *p, size_t len);

/**
 * Writes a line of this `level` (one of `LLL_*`) to stderr, coloured if that is a terminal. The
 * default emitter.
 *
 * Safety:
 * `line` is NUL-terminated.
 */
LWS_VISIBLE LWS_EXTERN void lwsl_emit_stderr(int level, const char *line);

/**
 * The same as `lwsl_emit_stderr`: whether lines have timestamps is decided before.
 *
 * Safety:
 * `line` is NUL-terminated.
 */
LWS_VISIBLE LWS_EXTERN void lwsl_emit_stderr_notimestamp(int level, const char *line);

/**
 * Sends a line to syslog at the priority that goes with `level`.
 *
 * Safety:
 * `line` is NUL-terminated.
 */
LWS_VISIBLE LWS_EXTERN void lwsl_emit_syslog(int level, const char *line);

/**
 * An emitter that writes to the file that `lws_log_use_cx_file` opened.
 *
 * Safety:
 * `cx` is a live log context whose `stg` belongs to `lws_log_use_cx_file`; `line` has `len`
 * bytes.
 */
LWS_VISIBLE LWS_EXTERN
void lws_log_emit_cx_file(struct lws_log_cx *cx,
                          int level,
                          const char *line,
                          size_t len);

/**
 * A `refcount_cb` that opens the file named by the context's `opaque` for the first object and
 * closes it after the last. `_new` is above 0 for an object that comes, else for one that goes.
 * The file is emptied first and has mode 0600.
 *
 * Safety:
 * `cx` is a live log context; its `opaque` is a NUL-terminated path.
 */
LWS_VISIBLE LWS_EXTERN void lws_log_use_cx_file(struct lws_log_cx *cx, int _new);

/**
 * Logs `len` bytes at `vbuf` in hexadecimal and ASCII, 16 a line, between two empty lines, at
 * level `hexdump_level` of the process's context.
 *
 * Safety:
 * `vbuf` is NULL or has `len` readable bytes.
 */
LWS_VISIBLE LWS_EXTERN void lwsl_hexdump_level(int hexdump_level, const void *vbuf, size_t len);

/**
 * `lwsl_hexdump_level` at debug level.
 *
 * Safety:
 * `vbuf` is NULL or has `len` readable bytes.
 */
LWS_VISIBLE LWS_EXTERN void lwsl_hexdump(const void *vbuf, size_t len);

/**
 * `lwsl_hexdump_level` in the log context `cx` (NULL: the process's), each line with the
 * prefix that `prep` writes for `obj`.
 *
 * Safety:
 * `cx` is NULL or live, `prep` callable with `obj`, `vbuf` NULL or `len` bytes long.
 */
LWS_VISIBLE LWS_EXTERN
void lwsl_hexdump_level_cx(struct lws_log_cx *cx,
                           lws_log_prepend_cx_t prep,
                           void *obj,
                           int hexdump_level,
                           const void *vbuf,
                           size_t len);

/**
 * Sets the process's levels, `flags`, a mask of `LLL_*`, and, unless it is NULL, the function
 * that gets each line with its newline. May be called before a context exists.
 *
 * Safety:
 * `func` is NULL or stays callable until it is replaced.
 */
LWS_VISIBLE LWS_EXTERN void lws_set_log_level(int flags, lws_log_emit_t func);

/** Whether any of the levels `level` is on for the process. */
LWS_VISIBLE LWS_EXTERN int lwsl_visible(int level);

/**
 * Counts an object that is bound to `cx` (`_new` > 0) or leaves it, and tells the context's
 * `refcount_cb`, which may open and close a file by it. NULL does nothing.
 *
 * Safety:
 * `cx` is NULL or a live log context.
 */
LWS_VISIBLE LWS_EXTERN void lwsl_refcount_cx(struct lws_log_cx *cx, int _new);

/**
 * Says whether a rate-limited line may be logged now: returns 0 for no, else 1 plus the number
 * of lines that were held back. After a yes the next one comes `interval_us` microseconds later.
 *
 * Safety:
 * `rl` is readable and writable.
 */
LWS_VISIBLE LWS_EXTERN
uint32_t lws_log_ratelimit_check(struct lws_log_ratelimit *rl,
                                 int64_t interval_us);

/**
 * The log context of a context, for `_lws_log_cx`; NULL if it is the process's.
 *
 * Safety:
 * The handle is NULL or came from this library.
 */
LWS_VISIBLE LWS_EXTERN struct lws_log_cx *lwsl_context_get_cx(struct lws_context *cx);

/**
 * A prepend hook that writes the name of a context.
 *
 * Safety:
 * `*p..e` is writable; `obj` is NULL or such a handle from this library.
 */
LWS_VISIBLE LWS_EXTERN
void lws_log_prepend_context(struct lws_log_cx *cx,
                             void *obj,
                             char **p,
                             char *e);

/**
 * The log context of a vhost, for `_lws_log_cx`; NULL if it is the process's.
 *
 * Safety:
 * The handle is NULL or came from this library.
 */
LWS_VISIBLE LWS_EXTERN struct lws_log_cx *lwsl_vhost_get_cx(struct lws_vhost *vh);

/**
 * A prepend hook that writes the name of a vhost.
 *
 * Safety:
 * `*p..e` is writable; `obj` is NULL or such a handle from this library.
 */
LWS_VISIBLE LWS_EXTERN
void lws_log_prepend_vhost(struct lws_log_cx *cx,
                           void *obj,
                           char **p,
                           char *e);

/**
 * The log context of a connection, for `_lws_log_cx`; NULL if it is the process's.
 *
 * Safety:
 * The handle is NULL or came from this library.
 */
LWS_VISIBLE LWS_EXTERN struct lws_log_cx *lwsl_wsi_get_cx(struct lws *wsi);

/**
 * A prepend hook that writes the name of a connection.
 *
 * Safety:
 * `*p..e` is writable; `obj` is NULL or such a handle from this library.
 */
LWS_VISIBLE LWS_EXTERN
void lws_log_prepend_wsi(struct lws_log_cx *cx,
                         void *obj,
                         char **p,
                         char *e);

/**
 * The log context of a stream, for `_lws_log_cx`; NULL if it is the process's.
 *
 * Safety:
 * The handle is NULL or came from this library.
 */
LWS_VISIBLE LWS_EXTERN struct lws_log_cx *lwsl_ss_get_cx(struct lws_ss_handle *ss);

/**
 * A prepend hook that writes the name of a stream.
 *
 * Safety:
 * `*p..e` is writable; `obj` is NULL or such a handle from this library.
 */
LWS_VISIBLE LWS_EXTERN void lws_log_prepend_ss(struct lws_log_cx *cx, void *obj, char **p, char *e);

/**
 * The log context of a proxied stream, for `_lws_log_cx`; NULL if it is the process's.
 *
 * Safety:
 * The handle is NULL or came from this library.
 */
LWS_VISIBLE LWS_EXTERN struct lws_log_cx *lwsl_sspc_get_cx(struct lws_sspc_handle *ss);

/**
 * A prepend hook that writes the name of a proxied stream.
 *
 * Safety:
 * `*p..e` is writable; `obj` is NULL or such a handle from this library.
 */
LWS_VISIBLE LWS_EXTERN
void lws_log_prepend_sspc(struct lws_log_cx *cx,
                          void *obj,
                          char **p,
                          char *e);

/** Is this machine big-endian? */
static LWS_INLINE int
lws_is_be(void)
{
    const int probe = ~0xff;

    return *(const char *)&probe;
}

/* A line about an object. */
#define lwsl_cx(object, level, ...) \
    _lws_log_cx(lwsl_context_get_cx(object), lws_log_prepend_context, object, level, __func__, __VA_ARGS__)
#define lwsl_hexdump_context(object, level, buf, len) \
    lwsl_hexdump_level_cx(lwsl_context_get_cx(object), lws_log_prepend_context, object, level, buf, len)
#define lwsl_vhost(object, level, ...) \
    _lws_log_cx(lwsl_vhost_get_cx(object), lws_log_prepend_vhost, object, level, __func__, __VA_ARGS__)
#define lwsl_hexdump_vhost(object, level, buf, len) \
    lwsl_hexdump_level_cx(lwsl_vhost_get_cx(object), lws_log_prepend_vhost, object, level, buf, len)
#define lwsl_wsi(object, level, ...) \
    _lws_log_cx(lwsl_wsi_get_cx(object), lws_log_prepend_wsi, object, level, __func__, __VA_ARGS__)
#define lwsl_hexdump_wsi(object, level, buf, len) \
    lwsl_hexdump_level_cx(lwsl_wsi_get_cx(object), lws_log_prepend_wsi, object, level, buf, len)
#define lwsl_ss(object, level, ...) \
    _lws_log_cx(lwsl_ss_get_cx(object), lws_log_prepend_ss, object, level, __func__, __VA_ARGS__)
#define lwsl_hexdump_ss(object, level, buf, len) \
    lwsl_hexdump_level_cx(lwsl_ss_get_cx(object), lws_log_prepend_ss, object, level, buf, len)

/* The levels, as far as they are compiled in. */
#if (_LWS_ENABLED_LOGS & LLL_ERR)
#define lwsl_err(...) _lws_log(LLL_ERR, __VA_ARGS__)
#define lwsl_cx_err(object, ...) lwsl_cx(object, LLL_ERR, __VA_ARGS__)
#define lwsl_vhost_err(object, ...) lwsl_vhost(object, LLL_ERR, __VA_ARGS__)
#define lwsl_wsi_err(object, ...) lwsl_wsi(object, LLL_ERR, __VA_ARGS__)
#define lwsl_ss_err(object, ...) lwsl_ss(object, LLL_ERR, __VA_ARGS__)
#else
#define lwsl_err(...) do {} while (0)
#define lwsl_cx_err(object, ...) do {} while (0)
#define lwsl_vhost_err(object, ...) do {} while (0)
#define lwsl_wsi_err(object, ...) do {} while (0)
#define lwsl_ss_err(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_WARN)
#define lwsl_warn(...) _lws_log(LLL_WARN, __VA_ARGS__)
#define lwsl_cx_warn(object, ...) lwsl_cx(object, LLL_WARN, __VA_ARGS__)
#define lwsl_vhost_warn(object, ...) lwsl_vhost(object, LLL_WARN, __VA_ARGS__)
#define lwsl_wsi_warn(object, ...) lwsl_wsi(object, LLL_WARN, __VA_ARGS__)
#define lwsl_ss_warn(object, ...) lwsl_ss(object, LLL_WARN, __VA_ARGS__)
#else
#define lwsl_warn(...) do {} while (0)
#define lwsl_cx_warn(object, ...) do {} while (0)
#define lwsl_vhost_warn(object, ...) do {} while (0)
#define lwsl_wsi_warn(object, ...) do {} while (0)
#define lwsl_ss_warn(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_NOTICE)
#define lwsl_notice(...) _lws_log(LLL_NOTICE, __VA_ARGS__)
#define lwsl_cx_notice(object, ...) lwsl_cx(object, LLL_NOTICE, __VA_ARGS__)
#define lwsl_vhost_notice(object, ...) lwsl_vhost(object, LLL_NOTICE, __VA_ARGS__)
#define lwsl_wsi_notice(object, ...) lwsl_wsi(object, LLL_NOTICE, __VA_ARGS__)
#define lwsl_ss_notice(object, ...) lwsl_ss(object, LLL_NOTICE, __VA_ARGS__)
#else
#define lwsl_notice(...) do {} while (0)
#define lwsl_cx_notice(object, ...) do {} while (0)
#define lwsl_vhost_notice(object, ...) do {} while (0)
#define lwsl_wsi_notice(object, ...) do {} while (0)
#define lwsl_ss_notice(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_INFO)
#define lwsl_info(...) _lws_log(LLL_INFO, __VA_ARGS__)
#define lwsl_cx_info(object, ...) lwsl_cx(object, LLL_INFO, __VA_ARGS__)
#define lwsl_vhost_info(object, ...) lwsl_vhost(object, LLL_INFO, __VA_ARGS__)
#define lwsl_wsi_info(object, ...) lwsl_wsi(object, LLL_INFO, __VA_ARGS__)
#define lwsl_ss_info(object, ...) lwsl_ss(object, LLL_INFO, __VA_ARGS__)
#else
#define lwsl_info(...) do {} while (0)
#define lwsl_cx_info(object, ...) do {} while (0)
#define lwsl_vhost_info(object, ...) do {} while (0)
#define lwsl_wsi_info(object, ...) do {} while (0)
#define lwsl_ss_info(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_DEBUG)
#define lwsl_debug(...) _lws_log(LLL_DEBUG, __VA_ARGS__)
#define lwsl_cx_debug(object, ...) lwsl_cx(object, LLL_DEBUG, __VA_ARGS__)
#define lwsl_vhost_debug(object, ...) lwsl_vhost(object, LLL_DEBUG, __VA_ARGS__)
#define lwsl_wsi_debug(object, ...) lwsl_wsi(object, LLL_DEBUG, __VA_ARGS__)
#define lwsl_ss_debug(object, ...) lwsl_ss(object, LLL_DEBUG, __VA_ARGS__)
#else
#define lwsl_debug(...) do {} while (0)
#define lwsl_cx_debug(object, ...) do {} while (0)
#define lwsl_vhost_debug(object, ...) do {} while (0)
#define lwsl_wsi_debug(object, ...) do {} while (0)
#define lwsl_ss_debug(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_PARSER)
#define lwsl_parser(...) _lws_log(LLL_PARSER, __VA_ARGS__)
#define lwsl_cx_parser(object, ...) lwsl_cx(object, LLL_PARSER, __VA_ARGS__)
#define lwsl_vhost_parser(object, ...) lwsl_vhost(object, LLL_PARSER, __VA_ARGS__)
#define lwsl_wsi_parser(object, ...) lwsl_wsi(object, LLL_PARSER, __VA_ARGS__)
#define lwsl_ss_parser(object, ...) lwsl_ss(object, LLL_PARSER, __VA_ARGS__)
#else
#define lwsl_parser(...) do {} while (0)
#define lwsl_cx_parser(object, ...) do {} while (0)
#define lwsl_vhost_parser(object, ...) do {} while (0)
#define lwsl_wsi_parser(object, ...) do {} while (0)
#define lwsl_ss_parser(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_HEADER)
#define lwsl_header(...) _lws_log(LLL_HEADER, __VA_ARGS__)
#define lwsl_cx_header(object, ...) lwsl_cx(object, LLL_HEADER, __VA_ARGS__)
#define lwsl_vhost_header(object, ...) lwsl_vhost(object, LLL_HEADER, __VA_ARGS__)
#define lwsl_wsi_header(object, ...) lwsl_wsi(object, LLL_HEADER, __VA_ARGS__)
#define lwsl_ss_header(object, ...) lwsl_ss(object, LLL_HEADER, __VA_ARGS__)
#else
#define lwsl_header(...) do {} while (0)
#define lwsl_cx_header(object, ...) do {} while (0)
#define lwsl_vhost_header(object, ...) do {} while (0)
#define lwsl_wsi_header(object, ...) do {} while (0)
#define lwsl_ss_header(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_EXT)
#define lwsl_ext(...) _lws_log(LLL_EXT, __VA_ARGS__)
#define lwsl_cx_ext(object, ...) lwsl_cx(object, LLL_EXT, __VA_ARGS__)
#define lwsl_vhost_ext(object, ...) lwsl_vhost(object, LLL_EXT, __VA_ARGS__)
#define lwsl_wsi_ext(object, ...) lwsl_wsi(object, LLL_EXT, __VA_ARGS__)
#define lwsl_ss_ext(object, ...) lwsl_ss(object, LLL_EXT, __VA_ARGS__)
#else
#define lwsl_ext(...) do {} while (0)
#define lwsl_cx_ext(object, ...) do {} while (0)
#define lwsl_vhost_ext(object, ...) do {} while (0)
#define lwsl_wsi_ext(object, ...) do {} while (0)
#define lwsl_ss_ext(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_CLIENT)
#define lwsl_client(...) _lws_log(LLL_CLIENT, __VA_ARGS__)
#define lwsl_cx_client(object, ...) lwsl_cx(object, LLL_CLIENT, __VA_ARGS__)
#define lwsl_vhost_client(object, ...) lwsl_vhost(object, LLL_CLIENT, __VA_ARGS__)
#define lwsl_wsi_client(object, ...) lwsl_wsi(object, LLL_CLIENT, __VA_ARGS__)
#define lwsl_ss_client(object, ...) lwsl_ss(object, LLL_CLIENT, __VA_ARGS__)
#else
#define lwsl_client(...) do {} while (0)
#define lwsl_cx_client(object, ...) do {} while (0)
#define lwsl_vhost_client(object, ...) do {} while (0)
#define lwsl_wsi_client(object, ...) do {} while (0)
#define lwsl_ss_client(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_LATENCY)
#define lwsl_latency(...) _lws_log(LLL_LATENCY, __VA_ARGS__)
#define lwsl_cx_latency(object, ...) lwsl_cx(object, LLL_LATENCY, __VA_ARGS__)
#define lwsl_vhost_latency(object, ...) lwsl_vhost(object, LLL_LATENCY, __VA_ARGS__)
#define lwsl_wsi_latency(object, ...) lwsl_wsi(object, LLL_LATENCY, __VA_ARGS__)
#define lwsl_ss_latency(object, ...) lwsl_ss(object, LLL_LATENCY, __VA_ARGS__)
#else
#define lwsl_latency(...) do {} while (0)
#define lwsl_cx_latency(object, ...) do {} while (0)
#define lwsl_vhost_latency(object, ...) do {} while (0)
#define lwsl_wsi_latency(object, ...) do {} while (0)
#define lwsl_ss_latency(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_THREAD)
#define lwsl_thread(...) _lws_log(LLL_THREAD, __VA_ARGS__)
#define lwsl_cx_thread(object, ...) lwsl_cx(object, LLL_THREAD, __VA_ARGS__)
#define lwsl_vhost_thread(object, ...) lwsl_vhost(object, LLL_THREAD, __VA_ARGS__)
#define lwsl_wsi_thread(object, ...) lwsl_wsi(object, LLL_THREAD, __VA_ARGS__)
#define lwsl_ss_thread(object, ...) lwsl_ss(object, LLL_THREAD, __VA_ARGS__)
#else
#define lwsl_thread(...) do {} while (0)
#define lwsl_cx_thread(object, ...) do {} while (0)
#define lwsl_vhost_thread(object, ...) do {} while (0)
#define lwsl_wsi_thread(object, ...) do {} while (0)
#define lwsl_ss_thread(object, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_USER)
#define lwsl_user(...) _lws_log(LLL_USER, __VA_ARGS__)
#define lwsl_cx_user(object, ...) lwsl_cx(object, LLL_USER, __VA_ARGS__)
#define lwsl_vhost_user(object, ...) lwsl_vhost(object, LLL_USER, __VA_ARGS__)
#define lwsl_wsi_user(object, ...) lwsl_wsi(object, LLL_USER, __VA_ARGS__)
#define lwsl_ss_user(object, ...) lwsl_ss(object, LLL_USER, __VA_ARGS__)
#else
#define lwsl_user(...) do {} while (0)
#define lwsl_cx_user(object, ...) do {} while (0)
#define lwsl_vhost_user(object, ...) do {} while (0)
#define lwsl_wsi_user(object, ...) do {} while (0)
#define lwsl_ss_user(object, ...) do {} while (0)
#endif

/* Hex dumps: compiled in always, written if the level is wanted. */
#define lwsl_hexdump_err(...) lwsl_hexdump_level(LLL_ERR, __VA_ARGS__)
#define lwsl_hexdump_cx_err(object, ...) lwsl_hexdump_context(object, LLL_ERR, __VA_ARGS__)
#define lwsl_hexdump_vhost_err(object, ...) lwsl_hexdump_vhost(object, LLL_ERR, __VA_ARGS__)
#define lwsl_hexdump_wsi_err(object, ...) lwsl_hexdump_wsi(object, LLL_ERR, __VA_ARGS__)
#define lwsl_hexdump_ss_err(object, ...) lwsl_hexdump_ss(object, LLL_ERR, __VA_ARGS__)
#define lwsl_hexdump_warn(...) lwsl_hexdump_level(LLL_WARN, __VA_ARGS__)
#define lwsl_hexdump_cx_warn(object, ...) lwsl_hexdump_context(object, LLL_WARN, __VA_ARGS__)
#define lwsl_hexdump_vhost_warn(object, ...) lwsl_hexdump_vhost(object, LLL_WARN, __VA_ARGS__)
#define lwsl_hexdump_wsi_warn(object, ...) lwsl_hexdump_wsi(object, LLL_WARN, __VA_ARGS__)
#define lwsl_hexdump_ss_warn(object, ...) lwsl_hexdump_ss(object, LLL_WARN, __VA_ARGS__)
#define lwsl_hexdump_notice(...) lwsl_hexdump_level(LLL_NOTICE, __VA_ARGS__)
#define lwsl_hexdump_cx_notice(object, ...) lwsl_hexdump_context(object, LLL_NOTICE, __VA_ARGS__)
#define lwsl_hexdump_vhost_notice(object, ...) lwsl_hexdump_vhost(object, LLL_NOTICE, __VA_ARGS__)
#define lwsl_hexdump_wsi_notice(object, ...) lwsl_hexdump_wsi(object, LLL_NOTICE, __VA_ARGS__)
#define lwsl_hexdump_ss_notice(object, ...) lwsl_hexdump_ss(object, LLL_NOTICE, __VA_ARGS__)
#define lwsl_hexdump_info(...) lwsl_hexdump_level(LLL_INFO, __VA_ARGS__)
#define lwsl_hexdump_cx_info(object, ...) lwsl_hexdump_context(object, LLL_INFO, __VA_ARGS__)
#define lwsl_hexdump_vhost_info(object, ...) lwsl_hexdump_vhost(object, LLL_INFO, __VA_ARGS__)
#define lwsl_hexdump_wsi_info(object, ...) lwsl_hexdump_wsi(object, LLL_INFO, __VA_ARGS__)
#define lwsl_hexdump_ss_info(object, ...) lwsl_hexdump_ss(object, LLL_INFO, __VA_ARGS__)
#define lwsl_hexdump_debug(...) lwsl_hexdump_level(LLL_DEBUG, __VA_ARGS__)
#define lwsl_hexdump_cx_debug(object, ...) lwsl_hexdump_context(object, LLL_DEBUG, __VA_ARGS__)
#define lwsl_hexdump_vhost_debug(object, ...) lwsl_hexdump_vhost(object, LLL_DEBUG, __VA_ARGS__)
#define lwsl_hexdump_wsi_debug(object, ...) lwsl_hexdump_wsi(object, LLL_DEBUG, __VA_ARGS__)
#define lwsl_hexdump_ss_debug(object, ...) lwsl_hexdump_ss(object, LLL_DEBUG, __VA_ARGS__)
#define lwsl_hexdump_user(...) lwsl_hexdump_level(LLL_USER, __VA_ARGS__)
#define lwsl_hexdump_cx_user(object, ...) lwsl_hexdump_context(object, LLL_USER, __VA_ARGS__)
#define lwsl_hexdump_vhost_user(object, ...) lwsl_hexdump_vhost(object, LLL_USER, __VA_ARGS__)
#define lwsl_hexdump_wsi_user(object, ...) lwsl_hexdump_wsi(object, LLL_USER, __VA_ARGS__)
#define lwsl_hexdump_ss_user(object, ...) lwsl_hexdump_ss(object, LLL_USER, __VA_ARGS__)

/* Lines that are written at most once in a while. */
#define LWS_RATELIMIT_DEFINE_STATIC(name) static lws_log_ratelimit_t name = { 0, 0 }
#define _LWSL_RL(limit, us, level, ...)                                      \
    do {                                                                     \
        uint32_t lwsl_rl_seen_ = lws_log_ratelimit_check(limit, us);         \
        if (lwsl_rl_seen_)                                                   \
            _lws_log_rl(level, lwsl_rl_seen_, __VA_ARGS__);                  \
    } while (0)
#define _LWSL_RL_CX(limit, us, cx, prepend, object, level, ...)              \
    do {                                                                     \
        uint32_t lwsl_rl_seen_ = lws_log_ratelimit_check(limit, us);         \
        if (lwsl_rl_seen_)                                                   \
            _lws_log_cx_rl(cx, prepend, object, level, lwsl_rl_seen_,        \
                           __func__, __VA_ARGS__);                           \
    } while (0)
#define _LWSL_RL_cx(limit, us, o, ...) \
    _LWSL_RL_CX(limit, us, lwsl_context_get_cx(o), lws_log_prepend_context, o, __VA_ARGS__)
#define _LWSL_RL_vhost(limit, us, o, ...) \
    _LWSL_RL_CX(limit, us, lwsl_vhost_get_cx(o), lws_log_prepend_vhost, o, __VA_ARGS__)
#define _LWSL_RL_wsi(limit, us, o, ...) \
    _LWSL_RL_CX(limit, us, lwsl_wsi_get_cx(o), lws_log_prepend_wsi, o, __VA_ARGS__)
#define _LWSL_RL_ss(limit, us, o, ...) \
    _LWSL_RL_CX(limit, us, lwsl_ss_get_cx(o), lws_log_prepend_ss, o, __VA_ARGS__)
#if (_LWS_ENABLED_LOGS & LLL_ERR)
#define lwsl_ratelimit_err(limit, us, ...) _LWSL_RL(limit, us, LLL_ERR, __VA_ARGS__)
#define lwsl_ratelimit_cx_err(limit, us, o, ...) _LWSL_RL_cx(limit, us, o, LLL_ERR, __VA_ARGS__)
#define lwsl_ratelimit_vhost_err(limit, us, o, ...) _LWSL_RL_vhost(limit, us, o, LLL_ERR, __VA_ARGS__)
#define lwsl_ratelimit_wsi_err(limit, us, o, ...) _LWSL_RL_wsi(limit, us, o, LLL_ERR, __VA_ARGS__)
#define lwsl_ratelimit_ss_err(limit, us, o, ...) _LWSL_RL_ss(limit, us, o, LLL_ERR, __VA_ARGS__)
#else
#define lwsl_ratelimit_err(limit, us, ...) do {} while (0)
#define lwsl_ratelimit_cx_err(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_vhost_err(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_wsi_err(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_ss_err(limit, us, o, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_WARN)
#define lwsl_ratelimit_warn(limit, us, ...) _LWSL_RL(limit, us, LLL_WARN, __VA_ARGS__)
#define lwsl_ratelimit_cx_warn(limit, us, o, ...) _LWSL_RL_cx(limit, us, o, LLL_WARN, __VA_ARGS__)
#define lwsl_ratelimit_vhost_warn(limit, us, o, ...) _LWSL_RL_vhost(limit, us, o, LLL_WARN, __VA_ARGS__)
#define lwsl_ratelimit_wsi_warn(limit, us, o, ...) _LWSL_RL_wsi(limit, us, o, LLL_WARN, __VA_ARGS__)
#define lwsl_ratelimit_ss_warn(limit, us, o, ...) _LWSL_RL_ss(limit, us, o, LLL_WARN, __VA_ARGS__)
#else
#define lwsl_ratelimit_warn(limit, us, ...) do {} while (0)
#define lwsl_ratelimit_cx_warn(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_vhost_warn(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_wsi_warn(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_ss_warn(limit, us, o, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_NOTICE)
#define lwsl_ratelimit_notice(limit, us, ...) _LWSL_RL(limit, us, LLL_NOTICE, __VA_ARGS__)
#define lwsl_ratelimit_cx_notice(limit, us, o, ...) _LWSL_RL_cx(limit, us, o, LLL_NOTICE, __VA_ARGS__)
#define lwsl_ratelimit_vhost_notice(limit, us, o, ...) _LWSL_RL_vhost(limit, us, o, LLL_NOTICE, __VA_ARGS__)
#define lwsl_ratelimit_wsi_notice(limit, us, o, ...) _LWSL_RL_wsi(limit, us, o, LLL_NOTICE, __VA_ARGS__)
#define lwsl_ratelimit_ss_notice(limit, us, o, ...) _LWSL_RL_ss(limit, us, o, LLL_NOTICE, __VA_ARGS__)
#else
#define lwsl_ratelimit_notice(limit, us, ...) do {} while (0)
#define lwsl_ratelimit_cx_notice(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_vhost_notice(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_wsi_notice(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_ss_notice(limit, us, o, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_INFO)
#define lwsl_ratelimit_info(limit, us, ...) _LWSL_RL(limit, us, LLL_INFO, __VA_ARGS__)
#define lwsl_ratelimit_cx_info(limit, us, o, ...) _LWSL_RL_cx(limit, us, o, LLL_INFO, __VA_ARGS__)
#define lwsl_ratelimit_vhost_info(limit, us, o, ...) _LWSL_RL_vhost(limit, us, o, LLL_INFO, __VA_ARGS__)
#define lwsl_ratelimit_wsi_info(limit, us, o, ...) _LWSL_RL_wsi(limit, us, o, LLL_INFO, __VA_ARGS__)
#define lwsl_ratelimit_ss_info(limit, us, o, ...) _LWSL_RL_ss(limit, us, o, LLL_INFO, __VA_ARGS__)
#else
#define lwsl_ratelimit_info(limit, us, ...) do {} while (0)
#define lwsl_ratelimit_cx_info(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_vhost_info(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_wsi_info(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_ss_info(limit, us, o, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_DEBUG)
#define lwsl_ratelimit_debug(limit, us, ...) _LWSL_RL(limit, us, LLL_DEBUG, __VA_ARGS__)
#define lwsl_ratelimit_cx_debug(limit, us, o, ...) _LWSL_RL_cx(limit, us, o, LLL_DEBUG, __VA_ARGS__)
#define lwsl_ratelimit_vhost_debug(limit, us, o, ...) _LWSL_RL_vhost(limit, us, o, LLL_DEBUG, __VA_ARGS__)
#define lwsl_ratelimit_wsi_debug(limit, us, o, ...) _LWSL_RL_wsi(limit, us, o, LLL_DEBUG, __VA_ARGS__)
#define lwsl_ratelimit_ss_debug(limit, us, o, ...) _LWSL_RL_ss(limit, us, o, LLL_DEBUG, __VA_ARGS__)
#else
#define lwsl_ratelimit_debug(limit, us, ...) do {} while (0)
#define lwsl_ratelimit_cx_debug(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_vhost_debug(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_wsi_debug(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_ss_debug(limit, us, o, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_PARSER)
#define lwsl_ratelimit_parser(limit, us, ...) _LWSL_RL(limit, us, LLL_PARSER, __VA_ARGS__)
#define lwsl_ratelimit_cx_parser(limit, us, o, ...) _LWSL_RL_cx(limit, us, o, LLL_PARSER, __VA_ARGS__)
#define lwsl_ratelimit_vhost_parser(limit, us, o, ...) _LWSL_RL_vhost(limit, us, o, LLL_PARSER, __VA_ARGS__)
#define lwsl_ratelimit_wsi_parser(limit, us, o, ...) _LWSL_RL_wsi(limit, us, o, LLL_PARSER, __VA_ARGS__)
#define lwsl_ratelimit_ss_parser(limit, us, o, ...) _LWSL_RL_ss(limit, us, o, LLL_PARSER, __VA_ARGS__)
#else
#define lwsl_ratelimit_parser(limit, us, ...) do {} while (0)
#define lwsl_ratelimit_cx_parser(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_vhost_parser(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_wsi_parser(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_ss_parser(limit, us, o, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_HEADER)
#define lwsl_ratelimit_header(limit, us, ...) _LWSL_RL(limit, us, LLL_HEADER, __VA_ARGS__)
#define lwsl_ratelimit_cx_header(limit, us, o, ...) _LWSL_RL_cx(limit, us, o, LLL_HEADER, __VA_ARGS__)
#define lwsl_ratelimit_vhost_header(limit, us, o, ...) _LWSL_RL_vhost(limit, us, o, LLL_HEADER, __VA_ARGS__)
#define lwsl_ratelimit_wsi_header(limit, us, o, ...) _LWSL_RL_wsi(limit, us, o, LLL_HEADER, __VA_ARGS__)
#define lwsl_ratelimit_ss_header(limit, us, o, ...) _LWSL_RL_ss(limit, us, o, LLL_HEADER, __VA_ARGS__)
#else
#define lwsl_ratelimit_header(limit, us, ...) do {} while (0)
#define lwsl_ratelimit_cx_header(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_vhost_header(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_wsi_header(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_ss_header(limit, us, o, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_EXT)
#define lwsl_ratelimit_ext(limit, us, ...) _LWSL_RL(limit, us, LLL_EXT, __VA_ARGS__)
#define lwsl_ratelimit_cx_ext(limit, us, o, ...) _LWSL_RL_cx(limit, us, o, LLL_EXT, __VA_ARGS__)
#define lwsl_ratelimit_vhost_ext(limit, us, o, ...) _LWSL_RL_vhost(limit, us, o, LLL_EXT, __VA_ARGS__)
#define lwsl_ratelimit_wsi_ext(limit, us, o, ...) _LWSL_RL_wsi(limit, us, o, LLL_EXT, __VA_ARGS__)
#define lwsl_ratelimit_ss_ext(limit, us, o, ...) _LWSL_RL_ss(limit, us, o, LLL_EXT, __VA_ARGS__)
#else
#define lwsl_ratelimit_ext(limit, us, ...) do {} while (0)
#define lwsl_ratelimit_cx_ext(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_vhost_ext(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_wsi_ext(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_ss_ext(limit, us, o, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_CLIENT)
#define lwsl_ratelimit_client(limit, us, ...) _LWSL_RL(limit, us, LLL_CLIENT, __VA_ARGS__)
#define lwsl_ratelimit_cx_client(limit, us, o, ...) _LWSL_RL_cx(limit, us, o, LLL_CLIENT, __VA_ARGS__)
#define lwsl_ratelimit_vhost_client(limit, us, o, ...) _LWSL_RL_vhost(limit, us, o, LLL_CLIENT, __VA_ARGS__)
#define lwsl_ratelimit_wsi_client(limit, us, o, ...) _LWSL_RL_wsi(limit, us, o, LLL_CLIENT, __VA_ARGS__)
#define lwsl_ratelimit_ss_client(limit, us, o, ...) _LWSL_RL_ss(limit, us, o, LLL_CLIENT, __VA_ARGS__)
#else
#define lwsl_ratelimit_client(limit, us, ...) do {} while (0)
#define lwsl_ratelimit_cx_client(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_vhost_client(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_wsi_client(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_ss_client(limit, us, o, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_LATENCY)
#define lwsl_ratelimit_latency(limit, us, ...) _LWSL_RL(limit, us, LLL_LATENCY, __VA_ARGS__)
#define lwsl_ratelimit_cx_latency(limit, us, o, ...) _LWSL_RL_cx(limit, us, o, LLL_LATENCY, __VA_ARGS__)
#define lwsl_ratelimit_vhost_latency(limit, us, o, ...) _LWSL_RL_vhost(limit, us, o, LLL_LATENCY, __VA_ARGS__)
#define lwsl_ratelimit_wsi_latency(limit, us, o, ...) _LWSL_RL_wsi(limit, us, o, LLL_LATENCY, __VA_ARGS__)
#define lwsl_ratelimit_ss_latency(limit, us, o, ...) _LWSL_RL_ss(limit, us, o, LLL_LATENCY, __VA_ARGS__)
#else
#define lwsl_ratelimit_latency(limit, us, ...) do {} while (0)
#define lwsl_ratelimit_cx_latency(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_vhost_latency(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_wsi_latency(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_ss_latency(limit, us, o, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_THREAD)
#define lwsl_ratelimit_thread(limit, us, ...) _LWSL_RL(limit, us, LLL_THREAD, __VA_ARGS__)
#define lwsl_ratelimit_cx_thread(limit, us, o, ...) _LWSL_RL_cx(limit, us, o, LLL_THREAD, __VA_ARGS__)
#define lwsl_ratelimit_vhost_thread(limit, us, o, ...) _LWSL_RL_vhost(limit, us, o, LLL_THREAD, __VA_ARGS__)
#define lwsl_ratelimit_wsi_thread(limit, us, o, ...) _LWSL_RL_wsi(limit, us, o, LLL_THREAD, __VA_ARGS__)
#define lwsl_ratelimit_ss_thread(limit, us, o, ...) _LWSL_RL_ss(limit, us, o, LLL_THREAD, __VA_ARGS__)
#else
#define lwsl_ratelimit_thread(limit, us, ...) do {} while (0)
#define lwsl_ratelimit_cx_thread(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_vhost_thread(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_wsi_thread(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_ss_thread(limit, us, o, ...) do {} while (0)
#endif
#if (_LWS_ENABLED_LOGS & LLL_USER)
#define lwsl_ratelimit_user(limit, us, ...) _LWSL_RL(limit, us, LLL_USER, __VA_ARGS__)
#define lwsl_ratelimit_cx_user(limit, us, o, ...) _LWSL_RL_cx(limit, us, o, LLL_USER, __VA_ARGS__)
#define lwsl_ratelimit_vhost_user(limit, us, o, ...) _LWSL_RL_vhost(limit, us, o, LLL_USER, __VA_ARGS__)
#define lwsl_ratelimit_wsi_user(limit, us, o, ...) _LWSL_RL_wsi(limit, us, o, LLL_USER, __VA_ARGS__)
#define lwsl_ratelimit_ss_user(limit, us, o, ...) _LWSL_RL_ss(limit, us, o, LLL_USER, __VA_ARGS__)
#else
#define lwsl_ratelimit_user(limit, us, ...) do {} while (0)
#define lwsl_ratelimit_cx_user(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_vhost_user(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_wsi_user(limit, us, o, ...) do {} while (0)
#define lwsl_ratelimit_ss_user(limit, us, o, ...) do {} while (0)
#endif

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_LOGS_H */
