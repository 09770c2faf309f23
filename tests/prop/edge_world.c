/* SPDX-License-Identifier: Apache-2.0 */
#include "edge_world.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>

const struct noon_edge_key edge_fast = {.gap = 1};

void edge_world_start(struct edge_world *w)
{
	const struct noon_edge_conf conf = noon_edge_conf_default();
	const noon_err err = noon_edge_table_init(&w->table, &conf);

	assert(!err);
	w->now = (noon_time){NOON_S(1)};
}

enum noon_edge_verdict edge_world_feed(struct edge_world *w, const struct noon_edge_key *key,
				       noon_dur v)
{
	w->now = noon_time_add(w->now, NOON_MS(1));
	return noon_edge_table_add(&w->table, key, v, w->now);
}

struct noon_edge_estimate edge_world_ask(const struct edge_world *w,
					 const struct noon_edge_key *key)
{
	return noon_edge_table_estimate(&w->table, key, w->now);
}

double edge_world_error_us(const struct edge_world *w, const struct noon_edge_key *key,
			   double truth_us)
{
	return (double)edge_world_ask(w, key).correction / 1e3 - truth_us;
}

void coverage_count(struct coverage *c, const struct noon_edge_estimate *e, noon_dur v)
{
	c->n += 1.0;
	c->inside += noon_dur_abs(v - e->correction) <= e->half ? 1.0 : 0.0;
	c->stated += e->share;
	c->half_us += (double)e->half / 1e3;
}

void coverage_print(const char *what, const struct coverage *c)
{
	printf("# %s: %.4f of %.0f within the half-width, %.4f stated, mean half-width %.1f us "
	       "(seed %llu)\n",
	       what, c->inside / c->n, c->n, c->stated / c->n, c->half_us / c->n,
	       (unsigned long long)EDGE_SEED);
}

void figure_add(struct figure *f, double x)
{
	f->n += 1.0;
	f->sum += x;
	f->squares += x * x;
}

double figure_mean(const struct figure *f)
{
	return f->sum / f->n;
}

void figure_print(const char *what, const struct figure *f, const char *unit)
{
	const double mean = figure_mean(f);
	const double error = sqrt(fmax(f->squares / f->n - mean * mean, 0.0) / (f->n - 1.0));

	printf("# %s: %.2f +- %.2f %s, rms %.2f (%.0f repetitions, seed %llu)\n", what, mean, error,
	       unit, sqrt(f->squares / f->n), f->n, (unsigned long long)EDGE_SEED);
}
