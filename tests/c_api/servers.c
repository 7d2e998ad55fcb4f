/*
 * servers: one listening stream for each TYPE, answered in one way.
 *
 *   servers POLICY [--fds N] [--vhost NAME,PORT,IFACE[,CERT.pem,KEY.pem]] TYPE...
 *
 * Requests are answered with "TYPE METHOD PATH", those that have a body once it
 * is complete, with "TYPE N bytes"; messages (ws) and bytes (raw) go back. With
 * --fds no more than N descriptors can be open. SIGTERM ends it.
 */

#include <libwebsockets.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

typedef struct piece {
	struct piece	*next;
	size_t		len, pos;
	int		flags;
	uint8_t		data[];
} piece_t;

LWS_SS_USER_TYPEDEF
	piece_t	*first, *last;
	size_t	received;
	int	asked;
} conn_t;

static volatile sig_atomic_t stop;
static struct lws_context *cx;

static void
on_signal(int sig)
{
	(void)sig;
	stop = 1;
	lws_cancel_service(cx);
}

/* "[PID|wsiSScli|N|TYPE|PATH]" */
static void
type_of(conn_t *c, char *type, size_t len)
{
	const char *p = lws_ss_tag(lws_ss_from_user(c));
	int bars = 0;
	size_t n;

	while (*p && bars < 3)
		if (*p++ == '|')
			bars++;
	n = strcspn(p, "|]");
	lws_snprintf(type, len, "%.*s", (int)n, p);
}

static piece_t *
add(conn_t *c, const void *data, size_t len, int flags)
{
	piece_t *p = malloc(sizeof(*p) + len);

	if (!p)
		abort();
	memset(p, 0, sizeof(*p));
	p->len = len;
	p->flags = flags & (LWSSS_FLAG_SOM | LWSSS_FLAG_EOM);
	if (len)
		memcpy(p->data, data, len);
	if (c->last)
		c->last->next = p;
	else
		c->first = p;
	c->last = p;

	return p;
}

static void
drop_first(conn_t *c)
{
	piece_t *p = c->first;

	c->first = p->next;
	if (!c->first)
		c->last = NULL;
	free(p);
}

static lws_ss_state_return_t
answer(conn_t *c, const char *text)
{
	char all[256], type[32];

	type_of(c, type, sizeof(type));
	lws_snprintf(all, sizeof(all), "%s %s\n", type, text);
	add(c, all, strlen(all), LWSSS_FLAG_SOM | LWSSS_FLAG_EOM);
	lws_ss_server_ack(lws_ss_from_user(c), 0);
	if (lws_ss_set_metadata(lws_ss_from_user(c), "mime", "text/plain", 10))
		return LWSSSSRET_DISCONNECT_ME;

	return lws_ss_request_tx_len(lws_ss_from_user(c), (unsigned long)strlen(all));
}

static lws_ss_state_return_t
conn_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	conn_t *c = (conn_t *)userobj;
	char text[64];

	if (!c->asked) {
		add(c, buf, len, flags);
		return lws_ss_request_tx(lws_ss_from_user(c));
	}
	c->received += len;
	if (!(flags & LWSSS_FLAG_EOM))
		return LWSSSSRET_OK;
	lws_snprintf(text, sizeof(text), "%lu bytes", (unsigned long)c->received);

	return answer(c, text);
}

static lws_ss_state_return_t
conn_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len,
	int *flags)
{
	conn_t *c = (conn_t *)userobj;
	piece_t *p = c->first;

	(void)ord;
	if (!p)
		return LWSSSSRET_TX_DONT_SEND;
	*flags = p->pos ? 0 : p->flags & LWSSS_FLAG_SOM;
	if (*len > p->len - p->pos)
		*len = p->len - p->pos;
	if (*len)
		memcpy(buf, p->data + p->pos, *len);
	p->pos += *len;
	if (p->pos == p->len) {
		*flags |= p->flags & LWSSS_FLAG_EOM;
		drop_first(c);
	}

	return c->first ? lws_ss_request_tx(lws_ss_from_user(c)) : LWSSSSRET_OK;
}

static lws_ss_state_return_t
asked(conn_t *c)
{
	struct lws_ss_handle *h = lws_ss_from_user(c);
	const void *method, *path;
	size_t mlen, plen;
	char text[200];

	c->asked = 1;
	c->received = 0;
	if (lws_ss_get_metadata(h, "method", &method, &mlen) ||
	    lws_ss_get_metadata(h, "path", &path, &plen))
		return LWSSSSRET_DISCONNECT_ME;
	if (mlen == 4 && !memcmp(method, "POST", 4))
		return LWSSSSRET_OK;
	lws_snprintf(text, sizeof(text), "%.*s %.*s", (int)mlen,
		     (const char *)method, (int)plen, (const char *)path);

	return answer(c, text);
}

static lws_ss_state_return_t
conn_state(void *userobj, void *sh, lws_ss_constate_t state,
	   lws_ss_tx_ordinal_t ack)
{
	conn_t *c = (conn_t *)userobj;

	(void)sh;
	(void)ack;
	if (state == LWSSSCS_DESTROYING)
		while (c->first)
			drop_first(c);

	return state == LWSSSCS_SERVER_TXN ? asked(c) : LWSSSSRET_OK;
}

LWS_SS_INFO("", conn_t)
	.rx	= conn_rx,
	.tx	= conn_tx,
	.state	= conn_state,
};

/* NAME,PORT,IFACE[,CERT,KEY] */
static int
make_vhost(char *text)
{
	struct lws_context_creation_info info;
	char *part[5] = { NULL };
	int n = 0;

	while (n < 5 && (part[n] = strsep(&text, ",")))
		n++;
	if (n < 3)
		return 1;
	memset(&info, 0, sizeof(info));
	info.vhost_name = part[0];
	info.port = atoi(part[1]);
	info.iface = part[2];
	info.ssl_cert_filepath = part[3];
	info.ssl_private_key_filepath = part[4];

	return !lws_create_vhost(cx, &info);
}

static int
listen_as(const char *type)
{
	lws_ss_info_t ssi = ssi_conn_t;

	ssi.streamtype = type;
	if (lws_ss_create(cx, 0, &ssi, NULL, NULL, NULL, NULL)) {
		printf("%s refused\n", type);
		return 1;
	}
	printf("%s port %d\n", type,
	       lws_get_vhost_port(lws_get_vhost_by_name(cx, type)));

	return 0;
}

int
main(int argc, char **argv)
{
	struct lws_context_creation_info info;
	struct rlimit fds;
	int n, bad = 0;

	if (argc < 3)
		return 2;
	lws_context_info_defaults(&info, argv[1]);
	cx = lws_create_context(&info);
	if (!cx)
		return 2;
	for (n = 2; n < argc; n++)
		if (!strcmp(argv[n], "--fds") && n + 1 < argc) {
			fds.rlim_cur = fds.rlim_max = (rlim_t)atoi(argv[++n]);
			bad |= setrlimit(RLIMIT_NOFILE, &fds);
		} else if (!strcmp(argv[n], "--vhost") && n + 1 < argc)
			bad |= make_vhost(argv[++n]);
		else
			bad |= listen_as(argv[n]);
	signal(SIGTERM, on_signal);
	printf("%s\n", bad ? "failed" : "ready");
	fflush(stdout);
	while (!bad && !stop && lws_service(cx, 0) >= 0)
		;
	lws_context_destroy(cx);

	return bad;
}
