/* Addresses as text and as bytes: what each step says is printed. */

#include <libwebsockets.h>
#include "check.h"

static void
text(const char *ads)
{
	lws_sockaddr46 sa46, *p = &sa46;
	char buf[64];
	uint8_t bytes[16];
	int n, len;

	n = lws_parse_numeric_address(ads, bytes, sizeof(bytes));
	printf("%s: %d, lan %d, local %d", ads, n < 0 ? -1 : n, lws_is_lan_address(ads),
	       lws_is_local_address(ads));
	n = lws_sa46_parse_numeric_address(ads, &sa46);
	len = lws_sa46_write_numeric_address(&sa46, buf, sizeof(buf));
	printf(", %d, %d \"%s\", mapped %d, %d bytes\n", n, len, buf, lws_sa46_is_ipv4_mapped(&sa46),
	       sa46_address_len(&sa46));
	CHECK(!n == (lws_parse_numeric_address(ads, bytes, sizeof(bytes)) > 0));
	if (!n) {
		CHECK(sa46_socklen(&sa46) == (sa46_address_len(&sa46) == 4 ? sizeof(sa46.sa4) :
					      sizeof(sa46.sa6)));
		CHECK(!memcmp(sa46_address(p), bytes, (size_t)sa46_address_len(&sa46)));
	}
}

static void
cidr(const char *net, const char *ads)
{
	lws_sockaddr46 n46, a46;
	int n, len = -7;

	n = lws_parse_cidr(net, &n46, &len);
	printf("%s: %d %d", net, n, n ? 0 : len);
	if (!n) {
		CHECK(!lws_sa46_parse_numeric_address(ads, &a46));
		printf(", %s %s in it", ads, lws_sa46_on_net(&a46, &n46, len) ? "is not" : "is");
		printf(", %s the same", lws_sa46_compare_ads(&a46, &n46) ? "is not" : "is");
	}
	printf("\n");
}

static void
mac(const char *ads)
{
	uint8_t m[6];
	int n = lws_parse_mac(ads, m);

	printf("%s: %d", ads, n < 0 ? -1 : n);
	if (!n)
		printf(" %02x%02x%02x%02x%02x%02x", m[0], m[1], m[2], m[3], m[4], m[5]);
	printf("\n");
}

static void
other(void)
{
	static const uint8_t v4[] = { 1, 2, 3, 4 };
	lws_sockaddr46 sa46, b46;
	char buf[64];
	int n;

	memset(&sa46, 0, sizeof(sa46));
	memset(&b46, 0, sizeof(b46));
	n = lws_sa46_write_numeric_address(&sa46, buf, sizeof(buf));
	printf("%d %s\n", n, buf);
	sa46.sa4.sin_family = AF_UNIX;
	n = lws_sa46_write_numeric_address(&sa46, buf, sizeof(buf));
	printf("%d %s\n", n, buf);
	sa46.sa4.sin_family = 99;
	n = lws_sa46_write_numeric_address(&sa46, buf, sizeof(buf));
	printf("%d %s\n", n, buf);
	CHECK(lws_sa46_compare_ads(&sa46, &sa46));
	CHECK(lws_sa46_on_net(&sa46, &sa46, 8) == 1);

	CHECK(lws_write_numeric_address(v4, 5, buf, sizeof(buf)) == -1);
	n = lws_write_numeric_address(v4, 4, buf, sizeof(buf));
	printf("%d %s\n", n, buf);
	CHECK(lws_parse_numeric_address("1.2.3.4", (uint8_t *)buf, 3) < 0);
	CHECK(lws_parse_numeric_address("::1", (uint8_t *)buf, 15) < 0);
	CHECK(!lws_is_lan_address(NULL) && !lws_is_local_address(NULL));

	CHECK(!lws_sa46_parse_numeric_address("1.2.3.4", &sa46));
	CHECK(!lws_sa46_parse_numeric_address("::1", &b46));
	sa46_sockport(&sa46, htons(80));
	sa46_sockport(&b46, htons(81));
	CHECK(sa46.sa4.sin_port == htons(80) && b46.sa6.sin6_port == htons(81));
	CHECK(sa46_sockaddr(&b46)->sa_family == AF_INET6);
	CHECK(lws_sa46_compare_sin6_addr(&b46.sa6.sin6_addr, &in6addr_loopback) == 0);
}

int
main(void)
{
	static const char * const addresses[] = {
		"", "1.2.3.4", "255.255.255.255", "256.1.1.1", "1.2.3", "1.2.3.4.5", "01.002.3.4",
		"a.b.c.d", "-1.2.3.4", "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.32.0.1",
		"192.168.5.6", "8.8.8.8", "169.254.1.1", "::", "::1", "fe80::1", "fc00::5", "2001:db8::1",
		"2001:db8:1:2:3:4:5:6", "1:2:3:4:5:6:7", "12345::", "::ffff:10.1.2.3", "::ffff:8.8.8.8",
		"FE80::ABCD", "g::1", "localhost", "localhost6", "1.2.3.4:80",
	};
	static const char * const macs[] = {
		"00:11:22:aA:fF:99", "00:11:22:aa:ff", "00:11:22:aa:ff:99:00", "0:11:22:aa:ff:99",
		"00-11-22-aa-ff-99", "gg:11:22:aa:ff:99", "",
	};
	size_t n;

	lws_set_log_level(0, NULL);
	for (n = 0; n < LWS_ARRAY_SIZE(addresses); n++)
		text(addresses[n]);
	for (n = 0; n < LWS_ARRAY_SIZE(macs); n++)
		mac(macs[n]);
	cidr("10.0.0.0/8", "10.200.3.4");
	cidr("10.0.0.0/8", "11.0.0.1");
	cidr("192.168.2.128/25", "192.168.2.129");
	cidr("192.168.2.128/25", "192.168.2.1");
	cidr("1.2.3.4", "1.2.3.4");
	cidr("1.2.3.4/0", "9.9.9.9");
	cidr("2001:db8::/32", "2001:db8:5::1");
	cidr("2001:db8::/33", "2001:db8:8000::1");
	cidr("::1", "::1");
	cidr("10.0.0.0/8", "::ffff:10.1.1.1");
	cidr("1.2.3.4", "::ffff:1.2.3.4");
	cidr("nonsense/8", "1.2.3.4");
	other();

	return 0;
}
