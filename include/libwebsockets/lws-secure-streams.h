/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_SECURE_STREAMS_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_SECURE_STREAMS_H

/*
 * Streams. A program names a stream type of its policy, gives callbacks and gets payload; how the
 * payload travels is the policy's business.
 *
 * Where: in the thread that runs the context's loop, in every callback; from another thread they
 * log an error and do nothing.
 */
#include <libwebsockets/lws-adopt.h>
#include <libwebsockets/lws-context-vhost.h>

/**
 * Begins the program's object of a stream: the two members that the library fills in. The
 * program's own follow, then `} name;`.
 */
#define LWS_SS_USER_TYPEDEF       \
    typedef struct {              \
        struct lws_ss_handle *ss; \
        void *opaque_data;

/**
 * Begins the lws_ss_info_t of a stream type whose object was declared with LWS_SS_USER_TYPEDEF,
 * by the name of `ssi_` and the object's type; the callbacks follow, then `};`.
 */
#define LWS_SS_INFO(stream_type, object_type)                             \
    const lws_ss_info_t ssi_##object_type = {                             \
        .handle_offset = offsetof(object_type, ss),                       \
        .opaque_user_data_offset = offsetof(object_type, opaque_data),    \
        .user_alloc = sizeof(object_type),                                \
        .streamtype = stream_type,

/** The stream's handle, the opaque pointer, the context: of the program's object. */
#define lws_ss_from_user(object) ((object)->ss)
#define lws_ss_opaque_from_user(object) ((object)->opaque_data)
#define lws_ss_cx_from_user(object) lws_ss_get_context((object)->ss)

#ifdef __cplusplus
extern "C" {
#endif

struct lws_ss_info;
struct lws_ss_proxy_rules;
struct lws_ss_link_tls;

/** A stream. Opaque. */
struct lws_ss_handle;

/** A plugin; not used here. Opaque. */
struct lws_ss_plugin;

/** What has happened to a stream. */
enum lws_ss_constate {
    /** The stream is made; inside `lws_ss_create`. */
    LWSSSCS_CREATING = 1,
    /** The connection is gone. */
    LWSSSCS_DISCONNECTED = 2,
    /** An attempt to connect has failed; more may follow. */
    LWSSSCS_UNREACHABLE = 3,
    /** The peer refused our credentials. */
    LWSSSCS_AUTH_FAILED = 4,
    /** Connected; for HTTP the response has begun. */
    LWSSSCS_CONNECTED = 5,
    /** Connecting begins. */
    LWSSSCS_CONNECTING = 6,
    /** The stream goes; the last call for it. */
    LWSSSCS_DESTROYING = 7,
    /** The program is asked whether there is something to do before connecting. */
    LWSSSCS_POLL = 8,
    /** No attempt is left. */
    LWSSSCS_ALL_RETRIES_FAILED = 9,
    /** The peer has confirmed. */
    LWSSSCS_QOS_ACK_REMOTE = 10,
    /** The peer has refused. */
    LWSSSCS_QOS_NACK_REMOTE = 11,
    /** The proxy has confirmed. */
    LWSSSCS_QOS_ACK_LOCAL = 12,
    /** The proxy has refused. */
    LWSSSCS_QOS_NACK_LOCAL = 13,
    /** The time of `lws_ss_start_timeout` is over. */
    LWSSSCS_TIMEOUT = 14,
    /** A request has come in; metadata tells what is asked. */
    LWSSSCS_SERVER_TXN = 15,
    /** The connection becomes a websocket. */
    LWSSSCS_SERVER_UPGRADE = 16,
    /** Somebody called `lws_cancel_service`. */
    LWSSSCS_EVENT_WAIT_CANCELLED = 17,
    /** The proxy is being looked for again. */
    LWSSSCS_UPSTREAM_LINK_RETRY = 18,
    /** A source has joined this sink; the argument is its handle. */
    LWSSSCS_SINK_JOIN = 19,
    /** A source has left this sink; the argument is its handle. */
    LWSSSCS_SINK_PART = 20,
    /** First of the states that the policy's `http_resp_map` can give. */
    LWSSSCS_USER_BASE = 1000,
};

/** The C name of `enum lws_ss_constate`. */
typedef enum lws_ss_constate lws_ss_constate_t;

/** What a callback wants to be done. */
enum lws_ss_state_return {
    /** Nothing to send after all. */
    LWSSSSRET_TX_DONT_SEND = 1,
    /** Go on. */
    LWSSSSRET_OK = 0,
    /** Drop the connection, keep the stream. */
    LWSSSSRET_DISCONNECT_ME = -1,
    /** Drop the stream. */
    LWSSSSRET_DESTROY_ME = -2,
};

/** The C name of `enum lws_ss_state_return`. */
typedef enum lws_ss_state_return lws_ss_state_return_t;

/** The message begins with this. */
#define LWSSS_FLAG_SOM 1

/** The message ends with this. */
#define LWSSS_FLAG_EOM 2

/** Nothing is sent; only asked. */
#define LWSSS_FLAG_POLL 4

/** A group of related messages begins. */
#define LWSSS_FLAG_RELATED_START 8

/** A group of related messages ends. */
#define LWSSS_FLAG_RELATED_END 16

/** The payload belongs to the rideshare stream type. */
#define LWSSS_FLAG_RIDESHARE 32

/** Not payload but a performance report in JSON. */
#define LWSSS_FLAG_PERF_JSON 64

/** The stream is a sink for others of its type. */
#define LWSSSINFLAGS_REGISTER_SINK 1

/** Made by the proxy for a client. */
#define LWSSSINFLAGS_PROXIED 2

/** Made for a listening stream. */
#define LWSSSINFLAGS_SERVER 4

/** Made for a connection that came in. */
#define LWSSSINFLAGS_ACCEPTED 8

/** Made by a sink for a source. */
#define LWSSSINFLAGS_ACCEPTED_SINK 16

/** Counts the calls of `tx`. */
typedef uint32_t lws_ss_tx_ordinal_t;

/**
 * Payload has come: the program's object, the bytes (valid during the call), their number,
 * `LWSSS_FLAG_...`.
 */
typedef lws_ss_state_return_t (*lws_sscb_rx)(void *userobj,
                                             const uint8_t *buf,
                                             size_t len,
                                             int flags);

/**
 * Room to send: the program's object, the call's number, where to write, in `*len` the room and
 * on return the bytes written, in `*flags` on return `LWSSS_FLAG_...`.
 */
typedef lws_ss_state_return_t (*lws_sscb_tx)(void *userobj,
                                             lws_ss_tx_ordinal_t ord,
                                             uint8_t *buf,
                                             size_t *len,
                                             int *flags);

/**
 * Something has happened: the program's object, for sinks and sources the other's handle, the
 * state, a number that depends on it.
 */
typedef lws_ss_state_return_t (*lws_sscb_state)(void *userobj,
                                                void *h_src,
                                                lws_ss_constate_t state,
                                                lws_ss_tx_ordinal_t ack);

/** Called for each accepted stream, with the caller's argument. */
typedef void (*lws_sssfec_cb)(struct lws_ss_handle *h, void *arg);

/** What `lws_ss_create` is told. It is copied, the name too: may be on the stack. */
struct lws_ss_info {
    /** Name of the stream type in the policy. */
    const char *streamtype;
    /** Bytes of the program's object; it is made zeroed and given to the callbacks. */
    size_t user_alloc;
    /** Where in the object the stream's handle is put. */
    size_t handle_offset;
    /** Where in the object the opaque pointer is put. */
    size_t opaque_user_data_offset;
    /** Payload has come, or NULL. */
    lws_sscb_rx rx;
    /** Room to send, or NULL. */
    lws_sscb_tx tx;
    /** Something has happened, or NULL. */
    lws_sscb_state state;
    /** Bytes of credit the peer gets first; 0 leaves credit to us. */
    int manual_initial_tx_credit;
    /** Set by the proxy: its client's process. */
    uint32_t client_pid;
    /** `LWSSSINFLAGS_...`. */
    uint8_t flags;
    /** Set by the proxy: the protocol its client speaks. */
    uint8_t sss_protocol_version;
};

/** The C name of `lws_ss_info`. */
typedef struct lws_ss_info lws_ss_info_t;

/** Bytes that a transmit callback gets at least, with the headers of TCP over Ethernet. */
#define LWS_SS_MTU 1540

/** For `lws_ss_start_timeout`: take the time from the policy. */
#define LWSSS_TIMEOUT_FROM_POLICY 0

/**
 * Rules for the clients of a proxy, see `lws_ss_proxy_create_ruled`. A member that is 0 or NULL
 * leaves the default. A type of this library alone.
 */
struct lws_ss_proxy_rules {
    /**
     * Users (by number) whose programs may be clients; NULL: all. It is about unix sockets: over
     * TCP it lets no one in.
     */
    const uint32_t *uids;
    /** How many there are. */
    size_t count_uids;
    /** Links of all clients together (4096). */
    unsigned int max_links;
    /** Streams of one client (512): a process, or on TCP an address. */
    unsigned int max_streams_per_client;
    /** Bytes of one client that wait at the proxy (64 MiB). */
    size_t max_bytes_per_client;
    /** Permissions of the socket's file (0660). */
    unsigned int socket_mode;
};

/**
 * TLS on the TCP links between clients and a proxy, see `lws_ss_proxy_create_tls` and
 * `lws_sspc_link_tls`. The files are in PEM. A type of this library alone.
 */
struct lws_ss_link_tls {
    /**
     * Who signs the certificates of the other side. The proxy's side: NULL if clients need to show
     * none.
     */
    const char *ca_filepath;
    /**
     * The own certificate, with what leads to its authority behind it. The client's side: NULL if it
     * has none.
     */
    const char *cert_filepath;
    /** Its private key, not encrypted. */
    const char *key_filepath;
    /**
     * The client's side: the name or address that the proxy's certificate must bear; NULL: the one
     * that the link goes to.
     */
    const char *name;
};

typedef struct lws_ss_proxy_rules lws_ss_proxy_rules_t;
typedef struct lws_ss_link_tls lws_ss_link_tls_t;

/**
 * Keeps a key for streams whose `use_auth` names an `auth` of the type `sigv4` with the blob
 * `idx`
 * (0 to 3): `keyid` and `key` are copied to the system blobs of external authentication `idx`,
 * in places 0 and 1.
 *
 * Returns 0, or -1 with a log line. Legal at any time: the next request is signed with the new
 * key.
 *
 * Safety:
 * `context` came from this library; the strings are NULL or NUL-terminated.
 */
LWS_VISIBLE LWS_EXTERN
int lws_ss_sigv4_set_aws_key(struct lws_context *context,
                             uint8_t idx,
                             const char *keyid,
                             const char *key);

/**
 * Reads two values from a file of lines `NAME = VALUE`, such as `~/.aws/credentials`: of each
 * name the first value, without the blanks around it. A line counts if it begins with the name.
 * `path` may begin with `~`, the home directory (`$HOME`). The file has at most 64 kB.
 *
 * `kid` and `ak` are the names of the key's id and the secret key (`aws_access_key_id`,
 * `aws_secret_access_key`). Returns 0, and `*aws_keyid` and `*aws_key` are the caller's, to be
 * given to `free()`; or -1 with a log line, and both are NULL.
 *
 * Safety:
 * The strings are NULL or NUL-terminated; the last two pointers are NULL or writable.
 */
LWS_VISIBLE LWS_EXTERN
int lws_aws_filesystem_credentials_helper(const char *path,
                                          const char *kid,
                                          const char *ak,
                                          char **aws_keyid,
                                          char **aws_key);

/**
 * Lets programs that were built with `LWS_SS_USE_SSPC` use this context's streams.
 *
 * With `port` 0 it listens on the unix socket `bind`: a path, or `@` and a name in Linux's
 * abstract
 * namespace; NULL is `@proxy.ss.lws`. Else it listens on TCP, where `bind` is an address or the
 * name of a network interface, or NULL for all. Clients live as long as the context. May be
 * called
 * several times, for several places. Where the context was made with `txp_ops_ssproxy`, that
 * transport
 * serves instead, and `bind` and `port` are passed on to it.
 *
 * Returns 0, or 1 with the reason in the log if the place is not to be had. Legal in every
 * callback.
 *
 * Safety:
 * `context` came from this library; `bind` is NULL or a good string.
 */
LWS_VISIBLE LWS_EXTERN
int lws_ss_proxy_create(struct lws_context *context,
                        const char *bind,
                        int port);

/**
 * As `lws_ss_proxy_create`, with rules for the clients: whose programs may be clients, and how
 * much each may have. This function is of this library alone. `rules` is copied; NULL means none.
 *
 * Safety:
 * As for `lws_ss_proxy_create`; `rules` is NULL or good, with `uids` good for `count_uids`.
 */
LWS_VISIBLE LWS_EXTERN
int lws_ss_proxy_create_ruled(struct lws_context *context,
                              const char *bind,
                              int port,
                              const struct lws_ss_proxy_rules *rules);

/**
 * As `lws_ss_proxy_create_ruled`, with TLS on the links: `port` is a TCP port then; for unix
 * sockets and transports of the program's own it is refused. This function is of this library
 * alone.
 *
 * `tls->cert_filepath` and `tls->key_filepath` are needed. With `tls->ca_filepath` clients must
 * show a certificate that one of these has signed, without it anybody may be a client.
 * `tls->name` is not looked at. The files are read here; what is pointed to need not stay. NULL
 * for `tls`: no TLS. A client that is refused, or does not agree on TLS in 10 s, costs a line
 * in the log, with the side that refuses, and its link. Clients: see `lws_sspc_link_tls`.
 *
 * Safety:
 * As for `lws_ss_proxy_create_ruled`; `tls` is NULL or good, its strings NULL or NUL-terminated.
 */
LWS_VISIBLE LWS_EXTERN
int lws_ss_proxy_create_tls(struct lws_context *context,
                            const char *bind,
                            int port,
                            const struct lws_ss_proxy_rules *rules,
                            const struct lws_ss_link_tls *tls);

/**
 * Connects a raw stream to a descriptor, `fd`, that is open already: one end of a pipe, a
 * terminal, a socket. CONNECTING and CONNECTED are said before this returns; then what can be
 * read comes as rx, what tx gives is written, and the other side's end is DISCONNECTED.
 *
 * Returns 0, and the descriptor is the stream's, which makes it non-blocking and closes it with
 * the link. Or 1: if it is no open descriptor, or the stream is not raw by its policy or has a
 * connection, it stays the caller's; if the system cannot wait for it (a regular file) or the
 * program answered not OK to CONNECTING or CONNECTED, it is closed. Legal in callbacks.
 *
 * `SIGPIPE` is ignored from here on unless the program has a handler of its own: the other end of
 * a pipe may go at any time.
 *
 * Safety:
 * `ss` came from this library; the descriptor is the caller's to give away.
 */
LWS_VISIBLE LWS_EXTERN int lws_ss_adopt_raw(struct lws_ss_handle *ss, lws_sock_file_fd_type fd);

/** The name of a state; `"user state"` for those of the policy, `"(unset)"` for 0. */
LWS_VISIBLE LWS_EXTERN const char *lws_ss_state_name(lws_ss_constate_t state);

/**
 * The stream's context, or NULL.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN struct lws_context *lws_ss_get_context(struct lws_ss_handle *h);

/**
 * The vhost of the stream's connection, good as long as the context; NULL without a connection.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN struct lws_vhost *lws_ss_get_vhost(struct lws_ss_handle *h);

/**
 * The program's object of the stream.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN void *lws_ss_to_user_object(struct lws_ss_handle *h);

/**
 * The stream type that the payload of the current `tx` is for: the stream's own, or in a
 * multipart body one that the policy's `rideshare` takes along. Good as long as the context.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN const char *lws_ss_rideshare(struct lws_ss_handle *h);

/**
 * The stream's tag, as in log lines, cut to 95 bytes. The memory stays the stream's and stands
 * still as long as it lives, so that a program may keep the pointer; what it says follows the
 * stream, at the next call.
 *
 * Safety:
 * `h` came from this library or is NULL.
 */
LWS_VISIBLE LWS_EXTERN const char *lws_ss_tag(struct lws_ss_handle *h);

/**
 * Logs the streams that exist, at notice level. `tsi` is ignored.
 *
 * Safety:
 * `cx` came from this library.
 */
LWS_VISIBLE LWS_EXTERN void lws_ss_dump_extant(struct lws_context *cx, int tsi);

/**
 * Sets metadata: `value` is bound, not copied, and must stay until it is set anew or the stream
 * is
 * gone; NULL takes an earlier one back. `name` is copied. Endpoint and path of a transaction
 * take what is set before CONNECTING is
 * said, its header fields what is set when the request goes out. Returns 0, or 1 if the policy
 * does not know the name; with `direct_proto_str` it knows every name, as a header field's.
 *
 * Safety:
 * `h` came from this library, `name` is NUL-terminated, `len` bytes are readable at `value` as
 * long as they are bound.
 */
LWS_VISIBLE LWS_EXTERN
int lws_ss_set_metadata(struct lws_ss_handle *h,
                        const char *name,
                        const void *value,
                        size_t len);

/**
 * As `lws_ss_set_metadata`, with a copy of the value.
 *
 * Safety:
 * `h` came from this library, `name` is NUL-terminated, `len` bytes are readable at `value`.
 */
LWS_VISIBLE LWS_EXTERN
int lws_ss_alloc_set_metadata(struct lws_ss_handle *h,
                              const char *name,
                              const void *value,
                              size_t len);

/**
 * Gets metadata, also what a response's header set it to. `*value` is NULL if it is declared but
 * not set; else it is good until the metadata changes or, for a header got by its own name
 * (`direct_proto_str`), until the transaction ends. Values that came from the wire have a NUL
 * behind them. Returns 0, or 1 if the policy does not know the name or the response does not have
 * the header; `*value` and `*len` are untouched then.
 *
 * Safety:
 * `h` came from this library, `name` is NUL-terminated, `value` and `len` are writable.
 */
LWS_VISIBLE LWS_EXTERN
int lws_ss_get_metadata(struct lws_ss_handle *h,
                        const char *name,
                        const void **value,
                        size_t *len);

/**
 * Makes a stream of the type that `ssi->streamtype` names in the policy; or, with
 * `LWSSSINFLAGS_REGISTER_SINK` in `ssi->flags`, registers the sink that streams of this type are
 * joined to, if the policy says `local_sink`.
 *
 * A sink has no handle (`*ppss` is NULL) and stays as long as the context. Its `state` gets
 * SINK_JOIN and SINK_PART with the source's handle as `h_src` and the number of other sources as
 * `ack`, and an object of its own; what it answers to SINK_JOIN other than OK turns the source
 * away. For each source a stream is made with the sink's `ssi`, whose `opaque_user_data` is the
 * source's handle: what one of the two sends the other one receives. Either one that is destroyed
 * takes the other along.
 *
 * The program's object (`ssi->user_alloc` bytes, zeroed) gets the handle and
 * `opaque_user_data` at the offsets in `ssi`. CREATING is said before this returns, and a stream
 * that is nailed up is connected. `*ppss` gets the handle, before CREATING; `*ppayload_fmt` the
 * policy's `payload_fmt` or NULL, good as long as the context. `tsi` and
 * `reserved_for_proxy` are ignored; `ppss` and `ppayload_fmt` may be NULL.
 *
 * Returns 0, or 1 if there is no stream (and `*ppss` NULL): unknown type, a part that is not
 * built in, or DESTROY_ME in CREATING or CONNECTING. Legal in every callback.
 *
 * Safety:
 * `context` came from this library; `ssi` is good, and its callbacks stay callable as long as
 * the stream lives.
 */
LWS_VISIBLE LWS_EXTERN
int lws_ss_create(struct lws_context *context,
                  int tsi,
                  const struct lws_ss_info *ssi,
                  void *opaque_user_data,
                  struct lws_ss_handle **ppss,
                  void *reserved_for_proxy,
                  const char **ppayload_fmt);

/**
 * Destroys a stream and sets `*ppss` to NULL: DISCONNECTED (if connected) and DESTROYING are
 * said, and the program's object is freed, before this returns. In a callback of the same stream
 * that happens when the outermost of its callbacks returns. NULL, and a handle that is gone
 * already, do no harm.
 *
 * Safety:
 * `ppss` is NULL or points to a handle of this library or to NULL.
 */
LWS_VISIBLE LWS_EXTERN void lws_ss_destroy(struct lws_ss_handle **ppss);

/**
 * Asks for a turn to send: `tx` will be called when the stream can. A stream without a
 * connection connects first (POLL and CONNECTING are said before this returns). Requests that
 * come before the turn make one turn. During a backoff it does nothing.
 *
 * Returns what a callback that calls it is to return: OK, or DESTROY_ME if that was answered to a
 * state on the way (then the caller destroys the stream) or the stream hears DESTROYING, or
 * what else
 * POLL was answered with, which ends the attempt.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN
lws_ss_state_return_t lws_ss_request_tx(struct lws_ss_handle *h);

/**
 * As `lws_ss_request_tx`, and announces that the message will have `len` bytes: the
 * `content-length` of an h1 request, which has no body otherwise.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN
lws_ss_state_return_t lws_ss_request_tx_len(struct lws_ss_handle *h,
                                            unsigned long len);

/**
 * Connects the stream, with a whole new budget of retries; during a backoff, at once. No effect
 * while connecting or connected.
 *
 * Returns as `lws_ss_request_tx`, or what CONNECTING was answered with, which ends the attempt,
 * or
 * TX_DONT_SEND if the attempt failed before the call returned (the retry policy goes on).
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN
lws_ss_state_return_t lws_ss_client_connect(struct lws_ss_handle *h);

/**
 * Starts the stream's timeout anew: TIMEOUT is said after `timeout_ms` milliseconds, or with
 * `LWSSS_TIMEOUT_FROM_POLICY` (0) after the policy's `timeout_ms`; if it has none, nothing
 * changes. The
 * end of a transaction, an acknowledged message, or the end of the link stops it; not that of an
 * http stream's that is connected again.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN
void lws_ss_start_timeout(struct lws_ss_handle *h,
                          unsigned int timeout_ms);

/**
 * Stops the stream's timeout.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN void lws_ss_cancel_timeout(struct lws_ss_handle *h);

/**
 * Exchanges the callbacks `rx`, `tx` and `state`; those given as NULL stay. From the next call
 * on.
 *
 * Safety:
 * `h` came from this library; the callbacks stay callable as long as the stream lives.
 */
LWS_VISIBLE LWS_EXTERN
void lws_ss_change_handlers(struct lws_ss_handle *h,
                            lws_sscb_rx rx,
                            lws_sscb_tx tx,
                            lws_sscb_state state);

/**
 * How many bytes the peer may still send, on protocols that have such a credit (h2): as far as
 * is known, some may be on their way. 0 elsewhere.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN int lws_ss_get_est_peer_tx_credit(struct lws_ss_handle *h);

/**
 * Gives the peer credit to send `add` more bytes, on protocols that have such a credit (h2), to
 * a stream made with `manual_initial_tx_credit`. No effect elsewhere. Returns 0.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN int lws_ss_add_peer_tx_credit(struct lws_ss_handle *h, int32_t add);

/**
 * The program knows by its own means that the peer lives: the policy's `svalidping` and
 * `svalidhup` count from now.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN void lws_ss_validity_confirmed(struct lws_ss_handle *h);

/**
 * Says how the request under way on an accepted stream is answered: with a `nack` of 0 by status
 * 200, else by the status `nack` (200 to 599; others are answered with 500). To be called
 * before the answer
 * begins, in SERVER_TXN or any time after it; a request that is answered without this call gets
 * status 404. The answer begins with the first `tx` callback, which has to be asked for.
 *
 * Safety:
 * `h` came from this library.
 */
LWS_VISIBLE LWS_EXTERN
void lws_ss_server_ack(struct lws_ss_handle *h,
                       int nack);

/**
 * Calls `cb` with each stream that has come in to the listening stream `h` and exists now, oldest
 * first, and with `arg`. `cb` may do to them whatever a callback may, destroying included: one
 * that is gone before its turn is left out.
 *
 * Safety:
 * `h` came from this library; `cb` is NULL (nothing is done) or callable.
 */
LWS_VISIBLE LWS_EXTERN
void lws_ss_server_foreach_client(struct lws_ss_handle *h,
                                  lws_sssfec_cb cb,
                                  void *arg);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_SECURE_STREAMS_H */
