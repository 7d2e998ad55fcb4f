/*
 * soak: many streams of all protocols that work without end while their peers come and go, for the
 * tests of soak.rs.
 *
 *   soak --policy FILE --each N --rounds N [-d LEVELS]
 *
 * N streams each of the types h1, h2, ws, mqtt and raw. Every one does one operation after the other (a
 * transaction, an echoed or acknowledged message), reconnects when its link is gone, and now and then is
 * destroyed and made anew. Each state is checked to be a legal successor of the one before.
 *
 * A round: "working" when all streams are made; SIGUSR1 says that peers stay up from now on: then every stream must
 * complete an operation more; all are destroyed, and the descriptors must be those from before the round.
 * stdout: "calm" when all have, "round OPS LINKS FDS HEAP" at its end, "end". Exit code 3: a round's end was
 * not reached; the streams that are stuck are named.
 */

#include <libwebsockets.h>
#include <dirent.h>
#include <malloc.h>
#include <signal.h>
#include "../c_api/check.h"

#define MAX_STREAMS 400
#define CALM_LIMIT_US (60 * LWS_US_PER_SEC)
#define LEN 300

typedef struct slot {
	lws_sorted_usec_list_t	sul;	/* the next thing that it does */
	struct lws_ss_handle	*h;
	const char		*type;
	int			state;	/* the last one */
	unsigned long		ops;	/* since the round began */
	unsigned long		calm;	/* of them since the peers are calm */
	unsigned long		links;
	size_t			got;	/* bytes of the echo */
	int			busy;	/* a message is to be sent */
} slot_t;

LWS_SS_USER_TYPEDEF
	slot_t *slot;
} soak_t;

static const char * const types[] = { "h1", "h2", "ws", "mqtt", "raw" };
static slot_t slots[MAX_STREAMS];
static struct lws_context *cx;
static lws_sorted_usec_list_t sul_limit;
static volatile sig_atomic_t calm;
static int streams, ending;

static void
on_signal(int sig)
{
	(void)sig;
	calm = 1;
	lws_cancel_service(cx);
}

static int
descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	CHECK(d);
	while (readdir(d))
		n++;
	closedir(d);

	return n;
}

static int
legal(int from, int to)
{
	switch (to) {
	case LWSSSCS_CREATING:
		return !from;
	case LWSSSCS_DESTROYING:
		return from != LWSSSCS_DESTROYING;
	case LWSSSCS_POLL:
	case LWSSSCS_CONNECTING:
		return from == LWSSSCS_CREATING || from == LWSSSCS_DISCONNECTED ||
		       from == LWSSSCS_UNREACHABLE || from == LWSSSCS_ALL_RETRIES_FAILED ||
		       (to == LWSSSCS_CONNECTING && from == LWSSSCS_POLL);
	case LWSSSCS_CONNECTED:
	case LWSSSCS_UNREACHABLE:
		return from == LWSSSCS_CONNECTING;
	case LWSSSCS_ALL_RETRIES_FAILED:
		return from == LWSSSCS_UNREACHABLE;
	case LWSSSCS_QOS_ACK_REMOTE:
	case LWSSSCS_QOS_NACK_REMOTE:
	case LWSSSCS_DISCONNECTED:
		return from == LWSSSCS_CONNECTED || from == LWSSSCS_QOS_ACK_REMOTE ||
		       from == LWSSSCS_QOS_NACK_REMOTE;
	default:
		return 0;
	}
}

static int
is_http(const slot_t *s)
{
	return s->type[0] == 'h';
}

static lws_ss_state_return_t
op_done(slot_t *s)
{
	s->ops++;
	if (calm)
		s->calm++;

	return LWSSSSRET_OK;
}

static void work_cb(lws_sorted_usec_list_t *sul);

/* a little later, so that a callback need not do it */
static void
later(slot_t *s, int ms)
{
	if (!ending)
		lws_sul_schedule(cx, 0, &s->sul, work_cb, ms * LWS_US_PER_MS + 1);
}

static lws_ss_state_return_t
soak_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	slot_t *s = ((soak_t *)userobj)->slot;

	(void)buf;
	(void)flags;
	if (is_http(s) || !strcmp(s->type, "mqtt"))
		return LWSSSSRET_OK;
	s->got += len;
	if (s->got < LEN)
		return LWSSSSRET_OK;
	s->got -= LEN;
	later(s, 1);

	return op_done(s);
}

