/* SPDX-License-Identifier: Apache-2.0
 *
 * Random records in random order, against our key-exchange server in memory, over real TLS.
 * NOON_SAMPLES says how many, NOON_SEED from where; a failure prints the seed of its exchange.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "check/server/ke_fuzz.h"
#include "test_ntske_world.h"

#define SAMPLES_USUAL 400

static struct talk talk;
static struct noon_ke_fuzz fuzz;

static uint64_t setting(const char *name, uint64_t usual)
{
	const char *text = getenv(name);

	return text != NULL ? strtoull(text, NULL, 10) : usual;
}

static void make(uint64_t seed)
{
	struct noon_rng rng = noon_rng_seeded(seed);

	noon_ke_fuzz_make(&rng, &fuzz);
}

static void a_seed_repeats_its_request(void **state)
{
	static struct noon_ke_fuzz first;

	(void)state;
	for (uint64_t seed = 0; seed < 100; seed++) {
		make(seed);
		first = fuzz;
		memset(&fuzz, 0xa5, sizeof(fuzz));
		make(seed);
		assert_int_equal(fuzz.n, first.n);
		assert_memory_equal(fuzz.buf, first.buf, first.n);
		assert_true(fuzz.has_end == first.has_end && fuzz.offers == first.offers &&
			    fuzz.good == first.good);
	}
}

/* What matters must come up: otherwise a run of some hundred proves little. */
static void requests_are_of_all_kinds(void **state)
{
	unsigned good = 0, offers = 0, no_end = 0, long_ones = 0, empty = 0;

	(void)state;
	for (uint64_t seed = 0; seed < 2000; seed++) {
		make(seed);
		assert_true(fuzz.n <= NOON_KE_FUZZ_MAX);
		assert_true(!fuzz.good || (fuzz.offers && fuzz.has_end && fuzz.n <= 1024));
		good += fuzz.good;
		offers += fuzz.offers && !fuzz.good;
		no_end += !fuzz.has_end;
		long_ones += fuzz.n > 300;
		empty += fuzz.n == 0;
	}
	assert_in_range(good, 300, 700);
	assert_in_range(offers, 50, 1000);
	assert_in_range(no_end, 50, 700);
	assert_in_range(long_ones, 20, 1500);
	assert_in_range(empty, 1, 200);
}

/* One exchange; the end of the request is told after it. */
static struct reply run(void)
{
	struct reply r;

	talk_open(&talk, true);
	if (fuzz.n > 0)
		talk_say(&talk, noon_bytes_of(fuzz.buf, fuzz.n));
	if (!talk.closed) {
		noon_tls_close(talk.tls);
		talk_carry(&talk);
	}
	r = reply_of(&talk);
	return r;
}

static const char *fault_of(const struct reply *r)
{
	const bool keys = r->count[NOON_NTSKE_COOKIE] > 0;

	if (!talk.closed || noon_ntske_server_outcome(&talk.s) == NOON_KE_PENDING)
		return "the connection is left open";
	if (talk.n > 0 && !reply_is_sane(&talk, r))
		return "a reply that is not whole";
	if ((talk.n > 0) != fuzz.has_end)
		return "a reply without END in the request, or none with it";
	if (keys && (!fuzz.offers || !reply_is_ok(&talk, r)))
		return "keys that were not asked for";
	if (fuzz.good && !keys)
		return "no keys for a good request";
	if (talk.n > 0 && !keys && r->count[NOON_NTSKE_ERROR] != 1 && r->protocols + r->aeads > 1)
		return "neither keys nor an error nor an empty record";
	return NULL;
}

static void every_request_is_answered_or_ended(void **state)
{
	const uint64_t n = setting("NOON_SAMPLES", SAMPLES_USUAL);
	const uint64_t from = setting("NOON_SEED", 1);

	(void)state;
	for (uint64_t k = 0; k < n; k++) {
		struct reply r;
		const char *fault;

		make(from + k);
		r = run();
		fault = fault_of(&r);
		talk_end(&talk);
		if (fault != NULL)
			fail_msg("%s: NOON_SEED=%llu NOON_SAMPLES=1", fault,
				 (unsigned long long)(from + k));
	}
}

/* The same in pieces: what is judged must not hang on how it is cut. */
static void pieces_make_no_difference(void **state)
{
	static uint8_t whole[sizeof(talk.reply)];
	size_t n;

	(void)state;
	for (uint64_t seed = 5000; seed < 5050; seed++) {
		struct reply a, b;

		make(seed);
		a = run();
		n = talk.n;
		memcpy(whole, talk.reply, n);
		talk_end(&talk);
		talk_open(&talk, true);
		talk.piece = 7;
		for (size_t at = 0; at < fuzz.n && !talk.closed; at += 5)
			talk_say(&talk,
				 noon_bytes_of(fuzz.buf + at, fuzz.n - at < 5 ? fuzz.n - at : 5));
		if (!talk.closed) {
			noon_tls_close(talk.tls);
			talk_carry(&talk);
		}
		b = reply_of(&talk);
		talk_end(&talk);
		/* What comes after END may come after the reply, and is not looked at then. */
		if (fuzz.has_end && a.count[NOON_NTSKE_ERROR] == 0)
			assert_int_equal(b.count[NOON_NTSKE_COOKIE], a.count[NOON_NTSKE_COOKIE]);
		if (!fuzz.has_end)
			assert_int_equal(n, talk.n);
	}
}

#define TEST(f) cmocka_unit_test_setup(f, world_reset)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_seed_repeats_its_request),
		TEST(requests_are_of_all_kinds),
		TEST(every_request_is_answered_or_ended),
		TEST(pieces_make_no_difference),
	};

	return cmocka_run_group_tests_name("check/ke_fuzz", tests, world_make, world_free);
}
