/* SPDX-License-Identifier: Apache-2.0
 *
 * Stamps of the kernel on the scale of a clock: departures never late, errors never lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/stamp.h"

static struct noon_clock *a_clock(void)
{
	const struct noon_clock_virtual_conf conf = {.freq_error = 50e-6};
	struct noon_clock *c = NULL;

	assert_int_equal(noon_clock_virtual_new(&conf, &c), NOON_OK);
	return c;
}

static struct noon_link_stamp of_now(noon_dur err)
{
	const struct noon_instant now = noon_instant_now();

	return (struct noon_link_stamp){
		.kind = NOON_STAMP_KERNEL, .real_ns = now.real_ns, .err = err, .since = now};
}

static void a_departure_is_not_later_than_it_was(void **state)
{
	struct noon_clock *c = a_clock();
	const noon_time before = noon_clock_now(c);
	const struct noon_link_stamp exact = of_now(0);
	struct noon_link_stamp coarse = exact;
	const noon_time after = noon_clock_now(c);
	noon_time sent;
	noon_time earlier;

	(void)state;
	coarse.err = 5000;
	assert_int_equal(noon_stamp_departure(c, &exact, &sent), NOON_OK);
	assert_true(noon_time_before(sent, after));
	assert_true(noon_time_diff(sent, before) > -NOON_MS(5));
	assert_int_equal(noon_stamp_departure(c, &coarse, &earlier), NOON_OK);
	assert_in_range(noon_time_diff(sent, earlier), 4900, 5100 + 100000);
	assert_true(noon_time_before(earlier, sent));
	noon_clock_free(c);
}

static void an_arrival_has_the_errors_of_its_stamp(void **state)
{
	struct noon_clock *c = a_clock();
	const struct noon_link_stamp exact = of_now(0);
	struct noon_link_stamp coarse = exact;
	struct noon_rx rx = {.now = noon_clock_now(c)};
	noon_dur least;

	(void)state;
	noon_stamp_arrival(c, &exact, &rx);
	assert_int_equal(rx.stamp, NOON_STAMP_KERNEL);
	assert_true(!noon_time_before(rx.now, rx.at));
	assert_true(noon_time_diff(rx.now, rx.at) < NOON_S(1));
	least = rx.stamp_err;
	coarse.err = NOON_US(7);
	coarse.kind = NOON_STAMP_HARDWARE;
	noon_stamp_arrival(c, &coarse, &rx);
	assert_int_equal(rx.stamp, NOON_STAMP_HARDWARE);
	assert_true(rx.stamp_err >= NOON_US(7));
	assert_true(rx.stamp_err - least < NOON_US(7) + NOON_MS(1));
	noon_clock_free(c);
}

/* It is now: late, which can only widen the interval. */
static void without_a_stamp_it_arrived_now(void **state)
{
	struct noon_clock *c = a_clock();
	const struct noon_link_stamp none = {.kind = NOON_STAMP_USER};
	struct noon_rx rx = {.now = noon_clock_now(c), .stamp = NOON_STAMP_KERNEL};

	(void)state;
	noon_stamp_arrival(c, &none, &rx);
	assert_int_equal(rx.stamp, NOON_STAMP_USER);
	assert_int_equal(rx.at.ns, rx.now.ns);
	assert_int_equal(rx.stamp_err, 0);
	noon_clock_free(c);
}

/* CLOCK_REALTIME was stepped after the stamp was taken, or before: it says nothing of h. */
static void a_stamp_of_another_scale_is_not_used(void **state)
{
	static const noon_dur steps[] = {NOON_S(1), -NOON_S(1)};
	struct noon_clock *c = a_clock();

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct noon_link_stamp s = of_now(0);
		struct noon_rx rx = {.now = noon_clock_now(c)};
		noon_time sent = {42};

		s.since.real_ns += steps[i];
		s.real_ns += steps[i];
		noon_stamp_arrival(c, &s, &rx);
		assert_int_equal(rx.stamp, NOON_STAMP_USER);
		assert_int_equal(rx.at.ns, rx.now.ns);
		assert_int_not_equal(noon_stamp_departure(c, &s, &sent), NOON_OK);
		assert_int_equal(sent.ns, 42);
	}
	noon_clock_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_departure_is_not_later_than_it_was),
		cmocka_unit_test(an_arrival_has_the_errors_of_its_stamp),
		cmocka_unit_test(without_a_stamp_it_arrived_now),
		cmocka_unit_test(a_stamp_of_another_scale_is_not_used),
	};

	return cmocka_run_group_tests_name("link/stamp", tests, NULL, NULL);
}
