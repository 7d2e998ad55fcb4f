/* Where this library does more than libwebsockets 5.0.0, or refuses what harms there. */

#include <libwebsockets.h>
#include "check.h"
#include "tokenize_parts.h"

/* Splits text in parts of so many bytes; the elements as text. */
static const char *
split(const char *text, int flags, size_t part)
{
	static char all[512];
	size_t left = strlen(text);
	struct lws_tokenize ts;

	all[0] = '\0';
	lws_tokenize_init(&ts, text, flags | LWS_TOKENIZE_F_EXPECT_MORE);
	ts.len = 0;
	do {
		ts.e = (int8_t)lws_tokenize(&ts);
		if (ts.e == LWS_TOKZE_WANT_READ) {
			next_part(&ts, text, &left, part);
			continue;
		}
		lws_snprintf(all + strlen(all), sizeof(all) - strlen(all), "%d<%.*s> ", ts.e,
			     ts.e > 0 ? (int)ts.token_len : 0, ts.e > 0 ? ts.token : "");
	} while (ts.e > 0 || ts.e == LWS_TOKZE_WANT_READ);

	return all;
}

static void
texts(void)
{
	static const char nul[] = "word\0more";
	struct lws_tokenize ts;
	char long_text[300];
	size_t part;

	for (part = 1; part < 50; part++) {
		/* characters of several bytes are of words, wherever the parts are cut */
		CHECK_STR(split("\xc3\xa9t\xc3\xa9 = \"\xe2\x82\xac\"", 0, part),
			  "5<\xc3\xa9t\xc3\xa9> 7<\xe2\x82\xac> 0<> ");
		/* what is a number and what a comment is not forgotten between parts */
		CHECK_STR(split("ab12 34.5 1=", 0, part), "2<ab12> 4<34.5> -2<> ");
		CHECK_STR(split("a # not \xc3\xa9 this\nb", LWS_TOKENIZE_F_HASH_COMMENT, part),
			  "2<a> 2<b> 0<> ");
		CHECK_STR(split("a \xc3(", 0, part), "2<a> -5<> ");
		CHECK_STR(split("a \xed\xa0\x80", 0, part), "2<a> -5<> ");
		CHECK_STR(split("a \xf4\x8f\xbf\xbf \xc3", 0, part),
			  "2<a> 2<\xf4\x8f\xbf\xbf> -5<> ");
	}

	/* the text ends at its NUL, for later calls too */
	lws_tokenize_init(&ts, nul, 0);
	CHECK(lws_tokenize(&ts) == LWS_TOKZE_TOKEN);
	CHECK_STR(ts.token, "word");
	CHECK(lws_tokenize(&ts) == LWS_TOKZE_ENDED && lws_tokenize(&ts) == LWS_TOKZE_ENDED);
	lws_tokenize_init(&ts, NULL, 0);
	CHECK(lws_tokenize(&ts) == LWS_TOKZE_ENDED);
	CHECK(lws_tokenize(NULL) == LWS_TOKZE_ENDED);

	/* going on after an error */
	memset(long_text, 'a', sizeof(long_text));
	long_text[sizeof(long_text) - 1] = '\0';
	lws_tokenize_init(&ts, long_text, 0);
	CHECK(lws_tokenize(&ts) == LWS_TOKZE_TOO_LONG);
	CHECK(lws_tokenize(&ts) == LWS_TOKZE_TOKEN && ts.token_len == 44);
	ts.token_len = 100000;
	CHECK(lws_tokenize(&ts) == LWS_TOKZE_ENDED);
}

static int
full(void *priv, const char *name, char *out, size_t *pos, size_t olen, size_t *exp_ofs)
{
	(void)priv;
	(void)name;
	(void)exp_ofs;
	memset(out + *pos, 'v', olen - *pos);
	*pos = olen;

	return LSTRX_DONE;
}

