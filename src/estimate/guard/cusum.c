/* SPDX-License-Identifier: Apache-2.0
 *
 * Two steps: the increments as a table over the cells of the law, and the Markov chain of S,
 * which gives run lengths (docs/theory.md, (19)).
 */
#include "estimate/guard/cusum.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#define FLOOR	    1e-4 /* share of the uniform law in the mixture */
#define COUNT_MIN   8.0	 /* values within the stretch that gives a density */
#define SMOOTHING   0.6	 /* power of the number of values that the stretch holds */
#define DULL	    1e-9 /* a smaller information per value tells nothing */
#define SQRT_3	    1.73205080756887729353
#define TURNS	    60
#define SLACK	    1.1 /* grid beyond the threshold */
#define NUDGE	    1.005
#define NUDGES	    30
#define MARGIN	    3.0
#define ROOT_MOST   1e6
#define STATES	    ((size_t)NOON_CUSUM_STATES)
#define LLR_LARGEST 700.0
#define STEPS_MOST  1024 /* of the chain, one by one */
#define STEADY	    1e-4 /* change of the rate of alarms that is none any more */
#define POWERS	    60	 /* of a matrix, for its largest eigenvalue */
#define SETTLED	    1e-9

/* ---- the increments ---- */

/* A density of the law, smoothed and with a floor. */
struct density {
	const struct noon_law *law;
	const double *sum; /* sum[k]: mass of the cells before k */
	double half;	   /* least half-width of the stretch, ns */
	double need;	   /* least mass in it */
	double floor;	   /* 1/ns */
};

static double mass_below(const struct density *d, double x_ns)
{
	const double u = (x_ns - d->law->x0_ns) / d->law->step_ns + 0.5;
	size_t k;

	if (u <= 0.0)
		return 0.0;
	if (u >= (double)d->law->n)
		return d->sum[d->law->n];
	k = (size_t)u;
	return d->sum[k] + d->law->p[k] * (u - (double)k);
}

static double mass_around(const struct density *d, double x_ns, double half)
{
	return mass_below(d, x_ns + half) - mass_below(d, x_ns - half);
}

/* Return the density at x without the floor, 1/ns. */
static double density_at(const struct density *d, double x_ns)
{
	double lo = d->half, hi = d->half;

	if (mass_around(d, x_ns, lo) >= d->need)
		return mass_around(d, x_ns, lo) / (2.0 * lo);
	while (mass_around(d, x_ns, hi) < d->need && hi < 1e18)
		hi *= 2.0;
	for (int i = 0; i < 30; i++) {
		const double mid = (lo + hi) / 2.0;

		if (mass_around(d, x_ns, mid) < d->need)
			lo = mid;
		else
			hi = mid;
	}
	return d->need / (2.0 * hi);
}

static void add_up(struct noon_cusum_work *w, const struct noon_law *f0)
{
	w->sum[0] = 0.0;
	for (size_t k = 0; k < f0->n; k++)
		w->sum[k + 1] = w->sum[k] + f0->p[k];
}

static struct density density_of(struct noon_cusum_work *w, const struct noon_law *f0, double delta,
				 double noise)
{
	const double span = f0->step_ns * (double)f0->n + fabs(delta);
	const double count = (double)f0->count;
	struct density d = {.law = f0, .sum = w->sum};

	add_up(w, f0);
	d.half = fmax(f0->step_ns / 2.0, noise * SQRT_3);
	d.need = count > 0.0 ? fmin(fmax(COUNT_MIN, pow(count, SMOOTHING)) / count, 0.25) : 0.0;
	d.floor = fmax(FLOOR, count > 0.0 ? 1.0 / count : 0.0) / span;
	return d;
}

/* Where f0 says nothing, only its floor is left and the ratio would fall back to 0 there: the
 * most suspicious values would count for nothing. So the extremes hold from there outwards: the
 * largest ratio on the side that an attack shifts to, the smallest on the other. */
