/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "estimate/edge/edge_table.h"

static struct noon_edge_table t;
static noon_time now;

static const struct noon_edge_key sync_key = {NOON_EDGE_EGRESS, 0, 0, 4, 1, 100};

static int start_with(size_t keys)
{
	struct noon_edge_conf conf = noon_edge_conf_default();

	conf.keys = keys;
	now = (noon_time){NOON_S(1)};
	return noon_edge_table_init(&t, &conf) ? -1 : 0;
}

static int start(void **state)
{
	(void)state;
	return start_with(NOON_EDGE_KEYS_MAX);
}

static void feed(const struct noon_edge_key *key, noon_dur value, int n)
{
	for (int i = 0; i < n; i++) {
		now = noon_time_add(now, NOON_MS(1));
		noon_edge_table_add(&t, key, value, now);
	}
}

static struct noon_edge_estimate ask(const struct noon_edge_key *key)
{
	return noon_edge_table_estimate(&t, key, now);
}

static void refuses_a_bad_configuration(void **state)
{
	struct noon_edge_conf conf = noon_edge_conf_default();

	(void)state;
	feed(&sync_key, NOON_US(20), 5);
	conf.share = 2.0;
	assert_int_equal(noon_edge_table_init(&t, &conf), NOON_ERR_RANGE);
	assert_int_equal(t.n, 1);
}

static void nothing_is_corrected_when_nothing_is_known(void **state)
{
	struct noon_edge_estimate e;

	(void)state;
	feed(&sync_key, NOON_US(20), 2);
	e = ask(&sync_key);
	assert_int_equal(e.basis, NOON_EDGE_UNKNOWN);
	assert_int_equal(e.correction, 0);
	assert_int_equal(e.half, NOON_DUR_MAX);
	assert_false(e.stale);
	feed(&sync_key, NOON_US(20), 1);
	e = ask(&sync_key);
	assert_int_equal(e.basis, NOON_EDGE_OWN);
	assert_int_equal(e.correction, NOON_US(20));
	assert_int_equal(e.differs, 0);
}

/* ---- borrowing ---- */

static void nearest_key_lends_its_estimate(void **state)
{
	/* From the farthest to the nearest, each with another level. */
	static const struct {
		struct noon_edge_key key;
		unsigned differs;
	} table[] = {
		{{NOON_EDGE_EGRESS, 9, 3, 0, 2, 200}, 31},
		{{NOON_EDGE_EGRESS, 0, 0, 1, 1, 100}, NOON_EDGE_DIFFERS_GAP},
		{{NOON_EDGE_EGRESS, 0, 0, 6, 1, 100}, NOON_EDGE_DIFFERS_GAP}, /* nearer gap */
		{{NOON_EDGE_EGRESS, 0, 0, 4, 2, 100}, NOON_EDGE_DIFFERS_CIPHER},
		{{NOON_EDGE_EGRESS, 1, 4, 4, 1, 200},
		 NOON_EDGE_DIFFERS_MESSAGE | NOON_EDGE_DIFFERS_ASSOCIATION |
			 NOON_EDGE_DIFFERS_SIZE},
		{{NOON_EDGE_EGRESS, 1, 0, 4, 1, 100}, NOON_EDGE_DIFFERS_MESSAGE},
		{{NOON_EDGE_EGRESS, 0, 0, 4, 1, 200}, NOON_EDGE_DIFFERS_ASSOCIATION},
		{{NOON_EDGE_EGRESS, 0, 3, 4, 1, 100}, NOON_EDGE_DIFFERS_SIZE},
		{{NOON_EDGE_EGRESS, 0, 1, 4, 1, 100}, NOON_EDGE_DIFFERS_SIZE}, /* nearer size */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const noon_dur level = NOON_US(20 + (int)i);

		feed(&table[i].key, level, 3);
		assert_int_equal(ask(&sync_key).basis, NOON_EDGE_OTHER);
		assert_int_equal(ask(&sync_key).correction, level);
		assert_int_equal(ask(&sync_key).differs, table[i].differs);
	}
}

static void the_other_direction_lends_nothing(void **state)
{
	struct noon_edge_key in = sync_key;

	(void)state;
	in.direction = NOON_EDGE_INGRESS;
	feed(&in, NOON_US(30), 50);
	assert_int_equal(ask(&sync_key).basis, NOON_EDGE_UNKNOWN);
}

