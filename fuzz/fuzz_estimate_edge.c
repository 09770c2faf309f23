/* SPDX-License-Identifier: Apache-2.0
 *
 * Property: no sequence of packets, look-ups, refreshes and jumps of the clock makes the table of
 * edge offsets assert, hold a key twice, or state a correction or a half-width out of range.
 */
#include <assert.h>
#include <math.h>

#include "estimate/edge/edge_table.h"
#include "input.h"

#define EVENTS_MAX 2000

static struct noon_edge_table t;
static noon_time now;

static struct noon_edge_key key_of(struct input *in)
{
	const uint8_t how = input_u8(in);

	return (struct noon_edge_key){
		.direction = how & 1 ? NOON_EDGE_INGRESS : NOON_EDGE_EGRESS,
		.message = how >> 1 & 1,
		.size = noon_edge_size_class(how & 4 ? 44 : input_u16(in)),
		.gap = noon_edge_gap_class(how & 8 ? NOON_MS(1) : (noon_dur)input_u(in, 4)),
		.cipher = how >> 4 & 1,
		.association = how >> 5 & 3,
	};
}

static void check_window(const struct noon_edge_window *w)
{
	assert(w->n <= w->size && w->size <= NOON_EDGE_WINDOW_MAX && w->next < w->size);
	for (size_t k = 2; k <= w->n; k++)
		assert(noon_edge_window_rank(w, k - 1) <= noon_edge_window_rank(w, k));
}

static void check_entries(void)
{
	assert(t.n <= t.conf.keys);
	for (size_t i = 0; i < t.n; i++) {
		const struct noon_edge_offset *o = &t.e[i].offset;

		check_window(&o->recent);
		check_window(&o->residuals);
		assert(isfinite(o->mean_ns) && isfinite(o->up) && isfinite(o->down));
		assert(o->outliers + o->steps <= o->n && o->n + o->rejected <= t.fed);
		for (size_t k = 0; k < i; k++)
			assert(!noon_edge_key_is_same(&t.e[k].key, &t.e[i].key));
	}
}

static void check_estimate(const struct noon_edge_key *key)
{
	const struct noon_edge_estimate e = noon_edge_table_estimate(&t, key, now);

	assert(e.correction >= 0 && e.correction <= t.conf.cap && e.half >= 0);
	assert(e.share >= 0.0 && e.share <= t.conf.share);
	if (e.basis == NOON_EDGE_UNKNOWN) {
		assert(e.correction == 0 && e.half == NOON_DUR_MAX && !e.capped);
		return;
	}
	assert((e.basis == NOON_EDGE_OWN) == (e.differs == 0) && e.n >= NOON_EDGE_OWN_MIN);
	assert(e.half >= t.conf.floor && e.uncertainty >= t.conf.floor);
	assert(0 <= e.p01 && e.p01 <= e.p50 && e.p50 <= e.p99 && e.mad >= 0 && e.mean >= 0);
	assert(e.basis == NOON_EDGE_OTHER || !e.stale);
}

static noon_dur value_of(struct input *in)
{
	const uint8_t how = input_u8(in);

	if (how == 255)
		return input_i64(in);
	if (how == 254)
		return (noon_dur)input_u(in, 4);
	return NOON_US(20) + (noon_dur)how * 256;
}

static void add(struct input *in)
{
	const struct noon_edge_key key = key_of(in);
	const uint8_t repeated = input_u8(in) & 15;

	for (uint8_t i = 0; i <= repeated; i++) {
		const noon_dur v = value_of(in);
		const enum noon_edge_verdict verdict = noon_edge_table_add(&t, &key, v, now);

		assert((verdict == NOON_EDGE_REJECTED) == (v < 0 || v > NOON_EDGE_VALUE_MAX));
		now = noon_time_add(now, NOON_MS(1));
	}
	check_estimate(&key);
}

static void step(struct input *in)
{
	struct noon_edge_key key;

	switch (input_u8(in) % 8) {
	case 0:
		noon_edge_table_rename(&t, input_u8(in) & 3, input_u8(in) & 3);
		break;
	case 1:
		noon_edge_table_forget(&t, input_u8(in) & 3);
		break;
	case 2:
		now = noon_time_add(now, (noon_dur)input_u16(in) * NOON_MS(100));
		break;
	case 3:
		if (input_u8(in) == 255)
			now.ns = input_i64(in);
		break;
	case 4:
		key = key_of(in);
		check_estimate(&key);
		break;
	default:
		add(in);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};
	struct noon_edge_conf conf = noon_edge_conf_default();
	const uint8_t how = input_u8(&in);
	noon_err err;

	conf.keys = 1 + (size_t)(how & 7);
	conf.window = how & 8 ? 16 : conf.window;
	conf.residuals = how & 16 ? 16 : conf.residuals;
	conf.centre = how & 32 ? NOON_EDGE_CENTRE_MEAN : NOON_EDGE_CENTRE_MEDIAN;
	conf.cap = how & 64 ? NOON_US(30) : conf.cap;
	conf.share = how & 128 ? 0.5 : conf.share;
	now = (noon_time){NOON_S(1)};
	err = noon_edge_table_init(&t, &conf);
	assert(!err);
	for (int i = 0; i < EVENTS_MAX && in.n > 0; i++) {
		step(&in);
		check_entries();
	}
	return 0;
}
