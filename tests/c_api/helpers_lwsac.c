/* Memory given out piece by piece, files kept in it, chains in it: what each step says is printed. */

#include <libwebsockets.h>
#include "check.h"

static void
show(const char *what, struct lwsac *head)
{
	struct lwsac *at;

	printf("%s: %d allocated, %d unused, chunks taken to", what, (int)lwsac_total_alloc(head),
	       (int)lwsac_total_overhead(head));
	for (at = head; at; at = lwsac_get_next(at))
		printf(" %d", (int)lwsac_get_tail_pos(at));
	printf("\n");
}

/* in which chunk, and where, counted from its first piece */
static void
where(const char *what, struct lwsac *head, void *piece)
{
	struct lwsac *at;
	long ofs, n = 0;

	for (at = head; at; at = lwsac_get_next(at), n++) {
		ofs = (long)((char *)piece - (char *)at - (long)lwsac_sizeof(at == head));
		if (ofs >= 0 && ofs < 100000 &&
		    (char *)piece < (char *)at + lwsac_get_tail_pos(at))
			printf("%s: chunk %ld at %ld\n", what, n, ofs);
	}
}

static void
pieces(void)
{
	static const char zeros[600];
	struct lwsac *head = NULL;
	char *p, *q;
	int n;

	printf("headers %d %d, aligned %d %d %d\n", (int)lwsac_sizeof(1), (int)lwsac_sizeof(0),
	       (int)lwsac_align(0), (int)lwsac_align(1), (int)lwsac_align(16));
	show("nothing", head);
	p = lwsac_use(&head, 5, 0);
	CHECK(p);
	memset(p, 'x', 5);
	where("5", head, p);
	show("5", head);
	p = lwsac_use_zero(&head, 600, 0);
	CHECK(p && !memcmp(p, zeros, 600));
	where("600", head, p);
	p = lwsac_use(&head, 4000, 0);
	where("4000", head, p);
	show("4000", head);
	p = lwsac_use(&head, 9001, 0);
	where("9001", head, p);
	p = lwsac_use_backfill(&head, 100, 0);
	where("backfilled", head, p);
	p = lwsac_use(&head, 100, 256);
	where("100 of 256", head, p);
	q = lwsac_use_zeroed(&head, 1, 256);
	where("1", head, q);
	show("before", head);
	memset(p, 'x', 100);
	n = lwsac_extend(head, 12);
	printf("extended %d\n", n);
	CHECK(!memcmp(q, zeros, 8 + 12));
	show("after", head);
	printf("extended %d\n", lwsac_extend(head, 1000));
	show("same", head);
	for (n = 0; n < 50; n++)
		CHECK(lwsac_use(&head, 24, 100));
	show("many", head);
	lwsac_info(head);

	printf("valid %d\n", lwsac_assert_valid(head, p, 100));
	lwsac_free(&head);
	CHECK(!head);
	lwsac_free(&head);
}

static void
users(void)
{
	struct lwsac *head = NULL, *user;

	lwsac_detach(&head);
	lwsac_unreference(&head);
	CHECK(lwsac_use(&head, 10, 0));
	lwsac_detach(&head);
	CHECK(!head);

	CHECK(lwsac_use(&head, 10, 0));
	user = head;
	lwsac_reference(user);
	lwsac_reference(user);
	lwsac_detach(&head);
	CHECK(head == user);
	lwsac_unreference(&user);
	CHECK(user == head);
	lwsac_unreference(&user);
	CHECK(!user);
}

