/* SPDX-License-Identifier: Apache-2.0
 *
 * Shared by http_server.c, http_conn.c, http_judge.c and http_send.c only.
 */
#ifndef NOON_HTTP_HTTP_PRIV_H
#define NOON_HTTP_HTTP_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "http/http_server.h"
#include "platform/loop.h"
#include "platform/net/tcp_listener.h"
#include "proto/http/http_reader.h"
#include "proto/ntp/rate_limit.h"

/* One read of a wake-up of TLS; a record at most. */
#define NOON_HTTP_SCRATCH 16384

/* Where a connection stands, and what its time limit is for. */
enum noon_http_phase {
	NOON_HTTP_HANDSHAKE, /**< TLS is being set up */
	NOON_HTTP_IDLE,	     /**< nothing of the next request has come */
	NOON_HTTP_READING,   /**< a part of a request has come */
	NOON_HTTP_PENDING,   /**< a request was handed over: no limit */
	NOON_HTTP_WRITING,   /**< the client has to read its reply */
	NOON_HTTP_LINGERING, /**< our end was said, the client's is awaited */
	NOON_HTTP_LOST,	     /**< closed while PENDING: freed by noon_http_reply() */
	NOON_HTTP_CLOSED,    /**< closed: freed when its last caller returns */
};

/* What the server itself has against a request; status 0: nothing. */
struct noon_http_verdict {
	uint16_t status;
	enum noon_http_count count;
	const char *text;  /**< a sentence for the client */
	const char *allow; /**< for 405 */
	uint32_t retry_after_s;
};

struct noon_http_conn {
	struct noon_http_request request; /**< first member */
	struct noon_http_server *server;
	struct noon_http_conn *prev; /**< list of all, by when they began to wait */
	struct noon_http_conn *next;
	struct noon_http_conn *again_next; /**< list of those with more to read, see again() */
	struct noon_fd_watch watch;
	struct noon_timer timer;
	noon_time deadline; /**< CLOCK_MONOTONIC; the timer may fire earlier */
	noon_time fires;    /**< when the timer does, if it is armed */
	noon_time since;    /**< when the phase began */
	struct noon_tls *tls;
	enum noon_http_phase phase;
	bool held;  /**< a caller further up still needs it, and will go on with it */
	bool again; /**< on that list */
	bool more;  /**< TLS may hold bytes that `in` had no room for */
	bool eof;   /**< the client has said its end */
	bool last;  /**< the connection ends behind this reply */
	unsigned served;
	struct noon_http_reader reader;
	struct noon_http_verdict verdict; /**< on the request being read, once its head has been */
	size_t in_n, in_cap;
	uint8_t *in; /**< owned: a request and what is behind it */
	size_t out_from, out_n, out_cap;
	uint8_t *out; /**< owned: what waits for the client to read; NULL if nothing ever had to */
	size_t drained; /**< bytes thrown away while LINGERING */
};

struct noon_http_listener {
	struct noon_http_server *server;
	struct noon_tcp_listener tcp;
	uint16_t port;
	bool tls;
};

struct noon_http_server {
	struct noon_http_conf conf; /**< with defaults filled in */
	struct noon_loop *loop;
	struct noon_http_listener listener[NOON_HTTP_LISTEN_MAX];
	size_t n_listeners;
	struct noon_fd_watch woken; /**< an eventfd */
	atomic_bool stop;
	atomic_bool wake;
	struct noon_timer turn;	      /**< the end of a batch */
	bool batch;		      /**< requests were handed over since the last one */
	struct noon_http_conn *again; /**< those with more to read than was handed over */
	struct noon_http_conn *first; /**< those that wait longest are first */
	struct noon_http_conn *last;
	unsigned n_conns;
	struct noon_tls_ctx *tls;
	pthread_mutex_t lock; /**< of tls_next */
	struct noon_tls_ctx *tls_next;
	struct noon_rate_limit rate;
	_Atomic uint64_t count[NOON_HTTP_COUNTS];
	_Atomic uint64_t open;
	uint8_t scratch[NOON_HTTP_SCRATCH];
};

/** Count one. Only the server's thread writes. */
static inline void noon_http_count(struct noon_http_server *s, enum noon_http_count what)
{
	const uint64_t n = atomic_load_explicit(&s->count[what], memory_order_relaxed);

	atomic_store_explicit(&s->count[what], n + 1, memory_order_relaxed);
}

/** Schedule the end-of-iteration callback: it picks up connections with more to read, then reports
 * the end of the batch. */
void noon_http_server_turn(struct noon_http_server *s);

/** Serve a socket that was accepted. @retval NOON_OK, NOON_ERR_OS (closed) */
noon_err noon_http_conn_new(struct noon_http_server *s, int fd, const struct noon_addr *peer,
			    bool tls);
/** Close at once. It is freed by its caller further up, or when it is replied to. */
void noon_http_conn_close(struct noon_http_conn *c);
/** Close, and free it when that may be; for callers from elsewhere. */
void noon_http_conn_end(struct noon_http_conn *c);
/** Close and free whatever its state. */
void noon_http_conn_free(struct noon_http_conn *c);
/** Go on with requests that are in the buffer. */
void noon_http_conn_resume(struct noon_http_conn *c);
/** Judge a request whose head has been read; sets c->request.route. */
struct noon_http_verdict noon_http_judge(struct noon_http_conn *c, noon_time now);
/** Return what is answered to a fault of framing. */
struct noon_http_verdict noon_http_fault_verdict(enum noon_http_fault fault);

/** Send pieces, encrypted if need be; what the client does not read yet waits in c->out. A
 *  connection that fails is closed: look at c->phase. */
void noon_http_send(struct noon_http_conn *c, const struct noon_bytes *piece, size_t n);
/** Send what waits, after the socket has become writable. As noon_http_send(). */
void noon_http_send_more(struct noon_http_conn *c);
/** Send what TLS wants sent. As noon_http_send(). */
void noon_http_send_tls(struct noon_http_conn *c);

/** Tell whether a connection may be ended to make room. */
bool noon_http_conn_may_go(const struct noon_http_conn *c, noon_time now);

#endif
