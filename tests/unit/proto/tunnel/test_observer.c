/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "proto/tunnel/observer.h"

#define EDGES_MAX 256

/* What was told. Too large for a stack frame. */
static struct world {
	struct noon_observer o;
	struct noon_observed_edge e[EDGES_MAX];
	size_t n;
	int64_t now;
} w;

static int set_up(void **state)
{
	(void)state;
	memset(&w, 0, sizeof(w));
	w.o.conf = (struct noon_observer_conf){.outer = {.version = 4},
					       .inner = {.version = 4},
					       .event_port = 319,
					       .general_port = 320};
	memcpy(w.o.conf.outer.src, "\xc0\0\2\1", 4);
	memcpy(w.o.conf.outer.dst, "\xc0\0\2\2", 4);
	memcpy(w.o.conf.inner.src, "\x0a\x09\0\1", 4);
	memcpy(w.o.conf.inner.dst, "\x0a\x09\0\2", 4);
	w.now = NOON_S(1000);
	return 0;
}

static void each(void *arg, const struct noon_observed_edge *e)
{
	(void)arg;
	assert_true(w.n < EDGES_MAX);
	w.e[w.n++] = *e;
}

static void seen(bool inside, bool inbound, int64_t at, uint8_t message)
{
	const struct noon_observed p = {.inside = inside,
					.inbound = inbound,
					.message = message,
					.spi = 0x1001,
					.n = inside ? 72 : 128,
					.at = at};

	noon_observer_take(&w.o, &p, each, NULL);
}

/* A packet through encryption, or through decryption, 125 ms after the one before. */
static void passes(bool inbound, uint8_t message, noon_dur took)
{
	w.now += NOON_MS(125);
	seen(!inbound, inbound, w.now, message);
	seen(inbound, inbound, w.now + took, message);
}

static void measures_what_leaves(void **state)
{
	(void)state;
	for (int i = 1; i <= 10; i++)
		passes(false, 0, NOON_US(200) + i);
	/* The last one is certain when the next begins. */
	assert_int_equal(w.n, 9);
	for (size_t i = 0; i < w.n; i++) {
		assert_int_equal(w.e[i].took, NOON_US(200) + (int64_t)i + 1);
		assert_int_equal(w.e[i].n, 128);
		assert_false(w.e[i].inbound);
		assert_int_equal(w.e[i].gap, i == 0 ? NOON_DUR_MAX : NOON_MS(125));
	}
	assert_true(noon_observed_is_exclusive(&w.o.out, w.now));
	assert_false(noon_observed_is_exclusive(&w.o.in, w.now));
}

static void measures_what_comes_in(void **state)
{
	(void)state;
	passes(true, 8, NOON_US(90));
	passes(true, 9, NOON_US(91));
	assert_int_equal(w.n, 1);
	assert_true(w.e[0].inbound);
	assert_int_equal(w.e[0].message, 8);
	assert_int_equal(w.e[0].took, NOON_US(90));
	assert_int_equal(w.e[0].n, 128);
}

static void packets_in_a_row_keep_their_order(void **state)
{
	(void)state;
	for (int64_t i = 0; i < 5; i++)
		seen(true, false, w.now + i * NOON_US(10), (uint8_t)i);
	for (int64_t i = 0; i < 5; i++)
		seen(false, false, w.now + NOON_US(300) + i * NOON_US(60), 0);
	w.now += NOON_MS(1);
	passes(false, 0, NOON_US(200));
	assert_int_equal(w.n, 5);
	for (size_t i = 0; i < 5; i++) {
		assert_int_equal(w.e[i].message, i);
		assert_int_equal(w.e[i].took, NOON_US(300) + (int64_t)i * NOON_US(50));
	}
}

static void a_stranger_among_them_spoils_nothing(void **state)
{
	(void)state;
	passes(false, 0, NOON_US(200));
	passes(false, 0, NOON_US(200));
	assert_int_equal(w.n, 1);
	/* One of nobody inside comes out before ours: the wrong one is matched first. */
	w.now += NOON_MS(125);
	seen(true, false, w.now, 0);
	seen(false, false, w.now + NOON_US(20), 0);
	seen(false, false, w.now + NOON_US(220), 0);
	assert_false(noon_observed_is_exclusive(&w.o.out, w.now + NOON_MS(1)));
	for (int i = 0; i < 23; i++)
		passes(false, 0, NOON_US(200));
	/* What was uncertain was thrown away, and nothing is believed for three seconds. */
	assert_int_equal(w.n, 2);
	assert_int_equal(w.o.out.unmatched, 1);
	for (int i = 0; i < 4; i++)
		passes(false, 0, NOON_US(200));
	assert_true(noon_observed_is_exclusive(&w.o.out, w.now));
	assert_true(w.n > 2);
	for (size_t i = 0; i < w.n; i++)
		assert_int_equal(w.e[i].took, NOON_US(200));
}

static void one_that_never_comes_out_is_given_up(void **state)
{
	(void)state;
	passes(false, 0, NOON_US(200));
	w.now += NOON_MS(125);
	seen(true, false, w.now, 0);
	/* From here on each one would be matched with the one before. */
	for (int i = 0; i < 3; i++)
		passes(false, 0, NOON_US(200));
	assert_int_equal(w.n, 1);
	for (int i = 0; i < 40; i++)
		passes(false, 0, NOON_US(200));
	assert_true(noon_observed_is_exclusive(&w.o.out, w.now));
	assert_true(w.n > 10);
	for (size_t i = 0; i < w.n; i++)
		assert_int_equal(w.e[i].took, NOON_US(200));
}

