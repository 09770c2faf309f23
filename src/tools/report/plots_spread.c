/* SPDX-License-Identifier: Apache-2.0
 *
 * How samples are spread: against the round trip, as histograms, over averaging times, and what
 * they prove together.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "metrology/budget/order.h"
#include "metrology/stability/mtie.h"
#include "tools/measure/stability_table.h"
#include "tools/report/figure.h"
#include "tools/report/plots_priv.h"

#define POINTS 3000 /* most of a scatter plot; of more samples, every k-th is drawn */
#define BINS   60
#define MANY   200000 /* samples: counted in thousands, so that their labels are short */

static double least(double a, double b)
{
	return a < b ? a : b;
}

/* ---- wedge ---- */

/* offset = x + (up - down) / 2, and up and down are not negative: |offset - x| <= rtt / 2. */
static void draw_wedge(struct noon_svg *g, const struct noon_offset_axis *a, double x, double width)
{
	const struct noon_svg_style style = {
		.colour = NOON_SVG_RED, .dashed = true, .legend = "x +- half of the round trip"};
	const double end = width * a->unit.factor;
	const double at[3] = {end, 0, end};
	const double edge[3] = {noon_on_axis(a, x - width / 2), noon_on_axis(a, x),
				noon_on_axis(a, x + width / 2)};

	noon_svg_line(g, at, edge, 3, style);
}

noon_err noon_plot_wedge(FILE *f, const struct noon_result *r)
{
	const size_t stride = r->c.n / POINTS + 1;
	const size_t room = r->c.n / stride + 1;
	const double width = fmax(least(r->c.rtt.most_95 * 3, r->c.rtt.most) * 1.05, 1e-9);
	const double low = r->c.single.lower - width / 4, high = r->c.single.upper + width / 4;
	const struct noon_offset_axis a =
		noon_offset_axis(low, high, r->stated ? r->c.x : (double)NAN);
	const struct noon_axis y = {noon_on_axis(&a, low), noon_on_axis(&a, high), false, a.name};
	double *rtt = calloc(2 * room, sizeof(*rtt));
	double *offset = rtt + room;
	struct noon_axis x = {0, width * a.unit.factor, false, NULL};
	char name[48];
	struct noon_svg g;
	size_t n = 0;
	noon_err err;

	if (rtt == NULL)
		return NOON_ERR_OS;
	for (size_t i = 0; i < r->c.n; i += stride) {
		rtt[n] = noon_calibration_rtt(&r->sample[i].s) * a.unit.factor;
		offset[n++] = noon_on_axis(&a, noon_calibration_offset(&r->sample[i].s));
	}
	(void)snprintf(name, sizeof(name), "round trip, %s", a.unit.name);
	x.label = name;
	noon_svg_begin(&g, "Offset against round trip", &x, &y);
	noon_svg_points(
		&g, rtt, offset, NULL, NULL, n,
		(struct noon_svg_style){.colour = NOON_SVG_BLUE, .legend = "sample", .fine = true});
	if (r->stated)
		draw_wedge(&g, &a, r->c.x, width);
	err = noon_figure(
		f, &g,
		"What a round trip is longer in one direction moves the offset by half of "
		"it: samples fill a wedge whose tip is the error without delay.%s",
		stride > 1 ? " Not all samples are drawn." : "");
	free(rtt);
	return err;
}

/* ---- what each sample proves ---- */

#define AROUND 4.0 /* times the width of the bound, that is shown on each side of it */

