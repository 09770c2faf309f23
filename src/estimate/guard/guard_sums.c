/* SPDX-License-Identifier: Apache-2.0
 *
 * CUSUMs of shifts and of exceedances, and bets on ranks.
 */
#include <math.h>
#include <string.h>

#include "estimate/guard/guard_priv.h"

#define DEPENDENT      1.3 /* inflation of blocks that still count as independent */
#define BLOCKS	       64  /* to rank among, at least */
#define MARGIN	       4.0 /* c: chance of 1 in 50 */
#define PEAKS	       (NOON_GUARD_REFS + 1 + NOON_GUARD_LEVELS)
#define BETS	       3
#define SHARE_OF_LEVEL 0.5 /* more above it, and it is no level */

/* ---- log-likelihood ratios ---- */

static double llr(const void *arg, double rtt_ns)
{
	return noon_cusum_llr(arg, rtt_ns);
}

/* Correlation stretches the excursions of S as it does the variance of a sum of its increments. */
static void stretch(const struct noon_guard_making *m, const struct noon_campaign *c,
		    struct noon_cusum *to)
{
	const struct noon_inflation v = noon_guard_inflation(m->p, c, (struct noon_score){llr, to});

	to->h *= m->strain * fmax(v.long_run, m->tail.long_run);
}

/* Several references in parallel share the run length: one tuned to a large shift is slow on a
 * small one. */
static void tune_shifts(struct noon_guard_making *m, const struct noon_campaign *c)
{
	static const double share[NOON_GUARD_REFS] = {0.5, 1.0, 2.0, 4.0};
	struct noon_guard_plan *p = m->p;
	const double shift = p->conf.shift_ns;
	const double arl0 = (NOON_GUARD_REFS + 1) * p->batch / m->alpha;

	for (size_t i = 0; i < NOON_GUARD_REFS; i++) {
		struct noon_cusum *to = &p->cusum[p->refs];

		if (noon_cusum_design(&m->w->cusum, &p->law, share[i] * shift, arl0,
				      p->conf.noise_ns, to))
			continue;
		stretch(m, c, to);
		p->refs++;
	}
	p->has_low = noon_cusum_design(&m->w->cusum, &p->law, -shift, arl0, p->conf.noise_ns,
				       &p->low) == NOON_OK;
	if (p->has_low)
		stretch(m, c, &p->low);
	p->limit[NOON_STATISTIC_CUSUM] = (struct noon_guard_limit){-HUGE_VAL, 0};
	p->limit[NOON_STATISTIC_CUSUM_LOW] = (struct noon_guard_limit){-HUGE_VAL, 0};
}

/* ---- exceedances ---- */

static double is_above(const void *arg, double rtt_ns)
{
	return rtt_ns > *(const double *)arg ? 1.0 : 0.0;
}

/* A CUSUM of zeros and ones: an attack multiplies their share. exp(h) is the least run length of
 * any CUSUM of likelihood ratios (Lorden), and the share is as large as it may be. */
static void tune_level(const struct noon_guard_making *m, const struct noon_campaign *c,
		       double share, double factor, struct noon_guard_level *l)
{
	const struct noon_guard_plan *p = m->p;
	const struct noon_inflation v =
		noon_guard_inflation(p, c, (struct noon_score){is_above, &l->level_ns});
	double attacked;

	l->share = noon_guard_share_at_most(&p->law, &v, share);
	attacked = fmin(factor * l->share, (1.0 + l->share) / 2.0);
	l->h = HUGE_VAL;
	if (!(l->share > 0.0 && l->share < SHARE_OF_LEVEL))
		return;
	l->up = log(attacked / l->share);
	l->down = log1p(-attacked) - log1p(-l->share);
	l->h = m->strain * fmax(v.long_run, m->tail.long_run) *
	       log(NOON_GUARD_LEVELS * p->batch / m->alpha);
	l->level_ns += m->moved;
}

static double share_above(const struct noon_guard_plan *p, const struct noon_campaign *c,
			  double level)
{
	double n = 0.0;

	if (c == NULL)
		return 1.0 - noon_law_cdf(&p->law, level);
	for (size_t i = 0; i < c->n; i++)
		n += is_above(&level, (double)c->rtt_ns[i]);
	return n / (double)c->n;
}

