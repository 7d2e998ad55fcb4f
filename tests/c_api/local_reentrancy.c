/*
 * One action inside one callback of streams that never leave the process:
 *
 *   local_reentrancy POLICY EVENT ACTION
 *
 * A sink with two sources, and a stream of system messages. Whatever is done,
 * each object is created once and destroyed once, hears nothing after
 * DESTROYING, and the context can be destroyed.
 */

#include <libwebsockets.h>

#include "check.h"

struct obj {
	struct lws_ss_handle *ss;
	void *opaque;
	const char *who;	/* set in its first callback */
	int dead;
	int sent;
};

static struct lws_context *cx;
static struct lws_ss_handle *sources[2], *bus, *extra;
static const char *event, *action;
static int created, destroyed, acted, joined, parted, context_gone;

static const lws_ss_info_t extra_info;

static void
act_on(struct obj *me)
{
	struct lws_ss_handle *h = me ? me->ss : NULL;

	if (!strcmp(action, "destroy_self")) {
		if (h)
			lws_ss_destroy(&h);
	} else if (!strcmp(action, "destroy_sources")) {
		int n;

		for (n = 0; n < 2; n++) {
			h = sources[n];
			sources[n] = NULL;
			lws_ss_destroy(&h);
		}
	} else if (!strcmp(action, "destroy_bus")) {
		h = bus;
		bus = NULL;
		lws_ss_destroy(&h);
	} else if (!strcmp(action, "destroy_context")) {
		context_gone = 1;
		lws_context_destroy(cx);
	} else if (!strcmp(action, "create_other")) {
		(void)lws_ss_create(cx, 0, &extra_info, NULL, &extra, NULL,
				    NULL);
	} else if (!strcmp(action, "request_tx") && h)
		(void)lws_ss_request_tx(h);
	else if (!strcmp(action, "client_connect") && h)
		(void)lws_ss_client_connect(h);
}

