/* URIs cut into parts: the parts are printed. */

#include <libwebsockets.h>
#include "check.h"

static void
in_place(const char *uri)
{
	const char *scheme, *host, *path;
	char text[100];
	int port = -1;

	lws_strncpy(text, uri, sizeof(text));
	CHECK(!lws_parse_uri(text, &scheme, &host, &port, &path));
	printf("\"%s\" \"%s\" %d \"%s\"\n", scheme, host, port, path);
}

static void
created(const char *uri)
{
	lws_parse_uri_t *u = lws_parse_uri_create(uri);

	CHECK(u);
	printf("\"%s\" \"%s\" %d \"%s\" %d\n", u->scheme, u->host, u->port, u->path, u->unix_skt);
	lws_parse_uri_destroy(&u);
	CHECK(!u);
	lws_parse_uri_destroy(&u);
}

int
main(void)
{
	static const char * const uris[] = {
		"", "/", "example.com", "example.com/path/to", "example.com:8080",
		"http://example.com", "https://example.com/", "https://example.com/a/b?c=d#e",
		"ws://example.com:81/chat", "wss://example.com:9/", "mqtt://broker/topic",
		"mqtt://broker:1883", "https://[::1]/x", "https://[2001:db8::1]:8443/y/z",
		"https://[::1", "http://+/var/run/socket:/my/path", "http://+@abstract:/p",
		"+/run/socket:", "https://example.com?q=1", "https://example.com:1?q=1",
		"http://example.com:/x", "http://example.com:12x/y", "a://b://c/d", "://x", "http://",
		"http:///only/path", "x:1/2",
	};
	size_t n;

	for (n = 0; n < LWS_ARRAY_SIZE(uris); n++) {
		printf("%s\n", uris[n]);
		in_place(uris[n]);
		created(uris[n]);
	}

	return 0;
}
