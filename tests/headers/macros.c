/*
 * Uses the hand-written parts of the headers the way programs do. Compiled, never run; HAVE_name
 * is defined for each function that the headers declare.
 */
#include <libwebsockets.h>

#if defined(HAVE_lws_ss_get_context)
LWS_SS_USER_TYPEDEF
    int count;
    lws_sorted_usec_list_t sul;
} greeting_t;

static lws_ss_state_return_t
greeting_state(void *userobj, void *source, lws_ss_constate_t state, lws_ss_tx_ordinal_t ack)
{
    greeting_t *greeting = (greeting_t *)userobj;

    (void)source;
    (void)ack;
    if (!lws_ss_cx_from_user(greeting) || lws_ss_opaque_from_user(greeting))
        return LWSSSSRET_DISCONNECT_ME;

    switch (state) {
    case LWSSSCS_CREATING:
        greeting->count++;
        break;
    case LWSSSCS_ALL_RETRIES_FAILED:
        return LWSSSSRET_DESTROY_ME;
    default:
        break;
    }

    return lws_ss_from_user(greeting) ? LWSSSSRET_OK : LWSSSSRET_TX_DONT_SEND;
}

extern const lws_ss_info_t ssi_greeting_t;

LWS_SS_INFO("greeting", greeting_t)
    .state = greeting_state,
};
#endif

#if defined(HAVE__lws_context_info_defaults)
void use_defaults(struct lws_context_creation_info *info);

void
use_defaults(struct lws_context_creation_info *info)
{
    lws_context_info_defaults(info, "policy.json");
    info->options |= LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_H2_PRIOR_KNOWLEDGE;
    info->port = CONTEXT_PORT_NO_LISTEN;
}
#endif

#define LOG_ALL_LEVELS(prefix, ...) \
    prefix##_err(__VA_ARGS__);      \
    prefix##_warn(__VA_ARGS__);     \
    prefix##_notice(__VA_ARGS__);   \
    prefix##_info(__VA_ARGS__);     \
    prefix##_debug(__VA_ARGS__);    \
    prefix##_parser(__VA_ARGS__);   \
    prefix##_header(__VA_ARGS__);   \
    prefix##_ext(__VA_ARGS__);      \
    prefix##_client(__VA_ARGS__);   \
    prefix##_latency(__VA_ARGS__);  \
    prefix##_thread(__VA_ARGS__);   \
    prefix##_user(__VA_ARGS__)

#define DUMP_ALL_LEVELS(prefix, ...) \
    prefix##_err(__VA_ARGS__);       \
    prefix##_warn(__VA_ARGS__);      \
    prefix##_notice(__VA_ARGS__);    \
    prefix##_info(__VA_ARGS__);      \
    prefix##_debug(__VA_ARGS__);     \
    prefix##_user(__VA_ARGS__)

void use_logs(struct lws_context *cx, struct lws_vhost *vhost, struct lws *wsi,
              struct lws_ss_handle *ss, struct lws_sspc_handle *sspc, const char *buf, size_t len);

void
use_logs(struct lws_context *cx, struct lws_vhost *vhost, struct lws *wsi, struct lws_ss_handle *ss,
         struct lws_sspc_handle *sspc, const char *buf, size_t len)
{
    (void)cx;
    (void)vhost;
    (void)wsi;
    (void)ss;
    (void)sspc;
    (void)buf;
    (void)len;

    LOG_ALL_LEVELS(lwsl, "%s: %d\n", __func__, (int)len);
#if defined(HAVE_lwsl_hexdump_level)
    DUMP_ALL_LEVELS(lwsl_hexdump, buf, len);
#endif
#if defined(HAVE_lwsl_context_get_cx) && defined(HAVE_lws_log_prepend_context)
    LOG_ALL_LEVELS(lwsl_cx, cx, "%d\n", (int)len);
#if defined(HAVE_lwsl_hexdump_level_cx)
    DUMP_ALL_LEVELS(lwsl_hexdump_cx, cx, buf, len);
#endif
#endif
#if defined(HAVE_lwsl_vhost_get_cx) && defined(HAVE_lws_log_prepend_vhost)
    LOG_ALL_LEVELS(lwsl_vhost, vhost, "%d\n", (int)len);
#if defined(HAVE_lwsl_hexdump_level_cx)
    DUMP_ALL_LEVELS(lwsl_hexdump_vhost, vhost, buf, len);
#endif
#endif
#if defined(HAVE_lwsl_wsi_get_cx) && defined(HAVE_lws_log_prepend_wsi)
    LOG_ALL_LEVELS(lwsl_wsi, wsi, "%d\n", (int)len);
#if defined(HAVE_lwsl_hexdump_level_cx)
    DUMP_ALL_LEVELS(lwsl_hexdump_wsi, wsi, buf, len);
#endif
#endif
#if defined(HAVE_lwsl_ss_get_cx) && defined(HAVE_lws_log_prepend_ss)
    LOG_ALL_LEVELS(lwsl_ss, ss, "%d\n", (int)len);
#if defined(HAVE_lwsl_hexdump_level_cx)
    DUMP_ALL_LEVELS(lwsl_hexdump_ss, ss, buf, len);
#endif
#endif
#if defined(HAVE_lwsl_sspc_get_cx) && defined(HAVE_lws_log_prepend_sspc)
    LOG_ALL_LEVELS(lwsl_sspc, sspc, "%d\n", (int)len);
#if defined(HAVE_lwsl_hexdump_level_cx)
    DUMP_ALL_LEVELS(lwsl_hexdump_sspc, sspc, buf, len);
#endif
#endif
}

