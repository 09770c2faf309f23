/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/keys/key_exchange.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/report/log.h"

/* After an attempt that failed, doubled each time. */
#define BACKOFF_MIN NOON_S(1)
#define BACKOFF_MAX NOON_S(60)

/* Whoever reaches the port can make an exchange fail: one line about that, no more often. */
#define WARN_AGAIN NOON_S(60)

/* How often it is looked whether the others are there. */
#define WATCH NOON_S(1)

/* ---- certificates ---- */

static struct noon_tls_mutual identity(const struct noon_key_exchange_conf *c)
{
	return (struct noon_tls_mutual){
		.is_server = !c->asks,
		.chain = {.path = c->exchange->certificate},
		.key = {.path = c->exchange->key},
		.ca = {.path = c->exchange->ca},
	};
}

static noon_err load(struct noon_key_exchange *x)
{
	const struct noon_tls_mutual m = identity(&x->conf);
	struct noon_tls_ctx *tls = NULL;
	struct noon_tls_why why = {.text = ""};
	const noon_err err = noon_tls_mutual_ctx_new(&m, &tls, &why);

	if (err) {
		noon_log(NOON_LOG_ERROR, "%s: %s", x->conf.name, why.text);
		return err;
	}
	/* A connection that does not stand yet has only borrowed the one before. */
	if (x->link != NULL)
		x->link->conf.tls = tls;
	noon_tls_ctx_free(x->tls);
	x->tls = tls;
	return NOON_OK;
}

static bool knows_time(const struct noon_key_exchanges *all)
{
	struct noon_served_state state;

	noon_served_get(all->served, &state);
	return state.is_ok;
}

static int64_t now_s(const struct noon_key_exchanges *all)
{
	return noon_clock_disciplined(all->clock).ns / NOON_NS_PER_SEC;
}

static struct noon_tls_peer expected(const struct noon_key_exchanges *all, const char *host)
{
	return (struct noon_tls_peer){.host = host,
				      .time_s = now_s(all),
				      .no_time_check = all->n_done < all->no_time_check};
}

/* ---- results ---- */

/* One line when it begins to fail, and one a minute at most after that. */
static void fail(struct noon_key_exchange *x, const char *why)
{
	const noon_time now = noon_mono_now();

	x->n_failed++;
	(void)snprintf(x->why, sizeof(x->why), "%s", why);
	if (!noon_time_is_never(x->warned) && noon_time_diff(now, x->warned) < WARN_AGAIN)
		return;
	x->warned = now;
	noon_log(NOON_LOG_WARNING, "%s: key exchange failed: %s", x->conf.name, why);
}

/* Exchanges that were under way together with the last one that times do not count for are such
 * too. Keys of several are in use at a time: the narrowest of their validities counts. */
static void note_validity(struct noon_key_exchange *x, const struct noon_tunnel_ke_result *r)
{
	if (!x->is_unchecked || r->valid_from_s > x->valid_from_s)
		x->valid_from_s = r->valid_from_s;
	if (!x->is_unchecked || r->valid_till_s < x->valid_till_s)
		x->valid_till_s = r->valid_till_s;
	x->is_unchecked = true;
}

static void succeed(struct noon_key_exchange *x, const struct noon_tunnel_ke_link *l,
		    const struct noon_tunnel_ke_result *r)
{
	const noon_err err = x->ops->take(x->arg, r);

	if (err) {
		fail(x, noon_err_text(err));
		return;
	}
	if (x->n_done == 0 || x->why[0] != '\0')
		noon_log(NOON_LOG_NOTICE, "%s: keys exchanged%s%s", x->conf.name,
			 x->conf.exchange->name[0] != '\0' ? " with " : "", x->conf.exchange->name);
	if (l->conf.peer.no_time_check)
		note_validity(x, r);
	x->rekey = x->conf.exchange->rekey;
	/* Keys that end are replaced in time. */
	if (r->terms.is_ptp && x->rekey > NOON_S(r->key.life_s) / 2)
		x->rekey = NOON_S(r->key.life_s) / 2;
	x->n_done++;
	x->all->n_done++;
	x->done = noon_mono_now();
	x->why[0] = '\0';
	x->warned = NOON_TIME_NEVER;
}

/* ---- the end that asks ---- */

static void ask_in(struct noon_key_exchange *x, noon_dur d)
{
	x->due = noon_time_add(noon_mono_now(), d);
	noon_loop_arm(x->all->loop, &x->timer, d);
}

static void on_asked(void *arg, const struct noon_tunnel_ke_result *result)
{
	struct noon_key_exchange *x = arg;

	succeed(x, x->link, result);
}

