/*
 * sspc: a stream that a proxy carries out, compiled with LWS_SS_USE_SSPC.
 *
 *   sspc trace PLACE TYPE UNTIL         prints what the stream is told, until a state (or "rx")
 *   sspc nested PLACE TYPE EVENT ACTION performs an action inside a callback
 *   sspc misuse PLACE                   calls that are to be refused
 *   sspc names PLACE                    streams that are told many names, one after the other
 *   sspc rude PLACE                     the transport reports what it was told to do, and more
 *
 * PLACE is +SOCKET, or PORT of 127.0.0.1, or PORT@ADDRESS to come from there, or =SOCKET for a transport of the program's own. Exit code 0 and a last line "ok" if all checks held.
 */

#include <libwebsockets.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define LIMIT_MS 20000
#define SETTLE_MS 300

typedef struct obj {
	struct lws_ss_handle *h;
	void *opaque;
	struct track *t;
} obj_t;

struct track {
	const char *name;
	struct lws_ss_handle *h;
	int connected, disconnected, destroying, creating, gone, calls_after;
};

static struct lws_context *cx;
static struct track subject = { .name = "subject" }, other = { .name = "other" },
		    late = { .name = "late" };
static const char *until, *event, *action, *type;
static int done, acted, failed, tracing;
static lws_sorted_usec_list_t sul_limit, sul_settle;

