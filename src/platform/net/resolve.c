/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/net/resolve.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Shared by the loop and the thread; the last user frees it. */
struct question {
	char host[256];
	uint16_t port;
	int family;
	struct noon_addr list[NOON_RESOLVE_MAX];
	size_t n;
	const char *why;
	int done_fd;	  /* closed by the thread when it is done; -1 without a thread */
	atomic_bool done; /* orders the thread's writes before the loop's reads */
	atomic_int users;
};

struct noon_resolve {
	struct noon_loop *loop;
	struct noon_fd_watch watch;
	struct noon_timer timer;
	noon_resolved *done;
	void *arg;
	struct question *q;
};

static void leave(struct question *q)
{
	if (atomic_fetch_sub(&q->users, 1) == 1)
		free(q);
}

static void ask(struct question *q)
{
	if (noon_addr_resolve(q->host, q->port, q->family, q->list, NOON_RESOLVE_MAX, &q->n,
			      &q->why))
		q->n = 0;
}

static void *thread_main(void *arg)
{
	struct question *q = arg;

	ask(q);
	atomic_store(&q->done, true);
	(void)close(q->done_fd); /* end of file wakes the loop */
	leave(q);
	return NULL;
}

void noon_resolve_cancel(struct noon_resolve *r)
{
	if (r == NULL)
		return;
	noon_loop_del(r->loop, &r->watch);
	noon_loop_disarm(&r->timer);
	if (r->watch.fd >= 0)
		(void)close(r->watch.fd);
	leave(r->q);
	free(r);
}

static void finish(struct noon_resolve *r)
{
	struct noon_addr list[NOON_RESOLVE_MAX];
	const size_t n = r->q->n;
	const char *why = r->q->why;
	noon_resolved *done = r->done;
	void *arg = r->arg;

	memcpy(list, r->q->list, sizeof(list));
	noon_resolve_cancel(r);
	done(arg, list, n, why);
}

static void on_ready(void *arg, unsigned what)
{
	struct noon_resolve *r = arg;

	(void)what;
	if (atomic_load(&r->q->done))
		finish(r);
}

static void on_timer(void *arg)
{
	struct noon_resolve *r = arg;

	if (r->q->n == 0)
		ask(r->q);
	finish(r);
}

static bool start_thread(struct noon_resolve *r)
{
	pthread_attr_t attr;
	pthread_t thread;
	int fds[2];
	bool ok;

	if (pipe(fds) < 0)
		return false;
	if (noon_fd_prepare(fds[0]) || noon_fd_prepare(fds[1]) || pthread_attr_init(&attr) != 0)
		goto fail;
	r->watch = (struct noon_fd_watch){
		.fd = fds[0], .want = NOON_READABLE, .ready = on_ready, .arg = r};
	r->q->done_fd = fds[1];
	atomic_store(&r->q->users, 2);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	ok = noon_loop_add(r->loop, &r->watch) == NOON_OK &&
	     pthread_create(&thread, &attr, thread_main, r->q) == 0;
	(void)pthread_attr_destroy(&attr);
	if (ok)
		return true;
	noon_loop_del(r->loop, &r->watch);
	atomic_store(&r->q->users, 1);
	r->watch.fd = -1;
fail:
	(void)close(fds[0]);
	(void)close(fds[1]);
	return false;
}

struct noon_resolve *noon_resolve_start(struct noon_loop *loop, const char *host, uint16_t port,
					int family, noon_resolved *done, void *arg)
{
	struct noon_resolve *r = calloc(1, sizeof(*r));
	struct question *q = calloc(1, sizeof(*q));

	if (r == NULL || q == NULL) {
		free(r);
		free(q);
		return NULL;
	}
	(void)snprintf(q->host, sizeof(q->host), "%s", host);
	q->port = port;
	q->family = family;
	q->done_fd = -1;
	atomic_store(&q->users, 1);
	*r = (struct noon_resolve){.loop = loop, .done = done, .arg = arg, .q = q};
	r->watch.fd = -1;
	r->timer.fire = on_timer;
	r->timer.arg = r;
	if (noon_addr_parse(host, port, &q->list[0]) == NOON_OK)
		q->n = 1;
	if (q->n == 1 || noon_loop_backend_of(loop) == NOON_LOOP_POLL || !start_thread(r))
		noon_loop_arm(loop, &r->timer, 0);
	return r;
}
