/*
 * A proxy whose clients come by channels on one byte link: a socket that stands
 * for a serial line. When its other end goes, the line is dead until somebody
 * else is there; what is sent meanwhile is lost.
 *
 *   mux_proxy SOCKET POLICY PIECE     PIECE: bytes that the line takes at a time,
 *                                     0: all that it is given
 *
 * Also runs with libwebsockets (where PIECE is to be 0).
 */

#include <libwebsockets.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define POLL_US 1000

static struct lws_context *cx;
static size_t piece;

static struct line {
	const lws_transport_proxy_ops_t *in;
	lws_transport_priv_t priv_in;
	int listens, fd, want_write;
	lws_sorted_usec_list_t sul;
} line = { .fd = -1 };

static void
line_poll(lws_sorted_usec_list_t *sul)
{
	uint8_t buf[4096];
	ssize_t n;

	lws_sul_schedule(cx, 0, sul, line_poll, POLL_US);
	if (line.fd < 0)
		line.fd = accept(line.listens, NULL, NULL);
	while (line.fd >= 0 &&
	       (n = recv(line.fd, buf, sizeof(buf), MSG_DONTWAIT)) != -1) {
		if (!n) {
			close(line.fd);
			line.fd = -1;
			break;
		}
		line.in->proxy_read(line.priv_in, buf, (size_t)n);
	}
	if (line.want_write) {
		line.want_write = 0;
		line.in->event_proxy_can_write(line.priv_in);
	}
}

static int
line_open(struct lws_context *context, const lws_transport_proxy_ops_t *in,
	  lws_transport_priv_t priv_in, lws_txp_path_proxy_t *path,
	  const void *info, const char *bind_to, int port)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	(void)info;
	(void)port;
	line.in = in;
	line.priv_in = priv_in;
	path->priv_onw = (lws_transport_priv_t)&line;
	snprintf(at.sun_path, sizeof(at.sun_path), "%s", bind_to);
	line.listens = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (bind(line.listens, (struct sockaddr *)&at, sizeof(at)) ||
	    listen(line.listens, 1))
		return 1;
	lws_sul_schedule(context, 0, &line.sul, line_poll, 1);

	return 0;
}

static void
line_want(lws_transport_priv_t priv)
{
	(void)priv;
	line.want_write = 1;
}

static int
line_write(lws_transport_priv_t priv, uint8_t *buf, size_t *len)
{
	ssize_t n;

	(void)priv;
	if (line.fd < 0)
		return 0;
	if (piece && *len > piece)
		*len = piece;
	n = send(line.fd, buf, *len, MSG_NOSIGNAL | (piece ? MSG_DONTWAIT : 0));
	if (n < 0 && errno == EAGAIN)
		n = 0;
	if (n >= 0)
		*len = (size_t)n;

	return 0;
}

static const lws_transport_proxy_ops_t line_ops = {
	.name			= "line",
	.init_proxy_server	= line_open,
	.proxy_req_write	= line_want,
	.proxy_write		= line_write,
};

static lws_transport_info_t settings = {
	.ping_interval_us	= 1000000,
	.pong_grace_us		= 500000,
	.txp_ppath		= { .ops_onw = &line_ops },
	.flags			= LWSTMINFO_SERVER,
};

static void
ends(int sig)
{
	(void)sig;
	lws_default_loop_exit(cx);
}

int
main(int argc, char **argv)
{
	struct lws_context_creation_info info;

	if (argc != 4)
		return 2;
	piece = strtoul(argv[3], NULL, 10);
	signal(SIGTERM, ends);
	lws_set_log_level(LLL_ERR | LLL_WARN, NULL);
	memset(&info, 0, sizeof(info));
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
	info.pss_policies_json = argv[2];
	info.txp_ops_ssproxy = &lws_transport_mux_proxy_ops;
	info.txp_ssproxy_info = &settings;
	cx = lws_create_context(&info);
	if (!cx || lws_ss_proxy_create(cx, argv[1], 0))
		return 1;
	printf("serves\n");
	fflush(stdout);
	lws_context_default_loop_run_destroy(cx);

	return 0;
}
