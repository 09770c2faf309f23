/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/serve/ptp_service.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/report/log.h"
#include "engine/watch/guard_findings.h"

/* An older stamp was not taken on the clock as it is now. */
#define STAMP_AGE_MAX NOON_S(1)

/* CLOCK_REALTIME is steered by at most 500 ppm between a stamp and now. */
#define STEERING 2000

/* clockClass (Table 4 of IEEE 1588-2019) */
#define CLASS_LOCKED   6
#define CLASS_HOLDOVER 7
#define CLASS_DEGRADED 52 /* of an instance of class 7 that is out of its specification */

/* timeSource (Table 6): another network's time, or an oscillator. */
#define SOURCE_NTP	  0x50
#define SOURCE_OSCILLATOR 0xa0

/* The served clock: CLOCK_REALTIME now, and its map to UTC. */
struct view {
	struct noon_served_state state;
	struct noon_instant now;
};

static struct view look(const struct noon_ptp_service *s)
{
	struct view v;

	noon_served_read(s->served, &v.state, &v.now);
	return v;
}

static noon_time utc_now(const struct view *v)
{
	return noon_clock_map_apply(&v->state.map, v->now.real_ns);
}

static void arm(struct noon_ptp_service *s)
{
	const noon_time deadline = noon_ptp_transmitter_deadline(&s->machine);

	if (noon_time_is_never(deadline))
		noon_loop_disarm(&s->timer);
	else
		noon_loop_arm(s->port->link.loop, &s->timer,
			      noon_time_diff(deadline, noon_clock_now(s->clock)));
}

static struct noon_ptp_watch *watch_of(struct noon_ptp_service *s, uint32_t index)
{
	for (size_t i = 0; i < s->conf->n_watch; i++)
		if (s->watch[i].index == index)
			return &s->watch[i];
	return NULL;
}

static uint8_t reasons(const struct noon_ptp_watch *w)
{
	static const struct {
		enum noon_finding_kind kind;
		uint8_t reason;
	} table[] = {
		{NOON_FINDING_DELAYED, NOON_PTP_REASON_DELAYED},
		{NOON_FINDING_SHORTENED, NOON_PTP_REASON_SHORTENED},
		{NOON_FINDING_RTT_SHAPE, NOON_PTP_REASON_SHAPE},
	};
	uint8_t all = 0;

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (w->findings.active >> table[i].kind & 1)
			all |= table[i].reason;
	return all;
}

/* The round-trip time of an exchange, from a receiver's report and our own stamps. */
static void take_report(struct noon_ptp_service *s, const struct noon_sample *x)
{
	struct noon_ptp_watch *w = watch_of(s, x->source);

	if (w == NULL || w->guard == NULL)
		return;
	noon_guard_findings_take(&w->guard->guard, x, noon_clock_now(s->clock), &w->findings);
	noon_ptp_transmitter_set_verdict(&s->machine, w->index,
					 (uint8_t)noon_daemon_guard_state(w->guard), reasons(w));
}

static void take_finding(struct noon_ptp_service *s, const struct noon_finding *f)
{
	struct noon_ptp_watch *w = watch_of(s, f->source);

	if (w != NULL)
		noon_findings_raise(&w->findings, f);
}

static bool is_false(const struct noon_ptp_service *s, size_t i)
{
	return s->machine.watched[s->watch[i].index].audit.state == NOON_PTP_AUDIT_FALSE;
}

bool noon_ptp_service_is_alarmed(const struct noon_ptp_service *s, size_t i)
{
	return noon_daemon_guard_state(s->watch[i].guard) == NOON_CLOCK_GUARD_ALARM ||
	       is_false(s, i);
}

/* After the machine has run: report findings, then receivers in alarm. */
static void report_findings(struct noon_ptp_service *s)
{
	uint32_t alarms = 0;

	for (size_t i = 0; i < s->conf->n_watch; i++) {
		struct noon_ptp_watch *w = &s->watch[i];

		if (!is_false(s, i))
			noon_findings_clear(&w->findings, NOON_FINDING_RECEIVER_TIME);
		(void)noon_findings_report(&w->findings, &s->told);
		for (size_t k = 0; k < s->told.n; k++)
			if (s->told.a[k].kind == NOON_ACTION_FINDING)
				s->on_finding(s->arg, s->conf->watch[i].guard.name,
					      &s->told.a[k].finding);
		noon_actions_reset(&s->told);
		if (noon_ptp_service_is_alarmed(s, i))
			alarms |= UINT32_C(1) << i;
	}
	if (alarms == s->alarms)
		return;
	s->alarms = alarms;
	s->on_alarm(s->arg);
}

