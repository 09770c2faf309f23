/* SPDX-License-Identifier: Apache-2.0
 *
 * Everything is computed relative to the newest point, in ns and s: offsets themselves (1e18 ns)
 * do not fit into a double.
 */
#include "estimate/regress.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define RUNS_MIN 8     /* points before the runs test says anything */
#define RUNS_Z	 -1.65 /* too few runs below this: 5 %, one-sided */
#define HUBER	 2.0   /* standard deviations from where a residual counts less */
#define SD_LEAST 0.5   /* ns: rounding of the timestamps themselves */

/* The points in use, oldest first, with the line through them. */
struct fit {
	size_t n;
	double x[NOON_REGRESS_MAX];   /* s, <= 0 */
	double y[NOON_REGRESS_MAX];   /* ns */
	double var[NOON_REGRESS_MAX]; /* ns^2, by delay */
	double w[NOON_REGRESS_MAX];   /* weight in force, ns^-2 */
	double sum_w, x_mean, y_mean, sxx;
	double slope; /* ns / s */
	double scale; /* residual variance over the variance by delay */
};

void noon_points_keep(struct noon_points *ps, size_t keep)
{
	const size_t drop = ps->n > keep ? ps->n - keep : 0;

	ps->n -= drop;
	memmove(&ps->p[0], &ps->p[drop], ps->n * sizeof(ps->p[0]));
}

void noon_points_add(struct noon_points *ps, const struct noon_point *p)
{
	noon_points_keep(ps, NOON_REGRESS_MAX - 1);
	ps->p[ps->n++] = *p;
}

/* Load the last f->n points: places relative to the newest, variances from the delays. */
static void load(struct fit *f, const struct noon_point *p)
{
	const struct noon_point *last = &p[f->n - 1];
	noon_dur least = last->delay;
	double mean = 0.0;

	for (size_t i = 0; i < f->n; i++)
		least = p[i].delay < least ? p[i].delay : least;
	for (size_t i = 0; i < f->n; i++)
		mean += (double)(p[i].delay - least) / (double)f->n;
	for (size_t i = 0; i < f->n; i++) {
		/* The smallest of n delays is itself above the true minimum. */
		const double x = (double)(p[i].delay - least) + mean / sqrt((double)f->n);

		f->x[i] = noon_dur_to_s(noon_time_diff(p[i].h, last->h));
		f->y[i] = (double)noon_sat_sub(p[i].theta, last->theta);
		f->var[i] = x * x / 12.0 + (double)p[i].stamp_err * (double)p[i].stamp_err / 3.0 +
			    SD_LEAST * SD_LEAST;
		f->w[i] = 1.0 / f->var[i];
	}
}

static double residual(const struct fit *f, size_t i)
{
	return f->y[i] - f->y_mean - f->slope * (f->x[i] - f->x_mean);
}

/* Weighted least squares with the weights in force. */
static void solve(struct fit *f)
{
	double sxy = 0.0, chi = 0.0;

	f->sum_w = f->x_mean = f->y_mean = f->sxx = 0.0;
	for (size_t i = 0; i < f->n; i++) {
		f->sum_w += f->w[i];
		f->x_mean += f->w[i] * f->x[i];
		f->y_mean += f->w[i] * f->y[i];
	}
	f->x_mean /= f->sum_w;
	f->y_mean /= f->sum_w;
	for (size_t i = 0; i < f->n; i++) {
		const double dx = f->x[i] - f->x_mean;

		f->sxx += f->w[i] * dx * dx;
		sxy += f->w[i] * dx * (f->y[i] - f->y_mean);
	}
	f->slope = f->n >= NOON_REGRESS_MIN && f->sxx > 0.0 ? sxy / f->sxx : 0.0;
	for (size_t i = 0; i < f->n; i++)
		chi += f->w[i] * residual(f, i) * residual(f, i);
	f->scale = f->n > 2 ? chi / (double)(f->n - 2) : 1.0;
}

/* Give residuals beyond HUBER standard deviations the influence of one at that distance. */
static void tame(struct fit *f)
{
	for (size_t i = 0; i < f->n; i++) {
		const double limit = HUBER * sqrt(f->var[i] * fmax(f->scale, 1e-3));
		const double r = fabs(residual(f, i));

		f->w[i] = (r > limit ? limit / r : 1.0) / f->var[i];
	}
}

/* Return a variance that half of the points do not exceed. */
static double median_var(const struct fit *f)
{
	double s[NOON_REGRESS_MAX];

	for (size_t n = 0; n < f->n; n++) {
		size_t i = n;

		for (; i > 0 && s[i - 1] > f->var[n]; i--)
			s[i] = s[i - 1];
		s[i] = f->var[n];
	}
	return s[f->n / 2];
}

/* Return whether the signs of the residuals of the better half change too seldom for a straight
 * line (Wald and Wolfowitz, normal approximation). */
static bool is_bent(const struct fit *f)
{
	const double limit = median_var(f);
	double above = 0.0, below = 0.0, runs = 0.0, mean, var;
	int before = 0;

	for (size_t i = 0; i < f->n; i++) {
		const int sign = residual(f, i) > 0.0 ? 1 : -1;

		if (f->var[i] > limit)
			continue;
		above += sign > 0 ? 1.0 : 0.0;
		below += sign < 0 ? 1.0 : 0.0;
		runs += sign != before ? 1.0 : 0.0;
		before = sign;
	}
	if (above + below < RUNS_MIN)
		return false;
	mean = 1.0 + 2.0 * above * below / (above + below);
	var = (mean - 1.0) * (mean - 2.0) / (above + below - 1.0);
	return !(var > 0.0) || runs - mean < RUNS_Z * sqrt(var);
}

static void fit_last(struct fit *f, const struct noon_points *ps, size_t n)
{
	f->n = n;
	load(f, &ps->p[ps->n - n]);
	solve(f);
	tame(f);
	solve(f);
}

/* Fill the result from the line. Scale below 1 is not trusted from few points. */
static void report(const struct fit *f, const struct noon_point *last, struct noon_fit *ret)
{
	const double scale = fmax(f->scale, f->n >= RUNS_MIN ? 0.01 : 1.0);
	const double back = f->sxx > 0.0 ? f->x_mean * f->x_mean / f->sxx : 0.0;

	ret->h = last->h;
	ret->theta = noon_sat_add(last->theta, (noon_dur)llround(f->y_mean - f->slope * f->x_mean));
	ret->has_rate = f->n >= NOON_REGRESS_MIN && f->sxx > 0.0;
	ret->rate = f->slope * 1e-9;
	ret->theta_sd_ns = sqrt(scale * (1.0 / f->sum_w + back));
	ret->rate_sd = ret->has_rate ? sqrt(scale / f->sxx) * 1e-9 : 1.0;
	ret->noise_ns = sqrt(scale * (double)f->n / f->sum_w);
	ret->used = f->n;
}

noon_err noon_regress(const struct noon_points *ps, struct noon_fit *ret)
{
	struct fit f;
	size_t n = ps->n;

	assert(n <= NOON_REGRESS_MAX);
	if (n == 0)
		return NOON_ERR_EMPTY;
	fit_last(&f, ps, n);
	while (n > RUNS_MIN && is_bent(&f)) {
		n -= n > 16 ? n / 8 : 1;
		fit_last(&f, ps, n);
	}
	report(&f, &ps->p[ps->n - 1], ret);
	return NOON_OK;
}
