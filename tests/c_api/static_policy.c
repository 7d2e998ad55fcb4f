/*
 * static_policy: a policy as C structs.
 *
 *   static_policy run PORT DER   a stream over such a policy, with a trust store
 *   static_policy refused        policies with mistakes
 *   static_policy get PORT       lws_ss_policy_get() while policies come and go
 *
 * Exit code 0 and a last line "ok" if all checks held.
 */

#include <libwebsockets.h>
#include "check.h"

static char last_error[1024];

static void
emit(int level, const char *line)
{
	fprintf(stderr, "%s", line);
	if (level == LLL_ERR)
		snprintf(last_error, sizeof(last_error), "%s", line);
}

/* all in one, so that it can be wiped once the context has its copy */
static struct mine {
	char host[16], path[32], header[32];
	uint32_t backoff[2];
	uint8_t der[4096];
	lws_retry_bo_t retry;
	lws_ss_x509_t ca;
	lws_ss_trust_store_t store;
	lws_ss_auth_t auth;
	lws_ss_http_respmap_t map[1];
	lws_ss_metadata_t md[2];
	lws_ss_policy_t pol[2];
} m;

static void
fill(int port)
{
	memset(&m, 0, sizeof(m));
	strcpy(m.host, "localhost");
	strcpy(m.path, "${where}");
	strcpy(m.header, "X-Mine:");
	m.backoff[0] = m.backoff[1] = 20;
	m.retry.retry_ms_table = m.backoff;
	m.retry.retry_ms_table_count = 2;
	m.retry.conceal_count = 1;

	m.md[0].next = &m.md[1];
	m.md[0].name = "mine";
	m.md[0].value__may_own_heap = m.header;
	m.md[0].value_length = (uint8_t)strlen(m.header);
	m.md[0].value_is_http_token = 0xff;
	m.md[1].name = "where";
	m.md[1].value__may_own_heap = (void *)"";
	m.md[1].length = 1;

	m.map[0].resp = 404;
	m.map[0].state = LWSSSCS_USER_BASE + 4;

	m.auth.name = "token";
	m.auth.type = "(null)";
	m.auth.streamtype = "(null)";

	m.pol[0].next = &m.pol[1];
	m.pol[0].streamtype = "fetch";
	m.pol[0].endpoint = m.host;
	m.pol[0].port = (uint16_t)port;
	m.pol[0].protocol = LWSSSP_H1;
	m.pol[0].flags = LWSSSPOLF_OPPORTUNISTIC;
	m.pol[0].metadata = m.md;
	m.pol[0].metadata_count = 2;
	m.pol[0].auth = &m.auth;
	m.pol[0].u.http.method = "GET";
	m.pol[0].u.http.url = m.path;
	m.pol[0].u.http.respmap = m.map;
	m.pol[0].u.http.count_respmap = 1;
	m.pol[0].retry_bo = &m.retry;

	m.pol[1].streamtype = "bytes";
	m.pol[1].endpoint = m.host;
	m.pol[1].port = (uint16_t)port;
	m.pol[1].protocol = LWSSSP_RAW;
}

static void
fill_trust(const char *der)
{
	FILE *f = fopen(der, "rb");

	CHECK(f);
	m.ca.vhost_name = "ca";
	m.ca.ca_der = m.der;
	m.ca.ca_der_len = fread(m.der, 1, sizeof(m.der), f);
	fclose(f);
	m.store.name = "store";
	m.store.count = 1;
	m.store.ssx509[0] = &m.ca;
	m.pol[0].trust.store = &m.store;
	m.pol[0].flags |= LWSSSPOLF_TLS;
}

static struct lws_context *
context(void)
{
	struct lws_context_creation_info info;

	lws_context_info_defaults(&info, NULL);
	info.pss_policies = m.pol;

	return lws_create_context(&info);
}

LWS_SS_USER_TYPEDEF
	int mapped, acks, nacks;
	size_t got;
} fetch_t;

static int finished;