static void hold_in_tails(struct noon_cusum *c, const struct density *d)
{
	const double middle = noon_law_quantile(d->law, 0.5);
	const size_t k0 = (size_t)fmin((middle - c->x0_ns) / c->step_ns, (double)(c->n - 1));
	const double sign = c->delta_ns > 0.0 ? 1.0 : -1.0;
	double up = -HUGE_VAL, down = -HUGE_VAL;

	for (size_t k = k0; k < c->n; k++) {
		const double x = c->x0_ns + c->step_ns * (double)k;

		up = fmax(up, sign * c->llr[k]);
		if (mass_around(d, x, d->half) <= d->floor * 2.0 * d->half)
			c->llr[k] = sign * up;
	}
	for (size_t k = k0 + 1; k-- > 0;) {
		const double x = c->x0_ns + c->step_ns * (double)k;

		down = fmax(down, -sign * c->llr[k]);
		if (mass_around(d, x, d->half) <= d->floor * 2.0 * d->half)
			c->llr[k] = -sign * down;
	}
}

static void fill_llr(struct noon_cusum *c, const struct density *d, double delta)
{
	const struct noon_law *f0 = d->law;
	const double span = f0->step_ns * (double)(f0->n - 1) + fabs(delta);

	c->x0_ns = f0->x0_ns + fmin(delta, 0.0);
	c->step_ns = fmax(f0->step_ns, span / (double)(NOON_LAW_MAX - 1));
	c->n = (size_t)fmin(ceil(span / c->step_ns - 1e-9) + 1.0, (double)NOON_LAW_MAX);
	for (size_t k = 0; k < c->n; k++) {
		const double x = c->x0_ns + c->step_ns * (double)k;

		c->llr[k] =
			log((density_at(d, x - delta) + d->floor) / (density_at(d, x) + d->floor));
	}
	hold_in_tails(c, d);
}

double noon_cusum_llr(const struct noon_cusum *c, double x_ns)
{
	const double u = (x_ns - c->x0_ns) / c->step_ns;
	size_t k;

	if (!(u > 0.0))
		return c->llr[0];
	if (u >= (double)(c->n - 1))
		return c->llr[c->n - 1];
	k = (size_t)u;
	return c->llr[k] + (u - (double)k) * (c->llr[k + 1] - c->llr[k]);
}

double noon_cusum_step(const struct noon_cusum *c, double s, double x_ns)
{
	return fmax(0.0, s + noon_cusum_llr(c, x_ns));
}

/* ---- the chain ---- */

/* What the values are: the law f0, shifted. */
struct values {
	const struct noon_cusum *c;
	const struct noon_law *f0;
	const double *p; /* masses of the cells of f0, perhaps smoothed */
	double shift;
	double unseen; /* share that a law of few values has not seen: it counts as the worst */
	double worst;  /* the largest increment of all */
};

/* The ratio may rise to a peak one cell wide, at the shift from an atom. Whether a measured law has
 * a value just there is chance, and the run length must not hang on it: so each cell gets the
 * density of the nearest few values. A law from parameters stays as it is. */
static const double *smooth(struct noon_cusum_work *w, const struct noon_law *f0)
{
	const double need = fmin(COUNT_MIN / (double)f0->count, 0.25);
	const struct density d = {f0, w->sum, f0->step_ns / 2.0, need, 0.0};
	double total = 0.0;

	if (f0->count == 0)
		return f0->p;
	add_up(w, f0);
	for (size_t k = 0; k < f0->n; k++) {
		const double x = f0->x0_ns + f0->step_ns * (double)k;

		w->smooth[k] = density_at(&d, x) * f0->step_ns;
		total += w->smooth[k];
	}
	for (size_t k = 0; k < f0->n; k++)
		w->smooth[k] /= total;
	return w->smooth;
}

static struct values values_of(struct noon_cusum_work *w, const struct noon_cusum *c,
			       const struct noon_law *f0, double shift)
{
	struct values v = {.c = c, .f0 = f0, .p = smooth(w, f0), .shift = shift};

	v.unseen = f0->count > 0 ? 1.0 / (double)f0->count : 0.0;

	for (size_t k = 0; k < c->n; k++)
		v.worst = fmax(v.worst, c->llr[k]);
	return v;
}

static double llr_of_cell(const struct values *v, size_t k)
{
	return noon_cusum_llr(v->c, v->f0->x0_ns + v->f0->step_ns * (double)k + v->shift);
}

