/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/recovery.h"

#include <math.h>
#include <string.h>

/* Margin above the wander that was observed: a rate that changed once may change further. */
#define WANDER_ROOM 2.0

/* A wander is plausible up to this many times the assumed one, or up to what heat does to a poor
 * oscillator; beyond that it is a jump. */
#define WANDER_TIMES 3.0
#define WANDER_USUAL 20e-6

/* Where the assumed wander is 0, doubling starts here. */
#define WANDER_LEAST 1e-12

const char *noon_recovery_cause_word(enum noon_recovery_cause cause)
{
	static const char *const word[] = {"unknown", "wander", "jump", "servers"};

	return (unsigned)cause < sizeof(word) / sizeof(word[0]) ? word[cause] : "unknown";
}

void noon_recovery_init(struct noon_recovery *r)
{
	memset(r, 0, sizeof(*r));
	r->agreed_since = NOON_TIME_NEVER;
	r->due = NOON_TIME_NEVER;
}

/* Find the least wander that reconciles a refused exchange with the past of its source. Within the
 * largest rate error some wander reconciles nearly any jump, if a poll lies between; one that no
 * oscillator shows counts as a jump. */
static void measure(struct noon_recovery *r, uint32_t i, const struct noon_source *s,
		    const struct noon_exchange *ex, noon_time now, const struct noon_drift *d)
{
	const noon_freq most = fmax(WANDER_TIMES * d->wander, WANDER_USUAL);
	noon_freq least;

	if (noon_fuse_wander(&s->window, ex, d, now, &least) || least > most)
		r->jumped |= noon_source_bit(i);
	else
		r->wander[i] = fmax(r->wander[i], least);
}

void noon_recovery_take(struct noon_recovery *r, uint32_t i, const struct noon_source *s,
			bool was_suspect, const struct noon_sample *x, noon_time now,
			const struct noon_drift *d)
{
	struct noon_recent *f = &r->recent[i];
	struct noon_sample sample;
	struct noon_exchange ex;
	enum noon_sample_fate fate;

	if (!s->suspect && !r->open) {
		noon_recent_stop(f);
		return;
	}
	fate = noon_source_weigh(s, x, now, d, &sample, &ex);
	if (s->suspect && !was_suspect) {
		noon_recovery_forget_source(r, i);
		noon_recent_start(f, now);
	} else if (!f->on) {
		noon_recent_start(f, now); /* added, or accepted, since the contradiction began */
	}
	/* A jump during the exchange looks the same, and is over by then. */
	if (fate == NOON_SAMPLE_SUPERLUMINAL) {
		r->jumped |= noon_source_bit(i);
		if (!noon_time_before(x->t1, f->since))
			r->broken |= noon_source_bit(i);
		noon_recent_start(f, now);
	}
	if (fate != NOON_SAMPLE_ACCEPTED)
		return;
	if (s->suspect && s->good_run == 0)
		measure(r, i, s, &ex, now, d);
	if (!noon_recent_take(f, &sample, &ex, &s->conf, d, now))
		r->broken |= noon_source_bit(i);
}

void noon_recovery_forget_source(struct noon_recovery *r, uint32_t i)
{
	noon_recent_stop(&r->recent[i]);
	r->wander[i] = 0.0;
	r->jumped &= ~noon_source_bit(i);
	r->broken &= ~noon_source_bit(i);
}

/* Collect the recent exchanges of all sources again: more sources than may lie contradict theirs,
 * so the clock has jumped again. */
static void restart_trial(struct noon_recovery *r, const struct noon_source *s, noon_time now)
{
	r->broken = 0;
	r->agreed_since = NOON_TIME_NEVER;
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++)
		if (s[i].in_use && r->recent[i].on)
			noon_recent_start(&r->recent[i], now);
}

void noon_recovery_open(struct noon_recovery *r, const struct noon_source *s,
			const struct noon_cert *cert, const struct noon_cert *wide, noon_time now)
{
	if (r->open)
		return;
	r->open = true;
	r->broken = 0;
	r->cause = NOON_RECOVERY_UNKNOWN;
	r->since = now;
	r->agreed_since = NOON_TIME_NEVER;
	r->due = NOON_TIME_NEVER;
	r->had_cert = cert != NULL;
	if (cert) {
		r->before = *cert;
		r->before_wide = *wide;
	}
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		if (!s[i].in_use)
			continue;
		if (!r->recent[i].on) {
			r->wander[i] = 0.0;
			r->jumped &= ~noon_source_bit(i);
		}
		/* The recent exchanges of an earlier suspect may be older than the jump. */
		noon_recent_start(&r->recent[i], now);
	}
}

