/* SPDX-License-Identifier: Apache-2.0
 *
 * The table of a loop's backend; included by loop.c and its two backends only.
 */
#ifndef NOON_PLATFORM_LOOP_PRIV_H
#define NOON_PLATFORM_LOOP_PRIV_H

#include "platform/loop.h"

struct noon_loop_ops {
	void (*free)(struct noon_loop *loop);
	noon_err (*add)(struct noon_loop *loop, struct noon_fd_watch *w);
	void (*del)(struct noon_loop *loop, struct noon_fd_watch *w);
	noon_err (*want)(struct noon_loop *loop, struct noon_fd_watch *w);
	void (*arm)(struct noon_loop *loop, struct noon_timer *t, noon_dur after);
	void (*disarm)(struct noon_timer *t);
	noon_err (*signals)(struct noon_loop *loop, const int *signals);
	noon_err (*run)(struct noon_loop *loop);
	void (*stop)(struct noon_loop *loop);
};

struct noon_loop {
	const struct noon_loop_ops *ops;
	enum noon_loop_backend backend;
	volatile sig_atomic_t *flag;
	void (*on_signal)(void *arg, int signo);
	void *signal_arg;
};

struct noon_loop *noon_loop_event_new(void);
struct noon_loop *noon_loop_poll_new(void);

#endif