#define CHECK(_x) do { if (!(_x)) { failed = 1; \
	printf("%s:%d: failed: %s\n", __FILE__, __LINE__, #_x); } } while (0)

static void limit(lws_sorted_usec_list_t *sul)
{
	(void)sul;
	printf("time limit\n");
	failed = done = 1;
}

static void settled(lws_sorted_usec_list_t *sul)
{
	(void)sul;
	done = 1;
}

static int create(struct track *t, const char *streamtype);

/*
 * A transport of our own, over sockets that the library knows nothing of: it looks at them every
 * POLL_MS, moves few bytes at a time, and is slow to say that the link is there.
 */

#define POLL_MS 2
#define LINKS 4
#define PIECE 7

static const char *txp_socket;
static int txp_stream_ups, txp_closes, txp_attempts, txp_rude;

static struct link {
	lws_txp_path_client_t *path;
	struct lws_sspc_handle *h;
	int fd, announced, want_write;
	lws_sorted_usec_list_t sul;
} links[LINKS];

static void txp_drop(struct link *l)
{
	lws_sul_cancel(&l->sul);
	close(l->fd);
	memset(l, 0, sizeof(*l));
}

static void txp_lost(struct link *l)
{
	struct lws_sspc_handle *h = l->h;
	const lws_transport_client_ops_t *in = l->path->ops_in;

	txp_drop(l);
	if (in->event_closed((lws_transport_priv_t)h) == LWSSSSRET_DESTROY_ME)
		lws_sspc_destroy(&h);
}

static void txp_poll(lws_sorted_usec_list_t *sul)
{
	struct link *l = lws_container_of(sul, struct link, sul);
	const lws_transport_client_ops_t *in = l->path->ops_in;
	struct lws_sspc_handle *h = l->h;
	lws_ss_state_return_t r = LWSSSSRET_OK;
	uint8_t buf[PIECE];
	ssize_t n;

	lws_sul_schedule(cx, 0, &l->sul, txp_poll, POLL_MS * LWS_US_PER_MS);
	if (!l->announced) {
		l->announced = 1;
		if (in->event_connect_disposition(h, 0) && l->h)
			txp_lost(l);
		return;
	}
	while (l->h == h && !r && (n = recv(l->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0)
		r = in->event_read((lws_transport_priv_t)h, buf, (size_t)n);
	if (l->h != h)
		return;
	if (r == LWSSSSRET_DESTROY_ME) {
		lws_sspc_destroy(&h);
		return;
	}
	if (r || !n) {
		txp_lost(l);
		return;
	}
	if (!l->want_write)
		return;
	l->want_write = 0;
	r = in->event_can_write(h, 4096 + 16);
	if (l->h != h)
		return;
	if (r == LWSSSSRET_DESTROY_ME)
		lws_sspc_destroy(&h);
	else if (r)
		txp_lost(l);
}

static int txp_retry_connect(lws_txp_path_client_t *path, struct lws_sspc_handle *h)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	struct link *l = links;

	txp_attempts++;
	while (l->h)
		if (++l == links + LINKS)
			return 1;
	CHECK(path->ops_in == &lws_txp_inside_sspc && path->priv_in == (lws_transport_priv_t)h);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", txp_socket);
	l->fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(l->fd, (struct sockaddr *)&to, sizeof(to))) {
		txp_drop(l);
		path->ops_in->event_connect_disposition(h, 1);
		return txp_rude;
	}
	l->path = path;
	l->h = h;
	path->priv_onw = l;
	lws_sul_schedule(cx, 0, &l->sul, txp_poll, POLL_MS * LWS_US_PER_MS);
	return 0;
}

static void txp_req_write(lws_transport_priv_t priv)
{
	((struct link *)priv)->want_write = 1;
}

static int txp_write(lws_transport_priv_t priv, uint8_t *buf, size_t len)
{
	memset(buf - 16, 0xff, 16);	/* ours to use */
	return send(((struct link *)priv)->fd, buf, len, MSG_NOSIGNAL) != (ssize_t)len;
}

static void txp_close(lws_transport_priv_t priv)
{
	struct link *l = priv;
	lws_transport_priv_t h = (lws_transport_priv_t)l->h;
	const lws_transport_client_ops_t *in = l->path->ops_in;

	txp_closes++;
	txp_drop(l);
	if (txp_rude)
		in->event_closed(h);
}

static void txp_stream_up(lws_transport_priv_t priv)
{
	CHECK(!!((struct link *)priv)->h);
	txp_stream_ups++;
}

static const lws_transport_client_ops_t txp_ops = {
	.name			= "own",
	.event_retry_connect	= txp_retry_connect,
	.req_write		= txp_req_write,
	._write			= txp_write,
	._close			= txp_close,
	.event_stream_up	= txp_stream_up,
};

static lws_ss_state_return_t act(struct track *t)
{
	if (acted || t != &subject || !action)
		return LWSSSSRET_OK;
	acted = 1;
	lws_sul_schedule(cx, 0, &sul_settle, settled, SETTLE_MS * LWS_US_PER_MS);
	if (!strcmp(action, "destroy_self")) {
		lws_ss_destroy(&t->h);
		t->gone = 1;
	}
	else if (!strcmp(action, "destroy_other"))
		lws_ss_destroy(&other.h);
	else if (!strcmp(action, "request_tx"))
		return lws_ss_request_tx(t->h);
	else if (!strcmp(action, "client_connect"))
		return lws_ss_client_connect(t->h);
	else if (!strcmp(action, "create_other"))
		CHECK(!create(&late, "echo"));
	else if (!strcmp(action, "destroy_context")) {
		lws_context_destroy(cx);
		done = 1;
	} else if (!strcmp(action, "ret_destroy_me"))
		return LWSSSSRET_DESTROY_ME;
	else if (!strcmp(action, "ret_disconnect_me"))
		return LWSSSSRET_DISCONNECT_ME;
	return LWSSSSRET_OK;
}

static lws_ss_state_return_t rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	obj_t *o = userobj;

	if (o->t->destroying || o->t->gone)
		o->t->calls_after++;
	if (o->t == &subject && tracing) {
		const void *value;
		size_t n;

		printf("rx %.*s flags=%d from=%s\n", (int)len, (const char *)buf, flags,
		       lws_ss_rideshare(o->h));
		if (!lws_ss_get_metadata(o->h, "got-m", &value, &n))
			printf("got-m=%s (%d)\n", (const char *)value, (int)n);
		if (!strcmp(until, "rx"))
			done = 1;
	}
	if (event && (!strcmp(event, "rx") || (!strcmp(event, "rx_eom") && (flags & LWSSS_FLAG_EOM))))
		return act(o->t);
	return LWSSSSRET_OK;
}

