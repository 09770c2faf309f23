/* SPDX-License-Identifier: Apache-2.0
 *
 * What the engine does on the verdict of a guard. Forward delays only, so the truth is known: the
 * offset is THETA.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "engine/engine.h"
#include "estimate/law/channel.h"

#define THETA	INT64_C(1789876543210987654)
#define SOURCES 2

static struct noon_engine e; /* too large for the stack */
static struct noon_actions out;
static struct noon_guard_work work;
static struct noon_law law;
static struct noon_guard_plan plan;
static struct noon_guard guard[SOURCES];
static struct noon_rng rng;
static noon_dur h;
static noon_dur fixed; /* least delay of each way, known to the law and not to the bound */

static noon_dur queue(void)
{
	double sum = 0;

	for (int i = 0; i < 4; i++) {
		const double u = noon_rng_unit(&rng);

		sum += u < 0.35 ? 0 : (u - 0.35) / 0.65 * 12336;
	}
	return (noon_dur)sum;
}

static void exchange_with(uint32_t source, noon_dur attack, bool judge)
{
	const noon_dur f = fixed + queue() + attack;
	const noon_dur r = fixed + queue();
	struct noon_sample x = {
		.t1 = {h},
		.t2 = {h + f + THETA},
		.t3 = {h + f + 10000 + THETA},
		.t4 = {h + f + 10000 + r},
		.server_err = 1000,
		.stamp_err = 10,
		.source = source,
		.authenticated = true,
	};
	struct noon_reading reading;

	noon_engine_on_sample(&e, &x, x.t4, &out);
	noon_engine_reading(&e, x.t4, &reading);
	/* I1: whatever the guard says, the interval holds the truth. */
	assert_true(!judge || THETA - reading.corr >= reading.lower);
	assert_true(!judge || THETA - reading.corr <= reading.upper);
}

static void exchange(uint32_t source, noon_dur attack)
{
	exchange_with(source, attack, true);
}

static void start(unsigned n)
{
	struct noon_engine_conf conf = noon_engine_conf_default();
	const struct noon_source_conf source = noon_source_conf_default();
	const struct noon_channel c = {.routers = 4,
				       .p_idle = 0.35,
				       .packet_bytes = 1542,
				       .rate_bps = 1e9,
				       .fixed_ns = 2.0 * (double)fixed};
	struct noon_guard_conf g = noon_guard_conf_default();
	uint32_t index;

	conf.start.corr0 = THETA - 5000;
	conf.holdover = 0.0; /* the bound reaches the limit within max_age */
	rng = noon_rng_seeded(1);
	h = 0;
	g.shift_ns = 15000;
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	assert_int_equal(noon_guard_plan_make(&work, &law, &g, &plan), NOON_OK);
	assert_int_equal(noon_engine_init(&e, &conf), NOON_OK);
	for (unsigned i = 0; i < n; i++) {
		assert_int_equal(noon_engine_add_source(&e, &source, &index), NOON_OK);
		noon_guard_init(&guard[i], &plan);
		noon_engine_set_guard(&e, index, &guard[i]);
	}
	noon_actions_reset(&out);
}

/* Returns how many exchanges it took until a finding of the kind began; 0: none in n. */
static unsigned run(unsigned n, unsigned sources, noon_dur attack, enum noon_finding_kind kind,
		    struct noon_finding *ret)
{
	for (unsigned k = 1; k <= n; k++) {
		h += NOON_S(1);
		for (unsigned i = 0; i < sources; i++)
			exchange(i, i == 0 ? attack : 0);
		for (size_t i = 0; i < out.n; i++) {
			if (out.a[i].kind != NOON_ACTION_FINDING || out.a[i].finding.kind != kind)
				continue;
			*ret = out.a[i].finding;
			noon_actions_reset(&out);
			return k;
		}
		noon_actions_reset(&out);
	}
	return 0;
}

static enum noon_state state_now(void)
{
	struct noon_reading r;

	noon_engine_reading(&e, (noon_time){h + NOON_MS(1)}, &r);
	return r.state;
}

static void one_source_alarms_and_ends(void **state)
{
	struct noon_finding f = {.kind = NOON_FINDING_KINDS};
	noon_freq rate;
	unsigned n;

	(void)state;
	start(1);
	assert_int_equal(run(500, 1, 0, NOON_FINDING_DELAYED, &f), 0);
	assert_int_equal(state_now(), NOON_STATE_OK);
	n = run(500, 1, 20000, NOON_FINDING_DELAYED, &f);
	assert_true(n > 0 && n < 100);
	assert_int_equal(state_now(), NOON_STATE_ALARM);
	assert_int_equal(f.source, 0);
	assert_non_null(f.evidence.statistic);
	assert_true(f.evidence.value > f.evidence.limit && f.evidence.samples > 0);
	assert_true(f.value > 5000 && f.value < 40000);
	assert_int_equal(f.threshold, 15000);
	/* No frequency is learned while it lasts. */
	rate = noon_engine_line(&e).rate;
	assert_int_equal(run(3 * plan.batch, 1, 20000, NOON_FINDING_DELAYED, &f), 0);
	assert_int_equal(state_now(), NOON_STATE_ALARM);
	assert_true(fabs(noon_engine_line(&e).rate - rate) < 1e-12);
	/* A few clean batches after its end it is over, for the statistics of long batches, too. */
	(void)run(7 * plan.batch, 1, 0, NOON_FINDING_DELAYED, &f);
	assert_int_equal(state_now(), NOON_STATE_OK);
}

