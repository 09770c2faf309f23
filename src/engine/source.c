/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/source.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* An exchange steers only while its own half-width is at most this often the certificate's: a
 * delayed exchange must not pull where older ones know better. */
#define USEFUL_HALF_WIDTHS 3

/* Double the interval when the error predicted over the doubled one is at most TIGHT times that of
 * one good exchange; halve it when the error exceeds LOOSE times that. */
#define TIGHT 0.5
#define LOOSE 1.0

void noon_source_init(struct noon_source *s, const struct noon_source_conf *conf)
{
	memset(s, 0, sizeof(*s));
	s->in_use = true;
	s->conf = *conf;
	s->interval = noon_schedule_interval(&s->schedule, conf, 0);
	noon_source_forget(s);
}

void noon_source_restart(struct noon_source *s)
{
	noon_window_clear(&s->window);
	s->points.n = 0;
	s->above.active = false;
	s->below.active = false;
	s->has_cert = false;
	s->has_fit = false;
	s->good_run = 0;
	s->wander_needed = 0.0;
	s->holdover_needed = 0.0;
}

void noon_source_forget(struct noon_source *s)
{
	noon_source_restart(s);
	s->suspect = false;
	s->last_good = NOON_TIME_FIRST;
	s->asked = NOON_TIME_FIRST;
	s->verdict = NOON_SOURCE_UNREACHABLE;
	noon_schedule_start(&s->schedule, &s->conf);
}

static enum noon_sample_fate refuse(struct noon_source *s, enum noon_sample_fate fate)
{
	s->reach = (uint8_t)(s->reach << 1);
	noon_schedule_miss(&s->schedule);
	return fate;
}

/* Refuse an exchange that violates an assumption. */
static enum noon_sample_fate suspect(struct noon_source *s, enum noon_sample_fate fate,
				     noon_dur seen, noon_dur allowed)
{
	s->suspect = true;
	s->good_run = 0;
	s->seen = seen;
	s->allowed = allowed;
	return refuse(s, fate);
}

/* Return how far the exchange lies outside the certificate, ns; 0 inside. */
static noon_dur gap(const struct noon_cert *c, const struct noon_exchange *x)
{
	const noon_dur above = noon_sat_sub(x->lo.theta, noon_cert_at(c, x->lo.h).hi);
	const noon_dur below = noon_sat_sub(noon_cert_at(c, x->hi.h).lo, x->hi.theta);
	const noon_dur most = above > below ? above : below;

	return most > 0 ? most : 0;
}

/* Project a rejection limit from the instant of its contradiction to h, along what the source has
 * proved. */
static noon_dur rejection_limit_at(const struct noon_source *s,
				   const struct noon_rejection_limit *w, bool above, noon_time h)
{
	const struct noon_interval drift = noon_rate_drift(s->cert.rate, noon_time_diff(h, w->h));

	return noon_sat_add(w->theta, above ? drift.lo : drift.hi);
}

/* The certificate widens while the source is suspect, until it contains what contradicted it. An
 * exchange that reaches as far as one of the contradictions of this suspicion does not count
 * towards clearing it, however small the contradiction was: a jump of the local clock may be
 * smaller than the certificate is wide. */
static bool is_ambiguous(const struct noon_source *s, const struct noon_exchange *x)
{
	if (!s->suspect)
		return false;
	return (s->above.active &&
		x->hi.theta >= rejection_limit_at(s, &s->above, true, x->hi.h)) ||
	       (s->below.active && x->lo.theta <= rejection_limit_at(s, &s->below, false, x->lo.h));
}

/* Set a rejection limit on the side where the source contradicts itself. Of two limits the inner
 * one is kept: an exchange within it is within the other as well. */
static void note_against(struct noon_source *s, const struct noon_exchange *x)
{
	struct noon_interval cert;
	bool above;

	if (!s->has_cert || gap(&s->cert, x) <= 0)
		return;
	cert = noon_cert_at(&s->cert, x->lo.h);
	above = x->lo.theta > cert.hi;
	if (above &&
	    (!s->above.active || x->lo.theta < rejection_limit_at(s, &s->above, true, x->lo.h)))
		s->above = (struct noon_rejection_limit){true, x->lo.h, x->lo.theta};
	if (!above &&
	    (!s->below.active || x->hi.theta > rejection_limit_at(s, &s->below, false, x->hi.h)))
		s->below = (struct noon_rejection_limit){true, x->hi.h, x->hi.theta};
}

