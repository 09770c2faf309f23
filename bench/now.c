/* SPDX-License-Identifier: Apache-2.0
 *
 * Cost of noon_now() beside its floor, one read of CLOCK_MONOTONIC_RAW.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "noonmark/clock.h"

/* Short blocks of both in turn, of which the quickest count: the machine may be busy. */
#define BLOCKS 400
#define CALLS  5000

static double seconds(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static double block_of_reads(void)
{
	const double begin = seconds();
	struct timespec ts;

	for (int i = 0; i < CALLS; i++)
		(void)clock_gettime(CLOCK_MONOTONIC_RAW, &ts);
	return seconds() - begin;
}

static double block_of_now(const struct noon_clock_page *page, int64_t *ret_half, int *err)
{
	const double begin = seconds();
	enum noon_clock_status status = NOON_CLOCK_STALE;
	int64_t earliest = 0;
	int64_t latest = 0;

	for (int i = 0; i < CALLS; i++)
		*err |= noon_now(page, &earliest, &latest, &status);
	*ret_half = (latest - earliest) / 2;
	return seconds() - begin;
}

int main(int argc, char **argv)
{
	struct noon_clock_page *page;
	double floor_s = HUGE_VAL;
	double now_s = HUGE_VAL;
	int64_t half = 0;
	int err;

	if (argc != 2)
		return 2;
	err = noon_open(argv[1], &page);
	if (err) {
		(void)fprintf(stderr, "%s: %s\n", argv[1], strerror(err));
		return 1;
	}
	for (int i = 0; i < BLOCKS; i++) {
		floor_s = fmin(floor_s, block_of_reads());
		now_s = fmin(now_s, block_of_now(page, &half, &err));
	}
	noon_close(page);
	if (err)
		return 1;
	(void)printf("{\"noon_now_ns\": %.1f, \"clock_read_ns\": %.1f, \"ratio\": %.2f, "
		     "\"half_width_ns\": %" PRId64 "}\n",
		     now_s / CALLS * 1e9, floor_s / CALLS * 1e9, now_s / floor_s, half);
	return 0;
}
