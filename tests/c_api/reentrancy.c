/*
 * reentrancy: performs one action inside one event's callback and checks that
 * everything that is promised about it holds. tests/c_api.rs runs every
 * combination.
 *
 *   reentrancy POLICY EVENT ACTION
 *
 * Three streams: "other" (raw, connected before the rest starts), "subject"
 * (its kind follows from the event) and "late" (made by the create_other
 * action). The run ends once the action is done and nothing has happened for
 * SETTLE_MS. Exit code 0 and a last line "ok" if all checks held.
 */

#include <libwebsockets.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MS 15000

enum event {
	EV_CREATING, EV_POLL, EV_CONNECTING, EV_POLL_IN_CREATE,
	EV_CONNECTING_IN_CREATE, EV_CONNECTED, EV_RX, EV_RX_EOM, EV_TX,
	EV_POST_TX, EV_ACK, EV_NACK, EV_DISCONNECTED, EV_UNREACHABLE,
	EV_ALL_RETRIES_FAILED, EV_TIMEOUT, EV_WAIT_CANCELLED, EV_DESTROYING,
	EV_COUNT
};

static const struct {
	const char *name;
	const char *streamtype;
	int state;		/* 0: not a state */
} events[EV_COUNT] = {
	[EV_CREATING]		  = { "creating", "get", LWSSSCS_CREATING },
	[EV_POLL]		  = { "poll", "get", LWSSSCS_POLL },
	[EV_CONNECTING]		  = { "connecting", "get", LWSSSCS_CONNECTING },
	[EV_POLL_IN_CREATE]	  = { "poll_in_create", "get", LWSSSCS_POLL },
	[EV_CONNECTING_IN_CREATE] = { "connecting_in_create", "get",
				      LWSSSCS_CONNECTING },
	[EV_CONNECTED]		  = { "connected", "get", LWSSSCS_CONNECTED },
	[EV_RX]			  = { "rx", "get", 0 },
	[EV_RX_EOM]		  = { "rx_eom", "get", 0 },
	[EV_TX]			  = { "tx", "raw", 0 },
	[EV_POST_TX]		  = { "post_tx", "post", 0 },
	[EV_ACK]		  = { "ack", "get", LWSSSCS_QOS_ACK_REMOTE },
	[EV_NACK]		  = { "nack", "get404", LWSSSCS_QOS_NACK_REMOTE },
	[EV_DISCONNECTED]	  = { "disconnected", "get", LWSSSCS_DISCONNECTED },
	[EV_UNREACHABLE]	  = { "unreachable", "refused",
				      LWSSSCS_UNREACHABLE },
	[EV_ALL_RETRIES_FAILED]	  = { "all_retries_failed", "refused",
				      LWSSSCS_ALL_RETRIES_FAILED },
	[EV_TIMEOUT]		  = { "timeout", "raw", LWSSSCS_TIMEOUT },
	[EV_WAIT_CANCELLED]	  = { "wait_cancelled", "raw",
				      LWSSSCS_EVENT_WAIT_CANCELLED },
	[EV_DESTROYING]		  = { "destroying", "raw", LWSSSCS_DESTROYING },
};

enum action {
	AC_DESTROY_SELF, AC_DESTROY_OTHER, AC_REQUEST_TX, AC_CLIENT_CONNECT,
	AC_CREATE_OTHER, AC_DESTROY_CONTEXT, AC_RET_DESTROY_ME,
	AC_RET_DISCONNECT_ME, AC_COUNT
};

static const char * const actions[AC_COUNT] = {
	"destroy_self", "destroy_other", "request_tx", "client_connect",
	"create_other", "destroy_context", "ret_destroy_me",
	"ret_disconnect_me",
};

/* what happened to one stream; lives outside of it, so it can be asked later */
struct track {
	const char *name;
	struct lws_ss_handle *h;
	int creating, connected, acks, nacks, disconnected, unreachable,
	    all_failed, timeouts, txs, rxs, destroying;
	size_t body;		/* to be sent by tx */
};

