/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "platform/text.h"
#include "tools/campaign/result.h"
#include "tools/core/tool.h"
#include "tools/stamp/token_text.h"

#define DUR 32
/* More degrees of freedom than these say nothing: Student's factor is that of the normal law. */
#define NU_TELLING 1000.0

static const char *const stamp_words[] = {"application", "kernel", "hardware"};

static json_t *component_json(const struct noon_component *c)
{
	json_t *o = json_pack("{s:s, s:s, s:s%, s:s, s:f, s:f, s:f}", "name", c->name, "source",
			      c->source, "type", &c->type, (size_t)1, "distribution",
			      noon_distribution_word(c->distribution), "width_s", c->width,
			      "sensitivity", c->sensitivity, "u_s", noon_component_u(c));

	if (isfinite(c->nu))
		(void)json_object_set_new(o, "nu", json_real(c->nu));
	return o;
}

static json_t *budget_json(const struct noon_calibration *c)
{
	json_t *list = json_array();
	json_t *o;

	for (size_t i = 0; i < c->n_components; i++)
		(void)json_array_append_new(list, component_json(&c->component[i]));
	o = json_pack("{s:o, s:f, s:f, s:f, s:f}", "components", list, "u_c_s", c->u.u_c, "k",
		      c->u.k, "U_s", c->u.U, "coverage", NOON_COVERAGE);
	if (c->u.nu < NU_TELLING)
		(void)json_object_set_new(o, "nu_eff", json_real(c->u.nu));
	if (c->monte_carlo.u > 0)
		(void)json_object_set_new(
			o, "monte_carlo",
			json_pack("{s:f, s:f, s:f}", "lower_s", c->x + c->monte_carlo.lower,
				  "upper_s", c->x + c->monte_carlo.upper, "u_s", c->monte_carlo.u));
	return o;
}

static json_t *bound_json(const struct noon_calibration *c)
{
	const struct noon_stamped_bound *b = &c->bound;
	json_t *o =
		json_pack("{s:b, s:b}", "against_utc", (int)c->has_bound, "empty", (int)b->empty);

	if (!b->empty && b->lower != INT64_MIN)
		(void)json_object_set_new(o, "lower_s", json_real(noon_dur_to_s(b->lower)));
	if (!b->empty && b->upper != INT64_MAX)
		(void)json_object_set_new(o, "upper_s", json_real(noon_dur_to_s(b->upper)));
	return o;
}

static json_t *levels_json(const struct noon_result *r)
{
	json_t *o = json_object();
	char key[40];

	for (size_t i = 0; i < 3; i++)
		for (size_t k = 0; k < 3; k++) {
			if (r->levels[i][k] == 0)
				continue;
			(void)snprintf(key, sizeof(key), "%s/%s", stamp_words[i], stamp_words[k]);
			(void)json_object_set_new(o, key,
						  json_integer((json_int_t)r->levels[i][k]));
		}
	return o;
}

static void add_result(json_t *o, const struct noon_result *r)
{
	const struct noon_calibration *c = &r->c;

	if (r->stated) {
		(void)json_object_set_new(o, "x_s", json_real(c->x));
		(void)json_object_set_new(o, "U_s", json_real(c->u.U));
		(void)json_object_set_new(o, "k", json_real(c->u.k));
		(void)json_object_set_new(o, "budget", budget_json(c));
	}
	if (r->stated && c->has_rate) {
		(void)json_object_set_new(o, "rate", json_real(c->rate));
		(void)json_object_set_new(o, "u_rate", json_real(c->u_rate));
	}
	(void)json_object_set_new(o, "begin", noon_token_instant(c->begin));
	(void)json_object_set_new(o, "end", noon_token_instant(c->end));
	(void)json_object_set_new(o, "epoch", noon_token_instant(c->epoch));
	(void)json_object_set_new(o, "bound", bound_json(c));
	(void)json_object_set_new(
		o, "single_readings",
		json_pack("{s:f, s:f, s:f, s:f, s:f, s:f, s:b}", "lower_95_s", c->single.lower,
			  "upper_95_s", c->single.upper, "timing_error_95_s", c->single.within_95,
			  "timing_error_99_9_s", c->single.within_999, "timing_error_max_s",
			  c->single.most, "mean_s", c->single.mean, "indication_only",
			  (int)!r->terms.conf.two_way));
	(void)json_object_set_new(o, "rtt",
				  json_pack("{s:f, s:f, s:f, s:f}", "min_s", c->rtt.least,
					    "median_s", c->rtt.median, "p95_s", c->rtt.most_95,
					    "max_s", c->rtt.most));
}

