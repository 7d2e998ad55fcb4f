/*
 * callbacks: what programs do in callbacks that belong to no stream (log hooks,
 * timers, state notifiers), and pointers that must stay good.
 *
 *   callbacks POLICY CASE
 *
 * Exit code 0 and a last line "ok" if all checks held.
 */

#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>

static struct lws_context *cx;
static struct lws_ss_handle *subject;
static lws_sorted_usec_list_t sul, sul_limit;
static const char *policy;
static int failures, finished, counted, hooks, in_hook, done, internal;

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

static lws_ss_state_return_t
user_state(void *userobj, void *sh, lws_ss_constate_t state,
	   lws_ss_tx_ordinal_t ack)
{
	(void)userobj;
	(void)sh;
	(void)ack;
	if (state == LWSSSCS_QOS_ACK_REMOTE || state == LWSSSCS_QOS_NACK_REMOTE ||
	    state == LWSSSCS_ALL_RETRIES_FAILED)
		done++;

	return LWSSSSRET_OK;
}

LWS_SS_INFO("get", user_t)
	.state = user_state,
};

static struct lws_ss_handle *
make(const char *streamtype)
{
	lws_ss_info_t info = ssi_user_t;
	struct lws_ss_handle *h = NULL;

	info.streamtype = streamtype;
	check(!lws_ss_create(cx, 0, &info, NULL, &h, NULL, NULL), "create");

	return h;
}

static void
limit_cb(lws_sorted_usec_list_t *s)
{
	(void)s;
	check(0, "the time limit was reached");
	finished = 1;
}

static struct lws_context *
context(lws_log_cx_t *log_cx)
{
	struct lws_context_creation_info info;

	lws_context_info_defaults(&info, policy);
	info.log_cx = log_cx;
	cx = lws_create_context(&info);
	if (cx)
		lws_sul_schedule(cx, 0, &sul_limit, limit_cb, 5 * LWS_US_PER_SEC);

	return cx;
}

/* the program's flag is looked at after each turn: no turn may wait once it is set */
static void
serve_until(const int *flag)
{
	while (!*flag && !finished && lws_service(cx, 0) >= 0)
		;
}

static void
end(void)
{
	lws_sul_cancel(&sul_limit);
	lws_context_destroy(cx);
}

/* log hooks that ask about the stream that the line may be about */

static void
hook(struct lws_log_cx *lcx, void *obj, char **p, char *e)
{
	(void)lcx;
	(void)obj;
	if (in_hook)
		return;
	in_hook = 1;
	hooks++;
	if (subject) {
		*p += lws_snprintf(*p, lws_ptr_diff_size_t(e, (*p)), "<%s> ",
				   lws_ss_tag(subject));
		(void)lws_ss_request_tx(subject);
	}
	in_hook = 0;
}

static void
hook_emit(struct lws_log_cx *lcx, int level, const char *line, size_t len)
{
	(void)lcx;
	(void)level;
	(void)len;
	if (strstr(line, "internal error"))
		internal++;
	fprintf(stderr, "%s", line);
}

static lws_log_cx_t hooked = {
	.u.emit_cx	= hook_emit,
	.prepend	= hook,
	.lll_flags	= LLLF_LOG_CONTEXT_AWARE | LLL_ERR | LLL_WARN |
			  LLL_NOTICE | LLL_INFO | LLL_DEBUG,
};

static void
log_hooks(void)
{
	static const char * const types[] = {
		"get", "get404", "refused", "redirect", "raw"
	};
	size_t i;

	if (!context(&hooked))
		return;
	for (i = 0; i < LWS_ARRAY_SIZE(types); i++) {
		subject = make(types[i]);
		done = 0;
		(void)lws_ss_client_connect(subject);
		if (strcmp(types[i], "raw"))
			serve_until(&done);
		lws_ss_destroy(&subject);
	}
	end();
	check(hooks > 20, "the hook was not called");
	check(!internal, "internal error");
}

/* turns that call the program back return to it */

static void
flag_cb(lws_sorted_usec_list_t *s)
{
	(void)s;
	counted++;
}

static void
due_timer(void)
{
	if (!context(NULL))
		return;
	lws_service(cx, -1);
	lws_service(cx, -1);
	lws_sul_schedule(cx, 0, &sul, flag_cb, 0);
	serve_until(&counted);
	end();
}

static void
far_timer(void)
{
	if (!context(NULL))
		return;
	lws_sul_schedule(cx, 0, &sul, flag_cb, INT64_MAX);
	lws_service(cx, -1);
	lws_service(cx, -1);
	check(!counted, "a timer of the far future fired");
	check(!!sul.list.owner, "it is not scheduled");
	lws_sul_cancel(&sul);
	end();
}

/* a handle of a context that is gone names no stream of the next one */

static void
handle_of_another_context(void)
{
	struct lws_ss_handle *old, *now;

	if (!context(NULL))
		return;
	old = make("raw");
	end();
	if (!context(NULL))
		return;
	now = make("raw");
	check(lws_ss_to_user_object(now) != NULL, "the new one is refused");
	check(lws_ss_to_user_object(old) == NULL, "the old one is taken for the new one");
	end();
}