static lws_ss_state_return_t tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
				int *flags)
{
	obj_t *o = userobj;

	if (o->t->destroying || o->t->gone)
		o->t->calls_after++;
	if (o->t == &subject && tracing)
		printf("tx ord=%u room=%d for=%s\n", ord, (int)*len, lws_ss_rideshare(o->h));
	if (event && !strcmp(event, "tx")) {
		lws_ss_state_return_t r = act(o->t);

		if (r)
			return r;
	}
	memcpy(buf, "hello", 5);
	*len = 5;
	*flags = LWSSS_FLAG_SOM | LWSSS_FLAG_EOM;
	return LWSSSSRET_OK;
}

static const char *short_name(int state)
{
	const char *name = lws_ss_state_name(state);

	return strncmp(name, "LWSSSCS_", 8) ? name : name + 8;
}

static lws_ss_state_return_t state(void *userobj, void *sh, lws_ss_constate_t s,
				   lws_ss_tx_ordinal_t ack)
{
	obj_t *o = userobj;
	struct track *t = o->opaque;

	(void)sh;
	(void)ack;
	if (t->destroying || (t->gone && s != LWSSSCS_DISCONNECTED && s != LWSSSCS_DESTROYING))
		t->calls_after++;
	o->t = t;
	if (t == &subject && tracing)
		printf("%s\n", short_name((int)s));
	switch ((int)s) {
	case LWSSSCS_CREATING:
		t->creating++;
		if (tracing) {
			CHECK(!lws_ss_set_metadata(o->h, "m", "v", 1));
			lws_ss_start_timeout(o->h, 5000);
			CHECK(!lws_ss_add_peer_tx_credit(o->h, 7));
			CHECK(lws_ss_get_est_peer_tx_credit(o->h) == 107);
			CHECK(!lws_ss_request_tx_len(o->h, 5));
		} else
			CHECK(!lws_ss_client_connect(o->h));
		break;
	case LWSSSCS_CONNECTED:
		t->connected++;
		if (!tracing && t == &subject && !strcmp(type, "echo"))
			lws_ss_request_tx(o->h);
		break;
	case LWSSSCS_DISCONNECTED:
		t->disconnected++;
		break;
	case LWSSSCS_DESTROYING:
		t->destroying++;
		t->h = NULL;
		break;
	}
	if (t == &subject && until && !strcmp(until, short_name((int)s)))
		done = 1;
	if (event && (!strcmp(event, short_name((int)s))))
		return act(t);
	return LWSSSSRET_OK;
}

static int create(struct track *t, const char *streamtype)
{
	lws_ss_info_t ssi = {
		.handle_offset = offsetof(obj_t, h),
		.opaque_user_data_offset = offsetof(obj_t, opaque),
		.rx = rx,
		.tx = tx,
		.state = state,
		.user_alloc = sizeof(obj_t),
		.streamtype = streamtype,
		.manual_initial_tx_credit = 100,
	};

	return lws_ss_create(cx, 0, &ssi, t, &t->h, NULL, NULL);
}

