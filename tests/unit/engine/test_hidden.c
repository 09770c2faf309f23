/* SPDX-License-Identifier: Apache-2.0
 *
 * What an attacker with a path faster than the minima assume can hide (condition 2): in a source,
 * in a vote, in the state. Cables of 110 us each way, of which light would take 10 us.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "engine/engine.h"

#define THETA  INT64_C(1789876543210987654)
#define CABLE  NOON_US(110)
#define LIGHT  NOON_US(10)
#define HIDDEN (CABLE - LIGHT)

static const struct noon_drift drift = {
	.rate_max = 500e-6, .wander = 1e-6, .max_age = NOON_S(14400)};

static struct noon_source s;
static struct noon_engine e;
static struct noon_actions out;
static struct noon_source voter[3];

static struct noon_source_conf conf_of(noon_dur m_f, noon_dur m_r)
{
	struct noon_source_conf conf = noon_source_conf_default();

	conf.m_f = m_f;
	conf.m_r = m_r;
	conf.light = LIGHT;
	return conf;
}

/* An attacker advances the reply by `ahead` and delays the request by as much. */
static struct noon_sample sample(noon_dur h, noon_dur ahead)
{
	return (struct noon_sample){
		.t1 = {h},
		.t2 = {h + CABLE + ahead + THETA},
		.t3 = {h + CABLE + ahead + 1000 + THETA},
		.t4 = {h + 2 * CABLE + 1000},
		.stamp_err = 20,
		.authenticated = true,
	};
}

static void only_what_exceeds_light_is_hidden(void **state)
{
	const struct noon_source_conf conf = conf_of(LIGHT - 1, LIGHT + 1);
	struct noon_source_conf far = conf;
	struct noon_hidden h = noon_source_hidden(&conf);

	(void)state;
	assert_int_equal(h.f, 0);
	assert_int_equal(h.r, 1);
	far.light = 0;
	h = noon_source_hidden(&far);
	assert_int_equal(h.f, LIGHT - 1);
	assert_int_equal(h.r, LIGHT + 1);
}

static void each_edge_moves_by_what_its_way_hides(void **state)
{
	const struct noon_source_conf conf = conf_of(CABLE - NOON_US(5), CABLE);
	const struct noon_sample x = sample(NOON_S(1), 0);

	(void)state;
	noon_source_init(&s, &conf);
	assert_int_equal(noon_source_take(&s, &x, x.t4, &drift, 4), NOON_SAMPLE_ACCEPTED);
	assert_int_equal(s.cert.theta.lo - s.wide.theta.lo, HIDDEN);
	assert_int_equal(s.wide.theta.hi - s.cert.theta.hi, HIDDEN - NOON_US(5));
	/* The window is as it was. */
	assert_int_equal(s.window.lo.e[0].theta, THETA - 20);
	assert_int_equal(s.window.hi.e[0].theta, THETA + NOON_US(5) + 20);
}

static void nothing_moves_with_minima_of_light(void **state)
{
	const struct noon_source_conf conf = conf_of(LIGHT, LIGHT);

	(void)state;
	noon_source_init(&s, &conf);
	for (int i = 0; i < 50; i++) {
		const struct noon_sample x = sample(NOON_S(i), 0);

		assert_int_equal(noon_source_take(&s, &x, x.t4, &drift, 4), NOON_SAMPLE_ACCEPTED);
		assert_memory_equal(&s.wide, &s.cert, sizeof(s.cert));
	}
}

static bool holds(const struct noon_cert *c, noon_dur h, noon_dur more)
{
	const struct noon_interval in = noon_cert_at(c, (noon_time){h});

	return THETA >= in.lo - more && THETA <= in.hi + more;
}

/* The advance grows, so the clock seems to be slow, and the certificate is carried on at a false
 * rate: the hidden advance added to it is not enough. */
static void the_rate_is_moved_as_well(void **state)
{
	const struct noon_source_conf conf = conf_of(CABLE, CABLE);
	const noon_dur later = NOON_S(400);

	(void)state;
	noon_source_init(&s, &conf);
	for (int i = 0; i <= 10; i++) {
		const struct noon_sample x = sample(NOON_S(i), HIDDEN * i / 10);

		assert_int_equal(noon_source_take(&s, &x, x.t4, &drift, 4), NOON_SAMPLE_ACCEPTED);
		assert_true(holds(&s.wide, x.t4.ns, 0));
		assert_true(holds(&s.cert, x.t4.ns, HIDDEN));
	}
	assert_false(holds(&s.cert, later, HIDDEN));
	assert_true(holds(&s.wide, later, 0));
}

static void vote_for(unsigned i, noon_dur lo, noon_dur hi, noon_dur hidden)
{
	const struct noon_source_conf conf = conf_of(LIGHT + hidden, LIGHT + hidden);

	noon_source_init(&voter[i], &conf);
	voter[i].has_cert = true;
	voter[i].last_good = (noon_time){0};
	voter[i].cert = (struct noon_cert){
		.theta = {lo, hi},
		.rate = {-1e-6, 1e-6},
		.holdover_from = {INT64_MAX},
		.rate_until = {NOON_S(14400)},
		.rate_max = 500e-6,
	};
	voter[i].wide = voter[i].cert;
	voter[i].wide.theta.lo -= hidden;
	voter[i].wide.theta.hi += hidden;
	if (hidden > 0)
		voter[i].wide.rate = (struct noon_rate){-2e-6, 3e-6};
}

/* The truth may lie where two intervals meet only once both are widened: farther off than the
 * hidden advance added to where two of them meet as they are. */
