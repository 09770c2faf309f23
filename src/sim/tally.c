/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/tally.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/clock/reading.h"

struct noon_sim_tally noon_sim_tally_new(void)
{
	return (struct noon_sim_tally){
		.synced_after = NOON_DUR_MAX,
		.first_attack = NOON_DUR_MAX,
		.alarm_at = NOON_DUR_MAX,
		.harm_at = NOON_DUR_MAX,
		.ok_again = NOON_DUR_MAX,
	};
}

static void add_counts(uint64_t *sum, const uint64_t *t, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum[i] += t[i];
}

static void add_alarm(struct noon_sim_tally *sum, const struct noon_sim_tally *t)
{
	if (t->first_attack < sum->first_attack)
		sum->first_attack = t->first_attack;
	if (t->alarm_at < sum->alarm_at) {
		sum->alarm_at = t->alarm_at;
		sum->err_at_alarm = t->err_at_alarm;
		sum->bound_at_alarm = t->bound_at_alarm;
	}
	if (t->harm_at < sum->harm_at)
		sum->harm_at = t->harm_at;
	/* Of several, the last one counts. */
	if (sum->synced_after == NOON_DUR_MAX || t->synced_after > sum->synced_after)
		sum->synced_after = t->synced_after;
}

/* The longest one counts; before the first there is nothing to compare with. */
static void add_return(struct noon_sim_tally *sum, const struct noon_sim_tally *t, bool first)
{
	if (first || t->ok_again > sum->ok_again)
		sum->ok_again = t->ok_again;
	if (t->event_end > sum->event_end)
		sum->event_end = t->event_end;
	if (t->away_longest > sum->away_longest)
		sum->away_longest = t->away_longest;
	sum->away_err = fmax(sum->away_err, t->away_err);
	sum->away_bound = fmax(sum->away_bound, t->away_bound);
	sum->n_after += t->n_after;
	sum->after_sq += t->after_sq;
}

static void add_paper(struct noon_sim_paper *sum, const struct noon_sim_paper *p)
{
	sum->exchanges += p->exchanges;
	sum->forged += p->forged;
	sum->declared += p->declared;
	sum->compromised += p->compromised;
	sum->undetected += p->undetected;
	sum->max_err = fmax(sum->max_err, p->max_err);
	sum->end_err = fmax(sum->end_err, p->end_err);
	sum->max_rtt = fmax(sum->max_rtt, p->max_rtt);
	add_counts(sum->noncompliant, p->noncompliant, 3);
}

void noon_sim_tally_add(struct noon_sim_tally *sum, const struct noon_sim_tally *t)
{
	add_return(sum, t, sum->checks == 0);
	sum->checks += t->checks;
	sum->violations += t->violations;
	sum->blind += t->blind;
	sum->outside = fmax(sum->outside, t->outside);
	sum->stale += t->stale;
	sum->alarms += t->alarms;
	sum->false_alarms += t->false_alarms;
	add_counts(sum->findings, t->findings, NOON_FINDING_KINDS);
	add_counts(sum->verdicts, t->verdicts, NOON_VERDICTS);
	add_counts(sum->broken, t->broken, NOON_INVARIANTS);
	sum->polls += t->polls;
	sum->samples += t->samples;
	sum->accepted += t->accepted;
	sum->misses += t->misses;
	sum->ke_asked += t->ke_asked;
	sum->ke_ok += t->ke_ok;
	sum->ke_failed += t->ke_failed;
	sum->steps += t->steps;
	for (size_t i = 0; i < 4; i++)
		sum->state_s[i] += t->state_s[i];
	sum->n_err += t->n_err;
	sum->sum_sq += t->sum_sq;
	sum->max_err = fmax(sum->max_err, t->max_err);
	sum->max_attacked = fmax(sum->max_attacked, t->max_attacked);
	sum->bound_sum += t->bound_sum;
	sum->bound_max = fmax(sum->bound_max, t->bound_max);
	sum->end_err = fmax(sum->end_err, t->end_err);
	sum->end_bound = fmax(sum->end_bound, t->end_bound);
	sum->max_rate = fmax(sum->max_rate, t->max_rate);
	add_counts(sum->noncompliant, t->noncompliant, 3);
	add_paper(&sum->paper, &t->paper);
	if (t->hidden_advance > sum->hidden_advance)
		sum->hidden_advance = t->hidden_advance;
	add_alarm(sum, t);
}

static double seconds(noon_dur d)
{
	return d == NOON_DUR_MAX ? HUGE_VAL : noon_dur_to_s(d);
}

/* One getter each; `arg` only where there is a family. */
#define GET(name, expression)                                                \
	static double get_##name(const struct noon_sim_tally *t, unsigned i) \
	{                                                                    \
		(void)i;                                                     \
		return (double)(expression);                                 \
	}
