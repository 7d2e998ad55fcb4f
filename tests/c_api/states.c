/*
 * The system states as notifiers and messages tell them: a veto and what
 * resumes it, and the order at the end.
 *
 *   states POLICY
 */

#include <libwebsockets.h>

#include "check.h"

#define OTHER_CLASS (1 << 24)

struct obj {
	struct lws_ss_handle *ss;
	void *opaque;
};

static struct lws_context *cx;
static lws_sorted_usec_list_t timer;
static int vetoes, told_first;

static const char *
name_of(int state)
{
	static char text[2][16];
	static int turn;

	turn = !turn;
	lws_snprintf(text[turn], sizeof(text[turn]), "%d", state);

	return text[turn];
}

static void
resume(lws_sorted_usec_list_t *sul)
{
	lws_state_manager_t *mgr = lws_system_get_state_manager(cx);

	(void)sul;
	printf("resume\n");
	lws_state_transition_steps(mgr, LWS_SYSTATE_OPERATIONAL);
	printf("resumed to %d\n", mgr->state);
}

static int
notify(lws_state_manager_t *mgr, lws_state_notify_link_t *link, int current, int target)
{
	CHECK(lws_system_context_from_system_mgr(mgr) == cx || !cx);
	printf("%s: %s -> %s\n", link->name, name_of(current), name_of(target));
	if (current == target || strcmp(link->name, "asked first"))
		return 0;
	if ((target == LWS_SYSTATE_DHCP || target == LWS_SYSTATE_AUTH1) && vetoes++ < 2) {
		printf("veto\n");
		lws_sul_schedule(lws_system_context_from_system_mgr(mgr), 0, &timer, resume, 1);
		return 1;
	}
	/* nobody can stop the end */
	return target == LWS_SYSTATE_CONTEXT_DESTROYING;
}

static int
listener(void *opaque, lws_smd_class_t class_, lws_usec_t at, void *buf, size_t len)
{
	(void)opaque;
	(void)at;
	if (!told_first++) {
		CHECK(class_ == LWSSMDCL_SYSTEM_STATE);
		CHECK(!strncmp((const char *)buf, "{\"policy\":\"updated\",\"ts\":", 24));
	} else
		printf("message: %.*s\n", (int)len, (const char *)buf);

	return 0;
}

static lws_ss_state_return_t
state(void *u, void *src, lws_ss_constate_t state, lws_ss_tx_ordinal_t ack)
{
	(void)u;
	(void)src;
	(void)ack;
	printf("stream: %s\n", lws_ss_state_name(state));

	return LWSSSSRET_OK;
}

int main(int argc, const char **argv)
{
	static lws_state_notify_link_t first = { .notify_cb = notify, .name = "asked first" },
		last = { .notify_cb = notify, .name = "asked last" };
	static lws_state_notify_link_t *const links[] = { &last, &first, NULL };
	static const lws_ss_info_t bus = {
		.streamtype = LWS_SMD_STREAMTYPENAME, .user_alloc = sizeof(struct obj),
		.handle_offset = offsetof(struct obj, ss),
		.opaque_user_data_offset = offsetof(struct obj, opaque), .state = state,
	};
	struct lws_context_creation_info info;

	CHECK(argc == 2);
	lws_context_info_defaults(&info, argv[1]);
	lws_set_log_level(0, NULL);
	info.early_smd_cb = listener;
	info.early_smd_class_filter = LWSSMDCL_SYSTEM_STATE | OTHER_CLASS;
	info.register_notifier_list = links;
	cx = lws_create_context(&info);
	CHECK(cx);
	printf("created in %d\n", lws_system_get_state_manager(cx)->state);
	CHECK(!lws_ss_create(cx, 0, &bus, NULL, NULL, NULL, NULL));
	while (lws_system_get_state_manager(cx)->state != LWS_SYSTATE_OPERATIONAL)
		CHECK(lws_service(cx, 0) >= 0);
	CHECK(lws_service(cx, -1) >= 0);

	/* whatever waits at the end is for nobody any more */
	CHECK(!lws_smd_msg_printf(cx, OTHER_CLASS, "too late"));
	printf("destroy\n");
	lws_context_destroy(cx);
	CHECK(!first.list.owner && !last.list.owner);

	return 0;
}
