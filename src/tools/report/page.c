/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/report/page.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#include "platform/text.h"
#include "tools/core/tool.h"
#include "tools/report/figure.h"
#include "tools/report/plots.h"
#include "tools/stamp/token_text.h"

#define DUR 32

static const char style[] =
	"body{font:15px/1.45 system-ui,'DejaVu Sans',sans-serif;color:#1a1c20;background:#fff;"
	"max-width:1120px;margin:0 auto;padding:24px}\n"
	"h1{font-size:26px;margin:0 0 4px}h2{font-size:19px;margin:32px 0 8px;"
	"border-bottom:1px solid #d5d8dc}\n"
	".of{color:#565b63;margin:0 0 16px;overflow-wrap:anywhere}\n"
	".results{display:grid;grid-template-columns:repeat(auto-fit,minmax(300px,1fr));gap:12px}\n"
	".results div{border:1px solid #d5d8dc;border-radius:6px;padding:10px 14px}\n"
	".results b{display:block;font-size:20px;margin:2px 0}\n"
	".results small{color:#565b63}\n"
	".note{border-left:4px solid #d9730d;background:#fdf3ea;padding:6px 12px;margin:10px 0}\n"
	"table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:4px 10px 4px 0;"
	"border-bottom:1px solid #e8eaed;vertical-align:top}\n"
	".key td{overflow-wrap:anywhere}\n"
	"td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}\n"
	".key th{width:220px;font-weight:normal;color:#565b63}\n"
	".share{background:#0b5fa5;height:10px;min-width:1px;-webkit-print-color-adjust:exact;"
	"print-color-adjust:exact}\n"
	".plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(480px,1fr));gap:20px}\n"
	"figure{margin:0;break-inside:avoid}figure>svg{width:100%;height:auto}\n"
	"figcaption{color:#565b63;font-size:13px;padding:0 4px}\n"
	".wide{overflow-x:auto}code{overflow-wrap:anywhere}\n"
	"@media(max-width:560px){body{padding:12px}.plots{display:block}.key th{width:38%}}\n"
	"@media print{@page{size:A4;margin:13mm}body{max-width:none;padding:0;font-size:10.5pt}"
	".plots{display:grid;grid-template-columns:1fr 1fr;gap:10px}h2{break-after:avoid}"
	"tr{break-inside:avoid}}\n";

/* ---- pieces ---- */

static void row(FILE *f, const char *key, const char *value)
{
	(void)fprintf(f, "<tr><th>%s</th><td>", key);
	noon_html_text(f, value);
	(void)fputs("</td></tr>\n", f);
}

static void row_of_head(FILE *f, const struct noon_result *r, const char *title, const char *key)
{
	if (json_object_get(r->terms.head, key) != NULL)
		row(f, title, noon_result_head(r, key));
}

static void box(FILE *f, const char *title, const char *value, const char *remark)
{
	(void)fprintf(f, "<div>%s<b>", title);
	noon_html_text(f, value);
	(void)fputs("</b><small>", f);
	noon_html_text(f, remark);
	(void)fputs("</small></div>\n", f);
}

/* ---- results ---- */

static void box_of_result(FILE *f, const struct noon_calibration *c)
{
	char t[2][DUR];
	char value[96];
	char remark[160];

	noon_tool_dur(t[0], DUR, c->x);
	noon_tool_dur(t[1], DUR, c->u.U);
	(void)snprintf(value, sizeof(value), "%s ± %s", t[0], t[1]);
	(void)snprintf(remark, sizeof(remark),
		       "error in the middle of the campaign, ahead if positive; k = %.2f, %.2f %% "
		       "coverage",
		       c->u.k, 100 * NOON_COVERAGE);
	box(f, "Result x = T(S) − reference", value, remark);
}

