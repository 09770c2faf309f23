/* SPDX-License-Identifier: Apache-2.0 */
#include "guard_path.h"

#include <math.h>

#define MOST 1e11 /* ns */

const char *guard_path_word(enum guard_path_kind kind)
{
	static const char *const word[GUARD_PATH_KINDS] = {
		[GUARD_PATH_NORMAL] = "normal",	      [GUARD_PATH_LOGNORMAL] = "lognormal",
		[GUARD_PATH_PARETO] = "pareto",	      [GUARD_PATH_TWO_POINT] = "two-point",
		[GUARD_PATH_OUTLIER] = "outlier",     [GUARD_PATH_BOUNDED] = "bounded",
		[GUARD_PATH_QUANTISED] = "quantised", [GUARD_PATH_AR1] = "ar1",
		[GUARD_PATH_NUGGET] = "nugget",	      [GUARD_PATH_BURSTS] = "bursts",
	};

	return word[kind];
}

static double between(struct noon_rng *rng, double lo, double hi)
{
	return lo + (hi - lo) * noon_rng_unit(rng);
}

struct guard_path guard_path_of(enum guard_path_kind kind, uint64_t seed)
{
	struct guard_path p = {.kind = kind, .rng = noon_rng_seeded(seed)};
	struct noon_rng *r = &p.rng;

	p.least = between(r, 1e6, 2e7);
	p.scale = 1e3 * pow(10.0, between(r, 0.0, 2.0));
	p.granule = 1;
	switch (kind) {
	case GUARD_PATH_LOGNORMAL:
		p.shape = between(r, 0.3, 1.5);
		break;
	case GUARD_PATH_QUANTISED:
		p.shape = between(r, 0.3, 1.0);
		p.granule = (uint64_t)(p.scale * between(r, 0.5, 3.0));
		break;
	case GUARD_PATH_PARETO:
		p.shape = between(r, 2.1, 5.0);
		break;
	case GUARD_PATH_TWO_POINT:
		p.p = between(r, 0.05, 0.95);
		break;
	case GUARD_PATH_OUTLIER:
		p.p = pow(10.0, between(r, -4.0, -3.0));
		p.far = p.scale * pow(10.0, between(r, 2.0, 4.0));
		break;
	case GUARD_PATH_BOUNDED:
		p.p = between(r, 0.0, 0.9);
		break;
	case GUARD_PATH_AR1:
		p.keep = between(r, 0.3, 0.95);
		break;
	case GUARD_PATH_NUGGET:
		p.keep = between(r, 0.95, 0.995);
		p.shape = between(r, 0.2, 0.6); /* of the load, in deviations of the jitter */
		break;
	case GUARD_PATH_BURSTS:
		p.p = between(r, 0.0005, 0.002); /* that one begins */
		p.shape = between(r, 5.0, 40.0); /* how long */
		p.far = p.scale * between(r, 2.0, 10.0);
		break;
	case GUARD_PATH_NORMAL:
	case GUARD_PATH_KINDS:
		break;
	}
	return p;
}

static double value(struct guard_path *p)
{
	struct noon_rng *r = &p->rng;

	switch (p->kind) {
	case GUARD_PATH_LOGNORMAL:
	case GUARD_PATH_QUANTISED:
		return exp(p->shape * noon_rng_gauss(r));
	case GUARD_PATH_PARETO:
		return pow(1.0 - noon_rng_unit(r), -1.0 / p->shape) - 1.0;
	case GUARD_PATH_TWO_POINT:
		return noon_rng_unit(r) < p->p ? 1.0 : 0.0;
	case GUARD_PATH_OUTLIER:
		if (noon_rng_unit(r) < p->p)
			return p->far / p->scale;
		break;
	case GUARD_PATH_BOUNDED:
		return noon_rng_unit(r) < p->p ? 0.0 : 3.0 * noon_rng_unit(r);
	case GUARD_PATH_AR1:
		p->level = p->keep * p->level + sqrt(1.0 - p->keep * p->keep) * noon_rng_gauss(r);
		return 8.0 + p->level;
	case GUARD_PATH_NUGGET:
		p->level = p->keep * p->level + sqrt(1.0 - p->keep * p->keep) * noon_rng_gauss(r);
		return 8.0 + noon_rng_gauss(r) + p->shape * p->level;
	case GUARD_PATH_BURSTS:
		if (p->left > 0)
			p->left--;
		else if (noon_rng_unit(r) < p->p)
			p->left = (uint64_t)(1.0 + p->shape * noon_rng_exp(r));
		return 8.0 + noon_rng_gauss(r) +
		       (p->left > 0 ? p->far / p->scale * noon_rng_unit(r) : 0.0);
	case GUARD_PATH_NORMAL:
	case GUARD_PATH_KINDS:
		break;
	}
	return 8.0 + noon_rng_gauss(r);
}

int64_t guard_path_next(struct guard_path *p)
{
	const double x = p->least + fmin(p->scale * value(p), MOST);
	const uint64_t ns = x > 0.0 ? (uint64_t)x : 0;

	return (int64_t)(ns - ns % p->granule);
}
