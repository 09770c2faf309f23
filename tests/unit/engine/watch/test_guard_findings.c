/* SPDX-License-Identifier: Apache-2.0
 *
 * A guard with limits set by hand, so that each value shows what it is meant to show.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/watch/guard_findings.h"

#define BATCH  8
#define CENTRE 100000
#define SOURCE 3

static struct noon_guard_plan plan; /* too large for the stack */
static struct noon_guard guard;
static struct noon_findings findings;
static noon_dur h;

static void watch_by(void)
{
	memset(&plan, 0, sizeof(plan));
	plan.conf.shift_ns = 5000;
	plan.batch = BATCH;
	plan.centre_ns = CENTRE;
	plan.top_ns = plan.cap_ns = HUGE_VAL;
	plan.gate_ns = HUGE_VAL;
	plan.law = (struct noon_law){.n = 1, .x0_ns = CENTRE, .step_ns = 1};
	for (size_t k = 0; k < NOON_STATISTICS; k++)
		plan.limit[k] = (struct noon_guard_limit){-HUGE_VAL, HUGE_VAL};
	for (size_t k = 0; k < NOON_GUARD_LEVELS; k++)
		plan.level[k].h = HUGE_VAL;
	noon_guard_init(&guard, &plan);
	memset(&findings, 0, sizeof(findings));
	h = 0;
}

static void take(noon_dur rtt)
{
	const struct noon_sample x = {
		.t1 = {h}, .t2 = {0}, .t3 = {0}, .t4 = {h + rtt}, .source = SOURCE};

	noon_guard_findings_take(&guard, &x, x.t4, &findings);
	h += NOON_S(1);
}

static bool is_active(enum noon_finding_kind kind)
{
	return findings.active >> kind & 1;
}

static void every_kind_that_begins_with_one_value_has_its_finding(void **state)
{
	const struct noon_finding *delayed = &findings.last[NOON_FINDING_DELAYED];
	const struct noon_finding *shape = &findings.last[NOON_FINDING_RTT_SHAPE];

	(void)state;
	watch_by();
	plan.limit[NOON_STATISTIC_MEAN].high = CENTRE + 1000;
	plan.limit[NOON_STATISTIC_VARIANCE].high = 1e6;
	for (int i = 1; i < BATCH; i++) {
		take(CENTRE + 8000);
		assert_int_equal(findings.active, 0);
	}
	take(CENTRE + 8000);
	assert_true(is_active(NOON_FINDING_DELAYED));
	assert_string_equal(delayed->evidence.statistic, "mean");
	assert_int_equal(delayed->source, SOURCE);
	assert_int_equal(delayed->value, 8000);
	assert_int_equal(delayed->threshold, 5000);
	assert_int_equal(delayed->evidence.samples, BATCH);
	assert_true(is_active(NOON_FINDING_RTT_SHAPE));
	assert_string_equal(shape->evidence.statistic, "variance");
	assert_int_equal(shape->source, SOURCE);
	assert_true(shape->evidence.value > shape->evidence.limit);
}

static void opposite_kinds_may_begin_with_one_value(void **state)
{
	(void)state;
	watch_by();
	plan.limit[NOON_STATISTIC_MEAN_LOW].low = CENTRE;
	plan.limit[NOON_STATISTIC_GATE].high = 0;
	plan.gate_ns = CENTRE + 1000;
	for (int i = 1; i < BATCH; i++)
		take(CENTRE - 8000);
	assert_int_equal(findings.active, 0);
	take(CENTRE + 2000);
	assert_true(is_active(NOON_FINDING_DELAYED));
	assert_true(is_active(NOON_FINDING_SHORTENED));
}

static void first_statistic_of_a_kind_gives_the_numbers(void **state)
{
	(void)state;
	watch_by();
	plan.limit[NOON_STATISTIC_MEAN].high = CENTRE + 1000;
	plan.limit[NOON_STATISTIC_MINIMUM].high = CENTRE + 1000;
	for (int i = 0; i < BATCH; i++)
		take(CENTRE + 8000);
	assert_int_equal(findings.active, 1U << NOON_FINDING_DELAYED);
	assert_string_equal(findings.last[NOON_FINDING_DELAYED].evidence.statistic, "mean");
}

static void kind_ends_with_its_last_statistic(void **state)
{
	(void)state;
	watch_by();
	plan.limit[NOON_STATISTIC_MEAN].high = CENTRE + 1000;
	plan.limit[NOON_STATISTIC_VARIANCE].high = 1e6;
	for (int i = 0; i < BATCH; i++)
		take(CENTRE + 8000);
	/* The mean is as calibrated again; the spread is not. */
	for (int i = 0; i < 2 * BATCH; i++)
		take(i % 2 ? CENTRE + 8000 : CENTRE - 8000);
	assert_false(is_active(NOON_FINDING_DELAYED));
	assert_true(is_active(NOON_FINDING_RTT_SHAPE));
	for (int i = 0; i < 2 * BATCH; i++) {
		assert_true(is_active(NOON_FINDING_RTT_SHAPE));
		take(CENTRE);
	}
	assert_int_equal(findings.active, 0);
}

static void loss_is_no_alarm(void **state)
{
	(void)state;
	watch_by();
	plan.limit[NOON_STATISTIC_LOSS].high = 1;
	noon_guard_findings_miss(&guard, SOURCE, (noon_time){0}, &findings);
	assert_int_equal(findings.active, 0);
	noon_guard_findings_miss(&guard, SOURCE, (noon_time){1}, &findings);
	assert_int_equal(findings.active, 1U << NOON_FINDING_LOSS);
	assert_int_equal(findings.last[NOON_FINDING_LOSS].at.ns, 1);
	assert_false(noon_guard_findings_is_alarmed(&guard));
}

static void source_without_a_guard_is_not_watched(void **state)
{
	const struct noon_sample x = {.t4 = {CENTRE}};

	(void)state;
	memset(&findings, 0, sizeof(findings));
	noon_guard_findings_take(NULL, &x, x.t4, &findings);
	noon_guard_findings_miss(NULL, SOURCE, x.t4, &findings);
	assert_int_equal(findings.active, 0);
	assert_false(noon_guard_findings_is_alarmed(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_that_begins_with_one_value_has_its_finding),
		cmocka_unit_test(opposite_kinds_may_begin_with_one_value),
		cmocka_unit_test(first_statistic_of_a_kind_gives_the_numbers),
		cmocka_unit_test(kind_ends_with_its_last_statistic),
		cmocka_unit_test(loss_is_no_alarm),
		cmocka_unit_test(source_without_a_guard_is_not_watched),
	};

	return cmocka_run_group_tests_name("engine/watch/guard_findings", tests, NULL, NULL);
}