static void tune_levels(struct noon_guard_making *m, const struct noon_campaign *c)
{
	static const double factor[NOON_GUARD_LEVELS] = {1.7, 2.5, 10.0};
	struct noon_guard_plan *p = m->p;
	const double at[NOON_GUARD_LEVELS] = {noon_law_quantile(&p->law, 0.9),
					      noon_law_quantile(&p->law, 0.99), p->gate_ns};

	for (size_t i = 0; i < NOON_GUARD_LEVELS; i++) {
		p->level[i].level_ns = at[i];
		tune_level(m, c, share_above(p, c, at[i]), factor[i], &p->level[i]);
	}
	p->limit[NOON_STATISTIC_EXCEEDANCE] = (struct noon_guard_limit){-HUGE_VAL, 0};
}

/* ---- ranks ---- */

/* The logarithm of what a bet pays for a rank: a mixture of p-to-e calibrators e p^(e-1), each with
 * an integral of 1 over p. `beyond` of n values of the campaign are beyond; p is as large as it may
 * be, so the bet pays too little rather than too much. */
static double bet(double beyond, double n)
{
	static const double power[BETS] = {0.25, 0.5, 0.75};
	const double k = beyond + 1.0;
	const double p = fmin((k + NOON_GUARD_Z_COUNT * sqrt(k)) / (n + 1.0), 1.0);
	double sum = 0.0;

	for (size_t i = 0; i < BETS; i++)
		sum += power[i] * pow(p, power[i] - 1.0) / BETS;
	return log(sum);
}

/* Return the values of a block whose means are nearly independent; 0 if there are too few. */
static uint32_t block_of(const struct noon_inflation *v, size_t n)
{
	size_t k = 0;

	while (k < v->n && v->long_run > DEPENDENT * v->at[k])
		k++;
	return k < v->n && n >> k >= BLOCKS ? UINT32_C(1) << k : 0;
}

static size_t place_of(double rank)
{
	return (size_t)fmin(fmax(rank, 0.0) * NOON_GUARD_RANKS, NOON_GUARD_RANKS - 1.0);
}

/* Count the blocks of the campaign by place, and return their number. */
static double count_blocks(const struct noon_guard_plan *p, const struct noon_campaign *c,
			   uint32_t *count)
{
	double sum = 0.0, blocks = 0.0;
	uint32_t n = 0;

	memset(count, 0, NOON_GUARD_RANKS * sizeof(*count));
	for (size_t i = 0; i < c->n; i++) {
		sum += noon_guard_rank(p, (double)c->rtt_ns[i]);
		if (++n < p->ranks.block)
			continue;
		count[place_of(sum / (double)n)]++;
		blocks += 1.0;
		sum = 0.0;
		n = 0;
	}
	return blocks;
}

static void set_ranks(struct noon_guard_making *m, const struct noon_campaign *c)
{
	struct noon_guard_plan *p = m->p;
	struct noon_guard_ranks *r = &p->ranks;
	double blocks, beyond = 0.0, arl0;

	p->limit[NOON_STATISTIC_CONFORMAL] = (struct noon_guard_limit){-HUGE_VAL, HUGE_VAL};
	p->limit[NOON_STATISTIC_CONFORMAL_LOW] = p->limit[NOON_STATISTIC_CONFORMAL];
	r->block = c != NULL ? block_of(&m->rank, c->n) : 0;
	if (r->block == 0)
		return;
	blocks = count_blocks(p, c, m->w->count);
	for (size_t k = NOON_GUARD_RANKS; k-- > 0;) {
		beyond += m->w->count[k];
		r->up[k] = bet(beyond, blocks);
	}
	beyond = 0.0;
	for (size_t k = 0; k < NOON_GUARD_RANKS; k++) {
		beyond += m->w->count[k];
		r->low[k] = bet(beyond, blocks);
	}
	arl0 = fmax(2.0 * p->batch / (m->alpha * r->block), 2.0);
	r->h = m->strain * log(arl0) * noon_inflation_at(&m->rank, HUGE_VAL) /
	       noon_inflation_at(&m->rank, r->block);
	p->limit[NOON_STATISTIC_CONFORMAL].high = r->h;
	p->limit[NOON_STATISTIC_CONFORMAL_LOW].high = r->h;
}

/* ---- the campaign itself ---- */