static void carry_out(void *arg, const struct noon_action *a)
{
	struct noon_ptp_service *s = arg;

	switch (a->kind) {
	case NOON_ACTION_SEND:
		noon_ptp_link_send(&s->port->link, &s->user, a);
		break;
	case NOON_ACTION_SAMPLE:
		take_report(s, &a->sample);
		break;
	case NOON_ACTION_FINDING:
		take_finding(s, &a->finding);
		break;
	case NOON_ACTION_DECLARE:
	case NOON_ACTION_MISS:
	case NOON_ACTION_CONNECT:
	case NOON_ACTION_ARM:
	case NOON_ACTION_CLOSE:
		break;
	}
}

static void after_actions(void *arg)
{
	struct noon_ptp_service *s = arg;

	report_findings(s);
	arm(s);
}

/* A receiver's bound holds if t4 is late, not if it is early: the steering of CLOCK_REALTIME since
 * the stamp is added, and an implausible stamp is replaced by now. */
static noon_time arrival(const struct view *v, const struct noon_ptp_arrival *a)
{
	const noon_dur age = noon_sat_sub(v->now.real_ns, a->stamp.real_ns);

	if (a->stamp.kind == NOON_STAMP_USER || age < 0 || age > STAMP_AGE_MAX ||
	    !noon_instant_is_steady(&a->stamp.since, &v->now))
		return utc_now(v);
	return noon_clock_map_apply(&v->state.map,
				    a->stamp.real_ns + a->stamp.err + age / STEERING);
}

static void on_packet(void *arg, const struct noon_ptp_arrival *a)
{
	struct noon_ptp_service *s = arg;
	const struct view v = look(s);
	const struct noon_rx rx = {
		.data = a->data,
		.at = arrival(&v, a),
		.now = noon_clock_now(s->clock),
		.stamp = a->stamp.kind,
		.peer = a->peer,
	};

	noon_ptp_transmitter_on_packet(&s->machine, &rx, &s->pump.wanted);
	noon_pump_run(&s->pump);
}

/* The bound holds if t1 is early. */
static void on_sent(void *arg, const struct noon_ptp_departure *d)
{
	struct noon_ptp_service *s = arg;
	const struct view v = look(s);
	const noon_dur age = noon_sat_sub(v.now.real_ns, d->stamp.real_ns);

	if (age < 0 || age > STAMP_AGE_MAX || !noon_instant_is_steady(&d->stamp.since, &v.now))
		return;
	noon_ptp_transmitter_on_sent(
		&s->machine, d->token,
		noon_clock_map_apply(&v.state.map,
				     d->stamp.real_ns - d->stamp.err - age / STEERING),
		d->stamp.kind, &s->pump.wanted);
	noon_pump_run(&s->pump);
}

static void on_timer(void *arg)
{
	struct noon_ptp_service *s = arg;
	struct noon_ptp_egress egress;
	struct view v;
	noon_time now;

	if (noon_ptp_transmitter_syncs(
		    &s->machine, noon_time_add(noon_clock_now(s->clock), NOON_PTP_LINK_AT_ONCE)))
		noon_ptp_link_warm_up(&s->port->link);
	egress = noon_ptp_link_egress(&s->port->link, NOON_PTP_SYNC);
	now = noon_clock_now(s->clock);
	v = look(s);
	noon_ptp_transmitter_set_egress(&s->machine, &egress);
	noon_ptp_link_read(&s->port->link, &v.now);
	noon_ptp_transmitter_on_timer(&s->machine, now, utc_now(&v), &s->pump.wanted);
	noon_pump_run(&s->pump);
}

noon_err noon_ptp_service_new(const struct noon_config *all,
			      const struct noon_config_ptp_transmitter *conf,
			      struct noon_ptp_ports *ports, struct noon_served *served,
			      struct noon_ptp_service **ret)
{
	struct noon_ptp_service *s = calloc(1, sizeof(*s));
	noon_err err;

	if (s == NULL)
		return NOON_ERR_OS;
	s->conf = conf;
	s->served = served;
	s->timer = (struct noon_timer){.fire = on_timer, .arg = s};
	noon_actions_reset(&s->told);
	s->user = (struct noon_ptp_user){.on_packet = on_packet, .on_sent = on_sent, .arg = s};
	noon_pump_init(&s->pump, carry_out, after_actions, s);
	err = noon_ptp_ports_open(ports, &conf->port, conf->name, &s->port);
	err = err ? err : noon_ptp_ports_keys(ports, &conf->port, conf->name, &s->keys);
	err = err ? err
		  : noon_ptp_giver_open(&s->giver, &conf->port, conf->name, ports->rng,
					ports->exchanges);
	for (size_t i = 0; i < conf->n_watch && !err; i++)
		err = noon_daemon_guard_new(all, &conf->watch[i].guard, &s->watch[i].guard);
	if (err) {
		noon_ptp_service_free(s);
		return err;
	}
	*ret = s;
	return NOON_OK;
}

