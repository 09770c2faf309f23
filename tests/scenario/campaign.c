/* SPDX-License-Identifier: Apache-2.0
 *
 * A campaign: worlds drawn at random, each within the stated assumptions, and no reading false.
 *
 * A seed draws clocks, sources, paths, who lies (no more than may), what goes wrong on the paths
 * and when, leap seconds, restarts, and machines that stand still or are moved. Whatever the
 * attackers do to packets, UTC has to lie in every interval that is stated, in every state, and
 * nothing that an attacker made or repeated becomes a sample. A world that breaks this prints its
 * seed; --one SEED plays it again.
 *
 * use: campaign [--seconds S] [--seed FIRST] | --one SEED
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/rng.h"
#include "crypto/aead.h"
#include "sim/world.h"

#define SERVERS_MAX 5

static struct noon_scenario s; /* too large for the stack */

static double between(struct noon_rng *rng, double lo, double hi)
{
	return lo + (hi - lo) * noon_rng_unit(rng);
}

/* Spread evenly over the decades. */
static double decades(struct noon_rng *rng, double lo, double hi)
{
	return exp(between(rng, log(lo), log(hi)));
}

static unsigned below(struct noon_rng *rng, unsigned n)
{
	return (unsigned)(noon_rng_u64(rng) % n);
}

static bool one_in(struct noon_rng *rng, unsigned n)
{
	return below(rng, n) == 0;
}

/* Either sign. One draw for each statement: the order of arguments and operands is the compiler's.
 */
static double signed_decades(struct noon_rng *rng, double lo, double hi)
{
	const double sign = one_in(rng, 2) ? -1 : 1;

	return sign * decades(rng, lo, hi);
}

static noon_dur some_time(struct noon_rng *rng, double lo_s, double hi_s)
{
	return noon_dur_from_s(decades(rng, lo_s, hi_s));
}

static void draw_client(struct noon_rng *rng, struct noon_sim_node *n)
{
	static const char *const presets[] = {"perfect", "tcxo", "ocxo", "rb", "vm"};

	*n = noon_sim_node_default();
	n->client = true;
	(void)snprintf(n->name, sizeof(n->name), "client");
	if (noon_osc_preset(presets[below(rng, 5)], &n->clock))
		abort();
	n->clock.frequency = between(rng, -100e-6, 100e-6);
	n->offset = (noon_dur)between(rng, -1e9, 1e9);
	n->stamp_ns = one_in(rng, 3) ? 0.0 : decades(rng, 1, 1e5);
	n->engine.alert_limit = some_time(rng, 100e-6, 100e-3);
	n->engine.max_age = some_time(rng, 30, 14400);
	n->engine.clear_after = 1 + below(rng, 8);
	n->engine.step_at_start = !one_in(rng, 4);
}

/* An honest server is wrong within what it states, and may move within that; see draw_move(). */
static void draw_server(struct noon_rng *rng, struct noon_sim_node *n, unsigned i)
{
	*n = noon_sim_node_default();
	n->server = true;
	(void)snprintf(n->name, sizeof(n->name), "server%u", i);
	n->local_bound = one_in(rng, 3) ? 0 : some_time(rng, 1e-6, 10e-3);
	n->offset = (noon_dur)((double)n->local_bound * between(rng, -0.5, 0.5));
	n->stamp_ns = one_in(rng, 3) ? 0.0 : decades(rng, 1, 1e4);
	n->layover = one_in(rng, 2) ? 0 : some_time(rng, 1e-6, 0.9);
}

static void draw_link(struct noon_rng *rng, struct noon_net_link_conf *l)
{
	static const enum noon_queue_kind kinds[] = {NOON_QUEUE_NONE, NOON_QUEUE_UNIFORM,
						     NOON_QUEUE_EXPONENTIAL, NOON_QUEUE_PARETO};

	*l = noon_net_link_conf_default();
	l->delay_ns = decades(rng, 1e3, 1e8);
	l->queue = kinds[below(rng, 4)];
	l->scale_ns = decades(rng, 1e2, 1e7);
	l->shape = between(rng, 1.1, 4);
	l->loss = one_in(rng, 2) ? 0 : between(rng, 0, 0.4);
	l->reorder = one_in(rng, 3) ? between(rng, 0, 0.2) : 0;
	l->reorder_ns = decades(rng, 1e3, 1e8);
	l->duplicate = one_in(rng, 3) ? between(rng, 0, 0.2) : 0;
}

