/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/monte_carlo.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LANES 64 /* trials of a block, in parallel lanes */
#define TURNS 200

/* Both compilers build the inner loop twice and choose when the program starts. Sanitizers are not
 * ready at that moment. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(undefined_behavior_sanitizer) || \
	__has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define PLAIN 1
#endif
#endif
#if defined(__x86_64__) && !defined(PLAIN) && !defined(__SANITIZE_ADDRESS__) && \
	!defined(__SANITIZE_THREAD__)
#define CLONES __attribute__((target_clones("avx2", "default")))
#else
#define CLONES
#endif

/* xoshiro128++ for each lane, and the sum of its waits: the unit is the service time divided by the
 * number of 32-bit values that mean a busy router. */
struct lanes {
	uint32_t s0[LANES], s1[LANES], s2[LANES], s3[LANES];
	uint64_t sum[LANES];
};

/* Number of round trips of a trial at which the mean is evaluated. */
struct stop {
	unsigned n;
	struct noon_mc_point *point;	     /* or NULL */
	struct noon_mc_histogram *histogram; /* or NULL */
	int64_t alarm, miss; /* of the sum, units: alarm when above, miss when not */
	int64_t from, width; /* of a histogram, units */
};

/* Counts of one thread. */
struct counts {
	uint64_t alarms[NOON_MC_POINTS + NOON_MC_HISTOGRAMS];
	uint64_t missed[NOON_MC_POINTS + NOON_MC_HISTOGRAMS];
	uint64_t bins[NOON_MC_HISTOGRAMS][NOON_MC_BINS];
};

struct run {
	struct noon_mc *m;
	struct stop stop[NOON_MC_POINTS + NOON_MC_HISTOGRAMS];
	size_t n_stops;
	uint32_t idle; /* draws below this find a router idle */
	atomic_uint_fast64_t next;
	struct counts *counts; /* one for each thread */
	atomic_uint slot;      /* next of them */
};

static uint64_t mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static void seed_lanes(struct lanes *l, uint64_t seed, uint64_t block)
{
	uint64_t at = mix(seed + UINT64_C(0x9e3779b97f4a7c15)) ^ mix(~block);

	memset(l->sum, 0, sizeof(l->sum));
	for (size_t i = 0; i < LANES; i++) {
		const uint64_t a = mix(at += UINT64_C(0x9e3779b97f4a7c15));
		const uint64_t b = mix(at += UINT64_C(0x9e3779b97f4a7c15));

		l->s0[i] = (uint32_t)a;
		l->s1[i] = (uint32_t)(a >> 32);
		l->s2[i] = (uint32_t)b;
		l->s3[i] = (uint32_t)(b >> 32) | 1U; /* never all zero */
	}
}

/* Add one round trip to every lane. */
CLONES static void draw(struct lanes *l, unsigned routers, uint32_t idle)
{
	for (unsigned r = 0; r < routers; r++) {
		for (size_t i = 0; i < LANES; i++) {
			const uint32_t a = l->s0[i] + l->s3[i];
			const uint32_t u = ((a << 7) | (a >> 25)) + l->s0[i];
			const uint32_t t = l->s1[i] << 9;

			l->s2[i] ^= l->s0[i];
			l->s3[i] ^= l->s1[i];
			l->s1[i] ^= l->s2[i];
			l->s0[i] ^= l->s3[i];
			l->s2[i] ^= t;
			l->s3[i] = (l->s3[i] << 11) | (l->s3[i] >> 21);
			l->sum[i] += u > idle ? u - idle : 0;
		}
	}
}

static void look(const struct stop *s, size_t k, const struct lanes *l, size_t lanes,
		 struct noon_mc *m, struct counts *c)
{
	for (size_t i = 0; i < lanes; i++) {
		const int64_t sum = (int64_t)l->sum[i];

		if (s->point != NULL) {
			c->alarms[k] += sum > s->alarm;
			c->missed[k] += sum <= s->miss;
		} else {
			const int64_t bin = sum < s->from ? 0 : (sum - s->from) / s->width;
			const size_t at = bin < NOON_MC_BINS ? (size_t)bin : NOON_MC_BINS - 1;

			c->bins[s->histogram - m->histogram][at]++;
		}
	}
}

