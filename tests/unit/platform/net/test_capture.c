/* SPDX-License-Identifier: Apache-2.0
 *
 * Capture files: both units of time and both orders of bytes, a file that is cut off, and what is
 * no capture. Interfaces are in the system tests.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/net/capture.h"

#define MICRO 0xa1b2c3d4U
#define NANO  0xa1b23c4dU

static uint8_t file[512];
static size_t file_n;
static bool big;
static char why[NOON_CAPTURE_WHY];

static void put(uint32_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		file[file_n++] = (uint8_t)(v >> 8 * (big ? n - 1 - i : i) & 0xff);
}

static void begin(uint32_t magic, bool big_endian)
{
	file_n = 0;
	big = big_endian;
	put(magic, 4);
	put(2, 2);
	put(4, 2);
	put(0, 4);
	put(0, 4);
	put(65535, 4);
	put(1, 4);
}

static void put_frame(uint32_t s, uint32_t fraction, uint32_t wire_n)
{
	put(s, 4);
	put(fraction, 4);
	put(3, 4);
	put(wire_n, 4);
	memcpy(file + file_n, "abc", 3);
	file_n += 3;
}

static noon_err open_file(struct noon_capture **ret)
{
	char path[] = "/tmp/noon-capture-XXXXXX";
	const int fd = mkstemp(path);
	noon_err err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, file, file_n), file_n);
	(void)close(fd);
	err = noon_capture_file(path, ret, why);
	(void)unlink(path);
	return err;
}

static void reads_both_units_and_both_orders(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4; i++) {
		const bool nano = i % 2 != 0;
		struct noon_captured f;
		struct noon_capture *c;

		begin(nano ? NANO : MICRO, i / 2 != 0);
		put_frame(1700000000, nano ? 123456000 : 123456, 3);
		put_frame(1700000001, 1, 70);
		assert_int_equal(open_file(&c), NOON_OK);
		assert_int_equal(noon_capture_link_type(c), 1);
		assert_string_equal(noon_capture_link_name(c), "EN10MB");
		assert_int_equal(noon_capture_next(c, &f), NOON_CAPTURE_FRAME);
		assert_int_equal(f.at.ns, INT64_C(1700000000123456000));
		assert_int_equal(f.bytes.n, 3);
		assert_memory_equal(f.bytes.p, "abc", 3);
		/* Nothing shows yet that it is finer. */
		assert_int_equal(noon_capture_unit(c), 1000);
		assert_int_equal(noon_capture_next(c, &f), NOON_CAPTURE_FRAME);
		assert_int_equal(f.at.ns, INT64_C(1700000001000000000) + (nano ? 1 : 1000));
		assert_int_equal(f.wire_n, 70);
		assert_int_equal(noon_capture_unit(c), nano ? 1 : 1000);
		assert_int_equal(noon_capture_next(c, &f), NOON_CAPTURE_END);
		assert_int_equal(noon_capture_frames(c), 2);
		assert_int_equal(noon_capture_level(c), NOON_CAPTURE_UNKNOWN);
		noon_capture_close(c);
	}
}

static void says_where_a_file_is_cut_off(void **state)
{
	struct noon_captured f;
	struct noon_capture *c;

	(void)state;
	begin(MICRO, false);
	put_frame(1, 1, 3);
	put_frame(2, 1, 3);
	file_n -= 2;
	assert_int_equal(open_file(&c), NOON_OK);
	assert_int_equal(noon_capture_next(c, &f), NOON_CAPTURE_FRAME);
	assert_int_equal(noon_capture_next(c, &f), NOON_CAPTURE_FAILED);
	assert_int_equal(noon_capture_frames(c), 1);
	assert_non_null(strstr(noon_capture_why(c), "truncated"));
	noon_capture_close(c);
}

static void refuses_what_is_no_capture(void **state)
{
	struct noon_capture *c = NULL;

	(void)state;
	file_n = 0;
	assert_int_equal(open_file(&c), NOON_ERR_FORMAT);
	assert_non_null(strstr(why, "truncated"));
	file_n = 100;
	memset(file, 'x', file_n);
	assert_int_equal(open_file(&c), NOON_ERR_FORMAT);
	assert_non_null(strstr(why, "unknown file format"));
	assert_int_equal(noon_capture_file("/nowhere/to/be/found", &c, why), NOON_ERR_FORMAT);
	assert_int_equal(strncmp(why, "No such file", 12), 0);
	assert_int_equal(noon_capture_file("/tmp", &c, why), NOON_ERR_FORMAT);
	assert_non_null(strstr(why, "directory"));
	assert_null(c);
	noon_capture_close(NULL);
}

static void says_that_there_is_no_such_interface(void **state)
{
	const struct noon_capture_live conf = {.interface = "nothere0"};
	struct noon_capture *c = NULL;
	const noon_err err = noon_capture_live(&conf, &c, why);

	(void)state;
	/* Without the right to look, nobody says what is there. */
	assert_true(err == NOON_ERR_NOT_FOUND || err == NOON_ERR_PERM);
	assert_null(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_both_units_and_both_orders),
		cmocka_unit_test(says_where_a_file_is_cut_off),
		cmocka_unit_test(refuses_what_is_no_capture),
		cmocka_unit_test(says_that_there_is_no_such_interface),
	};

	return cmocka_run_group_tests_name("platform/capture", tests, NULL, NULL);
}
