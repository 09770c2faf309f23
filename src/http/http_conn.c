/* SPDX-License-Identifier: Apache-2.0
 *
 * One connection. Requests are handed over by run() only, which is called when bytes came, when a
 * reply has been read, and by the server's turn; never from noon_http_reply(), so that who answers
 * a list of requests does not see it grow.
 */
#include <assert.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http/http_priv.h"
#include "platform/clock/clock.h"
#include "proto/http/http_reply.h"

#define IN_FIRST  4096	/* bytes of a buffer at first */
#define IN_KEEP	  16384 /* bytes of a buffer that an idle connection may keep */
#define LINGER	  NOON_S(2)
#define DRAIN_MAX 262144 /* bytes read and thrown away while lingering */
#define TEXT_MAX  512

/* At the cap, a connection that has been idle for this long makes room ... */
#define IDLE_MIN NOON_MS(250)
/* ... and one that sets up TLS, sends a request or reads a reply for this long: two round trips
 * around the world. So floods crowd out each other, not the others. */
#define BUSY_MIN NOON_MS(600)

static void on_timer(void *arg);

static void unlink_conn(struct noon_http_conn *c)
{
	struct noon_http_server *s = c->server;

	*(c->prev ? &c->prev->next : &s->first) = c->next;
	*(c->next ? &c->next->prev : &s->last) = c->prev;
	c->prev = NULL;
	c->next = NULL;
}

static void append_conn(struct noon_http_conn *c)
{
	struct noon_http_server *s = c->server;

	c->prev = s->last;
	*(s->last ? &s->last->next : &s->first) = c;
	s->last = c;
}

static void arm(struct noon_http_conn *c, noon_time now)
{
	if (c->timer.armed && !noon_time_before(c->deadline, c->fires))
		return; /* it fires early enough, and looks again then */
	c->fires = c->deadline;
	noon_loop_arm(c->server->loop, &c->timer, noon_time_diff(c->deadline, now));
}

/* limit 0: none */
static void enter(struct noon_http_conn *c, enum noon_http_phase phase, noon_dur limit)
{
	c->since = noon_mono_now();
	c->phase = phase;
	c->deadline = limit > 0 ? noon_time_add(c->since, limit) : NOON_TIME_NEVER;
	unlink_conn(c);
	append_conn(c);
	if (limit > 0)
		arm(c, c->since);
}

static bool is_over(const struct noon_http_conn *c)
{
	return c->phase == NOON_HTTP_CLOSED || c->phase == NOON_HTTP_LOST;
}

void noon_http_conn_close(struct noon_http_conn *c)
{
	const bool pending = c->phase == NOON_HTTP_PENDING;

	if (!is_over(c)) {
		noon_loop_del(c->server->loop, &c->watch);
		noon_loop_disarm(&c->timer);
		(void)close(c->watch.fd);
		c->watch.fd = -1;
		noon_tls_free(c->tls);
		c->tls = NULL;
		c->phase = pending ? NOON_HTTP_LOST : NOON_HTTP_CLOSED;
		if (pending)
			noon_http_count(c->server, NOON_HTTP_COUNT_GONE);
	}
}

void noon_http_conn_free(struct noon_http_conn *c)
{
	struct noon_http_server *s = c->server;

	noon_http_conn_close(c);
	unlink_conn(c);
	s->n_conns--;
	atomic_store_explicit(&s->open, s->n_conns, memory_order_relaxed);
	free(c->in);
	free(c->out);
	free(c);
}

/* Free it if it is over and nobody needs it any more. */
static void release(struct noon_http_conn *c)
{
	c->held = false;
	if (c->phase == NOON_HTTP_CLOSED && !c->again)
		noon_http_conn_free(c);
}

void noon_http_conn_end(struct noon_http_conn *c)
{
	noon_http_conn_close(c);
	release(c);
}

/* Be called again when the loop is not busy with others. */
static void call_again(struct noon_http_conn *c)
{
	if (c->again)
		return;
	c->again = true;
	c->again_next = c->server->again;
	c->server->again = c;
	noon_http_server_turn(c->server);
}

/* Bring what the loop waits for in line with what can be done; end a connection whose client has
 * said its end when nothing is left to be done for it. */
static void settle(struct noon_http_conn *c)
{
	const bool reading = c->phase == NOON_HTTP_IDLE || c->phase == NOON_HTTP_READING ||
			     c->phase == NOON_HTTP_HANDSHAKE;
	unsigned want = c->out_n > 0 ? NOON_WRITABLE : 0;

	if (is_over(c))
		return;
	if (c->eof && !c->again && (reading || c->phase == NOON_HTTP_LINGERING)) {
		noon_http_conn_close(c);
		return;
	}
	/* A buffer with a pending request in it must not move, but may be filled up. */
	if (!c->eof && (reading || c->phase == NOON_HTTP_LINGERING || c->in_n < c->in_cap))
		want |= NOON_READABLE;
	if (noon_loop_want(c->server->loop, &c->watch, want))
		noon_http_conn_close(c);
}

