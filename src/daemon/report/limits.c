/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/report/limits.h"

#include <stdio.h>
#include <string.h>

#include "engine/schedule.h"
#include "estimate/bound/rate.h"

/* Exchanges of a source after which a remaining excess is attributed to the path itself. */
#define TYPICAL 4

#define DUR 32

void noon_limits_dur(char *out, size_t n, noon_dur d)
{
	static const struct {
		double ns;
		const char *unit;
	} units[] = {{1e9, "s"}, {1e6, "ms"}, {1e3, "us"}};
	const double ns = (double)d;

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (ns < units[i].ns)
			continue;
		(void)snprintf(out, n, "%.3g %s", ns / units[i].ns, units[i].unit);
		return;
	}
	(void)snprintf(out, n, "%.0f ns", ns);
}

#define GUARD_FINDINGS                                               \
	(1U << NOON_FINDING_DELAYED | 1U << NOON_FINDING_SHORTENED | \
	 1U << NOON_FINDING_RTT_SHAPE | 1U << NOON_FINDING_PEER_ALARM)

/* Without stable agreement: the cause. */
static enum noon_clock_reason reason_of_findings(uint32_t findings)
{
	static const struct {
		uint32_t findings;
		enum noon_clock_reason reason;
	} table[] = {
		{1U << NOON_FINDING_SUSPENDED, NOON_CLOCK_REASON_SUSPENDED},
		{1U << NOON_FINDING_DISRUPTED, NOON_CLOCK_REASON_DISRUPTED},
		{1U << NOON_FINDING_CLOCK_STEPPED, NOON_CLOCK_REASON_STEPPED},
		{1U << NOON_FINDING_NO_MAJORITY | 1U << NOON_FINDING_INCONSISTENT |
			 1U << NOON_FINDING_SUPERLUMINAL | 1U << NOON_FINDING_JUMPED,
		 NOON_CLOCK_REASON_CONTRADICTION},
		{1U << NOON_FINDING_TOO_FEW, NOON_CLOCK_REASON_TOO_FEW},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (findings & table[i].findings)
			return table[i].reason;
	return NOON_CLOCK_REASON_NONE;
}

/* Contributions that more exchanges on the same path do not reduce. */
static noon_dur lasting(const struct noon_reading *r)
{
	const struct noon_terms *t = &r->terms;

	return noon_sat_add(noon_sat_add(t->path, t->server),
			    noon_sat_add(t->quantisation, r->hidden));
}

enum noon_clock_reason noon_limits_reason(const struct noon_limits_input *in)
{
	const struct noon_reading *r = in->reading;
	const noon_dur limit = in->conf->engine.alert_limit;
	const enum noon_clock_reason found = reason_of_findings(r->findings);

