/* Buffers lined up for later: what each step says is printed. */

#include <libwebsockets.h>
#include "check.h"

static void
show(const char *what, struct lws_buflist **head)
{
	uint8_t all[64], *p;
	size_t left = lws_buflist_next_segment_len(head, &p);
	int n = lws_buflist_linear_copy(head, 0, all, sizeof(all));

	printf("%s: %d of %d \"%.*s\", first %d \"%.*s\", begins at %d\n", what, n,
	       (int)lws_buflist_total_len(head), n, (const char *)all, (int)left, (int)left,
	       (const char *)p, p ? (int)(p - (uint8_t *)lws_buflist_get_frag_start_or_NULL(head)) : -1);
}

static int
append(struct lws_buflist **head, const char *text)
{
	return lws_buflist_append_segment(head, (const uint8_t *)text, strlen(text));
}

static void
list(void)
{
	struct lws_buflist *head = NULL;
	char first = 9, fin = 9;
	uint8_t buf[16], *p;
	int n;

	show("empty", &head);
	CHECK(!lws_buflist_get_frag_start_or_NULL(&head));
	CHECK(lws_buflist_append_segment(&head, NULL, 3) == -1);
	CHECK(append(&head, "hello") == 1);
	CHECK(append(&head, " wide") == 0);
	CHECK(append(&head, " world") == 0);
	show("three", &head);

	/* headers fit in front of a copy */
	CHECK(lws_buflist_next_segment_len(&head, &p) == 5);
	memset(p - LWS_PRE, 'x', LWS_PRE);

	printf("used %d\n", (int)lws_buflist_use_segment(&head, 2));
	show("some used", &head);
	printf("used %d\n", (int)lws_buflist_use_segment(&head, 3));
	show("one used", &head);

	memset(buf, 0, sizeof(buf));
	n = lws_buflist_linear_copy(&head, 3, buf, 4);
	printf("copied %d %s\n", n, (const char *)buf);
	n = lws_buflist_linear_copy(&head, 11, buf, 4);
	printf("copied %d\n", n);

	n = lws_buflist_fragment_use(&head, NULL, 0, &first, &fin);
	printf("asked %d %d %d\n", n, first, fin);
	memset(buf, 0, sizeof(buf));
	n = lws_buflist_fragment_use(&head, buf, 3, &first, &fin);
	printf("piece %d %d %d \"%s\"\n", n, first, fin, (const char *)buf);
	memset(buf, 0, sizeof(buf));
	n = lws_buflist_fragment_use(&head, buf, 3, &first, &fin);
	printf("piece %d %d %d \"%s\"\n", n, first, fin, (const char *)buf);
	CHECK(append(&head, "!") == 0);
	memset(buf, 0, sizeof(buf));
	n = lws_buflist_linear_use(&head, buf, 3);
	printf("moved %d \"%s\"\n", n, (const char *)buf);
	memset(buf, 0, sizeof(buf));
	n = lws_buflist_linear_use(&head, buf, sizeof(buf));
	printf("moved %d \"%s\"\n", n, (const char *)buf);
	CHECK(!head);
	CHECK(lws_buflist_linear_use(&head, buf, sizeof(buf)) == 0);
	CHECK(lws_buflist_fragment_use(&head, buf, sizeof(buf), NULL, NULL) == 0);

	/* memory that the list takes over */
	p = malloc(4);
	memcpy(p, "mine", 4);
	printf("taken %d\n", lws_buflist_append_segment_take_ownership(&head, p, 4));
	CHECK(lws_buflist_get_frag_start_or_NULL(&head) == p);
	CHECK(lws_buflist_append_segment_take_ownership(&head, NULL, 4) == -1);
	printf("%d\n", append(&head, "copied"));
	printf("used %d\n", (int)lws_buflist_use_segment(&head, 1));
	printf("used %d\n", (int)lws_buflist_use_segment(&head, 3));
	lws_buflist_destroy_all_segments(&head);
	CHECK(!head);
	lws_buflist_destroy_all_segments(&head);
}

static void
limits(void)
{
	static uint8_t block[1024 * 1024];
	struct lws_buflist *head = NULL;
	struct lws_buflist2_owner owner;
	int n = 0;

	while (lws_buflist_append_segment(&head, block, sizeof(block)) >= 0)
		n++;
	printf("megabytes: %d\n", n);
	lws_buflist_destroy_all_segments(&head);

	/* the first one may be larger */
	printf("large: %d\n", lws_buflist_append_segment(&head, block, sizeof(block)));
	lws_buflist_destroy_all_segments(&head);

	n = 0;
	while (lws_buflist_append_segment(&head, block, 1) >= 0)
		n++;
	printf("segments: %d, %d bytes\n", n, (int)lws_buflist_total_len(&head));
	lws_buflist_destroy_all_segments(&head);

	memset(&owner, 0, sizeof(owner));
	n = 0;
	while (lws_buflist2_append_segment(&owner, block, sizeof(block)) >= 0)
		n++;
	printf("megabytes: %d\n", n);
	lws_buflist2_destroy_all_segments(&owner);

	owner.limit = 10;
	n = 0;
	while (lws_buflist2_append_segment(&owner, block, 3) >= 0)
		n++;
	printf("limited: %d, total %d\n", n, (int)lws_buflist2_total_len(&owner));
	lws_buflist2_destroy_all_segments(&owner);
	CHECK(!owner.total_len && !owner.owner.count && owner.limit == 10);
}

static int
append2(struct lws_buflist2_owner *owner, const char *text)
{
	return lws_buflist2_append_segment(owner, (const uint8_t *)text, strlen(text));
}

