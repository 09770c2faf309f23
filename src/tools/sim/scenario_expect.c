/* SPDX-License-Identifier: Apache-2.0 */
#include "tools/sim/scenario_expect.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/text.h"

#define WORD_MAX 64

static const char *skip_space(const char *p)
{
	while (isspace((unsigned char)*p))
		p++;
	return p;
}

/* Copy a name of letters, digits, and "_.-"; returns the rest. */
static const char *take_word(const char *p, char out[WORD_MAX])
{
	size_t n = 0;

	while (isalnum((unsigned char)*p) || (*p != '\0' && strchr("_.-", *p) != NULL)) {
		if (n + 1 < WORD_MAX)
			out[n++] = *p;
		p++;
	}
	out[n] = '\0';
	return p;
}

static const char *take_op(const char *p, char op[3])
{
	static const char *const ops[] = {"==", "!=", "<=", ">=", "<", ">"};

	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		const size_t n = strlen(ops[i]);

		if (strncmp(p, ops[i], n) != 0)
			continue;
		(void)snprintf(op, 3, "%s", ops[i]);
		return p + n;
	}
	return NULL;
}

static noon_err take_value(const char *p, enum noon_metric_unit unit, double *ret)
{
	noon_dur d;
	noon_freq f;
	char *end;

	p = skip_space(p);
	if (unit == NOON_METRIC_SECONDS) {
		if (noon_text_dur(p, &d))
			return NOON_ERR_FORMAT;
		*ret = noon_dur_to_s(d);
		return NOON_OK;
	}
	if (unit == NOON_METRIC_FRACTION) {
		if (noon_text_freq(p, &f))
			return NOON_ERR_FORMAT;
		*ret = f;
		return NOON_OK;
	}
	*ret = strtod(p, &end);
	return end == p || *skip_space(end) != '\0' || !isfinite(*ret) ? NOON_ERR_FORMAT : NOON_OK;
}

noon_err noon_expect_parse(const char *text, struct noon_expect *ret, char *why, size_t n)
{
	struct noon_expect e = {.op = "!="};
	char word[WORD_MAX];
	const char *p = take_word(skip_space(text), word);

	if (*p == ':') {
		(void)snprintf(e.client, sizeof(e.client), "%.*s", (int)sizeof(e.client) - 1, word);
		p = take_word(p + 1, word);
	}
	if (noon_metric_find(word, &e.metric)) {
		(void)snprintf(why, n,
			       "\"%s\": no figure is called \"%s\"; see noonmark-scenario(5)", text,
			       word);
		return NOON_ERR_FORMAT;
	}
	p = skip_space(p);
	if (*p != '\0') {
		p = take_op(p, e.op);
		if (p == NULL) {
			(void)snprintf(why, n, "\"%s\": expected == != < <= > or >= behind \"%s\"",
				       text, word);
			return NOON_ERR_FORMAT;
		}
		if (take_value(p, e.metric.unit, &e.value)) {
			(void)snprintf(why, n, "\"%s\": expected %s behind %s", text,
				       e.metric.unit == NOON_METRIC_SECONDS
					       ? "a time such as \"20us\""
					       : "a number",
				       e.op);
			return NOON_ERR_FORMAT;
		}
	}
	*ret = e;
	return NOON_OK;
}

bool noon_expect_holds(const struct noon_expect *e, const struct noon_sim_tally *t,
		       double *ret_value)
{
	const double v = e->metric.get(t, e->metric.arg);
	const bool less = v < e->value;
	const bool more = v > e->value;
	const bool equal = !less && !more;

	*ret_value = v;
	switch (e->op[0]) {
	case '=':
		return equal;
	case '!':
		return !equal;
	case '<':
		return less || (e->op[1] == '=' && equal);
	default:
		return more || (e->op[1] == '=' && equal);
	}
}
