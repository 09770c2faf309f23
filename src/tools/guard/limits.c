/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/guard/limits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "platform/file.h"
#include "tools/core/svg.h"
#include "tools/core/tool.h"

#define DUR  32
#define DAY  86400.0
#define BINS 160 /* of the picture, at most */

static const char *words_of(double ns, char out[DUR])
{
	noon_tool_dur(out, DUR, ns * 1e-9);
	return out;
}

/* Seconds from exchange to exchange; 0: not known. */
static double interval(const struct noon_guard_plan *p)
{
	return p->conf.interval_s;
}

static void print_leads(const struct noon_guard_plan *p)
{
	char share[DUR];

	(void)snprintf(share, sizeof(share), "%.3g %%", floor(p->bottom * 1e4) * 1e-2);
	(void)printf("leads       %s: %s of the round trips lie within the shift of the least one; "
		     "of the\n            mean ",
		     noon_statistic_word(p->leads), share);
	if (isfinite(p->needs_mean))
		(void)printf("%.0f are needed, of the minimum ", p->needs_mean);
	else
		(void)printf("more than %d are needed, of the minimum ", NOON_GUARD_BATCH_MAX);
	if (isfinite(p->needs_minimum))
		(void)printf("%.0f\n", p->needs_minimum);
	else
		(void)printf("no number is enough\n");
}

static void print_promise(const struct noon_guard_plan *p)
{
	const double every = interval(p) * p->batch;
	char t[2][DUR];

	(void)printf(
		"guard       finds a shift of %s in a batch, but for %.2g of all; false alarms "
		"%.2g of\n            the batches",
		words_of(p->conf.shift_ns, t[0]), 1.0 - p->conf.p_d, p->conf.p_fa);
	if (every > 0.0)
		(void)printf(": one in %.3g days at an exchange every %s",
			     every / p->conf.p_fa / DAY, words_of(interval(p) * 1e9, t[1]));
	(void)printf("\n");
	print_leads(p);
	(void)printf("batch       %u exchanges", p->batch);
	if (p->inflation > 1.005)
		(void)printf(", worth %.1f independent ones", p->batch / p->inflation);
	(void)printf("%s\n", p->feasible ? ""
					 : ": TOO FEW for the shift (condition 3 not met); larger "
					   "ones are found");
	(void)printf("room        %s: what the campaign leaves open of the mean, and how far the "
		     "path moved\n",
		     words_of(p->room_ns, t[0]));
}

/* The square root of a mean square, as a time. */
static const char *root_of(double ns2, char out[DUR])
{
	return words_of(sqrt(fmax(ns2, 0.0)), out);
}

static void print_batch(const struct noon_guard_plan *p, const char *of, enum noon_statistic mean,
			enum noon_statistic variance, enum noon_statistic ks)
{
	const struct noon_guard_limit *v = &p->limit[variance];
	char t[2][DUR];

	(void)printf("%-11s mean above %s", of, words_of(p->limit[mean].high, t[0]));
	if (mean == NOON_STATISTIC_MEAN)
		(void)printf(" or below %s", words_of(p->limit[NOON_STATISTIC_MEAN_LOW].low, t[0]));
	(void)printf("\n            deviation above %s", root_of(v->high, t[0]));
	if (v->low > 0.0)
		(void)printf(" or below %s", root_of(v->low, t[1]));
	(void)printf(" (usual: %s)\n", root_of(p->spread_ns2, t[0]));
	if (p->limit[ks].high < 1.0)
		(void)printf("            Kolmogorov-Smirnov distance above %.3f\n",
			     p->limit[ks].high);
}

static void print_counts(const struct noon_guard_plan *p)
{
	const double minimum = p->limit[NOON_STATISTIC_MINIMUM].high;
	const double gated = p->limit[NOON_STATISTIC_GATE].high;
	char t[DUR];

	if (isfinite(minimum))
		(void)printf("minimum     of a batch above %s\n", words_of(minimum, t));
	if (gated < p->batch)
		(void)printf("gate        more than %.0f of a batch above %s\n", gated,
			     words_of(p->gate_ns, t));
	(void)printf("loss        more than %.0f lost during a batch\n",
		     p->limit[NOON_STATISTIC_LOSS].high);
}

static void print_delay(const char *what, double n, double interval_s)
{
	char t[DUR];

	if (!isfinite(n)) {
		(void)printf("%s not found\n", what);
		return;
	}
	(void)printf("%s found after %.1f exchanges on average", what, n);
	if (interval_s > 0.0)
		(void)printf(", %s", words_of(n * interval_s * 1e9, t));
	(void)printf("\n");
}

