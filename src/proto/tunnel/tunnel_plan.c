/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tunnel/tunnel_plan.h"

#include <assert.h>

#include "proto/tunnel/tunnel_priv.h"

/* A packet that is on its way out when the policies change still finds its association. */
#define LINGER NOON_S(1)

/* An inbound association that there has to be. */
struct wanted {
	uint64_t epoch;
	const struct noon_tunnel_half *half; /* of the machine; NULL: it has none yet */
};

static size_t wanted_in(struct noon_tunnel *t, struct wanted ret[NOON_TUNNEL_PLAN_IN])
{
	const struct noon_tunnel_half *const halves[] = {&t->before, &t->now, &t->next,
							 &t->fresh_in};
	const uint64_t behind = t->out.epoch + 1;
	size_t n = 0;
	bool is_there = t->out.epoch == 0 || behind <= t->heard;

	for (size_t i = 0; i < sizeof(halves) / sizeof(halves[0]); i++) {
		if (halves[i]->epoch == 0 || !noon_tunnel_reserve(t, halves[i]->epoch))
			continue;
		is_there = is_there || halves[i]->epoch == behind;
		ret[n++] = (struct wanted){halves[i]->epoch, halves[i]};
	}
	if (!is_there && noon_tunnel_reserve(t, behind))
		ret[n++] = (struct wanted){.epoch = behind};
	return n;
}

static bool has(const struct wanted *wanted, size_t n, uint64_t epoch)
{
	for (size_t i = 0; i < n; i++)
		if (wanted[i].epoch == epoch)
			return true;
	return false;
}

static bool holds(const struct noon_tunnel_held *held, size_t n, uint64_t epoch, size_t *ret_slot)
{
	for (size_t i = 0; i < n; i++)
		if (held[i].epoch == epoch) {
			*ret_slot = i;
			return true;
		}
	return false;
}

static struct noon_tunnel_step removal(const struct noon_tunnel_held *held, bool inbound,
				       size_t slot)
{
	return (struct noon_tunnel_step){.kind = NOON_TUNNEL_STEP_REMOVE,
					 .inbound = inbound,
					 .slot = slot,
					 .epoch = held->epoch,
					 .spi = held->spi,
					 .ah_spi = held->ah_spi};
}

static const struct noon_tunnel_step nothing = {.kind = NOON_TUNNEL_STEP_NONE};

static struct noon_tunnel_step addition(const struct noon_tunnel_half *half, bool inbound,
					size_t slot)
{
	struct noon_tunnel_step s = {.kind = NOON_TUNNEL_STEP_ADD,
				     .inbound = inbound,
				     .slot = slot,
				     .epoch = half->epoch,
				     .spi = half->sa.form.spi,
				     .ah_spi = half->sa.form.ah_spi};

	if (inbound) {
		s.top = half->sa.replay.top;
		s.ah_top = half->sa.ah_replay.top;
	}
	return s;
}

/* Of one that the machine has not made. */
static struct noon_tunnel_step addition_ahead(const struct noon_tunnel *t, uint64_t epoch,
					      size_t slot)
{
	struct noon_tunnel_step s = {
		.kind = NOON_TUNNEL_STEP_ADD, .inbound = true, .slot = slot, .epoch = epoch};
	struct noon_secret_tunnel_epoch e;

	if (noon_tunnel_keys_for(t, true, epoch, &e))
		return nothing;
	s.spi = e.spi;
	s.ah_spi = e.ah_spi;
	noon_wipe(&e, sizeof(e));
	return s;
}

static struct noon_tunnel_step step_in(const struct noon_tunnel_plan *p, struct noon_tunnel *t)
{
	struct wanted wanted[NOON_TUNNEL_PLAN_IN];
	const size_t n = wanted_in(t, wanted);
	size_t slot;

	/* What is refused from now on first: it makes room. */
	for (size_t i = 0; i < NOON_TUNNEL_PLAN_IN; i++)
		if (p->in[i].epoch > 0 && !has(wanted, n, p->in[i].epoch))
			return removal(&p->in[i], true, i);
	for (size_t i = 0; i < n; i++) {
		if (holds(p->in, NOON_TUNNEL_PLAN_IN, wanted[i].epoch, &slot) ||
		    !holds(p->in, NOON_TUNNEL_PLAN_IN, 0, &slot))
			continue;
		return wanted[i].half != NULL ? addition(wanted[i].half, true, slot)
					      : addition_ahead(t, wanted[i].epoch, slot);
	}
	return nothing;
}

