/* SPDX-License-Identifier: Apache-2.0
 *
 * What is written in a dialect is read as that and as no other, and says the same second; a reply
 * of RFC 868 does so for every pivot within 68 years.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "wire/daytime.h"
#include "wire/one_way.h"

#define SEEDS 20000

/* 1900 to 2199; the MJD has five digits until 2132-08-31. */
#define FIRST	 INT64_C(-2208988800)
#define LAST	 INT64_C(7258118399)
#define LAST_MJD INT64_C(5132937599)

static int64_t below(struct noon_rng *rng, int64_t n)
{
	return (int64_t)(noon_rng_u64(rng) % (uint64_t)n);
}

static noon_time at(int64_t s)
{
	return (noon_time){s * NOON_NS_PER_SEC};
}

static struct noon_daytime any(struct noon_rng *rng, bool nist)
{
	struct noon_daytime d = {
		.utc = at(FIRST + below(rng, (nist ? LAST_MJD : LAST) - FIRST)),
	};

	/* Now and then the last second of a year, and the leap second behind it. */
	if (below(rng, 8) == 0) {
		d.utc = at(INT64_C(1483228799));
		d.leap_second = below(rng, 2) == 0;
	}
	if (!nist)
		return d;
	d.dst = (uint8_t)below(rng, 100);
	d.leap = (uint8_t)below(rng, 3);
	d.health = (uint8_t)below(rng, 10);
	d.advance = (uint16_t)below(rng, 10000);
	d.on_time = below(rng, 2) == 0;
	(void)snprintf(d.label, sizeof(d.label), "UTC");
	if (below(rng, 2) == 0)
		(void)snprintf(d.label, sizeof(d.label), "UTC(%c%c%c)",
			       (char)('A' + below(rng, 26)), (char)('A' + below(rng, 26)),
			       (char)('A' + below(rng, 26)));
	return d;
}

static bool same(const struct noon_daytime *a, const struct noon_daytime *b)
{
	return a->utc.ns == b->utc.ns && a->leap_second == b->leap_second && a->dst == b->dst &&
	       a->leap == b->leap && a->health == b->health && a->advance == b->advance &&
	       a->on_time == b->on_time && strcmp(a->label, b->label) == 0;
}

static bool dialect_holds(struct noon_rng *rng, const struct noon_daytime_dialect *dialect)
{
	const struct noon_daytime d = any(rng, dialect->says_advance);
	const struct noon_daytime_dialect *by = NULL;
	/* Nearer than half a century, less the years at both ends. */
	const noon_time pivot = noon_time_add(d.utc, NOON_S(below(rng, 3000000000) - 1500000000));
	uint8_t buf[NOON_DAYTIME_OUT_MAX];
	struct noon_wr wr = noon_wr_over(buf, sizeof(buf));
	struct noon_daytime got;

	if (noon_daytime_put(&wr, dialect, &d))
		return false;
	if (noon_daytime_get(noon_wr_written(&wr), NULL, pivot, &got, &by))
		return false;
	return by == dialect && same(&d, &got);
}

static bool time_holds(struct noon_rng *rng)
{
	const noon_time t = at(below(rng, 16000000000) - 8000000000);
	const noon_time pivot =
		noon_time_add(t, NOON_S(below(rng, INT64_C(4294967294)) - INT32_MAX));
	uint8_t buf[NOON_ONE_WAY_TIME_LEN];
	struct noon_wr wr = noon_wr_over(buf, sizeof(buf));
	noon_time got;

	return noon_one_way_time_put(&wr, noon_time_add(t, below(rng, NOON_NS_PER_SEC))) ==
		       NOON_OK &&
	       noon_one_way_time_get(noon_wr_written(&wr), pivot, &got) == NOON_OK &&
	       got.ns == t.ns;
}

static void what_is_written_is_read(void **state)
{
	unsigned bad = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct noon_rng rng = noon_rng_seeded(seed);
		bool ok = time_holds(&rng);

		for (size_t i = 0; noon_daytime_dialect(i) != NULL; i++)
			ok &= dialect_holds(&rng, noon_daytime_dialect(i));
		if (!ok)
			printf("# seed %llu\n", (unsigned long long)seed);
		bad += !ok;
	}
	assert_int_equal(bad, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_written_is_read)};

	return cmocka_run_group_tests_name("one_way", tests, NULL, NULL);
}
