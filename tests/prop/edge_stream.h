/* SPDX-License-Identifier: Apache-2.0
 *
 * Values of t' - t as they were measured for encryption in user space, for random tests.
 *
 * Median 20 or 24 us at 1 kHz and 60 us at 8 Hz; robust standard deviation 9 us; skewed, so that
 * the 99th percentile is 50 us above 0 at a median of 20 us; nothing below 4 us; now and then an
 * outlier of 100 to 400 us; white, or with the autocorrelation of about 0.2 seen at 1 kHz.
 */
#ifndef NOON_TEST_EDGE_STREAM_H
#define NOON_TEST_EDGE_STREAM_H

#include <stdbool.h>

#include "base/rng.h"
#include "base/time.h"

struct edge_stream {
	struct noon_rng rng;
	double median_us;
	double sd_us;	 /* robust */
	double outliers; /* share */
	bool correlated;
	double slow; /* the part that is correlated, in standard deviations */
};

static inline struct edge_stream edge_stream_of(uint64_t seed, double median_us)
{
	return (struct edge_stream){
		.rng = noon_rng_seeded(seed),
		.median_us = median_us,
		.sd_us = 9.0,
		.outliers = 0.005,
	};
}

static inline noon_dur edge_stream_next(struct edge_stream *s)
{
	double z = noon_rng_gauss(&s->rng), us;

	if (s->correlated) {
		s->slow = 0.9 * s->slow + 0.43589 * noon_rng_gauss(&s->rng);
		z = 0.89443 * z + 0.44721 * s->slow;
	}
	us = s->median_us + s->sd_us * (z > 0.0 ? z * (1.0 + 0.15 * z) : z);
	if (noon_rng_unit(&s->rng) < s->outliers)
		us = 100.0 + 300.0 * noon_rng_unit(&s->rng);
	return noon_dur_from_s((us < 4.0 ? 4.0 : us) / 1e6);
}

#endif
