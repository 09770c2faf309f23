/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "estimate/bound/interval.h"

/* 10 ms there, 2 ms layover, 30 ms back, server ahead by 1 s. */
static const struct noon_sample usual = {
	.t1 = {0},
	.t2 = {NOON_MS(1010)},
	.t3 = {NOON_MS(1012)},
	.t4 = {NOON_MS(42)},
};

static void follows_theorem_1(void **state)
{
	static const struct {
		noon_dur m_f, m_r, e, e_s;
		noon_dur lo, hi, excess;
	} row[] = {
		{0, 0, 0, 0, NOON_MS(970), NOON_MS(1010), NOON_MS(40)},
		{NOON_MS(10), NOON_MS(30), 0, 0, NOON_S(1), NOON_S(1), 0},
		{NOON_MS(4), 0, 0, 0, NOON_MS(970), NOON_MS(1006), NOON_MS(36)},
		{0, NOON_MS(7), 0, 0, NOON_MS(977), NOON_MS(1010), NOON_MS(33)},
		{0, 0, 100, 0, NOON_MS(970) - 100, NOON_MS(1010) + 100, NOON_MS(40)},
		{0, 0, 100, 50, NOON_MS(970) - 150, NOON_MS(1010) + 150, NOON_MS(40)},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		struct noon_sample s = usual;
		struct noon_exchange x;

		s.stamp_err = row[i].e;
		s.server_err = row[i].e_s;
		assert_int_equal(noon_exchange_of(&s, row[i].m_f, row[i].m_r, 0.0, &x), NOON_OK);
		assert_int_equal(x.lo.theta, row[i].lo);
		assert_int_equal(x.hi.theta, row[i].hi);
		assert_int_equal(x.excess, row[i].excess);
		assert_int_equal(x.lo.h.ns, s.t4.ns);
		assert_int_equal(x.hi.h.ns, s.t1.ns);
	}
}

static void faster_than_the_minima_is_superluminal(void **state)
{
	struct noon_sample s = usual;
	struct noon_exchange x = {.excess = 7};

	(void)state;
	assert_int_equal(noon_exchange_of(&s, NOON_MS(20), NOON_MS(20) + 1, 0.0, &x),
			 NOON_ERR_RANGE);
	assert_int_equal(x.excess, 7);
	/* The server may have moved from one end of its own error to the other. */
	s.server_err = 500;
	assert_int_equal(noon_exchange_of(&s, NOON_MS(20), NOON_MS(20) + 1001, 0.0, &x),
			 NOON_ERR_RANGE);
	assert_int_equal(noon_exchange_of(&s, NOON_MS(20), NOON_MS(20) + 1000, 0.0, &x), NOON_OK);
	assert_true(x.hi.theta >= x.lo.theta);
	s.server_err = 0;
	/* Both stamps of ours have an error. */
	s.stamp_err = 1;
	assert_int_equal(noon_exchange_of(&s, NOON_MS(20), NOON_MS(20) + 2, 0.0, &x), NOON_OK);
	assert_int_equal(noon_exchange_of(&s, NOON_MS(20), NOON_MS(20) + 3, 0.0, &x),
			 NOON_ERR_RANGE);
	s.stamp_err = 0;
	assert_int_equal(noon_exchange_of(&s, NOON_MS(20), NOON_MS(20) + 1, 1e-6, &x), NOON_OK);
}

static void impossible_times_are_no_exchange(void **state)
{
	struct noon_exchange x;
	struct noon_sample s = usual;

	(void)state;
	s.t4.ns = -1;
	assert_int_equal(noon_exchange_of(&s, 0, 0, 0.0, &x), NOON_ERR_FORMAT);
	s = usual;
	s.t3.ns = s.t2.ns - 1;
	assert_int_equal(noon_exchange_of(&s, 0, 0, 0.0, &x), NOON_ERR_FORMAT);
	s = usual;
	s.stamp_err = -1;
	assert_int_equal(noon_exchange_of(&s, 0, 0, 0.0, &x), NOON_ERR_FORMAT);
	s = usual;
	s.t2 = s.t3 = NOON_TIME_NEVER;
	assert_int_equal(noon_exchange_of(&s, 0, 0, 0.0, &x), NOON_ERR_FORMAT);
}

static void halves_round_outward(void **state)
{
	(void)state;
	assert_int_equal(noon_interval_half((struct noon_interval){0, 3}), 2);
	assert_int_equal(noon_interval_half((struct noon_interval){5, 5}), 0);
	assert_true(noon_interval_half((struct noon_interval){INT64_MIN, INT64_MAX}) > 0);
	assert_int_equal(noon_interval_mid((struct noon_interval){-3, 5}), 1);
	assert_true(noon_interval_is_empty(
		noon_interval_meet((struct noon_interval){0, 1}, (struct noon_interval){2, 3})));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows_theorem_1),
		cmocka_unit_test(faster_than_the_minima_is_superluminal),
		cmocka_unit_test(impossible_times_are_no_exchange),
		cmocka_unit_test(halves_round_outward),
	};

	return cmocka_run_group_tests_name("estimate/interval", tests, NULL, NULL);
}
