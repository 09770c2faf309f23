/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/law/convolve.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define HALF_WIDTH 10.5	   /* of the window, standard deviations of the tilted sum */
#define FINE	   2000.0  /* cells per standard deviation of the sum, where they fit */
#define CELLS_MOST 4096	   /* of one router */
#define NOTHING	   (-80.0) /* logarithm of a coefficient that is below the noise of the others */
#define SMOOTH	   0.2
#define BELOW	   1e-3 /* ns */
#define PLAIN	   1e-5 /* smallest tail for which the law needs no tilt */

/* The law that is raised to a power, on its lattice. */
struct base {
	const struct noon_law *law; /* NULL: one router */
	double p_idle;
	double step;	   /* ns */
	size_t m;	   /* last cell */
	double fold;	   /* power */
	double t;	   /* tilt, per cell */
	double log_m;	   /* cumulant function of one at t, of the law itself for a router: then
			    * the error of the lattice is not raised to the power */
	double middle, sd; /* of the tilted sum, cells */
};

static double mass_of(const struct base *b, size_t j)
{
	const double m = (double)b->m, q = 1.0 - b->p_idle;
	double p;

	if (b->law != NULL)
		return b->law->p[j];
	/* The ends weigh a little less than half a cell: then mean and variance are those of the
	 * uniform law, and the error is of fourth order. */
	p = j == 0 || j == b->m ? q / (2.0 * (m + 1.0)) : q * m / (m * m - 1.0);
	return j == 0 ? p + b->p_idle : p;
}

/* Write the tilted law to x[0..m], summing to 1; set middle, sd and, for a law, log_m. */
static void fill(struct base *b, double *x)
{
	const double end = b->t > 0.0 ? (double)b->m : 0.0;
	double sum = 0.0, s1 = 0.0, s2 = 0.0;

	for (size_t j = 0; j <= b->m; j++) {
		x[j] = mass_of(b, j) * exp(b->t * ((double)j - end));
		sum += x[j];
	}
	for (size_t j = 0; j <= b->m; j++) {
		x[j] /= sum;
		s1 += x[j] * (double)j;
	}
	for (size_t j = 0; j <= b->m; j++)
		s2 += x[j] * ((double)j - s1) * ((double)j - s1);
	if (b->law != NULL)
		b->log_m = log(sum) + b->t * end;
	b->middle = b->fold * s1;
	b->sd = sqrt(b->fold * s2);
}

/* Raise the packed coefficients to the power, and shift the result down by `first` cells. */
static void raise(const struct noon_fft *f, double *x, double fold, double first)
{
	const double n = (double)f->n, turn = 6.28318530717958647693 / n;
	const double shift = fmod(first, n);

	x[0] = pow(x[0], fold);
	x[1] = pow(x[1], fold) * (fmod(first, 2.0) > 0.5 ? -1.0 : 1.0);
	for (size_t k = 1; k < f->n / 2; k++) {
		double *a = &x[2 * k];
		const double log_r = fold * log(hypot(a[0], a[1]));
		double r, angle;

		if (!(log_r > NOTHING)) {
			a[0] = a[1] = 0.0;
			continue;
		}
		r = exp(log_r);
		angle = fold * atan2(a[1], a[0]) + turn * fmod((double)k * shift, n);
		a[0] = r * cos(angle);
		a[1] = r * sin(angle);
	}
}

/* Turn tilted masses into tails of the law itself, from the far end inwards. */
static void untilt(struct noon_convolve *w, const struct base *b)
{
	const double scale = b->fold * b->log_m - b->t * w->first;
	double sum = 0.0;

	for (size_t i = 0; i < w->points; i++) {
		const size_t k = w->upper ? w->points - 1 - i : i;
		const double log_u = scale - b->t * (double)k;
		const double mass = fmax(w->tail[k], 0.0) * exp(fmin(log_u, 700.0));

		/* The lower tail excludes its cell, the upper one includes it. */
		if (w->upper)
			sum = fmin(sum + mass, 1.0);
		w->tail[k] = sum;
		if (!w->upper)
			sum = fmin(sum + mass, 1.0);
	}
}

