/*
 * raw_echo: send a line over a raw stream and wait for its echo.
 *
 *   raw_echo --policy FILE [--stream TYPE] [--text TEXT] [-d LEVELS]
 *
 * A raw stream is bytes both ways, with no message boundaries: the echo may
 * come back in pieces. It may run over TCP, TLS or a unix domain socket, as
 * the policy says. Exit code 0 if what came back is what was sent.
 */

#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct lws_context *cx;
static const char *text = "hello from raw_echo";
static int exit_code = 1;

LWS_SS_USER_TYPEDEF
	size_t sent;
	size_t echoed;
} echo_t;

static lws_ss_state_return_t
echo_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	echo_t *me = (echo_t *)userobj;

	(void)flags;
	if (len > strlen(text) - me->echoed ||
	    memcmp(buf, text + me->echoed, len)) {
		printf("that is not what we sent\n");
		return LWSSSSRET_DISCONNECT_ME;
	}
	me->echoed += len;
	if (me->echoed < strlen(text))
		return LWSSSSRET_OK;

	printf("echoed: %s\n", text);
	exit_code = 0;

	return LWSSSSRET_DISCONNECT_ME;
}

static lws_ss_state_return_t
echo_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
	int *flags)
{
	echo_t *me = (echo_t *)userobj;
	size_t n = strlen(text) - me->sent;

	(void)ord;
	if (!n)
		return LWSSSSRET_TX_DONT_SEND;
	if (n > *len)
		n = *len;

	memcpy(buf, text + me->sent, n);
	me->sent += n;
	*len = n;
	*flags = LWSSS_FLAG_SOM | LWSSS_FLAG_EOM;

	return me->sent < strlen(text) ?
			lws_ss_request_tx(lws_ss_from_user(me)) : LWSSSSRET_OK;
}

static lws_ss_state_return_t
echo_state(void *userobj, void *h_src, lws_ss_constate_t state,
	   lws_ss_tx_ordinal_t ack)
{
	echo_t *me = (echo_t *)userobj;

	(void)h_src;
	(void)ack;
	if (state != LWSSSCS_EVENT_WAIT_CANCELLED)	/* wakeups: no news */
		printf("state %s\n", lws_ss_state_name(state));

	switch ((int)state) {
	case LWSSSCS_CREATING:
#if defined(LWS_SS_USE_SSPC)
	case LWSSSCS_CONNECTED:	/* with a proxy the first one only connects */
#endif
		return lws_ss_request_tx(lws_ss_from_user(me));
	case LWSSSCS_DISCONNECTED:
	case LWSSSCS_ALL_RETRIES_FAILED:
		lws_default_loop_exit(lws_ss_cx_from_user(me));
		break;
	default:
		break;
	}

	return LWSSSSRET_OK;
}

LWS_SS_INFO("echo", echo_t)
	.rx	= echo_rx,
	.tx	= echo_tx,
	.state	= echo_state,
};

static void
on_sigint(int sig)
{
	(void)sig;
	lws_default_loop_exit(cx);
}

int
main(int argc, const char **argv)
{
	const char *policy = lws_cmdline_option(argc, argv, "--policy"),
		   *stream = lws_cmdline_option(argc, argv, "--stream"),
		   *t = lws_cmdline_option(argc, argv, "--text");
	struct lws_context_creation_info info;
	lws_ss_info_t ssi = ssi_echo_t;

	if (!policy) {
		fprintf(stderr, "usage: %s --policy FILE [--stream TYPE] "
				"[--text TEXT] [-d LEVELS]\n", argv[0]);
		return 2;
	}
	if (t)
		text = t;

	lws_context_info_defaults(&info, policy);
	lws_cmdline_option_handle_builtin(argc, argv, &info);
	signal(SIGINT, on_sigint);

	cx = lws_create_context(&info);
	if (!cx) {
		fprintf(stderr, "no context: is the policy right?\n");
		return 1;
	}

	if (stream)
		ssi.streamtype = stream;
	if (lws_ss_create(cx, 0, &ssi, NULL, NULL, NULL, NULL)) {
		fprintf(stderr, "cannot create a %s stream\n", ssi.streamtype);
		lws_context_destroy(cx);
		return 1;
	}

	lws_context_default_loop_run_destroy(cx);

	return exit_code;
}
