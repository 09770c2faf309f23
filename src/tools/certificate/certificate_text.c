/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/certificate/certificate_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tools/certificate/content.h"
#include "tools/core/tool.h"
#include "tools/stamp/token_text.h"

#define DUR	   32
#define PAGE_LINES 60 /* of A4 with margins, the lines below the text not counted */
#define WIDTH	   96
#define INDENT	   18
#define NU_SHOWN   1000 /* more degrees of freedom are as good as all */

/* Bytes of a character that would act on a terminal or turn the order of others around: C0, DEL,
 * C1, and the controls of writing direction (Unicode 15, 23.2). 0: an ordinary one. */
static size_t control_at(const unsigned char *p)
{
	if (*p < ' ' || *p == 0x7f)
		return 1;
	if (*p == 0xc2 && p[1] >= 0x80 && p[1] < 0xa0)
		return 2;
	if (*p != 0xe2)
		return 0;
	if ((p[1] == 0x80 && p[2] >= 0xa8 && p[2] <= 0xae) ||
	    (p[1] == 0x81 && p[2] >= 0xa6 && p[2] <= 0xa9))
		return 3;
	return 0;
}

void noon_certificate_put(FILE *to, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;

	while (*p != '\0') {
		const size_t n = control_at(p);

		(void)fputc(n > 0 ? '?' : *p, to);
		p += n > 0 ? n : 1;
	}
}

/* --- lines --- */

/* Bytes of the characters that fit; at a blank where there is one. */
static size_t fit(const char *text, size_t room)
{
	size_t width = 0;
	size_t blank = 0;
	size_t n = 0;

	for (; text[n] != '\0'; n++) {
		if (((unsigned char)text[n] & 0xc0) == 0x80)
			continue;
		if (width++ == room)
			return blank > 0 ? blank : n;
		if (text[n] == ' ')
			blank = n;
	}
	return n;
}

/* At most so many characters, cut where there are more. @return how many there were */
static int put_cut(FILE *to, const char *text, size_t most)
{
	char part[4 * WIDTH + 1];
	size_t width = 0;
	size_t n = 0;

	for (; text[n] != '\0'; n++)
		if (((unsigned char)text[n] & 0xc0) != 0x80 && ++width > most)
			break;
	(void)snprintf(part, sizeof(part), "%.*s", (int)n, text);
	noon_certificate_put(to, part);
	return (int)(width > most ? most : width);
}

/* A name and a text behind it, on as many lines as that takes. */
static void put_line(FILE *to, const char *name, const char *text)
{
	char part[4 * WIDTH + 1];

	if (*text == '\0')
		return;
	do {
		const size_t n = fit(text, WIDTH - INDENT);

		(void)snprintf(part, sizeof(part), "%.*s", (int)n, text);
		(void)fprintf(to, "%-*s", INDENT, name);
		noon_certificate_put(to, part);
		(void)fputc('\n', to);
		name = "";
		text += n;
		while (*text == ' ')
			text++;
	} while (*text != '\0');
}

static void put_heading(FILE *to, const char *text)
{
	(void)fprintf(to, "\n%s\n", text);
}

static const json_t *group_of(const json_t *c, const char *name)
{
	return json_object_get(c, name);
}

static void put_text(FILE *to, const char *name, const json_t *group, const char *key)
{
	put_line(to, name, noon_certificate_str(group, key));
}

static void put_count(FILE *to, const char *name, const json_t *group, const char *key)
{
	char text[32];

	if (!json_is_integer(json_object_get(group, key)))
		return;
	(void)snprintf(text, sizeof(text), "%lld",
		       (long long)json_integer_value(json_object_get(group, key)));
	put_line(to, name, text);
}

static void dur_of(char out[DUR], const json_t *group, const char *key)
{
	(void)snprintf(out, DUR, "not known");
	if (json_is_number(json_object_get(group, key)))
		noon_tool_dur(out, DUR, noon_json_num(group, key));
}

static void put_dur(FILE *to, const char *name, const json_t *group, const char *key)
{
	char text[DUR];

	if (!json_is_number(json_object_get(group, key)))
		return;
	dur_of(text, group, key);
	put_line(to, name, text);
}

static void put_instant(FILE *to, const char *name, const json_t *group, const char *key)
{
	char text[64];

	noon_tool_utc(text, sizeof(text), noon_certificate_str(group, key));
	put_line(to, name, text);
}

static void put_interval(FILE *to, const char *name, const json_t *group, const char *lower,
			 const char *upper, const char *behind)
{
	char text[3 * DUR + 200];
	char t[2][DUR];

	if (!json_is_object(group))
		return;
	dur_of(t[0], group, lower);
	dur_of(t[1], group, upper);
	(void)snprintf(text, sizeof(text), "[%s, %s]%s", t[0], t[1], behind);
	put_line(to, name, text);
}

/* --- parts --- */

