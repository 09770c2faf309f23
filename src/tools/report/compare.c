/* SPDX-License-Identifier: Apache-2.0
 *
 * noonmark calibrate compare: campaigns side by side. The same server from two access points has
 * two results.
 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/report/reading_options.h"
#include "tools/report/report.h"
#include "tools/stamp/token_text.h"

#define DUR 32

/* Two results held against each other. */
struct difference {
	double x, U;	       /* s: second less first, and its expanded uncertainty */
	double e_n;	       /* |x| / U, ISO 13528: up to 1 they agree */
	bool stated;	       /* both have a result */
	bool bounded, overlap; /* both have a hard bound, and these have an instant in common */
};

static bool has_bound(const struct noon_result *r)
{
	const struct noon_stamped_bound *b = &r->c.bound;

	return r->c.n > 0 && r->c.has_bound && !b->empty && b->lower != INT64_MIN &&
	       b->upper != INT64_MAX;
}

static struct difference difference(const struct noon_result *a, const struct noon_result *b)
{
	struct difference d = {.stated = a->stated && b->stated,
			       .bounded = has_bound(a) && has_bound(b)};

	if (d.stated) {
		d.x = b->c.x - a->c.x;
		d.U = hypot(a->c.u.U, b->c.u.U);
		d.e_n = d.U > 0 ? fabs(d.x) / d.U : 0;
	}
	if (d.bounded)
		d.overlap = a->c.bound.lower <= b->c.bound.upper &&
			    b->c.bound.lower <= a->c.bound.upper;
	return d;
}

static json_t *difference_json(const struct noon_result *a, const struct noon_result *b)
{
	const struct difference d = difference(a, b);
	json_t *o = json_pack("{s:I, s:I}", "from", (json_int_t)a->campaign.id, "to",
			      (json_int_t)b->campaign.id);

	if (d.stated)
		(void)json_object_update_new(o, json_pack("{s:f, s:f, s:f, s:b}", "x_s", d.x, "U_s",
							  d.U, "E_n", d.e_n, "agree",
							  (int)(d.e_n <= 1)));
	if (d.bounded)
		(void)json_object_set_new(o, "bounds_overlap", json_boolean(d.overlap));
	return o;
}

static void print_json(const struct noon_result *r, size_t n)
{
	json_t *list = json_array();
	json_t *between = json_array();
	json_t *o;

	for (size_t i = 0; i < n; i++)
		(void)json_array_append_new(list, noon_result_json(&r[i]));
	for (size_t i = 1; i < n; i++)
		(void)json_array_append_new(between, difference_json(&r[0], &r[i]));
	o = json_pack("{s:o, s:o}", "campaigns", list, "differences", between);
	noon_json_print(o);
	json_decref(o);
}

static void print_text(const char *title, const struct noon_result *r, size_t n, const char *key)
{
	(void)printf("%-22s", title);
	for (size_t i = 0; i < n; i++)
		(void)printf(" %-26.60s", noon_result_head(&r[i], key));
	(void)putchar('\n');
}

static void print_values(const char *title, const struct noon_result *r, size_t n,
			 bool (*value)(const struct noon_result *, double *))
{
	(void)printf("%-22s", title);
	for (size_t i = 0; i < n; i++) {
		char t[DUR] = "-";
		double v;

		if (value(&r[i], &v))
			noon_tool_dur(t, DUR, v);
		(void)printf(" %-26s", t);
	}
	(void)putchar('\n');
}

static bool value_x(const struct noon_result *r, double *ret)
{
	*ret = r->c.x;
	return r->stated;
}

static bool value_U(const struct noon_result *r, double *ret)
{
	*ret = r->c.u.U;
	return r->stated;
}

static bool value_lower(const struct noon_result *r, double *ret)
{
	*ret = noon_dur_to_s(r->c.bound.lower);
	return has_bound(r);
}

static bool value_upper(const struct noon_result *r, double *ret)
{
	*ret = noon_dur_to_s(r->c.bound.upper);
	return has_bound(r);
}

