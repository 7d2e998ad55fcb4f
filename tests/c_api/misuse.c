/*
 * misuse: wrong calls must be refused with a log line, and harm nothing.
 *
 *   misuse POLICY null_arguments | stale_handle | other_thread | bad_names |
 *                 handle_reuse | hand_over
 *
 * Exit code 0 and a last line "ok" if all checks held.
 */

#include <libwebsockets.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static struct lws_context *cx;
static lws_sorted_usec_list_t sul_limit;
static pthread_t loop_thread;
static int failures, logged, finished, wrong_thread, cancelled, connected, acks;

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

static void
emit(int level, const char *line)
{
	(void)level;
	logged++;
	fprintf(stderr, "%s", line);
}

/*
 * The call must have been refused (a nonzero result) and have said so. The log
 * swallows a line that repeats the last one, so another goes between.
 */
#define REFUSED(_call) do { \
		int _was; \
		lwsl_notice("next: %s\n", #_call); \
		_was = logged; \
		check((_call) != 0, "not refused: " #_call); \
		check(logged > _was, "no log line: " #_call); \
	} while (0)

/* as above, for a call without a result */
#define LOGGED(_call) do { \
		int _was; \
		lwsl_notice("next: %s\n", #_call); \
		_was = logged; \
		_call; \
		check(logged > _was, "no log line: " #_call); \
	} while (0)

static lws_ss_state_return_t
on_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	(void)userobj;
	(void)buf;
	(void)len;
	(void)flags;

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
on_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
      int *flags)
{
	(void)userobj;
	(void)ord;
	(void)buf;
	(void)len;
	(void)flags;

	return LWSSSSRET_TX_DONT_SEND;
}

static lws_ss_state_return_t
on_state(void *userobj, void *h_src, lws_ss_constate_t state,
	 lws_ss_tx_ordinal_t ack)
{
	(void)userobj;
	(void)h_src;
	(void)ack;
	if (!pthread_equal(pthread_self(), loop_thread))
		wrong_thread++;
	if (state == LWSSSCS_EVENT_WAIT_CANCELLED)
		cancelled++;
	if (state == LWSSSCS_CONNECTED)
		connected++;
	if (state == LWSSSCS_QOS_ACK_REMOTE)
		acks++;

	return LWSSSSRET_OK;
}

LWS_SS_INFO("get", user_t)
	.rx	= on_rx,
	.tx	= on_tx,
	.state	= on_state,
};

static struct lws_ss_handle *
make(const char *streamtype)
{
	lws_ss_info_t ssi = ssi_user_t;
	struct lws_ss_handle *h = NULL;

	ssi.streamtype = streamtype;
	check(!lws_ss_create(cx, 0, &ssi, NULL, &h, NULL, NULL), "create");

	return h;
}

/* every call that takes a handle, with one that is not to be followed */
static void
call_all(struct lws_ss_handle *h)
{
	const void *v = NULL;
	struct lws_ss_handle *copy = h;
	size_t len = 0;

	REFUSED(lws_ss_request_tx(h));
	REFUSED(lws_ss_request_tx_len(h, 10));
	REFUSED(lws_ss_client_connect(h));
	REFUSED(lws_ss_set_metadata(h, "m", "v", 1));
#if !defined(LWS_SS_USE_SSPC)	/* proxied streams have no such call */
	REFUSED(lws_ss_alloc_set_metadata(h, "m", "v", 1));
#endif
	REFUSED(lws_ss_get_metadata(h, "m", &v, &len));
	check(!v, "a value from nowhere");
	LOGGED(lws_ss_start_timeout(h, 10));
	LOGGED(lws_ss_cancel_timeout(h));
	LOGGED(lws_ss_change_handlers(h, NULL, NULL, NULL));
	check(!lws_ss_get_context(h), "a context from nowhere");
	check(!lws_ss_to_user_object(h), "a user object from nowhere");
	(void)lws_ss_rideshare(h);
	(void)lws_ss_tag(h);
	if (h) {
		LOGGED(lws_ss_destroy(&copy));
		check(!copy, "destroy leaves the pointer");
	}
}

static void
null_arguments(void)
{
	struct lws_ss_handle *h = make("get"), *none = NULL;
	lws_ss_info_t ssi = ssi_user_t;
	const void *v;
	size_t len;

	lws_ss_destroy(NULL);
	lws_ss_destroy(&none);		/* nothing to do is no error */
	call_all(NULL);
	REFUSED(lws_ss_set_metadata(h, NULL, "v", 1));
	REFUSED(lws_ss_set_metadata(h, "m", NULL, 1));
	REFUSED(lws_ss_get_metadata(h, NULL, &v, &len));
	REFUSED(lws_ss_get_metadata(h, "m", NULL, &len));
	REFUSED(lws_ss_get_metadata(h, "m", &v, NULL));
#if !defined(LWS_SS_USE_SSPC)	/* there, what can be got is what came from the peer */
	/* without a value there is none */
	check(!lws_ss_set_metadata(h, "m", "v", 1) && !lws_ss_get_metadata(h, "m", &v, &len) && v, "set");
	check(!lws_ss_set_metadata(h, "m", NULL, 0) && !lws_ss_get_metadata(h, "m", &v, &len) && !v && !len, "unset");
	check(!lws_ss_alloc_set_metadata(h, "m", "v", 1) && !lws_ss_get_metadata(h, "m", &v, &len) && v, "set again");
	check(!lws_ss_alloc_set_metadata(h, "m", NULL, 0) && !lws_ss_get_metadata(h, "m", &v, &len) && !v, "unset again");
#endif
	REFUSED(lws_ss_create(NULL, 0, &ssi, NULL, NULL, NULL, NULL));
	REFUSED(lws_ss_create(cx, 0, NULL, NULL, NULL, NULL, NULL));
	ssi.streamtype = NULL;
	REFUSED(lws_ss_create(cx, 0, &ssi, NULL, &none, NULL, NULL));
	check(!none, "a handle of a stream that was not made");
	LOGGED(check(!lws_create_context(NULL), "a context of nothing"));
	lws_cancel_service(NULL);	/* legal in signal handlers: says nothing */
	REFUSED(lws_service(NULL, 0) < 0);
	lws_context_destroy(NULL);	/* as free(NULL) */
	check(!!lws_ss_state_name((lws_ss_constate_t)99999), "no name at all");
	check(!strcmp(lws_ss_state_name((lws_ss_constate_t)0), "(unset)"), "no state yet");
	check(!lws_cmdline_option(0, NULL, "-d"), "an option from nowhere");
	lws_ss_destroy(&h);
	check(!h, "destroy leaves the pointer");
}

static void
stale_handle(void)
{
	struct lws_ss_handle *h = make("get"), *stale = h;

	lws_ss_destroy(&h);
	check(!h, "destroy leaves the pointer");
	call_all(stale);
}

static void
serve_until(int *flag)
{
	int n = 0;

	while (n >= 0 && !*flag && !finished)
		n = lws_service(cx, 0);
}

/* a new stream may get the old one's place, but not answer to its handle */
static void
handle_reuse(void)
{
	struct lws_ss_handle *h, *stale;
	int i;

	for (i = 0; i < 100; i++) {
		h = stale = make("get");
		lws_ss_destroy(&h);
		h = make("get");
		check(h != stale, "a handle was given out again at once");
		/* repeated lines are swallowed: only the result tells */
		check(lws_ss_request_tx(stale) != 0, "a stale handle works");
		lws_ss_destroy(&h);
	}
	h = make("get");
	lwsl_warn("another line, so that the next one is no repetition\n");
	call_all(stale);
	check(!lws_ss_request_tx(h), "request_tx");
	serve_until(&acks);
	check(acks == 1, "the new stream was disturbed");
}

static void
bad_names(void)
{
	struct lws_ss_handle *h = make("get"), *none = NULL;
	lws_ss_info_t ssi = ssi_user_t;
	char name[5000];

	REFUSED(lws_ss_set_metadata(h, "nosuch", "v", 1));
	REFUSED(lws_ss_set_metadata(h, "", "v", 1));
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	REFUSED(lws_ss_set_metadata(h, name, "v", 1));
	ssi.streamtype = "nosuch";
	REFUSED(lws_ss_create(cx, 0, &ssi, NULL, &none, NULL, NULL));
	ssi.streamtype = "ge";		/* names are matched whole */
	REFUSED(lws_ss_create(cx, 0, &ssi, NULL, &none, NULL, NULL));
	ssi.streamtype = "";
	REFUSED(lws_ss_create(cx, 0, &ssi, NULL, &none, NULL, NULL));
	ssi.streamtype = name;
	REFUSED(lws_ss_create(cx, 0, &ssi, NULL, &none, NULL, NULL));
	check(!none, "a handle of a stream that was not made");
	lws_ss_destroy(&h);
}

static struct lws_ss_handle *shared;

static void *
thread_main(void *arg)
{
	struct lws_ss_handle *h = shared, *none = NULL;

	(void)arg;
	REFUSED(lws_ss_request_tx(h));
	REFUSED(lws_ss_client_connect(h));
	REFUSED(lws_ss_set_metadata(h, "m", "v", 1));
	REFUSED(lws_ss_create(cx, 0, &ssi_user_t, NULL, &none, NULL, NULL));
	check(!none, "a handle of a stream that was not made");
	LOGGED(lws_ss_start_timeout(h, 1));
	LOGGED(lws_ss_destroy(&h));
	REFUSED(lws_service(cx, 0) < 0);
	LOGGED(lws_context_destroy(cx));
	lws_cancel_service(cx);		/* the one call that is allowed */

	return NULL;
}

static void
other_thread(void)
{
	pthread_t t;

	shared = make("raw");
	if (lws_ss_client_connect(shared))
		check(0, "client_connect");
	serve_until(&connected);
	check(connected == 1, "not connected");
	cancelled = 0;
	if (pthread_create(&t, NULL, thread_main, NULL)) {
		check(0, "no thread");
		return;
	}
	serve_until(&cancelled);
	check(cancelled >= 1, "no EVENT_WAIT_CANCELLED");
	pthread_join(t, NULL);
	check(!wrong_thread, "a callback ran in the other thread");
	check(lws_ss_to_user_object(shared) != NULL, "the stream is gone");
}

static pthread_barrier_t barrier;

/* the first to run the loop of a context that was made elsewhere */
static void *
first_server(void *arg)
{
	(void)arg;
	check(lws_service(cx, -1) == 0, "the first loop was refused");
	pthread_barrier_wait(&barrier);
	/* meanwhile the maker is refused */
	pthread_barrier_wait(&barrier);
	check(lws_service(cx, -1) == 0, "the loop's own thread was refused");

	return NULL;
}

/* a context goes to who serves it first, and from a thread that ended to the next */
static void
hand_over(void)
{
	struct lws_ss_handle *h;
	pthread_t t;

	pthread_barrier_init(&barrier, NULL, 2);
	if (pthread_create(&t, NULL, first_server, NULL)) {
		check(0, "no thread");
		return;
	}
	pthread_barrier_wait(&barrier);
	REFUSED(lws_service(cx, -1));
	LOGGED(lws_context_destroy(cx));
	pthread_barrier_wait(&barrier);
	pthread_join(t, NULL);
	pthread_barrier_destroy(&barrier);
	check(lws_service(cx, -1) == 0, "refused after the other thread's end");
	h = make("get");
	(void)lws_ss_client_connect(h);
	serve_until(&acks);
	check(acks == 1, "no transaction");
}

static void
limit_cb(lws_sorted_usec_list_t *sul)
{
	(void)sul;
	check(0, "the time limit was reached");
	finished = 1;
}

int
main(int argc, const char **argv)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} cases[] = {
		{ "null_arguments", null_arguments },
		{ "stale_handle", stale_handle },
		{ "handle_reuse", handle_reuse },
		{ "bad_names", bad_names },
		{ "other_thread", other_thread },
		{ "hand_over", hand_over },
	};
	struct lws_context_creation_info info;
	size_t i;

	if (argc < 3)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	loop_thread = pthread_self();
	lws_context_info_defaults(&info, argv[1]);
	lws_set_log_level(LLL_ERR | LLL_WARN | LLL_NOTICE, emit);
	cx = lws_create_context(&info);
	if (!cx)
		return 1;
	lws_sul_schedule(cx, 0, &sul_limit, limit_cb, 15 * LWS_US_PER_SEC);

	for (i = 0; i < LWS_ARRAY_SIZE(cases); i++)
		if (!strcmp(cases[i].name, argv[2])) {
			cases[i].fn();
			break;
		}
	check(i < LWS_ARRAY_SIZE(cases), "no such case");

	lws_sul_cancel(&sul_limit);
	lws_context_destroy(cx);
	if (!failures)
		printf("ok\n");

	return !!failures;
}
