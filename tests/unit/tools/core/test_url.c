/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "tools/core/url.h"

static void splits_scheme_host_and_port(void **state)
{
	static const struct {
		const char *text;
		const char *scheme;
		const char *host;
		uint16_t port;
	} good[] = {
		{"nts://time.example.net", "nts", "time.example.net", 0},
		{"nts://time.example.net/", "nts", "time.example.net", 0},
		{"ntp://127.0.0.1:11123", "ntp", "127.0.0.1", 11123},
		{"nts://[::1]:4460", "nts", "::1", 4460},
		{"nts://[2001:db8::1]", "nts", "2001:db8::1", 0},
	};
	static const char *const bad[] = {
		"time.example.net", "nts://",	       "nts://host:", "nts://host:0",
		"nts://host:65536", "nts://host:12x",  "nts://[::1",  "nts://[::1]x",
		"://host",	    "nts://host/path",
	};
	struct noon_url u;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		assert_int_equal(noon_url_parse(good[i].text, &u), NOON_OK);
		assert_string_equal(u.scheme, good[i].scheme);
		assert_string_equal(u.host, good[i].host);
		assert_int_equal(u.port, good[i].port);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(noon_url_parse(bad[i], &u), NOON_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_scheme_host_and_port),
	};

	return cmocka_run_group_tests_name("tools/url", tests, NULL, NULL);
}