static struct lws_context *cx;
static struct track subject = { .name = "subject" }, other = { .name = "other" },
		    late = { .name = "late" };
static lws_sorted_usec_list_t sul_begin, sul_late, sul_poke, sul_settle, sul_limit;
static enum event event;
static enum action action;
static int acted, finished, context_gone, failures, settle_ms = 150;
static lws_usec_t settle_due;

/* a timer that is later than this says that the machine is busy elsewhere */
#define LATE_US 20000

LWS_SS_USER_TYPEDEF
	int unused;
} user_t;

static void
check(int ok, const char *what)
{
	if (ok)
		return;
	failures++;
	printf("FAIL %s\n", what);
}

static void settle(void);

/* what was to follow is late as well if this is */
static void
settle_cb(lws_sorted_usec_list_t *sul)
{
	(void)sul;
	if (lws_now_usecs() - settle_due > LATE_US)
		settle();
	else
		finished = 1;
}

static void
settle(void)
{
	settle_due = lws_now_usecs() + (lws_usec_t)settle_ms * 1000;
	lws_sul_schedule(cx, 0, &sul_settle, settle_cb,
			 (lws_usec_t)settle_ms * 1000);
}

/* something happened: wait a little for what may follow from it */
static void
alive(void)
{
	if (acted && !context_gone)
		settle();
}

static int make(struct track *t, const char *streamtype);

static lws_ss_state_return_t
begin_transaction(struct track *t)
{
	if (t->body)
		return lws_ss_request_tx_len(t->h, (unsigned long)t->body);

	return lws_ss_request_tx(t->h);
}

/* what a program does with a result outside of any callback */
static void
obey(struct track *t, lws_ss_state_return_t r)
{
	if (r == LWSSSSRET_DESTROY_ME)
		lws_ss_destroy(&t->h);
}

static void
late_cb(lws_sorted_usec_list_t *sul)
{
	(void)sul;
	obey(&late, begin_transaction(&late));
}

static lws_ss_state_return_t
act(struct track *t)
{
	struct lws_ss_handle *h = t->h;
	lws_ss_state_return_t r = LWSSSSRET_OK;
	int before = t->destroying;

	acted = 1;
	printf("> %s\n", actions[action]);

	switch (action) {
	case AC_DESTROY_SELF:
		lws_ss_destroy(&h);
		check(!h, "the destroyed handle's pointer is not NULL");
		check(t->destroying == before,
		      "DESTROYING came inside the stream's own callback");
		break;
	case AC_DESTROY_OTHER:
		h = other.h;
		lws_ss_destroy(&h);
		check(!h, "the destroyed handle's pointer is not NULL");
		check(other.destroying == 1,
		      "destroying another stream is not done at once");
		check(other.disconnected == 1,
		      "a connected stream got no DISCONNECTED");
		break;
	case AC_REQUEST_TX:
		r = lws_ss_request_tx(h);
		break;
	case AC_CLIENT_CONNECT:
		r = lws_ss_client_connect(h);
		break;
	case AC_CREATE_OTHER:
		check(!make(&late, "get"), "create in a callback failed");
		if (late.h)
			lws_sul_schedule(cx, 0, &sul_late, late_cb, 1);
		break;
	case AC_DESTROY_CONTEXT:
		lws_sul_cancel(&sul_settle);
		lws_sul_cancel(&sul_limit);
		context_gone = 1;
		lws_context_destroy(cx);
		check(t->destroying == before,
		      "the context did not wait for the callback's end");
		break;
	case AC_RET_DESTROY_ME:
		r = LWSSSSRET_DESTROY_ME;
		break;
	case AC_RET_DISCONNECT_ME:
		r = LWSSSSRET_DISCONNECT_ME;
		break;
	case AC_COUNT:
		break;
	}
	printf("< %s\n", actions[action]);
	alive();

	return r;
}

