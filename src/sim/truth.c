/* SPDX-License-Identifier: Apache-2.0
 *
 * Comparison of a client with the truth, which only the simulator knows.
 */
#include <math.h>

#include "sim/world_priv.h"

/* The truth is known to a nanosecond: its own rounding and that of the line. */
#define SLACK_NS 1.0

/* Rounding of a certificate carried to two instants. */
#define GROWTH_SLACK_NS 4.0

#define KEPT_FOR NOON_S(600)

double noon_sim_error_of(struct noon_world *w, struct noon_sim_machine *m, noon_dur corr)
{
	const double x = noon_osc_x(&m->osc, w->now);
	double err = x - (double)(corr - m->osc.theta0);

	err += (double)noon_sim_leap_shift(w, w->now);
	if (w->s->truth != NOON_SIM_NONE)
		err += (double)noon_sim_server_error(w, w->s->truth, w->now);
	return err;
}

/* Extrapolate an old reading by its rates, as a reader of the page does. */
static bool is_stale_true(const struct noon_sim_machine *m, const struct noon_reading *now,
			  double err)
{
	const struct noon_reading *r = &m->kept;
	const double span = (double)noon_time_diff(now->h, r->h);
	/* truth - h - corr then */
	const double off = err + (double)(now->corr - r->corr);

	if (r->bound == NOON_DUR_MAX || noon_time_before(r->rates_until, now->h))
		return true;
	return off >= (double)r->lower + r->lower_rate * span - 2.0 * SLACK_NS &&
	       off <= (double)r->upper + r->upper_rate * span + 2.0 * SLACK_NS;
}

static bool is_ok(enum noon_state state)
{
	return state == NOON_STATE_OK || state == NOON_STATE_HOLDOVER;
}

/* While no packets arrive, the interval widens at least at its stated rates. */
static bool has_grown(const struct noon_sim_machine *m, const struct noon_reading *r)
{
	const struct noon_reading *a = &m->last.r;
	const double span = (double)noon_time_diff(r->h, a->h);
	double grown;

	if (!m->last.has || m->last.samples != m->tally.samples || r->bound == NOON_DUR_MAX ||
	    a->bound == NOON_DUR_MAX || noon_time_before(a->rates_until, r->h) ||
	    noon_time_before(a->rates_drop_at, r->h))
		return true;
	grown = (double)(r->upper - r->lower) - (double)(a->upper - a->lower);
	return grown >= (a->upper_rate - a->lower_rate) * span - GROWTH_SLACK_NS;
}

static void judge_bound(struct noon_sim_machine *m, const struct noon_reading *r, double err)
{
	struct noon_sim_tally *t = &m->tally;
	bool bad = false;

	if (r->bound != NOON_DUR_MAX)
		t->outside = fmax(t->outside, fmax(err - (double)r->upper, (double)r->lower - err));
	if (r->bound != NOON_DUR_MAX)
		bad = fabs(err) > (double)r->bound + SLACK_NS ||
		      err < (double)r->lower - SLACK_NS || err > (double)r->upper + SLACK_NS;
	t->broken[NOON_I7] += !has_grown(m, r);
	if (m->machine_event.blind) {
		t->blind += bad;
		return;
	}
	t->violations += bad;
	t->broken[NOON_I1] += bad && r->state == NOON_STATE_OK;
	t->stale += !is_stale_true(m, r, err);
	if (m->kept.bound == NOON_DUR_MAX || noon_time_diff(r->h, m->kept.h) > KEPT_FOR)
		m->kept = *r;
}

static void judge_alarm(struct noon_world *w, struct noon_sim_machine *m,
			const struct noon_reading *r, double err)
{
	struct noon_sim_tally *t = &m->tally;
	const noon_dur since = noon_time_diff(w->now, w->start);
	const bool attacked = since >= w->first_attack;
	const bool excused = attacked || since >= m->machine_event.alarm_from;
	const bool over = fabs(err) > (double)m->conf->engine.alert_limit + SLACK_NS;
	const bool alarm = r->state == NOON_STATE_ALARM;

	if (alarm && !m->alarmed) {
		t->alarms++;
		t->false_alarms += !excused;
		t->broken[NOON_I6] += !excused;
	}
	if (alarm && attacked && t->alarm_at == NOON_DUR_MAX) {
		t->alarm_at = since;
		t->err_at_alarm = fabs(err);
		t->bound_at_alarm = (double)r->bound;
	}
	m->alarmed = alarm;
	t->broken[NOON_I3] += over && is_ok(r->state) && !m->machine_event.blind;
	if (over && r->state != NOON_STATE_UNSYNCHRONISED && since < t->harm_at)
		t->harm_at = since;
	if (is_ok(r->state) && since < t->synced_after)
		t->synced_after = since;
	if (attacked && t->synced_after != NOON_DUR_MAX)
		t->max_attacked = fmax(t->max_attacked, fabs(err));
}

static void note_even(struct noon_world *w, uint32_t node, const struct noon_reading *r, double err)
{
	struct noon_sim_machine *m = &w->node[node];
	struct noon_sim_tally *t = &m->tally;

	t->end_err = fabs(err);
	t->end_bound = r->bound == NOON_DUR_MAX ? HUGE_VAL : (double)r->bound;
	t->max_rate = fmax(fabs(m->osc.least_rate), fabs(m->osc.most_rate));
	if (t->synced_after != NOON_DUR_MAX) {
		t->n_err++;
		t->sum_sq += err * err;
		t->max_err = fmax(t->max_err, fabs(err));
		t->bound_sum += t->end_bound;
		t->bound_max = fmax(t->bound_max, t->end_bound);
	}
	if (w->watch != NULL) {
		const struct noon_sim_look look = {
			.node = node,
			.since = noon_time_diff(w->now, w->start),
			.err_ns = err,
			.estimate_ns = (double)r->lower / 2.0 + (double)r->upper / 2.0,
			.r = r,
		};

		w->watch(w->watch_arg, &look);
	}
}

static void digest(struct noon_world *w, int64_t v)
{
	w->digest = (w->digest ^ (uint64_t)v) * UINT64_C(0x100000001b3);
	w->digest ^= w->digest >> 29;
}

void noon_sim_look(struct noon_world *w, uint32_t node, bool even)
{
	struct noon_sim_machine *m = &w->node[node];
	struct noon_reading r;
	double err;

	noon_engine_reading(m->engine, noon_osc_h(&m->osc, w->now), &r);
	err = noon_sim_error_of(w, m, r.corr);
	m->tally.checks++;
	if (m->last.has)
		m->tally.state_s[m->last.r.state] += noon_dur_to_s(w->now.ns - m->last.at.ns);
	judge_bound(m, &r, err);
	judge_alarm(w, m, &r, err);
	noon_machine_event_look(w, m, &r, err, even);
	if (even)
		note_even(w, node, &r, err);
	m->last = (struct noon_sim_last){r, true, m->tally.samples, w->now};
	digest(w, w->now.ns);
	digest(w, r.lower);
	digest(w, r.upper);
	digest(w, (int64_t)llround(err * 1024.0));
}