static void on_ask_end(void *arg, enum noon_ntske_outcome outcome, const char *why)
{
	struct noon_key_exchange *x = arg;
	const double share = 1 - x->conf.jitter * noon_rng_unit(x->all->rng);

	if (outcome == NOON_KE_DONE && x->why[0] == '\0') {
		x->backoff = BACKOFF_MIN;
		ask_in(x, (noon_dur)((double)x->rekey * share));
		return;
	}
	if (outcome != NOON_KE_DONE)
		fail(x, why);
	ask_in(x, (noon_dur)((double)x->backoff * (1 - noon_rng_unit(x->all->rng) / 4)));
	x->backoff = 2 * x->backoff < BACKOFF_MAX ? 2 * x->backoff : BACKOFF_MAX;
}

static void ask(void *arg)
{
	struct noon_key_exchange *x = arg;
	const struct noon_tunnel_ke_host host = {
		.on_result = on_asked, .on_end = on_ask_end, .arg = x};
	struct noon_addr local = x->conf.local;
	struct noon_addr peer = x->conf.peer;
	struct noon_tunnel_ke_conf conf = {
		.tls = x->tls, .peer = expected(x->all, x->conf.exchange->name), .asks = true};

	if (x->link->busy)
		return;
	conf.terms = x->ops->terms(x->arg, &conf.floor);
	x->tried = noon_mono_now();
	if (local.len > 0)
		noon_addr_set_port(&local, 0);
	noon_addr_set_port(&peer, x->conf.exchange->port);
	noon_tunnel_ke_link_ask(x->link, x->all->loop, &conf, &host, local.len > 0 ? &local : NULL,
				&peer);
}

void noon_key_exchange_ask(struct noon_key_exchange *x, const struct noon_addr *peer)
{
	x->conf.peer = *peer;
	if (x->n_done == 0 && x->all->clock != NULL)
		ask(x);
}

/* ---- the end that answers ---- */

static noon_err address_of(const struct noon_key_exchange *x, struct noon_addr *ret)
{
	const uint16_t port = x->conf.exchange->port;

	if (x->conf.local.len == 0)
		return noon_addr_parse(x->conf.family == AF_INET6 ? "::" : "0.0.0.0", port, ret);
	*ret = x->conf.local;
	noon_addr_set_port(ret, port);
	return NOON_OK;
}

static bool is_at(const struct noon_key_exchange *x, const struct noon_key_listener *l)
{
	struct noon_addr at;

	return address_of(x, &at) == NOON_OK && noon_addr_equal(&at, &l->at);
}

/* The first section that the request is for. */
static struct noon_tunnel_ke_answer judge(void *arg, const struct noon_tls *tls,
					  const struct noon_tunnel_ke_terms *asked)
{
	struct noon_key_answer *a = arg;
	struct noon_tunnel_ke_answer answer = {.is_refused = true,
					       .code = NOON_TUNNEL_KE_NO_TUNNEL};

	for (size_t i = 0; i < a->all->n; i++) {
		struct noon_key_exchange *const x = a->all->x[i];

		if (x->conf.asks || !is_at(x, a->listener) ||
		    !x->ops->judge(x->arg, tls, asked, &answer))
			continue;
		a->exchange = x;
		break;
	}
	return answer;
}

static void on_answered(void *arg, const struct noon_tunnel_ke_result *result)
{
	const struct noon_key_answer *a = arg;

	succeed(a->exchange, &a->link, result);
}

/* Nobody in particular: whoever reaches the port. */
static void warn_of_stranger(struct noon_key_answer *a, const char *why)
{
	const noon_time now = noon_mono_now();

	if (!noon_time_is_never(a->all->warned) && noon_time_diff(now, a->all->warned) < WARN_AGAIN)
		return;
	a->all->warned = now;
	noon_log(NOON_LOG_WARNING, "key exchange on port %u failed: %s",
		 noon_addr_port(&a->listener->at), why);
}

static const char *refusal_word(uint16_t code)
{
	switch (code) {
	case NOON_TUNNEL_KE_FORM:
		return "the other end's encryption, esn, ah or encapsulation differs";
	case NOON_TUNNEL_KE_NAME:
		return "a certificate asked for what is another's";
	case NOON_TUNNEL_KE_ROOM:
		return "there is no room for another receiver";
	default:
		return "nobody here has what was asked for";
	}
}

static void on_answer_end(void *arg, enum noon_ntske_outcome outcome, const char *why)
{
	struct noon_key_answer *a = arg;

	if (outcome == NOON_KE_NO_PROTOCOL)
		why = refusal_word(a->link.machine.refusal);
	if (outcome != NOON_KE_DONE && a->exchange != NULL)
		fail(a->exchange, why);
	else if (outcome != NOON_KE_DONE)
		warn_of_stranger(a, why);
	for (size_t i = 0; i < NOON_KEY_ANSWERS_MAX; i++)
		if (a->all->answer[i] == a)
			a->all->answer[i] = NULL;
	free(a);
}

