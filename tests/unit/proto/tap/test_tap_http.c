/* SPDX-License-Identifier: Apache-2.0
 *
 * One direction of HTTP: where heads and bodies end, what is no HTTP, what a gap does.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/tap/tap_http.h"

#define HEAD "HTTP/1.1 200 OK\r\n\r\n"

static struct noon_tap_block blocks[100];
static struct noon_tap_pool pool;
static struct noon_tap_http h;
static struct noon_tap_piece piece;

static void begin(bool response, bool sought)
{
	noon_tap_pool_init(&pool, blocks, sizeof(blocks) / sizeof(blocks[0]));
	noon_tap_http_init(&h, response, sought);
}

static void give_bytes(const void *p, size_t n, int64_t ns)
{
	piece = (struct noon_tap_piece){.bytes = noon_bytes_of(p, n), .begins = true, .at = {ns}};
}

static enum noon_tap_step give(const char *text, int64_t ns)
{
	give_bytes(text, strlen(text), ns);
	return noon_tap_http_step(&h, &pool, &piece);
}

/* Read a head, and say how the body is framed. */
static void begin_body(enum noon_tap_framing framing, uint64_t length)
{
	begin(true, false);
	assert_int_equal(give(HEAD, 5), NOON_TAP_HEAD);
	assert_int_equal(piece.bytes.n, 0);
	assert_int_equal(h.chain.n, strlen(HEAD));
	noon_tap_http_body(&h, &pool, framing, length, true);
}

static void expect_body(const char *text)
{
	uint8_t room[64];

	assert_int_equal(h.chain.n, strlen(text));
	noon_tap_chain_copy(&pool, &h.chain, room);
	assert_memory_equal(room, text, strlen(text));
}

static void finds_the_end_of_a_body_of_stated_length(void **state)
{
	(void)state;
	begin_body(NOON_TAP_BY_LENGTH, 5);
	assert_int_equal(give("abc", 30), NOON_TAP_MORE);
	assert_int_equal(give("deHTTP", 20), NOON_TAP_DONE);
	assert_int_equal(piece.bytes.n, 4);
	expect_body("abcde");
	assert_int_equal(h.body_at.ns, 20);
	assert_int_equal(h.last_at.ns, 30);
	begin_body(NOON_TAP_BY_LENGTH, 0);
	assert_int_equal(give("", 30), NOON_TAP_DONE);
	assert_true(noon_time_is_never(h.body_at));
	begin_body(NOON_TAP_BY_CLOSE, 0);
	assert_int_equal(give("abc", 30), NOON_TAP_MORE);
	assert_true(noon_tap_http_close(&h));
	assert_int_equal(give("", 30), NOON_TAP_DONE);
	expect_body("abc");
	noon_tap_http_reset(&h, &pool);
	assert_false(noon_tap_http_close(&h));
}

