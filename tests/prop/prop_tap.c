/* SPDX-License-Identifier: Apache-2.0
 *
 * A dialogue of time stamps over HTTP, cut into segments at random, sent out of order and sent
 * twice: whatever the cutting, every exchange comes out once, with the right times. Where the
 * capture lacks segments, or the ends of them, or the beginning of the connection, fewer come out,
 * and each of them is a true pair.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "tap_world.h"

#define SEEDS	     3000
#define MESSAGES_MAX 12
#define STREAM_MAX   30000
#define SEGMENTS_MAX 600
#define ANONYMOUS    4242 /* number of all queries without a nonce: they ask for the same digest */

enum side { UP, DOWN };

/* One message of a stream. */
struct message {
	size_t from, body, to; /* places in the stream: head, body, end */
};

/* A part of a stream that passes at a time. */
struct segment {
	enum side side;
	size_t from, to;
	bool lost;
	size_t cut;
};

struct dialogue {
	uint64_t seed;
	struct noon_rng rng;
	size_t n; /* exchanges */
	bool nonce[MESSAGES_MAX];
	bool refused[MESSAGES_MAX];
	struct message message[2][MESSAGES_MAX];
	uint8_t stream[2][STREAM_MAX];
	size_t len[2];
	uint32_t isn[2];
	size_t acked[2]; /* bytes of the stream that the other end says it has */
	struct segment segment[SEGMENTS_MAX];
	size_t segments;
	int64_t passed[2][STREAM_MAX]; /* ms at which a byte passed first */
	int64_t again[2][STREAM_MAX];  /* and last */
	int64_t clock;		       /* ms */
	unsigned loss;		       /* per cent */
	unsigned cuts;		       /* per cent */
};

static struct dialogue d;
static struct tap_world w;

static size_t below(size_t n)
{
	return (size_t)(noon_rng_u64(&d.rng) % n);
}

static bool chance(unsigned percent)
{
	return below(100) < percent;
}

static uint32_t number_of(size_t i)
{
	return d.nonce[i] ? (uint32_t)(100 + i) : ANONYMOUS;
}

static noon_time stamp_of(size_t i)
{
	return tap_time(1000000 + (int64_t)i * 10 + 3);
}

static void add_query(size_t i)
{
	struct message *m = &d.message[UP][i];
	struct tap_message body;

	tap_query(number_of(i), d.nonce[i], &body);
	m->from = d.len[UP];
	d.len[UP] = tap_put_request(d.stream[UP], d.len[UP], &body, chance(50));
	m->to = d.len[UP];
}

static void add_reply(size_t i)
{
	struct message *m = &d.message[DOWN][i];
	const uint8_t *s = d.stream[DOWN];
	struct tap_message body;

	if (d.refused[i])
		tap_refusal(&body);
	else
		tap_reply(number_of(i), d.nonce[i], stamp_of(i), 3, &body);
	if (chance(30))
		d.len[DOWN] =
			tap_put_text(d.stream[DOWN], d.len[DOWN], "HTTP/1.1 100 Continue\r\n\r\n");
	m->from = d.len[DOWN];
	d.len[DOWN] = tap_put_response(d.stream[DOWN], d.len[DOWN], &body, chance(50));
	m->to = d.len[DOWN];
	m->body = m->from;
	/* The body begins with its first own byte: behind the head and the size of a chunk. */
	while (s[m->body] != 0x30 || s[m->body - 1] != '\n')
		m->body++;
}

static void pass(const struct segment *g)
{
	const size_t n = g->to - g->from;
	const struct tap_segment s = {
		.to_client = g->side == DOWN,
		.seq = d.isn[g->side] + 1 + (uint32_t)g->from,
		.ack = d.isn[1 - g->side] + 1 + (uint32_t)d.acked[1 - g->side],
		.flags = NOON_TCP_ACK,
		.p = d.stream[g->side] + g->from,
		.n = n,
		.cut = g->cut < n ? g->cut : n,
	};

	d.clock++;
	for (size_t i = g->from; i < g->to; i++) {
		if (d.passed[g->side][i] < 0)
			d.passed[g->side][i] = d.clock;
		d.again[g->side][i] = d.clock;
	}
	if (!g->lost)
		tap_hear(&w, &s, tap_time(d.clock));
}

