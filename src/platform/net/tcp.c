/* SPDX-License-Identifier: Apache-2.0 */
#include "platform/net/tcp.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* One read per wake-up; the rest waits for the next, so that no peer starves the others. */
#define READ_LEN 3072

static noon_err wait_for(struct noon_tcp *t)
{
	const bool write = t->connecting || t->out_n > 0;

	return noon_loop_want(t->loop, &t->watch,
			      (t->connecting ? 0 : NOON_READABLE) | (write ? NOON_WRITABLE : 0));
}

void noon_tcp_close(struct noon_tcp *t)
{
	if (t->watch.fd <= 0)
		return;
	noon_loop_del(t->loop, &t->watch);
	(void)close(t->watch.fd);
	t->watch.fd = -1;
	if (t->out != NULL)
		noon_wipe(t->out, NOON_TCP_OUT_MAX);
	free(t->out);
	t->out = NULL;
	t->out_n = 0;
	t->connecting = false;
}

bool noon_tcp_is_open(const struct noon_tcp *t)
{
	return t->watch.fd > 0;
}

static void end(struct noon_tcp *t, int sys)
{
	noon_tcp_close(t);
	t->on_end(t->arg, sys);
}

/* Returns false when the stream has ended. */
static bool flush(struct noon_tcp *t)
{
	while (t->out_n > 0) {
		const ssize_t n = send(t->watch.fd, t->out + t->out_from, t->out_n, MSG_NOSIGNAL);

		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return true;
		if (n < 0) {
			end(t, errno);
			return false;
		}
		t->out_from += (size_t)n;
		t->out_n -= (size_t)n;
	}
	t->out_from = 0;
	if (t->closing)
		(void)shutdown(t->watch.fd, SHUT_WR);
	return true;
}

static bool finish_connect(struct noon_tcp *t)
{
	int sys = 0;
	socklen_t len = sizeof(sys);

	if (getsockopt(t->watch.fd, SOL_SOCKET, SO_ERROR, &sys, &len) < 0)
		sys = errno;
	if (sys != 0) {
		end(t, sys);
		return false;
	}
	t->connecting = false;
	if (t->on_open != NULL)
		t->on_open(t->arg);
	return noon_tcp_is_open(t);
}

static void receive(struct noon_tcp *t)
{
	uint8_t buf[READ_LEN];
	const ssize_t n = recv(t->watch.fd, buf, sizeof(buf), 0);

	if (n > 0 && t->closing)
		return; /* not needed any more, but unread data would reset the connection */
	if (n > 0)
		t->on_data(t->arg, noon_bytes_of(buf, (size_t)n));
	else if (n == 0)
		end(t, 0);
	else if (errno != EAGAIN && errno != EINTR)
		end(t, errno);
}

static void on_ready(void *arg, unsigned what)
{
	struct noon_tcp *t = arg;

	if (t->connecting && !finish_connect(t))
		return;
	if ((what & NOON_WRITABLE) && !flush(t))
		return;
	if (wait_for(t)) {
		end(t, errno);
		return;
	}
	if (what & NOON_READABLE)
		receive(t);
}

static noon_err start(struct noon_tcp *t, struct noon_loop *loop, int fd, bool connecting)
{
	const int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	t->loop = loop;
	t->connecting = connecting;
	t->watch = (struct noon_fd_watch){
		.fd = fd,
		.want = connecting ? NOON_WRITABLE : NOON_READABLE,
		.ready = on_ready,
		.arg = t,
	};
	if (noon_loop_add(loop, &t->watch)) {
		(void)close(fd);
		t->watch.fd = -1;
		return NOON_ERR_OS;
	}
	return NOON_OK;
}

noon_err noon_tcp_connect(struct noon_tcp *t, struct noon_loop *loop, const struct noon_addr *peer,
			  int *ret_sys)
{
	return noon_tcp_connect_from(t, loop, NULL, peer, ret_sys);
}

