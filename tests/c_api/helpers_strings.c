/* Strings, hexadecimal, base64, JSON, serialisation, numbers for people, time, random. */

#include <libwebsockets.h>
#include "check.h"

static void
copies(void)
{
	char buf[8];

	memset(buf, 'x', sizeof(buf));
	CHECK(lws_strncpy(buf, "ab", sizeof(buf)) == buf);
	CHECK(!memcmp(buf, "ab\0\0\0\0\0\0", 8));
	lws_strncpy(buf, "0123456789", sizeof(buf));
	CHECK_STR(buf, "0123456");
	lws_strncpy(buf, "0123456789", 1);
	CHECK_STR(buf, "");

	CHECK(lws_snprintf(buf, sizeof(buf), "%d-%s", 12, "ab") == 5);
	CHECK_STR(buf, "12-ab");
	CHECK(lws_snprintf(buf, sizeof(buf), "%s", "0123456") == 7);
	CHECK(lws_snprintf(buf, sizeof(buf), "%s", "01234567") == 8);
	CHECK_STR(buf, "0123456");
	CHECK(lws_snprintf(buf, sizeof(buf), "%f %d %d %d %d %d %d", 1.0, 1, 2, 3, 4, 5, 6) == 8);
	CHECK(lws_snprintf(NULL, 8, "x") == 0 && lws_snprintf(buf, 0, "x") == 0);

	CHECK(lws_timingsafe_bcmp("abc", "abc", 3) == 0);
	CHECK(lws_timingsafe_bcmp("abc", "abd", 3) != 0);
	CHECK(lws_timingsafe_bcmp("abc", "abd", 2) == 0);
	lws_explicit_bzero(buf, 4);
	CHECK(!memcmp(buf, "\0\0\0\0", 4));
}

static void
searches(void)
{
	const char *text = "one two three";
	size_t len = strlen(text);

	CHECK(lws_nstrstr(text, len, "two", 3) == text + 4);
	CHECK(lws_nstrstr(text, len, "e", 1) == text + 2);
	CHECK(lws_nstrstr(text, len, "three", 5) == text + 8);
	CHECK(!lws_nstrstr(text, len - 1, "three", 5));
	CHECK(!lws_nstrstr(text, 2, "one", 3));
	CHECK(lws_strcmp_wildcard("a*c", 3, "abbc", 4) == 0);
	CHECK(lws_strcmp_wildcard("a*c", 3, "abbd", 4) != 0);
	CHECK(lws_strcmp_wildcard("abc", 3, "abc", 3) == 0);
	CHECK(lws_strcmp_wildcard("*", 1, "x", 1) == 0);
}

static void
hexadecimal(void)
{
	uint8_t b[4];
	char h[12];

	CHECK(lws_hex_to_byte_array("00fFa5", b, sizeof(b)) == 3);
	CHECK(!memcmp(b, "\x00\xff\xa5", 3));
	CHECK(lws_hex_to_byte_array("0011223344", b, sizeof(b)) == 4);
	CHECK(lws_hex_to_byte_array("0g", b, sizeof(b)) == -1);
	CHECK(lws_hex_to_byte_array("", b, sizeof(b)) == 0);
	CHECK(lws_hex_len_to_byte_array("1234", 2, b, sizeof(b)) == 1 && b[0] == 0x12);
	lws_hex_from_byte_array((const uint8_t *)"\x01\xab\xff", 3, h, sizeof(h));
	CHECK_STR(h, "01abff");
	lws_hex_from_byte_array((const uint8_t *)"\x01\xab\xff", 3, h, 4);
	CHECK_STR(h, "01a");
}

static void
base64(void)
{
	struct lws_b64state state;
	uint8_t bytes[16];
	size_t in, out;
	char buf[32];

	CHECK(lws_b64_encode_string("\xfb\xff\xfe" "a", 4, buf, sizeof(buf)) == 8);
	CHECK_STR(buf, "+//+YQ==");
	CHECK(lws_b64_encode_string_url("\xfb\xff\xfe" "a", 4, buf, sizeof(buf)) == 8);
	CHECK_STR(buf, "-__-YQ==");
	CHECK(lws_b64_encode_string("", 0, buf, sizeof(buf)) == 0);
	CHECK(lws_b64_encode_string("abc", 3, buf, 4) == -1);

	CHECK(lws_b64_decode_string("aGVsbG8gd29ybGQ=", buf, sizeof(buf)) == 11);
	CHECK_STR(buf, "hello world");
	CHECK(lws_b64_decode_string("aGVs\nbG8g\n d29ybGQ", buf, sizeof(buf)) == 11);
	CHECK(lws_b64_decode_string("-__-", buf, sizeof(buf)) == 3);
	CHECK(!memcmp(buf, "\xfb\xff\xfe", 3));
	CHECK(lws_b64_decode_string("aGV$", buf, sizeof(buf)) == 0);
	CHECK_STR(buf, "");
	memset(buf, 'x', sizeof(buf));
	CHECK(lws_b64_decode_string("aGVs", buf, 2) == 0);
	CHECK_STR(buf, "");
	CHECK(lws_b64_decode_string("aG=VsbG8", buf, sizeof(buf)) == 0);
	CHECK(lws_b64_decode_string("aGVsbG8gd29ybGQ=", buf, 8) == 0);
	CHECK(lws_b64_decode_string_len("aGVsbG8gd29ybGQ=", 8, buf, sizeof(buf)) == 6);
	CHECK(lws_b64_decode_string_len("", -1, buf, sizeof(buf)) == -1);

	lws_b64_decode_state_init(&state);
	in = 6;
	out = sizeof(bytes);
	CHECK(lws_b64_decode_stateful(&state, "aGVsbG8gd29ybGQ=", &in, bytes, &out, 0) == 0);
	CHECK(in == 6 && out == 4 && !memcmp(bytes, "hell", 4));
	in = 10;
	out = sizeof(bytes);
	CHECK(lws_b64_decode_stateful(&state, "8gd29ybGQ=", &in, bytes, &out, 1) == 0);
	CHECK(in == 10 && out == 7 && !memcmp(bytes, "o world", 7));
}

