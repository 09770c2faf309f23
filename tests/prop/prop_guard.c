/* SPDX-License-Identifier: Apache-2.0
 *
 * Whole guards keep their promise on paths as networks have them.
 *
 * For each kind of path: campaigns of random paths, assessed and refused as the daemon does; the
 * guards that follow from the good ones watch the same paths go on, honest for long, then shifted
 * by what they promise to find. False alarms per batch stay below twice the promise, over all paths
 * of a kind, but for chance; shifts are found as often as promised, but for twice the misses.
 *
 * use: prop_guard [SEED]; NOON_PATHS is the number of paths of a kind (default 6), NOON_HONEST the
 * values of each (default 60000). A failing kind names its seed; with it as argument all kinds
 * begin there.
 */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "estimate/guard/guard.h"
#include "guard_path.h"

#define SEED	 UINT64_C(7000)
#define CAMPAIGN 30000
#define SHIFT	 4.0 /* standard deviations of the path */
#define P_FA	 1e-3
#define P_D	 0.999
#define TRIES	 300
#define TWICE	 2.0
#define CHANCE	 3.0 /* standard errors */

static struct noon_guard_work work;
static struct noon_law law;
static struct noon_guard_plan plan;
static struct noon_guard guard;
static int64_t rtt[CAMPAIGN];
static uint64_t first_seed = SEED;

struct record {
	double batches, false_alarms;
	double tries, misses;
	unsigned refused;
	uint64_t of[NOON_STATISTICS];
};

static uint64_t number(const char *name, uint64_t usual)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : usual;
}

/* Make a plan as the daemon does; false: the campaign is refused. */
static bool make(struct guard_path *path)
{
	struct noon_guard_conf conf = noon_guard_conf_default();
	struct noon_campaign c;
	size_t needed = 0;

	for (size_t i = 0; i < CAMPAIGN; i++)
		rtt[i] = guard_path_next(path);
	assert_int_equal(noon_law_of_samples(rtt, CAMPAIGN, 1.0, &law), NOON_OK);
	assert_int_equal(noon_campaign_assess(rtt, CAMPAIGN, noon_law_top_ns(&law), &c), NOON_OK);
	conf.shift_ns = SHIFT * fmax(c.sd_ns, 1.0);
	conf.noise_ns = (double)c.granularity_ns / sqrt(12.0);
	conf.p_fa = P_FA;
	conf.p_d = P_D;
	conf.campaign = &c;
	return noon_guard_plan_judged(&work, &law, &conf, &plan, &needed) == NOON_OK &&
	       plan.feasible;
}

static void watch(struct guard_path *path, uint64_t honest, struct record *r)
{
	struct noon_guard_news news;

	noon_guard_init(&guard, &plan);
	for (uint64_t i = 0; i < honest; i++) {
		if (!noon_guard_take(&guard, guard_path_next(path), &news))
			continue;
		r->false_alarms += 1.0;
		r->of[news.alarm[0].statistic]++;
		noon_guard_reset(&guard);
	}
	r->batches += (double)honest / plan.batch;
}

static void attack(struct guard_path *path, struct record *r)
{
	const int64_t shift = (int64_t)ceil(plan.conf.shift_ns);
	struct noon_guard_news news;

	for (unsigned t = 0; t < TRIES; t++) {
		noon_guard_reset(&guard);
		for (unsigned i = 0; i < plan.batch; i++)
			(void)noon_guard_take(&guard, guard_path_next(path) + shift, &news);
		r->misses += guard.active == 0 ? 1.0 : 0.0;
	}
	r->tries += TRIES;
}

/* Whether a count is above what is granted by more than chance. */
static bool is_above(double count, double granted)
{
	return count > granted + CHANCE * sqrt(granted) + CHANCE;
}

static void judge(enum guard_path_kind kind)
{
	const uint64_t paths = number("NOON_PATHS", 6), honest = number("NOON_HONEST", 60000);
	struct record r = {.batches = 0.0};

	for (uint64_t i = 0; i < paths; i++) {
		struct guard_path path = guard_path_of(kind, first_seed + i);

		if (!make(&path)) {
			r.refused++;
			continue;
		}
		watch(&path, honest, &r);
		attack(&path, &r);
	}
	print_message("# %s: P_FA %.2g of %g, P_MD %.2g of %.2g, %u of %" PRIu64
		      " campaigns refused (seed %" PRIu64 ")\n",
		      guard_path_word(kind), r.false_alarms / fmax(r.batches, 1.0), P_FA,
		      r.misses / fmax(r.tries, 1.0), 1.0 - P_D, r.refused, paths, first_seed);
	for (int s = 0; s < NOON_STATISTICS; s++)
		if (r.of[s] > 0)
			print_message("#   %" PRIu64 " by %s\n", r.of[s],
				      noon_statistic_word((enum noon_statistic)s));
	assert_true(r.refused < paths);
	assert_false(is_above(r.false_alarms, TWICE * P_FA * r.batches));
	assert_false(is_above(r.misses, TWICE * (1.0 - P_D) * r.tries));
}

#define KIND(name, upper)                                  \
	static void name##_keeps_the_promise(void **state) \
	{                                                  \
		(void)state;                               \
		judge(GUARD_PATH_##upper);                 \
	}
KIND(normal, NORMAL)
KIND(lognormal, LOGNORMAL)
KIND(pareto, PARETO)
KIND(two_point, TWO_POINT)
KIND(outlier, OUTLIER)
KIND(bounded, BOUNDED)
KIND(quantised, QUANTISED)
KIND(ar1, AR1)
KIND(nugget, NUGGET)
KIND(bursts, BURSTS)

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(normal_keeps_the_promise),
		cmocka_unit_test(lognormal_keeps_the_promise),
		cmocka_unit_test(pareto_keeps_the_promise),
		cmocka_unit_test(two_point_keeps_the_promise),
		cmocka_unit_test(outlier_keeps_the_promise),
		cmocka_unit_test(bounded_keeps_the_promise),
		cmocka_unit_test(quantised_keeps_the_promise),
		cmocka_unit_test(ar1_keeps_the_promise),
		cmocka_unit_test(nugget_keeps_the_promise),
		cmocka_unit_test(bursts_keeps_the_promise),
	};

	if (argc > 1)
		first_seed = strtoull(argv[1], NULL, 10);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
