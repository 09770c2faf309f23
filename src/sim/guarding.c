/* SPDX-License-Identifier: Apache-2.0
 *
 * Guards: a plan for each path from an honest campaign in a separate world, and I5.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "sim/world_priv.h"

#define CAMPAIGN      NOON_S(5000) /* at least */
#define CAMPAIGN_MOST NOON_S(80000)
#define CAMPAIGN_POLL 0 /* log2 s */
#define OTHER_SEED    UINT64_C(0x63616c6962726174)

void noon_sim_campaign_note(struct noon_sim_campaign *c, const struct noon_sample *x)
{
	const noon_dur rtt = noon_sample_rtt(x);

	if (c->n == NOON_SIM_CAMPAIGN_MAX)
		return;
	c->rtt[c->n++] = rtt > 0 ? rtt : 0;
}

/* A campaign under attack measures the attack's delay as well (17). */
static void keep_calibration_attacks(struct noon_scenario *s)
{
	size_t kept = 0;

	for (size_t i = 0; i < s->attacks; i++) {
		if (s->attack[i].kind != NOON_ATTACK_CALIBRATION)
			continue;
		s->attack[kept] = s->attack[i];
		s->attack[kept].kind = NOON_ATTACK_DELAY;
		s->attack[kept].from = 0;
		s->attack[kept++].until = NOON_DUR_MAX;
	}
	s->attacks = kept;
}

/* The same machines and paths without attackers, polled every second. */
static struct noon_scenario *without_attacks(const struct noon_scenario *s)
{
	struct noon_scenario *h = malloc(sizeof(*h));

	if (h == NULL)
		abort();
	*h = *s;
	h->guard = false;
	h->seekers = 0;
	h->machine_events = 0;
	h->duration = CAMPAIGN_MOST;
	h->check_every = CAMPAIGN_MOST;
	keep_calibration_attacks(h);
	for (size_t i = 0; i < h->paths; i++) {
		h->path[i].tls = false;
		h->path[i].source.poll_min = CAMPAIGN_POLL;
		h->path[i].source.poll_max = CAMPAIGN_POLL;
		/* The campaign measures the path before a change of route. */
		h->path[i].link[0].route_at = h->path[i].link[1].route_at = 0;
	}
	return h;
}

/* Make the plan of a path from what its campaign has measured so far, by the rules of the daemon.
 */
static noon_err make_plan(struct noon_world *w, uint32_t path, const struct noon_sim_campaign *c,
			  uint64_t lost, struct noon_guard_work *work)
{
	const struct noon_sim_assoc *a = &w->assoc[path];
	const struct noon_sim_node *client = &w->s->node[a->conf->client];
	struct noon_guard_conf conf = noon_guard_conf_default();
	struct noon_law *law = malloc(sizeof(*law));
	struct noon_campaign campaign;
	size_t needed = 0;
	noon_err err;

	if (law == NULL)
		abort();
	conf.shift_ns = w->s->guard_shift > 0 ? (double)w->s->guard_shift
					      : (double)client->engine.alert_limit;
	conf.noise_ns = client->stamp_ns * sqrt(2.0);
	conf.base_loss = (double)lost / (double)(c->n + lost + 1);
	conf.campaign = &campaign;
	err = noon_law_of_samples(c->rtt, c->n, (double)client->granularity, law);
	err = err ? err : noon_campaign_assess(c->rtt, c->n, noon_law_top_ns(law), &campaign);
	err = err ? err : noon_guard_plan_judged(work, law, &conf, &a->guarding->plan, &needed);
	free(law);
	return err;
}

static void watch(struct noon_world *w, uint32_t path)
{
	const struct noon_sim_assoc *a = &w->assoc[path];

	noon_guard_init(&a->guarding->guard, &a->guarding->plan);
	noon_engine_set_guard(w->node[a->conf->client].engine, a->source, &a->guarding->guard);
	a->guarding->hash =
		noon_hash64(noon_bytes_of(&a->guarding->plan, sizeof(a->guarding->plan)));
}

/* Make all plans; the first that cannot be made decides. */
static noon_err make_plans(struct noon_world *w, const struct noon_world *other,
			   const struct noon_sim_campaign *c, struct noon_guard_work *work)
{
	for (uint32_t i = 0; i < w->s->paths; i++) {
		const struct noon_sim_machine *m = &other->node[w->s->path[i].client];
		const noon_err err = make_plan(w, i, &c[i], m->tally.misses, work);

		if (err)
			return err;
	}
	return NOON_OK;
}

noon_err noon_sim_guard_all(struct noon_world *w)
{
	struct noon_scenario *honest = without_attacks(w->s);
	struct noon_sim_campaign *c = calloc(w->s->paths, sizeof(*c));
	struct noon_guard_work *work = calloc(1, sizeof(*work));
	struct noon_world *other = NULL;
	noon_err err;

	if (c == NULL || work == NULL)
		abort();
	for (uint32_t i = 0; i < w->s->paths; i++) {
		w->assoc[i].guarding = calloc(1, sizeof(*w->assoc[i].guarding));
		if (w->assoc[i].guarding == NULL)
			abort();
	}
	err = noon_world_new(honest, w->seed ^ OTHER_SEED, &other);
	if (!err) {
		other->campaign = c;
		err = NOON_ERR_EMPTY;
	}
	/* A campaign goes on until it is good, as an operator's does. */
	for (noon_dur length = CAMPAIGN; err == NOON_ERR_EMPTY && length <= CAMPAIGN_MOST;
	     length *= 2) {
		noon_world_run(other, length);
		err = make_plans(w, other, c, work);
	}
	for (uint32_t i = 0; !err && i < w->s->paths; i++)
		watch(w, i);
	noon_world_free(other);
	free(work);
	free(c);
	free(honest);
	return err;
}

bool noon_sim_baseline_is_kept(const struct noon_world *w, uint32_t path)
{
	const struct noon_sim_assoc *a = &w->assoc[path];
	const struct noon_source_conf *now =
		&w->node[a->conf->client].engine->source[a->source].conf;

	if (now->m_f != a->m_f || now->m_r != a->m_r)
		return false;
	return a->guarding == NULL ||
	       noon_hash64(noon_bytes_of(&a->guarding->plan, sizeof(a->guarding->plan))) ==
		       a->guarding->hash;
}
