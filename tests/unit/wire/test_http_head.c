/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "wire/http_head.h"

#define HOST "Host: a\r\n"

static enum noon_http_fault read_text(const char *text, struct noon_http_head *ret)
{
	return noon_http_head_read(noon_bytes_of(text, strlen(text)), ret);
}

static void reads_what_a_client_of_time_stamps_sends(void **state)
{
	static const char text[] = "POST /tsa?x=/y HTTP/1.1\r\nHost: time.example:3180\r\n"
				   "content-type:\tapplication/timestamp-query ; a=b\r\n"
				   "User-Agent: (\xe4)\r\nAccept:\r\nContent-Length: 0059\r\n"
				   "Expect: 100-Continue\r\n\r\n";
	const uint8_t *base = (const uint8_t *)text;
	struct noon_http_head h;

	(void)state;
	assert_int_equal(read_text(text, &h), NOON_HTTP_FAULT_NONE);
	assert_true(noon_http_is(noon_http_span_of(base, h.method), "POST"));
	assert_true(noon_http_is(noon_http_span_of(base, h.path), "/tsa"));
	assert_true(noon_http_is_nocase(noon_http_span_of(base, h.type),
					"application/timestamp-query"));
	assert_true(h.has_length && h.length == 59 && !h.chunked);
	assert_true(h.expects_continue && h.keep_alive && !h.http10);
}