static void
expansion(void)
{
	char out[6] = "-----";
	size_t in = 9, n = 9;
	lws_strexp_t exp;

	/* nothing is written where there is no room */
	lws_strexp_init(&exp, NULL, full, out, 0);
	CHECK(lws_strexp_expand(&exp, "abc", 3, &in, &n) == LSTRX_FILLED_OUT && !in && !n);
	lws_strexp_init(&exp, NULL, full, out, 4);
	CHECK(lws_strexp_expand(&exp, "${a}", 4, &in, &n) == LSTRX_DONE && in == 4 && n == 4);
	CHECK(lws_strexp_expand(&exp, "b", 1, &in, &n) == LSTRX_FILLED_OUT && !in && n == 4);
	CHECK_STR(out, "vvvv-");

	lws_strexp_init(&exp, NULL, NULL, out, 4);
	CHECK(lws_strexp_expand(&exp, "${a}", 4, &in, &n) == LSTRX_FATAL_NAME_UNKNOWN);
	CHECK(lws_strexp_expand(NULL, "a", 1, &in, &n) < 0);
}

static int destroyed;

static void
destroy(void *element)
{
	(void)element;
	destroyed++;
}

static void
rings(void)
{
	uint32_t tail = 100;
	struct lws_ring *ring;
	char data[8] = "abcdefg";

	CHECK(!lws_ring_create(0, 4, NULL));
	CHECK(!lws_ring_create(4, 0, NULL));
	CHECK(!lws_ring_create((size_t)1 << 40, (size_t)1 << 40, NULL));
	CHECK(!lws_ring_create((size_t)1 << 20, (size_t)1 << 20, NULL));
	lws_ring_destroy(NULL);
	CHECK(!lws_ring_get_count_free_elements(NULL) && !lws_ring_insert(NULL, data, 1));

	/* a tail that is not in the ring */
	ring = lws_ring_create(2, 4, destroy);
	CHECK(lws_ring_insert(ring, data, (size_t)-1) == 3);
	CHECK(!lws_ring_get_count_waiting_elements(ring, &tail));
	CHECK(!lws_ring_get_element(ring, &tail));
	CHECK(!lws_ring_consume(ring, &tail, data, 1) && tail == 100);
	lws_ring_update_oldest_tail(ring, tail);
	CHECK(!destroyed && lws_ring_get_count_waiting_elements(ring, NULL) == 3);

	/* a tail inside an element */
	lws_ring_update_oldest_tail(ring, 3);
	CHECK(destroyed == 1 && lws_ring_get_count_waiting_elements(ring, NULL) == 1);
	CHECK(lws_ring_insert(ring, data, 1) == 1);
	lws_ring_bump_head(ring, (size_t)-1);
	lws_ring_destroy(ring);
}

static void
buffers(void)
{
	struct lws_buflist *head = NULL;
	struct lws_buflist2_owner owner = { .limit = 8 };
	char first, fin;
	uint8_t buf[8], *p;

	/* memory that was taken over is read like copies */
	p = malloc(4);
	memcpy(p, "mine", 4);
	CHECK(lws_buflist_append_segment_take_ownership(&head, p, 4) == 1);
	CHECK(lws_buflist_append_segment(&head, (const uint8_t *)"copy", 4) == 0);
	CHECK(lws_buflist_linear_copy(&head, 2, buf, 4) == 4 && !memcmp(buf, "neco", 4));
	CHECK(lws_buflist_fragment_use(&head, buf, 3, &first, &fin) == 3 && first && !fin);
	CHECK(lws_buflist_linear_use(&head, buf, 8) == 5 && !memcmp(buf, "ecopy", 5));

	/* more than there is */
	CHECK(lws_buflist_append_segment(&head, buf, 4) == 1);
	CHECK(lws_buflist_use_segment(&head, 5) == 0 && !head);
	CHECK(lws_buflist_use_segment(&head, 1) == 0);
	CHECK(lws_buflist_append_segment(NULL, buf, 4) == -1);
	CHECK(lws_buflist2_append_segment(&owner, buf, (size_t)-1) == -1);
	CHECK(lws_buflist2_append_segment(&owner, buf, 8) == 1);
	CHECK(lws_buflist2_append_segment(&owner, buf, (size_t)-1) == -1);
	CHECK(lws_buflist2_use_segment(&owner, 9) == 0 && !owner.total_len);

	/* segments without bytes */
	CHECK(lws_buflist_append_segment(&head, buf, 0) == 1);
	CHECK(lws_buflist_append_segment(&head, buf, 0) == 0);
	CHECK(lws_buflist_next_segment_len(&head, &p) == 0);
	CHECK(lws_buflist_append_segment(&head, buf, 2) == 0);
	CHECK(lws_buflist_next_segment_len(&head, &p) == 2);
	lws_buflist_destroy_all_segments(&head);
}

