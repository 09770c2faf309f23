/* SPDX-License-Identifier: Apache-2.0
 *
 * Sending on a connection: at once if the client reads, else from a buffer.
 */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "http/http_priv.h"

#define PIECES_MAX 2

/* Keep what could not be sent. The size is bounded by one reply and what TLS adds. */
static bool keep(struct noon_http_conn *c, struct noon_bytes rest)
{
	const size_t n = c->out_n + rest.n;

	if (c->out_from > 0) {
		memmove(c->out, c->out + c->out_from, c->out_n);
		c->out_from = 0;
	}
	if (n > c->out_cap) {
		uint8_t *more = realloc(c->out, n);

		if (more == NULL)
			return false;
		c->out = more;
		c->out_cap = n;
	}
	memcpy(c->out + c->out_n, rest.p, rest.n);
	c->out_n = n;
	return true;
}

/* Returns bytes sent, 0 if the client does not read, -1 if it is gone. */
static ssize_t send_pieces(struct noon_http_conn *c, const struct noon_bytes *piece, size_t n)
{
	struct iovec iov[PIECES_MAX];
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = n};
	ssize_t sent;

	for (size_t i = 0; i < n; i++) {
		iov[i].iov_base = (void *)(uintptr_t)piece[i].p; /* sendmsg() only reads */
		iov[i].iov_len = piece[i].n;
	}
	sent = sendmsg(c->watch.fd, &msg, MSG_NOSIGNAL);
	if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return sent;
}

static void send_raw(struct noon_http_conn *c, const struct noon_bytes *piece, size_t n)
{
	size_t sent = 0;
	bool ok = true;

	assert(n <= PIECES_MAX);
	if (c->out_n == 0) {
		const ssize_t k = send_pieces(c, piece, n);

		ok = k >= 0;
		sent = k > 0 ? (size_t)k : 0;
	}
	for (size_t i = 0; ok && i < n; i++) {
		const size_t skip = sent < piece[i].n ? sent : piece[i].n;

		sent -= skip;
		if (skip < piece[i].n)
			ok = keep(c, noon_bytes_of(piece[i].p + skip, piece[i].n - skip));
	}
	if (!ok)
		noon_http_conn_close(c);
}

void noon_http_send_tls(struct noon_http_conn *c)
{
	uint8_t *scratch = c->server->scratch;

	while (c->phase != NOON_HTTP_CLOSED && c->phase != NOON_HTTP_LOST &&
	       noon_tls_pending(c->tls) > 0) {
		struct noon_wr wr = noon_wr_over(scratch, NOON_HTTP_SCRATCH);
		struct noon_bytes piece;

		(void)noon_tls_take(c->tls, &wr);
		piece = noon_wr_written(&wr);
		send_raw(c, &piece, 1);
	}
}

void noon_http_send(struct noon_http_conn *c, const struct noon_bytes *piece, size_t n)
{
	if (c->tls == NULL) {
		send_raw(c, piece, n);
		return;
	}
	for (size_t i = 0; i < n; i++)
		if (piece[i].n > 0 && noon_tls_write(c->tls, piece[i])) {
			noon_http_conn_close(c);
			return;
		}
	noon_http_send_tls(c);
}

void noon_http_send_more(struct noon_http_conn *c)
{
	const struct noon_bytes rest = noon_bytes_of(c->out + c->out_from, c->out_n);
	const ssize_t k = c->out_n > 0 ? send_pieces(c, &rest, 1) : 0;

	if (k < 0) {
		noon_http_conn_close(c);
		return;
	}
	c->out_from += (size_t)k;
	c->out_n -= (size_t)k;
	if (c->out_n > 0)
		return;
	free(c->out); /* a slow reader is rare */
	c->out = NULL;
	c->out_from = 0;
	c->out_cap = 0;
}
