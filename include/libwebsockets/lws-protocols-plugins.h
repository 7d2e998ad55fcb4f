/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_PROTOCOLS_PLUGINS_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_PROTOCOLS_PLUGINS_H

/*
 * Protocols of the low-level API, for programs that adopt descriptors, and plugin headers.
 */
#include <libwebsockets/lws-callbacks.h>

/** Ends a table of protocols. */
#define LWS_PROTOCOL_LIST_TERM { NULL, NULL, 0, 0, 0, NULL, 0 }

#ifdef __cplusplus
extern "C" {
#endif

struct lws_event_loop_ops;

struct lws_protocols;
struct lws_plugin_header;
struct lws_plugin_evlib;

/** A protocol of a vhost: a name and the callback that serves it. */
struct lws_protocols {
    /** Its name; NULL ends the table. */
    const char *name;
    /** Its callback. */
    lws_callback_function *callback;
    /** Bytes kept for each connection. */
    size_t per_session_data_size;
    /** Most bytes given to the callback at a time; 0 is the default. */
    size_t rx_buffer_size;
    /** The program's own number. */
    unsigned int id;
    /** The program's own pointer. */
    void *user;
    /** Most bytes sent at a time; 0 takes `rx_buffer_size`. */
    size_t tx_packet_size;
};

/** What every plugin begins with. */
struct lws_plugin_header {
    /** Its name. */
    const char *name;
    /** Its class. */
    const char *_class;
    /** The build that it was made for. */
    const char *lws_build_hash;
    /** The API that it was made for. */
    unsigned int api_magic;
    /** Higher ones are taken first. */
    unsigned int priority;
};

/** The C name of `lws_plugin_header`. */
typedef struct lws_plugin_header lws_plugin_header_t;

/** A plugin that is an event loop. */
struct lws_plugin_evlib {
    /** The header. */
    struct lws_plugin_header hdr;
    /** The loop. */
    const struct lws_event_loop_ops *ops;
};

/** The C name of `lws_plugin_evlib`. */
typedef struct lws_plugin_evlib lws_plugin_evlib_t;

/** What plugins have as `api_magic`. */
#define LWS_PLUGIN_API_MAGIC 192

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_PROTOCOLS_PLUGINS_H */
