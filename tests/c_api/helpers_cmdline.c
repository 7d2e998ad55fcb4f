/* Command lines, the creation info's defaults, and the help, which is compared line by line. */

#include <libwebsockets.h>
#include "check.h"

static void
options(void)
{
	const char *av[] = { "prog", "-d15", "-x", "val", "--name=a b", "--name", "c", "plain",
			     "--empty=", "--last" };
	int ac = (int)(sizeof(av) / sizeof(av[0]));
	const char *p;
	char huge[1100];

	CHECK_STR(lws_cmdline_option(ac, av, "-d"), "15");
	CHECK_STR(lws_cmdline_option(ac, av, "-x"), "val");
	CHECK_STR(lws_cmdline_option(ac, av, "--name"), "a b");
	CHECK_STR(lws_cmdline_option(ac, av, "--empty"), "");
	CHECK_STR(lws_cmdline_option(ac, av, "--last"), "");
	CHECK(!lws_cmdline_option(ac, av, "--none"));
	CHECK(!lws_cmdline_option(ac, av, "prog"));
	CHECK(!lws_cmdline_option(1, av, "-d"));

	p = lws_cmdline_options(ac, av, "--name", NULL);
	CHECK_STR(p, "a b");
	p = lws_cmdline_options(ac, av, "--name", p);
	CHECK_STR(p, "c");
	CHECK(!lws_cmdline_options(ac, av, "--name", p));

	p = lws_cmdline_options(ac, av, NULL, NULL);
	CHECK_STR(p, "val");
	p = lws_cmdline_options(ac, av, NULL, p);
	CHECK_STR(p, "c");
	p = lws_cmdline_options(ac, av, NULL, p);
	CHECK_STR(p, "plain");
	CHECK(!lws_cmdline_options(ac, av, NULL, p));

	memset(huge, 'x', sizeof(huge) - 1);
	huge[sizeof(huge) - 1] = '\0';
	av[3] = huge;
	CHECK(!lws_cmdline_option(ac, av, "-x"));
}

static void
defaults(void)
{
	const char *av[] = { "prog", "--ssproxy-port", "1234", "--ssproxy-iface=+path",
			     "--ssproxy-ads", "host", "--h1", "--h3", "--cpd-bypass", "--0rtt-max-size=77",
			     "--quic-initial-cwnd", "5000", "--lws-stub=s" };
	int ac = (int)(sizeof(av) / sizeof(av[0]));
	struct lws_context_creation_info info;
	uint64_t base;

	memset(&info, 0xff, sizeof(info));
	lws_context_info_defaults(&info, "policy");
	CHECK_STR(info.pss_policies_json, "policy");
	CHECK(info.port == CONTEXT_PORT_NO_LISTEN && info.fd_limit_per_thread == 8);
	CHECK(!info.user && !info.argc && !info.register_notifier_list && !info.count_threads);
	base = info.options;
	CHECK(base == (LWS_SERVER_OPTION_EXPLICIT_VHOSTS | LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
		       LWS_SERVER_OPTION_H2_JUST_FIX_WINDOW_UPDATE_OVERFLOW));

	lws_cmdline_option_handle_builtin(ac, av, &info);
	CHECK(info.argc == ac && info.argv == av);
	CHECK(info.ss_proxy_port == 1234);
	CHECK_STR(info.ss_proxy_bind, "+path");
	CHECK_STR(info.ss_proxy_address, "host");
	CHECK_STR(info.lws_stub, "s");
	CHECK(info.quic_initial_cwnd == 5000 && info.quic_0rtt_max_size == 77);
	CHECK(info.options == (base | LWS_SERVER_OPTION_CMDLINE_FORCE_H1 |
			       LWS_SERVER_OPTION_CMDLINE_FORCE_H3 | LWS_SERVER_OPTION_CPD_BYPASS |
			       LWS_SERVER_OPTION_ALLOW_EARLY_DATA));
	CHECK(lwsl_visible(LLL_USER) && lwsl_visible(LLL_NOTICE) && !lwsl_visible(LLL_INFO));

	info.default_loglevel = LLL_ERR;
	lws_cmdline_option_handle_builtin(1, av, &info);
	CHECK(lwsl_visible(LLL_ERR) && !lwsl_visible(LLL_WARN));
	av[1] = "-d";
	av[2] = "1039";
	lws_cmdline_option_handle_builtin(3, av, &info);
	CHECK(lwsl_visible(LLL_USER) && lwsl_visible(LLL_INFO) && !lwsl_visible(LLL_DEBUG));
}

int
main(int argc, const char **argv)
{
	static const struct lws_switches switches[] = {
		{ "-x", "does x" },
		{ "--a-very-long-switch-name", "is long" },
	};
	struct lws_context_creation_info info;
	const char *av[] = { "prog", "--expected-exit", "3", "--help" };

	options();
	defaults();

	CHECK(lws_cmdline_passfail(1, av, 0) == 0);
	CHECK(lws_cmdline_passfail(3, av, 3) == 0);
	CHECK(lws_cmdline_passfail(3, av, 0) == 1);
	lws_switches_print_help("prog", switches, 2);

	(void)argc;
	(void)argv;
	lws_context_info_defaults(&info, NULL);
	lws_cmdline_option_handle_builtin(4, av, &info);

	return 1; /* --help has ended the program */
}
