/* SPDX-License-Identifier: Apache-2.0
 *
 * A snapshot of the served time, renewed after CLOCK_REALTIME did what it should not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "daemon/serve/served.h"

#define RAW  NOON_S(1000)
#define REAL NOON_S(1790000000)

/* C is a quarter of a second ahead of CLOCK_REALTIME and runs 40 ppm fast. */
static struct noon_served_state virtual_clock(void)
{
	return (struct noon_served_state){
		.map = {.from0 = REAL, .to0 = {REAL + NOON_MS(250)}, .rate = 40e-6},
		.line = {.from0 = RAW, .to0 = {REAL + NOON_MS(250)}, .rate = 40e-6},
		.asleep = NOON_S(7),
		.clock = {.has_time = true, .root_disp = NOON_US(100)},
		.disp_rate = 1e-6,
		.void_after = {REAL + NOON_S(60)},
		.leap_at = NOON_TIME_NEVER,
	};
}

static struct noon_served_state real_clock(void)
{
	struct noon_served_state s = virtual_clock();

	s.real_is_c = true;
	s.map = (struct noon_clock_map){.from0 = REAL, .to0 = {REAL}};
	s.line = (struct noon_clock_map){.from0 = RAW, .to0 = {REAL}, .rate = 40e-6};
	return s;
}

static void a_virtual_clock_does_not_follow_a_step_of_another(void **state)
{
	struct noon_served_state s = virtual_clock();
	const struct noon_instant later = {RAW + NOON_S(1), REAL + NOON_S(1) - NOON_MS(300), 30};
	noon_time c;

	(void)state;
	noon_served_renew(&s, &later, NOON_S(7));
	c = noon_clock_map_apply(&s.map, later.real_ns);
	assert_int_equal(c.ns, REAL + NOON_MS(1250) + NOON_US(40));
	assert_true(s.clock.has_time);
	/* 1 ppm for a second, and the reading of the clocks. */
	assert_in_range(noon_served_clock_at(&s, c).root_disp, NOON_US(101) + 30,
			NOON_US(101) + 32);
}

static void a_real_clock_that_strays_widens_its_bound(void **state)
{
	struct noon_served_state s = real_clock();
	const struct noon_instant later = {RAW + NOON_S(1), REAL + NOON_S(1) - NOON_MS(300), 30};
	noon_time c;

	(void)state;
	noon_served_renew(&s, &later, NOON_S(7));
	c = noon_clock_map_apply(&s.map, later.real_ns);
	assert_int_equal(c.ns, later.real_ns);
	assert_true(noon_served_clock_at(&s, c).root_disp >= NOON_MS(300) + NOON_US(100));
}

static void a_clock_right_by_decree_stays_so(void **state)
{
	struct noon_served_state s = real_clock();
	const struct noon_instant later = {RAW + NOON_S(1), REAL + NOON_S(1) - NOON_MS(300), 0};

	(void)state;
	s.is_local = true;
	s.disp_rate = 0;
	noon_served_renew(&s, &later, NOON_S(7));
	assert_int_equal(s.clock.root_disp, NOON_US(100));
}

static void after_sleep_there_is_no_time_to_give(void **state)
{
	struct noon_served_state s = virtual_clock();
	struct noon_served_state r = real_clock();
	const struct noon_instant later = {RAW + NOON_MS(1), REAL + NOON_S(5), 30};

	(void)state;
	noon_served_renew(&s, &later, NOON_S(12));
	noon_served_renew(&r, &later, NOON_S(12));
	assert_false(s.clock.has_time);
	assert_false(r.clock.has_time);
}

/* Growth and ends are judged by the line: a step back must not undo them. */
static void a_step_back_makes_nothing_younger(void **state)
{
	struct noon_served_state s = real_clock();
	const struct noon_instant later = {RAW + NOON_S(10), REAL - NOON_S(50), 0};
	const struct noon_instant too_late = {RAW + NOON_S(61), REAL + NOON_S(1), 0};

	(void)state;
	s.disp_rate = 1e-3;
	noon_served_renew(&s, &later, NOON_S(7));
	assert_true(s.clock.has_time);
	assert_true(s.clock.root_disp >= NOON_S(60) + NOON_MS(10));
	s = real_clock();
	noon_served_renew(&s, &too_late, NOON_S(7));
	assert_false(s.clock.has_time);
}

/* A main loop that stands still renews no snapshot. */
static void nothing_stays_ok_by_itself(void **state)
{
	struct noon_served_state s = virtual_clock();
	const struct noon_instant soon = {RAW + NOON_S(4), REAL + NOON_S(4), 0};
	const struct noon_instant later = {RAW + NOON_S(6), REAL + NOON_S(6), 0};

	(void)state;
	s.is_ok = true;
	s.ok_until = (noon_time){REAL + NOON_S(5)};
	noon_served_renew(&s, &soon, NOON_S(7));
	assert_true(s.is_ok);
	noon_served_renew(&s, &later, NOON_S(7));
	assert_false(s.is_ok);
	assert_true(s.clock.has_time);
}

/* Between the moment the hypervisor tells of it and the next turn of the main loop. */
static void a_disrupted_machine_gives_no_time(void **state)
{
	static _Alignas(8) uint8_t page[NOON_VMCLOCK_PAGE] = {
		[0] = 'V', [1] = 'C', [2] = 'L', [3] = 'K', [5] = 16, [8] = 1, [16] = 5};
	const struct noon_vmclock vm = {.page = page, .fd = -1};
	struct noon_served_state s = virtual_clock(), got;
	struct noon_served served;
	struct noon_instant now;

	(void)state;
	s.asleep = NOON_DUR_MAX; /* of another machine than this one */
	s.void_after = s.ok_until = NOON_TIME_NEVER;
	s.is_ok = true;
	s.vmclock.marker = 5;
	s.has_vmclock = true;
	noon_served_init(&served);
	served.vmclock = &vm;
	noon_served_put(&served, &s);
	noon_served_read(&served, &got, &now);
	assert_true(got.clock.has_time && got.is_ok);
	page[16] = 6;
	noon_served_read(&served, &got, &now);
	assert_false(got.clock.has_time || got.is_ok);
	/* Nothing follows from one that nobody has compared yet, nor from one that is none. */
	s.has_vmclock = false;
	noon_served_put(&served, &s);
	noon_served_read(&served, &got, &now);
	assert_true(got.clock.has_time && got.is_ok);
	s.has_vmclock = true;
	page[0] = 'X';
	noon_served_put(&served, &s);
	noon_served_read(&served, &got, &now);
	assert_true(got.clock.has_time && got.is_ok);
	noon_served_fini(&served);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_virtual_clock_does_not_follow_a_step_of_another),
		cmocka_unit_test(a_real_clock_that_strays_widens_its_bound),
		cmocka_unit_test(a_clock_right_by_decree_stays_so),
		cmocka_unit_test(a_step_back_makes_nothing_younger),
		cmocka_unit_test(nothing_stays_ok_by_itself),
		cmocka_unit_test(after_sleep_there_is_no_time_to_give),
		cmocka_unit_test(a_disrupted_machine_gives_no_time),
	};

	return cmocka_run_group_tests_name("daemon/served", tests, NULL, NULL);
}
