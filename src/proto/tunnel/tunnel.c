/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tunnel/tunnel.h"

#include <assert.h>
#include <string.h>

#include "proto/tunnel/tunnel_priv.h"

#define TICK NOON_S(1)

/* AES-GCM allows 2^32 packets with explicit nonces of our kind (RFC 4106, section 9 asks for less
 * only where they are random); half of that leaves room to be late. */
#define PACKETS_MAX (UINT64_C(1) << 31)

static struct noon_tunnel_way way_of(const struct noon_tunnel *t, bool inbound)
{
	const struct noon_ip *const ip = &t->conf.inner;
	const size_t n = noon_ip_addr_len(ip->version);
	struct noon_tunnel_way way = {.direction = t->conf.is_initiator != inbound
							   ? NOON_TUNNEL_FROM_INITIATOR
							   : NOON_TUNNEL_FROM_RESPONDER,
				      .version = ip->version};

	memcpy(way.from, inbound ? ip->dst : ip->src, n);
	memcpy(way.to, inbound ? ip->src : ip->dst, n);
	return way;
}

static const struct noon_secret_tunnel *secret_of(const struct noon_tunnel *t, uint64_t epoch)
{
	return t->fresh_from > 0 && epoch >= t->fresh_from ? &t->fresh : &t->conf.secret;
}

noon_err noon_tunnel_keys_for(const struct noon_tunnel *t, bool inbound, uint64_t epoch,
			      struct noon_secret_tunnel_epoch *ret)
{
	const struct noon_tunnel_way way = way_of(t, inbound);

	return noon_tunnel_keys_of(secret_of(t, epoch), &way, epoch, ret);
}

void noon_tunnel_half_end(struct noon_tunnel_half *half)
{
	noon_sa_fini(&half->sa);
	half->epoch = 0;
}

noon_err noon_tunnel_half_make(const struct noon_tunnel *t, struct noon_tunnel_half *half,
			       bool inbound, uint64_t epoch)
{
	struct noon_sa_form form = {.key_len = t->conf.key_len,
				    .extended = t->conf.extended,
				    .ah = t->conf.ah,
				    .udp = t->conf.udp,
				    .outer = t->conf.outer};
	struct noon_secret_tunnel_epoch e;
	noon_err err = noon_tunnel_keys_for(t, inbound, epoch, &e);

	noon_tunnel_half_end(half);
	if (err)
		return err;
	form.spi = e.spi;
	form.ah_spi = e.ah_spi;
	err = noon_sa_init(&half->sa, &form, &e.keys);
	noon_wipe(&e, sizeof(e));
	if (!err)
		half->epoch = epoch;
	return err;
}

noon_err noon_tunnel_spis(const struct noon_tunnel *t, uint64_t from,
			  uint32_t spi[NOON_TUNNEL_AHEAD])
{
	const struct noon_tunnel_way way = way_of(t, true);

	return noon_tunnel_spis_of(secret_of(t, from), &way, from, spi);
}

static bool is_sound(const struct noon_tunnel_conf *c)
{
	const bool versions = (c->inner.version == 4 || c->inner.version == 6) &&
			      (c->udp || c->outer.version == 4 || c->outer.version == 6);

	return versions && c->ports >= 1 && c->ports <= NOON_TUNNEL_PORTS &&
	       noon_padding_is_sound(&c->padding) && c->lifetime > 0 && c->packets <= PACKETS_MAX &&
	       c->jitter >= 0 && c->jitter <= 0.5 && c->grace >= 0 && c->dead_after > 0 &&
	       c->cover >= 0 && !(c->by_kernel && (c->udp || c->cover > 0)) &&
	       (c->exchanged || (c->first >= 1 && c->reserved >= c->first));
}

noon_err noon_tunnel_init(struct noon_tunnel *t, const struct noon_tunnel_conf *conf, noon_time now,
			  struct noon_rng *rng)
{
	noon_err err;

	if (!is_sound(conf))
		return NOON_ERR_RANGE;
	*t = (struct noon_tunnel){.conf = *conf,
				  .rng = rng,
				  .has_keys = !conf->exchanged,
				  .heard = conf->exchanged ? 0 : conf->first - 1,
				  .search_span = NOON_TUNNEL_SEARCH,
				  .last_heard = now,
				  .last_sent = now,
				  .tick = now};
	if (t->conf.packets == 0)
		t->conf.packets = PACKETS_MAX;
	if (conf->exchanged) {
		/* Each secret has its epochs to itself: none is ever used again. */
		t->conf.first = 1;
		t->conf.reserved = UINT64_MAX;
		noon_wipe(&t->conf.secret, sizeof(t->conf.secret));
		return NOON_OK;
	}
	err = noon_tunnel_switch(t, conf->first, now);
	t->refreshes = 0;
	err = err ? err : noon_tunnel_half_make(t, &t->next, true, conf->first);
	err = err ? err : noon_tunnel_spis(t, conf->first, t->ahead);
	if (err)
		noon_tunnel_fini(t);
	return err;
}

void noon_tunnel_fini(struct noon_tunnel *t)
{
	noon_tunnel_half_end(&t->out);
	noon_tunnel_half_end(&t->before);
	noon_tunnel_half_end(&t->now);
	noon_tunnel_half_end(&t->next);
	noon_tunnel_half_end(&t->fresh_in);
	noon_wipe(t, sizeof(*t));
}

uint64_t noon_tunnel_epoch_floor(const struct noon_tunnel *t)
{
	uint64_t highest = t->heard > t->out.epoch ? t->heard : t->out.epoch;

	if (highest < t->fresh_from)
		highest = t->fresh_from;
	return highest + NOON_TUNNEL_REKEY_GAP;
}

