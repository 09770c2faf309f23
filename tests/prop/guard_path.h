/* SPDX-License-Identifier: Apache-2.0
 *
 * Round-trip times as paths have them, for tests of the guard: heavy tails, atoms, correlation,
 * load that comes and goes.
 */
#ifndef GUARD_PATH_H
#define GUARD_PATH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/rng.h"

enum guard_path_kind {
	GUARD_PATH_NORMAL,
	GUARD_PATH_LOGNORMAL,
	GUARD_PATH_PARETO,
	GUARD_PATH_TWO_POINT,
	GUARD_PATH_OUTLIER,   /* normal, and one in some thousands far away */
	GUARD_PATH_BOUNDED,   /* uniform, and a share at the least value */
	GUARD_PATH_QUANTISED, /* lognormal, in few steps */
	GUARD_PATH_AR1,	      /* the first that is correlated */
	GUARD_PATH_NUGGET,    /* white jitter, and slow load of a smaller size */
	GUARD_PATH_BURSTS,    /* a state of load now and then */
	GUARD_PATH_KINDS,
};
#define GUARD_PATH_INDEPENDENT GUARD_PATH_AR1

struct guard_path {
	enum guard_path_kind kind;
	struct noon_rng rng;
	double least; /* ns, all of them */
	double scale;
	double shape;
	double level;	  /* of what is slow, standard deviations */
	double keep;	  /* of it from value to value */
	double far;	  /* of an outlier */
	double p;	  /* of a point, an outlier, a burst */
	uint64_t left;	  /* values of the burst under way */
	uint64_t granule; /* steps of the stamps */
};

/** Return a path of a kind; parameters and values follow from the seed. */
struct guard_path guard_path_of(enum guard_path_kind kind, uint64_t seed);

/** Return the next round trip of a path that nobody attacks, ns, >= 0. */
int64_t guard_path_next(struct guard_path *path);

/** Return the word of a kind, static. */
const char *guard_path_word(enum guard_path_kind kind);

#endif
