/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/scenario.h"

#include <math.h>
#include <string.h>

#include "proto/tunnel/padding.h"

#define PTP_POLL_MAX 1
#define CELL_MIN     128 /* a message of PTP with its headers */
#define YEARS_100    NOON_S(INT64_C(3155760000))
#define YEAR	     NOON_S(31557600)
#define LEAP_MOST    NOON_S(30 * 86400)

static const char *const attack_words[] = {
#define NOON_ATTACK_WORD(name, word) word,
	NOON_ATTACK_LIST(NOON_ATTACK_WORD)
#undef NOON_ATTACK_WORD
};

const char *noon_attack_word(enum noon_attack_kind kind)
{
	return kind < NOON_ATTACK_KINDS ? attack_words[kind] : "?";
}

struct noon_sim_node noon_sim_node_default(void)
{
	return (struct noon_sim_node){
		.clock = {.step = NOON_NS_PER_SEC},
		.stamp_ns = 0.0,
		.granularity = 1,
		.stamp_error = -1,
		.layover = NOON_US(50),
		.local_bound = NOON_US(1),
		.stratum = 1,
		.rotate = NOON_S(86400),
		.engine = noon_engine_conf_default(),
	};
}

struct noon_sim_path noon_sim_path_default(void)
{
	struct noon_sim_path p = {.source = noon_source_conf_default(), .sa = true, .nts = true};

	for (int dir = 0; dir < 2; dir++) {
		p.link[dir] = noon_net_link_conf_default();
		p.link[dir].delay_ns = 1e5;
		p.link[dir].queue = NOON_QUEUE_EXPONENTIAL;
		p.link[dir].scale_ns = 1e5;
	}
	return p;
}

struct noon_sim_seeker_conf noon_sim_seeker_default(void)
{
	return (struct noon_sim_seeker_conf){.every = NOON_NS_PER_SEC};
}

struct noon_sim_attack noon_sim_attack_default(void)
{
	return (struct noon_sim_attack){
		.client = NOON_SIM_NONE,
		.server = NOON_SIM_NONE,
		.direction = NOON_SIM_BOTH,
		.until = NOON_DUR_MAX,
		.probability = 1.0,
		.fraction = 0.5,
		.position = 0.5,
	};
}

struct noon_machine_event noon_machine_event_default(void)
{
	return (struct noon_machine_event){.client = NOON_SIM_NONE};
}

void noon_scenario_init(struct noon_scenario *s)
{
	memset(s, 0, sizeof(*s));
	s->duration = NOON_S(3600);
	s->check_every = NOON_S(1);
	s->seed = 1;
	s->truth = NOON_SIM_NONE;
}

bool noon_sim_attack_concerns(const struct noon_sim_attack *a, const struct noon_sim_path *p)
{
	return (a->client == NOON_SIM_NONE || a->client == p->client) &&
	       (a->server == NOON_SIM_NONE || a->server == p->server);
}

noon_dur noon_scenario_first_attack(const struct noon_scenario *s)
{
	noon_dur first = NOON_DUR_MAX;

	for (size_t i = 0; i < s->attacks; i++)
		if (s->attack[i].from < first)
			first = s->attack[i].from;
	return first;
}

noon_dur noon_scenario_machine_event_from(const struct noon_scenario *s, uint32_t client)
{
	noon_dur first = s->excursion ? 0 : NOON_DUR_MAX;

	for (size_t i = 0; i < s->machine_events; i++) {
		const struct noon_machine_event *u = &s->machine_event[i];

		/* A client may be affected by events of the machines it follows. */
		if ((u->client == client || s->node[u->client].server) && u->at < first)
			first = u->at;
	}
	return first;
}

static bool is_probability(double p)
{
	return p >= 0.0 && p <= 1.0;
}

static bool is_delay(double ns)
{
	return ns >= 0.0 && ns <= 100e9;
}

static const char *queue_fault(const struct noon_net_link_conf *l)
{
	if (!is_probability(l->p_idle))
		return "p-idle: expected 0..1";
	if (!is_delay(l->scale_ns))
		return "queue-scale: expected 0..100s";
	if (l->queue == NOON_QUEUE_PRIORITY && !(l->rate_bps > 0.0))
		return "queue priority: expected rate above 0";
	if (l->queue == NOON_QUEUE_PARETO && !(l->shape > 0.0))
		return "pareto-shape: expected above 0";
	if (l->queue == NOON_QUEUE_RECORDED && l->n_recorded == 0)
		return "queue recorded: expected recorded delays";
	return NULL;
}