static void what_is_borrowed_is_wider_by_the_allowances(void **state)
{
	struct noon_edge_key other = sync_key;

	(void)state;
	other.size = 3;
	other.cipher = 2;
	feed(&other, NOON_US(20), 150);
	assert_int_equal(ask(&sync_key).half - ask(&other).half,
			 t.conf.allowance[0] + t.conf.allowance[3]);
	assert_int_equal(ask(&sync_key).uncertainty - ask(&other).uncertainty,
			 t.conf.allowance[0] + t.conf.allowance[3]);
}

static void one_late_packet_does_not_mislead_a_new_key(void **state)
{
	struct noon_edge_key large = sync_key;

	(void)state;
	large.size = 3;
	feed(&sync_key, NOON_US(20), 50);
	feed(&large, NOON_US(300), 1);
	assert_int_equal(ask(&large).correction, NOON_US(20));
	/* ... but the half-width includes it. */
	assert_true(ask(&large).half >= NOON_US(280));
	feed(&large, NOON_US(28), 1);
	assert_int_equal(ask(&large).correction, NOON_US(28));
	feed(&large, NOON_US(28), 1);
	assert_int_equal(ask(&large).basis, NOON_EDGE_OWN);
	assert_int_equal(ask(&large).correction, NOON_US(28));
}

static void a_value_below_what_is_borrowed_counts_at_once(void **state)
{
	struct noon_edge_key large = sync_key;

	(void)state;
	large.size = 3;
	feed(&large, NOON_US(28), 50);
	feed(&sync_key, NOON_US(20), 1);
	assert_int_equal(ask(&sync_key).correction, NOON_US(20));
	feed(&sync_key, NOON_US(22), 1);
	assert_int_equal(ask(&sync_key).correction, NOON_US(22));
}

static void a_new_gap_is_followed_from_its_first_value_on(void **state)
{
	struct noon_edge_key fast = sync_key;

	(void)state;
	fast.gap = 1;
	feed(&fast, NOON_US(24), 200);
	assert_int_equal(ask(&sync_key).correction, NOON_US(24));
	feed(&sync_key, NOON_US(60), 1);
	assert_int_equal(ask(&sync_key).basis, NOON_EDGE_OTHER);
	assert_int_equal(ask(&sync_key).correction, NOON_US(60));
	feed(&sync_key, NOON_US(300), 1);
	assert_int_equal(ask(&sync_key).correction, NOON_US(60));
	assert_int_equal(ask(&fast).correction, NOON_US(24));
}

static void what_is_borrowed_has_the_cap(void **state)
{
	struct noon_edge_key fast = sync_key;

	(void)state;
	fast.gap = 1;
	feed(&fast, NOON_US(24), 50);
	feed(&sync_key, NOON_US(900), 2);
	assert_int_equal(ask(&sync_key).correction, t.conf.cap);
	assert_true(ask(&sync_key).capped);
	assert_true(ask(&sync_key).half >= NOON_US(400));
}

/* ---- age and number ---- */

static void stale_keys_say_so_and_borrow(void **state)
{
	struct noon_edge_key large = sync_key;

	(void)state;
	large.size = 3;
	feed(&sync_key, NOON_US(20), 50);
	now = noon_time_add(now, t.conf.stale_after + 1);
	assert_int_equal(ask(&sync_key).basis, NOON_EDGE_UNKNOWN);
	assert_true(ask(&sync_key).stale);
	feed(&large, NOON_US(28), 3);
	assert_int_equal(ask(&sync_key).basis, NOON_EDGE_OTHER);
	assert_int_equal(ask(&sync_key).correction, NOON_US(28));
	assert_true(ask(&sync_key).stale);
}

static void least_recently_fed_key_makes_room(void **state)
{
	struct noon_edge_key a = sync_key, b = sync_key, c = sync_key;

	(void)state;
	assert_int_equal(start_with(2), 0);
	a.message = 1;
	b.message = 2;
	c.message = 3;
	feed(&a, NOON_US(20), 5);
	feed(&b, NOON_US(30), 5);
	feed(&a, NOON_US(20), 1);
	feed(&c, NOON_US(40), 1);
	assert_int_equal(t.reused, 1);
	assert_non_null(noon_edge_table_find(&t, &a));
	assert_null(noon_edge_table_find(&t, &b));
	assert_int_equal(noon_edge_table_find(&t, &c)->n, 1);
}