void noon_recovery_close(struct noon_recovery *r, const struct noon_source *s,
			 const struct noon_vote *v)
{
	r->falsetickers_before = v->falsetickers;
	if (!r->open)
		return;
	r->open = false;
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++)
		if (!s[i].suspect)
			noon_recovery_forget_source(r, i);
}

/* Vote on the recent exchanges, carried with no more wander than was observed: at the largest rate
 * error, exchanges some seconds old meet nearly anything. This vote only tells which sources agree
 * with each other; no bound rests on it. */
static void compare(struct noon_recovery *r, const struct noon_source *s,
		    const struct noon_engine_conf *conf, const struct noon_drift *d, noon_time now,
		    struct noon_cert likely[NOON_SOURCES_MAX], struct noon_vote *ret)
{
	struct noon_drift usual = *d;

	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++)
		usual.wander = fmax(usual.wander, r->wander[i]);
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		likely[i] = r->recent[i].cert;
		if (r->recent[i].on && r->recent[i].has &&
		    noon_fuse(&r->recent[i].window, NULL, &usual, now, &likely[i]))
			likely[i] = r->recent[i].cert;
	}
	noon_vote_hold_recent(s, r->recent, likely, NOON_SOURCES_MAX, conf->max_liars, d, now, ret);
}

static bool meet(const struct noon_cert *a, const struct noon_cert *b, noon_time h)
{
	return !noon_interval_is_empty(noon_interval_meet(noon_cert_at(a, h), noon_cert_at(b, h)));
}

/* Sources that disagree with the majority now, but agree with their own past and with what was
 * agreed before, and were not falsetickers then: evidence that the clock did not jump. A source
 * that had given little or nothing before agrees with its own past whatever it says: no evidence.
 */
static uint32_t dissenters(const struct noon_recovery *r, const struct noon_source *s,
			   const struct noon_cert likely[NOON_SOURCES_MAX],
			   const struct noon_vote *v, noon_time now)
{
	uint32_t bits = r->had_cert ? v->falsetickers & ~r->falsetickers_before : 0;

	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++)
		if ((bits & noon_source_bit(i)) &&
		    (s[i].suspect || !meet(&likely[i], &r->before, now)))
			bits &= ~noon_source_bit(i);
	return bits;
}

/* Return how long the agreeing sources have to agree before they are believed, ns; 0: for ever. A
 * lone source, and any unauthenticated one, has to agree for longer. */
static noon_dur readmit_delay(const struct noon_recovery *r, uint32_t agreeing,
			      const struct noon_engine_conf *conf)
{
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++)
		if ((agreeing & noon_source_bit(i)) && !r->recent[i].last.authenticated)
			return conf->readmit_lone_after;
	return noon_source_count(agreeing) > 1 ? conf->readmit_after : conf->readmit_lone_after;
}

static enum noon_recovery_cause cause_of(const struct noon_recovery *r, uint32_t agreeing)
{
	if ((r->jumped & agreeing) == 0)
		for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++)
			if ((agreeing & noon_source_bit(i)) && r->wander[i] > 0.0)
				return NOON_RECOVERY_WANDER;
	return NOON_RECOVERY_JUMP;
}

/* Count the sources whose newest exchange does not meet what is agreed, also those whose recent
 * exchanges have just been dropped. */
static unsigned conflicts(const struct noon_recovery *r, const struct noon_source *s,
			  const struct noon_drift *d, noon_time now)
{
	const struct noon_interval agreed = noon_cert_at(&r->trial.cert, now);
	unsigned n = 0;

	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		struct noon_interval claim;

		if (!s[i].in_use || s[i].conf.noselect || s[i].duplicate)
			continue;
		claim = noon_recent_claim(&r->recent[i], false, d->rate_max, now);
		n += !noon_interval_is_empty(claim) &&
		     noon_interval_is_empty(noon_interval_meet(claim, agreed));
	}
	return n;
}

