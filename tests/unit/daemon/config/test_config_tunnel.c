/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/config/config.h"

static struct noon_config c;
static char said[4096]; /* to standard error */

/* Errors go to the stream `stderr`, which is replaced meanwhile. */
static noon_err read_conf(const char *text)
{
	FILE *const before = stderr;
	const int fd = memfd_create("conf", 0);
	char path[64];
	noon_err err;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	memset(said, 0, sizeof(said));
	stderr = fmemopen(said, sizeof(said) - 1, "w");
	assert_non_null(stderr);
	err = noon_config_read(path, &c);
	(void)fclose(stderr);
	stderr = before;
	(void)close(fd);
	return err;
}

/* One tunnel with these options, and what it needs. */
static noon_err read_with(const char *options)
{
	char text[1024];

	(void)snprintf(text, sizeof(text),
		       "tunnel \"t\" { local = 192.0.2.1 peer = 192.0.2.2 role = initiator "
		       "key-file = k\n %s }",
		       options);
	return read_conf(text);
}

static const struct noon_config_tunnel *good(const char *options)
{
	if (read_with(options))
		fail_msg("%s: %s", options, said);
	assert_int_equal(c.n_tunnels, 1);
	return &c.tunnel[0];
}

static void check_host(const struct noon_addr *a, const char *host)
{
	char text[64];

	noon_addr_format_host(a, text, sizeof(text));
	assert_string_equal(text, host);
	assert_int_equal(noon_addr_port(a), 0);
}

static void what_is_not_said_has_a_default(void **state)
{
	const struct noon_config_tunnel *t = good("");

	(void)state;
	assert_string_equal(t->name, "t");
	check_host(&t->inner_local, "192.0.2.1");
	check_host(&t->inner_peer, "192.0.2.2");
	assert_true(t->is_initiator && t->extended && !t->ah && !t->udp);
	assert_int_equal(t->key_len, 16);
	assert_int_equal(t->udp_port, 4500);
	assert_int_equal(t->ports, 2);
	assert_int_equal(t->port[0], 319);
	assert_int_equal(t->port[1], 320);
	assert_int_equal(t->padding.mode, NOON_PADDING_NONE);
	assert_true(t->lifetime == NOON_S(3600) && t->grace == NOON_S(10));
	assert_true(t->dead_after == NOON_S(30) && t->cover == 0 && t->bytes == 0);
	assert_true(t->packets == UINT64_C(1) << 31);
	assert_true(t->jitter > 0.0999 && t->jitter < 0.1001);
}

static void keys_come_from_a_file_or_an_exchange(void **state)
{
	static const char *const begin = "tunnel \"t\" { local = ::1 peer = ::2 role = responder ";
	static const struct {
		const char *options, *said;
	} bad[] = {
		{"certificate = c", "certificate-key: needed"},
		{"certificate = c certificate-key = k", "peer-certificates: needed"},
		{"certificate = c key-file = k", "certificate: expected either it or key-file"},
		{"key-file = k peer-name = n", "peer-name: belongs to certificate"},
		{"key-file = k rekey = 1h", "rekey: belongs to certificate"},
		{"", "key-file: needed, or certificate"},
	};
	char text[512];

	(void)state;
	(void)snprintf(text, sizeof(text),
		       "%s certificate = c certificate-key = k peer-certificates = p }", begin);
	assert_int_equal(read_conf(text), NOON_OK);
	assert_string_equal(c.tunnel[0].exchange.name, "::2");
	assert_int_equal(c.tunnel[0].exchange.port, 4461);
	assert_true(c.tunnel[0].exchange.rekey == NOON_S(8 * 3600));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text), "%s %s }", begin, bad[i].options);
		assert_int_equal(read_conf(text), NOON_ERR_FORMAT);
		if (strstr(said, bad[i].said) == NULL)
			fail_msg("%s: %s", bad[i].options, said);
	}
}

