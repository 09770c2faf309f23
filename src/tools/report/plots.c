/* SPDX-License-Identifier: Apache-2.0
 *
 * What is plotted against time, and the order of all plots.
 */
#include "tools/report/plots.h"

#include <math.h>
#include <stdlib.h>

#include "tools/report/columns.h"
#include "tools/report/figure.h"
#include "tools/report/plots_priv.h"
#include "tools/stamp/token_text.h"

#define BOUND_SHOWN 4.0 /* times the range of what was read: a wider bound is left out */

static double offset_of(const struct noon_calibration_sample *s)
{
	return noon_calibration_offset(&s->s);
}

/* Ts: what the stamp says; of a service with two of them the first, its time of arrival. */
static double tq_less_ts(const struct noon_calibration_sample *s)
{
	const bool two = noon_time_before(s->s.last, s->s.first);

	return noon_dur_to_s(noon_time_diff(s->s.tq, two ? s->s.last : s->s.first));
}

static double tr_less_tq(const struct noon_calibration_sample *s)
{
	return noon_dur_to_s(noon_time_diff(s->s.tr, s->s.tq));
}

/* The axis of time, its label in `label`. */
static struct noon_axis time_axis(const struct noon_result *r, struct noon_unit *ret_unit,
				  char label[96])
{
	const double length = noon_dur_to_s(noon_time_diff(r->c.end, r->c.begin));
	char begin[NOON_TOKEN_TIME_MAX];

	*ret_unit = noon_unit_of_duration(length);
	noon_token_time(r->c.begin, 0, begin);
	(void)snprintf(label, 96, "time since %s, %s", begin, ret_unit->name);
	return (struct noon_axis){0, fmax(length, 1e-6) * ret_unit->factor, false, label};
}

#define FEW 200 /* samples: points may be large */

/* The columns as points, or as what lies between the least and the most of each. */
static void draw(struct noon_svg *g, const struct noon_columns *c, enum noon_svg_colour colour,
		 const char *legend)
{
	const struct noon_svg_style style = {
		.colour = colour, .fine = c->n > FEW, .legend = legend};
	const struct noon_svg_style quiet = {.colour = colour, .fine = true};

	if (c->whole) {
		noon_svg_points(g, c->at, c->middle, NULL, NULL, c->n, style);
		return;
	}
	noon_svg_area(g, c->at, c->least, c->most, c->n, style);
	noon_svg_line(g, c->at, c->middle, c->n, quiet);
}

static const char *what_is_drawn(const struct noon_columns *c)
{
	return c->whole ? "Each point is a sample."
			: "Areas span the least to the most of each column, lines are medians.";
}

/* The result and its hard bound, in the middle of the campaign. */
static void draw_result(struct noon_svg *g, const struct noon_result *r, double span,
			const struct noon_offset_axis *a)
{
	const struct noon_svg_style black = {.colour = NOON_SVG_BLACK};
	const struct noon_svg_style red = {.colour = NOON_SVG_RED, .dashed = true};
	const struct noon_stamped_bound *b = &r->c.bound;

	if (r->stated)
		noon_svg_at_y(g, noon_on_axis(a, r->c.x), "x", black);
	if (b->empty || b->lower == INT64_MIN || b->upper == INT64_MAX ||
	    noon_dur_to_s(b->upper - b->lower) > BOUND_SHOWN * span)
		return;
	noon_svg_at_y(g, noon_on_axis(a, noon_dur_to_s(b->lower)), "hard bound", red);
	noon_svg_at_y(g, noon_on_axis(a, noon_dur_to_s(b->upper)), "hard bound", red);
}

/* Widen a range so that it has a value in it, if that is near enough to be shown. */
static void include(double v, double *low, double *high)
{
	const double span = *high - *low;

	if (!isfinite(v) || v < *low - BOUND_SHOWN * span || v > *high + BOUND_SHOWN * span)
		return;
	*low = fmin(*low, v - span / 20);
	*high = fmax(*high, v + span / 20);
}

/* The range of the offsets, with result and bound where they are near. */
static void range_of_offsets(const struct noon_result *r, const struct noon_columns *c, double *low,
			     double *high)
{
	const struct noon_stamped_bound *b = &r->c.bound;

	noon_columns_range(c, low, high);
	if (r->stated)
		include(r->c.x, low, high);
	if (b->empty || b->lower == INT64_MIN || b->upper == INT64_MAX)
		return;
	include(noon_dur_to_s(b->lower), low, high);
	include(noon_dur_to_s(b->upper), low, high);
}

static noon_err plot_offset(FILE *f, const struct noon_result *r)
{
	struct noon_columns c;
	struct noon_offset_axis a;
	struct noon_unit t;
	struct noon_axis x, y;
	struct noon_svg g;
	char label[96];
	double low, high;
	noon_err err = noon_columns(r->sample, r->c.n, offset_of, &c);

	if (!err) {
		range_of_offsets(r, &c, &low, &high);
		a = noon_offset_axis(low, high, r->stated ? r->c.x : (double)NAN);
		x = time_axis(r, &t, label);
		y = (struct noon_axis){noon_on_axis(&a, low), noon_on_axis(&a, high), false,
				       a.name};
		noon_columns_scale(&c, t.factor, a.zero, a.unit.factor);
		noon_svg_begin(&g, "Offset over time", &x, &y);
		draw(&g, &c, NOON_SVG_BLUE,
		     r->terms.conf.two_way ? "offset of a sample"
					   : "middle between question and answer: an indication");
		draw_result(&g, r, high - low, &a);
		err = noon_figure(f, &g,
				  "Error of the service's clock as single samples show it. %s",
				  what_is_drawn(&c));
	}
	noon_columns_fini(&c);
	return err;
}

