/* SPDX-License-Identifier: Apache-2.0
 *
 * The bound from stamps holds the truth in every world, is what trying all pairs finds, and shrinks
 * to a round trip when requests are sent as edge_probe says.
 */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "metrology/bound/edge_probe.h"
#include "metrology/bound/stamped_bound.h"

#define WORLDS	 4000
#define PROBES	 60
#define SMALL	 12
#define MAX_RATE 100e-6
#define RTT	 NOON_MS(5)

/** A server with a clock of its own behind a path. */
struct world {
	struct noon_rng rng;
	noon_dur x0;	  /**< x at T(C) = start */
	double rate;	  /**< of x */
	double asymmetry; /**< share of the delay on the way there */
	double tail;	  /**< size of rare long delays against the usual jitter */
	double period;	  /**< of a swing of x whose rate is up to MAX_RATE, ns; 0: none */
	noon_time start;
	noon_dur resolution;
};

static double between(struct noon_rng *rng, double a, double b)
{
	return a + (b - a) * noon_rng_unit(rng);
}

static struct world any_world(uint64_t seed)
{
	struct world w = {.rng = noon_rng_seeded(seed), .resolution = NOON_S(1)};

	w.start.ns = (int64_t)between(&w.rng, 0.0, 2e18);
	w.x0 = (noon_dur)between(&w.rng, -1e17, 1e17);
	w.rate = between(&w.rng, -MAX_RATE, MAX_RATE);
	w.asymmetry = noon_rng_unit(&w.rng);
	if (seed % 5 == 0)
		w.asymmetry = seed % 2 == 0 ? 0.0 : 1.0;
	w.tail = seed % 3 == 0 ? 50.0 : 1.0;
	return w;
}

static noon_dur offset_at(const struct world *w, noon_time t)
{
	const double since = (double)(t.ns - w->start.ns);
	const double turn = w->period > 0.0 ? 2.0 * 3.14159265358979323846 / w->period : 1.0;
	const double swing = w->period > 0.0 ? MAX_RATE / turn * sin(turn * since) : 0.0;

	return w->x0 + (noon_dur)floor(w->rate * since + swing);
}

static noon_dur delay(struct world *w)
{
	const double jitter = 0.1 * noon_rng_exp(&w->rng);
	const double rare = noon_rng_unit(&w->rng) < 0.05 ? w->tail * noon_rng_exp(&w->rng) : 0.0;

	return (noon_dur)((double)RTT * (1.0 + jitter + rare));
}

static struct noon_stamped ask(struct world *w, noon_time tq)
{
	const noon_dur rtt = delay(w);
	const noon_time s = noon_time_add(tq, (noon_dur)((double)rtt * w->asymmetry));
	const int64_t reading = s.ns + offset_at(w, s);
	const int64_t rest = (reading % w->resolution + w->resolution) % w->resolution;

	return (struct noon_stamped){
		tq, noon_time_add(tq, rtt), {reading - rest}, {reading - rest + w->resolution}};
}

/* x floors to ns while the bound is of a straight line: 2 ns of slack are the world's, not the
 * bound's. */
static bool holds(const struct world *w, const struct noon_stamped_bound *b, noon_time at)
{
	const noon_dur x = offset_at(w, at);

	return !b->empty && b->lower <= x + 2 && x - 2 <= b->upper &&
	       b->rate_lower <= w->rate + 1e-9 && w->rate - 1e-9 <= b->rate_upper;
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
	return v[n / 2];
}

/** What is known while asking. */
struct asking {
	struct noon_stamped s[PROBES];
	double rtt[PROBES];
	size_t n;
	noon_time now;
};

static struct noon_stamped_bound so_far(const struct asking *a)
{
	size_t scratch[2 * PROBES];
	struct noon_stamped_bound b;

	assert_int_equal(noon_stamped_bound(a->s, a->n, MAX_RATE, a->now, scratch, &b), NOON_OK);
	return b;
}