/* Check the exchange against everything the source has proved; `ret` certifies both together. */
static bool agrees(struct noon_source *s, const struct noon_exchange *x, noon_time now,
		   const struct noon_drift *d, struct noon_cert *ret)
{
	noon_window_expire(&s->window, noon_time_add(noon_time_min(x->lo.h, x->hi.h), -d->max_age));
	if (s->has_cert && (s->window.lo.n == 0 || s->window.hi.n == 0)) {
		/* Only the last certificate, at the largest rate error, is left to compare with.
		 * That is too little to end suspicion. */
		if (s->suspect || gap(&s->cert, x) > 0)
			return false;
		noon_window_clear(&s->window);
	}
	return noon_fuse(&s->window, x, d, now, ret) == NOON_OK;
}

/* Set what the certificate guarantees while exchanges are missing. */
static void set_holdover(const struct noon_source *s, const struct noon_drift *d, noon_time now,
			 struct noon_cert *c)
{
	const noon_dur span = noon_source_overdue(s->interval);

	noon_fuse_holdover(&s->window, d, span, noon_time_add(now, span), c);
}

/* Return the least wander that the window needs, if that is more than half of what is assumed. */
static noon_freq needed_wander(const struct noon_window *w, const struct noon_drift *d,
			       noon_time now)
{
	struct noon_drift half = *d;
	noon_freq least = 0.0;
	struct noon_cert c;

	half.wander /= 2.0;
	if (noon_fuse(w, NULL, &half, now, &c) == NOON_OK)
		return 0.0;
	return noon_fuse_wander(w, NULL, &half, now, &least) == NOON_OK ? least : 0.0;
}

/* Certify with minima that no path can be faster than. The hidden advance moves the edges and the
 * rates between them, so adding it at the end is not enough. */
static void certify_wide(struct noon_source *s, const struct noon_drift *d, noon_time now)
{
	const struct noon_hidden hidden = noon_source_hidden(&s->conf);
	noon_err err;

	s->wide = s->cert;
	if (hidden.f == 0 && hidden.r == 0)
		return;
	noon_window_widen(&s->window, hidden.r, hidden.f);
	err = noon_fuse(&s->window, NULL, d, now, &s->wide);
	set_holdover(s, d, now, &s->wide);
	noon_window_widen(&s->window, -hidden.r, -hidden.f);
	assert(!err); /* the edges met before widening */
	(void)err;
}

/* Fit the line, and predict its error at the next poll. */
static enum noon_trend fit(struct noon_source *s)
{
	const noon_dur interval = noon_dur_from_s(exp2((double)s->schedule.poll));

	s->has_fit = noon_regress(&s->points, &s->fit) == NOON_OK;
	if (!s->has_fit || !s->fit.has_rate)
		return NOON_TREND_OPEN;
	if (noon_fit_sd_ns(&s->fit, interval) > s->fit.noise_ns * LOOSE)
		return NOON_TREND_BENT;
	return noon_fit_sd_ns(&s->fit, 2 * interval) <= s->fit.noise_ns * TIGHT ? NOON_TREND_STEADY
										: NOON_TREND_OPEN;
}

/* Let the exchange steer unless it is much worse than what is known already. */
static enum noon_trend steer(struct noon_source *s, const struct noon_sample *x,
			     const struct noon_exchange *ex, noon_time now)
{
	const noon_dur half = noon_interval_half(noon_cert_at(&s->cert, now));
	const struct noon_point p = noon_point_of(x, s->conf.m_f, s->conf.m_r);

	if (ex->excess / 2 > USEFUL_HALF_WIDTHS * half)
		return NOON_TREND_OPEN;
	noon_points_add(&s->points, &p);
	return fit(s);
}

