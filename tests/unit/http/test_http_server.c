/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "http_world.h"

#define HOST "Host: a\r\n"

static void expect_in(const char *all, const char *piece)
{
	if (strstr(all, piece) == NULL)
		fail_msg("no \"%s\" in: %s", piece, all);
}

static void expect_status(const char *reply, unsigned status)
{
	char line[32];

	(void)snprintf(line, sizeof(line), "HTTP/1.1 %u ", status);
	if (strncmp(reply, line, strlen(line)) != 0)
		fail_msg("not %u: %s", status, reply);
}

static void answers_each_request_with_its_status(void **state)
{
	static const struct {
		const char *text;
		unsigned status;
		enum noon_http_count count;
		const char *piece;
	} table[] = {
		{POST "Content-Length: 2\r\n\r\nhi", 200, NOON_HTTP_COUNT_OK, "\r\n\r\nre:hi"},
		{POST "Content-Length: 0\r\n\r\n", 200, NOON_HTTP_COUNT_OK, "\r\n\r\nre:"},
		{POST "Content-Length: 4\r\n\r\nfail", 500, NOON_HTTP_COUNT_SERVER_ERROR, "sorry"},
		{POST "Transfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n", 200,
		 NOON_HTTP_COUNT_OK, "\r\n\r\nre:hi"},
		{"POST /tsa HTTP/1.0\r\nContent-Type: " TYPE ";x\r\nContent-Length: 2\r\n\r\nhi",
		 200, NOON_HTTP_COUNT_OK, "Connection: close\r\n"},
		{"POST http://a:1/tsa HTTP/1.1\r\n" HOST "Content-Type: " TYPE
		 "\r\nContent-Length: 2\r\n\r\nhi",
		 200, NOON_HTTP_COUNT_OK, "re:hi"},
		{"GET /info HTTP/1.1\r\n" HOST "\r\n", 200, NOON_HTTP_COUNT_OK, "\r\n\r\nre:"},
		{"HEAD /info HTTP/1.1\r\n" HOST "\r\n", 200, NOON_HTTP_COUNT_OK,
		 "Content-Length: 3\r\n"},
		{"nonsense\r\n\r\n", 400, NOON_HTTP_COUNT_MALFORMED, "not well-formed"},
		{POST "Content-Length: 2\r\nContent-Length: 3\r\n\r\nhi", 400,
		 NOON_HTTP_COUNT_MALFORMED, "two ways"},
		{POST "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nhi", 400,
		 NOON_HTTP_COUNT_MALFORMED, "two ways"},
		{"POST /tsa HTTP/1.1\r\n\r\n", 400, NOON_HTTP_COUNT_MALFORMED, "Host"},
		{"POST /nope HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi", 404,
		 NOON_HTTP_COUNT_NOT_FOUND, "nothing at this path"},
		{"GET /tsa HTTP/1.1\r\n" HOST "\r\n", 405, NOON_HTTP_COUNT_BAD_METHOD,
		 "Allow: POST\r\n"},
		{"GET /tsa HTTP/1.1\r\n" HOST "\r\n", 405, NOON_HTTP_COUNT_BAD_METHOD, "RFC 3161"},
		{"POST /info HTTP/1.1\r\n" HOST "\r\n", 405, NOON_HTTP_COUNT_BAD_METHOD,
		 "Allow: GET, HEAD\r\n"},
		{"BREW /tsa HTTP/1.1\r\n" HOST "\r\n", 405, NOON_HTTP_COUNT_BAD_METHOD, "POST"},
		{POST "\r\n", 411, NOON_HTTP_COUNT_MALFORMED, "Content-Length"},
		{POST "Content-Length: 70000\r\n\r\n", 413, NOON_HTTP_COUNT_TOO_LARGE, "longer"},
		{POST "Transfer-Encoding: chunked\r\n\r\n20000\r\n", 413, NOON_HTTP_COUNT_TOO_LARGE,
		 "longer"},
		{"POST /tsa HTTP/1.1\r\n" HOST "Content-Type: text/html\r\nContent-Length: 2\r\n"
		 "\r\nhi",
		 415, NOON_HTTP_COUNT_BAD_TYPE, "RFC 3161"},
		{"POST /tsa HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\nhi", 415,
		 NOON_HTTP_COUNT_BAD_TYPE, "RFC 3161"},
		{POST "Expect: tea\r\nContent-Length: 2\r\n\r\nhi", 417, NOON_HTTP_COUNT_MALFORMED,
		 "100-continue"},
		{POST "Transfer-Encoding: gzip\r\n\r\nhi", 501, NOON_HTTP_COUNT_MALFORMED,
		 "chunked"},
		{"POST /tsa HTTP/2.0\r\n" HOST "\r\n", 505, NOON_HTTP_COUNT_MALFORMED, "HTTP/1.1"},
	};

	(void)state;
	world_open();
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		const uint64_t before = world_count(table[i].count);
		const char *reply = client_ask(table[i].text);

		expect_status(reply, table[i].status);
		expect_in(reply, table[i].piece);
		assert_null(strstr(reply, "Server:"));
		world_await(table[i].count, before + 1);
	}
	world_await_open(0);
	assert_int_equal(world_count(NOON_HTTP_COUNT_ACCEPTED), sizeof(table) / sizeof(table[0]));
}

