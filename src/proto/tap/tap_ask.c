/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tap/tap_ask.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "wire/ber.h"

void noon_tap_asks_init(struct noon_tap_asks *a, struct noon_tap_ask *asks, size_t n)
{
	assert(n > 0 && n < UINT32_MAX);
	a->asks = asks;
	a->free = 0;
	for (uint32_t i = 0; i < n; i++)
		asks[i].next = i + 1 < n ? i + 1 : NOON_TAP_NONE;
}

uint32_t noon_tap_asks_take(struct noon_tap_asks *a)
{
	const uint32_t taken = a->free;

	if (taken != NOON_TAP_NONE) {
		a->free = a->asks[taken].next;
		a->asks[taken] = (struct noon_tap_ask){.next = NOON_TAP_NONE};
	}
	return taken;
}

void noon_tap_asks_give(struct noon_tap_asks *a, uint32_t ask)
{
	a->asks[ask].next = a->free;
	a->free = ask;
}

bool noon_tap_ask_read(struct noon_tap_ask *ask, struct noon_bytes body)
{
	struct noon_tsp_request r;

	if (noon_tsp_request_decode(body, &r) || r.nonce.n > sizeof(ask->nonce) ||
	    r.imprint.value.n == 0 || r.imprint.value.n > sizeof(ask->value))
		return false;
	ask->alg = noon_hash64(r.imprint.alg);
	ask->value_n = (uint8_t)r.imprint.value.n;
	memcpy(ask->value, r.imprint.value.p, r.imprint.value.n);
	ask->nonce_n = (uint8_t)r.nonce.n;
	if (r.nonce.n > 0)
		memcpy(ask->nonce, r.nonce.p, r.nonce.n);
	ask->tsp = true;
	return true;
}

void noon_tap_reply_read(struct noon_bytes body, uint8_t *room, struct noon_tap_reply *ret)
{
	struct noon_bytes content;

	memset(ret, 0, sizeof(*ret));
	ret->miss = NOON_TAP_MISS_MALFORMED;
	if (body.n == 0 || noon_ber_tsp_response(body, &ret->response))
		return;
	if (ret->response.status != NOON_TSP_GRANTED &&
	    ret->response.status != NOON_TSP_GRANTED_WITH_MODS) {
		ret->miss = NOON_TAP_MISS_REFUSED;
		return;
	}
	if (noon_ber_token_content(ret->response.token, room, NOON_TAP_REPLY_ROOM, &content) ||
	    noon_tst_info_decode(content, &ret->info))
		return;
	ret->miss = NOON_TAP_MISS_NONE;
}

bool noon_tap_ask_fits(const struct noon_tap_ask *ask, const struct noon_tst_info *info)
{
	return noon_hash64(info->imprint.alg) == ask->alg &&
	       noon_bytes_equal(info->imprint.value, noon_bytes_of(ask->value, ask->value_n)) &&
	       noon_bytes_equal(info->nonce, noon_bytes_of(ask->nonce, ask->nonce_n));
}

/* As much of it as there is room for. */
static uint8_t copy(uint8_t *to, size_t room, struct noon_bytes from)
{
	const size_t n = from.n < room ? from.n : room;

	if (n > 0)
		memcpy(to, from.p, n);
	return (uint8_t)n;
}

void noon_tap_reply_tell(const struct noon_tap_reply *r, struct noon_tap_exchange *e)
{
	const struct noon_tst_info *t = &r->info;

	e->kind = NOON_TAP_TSP;
	e->miss = r->miss;
	e->status = r->response.status;
	e->fail = r->response.fail;
	if (r->miss != NOON_TAP_MISS_NONE)
		return;
	e->first = t->gen_time;
	e->last = t->gen_time;
	e->resolution = NOON_S(1);
	for (unsigned i = 0; i < t->digits && e->resolution > 1; i++)
		e->resolution /= 10;
	e->has_accuracy = t->has_accuracy;
	e->accuracy = t->accuracy;
	e->nonce_n = copy(e->nonce, sizeof(e->nonce), t->nonce);
	e->serial_n = copy(e->serial, sizeof(e->serial), t->serial);
	e->policy_n = copy(e->policy, sizeof(e->policy), t->policy);
}
