/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/fuse.h"

#include <math.h>
#include <stddef.h>

/* A list of edges with one candidate behind it. */
struct view {
	const struct noon_edges *es;
	const struct noon_edge *extra; /* NULL: none */
};

static size_t view_n(struct view v)
{
	return v.es->n + (v.extra ? 1 : 0);
}

static const struct noon_edge *view_at(struct view v, size_t i)
{
	return i < v.es->n ? &v.es->e[i] : v.extra;
}

/* Raise the least rate where a lower edge follows an upper one, lower the largest one where it is
 * the other way round. The products only save divisions: leaving a pair out is always sound. */
static void confine(struct noon_rate *r, const struct noon_edge *l, const struct noon_edge *u,
		    noon_freq wander)
{
	const noon_dur span = noon_time_diff(l->h, u->h);

	if (span > 0) {
		const noon_dur rise = noon_sat_sub(l->theta, u->theta);

		if ((double)rise > (r->min + wander) * (double)span)
			r->min = fmax(r->min, noon_rate_floor(rise, span) - wander);
	} else if (span < 0) {
		const noon_dur rise = noon_sat_sub(u->theta, l->theta);

		if ((double)rise < (r->max - wander) * (double)-span)
			r->max = fmin(r->max, noon_rate_ceil(rise, -span) + wander);
	}
}

static struct noon_rate rates(struct view lo, struct view hi, const struct noon_drift *d)
{
	struct noon_rate r = noon_rate_within(d->rate_max);

	for (size_t i = 0; i < view_n(lo); i++)
		for (size_t j = 0; j < view_n(hi); j++)
			confine(&r, view_at(lo, i), view_at(hi, j), d->wander);
	return r;
}

noon_err noon_fuse_rate(const struct noon_window *w, const struct noon_drift *d,
			struct noon_rate *ret)
{
	const struct noon_rate r =
		rates((struct view){&w->lo, NULL}, (struct view){&w->hi, NULL}, d);

	if (noon_rate_is_empty(r))
		return NOON_ERR_EMPTY;
	*ret = r;
	return NOON_OK;
}

static noon_dur widening(struct noon_rate r, noon_dur span)
{
	return noon_scale_ceil(noon_dur_abs(span), (r.max - r.min) / 2.0);
}

static struct noon_share share_of(const struct noon_edge *e, struct noon_rate r, noon_time h)
{
	return (struct noon_share){
		.drift = widening(r, noon_time_diff(h, e->h)),
		.server_err = e->server_err,
		.stamp_err = e->stamp_err,
	};
}

/* Carry every lower edge to h and keep the largest. */
static void best_lower(struct view lo, noon_time h, struct noon_cert *c)
{
	for (size_t i = 0; i < view_n(lo); i++) {
		const struct noon_edge *e = view_at(lo, i);
		const noon_dur drift = noon_rate_drift(c->rate, noon_time_diff(h, e->h)).lo;
		const noon_dur theta = noon_sat_add(e->theta, drift);

		if (i == 0 || theta > c->theta.lo) {
			c->theta.lo = theta;
			c->lo = share_of(e, c->rate, h);
		}
	}
}

/* Carry every upper edge to h and keep the smallest. */
static void best_upper(struct view hi, noon_time h, struct noon_cert *c)
{
	for (size_t i = 0; i < view_n(hi); i++) {
		const struct noon_edge *e = view_at(hi, i);
		const noon_dur drift = noon_rate_drift(c->rate, noon_time_diff(h, e->h)).hi;
		const noon_dur theta = noon_sat_add(e->theta, drift);

		if (i == 0 || theta < c->theta.hi) {
			c->theta.hi = theta;
			c->hi = share_of(e, c->rate, h);
		}
	}
}

/* Return the newest edge of a list that is not empty. */
static noon_time newest(struct view v)
{
	noon_time t = view_at(v, view_n(v) - 1)->h;

	if (v.es->n > 0 && noon_time_before(t, v.es->e[v.es->n - 1].h))
		t = v.es->e[v.es->n - 1].h;
	return t;
}

noon_err noon_fuse(const struct noon_window *w, const struct noon_exchange *x,
		   const struct noon_drift *d, noon_time h, struct noon_cert *ret)
{
	const struct view lo = {&w->lo, x ? &x->lo : NULL};
	const struct view hi = {&w->hi, x ? &x->hi : NULL};
	struct noon_cert c = {.h0 = h, .rate_max = d->rate_max};

	if (view_n(lo) == 0 || view_n(hi) == 0)
		return NOON_ERR_NOT_FOUND;
	c.rate = rates(lo, hi, d);
	if (noon_rate_is_empty(c.rate))
		return NOON_ERR_EMPTY;
	c.rate_until = noon_time_add(newest(lo), d->max_age);
	best_lower(lo, h, &c);
	best_upper(hi, h, &c);
	if (noon_interval_is_empty(c.theta))
		return NOON_ERR_EMPTY;
	*ret = c;
	return NOON_OK;
}

struct noon_interval noon_cert_at(const struct noon_cert *c, noon_time h)
{
	const noon_time held = noon_time_min(h, c->rate_until);
	const struct noon_interval in = noon_rate_drift(c->rate, noon_time_diff(held, c->h0));
	const struct noon_interval out =
		noon_rate_drift(noon_rate_within(c->rate_max), noon_time_diff(h, held));

	return (struct noon_interval){
		noon_sat_add(c->theta.lo, noon_sat_add(in.lo, out.lo)),
		noon_sat_add(c->theta.hi, noon_sat_add(in.hi, out.hi)),
	};
}
