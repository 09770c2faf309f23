/* SPDX-License-Identifier: Apache-2.0 */
#include "metrology/budget/order.h"

#include <assert.h>
#include <math.h>

/* Let x[at] sink to its place in the heap of the first n. */
static void sink(double *x, size_t at, size_t n)
{
	const double v = x[at];

	for (size_t child = 2 * at + 1; child < n; child = 2 * at + 1) {
		if (child + 1 < n && x[child + 1] > x[child])
			child++;
		if (x[child] <= v)
			break;
		x[at] = x[child];
		at = child;
	}
	x[at] = v;
}

void noon_sort(double *x, size_t n)
{
	for (size_t i = n / 2; i-- > 0;)
		sink(x, i, n);
	for (size_t end = n; end-- > 1;) {
		const double top = x[0];

		x[0] = x[end];
		x[end] = top;
		sink(x, 0, end);
	}
}

double noon_quantile(const double *sorted, size_t n, double q)
{
	const double at = q * (double)(n - 1);
	const size_t i = (size_t)at;

	assert(n > 0 && q >= 0 && q <= 1);
	if (i + 1 >= n)
		return sorted[n - 1];
	return sorted[i] + (at - (double)i) * (sorted[i + 1] - sorted[i]);
}

void noon_shortest_interval(const double *sorted, size_t n, double p, double *ret_lower,
			    double *ret_upper)
{
	const size_t within = (size_t)ceil(p * (double)n);
	size_t best = 0;

	assert(within > 0 && within <= n);
	for (size_t i = 1; i + within <= n; i++)
		if (sorted[i + within - 1] - sorted[i] < sorted[best + within - 1] - sorted[best])
			best = i;
	*ret_lower = sorted[best];
	*ret_upper = sorted[best + within - 1];
}
