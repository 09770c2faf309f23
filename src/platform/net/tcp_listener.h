/* SPDX-License-Identifier: Apache-2.0
 *
 * Takes connections off a listening socket, a few in each turn of the loop.
 *
 * Without a free descriptor accept() fails and the socket stays readable, so that waiting for it
 * would spin. Connections then wait in the backlog for a moment, as they do while the owner has no
 * room for more.
 */
#ifndef NOON_PLATFORM_TCP_LISTENER_H
#define NOON_PLATFORM_TCP_LISTENER_H

#include "platform/loop.h"
#include "platform/net/udp.h"

/** Set fd, batch, on_connection and arg; the rest zero but for what is wanted. It must not move
 *  while open. */
struct noon_tcp_listener {
	int fd;		/**< listening, TCP or of a Unix socket; owned; -1: none */
	unsigned batch; /**< connections taken in one turn, >= 1 */
	/** Asked before each connection; false: it waits. NULL: there always is. */
	bool (*has_room)(void *arg);
	/** @param fd    does not block; the owner's
	 *  @param peer  borrowed for the call */
	void (*on_connection)(void *arg, int fd, const struct noon_addr *peer);
	/** Connections have to wait for a moment. NULL: nobody wants to know. */
	void (*on_pause)(void *arg);
	void *arg;
	struct noon_loop *loop; /**< NULL before start */
	struct noon_fd_watch watch;
	struct noon_timer resume;
	bool paused;
};

/** Begin to take connections; callbacks come from the loop and must not close it.
 *  @retval NOON_OK, NOON_ERR_FULL, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_tcp_listener_start(struct noon_tcp_listener *l, struct noon_loop *loop);
/** Let those that wait come now: something has become free. Fine if none wait, or before start. */
void noon_tcp_listener_resume(struct noon_tcp_listener *l);
/** Close the socket; fine before start, or if there is none. */
void noon_tcp_listener_close(struct noon_tcp_listener *l);

#endif
