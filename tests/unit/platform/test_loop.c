/* SPDX-License-Identifier: Apache-2.0
 *
 * Both backends must behave alike: each test runs on each of them.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "platform/loop.h"
#include "platform/net/tcp.h"

struct world {
	struct noon_loop *loop;
	struct noon_fd_watch watch[2];
	struct noon_timer timer[3];
	int order[8];
	int n;
	int signo;
	int fd[2];
	useconds_t late; /* us that the machine stands still before the loop runs */
};

static void stop(void *arg)
{
	struct world *w = arg;

	noon_loop_stop(w->loop);
}

static void begin(struct world *w, enum noon_loop_backend backend)
{
	memset(w, 0, sizeof(*w));
	assert_int_equal(noon_loop_new(backend, &w->loop), NOON_OK);
	w->timer[2] = (struct noon_timer){.fire = stop, .arg = w};
}

static void end(struct world *w)
{
	for (size_t i = 0; i < 3; i++)
		noon_loop_disarm(&w->timer[i]);
	noon_loop_free(w->loop);
}

static void note_one(void *arg)
{
	struct world *w = arg;

	w->order[w->n++] = 1;
	if (w->n == 3) {
		noon_loop_arm(w->loop, &w->timer[1], 0);
		noon_loop_disarm(&w->timer[1]);
		noon_loop_arm(w->loop, &w->timer[2], NOON_MS(20));
	}
}

static void note_two(void *arg)
{
	struct world *w = arg;

	w->order[w->n++] = 2;
	noon_loop_arm(w->loop, &w->timer[0], 0);
}

/* Deadlines decide, not the order of arming, nor how late the machine gets to them. */
static void timers_fire_in_order_and_can_be_rearmed(struct world *w)
{
	w->timer[0] = (struct noon_timer){.fire = note_one, .arg = w};
	w->timer[1] = (struct noon_timer){.fire = note_two, .arg = w};
	noon_loop_arm(w->loop, &w->timer[1], NOON_MS(20));
	noon_loop_arm(w->loop, &w->timer[0], NOON_S(30));
	noon_loop_arm(w->loop, &w->timer[0], NOON_MS(5));
	if (w->late > 0)
		(void)usleep(w->late);
	assert_int_equal(noon_loop_run(w->loop), NOON_OK);
	assert_int_equal(w->n, 3);
	assert_int_equal(w->order[0], 1);
	assert_int_equal(w->order[1], 2);
	assert_int_equal(w->order[2], 1);
}

static void timers_fire_in_order_when_all_are_overdue(struct world *w)
{
	w->late = 40000;
	timers_fire_in_order_and_can_be_rearmed(w);
}

/* The first callback removes the second watch although both are ready. */
static void remove_other(void *arg, unsigned what)
{
	struct world *w = arg;

	assert_true(what & NOON_READABLE);
	w->n++;
	noon_loop_del(w->loop, &w->watch[0]);
	noon_loop_del(w->loop, &w->watch[1]);
	noon_loop_arm(w->loop, &w->timer[2], NOON_MS(20));
}

static void watches_can_be_removed_from_callbacks(struct world *w)
{
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, w->fd), 0);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(send(w->fd[1 - i], "x", 1, 0), 1);
		w->watch[i] = (struct noon_fd_watch){
			.fd = w->fd[i], .want = NOON_READABLE, .ready = remove_other, .arg = w};
		assert_int_equal(noon_loop_add(w->loop, &w->watch[i]), NOON_OK);
	}
	assert_int_equal(noon_loop_run(w->loop), NOON_OK);
	assert_int_equal(w->n, 1);
	(void)close(w->fd[0]);
	(void)close(w->fd[1]);
}

static volatile sig_atomic_t caught;

static void handler(int signo)
{
	caught = signo;
}

static void on_signal(void *arg, int signo)
{
	struct world *w = arg;

	w->signo = signo;
	noon_loop_stop(w->loop);
}

static void raise_it(void *arg)
{
	(void)arg;
	(void)kill(getpid(), SIGUSR1);
}

static void signals_are_delivered_from_the_loop(struct world *w)
{
	static const int signals[] = {SIGUSR1, 0};
	const struct sigaction sa = {.sa_handler = handler};

	if (noon_loop_backend_of(w->loop) == NOON_LOOP_POLL)
		assert_int_equal(sigaction(SIGUSR1, &sa, NULL), 0);
	assert_int_equal(noon_loop_signals(w->loop, signals, &caught, on_signal, w), NOON_OK);
	w->timer[0] = (struct noon_timer){.fire = raise_it, .arg = w};
	noon_loop_arm(w->loop, &w->timer[0], NOON_MS(5));
	noon_loop_arm(w->loop, &w->timer[2], NOON_S(5));
	assert_int_equal(noon_loop_run(w->loop), NOON_OK);
	assert_int_equal(w->signo, SIGUSR1);
}

struct stream {
	struct world *w;
	struct noon_tcp tcp;
	size_t got;
	bool ended;
};

static void on_data(void *arg, struct noon_bytes data)
{
	struct stream *s = arg;

	s->got += data.n;
}

static void on_end(void *arg, int sys)
{
	struct stream *s = arg;

	assert_int_equal(sys, 0);
	s->ended = true;
	noon_loop_stop(s->w->loop);
}

/* 60 kB go through a socket pair whole, and the end of the stream after them. */
static void streams_deliver_everything_before_the_end(struct world *w)
{
	static uint8_t block[60000];
	struct stream a = {.w = w};
	struct stream b = {.w = w};

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, w->fd), 0);
	a.tcp.on_data = b.tcp.on_data = on_data;
	a.tcp.on_end = b.tcp.on_end = on_end;
	a.tcp.arg = &a;
	b.tcp.arg = &b;
	assert_int_equal(noon_fd_prepare(w->fd[0]), NOON_OK);
	assert_int_equal(noon_fd_prepare(w->fd[1]), NOON_OK);
	assert_int_equal(noon_tcp_take(&a.tcp, w->loop, w->fd[0]), NOON_OK);
	assert_int_equal(noon_tcp_take(&b.tcp, w->loop, w->fd[1]), NOON_OK);
	assert_int_equal(noon_tcp_send(&a.tcp, noon_bytes_of(block, sizeof(block))), NOON_OK);
	noon_tcp_finish(&a.tcp);
	noon_loop_arm(w->loop, &w->timer[2], NOON_S(5));
	assert_int_equal(noon_loop_run(w->loop), NOON_OK);
	assert_int_equal(b.got, sizeof(block));
	assert_true(b.ended);
	noon_tcp_close(&a.tcp);
	noon_tcp_close(&b.tcp);
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

ON_BOTH(timers_fire_in_order_and_can_be_rearmed)
ON_BOTH(timers_fire_in_order_when_all_are_overdue)
ON_BOTH(watches_can_be_removed_from_callbacks)
ON_BOTH(signals_are_delivered_from_the_loop)
ON_BOTH(streams_deliver_everything_before_the_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_timers_fire_in_order_and_can_be_rearmed),
		cmocka_unit_test(both_timers_fire_in_order_when_all_are_overdue),
		cmocka_unit_test(both_watches_can_be_removed_from_callbacks),
		cmocka_unit_test(both_signals_are_delivered_from_the_loop),
		cmocka_unit_test(both_streams_deliver_everything_before_the_end),
	};

	return cmocka_run_group_tests_name("platform/loop", tests, NULL, NULL);
}