static void run_block(struct run *r, uint64_t block, struct counts *c)
{
	const uint64_t left = r->m->trials - block * LANES;
	const unsigned routers = 2 * r->m->channel.routers;
	struct lanes l;
	unsigned n = 0;

	seed_lanes(&l, r->m->seed, block);
	for (size_t k = 0; k < r->n_stops; k++) {
		for (; n < r->stop[k].n; n++)
			draw(&l, routers, r->idle);
		look(&r->stop[k], k, &l, left < LANES ? (size_t)left : LANES, r->m, c);
	}
}

static void add_counts(struct run *r, const struct counts *c)
{
	for (size_t k = 0; k < r->n_stops; k++) {
		if (r->stop[k].point == NULL)
			continue;
		r->stop[k].point->alarms += c->alarms[k];
		r->stop[k].point->missed += c->missed[k];
	}
	for (size_t h = 0; h < r->m->n_histograms; h++) {
		for (size_t i = 0; i < NOON_MC_BINS; i++)
			r->m->histogram[h].count[i] += c->bins[h][i];
	}
}

static void work(struct run *r, bool tells)
{
	const uint64_t blocks = (r->m->trials + LANES - 1) / LANES;
	struct counts *c = &r->counts[atomic_fetch_add(&r->slot, 1)];

	for (;;) {
		const uint64_t block = atomic_fetch_add(&r->next, 1);

		if (block >= blocks)
			break;
		run_block(r, block, c);
		if (tells && r->m->progress != NULL)
			r->m->progress(r->m->arg, (double)(block + 1) / (double)blocks);
	}
}

static void *work_silently(void *arg)
{
	work(arg, false);
	return NULL;
}

static int by_n(const void *a, const void *b)
{
	const struct stop *x = a, *y = b;

	return (x->n > y->n) - (x->n < y->n);
}

/* Far enough from the limits of int64 that sums compare with any threshold. */
static int64_t units(double v)
{
	return (int64_t)floor(fmin(fmax(v, -0x1p62), 0x1p62));
}

static noon_err lay_stops(struct run *r)
{
	struct noon_mc *m = r->m;
	const double busy = 4294967296.0 - (double)r->idle;
	const double unit = noon_channel_service_ns(&m->channel) / busy;

	for (size_t i = 0; i < m->n_points; i++) {
		struct noon_mc_point *p = &m->point[i];
		const double scale = (double)p->n / unit;
		const double lambda = p->lambda_ns - m->channel.fixed_ns;

		if (p->n < 1 || p->n > NOON_MC_N_MAX || !isfinite(p->lambda_ns + p->delta_ns))
			return NOON_ERR_RANGE;
		p->alarms = p->missed = 0;
		r->stop[r->n_stops++] =
			(struct stop){.n = p->n,
				      .point = p,
				      .alarm = units(lambda * scale),
				      .miss = units((lambda - p->delta_ns) * scale)};
	}
	for (size_t i = 0; i < m->n_histograms; i++) {
		struct noon_mc_histogram *h = &m->histogram[i];
		const double scale = (double)h->n / unit;

		if (h->n < 1 || h->n > NOON_MC_N_MAX || !(h->width_ns > 0.0))
			return NOON_ERR_RANGE;
		memset(h->count, 0, sizeof(h->count));
		r->stop[r->n_stops++] =
			(struct stop){.n = h->n,
				      .histogram = h,
				      .from = units((h->from_ns - m->channel.fixed_ns) * scale),
				      .width = units(fmax(h->width_ns * scale, 1.0))};
	}
	qsort(r->stop, r->n_stops, sizeof(r->stop[0]), by_n);
	return NOON_OK;
}

