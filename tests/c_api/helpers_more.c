/*
 * helpers_more FILE: timers and retries, AWS credentials from FILE, and functions of parts that
 * are not built in, which must say so and fail.
 */

#include <libwebsockets.h>
#include <sys/socket.h>
#include <unistd.h>
#include "check.h"

static int errors, fired;

static void
emit(int level, const char *line)
{
	if (level == LLL_ERR)
		errors++;
	fprintf(stderr, "%s", line);
}

#define REFUSED(cond)                   \
	do {                            \
		int was = errors;       \
		CHECK(cond);            \
		CHECK(errors > was);    \
	} while (0)

static void
retry_cb(lws_sorted_usec_list_t *sul)
{
	(void)sul;
	fired++;
}

static void
retries(struct lws_context *cx)
{
	static const uint32_t table[] = { 1, 2 };
	static const lws_retry_bo_t retry = {
		.retry_ms_table = table,
		.retry_ms_table_count = LWS_ARRAY_SIZE(table),
		.conceal_count = 3,
		.jitter_percent = 1,
	};
	lws_sorted_usec_list_t sul;
	uint16_t tries = 0;

	memset(&sul, 0, sizeof(sul));
	for (int n = 1; n <= 3; n++) {
		CHECK(!lws_retry_sul_schedule(cx, 0, &sul, &retry, retry_cb, &tries));
		CHECK(tries == n);
		while (fired < n)
			CHECK(lws_service(cx, 0) >= 0);
	}
	CHECK(lws_retry_sul_schedule(cx, 0, &sul, &retry, retry_cb, &tries) == 1);
	CHECK(!sul.list.owner);
	tries = 0;
	CHECK(lws_retry_sul_schedule(cx, 0, &sul, NULL, retry_cb, &tries) == 1);
	REFUSED(lws_retry_sul_schedule(NULL, 0, &sul, &retry, retry_cb, &tries) == 1);
	REFUSED(lws_retry_sul_schedule_retry_wsi(NULL, &sul, retry_cb, &tries) == 1);
	CHECK(fired == 3 && !sul.list.owner);
}

/* each is served by one turn of the loop, which must not sleep after it */
static void
at_once(struct lws_context *cx)
{
	lws_sorted_usec_list_t sul;

	memset(&sul, 0, sizeof(sul));
	fired = 0;
	for (int n = 1; n <= 3; n++) {
		lws_sul_schedule(cx, 0, &sul, retry_cb, 0);
		CHECK(lws_service(cx, 0) >= 0 && fired == n);
	}
}

static void
credentials(struct lws_context *cx, const char *file)
{
	const char *id_name = "aws_access_key_id", *key_name = "aws_secret_access_key";
	char *id, *key;
	uint8_t buf[16];
	size_t len = sizeof(buf);

	CHECK(!lws_aws_filesystem_credentials_helper(file, id_name, key_name, &id, &key));
	CHECK_STR(id, "AKIDEXAMPLE");
	CHECK_STR(key, "wJalr/+=x");
	CHECK(!lws_ss_sigv4_set_aws_key(cx, 1, id, key));
	free(id);
	free(key);
	CHECK(!lws_system_blob_get(lws_system_get_blob(cx, LWS_SYSBLOB_TYPE_EXT_AUTH2, 1), buf,
				   &len, 0));
	CHECK(len == 9 && !memcmp(buf, "wJalr/+=x", 9));

	REFUSED(lws_aws_filesystem_credentials_helper(file, id_name, "none", &id, &key));
	CHECK(!id && !key);
	REFUSED(lws_aws_filesystem_credentials_helper("/nowhere", id_name, key_name, &id, &key));
	REFUSED(lws_aws_filesystem_credentials_helper(NULL, id_name, key_name, &id, &key));
	REFUSED(lws_aws_filesystem_credentials_helper(file, id_name, key_name, NULL, &key));
	REFUSED(lws_ss_sigv4_set_aws_key(cx, 4, "id", "key"));
	REFUSED(lws_ss_sigv4_set_aws_key(cx, 0, NULL, "key"));
}

static void
not_built_in(struct lws_context *cx)
{
	lws_adopt_desc_t adopt;
	int ends[2], was;
	char c;

	REFUSED(!lws_adopt_descriptor_vhost_via_info(NULL));
	REFUSED(!lws_get_vhost(NULL));
	REFUSED(!lws_get_opaque_user_data(NULL));
	was = errors;
	lws_set_opaque_user_data(NULL, &adopt);
	CHECK(errors > was);
	REFUSED(lws_callback_on_writable(NULL) < 0);
	REFUSED(lws_send_pipe_choked(NULL) == 1);
	REFUSED(lws_ss_proxy_create(cx, NULL, -1));
	REFUSED(lws_smd_ss_rx_forward(NULL, NULL, 0));

	/* a file stays the caller's, a socket was given away */
	memset(&adopt, 0, sizeof(adopt));
	CHECK(!pipe(ends));
	adopt.fd.filefd = ends[1];
	REFUSED(!lws_adopt_descriptor_vhost_via_info(&adopt));
	CHECK(write(ends[1], "x", 1) == 1 && read(ends[0], &c, 1) == 1);
	close(ends[0]);
	close(ends[1]);
	CHECK(!socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	adopt.type = LWS_ADOPT_SOCKET;
	adopt.fd.sockfd = ends[1];
	REFUSED(!lws_adopt_descriptor_vhost_via_info(&adopt));
	CHECK(read(ends[0], &c, 1) == 0);
	close(ends[0]);
}

int
main(int argc, const char **argv)
{
	struct lws_context_creation_info info;
	struct lws_context *cx;

	CHECK(argc == 2);
	lws_set_log_level(LLL_ERR, emit);
	lws_context_info_defaults(&info, NULL);
	cx = lws_create_context(&info);
	CHECK(cx);
	retries(cx);
	at_once(cx);
	credentials(cx, argv[1]);
	not_built_in(cx);
	lws_context_destroy(cx);
	printf("ok\n");

	return 0;
}
