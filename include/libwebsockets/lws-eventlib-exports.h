/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_EVENTLIB_EXPORTS_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_EVENTLIB_EXPORTS_H

/*
 * Event loops that programs bring along (lws_context_creation_info.event_lib_custom).
 */
#include <libwebsockets/lws-context-vhost.h>

/** Bits of the io operation. */
#define LWS_EV_READ (1 << 0)
#define LWS_EV_WRITE (1 << 1)
#define LWS_EV_START (1 << 2)
#define LWS_EV_STOP (1 << 3)

#ifdef __cplusplus
extern "C" {
#endif

struct lws_event_loop_ops;

/** An event loop. Only the members that a program's loop needs are set; the rest are NULL. */
struct lws_event_loop_ops {
    /** The loop's name. */
    const char *name;
    /** The context is being created. */
    int (*init_context)(struct lws_context*, const struct lws_context_creation_info*);
    /** The context begins to go; nonzero means the loop needs to run on. */
    int (*destroy_context1)(struct lws_context*);
    /** The context goes for good. */
    int (*destroy_context2)(struct lws_context*);
    /** A listening connection is to be watched. */
    int (*init_vhost_listen_wsi)(struct lws*);
    /** The service thread begins; the pointer is its entry of `foreign_loops`. */
    int (*init_pt)(struct lws_context*, void*, int);
    /** The connection is closing; nonzero defers the close of its socket. */
    int (*wsi_logical_close)(struct lws*);
    /** May a client connection start now? */
    int (*check_client_connect_ok)(struct lws*);
    /** The loop is to close the connection's socket itself. */
    void (*close_handle_manually)(struct lws*);
    /** A connection has got its socket: begin to watch it. */
    int (*sock_accept)(struct lws*);
    /** Change what the connection is watched for (`LWS_EV_...`). */
    void (*io)(struct lws*, unsigned int);
    /** Run the loop. */
    void (*run_pt)(struct lws_context*, int);
    /** The service thread ends. */
    void (*destroy_pt)(struct lws_context*, int);
    /** The connection goes. */
    void (*destroy_wsi)(struct lws*);
    /** Is the caller in another thread than the loop's? */
    int (*foreign_thread)(struct lws_context*, int);
    /** Nonzero if the loop itself serves connections with buffered input. */
    int (*fake_POLLIN_override)(struct lws_context*, int);
    /** As `sock_accept`, for one of several sockets racing to connect. */
    int (*sock_accept_parallel)(struct lws*, lws_sockfd_type, int);
    /** As `io`, for one of several sockets. */
    void (*io_parallel)(struct lws*, int, unsigned int);
    /** As `close_handle_manually`, for one of several sockets. */
    void (*close_handle_manually_parallel)(struct lws*, int);
    /** This one of several sockets has won. */
    int (*promote_parallel)(struct lws*, int);
    /** Flags of the loop. */
    uint8_t flags;
    /** Bytes that the loop needs in the context. */
    uint16_t evlib_size_ctx;
    /** Bytes that the loop needs in the service thread. */
    uint16_t evlib_size_pt;
    /** Bytes that the loop needs in a vhost. */
    uint16_t evlib_size_vh;
    /** Bytes that the loop needs in a connection. */
    uint16_t evlib_size_wsi;
};

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_EVENTLIB_EXPORTS_H */
