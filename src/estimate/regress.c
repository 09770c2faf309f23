/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything is computed relative to the newest point, in ns and s: offsets themselves (1e18 ns)
 * do not fit into a double. Rates are in ns/s here (1 ns/s is 1e-9).
 */
#include "estimate/regress.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define OUTLIER	    3.0	 /* standard deviations from where an innovation counts less */
#define VAR_LEAST   0.25 /* ns^2: rounding of the timestamps themselves */
#define RATE_PRIOR  5e5	 /* ns/s, standard deviation before anything is known */
#define SCALE_PRIOR 4.0	 /* points that the prior s^2 = 1 is worth */
#define WALKS	    9	 /* grid of q: 0, then decades from WALK_LEAST */
#define WALK_LEAST  1e-4 /* (ns/s)^2/s */
#define WALK_USUAL  1.0	 /* centre of the prior: 1e-9 / sqrt(s) */
#define WALK_SPREAD 2.0	 /* decades, standard deviation of the prior */

/* The points as the recursion sees them, oldest first. */
struct series {
	size_t n;
	double x[NOON_REGRESS_MAX];   /* s, <= 0 */
	double y[NOON_REGRESS_MAX];   /* ns */
	double var[NOON_REGRESS_MAX]; /* ns^2, by delay */
};

/* Estimate of offset and rate at one instant, covariance in units of s^2. */
struct state {
	double y, r;	     /* ns, ns/s */
	double yy, yr, rr;   /* covariance */
	double chi, log_det; /* of the innovations so far */
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
	double mean = 0.0;

	s->n = ps->n;
	for (size_t i = 0; i < s->n; i++)
		least = ps->p[i].delay < least ? ps->p[i].delay : least;
	for (size_t i = 0; i < s->n; i++)
		mean += (double)noon_sat_sub(ps->p[i].delay, least) / (double)s->n;
	for (size_t i = 0; i < s->n; i++) {
		const struct noon_point *p = &ps->p[i];
		/* The smallest of n delays is itself above the true minimum. */
		const double x = (double)noon_sat_sub(p->delay, least) + mean / sqrt((double)s->n);
		const double e = (double)p->stamp_err;

		s->x[i] = noon_dur_to_s(noon_time_diff(p->h, last->h));
		s->y[i] = (double)noon_sat_sub(p->theta, last->theta);
		s->var[i] = x * x / 12.0 + e * e / 36.0 + VAR_LEAST;
	}
}

/* Carry the state over dt seconds of random walk. */
static void predict(struct state *k, double dt, double q)
{
	k->y += k->r * dt;
	k->yy += (2.0 * k->yr + k->rr * dt) * dt + q * dt * dt * dt / 3.0;
	k->yr += k->rr * dt + q * dt * dt / 2.0;
	k->rr += q * dt;
}

/* Take one point in. */
static void update(struct state *k, double y, double var)
{
	const double nu = y - k->y;
	double s = k->yy + var;
	const double far = fabs(nu) / (OUTLIER * sqrt(s));
	double gain_y, gain_r;

	if (far > 1.0)
		s *= far;
	gain_y = k->yy / s;
	gain_r = k->yr / s;
	k->y += gain_y * nu;
	k->r += gain_r * nu;
	k->rr -= gain_r * k->yr;
	k->yr -= gain_y * k->yr;
	k->yy -= gain_y * k->yy;
	k->chi += nu * nu / s;
	k->log_det += log(s);
}

static struct state run(const struct series *s, double q)
{
	struct state k = {
		.y = s->y[0],
		.yy = s->var[0],
		.rr = RATE_PRIOR * RATE_PRIOR,
	};

	for (size_t i = 1; i < s->n; i++) {
		predict(&k, s->x[i] - s->x[i - 1], q);
		update(&k, s->y[i], s->var[i]);
	}
	return k;
}

static double scale_of(const struct state *k, size_t n)
{
	return (k->chi + SCALE_PRIOR) / ((double)n - 1.0 + SCALE_PRIOR);
}

/* Return the logarithm of the likelihood, s^2 concentrated out, plus that of the prior of q. */
static double likelihood(const struct state *k, size_t n, double q)
{
	const double dof = (double)n - 1.0 + SCALE_PRIOR;
	const double decades = log10(fmax(q, WALK_LEAST / 10.0) / WALK_USUAL) / WALK_SPREAD;

	return -0.5 * (dof * log(scale_of(k, n)) + k->log_det + decades * decades);
}

static double walk_of(int i)
{
	return i == 0 ? 0.0 : WALK_LEAST * pow(10.0, i - 1);
}

/* Return the state of the most likely q, and q. */
static struct state best(const struct series *s, double *ret_q)
{
	struct state k = run(s, 0.0);
	double most = likelihood(&k, s->n, 0.0);

	*ret_q = 0.0;
	for (int i = 1; i < WALKS; i++) {
		const struct state other = run(s, walk_of(i));
		const double l = likelihood(&other, s->n, walk_of(i));

		if (l > most) {
			most = l;
			k = other;
			*ret_q = walk_of(i);
		}
	}
	return k;
}

noon_err noon_regress(const struct noon_points *ps, struct noon_fit *ret)
{
	struct series s;
	struct state k;
	double q, scale, sum_w = 0.0;

	assert(ps->n <= NOON_REGRESS_MAX);
	if (ps->n == 0)
		return NOON_ERR_EMPTY;
	load(&s, ps);
	k = best(&s, &q);
	scale = scale_of(&k, s.n);
	for (size_t i = 0; i < s.n; i++)
		sum_w += 1.0 / s.var[i];
	ret->h = ps->p[ps->n - 1].h;
	ret->theta = noon_sat_add(ps->p[ps->n - 1].theta, noon_dur_scale(1, k.y));
	ret->has_rate = s.n >= NOON_REGRESS_MIN && s.x[0] < 0.0;
	ret->rate = k.r * 1e-9;
	ret->theta_sd_ns = sqrt(scale * k.yy);
	ret->rate_sd = sqrt(scale * k.rr) * 1e-9;
	ret->cov_ns = scale * k.yr * 1e-9;
	ret->walk = sqrt(scale * q) * 1e-9;
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