/* Cut what of a stream is new into segments, some of them twice, and mix those that are near. */
static void cut(enum side side, size_t from, size_t to)
{
	const size_t longest = chance(20) ? 20 : 1 + below(1500);

	d.segments = 0;
	while (from < to && d.segments < SEGMENTS_MAX - 2) {
		struct segment *g = &d.segment[d.segments++];
		size_t n = 1 + below(longest);

		n = n < to - from && d.segments < SEGMENTS_MAX / 2 ? n : to - from;
		*g = (struct segment){side, from, from + n, chance(d.loss), 0};
		if (chance(d.cuts))
			g->cut = 1 + below(n);
		if (chance(10))
			d.segment[d.segments++] = (struct segment){
				side, from - below(from + 1) % 40, from + 1 + below(n), false, 0};
		from += n;
	}
	for (size_t i = 0; i + 1 < d.segments; i++) {
		const size_t j = i + below(d.segments - i < 5 ? d.segments - i : 5);
		const struct segment g = d.segment[i];

		if (!chance(30))
			continue;
		d.segment[i] = d.segment[j];
		d.segment[j] = g;
	}
}

static void say(enum side side, size_t from, size_t to)
{
	const struct segment ack = {.side = (enum side)(1 - side), .from = 0, .to = 0};

	cut(side, from, to);
	for (size_t i = 0; i < d.segments; i++)
		pass(&d.segment[i]);
	d.acked[side] = to;
	if (chance(50))
		pass(&ack);
}

static void open_connection(bool seen)
{
	const struct tap_segment syn = {.seq = d.isn[UP], .flags = NOON_TCP_SYN};
	const struct tap_segment answer = {.to_client = true,
					   .seq = d.isn[DOWN],
					   .ack = d.isn[UP] + 1,
					   .flags = NOON_TCP_SYN | NOON_TCP_ACK};

	tap_world_init(&w);
	if (!seen)
		return;
	tap_hear(&w, &syn, tap_time(0));
	tap_hear(&w, &answer, tap_time(0));
}

/* One dialogue: rounds of some queries at once, and then their answers. */
static void talk(uint64_t seed, unsigned loss, unsigned cuts, bool joined)
{
	size_t at[2] = {0, 0};

	memset(&d, 0, sizeof(d));
	memset(d.passed, 0xff, sizeof(d.passed));
	d.seed = seed;
	d.rng = noon_rng_seeded(seed);
	d.loss = loss;
	d.cuts = cuts;
	d.n = 1 + below(MESSAGES_MAX);
	for (size_t i = 0; i < 2; i++)
		d.isn[i] = chance(50) ? UINT32_MAX - (uint32_t)below(3000)
				      : (uint32_t)noon_rng_u64(&d.rng);
	open_connection(!joined);
	for (size_t i = 0; i < d.n;) {
		const size_t first = i;

		do {
			d.nonce[i] = chance(70);
			d.refused[i] = chance(10);
			add_query(i);
		} while (++i < d.n && chance(50));
		for (size_t k = first; k < i; k++)
			add_reply(k);
		say(UP, at[UP], d.len[UP]);
		say(DOWN, at[DOWN], d.len[DOWN]);
		at[UP] = d.len[UP];
		at[DOWN] = d.len[DOWN];
	}
	noon_tap_end(&w.tap);
	assert_int_equal(tap_world_free_blocks(&w), sizeof(w.blocks) / sizeof(w.blocks[0]));
	assert_int_equal(tap_world_free_asks(&w), sizeof(w.asks) / sizeof(w.asks[0]));
}

static int64_t latest(const int64_t *times, size_t from, size_t to)
{
	int64_t t = times[from];

	for (size_t i = from; i < to; i++)
		t = times[i] > t ? times[i] : t;
	return t;
}

static int64_t earliest(const int64_t *times, size_t from, size_t to)
{
	int64_t t = times[from];

	for (size_t i = from; i < to; i++)
		t = times[i] < t ? times[i] : t;
	return t;
}

