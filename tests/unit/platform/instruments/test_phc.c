/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "bench.h"
#include "platform/clock/clock.h"
#include "platform/clock/tai.h"

static void write_file(const char *path, const char *text)
{
	const int fd = open(path, O_WRONLY | O_TRUNC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	(void)close(fd);
}

static void make_file(char *path, const char *text)
{
	const int fd = mkstemp(path);

	assert_true(fd >= 0);
	(void)close(fd);
	write_file(path, text);
}

/* A file with an offset, whose name is in path. */
static void begin(struct bench *b, char *path, const char *text)
{
	make_file(path, text);
	(void)snprintf(b->spec, sizeof(b->spec), "phc:%s", path);
	bench_open(b);
}

static void reads_the_offset_each_second(void **state)
{
	struct bench *b = *state;
	char path[] = "/tmp/noon-phc-XXXXXX";

	begin(b, path, "1500\n");
	bench_until_readings(b, 1);
	write_file(path, "-2500");
	bench_until_readings(b, 2);
	assert_int_equal(b->reading[0].kind, NOON_INSTRUMENT_OFFSET);
	assert_true(fabs(b->reading[0].value_s - 1.5e-6) < 1e-15);
	assert_true(fabs(b->reading[1].value_s + 2.5e-6) < 1e-15);
	assert_true(b->reading[0].u_s > 0 && b->reading[0].u_s < 1e-3);
	assert_true(b->reading[1].at.ns - b->reading[0].at.ns > NOON_MS(900));
	assert_int_equal(unlink(path), 0);
}

/* What the machine knows about TAI decides, so the test asks the same. */
static void takes_tai_minus_utc_off_or_says_that_it_is_not_known(void **state)
{
	struct bench *b = *state;
	const struct noon_instrument_conf conf = {.loop = b->loop};
	char path[] = "/tmp/noon-phc-XXXXXX";
	char text[32];
	struct noon_instrument_why why;
	struct noon_leap_list list;
	const char *unknown;
	int16_t tai_utc = 0;
	const bool known = noon_tai_find("/usr/share/zoneinfo/leap-seconds.list",
					 noon_clock_read(CLOCK_REALTIME) / NOON_NS_PER_SEC,
					 &tai_utc, &list, &unknown) == NOON_OK;

	(void)snprintf(text, sizeof(text), "%d000001000\n", tai_utc);
	make_file(path, text);
	(void)snprintf(b->spec, sizeof(b->spec), "phc:%s,tai", path);
	if (known) {
		bench_open(b);
		bench_until_readings(b, 1);
		assert_true(fabs(b->reading[0].value_s - 1e-6) < 1e-12);
	} else {
		assert_int_equal(noon_instrument_open(b->spec, &conf, &b->i, &why),
				 NOON_ERR_NOT_FOUND);
		assert_non_null(strstr(why.text, "TAI - UTC is not known"));
		assert_null(b->i);
	}
	assert_int_equal(unlink(path), 0);
}

static void says_once_that_there_is_no_reading(void **state)
{
	struct bench *b = *state;
	char path[] = "/tmp/noon-phc-XXXXXX";

	begin(b, path, "hello\n");
	bench_until_faults(b, 1);
	assert_string_equal(b->fault, "no reading for 3 s");
	assert_true(bench_count(b, NOON_INSTRUMENT_COUNT_MALFORMED) >= 3);
	bench_wait_ms(b, 3500);
	assert_int_equal(b->n_faults, 1);
	write_file(path, "0\n");
	bench_until_readings(b, 1);
	assert_int_equal(unlink(path), 0);
}

/* A card on TAI, 1 us ahead of the system clock's seconds and 250 ns behind those of the reference:
 * the reference is 1.25 us ahead of the system clock. */
static void stamps_pulses_of_a_reference(void **state)
{
	struct bench *b = *state;
	char path[] = "/tmp/noon-phc-XXXXXX";

	make_file(path, "37000001000 -250\n");
	(void)snprintf(b->spec, sizeof(b->spec), "phc:%s,extts", path);
	bench_open(b);
	bench_until_readings(b, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(b->reading[i].kind, NOON_INSTRUMENT_OFFSET);
		assert_true(fabs(b->reading[i].value_s - 1.25e-6) < 1e-15);
	}
	assert_int_equal(bench_count(b, NOON_INSTRUMENT_COUNT_MISSED), 0);
	/* No pulse comes in any more. */
	write_file(path, "37000001000\n");
	bench_until_faults(b, 1);
	assert_string_equal(b->fault, "no pulse for 3 s");
	assert_int_equal(unlink(path), 0);
}

static void refuses_what_is_no_such_clock(void **state)
{
	struct bench *b = *state;
	const struct noon_instrument_conf conf = {.loop = b->loop};
	static const struct {
		const char *spec;
		noon_err err;
		const char *why;
	} table[] = {
		{"phc", NOON_ERR_FORMAT, "expected phc:DEVICE"},
		{"phc:,tai", NOON_ERR_FORMAT, "expected phc:DEVICE"},
		{"phc:/dev/ptp0,utc", NOON_ERR_FORMAT, "expected phc:DEVICE"},
		{"phc:/nonexistent/ptp0", NOON_ERR_NOT_FOUND, "No such file"},
		{"phc:/dev/null", NOON_ERR_UNSUPPORTED, "no PTP hardware clock"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_instrument_why why;

		assert_int_equal(noon_instrument_open(table[i].spec, &conf, &b->i, &why),
				 table[i].err);
		assert_non_null(strstr(why.text, table[i].why));
		assert_null(b->i);
	}
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, bench_set_up, bench_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_the_offset_each_second),
		TEST(takes_tai_minus_utc_off_or_says_that_it_is_not_known),
		TEST(says_once_that_there_is_no_reading),
		TEST(stamps_pulses_of_a_reference),
		TEST(refuses_what_is_no_such_clock),
	};

	return cmocka_run_group_tests_name("platform/instruments/phc", tests, NULL, NULL);
}
