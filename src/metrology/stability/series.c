/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/stability/series.h"

#include <math.h>

#include "metrology/stability/sum.h"

bool noon_series_run(const struct noon_series *s, size_t from, struct noon_run *ret)
{
	size_t first = from, end;

	while (first < s->n && isnan(s->x[first]))
		first++;
	if (first >= s->n)
		return false;
	for (end = first + 1; end < s->n && !isnan(s->x[end]);)
		end++;
	*ret = (struct noon_run){first, end - first};
	return true;
}

size_t noon_series_samples(const struct noon_series *s)
{
	size_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		n += isnan(s->x[i]) ? 0 : 1;
	return n;
}

double noon_series_centre(double *x, size_t n)
{
	double first = 0.0;
	bool found = false;

	for (size_t i = 0; i < n; i++) {
		if (!isfinite(x[i])) {
			x[i] = (double)NAN;
			continue;
		}
		if (!found)
			first = x[i];
		found = true;
		x[i] -= first;
	}
	return first;
}

static double mean_of(const double *y, size_t n)
{
	struct noon_sum sum = {0};
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		if (!isfinite(y[i]))
			continue;
		noon_sum_add(&sum, y[i]);
		used++;
	}
	return used > 0 ? noon_sum_value(&sum) / (double)used : 0.0;
}

bool noon_series_from_frequency(const double *y, size_t n, double tau0, bool remove_mean, double *x,
				double *ret_mean)
{
	const double mean = remove_mean ? mean_of(y, n) : 0.0;
	struct noon_sum phase = {0};
	bool gaps = false;

	*ret_mean = mean;
	x[0] = n > 0 && !isfinite(y[0]) ? (double)NAN : 0.0;
	for (size_t i = 0; i < n; i++) {
		x[i + 1] = (double)NAN;
		if (!isfinite(y[i])) {
			gaps = true;
			continue;
		}
		if (isnan(x[i])) {
			/* A run begins one phase before its first frequency. After a gap of one
			 * value that would join the two runs: begin one later. */
			const bool apart = i == 0 || isnan(x[i - 1]);

			phase = (struct noon_sum){0};
			x[apart ? i : i + 1] = 0.0;
			if (!apart)
				continue;
		}
		noon_sum_add(&phase, tau0 * (y[i] - mean));
		x[i + 1] = noon_sum_value(&phase);
	}
	return gaps;
}