void noon_recovery_judge(struct noon_recovery *r, const struct noon_source *s,
			 const struct noon_engine_conf *conf, const struct noon_drift *d,
			 noon_time now)
{
	struct noon_cert likely[NOON_SOURCES_MAX];
	struct noon_vote v;
	noon_dur after;

	noon_vote_hold_recent(s, r->recent, NULL, NOON_SOURCES_MAX, conf->max_liars, d, now,
			      &r->trial);
	if (noon_source_count(r->broken) > noon_vote_budget(conf->max_liars, r->trial.selectable)) {
		restart_trial(r, s, now);
		noon_vote_hold_recent(s, r->recent, NULL, NOON_SOURCES_MAX, conf->max_liars, d, now,
				      &r->trial);
	}
	compare(r, s, conf, d, now, likely, &v);
	r->due = NOON_TIME_NEVER;
	r->agreeing = v.voters & ~v.falsetickers;
	if (r->trial.outcome != NOON_VOTE_AGREED || v.outcome != NOON_VOTE_AGREED ||
	    conflicts(r, s, d, now) > r->trial.liars || dissenters(r, s, likely, &v, now) != 0) {
		r->agreeing = 0;
		r->agreed_since = NOON_TIME_NEVER;
		r->cause = v.outcome == NOON_VOTE_AGREED || v.outcome == NOON_VOTE_NO_MAJORITY
				   ? NOON_RECOVERY_SERVERS
				   : NOON_RECOVERY_UNKNOWN;
		return;
	}
	r->cause = cause_of(r, r->agreeing);
	if (noon_time_is_never(r->agreed_since))
		r->agreed_since = now;
	after = readmit_delay(r, r->agreeing, conf);
	if (after > 0)
		r->due = noon_time_add(r->agreed_since, after);
}

bool noon_recovery_is_due(const struct noon_recovery *r, noon_time now)
{
	return r->open && !noon_time_is_never(r->due) && !noon_time_before(now, r->due);
}

static struct noon_interval hull_of(struct noon_interval a, struct noon_interval b)
{
	if (noon_interval_is_empty(b))
		return a;
	return (struct noon_interval){a.lo < b.lo ? a.lo : b.lo, a.hi > b.hi ? a.hi : b.hi};
}

/* Return the hull of what each source proves of theta at `now`, not only of those that agree: after
 * another jump the first source that shows it is alone. */
static struct noon_interval claims(const struct noon_recovery *r, const struct noon_source *s,
				   bool wide, const struct noon_drift *d, noon_time now)
{
	struct noon_interval all = {INT64_MAX, INT64_MIN};

	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		if (!s[i].in_use || s[i].conf.noselect || s[i].duplicate)
			continue;
		all = hull_of(all, noon_recent_claim(&r->recent[i], wide, d->rate_max, now));
		if (s[i].has_cert && !s[i].suspect)
			all = hull_of(all, noon_cert_at(wide ? &s[i].wide : &s[i].cert, now));
	}
	return all;
}

void noon_recovery_certify(const struct noon_recovery *r, const struct noon_source *s,
			   const struct noon_drift *d, noon_time now, struct noon_cert *cert,
			   struct noon_cert *wide)
{
	*cert = noon_cert_hull(&r->before, claims(r, s, false, d, now), d->rate_max, now);
	*wide = noon_cert_hull(&r->before_wide, claims(r, s, true, d, now), d->rate_max, now);
}

/* Return the greatest value that more than f of the voters reach: one of these is honest. */
static noon_freq agreed_maximum(noon_freq most[NOON_SOURCES_MAX], size_t n, unsigned liars)
{
	for (size_t i = 1; i < n; i++) {
		const noon_freq x = most[i];
		size_t k = i;

		for (; k > 0 && most[k - 1] < x; k--)
			most[k] = most[k - 1];
		most[k] = x;
	}
	return n > liars ? most[liars] : 0.0;
}

noon_freq noon_recovery_wander(const struct noon_recovery *r)
{
	noon_freq least[NOON_SOURCES_MAX];
	size_t n = 0;

	if (r->cause != NOON_RECOVERY_WANDER)
		return 0.0;
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++)
		if (r->agreeing & noon_source_bit(i))
			least[n++] = r->wander[i];
	return agreed_maximum(least, n, r->trial.liars);
}

/* Double an assumed wander until it is twice the observed one, up to what the largest rate error
 * allows. In steps of two, so that it is not raised with every exchange. */
static noon_freq doubled(noon_freq assumed, noon_freq seen, const struct noon_drift *d)
{
	const noon_freq most = fmax(assumed, WANDER_ROOM * d->rate_max);
	noon_freq w = fmax(assumed, WANDER_LEAST);

	if (WANDER_ROOM * seen <= assumed)
		return assumed;
	while (w < WANDER_ROOM * seen && w < most)
		w *= 2.0;
	return fmin(w, most);
}