json_t *noon_result_json(const struct noon_result *r)
{
	const struct noon_bytes digest = noon_bytes_of(r->digest, 32);
	json_t *findings = json_array();
	char hex[65];
	json_t *o;

	noon_text_hex(digest, hex);
	for (size_t i = 0; i < r->n_findings; i++)
		(void)json_array_append_new(findings, json_string(r->finding[i]));
	o = json_pack("{s:I, s:O, s:b, s:I, s:I, s:I, s:I, s:I, s:O, s:o, s:s, s:o, s:b}", "id",
		      (json_int_t)r->campaign.id, "campaign", r->terms.head, "complete",
		      (int)r->campaign.ended, "samples", (json_int_t)r->campaign.samples, "used",
		      (json_int_t)r->c.n, "missed", (json_int_t)r->campaign.misses, "authenticated",
		      (json_int_t)r->authenticated, "reference_readings", (json_int_t)r->readings,
		      "misses", r->misses, "stamps", levels_json(r), "raw_sha256", hex, "findings",
		      findings, "stated", (int)r->stated);
	if (r->claimed != NOON_DUR_MAX)
		(void)json_object_set_new(o, "claimed_s", json_real(noon_dur_to_s(r->claimed)));
	if (r->stratum > 0)
		(void)json_object_set_new(o, "stratum", json_integer(r->stratum));
	if (r->c.n > 0)
		add_result(o, r);
	return o;
}

static void print_budget(const struct noon_calibration *c)
{
	(void)printf("budget\n  %-28s %-4s %-12s %12s %12s\n", "component", "type", "distribution",
		     "width", "u");
	for (size_t i = 0; i < c->n_components; i++) {
		const struct noon_component *k = &c->component[i];
		char width[DUR];
		char u[DUR];

		noon_tool_dur(width, sizeof(width), k->width);
		noon_tool_dur(u, sizeof(u), noon_component_u(k));
		(void)printf("  %-28s %-4c %-12s %12s %12s\n", k->name, k->type,
			     noon_distribution_word(k->distribution), width, u);
	}
}

static void print_stated(const struct noon_calibration *c)
{
	char t[6][DUR];

	noon_tool_dur(t[0], DUR, c->x);
	noon_tool_dur(t[1], DUR, c->u.U);
	noon_tool_dur(t[2], DUR, c->u.u_c);
	(void)printf("result     x = %s +- %s (k = %.2f, u_c = %s", t[0], t[1], c->u.k, t[2]);
	if (c->u.nu < NU_TELLING)
		(void)printf(", %.3g degrees of freedom", c->u.nu);
	(void)printf("); x > 0: it is ahead\n");
	if (c->monte_carlo.u > 0) {
		noon_tool_dur(t[3], DUR, c->x + c->monte_carlo.lower);
		noon_tool_dur(t[4], DUR, c->x + c->monte_carlo.upper);
		(void)printf("           by Monte Carlo in [%s, %s]\n", t[3], t[4]);
	}
	if (c->has_rate)
		(void)printf("rate       %.3g +- %.2g (k = 2)\n", c->rate, 2 * c->u_rate);
}

static void print_bound(const struct noon_calibration *c)
{
	const struct noon_stamped_bound *b = &c->bound;
	char t[2][DUR];

	if (b->empty) {
		(void)printf("bound      EMPTY: an assumption is false\n");
		return;
	}
	noon_tool_dur(t[0], DUR, noon_dur_to_s(b->lower));
	noon_tool_dur(t[1], DUR, noon_dur_to_s(b->upper));
	(void)printf("bound      x in [%s, %s], whatever the delays were%s\n",
		     b->lower == INT64_MIN ? "unknown" : t[0],
		     b->upper == INT64_MAX ? "unknown" : t[1],
		     c->has_bound ? "" : ", against T(C) only");
}

static void print_readings(const struct noon_result *r)
{
	const struct noon_calibration *c = &r->c;
	char t[6][DUR];

	noon_tool_dur(t[0], DUR, c->single.lower);
	noon_tool_dur(t[1], DUR, c->single.upper);
	noon_tool_dur(t[2], DUR, c->single.within_95);
	noon_tool_dur(t[3], DUR, c->rtt.least);
	noon_tool_dur(t[4], DUR, c->rtt.median);
	noon_tool_dur(t[5], DUR, c->rtt.most_95);
	(void)printf("readings   95 %% in [%s, %s]; timing error (95 %%) %s%s\n", t[0], t[1], t[2],
		     r->terms.conf.two_way ? "" : ", an indication only");
	(void)printf("rtt        %s least, %s median, %s at 95 %%\n", t[3], t[4], t[5]);
}

void noon_result_print(const struct noon_result *r)
{
	char begin[NOON_TOKEN_TIME_MAX];
	char end[NOON_TOKEN_TIME_MAX];

	(void)printf("campaign   %" PRId64 "%s: %s (%s) from %s, %s\n", r->campaign.id,
		     r->campaign.ended ? "" : ", not complete", noon_result_head(r, "service"),
		     noon_result_head(r, "device"), noon_result_head(r, "access_point"),
		     noon_result_head(r, "method"));
	if (r->c.n > 0) {
		noon_token_time(r->c.begin, 0, begin);
		noon_token_time(r->c.end, 0, end);
		(void)printf("epoch      %s to %s\n", begin, end);
	}
	(void)printf("samples    %zu used of %" PRIu64 ", %" PRIu64 " missed, %zu authenticated\n",
		     r->c.n, r->campaign.samples, r->campaign.misses, r->authenticated);
	if (r->stated)
		print_stated(&r->c);
	if (r->c.n > 0) {
		print_bound(&r->c);
		print_readings(r);
	}
	if (r->stated)
		print_budget(&r->c);
	for (size_t i = 0; i < r->n_findings; i++)
		(void)printf("NOTE       %s\n", r->finding[i]);
}
