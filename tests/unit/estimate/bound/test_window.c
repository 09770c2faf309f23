/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "estimate/bound/window.h"

static struct noon_window w;

static struct noon_exchange exchange(noon_dur at, noon_dur lo, noon_dur hi)
{
	return (struct noon_exchange){
		.lo = {.h = {at + 10}, .theta = lo},
		.hi = {.h = {at}, .theta = hi},
	};
}

static void keeps_edges_in_order_of_time(void **state)
{
	const struct noon_exchange x[] = {exchange(300, -1, 1), exchange(100, -2, 2),
					  exchange(200, -3, 3)};

	(void)state;
	noon_window_clear(&w);
	for (size_t i = 0; i < 3; i++)
		noon_window_add(&w, &x[i], 0.0);
	assert_int_equal(w.lo.n, 3);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(w.hi.e[i].h.ns, 100 * (i + 1));
		assert_int_equal(w.lo.e[i].h.ns, 100 * (i + 1) + 10);
	}
}

static void full_window_keeps_the_tight_the_new_and_the_old(void **state)
{
	const noon_dur tight = 500 * NOON_NS_PER_SEC;

	(void)state;
	noon_window_clear(&w);
	for (noon_dur t = 0; t < NOON_S(1000); t += NOON_S(1)) {
		const noon_dur half = t == tight ? 10 : 1000;
		const struct noon_exchange x = exchange(t, -half, half);

		noon_window_add(&w, &x, 0.0);
		assert_true(w.lo.n <= NOON_WINDOW_MAX && w.hi.n <= NOON_WINDOW_MAX);
	}
	assert_int_equal(w.lo.n, NOON_WINDOW_MAX);
	assert_int_equal(w.lo.e[NOON_WINDOW_MAX - 1].h.ns, NOON_S(999) + 10);
	assert_true(w.lo.e[0].h.ns <= NOON_S(20));
	for (size_t i = 0; i < NOON_WINDOW_MAX; i++)
		if (w.lo.e[i].h.ns == tight + 10)
			return;
	fail();
}

static void compares_neighbours_on_a_common_instant(void **state)
{
	(void)state;
	noon_window_clear(&w);
	/* Theta rises by 1 us/s; each lower edge is equally tight but for the one at 7 s. */
	for (noon_dur t = 0; t < NOON_S(65); t += NOON_S(1)) {
		const noon_dur truth = t / 1000000;
		const noon_dur half = t == NOON_S(7) ? 10 : 100;
		const struct noon_exchange x = exchange(t, truth - half, truth + half);

		noon_window_add(&w, &x, 1e-6);
	}
	for (size_t i = 0; i < w.hi.n; i++)
		if (w.hi.e[i].h.ns == NOON_S(7))
			return;
	fail();
}

static void expires_and_shifts(void **state)
{
	const struct noon_exchange x[] = {exchange(100, -1, 1), exchange(200, -2, 2)};

	(void)state;
	noon_window_clear(&w);
	noon_window_add(&w, &x[0], 0.0);
	noon_window_add(&w, &x[1], 0.0);
	noon_window_expire(&w, (noon_time){105});
	assert_int_equal(w.hi.n, 1);
	assert_int_equal(w.lo.n, 2);
	noon_window_widen(&w, 30, 400);
	assert_int_equal(w.hi.e[0].theta, 402);
	assert_int_equal(w.lo.e[0].theta, -31);
	assert_int_equal(w.lo.e[1].theta, -32);
	noon_window_widen(&w, -30, -400);
	noon_window_shift(&w, -NOON_S(1));
	assert_int_equal(w.hi.e[0].theta, 2 - NOON_S(1));
	assert_int_equal(w.lo.e[0].theta, -1 - NOON_S(1));
	noon_window_expire(&w, (noon_time){1000});
	assert_int_equal(w.hi.n, 0);
	assert_int_equal(w.lo.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_edges_in_order_of_time),
		cmocka_unit_test(full_window_keeps_the_tight_the_new_and_the_old),
		cmocka_unit_test(compares_neighbours_on_a_common_instant),
		cmocka_unit_test(expires_and_shifts),
	};

	return cmocka_run_group_tests_name("estimate/window", tests, NULL, NULL);
}
