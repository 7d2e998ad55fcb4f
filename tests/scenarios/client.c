/*
 * client: runs transactions on one stream type and prints what the program
 * observes, for the tests of scenarios.rs.
 *
 *   client --policy FILE --stream TYPE [--count N] [--out FILE]
 *          [--post BYTES] (the length announced) [--send BYTES] (not announced)
 *          [--eom-disconnect] [--eom-destroy] (what rx returns at the end of a message)
 *          [--meta NAME=VALUE] [--get NAME] [--limit-ms N] [-d LEVELS]
 *
 * stdout: "state NAME", "rx first" at the first payload, "rx total=N som=N
 * eom=N" before the states that end a message, "meta NAME=VALUE". A
 * transaction ends at DISCONNECTED or ALL_RETRIES_FAILED; the next one is
 * then started on the same handle. Exit code 3 if the limit was reached.
 */

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct lws_context *cx;
static lws_sorted_usec_list_t sul_next, sul_limit;
static int remaining = 1, finished, exit_code;
static size_t post_len;
static int unannounced;
static lws_ss_state_return_t at_eom = LWSSSSRET_OK;
static const char *want_meta;
static FILE *out;

LWS_SS_USER_TYPEDEF
	size_t total;
	size_t sent;
	int som;
	int eom;
} client_t;

static struct client_view {
	struct lws_ss_handle *h;
	client_t *user;
} view;

static void
report_rx(client_t *me)
{
	if (me->total || me->som || me->eom)
		printf("rx total=%zu som=%d eom=%d\n", me->total, me->som, me->eom);
	me->total = 0;
	me->som = me->eom = 0;
}

static lws_ss_state_return_t
client_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	client_t *me = (client_t *)userobj;

	if (!me->total && len)
		printf("rx first\n");
	me->total += len;
	me->som += !!(flags & LWSSS_FLAG_SOM);
	me->eom += !!(flags & LWSSS_FLAG_EOM);
	if (out && len && fwrite(buf, 1, len, out) != len)
		return LWSSSSRET_DESTROY_ME;

	return flags & LWSSS_FLAG_EOM ? at_eom : LWSSSSRET_OK;
}

/* byte i of a posted body; scenarios.rs computes the same */
static uint8_t
pattern(size_t i)
{
	return (uint8_t)('a' + (i * 7 + i / 251) % 26);
}

static lws_ss_state_return_t
client_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
	  int *flags)
{
	client_t *me = (client_t *)userobj;
	size_t n = post_len - me->sent, i;

	(void)ord;
	if (!n)
		return LWSSSSRET_TX_DONT_SEND;
	if (n > *len)
		n = *len;
	for (i = 0; i < n; i++)
		buf[i] = pattern(me->sent + i);
	*flags = me->sent ? 0 : LWSSS_FLAG_SOM;
	me->sent += n;
	*len = n;
	if (me->sent == post_len) {
		*flags |= LWSSS_FLAG_EOM;
		return LWSSSSRET_OK;
	}

	return lws_ss_request_tx(me->ss);
}

static lws_ss_state_return_t
start(client_t *me)
{
	me->sent = 0;
	if (post_len && !unannounced)
		return lws_ss_request_tx_len(me->ss, (unsigned long)post_len);

	return lws_ss_request_tx(me->ss);
}

static void
next_cb(lws_sorted_usec_list_t *sul)
{
	(void)sul;
	if (start(view.user) == LWSSSSRET_DESTROY_ME)
		lws_ss_destroy(&view.h);
}

static void
limit_cb(lws_sorted_usec_list_t *sul)
{
	(void)sul;
	printf("LIMIT\n");
	exit_code = 3;
	finished = 1;
}

static void
transaction_over(void)
{
	if (--remaining)
		lws_sul_schedule(cx, 0, &sul_next, next_cb, 1);
	else
		finished = 1;
}

