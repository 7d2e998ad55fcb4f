/*
 * hello_world: fetch something over a Secure Stream and print it.
 *
 * The program names a stream type; the policy says where that goes and by
 * which protocol, so nothing about servers, TLS or HTTP is written here.
 *
 *   hello_world --policy hello_world_policy.json --stream hello
 *   hello_world --url https://example.com/       (built-in policy, OS trust store)
 *
 * The payload and the states go to stdout, the library's log (-d LEVELS) to
 * stderr. Exit code 0 if the server acknowledged the transaction.
 */

#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static struct lws_context *cx;	/* the signal handler needs it */
static int exit_code = 1;	/* 0 once the server said yes */

LWS_SS_USER_TYPEDEF
	size_t received;
} hello_t;

static lws_ss_state_return_t
hello_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	hello_t *me = (hello_t *)userobj;

	me->received += len;
	if (len)
		fwrite(buf, 1, len, stdout);
	if (flags & LWSSS_FLAG_EOM)
		printf("[%zu bytes]\n", me->received);

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
hello_state(void *userobj, void *h_src, lws_ss_constate_t state,
	    lws_ss_tx_ordinal_t ack)
{
	hello_t *me = (hello_t *)userobj;

	(void)h_src;
	(void)ack;
	if (state != LWSSSCS_EVENT_WAIT_CANCELLED)	/* wakeups: no news */
		printf("state %s\n", lws_ss_state_name(state));

	switch ((int)state) {
	case LWSSSCS_QOS_ACK_REMOTE:
		exit_code = 0;
		break;
	case LWSSSCS_DISCONNECTED:	/* one transaction is all we want */
	case LWSSSCS_ALL_RETRIES_FAILED:
		lws_default_loop_exit(lws_ss_cx_from_user(me));
		break;
	default:
		break;
	}

	return LWSSSSRET_OK;
}

LWS_SS_INFO("__default", hello_t)
	.rx	= hello_rx,
	.state	= hello_state,
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
		   *url = lws_cmdline_option(argc, argv, "--url");
	struct lws_context_creation_info info;
	lws_ss_info_t ssi = ssi_hello_t;
	struct lws_ss_handle *h;

	if (!policy && !url) {
		fprintf(stderr, "usage: %s --policy FILE [--stream TYPE] | "
				"--url URL  [-d LEVELS]\n", argv[0]);
		return 2;
	}

	/* NULL selects the built-in policy with its "__default" stream type */
	lws_context_info_defaults(&info, policy);
	lws_cmdline_option_handle_builtin(argc, argv, &info);
	signal(SIGINT, on_sigint);

	cx = lws_create_context(&info);
	if (!cx) {
		fprintf(stderr, "no context: is the policy right?\n");
		return 1;
	}

	if (policy)
		ssi.streamtype = stream ? stream : "hello";
	if (lws_ss_create(cx, 0, &ssi, NULL, &h, NULL, NULL)) {
		fprintf(stderr, "cannot create a %s stream\n", ssi.streamtype);
		goto bail;
	}

	/* the url goes into the policy's ${endpoint} */
	if (url && lws_ss_set_metadata(h, "endpoint", url, strlen(url))) {
		fprintf(stderr, "cannot set the endpoint\n");
		goto bail;
	}
	if (lws_ss_request_tx(h))
		goto bail;

	lws_context_default_loop_run_destroy(cx);

	return exit_code;

bail:
	lws_context_destroy(cx);

	return 1;
}
