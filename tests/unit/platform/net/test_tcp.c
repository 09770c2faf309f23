/* SPDX-License-Identifier: Apache-2.0
 *
 * Each test runs on both backends of the loop. A timer limits the time of a test that hangs.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/net/tcp.h"

struct world;

struct stream {
	struct noon_tcp tcp;
	struct world *w;
	uint8_t got[16];
	size_t n_got, n_total;
	unsigned n_opened, n_ended;
	int sys; /* of the end */
};

/* A listener on any port of loopback, a client, and the server's end of its connection. */
struct world {
	struct noon_loop *loop;
	struct noon_fd_watch listener;
	struct noon_timer limit;
	struct noon_addr at, peer;
	struct stream client, server;
	bool timed_out, stop_when_open;
	bool answer;	  /* the server returns what it gets, and ends */
	unsigned n_ended; /* after so many ends the loop stops; 0: never */
};

static void on_limit(void *arg)
{
	struct world *w = arg;

	w->timed_out = true;
	noon_loop_stop(w->loop);
}

static void on_open(void *arg)
{
	struct stream *s = arg;

	s->n_opened++;
	if (s->w->stop_when_open)
		noon_loop_stop(s->w->loop);
}

static void on_data(void *arg, struct noon_bytes data)
{
	struct stream *s = arg;
	const size_t n = data.n < sizeof(s->got) - s->n_got ? data.n : sizeof(s->got) - s->n_got;

	memcpy(s->got + s->n_got, data.p, n);
	s->n_got += n;
	s->n_total += data.n;
	if (s != &s->w->server || !s->w->answer)
		return;
	assert_int_equal(noon_tcp_send(&s->tcp, data), NOON_OK);
	noon_tcp_finish(&s->tcp);
}

static void on_end(void *arg, int sys)
{
	struct stream *s = arg;

	assert_false(noon_tcp_is_open(&s->tcp));
	s->n_ended++;
	s->sys = sys;
	if (s->w->n_ended > 0 && --s->w->n_ended == 0)
		noon_loop_stop(s->w->loop);
}

static void on_accept(void *arg, unsigned what)
{
	struct world *w = arg;
	int fd = -1;

	assert_true(what & NOON_READABLE);
	if (noon_tcp_accept(w->listener.fd, &fd, &w->peer) == NOON_OK)
		assert_int_equal(noon_tcp_take(&w->server.tcp, w->loop, fd), NOON_OK);
}

static void stream_init(struct world *w, struct stream *s)
{
	*s = (struct stream){.w = w};
	s->tcp.on_open = on_open;
	s->tcp.on_data = on_data;
	s->tcp.on_end = on_end;
	s->tcp.arg = s;
}

static void name_of(int fd, struct noon_addr *ret)
{
	ret->len = sizeof(ret->u);
	assert_int_equal(getsockname(fd, &ret->u.sa, &ret->len), 0);
}

static int listening(struct noon_addr *ret)
{
	struct noon_addr any;
	int fd = -1;
	int sys;

	assert_int_equal(noon_addr_parse("127.0.0.1", 0, &any), NOON_OK);
	assert_int_equal(noon_tcp_listen(&any, &fd, &sys), NOON_OK);
	name_of(fd, ret);
	return fd;
}

static void begin(struct world *w, enum noon_loop_backend backend)
{
	memset(w, 0, sizeof(*w));
	assert_int_equal(noon_loop_new(backend, &w->loop), NOON_OK);
	w->limit = (struct noon_timer){.fire = on_limit, .arg = w};
	w->listener = (struct noon_fd_watch){
		.fd = listening(&w->at), .want = NOON_READABLE, .ready = on_accept, .arg = w};
	assert_int_equal(noon_loop_add(w->loop, &w->listener), NOON_OK);
	stream_init(w, &w->client);
	stream_init(w, &w->server);
}

static void end(struct world *w)
{
	noon_tcp_close(&w->client.tcp);
	noon_tcp_close(&w->server.tcp);
	noon_loop_del(w->loop, &w->listener);
	if (w->listener.fd >= 0)
		(void)close(w->listener.fd);
	noon_loop_disarm(&w->limit);
	noon_loop_free(w->loop);
}

static void connect_client(struct world *w)
{
	int sys;

	assert_int_equal(noon_tcp_connect(&w->client.tcp, w->loop, &w->at, &sys), NOON_OK);
	assert_true(noon_tcp_is_open(&w->client.tcp));
}

/* Run until so many streams have ended, or something else stops the loop. */
static void run_to_the_end(struct world *w, unsigned n_ended)
{
	w->n_ended = n_ended;
	noon_loop_arm(w->loop, &w->limit, NOON_S(20));
	assert_int_equal(noon_loop_run(w->loop), NOON_OK);
	noon_loop_disarm(&w->limit);
	assert_false(w->timed_out);
}

