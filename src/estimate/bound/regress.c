/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything is computed relative to the newest point, in ns and s: offsets themselves (1e18 ns)
 * do not fit into a double. Rates are in ns/s here (1 ns/s is 1e-9).
 */
#include "estimate/bound/regress.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define OUTLIER	    3.0	 /* standard deviations from where an innovation counts less */
#define VAR_LEAST   0.25 /* ns^2: rounding of the timestamps themselves */
#define RATE_PRIOR  5e5	 /* ns/s, standard deviation before anything is known */
#define SCALE_PRIOR 4.0	 /* points that the prior s^2 = 1 is worth */
#define WALKS	    9	 /* grid of q: 0, then decades from 1e-4 (ns/s)^2/s */
#define LANES	    10	 /* WALKS, made even */
#define AT_ONCE	    6	 /* factors below 1e30 whose product a double holds */
#define LN_2	    0.69314718055994531
#define TOO_CLOSE   1e-6 /* more than the rounding of a likelihood */
#define WALK_USUAL  5.0	 /* centre of the prior, an index of the grid: 1e-9 / sqrt(s) */
#define WALK_SPREAD 2.0	 /* decades, standard deviation of the prior */

/* The points as the recursion sees them, oldest first. */
struct series {
	size_t n;
	double x[NOON_REGRESS_MAX];   /* s, <= 0 */
	double y[NOON_REGRESS_MAX];   /* ns */
	double var[NOON_REGRESS_MAX]; /* ns^2, by delay */
};

/* Estimates of offset and rate at one instant, one for each q of the grid side by side (the last
 * twice, for an even number), covariances in units of s^2. */
struct states {
	double q[LANES];
	double y[LANES], r[LANES];		/* ns, ns/s */
	double yy[LANES], yr[LANES], rr[LANES]; /* covariance */
	double chi[LANES], log_det[LANES];	/* of the innovations so far */
	double det[LANES], twos[LANES];		/* det * 2^twos: factors not yet in log_det */
};

void noon_points_add(struct noon_points *ps, const struct noon_point *p)
{
	if (ps->n == NOON_REGRESS_MAX) {
		ps->n--;
		memmove(&ps->p[0], &ps->p[1], ps->n * sizeof(ps->p[0]));
	}
	ps->p[ps->n++] = *p;
}

static void load(struct series *s, const struct noon_points *ps)
{
	const struct noon_point *last = &ps->p[ps->n - 1];
	noon_dur least = last->delay;
	double mean = 0.0, above;

	s->n = ps->n;
	for (size_t i = 0; i < s->n; i++)
		least = ps->p[i].delay < least ? ps->p[i].delay : least;
	for (size_t i = 0; i < s->n; i++)
		mean += (double)noon_sat_sub(ps->p[i].delay, least) / (double)s->n;
	/* The smallest of n delays is itself above the true minimum. */
	above = mean / sqrt((double)s->n);
	for (size_t i = 0; i < s->n; i++) {
		const struct noon_point *p = &ps->p[i];
		const double x = (double)noon_sat_sub(p->delay, least) + above;
		const double e = (double)p->stamp_err;

		s->x[i] = noon_dur_to_s(noon_time_diff(p->h, last->h));
		s->y[i] = (double)noon_sat_sub(p->theta, last->theta);
		s->var[i] = x * x / 12.0 + e * e / 36.0 + VAR_LEAST;
	}
}

/* Carry the states over dt seconds of random walk. */
static void predict(struct states *k, double dt)
{
	for (size_t i = 0; i < LANES; i++) {
		const double q = k->q[i];

		k->y[i] += k->r[i] * dt;
		k->yy[i] += (2.0 * k->yr[i] + k->rr[i] * dt) * dt + q * dt * dt * dt / 3.0;
		k->yr[i] += k->rr[i] * dt + q * dt * dt / 2.0;
		k->rr[i] += q * dt;
	}
}

/* Let innovations that are far off count less. */
static void discount(const double nu[LANES], double s[LANES])
{
	for (size_t i = 0; i < LANES; i++) {
		double far;

		/* The root is rarely needed. */
		if (nu[i] * nu[i] < 0.99 * OUTLIER * OUTLIER * s[i])
			continue;
		far = fabs(nu[i]) / (OUTLIER * sqrt(s[i]));
		if (far > 1.0)
			s[i] *= far;
	}
}

/* Take one point in. */
static void update(struct states *k, double y, double var)
{
	double nu[LANES], s[LANES];

	for (size_t i = 0; i < LANES; i++) {
		nu[i] = y - k->y[i];
		s[i] = k->yy[i] + var;
	}
	discount(nu, s);
	for (size_t i = 0; i < LANES; i++) {
		const double gain_y = k->yy[i] / s[i];
		const double gain_r = k->yr[i] / s[i];

		k->y[i] += gain_y * nu[i];
		k->r[i] += gain_r * nu[i];
		k->rr[i] -= gain_r * k->yr[i];
		k->yr[i] -= gain_y * k->yr[i];
		k->yy[i] -= gain_y * k->yy[i];
		k->chi[i] += nu[i] * nu[i] / s[i];
		k->det[i] *= s[i];
	}
}

