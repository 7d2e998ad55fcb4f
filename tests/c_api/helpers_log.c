/* Everything that logging writes, for comparison line by line. */

#include <libwebsockets.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>
#include "check.h"

static void
emit(int level, const char *line)
{
	printf("emit %d %s", level, line);
}

static void
emit_cx(struct lws_log_cx *cx, int level, const char *line, size_t len)
{
	printf("emit_cx %s %d %d %s", (const char *)cx->opaque, level,
	       (int)(len - strlen(line)), line);
}

static void
prepend(struct lws_log_cx *cx, void *obj, char **p, char *e)
{
	*p += lws_snprintf(*p, (size_t)(e - *p), "<%s%s>", (const char *)cx->opaque,
			   obj ? (const char *)obj : "");
}

static void
my_logv(int level, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	_lws_logv(level, format, ap);
	va_end(ap);
}

static void
defaults(void)
{
	lwsl_err("error %d %s\n", 5, "text");
	lwsl_warn("no newline");
	lwsl_notice("two newlines\n\n");
	_lws_log(LLL_INFO, "off\n");
	_lws_log(LLL_USER, "off too\n");
	_lws_log(LLL_NOTICE, "%s", "");
	_lws_log(LLL_NOTICE, "\n");
	lwsl_emit_stderr(LLL_ERR, "straight\n");
	lwsl_emit_stderr_notimestamp(LLL_ERR, "straight too\n");
	CHECK(lwsl_visible(LLL_ERR) && !lwsl_visible(LLL_INFO));
}

static void
arguments(void)
{
	_lws_log(LLL_ERR, "%d %s %f %d %d %d %s %.2f %c %ld %g %g %g %g %g %g %g %g\n", 1, "two",
		 3.5, 4, 5, 6, "seven", 8.25, '9', 10L, 11.5, 12.5, 13.5, 14.5, 15.5, 16.5,
		 17.5, 18.5);
	_lws_log(LLL_ERR, "100%% %5d|%-5s|%05.1f|%x\n", 42, "ab", 2.25, 255);
}

static void
levels(void)
{
	int n;

	lws_set_log_level(0xffff, emit);
	for (n = 0; n < 16; n++)
		_lws_log(1 << n, "level %d\n", n);
	_lws_log(LLL_ERR | LLL_WARN, "two levels\n");
	lws_set_log_level(LLL_ERR, NULL);
	CHECK(!lwsl_visible(LLL_WARN));
	_lws_log(LLL_WARN, "off\n");
	_lws_log(LLL_ERR, "still the same emitter\n");
	my_logv(LLL_ERR, "logv %d %s %f\n", 1, "two", 3.0);
	_lws_log_rl(LLL_ERR, 1, "one of one\n");
	_lws_log_rl(LLL_ERR, 4, "one of four\n");
	_lws_log(LLL_ERR, "again\n");
	_lws_log(LLL_ERR, "again\n");
	_lws_log(LLL_ERR, "again\n");
	_lws_log(LLL_ERR, "not again\n");
}

static void
contexts(void)
{
	lws_log_cx_t top = { .prepend = prepend, .opaque = "top" };
	lws_log_cx_t mid = { .prepend = prepend, .opaque = "mid", .parent = &top };
	lws_log_cx_t low = { .u.emit_cx = emit_cx, .prepend = prepend, .opaque = "low",
			     .lll_flags = LLLF_LOG_CONTEXT_AWARE | LLL_ERR };
	lws_log_cx_t old = { .u.emit = emit, .opaque = "old", .lll_flags = LLL_ERR };

	_lws_log_cx(&low, NULL, NULL, LLL_ERR, NULL, "alone %d\n", 1);
	low.parent = &mid;
	_lws_log_cx(&low, NULL, NULL, LLL_ERR, NULL, "%s\n", "with parents");
	_lws_log_cx(&low, prepend, "!", LLL_ERR, "function", "object %f\n", 1.5);
	_lws_log_cx(&low, prepend, "!", LLL_WARN, "function", "off\n");
	_lws_log_cx_rl(&low, prepend, NULL, LLL_ERR, 3, "function", "limited %d\n", 7);
	_lws_log_cx(&old, NULL, NULL, LLL_ERR, NULL, "old emitter\n");
	_lws_log_cx(NULL, NULL, NULL, LLL_ERR, "function", "no context\n");
	CHECK(!lwsl_ss_get_cx(NULL) && !lwsl_context_get_cx(NULL));
	_lws_log_cx(NULL, lws_log_prepend_ss, NULL, LLL_ERR, NULL, "no stream\n");
}

