/* SPDX-License-Identifier: Apache-2.0
 *
 * The guard on the paper's channel (no edge: the mean leads) and on a quiet one (an edge: the
 * minimum leads). Values are drawn router by router, never from the law under test.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "estimate/guard/guard.h"
#include "estimate/law/channel.h"

static struct noon_guard_work work;
static struct noon_law law;
static struct noon_guard_plan plan;
static struct noon_guard guard;
static struct noon_guard_news news;

#define US 1000.0

static double draw(const struct noon_channel *c, struct noon_rng *rng)
{
	const double most = noon_channel_service_ns(c);
	double sum = c->fixed_ns;

	for (unsigned i = 0; i < 2 * c->routers; i++) {
		const double u = noon_rng_unit(rng);

		if (u >= c->p_idle)
			sum += (u - c->p_idle) / (1.0 - c->p_idle) * most;
	}
	return sum;
}

static struct noon_channel quiet(void)
{
	struct noon_channel c = noon_channel_default();

	c.routers = 1;
	c.p_idle = 0.9;
	return c;
}

static void make(const struct noon_channel *c, double shift_ns, double p_fa)
{
	struct noon_guard_conf conf = noon_guard_conf_default();

	conf.shift_ns = shift_ns;
	conf.p_fa = p_fa;
	conf.base_loss = 0.001;
	assert_int_equal(noon_law_of_channel(c, &law), NOON_OK);
	assert_int_equal(noon_guard_plan_make(&work, &law, &conf, &plan), NOON_OK);
	noon_guard_init(&guard, &plan);
}

/* Feed n values shifted by shift_ns; returns how many were taken until the first alarm, 0: none. */
static unsigned feed(const struct noon_channel *c, struct noon_rng *rng, unsigned n,
		     double shift_ns)
{
	for (unsigned i = 1; i <= n; i++)
		if (noon_guard_take(&guard, (noon_dur)(draw(c, rng) + shift_ns), &news))
			return i;
	return 0;
}

static void mean_leads_where_there_is_no_edge(void **state)
{
	const struct noon_channel c = noon_channel_default();
	double z, gauss;

	(void)state;
	make(&c, 10 * US, 1e-3);
	assert_int_equal(plan.regime, NOON_REGIME_BELL);
	assert_int_equal(plan.leads, NOON_STATISTIC_MEAN);
	assert_true(plan.feasible);
	z = noon_normal_isf(1e-3) + noon_normal_isf(1e-3 / 9);
	gauss = pow(z * law.sd_ns / plan.conf.shift_ns, 2);
	assert_true(plan.needs_mean > gauss * 0.95 && plan.needs_mean < gauss * 1.1);
	assert_true(plan.needs_minimum > 1e4);
	assert_true(plan.mean.p_fa <= 1e-3 / 9);
	assert_int_equal(plan.refs, NOON_GUARD_REFS);
	assert_true(plan.has_low);
}

static void minimum_leads_where_there_is_one(void **state)
{
	const struct noon_channel c = quiet();

	(void)state;
	make(&c, 4 * US, 1e-3);
	assert_int_equal(plan.leads, NOON_STATISTIC_MINIMUM);
	assert_true(plan.needs_minimum < plan.needs_mean);
	/* 0.9^2 of the values lie at the bottom: (1 - 0.81)^N <= 1e-3 / 9. */
	assert_true(plan.needs_minimum >= 4 && plan.needs_minimum <= 8);
}

static void alarms_falsely_as_seldom_as_demanded(void **state)
{
	const struct noon_channel c = noon_channel_default();
	struct noon_rng rng = noon_rng_seeded(5);
	const unsigned batches = 4000;
	unsigned alarms = 0;

	(void)state;
	make(&c, 10 * US, 0.02);
	for (unsigned b = 0; b < batches; b++) {
		alarms += feed(&c, &rng, plan.batch, 0) > 0;
		noon_guard_reset(&guard);
	}
	/* At most 0.02 for each batch, at four standard errors. */
	print_message("# %u of %u batches\n", alarms, batches);
	assert_true(alarms <= 0.02 * batches + 4 * sqrt(0.02 * batches));
}

