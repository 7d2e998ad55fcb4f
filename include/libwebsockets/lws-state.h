/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_STATE_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_STATE_H

/*
 * State managers: see lws_state_manager.
 *
 * Where: in the thread that runs the context's loop, in every callback.
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

/**
 * Adds the notifier `notify_link` to `mgr`. It is asked before those that were added earlier.
 * Legal at any time, also in a notifier.
 *
 * Safety:
 * Both are live and the notifier stays so until it is removed or the manager goes.
 */
LWS_VISIBLE LWS_EXTERN
void lws_state_reg_notifier(struct lws_state_manager *mgr,
                            struct lws_state_notify_link *notify_link);

/**
 * Removes the notifier `nl`; does nothing if it is not there. Legal in its own callback.
 *
 * Safety:
 * The notifier and its manager are live.
 */
LWS_VISIBLE LWS_EXTERN void lws_state_reg_deregister(struct lws_state_notify_link *nl);

/**
 * Adds the notifiers of a NULL-terminated array, in its order. NULL does nothing.
 *
 * Safety:
 * As `lws_state_reg_notifier` for each of them.
 */
LWS_VISIBLE LWS_EXTERN
void lws_state_reg_notifier_list(struct lws_state_manager *mgr,
                                 struct lws_state_notify_link *const *notify_link_array);

/**
 * Has `mgr` go up to `target` one state at a time, until a notifier refuses a step by returning
 * not 0; that one is expected to call this again later. For each step the notifiers are called
 * with the current and the next state, and if all agree again with the new state twice. A
 * `target` below the current state does nothing. Returns 0 always: look at the manager's state.
 * Legal in a notifier.
 *
 * Safety:
 * The manager and its notifiers are live.
 */
LWS_VISIBLE LWS_EXTERN int lws_state_transition_steps(struct lws_state_manager *mgr, int target);

/**
 * Has `mgr` go to `target` in one step, unless a notifier refuses. Returns 0 always. Legal in a
 * notifier.
 *
 * Safety:
 * The manager and its notifiers are live.
 */
LWS_VISIBLE LWS_EXTERN int lws_state_transition(struct lws_state_manager *mgr, int target);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_STATE_H */
