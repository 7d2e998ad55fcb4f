/*
 * Streams that reach their proxy by channels on one byte link: a terminal, or a
 * socket that stands for a serial line.
 *
 *   mux_client LINE STREAMS ROUNDS     ROUNDS 0: until it is killed
 *
 * Each stream sends messages to a raw server that echoes. Prints "up" and
 * "down" for their connections, "N echoes" for what came back whole and, when each
 * stream has had its rounds, "done".
 */

#define LWS_SS_USE_SSPC
#include <libwebsockets.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define POLL_US 1000
#define SIZE 900

static struct lws_context *cx;
static lws_transport_mux_t *mux;
static unsigned long rounds, echoes, left;
static const char *place;
static int over;

static struct line {
	int fd, want_write;
	lws_sorted_usec_list_t sul;
} line = { .fd = -1 };

static void
line_connect(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (!strncmp(place, "/dev/", 5)) {
		line.fd = open(place, O_RDWR | O_NOCTTY);
		return;
	}
	snprintf(to.sun_path, sizeof(to.sun_path), "%s", place);
	line.fd = socket(AF_UNIX, SOCK_STREAM, 0);
	if (connect(line.fd, (struct sockaddr *)&to, sizeof(to))) {
		close(line.fd);
		line.fd = -1;
	}
}

static void
line_poll(lws_sorted_usec_list_t *sul)
{
	const lws_transport_client_ops_t *in = &lws_transport_mux_client_ops;
	struct pollfd can_read = { .events = POLLIN };
	uint8_t buf[37];
	ssize_t n;

	lws_sul_schedule(cx, 0, sul, line_poll, POLL_US);
	if (line.fd < 0)
		line_connect();
	while ((can_read.fd = line.fd) >= 0 && poll(&can_read, 1, 0) == 1) {
		n = read(line.fd, buf, sizeof(buf));
		if (n <= 0) {
			close(line.fd);
			line.fd = -1;
			break;
		}
		if (in->event_read(mux, buf, (size_t)n))
			exit(1);
	}
	if (line.want_write) {
		line.want_write = 0;
		if (in->event_can_write((struct lws_sspc_handle *)mux, 2048))
			exit(1);
	}
}

static void
line_want(lws_transport_priv_t priv)
{
	if (priv != &line)
		exit(1);
	line.want_write = 1;
}

static int
line_write(lws_transport_priv_t priv, uint8_t *buf, size_t len)
{
	(void)priv;
	/* what nobody hears is lost */
	if (line.fd >= 0 && write(line.fd, buf, len) != (ssize_t)len) {
		close(line.fd);
		line.fd = -1;
	}

	return 0;
}

static const lws_transport_client_ops_t line_ops = {
	.name		= "line",
	.req_write	= line_want,
	._write		= line_write,
};

LWS_SS_USER_TYPEDEF
	unsigned long		had;
	size_t			got;
} echo_t;

static lws_ss_state_return_t
echo_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	echo_t *me = (echo_t *)userobj;
	size_t n;

	(void)flags;
	for (n = 0; n < len; n++)
		if (buf[n] != (uint8_t)(me->had * 31 + me->got + n)) {
			printf("wrong byte %zu in round %lu\n", me->got + n, me->had);
			exit(1);
		}
	me->got += len;
	if (me->got < SIZE)
		return LWSSSSRET_OK;
	me->got = 0;
	me->had++;
	if (!(++echoes % 8)) {
		printf("%lu echoes\n", echoes);
		fflush(stdout);
	}
	if (rounds && me->had == rounds) {
		if (!--left) {
			printf("done\n");
			over = 1;
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
	size_t n;

	(void)ord;
	if (*len < SIZE)
		exit(1);
	*len = SIZE;
	*flags = LWSSS_FLAG_SOM | LWSSS_FLAG_EOM;
	for (n = 0; n < SIZE; n++)
		buf[n] = (uint8_t)(me->had * 31 + n);

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
	case LWSSSCS_DISCONNECTED:
		if (over)
			break;
		printf("down\n");
		fflush(stdout);
		/* fallthrough */
	case LWSSSCS_CREATING:
	case LWSSSCS_ALL_RETRIES_FAILED:
		return lws_ss_client_connect(lws_ss_from_user(me));
	case LWSSSCS_CONNECTED:
		me->got = 0;
		printf("up\n");
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
	lws_transport_info_t settings = {
		.ping_interval_us	= 1000000,
		.pong_grace_us		= 500000,
		.txp_cpath		= {
			.ops_onw	= &line_ops,
			.priv_onw	= &line,
		},
	};
	struct lws_ss_handle *h;
	unsigned long n;

	if (argc != 4)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	place = argv[1];
	left = strtoul(argv[2], NULL, 10);
	rounds = strtoul(argv[3], NULL, 10);

	lws_context_info_defaults(&info, NULL);
	info.txp_ops_sspc = &lws_transport_mux_client_ops;
	cx = lws_create_context(&info);
	if (!cx)
		return 1;
	/* settings without a transport are refused */
	{
		lws_transport_info_t none;

		memset(&none, 0, sizeof(none));
		if (lws_transport_mux_create(cx, &none, NULL) ||
		    lws_transport_mux_create(cx, NULL, NULL))
			return 1;
	}
	mux = lws_transport_mux_create(cx, &settings, NULL);
	if (!mux || mux->link_state != LWSTM_TRANSPORT_DOWN)
		return 1;
	lws_sul_schedule(cx, 0, &line.sul, line_poll, 1);
	for (n = left; n; n--)
		if (lws_ss_create(cx, 0, &ssi_echo_t, NULL, &h, NULL, NULL))
			return 1;
	lws_context_default_loop_run_destroy(cx);

	/* it went with its context */
	lws_transport_mux_destroy(&mux);

	return mux != NULL;
}
