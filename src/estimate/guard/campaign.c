/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/guard/campaign.h"

#include <math.h>

/* Above this a difference counts as chance. */
#define P_CHANCE 1e-3

static double mean_of(const int64_t *x, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (double)x[i] / (double)n;
	return sum;
}

static double covariance(const int64_t *x, size_t n, double mean, size_t lag)
{
	double sum = 0;

	for (size_t i = lag; i < n; i++)
		sum += ((double)x[i] - mean) * ((double)x[i - lag] - mean);
	return sum / (double)n;
}

static void correlate(const int64_t *x, struct noon_campaign *c)
{
	const double var = c->sd_ns * c->sd_ns;
	const double chance = 2.0 / sqrt((double)c->n);
	double sum = 0, rho = 0;
	size_t lag = 1;

	c->inflation = 1.0;
	if (!(var > 0.0))
		return;
	for (; lag <= NOON_CAMPAIGN_LAGS && lag < c->n / 4; lag++) {
		rho = covariance(x, c->n, c->mean_ns, lag) / var;
		if (lag == 1)
			c->autocorrelation = rho;
		if (rho < chance)
			break;
		sum += rho;
	}
	/* Still correlated at the last lag: as if it went on falling off exponentially. */
	if (lag > 1 && rho >= chance)
		sum += -rho * (double)(lag - 1) / log(fmin(rho, 0.9999));
	c->inflation = 1.0 + 2.0 * sum;
}

/* P(chi-square with k degrees of freedom > x), Wilson and Hilferty's approximation. */
static double chi_square_sf(double x, double k)
{
	const double z = (cbrt(x / k) - (1.0 - 2.0 / (9.0 * k))) / sqrt(2.0 / (9.0 * k));

	return 0.5 * erfc(z / sqrt(2.0));
}

/* Compare the parts with each other, and with a line. */
static void compare(const int64_t *x, struct noon_campaign *c)
{
	const size_t size = c->n / NOON_CAMPAIGN_PARTS;
	const double var = c->sd_ns * c->sd_ns * c->inflation / (double)size;
	const double middle = (NOON_CAMPAIGN_PARTS - 1) / 2.0;
	double chi = 0, cross = 0, squares = 0;

	c->drift_p = 1.0;
	c->parts_p = 1.0;
	for (size_t k = 0; k < NOON_CAMPAIGN_PARTS; k++) {
		const double d = mean_of(x + k * size, size) - c->mean_ns;

		chi += d * d;
		cross += d * ((double)k - middle);
		squares += ((double)k - middle) * ((double)k - middle);
	}
	c->drift_ns = cross / squares * (NOON_CAMPAIGN_PARTS - 1);
	if (!(var > 0.0))
		return;
	c->parts_p = chi_square_sf(chi / var, NOON_CAMPAIGN_PARTS - 1);
	c->drift_p = erfc(fabs(cross) / sqrt(2.0 * squares * var));
}

noon_err noon_campaign_assess(const int64_t *rtt_ns, size_t n, struct noon_campaign *ret)
{
	struct noon_campaign c = {.n = n};

	if (n < (size_t)NOON_CAMPAIGN_PARTS * 8)
		return NOON_ERR_EMPTY;
	c.mean_ns = mean_of(rtt_ns, n);
	c.sd_ns = sqrt(covariance(rtt_ns, n, c.mean_ns, 0));
	correlate(rtt_ns, &c);
	compare(rtt_ns, &c);
	*ret = c;
	return NOON_OK;
}

size_t noon_campaign_needed(const struct noon_campaign *c, unsigned batch)
{
	const double need = ceil(c->inflation * (double)batch * NOON_CAMPAIGN_BATCHES);

	return need > NOON_CAMPAIGN_MIN ? (size_t)need : NOON_CAMPAIGN_MIN;
}

bool noon_campaign_drifts(const struct noon_campaign *c)
{
	return c->drift_p < P_CHANCE || c->parts_p < P_CHANCE;
}
