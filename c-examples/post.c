/*
 * post: send a request body whose length is known, and print the reply.
 *
 *   post --policy FILE [--stream TYPE] [--size BYTES | --body TEXT] [-d LEVELS]
 *
 * The stream type should be an h1 POST; the policy's metadata may map "ctype"
 * to the content-type header. Exit code 0 if the server acknowledged it.
 */

#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct lws_context *cx;
static const char *body = "hello from post\n";
static size_t body_len;
static int exit_code = 1;

LWS_SS_USER_TYPEDEF
	size_t sent;
} post_t;

static lws_ss_state_return_t
post_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	(void)userobj;
	(void)flags;
	if (len)
		fwrite(buf, 1, len, stdout);

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
post_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
	int *flags)
{
	post_t *me = (post_t *)userobj;
	size_t n = body_len - me->sent;

	(void)ord;
	if (!n)
		return LWSSSSRET_TX_DONT_SEND;
	if (n > *len)	/* *len is the room we are offered, any size */
		n = *len;

	memcpy(buf, body + me->sent, n);
	*flags = me->sent ? 0 : LWSSS_FLAG_SOM;
	me->sent += n;
	*len = n;
	if (me->sent == body_len) {
		*flags |= LWSSS_FLAG_EOM;
		return LWSSSSRET_OK;
	}

	return lws_ss_request_tx(lws_ss_from_user(me));	/* for the rest */
}

static lws_ss_state_return_t
post_state(void *userobj, void *h_src, lws_ss_constate_t state,
	   lws_ss_tx_ordinal_t ack)
{
	post_t *me = (post_t *)userobj;

	(void)h_src;
	(void)ack;
	if (state != LWSSSCS_EVENT_WAIT_CANCELLED)	/* wakeups: no news */
		printf("state %s\n", lws_ss_state_name(state));

	switch ((int)state) {
	case LWSSSCS_CREATING:
		/* fine if the policy has no such metadata */
		if (lws_ss_set_metadata(lws_ss_from_user(me), "ctype",
					"text/plain", 10))
			printf("(policy without ctype)\n");

		return lws_ss_request_tx_len(lws_ss_from_user(me),
					     (unsigned long)body_len);
	case LWSSSCS_QOS_ACK_REMOTE:
		exit_code = 0;
		break;
	case LWSSSCS_DISCONNECTED:
	case LWSSSCS_ALL_RETRIES_FAILED:
		lws_default_loop_exit(lws_ss_cx_from_user(me));
		break;
	default:
		break;
	}

	return LWSSSSRET_OK;
}

LWS_SS_INFO("post", post_t)
	.rx	= post_rx,
	.tx	= post_tx,
	.state	= post_state,
};

static void
on_sigint(int sig)
{
	(void)sig;
	lws_default_loop_exit(cx);
}

/* a body of this many bytes, in lines of 64 */
static char *
make_body(size_t n)
{
	char *p = (char *)malloc(n + 1);
	size_t i;

	if (p)
		for (i = 0; i < n; i++)
			p[i] = i % 64 == 63 ? '\n' : (char)('a' + i % 26);

	return p;
}

int
main(int argc, const char **argv)
{
	const char *policy = lws_cmdline_option(argc, argv, "--policy"),
		   *stream = lws_cmdline_option(argc, argv, "--stream"),
		   *text = lws_cmdline_option(argc, argv, "--body"),
		   *size = lws_cmdline_option(argc, argv, "--size");
	struct lws_context_creation_info info;
	lws_ss_info_t ssi = ssi_post_t;
	char *made = NULL;

	if (!policy) {
		fprintf(stderr, "usage: %s --policy FILE [--stream TYPE] "
				"[--size BYTES | --body TEXT] [-d LEVELS]\n",
			argv[0]);
		return 2;
	}
	if (text)
		body = text;
	body_len = strlen(body);
	if (size) {
		body_len = (size_t)strtoul(size, NULL, 10);
		body = made = make_body(body_len);
		if (!made)
			return 1;
	}

	lws_context_info_defaults(&info, policy);
	lws_cmdline_option_handle_builtin(argc, argv, &info);
	signal(SIGINT, on_sigint);

	cx = lws_create_context(&info);
	if (!cx) {
		fprintf(stderr, "no context: is the policy right?\n");
		free(made);
		return 1;
	}

	if (stream)
		ssi.streamtype = stream;
	if (lws_ss_create(cx, 0, &ssi, NULL, NULL, NULL, NULL)) {
		fprintf(stderr, "cannot create a %s stream\n", ssi.streamtype);
		lws_context_destroy(cx);
		free(made);
		return 1;
	}

	lws_context_default_loop_run_destroy(cx);
	free(made);

	return exit_code;
}