static void is_silent_for_long(void **state)
{
	const struct noon_channel c[] = {noon_channel_default(), quiet()};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct noon_rng rng = noon_rng_seeded(7 + i);

		make(&c[i], 10 * US, 1e-6);
		assert_int_equal(feed(&c[i], &rng, 300000, 0), 0);
		assert_int_equal(guard.active, 0);
	}
}

static void finds_the_shift(void **state)
{
	const struct noon_channel c[] = {noon_channel_default(), quiet()};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct noon_rng rng = noon_rng_seeded(11 + i);
		double sum = 0;

		make(&c[i], 10 * US, 1e-6);
		for (unsigned k = 0; k < 50; k++) {
			unsigned n;

			noon_guard_reset(&guard);
			assert_int_equal(feed(&c[i], &rng, plan.batch / 2, 0), 0);
			n = feed(&c[i], &rng, 2 * plan.batch, 10 * US);
			assert_true(n > 0);
			assert_true(noon_guard_is_alarmed(&guard));
			sum += n;
			if (news.alarm[0].statistic == NOON_STATISTIC_CUSUM)
				assert_true(news.alarm[0].delay_ns > 3 * US &&
					    news.alarm[0].delay_ns < 40 * US);
		}
		print_message("# batch %u, found after %.1f\n", plan.batch, sum / 50);
	}
}

/* Frog-boiling: the baseline does not move, so the ramp is found before it has gone far. */
static void finds_a_ramp(void **state)
{
	const struct noon_channel c = noon_channel_default();
	struct noon_rng rng = noon_rng_seeded(13);
	double shift = 0;

	(void)state;
	make(&c, 10 * US, 1e-6);
	while (feed(&c, &rng, 1, shift) == 0)
		shift += 0.1; /* 1e-4 us for each sample */
	print_message("# ramp found at %.2f us by %s\n", shift / US,
		      noon_statistic_word(news.alarm[0].statistic));
	assert_true(shift < 10 * US);
}

/* Return a value a little below that which is as likely with the shift as without it, ns. */
static double undecided(const struct noon_cusum *c)
{
	double lo = law.mean_ns, hi = law.mean_ns + c->delta_ns;

	assert_true(noon_cusum_llr(c, lo) < 0.0 && noon_cusum_llr(c, hi) > 0.0);
	while (hi - lo > 1.0) {
		const double mid = (lo + hi) / 2.0;

		if (noon_cusum_llr(c, mid) < 0.0)
			lo = mid;
		else
			hi = mid;
	}
	return lo - 1.0;
}

/* Once the shift is beyond what the smallest reference takes for nothing, the alarm lasts as long
 * as the ramp does, and is told once. */
static void a_ramp_is_one_alarm(void **state)
{
	const struct noon_channel c = noon_channel_default();
	struct noon_rng rng = noon_rng_seeded(14);
	unsigned again = 0, told = 0;
	double shift = 0;

	(void)state;
	make(&c, 10 * US, 1e-6);
	for (; shift < 4 * US; shift += 0.1)
		told += feed(&c, &rng, 1, shift) > 0;
	assert_true(told > 0);
	for (; shift < 8 * US; shift += 0.1) {
		assert_true(guard.active >> NOON_STATISTIC_CUSUM & 1);
		(void)noon_guard_take(&guard, (noon_dur)(draw(&c, &rng) + shift), &news);
		for (size_t k = 0; k < news.n; k++)
			again += news.alarm[k].statistic == NOON_STATISTIC_CUSUM;
	}
	assert_int_equal(again, 0);
	/* Values that speak for neither: S stays where it is, and so does the alarm. */
	for (unsigned i = 0; i < 4 * plan.batch; i++) {
		(void)noon_guard_take(&guard, (noon_dur)undecided(&plan.cusum[0]), &news);
		assert_true(guard.active >> NOON_STATISTIC_CUSUM & 1);
	}
	for (told = 0; guard.active != 0; told++)
		(void)noon_guard_take(&guard, (noon_dur)draw(&c, &rng), &news);
	print_message("# over after %u batches\n", told / plan.batch);
	assert_true(told <= 16 * plan.batch);
}

static void finds_what_got_shorter(void **state)
{
	const struct noon_channel c = noon_channel_default();
	struct noon_rng rng = noon_rng_seeded(17);

	(void)state;
	make(&c, 10 * US, 1e-6);
	assert_true(feed(&c, &rng, 2 * plan.batch, -10 * US) > 0);
	assert_true(news.alarm[0].statistic == NOON_STATISTIC_CUSUM_LOW ||
		    news.alarm[0].statistic == NOON_STATISTIC_MEAN_LOW);
	assert_true(news.alarm[0].delay_ns < 0);
}

