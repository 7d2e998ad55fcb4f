/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_SYSTEM_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_SYSTEM_H

/*
 * System blobs, system states and what the platform does for the library.
 *
 * Where: blobs in every callback and in any thread, everything else in the thread that runs the
 * context's loop, in every callback.
 */
#include <libwebsockets/lws-metrics.h>
#include <libwebsockets/lws-state.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lws_system_ops;

/** A blob. Opaque. */
struct lws_system_blob;

/** A call that waits for the loop. Opaque. */
struct lws_attach_item;

/** The C name of `lws_system_blob`. */
typedef struct lws_system_blob lws_system_blob_t;

/** Which blob. */
enum lws_system_blob_item {
    /** Authentication tokens; index 0 and 1. */
    LWS_SYSBLOB_TYPE_AUTH = 0,
    /** Client certificate in DER. */
    LWS_SYSBLOB_TYPE_CLIENT_CERT_DER = 2,
    /** Client key in DER. */
    LWS_SYSBLOB_TYPE_CLIENT_KEY_DER = 3,
    /** Device serial number. */
    LWS_SYSBLOB_TYPE_DEVICE_SERIAL = 4,
    /** Firmware version. */
    LWS_SYSBLOB_TYPE_DEVICE_FW_VERSION = 5,
    /** Device type. */
    LWS_SYSBLOB_TYPE_DEVICE_TYPE = 6,
    /** Time server. */
    LWS_SYSBLOB_TYPE_NTP_SERVER = 7,
    /** MQTT client id. */
    LWS_SYSBLOB_TYPE_MQTT_CLIENT_ID = 8,
    /** MQTT user name. */
    LWS_SYSBLOB_TYPE_MQTT_USERNAME = 9,
    /** MQTT password. */
    LWS_SYSBLOB_TYPE_MQTT_PASSWORD = 10,
    /** Keys of authentication 1; index 0 and 1. */
    LWS_SYSBLOB_TYPE_EXT_AUTH1 = 11,
    /** Keys of authentication 2; index 0 and 1. */
    LWS_SYSBLOB_TYPE_EXT_AUTH2 = 13,
    /** Keys of authentication 3; index 0 and 1. */
    LWS_SYSBLOB_TYPE_EXT_AUTH3 = 15,
    /** Keys of authentication 4, first. */
    LWS_SYSBLOB_TYPE_EXT_AUTH4 = 17,
    /** Keys of authentication 4, second. */
    LWS_SYSBLOB_TYPE_EXT_AUTH4_1 = 18,
    /** How many there are. */
    LWS_SYSBLOB_TYPE_COUNT = 19,
};

/** The C name of `enum lws_system_blob_item`. */
typedef enum lws_system_blob_item lws_system_blob_item_t;

/** How far the system has come. Each state is passed in order; a notifier can hold it. */
enum lws_system_states {
    /** Before everything. */
    LWS_SYSTATE_UNKNOWN = 0,
    /** The context is made. */
    LWS_SYSTATE_CONTEXT_CREATED = 1,
    /** Before the change of user. */
    LWS_SYSTATE_PRE_PRIV_DROP = 2,
    /** Everything of ours is set up. */
    LWS_SYSTATE_INITIALIZED = 3,
    /** Standard input is being read. */
    LWS_SYSTATE_COLLECTING_STDIN = 4,
    /** Network interfaces are being looked for. */
    LWS_SYSTATE_IFACE_COLDPLUG = 5,
    /** Addresses are being asked for. */
    LWS_SYSTATE_DHCP = 6,
    /** Captive portal check before the time is known. */
    LWS_SYSTATE_CPD_PRE_TIME = 7,
    /** The time is known. */
    LWS_SYSTATE_TIME_VALID = 8,
    /** Captive portal check after the time is known. */
    LWS_SYSTATE_CPD_POST_TIME = 9,
    /** The policy is there. */
    LWS_SYSTATE_POLICY_VALID = 10,
    /** The device is registered. */
    LWS_SYSTATE_REGISTERED = 11,
    /** First authentication. */
    LWS_SYSTATE_AUTH1 = 12,
    /** Second authentication. */
    LWS_SYSTATE_AUTH2 = 13,
    /** Updates at start. */
    LWS_SYSTATE_ONE_TIME_UPDATES = 14,
    /** Streams work: programs create theirs now. */
    LWS_SYSTATE_OPERATIONAL = 15,
    /** The policy is being replaced. */
    LWS_SYSTATE_POLICY_INVALID = 16,
    /** The context goes. */
    LWS_SYSTATE_CONTEXT_DESTROYING = 17,
    /** Waiting for the end of everything else before an update. */
    LWS_SYSTATE_AWAITING_MODAL_UPDATING = 18,
    /** An update has the system for itself. */
    LWS_SYSTATE_MODAL_UPDATING = 19,
};