static lws_ss_state_return_t
client_state(void *userobj, void *h_src, lws_ss_constate_t state,
	     lws_ss_tx_ordinal_t ack)
{
	client_t *me = (client_t *)userobj;
	size_t len;
	void *p;

	(void)h_src;
	(void)ack;
	if (state == LWSSSCS_EVENT_WAIT_CANCELLED)
		return LWSSSSRET_OK;

	report_rx(me);
	if ((int)state >= LWSSSCS_USER_BASE)
		printf("state USER:%d\n", (int)state);
	else
		printf("state %s\n", lws_ss_state_name(state) + strlen("LWSSSCS_"));

	switch ((int)state) {
	case LWSSSCS_CONNECTED:
#if defined(LWS_SS_USE_SSPC)
		/* what was asked for before was to connect, no more */
		if (lws_ss_request_tx(me->ss))
			return LWSSSSRET_DESTROY_ME;
#endif
		if (!want_meta)
			break;
		if (lws_ss_get_metadata(me->ss, want_meta, (const void **)&p, &len))
			printf("meta %s missing\n", want_meta);
		else
			printf("meta %s=%.*s\n", want_meta, (int)len, (const char *)p);
		break;
	case LWSSSCS_DISCONNECTED:
	case LWSSSCS_ALL_RETRIES_FAILED:
		transaction_over();
		break;
	default:
		break;
	}

	return LWSSSSRET_OK;
}

LWS_SS_INFO("get", client_t)
	.rx	= client_rx,
	.tx	= client_tx,
	.state	= client_state,
};

static unsigned long
number(int argc, const char **argv, const char *name, unsigned long otherwise)
{
	const char *p = lws_cmdline_option(argc, argv, name);

	return p ? strtoul(p, NULL, 10) : otherwise;
}

int
main(int argc, const char **argv)
{
	const char *stream = lws_cmdline_option(argc, argv, "--stream"),
		   *file = lws_cmdline_option(argc, argv, "--out"),
		   *meta = lws_cmdline_option(argc, argv, "--meta"), *eq;
	struct lws_context_creation_info info;
	lws_ss_info_t ssi = ssi_client_t;
	char name[64];
	int n = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	remaining = (int)number(argc, argv, "--count", 1);
	post_len = number(argc, argv, "--post", 0);
	if (!post_len) {
		post_len = number(argc, argv, "--send", 0);
		unannounced = 1;
	}
	if (lws_cmdline_option(argc, argv, "--eom-disconnect"))
		at_eom = LWSSSSRET_DISCONNECT_ME;
	if (lws_cmdline_option(argc, argv, "--eom-destroy"))
		at_eom = LWSSSSRET_DESTROY_ME;
	want_meta = lws_cmdline_option(argc, argv, "--get");
	if (file) {
		out = fopen(file, "wb");
		if (!out)
			return 1;
	}

	lws_context_info_defaults(&info, lws_cmdline_option(argc, argv, "--policy"));
	lws_cmdline_option_handle_builtin(argc, argv, &info);
	cx = lws_create_context(&info);
	if (!cx)
		return 1;

	if (stream)
		ssi.streamtype = stream;
	if (lws_ss_create(cx, 0, &ssi, NULL, &view.h, NULL, NULL)) {
		printf("create failed\n");
		exit_code = 1;
		goto done;
	}
	view.user = (client_t *)lws_ss_to_user_object(view.h);
	eq = meta ? strchr(meta, '=') : NULL;
	if (eq) {
		snprintf(name, sizeof(name), "%.*s", (int)(eq - meta), meta);
		if (lws_ss_set_metadata(view.h, name, eq + 1, strlen(eq + 1)))
			printf("no metadata %s\n", name);
	}
	lws_sul_schedule(cx, 0, &sul_next, next_cb, 1);
	lws_sul_schedule(cx, 0, &sul_limit, limit_cb,
			 (lws_usec_t)number(argc, argv, "--limit-ms", 20000) * 1000);

	while (n >= 0 && !finished)
		n = lws_service(cx, 0);
	printf("end\n");

	lws_sul_cancel(&sul_next);
	lws_sul_cancel(&sul_limit);
done:
	lws_context_destroy(cx);
	if (out)
		fclose(out);

	return exit_code;
}
