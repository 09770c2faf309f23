/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/watch/guard_findings.h"

bool noon_guard_findings_is_alarmed(const struct noon_guard *g)
{
	return g && noon_guard_is_alarmed(g);
}

static enum noon_finding_kind kind_of(enum noon_statistic s)
{
	switch (s) {
	case NOON_STATISTIC_MEAN:
	case NOON_STATISTIC_MINIMUM:
	case NOON_STATISTIC_KS:
	case NOON_STATISTIC_GATE:
	case NOON_STATISTIC_MEAN_LONG:
	case NOON_STATISTIC_KS_LONG:
	case NOON_STATISTIC_CUSUM:
	case NOON_STATISTIC_EXCEEDANCE:
	case NOON_STATISTIC_CONFORMAL:
		return NOON_FINDING_DELAYED;
	case NOON_STATISTIC_MEAN_LOW:
	case NOON_STATISTIC_CUSUM_LOW:
	case NOON_STATISTIC_CONFORMAL_LOW:
		return NOON_FINDING_SHORTENED;
	case NOON_STATISTIC_VARIANCE:
	case NOON_STATISTIC_VARIANCE_LONG:
		return NOON_FINDING_RTT_SHAPE;
	case NOON_STATISTIC_LOSS:
	case NOON_STATISTICS:
		break;
	}
	return NOON_FINDING_LOSS;
}

/* End the findings of the kinds of which no statistic is active any more. */
static void end(const struct noon_guard *g, struct noon_findings *fs)
{
	uint32_t kinds = 0;

	for (unsigned k = 0; k < NOON_STATISTICS; k++)
		if (g->active >> k & 1)
			kinds |= UINT32_C(1) << kind_of((enum noon_statistic)k);
	for (unsigned k = NOON_FINDING_DELAYED; k <= NOON_FINDING_LOSS; k++)
		if (!(kinds >> k & 1))
			noon_findings_clear(fs, (enum noon_finding_kind)k);
}

/* Several statistics may begin with one value; the first of a kind gives its finding the numbers.
 */
static void begin(const struct noon_guard *g, const struct noon_guard_news *news, uint32_t source,
		  noon_time now, struct noon_findings *fs)
{
	for (size_t k = 0; k < news->n; k++) {
		const struct noon_guard_alarm *a = &news->alarm[k];
		const struct noon_finding f = {
			.kind = kind_of(a->statistic),
			.source = source,
			.at = now,
			.value = noon_dur_from_s(a->delay_ns * 1e-9),
			.threshold = noon_dur_from_s(g->plan->conf.shift_ns * 1e-9),
			.evidence = {noon_statistic_word(a->statistic), a->value, a->limit,
				     a->samples},
		};

		noon_findings_raise(fs, &f);
	}
}

/* A step of all round trips during an alarm. It says what to do, and changes nothing else. */
static void tell_step(const struct noon_guard *g, uint32_t source, noon_time now,
		      struct noon_findings *fs)
{
	const struct noon_finding f = {
		.kind = NOON_FINDING_ROUTE,
		.source = source,
		.at = now,
		.value = noon_dur_from_s(g->step.by_ns * 1e-9),
		.threshold = noon_dur_from_s(g->plan->conf.shift_ns * 1e-9),
		.evidence = {"step", g->step.by_ns, g->plan->room_ns,
			     g->plan->batch * NOON_GUARD_LONG / 2},
	};

	if (!g->step.is_known)
		noon_findings_clear(fs, NOON_FINDING_ROUTE);
	else if (!(fs->active >> NOON_FINDING_ROUTE & 1))
		noon_findings_raise(fs, &f);
}

void noon_guard_findings_take(struct noon_guard *g, const struct noon_sample *x, noon_time now,
			      struct noon_findings *fs)
{
	struct noon_guard_news news;

	if (!g)
		return;
	(void)noon_guard_take(g, noon_sample_rtt(x), &news);
	end(g, fs);
	begin(g, &news, x->source, now, fs);
	tell_step(g, x->source, now, fs);
}

void noon_guard_findings_miss(struct noon_guard *g, uint32_t source, noon_time now,
			      struct noon_findings *fs)
{
	struct noon_guard_news news;

	if (!g)
		return;
	(void)noon_guard_miss(g, &news);
	end(g, fs);
	begin(g, &news, source, now, fs);
}