static void knows_how_long_a_connection_is_wanted(void **state)
{
	static const struct {
		const char *text;
		bool keep;
	} table[] = {
		{"GET / HTTP/1.1\r\n" HOST "\r\n", true},
		{"GET / HTTP/1.9\r\n" HOST "\r\n", true},
		{"GET / HTTP/1.1\r\n" HOST "Connection: x, Close\r\n\r\n", false},
		{"GET / HTTP/1.1\r\n" HOST "Connection: keep-alive\r\nConnection: close\r\n\r\n",
		 false},
		{"GET / HTTP/1.0\r\n\r\n", false},
		{"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_http_head h;

		assert_int_equal(read_text(table[i].text, &h), NOON_HTTP_FAULT_NONE);
		assert_int_equal(h.keep_alive, table[i].keep);
	}
}

static void finds_the_path_in_every_form_of_a_target(void **state)
{
	static const char *const table[][2] = {
		{"/tsa", "/tsa"},
		{"/tsa?http://b/c", "/tsa"},
		{"http://a/tsa?q", "/tsa"},
		{"HTTPS://a:1/tsa", "/tsa"},
		{"http://a", ""},
		{"http://a?/tsa", ""},
		{"http://", ""},
		{"ftp://a/tsa", "ftp://a/tsa"},
		{"//a/tsa", "//a/tsa"},
		{"*", "*"},
		{"?", ""},
		{"a:443", "a:443"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[128];
		struct noon_http_head h;

		(void)snprintf(text, sizeof(text), "POST %s HTTP/1.1\r\n" HOST "\r\n", table[i][0]);
		assert_int_equal(read_text(text, &h), NOON_HTTP_FAULT_NONE);
		assert_true(noon_http_is(noon_http_span_of((uint8_t *)text, h.path), table[i][1]));
	}
}

static void refuses_what_could_be_read_in_two_ways(void **state)
{
#define P "POST / HTTP/1.1\r\n" HOST
	static const struct {
		const char *text;
		enum noon_http_fault fault;
	} table[] = {
		{P "Content-Length: 4\r\nContent-Length: 5\r\n\r\n", NOON_HTTP_FAULT_LENGTH},
		{P "Content-Length: 4\r\nContent-Length: 4\r\n\r\n", NOON_HTTP_FAULT_NONE},
		{P "Content-Length: 4, 4\r\n\r\n", NOON_HTTP_FAULT_LENGTH},
		{P "Content-Length: +4\r\n\r\n", NOON_HTTP_FAULT_LENGTH},
		{P "Content-Length: -4\r\n\r\n", NOON_HTTP_FAULT_LENGTH},
		{P "Content-Length: 0x4\r\n\r\n", NOON_HTTP_FAULT_LENGTH},
		{P "Content-Length:\r\n\r\n", NOON_HTTP_FAULT_LENGTH},
		{P "Content-Length: 18446744073709551620\r\n\r\n", NOON_HTTP_FAULT_BODY_LONG},
		{P "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n",
		 NOON_HTTP_FAULT_LENGTH},
		{P "Transfer-Encoding: Chunked\r\n\r\n", NOON_HTTP_FAULT_NONE},
		{P "Transfer-Encoding: gzip, chunked\r\n\r\n", NOON_HTTP_FAULT_CODING},
		{P "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
		 NOON_HTTP_FAULT_CODING},
		{"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", NOON_HTTP_FAULT_LENGTH},
		{P "Content-Length : 4\r\n\r\n", NOON_HTTP_FAULT_MALFORMED},
		{P "X: a\r\n b\r\n\r\n", NOON_HTTP_FAULT_MALFORMED},
		{P "X\r\n\r\n", NOON_HTTP_FAULT_MALFORMED},
		{P ": x\r\n\r\n", NOON_HTTP_FAULT_MALFORMED},
		{P "X: a\rb\r\n\r\n", NOON_HTTP_FAULT_MALFORMED},
		{P "X: a\x01\r\n\r\n", NOON_HTTP_FAULT_MALFORMED},
		{P "X: a\n\r\n", NOON_HTTP_FAULT_MALFORMED},
		{P HOST "\r\n", NOON_HTTP_FAULT_HOST},
		{"POST / HTTP/1.1\r\n\r\n", NOON_HTTP_FAULT_HOST},
		{P "Expect: tea\r\n\r\n", NOON_HTTP_FAULT_EXPECT},
		{"POST / HTTP/2.0\r\n" HOST "\r\n", NOON_HTTP_FAULT_VERSION},
		{"POST / HTTP/1.10\r\n" HOST "\r\n", NOON_HTTP_FAULT_MALFORMED},
		{"POST / http/1.1\r\n" HOST "\r\n", NOON_HTTP_FAULT_MALFORMED},
		{"POST /  HTTP/1.1\r\n" HOST "\r\n", NOON_HTTP_FAULT_MALFORMED},
		{"POST /\t HTTP/1.1\r\n" HOST "\r\n", NOON_HTTP_FAULT_MALFORMED},
		{"POST\r\n" HOST "\r\n", NOON_HTTP_FAULT_MALFORMED},
		{"PO(ST / HTTP/1.1\r\n" HOST "\r\n", NOON_HTTP_FAULT_MALFORMED},
		{" / HTTP/1.1\r\n" HOST "\r\n", NOON_HTTP_FAULT_MALFORMED},
	};
#undef P

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct noon_http_head h;
		const enum noon_http_fault fault = read_text(table[i].text, &h);

		if (fault != table[i].fault)
			print_message("%s\n", table[i].text);
		assert_int_equal(fault, table[i].fault);
	}
}

static void refuses_a_zero_byte_in_a_value(void **state)
{
	static const char text[] = "GET / HTTP/1.1\r\n" HOST "X: a\0b\r\n\r\n";
	struct noon_http_head h;

	(void)state;
	assert_int_equal(noon_http_head_read(noon_bytes_of(text, sizeof(text) - 1), &h),
			 NOON_HTTP_FAULT_MALFORMED);
}

static void refuses_more_fields_than_it_allows(void **state)
{
	for (unsigned n = NOON_HTTP_FIELDS_MAX; n <= NOON_HTTP_FIELDS_MAX + 1; n++) {
		char text[1024] = "GET / HTTP/1.0\r\n";
		struct noon_http_head h;

		(void)state;
		for (unsigned i = 0; i < n; i++)
			(void)strcat(text, "X: y\r\n");
		(void)strcat(text, "\r\n");
		assert_int_equal(read_text(text, &h), n == NOON_HTTP_FIELDS_MAX
							      ? NOON_HTTP_FAULT_NONE
							      : NOON_HTTP_FAULT_FIELDS_LONG);
	}
}

static void every_fault_has_a_status_and_a_sentence(void **state)
{
	(void)state;
	for (unsigned f = 1; f < NOON_HTTP_FAULTS; f++) {
		assert_in_range(noon_http_fault_status((enum noon_http_fault)f), 400, 599);
		assert_true(strlen(noon_http_fault_text((enum noon_http_fault)f)) > 10);
	}
}

static void reads_the_head_of_a_response(void **state)
{
	static const struct {
		const char *text;
		enum noon_http_fault fault;
		unsigned status;
		uint64_t length;
	} table[] = {
		{"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n", NOON_HTTP_FAULT_NONE, 200, 7},
		{"HTTP/1.0 204\r\nExpect: x\r\n\r\n", NOON_HTTP_FAULT_NONE, 204, 0},
		{"HTTP/1.1 100 \r\n\r\n", NOON_HTTP_FAULT_NONE, 100, 0},
		{"HTTP/1.1 20 OK\r\n\r\n", NOON_HTTP_FAULT_MALFORMED, 0, 0},
		{"HTTP/1.1 2x0 OK\r\n\r\n", NOON_HTTP_FAULT_MALFORMED, 0, 0},
		{"HTTP/2.0 200 OK\r\n\r\n", NOON_HTTP_FAULT_VERSION, 0, 0},
		{"POST / HTTP/1.1\r\n\r\n", NOON_HTTP_FAULT_MALFORMED, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const struct noon_bytes text = noon_bytes_of(table[i].text, strlen(table[i].text));
		struct noon_http_head h = {0};

		print_message("# row %zu\n", i);
		assert_int_equal(noon_http_response_head_read(text, &h), table[i].fault);
		assert_int_equal(h.status, table[i].status);
		assert_int_equal(h.length, table[i].length);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_a_client_of_time_stamps_sends),
		cmocka_unit_test(knows_how_long_a_connection_is_wanted),
		cmocka_unit_test(finds_the_path_in_every_form_of_a_target),
		cmocka_unit_test(refuses_what_could_be_read_in_two_ways),
		cmocka_unit_test(refuses_a_zero_byte_in_a_value),
		cmocka_unit_test(refuses_more_fields_than_it_allows),
		cmocka_unit_test(every_fault_has_a_status_and_a_sentence),
		cmocka_unit_test(reads_the_head_of_a_response),
	};

	return cmocka_run_group_tests_name("wire/http_head", tests, NULL, NULL);
}