	if (r->state == NOON_STATE_OK)
		return NOON_CLOCK_REASON_NONE;
	if (r->state == NOON_STATE_HOLDOVER)
		return NOON_CLOCK_REASON_SILENT;
	if (in->conf->n_sources == 0)
		return NOON_CLOCK_REASON_NO_SOURCES;
	if (found != NOON_CLOCK_REASON_NONE)
		return found;
	if (r->bound == NOON_DUR_MAX)
		return NOON_CLOCK_REASON_NO_EXCHANGE;
	if (r->terms.leap > 0)
		return NOON_CLOCK_REASON_LEAP;
	if (noon_sat_add(r->bound, r->hidden) > limit)
		return lasting(r) > limit && in->accepted >= TYPICAL
			       ? NOON_CLOCK_REASON_OUT_OF_REACH
			       : NOON_CLOCK_REASON_BOUND;
	return r->findings & GUARD_FINDINGS ? NOON_CLOCK_REASON_GUARD : NOON_CLOCK_REASON_SETTLING;
}

struct term {
	const char *name;
	noon_dur size;
	const char *help;
};

/* The first of the largest ones. */
static const struct term *largest(const struct term *t, size_t n)
{
	const struct term *most = t;

	for (size_t i = 1; i < n; i++)
		if (t[i].size > most->size)
			most = &t[i];
	return most;
}

static void say_above(const struct noon_limits_input *in, bool for_good, char ret[NOON_LIMITS_TEXT])
{
	const struct noon_reading *r = in->reading;
	const struct term term[] = {
		{"path", r->terms.path, "nearer server, `distance-m`, or a larger `alert-limit`"},
		{"server", r->terms.server, "better server, or a larger `alert-limit`"},
		{"time stamps", r->terms.quantisation, "`hwtimestamp`, or a larger `alert-limit`"},
		{"hidden advance", r->hidden,
		 "`distance-m` beside the minimum, or a larger `alert-limit`"},
		/* Transient ones. */
		{"drift", r->terms.drift, "known better with more exchanges"},
		{"slewing", r->terms.slewing, "the clock is still being set right"},
	};
	const struct term *t = largest(term, for_good ? 4 : 6);
	char bound[DUR];
	char limit[DUR];
	char size[DUR];

	noon_limits_dur(bound, sizeof(bound), noon_sat_add(r->bound, r->hidden));
	noon_limits_dur(limit, sizeof(limit), in->conf->engine.alert_limit);
	noon_limits_dur(size, sizeof(size), t->size);
	(void)snprintf(ret, NOON_LIMITS_TEXT, "bound %s %s %s: %s %s; %s", bound,
		       for_good ? "cannot be within" : "is above the limit of", limit, t->name,
		       size, t->help);
}

static noon_dur poll_of(int8_t log2_s)
{
	return log2_s >= 0 ? NOON_NS_PER_SEC << log2_s : NOON_NS_PER_SEC >> -log2_s;
}

static noon_dur shortest_poll(const struct noon_config *c)
{
	int8_t least = NOON_POLL_LOG2_MAX;

	for (size_t i = 0; i < c->n_sources; i++)
		if (!c->source[i].engine.noselect && c->source[i].engine.poll_min < least)
			least = c->source[i].engine.poll_min;
	return poll_of(least);
}

static void say_settling(const struct noon_limits_input *in, char ret[NOON_LIMITS_TEXT])
{
	const struct noon_reading *r = in->reading;
	char bound[DUR];
	char limit[DUR];
	char lasts[DUR];
	char polls[DUR];

	if (r->state == NOON_STATE_ALARM) {
		(void)snprintf(ret, NOON_LIMITS_TEXT,
			       "waiting for %u good exchanges in a row to end the alarm",
			       in->conf->engine.clear_after);
		return;
	}
	noon_limits_dur(bound, sizeof(bound), noon_sat_add(r->bound, r->hidden));
	noon_limits_dur(limit, sizeof(limit), in->conf->engine.alert_limit);
	noon_limits_dur(lasts, sizeof(lasts), noon_time_diff(r->void_after, r->h));
	noon_limits_dur(polls, sizeof(polls), shortest_poll(in->conf));
	(void)snprintf(
		ret, NOON_LIMITS_TEXT,
		"bound %s is within %s: waiting until it stays so for two polls (%s each); it "
		"would for %s, and the rate is known better with each exchange",
		bound, limit, polls, lasts);
}

void noon_limits_why(const struct noon_limits_input *in, char ret[NOON_LIMITS_TEXT])
{
	const enum noon_clock_reason reason = noon_limits_reason(in);

	ret[0] = '\0';
	switch ((int)reason) {
	case NOON_CLOCK_REASON_NONE:
		break;
	case NOON_CLOCK_REASON_NO_EXCHANGE:
		(void)snprintf(ret, NOON_LIMITS_TEXT, "waiting for the first exchange");
		break;
	case NOON_CLOCK_REASON_BOUND:
	case NOON_CLOCK_REASON_OUT_OF_REACH:
		say_above(in, reason == NOON_CLOCK_REASON_OUT_OF_REACH, ret);
		break;
	case NOON_CLOCK_REASON_SETTLING:
		say_settling(in, ret);
		break;
	default:
		(void)snprintf(ret, NOON_LIMITS_TEXT, "%s", noon_clock_reason_text(reason));
		break;
	}
}

/* Growth of the bound from one poll to the next and until a lost one is replaced: at the rate of
 * `wander` while no exchange is overdue, then of `holdover`, if configured.
 */
static noon_dur drift_of(const struct noon_engine_conf *e, const struct noon_source_conf *s)
{
	const noon_dur poll = poll_of(s->poll_min);
	const noon_dur more = noon_schedule_room_needed(s) - poll;
	const noon_freq holdover =
		e->holdover > 0 && e->holdover < e->wander ? e->holdover : e->wander;

	return noon_sat_add(noon_scale_floor(poll, e->wander), noon_scale_floor(more, holdover));
}

/* The least bound of one source, and the terms that contribute half of it or more. */
static noon_dur least_of(const struct noon_config *c, const struct noon_config_source *s,
			 struct term ret[3])
{
	const struct noon_hidden hidden = noon_source_hidden(&s->engine);

	ret[0] = (struct term){"error of the server", s->engine.extra_err,
			       "smaller `extra-error`, or a larger `alert-limit`"};
	/* The interval is wider by at least this at both ends together. */
	ret[1] = (struct term){"hidden advance", hidden.f / 2 + hidden.r / 2,
			       "`distance-m` beside the minimum, or a larger `alert-limit`"};
	ret[2] = (struct term){"drift from poll to poll", drift_of(&c->engine, &s->engine),
			       "smaller `minpoll` or `wander`, or a larger `alert-limit`"};
	return noon_sat_add(noon_sat_add(ret[0].size, ret[1].size), ret[2].size);
}

bool noon_limits_never(const struct noon_config *c, char ret[NOON_LIMITS_TEXT])
{
	const noon_dur limit = c->engine.alert_limit;
	noon_dur best = NOON_DUR_MAX;
	struct term of_best[3] = {{"", 0, ""}, {"", 0, ""}, {"", 0, ""}};
	const char *name = "";
	const struct term *t;
	char bound[DUR];
	char allowed[DUR];
	char size[DUR];

	for (size_t i = 0; i < c->n_sources; i++) {
		struct term terms[3];
		const noon_dur least = least_of(c, &c->source[i], terms);

		if (c->source[i].engine.noselect || least >= best)
			continue;
		best = least;
		memcpy(of_best, terms, sizeof(terms));
		name = c->source[i].host;
	}
	if (best == NOON_DUR_MAX || best <= limit)
		return false;
	t = largest(of_best, 3);
	noon_limits_dur(bound, sizeof(bound), best);
	noon_limits_dur(allowed, sizeof(allowed), limit);
	noon_limits_dur(size, sizeof(size), t->size);
	(void)snprintf(
		ret, NOON_LIMITS_TEXT,
		"alert-limit %s cannot be met, the bound is %s or more: %s %s (source %.80s); %s",
		allowed, bound, t->name, size, name, t->help);
	return true;
}
