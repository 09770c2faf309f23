/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/bound/fuse.h"

#include <assert.h>
#include <math.h>
#include <stddef.h>

/* Farther from the origin, ns, a double would not hold every difference exactly. */
#define EXACT (INT64_C(1) << 52)

/* More than all rounding of numbers below EXACT and rates below 1, ns. */
#define NEAR 16.0

/* Rows taken out of turn, at most. */
#define ROUNDS 8

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
	assert(i < view_n(v));
	return i < v.es->n ? &v.es->e[i] : v.extra;
}

/* What a pair of edges is worth. */
struct pairing {
	noon_freq wander;
	noon_dur min_span;
};

/* Raise the least rate where a lower edge follows an upper one, lower the largest one where it is
 * the other way round. The products only save divisions: leaving a pair out is always sound. */
static void confine(struct noon_rate *r, const struct noon_edge *l, const struct noon_edge *u,
		    const struct pairing *as)
{
	const noon_dur span = noon_time_diff(l->h, u->h);
	const noon_freq wander = as->wander;

	if (noon_dur_abs(span) < as->min_span)
		return;
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

/* Edges of one list, relative to a common origin and exact as doubles, oldest first. */
struct plain {
	size_t n;
	double h[NOON_WINDOW_MAX + 1];
	double theta[NOON_WINDOW_MAX + 1];
};

/* Both lists, exact and as doubles. */
struct pairs {
	struct view lo, hi;
	struct plain l, u;
	uint8_t before[NOON_WINDOW_MAX + 1]; /* upper edges older than each lower one */
	uint8_t until[NOON_WINDOW_MAX + 1];  /* upper edges not newer than each lower one */
	struct pairing as;
};

/* Return whether the edges are in order and near enough to the origin to be exact. */
static bool flatten(struct view v, const struct noon_edge *origin, struct plain *ret)
{
	ret->n = view_n(v);
	for (size_t i = 0; i < ret->n; i++) {
		const struct noon_edge *e = view_at(v, i);
		const noon_dur h = noon_time_diff(e->h, origin->h);
		const noon_dur theta = noon_sat_sub(e->theta, origin->theta);

		if (noon_dur_abs(h) > EXACT || noon_dur_abs(theta) > EXACT)
			return false;
		ret->h[i] = (double)h;
		ret->theta[i] = (double)theta;
		if (i > 0 && ret->h[i] < ret->h[i - 1])
			return false;
	}
	return true;
}

/* Count the upper edges on either side of each lower one. */
static void align(struct pairs *p)
{
	size_t before = 0, until = 0;

	for (size_t i = 0; i < p->l.n; i++) {
		while (before < p->u.n && p->u.h[before] < p->l.h[i])
			before++;
		while (until < p->u.n && p->u.h[until] <= p->l.h[i])
			until++;
		p->before[i] = (uint8_t)before;
		p->until[i] = (uint8_t)until;
	}
}

/* For a rate: the least theta - rate h of the upper edges up to each, and from each on. */
struct hull {
	double min_rate, max_rate;
	double before[NOON_WINDOW_MAX + 2]; /* [j]: of edges 0..j-1, at min_rate */
	double after[NOON_WINDOW_MAX + 2];  /* [j]: of edges j.., at max_rate */
};

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

static void hull_of(const struct plain *hi, struct noon_rate r, noon_freq wander, struct hull *ret)
{
	ret->min_rate = r.min + wander;
	ret->max_rate = r.max - wander;
	ret->before[0] = HUGE_VAL;
	ret->after[hi->n] = HUGE_VAL;
	/* Interleaved, so that the two dependency chains are independent. */
	for (size_t j = 0, k = hi->n; k > 0; j++, k--) {
		ret->before[j + 1] =
			smaller(ret->before[j], hi->theta[j] - ret->min_rate * hi->h[j]);
		ret->after[k - 1] =
			smaller(ret->after[k], hi->theta[k - 1] - ret->max_rate * hi->h[k - 1]);
	}
}

/* Confine by one lower edge and every upper one; exact arithmetic only where it may matter, which
 * the same comparison decides on the same numbers. Returns whether that changed anything. */
static bool confine_fast(struct noon_rate *r, const struct pairs *p, size_t i)
{
	const double h = p->l.h[i];
	const double theta = p->l.theta[i];
	const struct noon_rate before = *r;
	size_t j;

	for (j = 0; j < p->before[i]; j++)
		if (theta - p->u.theta[j] > (r->min + p->as.wander) * (h - p->u.h[j]))
			confine(r, view_at(p->lo, i), view_at(p->hi, j), &p->as);
	for (; j < p->u.n; j++)
		if (theta - p->u.theta[j] > (r->max - p->as.wander) * (h - p->u.h[j]))
			confine(r, view_at(p->lo, i), view_at(p->hi, j), &p->as);
	return r->min > before.min || r->max < before.max;
}

/* Return how far a row reaches beyond the rates in force; negative if it stays within them. */
static double reach(const struct pairs *p, const struct hull *hull, size_t i)
{
	const double low = p->l.theta[i] - hull->min_rate * p->l.h[i] - hull->before[p->before[i]];
	const double high = p->l.theta[i] - hull->max_rate * p->l.h[i] - hull->after[p->until[i]];

	return low > high ? low : high;
}

/* Return the row that reaches farthest beyond the rates in force; l.n if none does. */
static size_t worst_row(const struct pairs *p, const struct hull *hull)
{
	double most = NEAR;
	size_t at = p->l.n;

	for (size_t i = 0; i < p->l.n; i++) {
		const double d = reach(p, hull, i);

		if (d > most) {
			most = d;
			at = i;
		}
	}
	return at;
}

/* The same rates as by comparing every pair, which is done only where it may matter: a lower edge
 * that lies more than NEAR below every line through an upper edge at the rates in force cannot
 * confine them. */
static struct noon_rate rates_by_hull(const struct pairs *p, noon_freq rate_max)
{
	const struct plain *l = &p->l, *u = &p->u;
	struct noon_rate r = noon_rate_within(rate_max);
	struct hull hull;

	/* The rows that confine most first: what they leave, few others confine. */
	(void)confine_fast(&r, p, l->n - 1);
	(void)confine_fast(&r, p, 0);
	hull_of(u, r, p->as.wander, &hull);
	for (int round = 0; round < ROUNDS; round++) {
		const size_t i = worst_row(p, &hull);

		if (i == l->n || !confine_fast(&r, p, i))
			break;
		hull_of(u, r, p->as.wander, &hull);
	}
	for (size_t i = 1; i + 1 < l->n; i++) {
		if (reach(p, &hull, i) < -NEAR)
			continue;
		if (confine_fast(&r, p, i))
			hull_of(u, r, p->as.wander, &hull);
	}
	return r;
}

static struct noon_rate rates(struct view lo, struct view hi, const struct noon_drift *d)
{
	struct pairs p = {.lo = lo, .hi = hi, .as = {d->wander, d->min_span}};
	struct noon_rate r = noon_rate_within(d->rate_max);

	if (view_n(lo) > 0 && flatten(lo, view_at(lo, 0), &p.l) &&
	    flatten(hi, view_at(lo, 0), &p.u)) {
		align(&p);
		return rates_by_hull(&p, d->rate_max);
	}
	for (size_t i = 0; i < view_n(lo); i++)
		for (size_t j = 0; j < view_n(hi); j++)
			confine(&r, view_at(lo, i), view_at(hi, j), &p.as);
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

/* Estimate how far each edge, carried to h at a rate for the past or one for the future, lies above
 * the first one's own theta; return the greatest of `sign` times that. */
static double leads(struct view v, noon_time h, noon_freq past, noon_freq future, double sign,
		    double ret[NOON_WINDOW_MAX + 1])
{
	const noon_dur theta0 = view_at(v, 0)->theta;
	double most = -HUGE_VAL;

	for (size_t i = 0; i < view_n(v); i++) {
		const struct noon_edge *e = view_at(v, i);
		const noon_dur span = noon_time_diff(h, e->h);
		const double rate = span >= 0 ? past : future;

		ret[i] = sign * ((double)noon_sat_sub(e->theta, theta0) + (double)span * rate);
		most = ret[i] > most ? ret[i] : most;
	}
	return most;
}

/* Carry every lower edge to h and keep the largest. Those clearly behind need not be exact. */
static void best_lower(struct view lo, noon_time h, struct noon_cert *c)
{
	double lead[NOON_WINDOW_MAX + 1];
	const double most = leads(lo, h, c->rate.min, c->rate.max, 1.0, lead);
	bool first = true;

	for (size_t i = 0; i < view_n(lo); i++) {
		const struct noon_edge *e = view_at(lo, i);
		noon_dur span, theta;

		if (lead[i] < most - NEAR)
			continue;
		span = noon_time_diff(h, e->h);
		theta = noon_sat_add(e->theta, noon_rate_drift(c->rate, span).lo);
		if (first || theta > c->theta.lo) {
			c->theta.lo = theta;
			c->lo = share_of(e, c->rate, h);
		}
		first = false;
	}
}

/* Carry every upper edge to h and keep the smallest. */
static void best_upper(struct view hi, noon_time h, struct noon_cert *c)
{
	double lead[NOON_WINDOW_MAX + 1];
	const double most = leads(hi, h, c->rate.max, c->rate.min, -1.0, lead);
	bool first = true;

	for (size_t i = 0; i < view_n(hi); i++) {
		const struct noon_edge *e = view_at(hi, i);
		noon_dur span, theta;

		if (lead[i] < most - NEAR)
			continue;
		span = noon_time_diff(h, e->h);
		theta = noon_sat_add(e->theta, noon_rate_drift(c->rate, span).hi);
		if (first || theta < c->theta.hi) {
			c->theta.hi = theta;
			c->hi = share_of(e, c->rate, h);
		}
		first = false;
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
	struct noon_cert c = {.h0 = h, .rate_max = d->rate_max, .holdover_from = NOON_TIME_NEVER};

	if (view_n(lo) == 0 || view_n(hi) == 0)
		return NOON_ERR_NOT_FOUND;
	c.rate = rates(lo, hi, d);
	if (noon_rate_is_empty(c.rate))
		return NOON_ERR_EMPTY;
	c.holdover = c.rate;
	c.rate_until = noon_time_add(newest(lo), d->max_age);
	best_lower(lo, h, &c);
	best_upper(hi, h, &c);
	if (noon_interval_is_empty(c.theta))
		return NOON_ERR_EMPTY;
	*ret = c;
	return NOON_OK;
}

/* Halvings of the range of wanders. */
#define WANDER_STEPS 20

noon_err noon_fuse_wander(const struct noon_window *w, const struct noon_exchange *x,
			  const struct noon_drift *d, noon_time h, noon_freq *ret)
{
	struct noon_drift try = noon_drift_unproved(d);
	noon_freq least = d->wander, enough = fmax(try.wander, d->wander);
	struct noon_cert c;
	noon_err err;

	try.wander = enough;
	err = noon_fuse(w, x, &try, h, &c);
	if (err)
		return err;
	if (noon_fuse(w, x, d, h, &c) == NOON_OK)
		enough = d->wander;
	for (int i = 0; i < WANDER_STEPS && least < enough; i++) {
		try.wander = (least + enough) / 2.0;
		if (noon_fuse(w, x, &try, h, &c) == NOON_OK)
			enough = try.wander;
		else
			least = try.wander;
	}
	*ret = enough;
	return NOON_OK;
}

void noon_fuse_holdover(const struct noon_window *w, const struct noon_drift *d, noon_dur span,
			noon_time from, struct noon_cert *c)
{
	struct noon_drift holdover = *d;
	struct noon_rate r;

	holdover.wander = d->holdover;
	holdover.min_span = span;
	if (!(d->holdover > 0.0) || d->holdover >= d->wander || noon_fuse_rate(w, &holdover, &r))
		return;
	r = noon_rate_meet(r, c->rate);
	if (noon_rate_is_empty(r))
		return;
	c->holdover = r;
	c->holdover_from = from;
}

noon_freq noon_fuse_needed_holdover(const struct noon_window *w, const struct noon_drift *d,
				    noon_dur span)
{
	struct noon_drift try = *d;
	noon_freq least = d->holdover / 2.0, enough = noon_drift_unproved(d).wander;
	struct noon_rate r;

	try.wander = least;
	try.min_span = span;
	if (!(d->holdover > 0.0) || noon_fuse_rate(w, &try, &r) == NOON_OK)
		return 0.0;
	for (int i = 0; i < WANDER_STEPS && least < enough; i++) {
		try.wander = (least + enough) / 2.0;
		if (noon_fuse_rate(w, &try, &r) == NOON_OK)
			enough = try.wander;
		else
			least = try.wander;
	}
	return enough;
}

/* What is gained from one instant to a later one at most; nothing when it is not later. */
static void gain(struct noon_interval *in, struct noon_rate r, noon_time from, noon_time to)
{
	struct noon_interval more;

	if (!noon_time_before(from, to))
		return;
	more = noon_rate_drift(r, noon_time_diff(to, from));
	in->lo = noon_sat_add(in->lo, more.lo);
	in->hi = noon_sat_add(in->hi, more.hi);
}

static noon_time later(noon_time a, noon_time b)
{
	return noon_time_before(a, b) ? b : a;
}

struct noon_interval noon_cert_at(const struct noon_cert *c, noon_time h)
{
	const noon_time holdover = noon_time_min(later(c->holdover_from, c->h0), c->rate_until);
	struct noon_interval in = c->theta;

	if (noon_time_before(h, c->h0)) {
		const struct noon_interval back =
			noon_rate_drift(c->rate, noon_time_diff(h, c->h0));

		return (struct noon_interval){noon_sat_add(in.lo, back.lo),
					      noon_sat_add(in.hi, back.hi)};
	}
	gain(&in, c->rate, c->h0, noon_time_min(h, holdover));
	gain(&in, c->holdover, holdover, noon_time_min(h, c->rate_until));
	gain(&in, noon_rate_within(c->rate_max), later(c->rate_until, c->h0), h);
	return in;
}

void noon_cert_shift(struct noon_cert *c, noon_dur d)
{
	c->theta.lo = noon_sat_add(c->theta.lo, d);
	c->theta.hi = noon_sat_add(c->theta.hi, d);
}

struct noon_cert noon_cert_hull(const struct noon_cert *c, struct noon_interval in,
				noon_freq rate_max, noon_time h)
{
	struct noon_cert out = {
		.h0 = h,
		.theta = in,
		.rate = noon_rate_within(rate_max),
		.holdover = noon_rate_within(rate_max),
		.holdover_from = NOON_TIME_NEVER,
		.rate_until = NOON_TIME_NEVER,
		.rate_max = rate_max,
	};
	struct noon_interval was;

	if (!c)
		return out;
	was = noon_cert_at(c, h);
	out.lo = c->lo;
	out.hi = c->hi;
	if (was.lo < out.theta.lo)
		out.theta.lo = was.lo;
	if (was.hi > out.theta.hi)
		out.theta.hi = was.hi;
	return out;
}
