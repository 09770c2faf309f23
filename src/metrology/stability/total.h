/* SPDX-License-Identifier: Apache-2.0
 *
 * Total deviations: the record, or each part of it, is extended by reflection (NIST SP 1065, 5.2.11
 * to 5.2.14). All are raw, and need a series without gaps.
 */
#ifndef NOON_METROLOGY_TOTAL_H
#define NOON_METROLOGY_TOTAL_H

#include "metrology/stability/series.h"

/** Return how many elements of scratch memory the modified and the Hadamard one need. */
size_t noon_total_scratch(size_t m);

/** TOTDEV: the phase reflected about both ends, upside down. O(N). */
struct noon_deviation noon_total_allan(const struct noon_series *s, size_t m);

/** MTOTDEV: each 3 m samples of phase without their slope, reflected. O(N m). */
struct noon_deviation noon_total_modified(const struct noon_series *s, size_t m, double *scratch);

/** HTOTDEV: each 3 m samples of frequency without their drift, reflected; m >= 2. O(N m). */
struct noon_deviation noon_total_hadamard(const struct noon_series *s, size_t m, double *scratch);

#endif
