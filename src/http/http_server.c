/* SPDX-License-Identifier: Apache-2.0 */
#include "http/http_server.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/http_priv.h"
#include "platform/clock/clock.h"
#include "platform/entropy.h"
#include "platform/net/tcp.h"

#define ACCEPT_BATCH 16 /* connections accepted in one wake-up */
#define LOOK_MAX     64 /* connections looked at for one that may go */

const char *noon_http_count_word(enum noon_http_count count)
{
	static const char *const word[] = {
#define WORD(name, w) w,
		NOON_HTTP_COUNT_LIST(WORD)
#undef WORD
	};

	assert((unsigned)count < NOON_HTTP_COUNTS);
	return word[count];
}

/* Connections that wait longest are first. */
static bool make_room(struct noon_http_server *s)
{
	const noon_time now = noon_mono_now();
	struct noon_http_conn *c = s->first;

	if (s->n_conns < s->conf.connections_max)
		return true;
	for (unsigned i = 0; i < LOOK_MAX && c != NULL; i++, c = c->next) {
		if (!noon_http_conn_may_go(c, now))
			continue;
		noon_http_count(s, NOON_HTTP_COUNT_CROWDED_OUT);
		noon_http_conn_end(c);
		return true;
	}
	return false;
}

/* A word in plain text if that can be read; whoever sent its request already may not see it. */
static void turn_away(struct noon_http_server *s, int fd, bool tls)
{
	static const char text[] = "HTTP/1.1 503 Service Unavailable\r\n"
				   "Content-Type: text/plain\r\nContent-Length: 31\r\n"
				   "Retry-After: 1\r\nConnection: close\r\n\r\n"
				   "Too many connections are open.\n";

	noon_http_count(s, NOON_HTTP_COUNT_REFUSED);
	if (!tls)
		(void)send(fd, text, sizeof(text) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
	(void)shutdown(fd, SHUT_WR);
	(void)close(fd);
}

/* A certificate that was loaded by another thread comes into force. */
static void take_tls(struct noon_http_server *s)
{
	(void)pthread_mutex_lock(&s->lock);
	if (s->tls_next != NULL) {
		noon_tls_ctx_free(s->tls);
		s->tls = s->tls_next;
		s->tls_next = NULL;
	}
	(void)pthread_mutex_unlock(&s->lock);
}

static void on_connection(void *arg, int fd, const struct noon_addr *peer)
{
	struct noon_http_listener *l = arg;
	struct noon_http_server *s = l->server;

	if (l->tls)
		take_tls(s);
	if (make_room(s))
		(void)noon_http_conn_new(s, fd, peer, l->tls);
	else
		turn_away(s, fd, l->tls);
}

static void on_turn(void *arg)
{
	struct noon_http_server *s = arg;
	struct noon_http_conn *c = s->again;

	/* Those that ask again meanwhile have their turn next time. */
	s->again = NULL;
	while (c != NULL) {
		struct noon_http_conn *next = c->again_next;

		c->again = false;
		noon_http_conn_resume(c);
		c = next;
	}
	if (!s->batch)
		return;
	s->batch = false;
	if (s->conf.on_batch_end != NULL)
		s->conf.on_batch_end(s->conf.arg);
}

void noon_http_server_turn(struct noon_http_server *s)
{
	if (!s->turn.armed)
		noon_loop_arm(s->loop, &s->turn, 0);
}

static void on_woken(void *arg, unsigned what)
{
	struct noon_http_server *s = arg;
	uint64_t times;

	(void)what;
	(void)!read(s->woken.fd, &times, sizeof(times));
	if (atomic_exchange(&s->stop, false))
		noon_loop_stop(s->loop);
	take_tls(s);
	if (atomic_exchange(&s->wake, false) && s->conf.on_wake != NULL)
		s->conf.on_wake(s->conf.arg);
}

static void ring(struct noon_http_server *s)
{
	const uint64_t one = 1;

	/* It can only fail if the thread has been rung for 2^64 times already. */
	(void)!write(s->woken.fd, &one, sizeof(one));
}

void noon_http_server_stop(struct noon_http_server *s)
{
	atomic_store(&s->stop, true);
	ring(s);
}

void noon_http_server_wake(struct noon_http_server *s)
{
	if (!atomic_exchange(&s->wake, true))
		ring(s);
}

noon_err noon_http_server_run(struct noon_http_server *s)
{
	return noon_loop_run(s->loop);
}

noon_err noon_http_server_reload(struct noon_http_server *s, const struct noon_tls_pem *chain,
				 const struct noon_tls_pem *key, struct noon_tls_why *ret_why)
{
	struct noon_tls_ctx *ctx = NULL;
	noon_err err;

	if (s->conf.chain == NULL) {
		*ret_why = (struct noon_tls_why){.err = NOON_ERR_STATE,
						 .reason = NOON_TLS_WHY_OTHER,
						 .text = "no address listens with TLS"};
		return NOON_ERR_STATE;
	}
	err = noon_tls_web_ctx_new(chain, key, &ctx, ret_why);
	if (err)
		return err;
	(void)pthread_mutex_lock(&s->lock);
	noon_tls_ctx_free(s->tls_next);
	s->tls_next = ctx;
	(void)pthread_mutex_unlock(&s->lock);
	ring(s);
	return NOON_OK;
}

void noon_http_server_counters(const struct noon_http_server *s, struct noon_http_counters *ret)
{
	for (size_t i = 0; i < NOON_HTTP_COUNTS; i++)
		ret->n[i] = atomic_load_explicit(&s->count[i], memory_order_relaxed);
	ret->open = atomic_load_explicit(&s->open, memory_order_relaxed);
}

uint16_t noon_http_server_port(const struct noon_http_server *s, size_t i)
{
	assert(i < s->n_listeners);
	return s->listener[i].port;
}

noon_err noon_http_server_take(struct noon_http_server *s, int fd, bool tls)
{
	const struct noon_addr nobody = {.len = 0};

	if (noon_fd_prepare(fd)) {
		(void)close(fd);
		return NOON_ERR_OS;
	}
	return noon_http_conn_new(s, fd, &nobody, tls);
}

static void fill_defaults(struct noon_http_conf *c)
{
	c->head_max = c->head_max ? c->head_max : 8192;
	c->body_max = c->body_max ? c->body_max : 65536;
	c->handshake = c->handshake ? c->handshake : NOON_S(5);
	c->request = c->request ? c->request : NOON_S(10);
	c->idle = c->idle ? c->idle : NOON_S(30);
	c->reply = c->reply ? c->reply : NOON_S(10);
	c->connections_max = c->connections_max ? c->connections_max : 1000;
	c->requests_max = c->requests_max ? c->requests_max : 10000;
	c->listen = NULL; /* only borrowed for the call */
}

static noon_err open_listener(struct noon_http_server *s, const struct noon_http_listen *conf,
			      struct noon_http_why *why)
{
	struct noon_http_listener *l = &s->listener[s->n_listeners];
	struct noon_addr local = {.len = sizeof(local.u)};
	char name[64];
	int fd = -1;
	int sys = 0;

	noon_addr_format(&conf->addr, name, sizeof(name));
	if (noon_tcp_listen_shared(&conf->addr, &fd, &sys)) {
		(void)snprintf(why->text, sizeof(why->text), "cannot listen on %s: %s", name,
			       strerror(sys));
		return NOON_ERR_OS;
	}
	l->server = s;
	l->tls = conf->tls;
	l->tcp = (struct noon_tcp_listener){
		.fd = fd, .batch = ACCEPT_BATCH, .on_connection = on_connection, .arg = l};
	s->n_listeners++;
	if (getsockname(fd, &local.u.sa, &local.len) < 0 ||
	    noon_tcp_listener_start(&l->tcp, s->loop)) {
		(void)snprintf(why->text, sizeof(why->text), "cannot wait for connections to %s",
			       name);
		return NOON_ERR_OS;
	}
	l->port = noon_addr_port(&local);
	return NOON_OK;
}

static noon_err open_tls(struct noon_http_server *s, struct noon_http_why *why)
{
	struct noon_tls_why tls_why;
	noon_err err;

	if (s->conf.chain == NULL || s->conf.key == NULL) {
		(void)snprintf(why->text, sizeof(why->text),
			       "listening with TLS needs a certificate and a key");
		return NOON_ERR_RANGE;
	}
	err = noon_tls_web_ctx_new(s->conf.chain, s->conf.key, &s->tls, &tls_why);
	if (err)
		(void)snprintf(why->text, sizeof(why->text), "%s", tls_why.text);
	return err;
}

static noon_err open_loop(struct noon_http_server *s, struct noon_http_why *why)
{
	s->woken = (struct noon_fd_watch){.fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC),
					  .want = NOON_READABLE,
					  .ready = on_woken,
					  .arg = s};
	if (s->woken.fd < 0 || noon_loop_new(NOON_LOOP_EVENT, &s->loop) ||
	    noon_loop_add(s->loop, &s->woken)) {
		(void)snprintf(why->text, sizeof(why->text), "no loop: %s", strerror(errno));
		return NOON_ERR_OS;
	}
	return NOON_OK;
}