/* Return E exp(r l). */
static double moment(const struct values *v, double r)
{
	double sum = 0.0;

	for (size_t k = 0; k < v->f0->n; k++) {
		if (v->p[k] > 0.0)
			sum += v->p[k] * exp(fmin(r * llr_of_cell(v, k), LLR_LARGEST));
	}
	return (1.0 - v->unseen) * sum + v->unseen * exp(fmin(r * v->worst, LLR_LARGEST));
}

struct drift {
	double mean, most; /* of the increments */
	double root;	   /* r other than 0 with E exp(r l) = 1; 0 if there is none */
};

static struct drift drift_of(const struct values *v)
{
	struct drift d = {0.0, -HUGE_VAL, 0.0};
	double lo = 0.0, hi = 0.25, sign;

	for (size_t k = 0; k < v->f0->n; k++) {
		const double l = llr_of_cell(v, k);

		if (v->p[k] > 0.0) {
			d.mean += v->p[k] * l;
			d.most = fmax(d.most, l);
		}
	}
	d.mean = (1.0 - v->unseen) * d.mean + v->unseen * v->worst;
	if (v->unseen > 0.0)
		d.most = fmax(d.most, v->worst);
	/* The function is convex and 1 at 0: the other root is where it passes 1 from below. */
	sign = d.mean < 0.0 ? 1.0 : -1.0;
	while (hi < ROOT_MOST && moment(v, sign * hi) < 1.0) {
		lo = hi;
		hi *= 2.0;
	}
	if (hi >= ROOT_MOST)
		return d;
	for (int i = 0; i < TURNS && hi - lo > 1e-9 * hi; i++) {
		const double mid = (lo + hi) / 2.0;

		if (moment(v, sign * mid) < 1.0)
			lo = mid;
		else
			hi = mid;
	}
	d.root = sign * (lo + hi) / 2.0;
	return d;
}

/* Write the law of the increments in steps of `grid` to w->step, 0 in the middle.
 *
 * An increment between two steps is shared between them, which adds variance. Where S drifts down,
 * a run length is exponential in what that changes; so E exp(root l) is kept, which is what makes
 * run lengths grow. Where S drifts up, the delay is h over the mean; so that is kept, or increments
 * that are small beside the grid drift up to twice too fast. */
static void fill_steps(struct noon_cusum_work *w, const struct values *v, double root, double grid)
{
	const double base = expm1(root * grid);

	memset(w->step, 0, sizeof(w->step));
	for (size_t k = 0; k <= v->f0->n; k++) {
		const bool seen = k < v->f0->n;
		const double p = seen ? (1.0 - v->unseen) * v->p[k] : v->unseen;
		const double u = (seen ? llr_of_cell(v, k) : v->worst) / grid + (double)STATES;
		const double at = fmin(fmax(u, 0.0), 2.0 * (double)STATES);
		const size_t i = (size_t)fmin(floor(at), 2.0 * (double)STATES - 1.0);
		const double f = at - (double)i;
		const double up = root * grid > 1e-6 ? expm1(root * f * grid) / base : f;

		w->step[i] += p * (1.0 - up);
		w->step[i + 1] += p * up;
	}
}

static void fill_chain(struct noon_cusum_work *w)
{
	for (size_t i = 0; i < STATES; i++) {
		double to_zero = 0.0, past = 0.0;

		/* step[STATES + d] goes from i to i + d. */
		for (size_t s = 0; s <= STATES - i; s++)
			to_zero += w->step[s];
		w->q[i][0] = to_zero;
		for (size_t j = 1; j < STATES; j++)
			w->q[i][j] = w->step[STATES + j - i];
		for (size_t s = 2 * STATES - i; s <= 2 * STATES; s++)
			past += w->step[s];
		w->alarm[i] = past;
	}
}

/* The states that one value can move S by: what w->step has a mass for. */
struct reach {
	size_t up, down;
};

static struct reach reach_of(const struct noon_cusum_work *w)
{
	struct reach r = {STATES, STATES};

	while (r.up > 0 && w->step[STATES + r.up] <= 0.0)
		r.up--;
	while (r.down > 0 && w->step[STATES - r.down] <= 0.0)
		r.down--;
	return r;
}

/* Factor I - q without one subtraction: each pivot is the sum of what leaves its state. So run
 * lengths of 1e9 and more keep their digits. Afterwards the run length of the chain that raises
 * an alarm at state m is the sum of down[k] across[k] over k < m, for every m. */