static void box_of_bound(FILE *f, const struct noon_calibration *c)
{
	const struct noon_stamped_bound *b = &c->bound;
	char t[2][DUR];
	char value[96] = "EMPTY: an assumption is false";

	noon_tool_dur(t[0], DUR, noon_dur_to_s(b->lower));
	noon_tool_dur(t[1], DUR, noon_dur_to_s(b->upper));
	if (!b->empty)
		(void)snprintf(value, sizeof(value), "[%s, %s]",
			       b->lower == INT64_MIN ? "unknown" : t[0],
			       b->upper == INT64_MAX ? "unknown" : t[1]);
	box(f, "Hard bound of x", value,
	    c->has_bound ? "whatever the delays were; no distribution is assumed"
			 : "whatever the delays were, against T(C) only: the reference promises no "
			   "bound");
}

static void box_of_readings(FILE *f, const struct noon_result *r)
{
	const struct noon_calibration *c = &r->c;
	char t[5][DUR];
	char value[64];
	char remark[320];

	noon_tool_dur(t[0], DUR, c->single.within_95);
	noon_tool_dur(t[1], DUR, c->single.lower);
	noon_tool_dur(t[2], DUR, c->single.upper);
	noon_tool_dur(t[3], DUR, c->single.within_999);
	noon_tool_dur(t[4], DUR, c->single.most);
	(void)snprintf(value, sizeof(value), "%s", t[0]);
	(void)snprintf(remark, sizeof(remark),
		       "of single readings; 95 %% of them in [%s, %s], 99.9 %% within %s, all "
		       "within %s%s",
		       t[1], t[2], t[3], t[4],
		       r->terms.conf.two_way ? ""
					     : ". An indication only: the resolution of the stamps "
					       "is in it");
	box(f, "Timing error (95 %)", value, remark);
}

static void box_of_round_trips(FILE *f, const struct noon_calibration *c)
{
	char t[3][DUR];
	char remark[96];

	noon_tool_dur(t[0], DUR, c->rtt.least);
	noon_tool_dur(t[1], DUR, c->rtt.median);
	noon_tool_dur(t[2], DUR, c->rtt.most_95);
	(void)snprintf(remark, sizeof(remark), "least; median %s, 95 %% within %s", t[1], t[2]);
	box(f, "Round trip", t[0], remark);
}

static void box_of_rate(FILE *f, const struct noon_calibration *c)
{
	char value[64];

	if (!c->has_rate)
		return;
	(void)snprintf(value, sizeof(value), "%.3g ± %.2g", c->rate, 2 * c->u_rate);
	box(f, "Rate", value, "fractional, of the service's clock against the reference; k = 2");
}

static void results(FILE *f, const struct noon_result *r)
{
	for (size_t i = 0; i < r->n_findings; i++) {
		(void)fputs("<p class=\"note\">", f);
		noon_html_text(f, r->finding[i]);
		(void)fputs("</p>\n", f);
	}
	if (r->c.n == 0)
		return;
	(void)fputs("<div class=\"results\">\n", f);
	if (r->stated)
		box_of_result(f, &r->c);
	box_of_bound(f, &r->c);
	box_of_readings(f, r);
	box_of_round_trips(f, &r->c);
	if (r->stated)
		box_of_rate(f, &r->c);
	(void)fputs("</div>\n", f);
}

/* ---- campaign ---- */

static void reference_rows(FILE *f, const struct noon_result *r)
{
	const json_t *o = json_object_get(r->terms.head, "reference");
	const json_t *bound = json_object_get(o, "bound_ns");
	char t[DUR];

	row(f, "Reference of T(C)", noon_json_str(o, "spec"));
	if (json_object_get(o, "traceability") != NULL)
		row(f, "Traceability", noon_json_str(o, "traceability"));
	if (bound != NULL) {
		noon_tool_dur(t, DUR, noon_dur_to_s(json_integer_value(bound)));
		row(f, "Declared bound", t);
	}
	if (r->reference_error > 0) {
		noon_tool_dur(t, DUR, noon_dur_to_s(r->reference_error));
		row(f, "Largest |T(C) − reference|", t);
	}
}