noon_err noon_ptp_service_start(struct noon_ptp_service *s, struct noon_clock *clock,
				struct noon_rng *rng)
{
	struct noon_ptp_transmitter_conf machine = s->conf->machine;
	noon_err err;

	s->clock = clock;
	machine.rng = rng;
	machine.port = noon_ptp_ports_identity(s->port);
	machine.port.sdo_id = s->conf->port.sdo_id;
	machine.port.domain = s->conf->port.domain;
	s->giver.clock = clock;
	machine.policy = (struct noon_ptp_policy){.keys = s->keys,
						  .pairs = s->giver.pairs,
						  .spp = s->conf->port.spp,
						  .key_id = s->conf->port.key_id,
						  .in_tunnel = s->conf->port.in_tunnel};
	err = noon_ptp_transmitter_init(&s->machine, &machine, noon_clock_now(clock));
	err = err ? err : noon_ptp_link_attach(&s->port->link, &s->user);
	for (size_t i = 0; i < s->conf->n_watch && !err; i++) {
		const struct noon_config_watch *w = &s->conf->watch[i];

		err = noon_ptp_transmitter_watch(&s->machine, w->clock, &s->watch[i].index);
		if (!err)
			noon_ptp_transmitter_set_minima(&s->machine, s->watch[i].index, w->path.m_f,
							w->path.m_r);
	}
	if (!err)
		arm(s);
	return err;
}

static void accept_one(struct noon_ptp_service *s, struct noon_ptp_watch *w)
{
	noon_ptp_transmitter_accept(&s->machine, w->index);
	w->findings.active = 0;
	if (w->guard == NULL)
		return;
	noon_guard_reset(&w->guard->guard);
	noon_ptp_transmitter_set_verdict(&s->machine, w->index,
					 (uint8_t)noon_daemon_guard_state(w->guard), 0);
}

bool noon_ptp_service_accept(struct noon_ptp_service *s, const char *identity)
{
	bool any = false;

	for (size_t i = 0; i < s->conf->n_watch; i++) {
		if (identity != NULL && strcmp(identity, s->conf->watch[i].guard.name) != 0)
			continue;
		accept_one(s, &s->watch[i]);
		any = true;
	}
	if (any)
		report_findings(s);
	return any;
}

void noon_ptp_service_reload(struct noon_ptp_service *s, const struct noon_config *all)
{
	for (size_t i = 0; i < s->conf->n_watch; i++) {
		struct noon_ptp_watch *w = &s->watch[i];
		struct noon_daemon_guard *new;

		if (noon_daemon_guard_new(all, &s->conf->watch[i].guard, &new) || new == NULL)
			continue;
		if (w->guard != NULL && strcmp(w->guard->digest, new->digest) == 0) {
			free(new);
			continue;
		}
		noon_log(NOON_LOG_NOTICE, "%s: new baseline %.16s of %zu exchanges",
			 s->conf->watch[i].guard.name, new->digest, new->count);
		free(w->guard);
		w->guard = new;
	}
}

/* IEEE 1588-2019, table 4. Out of specification here means above the alert limit. */
static uint8_t class_of(enum noon_state state)
{
	switch (state) {
	case NOON_STATE_OK:
		return CLASS_LOCKED;
	case NOON_STATE_HOLDOVER:
		return CLASS_HOLDOVER;
	case NOON_STATE_UNSYNCHRONISED:
	case NOON_STATE_ALARM:
		break;
	}
	return CLASS_DEGRADED;
}

static void of_sources(const struct noon_ptp_served *what, struct noon_ptp_quality *q)
{
	const struct noon_reading *r = what->at;

	q->valid = what->may_serve;
	q->clock_class = class_of(r->state);
	q->bound = r->bound;
	q->rate = r->rate_bound;
	q->leap = r->leap;
	q->time_source = SOURCE_NTP;
}

void noon_ptp_service_tell(struct noon_ptp_service *s, const struct noon_ptp_served *what)
{
	struct noon_ptp_quality q = {
		.variance = UINT16_MAX,
		.tai_known = what->tai_known,
		.tai_offset = what->tai_offset,
		.time_source = SOURCE_OSCILLATOR,
	};

	if (what->has_sources) {
		of_sources(what, &q);
	} else {
		q.valid = s->conf->local_class > 0 && what->may_serve;
		q.clock_class = s->conf->local_class;
		q.bound = s->conf->local_bound;
	}
	noon_ptp_transmitter_set_quality(&s->machine, &q, noon_clock_now(s->clock));
	/* A degradation is announced at once. */
	if (!s->pump.running)
		arm(s);
}

void noon_ptp_service_free(struct noon_ptp_service *s)
{
	if (s == NULL)
		return;
	noon_loop_disarm(&s->timer);
	for (size_t i = 0; i < NOON_PTP_WATCHED_MAX; i++)
		free(s->watch[i].guard);
	noon_ptp_giver_close(&s->giver);
	free(s);
}