static void draw_path(struct noon_rng *rng, struct noon_sim_path *p, uint32_t server)
{
	*p = noon_sim_path_default();
	p->client = 0;
	p->server = server;
	draw_link(rng, &p->link[0]);
	draw_link(rng, &p->link[1]);
	p->source.poll_min = (int8_t)((int)below(rng, 6) - 1);
	p->source.poll_max = (int8_t)(p->source.poll_min + (int)below(rng, 6));
	if (!one_in(rng, 3))
		return;
	/* Any minimum is true that is not above the least delay of its way. */
	p->source.minima = NOON_MINIMA_SURVEYED;
	p->source.m_f = (noon_dur)(noon_net_link_floor_ns(&p->link[0], 48) * between(rng, 0, 1));
	p->source.m_r = (noon_dur)(noon_net_link_floor_ns(&p->link[1], 48) * between(rng, 0, 1));
}

static struct noon_sim_attack *new_attack(enum noon_attack_kind kind, uint32_t server)
{
	struct noon_sim_attack *a = &s.attack[s.attacks++];

	*a = noon_sim_attack_default();
	a->kind = kind;
	a->server = server;
	return a;
}

static void draw_span(struct noon_rng *rng, struct noon_sim_attack *a)
{
	a->from = one_in(rng, 3) ? 0 : (noon_dur)((double)s.duration * noon_rng_unit(rng) * 0.9);
	if (one_in(rng, 2))
		a->until = a->from + some_time(rng, 1, 1000);
}

/* A liar may say anything, from anywhen on. */
static void draw_liar(struct noon_rng *rng, uint32_t server)
{
	static const enum noon_attack_kind kinds[] = {NOON_ATTACK_LIE, NOON_ATTACK_LIE,
						      NOON_ATTACK_SERVER_STEP, NOON_ATTACK_SMEAR};
	struct noon_sim_attack *a = new_attack(kinds[below(rng, 4)], server);

	draw_span(rng, a);
	a->offset = (noon_dur)signed_decades(rng, 1e3, 1e10);
	if (one_in(rng, 2))
		a->ramp = signed_decades(rng, 1e-9, 1e-2);
	/* What is to be believed of a leap second, it may deny; or announce one that never comes.
	 */
	a->misannounce = one_in(rng, 2);
}

/* An honest server that moves from one end of its error to the other at once. */
static void draw_move(struct noon_rng *rng, uint32_t server)
{
	const struct noon_sim_node *n = &s.node[server];
	struct noon_sim_attack *a = new_attack(NOON_ATTACK_SERVER_STEP, server);
	const double end = n->offset > 0 ? -1 : 1;

	draw_span(rng, a);
	a->until = NOON_DUR_MAX;
	a->offset = (noon_dur)((double)n->local_bound * end * between(rng, 0, 0.99)) - n->offset;
}

/* What somebody on the path can do who has no key. */
static void draw_attack(struct noon_rng *rng)
{
	static const enum noon_attack_kind kinds[] = {
		NOON_ATTACK_DELAY,     NOON_ATTACK_DELAY,	NOON_ATTACK_RAMP,
		NOON_ATTACK_REPLAY,    NOON_ATTACK_REFLECT,	NOON_ATTACK_TAMPER,
		NOON_ATTACK_CLAMP,     NOON_ATTACK_DROP_FAST,	NOON_ATTACK_DROP,
		NOON_ATTACK_KISS,      NOON_ATTACK_BLOCK_KE,	NOON_ATTACK_STRIP,
		NOON_ATTACK_BURST,     NOON_ATTACK_DUPLICATE,	NOON_ATTACK_REORDER,
		NOON_ATTACK_FLIP,      NOON_ATTACK_TRUNCATE,	NOON_ATTACK_ORIGIN_ZERO,
		NOON_ATTACK_ASYMMETRY, NOON_ATTACK_INTERLEAVED, NOON_ATTACK_COOKIE_EXHAUSTION,
	};
	const uint32_t server = 1 + below(rng, (unsigned)s.nodes - 1);
	const bool on_all = one_in(rng, 3);
	struct noon_sim_attack *a = new_attack(kinds[below(rng, sizeof(kinds) / sizeof(kinds[0]))],
					       on_all ? NOON_SIM_NONE : server);

	draw_span(rng, a);
	a->direction = 1 + below(rng, 3);
	a->delay = some_time(rng, 1e-6, 2);
	a->jitter = one_in(rng, 2) ? 0 : some_time(rng, 1e-6, 0.1);
	a->uniform = one_in(rng, 2) ? 0 : some_time(rng, 1e-6, 0.1);
	a->ramp = decades(rng, 1e-9, 1e-2);
	a->offset = (noon_dur)signed_decades(rng, 1e3, 1e10);
	a->probability = one_in(rng, 2) ? 1 : noon_rng_unit(rng);
	a->fraction = noon_rng_unit(rng);
	a->position = noon_rng_unit(rng);
	a->time_constant = some_time(rng, 0.1, 100);
}

