/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/serve/ke_service.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/report/log.h"
#include "platform/entropy.h"
#include "platform/net/tcp.h"
#include "platform/net/tcp_listener.h"
#include "proto/nts/ntske_server.h"

/* How often the thread checks for requests from outside (stop, reload) and publishes counters. */
#define TICK NOON_MS(250)

/* Time a peer has to read its reply and close. */
#define LINGER NOON_S(1)

/* At the cap, a connection that has sent nothing for this long may be closed for a new one. */
#define SILENT_MAX NOON_MS(250)

/* ... and one that is still in the handshake after this long. Two round trips around the world. */
#define HANDSHAKE_MAX NOON_MS(600)

/* Connections accepted in one wake-up. */
#define ACCEPT_BATCH 16

struct connection {
	struct noon_ke_service *service;
	struct connection *next;
	struct noon_tcp tcp;
	struct noon_timer timer;
	noon_time born;
	bool heard; /* the peer has sent something */
	bool dead;  /* freed when the callback that is running returns */
	struct noon_ntske_server machine;
};

struct listener {
	struct noon_ke_service *service;
	struct noon_tcp_listener tcp;
};

struct noon_ke_service {
	struct noon_config_ke conf;
	struct noon_loop *loop;
	bool own_loop;
	pthread_t thread;
	bool running;
	atomic_bool stop;
	atomic_bool reload;
	struct noon_timer tick;
	struct noon_served *served;
	struct noon_entropy entropy;
	struct noon_nts_keys keys;
	bool keys_failed; /* and it has been logged */
	struct noon_tls_ctx *tls;
	struct noon_ntske_server_conf machine_conf;
	size_t n_listeners;
	struct listener listener[NOON_CONFIG_LISTEN_MAX];
	unsigned n_connections;
	struct connection *connections;
	struct noon_actions actions;
	struct noon_ke_service_counters counted; /* private */
	pthread_mutex_t lock;			 /* of `shown` */
	struct noon_ke_service_counters shown;
};

static noon_err make_cookie(void *arg, enum noon_aead_id aead,
			    const struct noon_secret_nts_keys *keys, struct noon_wr *out)
{
	struct noon_ke_service *s = arg;

	return noon_nts_cookie_make(&s->keys, &s->entropy.rng, aead, keys, out);
}

static void rotate(struct noon_ke_service *s)
{
	struct noon_served_state state;

	noon_served_get(s->served, &state);
	const bool ok =
		noon_nts_keys_rotate(
			&s->keys, noon_clock_map_apply(&state.map,
						       noon_clock_read(CLOCK_REALTIME))) == NOON_OK;

	if (!ok && !s->keys_failed)
		noon_log(NOON_LOG_ERROR, "cookie keys cannot be derived: no cookies are given out");
	s->keys_failed = !ok;
}

static void connection_free(struct connection *c)
{
	struct noon_ke_service *s = c->service;
	struct connection **at = &s->connections;

	noon_tcp_close(&c->tcp);
	noon_loop_disarm(&c->timer);
	noon_ntske_server_fini(&c->machine);
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	free(c);
	s->n_connections--;
	for (size_t i = 0; i < s->n_listeners; i++)
		noon_tcp_listener_resume(&s->listener[i].tcp);
}

/* The exchange is over. Close only after sending everything and reading the rest, since closing
 * with unread bytes would reset the connection; a peer that was cut off is closed at once. */
static void linger(struct connection *c)
{
	const enum noon_ntske_outcome o = noon_ntske_server_outcome(&c->machine);

	if (o == NOON_KE_TIMEOUT || o == NOON_KE_CLOSED || o == NOON_KE_TOO_LONG) {
		connection_free(c);
		return;
	}
	noon_loop_arm(c->service->loop, &c->timer, LINGER);
	noon_tcp_finish(&c->tcp);
}

/* Execute the actions of the machine; `c` may be gone afterwards. */
static void pump(struct connection *c)
{
	struct noon_ke_service *s = c->service;
	bool end = false;

	for (size_t i = 0; i < s->actions.n; i++) {
		const struct noon_action *a = &s->actions.a[i];

		if (a->kind == NOON_ACTION_SEND)
			end |= noon_tcp_send(&c->tcp, a->send) != NOON_OK;
		else if (a->kind == NOON_ACTION_CLOSE)
			c->dead = true;
	}
	noon_actions_reset(&s->actions);
	if (end) {
		connection_free(c);
		return;
	}
	if (c->dead) {
		linger(c);
		return;
	}
	noon_loop_arm(s->loop, &c->timer,
		      noon_time_diff(noon_ntske_server_deadline(&c->machine), noon_mono_now()));
}

