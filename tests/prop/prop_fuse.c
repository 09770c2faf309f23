/* SPDX-License-Identifier: Apache-2.0
 *
 * Theorem 3 by itself: random exchanges with any delay; the certificate contains the truth at any
 * later instant, and more exchanges never widen it. A variant with a wrong sign is caught.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/rng.h"
#include "estimate/bound/fuse.h"

#define SEEDS	  500
#define EXCHANGES 90
#define THETA	  INT64_C(1789876543210987654)

static const struct noon_drift drift = {
	.rate_max = 500e-6, .wander = 1e-6, .max_age = NOON_S(4 * 3600)};

/* The truth: two rates that differ by the wander, one before and one after a turn. */
struct truth {
	noon_freq rate[2];
	noon_time turn;
};

static noon_dur theta(const struct truth *t, noon_time h)
{
	const noon_dur before = noon_time_min(h, t->turn).ns;

	return THETA + noon_dur_scale(before, t->rate[0]) +
	       noon_dur_scale(h.ns - before, t->rate[1]);
}

static struct noon_sample random_sample(struct noon_rng *rng, const struct truth *t, noon_time h)
{
	const double spread_ns = noon_rng_unit(rng) < 0.2 ? 1e9 : 3e5;
	const noon_dur there = 50000 + (noon_dur)(spread_ns * noon_rng_exp(rng));
	const noon_dur back = 70000 + (noon_dur)(spread_ns * noon_rng_exp(rng));
	struct noon_sample s = {.t1 = h, .stamp_err = 100, .server_err = 500};
	noon_dur wrong = (noon_dur)(500.0 * (2.0 * noon_rng_unit(rng) - 1.0));

	/* UTC may elapse slower than h: the layover leaves room for that. */
	s.t4 = noon_time_add(h, there + back + (there + back) / 1000 + 1000);
	/* Least delays hold exactly even where h and UTC differ in rate. */
	s.t2 = (noon_time){h.ns + theta(t, h) + there + wrong};
	s.t3 = (noon_time){s.t4.ns + theta(t, s.t4) - back + wrong};
	return s;
}

/* As noon_cert_at(), with the sign of the rate planted wrong. */
static struct noon_interval planted_at(const struct noon_cert *c, noon_time h)
{
	const struct noon_rate wrong = {-c->rate.max, -c->rate.min};
	const struct noon_interval d = noon_rate_drift(wrong, noon_time_diff(h, c->h0));

	return (struct noon_interval){c->theta.lo + d.lo, c->theta.hi + d.hi};
}

static bool contains(struct noon_interval in, noon_dur x)
{
	return in.lo <= x && x <= in.hi;
}

static bool is_inside(struct noon_interval in, struct noon_interval out)
{
	return in.lo >= out.lo && in.hi <= out.hi;
}

/* Run one seed; count certificates that miss the truth, widened ones and refusals. */
static unsigned faults_of(uint64_t seed,
			  struct noon_interval (*at)(const struct noon_cert *, noon_time))
{
	struct noon_rng rng = noon_rng_seeded(seed);
	const noon_freq rate = 499e-6 * (2.0 * noon_rng_unit(&rng) - 1.0);
	const noon_freq turn = noon_rng_unit(&rng) < 0.5 ? 1e-6 : -1e-6;
	const struct truth t = {.rate = {rate, rate + 0.99 * turn},
				.turn = {(int64_t)(1e12 * noon_rng_unit(&rng))}};
	static struct noon_window w; /* too large for the stack */
	noon_time h = {1000};
	unsigned faults = 0;

	noon_window_clear(&w);
	for (int i = 0; i < EXCHANGES; i++) {
		const struct noon_sample s = random_sample(&rng, &t, h);
		struct noon_cert old, c;
		struct noon_exchange x;
		const bool had = noon_fuse(&w, NULL, &drift, s.t4, &old) == NOON_OK;
		noon_time later;

		if (noon_exchange_of(&s, 50000, 70000, drift.rate_max, &x) ||
		    noon_fuse(&w, &x, &drift, s.t4, &c)) {
			faults++;
			break;
		}
		faults += had && !is_inside(c.theta, old.theta);
		later = noon_time_add(s.t4, (noon_dur)(1e12 * noon_rng_unit(&rng)));
		faults += !contains(at(&c, s.t4), theta(&t, s.t4));
		faults += !contains(at(&c, later), theta(&t, later));
		noon_window_add(&w, &x, (c.rate.min + c.rate.max) / 2.0);
		h = noon_time_add(s.t4, (noon_dur)(4e10 * noon_rng_unit(&rng)));
	}
	return faults;
}

static void certificate_contains_the_truth_and_only_narrows(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		const unsigned faults = faults_of(seed, noon_cert_at);

		if (faults)
			printf("# seed %llu: %u faults\n", (unsigned long long)seed, faults);
		bad += faults;
	}
	assert_int_equal(bad, 0);
}

static void planted_wrong_sign_is_caught(void **state)
{
	unsigned seen = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 20; seed++)
		seen += faults_of(seed, planted_at) > 0;
	assert_int_equal(seen, 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificate_contains_the_truth_and_only_narrows),
		cmocka_unit_test(planted_wrong_sign_is_caught),
	};

	return cmocka_run_group_tests_name("fuse", tests, NULL, NULL);
}
