/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_SMD_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_SMD_H

/*
 * System messages: short JSON texts of a class, told to everybody in the process (and, through
 * the proxy, in others) who listens for that class.
 *
 * Where: in every callback and in any thread. Listeners are called by the context's loop.
 */
#include <libwebsockets/lws-base.h>

/** The stream type that sends and receives system messages. */
#define LWS_SMD_STREAMTYPENAME "_lws_smd"

#ifdef __cplusplus
extern "C" {
#endif

/** Somebody who listens. Opaque. */
struct lws_smd_peer;

/** Class: somebody uses the device. */
#define LWSSMDCL_INTERACTION 1

/** Class: the system's state changes. */
#define LWSSMDCL_SYSTEM_STATE 2

/** Class: the network changes. */
#define LWSSMDCL_NETWORK 4

/** Class: metrics. */
#define LWSSMDCL_METRICS 8

/** The first bit that is free for the program's own classes. */
#define LWSSMDCL_USER_BASE_BITNUM 24

/** Classes of messages, or-ed together (`LWSSMDCL_...`). */
typedef uint32_t lws_smd_class_t;

/** Gets a message: the listener's pointer, class, time, text and its length. */
typedef int (*lws_smd_notification_cb_t)(void *opaque,
                                         lws_smd_class_t _class,
                                         lws_usec_t timestamp,
                                         void *buf,
                                         size_t len);

/** Most bytes in one message. */
#define LWS_SMD_MAX_PAYLOAD 384

/** Bytes of a class as it travels. */
#define LWS_SMD_CLASS_BITFIELD_BYTES 4

/**
 * Bytes in front of each message of a `_lws_smd` stream: class and time, both 64-bit big-endian.
 */
#define LWS_SMD_SS_RX_HEADER_LEN 16

/** `lws_smd_register`: the listener is a proxied stream. */
#define LWSSMDREG_FLAG_PROXIED_SS (1 << 0)

/**
 * Makes a message of `len` bytes, at most 384, to be filled in and passed to
 * `lws_smd_msg_send`. Returns its payload, zeroed; or NULL if no peer wants that class, which
 * is no error, or if it is too large.
 *
 * Safety:
 * `ctx` came from this library or is NULL.
 */
LWS_VISIBLE LWS_EXTERN
void *lws_smd_msg_alloc(struct lws_context *ctx,
                        lws_smd_class_t _class,
                        size_t len);

/**
 * Frees a message that was not sent and sets the pointer to NULL.
 *
 * Safety:
 * `*payload` came from `lws_smd_msg_alloc` or is NULL.
 */
LWS_VISIBLE LWS_EXTERN void lws_smd_msg_free(void **payload);

/**
 * Queues a message for all peers that want its class, the sender too; the event loop delivers it.
 * Returns 0, and the message is no longer the caller's; or 1 if the queue is full, and the
 * caller keeps it.
 *
 * Safety:
 * `ctx` came from this library; `payload` came from `lws_smd_msg_alloc` and was not sent.
 */
LWS_VISIBLE LWS_EXTERN int lws_smd_msg_send(struct lws_context *ctx, void *payload);

/**
 * Registers a peer: `cb` gets the messages whose class has a bit in `_class_filter`, with
 * `opaque`, from the event loop: those that are sent from now on. `flags` are ignored. Returns
 * the peer, which goes with the context at the latest, or NULL.
 *
 * Safety:
 * `ctx` came from this library; `cb` stays callable with `opaque` while registered.
 */
LWS_VISIBLE LWS_EXTERN
struct lws_smd_peer *lws_smd_register(struct lws_context *ctx,
                                      void *opaque,
                                      int flags,
                                      lws_smd_class_t _class_filter,
                                      lws_smd_notification_cb_t cb);

/**
 * Removes a peer: its callback is not called any more. Legal in a callback, also its own. NULL
 * does
 * nothing.
 *
 * Safety:
 * `pr` came from `lws_smd_register` or is NULL.
 */
LWS_VISIBLE LWS_EXTERN void lws_smd_unregister(struct lws_smd_peer *pr);

/**
 * Passes on what a stream of the type `_lws_smd` received, header and payload, to the listeners
 * of
 * its context that want its class, but not back to the stream itself. Where the payload comes
 * from
 * another process, this makes it known in this one. Returns 0, also if nobody wants the class;
 * 1 if
 * the message is shorter than its header, too long, or the queue is full. Legal in callbacks.
 *
 * Safety:
 * `ss_user` is the object of a stream that lives; `len` bytes are readable at `buf`.
 */
LWS_VISIBLE LWS_EXTERN int lws_smd_ss_rx_forward(void *ss_user, const uint8_t *buf, size_t len);

/**
 * Passes on what a proxied stream of the type `_lws_smd` received to the listeners of its
 * context, with the time at which it was sent first. To be called in the stream's `rx`, with the
 * stream's object and the payload. Returns 0, also if nobody listens to its class; 1 if it is no
 * message, there is no such stream, or the queue is full.
 *
 * Safety:
 * `len` bytes are readable at `buf`.
 */
LWS_VISIBLE LWS_EXTERN int lws_smd_sspc_rx_forward(void *ss_user, const uint8_t *buf, size_t len);

/**
 * Tells a message of the class `_class`, formatted like printf(), to everybody who listens.
 * Returns 0, or 1 if it does not fit or the queue is full.
 */
LWS_VISIBLE LWS_EXTERN int
lws_smd_msg_printf(struct lws_context *context, lws_smd_class_t _class, const char *format, ...)
    LWS_FORMAT(3);

/**
 * For the tx callback of a LWS_SMD_STREAMTYPENAME stream: writes header and message, of the class
 * `_class` and formatted like printf(), at `buf`. Before, `*len` is the room; afterwards it is what
 * was written. `tag` is for the logs. Returns 0, or 1 if it does not fit.
 */
LWS_VISIBLE LWS_EXTERN int
lws_smd_ss_msg_printf(const char *tag, uint8_t *buf, size_t *len, lws_smd_class_t _class,
                      const char *format, ...) LWS_FORMAT(5);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_SMD_H */
