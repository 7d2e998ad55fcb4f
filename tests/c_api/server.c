/*
 * server: what programs do in the callbacks of listening and accepted streams.
 *
 *   server POLICY EVENT ACTION
 *
 * A client stream of the same context asks the server. In EVENT of the accepted
 * stream ACTION is done. Exit code 0 and a last line "ok" if all checks held.
 */

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct lws_context *cx;
static struct lws_ss_handle *listener, *client;
static const char *event, *action;
static int failures, accepted, destroyed, acted, over, seen_new, listed, gone;
static lws_sorted_usec_list_t sul;

LWS_SS_USER_TYPEDEF
	int sent;
} user_t;

static void
check(int ok, const char *what)
{
	if (ok)
		return;
	failures++;
	printf("FAIL %s\n", what);
}

static void
count(struct lws_ss_handle *h, void *arg)
{
	check(h != listener && h != client, "foreach gives accepted streams");
	(*(int *)arg)++;
}

static void
destroy_each(struct lws_ss_handle *h, void *arg)
{
	(void)arg;
	listed++;
	lws_ss_destroy(&h);
}

static lws_ss_state_return_t
new_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
       int *flags)
{
	(void)userobj;
	(void)ord;
	seen_new++;
	memcpy(buf, "new", 3);
	*len = 3;
	*flags = LWSSS_FLAG_SOM | LWSSS_FLAG_EOM;

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
act(user_t *u, const char *name)
{
	struct lws_ss_handle *self = lws_ss_from_user(u), *copy = listener;
	int n = 0;

	if (acted || strcmp(name, event))
		return LWSSSSRET_OK;
	acted++;
	if (!strcmp(action, "destroy_self"))
		lws_ss_destroy(&self);
	else if (!strcmp(action, "destroy_listener"))
		lws_ss_destroy(&copy);
	else if (!strcmp(action, "destroy_client"))
		lws_ss_destroy(&client);
	else if (!strcmp(action, "destroy_context"))
		lws_context_destroy(cx);
	else if (!strcmp(action, "destroy_each"))
		lws_ss_server_foreach_client(listener, destroy_each, NULL);
	else if (!strcmp(action, "ret_destroy_me"))
		return LWSSSSRET_DESTROY_ME;
	else if (!strcmp(action, "ret_disconnect_me"))
		return LWSSSSRET_DISCONNECT_ME;
	else if (!strcmp(action, "change_handlers"))
		lws_ss_change_handlers(self, NULL, new_tx, NULL);
	else if (!strcmp(action, "foreach")) {
		lws_ss_server_foreach_client(listener, count, &n);
		check(n == 1, "foreach finds the one client");
	} else
		check(0, "unknown action");

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
srv_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	(void)buf;
	(void)len;
	(void)flags;

	return act((user_t *)userobj, "rx");
}

static lws_ss_state_return_t
srv_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
       int *flags)
{
	user_t *u = (user_t *)userobj;

	(void)ord;
	memcpy(buf, "old", 3);
	*len = 3;
	*flags = LWSSS_FLAG_SOM | LWSSS_FLAG_EOM;
	u->sent = 1;

	return act(u, "tx");
}

static lws_ss_state_return_t
srv_state(void *userobj, void *sh, lws_ss_constate_t state,
	  lws_ss_tx_ordinal_t ack)
{
	user_t *u = (user_t *)userobj;
	lws_ss_state_return_t r = LWSSSSRET_OK;

	(void)sh;
	(void)ack;
	check(!!lws_ss_from_user(u), "the object has its handle");
	if (!listener || lws_ss_from_user(u) == listener) {
		if (state == LWSSSCS_DESTROYING)
			gone++;
		return LWSSSSRET_OK;
	}
	switch (state) {
	case LWSSSCS_CREATING:
		accepted++;
		return act(u, "creating");
	case LWSSSCS_CONNECTING:
		return act(u, "connecting");
	case LWSSSCS_CONNECTED:
		return act(u, "connected");
	case LWSSSCS_SERVER_TXN:
		lws_ss_server_ack(lws_ss_from_user(u), 0);
		r = lws_ss_request_tx_len(lws_ss_from_user(u), 3);
		if (r)
			return r;
		return act(u, "server_txn");
	case LWSSSCS_DISCONNECTED:
		return act(u, "disconnected");
	case LWSSSCS_DESTROYING:
		destroyed++;
		return act(u, "destroying");
	default:
		break;
	}

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
cli_state(void *userobj, void *sh, lws_ss_constate_t state,
	  lws_ss_tx_ordinal_t ack)
{
	(void)userobj;
	(void)sh;
	(void)ack;
	if (state == LWSSSCS_DISCONNECTED || state == LWSSSCS_ALL_RETRIES_FAILED)
		over = 1;
	if (state == LWSSSCS_DESTROYING)
		client = NULL;

	return LWSSSSRET_OK;
}

static void
limit(lws_sorted_usec_list_t *s)
{
	(void)s;
	over = 2;
}

LWS_SS_INFO("srv", user_t)
	.rx = srv_rx,
	.tx = srv_tx,
	.state = srv_state,
};

int
main(int argc, const char **argv)
{
	struct lws_context_creation_info info;
	lws_ss_info_t ssi = ssi_user_t;
	int n = 0, kills;

	if (argc < 4)
		return 2;
	event = argv[2];
	action = argv[3];
	lws_context_info_defaults(&info, argv[1]);
	cx = lws_create_context(&info);
	if (!cx)
		return 1;
	check(!lws_ss_create(cx, 0, &ssi_user_t, NULL, &listener, NULL, NULL),
	      "the listener");
	check(lws_get_vhost_port(lws_get_vhost_by_name(cx, "srv")) > 0, "port");
	ssi.streamtype = "cli";
	ssi.rx = NULL;
	ssi.tx = NULL;
	ssi.state = cli_state;
	check(!lws_ss_create(cx, 0, &ssi, NULL, &client, NULL, NULL), "client");
	lws_ss_request_tx(client);
	lws_sul_schedule(cx, 0, &sul, limit, 3 * LWS_US_PER_SEC);
	kills = !strcmp(action, "destroy_context");
	while (!over && (!acted || !kills) && n >= 0 && client)
		n = lws_service(cx, 0);
	check(over < 2 || !strcmp(action, "destroy_client"), "time is over");
	if (!kills) {
		lws_sul_cancel(&sul);
		lws_context_destroy(cx);
	}
	check(acted == 1, "the event came");
	check(accepted >= 1 && accepted == destroyed, "all accepted are gone");
	check(gone == 1, "the listener is gone once");
	if (!strcmp(action, "change_handlers"))
		check(seen_new == (!strcmp(event, "tx") ? 0 : 1), "new handler");
	if (!strcmp(action, "destroy_each"))
		check(listed == 1, "each means one");
	printf("%s\n", failures ? "failed" : "ok");

	return !!failures;
}
