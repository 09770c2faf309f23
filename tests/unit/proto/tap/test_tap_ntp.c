/* SPDX-License-Identifier: Apache-2.0
 *
 * NTP overheard: pairs by origin timestamp, and everything that is none.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tap_world.h"
#include "wire/ntp.h"

static struct tap_world w;
static uint8_t packet[NOON_NTP_HEADER_LEN];

static void make(uint8_t mode, uint8_t stratum, noon_ntp_ts origin, noon_ntp_ts receive,
		 noon_ntp_ts transmit)
{
	const struct noon_ntp_header h = {.version = 4,
					  .mode = mode,
					  .stratum = stratum,
					  .ref_id = NOON_KISS_RATE,
					  .origin = origin,
					  .receive = receive,
					  .transmit = transmit};
	struct noon_wr wr = noon_wr_over(packet, sizeof(packet));

	assert_int_equal(noon_ntp_header_put(&wr, &h), NOON_OK);
}

static void ask(noon_ntp_ts transmit, int64_t ms)
{
	make(3, 0, 0, 0, transmit);
	tap_hear_udp(&w, false, packet, sizeof(packet), tap_time(ms));
}

static void answer(noon_ntp_ts origin, uint8_t stratum, int64_t t2, int64_t t3, int64_t ms)
{
	make(4, stratum, origin, noon_ntp_ts_from_time(tap_time(t2)),
	     noon_ntp_ts_from_time(tap_time(t3)));
	tap_hear_udp(&w, true, packet, sizeof(packet), tap_time(ms));
}

static void pairs_by_origin(void **state)
{
	noon_dur lower;
	noon_dur upper;

	(void)state;
	tap_world_init(&w);
	ask(11, 100);
	ask(12, 110);
	ask(11, 115); /* a copy: the first counts */
	answer(12, 2, 520, 521, 130);
	answer(11, 2, 510, 512, 140);
	answer(11, 2, 510, 512, 150); /* a copy */
	assert_int_equal(w.n, 2);
	assert_int_equal(w.found[0].tq.ns, tap_time(110).ns);
	assert_int_equal(w.found[1].tq.ns, tap_time(100).ns);
	assert_int_equal(w.found[1].tr.ns, tap_time(140).ns);
	assert_int_equal(w.found[1].stratum, 2);
	assert_int_equal(w.found[1].client.port, TAP_CLIENT_PORT);
	assert_int_equal(w.found[1].server.port, 123);
	noon_tap_exchange_interval(&w.found[1], &lower, &upper);
	assert_true(lower <= NOON_MS(512 - 140) && lower >= NOON_MS(512 - 140) - 2);
	assert_true(upper >= NOON_MS(510 - 100) && upper <= NOON_MS(510 - 100) + 1);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_NO_QUERY), 1);
	/* A copy that may have been stamped late. */
	w.tap.conf.tap_delay = NOON_MS(5);
	ask(13, 200);
	answer(13, 2, 210, 211, 240);
	noon_tap_exchange_interval(&w.found[2], &lower, &upper);
	assert_true(lower <= NOON_MS(211 - 240) && lower >= NOON_MS(211 - 240) - 2);
	assert_true(upper >= NOON_MS(15) && upper <= NOON_MS(15) + 1);
	noon_tap_end(&w.tap);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_NO_ANSWER), 0);
}

static void counts_what_is_no_exchange(void **state)
{
	(void)state;
	tap_world_init(&w);
	answer(5, 2, 1, 2, 10);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_NO_QUERY), 1);
	ask(6, 100);
	answer(6, 2, 210, 209, 110); /* sent before it was received */
	ask(7, 100);
	answer(7, 2, 210, 211, 99); /* answered before it was asked */
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_CONTRADICTORY), 2);
	ask(8, 100);
	make(4, 1, 8, 0, 5);
	tap_hear_udp(&w, true, packet, sizeof(packet), tap_time(110));
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_CONTRADICTORY), 3);
	ask(10, 100);
	answer(10, 2, 210, 300, 110); /* kept for longer than it was away */
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_CONTRADICTORY), 4);
	for (uint8_t mode = 0; mode < 8; mode++) {
		make(mode, 1, 1, 1, 1);
		if (mode != 3 && mode != 4)
			tap_hear_udp(&w, false, packet, sizeof(packet), tap_time(120));
	}
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_NTP_CONTROL), 2);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_NTP_MODES), 4);
	make(3, 0, 0, 0, 9);
	tap_hear_udp(&w, false, packet, 47, tap_time(120));
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_NTP_MALFORMED), 1);
	assert_int_equal(w.n, 0);
	ask(9, 130);
	noon_tap_end(&w.tap);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_NO_ANSWER), 1);
}

/* Some clients ask from the server's port. */
static void pairs_between_two_of_the_servers_port(void **state)
{
	uint8_t frame[128];
	size_t n;

	(void)state;
	tap_world_init(&w);
	make(3, 0, 0, 0, 77);
	n = tap_udp_frame(false, 123, packet, sizeof(packet), frame);
	noon_tap_on_frame(&w.tap, NOON_LINK_RAW, noon_bytes_of(frame, n), n, tap_time(100));
	make(4, 1, 77, noon_ntp_ts_from_time(tap_time(105)), noon_ntp_ts_from_time(tap_time(106)));
	n = tap_udp_frame(true, 123, packet, sizeof(packet), frame);
	noon_tap_on_frame(&w.tap, NOON_LINK_RAW, noon_bytes_of(frame, n), n, tap_time(110));
	assert_int_equal(w.n, 1);
	assert_int_equal(w.found[0].server.addr[3], 2);
}

static void keeps_kisses_as_misses(void **state)
{
	(void)state;
	tap_world_init(&w);
	ask(6, 100);
	answer(6, 0, 0, 0, 110);
	assert_int_equal(w.n, 1);
	assert_int_equal(w.found[0].miss, NOON_TAP_MISS_KISS);
	assert_int_equal(w.found[0].ref_id, NOON_KISS_RATE);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_EXCHANGES), 0);
}

/* Nobody can make a tap keep more than it has room for. */
static void forgets_the_oldest_request_when_there_is_no_room(void **state)
{
	(void)state;
	tap_world_init(&w);
	for (unsigned i = 1; i <= 1000; i++)
		ask(i, 100 + i);
	answer(1000, 2, 1, 2, 5000);
	assert_int_equal(w.n, 1);
	noon_tap_end(&w.tap);
	assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_NO_ANSWER), 999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pairs_by_origin),
		cmocka_unit_test(counts_what_is_no_exchange),
		cmocka_unit_test(pairs_between_two_of_the_servers_port),
		cmocka_unit_test(keeps_kisses_as_misses),
		cmocka_unit_test(forgets_the_oldest_request_when_there_is_no_room),
	};

	return cmocka_run_group_tests_name("proto/tap ntp", tests, NULL, NULL);
}