static void puts_chunks_together(void **state)
{
	static const struct {
		const char *text;
		enum noon_tap_step step;
		const char *body;
	} table[] = {
		{"3\r\nabc\r\n0\r\n\r\n", NOON_TAP_DONE, "abc"},
		{"3\r\nabc\r\n00002 ;x=\"y\"\r\nde\r\n000;z\r\nA: b\r\n\r\n", NOON_TAP_DONE,
		 "abcde"},
		{"0A\r\n0123456789\r\n0\r\n\r\n", NOON_TAP_DONE, "0123456789"},
		{"0\r\n\r\n", NOON_TAP_DONE, ""},
		{"3\r\nabc\r\n", NOON_TAP_MORE, "abc"},
		{"\r\n", NOON_TAP_BAD, ""},
		{"x\r\n", NOON_TAP_BAD, ""},
		{"-3\r\n", NOON_TAP_BAD, ""},
		{";3\r\n", NOON_TAP_BAD, ""},
		{"3\nabc", NOON_TAP_BAD, ""},
		{"3\rabc", NOON_TAP_BAD, ""},
		{"1234567890123456\r\n", NOON_TAP_BAD, ""},
		{"3\r\nabcd\r\n", NOON_TAP_BAD, "abc"},
		{"3\r\nabc\n0\r\n", NOON_TAP_BAD, "abc"},
		{"0\r\nA: b\n\n", NOON_TAP_BAD, ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const size_t n = strlen(table[i].text);
		enum noon_tap_step step = NOON_TAP_MORE;

		print_message("# row %zu\n", i);
		begin_body(NOON_TAP_BY_CHUNKS, 0);
		assert_int_equal(give(table[i].text, 9), table[i].step);
		expect_body(table[i].body);
		/* Byte by byte it is the same. */
		begin_body(NOON_TAP_BY_CHUNKS, 0);
		for (size_t k = 0; k < n && step == NOON_TAP_MORE; k++) {
			give_bytes(table[i].text + k, 1, 9);
			step = noon_tap_http_step(&h, &pool, &piece);
		}
		assert_int_equal(step, table[i].step);
		expect_body(table[i].body);
	}
}

static void tells_at_once_what_is_no_http(void **state)
{
	static const struct {
		const char *text;
		bool response;
		enum noon_tap_step step;
	} table[] = {
		{"P", false, NOON_TAP_MORE},
		{"POST", false, NOON_TAP_MORE},
		{"\r\n\r\nPOST ", false, NOON_TAP_MORE},
		{"POSTER", false, NOON_TAP_BAD},
		{"SSH-2.0-", false, NOON_TAP_BAD},
		{"X", false, NOON_TAP_BAD},
		{"HTTP/1.1", false, NOON_TAP_BAD},
		{"HTTP/1.", true, NOON_TAP_MORE},
		{"HTTP/2", true, NOON_TAP_BAD},
		{"GET / ", true, NOON_TAP_BAD},
		{"\r\n\r\n\r\n\r\n\r\n", false, NOON_TAP_BAD},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		print_message("# row %zu\n", i);
		begin(table[i].response, false);
		assert_int_equal(give(table[i].text, 9), table[i].step);
	}
}

static void waits_for_a_segment_that_begins_with_a_message(void **state)
{
	(void)state;
	begin(false, true);
	assert_int_equal(give("xPOST / HTTP/1.1\r\n\r\n", 1), NOON_TAP_MORE);
	assert_int_equal(h.phase, NOON_TAP_SEEK);
	give_bytes("POST / HTTP/1.1\r\n\r\n", 19, 1);
	piece.begins = false;
	assert_int_equal(noon_tap_http_step(&h, &pool, &piece), NOON_TAP_MORE);
	assert_int_equal(h.phase, NOON_TAP_SEEK);
	assert_int_equal(give("POST / HTTP/1.1\r\n\r\n", 1), NOON_TAP_HEAD);
}

static void keeps_its_place_in_a_gap_of_a_body(void **state)
{
	(void)state;
	begin_body(NOON_TAP_BY_LENGTH, 10);
	assert_true(noon_tap_http_gap(&h, &pool, 4));
	assert_int_equal(give("abcdefHTTP", 9), NOON_TAP_DONE);
	assert_true(h.damaged);
	assert_int_equal(piece.bytes.n, 4);
	begin_body(NOON_TAP_BY_LENGTH, 10);
	assert_true(noon_tap_http_gap(&h, &pool, 10));
	assert_int_equal(give("", 9), NOON_TAP_DONE);
	begin_body(NOON_TAP_BY_CHUNKS, 0);
	assert_int_equal(give("a\r\n012", 9), NOON_TAP_MORE);
	assert_true(noon_tap_http_gap(&h, &pool, 7));
	assert_int_equal(give("\r\n0\r\n\r\n", 9), NOON_TAP_DONE);
	/* Over the end of it, in a head, between chunks: nobody knows what comes. */
	begin_body(NOON_TAP_BY_LENGTH, 10);
	assert_false(noon_tap_http_gap(&h, &pool, 11));
	assert_int_equal(h.phase, NOON_TAP_SEEK);
	begin(true, false);
	assert_int_equal(give("HTTP/1.1", 9), NOON_TAP_MORE);
	assert_false(noon_tap_http_gap(&h, &pool, 1));
	begin_body(NOON_TAP_BY_CHUNKS, 0);
	assert_false(noon_tap_http_gap(&h, &pool, 1));
}

/* A body that is too long is read over; a head that is too long is no HTTP. */
static void limits_what_it_keeps(void **state)
{
	static char much[NOON_TAP_BODY_MAX + 1];

	(void)state;
	memset(much, 'a', sizeof(much));
	begin_body(NOON_TAP_BY_LENGTH, sizeof(much));
	give_bytes(much, sizeof(much), 9);
	assert_int_equal(noon_tap_http_step(&h, &pool, &piece), NOON_TAP_DONE);
	assert_true(h.damaged);
	assert_int_equal(h.chain.n, 0);
	begin_body(NOON_TAP_BY_LENGTH, sizeof(much) - 1);
	give_bytes(much, sizeof(much) - 1, 9);
	assert_int_equal(noon_tap_http_step(&h, &pool, &piece), NOON_TAP_DONE);
	assert_false(h.damaged);
	begin(false, false);
	assert_int_equal(give("GET / ", 9), NOON_TAP_MORE);
	give_bytes(much, NOON_TAP_HEAD_MAX - 6, 9);
	assert_int_equal(noon_tap_http_step(&h, &pool, &piece), NOON_TAP_MORE);
	assert_int_equal(give("a", 9), NOON_TAP_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_end_of_a_body_of_stated_length),
		cmocka_unit_test(puts_chunks_together),
		cmocka_unit_test(tells_at_once_what_is_no_http),
		cmocka_unit_test(waits_for_a_segment_that_begins_with_a_message),
		cmocka_unit_test(keeps_its_place_in_a_gap_of_a_body),
		cmocka_unit_test(limits_what_it_keeps),
	};

	return cmocka_run_group_tests_name("proto/tap http", tests, NULL, NULL);
}
