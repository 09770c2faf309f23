/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "platform/file.h"
#include "tools/core/svg.h"
#include "tools/sim/study.h"

#define US 1e-3 /* us of a ns */

static double part(const struct noon_study *s, uint64_t count)
{
	return (double)count / (double)s->conf.trials;
}

static json_t *parameters(const struct noon_study_conf *c)
{
	return json_pack("{s:i, s:f, s:f, s:f, s:f, s:f, s:I, s:I, s:f}", "routers",
			 (int)c->channel.routers, "p_idle", c->channel.p_idle, "packet_bytes",
			 c->channel.packet_bytes, "rate_bps", c->channel.rate_bps, "delay_us",
			 c->delta_ns * US, "p_d", c->p_d, "trials", (json_int_t)c->trials, "seed",
			 (json_int_t)c->seed, "confidence", NOON_STUDY_LEVEL);
}

static json_t *histogram(const struct noon_mc_histogram *h)
{
	json_t *count = json_array();

	for (size_t i = 0; i < NOON_MC_BINS; i++)
		(void)json_array_append_new(count, json_integer((json_int_t)h->count[i]));
	return json_pack("{s:i, s:f, s:f, s:o}", "n", (int)h->n, "from_us", h->from_ns * US,
			 "width_us", h->width_ns * US, "count", count);
}

static json_t *curve(const double *v, double factor)
{
	json_t *a = json_array();

	for (size_t i = 0; i < NOON_STUDY_CURVE; i++)
		(void)json_array_append_new(a, json_real(v[i] * factor));
	return a;
}

static json_t *row_json(const struct noon_study *s, const struct noon_study_row *r)
{
	return json_pack("{s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f}", "n", (int)r->n,
			 "lambda_us", r->lambda_ns * US, "p_fa_exact", r->p_fa, "p_fa_mc",
			 part(s, r->alarms), "p_fa_mc_low", r->p_fa_low, "p_fa_mc_high",
			 r->p_fa_high, "p_md_mc", part(s, r->missed), "p_md_mc_low", r->p_md_low,
			 "p_md_mc_high", r->p_md_high);
}

static json_t *case_json(const struct noon_study_case *c)
{
	json_t *o = json_pack("{s:f, s:f, s:i, s:b}", "limit_us", c->limit_ns * US, "drift_us",
			      c->drift_ns * US, "n", (int)c->n, "feasible", c->delta_ns > 0.0);

	if (c->delta_ns > 0.0)
		(void)json_object_update_new(o, json_pack("{s:f, s:f, s:f, s:f}", "delta_us",
							  c->delta_ns * US, "lambda_us",
							  c->lambda_ns * US, "p_fa", c->p_fa,
							  "p_md_at_p_fa_1e-6", c->p_md));
	return o;
}

json_t *noon_study_json(const struct noon_study *s)
{
	const struct noon_study_row *eight = &s->row[s->fig8];
	json_t *fig6 = json_array(), *fig9 = json_array(), *cases = json_array();
	size_t power, agree;

	noon_study_agreement(s, &power, &agree);
	for (size_t i = 0; i < 2; i++)
		(void)json_array_append_new(fig6, histogram(&s->mc.histogram[i]));
	for (size_t i = 0; i < s->conf.n_sizes; i++)
		(void)json_array_append_new(fig9, row_json(s, &s->row[i]));
	for (size_t i = 0; i < s->n_practical; i++)
		(void)json_array_append_new(cases, case_json(&s->practical[i]));
	return json_pack(
		"{s:s, s:i, s:f, s:o, s:f, s:f, s:f, s:f, s:o, s:o, s:o, s:o, s:o, s:o}", "channel",
		s->conf.channel_name, "needed_n", (int)s->needed, "least_delay_us",
		s->least_ns * US, "parameters", parameters(&s->conf), "rtt_mean_us",
		s->mean_ns * US, "rtt_sd_us", s->sd_ns * US, "rtt_skewness", s->skewness,
		"mean_of_10_sd_us", s->sd_ns / sqrt(10.0) * US, "fig6", fig6, "fig7",
		json_pack("{s:i, s:f, s:o, s:o, s:o}", "n", (int)eight->n, "lambda_us",
			  eight->lambda_ns * US, "x_us", curve(s->x_ns, US), "h0_per_us",
			  curve(s->h0, 1.0 / US), "h1_per_us", curve(s->h1, 1.0 / US)),
		"fig8",
		json_pack("{s:i, s:f, s:f, s:f, s:f, s:o}", "n", (int)eight->n, "p_d", s->conf.p_d,
			  "lambda_us", eight->lambda_ns * US, "p_fa", eight->p_fa, "p_fa_mc",
			  part(s, eight->alarms), "histogram", histogram(&s->mc.histogram[2])),
		"fig9", fig9, "practical", cases, "agreement",
		json_pack("{s:i, s:i, s:i}", "sizes", (int)s->conf.n_sizes, "with_power",
			  (int)power, "within_interval", (int)agree));
}

