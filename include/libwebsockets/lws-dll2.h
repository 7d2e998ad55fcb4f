/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_DLL2_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_DLL2_H

/*
 * Doubly linked lists with an owner. The link (lws_dll2_t) is a member of the listed object; from
 * the link to the object by lws_container_of().
 *
 * Where: everywhere, in every callback and in any thread; an object only in one thread at a time.
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

/**
 * Adds `d` as the first of the list `owner`.
 *
 * Safety:
 * Both are live; `d` is in no list.
 */
LWS_VISIBLE LWS_EXTERN void lws_dll2_add_head(struct lws_dll2 *d, struct lws_dll2_owner *owner);

/**
 * Adds `d` as the last of the list `owner`.
 *
 * Safety:
 * Both are live; `d` is in no list.
 */
LWS_VISIBLE LWS_EXTERN void lws_dll2_add_tail(struct lws_dll2 *d, struct lws_dll2_owner *owner);

/**
 * Adds `d` in front of `after`, in the same list.
 *
 * Safety:
 * Both are live; `d` is in no list.
 */
LWS_VISIBLE LWS_EXTERN void lws_dll2_add_before(struct lws_dll2 *d, struct lws_dll2 *after);

/**
 * Adds `d` behind `prev`, in the same list.
 *
 * Safety:
 * Both are live; `d` is in no list.
 */
LWS_VISIBLE LWS_EXTERN void lws_dll2_add_insert(struct lws_dll2 *d, struct lws_dll2 *prev);

/**
 * Takes `d` out of its list; does nothing if it is in none.
 *
 * Safety:
 * `d` and its list are live.
 */
LWS_VISIBLE LWS_EXTERN void lws_dll2_remove(struct lws_dll2 *d);

/**
 * Whether `d` is in no list.
 *
 * Safety:
 * `d` is live.
 */
LWS_VISIBLE LWS_EXTERN int lws_dll2_is_detached(const struct lws_dll2 *d);

/**
 * Zeroes `d`, without taking it out of a list.
 *
 * Safety:
 * `d` is live.
 */
LWS_VISIBLE LWS_EXTERN void lws_dll2_clear(struct lws_dll2 *d);

/**
 * Zeroes a list's owner, without touching its links.
 *
 * Safety:
 * `d` is live.
 */
LWS_VISIBLE LWS_EXTERN void lws_dll2_owner_clear(struct lws_dll2_owner *d);

/**
 * Calls `cb` with each link of `owner`, first to last, and `user`; it may remove that link.
 * Stops and returns 1 when `cb` returns not 0, else returns 0.
 *
 * Safety:
 * The list is live and `cb` callable with `user`.
 */
LWS_VISIBLE LWS_EXTERN
int lws_dll2_foreach_safe(struct lws_dll2_owner *owner,
                          void *user,
                          lws_dll2_foreach_cb_t cb);

/**
 * Adds `d` to the list `own`, which is sorted by `compare`, in front of those that are equal.
 *
 * Safety:
 * Both are live, `d` is in no list, `compare` is callable and changes nothing.
 */
LWS_VISIBLE LWS_EXTERN
void lws_dll2_add_sorted(struct lws_dll2 *d,
                         struct lws_dll2_owner *own,
                         int (*compare)(const struct lws_dll2*, const struct lws_dll2*));

/**
 * `lws_dll2_add_sorted` with a pointer that `compare3` gets.
 *
 * Safety:
 * As there.
 */
LWS_VISIBLE LWS_EXTERN
void lws_dll2_add_sorted_priv(struct lws_dll2 *d,
                              struct lws_dll2_owner *own,
                              void *priv,
                              int (*compare3)(void*, const struct lws_dll2*, const struct lws_dll2*));

/**
 * Finds the first object in the list `own` whose string equals the `namelen` bytes of `name`.
 * The object's link lies `dll2_ofs` bytes and the pointer to its string `ptr_ofs` bytes behind
 * its
 * start. Returns the object or NULL.
 *
 * Safety:
 * The list is live and its objects have that layout; `name` has `namelen` readable bytes.
 */
LWS_VISIBLE LWS_EXTERN
void *_lws_dll2_search_sz_pl(struct lws_dll2_owner *own,
                             const char *name,
                             size_t namelen,
                             size_t dll2_ofs,
                             size_t ptr_ofs);

/** The list that the link `d` is on, or NULL. */
static LWS_INLINE const struct lws_dll2_owner *
lws_dll2_owner(const struct lws_dll2 *d)
{
    return d->owner;
}

/** The first link of `owner`, or NULL. */
static LWS_INLINE struct lws_dll2 *
lws_dll2_get_head(struct lws_dll2_owner *owner)
{
    return owner->head;
}

/** The last link of `owner`, or NULL. */
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

/*
 * Walks of objects that are chained by a pointer to the next, whose member is named at the end (in
 * the safe kinds, where the object at hand may be freed, at the start). `break` and `continue` work.
 * In the kinds with llp, `it` is the address of the pointer to the object: assigning to `*it`
 * replaces the object, or with its next takes it out.
 */
#define lws_start_foreach_ll(type, it, start) \
    {                                         \
        type it = (start);                    \
        int it##_went;                        \
        while (it) {                          \
            for (it##_went = 0; !it##_went; it##_went = 1) {

#define lws_end_foreach_ll(it, member) \
    }                                  \
    if (!it##_went)                    \
        break;                         \
    it = it->member;                   \
    }                                  \
    }

#define lws_start_foreach_ll_safe(type, it, start, member) \
    {                                                      \
        type it##_after;                                   \
        for (type it = (start); it && ((it##_after = it->member), 1); it = it##_after) {

#define lws_end_foreach_ll_safe(it) \
    }                               \
    }

#define lws_start_foreach_llp(type, it, start) \
    {                                          \
        type it = &(start);                    \
        int it##_went;                         \
        while (*it) {                          \
            for (it##_went = 0; !it##_went; it##_went = 1) {

#define lws_end_foreach_llp(it, member) \
    }                                   \
    if (!it##_went)                     \
        break;                          \
    it = &(*it)->member;                \
    }                                   \
    }

#define lws_start_foreach_llp_safe(type, it, start, member) \
    {                                                       \
        type it##_after;                                    \
        for (type it = &(start); *it && ((it##_after = &(*it)->member), 1); it = it##_after) {

#define lws_end_foreach_llp_safe(it) \
    }                                \
    }

/** Puts an object in front of such a chain. */
#define lws_ll_fwd_insert(object, member, head) \
    {                                           \
        (object)->member = (head);              \
        (head) = (object);                      \
    }

/** Takes an object out of such a chain, if it is there. */
#define lws_ll_fwd_remove(type, member, object, head)              \
    {                                                              \
        type **lws_ll_at = &(head);                                \
        while (*lws_ll_at && *lws_ll_at != (object))               \
            lws_ll_at = &(*lws_ll_at)->member;                     \
        if (*lws_ll_at)                                            \
            *lws_ll_at = (object)->member;                         \
    }

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_DLL2_H */