static void seed_rate(struct noon_http_server *s)
{
	struct noon_entropy entropy;

	noon_entropy_init(&entropy);
	noon_rate_limit_init(&s->rate, &entropy.rng, s->conf.rate_per_s, s->conf.rate_burst);
	noon_entropy_fini(&entropy);
}

noon_err noon_http_server_new(const struct noon_http_conf *conf, struct noon_http_server **ret,
			      struct noon_http_why *ret_why)
{
	struct noon_http_server *s = calloc(1, sizeof(*s));
	bool tls = false;
	noon_err err;

	assert(conf->n_listen <= NOON_HTTP_LISTEN_MAX && conf->on_request != NULL);
	assert(conf->n_routes >= 1 && conf->n_routes <= NOON_HTTP_ROUTES_MAX);
	if (s == NULL) {
		(void)snprintf(ret_why->text, sizeof(ret_why->text), "no memory");
		return NOON_ERR_OS;
	}
	s->conf = *conf;
	fill_defaults(&s->conf);
	s->woken.fd = -1;
	s->turn = (struct noon_timer){.fire = on_turn, .arg = s};
	(void)pthread_mutex_init(&s->lock, NULL);
	seed_rate(s);
	err = open_loop(s, ret_why);
	for (size_t i = 0; !err && i < conf->n_listen; i++) {
		tls = tls || conf->listen[i].tls;
		err = open_listener(s, &conf->listen[i], ret_why);
	}
	if (!err && tls)
		err = open_tls(s, ret_why);
	if (!tls)
		s->conf.chain = NULL;
	if (err)
		noon_http_server_free(s);
	else
		*ret = s;
	return err;
}

void noon_http_server_free(struct noon_http_server *s)
{
	if (s == NULL)
		return;
	while (s->first != NULL)
		noon_http_conn_free(s->first);
	for (size_t i = 0; i < s->n_listeners; i++)
		noon_tcp_listener_close(&s->listener[i].tcp);
	noon_loop_disarm(&s->turn);
	if (s->loop != NULL)
		noon_loop_del(s->loop, &s->woken);
	if (s->woken.fd >= 0)
		(void)close(s->woken.fd);
	noon_loop_free(s->loop);
	noon_tls_ctx_free(s->tls);
	noon_tls_ctx_free(s->tls_next);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}