static void
base32(void)
{
	char buf[32];

	CHECK(lws_b32_encode_string("f", 1, buf, sizeof(buf)) == 8);
	CHECK_STR(buf, "MY======");
	CHECK(lws_b32_encode_string("foobar", 6, buf, sizeof(buf)) == 16);
	CHECK_STR(buf, "MZXW6YTBOI======");
	CHECK(lws_b32_encode_string("fooba", 5, buf, 8) == -1);
	CHECK(lws_b32_decode_string("MZXW6YTBOI======", buf, sizeof(buf)) == 6);
	CHECK_STR(buf, "foobar");
	CHECK(lws_b32_decode_string("mzxw 6ytb", buf, sizeof(buf)) == 5);
	CHECK(lws_b32_decode_string("M1======", buf, sizeof(buf)) == -1);
	CHECK(lws_b32_decode_string_len("MZXW6===", 8, buf, sizeof(buf)) == 3);
}

static void
json(void)
{
	const char *text = "{\"state\":\"UP\",\"n\": 12, \"q\":\"a\\\"b\"}";
	size_t len = strlen(text), n = 0;
	const char *p;
	char buf[32];
	int used;

	p = lws_json_simple_find(text, len, "\"n\":", &n);
	CHECK(p && n == 2 && !memcmp(p, "12", 2));
	p = lws_json_simple_find(text, len, "\"q\":", &n);
	CHECK(p && n == 4 && !memcmp(p, "a\\\"b", 4));
	CHECK(!lws_json_simple_find(text, len, "\"none\":", &n));
	CHECK(lws_json_simple_strcmp(text, len, "\"state\":", "UP") == 0);
	CHECK(lws_json_simple_strcmp(text, len, "\"state\":", "DOWN") != 0);
	CHECK(lws_json_simple_strcmp(text, len, "\"state\":", "U") != 0);
	CHECK(lws_json_simple_strcmp(text, len, "\"none\":", "") != 0);

	CHECK_STR(lws_json_purify(buf, "a\"b\\c\n\x01", sizeof(buf), &used), "a\\u0022b\\\\c\\n\\u0001");
	CHECK(used == 7);
	lws_json_purify(buf, NULL, sizeof(buf), NULL);
	CHECK_STR(buf, "");
	CHECK(lws_json_purify_len("plain") == 5);
	CHECK_STR(lws_sql_purify(buf, "it's", sizeof(buf)), "it''s");
	strcpy(buf, "../a:b$c");
	lws_filename_purify_inplace(buf);
	CHECK_STR(buf, "__/a_b_c");
}

static void
serialisation(void)
{
	uint8_t b[8];
	uint64_t v;

	lws_ser_wu16be(b, 0x1234);
	CHECK(!memcmp(b, "\x12\x34", 2) && lws_ser_ru16be(b) == 0x1234);
	lws_ser_wu32be(b, 0x89abcdef);
	CHECK(!memcmp(b, "\x89\xab\xcd\xef", 4) && lws_ser_ru32be(b) == 0x89abcdef);
	lws_ser_wu64be(b, 0x0123456789abcdefull);
	CHECK(!memcmp(b, "\x01\x23\x45\x67\x89\xab\xcd\xef", 8));
	CHECK(lws_ser_ru64be(b) == 0x0123456789abcdefull);

	CHECK(lws_vbi_encode(0, b) == 1 && b[0] == 0);
	CHECK(lws_vbi_encode(321, b) == 2 && b[0] == 0xc1 && b[1] == 0x02);
	CHECK(lws_vbi_encode(0xfffffff, b) == 4);
	CHECK(lws_vbi_encode(0x10000000, b) == -1);
	CHECK(lws_vbi_decode("\xc1\x02", &v, 2) == 2 && v == 321);
	CHECK(lws_vbi_decode("\xc1\x02", &v, 1) == 0);
	CHECK(lws_vbi_decode("\x80\x80\x80\x80\x01", &v, 5) == 0);

	CHECK(lws_crc32(0, "123456789", 9) == 0xcbf43926);
	CHECK(lws_crc32(lws_crc32(0, "1234", 4), "56789", 5) == 0xcbf43926);
	CHECK(lws_sigbits(0) == 1 && lws_sigbits(1) == 1 && lws_sigbits(255) == 8);
	CHECK(lws_sigbits(256) == 9);
}