/* ---- CSV ---- */

static void csv_fig6(FILE *f, const struct noon_study *s)
{
	(void)fputs("n,value_us,count\n", f);
	for (size_t i = 0; i < 2; i++) {
		const struct noon_mc_histogram *h = &s->mc.histogram[i];

		for (size_t k = 0; k < NOON_MC_BINS; k++)
			(void)fprintf(f, "%u,%.6f,%llu\n", h->n,
				      (h->from_ns + ((double)k + 0.5) * h->width_ns) * US,
				      (unsigned long long)h->count[k]);
	}
}

static void csv_fig7(FILE *f, const struct noon_study *s)
{
	(void)fputs("mean_us,h0_per_us,h1_per_us\n", f);
	for (size_t i = 0; i < NOON_STUDY_CURVE; i++)
		(void)fprintf(f, "%.6f,%.9g,%.9g\n", s->x_ns[i] * US, s->h0[i] / US, s->h1[i] / US);
}

static void csv_fig8(FILE *f, const struct noon_study *s)
{
	const struct noon_mc_histogram *h = &s->mc.histogram[2];
	const double delta = s->conf.delta_ns;

	(void)fputs("mean_h0_us,mean_h1_us,count\n", f);
	for (size_t k = 0; k < NOON_MC_BINS; k++) {
		const double x = h->from_ns + ((double)k + 0.5) * h->width_ns;

		(void)fprintf(f, "%.6f,%.6f,%llu\n", x * US, (x + delta) * US,
			      (unsigned long long)h->count[k]);
	}
}

static void csv_fig9(FILE *f, const struct noon_study *s)
{
	(void)fputs("n,lambda_us,p_fa_exact,p_fa_mc,p_fa_mc_low,p_fa_mc_high,p_md_mc,p_md_mc_low,"
		    "p_md_mc_high\n",
		    f);
	for (size_t i = 0; i < s->conf.n_sizes; i++) {
		const struct noon_study_row *r = &s->row[i];

		(void)fprintf(f, "%u,%.6f,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g,%.9g\n", r->n,
			      r->lambda_ns * US, r->p_fa, part(s, r->alarms), r->p_fa_low,
			      r->p_fa_high, part(s, r->missed), r->p_md_low, r->p_md_high);
	}
}

static void csv_practical(FILE *f, const struct noon_study *s)
{
	(void)fputs("limit_us,drift_us,n,delta_us,lambda_us,p_fa,p_md_at_p_fa_1e-6\n", f);
	for (size_t i = 0; i < s->n_practical; i++) {
		const struct noon_study_case *c = &s->practical[i];

		(void)fprintf(f, "%g,%g,%u,", c->limit_ns * US, c->drift_ns * US, c->n);
		if (c->delta_ns > 0.0)
			(void)fprintf(f, "%g,%.6f,%.9g,%.9g\n", c->delta_ns * US, c->lambda_ns * US,
				      c->p_fa, c->p_md);
		else
			(void)fputs(",,,\n", f);
	}
}

/* ---- SVG ---- */