GET(violations, t->violations)
GET(blind, t->blind)
GET(outside, t->outside / 1e9)
GET(stale, t->stale)
GET(alarms, t->alarms)
GET(false_alarms, t->false_alarms)
GET(harmed, t->broken[NOON_I3])
GET(polls, t->polls)
GET(samples, t->samples)
GET(accepted, t->accepted)
GET(misses, t->misses)
GET(steps, t->steps)
GET(ke_asked, t->ke_asked)
GET(ke_ok, t->ke_ok)
GET(ke_failed, t->ke_failed)
GET(alarm_at, seconds(t->alarm_at))
GET(alarm_after, t->alarm_at == NOON_DUR_MAX ? HUGE_VAL : seconds(t->alarm_at - t->first_attack))
GET(alarm_before, t->alarm_at != NOON_DUR_MAX && t->alarm_at <= t->harm_at)
GET(err_at_alarm, t->err_at_alarm / 1e9)
GET(bound_at_alarm, t->bound_at_alarm / 1e9)
GET(synced_after, seconds(t->synced_after))
GET(rms, t->n_err > 0 ? sqrt(t->sum_sq / (double)t->n_err) / 1e9 : 0.0)
GET(max_err, t->max_err / 1e9)
GET(max_attacked, t->max_attacked / 1e9)
GET(bound_mean, t->n_err > 0 ? t->bound_sum / (double)t->n_err / 1e9 : HUGE_VAL)
GET(bound_max, t->bound_max / 1e9)
GET(end_err, t->end_err / 1e9)
GET(end_bound, t->end_bound / 1e9)
GET(max_rate, t->max_rate)
GET(ok_again, seconds(t->ok_again))
GET(away_longest, seconds(t->away_longest))
GET(away_err, t->away_err / 1e9)
GET(away_bound, t->away_bound / 1e9)
GET(rms_after, t->n_after > 0 ? sqrt(t->after_sq / (double)t->n_after) / 1e9 : HUGE_VAL)
GET(finding, t->findings[i])
GET(verdict, t->verdicts[i])
GET(state, t->state_s[i])
GET(broken, t->broken[i])
GET(noncompliant, t->noncompliant[i])
GET(hidden, seconds(t->hidden_advance))
GET(paper_exchanges, t->paper.exchanges)
GET(paper_forged, t->paper.forged)
GET(paper_declared, t->paper.declared)
GET(paper_compromised, t->paper.compromised)
GET(paper_undetected, t->paper.undetected)
GET(paper_max_err, t->paper.max_err / 1e9)
GET(paper_end_err, t->paper.end_err / 1e9)
GET(paper_max_rtt, t->paper.max_rtt / 1e9)
GET(paper_noncompliant, t->paper.noncompliant[i])

