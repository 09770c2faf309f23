/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/guard/campaign.h"

#include <math.h>

#define PARTS NOON_CAMPAIGN_PARTS
#define NOISE \
	2.5 /* standard errors of a part that are noise: one of 8 is within, nine times in ten */

/* Relative to the first value: a sum of large numbers loses the nanoseconds. */
static double value(const struct noon_campaign *c, size_t i)
{
	return fmin((double)c->rtt_ns[i], c->top_ns) - fmin((double)c->rtt_ns[0], c->top_ns);
}

static double mean_of(const struct noon_campaign *c, size_t from, size_t n)
{
	double sum = 0.0;

	for (size_t i = 0; i < n; i++)
		sum += value(c, from + i);
	return sum / (double)n;
}

static void moments(struct noon_campaign *c)
{
	const double mean = mean_of(c, 0, c->n);
	double squares = 0.0, products = 0.0, before = 0.0;

	for (size_t i = 0; i < c->n; i++) {
		const double d = value(c, i) - mean;

		squares += d * d;
		products += i > 0 ? d * before : 0.0;
		before = d;
		c->clipped += (double)c->rtt_ns[i] > c->top_ns;
	}
	c->mean_ns = fmin((double)c->rtt_ns[0], c->top_ns) + mean;
	c->sd_ns = sqrt(squares / (double)c->n);
	c->autocorrelation = squares > 0.0 ? products / squares : 0.0;
}

/* Compare the parts with each other. */
static void compare(struct noon_campaign *c)
{
	const size_t size = c->n / PARTS, eighth = size / PARTS;
	const double mean = mean_of(c, 0, c->n), middle = (PARTS - 1) / 2.0;
	double within = 0.0, most = 0.0, cross = 0.0, squares = 0.0;

	for (size_t k = 0; k < PARTS; k++) {
		const double part = mean_of(c, k * size, size);

		for (size_t j = 0; j < PARTS; j++) {
			const double d = mean_of(c, k * size + j * eighth, eighth) - part;

			within += d * d / (PARTS * (PARTS - 1.0));
		}
		most = fmax(most, fabs(part - mean));
		cross += (part - mean) * ((double)k - middle);
		squares += ((double)k - middle) * ((double)k - middle);
	}
	c->drift_ns = cross / squares * (PARTS - 1);
	c->moved_ns = fmax(most - NOISE * sqrt(within / PARTS), 0.0);
}

static int64_t common_divisor(int64_t a, int64_t b)
{
	while (b != 0) {
		const int64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

static double clipped(const void *arg, double rtt_ns)
{
	const struct noon_campaign *c = arg;

	return fmin(rtt_ns, c->top_ns);
}

noon_err noon_campaign_assess(const int64_t *rtt_ns, size_t n, double top_ns,
			      struct noon_campaign *ret)
{
	struct noon_campaign c = {.rtt_ns = rtt_ns, .n = n, .top_ns = top_ns};

	if (n < (size_t)PARTS * PARTS)
		return NOON_ERR_EMPTY;
	moments(&c);
	compare(&c);
	for (size_t i = 1; i < n && c.granularity_ns != 1; i++)
		c.granularity_ns = common_divisor(c.granularity_ns,
						  rtt_ns[i] > rtt_ns[0] ? rtt_ns[i] - rtt_ns[0]
									: rtt_ns[0] - rtt_ns[i]);
	c.inflation = noon_inflation_of(rtt_ns, n, (struct noon_score){clipped, &c});
	*ret = c;
	return NOON_OK;
}

size_t noon_campaign_needed(const struct noon_campaign *c, unsigned batch)
{
	const double own = (double)batch / noon_inflation_at(&c->inflation, batch);
	const double need = ceil(own * c->inflation.long_run * NOON_CAMPAIGN_BATCHES);

	return need > NOON_CAMPAIGN_MIN ? (size_t)fmin(need, 1e18) : NOON_CAMPAIGN_MIN;
}

bool noon_campaign_drifts(const struct noon_campaign *c, double shift_ns)
{
	return c->moved_ns > NOON_CAMPAIGN_MOVED * shift_ns;
}
