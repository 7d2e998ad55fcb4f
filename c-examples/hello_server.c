/*
 * hello_server: an http server. Every request is answered with the path that
 * was asked for; a request with a body gets its number of bytes.
 *
 *   hello_server [--policy FILE]
 *
 * The policy's stream type "hello" says where it listens, see
 * hello_server_policy.json. SIGINT ends it.
 */

#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

LWS_SS_USER_TYPEDEF
	char	answer[256];
	size_t	len, pos, received;
} hello_t;

static volatile sig_atomic_t stop;
static struct lws_context *cx;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
	lws_cancel_service(cx);
}

/* what the answer is, and how long: the library then asks for it by hello_tx */
static lws_ss_state_return_t
answer(hello_t *h, const char *text)
{
	h->len = (size_t)lws_snprintf(h->answer, sizeof(h->answer), "%s\n", text);
	h->pos = 0;
	lws_ss_server_ack(lws_ss_from_user(h), 0);	/* status 200 */
	if (lws_ss_set_metadata(lws_ss_from_user(h), "mime", "text/plain", 10))
		return LWSSSSRET_DISCONNECT_ME;

	return lws_ss_request_tx_len(lws_ss_from_user(h), (unsigned long)h->len);
}

/* the body of a request */
static lws_ss_state_return_t
hello_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	hello_t *h = (hello_t *)userobj;
	char text[64];

	(void)buf;
	if (flags & LWSSS_FLAG_SOM)
		h->received = 0;
	h->received += len;
	if (!(flags & LWSSS_FLAG_EOM))
		return LWSSSSRET_OK;
	lws_snprintf(text, sizeof(text), "%lu bytes", (unsigned long)h->received);

	return answer(h, text);
}

static lws_ss_state_return_t
hello_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
	 int *flags)
{
	hello_t *h = (hello_t *)userobj;

	(void)ord;
	if (h->pos == h->len)
		return LWSSSSRET_TX_DONT_SEND;
	if (*len > h->len - h->pos)
		*len = h->len - h->pos;
	memcpy(buf, h->answer + h->pos, *len);
	*flags = h->pos ? 0 : LWSSS_FLAG_SOM;
	h->pos += *len;
	if (h->pos == h->len) {
		*flags |= LWSSS_FLAG_EOM;
		return LWSSSSRET_OK;
	}

	return lws_ss_request_tx(lws_ss_from_user(h));
}

static lws_ss_state_return_t
hello_state(void *userobj, void *sh, lws_ss_constate_t state,
	    lws_ss_tx_ordinal_t ack)
{
	hello_t *h = (hello_t *)userobj;
	const void *v;
	size_t len;
	char text[200];

	(void)sh;
	(void)ack;
	if (state != LWSSSCS_SERVER_TXN)
		return LWSSSSRET_OK;
	/* one with a body is answered when that is complete */
	if (!lws_ss_get_metadata(lws_ss_from_user(h), "method", &v, &len) &&
	    len == 4 && !memcmp(v, "POST", 4))
		return LWSSSSRET_OK;
	if (lws_ss_get_metadata(lws_ss_from_user(h), "path", &v, &len))
		return LWSSSSRET_DISCONNECT_ME;
	lws_snprintf(text, sizeof(text), "hello, you asked for %.*s", (int)len,
		     (const char *)v);

	return answer(h, text);
}

LWS_SS_INFO("hello", hello_t)
	.rx = hello_rx,
	.tx = hello_tx,
	.state = hello_state,
};

int
main(int argc, const char **argv)
{
	struct lws_context_creation_info info;
	struct lws_ss_handle *listening;
	const char *file = lws_cmdline_option(argc, argv, "--policy");

	lws_context_info_defaults(&info, file ? file : "hello_server_policy.json");
	cx = lws_create_context(&info);
	if (!cx)
		return 1;
	if (lws_ss_create(cx, 0, &ssi_hello_t, NULL, &listening, NULL, NULL)) {
		lws_context_destroy(cx);
		return 1;
	}
	signal(SIGINT, on_signal);
	printf("port %d\n",
	       lws_get_vhost_port(lws_get_vhost_by_name(cx, "hello")));
	fflush(stdout);
	while (!stop && lws_service(cx, 0) >= 0)
		;
	lws_context_destroy(cx);

	return 0;
}
