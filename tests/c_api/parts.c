/*
 * What of the library is there: tries to make a stream of each type that is
 * named, one at a proxy, and a proxy.
 *
 *   parts POLICY STREAMTYPE...
 */

#include <libwebsockets.h>

#include "check.h"

struct obj {
	struct lws_ss_handle *ss;
	void *opaque;
};

static lws_ss_state_return_t
state(void *user, void *sh, lws_ss_constate_t st, lws_ss_tx_ordinal_t ack)
{
	(void)user;
	(void)sh;
	(void)st;
	(void)ack;

	return LWSSSSRET_OK;
}

int
main(int argc, char **argv)
{
	struct lws_context_creation_info info;
	struct lws_context *cx;
	struct lws_ss_handle *h;
	struct lws_sspc_handle *there;
	lws_ss_info_t ssi;
	int n, made;

	CHECK(argc > 2);
	lws_set_log_level(LLL_ERR | LLL_NOTICE, NULL);
	memset(&info, 0, sizeof(info));
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.pss_policies_json = argv[1];
	cx = lws_create_context(&info);
	CHECK(cx);

	memset(&ssi, 0, sizeof(ssi));
	ssi.handle_offset = offsetof(struct obj, ss);
	ssi.opaque_user_data_offset = offsetof(struct obj, opaque);
	ssi.user_alloc = sizeof(struct obj);
	ssi.state = state;
	for (n = 2; n < argc; n++) {
		ssi.streamtype = argv[n];
		h = NULL;
		made = !lws_ss_create(cx, 0, &ssi, NULL, &h, NULL, NULL);
		CHECK(made == !!h);
		printf("%s %d\n", argv[n], made);
	}

	there = NULL;
	made = !lws_sspc_create(cx, 0, &ssi, NULL, &there, NULL, NULL);
	CHECK(made == !!there);
	printf("sspc %d\n", made);
	lws_sspc_destroy(&there);
	printf("proxy %d\n", !lws_ss_proxy_create(cx, "+@parts.test", 0));

	lws_context_destroy(cx);
	printf("ok\n");

	return 0;
}
