/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_DLL2_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_DLL2_H

/*
 * Doubly linked lists with an owner. The link (lws_dll2_t) is a member of the listed object; from
 * the link to the object by lws_container_of().
 */
#include <libwebsockets/lws-base.h>

#ifdef __cplusplus
extern "C" {
#endif

struct lws_dll2;
struct lws_dll2_owner;

/** Called with a link and the caller's pointer; nonzero ends the walk. */
typedef int (*lws_dll2_foreach_cb_t)(struct lws_dll2 *d, void *user);

/** A link: lives inside the object that is on the list. Zero when on none. */
struct lws_dll2 {
    /** The link before, or NULL. */
    struct lws_dll2 *prev;
    /** The link after, or NULL. */
    struct lws_dll2 *next;
    /** The list, or NULL when on none. */
    struct lws_dll2_owner *owner;
};

/** The C name of `lws_dll2`. */
typedef struct lws_dll2 lws_dll2_t;

/** A list. Zero when empty. */
struct lws_dll2_owner {
    /** The last link, or NULL. */
    struct lws_dll2 *tail;
    /** The first link, or NULL. */
    struct lws_dll2 *head;
    /** How many links there are. */
    uint32_t count;
};

/** The C name of `lws_dll2_owner`. */
typedef struct lws_dll2_owner lws_dll2_owner_t;

/** The list that the link is on, or NULL. */
static LWS_INLINE const struct lws_dll2_owner *
lws_dll2_owner(const struct lws_dll2 *d)
{
    return d->owner;
}

/** The first link, or NULL. */
static LWS_INLINE struct lws_dll2 *
lws_dll2_get_head(struct lws_dll2_owner *owner)
{
    return owner->head;
}

/** The last link, or NULL. */
static LWS_INLINE struct lws_dll2 *
lws_dll2_get_tail(struct lws_dll2_owner *owner)
{
    return owner->tail;
}

/** The first listed object whose string member is the name, or NULL. */
#define lws_dll2_search_sz_pl(owner, name, name_len, type, link_member, string_member) \
    ((type *)_lws_dll2_search_sz_pl(owner, name, name_len, offsetof(type, link_member), \
                                    offsetof(type, string_member)))

/*
 * Walks a list; what the brackets of start and end hold is done for each link. In the safe kind
 * the link at hand may be removed or freed.
 */
#define lws_start_foreach_dll(type, it, start) \
    {                                          \
        for (type it = (start); it; it = it->next) {

#define lws_end_foreach_dll(it) \
    }                           \
    }

#define lws_start_foreach_dll_safe(type, it, after, start) \
    {                                                      \
        type after;                                        \
        for (type it = (start); it && ((after = it->next), 1); it = after) {

#define lws_end_foreach_dll_safe(it, after) \
    }                                       \
    }

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_DLL2_H */
