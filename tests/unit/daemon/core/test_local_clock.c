/* SPDX-License-Identifier: Apache-2.0
 *
 * A clock without sources is correct as declared, until something says that it lost time.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/core/local_clock.h"

/* A clock that reports what the test says. */
struct fake {
	struct noon_clock clock;
	enum noon_clock_event event;
};

static enum noon_clock_event check_clock(struct noon_clock *c, noon_dur *ret_size)
{
	*ret_size = NOON_S(3);
	return ((struct fake *)(void *)c)->event;
}

static noon_time now(struct noon_clock *c)
{
	(void)c;
	return (noon_time){NOON_S(INT64_C(1790000000))};
}

static const struct noon_clock_ops virtual_ops = {.check = check_clock, .disciplined = now};
static const struct noon_clock_ops real_ops = {
	.check = check_clock, .disciplined = now, .real_is_disciplined = true};

static struct noon_local_clock_seen look(struct noon_local_clock *l, struct fake *f)
{
	static struct noon_machine_watch none; /* sees nothing */
	const struct noon_config_clock conf = {.kind = NOON_CLOCK_KIND_VIRTUAL};

	memset(&none, 0, sizeof(none));
	none.conf = &conf;
	noon_machine_watch_open(&none, &conf);
	const struct noon_local_clock_seen seen = noon_local_clock_check(l, &f->clock, &none);

	noon_machine_watch_close(&none);
	return seen;
}

static void a_steady_clock_is_served(void **state)
{
	struct noon_local_clock l;
	struct fake f = {.clock = {.ops = &virtual_ops}};
	struct noon_local_clock_seen seen;

	(void)state;
	noon_local_clock_init(&l);
	seen = look(&l, &f);
	assert_null(seen.stepped);
	assert_null(seen.disrupted);
	assert_false(l.lost_time);
}

static void a_virtual_clock_that_slept_has_lost_time_for_good(void **state)
{
	struct noon_local_clock l;
	struct fake f = {.clock = {.ops = &virtual_ops}, .event = NOON_CLOCK_SUSPENDED};

	(void)state;
	noon_local_clock_init(&l);
	(void)look(&l, &f);
	assert_true(l.lost_time);
	f.event = NOON_CLOCK_STEADY;
	(void)look(&l, &f);
	assert_true(l.lost_time);
}

/* The kernel sets CLOCK_REALTIME right when the machine wakes up. */
static void the_real_clock_loses_nothing(void **state)
{
	struct noon_local_clock l;
	struct fake f = {.clock = {.ops = &real_ops}, .event = NOON_CLOCK_SUSPENDED};

	(void)state;
	noon_local_clock_init(&l);
	(void)look(&l, &f);
	assert_false(l.lost_time);
}

static void a_step_is_written_into_the_ledger(void **state)
{
	struct noon_local_clock l;
	struct fake f = {.clock = {.ops = &real_ops}, .event = NOON_CLOCK_STEPPED};
	struct noon_local_clock_seen seen;

	(void)state;
	noon_local_clock_init(&l);
	seen = look(&l, &f);
	assert_string_equal(seen.stepped, "stepped by somebody else");
	assert_false(l.lost_time);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_steady_clock_is_served),
		cmocka_unit_test(a_virtual_clock_that_slept_has_lost_time_for_good),
		cmocka_unit_test(the_real_clock_loses_nothing),
		cmocka_unit_test(a_step_is_written_into_the_ledger),
	};

	return cmocka_run_group_tests_name("daemon/local_clock", tests, NULL, NULL);
}
