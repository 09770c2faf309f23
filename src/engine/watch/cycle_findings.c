/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/watch/cycle_findings.h"

#include "engine/recent.h"

static void clear(const struct noon_cycle_watch *w, struct noon_findings *of_source)
{
	for (int k = 0; k < 2; k++)
		noon_findings_clear(&of_source[w->source[k]], NOON_FINDING_ASYMMETRY);
}

static void tell(const struct noon_cycle_watch *w, noon_time now, struct noon_findings *of_source)
{
	const struct noon_cycle_verdict *const v = &w->cycle->verdict;
	const uint32_t blamed = w->source[v->path == 1];
	const struct noon_finding f = {
		.kind = NOON_FINDING_ASYMMETRY,
		.source = blamed,
		.at = now,
		.value = v->asymmetry,
		.threshold = v->limit,
		.evidence = {noon_cycle_leg_word(v->leg), (double)v->asymmetry, (double)v->limit,
			     NOON_CYCLE_WINDOW},
	};

	if (!v->alarm) {
		clear(w, of_source);
		return;
	}
	/* Which path it is may become known later, or turn out otherwise. */
	noon_findings_clear(&of_source[w->source[v->path != 1]], NOON_FINDING_ASYMMETRY);
	noon_findings_raise(&of_source[blamed], &f);
}

void noon_cycle_findings_take(const struct noon_cycle_watch *w, const struct noon_sample *x,
			      const struct noon_source_conf *conf, noon_time now,
			      struct noon_findings *of_source)
{
	const struct noon_point p = noon_point_of(x, conf->m_f, conf->m_r);
	const struct noon_cycle_point c = {.h = p.h, .theta = p.theta, .rtt = p.delay};

	for (unsigned k = 0; k < 2; k++)
		if (w->source[k] == x->source && noon_cycle_take(w->cycle, k, &c))
			tell(w, now, of_source);
}

void noon_cycle_findings_accept(const struct noon_cycle_watch *w, uint32_t source,
				struct noon_findings *of_source)
{
	const bool is_of_it = source == w->source[0] || source == w->source[1];

	if (!is_of_it && !(source == NOON_SOURCE_NONE && w->cycle->verdict.alarm))
		return;
	noon_cycle_reset(w->cycle);
	clear(w, of_source);
}
