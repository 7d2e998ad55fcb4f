/*
 * serve_and_fetch: an https server and its client in one process, in one
 * event loop.
 *
 *   serve_and_fetch --policy FILE [-d LEVELS]
 *
 * The policy's stream type "server" listens, "client" fetches from it; their
 * certificates and trust are the policy's affair. Exit code 0 if the client
 * was acknowledged, 3 if the port cannot be had.
 */

#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>

static const char greeting[] = "hello from this very process, over TLS\n";
static int exit_code = 1;

LWS_SS_USER_TYPEDEF
	char unused;
} server_t;

static lws_ss_state_return_t
server_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
	  int *flags)
{
	(void)userobj;
	(void)ord;
	if (*len < sizeof(greeting) - 1)
		return LWSSSSRET_DISCONNECT_ME;
	*len = sizeof(greeting) - 1;
	memcpy(buf, greeting, *len);
	*flags = LWSSS_FLAG_SOM | LWSSS_FLAG_EOM;

	return LWSSSSRET_OK;
}

/* of the listening stream, and of each stream that comes in */
static lws_ss_state_return_t
server_state(void *userobj, void *sh, lws_ss_constate_t state,
	     lws_ss_tx_ordinal_t ack)
{
	struct lws_ss_handle *h = lws_ss_from_user((server_t *)userobj);

	(void)sh;
	(void)ack;
	if (state == LWSSSCS_EVENT_WAIT_CANCELLED)
		return LWSSSSRET_OK;
	printf("server: %s\n", lws_ss_state_name(state));
	if (state != LWSSSCS_SERVER_TXN)
		return LWSSSSRET_OK;
	lws_ss_server_ack(h, 0);
	if (lws_ss_set_metadata(h, "mime", "text/plain", 10))
		return LWSSSSRET_DISCONNECT_ME;

	return lws_ss_request_tx_len(h, sizeof(greeting) - 1);
}

LWS_SS_INFO("server", server_t)
	.tx	= server_tx,
	.state	= server_state,
};

LWS_SS_USER_TYPEDEF
	char unused;
} client_t;

static lws_ss_state_return_t
client_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	(void)userobj;
	(void)flags;
	if (len)
		printf("client: %.*s", (int)len, (const char *)buf);

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
client_state(void *userobj, void *sh, lws_ss_constate_t state,
	     lws_ss_tx_ordinal_t ack)
{
	struct lws_ss_handle *h = lws_ss_from_user((client_t *)userobj);

	(void)sh;
	(void)ack;
	if (state == LWSSSCS_EVENT_WAIT_CANCELLED)
		return LWSSSSRET_OK;
	printf("client: %s\n", lws_ss_state_name(state));
	switch ((int)state) {
	case LWSSSCS_CREATING:
		return lws_ss_request_tx(h);
	case LWSSSCS_QOS_ACK_REMOTE:
		exit_code = 0;
		break;
	case LWSSSCS_DISCONNECTED:
	case LWSSSCS_ALL_RETRIES_FAILED:
		lws_default_loop_exit(lws_ss_cx_from_user((client_t *)userobj));
		break;
	default:
		break;
	}

	return LWSSSSRET_OK;
}

LWS_SS_INFO("client", client_t)
	.rx	= client_rx,
	.state	= client_state,
};

int
main(int argc, const char **argv)
{
	const char *policy = lws_cmdline_option(argc, argv, "--policy");
	struct lws_context_creation_info info;
	struct lws_context *cx;

	if (!policy) {
		fprintf(stderr, "usage: %s --policy FILE [-d LEVELS]\n", argv[0]);
		return 2;
	}
	lws_context_info_defaults(&info, policy);
	lws_cmdline_option_handle_builtin(argc, argv, &info);
	cx = lws_create_context(&info);
	if (!cx) {
		fprintf(stderr, "no context: is the policy right?\n");
		return 2;
	}
	if (lws_ss_create(cx, 0, &ssi_server_t, NULL, NULL, NULL, NULL)) {
		fprintf(stderr, "nothing can be served there\n");
		lws_context_destroy(cx);
		return 3;
	}
	if (lws_ss_create(cx, 0, &ssi_client_t, NULL, NULL, NULL, NULL)) {
		fprintf(stderr, "no client\n");
		lws_context_destroy(cx);
		return 1;
	}
	lws_context_default_loop_run_destroy(cx);

	return exit_code;
}
