/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "platform/instruments/line_client.h"

static void reads_hosts_with_and_without_ports(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
	} table[] = {
		{"counter", "counter", 5025},
		{"counter:7", "counter", 7},
		{"192.0.2.1", "192.0.2.1", 5025},
		{"192.0.2.1:65535", "192.0.2.1", 65535},
		{"2001:db8::1", "2001:db8::1", 5025},
		{"[2001:db8::1]", "2001:db8::1", 5025},
		{"[::1]:80", "::1", 80},
	};
	static const char *const wrong[] = {"",	      ":80",  "host:",	"host:0", "host:65536",
					    "host:x", "[::1", "[::1]x", "[::1]:", "[]:80"};
	struct noon_line_client c;

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(noon_line_client_address(table[i].text, 5025, &c), NOON_OK);
		assert_string_equal(c.host, table[i].host);
		assert_int_equal(c.port, table[i].port);
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_int_equal(noon_line_client_address(wrong[i], 5025, &c), NOON_ERR_FORMAT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(reads_hosts_with_and_without_ports)};

	return cmocka_run_group_tests_name("platform/instruments/line_client", tests, NULL, NULL);
}