/* Who is expected from one address only cannot be kept from an exchange by the others. */
static bool may_connect(const struct noon_key_listener *l, const struct noon_addr *plain)
{
	for (size_t i = 0; i < l->all->n; i++) {
		const struct noon_key_exchange *const x = l->all->x[i];

		if (!x->conf.asks && is_at(x, l) &&
		    (x->conf.peer.len == 0 || noon_addr_equal(plain, &x->conf.peer)))
			return true;
	}
	return false;
}

static size_t connections_from(const struct noon_key_exchanges *all, const struct noon_addr *peer)
{
	size_t n = 0;

	for (size_t i = 0; i < NOON_KEY_ANSWERS_MAX; i++)
		n += all->answer[i] != NULL && noon_addr_equal(&all->answer[i]->peer, peer);
	return n;
}

/* Make room: the oldest connection goes, since an exchange takes a moment, of the address that has
 * most: one host does not keep the others from exchanges. */
static struct noon_key_answer **take_slot(struct noon_key_exchanges *all)
{
	struct noon_key_answer **oldest = NULL;
	size_t most = 0;

	for (size_t i = 0; i < NOON_KEY_ANSWERS_MAX; i++) {
		struct noon_key_answer *const a = all->answer[i];
		size_t n;

		if (a == NULL)
			return &all->answer[i];
		n = connections_from(all, &a->peer);
		if (oldest != NULL &&
		    (n < most ||
		     (n == most && !noon_time_before(a->link.began, (*oldest)->link.began))))
			continue;
		oldest = &all->answer[i];
		most = n;
	}
	assert(oldest != NULL && *oldest != NULL);
	noon_tunnel_ke_link_stop(&(*oldest)->link);
	free(*oldest);
	*oldest = NULL;
	return oldest;
}

static void answer_new(struct noon_key_listener *l, const struct noon_addr *plain, int fd)
{
	struct noon_key_answer *a = calloc(1, sizeof(*a));
	const struct noon_tunnel_ke_conf conf = {
		.tls = l->first->tls, .peer = expected(l->all, NULL), .judge = judge, .arg = a};
	const struct noon_tunnel_ke_host host = {
		.on_result = on_answered, .on_end = on_answer_end, .arg = a};

	if (a == NULL) {
		(void)close(fd);
		return;
	}
	a->all = l->all;
	a->listener = l;
	a->peer = *plain;
	*take_slot(l->all) = a;
	noon_tunnel_ke_link_answer(&a->link, l->all->loop, &conf, &host, fd);
}

/* Connections accepted in one wake-up; the others wait for the next. */
#define ACCEPT_BATCH 4

static void on_connection(void *arg, int fd, const struct noon_addr *peer)
{
	struct noon_key_listener *l = arg;
	struct noon_addr plain = *peer;

	noon_addr_set_port(&plain, 0);
	if (may_connect(l, &plain))
		answer_new(l, &plain, fd);
	else
		(void)close(fd);
}

static bool has_identity_of(const struct noon_config_exchange *a,
			    const struct noon_config_exchange *b)
{
	return strcmp(a->certificate, b->certificate) == 0 && strcmp(a->key, b->key) == 0 &&
	       strcmp(a->ca, b->ca) == 0;
}

/* Sections with one address and port share its listener, and the certificate that it shows. */
static noon_err listen_for(struct noon_key_exchange *x)
{
	struct noon_key_exchanges *const all = x->all;
	struct noon_key_listener *const l = &all->listener[all->n_listeners];
	int sys = 0;

	for (size_t i = 0; i < all->n_listeners; i++) {
		const struct noon_key_exchange *const first = all->listener[i].first;

		if (!is_at(x, &all->listener[i]))
			continue;
		if (has_identity_of(first->conf.exchange, x->conf.exchange))
			return NOON_OK;
		noon_log(NOON_LOG_ERROR,
			 "%s: %s has another certificate, key or peer-certificates on port %u: "
			 "expected the same ones, or another exchange-port",
			 x->conf.name, first->conf.name, x->conf.exchange->port);
		return NOON_ERR_STATE;
	}
	*l = (struct noon_key_listener){.all = all, .first = x, .tcp = {.fd = -1}};
	if (address_of(x, &l->at))
		return NOON_ERR_RANGE;
	if (noon_tcp_listen(&l->at, &l->tcp.fd, &sys)) {
		noon_log(NOON_LOG_ERROR, "%s: cannot listen on TCP port %u: %s", x->conf.name,
			 x->conf.exchange->port, strerror(sys));
		return NOON_ERR_OS;
	}
	l->tcp.batch = ACCEPT_BATCH;
	l->tcp.on_connection = on_connection;
	l->tcp.arg = l;
	all->n_listeners++;
	return NOON_OK;
}

