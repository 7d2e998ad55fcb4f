/*
 * What logging does on a terminal, with long lines and from several threads. The lines of the
 * terminal part go to stdout as the terminal got them.
 */

#define _GNU_SOURCE

#include <libwebsockets.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

#define TEXT_MAX (64 * 1024)

static size_t last_len, lines;
static char last[2 * TEXT_MAX];

static void
emit(int level, const char *line)
{
	(void)level;
	last_len = strlen(line);
	strcpy(last, line);
}

/* room for the timestamp in front */
static void
long_lines(void)
{
	char *text = malloc(TEXT_MAX + 2);
	size_t lens[] = { 100, 255, 256, 257, 1023, 1024, 5000, TEXT_MAX - 1, TEXT_MAX }, n;

	CHECK(text);
	memset(text, 'x', TEXT_MAX + 1);
	text[TEXT_MAX + 1] = '\0';
	lws_set_log_level(LLL_ERR, emit);
	for (n = 0; n < sizeof(lens) / sizeof(lens[0]); n++) {
		_lws_log(LLL_ERR, "%.*s", (int)lens[n], text);
		CHECK(last_len == 30 + lens[n] + 1);
		CHECK(last[last_len - 1] == '\n' && last[last_len - 2] == 'x');
	}
	_lws_log(LLL_ERR, "%s", text);
	CHECK(last_len == 30 + TEXT_MAX + 4);
	CHECK_STR(last + last_len - 5, "x...\n");
	free(text);
}

static void
count(int level, const char *line)
{
	(void)level;
	CHECK(line[strlen(line) - 1] == '\n');
	__atomic_add_fetch(&lines, 1, __ATOMIC_RELAXED);
}

static void *
thread(void *number)
{
	int n;

	for (n = 0; n < 1000; n++)
		_lws_log(LLL_ERR, "thread %d line %d\n", (int)(intptr_t)number, n);

	return NULL;
}

static void
threads(void)
{
	pthread_t t[4];
	intptr_t n;

	lws_set_log_level(LLL_ERR, count);
	for (n = 0; n < 4; n++)
		CHECK(!pthread_create(&t[n], NULL, thread, (void *)n));
	for (n = 0; n < 4; n++)
		pthread_join(t[n], NULL);
	CHECK(lines == 4000);
}

static void
terminal(void)
{
	int fd = posix_openpt(O_RDWR | O_NOCTTY), n, status;
	size_t used = 0;
	ssize_t got;
	char buf[4096];
	pid_t pid;

	CHECK(fd >= 0 && !grantpt(fd) && !unlockpt(fd));
	n = open(ptsname(fd), O_RDWR | O_NOCTTY);
	CHECK(n >= 0);
	pid = fork();
	CHECK(pid >= 0);
	if (!pid) {
		dup2(n, 2);
		close(n);
		lws_set_log_level(0xfff, lwsl_emit_stderr);
		for (n = 0; n < 12; n++)
			_lws_log(1 << n, "%d\n", n);
		lwsl_emit_stderr(LLL_ERR | LLL_NOTICE, "highest\n");
		_exit(0);
	}
	close(n);
	/* the terminal's end is an error once the child is gone */
	while (used < sizeof(buf) && (got = read(fd, buf + used, sizeof(buf) - used)) > 0)
		used += (size_t)got;
	CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && !WEXITSTATUS(status));
	fwrite(buf, 1, used, stdout);
	close(fd);
}

int
main(void)
{
	terminal();
	long_lines();
	threads();

	return 0;
}