static noon_err convolve(struct noon_convolve *w, struct base *b, double x0_ns, unsigned n)
{
	const double last = b->fold * (double)b->m;
	double width;
	size_t points = 16;

	fill(b, w->tail);
	width = fmin(last + 1.0, fmax(2.0 * HALF_WIDTH * b->sd + 1.0, (double)b->m + 1.0));
	if (width > (double)NOON_FFT_MAX)
		return NOON_ERR_RANGE;
	while ((double)points < width)
		points *= 2;
	memset(&w->tail[b->m + 1], 0, (points - b->m - 1) * sizeof(w->tail[0]));
	w->points = points;
	w->first = floor(b->middle - (double)points / 2.0);
	w->first = fmax(fmin(w->first, last - (double)points + 1.0), 0.0);
	w->x0_ns = x0_ns;
	w->step_ns = b->step / n;
	w->low_ns = x0_ns + w->step_ns * fmax(b->middle - 6.0 * b->sd, w->first);
	w->high_ns = x0_ns + w->step_ns * fmin(b->middle + 6.0 * b->sd, last);
	noon_fft_init(&w->fft, points);
	noon_fft_forward(&w->fft, w->tail);
	raise(&w->fft, w->tail, b->fold, w->first);
	noon_fft_inverse(&w->fft, w->tail);
	untilt(w, b);
	return NOON_OK;
}

/* Return the tilt for a value near x, kept off the ends of the support, 1/ns. */
static double tilt_for(const struct noon_cgf *k, double x_ns)
{
	const double up = k->mean_ns + 0.98 * (k->most_ns - k->mean_ns);
	const double down = k->mean_ns + 0.98 * (k->least_ns - k->mean_ns);

	return noon_cgf_tilt(k, fmin(fmax(x_ns, down), up));
}

noon_err noon_convolve_channel(struct noon_convolve *w, const struct noon_channel *c, unsigned n,
			       double near_ns)
{
	struct base b = {.p_idle = c->p_idle, .fold = 2.0 * c->routers * (double)n};
	struct noon_cgf k;
	double service, sd, t, kt, k1, k2, m, most;

	if (noon_channel_check(c) != NOON_OK || n < 1)
		return NOON_ERR_RANGE;
	k = noon_cgf_of_channel(c);
	if (!(near_ns >= k.least_ns && near_ns <= k.most_ns))
		return NOON_ERR_RANGE;
	service = noon_channel_service_ns(c);
	t = tilt_for(&k, near_ns);
	kt = k.k(k.of, t, &k1, &k2);
	sd = sqrt(n * k2) / service;
	most = ((double)NOON_FFT_MAX - 2.0) / fmin(2.0 * HALF_WIDTH * sd * 1.01, b.fold);
	m = floor(fmin(fmin(ceil(FINE / sd), most), CELLS_MOST));
	if (m < 2.0)
		return NOON_ERR_RANGE;
	b.m = (size_t)m;
	b.step = service / m;
	b.t = t * b.step;
	b.log_m = (kt + t * (k.mean_ns - c->fixed_ns)) / (2.0 * c->routers);
	w->upper = near_ns > k.mean_ns;
	return convolve(w, &b, c->fixed_ns, n);
}

noon_err noon_convolve_law(struct noon_convolve *w, const struct noon_law *law, unsigned n,
			   double near_ns)
{
	const struct noon_cgf k = noon_cgf_of_law(law);
	struct base b = {.law = law, .step = law->step_ns, .m = law->n - 1, .fold = n};

	if (n < 1 || !(near_ns >= k.least_ns && near_ns <= k.most_ns) || !(k.sd_ns > 0.0))
		return NOON_ERR_RANGE;
	b.t = tilt_for(&k, near_ns) * b.step;
	w->upper = near_ns > k.mean_ns;
	return convolve(w, &b, law->x0_ns, n);
}

/* Return the tail at the lower edge of cell i. A sum over cells is the midpoint rule for an
 * integral; its first error term is the second difference over 24, where the law is smooth. */
