/* SPDX-License-Identifier: Apache-2.0
 *
 * How many authorities agree, and who contradicts whom.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tools/stamp/quorum.h"

/* Authorities 0, 1, 2, ... have keys of their own. */
static const struct noon_ts_identity who[] = {
	{.key_hash = {1}}, {.key_hash = {2}}, {.key_hash = {3}}, {.key_hash = {4}}};

#define VOTE(n, key, lo, hi)                                                           \
	{                                                                              \
		.token = (n), .who = &who[(key)], .has_interval = true, .lower = (lo), \
		.upper = (hi)                                                          \
	}
#define SILENT(n, key)                           \
	{                                        \
		.token = (n), .who = &who[(key)] \
	}

static void nobody_agrees_on_nothing(void **state)
{
	struct noon_quorum q;

	(void)state;
	noon_quorum_count(NULL, 0, &q);
	assert_int_equal(q.authorities, 0);
	assert_int_equal(q.agreeing, 0);
	assert_false(q.has_interval || q.clash);
	assert_true(noon_quorum_upper(NULL, 0, 1) == NOON_DUR_MAX);
}

static void what_all_have_in_common(void **state)
{
	const struct noon_vote v[] = {VOTE(0, 0, -10, 10), VOTE(1, 1, 5, 30), VOTE(2, 2, -50, 7)};
	struct noon_quorum q;

	(void)state;
	noon_quorum_count(v, 3, &q);
	assert_int_equal(q.authorities, 3);
	assert_int_equal(q.agreeing, 3);
	assert_true(q.lower == 5 && q.upper == 7);
	assert_false(q.clash);
}

static void touching_is_agreeing(void **state)
{
	const struct noon_vote v[] = {VOTE(0, 0, 0, 10), VOTE(1, 1, 10, 20)};
	struct noon_quorum q;

	(void)state;
	noon_quorum_count(v, 2, &q);
	assert_int_equal(q.agreeing, 2);
	assert_true(q.lower == 10 && q.upper == 10 && !q.clash);
}

static void a_liar_is_outvoted_and_named(void **state)
{
	const struct noon_vote v[] = {VOTE(7, 0, 1000, 1010), VOTE(8, 1, 0, 10), VOTE(9, 2, 3, 14)};
	struct noon_quorum q;

	(void)state;
	noon_quorum_count(v, 3, &q);
	assert_int_equal(q.authorities, 3);
	assert_int_equal(q.agreeing, 2);
	assert_true(q.lower == 3 && q.upper == 10);
	assert_true(q.clash && q.clash_a == 7 && q.clash_b == 8);
}

static void one_key_votes_once(void **state)
{
	const struct noon_vote v[] = {VOTE(0, 0, 0, 10), VOTE(1, 0, 1, 11), VOTE(2, 0, 2, 12),
				      VOTE(3, 1, 100, 110)};
	struct noon_quorum q;

	(void)state;
	noon_quorum_count(v, 4, &q);
	assert_int_equal(q.authorities, 2);
	assert_int_equal(q.agreeing, 1);
	assert_true(q.clash);
	/* Its later vote counts where its first one is elsewhere. */
	const struct noon_vote w[] = {VOTE(0, 0, 0, 10), VOTE(1, 0, 100, 110),
				      VOTE(2, 1, 105, 120)};

	noon_quorum_count(w, 3, &q);
	assert_int_equal(q.agreeing, 2);
	assert_true(q.lower == 105 && q.upper == 110);
}

static void who_claims_no_accuracy_agrees_with_nobody(void **state)
{
	const struct noon_vote v[] = {SILENT(0, 0), VOTE(1, 1, 0, 10), SILENT(2, 2)};
	struct noon_quorum q;

	(void)state;
	noon_quorum_count(v, 3, &q);
	assert_int_equal(q.authorities, 3);
	assert_int_equal(q.agreeing, 1);
	assert_true(q.has_interval && !q.clash);
	noon_quorum_count(v, 1, &q);
	assert_int_equal(q.agreeing, 1);
	assert_false(q.has_interval);
}

/* With k authorities of whom k - 1 may lie, one honest one says that it was no later. */
static void the_kth_upper_end_counts(void **state)
{
	const struct noon_vote v[] = {VOTE(0, 0, 0, 30), VOTE(1, 1, 0, 10), VOTE(2, 2, 0, 20),
				      VOTE(3, 1, 0, 5), SILENT(4, 3)};

	(void)state;
	assert_true(noon_quorum_upper(v, 5, 1) == 5);
	assert_true(noon_quorum_upper(v, 5, 2) == 20);
	assert_true(noon_quorum_upper(v, 5, 3) == 30);
	assert_true(noon_quorum_upper(v, 5, 4) == NOON_DUR_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nobody_agrees_on_nothing),
		cmocka_unit_test(what_all_have_in_common),
		cmocka_unit_test(touching_is_agreeing),
		cmocka_unit_test(a_liar_is_outvoted_and_named),
		cmocka_unit_test(one_key_votes_once),
		cmocka_unit_test(who_claims_no_accuracy_agrees_with_nobody),
		cmocka_unit_test(the_kth_upper_end_counts),
	};

	return cmocka_run_group_tests_name("tools/quorum", tests, NULL, NULL);
}