static void eliminate(struct noon_cusum_work *w)
{
	const size_t up = reach_of(w).up;

	for (size_t k = 0; k < STATES; k++) {
		const size_t end = k + up < STATES ? k + up + 1 : STATES; /* of the row, always */
		double *top = w->q[k];
		double pivot = w->alarm[k];

		for (size_t j = k + 1; j < end; j++)
			pivot += top[j];
		top[k] = fmax(pivot, DBL_MIN);
		for (size_t i = k + 1; i < STATES; i++) {
			const double f = w->q[i][k] / top[k];

			w->q[i][k] = f;
			if (!(f > 0.0))
				continue;
			for (size_t j = k + 1; j < end; j++)
				w->q[i][j] += f * top[j];
			w->alarm[i] += f * w->alarm[k];
		}
	}
	for (size_t k = 0; k < STATES; k++) {
		double down = 1.0, across = k == 0 ? 1.0 : 0.0;

		for (size_t j = 0; j < k; j++) {
			down += w->q[k][j] * w->down[j];
			across += w->q[j][k] * w->across[j];
		}
		w->down[k] = down;
		w->across[k] = across / w->q[k][k];
	}
}

static void run_chain(struct noon_cusum_work *w, const struct values *v, double root, double grid)
{
	fill_steps(w, v, root, grid);
	fill_chain(w);
	eliminate(w);
}

/* Return h with the demanded run length, from a chain that has been run: 0 if any h has it, -1 if
 * the grid ends before. An alarm at state m stands for S > (m - 1/2) grid. */
static double threshold_of(const struct noon_cusum_work *w, double grid, double arl0,
			   double *ret_arl)
{
	double run = 0.0, before = 0.0;

	for (size_t k = 0; k < STATES; k++) {
		before = run;
		run += w->down[k] * w->across[k];
		if (run < arl0)
			continue;
		*ret_arl = k == 0 ? run : arl0;
		if (k == 0)
			return 0.0;
		return grid * ((double)k + 0.5 - log(run / arl0) / log(run / before));
	}
	return -1.0;
}

/* Return the run length at h: that of a chain whose grid has been laid so that h is (m - 1/2)
 * steps, with m states. */
static double run_length(struct noon_cusum_work *w, const struct values *v, const struct drift *d,
			 double h)
{
	const size_t m = STATES - 4;
	double run = 0.0;

	run_chain(w, v, d->root, fmax(h, 1e-9) / ((double)m - 0.5));
	for (size_t k = 0; k < m; k++)
		run += w->down[k] * w->across[k];
	return run;
}

/* Fill w->pass: the probability to pass the last of m states with one value. Sums of what passes
 * keep the digits that 1 less what stays has lost. */
static void fill_passes(struct noon_cusum_work *w, size_t m)
{
	double past = 0.0;

	/* step[STATES + d] goes from i to i + d; state 0 can go m up at most. */
	for (size_t s = 2 * STATES; s >= STATES + m; s--)
		past += w->step[s];
	for (size_t i = 0; i < m; i++) {
		w->pass[i] = past;
		past += w->step[STATES + m - i - 1];
	}
}

/* Move the law of S without an alarm on by one value, over m states, and return the probability of
 * an alarm with that value. */
static double advance(const struct noon_cusum_work *w, size_t m, const struct reach *r,
		      const double *from, double *to)
{
	double passed = 0.0, left = 0.0;

	memset(to, 0, m * sizeof(to[0]));
	for (size_t i = 0; i < m; i++) {
		const size_t first = i > r->down ? i - r->down : 0;
		const size_t last = i + r->up < m ? i + r->up : m - 1;
		const double p = from[i];

		if (!(p > 0.0))
			continue;
		passed += p * w->pass[i];
		for (size_t j = first; j <= last; j++)
			to[j] += p * w->q[i][j];
	}
	for (size_t j = 0; j < m; j++)
		left += to[j];
	for (size_t j = 0; j < m; j++)
		to[j] /= fmax(left, DBL_MIN);
	return passed / fmax(passed + left, DBL_MIN);
}

static double product(const double *a, const double *b, size_t m)
{
	double sum = 0.0;

	for (size_t i = 0; i < m; i++)
		sum += a[i] * b[i];
	return sum;
}

