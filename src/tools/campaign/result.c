/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/campaign/result.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/core/tool.h"
#include "tools/stamp/token_text.h"

/* What is known while a campaign is read. */
struct loading {
	struct noon_result *r;
	size_t room;	  /* samples */
	noon_time before; /* tq of the sample before */
	bool apart;	  /* PTP: what comes from the service is sent before it is asked */
	bool backwards;
};

__attribute__((format(printf, 2, 3))) static void find(struct noon_result *r, const char *format,
						       ...)
{
	va_list list;

	if (r->n_findings == NOON_RESULT_FINDINGS)
		return;
	va_start(list, format);
	(void)vsnprintf(r->finding[r->n_findings++], sizeof(r->finding[0]), format, list);
	va_end(list);
}

static bool take_reading(void *arg, const struct noon_reference_reading *r)
{
	struct noon_result *out = arg;

	if ((out->readings & (out->readings - 1)) == 0) {
		const size_t room = out->readings == 0 ? 1 : 2 * out->readings;
		void *p = realloc(out->reading, room * sizeof(*r));

		if (p == NULL)
			return false;
		out->reading = p;
	}
	out->reading[out->readings++] = *r;
	out->broken = out->broken || r->state == NOON_REFERENCE_BROKEN;
	return true;
}

static bool is_usable(const struct noon_reference_reading *r)
{
	return r->state == NOON_REFERENCE_LOCKED || r->state == NOON_REFERENCE_HOLDOVER;
}

/* The error of T(C) at an instant: along the line to the next reading, if that is usable too. */
static noon_dur error_at(const struct noon_result *r, size_t i, noon_time t)
{
	const struct noon_reference_reading *a = &r->reading[i];
	const struct noon_reference_reading *b = a + 1;
	double part;

	if (i + 1 >= r->readings || !is_usable(b) || b->at.ns <= a->at.ns || t.ns <= a->at.ns ||
	    t.ns >= b->at.ns)
		return a->error;
	part = (double)noon_time_diff(t, a->at) / (double)noon_time_diff(b->at, a->at);
	return a->error + (noon_dur)llround(part * (double)noon_sat_sub(b->error, a->error));
}

/* What counts of a sample that is not used as well. */
static void count(struct noon_result *r, const struct noon_campaign_sample *s)
{
	r->authenticated += s->authenticated;
	r->levels[s->tx_stamp][s->rx_stamp]++;
	r->stratum = s->stratum;
	if (s->claimed < r->claimed)
		r->claimed = s->claimed;
}

static bool take_sample(void *arg, const struct noon_campaign_sample *s)
{
	struct loading *l = arg;
	struct noon_result *r = l->r;
	const size_t i = s->reading - 1;
	struct noon_calibration_sample *out;
	noon_dur error;

	const bool turned = !l->apart && noon_time_before(s->tr, s->tq);

	count(r, s);
	l->backwards = l->backwards || noon_time_before(s->tq, l->before) || turned;
	l->before = s->tq;
	if (s->reading == 0 || i >= r->readings || !is_usable(&r->reading[i]) || turned ||
	    r->c.n == l->room) {
		r->unusable++;
		return true;
	}
	error = error_at(r, i, s->tq);
	out = &r->sample[r->c.n++];
	*out = (struct noon_calibration_sample){
		.s = {.first = s->first, .last = s->last},
		.stamp_err = s->stamp_err,
		.bound = r->reading[i].bound,
		.u_s = r->reading[i].u_s,
	};
	out->s.tq = noon_time_add(s->tq, -error);
	out->s.tr = noon_time_add(s->tr, -error);
	if (noon_dur_abs(error) > r->reference_error)
		r->reference_error = noon_dur_abs(error);
	return true;
}

static bool take_miss(void *arg, const struct noon_campaign_miss *m)
{
	struct noon_result *r = arg;

	(void)json_array_append_new(r->misses, json_pack("{s:s, s:I, s:o, s:o}", "why", m->why, "n",
							 (json_int_t)m->n, "first",
							 noon_token_instant(m->first), "last",
							 noon_token_instant(m->last)));
	return true;
}

static noon_err load(struct noon_campaigns *db, struct loading *l, int64_t id,
		     struct noon_result_why *why)
{
	struct noon_result *r = l->r;
	noon_err err = noon_campaigns_find(db, id, &r->campaign);
	const size_t room = (size_t)r->campaign.samples;

	if (!err && noon_campaign_terms(r->campaign.head, &r->terms)) {
		(void)snprintf(why->text, sizeof(why->text),
			       "campaign %" PRId64 ": its head is not one that this version knows",
			       id);
		return NOON_ERR_FORMAT;
	}
	l->apart = strcmp(noon_result_head(r, "kind"), "ptp") == 0;
	err = err ? err : noon_campaigns_readings(db, id, take_reading, r);
	r->sample = calloc(room + 1, sizeof(*r->sample));
	l->room = r->sample == NULL ? 0 : room;
	err = err ? err : noon_campaigns_samples(db, id, take_sample, l);
	r->misses = json_array();
	err = err ? err : noon_campaigns_misses(db, id, take_miss, r);
	err = err ? err : noon_campaigns_digest(db, id, r->digest);
	if (err)
		(void)snprintf(why->text, sizeof(why->text), "%s", noon_campaigns_error(db));
	return err;
}