noon_err noon_plot_ends(FILE *f, const struct noon_result *r)
{
	const struct noon_stamped_bound *b = &r->c.bound;
	const size_t stride = r->c.n / POINTS + 1;
	const size_t room = r->c.n / stride + 1;
	const struct noon_unit t =
		noon_unit_of_duration(noon_dur_to_s(noon_time_diff(r->c.end, r->c.begin)));
	struct noon_offset_axis a;
	struct noon_axis x = {0, 0, false, NULL}, y;
	double *at, *lower, *upper;
	double low, high, width;
	char name[48];
	struct noon_svg g;
	size_t n = 0;
	noon_err err;

	if (b->empty || b->lower == INT64_MIN || b->upper == INT64_MAX)
		return NOON_OK;
	at = calloc(3 * room, sizeof(*at));
	if (at == NULL)
		return NOON_ERR_OS;
	lower = at + room;
	upper = lower + room;
	width = fmax(noon_dur_to_s(b->upper - b->lower), 1e-9);
	low = noon_dur_to_s(b->lower) - AROUND * width;
	high = noon_dur_to_s(b->upper) + AROUND * width;
	a = noon_offset_axis(low, high, r->stated ? r->c.x : (double)NAN);
	for (size_t i = 0; i < r->c.n; i += stride) {
		const struct noon_stamped *s = &r->sample[i].s;

		at[n] = noon_dur_to_s(noon_time_diff(s->tq, r->c.begin)) * t.factor;
		lower[n] = noon_on_axis(&a, noon_dur_to_s(noon_time_diff(s->first, s->tr)));
		upper[n++] = noon_on_axis(&a, noon_dur_to_s(noon_time_diff(s->last, s->tq)));
	}
	(void)snprintf(name, sizeof(name), "time, %s", t.name);
	x.max = fmax(at[n - 1], 1e-6);
	x.label = name;
	y = (struct noon_axis){noon_on_axis(&a, low), noon_on_axis(&a, high), false, a.name};
	noon_svg_begin(&g, "What each sample proves", &x, &y);
	noon_svg_points(&g, at, upper, NULL, NULL, n,
			(struct noon_svg_style){.colour = NOON_SVG_ORANGE, .legend = "at most"});
	noon_svg_points(&g, at, lower, NULL, NULL, n,
			(struct noon_svg_style){.colour = NOON_SVG_BLUE, .legend = "at least"});
	noon_svg_at_y(&g, noon_on_axis(&a, noon_dur_to_s(b->lower)), "hard bound",
		      (struct noon_svg_style){.colour = NOON_SVG_RED, .dashed = true});
	noon_svg_at_y(&g, noon_on_axis(&a, noon_dur_to_s(b->upper)), NULL,
		      (struct noon_svg_style){.colour = NOON_SVG_RED, .dashed = true});
	err = noon_figure(f, &g,
			  "Around the hard bound: the clock is at least genTime - Tr and at most "
			  "genTime + resolution - Tq ahead. The bound adds what the reference and "
			  "time stamps may be off.%s",
			  stride > 1 ? " Not all samples are drawn." : "");
	free(at);
	return err;
}

/* ---- histograms ---- */

struct histogram {
	double at[BINS], count[BINS];
	double width, most;
	size_t beyond;
};

static void count(const double *sorted, size_t n, struct histogram *h)
{
	const double low = noon_quantile(sorted, n, 0.002);
	const double high = noon_quantile(sorted, n, 0.998);
	const double margin = fmax((high - low) / 20, 1e-9);
	const double from = low - margin;

	*h = (struct histogram){.width = (high - low + 2 * margin) / BINS, .most = 1};
	for (size_t i = 0; i < BINS; i++)
		h->at[i] = from + ((double)i + 0.5) * h->width;
	for (size_t i = 0; i < n; i++) {
		const double bin = floor((sorted[i] - from) / h->width);

		if (bin < 0 || bin >= BINS)
			h->beyond++;
		else
			h->most = fmax(h->most, ++h->count[(size_t)bin]);
	}
}

/* Draw a histogram of sorted values on an axis. @param mark  to be marked, s, with their names */
static noon_err plot_histogram(FILE *f, const char *title, const struct noon_offset_axis *a,
			       const double *sorted, size_t n, const double mark[2],
			       const char *const mark_name[2])
{
	const double k = n < MANY ? 1 : 1e-3;
	struct histogram h;
	struct noon_axis x, y;
	struct noon_svg g;

	count(sorted, n, &h);
	x = (struct noon_axis){noon_on_axis(a, h.at[0] - h.width / 2),
			       noon_on_axis(a, h.at[BINS - 1] + h.width / 2), false, a->name};
	y = (struct noon_axis){0, h.most * k * 1.1, false,
			       n < MANY ? "samples" : "thousand samples"};
	for (size_t i = 0; i < BINS; i++) {
		h.at[i] = noon_on_axis(a, h.at[i]);
		h.count[i] *= k;
	}
	noon_svg_begin(&g, title, &x, &y);
	noon_svg_bars(&g, h.at, h.count, BINS, h.width * a->unit.factor,
		      (struct noon_svg_style){.colour = NOON_SVG_BLUE});
	for (size_t i = 0; i < 2; i++)
		noon_svg_at_x(&g, noon_on_axis(a, mark[i]), mark_name[i],
			      (struct noon_svg_style){.colour = NOON_SVG_ORANGE, .dashed = true});
	return noon_figure(f, &g, "%zu samples, of which %zu are beyond the axis.", n, h.beyond);
}