static void bounds_line_and_fields(void **state)
{
	static char text[20000];
	size_t n;

	(void)state;
	world_open();
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "POST /", 6);
	expect_status(client_ask(text), 414);
	n = (size_t)snprintf(text, sizeof(text), POST "X: ");
	memset(text + n, 'a', sizeof(text) - 1 - n);
	expect_status(client_ask(text), 431);
	world_await(NOON_HTTP_COUNT_TOO_LARGE, 2);
}

static void reads_a_request_byte_by_byte(void **state)
{
	static const char text[] = POST "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
	char reply[2048];
	int fd;

	(void)state;
	world_open();
	fd = client_open(world_port);
	for (size_t i = 0; i < sizeof(text) - 1; i++) {
		const char one[2] = {text[i], '\0'};

		client_send(fd, one);
	}
	assert_true(client_read(fd, reply, sizeof(reply)));
	expect_in(reply, "\r\n\r\nre:hello");
	(void)close(fd);
	world_await_open(0);
}

static void carries_a_body_of_the_greatest_size(void **state)
{
	static char text[70000], reply[80000];
	size_t n;
	int fd;

	(void)state;
	world_open();
	fd = client_open(world_port);
	n = (size_t)snprintf(text, sizeof(text), POST "Content-Length: 65536\r\n\r\n");
	memset(text + n, 'b', 65536);
	for (int i = 0; i < 3; i++) {
		client_send(fd, text);
		assert_true(client_read(fd, reply, sizeof(reply)));
		expect_in(reply, "Content-Length: 65539\r\n");
	}
	(void)close(fd);
}

static void keeps_a_connection_for_many_requests(void **state)
{
	char body[32], want[48], reply[2048];
	int fd;

	(void)state;
	world_open();
	fd = client_open(world_port);
	for (int i = 0; i < 100; i++) {
		(void)snprintf(body, sizeof(body), "%s%d", i % 2 ? "now" : "", i);
		(void)snprintf(want, sizeof(want), "\r\n\r\nre:%s", body);
		client_post(fd, body);
		assert_true(client_read(fd, reply, sizeof(reply)));
		expect_status(reply, 200);
		expect_in(reply, want);
	}
	assert_int_equal(world_count(NOON_HTTP_COUNT_ACCEPTED), 1);
	assert_int_equal(world_count(NOON_HTTP_COUNT_OK), 100);
	(void)close(fd);
	world_await_open(0);
}

static void keeps_a_connection_of_http_1_0_if_asked(void **state)
{
	char reply[2048];
	int fd;

	(void)state;
	world_open();
	fd = client_open(world_port);
	for (int i = 0; i < 2; i++) {
		client_send(fd, "POST /tsa HTTP/1.0\r\nConnection: keep-alive\r\n"
				"Content-Type: " TYPE "\r\nContent-Length: 2\r\n\r\nhi");
		assert_true(client_read(fd, reply, sizeof(reply)));
		expect_in(reply, "Connection: keep-alive\r\n");
	}
	(void)close(fd);
}

static void goes_on_after_a_refusal(void **state)
{
	char reply[2048];
	int fd;

	(void)state;
	world_open();
	fd = client_open(world_port);
	client_send(fd, "POST /nope HTTP/1.1\r\n" HOST "Content-Length: 29\r\n\r\n"
			"POST /tsa HTTP/1.1\r\nContent-L");
	assert_true(client_read(fd, reply, sizeof(reply)));
	expect_status(reply, 404);
	client_send(fd, "GET /tsa HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nGET /");
	assert_true(client_read(fd, reply, sizeof(reply)));
	expect_status(reply, 405);
	client_post(fd, "hi");
	assert_true(client_read(fd, reply, sizeof(reply)));
	expect_in(reply, "\r\n\r\nre:hi");
	assert_int_equal(world_requests(), 1);
	(void)close(fd);
}

