/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/net/tcp_listener.h"

#include <assert.h>
#include <unistd.h>

#include "platform/net/tcp.h"

/* How long connections wait in the backlog. */
#define PAUSE NOON_MS(50)

/* Where that fails, for lack of memory, it is tried again in a moment. */
static void want(struct noon_tcp_listener *l, bool paused)
{
	l->paused = noon_loop_want(l->loop, &l->watch, paused ? 0 : NOON_READABLE) || paused;
	if (l->paused)
		noon_loop_arm(l->loop, &l->resume, PAUSE);
}

static void on_resume(void *arg)
{
	want(arg, false);
}

static bool may_take(const struct noon_tcp_listener *l)
{
	return l->has_room == NULL || l->has_room(l->arg);
}

static void on_ready(void *arg, unsigned what)
{
	struct noon_tcp_listener *l = arg;

	(void)what;
	for (unsigned i = 0; i < l->batch; i++) {
		struct noon_addr peer;
		int fd = -1;
		const noon_err err =
			may_take(l) ? noon_tcp_accept(l->fd, &fd, &peer) : NOON_ERR_FULL;

		if (err == NOON_ERR_EMPTY)
			return;
		if (err) {
			want(l, true);
			if (l->on_pause != NULL)
				l->on_pause(l->arg);
			return;
		}
		l->on_connection(l->arg, fd, &peer);
	}
}

noon_err noon_tcp_listener_start(struct noon_tcp_listener *l, struct noon_loop *loop)
{
	assert(l->fd >= 0 && l->batch > 0 && l->on_connection != NULL);
	l->loop = loop;
	l->watch = (struct noon_fd_watch){
		.fd = l->fd, .want = NOON_READABLE, .ready = on_ready, .arg = l};
	l->resume = (struct noon_timer){.fire = on_resume, .arg = l};
	return noon_loop_add(loop, &l->watch);
}

void noon_tcp_listener_resume(struct noon_tcp_listener *l)
{
	if (!l->paused)
		return;
	noon_loop_disarm(&l->resume);
	want(l, false);
}

void noon_tcp_listener_close(struct noon_tcp_listener *l)
{
	if (l->loop != NULL) {
		noon_loop_disarm(&l->resume);
		noon_loop_del(l->loop, &l->watch);
	}
	if (l->fd >= 0)
		(void)close(l->fd);
	l->fd = -1;
	l->loop = NULL;
	l->paused = false;
}
