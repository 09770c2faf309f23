/* SPDX-License-Identifier: Apache-2.0
 *
 * One direction of TCP: the order, first copies, wrapped numbers, holes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "proto/tap/tap_stream.h"

#define START UINT32_C(0xfffffffb) /* wraps after five bytes */

static struct noon_tap_block blocks[NOON_TAP_HELD_MAX + 8];
static struct noon_tap_pool pool;
static struct noon_tap_stream s;
static char got[256]; /* what came out; '.' for a missing byte */

static void begin(void)
{
	noon_tap_pool_init(&pool, blocks, sizeof(blocks) / sizeof(blocks[0]));
	noon_tap_stream_init(&s);
	noon_tap_stream_start(&s, START);
	got[0] = '\0';
}

static void drain(struct noon_tap_piece in)
{
	struct noon_tap_piece out;

	while (noon_tap_stream_next(&s, &pool, &in, &out)) {
		const size_t at = strlen(got);
		const size_t n = out.bytes.n > 0 ? out.bytes.n : out.missing;

		assert_true(n > 0 && (out.bytes.n == 0 || out.missing == 0));
		assert_true(at + n < sizeof(got));
		if (out.bytes.n > 0)
			memcpy(got + at, out.bytes.p, n);
		else
			memset(got + at, '.', n);
		got[at + n] = '\0';
	}
	assert_int_equal(in.bytes.n + in.missing, 0);
}

static void put(uint32_t at, const char *text, uint32_t missing, int64_t ms)
{
	drain((struct noon_tap_piece){
		START + at, noon_bytes_of(text, strlen(text)), missing, true, {NOON_MS(ms)}});
}

static void end(void)
{
	size_t n = 0;

	noon_tap_stream_fini(&s, &pool);
	for (uint32_t i = pool.free; i != NOON_TAP_NONE; i = blocks[i].next)
		n++;
	assert_int_equal(n, sizeof(blocks) / sizeof(blocks[0]));
}

static void gives_bytes_in_their_order_once(void **state)
{
	(void)state;
	begin();
	put(0, "abc", 0, 1);
	put(6, "gh", 0, 2);
	put(9, "j", 0, 3);
	assert_string_equal(got, "abc");
	put(1, "XXdefXXi", 0, 4); /* first copies: bc, gh */
	assert_string_equal(got, "abcdefghij");
	put(4, "YYYYYY", 0, 5);
	assert_string_equal(got, "abcdefghij");
	put(12, "m", 0, 6);
	put(9, "Yklmn", 0, 7);
	assert_string_equal(got, "abcdefghijklmn");
	end();
}

static void gives_what_is_missing_in_its_place(void **state)
{
	(void)state;
	begin();
	put(0, "ab", 3, 1);
	put(5, "f", 0, 2);
	assert_string_equal(got, "ab...f");
	put(8, "i", 2, 3);
	put(6, "gh", 0, 4);
	assert_string_equal(got, "ab...fghi..");
	end();
}

static void gives_up_what_the_receiver_has(void **state)
{
	(void)state;
	begin();
	put(0, "ab", 0, 1);
	put(4, "ef", 0, 2);
	noon_tap_stream_acked(&s, START + 2);
	put(2, "", 0, 3);
	assert_string_equal(got, "ab");
	noon_tap_stream_acked(&s, START + 8);
	put(2, "", 0, 3);
	assert_string_equal(got, "ab..ef..");
	put(6, "gh", 0, 4);
	put(8, "i", 0, 4);
	assert_string_equal(got, "ab..ef..i");
	/* Numbers that no window reaches say nothing. */
	noon_tap_stream_acked(&s, START + UINT32_C(0x60000000));
	put(UINT32_C(0x60000000), "zzz", 0, 5);
	assert_string_equal(got, "ab..ef..i");
	end();
}

static void knows_the_end(void **state)
{
	(void)state;
	begin();
	put(0, "ab", 0, 1);
	assert_false(noon_tap_stream_ended(&s));
	noon_tap_stream_fin(&s, START + 4);
	assert_false(noon_tap_stream_ended(&s));
	put(2, "cd", 0, 2);
	assert_true(noon_tap_stream_ended(&s));
	noon_tap_stream_acked(&s, START + 5); /* of FIN itself */
	put(4, "", 0, 3);
	assert_string_equal(got, "abcd");
	end();
}

static void gives_up_an_old_hole(void **state)
{
	(void)state;
	begin();
	put(2, "c", 0, 1000);
	put(3, "d", 0, 3000);
	assert_string_equal(got, "");
	put(4, "e", 0, 3001);
	assert_string_equal(got, "..cde");
	end();
}

/* Each byte apart from the next one takes a block. */
static void gives_up_a_hole_without_room(void **state)
{
	(void)state;
	begin();
	for (uint32_t i = 0; i < NOON_TAP_HELD_MAX; i++)
		put(2 + 2 * i, "x", 0, 1);
	assert_string_equal(got, "");
	put(2 + 2 * NOON_TAP_HELD_MAX, "x", 0, 1);
	assert_string_equal(got, "..x");
	put(0, "ab", 0, 1);
	assert_string_equal(got, "..x");
	put(3, "y", 0, 1);
	assert_string_equal(got, "..xyx");
	end();
}

static void begins_in_the_middle_with_what_comes_first(void **state)
{
	(void)state;
	begin();
	noon_tap_stream_init(&s);
	noon_tap_stream_acked(&s, START + 7);
	put(5, "", 0, 1);
	assert_false(s.known);
	put(5, "f", 0, 1);
	put(3, "de", 0, 1);
	put(6, "g", 0, 1);
	assert_string_equal(got, "fg");
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gives_bytes_in_their_order_once),
		cmocka_unit_test(gives_what_is_missing_in_its_place),
		cmocka_unit_test(gives_up_what_the_receiver_has),
		cmocka_unit_test(knows_the_end),
		cmocka_unit_test(gives_up_an_old_hole),
		cmocka_unit_test(gives_up_a_hole_without_room),
		cmocka_unit_test(begins_in_the_middle_with_what_comes_first),
	};

	return cmocka_run_group_tests_name("proto/tap stream", tests, NULL, NULL);
}
