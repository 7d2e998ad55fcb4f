/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_LWSAC_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_LWSAC_H

/*
 * Memory that is given out piece by piece from chunks and freed all at once; files kept in it; chains
 * of objects that lie in it.
 *
 * Where: everywhere, in every callback and in any thread; an object only in one thread at a time.
 */
#include <libwebsockets/lws-base.h>

/** The object of this type whose member is the link at this address. */
#define lws_list_ptr_container(address, type, member) lws_container_of(address, type, member)

/** Makes a link the next one's address. */
#define lws_list_ptr_advance(link) (link) = *((void **)(link))

/** Another name of lwsac_use_zero(). */
#define lwsac_use_zeroed lwsac_use_zero

/** Says in the log if the bytes do not lie in the memory; returns 0 if they do. */
#define lwsac_assert_valid(memory, check, len) \
    _lwsac_assert_valid(memory, check, len, #memory, #check, __FILE__, __LINE__)

#ifdef __cplusplus
extern "C" {
#endif

/** A chunk of such memory; the first one stands for all. Opaque. */
struct lwsac;

/** The contents of a file, as `lwsac_cached_file` keeps them. */
typedef unsigned char *lwsac_cached_file_t;

/** A link of a chain: the address of a member that holds the next one's address. */
typedef void *lws_list_ptr;

/**
 * Compares two links' objects: negative, 0 or positive as `a` is to be before, with or behind
 * `b`.
 */
typedef int (*lws_list_ptr_sort_func_t)(lws_list_ptr a, lws_list_ptr b);

/**
 * Puts the link `add` into the chain that begins at `*head`: in front of the first link that
 * `sort` finds not to be before it, or with `sort` NULL in front of all.
 *
 * Safety:
 * Both are addresses of links, the chain is good; `sort` is callable with its links.
 */
LWS_VISIBLE LWS_EXTERN
void lws_list_ptr_insert(lws_list_ptr *head,
                         lws_list_ptr *add,
                         lws_list_ptr_sort_func_t sort);

/**
 * Takes `ensure` bytes, aligned for a pointer, from the memory at `*head`, which is NULL at
 * first. If the newest chunk has no room, another is allocated, for `chunk_size` bytes (0: 4000)
 * or `ensure` if that is more. Returns the bytes, which are good until the whole is freed; NULL
 * without memory.
 *
 * Safety:
 * `head` is the program's, set by these functions alone.
 */
LWS_VISIBLE LWS_EXTERN void *lwsac_use(struct lwsac **head, size_t ensure, size_t chunk_size);

/**
 * `lwsac_use` that looks for room in all chunks first, from the oldest on.
 *
 * Safety:
 * As there.
 */
LWS_VISIBLE LWS_EXTERN
void *lwsac_use_backfill(struct lwsac **head,
                         size_t ensure,
                         size_t chunk_size);

/**
 * `lwsac_use` whose bytes are zero.
 *
 * Safety:
 * As there.
 */
LWS_VISIBLE LWS_EXTERN void *lwsac_use_zero(struct lwsac **head, size_t ensure, size_t chunk_size);

/**
 * Frees all of the memory at `*head`, which is NULL afterwards.
 *
 * Safety:
 * `head` is the program's; nothing of the memory is used afterwards.
 */
LWS_VISIBLE LWS_EXTERN void lwsac_free(struct lwsac **head);

/**
 * Gives the memory at `*head` up: it is freed, and `*head` NULL afterwards, unless it has users.
 * Then the last one's `lwsac_unreference` does that.
 *
 * Safety:
 * `head` is the program's.
 */
LWS_VISIBLE LWS_EXTERN void lwsac_detach(struct lwsac **head);

/**
 * Adds a user of the memory `head`, which is not NULL.
 *
 * Safety:
 * `head` is what `lwsac_use` set.
 */
LWS_VISIBLE LWS_EXTERN void lwsac_reference(struct lwsac *head);

/**
 * Takes a user of the memory at `*head` away. If it was the last one, and `lwsac_detach` was
 * called, the memory is freed and `*head` is NULL afterwards.
 *
 * Safety:
 * `head` is the program's or the user's.
 */
LWS_VISIBLE LWS_EXTERN void lwsac_unreference(struct lwsac **head);

/**
 * Makes the piece of the memory `head` that was taken last `amount` zeroed bytes longer, rounded
 * up to the size of a pointer. Returns 0, or 1 if its chunk has no room for that. Not for pieces
 * of `lwsac_use_backfill`.
 *
 * Safety:
 * `head` is what `lwsac_use` set.
 */
LWS_VISIBLE LWS_EXTERN int lwsac_extend(struct lwsac *head, size_t amount);

/**
 * Bytes in front of the first piece of a chunk: of the first chunk if `first` is not 0, else of
 * others.
 */
LWS_VISIBLE LWS_EXTERN size_t lwsac_sizeof(int first);

/**
 * How much of the chunk `lac` is taken, in bytes from its beginning: where the next piece would
 * lie.
 *
 * Safety:
 * `lac` is a chunk.
 */
LWS_VISIBLE LWS_EXTERN size_t lwsac_get_tail_pos(struct lwsac *lac);

/**
 * The chunk behind `lac`, or NULL.
 *
 * Safety:
 * `lac` is a chunk.
 */
LWS_VISIBLE LWS_EXTERN struct lwsac *lwsac_get_next(struct lwsac *lac);

/** `length` rounded up to a multiple of the size of a pointer. */
LWS_VISIBLE LWS_EXTERN size_t lwsac_align(size_t length);

/**
 * Logs, for debugging, how large the memory `head` is.
 *
 * Safety:
 * `head` is NULL or what `lwsac_use` set.
 */
LWS_VISIBLE LWS_EXTERN void lwsac_info(struct lwsac *head);

/**
 * How many bytes the chunks of the memory `head` have; 0 for NULL.
 *
 * Safety:
 * `head` is NULL or what `lwsac_use` set.
 */
LWS_VISIBLE LWS_EXTERN uint64_t lwsac_total_alloc(struct lwsac *head);

/**
 * How many bytes of the chunks of the memory `head` are free or the chunks' own.
 *
 * Safety:
 * `head` is NULL or what `lwsac_use` set.
 */
LWS_VISIBLE LWS_EXTERN uint64_t lwsac_total_overhead(struct lwsac *head);

/**
 * Looks for the `len` bytes of `find` in the memory `head`, all of which has been written, to
 * use what is there once more. With `nul` not 0 a NUL has to follow. Returns where they are, or
 * NULL.
 *
 * Safety:
 * `head` is NULL or what `lwsac_use` set; `find` has `len` readable bytes.
 */
LWS_VISIBLE LWS_EXTERN
uint8_t *lwsac_scan_extant(struct lwsac *head,
                           uint8_t *find,
                           size_t len,
                           int nul);

/**
 * Whether the `len` bytes at `check` lie in pieces of the memory `aco`: 0 if so, else 1 with a
 * line in the log that names them as `name_blob`, the memory as `name_ac`, and the place as
 * `filename` and `line`. See `lwsac_assert_valid`.
 *
 * Safety:
 * `aco` is NULL or what `lwsac_use` set; the names are NULL or NUL-terminated.
 */
LWS_VISIBLE LWS_EXTERN
int _lwsac_assert_valid(struct lwsac *aco,
                        void *check,
                        size_t len,
                        const char *name_ac,
                        const char *name_blob,
                        const char *filename,
                        int line);

/**
 * Sees to it that the contents of the file `filepath` are in memory, with a NUL behind them, at
 * `*cache`, which is NULL at first. Sets `*len` to their length when it reads them. A file that
 * has changed is read again, with a look at it every 5 s; then the old contents go as with
 * `lwsac_use_cached_file_detach`. Returns 0, or 1 if the file cannot be read; `*cache` is as
 * before then.
 *
 * Safety:
 * `filepath` is NUL-terminated; `cache` and `len` can be written.
 */
LWS_VISIBLE LWS_EXTERN
int lwsac_cached_file(const char *filepath,
                      lwsac_cached_file_t *cache,
                      size_t *len);

/**
 * Begins to use `cache`, which `lwsac_cached_file` set: it stays until
 * `lwsac_use_cached_file_end`.
 *
 * Safety:
 * `cache` is NULL or live.
 */
LWS_VISIBLE LWS_EXTERN void lwsac_use_cached_file_start(lwsac_cached_file_t cache);

/**
 * Ends a use of `*cache`. If it was the last one, and the contents were given up, they are freed
 * and `*cache` is NULL afterwards.
 *
 * Safety:
 * `cache` is NULL or points to NULL or live contents.
 */
LWS_VISIBLE LWS_EXTERN void lwsac_use_cached_file_end(lwsac_cached_file_t *cache);

/**
 * Gives the contents `*cache` up: they are freed, and `*cache` is NULL afterwards, unless they
 * are used. Then the last `lwsac_use_cached_file_end` does that.
 *
 * Safety:
 * `cache` is NULL or points to NULL or live contents.
 */
LWS_VISIBLE LWS_EXTERN void lwsac_use_cached_file_detach(lwsac_cached_file_t *cache);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_LWSAC_H */
