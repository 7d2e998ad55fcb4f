/*
 * Sends messages through a proxy to a raw server that echoes, and says what it
 * gets back.
 *
 *   proxied_echo PLACE COUNT [SIZE [STREAMS [CA CERT KEY NAME]]]
 *
 * PLACE is a socket's path, or HOST:PORT. COUNT 0: until it is killed. With CA and the rest, "-" for
 * none, links are encrypted by a call, else as the environment says.
 *
 * Prints "up" at the first CONNECTED, "round N" for each message that came
 * back whole, "again" when a lost connection is back, "retry" for each attempt
 * that does not reach the proxy, and "done" when all streams are.
 */

#define LWS_SS_USE_SSPC
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_STREAMS 1000

static struct lws_context *cx;
static unsigned long count, streams = 1, finished;
static size_t size = 3000;

LWS_SS_USER_TYPEDEF
	unsigned long		rounds;
	size_t			sent;
	size_t			got;
	int			ups;
} echo_t;

static uint8_t
byte_at(unsigned long round, size_t at)
{
	return (uint8_t)(round * 31 + at + (at >> 8) * 7 + (at >> 16) * 13);
}

static lws_ss_state_return_t
echo_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	echo_t *me = (echo_t *)userobj;
	size_t n;

	(void)flags;
	for (n = 0; n < len; n++)
		if (buf[n] != byte_at(me->rounds, me->got + n)) {
			printf("wrong byte %zu in round %lu\n", me->got + n, me->rounds);
			exit(1);
		}
	me->got += len;
	if (me->got > size) {
		printf("%zu bytes in round %lu\n", me->got, me->rounds);
		exit(1);
	}
	if (me->got < size)
		return LWSSSSRET_OK;

	me->got = me->sent = 0;
	printf("round %lu\n", ++me->rounds);
	fflush(stdout);
	if (count && me->rounds == count) {
		if (++finished == streams) {
			printf("done\n");
			lws_default_loop_exit(cx);
		}
		return LWSSSSRET_OK;
	}

	return lws_ss_request_tx(lws_ss_from_user(me));
}

static lws_ss_state_return_t
echo_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
	int *flags)
{
	echo_t *me = (echo_t *)userobj;
	size_t n, left = size - me->sent;

	(void)ord;
	if (!left)
		return LWSSSSRET_TX_DONT_SEND;
	if (*len > left)
		*len = left;
	*flags = (me->sent ? 0 : LWSSS_FLAG_SOM) |
		 (*len == left ? LWSSS_FLAG_EOM : 0);
	for (n = 0; n < *len; n++)
		buf[n] = byte_at(me->rounds, me->sent + n);
	me->sent += *len;
	if (me->sent < size)
		return lws_ss_request_tx(lws_ss_from_user(me));

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
echo_state(void *userobj, void *h_src, lws_ss_constate_t state,
	   lws_ss_tx_ordinal_t ack)
{
	echo_t *me = (echo_t *)userobj;

	(void)h_src;
	(void)ack;
	switch ((int)state) {
	case LWSSSCS_UPSTREAM_LINK_RETRY:
		printf("retry\n");
		fflush(stdout);
		break;
	case LWSSSCS_CREATING:
	case LWSSSCS_DISCONNECTED:
	case LWSSSCS_ALL_RETRIES_FAILED:
		/* one that is done stays as it is */
		if (count && me->rounds == count)
			break;
		return lws_ss_client_connect(lws_ss_from_user(me));
	case LWSSSCS_CONNECTED:
		/* what was under way is lost: the round starts again */
		me->sent = me->got = 0;
		printf("%s\n", me->ups++ ? "again" : "up");
		fflush(stdout);
		return lws_ss_request_tx(lws_ss_from_user(me));
	default:
		break;
	}

	return LWSSSSRET_OK;
}

LWS_SS_INFO("echo", echo_t)
	.rx	= echo_rx,
	.tx	= echo_tx,
	.state	= echo_state,
};

static const char *
or_none(const char *arg)
{
	return strcmp(arg, "-") ? arg : NULL;
}

static int
secure(char **argv)
{
	lws_ss_link_tls_t tls;

	memset(&tls, 0, sizeof(tls));
	tls.ca_filepath = or_none(argv[0]);
	tls.cert_filepath = or_none(argv[1]);
	tls.key_filepath = or_none(argv[2]);
	tls.name = or_none(argv[3]);

	/* no CA: plain */
	return lws_sspc_link_tls(cx, tls.ca_filepath ? &tls : NULL);
}

int
main(int argc, char **argv)
{
	struct lws_context_creation_info info;
	struct lws_ss_handle *h[MAX_STREAMS];
	char bind[200], *colon;
	unsigned long n;

	if (argc < 3)
		return 2;
	count = strtoul(argv[2], NULL, 10);
	if (argc > 3)
		size = strtoul(argv[3], NULL, 10);
	if (argc > 4)
		streams = strtoul(argv[4], NULL, 10);
	if (streams > MAX_STREAMS)
		return 2;

	lws_context_info_defaults(&info, NULL);
	colon = strrchr(argv[1], ':');
	if (colon) {
		*colon = '\0';
		info.ss_proxy_address = argv[1];
		info.ss_proxy_port = (uint16_t)atoi(colon + 1);
	} else {
		snprintf(bind, sizeof(bind), "+%s", argv[1]);
		info.ss_proxy_bind = bind;
	}
	cx = lws_create_context(&info);
	if (!cx)
		return 1;
	if (argc > 8 && secure(argv + 5)) {
		lws_context_destroy(cx);
		return 3;
	}
	for (n = 0; n < streams; n++)
		if (lws_ss_create(cx, 0, &ssi_echo_t, NULL, &h[n], NULL, NULL)) {
			lws_context_destroy(cx);
			return 1;
		}
	lws_context_default_loop_run_destroy(cx);

	return 0;
}
