/* SPDX-License-Identifier: Apache-2.0
 *
 * Every sign that a machine was disrupted, and what honest machines do, which must be none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/disruption.h"

#define TICK NOON_S(1)

static struct noon_disruption d;
static struct noon_disruption_look l;

static struct noon_disruption_seen look(void)
{
	struct noon_disruption_seen seen;

	noon_disruption_judge(&d, &l, &seen);
	noon_disruption_expect(&d, TICK);
	return seen;
}

/* Let time pass: CLOCK_MONOTONIC at 1 + `slew` of CLOCK_MONOTONIC_RAW. */
static void pass(noon_dur raw, double slew)
{
	const noon_dur mono = raw + (noon_dur)((double)raw * slew);

	l.clocks.raw_ns += raw;
	l.clocks.mono_ns += mono;
	l.clocks.boot_ns += mono;
}

static int begin(void **state)
{
	(void)state;
	memset(&d, 0, sizeof(d));
	memset(&l, 0, sizeof(l));
	l.clocks = (struct noon_machine_clocks){NOON_S(5000), NOON_S(5001), NOON_S(9000), 300};
	l.has_vmclock = true;
	l.vmclock = (struct noon_vmclock_state){5, 77, true};
	(void)snprintf(l.clocksource, sizeof(l.clocksource), "tsc");
	assert_int_equal(look().sign, NOON_DISRUPTION_NONE);
	pass(TICK, 0.0);
	assert_int_equal(look().sign, NOON_DISRUPTION_NONE);
	return 0;
}

/* The sign is told once, with its sentence, and the next look finds nothing. */
static struct noon_disruption_seen assert_sign(enum noon_disruption_sign want, const char *words)
{
	const struct noon_disruption_seen seen = look();
	char said[192];

	noon_disruption_say(&seen, said, sizeof(said));
	if (seen.sign != want || strstr(said, words) == NULL)
		printf("# %s\n", said);
	assert_int_equal(seen.sign, want);
	assert_non_null(strstr(said, words));
	pass(TICK, 0.0);
	assert_int_equal(look().sign, NOON_DISRUPTION_NONE);
	return seen;
}

static void marker_of_the_hypervisor(void **state)
{
	(void)state;
	pass(TICK, 0.0);
	l.vmclock.marker = 9;
	(void)assert_sign(NOON_DISRUPTION_MARKER, "marker 9 after 5");
}

static void generation_of_the_machine(void **state)
{
	(void)state;
	pass(TICK, 0.0);
	l.vmclock.generation = 78;
	(void)assert_sign(NOON_DISRUPTION_GENERATION, "generation 78 after 77");
}

/* What could not be read for a while is compared with what it was before. */
static void a_look_that_fails_hides_nothing(void **state)
{
	(void)state;
	pass(TICK, 0.0);
	l.has_vmclock = false;
	l.clocksource[0] = '\0';
	l.vmclock = (struct noon_vmclock_state){0};
	assert_int_equal(look().sign, NOON_DISRUPTION_NONE);
	pass(TICK, 0.0);
	l.has_vmclock = true;
	l.vmclock = (struct noon_vmclock_state){6, 77, true};
	(void)snprintf(l.clocksource, sizeof(l.clocksource), "tsc");
	(void)assert_sign(NOON_DISRUPTION_MARKER, "marker 6 after 5");
}

static void another_clock_source(void **state)
{
	(void)state;
	pass(TICK, 0.0);
	(void)snprintf(l.clocksource, sizeof(l.clocksource), "hpet");
	(void)assert_sign(NOON_DISRUPTION_CLOCKSOURCE, "from tsc to hpet");
}

static void a_jump_between_clocks_of_the_kernel(void **state)
{
	(void)state;
	for (int sign = -1; sign <= 1; sign += 2) {
		pass(TICK, 0.0);
		l.clocks.mono_ns += sign * NOON_MS(500);
		l.clocks.boot_ns += sign * NOON_MS(500);
		(void)assert_sign(NOON_DISRUPTION_CLOCKS, sign < 0 ? "-0.500 s" : " 0.500 s");
	}
	pass(TICK, 0.0);
	l.clocks.boot_ns -= NOON_S(2); /* suspension that is taken back */
	(void)assert_sign(NOON_DISRUPTION_CLOCKS, "-2.000 s");
	l.clocks.raw_ns -= NOON_S(3);
	(void)assert_sign(NOON_DISRUPTION_CLOCKS, "-3.000 s");
}

static void a_daemon_that_did_not_get_to_run(void **state)
{
	(void)state;
	pass(TICK + NOON_S(11), 0.0);
	assert_int_equal(assert_sign(NOON_DISRUPTION_GAP, "for 11 s").size, NOON_S(11));
	pass(NOON_S(3600), 0.0);
	(void)assert_sign(NOON_DISRUPTION_GAP, "for 3599 s");
}