/* Return the bins as densities (1/us) over values (us), shifted; the largest is returned. */
static double densities(const struct noon_study *s, const struct noon_mc_histogram *h,
			double shift_ns, double *x, double *y)
{
	double most = 0.0;

	for (size_t k = 0; k < NOON_MC_BINS; k++) {
		x[k] = (h->from_ns + ((double)k + 0.5) * h->width_ns + shift_ns) * US;
		y[k] = part(s, h->count[k]) / (h->width_ns * US);
		most = fmax(most, y[k]);
	}
	return most;
}

static struct noon_svg_style style(enum noon_svg_colour colour, const char *legend)
{
	const struct noon_svg_style st = {.colour = colour, .legend = legend};

	return st;
}

static char *svg_fig6(const struct noon_study *s, size_t *ret_n)
{
	const struct noon_mc_histogram *one = &s->mc.histogram[0], *ten = &s->mc.histogram[1];
	const double end = one->from_ns + one->width_ns * NOON_MC_BINS;
	struct noon_axis x = {one->from_ns * US, end * US, false, "round trip, us"};
	struct noon_axis y = {0.0, 1.0, false, "density, 1/us"};
	double at[2][NOON_MC_BINS], value[2][NOON_MC_BINS];
	struct noon_svg g;

	y.max = 1.1 * fmax(densities(s, one, 0.0, at[0], value[0]),
			   densities(s, ten, 0.0, at[1], value[1]));
	noon_svg_begin(&g, "Fig 6: simulated round trips without an attack", &x, &y);
	noon_svg_bars(&g, at[0], value[0], NOON_MC_BINS, one->width_ns * US,
		      style(NOON_SVG_BLUE, "single measurements"));
	noon_svg_bars(&g, at[1], value[1], NOON_MC_BINS, ten->width_ns * US,
		      style(NOON_SVG_ORANGE, "means of 10"));
	noon_svg_at_x(&g, s->mean_ns * US, "mean",
		      (struct noon_svg_style){.colour = NOON_SVG_BLACK, .dashed = true});
	return noon_svg_end(&g, ret_n);
}

/* Fig 7 and 8 have the same axes and different curves. */
static void begin_hypotheses(const struct noon_study *s, struct noon_svg *g, const char *figure)
{
	const struct noon_study_row *r = &s->row[s->fig8];
	char title[96];
	struct noon_axis x = {s->x_ns[0] * US, s->x_ns[NOON_STUDY_CURVE - 1] * US, false, ""};
	struct noon_axis y = {0.0, 0.0, false, "density, 1/us"};
	char label[48];

	for (size_t i = 0; i < NOON_STUDY_CURVE; i++)
		y.max = fmax(y.max, fmax(s->h0[i], s->h1[i]) / US * 1.15);
	(void)snprintf(label, sizeof(label), "mean of %u round trips, us", r->n);
	x.label = label;
	(void)snprintf(title, sizeof(title), "%s, delay %.3g us, threshold %.2f us", figure,
		       s->conf.delta_ns * US, r->lambda_ns * US);
	noon_svg_begin(g, title, &x, &y);
}

static void mark_threshold(const struct noon_study *s, struct noon_svg *g)
{
	noon_svg_at_x(g, s->row[s->fig8].lambda_ns * US, "threshold",
		      (struct noon_svg_style){.colour = NOON_SVG_BLACK, .dashed = true});
}

static char *svg_fig7(const struct noon_study *s, size_t *ret_n)
{
	const double lambda = s->row[s->fig8].lambda_ns;
	double x[NOON_STUDY_CURVE], a[NOON_STUDY_CURVE], b[NOON_STUDY_CURVE];
	struct noon_svg g;
	size_t cut = 0;

	for (size_t i = 0; i < NOON_STUDY_CURVE; i++) {
		x[i] = s->x_ns[i] * US;
		a[i] = s->h0[i] / US;
		b[i] = s->h1[i] / US;
		cut = s->x_ns[i] <= lambda ? i : cut;
	}
	begin_hypotheses(s, &g, "Fig 7: the two hypotheses");
	noon_svg_area(&g, &x[cut], &a[cut], NULL, NOON_STUDY_CURVE - cut,
		      style(NOON_SVG_RED, "false alarm"));
	noon_svg_area(&g, x, b, NULL, cut + 1, style(NOON_SVG_PURPLE, "missed detection"));
	noon_svg_line(&g, x, a, NOON_STUDY_CURVE, style(NOON_SVG_BLUE, "no attack"));
	noon_svg_line(&g, x, b, NOON_STUDY_CURVE, style(NOON_SVG_ORANGE, "attack"));
	mark_threshold(s, &g);
	return noon_svg_end(&g, ret_n);
}