/* Half-close (SHUT_WR), then wait for the peer's FIN: closing with bytes unread would destroy the
 * reply on its way (RFC 9112, section 9.6). */
static void linger(struct noon_http_conn *c)
{
	if (c->tls != NULL) {
		noon_tls_close(c->tls);
		noon_http_send_tls(c);
		if (is_over(c) || c->out_n > 0)
			return; /* comes back when it has been read */
	}
	(void)shutdown(c->watch.fd, SHUT_WR);
	c->in_n = 0;
	enter(c, NOON_HTTP_LINGERING, LINGER);
}

/* The reply has left. */
static void end_reply(struct noon_http_conn *c)
{
	if (c->last) {
		linger(c);
		return;
	}
	if (c->in_n == 0 && c->in_cap > IN_KEEP) {
		free(c->in);
		c->in = NULL;
		c->in_cap = 0;
	}
	enter(c, NOON_HTTP_IDLE, c->server->conf.idle);
}

/* Forget the request that was answered; what lies behind it moves to the front. */
static void drop_request(struct noon_http_conn *c)
{
	const size_t used = c->last ? c->in_n : c->reader.at;

	memmove(c->in, c->in + used, c->in_n - used);
	c->in_n -= used;
	noon_http_reader_next(&c->reader);
	c->request.owner = NULL;
	c->request.body = noon_bytes_of(NULL, 0);
	c->served++;
}

static void count_class(struct noon_http_server *s, uint16_t status)
{
	noon_http_count(s, status >= 500   ? NOON_HTTP_COUNT_SERVER_ERROR
			   : status >= 400 ? NOON_HTTP_COUNT_CLIENT_ERROR
					   : NOON_HTTP_COUNT_OK);
}

/* Answer the request at the front of the buffer; type, status and the like are in `reply`. */
static void answer(struct noon_http_conn *c, struct noon_http_reply *reply, struct noon_bytes body)
{
	uint8_t head[NOON_HTTP_REPLY_HEAD_MAX];
	struct noon_wr wr = noon_wr_over(head, sizeof(head));
	const bool bodiless = c->reader.phase != NOON_HTTP_IN_HEAD &&
			      noon_http_is(noon_http_span_of(c->in, c->reader.head.method), "HEAD");

	c->last = c->last || c->served + 1 >= c->server->conf.requests_max;
	reply->close = c->last;
	reply->keep_alive = c->reader.head.http10;
	reply->length = body.n;
	reply->date_s = noon_clock_read(CLOCK_REALTIME) / NOON_NS_PER_SEC;
	if (noon_http_reply_write(reply, &wr)) {
		noon_http_conn_close(c); /* the caller's strings are too long for a head */
		return;
	}
	enter(c, NOON_HTTP_WRITING, c->server->conf.reply);
	noon_http_send(c, (struct noon_bytes[]){noon_wr_written(&wr), body}, bodiless ? 1 : 2);
	if (is_over(c)) {
		noon_http_count(c->server, NOON_HTTP_COUNT_GONE);
		return;
	}
	count_class(c->server, reply->status);
	drop_request(c);
	if (c->out_n == 0)
		end_reply(c);
}

static void refuse(struct noon_http_conn *c, const struct noon_http_verdict *v)
{
	struct noon_http_reply reply = {
		.status = v->status,
		.type = "text/plain; charset=utf-8",
		.allow = v->allow,
		.retry_after_s = v->retry_after_s,
	};
	char text[TEXT_MAX];
	const int n = snprintf(text, sizeof(text), "%s\n", v->text);

	noon_http_count(c->server, v->count);
	answer(c, &reply,
	       noon_bytes_of(text, n < 0		      ? 0
				   : (size_t)n < sizeof(text) ? (size_t)n
							      : sizeof(text) - 1));
}

static void refuse_fault(struct noon_http_conn *c, enum noon_http_fault fault)
{
	const struct noon_http_verdict v = noon_http_fault_verdict(fault);

	c->last = true;
	refuse(c, &v);
}

/* The head is known. Whoever waits for 100 Continue is told at once if there is no use in sending
 * the body; the others' bodies are read over, so that the connection can go on. */
static void on_head(struct noon_http_conn *c)
{
	static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
	const struct noon_bytes piece = noon_bytes_of(text, sizeof(text) - 1);

	c->verdict = noon_http_judge(c, noon_mono_now());
	c->last = !c->reader.head.keep_alive;
	if (!c->reader.head.expects_continue || c->in_n > c->reader.body_at)
		return;
	if (c->verdict.status == 0) {
		noon_http_send(c, &piece, 1);
		return;
	}
	c->last = true;
	refuse(c, &c->verdict);
}