static void print_sums(const struct noon_guard_plan *p)
{
	char what[96], t[DUR];

	for (size_t i = 0; i < p->refs; i++) {
		(void)snprintf(what, sizeof(what), "cusum       above %.1f: a shift of %s",
			       p->cusum[i].h, words_of(p->cusum[i].delta_ns, t));
		print_delay(what, p->cusum[i].add, interval(p));
	}
	if (p->has_low) {
		(void)snprintf(what, sizeof(what), "cusum-low   above %.1f: a shift of %s",
			       p->low.h, words_of(p->low.delta_ns, t));
		print_delay(what, p->low.add, interval(p));
	}
	for (size_t i = 0; i < NOON_GUARD_LEVELS; i++) {
		const struct noon_guard_level *l = &p->level[i];

		if (isfinite(l->h))
			(void)printf("exceedance  of %s, at most %.3g %% of all; sum above %.1f\n",
				     words_of(l->level_ns, t), l->share * 100.0, l->h);
	}
	if (p->ranks.block > 0)
		(void)printf("conformal   e-value above e^%.1f, by the ranks of %s%u%s\n",
			     p->ranks.h, p->ranks.block > 1 ? "means of " : "single values (",
			     p->ranks.block, p->ranks.block > 1 ? "" : ")");
	else
		(void)printf(
			"conformal   none: too few values that are independent of each other\n");
}

void noon_guard_limits_print(const struct noon_guard_plan *p)
{
	print_promise(p);
	print_batch(p, "batch", NOON_STATISTIC_MEAN, NOON_STATISTIC_VARIANCE, NOON_STATISTIC_KS);
	print_batch(p, "16 batches", NOON_STATISTIC_MEAN_LONG, NOON_STATISTIC_VARIANCE_LONG,
		    NOON_STATISTIC_KS_LONG);
	print_counts(p);
	print_sums(p);
}

/* ---- JSON ---- */

static void set(json_t *o, const char *key, double v)
{
	/* JSON has no infinity: what is never reached is left out. */
	if (isfinite(v))
		(void)json_object_set_new(o, key, json_real(v));
}

static json_t *limits_json(const struct noon_guard_plan *p)
{
	json_t *all = json_object();

	for (unsigned s = 0; s < NOON_STATISTICS; s++) {
		const bool square =
			s == NOON_STATISTIC_VARIANCE || s == NOON_STATISTIC_VARIANCE_LONG;
		const bool time = s == NOON_STATISTIC_MEAN || s == NOON_STATISTIC_MEAN_LOW ||
				  s == NOON_STATISTIC_MEAN_LONG || s == NOON_STATISTIC_MINIMUM;
		const double unit = square ? 1e-18 : time ? 1e-9 : 1.0;
		json_t *o = json_object();

		set(o, "low", p->limit[s].low * unit);
		set(o, "high", p->limit[s].high * unit);
		(void)json_object_set_new(o, "unit", json_string(square ? "s2" : time ? "s" : "1"));
		if (s == NOON_STATISTIC_CUSUM || s == NOON_STATISTIC_CUSUM_LOW ||
		    s == NOON_STATISTIC_EXCEEDANCE)
			json_decref(o);
		else
			(void)json_object_set_new(all, noon_statistic_word((enum noon_statistic)s),
						  o);
	}
	return all;
}

static json_t *cusum_json(const struct noon_cusum *c)
{
	json_t *o = json_pack("{s:f, s:f, s:f}", "shift_s", c->delta_ns * 1e-9, "threshold", c->h,
			      "arl0", c->arl0);

	set(o, "delay_exchanges", c->add);
	return o;
}

static json_t *sums_json(const struct noon_guard_plan *p)
{
	json_t *all = json_array();

	for (size_t i = 0; i < p->refs; i++)
		(void)json_array_append_new(all, cusum_json(&p->cusum[i]));
	if (p->has_low)
		(void)json_array_append_new(all, cusum_json(&p->low));
	return all;
}

static json_t *levels_json(const struct noon_guard_plan *p)
{
	json_t *all = json_array();

	for (size_t i = 0; i < NOON_GUARD_LEVELS; i++)
		if (isfinite(p->level[i].h))
			(void)json_array_append_new(all, json_pack("{s:f, s:f, s:f}", "above_s",
								   p->level[i].level_ns * 1e-9,
								   "share", p->level[i].share,
								   "threshold", p->level[i].h));
	return all;
}

json_t *noon_guard_limits_json(const struct noon_guard_plan *p)
{
	json_t *o = json_pack(
		"{s:b, s:s, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:i, s:o, s:o, s:o}",
		"feasible", (int)p->feasible, "leads", noon_statistic_word(p->leads), "batch",
		(int)p->batch, "batch_independent", p->batch / p->inflation, "shift_s",
		p->conf.shift_ns * 1e-9, "p_d", p->conf.p_d, "p_fa", p->conf.p_fa, "bottom_share",
		p->bottom, "room_s", p->room_ns * 1e-9, "gate_s", p->gate_ns * 1e-9, "mean_limit_s",
		p->limit[NOON_STATISTIC_MEAN].high * 1e-9, "mean_low_limit_s",
		p->limit[NOON_STATISTIC_MEAN_LOW].low * 1e-9, "rank_block", (int)p->ranks.block,
		"limits", limits_json(p), "cusum", sums_json(p), "exceedance", levels_json(p));

	if (o == NULL)
		return json_null();
	set(o, "mean_needs", p->needs_mean);
	set(o, "minimum_needs", p->needs_minimum);
	if (interval(p) > 0.0)
		set(o, "false_alarm_every_days", interval(p) * p->batch / p->conf.p_fa / DAY);
	return o;
}