static void misuse(void)
{
	struct lws_ss_handle *stale;
	char long_name[300];
	const void *value;
	size_t len;
	lws_ss_info_t ssi = { .streamtype = "" };

	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = 0;
	CHECK(lws_ss_create(cx, 0, NULL, NULL, NULL, NULL, NULL) == 1);
	CHECK(lws_ss_create(NULL, 0, &ssi, NULL, NULL, NULL, NULL) == 1);
	CHECK(lws_ss_create(cx, 0, &ssi, NULL, NULL, NULL, NULL) == 1);
	ssi.streamtype = long_name;
	CHECK(lws_ss_create(cx, 0, &ssi, NULL, NULL, NULL, NULL) == 1);

	CHECK(!create(&subject, "echo"));
	CHECK(!lws_ss_set_metadata(subject.h, "m", "v", 1));
	CHECK(lws_ss_set_metadata(subject.h, "", "v", 1) == 1);
	CHECK(lws_ss_set_metadata(subject.h, NULL, "v", 1) == 1);
	CHECK(lws_ss_set_metadata(subject.h, "m", NULL, 1) == 1);
	CHECK(lws_ss_set_metadata(subject.h, long_name, "v", 1) == 1);
	CHECK(lws_ss_set_metadata(subject.h, "m", long_name, 70000) == 1);
	CHECK(lws_ss_get_metadata(subject.h, "none", &value, &len) == 1);
	CHECK(lws_ss_get_metadata(subject.h, NULL, &value, &len) == 1);
	CHECK(lws_ss_get_metadata(subject.h, "m", NULL, &len) == 1);
	CHECK(lws_ss_get_context(subject.h) == cx);
	CHECK(!strcmp(lws_ss_rideshare(subject.h), "echo"));
	CHECK(((obj_t *)lws_ss_to_user_object(subject.h))->h == subject.h);
	CHECK(!!strstr(lws_ss_tag(subject.h), "|SSPcli|"));
	CHECK(lws_smd_ss_rx_forward(lws_ss_to_user_object(subject.h), (const uint8_t *)"", 0) == 1);
	CHECK(lws_smd_ss_rx_forward(&ssi, (const uint8_t *)"0123456789abcdef", 16) == 1);

	stale = subject.h;
	/* what is a handle here is none of a stream of ours, and the other way round */
#undef lws_ss_handle
#undef lws_ss_request_tx
	CHECK(lws_ss_request_tx((struct lws_ss_handle *)stale) == LWSSSSRET_TX_DONT_SEND);
#define lws_ss_handle lws_sspc_handle
#define lws_ss_request_tx lws_sspc_request_tx
	lws_ss_destroy(&subject.h);
	CHECK(!subject.h && subject.destroying == 1);
	lws_ss_destroy(&subject.h);
	lws_ss_destroy(NULL);
	for (int i = 0; i < 2; i++) {
		struct lws_ss_handle *h = i ? stale : NULL;

		CHECK(lws_ss_request_tx(h) == LWSSSSRET_TX_DONT_SEND);
		CHECK(lws_ss_request_tx_len(h, 1) == LWSSSSRET_TX_DONT_SEND);
		CHECK(lws_ss_client_connect(h) == LWSSSSRET_TX_DONT_SEND);
		CHECK(lws_ss_set_metadata(h, "m", "v", 1) == 1);
		CHECK(lws_ss_get_metadata(h, "m", &value, &len) == 1);
		CHECK(lws_ss_add_peer_tx_credit(h, 1) == 1);
		CHECK(!lws_ss_get_est_peer_tx_credit(h));
		CHECK(!lws_ss_get_context(h));
		CHECK(!lws_ss_rideshare(h));
		CHECK(!lws_ss_to_user_object(h));
		CHECK(lws_ss_tag(h)[0] == '[');
		lws_ss_start_timeout(h, 1);
		lws_ss_cancel_timeout(h);
		lws_ss_change_handlers(h, rx, tx, state);
		lws_ss_server_ack(h, 1);
		lws_ss_destroy(&h);
	}
	done = 1;
}

/* a stream that is gone makes no more attempts, whatever its transport says while it goes */
static void rude(void)
{
	int attempts;

	txp_rude = 1;
	type = event = "UPSTREAM_LINK_RETRY";
	action = "ret_destroy_me";
	if (!create(&subject, "echo")) {
		while (!subject.connected && !done)
			lws_service(cx, 0);
		lws_ss_destroy(&subject.h);
		acted = 1;
		lws_sul_schedule(cx, 0, &sul_settle, settled, 1500 * LWS_US_PER_MS);
	} else {
		CHECK(!subject.h && acted);
		lws_sul_schedule(cx, 0, &sul_settle, settled, 1500 * LWS_US_PER_MS);
	}
	attempts = txp_attempts;
	CHECK(attempts == 1);
	while (!done)
		lws_service(cx, 0);
	CHECK(txp_attempts == attempts);
}

/* streams, one after the other, that are told the names of many rideshare types: those go with their stream */

#define NAMED		60
#define NAMES		40	/* of each */
#define NAME		250	/* bytes of each */
#define SETTLED		10	/* streams until what is made once is there */

static size_t in_use(void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
	return mallinfo2().uordblks;
#else
	return 0;
#endif
}

static lws_ss_state_return_t named_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	static int heard;
	obj_t *o = userobj;

	(void)buf;
	(void)len;
	(void)flags;
	CHECK(strlen(lws_ss_rideshare(o->h)) == NAME);
	return ++heard % NAMES ? LWSSSSRET_OK : LWSSSSRET_DESTROY_ME;
}

