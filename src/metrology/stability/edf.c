/* SPDX-License-Identifier: Apache-2.0
 *
 * The estimate is a mean of squares of filtered phase at places tau / S apart. Its edf follows from
 * the autocorrelation s_z of that signal: 1 / edf = sum over the lags (1 - |j| / M) (s_z(j / S) /
 * s_z(0))^2 / M. For long sums that is replaced by an integral, which has a table (Greenhall and
 * Riley, tables 1 to 3).
 */
#include "metrology/stability/edf.h"

#include <math.h>
#include <stdbool.h>

#include "metrology/stability/chi_square.h"

/* Longest sum before the table is used. */
#define TERMS_MAX 100.0
/* F for phase averaged over no time at all */
#define CONTINUOUS 0.0

/** What sums are made of: members as in the source. */
struct filter {
	int alpha;
	unsigned d; /**< order of the difference: 2 Allan, 3 Hadamard */
	double f;   /**< filter factor: 1 modified, m unmodified; CONTINUOUS: in the limit */
};

/* Generalised autocovariance of phase noise, t in tau. */
static double phase_covariance(double t, int alpha)
{
	const double a = fabs(t);
	const int power = 3 - alpha; /* alpha = 2: 1; -4: 7 */
	double v = 1.0;

	if (!(a > 0.0))
		return 0.0;
	for (int i = 0; i < power; i++)
		v *= a;
	switch (power % 4) {
	case 0: /* alpha = -1 */
		return -v * log(a);
	case 1: /* alpha = 2, -2 */
		return -v;
	case 2: /* alpha = 1, -3 */
		return v * log(a);
	default: /* alpha = 0, -4 */
		return v;
	}
}

static double averaged(double t, const struct filter *g)
{
	const double step = 1.0 / g->f;

	if (g->f <= CONTINUOUS)
		return phase_covariance(t, g->alpha + 2);
	return g->f * g->f *
	       (2.0 * phase_covariance(t, g->alpha) - phase_covariance(t - step, g->alpha) -
		phase_covariance(t + step, g->alpha));
}

static double covariance(double t, const struct filter *g)
{
	static const double weight[2][4] = {{6.0, -4.0, 1.0, 0.0}, {20.0, -15.0, 6.0, -1.0}};
	double sum = weight[g->d - 2][0] * averaged(t, g);

	for (unsigned k = 1; k <= g->d; k++)
		sum += weight[g->d - 2][k] *
		       (averaged(t - (double)k, g) + averaged(t + (double)k, g));
	return sum;
}

/* BasicSum of the source, over the square of the variance. */
static double basic_sum(double j, double m, double s, const struct filter *g)
{
	const double at_0 = covariance(0.0, g);
	double z = covariance(j / s, g) / at_0;
	double sum = 1.0 + (1.0 - j / m) * z * z;

	/* j <= TERMS_MAX */
	for (int i = 1; i < (int)j; i++) {
		z = covariance((double)i / s, g) / at_0;
		sum += 2.0 * (1.0 - (double)i / m) * z * z;
	}
	return sum;
}

/* Table 1 (modified) and 2, by alpha = 2 ... -4; d = 2 and d = 3. */
static const double limits[2][2][7][2] = {
	{{{7.0 / 9.0, 1.0 / 2.0},
	  {0.997, 0.616},
	  {1.033, 0.607},
	  {1.048, 0.534},
	  {1.302, 0.535},
	  {1.302, 0.535},
	  {1.302, 0.535}},
	 {{22.0 / 25.0, 2.0 / 3.0},
	  {1.141, 0.843},
	  {1.184, 0.848},
	  {1.180, 0.816},
	  {1.175, 0.777},
	  {1.194, 0.703},
	  {1.489, 0.702}}},
	{{{35.0 / 18.0, 1.0},
	  {790.0, 410.0},
	  {2.0 / 3.0, 1.0 / 3.0},
	  {0.852, 0.375},
	  {1.079, 0.368},
	  {1.079, 0.368},
	  {1.079, 0.368}},
	 {{231.0 / 100.0, 3.0 / 2.0},
	  {9950.0, 6520.0},
	  {7.0 / 9.0, 1.0 / 2.0},
	  {0.997, 0.617},
	  {1.033, 0.607},
	  {1.053, 0.553},
	  {1.302, 0.535}}},
};