static void
hexdumps(void)
{
	lws_log_cx_t cx = { .u.emit = emit, .prepend = prepend, .opaque = "cx",
			    .lll_flags = LLL_ERR };
	unsigned char all[40];
	int n;

	for (n = 0; n < (int)sizeof(all); n++)
		all[n] = (unsigned char)(n * 6 + 20);
	lwsl_hexdump_level(LLL_ERR, all, sizeof(all));
	lwsl_hexdump_level(LLL_ERR, "0123456789abcdef", 16);
	lwsl_hexdump_level(LLL_ERR, all, 0);
	lwsl_hexdump_level(LLL_ERR, NULL, 4);
	lwsl_hexdump_level(LLL_WARN, all, 4);
	lwsl_hexdump_level_cx(&cx, prepend, "!", LLL_ERR, "xyz", 3);
}

static void
files(const char *path)
{
	lws_log_cx_t cx = { .u.emit_cx = lws_log_emit_cx_file, .refcount_cb = lws_log_use_cx_file,
			    .opaque = (void *)path,
			    .lll_flags = LLLF_LOG_CONTEXT_AWARE | LLL_ERR };
	char buf[256];
	ssize_t n;
	int fd;

	lwsl_refcount_cx(&cx, 1);
	lwsl_refcount_cx(&cx, 1);
	CHECK(cx.refcount == 2 && (int)(intptr_t)cx.stg >= 0);
	_lws_log_cx(&cx, NULL, NULL, LLL_ERR, NULL, "into the file\n");
	lwsl_refcount_cx(&cx, -1);
	_lws_log_cx(&cx, NULL, NULL, LLL_ERR, NULL, "into the file too\n");
	lwsl_refcount_cx(&cx, -1);
	CHECK(cx.refcount == 0 && (int)(intptr_t)cx.stg == -1);
	_lws_log_cx(&cx, NULL, NULL, LLL_ERR, NULL, "nowhere\n");
	lwsl_refcount_cx(NULL, 1);

	fd = open(path, O_RDONLY);
	CHECK(fd >= 0);
	n = read(fd, buf, sizeof(buf) - 1);
	CHECK(n > 0);
	buf[n] = '\0';
	close(fd);
	printf("file:\n%s", buf);
}

static void
context_uses_its_log(const char *path)
{
	lws_log_cx_t log = { .u.emit_cx = lws_log_emit_cx_file, .refcount_cb = lws_log_use_cx_file,
			     .opaque = (void *)path, .lll_flags = LLLF_LOG_CONTEXT_AWARE | LLL_NOTICE };
	struct lws_context_creation_info info;
	struct lws_context *cx;
	char line[256];
	FILE *file;

	lws_context_info_defaults(&info, NULL);
	info.log_cx = &log;
	cx = lws_create_context(&info);
	CHECK(cx);
	CHECK(log.refcount == 1 && (int)(intptr_t)log.stg >= 0);
	lws_context_destroy(cx);
	CHECK(log.refcount == 0 && (int)(intptr_t)log.stg == -1);

	file = fopen(path, "r");
	CHECK(file && fgets(line, sizeof(line), file));
	CHECK(strstr(line, "] N: lws_create_context: LWS: ") && strstr(line, lws_get_library_version()));
	fclose(file);

	info.pss_policies_json = "{ no policy";
	CHECK(!lws_create_context(&info));
	CHECK(log.refcount == 0 && (int)(intptr_t)log.stg == -1);
}

static void
helpers(void)
{
	lws_log_ratelimit_t rl = { 0, 0 };
	char buf[64];

	CHECK(lws_log_ratelimit_check(&rl, 3600000000ll) == 1);
	CHECK(lws_log_ratelimit_check(&rl, 3600000000ll) == 0);
	CHECK(lws_log_ratelimit_check(&rl, 3600000000ll) == 0);
	rl.next_log_us = 0;
	CHECK(lws_log_ratelimit_check(&rl, 0) == 3);

	CHECK(lwsl_timestamp(LLL_WARN, buf, sizeof(buf)) == 30);
	CHECK(strlen(buf) == 30);
	CHECK_STR(buf + 25, "] W: " + 0);
	CHECK(lwsl_timestamp(LLL_WARN | LLL_ERR, buf, sizeof(buf)) == 0);
	CHECK_STR(buf, "");
}

int
main(int argc, char **argv)
{
	/* stderr in place, between what goes to stdout */
	setvbuf(stdout, NULL, _IONBF, 0);
	CHECK(argc == 2);

	defaults();
	arguments();
	levels();
	contexts();
	hexdumps();
	files(argv[1]);
	context_uses_its_log(argv[1]);
	helpers();

	return 0;
}