static void a_vote_is_held_on_what_is_hidden(void **state)
{
	struct noon_vote v;

	(void)state;
	vote_for(0, 0, 100, 20);
	vote_for(1, 90, 200, 20);
	vote_for(2, 230, 300, 20);
	noon_vote_hold(voter, 3, 1, &drift, (noon_time){0}, &v);
	assert_int_equal(v.outcome, NOON_VOTE_AGREED);
	assert_int_equal(v.cert.theta.lo, 90);
	assert_int_equal(v.cert.theta.hi, 100);
	assert_int_equal(v.wide.theta.lo, 70);
	assert_int_equal(v.wide.theta.hi, 220);
	assert_true(v.wide.rate.min <= -2e-6 && v.wide.rate.max >= 3e-6);
	assert_true(v.cert.rate.min > -1.1e-6 && v.cert.rate.max < 1.1e-6);
	assert_int_equal(v.wide.rate_until.ns, v.cert.rate_until.ns);
}

static void one_that_hides_is_enough_to_widen_a_vote(void **state)
{
	struct noon_vote v;

	(void)state;
	for (unsigned i = 0; i < 3; i++)
		vote_for(i, 0, 100, 0);
	noon_vote_hold(voter, 3, 0, &drift, (noon_time){0}, &v);
	assert_memory_equal(&v.wide, &v.cert, sizeof(v.cert));
	vote_for(2, 10, 90, 20);
	noon_vote_hold(voter, 3, 0, &drift, (noon_time){0}, &v);
	assert_int_equal(v.cert.theta.lo, 10);
	assert_int_equal(v.wide.theta.lo, 0);
	assert_int_equal(v.wide.theta.hi, 100);
}

/* Returns the reading after an hour of exchanges with a limit. */
static struct noon_reading settled(noon_dur limit)
{
	struct noon_engine_conf conf = noon_engine_conf_default();
	struct noon_source_conf source = conf_of(CABLE, CABLE);
	struct noon_reading r;
	uint32_t index;

	source.poll_max = source.poll_min;
	conf.start.corr0 = THETA;
	conf.wander = 1e-6;
	conf.alert_limit = limit;
	assert_int_equal(noon_engine_init(&e, &conf), NOON_OK);
	assert_int_equal(noon_engine_add_source(&e, &source, &index), NOON_OK);
	noon_actions_reset(&out);
	for (int i = 0; i < 225; i++) {
		const struct noon_sample x = sample(NOON_S(16) * i, 0);

		noon_engine_on_sample(&e, &x, x.t4, &out);
	}
	noon_engine_reading(&e, e.now, &r);
	return r;
}

static void ok_needs_room_for_what_is_hidden(void **state)
{
	struct noon_reading r = settled(NOON_US(200));
	const noon_dur whole = r.bound + r.hidden;

	(void)state;
	assert_int_equal(r.state, NOON_STATE_OK);
	assert_in_range(r.hidden, HIDDEN, HIDDEN + NOON_US(50));
	assert_true(r.bound < NOON_US(50));
	/* It is ALARM when the two together pass the limit, which is what void_after says. */
	noon_engine_reading(&e, r.void_after, &r);
	assert_int_equal(r.state, NOON_STATE_HOLDOVER);
	assert_true(r.bound + r.hidden <= NOON_US(200));
	noon_engine_reading(&e, noon_time_add(r.h, NOON_MS(50)), &r);
	assert_int_equal(r.state, NOON_STATE_ALARM);
	assert_true(r.bound + r.hidden > NOON_US(200) && r.bound < NOON_US(200));
	/* A limit that the bound alone would meet is not met. */
	r = settled(whole - NOON_US(50));
	assert_true(r.bound < whole - NOON_US(50));
	assert_int_equal(r.state, NOON_STATE_UNSYNCHRONISED);
	assert_false(noon_time_before(r.h, r.void_after));
}

static void finding_has_both_together(void **state)
{
	struct noon_reading r = settled(NOON_US(200));

	(void)state;
	noon_actions_reset(&out);
	assert_true(noon_time_before(r.h, noon_engine_deadline(&e)));
	noon_engine_on_timer(&e, noon_engine_deadline(&e), &out);
	assert_int_equal(out.n, 1);
	assert_int_equal(out.a[0].finding.kind, NOON_FINDING_BOUND_LIMIT);
	assert_in_range(out.a[0].finding.value, NOON_US(200) - 10, NOON_US(200) + 10);
	assert_int_equal(out.a[0].finding.threshold, NOON_US(200));
}

static void a_leap_shifts_what_is_hidden_too(void **state)
{
	const struct noon_reading was = settled(NOON_US(200));
	struct noon_reading r;

	(void)state;
	noon_engine_shift(&e, -NOON_S(1));
	noon_engine_reading(&e, e.now, &r);
	assert_int_equal(r.hidden, was.hidden);
	assert_int_equal(r.state, NOON_STATE_OK);
	assert_int_equal(e.source[0].wide.theta.hi - e.source[0].cert.theta.hi, HIDDEN);
	assert_int_equal(e.vote.wide.theta.hi, e.wide.theta.hi);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_exceeds_light_is_hidden),
		cmocka_unit_test(each_edge_moves_by_what_its_way_hides),
		cmocka_unit_test(nothing_moves_with_minima_of_light),
		cmocka_unit_test(the_rate_is_moved_as_well),
		cmocka_unit_test(a_vote_is_held_on_what_is_hidden),
		cmocka_unit_test(one_that_hides_is_enough_to_widen_a_vote),
		cmocka_unit_test(ok_needs_room_for_what_is_hidden),
		cmocka_unit_test(finding_has_both_together),
		cmocka_unit_test(a_leap_shifts_what_is_hidden_too),
	};

	return cmocka_run_group_tests_name("engine/hidden", tests, NULL, NULL);
}
