/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_STATE_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_STATE_H

/*
 * State managers: see lws_state_manager.
 */
#include <libwebsockets/lws-dll2.h>
#include <libwebsockets/lws-smd.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lws_state_notify_link;
struct lws_state_manager;

/**
 * A change is near: manager, link, the state now, the state wanted. Nonzero holds it up; the
 * holder asks again later.
 */
typedef int (*lws_state_notify_t)(struct lws_state_manager *mgr,
                                  struct lws_state_notify_link *link,
                                  int current,
                                  int target);

/** Somebody who is told about changes. */
struct lws_state_notify_link {
    /** Our link in the manager's list; zero it. */
    struct lws_dll2 list;
    /** The callback. */
    lws_state_notify_t notify_cb;
    /** Name for the logs. */
    const char *name;
};

/** The C name of `lws_state_notify_link`. */
typedef struct lws_state_notify_link lws_state_notify_link_t;

/** A state and who is told about it. */
struct lws_state_manager {
    /** Those who are told. */
    struct lws_dll2_owner notify_list;
    /** The context. */
    struct lws_context *context;
    /** What the state belongs to. */
    void *parent;
    /** Class of the system messages about it; 0 for none. */
    lws_smd_class_t smd_class;
    /** The states' names. */
    const char **state_names;
    /** The manager's name. */
    const char *name;
    /** The state now. */
    int state;
};

/** The C name of `lws_state_manager`. */
typedef struct lws_state_manager lws_state_manager_t;

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_STATE_H */