static lws_ss_state_return_t named_state(void *userobj, void *h_src, lws_ss_constate_t state,
					 lws_ss_tx_ordinal_t ack)
{
	obj_t *o = userobj;

	(void)h_src;
	(void)ack;
	if (state == LWSSSCS_CREATING)
		return lws_ss_client_connect(o->h);
	if (state == LWSSSCS_DESTROYING)
		subject.destroying = 1;
	return LWSSSSRET_OK;
}

static void names(void)
{
	lws_ss_info_t ssi = {
		.handle_offset = offsetof(obj_t, h),
		.opaque_user_data_offset = offsetof(obj_t, t),
		.rx = named_rx,
		.state = named_state,
		.user_alloc = sizeof(obj_t),
		.streamtype = "named",
	};
	size_t settled = 0;
	int n;

	for (n = 0; n < NAMED && !failed; n++) {
		if (n == SETTLED)
			settled = in_use();
		subject.destroying = 0;
		CHECK(!lws_ss_create(cx, 0, &ssi, &subject, NULL, NULL, NULL));
		while (!subject.destroying && !done && lws_service(cx, 0) >= 0)
			;
	}
	CHECK(in_use() < settled + (NAMED - SETTLED) * NAMES * NAME / 4);
	subject.destroying = 0;
	done = 1;
}

static void check_ends(const struct track *t)
{
	CHECK(t->destroying <= 1);
	CHECK(t->creating <= 1);
	CHECK(!t->calls_after);
	CHECK(t->connected == t->disconnected);
}

int main(int argc, const char **argv)
{
	struct lws_context_creation_info info;
	const char *mode = argv[1];

	setvbuf(stdout, NULL, _IOLBF, 0);
	lws_set_log_level(LLL_ERR | LLL_WARN, NULL);
	memset(&info, 0, sizeof(info));
	lws_context_info_defaults(&info, NULL);
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.protocols = lws_sspc_protocols;
	if (argv[2][0] == '+')
		info.ss_proxy_bind = argv[2];
	else if (argv[2][0] == '=') {
		txp_socket = argv[2] + 1;
		info.txp_ops_sspc = &txp_ops;
	}
	else {
		info.ss_proxy_address = "127.0.0.1";
		info.ss_proxy_port = (uint16_t)atoi(argv[2]);
		if (strchr(argv[2], '@'))
			info.ss_proxy_bind = strchr(argv[2], '@') + 1;
	}
	cx = lws_create_context(&info);
	if (!cx)
		return 1;
	lws_sul_schedule(cx, 0, &sul_limit, limit, LIMIT_MS * LWS_US_PER_MS);
	if (!strcmp(mode, "misuse"))
		misuse();
	else if (!strcmp(mode, "rude"))
		rude();
	else if (!strcmp(mode, "names"))
		names();
	else if (!strcmp(mode, "trace") && argc == 5) {
		tracing = 1;
		type = argv[3];
		until = argv[4];
		CHECK(!create(&subject, type));
	} else if (!strcmp(mode, "nested") && argc == 6) {
		type = argv[3];
		event = argv[4];
		action = argv[5];
		CHECK(!create(&other, "echo"));
		create(&subject, type);
	} else
		return 2;
	while (!done && lws_service(cx, 0) >= 0) {
		if (event && !strcmp(event, "EVENT_WAIT_CANCELLED") && subject.connected && !acted)
			lws_cancel_service(cx);
		if (event && !strcmp(event, "DESTROYING") && subject.connected && !acted)
			lws_ss_destroy(&subject.h);
	}
	if (!action || strcmp(action, "destroy_context"))
		lws_context_destroy(cx);
	check_ends(&subject);
	check_ends(&other);
	check_ends(&late);
	if (action)
		CHECK(acted);
	for (struct link *l = links; l < links + LINKS; l++)
		CHECK(!l->h);
	if (subject.creating && txp_socket)
		CHECK(txp_stream_ups && (action || txp_closes));
	if (!failed)
		printf("ok\n");
	return failed;
}
