/*
 * Many streams through one proxy, each with many operations, whose every byte
 * is checked.
 *
 *   proxied_stress SOCKET ECHOES GETS POSTS ROUNDS MOST
 *
 * ECHOES streams send messages of up to MOST bytes to a raw server that echoes,
 * one connection for all rounds. GETS streams ask an HTTP server for
 * /SEED/LENGTH, which is so many bytes that follow from the seed, and POSTS
 * streams send them to /SEED/LENGTH/sent, to get them back; each round is a
 * transaction.
 * Seeds are different in each round of each stream. Prints "N operations" and
 * "done" at the end, and says what is wrong else.
 *
 * Also runs with libwebsockets.
 */

#define LWS_SS_USE_SSPC
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* a link each, and what the loop has */
#define FD_LIMIT 1024

static struct lws_context *cx;
static unsigned long rounds, most, created, left, operations;

LWS_SS_USER_TYPEDEF
	unsigned long		number;
	unsigned long		round;
	size_t			sent;
	size_t			got;
	char			path[40];
} stress_t;

/* LWS_SS_INFO makes a name of the type */
typedef stress_t echo_t;
typedef stress_t get_t;
typedef stress_t post_t;

static void
wrong(const stress_t *me, const char *what, unsigned long value)
{
	printf("stream %lu, round %lu, %zu of %zu bytes: %s %lu\n", me->number,
	       me->round, me->got, me->sent, what, value);
	exit(1);
}

static unsigned long
seed_of(const stress_t *me)
{
	return me->number * 1009 + me->round;
}

static size_t
size_of(const stress_t *me)
{
	return 1 + seed_of(me) * 7919 % most;
}

static uint8_t
byte_at(unsigned long seed, size_t at)
{
	return (uint8_t)(seed * 31 + at + (at >> 8) * 7);
}

/* 1: was the last round of the last stream */
static int
round_over(stress_t *me)
{
	operations++;
	me->sent = me->got = 0;
	if (++me->round < rounds || --left)
		return 0;
	printf("%lu operations\ndone\n", operations);
	lws_default_loop_exit(cx);

	return 1;
}

static void
check_rx(stress_t *me, const uint8_t *buf, size_t len)
{
	size_t n;

	if (me->round == rounds || me->got + len > size_of(me))
		wrong(me, "too many bytes:", len);
	for (n = 0; n < len; n++)
		if (buf[n] != byte_at(seed_of(me), me->got + n))
			wrong(me, "wrong byte", me->got + n);
	me->got += len;
}

static lws_ss_state_return_t
stress_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
	  int *flags)
{
	stress_t *me = (stress_t *)userobj;
	size_t n, rest;

	(void)ord;
	if (me->round == rounds || me->sent == size_of(me))
		return LWSSSSRET_TX_DONT_SEND;
	rest = size_of(me) - me->sent;
	if (*len > rest)
		*len = rest;
	*flags = (me->sent ? 0 : LWSSS_FLAG_SOM) |
		 (*len == rest ? LWSSS_FLAG_EOM : 0);
	for (n = 0; n < *len; n++)
		buf[n] = byte_at(seed_of(me), me->sent + n);
	me->sent += *len;
	if (*len < rest)
		return lws_ss_request_tx(lws_ss_from_user(me));

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
echo_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	stress_t *me = (stress_t *)userobj;

	(void)flags;
	check_rx(me, buf, len);
	if (me->got < size_of(me))
		return LWSSSSRET_OK;
	if (round_over(me) || me->round == rounds)
		return LWSSSSRET_OK;

	return lws_ss_request_tx(lws_ss_from_user(me));
}

static lws_ss_state_return_t
echo_state(void *userobj, void *h_src, lws_ss_constate_t state,
	   lws_ss_tx_ordinal_t ack)
{
	stress_t *me = (stress_t *)userobj;

	(void)h_src;
	(void)ack;
	switch ((int)state) {
	case LWSSSCS_CREATING:
		me->number = ++created;
		return lws_ss_client_connect(lws_ss_from_user(me));
	case LWSSSCS_CONNECTED:
		return lws_ss_request_tx(lws_ss_from_user(me));
	case LWSSSCS_DISCONNECTED:
	case LWSSSCS_UNREACHABLE:
	case LWSSSCS_ALL_RETRIES_FAILED:
		if (left)
			wrong(me, "state", state);
		break;
	default:
		break;
	}

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
http_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	(void)flags;
	check_rx((stress_t *)userobj, buf, len);

	return LWSSSSRET_OK;
}