/* A leap second comes, announced by all who are honest. */
static void draw_leap(struct noon_rng *rng)
{
	s.leap = one_in(rng, 3) ? NOON_LEAP_DELETE : NOON_LEAP_INSERT;
	s.leap_at = 1 + (noon_dur)((double)(s.duration - 2) * noon_rng_unit(rng));
}

static void draw_restart(struct noon_rng *rng)
{
	struct noon_sim_attack *a = new_attack(NOON_ATTACK_RESTART, NOON_SIM_NONE);

	a->from = 1 + (noon_dur)((double)(s.duration - 2) * noon_rng_unit(rng));
	/* Now and then just at the leap second. */
	if (s.leap != NOON_LEAP_NONE && one_in(rng, 2))
		a->from = s.leap_at + (noon_dur)signed_decades(rng, 1e6, 60e9);
	if (a->from <= 0 || a->from >= s.duration)
		a->from = 1;
}

/* The machine stands still, or is moved to another one. By more than any delay there is: a jump
 * that the paths hide breaks an assumption without a trace. Some are told. */
static void draw_upset(struct noon_rng *rng)
{
	const struct noon_machine_event *last =
		s.machine_events > 0 ? &s.machine_event[s.machine_events - 1] : NULL;
	const noon_dur from = last ? last->at + last->duration + NOON_S(1) : 1;
	struct noon_machine_event *u = &s.machine_event[s.machine_events++];

	*u = noon_machine_event_default();
	u->client = 0;
	u->kind = one_in(rng, 3) ? NOON_MACHINE_EVENT_MIGRATE : NOON_MACHINE_EVENT_PAUSE;
	u->at = from + (noon_dur)((double)(s.duration - from) * noon_rng_unit(rng) / 2.0);
	u->duration = some_time(rng, 20, 1000);
	if (u->duration > (s.duration - u->at) / 2)
		u->duration = (s.duration - u->at) / 2;
	/* Who does not know that the clock stood still refuses what comes about the leap second of
	 * the old time, and may carry it out. */
	u->noticed = one_in(rng, 3) || s.leap != NOON_LEAP_NONE;
	if (u->kind == NOON_MACHINE_EVENT_MIGRATE) {
		u->clock = s.node[0].clock;
		u->clock.frequency = between(rng, -100e-6, 100e-6);
		u->jump = (noon_dur)between(rng, -5e9, 5e9);
	}
	s.node[0].engine.readmit_after = some_time(rng, 1, 300);
	s.node[0].engine.readmit_lone_after = some_time(rng, 1, 300);
}

static void draw(uint64_t seed)
{
	struct noon_rng rng = noon_rng_seeded(seed);
	const unsigned servers = 1 + below(&rng, SERVERS_MAX);
	unsigned may_lie = (servers - 1) / 2;
	unsigned liars;
	unsigned attacks;

	noon_scenario_init(&s);
	s.duration = some_time(&rng, 120, 3600);
	s.check_every = NOON_MS(500);
	draw_client(&rng, &s.node[0]);
	s.nodes = 1 + servers;
	for (uint32_t i = 1; i <= servers; i++) {
		draw_server(&rng, &s.node[i], i);
		draw_path(&rng, &s.path[s.paths++], i);
	}
	if (one_in(&rng, 3)) {
		may_lie = below(&rng, servers);
		s.node[0].engine.max_liars = (int)may_lie;
	}
	liars = below(&rng, may_lie + 1);
	for (uint32_t i = 1; i <= servers; i++) {
		if (i <= liars)
			draw_liar(&rng, i);
		else if (s.node[i].local_bound > 0 && one_in(&rng, 2))
			draw_move(&rng, i);
	}
	if (one_in(&rng, 3))
		draw_leap(&rng);
	while (one_in(&rng, 3) && s.attacks < NOON_SIM_ATTACKS - 4)
		draw_restart(&rng);
	attacks = below(&rng, 5);
	for (unsigned i = 0; i < attacks; i++)
		draw_attack(&rng);
	for (unsigned i = below(&rng, 3); i > 0 && s.machine_events < NOON_MACHINE_EVENTS_MAX; i--)
		draw_upset(&rng);
}

