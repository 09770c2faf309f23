/* SPDX-License-Identifier: Apache-2.0
 *
 * Maximum time interval error: the largest peak-to-peak phase in any window of m + 1 samples
 * (ITU-T G.810). Windows with a gap in them are left out.
 */
#ifndef NOON_METROLOGY_MTIE_H
#define NOON_METROLOGY_MTIE_H

#include "metrology/stability/series.h"

/** Most octaves: m = 2^0 to 2^62. */
#define NOON_MTIE_OCTAVES_MAX 63

/** Return how many elements of scratch memory noon_mtie() needs. */
size_t noon_mtie_scratch(size_t n, size_t m);

/** Compute for one m by two sliding queues, O(N); pairs is the number of windows. */
struct noon_deviation noon_mtie(const struct noon_series *s, size_t m, double *scratch);

/**
 * Compute for m = 1, 2, 4, ... by doubling windows, O(N) for each.
 * @param octaves  how many, <= NOON_MTIE_OCTAVES_MAX
 * @param scratch  2 n elements
 * @param[out] ret one element for each octave; pairs 0 where no window is that long
 * Source: S. Bregni, Measurement of maximum time interval error for telecommunications clock
 * stability characterization, IEEE Trans. Instrum. Meas. 45, 1996, 900.
 */
void noon_mtie_octaves(const struct noon_series *s, size_t octaves, double *scratch,
		       struct noon_deviation *ret);

#endif
