/* SPDX-License-Identifier: Apache-2.0
 *
 * Many campaigns whose truth is known, of each kind of service: the hard bound contains it in all
 * of them, U in as many as it promises.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "metrology/budget/calibration.h"

#define CAMPAIGNS 250
#define N	  240
#define SPACING	  NOON_S(1)
#define TRIALS	  0

/** A kind of service behind a kind of path. */
struct kind {
	const char *name;
	bool two_way;
	noon_dur resolution; /**< of stamps; 0: of two-way */
	double way_s;	     /**< least one-way delay, s */
	double queue_s;	     /**< mean of what comes on top, exponential, each way */
	double asymmetry;    /**< of the least delays: up / (up + down); < 0: another each time */
	bool flicker;	     /**< the clock wanders */
	double at_least;     /**< of the campaigns are covered by U */
};

struct truth {
	noon_time start;
	noon_dur x0;
	double rate;
	double wander; /* of the clock under test, s, at this moment */
	double asymmetry;
};

static double x_at(const struct truth *w, noon_time t)
{
	return noon_dur_to_s(w->x0) + w->rate * noon_dur_to_s(noon_time_diff(t, w->start)) +
	       w->wander;
}

static noon_time server_time(const struct truth *w, noon_time t)
{
	return noon_time_add(t, noon_dur_from_s(x_at(w, t)));
}

static struct noon_stamped ask(const struct kind *k, const struct truth *w, struct noon_rng *rng,
			       noon_time at)
{
	const double up = 2 * k->way_s * w->asymmetry + k->queue_s * noon_rng_exp(rng);
	const double down = 2 * k->way_s * (1 - w->asymmetry) + k->queue_s * noon_rng_exp(rng);
	const noon_time came = noon_time_add(at, noon_dur_from_s(up));
	const noon_time left = noon_time_add(came, NOON_US(20));
	const noon_time stamp = server_time(w, came);
	struct noon_stamped s = {.tq = at};

	s.tr = noon_time_add(left, noon_dur_from_s(down));
	if (k->two_way) {
		s.last = noon_time_add(stamp, 1);
		s.first = noon_time_add(server_time(w, left), -1);
		return s;
	}
	s.first.ns = stamp.ns / k->resolution * k->resolution;
	s.last = noon_time_add(s.first, k->resolution);
	return s;
}

/* One campaign. @return truth - estimate, s, and what was promised */
static double one(const struct kind *k, uint64_t seed, struct noon_calibration *c)
{
	static struct noon_calibration_sample sample[N];
	static struct noon_stamped hull[N];
	static double scratch[NOON_CALIBRATION_SCRATCH(N, TRIALS)];
	static size_t place[2 * N];
	struct noon_rng rng = noon_rng_seeded(seed);
	const struct noon_calibration_conf conf = {
		.two_way = k->two_way, .max_rate = 100e-6, .wander = 1e-6};
	struct truth w = {.start = {NOON_S(1796000000)},
			  .rate = 50e-6 * (noon_rng_unit(&rng) - 0.5)};
	double x_middle = 0;

	w.x0 = noon_dur_from_s(4 * noon_rng_unit(&rng) - 2);
	w.asymmetry = k->asymmetry < 0 ? noon_rng_unit(&rng) : k->asymmetry;
	for (size_t i = 0; i < N; i++) {
		noon_time at = noon_time_add(w.start, (noon_dur)i * SPACING);

		at = noon_time_add(at, (noon_dur)(noon_rng_unit(&rng) * 0.9e9));
		if (k->flicker) /* within the wander of 1e-6 that is declared */
			w.wander = 30e-6 * sin((double)i / 47);
		sample[i] = (struct noon_calibration_sample){
			.s = ask(k, &w, &rng, at), .bound = NOON_US(5), .stamp_err = 2};
		if (i == N / 2)
			x_middle = w.wander;
	}
	assert_int_equal(noon_calibrate(sample, N, &conf, scratch, place, hull, c), NOON_OK);
	w.wander = x_middle;
	return x_at(&w, c->epoch) - c->x;
}

static void covers(const struct kind *k)
{
	size_t covered = 0;
	double width = 0;
	double U = 0;

	for (uint64_t seed = 1; seed <= CAMPAIGNS; seed++) {
		struct noon_calibration c;
		const double off = one(k, seed, &c);
		const double x = c.x + off;

		assert_false(c.bound.empty);
		if (x < noon_dur_to_s(c.bound.lower) - 1e-6 ||
		    x > noon_dur_to_s(c.bound.upper) + 1e-6) {
			print_message("# %s: seed %d: x %.9f not in [%.9f, %.9f]\n", k->name,
				      (int)seed, x, noon_dur_to_s(c.bound.lower),
				      noon_dur_to_s(c.bound.upper));
			fail();
		}
		covered += fabs(off) <= c.u.U;
		width += noon_dur_to_s(c.bound.upper - c.bound.lower) / CAMPAIGNS;
		U += c.u.U / CAMPAIGNS;
	}
	print_message("# %-28s U covers %3d of %d, mean U %.6f s, mean bound +-%.6f s\n", k->name,
		      (int)covered, CAMPAIGNS, U, width / 2);
	assert_true((double)covered >= k->at_least * CAMPAIGNS);
}

