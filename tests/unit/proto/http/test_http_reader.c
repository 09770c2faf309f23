/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/http/http_reader.h"

#define HEAD_MAX 256
#define BODY_MAX 64
#define CHUNKED	 "POST /t HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
#define LENGTH5	 "POST /t HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"

static uint8_t buf[HEAD_MAX + BODY_MAX + 1024];
static size_t n;
static struct noon_http_reader r;

static int reset(void **state)
{
	(void)state;
	noon_http_reader_init(&r, HEAD_MAX, BODY_MAX);
	n = 0;
	return 0;
}

/* Hand in text, `piece` bytes at a time, until something other than MORE comes; heads are passed
 * over. Returns what came last, and how much of the text was not handed in. */
static enum noon_http_step feed(const char *text, size_t len, size_t piece, size_t *ret_left)
{
	enum noon_http_step step = NOON_HTTP_MORE;

	while (len > 0 && step == NOON_HTTP_MORE) {
		const size_t k = piece < len ? piece : len;

		assert_true(n + k <= sizeof(buf));
		memcpy(buf + n, text, k);
		n += k;
		text += k;
		len -= k;
		do
			step = noon_http_reader_step(&r, buf, &n);
		while (step == NOON_HTTP_HEAD);
		assert_true(piece > 1 || n <= noon_http_reader_room(&r));
	}
	*ret_left = len;
	return step;
}