static void ask_next(struct world *w, struct asking *a)
{
	const struct noon_stamped_bound b = so_far(a);
	struct noon_edge_probe p = {
		.lower = b.lower,
		.upper = b.upper,
		.resolution = w->resolution,
		.now = a->now,
		.last = a->n == 0 ? NOON_TIME_FIRST : a->s[a->n - 1].tq,
		.gap = NOON_S(1),
		.unit = noon_rng_unit(&w->rng),
	};
	double sorted[PROBES];
	noon_time tq;

	if (a->n > 0) {
		for (size_t i = 0; i < a->n; i++)
			sorted[i] = a->rtt[i];
		p.rtt_typical = (noon_dur)median(sorted, a->n);
		p.rtt_min = (noon_dur)sorted[0];
	}
	assert_int_equal(noon_edge_probe_next(&p, &tq), NOON_OK);
	assert_true(tq.ns >= a->now.ns);
	assert_true(a->n == 0 || tq.ns - p.last.ns >= p.gap);
	a->s[a->n] = ask(w, tq);
	a->now = a->s[a->n].tr;
	a->rtt[a->n++] = (double)(a->now.ns - tq.ns);
}

/* Bracket after all probes, in median round trips of the world; negative: the truth was outside. */
static double one_world(uint64_t seed)
{
	struct world w = any_world(seed);
	struct asking a = {.now = w.start};
	struct noon_stamped_bound b = {.lower = 0};

	while (a.n < PROBES) {
		ask_next(&w, &a);
		b = so_far(&a);
		if (!holds(&w, &b, a.now)) {
			printf("# seed %llu probe %zu\n", (unsigned long long)seed, a.n);
			return -1.0;
		}
	}
	return (double)(b.upper - b.lower) / median(a.rtt, PROBES);
}

static void bracket_shrinks_to_a_round_trip(void **state)
{
	static double ratio[WORLDS];
	unsigned bad = 0;

	(void)state;
	for (size_t i = 0; i < WORLDS; i++) {
		ratio[i] = one_world(i + 1);
		bad += ratio[i] < 0.0;
	}
	assert_int_equal(bad, 0);
	(void)median(ratio, WORLDS);
	printf("# bracket in round trips: median %.3f, 90 %% %.3f, largest %.3f\n",
	       ratio[WORLDS / 2], ratio[WORLDS * 9 / 10], ratio[WORLDS - 1]);
	assert_true(ratio[WORLDS / 2] <= 1.1);
}

/* Try all pairs: rates that they leave, and all vertices for x. In doubles, small numbers. */
static bool brute(const struct noon_stamped *s, size_t n, double limit, double at, double *lower,
		  double *upper)
{
	double y[2] = {-limit, limit}, candidate[SMALL * SMALL * 2 + 2];
	size_t m = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++) {
			const double low = (double)(s[i].first.ns - s[i].tr.ns);
			const double up = (double)(s[j].last.ns - s[j].tq.ns);
			const double apart = (double)(s[j].tq.ns - s[i].tr.ns);

			if (apart > 0.0)
				y[1] = fmin(y[1], (up - low) / apart);
			else if (apart < 0.0)
				y[0] = fmax(y[0], (up - low) / apart);
			else if (up < low)
				return false;
			if (s[i].tr.ns != s[j].tr.ns)
				candidate[m++] = (low - (double)(s[j].first.ns - s[j].tr.ns)) /
						 (double)(s[i].tr.ns - s[j].tr.ns);
			if (s[i].tq.ns != s[j].tq.ns)
				candidate[m++] = ((double)(s[i].last.ns - s[i].tq.ns) - up) /
						 (double)(s[i].tq.ns - s[j].tq.ns);
		}
	if (y[0] > y[1])
		return false;
	candidate[m++] = y[0];
	candidate[m++] = y[1];
	*lower = (double)INFINITY;
	*upper = (double)-INFINITY;
	for (size_t k = 0; k < m; k++) {
		const double rate = fmin(fmax(candidate[k], y[0]), y[1]);
		double lo = (double)-INFINITY, hi = (double)INFINITY;

		for (size_t i = 0; i < n; i++) {
			lo = fmax(lo, (double)(s[i].first.ns - s[i].tr.ns) -
					      rate * ((double)s[i].tr.ns - at));
			hi = fmin(hi, (double)(s[i].last.ns - s[i].tq.ns) -
					      rate * ((double)s[i].tq.ns - at));
		}
		*lower = fmin(*lower, lo);
		*upper = fmax(*upper, hi);
	}
	return true;
}

