/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_TIMEOUT_TIMER_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_TIMEOUT_TIMER_H

/*
 * Timers. A timer is a member of one of the program's objects; lws_container_of() leads from the
 * timer that the callback gets to the object.
 *
 * Where: in the thread that runs the context's loop, in every callback; from another thread they
 * log an error and do nothing.
 */
#include <libwebsockets/lws-dll2.h>

/** For lws_set_timeout(): close soon, from the loop. */
#define LWS_TO_KILL_ASYNC (-1)
/** For lws_set_timeout(): close now. */
#define LWS_TO_KILL_SYNC (-2)
/** For timers: off. */
#define LWS_SET_TIMER_USEC_CANCEL ((lws_usec_t)-1ll)
#define LWS_USEC_PER_SEC ((lws_usec_t)1000000)
#define lws_time_in_microseconds lws_now_usecs

#ifdef __cplusplus
extern "C" {
#endif

struct lws_sorted_usec_list;

/** The timer has run out; it is off when this is called. */
typedef void (*sul_cb_t)(struct lws_sorted_usec_list *sul);

/** A timer, inside one of the program's objects. Zero it at first; must not go while it runs. */
struct lws_sorted_usec_list {
    /** Our link in the list of timers. */
    struct lws_dll2 list;
    /** When it runs out, in microseconds of the monotonic clock; 0 when off. */
    lws_usec_t us;
    /** What is called. */
    sul_cb_t cb;
    /** Microseconds by which it may be late. */
    uint32_t latency_us;
};

/** The C name of `lws_sorted_usec_list`. */
typedef struct lws_sorted_usec_list lws_sorted_usec_list_t;

/** `lws_sul2_schedule`: missed while the device sleeps. */
#define LWSSULLI_MISS_IF_SUSPENDED 0

/** `lws_sul2_schedule`: wakes the device. */
#define LWSSULLI_WAKE_IF_SUSPENDED 1

/**
 * Schedules `_cb` to be called from the event loop, once, `_us` microseconds from now; a timer
 * that is scheduled already moves. `_us` -1 (`LWS_SET_TIMER_USEC_CANCEL`) cancels it. `_tsi` is
 * ignored.
 *
 * Safety:
 * `sul` stays where it is until it fired or was cancelled; it was zeroed once before its first
 * use.
 */
LWS_VISIBLE LWS_EXTERN
void lws_sul_schedule(struct lws_context *ctx,
                      int _tsi,
                      struct lws_sorted_usec_list *sul,
                      sul_cb_t _cb,
                      lws_usec_t _us);

/**
 * Cancels a timer; does nothing if it is not scheduled, and refuses if it is scheduled in the
 * context of another thread, which may be about to fire it.
 *
 * Safety:
 * `sul` is NULL or a struct that was zeroed once before its first use.
 */
LWS_VISIBLE LWS_EXTERN void lws_sul_cancel(struct lws_sorted_usec_list *sul);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_TIMEOUT_TIMER_H */