static void accept(struct noon_source *s, const struct noon_sample *x,
		   const struct noon_exchange *ex, noon_time now, unsigned clear)
{
	noon_window_add(&s->window, ex, (s->cert.rate.min + s->cert.rate.max) / 2.0);
	s->has_cert = true;
	s->last = *x;
	s->last_good = now;
	s->n_accepted++;
	s->reach = (uint8_t)(s->reach << 1 | 1);
	if (s->good_run < clear)
		s->good_run++;
	if (s->good_run >= clear) {
		s->suspect = false;
		s->above.active = false;
		s->below.active = false;
	}
	noon_schedule_adapt(&s->schedule, &s->conf, steer(s, x, ex, now));
}

enum noon_sample_fate noon_source_weigh(const struct noon_source *s, const struct noon_sample *x,
					noon_time now, const struct noon_drift *d,
					struct noon_sample *sample, struct noon_exchange *ret)
{
	noon_err err;

	if (s->conf.require_auth && !x->authenticated)
		return NOON_SAMPLE_UNAUTHENTICATED;
	if (x->leap == NOON_LEAP_UNKNOWN)
		return NOON_SAMPLE_UNSYNCHRONISED;
	if (x->server_err < 0 || noon_time_before(now, x->t4) || noon_time_before(now, x->t1) ||
	    noon_time_diff(now, noon_time_min(x->t1, x->t4)) > d->max_age)
		return NOON_SAMPLE_MALFORMED;
	*sample = *x;
	sample->server_err = noon_sat_add(x->server_err, s->conf.extra_err);
	err = noon_exchange_of(sample, s->conf.m_f, s->conf.m_r, d->rate_max, ret);
	if (err == NOON_ERR_RANGE)
		return NOON_SAMPLE_SUPERLUMINAL;
	return err ? NOON_SAMPLE_MALFORMED : NOON_SAMPLE_ACCEPTED;
}

enum noon_sample_fate noon_source_take(struct noon_source *s, const struct noon_sample *x,
				       noon_time now, const struct noon_drift *d, unsigned clear)
{
	struct noon_sample sample;
	struct noon_exchange ex;
	struct noon_cert cert;
	enum noon_sample_fate fate;

	assert(s->in_use);
	s->n_samples++;
	fate = noon_source_weigh(s, x, now, d, &sample, &ex);
	if (fate == NOON_SAMPLE_SUPERLUMINAL)
		return suspect(s, fate, noon_sample_rtt(x), s->conf.m_f + s->conf.m_r);
	if (fate != NOON_SAMPLE_ACCEPTED)
		return refuse(s, fate);
	if (!agrees(s, &ex, now, d, &cert) || is_ambiguous(s, &ex)) {
		note_against(s, &ex);
		return suspect(s, NOON_SAMPLE_INCONSISTENT, s->has_cert ? gap(&s->cert, &ex) : 0,
			       0);
	}
	s->cert = cert;
	accept(s, &sample, &ex, now, clear);
	set_holdover(s, d, now, &s->cert);
	certify_wide(s, d, now);
	s->wander_needed = needed_wander(&s->window, d, now);
	s->holdover_needed =
		noon_fuse_needed_holdover(&s->window, d, noon_source_overdue(s->interval));
	return NOON_SAMPLE_ACCEPTED;
}

noon_err noon_source_adopt(struct noon_source *s, const struct noon_recent *f,
			   const struct noon_drift *d, noon_time now)
{
	struct noon_cert cert;
	const noon_err err = noon_fuse(&f->window, NULL, d, now, &cert);

	if (err)
		return err;
	noon_source_restart(s);
	s->window = f->window;
	s->points = f->points;
	s->cert = cert;
	s->has_cert = true;
	s->suspect = false;
	s->last = f->last;
	s->last_good = f->last_at;
	set_holdover(s, d, now, &s->cert);
	certify_wide(s, d, now);
	(void)fit(s);
	return NOON_OK;
}

void noon_source_miss(struct noon_source *s)
{
	(void)refuse(s, NOON_SAMPLE_MALFORMED);
}

bool noon_source_can_vote(const struct noon_source *s, noon_time h)
{
	/* Half of the life of the rates must be left, so that the vote's input does not expire
	 * before the next vote. */
	const noon_dur left = noon_time_diff(s->cert.rate_until, h);

	if (s->duplicate)
		return false;
	return s->in_use && s->has_cert && !s->suspect && !s->conf.noselect &&
	       left > noon_time_diff(h, s->last_good);
}