static void answers_pipelined_requests_in_order(void **state)
{
	char text[2048] = "", reply[1024];
	int fd;

	(void)state;
	world_open();
	fd = client_open(world_port);
	for (int i = 0; i < 10; i++) {
		char body[16];
		const int n = snprintf(body, sizeof(body), "%s%d", i % 3 == 2 ? "now" : "later", i);
		const size_t at = strlen(text);

		(void)snprintf(text + at, sizeof(text) - at, POST "Content-Length: %d\r\n\r\n%s", n,
			       body);
	}
	client_send(fd, text);
	for (int i = 0; i < 10; i++) {
		char want[24];

		(void)snprintf(want, sizeof(want), "re:%s%d", i % 3 == 2 ? "now" : "later", i);
		assert_true(client_read(fd, reply, sizeof(reply)));
		expect_in(reply, want);
	}
	assert_int_equal(world_requests(), 10);
	(void)close(fd);
}

static void lets_pipelined_requests_wait_for_a_held_one(void **state)
{
	static char reply[80000];
	int fd;

	(void)state;
	world_conf.body_max = 100;
	world_open();
	fd = client_open(world_port);
	client_post(fd, "hold");
	for (int i = 0; i < 500; i++) /* more than the server keeps */
		client_post(fd, "behind it");
	world_await_requests(1);
	assert_int_equal(world_requests(), 1);
	noon_http_server_wake(world_server);
	assert_true(client_read(fd, reply, sizeof(reply)));
	expect_in(reply, "re:hold");
	for (int i = 0; i < 500; i++) {
		assert_true(client_read(fd, reply, sizeof(reply)));
		expect_in(reply, "re:behind it");
	}
	(void)close(fd);
}

static void says_continue_only_if_there_is_a_use(void **state)
{
	char reply[2048];
	int fd;

	(void)state;
	world_open();
	fd = client_open(world_port);
	for (int i = 0; i < 2; i++) {
		client_send(fd, POST "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n");
		assert_true(client_read(fd, reply, sizeof(reply)));
		expect_status(reply, 100);
		client_send(fd, "hi");
		assert_true(client_read(fd, reply, sizeof(reply)));
		expect_in(reply, "\r\n\r\nre:hi");
	}
	client_send(fd, "GET /tsa HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
			"Content-Length: 2\r\n\r\n");
	(void)client_read_all(fd, reply, sizeof(reply));
	expect_status(reply, 405);
	expect_in(reply, "Connection: close\r\n");
	(void)close(fd);
}

static void survives_clients_that_leave_before_their_reply(void **state)
{
	(void)state;
	world_open();
	for (int i = 0; i < 20; i++) {
		const int fd = client_open(world_port);

		client_post(fd, "hold");
		world_await_requests((unsigned)i + 1);
		client_reset(fd);
	}
	world_await(NOON_HTTP_COUNT_GONE, 20);
	noon_http_server_wake(world_server);
	world_await_open(0);
	expect_status(client_ask(POST "Content-Length: 2\r\n\r\nhi"), 200);
}

static void replies_to_a_client_that_has_said_its_end(void **state)
{
	char reply[2048];
	int fd;

	(void)state;
	world_open();
	fd = client_open(world_port);
	client_post(fd, "hold");
	client_post(fd, "and this");
	(void)shutdown(fd, SHUT_WR);
	world_await_requests(1);
	noon_http_server_wake(world_server);
	(void)client_read_all(fd, reply, sizeof(reply));
	expect_in(reply, "re:hold");
	expect_in(reply, "re:and this");
	(void)close(fd);
	world_await_open(0);
}

static void ends_a_connection_after_its_share(void **state)
{
	char reply[2048];
	int fd;

	(void)state;
	world_conf.requests_max = 2;
	world_open();
	fd = client_open(world_port);
	for (int i = 0; i < 3; i++)
		client_post(fd, "hi");
	(void)client_read_all(fd, reply, sizeof(reply));
	expect_in(reply, "Connection: close");
	assert_int_equal(world_requests(), 2);
	(void)close(fd);
	fd = client_open(world_port);
	client_post(fd, "nowbye");
	(void)client_read_all(fd, reply, sizeof(reply));
	expect_in(reply, "Connection: close");
	(void)close(fd);
	world_await_open(0);
}

