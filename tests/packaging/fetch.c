/*
 * Fetches URL and prints what comes; valid as C and as C++. The URL travels
 * into the endpoint of the built-in policy, or of the one in the C source that
 * POLICY names.
 */

#include <libwebsockets.h>
#if defined(POLICY)
#include POLICY
#endif
#include <stdio.h>
#include <string.h>

static int acknowledged;

static lws_ss_state_return_t
rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	(void)userobj;
	(void)flags;
	fwrite(buf, 1, len, stdout);

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
state(void *userobj, void *h_src, lws_ss_constate_t st, lws_ss_tx_ordinal_t ack)
{
	(void)h_src;
	(void)ack;
	if (st == LWSSSCS_QOS_ACK_REMOTE)
		acknowledged = 1;
	if (st == LWSSSCS_DISCONNECTED || st == LWSSSCS_ALL_RETRIES_FAILED)
		lws_default_loop_exit(*(struct lws_context **)userobj);

	return LWSSSSRET_OK;
}

int
main(int argc, const char **argv)
{
	struct lws_context_creation_info info;
	struct lws_ss_handle *h = NULL;
	struct lws_context *cx;
	lws_ss_info_t ssi;
	void *user = NULL;

	if (argc != 2)
		return 2;
	lws_context_info_defaults(&info, NULL);
	lws_set_log_level(LLL_ERR, NULL);
#if defined(POLICY)
	info.pss_policies = &_ss_static_policy_entry;
#endif
	cx = lws_create_context(&info);
	if (!cx)
		return 3;

	memset(&ssi, 0, sizeof(ssi));
	ssi.streamtype = "__default";
	ssi.user_alloc = sizeof(cx);
	ssi.handle_offset = 0;
	ssi.opaque_user_data_offset = 0;
	ssi.rx = rx;
	ssi.state = state;
	if (lws_ss_create(cx, 0, &ssi, NULL, &h, NULL, NULL))
		return 4;
	user = lws_ss_to_user_object(h);
	memcpy(user, &cx, sizeof(cx));
	if (lws_ss_set_metadata(h, "endpoint", argv[1], strlen(argv[1])) ||
	    lws_ss_request_tx(h))
		return 5;
	lws_context_default_loop_run_destroy(cx);

	return acknowledged ? 0 : 1;
}
