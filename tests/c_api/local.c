/*
 * What streams that never leave the process promise, a case each:
 *
 *   local POLICY CASE
 */

#include <libwebsockets.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

#define BULK 300000

struct obj {
	struct lws_ss_handle *ss;
	void *opaque;
	size_t sent;
};

/* what one kind of stream has seen */
struct seen {
	char states[256];
	size_t len;
	int soms, eoms, calls;
	uint32_t sum;
};

static struct lws_context *cx;
static struct seen a, b;		/* source or plain stream, accepted */
static struct lws_ss_handle *accepted;
static size_t to_send, to_answer;	/* bytes by a, by b */
static lws_ss_state_return_t a_rx_ret, b_rx_ret, join_ret;

static uint8_t
pattern(size_t at)
{
	return (uint8_t)(at * 31 + (at >> 8));
}

static void
note_state(struct seen *s, lws_ss_constate_t state)
{
	const char *name = lws_ss_state_name(state) + strlen("LWSSSCS_");

	if (state == LWSSSCS_EVENT_WAIT_CANCELLED)
		return;
	if (s->states[0])
		strcat(s->states, " ");
	CHECK(strlen(s->states) + strlen(name) + 2 < sizeof(s->states));
	strcat(s->states, name);
}

static void
note_rx(struct seen *s, const uint8_t *buf, size_t len, int flags)
{
	size_t n;

	s->calls++;
	s->soms += !!(flags & LWSSS_FLAG_SOM);
	s->eoms += !!(flags & LWSSS_FLAG_EOM);
	for (n = 0; n < len; n++)
		s->sum = s->sum * 31 + buf[n];
	s->len += len;
}

static uint32_t
sum_of(size_t len)
{
	uint32_t sum = 0;
	size_t n;

	for (n = 0; n < len; n++)
		sum = sum * 31 + pattern(n);

	return sum;
}

