/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ntp/rate_limit.h"

#include <string.h>

void noon_rate_limit_init(struct noon_rate_limit *r, struct noon_rng *rng, double per_s,
			  double burst)
{
	memset(r, 0, sizeof(*r));
	r->per_s = per_s;
	r->burst = burst;
	noon_rng_fill(rng, r->key, sizeof(r->key));
}

static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint64_t keyed_hash(const struct noon_rate_limit *r, struct noon_bytes addr)
{
	uint64_t h = r->key[0] ^ addr.n;

	for (size_t i = 0; i < addr.n; i += 8) {
		uint64_t word = 0;
		const size_t left = addr.n - i;

		memcpy(&word, addr.p + i, left < 8 ? left : 8);
		h = mix(h ^ word) + r->key[1];
	}
	return mix(h);
}

static void refill(const struct noon_rate_limit *r, struct noon_rate_slot *s, uint64_t tag,
		   noon_time now)
{
	double tokens = (double)s->tokens;

	if (s->tag != tag) {
		*s = (struct noon_rate_slot){.tag = tag, .last = now, .tokens = (float)r->burst};
		return;
	}
	if (noon_time_before(s->last, now)) {
		tokens += noon_dur_to_s(noon_time_diff(now, s->last)) * r->per_s;
		s->tokens = (float)(tokens < r->burst ? tokens : r->burst);
		s->last = now;
	}
}

enum noon_rate_verdict noon_rate_limit_ask(struct noon_rate_limit *r, struct noon_bytes addr,
					   noon_time now)
{
	struct noon_rate_slot *s;
	uint64_t tag;

	if (r->per_s <= 0)
		return NOON_RATE_PASS;
	tag = keyed_hash(r, addr);
	s = &r->slot[tag % NOON_RATE_SLOTS];
	refill(r, s, tag, now);
	if (s->tokens >= 1) {
		s->tokens -= 1;
		s->over = 0;
		return NOON_RATE_PASS;
	}
	return s->over++ % NOON_RATE_KISS == 0 ? NOON_RATE_TELL : NOON_RATE_DROP;
}