static struct noon_tunnel_step step_out(const struct noon_tunnel_plan *p, struct noon_tunnel *t,
					noon_time now)
{
	const bool lingers = noon_time_diff(now, p->switched) < LINGER;
	size_t slot;

	/* What is neither in force nor wanted; the one in force stays until there is another. */
	for (size_t i = 0; i < NOON_TUNNEL_PLAN_OUT; i++) {
		const uint64_t epoch = p->out[i].epoch;

		if (epoch > 0 && epoch != t->out.epoch && epoch != p->with && !lingers)
			return removal(&p->out[i], false, i);
		/* A secret that was forgotten: nothing is sent any more. */
		if (epoch > 0 && t->out.epoch == 0)
			return removal(&p->out[i], false, i);
	}
	if (t->out.epoch == 0)
		return nothing;
	if (p->with == t->out.epoch || !noon_tunnel_reserve(t, t->out.epoch))
		return nothing;
	if (holds(p->out, NOON_TUNNEL_PLAN_OUT, t->out.epoch, &slot)) {
		struct noon_tunnel_step s = addition(&t->out, false, slot);

		s.kind = NOON_TUNNEL_STEP_SWITCH;
		return s;
	}
	if (t->out.epoch > p->used && holds(p->out, NOON_TUNNEL_PLAN_OUT, 0, &slot))
		return addition(&t->out, false, slot);
	return nothing;
}

struct noon_tunnel_step noon_tunnel_plan_step(const struct noon_tunnel_plan *p,
					      struct noon_tunnel *t, noon_time now)
{
	const struct noon_tunnel_step s = step_in(p, t);

	return s.kind != NOON_TUNNEL_STEP_NONE ? s : step_out(p, t, now);
}

void noon_tunnel_plan_done(struct noon_tunnel_plan *p, const struct noon_tunnel_step *s,
			   noon_time now)
{
	struct noon_tunnel_held *const held = s->inbound ? &p->in[s->slot] : &p->out[s->slot];

	switch (s->kind) {
	case NOON_TUNNEL_STEP_ADD:
		*held = (struct noon_tunnel_held){
			.epoch = s->epoch, .spi = s->spi, .ah_spi = s->ah_spi};
		if (!s->inbound)
			p->used = s->epoch;
		return;
	case NOON_TUNNEL_STEP_SWITCH:
		p->with = s->epoch;
		p->switched = now;
		return;
	case NOON_TUNNEL_STEP_REMOVE:
		*held = (struct noon_tunnel_held){0};
		if (!s->inbound && p->with == s->epoch)
			p->with = 0;
		return;
	case NOON_TUNNEL_STEP_NONE:
		break;
	}
}

static void counted_in(struct noon_tunnel_held *held, struct noon_tunnel *t,
		       const struct noon_tunnel_count *c, noon_time now)
{
	t->verdicts[NOON_TUNNEL_ACCEPTED] += c->packets - held->packets;
	t->verdicts[NOON_TUNNEL_REPLAY] += c->replays - held->replays;
	t->verdicts[NOON_TUNNEL_AUTH] += c->bad - held->bad;
	t->verdicts[NOON_TUNNEL_AH_AUTH] += c->ah_bad - held->ah_bad;
	if (c->packets > held->packets)
		t->last_heard = now;
	/* If this machine missed its copy of the packet. */
	if (c->packets > 0 && held->epoch > t->heard)
		noon_tunnel_follow(t, held->epoch, now);
	if (held->epoch == t->now.epoch) {
		t->now.sa.replay.top = c->top;
		t->now.sa.bytes = c->bytes;
	}
}

static void counted_out(struct noon_tunnel_held *held, struct noon_tunnel *t,
			const struct noon_tunnel_count *c, noon_time now)
{
	t->sent += c->packets - held->packets;
	if (c->packets > held->packets)
		t->last_sent = now;
	if (held->epoch == t->out.epoch) {
		t->out.sa.seq = c->packets;
		t->out.sa.bytes = c->bytes;
	}
}

void noon_tunnel_plan_counted(struct noon_tunnel_plan *p, struct noon_tunnel *t, bool inbound,
			      size_t slot, const struct noon_tunnel_count *c, noon_time now)
{
	struct noon_tunnel_held *const held = inbound ? &p->in[slot] : &p->out[slot];

	assert(held->epoch > 0);
	if (inbound)
		counted_in(held, t, c, now);
	else
		counted_out(held, t, c, now);
	held->packets = c->packets;
	held->replays = c->replays;
	held->bad = c->bad;
	held->ah_bad = c->ah_bad;
}

void noon_tunnel_plan_lost(struct noon_tunnel_plan *p, struct noon_tunnel *t, bool inbound,
			   size_t slot, noon_time now)
{
	struct noon_tunnel_held *const held = inbound ? &p->in[slot] : &p->out[slot];
	struct noon_tunnel_half *const halves[] = {&t->before, &t->now, &t->next, &t->fresh_in};
	const uint64_t epoch = held->epoch;

	assert(epoch > 0);
	*held = (struct noon_tunnel_held){0};
	for (size_t i = 0; inbound && i < sizeof(halves) / sizeof(halves[0]); i++)
		if (halves[i]->epoch == epoch)
			noon_tunnel_half_end(halves[i]);
	if (!inbound && p->with == epoch)
		p->with = 0;
	/* Worn: the refresh comes as soon as the next epoch is on disk. */
	t->out.sa.seq = t->conf.packets;
	noon_tunnel_refresh(t, now);
}

bool noon_tunnel_plan_is_unheard(const struct noon_tunnel *t)
{
	return t->heard < t->out.epoch;
}