static char *svg_fig8(const struct noon_study *s, size_t *ret_n)
{
	const struct noon_mc_histogram *h = &s->mc.histogram[2];
	double at[2][NOON_MC_BINS], value[2][NOON_MC_BINS];
	struct noon_svg g;

	(void)densities(s, h, 0.0, at[0], value[0]);
	(void)densities(s, h, s->conf.delta_ns, at[1], value[1]);
	begin_hypotheses(s, &g, "Fig 8: simulated means");
	noon_svg_bars(&g, at[0], value[0], NOON_MC_BINS, h->width_ns * US,
		      style(NOON_SVG_BLUE, "no attack"));
	noon_svg_bars(&g, at[1], value[1], NOON_MC_BINS, h->width_ns * US,
		      style(NOON_SVG_ORANGE, "attack"));
	mark_threshold(s, &g);
	return noon_svg_end(&g, ret_n);
}

static char *svg_fig9(const struct noon_study *s, size_t *ret_n)
{
	const size_t n = s->conf.n_sizes;
	double x[NOON_STUDY_SIZES], exact[NOON_STUDY_SIZES], mc[NOON_STUDY_SIZES];
	double lo[NOON_STUDY_SIZES], hi[NOON_STUDY_SIZES], least = 1.0;
	struct noon_axis ax = {1.0, 10.0, true, "round trips of a decision"};
	struct noon_axis ay = {1e-3, 1.0, true, "probability of a false alarm"};
	char legend[64];
	struct noon_svg g;

	assert(n > 0);
	for (size_t i = 0; i < n; i++) {
		const struct noon_study_row *r = &s->row[i];

		x[i] = r->n;
		exact[i] = r->p_fa > 0.0 ? r->p_fa : (double)NAN;
		mc[i] = r->alarms > 0 ? part(s, r->alarms) : (double)NAN;
		lo[i] = r->p_fa_low > 0.0 ? r->p_fa_low : (double)NAN;
		hi[i] = r->p_fa_high;
		least = fmin(least, fmin(r->p_fa > 0.0 ? r->p_fa : 1.0, r->p_fa_high));
	}
	ax.min = x[0] * 0.9;
	ax.max = x[n - 1] * 1.1;
	/* Lower probabilities cannot be compared. */
	ay.min = fmax(pow(10.0, floor(log10(fmax(least, 1e-12)))), 1e-12);
	ay.min = fmin(ay.min, 1e-2);
	(void)snprintf(legend, sizeof(legend), "simulation, %.0f %% intervals",
		       100.0 * NOON_STUDY_LEVEL);
	noon_svg_begin(&g, "Fig 9: false alarms against the size of a decision", &ax, &ay);
	noon_svg_line(&g, x, exact, n, style(NOON_SVG_BLUE, "exact law"));
	noon_svg_points(&g, x, mc, lo, hi, n, style(NOON_SVG_RED, legend));
	noon_svg_at_y(&g, 1.0 / (double)s->conf.trials, "one of all trials",
		      (struct noon_svg_style){.colour = NOON_SVG_GREY, .dashed = true});
	return noon_svg_end(&g, ret_n);
}

