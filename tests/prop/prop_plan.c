/* SPDX-License-Identifier: Apache-2.0
 *
 * What a plan says, tried: each change it names is enough and a little less is not, and a CUSUM it
 * calls feasible finds its share of attacks, whenever they begin.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/rng.h"
#include "estimate/guard/plan.h"

#define NS_PER_KM 3335.6 /* of light */
#define FIBRE	  1.468
#define SEED	  1710
#define TABLE	  65536
#define SAMPLES	  4000

struct deployment {
	const char *name;
	double limit_us, period_s, clock_ppm, rate_hz;
	double p_d, p_fa;
	double km, tolerance_m; /* of fibre that nothing undercuts but light */
	double stamp_us;
	struct noon_channel channel;
	int midpoint, measured;
	double inflation;
};

/* Each is not feasible in at least one way. */
static const struct deployment deployments[] = {
	{"lan", 13, 1, 0.05, 100, 0.999, 1e-6, 0.1, 0, 1, {10, 0.35, 1542, 1e9, 0}, 0, 0, 1},
	{"lan, midpoint",
	 9,
	 1,
	 0.05,
	 50,
	 0.999,
	 1e-6,
	 0.1,
	 0,
	 1,
	 {10, 0.35, 1542, 1e9, 0},
	 1,
	 0,
	 1},
	{"one switch", 4, 1, 1, 4, 0.999, 1e-6, 0.3, 0, 0.1, {1, 0.7, 1542, 1e9, 0}, 0, 0, 1},
	{"two switches", 6, 2, 0.05, 2, 0.99, 1e-4, 1, 5, 0.5, {2, 0.9, 1542, 1e9, 0}, 1, 0, 1},
	{"100 Mbit/s", 90, 4, 1, 4, 0.999, 1e-3, 2, 0, 2, {3, 0.5, 1542, 1e8, 0}, 0, 0, 1},
	{"metro", 40, 16, 0.001, 2, 0.99, 1e-3, 20, 10, 1, {5, 0.5, 1542, 1e9, 0}, 0, 0, 1},
	{"metro, midpoint", 52, 16, 0.05, 1, 0.99, 1e-6, 30, 0, 1, {5, 0.5, 1542, 1e9, 0}, 1, 0, 1},
	{"wan", 665, 16, 1, 1, 0.99, 1e-3, 400, 0, 5, {20, 0.3, 1542, 1e9, 0}, 0, 0, 1},
	{"machine", 200, 4, 50, 1, 0.9, 1e-2, 1, 0, 10, {4, 0.5, 1542, 1e8, 0}, 1, 0, 1},
	{"stamps", 12, 1, 0.05, 40, 0.999, 1e-6, 0.1, 0, 8, {2, 0.5, 1542, 1e9, 0}, 0, 0, 1},
	{"rare misses",
	 30,
	 1,
	 0.05,
	 20,
	 1 - 1e-12,
	 1e-9,
	 0.1,
	 0,
	 1,
	 {10, 0.35, 1542, 1e9, 0},
	 0,
	 0,
	 1},
	{"correlated", 7, 4, 0.05, 4, 0.99, 1e-3, 0.5, 0, 1, {2, 0.6, 1542, 1e9, 0}, 1, 1, 3},
	{"calibrated", 20, 1, 0.05, 12, 0.999, 1e-6, 0.1, 0, 1, {10, 0.35, 1542, 1e9, 0}, 0, 1, 1},
};
#define DEPLOYMENTS (sizeof(deployments) / sizeof(deployments[0]))

static struct noon_plan_work work;
static struct noon_law law, measured;
static double cell[TABLE]; /* of the round trip with that part of the mass */
static int64_t samples[SAMPLES];

static void make_table(void)
{
	double sum = law.p[0];
	size_t k = 0;

	for (size_t i = 0; i < TABLE; i++) {
		while (k + 1 < law.n && sum < ((double)i + 0.5) / TABLE)
			sum += law.p[++k];
		cell[i] = law.x0_ns + law.step_ns * (double)k;
	}
}

