/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/law/mean_law.h"

#include <math.h>
#include <stdbool.h>

struct noon_mean_law noon_mean_law_of(const struct noon_law *law, struct noon_convolve *memory)
{
	return (struct noon_mean_law){.law = law, .memory = memory, .cgf = noon_cgf_of_law(law)};
}

/* Compute the exact law around x, if it is wanted and fits. */
static bool load(const struct noon_mean_law *m, double n, double x_ns)
{
	const double at = fmin(fmax(x_ns, m->cgf.least_ns), m->cgf.most_ns);

	return n < NOON_MEAN_EXACT + 1.0 && m->cgf.sd_ns > 0.0 &&
	       noon_convolve_law(m->memory, m->law, (unsigned)n, at) == NOON_OK;
}

double noon_mean_law_sf(const struct noon_mean_law *m, double n, double x_ns)
{
	if (x_ns >= m->cgf.most_ns || !load(m, n, x_ns))
		return noon_mean_sf(&m->cgf, n, x_ns);
	return noon_convolve_sf(m->memory, x_ns - m->memory->step_ns / 2.0);
}

double noon_mean_law_isf(const struct noon_mean_law *m, double n, double p)
{
	const double out = p < 0.5 ? 0.5 : -0.5;
	double x = noon_mean_isf(&m->cgf, n, p);

	/* The saddlepoint tells where to look; where it errs by much, look again there. */
	for (int i = 0; i < 3 && load(m, n, x); i++) {
		const double lo = m->memory->low_ns, hi = m->memory->high_ns;
		const double found = noon_convolve_isf(m->memory, p);

		x = found + out * m->memory->step_ns;
		if ((found > lo && found < hi - 1e-6) || found >= m->cgf.most_ns ||
		    found <= m->cgf.least_ns)
			break;
	}
	return fmin(x, m->cgf.most_ns);
}