/* ---- once a second ---- */

/* The other end may have restarted, and has no keys then: it cannot say so. */
static void ask_if_silent(struct noon_key_exchange *x)
{
	const noon_time now = noon_mono_now();

	if (!x->conf.asks || x->link->busy || x->n_done == 0 || x->why[0] != '\0' ||
	    x->ops->is_up(x->arg) || noon_time_diff(now, x->tried) <= x->conf.dead_after)
		return;
	ask(x);
}

static void judge_certificate(struct noon_key_exchange *x)
{
	int64_t now;

	if (!x->is_unchecked || !knows_time(x->all))
		return;
	x->is_unchecked = false;
	now = now_s(x->all);
	if (x->valid_from_s <= now && now <= x->valid_till_s)
		return;
	noon_log(NOON_LOG_ERROR,
		 "%s: the other end's certificate is not valid at the time that is known now; its "
		 "keys are forgotten",
		 x->conf.name);
	x->ops->forget(x->arg);
}

static void watch(void *arg)
{
	struct noon_key_exchanges *all = arg;

	for (size_t i = 0; i < all->n; i++) {
		judge_certificate(all->x[i]);
		ask_if_silent(all->x[i]);
	}
	noon_loop_arm(all->loop, &all->watch, WATCH);
}

/* ---- all of it ---- */

static void exchange_free(struct noon_key_exchange *x)
{
	noon_loop_disarm(&x->timer);
	if (x->link != NULL)
		noon_tunnel_ke_link_stop(x->link);
	free(x->link);
	noon_tls_ctx_free(x->tls);
	free(x);
}

void noon_key_exchanges_init(struct noon_key_exchanges *all, struct noon_loop *loop,
			     struct noon_rng *rng, struct noon_served *served,
			     unsigned no_time_check)
{
	memset(all, 0, sizeof(*all));
	all->loop = loop;
	all->rng = rng;
	all->served = served;
	all->no_time_check = no_time_check;
	all->warned = NOON_TIME_NEVER;
	all->watch = (struct noon_timer){.fire = watch, .arg = all};
}

noon_err noon_key_exchange_add(struct noon_key_exchanges *all,
			       const struct noon_key_exchange_conf *conf,
			       const struct noon_key_exchange_ops *ops, void *arg,
			       struct noon_key_exchange **ret)
{
	struct noon_key_exchange *x = calloc(1, sizeof(*x));
	noon_err err;

	if (x == NULL)
		return NOON_ERR_OS;
	x->all = all;
	x->conf = *conf;
	x->ops = ops;
	x->arg = arg;
	x->backoff = BACKOFF_MIN;
	x->tried = x->done = x->due = x->warned = NOON_TIME_NEVER;
	x->timer = (struct noon_timer){.fire = ask, .arg = x};
	x->link = conf->asks ? calloc(1, sizeof(*x->link)) : NULL;
	err = conf->asks && x->link == NULL ? NOON_ERR_OS : load(x);
	if (!err && !conf->asks)
		err = listen_for(x);
	if (err) {
		exchange_free(x);
		return err;
	}
	all->x[all->n++] = x;
	*ret = x;
	return NOON_OK;
}

noon_err noon_key_exchanges_start(struct noon_key_exchanges *all, struct noon_clock *clock)
{
	noon_err err = NOON_OK;

	all->clock = clock;
	for (size_t i = 0; i < all->n_listeners && !err; i++)
		err = noon_tcp_listener_start(&all->listener[i].tcp, all->loop);
	for (size_t i = 0; i < all->n && !err; i++)
		if (all->x[i]->conf.asks && all->x[i]->conf.peer.len > 0)
			ask(all->x[i]);
	if (!err && all->n > 0)
		noon_loop_arm(all->loop, &all->watch, WATCH);
	return err;
}

void noon_key_exchanges_reload(struct noon_key_exchanges *all)
{
	for (size_t i = 0; i < all->n; i++)
		noon_log(NOON_LOG_NOTICE, "%s: %s", all->x[i]->conf.name,
			 load(all->x[i]) ? "the certificates of before stay in force"
					 : "certificates read again");
}

void noon_key_exchanges_fini(struct noon_key_exchanges *all)
{
	for (size_t i = 0; i < NOON_KEY_ANSWERS_MAX; i++) {
		if (all->answer[i] == NULL)
			continue;
		noon_tunnel_ke_link_stop(&all->answer[i]->link);
		free(all->answer[i]);
		all->answer[i] = NULL;
	}
	for (size_t i = 0; i < all->n_listeners; i++)
		noon_tcp_listener_close(&all->listener[i].tcp);
	for (size_t i = 0; i < all->n; i++)
		exchange_free(all->x[i]);
	noon_loop_disarm(&all->watch);
	all->n = all->n_listeners = 0;
}