static void raise(struct noon_drift *d, noon_freq seen)
{
	d->wander = doubled(d->wander, seen, d);
}

noon_freq noon_recovery_raise_wander(const struct noon_source *s, uint32_t voters, unsigned liars,
				     struct noon_drift *d)
{
	const noon_freq before = d->wander;
	noon_freq wander_needed[NOON_SOURCES_MAX], holdover_needed[NOON_SOURCES_MAX];
	noon_freq seen, in_holdover;
	size_t n = 0;

	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		if (!(voters & noon_source_bit(i)))
			continue;
		wander_needed[n] = s[i].wander_needed;
		holdover_needed[n] = s[i].holdover_needed;
		n++;
	}
	seen = agreed_maximum(wander_needed, n, liars);
	in_holdover = agreed_maximum(holdover_needed, n, liars);
	d->holdover = doubled(d->holdover, in_holdover, d);
	seen = fmax(seen, in_holdover);
	raise(d, seen);
	return d->wander > before ? seen : 0.0;
}

/* Raise the wander to what the past and the recent exchanges need: to what more than f of the
 * sources need, since a liar's exchanges may need anything. */
static void fit_wander(const struct noon_recovery *r, struct noon_drift *d, noon_time now)
{
	noon_freq least[NOON_SOURCES_MAX];
	size_t n = 0;

	raise(d, noon_recovery_wander(r));
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		if (!(r->agreeing & noon_source_bit(i)))
			continue;
		least[n] = 0.0;
		if (noon_fuse_wander(&r->recent[i].window, NULL, d, now, &least[n]) ||
		    least[n] <= d->wander)
			least[n] = 0.0;
		n++;
	}
	raise(d, agreed_maximum(least, n, r->trial.liars));
}

void noon_recovery_adopt(struct noon_recovery *r, struct noon_source *s, struct noon_drift *d,
			 noon_time now)
{
	fit_wander(r, d, now);
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		const struct noon_recent *f = &r->recent[i];

		if (!s[i].in_use)
			continue;
		if (!f->on || !f->has || noon_source_adopt(&s[i], f, d, now))
			noon_source_forget(&s[i]);
		noon_recovery_forget_source(r, i);
	}
	r->open = false;
}

/* Whether the recent exchanges of a source meet what is agreed. */
static bool meets(const struct noon_recent *f, const struct noon_vote *v, noon_time now)
{
	return f->on && f->has && meet(&f->cert, &v->cert, now);
}

uint32_t noon_recovery_readmit(struct noon_recovery *r, struct noon_source *s,
			       const struct noon_vote *v, const struct noon_engine_conf *conf,
			       const struct noon_drift *d, noon_time now)
{
	uint32_t back = 0;

	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		struct noon_recent *f = &r->recent[i];
		noon_dur after;

		if (!s[i].in_use || !s[i].suspect)
			continue;
		if (!meets(f, v, now)) {
			f->agrees_since = NOON_TIME_NEVER;
			continue;
		}
		if (noon_time_is_never(f->agrees_since))
			f->agrees_since = now;
		after = f->last.authenticated ? conf->readmit_after : conf->readmit_lone_after;
		if (after <= 0 || noon_time_diff(now, f->agrees_since) < after ||
		    noon_source_adopt(&s[i], f, d, now))
			continue;
		noon_recovery_forget_source(r, i);
		back |= noon_source_bit(i);
	}
	return back;
}

noon_dur noon_recovery_jump(const struct noon_recovery *r, noon_time now)
{
	if (!r->open || !r->had_cert || r->trial.outcome != NOON_VOTE_AGREED)
		return 0;
	return noon_sat_sub(noon_interval_mid(noon_cert_at(&r->trial.cert, now)),
			    noon_interval_mid(noon_cert_at(&r->before, now)));
}

void noon_recovery_shift(struct noon_recovery *r, noon_time now, noon_dur d)
{
	noon_cert_shift(&r->before, d);
	noon_cert_shift(&r->before_wide, d);
	noon_cert_shift(&r->trial.cert, d);
	noon_cert_shift(&r->trial.wide, d);
	r->agreed_since = NOON_TIME_NEVER;
	for (uint32_t i = 0; i < NOON_SOURCES_MAX; i++) {
		if (!r->recent[i].on)
			continue;
		noon_recent_stop(&r->recent[i]);
		noon_recent_start(&r->recent[i], now);
	}
}
