/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "platform/instruments/gpsd_message.h"

#define PPS(rest)                                                                               \
	"{\"class\":\"PPS\",\"device\":\"/dev/ttyS0\",\"real_sec\":1700000000,\"real_nsec\":5," \
	"\"clock_sec\":1699999999,\"clock_nsec\":999998000" rest "}"

static noon_err read_line(const char *text, struct noon_gpsd_message *ret)
{
	return noon_gpsd_read(noon_bytes_of(text, strlen(text)), ret);
}

static void reads_pulses(void **state)
{
	static const struct {
		const char *text;
		double u_s;
	} table[] = {
		{PPS(""), 100e-9},
		{PPS(",\"precision\":-20"), 9.5367431640625e-7},
		{PPS(",\"precision\":-30"), 100e-9},
		{PPS(",\"precision\":0"), 1},
		{PPS(",\"precision\":-30,\"qErr\":-100000"), 1.4142135623730951e-7},
		{PPS(",\"unknown\":{\"a\":[1,2]},\"qErr\":0"), 100e-9},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_gpsd_message m;

		assert_int_equal(read_line(table[i].text, &m), NOON_OK);
		assert_int_equal(m.class, NOON_GPSD_PPS);
		assert_string_equal(m.device, "/dev/ttyS0");
		assert_int_equal(m.real.ns, INT64_C(1700000000000000005));
		assert_int_equal(m.clock.ns, INT64_C(1699999999999998000));
		assert_true(fabs(m.u_s - table[i].u_s) < 1e-15);
	}
}

static void reads_other_messages(void **state)
{
	struct noon_gpsd_message m;

	(void)state;
	assert_int_equal(read_line("{\"class\":\"TPV\",\"mode\":1}", &m), NOON_OK);
	assert_int_equal(m.class, NOON_GPSD_TPV);
	assert_int_equal(m.mode, 1);
	assert_string_equal(m.device, "");
	assert_int_equal(read_line("{\"class\":\"ERROR\",\"message\":\"oh\"}", &m), NOON_OK);
	assert_int_equal(m.class, NOON_GPSD_ERROR);
	assert_string_equal(m.text, "oh");
	assert_int_equal(read_line("{\"class\":\"ERROR\"}", &m), NOON_OK);
	assert_string_equal(m.text, "");
	assert_int_equal(read_line("{\"class\":\"TOFF\",\"real_sec\":\"x\"}", &m), NOON_OK);
	assert_int_equal(m.class, NOON_GPSD_OTHER);
	assert_int_equal(read_line("{\"class\":\"NEW\"}", &m), NOON_OK);
	assert_int_equal(m.class, NOON_GPSD_OTHER);
}

static void refuses_malformed_and_impossible_messages(void **state)
{
	static const struct {
		const char *text;
		noon_err err;
	} table[] = {
		{"", NOON_ERR_FORMAT},
		{"hello", NOON_ERR_FORMAT},
		{"[1]", NOON_ERR_FORMAT},
		{"{}", NOON_ERR_FORMAT},
		{"{\"class\":5}", NOON_ERR_FORMAT},
		{"{\"class\":\"PPS\"}", NOON_ERR_FORMAT},
		{"{\"class\":\"PPS\",\"real_sec\":1.5,\"real_nsec\":0,\"clock_sec\":1,"
		 "\"clock_nsec\":0}",
		 NOON_ERR_FORMAT},
		{"{\"class\":\"PPS\",\"real_sec\":1,\"real_nsec\":1000000000,\"clock_sec\":1,"
		 "\"clock_nsec\":0}",
		 NOON_ERR_RANGE},
		{"{\"class\":\"PPS\",\"real_sec\":1,\"real_nsec\":0,\"clock_sec\":-1,"
		 "\"clock_nsec\":0}",
		 NOON_ERR_RANGE},
		{"{\"class\":\"PPS\",\"real_sec\":9300000000,\"real_nsec\":0,\"clock_sec\":1,"
		 "\"clock_nsec\":0}",
		 NOON_ERR_RANGE},
		{PPS(",\"precision\":1"), NOON_ERR_RANGE},
		{PPS(",\"precision\":-61"), NOON_ERR_RANGE},
		{PPS(",\"precision\":\"-20\""), NOON_ERR_FORMAT},
		{PPS(",\"qErr\":1e99"), NOON_ERR_RANGE},
		{PPS("") "{}", NOON_ERR_FORMAT},
		{"{\"class\":\"TPV\"}", NOON_ERR_FORMAT},
		{"{\"class\":\"TPV\",\"mode\":4}", NOON_ERR_RANGE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_gpsd_message m = {.mode = 77};

		assert_int_equal(read_line(table[i].text, &m), table[i].err);
		assert_int_equal(m.mode, 77);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_pulses),
		cmocka_unit_test(reads_other_messages),
		cmocka_unit_test(refuses_malformed_and_impossible_messages),
	};

	return cmocka_run_group_tests_name("platform/instruments/gpsd_message", tests, NULL, NULL);
}
