/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* Delivery may be left to another thread of the kernel. */
static void wait_readable(int fd)
{
	struct pollfd pfd = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&pfd, 1, 5000), 1);
}

/* The kernel switches stamps on in the background when the first socket asks for them: wait until
 * a datagram has one. */
static void warm_up(int in, int out)
{
	struct noon_datagram d = {.stamp = NOON_STAMP_USER};
	uint8_t buf[64];

	for (int i = 0; i < 500 && d.stamp != NOON_STAMP_KERNEL; i++) {
		assert_int_equal(noon_udp_send(out, noon_bytes_of("warm", 4), NULL, NULL), NOON_OK);
		wait_readable(in);
		assert_int_equal(noon_udp_recv(in, buf, sizeof(buf), &d), NOON_OK);
		(void)poll(NULL, 0, 2);
	}
}

/* Drop the stamps of what was sent so far; returns how many there were. */
static uint32_t drop_stamps(int out)
{
	enum noon_stamp kind;
	int64_t sent;
	uint32_t id;
	uint32_t n = 0;

	while (noon_udp_recv_sent(out, &id, &sent, &kind) == NOON_OK)
		n = id + 1;
	return n;
}

/* A datagram on loopback carries kernel stamps both ways. */
static void stamps_datagrams_on_loopback(void **state)
{
	struct noon_stamping stamping = {false, false};
	struct noon_addr server;
	struct noon_datagram d;
	enum noon_stamp kind;
	uint8_t buf[64];
	socklen_t len = sizeof(server.u);
	uint32_t id = 7;
	uint32_t before;
	int64_t sent = 0;
	int in;
	int out;
	int sys;

	(void)state;
	assert_int_equal(noon_addr_parse("127.0.0.1", 0, &server), NOON_OK);
	assert_int_equal(noon_udp_bind(&server, false, &in, &stamping, &sys), NOON_OK);
	assert_true(stamping.rx);
	assert_int_equal(getsockname(in, &server.u.sa, &len), 0);
	assert_int_equal(noon_udp_connect(&server, NULL, &out, &stamping, &sys), NOON_OK);
	assert_int_equal(noon_udp_recv(in, buf, sizeof(buf), &d), NOON_ERR_EMPTY);
	warm_up(in, out);
	before = drop_stamps(out);
	assert_int_equal(noon_udp_send(out, noon_bytes_of("hello", 5), NULL, NULL), NOON_OK);
	wait_readable(in);
	assert_int_equal(noon_udp_recv(in, buf, sizeof(buf), &d), NOON_OK);
	assert_int_equal(d.n, 5);
	assert_int_equal(d.stamp, NOON_STAMP_KERNEL);
	assert_int_equal(d.local.len, sizeof(struct sockaddr_in));
	assert_int_equal(noon_udp_recv_sent(out, &id, &sent, &kind), NOON_OK);
	assert_int_equal(id, before);
	assert_int_equal(kind, NOON_STAMP_KERNEL);
	assert_true(sent <= d.stamp_ns);
	assert_true(d.stamp_ns - sent < 1000000000);
	/* The answer leaves from the address that was asked. */
	assert_int_equal(noon_udp_send(in, noon_bytes_of("you", 3), &d.peer, &d.local), NOON_OK);
	wait_readable(out);
	assert_int_equal(noon_udp_recv(out, buf, sizeof(buf), &d), NOON_OK);
	assert_true(noon_addr_equal(&d.peer, &server));
	(void)close(in);
	(void)close(out);
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
		cmocka_unit_test(stamps_datagrams_on_loopback),
	};

	return cmocka_run_group_tests_name("platform/addr and udp", tests, NULL, NULL);
}
