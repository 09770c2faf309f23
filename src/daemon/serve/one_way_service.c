/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/serve/one_way_service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/report/log.h"
#include "platform/entropy.h"
#include "platform/net/tcp.h"
#include "platform/net/tcp_listener.h"
#include "proto/ntp/rate_limit.h"

/* Datagrams and connections handled per wake-up; the rest waits for the next. */
#define BATCH 16

struct connection {
	struct noon_one_way_service *service;
	struct noon_tcp tcp;
	struct noon_timer timer;
	uint64_t number; /* of all accepted ones: the smallest is the oldest */
	bool in_use;
};

struct listener {
	struct noon_one_way_service *service;
	bool stream;
	struct noon_fd_watch watch;   /* of datagrams */
	struct noon_tcp_listener tcp; /* of connections */
};

struct noon_one_way_service {
	const struct noon_config_one_way *conf;
	struct noon_loop *loop;
	struct noon_served *served;
	struct noon_entropy entropy;
	struct noon_rate_limit rate;
	struct noon_one_way_service_counters counted;
	size_t n_listeners;
	struct listener listener[2 * NOON_CONFIG_LISTEN_MAX];
	struct connection *connections; /* conf->connections_max of them */
};

static const char *service_name(const struct noon_one_way_service *s)
{
	return s->conf->machine.protocol == NOON_ONE_WAY_TIME ? "time" : "daytime";
}

/* Write the current reply; returns its length, 0 for none. */
static size_t reply(struct noon_one_way_service *s, uint8_t out[NOON_ONE_WAY_REPLY_MAX])
{
	struct noon_wr wr = noon_wr_over(out, NOON_ONE_WAY_REPLY_MAX);
	struct noon_served_state state;
	struct noon_instant instant;
	struct noon_one_way_clock clock;
	noon_time now;

	noon_served_read(s->served, &state, &instant);
	now = noon_clock_map_apply(&state.map, instant.real_ns);
	const struct noon_ntp_server_clock at = noon_served_clock_at(&state, now);

	clock = (struct noon_one_way_clock){
		.has_time = at.has_time,
		.bound = at.root_disp,
		.leap = at.leap,
		.leap_from = state.leap_from,
		.leap_until = state.leap_until,
	};
	if (noon_one_way_server_reply(&s->conf->machine, &clock, now, &wr) != NOON_VERDICT_ACCEPTED)
		s->counted.silent++;
	return noon_wr_len(&wr);
}

static bool is_within_limit(struct noon_one_way_service *s, const struct noon_addr *peer)
{
	if (noon_rate_limit_ask(&s->rate, noon_addr_network(peer), noon_mono_now()) ==
	    NOON_RATE_PASS)
		return true;
	s->counted.limited++;
	return false;
}

static void answer_datagram(struct noon_one_way_service *s, int fd, const struct noon_datagram *d)
{
	uint8_t out[NOON_ONE_WAY_REPLY_MAX];
	size_t n;

	s->counted.requests++;
	if (!noon_one_way_server_may_answer(noon_addr_port(&d->peer))) {
		s->counted.refused++;
		return;
	}
	if (!is_within_limit(s, &d->peer))
		return;
	n = reply(s, out);
	if (n == 0)
		return;
	if (noon_udp_send(fd, noon_bytes_of(out, n), &d->peer, &d->local))
		s->counted.send_failures++;
	else
		s->counted.replies++;
}

static void on_datagrams(void *arg, unsigned what)
{
	struct listener *l = arg;

	(void)what;
	for (int i = 0; i < BATCH; i++) {
		uint8_t ignored[1]; /* any datagram is a request */
		struct noon_datagram d;

		if (noon_udp_recv(l->watch.fd, ignored, sizeof(ignored), &d))
			return;
		answer_datagram(l->service, l->watch.fd, &d);
	}
}

/* --- connections --------------------------------------------------------------------------- */

static void end_connection(struct connection *c)
{
	noon_tcp_close(&c->tcp);
	noon_loop_disarm(&c->timer);
	c->in_use = false;
}

static void on_late(void *arg)
{
	end_connection(arg);
}

static void on_data(void *arg, struct noon_bytes data)
{
	/* "any data received is thrown away" (RFC 867) */
	(void)arg;
	(void)data;
}

static void on_end(void *arg, int sys)
{
	(void)sys;
	end_connection(arg);
}

/* A free place, or that of the oldest one, which was answered long ago. */
static struct connection *place(struct noon_one_way_service *s)
{
	struct connection *oldest = &s->connections[0];

	for (unsigned i = 0; i < s->conf->connections_max; i++) {
		struct connection *c = &s->connections[i];

		if (!c->in_use)
			return c;
		if (c->number < oldest->number)
			oldest = c;
	}
	s->counted.crowded_out++;
	end_connection(oldest);
	return oldest;
}