static void turns_away_at_the_cap_and_serves_again(void **state)
{
	char reply[2048];
	int fd[4];

	(void)state;
	world_conf.connections_max = 3;
	world_open();
	for (int i = 0; i < 3; i++) {
		fd[i] = client_open(world_port);
		client_post(fd[i], "hold"); /* busy ones make no room */
	}
	world_await_requests(3);
	fd[3] = client_open(world_port);
	(void)client_read_all(fd[3], reply, sizeof(reply));
	expect_status(reply, 503);
	expect_in(reply, "Retry-After: 1\r\n");
	(void)close(fd[3]);
	world_await(NOON_HTTP_COUNT_REFUSED, 1);
	noon_http_server_wake(world_server);
	for (int i = 0; i < 3; i++) {
		assert_true(client_read(fd[i], reply, sizeof(reply)));
		(void)close(fd[i]);
	}
	world_await_open(0);
	expect_status(client_ask(POST "Content-Length: 2\r\n\r\nhi"), 200);
}

/* Fill the server with connections that say only this; in time one of them makes room. */
static void expect_room(const char *said)
{
	const struct timespec pause = {.tv_nsec = 10000000};
	char reply[2048] = "";
	int others[3];

	world_conf.connections_max = 3;
	world_open();
	for (int i = 0; i < 3; i++) {
		others[i] = client_open(world_port);
		client_send(others[i], said);
	}
	world_await_open(3);
	for (int i = 0; i < 3000 && world_count(NOON_HTTP_COUNT_CROWDED_OUT) == 0; i++) {
		const int fd = client_open(world_port);

		client_post(fd, "nowbye");
		(void)client_read_all(fd, reply, sizeof(reply));
		(void)close(fd);
		(void)nanosleep(&pause, NULL);
	}
	expect_status(reply, 200);
	for (int i = 0; i < 3; i++)
		(void)close(others[i]);
}

static void lets_an_idle_connection_make_room_at_the_cap(void **state)
{
	(void)state;
	expect_room("");
}

static void lets_a_slow_connection_make_room_at_the_cap(void **state)
{
	(void)state;
	expect_room("POST /");
}

static void limits_the_rate_of_an_address(void **state)
{
	char reply[2048];
	int fd;

	(void)state;
	world_conf.rate_per_s = 1e-6;
	world_conf.rate_burst = 3;
	world_open();
	fd = client_open(world_port);
	for (int i = 0; i < 5; i++) {
		client_post(fd, "hi");
		assert_true(client_read(fd, reply, sizeof(reply)));
		expect_status(reply, i < 3 ? 200 : 429);
	}
	expect_in(reply, "Retry-After: 3600\r\n");
	assert_int_equal(world_count(NOON_HTTP_COUNT_LIMITED), 2);
	(void)close(fd);
}

static void cuts_a_client_that_drips(void **state)
{
	char reply[2048];
	const struct timespec pause = {.tv_nsec = 20000000};
	int fd;

	(void)state;
	world_conf.request = NOON_MS(300);
	world_open();
	fd = client_open(world_port);
	client_send(fd, POST "X: ");
	/* Bytes keep coming until the connection is over. */
	for (int i = 0; i < 3000 && world_count(NOON_HTTP_COUNT_TIMEOUT) == 0; i++) {
		client_send(fd, "a");
		(void)nanosleep(&pause, NULL);
	}
	(void)client_read_all(fd, reply, sizeof(reply));
	expect_status(reply, 408);
	(void)close(fd);
	world_await_open(0);
}

static void gives_each_request_a_limit_of_its_own(void **state)
{
	char reply[2048];
	const struct timespec pause = {.tv_nsec = 150000000};
	int fd;

	(void)state;
	world_conf.request = NOON_S(2);
	world_open();
	fd = client_open(world_port);
	for (int i = 0; i < 20; i++) { /* longer than one limit in sum */
		client_post(fd, "hi");
		assert_true(client_read(fd, reply, sizeof(reply)));
		(void)nanosleep(&pause, NULL);
	}
	client_send(fd, "P"); /* and this one is never finished */
	(void)client_read_all(fd, reply, sizeof(reply));
	expect_status(reply, 408);
	(void)close(fd);
}

static void ends_silent_and_idle_connections(void **state)
{
	char reply[2048];
	int fd;

	(void)state;
	world_conf.request = NOON_MS(200);
	world_conf.idle = NOON_MS(200);
	world_open();
	fd = client_open(world_port);
	assert_int_equal(client_read_all(fd, NULL, 0), 0);
	(void)close(fd);
	fd = client_open(world_port);
	client_post(fd, "hi");
	(void)client_read_all(fd, reply, sizeof(reply));
	expect_status(reply, 200);
	(void)close(fd);
	world_await_open(0);
}

