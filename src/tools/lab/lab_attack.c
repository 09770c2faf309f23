/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/lab/lab_attack.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define LIGHT_M_PER_NS 0.299792458

static bool can_attack(enum noon_attack_kind kind)
{
	return kind == NOON_ATTACK_DELAY || kind == NOON_ATTACK_RAMP ||
	       kind == NOON_ATTACK_REPLAY || kind == NOON_ATTACK_DROP ||
	       kind == NOON_ATTACK_COOKIE_EXHAUSTION || kind == NOON_ATTACK_DUPLICATE ||
	       kind == NOON_ATTACK_REORDER || kind == NOON_ATTACK_FLIP ||
	       kind == NOON_ATTACK_TRUNCATE;
}

static bool can_link(const struct noon_net_link_conf *l)
{
	const bool queue = l->queue == NOON_QUEUE_NONE || l->queue == NOON_QUEUE_UNIFORM ||
			   l->queue == NOON_QUEUE_EXPONENTIAL;

	return queue && l->nodes <= 1 && l->route_at == 0;
}

noon_err noon_lab_check(const struct noon_scenario *s, char *why, size_t n)
{
	const char *for_sim;

	for (size_t i = 0; i < s->attacks; i++) {
		if (can_attack(s->attack[i].kind))
			continue;
		(void)snprintf(why, n,
			       "attack \"%s\": %s cannot be played with real daemons (a relay can "
			       "delay, ramp, drop, cookie-exhaustion, replay, duplicate, reorder, "
			       "flip and truncate)",
			       s->attack[i].name, noon_attack_word(s->attack[i].kind));
		return NOON_ERR_UNSUPPORTED;
	}
	if (s->machine_events > 0) {
		(void)snprintf(why, n, "event \"%s\": events of machines are for sim run",
			       s->machine_event[0].name);
		return NOON_ERR_UNSUPPORTED;
	}
	for (size_t i = 0; i < s->paths; i++) {
		if (s->path[i].ptp) {
			(void)snprintf(why, n, "path \"%s\": protocol ptp is for sim run",
				       s->path[i].name);
			return NOON_ERR_UNSUPPORTED;
		}
		if (can_link(&s->path[i].link[0]) && can_link(&s->path[i].link[1]))
			continue;
		(void)snprintf(why, n,
			       "path \"%s\": a relay queues uniformly or exponentially, in one "
			       "place, and keeps its route",
			       s->path[i].name);
		return NOON_ERR_UNSUPPORTED;
	}
	for (size_t i = 0; i < s->nodes; i++) {
		if (!(s->node[i].server && s->node[i].client))
			continue;
		(void)snprintf(why, n, "\"%s\": a node that is client and server is for sim run",
			       s->node[i].name);
		return NOON_ERR_UNSUPPORTED;
	}
	for_sim = s->guard		      ? "guard"
		  : s->seekers > 0	      ? "seeker"
		  : s->leap != NOON_LEAP_NONE ? "leap-second"
		  : s->truth != NOON_SIM_NONE ? "truth"
					      : NULL;
	if (for_sim != NULL) {
		(void)snprintf(why, n, "%s is for sim run", for_sim);
		return NOON_ERR_UNSUPPORTED;
	}
	return NOON_OK;
}

unsigned noon_lab_active(const struct noon_scenario *s, size_t path, unsigned direction,
			 noon_dur at)
{
	const struct noon_sim_path *p = &s->path[path];
	unsigned mask = 0;

	for (size_t i = 0; i < s->attacks; i++) {
		const struct noon_sim_attack *a = &s->attack[i];
		const bool here = (a->client == NOON_SIM_NONE || a->client == p->client) &&
				  (a->server == NOON_SIM_NONE || a->server == p->server) &&
				  (a->direction >> direction & 1) != 0;
		/* Cookies run out when replies do not arrive. */
		const bool way = a->kind != NOON_ATTACK_COOKIE_EXHAUSTION || direction == 1;

		if (here && way && at >= a->from && at < a->until)
			mask |= 1U << i;
	}
	return mask;
}

/* Total impairment of one direction. */
struct sum {
	double delay_ns, jitter_ns, uniform_ns;
	double ramp; /* s/s */
	double loss, replay, duplicate, reorder, flip, truncate;
	double reorder_ns;
};

static double either(double p, double q)
{
	return p + q - p * q;
}

static void add_delay(struct sum *t, const struct noon_sim_attack *a)
{
	t->delay_ns += (double)a->delay;
	t->jitter_ns += (double)a->jitter;
	t->uniform_ns += (double)a->uniform;
}

static void add(struct sum *t, const struct noon_sim_attack *a, noon_dur at)
{
	switch ((unsigned)a->kind) {
	case NOON_ATTACK_DELAY:
		add_delay(t, a);
		break;
	case NOON_ATTACK_RAMP:
		t->ramp += a->ramp;
		t->delay_ns += a->ramp * (double)(at - a->from);
		break;
	case NOON_ATTACK_DROP:
	case NOON_ATTACK_COOKIE_EXHAUSTION:
		t->loss = either(t->loss, a->probability);
		break;
	case NOON_ATTACK_REPLAY:
		t->replay = either(t->replay, a->probability);
		break;
	case NOON_ATTACK_DUPLICATE:
		t->duplicate = either(t->duplicate, a->probability);
		break;
	case NOON_ATTACK_REORDER:
		t->reorder = either(t->reorder, a->probability);
		t->reorder_ns = fmax(t->reorder_ns, (double)a->delay);
		break;
	case NOON_ATTACK_FLIP:
		t->flip = either(t->flip, a->probability);
		break;
	case NOON_ATTACK_TRUNCATE:
		t->truncate = either(t->truncate, a->probability);
		break;
	default:
		break; /* noon_lab_check() refused it */
	}
}

static struct sum link_of(const struct noon_net_link_conf *l)
{
	return (struct sum){
		.delay_ns = l->delay_ns + l->forwarding_ns +
			    l->length_m / (l->velocity * LIGHT_M_PER_NS),
		.jitter_ns = l->queue == NOON_QUEUE_EXPONENTIAL ? l->scale_ns : 0,
		.uniform_ns = l->queue == NOON_QUEUE_UNIFORM ? l->scale_ns : 0,
		.loss = l->loss,
		.duplicate = l->duplicate,
		.reorder = l->reorder,
		.reorder_ns = l->reorder_ns,
	};
}

void noon_lab_spec(const struct noon_scenario *s, size_t path, unsigned direction, unsigned mask,
		   noon_dur at, char spec[NOON_LAB_SPEC])
{
	struct sum t = link_of(&s->path[path].link[direction]);

	for (size_t i = 0; i < s->attacks; i++)
		if (mask >> i & 1)
			add(&t, &s->attack[i], at);
	(void)snprintf(spec, NOON_LAB_SPEC,
		       "clear,delay=%.0fns,jitter=%.0fns,uniform=%.0fns,ramp=%.0fns/s,loss=%g,"
		       "replay=%g,duplicate=%g,reorder=%g,reorder-delay=%.0fns,flip=%g,"
		       "truncate=%g",
		       t.delay_ns, t.jitter_ns, t.uniform_ns, t.ramp * 1e9, t.loss, t.replay,
		       t.duplicate, t.reorder, t.reorder_ns, t.flip, t.truncate);
}