/* A process that is stopped for a while, or waits for a busy machine. */
static void short_gaps_are_none(void **state)
{
	(void)state;
	pass(NOON_S(3), 0.0);
	assert_int_equal(look().sign, NOON_DISRUPTION_NONE);
	pass(TICK + NOON_S(10), 0.0);
	assert_int_equal(look().sign, NOON_DISRUPTION_NONE);
}

/* Events may come long before the deadline, and the deadline counts from the last of them. */
static void the_deadline_is_that_of_the_last_look(void **state)
{
	struct noon_disruption_seen seen;

	(void)state;
	for (int i = 0; i < 100; i++) {
		pass(NOON_MS(300), 0.0);
		noon_disruption_judge(&d, &l, &seen);
		assert_int_equal(seen.sign, NOON_DISRUPTION_NONE);
		if (i % 3 == 0)
			noon_disruption_expect(&d, TICK);
	}
}

static void suspension_is_no_disruption(void **state)
{
	struct noon_disruption_seen seen;

	(void)state;
	pass(NOON_MS(500), 0.0);
	l.clocks.boot_ns += NOON_S(3600);
	noon_disruption_judge(&d, &l, &seen);
	assert_int_equal(seen.sign, NOON_DISRUPTION_NONE);
	/* The deadline of before is still in force. */
	pass(NOON_MS(500), 0.0);
	noon_disruption_judge(&d, &l, &seen);
	assert_int_equal(seen.sign, NOON_DISRUPTION_NONE);
	/* But what comes on top of it is one. */
	pass(NOON_S(12), 0.0);
	l.clocks.boot_ns += NOON_S(3600);
	(void)assert_sign(NOON_DISRUPTION_GAP, "for 12 s");
}

static void steering_by_others_is_no_disruption(void **state)
{
	/* adjtimex(2): a tick of 900 and of 1100 us, frequency, singleshot, PLL at its fastest */
	static const double slews[] = {-0.1, 0.1, 500e-6, -500e-6, 0.1 + 0.125 + 1e-3};

	(void)state;
	for (size_t i = 0; i < sizeof(slews) / sizeof(slews[0]); i++)
		for (int k = 0; k < 50; k++) {
			/* up to a look that comes late, but not too late */
			pass(k % 10 == 9 ? NOON_S(8) : NOON_MS(20 * k), slews[i]);
			assert_int_equal(look().sign, NOON_DISRUPTION_NONE);
		}
}

/* A reading that is interrupted between two clocks says by how much it may be wrong. */
static void interrupted_readings_are_no_disruption(void **state)
{
	(void)state;
	pass(TICK, 0.0);
	l.clocks.err = NOON_S(2);
	l.clocks.mono_ns -= NOON_S(2);
	assert_int_equal(look().sign, NOON_DISRUPTION_NONE);
	l.clocks.mono_ns += NOON_S(2);
	l.clocks.err = 300;
	pass(TICK, 0.0);
	assert_int_equal(look().sign, NOON_DISRUPTION_NONE);
}

static void what_was_never_known_is_no_sign(void **state)
{
	(void)state;
	memset(&d, 0, sizeof(d));
	l.has_vmclock = false;
	l.clocksource[0] = '\0';
	assert_int_equal(look().sign, NOON_DISRUPTION_NONE);
	l.has_vmclock = true;
	(void)snprintf(l.clocksource, sizeof(l.clocksource), "acpi_pm");
	pass(TICK, 0.0);
	assert_int_equal(look().sign, NOON_DISRUPTION_NONE);
	/* A counter that appears is no change of it. */
	l.vmclock.has_generation = false;
	pass(TICK, 0.0);
	assert_int_equal(look().sign, NOON_DISRUPTION_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(marker_of_the_hypervisor, begin),
		cmocka_unit_test_setup(generation_of_the_machine, begin),
		cmocka_unit_test_setup(a_look_that_fails_hides_nothing, begin),
		cmocka_unit_test_setup(another_clock_source, begin),
		cmocka_unit_test_setup(a_jump_between_clocks_of_the_kernel, begin),
		cmocka_unit_test_setup(a_daemon_that_did_not_get_to_run, begin),
		cmocka_unit_test_setup(short_gaps_are_none, begin),
		cmocka_unit_test_setup(the_deadline_is_that_of_the_last_look, begin),
		cmocka_unit_test_setup(suspension_is_no_disruption, begin),
		cmocka_unit_test_setup(steering_by_others_is_no_disruption, begin),
		cmocka_unit_test_setup(interrupted_readings_are_no_disruption, begin),
		cmocka_unit_test_setup(what_was_never_known_is_no_sign, begin),
	};

	return cmocka_run_group_tests_name("daemon/disruption", tests, NULL, NULL);
}