static void other_programs_are_counted_and_not_measured(void **state)
{
	(void)state;
	passes(false, NOON_OBSERVED_OTHER, NOON_US(500));
	passes(false, 0, NOON_US(200));
	passes(false, 0, NOON_US(200));
	assert_int_equal(w.n, 1);
	assert_int_equal(w.e[0].took, NOON_US(200));
	assert_int_equal(w.o.out.others, 1);
}

static void more_than_can_wait_is_no_harm(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++)
		seen(true, false, w.now += 1000, 0);
	for (int i = 0; i < 1000; i++)
		seen(false, false, w.now += 1000, 0);
	assert_int_equal(w.n, 0);
	assert_true(w.o.out.unmatched > 900);
}

struct row {
	const char *what;
	const char *hex; /* behind the IP header */
	uint8_t proto;
	bool back;
	bool ours;
	uint32_t spi;
};

static size_t packet(uint8_t *p, const struct noon_ip *ends, const struct row *r)
{
	struct noon_wr wr = noon_wr_over(p, 128);
	struct noon_ip ip = *ends;
	const size_t n = strlen(r->hex) / 2;

	if (r->back) {
		memcpy(ip.src, ends->dst, 16);
		memcpy(ip.dst, ends->src, 16);
	}
	ip.proto = r->proto;
	ip.ttl = 64;
	assert_int_equal(noon_ip_put(&wr, &ip, n), NOON_OK);
	for (size_t i = 0; i < n; i++) {
		const char digits[] = "0123456789abcdef";
		const char *high = strchr(digits, r->hex[2 * i]);
		const char *low = strchr(digits, r->hex[2 * i + 1]);

		assert_int_equal(noon_wr_u8(&wr, (uint8_t)((high - digits) << 4 | (low - digits))),
				 NOON_OK);
	}
	return noon_wr_len(&wr);
}

static void knows_packets_outside(void **state)
{
	static const struct row rows[] = {
		{"ESP", "8000000100000001", 50, false, true, 0x80000001},
		{"ESP that comes", "8000000100000001", 50, true, true, 0x80000001},
		{"AH", "320400009000000100000001", 51, false, true, 0x90000001},
		{"ESP in UDP", "1194119400100000a000000100000001", 17, true, true, 0xa0000001},
		{"IKE", "11941194001000000000000000000001", 17, false, false, 0},
		{"a keepalive", "1194119400090000ff", 17, false, false, 0},
		{"other UDP", "0035003500100000a000000100000001", 17, false, false, 0},
		{"TCP", "8000000100000001", 6, false, false, 0},
		{"nothing", "", 50, false, false, 0},
	};
	struct noon_observed p;
	uint8_t raw[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct noon_bytes b =
			noon_bytes_of(raw, packet(raw, &w.o.conf.outer, &rows[i]));

		if (noon_observe_outside(&w.o.conf, b, &p) != rows[i].ours)
			fail_msg("%s", rows[i].what);
		if (!rows[i].ours)
			continue;
		assert_int_equal(p.inbound, rows[i].back);
		assert_int_equal(p.spi, rows[i].spi);
		assert_false(p.inside);
	}
	/* Between others. */
	raw[15]++;
	assert_false(noon_observe_outside(&w.o.conf, noon_bytes_of(raw, 28), &p));
}

static void knows_messages_inside(void **state)
{
	static const struct row rows[] = {
		{"Sync", "013f013f0010000010020000", 17, false, true, 0},
		{"Announce", "01400140001000001b020000", 17, true, true, 0xb},
		{"to another port", "1234123400100000100200", 17, false, true, NOON_OBSERVED_OTHER},
		{"ICMP", "0800000000000000", 1, false, true, NOON_OBSERVED_OTHER},
	};
	struct noon_observed p;
	uint8_t raw[128];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct noon_bytes b =
			noon_bytes_of(raw, packet(raw, &w.o.conf.inner, &rows[i]));

		if (noon_observe_inside(&w.o.conf, b, &p) != rows[i].ours)
			fail_msg("%s", rows[i].what);
		assert_int_equal(p.message, rows[i].spi);
		assert_int_equal(p.inbound, rows[i].back);
		assert_true(p.inside);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(measures_what_leaves, set_up),
		cmocka_unit_test_setup(measures_what_comes_in, set_up),
		cmocka_unit_test_setup(packets_in_a_row_keep_their_order, set_up),
		cmocka_unit_test_setup(a_stranger_among_them_spoils_nothing, set_up),
		cmocka_unit_test_setup(one_that_never_comes_out_is_given_up, set_up),
		cmocka_unit_test_setup(other_programs_are_counted_and_not_measured, set_up),
		cmocka_unit_test_setup(more_than_can_wait_is_no_harm, set_up),
		cmocka_unit_test_setup(knows_packets_outside, set_up),
		cmocka_unit_test_setup(knows_messages_inside, set_up),
	};

	return cmocka_run_group_tests_name("proto/tunnel/observer", tests, NULL, NULL);
}
