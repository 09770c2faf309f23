/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/check/check_report.h"

#include <jansson.h>
#include <stdio.h>
#include <unistd.h>

static void print_row(const struct noon_check *c, const struct noon_check_result *r, bool colour)
{
	static const char *const colours[] = {"\033[32m", "\033[31m", "\033[33m", "\033[2m",
					      "\033[33m"};

	(void)printf("%-5s %-6s %s%-12s%s %s\n", c->id, noon_check_level_word(c->level),
		     colour ? colours[r->verdict] : "", noon_check_verdict_word(r->verdict),
		     colour ? "\033[0m" : "", c->title);
	if (r->verdict == NOON_CHECK_PASS)
		return;
	if (r->sent[0] != '\0')
		(void)printf("      sent      %s\n", r->sent);
	if (r->expected[0] != '\0')
		(void)printf("      expected  %s\n", r->expected);
	(void)printf("      came      %s\n      clause    %s\n", r->came, c->clause);
}

static void print_tap(size_t number, const struct noon_check *c, const struct noon_check_result *r)
{
	const bool bad = r->verdict == NOON_CHECK_FAIL && c->level == NOON_LEVEL_MUST;

	(void)printf("%sok %zu - %s %s %s%s\n", bad ? "not " : "", number, c->id,
		     noon_check_level_word(c->level), c->title,
		     r->verdict == NOON_CHECK_SKIPPED ? " # SKIP" : "");
	if (r->verdict != NOON_CHECK_PASS)
		(void)printf("# %s: expected %s; came %s\n", noon_check_verdict_word(r->verdict),
			     r->expected, r->came);
}

static void print_json(const struct noon_check_report *r)
{
	json_t *list = json_array();

	for (size_t i = 0; i < r->n; i++) {
		const struct noon_check *c = r->check[i];
		const struct noon_check_result *x = &r->result[i];

		(void)json_array_append_new(
			list,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s}", "id", c->id,
				  "group", c->group, "level", noon_check_level_word(c->level),
				  "verdict", noon_check_verdict_word(x->verdict), "clause",
				  c->clause, "title", c->title, "sent", x->sent, "expected",
				  x->expected, "detail", x->came));
	}
	(void)json_dumpf(list, stdout, JSON_INDENT(2));
	(void)fputc('\n', stdout);
	json_decref(list);
}

void noon_check_report_list(const struct noon_check_report *r)
{
	for (size_t i = 0; i < r->n; i++)
		(void)printf("%-5s %-6s %-6s %s (%s)%s\n", r->check[i]->id, r->check[i]->group,
			     noon_check_level_word(r->check[i]->level), r->check[i]->title,
			     r->check[i]->clause, r->check[i]->slow ? ", slow" : "");
}

static void print_summary(const struct noon_check_report *r)
{
	size_t n[5] = {0};

	for (size_t i = 0; i < r->n; i++)
		n[r->result[i].verdict]++;
	(void)printf("\n%zu checks: %zu pass, %zu fail, %zu warning, %zu skipped, %zu "
		     "inconclusive\n",
		     r->n, n[0], n[1], n[2], n[3], n[4]);
}

bool noon_check_report_run(struct noon_check_report *r, enum noon_check_format format,
			   struct noon_target *t)
{
	const bool colour = isatty(STDOUT_FILENO) == 1;
	bool good = true;
	size_t judged = 0;

	if (format == NOON_CHECK_FORMAT_TAP)
		(void)printf("1..%zu\n", r->n);
	for (size_t i = 0; i < r->n; i++) {
		const struct noon_check *c = r->check[i];
		struct noon_check_result *x = &r->result[i];

		x->verdict = NOON_CHECK_INCONCLUSIVE;
		c->run(c, t, x);
		if (format == NOON_CHECK_FORMAT_TABLE)
			print_row(c, x, colour);
		else if (format == NOON_CHECK_FORMAT_TAP)
			print_tap(i + 1, c, x);
		(void)fflush(stdout);
		good &= c->level != NOON_LEVEL_MUST || x->verdict != NOON_CHECK_FAIL;
		judged += x->verdict == NOON_CHECK_PASS || x->verdict == NOON_CHECK_FAIL ||
			  x->verdict == NOON_CHECK_WARNING;
	}
	if (format == NOON_CHECK_FORMAT_JSON)
		print_json(r);
	else if (format == NOON_CHECK_FORMAT_TABLE)
		print_summary(r);
	return good && judged > 0;
}