noon_err noon_tunnel_rekey(struct noon_tunnel *t, const struct noon_secret_tunnel *secret,
			   uint64_t from, bool leads, noon_time now)
{
	struct noon_secret_tunnel was = t->fresh;
	const uint64_t was_from = t->fresh_from;
	struct noon_tunnel_half half = {0};
	noon_err err;

	if (!t->conf.exchanged)
		return NOON_ERR_STATE;
	if (from < noon_tunnel_epoch_floor(t) || from > NOON_TUNNEL_EPOCH_MAX)
		return NOON_ERR_RANGE;
	t->fresh = *secret;
	t->fresh_from = from;
	err = noon_tunnel_half_make(t, &half, true, from);
	/* Without any association there is nothing to wait with. */
	if (!err && (leads || t->out.epoch == 0))
		err = noon_tunnel_switch(t, from, now);
	if (err) {
		noon_tunnel_half_end(&half);
		t->fresh = was;
		t->fresh_from = was_from;
	}
	noon_wipe(&was, sizeof(was));
	if (err)
		return err;
	noon_tunnel_half_end(&t->fresh_in);
	t->fresh_in = half;
	t->has_keys = true;
	t->refreshes -= t->out.epoch == from; /* it is no refresh of what was there */
	t->rekeys++;
	t->spi_set++;
	return NOON_OK;
}

void noon_tunnel_forget(struct noon_tunnel *t)
{
	struct noon_tunnel_half *const halves[] = {&t->out, &t->before, &t->now, &t->next,
						   &t->fresh_in};

	if (!t->conf.exchanged)
		return;
	/* The floor of the next exchange stays where it is. */
	t->heard = noon_tunnel_epoch_floor(t) - NOON_TUNNEL_REKEY_GAP;
	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++)
		noon_tunnel_half_end(halves[i]);
	noon_wipe(&t->fresh, sizeof(t->fresh));
	noon_wipe(&t->conf.secret, sizeof(t->conf.secret));
	memset(t->ahead, 0, sizeof(t->ahead));
	t->fresh_from = 0;
	t->has_keys = false;
	t->spi_set++;
}

bool noon_tunnel_reserve(struct noon_tunnel *t, uint64_t epoch)
{
	if (epoch <= t->conf.reserved)
		return true;
	if (epoch > t->wanted)
		t->wanted = epoch;
	return false;
}

uint64_t noon_tunnel_wants_reserved(const struct noon_tunnel *t)
{
	return t->wanted == 0 ? 0 : t->wanted + NOON_TUNNEL_RESERVE;
}

void noon_tunnel_reserved(struct noon_tunnel *t, uint64_t epoch)
{
	assert(epoch >= t->conf.reserved);
	t->conf.reserved = epoch;
	if (t->wanted <= epoch)
		t->wanted = 0;
}

bool noon_tunnel_is_up(const struct noon_tunnel *t, noon_time now)
{
	return t->has_keys && t->now.epoch > 0 &&
	       noon_time_diff(now, t->last_heard) <= t->conf.dead_after;
}

/* While the other end is silent, it may be sending with an epoch further ahead than is looked at:
 * look at a piece of what comes behind, another one each second; each round twice as far. */
static void search(struct noon_tunnel *t, noon_time now)
{
	const uint64_t first = t->heard + 1 + NOON_TUNNEL_AHEAD;

	if (t->conf.exchanged)
		return; /* one that is further ahead has restarted, and asks for a secret */
	if (noon_time_diff(now, t->last_heard) <= t->conf.dead_after) {
		t->spi_set += t->search_from > 0;
		t->search_from = 0;
		t->search_span = NOON_TUNNEL_SEARCH;
		return;
	}
	t->spi_set++;
	t->search_from = t->search_from == 0 ? first : t->search_from + NOON_TUNNEL_AHEAD;
	if (t->search_from >= first + t->search_span) {
		t->search_from = first;
		if (t->search_span < NOON_TUNNEL_SEARCH_MAX)
			t->search_span *= 2;
	}
	if (noon_tunnel_spis(t, t->search_from, t->search))
		t->search_from = 0;
}

static void end_before(struct noon_tunnel *t, noon_time now)
{
	if (t->before.epoch == 0 || noon_time_before(now, t->before_until))
		return;
	t->ended[t->n_ended++ % NOON_TUNNEL_AHEAD] = t->before.sa.form.spi;
	noon_tunnel_half_end(&t->before);
	t->spi_set++;
}

static bool cover_is_due(const struct noon_tunnel *t, noon_time now)
{
	const noon_dur quiet = noon_time_diff(now, t->last_sent);

	if (t->conf.by_kernel)
		return false;
	/* Until the other end is heard with this epoch it may not know of it. */
	if (t->heard < t->out.epoch && quiet >= TICK)
		return true;
	return t->conf.cover > 0 && quiet >= t->conf.cover;
}

void noon_tunnel_on_timer(struct noon_tunnel *t, noon_time now, struct noon_actions *out)
{
	if (!noon_time_before(now, t->tick)) {
		t->tick = noon_time_add(now, TICK);
		end_before(t, now);
		noon_tunnel_refresh(t, now);
		search(t, now);
	}
	if (cover_is_due(t, now))
		noon_tunnel_cover(t, now, out);
}

noon_time noon_tunnel_deadline(const struct noon_tunnel *t)
{
	if (t->conf.cover == 0)
		return t->tick;
	return noon_time_min(t->tick, noon_time_add(t->last_sent, t->conf.cover));
}
