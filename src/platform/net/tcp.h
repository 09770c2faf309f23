/* SPDX-License-Identifier: Apache-2.0
 *
 * A byte stream on a loop: connect or accept, send with bounded buffering, receive by callback.
 * TCP_NODELAY always; send() and recv() only.
 */
#ifndef NOON_PLATFORM_TCP_H
#define NOON_PLATFORM_TCP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"
#include "platform/loop.h"
#include "platform/net/udp.h"

#define NOON_TCP_OUT_MAX 65536 /**< bytes waiting to be sent; more is refused */

struct noon_tcp {
	struct noon_loop *loop;
	struct noon_fd_watch watch;
	bool connecting;
	bool closing; /**< half-closed (SHUT_WR), or will be once everything is sent */
	size_t out_from;
	size_t out_n;
	uint8_t *out;		    /**< owned; NULL until bytes have to wait */
	void (*on_open)(void *arg); /**< connected; may be NULL */
	void (*on_data)(void *arg, struct noon_bytes data); /**< borrowed for the call */
	/** The peer closed or the connection failed: sys is errno, 0 for an orderly end. The stream
	 *  is closed already. May be called from within noon_tcp_connect(). */
	void (*on_end)(void *arg, int sys);
	void *arg;
};

/** Start connecting; callbacks and arg must be set, the rest zero. *ret_sys is errno.
 *  @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_tcp_connect(struct noon_tcp *t, struct noon_loop *loop,
					const struct noon_addr *peer, int *ret_sys);
/** The same from a local address, port 0: any. */
NOON_MUST_USE noon_err noon_tcp_connect_from(struct noon_tcp *t, struct noon_loop *loop,
					     const struct noon_addr *local,
					     const struct noon_addr *peer, int *ret_sys);
/** Take over an accepted socket. @retval NOON_OK, NOON_ERR_OS (the socket is closed) */
NOON_MUST_USE noon_err noon_tcp_take(struct noon_tcp *t, struct noon_loop *loop, int fd);
/** Send now, or once the socket is writable. @retval NOON_OK, NOON_ERR_FULL, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_tcp_send(struct noon_tcp *t, struct noon_bytes data);
/** Half-close (SHUT_WR) once everything is sent, then wait for the peer's FIN: no more callbacks
 *  except on_end(). The caller limits the time. */
void noon_tcp_finish(struct noon_tcp *t);
/** Close at once; no callbacks. Closed already is fine. */
void noon_tcp_close(struct noon_tcp *t);
bool noon_tcp_is_open(const struct noon_tcp *t);

/** Listen. *ret_sys is errno. @retval NOON_OK, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_tcp_listen(const struct noon_addr *local, int *ret_fd, int *ret_sys);
/** Listen on a port shared by several threads, each with its own socket. */
NOON_MUST_USE noon_err noon_tcp_listen_shared(const struct noon_addr *local, int *ret_fd,
					      int *ret_sys);
/** Accept one connection without blocking. @retval NOON_OK, NOON_ERR_EMPTY, NOON_ERR_OS */
NOON_MUST_USE noon_err noon_tcp_accept(int listener, int *ret_fd, struct noon_addr *ret_peer);

#endif
