/*
 * 10,000 system messages from 4 threads: a listener and a stream each hear all
 * of them, those of one thread in its order.
 */

#include <libwebsockets.h>
#include <pthread.h>
#include <sched.h>

#include "check.h"

#define THREADS 4
#define EACH 2500
/* the highest class: as a credit it is negative */
#define CLASS (1u << 31)
#define OTHER (1u << 30)

struct obj {
	struct lws_ss_handle *ss;
	void *opaque;
};

static struct lws_context *cx;
static int by_listener[THREADS], by_stream[THREADS];

static void
count(int *heard, const void *buf, size_t len)
{
	int thread, number;

	CHECK(len < 32);
	CHECK(sscanf((const char *)buf, "%d %d", &thread, &number) == 2);
	CHECK(thread >= 0 && thread < THREADS);
	CHECK(heard[thread] == number);
	heard[thread]++;
}

static int
is_done(void)
{
	int n;

	for (n = 0; n < THREADS; n++)
		if (by_listener[n] != EACH || by_stream[n] != EACH)
			return 0;

	return 1;
}

static int
listener(void *opaque, lws_smd_class_t class_, lws_usec_t at, void *buf, size_t len)
{
	(void)opaque;
	CHECK(class_ == CLASS);
	CHECK(at > 0 && at <= lws_now_usecs());
	count(by_listener, buf, len);

	return 0;
}

static lws_ss_state_return_t
rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	static const uint8_t class_[8] = { 0, 0, 0, 0, 0x80, 0, 0, 0 };
	char text[64];

	(void)userobj;
	CHECK(flags == (LWSSS_FLAG_SOM | LWSSS_FLAG_EOM));
	CHECK(len > LWS_SMD_SS_RX_HEADER_LEN && len < sizeof(text));
	CHECK(!memcmp(buf, class_, 8));
	memcpy(text, buf + LWS_SMD_SS_RX_HEADER_LEN, len - LWS_SMD_SS_RX_HEADER_LEN);
	text[len - LWS_SMD_SS_RX_HEADER_LEN] = '\0';
	count(by_stream, text, len - LWS_SMD_SS_RX_HEADER_LEN);

	return LWSSSSRET_OK;
}

static void *
sender(void *arg)
{
	int thread = (int)(intptr_t)arg, n;

	for (n = 0; n < EACH; n++) {
		/* nobody wants it: taken, and heard by nobody */
		CHECK(!lws_smd_msg_printf(cx, OTHER, "unheard"));
		/* not 0: the queue is full */
		while (lws_smd_msg_printf(cx, CLASS, "%d %d", thread, n))
			sched_yield();
	}

	return NULL;
}

int main(int argc, const char **argv)
{
	static const lws_ss_info_t info_bus = {
		.streamtype = LWS_SMD_STREAMTYPENAME,
		.user_alloc = sizeof(struct obj),
		.handle_offset = offsetof(struct obj, ss),
		.opaque_user_data_offset = offsetof(struct obj, opaque),
		.rx = rx,
		.manual_initial_tx_credit = (int)CLASS,
	};
	struct lws_context_creation_info info;
	pthread_t threads[THREADS];
	struct lws_ss_handle *bus;
	int n;

	(void)argc;
	(void)argv;
	lws_context_info_defaults(&info, NULL);
	lws_set_log_level(LLL_ERR, NULL);
	/* nothing may be dropped for its age on a slow machine */
	info.smd_ttl_us = 600 * LWS_US_PER_SEC;
	info.early_smd_cb = listener;
	info.early_smd_class_filter = CLASS;
	cx = lws_create_context(&info);
	CHECK(cx);
	CHECK(!lws_ss_create(cx, 0, &info_bus, NULL, &bus, NULL, NULL));

	for (n = 0; n < THREADS; n++)
		CHECK(!pthread_create(&threads[n], NULL, sender, (void *)(intptr_t)n));
	while (!is_done())
		CHECK(lws_service(cx, 0) >= 0);
	for (n = 0; n < THREADS; n++)
		CHECK(!pthread_join(threads[n], NULL));

	lws_context_destroy(cx);
	puts("ok");

	return 0;
}
