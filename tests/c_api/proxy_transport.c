/*
 * A transport of the program's own under the proxy: memory in place of a
 * socket. The client's frames are written by hand.
 *
 *   proxy_transport POLICY      with a raw stream type "echo"
 */

#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>
#include "check.h"

static struct lws_context *cx;
static lws_txp_path_proxy_t *path;
static int writes_wanted, served, ended, ups;
static uint8_t out[8192];
static size_t out_len, at_a_time = 3;
static int broken;

static int
mem_init(struct lws_context *context, const lws_transport_proxy_ops_t *in,
	 lws_transport_priv_t priv_in, lws_txp_path_proxy_t *txp_ppath,
	 const void *info, const char *bind, int port)
{
	CHECK(context == cx);
	CHECK(in == &lws_txp_inside_proxy);
	CHECK(!priv_in);
	CHECK(info == &served);
	CHECK_STR(bind, "somewhere");
	CHECK(port == 77);
	path = txp_ppath;
	served++;

	return 0;
}

static int
mem_end(struct lws_context *context)
{
	CHECK(context == cx);
	ended++;

	return 0;
}

static void
mem_request(lws_transport_priv_t priv)
{
	CHECK(priv == out);
	writes_wanted = 1;
}

static int
mem_write(lws_transport_priv_t priv, uint8_t *buf, size_t *len)
{
	CHECK(priv == out);
	if (broken)
		return -1;
	/* there is room in front */
	memset(buf - LWS_PRE, 0xee, LWS_PRE);
	if (*len > at_a_time)
		*len = at_a_time;
	if (*len > sizeof(out) - out_len)
		*len = sizeof(out) - out_len;
	memcpy(out + out_len, buf, *len);
	out_len += *len;

	return 0;
}

static void
mem_up(lws_transport_priv_t priv)
{
	CHECK(priv == out);
	ups++;
}

static int
mem_more(lws_transport_priv_t priv)
{
	CHECK(priv == out);

	return at_a_time > 3;
}

static const lws_transport_proxy_ops_t ops = {
	.name			= "memory",
	.init_proxy_server	= mem_init,
	.destroy_proxy_server	= mem_end,
	.proxy_req_write	= mem_request,
	.proxy_write		= mem_write,
	.event_client_up	= mem_up,
	.proxy_check_write_more	= mem_more,
};

static struct lws_sss_proxy_conn *
client(void)
{
	struct lws_sss_proxy_conn *conn = NULL;

	out_len = 0;
	CHECK(!path->ops_in->event_new_conn(cx, path->ops_in, path->priv_in,
					    &conn, (lws_transport_priv_t)out));
	CHECK(conn);

	return conn;
}

static int
say(struct lws_sss_proxy_conn *conn, const char *frame, size_t len)
{
	return path->ops_in->proxy_read((lws_transport_priv_t)conn,
					(const uint8_t *)frame, len);
}

/* runs the loop until so many bytes came out, or the link is to be closed */
static int
until(struct lws_sss_proxy_conn *conn, size_t len)
{
	while (out_len < len) {
		if (writes_wanted) {
			writes_wanted = 0;
			if (path->ops_in->event_proxy_can_write(
						(lws_transport_priv_t)conn))
				return 1;
			continue;
		}
		CHECK(lws_service(cx, 0) >= 0);
	}

	return 0;
}

/* type, length, version, pid, credit */
#define STREAMTYPE "\xaa\x00\x0d" "\x01" "\0\0\0\1" "\0\0\0\0" "echo"
#define CONNECT "\xab\x00\x00"
#define DESTROYING "\xac\x00\x00"
/* flags, held, time */
#define PAYLOAD "\xad\x00\x15" "\0\0\0\3" "\0\0\0\0" "\0\0\0\0\0\0\0\0" "hello"

/* result: ok, no buffer size, "echo"; CREATING */
static const uint8_t created[] = "\x56\x00\x09" "\0" "\0\0\0\0" "echo"
				 "\x57\x00\x05" "\x01" "\0\0\0\0";
#define CREATED (sizeof(created) - 1)
/* CONNECTING, CONNECTED */
#define CONNECTED (CREATED + 16)
#define ECHOED (CONNECTED + 19 + 5)

int
main(int argc, char **argv)
{
	struct lws_context_creation_info info;
	struct lws_sss_proxy_conn *a, *b;
	char byte;
	size_t n;

	CHECK(argc == 2);
	lws_context_info_defaults(&info, argv[1]);
	info.txp_ops_ssproxy = &ops;
	info.txp_ssproxy_info = &served;
	cx = lws_create_context(&info);
	CHECK(cx);
	CHECK(!lws_ss_proxy_create(cx, "somewhere", 77));
	CHECK(served == 1);
	CHECK(path && path->ops_in == &lws_txp_inside_proxy);

	/* a whole session, in small writes, with what is said byte by byte */
	a = client();
	for (n = 0; n < sizeof(STREAMTYPE) - 1; n++) {
		byte = (STREAMTYPE)[n];
		CHECK(!say(a, &byte, 1));
	}
	CHECK(!until(a, CREATED));
	CHECK(ups == 1);
	CHECK(!memcmp(out, created, CREATED));
	at_a_time = 1000;
	CHECK(!say(a, CONNECT, 3));
	CHECK(!until(a, CONNECTED));
	CHECK(out[CREATED + 3] == LWSSSCS_CONNECTING);
	CHECK(out[CREATED + 11] == LWSSSCS_CONNECTED);
	CHECK(!say(a, PAYLOAD, sizeof(PAYLOAD) - 1));
	CHECK(!until(a, ECHOED));
	CHECK(!memcmp(out + CONNECTED + 19, "hello", 5));

	/* a second client beside it, of a type that is not there: told and sent away */
	b = client();
	CHECK(a != b);
	CHECK(!say(b, "\xaa\x00\x0b" "\x01" "\0\0\0\1" "\0\0\0\0" "no", 14));
	CHECK(until(b, 1000));
	CHECK(out_len == 8 && out[0] == 0x56 && out[3] == 1);
	CHECK(!path->ops_in->event_close_conn(b));

	/* one that speaks nonsense */
	b = client();
	CHECK(say(b, "GET /", 5) < 0);
	CHECK(say(b, STREAMTYPE, sizeof(STREAMTYPE) - 1) < 0);
	CHECK(!path->ops_in->event_close_conn(b));
	/* it is gone: refused, not followed */
	CHECK(say(b, "x", 1) < 0);
	CHECK(path->ops_in->event_close_conn(b) < 0);
	CHECK(path->ops_in->event_proxy_can_write((lws_transport_priv_t)out) < 0);

	/* a way that breaks */
	b = client();
	broken = 1;
	CHECK(!say(b, STREAMTYPE, sizeof(STREAMTYPE) - 1));
	CHECK(until(b, 1));
	CHECK(!path->ops_in->event_close_conn(b));
	broken = 0;

	/* the client says goodbye */
	out_len = 0;
	CHECK(!say(a, DESTROYING, 3));
	CHECK(until(a, 1000));
	CHECK(!path->ops_in->event_close_conn(a));

	/* one that is there when the context goes */
	a = client();
	CHECK(!say(a, STREAMTYPE, sizeof(STREAMTYPE) - 1));
	lws_context_destroy(cx);
	CHECK(ended == 1);

	return 0;
}
