/* Linked lists, and state managers of the program's own. */

#include <libwebsockets.h>
#include "check.h"

struct item {
	const char	*name;
	int		key;
	lws_dll2_t	list;
};

#define ITEM(_p) ((struct item *)((char *)(_p) - offsetof(struct item, list)))

static char *
order(lws_dll2_owner_t *owner)
{
	static char text[64];
	unsigned int count = 0;
	lws_dll2_t *p, *prev = NULL;

	text[0] = '\0';
	for (p = owner->head; p; p = p->next) {
		CHECK(p->owner == owner && p->prev == prev);
		strcat(text, ITEM(p)->name);
		prev = p;
		count++;
	}
	CHECK(owner->tail == prev && owner->count == count);

	return text;
}

static int
remove_odd(struct lws_dll2 *d, void *user)
{
	(*(int *)user)++;
	if (ITEM(d)->key & 1)
		lws_dll2_remove(d);

	return ITEM(d)->key == 4;
}

static int
by_key(const lws_dll2_t *a, const lws_dll2_t *b)
{
	return ITEM(a)->key - ITEM(b)->key;
}

static int
by_key_down(void *priv, const lws_dll2_t *a, const lws_dll2_t *b)
{
	(*(int *)priv)++;

	return by_key(b, a);
}

static void
lists(void)
{
	struct item i[] = { { "a", 1, { 0 } }, { "b", 2, { 0 } }, { "c", 3, { 0 } },
			    { "d", 4, { 0 } }, { "e", 5, { 0 } } };
	lws_dll2_owner_t owner = { 0 };
	int n = 0;

	CHECK(lws_dll2_is_detached(&i[0].list));
	lws_dll2_add_tail(&i[1].list, &owner);
	lws_dll2_add_head(&i[0].list, &owner);
	lws_dll2_add_tail(&i[4].list, &owner);
	lws_dll2_add_before(&i[3].list, &i[4].list);
	lws_dll2_add_insert(&i[2].list, &i[1].list);
	CHECK_STR(order(&owner), "abcde");
	CHECK(!lws_dll2_is_detached(&i[0].list));

	/* refused: it is in a list */
	lws_dll2_add_tail(&i[0].list, &owner);
	CHECK_STR(order(&owner), "abcde");

	CHECK(_lws_dll2_search_sz_pl(&owner, "cx", 1, offsetof(struct item, list),
				     offsetof(struct item, name)) == &i[2]);
	CHECK(!_lws_dll2_search_sz_pl(&owner, "cx", 2, offsetof(struct item, list),
				      offsetof(struct item, name)));

	CHECK(lws_dll2_foreach_safe(&owner, &n, remove_odd) == 1 && n == 4);
	CHECK_STR(order(&owner), "bde");
	CHECK(lws_dll2_is_detached(&i[0].list));
	lws_dll2_remove(&i[0].list);

	lws_dll2_remove(&i[4].list);
	lws_dll2_remove(&i[1].list);
	CHECK_STR(order(&owner), "d");
	lws_dll2_remove(&i[3].list);
	CHECK_STR(order(&owner), "");

	lws_dll2_add_sorted(&i[2].list, &owner, by_key);
	lws_dll2_add_sorted(&i[0].list, &owner, by_key);
	lws_dll2_add_sorted(&i[4].list, &owner, by_key);
	lws_dll2_add_sorted(&i[1].list, &owner, by_key);
	CHECK_STR(order(&owner), "abce");

	lws_dll2_owner_clear(&owner);
	CHECK_STR(order(&owner), "");
	for (n = 0; n < 5; n++)
		lws_dll2_clear(&i[n].list);
	n = 0;
	lws_dll2_add_sorted_priv(&i[1].list, &owner, &n, by_key_down);
	lws_dll2_add_sorted_priv(&i[2].list, &owner, &n, by_key_down);
	lws_dll2_add_sorted_priv(&i[0].list, &owner, &n, by_key_down);
	CHECK_STR(order(&owner), "cba");
	CHECK(n > 0);
}

static char history[512];

static int refused_step = -1, nested_target;

static int
notify(lws_state_manager_t *mgr, lws_state_notify_link_t *link, int current, int target)
{
	lws_snprintf(history + strlen(history), sizeof(history) - strlen(history), "%s%d>%d ",
		     link->name, current, target);
	if (current != target && target == refused_step)
		return 1;
	if (nested_target && current == target) {
		int t = nested_target;

		nested_target = 0;
		lws_state_transition_steps(mgr, t);
	}

	return 0;
}

static int
leave(lws_state_manager_t *mgr, lws_state_notify_link_t *link, int current, int target)
{
	notify(mgr, link, current, target);
	lws_state_reg_deregister(link);

	return 0;
}

static void
states(void)
{
	static const char *names[] = { "zero", "one", "two", "three", "four" };
	lws_state_manager_t mgr = { .name = "test", .state_names = names };
	lws_state_notify_link_t a = { .notify_cb = notify, .name = "a" },
				b = { .notify_cb = notify, .name = "b" },
				c = { .notify_cb = leave, .name = "c" };
	lws_state_notify_link_t * const array[] = { &a, &b, NULL };

	lws_state_reg_notifier_list(&mgr, array);
	lws_state_reg_notifier_list(&mgr, NULL);

	/* the newest first; asked, then told */
	CHECK(lws_state_transition_steps(&mgr, 2) == 0 && mgr.state == 2);
	CHECK_STR(history, "b0>1 a0>1 b1>1 a1>1 b1>2 a1>2 b2>2 a2>2 ");

	/* backwards by steps does nothing, in one step it works */
	history[0] = '\0';
	CHECK(lws_state_transition_steps(&mgr, 1) == 0 && mgr.state == 2);
	CHECK_STR(history, "");
	CHECK(lws_state_transition(&mgr, 0) == 0 && mgr.state == 0);
	CHECK(lws_state_transition(&mgr, 0) == 0);
	CHECK_STR(history, "b2>0 a2>0 b0>0 a0>0 ");

	/* refused at 2, then resumed */
	history[0] = '\0';
	refused_step = 2;
	CHECK(lws_state_transition_steps(&mgr, 3) == 0 && mgr.state == 1);
	CHECK_STR(history, "b0>1 a0>1 b1>1 a1>1 b1>2 ");
	refused_step = -1;
	CHECK(lws_state_transition_steps(&mgr, 3) == 0 && mgr.state == 3);

	/* one leaves in its own callback */
	lws_state_reg_notifier(&mgr, &c);
	history[0] = '\0';
	lws_state_transition(&mgr, 4);
	CHECK_STR(history, "c3>4 b3>4 a3>4 b4>4 a4>4 ");
	lws_state_reg_deregister(&c);

	/* further steps from inside a notifier */
	lws_state_transition(&mgr, 0);
	lws_state_reg_deregister(&b);
	history[0] = '\0';
	nested_target = 2;
	CHECK(lws_state_transition_steps(&mgr, 3) == 0 && mgr.state == 3);
	CHECK_STR(history, "a0>1 a1>1 a1>2 a2>2 a2>3 a3>3 ");

	/* without names */
	mgr.state_names = NULL;
	lws_state_transition(&mgr, 7);
	CHECK(mgr.state == 7);
}

int
main(void)
{
	lws_set_log_level(0, NULL);

	lists();
	states();

	return 0;
}
