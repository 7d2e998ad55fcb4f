/*
 * many: several streams at once in one context, for the tests of h2.rs, messages.rs, proxies.rs,
 * reasons.rs and unix_sockets.rs.
 *
 *   many --policy FILE --streams TYPE[,TYPE...] [--n N] [--limit-ms N]
 *        [--count N] [--post BYTES]            http: transactions a stream
 *        [--messages N] [--want-rx BYTES]      ws, mqtt: sent a stream, received by all
 *        [--credit BYTES]                      http: flow control by hand
 *        [--hold]                              stay connected until the limit
 *        [--http-proxy A] [--http-proxy-port N] [--socks-proxy A]
 *        [--timeout-secs N]                    for connecting and for responses
 *        [--cert FILE --key FILE]              client certificate 0
 *
 * N streams of each type. stdout: "I STATE" for stream I, "I rx LEN hash=H
 * som=N eom=N" at each end of a message, "I perf JSON", "end". Streams whose
 * type starts with "sub" send nothing; where it starts with "ws" a message is
 * done when its echo is there, elsewhere when it is acknowledged. Exit code 3 if the limit was reached.
 */

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_STREAMS 64

LWS_SS_USER_TYPEDEF
	lws_sorted_usec_list_t sul;
	int index;
	int silent;
	int raw;
	int echo;
	int remaining;
	size_t sent;
	size_t total;
	uint32_t hash;
	int som;
	int eom;
	int over;
} many_t;

static struct lws_context *cx;
static struct lws_ss_handle *handles[MAX_STREAMS];
static lws_sorted_usec_list_t sul_limit;
static size_t post_len, want_rx, got_rx;
static int count, messages, credit, hold, streams, finished, exit_code;

/* byte i of what is sent; h2.rs and messages.rs computes the same */
static uint8_t
pattern(size_t i)
{
	return (uint8_t)('a' + (i * 7 + i / 251) % 26);
}

static void
check_over(void)
{
	int i;

	if (hold || got_rx < want_rx)
		return;
	for (i = 0; i < streams; i++) {
		many_t *m = (many_t *)lws_ss_to_user_object(handles[i]);

		if (!m->over && !m->silent)
			return;
	}
	finished = 1;
	lws_cancel_service(cx);
}

static lws_ss_state_return_t
begin(many_t *m)
{
	m->sent = 0;
	if (post_len)
		return lws_ss_request_tx_len(m->ss, (unsigned long)post_len);

	return lws_ss_request_tx(m->ss);
}

/* a message arrived at its end */
static lws_ss_state_return_t
message_done(many_t *m)
{
	if (--m->remaining > 0)
		return begin(m);
	m->over = 1;
	check_over();

	return LWSSSSRET_OK;
}

static void
begin_cb(lws_sorted_usec_list_t *sul)
{
	many_t *m = lws_container_of(sul, many_t, sul);

	if (m->silent)
		(void)lws_ss_client_connect(m->ss);
	else
		(void)begin(m);
}

/* with flow control by hand the peer gets its next credit a little later */
static void
credit_cb(lws_sorted_usec_list_t *sul)
{
	many_t *m = lws_container_of(sul, many_t, sul);

	lws_ss_add_peer_tx_credit(m->ss, credit);
}

static lws_ss_state_return_t
many_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	many_t *m = (many_t *)userobj;
	size_t i, before = m->total;

	if (flags & LWSSS_FLAG_PERF_JSON) {
		printf("%d perf %.*s\n", m->index, (int)len, (const char *)buf);
		return LWSSSSRET_OK;
	}
	/* raw has no messages: whatever comes at once is one */
	if (m->raw)
		flags |= LWSSS_FLAG_SOM | LWSSS_FLAG_EOM;
	if (flags & LWSSS_FLAG_SOM) {
		m->total = 0;
		before = 0;
		m->hash = 2166136261u;
		m->som++;
	}
	for (i = 0; i < len; i++)
		m->hash = (m->hash ^ buf[i]) * 16777619u;
	m->total += len;
	got_rx += len;
	if (credit && before / (size_t)credit != m->total / (size_t)credit)
		lws_sul_schedule(cx, 0, &m->sul, credit_cb, 2000);
	if (flags & LWSSS_FLAG_EOM) {
		m->eom++;
		printf("%d rx %zu hash=%u som=%d eom=%d\n", m->index, m->total,
		       m->hash, m->som, m->eom);
		m->som = m->eom = 0;
		if (m->echo)
			return message_done(m);
		check_over();
	}

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
many_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
	int *flags)
{
	many_t *m = (many_t *)userobj;
	size_t n = post_len - m->sent, i;

	(void)ord;
	if (!n || m->silent)
		return LWSSSSRET_TX_DONT_SEND;
	if (n > *len)
		n = *len;
	for (i = 0; i < n; i++)
		buf[i] = pattern(m->sent + i);
	*flags = m->sent ? 0 : LWSSS_FLAG_SOM;
	m->sent += n;
	*len = n;
	if (m->sent == post_len) {
		*flags |= LWSSS_FLAG_EOM;
		return LWSSSSRET_OK;
	}

	return lws_ss_request_tx(m->ss);
}

