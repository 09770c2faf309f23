/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "bench.h"
#include "platform/instruments/gpsd_message.h"

#define VERSION \
	"{\"class\":\"VERSION\",\"release\":\"3.22\",\"proto_major\":3,\"proto_minor\":14}\r\n"
#define PPS(device)                                                                             \
	"{\"class\":\"PPS\",\"device\":\"" device "\",\"real_sec\":1700000000,\"real_nsec\":0," \
	"\"clock_sec\":1699999999,\"clock_nsec\":999998000,\"precision\":-20}\r\n"
#define TPV(device, mode) "{\"class\":\"TPV\",\"device\":\"" device "\",\"mode\":" mode "}\r\n"

static void say_hello(struct bench *b, const char *line)
{
	if (strcmp(line, "?WATCH={\"enable\":true,\"json\":true,\"pps\":true};") == 0)
		bench_say(b, VERSION PPS("a"));
}

static void begin(struct bench *b)
{
	b->on_command = say_hello;
	bench_listen(b, "gpsd");
	bench_open(b);
	bench_until_readings(b, 1);
}

static void hands_offsets_on(void **state)
{
	struct bench *b = *state;

	begin(b);
	assert_int_equal(b->reading[0].kind, NOON_INSTRUMENT_OFFSET);
	/* The system clock is 2 us behind: reference - system clock. */
	assert_true(fabs(b->reading[0].value_s - 2e-6) < 1e-15);
	assert_int_equal(b->reading[0].at.ns, INT64_C(1699999999999998000));
	assert_true(fabs(b->reading[0].u_s - 9.5367431640625e-7) < 1e-15);
	assert_false(b->reading[0].lost);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_COMMENTS), 1);
}

static void marks_pulses_without_a_fix(void **state)
{
	struct bench *b = *state;

	begin(b);
	bench_say(b, TPV("a", "1") PPS("a"));
	bench_until_readings(b, 2);
	/* Another receiver has one, which is nothing to us. */
	bench_say(b, TPV("b", "3") PPS("a"));
	bench_until_readings(b, 3);
	bench_say(b, TPV("a", "2") PPS("a"));
	bench_until_readings(b, 4);
	assert_true(b->reading[1].lost);
	assert_true(b->reading[2].lost);
	assert_false(b->reading[3].lost);
}

static void keeps_to_one_receiver(void **state)
{
	struct bench *b = *state;

	begin(b);
	bench_say(b, PPS("b") PPS("a"));
	bench_until_readings(b, 2);
	bench_wait_ms(b, 30);
	assert_int_equal(b->n_readings, 2);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_COMMENTS), 2);
}

static void takes_another_receiver_when_its_own_is_silent(void **state)
{
	struct bench *b = *state;

	begin(b);
	bench_until_faults(b, 1);
	bench_say(b, PPS("b"));
	bench_until_readings(b, 2);
	/* From now on it is that one. */
	bench_say(b, PPS("a") PPS("b"));
	bench_until_readings(b, 3);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_COMMENTS), 2);
}

static void counts_what_it_cannot_use(void **state)
{
	struct bench *b = *state;
	char *line = malloc(NOON_GPSD_LINE_MAX + 10);

	begin(b);
	bench_say(b, "hello\r\n{\"class\":\"TOFF\",\"device\":\"a\"}\r\n{\"class\":\"TPV\","
		     "\"mode\":9}\r\n");
	memset(line, 'x', NOON_GPSD_LINE_MAX + 1);
	memcpy(line + NOON_GPSD_LINE_MAX + 1, "\r\n", 3);
	bench_say(b, line);
	free(line);
	bench_say(b, PPS("a"));
	bench_until_readings(b, 2);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_MALFORMED), 2);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_COMMENTS), 2);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_OUT_OF_RANGE), 1);
}

static void says_errors_of_gpsd_and_silence_once(void **state)
{
	struct bench *b = *state;

	begin(b);
	bench_say(b, "{\"class\":\"ERROR\",\"message\":\"Unrecognized request\"}\r\n");
	bench_until_faults(b, 1);
	assert_string_equal(b->fault, "gpsd reports an error: Unrecognized request");
	bench_wait_ms(b, 3300);
	assert_int_equal(b->n_faults, 1);
	bench_say(b, PPS("a"));
	bench_until_faults(b, 2);
	assert_string_equal(b->fault, "no pulse for 3 s");
}

static void connects_again(void **state)
{
	struct bench *b = *state;

	begin(b);
	noon_tcp_close(&b->tcp);
	bench_until_faults(b, 1);
	assert_non_null(strstr(b->fault, "closed"));
	bench_until_readings(b, 2);
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_RECONNECTS), 1);
	assert_int_equal(b->n_accepted, 2);
}

static void needs_no_address(void **state)
{
	struct bench *b = *state;
	const struct noon_instrument_conf conf = {.loop = b->loop};
	struct noon_instrument_why why;
	const char *address;

	assert_int_equal(noon_instrument_open("gpsd", &conf, &b->i, &why), NOON_OK);
	noon_instrument_close(b->i);
	b->i = NULL;
	assert_int_equal(noon_instrument_find("gpsd:x", &address)->kind, NOON_INSTRUMENT_OFFSET);
	assert_int_equal(noon_instrument_open("gpsd::2947", &conf, &b->i, &why), NOON_ERR_FORMAT);
	assert_non_null(strstr(why.text, "expected gpsd"));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_set_up, bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(hands_offsets_on),
		TEST(marks_pulses_without_a_fix),
		TEST(keeps_to_one_receiver),
		TEST(takes_another_receiver_when_its_own_is_silent),
		TEST(counts_what_it_cannot_use),
		TEST(says_errors_of_gpsd_and_silence_once),
		TEST(connects_again),
		TEST(needs_no_address),
	};

	return cmocka_run_group_tests_name("platform/instruments/gpsd", tests, NULL, NULL);
}