/** The C name of `enum lws_system_states`. */
typedef enum lws_system_states lws_system_states_t;

/** What the captive portal check found. */
enum lws_cpd_result {
    /** Nothing yet. */
    LWS_CPD_UNKNOWN = 0,
    /** The internet can be reached. */
    LWS_CPD_INTERNET_OK = 1,
    /** A captive portal is in the way. */
    LWS_CPD_CAPTIVE_PORTAL = 2,
    /** The internet cannot be reached. */
    LWS_CPD_NO_INTERNET = 3,
};

/** The C name of `enum lws_cpd_result`. */
typedef enum lws_cpd_result lws_cpd_result_t;

/** The attached call: context, thread, the caller's pointer. */
typedef void (*lws_attach_cb_t)(struct lws_context *context, int tsi, void *opaque);

/** What the platform does for us; any may be NULL. */
struct lws_system_ops {
    /** Restart the device. */
    int (*reboot)(void);
    /** Set the clock, in microseconds since 1970. */
    int (*set_clock)(lws_usec_t);
    /** Run a callback on the loop once a system state is reached; callable from other threads. */
    int (*attach)(struct lws_context*,
                  int,
                  lws_attach_cb_t,
                  lws_system_states_t,
                  void*,
                  struct lws_attach_item**);
    /** Begin a captive portal check. */
    int (*captive_portal_detect_request)(struct lws_context*);
    /** Take a metric; nonzero resets it. */
    int (*metric_report)(struct lws_metric_pub*);
    /** Find a CA by its key id; has no effect here. */
    int (*jit_trust_query)(struct lws_context*, const uint8_t*, size_t, void*);
    /** Take standard input. */
    int (*stdin_rx)(struct lws_context*, const char*, size_t);
    /** Microseconds that waking up takes. */
    uint32_t wake_latency_us;
};

/** The C name of `lws_system_ops`. */
typedef struct lws_system_ops lws_system_ops_t;

/** `lws_system_get_...`: the blob as hex. */
#define LWSSYSGAUTH_HEX (1 << 0)

/**
 * The blob `idx` places behind `type` in the context's table; NULL if that is outside of it.
 * The handle is good until the context is destroyed.
 *
 * Safety:
 * `context` came from this library or is NULL.
 */
LWS_VISIBLE LWS_EXTERN
struct lws_system_blob *lws_system_get_blob(struct lws_context *context,
                                            lws_system_blob_item_t type,
                                            int idx);

/**
 * Makes the blob `b` refer to the `len` bytes at `ptr`, without a copy. What it held before is
 * freed.
 *
 * Safety:
 * The memory stays readable until the blob is set anew, emptied or destroyed, or the context
 * goes.
 */
LWS_VISIBLE LWS_EXTERN
void lws_system_blob_direct_set(struct lws_system_blob *b,
                                const uint8_t *ptr,
                                size_t len);

/**
 * Empties the blob, so that it can be appended to.
 *
 * Safety:
 * `b` came from `lws_system_get_blob`.
 */
LWS_VISIBLE LWS_EXTERN void lws_system_blob_heap_empty(struct lws_system_blob *b);

/**
 * Adds a copy of `len` bytes to the end of the blob. Returns 0, or -1 with a log line if the blob
 * refers to the program's memory or would get too large.
 *
 * Safety:
 * `b` came from `lws_system_get_blob`; `ptr` has `len` readable bytes.
 */
LWS_VISIBLE LWS_EXTERN
int lws_system_blob_heap_append(struct lws_system_blob *b,
                                const uint8_t *ptr,
                                size_t len);