static double draw(struct noon_rng *rng)
{
	return cell[noon_rng_u64(rng) % TABLE];
}

static struct noon_plan_conf conf_of(const struct deployment *d)
{
	struct noon_plan_conf c = {
		.limit_ns = d->limit_us * 1e3,
		.period_s = d->period_s,
		.clock = d->clock_ppm * 1e-6,
		.server_ns = 500.0,
		.stamp_ns = d->stamp_us * 1e3,
		.rate_hz = d->rate_hz,
		.p_d = d->p_d,
		.p_fa = d->p_fa,
		.midpoint = d->midpoint != 0,
		.path_err_ns = d->tolerance_m * 1e-3 * NS_PER_KM * FIBRE,
		.fastest_ns = d->km * NS_PER_KM,
		.channel = d->channel,
		.inflation = d->inflation,
	};
	struct noon_rng rng = noon_rng_seeded(SEED);

	for (int i = 0; i < 2; i++) {
		c.minimum_ns[i] = d->km * NS_PER_KM;
		c.propagation_ns[i] = d->km * NS_PER_KM * FIBRE;
	}
	if (d->measured == 0)
		return c;
	c.channel.fixed_ns = 2.0 * c.propagation_ns[0];
	assert_int_equal(noon_law_of_channel(&c.channel, &law), NOON_OK);
	make_table();
	for (size_t i = 0; i < SAMPLES; i++)
		samples[i] = (int64_t)draw(&rng);
	assert_int_equal(noon_law_of_samples(samples, SAMPLES, 1.0, &measured), NOON_OK);
	c.law = &measured;
	return c;
}

static bool is_feasible(const struct noon_plan_conf *c, enum noon_plan_way way,
			enum noon_plan_param param, double value)
{
	struct noon_plan_conf changed = *c;
	struct noon_plan_verdict v;

	noon_plan_set(&changed, param, value);
	assert_int_equal(noon_plan_check(&changed), NOON_OK);
	noon_plan_judge(&work, &changed, way, &v);
	return v.feasible;
}

/* Return a value that is a little less of a change: 2 % of it, one router, or one round trip. */
static double little_less(const struct noon_plan_conf *c, enum noon_plan_param param, double value)
{
	const double from = noon_plan_get(c, param);
	const double less = value + 0.02 * (from - value);

	if (param == NOON_PLAN_ROUTERS)
		return value + 1.0;
	if (param == NOON_PLAN_RATE)
		return fmin(less, (floor(value * c->period_s * (1 + 1e-9)) - 1.0) / c->period_s);
	if (param == NOON_PLAN_PERIOD && value > from)
		return fmin(less, (floor(value * c->rate_hz * (1 + 1e-9)) - 1.0) / c->rate_hz);
	return less;
}

static void every_change_that_is_named_is_enough_and_the_smallest(void **state)
{
	unsigned named = 0, ways = 0;

	(void)state;
	for (size_t i = 0; i < DEPLOYMENTS; i++) {
		const struct noon_plan_conf c = conf_of(&deployments[i]);
		const unsigned before = ways;

		assert_int_equal(noon_plan_check(&c), NOON_OK);
		for (int k = 0; k < NOON_PLAN_WAYS * NOON_PLAN_PARAMS; k++) {
			const enum noon_plan_way way = (enum noon_plan_way)(k / NOON_PLAN_PARAMS);
			const enum noon_plan_param param =
				(enum noon_plan_param)(k % NOON_PLAN_PARAMS);
			double value;

			if (param == 0 && is_feasible(&c, way, param, noon_plan_get(&c, param))) {
				k += NOON_PLAN_PARAMS - 1;
				continue;
			}
			/* They take most of the time. */
			if (way == NOON_PLAN_CUSUM && i % 2 == 1)
				break;
			ways += param == 0;
			if (noon_plan_change(&work, &c, way, param, &value))
				continue;
			named++;
			if (is_feasible(&c, way, param, value) &&
			    !is_feasible(&c, way, param, little_less(&c, param, value)))
				continue;
			print_message("# %s: way %d, parameter %d from %.12g to %.12g\n",
				      deployments[i].name, (int)way, (int)param,
				      noon_plan_get(&c, param), value);
			assert_true(false);
		}
		if (ways == before)
			print_message("# %s is feasible\n", deployments[i].name);
		assert_true(ways > before);
	}
	print_message("# %u ways of %zu deployments are not feasible, %u changes help\n", ways,
		      DEPLOYMENTS, named);
	assert_true(named > 5 * ways);
}