static int
due(struct track *t, enum event e)
{
	return t == &subject && !acted && event == e;
}

static void
poke_cb(lws_sorted_usec_list_t *sul)
{
	struct lws_ss_handle *h = subject.h;

	(void)sul;
	switch (event) {
	case EV_TX:
		obey(&subject, lws_ss_request_tx(h));
		break;
	case EV_TIMEOUT:
		lws_ss_start_timeout(h, 20);
		break;
	case EV_WAIT_CANCELLED:
		lws_cancel_service(cx);
		break;
	case EV_DESTROYING:
		lws_ss_destroy(&h);
		check(!h, "the destroyed handle's pointer is not NULL");
		break;
	default:
		break;
	}
}

static lws_ss_state_return_t
on_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	struct track *t = (struct track *)lws_ss_opaque_from_user((user_t *)userobj);

	(void)buf;
	check(!t->destroying, "rx after DESTROYING");
	printf("%s rx len=%zu\n", t->name, len);
	t->rxs++;
	alive();
	if (due(t, EV_RX) || ((flags & LWSSS_FLAG_EOM) && due(t, EV_RX_EOM)))
		return act(t);

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
on_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
      int *flags)
{
	struct track *t = (struct track *)lws_ss_opaque_from_user((user_t *)userobj);
	lws_ss_state_return_t r;

	(void)ord;
	check(!t->destroying, "tx after DESTROYING");
	printf("%s tx\n", t->name);
	t->txs++;
	alive();
	if (due(t, EV_POST_TX) || (t->connected && due(t, EV_TX))) {
		r = act(t);
		if (r)
			return r;
	}
	if (t == &other || (!t->body && event != EV_TX))
		return LWSSSSRET_TX_DONT_SEND;

	/* one small message: the post body, or something to be echoed */
	*len = t->body ? t->body : 5;
	memset(buf, 'x', *len);
	*flags = LWSSS_FLAG_SOM | LWSSS_FLAG_EOM;

	return LWSSSSRET_OK;
}

static void
count(struct track *t, lws_ss_constate_t state)
{
	switch ((int)state) {
	case LWSSSCS_CREATING:		 t->creating++; break;
	case LWSSSCS_CONNECTED:		 t->connected++; break;
	case LWSSSCS_QOS_ACK_REMOTE:	 t->acks++; break;
	case LWSSSCS_QOS_NACK_REMOTE:	 t->nacks++; break;
	case LWSSSCS_DISCONNECTED:	 t->disconnected++; break;
	case LWSSSCS_UNREACHABLE:	 t->unreachable++; break;
	case LWSSSCS_ALL_RETRIES_FAILED: t->all_failed++; break;
	case LWSSSCS_TIMEOUT:		 t->timeouts++; break;
	case LWSSSCS_DESTROYING:	 t->destroying++; break;
	default: break;
	}
}

static void
begin_cb(lws_sorted_usec_list_t *sul)
{
	lws_ss_state_return_t r;

	(void)sul;
	if (event == EV_POST_TX)
		subject.body = 20;
	if (make(&subject, events[event].streamtype)) {
		check(subject.destroying == 1,
		      "create failed and the stream got no DESTROYING");
		return;
	}
	if (subject.destroying || context_gone || event == EV_POLL_IN_CREATE ||
	    event == EV_CONNECTING_IN_CREATE)
		return;
	if (event == EV_TX || event == EV_TIMEOUT ||
	    event == EV_WAIT_CANCELLED || event == EV_DESTROYING)
		r = lws_ss_client_connect(subject.h);
	else
		r = begin_transaction(&subject);
	if (!subject.destroying)
		obey(&subject, r);
}

