/*
 * cpd: captive portal detection.
 *
 *   cpd POLICY HOW
 *
 * HOW: "start", "defer" (lws_system_cpd_start_defer), "message" (by a system message), "ops" (the
 * program's own detection), "bypass". Prints each system message about the network that has a
 * result, and what the state is then.
 */

#include <libwebsockets.h>
#include "check.h"

static struct lws_context *cx;
static int requests, results;

static int
heard(void *opaque, lws_smd_class_t cl, lws_usec_t at, void *buf, size_t len)
{
	(void)opaque;
	(void)at;
	if (cl == LWSSMDCL_NETWORK && strstr(buf, "\"result\"")) {
		printf("%.*s %d\n", (int)len, (const char *)buf, lws_system_cpd_state_get(cx));
		results++;
	}
	return 0;
}

static int
request(struct lws_context *context)
{
	CHECK(lws_system_cpd_state_get(context) == LWS_CPD_UNKNOWN);
	requests++;
	lws_system_cpd_set(context, LWS_CPD_CAPTIVE_PORTAL);
	lws_system_cpd_set(context, LWS_CPD_INTERNET_OK);	/* too late */
	return 0;
}

int
main(int argc, const char **argv)
{
	static lws_system_ops_t ops;
	struct lws_context_creation_info info;
	const char *how = argv[2];
	int n;

	CHECK(argc == 3);
	lws_set_log_level(LLL_ERR | LLL_WARN | LLL_NOTICE, NULL);
	memset(&info, 0, sizeof(info));
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.pss_policies_json = argv[1];
	info.early_smd_cb = heard;
	info.early_smd_class_filter = LWSSMDCL_NETWORK;
	if (!strcmp(how, "bypass"))
		info.options = LWS_SERVER_OPTION_CPD_BYPASS;
	ops.captive_portal_detect_request = request;
	if (!strcmp(how, "ops"))
		info.system_ops = &ops;
	CHECK(cx = lws_create_context(&info));
	CHECK(lws_system_cpd_state_get(cx) == LWS_CPD_UNKNOWN);

	if (!strcmp(how, "defer"))
		lws_system_cpd_start_defer(cx, 1000);
	else if (!strcmp(how, "message"))
		CHECK(!lws_smd_msg_printf(cx, LWSSMDCL_NETWORK, "{\"trigger\":\"cpdcheck\"}"));
	else
		CHECK(!lws_system_cpd_start(cx));
	while (!results)
		CHECK(lws_service(cx, 0) >= 0);
	for (n = 0; n < 10; n++)
		CHECK(lws_service(cx, -1) >= 0);
	CHECK(requests == !strcmp(how, "ops"));
	lws_context_destroy(cx);
	printf("ok\n");
	return 0;
}