static void
again(void)
{
	static const char *words[] = { "alpha", "beta", "alphabet", "bet" };
	struct lwsac *head = NULL;
	char *p;
	int n;

	for (n = 0; n < 4; n++) {
		p = lwsac_use_zero(&head, strlen(words[n]) + 3, 64);
		CHECK(p);
		memcpy(p, words[n], strlen(words[n]));
	}
	where("alpha", head, lwsac_scan_extant(head, (uint8_t *)"alpha", 5, 1));
	where("alphab", head, lwsac_scan_extant(head, (uint8_t *)"alphab", 6, 0));
	where("bet", head, lwsac_scan_extant(head, (uint8_t *)"bet", 3, 1));
	CHECK(!lwsac_scan_extant(head, (uint8_t *)"alphab", 6, 1));
	CHECK(!lwsac_scan_extant(head, (uint8_t *)"gamma", 5, 0));
	CHECK(!lwsac_scan_extant(NULL, (uint8_t *)"bet", 3, 0));
	lwsac_free(&head);
}

static void
put(const char *path, const char *text, int when)
{
	struct timeval at[2];
	FILE *f = fopen(path, "w");

	CHECK(f);
	fputs(text, f);
	fclose(f);
	memset(at, 0, sizeof(at));
	at[0].tv_sec = at[1].tv_sec = 1000000000 + when;
	CHECK(!utimes(path, at));
}

static void
file(const char *path)
{
	lwsac_cached_file_t cache = NULL, used, none = NULL;
	size_t len = 0;

	CHECK(lwsac_cached_file("/nonexistent/file", &cache, &len) == 1 && !cache);
	CHECK(lwsac_cached_file("/", &cache, &len) == 1 && !cache);
	put(path, "first", 0);
	CHECK(!lwsac_cached_file(path, &cache, &len));
	printf("%d \"%s\"\n", (int)len, (const char *)cache);
	used = cache;
	lwsac_use_cached_file_start(used);

	/* not looked at again so soon */
	put(path, "second", 1);
	len = 99;
	CHECK(!lwsac_cached_file(path, &cache, &len));
	printf("%d \"%s\"\n", (int)len, (const char *)cache);
	CHECK(cache == used);

	lwsac_use_cached_file_detach(&cache);
	CHECK(cache == used);
	printf("\"%s\"\n", (const char *)used);
	lwsac_use_cached_file_end(&used);
	CHECK(!used);
	lwsac_use_cached_file_end(&none);

	cache = NULL;
	CHECK(!lwsac_cached_file(path, &cache, &len));
	printf("%d \"%s\"\n", (int)len, (const char *)cache);
	lwsac_use_cached_file_detach(&cache);
	CHECK(!cache);

	put(path, "", 2);
	CHECK(!lwsac_cached_file(path, &cache, &len));
	printf("%d \"%s\"\n", (int)len, (const char *)cache);
	lwsac_use_cached_file_detach(&cache);
	unlink(path);
}

struct chained {
	int		key;
	lws_list_ptr	next;
};

static int
by_key(lws_list_ptr a, lws_list_ptr b)
{
	return lws_list_ptr_container(a, struct chained, next)->key -
	       lws_list_ptr_container(b, struct chained, next)->key;
}

static void
chain(void)
{
	static const int keys[] = { 3, 1, 2, 5, 4, 2 };
	lws_list_ptr sorted = NULL, plain = NULL, at;
	struct lwsac *head = NULL;
	struct chained *c;
	int n;

	for (n = 0; n < 6; n++) {
		c = lwsac_use_zero(&head, sizeof(*c), 64);
		CHECK(c);
		c->key = keys[n];
		lws_list_ptr_insert(&sorted, &c->next, by_key);
		c = lwsac_use_zero(&head, sizeof(*c), 64);
		CHECK(c);
		c->key = keys[n];
		lws_list_ptr_insert(&plain, &c->next, NULL);
	}
	for (at = sorted; at; lws_list_ptr_advance(at))
		printf("%d ", lws_list_ptr_container(at, struct chained, next)->key);
	for (at = plain; at; lws_list_ptr_advance(at))
		printf("%d ", lws_list_ptr_container(at, struct chained, next)->key);
	printf("\n");
	lwsac_free(&head);
}

int
main(int argc, char **argv)
{
	lws_set_log_level(0, NULL);
	CHECK(argc == 2);

	pieces();
	users();
	again();
	file(argv[1]);
	chain();

	return 0;
}
