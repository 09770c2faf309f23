/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "platform/net/udp.h"

struct example {
	const char *text;
	noon_err err;
	const char *written; /* back, with port */
};

static void reads_addresses_with_and_without_ports(void **state)
{
	static const struct example table[] = {
		{"127.0.0.1:11123", NOON_OK, "127.0.0.1:11123"},
		{"127.0.0.1", NOON_OK, "127.0.0.1:123"},
		{"[::1]:4460", NOON_OK, "[::1]:4460"},
		{"[::1]", NOON_OK, "[::1]:123"},
		{"2001:db8::7", NOON_OK, "[2001:db8::7]:123"},
		{"127.0.0.1:0", NOON_OK, "127.0.0.1:0"},
		{"127.0.0.1:65536", NOON_ERR_RANGE, NULL},
		{"127.0.0.1:", NOON_ERR_FORMAT, NULL},
		{"127.0.0.1:x", NOON_ERR_FORMAT, NULL},
		{"127.0.0.1:-1", NOON_ERR_FORMAT, NULL},
		{"[::1", NOON_ERR_FORMAT, NULL},
		{"[::1]x", NOON_ERR_FORMAT, NULL},
		{"", NOON_ERR_FORMAT, NULL},
		{":123", NOON_ERR_FORMAT, NULL},
		{"localhost", NOON_ERR_FORMAT, NULL},
		{"256.1.1.1", NOON_ERR_FORMAT, NULL},
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_addr a = {.len = 99};

		assert_int_equal(noon_addr_parse(table[i].text, 123, &a), table[i].err);
		if (table[i].err) {
			assert_int_equal(a.len, 99);
			continue;
		}
		noon_addr_format(&a, text, sizeof(text));
		assert_string_equal(text, table[i].written);
	}
}

static void compares_address_and_port(void **state)
{
	struct noon_addr a;
	struct noon_addr b;

	(void)state;
	assert_int_equal(noon_addr_parse("10.0.0.1", 1, &a), NOON_OK);
	assert_int_equal(noon_addr_parse("10.0.0.1", 1, &b), NOON_OK);
	assert_true(noon_addr_equal(&a, &b));
	noon_addr_set_port(&b, 2);
	assert_false(noon_addr_equal(&a, &b));
	assert_int_equal(noon_addr_parse("::1", 1, &b), NOON_OK);
	assert_false(noon_addr_equal(&a, &b));
}

static void resolves_literals_and_says_why_not(void **state)
{
	struct noon_addr list[4];
	const char *why = NULL;
	size_t n = 0;

	(void)state;
	assert_int_equal(noon_addr_resolve("127.0.0.1", 5, AF_UNSPEC, list, 4, &n, &why), NOON_OK);
	assert_int_equal(n, 1);
	assert_int_equal(noon_addr_port(&list[0]), 5);
	assert_int_equal(noon_addr_resolve("no such name", 5, AF_UNSPEC, list, 4, &n, &why),
			 NOON_ERR_NOT_FOUND);
	assert_non_null(why);
}

static void limits_count_networks(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} table[] = {
		{"192.0.2.1:5", "192.0.2.1:6", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"2001:db8::1", "[2001:db8::ffff:1]:9", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
	};
	const struct noon_addr none = {.len = 0};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_addr a;
		struct noon_addr b;
		struct noon_bytes x;
		struct noon_bytes y;

		assert_int_equal(noon_addr_parse(table[i].a, 123, &a), NOON_OK);
		assert_int_equal(noon_addr_parse(table[i].b, 123, &b), NOON_OK);
		x = noon_addr_network(&a);
		y = noon_addr_network(&b);
		assert_int_equal(x.n, y.n);
		assert_int_equal(x.n, a.u.sa.sa_family == AF_INET ? 4 : 8);
		assert_int_equal(memcmp(x.p, y.p, x.n) == 0, table[i].same);
	}
	assert_int_equal(noon_addr_network(&none).n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(limits_count_networks),
		cmocka_unit_test(reads_addresses_with_and_without_ports),
		cmocka_unit_test(compares_address_and_port),
		cmocka_unit_test(resolves_literals_and_says_why_not),
	};

	return cmocka_run_group_tests_name("platform/net/addr", tests, NULL, NULL);
}
