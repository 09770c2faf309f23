/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/loop.h"

#include <assert.h>
#include <stddef.h>

#include "platform/loop_priv.h"

noon_err noon_loop_new(enum noon_loop_backend backend, struct noon_loop **ret)
{
	struct noon_loop *loop =
		backend == NOON_LOOP_EVENT ? noon_loop_event_new() : noon_loop_poll_new();

	if (loop == NULL)
		return NOON_ERR_OS;
	loop->backend = backend;
	*ret = loop;
	return NOON_OK;
}

void noon_loop_free(struct noon_loop *loop)
{
	if (loop != NULL)
		loop->ops->free(loop);
}

enum noon_loop_backend noon_loop_backend_of(const struct noon_loop *loop)
{
	return loop->backend;
}

noon_err noon_loop_add(struct noon_loop *loop, struct noon_fd_watch *w)
{
	assert(w->impl == NULL);
	return loop->ops->add(loop, w);
}

void noon_loop_del(struct noon_loop *loop, struct noon_fd_watch *w)
{
	if (w->impl == NULL)
		return;
	loop->ops->del(loop, w);
	w->impl = NULL;
}

noon_err noon_loop_want(struct noon_loop *loop, struct noon_fd_watch *w, unsigned want)
{
	const unsigned was = w->want;
	noon_err err;

	if (was == want)
		return NOON_OK;
	w->want = want;
	err = w->impl == NULL ? NOON_OK : loop->ops->want(loop, w);
	if (err)
		w->want = was; /* so that it can be tried again */
	return err;
}

void noon_loop_arm(struct noon_loop *loop, struct noon_timer *t, noon_dur after)
{
	t->loop = loop;
	loop->ops->arm(loop, t, after < 0 ? 0 : after);
	t->armed = true;
}

void noon_loop_disarm(struct noon_timer *t)
{
	if (t->loop != NULL)
		t->loop->ops->disarm(t);
	t->armed = false;
	t->loop = NULL;
}

noon_err noon_loop_signals(struct noon_loop *loop, const int *signals, volatile sig_atomic_t *flag,
			   void (*on_signal)(void *arg, int signo), void *arg)
{
	loop->flag = flag;
	loop->on_signal = on_signal;
	loop->signal_arg = arg;
	return loop->ops->signals(loop, signals);
}

noon_err noon_loop_run(struct noon_loop *loop)
{
	return loop->ops->run(loop);
}

void noon_loop_stop(struct noon_loop *loop)
{
	loop->ops->stop(loop);
}
