/*
 * ss_proxy: carries out the Secure Streams of other programs.
 *
 * Programs built with LWS_SS_USE_SSPC have no policy and do no networking: they
 * hand their streams to this one over a unix socket, or over TCP.
 *
 *   ss_proxy -c POLICY [-i SOCKET]            unix socket: a path, or @NAME
 *   ss_proxy -c POLICY -p PORT [-i IFACE]     TCP, on an address or interface
 *
 *   --allow USERS    names or numbers, with commas: whose programs may come in
 *                    (unix sockets only)
 *   --mode OCTAL     permissions of the socket's file (0660)
 *   --max-streams N  streams that one client may have
 *   --max-links N    streams of all clients together
 *   --tls-cert FILE  TLS on the TCP port: its certificate, in PEM
 *   --tls-key FILE   the certificate's key
 *   --tls-ca FILE    clients must show a certificate that one of these has signed
 *   -d LEVELS        levels to log, as in -d 1031
 *
 * It ends on SIGINT and SIGTERM. Exit code 0 if it served, 2 for wrong options.
 */

#include <libwebsockets.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_USERS 64

static struct lws_context *cx;	/* the signal handler needs it */

static void
on_signal(int sig)
{
	(void)sig;
	lws_default_loop_exit(cx);
}

/* nonzero if `text` is no number of base `base` up to `max` */
static int
number(const char *text, int base, unsigned long max, unsigned int *out)
{
	unsigned long n;
	char *end;

	if (*text < '0' || *text > '9')
		return 1;
	n = strtoul(text, &end, base);
	if (*end || n > max)
		return 1;
	*out = (unsigned int)n;

	return 0;
}

/* the option's value as a number, if it is given */
static int
number_option(int argc, const char **argv, const char *name, int base,
	      unsigned long max, unsigned int *out)
{
	const char *text = lws_cmdline_option(argc, argv, name);

	if (text && number(text, base, max, out)) {
		fprintf(stderr, "%s %s: not a number up to %lu\n", name, text, max);
		return 1;
	}

	return 0;
}

/* "root,1000" -> numbers */
static int
users(const char *list, uint32_t *uids, size_t *count)
{
	char name[64];
	size_t len;

	for (*count = 0; *list; list += len + (list[len] == ',')) {
		struct passwd *user;
		unsigned int uid;

		len = strcspn(list, ",");
		if (!len || len >= sizeof(name) || *count == MAX_USERS) {
			fprintf(stderr, "--allow: up to %d users, please\n", MAX_USERS);
			return 1;
		}
		memcpy(name, list, len);
		name[len] = '\0';
		if (number(name, 10, UINT32_MAX, &uid)) {
			user = getpwnam(name);
			if (!user) {
				fprintf(stderr, "--allow: no user '%s'\n", name);
				return 1;
			}
			uid = user->pw_uid;
		}
		uids[(*count)++] = uid;
	}

	return 0;
}

/* the files for TLS; nonzero if they make no sense */
static int
tls_options(int argc, const char **argv, unsigned int port, lws_ss_link_tls_t *tls)
{
	tls->cert_filepath = lws_cmdline_option(argc, argv, "--tls-cert");
	tls->key_filepath = lws_cmdline_option(argc, argv, "--tls-key");
	tls->ca_filepath = lws_cmdline_option(argc, argv, "--tls-ca");

	if (!tls->cert_filepath != !tls->key_filepath ||
	    (tls->ca_filepath && !tls->cert_filepath)) {
		fprintf(stderr, "--tls-cert and --tls-key: TLS needs both\n");
		return 1;
	}
	if (tls->cert_filepath && !port) {
		fprintf(stderr, "--tls-cert: TLS is for TCP, see -p\n");
		return 1;
	}

	return 0;
}

int
main(int argc, const char **argv)
{
	const char *policy = lws_cmdline_option(argc, argv, "-c"),
		   *bind = lws_cmdline_option(argc, argv, "-i"),
		   *allow = lws_cmdline_option(argc, argv, "--allow");
	struct lws_context_creation_info info;
	lws_ss_proxy_rules_t rules;
	lws_ss_link_tls_t tls;
	uint32_t uids[MAX_USERS];
	unsigned int port = 0;

	if (!policy || lws_cmdline_option(argc, argv, "--help")) {
		fprintf(stderr, "usage: %s -c POLICY [-i SOCKET | -p PORT [-i IFACE]] "
				"[--allow USERS] [--mode OCTAL]\n"
				"       [--max-streams N] [--max-links N] "
				"[--tls-cert FILE --tls-key FILE [--tls-ca FILE]]\n"
				"       [-d LEVELS]\n",
			argv[0]);
		return 2;
	}

	memset(&rules, 0, sizeof(rules));
	memset(&tls, 0, sizeof(tls));
	if (number_option(argc, argv, "-p", 10, 65535, &port) ||
	    number_option(argc, argv, "--mode", 8, 0777, &rules.socket_mode) ||
	    number_option(argc, argv, "--max-streams", 10, 1000000,
			  &rules.max_streams_per_client) ||
	    number_option(argc, argv, "--max-links", 10, 1000000,
			  &rules.max_links) ||
	    tls_options(argc, argv, port, &tls))
		return 2;
	if (allow) {
		if (users(allow, uids, &rules.count_uids))
			return 2;
		rules.uids = uids;
	}

	lws_context_info_defaults(&info, policy);
	lws_cmdline_option_handle_builtin(argc, argv, &info);
	signal(SIGINT, on_signal);
	signal(SIGTERM, on_signal);
	signal(SIGPIPE, SIG_IGN);

	cx = lws_create_context(&info);
	if (!cx) {
		fprintf(stderr, "no context: is the policy right?\n");
		return 1;
	}
	if (lws_ss_proxy_create_tls(cx, bind, (int)port, &rules,
				    tls.cert_filepath ? &tls : NULL)) {
		fprintf(stderr, "cannot listen\n");
		lws_context_destroy(cx);
		return 1;
	}

	lws_context_default_loop_run_destroy(cx);

	return 0;
}
