/*
 * ws_echo_server: a websocket server that sends every message back.
 *
 *   ws_echo_server [--policy FILE]
 *
 * The policy's stream type "echo" says where it listens and which subprotocol
 * it offers, see ws_echo_server_policy.json. A plain request on the same port
 * is told what is served here. SIGINT ends it.
 */

#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* a client that sends more than it takes back is cut off */
#define MAX_WAITING (16u * 1024 * 1024)

/* what was received in one go, and waits to be sent back */
typedef struct piece {
	struct piece	*next;
	size_t		len, pos;
	int		flags;		/* LWSSS_FLAG_SOM, LWSSS_FLAG_EOM */
	uint8_t		data[];
} piece_t;

LWS_SS_USER_TYPEDEF
	piece_t	*first, *last;
	size_t	waiting;
	int	plain;			/* a request that is no upgrade */
} echo_t;

static volatile sig_atomic_t stop;
static struct lws_context *cx;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
	lws_cancel_service(cx);
}

static void
drop_first(echo_t *e)
{
	piece_t *p = e->first;

	e->first = p->next;
	if (!e->first)
		e->last = NULL;
	free(p);
}

static lws_ss_state_return_t
echo_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	echo_t *e = (echo_t *)userobj;
	piece_t *p;

	if (e->plain)
		return LWSSSSRET_OK;
	if (len > MAX_WAITING - e->waiting)
		return LWSSSSRET_DISCONNECT_ME;
	p = malloc(sizeof(*p) + len);
	if (!p)
		return LWSSSSRET_DISCONNECT_ME;
	p->next = NULL;
	p->len = len;
	p->pos = 0;
	p->flags = flags & (LWSSS_FLAG_SOM | LWSSS_FLAG_EOM);
	if (len)
		memcpy(p->data, buf, len);
	if (e->last)
		e->last->next = p;
	else
		e->first = p;
	e->last = p;
	e->waiting += len;

	return lws_ss_request_tx(lws_ss_from_user(e));
}

static const char plain_text[] = "websockets only\n";

static lws_ss_state_return_t
plain_tx(uint8_t *buf, size_t *len, int *flags)
{
	if (*len < sizeof(plain_text) - 1)
		return LWSSSSRET_DISCONNECT_ME;
	*len = sizeof(plain_text) - 1;
	memcpy(buf, plain_text, *len);
	*flags = LWSSS_FLAG_SOM | LWSSS_FLAG_EOM;

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
echo_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
	int *flags)
{
	echo_t *e = (echo_t *)userobj;
	piece_t *p = e->first;

	(void)ord;
	if (e->plain)
		return plain_tx(buf, len, flags);
	if (!p)
		return LWSSSSRET_TX_DONT_SEND;
	*flags = p->pos ? 0 : p->flags & LWSSS_FLAG_SOM;
	if (*len > p->len - p->pos)
		*len = p->len - p->pos;
	if (*len)
		memcpy(buf, p->data + p->pos, *len);
	p->pos += *len;
	e->waiting -= *len;
	if (p->pos == p->len) {
		*flags |= p->flags & LWSSS_FLAG_EOM;
		drop_first(e);
	}

	return e->first ? lws_ss_request_tx(lws_ss_from_user(e)) : LWSSSSRET_OK;
}

static lws_ss_state_return_t
echo_state(void *userobj, void *sh, lws_ss_constate_t state,
	   lws_ss_tx_ordinal_t ack)
{
	echo_t *e = (echo_t *)userobj;

	(void)sh;
	(void)ack;
	switch ((int)state) {
	case LWSSSCS_SERVER_UPGRADE:
		printf("a client came\n");
		fflush(stdout);
		break;
	case LWSSSCS_SERVER_TXN:
		e->plain = 1;
		lws_ss_server_ack(lws_ss_from_user(e), 426); /* Upgrade Required */
		return lws_ss_request_tx_len(lws_ss_from_user(e),
					     sizeof(plain_text) - 1);
	case LWSSSCS_DESTROYING:
		while (e->first)
			drop_first(e);
		break;
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
main(int argc, const char **argv)
{
	struct lws_context_creation_info info;
	const char *file = lws_cmdline_option(argc, argv, "--policy");

	lws_context_info_defaults(&info, file ? file : "ws_echo_server_policy.json");
	cx = lws_create_context(&info);
	if (!cx)
		return 1;
	if (lws_ss_create(cx, 0, &ssi_echo_t, NULL, NULL, NULL, NULL)) {
		lws_context_destroy(cx);
		return 1;
	}
	signal(SIGINT, on_signal);
	printf("port %d\n", lws_get_vhost_port(lws_get_vhost_by_name(cx, "echo")));
	fflush(stdout);
	while (!stop && lws_service(cx, 0) >= 0)
		;
	lws_context_destroy(cx);

	return 0;
}
