/* SPDX-License-Identifier: Apache-2.0
 *
 * How soon a guard finds the attacks of the list, on two paths: ten routers each way as in the
 * paper, and a heavy tail as the Internet has it. Each guard follows from a campaign of the path;
 * each attack is found within its limit, on average over the runs, and in all of them. The figures
 * are printed: mean and most.
 *
 * use: prop_attack [SEED]; NOON_RUNS is the number of runs of an attack (default 25).
 */
#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "estimate/guard/guard.h"
#include "guard_path.h"

#define SEED	   UINT64_C(4242)
#define RUNS_USUAL 25
#define LEAD	   500	 /* honest values before an attack */
#define LONGEST	   20000 /* values until it has to be found */

static struct noon_guard_work work;
static struct noon_law law;
static struct noon_guard_plan plan;
static struct noon_guard guard;
static struct noon_rng rng;
static int64_t rtt[40000];

enum way { CONSTANT, RAMP, JITTER, ON_OFF, SPARSE, CLAMP, KNOWING };

struct attack {
	const char *name;
	enum way way;
	double size; /* us; of RAMP us for each value */
	double mean_most;
};

/* A round trip of the paper's channel, ns. */
static double routers(void)
{
	double sum = 1e6;

	for (int i = 0; i < 20; i++)
		sum += noon_rng_unit(&rng) < 0.35 ? 0.0 : 12336.0 * noon_rng_unit(&rng);
	return sum;
}

/* 20 ms and a Pareto tail: one of 700 is above a millisecond. */
static double internet(void)
{
	return 20e6 + 50e3 * (pow(1.0 - noon_rng_unit(&rng), -1.0 / 2.2) - 1.0);
}

static double attacked(const struct attack *a, double x, uint64_t i)
{
	const double size = a->size * 1e3;

	switch (a->way) {
	case CONSTANT:
		return x + size;
	case RAMP:
		return x + size * (double)i;
	case JITTER: /* the mean stays: as often less as more, which who knows the least can do */
		return x + (noon_rng_unit(&rng) < 0.5 ? size : -size);
	case ON_OFF:
		return x + (i / 50 % 2 == 0 ? size : 0.0);
	case SPARSE:
		return x + (noon_rng_unit(&rng) < 0.02 ? size : 0.0);
	case CLAMP:
		return fmax(x, size);
	case KNOWING: /* below what the smallest reference looks for */
		return x + size;
	}
	return x;
}

/* Make the guard of a path. */
static void calibrate(double (*draw)(void), size_t n, double shift_us)
{
	struct noon_guard_conf conf = noon_guard_conf_default();
	struct noon_campaign c;
	size_t needed;

	for (size_t i = 0; i < n; i++)
		rtt[i] = (int64_t)draw();
	assert_int_equal(noon_law_of_samples(rtt, n, 1.0, &law), NOON_OK);
	assert_int_equal(noon_campaign_assess(rtt, n, noon_law_top_ns(&law), &c), NOON_OK);
	conf.shift_ns = shift_us * 1e3;
	conf.campaign = &c;
	assert_int_equal(noon_guard_plan_judged(&work, &law, &conf, &plan, &needed), NOON_OK);
}

/* Return the values until the first alarm, 0: none. */
static uint64_t find(double (*draw)(void), const struct attack *a, enum noon_statistic *ret_by)
{
	struct noon_guard_news news;

	noon_guard_init(&guard, &plan);
	for (uint64_t i = 0; i < LEAD; i++)
		assert_false(noon_guard_take(&guard, (noon_dur)draw(), &news));
	for (uint64_t i = 0; i < LONGEST; i++) {
		if (!noon_guard_take(&guard, (noon_dur)attacked(a, draw(), i), &news))
			continue;
		*ret_by = news.alarm[0].statistic;
		return i + 1;
	}
	return 0;
}

static void try_attack(double (*draw)(void), const struct attack *a)
{
	const char *text = getenv("NOON_RUNS");
	const uint64_t runs = text != NULL ? strtoull(text, NULL, 10) : RUNS_USUAL;
	uint64_t by[NOON_STATISTICS] = {0};
	double sum = 0.0, most = 0.0;
	unsigned leads = 0;

	for (uint64_t i = 0; i < runs; i++) {
		enum noon_statistic s = NOON_STATISTIC_LOSS;
		const uint64_t n = find(draw, a, &s);

		if (n == 0)
			fail_msg("%s: not found within %d values", a->name, LONGEST);
		by[s]++;
		sum += (double)n;
		most = fmax(most, (double)n);
	}
	for (unsigned s = 0; s < NOON_STATISTICS; s++)
		leads = by[s] > by[leads] ? s : leads;
	print_message("# %-34s mean %8.1f, most %6.0f, mostly by %s\n", a->name, sum / (double)runs,
		      most, noon_statistic_word((enum noon_statistic)leads));
	assert_true(sum / (double)runs <= a->mean_most);
}

static void behind_ten_routers(void **state)
{
	static const struct attack list[] = {
		{"constant 10 us", CONSTANT, 10.0, 170.0},
		{"constant 20 us", CONSTANT, 20.0, 60.0},
		{"ramp of 10 ns a value", RAMP, 0.01, 900.0},
		{"jitter of 20 us, mean kept", JITTER, 20.0, 420.0},
		{"50 on, 50 off, 20 us", ON_OFF, 20.0, 90.0},
		{"one in 50 by 200 us", SPARSE, 200.0, 400.0},
		{"clamped to the middle", CLAMP, 1080.0, 350.0},
		{"knowing: 5 us", KNOWING, 5.0, 1500.0},
	};

	(void)state;
	calibrate(routers, 40000, 10.0);
	print_message("# ten routers, shift 10 us: batch %u, %s leads\n", plan.batch,
		      noon_statistic_word(plan.leads));
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		try_attack(routers, &list[i]);
}

static void with_a_heavy_tail(void **state)
{
	static const struct attack list[] = {
		{"constant 200 us", CONSTANT, 200.0, 9.0},
		{"ramp of 1 us a value", RAMP, 1.0, 120.0},
		{"50 on, 50 off, 200 us", ON_OFF, 200.0, 9.0},
		{"one in 50 by 50 ms", SPARSE, 50000.0, 700.0},
		{"clamped to 20.05 ms", CLAMP, 20050.0, 200.0},
		{"knowing: 50 us", KNOWING, 50.0, 120.0},
	};

	(void)state;
	calibrate(internet, 10800, 200.0);
	print_message("# a heavy tail, shift 200 us: batch %u, %s leads\n", plan.batch,
		      noon_statistic_word(plan.leads));
	for (size_t i = 0; i < sizeof(list) / sizeof(list[0]); i++)
		try_attack(internet, &list[i]);
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(behind_ten_routers),
		cmocka_unit_test(with_a_heavy_tail),
	};

	rng = noon_rng_seeded(argc > 1 ? strtoull(argv[1], NULL, 10) : SEED);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