static bool value_within(const struct noon_result *r, double *ret)
{
	*ret = r->c.single.within_95;
	return r->c.n > 0;
}

static bool value_rtt(const struct noon_result *r, double *ret)
{
	*ret = r->c.rtt.median;
	return r->c.n > 0;
}

static void print_head(const struct noon_result *r, size_t n)
{
	(void)printf("%-22s", "campaign");
	for (size_t i = 0; i < n; i++)
		(void)printf(" %-26" PRId64, r[i].campaign.id);
	(void)printf("\n%-22s", "begun");
	for (size_t i = 0; i < n; i++) {
		char t[NOON_TOKEN_TIME_MAX] = "-";

		if (r[i].c.n > 0)
			noon_token_time(r[i].c.begin, 0, t);
		(void)printf(" %-26s", t);
	}
	(void)printf("\n%-22s", "samples used");
	for (size_t i = 0; i < n; i++)
		(void)printf(" %-26zu", r[i].c.n);
	(void)putchar('\n');
}

static void print_difference(const struct noon_result *a, const struct noon_result *b)
{
	const struct difference d = difference(a, b);
	char t[2][DUR];

	(void)printf("%" PRId64 " less %" PRId64 ": ", b->campaign.id, a->campaign.id);
	if (d.stated) {
		noon_tool_dur(t[0], DUR, d.x);
		noon_tool_dur(t[1], DUR, d.U);
		(void)printf("x differs by %s +- %s (E_n = %.2f: they %s)", t[0], t[1], d.e_n,
			     d.e_n <= 1 ? "agree" : "do not agree");
	} else {
		(void)printf("not both have a result");
	}
	(void)printf("; %s\n", !d.bounded  ? "not both have a hard bound"
			       : d.overlap ? "their hard bounds overlap"
					   : "their hard bounds exclude each other");
}

static void print(const struct noon_result *r, size_t n)
{
	print_head(r, n);
	print_text("service", r, n, "service");
	print_text("device", r, n, "device");
	print_text("access point", r, n, "access_point");
	print_text("method", r, n, "method");
	print_values("x", r, n, value_x);
	print_values("U", r, n, value_U);
	print_values("hard bound, lower", r, n, value_lower);
	print_values("hard bound, upper", r, n, value_upper);
	print_values("timing error (95 %)", r, n, value_within);
	print_values("round trip, median", r, n, value_rtt);
	for (size_t i = 1; i < n; i++)
		print_difference(&r[0], &r[i]);
}

static int compare(const struct noon_verb *self, void *options, const struct noon_arguments *line)
{
	const struct noon_reading_options *o = options;
	const size_t n = line->n;
	struct noon_result *r = calloc(n, sizeof(*r));
	size_t loaded = 0;
	int status = NOON_EXIT_OK;

	if (r == NULL)
		return noon_tool_fail(self, "out of memory");
	while (loaded < n && status == NOON_EXIT_OK) {
		status = noon_reading_load(self, o, line->argument[loaded], &r[loaded]);
		loaded++;
	}
	if (status == NOON_EXIT_OK && o->json)
		print_json(r, n);
	else if (status == NOON_EXIT_OK)
		print(r, n);
	for (size_t i = 0; i < loaded; i++)
		noon_result_fini(&r[i]);
	free(r);
	return status;
}

const struct noon_verb noon_verb_calibrate_compare = {
	.name = "calibrate compare",
	.summary = "show campaigns side by side",
	.arguments = "ID ID...",
	.min = 2,
	.max = 8,
	.about = "Show campaigns side by side, and what each differs from the first.\n",
	.notes = "E_n is the difference over its expanded uncertainty: up to 1 two results agree. "
		 "Campaigns\n"
		 "of one device at different times differ by what its clock did meanwhile, too.\n",
	.size = sizeof(struct noon_reading_options),
	.part = {{noon_database_rows, 0, NULL}, {noon_json_rows, 0, NULL}},
	.act = compare,
};