/* Held back until the round trip is the mean: the mean rises by 0.4 sd, the variance falls. */
static void finds_clamping(void **state)
{
	const struct noon_channel c = noon_channel_default();
	struct noon_rng rng = noon_rng_seeded(19);
	uint32_t seen = 0;

	(void)state;
	make(&c, 10 * US, 1e-6);
	for (unsigned i = 0; i < 4 * plan.batch; i++) {
		(void)noon_guard_take(&guard, (noon_dur)fmax(draw(&c, &rng), law.mean_ns), &news);
		seen |= guard.active;
	}
	assert_true(seen & 1U << NOON_STATISTIC_VARIANCE);
}

static void finds_sparse_holds(void **state)
{
	const struct noon_channel c = noon_channel_default();
	struct noon_rng rng = noon_rng_seeded(23);

	(void)state;
	make(&c, 10 * US, 1e-6);
	assert_int_equal(feed(&c, &rng, 10, 0), 0);
	assert_int_equal(feed(&c, &rng, 1, 300 * US), 1);
	assert_true(guard.active & 1U << NOON_STATISTIC_GATE);
}

static void counts_losses(void **state)
{
	const struct noon_channel c = noon_channel_default();
	struct noon_rng rng = noon_rng_seeded(29);
	bool found = false;
	unsigned lost = 0;

	(void)state;
	make(&c, 10 * US, 1e-6);
	for (; !found && lost < 100; lost++) {
		assert_int_equal(feed(&c, &rng, 1, 0), 0);
		found = noon_guard_miss(&guard, &news);
	}
	assert_true(found && lost > 2 && lost < 30);
	assert_int_equal(news.alarm[0].statistic, NOON_STATISTIC_LOSS);
	assert_false(noon_guard_is_alarmed(&guard)); /* lost packets are no changed delays */
}

/* One batch in which nothing was held may be chance. */
static void ends_after_two_quiet_batches(void **state)
{
	const struct noon_channel c = noon_channel_default();
	struct noon_rng rng = noon_rng_seeded(37);

	(void)state;
	make(&c, 10 * US, 1e-6);
	assert_int_equal(feed(&c, &rng, 1, 300 * US), 1);
	for (unsigned i = 1; i < 3 * plan.batch; i++) {
		assert_true(guard.active >> NOON_STATISTIC_GATE & 1);
		(void)noon_guard_take(&guard, (noon_dur)draw(&c, &rng), &news);
	}
	assert_int_equal(guard.active, 0);
}

static void is_quiet_again_after_an_attack(void **state)
{
	const struct noon_channel c = noon_channel_default();
	struct noon_rng rng = noon_rng_seeded(31);

	(void)state;
	make(&c, 10 * US, 1e-6);
	assert_true(feed(&c, &rng, 2 * plan.batch, 50 * US) > 0);
	for (unsigned i = 0; i < 3 * plan.batch; i++)
		(void)noon_guard_take(&guard, (noon_dur)draw(&c, &rng), &news);
	assert_int_equal(guard.active, 0);
}

static void refuses_impossible_demands(void **state)
{
	const struct noon_channel c = noon_channel_default();
	struct noon_guard_conf good = noon_guard_conf_default();

	(void)state;
	good.shift_ns = 10 * US;
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	for (int i = 0; i < 7; i++) {
		struct noon_guard_conf bad = good;

		bad.shift_ns = i == 0 ? 0 : bad.shift_ns;
		bad.p_d = i == 1 ? 1.0 : bad.p_d;
		bad.p_fa = i == 2 ? 0.0 : bad.p_fa;
		bad.inflation = i == 3 ? 0.5 : bad.inflation;
		bad.base_loss = i == 4 ? 1.0 : bad.base_loss;
		bad.noise_ns = i == 5 ? (double)NAN : bad.noise_ns;
		bad.batch_max = i == 6 ? 3 : bad.batch_max;
		assert_int_equal(noon_guard_plan_make(&work, &law, &bad, &plan), NOON_ERR_RANGE);
	}
	/* A shift that no batch can show: it says so, and still makes a plan. */
	good.shift_ns = 50;
	assert_int_equal(noon_guard_plan_make(&work, &law, &good, &plan), NOON_OK);
	assert_false(plan.feasible);
	assert_int_equal(plan.batch, NOON_GUARD_BATCH_MAX);
}

