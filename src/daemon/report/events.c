/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/report/events.h"

#include <string.h>
#include <time.h>

#include "daemon/report/log.h"
#include "daemon/report/status_words.h"
#include "platform/clock/clock.h"

static struct noon_event *next(struct noon_events *e)
{
	struct noon_event *to = &e->ring[e->n++ % NOON_EVENTS_MAX];

	memset(to, 0, sizeof(*to));
	to->real_ns = noon_clock_read(CLOCK_REALTIME);
	to->who = "-";
	return to;
}

void noon_events_add_state(struct noon_events *e, enum noon_state state)
{
	struct noon_event *to = next(e);

	to->is_state = true;
	to->state = state;
}

static void log_finding(const struct noon_finding *f, const char *who)
{
	const char *word = noon_finding_word(f->kind);
	const char *text = noon_finding_text(f->kind);

	if (f->kind == NOON_FINDING_WANDER)
		noon_log(NOON_LOG_WARNING, "finding %s: %s (%.3g ppm against %.3g ppm)", word, text,
			 f->evidence.value * 1e6, f->evidence.limit * 1e6);
	else if (f->evidence.statistic == NULL)
		noon_log(NOON_LOG_WARNING, "finding %s: %s (source %s, value %.9f s, limit %.9f s)",
			 word, text, who, noon_dur_to_s(f->value), noon_dur_to_s(f->threshold));
	else
		noon_log(NOON_LOG_WARNING,
			 "finding %s: %s (source %s, statistic %s %.6g against %.6g over %u "
			 "exchanges, estimated delay %.9f s)",
			 word, text, who, f->evidence.statistic, f->evidence.value,
			 f->evidence.limit, f->evidence.samples, noon_dur_to_s(f->value));
}

void noon_events_add_finding(struct noon_events *e, const struct noon_finding *f, const char *who)
{
	struct noon_event *to = next(e);

	to->finding = *f;
	to->who = who;
	log_finding(f, who);
}

static json_t *event(const struct noon_event *e)
{
	const struct noon_evidence *v = &e->finding.evidence;
	json_t *o;

	if (e->is_state)
		return json_pack("{s:o, s:s, s:s}", "at", noon_status_instant(e->real_ns), "event",
				 "state", "state", noon_state_word(e->state));
	o = json_pack("{s:o, s:s, s:s, s:s, s:f, s:f}", "at", noon_status_instant(e->real_ns),
		      "event", "finding", "finding", noon_finding_word(e->finding.kind), "source",
		      e->who, "value_s", noon_dur_to_s(e->finding.value), "threshold_s",
		      noon_dur_to_s(e->finding.threshold));
	if (o != NULL && v->statistic != NULL)
		(void)json_object_update_new(o, json_pack("{s:s, s:f, s:f, s:I}", "statistic",
							  v->statistic, "statistic_value", v->value,
							  "statistic_limit", v->limit, "samples",
							  (json_int_t)v->samples));
	return o;
}

json_t *noon_events_json(const struct noon_events *e)
{
	const size_t n = e->n < NOON_EVENTS_MAX ? e->n : NOON_EVENTS_MAX;
	json_t *list = json_array();

	for (size_t i = e->n - n; i < e->n; i++)
		(void)json_array_append_new(list, event(&e->ring[i % NOON_EVENTS_MAX]));
	return list;
}