static void serve_connection(struct noon_one_way_service *s, int fd)
{
	struct connection *c = place(s);
	uint8_t out[NOON_ONE_WAY_REPLY_MAX];
	size_t n;

	*c = (struct connection){
		.service = s,
		.tcp = {.on_data = on_data, .on_end = on_end, .arg = c},
		.timer = {.fire = on_late, .arg = c},
		.number = s->counted.connections,
		.in_use = true,
	};
	if (noon_tcp_take(&c->tcp, s->loop, fd)) {
		c->in_use = false;
		s->counted.refused++;
		return;
	}
	n = reply(s, out);
	if (n == 0) {
		end_connection(c);
		return;
	}
	if (noon_tcp_send(&c->tcp, noon_bytes_of(out, n))) {
		s->counted.send_failures++;
		end_connection(c);
		return;
	}
	s->counted.replies++;
	noon_loop_arm(s->loop, &c->timer, s->conf->timeout);
	noon_tcp_finish(&c->tcp);
}

static void on_connection(void *arg, int fd, const struct noon_addr *peer)
{
	struct listener *l = arg;
	struct noon_one_way_service *s = l->service;

	s->counted.requests++;
	s->counted.connections++;
	if (is_within_limit(s, peer))
		serve_connection(s, fd);
	else
		(void)close(fd);
}

static void on_pause(void *arg)
{
	struct listener *l = arg;

	l->service->counted.refused++;
}

/* --- life ---------------------------------------------------------------------------------- */

static noon_err open_one(struct noon_one_way_service *s, const struct noon_addr *at, bool stream)
{
	struct listener *l = &s->listener[s->n_listeners];
	char text[64];
	int sys = 0;
	noon_err err;

	*l = (struct listener){
		.service = s,
		.stream = stream,
		.watch = {.fd = -1, .want = NOON_READABLE, .ready = on_datagrams, .arg = l},
		.tcp = {.fd = -1,
			.batch = BATCH,
			.on_connection = on_connection,
			.on_pause = on_pause,
			.arg = l},
	};
	err = stream ? noon_tcp_listen(at, &l->tcp.fd, &sys)
		     : noon_udp_bind(at, false, &l->watch.fd, NULL, &sys);
	if (err) {
		noon_addr_format(at, text, sizeof(text));
		noon_log(NOON_LOG_ERROR, "%s: cannot %s %s: %s", service_name(s),
			 stream ? "listen on" : "bind", text, strerror(sys));
		return err;
	}
	s->n_listeners++;
	return NOON_OK;
}

noon_err noon_one_way_service_new(const struct noon_config_one_way *conf, struct noon_loop *loop,
				  struct noon_served *served, struct noon_one_way_service **ret)
{
	struct noon_one_way_service *s = calloc(1, sizeof(*s));
	noon_err err = NOON_OK;

	if (s == NULL)
		return NOON_ERR_OS;
	s->conf = conf;
	s->loop = loop;
	s->served = served;
	noon_entropy_init(&s->entropy);
	noon_rate_limit_init(&s->rate, &s->entropy.rng, conf->rate_per_s, conf->rate_burst);
	s->connections = calloc(conf->connections_max, sizeof(*s->connections));
	if (s->connections == NULL)
		err = NOON_ERR_OS;
	for (size_t i = 0; i < conf->n_listen && !err; i++) {
		if (conf->udp)
			err = open_one(s, &conf->listen[i], false);
		if (conf->tcp && !err)
			err = open_one(s, &conf->listen[i], true);
	}
	if (err) {
		noon_one_way_service_free(s);
		return err;
	}
	*ret = s;
	return NOON_OK;
}

noon_err noon_one_way_service_start(struct noon_one_way_service *s)
{
	noon_err err = NOON_OK;

	for (size_t i = 0; i < s->n_listeners && !err; i++)
		err = s->listener[i].stream ? noon_tcp_listener_start(&s->listener[i].tcp, s->loop)
					    : noon_loop_add(s->loop, &s->listener[i].watch);
	return err;
}

const struct noon_one_way_service_counters *
noon_one_way_service_counters(const struct noon_one_way_service *s)
{
	return &s->counted;
}

void noon_one_way_service_free(struct noon_one_way_service *s)
{
	if (s == NULL)
		return;
	for (unsigned i = 0; s->connections != NULL && i < s->conf->connections_max; i++)
		if (s->connections[i].in_use)
			end_connection(&s->connections[i]);
	for (size_t i = 0; i < s->n_listeners; i++) {
		struct listener *l = &s->listener[i];

		noon_tcp_listener_close(&l->tcp);
		noon_loop_del(s->loop, &l->watch);
		if (l->watch.fd >= 0)
			(void)close(l->watch.fd);
	}
	noon_entropy_fini(&s->entropy);
	free(s->connections);
	free(s);
}