#if defined(HAVE__lws_log_rl) && defined(HAVE__lws_log_cx_rl) && \
    defined(HAVE_lws_log_ratelimit_check) && defined(HAVE_lwsl_context_get_cx) && \
    defined(HAVE_lws_log_prepend_context)
void use_limited_logs(struct lws_context *cx);

void
use_limited_logs(struct lws_context *cx)
{
    LWS_RATELIMIT_DEFINE_STATIC(limit);

    (void)cx;
    (void)limit;
    LOG_ALL_LEVELS(lwsl_ratelimit, &limit, LWS_US_PER_SEC, "%d\n", 1);
    LOG_ALL_LEVELS(lwsl_ratelimit_cx, &limit, LWS_US_PER_SEC, cx, "%d\n", 1);
}
#endif

struct item {
    int number;
    lws_dll2_t list;
};

int use_lists(lws_dll2_owner_t *owner);

int
use_lists(lws_dll2_owner_t *owner)
{
    int sum = 0;

    lws_start_foreach_dll (struct lws_dll2 *, d, lws_dll2_get_head(owner)) {
        struct item *item = lws_container_of(d, struct item, list);

        if (lws_dll2_owner(d) != owner)
            continue;
        sum += item->number;
    } lws_end_foreach_dll(d);

    lws_start_foreach_dll_safe (struct lws_dll2 *, d, d1, lws_dll2_get_head(owner)) {
        if (d == lws_dll2_get_tail(owner))
            break;
        sum++;
    } lws_end_foreach_dll_safe(d, d1);

    return sum;
}

int use_numbers(void);

int
use_numbers(void)
{
    static const struct lws_protocols protocols[] = { LWS_PROTOCOL_LIST_TERM };
    char text[16] = "";
    lws_usec_t second = LWS_US_PER_SEC + LWS_MS_PER_SEC * LWS_US_PER_MS + LWS_USEC_PER_SEC;
    lws_filepos_t unknown = LWS_ILLEGAL_HTTP_CONTENT_LEN;
    size_t left = 4, padded = 5;

    LWS_ALIGN_TO(padded, 8);
    if (lws_check_opt(LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT, LWS_SERVER_OPTION_UNIX_SOCK))
        return 1;
    if (lws_ptr_diff(text + 4, text) != 4 || lws_ptr_diff_size_t(text + 4, text) != 4)
        return 2;
    if (LWS_FOURCC('a', 'b', 'c', 'd') == 0 || strcmp(LWS_SMD_STREAMTYPENAME, "_lws_smd"))
        return 3;
    if (lws_concat_temp(text, left) - text != (ptrdiff_t)lws_concat_used(text, left))
        return 4;
    if (LWS_LIBRARY_VERSION_NUMBER < 5000000 || lws_is_be())
        return 5;

    return (int)LWS_ARRAY_SIZE(protocols) + (int)LWS_US_TO_MS(second) + (unknown == 0) +
           lws_snprintf(text, sizeof(text), "%s", LWS_LIBRARY_VERSION) +
           (second == LWS_SET_TIMER_USEC_CANCEL) + (int)padded;
}

/* of the system's, with no header of its own included */
int use_system(void);

int
use_system(void)
{
    int status = INT_MAX;

    signal(SIGINT, SIG_DFL);
    if (waitpid(-1, &status, 0) < 0 && errno != ECHILD)
        return 1;

    return printf("%" PRIu64, (uint64_t)lws_now_usecs()) < 0;
}

#if defined(HAVE_lws_smd_ss_rx_forward)
int use_smd(struct lws_context *cx, uint8_t *buf, size_t *len);

int
use_smd(struct lws_context *cx, uint8_t *buf, size_t *len)
{
    if (lws_smd_msg_printf(cx, LWSSMDCL_INTERACTION | LWSSMDCL_NETWORK, "{\"n\":%d}", 1))
        return 1;

    return lws_smd_ss_msg_printf("tag", buf, len, 1 << LWSSMDCL_USER_BASE_BITNUM, "{\"n\":%d}", 1);
}
#endif
