/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/sim/study.h"

#include <math.h>
#include <string.h>
#include <time.h>

#define CURVE_WIDTH 4.5 /* standard deviations of the mean beyond both hypotheses */
#define ONE_IN	    1e-6

static double seconds_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Use the lattice where it fits; beyond, n is so large that the other method is exact for all
 * purposes. */
static noon_err exact_row(const struct noon_study_conf *c, struct noon_convolve *work, unsigned n,
			  struct noon_study_row *ret)
{
	const struct noon_cgf k = noon_cgf_of_channel(&c->channel);
	struct noon_mean_test t;
	noon_err err = noon_convolve_mean_test(work, &c->channel, n, c->delta_ns, c->p_d, &t);

	if (err)
		err = noon_mean_test_of(&k, n, c->delta_ns, c->p_d, 1.0, 0.0, &t);
	if (err)
		return err;
	ret->n = n;
	ret->lambda_ns = t.lambda_ns;
	ret->p_fa = t.p_fa;
	return NOON_OK;
}

static noon_err exact_table(struct noon_study *s, struct noon_convolve *work)
{
	const double start = seconds_now();

	for (size_t i = 0; i < s->conf.n_sizes; i++) {
		const unsigned n = (unsigned)s->conf.n[i];
		const noon_err err = exact_row(&s->conf, work, n, &s->row[i]);

		if (err)
			return err;
		if (fabs(log(n / 100.0)) < fabs(log(s->row[s->fig8].n / 100.0)))
			s->fig8 = i;
	}
	s->exact_s = seconds_now() - start;
	return NOON_OK;
}

/* Bins over 0 .. most of the range of a mean of n; the same edges for all would waste bins. */
static void set_histogram(struct noon_study *s, size_t i, unsigned n)
{
	struct noon_mc_histogram *h = &s->mc.histogram[i];
	const double sd = s->sd_ns / sqrt(n), least = s->conf.channel.fixed_ns;
	const double from = fmax(least, s->mean_ns - 5.0 * sd);

	h->n = n;
	h->from_ns = from;
	h->width_ns = (s->mean_ns + 6.0 * sd - from) / NOON_MC_BINS;
}

static noon_err simulate(struct noon_study *s, void (*progress)(void *, double), void *arg)
{
	struct noon_mc *m = &s->mc;
	noon_err err;

	m->channel = s->conf.channel;
	m->trials = s->conf.trials;
	m->seed = s->conf.seed;
	m->threads = s->conf.threads;
	m->progress = progress;
	m->arg = arg;
	m->n_points = s->conf.n_sizes;
	for (size_t i = 0; i < m->n_points; i++) {
		m->point[i].n = s->row[i].n;
		m->point[i].lambda_ns = s->row[i].lambda_ns;
		m->point[i].delta_ns = s->conf.delta_ns;
	}
	m->n_histograms = 3;
	set_histogram(s, 0, 1);
	set_histogram(s, 1, 10);
	set_histogram(s, 2, s->row[s->fig8].n);
	err = noon_mc_run(m);
	for (size_t i = 0; !err && i < m->n_points; i++) {
		struct noon_study_row *r = &s->row[i];

		r->alarms = m->point[i].alarms;
		r->missed = m->point[i].missed;
		noon_mc_interval(r->alarms, m->trials, NOON_STUDY_LEVEL, &r->p_fa_low,
				 &r->p_fa_high);
		noon_mc_interval(r->missed, m->trials, NOON_STUDY_LEVEL, &r->p_md_low,
				 &r->p_md_high);
	}
	return err;
}

