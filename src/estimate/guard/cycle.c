/* SPDX-License-Identifier: Apache-2.0 */
#include "estimate/guard/cycle.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* Between points that a line through them may stand for what was between. */
#define APART NOON_S(5)

/* Standard errors of a median that no honest window passes: at one window of its own every few
 * seconds once in some ten years, were the values normal. */
#define SIGMAS 6.0

/* Of normal values: standard deviation from the median of deviations, and standard error of a
 * median from it. */
#define SD_OF_MAD    1.4826
#define MEDIAN_OF_SD 1.2533
#define LONGEST	     NOON_CYCLE_LEARN

_Static_assert(NOON_CYCLE_WINDOW <= LONGEST, "room of median()");

static noon_dur median(const noon_dur *v, size_t n)
{
	noon_dur sorted[LONGEST];

	assert(n > 0 && n <= LONGEST);
	for (size_t i = 0; i < n; i++) {
		size_t k = i;

		for (; k > 0 && sorted[k - 1] > v[i]; k--)
			sorted[k] = sorted[k - 1];
		sorted[k] = v[i];
	}
	return sorted[(n - 1) / 2] / 2 + sorted[n / 2] / 2;
}

static void settle_baseline(struct noon_cycle_series *s)
{
	noon_dur off[LONGEST];

	s->median = median(s->baseline, NOON_CYCLE_LEARN);
	for (size_t i = 0; i < NOON_CYCLE_LEARN; i++)
		off[i] = noon_dur_abs(noon_sat_sub(s->baseline[i], s->median));
	s->mad = median(off, NOON_CYCLE_LEARN);
}

/* The change that a window can have by chance, at least `least`, rounded up. */
static noon_dur limit_of(const struct noon_cycle_series *s, noon_dur least)
{
	const double shares = 1.0 / NOON_CYCLE_LEARN + 1.0 / NOON_CYCLE_WINDOW;
	const double error = SD_OF_MAD * MEDIAN_OF_SD * (double)s->mad * sqrt(shares);
	const double chance = ceil(SIGMAS * error);

	return chance > (double)least ? (noon_dur)chance : least;
}

static noon_dur change_of(const struct noon_cycle_series *s)
{
	return noon_sat_sub(median(s->recent, NOON_CYCLE_WINDOW), s->median);
}

/* Which path grew longer by itself, and on which way. */
static void attribute(struct noon_cycle_verdict *v)
{
	const bool grew[2] = {v->rtt[0] > v->rtt_limit[0], v->rtt[1] > v->rtt_limit[1]};

	v->path = -1;
	v->leg = NOON_CYCLE_LEG_UNKNOWN;
	if (grew[0] == grew[1])
		return;
	v->path = grew[0] ? 0 : 1;
	/* a_k grows with the way of the request, and a_2 is subtracted. */
	v->leg =
		(v->asymmetry > 0) == (v->path == 0) ? NOON_CYCLE_LEG_REQUEST : NOON_CYCLE_LEG_SYNC;
}

static void judge(struct noon_cycle *c)
{
	struct noon_cycle_verdict *const v = &c->verdict;

	v->is_learned = true;
	v->asymmetry = change_of(&c->difference);
	v->limit = limit_of(&c->difference, c->limit);
	for (int k = 0; k < 2; k++) {
		v->rtt[k] = change_of(&c->rtt[k]);
		v->rtt_limit[k] = limit_of(&c->rtt[k], c->limit);
	}
	v->alarm = noon_dur_abs(v->asymmetry) > (v->alarm ? v->limit / 2 : v->limit);
	attribute(v);
}

/* Add a pair; true when there is a verdict. */
static bool add(struct noon_cycle *c, noon_dur difference, const noon_dur rtt[2])
{
	struct noon_cycle_series *const all[] = {&c->difference, &c->rtt[0], &c->rtt[1]};
	const noon_dur values[] = {difference, rtt[0], rtt[1]};

	c->n_pairs++;
	for (size_t i = 0; i < 3; i++) {
		if (c->n < NOON_CYCLE_LEARN)
			all[i]->baseline[c->n] = values[i];
		else
			all[i]->recent[c->at] = values[i];
	}
	if (c->n < NOON_CYCLE_LEARN) {
		if (++c->n == NOON_CYCLE_LEARN)
			for (size_t i = 0; i < 3; i++)
				settle_baseline(all[i]);
		return false;
	}
	c->at = (c->at + 1) % NOON_CYCLE_WINDOW;
	c->n_recent += c->n_recent < NOON_CYCLE_WINDOW;
	return c->n_recent == NOON_CYCLE_WINDOW;
}

/* The offset over the first path at an instant between two of its exchanges. */
static noon_dur between(const struct noon_cycle_point *a, const struct noon_cycle_point *b,
			noon_time h)
{
	const double share = (double)noon_time_diff(h, a->h) / (double)noon_time_diff(b->h, a->h);

	return noon_sat_add(a->theta, noon_dur_scale(noon_sat_sub(b->theta, a->theta), share));
}

void noon_cycle_init(struct noon_cycle *c, noon_dur limit)
{
	assert(limit > 0);
	memset(c, 0, sizeof(*c));
	c->limit = limit;
	c->verdict.path = -1;
}

void noon_cycle_reset(struct noon_cycle *c)
{
	noon_cycle_init(c, c->limit);
}

bool noon_cycle_take(struct noon_cycle *c, unsigned path, const struct noon_cycle_point *p)
{
	const struct noon_cycle_point a = c->last[0];
	const struct noon_cycle_point *const other = &c->last[1];
	bool is_pair;

	assert(path < 2);
	/* Each exchange is in one pair only: the next one of the first path begins behind it. */
	is_pair = path == 0 && c->has[0] && c->has[1] && noon_time_before(a.h, other->h) &&
		  !noon_time_before(p->h, other->h) && noon_time_diff(p->h, a.h) <= APART;
	c->last[path] = *p;
	c->has[path] = true;
	if (!is_pair)
		return false;
	if (!add(c, noon_sat_sub(between(&a, p, other->h), other->theta),
		 (const noon_dur[]){p->rtt, other->rtt}))
		return false;
	judge(c);
	return true;
}

const char *noon_cycle_leg_word(enum noon_cycle_leg leg)
{
	static const char *const words[] = {"unknown", "sync", "request"};

	return words[leg];
}
