/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/calibrate/edge_schedule.h"

#include "metrology/bound/edge_probe.h"
#include "metrology/budget/calibration.h"
#include "metrology/budget/order.h"

/* A clock that was set makes what was known before worthless: begin again with the last sample. */
static void bound_now(struct noon_edge_schedule *e, noon_time at)
{
	struct noon_stamped *s = e->ordered;
	const size_t first =
		e->n - e->from > NOON_EDGE_SAMPLES ? e->n - NOON_EDGE_SAMPLES : e->from;

	for (size_t i = first; i < e->n; i++)
		s[i - first] = e->sample[i % NOON_EDGE_SAMPLES];
	if (noon_stamped_bound(s, e->n - first, e->max_rate, at, e->scratch, &e->bound) ||
	    e->bound.empty) {
		e->from = e->n - 1;
		if (noon_stamped_bound(&s[e->n - 1 - first], 1, e->max_rate, at, e->scratch,
				       &e->bound))
			e->bound.empty = true;
	}
}

void noon_edge_schedule_take(struct noon_edge_schedule *e, const struct noon_stamped *s,
			     struct noon_edges edges)
{
	const noon_dur slack = noon_time_diff(s->last, s->first) - edges.unit;

	e->sample[e->n++ % NOON_EDGE_SAMPLES] = *s;
	if (e->edges.unit == 0 || edges.unit < e->edges.unit)
		e->edges = edges;
	if (slack > e->slack)
		e->slack = slack;
	bound_now(e, s->tr);
}

noon_time noon_edge_schedule_next(struct noon_edge_schedule *e, noon_time asked, noon_time now,
				  noon_dur gap)
{
	const size_t first = e->n > NOON_EDGE_SAMPLES ? e->n - NOON_EDGE_SAMPLES : 0;
	double rtt[NOON_EDGE_SAMPLES];
	struct noon_edge_probe p = {
		.lower = e->bound.lower,
		.upper = e->bound.upper,
		.resolution = e->edges.unit,
		.edge = e->edges.edge,
		.now = now,
		.last = asked,
		.gap = gap,
		.unit = noon_rng_unit(e->rng),
	};
	noon_time next;

	if (e->n == 0 || e->bound.empty)
		return noon_time_add(asked, gap);
	/* Every upper end has the slack in it, and no question can take it out. */
	if (p.upper != INT64_MAX)
		p.upper = noon_time_diff((noon_time){p.upper}, (noon_time){e->slack});
	if (p.upper < p.lower)
		p.upper = p.lower;
	for (size_t i = first; i < e->n; i++)
		rtt[i - first] = noon_calibration_rtt(&e->sample[i % NOON_EDGE_SAMPLES]);
	noon_sort(rtt, e->n - first);
	p.rtt_min = noon_dur_from_s(rtt[0]);
	p.rtt_typical = noon_dur_from_s(noon_quantile(rtt, e->n - first, 0.5));
	if (p.rtt_typical < p.rtt_min)
		p.rtt_typical = p.rtt_min;
	return noon_edge_probe_next(&p, &next) ? noon_time_add(asked, gap) : next;
}