static void rejected_values_make_no_key(void **state)
{
	(void)state;
	feed(&sync_key, -1, 1);
	feed(&sync_key, NOON_EDGE_VALUE_MAX + 1, 1);
	assert_int_equal(t.n, 0);
	feed(&sync_key, 0, 1);
	feed(&sync_key, -1, 1);
	assert_int_equal(noon_edge_table_find(&t, &sync_key)->rejected, 1);
}

/* ---- associations ---- */

static struct noon_edge_key of_association(struct noon_edge_key key, uint32_t association)
{
	key.association = association;
	return key;
}

static void a_refresh_keeps_what_was_learned(void **state)
{
	const struct noon_edge_key renamed = of_association(sync_key, 101);
	const struct noon_edge_key other = of_association(sync_key, 7);
	struct noon_edge_key in = sync_key, in_renamed = renamed;
	struct noon_edge_estimate before;

	(void)state;
	in.direction = in_renamed.direction = NOON_EDGE_INGRESS;
	feed(&other, NOON_US(90), 50);
	feed(&in, NOON_US(40), 50);
	feed(&sync_key, NOON_US(20), 150);
	before = ask(&sync_key);
	noon_edge_table_rename(&t, 100, 101);
	assert_int_equal(t.n, 3);
	assert_null(noon_edge_table_find(&t, &sync_key));
	assert_int_equal(ask(&renamed).basis, NOON_EDGE_OWN);
	assert_int_equal(ask(&renamed).correction, before.correction);
	assert_int_equal(ask(&renamed).half, before.half);
	assert_int_equal(ask(&in_renamed).basis, NOON_EDGE_OWN);
	assert_int_equal(ask(&other).correction, NOON_US(90));
}

static void of_two_estimators_the_one_with_more_values_stays(void **state)
{
	const struct noon_edge_key new = of_association(sync_key, 101);

	(void)state;
	feed(&sync_key, NOON_US(20), 50);
	feed(&new, NOON_US(30), 4);
	noon_edge_table_rename(&t, 100, 101);
	assert_int_equal(t.n, 1);
	assert_int_equal(ask(&new).correction, NOON_US(20));
	feed(&sync_key, NOON_US(70), 4);
	noon_edge_table_rename(&t, 100, 101);
	assert_int_equal(t.n, 1);
	assert_int_equal(ask(&new).correction, NOON_US(20));
}

static void renaming_to_itself_changes_nothing(void **state)
{
	(void)state;
	feed(&sync_key, NOON_US(20), 5);
	noon_edge_table_rename(&t, 100, 100);
	assert_int_equal(t.n, 1);
	noon_edge_table_rename(&t, 5, 6);
	assert_int_equal(t.n, 1);
	assert_int_equal(ask(&sync_key).basis, NOON_EDGE_OWN);
}

static void a_deleted_association_is_forgotten(void **state)
{
	struct noon_edge_key key = sync_key;

	(void)state;
	for (uint32_t i = 0; i < 12; i++) {
		key.message = (uint8_t)i;
		key.association = i % 2;
		feed(&key, NOON_US(20), 1);
	}
	noon_edge_table_forget(&t, 1);
	assert_int_equal(t.n, 6);
	for (size_t i = 0; i < t.n; i++)
		assert_int_equal(t.e[i].key.association, 0);
}

#define TEST(f) cmocka_unit_test_setup(f, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(refuses_a_bad_configuration),
		TEST(nothing_is_corrected_when_nothing_is_known),
		TEST(nearest_key_lends_its_estimate),
		TEST(the_other_direction_lends_nothing),
		TEST(what_is_borrowed_is_wider_by_the_allowances),
		TEST(one_late_packet_does_not_mislead_a_new_key),
		TEST(a_value_below_what_is_borrowed_counts_at_once),
		TEST(a_new_gap_is_followed_from_its_first_value_on),
		TEST(what_is_borrowed_has_the_cap),
		TEST(stale_keys_say_so_and_borrow),
		TEST(least_recently_fed_key_makes_room),
		TEST(rejected_values_make_no_key),
		TEST(a_refresh_keeps_what_was_learned),
		TEST(of_two_estimators_the_one_with_more_values_stays),
		TEST(renaming_to_itself_changes_nothing),
		TEST(a_deleted_association_is_forgotten),
	};

	return cmocka_run_group_tests_name("estimate/edge_table", tests, NULL, NULL);
}