static void another_source_keeps_it_ok(void **state)
{
	struct noon_finding f;

	(void)state;
	start(2);
	assert_int_equal(run(500, 2, 0, NOON_FINDING_DELAYED, &f), 0);
	assert_true(run(500, 2, 20000, NOON_FINDING_DELAYED, &f) > 0);
	assert_int_equal(run(2, 2, 20000, NOON_FINDING_DELAYED, &f), 0);
	assert_int_equal(state_now(), NOON_STATE_OK);
	assert_int_equal(e.source[0].verdict, NOON_SOURCE_TRUECHIMER);
	assert_int_equal(e.source[1].verdict, NOON_SOURCE_SELECTED);
}

/* What a guard has something against is no evidence that an alarm of the bound is over. */
static void exchanges_under_suspicion_end_no_alarm(void **state)
{
	struct noon_finding f;

	(void)state;
	start(2);
	assert_int_equal(run(500, 2, 0, NOON_FINDING_DELAYED, &f), 0);
	assert_true(run(500, 2, 20000, NOON_FINDING_DELAYED, &f) > 0);
	h = noon_engine_deadline(&e).ns;
	noon_engine_on_timer(&e, (noon_time){h}, &out);
	h += NOON_S(100);
	assert_int_equal(state_now(), NOON_STATE_ALARM);
	exchange(1, 0);
	for (int i = 0; i < 8; i++) {
		h += NOON_S(1);
		exchange(0, 20000);
	}
	assert_int_equal(state_now(), NOON_STATE_ALARM);
	for (int i = 0; i < 3; i++) {
		h += NOON_S(1);
		exchange(1, 0);
	}
	assert_int_equal(state_now(), NOON_STATE_OK);
}

/* A path shorter than calibrated may be shorter than its minima too: then the certificate is not
 * what C should be kept within. A longer one takes nothing from it. */
static void a_shortened_path_keeps_the_clock_off_the_certificate(void **state)
{
	static const struct {
		noon_dur attack;
		enum noon_finding_kind kind;
		bool follows;
	} row[] = {{-60000, NOON_FINDING_SHORTENED, false}, {20000, NOON_FINDING_DELAYED, true}};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct noon_line before, after;
		struct noon_finding f;
		noon_time later;
		noon_dur moved;

		fixed = 100000;
		start(1);
		assert_int_equal(run(500, 1, 0, row[i].kind, &f), 0);
		assert_true(run(500, 1, row[i].attack, row[i].kind, &f) > 0);
		e.discipline.line.corr0 += NOON_US(300);
		before = noon_engine_line(&e);
		h += NOON_S(1);
		later = (noon_time){h + NOON_S(60)};
		exchange_with(0, row[i].attack, false);
		after = noon_engine_line(&e);
		moved = noon_line_at(&after, later) - noon_line_at(&before, later);
		assert_int_equal(noon_dur_abs(moved) > NOON_US(100), row[i].follows);
		fixed = 0;
	}
}

static void an_operator_can_accept(void **state)
{
	struct noon_finding f;

	(void)state;
	start(1);
	(void)run(500, 1, 0, NOON_FINDING_DELAYED, &f);
	assert_true(run(500, 1, 20000, NOON_FINDING_DELAYED, &f) > 0);
	noon_engine_accept(&e, NOON_SOURCE_NONE, (noon_time){h + NOON_MS(2)});
	assert_int_equal(guard[0].active, 0);
}

static void losses_are_a_finding_and_no_alarm(void **state)
{
	struct noon_finding f;

	(void)state;
	start(1);
	(void)run(500, 1, 0, NOON_FINDING_DELAYED, &f);
	for (int i = 0; i < 20; i++) {
		h += NOON_S(1);
		noon_engine_on_miss(&e, 0, (noon_time){h}, &out);
	}
	assert_int_equal(out.n, 1);
	assert_int_equal(out.a[0].finding.kind, NOON_FINDING_LOSS);
	assert_int_not_equal(state_now(), NOON_STATE_ALARM);
}

static void conditions_are_those_of_the_source_with_its_guard(void **state)
{
	struct noon_conditions_conf conf;
	struct noon_conditions c;
	struct noon_conditions same;

	(void)state;
	start(1);
	h += NOON_S(1);
	exchange(0, 0);
	conf = (struct noon_conditions_conf){e.conf.alert_limit, e.conf.max_age, e.now, false};
	noon_engine_conditions(&e, 0, e.now, &c);
	noon_conditions_of(&e.source[0], &guard[0], &conf, &same);
	for (size_t k = 0; k < NOON_CONDITIONS; k++) {
		assert_int_equal(c.met[k], same.met[k]);
		assert_string_equal(c.why[k], same.why[k]);
	}
	assert_true(c.batch > 0 && c.batch == same.batch);
	noon_engine_set_guard(&e, 0, NULL);
	noon_engine_conditions(&e, 0, e.now, &c);
	assert_int_equal(c.batch, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_source_alarms_and_ends),
		cmocka_unit_test(another_source_keeps_it_ok),
		cmocka_unit_test(exchanges_under_suspicion_end_no_alarm),
		cmocka_unit_test(a_shortened_path_keeps_the_clock_off_the_certificate),
		cmocka_unit_test(an_operator_can_accept),
		cmocka_unit_test(losses_are_a_finding_and_no_alarm),
		cmocka_unit_test(conditions_are_those_of_the_source_with_its_guard),
	};

	return cmocka_run_group_tests_name("engine/guarded", tests, NULL, NULL);
}