static bool is_exchange(size_t i, const struct noon_tap_exchange *e)
{
	const struct message *q = &d.message[UP][i];
	const struct message *a = &d.message[DOWN][i];
	const int64_t tq = latest(d.passed[UP], q->from, q->to);

	if (e->tq.ns != tap_time(tq).ns)
		return false;
	if (d.refused[i])
		return e->miss == NOON_TAP_MISS_REFUSED;
	return e->miss == NOON_TAP_MISS_NONE && e->first.ns == stamp_of(i).ns &&
	       e->tr.ns == tap_time(earliest(d.passed[DOWN], a->body, a->to)).ns &&
	       tap_number_of(e) == (d.nonce[i] ? number_of(i) : 0);
}

static void every_exchange_comes_out_whatever_the_cutting(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		talk(seed, 0, 0, false);
		if (w.n != d.n)
			print_message("# seed %llu: %zu exchanges of %zu\n",
				      (unsigned long long)seed, w.n, d.n);
		assert_int_equal(w.n, d.n);
		for (size_t i = 0; i < d.n; i++) {
			if (!is_exchange(i, &w.found[i]))
				print_message("# seed %llu: exchange %zu\n",
					      (unsigned long long)seed, i);
			assert_true(is_exchange(i, &w.found[i]));
		}
		assert_int_equal(tap_counted(&w, NOON_TAP_COUNT_GAPS), 0);
	}
}

/* Whether it can be what passed: the query of this stamp, while it passed. */
static bool may_be(const struct noon_tap_exchange *e)
{
	const size_t i = (size_t)((e->first.ns - stamp_of(0).ns) / 10000000);
	const struct message *q = &d.message[UP][i];
	const struct message *a = &d.message[DOWN][i];

	return i < d.n && e->first.ns == stamp_of(i).ns && !d.refused[i] &&
	       tap_number_of(e) == (d.nonce[i] ? number_of(i) : 0) &&
	       e->tq.ns >= tap_time(earliest(d.passed[UP], q->from, q->to)).ns &&
	       e->tq.ns <= tap_time(latest(d.again[UP], q->from, q->to)).ns &&
	       e->tr.ns >= tap_time(earliest(d.passed[DOWN], a->from, a->to)).ns &&
	       e->tr.ns <= tap_time(latest(d.again[DOWN], a->from, a->to)).ns;
}

static size_t expect_true_pairs(uint64_t seed)
{
	size_t good = 0;

	for (size_t i = 0; i < w.n; i++) {
		if (w.found[i].miss != NOON_TAP_MISS_NONE)
			continue;
		good++;
		if (!may_be(&w.found[i]))
			print_message("# seed %llu: a pair that is none, %zu\n",
				      (unsigned long long)seed, i);
		assert_true(may_be(&w.found[i]));
	}
	return good;
}

static void no_pair_is_wrong_whatever_is_lost(void **state)
{
	size_t good = 0;
	size_t all = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		talk(seed, seed % 2 ? 3 : 20, 0, false);
		good += expect_true_pairs(seed);
		all += d.n;
	}
	print_message("# %zu of %zu exchanges\n", good, all);
	/* It would be no use if it found none. */
	assert_true(good > all / 10);
	assert_true(good < all);
}

static void no_pair_is_wrong_whatever_is_cut_off(void **state)
{
	size_t good = 0;
	size_t all = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		talk(seed, 0, 5, false);
		good += expect_true_pairs(seed);
		all += d.n;
	}
	print_message("# %zu of %zu exchanges\n", good, all);
	assert_true(good > all / 10 && good < all);
}

static void no_pair_is_wrong_in_a_connection_joined_late(void **state)
{
	size_t good = 0;
	size_t all = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		talk(seed, (unsigned)(seed % 3), 0, true);
		good += expect_true_pairs(seed);
		all += d.n;
	}
	print_message("# %zu of %zu exchanges\n", good, all);
	assert_true(good > all / 10 && good < all);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_exchange_comes_out_whatever_the_cutting),
		cmocka_unit_test(no_pair_is_wrong_whatever_is_lost),
		cmocka_unit_test(no_pair_is_wrong_whatever_is_cut_off),
		cmocka_unit_test(no_pair_is_wrong_in_a_connection_joined_late),
	};

	return cmocka_run_group_tests_name("tap", tests, NULL, NULL);
}
