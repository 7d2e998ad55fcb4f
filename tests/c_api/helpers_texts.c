/* Text split into its elements, and text filled in: what each step says is printed. */

#include <libwebsockets.h>
#include "check.h"
#include "tokenize_parts.h"

/* Splits text that comes in parts of so many bytes; 0 is as one with a NUL. */
static void
split(const char *text, int flags, size_t part)
{
	size_t left = strlen(text);
	struct lws_tokenize ts;
	int n = 0;

	memset(&ts, 0, sizeof(ts));
	lws_tokenize_init(&ts, text, flags);
	if (part) {
		ts.len = left < part ? left : part;
		left -= ts.len;
		if (left)
			ts.flags |= LWS_TOKENIZE_F_EXPECT_MORE;
	}
	printf("%04x %d:", flags, (int)part);
	do {
		ts.e = (int8_t)lws_tokenize(&ts);
		if (ts.e == LWS_TOKZE_WANT_READ) {
			next_part(&ts, text, &left, part);
			continue;
		}
		printf(" %d", ts.e);
		if (ts.e > 0)
			printf("<%.*s>", (int)ts.token_len, ts.token);
	} while (ts.e > 0 || ts.e == LWS_TOKZE_WANT_READ ||
		 (ts.e == LWS_TOKZE_ERR_NUM_ON_LHS && n++ < 3));
	printf(" lines %d %d\n", ts.line, ts.effline);
}

static void
elements(void)
{
	static const char * const texts[] = {
		"",
		"hello",
		"hello, world  \"in quotes\" x=1 y = 2 z:3 7=bad",
		"1 23 4.5 6. .7 8.9.0",
		"1.2.3.4 a.b 12ab ab12 1.a",
		"one, two,three , 4",
		"one,,two",
		",one",
		"one two",
		"one,",
		"\"a\",\"b\"",
		"\"a\" \"b\"",
		"multipart/related; boundary=\"x y\"; a-b=c+d*e",
		"# all comment\nword # more \"\n next#last",
		"line\r\nline\rline\n\nline \"two\nlines\" end\r\n",
		"\"never closed",
		"abc\"def\"ghi",
		"::1 fe80::1/64 (x) [y] <z> {w} @at \\back?q",
		"https://example.com:8443/path?arg=1",
		"name:value name : value 12:30 \"q\":\"r\"",
		"\"\" x \"\"",
		"a=b=c d==e =f",
		"-5 +6 1-2 a--b",
		"tab\tform\ffeed\x01 control",
	};
	static const int flags[] = {
		0,
		LWS_TOKENIZE_F_COMMA_SEP_LIST,
		LWS_TOKENIZE_F_RFC7230_DELIMS,
		LWS_TOKENIZE_F_AGG_COLON | LWS_TOKENIZE_F_HASH_COMMENT,
		LWS_TOKENIZE_F_NO_FLOATS | LWS_TOKENIZE_F_DOT_NONTERM,
		LWS_TOKENIZE_F_NO_INTEGERS | LWS_TOKENIZE_F_MINUS_NONTERM |
			LWS_TOKENIZE_F_SLASH_NONTERM | LWS_TOKENIZE_F_COLON_NONTERM,
		LWS_TOKENIZE_F_ASTERISK_NONTERM | LWS_TOKENIZE_F_EQUALS_NONTERM |
			LWS_TOKENIZE_F_PLUS_NONTERM,
		LWS_TOKENIZE_F_COMMA_SEP_LIST | LWS_TOKENIZE_F_RFC7230_DELIMS |
			LWS_TOKENIZE_F_MINUS_NONTERM | LWS_TOKENIZE_F_NO_INTEGERS,
	};
	size_t t, f;

	for (t = 0; t < LWS_ARRAY_SIZE(texts); t++) {
		printf("%s\n", texts[t]);
		for (f = 0; f < LWS_ARRAY_SIZE(flags); f++)
			split(texts[t], flags[f], 1000);
	}
}

static void
long_words(void)
{
	char text[700];

	memset(text, 'a', sizeof(text));
	text[254] = '\0';
	split(text, 0, 1000);
	text[254] = 'a';
	text[255] = '\0';
	split(text, 0, 1000);
	text[255] = 'a';
	text[699] = '\0';
	split(text, LWS_TOKENIZE_F_CHUNK, 1000);
	text[0] = text[600] = '"';
	split(text, 0, 1000);
	split(text, LWS_TOKENIZE_F_CHUNK, 1000);
}