static void run_for(struct world *w, noon_dur time)
{
	noon_loop_arm(w->loop, &w->limit, time);
	assert_int_equal(noon_loop_run(w->loop), NOON_OK);
	assert_true(w->timed_out);
	w->timed_out = false;
}

/* Sent before the connection is established; the answer and both ends follow in order. */
static void a_question_gets_its_answer_and_an_orderly_end(struct world *w)
{
	struct noon_addr client;

	w->answer = true;
	connect_client(w);
	name_of(w->client.tcp.watch.fd, &client);
	assert_int_equal(noon_tcp_send(&w->client.tcp, noon_bytes_of("pi", 2)), NOON_OK);
	assert_int_equal(noon_tcp_send(&w->client.tcp, noon_bytes_of("ng", 2)), NOON_OK);
	run_to_the_end(w, 1);
	assert_memory_equal(w->server.got, "ping", 4);
	assert_true(noon_addr_equal(&w->peer, &client));
	assert_int_equal(w->client.n_opened, 1);
	assert_int_equal(w->client.n_got, 4);
	assert_memory_equal(w->client.got, "ping", 4);
	assert_int_equal(w->client.n_ended, 1);
	assert_int_equal(w->client.sys, 0);
	run_to_the_end(w, 1); /* the client's end has closed its socket */
	assert_int_equal(w->server.n_ended, 1);
	assert_int_equal(w->server.sys, 0);
	assert_int_equal(noon_tcp_send(&w->client.tcp, noon_bytes_of("x", 1)), NOON_ERR_OS);
	noon_tcp_finish(&w->client.tcp);
}

static void a_closed_port_ends_with_its_errno(struct world *w)
{
	noon_loop_del(w->loop, &w->listener);
	(void)close(w->listener.fd);
	w->listener.fd = -1;
	connect_client(w);
	run_to_the_end(w, 1);
	assert_int_equal(w->client.n_opened, 0);
	assert_int_equal(w->client.n_ended, 1);
	assert_int_equal(w->client.sys, ECONNREFUSED);
}

static void a_reset_ends_with_its_errno(struct world *w)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	int fd = -1;

	noon_loop_del(w->loop, &w->listener);
	connect_client(w);
	assert_int_equal(fcntl(w->listener.fd, F_SETFL, 0), 0);
	assert_int_equal(noon_tcp_accept(w->listener.fd, &fd, &w->peer), NOON_OK);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once)), 0);
	(void)close(fd);
	run_to_the_end(w, 1);
	assert_int_equal(w->client.n_ended, 1);
	assert_int_equal(w->client.sys, ECONNRESET);
}

static void more_than_the_buffer_holds_is_refused(struct world *w)
{
	static const uint8_t block[NOON_TCP_OUT_MAX];

	connect_client(w);
	assert_int_equal(noon_tcp_send(&w->client.tcp, noon_bytes_of(block, NOON_TCP_OUT_MAX - 1)),
			 NOON_OK);
	assert_int_equal(noon_tcp_send(&w->client.tcp, noon_bytes_of(block, 2)), NOON_ERR_FULL);
	assert_int_equal(noon_tcp_send(&w->client.tcp, noon_bytes_of(block, 1)), NOON_OK);
	assert_int_equal(noon_tcp_send(&w->client.tcp, noon_bytes_of(block, 1)), NOON_ERR_FULL);
	/* What was accepted is sent before the FIN. */
	noon_tcp_finish(&w->client.tcp);
	run_to_the_end(w, 1);
	assert_int_equal(w->server.n_ended, 1);
	assert_int_equal(w->server.sys, 0);
	assert_int_equal(w->server.n_total, NOON_TCP_OUT_MAX);
}

/* The server accepts only when the buffers of kernel and stream are full. */
static void a_late_reader_gets_everything(struct world *w)
{
	static const uint8_t block[NOON_TCP_OUT_MAX];
	size_t sent = 0;
	noon_err err;

	noon_loop_del(w->loop, &w->listener);
	connect_client(w);
	w->stop_when_open = true;
	run_to_the_end(w, 0);
	assert_int_equal(w->client.n_opened, 1);
	do {
		err = noon_tcp_send(&w->client.tcp, noon_bytes_of(block, 1000));
		sent += err == NOON_OK ? 1000 : 0;
	} while (err == NOON_OK);
	assert_int_equal(err, NOON_ERR_FULL);
	noon_tcp_finish(&w->client.tcp);
	assert_int_equal(noon_loop_add(w->loop, &w->listener), NOON_OK);
	run_to_the_end(w, 1);
	assert_int_equal(w->server.n_ended, 1);
	assert_int_equal(w->server.n_total, sent);
}

