/* SPDX-License-Identifier: Apache-2.0
 *
 * Oscillators against what is known of each kind of noise: the slope of its Allan deviation.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sim/model/oscillator.h"

#define START ((noon_time){NOON_S(1790000000)})
#define N     65536 /* knots of a series */

static struct noon_osc osc;

static noon_time at_s(double s)
{
	return noon_time_add(START, noon_dur_from_s(s));
}

static void begin(const struct noon_osc_conf *conf, uint64_t seed)
{
	struct noon_osc_conf c = *conf;

	c.step = NOON_NS_PER_SEC;
	noon_osc_init(&osc, &c, START, NOON_S(5), seed);
}

/* Return the Allan deviation at m steps from phases at every step. */
static double adev(const double *x, size_t n, size_t m)
{
	double sum = 0.0;
	size_t k = 0;

	for (size_t i = 0; i + 2 * m < n; i++, k++) {
		const double d = x[i + 2 * m] - 2.0 * x[i + m] + x[i];

		sum += d * d;
	}
	return sqrt(sum / (2.0 * (double)k)) / ((double)m * 1e9);
}

static const double *series(const struct noon_osc_conf *conf, uint64_t seed)
{
	static double x[N];

	begin(conf, seed);
	for (size_t i = 0; i < N; i++)
		x[i] = noon_osc_x(&osc, at_s((double)i));
	return x;
}

static void assert_near(double got, double want, double relative)
{
	if (fabs(got - want) > relative * fabs(want))
		printf("# got %.4g, wanted %.4g\n", got, want);
	assert_true(fabs(got - want) <= relative * fabs(want));
}

static void frequency_error_makes_the_phase_fall(void **state)
{
	(void)state;
	begin(&(struct noon_osc_conf){.frequency = 1e-6}, 1);
	assert_near(noon_osc_x(&osc, at_s(100.5)), -100500.0, 1e-9);
	/* h runs fast: it has gained 100.5 us. */
	assert_int_equal(noon_osc_h(&osc, at_s(100.5)).ns,
			 at_s(100.5).ns - NOON_S(5) + NOON_US(100) + 500);
}

static void white_pm_falls_with_tau(void **state)
{
	const double *x = series(&(struct noon_osc_conf){.white_pm_ns = 2.0}, 2);

	(void)state;
	/* sigma_y = sqrt(3) sigma_x / tau */
	for (size_t m = 1; m <= 64; m *= 8)
		assert_near(adev(x, N, m), sqrt(3.0) * 2e-9 / (double)m, 0.05);
}

static void white_fm_falls_with_root_tau(void **state)
{
	const double *x = series(&(struct noon_osc_conf){.white_fm = 1e-10}, 3);

	(void)state;
	for (size_t m = 1; m <= 256; m *= 16)
		assert_near(adev(x, N, m), 1e-10 / sqrt((double)m), 0.12);
}

static void flicker_fm_is_a_floor(void **state)
{
	const double *x = series(&(struct noon_osc_conf){.flicker_fm = 1e-11}, 4);

	(void)state;
	for (size_t m = 8; m <= 2048; m *= 4)
		assert_near(adev(x, N, m), 1e-11, 0.25);
}

static void random_walk_rises_with_root_tau(void **state)
{
	double sum = 0.0;

	(void)state;
	/* sigma_y = s sqrt(tau / 3) */
	for (uint64_t seed = 1; seed <= 10; seed++)
		sum += adev(series(&(struct noon_osc_conf){.random_walk = 1e-12}, seed), N, 256);
	assert_near(sum / 10.0, 1e-12 * sqrt(256.0 / 3.0), 0.1);
}

static void flicker_pm_falls_almost_with_tau(void **state)
{
	const double *x = series(&(struct noon_osc_conf){.flicker_pm_ns = 1.0}, 5);
	const double slope = log10(adev(x, N, 512) / adev(x, N, 8)) / log10(512.0 / 8.0);

	(void)state;
	assert_true(slope < -0.8 && slope > -1.05);
}

static void ageing_bends_the_phase(void **state)
{
	(void)state;
	begin(&(struct noon_osc_conf){.ageing = 1e-8}, 1);
	/* -a t^2 / 2, a = 1e-8 / day, at a day; asked on the way as clocks are */
	for (int i = 0; i <= 864; i++)
		(void)noon_osc_x(&osc, at_s(100.0 * i));
	assert_near(noon_osc_x(&osc, at_s(86400)), -1e-8 * 86400e9 / 2.0, 1e-4);
}

static void temperature_settles_with_its_time_constant(void **state)
{
	double at_500, at_501;

	(void)state;
	begin(&(struct noon_osc_conf){0}, 1);
	noon_osc_shift(&osc, at_s(0), 1e-6, NOON_S(10));
	/* -by (t - tau (1 - exp(-t / tau))) */
	assert_near(noon_osc_x(&osc, at_s(10)), -1e3 * (10.0 - 10.0 * (1.0 - exp(-1.0))), 1e-9);
	at_500 = noon_osc_x(&osc, at_s(500));
	at_501 = noon_osc_x(&osc, at_s(501));
	assert_near(at_501 - at_500, -1e3, 1e-9);
	noon_osc_shift(&osc, at_s(501), -1e-6, 0);
	/* The step under way is laid already. */
	assert_near(noon_osc_x(&osc, at_s(600)), at_501 - 1e3, 1e-9);
}