/* the next transaction */
static lws_ss_state_return_t
http_ask(stress_t *me, int has_body)
{
	struct lws_ss_handle *h = lws_ss_from_user(me);

	snprintf(me->path, sizeof(me->path), "%lu/%zu%s", seed_of(me),
		 size_of(me), has_body ? "/sent" : "");
	if (lws_ss_set_metadata(h, "path", me->path, strlen(me->path)))
		wrong(me, "lws_ss_set_metadata", 1);
	if (has_body)
		return lws_ss_request_tx_len(h, (unsigned long)size_of(me));

	return lws_ss_client_connect(h);
}

static lws_ss_state_return_t
http_state(stress_t *me, lws_ss_constate_t state, int has_body)
{
	switch ((int)state) {
	case LWSSSCS_CREATING:
		me->number = ++created;
		return http_ask(me, has_body);
	case LWSSSCS_CONNECTED:
		if (has_body)
			return lws_ss_request_tx(lws_ss_from_user(me));
		break;
	case LWSSSCS_QOS_ACK_REMOTE:
		if (me->got != size_of(me))
			wrong(me, "an answer of", size_of(me));
		round_over(me);
		break;
	case LWSSSCS_DISCONNECTED:
		if (me->got || me->sent)
			wrong(me, "cut short, of", size_of(me));
		if (me->round < rounds)
			return http_ask(me, has_body);
		break;
	case LWSSSCS_QOS_NACK_REMOTE:
	case LWSSSCS_UNREACHABLE:
	case LWSSSCS_ALL_RETRIES_FAILED:
		if (left)
			wrong(me, "state", state);
		break;
	default:
		break;
	}

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
get_state(void *userobj, void *h_src, lws_ss_constate_t state,
	  lws_ss_tx_ordinal_t ack)
{
	(void)h_src;
	(void)ack;

	return http_state((stress_t *)userobj, state, 0);
}

static lws_ss_state_return_t
post_state(void *userobj, void *h_src, lws_ss_constate_t state,
	   lws_ss_tx_ordinal_t ack)
{
	(void)h_src;
	(void)ack;

	return http_state((stress_t *)userobj, state, 1);
}

static LWS_SS_INFO("echo", echo_t)
	.rx	= echo_rx,
	.tx	= stress_tx,
	.state	= echo_state,
};

static LWS_SS_INFO("get", get_t)
	.rx	= http_rx,
	.state	= get_state,
};

static LWS_SS_INFO("post", post_t)
	.rx	= http_rx,
	.tx	= stress_tx,
	.state	= post_state,
};

static int
create(const lws_ss_info_t *info, const char *count)
{
	unsigned long n = strtoul(count, NULL, 10);
	struct lws_ss_handle *h;

	left += n;
	while (n--)
		if (lws_ss_create(cx, 0, info, NULL, &h, NULL, NULL))
			return 1;

	return 0;
}

int
main(int argc, char **argv)
{
	struct lws_context_creation_info info;
	char bind[200];

	if (argc != 7)
		return 2;
	rounds = strtoul(argv[5], NULL, 10);
	most = strtoul(argv[6], NULL, 10);
	if (!rounds || !most)
		return 2;

	lws_context_info_defaults(&info, NULL);
	info.fd_limit_per_thread = FD_LIMIT;
	snprintf(bind, sizeof(bind), "+%s", argv[1]);
	info.ss_proxy_bind = bind;
	cx = lws_create_context(&info);
	if (!cx)
		return 1;
	if (create(&ssi_echo_t, argv[2]) || create(&ssi_get_t, argv[3]) ||
	    create(&ssi_post_t, argv[4])) {
		lws_context_destroy(cx);
		return 1;
	}
	lws_context_default_loop_run_destroy(cx);

	return left ? 1 : 0;
}