static void finds_a_request_however_it_was_cut(void **state)
{
	static const struct {
		const char *text;
		const char *body;
	} table[] = {
		{LENGTH5 "hello", "hello"},
		{"\r\n\r\n" LENGTH5 "hello", "hello"},
		{"GET / HTTP/1.1\r\nHost: a\r\n\r\n", ""},
		{CHUNKED "5\r\nhello\r\n0\r\n\r\n", "hello"},
		{CHUNKED "1\r\nh\r\n0004;x=\"y\"\r\nello\r\n0\r\nTrailer: x\r\n\r\n", "hello"},
		{CHUNKED "a\r\n0123456789\r\nA\r\n0123456789\r\n0\r\n\r\n", "01234567890123456789"},
		{CHUNKED "0\r\n\r\n", ""},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		for (size_t piece = 1; piece < 200; piece++) {
			const size_t len = strlen(table[i].text);
			size_t left;

			(void)reset(state);
			assert_int_equal(feed(table[i].text, len, piece, &left), NOON_HTTP_DONE);
			assert_int_equal(left, 0);
			assert_int_equal(r.at, n);
			assert_true(noon_http_is(noon_http_reader_body(&r, buf), table[i].body));
		}
}

static void leaves_what_is_behind_a_request(void **state)
{
	static const char *const first[] = {LENGTH5 "hello", CHUNKED "5\r\nhello\r\n0\r\n\r\n"};

	for (size_t i = 0; i < 2; i++) {
		char text[512];
		size_t left;

		(void)reset(state);
		(void)snprintf(text, sizeof(text), "%s%s", first[i], LENGTH5 "world");
		assert_int_equal(feed(text, strlen(text), sizeof(text), &left), NOON_HTTP_DONE);
		assert_true(noon_http_is(noon_http_reader_body(&r, buf), "hello"));
		assert_int_equal(n - r.at, strlen(LENGTH5 "world"));
		memmove(buf, buf + r.at, n - r.at);
		n -= r.at;
		noon_http_reader_next(&r);
		assert_int_equal(noon_http_reader_step(&r, buf, &n), NOON_HTTP_HEAD);
		assert_int_equal(noon_http_reader_step(&r, buf, &n), NOON_HTTP_DONE);
		assert_true(noon_http_is(noon_http_reader_body(&r, buf), "world"));
	}
}

static void refuses_what_is_malformed_or_too_long(void **state)
{
	static const struct {
		const char *text;
		enum noon_http_fault fault;
	} table[] = {
		{"\x16\x03\x01", NOON_HTTP_FAULT_MALFORMED},
		{"\r\n\r\n\r\n", NOON_HTTP_FAULT_MALFORMED},
		{"GET / HTTP/1.1\n", NOON_HTTP_FAULT_MALFORMED},
		{"GET / HTTP/1.1\r\nHost: a\n", NOON_HTTP_FAULT_MALFORMED},
		{"GET / HTTP/1.1\r\nHost: a\r\n\n", NOON_HTTP_FAULT_MALFORMED},
		{"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 65\r\n\r\n",
		 NOON_HTTP_FAULT_BODY_LONG},
		{CHUNKED "41\r\n", NOON_HTTP_FAULT_BODY_LONG},
		{CHUNKED "40\r\n0123456789012345678901234567890123456789012345678901234567890123"
			 "\r\n1\r\n",
		 NOON_HTTP_FAULT_BODY_LONG},
		{CHUNKED "ffffffffffffffff1\r\n", NOON_HTTP_FAULT_MALFORMED},
		{CHUNKED "-1\r\n", NOON_HTTP_FAULT_MALFORMED},
		{CHUNKED " 1\r\n", NOON_HTTP_FAULT_MALFORMED},
		{CHUNKED "1 \r\n", NOON_HTTP_FAULT_MALFORMED},
		{CHUNKED "\r\n", NOON_HTTP_FAULT_MALFORMED},
		{CHUNKED "1\n", NOON_HTTP_FAULT_MALFORMED},
		{CHUNKED "1\r\nabc", NOON_HTTP_FAULT_MALFORMED},
		{CHUNKED "1\r\na\n\n", NOON_HTTP_FAULT_MALFORMED},
		{CHUNKED "1;a\rb\r\n", NOON_HTTP_FAULT_MALFORMED},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		for (size_t piece = 1; piece < 200; piece += 7) {
			size_t left;

			(void)reset(state);
			assert_int_equal(feed(table[i].text, strlen(table[i].text), piece, &left),
					 NOON_HTTP_BAD);
			assert_int_equal(r.fault, table[i].fault);
			/* And stays so. */
			assert_int_equal(noon_http_reader_step(&r, buf, &n), NOON_HTTP_BAD);
		}
}

/* Pieces of text for ever: the reader gives up before its room is used up. */
static void endless(const char *start, const char *more, enum noon_http_fault fault)
{
	size_t left;
	enum noon_http_step step;

	(void)reset(NULL);
	step = feed(start, strlen(start), 1, &left);
	for (int i = 0; step == NOON_HTTP_MORE; i++) {
		assert_true(i < 2000);
		step = feed(more, strlen(more), 1, &left);
	}
	assert_int_equal(step, NOON_HTTP_BAD);
	assert_int_equal(r.fault, fault);
}

static void gives_up_on_what_never_ends(void **state)
{
	(void)state;
	endless("GET /", "a", NOON_HTTP_FAULT_TARGET_LONG);
	endless("GET / HTTP/1.1\r\n", "A: b\r\n", NOON_HTTP_FAULT_FIELDS_LONG);
	endless("GET / HTTP/1.1\r\nA:", "b", NOON_HTTP_FAULT_FIELDS_LONG);
	endless(CHUNKED "1;", "x", NOON_HTTP_FAULT_MALFORMED);
	endless(CHUNKED, "2\r\nab\r\n", NOON_HTTP_FAULT_BODY_LONG);
	endless(CHUNKED, "1;xxxxxxxxxxxxxxx\r\na\r\n", NOON_HTTP_FAULT_MALFORMED);
	endless(CHUNKED "0\r\n", "A: b\r\n", NOON_HTTP_FAULT_FIELDS_LONG);
	endless(CHUNKED "0\r\nA:", "b", NOON_HTTP_FAULT_FIELDS_LONG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_a_request_however_it_was_cut),
		cmocka_unit_test(leaves_what_is_behind_a_request),
		cmocka_unit_test(refuses_what_is_malformed_or_too_long),
		cmocka_unit_test(gives_up_on_what_never_ends),
	};

	return cmocka_run_group_tests_name("proto/http_reader", tests, reset, NULL);
}
