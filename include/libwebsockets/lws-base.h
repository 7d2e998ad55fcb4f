/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_BASE_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_BASE_H

/*
 * What every other part needs: system headers, attributes, sizes and times, handles.
 *
 * Where: everywhere, in every callback and in any thread.
 */
#include "lws_config.h"

/* Programs rely on getting these from here. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Attributes. */
#if defined(__GNUC__)
#define LWS_VISIBLE __attribute__((visibility("default")))
#define LWS_WARN_UNUSED_RESULT __attribute__((warn_unused_result))
#define LWS_WARN_DEPRECATED __attribute__((deprecated))
/* The argument with this number is a printf format, its arguments follow. */
#define LWS_FORMAT(n) __attribute__((format(printf, n, n + 1)))
#else
#define LWS_VISIBLE
#define LWS_WARN_UNUSED_RESULT
#define LWS_WARN_DEPRECATED
#define LWS_FORMAT(n)
#endif
#define LWS_EXTERN extern
#define LWS_EXTERN_FOR_DATA extern
#define LWS_INLINE inline

/* Sizes. */
#define LWS_KI (1024)
#define LWS_MI (LWS_KI * 1024)
#define LWS_GI (LWS_MI * 1024)
#define LWS_TI ((uint64_t)LWS_GI * 1024)
#define LWS_PI ((uint64_t)LWS_TI * 1024)
#define LWS_SIZEOFPTR ((int)sizeof(void *))

/* Times. */
#define LWS_US_PER_SEC ((lws_usec_t)1000000)
#define LWS_MS_PER_SEC ((lws_usec_t)1000)
#define LWS_US_PER_MS ((lws_usec_t)1000)
#define LWS_NS_PER_US ((lws_usec_t)1000)
/** Microseconds to milliseconds, rounded. */
#define LWS_US_TO_MS(us) (((us) + (LWS_US_PER_MS / 2)) / LWS_US_PER_MS)

/** Number of elements of an array (not of a pointer). */
#define LWS_ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
/** Four characters as a number, the first in the highest byte. */
#define LWS_FOURCC(a, b, c, d) (((a) << 24) | ((b) << 16) | ((c) << 8) | (d))
/** The object of this type whose member is at this address. */
#ifndef lws_container_of
#define lws_container_of(address, type, member) \
    ((type *)((char *)(address)-offsetof(type, member)))
#endif
/** Raises x to the next multiple of n. */
#define LWS_ALIGN_TO(x, n) x += ((n) - ((x) % (n))) % (n)
/** What has been used of, and where to go on in, a char array with so much left. */
#define lws_concat_temp(array, left) ((array) + sizeof(array) - (left))
#define lws_concat_used(array, left) (sizeof(array) - (left))

/* Descriptors and files. */
#define LWS_INVALID_FILE (-1)
#define LWS_SOCK_INVALID (-1)
#define LWS_O_RDONLY O_RDONLY
#define LWS_O_WRONLY O_WRONLY
#define LWS_O_CREAT O_CREAT
#define LWS_O_TRUNC O_TRUNC
#define LWS_POSIX_LENGTH_CAST(x) ((size_t)(x))
#define lws_intptr_t intptr_t
#define lws_pollfd pollfd
#define LWS_POLLIN (POLLIN)
#define LWS_POLLOUT (POLLOUT)
#define LWS_POLLHUP (POLLHUP | POLLERR)

/* Threads: pthreads. */
#define lws_mutex_init(mutex) pthread_mutex_init(&(mutex), NULL)
#define lws_mutex_destroy(mutex) pthread_mutex_destroy(&(mutex))
#define lws_mutex_lock(mutex) pthread_mutex_lock(&(mutex))
#define lws_mutex_unlock(mutex) pthread_mutex_unlock(&(mutex))
#define lws_tid_t pthread_t
#define lws_thread_id() pthread_self()
#define lws_thread_is(thread) pthread_equal(thread, pthread_self())

#ifdef __cplusplus
extern "C" {
#endif

typedef pthread_mutex_t lws_mutex_t;
typedef struct lws_context *lws_ctx_t;

struct lws_vhost;
struct lws_context;
struct lws;

/** A connection, as the program sees it: an opaque handle. */
struct lws;

/** The context: the loop and everything that lives on it. Opaque. */
struct lws_context;

/** A virtual host: settings that connections share. Opaque. */
struct lws_vhost;

/** OpenSSL's `SSL_CTX`, by its tag; named so that this header needs none of OpenSSL. */
struct ssl_ctx_st;

/** A socket. */
typedef int lws_sockfd_type;

/** A file descriptor. */
typedef int lws_filefd_type;

/** Time or duration in microseconds. */
typedef int64_t lws_usec_t;

/** A position in, or the length of, a file. */
typedef unsigned long long lws_filepos_t;

/** A distance between positions in a file. */
typedef long long lws_fileofs_t;

/** Flags of an open file. */
typedef uint32_t lws_fop_flags_t;

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_BASE_H */