static noon_err run_threads(struct run *r)
{
	pthread_t thread[256];
	unsigned started = 0;
	noon_err err = NOON_OK;

	while (started + 1 < r->m->threads) {
		if (pthread_create(&thread[started], NULL, work_silently, r) != 0) {
			err = NOON_ERR_OS;
			atomic_store(&r->next, UINT64_MAX / 2); /* no more work */
			break;
		}
		started++;
	}
	work(r, true);
	while (started > 0)
		(void)pthread_join(thread[--started], NULL);
	return err;
}

noon_err noon_mc_run(struct noon_mc *m)
{
	struct run *r;
	noon_err err;

	if (noon_channel_check(&m->channel) != NOON_OK || m->trials < 1 || m->threads < 1 ||
	    m->threads > 256 || m->n_points > NOON_MC_POINTS ||
	    m->n_histograms > NOON_MC_HISTOGRAMS)
		return NOON_ERR_RANGE;
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return NOON_ERR_OS;
	r->m = m;
	r->idle = (uint32_t)fmin(floor(m->channel.p_idle * 4294967296.0), 4294967294.0);
	err = lay_stops(r);
	r->counts = calloc(m->threads, sizeof(*r->counts));
	if (!err && r->counts == NULL)
		err = NOON_ERR_OS;
	if (!err) {
		err = run_threads(r);
		for (unsigned i = 0; i < m->threads; i++)
			add_counts(r, &r->counts[i]);
		m->draws = (m->trials + LANES - 1) / LANES * LANES * 2 * m->channel.routers *
			   (r->n_stops > 0 ? r->stop[r->n_stops - 1].n : 0);
	}
	free(r->counts);
	free(r);
	return err;
}

/* Continued fraction of the incomplete beta function, by the algorithm of Lentz. */
static double fraction(double a, double b, double x)
{
	const double tiny = 1e-300;
	double c = 1.0, d = 1.0 - (a + b) * x / (a + 1.0), f;

	d = 1.0 / (fabs(d) < tiny ? tiny : d);
	f = d;
	for (int i = 1; i < 10000; i++) {
		const double m = i;
		const double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
		const double odd =
			-(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));

		d = 1.0 + even * d;
		c = 1.0 + even / c;
		d = 1.0 / (fabs(d) < tiny ? tiny : d);
		f *= d * c;
		d = 1.0 + odd * d;
		c = 1.0 + odd / c;
		d = 1.0 / (fabs(d) < tiny ? tiny : d);
		f *= d * c;
		if (fabs(d * c - 1.0) < 1e-13)
			break;
	}
	return f;
}

/* Return the regularised incomplete beta function I_x(a, b). */
static double beta(double a, double b, double x)
{
	int sign;
	double front;

	if (x <= 0.0 || x >= 1.0)
		return x <= 0.0 ? 0.0 : 1.0;
	front = exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) + a * log(x) +
		    b * log1p(-x));
	if (x < (a + 1.0) / (a + b + 2.0))
		return front * fraction(a, b, x) / a;
	return 1.0 - front * fraction(b, a, 1.0 - x) / b;
}

/* Return x with I_x(a, b) = p. */
static double beta_inverse(double a, double b, double p)
{
	double lo = 0.0, hi = 1.0;

	for (int i = 0; i < TURNS && hi - lo > 1e-13 * hi; i++) {
		const double mid = (lo + hi) / 2.0;

		if (beta(a, b, mid) < p)
			lo = mid;
		else
			hi = mid;
	}
	return (lo + hi) / 2.0;
}

void noon_mc_interval(uint64_t hits, uint64_t trials, double level, double *ret_low,
		      double *ret_high)
{
	const double k = (double)hits, n = (double)trials, tail = (1.0 - level) / 2.0;

	*ret_low = hits == 0 ? 0.0 : beta_inverse(k, n - k + 1.0, tail);
	*ret_high = hits >= trials ? 1.0 : beta_inverse(k + 1.0, n - k, 1.0 - tail);
}