static void a_days_sine_is_integrated(void **state)
{
	const struct noon_osc_conf c = {.day = 8e-6, .load_mean = 0};
	double steepest = 0.0, last = 0.0;

	(void)state;
	/* x = -A P / (2 pi) (1 - cos(2 pi t / P)): 8e-6 * 86400 s / pi = 220 ms at half a day */
	begin(&c, 1);
	for (int i = 0; i <= 86400; i += 100) {
		const double x0 = noon_osc_x(&osc, at_s(i)), x1 = noon_osc_x(&osc, at_s(i + 100));
		const double y = (x0 - x1) / 100e9;

		if (i > 0)
			steepest = fmax(steepest, fabs(y - last) / 100.0);
		last = y;
		if (i == 43200)
			assert_near(x0, -8e-6 * 86400e9 / 3.14159265358979, 1e-6);
	}
	assert_near(steepest, 8e-6 * 2.0 * 3.14159265358979 / 86400.0, 1e-3);
	assert_near(osc.most_rate, 8e-6, 1e-6);
	assert_near(osc.least_rate, -8e-6, 1e-6);
}

static void phase_and_period_of_the_sine_can_be_said(void **state)
{
	const struct noon_osc_conf c = {
		.day = 1e-6, .day_period = NOON_S(400), .day_phase = NOON_S(100)};

	(void)state;
	begin(&c, 1);
	/* It begins at the top: x = -A P / (2 pi) sin(2 pi t / P). */
	assert_near(noon_osc_x(&osc, at_s(100)), -1e-6 * 400e9 / 6.283185307179586, 1e-6);
	assert_true(fabs(noon_osc_x(&osc, at_s(400))) < 1e-3);
}

static void regular_loads_alternate(void **state)
{
	const struct noon_osc_conf c = {
		.load = 6e-6, .load_mean = NOON_MS(1500), .load_regular = true};

	(void)state;
	begin(&c, 1);
	/* idle to 1.5 s, busy to 3 s: the whole is laid in knots of 1 s */
	assert_true(fabs(noon_osc_x(&osc, at_s(1))) < 1e-9);
	assert_near(noon_osc_x(&osc, at_s(2)), -3000.0, 1e-9);
	assert_near(noon_osc_x(&osc, at_s(3)), -9000.0, 1e-9);
	assert_near(noon_osc_x(&osc, at_s(4)), -9000.0, 1e-9);
	assert_near(noon_osc_x(&osc, at_s(6)), -18000.0, 1e-9);
}

static void random_loads_are_busy_for_half_of_the_time(void **state)
{
	const struct noon_osc_conf c = {.load = 6e-6, .load_mean = NOON_S(20)};
	const double *x = series(&c, 3);
	size_t changes = 0;

	(void)state;
	assert_near(x[N - 1], -3e-6 * 1e9 * (N - 1), 0.05);
	for (size_t i = 0; i + 1 < N; i++)
		assert_true(x[i] - x[i + 1] > -1e-6 && x[i] - x[i + 1] < 6000.0 + 1e-6);
	/* A step that is neither idle nor busy as a whole has a change in it. */
	for (size_t i = 0; i + 1 < N; i++)
		changes += x[i] - x[i + 1] > 1.0 && x[i] - x[i + 1] < 5999.0;
	assert_in_range(changes, N / 20 * 8 / 10, N / 20 * 11 / 10);
}

/* Loads draw from a stream of their own: the noise beside them stays the same. */
static void terms_that_are_off_change_nothing(void **state)
{
	static double plain[N];
	struct noon_osc_conf c;

	(void)state;
	assert_int_equal(noon_osc_preset("vm", &c), NOON_OK);
	memcpy(plain, series(&c, 4), sizeof(plain));
	c.load = 1e-3;
	c.load_mean = NOON_S(1000000);
	c.load_regular = true;
	assert_memory_equal(series(&c, 4), plain, sizeof(plain));
}

static void a_jump_leaves_the_past_alone(void **state)
{
	(void)state;
	begin(&(struct noon_osc_conf){.frequency = 1e-6}, 1);
	noon_osc_jump(&osc, at_s(100.25), -NOON_S(40));
	assert_near(noon_osc_x(&osc, at_s(100.2)), -100200.0, 1e-9);
	assert_near(noon_osc_x(&osc, at_s(100.25)), 40e9 - 100250.0, 1e-12);
	for (int i = 0; i < 20; i++)
		noon_osc_jump(&osc, at_s(200 + i), NOON_S(1));
	assert_near(noon_osc_x(&osc, at_s(219)), 20e9 - 219000.0, 1e-12);
	assert_near(noon_osc_x(&osc, at_s(217.5)), 22e9 - 217500.0, 1e-12);
}