static const struct noon_metric fixed[] = {
	{"bound_violations", NOON_METRIC_COUNT, 0, get_violations},
	{"blind_violations", NOON_METRIC_COUNT, 0, get_blind},
	{"outside_max", NOON_METRIC_SECONDS, 0, get_outside},
	{"stale_violations", NOON_METRIC_COUNT, 0, get_stale},
	{"harmed", NOON_METRIC_COUNT, 0, get_harmed},
	{"alarms", NOON_METRIC_COUNT, 0, get_alarms},
	{"false_alarms", NOON_METRIC_COUNT, 0, get_false_alarms},
	{"alarm_before_limit", NOON_METRIC_COUNT, 0, get_alarm_before},
	{"alarm_at", NOON_METRIC_SECONDS, 0, get_alarm_at},
	{"alarm_after", NOON_METRIC_SECONDS, 0, get_alarm_after},
	{"alarm_error", NOON_METRIC_SECONDS, 0, get_err_at_alarm},
	{"alarm_bound", NOON_METRIC_SECONDS, 0, get_bound_at_alarm},
	{"synced_after", NOON_METRIC_SECONDS, 0, get_synced_after},
	{"rms_offset", NOON_METRIC_SECONDS, 0, get_rms},
	{"max_offset", NOON_METRIC_SECONDS, 0, get_max_err},
	{"max_offset_attacked", NOON_METRIC_SECONDS, 0, get_max_attacked},
	{"bound_mean", NOON_METRIC_SECONDS, 0, get_bound_mean},
	{"bound_max", NOON_METRIC_SECONDS, 0, get_bound_max},
	{"end_offset", NOON_METRIC_SECONDS, 0, get_end_err},
	{"end_bound", NOON_METRIC_SECONDS, 0, get_end_bound},
	{"polls", NOON_METRIC_COUNT, 0, get_polls},
	{"samples", NOON_METRIC_COUNT, 0, get_samples},
	{"accepted", NOON_METRIC_COUNT, 0, get_accepted},
	{"misses", NOON_METRIC_COUNT, 0, get_misses},
	{"steps", NOON_METRIC_COUNT, 0, get_steps},
	{"ke_asked", NOON_METRIC_COUNT, 0, get_ke_asked},
	{"ke_ok", NOON_METRIC_COUNT, 0, get_ke_ok},
	{"ke_failed", NOON_METRIC_COUNT, 0, get_ke_failed},
	{"rate_error_max", NOON_METRIC_FRACTION, 0, get_max_rate},
	{"ok_again", NOON_METRIC_SECONDS, 0, get_ok_again},
	{"away_longest", NOON_METRIC_SECONDS, 0, get_away_longest},
	{"away_offset", NOON_METRIC_SECONDS, 0, get_away_err},
	{"away_bound", NOON_METRIC_SECONDS, 0, get_away_bound},
	{"rms_after", NOON_METRIC_SECONDS, 0, get_rms_after},
	{"noncompliant_1", NOON_METRIC_COUNT, 0, get_noncompliant},
	{"noncompliant_2", NOON_METRIC_COUNT, 1, get_noncompliant},
	{"noncompliant_3", NOON_METRIC_COUNT, 2, get_noncompliant},
	{"hidden_advance", NOON_METRIC_SECONDS, 0, get_hidden},
	{"paper.exchanges", NOON_METRIC_COUNT, 0, get_paper_exchanges},
	{"paper.forged", NOON_METRIC_COUNT, 0, get_paper_forged},
	{"paper.declared", NOON_METRIC_COUNT, 0, get_paper_declared},
	{"paper.compromised", NOON_METRIC_COUNT, 0, get_paper_compromised},
	{"paper.undetected", NOON_METRIC_COUNT, 0, get_paper_undetected},
	{"paper.max_offset", NOON_METRIC_SECONDS, 0, get_paper_max_err},
	{"paper.end_offset", NOON_METRIC_SECONDS, 0, get_paper_end_err},
	{"paper.rtt_shift", NOON_METRIC_SECONDS, 0, get_paper_max_rtt},
	{"paper.noncompliant_1", NOON_METRIC_COUNT, 0, get_paper_noncompliant},
	{"paper.noncompliant_2", NOON_METRIC_COUNT, 1, get_paper_noncompliant},
	{"paper.noncompliant_3", NOON_METRIC_COUNT, 2, get_paper_noncompliant},
	{"I1", NOON_METRIC_COUNT, NOON_I1, get_broken},
	{"I2", NOON_METRIC_COUNT, NOON_I2, get_broken},
	{"I3", NOON_METRIC_COUNT, NOON_I3, get_broken},
	{"I4", NOON_METRIC_COUNT, NOON_I4, get_broken},
	{"I5", NOON_METRIC_COUNT, NOON_I5, get_broken},
	{"I6", NOON_METRIC_COUNT, NOON_I6, get_broken},
	{"I7", NOON_METRIC_COUNT, NOON_I7, get_broken},
};

#define FIXED (sizeof(fixed) / sizeof(fixed[0]))

static const char *finding_word(unsigned i)
{
	return noon_finding_word((enum noon_finding_kind)i);
}

static const char *verdict_word(unsigned i)
{
	return noon_verdict_word((enum noon_verdict)i);
}

static const char *state_word(unsigned i)
{
	return noon_state_word((enum noon_state)i);
}

/* Figures of which there is one for each word of a list. */
static const struct family {
	const char *prefix;
	unsigned n;
	enum noon_metric_unit unit;
	const char *(*word)(unsigned i);
	double (*get)(const struct noon_sim_tally *t, unsigned i);
} families[] = {
	{"state.", 4, NOON_METRIC_SECONDS, state_word, get_state},
	{"finding.", NOON_FINDING_KINDS, NOON_METRIC_COUNT, finding_word, get_finding},
	{"verdict.", NOON_VERDICTS, NOON_METRIC_COUNT, verdict_word, get_verdict},
};

noon_err noon_metric_find(const char *name, struct noon_metric *ret)
{
	for (size_t i = 0; i < FIXED; i++) {
		if (strcmp(fixed[i].name, name) != 0)
			continue;
		*ret = fixed[i];
		return NOON_OK;
	}
	for (size_t k = 0; k < sizeof(families) / sizeof(families[0]); k++) {
		const struct family *f = &families[k];
		const size_t n = strlen(f->prefix);

		if (strncmp(name, f->prefix, n) != 0)
			continue;
		for (unsigned i = 0; i < f->n; i++) {
			if (strcmp(f->word(i), name + n) != 0)
				continue;
			*ret = (struct noon_metric){f->word(i), f->unit, i, f->get};
			return NOON_OK;
		}
	}
	return NOON_ERR_NOT_FOUND;
}

bool noon_metric_name(size_t i, char *buf, size_t n)
{
	if (i < FIXED) {
		(void)snprintf(buf, n, "%s", fixed[i].name);
		return true;
	}
	i -= FIXED;
	for (size_t k = 0; k < sizeof(families) / sizeof(families[0]); k++) {
		const struct family *f = &families[k];

		if (i < f->n) {
			(void)snprintf(buf, n, "%s%s", f->prefix, f->word((unsigned)i));
			return true;
		}
		i -= f->n;
	}
	return false;
}
