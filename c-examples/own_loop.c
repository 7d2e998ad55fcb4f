/*
 * own_loop: streams inside a program that has a loop of its own.
 *
 *   own_loop --policy FILE [-d LEVELS]
 *
 * The program waits with poll() for its own descriptors and for one of the
 * library's, for as long as the library allows. A pipe plays the part of the
 * program's own work; a second one is handed to a raw stream, which reads it.
 * Exit code 0 if what goes into the first comes out of the stream.
 */

#include <libwebsockets.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define WORD "through the loop"

static struct lws_context *cx;
static int exit_code = 1, finished;
static lws_sorted_usec_list_t timer;

LWS_SS_USER_TYPEDEF
	char heard[sizeof(WORD)];
	size_t len;
} reader_t;

static lws_ss_state_return_t
reader_rx(void *userobj, const uint8_t *buf, size_t len, int flags)
{
	reader_t *me = (reader_t *)userobj;

	(void)flags;
	if (len > sizeof(me->heard) - me->len)
		return LWSSSSRET_DISCONNECT_ME;
	memcpy(me->heard + me->len, buf, len);
	me->len += len;

	return LWSSSSRET_OK;
}

static lws_ss_state_return_t
reader_state(void *userobj, void *h_src, lws_ss_constate_t state,
	     lws_ss_tx_ordinal_t ack)
{
	reader_t *me = (reader_t *)userobj;

	(void)h_src;
	(void)ack;
	if (state != LWSSSCS_DISCONNECTED)
		return LWSSSSRET_OK;

	/* the writing end was closed */
	printf("stream: %.*s\n", (int)me->len, me->heard);
	exit_code = me->len != strlen(WORD) || memcmp(me->heard, WORD, me->len);
	finished = 1;

	return LWSSSSRET_OK;
}

static LWS_SS_INFO("pipe", reader_t)
	.rx = reader_rx,
	.state = reader_state,
};

static int own[2];

static void
on_timer(lws_sorted_usec_list_t *sul)
{
	(void)sul;
	printf("timer\n");
	if (write(own[1], WORD, strlen(WORD)) < 0)
		finished = 1;
	close(own[1]);
}

int main(int argc, const char **argv)
{
	struct lws_context_creation_info info;
	struct lws_ss_handle *reader;
	struct pollfd fds[2];
	lws_sock_file_fd_type end;
	int to_stream[2];
	char buf[64];
	ssize_t n;

	lws_context_info_defaults(&info, lws_cmdline_option(argc, argv,
							    "--policy"));
	lws_cmdline_option_handle_builtin(argc, argv, &info);
	cx = lws_create_context(&info);
	if (!cx || pipe(own) || pipe(to_stream))
		return 1;

	if (lws_ss_create(cx, 0, &ssi_reader_t, NULL, &reader, NULL, NULL))
		return 1;
	end.filefd = to_stream[0];
	if (lws_ss_adopt_raw(reader, end))
		return 1;
	lws_sul_schedule(cx, 0, &timer, on_timer, 10 * LWS_US_PER_MS);

	fds[0].fd = own[0];
	fds[0].events = POLLIN;
	fds[1].fd = securestreams_loop_fd(cx);
	fds[1].events = POLLIN;
	while (!finished) {
		/* -1: our own work sets no limit */
		if (poll(fds, 2, lws_service_adjust_timeout(cx, -1, 0)) < 0)
			break;

		if (fds[0].revents) {
			n = read(own[0], buf, sizeof(buf));
			if (n > 0) {
				printf("own work: %d bytes\n", (int)n);
				if (write(to_stream[1], buf, (size_t)n) < 0)
					break;
			} else {
				close(to_stream[1]);
				fds[0].fd = -1;
			}
		}

		/* below 0: do what there is to do, and do not wait */
		if (lws_service(cx, -1) < 0)
			break;
	}

	lws_context_destroy(cx);

	return exit_code;
}
