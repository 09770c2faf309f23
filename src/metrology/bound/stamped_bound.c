/* SPDX-License-Identifier: Apache-2.0
 *
 * Why a sample bounds x. Let s be the instant, in readings of C, at which the server read its clock
 * S for the stamp g: tq <= s <= tr, and first <= g's true reading S(s) <= last. With S(t) = t +
 * x(t) and a rate 1 + y of S, y > -1, S is increasing. Hence S(tr) >= S(s) >= first, which is
 * x(tr) >= first - tr, and S(tq) <= S(s) <= last, which is x(tq) <= last - tq. Both hold exactly at
 * tr and tq, whatever y > -1 is, with no allowance for the drift between. With two stamps of the
 * server T2 <= T3 the same argument has S(tq) <= T2 and S(tr) >= T3.
 *
 * So the line x(t) = x(at) + y (t - at) lies above all points (tr, first - tr) and below all points
 * (tq, last - tq). Only the hulls of the two clouds matter. The second cloud is kept upside down,
 * so that both are upper hulls and one code serves both: for it a rate y is -y.
 *
 * Feasible rates: for a rate y the line exists exactly when no lower point p and upper point q
 * contradict each other, s(p, q) = v(p) + v(q) <= y (t(p) - t(q)). Each pair with t(p) < t(q) caps
 * y, each with t(p) > t(q) limits it from below, and the rates that remain are an interval. Its
 * ends are found by Newton's method on the concave piecewise linear function min over the pairs of
 * y (t(p) - t(q)) - s(p, q), which is exact in fractions and ends after finitely many steps.
 */
#include "metrology/bound/stamped_bound.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "metrology/bound/wide.h"

/* The limit of the rate is rounded up to a multiple of 2^-62. */
#define RATE_UNIT_EXPONENT 62
/* Insertion gives up beyond this many moves for each sample, in the mean. */
#define MOVES_PER_SAMPLE 16

/** The hull of one cloud, as indices of samples with t ascending and slopes descending. */
struct hull {
	const struct noon_stamped *s;
	bool upside_down; /**< the cloud of upper points: -x is bounded from below */
	noon_time at;
	size_t *index;
	size_t n;
};

/** Feasible rates and the pairs that limit them. */
struct rates {
	struct noon_fraction max;
	size_t by[2]; /**< vertices of both hulls; unset while the limit of the caller holds */
	bool is_by_pair;
};

static int64_t time_of(const struct hull *h, size_t sample)
{
	return h->upside_down ? h->s[sample].tq.ns : h->s[sample].tr.ns;
}

static noon_wide t_of(const struct hull *h, size_t sample)
{
	return (noon_wide)time_of(h, sample) - h->at.ns;
}

/* first - tr, or -(last - tq) */
static noon_wide v_of(const struct hull *h, size_t sample)
{
	const struct noon_stamped *s = &h->s[sample];

	return h->upside_down ? (noon_wide)s->tq.ns - s->last.ns
			      : (noon_wide)s->first.ns - s->tr.ns;
}

static bool says_something(const struct hull *h, size_t sample)
{
	return h->upside_down ? !noon_time_is_never(h->s[sample].last)
			      : h->s[sample].first.ns != NOON_TIME_FIRST.ns;
}

/* ---- sorting: samples come sorted as a rule ---- */

static bool is_sorted(const struct hull *h, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (time_of(h, h->index[i - 1]) > time_of(h, h->index[i]))
			return false;
	return true;
}

/* Merge from[begin, middle) and from[middle, end) into the same places of to. */
static void merge(const struct hull *h, const size_t *from, size_t *to, const size_t at[3])
{
	size_t i = at[0], k = at[1];

	for (size_t out = at[0]; out < at[2]; out++)
		if (k == at[2] || (i < at[1] && time_of(h, from[i]) <= time_of(h, from[k])))
			to[out] = from[i++];
		else
			to[out] = from[k++];
}

static size_t lesser(size_t a, size_t b)
{
	return a < b ? a : b;
}

static void merge_sort(const struct hull *h, size_t n, size_t *spare)
{
	size_t *from = h->index, *to = spare;

	if (is_sorted(h, n))
		return;
	for (size_t width = 1; width < n; width *= 2) {
		size_t *swap = from;

		for (size_t i = 0; i < n; i += 2 * width)
			merge(h, from, to,
			      (const size_t[3]){i, lesser(i + width, n), lesser(i + 2 * width, n)});
		from = to;
		to = swap;
	}
	if (from != h->index)
		memcpy(h->index, from, n * sizeof(*from));
}

static void sift(const struct hull *h, size_t root, size_t n)
{
	for (size_t child; (child = 2 * root + 1) < n; root = child) {
		const size_t moved = h->index[root];

		if (child + 1 < n && time_of(h, h->index[child + 1]) > time_of(h, h->index[child]))
			child++;
		if (time_of(h, h->index[child]) <= time_of(h, moved))
			return;
		h->index[root] = h->index[child];
		h->index[child] = moved;
	}
}

