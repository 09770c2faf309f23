/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/lab/lab_tally.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine/clock/reading.h"
#include "tools/core/tool.h"

/* For reading two clocks in sequence. */
#define SLACK_NS 2000.0

void noon_lab_tally_init(struct noon_lab_tally *l, noon_dur first_attack)
{
	*l = (struct noon_lab_tally){.t = noon_sim_tally_new()};
	l->t.first_attack = first_attack;
}

bool noon_lab_measures(const char *metric)
{
	/* These concern the inside of a daemon, or its oscillator. */
	static const char *const inside[] = {"stale_violations",
					     "I2",
					     "I4",
					     "I5",
					     "I7",
					     "steps",
					     "rate_error_max",
					     "ke_asked",
					     "noncompliant_1",
					     "noncompliant_2",
					     "noncompliant_3",
					     "hidden_advance"};

	for (size_t i = 0; i < sizeof(inside) / sizeof(inside[0]); i++)
		if (strcmp(metric, inside[i]) == 0)
			return false;
	return true;
}

static uint32_t findings_of(const json_t *status)
{
	const json_t *list = json_object_get(status, "findings");
	uint32_t mask = 0;

	for (size_t i = 0; i < json_array_size(list); i++)
		for (unsigned k = 0; k < NOON_FINDING_KINDS; k++)
			if (strcmp(json_string_value(json_array_get(list, i)),
				   noon_finding_word((enum noon_finding_kind)k)) == 0)
				mask |= UINT32_C(1) << k;
	return mask;
}

static void count_packets(struct noon_sim_tally *t, const json_t *status)
{
	const json_t *sources = json_object_get(status, "sources");

	t->polls = t->samples = t->accepted = t->ke_ok = t->ke_failed = 0;
	memset(t->verdicts, 0, sizeof(t->verdicts));
	for (size_t i = 0; i < json_array_size(sources); i++) {
		const json_t *s = json_array_get(sources, i);
		const json_t *verdicts = json_object_get(s, "verdicts");
		const json_t *nts = json_object_get(s, "nts");

		t->polls += (uint64_t)noon_json_num(s, "sent");
		t->samples += (uint64_t)noon_json_num(s, "samples");
		t->accepted += (uint64_t)noon_json_num(s, "accepted");
		t->ke_ok += (uint64_t)noon_json_num(nts, "ke_ok");
		t->ke_failed += (uint64_t)noon_json_num(nts, "ke_failed");
		for (unsigned v = 0; v < NOON_VERDICTS; v++)
			t->verdicts[v] += (uint64_t)noon_json_num(
				verdicts, noon_verdict_word((enum noon_verdict)v));
	}
	t->misses = t->polls > t->samples ? t->polls - t->samples : 0;
}

static void begin_alarm(struct noon_sim_tally *t, noon_dur at, double err, double bound)
{
	t->alarms++;
	if (at < t->first_attack)
		t->false_alarms++;
	else if (t->alarm_at == NOON_DUR_MAX) {
		t->alarm_at = at;
		t->err_at_alarm = err;
		t->bound_at_alarm = bound;
	}
}

static void compare(struct noon_lab_tally *l, const json_t *s, const char *state, noon_dur at)
{
	struct noon_sim_tally *t = &l->t;
	const bool ok = strcmp(state, "ok") == 0;
	const bool good = ok || strcmp(state, "holdover") == 0;
	const double error = noon_json_num(s, "true_error_s") * 1e9; /* C - UTC */
	const double bound = noon_json_num(s, "bound_s") * 1e9;
	const double limit = noon_json_num(s, "alert_limit_s") * 1e9;

	t->checks++;
	if (-error < noon_json_num(s, "lower_s") * 1e9 - SLACK_NS ||
	    -error > noon_json_num(s, "upper_s") * 1e9 + SLACK_NS) {
		t->violations++;
		t->broken[NOON_I1] += ok;
	}
	if (good && fabs(error) > limit + SLACK_NS) {
		t->broken[NOON_I3]++;
		t->harm_at = at < t->harm_at ? at : t->harm_at;
	}
	if (ok && t->synced_after == NOON_DUR_MAX)
		t->synced_after = at;
	if (t->synced_after == NOON_DUR_MAX)
		return;
	t->n_err++;
	t->sum_sq += error * error;
	t->max_err = fmax(t->max_err, fabs(error));
	t->bound_sum += bound;
	t->bound_max = fmax(t->bound_max, bound);
	if (at >= t->first_attack)
		t->max_attacked = fmax(t->max_attacked, fabs(error));
	t->end_err = fabs(error);
	t->end_bound = bound;
}

static void advance(struct noon_lab_tally *l, noon_dur at)
{
	for (unsigned k = 0; l->begun && k < 4; k++)
		if (strcmp(l->state, noon_state_word((enum noon_state)k)) == 0)
			l->t.state_s[k] += noon_dur_to_s(at - l->at);
	l->begun = true;
	l->at = at;
}

void noon_lab_tally_take(struct noon_lab_tally *l, const json_t *status, noon_dur at)
{
	const char *state = noon_json_str(status, "state");
	const uint32_t findings = findings_of(status);

	advance(l, at);
	if (strcmp(state, "alarm") == 0 && strcmp(l->state, "alarm") != 0)
		begin_alarm(&l->t, at, fabs(noon_json_num(status, "true_error_s")) * 1e9,
			    noon_json_num(status, "bound_s") * 1e9);
	if (json_object_get(status, "bound_s") != NULL)
		compare(l, status, state, at);
	for (unsigned k = 0; k < NOON_FINDING_KINDS; k++)
		l->t.findings[k] += (findings & ~l->findings) >> k & 1;
	l->findings = findings;
	(void)snprintf(l->state, sizeof(l->state), "%s", state);
	count_packets(&l->t, status);
}