static char *svg_practical(const struct noon_study *s, size_t *ret_n)
{
	static const unsigned sizes[] = {1, 10, 100};
	static const char *const names[] = {"n = 1", "n = 10", "n = 100"};
	const struct noon_cgf k = noon_cgf_of_channel(&s->conf.channel);
	const double most = fmax(5.0 * s->sd_ns, 2.0 * s->conf.delta_ns);
	struct noon_axis x = {0.0, most * US, false, "alert limit less drift, us"};
	struct noon_axis y = {1e-12, 1.0, true, "probability of a false alarm"};
	double at[NOON_STUDY_CURVE], p[NOON_STUDY_CURVE];
	char title[96];
	struct noon_svg g;

	(void)snprintf(title, sizeof(title), "What the limit leaves room for, detection %.6g",
		       s->conf.p_d);
	noon_svg_begin(&g, title, &x, &y);
	for (size_t j = 0; j < 3; j++) {
		for (size_t i = 0; i < NOON_STUDY_CURVE; i++) {
			const double delta = most * (double)(i + 1) / NOON_STUDY_CURVE;
			struct noon_mean_test t = {.p_fa = 1.0};

			if (noon_mean_test_of(&k, sizes[j], delta, s->conf.p_d, 1.0, 0.0, &t))
				t.p_fa = (double)NAN;
			at[i] = delta * US;
			p[i] = t.p_fa;
		}
		noon_svg_line(&g, at, p, NOON_STUDY_CURVE,
			      style((enum noon_svg_colour)j, names[j]));
	}
	return noon_svg_end(&g, ret_n);
}

/* ---- files ---- */

static noon_err replace(const char *dir, const char *name, char *text, size_t n)
{
	char path[1024];
	noon_err err = NOON_ERR_OS;

	if (text == NULL) {
		errno = ENOMEM;
		return NOON_ERR_OS;
	}
	if ((size_t)snprintf(path, sizeof(path), "%s/%s", dir, name) < sizeof(path))
		err = noon_file_replace(path, (struct noon_bytes){(const uint8_t *)text, n}, 0644);
	else
		errno = ENAMETOOLONG;
	free(text);
	return err;
}

static noon_err write_csv(const struct noon_study *s, const char *dir, const char *name,
			  void (*fill)(FILE *f, const struct noon_study *s))
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (f == NULL)
		return NOON_ERR_OS;
	fill(f, s);
	if (fclose(f) != 0) {
		free(text);
		return NOON_ERR_OS;
	}
	return replace(dir, name, text, n);
}

static noon_err write_json(const struct noon_study *s, const char *dir, const char *name)
{
	json_t *o = noon_study_json(s);
	char *text = json_dumps(o, JSON_INDENT(2));

	json_decref(o);
	return replace(dir, name, text, text == NULL ? 0 : strlen(text));
}

noon_err noon_study_write(const struct noon_study *s, const char *dir, const char **ret_name)
{
	static const struct {
		const char *name;
		void (*csv)(FILE *f, const struct noon_study *s);
		char *(*svg)(const struct noon_study *s, size_t *ret_n);
	} files[] = {
		{"fig6.csv", csv_fig6, NULL},		{"fig7.csv", csv_fig7, NULL},
		{"fig8.csv", csv_fig8, NULL},		{"fig9.csv", csv_fig9, NULL},
		{"practical.csv", csv_practical, NULL}, {"fig6.svg", NULL, svg_fig6},
		{"fig7.svg", NULL, svg_fig7},		{"fig8.svg", NULL, svg_fig8},
		{"fig9.svg", NULL, svg_fig9},		{"practical.svg", NULL, svg_practical},
	};
	noon_err err;

	*ret_name = "";
	err = noon_dir_make(dir, 0755);
	for (size_t i = 0; !err && i < sizeof(files) / sizeof(files[0]); i++) {
		size_t n = 0;

		*ret_name = files[i].name;
		if (files[i].csv != NULL) {
			err = write_csv(s, dir, files[i].name, files[i].csv);
		} else {
			char *text = files[i].svg(s, &n);

			err = replace(dir, files[i].name, text, n);
		}
	}
	if (!err) {
		*ret_name = "paper.json";
		err = write_json(s, dir, *ret_name);
	}
	return err;
}