/* White PM, unmodified: only phases that are shared correlate, at whole multiples of tau. */
static double white_pm(double m, double s, unsigned d)
{
	static const double ratio[2][3] = {{4.0 / 6.0, 1.0 / 6.0, 0.0},
					   {15.0 / 20.0, 6.0 / 20.0, 1.0 / 20.0}};
	double sum = 1.0;

	for (unsigned k = 1; k <= d && (double)k * s < m; k++)
		sum += 2.0 * (1.0 - (double)k * s / m) * ratio[d - 2][k - 1] * ratio[d - 2][k - 1];
	return m / sum;
}

/** m: terms, s: stride factor, r = m / s, of a sum too long to be made term by term. */
static double long_sum(double m, double s, const struct filter *g, bool modified, size_t factor)
{
	const double r = m / s, *a = limits[!modified][g->d - 2][2 - g->alpha];
	/* Table 3: the variance of flicker PM depends on m. */
	const double variance =
		g->d == 2 ? 15.23 + 12.0 * log((double)factor) : 47.8 + 40.0 * log((double)factor);
	const bool flicker_pm = !modified && g->alpha == 1;
	struct filter coarse = *g;
	double sum;

	if (r >= (double)g->d + 1.0)
		return r / (a[0] - a[1] / r) * (flicker_pm ? variance * variance : 1.0);
	coarse.f = modified ? 1.0 : flicker_pm ? TERMS_MAX / r : CONTINUOUS;
	sum = basic_sum(TERMS_MAX, TERMS_MAX, TERMS_MAX / r, &coarse);
	if (flicker_pm) {
		const double at_0 = covariance(0.0, &coarse);

		sum *= at_0 * at_0 / (variance * variance);
	}
	return TERMS_MAX / sum;
}

static double finite_difference_edf(int alpha, unsigned d, bool modified, bool overlapping,
				    size_t factor, size_t n)
{
	const double m = (double)factor, s = overlapping ? m : 1.0;
	struct filter g = {alpha, d, modified ? 1.0 : m};
	const double length = m / g.f + m * (double)d;
	const double terms = 1.0 + floor(s * ((double)n - length) / m);
	const double j = fmin(terms, ((double)d + 1.0) * s);

	if (terms < 1.0)
		return 0.0;
	if (!modified && alpha == 2)
		return white_pm(terms, s, d);
	if (j > TERMS_MAX)
		return long_sum(terms, s, &g, modified, factor);
	if (!modified && alpha <= 0 && m * ((double)d + 1.0) > TERMS_MAX)
		g.f = CONTINUOUS;
	return terms / basic_sum(j, terms, s, &g);
}

/* NIST SP 1065: T / tau is (n - 1) / m. */
static double total_edf(enum noon_statistic what, int alpha, double ratio)
{
	static const double allan[3][2] = {{1.50, 0.0}, {1.17, 0.22}, {0.93, 0.36}};
	static const double modified[5][2] = {
		{1.90, 2.10}, {1.20, 1.40}, {1.10, 1.20}, {0.85, 0.50}, {0.75, 0.31}};
	static const double hadamard[5][2] = {
		{0.559, 1.004}, {0.868, 1.140}, {0.938, 1.696}, {0.974, 2.554}, {1.276, 3.149}};

	if (what == NOON_HTOTDEV)
		return alpha > 0 ? 0.0
				 : ratio / (hadamard[-alpha][0] + hadamard[-alpha][1] / ratio);
	if (what == NOON_TOTDEV)
		return alpha > 0 || alpha < -2 ? 0.0 : allan[-alpha][0] * ratio - allan[-alpha][1];
	return alpha < -2 ? 0.0 : modified[2 - alpha][0] * ratio - modified[2 - alpha][1];
}