static void put_head(FILE *to, const json_t *c, const struct noon_cms_info *info)
{
	const json_t *laboratory = group_of(c, "laboratory");

	(void)fputs("                              ", to);
	(void)put_cut(to, noon_certificate_str(c, "title"), WIDTH - 40);
	(void)fputs("\n\n", to);
	put_text(to, "Number", c, "number");
	put_text(to, "Laboratory", laboratory, "name");
	put_text(to, "", laboratory, "address");
	put_text(to, "Customer", c, "customer");
	put_instant(to, "Issued", c, "issued");
	put_text(to, "Authorised by", c, "authorised_by");
	put_line(to, "Signed by", info->signer.subject);
	put_line(to, "Time stamp", info->token.n > 0 ? "of the signature, in the file" : "none");
}

static void put_item(FILE *to, const json_t *c)
{
	const json_t *item = group_of(c, "item");
	const json_t *method = group_of(c, "method");

	put_heading(to, "Item");
	put_text(to, "  Service", item, "service");
	put_text(to, "  Device", item, "device");
	put_text(to, "  Address", item, "address");
	put_count(to, "  IP version", item, "ip_version");
	put_text(to, "  Authority", item, "tsa_subject");
	put_text(to, "  Its certificate", item, "tsa_certificate_sha256");
	put_count(to, "  Stratum", item, "stratum");
	put_text(to, "  Refid", item, "refid");
	put_dur(to, "  Claimed within", item, "claimed_s");
	put_text(to, "  Adjustment", c, "adjustment");
	put_heading(to, "Method and conditions");
	put_text(to, "  Method", method, "id");
	put_text(to, "  Version", method, "version");
	put_text(to, "  How", method, "how");
	put_text(to, "  Access point", method, "access_point");
	put_text(to, "  Scale", method, "scale");
}

static void put_conditions(FILE *to, const json_t *c)
{
	const json_t *measurement = group_of(c, "measurement");
	const json_t *conditions = group_of(c, "conditions");
	const json_t *rtt = json_object_get(conditions, "rtt");
	char text[3 * DUR + 64];
	char t[3][DUR];

	put_instant(to, "  Measured from", measurement, "begin");
	put_instant(to, "  to", measurement, "end");
	put_count(to, "  Samples used", measurement, "used");
	(void)snprintf(text, sizeof(text), "%.2f %% of questions had no usable answer",
		       100 * noon_json_num(conditions, "loss"));
	put_line(to, "  Loss", text);
	dur_of(t[0], rtt, "min_s");
	dur_of(t[1], rtt, "median_s");
	dur_of(t[2], rtt, "p95_s");
	(void)snprintf(text, sizeof(text), "%s least, %s median, %s at 95 %%", t[0], t[1], t[2]);
	put_line(to, "  Round trips", text);
	put_text(to, "  Environment", conditions, "environment");
}

static void put_result(FILE *to, const json_t *c)
{
	const json_t *r = group_of(c, "result");
	const json_t *nu = json_object_get(r, "nu_eff");
	const json_t *mc = json_object_get(r, "monte_carlo");
	char text[4 * DUR + 64];
	char t[2][DUR];
	int n;

	put_heading(to, "Result");
	put_text(to, "  Quantity", r, "quantity");
	put_instant(to, "  Epoch", group_of(c, "measurement"), "epoch");
	dur_of(t[0], r, "x_s");
	dur_of(t[1], r, "U_s");
	(void)snprintf(text, sizeof(text), "x = %s +- %s", t[0], t[1]);
	put_line(to, "  Result", text);
	dur_of(t[0], r, "u_c_s");
	n = snprintf(text, sizeof(text),
		     "U = k u_c, k = %.2f, u_c = %s, coverage probability %.2f %%",
		     noon_json_num(r, "k"), t[0], 100 * noon_json_num(r, "coverage"));
	if (json_is_number(nu) && json_number_value(nu) < NU_SHOWN && n > 0)
		(void)snprintf(text + n, sizeof(text) - (size_t)n, ", %.3g degrees of freedom",
			       json_number_value(nu));
	put_line(to, "  Uncertainty", text);
	put_interval(to, "  Monte Carlo", mc, "lower_s", "upper_s",
		     ", the same coverage (JCGM 101)");
}

static void put_ranges(FILE *to, const json_t *c)
{
	const json_t *bound = json_object_get(group_of(c, "bound"), "x");
	const json_t *single = json_object_get(group_of(c, "readings"), "single");

	put_heading(to, "Hard bound (not an uncertainty)");
	put_interval(to, "  x in", bound, "lower_s", "upper_s",
		     json_is_true(json_object_get(bound, "against_utc")) ? ""
									 : ", against T(C) only");
	put_text(to, "", group_of(c, "bound"), "meaning");
	put_heading(to, "Single readings of the service");
	put_interval(to, "  95 %", single, "lower_95_s", "upper_95_s",
		     json_is_true(json_object_get(single, "indication_only"))
			     ? ", an indication only"
			     : "");
	put_dur(to, "  Within, 95 %", single, "timing_error_95_s");
	put_dur(to, "  Within, 99.9 %", single, "timing_error_99_9_s");
	put_dur(to, "  Within, all", single, "timing_error_max_s");
}

