/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_QUIC_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_QUIC_H

/*
 * Declared because the context's arguments name it.
 */
#include <libwebsockets/lws-base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lws_cc_ops;

/** A congestion control algorithm. */
struct lws_cc_ops {
    /** A connection begins. */
    void (*init)(struct lws*);
    /** Bytes were sent. */
    void (*on_sent)(struct lws*, size_t);
    /** Bytes were acknowledged, after so many microseconds. */
    void (*on_ack)(struct lws*, size_t, lws_usec_t);
    /** Bytes were lost. */
    void (*on_loss)(struct lws*, size_t);
    /** Bytes no longer count. */
    void (*on_discard)(struct lws*, size_t);
    /** Everything was lost for a while. */
    void (*on_persistent_congestion)(struct lws*);
    /** May so many bytes be sent? */
    int (*can_send)(struct lws*, size_t);
    /** Microseconds to wait before so many bytes. */
    lws_usec_t (*get_pacing_delay)(struct lws*, size_t);
};

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_QUIC_H */