/**
 * The size of the blob in bytes.
 *
 * Safety:
 * `b` came from `lws_system_get_blob`.
 */
LWS_VISIBLE LWS_EXTERN size_t lws_system_blob_get_size(struct lws_system_blob *b);

/**
 * Points `*ptr` to the whole content if it lies in one piece: always with
 * `lws_system_blob_direct_set`, else if it was appended in one call. Returns 0, or -1 if it does
 * not. The memory is good until the blob is changed.
 *
 * Safety:
 * `b` came from `lws_system_get_blob`; `ptr` is writable.
 */
LWS_VISIBLE LWS_EXTERN
int lws_system_blob_get_single_ptr(struct lws_system_blob *b,
                                   const uint8_t **ptr);

/**
 * Copies up to `*len` bytes of the content, from `ofs` on, to `ptr` and sets `*len` to how many.
 * Returns 0, or 1 if the blob refers to the program's memory and `ofs` is behind its end.
 *
 * Safety:
 * `b` came from `lws_system_get_blob`; `len` is writable and `ptr` has `*len` writable bytes.
 */
LWS_VISIBLE LWS_EXTERN
int lws_system_blob_get(struct lws_system_blob *b,
                        uint8_t *ptr,
                        size_t *len,
                        size_t ofs);

/**
 * Frees the content of the blob. The handle stays good and the blob is empty.
 *
 * Safety:
 * `b` came from `lws_system_get_blob` or is NULL, which does nothing.
 */
LWS_VISIBLE LWS_EXTERN void lws_system_blob_destroy(struct lws_system_blob *b);

/**
 * The context that a state manager belongs to.
 *
 * Safety:
 * `mgr` is a live state manager or NULL.
 */
LWS_VISIBLE LWS_EXTERN
struct lws_context *lws_system_context_from_system_mgr(struct lws_state_manager *mgr);

/**
 * The state manager of a context; NULL for a stale handle.
 *
 * Safety:
 * `context` came from this library or is NULL.
 */
LWS_VISIBLE LWS_EXTERN
struct lws_state_manager *lws_system_get_state_manager(struct lws_context *context);

/**
 * The system ops that the context was created with; NULL if there were none.
 *
 * Safety:
 * `context` came from this library or is NULL.
 */
LWS_VISIBLE LWS_EXTERN const struct lws_system_ops *lws_system_get_ops(struct lws_context *context);

/**
 * Starts captive portal detection: what was known is forgotten, then the program's
 * `captive_portal_detect_request` of its system ops is called, or else a stream of the type
 * `captive_portal_detect` is made. With `LWS_SERVER_OPTION_CPD_BYPASS` the result is
 * `LWS_CPD_INTERNET_OK` without looking.
 *
 * A system message of the class `LWSSMDCL_NETWORK` with `"trigger":"cpdcheck"` or
 * `"type":"ipacq"` does the same. Returns 0, or not 0 if there is no way to look.
 *
 * Safety:
 * `context` came from this library.
 */
LWS_VISIBLE LWS_EXTERN int lws_system_cpd_start(struct lws_context *context);

/**
 * As `lws_system_cpd_start`, `defer_us` microseconds from now; asked again before that, the
 * time counts anew.
 *
 * Safety:
 * `cx` came from this library.
 */
LWS_VISIBLE LWS_EXTERN void lws_system_cpd_start_defer(struct lws_context *cx, lws_usec_t defer_us);

/**
 * Reports what captive portal detection found. Only the first result after a start counts: it is
 * announced by a system message (`{"type":"cpd","result":"OK"}`, `"Captive"` or `"No internet"`)
 * of the class `LWSSMDCL_NETWORK`, and the system's state is asked to go up to OPERATIONAL.
 *
 * Safety:
 * `context` came from this library.
 */
LWS_VISIBLE LWS_EXTERN
void lws_system_cpd_set(struct lws_context *context,
                        lws_cpd_result_t result);

/**
 * What the last captive portal detection found; `LWS_CPD_UNKNOWN` before and while it runs.
 *
 * Safety:
 * `context` came from this library.
 */
LWS_VISIBLE LWS_EXTERN lws_cpd_result_t lws_system_cpd_state_get(struct lws_context *context);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_SYSTEM_H */