static noon_err plot_stamps(FILE *f, const struct noon_result *r)
{
	struct noon_columns question = {.n = 0};
	struct noon_columns way = {.n = 0};
	struct noon_unit t, unit;
	struct noon_axis x, y;
	struct noon_svg g;
	char label[96];
	char name[32];
	double low, high, low_way, high_way;
	noon_err err = noon_columns(r->sample, r->c.n, tq_less_ts, &question);

	err = err ? err : noon_columns(r->sample, r->c.n, tr_less_tq, &way);
	if (!err) {
		noon_columns_range(&question, &low, &high);
		noon_columns_range(&way, &low_way, &high_way);
		low = fmin(fmin(low, low_way), 0);
		high = fmax(fmax(high, high_way), 0);
		low -= (high - low) / 20;
		high += (high - low) / 20;
		unit = noon_unit_of(high - low);
		x = time_axis(r, &t, label);
		(void)snprintf(name, sizeof(name), "difference, %s", unit.name);
		y = (struct noon_axis){low * unit.factor, high * unit.factor, false, name};
		noon_columns_scale(&question, t.factor, 0, unit.factor);
		noon_columns_scale(&way, t.factor, 0, unit.factor);
		noon_svg_begin(&g, "Question, stamp and answer", &x, &y);
		draw(&g, &question, NOON_SVG_GREEN, "Tq - Ts: question to stamp");
		draw(&g, &way, NOON_SVG_RED, "Tr - Tq: question to answer");
		err = noon_figure(f, &g,
				  "A clock without error stamps between question and answer: "
				  "Tq - Ts lies between zero and -(Tr - Tq), to within the "
				  "resolution of the stamp. %s",
				  what_is_drawn(&way));
	}
	noon_columns_fini(&question);
	noon_columns_fini(&way);
	return err;
}

/* ---- reference ---- */

/* Most readings that are drawn; of more, every k-th. */
#define READINGS 1000

static noon_err plot_reference(FILE *f, const struct noon_result *r)
{
	const size_t stride = r->readings / READINGS + 1;
	const size_t room = r->readings / stride + 1;
	double *v = calloc(4 * room, sizeof(*v));
	double *at = v, *error = v + room, *least = v + 2 * room, *most = v + 3 * room;
	double low = (double)INFINITY, high = -(double)INFINITY;
	struct noon_unit t, unit;
	struct noon_axis x, y;
	struct noon_svg g;
	char label[96];
	char name[48];
	size_t n = 0;
	noon_err err;

	if (v == NULL)
		return NOON_ERR_OS;
	x = time_axis(r, &t, label);
	for (size_t i = 0; i < r->readings; i += stride) {
		const struct noon_reference_reading *k = &r->reading[i];
		const double b = k->bound == NOON_DUR_MAX ? 0 : noon_dur_to_s(k->bound);

		at[n] = noon_dur_to_s(noon_time_diff(k->at, r->c.begin)) * t.factor;
		error[n] = noon_dur_to_s(k->error);
		least[n] = error[n] - b;
		most[n] = error[n] + b;
		low = fmin(low, least[n]);
		high = fmax(high, most[n]);
		n++;
	}
	unit = noon_unit_of(fmax(high - low, 1e-9));
	for (size_t i = 0; i < 3 * room; i++)
		error[i] *= unit.factor;
	(void)snprintf(name, sizeof(name), "T(C) - reference, %s", unit.name);
	y = (struct noon_axis){(low - (high - low) / 10 - 1e-9) * unit.factor,
			       (high + (high - low) / 10 + 1e-9) * unit.factor, false, name};
	noon_svg_begin(&g, "The reference", &x, &y);
	noon_svg_points(
		&g, at, error, least, most, n,
		(struct noon_svg_style){.colour = NOON_SVG_PURPLE,
					.fine = true,
					.legend = "reading of the reference and its bound"});
	err = noon_figure(f, &g, "What was taken off every sample. %zu readings%s.", r->readings,
			  stride > 1 ? ", not all are drawn" : "");
	free(v);
	return err;
}

noon_err noon_plots(FILE *f, const struct noon_result *r)
{
	noon_err err = NOON_OK;

	if (r->c.n == 0)
		return NOON_OK;
	err = plot_offset(f, r);
	err = err ? err : plot_stamps(f, r);
	err = err ? err : r->terms.conf.two_way ? noon_plot_wedge(f, r) : noon_plot_ends(f, r);
	err = err ? err : noon_plot_histograms(f, r);
	err = err ? err : noon_plot_narrowing(f, r);
	err = err ? err : noon_plot_stability(f, r);
	if (!err && r->readings > 1)
		err = plot_reference(f, r);
	return err;
}
