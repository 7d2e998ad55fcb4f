/*
 * smd: system messages, from a thread to a listener and to a stream.
 *
 *   smd [-d LEVELS]
 *
 * Any thread may send a message; everybody who listens to its class gets it
 * from the loop. A stream of the type _lws_smd gets the same messages with 16
 * bytes in front (class and time), and may send some itself. It is in every
 * policy. Exit code 0 if both heard everything.
 */

#include <libwebsockets.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#define MESSAGES 3
#define CLASS (1u << LWSSMDCL_USER_BASE_BITNUM)

static struct lws_context *cx;
static int by_listener, by_stream;
static pthread_t sender;

LWS_SS_USER_TYPEDEF
	int answered;
} bus_t;

static void
done_if_all(void)
{
	/* the thread's messages, and the stream's answer */
	if (by_listener == MESSAGES + 1 && by_stream == MESSAGES + 1)
		lws_default_loop_exit(cx);
}

static void *
send_some(void *arg)
{
	int n;

	(void)arg;
	for (n = 0; n < MESSAGES; n++)
		/* not 0: the queue is full, try again */
		while (lws_smd_msg_printf(cx, CLASS, "{\"number\":%d}", n))
			;

	return NULL;
}

static int
listener(void *opaque, lws_smd_class_t class_, lws_usec_t at, void *buf,
	 size_t len)
{
	(void)opaque;
	(void)class_;
	(void)at;
	printf("listener: %.*s\n", (int)len, (const char *)buf);
	by_listener++;
	done_if_all();

	return 0;
}

static lws_ss_state_return_t
bus_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	bus_t *me = (bus_t *)userobj;

	(void)flags;
	printf("stream: %.*s\n", (int)len - LWS_SMD_SS_RX_HEADER_LEN,
	       (const char *)buf + LWS_SMD_SS_RX_HEADER_LEN);
	by_stream++;
	done_if_all();

	return me->answered ? LWSSSSRET_OK :
			      lws_ss_request_tx(lws_ss_from_user(me));
}

static lws_ss_state_return_t
bus_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
       int *flags)
{
	bus_t *me = (bus_t *)userobj;

	(void)ord;
	if (me->answered)
		return LWSSSSRET_TX_DONT_SEND;
	me->answered = 1;
	*flags = LWSSS_FLAG_SOM | LWSSS_FLAG_EOM;

	/* writes the header too */
	return lws_smd_ss_msg_printf(lws_ss_tag(lws_ss_from_user(me)), buf, len,
				     CLASS, "{\"answer\":true}") ?
		       LWSSSSRET_TX_DONT_SEND : LWSSSSRET_OK;
}

static lws_ss_state_return_t
bus_state(void *userobj, void *h_src, lws_ss_constate_t state,
	  lws_ss_tx_ordinal_t ack)
{
	(void)userobj;
	(void)h_src;
	(void)ack;
	if (state == LWSSSCS_CONNECTED &&
	    pthread_create(&sender, NULL, send_some, NULL))
		return LWSSSSRET_DESTROY_ME;

	return LWSSSSRET_OK;
}

static LWS_SS_INFO(LWS_SMD_STREAMTYPENAME, bus_t)
	.rx = bus_rx,
	.tx = bus_tx,
	.state = bus_state,
	/* on this stream type: the classes that it wants */
	.manual_initial_tx_credit = (int)CLASS,
};

int main(int argc, const char **argv)
{
	struct lws_context_creation_info info;

	lws_context_info_defaults(&info, NULL);
	info.early_smd_cb = listener;
	info.early_smd_class_filter = CLASS;
	lws_cmdline_option_handle_builtin(argc, argv, &info);
	cx = lws_create_context(&info);
	if (!cx)
		return 1;

	if (lws_ss_create(cx, 0, &ssi_bus_t, NULL, NULL, NULL, NULL))
		return 1;

	lws_context_default_loop_run_destroy(cx);
	pthread_join(sender, NULL);

	return by_listener != MESSAGES + 1 || by_stream != MESSAGES + 1;
}
