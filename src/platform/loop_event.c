/* SPDX-License-Identifier: Apache-2.0
 *
 * The libevent backend of the loop.
 */
#include <event2/event.h>
#include <stdlib.h>
#include <time.h>

#include "platform/loop_priv.h"

#define SIGNALS_MAX 8

struct event_loop {
	struct noon_loop base; /* first member */
	struct event_base *ev;
	struct event *signals[SIGNALS_MAX];
};

static struct event_loop *of(struct noon_loop *loop)
{
	return (struct event_loop *)(void *)loop;
}

static void on_fd(evutil_socket_t fd, short what, void *arg)
{
	struct noon_fd_watch *w = arg;

	(void)fd;
	w->ready(w->arg,
		 (what & EV_READ ? NOON_READABLE : 0) | (what & EV_WRITE ? NOON_WRITABLE : 0));
}

static noon_err add(struct noon_loop *loop, struct noon_fd_watch *w)
{
	const short what = (short)(EV_PERSIST | (w->want & NOON_READABLE ? EV_READ : 0) |
				   (w->want & NOON_WRITABLE ? EV_WRITE : 0));
	struct event *ev = event_new(of(loop)->ev, w->fd, what, on_fd, w);

	if (ev == NULL)
		return NOON_ERR_OS;
	if (event_add(ev, NULL)) {
		event_free(ev);
		return NOON_ERR_OS;
	}
	w->impl = ev;
	return NOON_OK;
}

static void del(struct noon_loop *loop, struct noon_fd_watch *w)
{
	(void)loop;
	event_free(w->impl);
}

static noon_err want(struct noon_loop *loop, struct noon_fd_watch *w)
{
	event_free(w->impl);
	w->impl = NULL;
	return add(loop, w);
}

static void on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct noon_timer *t = arg;

	(void)fd;
	(void)what;
	t->armed = false;
	t->fire(t->arg);
}

static void arm(struct noon_loop *loop, struct noon_timer *t, noon_dur after)
{
	const noon_dur us = (after + 999) / 1000;
	const struct timeval tv = {.tv_sec = us / 1000000, .tv_usec = us % 1000000};

	if (t->impl == NULL)
		t->impl = evtimer_new(of(loop)->ev, on_timer, t);
	if (t->impl == NULL || evtimer_add((struct event *)t->impl, &tv))
		abort(); /* out of memory: no event would ever fire again */
}

static void disarm(struct noon_timer *t)
{
	if (t->impl != NULL)
		event_free(t->impl);
	t->impl = NULL;
}

static void on_signal(evutil_socket_t signo, short what, void *arg)
{
	struct noon_loop *loop = arg;

	(void)what;
	loop->on_signal(loop->signal_arg, (int)signo);
}

static noon_err signals(struct noon_loop *loop, const int *list)
{
	struct event_loop *l = of(loop);

	for (size_t i = 0; list[i] != 0; i++) {
		if (i == SIGNALS_MAX)
			return NOON_ERR_FULL;
		l->signals[i] = evsignal_new(l->ev, list[i], on_signal, loop);
		if (l->signals[i] == NULL || event_add(l->signals[i], NULL))
			return NOON_ERR_OS;
	}
	return NOON_OK;
}

static noon_err run(struct noon_loop *loop)
{
	return event_base_loop(of(loop)->ev, EVLOOP_NO_EXIT_ON_EMPTY) < 0 ? NOON_ERR_OS : NOON_OK;
}

static void stop(struct noon_loop *loop)
{
	(void)event_base_loopbreak(of(loop)->ev);
}

static void free_loop(struct noon_loop *loop)
{
	struct event_loop *l = of(loop);

	for (size_t i = 0; i < SIGNALS_MAX; i++)
		if (l->signals[i] != NULL)
			event_free(l->signals[i]);
	event_base_free(l->ev);
	free(l);
}

static const struct noon_loop_ops event_ops = {
	.free = free_loop,
	.add = add,
	.del = del,
	.want = want,
	.arm = arm,
	.disarm = disarm,
	.signals = signals,
	.run = run,
	.stop = stop,
};

struct noon_loop *noon_loop_event_new(void)
{
	struct event_loop *l = calloc(1, sizeof(*l));
	struct event_config *conf = event_config_new();

	if (l == NULL || conf == NULL)
		goto out;
	/* Timers more precise than the 1 ms of a coarse clock. */
	(void)event_config_set_flag(conf, EVENT_BASE_FLAG_PRECISE_TIMER | EVENT_BASE_FLAG_NOLOCK);
	l->ev = event_base_new_with_config(conf);
	l->base.ops = &event_ops;
out:
	if (conf != NULL)
		event_config_free(conf);
	if (l != NULL && l->ev == NULL) {
		free(l);
		l = NULL;
	}
	return l == NULL ? NULL : &l->base;
}