static double scale(double *x, size_t m)
{
	double sum = 0.0;

	for (size_t i = 0; i < m; i++)
		sum += x[i];
	for (size_t i = 0; i < m; i++)
		x[i] /= sum;
	return sum;
}

/* Replace x by (I - q)^-1 x over m states, by the factors of eliminate(), scaled to a sum of 1.
 * Returns the sum before. */
static double solve(const struct noon_cusum_work *w, size_t m, double *x)
{
	for (size_t i = 1; i < m; i++)
		x[i] += product(w->q[i], x, i);
	for (size_t i = m; i-- > 0;)
		x[i] = (x[i] + product(&w->q[i][i + 1], &x[i + 1], m - i - 1)) / w->q[i][i];
	return scale(x, m);
}

/* The same for the transpose: x (I - q)^-1. */
static double solve_left(const struct noon_cusum_work *w, size_t m, double *x)
{
	for (size_t i = 0; i < m; i++) {
		x[i] /= w->q[i][i];
		for (size_t k = i + 1; k < m; k++)
			x[k] += w->q[i][k] * x[i];
	}
	for (size_t i = m; i-- > 1;)
		for (size_t k = 0; k < i; k++)
			x[k] += w->q[i][k] * x[i];
	return scale(x, m);
}

/* In the long run what is left shrinks by the same factor with each value: the largest eigenvalue
 * of q. */
struct long_run {
	double log_factor; /* ln of it, < 0 */
	double log_share;  /* ln of what is left, drawn back along that line to the law `now` */
};

/* By powers of the inverse of I - q, which has the same vectors and whose largest eigenvalue is far
 * from the next one where that of q is not. */
static struct long_run long_run_of(struct noon_cusum_work *w, size_t m, const double *now)
{
	double *right = w->down, *left = w->across;
	double mean = 0.0;

	eliminate(w);
	for (size_t i = 0; i < m; i++)
		right[i] = left[i] = 1.0 / (double)m;
	for (int i = 0; i < POWERS; i++) {
		const double before = mean;

		(void)solve(w, m, right);
		mean = solve_left(w, m, left);
		if (fabs(mean - before) < SETTLED * mean)
			break;
	}
	return (struct long_run){
		log1p(-fmin(1.0 / mean, 1.0 - DBL_EPSILON)),
		log(fmax(product(now, right, m) / product(left, right, m), DBL_MIN)),
	};
}

/* Return the number of values after which the alarm has come with probability p, from the law of S
 * value by value, and from its long run when the rate of alarms has settled.
 *
 * As S starts at 0 that rate only grows: the logarithm of what is left is concave, so both its
 * last slope and the line that it approaches are above it. The number is rather too large. */
static double values_until(struct noon_cusum_work *w, const struct values *v, const struct drift *d,
			   double h, double p)
{
	const size_t m = STATES - 4;
	const double want = log1p(-p);
	double log_left = 0.0, rate = 0.0, more;
	struct long_run run;
	struct reach reach;
	int n = 0;

	fill_steps(w, v, d->root, fmax(h, 1e-9) / ((double)m - 0.5));
	fill_chain(w);
	fill_passes(w, m);
	reach = reach_of(w);
	memset(w->now, 0, sizeof(w->now));
	w->now[0][0] = 1.0;
	while (n++ < STEPS_MOST) {
		const double before = rate;

		rate = advance(w, m, &reach, w->now[(n - 1) % 2], w->now[n % 2]);
		if (rate >= 1.0)
			return n;
		log_left += log1p(-rate);
		if (log_left <= want)
			return n;
		if (rate > 0.0 && fabs(rate - before) < STEADY * rate)
			break;
	}
	n = n < STEPS_MOST ? n : STEPS_MOST;
	run = long_run_of(w, m, w->now[n % 2]);
	more = (want - log_left - run.log_share) / run.log_factor;
	if (rate > 0.0)
		more = fmin(more, (want - log_left) / log1p(-rate));
	return n + ceil(fmax(more, 1.0));
}

