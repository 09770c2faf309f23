/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/budget/bootstrap.h"

#include <assert.h>
#include <math.h>

static double mean_of(const double *x, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += (x[i] - x[0]) / (double)n;
	return x[0] + sum;
}

/* Mean of (x_i - mean)(x_{i+lag} - mean). */
static double covariance(const double *x, size_t n, double mean, size_t lag)
{
	double sum = 0;

	for (size_t i = 0; i + lag < n; i++)
		sum += (x[i] - mean) * (x[i + lag] - mean);
	return sum / (double)n;
}

/* Lags are doubled: the cost is n log n, and a block that is twice as long as needed does no harm.
 */
static size_t block_of(const double *x, size_t n, double mean)
{
	const double var = covariance(x, n, mean, 0);
	const double noise = 2 / sqrt((double)n);
	const size_t most = n / 4 > 0 ? n / 4 : 1;
	size_t block = (size_t)ceil(cbrt((double)n));
	size_t lag = 1;

	while (lag < most && var > 0 && covariance(x, n, mean, lag) > noise * var)
		lag *= 2;
	if (lag > 1 && 2 * lag > block)
		block = 2 * lag;
	if (block > most)
		block = most;
	return block > 0 ? block : 1;
}

void noon_mean_error(const double *x, size_t n, struct noon_mean_error *ret)
{
	size_t b;
	double sum = 0;
	double var = 0;

	assert(n >= 2);
	ret->mean = mean_of(x, n);
	ret->block = b = block_of(x, n, ret->mean);
	for (size_t i = 0; i < n; i++) {
		sum += x[i] - ret->mean;
		if (i + 1 < b)
			continue;
		var += sum / (double)b * (sum / (double)b) / (double)(n - b + 1);
		sum -= x[i + 1 - b] - ret->mean;
	}
	/* Means of overlapping blocks about the mean of all of them lack b / n of their variance.
	 */
	var /= 1 - (double)b / (double)n;
	ret->u = sqrt(var * (double)b / (double)n);
	ret->nu = fmax(1, floor((double)n / (double)b) - 1);
}
