/*
 * Sends messages through a proxy to a raw server that echoes, and says what it
 * gets back.
 *
 *   proxied_echo SOCKET COUNT     COUNT 0: until it is killed
 *
 * Prints "up" at the first CONNECTED, "round N" for each message that came
 * back whole, "again" when a lost connection is back, and "done".
 */

#define LWS_SS_USE_SSPC
#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIZE 3000

static struct lws_context *cx;
static unsigned long count;

LWS_SS_USER_TYPEDEF
	unsigned long		rounds;
	size_t			sent;
	size_t			got;
	int			ups;
} echo_t;

static uint8_t
byte_at(unsigned long round, size_t at)
{
	return (uint8_t)(round * 31 + at);
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
	if (me->got > SIZE) {
		printf("%zu bytes in round %lu\n", me->got, me->rounds);
		exit(1);
	}
	if (me->got < SIZE)
		return LWSSSSRET_OK;

	me->got = me->sent = 0;
	printf("round %lu\n", ++me->rounds);
	fflush(stdout);
	if (count && me->rounds == count) {
		printf("done\n");
		lws_default_loop_exit(cx);
		return LWSSSSRET_OK;
	}

	return lws_ss_request_tx(lws_ss_from_user(me));
}

static lws_ss_state_return_t
echo_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
	int *flags)
{
	echo_t *me = (echo_t *)userobj;
	size_t n, left = SIZE - me->sent;

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
	if (me->sent < SIZE)
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
	case LWSSSCS_CREATING:
	case LWSSSCS_DISCONNECTED:
	case LWSSSCS_ALL_RETRIES_FAILED:
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

int
main(int argc, char **argv)
{
	struct lws_context_creation_info info;
	struct lws_ss_handle *h;
	char bind[200];

	if (argc != 3)
		return 2;
	count = strtoul(argv[2], NULL, 10);
	snprintf(bind, sizeof(bind), "+%s", argv[1]);

	lws_context_info_defaults(&info, NULL);
	info.ss_proxy_bind = bind;
	cx = lws_create_context(&info);
	if (!cx)
		return 1;
	if (lws_ss_create(cx, 0, &ssi_echo_t, NULL, &h, NULL, NULL))
		return 1;
	lws_context_default_loop_run_destroy(cx);

	return 0;
}