static void on_request(struct noon_http_conn *c)
{
	struct noon_http_server *s = c->server;

	if (c->verdict.status != 0) {
		refuse(c, &c->verdict);
		return;
	}
	c->request.body = noon_http_reader_body(&c->reader, c->in);
	enter(c, NOON_HTTP_PENDING, 0);
	s->batch = true;
	noon_http_server_turn(s);
	s->conf.on_request(s->conf.arg, &c->request);
}

/* Go on with the bytes in the buffer, until they end or a request waits for its reply. Every round
 * takes a head or a request from them. */
static void run(struct noon_http_conn *c)
{
	while (c->in_n > 0 && (c->phase == NOON_HTTP_IDLE || c->phase == NOON_HTTP_READING)) {
		if (c->phase == NOON_HTTP_IDLE)
			enter(c, NOON_HTTP_READING, c->server->conf.request);
		switch (noon_http_reader_step(&c->reader, c->in, &c->in_n)) {
		case NOON_HTTP_MORE:
			return;
		case NOON_HTTP_HEAD:
			on_head(c);
			break;
		case NOON_HTTP_DONE:
			on_request(c);
			break;
		case NOON_HTTP_BAD:
			refuse_fault(c, c->reader.fault);
			break;
		}
	}
	if (c->more && c->phase == NOON_HTTP_IDLE)
		call_again(c);
}

static bool grow(struct noon_http_conn *c)
{
	const size_t max = noon_http_reader_room(&c->reader);
	const size_t want = c->in_cap ? 2 * c->in_cap : IN_FIRST;
	const size_t cap = want < max ? want : max;
	uint8_t *more = c->in_cap < max ? realloc(c->in, cap) : NULL;

	if (more == NULL)
		return false;
	c->in = more;
	c->in_cap = cap;
	return true;
}

/* Make room for at least one byte. A request that is being answered must not move: its
 * connection waits. One that is being read always fits, or there is no memory for it. */
static bool make_space(struct noon_http_conn *c)
{
	if (c->in_n < c->in_cap)
		return true;
	if (c->phase != NOON_HTTP_IDLE && c->phase != NOON_HTTP_READING)
		return false;
	if (grow(c))
		return true;
	noon_http_conn_close(c);
	return false;
}

/* Returns bytes read, 0 if there are none; the end is in c->eof, and a failure closes. */
static size_t receive(struct noon_http_conn *c, uint8_t *p, size_t room)
{
	const ssize_t n = recv(c->watch.fd, p, room, 0);

	if (n > 0)
		return (size_t)n;
	if (n == 0)
		c->eof = true;
	else if (errno != EAGAIN && errno != EINTR)
		noon_http_conn_close(c);
	return 0;
}

/* Returns true when TLS is set up. */
static bool shake_hands(struct noon_http_conn *c)
{
	noon_err err;

	if (c->phase != NOON_HTTP_HANDSHAKE)
		return true;
	err = noon_tls_handshake(c->tls);
	noon_http_send_tls(c); /* an alert too */
	if (is_over(c) || err == NOON_ERR_EMPTY)
		return false;
	if (err) {
		noon_http_count(c->server, NOON_HTTP_COUNT_TLS_FAILED);
		noon_http_conn_close(c);
		return false;
	}
	enter(c, NOON_HTTP_IDLE, c->server->conf.request);
	return true;
}

/* Take what TLS has decrypted; bounded by what it was fed. */
static void take_plain(struct noon_http_conn *c)
{
	noon_err err = NOON_OK;

	c->more = false;
	while (!err) {
		size_t n = 0;

		if (!make_space(c)) {
			c->more = true;
			return;
		}
		err = noon_tls_read(c->tls, c->in + c->in_n, c->in_cap - c->in_n, &n);
		c->in_n += n;
	}
	if (err != NOON_ERR_EMPTY)
		c->eof = true; /* properly or not: a request is whole or it is nothing */
	noon_http_send_tls(c);
}

static void read_tls(struct noon_http_conn *c)
{
	uint8_t *scratch = c->server->scratch;
	const size_t n = receive(c, scratch, NOON_HTTP_SCRATCH);

	if (is_over(c))
		return;
	if (c->eof)
		noon_tls_eof(c->tls);
	if (noon_tls_feed(c->tls, noon_bytes_of(scratch, n))) {
		noon_http_conn_close(c);
		return;
	}
	if (shake_hands(c))
		take_plain(c);
}

/* Throw away what comes while the client has not said its end. */
static void drain(struct noon_http_conn *c)
{
	c->drained += receive(c, c->server->scratch, NOON_HTTP_SCRATCH);
	if (!is_over(c) && c->drained > DRAIN_MAX)
		noon_http_conn_close(c);
}

