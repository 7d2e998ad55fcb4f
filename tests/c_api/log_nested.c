/*
 * A log function that calls the library back, whatever that is doing: it is answered or refused,
 * nothing else.
 *
 *   log_nested POLICY
 */

#include <libwebsockets.h>

#include "check.h"

struct obj {
	struct lws_ss_handle *ss;
	void *opaque;
};

static struct lws_ss_handle *other;
static int lines, internal, busy;

static void
emit(int level, const char *line)
{
	(void)level;
	lines++;
	if (strstr(line, "internal error"))
		internal++;
	if (strstr(line, "from a log function"))
		busy++;
	if (other)
		lws_ss_get_est_peer_tx_credit(other);
}

static int
create(const char *type, struct lws_context *cx, struct lws_ss_handle **h)
{
	lws_ss_info_t ssi = {
		.handle_offset = offsetof(struct obj, ss),
		.opaque_user_data_offset = offsetof(struct obj, opaque),
		.user_alloc = sizeof(struct obj),
		.streamtype = type,
	};

	return lws_ss_create(cx, 0, &ssi, NULL, h, NULL, NULL);
}

int
main(int argc, const char **argv)
{
	struct lws_context_creation_info info;
	struct lws_ss_handle *server;
	struct lws_context *cx;

	CHECK(argc == 2);
	lws_set_log_level(LLL_ERR | LLL_WARN | LLL_NOTICE, emit);
	memset(&info, 0, sizeof(info));
	lws_context_info_defaults(&info, argv[1]);
	info.port = CONTEXT_PORT_NO_LISTEN;
	cx = lws_create_context(&info);
	CHECK(cx);
	CHECK(!create("cli", cx, &other));
	CHECK(!create("srv", cx, &server));
	CHECK(lines && busy && !internal);
	lws_ss_destroy(&server);
	CHECK(!lws_ss_get_est_peer_tx_credit(other));
	CHECK(lws_ss_get_context(other) == cx);
	lws_context_destroy(cx);
	printf("ok\n");
	return 0;
}
