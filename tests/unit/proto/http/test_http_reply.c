/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "proto/http/http_reply.h"

static char text[1024];

static void write_reply(const struct noon_http_reply *reply)
{
	struct noon_wr wr = noon_wr_over(text, sizeof(text) - 1);

	memset(text, 0, sizeof(text));
	assert_int_equal(noon_http_reply_write(reply, &wr), NOON_OK);
}

static void writes_the_heads_that_are_needed(void **state)
{
	const struct noon_http_reply ok = {
		.status = 200, .type = "a/b", .length = 913, .date_s = 784111777};
	const struct noon_http_reply limited = {
		.status = 429, .type = "a/b", .retry_after_s = 2, .keep_alive = true};
	const struct noon_http_reply method = {
		.status = 405, .type = "a/b", .allow = "POST", .close = true, .keep_alive = true};

	(void)state;
	write_reply(&ok);
	assert_string_equal(text, "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
				  "Content-Type: a/b\r\nContent-Length: 913\r\n\r\n");
	write_reply(&limited);
	assert_string_equal(text, "HTTP/1.1 429 Too Many Requests\r\n"
				  "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: a/b\r\n"
				  "Content-Length: 0\r\nRetry-After: 2\r\n"
				  "Connection: keep-alive\r\n\r\n");
	write_reply(&method);
	assert_string_equal(text, "HTTP/1.1 405 Method Not Allowed\r\n"
				  "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: a/b\r\n"
				  "Content-Length: 0\r\nAllow: POST\r\nConnection: close\r\n\r\n");
}

static void writes_the_dates_of_the_calendar(void **state)
{
	(void)state;
	/* A prime number of seconds, over 400 years. */
	for (int64_t s = 0; s < INT64_C(12622780800); s += 1234577) {
		const struct noon_http_reply reply = {.status = 200, .type = "a", .date_s = s};
		const time_t t = (time_t)s;
		char want[64];
		struct tm tm;

		assert_non_null(gmtime_r(&t, &tm));
		assert_true(strftime(want, sizeof(want), "Date: %a, %d %b %Y %H:%M:%S GMT\r\n",
				     &tm) > 0);
		write_reply(&reply);
		assert_non_null(strstr(text, want));
	}
}

static void writes_nothing_that_does_not_fit(void **state)
{
	const struct noon_http_reply reply = {.status = 200, .type = "a"};
	size_t all;

	(void)state;
	write_reply(&reply);
	all = strlen(text);
	for (size_t n = 0; n < all; n++) {
		struct noon_wr wr = noon_wr_over(text, n);

		assert_int_equal(noon_http_reply_write(&reply, &wr), NOON_ERR_FULL);
		assert_int_equal(noon_wr_len(&wr), 0);
	}
}

static void has_a_phrase_for_each_status(void **state)
{
	(void)state;
	assert_string_equal(noon_http_phrase(431), "Request Header Fields Too Large");
	assert_string_equal(noon_http_phrase(418), "Unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_heads_that_are_needed),
		cmocka_unit_test(writes_the_dates_of_the_calendar),
		cmocka_unit_test(writes_nothing_that_does_not_fit),
		cmocka_unit_test(has_a_phrase_for_each_status),
	};

	return cmocka_run_group_tests_name("proto/http_reply", tests, NULL, NULL);
}
