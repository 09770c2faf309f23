/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ntp/backoff.h"

/* 10 s * 1.5^26 is above 4 days; the loop below stops at the cap long before. */
#define ATTEMPTS_MAX 64

void noon_backoff_attempt(struct noon_backoff *b, struct noon_rng *rng, noon_time now)
{
	double wait_s = noon_dur_to_s(NOON_BACKOFF_MIN);
	const double max_s = noon_dur_to_s(NOON_BACKOFF_MAX);

	for (uint32_t i = 0; i < b->attempts && wait_s < max_s; i++)
		wait_s *= NOON_BACKOFF_FACTOR;
	if (wait_s > max_s)
		wait_s = max_s;
	wait_s *= 1 + noon_rng_unit(rng) / 10;
	b->last = now;
	b->next = noon_time_add(now, noon_dur_from_s(wait_s));
	if (b->attempts < ATTEMPTS_MAX)
		b->attempts++;
}

void noon_backoff_success(struct noon_backoff *b)
{
	/* The long wait that a series of failures had led to is void as well. */
	if (b->attempts > 0)
		b->next = noon_time_min(b->next, noon_time_add(b->last, NOON_BACKOFF_MIN));
	b->attempts = 0;
}