static void describe(void)
{
	printf("#   %.0f s, %zu servers, max-liars %d, limit %.6f s, max-age %.0f s\n",
	       noon_dur_to_s(s.duration), s.nodes - 1, s.node[0].engine.max_liars,
	       noon_dur_to_s(s.node[0].engine.alert_limit),
	       noon_dur_to_s(s.node[0].engine.max_age));
	for (size_t i = 0; i < s.paths; i++)
		printf("#   path %zu: least %.6f s, %.6f s, minima %.6f s, %.6f s, server's error "
		       "%.6f s, layover %.6f s\n",
		       i + 1, noon_net_link_floor_ns(&s.path[i].link[0], 48) * 1e-9,
		       noon_net_link_floor_ns(&s.path[i].link[1], 48) * 1e-9,
		       noon_dur_to_s(s.path[i].source.m_f), noon_dur_to_s(s.path[i].source.m_r),
		       noon_dur_to_s(s.node[i + 1].local_bound),
		       noon_dur_to_s(s.node[i + 1].layover));
	if (s.leap != NOON_LEAP_NONE)
		printf("#   leap second %s at %.3f s\n",
		       s.leap == NOON_LEAP_INSERT ? "inserted" : "deleted",
		       noon_dur_to_s(s.leap_at));
	for (size_t i = 0; i < s.machine_events; i++)
		printf("#   %s at %.3f s for %.3f s, jump %.3f s%s\n",
		       s.machine_event[i].kind == NOON_MACHINE_EVENT_MIGRATE ? "migrated"
									     : "paused",
		       noon_dur_to_s(s.machine_event[i].at),
		       noon_dur_to_s(s.machine_event[i].duration),
		       noon_dur_to_s(s.machine_event[i].jump),
		       s.machine_event[i].noticed ? ", told" : "");
	for (size_t i = 0; i < s.attacks; i++)
		printf("#   %s on server %d from %.3f s: offset %.6f s, delay %.6f s, ramp %g%s\n",
		       noon_attack_word(s.attack[i].kind), (int)s.attack[i].server,
		       noon_dur_to_s(s.attack[i].from), noon_dur_to_s(s.attack[i].offset),
		       noon_dur_to_s(s.attack[i].delay), s.attack[i].ramp,
		       s.attack[i].misannounce ? ", wrong about leap seconds" : "");
}

/* Print the readings that are false, and those where the state changes. */
static void print_look(void *arg, const struct noon_sim_look *look)
{
	enum noon_state *last = arg;
	const double err = look->err_ns;
	const bool bad = look->r->bound != NOON_DUR_MAX &&
			 (err < (double)look->r->lower || err > (double)look->r->upper);

	if (bad || *last != look->r->state)
		printf("#   at %.3f s %s, UTC - C %.9f s in [%.9f, %.9f]%s\n",
		       noon_dur_to_s(look->since), noon_state_word(look->r->state), err * 1e-9,
		       noon_dur_to_s(look->r->lower), noon_dur_to_s(look->r->upper),
		       bad ? " FALSE" : "");
	*last = look->r->state;
}

/* Play the world of a seed; returns whether no reading was false. */
static bool play(uint64_t seed, bool talk, uint64_t *ret_checks, uint64_t *ret_violations)
{
	enum noon_state last = NOON_STATE_UNSYNCHRONISED;
	struct noon_sim_fault fault;
	struct noon_sim_tally t;
	struct noon_world *w;
	uint64_t bad;

	draw(seed);
	if (noon_scenario_check(&s, &fault)) {
		printf("# seed %" PRIu64 ": %s\n", seed, fault.why);
		return false;
	}
	if (noon_world_new(&s, seed, &w))
		abort();
	if (talk)
		noon_world_watch(w, print_look, &last);
	noon_world_run(w, s.duration);
	t = noon_world_total(w);
	noon_world_free(w);
	bad = t.violations + t.stale + t.broken[NOON_I1] + t.broken[NOON_I2];
	*ret_checks += t.checks;
	*ret_violations += bad;
	if (bad == 0 && !talk)
		return true;
	printf("# seed %" PRIu64 ": %" PRIu64 " comparisons, %" PRIu64 " false, %" PRIu64
	       " stale; I1 %" PRIu64 ", I2 %" PRIu64 "; ok for %.0f s\n",
	       seed, t.checks, t.violations, t.stale, t.broken[NOON_I1], t.broken[NOON_I2],
	       t.state_s[NOON_STATE_OK]);
	describe();
	return bad == 0;
}

static double now_s(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	uint64_t first = 1, worlds = 0, checks = 0, violations = 0;
	double seconds = 20, end;
	bool one = false, good = true;

	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--seconds") == 0)
			seconds = strtod(argv[i + 1], NULL);
		else
			first = strtoull(argv[i + 1], NULL, 10);
		one = one || strcmp(argv[i], "--one") == 0;
	}
	if (noon_aead_global_init())
		return 2;
	printf("1..1\n");
	end = now_s() + seconds;
	for (; worlds == 0 || (!one && now_s() < end); worlds++)
		good = play(first + worlds, one, &checks, &violations) && good;
	printf("%s 1 - random worlds within the assumptions\n", good ? "ok" : "not ok");
	printf("# %" PRIu64 " worlds from seed %" PRIu64 ": %" PRIu64 " comparisons, %" PRIu64
	       " violations\n",
	       worlds, first, checks, violations);
	return good ? 0 : 1;
}
