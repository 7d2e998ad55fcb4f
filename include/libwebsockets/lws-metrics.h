/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_METRICS_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_METRICS_H

/*
 * What a metric tells when it is reported (lws_system_ops.metric_report).
 */
#include <libwebsockets/lws-base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lws_metric_hist;
struct lws_metric_agg;
union lws_metric_pub_u;
struct lws_metric_pub;

/** A bar of a histogram. Opaque. */
struct lws_metric_bucket;

/** The C name of `lws_metric_bucket`. */
typedef struct lws_metric_bucket lws_metric_bucket_t;

/** Report outliers at once. */
#define LWSMTFL_REPORT_OUTLIERS 1

/** Report each event at once. */
#define LWSMTFL_REPORT_OOB 2

/** Report even if nothing happened. */
#define LWSMTFL_REPORT_INACTIVITY_AT_PERIODIC 4

/** A mean makes sense for it. */
#define LWSMTFL_REPORT_MEAN 8

/** Only successes are counted. */
#define LWSMTFL_REPORT_ONLY_GO 16

/** Report the share of the time that has passed. */
#define LWSMTFL_REPORT_DUTY_WALLCLOCK_US 32

/** It is a histogram. */
#define LWSMTFL_REPORT_HIST 64

/** Kind: normal. */
#define LMT_NORMAL 0

/** Kind: outlier. */
#define LMT_OUTLIER 1

/** Kind: failure. */
#define LMT_FAIL 2

/** How many kinds there are. */
#define LMT_COUNT 3

/** A metric's value. */
typedef uint64_t u_mt_t;

/** A histogram. */
struct lws_metric_hist {
    /** The first bar, or NULL. */
    struct lws_metric_bucket *head;
    /** Number of events. */
    uint64_t total_count;
    /** Number of bars. */
    uint32_t list_size;
};

/** Sums of a metric; index 0 is success, 1 failure. */
struct lws_metric_agg {
    /** Sum of the values. */
    u_mt_t sum[2];
    /** Smallest value. */
    u_mt_t min;
    /** Largest value. */
    u_mt_t max;
    /** Number of values. */
    uint32_t count[2];
};

/** What was measured, by the flags. */
union lws_metric_pub_u {
    /** Sums. */
    struct lws_metric_agg agg;
    /** A histogram, with `LWSMTFL_REPORT_HIST`. */
    struct lws_metric_hist hist;
};

/** A metric as reported. */
struct lws_metric_pub {
    /** Its name. */
    const char *name;
    /** The reporter's own pointer. */
    void *backend_opaque;
    /** Time of the first event. */
    lws_usec_t us_first;
    /** Time of the last event. */
    lws_usec_t us_last;
    /** Time of the last report. */
    lws_usec_t us_dumped;
    /** What was measured. */
    union lws_metric_pub_u u;
    /** `LWSMTFL_...`. */
    uint8_t flags;
};

/** The C name of `lws_metric_pub`. */
typedef struct lws_metric_pub lws_metric_pub_t;

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_METRICS_H */