static double tail_at(const struct noon_convolve *w, size_t i, bool *ret_smooth)
{
	const double *p = w->tail;
	double first, second;

	*ret_smooth = false;
	if (i == 0 || i + 1 >= w->points)
		return p[i < w->points ? i : w->points - 1];
	first = fabs(p[i + 1] - p[i - 1]) / 2.0;
	second = p[i + 1] - 2.0 * p[i] + p[i - 1];
	if (!(fabs(second) < SMOOTH * first) || !(p[i] > 0.0))
		return p[i];
	*ret_smooth = true;
	return p[i] + second / 24.0;
}

/* Interpolate the logarithms of four tails at 0, 1, 2, 3; f within 1..2. */
static double cubic(const double *y, double f)
{
	const double a = f, b = f - 1.0, c = f - 2.0, d = f - 3.0;

	return exp(log(y[0]) * b * c * d / -6.0 + log(y[1]) * a * c * d / 2.0 +
		   log(y[2]) * a * b * d / -2.0 + log(y[3]) * a * b * c / 6.0);
}

static double tail_between(const struct noon_convolve *w, double u)
{
	const size_t i = (size_t)u;
	const double f = u - (double)i;
	double y[4];
	bool smooth = i >= 2 && i + 3 < w->points, one;

	for (size_t j = 0; smooth && j < 4; j++) {
		y[j] = tail_at(w, i - 1 + j, &one);
		smooth = one && y[j] > 0.0;
	}
	if (smooth)
		return cubic(y, f + 1.0);
	y[0] = tail_at(w, i, &one);
	y[1] = tail_at(w, i + 1, &one);
	return y[0] + f * (y[1] - y[0]);
}

double noon_convolve_sf(const struct noon_convolve *w, double x_ns)
{
	/* Of the lower edges of the cells. */
	double u = (x_ns - w->x0_ns) / w->step_ns - w->first + 0.5;
	double p;

	if (x_ns < w->x0_ns)
		return 1.0;
	/* The first cell of all is an atom at its middle. */
	if (!(w->first > 0.0))
		u = fmax(u, 1.0);
	if (u <= 0.0)
		return w->upper ? w->tail[0] : 1.0;
	if (u >= (double)(w->points - 1))
		return w->upper ? 0.0 : 1.0 - w->tail[w->points - 1];
	p = fmin(fmax(tail_between(w, u), 0.0), 1.0);
	return w->upper ? p : 1.0 - p;
}

double noon_convolve_isf(const struct noon_convolve *w, double p)
{
	double lo = w->low_ns, hi = w->high_ns;

	/* An atom at the very bottom has to count as above. */
	if (noon_convolve_sf(w, lo) <= p)
		return lo - (w->first > 0.0 ? 0.0 : BELOW);
	for (int i = 0; i < 100 && hi - lo > 1e-9; i++) {
		const double mid = lo + (hi - lo) / 2.0;

		if (noon_convolve_sf(w, mid) > p)
			lo = mid;
		else
			hi = mid;
	}
	return lo;
}

noon_err noon_convolve_mean_test(struct noon_convolve *w, const struct noon_channel *c, unsigned n,
				 double delta_ns, double p_d, struct noon_mean_test *ret)
{
	struct noon_mean_test at;
	struct noon_cgf k;
	double near;

	if (noon_channel_check(c) != NOON_OK || n < 1)
		return NOON_ERR_RANGE;
	k = noon_cgf_of_channel(c);
	if (noon_mean_test_of(&k, n, delta_ns, p_d, 1.0, 0.0, &at) != NOON_OK)
		return NOON_ERR_RANGE;
	near = fmin(p_d, 1.0 - p_d) < PLAIN ? at.lambda_ns - delta_ns : k.mean_ns;
	if (noon_convolve_channel(w, c, n, near) != NOON_OK)
		return NOON_ERR_RANGE;
	at.lambda_ns = delta_ns + noon_convolve_isf(w, p_d);
	if (at.lambda_ns >= k.most_ns) {
		at.p_fa = 0.0;
	} else {
		near = fmax(at.lambda_ns, k.mean_ns);
		if (noon_convolve_channel(w, c, n, near) != NOON_OK)
			return NOON_ERR_RANGE;
		at.p_fa = noon_convolve_sf(w, at.lambda_ns);
	}
	*ret = at;
	return NOON_OK;
}
