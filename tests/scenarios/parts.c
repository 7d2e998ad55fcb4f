/*
 * parts: one request whose body has parts, for the tests of multipart.rs.
 *
 *   parts --policy FILE --stream TYPE --bytes N[,N...] [--announce]
 *
 * The parts have N bytes each; with --announce their sum is announced. stdout: "part NAME" when a part begins, NAME
 * being the stream type that it is for, and "state NAME".
 */

#include <libwebsockets.h>
#include "../c_api/check.h"

#define MAX_PARTS 8

LWS_SS_USER_TYPEDEF
	size_t sent;	/* of the part under way */
	int part;
} parts_t;

static size_t sizes[MAX_PARTS], total;
static int parts, announce, over;

static lws_ss_state_return_t
parts_tx(void *userobj, lws_ss_tx_ordinal_t ord, uint8_t *buf, size_t *len, int *flags)
{
	parts_t *m = (parts_t *)userobj;
	size_t i, n;

	(void)ord;
	if (m->part == parts)
		return LWSSSSRET_TX_DONT_SEND;
	if (!m->sent) {
		printf("part %s\n", lws_ss_rideshare(m->ss));
		*flags |= LWSSS_FLAG_SOM;
	}
	n = sizes[m->part] - m->sent;
	if (n > *len)
		n = *len;
	for (i = 0; i < n; i++)
		buf[i] = (uint8_t)('a' + m->part + (int)((m->sent + i) % 7));
	m->sent += n;
	*len = n;
	if (m->sent == sizes[m->part]) {
		*flags |= LWSSS_FLAG_EOM;
		m->sent = 0;
		m->part++;
	}

	return m->part < parts ? lws_ss_request_tx(m->ss) : LWSSSSRET_OK;
}

static lws_ss_state_return_t
parts_state(void *userobj, void *sh, lws_ss_constate_t state, lws_ss_tx_ordinal_t ack)
{
	parts_t *m = (parts_t *)userobj;

	(void)sh;
	(void)ack;
	if (state == LWSSSCS_EVENT_WAIT_CANCELLED)
		return LWSSSSRET_OK;
	printf("state %s\n", lws_ss_state_name((int)state) + strlen("LWSSSCS_"));
	if (state == LWSSSCS_CREATING)
		return announce ? lws_ss_request_tx_len(m->ss, (unsigned long)total)
				: lws_ss_request_tx(m->ss);
	if (state == LWSSSCS_CONNECTING) {
		/* nginx refuses what comes before it knows that its settings arrived: each attempt begins anew */
		m->part = 0;
		m->sent = 0;
		return LWSSSSRET_OK;
	}
#if defined(LWS_SS_USE_SSPC)
	/* what was asked for before was to connect, no more */
	if (state == LWSSSCS_CONNECTED && m->part < parts)
		return lws_ss_request_tx(m->ss);
#endif
	if (state == LWSSSCS_DISCONNECTED || state == LWSSSCS_ALL_RETRIES_FAILED)
		over = 1;

	return LWSSSSRET_OK;
}

LWS_SS_INFO("first", parts_t)
	.tx	= parts_tx,
	.state	= parts_state,
};

int
main(int argc, const char **argv)
{
	const char *bytes = lws_cmdline_option(argc, argv, "--bytes");
	struct lws_context_creation_info info;
	lws_ss_info_t ssi = ssi_parts_t;
	struct lws_ss_handle *h;
	struct lws_context *cx;

	setvbuf(stdout, NULL, _IOLBF, 0);
	announce = !!lws_cmdline_option(argc, argv, "--announce");
	while (bytes && *bytes) {
		CHECK(parts < MAX_PARTS);
		sizes[parts] = (size_t)atol(bytes);
		total += sizes[parts++];
		bytes += strcspn(bytes, ",");
		bytes += *bytes == ',';
	}
	lws_context_info_defaults(&info, lws_cmdline_option(argc, argv, "--policy"));
	lws_cmdline_option_handle_builtin(argc, argv, &info);
	CHECK(cx = lws_create_context(&info));
	ssi.streamtype = lws_cmdline_option(argc, argv, "--stream");
	CHECK(!lws_ss_create(cx, 0, &ssi, NULL, &h, NULL, NULL));
	while (!over)
		CHECK(lws_service(cx, 0) >= 0);
	lws_context_destroy(cx);

	return 0;
}