static void put_cell(FILE *to, const char *text, int most)
{
	const int n = put_cut(to, text, (size_t)most);

	(void)fprintf(to, "%*s ", most - n, "");
}

static void put_component(FILE *to, const json_t *k)
{
	char t[2][DUR];

	dur_of(t[0], k, "width_s");
	dur_of(t[1], k, "u_s");
	(void)fputs("  ", to);
	put_cell(to, noon_certificate_str(k, "name"), 28);
	put_cell(to, noon_certificate_str(k, "type"), 4);
	put_cell(to, noon_certificate_str(k, "distribution"), 12);
	(void)fprintf(to, "%14.20s %14.20s\n", t[0], t[1]);
}

static void put_budget(FILE *to, const json_t *c)
{
	const json_t *list = json_object_get(group_of(c, "result"), "components");
	const size_t n = json_array_size(list);

	put_heading(to, "Uncertainty budget");
	(void)fprintf(to, "  %-28s %-4s %-12s %14s %14s\n", "component", "type", "distribution",
		      "width", "u");
	for (size_t i = 0; i < n; i++)
		put_component(to, json_array_get(list, i));
}

static void put_conformity(FILE *to, const json_t *c)
{
	const json_t *conformity = group_of(c, "conformity");
	if (conformity == NULL)
		return;
	put_heading(to, "Conformity");
	put_dur(to, "  Limit of |x|", conformity, "limit_s");
	put_text(to, "  Decision rule", conformity, "rule");
	put_text(to, "  Outcome", conformity, "outcome");
	put_text(to, "", conformity, "because");
}

static void put_end(FILE *to, const json_t *c)
{
	const json_t *trace = group_of(c, "traceability");
	const json_t *reference = json_object_get(trace, "reference");
	const json_t *software = group_of(c, "software");
	const json_t *notes = group_of(c, "notes");
	char bound[DUR] = "none";

	put_heading(to, "Traceability");
	put_text(to, "  Reference", reference, "spec");
	if (json_is_integer(json_object_get(reference, "bound_ns")))
		noon_tool_dur(bound, sizeof(bound), noon_json_num(reference, "bound_ns") * 1e-9);
	else if (strncmp(noon_certificate_str(reference, "spec"), "page", 4) == 0)
		(void)snprintf(bound, sizeof(bound), "live, of each sample");
	put_line(to, "  Its bound", bound);
	put_text(to, "  Statement", trace, "statement");
	put_heading(to, "Records");
	put_text(to, "  Raw data", group_of(c, "raw_data"), "sha256");
	put_text(to, "  Software", software, "name");
	put_text(to, "", software, "version");
	put_text(to, "  Executable", software, "executable_sha256");
	put_text(to, "  Remarks", c, "remarks");
	for (size_t i = 0; i < json_array_size(notes); i++)
		if (json_is_string(json_array_get(notes, i)))
			put_line(to, "  Note", json_string_value(json_array_get(notes, i)));
	put_heading(to, "It holds for this item, access point and epoch only. What it says is good "
			"only if");
	(void)fputs("'noonmark certificate verify' finds it good.\n", to);
}

/* --- pages --- */

static size_t lines_of(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += *text == '\n';
	return n;
}

static void paginate(FILE *to, const char *text, const char *number)
{
	const size_t pages = (lines_of(text) + PAGE_LINES - 1) / PAGE_LINES;

	for (size_t page = 1; page <= pages; page++) {
		size_t left = PAGE_LINES;

		if (page > 1)
			(void)fputs("\f", to);
		while (left > 0 && *text != '\0') {
			left -= *text == '\n';
			(void)fputc(*text++, to);
		}
		(void)fputs("\nCertificate ", to);
		(void)put_cut(to, number, WIDTH - 40);
		(void)fprintf(to, "   page %zu of %zu\n", page, pages);
	}
}

bool noon_certificate_print(FILE *to, const json_t *content, const struct noon_cms_info *info)
{
	char *text = NULL;
	size_t n = 0;
	FILE *f = open_memstream(&text, &n);

	if (f == NULL)
		return false;
	put_head(f, content, info);
	put_item(f, content);
	put_conditions(f, content);
	put_result(f, content);
	put_budget(f, content);
	put_ranges(f, content);
	put_conformity(f, content);
	put_end(f, content);
	if (fclose(f) != 0) {
		free(text);
		return false;
	}
	paginate(to, text, noon_certificate_str(content, "number"));
	free(text);
	return true;
}