static lws_ss_state_return_t
fetch_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	(void)buf;
	(void)flags;
	((fetch_t *)userobj)->got += len;

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
fetch_state(void *userobj, void *h_src, lws_ss_constate_t state, lws_ss_tx_ordinal_t ack)
{
	fetch_t *g = (fetch_t *)userobj;

	(void)h_src;
	(void)ack;
	switch ((int)state) {
	case LWSSSCS_USER_BASE + 4:
		g->mapped++;
		break;
	case LWSSSCS_QOS_ACK_REMOTE:
		g->acks++;
		break;
	case LWSSSCS_QOS_NACK_REMOTE:
		g->nacks++;
		break;
	case LWSSSCS_DISCONNECTED:
	case LWSSSCS_ALL_RETRIES_FAILED:
		finished = 1;
		break;
	default:
		break;
	}

	return LWSSSSRET_OK;
}

static LWS_SS_INFO("fetch", fetch_t)
	.rx = fetch_rx,
	.state = fetch_state,
};

static fetch_t *
fetch(struct lws_context *cx, const char *where)
{
	struct lws_ss_handle *h;

	CHECK(!lws_ss_create(cx, 0, &ssi_fetch_t, NULL, &h, NULL, NULL));
	CHECK(!lws_ss_set_metadata(h, "where", where, strlen(where)));
	CHECK(!lws_ss_set_metadata(h, "mine", "value", 5));
	CHECK(!lws_ss_client_connect(h));
	finished = 0;
	while (!finished)
		CHECK(lws_service(cx, 0) >= 0);

	return (fetch_t *)lws_ss_to_user_object(h);
}

static void
run(int port, const char *der)
{
	struct lws_context *cx;
	fetch_t *f;

	fill(port);
	fill_trust(der);
	cx = context();
	CHECK(cx);
	memset(&m, 0xa5, sizeof(m)); /* it was copied */
	f = fetch(cx, "hello");
	CHECK(f->acks == 1 && !f->nacks && !f->mapped && f->got == 6);
	f = fetch(cx, "nothing");
	CHECK(!f->acks && f->nacks == 1 && f->mapped == 1);
	lws_context_destroy(cx);
}

static void
expect_refused(const char *stream_type, const char *what)
{
	last_error[0] = '\0';
	CHECK(!context());
	if (!strstr(last_error, stream_type) || !strstr(last_error, what)) {
		printf("expected '%s' and '%s' in: %s\n", stream_type, what, last_error);
		exit(1);
	}
	fill(1);
}

static void
refused(void)
{
	fill(1);
	m.pol[1].streamtype = NULL;
	expect_refused("entry 1", "streamtype is NULL");
	m.pol[0].protocol = 6;
	expect_refused("fetch", "protocol 6");
	m.pol[1].next = m.pol;
	expect_refused("list of stream types", "circle");
	m.md[1].next = m.md;
	expect_refused("fetch", "circle");
	m.pol[0].metadata_count = 3;
	expect_refused("fetch", "metadata_count is 3");
	m.md[1].name = NULL;
	expect_refused("fetch", "metadata: name is NULL");
	strcpy(m.header, "not a header");
	expect_refused("fetch", "not a header");
	strcpy(m.path, "${other}");
	expect_refused("fetch", "other");
	strcpy(m.host, "\xff\xfe");
	expect_refused("bytes", "endpoint is not UTF-8");
	m.pol[0].u.http.respmap = NULL;
	expect_refused("fetch", "respmap is NULL");
	m.retry.retry_ms_table = NULL;
	expect_refused("fetch", "retry_ms_table is NULL");
	m.auth.name = NULL;
	expect_refused("fetch", "auth: name is NULL");
	m.auth.blob_index = 200;
	expect_refused("auth", "200");
	m.pol[0].trust.store = &m.store;
	expect_refused("fetch", "trust store: name is NULL");
	m.pol[0].trust.store = &m.store;
	m.store.name = "store";
	expect_refused("fetch", "count 0 is not 1 to 6");
	m.pol[0].trust.store = &m.store;
	m.store.name = "store";
	m.store.count = 7;
	expect_refused("fetch", "count 7 is not 1 to 6");
	m.pol[0].trust.store = &m.store;
	m.store.name = "store";
	m.store.count = 2;
	m.store.ssx509[0] = NULL;
	expect_refused("fetch", "a certificate is NULL");
	m.pol[0].trust.store = &m.store;
	m.store.name = "store";
	m.store.count = 1;
	m.store.ssx509[0] = &m.ca;
	m.ca.vhost_name = "ca";
	m.ca.ca_der_len = 9;
	expect_refused("fetch", "ca_der is NULL");
	m.pol[0].trust.store = &m.store;
	m.store.name = "store";
	m.store.count = 1;
	m.store.ssx509[0] = &m.ca;
	m.ca.vhost_name = "ca";
	m.ca.ca_der = m.der;
	m.ca.ca_der_len = 9;
	expect_refused("ca", "not DER");
}

