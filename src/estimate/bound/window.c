/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/bound/window.h"

#include <string.h>

void noon_window_clear(struct noon_window *w)
{
	w->lo.n = 0;
	w->hi.n = 0;
}

static void drop(struct noon_edges *es, size_t i)
{
	es->n--;
	memmove(&es->e[i], &es->e[i + 1], (es->n - i) * sizeof(es->e[0]));
}

static void expire(struct noon_edges *es, noon_time oldest)
{
	while (es->n > 0 && noon_time_before(es->e[0].h, oldest))
		drop(es, 0);
}

void noon_window_expire(struct noon_window *w, noon_time oldest)
{
	expire(&w->lo, oldest);
	expire(&w->hi, oldest);
}

/* Return i of the neighbours i, i + 1 whose distance is smallest for the age of i. */
static size_t closest_for_age(const struct noon_edges *es)
{
	const noon_time newest = es->e[es->n - 1].h;
	double least = 2.0;
	size_t at = 0;

	for (size_t i = 0; i + 1 < es->n; i++) {
		const noon_dur age = noon_time_diff(newest, es->e[i].h);
		const noon_dur gap = noon_time_diff(es->e[i + 1].h, es->e[i].h);
		const double ratio = age > 0 ? (double)gap / (double)age : 0.0;

		if (ratio < least) {
			least = ratio;
			at = i;
		}
	}
	return at;
}

/* Drop the looser of the closest neighbours; sign +1 where a larger theta is tighter. */
static void thin(struct noon_edges *es, int sign, noon_freq rate)
{
	const size_t i = closest_for_age(es);
	const struct noon_edge *a = &es->e[i];
	const struct noon_edge *b = &es->e[i + 1];
	const noon_dur rise = noon_dur_scale(noon_time_diff(b->h, a->h), rate);
	const noon_dur lead = noon_sat_sub(noon_sat_add(a->theta, rise), b->theta);

	/* Of equals the older stays: a long base line proves the rate. */
	drop(es, (sign > 0 ? lead >= 0 : lead <= 0) ? i + 1 : i);
}

static void insert(struct noon_edges *es, const struct noon_edge *e, int sign, noon_freq rate)
{
	size_t i;

	if (es->n == NOON_WINDOW_MAX)
		thin(es, sign, rate);
	i = es->n;
	while (i > 0 && noon_time_before(e->h, es->e[i - 1].h))
		i--;
	memmove(&es->e[i + 1], &es->e[i], (es->n - i) * sizeof(es->e[0]));
	es->e[i] = *e;
	es->n++;
}

void noon_window_add(struct noon_window *w, const struct noon_exchange *x, noon_freq rate)
{
	insert(&w->lo, &x->lo, +1, rate);
	insert(&w->hi, &x->hi, -1, rate);
}

static void shift(struct noon_edges *es, noon_dur d)
{
	for (size_t i = 0; i < es->n; i++)
		es->e[i].theta = noon_sat_add(es->e[i].theta, d);
}

void noon_window_widen(struct noon_window *w, noon_dur lo, noon_dur hi)
{
	shift(&w->lo, -lo);
	shift(&w->hi, hi);
}

void noon_window_shift(struct noon_window *w, noon_dur d)
{
	shift(&w->lo, d);
	shift(&w->hi, d);
}