static void what_is_said_counts(void **state)
{
	const struct noon_config_tunnel *t =
		good("inner-local = 2001:db8::1 inner-peer = 2001:db8::2 role = responder "
		     "encryption = aes256gcm16 ah = true esn = false port = {123, 319, 320, 1, 2, "
		     "65535} lifetime = 1min packets = 1000 bytes = 65536 jitter = 0.5 grace = 1s "
		     "dead-after = 5s cover = 1ms");

	(void)state;
	check_host(&t->local, "192.0.2.1");
	check_host(&t->inner_local, "2001:db8::1");
	check_host(&t->inner_peer, "2001:db8::2");
	assert_true(!t->is_initiator && !t->extended && t->ah);
	assert_int_equal(t->key_len, 32);
	assert_int_equal(t->ports, NOON_TUNNEL_PORTS);
	assert_int_equal(t->port[5], 65535);
	assert_true(t->lifetime == NOON_S(60) && t->packets == 1000 && t->bytes == 65536);
	assert_true(t->grace == NOON_S(1) && t->dead_after == NOON_S(5) && t->cover == NOON_MS(1));
}

static void padding_is_read_in_all_its_forms(void **state)
{
	static const struct {
		const char *text;
		struct noon_padding expected;
	} forms[] = {
		{"none", {NOON_PADDING_NONE, 0, 0}},
		{"random 0-256", {NOON_PADDING_RANDOM, 0, 256}},
		{"random 1024-1024", {NOON_PADDING_RANDOM, 1024, 1024}},
		{"constant 0", {NOON_PADDING_CONSTANT, 0, 0}},
		{"constant 64", {NOON_PADDING_CONSTANT, 64, 0}},
		{"cell 128", {NOON_PADDING_CELL, 128, 0}},
		{"cell 1024", {NOON_PADDING_CELL, 1024, 0}},
	};
	static const char *const bad[] = {
		"",
		"no",
		"none ",
		"none 5",
		"random",
		"random ",
		"random 5",
		"random 6-5",
		"random 0-1025",
		"random -1-5",
		"random 1-2-3",
		"random 1 - 2",
		"random  1-2",
		"constant",
		"constant 1025",
		"constant 5-6",
		"constant -5",
		"cell 127",
		"cell 1025",
		"cell 1x",
		"cell 99999999999999999999",
		"Cell 100",
		"random 0x1-0x5",
	};
	char text[128];

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		const struct noon_config_tunnel *t;

		(void)snprintf(text, sizeof(text), "padding = \"%s\"", forms[i].text);
		t = good(text);
		assert_int_equal(t->padding.mode, forms[i].expected.mode);
		assert_int_equal(t->padding.min, forms[i].expected.min);
		assert_int_equal(t->padding.max, forms[i].expected.max);
		assert_true(noon_padding_is_sound(&t->padding));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text), "padding = \"%s\"", bad[i]);
		if (read_with(text) == NOON_OK)
			fail_msg("%s", text);
		assert_non_null(strstr(said, ":2: padding = "));
		assert_non_null(strstr(said, "expected \"none\", \"random MIN-MAX\""));
	}
}

static void the_profile_seed_sets_what_is_not_said(void **state)
{
	const struct noon_config_tunnel *t = good("profile = seed");

	(void)state;
	assert_true(t->ah);
	assert_int_equal(t->padding.mode, NOON_PADDING_RANDOM);
	assert_int_equal(t->padding.min, 0);
	assert_int_equal(t->padding.max, 256);
	t = good("ah = false padding = none profile = seed");
	assert_true(!t->ah && t->padding.mode == NOON_PADDING_NONE);
	t = good("profile = seed encapsulation = udp ah = false padding = \"cell 160\"");
	assert_true(!t->ah && t->udp && t->padding.mode == NOON_PADDING_CELL);
	t = good("profile = default");
	assert_true(!t->ah && t->padding.mode == NOON_PADDING_NONE);
}

static void in_udp_the_local_address_may_be_any(void **state)
{
	(void)state;
	if (read_conf("tunnel \"u\" { peer = 192.0.2.2 encapsulation = udp inner-local = 10.0.0.1 "
		      "inner-peer = 10.0.0.2 role = responder key-file = k udp-port = 4501 }"))
		fail_msg("%s", said);
	assert_int_equal(c.tunnel[0].local.len, 0);
	assert_int_equal(c.tunnel[0].udp_port, 4501);
	check_host(&c.tunnel[0].inner_local, "10.0.0.1");
}

