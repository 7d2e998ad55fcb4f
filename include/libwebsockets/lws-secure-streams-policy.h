/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_SECURE_STREAMS_POLICY_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_SECURE_STREAMS_POLICY_H

/*
 * The policy: what a stream type is.
 *
 * Where: in the thread that runs the context's loop, in every callback; from another thread they
 * log an error and do nothing.
 */
#include <libwebsockets/lws-secure-streams.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lws_metric_policy;
struct lws_ss_x509;
struct lws_ss_trust_store;
struct lws_ss_metadata;
struct lws_ss_http_respmap;
struct lws_ss_auth;
struct lws_ss_policy_server;
union lws_ss_policy_trust;
struct lws_ss_policy_mqtt;
struct lws_ss_policy_ws;
union lws_ss_policy_http_u;
struct lws_ss_policy_http;
union lws_ss_policy_u;
struct lws_ss_policy;

/** Connects only when there is something to send. */
#define LWSSSPOLF_OPPORTUNISTIC 1

/** Stays connected, reconnects when dropped. */
#define LWSSSPOLF_NAILED_UP 2

/** Sending matters; wakes the device. */
#define LWSSSPOLF_URGENT_TX 4

/** Receiving matters; wakes the device. */
#define LWSSSPOLF_URGENT_RX 8

/** Uses TLS. */
#define LWSSSPOLF_TLS 16

/** HTTP/2: half-closed long poll. */
#define LWSSSPOLF_LONG_POLL 32

/** HTTP: sends the token of system blob auth 0. */
#define LWSSSPOLF_AUTH_BEARER 64

/** HTTP: sends no content-length. */
#define LWSSSPOLF_HTTP_NO_CONTENT_LENGTH 128

/** HTTP/2: the peer wants END_STREAM on an empty frame. */
#define LWSSSPOLF_QUIRK_NGHTTP2_END_STREAM 256

/** HTTP/2: the peer overflows its window. */
#define LWSSSPOLF_H2_QUIRK_OVERFLOWS_TXCR 512

/** HTTP/2: the peer may leave a header block unfinished. */
#define LWSSSPOLF_H2_QUIRK_UNCLEAN_HPACK_STATE 1024

/** HTTP: the body is one multipart section. */
#define LWSSSPOLF_HTTP_MULTIPART 2048

/** HTTP: the body is a URL-encoded form. */
#define LWSSSPOLF_HTTP_X_WWW_FORM_URLENCODED 4096

/** Connects to a sink in this process. */
#define LWSSSPOLF_LOCAL_SINK 8192

/** Validity checks wake the device. */
#define LWSSSPOLF_WAKE_SUSPEND__VALIDITY 16384

/** Listens. */
#define LWSSSPOLF_SERVER 32768

/** HTTP: follows redirects. */
#define LWSSSPOLF_ALLOW_REDIRECTS 65536

/** HTTP: takes incoming multipart bodies apart. */
#define LWSSSPOLF_HTTP_MULTIPART_IN 131072

/** Wants low latency. */
#define LWSSSPOLF_ATTR_LOW_LATENCY 262144

/** Wants throughput. */
#define LWSSSPOLF_ATTR_HIGH_THROUGHPUT 524288

/** Wants reliability. */
#define LWSSSPOLF_ATTR_HIGH_RELIABILITY 1048576

/** Wants low cost. */
#define LWSSSPOLF_ATTR_LOW_COST 2097152

/** Reports performance to the program. */
#define LWSSSPOLF_PERF 4194304

/** Metadata may name protocol headers directly. */
#define LWSSSPOLF_DIRECT_PROTO_STR 8388608

/** HTTP: keeps cookies and sends them back. */
#define LWSSSPOLF_HTTP_CACHE_COOKIES 16777216

/** Reads before it writes. */
#define LWSSSPOLF_PRIORITIZE_READS 33554432

/** Protocol: HTTP/1.1. */
#define LWSSSP_H1 0

/** Protocol: HTTP/2. */
#define LWSSSP_H2 1

/** Protocol: HTTP/3. */
#define LWSSSP_H3 2

/** Protocol: websocket. */
#define LWSSSP_WS 3

/** Protocol: MQTT. */
#define LWSSSP_MQTT 4

/** Protocol: bytes. */
#define LWSSSP_RAW 5

