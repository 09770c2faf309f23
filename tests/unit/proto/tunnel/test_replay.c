/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/rng.h"
#include "proto/tunnel/replay.h"

#define W NOON_REPLAY_WINDOW

/* One after the other, from an empty window: the number, and whether it is fresh. */
static const struct {
	uint64_t seq;
	bool fresh;
} table[] = {
	{0, false}, /* no packet has it */
	{1, true},
	{1, false},
	{3, true},
	{2, true},
	{2, false},
	{W, true},
	{W + 2, true}, /* 2 is the last outside now, 3 the first inside */
	{2, false},
	{3, false}, /* seen */
	{4, true},
	{W + 1, true},
	{W + 1, false},
	{5 * W, true}, /* everything before falls out */
	{4 * W, false},
	{4 * W + 1, true},
	{4 * W + 1, false},
	{5 * W - 1, true},
	{5 * W, false},
	{UINT32_MAX, true},
	{UINT64_C(1) << 32, true},
	{UINT32_MAX, false},
	{UINT32_MAX - W + 2, true},
	{UINT32_MAX - W + 1, false},
	{UINT64_MAX, true},
	{UINT64_MAX, false},
	{UINT64_MAX - W + 1, true},
	{UINT64_MAX - W, false},
};

static void the_window_is_a_table(void **state)
{
	struct noon_replay r = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (noon_replay_is_fresh(&r, table[i].seq) != table[i].fresh)
			fail_msg("row %zu", i);
		if (table[i].fresh)
			noon_replay_accept(&r, table[i].seq);
	}
}

/* Against a memory of all numbers. */
static void no_number_is_accepted_twice(void **state)
{
	enum { N = 20000 };
	static bool seen[N];
	struct noon_rng rng = noon_rng_seeded(20261130);
	struct noon_replay r = {0};
	uint64_t at = 1;

	(void)state;
	for (int i = 0; i < 200000; i++) {
		const uint64_t back = noon_rng_u64(&rng) % (W + 100);
		const uint64_t seq = at > back ? at - back : 1;
		const bool fresh = !seen[seq] && seq + W > r.top;

		assert_int_equal(noon_replay_is_fresh(&r, seq), fresh);
		if (fresh && noon_rng_u64(&rng) % 2) {
			noon_replay_accept(&r, seq);
			seen[seq] = true;
		}
		if (noon_rng_u64(&rng) % 20 == 0)
			at += noon_rng_u64(&rng) % 5;
		if (noon_rng_u64(&rng) % 3000 == 0)
			at += W + noon_rng_u64(&rng) % W;
		if (at >= N)
			break;
	}
	assert_true(at > N / 2);
}

static void the_high_half_is_inferred(void **state)
{
	static const struct {
		uint64_t top;
		uint32_t low;
		uint64_t seq;
	} rows[] = {
		{0, 1, 1},
		{0, 0xfffffff0, 0}, /* before the first one */
		{5, 0, 0},
		{W - 1, 0, 0},
		{UINT64_C(0x1ffffffff), 0, UINT64_C(0x200000000)},
		{UINT64_C(0x1ffffffff), 0xffffffff, UINT64_C(0x1ffffffff)},
		{UINT64_C(0x1ffffffff), 0xffffffff - W + 1, UINT64_C(0x1ffffffff) - W + 1},
		{UINT64_C(0x1ffffffff), 0xffffffff - W, UINT64_C(0x2ffffffff) - W},
		{UINT64_C(0x200000003), 0xffffffff, UINT64_C(0x1ffffffff)},
		{UINT64_C(0x200000003), 4, UINT64_C(0x200000004)},
		{UINT64_C(0x200000003), 0, UINT64_C(0x200000000)},
		{UINT64_C(0x200000003), 0x80000000, UINT64_C(0x280000000)},
		{UINT64_C(0xffffffffffffffff), 0, 0}, /* behind the last one */
	};
	struct noon_rng rng = noon_rng_seeded(7);

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct noon_replay r = {.top = rows[i].top};

		if (noon_replay_infer(&r, rows[i].low) != rows[i].seq)
			fail_msg("row %zu: %llx", i,
				 (unsigned long long)noon_replay_infer(&r, rows[i].low));
	}
	/* Whatever is within the window, or up to 2^32 - W ahead of it, is found. */
	for (int i = 0; i < 100000; i++) {
		const struct noon_replay r = {.top = noon_rng_u64(&rng) >>
						     (noon_rng_u64(&rng) % 40)};
		const uint64_t bottom = r.top >= W ? r.top - W + 1 : 1;
		const uint64_t seq = bottom + (noon_rng_u64(&rng) & UINT32_MAX);

		if (seq < bottom || seq > r.top - W + 1 + UINT32_MAX)
			continue;
		assert_true(noon_replay_infer(&r, (uint32_t)seq) == seq);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_window_is_a_table),
		cmocka_unit_test(no_number_is_accepted_twice),
		cmocka_unit_test(the_high_half_is_inferred),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