/* Move the factors collected into the logarithms. */
static void collect(struct states *k)
{
	for (size_t i = 0; i < WALKS; i++) {
		k->log_det[i] += log(k->det[i]) + k->twos[i] * LN_2;
		k->det[i] = 1.0;
		k->twos[i] = 0.0;
	}
}

/* Keep the factors collected in range, which is cheaper than a logarithm. */
static void fold(struct states *k)
{
	for (size_t i = 0; i < WALKS; i++) {
		int twos;

		k->det[i] = frexp(k->det[i], &twos);
		k->twos[i] += twos;
	}
}

/* Run the recursion for every q, with one logarithm for all factors or with one for each. */
static void run(const struct series *s, bool one_each, struct states *k)
{
	for (size_t i = 0; i < LANES; i++) {
		k->y[i] = s->y[0];
		k->r[i] = k->yr[i] = k->chi[i] = k->log_det[i] = k->twos[i] = 0.0;
		k->yy[i] = s->var[0];
		k->rr[i] = RATE_PRIOR * RATE_PRIOR;
		k->det[i] = 1.0;
	}
	for (size_t i = 1; i < s->n; i++) {
		predict(k, s->x[i] - s->x[i - 1]);
		update(k, s->y[i], s->var[i]);
		if (one_each)
			collect(k);
		else if (i % AT_ONCE == 0)
			fold(k);
	}
	collect(k);
}

static double scale_of(const struct states *k, size_t i, size_t n)
{
	return (k->chi[i] + SCALE_PRIOR) / ((double)n - 1.0 + SCALE_PRIOR);
}

/* Return the logarithm of the likelihood, s^2 concentrated out, plus that of the prior of q; no
 * walk at all counts as a decade below the least. */
static double likelihood(const struct states *k, size_t i, size_t n)
{
	const double dof = (double)n - 1.0 + SCALE_PRIOR;
	const double decades = ((double)i - WALK_USUAL) / WALK_SPREAD;

	return -0.5 * (dof * log(scale_of(k, i, n)) + k->log_det[i] + decades * decades);
}

/* Return the most likely lane, and how much more likely it is than the next. */
static size_t best_lane(const struct states *k, size_t n, double *ret_lead)
{
	double most = likelihood(k, 0, n);
	double second = -HUGE_VAL;
	size_t at = 0;

	for (size_t i = 1; i < WALKS; i++) {
		const double l = likelihood(k, i, n);

		if (l > most) {
			second = most;
			most = l;
			at = i;
		} else if (l > second) {
			second = l;
		}
	}
	*ret_lead = most - second;
	return at;
}

/* Fill the states of all q and return the most likely one. */
static size_t best(const struct series *s, struct states *k)
{
	static const double walks[LANES] = {0.0, 1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 1e3, 1e3};
	double lead;
	size_t at;

	for (size_t i = 0; i < LANES; i++)
		k->q[i] = walks[i];
	run(s, false, k);
	at = best_lane(k, s->n, &lead);
	if (lead > TOO_CLOSE)
		return at;
	/* One logarithm for each factor: rounding decides, so let it always be the same. */
	run(s, true, k);
	return best_lane(k, s->n, &lead);
}

noon_err noon_regress(const struct noon_points *ps, struct noon_fit *ret)
{
	struct series s;
	struct states k;
	double scale, sum_w = 0.0;
	size_t at;

	assert(ps->n <= NOON_REGRESS_MAX);
	if (ps->n == 0)
		return NOON_ERR_EMPTY;
	load(&s, ps);
	at = best(&s, &k);
	scale = scale_of(&k, at, s.n);
	for (size_t i = 0; i < s.n; i++)
		sum_w += 1.0 / s.var[i];
	ret->h = ps->p[ps->n - 1].h;
	ret->theta = noon_sat_add(ps->p[ps->n - 1].theta, noon_dur_scale(1, k.y[at]));
	ret->has_rate = s.n >= NOON_REGRESS_MIN && s.x[0] < 0.0;
	ret->rate = k.r[at] * 1e-9;
	ret->theta_sd_ns = sqrt(scale * k.yy[at]);
	ret->rate_sd = sqrt(scale * k.rr[at]) * 1e-9;
	ret->cov_ns = scale * k.yr[at] * 1e-9;
	ret->walk = sqrt(scale * k.q[at]) * 1e-9;
	ret->noise_ns = sqrt(scale * (double)s.n / sum_w);
	ret->used = s.n;
	return NOON_OK;
}

double noon_fit_sd_ns(const struct noon_fit *f, noon_dur ahead)
{
	const double t = (double)ahead; /* ns; rates are fractional */
	const double wander = f->walk * f->walk * 1e-9 * t * t * t / 3.0;
	const double var = f->theta_sd_ns * f->theta_sd_ns + 2.0 * f->cov_ns * t +
			   f->rate_sd * f->rate_sd * t * t + wander;

	return sqrt(fmax(var, 0.0));
}
