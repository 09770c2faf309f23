/* SPDX-License-Identifier: Apache-2.0
 *
 * Figures of the study: router draws per second and core, and the time of the exact table.
 *
 * Usage: bench_law [TRIALS]
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "estimate/guard/cusum.h"
#include "estimate/law/convolve.h"
#include "sim/monte_carlo.h"

static struct noon_mc mc;
static struct noon_convolve work;
static struct noon_law law;
static struct noon_cusum cusum;
static struct noon_cusum_work chain;

static double now(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void draws(unsigned threads, uint64_t trials)
{
	double wall, cpu;

	mc.channel = noon_channel_default();
	mc.trials = trials;
	mc.seed = 1;
	mc.threads = threads;
	mc.n_points = 1;
	mc.point[0] = (struct noon_mc_point){.n = 1000, .lambda_ns = 8e4, .delta_ns = 1e4};
	wall = now(CLOCK_MONOTONIC);
	cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	if (noon_mc_run(&mc) != NOON_OK)
		return;
	wall = now(CLOCK_MONOTONIC) - wall;
	cpu = now(CLOCK_PROCESS_CPUTIME_ID) - cpu;
	(void)printf("router draws, %u thread%s: %.3g per s, %.3g per s and core\n", threads,
		     threads == 1 ? "" : "s", (double)mc.draws / wall, (double)mc.draws / cpu);
}

static void exact_table(void)
{
	static const unsigned sizes[] = {10,  13,  16,	20,  25,  32,  40,  50,	 63,  79,  100,
					 126, 158, 200, 251, 316, 398, 501, 631, 794, 1000};
	const struct noon_channel c = noon_channel_default();
	const struct noon_cgf k = noon_cgf_of_channel(&c);
	const size_t n = sizeof(sizes) / sizeof(sizes[0]);
	struct noon_mean_test t;
	double start = now(CLOCK_MONOTONIC);
	size_t done = 0;

	for (size_t i = 0; i < n; i++)
		done += noon_convolve_mean_test(&work, &c, sizes[i], 1e4, 0.999, &t) == NOON_OK;
	(void)printf("exact table, %zu sizes: %.4f s by convolution", done,
		     now(CLOCK_MONOTONIC) - start);
	start = now(CLOCK_MONOTONIC);
	for (size_t i = 0; i < n; i++)
		done += noon_mean_test_of(&k, sizes[i], 1e4, 0.999, 1.0, 0.0, &t) == NOON_OK;
	(void)printf(", %.6f s by saddlepoint\n", now(CLOCK_MONOTONIC) - start);
}

static void designs(void)
{
	const struct noon_channel c = noon_channel_default();
	double start = now(CLOCK_MONOTONIC);

	if (noon_law_of_channel(&c, &law) != NOON_OK)
		return;
	(void)printf("law of a channel: %.4f s", now(CLOCK_MONOTONIC) - start);
	start = now(CLOCK_MONOTONIC);
	if (noon_cusum_design(&chain, &law, 1e4, 1e6, 0.0, &cusum) == NOON_OK)
		(void)printf("; CUSUM for it: %.4f s\n", now(CLOCK_MONOTONIC) - start);
}

int main(int argc, char **argv)
{
	const uint64_t trials = argc > 1 ? strtoull(argv[1], NULL, 10) : 100000;

	draws(1, trials);
	draws(2, trials);
	exact_table();
	designs();
	return 0;
}