static void what_cannot_work_is_refused(void **state)
{
	static const struct {
		const char *options;
		const char *words;
	} bad[] = {
		{"local = 192.0.2.2", "local: expected another address than peer"},
		{"local = 2001:db8::1", "of the same family"},
		{"inner-local = 2001:db8::1", "inner-local: expected another"},
		{"inner-peer = 192.0.2.1", "inner-local: expected another"},
		{"peer = 192.0.2.2:319", "expected an address without a port"},
		{"peer = host.example", "expected an address without a port"},
		{"key-file = \"\"", "key-file: needed"},
		{"ah = true encapsulation = udp", "ah: does not go inside UDP"},
		{"port = {0}", "expected a port from 1 to 65535"},
		{"port = {1, 2, 3, 4, 5, 6, 7}", "at most 6"},
		{"port = {319, 320, 319}", "port: expected each port once"},
		{"lifetime = 999ms", "from 1s to 30d"},
		{"packets = 15", "from 16 to 2147483648"},
		{"packets = 2147483649", "from 16 to 2147483648"},
		{"bytes = 65535", "bytes: expected 0, or 65536 or more"},
		{"bytes = -1", "expected a whole number"},
		{"jitter = 0.51", "from 0 to 0.5"},
		{"jitter = nan", "expected a number"},
		{"grace = -1s", "from 0 to 1h"},
		{"dead-after = 0", "from 1s to 1d"},
		{"cover = 999us", "cover: expected 0, or 1ms or more"},
		{"udp-port = 65536", "from 1 to 65535"},
		{"encryption = aes192gcm16", "expected aes128gcm16 or aes256gcm16"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (read_with(bad[i].options) == NOON_OK)
			fail_msg("%s", bad[i].options);
		if (strstr(said, bad[i].words) == NULL)
			fail_msg("%s: %s", bad[i].options, said);
	}
}

static void a_name_is_fit_for_a_file(void **state)
{
	static const char *const bad[] = {"", ".", "..", ".a", "a/b", "a b", "\xc3\xa4", "a\\nb"};
	char text[256];
	char name[66] = "";

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text), "tunnel \"%s\" { }", bad[i]);
		assert_int_equal(read_conf(text), NOON_ERR_FORMAT);
		assert_non_null(strstr(said, "expected a name of at most 63 letters"));
	}
	memset(name, 'a', 64);
	(void)snprintf(text, sizeof(text), "tunnel \"%s\" { }", name);
	assert_int_equal(read_conf(text), NOON_ERR_FORMAT);
	(void)snprintf(text, sizeof(text),
		       "tunnel \"%s\" { local = ::1 peer = ::2 role = responder key-file = k }",
		       name + 1);
	assert_int_equal(read_conf(text), NOON_OK);
	assert_int_equal(strlen(c.tunnel[0].name), 63);
}

static void tunnels_are_at_most_8_and_have_secrets_of_their_own(void **state)
{
	char text[2048] = "";
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 9; i++) {
		n += (size_t)snprintf(text + n, sizeof(text) - n,
				      "tunnel \"t%d\" { local = ::1 peer = ::2 role = responder "
				      "key-file = k%d }\n",
				      i, i);
		assert_int_equal(read_conf(text), i < 8 ? NOON_OK : NOON_ERR_FORMAT);
	}
	assert_non_null(strstr(said, "more than 8 tunnels"));
	assert_int_equal(
		read_conf("tunnel \"a\" { local = ::1 peer = ::2 role = responder key-file = k }\n"
			  "tunnel \"b\" { local = ::1 peer = ::2 role = initiator key-file = k }"),
		NOON_ERR_FORMAT);
	assert_non_null(strstr(said, "tunnel \"a\" has the same"));
}

static void a_port_of_ptp_names_its_tunnel(void **state)
{
	static const char both[] =
		"ptp-receiver \"r\" { transmitter = 192.0.2.2 tunnel = t }\n"
		"ptp-transmitter \"s\" { multicast = false tunnel = t }\n"
		"tunnel \"t\" { local = 192.0.2.1 peer = 192.0.2.2 role = initiator key-file = k }";

	(void)state;
	if (read_conf(both))
		fail_msg("%s", said);
	assert_string_equal(c.source[0].ptp.port.tunnel, "t");
	assert_string_equal(c.transmitter[0].port.tunnel, "t");
	assert_true(c.transmitter[0].machine.unicast);
	assert_ptr_equal(noon_config_tunnel_of(&c, "t"), &c.tunnel[0]);
	assert_null(noon_config_tunnel_of(&c, "u"));
	assert_null(noon_config_tunnel_of(&c, ""));
}

