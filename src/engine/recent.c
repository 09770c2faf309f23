/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/recent.h"

#include <assert.h>

struct noon_point noon_point_of(const struct noon_sample *x, noon_dur m_f, noon_dur m_r)
{
	return (struct noon_point){
		.h = noon_time_add(x->t1, noon_time_diff(x->t4, x->t1) / 2),
		.theta = noon_sample_offset(x) - (m_f - m_r) / 2,
		.delay = noon_sample_rtt(x),
		.stamp_err = x->stamp_err,
	};
}

void noon_recent_start(struct noon_recent *f, noon_time now)
{
	noon_window_clear(&f->window);
	f->points.n = 0;
	f->on = true;
	f->has = false;
	f->since = now;
	f->agrees_since = NOON_TIME_NEVER;
}

void noon_recent_stop(struct noon_recent *f)
{
	f->on = false;
	f->has = false;
	f->has_claim = false;
}

/* The exchange may have a jump between its ends: the hull of what it proves with them, each carried
 * to `now`, and of what light adds. */
static void note_claim(struct noon_recent *f, const struct noon_exchange *ex,
		       const struct noon_hidden *hidden, noon_freq rate_max, noon_time now)
{
	const struct noon_rate r = noon_rate_within(rate_max);
	const noon_dur lo = noon_sat_add(noon_sat_sub(ex->lo.theta, hidden->r),
					 noon_rate_drift(r, noon_time_diff(now, ex->lo.h)).lo);
	const noon_dur hi = noon_sat_add(noon_sat_add(ex->hi.theta, hidden->f),
					 noon_rate_drift(r, noon_time_diff(now, ex->hi.h)).hi);

	f->has_claim = true;
	f->said = (struct noon_interval){lo < hi ? lo : hi, lo < hi ? hi : lo};
	f->claim_at = now;
}

/* Certify with minima that no path can be faster than (engine/source.c, certify_wide()). */
static void certify_wide(struct noon_recent *f, const struct noon_hidden *hidden,
			 const struct noon_drift *unproved, noon_time now)
{
	noon_err err;

	noon_window_widen(&f->window, hidden->r, hidden->f);
	err = noon_fuse(&f->window, NULL, unproved, now, &f->wide);
	noon_window_widen(&f->window, -hidden->r, -hidden->f);
	assert(!err); /* the edges meet as they are */
	(void)err;
}

bool noon_recent_take(struct noon_recent *f, const struct noon_sample *x,
		      const struct noon_exchange *ex, const struct noon_source_conf *conf,
		      const struct noon_drift *d, noon_time now)
{
	const struct noon_drift unproved = noon_drift_unproved(d);
	const struct noon_hidden hidden = noon_source_hidden(conf);
	const noon_time left = noon_time_min(ex->lo.h, ex->hi.h);
	const struct noon_point p = noon_point_of(x, conf->m_f, conf->m_r);

	if (!f->on)
		return true;
	note_claim(f, ex, &hidden, d->rate_max, now);
	if (noon_time_before(left, f->since))
		return true;
	noon_window_expire(&f->window, noon_time_add(left, -d->max_age));
	if (noon_fuse(&f->window, ex, &unproved, now, &f->cert)) {
		noon_recent_start(f, now);
		return false;
	}
	noon_window_add(&f->window, ex, 0.0);
	noon_points_add(&f->points, &p);
	f->has = true;
	f->last = *x;
	f->last_at = now;
	certify_wide(f, &hidden, &unproved, now);
	return true;
}

struct noon_interval noon_recent_claim(const struct noon_recent *f, bool wide, noon_freq rate_max,
				       noon_time h)
{
	struct noon_interval grown;

	if (f->on && f->has)
		return noon_cert_at(wide ? &f->wide : &f->cert, h);
	if (!f->on || !f->has_claim)
		return (struct noon_interval){INT64_MAX, INT64_MIN};
	grown = noon_rate_drift(noon_rate_within(rate_max), noon_time_diff(h, f->claim_at));
	return (struct noon_interval){noon_sat_add(f->said.lo, grown.lo),
				      noon_sat_add(f->said.hi, grown.hi)};
}