static void
parts(void)
{
	size_t part;

	for (part = 1; part < 9; part++)
		split("hello, \"quoted text\" x=abc end", LWS_TOKENIZE_F_COMMA_SEP_LIST, part);
	for (part = 1; part < 9; part++)
		split("hello, \"quoted text\" name=abc\nend.", 0, part);
}

static void
copies(void)
{
	struct lws_tokenize ts;
	char buf[16];

	lws_tokenize_init(&ts, "hello = x", 0);
	CHECK(ts.len == 0x7fffffff);
	CHECK(lws_tokenize(&ts) == LWS_TOKZE_TOKEN_NAME_EQUALS);
	CHECK_STR(ts.token, "hello");
	CHECK(lws_tokenize_cstr(&ts, buf, sizeof(buf)) == 0);
	CHECK_STR(buf, "hello");
	CHECK(lws_tokenize_cstr(&ts, buf, 7) == 0);
	CHECK(lws_tokenize_cstr(&ts, buf, 6) == 1);
	CHECK(lws_tokenize_cstr(&ts, buf, 0) == 1);
}

/* A value as programs write them: what fits now, the rest in the next call. */
static int
fill(void *priv, const char *name, char *out, size_t *pos, size_t olen, size_t *exp_ofs)
{
	const char *value;
	size_t left, n;

	if (!strcmp(name, "fruit"))
		value = "tangerine";
	else if (!strcmp(name, "empty"))
		value = "";
	else if (!strcmp(name, "priv"))
		value = priv;
	else
		return LSTRX_FATAL_NAME_UNKNOWN;

	left = strlen(value) - *exp_ofs;
	n = olen - *pos < left ? olen - *pos : left;
	if (out)
		memcpy(out + *pos, value + *exp_ofs, n);
	*pos += n;
	*exp_ofs += n;
	if (*exp_ofs != strlen(value) || *pos == olen)
		return LSTRX_FILLED_OUT;

	return LSTRX_DONE;
}

/* Fills in a text that comes in parts of so many bytes, with so many bytes of room. */
static void
filled(const char *text, size_t part, size_t room, int counts)
{
	size_t len = strlen(text), at = 0, used = 0, written = 0;
	char out[64], all[256];
	lws_strexp_t exp;
	int n = 0, turns = 0;

	all[0] = '\0';
	lws_strexp_init(&exp, (void *)"private", fill, counts ? NULL : out, room);
	memset(out, 0, sizeof(out));
	while (at < len && turns++ < 100) {
		n = lws_strexp_expand(&exp, text + at, len - at < part ? len - at : part, &used, &written);
		if (n < 0)
			break;
		at += used;
		if (n == LSTRX_FILLED_OUT || at == len) {
			if (!counts)
				strncat(all, out, written);
			else
				printf("%d ", (int)written);
			lws_strexp_reset_out(&exp, counts ? NULL : out, room);
			memset(out, 0, sizeof(out));
		}
	}
	printf("%d/%d: %d at %d \"%s\"\n", (int)part, (int)room, n, (int)at, all);
}

static void
filling(void)
{
	static const char * const texts[] = {
		"plain",
		"a ${fruit} and ${priv}.",
		"${fruit}${fruit}",
		"x${empty}y",
		"cost $5, $$ and $",
		"${unknown} x",
		"${a name that is much longer than names can be}",
		"${fruit",
	};
	size_t t;

	for (t = 0; t < LWS_ARRAY_SIZE(texts); t++) {
		printf("%s\n", texts[t]);
		filled(texts[t], 100, 60, 0);
		filled(texts[t], 100, 200, 1);
		filled(texts[t], 3, 60, 0);
		filled(texts[t], 1, 60, 0);
		if (strchr(texts[t], '{')) {
			filled(texts[t], 100, 4, 0);
			filled(texts[t], 1, 5, 0);
		}
	}
}

int
main(void)
{
	lws_set_log_level(0, NULL);

	elements();
	long_words();
	parts();
	copies();
	filling();

	return 0;
}