/* Slower, but it needs no memory. */
static void heap_sort(const struct hull *h, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sift(h, i, n);
	for (size_t i = n; i-- > 1;) {
		const size_t last = h->index[i];

		h->index[i] = h->index[0];
		h->index[0] = last;
		sift(h, 0, i);
	}
}

/* For what is almost sorted: insertion, until that has moved too much. */
static void mend_order(const struct hull *h, size_t n)
{
	size_t moves = 0;

	for (size_t i = 1; i < n; i++) {
		const size_t moved = h->index[i];
		size_t k = i;

		for (; k > 0 && time_of(h, h->index[k - 1]) > time_of(h, moved); k--)
			h->index[k] = h->index[k - 1];
		h->index[k] = moved;
		moves += i - k;
		if (moves > MOVES_PER_SAMPLE * n) {
			heap_sort(h, n);
			return;
		}
	}
}

/* ---- hulls ---- */

/* Slope from one sample to a later one; t(b) > t(a). */
static struct noon_fraction slope(const struct hull *h, size_t a, size_t b)
{
	return (struct noon_fraction){v_of(h, b) - v_of(h, a), t_of(h, b) - t_of(h, a)};
}

/* Is the vertex b needed between a and c? */
static bool bends_down(const struct hull *h, size_t a, size_t b, size_t c)
{
	return noon_fraction_compare(slope(h, a, b), slope(h, b, c)) > 0;
}

static void push(struct hull *h, size_t sample)
{
	if (h->n > 0 && time_of(h, h->index[h->n - 1]) == time_of(h, sample)) {
		if (v_of(h, h->index[h->n - 1]) >= v_of(h, sample))
			return;
		h->n--;
	}
	while (h->n >= 2 && !bends_down(h, h->index[h->n - 2], h->index[h->n - 1], sample))
		h->n--;
	h->index[h->n++] = sample;
}

/* From all samples, sorted, to the vertices. The part of the array that is overwritten has been
 * read.
 */
static void make_hull(struct hull *h, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (says_something(h, h->index[i]))
			push(h, h->index[i]);
}

static void make_hulls(struct hull *low, struct hull *up, size_t n)
{
	for (size_t i = 0; i < n; i++)
		low->index[i] = i;
	merge_sort(low, n, up->index);
	/* The order of the replies is almost that of the requests. */
	memcpy(up->index, low->index, n * sizeof(*up->index));
	mend_order(up, n);
	make_hull(low, n);
	make_hull(up, n);
}