static void
chunks(void)
{
	struct lwsac *head = NULL;
	char *p;

	CHECK(!lwsac_use(&head, (size_t)-1, 0) && !head);
	CHECK(!lwsac_use(&head, (size_t)-64, 0) && !head);
	CHECK(!lwsac_use_zero(NULL, 1, 0));
	CHECK(lwsac_extend(NULL, 1) == 1);

	/* a chunk that is no multiple of what pieces are rounded to */
	p = lwsac_use(&head, 3, 13);
	CHECK(p && lwsac_use(&head, 5, 13) == p + 8);
	CHECK(lwsac_total_overhead(head) == lwsac_sizeof(0));
	CHECK(lwsac_extend(head, (size_t)-1) == 1);
	CHECK(lwsac_assert_valid(head, p, 6) == 0);
	CHECK(lwsac_assert_valid(head, p, 14) == 1);
	CHECK(lwsac_assert_valid(head, p, (size_t)-1) == 1);
	CHECK(lwsac_assert_valid(head, head, 1) == 1);

	/* what nobody uses is not freed by one user too many */
	lwsac_unreference(&head);
	CHECK(head);
	lwsac_detach(&head);
	CHECK(!head);
}

static void
addresses(void)
{
	static const uint8_t v6[16] = { 0x20, 0x01, [5] = 1, [15] = 2 };
	lws_sockaddr46 sa46, net;
	char buf[40];

	/* a v4 address in a network of v6 addresses */
	CHECK(!lws_sa46_parse_numeric_address("10.1.2.3", &sa46));
	CHECK(!lws_sa46_parse_numeric_address("::ffff:10.0.0.0", &net));
	CHECK(lws_sa46_on_net(&sa46, &net, 104) == 0 && lws_sa46_on_net(&sa46, &net, 112) == 1);
	CHECK(lws_sa46_on_net(&sa46, &sa46, 0x7fffffff) == 0);

	/* the longest row of zeros is left out, and only one */
	CHECK(lws_write_numeric_address(v6, 16, buf, sizeof(buf)) == 11);
	CHECK_STR(buf, "2001:0:1::2");
	CHECK(lws_sa46_parse_numeric_address("1::2::3", &sa46) == -1);

	/* text that does not fit is not cut */
	CHECK(lws_write_numeric_address(v6, 16, buf, 12) == 11);
	CHECK(lws_write_numeric_address(v6, 16, buf, 11) == -1);
	CHECK_STR(buf, "");
	CHECK(lws_write_numeric_address(v6, 4, buf, 4) == -1);
	CHECK(lws_write_numeric_address(v6, -16, buf, sizeof(buf)) == -1);
	CHECK(lws_parse_mac("00:11:22:aa:ff:9\xc3", (uint8_t *)buf) < 0);
	CHECK(lws_sa46_compare_ads(NULL, &net) && lws_sa46_on_net(&net, NULL, 1));
}

int
main(void)
{
	lws_set_log_level(0, NULL);

	texts();
	expansion();
	rings();
	buffers();
	chunks();
	addresses();

	return 0;
}
