/* SPDX-License-Identifier: Apache-2.0
 *
 * At most f liars of n > f, anywhere and conspiring: the truth is inside, no honest interval is
 * called false, and from n = 2f + 1 on there is a result.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/rng.h"
#include "estimate/bound/select.h"

#define SEEDS 20000
#define TRUTH INT64_C(123456789)

static int64_t below(struct noon_rng *rng, int64_t n)
{
	return (int64_t)(noon_rng_u64(rng) % (uint64_t)n);
}

static struct noon_interval honest(struct noon_rng *rng)
{
	return (struct noon_interval){TRUTH - below(rng, 1000), TRUTH + below(rng, 1000)};
}

/* Liars crowd around one place near the truth, to pull the intersection off it. */
static struct noon_interval liar(struct noon_rng *rng, int64_t place)
{
	return (struct noon_interval){place - below(rng, 300), place + below(rng, 300)};
}

static bool holds(uint64_t seed)
{
	struct noon_rng rng = noon_rng_seeded(seed);
	const size_t f = (size_t)below(&rng, 8);
	const size_t n = f + 1 + (size_t)below(&rng, 16 - (int64_t)f);
	const size_t liars = (size_t)below(&rng, (int64_t)f + 1);
	const int64_t place = TRUTH + below(&rng, 4000) - 2000;
	const size_t first = (size_t)below(&rng, (int64_t)(n - liars) + 1);
	struct noon_interval iv[NOON_SELECT_MAX], got;
	uint32_t false_ones;

	for (size_t i = 0; i < n; i++)
		iv[i] = i >= first && i < first + liars ? liar(&rng, place) : honest(&rng);
	if (noon_select(iv, n, f, &got, &false_ones))
		return n < 2 * f + 1;
	for (size_t i = 0; i < n; i++)
		if ((false_ones >> i & 1) && (i < first || i >= first + liars))
			return false;
	return got.lo <= TRUTH && TRUTH <= got.hi;
}

static void truth_survives_f_liars(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		const bool ok = holds(seed);

		if (!ok)
			printf("# seed %llu\n", (unsigned long long)seed);
		bad += !ok;
	}
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(truth_survives_f_liars)};

	return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