noon_err noon_tcp_connect_from(struct noon_tcp *t, struct noon_loop *loop,
			       const struct noon_addr *local, const struct noon_addr *peer,
			       int *ret_sys)
{
	const int fd = socket(peer->u.sa.sa_family, SOCK_STREAM, 0);

	t->watch.fd = -1;
	if (fd < 0 || noon_fd_prepare(fd) ||
	    (local != NULL && bind(fd, &local->u.sa, local->len) < 0) ||
	    (connect(fd, &peer->u.sa, peer->len) < 0 && errno != EINPROGRESS)) {
		*ret_sys = errno;
		if (fd >= 0)
			(void)close(fd);
		return NOON_ERR_OS;
	}
	*ret_sys = EMFILE;
	return start(t, loop, fd, true);
}

noon_err noon_tcp_take(struct noon_tcp *t, struct noon_loop *loop, int fd)
{
	return start(t, loop, fd, false);
}

noon_err noon_tcp_send(struct noon_tcp *t, struct noon_bytes data)
{
	if (!noon_tcp_is_open(t))
		return NOON_ERR_OS;
	if (t->out_n == 0 && !t->connecting) {
		const ssize_t n = send(t->watch.fd, data.p, data.n, MSG_NOSIGNAL);

		if (n < 0 && errno != EAGAIN && errno != EINTR)
			return NOON_ERR_OS;
		if (n > 0)
			data = noon_bytes_of(data.p + n, data.n - (size_t)n);
		if (data.n == 0)
			return NOON_OK;
	}
	if (t->out == NULL)
		t->out = malloc(NOON_TCP_OUT_MAX);
	if (t->out == NULL || data.n > NOON_TCP_OUT_MAX - t->out_n)
		return NOON_ERR_FULL;
	memmove(t->out, t->out + t->out_from, t->out_n);
	t->out_from = 0;
	memcpy(t->out + t->out_n, data.p, data.n);
	t->out_n += data.n;
	return wait_for(t);
}

void noon_tcp_finish(struct noon_tcp *t)
{
	if (!noon_tcp_is_open(t))
		return;
	t->closing = true;
	if (t->out_n == 0)
		(void)shutdown(t->watch.fd, SHUT_WR);
}

static noon_err listen_on(const struct noon_addr *local, bool shared, int *ret_fd, int *ret_sys)
{
	const int fd = socket(local->u.sa.sa_family, SOCK_STREAM, 0);
	const int on = 1;

	if (fd < 0)
		goto fail;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (shared && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0)
		goto fail;
	if (local->u.sa.sa_family == AF_INET6 &&
	    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		goto fail;
	if (noon_fd_prepare(fd) || bind(fd, &local->u.sa, local->len) < 0 || listen(fd, 256) < 0)
		goto fail;
	*ret_fd = fd;
	return NOON_OK;
fail:
	*ret_sys = errno;
	if (fd >= 0)
		(void)close(fd);
	return NOON_ERR_OS;
}

noon_err noon_tcp_listen(const struct noon_addr *local, int *ret_fd, int *ret_sys)
{
	return listen_on(local, false, ret_fd, ret_sys);
}

noon_err noon_tcp_listen_shared(const struct noon_addr *local, int *ret_fd, int *ret_sys)
{
	return listen_on(local, true, ret_fd, ret_sys);
}

noon_err noon_tcp_accept(int listener, int *ret_fd, struct noon_addr *ret_peer)
{
	struct noon_addr peer = {.len = sizeof(peer.u)};
	const int fd = accept(listener, &peer.u.sa, &peer.len);

	if (fd < 0)
		return errno == EAGAIN || errno == EINTR || errno == ECONNABORTED ? NOON_ERR_EMPTY
										  : NOON_ERR_OS;
	if (noon_fd_prepare(fd)) {
		(void)close(fd);
		return NOON_ERR_OS;
	}
	*ret_fd = fd;
	*ret_peer = peer;
	return NOON_OK;
}
