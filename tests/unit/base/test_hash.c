/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

/* Of the test suite of the authors of FNV. */
static void known_answers(void **state)
{
	static const struct {
		const char *text;
		uint32_t hash32;
		uint64_t hash64;
	} known[] = {
		{"", 0x811c9dc5, 0xcbf29ce484222325},
		{"a", 0xe40c292c, 0xaf63dc4c8601ec8c},
		{"foobar", 0xbf9cf968, 0x85944171f73967e8},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct noon_bytes b = noon_bytes_of(known[i].text, strlen(known[i].text));

		assert_int_equal(noon_hash32(b), known[i].hash32);
		assert_true(noon_hash64(b) == known[i].hash64);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(known_answers)};

	return cmocka_run_group_tests_name("base/hash", tests, NULL, NULL);
}
