/*
 * The loop as programs drive it, and who may, a case each:
 *
 *   loop POLICY CASE
 */

#include <libwebsockets.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static struct lws_context *cx;
static lws_sorted_usec_list_t timer;
static volatile sig_atomic_t signals;
static volatile int cancel_in_handler;
static int fired;

static void
on_timer(lws_sorted_usec_list_t *sul)
{
	(void)sul;
	fired++;
}

static void
on_signal(int sig)
{
	(void)sig;
	signals++;
	if (cancel_in_handler)
		lws_cancel_service(cx);
}

/* up to OPERATIONAL, and everything that goes with it said */
static void
settle(void)
{
	int n;

	for (n = 0; n < 10; n++)
		CHECK(!lws_service(cx, -1));
}

static void
start_timer(lws_usec_t us)
{
	fired = 0;
	lws_sul_schedule(cx, 0, &timer, on_timer, us);
}

/* below 0 there is no wait, though the next thing is far away */
static void
negative_does_not_wait(void)
{
	lws_usec_t from;
	int n;

	settle();
	start_timer(600 * LWS_US_PER_SEC);
	from = lws_now_usecs();
	for (n = 0; n < 100; n++)
		CHECK(!lws_service(cx, -1 - n));
	CHECK(lws_now_usecs() - from < 300 * LWS_US_PER_SEC);
	CHECK(!fired);
	lws_sul_cancel(&timer);
}

/* 0 and above wait for the next thing, whatever the number says */
static void
others_wait(void)
{
	static const int timeouts[] = { 0, 1, 1000000 };
	size_t n;

	settle();
	for (n = 0; n < LWS_ARRAY_SIZE(timeouts); n++) {
		lws_usec_t from = lws_now_usecs();
		int turns = 0;

		start_timer(60 * LWS_US_PER_MS);
		while (!fired) {
			CHECK(!lws_service(cx, timeouts[n]));
			turns++;
		}
		CHECK(lws_now_usecs() - from >= 60 * LWS_US_PER_MS);
		CHECK(turns <= 3);
	}
}

/* a signal ends the wait, and it is no error */
static void
signal_interrupts(void)
{
	struct itimerval every = { { 0, 20000 }, { 0, 20000 } };
	struct sigaction action;

	settle();
	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	CHECK(!sigaction(SIGALRM, &action, NULL));
	CHECK(!setitimer(ITIMER_REAL, &every, NULL));
	while (signals < 3)
		CHECK(!lws_service(cx, 0));
	/* a handler that would restart the wait can still end it */
	action.sa_flags = SA_RESTART;
	CHECK(!sigaction(SIGALRM, &action, NULL));
	cancel_in_handler = 1;
	while (signals < 6)
		CHECK(!lws_service(cx, 0));
	memset(&every, 0, sizeof(every));
	CHECK(!setitimer(ITIMER_REAL, &every, NULL));
}

static int
ask(int timeout_ms)
{
	return lws_service_adjust_timeout(cx, timeout_ms, 0);
}

static void *
cancel(void *arg)
{
	(void)arg;
	lws_cancel_service(cx);

	return NULL;
}

static int
on_message(void *opaque, lws_smd_class_t class_, lws_usec_t at, void *buf, size_t len)
{
	(void)class_;
	(void)at;
	(void)buf;
	(void)len;
	(*(int *)opaque)++;

	return 0;
}