static void counts(FILE *f, const struct noon_result *r)
{
	const json_int_t version = json_integer_value(json_object_get(r->terms.head, "ip_version"));
	char text[160];

	(void)snprintf(text, sizeof(text),
		       "%" PRIu64 ", of which %zu are used; %" PRIu64 " questions had no usable "
		       "answer",
		       r->campaign.samples, r->c.n, r->campaign.misses);
	row(f, "Samples", text);
	(void)snprintf(text, sizeof(text), "%zu", r->authenticated);
	row(f, "Authenticated samples", text);
	if (r->claimed != NOON_DUR_MAX) {
		noon_tool_dur(text, DUR, noon_dur_to_s(r->claimed));
		row(f, "The service claims to be within", text);
	}
	(void)snprintf(text, sizeof(text), "%" JSON_INTEGER_FORMAT, version);
	if (version > 0)
		row(f, "IP version", text);
	(void)snprintf(text, sizeof(text), "%u", r->stratum);
	if (r->stratum > 0)
		row(f, "Stratum", text);
}

static void campaign(FILE *f, const struct noon_result *r)
{
	char hex[65];

	noon_text_hex(noon_bytes_of(r->digest, 32), hex);
	(void)fputs("<h2>Campaign</h2>\n<table class=\"key\">\n", f);
	row_of_head(f, r, "Service", "service");
	row_of_head(f, r, "Device under test", "device");
	row_of_head(f, r, "Access point", "access_point");
	row_of_head(f, r, "Method", "method");
	row_of_head(f, r, "Scale", "scale");
	row_of_head(f, r, "Laboratory", "laboratory");
	row_of_head(f, r, "Customer", "customer");
	row_of_head(f, r, "Environment", "environment");
	reference_rows(f, r);
	counts(f, r);
	row_of_head(f, r, "Software", "software");
	(void)fprintf(f, "<tr><th>SHA-256 of the raw data</th><td><code>%s</code></td></tr>\n",
		      hex);
	(void)fputs("</table>\n", f);
}

static void misses(FILE *f, const struct noon_result *r)
{
	size_t i;
	const json_t *m;

	if (json_array_size(r->misses) == 0)
		return;
	(void)fputs("<h2>Questions without a usable answer</h2>\n<table>\n<tr><th class=\"n\">"
		    "number</th><th>why</th></tr>\n",
		    f);
	json_array_foreach(r->misses, i, m)
	{
		(void)fprintf(f, "<tr><td class=\"n\">%" JSON_INTEGER_FORMAT "</td><td>",
			      json_integer_value(json_object_get(m, "n")));
		noon_html_text(f, noon_json_str(m, "why"));
		(void)fputs("</td></tr>\n", f);
	}
	(void)fputs("</table>\n", f);
}

/* ---- budget ---- */

static void budget_row(FILE *f, const struct noon_component *k, double u_c)
{
	const double u = noon_component_u(k) * k->sensitivity;
	const double share = u_c > 0 ? 100 * (u / u_c) * (u / u_c) : 0;
	char t[2][DUR];

	noon_tool_dur(t[0], DUR, k->width);
	noon_tool_dur(t[1], DUR, noon_component_u(k));
	(void)fputs("<tr><td>", f);
	noon_html_text(f, k->name);
	(void)fputs("</td><td>", f);
	noon_html_text(f, k->source);
	(void)fprintf(f,
		      "</td><td>%c</td><td>%s</td><td class=\"n\">%s</td><td class=\"n\">%s</td>",
		      k->type, noon_distribution_word(k->distribution), t[0], t[1]);
	if (isfinite(k->nu))
		(void)fprintf(f, "<td class=\"n\">%.3g</td>", k->nu);
	else
		(void)fputs("<td class=\"n\">∞</td>", f);
	(void)fprintf(f,
		      "<td class=\"n\">%.1f %%</td><td><div class=\"share\" "
		      "style=\"width:%.1f%%\"></div></td></tr>\n",
		      share, share);
}

