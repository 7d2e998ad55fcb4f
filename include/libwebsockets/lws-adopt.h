/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_ADOPT_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_ADOPT_H

/*
 * Adopting descriptors that the program opened itself.
 *
 * Where: in the thread that runs the context's loop, in every callback; from another thread they
 * log an error and do nothing.
 */
#include <libwebsockets/lws-base.h>
#include <netinet/in.h>

/** A lws_sockaddr46, and its length, as the system's calls take them. */
#define sa46_sockaddr(sa46) ((struct sockaddr *)(sa46))
#define sa46_socklen(sa46)                                                               \
    ((socklen_t)((sa46)->sa4.sin_family == AF_INET ? sizeof(struct sockaddr_in)          \
                                                   : sizeof(struct sockaddr_in6)))
/** Sets its port, in network order. */
#define sa46_sockport(sa46, port)              \
    {                                          \
        if ((sa46)->sa4.sin_family == AF_INET) \
            (sa46)->sa4.sin_port = (port);     \
        else                                   \
            (sa46)->sa6.sin6_port = (port);    \
    }
/** The bytes of its address, and how many. */
#define sa46_address(sa46)                                                          \
    ((uint8_t *)((sa46)->sa4.sin_family == AF_INET ? (void *)&(sa46)->sa4.sin_addr  \
                                                   : (void *)&(sa46)->sa6.sin6_addr))
#define sa46_address_len(sa46) ((sa46)->sa4.sin_family == AF_INET ? 4 : 16)

#ifdef __cplusplus
extern "C" {
#endif

/** A v4 or v6 address with its port; which one says its family. */
typedef union {
    struct sockaddr_in6 sa6;
    struct sockaddr_in sa4;
} lws_sockaddr46;

union lws_sock_file_fd;
struct lws_adopt_desc;

/**
 * What kind of descriptor is adopted, and how it is to be treated. Values are or-ed together.
 */
enum lws_adoption_kind {
    /** A descriptor that is not a socket. */
    LWS_ADOPT_RAW_FILE_DESC = 0,
    /** A socket that speaks HTTP. */
    LWS_ADOPT_HTTP = 1,
    /** The descriptor is a socket. */
    LWS_ADOPT_SOCKET = 2,
    /** Start TLS on it. */
    LWS_ADOPT_ALLOW_SSL = 4,
    /** The socket is a datagram socket. */
    LWS_ADOPT_FLAG_UDP = 16,
    /** The connection belongs to a raw proxy. */
    LWS_ADOPT_FLAG_RAW_PROXY = 32,
    /** `LWS_ADOPT_SOCKET` with `LWS_ADOPT_FLAG_UDP`. */
    LWS_ADOPT_RAW_SOCKET_UDP = 18,
};

/** The C name of `enum lws_adoption_kind`. */
typedef enum lws_adoption_kind lws_adoption_type;

/** A socket or a file descriptor. */
union lws_sock_file_fd {
    /** The socket. */
    lws_sockfd_type sockfd;
    /** The file descriptor. */
    lws_filefd_type filefd;
};

/** The C name of `lws_sock_file_fd`. */
typedef union lws_sock_file_fd lws_sock_file_fd_type;

/** Arguments of `lws_adopt_descriptor_vhost_via_info`. */
struct lws_adopt_desc {
    /** The vhost that takes the descriptor. */
    struct lws_vhost *vh;
    /** What is adopted (`LWS_ADOPT_...`). */
    lws_adoption_type type;
    /** The descriptor; it is ours from here on, also on failure. */
    lws_sock_file_fd_type fd;
    /** Name of the vhost's protocol to bind to, or NULL for its first. */
    const char *vh_prot_name;
    /** The connection that this one belongs to, or NULL. */
    struct lws *parent;
    /** The program's own pointer, see `lws_get_opaque_user_data`. */
    void *opaque;
    /** Name for fault injection rules; has no effect here. */
    const char *fi_wsi_name;
};

/** The C name of `lws_adopt_desc`. */
typedef struct lws_adopt_desc lws_adopt_desc_t;

/**
 * Has the loop watch a descriptor that the program opened, a terminal or a pipe's end or whatever
 * can be waited for, and tell the callback of the vhost's protocol `vh_prot_name` (NULL: the
 * vhost's first). The protocols of a vhost are those in `protocols` or `pprotocols` of the
 * settings that it, or its context for the vhost "default", was made with. `type` is to be
 * `LWS_ADOPT_RAW_FILE_DESC`: other kinds of connections are the business of streams, see
 * `lws_ss_adopt_raw` for sockets too. `parent` is to be NULL. The callback gets the connection,
 * the reason, `per_session_data_size` bytes of its own that were zeroed, and no argument:
 *
 * | reason | | it answers other than 0 |
 * |---|---|---|
 * | `LWS_CALLBACK_PROTOCOL_INIT` | once for each vhost, before the context is operational | a
 * line in the log |
 * | `LWS_CALLBACK_RAW_ADOPT_FILE` | from within this function | it is not taken over |
 * | `LWS_CALLBACK_RAW_RX_FILE` | there is something to read: the callback does that itself |
 * the connection is closed |
 * | `LWS_CALLBACK_RAW_WRITEABLE_FILE` | asked for by `lws_callback_on_writable` | the
 * connection is closed |
 * | `LWS_CALLBACK_RAW_CLOSE_FILE` | the other side is gone, an answer said so, or the context
 * ends; then the descriptor is closed and the handle is not good any more | |
 * | `LWS_CALLBACK_PROTOCOL_DESTROY` | once for each vhost, when the context ends | |
 *
 * Returns the connection, or NULL with the reason in the log; then the descriptor stays the
 * caller's, unless `type` has `LWS_ADOPT_SOCKET`: that is closed. It is made non-blocking, and
 * `SIGPIPE` is ignored unless the program has a handler. Legal in every callback.
 *
 * Safety:
 * `info` is NULL or good; its descriptor is the caller's to give away.
 */
LWS_VISIBLE LWS_EXTERN
struct lws *lws_adopt_descriptor_vhost_via_info(const struct lws_adopt_desc *info);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_ADOPT_H */
