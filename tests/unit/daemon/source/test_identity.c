/* SPDX-License-Identifier: Apache-2.0
 *
 * What tells that two sources are one machine.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "daemon/source/identity.h"

static struct noon_source_identity at(const char *address)
{
	struct noon_source_identity id = {.has_key = false};

	assert_int_equal(noon_addr_parse(address, 123, &id.peer), NOON_OK);
	return id;
}

static void one_address_and_port_is_one_machine(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} table[] = {
		{"192.0.2.1", "192.0.2.1:123", true},
		{"192.0.2.1", "192.0.2.1:124", false},
		{"192.0.2.1", "192.0.2.2", false},
		{"2001:db8::1", "[2001:db8::1]:123", true},
		{"2001:db8::1", "2001:db8::2", false},
		{"2001:db8::1", "192.0.2.1", false},
		{"::ffff:192.0.2.1", "192.0.2.1", true},
		{"::ffff:192.0.2.1", "192.0.2.2", false},
		{"127.0.0.1", "::1", true},
		{"[::1]:5", "127.0.0.1:5", true},
		{"[::1]:5", "127.0.0.1:6", false},
		{"::ffff:127.0.0.1", "::1", true},
		/* Whoever uses these has machines behind them. */
		{"127.0.0.2", "127.0.0.1", false},
		{"127.0.0.2", "::1", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct noon_source_identity a = at(table[i].a);
		const struct noon_source_identity b = at(table[i].b);

		assert_int_equal(noon_source_identity_same(&a, &b) != NULL, table[i].same);
		assert_int_equal(noon_source_identity_same(&b, &a) != NULL, table[i].same);
	}
}

static void what_is_not_known_is_not_the_same(void **state)
{
	const struct noon_source_identity none = {.has_key = false};
	const struct noon_source_identity a = at("192.0.2.1");

	(void)state;
	assert_null(noon_source_identity_same(&none, &none));
	assert_null(noon_source_identity_same(&none, &a));
	assert_null(noon_source_identity_same(&a, &none));
}

static void one_key_in_the_certificate_is_one_machine(void **state)
{
	struct noon_source_identity a = at("192.0.2.1");
	struct noon_source_identity b = at("192.0.2.2");

	(void)state;
	a.has_key = b.has_key = true;
	a.key[31] = b.key[31] = 5;
	assert_non_null(noon_source_identity_same(&a, &b));
	b.has_key = false;
	assert_null(noon_source_identity_same(&a, &b));
	b.has_key = true;
	b.key[31] = 6;
	assert_null(noon_source_identity_same(&a, &b));
}

static void one_transmitter_is_one_machine(void **state)
{
	struct noon_source_identity a = {.transmitter = {4, {192, 0, 2, 1}}, .clock = {1}};
	struct noon_source_identity b = {.transmitter = {4, {192, 0, 2, 2}}, .clock = {2}};

	(void)state;
	assert_null(noon_source_identity_same(&a, &b));
	b.clock[0] = 1;
	assert_non_null(noon_source_identity_same(&a, &b));
	b.clock[0] = 2;
	b.transmitter.key[3] = 1;
	/* As two ports of one address may be two servers, so may two domains. */
	b.domain = 1;
	assert_null(noon_source_identity_same(&a, &b));
	b.domain = 0;
	assert_non_null(noon_source_identity_same(&a, &b));
	b.transmitter.n = 6;
	assert_null(noon_source_identity_same(&a, &b));
	b = (struct noon_source_identity){.clock = {1}}; /* none */
	assert_null(noon_source_identity_same(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_address_and_port_is_one_machine),
		cmocka_unit_test(what_is_not_known_is_not_the_same),
		cmocka_unit_test(one_key_in_the_certificate_is_one_machine),
		cmocka_unit_test(one_transmitter_is_one_machine),
	};

	return cmocka_run_group_tests_name("daemon/identity", tests, NULL, NULL);
}