static lws_ss_state_return_t
many_state(void *userobj, void *h_src, lws_ss_constate_t state,
	   lws_ss_tx_ordinal_t ack)
{
	many_t *m = (many_t *)userobj;

	(void)h_src;
	(void)ack;
	if (state == LWSSSCS_EVENT_WAIT_CANCELLED || state == LWSSSCS_CREATING)
		return LWSSSSRET_OK;
	printf("%d %s\n", m->index,
	       lws_ss_state_name(state) + strlen("LWSSSCS_"));

	switch ((int)state) {
	case LWSSSCS_CONNECTED:
		if (messages && !m->silent && m->remaining)
			return begin(m);
		break;
	case LWSSSCS_QOS_ACK_REMOTE:
		if (messages && !m->silent)
			return message_done(m);
		break;
	case LWSSSCS_DISCONNECTED:
	case LWSSSCS_ALL_RETRIES_FAILED:
		if (messages)
			break;
		if (--m->remaining > 0) {
			lws_sul_schedule(cx, 0, &m->sul, begin_cb, 1);
			break;
		}
		m->over = 1;
		check_over();
		break;
	case LWSSSCS_DESTROYING:
		lws_sul_cancel(&m->sul);
		break;
	default:
		break;
	}

	return LWSSSSRET_OK;
}

LWS_SS_INFO("get", many_t)
	.rx	= many_rx,
	.tx	= many_tx,
	.state	= many_state,
};

static void
limit_cb(lws_sorted_usec_list_t *sul)
{
	(void)sul;
	printf("LIMIT\n");
	exit_code = 3;
	finished = 1;
}

static int
number(int argc, const char **argv, const char *name, int otherwise)
{
	const char *p = lws_cmdline_option(argc, argv, name);

	return p ? atoi(p) : otherwise;
}

/* the file's content becomes the system blob, as long as the program runs */
static int
blob(int type, const char *path)
{
	static uint8_t buf[2][16384];
	static int used;
	size_t n;
	FILE *f;

	if (!path)
		return 0;
	f = fopen(path, "r");
	if (!f || used == 2)
		return 1;
	n = fread(buf[used], 1, sizeof(buf[used]), f);
	fclose(f);
	lws_system_blob_direct_set(
		lws_system_get_blob(cx, (lws_system_blob_item_t)type, 0),
		buf[used++], n);

	return 0;
}

static int
create(const char *type)
{
	lws_ss_info_t ssi = ssi_many_t;
	many_t *m;

	if (streams == MAX_STREAMS)
		return 1;
	ssi.streamtype = type;
	ssi.manual_initial_tx_credit = credit;
	if (lws_ss_create(cx, 0, &ssi, NULL, &handles[streams], NULL, NULL))
		return 1;
	m = (many_t *)lws_ss_to_user_object(handles[streams]);
	m->index = streams++;
	m->raw = !strncmp(type, "subraw", 6);
	m->silent = !strncmp(type, "sub", 3);
	m->echo = !strncmp(type, "ws", 2);
	m->remaining = messages ? messages : count;
	lws_sul_schedule(cx, 0, &m->sul, begin_cb, m->silent ? 1 : 2);

	return 0;
}

int
main(int argc, const char **argv)
{
	const char *types = lws_cmdline_option(argc, argv, "--streams");
	struct lws_context_creation_info info;
	int each, i, n = 0;
	char type[32];

	setvbuf(stdout, NULL, _IOLBF, 0);
	each = number(argc, argv, "--n", 1);
	count = number(argc, argv, "--count", 1);
	post_len = (size_t)number(argc, argv, "--post", 0);
	messages = number(argc, argv, "--messages", 0);
	want_rx = (size_t)number(argc, argv, "--want-rx", 0);
	credit = number(argc, argv, "--credit", 0);
	hold = !!lws_cmdline_option(argc, argv, "--hold");

	lws_context_info_defaults(&info, lws_cmdline_option(argc, argv, "--policy"));
	lws_cmdline_option_handle_builtin(argc, argv, &info);
	info.http_proxy_address = lws_cmdline_option(argc, argv, "--http-proxy");
	info.http_proxy_port = (unsigned int)number(argc, argv, "--http-proxy-port", 0);
	info.socks_proxy_address = lws_cmdline_option(argc, argv, "--socks-proxy");
	info.timeout_secs = (unsigned int)number(argc, argv, "--timeout-secs", 0);
	info.connect_timeout_secs = info.timeout_secs;
	cx = lws_create_context(&info);
	if (!cx)
		return 1;
	if (blob(LWS_SYSBLOB_TYPE_CLIENT_CERT_DER, lws_cmdline_option(argc, argv, "--cert")) ||
	    blob(LWS_SYSBLOB_TYPE_CLIENT_KEY_DER, lws_cmdline_option(argc, argv, "--key")))
		return 1;

	while (types && *types) {
		size_t len = strcspn(types, ",");

		snprintf(type, sizeof(type), "%.*s", (int)len, types);
		for (i = 0; i < each; i++)
			if (create(type)) {
				printf("create failed\n");
				exit_code = 1;
				goto done;
			}
		types += len + (types[len] == ',');
	}
	lws_sul_schedule(cx, 0, &sul_limit, limit_cb,
			 (lws_usec_t)number(argc, argv, "--limit-ms", 20000) * 1000);
	while (n >= 0 && !finished)
		n = lws_service(cx, 0);
	printf("end\n");
	lws_sul_cancel(&sul_limit);
done:
	lws_context_destroy(cx);

	return exit_code;
}
