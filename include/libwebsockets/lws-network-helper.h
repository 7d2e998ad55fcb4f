/* Made by scripts/headers from capi/headers and src/ffi: change those, not this. */
#ifndef SECURESTREAMS_LIBWEBSOCKETS_LWS_NETWORK_HELPER_H
#define SECURESTREAMS_LIBWEBSOCKETS_LWS_NETWORK_HELPER_H

/*
 * Addresses of hosts and networks, as text and in lws_sockaddr46.
 *
 * Where: everywhere, in every callback and in any thread.
 */
#include <libwebsockets/lws-adopt.h>

/** Compares two struct in6_addr: 0 if they are the same. */
#define lws_sa46_compare_sin6_addr(a, b) memcmp((a)->s6_addr, (b)->s6_addr, 16)

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Writes the bytes of the address `ads`, a v4 or v6 one without a port, to `result`, which has
 * room for `max_len` bytes. Returns how many these are, 4 or 16; below 0 if it is no address or
 * there is no room.
 *
 * Safety:
 * `ads` is NUL-terminated or NULL, `result` has that room.
 */
LWS_VISIBLE LWS_EXTERN
int lws_parse_numeric_address(const char *ads,
                              uint8_t *result,
                              size_t max_len);

/**
 * Sets `sa46` to the address `ads`, with port 0. Returns 0, or -1 if it is no address; `sa46` is
 * zero then.
 *
 * Safety:
 * `ads` is NUL-terminated or NULL, `sa46` can be written.
 */
LWS_VISIBLE LWS_EXTERN int lws_sa46_parse_numeric_address(const char *ads, lws_sockaddr46 *sa46);

/**
 * Sets `sa46` to the address in front of the `/` of `cidr`, and `*len` to the number behind it;
 * without one to 32 or 128. Returns 0, or -1 if it is no address.
 *
 * Safety:
 * `cidr` is NUL-terminated or NULL, the others can be written.
 */
LWS_VISIBLE LWS_EXTERN int lws_parse_cidr(const char *cidr, lws_sockaddr46 *sa46, int *len);

/**
 * Whether `sa46` is a v6 address that stands for a v4 one (`::ffff:a.b.c.d`): 1 if so, else 0.
 *
 * Safety:
 * `sa46` is NULL or set.
 */
LWS_VISIBLE LWS_EXTERN int lws_sa46_is_ipv4_mapped(const lws_sockaddr46 *sa46);

/**
 * Compares the addresses of `sa46a` and `sa46b`, where a v4 address is the same as the v6 one
 * that stands for it. Returns 0 if they are the same.
 *
 * Safety:
 * Both are NULL or set.
 */
LWS_VISIBLE LWS_EXTERN
int lws_sa46_compare_ads(const lws_sockaddr46 *sa46a,
                         const lws_sockaddr46 *sa46b);

/**
 * Whether the address `sa46a` is in the network whose addresses begin with the `net_len` bits of
 * `sa46_net`: 0 if it is, else 1. If one is a v4 address and the other is not, its v6 form is
 * looked at.
 *
 * Safety:
 * Both are NULL or set.
 */
LWS_VISIBLE LWS_EXTERN
int lws_sa46_on_net(const lws_sockaddr46 *sa46a,
                    const lws_sockaddr46 *sa46_net,
                    int net_len);

/**
 * Writes the address of the `size` bytes of `ads`, 4 or 16, to `buf`, which has room for `len`
 * bytes, as text with a NUL. Returns its length, or -1 if it does not fit or `size` is another.
 *
 * Safety:
 * The pointers have that many bytes.
 */
LWS_VISIBLE LWS_EXTERN
int lws_write_numeric_address(const uint8_t *ads,
                              int size,
                              char *buf,
                              size_t len);

/**
 * `lws_write_numeric_address` for `sa46`. If that is no address but zero or a unix socket, the
 * text says so; for other families it does too, and -1 is returned.
 *
 * Safety:
 * `sa46` is set; `buf` has room for `len` bytes.
 */
LWS_VISIBLE LWS_EXTERN
int lws_sa46_write_numeric_address(lws_sockaddr46 *sa46,
                                   char *buf,
                                   size_t len);

/**
 * Writes the six bytes of the MAC address `ads`, `XX:XX:XX:XX:XX:XX` in hexadecimal, to
 * `result_6_bytes`. Returns 0, below 0 if it is none.
 *
 * Safety:
 * `ads` is NUL-terminated or NULL, the result can be written.
 */
LWS_VISIBLE LWS_EXTERN int lws_parse_mac(const char *ads, uint8_t *result_6_bytes);

/**
 * Whether the text `ads` is an address of this machine's loopback, of a private network or of
 * one link: 1 if so, else 0.
 *
 * Safety:
 * `ads` is NUL-terminated or NULL.
 */
LWS_VISIBLE LWS_EXTERN int lws_is_lan_address(const char *ads);

/**
 * Whether `ads` is `localhost`, `localhost4`, `localhost6`, `127.0.0.1` or `::1`: 1 if so, else
 * 0.
 *
 * Safety:
 * `ads` is NUL-terminated or NULL.
 */
LWS_VISIBLE LWS_EXTERN int lws_is_local_address(const char *ads);

#ifdef __cplusplus
}
#endif

#endif /* SECURESTREAMS_LIBWEBSOCKETS_LWS_NETWORK_HELPER_H */
