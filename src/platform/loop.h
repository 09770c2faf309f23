/* SPDX-License-Identifier: Apache-2.0
 *
 * Event loop: descriptors, timers and signals behind one interface with two backends.
 *
 * loop_event.c drives libevent. loop_poll.c is a plain poll() loop without epoll, pipe, eventfd,
 * signalfd or threads, so that a daemon also runs under a preloaded simulator of clocks and
 * networks. One thread per loop. Watches and timers are the caller's storage and must not move
 * while added or armed.
 */
#ifndef NOON_PLATFORM_LOOP_H
#define NOON_PLATFORM_LOOP_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/time.h"

enum noon_loop_backend { NOON_LOOP_EVENT, NOON_LOOP_POLL };

#define NOON_READABLE 1U /**< also errors, hang-ups and a non-empty error queue */
#define NOON_WRITABLE 2U

struct noon_loop;

struct noon_fd_watch {
	int fd;
	unsigned want; /**< NOON_READABLE | NOON_WRITABLE */
	void (*ready)(void *arg, unsigned what);
	void *arg;
	void *impl; /**< the backend's; NULL when not added */
};

struct noon_timer {
	void (*fire)(void *arg);
	void *arg;
	int64_t due_ns; /**< CLOCK_MONOTONIC; meaningful while armed */
	bool armed;
	struct noon_loop *loop; /**< set by noon_loop_arm() */
	void *impl;
};

/** @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_loop_new(enum noon_loop_backend backend, struct noon_loop **ret);
/** All watches must have been removed and timers disarmed. NULL is fine. */
void noon_loop_free(struct noon_loop *loop);
enum noon_loop_backend noon_loop_backend_of(const struct noon_loop *loop);

/** @retval NOON_OK, NOON_ERR_FULL, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_loop_add(struct noon_loop *loop, struct noon_fd_watch *w);
/** Remove; fine if not added. Allowed in any callback. */
void noon_loop_del(struct noon_loop *loop, struct noon_fd_watch *w);
/** Change what to wait for. */
NOON_MUST_USE noon_err noon_loop_want(struct noon_loop *loop, struct noon_fd_watch *w,
				      unsigned want);

/** Fire once, `after` ns from now (at once if <= 0). Re-arming replaces the due time. A zeroed
 *  timer with fire and arg set is valid. */
void noon_loop_arm(struct noon_loop *loop, struct noon_timer *t, noon_dur after);
/** Disarm and release what the backend holds; fine if not armed. */
void noon_loop_disarm(struct noon_timer *t);

/** Call `on_signal(arg, signo)` from the loop after a signal. `flag` is set by a handler that
 *  the caller installed (poll backend); the event backend catches `signals` itself.
 *  @param signals  0-terminated list; borrowed for the life of the loop */
NOON_MUST_USE noon_err noon_loop_signals(struct noon_loop *loop, const int *signals,
					 volatile sig_atomic_t *flag,
					 void (*on_signal)(void *arg, int signo), void *arg);

/** Run until noon_loop_stop(). @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_loop_run(struct noon_loop *loop);
void noon_loop_stop(struct noon_loop *loop);

#endif
