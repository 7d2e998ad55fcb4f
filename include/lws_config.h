/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LWS_CONFIG_H
#define SECURESTREAMS_LWS_CONFIG_H

/*
 * What this library can do, as C programs ask for it with #if.
 *
 * A name is defined here if and only if the library does what it says. Names that programs know
 * from libwebsockets and that are not defined:
 *
 *   name                                       why it is not defined
 *   -----------------------------------------  -----------------------------------------------
 *   LWS_ROLE_H3, LWS_ROLE_QUIC, LWS_ROLE_WT    not planned
 *   LWS_WITH_SECURE_STREAMS_STATIC_POLICY_ONLY JSON policies are always there
 *   LWS_WITH_SECURE_STREAMS_BUFFER_DUMP        the structs never have its members
 *   LWS_WITH_SECURE_STREAMS_CPP                the structs never have its members
 *   LWS_WITH_SYS_FAULT_INJECTION               the structs never have its members
 *   LWS_WITH_SYS_METRICS                       metrics are not reported
 *   LWS_WITH_CONMON                            streams get `perf`; functions for connections are not built
 *   LWS_WITH_TLS_SESSIONS                      sessions are resumed, but cannot be saved by programs
 *   LWS_WITH_EVENT_LIBS, LWS_WITH_LIBUV ...    the loop is the library's own
 *   LWS_WITH_MBEDTLS, LWS_WITH_GNUTLS ...      TLS is the library's own
 *   LWS_WITH_LEJP, LWS_WITH_LWS_DSH, ...       low-level helpers that streams do not need
 *
 * The public structs do not depend on any of these: their layout is fixed.
 */

/* The libwebsockets version whose API and ABI this is. */
#define LWS_LIBRARY_VERSION_MAJOR 5
#define LWS_LIBRARY_VERSION_MINOR 0
#define LWS_LIBRARY_VERSION_PATCH 0
#define LWS_LIBRARY_VERSION_PATCH_ELABORATED 0
/* Millions are the major version, thousands the minor: 5.0.0 is 5000000. */
#define LWS_LIBRARY_VERSION_NUMBER \
    (LWS_LIBRARY_VERSION_MAJOR * 1000000 + LWS_LIBRARY_VERSION_MINOR * 1000 + \
     LWS_LIBRARY_VERSION_PATCH)
#define LWS_LIBRARY_VERSION "5.0.0"
#define LWS_BUILD_HASH "securestreams"

/* Programs are debug builds, with every lwsl_...() compiled in, unless they define NDEBUG. */
#if !defined(NDEBUG) && !defined(_DEBUG)
#define _DEBUG
#endif

/* The platform. */
#define LWS_PLAT_UNIX
#define LWS_HAS_INTPTR_T
#define LWS_HAS_GETOPT_LONG
#define LWS_HAVE_CLOCK_GETTIME
#define LWS_HAVE_CTIME_R
#define LWS_HAVE_GMTIME_R
#define LWS_HAVE_LOCALTIME_R
#define LWS_HAVE_PTHREAD_H
#define LWS_HAVE_STDINT_H
#define LWS_HAVE_SUSECONDS_T
#define LWS_HAVE_SYS_TYPES_H
#define LWS_HAVE_TIMEGM
#if defined(__linux__)
#define LWS_HAVE_EVENTFD
#define LWS_HAVE_PIPE2
#endif

/* One service thread. */
#define LWS_MAX_SMP 1

/* Logging: nothing is compiled out beyond what NDEBUG does. */
#define LWS_LOGGING_BITFIELD_CLEAR 0
#define LWS_LOGGING_BITFIELD_SET 0
#define LWS_LOGS_TIMESTAMP
#define LWS_LOG_TAG_LIFECYCLE

/* Parts that may be left out of the library, by the feature of its build. */
#define LWS_ROLE_H2
#define LWS_WITH_HTTP2
#define LWS_WITH_LWSAC
#define LWS_ROLE_MQTT
#define LWS_WITH_SECURE_STREAMS_PROXY_API
#define LWS_ROLE_RAW
#define LWS_WITH_SERVER
#define LWS_ROLE_WS

/* Protocols and transports. */
#define LWS_ROLE_H1
#define LWS_WITH_CACHE_NSCOOKIEJAR
#define LWS_WITH_CLIENT
#define LWS_WITH_CUSTOM_HEADERS
#define LWS_WITH_HTTP_UNCOMMON_HEADERS
#define LWS_WITH_IPV4
#define LWS_WITH_IPV6
#define LWS_WITH_NETWORK
#define LWS_WITH_POLL
#define LWS_WITH_SOCKS5
#define LWS_WITH_TCP_TLS
#define LWS_WITH_TLS
#define LWS_WITH_UNIX_SOCK
#define LWS_WITHOUT_EXTENSIONS

/* Streams and what surrounds them. */
#define LWS_WITH_SECURE_STREAMS
#define LWS_WITH_SECURE_STREAMS_AUTH_SIGV4
#define LWS_WITH_SS_DIRECT_PROTOCOL_STR
#define LWS_WITH_SYS_SMD
#define LWS_WITH_SYS_STATE

/* Helpers: hashes and HMACs, no ciphers. */
#define LWS_WITH_GENCRYPTO

#endif /* SECURESTREAMS_LWS_CONFIG_H */