/** Blob header: authorization. */
#define LWSSS_HBI_AUTH 0

/** Blob header: device serial number. */
#define LWSSS_HBI_DSN 1

/** Blob header: firmware version. */
#define LWSSS_HBI_FWV 2

/** Blob header: device type. */
#define LWSSS_HBI_TYPE 3

/** How many blob headers there are. */
#define _LWSSS_HBI_COUNT 4

/** Tells whether authentication has succeeded. */
typedef int (*plugin_auth_status_cb)(struct lws_ss_handle *ss, int status);

/** How a metric is reported. */
struct lws_metric_policy {
    /** The next one, or NULL. */
    const struct lws_metric_policy *next;
    /** Its name. */
    const char *name;
    /** Name of the metrics that it applies to, perhaps with a wildcard. */
    const char *report;
    /** Microseconds between reports. */
    uint64_t us_schedule;
    /** Microseconds of the unit of decay. */
    uint32_t us_decay_unit;
    /** Fewest events worth a report. */
    uint8_t min_contributors;
};

/** The C name of `lws_metric_policy`. */
typedef struct lws_metric_policy lws_metric_policy_t;

/** A certificate (or, for servers, a key). */
struct lws_ss_x509 {
    /** The next one, or NULL. */
    struct lws_ss_x509 *next;
    /** Its name in the policy. */
    const char *vhost_name;
    /** The certificate in DER. */
    const uint8_t *ca_der;
    /** Bytes at `ca_der`. */
    size_t ca_der_len;
    /** Stays in memory after the trust stores are made. */
    unsigned int keep: 1;
};

/** The C name of `lws_ss_x509`. */
typedef struct lws_ss_x509 lws_ss_x509_t;

/** Certificates that a stream trusts. */
struct lws_ss_trust_store {
    /** The next one, or NULL. */
    struct lws_ss_trust_store *next;
    /** Its name in the policy. */
    const char *name;
    /** The certificates. */
    const struct lws_ss_x509 *ssx509[6];
    /** Entries used in `ssx509`. */
    int count;
};

/** The C name of `lws_ss_trust_store`. */
typedef struct lws_ss_trust_store lws_ss_trust_store_t;

/** A piece of metadata: its name, and what it stands for in the protocol. */
struct lws_ss_metadata {
    /** The next one, or NULL. */
    struct lws_ss_metadata *next;
    /** Its name, as the program uses it. */
    const char *name;
    /** Its value: in a policy, what it is called in the protocol. */
    void *value__may_own_heap;
    /** Bytes of the value. */
    size_t length;
    /** Bytes of the name in the protocol. */
    uint8_t value_length;
    /** Number of the well-known HTTP header, if it is one. */
    uint8_t value_is_http_token;
    /** The name belongs to us. */
    unsigned int name_on_lws_heap: 1;
    /** The value belongs to us. */
    unsigned int value_on_lws_heap: 1;
    /** Still to be passed on by the proxy. */
    unsigned int pending_onward: 1;
};

/** The C name of `lws_ss_metadata`. */
typedef struct lws_ss_metadata lws_ss_metadata_t;

/** What an HTTP status does to the stream's state. */
struct lws_ss_http_respmap {
    /** The status. */
    uint16_t resp;
    /** The state given to the program. */
    uint16_t state;
};

/** The C name of `lws_ss_http_respmap`. */
typedef struct lws_ss_http_respmap lws_ss_http_respmap_t;

/** A way to authenticate. */
struct lws_ss_auth {
    /** The next one, or NULL. */
    struct lws_ss_auth *next;
    /** Its name in the policy. */
    const char *name;
    /** Its kind, such as `sigv4`. */
    const char *type;
    /** Stream type that gets the token, or NULL. */
    const char *streamtype;
    /** System blob that holds the token. */
    uint8_t blob_index;
};

/** The C name of `lws_ss_auth`. */
typedef struct lws_ss_auth lws_ss_auth_t;

/** A server's identity. */
struct lws_ss_policy_server {
    /** Its certificate, or NULL. */
    const struct lws_ss_x509 *cert;
    /** Its key, or NULL. */
    const struct lws_ss_x509 *key;
};

