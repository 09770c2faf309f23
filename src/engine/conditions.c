/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/conditions.h"

/* Stamps count as fine when their error is below this share of the limit: e << L. */
#define STAMP_SHARE 10

const char *noon_met_word(enum noon_met met)
{
	switch (met) {
	case NOON_MET_YES:
		return "met";
	case NOON_MET_NO:
		return "not-met";
	case NOON_MET_UNKNOWN:
		break;
	}
	return "unknown";
}

static void set(struct noon_conditions *c, unsigned number, enum noon_met met, const char *why)
{
	c->met[number - 1] = met;
	c->why[number - 1] = why;
}

static void judge_1(const struct noon_source *s, struct noon_conditions *c)
{
	if (!s->has_cert)
		set(c, 1, NOON_MET_UNKNOWN, "no exchange yet");
	else if (!s->last.authenticated)
		set(c, 1, NOON_MET_NO, "unauthenticated times feed the estimate");
	else if (s->last.replayable)
		set(c, 1, NOON_MET_NO,
		    "replies are authenticated but answer no fresh nonce: an old one may do");
	else
		set(c, 1, NOON_MET_YES,
		    "requests and replies are authenticated and answer a fresh nonce");
}

static noon_dur over(noon_dur minimum, noon_dur light)
{
	return minimum > light ? minimum - light : 0;
}

/* The path may be shortened by what its minimum assumes beyond light on the straight line. */
static void judge_2(const struct noon_source *s, noon_dur limit, struct noon_conditions *c)
{
	const struct noon_source_conf *conf = &s->conf;
	const noon_dur f = over(conf->m_f, conf->light);
	const noon_dur r = over(conf->m_r, conf->light);
	const noon_dur server = s->has_cert ? s->last.server_err + s->last.stamp_err : 0;

	c->hidden_advance = f > r ? f : r;
	c->hidden_known = c->hidden_advance == 0 || conf->light > 0;
	if (c->hidden_advance == 0)
		set(c, 2, NOON_MET_YES, "no path is faster than the minimum assumed");
	else if (c->hidden_advance + server >= limit)
		set(c, 2, NOON_MET_NO,
		    "a faster path than the one assumed may hide an error above the limit");
	else if (!c->hidden_known)
		set(c, 2, NOON_MET_UNKNOWN,
		    "give the distance, to know how much a faster path could hide");
	else
		set(c, 2, NOON_MET_YES,
		    "a faster path than the one assumed hides an error below the limit");
}

static void judge_3(const struct noon_source *s, const struct noon_guard *guard, noon_dur limit,
		    struct noon_conditions *c)
{
	if (s->has_cert && s->last.stamp_err > limit / STAMP_SHARE)
		set(c, 3, NOON_MET_NO, "time stamps are too coarse for the limit");
	else if (!guard)
		set(c, 3, NOON_MET_UNKNOWN,
		    "no baseline: only the bound watches the round-trip time");
	else if (!guard->plan->feasible)
		set(c, 3, NOON_MET_NO,
		    "round-trip times vary too much to find a shift of the size demanded");
	else
		set(c, 3, NOON_MET_YES,
		    "a batch of round-trip times shows a shift of the size demanded");
}

void noon_conditions_of(const struct noon_source *s, const struct noon_guard *guard,
			noon_dur alert_limit, struct noon_conditions *ret)
{
	*ret = (struct noon_conditions){.hidden_advance = 0};
	judge_1(s, ret);
	judge_2(s, alert_limit, ret);
	judge_3(s, guard, alert_limit, ret);
}