static void ends_a_client_that_does_not_read(void **state)
{
	static char text[70000];
	const int small = 4096;
	const size_t n = (size_t)snprintf(text, sizeof(text), POST "Content-Length: 65536\r\n\r\n");
	int fd;

	(void)state;
	world_conf.reply = NOON_MS(300);
	world_open();
	fd = client_open(world_port);
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	memset(text + n, 'b', 65536);
	/* Replies pile up in the socket until the server has to wait, and it does not wait long. */
	for (int i = 0; i < 2000 && world_count(NOON_HTTP_COUNT_TIMEOUT) == 0; i++)
		client_send(fd, text);
	world_await(NOON_HTTP_COUNT_TIMEOUT, 1);
	world_await_open(0);
	(void)close(fd);
}

static void groups_requests_and_wakes_once(void **state)
{
	(void)state;
	world_open();
	expect_status(client_ask(POST "Content-Length: 2\r\n\r\nhi"), 200);
	assert_int_equal(world_batches(), 1);
	for (int i = 0; i < 1000; i++)
		noon_http_server_wake(world_server);
	for (int i = 0; world_wakes() == 0; i++)
		assert_true(usleep(1000) == 0 && i < 60000);
	expect_status(client_ask(POST "Content-Length: 2\r\n\r\nhi"), 200);
	assert_in_range(world_wakes(), 1, 1000);
}

static void stops_with_requests_pending(void **state)
{
	int fd;

	(void)state;
	world_open();
	fd = client_open(world_port);
	client_post(fd, "hold");
	world_await_requests(1);
	(void)world_close(state);
	assert_int_equal(client_read_all(fd, NULL, 0), 0);
	(void)close(fd);
}

static void shares_a_port_among_servers(void **state)
{
	struct noon_http_conf conf = world_conf;
	struct noon_http_listen listen = world_conf.listen[0];
	struct noon_http_server *second = NULL;
	struct noon_http_why why;

	(void)state;
	world_open();
	noon_addr_set_port(&listen.addr, world_port);
	conf.listen = &listen;
	assert_int_equal(noon_http_server_new(&conf, &second, &why), NOON_OK);
	assert_int_equal(noon_http_server_port(second, 0), world_port);
	noon_http_server_free(second);
}

static void says_why_it_cannot_listen(void **state)
{
	struct noon_http_conf conf = world_conf;
	struct noon_http_listen listen = {.tls = true};
	struct noon_http_server *s = NULL;
	struct noon_http_why why = {""};

	(void)state;
	conf.listen = &listen;
	assert_int_equal(noon_addr_parse("192.0.2.1", 0, &listen.addr), NOON_OK);
	assert_int_equal(noon_http_server_new(&conf, &s, &why), NOON_ERR_OS);
	expect_in(why.text, "192.0.2.1");
	assert_int_equal(noon_addr_parse("127.0.0.1", 0, &listen.addr), NOON_OK);
	assert_int_equal(noon_http_server_new(&conf, &s, &why), NOON_ERR_RANGE);
	expect_in(why.text, "certificate");
	assert_null(s);
}

#define T(f) cmocka_unit_test_setup_teardown(f, world_reset, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(answers_each_request_with_its_status),
		T(bounds_line_and_fields),
		T(reads_a_request_byte_by_byte),
		T(carries_a_body_of_the_greatest_size),
		T(keeps_a_connection_for_many_requests),
		T(keeps_a_connection_of_http_1_0_if_asked),
		T(goes_on_after_a_refusal),
		T(answers_pipelined_requests_in_order),
		T(lets_pipelined_requests_wait_for_a_held_one),
		T(says_continue_only_if_there_is_a_use),
		T(survives_clients_that_leave_before_their_reply),
		T(replies_to_a_client_that_has_said_its_end),
		T(ends_a_connection_after_its_share),
		T(turns_away_at_the_cap_and_serves_again),
		T(lets_an_idle_connection_make_room_at_the_cap),
		T(lets_a_slow_connection_make_room_at_the_cap),
		T(limits_the_rate_of_an_address),
		T(cuts_a_client_that_drips),
		T(gives_each_request_a_limit_of_its_own),
		T(ends_silent_and_idle_connections),
		T(ends_a_client_that_does_not_read),
		T(groups_requests_and_wakes_once),
		T(stops_with_requests_pending),
		T(shares_a_port_among_servers),
		T(says_why_it_cannot_listen),
	};

	return cmocka_run_group_tests_name("http/http_server", tests, NULL, NULL);
}
