/* SPDX-License-Identifier: Apache-2.0
 *
 * The 23 basic checks of an NTS-KE server, one test each.
 */
#include <openssl/ssl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test_ntske_world.h"

static struct talk talk;

static struct request *minimal(void)
{
	struct request *q = request_new();

	request_protocol(q);
	request_aead(q, 15);
	request_end(q);
	return q;
}

static void expect_ok(const struct request *q)
{
	const struct reply r = request_run(&talk, q);

	assert_true(reply_is_ok(&talk, &r));
	assert_int_equal(talk.close, NOON_OK);
	assert_int_equal(world.counters.n[NOON_KE_DONE], 1);
	talk_end(&talk);
}

static void expect_error(const struct request *q, uint16_t code)
{
	const struct reply r = request_run(&talk, q);

	assert_true(reply_is_sane(&talk, &r));
	assert_int_equal(r.count[NOON_NTSKE_ERROR], 1);
	assert_int_equal(r.error, code);
	assert_int_equal(r.count[NOON_NTSKE_COOKIE], 0);
	talk_end(&talk);
}

/* The reason a first flight is refused for; an alert must go out. */
static enum noon_ntske_outcome refusal(int version, const char *alpn)
{
	uint8_t hello[2048];
	const size_t n = world_hello(version, alpn, hello, sizeof(hello));
	enum noon_ntske_outcome o;

	talk_open(&talk, false);
	talk_raw(&talk, noon_bytes_of(hello, n));
	assert_true(talk.from_server > 0);
	o = noon_ntske_server_outcome(&talk.s);
	assert_int_equal(talk.closed, o != NOON_KE_PENDING);
	talk_end(&talk);
	return o;
}

static void check_01_tls_1_3_connects(void **state)
{
	(void)state;
	talk_open(&talk, true);
	talk_end(&talk);
}

static void check_02_tls_1_2_is_refused(void **state)
{
	(void)state;
	assert_int_equal(refusal(TLS1_2_VERSION, "\7ntske/1"), NOON_KE_VERSION);
}

static void check_03_alpn_ntske_1_is_selected(void **state)
{
	(void)state;
	talk_open(&talk, true); /* the client insists on it: crypto/tls.h */
	talk_end(&talk);
	assert_int_equal(refusal(TLS1_3_VERSION, "\3foo\7ntske/1"), NOON_KE_PENDING);
}

static void check_04_unknown_alpn_is_refused(void **state)
{
	(void)state;
	assert_int_equal(refusal(TLS1_3_VERSION, "\3foo"), NOON_KE_ALPN);
	assert_int_equal(world.counters.n[NOON_KE_ALPN], 1);
}

static void check_05_minimal_request_is_answered(void **state)
{
	(void)state;
	expect_ok(minimal());
}

static void check_06_exactly_8_cookies_come(void **state)
{
	struct reply r = request_run(&talk, minimal());

	(void)state;
	assert_int_equal(r.count[NOON_NTSKE_COOKIE], 8);
	talk_end(&talk);
}

static void check_07_missing_next_protocol_is_error_1(void **state)
{
	struct request *q = request_new();

	(void)state;
	request_aead(q, 15);
	request_end(q);
	expect_error(q, 1);
}

static void check_08_missing_aead_is_error_1(void **state)
{
	struct request *q = request_new();

	(void)state;
	request_protocol(q);
	request_end(q);
	expect_error(q, 1);
}

static void check_09_two_next_protocols_are_error_1(void **state)
{
	struct request *q = request_new();

	(void)state;
	request_protocol(q);
	request_protocol(q);
	request_aead(q, 15);
	request_end(q);
	expect_error(q, 1);
}

static void check_10_two_aeads_are_error_1(void **state)
{
	struct request *q = request_new();

	(void)state;
	request_protocol(q);
	request_aead(q, 15);
	request_aead(q, 15);
	request_end(q);
	expect_error(q, 1);
}

static void check_11_empty_next_protocol_is_error_1(void **state)
{
	struct request *q = request_new();

	(void)state;
	request_items(q, true, NOON_NTSKE_NEXT_PROTOCOL, NULL, 0);
	request_aead(q, 15);
	request_end(q);
	expect_error(q, 1);
}

static void check_12_empty_aead_is_error_1(void **state)
{
	struct request *q = request_new();

	(void)state;
	request_protocol(q);
	request_items(q, true, NOON_NTSKE_AEAD, NULL, 0);
	request_end(q);
	expect_error(q, 1);
}

static void check_13_ten_equal_protocols_are_ok(void **state)
{
	const uint16_t ten[10] = {0};
	struct request *q = request_new();

	(void)state;
	request_items(q, true, NOON_NTSKE_NEXT_PROTOCOL, ten, 10);
	request_aead(q, 15);
	request_end(q);
	expect_ok(q);
}

static void check_14_ten_equal_aeads_are_ok(void **state)
{
	const uint16_t ten[10] = {15, 15, 15, 15, 15, 15, 15, 15, 15, 15};
	struct request *q = request_new();

	(void)state;
	request_protocol(q);
	request_items(q, true, NOON_NTSKE_AEAD, ten, 10);
	request_end(q);
	expect_ok(q);
}

static void check_15_unknown_protocol_gets_an_empty_record(void **state)
{
	const uint16_t unknown = 10000;
	struct request *q = request_new();
	struct reply r;

	(void)state;
	request_items(q, true, NOON_NTSKE_NEXT_PROTOCOL, &unknown, 1);
	request_aead(q, 15);
	request_end(q);
	r = request_run(&talk, q);
	assert_true(reply_is_sane(&talk, &r));
	assert_int_equal(r.count[NOON_NTSKE_NEXT_PROTOCOL], 1);
	assert_int_equal(r.protocols, 0);
	assert_int_equal(r.count[NOON_NTSKE_COOKIE], 0);
	assert_int_equal(world.counters.n[NOON_KE_NO_PROTOCOL], 1);
	talk_end(&talk);
}