static void
list2(void)
{
	struct lws_buflist2_owner owner;
	char first = 9, fin = 9;
	uint8_t buf[16], *p;
	size_t left;
	int n;

	memset(&owner, 0, sizeof(owner));
	CHECK(!lws_buflist2_get_frag_start_or_NULL(&owner));
	CHECK(lws_buflist2_next_segment_len(&owner, &p) == 0 && !p);
	CHECK(lws_buflist2_use_segment(&owner, 1) == 0);
	CHECK(lws_buflist2_append_segment(&owner, NULL, 1) == -1);
	CHECK(append2(&owner, "hello") == 1);
	CHECK(append2(&owner, " world") == 0);
	p = malloc(4);
	memcpy(p, "mine", 4);
	printf("taken %d\n", lws_buflist2_append_segment_take_ownership(&owner, p, 4));
	printf("%d segments, %d bytes\n", (int)owner.owner.count, (int)lws_buflist2_total_len(&owner));
	left = lws_buflist2_next_segment_len(&owner, &p);
	printf("%d \"%.*s\"\n", (int)left, (int)left, (const char *)p);
	printf("used %d\n", (int)lws_buflist2_use_segment(&owner, 4));
	printf("%d bytes\n", (int)lws_buflist2_total_len(&owner));
	printf("used %d\n", (int)lws_buflist2_use_segment(&owner, 1));
	printf("%d bytes\n", (int)lws_buflist2_total_len(&owner));
	n = lws_buflist2_fragment_use(&owner, NULL, 0, &first, &fin);
	printf("asked %d %d %d\n", n, first, fin);
	do {
		memset(buf, 0, sizeof(buf));
		n = lws_buflist2_fragment_use(&owner, buf, 4, &first, &fin);
		printf("piece %d %d %d \"%s\" %d\n", n, first, fin, (const char *)buf,
		       (int)owner.owner.count);
	} while (n);
	CHECK(!owner.owner.head && !owner.owner.tail && !owner.total_len);
}

static void
piece(struct lws_wsmsg_info *info, int source, const char *text, unsigned int flags)
{
	uint8_t all[64];
	int n;

	info->private_source_idx = source;
	info->buf = (const uint8_t *)text;
	info->len = strlen(text);
	info->ss_flags = flags;
	printf("%d, ", lws_wsmsg_append(info));
	n = lws_buflist_linear_copy(info->head_upstream, 0, all, sizeof(all));
	printf("\"%.*s\"", n, (const char *)all);
	n = lws_buflist_linear_copy(&info->private_heads[source], 0, all, sizeof(all));
	printf(", source \"%.*s\"\n", n, (const char *)all);
}

static void
messages(void)
{
	struct lws_buflist *up = NULL, *heads[2] = { NULL, NULL };
	struct lws_wsmsg_info info;

	memset(&info, 0, sizeof(info));
	info.head_upstream = &up;
	info.private_heads = heads;
	piece(&info, 0, "a1", LWSSS_FLAG_SOM);
	piece(&info, 1, "b1", LWSSS_FLAG_SOM);
	piece(&info, 0, "a2", 0);
	piece(&info, 1, "b2", LWSSS_FLAG_EOM);
	piece(&info, 1, "c", LWSSS_FLAG_SOM | LWSSS_FLAG_EOM);
	piece(&info, 0, "a3", LWSSS_FLAG_EOM);
	piece(&info, 0, "d1", LWSSS_FLAG_SOM);
	lws_wsmsg_destroy(heads, 2);
	CHECK(!heads[0] && !heads[1]);
	lws_buflist_destroy_all_segments(&up);
}

struct chained {
	int		key;
	struct chained	*next, *other;
};

static void
chains(void)
{
	struct chained c[4], *head = NULL, *second = NULL;
	int n;

	for (n = 0; n < 4; n++) {
		c[n].key = n;
		lws_ll_fwd_insert((&c[n]), next, head);
		lws_ll_fwd_insert((&c[n]), other, second);
	}
	lws_start_foreach_ll(struct chained *, p, head) {
		if (p->key == 0)
			break;
		printf("%d ", p->key);
	} lws_end_foreach_ll(p, next);
	lws_ll_fwd_remove(struct chained, next, (&c[2]), head);
	lws_start_foreach_llp(struct chained **, pp, head) {
		printf("%d ", (*pp)->key);
		if ((*pp)->key == 1) {
			*pp = (*pp)->next;
			break;
		}
	} lws_end_foreach_llp(pp, next);
	lws_start_foreach_ll_safe(struct chained *, p, head, next) {
		printf("%d ", p->key);
		p->next = NULL;
	} lws_end_foreach_ll_safe(p);
	lws_start_foreach_llp_safe(struct chained **, pp, second, other) {
		printf("%d ", (*pp)->key);
	} lws_end_foreach_llp_safe(pp);
	printf("\n");
}

/* As documented; with libwebsockets 5.0.0 itself, `continue` ends the walk. */
static void
continued(void)
{
	struct chained c[3], *head = NULL;
	int n;

	for (n = 0; n < 3; n++) {
		c[n].key = n;
		lws_ll_fwd_insert((&c[n]), next, head);
	}
	lws_start_foreach_ll(struct chained *, p, head) {
		if (p->key == 1)
			continue;
		printf("%d ", p->key);
	} lws_end_foreach_ll(p, next);
	lws_start_foreach_llp(struct chained **, pp, head) {
		if ((*pp)->key == 2)
			continue;
		printf("%d ", (*pp)->key);
	} lws_end_foreach_llp(pp, next);
	printf("\n");
}

int
main(void)
{
	lws_set_log_level(0, NULL);

	list();
	limits();
	list2();
	messages();
	chains();
	continued();

	return 0;
}