/* Find h. */
static noon_err tune(struct noon_cusum_work *w, struct noon_cusum *c, const struct noon_law *f0,
		     double arl0)
{
	const struct values v = values_of(w, c, f0, 0.0);
	const struct drift d = drift_of(&v);
	double top = (log(arl0) + MARGIN) / fmax(fmin(d.root, 10.0), 0.1);

	if (!(d.mean < -DULL))
		return NOON_ERR_EMPTY;
	c->arl0 = arl0;
	c->h = log(arl0);
	if (!(d.most > 0.0))
		return NOON_OK; /* no false alarm ever; any threshold */
	/* Lay the grid twice: the second time it ends just beyond the threshold. */
	for (int i = 0; i < 8; i++) {
		double h;

		run_chain(w, &v, d.root, top / (double)STATES);
		h = threshold_of(w, top / (double)STATES, arl0, &c->arl0);
		if (h < 0.0) {
			top *= 2.0;
			continue;
		}
		c->h = h;
		if (h > 0.8 * top || h <= 0.0)
			break;
		top = fmax(SLACK * h, top / 16.0);
	}
	/* Where single values alarm, the run length jumps with h, and the grid blurs the jump. */
	for (int i = 0; i < NUDGES && c->h > 0.0; i++) {
		c->arl0 = run_length(w, &v, &d, c->h);
		if (c->arl0 >= arl0 * 0.99)
			break;
		c->h *= NUDGE;
	}
	return NOON_OK;
}

noon_err noon_cusum_design(struct noon_cusum_work *w, const struct noon_law *f0, double delta_ns,
			   double arl0, double noise_ns, struct noon_cusum *ret)
{
	const double width = f0->step_ns * (double)(f0->n + 2);
	const double delta = fmin(fmax(delta_ns, -width), width);
	struct noon_cusum *c = &w->made;
	struct density d;
	struct values shifted;
	struct drift drift;
	noon_err err;

	if (!(fabs(delta_ns) > 0.0 && fabs(delta_ns) < 1e15) ||
	    !(arl0 > 1.0 && arl0 < NOON_CUSUM_ARL0_MAX) || !(noise_ns >= 0.0 && noise_ns < 1e15))
		return NOON_ERR_RANGE;
	d = density_of(w, f0, delta, noise_ns);
	c->delta_ns = delta_ns;
	fill_llr(c, &d, delta);
	err = tune(w, c, f0, arl0);
	if (err != NOON_OK)
		return err;
	shifted = values_of(w, c, f0, delta_ns);
	shifted.unseen = 0.0; /* it would shorten the delay */
	drift = drift_of(&shifted);
	if (!(drift.most > 0.0))
		return NOON_ERR_EMPTY;
	c->add = run_length(w, &shifted, &drift, c->h);
	if (!(c->add < c->arl0))
		return NOON_ERR_EMPTY;
	*ret = *c;
	return NOON_OK;
}

/* The values and their drift under a shift. What the calibration has not seen would make the alarm
 * come sooner than is certain. */
static noon_err shifted_by(struct noon_cusum_work *w, const struct noon_cusum *c,
			   const struct noon_law *f0, double shift_ns, struct values *ret_values,
			   struct drift *ret_drift)
{
	if (!(fabs(shift_ns) < 1e15))
		return NOON_ERR_RANGE;
	*ret_values = values_of(w, c, f0, shift_ns);
	ret_values->unseen = 0.0;
	*ret_drift = drift_of(ret_values);
	return ret_drift->most > 0.0 ? NOON_OK : NOON_ERR_EMPTY;
}

noon_err noon_cusum_delay(struct noon_cusum_work *w, const struct noon_cusum *c,
			  const struct noon_law *f0, double shift_ns, double *ret_add)
{
	struct values v;
	struct drift d;
	const noon_err err = shifted_by(w, c, f0, shift_ns, &v, &d);

	if (err == NOON_OK)
		*ret_add = run_length(w, &v, &d, c->h);
	return err;
}

noon_err noon_cusum_within(struct noon_cusum_work *w, const struct noon_cusum *c,
			   const struct noon_law *f0, double shift_ns, double p, double *ret_n)
{
	struct values v;
	struct drift d;
	noon_err err;

	if (!(p > 0.0 && p < 1.0))
		return NOON_ERR_RANGE;
	err = shifted_by(w, c, f0, shift_ns, &v, &d);
	if (err == NOON_OK)
		*ret_n = values_until(w, &v, &d, c->h, p);
	return err;
}