static noon_err plot_readings(FILE *f, const struct noon_result *r, double *v)
{
	static const char *const names[] = {"2.5 %", "97.5 %"};
	const double mark[2] = {r->c.single.lower, r->c.single.upper};
	struct noon_offset_axis a;

	for (size_t i = 0; i < r->c.n; i++)
		v[i] = noon_calibration_offset(&r->sample[i].s);
	noon_sort(v, r->c.n);
	a = noon_offset_axis(mark[0], mark[1], r->stated ? r->c.x : (double)NAN);
	return plot_histogram(f,
			      r->terms.conf.two_way ? "Single readings"
						    : "Single readings: an indication only",
			      &a, v, r->c.n, mark, names);
}

static noon_err plot_round_trips(FILE *f, const struct noon_result *r, double *v)
{
	static const char *const names[] = {"median", "95 %"};
	const double mark[2] = {r->c.rtt.median, r->c.rtt.most_95};
	struct noon_offset_axis a = {.unit = noon_unit_of(mark[1])};

	(void)snprintf(a.name, sizeof(a.name), "round trip, %s", a.unit.name);
	for (size_t i = 0; i < r->c.n; i++)
		v[i] = noon_calibration_rtt(&r->sample[i].s);
	noon_sort(v, r->c.n);
	return plot_histogram(f, "Round trips", &a, v, r->c.n, mark, names);
}

noon_err noon_plot_histograms(FILE *f, const struct noon_result *r)
{
	double *v = calloc(r->c.n, sizeof(*v));
	noon_err err = v == NULL ? NOON_ERR_OS : plot_readings(f, r, v);

	err = err ? err : plot_round_trips(f, r, v);
	free(v);
	return err;
}

/* ---- narrowing ---- */

#define STEPS 80 /* of the number of samples, each a quarter more than the one before */

noon_err noon_plot_narrowing(FILE *f, const struct noon_result *r)
{
	const size_t n = r->c.n;
	double at[STEPS], half[STEPS];
	size_t *index = calloc(2 * n, sizeof(*index));
	double low = (double)INFINITY, high = 0;
	struct noon_axis x = {1, fmax((double)n, 2), true, "samples"};
	struct noon_axis y = {0, 0, true, "half-width of the hard bound, s"};
	struct noon_stamped_bound b;
	struct noon_svg g;
	size_t steps = 0;
	noon_err err = index == NULL ? NOON_ERR_OS : NOON_OK;

	for (size_t k = 1, last = 0; !err && last < n && steps < STEPS; k += k / 4 + 1) {
		const size_t m = k < n ? k : n;

		err = noon_stamped_bound(r->hull, m, r->terms.conf.max_rate, r->c.epoch, index, &b);
		last = m;
		if (err || b.empty || b.lower == INT64_MIN || b.upper == INT64_MAX)
			continue;
		at[steps] = (double)m;
		half[steps] = fmax(noon_dur_to_s(b.upper - b.lower) / 2, 1e-9);
		low = fmin(low, half[steps]);
		high = fmax(high, half[steps]);
		steps++;
	}
	free(index);
	if (err || steps < 2)
		return err;
	low = fmin(low, fmax(r->c.rtt.least / 2, 1e-9));
	y.min = pow(10, floor(log10(low)));
	y.max = pow(10, ceil(log10(high) + 1e-9));
	noon_svg_begin(&g, "The hard bound narrows", &x, &y);
	noon_svg_line(
		&g, at, half, steps,
		(struct noon_svg_style){.colour = NOON_SVG_RED,
					.legend = "half-width of what the first samples prove"});
	noon_svg_at_y(&g, r->c.rtt.least / 2, "half of the shortest round trip",
		      (struct noon_svg_style){.colour = NOON_SVG_GREY, .dashed = true});
	return noon_figure(f, &g,
			   "What is certain of the error in the middle of the campaign, whatever "
			   "the delays were, after the first samples.%s",
			   r->c.has_bound ? "" : " Against T(C) only.");
}

/* ---- stability ---- */

#define LEAST_CELLS 32
#define MOST_CELLS  ((size_t)1 << 23)
#define OCTAVES	    24

/* The samples on a grid of their usual spacing; a cell without one is a gap. @return NULL: no
 * memory, or *ret_n is 0 */
