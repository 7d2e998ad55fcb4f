/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_SECURE_STREAMS_SERIALIZATION_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_SECURE_STREAMS_SERIALIZATION_H

/*
 * The proxy protocol, and the transports that can carry it.
 */
#include <libwebsockets/lws-secure-streams.h>

#define LWS_TRANSPORT_MUXCH_MAGIC LWS_FOURCC('T', 'm', 'C', 'h')
#define LWS_TRANSPORT_MUX_MAGIC LWS_FOURCC('I', 's', 'T', 'M')
#define assert_is_tm(tm) lws_assert_fourcc((tm)->magic, LWS_TRANSPORT_MUX_MAGIC)

/* For `flags` of a transport: payload may be put together or split. It always may, they change nothing. */
#define LWS_DSHFLAG_ENABLE_COALESCE (1u << 24)
#define LWS_DSHFLAG_ENABLE_SPLIT (1u << 25)

/* Bytes in front of what a transport gets to send, for it to write into. */
#define LWS_PRE 16

#ifdef __cplusplus
extern "C" {
#endif

struct lws_sspc_handle;

struct lws_txp_path_client;
struct lws_txp_path_proxy;
struct lws_transport_client_ops;
struct lws_transport_proxy_ops;
struct lws_transport_info;
struct lws_transport_mux;

/** A client's connection in the proxy. Opaque. */
struct lws_sss_proxy_conn;

/** Commands of the proxy protocol; from the proxy (`RXPRE`) and to it (`TXPRE`). */
enum lws_sss_cmds {
    /** Payload. */
    LWSSS_SER_RXPRE_RX_PAYLOAD = 85,
    /** Was the stream created? */
    LWSSS_SER_RXPRE_CREATE_RESULT = 86,
    /** A state. */
    LWSSS_SER_RXPRE_CONNSTATE = 87,
    /** Credit to send. */
    LWSSS_SER_RXPRE_TXCR_UPDATE = 88,
    /** Metadata. */
    LWSSS_SER_RXPRE_METADATA = 89,
    /** Please sign. */
    LWSSS_SER_RXPRE_TLSNEG_ENCLAVE_SIGN = 90,
    /** A performance report. */
    LWSSS_SER_RXPRE_PERF = 91,
    /** The stream type wanted. */
    LWSSS_SER_TXPRE_STREAMTYPE = 170,
    /** Please connect. */
    LWSSS_SER_TXPRE_ONWARD_CONNECT = 171,
    /** The stream goes. */
    LWSSS_SER_TXPRE_DESTROYING = 172,
    /** Payload. */
    LWSSS_SER_TXPRE_TX_PAYLOAD = 173,
    /** Metadata. */
    LWSSS_SER_TXPRE_METADATA = 174,
    /** Credit to send. */
    LWSSS_SER_TXPRE_TXCR_UPDATE = 175,
    /** Start or stop the timeout. */
    LWSSS_SER_TXPRE_TIMEOUT_UPDATE = 176,
    /** Length of the payload to come. */
    LWSSS_SER_TXPRE_PAYLOAD_LENGTH_HINT = 177,
    /** Here is the signature. */
    LWSSS_SER_TXPRE_TLSNEG_ENCLAVE_SIGNED = 178,
    /** Are you there? */
    LWSSS_SER_TXPRE_LINK_VALIDITY_PROBE = 179,
};

/** The C name of `enum lws_sss_cmds`. */
typedef enum lws_sss_cmds lws_sss_cmds_t;

/** Where a proxied connection stands; in the proxy (`PROX`) and in the client (`CLI`). */
enum lws_ss_conn_states {
    /** Waiting for the stream type. */
    LPCSPROX_WAIT_INITIAL_TX = 1,
    /** Telling of the failure. */
    LPCSPROX_REPORTING_FAIL = 2,
    /** Telling of the success. */
    LPCSPROX_REPORTING_OK = 3,
    /** Works. */
    LPCSPROX_OPERATIONAL = 4,
    /** Gone. */
    LPCSPROX_DESTROYED = 5,
    /** Telling the stream type. */
    LPCSCLI_SENDING_INITIAL_TX = 6,
    /** Waiting for the result. */
    LPCSCLI_WAITING_CREATE_RESULT = 7,
    /** Created, not connected. */
    LPCSCLI_LOCAL_CONNECTED = 8,
    /** Connecting. */
    LPCSCLI_ONWARD_CONNECT = 9,
    /** Works. */
    LPCSCLI_OPERATIONAL = 10,
};

/** The C name of `enum lws_ss_conn_states`. */
typedef enum lws_ss_conn_states lws_ss_conn_states_t;

/** Where the parser of the channel protocol stands. */
enum lwstmc_parser {
    /** At the command. */
    LWSTMCPAR_CMD = 0,
    /** At a channel number that ends the command. */
    LWSTMCPAR_CHIDX_DONE = 1,
    /** At a channel number with a payload after it. */
    LWSTMCPAR_CHIDX = 2,
    /** At the length's high byte. */
    LWSTMCPAR_PLENH = 3,
    /** At the length's low byte. */
    LWSTMCPAR_PLENL = 4,
    /** In the payload. */
    LWSTMCPAR_PAY = 5,
    /** In the first time stamp. */
    LWSTMCPAR_T64_1 = 6,
    /** In the second time stamp. */
    LWSTMCPAR_T64_2 = 7,
};

/** Channel protocol: open a channel. */
#define LWSSSS_LLM_CHANNEL_REQ 240

/** Channel protocol: the channel is open. */
#define LWSSSS_LLM_CHANNEL_ACK 241

/** Channel protocol: it cannot be opened. */
#define LWSSSS_LLM_CHANNEL_NACK 242

/** Channel protocol: close a channel. */
#define LWSSSS_LLM_CHANNEL_CLOSE 243

/** Channel protocol: it is closed. */
#define LWSSSS_LLM_CHANNEL_CLOSE_ACK 244

/** Channel protocol: payload of a channel. */
#define LWSSSS_LLM_MUX 245

/** Channel protocol: ping. */
#define LWSSSS_LLM_PING 246

/** Channel protocol: answer to a ping. */
#define LWSSSS_LLM_PONG 247

/** Channel protocol: answer to that. */
#define LWSSSS_LLM_PONGACK 248

/** Channel protocol: start again. */
#define LWSSSS_LLM_RESET_TRANSPORT 249

/** Channel: to be asked for. */
#define LWSTMC_PENDING_CREATE_CHANNEL 0

/** Channel: asked for. */
#define LWSTMC_AWAITING_CREATE_CHANNEL_ACK 1

/** Channel: to be refused. */
#define LWSTMC_PENDING_CREATE_CHANNEL_NACK 2

/** Channel: to be confirmed. */
#define LWSTMC_PENDING_CREATE_CHANNEL_ACK 3

/** Channel: open. */
#define LWSTMC_OPERATIONAL 4

/** Channel: to be closed. */
#define LWSTMC_PENDING_CLOSE_CHANNEL 5

/** Channel: asked to close. */
#define LWSTMC_AWAITING_CLOSE_CHANNEL_ACK 6

/** Channel: close to be confirmed. */
#define LWSTMC_PENDING_CLOSE_CHANNEL_ACK 7

/** Link: down. */
#define LWSTM_TRANSPORT_DOWN 0

/** Link: up. */
#define LWSTM_OPERATIONAL 1

/** A transport's own pointer. */
typedef void *lws_transport_priv_t;

/** Number of a channel. */
typedef uint8_t lws_mux_ch_idx_t;

/** A client's way to the proxy: what is above (`in`) and below (`onw`) this step. */
struct lws_txp_path_client {
    /** The step above. */
    const struct lws_transport_client_ops *ops_in;
    /** Its pointer. */
    lws_transport_priv_t priv_in;
    /** The step below. */
    const struct lws_transport_client_ops *ops_onw;
    /** Its pointer. */
    lws_transport_priv_t priv_onw;
    /** The channels, or NULL. */
    struct lws_transport_mux *mux;
};

/** The C name of `lws_txp_path_client`. */
typedef struct lws_txp_path_client lws_txp_path_client_t;

/** The proxy's way to a client: what is above (`in`) and below (`onw`) this step. */
struct lws_txp_path_proxy {
    /** The step above. */
    const struct lws_transport_proxy_ops *ops_in;
    /** Its pointer. */
    lws_transport_priv_t priv_in;
    /** The step below. */
    const struct lws_transport_proxy_ops *ops_onw;
    /** Its pointer. */
    lws_transport_priv_t priv_onw;
    /** The channels, or NULL. */
    struct lws_transport_mux *mux;
};

/** The C name of `lws_txp_path_proxy`. */
typedef struct lws_txp_path_proxy lws_txp_path_proxy_t;

/** A client's transport: what it can do, and (`event_...`) what it tells. */
struct lws_transport_client_ops {
    /** Its name. */
    const char *name;
    /** Connect, again perhaps; nonzero on failure. */
    int (*event_retry_connect)(struct lws_txp_path_client*, struct lws_sspc_handle*);
    /** Connecting has succeeded (0) or not. */
    lws_ss_state_return_t (*event_connect_disposition)(struct lws_sspc_handle*, int);
    /** Ask for `event_can_write`. */
    void (*req_write)(lws_transport_priv_t);
    /** Send; nonzero on failure. */
    int (*_write)(lws_transport_priv_t, uint8_t*, size_t);
    /** Bytes have come. */
    lws_ss_state_return_t (*event_read)(lws_transport_priv_t, const uint8_t*, size_t);
    /** What came makes no sense: start again. */
    void (*lost_coherence)(lws_transport_priv_t);
    /** Close. */
    void (*_close)(lws_transport_priv_t);
    /** The way is open. */
    void (*event_stream_up)(lws_transport_priv_t);
    /** The client is connected. */
    void (*event_client_up)(lws_transport_priv_t);
    /** So many bytes can be sent. */
    lws_ss_state_return_t (*event_can_write)(struct lws_sspc_handle*, size_t);
    /** The way is closed. */
    lws_ss_state_return_t (*event_closed)(lws_transport_priv_t);
    /** Flags of the transport. */
    uint32_t flags;
    /** Most bytes of a piece in the buffer. */
    uint32_t dsh_splitat;
};

/** The C name of `lws_transport_client_ops`. */
typedef struct lws_transport_client_ops lws_transport_client_ops_t;

/** The proxy's transport: what it can do, and (`event_...`) what it tells. */
struct lws_transport_proxy_ops {
    /** Its name. */
    const char *name;
    /** Begin to serve; nonzero on failure. */
    int (*init_proxy_server)(struct lws_context*,
                             const struct lws_transport_proxy_ops*,
                             lws_transport_priv_t,
                             struct lws_txp_path_proxy*,
                             const void*,
                             const char*,
                             int);
    /** Stop serving. */
    int (*destroy_proxy_server)(struct lws_context*);
    /** A client has come. */
    lws_ss_state_return_t (*event_new_conn)(struct lws_context*,
                                            const struct lws_transport_proxy_ops*,
                                            lws_transport_priv_t,
                                            struct lws_sss_proxy_conn**,
                                            lws_transport_priv_t);
    /** The client's stream exists. */
    void (*event_onward_bind)(lws_transport_priv_t, struct lws_ss_handle*);
    /** Ask for `event_proxy_can_write`. */
    void (*proxy_req_write)(lws_transport_priv_t);
    /** Something can be sent. */
    lws_ss_state_return_t (*event_proxy_can_write)(lws_transport_priv_t);
    /** Send; in the length on return what was sent. */
    int (*proxy_write)(lws_transport_priv_t, uint8_t*, size_t*);
    /** The client's connection is closed. */
    lws_ss_state_return_t (*event_close_conn)(struct lws_sss_proxy_conn*);
    /** Close the client's connection. */
    lws_ss_state_return_t (*close_conn)(struct lws_sss_proxy_conn*);
    /** Bytes have come. */
    lws_ss_state_return_t (*proxy_read)(lws_transport_priv_t, const uint8_t*, size_t);
    /** The client is connected. */
    void (*event_client_up)(lws_transport_priv_t);
    /** Can more be sent at once? */
    int (*proxy_check_write_more)(lws_transport_priv_t);
    /** Flags of the transport. */
    uint32_t flags;
};

/** The C name of `lws_transport_proxy_ops`. */
typedef struct lws_transport_proxy_ops lws_transport_proxy_ops_t;

/** Settings of a link with channels. */
struct lws_transport_info {
    /** Microseconds between pings. */
    uint32_t ping_interval_us;
    /** Microseconds that an answer may take. */
    uint32_t pong_grace_us;
    /** The client's way. */
    struct lws_txp_path_client txp_cpath;
    /** The proxy's way. */
    struct lws_txp_path_proxy txp_ppath;
    /** The link behind this one, or NULL. */
    struct lws_transport_info *onward_txp_info;
    /** `LWSTMINFO_...`. */
    uint32_t flags;
};

/** The C name of `lws_transport_info`. */
typedef struct lws_transport_info lws_transport_info_t;

/** A link that carries several channels. */
struct lws_transport_mux {
    /** Marks a live link. */
    uint32_t magic;
    /** The context. */
    struct lws_context *cx;
    /** The settings. */
    struct lws_transport_info info;
    /** The ping timer. */
    struct lws_sorted_usec_list sul_ping;
    /** The transport's handle. */
    void *txp_handle;
    /** The transport's second pointer. */
    void *txp_aux;
    /** When the last ping came. */
    uint64_t us_ping_in;
    /** When the last ping went. */
    uint64_t us_ping_out;
    /** The peer's clock. */
    uint64_t us_unixtime_peer;
    /** Our clock at that moment. */
    uint64_t us_unixtime_peer_loc;
    /** Parser: time stamp. */
    uint64_t mp_time;
    /** Parser: first time stamp. */
    uint64_t mp_time1;
    /** Parser: where it stands. */
    enum lwstmc_parser mp_state;
    /** Parser: payload to come. */
    uint32_t mp_pay;
    /** Parser: command. */
    uint8_t mp_cmd;
    /** Parser: channel. */
    lws_mux_ch_idx_t mp_idx;
    /** Parser: counter. */
    uint8_t mp_ctr;
    /** Channels that are open, a bit each. */
    uint32_t _open[8];
    /** Channels that have finished, a bit each. */
    uint32_t fin[8];
    /** Channels with something to send. */
    struct lws_dll2_owner pending_tx;
    /** All channels. */
    struct lws_dll2_owner owner;
    /** `LWSTM_...`. */
    uint8_t link_state;
    /** A ping is to be sent. */
    unsigned int issue_ping: 1;
    /** An answer is to be sent. */
    unsigned int issue_pong: 1;
    /** An answer to an answer is to be sent. */
    unsigned int issue_pongack: 1;
    /** An answer is awaited. */
    unsigned int awaiting_pong: 1;
};

/** The C name of `lws_transport_mux`. */
typedef struct lws_transport_mux lws_transport_mux_t;

/** Version of the proxy protocol. */
#define LWSSSS_VERSION 1

/** Most channels of a link. */
#define LWS_MUCH_RANGE 256

/** The link is a server's. */
#define LWSTMINFO_SERVER (1 << 0)

/* What a transport of the program's (info.txp_ops_sspc) tells the stream; ops_in of its path. */
extern LWS_VISIBLE const lws_transport_client_ops_t lws_txp_inside_sspc;

/* The same for the proxy (info.txp_ops_ssproxy). */
extern LWS_VISIBLE const lws_transport_proxy_ops_t lws_txp_inside_proxy;

/* Channels on a link that knows no connections, between one of those and the program's transport. */
extern LWS_VISIBLE const lws_transport_client_ops_t lws_transport_mux_client_ops;
extern LWS_VISIBLE const lws_transport_proxy_ops_t lws_transport_mux_proxy_ops;

/**
 * Makes a link with channels for the proxied streams of a context that was made with
 * `info.txp_ops_sspc` set to `lws_transport_mux_client_ops`. `info` is copied; its
 * `txp_cpath.ops_onw` is the program's transport, of which `req_write` and `_write` are called,
 * with
 * `txp_cpath.priv_onw`; `ping_interval_us` and `pong_grace_us` are its times in microseconds
 * (0: 10 s
 * and 2 s). `txp_handle` is kept for the program.
 *
 * Returns the link, which ends with `lws_transport_mux_destroy` or with the context; NULL with
 * the
 * reason in the log. Legal in every callback.
 *
 * Safety:
 * `cx` came from this library; `info` is NULL or good, and its operations stay as long as the
 * link.
 */
LWS_VISIBLE LWS_EXTERN
struct lws_transport_mux *lws_transport_mux_create(struct lws_context *cx,
                                                   struct lws_transport_info *info,
                                                   void *txp_handle);

/**
 * Ends a link: its streams are without one. `*tm` becomes NULL. Legal in every callback but the
 * link's own transport operations.
 *
 * Safety:
 * `tm` is NULL or good.
 */
LWS_VISIBLE LWS_EXTERN void lws_transport_mux_destroy(struct lws_transport_mux **tm);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_SECURE_STREAMS_SERIALIZATION_H */