static void another_oscillator_goes_on_where_the_first_was(void **state)
{
	const struct noon_osc_conf other = {.frequency = -2e-6};
	double at;

	(void)state;
	begin(&(struct noon_osc_conf){.frequency = 1e-6}, 1);
	noon_osc_shift(&osc, at_s(10), 5e-6, 0);
	at = noon_osc_x(&osc, at_s(99.5));
	(void)noon_osc_x(&osc, at_s(150)); /* laid ahead, as alarm clocks do */
	assert_int_equal(noon_osc_knot(&osc, at_s(99.5)).ns, at_s(100).ns);
	assert_int_equal(noon_osc_knot(&osc, at_s(100)).ns, at_s(100).ns);
	noon_osc_replace(&osc, at_s(99.5), &other);
	assert_near(noon_osc_x(&osc, at_s(99.5)), at, 1e-12);
	assert_near(noon_osc_x(&osc, at_s(100.5)) - noon_osc_x(&osc, at_s(100)), 1000.0, 1e-9);
	/* from the knot at 100 s on, without the shift */
	assert_near(noon_osc_x(&osc, at_s(200)), -6000.0 * 100.0 + 5000.0 * 10.0 + 2000.0 * 100.0,
		    1e-2);
	assert_near(noon_osc_x(&osc, at_s(300)) - noon_osc_x(&osc, at_s(200)), 2e5, 1e-9);
}

static void answers_do_not_depend_on_who_asks(void **state)
{
	static struct noon_osc other;
	struct noon_osc_conf conf;

	(void)state;
	assert_int_equal(noon_osc_preset("vm", &conf), NOON_OK);
	begin(&conf, 9);
	conf.step = NOON_NS_PER_SEC;
	noon_osc_init(&other, &conf, START, NOON_S(5), 9);
	for (int i = 0; i < 400; i++)
		(void)noon_osc_x(&other, at_s(i * 0.97));
	for (int i = 0; i < 400; i++) {
		const double mine = noon_osc_x(&osc, at_s(i));

		assert_memory_equal(&mine, &(double){noon_osc_x(&other, at_s(i))}, sizeof(mine));
	}
}

static void time_of_a_reading_is_found(void **state)
{
	struct noon_osc_conf conf;
	struct noon_rng rng = noon_rng_seeded(7);

	(void)state;
	assert_int_equal(noon_osc_preset("vm", &conf), NOON_OK);
	begin(&conf, 11);
	for (int i = 0; i < 1000; i++) {
		const noon_time from = at_s(i);
		const noon_dur ahead = (noon_dur)(60e9 * noon_rng_unit(&rng));
		const noon_time h = noon_time_add(noon_osc_h(&osc, from), ahead);
		const noon_time t = noon_osc_when(&osc, h, from);

		assert_true(noon_osc_h(&osc, t).ns >= h.ns);
		assert_true(noon_osc_h(&osc, noon_time_add(t, -3)).ns < h.ns || t.ns == from.ns);
	}
}

static void a_distant_reading_is_approached(void **state)
{
	noon_time t = START;
	const noon_time h = noon_time_add(START, NOON_S(10000));

	(void)state;
	begin(&(struct noon_osc_conf){.frequency = -1e-4}, 1);
	for (int i = 0; i < 1000 && noon_osc_h(&osc, t).ns < h.ns; i++) {
		const noon_time next = noon_osc_when(&osc, h, t);

		assert_true(next.ns > t.ns);
		t = next;
	}
	assert_in_range((uint64_t)(noon_osc_h(&osc, t).ns - h.ns), 0, 2);
}

static void presets_are_known(void **state)
{
	static const char *const names[] = {"perfect", "tcxo", "ocxo", "rb", "vm"};
	struct noon_osc_conf c;

	(void)state;
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(noon_osc_preset(names[i], &c), NOON_OK);
	assert_int_equal(noon_osc_preset("sundial", &c), NOON_ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frequency_error_makes_the_phase_fall),
		cmocka_unit_test(white_pm_falls_with_tau),
		cmocka_unit_test(white_fm_falls_with_root_tau),
		cmocka_unit_test(flicker_fm_is_a_floor),
		cmocka_unit_test(random_walk_rises_with_root_tau),
		cmocka_unit_test(flicker_pm_falls_almost_with_tau),
		cmocka_unit_test(ageing_bends_the_phase),
		cmocka_unit_test(temperature_settles_with_its_time_constant),
		cmocka_unit_test(a_days_sine_is_integrated),
		cmocka_unit_test(phase_and_period_of_the_sine_can_be_said),
		cmocka_unit_test(regular_loads_alternate),
		cmocka_unit_test(random_loads_are_busy_for_half_of_the_time),
		cmocka_unit_test(terms_that_are_off_change_nothing),
		cmocka_unit_test(a_jump_leaves_the_past_alone),
		cmocka_unit_test(another_oscillator_goes_on_where_the_first_was),
		cmocka_unit_test(answers_do_not_depend_on_who_asks),
		cmocka_unit_test(time_of_a_reading_is_found),
		cmocka_unit_test(a_distant_reading_is_approached),
		cmocka_unit_test(presets_are_known),
	};

	return cmocka_run_group_tests_name("sim/oscillator", tests, NULL, NULL);
}