static void two_way(void **state)
{
	static const struct kind kinds[] = {
		{"two-way, symmetric", true, 0, 0.4e-3, 0.1e-3, 0.5, false, 0.95},
		{"two-way, any asymmetry", true, 0, 10e-3, 1e-3, -1, false, 0.95},
		{"two-way, all on one way", true, 0, 10e-3, 1e-3, 1.0, false, 0.95},
		{"two-way, wandering clock", true, 0, 0.1e-3, 0.05e-3, -1, true, 0.95},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		covers(&kinds[i]);
}

static void stamped(void **state)
{
	static const struct kind kinds[] = {
		{"stamps of 1 s", false, NOON_S(1), 5e-3, 2e-3, -1, false, 0.95},
		{"stamps of 1 s, one way", false, NOON_S(1), 5e-3, 2e-3, 1.0, false, 0.95},
		{"stamps of 1 s, wandering", false, NOON_S(1), 1e-3, 1e-3, -1, true, 0.95},
		{"stamps of 1 ms", false, NOON_MS(1), 1e-3, 0.5e-3, -1, false, 0.95},
		{"stamps of 1 us", false, NOON_US(1), 1e-3, 0.5e-3, -1, false, 0.95},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		covers(&kinds[i]);
}

/* What is known of the path is taken off, and what is not known is all that is left of U. */
static void uses_the_path(void **state)
{
	static const struct kind k = {"path known", true, 0, 10e-3, 10e-6, 0.8, false, 0.95};
	const struct noon_path_minima path = {NOON_US(15900), NOON_US(3900), NOON_US(6000)};
	struct noon_calibration_sample s[40];
	struct noon_stamped hull[40];
	double scratch[NOON_CALIBRATION_SCRATCH(40, 0)];
	size_t place[80];
	struct noon_rng rng = noon_rng_seeded(3);
	const struct truth w = {.start = {NOON_S(1796000000)}, .x0 = NOON_MS(3), .asymmetry = 0.8};
	struct noon_calibration_conf conf = {.two_way = true, .max_rate = 1e-6};
	struct noon_calibration c;

	(void)state;
	for (size_t i = 0; i < 40; i++)
		s[i] = (struct noon_calibration_sample){
			.s = ask(&k, &w, &rng, noon_time_add(w.start, (noon_dur)i * SPACING))};
	assert_int_equal(noon_calibrate(s, 40, &conf, scratch, place, hull, &c), NOON_OK);
	assert_true(fabs(c.x - 9e-3) < 1e-4);
	assert_true(c.u.U > 10e-3);
	conf.path = path;
	assert_int_equal(noon_calibrate(s, 40, &conf, scratch, place, hull, &c), NOON_OK);
	assert_true(fabs(c.x - 3e-3) < 1e-4);
	assert_true(c.u.U < 0.3e-3 && fabs(c.x - 3e-3) <= c.u.U);
	assert_true(c.bound.lower <= NOON_MS(3) && c.bound.upper >= NOON_MS(3));
	assert_true(c.bound.upper - c.bound.lower < NOON_US(400));
}

/* A server that was set in the middle of the campaign: the bound says so. */
static void sees_a_step(void **state)
{
	static const struct kind k = {"step", false, NOON_S(1), 1e-3, 1e-3, 0.5, false, 1};
	struct noon_calibration_sample s[120];
	struct noon_stamped hull[120];
	double scratch[NOON_CALIBRATION_SCRATCH(120, 0)];
	size_t place[240];
	struct noon_rng rng = noon_rng_seeded(4);
	struct truth w = {.start = {NOON_S(1796000000)}, .asymmetry = 0.5};
	const struct noon_calibration_conf conf = {.max_rate = 100e-6, .wander = 1e-6};
	struct noon_calibration c;

	(void)state;
	for (size_t i = 0; i < 120; i++) {
		noon_time at = noon_time_add(w.start, (noon_dur)i * SPACING);

		at = noon_time_add(at, (noon_dur)(noon_rng_unit(&rng) * 0.9e9));
		w.x0 = i < 60 ? 0 : NOON_MS(500);
		s[i] = (struct noon_calibration_sample){.s = ask(&k, &w, &rng, at)};
	}
	assert_int_equal(noon_calibrate(s, 120, &conf, scratch, place, hull, &c), NOON_OK);
	assert_true(c.bound.empty);
	assert_true(c.bound.against_n >= 2);
	assert_true(isinf(c.u.u_c));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_way),
		cmocka_unit_test(stamped),
		cmocka_unit_test(uses_the_path),
		cmocka_unit_test(sees_a_step),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
