/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tap/tap_flow.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"

void noon_tap_flows_init(struct noon_tap_flows *t, struct noon_tap_flow *flows, size_t n)
{
	assert(n > 0 && n < UINT32_MAX);
	*t = (struct noon_tap_flows){flows, (uint32_t)n, 0, NOON_TAP_NONE, NOON_TAP_NONE};
	for (uint32_t i = 0; i < t->n; i++) {
		flows[i].state = NOON_TAP_FLOW_FREE;
		flows[i].bucket = NOON_TAP_NONE;
		flows[i].chain = i + 1 < t->n ? i + 1 : NOON_TAP_NONE;
	}
}

static int compare_ends(const struct noon_frame_end *a, const struct noon_frame_end *b)
{
	const int c = memcmp(a->addr, b->addr, sizeof(a->addr));

	return c != 0 ? c : (a->port > b->port) - (a->port < b->port);
}

struct noon_tap_key noon_tap_key_of(const struct noon_frame *f, unsigned *ret_from)
{
	struct noon_tap_key key = {.version = f->version};

	*ret_from = compare_ends(&f->src, &f->dst) <= 0 ? 0 : 1;
	key.end[*ret_from] = f->src;
	key.end[1 - *ret_from] = f->dst;
	return key;
}

static bool same_key(const struct noon_tap_key *a, const struct noon_tap_key *b)
{
	return a->version == b->version && compare_ends(&a->end[0], &b->end[0]) == 0 &&
	       compare_ends(&a->end[1], &b->end[1]) == 0;
}

static struct noon_tap_flow *bucket_of(const struct noon_tap_flows *t,
				       const struct noon_tap_key *key)
{
	uint8_t b[2 * 18];

	for (size_t i = 0; i < 2; i++) {
		memcpy(b + i * 18, key->end[i].addr, 16);
		b[i * 18 + 16] = (uint8_t)(key->end[i].port >> 8);
		b[i * 18 + 17] = (uint8_t)(key->end[i].port & 0xff);
	}
	return &t->flows[noon_hash32(noon_bytes_of(b, sizeof(b))) % t->n];
}

static uint32_t index_of(const struct noon_tap_flows *t, const struct noon_tap_flow *f)
{
	return (uint32_t)(f - t->flows);
}

static void unlink_age(struct noon_tap_flows *t, const struct noon_tap_flow *f)
{
	if (f->older == NOON_TAP_NONE)
		t->oldest = f->newer;
	else
		t->flows[f->older].newer = f->newer;
	if (f->newer == NOON_TAP_NONE)
		t->newest = f->older;
	else
		t->flows[f->newer].older = f->older;
}

static void link_newest(struct noon_tap_flows *t, struct noon_tap_flow *f)
{
	const uint32_t i = index_of(t, f);

	f->older = t->newest;
	f->newer = NOON_TAP_NONE;
	if (t->newest == NOON_TAP_NONE)
		t->oldest = i;
	else
		t->flows[t->newest].newer = i;
	t->newest = i;
}

struct noon_tap_flow *noon_tap_flows_find(struct noon_tap_flows *t, const struct noon_tap_key *key)
{
	for (uint32_t i = bucket_of(t, key)->bucket; i != NOON_TAP_NONE; i = t->flows[i].chain) {
		struct noon_tap_flow *f = &t->flows[i];

		if (!same_key(&f->key, key))
			continue;
		if (t->newest != i) {
			unlink_age(t, f);
			link_newest(t, f);
		}
		return f;
	}
	return NULL;
}

struct noon_tap_flow *noon_tap_flows_full(const struct noon_tap_flows *t)
{
	return t->free == NOON_TAP_NONE ? &t->flows[t->oldest] : NULL;
}

void noon_tap_flows_drop(struct noon_tap_flows *t, struct noon_tap_flow *f)
{
	uint32_t *at = &bucket_of(t, &f->key)->bucket;

	while (*at != index_of(t, f))
		at = &t->flows[*at].chain;
	*at = f->chain;
	unlink_age(t, f);
	f->state = NOON_TAP_FLOW_FREE;
	f->chain = t->free;
	t->free = index_of(t, f);
}

struct noon_tap_flow *noon_tap_flows_add(struct noon_tap_flows *t, const struct noon_tap_key *key)
{
	struct noon_tap_flow *bucket = bucket_of(t, key);
	struct noon_tap_flow *f;

	assert(t->free != NOON_TAP_NONE);
	f = &t->flows[t->free];
	t->free = f->chain;
	f->key = *key;
	f->state = NOON_TAP_FLOW_SHUT;
	f->has_syn[0] = false;
	f->has_syn[1] = false;
	f->first = NOON_TAP_NONE;
	f->chain = bucket->bucket;
	bucket->bucket = index_of(t, f);
	link_newest(t, f);
	return f;
}
