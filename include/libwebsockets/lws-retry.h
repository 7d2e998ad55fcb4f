/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_RETRY_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_RETRY_H

/*
 * Retry and idle rules.
 *
 * Where: in the thread that runs the context's loop, in every callback; from another thread they
 * log an error and do nothing.
 */
#include <libwebsockets/lws-timeout-timer.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lws_retry_bo;

/** When to try again, and when a quiet connection is suspect. */
struct lws_retry_bo {
    /** Milliseconds before each retry; the last entry repeats. */
    const uint32_t *retry_ms_table;
    /** Entries at `retry_ms_table`. */
    uint16_t retry_ms_table_count;
    /** Retries before the failure is told; `LWS_RETRY_CONCEAL_ALWAYS` for ever. */
    uint16_t conceal_count;
    /** Seconds without proof of life before a ping; 0 for never. */
    uint16_t secs_since_valid_ping;
    /** Seconds without proof of life before hanging up; 0 for never. */
    uint16_t secs_since_valid_hangup;
    /** Percent of the delay that is added at random. */
    uint8_t jitter_percent;
};

/** The C name of `lws_retry_bo`. */
typedef struct lws_retry_bo lws_retry_bo_t;

/** For `conceal_count`: failures are never told. */
#define LWS_RETRY_CONCEAL_ALWAYS 65535

/**
 * The delay before try number `*ctry`, which is counted up: the table's entry (its last one for
 * later tries; 3 s without a table) and up to `jitter_percent` (0: 30) more by chance. `*conceal`
 * tells whether the policy wants that failure kept from the user. `retry` and `conceal` may be
 * NULL; `context` is not used. Returns milliseconds.
 *
 * Safety:
 * `ctry` is writable; `retry` and its table are good; `conceal` is NULL or writable.
 */
LWS_VISIBLE LWS_EXTERN
unsigned int lws_retry_get_delay_ms(struct lws_context *context,
                                    const struct lws_retry_bo *retry,
                                    uint16_t *ctry,
                                    char *conceal);

/**
 * Schedules try number `*ctry`, which is counted up: `cb` is called from the event loop after
 * the delay that `lws_retry_get_delay_ms` gives. Returns 0, or 1 if the policy wants no more
 * tries (or is NULL, or `context` is none): nothing is scheduled then. `tid` is ignored.
 *
 * Safety:
 * As for `lws_retry_get_delay_ms` and `lws_sul_schedule`.
 */
LWS_VISIBLE LWS_EXTERN
int lws_retry_sul_schedule(struct lws_context *context,
                           int tid,
                           struct lws_sorted_usec_list *sul,
                           const struct lws_retry_bo *retry,
                           sul_cb_t cb,
                           uint16_t *ctry);

/**
 * As `lws_retry_sul_schedule`, by the policy of a connection. Handles of connections are not
 * given out by this library: logs that and returns 1.
 *
 * Safety:
 * None needed: nothing is followed.
 */
LWS_VISIBLE LWS_EXTERN
int lws_retry_sul_schedule_retry_wsi(struct lws *wsi,
                                     struct lws_sorted_usec_list *sul,
                                     sul_cb_t cb,
                                     uint16_t *ctry);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_RETRY_H */