static lws_ss_state_return_t
on_state(void *userobj, void *h_src, lws_ss_constate_t state,
	 lws_ss_tx_ordinal_t ack)
{
	user_t *u = (user_t *)userobj;
	struct track *t = (struct track *)lws_ss_opaque_from_user(u);
	int happens = t == &subject && !acted &&
		      (int)state == events[event].state;
	lws_ss_state_return_t r;

	(void)h_src;
	(void)ack;
	check(!t->destroying, "a state after DESTROYING");
	if (state == LWSSSCS_CREATING)
		t->h = lws_ss_from_user(u);
	count(t, state);
	if (state != LWSSSCS_EVENT_WAIT_CANCELLED) {
		printf("%s state %s\n", t->name, lws_ss_state_name(state));
		alive();
	}
	/* our own lws_cancel_service, not one of the library's */
	if (event == EV_WAIT_CANCELLED)
		happens = happens && t->connected;

	if (happens) {
		r = act(t);
		if (state == LWSSSCS_DESTROYING)
			t->h = NULL;
		if (r || t->destroying || context_gone)
			return r;
	}

	switch ((int)state) {
	case LWSSSCS_CREATING:
		if (t == &subject && (event == EV_POLL_IN_CREATE ||
				      event == EV_CONNECTING_IN_CREATE))
			return lws_ss_request_tx(t->h);
		break;
	case LWSSSCS_CONNECTED:
		if (t == &other)	/* the stage is set */
			lws_sul_schedule(cx, 0, &sul_begin, begin_cb, 1);
		else if (t == &subject)
			lws_sul_schedule(cx, 0, &sul_poke, poke_cb, 1000);
		break;
	case LWSSSCS_DESTROYING:
		t->h = NULL;
		break;
	default:
		break;
	}

	return LWSSSSRET_OK;
}

static const lws_ss_info_t ssi_template = {
	.handle_offset		 = offsetof(user_t, ss),
	.opaque_user_data_offset = offsetof(user_t, opaque_data),
	.user_alloc		 = sizeof(user_t),
	.rx			 = on_rx,
	.tx			 = on_tx,
	.state			 = on_state,
};

static int
make(struct track *t, const char *streamtype)
{
	lws_ss_info_t ssi = ssi_template;
	struct lws_ss_handle *h = NULL;
	int r;

	ssi.streamtype = streamtype;
	r = lws_ss_create(cx, 0, &ssi, t, &h, NULL, NULL);
	printf("%s create = %d\n", t->name, r);
	check(!r == !!h, "create's result and its handle disagree");
	check(r || !t->destroying || context_gone,
	      "create succeeded with a destroyed stream");
	if (r)
		t->h = NULL;

	return r;
}

static void
limit_cb(lws_sorted_usec_list_t *sul)
{
	(void)sul;
	check(0, "the time limit was reached");
	finished = 1;
}

/* the transaction that the subject was busy with must have come to its end */
static void
check_undisturbed(void)
{
	switch (event) {
	case EV_NACK:
		check(subject.nacks == 1, "no NACK");
		break;
	case EV_UNREACHABLE:
	case EV_ALL_RETRIES_FAILED:
		check(subject.all_failed >= 1, "no ALL_RETRIES_FAILED");
		break;
	case EV_TX:
		check(subject.rxs >= 1, "no echo");
		break;
	case EV_TIMEOUT:
	case EV_WAIT_CANCELLED:
		check(subject.connected == 1 && !subject.disconnected,
		      "the link did not stay");
		break;
	case EV_DESTROYING:
		check(subject.destroying == 1, "not destroyed once");
		return;
	default:
		check(subject.acks >= 1, "no ACK");
		break;
	}
	check(!subject.destroying, "the subject was destroyed");
}

static void
check_disconnect_me(void)
{
	switch (event) {
	case EV_CONNECTED:
	case EV_RX:
	case EV_ACK:
	case EV_TIMEOUT:
	case EV_TX:
		check(subject.disconnected == 1, "no DISCONNECTED");
		check(!subject.destroying, "DISCONNECT_ME destroyed the stream");
		break;
	default:	/* no promise but to survive */
		break;
	}
}

