/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/vote.h"

#include <assert.h>

#include "estimate/bound/select.h"

/* Rates take part in the selection as multiples of 2^-60, rounded outward. */
#define RATE_UNIT (INT64_C(1) << 60)

_Static_assert(NOON_SOURCES_MAX <= NOON_SELECT_MAX, "every source can vote");

/* The voters of one ballot, side by side. */
struct ballot {
	size_t n;
	uint32_t index[NOON_SOURCES_MAX];
	const struct noon_cert *cert[NOON_SOURCES_MAX];
	const struct noon_cert *wide[NOON_SOURCES_MAX]; /* with minima of light */
	struct noon_interval theta[NOON_SOURCES_MAX];
	struct noon_interval rate[NOON_SOURCES_MAX];
	struct noon_interval holdover[NOON_SOURCES_MAX];
};

/* Return the bits of the sources behind bits of the ballot. */
static uint32_t sources_of(const struct ballot *b, uint32_t bits)
{
	uint32_t out = 0;

	for (size_t i = 0; i < b->n; i++)
		if (bits >> i & 1)
			out |= noon_source_bit(b->index[i]);
	return out;
}

static struct noon_interval units_of(struct noon_rate r)
{
	return (struct noon_interval){noon_scale_floor(RATE_UNIT, r.min),
				      noon_scale_ceil(RATE_UNIT, r.max)};
}

static struct noon_rate rate_of(struct noon_interval units)
{
	return (struct noon_rate){(double)units.lo / (double)RATE_UNIT,
				  (double)units.hi / (double)RATE_UNIT};
}

/* Add the vote of source i. */
static void cast(struct ballot *b, uint32_t i, const struct noon_cert *c,
		 const struct noon_cert *wide, noon_time h)
{
	b->index[b->n] = i;
	b->cert[b->n] = c;
	b->wide[b->n] = wide;
	b->theta[b->n] = noon_cert_at(c, h);
	b->rate[b->n] = units_of(c->rate);
	b->holdover[b->n] = units_of(c->holdover);
	b->n++;
}

static void gather(const struct noon_source *s, size_t n, noon_time h, struct ballot *b,
		   struct noon_vote *ret)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!s[i].in_use || s[i].conf.noselect)
			continue;
		ret->selectable++;
		if (s[i].suspect && !s[i].duplicate)
			ret->suspects |= noon_source_bit(i);
		if (!noon_source_can_vote(&s[i], h))
			continue;
		ret->voters |= noon_source_bit(i);
		cast(b, i, &s[i].cert, &s[i].wide, h);
	}
}

/* Let every source vote with its recent exchanges, suspect or not: what made it suspect is older.
 */
static void gather_fresh(const struct noon_source *s, const struct noon_recent *recent,
			 const struct noon_cert *cert, size_t n, noon_time h, struct ballot *b,
			 struct noon_vote *ret)
{
	for (uint32_t i = 0; i < n; i++) {
		if (!s[i].in_use || s[i].conf.noselect)
			continue;
		ret->selectable++;
		if (s[i].duplicate || !recent[i].on || !recent[i].has)
			continue;
		ret->voters |= noon_source_bit(i);
		if (cert)
			cast(b, i, &cert[i], &cert[i], h);
		else
			cast(b, i, &recent[i].cert, &recent[i].wide, h);
	}
}

/* Share the source's own certificate had in an end, grown from its instant to h. */
static struct noon_share grown(struct noon_share share, const struct noon_cert *c, noon_time h)
{
	const noon_dur before = noon_interval_half(c->theta);
	const noon_dur after = noon_interval_half(noon_cert_at(c, h));

	share.drift = noon_sat_add(share.drift, after - before);
	return share;
}

/* Select among the rates of the long run. They hold for the certificate once they do for each
 * voter; where they do not agree, the others go on. */
static void set_holdover(const struct ballot *b, size_t f, noon_time h, struct noon_cert *c)
{
	struct noon_interval units = {0, 0};
	uint32_t out = 0;
	struct noon_rate r;

	c->holdover = c->rate;
	c->holdover_from = h;
	for (size_t i = 0; i < b->n; i++)
		if (noon_time_before(c->holdover_from, b->cert[i]->holdover_from))
			c->holdover_from = b->cert[i]->holdover_from;
	if (noon_time_is_never(c->holdover_from) ||
	    noon_select(b->holdover, b->n, f, &units, &out)) {
		c->holdover_from = NOON_TIME_NEVER;
		return;
	}
	r = noon_rate_meet(rate_of(units), c->rate);
	if (noon_rate_is_empty(r))
		c->holdover_from = NOON_TIME_NEVER;
	else
		c->holdover = r;
}