static const char *link_fault(const struct noon_net_link_conf *l)
{
	if (!(l->length_m >= 0.0 && l->length_m <= 1e9))
		return "length-m: expected 0..1e9";
	if (!(l->velocity > 0.0 && l->velocity <= 1.0))
		return "velocity: expected above 0, at most 1";
	if (!is_delay(l->delay_ns) || !is_delay(l->forwarding_ns) || !is_delay(l->reorder_ns))
		return "delay, forwarding, reorder-delay: expected 0..100s";
	if (l->nodes > 1000)
		return "nodes: expected 0..1000";
	if (!(l->rate_bps >= 0.0) || !(l->packet_bytes >= 0.0 && l->packet_bytes <= 1e6))
		return "rate, packet-bytes: expected 0 or more";
	if (!is_probability(l->loss) || !is_probability(l->reorder) ||
	    !is_probability(l->duplicate))
		return "loss, reorder, duplicate: expected 0..1";
	if (l->route_at < 0 || !(fabs(l->route_ns) <= 100e9))
		return "route-change: expected an instant after the start and at most 100s";
	return queue_fault(l);
}

static const char *clock_fault(const struct noon_osc_conf *c)
{
	if (!(fabs(c->frequency) <= 0.01))
		return "frequency-error: expected at most 1 %";
	if (!(fabs(c->day) <= 0.01) || !(fabs(c->load) <= 0.01))
		return "day-amplitude, load-amplitude: expected at most 1 %";
	if (c->day_period < 0 || (c->day_period > 0 && c->day_period < NOON_NS_PER_SEC))
		return "day-period: expected at least 1s";
	if (fabs(c->load) > 0.0 && c->load_mean < NOON_NS_PER_SEC)
		return "load-interval: expected at least 1s";
	return NULL;
}

static const char *node_fault(const struct noon_sim_node *n)
{
	if (!n->server && !n->client)
		return "neither a server nor a client";
	if (n->clock.step < NOON_MS(1))
		return "clock: step too short";
	if (clock_fault(&n->clock) != NULL)
		return clock_fault(&n->clock);
	if (!(n->stamp_ns >= 0.0 && n->stamp_ns <= 1e9) || n->granularity < 1 ||
	    n->granularity > NOON_NS_PER_SEC)
		return "stamp-noise, granularity: expected 0..1s, 1ns..1s";
	if (n->layover < 0 || n->layover > NOON_NS_PER_SEC || n->local_bound < 0)
		return "layover, local-bound: expected 0..1s, 0 or more";
	if (n->server && (n->stratum < 1 || n->stratum > 15 || n->rotate < NOON_NS_PER_SEC))
		return "local-stratum, ntsrotate: expected 1..15, 1s or more";
	if (n->client && noon_engine_conf_check(&n->engine))
		return "alert-limit, maxclockerror, wander, max-age, max-liars, maxslewrate: some "
		       "value is out of range";
	return NULL;
}

static const char *path_fault(const struct noon_scenario *s, const struct noon_sim_path *p)
{
	const char *fault = link_fault(&p->link[0]);

	if (p->client >= s->nodes || !s->node[p->client].client)
		return "client: not a client";
	if (p->server >= s->nodes || !s->node[p->server].server)
		return "server: not a server";
	if (p->client == p->server)
		return "client and server are the same";
	if (noon_source_conf_check(&p->source))
		return "minpoll, maxpoll, minima, extra-error: some value is out of range";
	if (p->ptp && p->source.poll_min > PTP_POLL_MAX)
		return "protocol ptp: expected minpoll of 1 at most: a layover is below 1 s";
	if (p->tunnel && (!p->ptp || p->sa))
		return "tunnel: of protocol ptp, and without sa";
	if (p->cell > 0 && (!p->tunnel || p->cell < CELL_MIN || p->cell > NOON_PADDING_MAX))
		return "cell: of a tunnel, expected 128..1024";
	return fault != NULL ? fault : link_fault(&p->link[1]);
}

/* Attacks that read or make NTP messages. */
static bool is_of_ntp(enum noon_attack_kind kind)
{
	return kind == NOON_ATTACK_TAMPER || kind == NOON_ATTACK_KISS ||
	       kind == NOON_ATTACK_ORIGIN_ZERO || kind == NOON_ATTACK_INTERLEAVED ||
	       kind == NOON_ATTACK_FORGE || kind == NOON_ATTACK_STRIP ||
	       kind == NOON_ATTACK_GUESS || kind == NOON_ATTACK_CLAMP ||
	       kind == NOON_ATTACK_BLOCK_KE || kind == NOON_ATTACK_LAYOVER_LIE;
}

static bool is_on_ptp(const struct noon_scenario *s, const struct noon_sim_attack *a)
{
	for (size_t i = 0; i < s->paths; i++)
		if (s->path[i].ptp && noon_sim_attack_concerns(a, &s->path[i]))
			return true;
	return false;
}

static const char *attack_fault(const struct noon_scenario *s, const struct noon_sim_attack *a)
{
	if (a->from < 0 || a->until <= a->from)
		return "expected 0 <= from < until";
	if (a->delay < 0 || a->jitter < 0 || a->uniform < 0 || a->time_constant < 0)
		return "delay, jitter, uniform, time-constant: expected 0 or more";
	if (!is_probability(a->probability) || !is_probability(a->fraction) ||
	    !is_probability(a->position))
		return "probability, fraction, position: expected 0..1";
	if (!(fabs(a->frequency) <= 0.01) || !(fabs(a->ramp) <= 1.0))
		return "frequency, ramp: expected at most 1 %, 1s/s";
	if (a->direction == 0 || a->direction > NOON_SIM_BOTH)
		return "direction: expected forward, reverse or both";
	if (a->kind == NOON_ATTACK_RESTART && a->from == 0)
		return "restart: expected from above 0";
	if (a->kind == NOON_ATTACK_BURST && a->time_constant == 0)
		return "burst: expected time-constant, its period";
	if (is_of_ntp(a->kind) && is_on_ptp(s, a))
		return "this kind is of NTP, and a path that it is on is of PTP";
	return NULL;
}

