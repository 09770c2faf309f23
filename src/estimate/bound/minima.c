/* SPDX-License-Identifier: Apache-2.0
 *
 * Constants: c is exact (SI); the ellipsoid is WGS 84 (a = 6378137 m, 1/f = 298.257223563).
 */
#include "estimate/bound/minima.h"

#include <math.h>

#define LIGHT_M_PER_NS	0.299792458
#define EARTH_A_M	6378137.0
#define EARTH_E2	6.69437999014e-3 /* first eccentricity, squared */
#define RAD_PER_DEG	0.017453292519943295
#define BELOW_ELLIPSOID (1.0 - 2e-4) /* land lies at most 500 m and the geoid 110 m below it */
#define ROUNDING	(1.0 - 1e-12)
#define DISTANCE_MAX_M	1e15

const char *noon_minima_kind_word(enum noon_minima_kind kind)
{
	static const char *const word[] = {"zero", "geometry", "surveyed", "measured"};

	return (unsigned)kind < sizeof(word) / sizeof(word[0]) ? word[kind] : "unknown";
}

noon_dur noon_minimum_from_distance(double distance_m)
{
	if (!(distance_m > 0.0))
		return 0;
	return (noon_dur)floor(fmin(distance_m, DISTANCE_MAX_M) * ROUNDING / LIGHT_M_PER_NS);
}

struct place {
	double x, y, z; /* earth-centred, m */
};

static struct place on_ellipsoid(double lat_deg, double lon_deg)
{
	const double lat = lat_deg * RAD_PER_DEG;
	const double lon = lon_deg * RAD_PER_DEG;
	const double n = EARTH_A_M / sqrt(1.0 - EARTH_E2 * sin(lat) * sin(lat));

	return (struct place){
		n * cos(lat) * cos(lon),
		n * cos(lat) * sin(lon),
		n * (1.0 - EARTH_E2) * sin(lat),
	};
}

noon_err noon_minimum_from_coordinates(double lat1_deg, double lon1_deg, double lat2_deg,
				       double lon2_deg, noon_dur *ret)
{
	struct place a, b;
	double chord_m;

	if (!(fabs(lat1_deg) <= 90.0) || !(fabs(lat2_deg) <= 90.0) || !(fabs(lon1_deg) <= 360.0) ||
	    !(fabs(lon2_deg) <= 360.0))
		return NOON_ERR_RANGE;
	a = on_ellipsoid(lat1_deg, lon1_deg);
	b = on_ellipsoid(lat2_deg, lon2_deg);
	chord_m = sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y) +
		       (a.z - b.z) * (a.z - b.z));
	/* A millimetre covers the cancellation between near places. */
	*ret = noon_minimum_from_distance(chord_m * BELOW_ELLIPSOID - 1e-3);
	return NOON_OK;
}

noon_err noon_minimum_from_cable(double length_m, double index, double tolerance_m, noon_dur *ret)
{
	if (!(length_m >= 0.0) || !(index >= 1.0) || !(tolerance_m >= 0.0) ||
	    !(length_m <= DISTANCE_MAX_M) || !(index <= 10.0))
		return NOON_ERR_RANGE;
	*ret = noon_minimum_from_distance((length_m - tolerance_m) * index);
	return NOON_OK;
}
