/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/edge/edge_offset.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#define SD_OF_MAD    1.4826 /* of a normal law */
#define SD_OF_MEDIAN 1.2533 /* times the standard deviation over sqrt(n): sqrt(pi / 2) */
#define JUDGED_FROM  8	    /* values in the window without which no value is an outlier */
#define OUTLIER	     5.0    /* robust standard deviations from the median */
#define SD_LEAST     500.0  /* ns; values of a coarse clock have a MAD of 0 */
#define SD_FEW	     4.0    /* a MAD of n values is too small by up to about 1 + SD_FEW / n */

/* The cumulative sums. One value adds at most CLIP - SLACK, so a step takes five values however
 * large it is, and four outliers in a row are none. */
#define CLIP  4.0
#define SLACK 1.5
#define LIMIT 10.0

struct noon_edge_conf noon_edge_conf_default(void)
{
	return (struct noon_edge_conf){
		.keys = NOON_EDGE_KEYS_MAX,
		.window = 128,
		.residuals = 512,
		.share = 0.99,
		.stale_after = NOON_S(600),
		.cap = NOON_US(500),
		.floor = 500,
		.half_few = NOON_US(30),
		/* Size, association, message, cipher: up to 8 us were measured; gap: 36 us. */
		.allowance = {NOON_US(20), NOON_US(10), NOON_US(20), NOON_US(20), NOON_US(80)},
		.centre = NOON_EDGE_CENTRE_MEDIAN,
	};
}

static bool is_length(size_t n)
{
	return n >= NOON_EDGE_LAST && n <= NOON_EDGE_WINDOW_MAX;
}

static bool is_duration(noon_dur d)
{
	return d >= 0 && d <= NOON_EDGE_VALUE_MAX;
}

noon_err noon_edge_conf_check(const struct noon_edge_conf *conf)
{
	bool good = conf->keys >= 1 && conf->keys <= NOON_EDGE_KEYS_MAX;

	good = good && is_length(conf->window) && is_length(conf->residuals);
	good = good && conf->share >= 0.5 && conf->share <= 0.995;
	good = good && conf->stale_after > 0 && is_duration(conf->cap);
	good = good && is_duration(conf->floor) && is_duration(conf->half_few);
	for (size_t i = 0; i < NOON_EDGE_DIFFERENCES; i++)
		good = good && is_duration(conf->allowance[i]);
	good = good &&
	       (conf->centre == NOON_EDGE_CENTRE_MEDIAN || conf->centre == NOON_EDGE_CENTRE_MEAN);
	return good ? NOON_OK : NOON_ERR_RANGE;
}

static noon_dur rounded(double ns)
{
	return (noon_dur)floor(ns + 0.5);
}

static noon_dur rounded_up(double ns)
{
	return (noon_dur)ceil(ns);
}

/* Return the estimate before the cap; there are values. */
static noon_dur centre(const struct noon_edge_offset *o, const struct noon_edge_conf *conf)
{
	return conf->centre == NOON_EDGE_CENTRE_MEAN ? rounded(o->mean_ns)
						     : noon_edge_window_median(&o->recent);
}

/* ---- learning ---- */

static void empty(struct noon_edge_offset *o, const struct noon_edge_conf *conf)
{
	noon_edge_window_init(&o->recent, conf->window);
	noon_edge_window_init(&o->residuals, conf->residuals);
	o->up = o->down = 0.0;
	o->up_since = o->down_since = 0;
}

void noon_edge_offset_init(struct noon_edge_offset *o, const struct noon_edge_conf *conf)
{
	memset(o, 0, sizeof(*o));
	empty(o, conf);
}

/* Make the first residuals, from the values that the first estimate was made of. */
static void make_residuals(struct noon_edge_offset *o, const struct noon_edge_conf *conf)
{
	const noon_dur c = centre(o, conf);

	for (size_t k = 1; k <= o->recent.n; k++)
		noon_edge_window_add(&o->residuals, noon_edge_window_rank(&o->recent, k) - c);
}

static void start_again(struct noon_edge_offset *o, const struct noon_edge_conf *conf, size_t since)
{
	const size_t n = since < NOON_EDGE_LAST ? since : NOON_EDGE_LAST;

	empty(o, conf);
	for (size_t i = n; i > 0; i--)
		noon_edge_window_add(&o->recent, o->last[(o->n - i) % NOON_EDGE_LAST]);
	make_residuals(o, conf);
}

static void note_residual(struct noon_edge_offset *o, const struct noon_edge_conf *conf,
			  noon_dur value)
{
	const noon_dur residual = value - centre(o, conf);

	noon_edge_window_add(&o->residuals, residual);
	noon_edge_histogram_add(&o->misses, noon_dur_abs(residual));
}

/* What is kept of all values. */
static void note_value(struct noon_edge_offset *o, noon_dur value)
{
	o->last[o->n % NOON_EDGE_LAST] = (int32_t)value;
	o->n++;
	o->mean_ns += ((double)value - o->mean_ns) / (double)o->n;
	noon_edge_histogram_add(&o->values, value);
}

/* Return the robust standard deviation of the window, ns, > 0, rather too large than too small. */
static double deviation(const struct noon_edge_offset *o)
{
	const double mad = (double)noon_edge_window_mad(&o->recent);

	return fmax(SD_OF_MAD * mad * (1.0 + SD_FEW / (double)o->recent.n), SD_LEAST);
}