static void hypotheses(struct noon_study *s)
{
	const struct noon_cgf k = noon_cgf_of_channel(&s->conf.channel);
	const double n = s->row[s->fig8].n, sd = s->sd_ns / sqrt(n), delta = s->conf.delta_ns;
	const double from = fmax(s->mean_ns - CURVE_WIDTH * sd, k.least_ns);
	const double to = s->mean_ns + delta + CURVE_WIDTH * sd;

	for (size_t i = 0; i < NOON_STUDY_CURVE; i++) {
		const double x = from + (to - from) * (double)i / (NOON_STUDY_CURVE - 1);
		const double h = sd * 1e-2;

		s->x_ns[i] = x;
		s->h0[i] = (noon_mean_sf(&k, n, x - h) - noon_mean_sf(&k, n, x + h)) / (2.0 * h);
		s->h1[i] =
			(noon_mean_sf(&k, n, x - delta - h) - noon_mean_sf(&k, n, x - delta + h)) /
			(2.0 * h);
	}
}

/* The practical case: the remainder of the limit after the drift between two updates. */
static void practical(struct noon_study *s)
{
	static const double limits[] = {25e3, 50e3, 100e3, 200e3};
	static const double drifts[] = {1e3, 10e3, 25e3};
	static const unsigned sizes[] = {1, 10, 100};
	const struct noon_cgf k = noon_cgf_of_channel(&s->conf.channel);

	for (size_t i = 0; i < NOON_STUDY_PRACTICAL; i++) {
		struct noon_study_case *c = &s->practical[s->n_practical++];
		struct noon_mean_test t;

		c->limit_ns = limits[i / 9];
		c->drift_ns = drifts[i / 3 % 3];
		c->n = sizes[i % 3];
		c->delta_ns = c->limit_ns - c->drift_ns;
		c->p_fa = c->p_md = 1.0;
		if (noon_mean_test_of(&k, c->n, c->delta_ns, s->conf.p_d, 1.0, 0.0, &t))
			continue;
		c->lambda_ns = t.lambda_ns;
		c->p_fa = t.p_fa;
		c->p_md =
			1.0 - noon_mean_sf(&k, c->n, noon_mean_isf(&k, c->n, ONE_IN) - c->delta_ns);
	}
}

/* At one false alarm in a million: round trips needed for the delay, and the delay that one
 * detects. */
static void demands(struct noon_study *s)
{
	const struct noon_cgf k = noon_cgf_of_channel(&s->conf.channel);
	struct noon_mean_test t;

	s->needed = 0;
	if (noon_mean_test_size(&k, s->conf.delta_ns, s->conf.p_d, ONE_IN, 1.0, 0.0, NOON_MC_N_MAX,
				&t) == NOON_OK)
		s->needed = (unsigned)t.n;
	s->least_ns = noon_mean_isf(&k, 1.0, ONE_IN) - noon_mean_isf(&k, 1.0, s->conf.p_d);
}

noon_err noon_study_run(struct noon_study *s, struct noon_convolve *work,
			void (*progress)(void *arg, double part), void *arg)
{
	double var, m3;
	noon_err err = noon_channel_check(&s->conf.channel);

	if (err)
		return err;
	s->fig8 = s->n_practical = 0;
	s->row[0].n = (unsigned)s->conf.n[0];
	noon_channel_moments(&s->conf.channel, &s->mean_ns, &var, &m3);
	s->sd_ns = sqrt(var);
	s->skewness = m3 / (var * s->sd_ns);
	err = exact_table(s, work);
	err = err ? err : simulate(s, progress, arg);
	if (err)
		return err;
	hypotheses(s);
	practical(s);
	demands(s);
	return NOON_OK;
}

void noon_study_agreement(const struct noon_study *s, size_t *ret_with_power, size_t *ret_agree)
{
	*ret_with_power = *ret_agree = 0;
	for (size_t i = 0; i < s->conf.n_sizes; i++) {
		const struct noon_study_row *r = &s->row[i];

		if (r->p_fa * (double)s->conf.trials < 1.0)
			continue;
		++*ret_with_power;
		*ret_agree += r->p_fa >= r->p_fa_low && r->p_fa <= r->p_fa_high;
	}
}