static bool agrees(uint64_t seed)
{
	struct noon_rng rng = noon_rng_seeded(seed);
	const size_t n = 1 + noon_rng_u64(&rng) % SMALL;
	const double limit = seed % 4 == 0 ? 0.0 : between(&rng, 0.0, 0.9);
	const int64_t at = (int64_t)between(&rng, -2000.0, 3000.0);
	const double spread = between(&rng, 50.0, 900.0), rate = between(&rng, -0.5, 0.5);
	struct noon_stamped s[SMALL];
	size_t scratch[2 * SMALL];
	struct noon_stamped_bound b;
	double lower = 0.0, upper = 0.0;
	bool feasible;

	for (size_t i = 0; i < n; i++) {
		const double tq = between(&rng, 0.0, 1000.0);

		s[i].tq.ns = (int64_t)tq;
		s[i].tr.ns = (int64_t)(tq + between(&rng, 0.0, 100.0));
		s[i].first.ns = (int64_t)(tq * (1.0 + rate) - between(&rng, 0.0, spread));
		s[i].last.ns = (int64_t)(tq * (1.0 + rate) + between(&rng, 0.0, spread));
	}
	feasible = brute(s, n, limit, (double)at, &lower, &upper);
	if (noon_stamped_bound(s, n, limit, (noon_time){at}, scratch, &b) || b.empty == feasible)
		return false;
	if (!feasible)
		return b.against_n >= 2;
	return (double)b.lower <= lower + 1e-6 && (double)b.lower >= lower - 1.000001 &&
	       (double)b.upper >= upper - 1e-6 && (double)b.upper <= upper + 1.000001;
}

static void hulls_find_what_all_pairs_find(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 100000; seed++)
		if (!agrees(seed)) {
			printf("# seed %llu\n", (unsigned long long)seed);
			bad++;
		}
	assert_int_equal(bad, 0);
}

/* A disciplined server: its offset swings, with the largest rate that is allowed. */
static void wandering_bound_holds_while_the_rate_changes(void **state)
{
	unsigned bad = 0, bent = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= WORLDS; seed++) {
		struct world w = any_world(seed);
		struct noon_stamped s[PROBES];
		size_t scratch[2 * PROBES];
		struct noon_stamped_bound b;
		noon_time at = w.start;
		noon_dur x;

		w.rate = 0.0;
		w.period = between(&w.rng, 1e9, 3e11);
		for (size_t i = 0; i < PROBES; i++) {
			at = noon_time_add(at, (noon_dur)between(&w.rng, 1e8, 4e9));
			s[i] = ask(&w, at);
		}
		at = noon_time_add(w.start, (noon_dur)between(&w.rng, 0.0, 1.5e11));
		x = offset_at(&w, at);
		assert_int_equal(noon_stamped_bound_wandering(s, PROBES, MAX_RATE, at, &b),
				 NOON_OK);
		if (b.empty || b.lower > x + 2 || b.upper < x - 2) {
			printf("# seed %llu\n", (unsigned long long)seed);
			bad++;
		}
		/* A line within the limit of the rate may miss the truth, or not exist. */
		assert_int_equal(noon_stamped_bound(s, PROBES, MAX_RATE, at, scratch, &b), NOON_OK);
		bent += b.empty || b.lower > x + 2 || b.upper < x - 2;
	}
	printf("# the bound for a steady rate is false or empty in %u worlds of %d\n", bent,
	       WORLDS);
	assert_int_equal(bad, 0);
	assert_true(bent > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hulls_find_what_all_pairs_find),
		cmocka_unit_test(wandering_bound_holds_while_the_rate_changes),
		cmocka_unit_test(bracket_shrinks_to_a_round_trip),
	};

	return cmocka_run_group_tests_name("stamped", tests, NULL, NULL);
}
