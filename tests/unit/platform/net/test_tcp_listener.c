/* SPDX-License-Identifier: Apache-2.0
 *
 * Each test runs on both backends of the loop. A timer limits the time of a test that hangs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/clock/clock.h"
#include "platform/net/tcp.h"
#include "platform/net/tcp_listener.h"

#define CLIENTS 5

struct world {
	struct noon_loop *loop;
	struct noon_tcp_listener listener;
	struct noon_addr at;
	struct noon_timer limit;
	int client[CLIENTS];
	unsigned n_taken, n_pauses, n_asked;
	unsigned room;	     /* so many more are wanted */
	unsigned end_pauses; /* after so many of them the loop stops; 0: never */
	bool timed_out;
};

static void on_limit(void *arg)
{
	struct world *w = arg;

	w->timed_out = true;
	noon_loop_stop(w->loop);
}

static void on_connection(void *arg, int fd, const struct noon_addr *peer)
{
	struct world *w = arg;

	assert_int_equal(peer->u.sa.sa_family, AF_INET);
	(void)close(fd);
	if (w->room > 0)
		w->room--;
	if (++w->n_taken == CLIENTS)
		noon_loop_stop(w->loop);
}

static void on_pause(void *arg)
{
	struct world *w = arg;

	if (++w->n_pauses == w->end_pauses)
		noon_loop_stop(w->loop);
}

static bool has_room(void *arg)
{
	struct world *w = arg;

	w->n_asked++;
	return w->room > 0;
}

static void connect_clients(struct world *w)
{
	for (int i = 0; i < CLIENTS; i++) {
		w->client[i] = socket(AF_INET, SOCK_STREAM, 0);
		assert_true(w->client[i] >= 0);
		assert_int_equal(connect(w->client[i], &w->at.u.sa, w->at.len), 0);
	}
}

static void open_world(struct world *w, enum noon_loop_backend backend)
{
	int sys = 0;

	*w = (struct world){.listener = {.fd = -1, .batch = 2}};
	w->listener.on_connection = on_connection;
	w->listener.on_pause = on_pause;
	w->listener.arg = w;
	w->limit = (struct noon_timer){.fire = on_limit, .arg = w};
	assert_int_equal(noon_loop_new(backend, &w->loop), NOON_OK);
	assert_int_equal(noon_addr_parse("127.0.0.1", 0, &w->at), NOON_OK);
	assert_int_equal(noon_tcp_listen(&w->at, &w->listener.fd, &sys), NOON_OK);
	w->at.len = sizeof(w->at.u);
	assert_int_equal(getsockname(w->listener.fd, &w->at.u.sa, &w->at.len), 0);
	assert_int_equal(noon_tcp_listener_start(&w->listener, w->loop), NOON_OK);
	noon_loop_arm(w->loop, &w->limit, NOON_S(10));
	connect_clients(w);
}

static void run(struct world *w)
{
	assert_int_equal(noon_loop_run(w->loop), NOON_OK);
	assert_false(w->timed_out);
}

static void run_till_pause(struct world *w, unsigned number)
{
	w->end_pauses = number;
	run(w);
	assert_int_equal(w->n_pauses, number);
}

static void close_world(struct world *w)
{
	noon_tcp_listener_close(&w->listener);
	noon_loop_disarm(&w->limit);
	noon_loop_free(w->loop);
	for (int i = 0; i < CLIENTS; i++)
		(void)close(w->client[i]);
}

static void all_are_taken(struct world *w)
{
	run(w);
	assert_int_equal(w->n_taken, CLIENTS);
	assert_int_equal(w->n_pauses, 0);
}

static void without_room_they_wait(struct world *w)
{
	w->listener.has_room = has_room;
	w->room = 3;
	run_till_pause(w, 1);
	assert_int_equal(w->n_taken, 3);
	assert_int_equal(w->n_asked, 4);
	w->room = 1;
	noon_tcp_listener_resume(&w->listener);
	run_till_pause(w, 2);
	assert_int_equal(w->n_taken, 4);
	w->room = 1; /* and nobody says so */
	run(w);
	assert_int_equal(w->n_taken, CLIENTS);
}

/* Let no descriptor be left; returns the limit of before. */
static struct rlimit use_up_descriptors(void)
{
	const int next = dup(0);
	struct rlimit was, none;

	assert_true(next >= 0);
	(void)close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &was), 0);
	none = was;
	none.rlim_cur = (rlim_t)next;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	return was;
}

static void without_descriptors_they_wait(struct world *w)
{
	const struct rlimit was = use_up_descriptors();
	const noon_time began = noon_mono_now();

	run_till_pause(w, 3);
	assert_int_equal(w->n_taken, 0);
	/* Two whole pauses lie between them: it did not spin. */
	assert_true(noon_time_diff(noon_mono_now(), began) >= NOON_MS(2 * 50));
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &was), 0);
	run(w);
	assert_int_equal(w->n_taken, CLIENTS);
}

static void on_both(void (*test)(struct world *w))
{
	static const enum noon_loop_backend backends[] = {NOON_LOOP_EVENT, NOON_LOOP_POLL};

	for (size_t i = 0; i < 2; i++) {
		struct world w;

		open_world(&w, backends[i]);
		test(&w);
		close_world(&w);
	}
}

#define ON_BOTH(name)                         \
	static void both_##name(void **state) \
	{                                     \
		(void)state;                  \
		on_both(name);                \
	}

ON_BOTH(all_are_taken)
ON_BOTH(without_room_they_wait)
ON_BOTH(without_descriptors_they_wait)

static void one_that_never_began_can_be_closed(void **state)
{
	struct noon_tcp_listener none = {.fd = -1}, bound = {.fd = dup(0)};

	(void)state;
	noon_tcp_listener_resume(&none);
	noon_tcp_listener_close(&none);
	noon_tcp_listener_close(&none);
	noon_tcp_listener_close(&bound);
	assert_int_equal(bound.fd, -1);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_all_are_taken),
		cmocka_unit_test(both_without_room_they_wait),
		cmocka_unit_test(both_without_descriptors_they_wait),
		cmocka_unit_test(one_that_never_began_can_be_closed),
	};

	return cmocka_run_group_tests_name("platform/net/tcp_listener", tests, NULL, NULL);
}
