/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/tap/tap_pool.h"

#include <assert.h>
#include <string.h>

void noon_tap_pool_init(struct noon_tap_pool *p, struct noon_tap_block *blocks, size_t n)
{
	assert(n > 0 && n < UINT32_MAX);
	p->blocks = blocks;
	p->free = 0;
	for (uint32_t i = 0; i < n; i++)
		blocks[i].next = i + 1 < n ? i + 1 : NOON_TAP_NONE;
}

uint32_t noon_tap_pool_take(struct noon_tap_pool *p)
{
	const uint32_t taken = p->free;

	if (taken != NOON_TAP_NONE) {
		p->free = p->blocks[taken].next;
		p->blocks[taken].next = NOON_TAP_NONE;
		p->blocks[taken].n = 0;
		p->blocks[taken].hole = false;
		p->blocks[taken].begins = false;
	}
	return taken;
}

void noon_tap_pool_give(struct noon_tap_pool *p, uint32_t block)
{
	p->blocks[block].next = p->free;
	p->free = block;
}

struct noon_tap_chain noon_tap_chain_empty(void)
{
	return (struct noon_tap_chain){NOON_TAP_NONE, NOON_TAP_NONE, 0};
}

/* The block to write into next, a new one where the last is full. */
static struct noon_tap_block *tail(struct noon_tap_pool *p, struct noon_tap_chain *c)
{
	uint32_t fresh;

	if (c->last != NOON_TAP_NONE && p->blocks[c->last].n < NOON_TAP_BLOCK_LEN)
		return &p->blocks[c->last];
	fresh = noon_tap_pool_take(p);
	if (fresh == NOON_TAP_NONE)
		return NULL;
	if (c->last == NOON_TAP_NONE)
		c->first = fresh;
	else
		p->blocks[c->last].next = fresh;
	c->last = fresh;
	return &p->blocks[fresh];
}

bool noon_tap_chain_put(struct noon_tap_pool *p, struct noon_tap_chain *c, struct noon_bytes b)
{
	while (b.n > 0) {
		struct noon_tap_block *to = tail(p, c);
		size_t n;

		if (to == NULL)
			return false;
		n = NOON_TAP_BLOCK_LEN - to->n;
		n = b.n < n ? b.n : n;
		memcpy(to->p + to->n, b.p, n);
		to->n += (uint32_t)n;
		c->n += (uint32_t)n;
		b.p += n;
		b.n -= n;
	}
	return true;
}

void noon_tap_chain_copy(const struct noon_tap_pool *p, const struct noon_tap_chain *c,
			 uint8_t *out)
{
	for (uint32_t i = c->first; i != NOON_TAP_NONE; i = p->blocks[i].next) {
		memcpy(out, p->blocks[i].p, p->blocks[i].n);
		out += p->blocks[i].n;
	}
}

void noon_tap_chain_drop(struct noon_tap_pool *p, struct noon_tap_chain *c)
{
	while (c->first != NOON_TAP_NONE) {
		const uint32_t next = p->blocks[c->first].next;

		noon_tap_pool_give(p, c->first);
		c->first = next;
	}
	*c = noon_tap_chain_empty();
}