static const char *seeker_fault(const struct noon_scenario *s, const struct noon_sim_seeker_conf *k)
{
	if (k->path >= s->paths)
		return "path: not a path";
	if (k->every < NOON_MS(10))
		return "every: expected at least 10 ms";
	if (k->model[0] < 0 || k->model[1] < 0 || k->threshold < 0 || k->agreement < 0)
		return "model-forward, model-reverse, threshold, agreement: expected 0 or more";
	if (!k->listens && k->threshold == 0)
		return "expected the threshold of its round-trip test";
	if (s->path[k->path].ptp && (k->listens || k->predictable))
		return "on a path of PTP it takes the exchanges of the receiver: expected neither "
		       "listens nor predictable";
	return NULL;
}

static bool overlap(const struct noon_machine_event *a, const struct noon_machine_event *b)
{
	return a->client == b->client && a->at <= b->at + b->duration &&
	       b->at <= a->at + a->duration;
}

static const char *event_fault(const struct noon_scenario *s, size_t i)
{
	const struct noon_machine_event *u = &s->machine_event[i];

	if (u->client >= s->nodes || !s->node[u->client].client)
		return "client: not a client";
	if (u->at <= 0 || u->duration < 0 || u->at > s->duration ||
	    u->duration > s->duration - u->at)
		return "at, duration: expected a time after the start, and its end before that of "
		       "the run";
	if (noon_dur_abs(u->jump) > YEAR)
		return "jump: expected at most a year";
	if ((u->kind == NOON_MACHINE_EVENT_PAUSE) != (u->duration > 0) &&
	    u->kind != NOON_MACHINE_EVENT_MIGRATE)
		return "expected a duration of a pause, and none of a jump";
	if ((u->kind == NOON_MACHINE_EVENT_JUMP) != (u->jump != 0) &&
	    u->kind != NOON_MACHINE_EVENT_MIGRATE)
		return "expected a jump of a jump, and none of a pause";
	for (size_t k = 0; k < i; k++)
		if (overlap(&s->machine_event[k], u))
			return "expected events of one machine at different times";
	/* A seeker would query the clock of a paused machine. */
	if (s->seekers > 0)
		return "expected no seekers beside events";
	return clock_fault(&u->clock);
}

static bool has_ptp(const struct noon_scenario *s)
{
	for (size_t i = 0; i < s->paths; i++)
		if (s->path[i].ptp)
			return true;
	return false;
}

static const char *top_fault(const struct noon_scenario *s)
{
	if (s->duration <= 0 || s->duration > YEARS_100)
		return "duration: expected above 0, at most 100 years";
	if (s->check_every <= 0)
		return "check: expected above 0";
	if (s->leap != NOON_LEAP_NONE && (s->leap_at <= 0 || s->leap_at > LEAP_MOST))
		return "leap-second-at: expected above 0, at most 30 days";
	if (s->leap != NOON_LEAP_NONE && has_ptp(s))
		return "leap-second: expected no path of PTP, which counts on through it";
	if (s->truth != NOON_SIM_NONE && (s->truth >= s->nodes || !s->node[s->truth].server))
		return "truth: expected a server";
	return s->paths == 0 ? "expected a client with a path to a server" : NULL;
}

noon_err noon_scenario_check(const struct noon_scenario *s, struct noon_sim_fault *ret)
{
	struct noon_sim_fault f = {.part = NOON_SIM_PART_TOP, .why = top_fault(s)};

	for (size_t i = 0; i < s->nodes && f.why == NULL; i++)
		f = (struct noon_sim_fault){NOON_SIM_PART_NODE, i, node_fault(&s->node[i])};
	for (size_t i = 0; i < s->paths && f.why == NULL; i++)
		f = (struct noon_sim_fault){NOON_SIM_PART_PATH, i, path_fault(s, &s->path[i])};
	for (size_t i = 0; i < s->attacks && f.why == NULL; i++)
		f = (struct noon_sim_fault){NOON_SIM_PART_ATTACK, i,
					    attack_fault(s, &s->attack[i])};
	for (size_t i = 0; i < s->seekers && f.why == NULL; i++)
		f = (struct noon_sim_fault){NOON_SIM_PART_SEEKER, i,
					    seeker_fault(s, &s->seeker[i])};
	for (size_t i = 0; i < s->machine_events && f.why == NULL; i++)
		f = (struct noon_sim_fault){NOON_SIM_PART_MACHINE_EVENT, i, event_fault(s, i)};
	if (f.why == NULL)
		return NOON_OK;
	*ret = f;
	return NOON_ERR_RANGE;
}