/* A sum of a plan, and its excursions in the campaign. */
struct peak {
	double *h;
	const struct noon_guard_sum *sum;
	double arl0; /* in values */
	double was_h;
	double most;	      /* of the excursion under way */
	double count, beyond; /* of excursions beyond what independent values do; sum of how far */
};

static struct peak peak_of(double *h, const struct noon_guard_sum *sum, double arl0)
{
	const struct peak p = {.h = h, .sum = sum, .arl0 = arl0, .was_h = *h};

	*h = HUGE_VAL;
	return p;
}

/* Take all sums, and lift their limits. */
static size_t take_peaks(struct noon_guard_making *m, struct peak *peak)
{
	struct noon_guard_plan *p = m->p;
	const struct noon_guard *g = &m->w->replay;
	const double run = p->batch / m->alpha;
	size_t n = 0;

	for (size_t i = 0; i < p->refs; i++)
		peak[n++] = peak_of(&p->cusum[i].h, &g->up[i], (NOON_GUARD_REFS + 1) * run);
	if (p->has_low)
		peak[n++] = peak_of(&p->low.h, &g->low, (NOON_GUARD_REFS + 1) * run);
	for (size_t i = 0; i < NOON_GUARD_LEVELS; i++)
		if (p->level[i].h < HUGE_VAL)
			peak[n++] = peak_of(&p->level[i].h, &g->level[i], NOON_GUARD_LEVELS * run);
	return n;
}

static void end_excursion(struct peak *p, double beyond)
{
	if (p->most > beyond) {
		p->count += 1.0;
		p->beyond += p->most - beyond;
	}
	p->most = 0.0;
}

/* Follow an excursion; when it is over, count it if it went beyond. */
static void note_excursion(struct peak *p, double beyond)
{
	p->most = fmax(p->most, p->sum->s);
	if (!(p->sum->s > 0.0))
		end_excursion(p, beyond);
}

/* Excursions have exponential tails. Of independent values the largest of n is beyond ln n + c with
 * a probability of exp(-c); where others are, their tail follows from how far beyond they came, and
 * from how few there were. */
static void settle_peak(struct peak *p, double beyond, double n)
{
	double tau;

	end_excursion(p, beyond);
	*p->h = p->was_h;
	if (!(p->count > 0.0))
		return;
	tau = p->beyond / p->count * (1.0 + 2.0 / sqrt(p->count));
	*p->h = fmax(*p->h, beyond + tau * log(fmax(p->arl0 * p->count / n, 1.0)));
}

/* No model of the correlation knows rare long states of load: the sums run over the campaign. */
static void replay(struct noon_guard_making *m, const struct noon_campaign *c)
{
	const double beyond = log((double)c->n) + MARGIN;
	struct peak peak[PEAKS];
	struct noon_guard *g = &m->w->replay;
	const size_t n = take_peaks(m, peak);
	struct noon_guard_news news;

	noon_guard_init(g, m->p);
	for (size_t i = 0; i < c->n; i++) {
		(void)noon_guard_take(g, c->rtt_ns[i], &news);
		for (size_t k = 0; k < n; k++)
			note_excursion(&peak[k], beyond);
	}
	for (size_t k = 0; k < n; k++)
		settle_peak(&peak[k], beyond, (double)c->n);
}

/* The delays that follow from the final limits, where the law lies as unfavourably as the campaign
 * leaves open; inf: S does not get there. */
static void set_delays(struct noon_guard_making *m)
{
	struct noon_guard_plan *p = m->p;

	for (size_t i = 0; i < p->refs; i++)
		if (noon_cusum_delay(&m->w->cusum, &p->cusum[i], &p->law,
				     p->cusum[i].delta_ns - p->room_ns, &p->cusum[i].add))
			p->cusum[i].add = HUGE_VAL;
	if (p->has_low && noon_cusum_delay(&m->w->cusum, &p->low, &p->law,
					   p->low.delta_ns + p->room_ns, &p->low.add))
		p->low.add = HUGE_VAL;
}

void noon_guard_set_sums(struct noon_guard_making *m, const struct noon_campaign *c)
{
	m->p->moved_ns = m->moved;
	tune_shifts(m, c);
	tune_levels(m, c);
	set_ranks(m, c);
	if (c != NULL)
		replay(m, c);
	set_delays(m);
}