/** Whom a client trusts, or who a server is. */
union lws_ss_policy_trust {
    /** A client's trust store, or NULL for the system's. */
    const struct lws_ss_trust_store *store;
    /** A server's certificate and key. */
    struct lws_ss_policy_server server;
};

/** MQTT settings. */
struct lws_ss_policy_mqtt {
    /** Topic to publish to, or NULL. */
    const char *topic;
    /** Topic to subscribe to, or NULL. */
    const char *subscribe;
    /** The will's topic, or NULL. */
    const char *will_topic;
    /** The will's message, or NULL. */
    const char *will_message;
    /** Topic of the message sent at connect, or NULL. */
    const char *birth_topic;
    /** The message sent at connect, or NULL. */
    const char *birth_message;
    /** Keep-alive in seconds. */
    uint16_t keep_alive;
    /** Quality of service, 0 to 2. */
    uint8_t qos;
    /** Nonzero starts a clean session. */
    uint8_t clean_start;
    /** The will's quality of service. */
    uint8_t will_qos;
    /** Nonzero retains the will. */
    uint8_t will_retain;
    /** The birth message's quality of service. */
    uint8_t birth_qos;
    /** Nonzero retains the birth message. */
    uint8_t birth_retain;
    /** Nonzero keeps to the limits of AWS IoT. */
    uint8_t aws_iot;
    /** Nonzero retains what is published. */
    uint8_t retain;
};

/** Websocket settings. */
struct lws_ss_policy_ws {
    /** Subprotocol asked for, or NULL. */
    const char *subprotocol;
    /** Nonzero sends binary messages. */
    uint8_t binary;
};

/** Settings of what HTTP is upgraded to. */
union lws_ss_policy_http_u {
    /** Websocket. */
    struct lws_ss_policy_ws ws;
};

/** HTTP settings, for websocket too. */
struct lws_ss_policy_http {
    /** The method. */
    const char *method;
    /** The path, with `${...}` for metadata. */
    const char *url;
    /** Name of the multipart section, or NULL. */
    const char *multipart_name;
    /** File name of the multipart section, or NULL. */
    const char *multipart_filename;
    /** Content type of the multipart section, or NULL. */
    const char *multipart_content_type;
    /** Headers filled from system blobs (`LWSSS_HBI_...`), or NULL. */
    const char *blob_header[4];
    /** What stands in front of the token, or NULL. */
    const char *auth_preamble;
    /** Statuses that give states of their own, or NULL. */
    const struct lws_ss_http_respmap *respmap;
    /** What HTTP is upgraded to. */
    union lws_ss_policy_http_u u;
    /** The status that counts as success; 0 is 200. */
    uint16_t resp_expect;
    /** Entries at `respmap`. */
    uint8_t count_respmap;
    /** A redirect is a failure. */
    unsigned int fail_redirect: 1;
};

/** Settings of the protocol. */
union lws_ss_policy_u {
    /** HTTP and websocket. */
    struct lws_ss_policy_http http;
    /** MQTT. */
    struct lws_ss_policy_mqtt mqtt;
};

