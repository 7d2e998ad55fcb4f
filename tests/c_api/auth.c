/*
 * auth: what streams prove themselves with.
 *
 *   auth sign POLICY KEYID SECRET [NAME=VALUE...]
 *     One transaction of the stream type "put" with five bytes of payload, its
 *     metadata set as given, the key in place 2. No key if KEYID is "-".
 *
 *   auth login POLICY ROOT TOKENS
 *     Gives the root token ROOT ("" is none) and waits for OPERATIONAL. Then one
 *     transaction of "use", and one more each time a token came, up to TOKENS.
 *     After a failed login (an error in the log) it asks once more.
 */

#include <libwebsockets.h>
#include "check.h"

static struct lws_context *cx;
static struct lws_ss_handle *h;
static int over, failed, tokens, operational, body;

static void
emit(int level, const char *line)
{
	const char *about = strstr(line, "api_amazon_com_auth: ");

	fprintf(stderr, "%s", line);
	if (level == LLL_ERR && about) {
		printf("error %s", about + strlen("api_amazon_com_auth: "));
		failed++;
	}
	if (level == LLL_NOTICE && about && strstr(about, " came, good for "))
		tokens++;
}

LWS_SS_USER_TYPEDEF
} thing_t;

static lws_ss_state_return_t
rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	(void)userobj;
	(void)flags;
	printf("%.*s", (int)len, (const char *)buf);
	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len, int *flags)
{
	(void)userobj;
	(void)ord;
	if (!body)
		return LWSSSSRET_TX_DONT_SEND;
	CHECK(*len >= 5);
	memcpy(buf, "hello", 5);
	*len = 5;
	*flags = LWSSS_FLAG_SOM | LWSSS_FLAG_EOM;
	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
state(void *userobj, void *sh, lws_ss_constate_t state, lws_ss_tx_ordinal_t ack)
{
	(void)userobj;
	(void)sh;
	(void)ack;
	if (state == LWSSSCS_QOS_ACK_REMOTE || state == LWSSSCS_ALL_RETRIES_FAILED)
		printf("%s\n", lws_ss_state_name((int)state) + strlen("LWSSSCS_"));
	if (state == LWSSSCS_DISCONNECTED || state == LWSSSCS_ALL_RETRIES_FAILED)
		over = 1;
	return LWSSSSRET_OK;
}

static void
create(const char *type)
{
	lws_ss_info_t ssi;

	memset(&ssi, 0, sizeof(ssi));
	ssi.handle_offset = offsetof(thing_t, ss);
	ssi.opaque_user_data_offset = offsetof(thing_t, opaque_data);
	ssi.user_alloc = sizeof(thing_t);
	ssi.streamtype = type;
	ssi.rx = rx;
	ssi.tx = tx;
	ssi.state = state;
	CHECK(!lws_ss_create(cx, 0, &ssi, NULL, &h, NULL, NULL));
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
run(void)
{
	while (!over)
		CHECK(lws_service(cx, 0) >= 0);
}

static void
sign(int argc, const char **argv)
{
	int n;

	if (strcmp(argv[0], "-"))
		CHECK(!lws_ss_sigv4_set_aws_key(cx, 2, argv[0], argv[1]));
	create("put");
	for (n = 2; n < argc; n++) {
		const char *eq = strchr(argv[n], '=');
		char name[64];

		CHECK(eq);
		snprintf(name, sizeof(name), "%.*s", (int)(eq - argv[n]), argv[n]);
		/* the names stay as long as the stream: it keeps copies of the values alone */
		CHECK(!lws_ss_set_metadata(h, name, eq + 1, strlen(eq + 1)));
	}
	body = 1;
	CHECK(lws_ss_request_tx_len(h, 5) == LWSSSSRET_OK);
	run();
}

static void
login(const char *root, int wanted)
{
	lws_system_blob_t *token = lws_system_get_blob(cx, LWS_SYSBLOB_TYPE_AUTH, 0),
			  *mine = lws_system_get_blob(cx, LWS_SYSBLOB_TYPE_AUTH, 1);
	lws_state_manager_t *mgr = lws_system_get_state_manager(cx);
	int used = 0, asked = 0;

	CHECK(token && mine);
	if (*root)
		CHECK(!lws_system_blob_heap_append(mine, (const uint8_t *)root, strlen(root)));
	while (!operational && failed < 2) {
		CHECK(lws_service(cx, 0) >= 0);
		if (failed == 1 && !asked) {
			asked = 1;
			CHECK(mgr->state < LWS_SYSTATE_AUTH1);
			lws_state_transition_steps(mgr, LWS_SYSTATE_OPERATIONAL);
			CHECK(mgr->state < LWS_SYSTATE_AUTH1);
		}
	}
	if (!operational)
		return;
	printf("operational\n");
	create("use");
	do {
		while (tokens <= used && tokens < wanted)
			CHECK(lws_service(cx, 0) >= 0);
		used = tokens;
		over = 0;
		CHECK(lws_ss_request_tx(h) == LWSSSSRET_OK);
		run();
	} while (used < wanted);
}

int
main(int argc, const char **argv)
{
	static lws_state_notify_link_t notifier = { .notify_cb = state_changed, .name = "test" };
	static lws_state_notify_link_t * const notifiers[] = { &notifier, NULL };
	struct lws_context_creation_info info;

	CHECK(argc >= 5);
	lws_set_log_level(LLL_ERR | LLL_WARN | LLL_NOTICE, emit);
	memset(&info, 0, sizeof(info));
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.pss_policies_json = argv[2];
	info.register_notifier_list = notifiers;
	CHECK(cx = lws_create_context(&info));
	if (!strcmp(argv[1], "sign"))
		sign(argc - 3, argv + 3);
	else
		login(argv[3], atoi(argv[4]));
	lws_context_destroy(cx);
	printf("ok\n");
	return 0;
}
