/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "metrology/bound/edge_probe.h"

static const struct noon_edge_probe usual = {
	.lower = NOON_MS(200),
	.upper = NOON_MS(700),
	.resolution = NOON_S(1),
	.rtt_min = NOON_MS(5),
	.rtt_typical = NOON_MS(5),
	.now = {NOON_MS(10100)},
	.last = {NOON_MS(10000)},
	.gap = NOON_MS(50),
	.unit = 0.5,
};

static noon_time next(const struct noon_edge_probe *p)
{
	noon_time tq = {0};

	assert_int_equal(noon_edge_probe_next(p, &tq), NOON_OK);
	return tq;
}

/* At the server, 2.5 ms later, its clock is an edge if x is 450 ms. */
static void request_arrives_with_the_edge_of_the_middle(void **state)
{
	const noon_time tq = next(&usual);

	(void)state;
	assert_int_equal((tq.ns + NOON_US(2500) + NOON_MS(450)) % NOON_S(1), 0);
	assert_true(tq.ns >= usual.now.ns && tq.ns < usual.now.ns + NOON_S(1));
}

/* A service that rounds to the nearest second changes its stamp in the middle of one. */
static void edges_may_have_any_phase(void **state)
{
	struct noon_edge_probe p = usual;

	(void)state;
	p.edge = (noon_time){NOON_S(77) - NOON_MS(500)};
	assert_int_equal((next(&p).ns + NOON_US(2500) + NOON_MS(450)) % NOON_S(1), NOON_MS(500));
}

static void gap_is_kept(void **state)
{
	struct noon_edge_probe p = usual;

	(void)state;
	p.gap = NOON_MS(700);
	assert_true(next(&p).ns >= NOON_MS(10700));
	assert_true(next(&p).ns < NOON_MS(11700));
	p.last = NOON_TIME_FIRST;
	assert_true(next(&p).ns < NOON_MS(11100));
}

static void unknown_offset_is_asked_at_all_phases(void **state)
{
	struct noon_edge_probe p = usual;

	(void)state;
	p.lower = INT64_MIN;
	p.upper = INT64_MAX;
	for (int i = 0; i < 10; i++) {
		p.unit = i / 10.0;
		assert_true(noon_dur_abs(next(&p).ns - p.now.ns - NOON_MS(100) * i) <= 1);
	}
}

/* With a bracket of a round trip, requests go on on both sides of the edge. */
static void end_goes_round_the_edge(void **state)
{
	struct noon_edge_probe p = usual;
	noon_time early, late;

	(void)state;
	p.lower = NOON_MS(400);
	p.upper = NOON_MS(405);
	p.rtt_typical = NOON_MS(6);
	p.unit = 0.0;
	late = next(&p);
	p.unit = 0.999;
	early = next(&p);
	assert_true((early.ns + NOON_MS(405)) % NOON_S(1) > NOON_MS(500));
	assert_true((late.ns + NOON_MS(405)) % NOON_S(1) < NOON_MS(500));
	assert_true(late.ns - early.ns < NOON_MS(6));
}

static void extremes_do_not_overflow(void **state)
{
	struct noon_edge_probe p = usual;

	(void)state;
	p.lower = p.upper = INT64_MIN;
	(void)next(&p);
	p.lower = p.upper = INT64_MAX;
	p.now.ns = p.last.ns = INT64_MAX;
	assert_int_equal(next(&p).ns, INT64_MAX);
	p.now.ns = p.last.ns = INT64_MIN;
	p.resolution = INT64_MAX;
	p.rtt_typical = INT64_MAX;
	(void)next(&p);
}

static void bad_input_is_refused(void **state)
{
	noon_time tq = {3};
	struct noon_edge_probe bad[8];

	(void)state;
	for (size_t i = 0; i < 8; i++)
		bad[i] = usual;
	bad[0].lower = usual.upper + 1;
	bad[1].resolution = 0;
	bad[2].rtt_min = -1;
	bad[3].rtt_typical = usual.rtt_min - 1;
	bad[4].gap = -1;
	bad[5].last.ns = usual.now.ns + 1;
	bad[6].unit = 1.0;
	bad[7].unit = -0.1;
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(noon_edge_probe_next(&bad[i], &tq), NOON_ERR_RANGE);
	assert_int_equal(tq.ns, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(request_arrives_with_the_edge_of_the_middle),
		cmocka_unit_test(edges_may_have_any_phase),
		cmocka_unit_test(gap_is_kept),
		cmocka_unit_test(unknown_offset_is_asked_at_all_phases),
		cmocka_unit_test(end_goes_round_the_edge),
		cmocka_unit_test(extremes_do_not_overflow),
		cmocka_unit_test(bad_input_is_refused),
	};

	return cmocka_run_group_tests_name("metrology/bound/edge_probe", tests, NULL, NULL);
}