static void
get(int port)
{
	struct lws_context *cx;
	const lws_ss_policy_t *pol;
	const char *text = "{\"s\": [{\"late\": {\"endpoint\": \"h\", \"protocol\": \"mqtt\", "
			   "\"mqtt_topic\": \"t\"}}]}";

	fill(port);
	cx = context();
	CHECK(cx);
	memset(&m, 0xa5, sizeof(m));
	pol = lws_ss_policy_get(cx);
	CHECK(pol && pol == lws_ss_policy_get(cx));
	CHECK_STR(pol->streamtype, "fetch");
	CHECK_STR(pol->endpoint, "localhost");
	CHECK_STR(pol->u.http.url, "${where}");
	CHECK(pol->port == port && pol->flags == LWSSSPOLF_OPPORTUNISTIC);
	CHECK(pol->metadata_count == 2 && pol->metadata && pol->metadata->next);
	CHECK_STR(pol->metadata->name, "where");
	CHECK_STR((const char *)pol->metadata->next->value__may_own_heap, "x-mine:");
	CHECK(pol->auth && pol->auth == lws_ss_auth_get(cx));
	CHECK(!pol->auth->type && !pol->auth->streamtype && !pol->auth->next);
	CHECK(pol->retry_bo && pol->retry_bo->retry_ms_table_count == 2);
	CHECK(pol->next && !pol->next->next);
	CHECK_STR(pol->next->streamtype, "bytes");

	CHECK(!lws_ss_policy_overlay(cx, "{\"s\": [{\"fetch\": {\"port\": 7}}]}"));
	pol = lws_ss_policy_get(cx);
	CHECK(pol && pol->port == 7);
	CHECK(lws_ss_policy_overlay(cx, "{\"s\": [{\"fetch\": {\"port\": 70000}}]}"));
	CHECK(pol == lws_ss_policy_get(cx));

	/* a whole new one, byte by byte; behind its end white space may follow */
	CHECK(!lws_ss_policy_parse_begin(cx, 0));
	for (; text[1]; text++) {
		CHECK(pol == lws_ss_policy_get(cx));
		CHECK(lws_ss_policy_parse(cx, (const uint8_t *)text, 1) == LEJP_CONTINUE);
	}
	CHECK(lws_ss_policy_parse(cx, (const uint8_t *)text, 1) == 0);
	CHECK(lws_ss_policy_parse(cx, (const uint8_t *)" \n", 2) >= 0);
	pol = lws_ss_policy_get(cx);
	CHECK(pol && !pol->next && !lws_ss_auth_get(cx));
	CHECK_STR(pol->streamtype, "late");
	CHECK(pol->protocol == LWSSSP_MQTT);
	CHECK_STR(pol->u.mqtt.topic, "t");
	CHECK(lws_ss_policy_parse(cx, (const uint8_t *)"{", 1) < 0);
	CHECK(lws_ss_policy_parse_abandon(cx));
	CHECK(!lws_ss_policy_parse_begin(cx, 1));
	CHECK(!lws_ss_policy_parse_abandon(cx));
	CHECK(pol == lws_ss_policy_get(cx));

	lws_context_destroy(cx);
	CHECK(!lws_ss_policy_get(cx) && !lws_ss_auth_get(cx) && !lws_ss_policy_get(NULL));
}

int
main(int argc, const char **argv)
{
	lws_set_log_level(LLL_ERR | LLL_WARN, emit);
	if (argc == 4 && !strcmp(argv[1], "run"))
		run(atoi(argv[2]), argv[3]);
	else if (argc == 2 && !strcmp(argv[1], "refused"))
		refused();
	else if (argc == 3 && !strcmp(argv[1], "get"))
		get(atoi(argv[2]));
	else
		return 2;
	printf("ok\n");

	return 0;
}
