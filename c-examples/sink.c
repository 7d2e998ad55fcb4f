/*
 * sink: several sources talk to one sink in the same process.
 *
 *   sink --policy FILE [-d LEVELS]
 *
 * The stream type is local_sink in the policy. The sink is registered once;
 * for each source that is made the library makes a stream of the sink's own
 * and joins the two. Neither side's callbacks know that there is no network
 * between them. Exit code 0 if every source got its answer.
 */

#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>

#define SOURCES 3

static struct lws_context *cx;
static int answers;

LWS_SS_USER_TYPEDEF
	char text[64];
	size_t len;
} talker_t;

/* both sides send what is in their text, once */

static lws_ss_state_return_t
talker_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
	  int *flags)
{
	talker_t *me = (talker_t *)userobj;

	(void)ord;
	if (!me->len)
		return LWSSSSRET_TX_DONT_SEND;

	memcpy(buf, me->text, me->len);
	*len = me->len;
	*flags = LWSSS_FLAG_SOM | LWSSS_FLAG_EOM;
	me->len = 0;

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
sink_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	talker_t *me = (talker_t *)userobj;

	(void)flags;
	printf("sink: %.*s\n", (int)len, (const char *)buf);
	me->len = (size_t)lws_snprintf(me->text, sizeof(me->text), "heard %.*s",
				       (int)len, (const char *)buf);

	return lws_ss_request_tx(lws_ss_from_user(me));
}

static lws_ss_state_return_t
sink_state(void *userobj, void *source, lws_ss_constate_t state,
	   lws_ss_tx_ordinal_t others)
{
	(void)userobj;
	(void)source;
	/* said about sources to the sink; other states are an accepted stream's */
	if (state == LWSSSCS_SINK_JOIN || state == LWSSSCS_SINK_PART)
		printf("sink: a source %s, %u others\n",
		       state == LWSSSCS_SINK_JOIN ? "joins" : "parts",
		       (unsigned int)others);

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
source_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	(void)userobj;
	(void)flags;
	printf("source: %.*s\n", (int)len, (const char *)buf);
	if (++answers == SOURCES)
		lws_default_loop_exit(cx);

	/* done: the accepted stream goes with us */
	return LWSSSSRET_DESTROY_ME;
}

static lws_ss_state_return_t
source_state(void *userobj, void *h_src, lws_ss_constate_t state,
	     lws_ss_tx_ordinal_t ack)
{
	static int made;
	talker_t *me = (talker_t *)userobj;

	(void)h_src;
	(void)ack;
	if (state != LWSSSCS_CONNECTED)
		return LWSSSSRET_OK;

	me->len = (size_t)lws_snprintf(me->text, sizeof(me->text), "number %d",
				       ++made);

	return lws_ss_request_tx(lws_ss_from_user(me));
}

static LWS_SS_INFO("news", talker_t)
	.rx = sink_rx,
	.tx = talker_tx,
	.state = sink_state,
	.flags = LWSSSINFLAGS_REGISTER_SINK,
};

static const lws_ss_info_t source_info = {
	.streamtype = "news",
	.user_alloc = sizeof(talker_t),
	.handle_offset = offsetof(talker_t, ss),
	.opaque_user_data_offset = offsetof(talker_t, opaque_data),
	.rx = source_rx,
	.tx = talker_tx,
	.state = source_state,
};

int main(int argc, const char **argv)
{
	struct lws_context_creation_info info;
	int n;

	lws_context_info_defaults(&info, lws_cmdline_option(argc, argv,
							    "--policy"));
	lws_cmdline_option_handle_builtin(argc, argv, &info);
	cx = lws_create_context(&info);
	if (!cx)
		return 1;

	if (lws_ss_create(cx, 0, &ssi_talker_t, NULL, NULL, NULL, NULL))
		return 1;
	for (n = 0; n < SOURCES; n++)
		if (lws_ss_create(cx, 0, &source_info, NULL, NULL, NULL, NULL))
			return 1;

	lws_context_default_loop_run_destroy(cx);

	return answers != SOURCES;
}