static void on_data(void *arg, struct noon_bytes data)
{
	struct connection *c = arg;
	const noon_time now = noon_mono_now();
	const struct noon_rx rx = {.data = data, .at = now, .now = now};

	if (c->dead)
		return;
	c->heard = true;
	noon_ntske_server_on_packet(&c->machine, &rx, &c->service->actions);
	pump(c);
}

static void on_end(void *arg, int sys)
{
	(void)sys;
	connection_free(arg);
}

static void on_timer(void *arg)
{
	struct connection *c = arg;

	/* Closed already: the peer does not read its remaining data. */
	if (c->dead) {
		connection_free(c);
		return;
	}
	noon_ntske_server_on_timer(&c->machine, noon_mono_now(), &c->service->actions);
	pump(c);
}

static void connection_new(struct noon_ke_service *s, int fd)
{
	struct connection *c = calloc(1, sizeof(*c));

	if (c == NULL) {
		(void)close(fd);
		return;
	}
	c->service = s;
	c->born = noon_mono_now();
	c->timer = (struct noon_timer){.fire = on_timer, .arg = c};
	c->tcp.on_data = on_data;
	c->tcp.on_end = on_end;
	c->tcp.arg = c;
	if (noon_tcp_take(&c->tcp, s->loop, fd) ||
	    noon_ntske_server_init(&c->machine, &s->machine_conf, noon_mono_now())) {
		noon_tcp_close(&c->tcp);
		free(c);
		return;
	}
	c->next = s->connections;
	s->connections = c;
	s->counted.accepted++;
	s->n_connections++;
	noon_loop_arm(s->loop, &c->timer,
		      noon_time_diff(noon_ntske_server_deadline(&c->machine), noon_mono_now()));
}

/* A client sends first and at once, and completes TLS soon. At the cap, connections that have sent
 * nothing, or have not completed the handshake in time, are closed for new ones, oldest first:
 * floods displace each other, not the others. */
static bool is_evictable(const struct connection *c, noon_time now)
{
	const noon_dur age = noon_time_diff(now, c->born);

	if (!c->heard)
		return age > SILENT_MAX;
	return c->machine.stream.phase == NOON_NTSKE_PHASE_HANDSHAKE && age > HANDSHAKE_MAX;
}

static bool make_room(struct noon_ke_service *s)
{
	const noon_time now = noon_mono_now();
	struct connection *oldest = NULL;

	if (s->n_connections < s->conf.connections_max)
		return true;
	for (struct connection *c = s->connections; c != NULL; c = c->next)
		if (is_evictable(c, now))
			oldest = c; /* the list has the newest first */
	if (oldest == NULL)
		return false;
	s->counted.crowded_out++;
	connection_free(oldest);
	return true;
}

static bool has_room(void *arg)
{
	const struct listener *l = arg;

	return make_room(l->service);
}

static void on_connection(void *arg, int fd, const struct noon_addr *peer)
{
	const struct listener *l = arg;

	(void)peer;
	rotate(l->service);
	connection_new(l->service, fd);
}

static void on_pause(void *arg)
{
	const struct listener *l = arg;

	l->service->counted.deferred++;
}

static noon_err load(struct noon_ke_service *s)
{
	const struct noon_tls_pem chain = {.path = s->conf.certificate};
	const struct noon_tls_pem key = {.path = s->conf.key};
	struct noon_tls_why why = {.text = ""};
	const noon_err err = s->tls == NULL
				     ? noon_tls_server_ctx_new(&chain, &key, &s->tls, &why)
				     : noon_tls_server_ctx_reload(s->tls, &chain, &key, &why);

	if (err)
		noon_log(NOON_LOG_ERROR, "NTS-KE: certificate %s, key %s: %s", chain.path, key.path,
			 why.text);
	return err;
}

static void on_tick(void *arg)
{
	struct noon_ke_service *s = arg;

	if (atomic_load(&s->stop)) {
		if (s->own_loop)
			noon_loop_stop(s->loop);
		return;
	}
	if (atomic_exchange(&s->reload, false) && load(s) == NOON_OK)
		noon_log(NOON_LOG_NOTICE, "NTS-KE: certificate and key read again");
	(void)pthread_mutex_lock(&s->lock);
	s->shown = s->counted;
	(void)pthread_mutex_unlock(&s->lock);
	noon_loop_arm(s->loop, &s->tick, TICK);
}

