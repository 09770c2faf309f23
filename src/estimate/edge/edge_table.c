/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/edge/edge_table.h"

#include <string.h>

noon_err noon_edge_table_init(struct noon_edge_table *t, const struct noon_edge_conf *conf)
{
	const noon_err err = noon_edge_conf_check(conf);

	if (err)
		return err;
	memset(t, 0, sizeof(*t));
	t->conf = *conf;
	return NOON_OK;
}

/* ---- entries ---- */

/* Return the index of a key, t->n if there is none. */
static size_t index_of(const struct noon_edge_table *t, const struct noon_edge_key *key)
{
	size_t i = 0;

	while (i < t->n && !noon_edge_key_is_same(&t->e[i].key, key))
		i++;
	return i;
}

const struct noon_edge_offset *noon_edge_table_find(const struct noon_edge_table *t,
						    const struct noon_edge_key *key)
{
	const size_t i = index_of(t, key);

	return i < t->n ? &t->e[i].offset : NULL;
}

static void drop(struct noon_edge_table *t, size_t i)
{
	t->n--;
	if (i != t->n)
		t->e[i] = t->e[t->n];
}

/* Return a place for a new key: a free one, or that of the least recently fed. */
static struct noon_edge_entry *place(struct noon_edge_table *t)
{
	struct noon_edge_entry *oldest = &t->e[0];

	if (t->n < t->conf.keys)
		return &t->e[t->n++];
	for (size_t i = 1; i < t->n; i++)
		if (t->e[i].fed < oldest->fed)
			oldest = &t->e[i];
	t->reused++;
	return oldest;
}

static struct noon_edge_entry *entry_of(struct noon_edge_table *t, const struct noon_edge_key *key)
{
	const size_t i = index_of(t, key);
	struct noon_edge_entry *e;

	if (i < t->n)
		return &t->e[i];
	e = place(t);
	e->key = *key;
	noon_edge_offset_init(&e->offset, &t->conf);
	return e;
}

enum noon_edge_verdict noon_edge_table_add(struct noon_edge_table *t,
					   const struct noon_edge_key *key, noon_dur value,
					   noon_time at)
{
	struct noon_edge_entry *e;

	t->fed++;
	if ((value < 0 || value > NOON_EDGE_VALUE_MAX) && !noon_edge_table_find(t, key))
		return NOON_EDGE_REJECTED;
	e = entry_of(t, key);
	e->fed = t->fed;
	return noon_edge_offset_add(&e->offset, &t->conf, value, at);
}

/* ---- the estimate ---- */

static unsigned distance(uint8_t a, uint8_t b)
{
	return a < b ? (unsigned)(b - a) : (unsigned)(a - b);
}

/* Return how far apart two keys are; of two that differ in the same fields the one whose gap, then
 * size, is nearer comes first. */
static unsigned farness(const struct noon_edge_key *a, const struct noon_edge_key *b)
{
	return noon_edge_key_difference(a, b) << 8 | distance(a->gap, b->gap) << 4 |
	       distance(a->size, b->size);
}

/* Return the nearest usable entry, NULL if there is none. The key itself is nearest of all. */
static const struct noon_edge_entry *nearest(const struct noon_edge_table *t,
					     const struct noon_edge_key *key, noon_time now)
{
	const struct noon_edge_entry *best = NULL;

	for (size_t i = 0; i < t->n; i++) {
		const struct noon_edge_entry *e = &t->e[i];

		if (e->key.direction != key->direction ||
		    !noon_edge_offset_is_usable(&e->offset, &t->conf, now))
			continue;
		if (!best || farness(&e->key, key) < farness(&best->key, key))
			best = e;
	}
	return best;
}

static noon_dur allowance(const struct noon_edge_conf *conf, unsigned differs)
{
	noon_dur sum = 0;

	for (size_t i = 0; i < NOON_EDGE_DIFFERENCES; i++)
		if (differs >> i & 1)
			sum += conf->allowance[i];
	return sum;
}

/* Return the lower median of the borrowed estimate and the values of the key, of which there are
 * less than NOON_EDGE_OWN_MIN: late packets are more common than early ones. At another gap the
 * borrowed estimate is so uncertain that one value of the key is better. */
static noon_dur blend(const struct noon_edge_estimate *e, const struct noon_edge_window *own)
{
	noon_dur low, high;

	if (own->n == 0)
		return e->p50;
	low = noon_edge_window_rank(own, 1);
	if (e->differs & NOON_EDGE_DIFFERS_GAP)
		return low;
	if (own->n == 1)
		return low < e->p50 ? low : e->p50;
	high = noon_edge_window_rank(own, 2);
	if (e->p50 < low)
		return low;
	return e->p50 < high ? e->p50 : high;
}

/* Move a borrowed estimate towards the few values of the key, and state how far off those are. */
static void mind_own_values(struct noon_edge_estimate *e, const struct noon_edge_window *own,
			    noon_dur cap)
{
	const noon_dur centre = blend(e, own);
	const noon_dur moved = centre > cap ? cap : centre;
	noon_dur off = noon_dur_abs(moved - e->correction);

	for (size_t k = 1; k <= own->n; k++) {
		const noon_dur d = noon_dur_abs(noon_edge_window_rank(own, k) - moved);

		off = d > off ? d : off;
	}
	e->capped = centre > cap;
	e->correction = moved;
	e->half = noon_sat_add(e->half, off);
	e->uncertainty = noon_sat_add(e->uncertainty, off);
}

struct noon_edge_estimate noon_edge_table_estimate(const struct noon_edge_table *t,
						   const struct noon_edge_key *key, noon_time now)
{
	const struct noon_edge_offset *own = noon_edge_table_find(t, key);
	const struct noon_edge_entry *source = nearest(t, key, now);
	const bool stale = own && noon_edge_offset_is_stale(own, &t->conf, now);
	struct noon_edge_estimate e = {.basis = NOON_EDGE_UNKNOWN, .half = NOON_DUR_MAX};

	e.stale = stale;
	e.uncertainty = NOON_DUR_MAX;
	if (!source)
		return e;
	e = noon_edge_offset_estimate(&source->offset, &t->conf);
	e.stale = stale;
	e.differs = noon_edge_key_difference(&source->key, key);
	if (e.differs == 0)
		return e;
	e.basis = NOON_EDGE_OTHER;
	e.half += allowance(&t->conf, e.differs);
	e.uncertainty += allowance(&t->conf, e.differs);
	if (own && !stale)
		mind_own_values(&e, &own->recent, t->conf.cap);
	return e;
}

/* ---- associations ---- */

void noon_edge_table_rename(struct noon_edge_table *t, uint32_t from, uint32_t to)
{
	size_t i = 0;

	while (from != to && i < t->n) {
		struct noon_edge_key key = t->e[i].key;
		size_t there;

		if (key.association != from) {
			i++;
			continue;
		}
		key.association = to;
		there = index_of(t, &key);
		if (there == t->n)
			t->e[i].key = key;
		else if (t->e[there].offset.recent.n > t->e[i].offset.recent.n)
			drop(t, i);
		else {
			t->e[i].key = key;
			drop(t, there);
		}
		/* Whatever is at i now is looked at again. */
	}
}

void noon_edge_table_forget(struct noon_edge_table *t, uint32_t association)
{
	size_t i = 0;

	while (i < t->n) {
		if (t->e[i].key.association == association)
			drop(t, i);
		else
			i++;
	}
}