static double *grid(const struct noon_result *r, double *ret_tau0, size_t *ret_n)
{
	const size_t n = r->c.n;
	const double length = noon_dur_to_s(noon_time_diff(r->sample[n - 1].s.tq, r->c.begin));
	double *x = calloc(n, sizeof(*x));
	double tau0;
	size_t cells;

	*ret_n = 0;
	if (x == NULL)
		return NULL;
	for (size_t i = 1; i < n; i++)
		x[i - 1] = noon_dur_to_s(noon_time_diff(r->sample[i].s.tq, r->sample[i - 1].s.tq));
	noon_sort(x, n - 1);
	tau0 = fmax(noon_quantile(x, n - 1, 0.5), length / MOST_CELLS);
	free(x);
	cells = (size_t)(length / tau0) + 1;
	x = calloc(cells, sizeof(*x));
	if (x == NULL)
		return NULL;
	for (size_t i = 0; i < cells; i++)
		x[i] = (double)NAN;
	for (size_t i = 0; i < n; i++) {
		const double at = noon_dur_to_s(noon_time_diff(r->sample[i].s.tq, r->c.begin));
		const size_t k = (size_t)lround(at / tau0);

		if (k < cells && isnan(x[k]))
			x[k] = noon_calibration_offset(&r->sample[i].s);
	}
	*ret_tau0 = tau0;
	*ret_n = cells;
	return x;
}

/* The rows of one statistic as points. @return their number */
static size_t rows_of(const struct noon_stability_table *t, enum noon_statistic what, double *at,
		      double *value, double *low, double *high)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n && n < OCTAVES; i++) {
		const struct noon_stability_row *k = &t->row[i];

		if (k->what != what || k->value <= 0)
			continue;
		at[n] = k->tau;
		value[n] = k->value;
		low[n] = isnan(k->low) ? k->value : k->low;
		high[n] = isnan(k->high) ? k->value : k->high;
		n++;
	}
	return n;
}

static noon_err draw_stability(FILE *f, const struct noon_stability_table *t, double tau0)
{
	double at[OCTAVES], value[OCTAVES], low[OCTAVES], high[OCTAVES];
	struct noon_axis x = {0, 0, true, "averaging time, s"};
	struct noon_axis y = {(double)INFINITY, 0, true, "TDEV and MTIE, s"};
	struct noon_svg g;
	size_t n;

	for (size_t i = 0; i < t->n; i++) {
		const double v = t->row[i].value;

		x.min = i == 0 ? t->row[i].tau : fmin(x.min, t->row[i].tau);
		x.max = fmax(x.max, t->row[i].tau);
		y.min = v > 0 ? fmin(y.min, v) : y.min;
		y.max = fmax(y.max, v);
	}
	if (y.max <= 0 || x.max <= x.min)
		return NOON_OK;
	x.max *= 1.2;
	x.min /= 1.2;
	y.min = pow(10, floor(log10(y.min)));
	y.max = pow(10, ceil(log10(y.max) + 1e-9));
	noon_svg_begin(&g, "Stability of the readings", &x, &y);
	n = rows_of(t, NOON_TDEV, at, value, low, high);
	noon_svg_points(
		&g, at, value, low, high, n,
		(struct noon_svg_style){.colour = NOON_SVG_BLUE, .legend = "TDEV, 95 % intervals"});
	noon_svg_line(&g, at, value, n,
		      (struct noon_svg_style){.colour = NOON_SVG_BLUE, .fine = true});
	n = rows_of(t, NOON_MTIE, at, value, low, high);
	noon_svg_points(&g, at, value, NULL, NULL, n,
			(struct noon_svg_style){.colour = NOON_SVG_ORANGE, .legend = "MTIE"});
	noon_svg_line(&g, at, value, n,
		      (struct noon_svg_style){.colour = NOON_SVG_ORANGE, .fine = true});
	return noon_figure(
		f, &g,
		"Of clock and path together, on a grid of %.3g s. What is missing is a gap: "
		"nothing is interpolated, and windows with one are left out.",
		tau0);
}

/* Whether single samples resolve more than the resolution of the stamp. */
static bool is_resolved(const struct noon_result *r)
{
	const struct noon_stamped *s = &r->sample[r->c.n / 2].s;

	return r->terms.conf.two_way ||
	       noon_dur_to_s(noon_time_diff(s->last, s->first)) <= r->c.rtt.median;
}

noon_err noon_plot_stability(FILE *f, const struct noon_result *r)
{
	const struct noon_stability_plan plan = {.wanted = 1U << NOON_TDEV | 1U << NOON_MTIE,
						 .taus = NOON_TAUS_OCTAVE,
						 .level = 0.95};
	struct noon_stability_table t;
	struct noon_series s = {.n = 0};
	double *x;
	noon_err err;

	if (r->c.n < LEAST_CELLS || !is_resolved(r))
		return NOON_OK;
	x = grid(r, &s.tau0, &s.n);
	if (x == NULL)
		return NOON_ERR_OS;
	s.x = x;
	(void)noon_series_centre(x, s.n);
	err = noon_stability_compute(&s, &plan, &t);
	err = err ? err : draw_stability(f, &t, s.tau0);
	noon_stability_fini(&t);
	free(x);
	return err;
}
