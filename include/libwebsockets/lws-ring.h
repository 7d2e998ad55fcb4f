/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_RING_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_RING_H

/*
 * Rings of equal elements: a producer's head, and a tail for each consumer, which is a number that
 * the consumer keeps. NULL for a tail is the ring's own, for rings with one consumer.
 *
 * Where: everywhere, in every callback and in any thread; a ring only in one thread at a time.
 */
#include <libwebsockets/lws-dll2.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A ring of equal elements. Opaque. */
struct lws_ring;

/**
 * Makes a ring for elements of `element_len` bytes, with room for `count` less one of them.
 * `destroy_element`, which may be NULL, is called with each element that the oldest tail has
 * left behind, and with those left when the ring is destroyed. Returns the ring, to be given to
 * `lws_ring_destroy`; NULL without memory or if a length is 0 or their product above 4 GiB.
 *
 * Safety:
 * `destroy_element` is callable with elements of the ring.
 */
LWS_VISIBLE LWS_EXTERN
struct lws_ring *lws_ring_create(size_t element_len,
                                 size_t count,
                                 void (*destroy_element)(void *element));

/**
 * Frees `ringbuf`, after telling its callback of each element that is still in it. NULL has no
 * effect.
 *
 * Safety:
 * `ringbuf` came from `lws_ring_create` and is not used afterwards.
 */
LWS_VISIBLE LWS_EXTERN void lws_ring_destroy(struct lws_ring *ringbuf);

/**
 * How many elements can be inserted into `ringbuf`. In a ring of single bytes a last free one is
 * not counted.
 *
 * Safety:
 * `ringbuf` is live.
 */
LWS_VISIBLE LWS_EXTERN size_t lws_ring_get_count_free_elements(struct lws_ring *ringbuf);

/**
 * How many elements of `ringbuf` wait for `tail`; NULL is the oldest one.
 *
 * Safety:
 * `ringbuf` is live, `tail` NULL or readable.
 */
LWS_VISIBLE LWS_EXTERN
size_t lws_ring_get_count_waiting_elements(struct lws_ring *ringbuf,
                                           uint32_t *tail);

/**
 * Copies elements from the array `src` into `ringbuf`, up to `max_count` or what there is room
 * for. Returns how many.
 *
 * Safety:
 * `ringbuf` is live; `src` has that many elements.
 */
LWS_VISIBLE LWS_EXTERN
size_t lws_ring_insert(struct lws_ring *ringbuf,
                       const void *src,
                       size_t max_count);

/**
 * Moves `tail` on by up to `max_count` elements that wait in `ringbuf`, after copying them to
 * the array `dest`, unless that is NULL. With NULL as `tail` it is the oldest one, and what it
 * leaves behind is freed up. Returns how many elements that were.
 *
 * Safety:
 * `ringbuf` is live, `tail` NULL or writable; `dest` is NULL or has room for `max_count`
 * elements.
 */
LWS_VISIBLE LWS_EXTERN
size_t lws_ring_consume(struct lws_ring *ringbuf,
                        uint32_t *tail,
                        void *dest,
                        size_t max_count);

/**
 * Where in `ringbuf` the next element for `tail` is; NULL if none waits. As `tail`, NULL is the
 * oldest one. The element is to be consumed by `lws_ring_consume` with NULL as `dest`.
 *
 * Safety:
 * `ringbuf` is live, `tail` NULL or readable.
 */
LWS_VISIBLE LWS_EXTERN const void *lws_ring_get_element(struct lws_ring *ringbuf, uint32_t *tail);

/**
 * Makes `tail` the oldest one of `ringbuf`: what is older is freed up, after telling the ring's
 * callback of it. To be called when the tail of the slowest consumer has moved.
 *
 * Safety:
 * `ringbuf` is live.
 */
LWS_VISIBLE LWS_EXTERN void lws_ring_update_oldest_tail(struct lws_ring *ringbuf, uint32_t tail);

/**
 * The oldest tail of `ringbuf`, with which a new consumer begins.
 *
 * Safety:
 * `ringbuf` is live.
 */
LWS_VISIBLE LWS_EXTERN uint32_t lws_ring_get_oldest_tail(struct lws_ring *ringbuf);

/**
 * Where in `ringbuf` can be written: sets `*start` and, to how much fits there without a wrap,
 * `*bytes`. Returns 0, or 1 if there is no room. What was written is made known with
 * `lws_ring_bump_head`.
 *
 * Safety:
 * `ringbuf` is live; the pointers can be written.
 */
LWS_VISIBLE LWS_EXTERN
int lws_ring_next_linear_insert_range(struct lws_ring *ringbuf,
                                      void **start,
                                      size_t *bytes);

/**
 * Moves the head of `ringbuf` on by `bytes`, at most what `lws_ring_next_linear_insert_range`
 * said.
 *
 * Safety:
 * `ringbuf` is live.
 */
LWS_VISIBLE LWS_EXTERN void lws_ring_bump_head(struct lws_ring *ringbuf, size_t bytes);

/**
 * Logs the state of `ringbuf`, seen from `tail` or, if that is NULL, from the oldest one.
 *
 * Safety:
 * `ringbuf` is live, `tail` NULL or readable.
 */
LWS_VISIBLE LWS_EXTERN void lws_ring_dump(struct lws_ring *ringbuf, uint32_t *tail);

/**
 * Moves `*tail` on by `count` elements. If it was the oldest one, the one of all consumers for which
 * most elements wait becomes that. The consumers are objects of `type`, chained from `list_head` by
 * their member `mlist`, with the tail in their member `mtail`.
 */
#define lws_ring_consume_and_update_oldest_tail(ring, type, tail, count, list_head, mtail, mlist)   \
    {                                                                                               \
        int lws_ring_was_oldest = lws_ring_get_oldest_tail(ring) == *(tail);                        \
        lws_ring_consume(ring, tail, NULL, count);                                                  \
        if (lws_ring_was_oldest) {                                                                  \
            uint32_t lws_ring_oldest = *(tail);                                                     \
            size_t lws_ring_most = 0, lws_ring_n;                                                   \
            type *lws_ring_consumer;                                                                \
            for (lws_ring_consumer = (list_head); lws_ring_consumer;                                \
                 lws_ring_consumer = lws_ring_consumer->mlist) {                                    \
                lws_ring_n = lws_ring_get_count_waiting_elements(ring, &lws_ring_consumer->mtail);  \
                if (lws_ring_n >= lws_ring_most) {                                                  \
                    lws_ring_most = lws_ring_n;                                                     \
                    lws_ring_oldest = lws_ring_consumer->mtail;                                     \
                }                                                                                   \
            }                                                                                       \
            lws_ring_update_oldest_tail(ring, lws_ring_oldest);                                     \
        }                                                                                           \
    }

/** The same for a ring with one consumer, whose tail is therefore the oldest one. */
#define lws_ring_consume_single_tail(ring, tail, count) \
    {                                                   \
        lws_ring_consume(ring, tail, NULL, count);      \
        lws_ring_update_oldest_tail(ring, *(tail));     \
    }

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_RING_H */
