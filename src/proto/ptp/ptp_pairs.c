/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/ptp/ptp_pairs.h"

#include <string.h>

/* Pairs of an identity: the one in use, and the newest, whose answer may have been lost. */
#define KEPT 2

void noon_ptp_pairs_init(struct noon_ptp_pairs *p, uint8_t spp, struct noon_rng *rng)
{
	memset(p, 0, sizeof(*p));
	p->spp = spp;
	/* A receiver that missed our restart has keys of another range. */
	p->next_id = (uint32_t)noon_rng_u64(rng);
}

static void end(struct noon_ptp_pair *pair)
{
	noon_mac_fini(&pair->mac);
	memset(pair, 0, sizeof(*pair));
}

void noon_ptp_pairs_fini(struct noon_ptp_pairs *p)
{
	for (size_t i = 0; i < NOON_PTP_PAIRS_MAX; i++)
		end(&p->pair[i]);
}

static void expire(struct noon_ptp_pairs *p, noon_time now)
{
	for (size_t i = 0; i < NOON_PTP_PAIRS_MAX; i++)
		if (p->pair[i].id != 0 && !noon_time_before(now, p->pair[i].until))
			end(&p->pair[i]);
}

static bool is_of_clock(const struct noon_ptp_pair *pair, const uint8_t *clock)
{
	return pair->id != 0 && memcmp(pair->clock, clock, sizeof(pair->clock)) == 0;
}

static bool is_of_owner(const struct noon_ptp_pair *pair, const uint8_t *owner)
{
	return pair->id != 0 && memcmp(pair->owner, owner, sizeof(pair->owner)) == 0;
}

/* Identities of an owner, each counted at its newest pair. */
static size_t clocks_of(struct noon_ptp_pairs *p, const uint8_t *owner)
{
	size_t n = 0;

	for (size_t i = 0; i < NOON_PTP_PAIRS_MAX; i++) {
		const struct noon_ptp_pair *const pair = &p->pair[i];
		bool newest = is_of_owner(pair, owner);

		for (size_t k = 0; k < NOON_PTP_PAIRS_MAX && newest; k++)
			newest = !is_of_clock(&p->pair[k], pair->clock) ||
				 p->pair[k].number <= pair->number;
		n += newest;
	}
	return n;
}

noon_err noon_ptp_pairs_check(struct noon_ptp_pairs *p, const struct noon_ptp_pair_request *r,
			      noon_time now)
{
	bool has_room = false;
	size_t n = 0;

	expire(p, now);
	for (size_t i = 0; i < NOON_PTP_PAIRS_MAX; i++) {
		const struct noon_ptp_pair *const pair = &p->pair[i];

		has_room = has_room || pair->id == 0;
		if (!is_of_clock(pair, r->clock))
			continue;
		if (!is_of_owner(pair, r->owner))
			return NOON_ERR_PERM;
		n++;
	}
	/* A new pair takes the place of one that drop_old() ends. */
	if (n >= KEPT)
		return NOON_OK;
	if (!has_room || (n == 0 && clocks_of(p, r->owner) >= NOON_PTP_OWNER_CLOCKS))
		return NOON_ERR_FULL;
	return NOON_OK;
}

uint32_t noon_ptp_pairs_next(const struct noon_ptp_pairs *p)
{
	return p->next_id != 0 ? p->next_id : 1;
}

/* Keep the one that is in use, and the newest. */
static void drop_old(struct noon_ptp_pairs *p, const uint8_t *clock)
{
	for (;;) {
		struct noon_ptp_pair *const used = noon_ptp_pairs_for(p, clock);
		struct noon_ptp_pair *oldest = NULL;
		size_t n = 0;

		for (size_t i = 0; i < NOON_PTP_PAIRS_MAX; i++) {
			struct noon_ptp_pair *const pair = &p->pair[i];

			if (!is_of_clock(pair, clock))
				continue;
			n++;
			if (pair != used && (oldest == NULL || pair->number < oldest->number))
				oldest = pair;
		}
		if (n < KEPT || oldest == NULL)
			return;
		end(oldest);
	}
}

noon_err noon_ptp_pairs_add(struct noon_ptp_pairs *p, const struct noon_ptp_pair_request *r,
			    const uint8_t *key, noon_time now, noon_time until)
{
	struct noon_ptp_pair *at = NULL;
	struct noon_mac mac = {.id = NOON_MAC_NONE};
	noon_err err = noon_ptp_pairs_check(p, r, now);

	err = err ? err
		  : noon_mac_init(&mac, NOON_MAC_HMAC_SHA256_128,
				  noon_bytes_of(key, NOON_PTP_PAIR_KEY));
	if (err)
		return err;
	drop_old(p, r->clock);
	for (size_t i = 0; i < NOON_PTP_PAIRS_MAX && at == NULL; i++)
		if (p->pair[i].id == 0)
			at = &p->pair[i];
	if (at == NULL) {
		noon_mac_fini(&mac);
		return NOON_ERR_FULL;
	}
	*at = (struct noon_ptp_pair){
		.id = noon_ptp_pairs_next(p), .mac = mac, .until = until, .number = ++p->made};
	memcpy(at->owner, r->owner, sizeof(at->owner));
	memcpy(at->clock, r->clock, sizeof(at->clock));
	p->next_id = at->id + 1;
	return NOON_OK;
}

struct noon_ptp_pair *noon_ptp_pairs_find(struct noon_ptp_pairs *p, uint32_t id, noon_time now)
{
	for (size_t i = 0; i < NOON_PTP_PAIRS_MAX && id != 0; i++)
		if (p->pair[i].id == id)
			return noon_time_before(now, p->pair[i].until) ? &p->pair[i] : NULL;
	return NULL;
}

struct noon_ptp_pair *noon_ptp_pairs_for(struct noon_ptp_pairs *p, const uint8_t *clock)
{
	struct noon_ptp_pair *best = NULL;

	for (size_t i = 0; i < NOON_PTP_PAIRS_MAX; i++) {
		struct noon_ptp_pair *const pair = &p->pair[i];

		if (!is_of_clock(pair, clock))
			continue;
		if (best == NULL || (pair->heard && !best->heard) ||
		    (pair->heard == best->heard && pair->number > best->number))
			best = pair;
	}
	return best;
}

size_t noon_ptp_pairs_count(const struct noon_ptp_pairs *p)
{
	size_t n = 0;

	for (size_t i = 0; i < NOON_PTP_PAIRS_MAX; i++)
		n += p->pair[i].id != 0;
	return n;
}
