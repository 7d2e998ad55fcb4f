/*
 * A proxy whose clients come by channels on a terminal, which the loop watches for
 * a protocol of the program's own.
 *
 *   tty_proxy POLICY     prints "line PATH", the terminal's other end, and "serves";
 *                        ends when that end was open and is closed
 *
 * Also runs with libwebsockets.
 */

#define _GNU_SOURCE
#include <libwebsockets.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "check.h"

static struct lws_context *cx;
static const char *policy;
static int inits, adoptions, closes, destroys;

static struct line {
	const lws_transport_proxy_ops_t *in;
	lws_transport_priv_t priv_in;
	struct lws *wsi;
	int fd;
} line;

struct session {
	unsigned int reads;
};

static int
on_line(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in,
	size_t len)
{
	struct session *session = (struct session *)user;
	uint8_t buf[512];
	ssize_t n;

	(void)in;
	(void)len;
	switch ((int)reason) {
	case LWS_CALLBACK_PROTOCOL_INIT:
		CHECK_STR(lws_get_vhost_name(lws_get_vhost(wsi)), "default");
		CHECK(!lws_get_opaque_user_data(wsi));
		inits++;
		break;

	case LWS_CALLBACK_RAW_ADOPT_FILE:
		CHECK(lws_get_opaque_user_data(wsi) == &line);
		CHECK(session && !session->reads);
		CHECK(!lws_send_pipe_choked(wsi));
		adoptions++;
		break;

	case LWS_CALLBACK_RAW_RX_FILE:
		/* what stays is reported again */
		n = read(line.fd, buf, sizeof(buf));
		if (n <= 0)
			return -1;
		session->reads++;
		line.in->proxy_read(line.priv_in, buf, (size_t)n);
		break;

	case LWS_CALLBACK_RAW_WRITEABLE_FILE:
		line.in->event_proxy_can_write(line.priv_in);
		break;

	case LWS_CALLBACK_RAW_CLOSE_FILE:
		CHECK(session->reads > 0);
		CHECK(fcntl(line.fd, F_GETFL) != -1);
		lws_set_opaque_user_data(wsi, NULL);
		CHECK(!lws_get_opaque_user_data(wsi));
		line.wsi = NULL;
		closes++;
		lws_default_loop_exit(cx);
		break;

	case LWS_CALLBACK_PROTOCOL_DESTROY:
		destroys++;
		break;
	}

	return 0;
}

static struct lws_protocols protocol = {
	"line", on_line, sizeof(struct session), 0, 0, NULL, 0
};

static const struct lws_protocols *protocols[] = { &protocol, NULL };

static int
line_open(struct lws_context *context, const lws_transport_proxy_ops_t *in,
	  lws_transport_priv_t priv_in, lws_txp_path_proxy_t *path,
	  const void *info, const char *bind_to, int port)
{
	struct termios tio;
	lws_adopt_desc_t ad;

	(void)info;
	(void)bind_to;
	(void)port;
	CHECK(inits == 1);
	line.in = in;
	line.priv_in = priv_in;
	path->priv_onw = (lws_transport_priv_t)&line;
	line.fd = posix_openpt(O_RDWR | O_NOCTTY);
	CHECK(line.fd >= 0 && !grantpt(line.fd) && !unlockpt(line.fd) &&
	      !tcgetattr(line.fd, &tio));
	cfmakeraw(&tio);
	CHECK(!tcsetattr(line.fd, TCSANOW, &tio));
	printf("line %s\n", ptsname(line.fd));

	memset(&ad, 0, sizeof(ad));
	ad.vh = lws_get_vhost_by_name(context, "default");
	ad.type = LWS_ADOPT_RAW_FILE_DESC;
	ad.fd.filefd = (lws_filefd_type)line.fd;
	ad.opaque = &line;
	ad.vh_prot_name = "none";
	CHECK(!lws_adopt_descriptor_vhost_via_info(&ad));
	CHECK(fcntl(line.fd, F_GETFL) != -1);
	ad.vh_prot_name = "line";
	line.wsi = lws_adopt_descriptor_vhost_via_info(&ad);

	return !line.wsi;
}

static void
line_want(lws_transport_priv_t priv)
{
	(void)priv;
	if (line.wsi)
		CHECK(lws_callback_on_writable(line.wsi) == 1);
}

static int
line_write(lws_transport_priv_t priv, uint8_t *buf, size_t *len)
{
	ssize_t n = write(line.fd, buf, *len);

	(void)priv;
	*len = n < 0 ? 0 : (size_t)n;

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

static int
on_state(lws_state_manager_t *mgr, lws_state_notify_link_t *link, int current,
	 int target)
{
	(void)link;
	if (current == LWS_SYSTATE_OPERATIONAL && target == current) {
		if (lws_ss_proxy_create(lws_system_context_from_system_mgr(mgr),
					NULL, 0))
			return 1;
		printf("serves\n");
		fflush(stdout);
	}

	return 0;
}

static lws_state_notify_link_t notify = { .name = "app", .notify_cb = on_state };
static lws_state_notify_link_t * const notifiers[] = { &notify, NULL };

int
main(int argc, char **argv)
{
	struct lws_context_creation_info info;

	if (argc != 2)
		return 2;
	policy = argv[1];
	lws_set_log_level(LLL_ERR | LLL_WARN, NULL);
	memset(&info, 0, sizeof(info));
	info.port = CONTEXT_PORT_NO_LISTEN;
	info.options = LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
	info.pprotocols = protocols;
	info.pss_policies_json = policy;
	info.register_notifier_list = notifiers;
	info.txp_ops_ssproxy = &lws_transport_mux_proxy_ops;
	info.txp_ssproxy_info = &settings;
	cx = lws_create_context(&info);
	CHECK(!!cx);
	lws_context_default_loop_run_destroy(cx);
	CHECK(adoptions == 1 && closes == 1 && destroys == 1);
	CHECK(fcntl(line.fd, F_GETFL) == -1);
	printf("over\n");

	return 0;
}