/* a notifier that gives up, in a transition that the program started itself */

static int
give_up(struct lws_state_manager *mgr, struct lws_state_notify_link *link,
	int current, int target)
{
	(void)link;
	if (current != target && target == LWS_SYSTATE_IFACE_COLDPLUG) {
		counted++;
		lws_context_destroy(cx);
		check(lws_system_get_state_manager(cx) == mgr,
		      "the manager went inside its notifier");
	}

	return 0;
}

static void
notifier(void)
{
	static lws_state_notify_link_t link;

	if (!context(NULL))
		return;
	lws_sul_cancel(&sul_limit);
	link.notify_cb = give_up;
	link.name = "give up";
	lws_state_reg_notifier(lws_system_get_state_manager(cx), &link);
	lws_state_transition_steps(lws_system_get_state_manager(cx),
				   LWS_SYSTATE_OPERATIONAL);
	check(counted == 1, "not asked once");
	check(lws_service(cx, -1) < 0, "the context is still there");
	check(!link.list.owner, "the notifier is still registered");
}

/* programs keep a stream's tag, and ask twice in one line */

static void
tag_stays(void)
{
	const char *early, *late;
	char copy[96];

	if (!context(NULL))
		return;
	subject = make("get");
	early = lws_ss_tag(subject);
	check(!!strstr(early, "get"), "no name in the tag");
	(void)lws_ss_client_connect(subject);
	serve_until(&done);
	late = lws_ss_tag(subject);
	check(early == late, "the tag moved");
#if !defined(LWS_SS_USE_SSPC)	/* only the proxy knows it */
	check(!!strstr(late, "/text"), "no path in the tag");
#endif
	lws_strncpy(copy, late, sizeof(copy));
	check(!strcmp(copy, early), "the tags differ");
	lws_ss_destroy(&subject);
	end();
}

/* the log context is told that a context uses it, so that a log file is opened */

static void
refcount_cb(struct lws_log_cx *lcx, int added)
{
	check(added == 1 || added == -1, "neither one more nor one less");
	if (added > 0 && lcx->refcount == 1)
		counted++;
	if (added <= 0 && !lcx->refcount)
		counted += 100;
}

static void
log_refcount(void)
{
	static lws_log_cx_t lcx;

	lcx.u.emit = lwsl_emit_stderr;
	lcx.refcount_cb = refcount_cb;
	lcx.lll_flags = LLL_ERR;
	if (!context(&lcx))
		return;
	check(counted == 1, "not told of the first");
	end();
	check(counted == 101, "not told of the last");
}

/* connecting again from the callback that says that it failed, with no end */

static lws_ss_state_return_t
stubborn_state(void *userobj, void *sh, lws_ss_constate_t state,
	       lws_ss_tx_ordinal_t ack)
{
	user_t *u = userobj;

	(void)sh;
	(void)ack;
	if (state != LWSSSCS_ALL_RETRIES_FAILED)
		return LWSSSSRET_OK;
	/* without a bound the stack would be gone long before this */
	if (++counted > 10000) {
		finished = 1;
		return LWSSSSRET_OK;
	}

	return lws_ss_client_connect(lws_ss_from_user(u));
}

static void
stubborn(void)
{
	lws_ss_info_t info = ssi_user_t;

	policy = "{\"retry\":[{\"never\":{\"backoff\":[1000],\"conceal\":0}}],"
		 "\"s\":[{\"nowhere\":{\"endpoint\":\"+/nonexistent/socket\","
		 "\"port\":0,\"protocol\":\"raw\",\"retry\":\"never\"}}]}";
	if (!context(NULL))
		return;
	info.streamtype = "nowhere";
	info.state = stubborn_state;
	check(!lws_ss_create(cx, 0, &info, NULL, &subject, NULL, NULL), "create");
	(void)lws_ss_client_connect(subject);
	check(counted > 1, "it did not connect again");
	check(counted < 1000, "no bound");
	check(lws_ss_to_user_object(subject) != NULL, "the stream is gone");
	counted = 0;
	(void)lws_ss_client_connect(subject);
	check(counted > 0, "it can not connect any more");
	end();
}

int
main(int argc, const char **argv)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} cases[] = {
		{ "log_hooks", log_hooks },
		{ "due_timer", due_timer },
		{ "far_timer", far_timer },
		{ "handle_of_another_context", handle_of_another_context },
		{ "notifier", notifier },
		{ "tag_stays", tag_stays },
		{ "log_refcount", log_refcount },
		{ "stubborn", stubborn },
	};
	size_t i;

	if (argc < 3)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	lws_set_log_level(LLL_ERR | LLL_WARN, NULL);
	policy = argv[1];
	for (i = 0; i < LWS_ARRAY_SIZE(cases); i++)
		if (!strcmp(cases[i].name, argv[2])) {
			cases[i].fn();
			break;
		}
	check(i < LWS_ARRAY_SIZE(cases), "no such case");
	check(!!cx, "no context");
	if (!failures)
		printf("ok\n");

	return !!failures;
}
