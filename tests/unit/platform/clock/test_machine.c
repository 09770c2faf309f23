/* SPDX-License-Identifier: Apache-2.0 */
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

#include "platform/clock/clock.h"
#include "platform/clock/machine.h"

static void three_clocks_are_read_as_one(void **state)
{
	const int64_t raw = noon_clock_read(CLOCK_MONOTONIC_RAW);
	const int64_t mono = noon_clock_read(CLOCK_MONOTONIC);
	const int64_t boot = noon_clock_read(CLOCK_BOOTTIME);
	const struct noon_machine_clocks c = noon_machine_clocks_now();

	(void)state;
	assert_in_range(c.raw_ns, raw, noon_clock_read(CLOCK_MONOTONIC_RAW));
	assert_in_range(c.mono_ns, mono, noon_clock_read(CLOCK_MONOTONIC));
	assert_in_range(c.boot_ns, boot, noon_clock_read(CLOCK_BOOTTIME));
	assert_in_range(c.err, 0, NOON_S(1));
}

static void name_of_the_clock_source_is_read(void **state)
{
	static const struct {
		const char *text;
		noon_err want;
		const char *name;
	} table[] = {
		{"tsc\n", NOON_OK, "tsc"},
		{"kvm-clock", NOON_OK, "kvm-clock"},
		{"hpet\nacpi_pm\n", NOON_OK, "hpet"},
		{"", NOON_ERR_FORMAT, ""},
		{"\n", NOON_ERR_FORMAT, ""},
		{"0123456789012345678901234567890\n", NOON_OK, "0123456789012345678901234567890"},
		{"01234567890123456789012345678901\n", NOON_ERR_FORMAT, ""},
		{"0123456789012345678901234567890123456789\n", NOON_ERR_FORMAT, ""},
	};
	char path[] = "/tmp/noon-source-XXXXXX";
	const int fd = mkstemp(path);

	(void)state;
	assert_true(fd >= 0);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char name[NOON_CLOCKSOURCE_MAX] = "";

		assert_int_equal(ftruncate(fd, 0), 0);
		assert_int_equal(pwrite(fd, table[i].text, strlen(table[i].text), 0),
				 (ssize_t)strlen(table[i].text));
		assert_int_equal(noon_machine_clocksource(path, name), table[i].want);
		assert_string_equal(name, table[i].name);
	}
	(void)close(fd);
	(void)unlink(path);
	assert_int_equal(noon_machine_clocksource(path, (char[NOON_CLOCKSOURCE_MAX]){0}),
			 NOON_ERR_NOT_FOUND);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(three_clocks_are_read_as_one),
		cmocka_unit_test(name_of_the_clock_source_is_read),
	};

	return cmocka_run_group_tests_name("platform/machine", tests, NULL, NULL);
}
