/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/guard/step.h"

#include <math.h>
#include <string.h>

#define NEARBY 16 /* moves on either side that are tried, over the middle half of the law */

void noon_step_reset(struct noon_step *s)
{
	memset(s, 0, sizeof(*s));
}

static void begin(struct noon_step *s)
{
	s->n = 0;
	memset(s->count, 0, sizeof(s->count));
}

static size_t cell_of(const struct noon_step *s, const struct noon_law *law, double x)
{
	const double at = (x - s->origin_ns) / law->step_ns + 0.5;

	if (!(at >= 1.0))
		return 0;
	return at >= (double)law->n ? law->n - 1 : (size_t)at;
}

static size_t median_of_law(const struct noon_law *law)
{
	double below = law->p[0];
	size_t k = 0;

	while (k + 1 < law->n && below < 0.5)
		below += law->p[++k];
	return k;
}

static size_t median_of_values(const struct noon_step *s, const struct noon_law *law, double n)
{
	double below = s->count[0];
	size_t k = 0;

	while (k + 1 < law->n && below < n / 2.0)
		below += s->count[++k];
	return k;
}

/* Return the largest distance between the distributions when cell k of the law is k + shift of the
 * values. */
static double distance_of(const struct noon_step *s, const struct noon_law *law, double n,
			  long shift)
{
	double f0 = 0.0, seen = 0.0, most = 0.0;
	long at = 0;

	for (size_t k = 0; k < law->n; k++) {
		const long to = (long)k + shift;

		f0 += law->p[k];
		while (at <= to && at < (long)law->n)
			seen += s->count[at++] / n;
		most = fmax(most, fabs(f0 - seen));
	}
	return most;
}

/* The median of few values is not exact, and a sharp edge of the law feels it: of moves nearby the
 * one with the smallest distance counts. */
static void judge(struct noon_step *s, const struct noon_law *law, double n, double distance,
		  double least_by)
{
	const long middle = (long)median_of_values(s, law, n) - (long)median_of_law(law);
	const double width = noon_law_quantile(law, 0.75) - noon_law_quantile(law, 0.25);
	const long apart = (long)ceil(width / law->step_ns / NEARBY);
	double least = HUGE_VAL;

	for (long j = -NEARBY; j <= NEARBY; j++) {
		const double d = distance_of(s, law, n, middle + j * apart);

		if (!(d < least))
			continue;
		least = d;
		s->by_ns = s->origin_ns - law->x0_ns + (double)(middle + j * apart) * law->step_ns;
	}
	s->is_known = fabs(s->by_ns) > least_by && least <= distance;
}

void noon_step_take(struct noon_step *s, const struct noon_law *law, double rtt_ns, uint32_t batch,
		    uint32_t values, double distance, double least_by)
{
	if (s->n < batch) {
		s->least_ns = s->n == 0 ? rtt_ns : fmin(s->least_ns, rtt_ns);
		/* Room below the least of so few values, as wide as the lowest tenth of the law. */
		s->origin_ns = s->least_ns - (noon_law_quantile(law, 0.1) - law->x0_ns);
	} else {
		s->count[cell_of(s, law, rtt_ns)]++;
	}
	if (++s->n < batch + values)
		return;
	judge(s, law, values, distance, least_by);
	begin(s);
}