static void a_port_of_ptp_that_does_not_fit_is_refused(void **state)
{
	static const struct {
		const char *port;
		const char *words;
	} bad[] = {
		{"ptp-receiver \"r\" { transmitter = 192.0.2.2 tunnel = u }",
		 "tunnel: there is no section tunnel \"u\""},
		{"ptp-transmitter \"s\" { multicast = false tunnel = u }",
		 "tunnel: there is no section tunnel \"u\""},
		{"ptp-receiver \"r\" { interface = lo tunnel = t }",
		 "transmitter: expected \"192.0.2.2\""},
		{"ptp-receiver \"r\" { transmitter = 192.0.2.3 tunnel = t }",
		 "transmitter: expected \"192.0.2.2\""},
		{"ptp-receiver \"r\" { transmitter = ::1 network_transport = UDPv6 tunnel = t }",
		 "network_transport: expected UDPv4"},
		{"ptp-receiver \"r\" { interface = lo network_transport = L2 tunnel = t }",
		 "network_transport: expected UDPv4"},
		{"ptp-receiver \"r\" { transmitter = 192.0.2.2 address = 192.0.2.1 tunnel = t }",
		 "address: the tunnel has one"},
		{"ptp-transmitter \"s\" { interface = lo tunnel = t }",
		 "multicast: does not go through a tunnel"},
		{"ptp-receiver \"r\" { transmitter = 192.0.2.2 tunnel = v }", "319 and 320"},
		{"ptp-receiver \"r\" { transmitter = 192.0.2.2 }", "allow-unauthenticated"},
	};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text),
			       "tunnel \"t\" { local = 192.0.2.1 peer = 192.0.2.2 role = initiator "
			       "key-file = k }\n"
			       "tunnel \"v\" { local = 192.0.2.1 peer = 192.0.2.2 role = initiator "
			       "key-file = l port = {123} }\n%s\n",
			       bad[i].port);
		if (read_conf(text) == NOON_OK)
			fail_msg("%s", bad[i].port);
		if (strstr(said, bad[i].words) == NULL)
			fail_msg("%s: %s", bad[i].port, said);
	}
}

static void ntp_goes_through_a_tunnel_that_carries_it(void **state)
{
	static const struct {
		const char *rest, *said;
	} bad[] = {
		{"source \"::3\" { tunnel = t }", "expected a source \"::2\""},
		{"source \"::2\" { tunnel = u }", "there is no section tunnel \"u\""},
		{"source \"::2\" { tunnel = t nts = true }", "nts: does not go through a tunnel"},
		{"source \"::2\" { tunnel = t port = 124 }", "whose option port has 124"},
		{"server { tunnel = {x} }", "there is no section tunnel \"x\""},
		{"server { tunnel = {w} }", "whose option port has 123"},
	};
	static const char *const tunnels =
		"tunnel \"t\" { local = ::1 peer = ::2 role = responder key-file = k port = {123} "
		"}\n"
		"tunnel \"w\" { local = ::1 peer = ::4 role = responder key-file = l }\n";
	char text[1024];

	(void)state;
	(void)snprintf(text, sizeof(text), "%s%s", tunnels,
		       "source \"::2\" { tunnel = t }\nserver { tunnel = {t} }\n");
	if (read_conf(text))
		fail_msg("%s", said);
	assert_false(c.source[0].nts);
	assert_true(c.source[0].engine.require_auth);
	assert_int_equal(c.server.n_tunnels, 1);
	assert_int_equal(c.server.n_listen, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text), "%s%s\n", tunnels, bad[i].rest);
		assert_int_equal(read_conf(text), NOON_ERR_FORMAT);
		if (strstr(said, bad[i].said) == NULL)
			fail_msg("%s: %s", bad[i].rest, said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_not_said_has_a_default),
		cmocka_unit_test(what_is_said_counts),
		cmocka_unit_test(keys_come_from_a_file_or_an_exchange),
		cmocka_unit_test(ntp_goes_through_a_tunnel_that_carries_it),
		cmocka_unit_test(padding_is_read_in_all_its_forms),
		cmocka_unit_test(the_profile_seed_sets_what_is_not_said),
		cmocka_unit_test(in_udp_the_local_address_may_be_any),
		cmocka_unit_test(what_cannot_work_is_refused),
		cmocka_unit_test(a_name_is_fit_for_a_file),
		cmocka_unit_test(tunnels_are_at_most_8_and_have_secrets_of_their_own),
		cmocka_unit_test(a_port_of_ptp_names_its_tunnel),
		cmocka_unit_test(a_port_of_ptp_that_does_not_fit_is_refused),
	};

	return cmocka_run_group_tests_name("daemon/config_tunnel", tests, NULL, NULL);
}
