/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "engine/clock/bound.h"

/* Theta in [1000, 3000] at 0, rate in [-1e-6, 3e-6] until 1000 s. */
static const struct noon_cert cert = {
	.theta = {1000, 3000},
	.rate = {-1e-6, 3e-6},
	.holdover = {0.0, 2e-6},
	.holdover_from = {INT64_MAX},
	.rate_until = {NOON_S(1000)},
	.rate_max = 500e-6,
	.lo = {.drift = 100, .server_err = 200, .stamp_err = 50},
	.hi = {.drift = 300, .server_err = 200, .stamp_err = 50},
};

static struct noon_reading at(const struct noon_line *line, noon_dur h)
{
	struct noon_reading r = {.h = {h}};

	noon_bound_at(&cert, line, &r);
	return r;
}

static void bound_is_the_farther_end(void **state)
{
	const struct noon_line line = {.corr0 = 1500};
	const struct noon_reading r = at(&line, 0);

	(void)state;
	assert_int_equal(r.corr, 1500);
	assert_int_equal(r.lower, -500);
	assert_int_equal(r.upper, 1500);
	assert_int_equal(r.bound, 1500);
	assert_int_equal(r.terms.slewing, 500);
	assert_int_equal(r.terms.drift, 200);
	assert_int_equal(r.terms.server, 200);
	assert_int_equal(r.terms.quantisation, 50);
	assert_int_equal(r.terms.path, 550);
}

static void bound_is_true_for_a_clock_outside(void **state)
{
	const struct noon_line line = {.corr0 = 9000};
	const struct noon_reading r = at(&line, 0);

	(void)state;
	assert_int_equal(r.upper, -6000);
	assert_int_equal(r.lower, -8000);
	assert_int_equal(r.bound, 8000);
}

static void terms_sum_up_at_any_time(void **state)
{
	const struct noon_line line = {
		.corr0 = 1500, .rate = 1e-6, .slew = 1e-7, .slew_end = {NOON_S(3)}};

	(void)state;
	for (noon_dur h = 0; h < NOON_S(2000); h += NOON_MS(77777)) {
		const struct noon_reading r = at(&line, h);
		const struct noon_terms *t = &r.terms;
		const noon_dur sum = t->path + t->drift + t->server + t->quantisation + t->slewing;

		assert_true(sum - r.bound <= 8 && r.bound - sum <= 8);
		assert_true(t->path >= 0 && t->drift >= 0 && t->slewing >= 0);
	}
}

static void growth_is_never_faster_than_stated(void **state)
{
	const struct noon_line line = {
		.corr0 = 1500, .rate = 1e-6, .slew = -4e-6, .slew_end = {NOON_S(30)}};
	const struct noon_reading r = at(&line, NOON_S(1));

	(void)state;
	for (noon_dur h = NOON_S(1); h < r.rates_until.ns; h += NOON_MS(777)) {
		const noon_dur grown = noon_dur_scale_out(h - NOON_S(1), r.rate_bound);

		assert_true(noon_bound_value(&cert, &line, (noon_time){h}) <= r.bound + grown + 4);
	}
}

static void end_of_the_limit_is_found(void **state)
{
	/* Straight: upper end 1500 ns and growing 3e-6 - 1e-6. */
	const struct noon_line line = {.corr0 = 1500, .rate = 1e-6};
	/* Slewing towards the upper end first, the lower end is what grows. */
	const struct noon_line slewing = {
		.corr0 = 1500, .rate = 1e-6, .slew = 1e-6, .slew_end = {NOON_S(2)}};
	const noon_time now = {0};

	(void)state;
	assert_in_range(noon_bound_until(&cert, &line, now, 3500).ns, NOON_S(1) - NOON_US(4000),
			NOON_S(1));
	assert_int_equal(noon_bound_until(&cert, &line, now, 1499).ns, 0);
	assert_int_equal(noon_bound_until(&cert, &line, now, NOON_S(1)).ns, cert.rate_until.ns);
	for (noon_dur limit = 1600; limit < 20000; limit += 333) {
		const noon_time t = noon_bound_until(&cert, &slewing, now, limit);

		assert_true(noon_bound_value(&cert, &slewing, t) <= limit);
		assert_true(noon_bound_value(&cert, &slewing, noon_time_add(t, NOON_MS(5))) >
			    limit);
	}
}

/* An exchange is overdue at 100 s: from there on the rates are those of the long run. */
static void bends_where_an_exchange_is_overdue(void **state)
{
	const struct noon_line line = {.h0 = {0}, .slew_end = {0}};
	struct noon_cert c = cert;
	struct noon_reading r = {.h = {NOON_S(50)}};
	noon_time until;

	(void)state;
	c.holdover_from = (noon_time){NOON_S(100)};
	assert_int_equal(noon_cert_at(&c, (noon_time){NOON_S(100)}).hi, 303001);
	assert_in_range(noon_cert_at(&c, (noon_time){NOON_S(200)}).hi, 503000, 503004);
	assert_int_equal(noon_cert_at(&c, (noon_time){NOON_S(200)}).lo,
			 noon_cert_at(&c, (noon_time){NOON_S(100)}).lo);
	/* After the certified rates only the largest one is left. */
	assert_in_range(noon_cert_at(&c, (noon_time){NOON_S(1001)}).hi, 2603000, 2603010);
	noon_bound_at(&c, &line, &r);
	assert_true(r.upper_rate > 2.9e-6);
	assert_int_equal(r.rates_drop_at.ns, NOON_S(100));
	assert_int_equal(r.rates_until.ns, NOON_S(1000));
	r.h.ns = NOON_S(100);
	noon_bound_at(&c, &line, &r);
	assert_true(r.upper_rate < 2.1e-6);
	assert_true(noon_time_is_never(r.rates_drop_at));
	/* 3 us + 300 us until 100 s, 2e-6 after it: 503 us at 200 s. */
	until = noon_bound_until(&c, &line, (noon_time){0}, 503000);
	assert_in_range(until.ns, NOON_MS(199990), NOON_S(200));
	until = noon_bound_until(&c, &line, (noon_time){NOON_S(150)}, 503000);
	assert_in_range(until.ns, NOON_MS(199990), NOON_S(200));
	assert_int_equal(noon_bound_until(&c, &line, (noon_time){0}, NOON_MS(5)).ns, NOON_S(1000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bends_where_an_exchange_is_overdue),
		cmocka_unit_test(bound_is_the_farther_end),
		cmocka_unit_test(bound_is_true_for_a_clock_outside),
		cmocka_unit_test(terms_sum_up_at_any_time),
		cmocka_unit_test(growth_is_never_faster_than_stated),
		cmocka_unit_test(end_of_the_limit_is_found),
	};

	return cmocka_run_group_tests_name("engine/bound", tests, NULL, NULL);
}