static lws_ss_state_return_t
send_pattern(struct obj *me, size_t total, uint8_t *buf, size_t *len, int *flags)
{
	size_t n;

	if (me->sent >= total)
		return LWSSSSRET_TX_DONT_SEND;
	CHECK(*len >= 400);
	if (*len > total - me->sent)
		*len = total - me->sent;
	for (n = 0; n < *len; n++)
		buf[n] = pattern(me->sent + n);
	*flags = me->sent ? 0 : LWSSS_FLAG_SOM;
	me->sent += *len;
	if (me->sent == total)
		*flags |= LWSSS_FLAG_EOM;
	else
		CHECK(lws_ss_request_tx(me->ss) == LWSSSSRET_OK);

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
a_state(void *u, void *src, lws_ss_constate_t state, lws_ss_tx_ordinal_t ack)
{
	struct obj *me = (struct obj *)u;

	(void)src;
	(void)ack;
	note_state(&a, state);
	if (state == LWSSSCS_CONNECTED && to_send)
		return lws_ss_request_tx(me->ss);

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
a_rx(void *u, const uint8_t *buf, size_t len, int flags)
{
	(void)u;
	note_rx(&a, buf, len, flags);

	return a_rx_ret;
}

static lws_ss_state_return_t
a_tx(void *u, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len, int *flags)
{
	(void)ord;

	return send_pattern((struct obj *)u, to_send, buf, len, flags);
}

static lws_ss_state_return_t
b_state(void *u, void *src, lws_ss_constate_t state, lws_ss_tx_ordinal_t ack)
{
	struct obj *me = (struct obj *)u;

	(void)ack;
	note_state(&b, state);
	if (state == LWSSSCS_SINK_JOIN || state == LWSSSCS_SINK_PART) {
		CHECK(src);
		CHECK(me->opaque == &cx);
		return state == LWSSSCS_SINK_JOIN ? join_ret : LWSSSSRET_OK;
	}
	if (state == LWSSSCS_CREATING) {
		/* the source's handle, and its own */
		CHECK(lws_ss_get_context((struct lws_ss_handle *)me->opaque) == cx);
		accepted = me->ss;
	}
	if (state == LWSSSCS_CONNECTED && to_answer)
		return lws_ss_request_tx(me->ss);

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
b_rx(void *u, const uint8_t *buf, size_t len, int flags)
{
	(void)u;
	note_rx(&b, buf, len, flags);

	return b_rx_ret;
}

static lws_ss_state_return_t
b_tx(void *u, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len, int *flags)
{
	(void)ord;

	return send_pattern((struct obj *)u, to_answer, buf, len, flags);
}

static int
create(const char *type, struct lws_ss_handle **h)
{
	lws_ss_info_t info = {
		.streamtype = type, .user_alloc = sizeof(struct obj),
		.handle_offset = offsetof(struct obj, ss),
		.opaque_user_data_offset = offsetof(struct obj, opaque),
		.rx = a_rx, .tx = a_tx, .state = a_state,
	};

	return lws_ss_create(cx, 0, &info, NULL, h, NULL, NULL);
}

static int
register_sink(const char *type)
{
	lws_ss_info_t info = {
		.streamtype = type, .user_alloc = sizeof(struct obj),
		.handle_offset = offsetof(struct obj, ss),
		.opaque_user_data_offset = offsetof(struct obj, opaque),
		.rx = b_rx, .tx = b_tx, .state = b_state,
		.flags = LWSSSINFLAGS_REGISTER_SINK,
	};

	return lws_ss_create(cx, 0, &info, &cx, NULL, NULL, NULL);
}

/* turns until there is what was waited for */
#define SERVE_UNTIL(cond)                              \
	while (!(cond))                                \
		CHECK(lws_service(cx, 0) >= 0)

static void
idle(void)
{
	int n;

	for (n = 0; n < 5; n++)
		CHECK(lws_service(cx, -1) >= 0);
}

/* both ways at the same time, in order and whole */
static void
bulk(void)
{
	struct lws_ss_handle *h;

	to_send = to_answer = BULK;
	CHECK(!register_sink("snk"));
	CHECK(!create("snk", &h));
	SERVE_UNTIL(a.len >= BULK && b.len >= BULK);
	idle();
	CHECK(a.len == BULK && b.len == BULK);
	CHECK(a.sum == sum_of(BULK) && b.sum == a.sum);
	CHECK(a.soms == 1 && a.eoms == 1 && b.soms == 1 && b.eoms == 1);
	CHECK(a.calls > 1);
	CHECK(strstr(lws_ss_tag(h), "|SSsrc|"));
	CHECK(strstr(lws_ss_tag(accepted), "|SSsink|"));
}

static void
sink_refuses(void)
{
	struct lws_ss_handle *h = (struct lws_ss_handle *)1;

	CHECK(register_sink("pipe"));
	CHECK(create("snk", &h));
	CHECK(!h);
	CHECK(!register_sink("snk"));
	join_ret = LWSSSSRET_DISCONNECT_ME;
	CHECK(create("snk", &h));
	CHECK(!h);
	CHECK_STR(a.states, "");
	CHECK_STR(b.states, "SINK_JOIN");
}

/* the source leaves by its return code, and comes back */
static void
source_disconnects(void)
{
	struct lws_ss_handle *h;

	to_answer = 10;
	a_rx_ret = LWSSSSRET_DISCONNECT_ME;
	CHECK(!register_sink("snk"));
	CHECK(!create("snk", &h));
	SERVE_UNTIL(a.len == 10);
	CHECK_STR(a.states, "CREATING CONNECTING CONNECTED DISCONNECTED");
	CHECK_STR(b.states, "SINK_JOIN CREATING CONNECTING CONNECTED SINK_PART DISCONNECTED "
			    "DESTROYING");
	a.states[0] = b.states[0] = '\0';
	CHECK(lws_ss_request_tx(h) == LWSSSSRET_OK);
	CHECK_STR(a.states, "POLL CONNECTING CONNECTED");
	CHECK_STR(b.states, "SINK_JOIN CREATING CONNECTING CONNECTED");
	SERVE_UNTIL(a.len == 20);
}

/* the accepted stream leaves: to the source its link has ended */
static void
accepted_disconnects(void)
{
	struct lws_ss_handle *h;

	to_send = 10;
	b_rx_ret = LWSSSSRET_DISCONNECT_ME;
	CHECK(!register_sink("snk"));
	CHECK(!create("snk", &h));
	SERVE_UNTIL(b.len == 10);
	CHECK(strstr(a.states, "CREATING CONNECTING CONNECTED DISCONNECTED") == a.states);
	CHECK(strstr(b.states, "CONNECTED SINK_PART"));
	CHECK(strstr(b.states, "DISCONNECTED DESTROYING"));
	CHECK(!strstr(a.states, "DESTROYING"));
	lws_ss_destroy(&h);
	CHECK(strstr(a.states, "DESTROYING"));
}

/* a destroyed accepted stream takes the source along */
static void
accepted_destroyed(void)
{
	struct lws_ss_handle *h;

	CHECK(!register_sink("snk"));
	CHECK(!create("snk", &h));
	lws_ss_destroy(&accepted);
	CHECK_STR(a.states, "CREATING CONNECTING CONNECTED DISCONNECTED DESTROYING");
	CHECK(!lws_ss_get_context(h));
}

static void
adopt_pipe(void)
{
	struct lws_ss_handle *h;
	lws_sock_file_fd_type fd;
	char buf[BULK];
	size_t n;
	int ends[2];

	for (n = 0; n < sizeof(buf); n++)
		buf[n] = (char)pattern(n);
	CHECK(!pipe(ends));
	CHECK(!create("pipe", &h));
	fd.filefd = ends[0];
	CHECK(!lws_ss_adopt_raw(h, fd));
	CHECK_STR(a.states, "CREATING CONNECTING CONNECTED");
	CHECK(write(ends[1], buf, 1000) == 1000);
	SERVE_UNTIL(a.len == 1000);
	CHECK(a.sum == sum_of(1000) && !a.soms && !a.eoms);
	close(ends[1]);
	SERVE_UNTIL(strstr(a.states, "DISCONNECTED"));
	/* ours to close, and closed */
	CHECK(fcntl(ends[0], F_GETFD) < 0);

	/* the same stream takes the writing end of another one; what does not fit waits */
	CHECK(!pipe(ends));
	to_send = BULK;
	a.states[0] = '\0';
	fd.filefd = ends[1];
	CHECK(!lws_ss_adopt_raw(h, fd));
	CHECK_STR(a.states, "CONNECTING CONNECTED");
	CHECK(fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0);
	for (n = 0; n < BULK;) {
		ssize_t got;

		CHECK(lws_service(cx, -1) >= 0);
		got = read(ends[0], buf + n, sizeof(buf) - n);
		if (got > 0)
			n += (size_t)got;
	}
	for (n = 0; n < BULK; n++)
		CHECK((uint8_t)buf[n] == pattern(n));

	/* nobody reads any more: an end of the link, not of the program */
	close(ends[0]);
	CHECK(lws_ss_request_tx(h) == LWSSSSRET_OK);
	SERVE_UNTIL(strstr(a.states, "DISCONNECTED"));
}

static void
adopt_socket(void)
{
	struct lws_ss_handle *h;
	lws_sock_file_fd_type fd;
	uint8_t got[64];
	int ends[2];

	to_send = sizeof(got);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	CHECK(!create("pipe", &h));
	fd.sockfd = ends[0];
	CHECK(!lws_ss_adopt_raw(h, fd));
	CHECK(write(ends[1], "hello", 5) == 5);
	SERVE_UNTIL(a.len == 5);
	CHECK(recv(ends[1], got, sizeof(got), MSG_WAITALL) == sizeof(got));
	CHECK(got[63] == pattern(63));
	lws_ss_destroy(&h);
	CHECK(read(ends[1], got, 1) == 0);
	close(ends[1]);
}

/* each read gives one packet: those behind it make no event of their own */
static void
adopt_packets(void)
{
	struct lws_ss_handle *h;
	lws_sock_file_fd_type fd;
	int ends[2], n;

	CHECK(!socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
	for (n = 0; n < 5; n++)
		CHECK(write(ends[1], "hello", 5) == 5);
	CHECK(!create("pipe", &h));
	fd.sockfd = ends[0];
	CHECK(!lws_ss_adopt_raw(h, fd));
	SERVE_UNTIL(a.len == 25);
	lws_ss_destroy(&h);
	close(ends[1]);
}

static void
adopt_refused(void)
{
	struct lws_ss_handle *h, *sink, *bus;
	lws_sock_file_fd_type fd;
	int ends[2];

	CHECK(!pipe(ends));
	CHECK(!register_sink("snk"));
	CHECK(!create("snk", &sink));
	CHECK(!create(LWS_SMD_STREAMTYPENAME, &bus));
	a.states[0] = '\0';
	fd.filefd = ends[0];
	CHECK(lws_ss_adopt_raw(sink, fd) == 1);
	CHECK(lws_ss_adopt_raw(bus, fd) == 1);
	CHECK(lws_ss_adopt_raw(NULL, fd) == 1);
	CHECK(!create("pipe", &h));
	fd.filefd = 12345;
	CHECK(lws_ss_adopt_raw(h, fd) == 1);
	CHECK_STR(a.states, "CREATING");
	/* refused ones stay open */
	CHECK(fcntl(ends[0], F_GETFD) >= 0);
	fd.filefd = ends[0];
	CHECK(!lws_ss_adopt_raw(h, fd));
	fd.filefd = ends[1];
	CHECK(lws_ss_adopt_raw(h, fd) == 1);
	CHECK(fcntl(ends[1], F_GETFD) >= 0);
	lws_ss_destroy(&h);

	/* the system cannot wait for a regular file */
	CHECK(!create("pipe", &h));
	fd.filefd = open("/etc/passwd", O_RDONLY);
	CHECK(fd.filefd >= 0);
	a.states[0] = '\0';
	CHECK(lws_ss_adopt_raw(h, fd) == 1);
	CHECK_STR(a.states, "");
	CHECK(fcntl(fd.filefd, F_GETFD) < 0);
	fd.filefd = ends[1];
	CHECK(!lws_ss_adopt_raw(h, fd));
}

static void
file(void)
{
	struct lws_ss_handle *h;

	CHECK(!create("file", &h));
	CHECK(lws_ss_client_connect(h) == LWSSSSRET_OK);
	CHECK_STR(a.states, "CREATING CONNECTING CONNECTED");
	CHECK(!a.calls);
	SERVE_UNTIL(a.eoms);
	idle();
	CHECK(a.len == 50000 && a.soms == 1 && a.eoms == 1);
	CHECK_STR(a.states, "CREATING CONNECTING CONNECTED");
	lws_ss_destroy(&h);
	CHECK_STR(a.states, "CREATING CONNECTING CONNECTED DISCONNECTED DESTROYING");
}

/* the program has enough of it, and reads it again */
static void
file_stopped(void)
{
	struct lws_ss_handle *h;

	a_rx_ret = LWSSSSRET_DISCONNECT_ME;
	CHECK(!create("file", &h));
	CHECK(lws_ss_client_connect(h) == LWSSSSRET_OK);
	SERVE_UNTIL(a.calls);
	idle();
	CHECK(a.calls == 1 && a.soms == 1 && !a.eoms);
	CHECK_STR(a.states, "CREATING CONNECTING CONNECTED DISCONNECTED");
	a_rx_ret = LWSSSSRET_OK;
	a.len = 0;
	CHECK(lws_ss_client_connect(h) == LWSSSSRET_OK);
	SERVE_UNTIL(a.eoms);
	CHECK(a.len == 50000 && a.soms == 2);
}

static void
file_by_metadata(void)
{
	static const char *const bad[] = { "missing.txt", ".", "a\1b" };
	struct lws_ss_handle *h;
	size_t n;

	CHECK(!create("any_file", &h));
	CHECK(!lws_ss_set_metadata(h, "file", "empty.txt", 9));
	CHECK(lws_ss_client_connect(h) == LWSSSSRET_OK);
	SERVE_UNTIL(a.eoms);
	CHECK(!a.len && a.calls == 1 && a.soms == 1);
	lws_ss_destroy(&h);

	for (n = 0; n < LWS_ARRAY_SIZE(bad); n++) {
		CHECK(!create("any_file", &h));
		CHECK(!lws_ss_set_metadata(h, "file", bad[n], strlen(bad[n])));
		a.states[0] = '\0';
		CHECK(lws_ss_client_connect(h) == LWSSSSRET_TX_DONT_SEND);
		CHECK_STR(a.states, "CONNECTING UNREACHABLE ALL_RETRIES_FAILED");
		lws_ss_destroy(&h);
	}
}

static int heard;
static lws_usec_t sent_at;

static int
listener(void *opaque, lws_smd_class_t class_, lws_usec_t at, void *buf, size_t len)
{
	(void)opaque;
	if (class_ & LWSSMDCL_SYSTEM_STATE)
		return 0;
	CHECK(class_ == 1u << 24 && at == sent_at && len == 3 && !memcmp(buf, "abc", 3));
	heard++;

	return 0;
}

/* what a stream received goes to others, with its time, and not back */
static void
rx_forward(void)
{
	static uint8_t msg[LWS_SMD_SS_RX_HEADER_LEN + LWS_SMD_MAX_PAYLOAD + 1];
	lws_ss_info_t info = {
		.streamtype = LWS_SMD_STREAMTYPENAME, .user_alloc = sizeof(struct obj),
		.handle_offset = offsetof(struct obj, ss),
		.opaque_user_data_offset = offsetof(struct obj, opaque),
		.rx = a_rx, .state = a_state, .manual_initial_tx_credit = 1 << 24,
	};
	struct lws_ss_handle *h;
	void *user;
	int n;

	CHECK(!lws_ss_create(cx, 0, &info, NULL, &h, NULL, NULL));
	user = lws_ss_to_user_object(h);
	msg[4] = 1;
	/* not now, and not too old either */
	sent_at = lws_now_usecs() - 1000;
	for (n = 0; n < 8; n++)
		msg[8 + n] = (uint8_t)((uint64_t)sent_at >> (56 - 8 * n));
	memcpy(msg + LWS_SMD_SS_RX_HEADER_LEN, "abc", 3);
	CHECK(!lws_smd_ss_rx_forward(user, msg, LWS_SMD_SS_RX_HEADER_LEN + 3));
	SERVE_UNTIL(heard);
	idle();
	CHECK(heard == 1 && !a.calls);
	CHECK(lws_smd_ss_rx_forward(user, msg, LWS_SMD_SS_RX_HEADER_LEN - 1) == 1);
	CHECK(lws_smd_ss_rx_forward(user, msg, sizeof(msg)) == 1);
	CHECK(lws_smd_ss_rx_forward(NULL, msg, sizeof(msg)) == 1);
	/* nobody wants that class */
	msg[4] = 2;
	CHECK(!lws_smd_ss_rx_forward(user, msg, LWS_SMD_SS_RX_HEADER_LEN + 3));
}

int main(int argc, const char **argv)
{
	static const struct { const char *name; void (*run)(void); } cases[] = {
		{ "bulk", bulk }, { "sink_refuses", sink_refuses },
		{ "source_disconnects", source_disconnects },
		{ "accepted_disconnects", accepted_disconnects },
		{ "accepted_destroyed", accepted_destroyed }, { "adopt_pipe", adopt_pipe },
		{ "adopt_socket", adopt_socket }, { "adopt_packets", adopt_packets },
		{ "adopt_refused", adopt_refused },
		{ "file", file }, { "file_stopped", file_stopped },
		{ "file_by_metadata", file_by_metadata }, { "rx_forward", rx_forward },
	};
	struct lws_context_creation_info info;
	size_t n;
	int ran = 0;

	CHECK(argc == 3);
	lws_context_info_defaults(&info, argv[1]);
	lws_set_log_level(0, NULL);
	info.early_smd_cb = listener;
	info.early_smd_class_filter = 1 << 24;
	cx = lws_create_context(&info);
	CHECK(cx);
	for (n = 0; n < LWS_ARRAY_SIZE(cases); n++)
		if (!strcmp(cases[n].name, argv[2])) {
			cases[n].run();
			ran = 1;
		}
	CHECK(ran);
	lws_context_destroy(cx);
	puts("ok");

	return 0;
}