/* ---- the picture ---- */

struct picture {
	double x[BINS], y[BINS]; /* us, share of the round trips */
	size_t n;
	double width; /* of a bar, us */
	double most;
};

/* Gather cells to bars from the least value to `end`. */
static void gather(const struct noon_law *law, double end_ns, struct picture *p)
{
	const double cells = fmin(ceil((end_ns - law->x0_ns) / law->step_ns) + 1.0, (double)law->n);
	const size_t of_bar = (size_t)ceil(fmax(cells, 1.0) / BINS);

	p->n = (size_t)ceil(cells / (double)of_bar);
	p->width = law->step_ns * (double)of_bar * 1e-3;
	p->most = 0.0;
	for (size_t i = 0; i < p->n; i++) {
		p->x[i] = law->x0_ns * 1e-3 + p->width * ((double)i + 0.5);
		p->y[i] = 0.0;
		for (size_t k = i * of_bar; k < (i + 1) * of_bar && k < law->n; k++)
			p->y[i] += law->p[k];
		p->most = fmax(p->most, p->y[i]);
	}
}

/* A line across the plot with its entry in the legend: labels beside them would overlap. */
static void mark(struct noon_svg *s, double ns, double most, const char *legend,
		 enum noon_svg_colour colour)
{
	const double x[] = {ns * 1e-3, ns * 1e-3}, y[] = {0.0, most};

	if (isfinite(ns))
		noon_svg_line(s, x, y, 2,
			      (struct noon_svg_style){
				      .colour = colour, .dashed = true, .legend = legend});
}

static void mark_limits(struct noon_svg *s, const struct noon_guard_plan *p, double most,
			double last_ns)
{
	mark(s, p->limit[NOON_STATISTIC_MEAN].high, most, "mean of a batch", NOON_SVG_RED);
	mark(s, p->limit[NOON_STATISTIC_MEAN_LOW].low, most, NULL, NOON_SVG_RED);
	mark(s, p->limit[NOON_STATISTIC_MEAN_LONG].high, most, "of 16", NOON_SVG_PURPLE);
	mark(s, p->limit[NOON_STATISTIC_MINIMUM].high, most, "minimum", NOON_SVG_GREEN);
	if (p->gate_ns <= last_ns)
		mark(s, p->gate_ns, most, "gate", NOON_SVG_GREY);
}

noon_err noon_guard_limits_draw(const struct noon_law *law, const struct noon_guard_plan *p,
				const char *path_id, const char *to,
				char ret_why[NOON_BASELINE_WHY_MAX])
{
	const double shift = p != NULL ? p->conf.shift_ns : 0.0;
	const double end = fmax(noon_law_quantile(law, 0.99), law->x0_ns + law->step_ns);
	const double last = fmax(end, p != NULL ? p->limit[NOON_STATISTIC_MEAN].high : 0.0) + shift;
	const double margin = fmax(last - law->x0_ns, 10.0) * 0.03;
	struct picture pic;
	struct noon_svg s;
	char title[NOON_BASELINE_NAME_MAX + 64];
	size_t n = 0;
	char *text;
	noon_err err = NOON_ERR_OS;

	gather(law, end, &pic);
	(void)snprintf(title, sizeof(title), "Round trips of %s and the limits of the guard",
		       path_id);
	noon_svg_begin(&s, title,
		       &(struct noon_axis){.min = (law->x0_ns - margin) * 1e-3,
					   .max = (last + margin) * 1e-3,
					   .label = "round trip, us"},
		       &(struct noon_axis){.min = 0.0, .max = pic.most * 1.1, .label = "share"});
	noon_svg_bars(&s, pic.x, pic.y, pic.n, pic.width,
		      (struct noon_svg_style){.colour = NOON_SVG_BLUE, .legend = "calibrated"});
	if (p != NULL) {
		for (size_t i = 0; i < pic.n; i++)
			pic.x[i] += shift * 1e-3;
		noon_svg_line(
			&s, pic.x, pic.y, pic.n,
			(struct noon_svg_style){.colour = NOON_SVG_ORANGE, .legend = "shifted"});
		mark_limits(&s, p, pic.most * 1.1, last);
	}
	text = noon_svg_end(&s, &n);
	if (text != NULL)
		err = noon_file_replace(to, (struct noon_bytes){(const uint8_t *)text, n}, 0644);
	free(text);
	if (err)
		(void)snprintf(ret_why, NOON_BASELINE_WHY_MAX, "%s: %s", to,
			       text == NULL ? "out of memory" : noon_err_text(err));
	return err;
}
