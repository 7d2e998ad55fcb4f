/* Rings: what each step says is printed. */

#include <libwebsockets.h>
#include "check.h"

struct element {
	int	n;
	char	text[8];
};

struct consumer {
	struct consumer	*next;
	uint32_t	tail;
};

static struct lws_ring *observed;

static void
gone(void *p)
{
	const struct element *e = p;

	printf("[gone %d", e->n);
	if (observed)
		printf(" %d", (int)lws_ring_get_count_free_elements(observed));
	printf("] ");
}

static void
show(const char *what, struct lws_ring *ring, uint32_t *tail)
{
	const struct element *e = lws_ring_get_element(ring, tail);

	printf("%s: %d free, %d wait, next %d, oldest %d\n", what,
	       (int)lws_ring_get_count_free_elements(ring),
	       (int)lws_ring_get_count_waiting_elements(ring, tail), e ? e->n : -1,
	       (int)lws_ring_get_oldest_tail(ring));
}

static void
single(void)
{
	struct lws_ring *ring = lws_ring_create(sizeof(struct element), 4, NULL);
	struct element in[6], out[6];
	int n, lap;

	CHECK(ring);
	for (n = 0; n < 6; n++) {
		memset(&in[n], 0, sizeof(in[n]));
		in[n].n = n + 1;
	}
	show("new", ring, NULL);
	printf("inserted %d\n", (int)lws_ring_insert(ring, in, 6));
	show("full", ring, NULL);
	printf("inserted %d\n", (int)lws_ring_insert(ring, in, 1));
	printf("consumed %d\n", (int)lws_ring_consume(ring, NULL, NULL, 1));
	show("one less", ring, NULL);

	/* around the end, several times */
	for (lap = 0; lap < 5; lap++) {
		printf("inserted %d, ", (int)lws_ring_insert(ring, &in[lap], 2));
		n = (int)lws_ring_consume(ring, NULL, out, 2);
		printf("consumed %d: %d %d, ", n, out[0].n, out[1].n);
		show("lap", ring, NULL);
	}
	printf("consumed %d\n", (int)lws_ring_consume(ring, NULL, out, 6));
	show("empty", ring, NULL);
	lws_ring_dump(ring, NULL);
	lws_ring_destroy(ring);
}

static void
several(void)
{
	struct lws_ring *ring = lws_ring_create(sizeof(struct element), 8, gone);
	struct consumer a = { NULL, 0 }, b = { &a, 0 }, *consumers = &b;
	struct element in[6], out[3];
	int n;

	for (n = 0; n < 6; n++) {
		memset(&in[n], 0, sizeof(in[n]));
		in[n].n = n + 1;
	}
	observed = ring;
	CHECK(lws_ring_insert(ring, in, 6) == 6);
	a.tail = b.tail = lws_ring_get_oldest_tail(ring);
	show("a", ring, &a.tail);

	lws_ring_consume_and_update_oldest_tail(ring, struct consumer, &a.tail, 3, consumers, tail, next);
	show("a after 3", ring, &a.tail);
	lws_ring_consume_and_update_oldest_tail(ring, struct consumer, &b.tail, 2, consumers, tail, next);
	show("b after 2", ring, &b.tail);
	CHECK(lws_ring_consume(ring, &b.tail, out, 3) == 3);
	printf("b got %d %d %d\n", out[0].n, out[1].n, out[2].n);
	lws_ring_update_oldest_tail(ring, a.tail);
	show("b after 5", ring, &b.tail);

	/* around the end */
	CHECK(lws_ring_insert(ring, in, 4) == 4);
	lws_ring_consume_and_update_oldest_tail(ring, struct consumer, &a.tail, 4, consumers, tail, next);
	show("a after 7", ring, &a.tail);
	lws_ring_consume_single_tail(ring, &b.tail, 3);
	show("b after 8", ring, &b.tail);
	lws_ring_dump(ring, &b.tail);
	observed = NULL;
	lws_ring_destroy(ring);
	printf("\n");
}

static void
bytes(void)
{
	struct lws_ring *ring = lws_ring_create(1, 8, NULL);
	char out[9];
	void *start;
	size_t room;
	int n;

	printf("%d free\n", (int)lws_ring_get_count_free_elements(ring));
	for (n = 0; n < 6; n++) {
		room = 0;
		if (lws_ring_next_linear_insert_range(ring, &start, &room)) {
			printf("no room, ");
		} else {
			if (room > 3)
				room = 3;
			memcpy(start, "abc", room);
			lws_ring_bump_head(ring, room);
			printf("%d in, ", (int)room);
		}
		memset(out, 0, sizeof(out));
		room = lws_ring_consume(ring, NULL, out, n & 1 ? 4 : 1);
		printf("%d out \"%s\", %d wait, %d free\n", (int)room, out,
		       (int)lws_ring_get_count_waiting_elements(ring, NULL),
		       (int)lws_ring_get_count_free_elements(ring));
	}
	for (n = 0; n < 8; n++)
		printf("%d", (int)lws_ring_insert(ring, "x", 1));
	printf("\n");
	lws_ring_destroy(ring);
}

int
main(void)
{
	lws_set_log_level(0, NULL);

	single();
	several();
	bytes();

	return 0;
}