static void
people(void)
{
	char buf[32];

	CHECK(lws_humanize(buf, sizeof(buf), 0, humanize_schema_si) == 1);
	CHECK_STR(buf, "0");
	lws_humanize(buf, sizeof(buf), 1536 * 1024, humanize_schema_si_bytes);
	CHECK_STR(buf, "1.500MiB");
	lws_humanize(buf, sizeof(buf), 123000, humanize_schema_us);
	CHECK_STR(buf, "123ms");
	lws_humanize(buf, sizeof(buf), 1234000, humanize_schema_us);
	CHECK_STR(buf, "1.234s");
	lws_humanize(buf, sizeof(buf), 185ull * 1000000, humanize_schema_us);
	CHECK_STR(buf, "3:05min");
	lws_humanize(buf, sizeof(buf), 42, humanize_schema_us);
	CHECK_STR(buf, "42μs");
	CHECK(lws_humanize_pad(buf, sizeof(buf), 5, humanize_schema_si_bytes) == 10);
	CHECK_STR(buf, "        5B");
}

static void
times_and_random(void)
{
	lws_usec_t a = lws_now_usecs(), b = lws_now_usecs();
	uint8_t r1[16] = { 0 }, r2[16] = { 0 };
	char h[12], h2[12];
	unsigned int n;

	CHECK(a > 0 && b >= a);
	CHECK(lws_now_secs() > 1700000000ul);
	CHECK(lws_parse_iso8601("2024-02-29T12:34:56Z") == 1709210096);
	CHECK(lws_parse_iso8601("2024-02-29") == 1709164800);
	CHECK(lws_parse_iso8601("no date") == 0);

	CHECK(lws_get_random(NULL, r1, sizeof(r1)) == sizeof(r1));
	CHECK(lws_get_random(NULL, r2, sizeof(r2)) == sizeof(r2));
	CHECK(memcmp(r1, r2, sizeof(r1)));
	CHECK(lws_hex_random(NULL, h, sizeof(h)) == 0 && strlen(h) == 11);
	CHECK(strspn(h, "0123456789abcdef") == 11);
	CHECK(lws_hex_random(NULL, h2, sizeof(h2)) == 0 && strcmp(h, h2));
	CHECK(lws_hex_random(NULL, h, 1) == 0 && !h[0]);

	for (n = 0; n < 50; n++) {
		static const uint32_t table[] = { 100, 1000 };
		lws_retry_bo_t bo = { .retry_ms_table = table, .retry_ms_table_count = 2,
				      .conceal_count = 2, .jitter_percent = 20 };
		unsigned int ms;
		uint16_t ctry = 0;
		char conceal;

		ms = lws_retry_get_delay_ms(NULL, &bo, &ctry, &conceal);
		CHECK(ms >= 100 && ms < 120 && ctry == 1 && conceal);
		ms = lws_retry_get_delay_ms(NULL, &bo, &ctry, &conceal);
		CHECK(ms >= 1000 && ms < 1200 && ctry == 2 && conceal);
		ms = lws_retry_get_delay_ms(NULL, &bo, &ctry, &conceal);
		CHECK(ms >= 1000 && ms < 1200 && ctry == 3 && !conceal);
		ms = lws_retry_get_delay_ms(NULL, NULL, &ctry, &conceal);
		CHECK(ms >= 3000 && ms < 3900 && !conceal);
	}

	CHECK(!strncmp(lws_get_library_version(), "5.0.0", 5));
}

static void
files(const char *path)
{
	char buf[8] = "";

	CHECK(lws_plat_write_file(path, "hello", 5) == 0);
	CHECK(lws_plat_read_file(path, buf, sizeof(buf)) == 5 && !memcmp(buf, "hello", 5));
	CHECK(lws_plat_read_file(path, buf, 2) == 2);
	CHECK(lws_plat_read_file("/nonexistent/x", buf, 2) == -1);
	CHECK(lws_plat_write_file("/nonexistent/x", buf, 2) == 1);
}

int
main(int argc, char **argv)
{
	CHECK(argc == 2);
	/* several of these log errors, rightly */
	lws_set_log_level(0, NULL);

	copies();
	searches();
	hexadecimal();
	base64();
	base32();
	json();
	serialisation();
	people();
	times_and_random();
	files(argv[1]);

	return 0;
}
