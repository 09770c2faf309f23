/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/keys/ptp_pair_keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A pair lives for two intervals of the exchange: one that fails may be made up for. */
#define LIVES 2

/* Silence after which a receiver asks again. */
#define DEAD_AFTER NOON_S(10)

#define JITTER 0.1

static struct noon_key_exchange_conf conf_of(const struct noon_config_ptp_port *conf,
					     const char *kind, const char *name)
{
	struct noon_key_exchange_conf c = {.exchange = &conf->exchange,
					   .local = conf->address,
					   .family = conf->family,
					   .jitter = JITTER,
					   .dead_after = DEAD_AFTER};

	(void)snprintf(c.name, sizeof(c.name), "%s %s", kind, name);
	return c;
}

/* ---- the transmitter ---- */

static noon_dur life_of(const struct noon_ptp_giver *g)
{
	return LIVES * g->conf->exchange.rekey;
}

static bool judge(void *arg, const struct noon_tls *tls, const struct noon_tunnel_ke_terms *asked,
		  struct noon_tunnel_ke_answer *ret)
{
	struct noon_ptp_giver *g = arg;
	const char *const name = g->conf->exchange.name;
	struct noon_ptp_pair_request r;
	noon_err err;

	if (!asked->is_ptp || asked->domain != g->conf->domain)
		return false;
	memcpy(r.clock, asked->clock, sizeof(r.clock));
	err = name[0] == '\0' || noon_tls_peer_is(tls, name) ? NOON_OK : NOON_ERR_PERM;
	err = err ? err : noon_tls_peer_owner(tls, r.owner);
	err = err ? err : noon_ptp_pairs_check(g->pairs, &r, noon_clock_now(g->clock));
	*ret = (struct noon_tunnel_ke_answer){
		.is_refused = err != NOON_OK,
		.code = err == NOON_ERR_FULL ? NOON_TUNNEL_KE_ROOM : NOON_TUNNEL_KE_NAME,
		.key = {.spp = g->pairs->spp,
			.id = noon_ptp_pairs_next(g->pairs),
			.life_s = (uint32_t)(life_of(g) / NOON_NS_PER_SEC)}};
	return true;
}

static noon_err give(void *arg, const struct noon_tunnel_ke_result *r)
{
	struct noon_ptp_giver *g = arg;
	const noon_time now = noon_clock_now(g->clock);
	struct noon_ptp_pair_request of;

	memcpy(of.owner, r->owner, sizeof(of.owner));
	memcpy(of.clock, r->terms.clock, sizeof(of.clock));
	return noon_ptp_pairs_add(g->pairs, &of, r->secret.key, now,
				  noon_time_add(now, life_of(g)));
}

static void forget_all(void *arg)
{
	const struct noon_ptp_giver *g = arg;

	noon_ptp_pairs_fini(g->pairs);
}

noon_err noon_ptp_giver_open(struct noon_ptp_giver *g, const struct noon_config_ptp_port *conf,
			     const char *name, struct noon_rng *rng,
			     struct noon_key_exchanges *exchanges)
{
	static const struct noon_key_exchange_ops ops = {
		.judge = judge, .take = give, .forget = forget_all};
	const struct noon_key_exchange_conf c = conf_of(conf, "ptp-transmitter", name);

	if (conf->exchange.certificate[0] == '\0')
		return NOON_OK;
	g->conf = conf;
	g->pairs = calloc(1, sizeof(*g->pairs));
	if (g->pairs == NULL)
		return NOON_ERR_OS;
	noon_ptp_pairs_init(g->pairs, conf->spp, rng);
	return noon_key_exchange_add(exchanges, &c, &ops, g, &g->exchange);
}

void noon_ptp_giver_close(struct noon_ptp_giver *g)
{
	if (g->pairs != NULL)
		noon_ptp_pairs_fini(g->pairs);
	free(g->pairs);
	g->pairs = NULL;
}

/* ---- the receiver ---- */

static struct noon_tunnel_ke_terms terms(void *arg, uint64_t *ret_floor)
{
	const struct noon_ptp_taker *t = arg;
	struct noon_tunnel_ke_terms asked = {.is_ptp = true, .domain = t->conf->domain};

	memcpy(asked.clock, t->machine->conf.port.self.clock, sizeof(asked.clock));
	*ret_floor = 0;
	return asked;
}

static bool is_up(void *arg)
{
	const struct noon_ptp_taker *t = arg;

	return noon_ptp_receiver_parent(t->machine) != NULL;
}

/* The key before stays for what is under way, unless the other end has lost it: a transmitter that
 * restarted counts its messages from somewhere else. */
static noon_err take(void *arg, const struct noon_tunnel_ke_result *r)
{
	struct noon_ptp_taker *t = arg;
	struct noon_ptp_sa *const sa = &t->keys.sa[0];
	struct noon_mac mac;
	const noon_err err = noon_mac_init(&mac, NOON_MAC_HMAC_SHA256_128,
					   noon_bytes_of(r->secret.key, sizeof(r->secret.key)));

	if (err)
		return err;
	if (!is_up(t) || sa->spp != r->key.spp)
		noon_ptp_keys_fini(&t->keys);
	if (t->keys.n == 0 || sa->n == 0) {
		sa->n = 0;
		noon_ptp_replay_reset(&t->machine->replay);
	}
	if (sa->n == 2) {
		noon_mac_fini(&sa->key[0].mac);
		sa->key[0] = sa->key[1];
		sa->n = 1;
	}
	t->keys.n = 1;
	sa->spp = r->key.spp;
	sa->window = NOON_PTP_WINDOW;
	sa->key[sa->n++] = (struct noon_ptp_key){.id = r->key.id, .mac = mac};
	t->machine->conf.policy.spp = r->key.spp;
	t->on_keys(t->arg);
	return NOON_OK;
}

static void forget(void *arg)
{
	struct noon_ptp_taker *t = arg;

	noon_ptp_keys_fini(&t->keys);
}

noon_err noon_ptp_taker_open(struct noon_ptp_taker *t, const struct noon_config_ptp_port *conf,
			     const char *name, struct noon_key_exchanges *exchanges)
{
	static const struct noon_key_exchange_ops ops = {
		.terms = terms, .take = take, .is_up = is_up, .forget = forget};
	struct noon_key_exchange_conf c = conf_of(conf, "ptp-receiver", name);

	if (conf->exchange.certificate[0] == '\0')
		return NOON_OK;
	c.asks = true;
	t->conf = conf;
	return noon_key_exchange_add(exchanges, &c, &ops, t, &t->exchange);
}

void noon_ptp_taker_close(struct noon_ptp_taker *t)
{
	noon_ptp_keys_fini(&t->keys);
}
