/*
 * fetch_policy: a context whose policy says that another one is to be fetched.
 *
 *   fetch_policy POLICY
 *
 * A stream of type "both" is made with the policy that the context begins with. When a download
 * failed (an error in the log), the program says so and asks once more for OPERATIONAL. At
 * OPERATIONAL it says which stream types there are, connects "both", and shows what it gets.
 */

#include <libwebsockets.h>
#include "check.h"

static struct lws_context *cx;
static struct lws_ss_handle *both;
static int failed, asked, operational, done;

static void
emit(int level, const char *line)
{
	const char *about = strstr(line, "fetch_policy: ");

	fprintf(stderr, "%s", line);
	if (level == LLL_ERR && about) {
		printf("error %s", about + strlen("fetch_policy: "));
		failed++;
	}
}

LWS_SS_USER_TYPEDEF
} thing_t;

static lws_ss_state_return_t
rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	(void)userobj;
	printf("%s%.*s", flags & LWSSS_FLAG_SOM ? "both: " : "", (int)len, (const char *)buf);
	if (flags & LWSSS_FLAG_EOM)
		done = 1;
	return LWSSSSRET_OK;
}

static struct lws_ss_handle *
create(const char *type)
{
	struct lws_ss_handle *h = NULL;
	lws_ss_info_t ssi;

	memset(&ssi, 0, sizeof(ssi));
	ssi.handle_offset = offsetof(thing_t, ss);
	ssi.opaque_user_data_offset = offsetof(thing_t, opaque_data);
	ssi.user_alloc = sizeof(thing_t);
	ssi.streamtype = type;
	ssi.rx = rx;
	return lws_ss_create(cx, 0, &ssi, NULL, &h, NULL, NULL) ? NULL : h;
}

static int
state_changed(lws_state_manager_t *mgr, lws_state_notify_link_t *link, int current, int target)
{
	(void)mgr;
	(void)link;
	if (current == target && target == LWS_SYSTATE_OPERATIONAL)
		operational = 1;
	return 0;
}

static void
show(const char *type)
{
	struct lws_ss_handle *h = create(type);

	printf("%s %s\n", type, h ? "exists" : "does not exist");
	lws_ss_destroy(&h);
}

int
main(int argc, const char **argv)
{
	static lws_state_notify_link_t notifier = { .notify_cb = state_changed, .name = "test" };
	static lws_state_notify_link_t * const notifiers[] = { &notifier, NULL };
	struct lws_context_creation_info info;
	lws_state_manager_t *mgr;

	CHECK(argc == 2);
	lws_set_log_level(LLL_ERR | LLL_WARN | LLL_NOTICE, emit);
	memset(&info, 0, sizeof(info));
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.pss_policies_json = argv[1];
	info.register_notifier_list = notifiers;
	CHECK(cx = lws_create_context(&info));
	mgr = lws_system_get_state_manager(cx);
	CHECK(both = create("both"));

	while (!done && failed < 2) {
		if (failed == 1 && !asked) {
			CHECK(mgr->state < LWS_SYSTATE_POLICY_VALID);
			asked = 1;
			lws_state_transition_steps(mgr, LWS_SYSTATE_OPERATIONAL);
			CHECK(mgr->state < LWS_SYSTATE_POLICY_VALID);
		}
		if (operational == 1) {
			operational = 2;
			printf("operational\n");
			show("before");
			show("after");
			CHECK(lws_ss_client_connect(both) == LWSSSSRET_OK);
		}
		CHECK(lws_service(cx, 0) >= 0);
	}
	CHECK(operational || mgr->state < LWS_SYSTATE_POLICY_VALID);

	lws_context_destroy(cx);
	printf("ok\n");
	return 0;
}
