/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "estimate/bound/minima.h"

static void light_takes_3336_ns_per_km(void **state)
{
	(void)state;
	assert_int_equal(noon_minimum_from_distance(1000.0), 3335);
	assert_int_equal(noon_minimum_from_distance(299792458.0), 999999999);
	assert_int_equal(noon_minimum_from_distance(0.0), 0);
	assert_int_equal(noon_minimum_from_distance(-5.0), 0);
	assert_int_equal(noon_minimum_from_distance((double)NAN), 0);
}

/* The chord in km, from the geometry of the sphere or known distances; ours is never above. */
static void places_are_never_said_to_be_farther_than_they_are(void **state)
{
	static const struct {
		double lat1, lon1, lat2, lon2, least_km, most_km;
	} row[] = {
		{52.5, 13.4, 52.5, 13.4, 0, 0},
		{90, 0, -90, 0, 12710, 12713.51},	       /* polar axis */
		{0, 0, 0, 180, 12753, 12756.28},	       /* equatorial diameter */
		{0, 0, 0, 1, 111.29, 111.32},		       /* one degree of the equator */
		{48.8566, 2.3522, 51.5074, -0.1278, 343, 344}, /* Paris, London */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(row) / sizeof(row[0]); i++) {
		noon_dur d;

		assert_int_equal(noon_minimum_from_coordinates(row[i].lat1, row[i].lon1,
							       row[i].lat2, row[i].lon2, &d),
				 NOON_OK);
		assert_true((double)d <= row[i].most_km / 299792.458 * 1e9);
		assert_true((double)d >= row[i].least_km / 299792.458 * 1e9 - 1.0);
	}
}

static void places_off_the_globe_are_refused(void **state)
{
	noon_dur d = 5;

	(void)state;
	assert_int_equal(noon_minimum_from_coordinates(91, 0, 0, 0, &d), NOON_ERR_RANGE);
	assert_int_equal(noon_minimum_from_coordinates(0, (double)NAN, 0, 0, &d), NOON_ERR_RANGE);
	assert_int_equal(d, 5);
}

static void cables_lose_their_tolerance(void **state)
{
	noon_dur d = 5;

	(void)state;
	assert_int_equal(noon_minimum_from_cable(1000, 1.468, 0, &d), NOON_OK);
	assert_int_equal(d, 4896);
	assert_int_equal(noon_minimum_from_cable(1000, 1.468, 100, &d), NOON_OK);
	assert_int_equal(d, 4407);
	assert_int_equal(noon_minimum_from_cable(50, 1.468, 100, &d), NOON_OK);
	assert_int_equal(d, 0);
	assert_int_equal(noon_minimum_from_cable(50, 0.9, 0, &d), NOON_ERR_RANGE);
	assert_int_equal(noon_minimum_from_cable(-1, 1.468, 0, &d), NOON_ERR_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(light_takes_3336_ns_per_km),
		cmocka_unit_test(places_are_never_said_to_be_farther_than_they_are),
		cmocka_unit_test(places_off_the_globe_are_refused),
		cmocka_unit_test(cables_lose_their_tolerance),
	};

	return cmocka_run_group_tests_name("estimate/minima", tests, NULL, NULL);
}