static void check_16_unknown_aead_gets_an_empty_record(void **state)
{
	struct request *q = request_new();
	struct reply r;

	(void)state;
	request_protocol(q);
	request_aead(q, 10000);
	request_end(q);
	r = request_run(&talk, q);
	assert_true(reply_is_sane(&talk, &r));
	assert_int_equal(r.count[NOON_NTSKE_AEAD], 1);
	assert_int_equal(r.aeads, 0);
	assert_int_equal(r.count[NOON_NTSKE_COOKIE], 0);
	assert_int_equal(world.counters.n[NOON_KE_NO_AEAD], 1);
	talk_end(&talk);
}

static void check_17_unknown_server_name_is_ok(void **state)
{
	struct request *q = request_new();

	(void)state;
	request_protocol(q);
	request_aead(q, 15);
	request_add(q, false, NOON_NTSKE_SERVER, "aaaaaaaaaa", 10);
	request_end(q);
	expect_ok(q);
}

static void check_18_unknown_port_is_ok(void **state)
{
	const uint16_t port = 9999;
	struct request *q = request_new();

	(void)state;
	request_protocol(q);
	request_aead(q, 15);
	request_items(q, false, NOON_NTSKE_SERVER_PORT, &port, 1);
	request_end(q);
	expect_ok(q);
}

static void check_19_unknown_critical_record_is_error_0(void **state)
{
	struct request *q = request_new();

	(void)state;
	request_add(q, true, 100, "0123456789", 10);
	request_protocol(q);
	request_aead(q, 15);
	request_end(q);
	expect_error(q, 0);
	assert_int_equal(world.counters.n[NOON_KE_UNKNOWN_CRITICAL], 1);
}

static void check_20_unknown_record_is_ok(void **state)
{
	struct request *q = request_new();

	(void)state;
	request_add(q, false, 100, "0123456789", 10);
	request_protocol(q);
	request_aead(q, 15);
	request_end(q);
	expect_ok(q);
}

static void check_21_no_end_no_reply(void **state)
{
	struct request *q = request_new();
	struct reply r;

	(void)state;
	request_protocol(q);
	request_aead(q, 15);
	(void)request_run(&talk, q);
	assert_int_equal(talk.n, 0);
	noon_tls_close(talk.tls);
	talk_carry(&talk);
	r = reply_of(&talk);
	assert_int_equal(r.count[NOON_NTSKE_END], 0);
	assert_true(talk.closed);
	assert_int_equal(world.counters.n[NOON_KE_CLOSED], 1);
	talk_end(&talk);
}

static void check_22_slow_bytes_are_reassembled(void **state)
{
	uint8_t filler[32] = {0};
	struct request *q = request_new();
	struct noon_bytes all;
	struct reply r;
	size_t i;

	(void)state;
	request_add(q, false, 100, filler, sizeof(filler));
	request_protocol(q);
	request_aead(q, 15);
	request_end(q);
	all = noon_wr_written(&q->wr);
	talk_open(&talk, true);
	talk.piece = 1;
	for (i = 0; i < all.n; i++) {
		assert_int_equal(talk.n, 0);
		talk_wait(&talk, NOON_MS(10));
		talk_say(&talk, noon_bytes_of(all.p + i, 1));
	}
	r = reply_of(&talk);
	assert_true(reply_is_ok(&talk, &r));
	talk_end(&talk);
}

static void check_23_request_of_1024_bytes_is_ok(void **state)
{
	static uint8_t filler[1004];
	struct request *q = request_new();

	(void)state;
	request_protocol(q);
	request_aead(q, 15);
	request_add(q, false, 100, filler, sizeof(filler));
	request_end(q);
	assert_int_equal(noon_wr_len(&q->wr), 1024);
	expect_ok(q);
}

#define CHECK(f) cmocka_unit_test_setup(f, world_reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		CHECK(check_01_tls_1_3_connects),
		CHECK(check_02_tls_1_2_is_refused),
		CHECK(check_03_alpn_ntske_1_is_selected),
		CHECK(check_04_unknown_alpn_is_refused),
		CHECK(check_05_minimal_request_is_answered),
		CHECK(check_06_exactly_8_cookies_come),
		CHECK(check_07_missing_next_protocol_is_error_1),
		CHECK(check_08_missing_aead_is_error_1),
		CHECK(check_09_two_next_protocols_are_error_1),
		CHECK(check_10_two_aeads_are_error_1),
		CHECK(check_11_empty_next_protocol_is_error_1),
		CHECK(check_12_empty_aead_is_error_1),
		CHECK(check_13_ten_equal_protocols_are_ok),
		CHECK(check_14_ten_equal_aeads_are_ok),
		CHECK(check_15_unknown_protocol_gets_an_empty_record),
		CHECK(check_16_unknown_aead_gets_an_empty_record),
		CHECK(check_17_unknown_server_name_is_ok),
		CHECK(check_18_unknown_port_is_ok),
		CHECK(check_19_unknown_critical_record_is_error_0),
		CHECK(check_20_unknown_record_is_ok),
		CHECK(check_21_no_end_no_reply),
		CHECK(check_22_slow_bytes_are_reassembled),
		CHECK(check_23_request_of_1024_bytes_is_ok),
	};

	return cmocka_run_group_tests_name("proto/ntske_checks", tests, world_make, world_free);
}