/* Fill the certificate of the vote from the selections. */
static void certify(const struct ballot *b, size_t f, const struct noon_drift *d, noon_time h,
		    struct noon_interval rate, struct noon_cert *c)
{
	c->h0 = h;
	c->rate_max = d->rate_max;
	c->rate = rate_of(rate);
	set_holdover(b, f, h, c);
	c->rate_until = NOON_TIME_NEVER;
	for (size_t i = 0; i < b->n; i++) {
		const struct noon_cert *own = b->cert[i];

		c->rate_until = noon_time_min(c->rate_until, own->rate_until);
		if (b->theta[i].lo == c->theta.lo)
			c->lo = grown(own->lo, own, h);
		if (b->theta[i].hi == c->theta.hi)
			c->hi = grown(own->hi, own, h);
	}
}

/* Count who announces a leap second. An honest source announces each, and none that does not
 * come: more than f of a kind have an honest one among them. */
static struct noon_leap_vote leap_of(const struct noon_source *s, size_t n, uint32_t truechimers,
				     size_t f)
{
	unsigned votes[4] = {0};
	const unsigned all = noon_source_count(truechimers);

	for (uint32_t i = 0; i < n; i++)
		if (truechimers & noon_source_bit(i))
			votes[(unsigned)s[i].last.leap & 3]++;
	for (unsigned leap = NOON_LEAP_NONE; leap <= NOON_LEAP_DELETE; leap++)
		if (votes[leap] > f && 2 * votes[leap] > all)
			return (struct noon_leap_vote){(enum noon_leap)leap, false};
	return (struct noon_leap_vote){NOON_LEAP_NONE, votes[NOON_LEAP_NONE] < all};
}

/* Let the same voters vote with what holds whatever path an attacker has. Where what they prove
 * with the minima meets, so does this, which contains it. */
static void elect_wide(const struct noon_source *s, const struct ballot *b, size_t f,
		       const struct noon_drift *d, noon_time h, struct noon_vote *ret)
{
	struct ballot w = {.n = 0};
	struct noon_interval rate = {0, 0};
	uint32_t late, fast;
	bool any = false;
	noon_err err;

	ret->wide = ret->cert;
	for (size_t i = 0; i < b->n; i++) {
		const struct noon_hidden hidden = noon_source_hidden(&s[b->index[i]].conf);

		any = any || hidden.f > 0 || hidden.r > 0;
		cast(&w, b->index[i], b->wide[i], b->wide[i], h);
	}
	if (!any)
		return;
	err = noon_select(w.theta, w.n, f, &ret->wide.theta, &late);
	err = err ? err : noon_select(w.rate, w.n, f, &rate, &fast);
	assert(!err);
	(void)err;
	certify(&w, f, d, h, rate, &ret->wide);
}

/* Select among the voters with at most f liars left. */
static enum noon_vote_outcome elect(const struct noon_source *s, size_t n, const struct ballot *b,
				    size_t f, const struct noon_drift *d, noon_time h,
				    struct noon_vote *ret)
{
	struct noon_interval rate;
	uint32_t late = 0, fast = 0;

	if (b->n <= f)
		return NOON_VOTE_TOO_FEW;
	if (noon_select(b->theta, b->n, f, &ret->cert.theta, &late) ||
	    noon_select(b->rate, b->n, f, &rate, &fast))
		return NOON_VOTE_NO_MAJORITY;
	ret->falsetickers = sources_of(b, late | fast);
	if (noon_source_count(ret->falsetickers) > f)
		return NOON_VOTE_NO_MAJORITY;
	certify(b, f, d, h, rate, &ret->cert);
	elect_wide(s, b, f, d, h, ret);
	ret->leap = leap_of(s, n, ret->voters & ~ret->falsetickers, f);
	return NOON_VOTE_AGREED;
}

unsigned noon_vote_budget(int max_liars, unsigned selectable)
{
	return max_liars >= 0 ? (unsigned)max_liars : (selectable - 1) / 2;
}

void noon_vote_hold(const struct noon_source *s, size_t n, int max_liars,
		    const struct noon_drift *d, noon_time h, struct noon_vote *ret)
{
	struct ballot b = {.n = 0};
	unsigned suspects, f;

	assert(n <= NOON_SOURCES_MAX);
	*ret = (struct noon_vote){.outcome = NOON_VOTE_NONE};
	gather(s, n, h, &b, ret);
	suspects = noon_source_count(ret->suspects);
	if (b.n + suspects == 0)
		return;
	f = noon_vote_budget(max_liars, ret->selectable);
	ret->liars = f;
	if (suspects > f)
		ret->outcome = NOON_VOTE_NO_MAJORITY;
	else
		ret->outcome = elect(s, n, &b, f - suspects, d, h, ret);
}

void noon_vote_hold_recent(const struct noon_source *s, const struct noon_recent *recent,
			   const struct noon_cert *cert, size_t n, int max_liars,
			   const struct noon_drift *d, noon_time h, struct noon_vote *ret)
{
	struct ballot b = {.n = 0};

	assert(n <= NOON_SOURCES_MAX);
	*ret = (struct noon_vote){.outcome = NOON_VOTE_NONE};
	gather_fresh(s, recent, cert, n, h, &b, ret);
	if (b.n == 0)
		return;
	ret->liars = noon_vote_budget(max_liars, ret->selectable);
	ret->outcome = elect(s, n, &b, ret->liars, d, h, ret);
}