static int by_tq(const void *a, const void *b)
{
	const struct noon_calibration_sample *x = a;
	const struct noon_calibration_sample *y = b;

	return (x->s.tq.ns > y->s.tq.ns) - (x->s.tq.ns < y->s.tq.ns);
}

static noon_err compute(struct noon_result *r)
{
	const size_t n = r->c.n;
	const size_t trials = r->terms.conf.trials;
	double *scratch = calloc(NOON_CALIBRATION_SCRATCH(n, trials), sizeof(*scratch));
	size_t *index = calloc(2 * n, sizeof(*index));
	noon_err err = NOON_ERR_OS;

	r->hull = calloc(n, sizeof(*r->hull));
	/* What the reference took off may have put neighbours into another order. */
	qsort(r->sample, n, sizeof(*r->sample), by_tq);
	if (scratch != NULL && index != NULL && r->hull != NULL)
		err = noon_calibrate(r->sample, n, &r->terms.conf, scratch, index, r->hull, &r->c);
	free(scratch);
	free(index);
	return err;
}

/* Where a whole number of seconds is left, another scale than UTC is likely. */
static void suspect_scale(struct noon_result *r)
{
	const double x = r->c.x;
	const double smear = 1.0 / 86400;

	if (strcmp(noon_result_head(r, "scale"), "utc") != 0)
		return;
	if (fabs(x - 37) < 0.4)
		find(r, "37 s ahead: that is TAI, not UTC (--scale tai says so)");
	else if (fabs(x - 18) < 0.4)
		find(r, "18 s ahead: that is GPS time, not UTC");
	else if (fabs(x) - r->c.u.U > 0.5)
		find(r, "more than half a second off: is it on UTC?");
	if (r->c.has_rate && fabs(fabs(r->c.rate) - smear) < 0.5e-6 && fabs(x) < 1.1)
		find(r, "its rate is that of a leap second smeared over a day: single readings are "
			"not of UTC");
}

static void suspect_claim(struct noon_result *r)
{
	const struct noon_stamped_bound *b = &r->c.bound;
	noon_dur least = 0;
	char t[2][32];

	if (r->claimed == NOON_DUR_MAX || b->empty || !r->c.has_bound)
		return;
	if (b->lower > 0 && b->lower != INT64_MAX)
		least = b->lower;
	if (b->upper < 0 && b->upper != INT64_MIN)
		least = -b->upper;
	if (least <= r->claimed)
		return;
	noon_tool_dur(t[0], sizeof(t[0]), noon_dur_to_s(r->claimed));
	noon_tool_dur(t[1], sizeof(t[1]), noon_dur_to_s(least));
	find(r, "it claims to be within %s of UTC and is at least %s off", t[0], t[1]);
}

static void look_for_faults(struct noon_result *r, const struct loading *l)
{
	if (r->campaign.samples == 0)
		find(r, "there is no sample%s",
		     r->campaign.misses > 0 ? ": no question had a usable answer" : "");
	if (r->unusable > 0)
		find(r, "%zu of %" PRIu64 " samples have no usable reference and are left out",
		     r->unusable, r->campaign.samples);
	r->broken = r->broken || l->backwards;
	if (l->backwards)
		find(r, "T(C) went backwards: the reference is not monotone");
	if (r->c.n == 0)
		return;
	if (r->c.bound.empty)
		find(r,
		     "samples contradict each other: the clock was set or changed its rate, or "
		     "does not %s; no result can be stated",
		     r->terms.conf.two_way ? "keep within --max-rate"
					   : "round its stamps as declared");
	else if (!r->stated)
		find(r, "what was stamped bounds the clock on one side only: more samples");
	if (!r->c.has_bound)
		find(r, "the reference promises no bound: the hard bound is against T(C) only");
	if (r->stated)
		suspect_scale(r);
	suspect_claim(r);
}

noon_err noon_result_load(struct noon_campaigns *db, int64_t id, size_t trials,
			  struct noon_result *r, struct noon_result_why *why)
{
	struct loading l = {.r = r, .before = NOON_TIME_FIRST};
	noon_err err;

	*r = (struct noon_result){.claimed = NOON_DUR_MAX};
	err = load(db, &l, id, why);
	r->terms.conf.trials = trials;
	if (!err && r->c.n > 0) {
		err = compute(r);
		(void)snprintf(why->text, sizeof(why->text), "campaign %" PRId64 ": %s", id,
			       noon_err_text(err));
	}
	r->stated = !err && r->c.n > 0 && !r->c.bound.empty && isfinite(r->c.u.u_c);
	if (!err)
		look_for_faults(r, &l);
	return err;
}

void noon_result_fini(struct noon_result *r)
{
	noon_campaign_terms_fini(&r->terms);
	json_decref(r->misses);
	free(r->sample);
	free(r->hull);
	free(r->reading);
}

const char *noon_result_head(const struct noon_result *r, const char *key)
{
	const char *text = json_string_value(json_object_get(r->terms.head, key));

	return text != NULL ? text : "";
}
