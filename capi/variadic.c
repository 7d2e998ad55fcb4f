/*
 * The printf-like entry points. Stable Rust cannot define variadic functions: the exported
 * symbol is a Rust function that jumps here with its arguments untouched, this side wraps
 * format and arguments into one value, and Rust does the rest, asking securestreams_format()
 * for the text when and where it wants it.
 *
 * Nothing here is exported: the names are hidden.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#define HIDDEN __attribute__((visibility("hidden")))

/* opaque to Rust */
struct text {
	const char	*format;
	va_list		args;
};

struct lws_log_cx;
struct lws_context;
typedef void (*prepend_fn)(struct lws_log_cx *cx, void *obj, char **p, char *e);

/* defined in Rust */
HIDDEN void securestreams_log(struct lws_log_cx *cx, prepend_fn prepend, void *obj, int level,
			      uint32_t seen, const char *function, const struct text *text);
HIDDEN int securestreams_smd_printf(struct lws_context *cx, uint32_t class_,
				    const struct text *text);
HIDDEN int securestreams_smd_ss_printf(const char *tag, uint8_t *buf, size_t *len,
				       uint32_t class_, const struct text *text);

/* Writes the text, cut to len and NUL-terminated; returns its whole length, or < 0. */
HIDDEN int
securestreams_format(const struct text *text, char *buf, size_t len)
{
	va_list args;
	int n;

	va_copy(args, ((struct text *)text)->args);
	n = vsnprintf(buf, len, text->format, args);
	va_end(args);

	return n;
}

/* through stdio, so that lines keep their order with the program's own */
HIDDEN void
securestreams_stderr(const char *before, const char *line, const char *after)
{
	fprintf(stderr, "%s%s%s", before, line, after);
}

HIDDEN void
securestreams_v_log(int level, const char *format, ...)
{
	struct text t = { .format = format };

	va_start(t.args, format);
	securestreams_log(NULL, NULL, NULL, level, 0, NULL, &t);
	va_end(t.args);
}

HIDDEN void
securestreams_v_logv(int level, const char *format, va_list args)
{
	struct text t = { .format = format };

	va_copy(t.args, args);
	securestreams_log(NULL, NULL, NULL, level, 0, NULL, &t);
	va_end(t.args);
}

HIDDEN void
securestreams_v_log_rl(int level, uint32_t seen, const char *format, ...)
{
	struct text t = { .format = format };

	va_start(t.args, format);
	securestreams_log(NULL, NULL, NULL, level, seen, NULL, &t);
	va_end(t.args);
}

HIDDEN void
securestreams_v_log_cx(struct lws_log_cx *cx, prepend_fn prepend, void *obj, int level,
		       const char *function, const char *format, ...)
{
	struct text t = { .format = format };

	va_start(t.args, format);
	securestreams_log(cx, prepend, obj, level, 0, function, &t);
	va_end(t.args);
}

HIDDEN void
securestreams_v_log_cx_rl(struct lws_log_cx *cx, prepend_fn prepend, void *obj, int level,
			  uint32_t seen, const char *function, const char *format, ...)
{
	struct text t = { .format = format };

	va_start(t.args, format);
	securestreams_log(cx, prepend, obj, level, seen, function, &t);
	va_end(t.args);
}

HIDDEN int
securestreams_v_snprintf(char *buf, size_t size, const char *format, ...)
{
	va_list args;
	int n;

	if (!buf || !size)
		return 0;

	va_start(args, format);
	n = vsnprintf(buf, size, format, args);
	va_end(args);

	/* what was cut off is reported as the whole buffer, not as the length wanted */
	return n > 0 && (size_t)n >= size ? (int)size : n;
}

HIDDEN int
securestreams_v_smd_printf(struct lws_context *cx, uint32_t class_, const char *format, ...)
{
	struct text t = { .format = format };
	int r;

	va_start(t.args, format);
	r = securestreams_smd_printf(cx, class_, &t);
	va_end(t.args);

	return r;
}

HIDDEN int
securestreams_v_smd_ss_printf(const char *tag, uint8_t *buf, size_t *len, uint32_t class_,
			      const char *format, ...)
{
	struct text t = { .format = format };
	int r;

	va_start(t.args, format);
	r = securestreams_smd_ss_printf(tag, buf, len, class_, &t);
	va_end(t.args);

	return r;
}

HIDDEN int
securestreams_v_open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	/* O_TMPFILE is several bits, among them O_DIRECTORY's */
	if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) {
		va_list args;

		va_start(args, flags);
		mode = (mode_t)va_arg(args, unsigned int);
		va_end(args);
	}

	return open(path, flags | O_CLOEXEC, mode);
}
