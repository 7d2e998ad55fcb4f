/*
 * Comes before a program's first line (cc -include) to run it through a proxy: the calls on streams are those of the
 * proxy's clients, and the policy is left to the proxy, which SS_PROXY_BIND names.
 */

#define LWS_SS_USE_SSPC
#include <libwebsockets.h>
#include <stdlib.h>

static inline struct lws_context *
create_proxied_context(const struct lws_context_creation_info *info)
{
	struct lws_context_creation_info proxied;

	if (!info)
		return lws_create_context(NULL);
	proxied = *info;
	proxied.pss_policies_json = NULL;
	proxied.ss_proxy_bind = getenv("SS_PROXY_BIND");

	return lws_create_context(&proxied);
}

#define lws_create_context create_proxied_context