static void on_ready(void *arg, unsigned what)
{
	struct noon_http_conn *c = arg;

	c->held = true;
	if (what & NOON_WRITABLE) {
		noon_http_send_more(c);
		if (c->phase == NOON_HTTP_WRITING && c->out_n == 0)
			end_reply(c);
	}
	if ((what & NOON_READABLE) && !is_over(c)) {
		if (c->phase == NOON_HTTP_LINGERING)
			drain(c);
		else if (c->tls != NULL)
			read_tls(c);
		else if (make_space(c))
			c->in_n += receive(c, c->in + c->in_n, c->in_cap - c->in_n);
	}
	run(c);
	settle(c);
	release(c);
}

void noon_http_conn_resume(struct noon_http_conn *c)
{
	c->held = true;
	if (c->more && c->phase == NOON_HTTP_IDLE)
		take_plain(c);
	run(c);
	settle(c);
	release(c);
}

static void time_out(struct noon_http_conn *c)
{
	static const struct noon_http_verdict late = {
		.status = 408,
		.count = NOON_HTTP_COUNT_TIMEOUT,
		.text = "The request did not arrive in time.",
	};

	if (c->phase == NOON_HTTP_READING) {
		c->last = true;
		refuse(c, &late);
		return;
	}
	if (c->phase == NOON_HTTP_HANDSHAKE || c->phase == NOON_HTTP_WRITING)
		noon_http_count(c->server, NOON_HTTP_COUNT_TIMEOUT);
	noon_http_conn_close(c);
}

static void on_timer(void *arg)
{
	struct noon_http_conn *c = arg;
	const noon_time now = noon_mono_now();

	if (noon_time_is_never(c->deadline))
		return;
	if (noon_time_before(now, c->deadline)) {
		arm(c, now);
		return;
	}
	c->held = true;
	time_out(c);
	settle(c);
	release(c);
}

bool noon_http_conn_may_go(const struct noon_http_conn *c, noon_time now)
{
	const noon_dur age = noon_time_diff(now, c->since);

	if (c->again || c->held)
		return false;
	switch (c->phase) {
	case NOON_HTTP_IDLE:
		return age > IDLE_MIN;
	case NOON_HTTP_HANDSHAKE:
	case NOON_HTTP_READING:
	case NOON_HTTP_WRITING:
		return age > BUSY_MIN;
	case NOON_HTTP_LINGERING:
		return true;
	case NOON_HTTP_PENDING:
	case NOON_HTTP_LOST:
	case NOON_HTTP_CLOSED:
		break;
	}
	return false;
}

noon_err noon_http_conn_new(struct noon_http_server *s, int fd, const struct noon_addr *peer,
			    bool tls)
{
	struct noon_http_conn *c = calloc(1, sizeof(*c));
	const int on = 1;

	if (c == NULL) {
		(void)close(fd);
		return NOON_ERR_OS;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	c->server = s;
	c->request.peer = *peer;
	c->request.tls = tls;
	c->timer = (struct noon_timer){.fire = on_timer, .arg = c};
	c->watch = (struct noon_fd_watch){
		.fd = fd, .want = NOON_READABLE, .ready = on_ready, .arg = c};
	noon_http_reader_init(&c->reader, s->conf.head_max, s->conf.body_max);
	append_conn(c);
	s->n_conns++;
	atomic_store_explicit(&s->open, s->n_conns, memory_order_relaxed);
	noon_http_count(s, NOON_HTTP_COUNT_ACCEPTED);
	enter(c, tls ? NOON_HTTP_HANDSHAKE : NOON_HTTP_IDLE,
	      tls ? s->conf.handshake : s->conf.request);
	if (noon_loop_add(s->loop, &c->watch) || (tls && noon_tls_new(s->tls, NULL, &c->tls))) {
		noon_http_conn_end(c);
		return NOON_ERR_OS;
	}
	return NOON_OK;
}

void noon_http_reply(struct noon_http_request *r, uint16_t status, const char *type,
		     struct noon_bytes body, bool close)
{
	struct noon_http_conn *c = (struct noon_http_conn *)(void *)r;
	struct noon_http_reply reply = {.status = status, .type = type};
	const bool running = c->held; /* from on_request(): run() goes on by itself */

	assert(c->phase == NOON_HTTP_PENDING || c->phase == NOON_HTTP_LOST);
	if (c->phase == NOON_HTTP_LOST) {
		c->phase = NOON_HTTP_CLOSED;
		if (!running)
			release(c);
		return;
	}
	c->held = true;
	c->last = c->last || close;
	answer(c, &reply, body);
	if (running)
		return;
	if (c->phase == NOON_HTTP_IDLE && (c->in_n > 0 || c->more))
		call_again(c);
	settle(c);
	release(c);
}
