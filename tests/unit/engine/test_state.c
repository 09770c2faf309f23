/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/state.h"

static struct noon_actions out; /* too large for the stack */

static const struct noon_finding f = {.kind = NOON_FINDING_BOUND_LIMIT,
				      .source = NOON_SOURCE_NONE,
				      .at = {5},
				      .value = 7,
				      .threshold = 6};

static void state_is_never_better_than_the_bound(void **state)
{
	static const struct {
		struct noon_latch latch;
		bool within, recent;
		enum noon_state state;
	} row[] = {
		{{.synced = false}, true, true, NOON_STATE_UNSYNCHRONISED},
		{{.synced = true}, true, true, NOON_STATE_OK},
		{{.synced = true}, true, false, NOON_STATE_HOLDOVER},
		{{.synced = true}, false, true, NOON_STATE_ALARM},
		{{.synced = true, .alarm = true}, true, true, NOON_STATE_ALARM},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++)
		assert_int_equal(noon_latch_state(&row[i].latch, row[i].within, row[i].recent),
				 row[i].state);
}

static void alarm_needs_evidence_to_end(void **state)
{
	struct noon_latch l = {0};

	(void)state;
	noon_latch_bad(&l);
	assert_false(l.alarm);
	noon_latch_good(&l, 4);
	l.good_run = 4; /* of before */
	noon_latch_bad(&l);
	assert_true(l.alarm);
	assert_int_equal(l.good_run, 0);
	for (l.good_run = 1; l.good_run < 4; l.good_run++) {
		noon_latch_good(&l, 4);
		assert_true(l.alarm);
	}
	noon_latch_good(&l, 4);
	assert_false(l.alarm);
}

static void doubt_ends_by_agreement_or_with_the_alarm(void **state)
{
	struct noon_latch l = {.synced = true};

	(void)state;
	noon_latch_doubt(&l);
	for (int i = 0; i < 3; i++) {
		noon_latch_agree(&l, 4);
		assert_true(l.doubt);
	}
	noon_latch_doubt(&l); /* from the beginning */
	for (int i = 0; i < 3; i++)
		noon_latch_agree(&l, 4);
	assert_true(l.doubt);
	noon_latch_agree(&l, 4);
	assert_false(l.doubt);
	l = (struct noon_latch){.synced = true};
	noon_latch_bad(&l);
	noon_latch_doubt(&l);
	l.good_run = 3;
	noon_latch_good(&l, 4);
	assert_true(l.doubt);
	l.good_run = 4;
	noon_latch_good(&l, 4);
	assert_false(l.doubt);
}

static void finding_is_reported_once_each_time_it_begins(void **state)
{
	struct noon_findings fs = {0};

	(void)state;
	noon_actions_reset(&out);
	for (int i = 0; i < 3; i++) {
		noon_findings_raise(&fs, &f);
		assert_true(noon_findings_report(&fs, &out));
	}
	assert_int_equal(out.n, 1);
	assert_int_equal(out.a[0].finding.value, 7);
	noon_findings_clear(&fs, NOON_FINDING_BOUND_LIMIT);
	noon_findings_raise(&fs, &f);
	assert_true(noon_findings_report(&fs, &out));
	assert_int_equal(out.n, 2);
}

/* An alarm that began with it stays, and has to have its reason. */
static void finding_that_is_over_at_once_is_reported(void **state)
{
	struct noon_findings fs = {0};

	(void)state;
	noon_actions_reset(&out);
	noon_findings_raise(&fs, &f);
	noon_findings_clear(&fs, NOON_FINDING_BOUND_LIMIT);
	for (int i = 0; i < 2; i++)
		assert_true(noon_findings_report(&fs, &out));
	assert_int_equal(out.n, 1);
	assert_int_equal(out.a[0].finding.value, 7);
	assert_int_equal(fs.active, 0);
}

static void full_list_keeps_the_finding_for_later(void **state)
{
	struct noon_findings fs = {0};

	(void)state;
	noon_actions_reset(&out);
	for (int i = 0; i < NOON_ACTIONS_MAX; i++)
		noon_actions_arm(&out);
	noon_findings_raise(&fs, &f);
	assert_false(noon_findings_report(&fs, &out));
	noon_actions_reset(&out);
	assert_true(noon_findings_report(&fs, &out));
	assert_int_equal(out.n, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_is_never_better_than_the_bound),
		cmocka_unit_test(alarm_needs_evidence_to_end),
		cmocka_unit_test(doubt_ends_by_agreement_or_with_the_alarm),
		cmocka_unit_test(finding_is_reported_once_each_time_it_begins),
		cmocka_unit_test(finding_that_is_over_at_once_is_reported),
		cmocka_unit_test(full_list_keeps_the_finding_for_later),
	};

	return cmocka_run_group_tests_name("engine/state", tests, NULL, NULL);
}