/* Z_COUNT standard errors of the calibrated mean: on the side of each error that is not to be. */
#define Z_CALIBRATION 3.0

/* What a campaign leaves open, and values that hang together, make every figure more cautious. */
static void a_measured_law_has_its_room_and_inflation(void **state)
{
	static int64_t rtt[2000];
	static struct noon_cusum alone;
	const struct noon_channel c = noon_channel_default();
	struct noon_guard_conf conf = noon_guard_conf_default();
	struct noon_rng rng = noon_rng_seeded(43);
	const double alpha = 1e-3 / 15;
	struct noon_mean_test test;
	struct noon_cgf k;
	double n, room, low, model;

	(void)state;
	for (size_t i = 0; i < 2000; i++)
		rtt[i] = (int64_t)draw(&c, &rng);
	conf.shift_ns = 20 * US;
	conf.p_fa = 1e-3;
	conf.inflation = 4.0;
	assert_int_equal(noon_law_of_samples(rtt, 2000, 1.0, &law), NOON_OK);
	assert_int_equal(noon_guard_plan_make(&work, &law, &conf, &plan), NOON_OK);
	assert_int_equal(plan.leads, NOON_STATISTIC_MEAN);
	assert_true(plan.feasible);
	k = noon_cgf_of_law(&law);
	room = Z_CALIBRATION * law.sd_ns * sqrt(4.0 / 2000);
	n = plan.batch / 4.0;
	assert_true(fabs(plan.room_ns / room - 1.0) < 0.02);
	/* The batch keeps p_d and p_fa where the true mean lies `room` above the calibrated one,
	 * and where the tails have more mass than was seen. */
	assert_int_equal(noon_mean_test_size(&k, 20 * US - room, conf.p_d, alpha, 4.0,
					     room / Z_CALIBRATION, 4096, &test),
			 NOON_OK);
	print_message("# %g %g\n", plan.needs_mean, test.n);
	assert_true(plan.needs_mean > test.n - 4 && plan.needs_mean < 1.5 * test.n);
	assert_true(noon_mean_sf(&k, n, plan.limit[NOON_STATISTIC_MEAN].high - room) <= alpha);
	low = noon_mean_isf(&k, n, 1.0 - alpha) - room;
	assert_true(plan.limit[NOON_STATISTIC_MEAN_LOW].low < low + law.step_ns);
	assert_true(plan.limit[NOON_STATISTIC_MEAN_LOW].low > low - 3 * US);
	model = fmax(noon_mean_isf(&k, n, alpha) - k.mean_ns,
		     k.mean_ns - noon_mean_isf(&k, n, 1.0 - alpha));
	assert_true(plan.model_ns - room > 0.98 * model && plan.model_ns - room < 1.2 * model);
	/* Five CUSUMs share their part; S of values that hang together goes further. */
	assert_int_equal(
		noon_cusum_design(&work.cusum, &law, 20 * US, 5 * plan.batch / alpha, 0, &alone),
		NOON_OK);
	assert_true(fabs(plan.cusum[1].h / alone.h - 4.0) < 1e-9);
	assert_int_equal(
		noon_cusum_design(&work.cusum, &law, -20 * US, 5 * plan.batch / alpha, 0, &alone),
		NOON_OK);
	assert_true(fabs(plan.low.h / alone.h - 4.0) < 1e-9);
}

static void a_refusal_leaves_the_last_plan_alone(void **state)
{
	static struct noon_guard_plan before;
	const struct noon_channel c = noon_channel_default();
	struct noon_guard_conf conf = noon_guard_conf_default();

	(void)state;
	make(&c, 10 * US, 1e-3);
	memcpy(&before, &plan, sizeof(before));
	conf.shift_ns = 10 * US;
	law.sd_ns = (double)NAN;
	assert_int_equal(noon_guard_plan_make(&work, &law, &conf, &plan), NOON_ERR_RANGE);
	assert_memory_equal(&before, &plan, sizeof(before));
}