/* Add to a cumulative sum; returns whether it is beyond the limit. */
static bool cumulate(double *sum, size_t *since, double z)
{
	*sum += fmin(z, CLIP) - SLACK;
	if (*sum <= 0.0) {
		*sum = 0.0;
		*since = 0;
		return false;
	}
	++*since;
	return *sum > LIMIT;
}

static enum noon_edge_verdict judge(struct noon_edge_offset *o, const struct noon_edge_conf *conf,
				    noon_dur value)
{
	const double z = (double)(value - noon_edge_window_median(&o->recent)) / deviation(o);
	const bool up = cumulate(&o->up, &o->up_since, z);
	const bool down = cumulate(&o->down, &o->down_since, -z);

	if (up || down) {
		o->steps++;
		start_again(o, conf, up ? o->up_since : o->down_since);
		return NOON_EDGE_STEP;
	}
	if (fabs(z) > OUTLIER) {
		o->outliers++;
		return NOON_EDGE_OUTLIER;
	}
	noon_edge_window_add(&o->recent, value);
	return NOON_EDGE_TAKEN;
}

enum noon_edge_verdict noon_edge_offset_add(struct noon_edge_offset *o,
					    const struct noon_edge_conf *conf, noon_dur value,
					    noon_time at)
{
	if (value < 0 || value > NOON_EDGE_VALUE_MAX) {
		o->rejected++;
		return NOON_EDGE_REJECTED;
	}
	if (noon_edge_offset_is_stale(o, conf, at)) {
		o->expired++;
		empty(o, conf);
	}
	o->at = at;
	if (o->recent.n >= NOON_EDGE_OWN_MIN)
		note_residual(o, conf, value);
	note_value(o, value);
	if (o->recent.n >= JUDGED_FROM)
		return judge(o, conf, value);
	noon_edge_window_add(&o->recent, value);
	if (o->recent.n == NOON_EDGE_OWN_MIN)
		make_residuals(o, conf);
	return NOON_EDGE_TAKEN;
}

/* ---- the estimate ---- */

bool noon_edge_offset_is_stale(const struct noon_edge_offset *o, const struct noon_edge_conf *conf,
			       noon_time now)
{
	return o->n > 0 && noon_dur_abs(noon_time_diff(now, o->at)) > conf->stale_after;
}

bool noon_edge_offset_is_usable(const struct noon_edge_offset *o, const struct noon_edge_conf *conf,
				noon_time now)
{
	return o->recent.n >= NOON_EDGE_OWN_MIN && !noon_edge_offset_is_stale(o, conf, now);
}

/* Return the rank of |residual| that covers conf->share; more than their number: they are too few.
 */
static size_t rank_of_share(const struct noon_edge_offset *o, const struct noon_edge_conf *conf)
{
	return (size_t)ceil(conf->share * (double)(o->residuals.n + 1));
}

static double stated_share(const struct noon_edge_offset *o, const struct noon_edge_conf *conf)
{
	const double n = (double)o->residuals.n;

	return rank_of_share(o, conf) <= o->residuals.n ? conf->share : n / (n + 1.0);
}

static noon_dur half_of(const struct noon_edge_offset *o, const struct noon_edge_conf *conf)
{
	const size_t n = o->residuals.n, k = rank_of_share(o, conf);
	double half;

	if (k <= n)
		return noon_edge_window_outer(&o->residuals, n + 1 - k);
	half = (double)noon_edge_window_outer(&o->residuals, 1) *
	       sqrt(1.0 / (1.0 - conf->share) / (double)(n + 1));
	return rounded_up(fmax(half, (double)conf->half_few));
}

/* Return a quantile of the residuals, the value on the outer side, and none beyond the estimate:
 * they are those of earlier estimates. */
static noon_dur low_residual(const struct noon_edge_window *w, double q)
{
	const size_t k = (size_t)floor(q * (double)(w->n + 1));
	const noon_dur r = noon_edge_window_rank(w, k < 1 ? 1 : k);

	return r < 0 ? r : 0;
}

static noon_dur high_residual(const struct noon_edge_window *w, double q)
{
	const size_t k = (size_t)ceil(q * (double)(w->n + 1));
	const noon_dur r = noon_edge_window_rank(w, k > w->n ? w->n : k);

	return r > 0 ? r : 0;
}

struct noon_edge_estimate noon_edge_offset_estimate(const struct noon_edge_offset *o,
						    const struct noon_edge_conf *conf)
{
	const noon_dur c = centre(o, conf);
	struct noon_edge_estimate e = {.basis = NOON_EDGE_OWN, .n = (uint32_t)o->recent.n};

	assert(o->recent.n >= NOON_EDGE_OWN_MIN);
	e.capped = c > conf->cap;
	e.correction = e.capped ? conf->cap : c;
	e.mad = noon_edge_window_mad(&o->recent);
	e.uncertainty = conf->floor + rounded_up(SD_OF_MEDIAN * SD_OF_MAD * (double)e.mad /
						 sqrt((double)o->recent.n));
	e.half = conf->floor + half_of(o, conf) + (c - e.correction);
	e.share = stated_share(o, conf);
	e.p01 = c + low_residual(&o->residuals, 0.01);
	e.p01 = e.p01 > 0 ? e.p01 : 0;
	e.p50 = c;
	e.p99 = c + high_residual(&o->residuals, 0.99);
	e.mean = rounded(o->mean_ns);
	return e;
}