static void
own_loop(void)
{
	struct pollfd p = { -1, POLLIN, 0 };
	pthread_t thread;
	int heard = 0;

	CHECK(!ask(100));
	settle();
	p.fd = securestreams_loop_fd(cx);
	CHECK(p.fd >= 0);
	CHECK(securestreams_loop_fd(NULL) == -1);
	CHECK(ask(-1) == -1 && ask(0) == 0 && ask(77) == 77);
	CHECK(!lws_service_adjust_timeout(cx, 77, 1));
	CHECK(!lws_service_adjust_timeout(NULL, 77, 0));

	/* a timer */
	start_timer(30 * LWS_US_PER_MS);
	CHECK(ask(-1) > 0 && ask(-1) <= 30 && ask(1) == 1);
	while (!fired) {
		CHECK(poll(&p, 1, ask(-1)) >= 0 || errno == EINTR);
		CHECK(!lws_service(cx, -1));
	}

	/* a wake-up from another thread */
	CHECK(!poll(&p, 1, 0));
	CHECK(!pthread_create(&thread, NULL, cancel, NULL));
	CHECK(poll(&p, 1, -1) == 1 && p.revents == POLLIN);
	CHECK(!pthread_join(thread, NULL));
	CHECK(!ask(-1));
	CHECK(!lws_service(cx, -1));
	CHECK(ask(-1) == -1 && !poll(&p, 1, 0));

	/* a message */
	CHECK(lws_smd_register(cx, &heard, 0, 1 << 24, on_message));
	CHECK(!lws_smd_msg_printf(cx, 1 << 24, "x"));
	CHECK(!ask(-1));
	while (!heard) {
		CHECK(poll(&p, 1, ask(-1)) >= 0 || errno == EINTR);
		CHECK(!lws_service(cx, -1));
	}
	CHECK(!lws_service(cx, -1));
	CHECK(ask(-1) == -1 && !poll(&p, 1, 0));
}

static void *
meddle(void *arg)
{
	(void)arg;
	lws_sul_cancel(&timer);
	CHECK(timer.list.owner);
	lws_sul_schedule(cx, 0, &timer, on_timer, 600 * LWS_US_PER_SEC);

	return NULL;
}

/* another thread's timer stays as it is */
static void
foreign_timer(void)
{
	pthread_t thread;

	settle();
	start_timer(20 * LWS_US_PER_MS);
	CHECK(!pthread_create(&thread, NULL, meddle, NULL));
	CHECK(!pthread_join(thread, NULL));
	while (!fired)
		CHECK(!lws_service(cx, 0));
	CHECK(!timer.list.owner);
}

static int
in_child(int (*what)(void))
{
	pid_t pid = fork();
	int status;

	CHECK(pid >= 0);
	if (!pid)
		_exit(what());
	CHECK(waitpid(pid, &status, 0) == pid);

	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
child_is_refused(void)
{
	lws_sul_cancel(&timer);

	return lws_service(cx, -1) == -1 && securestreams_loop_fd(cx) == -1 &&
	       timer.list.owner ? 42 : 1;
}

static int
child_serves(void)
{
	int n;

	for (n = 0; n < 10; n++)
		if (lws_service(cx, -1))
			return 1;
	start_timer(1000);
	while (!fired)
		if (lws_service(cx, 0))
			return 1;
	lws_context_destroy(cx);

	return 43;
}

/* a loop that has run stays the parent's */
static void
fork_after_service(void)
{
	settle();
	start_timer(20 * LWS_US_PER_MS);
	CHECK(in_child(child_is_refused) == 42);
	while (!fired)
		CHECK(!lws_service(cx, 0));
}

/* a program may make its context first and then go into the background */
static void
fork_before_service(void)
{
	CHECK(in_child(child_serves) == 43);
}

int main(int argc, const char **argv)
{
	static const struct { const char *name; void (*run)(void); } cases[] = {
		{ "negative_does_not_wait", negative_does_not_wait },
		{ "others_wait", others_wait }, { "signal_interrupts", signal_interrupts },
		{ "own_loop", own_loop }, { "foreign_timer", foreign_timer },
		{ "fork_after_service", fork_after_service },
		{ "fork_before_service", fork_before_service },
	};
	struct lws_context_creation_info info;
	size_t n;
	int ran = 0;

	CHECK(argc == 3);
	lws_context_info_defaults(&info, argv[1]);
	lws_set_log_level(0, NULL);
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
