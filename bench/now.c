/* SPDX-License-Identifier: Apache-2.0
 *
 * Cost of noon_now() beside its floor, one read of CLOCK_MONOTONIC_RAW.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "noonmark/clock.h"

#define CALLS 2000000

static double seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct noon_clock_page *page;
	enum noon_clock_status status = NOON_CLOCK_STALE;
	int64_t earliest = 0;
	int64_t latest = 0;
	struct timespec ts;
	double floor_s;
	double now_s;
	int err;

	if (argc != 2)
		return 2;
	err = noon_open(argv[1], &page);
	if (err) {
		(void)fprintf(stderr, "%s: %s\n", argv[1], strerror(err));
		return 1;
	}
	floor_s = -seconds();
	for (int i = 0; i < CALLS; i++)
		(void)clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	floor_s += seconds();
	now_s = -seconds();
	for (int i = 0; i < CALLS; i++)
		err |= noon_now(page, &earliest, &latest, &status);
	now_s += seconds();
	noon_close(page);
	if (err)
		return 1;
	(void)printf("{\"noon_now_ns\": %.1f, \"clock_read_ns\": %.1f, \"ratio\": %.2f, "
		     "\"half_width_ns\": %" PRId64 "}\n",
		     now_s / CALLS * 1e9, floor_s / CALLS * 1e9, now_s / floor_s,
		     (latest - earliest) / 2);
	return 0;
}