static void budget(FILE *f, const struct noon_calibration *c)
{
	char t[4][DUR];

	(void)fputs("<h2>Uncertainty budget</h2>\n<div class=\"wide\"><table>\n<tr><th>component"
		    "</th><th>source</th><th>type</th><th>distribution</th><th class=\"n\">width"
		    "</th><th class=\"n\">u</th><th class=\"n\">degrees of freedom</th><th "
		    "class=\"n\">share</th><th style=\"width:110px\">of u<sub>c</sub>²</th></tr>\n",
		    f);
	for (size_t i = 0; i < c->n_components; i++)
		budget_row(f, &c->component[i], c->u.u_c);
	noon_tool_dur(t[0], DUR, c->u.u_c);
	noon_tool_dur(t[1], DUR, c->u.U);
	(void)fprintf(f, "</table></div>\n<p>u<sub>c</sub> = %s; k = %.2f; U = %s.", t[0], c->u.k,
		      t[1]);
	if (c->monte_carlo.u > 0) {
		noon_tool_dur(t[2], DUR, c->x + c->monte_carlo.lower);
		noon_tool_dur(t[3], DUR, c->x + c->monte_carlo.upper);
		(void)fprintf(f,
			      " By Monte Carlo (JCGM 101), the shortest interval of the same "
			      "coverage: [%s, %s].",
			      t[2], t[3]);
	}
	(void)fputs("</p>\n", f);
}

/* ---- page ---- */

/* The result as JSON for programs; "</" would end the script early. */
static void embed_json(FILE *f, const struct noon_result *r)
{
	json_t *o = noon_result_json(r);
	char *text = json_dumps(o, JSON_INDENT(1) | JSON_REAL_PRECISION(15));

	(void)fputs("<script type=\"application/json\" id=\"result\">\n", f);
	for (const char *p = text == NULL ? "" : text; *p != '\0'; p++) {
		if (p[0] == '<')
			(void)fputs("\\u003c", f);
		else
			(void)fputc(*p, f);
	}
	(void)fputs("\n</script>\n", f);
	free(text);
	json_decref(o);
}

static void title(FILE *f, const struct noon_result *r)
{
	char begin[NOON_TOKEN_TIME_MAX] = "";
	char end[NOON_TOKEN_TIME_MAX] = "";

	(void)fputs("<h1>Calibration of ", f);
	noon_html_text(f, noon_result_head(r, "device"));
	(void)fputs("</h1>\n<p class=\"of\">", f);
	noon_html_text(f, noon_result_head(r, "service"));
	(void)fputs(" from ", f);
	noon_html_text(f, noon_result_head(r, "access_point"));
	if (r->c.n > 0) {
		noon_token_time(r->c.begin, 0, begin);
		noon_token_time(r->c.end, 0, end);
		(void)fprintf(f, ", %s to %s", begin, end);
	}
	(void)fprintf(f, ", campaign %" PRId64 "%s</p>\n", r->campaign.id,
		      r->campaign.ended ? "" : ", not complete");
}

noon_err noon_report_page(FILE *f, const struct noon_result *r)
{
	noon_err err;

	(void)fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
		    "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n"
		    "<meta name=\"color-scheme\" content=\"light\">\n<title>Calibration of ",
		    f);
	noon_html_text(f, noon_result_head(r, "device"));
	(void)fprintf(f, "</title>\n<style>\n%s</style>\n</head>\n<body>\n", style);
	title(f, r);
	results(f, r);
	(void)fputs("<h2>Plots</h2>\n<div class=\"plots\">\n", f);
	err = noon_plots(f, r);
	(void)fputs("</div>\n", f);
	if (r->stated)
		budget(f, &r->c);
	campaign(f, r);
	misses(f, r);
	embed_json(f, r);
	(void)fputs("</body>\n</html>\n", f);
	return err;
}