static void data_after_a_finish_are_not_delivered(struct world *w)
{
	w->answer = true;
	connect_client(w);
	assert_int_equal(noon_tcp_send(&w->client.tcp, noon_bytes_of("ping", 4)), NOON_OK);
	noon_tcp_finish(&w->client.tcp);
	run_to_the_end(w, 2);
	assert_int_equal(w->server.n_got, 4);
	assert_int_equal(w->client.n_got, 0);
	assert_int_equal(w->client.n_ended, 1);
	assert_int_equal(w->client.sys, 0);
}

static void a_closed_stream_calls_nothing_back(struct world *w)
{
	connect_client(w);
	noon_tcp_close(&w->client.tcp);
	assert_false(noon_tcp_is_open(&w->client.tcp));
	noon_tcp_close(&w->client.tcp);
	run_for(w, NOON_MS(50));
	assert_int_equal(w->client.n_opened, 0);
	assert_int_equal(w->client.n_ended, 0);
}

static void on_both(void (*test)(struct world *w))
{
	static struct world w;

	begin(&w, NOON_LOOP_EVENT);
	test(&w);
	end(&w);
	begin(&w, NOON_LOOP_POLL);
	test(&w);
	end(&w);
}

#define ON_BOTH(name)                         \
	static void both_##name(void **state) \
	{                                     \
		(void)state;                  \
		on_both(name);                \
	}

ON_BOTH(a_question_gets_its_answer_and_an_orderly_end)
ON_BOTH(a_closed_port_ends_with_its_errno)
ON_BOTH(a_reset_ends_with_its_errno)
ON_BOTH(more_than_the_buffer_holds_is_refused)
ON_BOTH(a_late_reader_gets_everything)
ON_BOTH(data_after_a_finish_are_not_delivered)
ON_BOTH(a_closed_stream_calls_nothing_back)

static void a_port_is_shared_only_on_request(void **state)
{
	struct noon_addr any;
	struct noon_addr a;
	const int alone = listening(&a);
	int fd = -7;
	int other = -7;
	int sys = 0;

	(void)state;
	assert_int_equal(noon_tcp_listen(&a, &fd, &sys), NOON_ERR_OS);
	assert_int_equal(sys, EADDRINUSE);
	assert_int_equal(noon_tcp_listen_shared(&a, &fd, &sys), NOON_ERR_OS);
	assert_int_equal(fd, -7);
	(void)close(alone);
	assert_int_equal(noon_addr_parse("127.0.0.1", 0, &any), NOON_OK);
	assert_int_equal(noon_tcp_listen_shared(&any, &fd, &sys), NOON_OK);
	name_of(fd, &a);
	assert_int_equal(noon_tcp_listen_shared(&a, &other, &sys), NOON_OK);
	(void)close(fd);
	(void)close(other);
}

static void accepting_does_not_block(void **state)
{
	struct noon_addr at;
	struct noon_addr peer = {.len = 7};
	const int listener = listening(&at);
	int fd = -7;

	(void)state;
	assert_true(fcntl(listener, F_GETFD) & FD_CLOEXEC);
	assert_int_equal(noon_tcp_accept(listener, &fd, &peer), NOON_ERR_EMPTY);
	(void)close(listener);
	assert_int_equal(noon_tcp_accept(listener, &fd, &peer), NOON_ERR_OS);
	assert_int_equal(fd, -7);
	assert_int_equal(peer.len, 7);
}

static void failures_tell_the_errno(void **state)
{
	const struct noon_addr none = {.len = sizeof(struct sockaddr_in)};
	struct noon_loop *loop;
	struct noon_tcp tcp = {.on_end = on_end};
	int fd = -7;
	int sys = 0;

	(void)state;
	assert_int_equal(noon_tcp_listen(&none, &fd, &sys), NOON_ERR_OS);
	assert_int_equal(sys, EAFNOSUPPORT);
	assert_int_equal(fd, -7);
	sys = 0;
	assert_int_equal(noon_loop_new(NOON_LOOP_POLL, &loop), NOON_OK);
	assert_int_equal(noon_tcp_connect(&tcp, loop, &none, &sys), NOON_ERR_OS);
	assert_int_equal(sys, EAFNOSUPPORT);
	assert_false(noon_tcp_is_open(&tcp));
	noon_tcp_close(&tcp);
	noon_loop_free(loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_a_question_gets_its_answer_and_an_orderly_end),
		cmocka_unit_test(both_a_closed_port_ends_with_its_errno),
		cmocka_unit_test(both_a_reset_ends_with_its_errno),
		cmocka_unit_test(both_more_than_the_buffer_holds_is_refused),
		cmocka_unit_test(both_a_late_reader_gets_everything),
		cmocka_unit_test(both_data_after_a_finish_are_not_delivered),
		cmocka_unit_test(both_a_closed_stream_calls_nothing_back),
		cmocka_unit_test(a_port_is_shared_only_on_request),
		cmocka_unit_test(accepting_does_not_block),
		cmocka_unit_test(failures_tell_the_errno),
	};

	return cmocka_run_group_tests_name("platform/net/tcp", tests, NULL, NULL);
}