static void
check_request(void)
{
	/* without a body to be sent the answer comes anyway */
	check_undisturbed();
	switch (event) {
	case EV_DISCONNECTED:
		check(subject.acks == 2, "no second transaction");
		break;
	case EV_ACK:
		if (action == AC_REQUEST_TX)
			check(subject.acks == 1,
			      "request_tx in ACK began a transaction");
		break;
	case EV_ALL_RETRIES_FAILED:
		/* 1 + conceal (1) attempts each time, or a single one */
		check(subject.all_failed == 2, "no new attempt");
		check(subject.unreachable ==
				(action == AC_CLIENT_CONNECT ? 4 : 3),
		      "not the right number of new attempts");
		break;
	default:
		break;
	}
}

static void
check_results(void)
{
	check(acted, "the event never came");

	switch (action) {
	case AC_RET_DESTROY_ME:
		if (event == EV_WAIT_CANCELLED) {	/* result not looked at */
			check_undisturbed();
			break;
		}
		/* fallthrough */
	case AC_DESTROY_SELF:
		check(subject.destroying == 1, "the subject was not destroyed");
		check(!subject.connected || subject.disconnected,
		      "CONNECTED without a DISCONNECTED");
		check(!other.destroying, "the other stream was destroyed too");
		break;
	case AC_DESTROY_OTHER:
		check_undisturbed();
		break;
	case AC_REQUEST_TX:
	case AC_CLIENT_CONNECT:
		check_request();
		break;
	case AC_CREATE_OTHER:
		check_undisturbed();
		check(late.acks == 1, "the new stream got no ACK");
		break;
	case AC_RET_DISCONNECT_ME:
		if (event == EV_WAIT_CANCELLED)
			check_undisturbed();
		else
			check_disconnect_me();
		break;
	case AC_DESTROY_CONTEXT:
	case AC_COUNT:
		break;
	}
}

static void
check_ended(const struct track *t)
{
	check(t->creating == t->destroying, "CREATING and DESTROYING don't pair");
	check(t->creating <= 1, "CREATING came twice");
}

static int
parse(const char *e, const char *a)
{
	while (event < EV_COUNT && strcmp(events[event].name, e))
		event++;
	while (action < AC_COUNT && strcmp(actions[action], a))
		action++;

	return event == EV_COUNT || action == AC_COUNT;
}

int
main(int argc, const char **argv)
{
	struct lws_context_creation_info info;
	int n = 0;

	if (argc < 4 || parse(argv[2], argv[3])) {
		fprintf(stderr, "usage: %s POLICY EVENT ACTION\n", argv[0]);
		return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (getenv("SETTLE_MS"))
		settle_ms = atoi(getenv("SETTLE_MS"));
	lws_set_log_level(LLL_ERR | LLL_WARN, NULL);

	lws_context_info_defaults(&info, argv[1]);
	cx = lws_create_context(&info);
	if (!cx)
		return 1;

	lws_sul_schedule(cx, 0, &sul_limit, limit_cb,
			 (lws_usec_t)LIMIT_MS * 1000);
	if (make(&other, "raw"))
		return 1;
	obey(&other, lws_ss_client_connect(other.h));

	while (n >= 0 && !finished && !context_gone)
		n = lws_service(cx, 0);

	check_results();
	if (!context_gone) {
		lws_sul_cancel(&sul_begin);
		lws_sul_cancel(&sul_late);
		lws_sul_cancel(&sul_poke);
		lws_sul_cancel(&sul_settle);
		lws_sul_cancel(&sul_limit);
		printf("> context_destroy\n");
		lws_context_destroy(cx);
	}
	check_ended(&subject);
	check_ended(&other);
	check_ended(&late);
	if (!failures)
		printf("ok\n");

	return !!failures;
}