/* The vertex that is highest above lines of a rate: the first with a flatter slope behind it. */
static size_t touch(const struct hull *h, struct noon_fraction rate)
{
	size_t lo = 0, hi = h->n - 1;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (noon_fraction_compare(slope(h, h->index[mid], h->index[mid + 1]), rate) <= 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return h->index[lo];
}

static void name_pairs(const size_t pair[2], const struct rates *r, struct noon_stamped_bound *b)
{
	b->empty = true;
	b->against[0] = pair[0];
	b->against[1] = pair[1];
	b->against_n = 2;
	if (!r->is_by_pair)
		return;
	b->against[2] = r->by[0];
	b->against[3] = r->by[1];
	b->against_n = 4;
}

/* Go down from the limit to the largest feasible rate. False: there is none, and b names why. */
static bool find_max(const struct hull *low, const struct hull *up, struct rates *r,
		     struct noon_stamped_bound *b)
{
	const struct noon_fraction least = noon_fraction_negate(r->max);

	for (;;) {
		const size_t pair[2] = {touch(low, r->max),
					touch(up, noon_fraction_negate(r->max))};
		const noon_wide apart = t_of(up, pair[1]) - t_of(low, pair[0]);
		const noon_wide over = v_of(low, pair[0]) + v_of(up, pair[1]);

		/* Feasible: over <= max (-apart), -over / apart >= max for apart > 0. */
		if (apart == 0 && over <= 0)
			return true;
		if (apart > 0) {
			const struct noon_fraction cap = {-over, apart};

			if (noon_fraction_compare(cap, r->max) >= 0)
				return true;
			if (noon_fraction_compare(cap, least) >= 0) {
				*r = (struct rates){cap, {pair[0], pair[1]}, true};
				continue;
			}
			r->is_by_pair = false;
		} else if (apart < 0) {
			const struct noon_fraction floor = {over, -apart};

			if (noon_fraction_compare(floor, r->max) <= 0)
				return true;
		}
		name_pairs(pair, r, b);
		return false;
	}
}

/* The rate within [min, max] for which the hull bounds x(at) the least from below: that of the edge
 * over `at` where the limits allow it. */
static struct noon_fraction loosest(const struct hull *h, struct noon_fraction min,
				    struct noon_fraction max)
{
	size_t lo = 0, hi = h->n;
	struct noon_fraction edge;

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;

		if (t_of(h, h->index[mid]) >= 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	if (lo == 0)
		return max;
	if (lo == h->n)
		return min;
	edge = slope(h, h->index[lo - 1], h->index[lo]);
	if (noon_fraction_compare(edge, min) < 0)
		return min;
	return noon_fraction_compare(edge, max) > 0 ? max : edge;
}

/* The least x(at), or -x(at) of the hull that is upside down, for rates within [min, max]. */
static noon_dur least(const struct hull *h, struct noon_fraction min, struct noon_fraction max,
		      size_t *ret_by)
{
	struct noon_fraction rate;

	if (h->n == 0)
		return INT64_MIN;
	rate = loosest(h, min, max);
	*ret_by = touch(h, rate);
	/* v - rate t, rounded down */
	return noon_wide_saturate(
		v_of(h, *ret_by) +
		noon_fraction_scale_floor(noon_fraction_negate(rate), t_of(h, *ret_by)));
}

static void solve(const struct hull *low, const struct hull *up, struct noon_fraction limit,
		  struct noon_stamped_bound *b)
{
	/* Upside down, the rates are negated, and the two hulls change places. */
	struct rates fast = {limit, {0, 0}, false}, slow = fast;
	struct noon_fraction min, minus_max;

	if (low->n > 0 && up->n > 0 &&
	    (!find_max(low, up, &fast, b) || !find_max(up, low, &slow, b)))
		return;
	min = noon_fraction_negate(slow.max);
	minus_max = noon_fraction_negate(fast.max);
	b->rate_upper = noon_fraction_ceil(fast.max);
	b->rate_lower = -noon_fraction_ceil(slow.max);
	b->lower = least(low, min, fast.max, &b->lower_by);
	b->upper = noon_sat_sub(0, least(up, minus_max, slow.max, &b->upper_by));
}

static struct noon_fraction rate_limit(double max_rate)
{
	return (struct noon_fraction){(noon_wide)ceil(ldexp(max_rate, RATE_UNIT_EXPONENT)),
				      (noon_wide)1 << RATE_UNIT_EXPONENT};
}

noon_err noon_stamped_bound(const struct noon_stamped *s, size_t n, double max_rate, noon_time at,
			    size_t *scratch, struct noon_stamped_bound *ret)
{
	struct hull low = {.s = s, .at = at, .index = scratch};
	struct hull up = {.s = s, .at = at, .upside_down = true};
	struct noon_stamped_bound b = {.lower_by = NOON_STAMPED_NONE,
				       .upper_by = NOON_STAMPED_NONE};

	if (!(max_rate >= 0.0 && max_rate < 1.0))
		return NOON_ERR_RANGE;
	if (n > 0) {
		assert(scratch != NULL);
		up.index = scratch + n;
		make_hulls(&low, &up, n);
	}
	solve(&low, &up, rate_limit(max_rate), &b);
	*ret = b;
	return NOON_OK;
}

/* The highest of the points of a cloud at the instant `at`, each lowered by the drift until then,
 * rounded down; INT64_MIN: there is none. */
static noon_dur highest(const struct hull *h, size_t n, struct noon_fraction limit, size_t *ret_by)
{
	const struct noon_fraction minus = noon_fraction_negate(limit);
	noon_wide best = INT64_MIN;

	for (size_t i = 0; i < n; i++) {
		const noon_wide t = t_of(h, i);
		noon_wide v;

		if (!says_something(h, i))
			continue;
		v = v_of(h, i) + noon_fraction_scale_floor(minus, t < 0 ? -t : t);
		if (v <= best)
			continue;
		best = v;
		*ret_by = i;
	}
	return noon_wide_saturate(best);
}

noon_err noon_stamped_bound_wandering(const struct noon_stamped *s, size_t n, double max_rate,
				      noon_time at, struct noon_stamped_bound *ret)
{
	const struct hull low = {.s = s, .at = at};
	const struct hull up = {.s = s, .at = at, .upside_down = true};
	struct noon_stamped_bound b = {.lower_by = NOON_STAMPED_NONE,
				       .upper_by = NOON_STAMPED_NONE};
	struct noon_fraction limit;

	if (!(max_rate >= 0.0 && max_rate < 1.0))
		return NOON_ERR_RANGE;
	limit = rate_limit(max_rate);
	b.rate_upper = noon_fraction_ceil(limit);
	b.rate_lower = -b.rate_upper;
	b.lower = highest(&low, n, limit, &b.lower_by);
	b.upper = noon_sat_sub(0, highest(&up, n, limit, &b.upper_by));
	if (b.lower > b.upper)
		name_pairs((const size_t[2]){b.lower_by, b.upper_by},
			   &(const struct rates){.by = {0}}, &b);
	*ret = b;
	return NOON_OK;
}