double noon_edf(enum noon_statistic what, enum noon_noise noise, size_t m, size_t n)
{
	const int alpha = noise;
	const bool is_hadamard =
		what == NOON_HDEV || what == NOON_OHDEV || (what == NOON_HTOTDEV && m == 1);

	if (what == NOON_MTIE || what == NOON_TIERMS ||
	    (!is_hadamard && alpha < -2 && what != NOON_HTOTDEV))
		return 0.0;
	switch (what) {
	case NOON_ADEV:
	case NOON_OADEV:
		return finite_difference_edf(alpha, 2, false, what == NOON_OADEV, m, n);
	case NOON_MDEV:
	case NOON_TDEV:
		return finite_difference_edf(alpha, 2, true, true, m, n);
	case NOON_HDEV:
	case NOON_OHDEV:
		return finite_difference_edf(alpha, 3, false, what == NOON_OHDEV, m, n);
	case NOON_HTOTDEV:
		if (m == 1)
			return finite_difference_edf(alpha, 3, false, true, m, n);
		break;
	case NOON_TOTDEV:
	case NOON_MTOTDEV:
	case NOON_TTOTDEV:
	case NOON_MTIE:
	case NOON_TIERMS:
		break;
	}
	return n < 2 ? 0.0 : fmax(total_edf(what, alpha, (double)(n - 1) / (double)m), 0.0);
}

size_t noon_edf_samples(enum noon_statistic what, size_t m, size_t pairs)
{
	switch (what) {
	case NOON_ADEV:
		return (pairs + 1) * m + 1;
	case NOON_OADEV:
		return pairs + 2 * m;
	case NOON_MDEV:
	case NOON_TDEV:
	case NOON_MTOTDEV:
	case NOON_TTOTDEV:
		return pairs + 3 * m - 1;
	case NOON_HDEV:
		return (pairs + 2) * m + 1;
	case NOON_OHDEV:
	case NOON_HTOTDEV:
		return pairs + 3 * m;
	case NOON_TOTDEV:
		return pairs + 2;
	case NOON_MTIE:
	case NOON_TIERMS:
		break;
	}
	return pairs + m;
}

double noon_bias(enum noon_statistic what, enum noon_noise noise, size_t m, size_t n)
{
	static const double modified[5] = {0.94, 0.83, 0.73, 0.70, 0.69};
	static const double allan[3] = {0.0, 0.481, 0.75};
	static const double hadamard[5] = {-0.005, -0.149, -0.229, -0.283, -0.321};
	const int alpha = noise;

	if ((what == NOON_MTOTDEV || what == NOON_TTOTDEV) && alpha >= -2)
		return 1.0 / sqrt(modified[2 - alpha]);
	if (what == NOON_HTOTDEV && m > 1 && alpha <= 0)
		return 1.0 / sqrt(1.0 + hadamard[-alpha]);
	if (what == NOON_TOTDEV && alpha <= 0 && alpha >= -2 && n > 1)
		return 1.0 / sqrt(1.0 - allan[-alpha] * (double)m / (double)(n - 1));
	return 1.0;
}

noon_err noon_confidence(double deviation, double edf, double level, double *ret_low,
			 double *ret_high)
{
	const double tail = (1.0 - level) / 2.0;

	if (!(edf > 0.0) || !(level > 0.0 && level < 1.0))
		return NOON_ERR_RANGE;
	*ret_low = deviation * sqrt(edf / noon_chi_square_quantile(1.0 - tail, edf));
	*ret_high = deviation * sqrt(edf / noon_chi_square_quantile(tail, edf));
	return NOON_OK;
}