/** A stream type. */
struct lws_ss_policy {
    /** The next one, or NULL. */
    struct lws_ss_policy *next;
    /** Its name. */
    const char *streamtype;
    /** Host, address, `+path` or `+@name` of a unix socket; with `${...}` for metadata. */
    const char *endpoint;
    /** Stream type whose payload may travel along, or NULL. */
    const char *rideshare_streamtype;
    /** Name of the payload's format, for the program, or NULL. */
    const char *payload_fmt;
    /** SOCKS5 proxy, or NULL. */
    const char *socks5_proxy;
    /** Metadata, or NULL. */
    struct lws_ss_metadata *metadata;
    /** Metrics, or NULL. */
    const struct lws_metric_policy *metrics;
    /** Authentication, or NULL. */
    const struct lws_ss_auth *auth;
    /** Options for a server's protocols, or NULL. */
    const struct lws_protocol_vhost_options *pvo;
    /** Settings of the protocol. */
    union lws_ss_policy_u u;
    /** Metadata that holds the AWS region, or NULL. */
    const char *aws_region;
    /** Metadata that holds the AWS service, or NULL. */
    const char *aws_service;
    /** Whom a client trusts, or who a server is. */
    union lws_ss_policy_trust trust;
    /** Retry and validity rules, or NULL. */
    const struct lws_retry_bo *retry_bo;
    /** Credit for sending that we start from. */
    int32_t txc;
    /** Credit that the peer starts from. */
    int32_t txc_peer;
    /** Bytes that the proxy buffers for a client. */
    uint32_t proxy_buflen;
    /** Above this many bytes the proxy stops reading. */
    uint32_t proxy_buflen_rxflow_on_above;
    /** Below this many bytes it reads again. */
    uint32_t proxy_buflen_rxflow_off_below;
    /** Bytes that the proxy's client buffers. */
    uint32_t client_buflen;
    /** Above this many bytes the client stops reading. */
    uint32_t client_buflen_rxflow_on_above;
    /** Below this many bytes it reads again. */
    uint32_t client_buflen_rxflow_off_below;
    /** Milliseconds that `lws_ss_start_timeout` takes from the policy. */
    uint32_t timeout_ms;
    /** `LWSSSPOLF_...`. */
    uint32_t flags;
    /** The port. */
    uint16_t port;
    /** Entries at `metadata`. */
    uint8_t metadata_count;
    /** `LWSSSP_...`. */
    uint8_t protocol;
    /** Client certificate to present: 0 for none, n for number n-1 of the system blobs. */
    uint8_t client_cert;
    /** Priority, 0 to 6, for the network's type of service. */
    uint8_t priority;
};

/** The C name of `lws_ss_policy`. */
typedef struct lws_ss_policy lws_ss_policy_t;

/**
 * The stream types of the policy in force, as a list that begins with the one defined last; the
 * metadata of each is listed likewise, and the policy's metrics hang on the first. NULL if there
 * are none.
 *
 * The structs are the library's, not to be written to, and good until the context goes or this
 * or `lws_ss_auth_get` is called after another policy came into force. What C structs have no
 * place for is not there: the policy's `release` and `via-socks5`, `auth_hexify`, the case of
 * header names, certificates of a trust store after its sixth.
 *
 * Safety:
 * `context` came from this library.
 */
LWS_VISIBLE LWS_EXTERN const struct lws_ss_policy *lws_ss_policy_get(struct lws_context *context);

/**
 * The entries of `auth` of the policy in force, as a list that begins with the one defined last;
 * NULL if there are none. As good and as long as those of `lws_ss_policy_get`.
 *
 * Safety:
 * `context` came from this library.
 */
LWS_VISIBLE LWS_EXTERN const struct lws_ss_auth *lws_ss_auth_get(struct lws_context *context);

/**
 * Begins to parse a policy in pieces: a new one, or, with `overlay` not 0, one that is laid over
 * the policy in force. A parse that was begun before is abandoned.
 *
 * Returns 0.
 *
 * Safety:
 * `context` came from this library.
 */
LWS_VISIBLE LWS_EXTERN int lws_ss_policy_parse_begin(struct lws_context *context, int overlay);

/**
 * Takes the next piece of a policy. Returns `LEJP_CONTINUE` while more is needed; 0 or above (the
 * bytes left over) when the policy was complete and is in force; below 0 if it is bad, which is
 * logged: the policy that was in force stays. White space may follow in further pieces.
 *
 * Safety:
 * `context` came from this library; `len` bytes are readable at `buf`.
 */
LWS_VISIBLE LWS_EXTERN
int lws_ss_policy_parse(struct lws_context *context,
                        const uint8_t *buf,
                        size_t len);

/**
 * Ends a parse in pieces; a policy that was not complete is dropped, one that was stays in force.
 * Returns 0 if a parse was begun, else 1.
 *
 * Safety:
 * `context` came from this library.
 */
LWS_VISIBLE LWS_EXTERN int lws_ss_policy_parse_abandon(struct lws_context *context);

/**
 * Lays a policy fragment over the policy in force (specification: "Applying streamtype policy
 * overlays"): settings of stream types that exist are overridden, for client streams that exist
 * from their next attempt on. Returns 0, or below 0 if the fragment is bad, which is logged:
 * nothing is changed then.
 *
 * Safety:
 * `context` came from this library; `overlay` is NUL-terminated.
 */
LWS_VISIBLE LWS_EXTERN int lws_ss_policy_overlay(struct lws_context *context, const char *overlay);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_SECURE_STREAMS_POLICY_H */