/* the event named "WHO.WHAT" has come: the first time, act */
static lws_ss_state_return_t
happens(struct obj *me, const char *who, const char *what)
{
	char name[64];

	lws_snprintf(name, sizeof(name), "%s.%s", who, what);
	if (acted || strcmp(name, event))
		return LWSSSSRET_OK;
	acted = 1;
	act_on(me);
	if (!strcmp(action, "ret_destroy_me"))
		return LWSSSSRET_DESTROY_ME;
	if (!strcmp(action, "ret_disconnect_me"))
		return LWSSSSRET_DISCONNECT_ME;

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
any_state(struct obj *me, const char *who, lws_ss_constate_t state)
{
	static const struct { lws_ss_constate_t state; const char *what; } names[] = {
		{ LWSSSCS_CREATING, "creating" }, { LWSSSCS_CONNECTING, "connecting" },
		{ LWSSSCS_CONNECTED, "connected" }, { LWSSSCS_DISCONNECTED, "disconnected" },
		{ LWSSSCS_DESTROYING, "destroying" },
	};
	lws_ss_state_return_t ret = LWSSSSRET_OK;
	size_t n;

	CHECK(!me->dead);
	if (state == LWSSSCS_CREATING) {
		CHECK(!me->who);
		me->who = who;
		created++;
	}
	CHECK_STR(me->who, who);
	if (state == LWSSSCS_DESTROYING) {
		me->dead = 1;
		destroyed++;
	}
	for (n = 0; n < LWS_ARRAY_SIZE(names); n++)
		if (names[n].state == state)
			ret = happens(me, who, names[n].what);
	if (state == LWSSSCS_CONNECTED && ret == LWSSSSRET_OK && !me->dead &&
	    !context_gone)
		(void)lws_ss_request_tx(me->ss);

	return ret;
}

static lws_ss_state_return_t
any_rx(struct obj *me, const char *who)
{
	CHECK(!me->dead);

	return happens(me, who, "rx");
}

static lws_ss_state_return_t
any_tx(struct obj *me, const char *who, uint8_t *buf, size_t *len, int *flags)
{
	lws_ss_state_return_t ret;

	CHECK(!me->dead);
	ret = happens(me, who, "tx");
	if (ret != LWSSSSRET_OK)
		return ret;
	if (me->sent++)
		return LWSSSSRET_TX_DONT_SEND;
	if (who[0] == 'b')
		return lws_smd_ss_msg_printf("test", buf, len, 1 << 24, "x") ?
			       LWSSSSRET_TX_DONT_SEND : LWSSSSRET_OK;
	buf[0] = 'x';
	*len = 1;
	*flags = LWSSS_FLAG_SOM | LWSSS_FLAG_EOM;

	return LWSSSSRET_OK;
}

#define CALLBACKS(who) \
static lws_ss_state_return_t \
who##_rx(void *u, const uint8_t *buf, size_t len, int flags) \
{ (void)buf; (void)len; (void)flags; return any_rx((struct obj *)u, #who); } \
static lws_ss_state_return_t \
who##_tx(void *u, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len, int *flags) \
{ (void)ord; return any_tx((struct obj *)u, #who, buf, len, flags); } \
static lws_ss_state_return_t \
who##_state(void *u, void *src, lws_ss_constate_t state, lws_ss_tx_ordinal_t ack) \
{ (void)src; (void)ack; return any_state((struct obj *)u, #who, state); }

CALLBACKS(source)
CALLBACKS(accepted)
CALLBACKS(bus)
CALLBACKS(extra)

static lws_ss_state_return_t
sink_state(void *u, void *src, lws_ss_constate_t state, lws_ss_tx_ordinal_t ack)
{
	if (state == LWSSSCS_SINK_JOIN || state == LWSSSCS_SINK_PART) {
		struct obj source;
		lws_ss_state_return_t ret;
		int before = acted, gone;

		CHECK(src);
		CHECK(ack <= 2);
		memset(&source, 0, sizeof(source));
		source.ss = (struct lws_ss_handle *)src;
		ret = happens(&source, "sink", state == LWSSSCS_SINK_JOIN ?
						       "join" : "part");
		/* a sink that destroys who wants to join is not joined */
		gone = acted != before && (!strcmp(action, "destroy_self") ||
					   !strcmp(action, "destroy_sources"));
		if (state == LWSSSCS_SINK_PART)
			parted++;
		else if (ret == LWSSSSRET_OK && !gone)
			joined++;
		return ret;
	}

	return accepted_state(u, src, state, ack);
}

#define INFO(type, who, on_state, how, classes) { \
	.streamtype = type, .user_alloc = sizeof(struct obj), \
	.handle_offset = offsetof(struct obj, ss), \
	.opaque_user_data_offset = offsetof(struct obj, opaque), \
	.rx = who##_rx, .tx = who##_tx, .state = on_state, .flags = how, \
	.manual_initial_tx_credit = classes }

static const lws_ss_info_t
sink_info = INFO("snk", accepted, sink_state, LWSSSINFLAGS_REGISTER_SINK, 0),
source_info = INFO("snk", source, source_state, 0, 0),
extra_info = INFO("snk", extra, extra_state, 0, 0),
bus_info = INFO(LWS_SMD_STREAMTYPENAME, bus, bus_state, 0, 1 << 24);

static int
listener(void *opaque, lws_smd_class_t class_, lws_usec_t at, void *buf, size_t len)
{
	(void)opaque;
	(void)class_;
	(void)at;
	(void)buf;
	(void)len;
	(void)happens(NULL, "listener", "message");

	return 0;
}

int main(int argc, const char **argv)
{
	struct lws_context_creation_info info;
	int n;

	CHECK(argc == 4);
	event = argv[2];
	action = argv[3];
	lws_context_info_defaults(&info, argv[1]);
	lws_set_log_level(0, NULL);
	info.early_smd_cb = listener;
	info.early_smd_class_filter = 1 << 24;
	cx = lws_create_context(&info);
	CHECK(cx);

	(void)lws_ss_create(cx, 0, &sink_info, NULL, NULL, NULL, NULL);
	for (n = 0; n < 2 && !context_gone; n++)
		(void)lws_ss_create(cx, 0, &source_info, NULL, &sources[n], NULL, NULL);
	if (!context_gone)
		(void)lws_ss_create(cx, 0, &bus_info, NULL, &bus, NULL, NULL);
	for (n = 0; n < 20 && !context_gone; n++)
		if (lws_service(cx, -1) < 0)
			CHECK(context_gone);

	/* what is left: the ends of the callbacks that only come at the end */
	if (!context_gone) {
		struct lws_ss_handle *h = sources[0];

		sources[0] = NULL;
		if (h)
			lws_ss_destroy(&h);
	}
	if (!context_gone)
		lws_context_destroy(cx);

	printf("created %d, destroyed %d, joined %d, parted %d\n", created, destroyed, joined,
	       parted);
	CHECK(acted);
	CHECK(created == destroyed);
	CHECK(joined == parted);
	puts("ok");

	return 0;
}