/* A path that always lost every third exchange: a batch lasts until it has its values. */
static void calibrated_loss_is_no_alarm(void **state)
{
	const struct noon_channel c = noon_channel_default();
	struct noon_guard_conf conf = noon_guard_conf_default();
	struct noon_rng rng = noon_rng_seeded(41);

	(void)state;
	conf.shift_ns = 10 * US;
	conf.p_fa = 1e-3;
	conf.base_loss = 0.35;
	assert_int_equal(noon_law_of_channel(&c, &law), NOON_OK);
	assert_int_equal(noon_guard_plan_make(&work, &law, &conf, &plan), NOON_OK);
	noon_guard_init(&guard, &plan);
	for (unsigned i = 0; i < 200 * plan.batch; i++) {
		if (noon_rng_unit(&rng) < 0.35)
			(void)noon_guard_miss(&guard, &news);
		else
			(void)noon_guard_take(&guard, (noon_dur)draw(&c, &rng), &news);
		assert_false(guard.active >> NOON_STATISTIC_LOSS & 1);
	}
	for (unsigned i = 0; i < 2 * plan.batch; i++)
		(void)noon_guard_miss(&guard, &news);
	assert_true(guard.active >> NOON_STATISTIC_LOSS & 1);
}

/* A law whose mean of a few values no formula gives: rare long delays. */
static int64_t heavy(struct noon_rng *rng)
{
	return (int64_t)(100 * US + 5 * US * pow(1.0 - noon_rng_unit(rng), -1.0 / 2.2));
}

static void heavy_tail_does_not_hide_a_shift(void **state)
{
	static int64_t rtt[20000];
	struct noon_guard_conf conf = noon_guard_conf_default();
	struct noon_rng rng = noon_rng_seeded(42);
	struct noon_cgf k;
	unsigned found = 0;

	(void)state;
	for (size_t i = 0; i < 20000; i++)
		rtt[i] = heavy(&rng);
	conf.shift_ns = 5 * US;
	conf.p_fa = 1e-2;
	assert_int_equal(noon_law_of_samples(rtt, 20000, 1.0, &law), NOON_OK);
	assert_int_equal(noon_guard_plan_make(&work, &law, &conf, &plan), NOON_OK);
	assert_true(plan.feasible);
	k = noon_cgf_of_law(&law);
	/* Each fourth value is that large. */
	assert_true(noon_mean_sf(&k, 1, 110 * US) > 0.2);
	/* One of them is enough for a mean of two. */
	assert_true(noon_mean_isf(&k, 2, 1e-3) > 130 * US);
	/* A law of one far value and little else. */
	assert_true(noon_mean_sf(&k, 1000, 130 * US) < 1e-6);
	for (unsigned b = 0; b < 200; b++) {
		noon_guard_init(&guard, &plan);
		for (unsigned i = 0; i < plan.batch; i++)
			(void)noon_guard_take(&guard, heavy(&rng) + 5000, &news);
		found += guard.active >> plan.leads & 1;
	}
	assert_true(found >= 198);
}

/* What a campaign of few values has not seen below its least one is no proof of innocence. */
static void minimum_leaves_room_below_the_least_value(void **state)
{
	static int64_t rtt[1000];
	struct noon_guard_conf conf = noon_guard_conf_default();
	struct noon_rng rng = noon_rng_seeded(43);
	unsigned found = 0;

	(void)state;
	for (size_t i = 0; i < 1000; i++)
		rtt[i] = (int64_t)(100 * US - 20 * US * log(1.0 - noon_rng_unit(&rng)));
	conf.shift_ns = 30 * US;
	conf.p_fa = 1e-2;
	assert_int_equal(noon_law_of_samples(rtt, 1000, 1.0, &law), NOON_OK);
	assert_int_equal(noon_guard_plan_make(&work, &law, &conf, &plan), NOON_OK);
	assert_int_equal(plan.leads, NOON_STATISTIC_MINIMUM);
	for (unsigned b = 0; b < 5000; b++) {
		noon_guard_init(&guard, &plan);
		for (unsigned i = 0; i < plan.batch; i++)
			(void)noon_guard_take(
				&guard,
				(noon_dur)(130 * US - 20 * US * log(1.0 - noon_rng_unit(&rng))),
				&news);
		found += guard.active >> NOON_STATISTIC_MINIMUM & 1;
	}
	assert_true(found >= 4990);
}

