/* SPDX-License-Identifier: Apache-2.0
 *
 * One-way minima: the least time a packet can take, whoever carries it.
 *
 * A minimum that is too large makes the bound false, one that is too small only makes it wide.
 * So everything here rounds down, and 0 is always valid. A minimum that was merely observed is
 * a trust assumption and has a kind of its own, to be shown wherever the bound is shown.
 */
#ifndef NOON_ESTIMATE_MINIMA_H
#define NOON_ESTIMATE_MINIMA_H

#include "base/err.h"
#include "base/time.h"

/** Group index of a cable that nothing is said of: no signal is faster. */
#define NOON_CABLE_INDEX 1.0
/** ... of common fibre. Copper and hollow fibre are faster, so it is no default of a minimum. */
#define NOON_FIBRE_INDEX 1.468
/** ... of the fastest medium that an attacker has. */
#define NOON_ATTACKER_INDEX 1.0

enum noon_minima_kind {
	NOON_MINIMA_ZERO,     /**< 0: assumes nothing */
	NOON_MINIMA_GEOMETRY, /**< distance / c */
	NOON_MINIMA_SURVEYED, /**< cable length and index, less the tolerance */
	NOON_MINIMA_MEASURED, /**< smallest delay seen: trusts the campaign that saw it */
};

/** Return the short word of a kind ("geometry"); static, never NULL. */
const char *noon_minima_kind_word(enum noon_minima_kind kind);

/**
 * Return distance / c, ns, rounded down; 0 for a negative or undefined distance.
 *
 * @param distance_m  straight-line or surface distance, m
 */
noon_dur noon_minimum_from_distance(double distance_m);

/**
 * Return a lower bound of the light time between two places on the ellipsoid, ns.
 *
 * The straight chord through the WGS 84 ellipsoid, less 0.02 % for land below it: no path, not
 * even one through the ground, is shorter.
 *
 * @param lat1_deg    geodetic latitude, degrees, -90..90
 * @param lon1_deg    longitude, degrees
 * @param lat2_deg    of the other place
 * @param lon2_deg    of the other place
 * @param[out] ret           ns, >= 0
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE    a coordinate is undefined or a latitude beyond a pole
 */
NOON_MUST_USE noon_err noon_minimum_from_coordinates(double lat1_deg, double lon1_deg,
						     double lat2_deg, double lon2_deg,
						     noon_dur *ret);

/**
 * Return the delay of a surveyed cable less its tolerance, ns, rounded down, >= 0.
 *
 * @param length_m      surveyed length, m
 * @param index         group index of refraction (1.468 for common fibre), >= 1
 * @param tolerance_m   what the survey may be wrong by, m, >= 0
 * @param[out] ret      ns
 * @retval NOON_OK
 * @retval NOON_ERR_RANGE  an argument is undefined or out of its range
 */
NOON_MUST_USE noon_err noon_minimum_from_cable(double length_m, double index, double tolerance_m,
					       noon_dur *ret);

#endif