static lws_ss_state_return_t
soak_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len, int *flags)
{
	slot_t *s = ((soak_t *)userobj)->slot;

	(void)ord;
	if (!s->busy)
		return LWSSSSRET_TX_DONT_SEND;
	CHECK(*len >= LEN);
	s->busy = 0;
	memset(buf, 'x', LEN);
	*len = LEN;
	*flags = LWSSS_FLAG_SOM | LWSSS_FLAG_EOM;

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
soak_state(void *userobj, void *h_src, lws_ss_constate_t state, lws_ss_tx_ordinal_t ack)
{
	slot_t *s = ((soak_t *)userobj)->slot;

	(void)h_src;
	(void)ack;
	if (state == LWSSSCS_EVENT_WAIT_CANCELLED)
		return LWSSSSRET_OK;
	if (!s)
		/* CREATING comes before the handle and the slot know each other */
		return LWSSSSRET_OK;
	if (!legal(s->state, (int)state)) {
		printf("illegal: %s: %s after %s\n", s->type, lws_ss_state_name((int)state),
		       lws_ss_state_name(s->state));
		exit(1);
	}
	s->state = (int)state;

	switch ((int)state) {
	case LWSSSCS_CONNECTED:
		s->links++;
		s->got = 0;
		if (is_http(s))
			break;
		s->busy = 1;
		return lws_ss_request_tx(s->h);
	case LWSSSCS_QOS_ACK_REMOTE:
		op_done(s);
		if (!is_http(s))
			later(s, 1);
		break;
	case LWSSSCS_DISCONNECTED:
		if (s->ops % 16 == 15)
			return LWSSSSRET_DESTROY_ME;
		later(s, is_http(s) ? 1 : 300);
		break;
	case LWSSSCS_ALL_RETRIES_FAILED:
		later(s, 100);
		break;
	case LWSSSCS_DESTROYING:
		lws_sul_cancel(&s->sul);
		s->h = NULL;
		s->state = 0;
		later(s, 5);
		break;
	default:
		break;
	}

	return LWSSSSRET_OK;
}

LWS_SS_INFO("h1", soak_t)
	.rx	= soak_rx,
	.tx	= soak_tx,
	.state	= soak_state,
};

/* makes it if there is none, and has it do the next operation, or connect again */
static void
work_cb(lws_sorted_usec_list_t *sul)
{
	slot_t *s = lws_container_of(sul, slot_t, sul);
	lws_ss_info_t ssi = ssi_soak_t;
	lws_ss_state_return_t r;

	if (!s->h) {
		ssi.streamtype = s->type;
		CHECK(!lws_ss_create(cx, 0, &ssi, NULL, &s->h, NULL, NULL));
		((soak_t *)lws_ss_to_user_object(s->h))->slot = s;
		s->state = LWSSSCS_CREATING;
	}
	s->busy = 1;
	/* some connect by a call, most by asking to send */
	if (s->state == LWSSSCS_DISCONNECTED && s->ops % 3 == 0)
		r = lws_ss_client_connect(s->h);
	else
		r = lws_ss_request_tx(s->h);
	if (r == LWSSSSRET_DESTROY_ME)
		lws_ss_destroy(&s->h);
}

static void
limit_cb(lws_sorted_usec_list_t *sul)
{
	int i;

	(void)sul;
	for (i = 0; i < streams; i++)
		if (!slots[i].calm)
			printf("stuck: %s %d in %s after %lu operations\n", slots[i].type, i,
			       slots[i].h ? lws_ss_state_name(slots[i].state) : "nothing",
			       slots[i].ops);
	printf("LIMIT\n");
	exit(3);
}

static int
all_have_worked(void)
{
	int i;

	for (i = 0; i < streams; i++)
		if (!slots[i].calm)
			return 0;

	return 1;
}

static void
soak_round(int fds)
{
	unsigned long ops = 0, links = 0;
	int i, was_calm = 0;

	ending = 0;
	for (i = 0; i < streams; i++) {
		slots[i].ops = slots[i].calm = slots[i].links = 0;
		later(&slots[i], i);
	}
	printf("working\n");
	while (!calm || !all_have_worked()) {
		CHECK(lws_service(cx, 0) >= 0);
		if (calm && !was_calm) {
			was_calm = 1;
			lws_sul_schedule(cx, 0, &sul_limit, limit_cb, CALM_LIMIT_US);
		}
	}
	printf("calm\n");
	ending = 1;
	for (i = 0; i < streams; i++) {
		lws_sul_cancel(&slots[i].sul);
		lws_ss_destroy(&slots[i].h);
		ops += slots[i].ops;
		links += slots[i].links;
	}
	/* connections that are kept for others go when nobody came */
	while (descriptors() > fds)
		CHECK(lws_service(cx, 0) >= 0);
	lws_sul_cancel(&sul_limit);
	calm = 0;
	printf("round %lu %lu %d %zu\n", ops, links, descriptors() - fds, mallinfo2().uordblks);
}

static int
number(int argc, const char **argv, const char *name)
{
	const char *p = lws_cmdline_option(argc, argv, name);

	CHECK(p);
	return atoi(p);
}

int
main(int argc, const char **argv)
{
	struct lws_context_creation_info info;
	int each, rounds, fds, t, i;

	setvbuf(stdout, NULL, _IOLBF, 0);
	each = number(argc, argv, "--each");
	rounds = number(argc, argv, "--rounds");
	lws_context_info_defaults(&info, lws_cmdline_option(argc, argv, "--policy"));
	lws_cmdline_option_handle_builtin(argc, argv, &info);
	info.keepalive_timeout = 1;
	CHECK(cx = lws_create_context(&info));
	signal(SIGUSR1, on_signal);
	for (t = 0; t < (int)LWS_ARRAY_SIZE(types); t++)
		for (i = 0; i < each; i++) {
			CHECK(streams < MAX_STREAMS);
			slots[streams++].type = types[t];
		}
	fds = descriptors();
	while (rounds--)
		soak_round(fds);
	printf("end\n");
	lws_context_destroy(cx);

	return 0;
}