/* U_model holds an honest batch, by the statistic that leads, but for its share of p_fa, and not
 * much more than that. */
static void model_error_holds_an_honest_batch(void **state)
{
	const struct noon_channel channel[2] = {noon_channel_default(), quiet()};
	struct noon_rng rng = noon_rng_seeded(71);
	struct noon_guard_conf conf;
	static int64_t rtt[2000];
	double exact;

	(void)state;
	for (unsigned k = 0; k < 2; k++) {
		unsigned beyond = 0;
		double most = 0;

		make(&channel[k], k == 0 ? 12 * US : 4 * US, 1e-2);
		for (unsigned b = 0; b < 2000; b++) {
			double sum = 0, least = HUGE_VAL, off;

			for (unsigned i = 0; i < plan.batch; i++) {
				const double x = draw(&channel[k], &rng);

				sum += x / plan.batch;
				least = fmin(least, x);
			}
			off = k == 0 ? fabs(sum - law.mean_ns) : least - law.least_ns;
			beyond += off > plan.model_ns;
			most = fmax(most, off);
		}
		assert_int_equal(plan.leads, k == 0 ? NOON_STATISTIC_MEAN : NOON_STATISTIC_MINIMUM);
		assert_true(beyond <= 14);
		assert_true(k == 1 || plan.model_ns < 1.3 * most);
	}
	/* A campaign leaves room for what it did not see. */
	for (size_t i = 0; i < 2000; i++)
		rtt[i] = (int64_t)draw(&channel[0], &rng);
	make(&channel[0], 12 * US, 1e-2);
	assert_int_equal(noon_law_of_samples(rtt, 2000, 1.0, &law), NOON_OK);
	conf = plan.conf;
	assert_int_equal(noon_guard_plan_make(&work, &law, &conf, &plan), NOON_OK);
	exact = law.sd_ns * (noon_normal_isf(1e-2 / 15) / sqrt(plan.batch) + 3 / sqrt(2000));
	assert_true(plan.model_ns > 0.97 * exact && plan.model_ns < 1.15 * exact);
}

static void interval_of_the_campaign_is_kept(void **state)
{
	const struct noon_channel c = quiet();
	struct noon_guard_conf conf = noon_guard_conf_default();

	(void)state;
	assert_true(conf.interval_s <= 0.0);
	make(&c, 4 * US, 1e-3);
	conf = plan.conf;
	conf.interval_s = 0.25;
	assert_int_equal(noon_guard_plan_make(&work, &law, &conf, &plan), NOON_OK);
	assert_true(plan.conf.interval_s > 0.24 && plan.conf.interval_s < 0.26);
	conf.interval_s = -1.0;
	assert_int_equal(noon_guard_plan_make(&work, &law, &conf, &plan), NOON_ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mean_leads_where_there_is_no_edge),
		cmocka_unit_test(minimum_leads_where_there_is_one),
		cmocka_unit_test(alarms_falsely_as_seldom_as_demanded),
		cmocka_unit_test(is_silent_for_long),
		cmocka_unit_test(finds_the_shift),
		cmocka_unit_test(finds_a_ramp),
		cmocka_unit_test(a_ramp_is_one_alarm),
		cmocka_unit_test(finds_what_got_shorter),
		cmocka_unit_test(finds_clamping),
		cmocka_unit_test(finds_sparse_holds),
		cmocka_unit_test(counts_losses),
		cmocka_unit_test(ends_after_two_quiet_batches),
		cmocka_unit_test(is_quiet_again_after_an_attack),
		cmocka_unit_test(refuses_impossible_demands),
		cmocka_unit_test(a_measured_law_has_its_room_and_inflation),
		cmocka_unit_test(a_refusal_leaves_the_last_plan_alone),
		cmocka_unit_test(calibrated_loss_is_no_alarm),
		cmocka_unit_test(heavy_tail_does_not_hide_a_shift),
		cmocka_unit_test(minimum_leaves_room_below_the_least_value),
		cmocka_unit_test(model_error_holds_an_honest_batch),
		cmocka_unit_test(interval_of_the_campaign_is_kept),
	};

	return cmocka_run_group_tests_name("estimate/guard", tests, NULL, NULL);
}