/* Return the share of attacks that the CUSUM of `work` finds within n round trips. They begin while
 * S is stationary: after `before` round trips without an alarm. */
static double share_found(const struct noon_plan_verdict *v, unsigned before, unsigned runs,
			  struct noon_rng *rng)
{
	const struct noon_cusum *c = &work.cusum;
	unsigned found = 0;

	for (unsigned i = 0; i < runs; i++) {
		double s = 0.0;

		for (unsigned k = 0; k < before; k++) {
			s = noon_cusum_step(c, s, draw(rng));
			s = s > c->h ? 0.0 : s;
		}
		for (unsigned n = 0; n < (unsigned)v->need && s <= c->h; n++)
			s = noon_cusum_step(c, s, draw(rng) + v->delta_ns);
		found += s > c->h;
	}
	return (double)found / runs;
}

static void a_feasible_cusum_finds_its_share_of_attacks(void **state)
{
	static const double shares[] = {0.9, 0.99};
	struct noon_rng rng = noon_rng_seeded(SEED);
	unsigned tried = 0;

	(void)state;
	print_message("# seed %d\n", SEED);
	for (size_t i = 0; i < DEPLOYMENTS; i++) {
		struct noon_plan_conf c = conf_of(&deployments[i]);
		const double p = shares[i % 2];
		const unsigned runs = p < 0.95 ? 4000 : 10000;
		struct noon_plan_verdict v;
		double rate, found;

		c.p_d = p;
		if (c.law != NULL || c.inflation > 1.0)
			continue;
		if (noon_plan_change(&work, &c, NOON_PLAN_CUSUM, NOON_PLAN_RATE, &rate) == NOON_OK)
			c.rate_hz = rate;
		noon_plan_judge(&work, &c, NOON_PLAN_CUSUM, &v);
		if (!v.feasible || v.need > 500.0)
			continue;
		law = work.law;
		make_table();
		found = share_found(&v, (unsigned)v.need, runs, &rng);
		print_message("# %s: %.4f found within %.0f, %g demanded\n", deployments[i].name,
			      found, v.need, p);
		assert_true(found > p - 3.0 * sqrt(p * (1.0 - p) / runs));
		tried++;
	}
	assert_true(tried >= 5);
}

/* The case that an average delay called feasible: 30 % of the attacks were found too late. */
static void an_average_delay_is_not_enough(void **state)
{
	struct noon_plan_conf c = conf_of(&deployments[0]);
	struct noon_plan_verdict v;
	struct noon_rng rng = noon_rng_seeded(SEED + 1);
	double found;

	(void)state;
	noon_plan_judge(&work, &c, NOON_PLAN_CUSUM, &v);
	assert_false(v.feasible);
	assert_true(work.cusum.add < v.have && v.need > 2.0 * v.have);
	law = work.law;
	make_table();
	v.need = v.have;
	found = share_found(&v, 200, 4000, &rng);
	print_message("# seed %d: %.3f found within %.0f\n", SEED + 1, found, v.have);
	assert_true(found < 0.85);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_change_that_is_named_is_enough_and_the_smallest),
		cmocka_unit_test(a_feasible_cusum_finds_its_share_of_attacks),
		cmocka_unit_test(an_average_delay_is_not_enough),
	};

	return cmocka_run_group_tests_name("prop/plan", tests, NULL, NULL);
}