static noon_err open_listeners(struct noon_ke_service *s)
{
	for (size_t i = 0; i < s->conf.n_listen; i++) {
		struct listener *l = &s->listener[i];
		char text[64];
		int sys = 0;

		l->service = s;
		l->tcp = (struct noon_tcp_listener){
			.fd = -1,
			.batch = ACCEPT_BATCH,
			.has_room = has_room,
			.on_connection = on_connection,
			.on_pause = on_pause,
			.arg = l,
		};
		if (noon_tcp_listen(&s->conf.listen[i], &l->tcp.fd, &sys)) {
			noon_addr_format(&s->conf.listen[i], text, sizeof(text));
			noon_log(NOON_LOG_ERROR, "NTS-KE: cannot listen on %s: %s", text,
				 strerror(sys));
			return NOON_ERR_OS;
		}
		s->n_listeners++;
	}
	return NOON_OK;
}

noon_err noon_ke_service_new(const struct noon_config_ke *conf, struct noon_loop *loop,
			     struct noon_served *served,
			     const struct noon_secret_nts_master *master,
			     struct noon_ke_service **ret)
{
	struct noon_ke_service *s = calloc(1, sizeof(*s));
	noon_err err;

	if (s == NULL)
		return NOON_ERR_OS;
	s->conf = *conf;
	s->loop = loop;
	s->served = served;
	s->tick = (struct noon_timer){.fire = on_tick, .arg = s};
	(void)pthread_mutex_init(&s->lock, NULL);
	noon_entropy_init(&s->entropy);
	noon_actions_reset(&s->actions);
	err = noon_nts_keys_init(&s->keys, master, conf->rotate);
	err = err ? err : load(s);
	err = err ? err : open_listeners(s);
	if (!err && noon_loop_backend_of(loop) == NOON_LOOP_EVENT) {
		err = noon_loop_new(NOON_LOOP_EVENT, &s->loop);
		s->own_loop = !err;
	}
	if (err) {
		noon_ke_service_free(s);
		return err;
	}
	s->machine_conf = (struct noon_ntske_server_conf){
		.tls = s->tls,
		.counters = &s->counted.outcomes,
		.make_cookie = make_cookie,
		.arg = s,
		.host = s->conf.ntp_host,
		.port = s->conf.ntp_port,
		.gcm_siv = true,
		.time_limit = conf->timeout,
	};
	*ret = s;
	return NOON_OK;
}

static void *thread_main(void *arg)
{
	struct noon_ke_service *s = arg;

	if (noon_loop_run(s->loop))
		noon_log(NOON_LOG_ERROR, "NTS-KE: the event loop failed: %s", strerror(errno));
	return NULL;
}

noon_err noon_ke_service_start(struct noon_ke_service *s)
{
	rotate(s);
	for (size_t i = 0; i < s->n_listeners; i++)
		if (noon_tcp_listener_start(&s->listener[i].tcp, s->loop))
			return NOON_ERR_OS;
	noon_loop_arm(s->loop, &s->tick, TICK);
	if (!s->own_loop)
		return NOON_OK;
	s->running = pthread_create(&s->thread, NULL, thread_main, s) == 0;
	return s->running ? NOON_OK : NOON_ERR_OS;
}

void noon_ke_service_reload(struct noon_ke_service *s)
{
	atomic_store(&s->reload, true);
}

void noon_ke_service_counters(struct noon_ke_service *s, struct noon_ke_service_counters *ret)
{
	(void)pthread_mutex_lock(&s->lock);
	*ret = s->shown;
	(void)pthread_mutex_unlock(&s->lock);
}

void noon_ke_service_free(struct noon_ke_service *s)
{
	if (s == NULL)
		return;
	atomic_store(&s->stop, true);
	if (s->running)
		(void)pthread_join(s->thread, NULL);
	for (struct connection *c = s->connections, *next; c != NULL; c = next) {
		next = c->next;
		connection_free(c);
	}
	for (size_t i = 0; i < s->n_listeners; i++)
		noon_tcp_listener_close(&s->listener[i].tcp);
	noon_loop_disarm(&s->tick);
	if (s->own_loop)
		noon_loop_free(s->loop);
	noon_tls_ctx_free(s->tls);
	noon_nts_keys_fini(&s->keys);
	noon_entropy_fini(&s->entropy);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}
