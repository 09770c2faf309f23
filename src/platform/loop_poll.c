/* SPDX-License-Identifier: Apache-2.0
 *
 * The poll() backend of the loop: one system call, no other descriptors, no threads.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "platform/loop_priv.h"

#define WATCHES_MAX 192 /* two arrays of them are on the stack */
#define TIMERS_MAX  512

struct poll_loop {
	struct noon_loop base; /* first member */
	bool stopped;
	size_t n_watches;
	size_t n_timers;
	struct noon_fd_watch *watch[WATCHES_MAX];
	struct noon_timer *timer[TIMERS_MAX];
};

static struct poll_loop *of(struct noon_loop *loop)
{
	return (struct poll_loop *)(void *)loop;
}

static int64_t mono_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * NOON_NS_PER_SEC + ts.tv_nsec;
}

static noon_err add(struct noon_loop *loop, struct noon_fd_watch *w)
{
	struct poll_loop *l = of(loop);

	if (l->n_watches == WATCHES_MAX)
		return NOON_ERR_FULL;
	l->watch[l->n_watches++] = w;
	w->impl = l;
	return NOON_OK;
}

static void del(struct noon_loop *loop, struct noon_fd_watch *w)
{
	struct poll_loop *l = of(loop);

	for (size_t i = 0; i < l->n_watches; i++) {
		if (l->watch[i] != w)
			continue;
		l->watch[i] = l->watch[--l->n_watches];
		return;
	}
}

static noon_err want(struct noon_loop *loop, struct noon_fd_watch *w)
{
	(void)loop;
	(void)w;
	return NOON_OK;
}

static void arm(struct noon_loop *loop, struct noon_timer *t, noon_dur after)
{
	struct poll_loop *l = of(loop);

	t->due_ns = noon_sat_add(mono_ns(), after);
	if (t->impl != NULL)
		return;
	if (l->n_timers == TIMERS_MAX)
		abort(); /* more timers than the daemon can have: a bug */
	l->timer[l->n_timers++] = t;
	t->impl = l;
}

static void disarm(struct noon_timer *t)
{
	struct poll_loop *l = t->impl;

	if (l == NULL)
		return;
	for (size_t i = 0; i < l->n_timers; i++) {
		if (l->timer[i] != t)
			continue;
		l->timer[i] = l->timer[--l->n_timers];
		break;
	}
	t->impl = NULL;
}

/* The timer with the earliest deadline, or NULL. */
static struct noon_timer *first_due(const struct poll_loop *l)
{
	struct noon_timer *first = NULL;

	for (size_t i = 0; i < l->n_timers; i++)
		if (first == NULL || l->timer[i]->due_ns < first->due_ns)
			first = l->timer[i];
	return first;
}

static int wait_ms(const struct poll_loop *l)
{
	const struct noon_timer *first = first_due(l);
	int64_t ms;

	if (first == NULL)
		return -1;
	ms = (noon_sat_sub(first->due_ns, mono_ns()) + 999999) / 1000000;
	return ms < 0 ? 0 : ms > 3600000 ? 3600000 : (int)ms;
}

/* In the order of their deadlines, also when several are due after a pause of the machine. Each
 * callback may add and remove timers, so search again after each; the round ends when nothing is
 * due at the instant it began. */
static void fire_due(struct poll_loop *l)
{
	const int64_t now = mono_ns();

	while (!l->stopped) {
		struct noon_timer *t = first_due(l);

		if (t == NULL || t->due_ns > now)
			return;
		disarm(t);
		t->armed = false;
		t->fire(t->arg);
	}
}

static bool is_still_watched(const struct poll_loop *l, const struct noon_fd_watch *w, int fd)
{
	for (size_t i = 0; i < l->n_watches; i++)
		if (l->watch[i] == w)
			return w->fd == fd;
	return false;
}

static void dispatch(struct poll_loop *l, const struct pollfd *fds,
		     struct noon_fd_watch *const *watches, size_t n)
{
	for (size_t i = 0; i < n && !l->stopped; i++) {
		const short got = fds[i].revents;
		unsigned what = 0;

		if (got == 0 || !is_still_watched(l, watches[i], fds[i].fd))
			continue;
		if (got & (POLLIN | POLLPRI | POLLERR | POLLHUP))
			what |= NOON_READABLE;
		if (got & (POLLOUT | POLLERR | POLLHUP))
			what |= NOON_WRITABLE;
		what &= watches[i]->want | (got & (POLLERR | POLLHUP) ? NOON_READABLE : 0);
		if (what != 0)
			watches[i]->ready(watches[i]->arg, what);
	}
}

static void check_signal(struct poll_loop *l)
{
	struct noon_loop *b = &l->base;

	if (b->flag == NULL || *b->flag == 0)
		return;
	const int signo = *b->flag;

	*b->flag = 0;
	b->on_signal(b->signal_arg, signo);
}

static noon_err run(struct noon_loop *loop)
{
	struct poll_loop *l = of(loop);
	struct pollfd fds[WATCHES_MAX];
	struct noon_fd_watch *watches[WATCHES_MAX];

	l->stopped = false;
	while (!l->stopped) {
		size_t n = 0;

		for (; n < l->n_watches; n++) {
			const unsigned w = l->watch[n]->want;

			watches[n] = l->watch[n];
			fds[n].fd = l->watch[n]->fd;
			fds[n].events = (short)((w & NOON_READABLE ? POLLIN | POLLPRI : 0) |
						(w & NOON_WRITABLE ? POLLOUT : 0));
			fds[n].revents = 0;
		}
		if (poll(fds, n, wait_ms(l)) < 0 && errno != EINTR)
			return NOON_ERR_OS;
		dispatch(l, fds, watches, n);
		if (!l->stopped)
			fire_due(l);
		/* Last, so that a signal during the callbacks does not wait for poll(). One between
		 * here and poll() waits for the next timer, a second at most. */
		check_signal(l);
	}
	return NOON_OK;
}

static noon_err signals(struct noon_loop *loop, const int *list)
{
	(void)loop;
	(void)list;
	return NOON_OK;
}

static void stop(struct noon_loop *loop)
{
	of(loop)->stopped = true;
}

static void free_loop(struct noon_loop *loop)
{
	free(of(loop));
}

static const struct noon_loop_ops poll_ops = {
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

struct noon_loop *noon_loop_poll_new(void)
{
	struct poll_loop *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->base.ops = &poll_ops;
	return &l->base;
}
